// From inlines to glyphs.
//
// Every character goes one of two ways. Simple scripts without kerning take the nominal glyph and its advance from the
// face's table: no shaping at all. Complex scripts, combining marks, kerning and ligatures go through HarfBuzz, a word
// at a time so that results are found again in the shape cache. Where a line may end is decided here from pairs of
// characters by Word's rules; ICU is asked only for scripts without spaces (Thai, Lao, Khmer, Burmese) and for
// bidirectional order, and only when a character needs it.
#include "render/layout/text.h"

#include "render/layout/math.h"

#include "render/layout/letters.h"
#include "render/layout/text_order.h"

#include <string.h>
#include <unicode/uchar.h>

#define SUPER_SIZE_PERCENT 65
#define SUPER_RAISE_PERCENT 34
#define SUB_RAISE_PERCENT (-14)
#define SMALL_CAPS_PERCENT 80
#define MAX_PIECES 2000000u
#define MAX_GLYPHS (4 * DGL_LAYOUT_MAX_PARAGRAPH_BYTES)

struct maker {
    const struct dgl_text_env *env;
    const struct dgl_para *para;
    struct dgl_text *t;
    struct dgl_buf bytes;
    uint32_t glyph_cap, piece_cap;
    uint32_t before; // character before the one at hand, 0 at the start
    uint32_t before2;
    struct dgl_text_order order;
    bool tighten; // the left half of the mark that follows goes
    bool out_of_memory;
};

// ---- Growing arrays ----

// Room for what most paragraphs come to: a glyph for each character, a piece for each inline. A document is kept whole
// until it is painted, and most of its paragraphs may be the few characters of a cell.
static bool first_room(struct maker *m)
{
    struct dgl_text *t = m->t;
    uint32_t glyphs = (uint32_t)dgl_utf8_count(t->bytes, t->len);
    return DGL_ARENA_ROOM(m->env->arena, t->glyphs, m->glyph_cap, 1, glyphs, MAX_GLYPHS) &&
           DGL_ARENA_ROOM(m->env->arena, t->pieces, m->piece_cap, 1, m->para->inline_count, MAX_PIECES);
}

static struct dgl_glyph *new_glyph(struct maker *m)
{
    struct dgl_text *t = m->t;
    if (!DGL_ARENA_ROOM(m->env->arena, t->glyphs, m->glyph_cap, t->glyph_count + 1, 1, MAX_GLYPHS)) {
        m->out_of_memory = true;
        t->glyph_count = 0;
    }
    struct dgl_glyph *g = &t->glyphs[t->glyph_count++];
    memset(g, 0, sizeof(*g));
    return g;
}

static struct dgl_piece *new_piece(struct maker *m, enum dgl_piece_kind kind, const struct dgl_run *run)
{
    struct dgl_text *t = m->t;
    if (!DGL_ARENA_ROOM(m->env->arena, t->pieces, m->piece_cap, t->piece_count + 1, 1, MAX_PIECES)) {
        m->out_of_memory = true;
        t->piece_count = 0;
    }
    struct dgl_piece *p = &t->pieces[t->piece_count++];
    memset(p, 0, sizeof(*p));
    p->kind = kind;
    p->run = run;
    p->first = t->glyph_count;
    p->text_end = (uint32_t)m->bytes.len;
    p->level = t->rtl ? 1 : 0;
    return p;
}

// ---- Fonts of runs ----

static enum dgl_font_slot slot_of(const struct dgl_rpr *r, uint32_t c)
{
    if (r->toggles & (DGL_T_CS | DGL_T_RTL))
        return DGL_SLOT_CS;
    if (c < 0x80)
        return DGL_SLOT_ASCII;
    if (dgl_is_east_asian(c))
        return DGL_SLOT_EAST_ASIA;
    if ((c >= 0x590 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
        (c >= 0xFE70 && c <= 0xFEFE))
        return DGL_SLOT_CS;
    if (r->toggles & DGL_T_HINT_EA && (c == 0xA7 || c == 0xA8 || c == 0xB0 || c == 0xB1 || c == 0xB4 || c == 0xB7 ||
                                       c == 0xD7 || c == 0xF7 || (c >= 0x2010 && c <= 0x2BFF)))
        return DGL_SLOT_EAST_ASIA;
    return DGL_SLOT_HANSI;
}

static bool slot_bold(const struct dgl_rpr *r, enum dgl_font_slot s)
{
    return r->toggles & (s == DGL_SLOT_CS ? DGL_T_BOLD_CS : DGL_T_BOLD);
}

static bool slot_italic(const struct dgl_rpr *r, enum dgl_font_slot s)
{
    return r->toggles & (s == DGL_SLOT_CS ? DGL_T_ITALIC_CS : DGL_T_ITALIC);
}

static const struct dgl_font_use *use_of(const struct dgl_text_env *env, struct dgl_run *run, enum dgl_font_slot s)
{
    if (!run->use[s]) {
        const char *family = run->r.font[s] ? run->r.font[s] : "Times New Roman";
        run->use[s] = dgl_fonts_use_like(env->fonts, family, dgl_sheet_font(env->doc->sheet, family),
                                         slot_bold(&run->r, s), slot_italic(&run->r, s));
    }
    return run->use[s];
}

static const char *lang_for(const struct dgl_rpr *r, enum dgl_font_slot s)
{
    return s == DGL_SLOT_EAST_ASIA ? r->lang_ea : s == DGL_SLOT_CS ? r->lang_bidi : r->lang;
}

static int32_t slot_size(const struct dgl_rpr *r, enum dgl_font_slot s)
{
    return s == DGL_SLOT_CS && r->size_cs ? r->size_cs : r->size;
}

static void set_metrics(struct dgl_piece *p, int32_t full_size)
{
    // A raised or lowered text keeps the line as tall as its full size would, and may push beyond.
    p->ascent = (int32_t)((int64_t)(p->use->ascent + p->use->gap) * full_size / 1000);
    p->descent = (int32_t)((int64_t)p->use->descent * full_size / 1000);
    if (p->raise > 0 && p->run->r.position)
        p->ascent += p->raise;
    else if (p->raise < 0 && p->run->r.position)
        p->descent -= p->raise;
}

void dgl_run_metrics(const struct dgl_text_env *env, struct dgl_run *run, int32_t *ret_ascent, int32_t *ret_descent)
{
    const struct dgl_rpr *r = &run->r;
    enum dgl_font_slot s = r->toggles & (DGL_T_CS | DGL_T_RTL) ? DGL_SLOT_CS
                           : r->toggles & DGL_T_HINT_EA        ? DGL_SLOT_EAST_ASIA
                                                               : DGL_SLOT_ASCII;
    struct dgl_piece p = {.run = run, .use = use_of(env, run, s)};
    set_metrics(&p, slot_size(r, s));
    *ret_ascent = p.ascent;
    *ret_descent = p.descent;
}

// ---- Characters to glyphs ----

struct style { // what a stretch of equal treatment has
    const struct dgl_font_use *use;
    int32_t size, full_size, raise;
    uint8_t level;
    bool small;
};

static bool same_style(const struct dgl_piece *p, const struct dgl_run *run, const struct dgl_link *link,
                       const struct style *s)
{
    return p->kind == DGL_PIECE_TEXT && p->run == run && p->link == link && p->use == s->use && p->size == s->size &&
           p->level == s->level;
}

static struct dgl_piece *text_piece(struct maker *m, const struct dgl_inline *in, struct dgl_run *run,
                                    const struct style *s)
{
    struct dgl_text *t = m->t;
    const struct dgl_link *link = in ? in->link : NULL;
    if (t->piece_count > t->label_pieces && same_style(&t->pieces[t->piece_count - 1], run, link, s))
        return &t->pieces[t->piece_count - 1];
    struct dgl_piece *p = new_piece(m, DGL_PIECE_TEXT, run);
    p->link = link;
    p->in = in;
    p->use = s->use;
    p->size = s->size;
    p->raise = s->raise;
    p->level = s->level;
    set_metrics(p, s->full_size);
    return p;
}

static bool may_break(const struct maker *m, uint32_t c)
{
    uint32_t flags = m->para->p.flags;
    return dgl_may_break(
        (struct dgl_break_rules){.kinsoku = flags & DGL_PF_KINSOKU, .break_words = !(flags & DGL_PF_WORD_WRAP)},
        m->before2, m->before, c);
}

static void mark_break(struct maker *m)
{
    struct dgl_text *t = m->t;
    if (t->piece_count == 0)
        return;
    struct dgl_piece *p = &t->pieces[t->piece_count - 1];
    if (p->kind == DGL_PIECE_TEXT && p->count)
        t->glyphs[t->glyph_count - 1].flags |= DGL_G_BREAK;
    else
        p->break_after = true;
}

// Word puts a quarter of an em between ideographs and what is written in other scripts (§17.3.1.2 f.).
static void auto_space(struct maker *m, uint32_t a, uint32_t b)
{
    struct dgl_text *t = m->t;
    uint32_t other = dgl_is_ideograph(a) ? b : dgl_is_ideograph(b) ? a : 0;
    bool wanted = (dgl_is_letter(other) && m->para->p.flags & DGL_PF_AUTO_SPACE_DE) ||
                  (dgl_is_digit(other) && m->para->p.flags & DGL_PF_AUTO_SPACE_DN);
    struct dgl_piece *p = t->piece_count > t->label_pieces ? &t->pieces[t->piece_count - 1] : NULL;
    if (wanted && p && p->kind == DGL_PIECE_TEXT && p->count)
        t->glyphs[p->first + p->count - 1].advance += (int32_t)p->use->face->upem / 4;
}

// Where the empty halves of two full-width marks meet, one of them goes (Word; §17.15.1.18 says only that it may).
static void tighten(struct maker *m, uint32_t a, uint32_t b)
{
    struct dgl_text *t = m->t;
    struct dgl_piece *p = t->piece_count > t->label_pieces ? &t->pieces[t->piece_count - 1] : NULL;
    m->tighten = dgl_opens(a) && dgl_opens(b);
    if (!dgl_closes(a) || (!dgl_closes(b) && !dgl_opens(b)) || !p || p->kind != DGL_PIECE_TEXT || !p->count)
        return;
    struct dgl_glyph *g = &t->glyphs[p->first + p->count - 1];
    int32_t half = (int32_t)p->use->face->upem / 2;
    if (g->advance > half * 3 / 2)
        g->advance -= half;
    g->flags &= (uint8_t)~DGL_G_HALF;
}

static void note_char(struct maker *m, uint32_t c)
{
    m->tighten = false;
    if (c >= 0x3001 && m->before >= 0x3001 && m->env->doc->sheet->settings.compress_punctuation)
        tighten(m, m->before, c);
    if (c >= 0x3041 || m->before >= 0x3041)
        auto_space(m, m->before, c);
    if (c != 0x20 && (m->before == 0x20 || may_break(m, c)) && m->before)
        mark_break(m);
    m->before2 = m->before;
    m->before = c;
}

static int32_t adjusted_advance(const struct dgl_font_use *use, uint32_t c, int32_t advance, int16_t *dx)
{
    int32_t em = (int32_t)use->face->upem;
    if (use->space_advance && c == 0x20)
        return use->space_advance * em / 1000;
    int32_t wanted = advance;
    if (use->widths && c >= 0x20 && c < 0x7F && use->widths[c - 0x20])
        wanted = (int32_t)((int64_t)use->widths[c - 0x20] * em / use->width_units);
    else if (use->wide_advance && dgl_is_east_asian(c) && advance > em * 4 / 5)
        wanted = use->wide_advance * em / 1000;
    else if (use->fixed_advance && advance > 0)
        wanted = use->fixed_advance * em / 1000;
    else if (use->width_percent)
        wanted = advance * use->width_percent / 100;
    *dx = (int16_t)((wanted - advance) / 2);
    return wanted;
}

static uint8_t flags_of(uint32_t c)
{
    if (c == 0x20 || c == 0x3000)
        return DGL_G_SPACE;
    if (c == 0xAD)
        return DGL_G_SOFT | DGL_G_BREAK;
    if (c == '.' || c == ',')
        return DGL_G_DECIMAL;
    if (c == 0x3001 || c == 0x3002 || c == 0xFF0C || c == 0xFF0E || c == 0xFF61 || c == 0xFF64)
        return DGL_G_WIDE | DGL_G_HANG;
    return dgl_is_wide(c) ? DGL_G_WIDE : 0;
}

// The grid gives an East Asian character its whole extra room, any other half of it.
static int32_t grid_extra(const struct maker *m, const struct dgl_piece *p, uint32_t c)
{
    if (!m->env->character_extra || !(m->para->p.flags & DGL_PF_SNAP) || p->size <= 0 || c == 0xAD)
        return 0;
    int64_t extra = (int64_t)m->env->character_extra * p->use->face->upem / p->size;
    return (int32_t)(dgl_is_east_asian(c) ? extra : extra / 2);
}

static void put_simple(struct maker *m, struct dgl_piece *p, uint32_t c, uint32_t shown, uint32_t cluster)
{
    int32_t advance;
    uint32_t gid = dgl_face_glyph(p->use->face, shown, &advance);
    struct dgl_glyph *g = new_glyph(m);
    g->gid = gid;
    g->cluster = cluster;
    g->advance = c == 0xAD ? 0 : adjusted_advance(p->use, c, advance, &g->dx);
    g->flags = flags_of(c);
    int32_t em = (int32_t)p->use->face->upem;
    if (m->tighten && g->advance > em * 3 / 4) {
        g->advance -= em / 2;
        g->dx = (int16_t)(g->dx - em / 2);
    }
    if (dgl_closes(c) && m->env->doc->sheet->settings.compress_punctuation)
        g->flags |= DGL_G_HALF;
    g->advance += grid_extra(m, p, c);
    p->count++;
    p->text_end = (uint32_t)(cluster + (c < 0x80 ? 1u : c < 0x800 ? 2u : c < 0x10000 ? 3u : 4u));
}

static void put_shaped(struct maker *m, struct dgl_piece *p, const char *text, size_t len, uint32_t base,
                       hb_script_t script, const char *lang, unsigned flags)
{
    uint32_t count;
    const struct dgl_shaped_glyph *s =
        dgl_fonts_shape(m->env->fonts, p->use->face, text, len, script, lang, flags, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct dgl_glyph *g = new_glyph(m);
        g->gid = s[i].gid;
        g->cluster = base + s[i].cluster;
        g->advance = s[i].advance;
        g->dx = (int16_t)DGL_MAX(INT16_MIN, DGL_MIN(s[i].dx, INT16_MAX));
        g->dy = (int16_t)DGL_MAX(INT16_MIN, DGL_MIN(s[i].dy, INT16_MAX));
        if (i && s[i].cluster == s[i - 1].cluster)
            g->flags |= DGL_G_INSIDE;
        unsigned char byte = s[i].cluster < len ? (unsigned char)text[s[i].cluster] : 0;
        if (byte == ' ')
            g->flags |= DGL_G_SPACE;
        if (byte > ' ' && byte < 0x7F && s[i].advance > 0) { // kerning stays, on top of the width asked for
            int32_t nominal;
            int16_t shift = 0;
            dgl_face_glyph(p->use->face, byte, &nominal);
            g->advance += adjusted_advance(p->use, byte, nominal, &shift) - nominal;
            g->dx = (int16_t)(g->dx + shift);
        }
        if (m->order.breaks && g->cluster && m->order.breaks[g->cluster] && i)
            m->t->glyphs[m->t->glyph_count - 2].flags |= DGL_G_BREAK;
    }
    p->count = m->t->glyph_count - p->first;
    p->text_end = base + (uint32_t)len;
}

static struct style style_of(struct maker *m, struct dgl_run *run, uint32_t c, bool small)
{
    const struct dgl_rpr *r = &run->r;
    enum dgl_font_slot slot = slot_of(r, c);
    struct style s = {.use = use_of(m->env, run, slot), .small = small};
    s.full_size = slot_size(r, slot);
    s.size = s.full_size;
    s.raise = r->position;
    if (small)
        s.size = s.size * SMALL_CAPS_PERCENT / 100;
    if (r->vert != DGL_VERT_BASE) {
        s.raise += (int32_t)((int64_t)s.full_size *
                             (r->vert == DGL_VERT_SUPER ? SUPER_RAISE_PERCENT : SUB_RAISE_PERCENT) / 100);
        s.size = s.size * SUPER_SIZE_PERCENT / 100;
    }
    return s;
}

// The face that has the character: the run's own, or what stands in for that script.
static void choose_face(struct maker *m, struct dgl_run *run, uint32_t c, struct style *s, uint32_t *shown)
{
    int32_t advance;
    if (s->use->symbol)
        *shown = dgl_symbol_unicode(s->use->symbol, c);
    else if (c >= 0xF020 && c <= 0xF0FF && !dgl_face_glyph(s->use->face, c, &advance))
        *shown = dgl_symbol_unicode(2, c);
    if (c == 0x2011 && !dgl_face_glyph(s->use->face, c, &advance))
        *shown = '-';
    if (c == 0xA0 || c == 0x202F)
        *shown = dgl_face_glyph(s->use->face, c, &advance) ? c : 0x20;
    if (c == 0xAD)
        *shown = '-';
    if (dgl_face_glyph(s->use->face, *shown, &advance) || dgl_is_ignorable(c) || dgl_is_combining(c))
        return;
    enum dgl_font_slot slot = slot_of(&run->r, c);
    const struct dgl_font_use *use = dgl_fonts_fallback(m->env->fonts, s->use, *shown, lang_for(&run->r, slot),
                                                        slot_bold(&run->r, slot), slot_italic(&run->r, slot));
    if (use->face)
        s->use = use;
}

static bool wants_shaping(const struct dgl_rpr *r, int32_t size, unsigned *flags)
{
    *flags = 0;
    if (r->kern && size >= r->kern)
        *flags |= DGL_SHAPE_KERN;
    if (r->toggles & DGL_T_LIGATURES && r->toggles_set & DGL_T_LIGATURES && r->spacing == 0)
        *flags |= DGL_SHAPE_LIGATURES;
    return *flags != 0;
}

struct cursor { // over the text of one inline, already in m->bytes
    const char *s;
    size_t len, at;
    uint32_t base; // offset of s in the paragraph's bytes
};

static uint32_t peek(const struct cursor *c, size_t at, size_t *ret_next)
{
    size_t next = at;
    uint32_t code = at < c->len ? dgl_utf8_next(c->s, c->len, &next) : 0;
    *ret_next = next;
    return code;
}

static uint8_t level_at(const struct maker *m, uint32_t offset)
{
    return m->order.levels ? m->order.levels[offset] : 0;
}

// A stretch for HarfBuzz: up to a space, another font, level or script.
static void take_shaped(struct maker *m, const struct dgl_inline *in, struct dgl_run *run, struct cursor *c,
                        struct style s, unsigned flags, bool complex_only)
{
    size_t start = c->at, at = c->at, next;
    uint32_t code = peek(c, at, &next);
    hb_unicode_funcs_t *funcs = hb_unicode_funcs_get_default();
    hb_script_t script = HB_SCRIPT_COMMON;
    s.level = level_at(m, c->base + (uint32_t)at);
    while (at < c->len) {
        code = peek(c, at, &next);
        size_t after;
        uint32_t following = peek(c, next, &after);
        if (at > start && (code == 0x20 || level_at(m, c->base + (uint32_t)at) != s.level))
            break;
        if (at > start && complex_only && !dgl_is_complex(code) && !dgl_is_combining(following) &&
            !dgl_is_ignorable(code))
            break;
        hb_script_t of = hb_unicode_script(funcs, code);
        bool common = of == HB_SCRIPT_COMMON || of == HB_SCRIPT_INHERITED || of == HB_SCRIPT_UNKNOWN;
        if (!common && script != HB_SCRIPT_COMMON && of != script)
            break;
        if (at > start && !dgl_is_combining(code)) {
            struct style other = style_of(m, run, code, s.small);
            uint32_t shown = code;
            choose_face(m, run, code, &other, &shown);
            if (other.use != s.use)
                break;
        }
        if (!common)
            script = of;
        // Pairs at which a line may end split the stretch, so that breaks fall between shaped words.
        if (at > start && (may_break(m, code) || code == 0xAD || m->before == 0xAD))
            break;
        if (at == start) {
            note_char(m, code);
        } else {
            m->before2 = m->before;
            m->before = code;
        }
        at = next;
    }
    struct dgl_piece *p = text_piece(m, in, run, &s);
    const char *lang = lang_for(&run->r, slot_of(&run->r, code ? code : 'a'));
    if (s.level & 1)
        flags |= DGL_SHAPE_RTL;
    put_shaped(m, p, c->s + start, at - start, c->base + (uint32_t)start, script, lang, flags);
    c->at = at;
}

static void put_text(struct maker *m, const struct dgl_inline *in, struct dgl_run *run, struct cursor c)
{
    const struct dgl_rpr *r = &run->r;
    unsigned flags;
    bool shape_all = wants_shaping(r, r->size, &flags);
    while (c.at < c.len && !m->out_of_memory) {
        size_t next, after;
        uint32_t code = peek(&c, c.at, &next), following = peek(&c, next, &after);
        bool small = r->toggles & DGL_T_SMALL_CAPS && !(r->toggles & DGL_T_CAPS) && dgl_upper_of(code) != code;
        uint32_t shown = small ? dgl_upper_of(code) : code;
        struct style s = style_of(m, run, code, small);
        if (code == '\t' || code == '\n' || code == '\r' || code == 0x2028 || code == 0x2029)
            code = shown = 0x20;
        choose_face(m, run, shown, &s, &shown);
        if (!s.use->face)
            return;
        bool complex = dgl_is_complex(code) || dgl_is_combining(following);
        if ((complex || (shape_all && code != 0x20 && code != 0xAD)) && !small && !s.use->symbol) {
            take_shaped(m, in, run, &c, s, flags, !shape_all);
            continue;
        }
        if (dgl_is_ignorable(code)) {
            note_char(m, code);
            c.at = next;
            continue;
        }
        s.level = level_at(m, c.base + (uint32_t)c.at);
        if (s.level & 1 && !s.use->symbol) // brackets open towards the text (UAX #9, rule L4)
            shown = (uint32_t)u_charMirror((UChar32)shown);
        note_char(m, code);
        put_simple(m, text_piece(m, in, run, &s), code, shown, c.base + (uint32_t)c.at);
        c.at = next;
    }
}

// ---- Fields ----

static void put_number(struct dgl_buf *b, const struct dgl_inline *in, int64_t value)
{
    dgl_num_put(b, in->field.format >= 0 ? (enum dgl_num_format)in->field.format : DGL_NUM_DECIMAL, value);
}

static void field_text(const struct dgl_text_env *env, const struct dgl_inline *in, struct dgl_buf *b)
{
    switch (in->field.kind) {
    case DGL_FIELD_PAGE:
        if (in->field.format >= 0)
            put_number(b, in, env->page);
        else
            dgl_buf_append(b, env->page_number.data, env->page_number.len);
        break;
    case DGL_FIELD_NUMPAGES:
        put_number(b, in, env->page_count);
        break;
    case DGL_FIELD_SECTION:
        put_number(b, in, env->section);
        break;
    case DGL_FIELD_SECTIONPAGES:
        put_number(b, in, env->section_pages);
        break;
    case DGL_FIELD_PAGEREF:
        dgl_buf_append(b, in->field.ref->shown.data, in->field.ref->shown.len);
        break;
    case DGL_FIELD_NOTE:
        dgl_buf_append(b, in->field.mark->text.data, in->field.mark->text.len);
        break;
    case DGL_FIELD_STYLEREF: {
        struct dgl_str text = env->style_ref ? env->style_ref(env->ctx, in->text) : (struct dgl_str){"", 0};
        dgl_buf_append(b, text.data, text.len);
        break;
    }
    }
}

// ---- Paragraphs ----

struct stretch { // an inline's text in the paragraph's bytes
    uint32_t start, len;
};

static void append_inline(struct maker *m, const struct dgl_inline *in, struct stretch *s)
{
    s->start = (uint32_t)m->bytes.len;
    switch (in->kind) {
    case DGL_IN_TEXT:
    case DGL_IN_RUBY:
        if (in->run->r.toggles & DGL_T_CAPS) {
            for (size_t at = 0; at < in->text.len;) {
                uint32_t c = dgl_utf8_next(in->text.data, in->text.len, &at);
                char utf8[4];
                if (c == 0xDF)
                    dgl_buf_append(&m->bytes, "SS", 2);
                else
                    dgl_buf_append(&m->bytes, utf8, dgl_utf8_put(utf8, dgl_upper_of(c)));
            }
        } else {
            dgl_buf_append(&m->bytes, in->text.data, in->text.len);
        }
        break;
    case DGL_IN_FIELD:
        field_text(m->env, in, &m->bytes);
        break;
    case DGL_IN_NOTE:
        if (in->note.mark)
            dgl_buf_append(&m->bytes, in->note.mark->text.data, in->note.mark->text.len);
        break;
    case DGL_IN_TAB:
    case DGL_IN_PTAB:
        dgl_buf_putc(&m->bytes, '\t');
        break;
    case DGL_IN_LINE_BREAK:
    case DGL_IN_PAGE_BREAK:
    case DGL_IN_COLUMN_BREAK:
        dgl_buf_putc(&m->bytes, '\n');
        break;
    case DGL_IN_DRAWING:
        if (!in->drawing->anchored)
            dgl_buf_append(&m->bytes, "\xEF\xBF\xBC", 3);
        break;
    case DGL_IN_ANCHOR:
        break;
    }
    s->len = (uint32_t)m->bytes.len - s->start;
}

static void put_object(struct maker *m, const struct dgl_inline *in, enum dgl_piece_kind kind, uint32_t offset)
{
    struct dgl_piece *p = new_piece(m, kind, in->run);
    p->in = in;
    p->link = in->link;
    p->what = (uint8_t)in->kind;
    p->level = m->order.levels && offset < m->bytes.len ? m->order.levels[offset] : p->level;
    if (in->run) {
        dgl_run_metrics(m->env, in->run, &p->ascent, &p->descent);
        p->use = use_of(m->env, in->run, DGL_SLOT_ASCII);
        p->size = in->run->r.size;
    }
    if (kind == DGL_PIECE_DRAWING && in->drawing->kind == DGL_DRAW_MATH) {
        p->ascent = DGL_MAX(p->ascent, in->drawing->height - in->drawing->drop);
        p->descent = DGL_MAX(p->descent, in->drawing->drop);
    } else if (kind == DGL_PIECE_DRAWING) {
        p->ascent = in->drawing->height;
        p->descent = 0;
    }
}

// A phonetic guide: glyphs of its own that take no room; a base narrower than it is spread.
static void put_ruby(struct maker *m, const struct dgl_inline *in, struct cursor c)
{
    struct dgl_text *t = m->t;
    uint32_t before = m->before, before2 = m->before2, from = t->piece_count, glyphs = 0, first_base = from;
    int64_t base = 0, guide = 0;
    new_piece(m, DGL_PIECE_ANCHOR, NULL)->in = in; // so that the guide's glyphs begin a piece
    m->before = m->before2 = 0;
    put_text(m, in, in->run, c);
    m->before = before;
    m->before2 = before2;
    for (uint32_t i = from + 1; i < t->piece_count; i++) {
        struct dgl_piece *p = &t->pieces[i];
        guide += dgl_piece_width(t, p, p->first, p->count);
        p->kind = DGL_PIECE_RUBY;
        p->raise = in->ruby.raise;
        p->ascent += in->ruby.raise;
        p->descent = 0;
    }
    while (first_base > 0 && t->pieces[first_base - 1].in && t->pieces[first_base - 1].in >= in - in->ruby.above &&
           t->pieces[first_base - 1].in < in)
        first_base--;
    for (uint32_t i = first_base; i < from; i++)
        if (t->pieces[i].kind == DGL_PIECE_TEXT) {
            base += dgl_piece_width(t, &t->pieces[i], t->pieces[i].first, t->pieces[i].count);
            glyphs += t->pieces[i].count;
        }
    for (uint32_t i = first_base; i < from && guide > base && glyphs; i++)
        for (uint32_t g = 0; t->pieces[i].kind == DGL_PIECE_TEXT && t->pieces[i].size > 0 && g < t->pieces[i].count;
             g++) {
            int32_t more = (int32_t)((guide - base) / glyphs * t->pieces[i].use->face->upem / t->pieces[i].size);
            t->glyphs[t->pieces[i].first + g].advance += more;
            t->glyphs[t->pieces[i].first + g].dx = (int16_t)(t->glyphs[t->pieces[i].first + g].dx + more / 2);
        }
}

static void put_inline(struct maker *m, const struct dgl_inline *in, const struct stretch *s)
{
    struct cursor c = {m->bytes.data + s->start, s->len, 0, s->start};
    switch (in->kind) {
    case DGL_IN_TEXT:
    case DGL_IN_FIELD:
    case DGL_IN_NOTE:
        if (in->kind == DGL_IN_NOTE) { // a piece of its own, which line building looks for
            m->t->has_notes = true;
            new_piece(m, DGL_PIECE_ANCHOR, in->run)->in = in;
        }
        put_text(m, in, in->run, c);
        break;
    case DGL_IN_TAB:
    case DGL_IN_PTAB:
        if (m->before == 0x20)
            mark_break(m);
        put_object(m, in, in->kind == DGL_IN_TAB ? DGL_PIECE_TAB : DGL_PIECE_PTAB, s->start);
        m->before2 = m->before;
        m->before = 0x20; // text after a tab may go to the next line
        break;
    case DGL_IN_LINE_BREAK:
    case DGL_IN_PAGE_BREAK:
    case DGL_IN_COLUMN_BREAK:
        put_object(m, in, DGL_PIECE_BREAK, s->start);
        m->t->has_breaks = true;
        m->before = m->before2 = 0;
        break;
    case DGL_IN_DRAWING:
        if (in->drawing->anchored) {
            m->t->has_floats = true;
            new_piece(m, DGL_PIECE_FLOAT, in->run)->in = in;
            break;
        }
        note_char(m, 0xFFFC);
        put_object(m, in, DGL_PIECE_DRAWING, s->start);
        break;
    case DGL_IN_ANCHOR:
        new_piece(m, DGL_PIECE_ANCHOR, NULL)->in = in;
        break;
    case DGL_IN_RUBY:
        put_ruby(m, in, c);
        break;
    }
}

// A run as another one, its letters made narrower.
static const struct dgl_run *narrower(struct maker *m, const struct dgl_run *run, int64_t percent)
{
    struct dgl_run *copy = dgl_arena_alloc_try(m->env->arena, sizeof(*copy));
    if (!copy) {
        m->out_of_memory = true;
        return run;
    }
    *copy = *run;
    int64_t own = run->r.scale_percent ? run->r.scale_percent : 100;
    copy->r.scale_percent = (uint16_t)DGL_MAX(own * percent / 100, 1);
    return copy;
}

// fitText (§17.3.2.14), tcFitText (§17.4.68): the glyphs since `first` get the width asked for, by room between them;
// where they are too wide, their letters become narrower first (Word).
static void fit_glyphs(struct maker *m, uint32_t first, int32_t width)
{
    struct dgl_text *t = m->t;
    int64_t natural = 0, wide = 0;
    uint32_t gaps = 0, last = t->glyph_count;
    for (uint32_t i = t->piece_count; i-- > 0 && t->pieces[i].first >= first;)
        if (t->pieces[i].kind == DGL_PIECE_TEXT)
            wide += dgl_piece_width(t, &t->pieces[i], t->pieces[i].first, t->pieces[i].count);
    int64_t percent = wide > width ? DGL_MAX((int64_t)width * 100 / wide, 1) : 100;
    for (uint32_t i = t->piece_count; i-- > 0 && t->pieces[i].first >= first;) {
        struct dgl_piece *p = &t->pieces[i];
        if (p->kind != DGL_PIECE_TEXT)
            continue;
        if (percent < 100)
            p->run = narrower(m, p->run, percent);
        natural += dgl_piece_width(t, p, p->first, p->count);
    }
    for (uint32_t g = first + 1; g < last; g++)
        gaps += !(t->glyphs[g].flags & DGL_G_INSIDE);
    if (gaps == 0)
        return;
    int64_t each = (width - natural) / gaps;
    for (uint32_t i = t->piece_count; i-- > 0 && t->pieces[i].first >= first;) {
        const struct dgl_piece *p = &t->pieces[i];
        int64_t scale = p->run && p->run->r.scale_percent ? p->run->r.scale_percent : 100;
        for (uint32_t g = p->first; p->kind == DGL_PIECE_TEXT && p->size > 0 && g < p->first + p->count; g++)
            if (g + 1 < last && !(t->glyphs[g + 1].flags & DGL_G_INSIDE))
                t->glyphs[g].advance += (int32_t)(each * p->use->face->upem * 100 / p->size / scale);
    }
}

struct fitting { // runs that share a width
    const struct dgl_run *run;
    uint32_t first;
};

static void follow_fit(struct maker *m, struct fitting *f, const struct dgl_run *run)
{
    bool fits = run && run->r.fit > 0;
    if (f->run && fits && f->run->r.fit_id == run->r.fit_id && f->run->r.fit == run->r.fit)
        return;
    if (f->run)
        fit_glyphs(m, f->first, f->run->r.fit);
    *f = (struct fitting){fits ? run : NULL, m->t->glyph_count};
}

static void put_label(struct maker *m, const struct dgl_para *p, const struct stretch *s)
{
    struct cursor c = {m->bytes.data + s->start, s->len, 0, s->start};
    m->t->label_pieces = 0;
    if (p->bullet)
        put_object(m, p->bullet, DGL_PIECE_DRAWING, s->start);
    put_text(m, NULL, p->label_run, c);
    if (p->level->suffix == 0)
        new_piece(m, DGL_PIECE_TAB, p->label_run)->use = use_of(m->env, p->label_run, DGL_SLOT_ASCII);
    m->t->label_pieces = m->t->piece_count;
    m->before = m->before2 = 0;
}

// An equation knows its size once it is set.
static enum dgl_status set_equation(const struct dgl_text_env *env, const struct dgl_drawing *drawing,
                                    struct dgl_error *err)
{
    struct dgl_drawing *d = (struct dgl_drawing *)drawing; // the fields set here are layout's own
    if (d->kind != DGL_DRAW_MATH)
        return DGL_OK;
    DGL_TRY(dgl_math_set(env, d->math, err));
    d->width = d->math->width;
    d->height = d->math->ascent + d->math->descent;
    d->drop = d->math->descent;
    return DGL_OK;
}

enum dgl_status dgl_text_build(const struct dgl_text_env *env, const struct dgl_para *p, struct dgl_text *ret,
                               struct dgl_error *err)
{
    struct maker m = {.env = env, .para = p, .t = ret, .bytes = DGL_BUF_INIT(DGL_LAYOUT_MAX_PARAGRAPH_BYTES)};
    *ret = (struct dgl_text){.rtl = p->p.flags & DGL_PF_BIDI};
    struct stretch label = {0, 0},
                   *stretches = dgl_arena_alloc_try(env->arena, (p->inline_count + 1) * sizeof(*stretches));
    if (!stretches)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more memory than one document may use");
    if (p->level) {
        dgl_buf_append(&m.bytes, p->label.data, p->label.len);
        if (p->level->suffix == 1 && (p->label.len || p->bullet))
            dgl_buf_putc(&m.bytes, ' ');
        label.len = (uint32_t)m.bytes.len;
    }
    for (uint32_t i = 0; i < p->inline_count; i++)
        append_inline(&m, &p->inlines[i], &stretches[i]);
    enum dgl_status status = dgl_buf_check(&m.bytes, "a paragraph", err);
    if (status == DGL_OK && !dgl_utf8_valid(m.bytes.data ? m.bytes.data : "", m.bytes.len))
        status = DGL_FAIL(err, DGL_E_MALFORMED, "a paragraph's text is not valid UTF-8");
    if (status == DGL_OK) {
        char *kept = dgl_arena_strndup(env->arena, m.bytes.data ? m.bytes.data : "", m.bytes.len);
        dgl_buf_fini(&m.bytes);
        m.bytes.data = kept; // shaping reads it, boxes point to it
        m.bytes.len = label.len;
        for (uint32_t i = 0; i < p->inline_count; i++)
            m.bytes.len += stretches[i].len;
        ret->bytes = kept;
        ret->len = (uint32_t)m.bytes.len;
        m.out_of_memory |= !first_room(&m) || !dgl_text_order(env->arena, kept, m.bytes.len, ret->rtl, &m.order);
        if (p->level && !m.out_of_memory)
            put_label(&m, p, &label);
        struct fitting fit = {0};
        for (uint32_t i = 0; i < p->inline_count && status == DGL_OK && !m.out_of_memory; i++) {
            status = dgl_work_tick(env->budget, env->arena, err);
            follow_fit(&m, &fit, p->inlines[i].run);
            if (status == DGL_OK && p->inlines[i].kind == DGL_IN_DRAWING)
                status = set_equation(env, p->inlines[i].drawing, err);
            put_inline(&m, &p->inlines[i], &stretches[i]);
        }
        if (!m.out_of_memory)
            follow_fit(&m, &fit, NULL);
        if (p->fit && !m.out_of_memory)
            fit_glyphs(&m, ret->label_pieces < ret->piece_count ? ret->pieces[ret->label_pieces].first : 0, p->fit);
        if (m.out_of_memory)
            status = DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                                   "the document needs more memory than one document may use");
    } else {
        dgl_buf_fini(&m.bytes);
    }
    return status;
}

int32_t dgl_piece_width(const struct dgl_text *t, const struct dgl_piece *p, uint32_t first, uint32_t count)
{
    int64_t units = 0;
    uint32_t letters = 0;
    for (uint32_t i = first; i < first + count; i++) {
        units += t->glyphs[i].advance;
        letters += !(t->glyphs[i].flags & DGL_G_INSIDE);
    }
    int64_t em = p->use->face->upem, w = (units * p->size + em / 2) / em;
    if (p->run->r.scale_percent != 100 && p->run->r.scale_percent)
        w = w * p->run->r.scale_percent / 100;
    return (int32_t)DGL_MAX(INT32_MIN / 4, DGL_MIN(w + (int64_t)letters * p->run->r.spacing, INT32_MAX / 4));
}
