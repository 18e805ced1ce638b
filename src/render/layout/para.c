// Breaking a paragraph into lines.
//
// Each line is made in two steps: line_end.c walks forward from the start and decides where the line ends; the same
// stretch is then walked again and every piece gets its place. Both use the same tab arithmetic, so they agree.
#include "render/layout/line_end.h"

#include <string.h>

#define MAX_LINES 4000000u

// ---- Placing ----

struct metrics {
    int32_t ascent, descent, text_ascent, text_descent;
    bool any;
};

static void count_metrics(struct metrics *m, const struct dgl_piece *p)
{
    m->ascent = DGL_MAX(m->ascent, p->ascent);
    m->descent = DGL_MAX(m->descent, p->descent);
    if (p->kind != DGL_PIECE_DRAWING) {
        m->text_ascent = DGL_MAX(m->text_ascent, p->ascent);
        m->text_descent = DGL_MAX(m->text_descent, p->descent);
    }
    m->any = true;
}

static bool is_blank(const struct breaker *b, const struct dgl_seg *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (!(b->t->glyphs[s->first + i].flags & DGL_G_SPACE))
            return false;
    return true;
}

static uint32_t pieces_in(const struct breaker *b, struct spot start, struct spot end)
{
    uint32_t last = DGL_MIN(end.piece + (end.glyph > 0), b->t->piece_count);
    return last > start.piece ? last - start.piece : 0;
}

static int32_t fill_segments(const struct breaker *b, struct spot start, struct spot end, int32_t x, int32_t limit,
                             struct dgl_line *line, struct metrics *m)
{
    uint32_t n = 0;
    struct metrics blank = {0}; // of what makes a line no taller, unless there is nothing else on it (Word)
    for (uint32_t i = start.piece; i < b->t->piece_count && (i < end.piece || (i == end.piece && end.glyph)); i++) {
        const struct dgl_piece *p = &b->t->pieces[i];
        struct dgl_seg *s = &line->segs[n];
        *s = (struct dgl_seg){.piece = p, .x = x, .level = p->level};
        if (p->kind == DGL_PIECE_TEXT) {
            uint32_t from = i == start.piece ? start.glyph : 0, to = i == end.piece ? end.glyph : p->count;
            s->first = p->first + from;
            s->count = to - from;
            if (s->count == 0)
                continue;
            s->width = dgl_piece_width(b->t, p, s->first, s->count);
            count_metrics(is_blank(b, s) ? &blank : m, p);
        } else if (p->kind == DGL_PIECE_TAB || p->kind == DGL_PIECE_PTAB) {
            struct tab_move move = line_move_to_tab(b, p, i, x, limit);
            s->width = DGL_MAX(0, move.x - x);
            s->leader = move.leader;
            limit = move.limit;
            if (i >= b->t->label_pieces)
                count_metrics(&blank, p);
        } else if (p->kind == DGL_PIECE_DRAWING) {
            s->width = p->in->drawing->width;
            if (i >= b->t->label_pieces)
                count_metrics(m, p);
        } else if (p->kind == DGL_PIECE_RUBY) {
            s->first = p->first;
            s->count = p->count;
            count_metrics(m, p);
        } else if (p->kind == DGL_PIECE_ANCHOR && p->in->kind == DGL_IN_NOTE) {
            line->has_notes = true;
        }
        x += s->width;
        n++;
    }
    line->seg_count = (uint16_t)DGL_MIN(n, UINT16_MAX);
    if (!m->any)
        *m = blank;
    return x;
}

// Width of the spaces that hang over the line's end.
static int32_t trailing_spaces(const struct breaker *b, const struct dgl_line *line)
{
    int32_t w = 0;
    for (uint32_t i = line->seg_count; i-- > 0;) {
        const struct dgl_seg *s = &line->segs[i];
        if (s->piece->kind == DGL_PIECE_ANCHOR || s->piece->kind == DGL_PIECE_FLOAT ||
            s->piece->kind == DGL_PIECE_BREAK || s->piece->kind == DGL_PIECE_RUBY)
            continue;
        if (s->piece->kind != DGL_PIECE_TEXT)
            break;
        uint32_t n = 0;
        while (n < s->count && b->t->glyphs[s->first + s->count - 1 - n].flags & DGL_G_SPACE)
            n++;
        if (n)
            w += dgl_piece_width(b->t, s->piece, s->first + s->count - n, n);
        if (n < s->count)
            break;
    }
    return w;
}

// The empty half of a mark at the line's end.
static int32_t trailing_half(const struct breaker *b, const struct dgl_line *line)
{
    const struct dgl_seg *s = line->seg_count ? &line->segs[line->seg_count - 1] : NULL;
    if (!s || s->piece->kind != DGL_PIECE_TEXT || !s->count ||
        !(b->t->glyphs[s->first + s->count - 1].flags & DGL_G_HALF))
        return 0;
    return line_glyph_width(s->piece, s->piece->use->face->upem / 2, 0);
}

struct gaps {
    uint32_t first_seg, spaces, wides, last_seg, last_count; // last_*: the end without hanging spaces
};

static struct gaps count_gaps(const struct breaker *b, const struct dgl_line *line, bool letters)
{
    struct gaps g = {0};
    for (uint32_t i = 0; i < line->seg_count; i++)
        if (line->segs[i].piece->kind == DGL_PIECE_TAB || line->segs[i].piece->kind == DGL_PIECE_PTAB)
            g.first_seg = i + 1; // only what follows the last tab is justified
    bool found = false;
    for (uint32_t i = line->seg_count; i-- > g.first_seg;) {
        const struct dgl_seg *s = &line->segs[i];
        if (s->piece->kind != DGL_PIECE_TEXT)
            continue;
        for (uint32_t k = s->count; k-- > 0;) {
            uint8_t flags = b->t->glyphs[s->first + k].flags;
            if (!found && flags & DGL_G_SPACE)
                continue;
            if (!found) {
                found = true;
                g.last_seg = i;
                g.last_count = k;
                continue;
            }
            g.spaces += (flags & DGL_G_SPACE) != 0;
            g.wides += (flags & DGL_G_WIDE) != 0 || (letters && !(flags & (DGL_G_SPACE | DGL_G_INSIDE)));
        }
    }
    return g;
}

static void justify(const struct breaker *b, struct dgl_line *line, int32_t extra, bool letters)
{
    struct gaps g = count_gaps(b, line, letters);
    bool narrower = extra < 0; // then only the spaces give
    uint32_t count = g.spaces + (narrower ? 0 : g.wides);
    if (count == 0 || extra == 0)
        return;
    int32_t each = extra / (int32_t)count, rest = extra % (int32_t)count, shift = 0;
    if (rest < 0) {
        each--;
        rest += (int32_t)count;
    }
    for (uint32_t i = g.first_seg; i < line->seg_count; i++) {
        struct dgl_seg *s = &line->segs[i];
        s->x += shift;
        if (s->piece->kind != DGL_PIECE_TEXT || i > g.last_seg)
            continue;
        uint32_t spaces = 0, wides = 0;
        for (uint32_t k = 0; k < s->count && !(i == g.last_seg && k >= g.last_count); k++) {
            uint8_t flags = b->t->glyphs[s->first + k].flags;
            spaces += (flags & DGL_G_SPACE) != 0;
            wides += !narrower && (flags & DGL_G_WIDE || (letters && !(flags & (DGL_G_SPACE | DGL_G_INSIDE))));
        }
        int32_t ones = DGL_MIN(rest, (int32_t)spaces);
        rest -= ones;
        s->space_extra = each;
        s->space_rest = ones;
        s->wide_extra = wides ? each : 0;
        if (letters && wides)
            s->wide_extra = each;
        int32_t added = each * (int32_t)(spaces + wides) + ones;
        s->width += added;
        shift += added;
    }
}

// Visual order of the pieces of a line (UAX #9, rule L2).
static void reorder(const struct dgl_line *line, int32_t from_x)
{
    uint8_t highest = 0, lowest_odd = 255;
    for (uint32_t i = 0; i < line->seg_count; i++) {
        uint8_t level = line->segs[i].level;
        highest = DGL_MAX(highest, level);
        if (level & 1)
            lowest_odd = DGL_MIN(lowest_odd, level);
    }
    if (lowest_odd == 255)
        return;
    struct dgl_seg *s = line->segs;
    for (unsigned level = highest; level >= lowest_odd; level--)
        for (uint32_t i = 0; i < line->seg_count; i++) {
            uint32_t end = i;
            while (end < line->seg_count && s[end].level >= level)
                end++;
            for (uint32_t a = i, z = end; a + 1 < z; a++, z--) {
                struct dgl_seg t = s[a];
                s[a] = s[z - 1];
                s[z - 1] = t;
            }
            if (end > i)
                i = end - 1;
        }
    for (uint32_t i = 0; i < line->seg_count; i++) {
        s[i].x = from_x;
        from_x += s[i].width;
    }
}

// Spaces at the end of a line have the paragraph's direction, whatever the text before them has (UAX #9, rule L1).
static void split_hanging(const struct breaker *b, struct dgl_line *line)
{
    uint8_t base = b->rtl ? 1 : 0;
    struct dgl_seg *s = line->seg_count ? &line->segs[line->seg_count - 1] : NULL;
    if (!s || s->piece->kind != DGL_PIECE_TEXT || s->level == base || line->seg_count == UINT16_MAX)
        return;
    uint32_t n = 0;
    while (n < s->count && b->t->glyphs[s->first + s->count - 1 - n].flags & DGL_G_SPACE)
        n++;
    if (n == s->count) {
        s->level = base;
    } else if (n) {
        struct dgl_seg *spaces = s + 1; // there is room for one more
        int32_t width = dgl_piece_width(b->t, s->piece, s->first + s->count - n, n);
        *spaces = (struct dgl_seg){.piece = s->piece, .first = s->first + s->count - n, .count = n};
        spaces->x = s->x + s->width - width;
        spaces->width = width;
        spaces->level = base;
        s->count -= n;
        s->width -= width;
        line->seg_count++;
    }
}

static enum dgl_jc alignment(const struct breaker *b)
{
    enum dgl_jc jc = (enum dgl_jc)b->p->p.jc;
    if (jc == DGL_JC_START)
        return b->rtl ? DGL_JC_RIGHT : DGL_JC_LEFT;
    if (jc == DGL_JC_END)
        return b->rtl ? DGL_JC_LEFT : DGL_JC_RIGHT;
    return jc;
}

static void align(const struct breaker *b, struct dgl_line *line, int32_t end_x, bool last, bool squeezed)
{
    int32_t hanging = trailing_spaces(b, line), room = line->x1 - (end_x - hanging);
    if (room < 0)
        room += DGL_MIN(-room, trailing_half(b, line));
    enum dgl_jc jc = alignment(b);
    int32_t shift = 0;
    last |= line->ends == DGL_IN_LINE_BREAK && b->env->doc->sheet->settings.keep_shift_return;
    if (jc == DGL_JC_DISTRIBUTE || squeezed || (jc == DGL_JC_BOTH && !last)) {
        justify(b, line, squeezed ? room : DGL_MAX(room, 0), jc == DGL_JC_DISTRIBUTE);
    } else if (jc == DGL_JC_CENTER) {
        shift = room / 2;
    } else if (jc == DGL_JC_RIGHT || (jc == DGL_JC_BOTH && b->rtl)) {
        shift = room;
    }
    if (jc != DGL_JC_CENTER && shift < 0)
        shift = 0;
    for (uint32_t i = 0; i < line->seg_count && shift; i++)
        line->segs[i].x += shift;
    if (line->seg_count) {
        // Hanging spaces stand outside on the left in right-to-left lines.
        int32_t from = line->segs[0].x - (b->rtl ? hanging : 0);
        split_hanging(b, line);
        reorder(line, from);
    }
}

static void set_height(const struct breaker *b, struct dgl_line *line, const struct metrics *m)
{
    const struct dgl_ppr *p = &b->p->p;
    int32_t asc = m->ascent, desc = m->descent, h = asc + desc;
    line->baseline = asc;
    line->height = h;
    if (p->line_rule == DGL_RULE_EXACT) {
        line->height = p->line;
        line->baseline = (int32_t)((int64_t)p->line * 4 / 5); // whatever the font (Word)
    } else if (p->line_rule == DGL_RULE_AT_LEAST) {
        if (h < p->line) {
            line->baseline += p->line - h;
            line->height = p->line;
        }
    } else {
        int32_t pitch = b->env->grid_pitch;
        if (pitch > 0 && p->flags & DGL_PF_SNAP && h > 0) {
            int32_t snapped = (h + pitch - 1) / pitch * pitch;
            line->baseline += (snapped - h) / 2;
            line->height = h = snapped;
        }
        int32_t text = pitch > 0 && p->flags & DGL_PF_SNAP ? h : m->text_ascent + m->text_descent;
        int32_t extra = (int32_t)((int64_t)text * (p->line - 240) / 240);
        line->height = h + extra;
        if (extra < 0) // tighter lines keep the proportion of ascent and descent
            line->baseline = (int32_t)((int64_t)asc * line->height / DGL_MAX(h, 1));
        line->hangs = DGL_MAX(extra, 0);
    }
}

// ---- The paragraph ----

static int32_t label_shift(const struct breaker *b)
{
    if (!b->p->level || b->p->level->jc == DGL_JC_START || b->t->label_pieces == 0)
        return 0;
    int32_t w = 0;
    for (uint32_t i = 0; i < b->t->label_pieces; i++)
        if (b->t->pieces[i].kind == DGL_PIECE_TEXT)
            w += dgl_piece_width(b->t, &b->t->pieces[i], b->t->pieces[i].first, b->t->pieces[i].count);
        else if (b->t->pieces[i].kind == DGL_PIECE_DRAWING)
            w += b->t->pieces[i].in->drawing->width;
    return b->p->level->jc == DGL_JC_END ? w : w / 2;
}

static enum dgl_status shape(const struct dgl_text_env *env, struct dgl_para *p, const struct dgl_text **ret,
                             struct dgl_error *err)
{
    if (!p->shaped || p->has_fields) {
        struct dgl_text *t = DGL_ARENA_NEW(env->arena, struct dgl_text);
        DGL_TRY(dgl_text_build(env, p, t, err));
        p->shaped = t;
    }
    *ret = p->shaped;
    return DGL_OK;
}

int32_t dgl_para_border_room(const struct dgl_border *b)
{
    return b->set && b->kind != DGL_LINE_NONE ? b->width + b->space : 0;
}

static struct breaker breaker_for(const struct dgl_text_env *env, const struct dgl_para *p,
                                  const struct dgl_para_place *place, const struct dgl_text *t)
{
    struct breaker b = {.env = env, .p = p, .place = place, .t = t, .rtl = t->rtl};
    b.left = t->rtl ? p->p.right : p->p.left;
    b.right = t->rtl ? p->p.left : p->p.right;
    b.default_tab = env->doc->sheet->settings.default_tab;
    dgl_run_metrics(env, p->mark, &b.mark_ascent, &b.mark_descent);
    return b;
}

static enum dgl_status new_line(struct breaker *b, struct dgl_lines *l, uint32_t *cap, struct dgl_error *err)
{
    if (!DGL_ARENA_ROOM(b->env->arena, l->lines, *cap, l->count + 1, 1, MAX_LINES))
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "a paragraph has more lines than one document may have");
    memset(&l->lines[l->count++], 0, sizeof(*l->lines));
    return DGL_OK;
}

// Fills the line with what fits into its room.
// Bookmarks after the last break stand beside it: they open no line.
static struct spot past_bookmarks(const struct breaker *b, struct spot end)
{
    uint32_t piece = end.piece;
    while (piece < b->t->piece_count && b->t->pieces[piece].kind == DGL_PIECE_ANCHOR)
        piece++;
    return end.glyph == 0 && piece == b->t->piece_count ? (struct spot){piece, 0, false} : end;
}

static enum dgl_status fill_line(struct breaker *b, struct dgl_line *line, bool first, struct spot *at,
                                 struct dgl_error *err)
{
    int32_t start_x = line->x0 + (first ? line_number_shift(b, line->x0) - label_shift(b) : 0);
    struct spot end = line_find_end(b, *at, start_x, line->x1, &line->ends);
    bool squeezed = line_squeeze(b, *at, start_x, line->x1, &end, &line->ends);
    if (end.piece == at->piece && end.glyph == at->glyph && at->piece < b->t->piece_count)
        end = (struct spot){at->piece + 1, 0, false}; // never stand still
    if (line->ends != DGL_IN_TEXT)
        end = past_bookmarks(b, end);
    uint32_t pieces = pieces_in(b, *at, end);
    line->segs = dgl_arena_alloc_try(b->env->arena, (pieces + 1) * sizeof(*line->segs));
    if (!line->segs)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more memory than one document may use");
    struct metrics m = {0};
    int32_t end_x = fill_segments(b, *at, end, start_x, line->x1, line, &m);
    if (!m.any) {
        m.ascent = m.text_ascent = b->mark_ascent;
        m.descent = m.text_descent = b->mark_descent;
    }
    bool soft = end.glyph && b->t->glyphs[b->t->pieces[end.piece].first + end.glyph - 1].flags & DGL_G_SOFT;
    b->hyphens = end.hyphen ? b->hyphens + 1 : 0;
    if ((soft || end.hyphen) && line->seg_count) {
        struct dgl_seg *s = &line->segs[line->seg_count - 1];
        int32_t width = line_hyphen_width(s->piece);
        s->hyphen = true;
        s->width += width;
        end_x += width;
    }
    bool last = end.piece >= b->t->piece_count || line->ends == DGL_IN_PAGE_BREAK || line->ends == DGL_IN_COLUMN_BREAK;
    align(b, line, end_x, last, squeezed);
    if (!b->no_line)
        set_height(b, line, &m);
    *at = end;
    return DGL_OK;
}

// One line, or the stretches of one on both sides of what the text flows around.
static enum dgl_status add_line(struct breaker *b, struct dgl_lines *l, uint32_t *cap, struct spot *at, int32_t *y,
                                struct dgl_error *err)
{
    bool first = l->count == 0;
    int32_t first_indent = first ? b->p->p.first : 0, height = 0;
    struct dgl_room whole = {b->left + (b->rtl ? 0 : first_indent),
                             b->place->width - b->right - (b->rtl ? first_indent : 0)};
    whole.x1 = DGL_MAX(whole.x1, whole.x0 + 1000);
    struct dgl_room rooms[DGL_MAX_ROOMS] = {whole};
    unsigned count = 1;
    uint32_t from = l->count;
    if (b->place->exclusion_count)
        count = dgl_find_rooms(b->place->exclusions, b->place->exclusion_count, b->place->x, b->place->y, y,
                               b->mark_ascent + b->mark_descent, whole, rooms);
    for (unsigned i = 0; i < count; i++) {
        DGL_TRY(new_line(b, l, cap, err));
        struct dgl_line *line = &l->lines[l->count - 1];
        const struct dgl_room *room = &rooms[b->rtl ? count - 1 - i : i];
        line->x0 = room->x0;
        line->x1 = room->x1;
        line->beside = i > 0;
        DGL_TRY(fill_line(b, line, first && i == 0, at, err));
        height = DGL_MAX(height, line->height);
        if (at->piece >= b->t->piece_count || line->ends != DGL_IN_TEXT)
            break;
    }
    if (height > INT32_MAX / 2 - *y)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large", "a paragraph is too tall");
    for (uint32_t i = from; i < l->count; i++) {
        l->lines[i].y = *y;
        l->lines[i].height = height;
    }
    *y += height;
    return DGL_OK;
}

// A line break at the very end opens one more, empty line, and so does a column break: the paragraph's mark stands in
// it. After a page break the mark stays before it, unless the document says otherwise (§17.15.3.65).
static bool opens_line(const struct dgl_text_env *env, const struct dgl_para *p, uint8_t ends)
{
    if (ends == DGL_IN_PAGE_BREAK)
        return env->doc->sheet->settings.split_page_break && !p->ends_section;
    return ends == DGL_IN_LINE_BREAK || (ends == DGL_IN_COLUMN_BREAK && !p->ends_section);
}

enum dgl_status dgl_para_layout(const struct dgl_text_env *env, struct dgl_para *p, const struct dgl_para_place *place,
                                struct dgl_lines **ret, struct dgl_error *err)
{
    struct dgl_lines *l = DGL_ARENA_NEW(env->arena, struct dgl_lines);
    const struct dgl_text *t;
    DGL_TRY(shape(env, p, &t, err));
    struct breaker b = breaker_for(env, p, place, t);
    l->para = p;
    l->text = t;
    l->width = place->width;
    b.no_line = p->no_line;
    l->top = dgl_para_border_room(&p->p.border[DGL_TOP]);
    l->bottom = dgl_para_border_room(&p->p.border[DGL_BOTTOM]);
    struct spot at = {0, 0, false};
    uint32_t cap = 0;
    int32_t y = 0;
    do {
        DGL_TRY(dgl_work_tick(env->budget, env->arena, err));
        DGL_TRY(add_line(&b, l, &cap, &at, &y, err));
    } while (at.piece < t->piece_count);
    if (opens_line(env, p, l->lines[l->count - 1].ends))
        DGL_TRY(add_line(&b, l, &cap, &at, &y, err));
    l->height = y;
    *ret = l;
    return DGL_OK;
}

enum dgl_status dgl_para_extent(const struct dgl_text_env *env, struct dgl_para *p, int32_t *ret_min, int32_t *ret_max,
                                struct dgl_error *err)
{
    const struct dgl_text *t;
    DGL_TRY(shape(env, p, &t, err));
    int32_t indent = DGL_MAX(0, p->p.left) + DGL_MAX(0, p->p.right), widest = 0, word = 0, line = 0;
    int32_t hang = DGL_MAX(0, p->p.left + p->p.first) + DGL_MAX(0, p->p.right);
    for (uint32_t i = 0; i < t->piece_count; i++) {
        const struct dgl_piece *pc = &t->pieces[i];
        if (pc->kind == DGL_PIECE_TEXT) {
            uint32_t from = 0;
            line =
                (int32_t)DGL_MIN((int64_t)line + dgl_piece_width(t, pc, pc->first, pc->count), DGL_LAYOUT_MAX_LENGTH);
            for (uint32_t g = 0; g < pc->count; g++) {
                if (!(t->glyphs[pc->first + g].flags & DGL_G_BREAK))
                    continue;
                uint32_t end = g + 1;
                while (end > from && t->glyphs[pc->first + end - 1].flags & DGL_G_SPACE)
                    end--;
                word += dgl_piece_width(t, pc, pc->first + from, end - from);
                widest = DGL_MAX(widest, word);
                word = 0;
                from = g + 1;
            }
            word += dgl_piece_width(t, pc, pc->first + from, pc->count - from);
        } else if (pc->kind == DGL_PIECE_DRAWING) {
            word += pc->in->drawing->width;
            line += pc->in->drawing->width;
        } else if (pc->kind == DGL_PIECE_TAB || pc->kind == DGL_PIECE_PTAB) {
            line += 36000;
        }
        word = DGL_MIN(word, DGL_LAYOUT_MAX_LENGTH);
        line = DGL_MIN(line, DGL_LAYOUT_MAX_LENGTH);
        widest = DGL_MAX(widest, word);
        if (pc->break_after || pc->kind == DGL_PIECE_BREAK || pc->kind == DGL_PIECE_TAB)
            word = 0;
        if (pc->kind == DGL_PIECE_BREAK) {
            *ret_max = DGL_MAX(*ret_max, line + hang);
            line = 0;
        }
    }
    *ret_min = DGL_MAX(*ret_min, widest + indent);
    *ret_max = DGL_MAX(*ret_max, line + hang);
    return DGL_OK;
}

static bool same_border(const struct dgl_border *a, const struct dgl_border *b)
{
    return a->kind == b->kind && a->width == b->width && a->space == b->space && a->color == b->color;
}

bool dgl_para_same_box(const struct dgl_para *a, const struct dgl_para *b)
{
    bool any = false;
    for (unsigned i = 0; i < DGL_SIDES; i++) {
        if (!same_border(&a->p.border[i], &b->p.border[i]))
            return false;
        any |= a->p.border[i].kind != DGL_LINE_NONE;
    }
    return any && a->p.left == b->p.left && a->p.right == b->p.right &&
           DGL_MIN(a->p.first, 0) == DGL_MIN(b->p.first, 0);
}
