// View models: rows of the store as the JSON the pages show. Pure: no store, no request; time comes in as an argument.
//
// Every function returns a new reference (json_decref it, or hand it to json_object_set_new). Text of any bytes is
// taken: what is not UTF-8 is shown as '?', so a page never fails over a strange file name.
#ifndef DGL_SERVER_UI_MODEL_H
#define DGL_SERVER_UI_MODEL_H

#include "base/json.h"
#include "base/str.h"
#include "server/document/document.h"

#define DGL_UI_KEY_PLACEHOLDER "dgl_YOUR_KEY"
#define DGL_UI_STRIP 50 // latest deliveries in the picture of an endpoint's health

// ---- small things
json_t *dgl_ui_text(const char *s); // NULL gives null
void dgl_ui_set_text(json_t *object, const char *key, const char *s);
void dgl_ui_set_format(json_t *object, const char *key, const char *fmt, ...) DGL_PRINTF(3, 4);
json_t *dgl_ui_time(int64_t us);                 // RFC 3339, for pages/times.html; <= 0 gives null
json_t *dgl_ui_size(int64_t bytes);              // "48 KB"; <= 0 gives ""
char *dgl_ui_duration(int64_t us, char out[32]); // "182 ms", "15.0 s"; returns out
json_t *dgl_ui_option(const char *value, const char *text, bool selected);
json_t *dgl_ui_roles(const char *chosen);    // all of them as options; `chosen`: a role's word
struct dgl_str dgl_ui_host(const char *url); // "example.com:8443" of a URL, for people; what has no scheme is all host

// "60,300,900" is "1 minute, 5 minutes and 15 minutes"; NULL or nonsense is "a while, several times".
json_t *dgl_ui_schedule(const char *seconds_list);

// ---- templates
json_t *dgl_ui_template(const struct dgl_template_row *t, const char *file_name /* NULL = unknown */);
json_t *dgl_ui_version(const struct dgl_template_version_row *v, int64_t current);
// The token tree as a flat list with depth: [{"name","kind","kind_title","depth"}].
json_t *dgl_ui_tokens(const json_t *tokens);
// An example value for every token: what the text field for data starts with.
json_t *dgl_ui_sample(const json_t *tokens);
// "unit_price" reads "Unit price".
json_t *dgl_ui_title(const char *name);
// Problems as the engine reports them, for people: [{"place","message","excerpt","tag"}]; errors first.
json_t *dgl_ui_problems(const char *problems_json);
// One problem from an error with a place; null when it has none.
json_t *dgl_ui_problem_of_error(const struct dgl_error *err);

// A request for a document that works when pasted into a shell. Takes nothing over.
json_t *dgl_ui_curl(const char *public_url, const char *key, const char *template_id, const json_t *sample);

// ---- Form Mode (model_form.c): fields are named by JSON Pointers into the data
#define DGL_UI_MAX_POINTER 1024
#define DGL_UI_NUMBER_DIGITS 15 // what was typed in decimals comes back as it was
// The form as a flat list: [{"part":"group|end|list|row|end-row|end-list|field","path",…}]; a field has "kind" (text,
// long, date, number, boolean, image, kept), "title", "value", "error".
json_t *dgl_ui_form_parts(const json_t *tokens, const json_t *data);
// Groups, and lists of one empty row: what a fresh form shows.
json_t *dgl_ui_form_empty(const json_t *tokens);
// The form's fields laid over `base` (NULL = nothing). error_path: the first number that is none, or "".
json_t *dgl_ui_form_read(const json_t *tokens, const json_t *base, const char *(*field)(void *ctx, const char *path),
                         void *ctx, char error_path[DGL_UI_MAX_POINTER]);
// Sets a member of the first field at or below `path`; takes `value`.
void dgl_ui_form_mark(json_t *parts, const char *path, const char *key, json_t *value);
// A new empty row of the list at `path`; the row at `path` taken out. False: there is none, or no room.
bool dgl_ui_form_add_row(const json_t *tokens, json_t *data, const char *path);
bool dgl_ui_form_remove_row(json_t *data, const char *path);
json_t *dgl_ui_form_find(json_t *data, const char *path); // lends what a pointer names; NULL = nothing
bool dgl_ui_form_is_blank(const json_t *value);           // nothing was filled in
// Takes out rows in which nothing was filled in.
void dgl_ui_form_prune(const json_t *tokens, json_t *data);
// Empty texts for the dates and numbers that are not there.
void dgl_ui_form_fill(const json_t *tokens, json_t *data);

// ---- fonts
// {"id","title","file_name","size","uploaded","styles":[…],"sample","sample_width"}
json_t *dgl_ui_font(const struct dgl_font_row *f);

// ---- documents and deliveries
json_t *dgl_ui_document(const struct dgl_document_row *d);
const char *dgl_ui_document_status_title(enum dgl_document_status s);
const char *dgl_ui_document_source_title(enum dgl_document_source s);
json_t *dgl_ui_delivery(const struct dgl_delivery_row *d);
json_t *dgl_ui_attempt(const struct dgl_attempt_row *a);
json_t *dgl_ui_key(const struct dgl_api_key *k, int64_t now_us);
json_t *dgl_ui_user(const struct dgl_user *u, bool is_me);
json_t *dgl_ui_webhook_test(const char *url, const struct dgl_webhook_test *t);

// ---- one delivery's pictures, and endpoints (model_delivery.c)
// {"marks":[{"x","kind","number","title"}],"ticks":[{"x","text"}]}: x in per cent of the picture; kind "good", "bad",
// "next".
json_t *dgl_ui_timeline(const struct dgl_delivery_row *d, const struct dgl_attempt_row *attempts, size_t count);
// As dgl_ui_attempt, with "phases", "address", "tls", "headers" and "next".
json_t *dgl_ui_attempts(const struct dgl_attempt_row *attempts, size_t count);
json_t *dgl_ui_endpoint(const struct dgl_webhook_endpoint *e);
// The endpoint with its figures and a strip of its latest deliveries (rows: newest first).
json_t *dgl_ui_health(const struct dgl_webhook_endpoint *e, const struct dgl_endpoint_health *h,
                      const struct dgl_delivery_row *rows, size_t count);

// ---- judgements
// A path of these pages to return to: begins with one '/', no control characters, no backslash.
bool dgl_ui_is_local_path(const char *path);
// Whether a URL's host is this machine seen from itself: localhost, 127/8, ::1.
bool dgl_ui_is_loopback_url(const char *url);
// Whether the Origin header of a POST names this server: by its Host header, or by the public URL behind a proxy.
bool dgl_ui_is_same_origin(const char *origin, const char *host, const char *public_url);
// Whether a Host header names this server beyond doubt: by an address, as localhost, or as the public URL does. Any
// other name may be a stranger's that was pointed here, whose page then has our origin in the eyes of a browser.
bool dgl_ui_is_own_host(const char *host, const char *public_url);

#endif
