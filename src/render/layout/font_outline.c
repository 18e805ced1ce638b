// Outlines of a font file: that they lie inside it, end, and cost no more than they may.
//
// glyf: a glyph may be made of others; the tree is walked once with what each glyph costs remembered, so a loop or a
// tower that doubles at every step is seen at its first glyph. CFF: charstrings call subroutines by computed numbers,
// so they are run, without drawing: only numbers, hints (they tell how long masks are) and calls matter.
#include "render/layout/font_file.h"

#include <string.h>

// ---- glyf

#define GLYF_WORDS 0x0001u
#define GLYF_SCALE 0x0008u
#define GLYF_MORE 0x0020u
#define GLYF_XY_SCALE 0x0040u
#define GLYF_2X2 0x0080u
#define VISITING UINT16_MAX

struct glyf {
    struct dgl_font_bytes data, loca;
    bool long_loca;
    uint32_t glyphs;
    uint16_t *cost; // components of each glyph once known, itself included; 0 = not yet
    struct dgl_error *err;
};

static size_t loca_at(const struct glyf *g, uint32_t glyph)
{
    return g->long_loca ? dgl_font_u(g->loca, (size_t)glyph * 4, 4)
                        : (size_t)dgl_font_u(g->loca, (size_t)glyph * 2, 2) * 2;
}

static enum dgl_status check_loca(const struct glyf *g)
{
    size_t before = 0;
    if (g->loca.len < (size_t)(g->glyphs + 1) * (g->long_loca ? 4 : 2))
        return DGL_FONT_DAMAGED(g->err, "the font is damaged: its table of outlines is too short");
    for (uint32_t i = 0; i <= g->glyphs; i++) {
        size_t at = loca_at(g, i);
        if (at < before || at > g->data.len)
            return DGL_FONT_DAMAGED(g->err, "the font is damaged: the outline of glyph %u is not in the file", i);
        before = at;
    }
    return DGL_OK;
}

static enum dgl_status check_simple(const struct glyf *g, uint32_t glyph, struct dgl_font_bytes b, uint32_t contours)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < contours; i++) {
        uint32_t end = dgl_font_u(b, 10 + (size_t)i * 2, 2);
        if (i && end < last)
            return DGL_FONT_DAMAGED(g->err, "the font is damaged: the contours of glyph %u are out of order", glyph);
        last = end;
    }
    size_t at = 10 + (size_t)contours * 2;
    if (at + 2 > b.len || at + 2 + dgl_font_u(b, at, 2) > b.len || last >= b.len)
        return DGL_FONT_DAMAGED(g->err, "the font is damaged: the outline of glyph %u ends too soon", glyph);
    return DGL_OK;
}

static enum dgl_status measure_glyph(struct glyf *g, uint32_t glyph, unsigned depth);

static enum dgl_status measure_parts(struct glyf *g, uint32_t glyph, struct dgl_font_bytes b, unsigned depth)
{
    uint32_t sum = 1, flags = GLYF_MORE;
    g->cost[glyph] = VISITING;
    for (size_t at = 10; flags & GLYF_MORE;) {
        if (at + 4 > b.len)
            return DGL_FONT_DAMAGED(g->err, "the font is damaged: the outline of glyph %u ends too soon", glyph);
        flags = dgl_font_u(b, at, 2);
        uint32_t part = dgl_font_u(b, at + 2, 2);
        at += 4 + (flags & GLYF_WORDS ? 4 : 2);
        at += flags & GLYF_SCALE ? 2 : flags & GLYF_XY_SCALE ? 4 : flags & GLYF_2X2 ? 8 : 0;
        if (part >= g->glyphs)
            return DGL_FONT_DAMAGED(g->err, "the font is damaged: glyph %u is made of one that is not there", glyph);
        DGL_TRY(measure_glyph(g, part, depth + 1));
        sum += g->cost[part];
        if (sum > DGL_FONT_MAX_COMPONENTS)
            return DGL_FONT_DAMAGED(g->err, "the font is damaged: glyph %u is made of more than %u others", glyph,
                                    DGL_FONT_MAX_COMPONENTS);
    }
    g->cost[glyph] = (uint16_t)sum;
    return DGL_OK;
}

static enum dgl_status measure_glyph(struct glyf *g, uint32_t glyph, unsigned depth)
{
    if (g->cost[glyph] == VISITING || depth > DGL_FONT_MAX_DEPTH)
        return DGL_FONT_DAMAGED(g->err, "the font is damaged: glyph %u is made of itself, or of too many levels",
                                glyph);
    if (g->cost[glyph])
        return DGL_OK;
    size_t from = loca_at(g, glyph), to = loca_at(g, glyph + 1);
    struct dgl_font_bytes b = {g->data.data + from, to - from};
    if (b.len == 0) {
        g->cost[glyph] = 1;
        return DGL_OK;
    }
    int32_t contours = (int16_t)dgl_font_u(b, 0, 2);
    if (b.len < 10)
        return DGL_FONT_DAMAGED(g->err, "the font is damaged: the outline of glyph %u ends too soon", glyph);
    if (contours < 0)
        return measure_parts(g, glyph, b, depth);
    g->cost[glyph] = 1;
    return contours > 0 ? check_simple(g, glyph, b, (uint32_t)contours) : DGL_OK;
}

enum dgl_status dgl_font_check_glyf(struct dgl_font_bytes glyf, struct dgl_font_bytes loca, bool long_loca,
                                    uint32_t glyphs, struct dgl_arena *a, struct dgl_error *err)
{
    struct glyf g = {.data = glyf, .loca = loca, .long_loca = long_loca, .glyphs = glyphs, .err = err};
    DGL_TRY(check_loca(&g));
    g.cost = dgl_arena_alloc(a, (size_t)glyphs * sizeof(*g.cost)); // at most 65,535 of them
    for (uint32_t i = 0; i < glyphs; i++)
        DGL_TRY(measure_glyph(&g, i, 0));
    return DGL_OK;
}

// ---- CFF: indexes and dictionaries

struct index {
    size_t offsets, base; // of the file; items lie at base + offset
    uint32_t count, size;
};
struct cff {
    struct dgl_font_bytes file;
    uint32_t steps_left; // of the whole file
    struct index global, *local;
    struct dgl_error *err;
};

static enum dgl_status cut_short(const struct cff *f)
{
    return DGL_FONT_DAMAGED(f->err, "the font is damaged: its CFF table does not hold together");
}

// Item i of an index, checked when the index was read.
static struct dgl_font_bytes item(const struct cff *f, const struct index *x, uint32_t i)
{
    size_t from = dgl_font_u(f->file, x->offsets + (size_t)i * x->size, x->size);
    size_t to = dgl_font_u(f->file, x->offsets + (size_t)(i + 1) * x->size, x->size);
    return (struct dgl_font_bytes){f->file.data + x->base + from, to - from};
}

static enum dgl_status read_index(const struct cff *f, size_t at, struct index *ret, size_t *ret_end)
{
    struct index x = {.count = dgl_font_u(f->file, at, 2)};
    if (at + 2 > f->file.len)
        return cut_short(f);
    *ret = x;
    *ret_end = at + 2;
    if (x.count == 0)
        return DGL_OK;
    x.size = dgl_font_u(f->file, at + 2, 1);
    x.offsets = at + 3;
    x.base = x.offsets + (size_t)(x.count + 1) * x.size - 1;
    if (x.size < 1 || x.size > 4 || x.base + 1 > f->file.len)
        return cut_short(f);
    size_t before = 1;
    for (uint32_t i = 0; i <= x.count; i++) {
        size_t offset = dgl_font_u(f->file, x.offsets + (size_t)i * x.size, x.size);
        if (offset < before || (i == 0 && offset != 1) || x.base + offset > f->file.len)
            return cut_short(f);
        before = offset;
    }
    *ret = x;
    *ret_end = x.base + before;
    return DGL_OK;
}

#define DICT_CHARSTRINGS 17u
#define DICT_PRIVATE 18u
#define DICT_SUBRS 19u
#define DICT_FDARRAY (12u << 8 | 36u)
#define DICT_FDSELECT (12u << 8 | 37u)

// The last two operands of an operator of a dictionary; false when it is not there.
static bool dict_find(struct dgl_font_bytes d, uint32_t wanted, int64_t ret[2])
{
    int64_t operands[2] = {0, 0};
    for (size_t at = 0; at < d.len;) {
        uint32_t b = d.data[at++];
        int64_t value = 0;
        if (b <= 21) {
            uint32_t op = b == 12 ? 12u << 8 | dgl_font_u(d, at++, 1) : b;
            if (op == wanted) {
                ret[0] = operands[0];
                ret[1] = operands[1];
                return true;
            }
            operands[0] = operands[1] = 0;
            continue;
        }
        if (b == 30) {
            while (at < d.len && (d.data[at] & 15) != 15 && d.data[at] >> 4 != 15)
                at++;
            at++;
        } else if (b == 28) {
            value = (int16_t)dgl_font_u(d, at, 2);
            at += 2;
        } else if (b == 29) {
            value = (int32_t)dgl_font_u(d, at, 4);
            at += 4;
        } else if (b >= 32 && b <= 246) {
            value = (int32_t)b - 139;
        } else if (b >= 247 && b <= 250) {
            value = ((int32_t)b - 247) * 256 + (int32_t)dgl_font_u(d, at++, 1) + 108;
        } else if (b >= 251 && b <= 254) {
            value = -((int32_t)b - 251) * 256 - (int32_t)dgl_font_u(d, at++, 1) - 108;
        }
        operands[0] = operands[1];
        operands[1] = value;
    }
    return false;
}

// ---- CFF: running charstrings

#define STACK_MAX 48u

struct run {
    struct cff *file;
    const struct index *local;
    uint32_t steps_left, operands, stems;
    int64_t last;  // operand, what a call takes its number from
    bool is_known; // `last` is a plain number
    bool ended;
};

static uint32_t bias_of(uint32_t count)
{
    return count < 1240 ? 107 : count < 33900 ? 1131 : 32768;
}

static enum dgl_status run_string(struct run *r, struct dgl_font_bytes code, unsigned depth);

static enum dgl_status run_call(struct run *r, const struct index *subrs, unsigned depth)
{
    int64_t number = r->last + bias_of(subrs->count);
    if (!r->is_known || r->operands == 0 || number < 0 || number >= subrs->count)
        return DGL_FONT_DAMAGED(r->file->err, "the font is damaged: an outline calls a subroutine that is not there");
    if (depth == DGL_FONT_MAX_DEPTH)
        return DGL_FONT_DAMAGED(r->file->err, "the font is damaged: its outlines call subroutines without end");
    r->operands--;
    r->is_known = false;
    return run_string(r, item(r->file, subrs, (uint32_t)number), depth + 1);
}

static enum dgl_status push(struct run *r, int64_t value, bool is_known)
{
    if (++r->operands > STACK_MAX)
        return DGL_FONT_DAMAGED(r->file->err, "the font is damaged: an outline has too many numbers");
    r->last = value;
    r->is_known = is_known;
    return DGL_OK;
}

// The number whose first byte is b (28, or from 32 on).
static enum dgl_status run_number(struct run *r, struct dgl_font_bytes code, uint32_t b, size_t *at)
{
    int64_t value = (int64_t)b - 139;
    bool is_known = true;
    if (b == 28) {
        value = (int16_t)dgl_font_u(code, *at, 2);
        *at += 2;
    } else if (b == 255) {
        *at += 4;
        is_known = false; // a fraction
    } else if (b >= 251) {
        value = -((int64_t)b - 251) * 256 - dgl_font_u(code, (*at)++, 1) - 108;
    } else if (b >= 247) {
        value = ((int64_t)b - 247) * 256 + dgl_font_u(code, (*at)++, 1) + 108;
    }
    return push(r, value, is_known);
}

// Arithmetic leaves numbers that are not followed here; everything else empties the stack.
static void run_escape(struct run *r, uint32_t op)
{
    bool arithmetic = op >= 3 && op <= 30;
    r->is_known = false;
    if (!arithmetic)
        r->operands = 0;
    else if (r->operands == 0)
        r->operands = 1;
}

static enum dgl_status run_operator(struct run *r, struct dgl_font_bytes code, uint32_t b, size_t *at, unsigned depth)
{
    switch (b) {
    case 10:
        return run_call(r, r->local, depth);
    case 29:
        return run_call(r, &r->file->global, depth);
    case 12:
        run_escape(r, dgl_font_u(code, (*at)++, 1));
        return DGL_OK;
    case 14:
        r->ended = true;
        return DGL_OK;
    case 1:
    case 3:
    case 18:
    case 23:
        r->stems += r->operands / 2;
        break;
    case 19:
    case 20: // masks, with vertical stems that were not named before them
        r->stems += r->operands / 2;
        *at += (r->stems + 7) / 8;
        break;
    default:
        break;
    }
    r->operands = 0;
    r->is_known = false;
    return DGL_OK;
}

static enum dgl_status run_string(struct run *r, struct dgl_font_bytes code, unsigned depth)
{
    for (size_t at = 0; at < code.len && !r->ended;) {
        if (r->steps_left-- == 0 || r->file->steps_left-- == 0)
            return DGL_FONT_DAMAGED(r->file->err, "the font is damaged: an outline takes more than %u steps",
                                    DGL_FONT_MAX_STEPS);
        uint32_t b = code.data[at++];
        if (b == 11)
            return DGL_OK; // return
        if (b == 28 || b >= 32)
            DGL_TRY(run_number(r, code, b, &at));
        else
            DGL_TRY(run_operator(r, code, b, &at, depth));
    }
    return DGL_OK;
}

// ---- CFF: the table

// The local subroutines that a dictionary leads to.
static enum dgl_status read_local(const struct cff *f, struct dgl_font_bytes dict, struct index *ret)
{
    int64_t where[2], subrs[2];
    size_t end;
    *ret = (struct index){0};
    if (!dict_find(dict, DICT_PRIVATE, where) || where[0] == 0)
        return DGL_OK;
    if (where[0] < 0 || where[1] < 0 || (uint64_t)where[0] + (uint64_t)where[1] > f->file.len)
        return cut_short(f);
    struct dgl_font_bytes private = {f->file.data + where[1], (size_t)where[0]};
    if (!dict_find(private, DICT_SUBRS, subrs) || subrs[1] == 0)
        return DGL_OK;
    int64_t at = where[1] + subrs[1];
    return at < 0 || (uint64_t)at >= f->file.len ? cut_short(f) : read_index(f, (size_t)at, ret, &end);
}

struct selection { // which dictionary a glyph uses, CID-keyed fonts
    size_t at;     // of FDSelect; 0 = all use the first
    uint32_t format, ranges, range;
};

static enum dgl_status open_selection(const struct cff *f, int64_t at, uint32_t glyphs, struct selection *ret)
{
    if (at <= 0 || (uint64_t)at >= f->file.len)
        return cut_short(f);
    struct selection s = {.at = (size_t)at, .format = dgl_font_u(f->file, (size_t)at, 1)};
    s.ranges = s.format == 3 ? dgl_font_u(f->file, s.at + 1, 2) : 0;
    size_t need = s.format == 0 ? 1 + (size_t)glyphs : 5 + 3 * (size_t)s.ranges;
    if ((s.format != 0 && s.format != 3) || (s.format == 3 && s.ranges == 0) || s.at + need > f->file.len)
        return cut_short(f);
    *ret = s;
    return DGL_OK;
}

// Glyphs are asked for in order.
static uint32_t selected(const struct cff *f, struct selection *s, uint32_t glyph)
{
    if (!s->at)
        return 0;
    if (s->format == 0)
        return dgl_font_u(f->file, s->at + 1 + glyph, 1);
    while (s->range + 1 < s->ranges && dgl_font_u(f->file, s->at + 3 + 3 * (size_t)(s->range + 1), 2) <= glyph)
        s->range++;
    return dgl_font_u(f->file, s->at + 3 + 3 * (size_t)s->range + 2, 1);
}

static enum dgl_status run_all(struct cff *f, const struct index *strings, struct selection *s, uint32_t locals)
{
    for (uint32_t i = 0; i < strings->count; i++) {
        uint32_t dict = selected(f, s, i);
        if (dict >= locals)
            return cut_short(f);
        struct run r = {.file = f, .local = &f->local[dict], .steps_left = DGL_FONT_MAX_STEPS};
        DGL_TRY(run_string(&r, item(f, strings, i), 0));
    }
    return DGL_OK;
}

enum dgl_status dgl_font_check_cff(struct dgl_font_bytes cff, uint32_t glyphs, struct dgl_error *err)
{
    struct index names, tops, strings, charstrings, dicts = {0}, local[256];
    struct selection selection = {0};
    struct cff f = {.file = cff, .steps_left = DGL_FONT_MAX_ALL_STEPS, .local = local, .err = err};
    int64_t at[2];
    size_t end = dgl_font_u(cff, 2, 1);
    if (cff.len < 4 || cff.data[0] != 1)
        return cut_short(&f);
    DGL_TRY(read_index(&f, end, &names, &end));
    DGL_TRY(read_index(&f, end, &tops, &end));
    DGL_TRY(read_index(&f, end, &strings, &end));
    DGL_TRY(read_index(&f, end, &f.global, &end));
    if (names.count != 1 || tops.count != 1)
        return cut_short(&f);
    struct dgl_font_bytes top = item(&f, &tops, 0);
    if (!dict_find(top, DICT_CHARSTRINGS, at) || at[1] <= 0 || (uint64_t)at[1] >= cff.len)
        return cut_short(&f);
    DGL_TRY(read_index(&f, (size_t)at[1], &charstrings, &end));
    if (charstrings.count != glyphs)
        return cut_short(&f);
    if (dict_find(top, DICT_FDARRAY, at)) {
        if (at[1] <= 0 || (uint64_t)at[1] >= cff.len)
            return cut_short(&f);
        DGL_TRY(read_index(&f, (size_t)at[1], &dicts, &end));
        if (dicts.count == 0 || dicts.count > DGL_COUNT(local) || !dict_find(top, DICT_FDSELECT, at))
            return cut_short(&f);
        DGL_TRY(open_selection(&f, at[1], glyphs, &selection));
    } else {
        DGL_TRY(read_local(&f, top, &local[0]));
    }
    for (uint32_t i = 0; i < dicts.count; i++)
        DGL_TRY(read_local(&f, item(&f, &dicts, i), &local[i]));
    return run_all(&f, &charstrings, &selection, dicts.count ? dicts.count : 1);
}
