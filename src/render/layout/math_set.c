// Setting equations. Each function sets one kind of node with its baseline's start at the origin, appends its marks and
// says how large it is; who asked moves the marks to where they belong. Cost: linear in the tree, except that marks are
// moved once per level (at most 40).
#include "render/layout/math_private.h"

#include <string.h>

static struct math_extent set_node(struct math_setter *s, const struct dgl_math_node *n, struct math_style style);
static struct math_extent set_row(struct math_setter *s, const struct dgl_math_node *first, struct math_style style);

// ---- rows ----

enum atom { ATOM_NONE, ATOM_ORD, ATOM_OP, ATOM_BIN, ATOM_REL, ATOM_OPEN, ATOM_CLOSE, ATOM_PUNCT, ATOM_INNER };

static bool is_arrow(uint32_t c)
{
    return (c >= 0x2190 && c <= 0x21FF) || (c >= 0x27F0 && c <= 0x27FF) || (c >= 0x2900 && c <= 0x297F);
}

static enum atom atom_of(uint32_t c)
{
    if (c == '+' || c == 0x2212 || c == 0xB1 || c == 0xD7 || c == 0xF7 || c == 0xB7 || (c >= 0x2213 && c <= 0x2214) ||
        (c >= 0x2217 && c <= 0x2219) || (c >= 0x2227 && c <= 0x222A) || (c >= 0x2295 && c <= 0x22A1) ||
        (c >= 0x22C4 && c <= 0x22C6))
        return ATOM_BIN;
    if (c == '=' || c == '<' || c == '>' || c == ':' || is_arrow(c) || (c >= 0x2208 && c <= 0x220D) || c == 0x221D ||
        c == 0x2223 || c == 0x2225 || (c >= 0x2237 && c <= 0x228B) || (c >= 0x22A2 && c <= 0x22B8))
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
static int32_t space_between(enum atom a, enum atom b, struct math_style style)
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
    struct math_extent e;
    enum atom before;
    struct math_style style;
};

static void step(struct math_setter *s, struct pen *p, enum atom *a)
{
    if (*a == ATOM_BIN && (p->before == ATOM_NONE || p->before == ATOM_BIN || p->before == ATOM_REL ||
                           p->before == ATOM_OPEN || p->before == ATOM_PUNCT || p->before == ATOM_OP))
        *a = ATOM_ORD; // a sign before a number
    p->e.w = math_bounded((int64_t)p->e.w + space_between(p->before, *a, p->style) * math_size_of(s, p->style) / 18);
    p->before = *a;
}

static void set_text(struct math_setter *s, const struct dgl_math_node *n, struct pen *p)
{
    int32_t size = math_size_of(s, p->style);
    for (size_t pos = 0; pos < n->text.len && s->status == DGL_OK;) {
        uint32_t c = dgl_utf8_next(n->text.data, n->text.len, &pos), gid, from = s->count;
        if (c == '&' && s->aligning) {
            s->align_at = s->align_at < 0 ? p->e.w : s->align_at;
            continue;
        }
        enum atom a = n->upright ? ATOM_ORD : atom_of(c);
        step(s, p, &a);
        const struct dgl_font_use *use = math_font_for(s, c, &gid);
        struct math_extent e = math_put_glyph(s, use, gid, c, size);
        math_shift(s, from, p->e.w, 0);
        p->e = math_widen(p->e, e, 0);
        p->e.w = math_bounded((int64_t)p->e.w + e.w);
    }
}

// A row after something of this kind.
static struct math_extent set_line(struct math_setter *s, const struct dgl_math_node *first, struct math_style style,
                                   enum atom before)
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
        struct math_extent e = set_node(s, n, style);
        s->aligning = aligning;
        math_shift(s, from, p.e.w, 0);
        p.e = math_widen(p.e, e, 0);
        p.e.w = math_bounded((int64_t)p.e.w + e.w);
    }
    return p.e;
}

static struct math_extent set_row(struct math_setter *s, const struct dgl_math_node *first, struct math_style style)
{
    return set_line(s, first, style, ATOM_NONE);
}

static struct math_extent set_part(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    return n ? set_node(s, n, style) : (struct math_extent){0};
}

static struct math_style smaller(struct math_style style)
{
    style.level = DGL_MIN(style.level + 1, 2u);
    style.display = false;
    return style;
}

// ---- fractions, scripts, roots ----

static struct math_extent set_linear(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    bool skewed = n->fraction == DGL_FRACTION_SKEWED;
    struct math_style inner = skewed ? smaller(style) : style;
    int32_t up = skewed ? math_size_of(s, style) / 4 : 0;
    uint32_t from = s->count;
    struct math_extent e = set_part(s, n->part[0], inner);
    math_shift(s, from, 0, -up);
    e = math_widen((struct math_extent){.w = e.w}, e, -up);
    from = s->count;
    struct math_extent slash = math_put_centered(s, '/', style, 0);
    math_shift(s, from, e.w, 0);
    e = math_widen(e, slash, 0);
    e.w += slash.w;
    from = s->count;
    struct math_extent den = set_part(s, n->part[1], inner);
    math_shift(s, from, e.w, up);
    e = math_widen(e, den, up);
    e.w += den.w;
    return e;
}

static struct math_extent set_fraction(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    if (n->fraction == DGL_FRACTION_SKEWED || n->fraction == DGL_FRACTION_LINEAR)
        return set_linear(s, n, style);
    bool d = style.display, bar = n->fraction == DGL_FRACTION_BAR;
    struct math_style inner = style;
    inner.display = false;
    if (!d)
        inner = smaller(style);
    int32_t axis = math_constant(s, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
    int32_t rule = bar ? math_constant(s, style, HB_OT_MATH_CONSTANT_FRACTION_RULE_THICKNESS) : 0;
    int32_t up = math_constant(s, style,
                               d ? HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_DISPLAY_STYLE_SHIFT_UP
                                 : HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_SHIFT_UP);
    int32_t down = math_constant(s, style,
                                 d ? HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_DISPLAY_STYLE_SHIFT_DOWN
                                   : HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_SHIFT_DOWN);
    int32_t gap_up = math_constant(s, style,
                                   d ? HB_OT_MATH_CONSTANT_FRACTION_NUM_DISPLAY_STYLE_GAP_MIN
                                     : HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_GAP_MIN);
    int32_t gap_down = math_constant(s, style,
                                     d ? HB_OT_MATH_CONSTANT_FRACTION_DENOM_DISPLAY_STYLE_GAP_MIN
                                       : HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_GAP_MIN);
    uint32_t above = s->count;
    struct math_extent num = set_part(s, n->part[0], inner);
    uint32_t below = s->count;
    struct math_extent den = set_part(s, n->part[1], inner);
    up = DGL_MAX(up, axis + rule / 2 + gap_up + num.descent);
    down = DGL_MAX(down, gap_down + rule / 2 - axis + den.ascent);
    int32_t side = math_size_of(s, style) / 12, w = DGL_MAX(num.w, den.w);
    for (uint32_t i = above; i < below; i++) {
        s->marks[i].x += side + (w - num.w) / 2;
        s->marks[i].y -= up;
    }
    math_shift(s, below, side + (w - den.w) / 2, down);
    if (bar)
        math_put_rule(s, side, -axis - rule / 2, w, rule);
    return (struct math_extent){w + 2 * side, up + num.ascent, down + den.descent};
}

// Slant of the last glyph, beyond which a superscript stands.
static int32_t slant(const struct math_setter *s, uint32_t from)
{
    const struct dgl_math_mark *m = s->count > from ? &s->marks[s->count - 1] : NULL;
    return m && m->glyph_count == 1 && m->use == s->use && s->has_table
               ? math_scaled(m->use, hb_ot_math_get_glyph_italics_correction(m->use->face->font, m->glyphs[0].gid),
                             m->size)
               : 0;
}

// How far the ink of the last glyph reaches beyond its advance: an integral leans over.
static int32_t overhang(const struct math_setter *s, uint32_t from)
{
    const struct dgl_math_mark *m = s->count > from ? &s->marks[s->count - 1] : NULL;
    hb_glyph_extents_t e = {0};
    if (!m || m->glyph_count != 1 || !hb_font_get_glyph_extents(m->use->face->font, m->glyphs[0].gid, &e))
        return 0;
    return DGL_MAX(0, math_scaled(m->use, e.x_bearing + e.width, m->size) - m->w);
}

// Scripts beside something of this extent that ends at `w`; `lean`: how far the one above stands to the right.
static struct math_extent put_scripts(struct math_setter *s, const struct dgl_math_node *sub,
                                      const struct dgl_math_node *sup, struct math_style style, struct math_extent base,
                                      bool tall, int32_t lean)
{
    struct math_style inner = smaller(style);
    uint32_t above = s->count;
    struct math_extent high = set_part(s, sup, inner);
    uint32_t below = s->count;
    struct math_extent low = set_part(s, sub, inner);
    int32_t up = DGL_MAX(math_constant(s, style, HB_OT_MATH_CONSTANT_SUPERSCRIPT_SHIFT_UP),
                         high.descent + math_constant(s, style, HB_OT_MATH_CONSTANT_SUPERSCRIPT_BOTTOM_MIN));
    int32_t down = DGL_MAX(math_constant(s, style, HB_OT_MATH_CONSTANT_SUBSCRIPT_SHIFT_DOWN),
                           low.ascent - math_constant(s, style, HB_OT_MATH_CONSTANT_SUBSCRIPT_TOP_MAX));
    if (tall) {
        up = DGL_MAX(up, base.ascent - math_constant(s, style, HB_OT_MATH_CONSTANT_SUPERSCRIPT_BASELINE_DROP_MAX));
        down = DGL_MAX(down, base.descent + math_constant(s, style, HB_OT_MATH_CONSTANT_SUBSCRIPT_BASELINE_DROP_MIN));
    }
    if (sub && sup) {
        int32_t gap = up - high.descent - (low.ascent - down);
        down += DGL_MAX(0, math_constant(s, style, HB_OT_MATH_CONSTANT_SUB_SUPERSCRIPT_GAP_MIN) - gap);
    }
    for (uint32_t i = above; i < below; i++) {
        s->marks[i].x += base.w + lean;
        s->marks[i].y -= up;
    }
    math_shift(s, below, base.w, down);
    struct math_extent e = base;
    if (sup)
        e = math_widen(e, high, -up);
    if (sub)
        e = math_widen(e, low, down);
    e.w = base.w + DGL_MAX(sup ? high.w + lean : 0, low.w) +
          math_constant(s, style, HB_OT_MATH_CONSTANT_SPACE_AFTER_SCRIPT);
    return e;
}

static struct math_extent set_scripts(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    uint32_t from = s->count;
    if (n->before) {
        struct math_extent pre = put_scripts(s, n->part[1], n->part[2], style, (struct math_extent){0}, false, 0);
        uint32_t after = s->count;
        struct math_extent base = set_part(s, n->part[0], style);
        math_shift(s, after, pre.w, 0);
        pre = math_widen(pre, base, 0);
        pre.w += base.w;
        return pre;
    }
    struct math_extent base = set_part(s, n->part[0], style);
    bool tall = s->count - from != 1;
    return put_scripts(s, n->part[1], n->part[2], style, base, tall, slant(s, from));
}

static struct math_extent set_radical(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    int32_t rule = math_constant(s, style, HB_OT_MATH_CONSTANT_RADICAL_RULE_THICKNESS);
    int32_t gap = math_constant(s, style,
                                style.display ? HB_OT_MATH_CONSTANT_RADICAL_DISPLAY_STYLE_VERTICAL_GAP
                                              : HB_OT_MATH_CONSTANT_RADICAL_VERTICAL_GAP);
    uint32_t from = s->count;
    struct math_extent inside = set_part(s, n->part[0], style);
    inside.ascent = DGL_MAX(inside.ascent, math_size_of(s, style) / 2);
    uint32_t root = s->count;
    struct math_extent sign = math_put_grown(s, 0x221A, math_size_of(s, style), HB_DIRECTION_BTT,
                                             inside.ascent + inside.descent + gap + rule);
    gap += DGL_MAX(0, (sign.ascent + sign.descent - inside.ascent - inside.descent - gap - rule) / 2);
    int32_t top = inside.ascent + gap + rule, left = 0;
    math_shift(s, root, 0, sign.ascent - top);
    struct math_extent e = {0, top + math_constant(s, style, HB_OT_MATH_CONSTANT_RADICAL_EXTRA_ASCENDER),
                            DGL_MAX(inside.descent, sign.ascent + sign.descent - top)};
    math_put_rule(s, sign.w, -top, inside.w, rule);
    if (n->part[1]) {
        struct math_style tiny = {style.base, 2, false};
        uint32_t at = s->count;
        struct math_extent degree = set_node(s, n->part[1], tiny);
        int32_t before = math_size_of(s, style) / 4, after = -math_size_of(s, style) / 2;
        if (s->has_table) {
            before = math_constant(s, style, HB_OT_MATH_CONSTANT_RADICAL_KERN_BEFORE_DEGREE);
            after = math_constant(s, style, HB_OT_MATH_CONSTANT_RADICAL_KERN_AFTER_DEGREE);
        }
        int32_t raise = (sign.ascent + sign.descent) * 6 / 10 - (sign.ascent + sign.descent - top);
        left = DGL_MAX(0, before + degree.w + after);
        math_shift(s, at, DGL_MAX(0, left - degree.w - after), -raise - degree.descent);
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
static struct math_extent put_limits(struct math_setter *s, uint32_t from, struct math_extent base,
                                     const struct dgl_math_node *low, const struct dgl_math_node *high,
                                     struct math_style style)
{
    struct math_style inner = smaller(style);
    uint32_t above = s->count;
    struct math_extent over = set_part(s, high, inner);
    uint32_t below = s->count;
    struct math_extent under = set_part(s, low, inner);
    int32_t w = DGL_MAX(base.w, DGL_MAX(over.w, under.w));
    int32_t up = base.ascent + DGL_MAX(math_constant(s, style, HB_OT_MATH_CONSTANT_UPPER_LIMIT_GAP_MIN) + over.descent,
                                       math_constant(s, style, HB_OT_MATH_CONSTANT_UPPER_LIMIT_BASELINE_RISE_MIN));
    int32_t down =
        base.descent + DGL_MAX(math_constant(s, style, HB_OT_MATH_CONSTANT_LOWER_LIMIT_GAP_MIN) + under.ascent,
                               math_constant(s, style, HB_OT_MATH_CONSTANT_LOWER_LIMIT_BASELINE_DROP_MIN));
    for (uint32_t i = from; i < above; i++)
        s->marks[i].x += (w - base.w) / 2;
    for (uint32_t i = above; i < below; i++) {
        s->marks[i].x += (w - over.w) / 2;
        s->marks[i].y -= up;
    }
    math_shift(s, below, (w - under.w) / 2, down);
    struct math_extent e = {w, base.ascent, base.descent};
    if (high)
        e = math_widen(e, over, -up);
    if (low)
        e = math_widen(e, under, down);
    return e;
}

static struct math_extent set_nary(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    uint32_t from = s->count;
    int32_t target = style.display ? math_constant(s, style, HB_OT_MATH_CONSTANT_DISPLAY_OPERATOR_MIN_HEIGHT) : 0;
    struct math_extent e = n->sign ? math_put_centered(s, n->sign, style, target) : (struct math_extent){0};
    if (n->limits) {
        e = put_limits(s, from, e, n->part[1], n->part[2], style);
    } else if (n->part[1] || n->part[2]) {
        e = put_scripts(s, n->part[1], n->part[2], style, e, true, DGL_MAX(slant(s, from), overhang(s, from)));
    }
    e.w += math_size_of(s, style) / 6;
    from = s->count;
    struct math_extent of = set_part(s, n->part[0], style);
    math_shift(s, from, e.w, 0);
    e = math_widen(e, of, 0);
    e.w += of.w;
    return e;
}

static struct math_extent set_limit(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    uint32_t from = s->count;
    struct math_extent base = set_part(s, n->part[0], style);
    return put_limits(s, from, base, n->above ? NULL : n->part[1], n->above ? n->part[1] : NULL, style);
}

// Children of a node, each set at the origin.
struct child {
    struct math_extent e;
    uint32_t from, to; // its marks
    int32_t align_at;
};

static struct child *new_children(struct math_setter *s, uint32_t count)
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

static void set_child(struct math_setter *s, const struct dgl_math_node *n, struct math_style style, struct child *ret)
{
    ret->from = s->count;
    s->align_at = -1;
    ret->e = set_row(s, n->first, style);
    ret->align_at = s->align_at;
    ret->to = s->count;
}

static void move_child(struct math_setter *s, const struct child *c, int32_t dx, int32_t dy)
{
    for (uint32_t i = c->from; i < c->to && i < s->count; i++) {
        s->marks[i].x += dx;
        s->marks[i].y += dy;
    }
}

// The mark that was made last goes before the one at `at`: text is read in the order of the marks.
static void read_before(struct math_setter *s, uint32_t at)
{
    if (s->status != DGL_OK || at + 1 >= s->count)
        return;
    struct dgl_math_mark last = s->marks[s->count - 1];
    memmove(&s->marks[at + 1], &s->marks[at], (s->count - 1 - at) * sizeof(*s->marks));
    s->marks[at] = last;
}

static struct math_extent put_bracket(struct math_setter *s, uint32_t c, struct math_style style, int32_t target,
                                      uint32_t at, struct math_extent e)
{
    uint32_t from = s->count;
    if (!c)
        return e;
    struct math_extent sign = math_put_centered(s, c, style, target);
    math_shift(s, from, e.w, 0);
    read_before(s, at);
    e = math_widen(e, sign, 0);
    e.w = math_bounded((int64_t)e.w + sign.w);
    return e;
}

static struct math_extent set_delimited(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    uint32_t count = count_of(n->first), i = 0, added = 0;
    struct child *children = new_children(s, count);
    struct math_extent inside = {0}, e = {0};
    for (const struct dgl_math_node *c = n->first; c && s->status == DGL_OK; c = c->next, i++) {
        set_child(s, c, style, &children[i]);
        inside = math_widen(inside, children[i].e, 0);
    }
    if (s->status != DGL_OK)
        return e;
    int32_t axis = math_constant(s, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
    int32_t target = DGL_MAX(inside.ascent - axis, inside.descent + axis) * 19 / 10;
    uint32_t start = count ? children[0].from : s->count, before = s->count;
    e = put_bracket(s, n->sign, style, target, start, e);
    for (i = 0; i < count; i++) {
        added += s->count - before;
        before = s->count;
        children[i].from += added;
        children[i].to += added;
        move_child(s, &children[i], e.w, 0);
        e = math_widen(e, children[i].e, 0);
        e.w = math_bounded((int64_t)e.w + children[i].e.w);
        e = put_bracket(s, i + 1 < count ? n->between : n->end_sign, style, target, children[i].to, e);
    }
    return e;
}

// ---- matrices and stacks ----

// Lines below each other; `down` is from the first line's top to the next one's. Returns this line's baseline from
// there.
static int32_t next_line(const struct math_setter *s, struct math_extent e, struct math_style style, int32_t *down)
{
    int32_t size = math_size_of(s, style), baseline = *down + DGL_MAX(e.ascent, size * 3 / 4);
    *down = math_bounded((int64_t)baseline + DGL_MAX(e.descent, size / 4) + size / 8);
    return baseline;
}

static struct math_extent in_the_middle(struct math_setter *s, uint32_t from, int32_t w, int32_t height,
                                        struct math_style style)
{
    int32_t top = height / 2 + math_constant(s, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
    math_shift(s, from, 0, -top);
    return (struct math_extent){w, top, height - top};
}

static struct math_extent set_matrix(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    int32_t widths[DGL_LAYOUT_MAX_COLUMNS] = {0}, w = 0, down = 0, gap = math_size_of(s, style);
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
        w = math_bounded((int64_t)w + widths[i] + (i ? gap : 0));
    at = 0;
    for (const struct dgl_math_node *row = n->first; row && s->status == DGL_OK; row = row->next) {
        uint32_t in_row = DGL_MIN(count_of(row->first), (uint32_t)DGL_COUNT(widths));
        struct math_extent all = {0};
        for (uint32_t i = 0; i < in_row; i++)
            all = math_widen(all, children[at + i].e, 0);
        int32_t baseline = next_line(s, all, style, &down), x = 0;
        for (uint32_t i = 0; i < in_row; i++, at++) {
            move_child(s, &children[at], x + (widths[i] - children[at].e.w) / 2, baseline);
            x = math_bounded((int64_t)x + widths[i] + gap);
        }
    }
    return in_the_middle(s, from, w, down, style);
}

static struct math_extent set_stack(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
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

static struct math_extent set_accent(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    uint32_t from = s->count, gid;
    int32_t size = math_size_of(s, style);
    struct math_extent base = set_part(s, n->part[0], style);
    int32_t middle = base.w / 2 + slant(s, from) / 2;
    if (!n->sign)
        return base;
    const struct dgl_font_use *use = math_font_for(s, n->sign, &gid);
    uint32_t at = s->count;
    if (s->count - from > 1 && use == s->use)
        math_put_grown(s, n->sign, size, HB_DIRECTION_LTR, base.w * 9 / 10);
    else
        math_put_glyph(s, use, gid, n->sign, size);
    hb_glyph_extents_t e = {0};
    if (s->count > at && s->marks[at].glyphs)
        hb_font_get_glyph_extents(use->face->font, s->marks[at].glyphs[0].gid, &e);
    int32_t up = DGL_MAX(0, base.ascent - math_constant(s, style, HB_OT_MATH_CONSTANT_ACCENT_BASE_HEIGHT));
    math_shift(s, at, middle - math_scaled(use, e.x_bearing + e.width / 2, size), -up);
    base.ascent = DGL_MAX(base.ascent, up + math_scaled(use, e.y_bearing, size));
    return base;
}

static struct math_extent set_bar(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    struct math_extent e = set_part(s, n->part[0], style);
    int32_t rule = math_constant(s, style, HB_OT_MATH_CONSTANT_OVERBAR_RULE_THICKNESS);
    int32_t gap = math_constant(s, style, HB_OT_MATH_CONSTANT_OVERBAR_VERTICAL_GAP);
    math_put_rule(s, 0, n->above ? -(e.ascent + gap + rule) : e.descent + gap, e.w, rule);
    if (n->above)
        e.ascent += gap + 2 * rule;
    else
        e.descent += gap + 2 * rule;
    return e;
}

static struct math_extent set_group(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    uint32_t from = s->count;
    struct math_extent e = set_part(s, n->part[0], style);
    int32_t gap = math_constant(s, style, HB_OT_MATH_CONSTANT_LOWER_LIMIT_GAP_MIN);
    if (!n->sign)
        return e;
    uint32_t at = s->count;
    struct math_extent sign = math_put_grown(s, n->sign, math_size_of(s, style), HB_DIRECTION_LTR, e.w);
    // A brace keeps its own distance from its baseline: it is put by its edge.
    int32_t dy = n->above ? -(e.ascent + gap) - sign.descent : e.descent + gap + sign.ascent;
    // Nor is it always as narrow as what it spans: neighbours keep off its ends.
    int32_t wider = DGL_MAX(0, sign.w - e.w);
    math_shift(s, from, wider / 2, 0);
    math_shift(s, at, (e.w + wider - sign.w) / 2 - wider / 2, dy);
    return math_widen((struct math_extent){e.w + wider, e.ascent, e.descent}, sign, dy);
}

static struct math_extent set_boxed(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    uint32_t from = s->count;
    struct math_extent e = set_part(s, n->part[0], style);
    int32_t rule = math_constant(s, style, HB_OT_MATH_CONSTANT_OVERBAR_RULE_THICKNESS),
            gap = math_constant(s, style, HB_OT_MATH_CONSTANT_OVERBAR_VERTICAL_GAP), room = gap + rule;
    math_shift(s, from, room, 0);
    e = (struct math_extent){e.w + 2 * room, e.ascent + room, e.descent + room};
    int32_t h = e.ascent + e.descent;
    const struct {
        enum dgl_math_rule rule;
        int32_t x, y, w, h;
    } rules[] = {{DGL_MATH_RULE_TOP, 0, -e.ascent, e.w, rule},
                 {DGL_MATH_RULE_BOTTOM, 0, e.descent - rule, e.w, rule},
                 {DGL_MATH_RULE_LEFT, 0, -e.ascent, rule, h},
                 {DGL_MATH_RULE_RIGHT, e.w - rule, -e.ascent, rule, h},
                 {DGL_MATH_RULE_ACROSS, 0, -e.ascent + h / 2, e.w, rule},
                 {DGL_MATH_RULE_DOWN, e.w / 2, -e.ascent, rule, h}};
    for (size_t i = 0; i < DGL_COUNT(rules); i++)
        if (n->rules & rules[i].rule)
            math_put_rule(s, rules[i].x, rules[i].y, rules[i].w, rules[i].h);
    return e;
}

static struct math_extent set_function(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    struct math_extent e = set_part(s, n->part[0], style);
    bool bracket = n->part[1] && n->part[1]->first && n->part[1]->first->kind == DGL_MATH_DELIMITED;
    uint32_t at = s->count;
    struct math_extent of = set_part(s, n->part[1], style);
    e.w += bracket ? 0 : math_size_of(s, style) / 6;
    math_shift(s, at, e.w, 0);
    e = math_widen(e, of, 0);
    e.w += of.w;
    return e;
}

static struct math_extent set_phantom(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    uint32_t from = s->count;
    struct math_extent e = set_part(s, n->part[0], style);
    s->count = DGL_MIN(from, s->count);
    return e;
}

static struct math_extent set_kind(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
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
    case DGL_MATH_BOXED:
        return set_boxed(s, n, style);
    }
    return p.e;
}

static struct math_extent set_node(struct math_setter *s, const struct dgl_math_node *n, struct math_style style)
{
    struct math_extent e = set_kind(s, n, style);
    return (struct math_extent){math_bounded(e.w), math_bounded(e.ascent), math_bounded(e.descent)};
}

enum dgl_status dgl_math_set(const struct dgl_text_env *env, struct dgl_math *m, struct dgl_error *err)
{
    if (m->set)
        return DGL_OK;
    struct math_setter s = {.env = env, .err = err, .run = m->run, .align_at = -1};
    struct math_style style = {.base = m->run->r.size, .display = m->display};
    s.use = math_font(env->fonts, m->run, &s.has_table);
    struct math_extent e = set_line(&s, m->root->first, style, m->goes_on ? ATOM_ORD : ATOM_NONE);
    DGL_TRY(s.status);
    m->marks = s.marks;
    m->mark_count = s.count;
    m->width = DGL_MIN(e.w, DGL_LAYOUT_MAX_LENGTH);
    m->ascent = DGL_MIN(DGL_MAX(e.ascent, 0), DGL_LAYOUT_MAX_LENGTH);
    m->descent = DGL_MIN(DGL_MAX(e.descent, 0), DGL_LAYOUT_MAX_LENGTH);
    m->set = true;
    return DGL_OK;
}
