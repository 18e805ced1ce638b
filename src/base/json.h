// JSON, strictly: jansson with duplicate keys refused, UTF-8 checked, depth and size bounded, integers exact to 64
// bits, numbers out of range refused; every complaint names the path. Writing goes through dgl_json_writer, never
// printf.
#ifndef DGL_BASE_JSON_H
#define DGL_BASE_JSON_H

#include "base/buf.h"
#include <jansson.h>

#define DGL_JSON_MAX_DEPTH 64

// Bytes to a value tree (caller json_decref's). `field` names the document in messages ("input_json", "body").
// Malformed text is DGL_E_MALFORMED with line and column; too deep nesting, duplicate keys and out-of-range numbers are
// DGL_E_INVALID with `field` = their path.
enum dgl_status dgl_json_parse(const char *data, size_t len, const char *field, json_t **ret,
                               struct dgl_error *err) DGL_MUST_CHECK;
static inline void dgl_auto_decref(json_t **p)
{
    json_decref(*p);
}
#define DGL_AUTO_JSON __attribute__((cleanup(dgl_auto_decref))) json_t *

// Strict reading of an object against a table: unknown members, missing ones, wrong types and over-long strings are
// DGL_E_INVALID naming the field, the value's kind and what was wanted. Values are borrowed from `object`.
enum dgl_json_kind { DGL_JSON_STRING, DGL_JSON_INT, DGL_JSON_BOOL, DGL_JSON_OBJECT, DGL_JSON_ARRAY, DGL_JSON_ANY };
struct dgl_json_field {
    const char *name;
    enum dgl_json_kind kind;
    bool required;
    bool nullable;   // null reads as absent
    size_t max;      // strings: bytes (0 = 4096); ints: largest value (0 = INT64_MAX); arrays: items (0 = 1000)
    void *ret;       // const char ** | int64_t * | bool * | json_t **; untouched when absent
    size_t *ret_len; // strings: byte length, may be NULL (then an embedded NUL is refused)
};
enum dgl_status dgl_json_read_object(json_t *object, const char *path, const struct dgl_json_field *fields,
                                     size_t count, struct dgl_error *err) DGL_MUST_CHECK;

// A problem of a template as the engine tells it, as the error it was: message and place, code DGL_E_INVALID. Members
// may be missing.
void dgl_json_read_problem(const json_t *problem, struct dgl_error *ret);

// Streaming writer, compact, keys in the order written; commas and escapes are its business.
struct dgl_json_writer {
    struct dgl_buf *out;
    uint64_t has_item; // one bit per open level
    unsigned depth;    // at most 63
    bool after_key;
};
#define DGL_JSON_WRITER(buf) ((struct dgl_json_writer){.out = (buf)})
void dgl_jw_object(struct dgl_json_writer *w);
void dgl_jw_end_object(struct dgl_json_writer *w);
void dgl_jw_array(struct dgl_json_writer *w);
void dgl_jw_end_array(struct dgl_json_writer *w);
void dgl_jw_key(struct dgl_json_writer *w, const char *key);
void dgl_jw_str(struct dgl_json_writer *w, const char *s); // NULL writes null
void dgl_jw_strn(struct dgl_json_writer *w, const char *s, size_t len);
void dgl_jw_int(struct dgl_json_writer *w, int64_t v);
void dgl_jw_double(struct dgl_json_writer *w, double v);
void dgl_jw_bool(struct dgl_json_writer *w, bool v);
void dgl_jw_null(struct dgl_json_writer *w);
void dgl_jw_raw(struct dgl_json_writer *w, const char *json, size_t len); // already valid JSON
void dgl_jw_time(struct dgl_json_writer *w, int64_t us);                  // UTC text; <= 0 writes null
// key + value in one
void dgl_jw_kstr(struct dgl_json_writer *w, const char *key, const char *s);
void dgl_jw_kint(struct dgl_json_writer *w, const char *key, int64_t v);
void dgl_jw_kbool(struct dgl_json_writer *w, const char *key, bool v);
void dgl_jw_ktime(struct dgl_json_writer *w, const char *key, int64_t us);
void dgl_jw_knull(struct dgl_json_writer *w, const char *key);

#endif
