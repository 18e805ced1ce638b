// Charts fed with data: the template holds a chart as Word made it, with its kind, colours and axes; `replace_charts`
// of the data gives it other categories and series (ECMA-376 Part 1, 21.2).
//
//   "replace_charts": {"Sales": {"categories": ["Q1", "Q2"], "series": [{"name": "2025", "values": [3, 4.5]}]}}
//
// Series keep the look of those they replace, in order; further ones look like the last in the theme's colours,
// missing ones go. The workbook behind the chart is made anew, so that "Edit Data" in Word shows what the chart shows.
#include "render/docx/charts.h"
#include "render/docx/emit.h"
#include "render/docx/limits.h"
#include "render/docx/rich.h"
#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

struct feed {
    struct dgl_docx_writer *w;
    struct dgl_str name; // of the chart
    struct dgl_value categories, series;
    size_t points, series_count;
    size_t at, in_template; // the series being written; those the template has
    const char *prefix;     // "c:"
    int prefix_len;
    bool linked; // its workbook is another file: that link goes
    struct dgl_buf *out;
    struct dgl_error *err;
};

static bool is_named(const struct dgl_docx_node *n, const char *local)
{
    const char *colon = n->kind == DGL_NODE_ELEMENT ? memchr(n->qname.data, ':', n->qname.len) : NULL;
    size_t skip = colon ? (size_t)(colon - n->qname.data) + 1 : 0;
    return n->kind == DGL_NODE_ELEMENT &&
           dgl_str_is((struct dgl_str){n->qname.data + skip, n->qname.len - skip}, local);
}

static const struct dgl_docx_node *child(const struct dgl_docx_node *n, const char *local)
{
    for (const struct dgl_docx_node *k = n ? n->first : NULL; k; k = k->next)
        if (is_named(k, local))
            return k;
    return NULL;
}

// ---- what the data says

static enum dgl_status bad(const struct feed *f, const char *what)
{
    return DGL_FAIL_FIELD(f->err, DGL_E_INVALID, "invalid_chart", "replace_charts",
                          "the data of the chart \"%.*s\": %s", (int)dgl_utf8_cut(f->name.data, f->name.len, 60),
                          f->name.data, what);
}

static enum dgl_status read_data(struct feed *f, struct dgl_value v)
{
    if (v.kind != DGL_VALUE_DICT)
        return bad(f, "it must be an object with \"categories\" and \"series\"");
    f->categories = dgl_rich_field(v, "categories");
    f->series = dgl_rich_field(v, "series");
    if (f->series.kind != DGL_VALUE_LIST || dgl_value_length(f->series) == 0)
        return bad(f, "\"series\" must be a list of {\"name\", \"values\"}");
    f->points = f->categories.kind == DGL_VALUE_LIST ? dgl_value_length(f->categories) : 0;
    f->series_count = dgl_value_length(f->series);
    for (size_t i = 0; i < f->series_count; i++) {
        struct dgl_value s = dgl_value_list_get(f->series, i);
        struct dgl_value values = s.kind == DGL_VALUE_DICT ? dgl_rich_field(s, "values") : s;
        if (s.kind != DGL_VALUE_DICT || values.kind != DGL_VALUE_LIST)
            return bad(f, "each of \"series\" must be an object with a list of \"values\"");
        for (size_t k = 0; k < dgl_value_length(values); k++) {
            enum dgl_value_kind kind = dgl_value_list_get(values, k).kind;
            if (kind != DGL_VALUE_INT && kind != DGL_VALUE_DOUBLE && kind != DGL_VALUE_NONE)
                return bad(f, "\"values\" must hold numbers, or null for a gap");
        }
        f->points = DGL_MAX(f->points, dgl_value_length(values));
    }
    if (f->series_count > DGL_DOCX_MAX_SERIES || f->points > DGL_DOCX_MAX_POINTS)
        return bad(f, "a chart holds at most 255 series and 32,000 points");
    return DGL_OK;
}

static struct dgl_value series_field(const struct feed *f, size_t series, const char *field)
{
    return dgl_rich_field(dgl_value_list_get(f->series, series), field);
}

static bool is_number(struct dgl_value v)
{
    return v.kind == DGL_VALUE_INT || v.kind == DGL_VALUE_DOUBLE;
}

static bool numeric_categories(const struct feed *f)
{
    for (size_t i = 0; i < dgl_value_length(f->categories); i++)
        if (!is_number(dgl_value_list_get(f->categories, i)))
            return false;
    return dgl_value_length(f->categories) > 0;
}

static enum dgl_status put_value(const struct feed *f, struct dgl_buf *out, struct dgl_value v)
{
    struct dgl_str s = dgl_rich_text(v);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1u << 20);
    if (v.kind != DGL_VALUE_STRING && v.kind != DGL_VALUE_SAFE) {
        DGL_TRY(dgl_value_print(v, f->w->env->budget, &text, f->err));
        s = (struct dgl_str){text.data ? text.data : "", text.len};
    }
    dgl_docx_write_plain(out, s.data, s.len);
    return DGL_OK;
}

#define CATEGORIES SIZE_MAX // their column; series stand behind it

// "A" for the categories, "B" for series 0, "AA" for 25.
static void put_column(struct dgl_buf *b, size_t column)
{
    size_t n = column == CATEGORIES ? 0 : column + 1;
    if (n >= 26)
        dgl_buf_putc(b, (char)('A' + n / 26 - 1));
    dgl_buf_putc(b, (char)('A' + n % 26));
}

// ---- the chart

static void tag(struct feed *f, const char *open, const char *name, const char *close)
{
    dgl_buf_printf(f->out, "%s%.*s%s%s", open, f->prefix_len, f->prefix, name, close);
}

static enum dgl_status put_point(struct feed *f, size_t index, struct dgl_value v)
{
    if (v.kind == DGL_VALUE_NONE || v.kind == DGL_VALUE_UNDEFINED)
        return DGL_OK;
    tag(f, "<", "pt", "");
    dgl_buf_printf(f->out, " idx=\"%zu\"><%.*sv>", index, f->prefix_len, f->prefix);
    DGL_TRY(put_value(f, f->out, v));
    tag(f, "</", "v", ">");
    tag(f, "</", "pt", ">");
    return DGL_OK;
}

static const struct dgl_docx_node *format_code(const struct dgl_docx_node *n)
{
    const struct dgl_docx_node *ref = child(n, "numRef");
    const struct dgl_docx_node *cache = child(ref ? ref : n, ref ? "numCache" : "numLit");
    return child(cache, "formatCode");
}

// A reference into the sheet with what stands there; `values` is one value or a list.
static enum dgl_status put_reference(struct feed *f, const struct dgl_docx_node *old, bool numbers, size_t column,
                                     bool head, struct dgl_value values)
{
    size_t count = head ? 1 : f->points;
    tag(f, "<", numbers ? "numRef" : "strRef", ">");
    tag(f, "<", "f", ">");
    dgl_buf_puts(f->out, "Sheet1!$");
    put_column(f->out, column);
    if (head) {
        dgl_buf_puts(f->out, "$1");
    } else {
        dgl_buf_puts(f->out, "$2:$");
        put_column(f->out, column);
        dgl_buf_printf(f->out, "$%zu", f->points + 1);
    }
    tag(f, "</", "f", ">");
    tag(f, "<", numbers ? "numCache" : "strCache", ">");
    if (numbers && old && format_code(old))
        dgl_docx_serialize(format_code(old), f->out);
    tag(f, "<", "ptCount", "");
    dgl_buf_printf(f->out, " val=\"%zu\"/>", count);
    if (head)
        DGL_TRY(put_point(f, 0, values));
    else
        for (size_t i = 0; i < dgl_value_length(values); i++)
            DGL_TRY(put_point(f, i, dgl_value_list_get(values, i)));
    tag(f, "</", numbers ? "numCache" : "strCache", ">");
    tag(f, "</", numbers ? "numRef" : "strRef", ">");
    return DGL_OK;
}

static enum dgl_status put_name(struct feed *f, size_t i)
{
    struct dgl_value name = series_field(f, i, "name");
    if (name.kind == DGL_VALUE_UNDEFINED || name.kind == DGL_VALUE_NONE)
        return DGL_OK;
    tag(f, "<", "tx", ">");
    DGL_TRY(put_reference(f, NULL, false, i, true, name));
    tag(f, "</", "tx", ">");
    return DGL_OK;
}

static enum dgl_status put_categories(struct feed *f, const struct dgl_docx_node *old, const char *element)
{
    if (dgl_value_length(f->categories) == 0 || f->categories.kind != DGL_VALUE_LIST)
        return DGL_OK;
    bool numbers =
        strcmp(element, "xVal") == 0 ? numeric_categories(f) : old && child(old, "numRef") && numeric_categories(f);
    tag(f, "<", element, ">");
    DGL_TRY(put_reference(f, old, numbers, CATEGORIES, false, f->categories));
    tag(f, "</", element, ">");
    return DGL_OK;
}

static void put_number(struct feed *f, const char *name, size_t i)
{
    tag(f, "<", name, "");
    dgl_buf_printf(f->out, " val=\"%zu\"/>", i);
}

static bool is_left_out(const struct feed *f, const struct dgl_docx_node *k, bool copy)
{
    if (is_named(k, "extLst"))
        return true; // the identity of a series, labels taken from cells
    if (copy && (is_named(k, "spPr") || is_named(k, "dPt") || is_named(k, "marker")))
        return true;
    if (!is_named(k, "dPt"))
        return false;
    const struct dgl_docx_node *idx = child(k, "idx");
    struct dgl_str v = idx ? dgl_docx_node_attr_value(idx, "val") : (struct dgl_str){"", 0};
    int64_t n = 0;
    return !dgl_parse_int64(v.data, v.len, 0, INT32_MAX, &n) || (size_t)n >= f->points;
}

// The colours Word gives: those of the theme in turn.
static void put_colour(struct feed *f, size_t i)
{
    tag(f, "<", "spPr", "");
    dgl_buf_printf(f->out,
                   " xmlns:dgl=\"%smain\"><dgl:solidFill><dgl:schemeClr val=\"accent%zu\"/></dgl:solidFill><dgl:ln "
                   "w=\"28575\"><dgl:solidFill><dgl:schemeClr val=\"accent%zu\"/></dgl:solidFill></dgl:ln>",
                   f->w->docx->strict ? "http://purl.oclc.org/ooxml/drawingml/"
                                      : "http://schemas.openxmlformats.org/drawingml/2006/",
                   i % 6 + 1, i % 6 + 1);
    tag(f, "</", "spPr", ">");
}

// Series `i` in the form of `n`; `copy`: n is the form of an earlier one.
static enum dgl_status put_series(struct feed *f, const struct dgl_docx_node *n, size_t i, bool copy)
{
    bool categories = child(n, "cat") || child(n, "xVal");
    dgl_docx_put_open(n, f->out);
    for (const struct dgl_docx_node *k = n->first; k; k = k->next) {
        if (is_left_out(f, k, copy) || is_named(k, "tx"))
            continue;
        if (is_named(k, "idx")) {
            put_number(f, "idx", i);
        } else if (is_named(k, "order")) {
            put_number(f, "order", i);
            DGL_TRY(put_name(f, i));
            if (copy)
                put_colour(f, i);
        } else if (is_named(k, "cat") || is_named(k, "xVal")) {
            DGL_TRY(put_categories(f, k, is_named(k, "cat") ? "cat" : "xVal"));
        } else if (is_named(k, "val") || is_named(k, "yVal")) {
            const char *element = is_named(k, "val") ? "val" : "yVal";
            if (!categories)
                DGL_TRY(put_categories(f, NULL, is_named(k, "val") ? "cat" : "xVal"));
            tag(f, "<", element, ">");
            DGL_TRY(put_reference(f, k, true, i, false, series_field(f, i, "values")));
            tag(f, "</", element, ">");
        } else {
            dgl_docx_serialize(k, f->out);
        }
    }
    dgl_docx_put_close(n, f->out);
    return dgl_budget_tick(f->w->env->budget, f->err);
}

static void count_series(const struct dgl_docx_node *n, size_t *ret)
{
    for (const struct dgl_docx_node *k = n->first; k; k = k->next) {
        *ret += is_named(k, "ser");
        count_series(k, ret);
    }
}

static enum dgl_status put_node(struct feed *f, const struct dgl_docx_node *n)
{
    if (is_named(n, "ser")) {
        size_t i = f->at++;
        if (i < f->series_count)
            DGL_TRY(put_series(f, n, i, false));
        for (i = f->in_template; f->at == f->in_template && i < f->series_count; i++)
            DGL_TRY(put_series(f, n, i, true));
        return DGL_OK;
    }
    if (f->linked && is_named(n, "externalData"))
        return DGL_OK;
    if (n->kind != DGL_NODE_ELEMENT || !n->first) {
        dgl_docx_serialize(n, f->out);
        return DGL_OK;
    }
    dgl_docx_put_open(n, f->out);
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        DGL_TRY(put_node(f, k));
    dgl_docx_put_close(n, f->out);
    return DGL_OK;
}

// ---- the workbook (ECMA-376 Part 1, 18)

static enum dgl_status put_cell(const struct feed *f, struct dgl_buf *b, size_t column, size_t row, struct dgl_value v)
{
    if (v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_NONE)
        return DGL_OK;
    dgl_buf_puts(b, "<c r=\"");
    put_column(b, column);
    dgl_buf_printf(b, "%zu\"", row);
    dgl_buf_puts(b, is_number(v) ? "><v>" : " t=\"inlineStr\"><is><t>");
    DGL_TRY(put_value(f, b, v));
    dgl_buf_puts(b, is_number(v) ? "</v></c>" : "</t></is></c>");
    return DGL_OK;
}

static enum dgl_status put_sheet(const struct feed *f, struct dgl_buf *b)
{
    dgl_buf_puts(b,
                 XML_HEAD "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>"
                          "<row r=\"1\">");
    for (size_t i = 0; i < f->series_count; i++)
        DGL_TRY(put_cell(f, b, i, 1, series_field(f, i, "name")));
    dgl_buf_puts(b, "</row>");
    for (size_t row = 0; row < f->points; row++) {
        DGL_TRY(dgl_budget_tick(f->w->env->budget, f->err));
        dgl_buf_printf(b, "<row r=\"%zu\">", row + 2);
        if (f->categories.kind == DGL_VALUE_LIST && row < dgl_value_length(f->categories))
            DGL_TRY(put_cell(f, b, CATEGORIES, row + 2, dgl_value_list_get(f->categories, row)));
        for (size_t i = 0; i < f->series_count; i++) {
            struct dgl_value values = series_field(f, i, "values");
            if (row < dgl_value_length(values))
                DGL_TRY(put_cell(f, b, i, row + 2, dgl_value_list_get(values, row)));
        }
        dgl_buf_puts(b, "</row>");
    }
    dgl_buf_puts(b, "</sheetData></worksheet>");
    return dgl_buf_check(b, "the data of a chart", f->err);
}

#define PACKAGE_NS "http://schemas.openxmlformats.org/package/2006/"
#define OFFICE_NS "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define SHEET_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml."

static enum dgl_status put_workbook(const struct feed *f, struct dgl_buf *out)
{
    static const struct {
        const char *name, *data;
    } parts[] = {
        {"[Content_Types].xml",
         XML_HEAD "<Types xmlns=\"" PACKAGE_NS "content-types\"><Default Extension=\"rels\" ContentType=\""
                  "application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" "
                  "ContentType=\"" SHEET_TYPE "sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" "
                  "ContentType=\"" SHEET_TYPE "worksheet+xml\"/></Types>"},
        {"_rels/.rels",
         XML_HEAD "<Relationships xmlns=\"" PACKAGE_NS "relationships\"><Relationship Id=\"rId1\" Type=\"" OFFICE_NS
                  "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"},
        {"xl/workbook.xml", XML_HEAD "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" "
                                     "xmlns:r=\"" OFFICE_NS "\"><sheets><sheet name=\"Sheet1\" sheetId=\"1\" "
                                     "r:id=\"rId1\"/></sheets></workbook>"},
        {"xl/_rels/workbook.xml.rels", XML_HEAD "<Relationships xmlns=\"" PACKAGE_NS "relationships\"><Relationship "
                                                "Id=\"rId1\" Type=\"" OFFICE_NS "/worksheet\" "
                                                "Target=\"worksheets/sheet1.xml\"/></Relationships>"},
    };
    DGL_AUTO_FINI(buf) sheet = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_TRY(put_sheet(f, &sheet));
    DGL_AUTO(zip_writer) zip = dgl_zip_writer_new(out, 1);
    for (size_t i = 0; i < DGL_COUNT(parts); i++)
        DGL_TRY(dgl_zip_writer_add(zip, parts[i].name, parts[i].data, strlen(parts[i].data), f->err));
    DGL_TRY(dgl_zip_writer_add(zip, "xl/worksheets/sheet1.xml", sheet.data, sheet.len, f->err));
    DGL_TRY(dgl_zip_writer_finish(zip, f->err));
    return dgl_buf_check(out, "the data of a chart", f->err);
}

enum dgl_status dgl_chart_write(struct dgl_docx_writer *w, struct dgl_str name, struct dgl_value data,
                                const struct dgl_docx_tree *tree, bool has_workbook, struct dgl_buf *ret_chart,
                                struct dgl_buf *ret_workbook, struct dgl_error *err)
{
    const struct dgl_str root = tree->root->qname;
    const char *colon = memchr(root.data, ':', root.len);
    struct feed f = {.w = w,
                     .name = name,
                     .prefix = root.data,
                     .prefix_len = colon ? (int)(colon - root.data) + 1 : 0,
                     .linked = !has_workbook,
                     .out = ret_chart,
                     .err = err};
    DGL_TRY(read_data(&f, data));
    count_series(tree->root, &f.in_template);
    if (f.in_template == 0)
        return bad(&f, "the template's chart has no series whose form could be used");
    dgl_buf_puts(ret_chart, XML_HEAD);
    DGL_TRY(put_node(&f, tree->root));
    return has_workbook ? put_workbook(&f, ret_workbook) : DGL_OK;
}
