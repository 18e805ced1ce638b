// Every filter, test, method and global by function; the tables in filters.c, tests.c, methods.c and globals.c name
// them.
#ifndef DGL_RENDER_TEMPLATE_BUILTIN_H
#define DGL_RENDER_TEMPLATE_BUILTIN_H

#include "render/template/format.h"
#include "render/template/unicode.h"
#include "render/template/vm.h"

#define DGL_FILTER(name) \
    enum dgl_status dgl_filter_##name(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a, struct dgl_value *ret)

// filters_string.c
DGL_FILTER(upper);
DGL_FILTER(lower);
DGL_FILTER(capitalize);
DGL_FILTER(title);
DGL_FILTER(trim);
DGL_FILTER(center);
DGL_FILTER(replace);
DGL_FILTER(truncate);
DGL_FILTER(indent);
DGL_FILTER(wordcount);
DGL_FILTER(wordwrap);
DGL_FILTER(string);
DGL_FILTER(safe);
DGL_FILTER(escape);
DGL_FILTER(forceescape);
DGL_FILTER(format);
// filters_markup.c
DGL_FILTER(striptags);
DGL_FILTER(urlencode);
DGL_FILTER(urlize);
DGL_FILTER(xmlattr);
DGL_FILTER(tojson);
DGL_FILTER(pprint);
// filters_list.c
DGL_FILTER(attr);
DGL_FILTER(batch);
DGL_FILTER(length);
DGL_FILTER(default);
DGL_FILTER(first);
DGL_FILTER(last);
DGL_FILTER(join);
DGL_FILTER(list);
DGL_FILTER(items);
DGL_FILTER(map);
DGL_FILTER(select);
DGL_FILTER(reject);
DGL_FILTER(selectattr);
DGL_FILTER(rejectattr);
DGL_FILTER(reverse);
DGL_FILTER(slice);
DGL_FILTER(random);
// filters_sort.c
DGL_FILTER(dictsort);
DGL_FILTER(groupby);
DGL_FILTER(sort);
DGL_FILTER(unique);
DGL_FILTER(min);
DGL_FILTER(max);
DGL_FILTER(sum);
// filters_number.c
DGL_FILTER(abs);
DGL_FILTER(round);
DGL_FILTER(int);
DGL_FILTER(float);
DGL_FILTER(filesizeformat);
// filters_business.c
DGL_FILTER(date);
DGL_FILTER(number);
DGL_FILTER(currency);
DGL_FILTER(percent);
DGL_FILTER(words);
DGL_FILTER(image);
DGL_FILTER(qr);
DGL_FILTER(barcode);
DGL_FILTER(markdown);
DGL_FILTER(html);

// globals.c: dict(…), which dict.update reads its arguments with
enum dgl_status dgl_global_dict(struct dgl_vm *vm, struct dgl_value v, struct dgl_args *a,
                                struct dgl_value *ret) DGL_MUST_CHECK;

// Shared by several of them.

// Attribute paths: "a.b.0", a number, or none. Lends from `attribute`.
struct dgl_path {
    struct dgl_str text;
    int64_t index;
    enum { DGL_PATH_NONE, DGL_PATH_TEXT, DGL_PATH_INDEX } kind;
};
enum dgl_status dgl_path_of(struct dgl_mem *m, struct dgl_value attribute, struct dgl_path *ret) DGL_MUST_CHECK;
// Follows it; undefined steps become `fallback` unless that is absent.
enum dgl_status dgl_path_get(struct dgl_vm *vm, const struct dgl_path *p, struct dgl_value v, struct dgl_value fallback,
                             struct dgl_value *ret) DGL_MUST_CHECK;
// A text made in `out`; SAFE when `safe`.
enum dgl_status dgl_finish(struct dgl_vm *vm, struct dgl_buf *out, bool safe, struct dgl_value *ret) DGL_MUST_CHECK;
// The argument as text; a type error when it is none.
enum dgl_status dgl_arg_text(struct dgl_mem *m, struct dgl_value v, const char *what,
                             struct dgl_str *ret) DGL_MUST_CHECK;
// Markup's rule: arguments of a SAFE string's method are escaped. Gives the text to use.
enum dgl_status dgl_escaped_for(struct dgl_vm *vm, bool safe, struct dgl_value v, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_replace_text(struct dgl_vm *vm, struct dgl_str s, struct dgl_str old, struct dgl_str new,
                                 int64_t count, bool safe, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_center_text(struct dgl_vm *vm, struct dgl_value s, int64_t width, struct dgl_str fill, int side,
                                struct dgl_value *ret) DGL_MUST_CHECK; // side: 0 both, -1 pads left, 1 pads right
enum dgl_status dgl_case_text(struct dgl_vm *vm, enum dgl_case how, struct dgl_value s,
                              struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_split_lines(struct dgl_vm *vm, struct dgl_value s, bool keep_ends,
                                struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_join_values(struct dgl_vm *vm, struct dgl_value list, struct dgl_value separator, bool escape,
                                struct dgl_value *ret) DGL_MUST_CHECK;
// Python's int(text, base) and float(text); false when it is no number.
bool dgl_parse_python_int(struct dgl_str s, int64_t base, int64_t *ret, bool *ret_too_large);
bool dgl_parse_python_float(struct dgl_str s, double *ret);

#endif
