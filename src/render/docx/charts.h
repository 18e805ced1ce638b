// Charts with other data: charts.c makes their XML and workbook, chart_parts.c puts both into the package.
#ifndef DGL_RENDER_DOCX_CHARTS_H
#define DGL_RENDER_DOCX_CHARTS_H

#include "render/docx/writer.h"

// The chart in `tree` with other data: {"categories", "series"}. `name` is for messages. Without a workbook of the
// package the chart's link to another file goes and *ret_workbook stays empty.
enum dgl_status dgl_chart_write(struct dgl_docx_writer *w, struct dgl_str name, struct dgl_value data,
                                const struct dgl_docx_tree *tree, bool has_workbook, struct dgl_buf *ret_chart,
                                struct dgl_buf *ret_workbook, struct dgl_error *err) DGL_MUST_CHECK;

#endif
