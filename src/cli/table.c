// Tables and records. Widths are counted in characters, so that names in any script stay aligned as far as a terminal
// gives each one cell. What would move the cursor is shown as a blank.
#include "cli/table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"

#define OUT_MAX_BYTES ((size_t)64 << 20)

static const char *cell_text(const struct dgl_cell *c, char buffer[32])
{
    switch (c->kind) {
    case DGL_CELL_TEXT:
        return c->text && c->text[0] ? c->text : "-";
    case DGL_CELL_INT:
        dgl_format_int64(c->num, buffer);
        return buffer;
    case DGL_CELL_BOOL:
        return c->num ? "yes" : "no";
    case DGL_CELL_TIME:
        return c->num > 0 ? dgl_time_format_utc(c->num, buffer) : "never";
    }
    return "";
}

static void put_cell(struct dgl_json_writer *w, const char *name, const struct dgl_cell *c)
{
    switch (c->kind) {
    case DGL_CELL_TEXT:
        dgl_jw_kstr(w, name, c->text);
        break;
    case DGL_CELL_INT:
        dgl_jw_kint(w, name, c->num);
        break;
    case DGL_CELL_BOOL:
        dgl_jw_kbool(w, name, c->num != 0);
        break;
    case DGL_CELL_TIME:
        dgl_jw_ktime(w, name, c->num);
        break;
    }
}

static void put_object(struct dgl_json_writer *w, const char *const *names, const struct dgl_cell *cells, size_t count)
{
    dgl_jw_object(w);
    for (size_t i = 0; i < count; i++)
        put_cell(w, names[i], &cells[i]);
    dgl_jw_end_object(w);
}

static void print_padded(const char *text, size_t width, bool is_last)
{
    size_t count = dgl_utf8_count(text, strlen(text));
    for (const char *p = text; *p; p++)
        putchar((unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
    for (; !is_last && count < width + 2; count++)
        putchar(' ');
}

static void print_heading(const char *name, size_t width, bool is_last)
{
    char text[64];
    size_t i = 0;
    for (; name[i] && i + 1 < sizeof text; i++)
        text[i] = name[i] == '_' ? ' ' : (char)toupper((unsigned char)name[i]);
    text[i] = '\0';
    print_padded(text, width, is_last);
}

static void print_rows(const char *const *columns, size_t count, const struct dgl_cell *cells, size_t rows)
{
    char buffer[32];
    size_t widths[DGL_TABLE_COLUMNS_MAX];
    for (size_t i = 0; i < count; i++) {
        widths[i] = strlen(columns[i]);
        for (size_t j = 0; j < rows; j++) {
            const char *text = cell_text(&cells[j * count + i], buffer);
            widths[i] = DGL_MAX(widths[i], dgl_utf8_count(text, strlen(text)));
        }
    }
    for (size_t i = 0; i < count; i++)
        print_heading(columns[i], widths[i], i + 1 == count);
    putchar('\n');
    for (size_t j = 0; j < rows; j++) {
        for (size_t i = 0; i < count; i++)
            print_padded(cell_text(&cells[j * count + i], buffer), widths[i], i + 1 == count);
        putchar('\n');
    }
}

void dgl_cli_print_table(bool json, const char *const *columns, size_t column_count, const struct dgl_cell *cells,
                         size_t row_count)
{
    if (!json) {
        print_rows(columns, column_count, cells, row_count);
        return;
    }
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(OUT_MAX_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&out);
    dgl_jw_array(&w);
    for (size_t j = 0; j < row_count; j++)
        put_object(&w, columns, &cells[j * column_count], column_count);
    dgl_jw_end_array(&w);
    printf("%s\n", out.data);
}

void dgl_cli_print_record(bool json, const char *const *names, const struct dgl_cell *cells, size_t count)
{
    char buffer[32];
    size_t width = 0;
    if (!json) {
        for (size_t i = 0; i < count; i++)
            width = DGL_MAX(width, strlen(names[i]));
        for (size_t i = 0; i < count; i++) {
            print_padded(names[i], width, false);
            puts(cell_text(&cells[i], buffer));
        }
        return;
    }
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(OUT_MAX_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&out);
    put_object(&w, names, cells, count);
    printf("%s\n", out.data);
}
