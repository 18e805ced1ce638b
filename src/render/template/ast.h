// The tree the parser makes and the compiler reads. It lives in an arena that is freed when compiling ends.
//
// One node type for all kinds: the kind says which members are used, as listed with it. Members not listed are zero.
#ifndef DGL_RENDER_TEMPLATE_AST_H
#define DGL_RENDER_TEMPLATE_AST_H

#include "render/template/value_private.h"

// A name, interned: one per spelling in a template, so that names compare by address and carry their hash.
struct dgl_name {
    struct dgl_value_string text;
    uint64_t hash;
    uint32_t id;                       // from 0, in order of first use
    struct dgl_value_undefined absent; // "'x' is undefined"
    struct dgl_value_undefined no_key; // "the object has no 'x'"
    int16_t global;                    // index in the table of globals; -1
    int16_t method;                    // index in the table of method names; -1
    const struct dgl_name *next;       // chain of the hash table
};

enum dgl_node_kind {
    // expressions
    DGL_NODE_CONST,   // value
    DGL_NODE_NAME,    // name, role
    DGL_NODE_ATTR,    // a.name
    DGL_NODE_ITEM,    // a[b]
    DGL_NODE_SLICE,   // a:b:c, each may be NULL; only as b of ITEM
    DGL_NODE_LIST,    // list
    DGL_NODE_TUPLE,   // list
    DGL_NODE_DICT,    // list: key, value, key, value…
    DGL_NODE_NEGATE,  // op '-' or '+', a
    DGL_NODE_NOT,     // a
    DGL_NODE_BINARY,  // op (dgl_binary_op), a, b
    DGL_NODE_AND,     // a, b
    DGL_NODE_OR,      // a, b
    DGL_NODE_CONCAT,  // list
    DGL_NODE_COMPARE, // a, list of OPERAND
    DGL_NODE_OPERAND, // op (dgl_compare_op), a
    DGL_NODE_COND,    // a if b else c (c may be NULL)
    DGL_NODE_FILTER,  // a (NULL: the body of a filter block), name, args
    DGL_NODE_TEST,    // a, name, args
    DGL_NODE_CALL,    // a, args
    DGL_NODE_ARGS,    // list, list2 of KEYWORD, b = *args, c = **kwargs
    DGL_NODE_KEYWORD, // name, a
    DGL_NODE_NSREF,   // name.name2 as target of set
    DGL_NODE_BAD,     // could not be parsed; reported already
    // statements
    DGL_NODE_DATA,         // chunk; text (own text) when text.data
    DGL_NODE_PRINT,        // a
    DGL_NODE_FOR,          // a target, b iterable, c test, list body, list2 else, flag recursive
    DGL_NODE_IF,           // a test, list body, list2 elif (IF), list3 else
    DGL_NODE_SET,          // a target, b value
    DGL_NODE_SET_BLOCK,    // a target, b filter or NULL, list body
    DGL_NODE_WITH,         // list2 targets, list3 values, list body
    DGL_NODE_MACRO,        // name, list2 parameters (NAME), list3 defaults (of the last ones), list body
    DGL_NODE_CALL_BLOCK,   // a call, list2 parameters, list3 defaults, list body
    DGL_NODE_FILTER_BLOCK, // a filter, list body
    DGL_NODE_BLOCK,        // name, flag scoped, flag2 required, list body
    DGL_NODE_EXTENDS,      // a
    DGL_NODE_INCLUDE,      // a, flag ignore missing, flag2 with context
    DGL_NODE_IMPORT,       // a, name, flag2 with context
    DGL_NODE_FROM,         // a, list2 of NAME with name2 alias, flag2 with context
    DGL_NODE_AUTOESCAPE,   // a, list body
    DGL_NODE_STATEMENTS,   // list
};
enum dgl_name_role { DGL_NAME_LOAD, DGL_NAME_STORE, DGL_NAME_PARAMETER };

struct dgl_node;
struct dgl_node_list {
    struct dgl_node **items;
    uint32_t count, cap;
};
struct dgl_node {
    enum dgl_node_kind kind;
    uint32_t chunk; // of the tag it stands in
    uint8_t op, role;
    bool flag, flag2;
    const struct dgl_name *name, *name2;
    struct dgl_node *a, *b, *c, *args;
    struct dgl_node_list list, list2, list3;
    union {
        struct dgl_value value;
        struct dgl_str text;
    };
};

#endif
