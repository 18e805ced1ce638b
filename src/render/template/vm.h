// The VM's inside, for those who extend it: filters, tests, methods, globals.
#ifndef DGL_RENDER_TEMPLATE_VM_H
#define DGL_RENDER_TEMPLATE_VM_H

#include "render/template/filters.h"
#include "render/template/program.h"
#include "render/template/value_private.h"

struct dgl_activation {        // a running function: its slots, then its operand stack
    struct dgl_activation *up; // the function it was written in
    struct dgl_activation *next_free;
    const struct dgl_code *code;
    struct dgl_context *context;
    uint32_t size_class;
    bool kept; // a macro refers to it
    uint32_t loop_depth;
    struct dgl_value result; // LOOP_TEST
    struct dgl_value slots[];
};
struct dgl_block_stack { // the versions of a block, the outermost child's first
    const struct dgl_name *name;
    const struct dgl_code **codes;
    uint32_t count, cap;
    struct dgl_block_stack *next;
};
struct dgl_block_table { // by name; grows so that chains stay short
    struct dgl_block_stack **buckets;
    uint32_t count, size; // size: a power of two
};
struct dgl_context { // where names come from
    const struct dgl_template *t;
    struct dgl_context *outer;       // of the including template
    struct dgl_value_dict *vars;     // set at the top level
    struct dgl_value_dict *locals;   // handed over by include, import with context, scoped blocks
    struct dgl_value_dict *exported; // names that import may take
    struct dgl_value data;           // DICT or undefined
    struct dgl_block_table *blocks;  // shared by the templates of one inheritance
    const struct dgl_template *extended;
};
struct dgl_loop {
    struct dgl_value_other head;
    struct dgl_iter it;
    const struct dgl_loop_shape *shape;
    struct dgl_activation *home;            // where the test runs
    struct dgl_activation *test_activation; // reused
    const struct dgl_code *recursive;
    uint32_t depth0;
    int64_t index0; // -1 before the first item
    int64_t length; // -1 = not known yet
    bool has_next;  // looked ahead
    bool at_end;
    struct dgl_value next, current, previous, changed;
};
struct dgl_macro {
    struct dgl_value_other head;
    const struct dgl_code *code;
    struct dgl_activation *up;
    struct dgl_context *context;
};
struct dgl_function_value {
    struct dgl_value_other head;
    const struct dgl_global *global;
};
struct dgl_bound_method {
    struct dgl_value_other head;
    struct dgl_value subject;
    const struct dgl_method *method;
};
struct dgl_block_reference {
    struct dgl_value_other head;
    struct dgl_context *context;
    struct dgl_block_stack *stack;
    uint32_t at;
};
struct dgl_self {
    struct dgl_value_other head;
    struct dgl_context *context;
};

#define DGL_VM_SIZE_CLASSES 20u
#define DGL_VM_MAX_CAPTURES 512u
struct dgl_vm {
    struct dgl_mem mem;
    const struct dgl_template_env *env;
    const struct dgl_template_sink *sink;
    struct dgl_value data;
    bool autoescape;
    unsigned depth;                                // of calls
    unsigned nested;                               // of templates
    struct dgl_buf *captures[DGL_VM_MAX_CAPTURES]; // made once, reused
    unsigned capturing;
    struct dgl_activation *free[DGL_VM_SIZE_CLASSES];
    struct dgl_buf scratch; // for one filter at a time
    struct dgl_locale_cache *locales;
    uint64_t random;
};

// x.name as templates see it: a key of a dict wins over a method.
enum dgl_status dgl_vm_attribute(struct dgl_vm *vm, struct dgl_value v, const struct dgl_name *name,
                                 struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_item(struct dgl_vm *vm, struct dgl_value v, struct dgl_value key,
                            struct dgl_value *ret) DGL_MUST_CHECK;
// v[key] for a text key, as attribute="a.b" in filters looks it up.
enum dgl_status dgl_vm_item_text(struct dgl_vm *vm, struct dgl_value v, struct dgl_str key,
                                 struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_slice(struct dgl_vm *vm, struct dgl_value v, struct dgl_value start, struct dgl_value stop,
                             struct dgl_value step, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_call(struct dgl_vm *vm, struct dgl_value callee, struct dgl_args *a,
                            struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_filter(struct dgl_vm *vm, const struct dgl_filter *f, struct dgl_value subject,
                              struct dgl_args *a, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_test(struct dgl_vm *vm, const struct dgl_test *t, struct dgl_value subject, struct dgl_args *a,
                            bool *ret) DGL_MUST_CHECK;
bool dgl_callable(struct dgl_value v);
const struct dgl_method *dgl_method_of(struct dgl_value v, struct dgl_str name); // NULL when it has none

// vm_loop.c
enum dgl_status dgl_loop_begin(struct dgl_vm *vm, struct dgl_activation *act, const struct dgl_loop_shape *shape,
                               struct dgl_value over, struct dgl_value *slot) DGL_MUST_CHECK;
enum dgl_status dgl_loop_next(struct dgl_vm *vm, struct dgl_loop *l, struct dgl_value *ret,
                              bool *ret_more) DGL_MUST_CHECK;
enum dgl_status dgl_loop_attribute(struct dgl_vm *vm, struct dgl_loop *l, struct dgl_str name, struct dgl_value *ret,
                                   bool *ret_known) DGL_MUST_CHECK;
// vm_template.c
enum dgl_status dgl_vm_include(struct dgl_vm *vm, struct dgl_activation *act, struct dgl_value name, uint32_t flags,
                               const struct dgl_locals *locals) DGL_MUST_CHECK;
enum dgl_status dgl_vm_import(struct dgl_vm *vm, struct dgl_activation *act, struct dgl_value name, uint32_t flags,
                              const struct dgl_locals *locals, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_extends(struct dgl_vm *vm, struct dgl_activation *act, struct dgl_value name) DGL_MUST_CHECK;
enum dgl_status dgl_vm_block(struct dgl_vm *vm, struct dgl_activation *act, const struct dgl_name *name,
                             const struct dgl_locals *locals) DGL_MUST_CHECK;
enum dgl_status dgl_vm_block_call(struct dgl_vm *vm, struct dgl_block_reference *ref,
                                  struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_self_attribute(struct dgl_vm *vm, struct dgl_self *self, struct dgl_str name,
                                      struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_root(struct dgl_vm *vm, const struct dgl_template *t, struct dgl_context *ctx) DGL_MUST_CHECK;
enum dgl_status dgl_vm_template(struct dgl_vm *vm, const struct dgl_template *t) DGL_MUST_CHECK;

// vm.c
enum dgl_status dgl_vm_run(struct dgl_vm *vm, struct dgl_activation *act) DGL_MUST_CHECK;
struct dgl_activation *dgl_vm_activate(struct dgl_vm *vm, const struct dgl_code *code, struct dgl_activation *up,
                                       struct dgl_context *ctx);
void dgl_vm_release(struct dgl_vm *vm, struct dgl_activation *act);
enum dgl_status dgl_vm_capture(struct dgl_vm *vm) DGL_MUST_CHECK;
enum dgl_status dgl_vm_captured(struct dgl_vm *vm, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_vm_print(struct dgl_vm *vm, uint32_t context, struct dgl_value v) DGL_MUST_CHECK;
enum dgl_status dgl_vm_resolve(struct dgl_vm *vm, struct dgl_context *ctx, const struct dgl_name *name,
                               struct dgl_value *ret) DGL_MUST_CHECK; // ABSENT when unknown
enum dgl_status dgl_vm_enter(struct dgl_vm *vm) DGL_MUST_CHECK;       // one call deeper

#endif
