// Setting equations. Each function sets one kind of node with its baseline's start at the origin, appends its marks and
// says how large it is; who asked moves the marks to where they belong. Cost: linear in the tree, except that marks are
// moved once per level (at most 40).
#include "render/layout/math.h"

#include <hb-ot.h>
#include <string.h>

#define MAX_MARKS 100000u
#define MAX_PARTS 8u     // of a sign that is put together
#define MAX_REPEATS 120u // of one part

struct setter {
    const struct dgl_text_env *env;
    struct dgl_error *err;
    enum dgl_status status;
    const struct dgl_font_use *use; // the mathematical font, or what stands in
    bool has_table;
    const struct dgl_run *run;
    struct dgl_math_mark *marks;
    uint32_t count, cap;
    int32_t align_at; // where the first & of a row stands, -1 = nowhere
    bool aligning;
};
struct style {
    int32_t base;   // size of the text around, mpt
    unsigned level; // 0 text, 1 script, 2 script of a script
    bool display;
};
struct extent {
    int32_t w, ascent, descent;
};
static struct extent set_node(struct setter *s, const struct dgl_math_node *n, struct style style);
static struct extent set_row(struct setter *s, const struct dgl_math_node *first, struct style style);

// ---- the font's table ----

// For a font without one: thousandths of the size, as in fonts that have it.
static int32_t usual(hb_ot_math_constant_t c)
{
    switch ((int)c) {
    case HB_OT_MATH_CONSTANT_AXIS_HEIGHT:
        return 258;
    case HB_OT_MATH_CONSTANT_FRACTION_RULE_THICKNESS:
    case HB_OT_MATH_CONSTANT_RADICAL_RULE_THICKNESS:
    case HB_OT_MATH_CONSTANT_OVERBAR_RULE_THICKNESS:
    case HB_OT_MATH_CONSTANT_UNDERBAR_RULE_THICKNESS:
        return 66;
    case HB_OT_MATH_CONSTANT_SUPERSCRIPT_SHIFT_UP:
        return 360;
    case HB_OT_MATH_CONSTANT_SUBSCRIPT_SHIFT_DOWN:
        return 210;
    case HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_SHIFT_UP:
    case HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_SHIFT_DOWN:
        return 480;
    case HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_DISPLAY_STYLE_SHIFT_UP:
    case HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_DISPLAY_STYLE_SHIFT_DOWN:
        return 640;
    case HB_OT_MATH_CONSTANT_SUPERSCRIPT_BASELINE_DROP_MAX:
    case HB_OT_MATH_CONSTANT_SUBSCRIPT_TOP_MAX:
        return 370;
    case HB_OT_MATH_CONSTANT_ACCENT_BASE_HEIGHT:
        return 450;
    case HB_OT_MATH_CONSTANT_DISPLAY_OPERATOR_MIN_HEIGHT:
        return 1400;
    default:
        return 130;
    }
}

static int32_t size_of(const struct setter *s, struct style style)
{
    static const int32_t shrunk[] = {100, 72, 58};
    int32_t percent = shrunk[style.level];
    if (s->has_table && style.level)
        percent = hb_ot_math_get_constant(s->use->face->font,
                                          style.level == 1 ? HB_OT_MATH_CONSTANT_SCRIPT_PERCENT_SCALE_DOWN
                                                           : HB_OT_MATH_CONSTANT_SCRIPT_SCRIPT_PERCENT_SCALE_DOWN);
    if (percent < 40 || percent > 100)
        percent = shrunk[style.level];
    return (int32_t)((int64_t)style.base * percent / 100);
}

static int32_t constant(const struct setter *s, struct style style, hb_ot_math_constant_t c)
{
    int64_t size = size_of(s, style);
    return s->has_table ? (int32_t)(hb_ot_math_get_constant(s->use->face->font, c) * size / (int64_t)s->use->face->upem)
                        : (int32_t)(usual(c) * size / 1000);
}

// ---- marks ----

static struct dgl_math_mark *new_mark(struct setter *s)
{
    static struct dgl_math_mark spare; // when there is no room: nobody reads it
    if (s->count == s->cap && s->status == DGL_OK) {
        uint32_t cap = s->cap ? s->cap * 2 : 32;
        struct dgl_math_mark *grown =
            cap <= MAX_MARKS ? dgl_arena_alloc_try(s->env->arena, cap * sizeof(*grown)) : NULL;
        if (!grown) {
            s->status = DGL_FAIL_SLUG(s->err, DGL_E_LIMIT, "document_too_large", "an equation is too large");
        } else {
            if (s->count)
                memcpy(grown, s->marks, s->count * sizeof(*grown));
            s->marks = grown;
            s->cap = cap;
        }
    }
    if (s->status != DGL_OK)
        return &spare;
    struct dgl_math_mark *m = &s->marks[s->count++];
    memset(m, 0, sizeof(*m));
    m->run = s->run;
    return m;
}

static void shift(struct setter *s, uint32_t from, int32_t dx, int32_t dy)
{
    for (uint32_t i = from; i < s->count; i++) {
        s->marks[i].x += dx;
        s->marks[i].y += dy;
    }
}

// No length goes beyond what a page may have, whatever a document piles up: sums of a few of them fit an int32_t.
static int32_t bounded(int64_t length)
{
    return (int32_t)DGL_MAX(DGL_MIN(length, (int64_t)DGL_LAYOUT_MAX_LENGTH), -(int64_t)DGL_LAYOUT_MAX_LENGTH);
}

static struct extent widen(struct extent a, struct extent b, int32_t dy)
{
    a.ascent = DGL_MAX(a.ascent, b.ascent - dy);
    a.descent = DGL_MAX(a.descent, b.descent + dy);
    return a;
}

static void put_rule(struct setter *s, int32_t x, int32_t y, int32_t w, int32_t h)
{
    struct dgl_math_mark *m = new_mark(s);
    m->x = x;
    m->y = y;
    m->w = w;
    m->h = DGL_MAX(h, 200);
}

static int32_t scaled(const struct dgl_font_use *use, int32_t units, int32_t size)
{
    return (int32_t)((int64_t)units * size / (int64_t)use->face->upem);
}

static struct extent glyph_extent(const struct dgl_font_use *use, uint32_t gid, int32_t size)
{
    hb_glyph_extents_t e = {0};
    hb_font_get_glyph_extents(use->face->font, gid, &e);
    return (struct extent){.w = scaled(use, hb_font_get_glyph_h_advance(use->face->font, gid), size),
                           .ascent = scaled(use, e.y_bearing, size),
                           .descent = scaled(use, -(e.y_bearing + e.height), size)};
}

static struct dgl_math_mark *put_glyphs(struct setter *s, const struct dgl_font_use *use, uint32_t c, int32_t size,
                                        uint32_t count)
{
    struct dgl_math_mark *m = new_mark(s);
    struct dgl_glyph *glyphs = dgl_arena_alloc_try(s->env->arena, count * sizeof(*glyphs));
    if (!glyphs && s->status == DGL_OK)
        s->status = DGL_FAIL_SLUG(s->err, DGL_E_LIMIT, "document_too_large", "an equation is too large");
    if (s->status != DGL_OK)
        return NULL;
    memset(glyphs, 0, count * sizeof(*glyphs));
    for (uint32_t i = 1; i < count; i++)
        glyphs[i].flags = DGL_G_INSIDE;
    m->use = use;
    m->size = size;
    m->glyphs = glyphs;
    m->glyph_count = count;
    m->text[dgl_utf8_put(m->text, c)] = '\0';
    return m;
}

static struct extent put_glyph(struct setter *s, const struct dgl_font_use *use, uint32_t gid, uint32_t c, int32_t size)
{
    struct extent e = glyph_extent(use, gid, size);
    struct dgl_math_mark *m = put_glyphs(s, use, c, size, 1);
    if (m) {
        m->glyphs[0].gid = gid;
        m->glyphs[0].advance = hb_font_get_glyph_h_advance(use->face->font, gid);
        m->w = e.w;
    }
    return e;
}

static const struct dgl_font_use *font_for(const struct setter *s, uint32_t c, uint32_t *ret_gid)
{
    const struct dgl_font_use *use = s->use;
    int32_t advance;
    *ret_gid = dgl_face_glyph(use->face, c, &advance);
    if (*ret_gid)
        return use;
    use = dgl_fonts_fallback(s->env->fonts, use, c, NULL, false, false);
    *ret_gid = dgl_face_glyph(use->face, c, &advance);
    return use;
}

// ---- signs that grow ----

// Parts of an assembly to reach `target` (font units); repeats of those that may be repeated.
static uint32_t count_repeats(const hb_ot_math_glyph_part_t *parts, unsigned count, int32_t overlap, int32_t target,
                              int32_t *ret_total)
{
    for (uint32_t k = 1;; k++) {
        int64_t total = overlap;
        for (unsigned i = 0; i < count; i++) {
            uint32_t times = parts[i].flags & HB_OT_MATH_GLYPH_PART_FLAG_EXTENDER ? k : 1;
            total += (int64_t)times * (parts[i].full_advance - overlap);
        }
        if (total >= target || k >= MAX_REPEATS) {
            *ret_total = (int32_t)DGL_MIN(total, 32000);
            return k;
        }
    }
}

static bool put_assembly(struct setter *s, uint32_t gid, uint32_t c, int32_t size, hb_direction_t way, int32_t target,
                         struct extent *ret)
{
    hb_font_t *font = s->use->face->font;
    hb_ot_math_glyph_part_t parts[MAX_PARTS];
    unsigned count = MAX_PARTS;
    int32_t overlap = hb_ot_math_get_min_connector_overlap(font, way), total;
    hb_ot_math_get_glyph_assembly(font, gid, way, 0, &count, parts, NULL);
    if (count == 0)
        return false;
    uint32_t repeats = count_repeats(parts, count, overlap, target, &total), n = 0, at = 0;
    for (unsigned i = 0; i < count; i++)
        n += parts[i].flags & HB_OT_MATH_GLYPH_PART_FLAG_EXTENDER ? repeats : 1;
    struct dgl_math_mark *m = put_glyphs(s, s->use, c, size, n);
    bool upwards = way == HB_DIRECTION_BTT;
    int32_t cursor = 0, widest = 0;
    struct extent thick = {0, INT32_MIN, INT32_MIN}; // of all parts
    for (unsigned i = 0; m && i < count; i++) {
        thick = widen(thick, glyph_extent(s->use, parts[i].glyph, size), 0);
        uint32_t times = parts[i].flags & HB_OT_MATH_GLYPH_PART_FLAG_EXTENDER ? repeats : 1;
        for (uint32_t k = 0; k < times; k++, at++) {
            hb_glyph_extents_t e = {0};
            hb_font_get_glyph_extents(font, parts[i].glyph, &e);
            m->glyphs[at].gid = parts[i].glyph;
            if (upwards) {
                m->glyphs[at].dy = (int16_t)DGL_MIN(cursor - (e.y_bearing + e.height), 32000);
                widest = DGL_MAX(widest, hb_font_get_glyph_h_advance(font, parts[i].glyph));
            } else {
                m->glyphs[at].dx = (int16_t)-e.x_bearing;
                m->glyphs[at].advance = parts[i].full_advance - overlap;
            }
            cursor += parts[i].full_advance - overlap;
        }
    }
    *ret = upwards ? (struct extent){scaled(s->use, widest, size), scaled(s->use, total, size), 0}
                   : (struct extent){scaled(s->use, total, size), thick.ascent, thick.descent};
    if (m) {
        m->w = ret->w;
        if (upwards)
            m->glyphs[n - 1].advance = widest;
    }
    return true;
}

// The sign at least `target` mpt tall (BTT) or wide (LTR), as far as the font goes.
static struct extent put_grown(struct setter *s, uint32_t c, int32_t size, hb_direction_t way, int32_t target)
{
    uint32_t gid;
    const struct dgl_font_use *use = font_for(s, c, &gid);
    struct extent e = glyph_extent(use, gid, size);
    if (use != s->use || !s->has_table || (way == HB_DIRECTION_BTT ? e.ascent + e.descent : e.w) >= target)
        return put_glyph(s, use, gid, c, size);
    hb_ot_math_glyph_variant_t variants[24];
    unsigned count = DGL_COUNT(variants), best = 0;
    int32_t wanted = (int32_t)DGL_MIN((int64_t)target * use->face->upem / DGL_MAX(size, 1), 32000);
    hb_ot_math_get_glyph_variants(use->face->font, gid, way, 0, &count, variants);
    while (best < count && variants[best].advance < wanted)
        best++;
    if (best < count)
        return put_glyph(s, use, variants[best].glyph, c, size);
    if (put_assembly(s, gid, c, size, way, wanted, &e))
        return e;
    return put_glyph(s, use, count ? variants[count - 1].glyph : gid, c, size);
}

// A tall sign in the middle of the axis.
static struct extent put_centered(struct setter *s, uint32_t c, struct style style, int32_t target)
{
    uint32_t from = s->count;
    struct extent e = put_grown(s, c, size_of(s, style), HB_DIRECTION_BTT, target);
    int32_t dy = (e.ascent - e.descent) / 2 - constant(s, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
    shift(s, from, 0, dy);
    return (struct extent){e.w, e.ascent - dy, e.descent + dy};
}

// ---- rows ----

enum atom { ATOM_NONE, ATOM_ORD, ATOM_OP, ATOM_BIN, ATOM_REL, ATOM_OPEN, ATOM_CLOSE, ATOM_PUNCT, ATOM_INNER };

static enum atom atom_of(uint32_t c)
{
    if (c == '+' || c == 0x2212 || c == 0xB1 || c == 0xD7 || c == 0xF7 || c == 0xB7 || (c >= 0x2213 && c <= 0x2214) ||
        (c >= 0x2217 && c <= 0x2219) || (c >= 0x2227 && c <= 0x222A) || (c >= 0x2295 && c <= 0x22A1) ||
        (c >= 0x22C4 && c <= 0x22C6))
        return ATOM_BIN;
    if (c == '=' || c == '<' || c == '>' || c == ':' || (c >= 0x2190 && c <= 0x21FF) || (c >= 0x2208 && c <= 0x220D) ||
        c == 0x221D || c == 0x2223 || c == 0x2225 || (c >= 0x223C && c <= 0x228B) || (c >= 0x22A2 && c <= 0x22B8))
        return ATOM_REL;
    if (c == '(' || c == '[' || c == '{' || c == 0x27E8 || c == 0x230A || c == 0x2308)
        return ATOM_OPEN;
    if (c == ')' || c == ']' || c == '}' || c == '!' || c == 0x27E9 || c == 0x230B || c == 0x2309)
        return ATOM_CLOSE;
    if (c == ',' || c == ';')
        return ATOM_PUNCT;
    return ATOM_ORD;
}

// In eighteenths of an em, as between atoms of TeX.
static int32_t space_between(enum atom a, enum atom b, struct style style)
{
    if (a == ATOM_NONE || b == ATOM_NONE)
        return 0;
    if ((a == ATOM_OP && b != ATOM_OPEN && b != ATOM_CLOSE) || (b == ATOM_OP && (a == ATOM_ORD || a == ATOM_CLOSE)))
        return 3;
    if (style.level)
        return 0;
    if (a == ATOM_PUNCT)
        return 3;
    if (a == ATOM_REL || b == ATOM_REL)
        return a == b || a == ATOM_OPEN || b == ATOM_CLOSE || b == ATOM_PUNCT ? 0 : 5;
    if (a == ATOM_BIN || b == ATOM_BIN)
        return a == ATOM_OPEN || b == ATOM_CLOSE ? 0 : 4;
    return 0;
}

static enum atom kind_of(const struct dgl_math_node *n)
{
    switch (n->kind) {
    case DGL_MATH_NARY:
    case DGL_MATH_FUNCTION:
        return ATOM_OP;
    case DGL_MATH_FRACTION:
        return ATOM_INNER;
    default:
        return ATOM_ORD;
    }
}

struct pen { // of a row
    struct extent e;
    enum atom before;
    struct style style;
};

static void step(struct setter *s, struct pen *p, enum atom *a)
{
    if (*a == ATOM_BIN && (p->before == ATOM_NONE || p->before == ATOM_BIN || p->before == ATOM_REL ||
                           p->before == ATOM_OPEN || p->before == ATOM_PUNCT || p->before == ATOM_OP))
        *a = ATOM_ORD; // a sign before a number
    p->e.w = bounded((int64_t)p->e.w + space_between(p->before, *a, p->style) * size_of(s, p->style) / 18);
    p->before = *a;
}

static void set_text(struct setter *s, const struct dgl_math_node *n, struct pen *p)
{
    int32_t size = size_of(s, p->style);
    for (size_t pos = 0; pos < n->text.len && s->status == DGL_OK;) {
        uint32_t c = dgl_utf8_next(n->text.data, n->text.len, &pos), gid, from = s->count;
        if (c == '&' && s->aligning) {
            s->align_at = s->align_at < 0 ? p->e.w : s->align_at;
            continue;
        }
        enum atom a = n->upright ? ATOM_ORD : atom_of(c);
        step(s, p, &a);
        const struct dgl_font_use *use = font_for(s, c, &gid);
        struct extent e = put_glyph(s, use, gid, c, size);
        shift(s, from, p->e.w, 0);
        p->e = widen(p->e, e, 0);
        p->e.w = bounded((int64_t)p->e.w + e.w);
    }
}

// A row after something of this kind.
static struct extent set_line(struct setter *s, const struct dgl_math_node *first, struct style style, enum atom before)
{
    struct pen p = {.style = style, .before = before};
    for (const struct dgl_math_node *n = first; n && s->status == DGL_OK; n = n->next) {
        s->status = dgl_work_tick(s->env->budget, s->env->arena, s->err);
        if (s->status != DGL_OK)
            break;
        s->run = n->run ? n->run : s->run;
        if (n->kind == DGL_MATH_TEXT) {
            set_text(s, n, &p);
            continue;
        }
        enum atom a = kind_of(n);
        step(s, &p, &a);
        uint32_t from = s->count;
        bool aligning = s->aligning; // an & belongs to the nearest stack's row, not to what stands in it
        s->aligning = false;
        struct extent e = set_node(s, n, style);
        s->aligning = aligning;
        shift(s, from, p.e.w, 0);
        p.e = widen(p.e, e, 0);
        p.e.w = bounded((int64_t)p.e.w + e.w);
    }
    return p.e;
}

static struct extent set_row(struct setter *s, const struct dgl_math_node *first, struct style style)
{
    return set_line(s, first, style, ATOM_NONE);
}

static struct extent set_part(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    return n ? set_node(s, n, style) : (struct extent){0};
}

static struct style smaller(struct style style)
{
    style.level = DGL_MIN(style.level + 1, 2u);
    style.display = false;
    return style;
}

// ---- fractions, scripts, roots ----

static struct extent set_linear(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    bool skewed = n->fraction == DGL_FRACTION_SKEWED;
    struct style inner = skewed ? smaller(style) : style;
    int32_t up = skewed ? size_of(s, style) / 4 : 0;
    uint32_t from = s->count;
    struct extent e = set_part(s, n->part[0], inner);
    shift(s, from, 0, -up);
    e = widen((struct extent){.w = e.w}, e, -up);
    from = s->count;
    struct extent slash = put_centered(s, '/', style, 0);
    shift(s, from, e.w, 0);
    e = widen(e, slash, 0);
    e.w += slash.w;
    from = s->count;
    struct extent den = set_part(s, n->part[1], inner);
    shift(s, from, e.w, up);
    e = widen(e, den, up);
    e.w += den.w;
    return e;
}

static struct extent set_fraction(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    if (n->fraction == DGL_FRACTION_SKEWED || n->fraction == DGL_FRACTION_LINEAR)
        return set_linear(s, n, style);
    bool d = style.display, bar = n->fraction == DGL_FRACTION_BAR;
    struct style inner = style;
    inner.display = false;
    if (!d)
        inner = smaller(style);
    int32_t axis = constant(s, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
    int32_t rule = bar ? constant(s, style, HB_OT_MATH_CONSTANT_FRACTION_RULE_THICKNESS) : 0;
    int32_t up = constant(s, style,
                          d ? HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_DISPLAY_STYLE_SHIFT_UP
                            : HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_SHIFT_UP);
    int32_t down = constant(s, style,
                            d ? HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_DISPLAY_STYLE_SHIFT_DOWN
                              : HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_SHIFT_DOWN);
    int32_t gap_up = constant(s, style,
                              d ? HB_OT_MATH_CONSTANT_FRACTION_NUM_DISPLAY_STYLE_GAP_MIN
                                : HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_GAP_MIN);
    int32_t gap_down = constant(s, style,
                                d ? HB_OT_MATH_CONSTANT_FRACTION_DENOM_DISPLAY_STYLE_GAP_MIN
                                  : HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_GAP_MIN);
    uint32_t above = s->count;
    struct extent num = set_part(s, n->part[0], inner);
    uint32_t below = s->count;
    struct extent den = set_part(s, n->part[1], inner);
    up = DGL_MAX(up, axis + rule / 2 + gap_up + num.descent);
    down = DGL_MAX(down, gap_down + rule / 2 - axis + den.ascent);
    int32_t side = size_of(s, style) / 12, w = DGL_MAX(num.w, den.w);
    for (uint32_t i = above; i < below; i++) {
        s->marks[i].x += side + (w - num.w) / 2;
        s->marks[i].y -= up;
    }
    shift(s, below, side + (w - den.w) / 2, down);
    if (bar)
        put_rule(s, side, -axis - rule / 2, w, rule);
    return (struct extent){w + 2 * side, up + num.ascent, down + den.descent};
}

// Slant of the last glyph, beyond which a superscript stands.
static int32_t slant(const struct setter *s, uint32_t from)
{
    const struct dgl_math_mark *m = s->count > from ? &s->marks[s->count - 1] : NULL;
    return m && m->glyph_count == 1 && m->use == s->use && s->has_table
               ? scaled(m->use, hb_ot_math_get_glyph_italics_correction(m->use->face->font, m->glyphs[0].gid), m->size)
               : 0;
}

// How far the ink of the last glyph reaches beyond its advance: an integral leans over.
static int32_t overhang(const struct setter *s, uint32_t from)
{
    const struct dgl_math_mark *m = s->count > from ? &s->marks[s->count - 1] : NULL;
    hb_glyph_extents_t e = {0};
    if (!m || m->glyph_count != 1 || !hb_font_get_glyph_extents(m->use->face->font, m->glyphs[0].gid, &e))
        return 0;
    return DGL_MAX(0, scaled(m->use, e.x_bearing + e.width, m->size) - m->w);
}

// Scripts beside something of this extent that ends at `w`; `lean`: how far the one above stands to the right.
static struct extent put_scripts(struct setter *s, const struct dgl_math_node *sub, const struct dgl_math_node *sup,
                                 struct style style, struct extent base, bool tall, int32_t lean)
{
    struct style inner = smaller(style);
    uint32_t above = s->count;
    struct extent high = set_part(s, sup, inner);
    uint32_t below = s->count;
    struct extent low = set_part(s, sub, inner);
    int32_t up = DGL_MAX(constant(s, style, HB_OT_MATH_CONSTANT_SUPERSCRIPT_SHIFT_UP),
                         high.descent + constant(s, style, HB_OT_MATH_CONSTANT_SUPERSCRIPT_BOTTOM_MIN));
    int32_t down = DGL_MAX(constant(s, style, HB_OT_MATH_CONSTANT_SUBSCRIPT_SHIFT_DOWN),
                           low.ascent - constant(s, style, HB_OT_MATH_CONSTANT_SUBSCRIPT_TOP_MAX));
    if (tall) {
        up = DGL_MAX(up, base.ascent - constant(s, style, HB_OT_MATH_CONSTANT_SUPERSCRIPT_BASELINE_DROP_MAX));
        down = DGL_MAX(down, base.descent + constant(s, style, HB_OT_MATH_CONSTANT_SUBSCRIPT_BASELINE_DROP_MIN));
    }
    if (sub && sup) {
        int32_t gap = up - high.descent - (low.ascent - down);
        down += DGL_MAX(0, constant(s, style, HB_OT_MATH_CONSTANT_SUB_SUPERSCRIPT_GAP_MIN) - gap);
    }
    for (uint32_t i = above; i < below; i++) {
        s->marks[i].x += base.w + lean;
        s->marks[i].y -= up;
    }
    shift(s, below, base.w, down);
    struct extent e = base;
    if (sup)
        e = widen(e, high, -up);
    if (sub)
        e = widen(e, low, down);
    e.w = base.w + DGL_MAX(sup ? high.w + lean : 0, low.w) + constant(s, style, HB_OT_MATH_CONSTANT_SPACE_AFTER_SCRIPT);
    return e;
}

static struct extent set_scripts(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    uint32_t from = s->count;
    if (n->before) {
        struct extent pre = put_scripts(s, n->part[1], n->part[2], style, (struct extent){0}, false, 0);
        uint32_t after = s->count;
        struct extent base = set_part(s, n->part[0], style);
        shift(s, after, pre.w, 0);
        pre = widen(pre, base, 0);
        pre.w += base.w;
        return pre;
    }
    struct extent base = set_part(s, n->part[0], style);
    bool tall = s->count - from != 1;
    return put_scripts(s, n->part[1], n->part[2], style, base, tall, slant(s, from));
}

static struct extent set_radical(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    int32_t rule = constant(s, style, HB_OT_MATH_CONSTANT_RADICAL_RULE_THICKNESS);
    int32_t gap = constant(s, style,
                           style.display ? HB_OT_MATH_CONSTANT_RADICAL_DISPLAY_STYLE_VERTICAL_GAP
                                         : HB_OT_MATH_CONSTANT_RADICAL_VERTICAL_GAP);
    uint32_t from = s->count;
    struct extent inside = set_part(s, n->part[0], style);
    inside.ascent = DGL_MAX(inside.ascent, size_of(s, style) / 2);
    uint32_t root = s->count;
    struct extent sign =
        put_grown(s, 0x221A, size_of(s, style), HB_DIRECTION_BTT, inside.ascent + inside.descent + gap + rule);
    gap += DGL_MAX(0, (sign.ascent + sign.descent - inside.ascent - inside.descent - gap - rule) / 2);
    int32_t top = inside.ascent + gap + rule, left = 0;
    shift(s, root, 0, sign.ascent - top);
    struct extent e = {0, top + constant(s, style, HB_OT_MATH_CONSTANT_RADICAL_EXTRA_ASCENDER),
                       DGL_MAX(inside.descent, sign.ascent + sign.descent - top)};
    put_rule(s, sign.w, -top, inside.w, rule);
    if (n->part[1]) {
        struct style tiny = {style.base, 2, false};
        uint32_t at = s->count;
        struct extent degree = set_node(s, n->part[1], tiny);
        int32_t before = size_of(s, style) / 4, after = -size_of(s, style) / 2;
        if (s->has_table) {
            before = constant(s, style, HB_OT_MATH_CONSTANT_RADICAL_KERN_BEFORE_DEGREE);
            after = constant(s, style, HB_OT_MATH_CONSTANT_RADICAL_KERN_AFTER_DEGREE);
        }
        int32_t raise = (sign.ascent + sign.descent) * 6 / 10 - (sign.ascent + sign.descent - top);
        left = DGL_MAX(0, before + degree.w + after);
        shift(s, at, DGL_MAX(0, left - degree.w - after), -raise - degree.descent);
        e.ascent = DGL_MAX(e.ascent, raise + degree.descent + degree.ascent);
        for (uint32_t i = root; i < at; i++)
            s->marks[i].x += left;
    }
    for (uint32_t i = from; i < root; i++)
        s->marks[i].x += left + sign.w;
    e.w = left + sign.w + inside.w;
    return e;
}

// ---- large operators, limits, brackets ----

// Something above and something below the marks since `from`, in the middle.
static struct extent put_limits(struct setter *s, uint32_t from, struct extent base, const struct dgl_math_node *low,
                                const struct dgl_math_node *high, struct style style)
{
    struct style inner = smaller(style);
    uint32_t above = s->count;
    struct extent over = set_part(s, high, inner);
    uint32_t below = s->count;
    struct extent under = set_part(s, low, inner);
    int32_t w = DGL_MAX(base.w, DGL_MAX(over.w, under.w));
    int32_t up = base.ascent + DGL_MAX(constant(s, style, HB_OT_MATH_CONSTANT_UPPER_LIMIT_GAP_MIN) + over.descent,
                                       constant(s, style, HB_OT_MATH_CONSTANT_UPPER_LIMIT_BASELINE_RISE_MIN));
    int32_t down = base.descent + DGL_MAX(constant(s, style, HB_OT_MATH_CONSTANT_LOWER_LIMIT_GAP_MIN) + under.ascent,
                                          constant(s, style, HB_OT_MATH_CONSTANT_LOWER_LIMIT_BASELINE_DROP_MIN));
    for (uint32_t i = from; i < above; i++)
        s->marks[i].x += (w - base.w) / 2;
    for (uint32_t i = above; i < below; i++) {
        s->marks[i].x += (w - over.w) / 2;
        s->marks[i].y -= up;
    }
    shift(s, below, (w - under.w) / 2, down);
    struct extent e = {w, base.ascent, base.descent};
    if (high)
        e = widen(e, over, -up);
    if (low)
        e = widen(e, under, down);
    return e;
}

static struct extent set_nary(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    uint32_t from = s->count;
    int32_t target = style.display ? constant(s, style, HB_OT_MATH_CONSTANT_DISPLAY_OPERATOR_MIN_HEIGHT) : 0;
    struct extent e = n->sign ? put_centered(s, n->sign, style, target) : (struct extent){0};
    if (n->limits) {
        e = put_limits(s, from, e, n->part[1], n->part[2], style);
    } else if (n->part[1] || n->part[2]) {
        e = put_scripts(s, n->part[1], n->part[2], style, e, true, DGL_MAX(slant(s, from), overhang(s, from)));
    }
    e.w += size_of(s, style) / 6;
    from = s->count;
    struct extent of = set_part(s, n->part[0], style);
    shift(s, from, e.w, 0);
    e = widen(e, of, 0);
    e.w += of.w;
    return e;
}

static struct extent set_limit(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    uint32_t from = s->count;
    struct extent base = set_part(s, n->part[0], style);
    return put_limits(s, from, base, n->above ? NULL : n->part[1], n->above ? n->part[1] : NULL, style);
}

// Children of a node, each set at the origin.
struct child {
    struct extent e;
    uint32_t from, to; // its marks
    int32_t align_at;
};

static struct child *new_children(struct setter *s, uint32_t count)
{
    struct child *list = dgl_arena_alloc_try(s->env->arena, (count + 1) * sizeof(*list));
    if (!list && s->status == DGL_OK)
        s->status = DGL_FAIL_SLUG(s->err, DGL_E_LIMIT, "document_too_large", "an equation is too large");
    return list;
}

static uint32_t count_of(const struct dgl_math_node *n)
{
    uint32_t count = 0;
    for (; n; n = n->next)
        count++;
    return count;
}

static void set_child(struct setter *s, const struct dgl_math_node *n, struct style style, struct child *ret)
{
    ret->from = s->count;
    s->align_at = -1;
    ret->e = set_row(s, n->first, style);
    ret->align_at = s->align_at;
    ret->to = s->count;
}

static void move_child(struct setter *s, const struct child *c, int32_t dx, int32_t dy)
{
    for (uint32_t i = c->from; i < c->to && i < s->count; i++) {
        s->marks[i].x += dx;
        s->marks[i].y += dy;
    }
}

// The mark that was made last goes before the one at `at`: text is read in the order of the marks.
static void read_before(struct setter *s, uint32_t at)
{
    if (s->status != DGL_OK || at + 1 >= s->count)
        return;
    struct dgl_math_mark last = s->marks[s->count - 1];
    memmove(&s->marks[at + 1], &s->marks[at], (s->count - 1 - at) * sizeof(*s->marks));
    s->marks[at] = last;
}

static struct extent put_bracket(struct setter *s, uint32_t c, struct style style, int32_t target, uint32_t at,
                                 struct extent e)
{
    uint32_t from = s->count;
    if (!c)
        return e;
    struct extent sign = put_centered(s, c, style, target);
    shift(s, from, e.w, 0);
    read_before(s, at);
    e = widen(e, sign, 0);
    e.w = bounded((int64_t)e.w + sign.w);
    return e;
}

static struct extent set_delimited(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    uint32_t count = count_of(n->first), i = 0, added = 0;
    struct child *children = new_children(s, count);
    struct extent inside = {0}, e = {0};
    for (const struct dgl_math_node *c = n->first; c && s->status == DGL_OK; c = c->next, i++) {
        set_child(s, c, style, &children[i]);
        inside = widen(inside, children[i].e, 0);
    }
    if (s->status != DGL_OK)
        return e;
    int32_t axis = constant(s, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
    int32_t target = DGL_MAX(inside.ascent - axis, inside.descent + axis) * 19 / 10;
    uint32_t start = count ? children[0].from : s->count, before = s->count;
    e = put_bracket(s, n->sign, style, target, start, e);
    for (i = 0; i < count; i++) {
        added += s->count - before;
        before = s->count;
        children[i].from += added;
        children[i].to += added;
        move_child(s, &children[i], e.w, 0);
        e = widen(e, children[i].e, 0);
        e.w = bounded((int64_t)e.w + children[i].e.w);
        e = put_bracket(s, i + 1 < count ? n->between : n->end_sign, style, target, children[i].to, e);
    }
    return e;
}

// ---- matrices and stacks ----

// Lines below each other; `down` is from the first line's top to the next one's. Returns this line's baseline from
// there.
static int32_t next_line(const struct setter *s, struct extent e, struct style style, int32_t *down)
{
    int32_t size = size_of(s, style), baseline = *down + DGL_MAX(e.ascent, size * 3 / 4);
    *down = bounded((int64_t)baseline + DGL_MAX(e.descent, size / 4) + size / 8);
    return baseline;
}

static struct extent in_the_middle(struct setter *s, uint32_t from, int32_t w, int32_t height, struct style style)
{
    int32_t top = height / 2 + constant(s, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
    shift(s, from, 0, -top);
    return (struct extent){w, top, height - top};
}

static struct extent set_matrix(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    int32_t widths[DGL_LAYOUT_MAX_COLUMNS] = {0}, w = 0, down = 0, gap = size_of(s, style);
    uint32_t from = s->count, columns = 0, cells = 0, at = 0;
    style.display = false;
    for (const struct dgl_math_node *row = n->first; row; row = row->next)
        cells += DGL_MIN(count_of(row->first), (uint32_t)DGL_COUNT(widths));
    struct child *children = new_children(s, cells);
    for (const struct dgl_math_node *row = n->first; row && s->status == DGL_OK; row = row->next) {
        uint32_t i = 0;
        for (const struct dgl_math_node *c = row->first; c && i < DGL_COUNT(widths); c = c->next, i++, at++) {
            set_child(s, c, style, &children[at]);
            widths[i] = DGL_MAX(widths[i], children[at].e.w);
        }
        columns = DGL_MAX(columns, i);
    }
    for (uint32_t i = 0; i < columns; i++)
        w = bounded((int64_t)w + widths[i] + (i ? gap : 0));
    at = 0;
    for (const struct dgl_math_node *row = n->first; row && s->status == DGL_OK; row = row->next) {
        uint32_t in_row = DGL_MIN(count_of(row->first), (uint32_t)DGL_COUNT(widths));
        struct extent all = {0};
        for (uint32_t i = 0; i < in_row; i++)
            all = widen(all, children[at + i].e, 0);
        int32_t baseline = next_line(s, all, style, &down), x = 0;
        for (uint32_t i = 0; i < in_row; i++, at++) {
            move_child(s, &children[at], x + (widths[i] - children[at].e.w) / 2, baseline);
            x = bounded((int64_t)x + widths[i] + gap);
        }
    }
    return in_the_middle(s, from, w, down, style);
}

static struct extent set_stack(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    uint32_t from = s->count, count = count_of(n->first), i = 0;
    int32_t left = 0, right = 0, down = 0;
    struct child *children = new_children(s, count);
    for (const struct dgl_math_node *row = n->first; row && s->status == DGL_OK; row = row->next, i++) {
        s->aligning = true;
        set_child(s, row, style, &children[i]);
        s->aligning = false;
        children[i].align_at = DGL_MAX(children[i].align_at, 0);
        left = DGL_MAX(left, children[i].align_at);
        right = DGL_MAX(right, children[i].e.w - children[i].align_at);
    }
    for (i = 0; i < count && s->status == DGL_OK; i++)
        move_child(s, &children[i], left - children[i].align_at, next_line(s, children[i].e, style, &down));
    return in_the_middle(s, from, left + right, down, style);
}

// ---- above and below ----

static struct extent set_accent(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    uint32_t from = s->count, gid;
    int32_t size = size_of(s, style);
    struct extent base = set_part(s, n->part[0], style);
    int32_t middle = base.w / 2 + slant(s, from) / 2;
    if (!n->sign)
        return base;
    const struct dgl_font_use *use = font_for(s, n->sign, &gid);
    uint32_t at = s->count;
    if (s->count - from > 1 && use == s->use)
        put_grown(s, n->sign, size, HB_DIRECTION_LTR, base.w * 9 / 10);
    else
        put_glyph(s, use, gid, n->sign, size);
    hb_glyph_extents_t e = {0};
    if (s->count > at && s->marks[at].glyphs)
        hb_font_get_glyph_extents(use->face->font, s->marks[at].glyphs[0].gid, &e);
    int32_t up = DGL_MAX(0, base.ascent - constant(s, style, HB_OT_MATH_CONSTANT_ACCENT_BASE_HEIGHT));
    shift(s, at, middle - scaled(use, e.x_bearing + e.width / 2, size), -up);
    base.ascent = DGL_MAX(base.ascent, up + scaled(use, e.y_bearing, size));
    return base;
}

static struct extent set_bar(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    struct extent e = set_part(s, n->part[0], style);
    int32_t rule = constant(s, style, HB_OT_MATH_CONSTANT_OVERBAR_RULE_THICKNESS);
    int32_t gap = constant(s, style, HB_OT_MATH_CONSTANT_OVERBAR_VERTICAL_GAP);
    put_rule(s, 0, n->above ? -(e.ascent + gap + rule) : e.descent + gap, e.w, rule);
    if (n->above)
        e.ascent += gap + 2 * rule;
    else
        e.descent += gap + 2 * rule;
    return e;
}

static struct extent set_group(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    struct extent e = set_part(s, n->part[0], style);
    int32_t gap = constant(s, style, HB_OT_MATH_CONSTANT_LOWER_LIMIT_GAP_MIN);
    if (!n->sign)
        return e;
    uint32_t at = s->count;
    struct extent sign = put_grown(s, n->sign, size_of(s, style), HB_DIRECTION_LTR, e.w);
    // A brace keeps its own distance from its baseline: it is put by its edge.
    int32_t dy = n->above ? -(e.ascent + gap) - sign.descent : e.descent + gap + sign.ascent;
    shift(s, at, (e.w - sign.w) / 2, dy);
    return widen((struct extent){e.w, e.ascent, e.descent}, sign, dy);
}

static struct extent set_function(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    struct extent e = set_part(s, n->part[0], style);
    bool bracket = n->part[1] && n->part[1]->first && n->part[1]->first->kind == DGL_MATH_DELIMITED;
    uint32_t at = s->count;
    struct extent of = set_part(s, n->part[1], style);
    e.w += bracket ? 0 : size_of(s, style) / 6;
    shift(s, at, e.w, 0);
    e = widen(e, of, 0);
    e.w += of.w;
    return e;
}

static struct extent set_phantom(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    uint32_t from = s->count;
    struct extent e = set_part(s, n->part[0], style);
    s->count = DGL_MIN(from, s->count);
    return e;
}

static struct extent set_kind(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    struct pen p = {.style = style};
    switch (n->kind) {
    case DGL_MATH_ROW:
        return set_row(s, n->first, style);
    case DGL_MATH_TEXT:
        set_text(s, n, &p);
        return p.e;
    case DGL_MATH_FRACTION:
        return set_fraction(s, n, style);
    case DGL_MATH_SCRIPTS:
        return set_scripts(s, n, style);
    case DGL_MATH_RADICAL:
        return set_radical(s, n, style);
    case DGL_MATH_NARY:
        return set_nary(s, n, style);
    case DGL_MATH_DELIMITED:
        return set_delimited(s, n, style);
    case DGL_MATH_MATRIX:
        return set_matrix(s, n, style);
    case DGL_MATH_STACK:
        return set_stack(s, n, style);
    case DGL_MATH_FUNCTION:
        return set_function(s, n, style);
    case DGL_MATH_ACCENT:
        return set_accent(s, n, style);
    case DGL_MATH_BAR:
        return set_bar(s, n, style);
    case DGL_MATH_GROUP:
        return set_group(s, n, style);
    case DGL_MATH_LIMIT:
        return set_limit(s, n, style);
    case DGL_MATH_PHANTOM:
        return set_phantom(s, n, style);
    }
    return p.e;
}

static struct extent set_node(struct setter *s, const struct dgl_math_node *n, struct style style)
{
    struct extent e = set_kind(s, n, style);
    return (struct extent){bounded(e.w), bounded(e.ascent), bounded(e.descent)};
}

// ---- the font ----

static const struct dgl_font_use *mathematical_font(struct dgl_fonts *fonts, const struct dgl_run *run, bool *ret_table)
{
    static const char *const names[] = {"Cambria Math",         "STIX Two Math",        "STIX Math",
                                        "Latin Modern Math",    "TeX Gyre Termes Math", "Libertinus Math",
                                        "DejaVu Math TeX Gyre", "Noto Sans Math"};
    *ret_table = true;
    for (unsigned i = 0; i < DGL_COUNT(names); i++) {
        const struct dgl_font_use *use = dgl_fonts_use(fonts, names[i], false, false);
        if (use && use->face && !use->substituted && hb_ot_math_has_data(use->face->hb))
            return use;
    }
    *ret_table = false;
    return dgl_fonts_use(fonts, run->r.font[DGL_SLOT_ASCII], false, false);
}

enum dgl_status dgl_math_set(const struct dgl_text_env *env, struct dgl_math *m, struct dgl_error *err)
{
    if (m->set)
        return DGL_OK;
    struct setter s = {.env = env, .err = err, .run = m->run, .align_at = -1};
    struct style style = {.base = m->run->r.size, .display = m->display};
    s.use = mathematical_font(env->fonts, m->run, &s.has_table);
    struct extent e = set_line(&s, m->root->first, style, m->goes_on ? ATOM_ORD : ATOM_NONE);
    DGL_TRY(s.status);
    m->marks = s.marks;
    m->mark_count = s.count;
    m->width = DGL_MIN(e.w, DGL_LAYOUT_MAX_LENGTH);
    m->ascent = DGL_MIN(DGL_MAX(e.ascent, 0), DGL_LAYOUT_MAX_LENGTH);
    m->descent = DGL_MIN(DGL_MAX(e.descent, 0), DGL_LAYOUT_MAX_LENGTH);
    m->set = true;
    return DGL_OK;
}
