// Blocks of rich text, as JSON gives them or as Markdown and HTML are read into:
//
//   paragraph   "text", or {"runs" or "text", "style", "align"} and at most one kind:
//               {"heading": 1…6} · {"list": "bullet"|"number", "level", "start"} · {"indent": n} · {"quote": true}
//   rule        {"rule": true}
//   page break  {"page_break": true}
//   table       {"table": {"rows": [[cell, …], …], "header", "style", "widths", "align"}}; a cell is text, runs or
//               {"paragraphs": […], "colspan"}
//
// The template's styles are used where it has them: "heading 1"…, "List Bullet", "List Number", "List Paragraph",
// "Quote", "Table Grid" and the like by name or id; else the same look is written out.
#include "render/docx/flow.h"
#include "render/docx/rich.h"
#include "render/docx/subdoc.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIST_LEVELS 9u
#define EMU_PER_TWIP 635u

struct lists { // what is going on, by level
    uint32_t num[LIST_LEVELS];
    bool ordered[LIST_LEVELS];
};

static bool truthy(struct dgl_value v, const char *name)
{
    return dgl_value_truthy(dgl_rich_field(v, name));
}

static enum dgl_status read_number(struct dgl_value v, const char *name, int64_t low, int64_t high, int64_t otherwise,
                                   int64_t *ret, struct dgl_error *err)
{
    struct dgl_value f = dgl_rich_field(v, name);
    *ret = otherwise;
    if (f.kind == DGL_VALUE_UNDEFINED || f.kind == DGL_VALUE_NONE)
        return DGL_OK;
    if (f.kind != DGL_VALUE_INT || f.as.integer < low || f.as.integer > high)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_rich_text", name,
                              "rich text: \"%s\" must be a whole number from %lld to %lld", name, (long long)low,
                              (long long)high);
    *ret = f.as.integer;
    return DGL_OK;
}

static const struct dgl_docx_style *style_named(const struct dgl_docx_writer *w, const char *name, char type)
{
    return dgl_rich_find_style(w->docx, dgl_str_of(name), type);
}

// ---- one paragraph's properties

struct block {
    int64_t heading, level, start, indent;
    bool listed, ordered, quote, rule;
    struct dgl_str align;
    const struct dgl_docx_style *style;
    uint32_t num; // 0: none, or the style's own
};

static enum dgl_status read_block(struct dgl_value v, struct block *b, struct dgl_error *err)
{
    static const char *const sides[] = {"left", "center", "right", "both", "justify"};
    struct dgl_str list = dgl_rich_text(dgl_rich_field(v, "list"));
    *b = (struct block){.align = dgl_rich_text(dgl_rich_field(v, "align"))};
    if (b->align.len && !dgl_rich_is_one_of(b->align, sides, DGL_COUNT(sides)))
        return dgl_rich_bad_field("align", b->align, "left, center, right or justify", err);
    if (list.len && !dgl_str_is(list, "bullet") && !dgl_str_is(list, "number"))
        return dgl_rich_bad_field("list", list, "bullet or number", err);
    b->listed = list.len > 0;
    b->ordered = dgl_str_is(list, "number");
    b->quote = truthy(v, "quote");
    b->rule = truthy(v, "rule");
    DGL_TRY(read_number(v, "heading", 0, 9, 0, &b->heading, err));
    DGL_TRY(read_number(v, "level", 0, LIST_LEVELS - 1, 0, &b->level, err));
    DGL_TRY(read_number(v, "start", 0, 32767, -1, &b->start, err));
    return read_number(v, "indent", 0, LIST_LEVELS, 0, &b->indent, err);
}

static const struct dgl_docx_style *list_style(const struct dgl_docx_writer *w, const struct block *b)
{
    char name[32];
    snprintf(name, sizeof name, b->level ? "List %s %d" : "List %s", b->ordered ? "Number" : "Bullet",
             (int)b->level + 1);
    const struct dgl_docx_style *s = style_named(w, name, 'p');
    return s && s->num_id ? s : NULL;
}

static enum dgl_status join_list(struct dgl_docx_writer *w, struct block *b, struct lists *l, struct dgl_error *err)
{
    const struct dgl_docx_style *own = list_style(w, b);
    unsigned level = (unsigned)b->level;
    bool begins = l->num[level] == 0 || l->ordered[level] != b->ordered || b->start >= 0;
    b->style = own ? own : style_named(w, "List Paragraph", 'p');
    if (begins && b->ordered)
        DGL_TRY(dgl_numbering_list(w, own ? 0 : level, b->start >= 0 ? b->start : 1, own ? own->num_id : 0,
                                   &l->num[level], err));
    else if (begins && own)
        l->num[level] = own->num_id;
    else if (begins)
        DGL_TRY(dgl_numbering_bullets(w, &l->num[level], err));
    l->ordered[level] = b->ordered;
    for (unsigned i = level + 1; i < LIST_LEVELS; i++)
        l->num[i] = 0;
    b->num = own && !b->ordered ? 0 : l->num[level]; // the style brings its bullet
    if (own)
        b->level = 0;
    return DGL_OK;
}

static enum dgl_status choose_style(struct dgl_docx_writer *w, struct dgl_value v, struct block *b, struct lists *l,
                                    struct dgl_error *err)
{
    char name[24];
    if (b->listed)
        DGL_TRY(join_list(w, b, l, err));
    else if (b->indent == 0)
        memset(l, 0, sizeof *l);
    if (b->heading) {
        snprintf(name, sizeof name, "heading %d", (int)b->heading);
        b->style = style_named(w, name, 'p');
    } else if (b->quote) {
        b->style = style_named(w, "Quote", 'p');
    }
    struct dgl_str wanted = dgl_rich_text(dgl_rich_field(v, "style"));
    if (wanted.len == 0)
        return DGL_OK;
    const struct dgl_docx_style *given = dgl_rich_find_style(w->docx, wanted, 'p');
    if (given)
        b->style = given;
    else
        dgl_docx_warn(w, "the template has no paragraph style \"%.*s\"", (int)dgl_utf8_cut(wanted.data, wanted.len, 60),
                      wanted.data);
    return DGL_OK;
}

// In the order of CT_PPr (ECMA-376 Part 1, 17.3.1.26).
static void put_properties(struct dgl_buf *out, const struct block *b)
{
    bool plain_heading = b->heading && !b->style;
    int64_t indent = b->indent ? b->indent * 720 : b->quote && !b->style ? 720 : 0;
    dgl_buf_puts(out, "<w:pPr>");
    if (b->style) {
        dgl_rich_put_attr(out, "<w:pStyle w:val=\"", b->style->id);
        dgl_buf_puts(out, "/>");
    }
    if (plain_heading)
        dgl_buf_puts(out, "<w:keepNext/>");
    if (b->num)
        dgl_buf_printf(out, "<w:numPr><w:ilvl w:val=\"%d\"/><w:numId w:val=\"%u\"/></w:numPr>", (int)b->level, b->num);
    if (b->rule)
        dgl_buf_puts(out, "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"6\" w:space=\"1\" w:color=\"auto\"/></w:pBdr>");
    if (plain_heading)
        dgl_buf_puts(out, "<w:spacing w:before=\"240\" w:after=\"80\"/>");
    if (indent)
        dgl_buf_printf(out, "<w:ind w:left=\"%d\"/>", (int)indent);
    if (b->listed)
        dgl_buf_puts(out, "<w:contextualSpacing/>");
    if (dgl_str_is(b->align, "justify"))
        dgl_buf_puts(out, "<w:jc w:val=\"both\"/>");
    else if (b->align.len)
        dgl_buf_printf(out, "<w:jc w:val=\"%.*s\"/>", (int)b->align.len, b->align.data);
    if (plain_heading)
        dgl_buf_printf(out, "<w:outlineLvl w:val=\"%d\"/>", (int)b->heading - 1);
    dgl_buf_puts(out, "</w:pPr>");
}

static struct dgl_docx_node *run_properties(struct dgl_docx_writer *w, unsigned half_points)
{
    struct dgl_arena *a = w->env->arena;
    const char *size = dgl_arena_printf(a, "%u", half_points); // the nodes borrow it
    struct dgl_docx_node *pr = dgl_docx_node_element(a, DGL_EL_W_RPR, "w:rPr", NULL, NULL);
    dgl_docx_node_append(pr, dgl_docx_node_element(a, DGL_EL_W_OTHER, "w:b", NULL, NULL));
    if (half_points) {
        dgl_docx_node_append(pr, dgl_docx_node_element(a, DGL_EL_W_OTHER, "w:sz", "w:val", size));
        dgl_docx_node_append(pr, dgl_docx_node_element(a, DGL_EL_W_OTHER, "w:szCs", "w:val", size));
    }
    return pr;
}

// Runs of headings have the heading's look, not that of the run with the tag.
static void choose_run(struct dgl_docx_writer *w, const struct block *b, struct dgl_docx_context *x)
{
    static const unsigned sizes[] = {0, 36, 30, 26, 24, 22, 22, 22, 22, 22};
    if (b->heading) {
        x->run_pr = b->style ? NULL : run_properties(w, sizes[b->heading]);
        struct dgl_buf open = DGL_BUF_INIT(4096);
        dgl_buf_puts(&open, "<w:r>");
        if (x->run_pr)
            dgl_docx_serialize(x->run_pr, &open);
        x->run_open = (struct dgl_str){dgl_arena_strndup(w->env->arena, open.data, open.len), open.len};
        dgl_buf_fini(&open);
    }
}

// ---- paragraphs

static bool needs_own_properties(struct dgl_value v)
{
    static const char *const fields[] = {"style", "align", "heading", "list", "indent", "quote", "rule"};
    for (size_t i = 0; v.kind == DGL_VALUE_DICT && i < DGL_COUNT(fields); i++)
        if (dgl_rich_has(v, fields[i]))
            return true;
    return false;
}

static enum dgl_status write_content(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                     struct dgl_error *err)
{
    if (v.kind == DGL_VALUE_DICT && dgl_rich_has(v, "runs"))
        return dgl_rich_write_runs(w, x, dgl_rich_field(v, "runs"), 0, err);
    if (v.kind == DGL_VALUE_DICT)
        return dgl_rich_write_run(w, x, v, false, err);
    return dgl_rich_write_runs(w, x, v, 0, err);
}

static enum dgl_status write_paragraph(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                       struct lists *l, struct dgl_error *err)
{
    struct block b;
    struct dgl_docx_context own = *x;
    if (!needs_own_properties(v)) {
        memset(l, 0, sizeof *l);
        dgl_docx_go(w, x, DGL_LEVEL_PARAGRAPH);
        DGL_TRY(write_content(w, x, v, err));
        dgl_docx_go(w, x, DGL_LEVEL_BLOCK);
        return DGL_OK;
    }
    DGL_TRY(read_block(v, &b, err));
    DGL_TRY(choose_style(w, v, &b, l, err));
    choose_run(w, &b, &own);
    struct dgl_buf open = DGL_BUF_INIT(1u << 16);
    dgl_buf_puts(&open, "<w:p>");
    put_properties(&open, &b);
    own.para_open = (struct dgl_str){dgl_arena_strndup(w->env->arena, open.data, open.len), open.len};
    own.para_close = DGL_STR("</w:p>");
    own.can_split = true;
    dgl_buf_fini(&open);
    dgl_docx_go(w, &own, DGL_LEVEL_PARAGRAPH);
    if (!b.rule)
        DGL_TRY(write_content(w, &own, v, err));
    dgl_docx_go(w, &own, DGL_LEVEL_BLOCK);
    return DGL_OK;
}

// ---- tables

static bool ends_with(const struct dgl_buf *b, const char *s)
{
    size_t n = strlen(s);
    return b->len >= n && memcmp(b->data + b->len - n, s, n) == 0;
}

static enum dgl_status span_of(struct dgl_value cell, int64_t *ret, struct dgl_error *err)
{
    *ret = 1;
    return cell.kind == DGL_VALUE_DICT ? read_number(cell, "colspan", 1, DGL_DOCX_MAX_COLUMNS, 1, ret, err) : DGL_OK;
}

static enum dgl_status count_columns(struct dgl_value rows, uint32_t *ret, struct dgl_error *err)
{
    int64_t most = 0;
    if (rows.kind != DGL_VALUE_LIST)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_rich_text", "rows",
                              "rich text: a table's \"rows\" must be a list of lists of cells");
    for (size_t i = 0; i < dgl_value_length(rows); i++) {
        struct dgl_value row = dgl_value_list_get(rows, i);
        int64_t n = 0, span = 0;
        if (row.kind != DGL_VALUE_LIST)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_rich_text", "rows",
                                  "rich text: a table's \"rows\" must be a list of lists of cells");
        for (size_t k = 0; k < dgl_value_length(row); k++) {
            DGL_TRY(span_of(dgl_value_list_get(row, k), &span, err));
            n += span;
        }
        most = DGL_MAX(most, n);
    }
    if (most > DGL_DOCX_MAX_COLUMNS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_columns", "a table holds at most %u columns",
                             DGL_DOCX_MAX_COLUMNS);
    *ret = (uint32_t)most;
    return DGL_OK;
}

struct table {
    struct dgl_value value, align;
    uint32_t columns, widths[DGL_DOCX_MAX_COLUMNS]; // twentieths of a point
    bool header;
};

// Columns share the text's width, in the proportion of "widths" where that is given.
static void share_width(struct table *t, uint32_t text_width_emu)
{
    struct dgl_value widths = dgl_rich_field(t->value, "widths");
    double parts[DGL_DOCX_MAX_COLUMNS], sum = 0;
    for (uint32_t i = 0; i < t->columns; i++) {
        struct dgl_value p = widths.kind == DGL_VALUE_LIST && i < dgl_value_length(widths)
                                 ? dgl_value_list_get(widths, i)
                                 : (struct dgl_value){.kind = DGL_VALUE_UNDEFINED};
        double d = p.kind == DGL_VALUE_INT ? (double)p.as.integer : p.kind == DGL_VALUE_DOUBLE ? p.as.number : 1;
        parts[i] = d > 0 && d < 1e6 ? d : 1;
        sum += parts[i];
    }
    double room = text_width_emu ? (double)text_width_emu / EMU_PER_TWIP : 9026;
    for (uint32_t i = 0; i < t->columns; i++)
        t->widths[i] = (uint32_t)fmax(100, floor(room * parts[i] / sum));
}

static void open_table(struct dgl_docx_writer *w, const struct table *t)
{
    struct dgl_str wanted = dgl_rich_text(dgl_rich_field(t->value, "style"));
    const struct dgl_docx_style *style = dgl_rich_find_style(w->docx, wanted.len ? wanted : DGL_STR("Table Grid"), 't');
    struct dgl_buf *b = w->xml;
    if (wanted.len && !style)
        dgl_docx_warn(w, "the template has no table style \"%.*s\"", (int)dgl_utf8_cut(wanted.data, wanted.len, 60),
                      wanted.data);
    dgl_buf_puts(b, "<w:tbl><w:tblPr>");
    if (style) {
        dgl_rich_put_attr(b, "<w:tblStyle w:val=\"", style->id);
        dgl_buf_puts(b, "/>");
    }
    dgl_buf_puts(b, "<w:tblW w:w=\"0\" w:type=\"auto\"/>");
    if (!style) {
        static const char *const sides[] = {"top", "left", "bottom", "right", "insideH", "insideV"};
        dgl_buf_puts(b, "<w:tblBorders>");
        for (size_t i = 0; i < DGL_COUNT(sides); i++)
            dgl_buf_printf(b, "<w:%s w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"auto\"/>", sides[i]);
        dgl_buf_puts(b, "</w:tblBorders>");
    }
    dgl_buf_printf(b,
                   "<w:tblLook w:val=\"%s\" w:firstRow=\"%d\" w:lastRow=\"0\" w:firstColumn=\"0\" "
                   "w:lastColumn=\"0\" w:noHBand=\"0\" w:noVBand=\"1\"/></w:tblPr><w:tblGrid>",
                   t->header ? "0420" : "0400", t->header);
    for (uint32_t i = 0; i < t->columns; i++)
        dgl_buf_printf(b, "<w:gridCol w:w=\"%u\"/>", t->widths[i]);
    dgl_buf_puts(b, "</w:tblGrid>");
}

static void open_cell_paragraph(struct dgl_docx_writer *w, const struct table *t, uint32_t column, bool head,
                                struct dgl_docx_context *x)
{
    static const char *const sides[] = {"center", "right"};
    struct dgl_value align = t->align.kind == DGL_VALUE_LIST && column < dgl_value_length(t->align)
                                 ? dgl_value_list_get(t->align, column)
                                 : (struct dgl_value){.kind = DGL_VALUE_UNDEFINED};
    struct dgl_str side = dgl_rich_text(align);
    x->para_close = DGL_STR("</w:p>");
    x->para_open = DGL_STR("<w:p>");
    for (size_t i = 0; i < DGL_COUNT(sides); i++)
        if (dgl_str_is(side, sides[i]))
            x->para_open = i ? DGL_STR("<w:p><w:pPr><w:jc w:val=\"right\"/></w:pPr>")
                             : DGL_STR("<w:p><w:pPr><w:jc w:val=\"center\"/></w:pPr>");
    if (head) {
        x->run_pr = run_properties(w, 0);
        x->run_open = DGL_STR("<w:r><w:rPr><w:b/></w:rPr>");
    }
}

static enum dgl_status write_cell(struct dgl_docx_writer *w, const struct dgl_docx_context *x, const struct table *t,
                                  struct dgl_value cell, uint32_t *column, bool head, unsigned depth,
                                  struct dgl_error *err)
{
    int64_t span = 1;
    uint32_t width = 0;
    struct dgl_docx_context own = *x;
    DGL_TRY(span_of(cell, &span, err));
    for (uint32_t i = *column; i < *column + span && i < t->columns; i++)
        width += t->widths[i];
    own.text_width_emu = width > 316 ? (width - 216) * EMU_PER_TWIP : width * EMU_PER_TWIP;
    own.where = DGL_WHERE_PARAGRAPH;
    own.can_split = true;
    open_cell_paragraph(w, t, *column, head, &own);
    dgl_buf_printf(w->xml, "<w:tc><w:tcPr><w:tcW w:w=\"%u\" w:type=\"dxa\"/>", width);
    if (span > 1)
        dgl_buf_printf(w->xml, "<w:gridSpan w:val=\"%d\"/>", (int)span);
    dgl_buf_puts(w->xml, "</w:tcPr>");
    if (cell.kind == DGL_VALUE_DICT && dgl_rich_has(cell, "paragraphs")) {
        DGL_TRY(dgl_rich_write_blocks(w, &own, dgl_rich_field(cell, "paragraphs"), depth + 1, err));
    } else if (cell.kind != DGL_VALUE_UNDEFINED && cell.kind != DGL_VALUE_NONE) {
        struct lists lists = {.num = {0}};
        DGL_TRY(write_paragraph(w, &own, cell, &lists, err));
    }
    dgl_buf_puts(w->xml, ends_with(w->xml, "</w:p>") ? "</w:tc>" : "<w:p></w:p></w:tc>");
    *column += (uint32_t)span;
    return DGL_OK;
}

static enum dgl_status write_row(struct dgl_docx_writer *w, const struct dgl_docx_context *x, const struct table *t,
                                 size_t index, unsigned depth, struct dgl_error *err)
{
    struct dgl_value row = dgl_value_list_get(dgl_rich_field(t->value, "rows"), index);
    bool head = t->header && index == 0;
    uint32_t column = 0;
    dgl_buf_puts(w->xml, head ? "<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>" : "<w:tr>");
    for (size_t i = 0; i < dgl_value_length(row); i++)
        DGL_TRY(write_cell(w, x, t, dgl_value_list_get(row, i), &column, head, depth, err));
    while (column < t->columns) // a short row is filled up
        DGL_TRY(write_cell(w, x, t, (struct dgl_value){.kind = DGL_VALUE_NONE}, &column, head, depth, err));
    dgl_buf_puts(w->xml, "</w:tr>");
    return dgl_budget_tick(w->env->budget, err);
}

static enum dgl_status write_table(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                   unsigned depth, struct dgl_error *err)
{
    struct table t = {.value = v, .align = dgl_rich_field(v, "align"), .header = truthy(v, "header")};
    if (v.kind != DGL_VALUE_DICT)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_rich_text", "table",
                              "rich text: a \"table\" must be an object with \"rows\"");
    DGL_TRY(count_columns(dgl_rich_field(v, "rows"), &t.columns, err));
    if (t.columns == 0)
        return DGL_OK;
    share_width(&t, x->text_width_emu);
    if (ends_with(w->xml, "</w:tbl>"))
        dgl_buf_puts(w->xml, "<w:p></w:p>");
    open_table(w, &t);
    for (size_t i = 0; i < dgl_value_length(dgl_rich_field(v, "rows")); i++)
        DGL_TRY(write_row(w, x, &t, i, depth, err));
    dgl_buf_puts(w->xml, "</w:tbl>");
    return DGL_OK;
}

// ---- all of them

static enum dgl_status write_block(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                   struct lists *lists, unsigned depth, struct dgl_error *err)
{
    DGL_TRY(dgl_budget_tick(w->env->budget, err));
    if (v.kind == DGL_VALUE_DICT && dgl_rich_has(v, "table")) {
        memset(lists, 0, sizeof *lists);
        return write_table(w, x, dgl_rich_field(v, "table"), depth, err);
    }
    if (v.kind == DGL_VALUE_DICT && dgl_rich_has(v, "subdoc")) {
        memset(lists, 0, sizeof *lists);
        return dgl_docx_write_subdoc(w, x, v, err);
    }
    if (v.kind == DGL_VALUE_DICT && truthy(v, "page_break")) {
        dgl_buf_puts(w->xml, "<w:p><w:r><w:br w:type=\"page\"/></w:r></w:p>");
        return DGL_OK;
    }
    return write_paragraph(w, x, v, lists, err);
}

// Behind `*at`, when the output goes on with one of the elements that open an empty paragraph.
static bool skip_opening(const char **at, const char *end)
{
    static const char *const whole[] = {"<w:pPr>", "</w:pPr>", "<w:rPr>", "</w:rPr>"};
    static const char *const opens[] = {"<w:r>", "<w:t>", "<w:t xml:space=\"preserve\">", "<w:pPr/>", "<w:rPr/>"};
    size_t left = (size_t)(end - *at);
    for (size_t i = 0; i < DGL_COUNT(whole); i += 2)
        if (left > strlen(whole[i]) && memcmp(*at, whole[i], strlen(whole[i])) == 0) {
            const char *close = memmem(*at, left, whole[i + 1], strlen(whole[i + 1]));
            *at = close ? close + strlen(whole[i + 1]) : *at;
            return close != NULL;
        }
    for (size_t i = 0; i < DGL_COUNT(opens); i++)
        if (left >= strlen(opens[i]) && memcmp(*at, opens[i], strlen(opens[i])) == 0) {
            *at += strlen(opens[i]);
            return true;
        }
    return false;
}

// A paragraph that shows nothing before the blocks is taken back.
static void drop_empty_start(struct dgl_docx_writer *w)
{
    struct dgl_buf *b = w->xml;
    size_t start = b->len, stop = b->len > 8192 ? b->len - 8192 : 0;
    while (start > stop && !(b->len - start >= 5 && memcmp(b->data + start, "<w:p", 4) == 0 &&
                             (b->data[start + 4] == '>' || b->data[start + 4] == ' ')))
        start--;
    const char *end = b->data + b->len;
    const char *at = b->len - start >= 5 ? memchr(b->data + start, '>', b->len - start) : NULL;
    if (!at || memcmp(b->data + start, "<w:p", 4) != 0)
        return;
    for (at++; at < end;)
        if (!skip_opening(&at, end))
            return;
    b->len = start;
    w->level = DGL_LEVEL_BLOCK;
}

enum dgl_status dgl_rich_write_blocks(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                      struct dgl_value blocks, unsigned depth, struct dgl_error *err)
{
    struct lists lists = {.num = {0}};
    if (depth > DGL_DOCX_MAX_MARKUP_TABLES)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_rich_text", "rich text nests tables more than %u deep",
                             DGL_DOCX_MAX_MARKUP_TABLES);
    if (w->level == DGL_LEVEL_TEXT && x->can_split)
        drop_empty_start(w);
    if (!dgl_docx_go(w, x, DGL_LEVEL_BLOCK))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "misplaced_value",
                             "paragraphs cannot be put here; print them with {{p … }} in a paragraph of their own");
    if (blocks.kind != DGL_VALUE_LIST && blocks.kind != DGL_VALUE_TUPLE)
        return write_block(w, x, blocks, &lists, depth, err);
    for (size_t i = 0; i < dgl_value_length(blocks); i++)
        DGL_TRY(write_block(w, x, dgl_value_list_get(blocks, i), &lists, depth, err));
    return DGL_OK;
}

// Into the tag's paragraph again; the sink takes that back when nothing follows in it (dgl_docx_on_data).
static enum dgl_status come_back(struct dgl_docx_writer *w, const struct dgl_docx_context *x, enum dgl_docx_level base,
                                 struct dgl_error *err)
{
    bool blocks = w->level == DGL_LEVEL_BLOCK && base == DGL_LEVEL_TEXT && ends_with(w->xml, "</w:p>");
    size_t from = w->xml->len;
    if (!dgl_docx_go(w, x, base))
        return DGL_FAIL(err, DGL_E_INTERNAL, "the paragraph cannot be entered again");
    w->reopened_from = from;
    w->reopened_to = blocks ? w->xml->len : 0;
    return DGL_OK;
}

static bool is_block(struct dgl_value v)
{
    static const char *const fields[] = {"table", "heading", "list",   "page_break", "subdoc",
                                         "rule",  "quote",   "indent", "align"};
    for (size_t i = 0; v.kind == DGL_VALUE_DICT && i < DGL_COUNT(fields); i++)
        if (dgl_rich_has(v, fields[i]))
            return true;
    return false;
}

// Runs where the writer stands inside one: that one is closed before and opened again.
static enum dgl_status write_runs_within(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                         struct dgl_value v, enum dgl_docx_level base, struct dgl_error *err)
{
    if (base < DGL_LEVEL_PARAGRAPH)
        dgl_docx_go(w, x, DGL_LEVEL_PARAGRAPH);
    DGL_TRY(dgl_rich_write_runs(w, x, v, 0, err));
    dgl_docx_go(w, x, base);
    return DGL_OK;
}

enum dgl_status dgl_docx_write_rich(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                    struct dgl_error *err)
{
    enum dgl_docx_level base = w->level;
    struct dgl_value blocks = v;
    if (v.kind == DGL_VALUE_DICT && dgl_rich_has(v, "paragraphs"))
        blocks = dgl_rich_field(v, "paragraphs");
    else if (base != DGL_LEVEL_BLOCK && !is_block(v) &&
             !(v.kind == DGL_VALUE_LIST && dgl_value_length(v) && is_block(dgl_value_list_get(v, 0))))
        return write_runs_within(w, x, v, base, err);
    DGL_TRY(dgl_rich_write_blocks(w, x, blocks, 0, err));
    return come_back(w, x, base, err);
}

// ---- markup

enum dgl_status dgl_rich_write_markup(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                      const struct dgl_value_rich *markup, struct dgl_error *err)
{
    enum dgl_docx_level base = w->level;
    struct dgl_flow flow;
    struct dgl_value blocks;
    struct dgl_buf printed = DGL_BUF_INIT(DGL_DOCX_MAX_MARKUP_BYTES);
    enum dgl_status st = dgl_value_print(markup->subject, w->env->budget, &printed, err);
    struct dgl_str source = {printed.data ? printed.data : "", printed.len};
    dgl_flow_init(&flow, w->env->arena, w->env->budget, err);
    if (st == DGL_OK)
        st = strcmp(markup->type, "html") == 0 ? dgl_html_read(&flow, source) : dgl_markdown_read(&flow, source);
    if (st == DGL_OK)
        st = dgl_flow_finish(&flow, &blocks);
    dgl_flow_fini(&flow);
    dgl_buf_fini(&printed);
    DGL_TRY(st);
    size_t count = dgl_value_length(blocks);
    if (count == 0)
        return DGL_OK;
    if (base != DGL_LEVEL_BLOCK && count == 1 && !is_block(dgl_value_list_get(blocks, 0))) {
        DGL_TRY(dgl_rich_write_runs(w, x, dgl_value_list_get(blocks, 0), 0, err));
    } else {
        DGL_TRY(dgl_rich_write_blocks(w, x, blocks, 0, err));
    }
    return come_back(w, x, base, err);
}
