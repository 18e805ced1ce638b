// What the sink does around the few chunks that need it: tables whose rows and columns come from data, ids that must
// not repeat, addresses. All of it happens in the stream; nothing is parsed again.
//
// A table with column loops cannot know its grid before its last row. Cell widths are therefore written with five
// digits and mended in place at the table's end, when the grid is put in; both are linear in the table.
#include "render/docx/writer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const struct dgl_buf *b, const char *s)
{
    size_t n = strlen(s);
    return b->len >= n && memcmp(b->data + b->len - n, s, n) == 0;
}

static void truncate_to(struct dgl_buf *b, size_t len)
{
    if (len < b->len) {
        b->len = len;
        b->data[len] = '\0';
    }
}

static struct dgl_docx_table_state *table(struct dgl_docx_writer *w)
{
    return w->table_count ? &w->tables[w->table_count - 1] : NULL;
}

static enum dgl_status open_table(struct dgl_docx_writer *w, uint32_t grid, struct dgl_error *err)
{
    if (w->table_count == DGL_COUNT(w->tables))
        return DGL_FAIL(err, DGL_E_LIMIT, "tables are nested more than %u deep", DGL_DOCX_MAX_TABLE_DEPTH);
    w->tables[w->table_count++] = (struct dgl_docx_table_state){
        .start = w->xml->len, .grid_at = SIZE_MAX, .grid = grid, .first_width = (uint32_t)w->width_count};
    return DGL_OK;
}

static void open_row(struct dgl_docx_writer *w, uint32_t left_out)
{
    struct dgl_docx_table_state *t = table(w);
    if (!t)
        return;
    t->row_start = w->xml->len;
    t->rows++;
    t->cells = 0;
    t->columns = left_out;
}

void dgl_docx_count_row(struct dgl_docx_writer *w)
{
    if (table(w))
        table(w)->rows++;
}

static enum dgl_status open_cell(struct dgl_docx_writer *w, uint32_t span, struct dgl_error *err)
{
    struct dgl_docx_table_state *t = table(w);
    if (!t)
        return DGL_OK;
    t->cells++;
    if (w->width_count == w->width_cap) {
        size_t cap = w->width_cap ? w->width_cap * 2 : 256;
        DGL_TRY(dgl_budget_memory(w->env->budget, (cap - w->width_cap) * sizeof *w->widths, err));
        w->widths = dgl_realloc(w->widths, cap * sizeof *w->widths);
        w->width_cap = cap;
    }
    w->widths[w->width_count++] =
        (struct dgl_docx_cell_width){.at = SIZE_MAX, .column = t->columns, .span = span, .row = t->rows};
    t->columns += span;
    return DGL_OK;
}

void dgl_docx_span_cell(struct dgl_docx_writer *w, uint32_t span)
{
    struct dgl_docx_table_state *t = table(w);
    if (!t || w->width_count == t->first_width || t->cells == 0)
        return;
    struct dgl_docx_cell_width *c = &w->widths[w->width_count - 1];
    t->columns += span - c->span;
    c->span = span;
}

static void write_width(struct dgl_docx_writer *w, uint32_t width)
{
    struct dgl_docx_table_state *t = table(w);
    if (t && w->width_count > t->first_width) {
        w->widths[w->width_count - 1].at = w->xml->len;
        w->widths[w->width_count - 1].width = width;
    }
    dgl_buf_printf(w->xml, "%05u", width);
}

static enum dgl_status close_row(struct dgl_docx_writer *w, struct dgl_error *err)
{
    struct dgl_docx_table_state *t = table(w);
    if (!t)
        return DGL_OK;
    if (t->cells == 0) {
        truncate_to(w->xml, t->row_start);
        t->rows--;
        return DGL_OK;
    }
    if (t->columns > DGL_DOCX_MAX_COLUMNS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_columns",
                             "a row has %u columns; Word opens tables with at most %u", t->columns,
                             DGL_DOCX_MAX_COLUMNS);
    t->best_columns = DGL_MAX(t->best_columns, t->columns);
    return DGL_OK;
}

// ---- the grid

static uint32_t total_width(const struct dgl_docx_grid *g)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < g->count; i++)
        total += g->widths[i];
    return (uint32_t)DGL_MIN(total, (uint64_t)99999);
}

// The widest row's own cell widths, where it has them for every column.
static bool widths_of_widest_row(const struct dgl_docx_writer *w, const struct dgl_docx_table_state *t,
                                 uint32_t *columns)
{
    uint32_t best_row = 0, best_cells = 0;
    for (size_t i = t->first_width; i < w->width_count;) {
        uint32_t row = w->widths[i].row, cells = 0, reach = 0;
        for (; i < w->width_count && w->widths[i].row == row; i++) {
            cells++;
            reach = w->widths[i].column + w->widths[i].span;
        }
        if (reach == t->best_columns && cells > best_cells) {
            best_cells = cells;
            best_row = row;
        }
    }
    memset(columns, 0, t->best_columns * sizeof *columns);
    for (size_t i = t->first_width; i < w->width_count; i++) {
        const struct dgl_docx_cell_width *c = &w->widths[i];
        if (c->row != best_row)
            continue;
        for (uint32_t k = 0; k < c->span && c->column + k < t->best_columns; k++)
            columns[c->column + k] = c->width / c->span;
    }
    for (uint32_t i = 0; i < t->best_columns; i++)
        if (columns[i] == 0)
            return false;
    return true;
}

static void compute_grid(const struct dgl_docx_writer *w, const struct dgl_docx_table_state *t,
                         const struct dgl_docx_grid *g, uint32_t *columns)
{
    uint32_t total = total_width(g), n = t->best_columns;
    uint64_t sum = 0;
    if (widths_of_widest_row(w, t, columns)) {
        for (uint32_t i = 0; i < n; i++)
            sum += columns[i];
        for (uint32_t i = 0; i < n && total > 0; i++)
            columns[i] = (uint32_t)((uint64_t)columns[i] * total / sum);
    } else if (n == g->count) {
        memcpy(columns, g->widths, n * sizeof *columns);
    } else {
        for (uint32_t i = 0; i < n; i++)
            columns[i] = total / n;
    }
}

static void mend_widths(struct dgl_docx_writer *w, const struct dgl_docx_table_state *t, const uint32_t *columns)
{
    for (size_t i = t->first_width; i < w->width_count; i++) {
        const struct dgl_docx_cell_width *c = &w->widths[i];
        uint32_t width = 0;
        for (uint32_t k = 0; k < c->span && c->column + k < t->best_columns; k++)
            width += columns[c->column + k];
        if (c->at == SIZE_MAX || width == 0 || c->at + 5 > w->xml->len)
            continue;
        for (int digit = 4; digit >= 0; digit--) {
            w->xml->data[c->at + (size_t)digit] = (char)('0' + width % 10);
            width /= 10;
        }
    }
}

static void put_grid(struct dgl_docx_writer *w, const struct dgl_docx_table_state *t)
{
    if (t->grid == DGL_NO_GRID || t->grid_at == SIZE_MAX || t->best_columns == 0 || w->xml->failed)
        return;
    const struct dgl_docx_grid *g = &w->part->grids[t->grid];
    uint32_t columns[DGL_DOCX_MAX_COLUMNS];
    compute_grid(w, t, g, columns);
    mend_widths(w, t, columns);
    dgl_buf_reset(&w->scratch);
    for (uint32_t i = 0; i < t->best_columns; i++)
        dgl_buf_printf(&w->scratch, "<%.*s w:w=\"%u\"/>", (int)g->qname.len, g->qname.data, columns[i]);
    size_t n = w->scratch.len, tail = w->xml->len - t->grid_at;
    if (!dgl_buf_reserve(w->xml, n))
        return;
    memmove(w->xml->data + t->grid_at + n, w->xml->data + t->grid_at, tail + 1);
    memcpy(w->xml->data + t->grid_at, w->scratch.data, n);
    w->xml->len += n;
}

static void close_table(struct dgl_docx_writer *w)
{
    struct dgl_docx_table_state *t = table(w);
    if (!t)
        return;
    if (t->rows == 0)
        truncate_to(w->xml, t->start);
    else
        put_grid(w, t);
    w->width_count = t->first_width;
    w->table_count--;
}

// ---- addresses

static enum dgl_status relate_link(struct dgl_docx_writer *w, struct dgl_str target, char id[24], struct dgl_error *err)
{
    if (target.len > DGL_DOCX_MAX_URL_BYTES)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "url_too_long", "a hyperlink's address is longer than %u bytes",
                             DGL_DOCX_MAX_URL_BYTES);
    if (target.len == 0)
        target = DGL_STR("#");
    return dgl_docx_add_relationship(w, "hyperlink", target, true, id, err);
}

static enum dgl_status end_target(struct dgl_docx_writer *w, struct dgl_error *err)
{
    char id[24];
    struct dgl_str target = {w->xml->data + w->target_start, w->xml->len - w->target_start};
    if (w->xml->failed)
        return DGL_OK;
    DGL_TRY(relate_link(w, target, id, err));
    truncate_to(w->xml, w->target_start);
    dgl_buf_puts(w->xml, id);
    return DGL_OK;
}

enum dgl_status dgl_docx_write_link(struct dgl_docx_writer *w, struct dgl_value address, struct dgl_error *err)
{
    char id[24];
    if (address.kind != DGL_VALUE_SAFE)
        return DGL_FAIL(err, DGL_E_INTERNAL, "an address is no markup");
    DGL_TRY(relate_link(w, (struct dgl_str){address.as.string->data, address.as.string->len}, id, err));
    dgl_buf_puts(w->xml, id);
    return DGL_OK;
}

// In place of the attribute's value that ends the buffer.
static void renumber(struct dgl_buf *b, uint32_t number)
{
    size_t at = b->len;
    while (at > 0 && b->data[at - 1] != '"')
        at--;
    truncate_to(b, at);
    dgl_buf_printf(b, "%u", number);
}

enum dgl_status dgl_docx_cut(struct dgl_docx_writer *w, uint8_t op, uint32_t arg, struct dgl_error *err)
{
    if ((op & DGL_CUT_APART) && ends_with(w->xml, "</w:tbl>"))
        dgl_buf_puts(w->xml, "<w:p></w:p>");
    switch ((enum dgl_docx_op)(op & ~DGL_CUT_APART)) {
    case DGL_CUT_NONE:
        return DGL_OK;
    case DGL_CUT_TABLE_OPEN:
        return open_table(w, arg, err);
    case DGL_CUT_TABLE_CLOSE:
        close_table(w);
        return DGL_OK;
    case DGL_CUT_GRID:
        if (table(w))
            table(w)->grid_at = w->xml->len;
        return DGL_OK;
    case DGL_CUT_ROW_OPEN:
        open_row(w, arg);
        return DGL_OK;
    case DGL_CUT_ROW_CLOSE:
        return close_row(w, err);
    case DGL_CUT_CELL_OPEN:
        return open_cell(w, arg, err);
    case DGL_CUT_CELL_WIDTH:
        write_width(w, arg);
        return DGL_OK;
    case DGL_CUT_NEEDS_PARAGRAPH:
        if (!ends_with(w->xml, "</w:p>"))
            dgl_buf_puts(w->xml, "<w:p></w:p>");
        return DGL_OK;
    case DGL_CUT_DRAWING_ID:
        renumber(w->xml, w->next_drawing_id++);
        return DGL_OK;
    case DGL_CUT_RANGE_ID:
        w->mark_ids[arg] = w->next_bookmark_id++;
        dgl_buf_printf(w->xml, "%u", w->mark_ids[arg]);
        return DGL_OK;
    case DGL_CUT_COMMENT_ID:
        DGL_TRY(dgl_docx_take_note_id(w, DGL_NOTE_COMMENT, &w->mark_ids[arg], err));
        dgl_buf_printf(w->xml, "%u", w->mark_ids[arg]);
        return DGL_OK;
    case DGL_CUT_BOOKMARK_NAME:
        if (++w->mark_names[arg] > 1)
            dgl_buf_printf(w->xml, "_%u", w->mark_names[arg]);
        return DGL_OK;
    case DGL_CUT_RANGE_END:
        dgl_buf_printf(w->xml, "%u", w->mark_ids[arg]);
        return DGL_OK;
    case DGL_CUT_TARGET_BEGIN:
        w->holding++;
        w->target_start = w->xml->len;
        return DGL_OK;
    case DGL_CUT_FRAME_OPEN:
        w->holding++;
        dgl_docx_open_frame(w);
        return DGL_OK;
    case DGL_CUT_FRAME_CLOSE:
        w->holding--;
        return dgl_docx_close_frame(w, err);
    case DGL_CUT_NOTE_BEGIN:
        DGL_TRY(dgl_docx_take_note_id(w, (enum dgl_docx_note_kind)arg, &w->note_id, err));
        return dgl_docx_begin_note(w, (enum dgl_docx_note_kind)arg, err);
    case DGL_CUT_COMMENT_BEGIN:
        w->note_id = w->mark_ids[arg];
        return dgl_docx_begin_note(w, DGL_NOTE_COMMENT, err);
    case DGL_CUT_NOTE_END:
        return dgl_docx_end_note(w, err);
    case DGL_CUT_NOTE_ID:
        dgl_buf_printf(w->xml, "%u", w->note_id);
        return DGL_OK;
    case DGL_CUT_CHART_NAME:
        dgl_docx_begin_chart_name(w);
        return DGL_OK;
    case DGL_CUT_CHART_NAME_END:
        return dgl_docx_end_chart_name(w, err);
    case DGL_CUT_CHART_BEGIN:
        dgl_docx_begin_chart(w);
        return DGL_OK;
    case DGL_CUT_CHART_END:
        return dgl_docx_end_chart(w, arg, err);
    case DGL_CUT_TARGET_END:
        w->holding--;
        return end_target(w, err);
    }
    return DGL_OK;
}
