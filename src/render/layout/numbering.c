// Numbering definitions and counters; what numbers look like is in number_formats.c.
#include "render/layout/numbering.h"

#include "render/layout/sheet_private.h"

#include <string.h>

// ---- Definitions ----

static void read_level(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_num_level *l)
{
    *l = (struct dgl_num_level){.present = true, .start = 1, .restart = -1, .style = UINT16_MAX};
    const struct dgl_x *start = dgl_x_child(n, DGL_X_start), *restart = dgl_x_child(n, DGL_X_lvlRestart),
                       *suffix = dgl_x_child(n, DGL_X_suff), *style = dgl_x_child(n, DGL_X_pStyle);
    l->start = start ? (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(start, DGL_X_val, 0), 1000000)) : 0;
    if (restart)
        l->restart = (int8_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(restart, DGL_X_val, 0), 9));
    const struct dgl_x *format = dgl_x_child(n, DGL_X_numFmt);
    l->format = (uint8_t)(format ? dgl_num_format_of(dgl_x_val(format)) : DGL_NUM_DECIMAL);
    const struct dgl_str *custom = dgl_x_attr(format, DGL_X_format);
    if (custom && dgl_str_starts(*custom, "0")) // "01, 02, 03, ..." and longer ones
        l->format = dgl_str_starts(*custom, "00001")  ? DGL_NUM_PADDED5
                    : dgl_str_starts(*custom, "0001") ? DGL_NUM_PADDED4
                    : dgl_str_starts(*custom, "001")  ? DGL_NUM_PADDED3
                                                      : DGL_NUM_DECIMAL_ZERO;
    l->text = dgl_x_val(dgl_x_child(n, DGL_X_lvlText));
    l->suffix = dgl_x_attr_is(suffix, DGL_X_val, "space") ? 1 : dgl_x_attr_is(suffix, DGL_X_val, "nothing") ? 2 : 0;
    l->is_lgl = dgl_x_val_on(dgl_x_child(n, DGL_X_isLgl));
    l->picture = (int32_t)dgl_x_attr_int(dgl_x_child(n, DGL_X_lvlPicBulletId), DGL_X_val, -1);
    if (style)
        l->style = r->style_index(r->ctx, dgl_x_val(style));
    struct dgl_str jc = dgl_x_val(dgl_x_child(n, DGL_X_lvlJc));
    l->jc = dgl_str_is(jc, "right") || dgl_str_is(jc, "end") ? DGL_JC_END
            : dgl_str_is(jc, "center")                       ? DGL_JC_CENTER
                                                             : DGL_JC_START;
    dgl_ppr_read(r, dgl_x_child(n, DGL_X_pPr), &l->ppr);
    dgl_rpr_read(r, dgl_x_child(n, DGL_X_rPr), &l->rpr);
}

static unsigned level_index(const struct dgl_x *n)
{
    int64_t i = dgl_x_attr_int(n, DGL_X_ilvl, 9);
    return i >= 0 && i < 9 ? (unsigned)i : 9;
}

static void read_abstract(struct dgl_sheet *s, struct dgl_prop_reader *r, const struct dgl_x *n,
                          struct dgl_abstract_num *a)
{
    a->id = (int32_t)dgl_x_attr_int(n, DGL_X_abstractNumId, -1);
    a->style_link = dgl_x_val(dgl_x_child(n, DGL_X_styleLink));
    a->num_style_link = dgl_x_val(dgl_x_child(n, DGL_X_numStyleLink));
    DGL_X_EACH(c, n)
    {
        if (c->name == DGL_X_lvl && level_index(c) < 9) {
            read_level(r, c, &a->level[level_index(c)]);
            s->has_picture_bullets |= a->level[level_index(c)].picture >= 0;
        }
    }
}

static void read_num(struct dgl_sheet *s, struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_num *num)
{
    int64_t abstract = dgl_x_attr_int(dgl_x_child(n, DGL_X_abstractNumId), DGL_X_val, -1);
    num->id = (int32_t)dgl_x_attr_int(n, DGL_X_numId, -1);
    for (uint32_t i = 0; i < s->abstract_count; i++)
        if (s->abstracts[i].id == abstract)
            num->abstract = &s->abstracts[i];
    for (unsigned i = 0; i < 9; i++)
        num->start_override[i] = INT32_MIN;
    DGL_X_EACH(c, n)
    {
        if (c->name != DGL_X_lvlOverride || level_index(c) == 9)
            continue;
        const struct dgl_x *start = dgl_x_child(c, DGL_X_startOverride), *level = dgl_x_child(c, DGL_X_lvl);
        if (start)
            num->start_override[level_index(c)] =
                (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(start, DGL_X_val, 1), 1000000));
        if (level) {
            num->override[level_index(c)] = DGL_ARENA_NEW(s->arena, struct dgl_num_level);
            read_level(r, level, num->override[level_index(c)]);
            s->has_picture_bullets |= num->override[level_index(c)]->picture >= 0;
        }
    }
}

void dgl_numbering_read(struct dgl_sheet *s, const struct dgl_x *root)
{
    uint32_t abstracts = 0, nums = 0;
    DGL_X_EACH(n, root)
    {
        abstracts += n->name == DGL_X_abstractNum;
        nums += n->name == DGL_X_num;
    }
    // Definitions are large: a stranger's numbering part may hold no more than Word makes.
    abstracts = DGL_MIN(abstracts, DGL_LAYOUT_MAX_STYLES);
    nums = DGL_MIN(nums, 4 * DGL_LAYOUT_MAX_STYLES);
    s->abstracts = dgl_arena_alloc(s->arena, (abstracts + 1) * sizeof(*s->abstracts));
    s->nums = dgl_arena_alloc(s->arena, (nums + 1) * sizeof(*s->nums));
    struct dgl_prop_reader r = dgl_sheet_reader(s, s->arena);
    DGL_X_EACH(n, root)
    {
        if (n->name == DGL_X_abstractNum && s->abstract_count < abstracts)
            read_abstract(s, &r, n, &s->abstracts[s->abstract_count++]);
    }
    DGL_X_EACH(n, root)
    {
        if (n->name == DGL_X_num && s->num_count < nums)
            read_num(s, &r, n, &s->nums[s->num_count++]);
    }
}

// An abstract numbering that only names a numbering style gets the levels of the numbering the style points to.
void dgl_numbering_link(struct dgl_sheet *s)
{
    for (uint32_t i = 0; i < s->abstract_count; i++) {
        struct dgl_abstract_num *a = &s->abstracts[i];
        uint16_t style = a->num_style_link.len ? dgl_sheet_style(s, a->num_style_link) : UINT16_MAX;
        if (style == UINT16_MAX || !(s->styles[style].ppr.set & DGL_P_NUM))
            continue;
        const struct dgl_num *num = dgl_sheet_num(s, s->styles[style].ppr.num);
        if (num && num->abstract && num->abstract != a)
            memcpy(a->level, num->abstract->level, sizeof(a->level));
    }
}

const struct dgl_num *dgl_sheet_num(const struct dgl_sheet *s, int32_t id)
{
    if (id <= 0)
        return NULL;
    for (uint32_t i = 0; i < s->num_count; i++)
        if (s->nums[i].id == id)
            return s->nums[i].abstract ? &s->nums[i] : NULL;
    return NULL;
}

const struct dgl_num_level *dgl_num_level(const struct dgl_num *n, unsigned level)
{
    if (!n || level > 8)
        return NULL;
    const struct dgl_num_level *l = n->override[level] ? n->override[level] : &n->abstract->level[level];
    return l->present ? l : NULL;
}

// ---- Counters ----

struct counter {
    int32_t value[9];
    bool started[9];
};
struct dgl_counters {
    const struct dgl_sheet *sheet;
    struct counter *abstract; // by abstract numbering
    bool *num_seen;           // nine per numbering: has its start override been used
};

struct dgl_counters *dgl_counters_new(const struct dgl_sheet *s, struct dgl_arena *a)
{
    struct dgl_counters *c = DGL_ARENA_NEW(a, struct dgl_counters);
    c->sheet = s;
    c->abstract = dgl_arena_alloc(a, (s->abstract_count + 1) * sizeof(*c->abstract));
    c->num_seen = dgl_arena_alloc(a, (size_t)s->num_count * 9 + 1);
    return c;
}

static bool restarts(const struct dgl_num *num, unsigned deeper, unsigned level)
{
    const struct dgl_num_level *l = dgl_num_level(num, deeper);
    if (!l || l->restart < 0)
        return true;
    return l->restart > 0 && level < (unsigned)l->restart;
}

static void count_up(struct dgl_counters *c, const struct dgl_num *num, unsigned level)
{
    struct counter *k = &c->abstract[num->abstract - c->sheet->abstracts];
    bool *seen = &c->num_seen[(size_t)(num - c->sheet->nums) * 9];
    const struct dgl_num_level *l = dgl_num_level(num, level);
    // Deeper levels begin again, those above that never had a paragraph count as at their start.
    for (unsigned i = level + 1; i < 9; i++)
        if (restarts(num, i, level))
            k->started[i] = false;
    for (unsigned i = 0; i < level; i++) {
        const struct dgl_num_level *up = dgl_num_level(num, i);
        if (!k->started[i]) {
            k->value[i] = up ? up->start : 1;
            k->started[i] = true;
        }
    }
    bool fresh_override = num->start_override[level] != INT32_MIN && !seen[level];
    seen[level] = true;
    if (fresh_override)
        k->value[level] = num->start_override[level];
    else if (!k->started[level])
        k->value[level] = num->start_override[level] != INT32_MIN ? num->start_override[level] : l ? l->start : 1;
    else
        k->value[level] = DGL_MIN(k->value[level] + 1, 100000000);
    k->started[level] = true;
}

void dgl_counters_next(struct dgl_counters *c, const struct dgl_num *num, unsigned level, struct dgl_buf *out)
{
    const struct dgl_num_level *l = dgl_num_level(num, level);
    if (!l)
        return;
    count_up(c, num, level);
    const struct counter *k = &c->abstract[num->abstract - c->sheet->abstracts];
    for (size_t i = 0; i < l->text.len; i++) {
        unsigned digit = i + 1 < l->text.len ? (unsigned)(l->text.data[i + 1] - '1') : 9;
        if (l->text.data[i] != '%' || digit > 8) {
            dgl_buf_putc(out, l->text.data[i]);
            continue;
        }
        const struct dgl_num_level *named = dgl_num_level(num, digit);
        enum dgl_num_format format = named ? (enum dgl_num_format)named->format : DGL_NUM_DECIMAL;
        if (l->is_lgl && digit < level && format != DGL_NUM_DECIMAL_ZERO)
            format = DGL_NUM_DECIMAL;
        if (digit <= level)
            dgl_num_put(out, format, k->value[digit]);
        i++;
    }
}
