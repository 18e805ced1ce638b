// The compiler: tree to code. Names become slots here.
//
// Scopes follow Jinja: a function (the template, a block, a macro, a call block, a recursive loop) has slots; loops,
// with, set blocks and filter blocks have scopes of their own in their function. A scope is looked through before it is
// compiled: a name that is stored in it anywhere gets a slot of its own there, filled on entry from the outer scope,
// the context, or with "not set"; a name that is only read is taken from the outer scope or, at the end, from the
// context.
#ifndef DGL_RENDER_TEMPLATE_COMPILE_H
#define DGL_RENDER_TEMPLATE_COMPILE_H

#include "render/template/parser.h"

enum dgl_load { DGL_LOAD_PARAMETER, DGL_LOAD_CONTEXT, DGL_LOAD_OUTER, DGL_LOAD_UNSET };
struct dgl_binding {
    const struct dgl_name *name;
    struct dgl_scope *scope;
    struct dgl_binding *outer; // the same name further out; NULL = none
    struct dgl_binding *next;  // of the scope
    enum dgl_load load;
    uint32_t slot;
    bool stored;
    uint8_t branches; // of the if being looked at
};
struct dgl_function { // code being made
    struct dgl_function *outer;
    struct dgl_code *code;
    uint32_t word_cap, slot_cap, mark_cap;
    uint32_t depth; // of the operand stack now
    uint32_t level;
};
struct dgl_scope {
    struct dgl_scope *outer;
    struct dgl_function *function;
    struct dgl_binding *first, *last;
    bool toplevel;     // what is set here is the template's
    bool rootlevel;    // not inside an if either
    bool output_check; // prints only while nothing is extended
};
struct dgl_compiler {
    struct dgl_parser *p;
    struct dgl_template *t;
    struct dgl_arena *scratch;
    struct dgl_function *function;
    struct dgl_scope *scope;
    struct dgl_binding **bound; // innermost binding by name id
    struct dgl_binding **log;   // bindings that became stored, in order
    size_t log_count, log_cap;
    uint32_t constant_cap, code_cap, shape_cap, locals_cap, loop_cap;
    uint32_t locals_total;
    uint32_t chunk; // for marks and messages
    struct dgl_program_subdoc *last_subdoc;
    bool has_extends, known_extends;
};

// scope.c
void dgl_scope_enter(struct dgl_compiler *c, struct dgl_scope *s);
void dgl_scope_leave(struct dgl_compiler *c);
void dgl_scope_statements(struct dgl_compiler *c, const struct dgl_node_list *list);
void dgl_scope_expression(struct dgl_compiler *c, const struct dgl_node *n);
void dgl_scope_target(struct dgl_compiler *c, const struct dgl_node *n, bool parameter);
struct dgl_binding *dgl_scope_parameter(struct dgl_compiler *c, const struct dgl_name *name);
// Whether a name is read anywhere in the list, inner blocks left out. `bare`: other than as loop.x and loop(…).
bool dgl_list_reads(const struct dgl_node_list *list, const char *name, bool bare);

// compile.c
uint32_t dgl_new_slot(struct dgl_compiler *c, const struct dgl_name *name);
bool dgl_compile(struct dgl_parser *p, struct dgl_node *root); // false: problems are in the diagnostics

// emit.c
void dgl_emit(struct dgl_compiler *c, enum dgl_opcode op, uint32_t a, int effect);
void dgl_emit2(struct dgl_compiler *c, enum dgl_opcode op, uint32_t a, uint32_t b, int effect);
void dgl_emit3(struct dgl_compiler *c, enum dgl_opcode op, uint32_t a, uint32_t b, uint32_t third, int effect);
uint32_t dgl_emit_jump(struct dgl_compiler *c, enum dgl_opcode op, int effect); // to be patched
void dgl_patch(struct dgl_compiler *c, uint32_t at);                            // to here
void dgl_patch_b(struct dgl_compiler *c, uint32_t at);                          // the second word
uint32_t dgl_here(const struct dgl_compiler *c);
struct dgl_code *dgl_function_begin(struct dgl_compiler *c, struct dgl_function *f, enum dgl_code_kind kind,
                                    const struct dgl_name *name);
uint32_t dgl_function_end(struct dgl_compiler *c); // number of the code
uint32_t dgl_constant(struct dgl_compiler *c, struct dgl_value v);
uint32_t dgl_call_shape_of(struct dgl_compiler *c, const struct dgl_node *args, const struct dgl_name *extra);
uint32_t dgl_loop_shape_of(struct dgl_compiler *c, struct dgl_loop_shape shape);
uint32_t dgl_locals_of(struct dgl_compiler *c);
// compile_expr.c
void dgl_compile_expression(struct dgl_compiler *c, const struct dgl_node *n);
void dgl_compile_load(struct dgl_compiler *c, const struct dgl_name *name);
void dgl_compile_call(struct dgl_compiler *c, const struct dgl_node *n, const struct dgl_node *caller);
uint32_t dgl_compile_caller(struct dgl_compiler *c, const struct dgl_node *call_block); // in compile.c

#endif
