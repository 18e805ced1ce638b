// The tables of filters, tests, globals and methods, and how they are called.
//
// A parameter list is a string of names; the caller's arguments are bound to it by position and keyword before the
// function runs. A function marked variadic gets the raw arguments as well.
#ifndef DGL_RENDER_TEMPLATE_FILTERS_H
#define DGL_RENDER_TEMPLATE_FILTERS_H

#include "render/template/ast.h"

#define DGL_MAX_PARAMETERS 8u

struct dgl_vm;
struct dgl_args {
    const struct dgl_value *positional;
    uint32_t count;
    const struct dgl_name *const *names; // keywords
    const struct dgl_value *values;
    uint32_t keywords;
    struct dgl_value v[DGL_MAX_PARAMETERS]; // bound; DGL_VALUE_ABSENT when not given
};
typedef enum dgl_status (*dgl_filter_fn)(struct dgl_vm *vm, struct dgl_value subject, struct dgl_args *a,
                                         struct dgl_value *ret);
typedef enum dgl_status (*dgl_test_fn)(struct dgl_vm *vm, struct dgl_value subject, struct dgl_args *a, bool *ret);

struct dgl_filter {
    const char *name;
    dgl_filter_fn run;
    const char *parameters; // "length killwords end leeway"
    uint8_t required;
    bool variadic;
    const char *summary, *sample; // for the reference: one line; "TEMPLATE gives RESULT", which a test runs
};
struct dgl_test {
    const char *name;
    dgl_test_fn run;
    const char *parameters;
    uint8_t required;
    const char *summary, *sample;
};
enum dgl_method_of {
    DGL_METHOD_STRING = 1,
    DGL_METHOD_LIST = 2,
    DGL_METHOD_DICT = 4,
    DGL_METHOD_CYCLER = 8,
    DGL_METHOD_LOOP = 16,
    DGL_METHOD_OPEN_LIST = 32 // lists that may grow: no tuples
};
struct dgl_method {
    const char *name;
    unsigned of; // dgl_method_of
    dgl_filter_fn run;
    const char *parameters;
    uint8_t required;
    bool variadic;
};
struct dgl_global {
    const char *name;
    dgl_filter_fn run; // subject is undefined
    const char *parameters;
    uint8_t required;
    bool variadic;
    const char *summary, *sample;
};

extern const struct dgl_filter dgl_filters[];
extern const size_t dgl_filter_count;
extern const struct dgl_test dgl_tests[];
extern const size_t dgl_test_count;
extern const struct dgl_method dgl_methods[];
extern const size_t dgl_method_count;
extern const struct dgl_global dgl_globals[];
extern const size_t dgl_global_count;

#define DGL_NO_FILTER 0xffffffu
const struct dgl_filter *dgl_filter_find(const char *name, size_t len);
const struct dgl_test *dgl_test_find(const char *name, size_t len);
uint32_t dgl_filter_index(const char *name, size_t len);
uint32_t dgl_test_index(const char *name, size_t len);
bool dgl_filter_needs_context(const char *name); // map, select and their like look up other filters and tests
const char *dgl_filter_suggest(const char *name, size_t len);
const char *dgl_test_suggest(const char *name, size_t len);

// Binds a->positional and keywords to the parameters. `what` names the callee in messages.
enum dgl_status dgl_args_bind(struct dgl_mem *m, const char *what, const char *parameters, uint8_t required,
                              bool variadic, struct dgl_args *a) DGL_MUST_CHECK;

// Reading a bound argument; `fallback` when it was not given. Wrong types are type_error naming `what`.
enum dgl_status dgl_arg_int(struct dgl_mem *m, const struct dgl_args *a, size_t i, const char *what, int64_t fallback,
                            int64_t *ret) DGL_MUST_CHECK;
static inline bool dgl_arg_given(const struct dgl_args *a, size_t i)
{
    return a->v[i].kind != DGL_VALUE_ABSENT;
}
static inline bool dgl_arg_bool(const struct dgl_args *a, size_t i, bool fallback)
{
    return dgl_arg_given(a, i) ? dgl_value_truthy(a->v[i]) : fallback;
}

#endif
