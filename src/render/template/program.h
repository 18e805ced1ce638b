// A compiled template: code for the VM, constants, names and places, all in one arena. Immutable once made.
#ifndef DGL_RENDER_TEMPLATE_PROGRAM_H
#define DGL_RENDER_TEMPLATE_PROGRAM_H

#include "render/template/ast.h"
#include "render/template/template.h"

// Instructions are 32-bit words: 8 bits of opcode, 24 bits of operand A; some have a second word B.
//         name           words effect on the stack
#define DGL_OPCODES(X)                                                                        \
    X(NOP, 1)                                                                                 \
    X(CONST, 1)           /* push constant A */                                               \
    X(LOAD, 1)            /* push slot A; undefined when it was never set */                  \
    X(LOAD_UP, 2)         /* push slot B of the function A levels out */                      \
    X(LOAD_CONTEXT, 2)    /* push the context's name B, kept in slot A once found */          \
    X(STORE, 1)           /* pop to slot A */                                                 \
    X(CLEAR, 1)           /* slot A becomes "not set" */                                      \
    X(COPY, 2)            /* slot A = slot B */                                               \
    X(COPY_UP, 3)         /* slot A = slot of the function B levels out, third word */        \
    X(RESOLVE, 2)         /* slot A = the context's name B or "not set" */                    \
    X(EXPORT, 2)          /* slot A is the context's name B now; bit 31 of B: not exported */ \
    X(STORE_NAMESPACE, 1) /* value, namespace: attribute name A */                            \
    X(DEFAULT, 2)         /* jump to B when slot A is set */                                  \
    X(PARAMETER, 2)       /* slot A not set: undefined, "parameter B was not provided" */     \
    X(POP, 1)                                                                                 \
    X(DUP, 1)                                                                                 \
    X(SWAP, 1)                                                                                \
    X(ROT3, 1) /* a b c becomes c a b */                                                      \
    X(ATTR, 1) /* name A */                                                                   \
    X(ITEM, 1)                                                                                \
    X(SLICE, 1) /* value, start, stop, step */                                                \
    X(LIST, 1)  /* A items */                                                                 \
    X(TUPLE, 1)                                                                               \
    X(DICT, 1)    /* A pairs */                                                               \
    X(BINARY, 1)  /* A is dgl_binary_op */                                                    \
    X(COMPARE, 1) /* A is dgl_compare_op */                                                   \
    X(NEGATE, 1)  /* A: 1 minus, 0 plus */                                                    \
    X(NOT, 1)                                                                                 \
    X(CONCAT, 1) /* A strings */                                                              \
    X(JUMP, 1)                                                                                \
    X(JUMP_IF, 1)      /* pop */                                                              \
    X(JUMP_UNLESS, 1)  /* pop */                                                              \
    X(JUMP_IF_KEEP, 1) /* keep when it jumps, else pop */                                     \
    X(JUMP_UNLESS_KEEP, 1)                                                                    \
    X(NO_ELSE, 1) /* push what an inline if without else gives */                             \
    X(FILTER, 2)  /* filter A, call shape B */                                                \
    X(TEST, 2)                                                                                \
    X(CALL, 1)        /* callee and arguments; call shape A */                                \
    X(CALL_METHOD, 2) /* value and arguments; name A, call shape B */                         \
    X(DATA, 1)        /* chunk A */                                                           \
    X(TEXT, 1)        /* constant string A as data */                                         \
    X(PRINT, 1)       /* pop; chunk A */                                                      \
    X(UNPACK, 1)      /* pop, push A items, the first on top */                               \
    X(FOR, 2)         /* pop iterable; loop object to slot A; loop shape B */                 \
    X(NEXT, 2)        /* push next item of the loop in slot A, or jump to B */                \
    X(LOOPED, 1)      /* push whether the loop in slot A had any item */                      \
    X(RECURSE, 1)     /* pop iterable; run recursive loop code A */                           \
    X(CAPTURE, 1)     /* output goes to a text from here */                                   \
    X(CAPTURED, 1)    /* push it; A: 1 safe when escaping is on */                            \
    X(MAKE_SAFE, 1)   /* top of stack becomes safe when escaping is on */                     \
    X(MAKE_PLAIN, 1)  /* top of stack is no longer safe */                                    \
    X(MACRO, 1)       /* push a macro of code A */                                            \
    X(INCLUDE, 2)     /* pop name; flags A; locals table B */                                 \
    X(IMPORT, 2)      /* pop name, push module; flags A; locals table B */                    \
    X(IMPORT_NAME, 1) /* module: push its export A, module stays */                           \
    X(EXTENDS, 1)                                                                             \
    X(SKIP_EXTENDED, 1) /* jump to A when the template has extended another already */        \
    X(BLOCK, 2)         /* block name A; locals table B, 0 = not scoped */                    \
    X(AUTOESCAPE, 1)    /* pop: escaping on or off; A: slot that keeps what it was */         \
    X(AUTOESCAPE_END, 1)                                                                      \
    X(RETURN, 1)

enum dgl_opcode {
#define X(name, words) DGL_OP_##name,
    DGL_OPCODES(X)
#undef X
};
#define DGL_OPERAND_MAX 0xffffffu
#define DGL_INCLUDE_IGNORE_MISSING 1u
#define DGL_INCLUDE_WITH_CONTEXT 2u
#define DGL_EXPORT_PRIVATE 0x80000000u

struct dgl_filter;
struct dgl_test;

// How a call passes its arguments: on the stack stand `count` positional values, then one value per keyword, then the
// values of * and **.
struct dgl_call_shape {
    uint16_t count, keywords;
    bool star, star_star;
    const struct dgl_name *const *names;
};
struct dgl_loop_shape {
    const struct dgl_code *test; // filters the items; NULL = none
    const struct dgl_code *recursive;
    bool keep; // the loop object may outlive the loop
};
struct dgl_locals_entry {
    const struct dgl_name *name;
    uint16_t level; // functions outward
    uint32_t slot;
};
struct dgl_locals {
    uint32_t count;
    struct dgl_locals_entry *items;
};
struct dgl_code_mark { // instructions from `at` on belong to `chunk`
    uint32_t at, chunk;
};
enum dgl_code_kind {
    DGL_CODE_ROOT,
    DGL_CODE_BLOCK,
    DGL_CODE_MACRO,
    DGL_CODE_CALLER,
    DGL_CODE_LOOP,
    DGL_CODE_LOOP_TEST
};
struct dgl_code {
    enum dgl_code_kind kind;
    const struct dgl_template *owner;
    const struct dgl_name *name; // macro, block
    uint32_t *words;
    uint32_t count;
    uint32_t slots, stack;              // sizes
    const struct dgl_name **slot_names; // for "'x' is undefined"; NULL entries for the VM's own
    struct dgl_code_mark *marks;
    uint32_t mark_count;
    // macros
    uint32_t parameter_count;
    const struct dgl_name **parameters;             // they take the first slots, in order
    uint32_t defaults;                              // of the last parameters
    int32_t caller_slot, kwargs_slot, varargs_slot; // -1 = not used
    bool explicit_caller;
    // blocks and roots
    int32_t self_slot, super_slot; // -1 = not used
    bool required;
    // recursive loops
    uint32_t iterable_slot;
};

// Where a tag stands, packed.
struct dgl_program_place {
    const char *part, *excerpt, *tag;
    uint32_t paragraph, line;
};
struct dgl_program_chunk {
    struct dgl_str data; // DATA chunks
    uint32_t context;
    const struct dgl_program_place *place; // tags
};
struct dgl_program_block {
    const struct dgl_name *name;
    const struct dgl_code *code;
};

struct dgl_program_subdoc {
    struct dgl_program_subdoc *next;
    struct dgl_str name;
    uint32_t chunk;
};

struct dgl_template {
    struct dgl_arena *arena;
    const char *name;
    bool autoescape, extends;
    char *source; // text templates: the text, normalized
    struct dgl_program_chunk *chunks;
    uint32_t chunk_count;
    struct dgl_value *constants;
    uint32_t constant_count;
    const struct dgl_name **names;
    uint32_t name_count;
    const struct dgl_code **codes;
    uint32_t code_count;
    const struct dgl_call_shape **shapes;
    uint32_t shape_count;
    const struct dgl_locals **locals;
    uint32_t locals_count;
    const struct dgl_loop_shape **loops;
    uint32_t loop_count;
    struct dgl_program_block *blocks;
    uint32_t block_count;
    const struct dgl_code *root;
    const struct dgl_token_node *tokens; // names taken from the data
    struct dgl_program_subdoc *subdocs;  // named by literals, in order
};

// Fills the empty place of an error from a chunk.
void dgl_template_fill_place(const struct dgl_template *t, uint32_t chunk, struct dgl_error *err);

#endif
