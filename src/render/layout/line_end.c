// Where lines end.
//
// Lines are filled greedily, as Word fills them: a walk over the glyphs remembers the last place where the line may end
// and stops at the first that does not fit. Only the word that stands there is looked up for hyphenation.
#include "render/layout/line_end.h"

#include <unicode/uchar.h>

// ---- Tabs ----

// The stop after x: the paragraph's own, the hanging indent, else the next default one past all of its own.
struct dgl_tab dgl_next_tab(const struct dgl_para *p, int32_t x, int32_t default_tab, bool *ret_custom)
{
    *ret_custom = true;
    int32_t hang = p->p.first < 0 && p->p.left > x ? p->p.left : INT32_MAX;
    for (uint32_t i = 0; i < p->p.tab_count; i++) {
        const struct dgl_tab *t = &p->p.tabs[i];
        if (t->kind == DGL_TAB_CLEAR || t->kind == DGL_TAB_BAR || t->at <= x)
            continue;
        if (t->at <= hang)
            return *t;
        break;
    }
    if (hang != INT32_MAX)
        return (struct dgl_tab){hang, DGL_TAB_LEFT, DGL_LEADER_NONE};
    *ret_custom = false;
    int32_t step = default_tab > 0 ? default_tab : 36000;
    int32_t at = x < 0 ? 0 : (x / step + 1) * step;
    return (struct dgl_tab){at, DGL_TAB_LEFT, DGL_LEADER_NONE};
}

// Where a number ends for a decimal tab: before the document's decimal symbol, else before what follows its digits.
// Counts glyphs of the piece; `digits` tells whether some were met in pieces before. False when the number goes on.
static bool number_ends(const struct breaker *b, const struct dgl_piece *p, bool *digits, uint32_t *ret)
{
    uint32_t symbol = b->env->doc->sheet->settings.decimal_symbol;
    for (uint32_t g = 0; g < p->count; g++) {
        size_t at = b->t->glyphs[p->first + g].cluster;
        uint32_t c = dgl_utf8_next(b->t->bytes, b->t->len, &at);
        bool digit = u_isdigit((UChar32)c);
        bool inside = digit || c == '.' || c == ',' || c == '\'' || c == 0x2019 || c == 0xA0 || c == 0x202F;
        if (c == symbol || (*digits && !inside)) {
            *ret = g;
            return true;
        }
        *digits |= digit;
    }
    return false;
}

// Width of what follows a tab, up to the next tab or break; for decimal tabs up to the end of the number's whole part.
static int32_t width_after(const struct breaker *b, uint32_t piece, bool decimal)
{
    int32_t w = 0;
    bool digits = false;
    for (uint32_t i = piece; i < b->t->piece_count; i++) {
        const struct dgl_piece *p = &b->t->pieces[i];
        uint32_t end;
        if (p->kind == DGL_PIECE_TAB || p->kind == DGL_PIECE_PTAB || p->kind == DGL_PIECE_BREAK)
            break;
        if (p->kind == DGL_PIECE_DRAWING)
            w += p->in->drawing->width;
        if (p->kind != DGL_PIECE_TEXT)
            continue;
        if (decimal && number_ends(b, p, &digits, &end))
            return w + dgl_piece_width(b->t, p, p->first, end);
        w += dgl_piece_width(b->t, p, p->first, p->count);
        if (w > DGL_LAYOUT_MAX_LENGTH)
            break;
    }
    return w;
}

int32_t line_number_shift(const struct breaker *b, int32_t x0)
{
    const struct dgl_ppr *p = &b->p->p;
    if (!b->env->in_cell || b->rtl || p->tab_count == 0 || p->tabs[0].kind != DGL_TAB_DECIMAL ||
        (p->jc != DGL_JC_START && p->jc != DGL_JC_LEFT && p->jc != DGL_JC_BOTH))
        return 0;
    for (uint32_t i = 0; i < b->t->piece_count; i++)
        if (b->t->pieces[i].kind == DGL_PIECE_TAB)
            return 0;
    return DGL_MAX(0, p->tabs[0].at - width_after(b, 0, true) - x0);
}

// Nothing to see follows: a tab there opens no line (Word).
static bool ends_paragraph(const struct breaker *b, uint32_t index)
{
    for (uint32_t i = index + 1; i < b->t->piece_count; i++) {
        const struct dgl_piece *p = &b->t->pieces[i];
        for (uint32_t g = 0; p->kind == DGL_PIECE_TEXT && g < p->count; g++)
            if (!(b->t->glyphs[p->first + g].flags & DGL_G_SPACE))
                return false;
        if (p->kind != DGL_PIECE_TEXT && p->kind != DGL_PIECE_ANCHOR && p->kind != DGL_PIECE_FLOAT)
            return false;
    }
    return true;
}

struct tab_move line_move_to_tab(const struct breaker *b, const struct dgl_piece *p, uint32_t index, int32_t x,
                                 int32_t limit)
{
    struct tab_move m = {x, DGL_LEADER_NONE, limit, false};
    if (p->kind == DGL_PIECE_PTAB) {
        int32_t w = width_after(b, index + 1, false), span = b->place->width - b->right;
        int32_t at = p->in->value == 2 ? (b->left + span - w) / 2 : p->in->value == 3 ? span - w : b->left;
        m.x = DGL_MAX(x, at);
        return m;
    }
    bool custom;
    struct dgl_tab t = dgl_next_tab(b->p, x, b->default_tab, &custom);
    m.leader = t.leader;
    if (custom && t.at > limit && t.kind != DGL_TAB_LEFT) // until Word 2010 the text behind it does not end there
        m.limit = b->env->doc->sheet->settings.compat < 15 ? DGL_MAX(t.at, b->place->width) : t.at;
    if (!custom && t.at > limit) {
        m.x = DGL_MAX(x, limit);
        m.wraps = !ends_paragraph(b, index);
        return m;
    }
    int32_t w = t.kind == DGL_TAB_LEFT ? 0 : width_after(b, index + 1, t.kind == DGL_TAB_DECIMAL);
    m.x = DGL_MAX(x, t.kind == DGL_TAB_CENTER ? t.at - w / 2 : t.at - w);
    return m;
}

// ---- Where a line ends ----

int32_t line_glyph_width(const struct dgl_piece *p, int64_t units, uint32_t letters)
{
    int64_t em = p->use->face->upem, w = (units * p->size + em / 2) / em;
    if (p->run->r.scale_percent != 100 && p->run->r.scale_percent)
        w = w * p->run->r.scale_percent / 100;
    return (int32_t)DGL_MIN(w + (int64_t)letters * p->run->r.spacing, INT32_MAX / 4);
}

int32_t line_hyphen_width(const struct dgl_piece *p)
{
    int32_t advance;
    dgl_face_glyph(p->use->face, '-', &advance);
    return line_glyph_width(p, advance, 1);
}

struct walk {
    struct spot end; // found
    struct spot candidate;
    bool has_candidate, any; // something visible is on the line
    bool tried;              // to divide the word that does not fit: what comes later fits even less
    int32_t x, limit;
    int32_t seen, candidate_seen; // the end of what is visible so far, and up to the candidate
    uint8_t forced;
};

// ---- Hyphenation ----

struct word {
    uint32_t letters[DGL_HYPHENS_MAX_LETTERS];
    uint32_t offset[DGL_HYPHENS_MAX_LETTERS]; // of each in the text
    uint32_t count;
    bool lower; // it has small letters
};

// The letters around an offset of the text; false when there are none, or too many.
static bool find_word(const struct dgl_text *t, uint32_t offset, struct word *ret)
{
    const uint8_t *bytes = (const uint8_t *)t->bytes;
    int32_t start = (int32_t)offset, at, len = (int32_t)t->len;
    UChar32 c;
    *ret = (struct word){0};
    for (uint32_t back = 0; start > 0; back++) { // no further: a paragraph may be one word, and each of its lines asks
        at = start;
        U8_PREV(bytes, 0, at, c);
        if (c < 0 || !u_isalpha(c))
            break;
        if (back == DGL_HYPHENS_MAX_LETTERS)
            return false;
        start = at;
    }
    for (at = start; at < len;) {
        int32_t before = at;
        U8_NEXT(bytes, at, len, c);
        if (c < 0 || !u_isalpha(c))
            break;
        if (ret->count == DGL_HYPHENS_MAX_LETTERS)
            return false;
        ret->lower |= u_islower(c);
        ret->letters[ret->count] = (uint32_t)c;
        ret->offset[ret->count++] = (uint32_t)before;
    }
    return ret->count > 0;
}

// Is the word that does not fit to be divided? Until Word 2010 not when the line without it is full enough
// (§17.15.1.53); since then the zone does not count.
static bool may_divide(const struct breaker *b, const struct dgl_piece *p, const struct walk *w)
{
    const struct dgl_settings *s = &b->env->doc->sheet->settings;
    if (!b->env->doc->hyphens || b->p->p.flags & DGL_PF_NO_HYPHENS || p->level & 1 ||
        (s->hyphen_limit && b->hyphens >= s->hyphen_limit))
        return false;
    return s->compat >= 15 || !w->has_candidate || w->limit - w->candidate_seen > s->hyphen_zone;
}

// Divides the word that stands around glyph `at` of a piece, the last place first that leaves room for the hyphen.
static bool divide_word(const struct breaker *b, const struct dgl_piece *p, uint32_t index, uint32_t from, uint32_t at,
                        struct walk *w)
{
    const struct dgl_glyph *g = b->t->glyphs + p->first;
    struct word word;
    bool after[DGL_HYPHENS_MAX_LETTERS];
    if (!may_divide(b, p, w) || !find_word(b->t, g[at].cluster, &word) ||
        (!word.lower && b->env->doc->sheet->settings.no_hyphens_in_caps))
        return false;
    dgl_hyphens_find(b->env->doc->hyphens, p->run->r.lang, word.letters, word.count, after);
    int64_t units = 0;
    uint32_t letters = 0, i = word.count;
    for (uint32_t k = from; k < at; k++) {
        units += g[k].advance;
        letters += !(g[k].flags & DGL_G_INSIDE);
    }
    for (uint32_t k = at; k > from && i > 1; k--) { // a line that ends before glyph k
        while (i > 1 && word.offset[i - 1] > g[k].cluster)
            i--;
        if (i > 1 && word.offset[i - 1] == g[k].cluster && after[i - 2] && !(g[k].flags & DGL_G_INSIDE) &&
            w->x + line_glyph_width(p, units, letters) + line_hyphen_width(p) <= w->limit) {
            w->end = (struct spot){index, k, true};
            return true;
        }
        units -= g[k - 1].advance;
        letters -= !(g[k - 1].flags & DGL_G_INSIDE);
    }
    return false;
}

// ---- The walk ----

// Walks one text piece; true when the line ends inside it.
static bool walk_text(const struct breaker *b, const struct dgl_piece *p, uint32_t index, uint32_t from, struct walk *w)
{
    int64_t units = 0;
    uint32_t letters = 0;
    const struct dgl_glyph *g = b->t->glyphs + p->first;
    for (uint32_t i = from; i < p->count; i++) {
        units += g[i].advance;
        letters += !(g[i].flags & DGL_G_INSIDE);
        if (!(g[i].flags & (DGL_G_SPACE | DGL_G_SOFT))) {
            int32_t reach = w->x + line_glyph_width(p, units, letters);
            bool hangs = g[i].flags & DGL_G_HANG && b->p->p.flags & DGL_PF_OVERFLOW_PUNCT &&
                         w->x + line_glyph_width(p, units - g[i].advance, letters) <= w->limit;
            hangs |= g[i].flags & DGL_G_HALF && reach - line_glyph_width(p, p->use->face->upem / 2, 0) <= w->limit;
            if (reach > w->limit && !hangs) {
                if (!w->tried && divide_word(b, p, index, from, i, w))
                    return true;
                w->tried = true;
                if (w->has_candidate) {
                    w->end = w->candidate;
                    return true;
                }
                if (w->any && !(g[i].flags & DGL_G_INSIDE)) {
                    w->end = (struct spot){index, i, false};
                    return true;
                }
            }
            w->any = true;
            w->seen = reach;
        }
        if (g[i].flags & DGL_G_BREAK) {
            bool fits = !(g[i].flags & DGL_G_SOFT) ||
                        w->x + line_glyph_width(p, units, letters) + line_hyphen_width(p) <= w->limit;
            if (fits) {
                w->candidate = (struct spot){index, i + 1, false};
                w->candidate_seen = w->seen;
                w->has_candidate = true;
            }
        }
    }
    w->x += line_glyph_width(p, units, letters);
    return false;
}

static bool walk_piece(const struct breaker *b, uint32_t index, uint32_t from, struct walk *w)
{
    const struct dgl_piece *p = &b->t->pieces[index];
    switch (p->kind) {
    case DGL_PIECE_TEXT:
        return walk_text(b, p, index, from, w);
    case DGL_PIECE_TAB:
    case DGL_PIECE_PTAB: {
        struct tab_move m = line_move_to_tab(b, p, index, w->x, w->limit);
        if (m.wraps && w->any && index >= b->t->label_pieces) {
            w->end = (struct spot){index, 0, false};
            return true;
        }
        w->x = m.x;
        w->limit = m.limit;
        w->any = true;
        break;
    }
    case DGL_PIECE_DRAWING:
        if (w->x + p->in->drawing->width > w->limit && w->any) {
            w->end = w->has_candidate ? w->candidate : (struct spot){index, 0, false};
            return true;
        }
        w->x += p->in->drawing->width;
        w->any = true;
        break;
    case DGL_PIECE_BREAK:
        w->forced = p->what;
        w->end = (struct spot){index + 1, 0, false};
        return true;
    case DGL_PIECE_FLOAT:
    case DGL_PIECE_ANCHOR:
    case DGL_PIECE_RUBY:
        break;
    }
    if (p->kind != DGL_PIECE_TEXT)
        w->seen = DGL_MAX(w->seen, w->x);
    if (p->break_after) {
        w->candidate = (struct spot){index + 1, 0, false};
        w->candidate_seen = w->seen;
        w->has_candidate = true;
    }
    return false;
}

struct spot line_find_end(const struct breaker *b, struct spot start, int32_t x, int32_t limit, uint8_t *ret_forced)
{
    struct walk w = {.x = x, .limit = limit, .forced = DGL_IN_TEXT};
    for (uint32_t i = start.piece; i < b->t->piece_count; i++)
        if (walk_piece(b, i, i == start.piece ? start.glyph : 0, &w)) {
            *ret_forced = w.forced;
            while (w.end.piece < b->t->piece_count && b->t->pieces[w.end.piece].kind == DGL_PIECE_TEXT &&
                   w.end.glyph >= b->t->pieces[w.end.piece].count)
                w.end = (struct spot){w.end.piece + 1, 0, false};
            return w.end;
        }
    *ret_forced = DGL_IN_TEXT;
    return (struct spot){b->t->piece_count, 0, false};
}

// ---- Justified lines that take one word more ----

struct stretch { // of text without the spaces at its end
    int64_t width, space_width;
    uint32_t spaces;
    bool plain; // text only
};

static struct stretch measure(const struct breaker *b, struct spot from, struct spot to)
{
    struct stretch s = {.plain = true};
    int64_t tail = 0; // spaces that may turn out to be the last
    uint32_t tail_count = 0;
    for (uint32_t i = from.piece; i < b->t->piece_count && (i < to.piece || (i == to.piece && to.glyph)); i++) {
        const struct dgl_piece *p = &b->t->pieces[i];
        s.plain &= p->kind == DGL_PIECE_TEXT || p->kind == DGL_PIECE_ANCHOR || p->kind == DGL_PIECE_FLOAT ||
                   p->kind == DGL_PIECE_RUBY;
        if (p->kind != DGL_PIECE_TEXT)
            continue;
        uint32_t first = i == from.piece ? from.glyph : 0, end = i == to.piece ? to.glyph : p->count;
        for (uint32_t g = first; g < end;) {
            uint32_t run = g;
            bool space = b->t->glyphs[p->first + g].flags & DGL_G_SPACE;
            while (run < end && ((b->t->glyphs[p->first + run].flags & DGL_G_SPACE) != 0) == space)
                run++;
            int32_t w = dgl_piece_width(b->t, p, p->first + g, run - g);
            if (space) {
                tail += w;
                tail_count += run - g;
            } else {
                s.width += tail + w;
                s.space_width += tail;
                s.spaces += tail_count;
                tail = tail_count = 0;
            }
            g = run;
        }
    }
    return s;
}

// The first place after `from` where a line may end.
static struct spot next_end(const struct breaker *b, struct spot from, uint8_t *ret_forced)
{
    *ret_forced = DGL_IN_TEXT;
    for (uint32_t i = from.piece; i < b->t->piece_count; i++) {
        const struct dgl_piece *p = &b->t->pieces[i];
        if (p->kind == DGL_PIECE_BREAK)
            *ret_forced = p->what;
        if (p->kind == DGL_PIECE_BREAK || p->break_after)
            return (struct spot){i + 1, 0, false};
        for (uint32_t g = i == from.piece ? from.glyph : 0; p->kind == DGL_PIECE_TEXT && g < p->count; g++)
            if ((b->t->glyphs[p->first + g].flags & (DGL_G_BREAK | DGL_G_SOFT)) == DGL_G_BREAK)
                return g + 1 < p->count ? (struct spot){i, g + 1, false} : (struct spot){i + 1, 0, false};
    }
    return (struct spot){b->t->piece_count, 0, false};
}

// Since Word 2013 a justified line takes one word more when its spaces have to give up no more than a quarter of
// their width, and no more than half of what they would gain without that word.
bool line_squeeze(const struct breaker *b, struct spot start, int32_t x, int32_t limit, struct spot *end,
                  uint8_t *forced)
{
    if (b->p->p.jc != DGL_JC_BOTH || b->env->doc->sheet->settings.compat < 15 || *forced != DGL_IN_TEXT ||
        end->piece >= b->t->piece_count)
        return false;
    struct stretch without = measure(b, start, *end);
    if (!without.plain || without.spaces == 0)
        return false;
    uint8_t ends;
    struct spot more = next_end(b, *end, &ends);
    struct stretch with = measure(b, start, more);
    int64_t over = x + with.width - limit, spare = limit - x - without.width;
    if (!with.plain || with.spaces <= without.spaces || over <= 0 || over * 4 > with.space_width ||
        over * 2 * without.spaces > spare * with.spaces)
        return false;
    *end = more;
    *forced = ends;
    return true;
}
