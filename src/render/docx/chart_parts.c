// Charts in the package. `replace_charts` names charts that stand once: their parts and workbooks get other bytes. A
// chart that is made anew wherever it stands (copies.c) becomes a part with relationships and a workbook of its own;
// its data is what the tag in its name gave, or what `replace_charts` has under one of its names, which may hold tags.
#include "render/docx/charts.h"
#include "render/docx/graft.h"
#include "render/docx/limits.h"
#include "render/docx/rich.h"
#include <stdio.h>
#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

enum dgl_status dgl_docx_keep_override(struct dgl_docx_writer *w, uint32_t member, const struct dgl_buf *b,
                                       struct dgl_error *err)
{
    struct dgl_str bytes;
    DGL_TRY(dgl_docx_keep_bytes(w, b, "a chart", &bytes, err));
    struct dgl_docx_override *o = DGL_ARENA_NEW(w->env->arena, struct dgl_docx_override);
    *o = (struct dgl_docx_override){.next = w->overrides, .member = member, .bytes = bytes};
    w->overrides = o;
    return DGL_OK;
}

static enum dgl_status parse_chart(struct dgl_docx_writer *w, const struct dgl_buf *b, struct dgl_docx_tree *ret,
                                   struct dgl_error *err)
{
    uint32_t nodes = DGL_DOCX_MAX_NODES;
    DGL_TRY(dgl_budget_memory(w->env->budget, b->len * 2, err));
    return dgl_docx_tree_parse(w->env->arena, b->data ? b->data : "", b->len, "a chart of the template", &nodes, ret,
                               err);
}

// ---- charts that stand once

// The chart as it is now: rendered when it holds tags.
static enum dgl_status read_chart(struct dgl_docx_writer *w, uint32_t member, struct dgl_docx_tree *ret,
                                  struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    const struct dgl_buf *rendered = NULL;
    for (size_t i = 0; i < w->docx->part_count; i++)
        if (w->docx->parts[i].member == member)
            rendered = &w->outputs[i].xml;
    if (!rendered)
        DGL_TRY(dgl_zip_read(w->docx->package.zip, member, &xml, err));
    return parse_chart(w, rendered ? rendered : &xml, ret, err);
}

static enum dgl_status feed_chart(struct dgl_docx_writer *w, uint32_t member, struct dgl_str name, struct dgl_value v,
                                  struct dgl_error *err)
{
    struct dgl_docx_tree tree = {.root = NULL};
    uint32_t workbook = UINT32_MAX;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_AUTO_FINI(buf) sheet = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_TRY(read_chart(w, member, &tree, err));
    DGL_TRY(dgl_docx_find_workbook(&w->docx->package, member, w->env->arena, &workbook, err));
    DGL_TRY(dgl_chart_write(w, name, v, &tree, workbook != UINT32_MAX, &out, &sheet, err));
    DGL_TRY(dgl_docx_keep_override(w, member, &out, err));
    return workbook == UINT32_MAX ? DGL_OK : dgl_docx_keep_override(w, workbook, &sheet, err);
}

// A name of `replace_charts` that some copy used.
static bool was_used(const struct dgl_docx_writer *w, struct dgl_str name)
{
    for (const struct dgl_docx_used_name *k = w->used_charts; k; k = k->next)
        if (dgl_str_equal(k->name, name))
            return true;
    return false;
}

static enum dgl_status feed_named(struct dgl_docx_writer *w, struct dgl_str name, struct dgl_value v,
                                  struct dgl_error *err)
{
    bool found = false;
    if (v.kind == DGL_VALUE_NONE)
        return DGL_OK;
    for (const struct dgl_docx_picture *p = w->docx->charts; p; p = p->next) {
        if (p->copied || !dgl_docx_picture_has_name(p, name))
            continue;
        DGL_TRY(feed_chart(w, p->chart, name, v, err));
        found = true;
    }
    if (!found && !was_used(w, name))
        dgl_docx_warn(w, "replace_charts: the template has no chart \"%.*s\"",
                      (int)dgl_utf8_cut(name.data, name.len, 60), name.data);
    return DGL_OK;
}

enum dgl_status dgl_docx_feed_charts(struct dgl_docx_writer *w, struct dgl_value data, struct dgl_error *err)
{
    struct dgl_value dict = dgl_value_dict_lookup(data, "replace_charts", 14);
    for (size_t i = 0; dict.kind == DGL_VALUE_DICT && i < dgl_value_length(dict); i++) {
        struct dgl_value key, v;
        dgl_value_dict_at(dict, i, &key, &v);
        DGL_TRY(feed_named(w, dgl_rich_text(key), v, err));
    }
    return DGL_OK;
}

// ---- copies

void dgl_docx_begin_chart_name(struct dgl_docx_writer *w)
{
    w->holding++;
    w->chart.name_start = w->xml->len;
}

enum dgl_status dgl_docx_end_chart_name(struct dgl_docx_writer *w, struct dgl_error *err)
{
    w->holding--;
    DGL_TRY(dgl_buf_check(w->xml, "the document", err));
    if (w->chart.name_count == DGL_COUNT(w->chart.names))
        return DGL_OK;
    struct dgl_str name = {w->xml->data + w->chart.name_start, w->xml->len - w->chart.name_start};
    DGL_TRY(dgl_budget_memory(w->env->budget, name.len, err));
    char *text = dgl_arena_alloc(w->env->arena, name.len + 1);
    w->chart.names[w->chart.name_count++] = (struct dgl_str){text, dgl_docx_unescape(name, text)};
    return DGL_OK;
}

enum dgl_status dgl_docx_write_chart_name(struct dgl_docx_writer *w, struct dgl_value v, struct dgl_error *err)
{
    if (v.kind == DGL_VALUE_DICT) {
        w->chart.data = v;
        return DGL_OK;
    }
    return dgl_docx_write_attribute(w, v, err);
}

void dgl_docx_begin_chart(struct dgl_docx_writer *w)
{
    dgl_buf_reset(&w->chart.xml);
    w->chart.xml.max = DGL_DOCX_MAX_PART_BYTES;
    w->chart.back = w->xml;
    w->xml = &w->chart.xml;
    w->reopened_to = 0;
}

static enum dgl_status note_used(struct dgl_docx_writer *w, struct dgl_str name, struct dgl_error *err)
{
    if (was_used(w, name))
        return DGL_OK;
    DGL_TRY(dgl_budget_memory(w->env->budget, sizeof(struct dgl_docx_used_name), err));
    struct dgl_docx_used_name *k = DGL_ARENA_NEW(w->env->arena, struct dgl_docx_used_name);
    *k = (struct dgl_docx_used_name){w->used_charts, name};
    w->used_charts = k;
    return DGL_OK;
}

// What the chart is to show, and the name it goes by; NONE: what the template has.
static enum dgl_status find_data(struct dgl_docx_writer *w, const struct dgl_docx_picture *p, struct dgl_str *ret_name,
                                 struct dgl_value *ret, struct dgl_error *err)
{
    struct dgl_value dict = dgl_value_dict_lookup(w->data, "replace_charts", 14);
    *ret = w->chart.data;
    *ret_name = p->name_count ? p->names[0] : (struct dgl_str){"", 0};
    if (ret->kind == DGL_VALUE_DICT || dict.kind != DGL_VALUE_DICT)
        return DGL_OK;
    for (size_t i = 0; i < w->chart.name_count + p->name_count; i++) {
        struct dgl_str name = i < w->chart.name_count ? w->chart.names[i] : p->names[i - w->chart.name_count];
        struct dgl_value v = dgl_value_dict_lookup(dict, name.data, name.len);
        if (v.kind == DGL_VALUE_UNDEFINED)
            continue;
        *ret_name = name;
        *ret = v;
        return note_used(w, name, err);
    }
    return DGL_OK;
}

// The number of the next copy: no member of the template has the names of its parts.
static void next_number(struct dgl_docx_writer *w)
{
    static const char *const forms[][2] = {
        {"word/charts/", ".xml"}, {"word/charts/_rels/", ".xml.rels"}, {"word/embeddings/", ".xlsx"}};
    bool taken = true;
    while (taken) { // ends: the members have a maximum
        w->chart.number++;
        taken = false;
        for (size_t i = 0; i < DGL_COUNT(forms); i++) {
            char name[80];
            size_t at = 0;
            snprintf(name, sizeof name, "%sdgl-chart%u%s", forms[i][0], w->chart.number, forms[i][1]);
            taken |= dgl_zip_find(w->docx->package.zip, name, &at);
        }
    }
}

static void put_relationship(struct dgl_buf *b, const struct dgl_docx_relationship *r, const char *target)
{
    dgl_rich_put_attr(b, "<Relationship Id=\"", r->id);
    dgl_rich_put_attr(b, " Type=\"", r->type);
    dgl_rich_put_attr(b, " Target=\"", target ? dgl_str_of(target) : r->target);
    if (r->mode.len)
        dgl_rich_put_attr(b, " TargetMode=\"", r->mode);
    dgl_buf_puts(b, "/>");
}

// The relationships of the template's chart, with the workbook of the copy.
static enum dgl_status add_relationships(struct dgl_docx_writer *w, uint32_t chart, uint32_t workbook,
                                         const char *own_workbook, struct dgl_error *err)
{
    const struct dgl_docx_package *p = &w->docx->package;
    struct dgl_docx_relationship *rels = NULL;
    struct dgl_docx_extra extra = {.name = NULL};
    size_t count = 0;
    uint32_t target = 0;
    DGL_TRY(dgl_docx_relationships(p, chart, w->env->arena, &rels, &count, &target, err));
    if (target == UINT32_MAX)
        return DGL_OK;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    dgl_buf_puts(&b, XML_HEAD "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
    for (size_t i = 0; i < count; i++) {
        if (dgl_str_is(rels[i].mode, "External"))
            put_relationship(&b, &rels[i], NULL);
        else if (dgl_docx_resolve(p, dgl_zip_name(p->zip, chart), rels[i].target, &target))
            put_relationship(&b, &rels[i],
                             target == workbook ? own_workbook
                                                : dgl_arena_printf(w->env->arena, "/%s", dgl_zip_name(p->zip, target)));
    }
    dgl_buf_puts(&b, "</Relationships>");
    DGL_TRY(dgl_docx_keep_bytes(w, &b, "a chart", &extra.bytes, err));
    extra.name = dgl_arena_printf(w->env->arena, "word/charts/_rels/dgl-chart%u.xml.rels", w->chart.number);
    dgl_docx_push_extra(w, &extra);
    return DGL_OK;
}

static enum dgl_status add_workbook(struct dgl_docx_writer *w, uint32_t workbook, const struct dgl_buf *sheet,
                                    const char *name, struct dgl_error *err)
{
    const struct dgl_docx_package *p = &w->docx->package;
    struct dgl_docx_extra extra = {
        .name = name, .content_type = dgl_docx_content_type(p, dgl_zip_name(p->zip, workbook), w->env->arena)};
    if (sheet->len)
        DGL_TRY(dgl_docx_keep_bytes(w, sheet, "a chart", &extra.bytes, err));
    else
        extra.raw = &p->raws[workbook];
    dgl_docx_push_extra(w, &extra);
    return DGL_OK;
}

static enum dgl_status add_copy(struct dgl_docx_writer *w, const struct dgl_docx_picture *p, struct dgl_error *err)
{
    struct dgl_docx_tree tree = {.root = NULL};
    struct dgl_value data;
    struct dgl_str name;
    uint32_t workbook = UINT32_MAX;
    const struct dgl_docx_package *package = &w->docx->package;
    DGL_AUTO_FINI(buf) fed = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_AUTO_FINI(buf) sheet = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_TRY(dgl_docx_find_workbook(package, p->chart, w->env->arena, &workbook, err));
    DGL_TRY(find_data(w, p, &name, &data, err));
    if (data.kind != DGL_VALUE_NONE && data.kind != DGL_VALUE_UNDEFINED) {
        DGL_TRY(parse_chart(w, &w->chart.xml, &tree, err));
        DGL_TRY(dgl_chart_write(w, name, data, &tree, workbook != UINT32_MAX, &fed, &sheet, err));
    }
    struct dgl_docx_extra extra = {
        .name = dgl_arena_printf(w->env->arena, "word/charts/dgl-chart%u.xml", w->chart.number),
        .content_type = dgl_docx_content_type(package, dgl_zip_name(package->zip, p->chart), w->env->arena)};
    DGL_TRY(dgl_docx_keep_bytes(w, fed.len ? &fed : &w->chart.xml, "a chart", &extra.bytes, err));
    DGL_TRY(dgl_budget_output(w->env->budget, extra.bytes.len, err));
    dgl_docx_push_extra(w, &extra);
    const char *book = dgl_arena_printf(w->env->arena, "word/embeddings/dgl-chart%u.xlsx", w->chart.number);
    if (workbook != UINT32_MAX)
        DGL_TRY(add_workbook(w, workbook, &sheet, book, err));
    return add_relationships(w, p->chart, workbook, dgl_arena_printf(w->env->arena, "/%s", book), err);
}

enum dgl_status dgl_docx_end_chart(struct dgl_docx_writer *w, uint32_t index, struct dgl_error *err)
{
    char id[24];
    w->xml = w->chart.back;
    w->chart.back = NULL;
    if (++w->chart.count > DGL_DOCX_MAX_CHART_COPIES)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_charts", "a document holds at most %u charts made by loops",
                             DGL_DOCX_MAX_CHART_COPIES);
    DGL_TRY(dgl_buf_check(&w->chart.xml, "a chart", err));
    next_number(w);
    DGL_TRY(add_copy(w, w->docx->copied_charts[index], err));
    struct dgl_str target =
        dgl_str_of(dgl_arena_printf(w->env->arena, "/word/charts/dgl-chart%u.xml", w->chart.number));
    DGL_TRY(dgl_docx_add_relationship(w, "chart", target, false, id, err));
    dgl_buf_puts(w->xml, id);
    w->chart.data = (struct dgl_value){.kind = DGL_VALUE_UNDEFINED};
    w->chart.name_count = 0;
    return DGL_OK;
}

enum dgl_status dgl_docx_write_chart(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value xml,
                                     struct dgl_error *err)
{
    if (xml.kind != DGL_VALUE_SAFE)
        return DGL_FAIL(err, DGL_E_INTERNAL, "a chart is no markup");
    struct dgl_str text = {xml.as.string->data, xml.as.string->len};
    if (w->chart.back || dgl_str_holds(text, DGL_DOCX_DEFERRED_NS))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "misplaced_value",
                             "a chart's title or label cannot be a picture, a chart or rich text; print text there");
    dgl_docx_begin_chart(w);
    dgl_buf_append(w->xml, text.data, text.len);
    return dgl_docx_end_chart(w, x->chart, err);
}
