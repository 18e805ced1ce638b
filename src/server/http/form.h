// Form bodies, read as they arrive: multipart/form-data (RFC 7578) with files going to unnamed temporary files, and
// application/x-www-form-urlencoded. Strict: what is not exactly a form is an error, a cut-off one above all.
#ifndef DGL_SERVER_HTTP_FORM_H
#define DGL_SERVER_HTTP_FORM_H

#include "server/http/limits.h"

struct http_form;
// From a Content-Type header. Not a form: DGL_E_UNSUPPORTED. `arena` holds the fields, `temp_dir` the files; both
// outlive the form.
enum dgl_status http_form_new(const char *content_type, struct dgl_arena *arena, const char *temp_dir,
                              struct http_form **ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status http_form_feed(struct http_form *f, const char *data, size_t len, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status http_form_finish(struct http_form *f, struct dgl_error *err) DGL_MUST_CHECK;
size_t http_form_count(const struct http_form *f);
struct dgl_http_field *http_form_at(struct http_form *f, size_t index);
void http_form_free(struct http_form *f); // closes files not taken

// `Content-Disposition: form-data; name="…"; filename="…"` and its like: the value before the first ';' is *ret_kind;
// each parameter is handed over with its value unquoted. Exposed for tests and fuzzing.
struct http_header_params {
    const char *kind;
    size_t count;
    const char *names[8], *values[8]; // names in lower case
};
enum dgl_status http_header_params_parse(struct dgl_arena *a, const char *text, struct http_header_params *ret,
                                         struct dgl_error *err) DGL_MUST_CHECK;

#endif
