// The whole: flow the body, then set headers and footers, which know how many pages there are.
//
// Page numbers in the body's own text (NUMPAGES, and PAGEREF as in tables of contents), the numbers of notes counted by
// page, and objects that stand above the text they hang on are known only afterwards; such documents are flowed again
// until they settle, at most DGL_LAYOUT_MAX_PASSES times.
#include "render/layout/layout.h"

#include "render/layout/flow.h"
#include "render/layout/layers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// STYLEREF: the first paragraph of that style on the page, else the last one before it (§17.16.5.59).
static struct dgl_str style_ref(void *ctx, struct dgl_str name)
{
    const struct flow *f = ctx;
    struct dgl_str found = {"", 0};
    int64_t level = name.len == 1 ? dgl_x_int(&name, 0) : 0;
    for (uint32_t i = 0; i < f->style_count; i++) {
        const struct flow_style *s = &f->styles[i];
        const struct dgl_style *st = &f->doc->sheet->styles[s->style];
        bool same = (level && s->outline == level) ||
                    (st->name.len == name.len && strncasecmp(st->name.data, name.data, name.len) == 0) ||
                    dgl_str_equal(st->id, name);
        if (!same || s->page > f->styles_page)
            continue;
        found = s->text;
        if (s->page == f->styles_page)
            break;
    }
    return found;
}

// To one section, or to any (NULL). A note that nothing refers to (a template may have dropped the place) is not shown.
static bool belongs(const struct dgl_note *n, const struct dgl_section *s)
{
    return n->section && (!s || n->section == s);
}

static enum dgl_status flow_endnotes(struct flow *f, const struct dgl_section *section)
{
    int32_t height, rule;
    uint32_t first = 0;
    while (first < f->doc->endnote_count && !belongs(&f->doc->endnotes[first], section))
        first++;
    if (first == f->doc->endnote_count)
        return DGL_OK;
    DGL_TRY(flow_separator(f, false, &height, &rule));
    if (flow_room(f) < 2 * height)
        DGL_TRY(flow_new_page(f, false));
    if (f->above) {
        f->y += dgl_space_between(f->above, NULL);
        f->above = NULL;
    }
    dgl_canvas_rect(&f->canvas, flow_column_x(f), f->y + rule, 144000, 500, 0x000000);
    f->y += height;
    f->at_top = false;
    for (uint32_t i = first; i < f->doc->endnote_count; i++) {
        if (!belongs(&f->doc->endnotes[i], section))
            continue;
        struct dgl_tag *tag = DGL_ARENA_NEW(f->env.arena, struct dgl_tag);
        *tag = (struct dgl_tag){.kind = DGL_TAG_NOTE, .key = &f->doc->endnotes[i]};
        f->canvas.tag = tag;
        for (const struct dgl_block *b = f->doc->endnotes[i].blocks; b; b = b->next)
            DGL_TRY(flow_block(f, b));
    }
    f->canvas.tag = NULL;
    return DGL_OK;
}

static enum dgl_status flow_blocks(struct flow *f, uint32_t section)
{
    for (const struct dgl_block *b = f->sections[section].s->blocks; b; b = b->next)
        DGL_TRY(flow_block(f, b));
    f->kept_until = NULL;
    return DGL_OK;
}

// Columns before a continuous section end at the same height: the section is flowed again with its last page's columns
// cut shorter, from an even share of the text upwards, until everything fits above the cut.
static enum dgl_status flow_balanced(struct flow *f, uint32_t section)
{
    struct flow *start = dgl_arena_alloc_try(f->env.arena, sizeof(*start));
    if (!start)
        return DGL_FAIL_SLUG(f->err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more memory than one document may use");
    *start = *f;
    struct dgl_page page = *f->canvas.page;
    uint16_t columns = f->sections[section].s->columns;
    f->column_break = false;
    DGL_TRY(flow_blocks(f, section));
    if (f->column_break || f->sections[section].s->valign != DGL_VALIGN_TOP)
        return DGL_OK;
    uint32_t last = f->page_count;
    int64_t used = f->y - f->top; // without what notes took, and what was left free
    for (uint16_t i = 0; i < f->column; i++)
        used += f->column_end[i] - f->top;
    int32_t height = (int32_t)(used / columns);
    for (unsigned tries = 0; tries < DGL_LAYOUT_MAX_BALANCE; tries++, height += DGL_MAX(3000, height / 32)) {
        *f = *start;
        *f->canvas.page = page;
        f->balance_page = last;
        f->balance_height = height;
        if (f->page_count == last)
            f->limit = f->top + height;
        DGL_TRY(flow_blocks(f, section));
        if (f->page_count == last)
            break;
    }
    f->balance_page = 0;
    f->limit = INT32_MAX;
    return DGL_OK;
}

static bool continues(const struct dgl_section *s, const struct dgl_section *next)
{
    return next->start == DGL_START_CONTINUOUS && next->width == s->width && next->height == s->height;
}

static enum dgl_status flow_all(struct flow *f)
{
    f->next_number = 1;
    f->limit = INT32_MAX;
    for (uint32_t i = 0; i < f->section_count; i++) {
        const struct dgl_section *s = f->sections[i].s;
        DGL_TRY(flow_start_section(f, i));
        if (s->columns > 1 && i + 1 < f->section_count && continues(s, f->sections[i + 1].s))
            DGL_TRY(flow_balanced(f, i));
        else
            DGL_TRY(flow_blocks(f, i));
        if (f->doc->sheet->settings.endnotes.at_section_end)
            DGL_TRY(flow_endnotes(f, s));
    }
    if (!f->doc->sheet->settings.endnotes.at_section_end)
        DGL_TRY(flow_endnotes(f, NULL));
    while (f->carried_count)
        DGL_TRY(flow_new_page(f, false));
    return flow_finish_page(f);
}

// ---- Headers and footers ----

static void page_borders(struct dgl_canvas *c, const struct dgl_section *s)
{
    int32_t inset[4];
    for (unsigned i = 0; i < 4; i++) {
        int32_t space = s->page_border[i].space + s->page_border[i].width / 2;
        inset[i] = s->border_from_text ? DGL_MAX(0, (s->margin[i] < 0 ? -s->margin[i] : s->margin[i]) - space) : space;
    }
    int32_t x0 = inset[DGL_LEFT], x1 = s->width - inset[DGL_RIGHT], y0 = inset[DGL_TOP],
            y1 = s->height - inset[DGL_BOTTOM];
    dgl_canvas_line(c, x0, y0, x1 - x0, 0, &s->page_border[DGL_TOP]);
    dgl_canvas_line(c, x0, y1, x1 - x0, 0, &s->page_border[DGL_BOTTOM]);
    dgl_canvas_line(c, x0, y0, 0, y1 - y0, &s->page_border[DGL_LEFT]);
    dgl_canvas_line(c, x1, y0, 0, y1 - y0, &s->page_border[DGL_RIGHT]);
}

static void put_boxes(struct dgl_canvas *c, const struct dgl_box_list *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        *dgl_canvas_box(c, l->boxes[i].kind, 0, 0, 0, 0) = l->boxes[i];
}

static enum dgl_status part_layers(struct dgl_canvas *c, struct dgl_box_list *l, struct dgl_box_list *ret_behind)
{
    return dgl_layers_part(l, c->env->arena, ret_behind)
               ? DGL_OK
               : DGL_FAIL_SLUG(c->err, DGL_E_LIMIT, "document_too_large",
                               "the document needs more memory than one document may use");
}

// What lies under the text, from the bottom: the page's colour and borders, headers and footers in their layers, what
// the body has behind its text, lines between columns.
static enum dgl_status set_margins(struct flow *f, uint32_t index)
{
    const struct flow_page *info = &f->info[index];
    const struct dgl_section *s = flow_side(f, info->section, info->number);
    struct dgl_canvas c = f->canvas;
    struct dgl_galley *g;
    int32_t x = s->margin[DGL_LEFT], width = s->width - x - s->margin[DGL_RIGHT];
    c.page = &f->pages[index];
    c.section = s;
    c.column_x = x;
    c.column_width = width;
    c.headings = false;
    struct dgl_box_list lines = c.page->under, margins = {0}, behind_body, behind_margins;
    c.page->under = (struct dgl_box_list){0};
    c.list = &c.page->under;
    c.expected = 0;
    if (f->doc->background != DGL_COLOR_NONE)
        dgl_canvas_rect(&c, 0, 0, s->width, s->height, f->doc->background);
    if (!info->blank) {
        f->env.page_number = c.page->label;
        f->env.page = info->number;
        f->env.section = (int32_t)info->section + 1;
        f->env.section_pages = (int32_t)f->sections[info->section].pages;
        f->styles_page = index + 1;
        f->env.grid_pitch = s->grid_pitch;
        f->env.character_extra = s->character_extra;
        f->env.section_of_galley = s;
        f->env.galley_x = x;
        f->env.galley_y = s->header;
        bool first = index + 1 == f->sections[info->section].first_page;
        if (first ? s->first_page_border : s->later_page_border)
            page_borders(&c, s);
        c.list = &margins;
        if (s->headers[info->kind]) {
            DGL_TRY(dgl_galley_layout(&f->env, s->headers[info->kind], width, 0, &g, f->err));
            dgl_paint_galley(&c, g, dgl_galley_start(), dgl_galley_end(g), x, s->header);
        }
        if (s->footers[info->kind]) {
            f->env.galley_y = s->height - s->footer - f->sections[info->section].footer_height[info->kind];
            DGL_TRY(dgl_galley_layout(&f->env, s->footers[info->kind], width, 0, &g, f->err));
            dgl_paint_galley(&c, g, dgl_galley_start(), dgl_galley_end(g), x, s->height - s->footer - g->height);
        }
    }
    DGL_TRY(part_layers(&c, &margins, &behind_margins));
    DGL_TRY(part_layers(&c, &c.page->over, &behind_body));
    c.list = &c.page->under;
    put_boxes(&c, &behind_margins);
    put_boxes(&c, &margins);
    put_boxes(&c, &behind_body);
    put_boxes(&c, &lines);
    return c.status;
}

// ---- The whole ----

static enum dgl_status one_pass(struct flow *f, struct dgl_document *doc, const struct dgl_layout_env *env,
                                const struct flow *before, struct dgl_error *err)
{
    *f = (struct flow){.doc = doc, .outer = env, .err = err};
    if (before)
        f->known = before->ahead;
    f->env = (struct dgl_text_env){.arena = env->arena,
                                   .fonts = env->fonts,
                                   .budget = env->budget,
                                   .doc = doc,
                                   .page_number = DGL_STR("1"),
                                   .page_count = before ? (int32_t)before->page_count : 1,
                                   .style_ref = style_ref,
                                   .ctx = f};
    f->canvas = (struct dgl_canvas){
        .env = &f->env, .background = DGL_COLOR_NONE, .headings = true, .status = DGL_OK, .err = err};
    for (const struct dgl_section *s = doc->sections; s; s = s->next)
        f->section_count++;
    f->sections = dgl_arena_alloc_try(env->arena, (f->section_count + 1) * sizeof(*f->sections));
    if (!f->sections)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large", "the document has too many sections");
    uint32_t i = 0;
    for (const struct dgl_section *s = doc->sections; s; s = s->next, i++) {
        f->sections[i].s = s;
        f->sections[i].even = *s;
        f->sections[i].even.margin[DGL_LEFT] = s->margin[DGL_RIGHT];
        f->sections[i].even.margin[DGL_RIGHT] = s->margin[DGL_LEFT];
        f->sections[i].index = i;
        f->sections[i].pages = before ? before->sections[i].pages : 1;
    }
    flow_index_notes(f);
    DGL_TRY(flow_all(f));
    for (i = 0; i < f->section_count; i++) {
        uint32_t next = i + 1 < f->section_count ? f->sections[i + 1].first_page : f->page_count + 1;
        f->sections[i].pages = DGL_MAX(next > f->sections[i].first_page ? next - f->sections[i].first_page : 1, 1u);
    }
    return DGL_OK;
}

// ---- References to pages ----

struct anchor {
    struct dgl_str name, label;
};

static int compare_anchors(const void *a, const void *b)
{
    const struct anchor *x = a, *y = b;
    int c = memcmp(x->name.data, y->name.data, DGL_MIN(x->name.len, y->name.len));
    return c ? c : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static struct anchor *list_anchors(const struct flow *f, size_t *ret_count)
{
    size_t count = 0;
    for (uint32_t i = 0; i < f->page_count; i++)
        for (uint32_t k = 0; k < f->pages[i].over.count; k++)
            count += f->pages[i].over.boxes[k].kind == DGL_BOX_ANCHOR;
    struct anchor *list = dgl_arena_alloc_try(f->env.arena, (count + 1) * sizeof(*list));
    count = 0;
    for (uint32_t i = 0; list && i < f->page_count; i++)
        for (uint32_t k = 0; k < f->pages[i].over.count; k++) {
            const struct dgl_box *b = &f->pages[i].over.boxes[k];
            if (b->kind == DGL_BOX_ANCHOR && b->name.len)
                list[count++] = (struct anchor){b->name, f->pages[i].label};
        }
    if (list && count)
        qsort(list, count, sizeof(*list), compare_anchors);
    *ret_count = count;
    return list;
}

// Sets the references to where the bookmarks are; true when one showed something else. Unknown bookmarks keep theirs.
static bool settle_page_refs(const struct flow *f)
{
    size_t count;
    bool changed = false;
    if (!f->doc->page_refs)
        return false;
    struct anchor *list = list_anchors(f, &count);
    for (struct dgl_page_ref *r = f->doc->page_refs; r && list && count; r = r->next) {
        struct anchor key = {.name = r->bookmark};
        const struct anchor *found = bsearch(&key, list, count, sizeof(*list), compare_anchors);
        if (!found || dgl_str_equal(found->label, r->shown))
            continue;
        r->shown = found->label;
        changed = true;
    }
    return changed;
}

enum dgl_status dgl_layout(struct dgl_document *doc, const struct dgl_layout_env *env, struct dgl_pages *ret,
                           struct dgl_error *err)
{
    struct flow *f = DGL_ARENA_NEW(env->arena, struct flow);
    DGL_TRY(one_pass(f, doc, env, NULL, err));
    for (unsigned pass = 1; pass < DGL_LAYOUT_MAX_PASSES; pass++) {
        bool counted = !doc->has_page_fields || f->page_count == (uint32_t)f->env.page_count;
        bool settled = !settle_page_refs(f);
        settled &= !flow_renumber_notes(f);
        settled &= flow_settle_ahead(f);
        if (settled && counted)
            break;
        struct flow *again = DGL_ARENA_NEW(env->arena, struct flow);
        DGL_TRY(one_pass(again, doc, env, f, err));
        f = again;
    }
    f->env.page_count = (int32_t)f->page_count;
    for (uint32_t i = 0; i < f->page_count; i++)
        DGL_TRY(set_margins(f, i));
    ret->pages = f->pages;
    ret->count = f->page_count;
    return DGL_OK;
}

// ---- Dump ----

static void put_mpt(struct dgl_buf *out, int32_t v)
{
    dgl_buf_printf(out, " %s%d.%03d", v < 0 ? "-" : "", (v < 0 ? -v : v) / 1000, (v < 0 ? -v : v) % 1000);
}

static void dump_box(const struct dgl_box *b, struct dgl_buf *out)
{
    static const char *const names[] = {"text",      "rect",   "line",       "picture", "link", "anchor",  "heading",
                                        "paragraph", "figure", "figure end", "art",     "turn", "turn end"};
    if (b->kind == DGL_BOX_PARAGRAPH || b->kind == DGL_BOX_FIGURE || b->kind == DGL_BOX_FIGURE_END ||
        b->kind == DGL_BOX_PLACE)
        return;
    dgl_buf_puts(out, names[b->kind]);
    put_mpt(out, b->x);
    put_mpt(out, b->y);
    put_mpt(out, b->w);
    if (b->kind == DGL_BOX_TEXT) {
        const struct dgl_text_box *t = b->text;
        uint32_t from = t->count ? t->glyphs[0].cluster : 0;
        dgl_buf_printf(out, " \"%.*s\" %s", (int)(t->text_end > from ? t->text_end - from : 0), t->text + from,
                       t->use->face->family);
        put_mpt(out, t->size);
    } else {
        put_mpt(out, b->h);
        if (b->kind == DGL_BOX_RECT || b->kind == DGL_BOX_LINE)
            dgl_buf_printf(out, " #%06X", b->color);
        if (b->kind == DGL_BOX_ANCHOR || b->kind == DGL_BOX_HEADING)
            dgl_buf_printf(out, " \"%.*s\"", (int)b->name.len, b->name.data);
    }
    dgl_buf_putc(out, '\n');
}

void dgl_pages_dump(const struct dgl_pages *p, struct dgl_buf *out)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const struct dgl_page *page = &p->pages[i];
        dgl_buf_printf(out, "page %u", i + 1);
        put_mpt(out, page->width);
        put_mpt(out, page->height);
        dgl_buf_putc(out, '\n');
        for (uint32_t k = 0; k < page->under.count; k++)
            dump_box(&page->under.boxes[k], out);
        for (uint32_t k = 0; k < page->over.count; k++)
            dump_box(&page->over.boxes[k], out);
    }
}
