// What equations are made of: the MATH table's constants, glyphs as marks, signs that grow by variants and by parts.
#include "render/layout/math_private.h"

#include <string.h>

#define MAX_MARKS 100000u
#define MAX_PARTS 8u     // of a sign that is put together
#define MAX_REPEATS 120u // of one part

// ---- the font ----

const struct dgl_font_use *math_font(struct dgl_fonts *fonts, const struct dgl_run *run, bool *ret_table)
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

int32_t math_size_of(const struct math_setter *s, struct math_style style)
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

int32_t math_constant(const struct math_setter *s, struct math_style style, hb_ot_math_constant_t c)
{
    int64_t size = math_size_of(s, style);
    return s->has_table ? (int32_t)(hb_ot_math_get_constant(s->use->face->font, c) * size / (int64_t)s->use->face->upem)
                        : (int32_t)(usual(c) * size / 1000);
}

// ---- marks ----

static struct dgl_math_mark *new_mark(struct math_setter *s)
{
    static struct dgl_math_mark spare; // when there is no room: nobody reads it
    if (s->status == DGL_OK && !DGL_ARENA_ROOM(s->env->arena, s->marks, s->cap, s->count + 1, 32, MAX_MARKS))
        s->status = DGL_FAIL_SLUG(s->err, DGL_E_LIMIT, "document_too_large", "an equation is too large");
    if (s->status != DGL_OK)
        return &spare;
    struct dgl_math_mark *m = &s->marks[s->count++];
    memset(m, 0, sizeof(*m));
    m->run = s->run;
    return m;
}

void math_shift(struct math_setter *s, uint32_t from, int32_t dx, int32_t dy)
{
    for (uint32_t i = from; i < s->count; i++) {
        s->marks[i].x += dx;
        s->marks[i].y += dy;
    }
}

// No length goes beyond what a page may have, whatever a document piles up: sums of a few of them fit an int32_t.
int32_t math_bounded(int64_t length)
{
    return (int32_t)DGL_MAX(DGL_MIN(length, (int64_t)DGL_LAYOUT_MAX_LENGTH), -(int64_t)DGL_LAYOUT_MAX_LENGTH);
}

struct math_extent math_widen(struct math_extent a, struct math_extent b, int32_t dy)
{
    a.ascent = DGL_MAX(a.ascent, b.ascent - dy);
    a.descent = DGL_MAX(a.descent, b.descent + dy);
    return a;
}

void math_put_rule(struct math_setter *s, int32_t x, int32_t y, int32_t w, int32_t h)
{
    struct dgl_math_mark *m = new_mark(s);
    m->x = x;
    m->y = y;
    m->w = w;
    m->h = DGL_MAX(h, 200);
}

int32_t math_scaled(const struct dgl_font_use *use, int32_t units, int32_t size)
{
    return (int32_t)((int64_t)units * size / (int64_t)use->face->upem);
}

struct math_extent math_glyph_extent(const struct dgl_font_use *use, uint32_t gid, int32_t size)
{
    hb_glyph_extents_t e = {0};
    hb_font_get_glyph_extents(use->face->font, gid, &e);
    return (struct math_extent){.w = math_scaled(use, hb_font_get_glyph_h_advance(use->face->font, gid), size),
                                .ascent = math_scaled(use, e.y_bearing, size),
                                .descent = math_scaled(use, -(e.y_bearing + e.height), size)};
}

static struct dgl_math_mark *put_glyphs(struct math_setter *s, const struct dgl_font_use *use, uint32_t c, int32_t size,
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

struct math_extent math_put_glyph(struct math_setter *s, const struct dgl_font_use *use, uint32_t gid, uint32_t c,
                                  int32_t size)
{
    struct math_extent e = math_glyph_extent(use, gid, size);
    struct dgl_math_mark *m = put_glyphs(s, use, c, size, 1);
    if (m) {
        m->glyphs[0].gid = gid;
        m->glyphs[0].advance = hb_font_get_glyph_h_advance(use->face->font, gid);
        m->w = e.w;
    }
    return e;
}

const struct dgl_font_use *math_font_for(const struct math_setter *s, uint32_t c, uint32_t *ret_gid)
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

static bool put_assembly(struct math_setter *s, uint32_t gid, uint32_t c, int32_t size, hb_direction_t way,
                         int32_t target, struct math_extent *ret)
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
    struct math_extent thick = {0, INT32_MIN, INT32_MIN}; // of all parts
    for (unsigned i = 0; m && i < count; i++) {
        thick = math_widen(thick, math_glyph_extent(s->use, parts[i].glyph, size), 0);
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
    *ret = upwards ? (struct math_extent){math_scaled(s->use, widest, size), math_scaled(s->use, total, size), 0}
                   : (struct math_extent){math_scaled(s->use, total, size), thick.ascent, thick.descent};
    if (m) {
        m->w = ret->w;
        if (upwards)
            m->glyphs[n - 1].advance = widest;
    }
    return true;
}

// The sign at least `target` mpt tall (BTT) or wide (LTR), as far as the font goes.
struct math_extent math_put_grown(struct math_setter *s, uint32_t c, int32_t size, hb_direction_t way, int32_t target)
{
    uint32_t gid;
    const struct dgl_font_use *use = math_font_for(s, c, &gid);
    struct math_extent e = math_glyph_extent(use, gid, size);
    if (use != s->use || !s->has_table || (way == HB_DIRECTION_BTT ? e.ascent + e.descent : e.w) >= target)
        return math_put_glyph(s, use, gid, c, size);
    hb_ot_math_glyph_variant_t variants[24];
    unsigned count = DGL_COUNT(variants), best = 0;
    int32_t wanted = (int32_t)DGL_MIN((int64_t)target * use->face->upem / DGL_MAX(size, 1), 32000);
    hb_ot_math_get_glyph_variants(use->face->font, gid, way, 0, &count, variants);
    while (best < count && variants[best].advance < wanted)
        best++;
    if (best < count)
        return math_put_glyph(s, use, variants[best].glyph, c, size);
    if (put_assembly(s, gid, c, size, way, wanted, &e))
        return e;
    return math_put_glyph(s, use, count ? variants[count - 1].glyph : gid, c, size);
}

// A tall sign in the middle of the axis.
struct math_extent math_put_centered(struct math_setter *s, uint32_t c, struct math_style style, int32_t target)
{
    uint32_t from = s->count;
    struct math_extent e = math_put_grown(s, c, math_size_of(s, style), HB_DIRECTION_BTT, target);
    int32_t dy = (e.ascent - e.descent) / 2 - math_constant(s, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
    math_shift(s, from, 0, dy);
    return (struct math_extent){e.w, e.ascent - dy, e.descent + dy};
}
