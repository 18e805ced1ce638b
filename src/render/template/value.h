// Values of the template language: JSON exactly, plus undefined, safe strings and the VM's own kinds.
//
// A value is 16 bytes, passed by value. Everything it points to lives in the render's arena (or in the compiled
// template for constants, in the text of the data for its strings), so values need no reference counts and must not
// outlive the render. Strings are UTF-8 with a length.
#ifndef DGL_RENDER_TEMPLATE_VALUE_H
#define DGL_RENDER_TEMPLATE_VALUE_H

#include "base/arena.h"
#include "base/budget.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

enum dgl_value_kind {
    DGL_VALUE_UNDEFINED,
    DGL_VALUE_NONE,
    DGL_VALUE_BOOL,
    DGL_VALUE_INT,
    DGL_VALUE_DOUBLE,
    DGL_VALUE_STRING,
    DGL_VALUE_SAFE, // a string that is already markup of the target (|safe, macro results, block set)
    DGL_VALUE_LIST,
    DGL_VALUE_TUPLE,
    DGL_VALUE_DICT,  // ordered
    DGL_VALUE_RICH,  // made by a host filter (image, qr, markdown, …): a word and a dict, drawn by the sink
    DGL_VALUE_OTHER, // range, cycler, macro, bound method, …: the VM's own
};

struct dgl_value_string { // immutable
    size_t len;
    const char *data;
    size_t chars;                // characters, counted when made; 0 with len > 0: not counted
    struct dgl_value_room *room; // spare bytes behind data, for cheap appending; NULL = none. Private
};
struct dgl_value_undefined; // why a value is undefined, for messages; private
struct dgl_value_list;
struct dgl_value_dict;
struct dgl_value_rich;
struct dgl_value_other;

struct dgl_value {
    enum dgl_value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        const struct dgl_value_string *string; // STRING, SAFE
        struct dgl_value_list *list;           // LIST, TUPLE
        struct dgl_value_dict *dict;
        const struct dgl_value_rich *rich;
        struct dgl_value_other *other;
        const struct dgl_value_undefined *undefined; // UNDEFINED; may be NULL
    } as;
};

struct dgl_value_rich {
    const char *type;           // "image", "qr", "barcode", "markdown", "html"
    struct dgl_value subject;   // what the filter was applied to
    struct dgl_value arguments; // DICT
};

// JSON text to values, as strictly and with the messages of dgl_json_parse. Linear in size; ticks the budget. Strings
// lie in `text` where they have no escapes: it must stay as long as the values.
enum dgl_status dgl_value_parse_json(struct dgl_arena *a, const char *text, size_t len, const char *field,
                                     struct dgl_budget *budget, struct dgl_value *ret,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// A tree to values, copied into the arena.
enum dgl_status dgl_value_from_json(struct dgl_arena *a, const json_t *json, struct dgl_budget *budget,
                                    struct dgl_value *ret, struct dgl_error *err) DGL_MUST_CHECK;
// Copies. UNDEFINED when the arena's limit is reached.
struct dgl_value dgl_value_string(struct dgl_arena *a, const char *s, size_t len);

size_t dgl_value_length(struct dgl_value v); // strings in characters; 0 for what has no length
struct dgl_value dgl_value_list_get(struct dgl_value list, size_t index);
struct dgl_value dgl_value_dict_lookup(struct dgl_value dict, const char *key, size_t len); // UNDEFINED when absent
// Iterates a dict in order: index from 0 to dgl_value_length()-1.
void dgl_value_dict_at(struct dgl_value dict, size_t index, struct dgl_value *ret_key, struct dgl_value *ret_value);
// The text Python's str() gives: "None", "True", "1.0", "['a', 'b']"; UNDEFINED is empty.
enum dgl_status dgl_value_print(struct dgl_value v, struct dgl_budget *budget, struct dgl_buf *out,
                                struct dgl_error *err) DGL_MUST_CHECK;
bool dgl_value_truthy(struct dgl_value v);

#endif
