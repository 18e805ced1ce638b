// Rows for people (aligned columns) or programs (--json: an array of objects with the same members).
#ifndef DGL_CLI_TABLE_H
#define DGL_CLI_TABLE_H

#include "base/buf.h"

#define DGL_TABLE_COLUMNS_MAX 12

enum dgl_cell_kind { DGL_CELL_TEXT, DGL_CELL_INT, DGL_CELL_BOOL, DGL_CELL_TIME /* 0 = never */ };
struct dgl_cell {
    enum dgl_cell_kind kind;
    const char *text;
    int64_t num;
};
#define DGL_TEXT(s) ((struct dgl_cell){DGL_CELL_TEXT, (s), 0})
#define DGL_INT(n) ((struct dgl_cell){DGL_CELL_INT, NULL, (n)})
#define DGL_BOOL(b) ((struct dgl_cell){DGL_CELL_BOOL, NULL, (b)})
#define DGL_TIME(us) ((struct dgl_cell){DGL_CELL_TIME, NULL, (us)})

// `columns`: the members' names, which in upper case are the headings; `cells`: rows of as many, one after the other.
void dgl_cli_print_table(bool json, const char *const *columns, size_t column_count, const struct dgl_cell *cells,
                         size_t row_count);
// One object, or "name  value" lines.
void dgl_cli_print_record(bool json, const char *const *names, const struct dgl_cell *cells, size_t count);

#endif
