// printf-style formatting ("%s" % x, |format), str.format, and the format of single numbers.
#ifndef DGL_RENDER_TEMPLATE_FORMAT_H
#define DGL_RENDER_TEMPLATE_FORMAT_H

#include "render/template/filters.h"

// format % arguments: a tuple's items, or one value, or a dict for %(name)s. The result is SAFE when format is.
enum dgl_status dgl_format_percent(struct dgl_vm *vm, struct dgl_value format, const struct dgl_value *items,
                                   size_t count, struct dgl_value mapping, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_format_percent_value(struct dgl_vm *vm, struct dgl_value format, struct dgl_value argument,
                                         struct dgl_value *ret) DGL_MUST_CHECK;
// "{} {name}".format(…)
enum dgl_status dgl_format_braces(struct dgl_vm *vm, struct dgl_value format, const struct dgl_args *a,
                                  struct dgl_value *ret) DGL_MUST_CHECK;
// A float with `precision` digits as Python's "%.*f" (also e, g, E, G); appended. Bounded precision.
void dgl_put_float(struct dgl_buf *out, double value, char type, int precision, bool alternate);

#endif
