// What the rooms of the template language share about values and nobody else sees: the layout of lists and dicts, the
// VM's own kinds, and allocation under the render's budget.
//
// Strings and lists may have spare room behind their last element. `a ~ b` where a ends at the end of its room writes
// b there and shares a's bytes: a loop that appends to one string or list is linear, and nobody sees the difference,
// since every value keeps its own length.
#ifndef DGL_RENDER_TEMPLATE_VALUE_PRIVATE_H
#define DGL_RENDER_TEMPLATE_VALUE_PRIVATE_H

#include "render/template/value.h"

// Bounds of values, together.
#define DGL_VALUE_MAX_DEPTH 200u             // nesting that is printed, compared or hashed
#define DGL_VALUE_MAX_STRING (64u << 20)     // bytes of one string
#define DGL_VALUE_MAX_ITEMS 10000000u        // items of one list or dict
#define DGL_VALUE_MAX_UNDEFINED_MESSAGE 256u // bytes

// "Not given": an argument that was not passed, a variable that was not set. Never leaves the VM.
#define DGL_VALUE_ABSENT ((enum dgl_value_kind)99)

// Allocation of one render: arena, budget and where errors go.
struct dgl_mem {
    struct dgl_arena *arena;
    struct dgl_budget *budget;
    struct dgl_error *err;
};
// Zeroed; NULL with *err filled when the budget or the arena is used up.
void *dgl_mem_alloc(struct dgl_mem *m, size_t size);
enum dgl_status dgl_mem_tick(struct dgl_mem *m, size_t steps) DGL_MUST_CHECK; // many small steps at once

struct dgl_value_room {
    size_t used, cap; // bytes of a string, items of a list
    void *data;
};
struct dgl_value_undefined {
    struct dgl_str name;
    const char *owner; // "the object" for a missing attribute; NULL for a name
    const char *hint;  // a whole message instead; NULL mostly
};
struct dgl_value_list {
    size_t count;
    struct dgl_value *items;
    struct dgl_value_room *room;
    bool group; // a pair made by groupby: has .grouper and .list
};
struct dgl_dict_entry {
    struct dgl_value key, value;
    uint64_t hash;
};
struct dgl_value_dict {
    uint32_t count, cap;
    uint32_t mask;     // of index
    bool shares_index; // with dicts of the same keys: it is made anew before it changes
    uint32_t *index;   // entry number + 1; NULL while there are few entries
    struct dgl_dict_entry *entries;
};

// The VM's own kinds. Each struct starts with this head.
enum dgl_other_kind {
    DGL_OTHER_RANGE,
    DGL_OTHER_GENERATOR, // what map, select, batch … give: can be walked once
    DGL_OTHER_VIEW,      // d.items(), d.keys(), d.values()
    DGL_OTHER_CYCLER,
    DGL_OTHER_JOINER,
    DGL_OTHER_NAMESPACE,
    DGL_OTHER_MACRO,
    DGL_OTHER_FUNCTION, // a global of the language
    DGL_OTHER_METHOD,   // a method with its value
    DGL_OTHER_LOOP,
    DGL_OTHER_MODULE,
    DGL_OTHER_SELF,
    DGL_OTHER_BLOCK, // self.name, super
};
struct dgl_value_other {
    enum dgl_other_kind kind;
};
struct dgl_range {
    struct dgl_value_other head;
    int64_t start, stop, step;
    size_t count;
};
struct dgl_generator {
    struct dgl_value_other head;
    struct dgl_value list;
    size_t pos;
};
enum dgl_view_kind { DGL_VIEW_ITEMS, DGL_VIEW_KEYS, DGL_VIEW_VALUES };
struct dgl_view {
    struct dgl_value_other head;
    enum dgl_view_kind which;
    struct dgl_value_dict *dict;
};
struct dgl_cycler {
    struct dgl_value_other head;
    struct dgl_value items; // TUPLE
    size_t pos;
};
struct dgl_joiner {
    struct dgl_value_other head;
    struct dgl_value separator;
    bool used;
};
struct dgl_namespace {
    struct dgl_value_other head;
    struct dgl_value_dict *attributes;
};
struct dgl_module {
    struct dgl_value_other head;
    const char *name;
    struct dgl_value_dict *exports;
    struct dgl_value body;
};

static inline struct dgl_value dgl_none(void)
{
    return (struct dgl_value){.kind = DGL_VALUE_NONE};
}
static inline struct dgl_value dgl_absent(void)
{
    return (struct dgl_value){.kind = DGL_VALUE_ABSENT};
}
static inline struct dgl_value dgl_undefined(const struct dgl_value_undefined *why)
{
    return (struct dgl_value){.kind = DGL_VALUE_UNDEFINED, .as.undefined = why};
}
static inline struct dgl_value dgl_bool(bool b)
{
    return (struct dgl_value){.kind = DGL_VALUE_BOOL, .as.boolean = b};
}
static inline struct dgl_value dgl_int(int64_t i)
{
    return (struct dgl_value){.kind = DGL_VALUE_INT, .as.integer = i};
}
static inline struct dgl_value dgl_double(double d)
{
    return (struct dgl_value){.kind = DGL_VALUE_DOUBLE, .as.number = d};
}
static inline struct dgl_value dgl_other(struct dgl_value_other *o)
{
    return (struct dgl_value){.kind = DGL_VALUE_OTHER, .as.other = o};
}
static inline bool dgl_is_string(struct dgl_value v)
{
    return v.kind == DGL_VALUE_STRING || v.kind == DGL_VALUE_SAFE;
}
static inline bool dgl_is_list(struct dgl_value v)
{
    return v.kind == DGL_VALUE_LIST || v.kind == DGL_VALUE_TUPLE;
}
static inline bool dgl_is_number(struct dgl_value v) // as Python: bool is one
{
    return v.kind == DGL_VALUE_INT || v.kind == DGL_VALUE_DOUBLE || v.kind == DGL_VALUE_BOOL;
}
static inline bool dgl_is_int(struct dgl_value v) // int or bool
{
    return v.kind == DGL_VALUE_INT || v.kind == DGL_VALUE_BOOL;
}
static inline int64_t dgl_as_int(struct dgl_value v)
{
    return v.kind == DGL_VALUE_BOOL ? (int64_t)v.as.boolean : v.as.integer;
}
static inline double dgl_as_double(struct dgl_value v)
{
    return v.kind == DGL_VALUE_DOUBLE ? v.as.number : (double)dgl_as_int(v);
}
static inline bool dgl_is_other(struct dgl_value v, enum dgl_other_kind kind)
{
    return v.kind == DGL_VALUE_OTHER && v.as.other->kind == kind;
}
static inline struct dgl_str dgl_text(struct dgl_value v)
{
    return (struct dgl_str){v.as.string->data, v.as.string->len};
}
static inline size_t dgl_chars(struct dgl_value v)
{
    return v.as.string->chars || !v.as.string->len ? v.as.string->chars
                                                   : dgl_utf8_count(v.as.string->data, v.as.string->len);
}

// Makers. They fail only when memory runs out; then *ret is not written.
enum dgl_status dgl_make_string(struct dgl_mem *m, const char *s, size_t len, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_make_like(struct dgl_mem *m, bool safe, const char *s, size_t len,
                              struct dgl_value *ret) DGL_MUST_CHECK; // SAFE or STRING
// A string that borrows its bytes (part of another string, static text).
enum dgl_status dgl_make_borrowed(struct dgl_mem *m, bool safe, const char *s, size_t len,
                                  struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_make_list(struct dgl_mem *m, enum dgl_value_kind kind, size_t count,
                              struct dgl_value *ret) DGL_MUST_CHECK; // items all zero; fill as.list->items
enum dgl_status dgl_make_pair(struct dgl_mem *m, struct dgl_value a, struct dgl_value b,
                              struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_make_dict(struct dgl_mem *m, size_t cap, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_make_generator(struct dgl_mem *m, struct dgl_value list, struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_make_undefined(struct dgl_mem *m, struct dgl_str name, const char *owner, const char *hint,
                                   struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_string_append(struct dgl_mem *m, struct dgl_value a, struct dgl_str b, bool safe,
                                  struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_list_append(struct dgl_mem *m, struct dgl_value list, const struct dgl_value *items, size_t count,
                                struct dgl_value *ret) DGL_MUST_CHECK;
enum dgl_status dgl_list_push(struct dgl_mem *m, struct dgl_value_list *list, struct dgl_value item) DGL_MUST_CHECK;

// Dicts. A key must be hashable (type_error otherwise).
uint64_t dgl_hash_bytes(const char *s, size_t len);
enum dgl_status dgl_value_hash(struct dgl_mem *m, struct dgl_value v, uint64_t *ret) DGL_MUST_CHECK;
enum dgl_status dgl_dict_put(struct dgl_mem *m, struct dgl_value_dict *d, struct dgl_value key,
                             struct dgl_value value) DGL_MUST_CHECK;
enum dgl_status dgl_dict_put_str(struct dgl_mem *m, struct dgl_value_dict *d, struct dgl_str key,
                                 struct dgl_value value) DGL_MUST_CHECK; // key is copied
// A key that is not in the dict, with its hash.
enum dgl_status dgl_dict_add(struct dgl_mem *m, struct dgl_value_dict *d, struct dgl_value key, uint64_t hash,
                             struct dgl_value value) DGL_MUST_CHECK;
void dgl_dict_share_index(struct dgl_value_dict *d, struct dgl_value_dict *with); // has the same keys, in its order
// NULL when absent.
struct dgl_value *dgl_dict_find(const struct dgl_value_dict *d, const char *key, size_t len, uint64_t hash);
enum dgl_status dgl_dict_get(struct dgl_mem *m, const struct dgl_value_dict *d, struct dgl_value key,
                             struct dgl_value **ret) DGL_MUST_CHECK; // *ret NULL when absent

// "str", "int", "NoneType"…, as Python names types: for what is printed.
const char *dgl_type_name(struct dgl_value v);
// For messages, in the words of those who write templates.
const char *dgl_type_words(struct dgl_value v);  // "a text", "a number", "none"
const char *dgl_object_name(struct dgl_value v); // "the object", "none"
char *dgl_undefined_message(struct dgl_value v, char out[DGL_VALUE_MAX_UNDEFINED_MESSAGE]);

// Equality and order as Python has them. Order fails with type_error or undefined_access.
enum dgl_status dgl_value_equal(struct dgl_mem *m, struct dgl_value a, struct dgl_value b, bool *ret) DGL_MUST_CHECK;
enum dgl_compare_op {
    DGL_CMP_EQ,
    DGL_CMP_NE,
    DGL_CMP_LT,
    DGL_CMP_LE,
    DGL_CMP_GT,
    DGL_CMP_GE,
    DGL_CMP_IN,
    DGL_CMP_NOT_IN
};
enum dgl_status dgl_value_compare(struct dgl_mem *m, enum dgl_compare_op op, struct dgl_value a, struct dgl_value b,
                                  bool *ret) DGL_MUST_CHECK;
enum dgl_binary_op { DGL_BIN_ADD, DGL_BIN_SUB, DGL_BIN_MUL, DGL_BIN_DIV, DGL_BIN_FLOORDIV, DGL_BIN_MOD, DGL_BIN_POW };
enum dgl_status dgl_value_binary(struct dgl_mem *m, enum dgl_binary_op op, struct dgl_value a, struct dgl_value b,
                                 struct dgl_value *ret) DGL_MUST_CHECK; // not % on strings: see format.h
enum dgl_status dgl_value_negate(struct dgl_mem *m, struct dgl_value a, bool minus,
                                 struct dgl_value *ret) DGL_MUST_CHECK;

// Python's repr() of a value, and str() with SAFE kept. `escape`: & < > " ' as entities on the way.
enum dgl_status dgl_value_repr(struct dgl_mem *m, struct dgl_value v, struct dgl_buf *out) DGL_MUST_CHECK;
enum dgl_status dgl_value_str(struct dgl_mem *m, struct dgl_value v, struct dgl_buf *out) DGL_MUST_CHECK;
void dgl_put_html(struct dgl_buf *out, const char *s, size_t len); // markupsafe's five entities
size_t dgl_print_double(double d, char out[32]);                   // "1.0", "inf", "nan"

// Walking anything that can be walked.
struct dgl_iter {
    struct dgl_value over;
    size_t pos;
    bool live; // a generator: its own position moves
};
enum dgl_status dgl_iter_init(struct dgl_mem *m, struct dgl_value v, struct dgl_iter *ret) DGL_MUST_CHECK;
// *ret_more false at the end.
enum dgl_status dgl_iter_next(struct dgl_mem *m, struct dgl_iter *it, struct dgl_value *ret,
                              bool *ret_more) DGL_MUST_CHECK;
bool dgl_iterable(struct dgl_value v);
// Number of items; false when the value has no length (numbers, generators).
bool dgl_length(struct dgl_value v, size_t *ret);
// A LIST of all items; a list is given back itself.
enum dgl_status dgl_to_list(struct dgl_mem *m, struct dgl_value v, struct dgl_value *ret) DGL_MUST_CHECK;
// str(): STRING and SAFE stay as they are.
enum dgl_status dgl_to_string(struct dgl_mem *m, struct dgl_value v, struct dgl_value *ret) DGL_MUST_CHECK;

// The errors of the language in one place.
enum dgl_status dgl_type_error(struct dgl_mem *m, const char *fmt, ...) DGL_PRINTF(2, 3) DGL_MUST_CHECK;
enum dgl_status dgl_undefined_error(struct dgl_mem *m, struct dgl_value v) DGL_MUST_CHECK;
enum dgl_status dgl_limit_error(struct dgl_mem *m, const char *slug, const char *fmt, ...)
    DGL_PRINTF(3, 4) DGL_MUST_CHECK;

#endif
