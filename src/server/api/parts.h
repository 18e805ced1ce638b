// Shared by the files of this room only.
#ifndef DGL_SERVER_API_PARTS_H
#define DGL_SERVER_API_PARTS_H

#include "server/api/api.h"
#include "server/api/limits.h"
#include "server/api/shapes.h"

#include <stdatomic.h>

enum api_access { // who may call; the order is that of the roles
    API_ANYONE,   // no key asked for
    API_VIEWER,
    API_GENERATOR,
    API_EDITOR,
    API_ADMIN,
};

// One row of the table: the route, and what the OpenAPI document says about it beyond that.
struct api_entry {
    struct dgl_route route;
    const char *id;       // operationId
    const char *query;    // names of query parameters (components/parameters), separated by blanks; NULL = none
    const char *request;  // schema of the JSON body; of a form when the route takes one; NULL = none
    int status;           // of the good answer
    const char *response; // schema, "list:Schema" or "page:Schema"; media types when it holds a '/'; NULL = no body
    struct {
        int status;
        const char *response, *description;
    } also; // the other good answer, if there is one
};
extern const struct api_entry dgl_api_entries[];
extern const size_t dgl_api_entry_count;

struct dgl_api {
    struct dgl_api_parts parts; // strings are copies
    struct dgl_http_server *http;
    struct dgl_route *routes; // of the entries, with bounds and guards filled in
    char *openapi;
    size_t openapi_len;
    char openapi_etag[20];
    int64_t started_at_us;
    _Atomic bool stopping;
};

// auth.c
bool dgl_api_admit(void *api, struct dgl_http_request *rq);
// Whether the key may still do it: for a request that waited, and may have outlived its key. May read the store.
enum dgl_status dgl_api_readmit(struct dgl_api *api, const struct dgl_http_request *rq,
                                struct dgl_error *err) DGL_MUST_CHECK;
const struct dgl_principal *dgl_api_who(const struct dgl_http_request *rq);
bool dgl_api_may(const struct dgl_http_request *rq, enum api_access access);

// input.c
// That the query holds only what the route's row names (api_entry.query), and nothing twice.
enum dgl_status dgl_api_check_query(struct dgl_http_request *rq, const char *keys,
                                    struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_api_read_body(struct dgl_http_request *rq, json_t **ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_api_read_number(struct dgl_http_request *rq, const char *name, int64_t min, int64_t max,
                                    int64_t *ret,
                                    struct dgl_error *err) DGL_MUST_CHECK; // of the query; absent leaves *ret
// Ids are given in lower case and taken in either: some libraries write UUIDs in capitals.
const char *dgl_api_id(struct dgl_http_request *rq);                         // the path's {id}
const char *dgl_api_lower_id(struct dgl_http_request *rq, const char *text); // as it is when it is no id; NULL is NULL
enum dgl_status dgl_api_read_id(struct dgl_http_request *rq, const char *name, const char **ret,
                                struct dgl_error *err) DGL_MUST_CHECK; // of the query; absent: NULL
// limit and cursor of the query; *ret_given: either was there.
enum dgl_status dgl_api_read_page(struct dgl_http_request *rq, struct dgl_page_query *ret, bool *ret_given,
                                  struct dgl_error *err) DGL_MUST_CHECK;
// Of a short list that is read whole, what limit and cursor ask for: rows first to end. id_of gives a row's id, which
// is the cursor when it is a page's last; next is "" on the last page.
struct api_window {
    size_t first, end;
    const char *next;
};
typedef const char *(*api_id_of)(const void *rows, size_t i);
enum dgl_status dgl_api_read_window(struct dgl_http_request *rq, const void *rows, size_t count, api_id_of id_of,
                                    struct api_window *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_api_read_bool(const char *value, const char *field, bool *ret,
                                  struct dgl_error *err) DGL_MUST_CHECK; // "true" | "false"
enum dgl_status dgl_api_read_time(struct dgl_http_request *rq, const char *name, int64_t *ret_us,
                                  struct dgl_error *err) DGL_MUST_CHECK; // of the query; absent leaves *ret_us
// A query value that is one of `count` words: its index, -1 when absent.
enum dgl_status dgl_api_read_word(struct dgl_http_request *rq, const char *name, const char *(*word)(int), int count,
                                  int *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_api_read_formats(const char *word, unsigned *ret, struct dgl_error *err) DGL_MUST_CHECK;
// The bytes of the top-level member `name` in a valid JSON object, as they were sent. False: not found as plainly
// written (then its key was escaped).
bool dgl_api_find_member(const char *json, size_t len, const char *name, const char **ret, size_t *ret_len);

// output.c
// A writer over a buffer that dgl_api_send sends with 200 (or `status`).
void dgl_api_send(struct dgl_http_request *rq, int status, struct dgl_buf *body);
void dgl_api_fail(struct dgl_http_request *rq, const struct dgl_error *err);
void dgl_api_send_file(struct dgl_http_request *rq, struct dgl_document_file *file, bool attachment);
// {"items":[…],"next_cursor":…} around items the caller writes.
void dgl_api_begin_page(struct dgl_json_writer *w);
void dgl_api_end_page(struct dgl_json_writer *w, const char *next_cursor);

// Shapes of handlers: what one does, written without its answering.
typedef enum dgl_status (*api_body)(struct dgl_api *, struct dgl_http_request *, struct dgl_buf *, struct dgl_error *);
typedef enum dgl_status (*api_act)(struct dgl_api *, struct dgl_http_request *, struct dgl_error *);
#define API_SECRET_SIZE 96
typedef enum dgl_status (*api_secret)(struct dgl_api *, struct dgl_http_request *, char[API_SECRET_SIZE],
                                      struct dgl_error *);
void dgl_api_answer_body(struct dgl_api *api, struct dgl_http_request *rq, int status, api_body write);
void dgl_api_answer_empty(struct dgl_api *api, struct dgl_http_request *rq, api_act act); // 204
// {"<key>": what it gave}, null when that is ""; wiped afterwards.
void dgl_api_answer_secret(struct dgl_api *api, struct dgl_http_request *rq, const char *key, api_secret get);

// webhooks.c
// {"overlap_s": n} or no body; -1 = not given.
enum dgl_status dgl_api_read_overlap(struct dgl_http_request *rq, int64_t *ret, struct dgl_error *err) DGL_MUST_CHECK;

// schemas.c: components/schemas and components/parameters, as two object members
void dgl_api_schemas_write(struct dgl_json_writer *w);
void dgl_api_parameters_write(struct dgl_json_writer *w);
// The next name of a query parameter in an entry's list, and the list behind it; NULL = no more.
const char *dgl_api_query_name(const char **keys);

// Handlers; ctx is struct dgl_api *.
#define API_HANDLER(name) void dgl_api_##name(void *ctx, struct dgl_http_request *rq)
// Handlers of the shapes above, in a line.
#define API_HANDLER_BODY(name, status, write)          \
    API_HANDLER(name)                                  \
    {                                                  \
        dgl_api_answer_body(ctx, rq, (status), write); \
    }
#define API_HANDLER_EMPTY(name, act)        \
    API_HANDLER(name)                       \
    {                                       \
        dgl_api_answer_empty(ctx, rq, act); \
    }
#define API_HANDLER_SECRET(name, key, get)        \
    API_HANDLER(name)                             \
    {                                             \
        dgl_api_answer_secret(ctx, rq, key, get); \
    }
API_HANDLER(template_create);
API_HANDLER(template_list);
API_HANDLER(template_get);
API_HANDLER(template_update);
API_HANDLER(template_delete);
API_HANDLER(template_versions);
API_HANDLER(template_rollback);
API_HANDLER(template_file);
API_HANDLER(template_sample);
API_HANDLER(template_preview);
API_HANDLER(font_create);
API_HANDLER(font_list);
API_HANDLER(font_get);
API_HANDLER(font_delete);
API_HANDLER(document_create);
API_HANDLER(document_list);
API_HANDLER(document_get);
API_HANDLER(document_download);
API_HANDLER(document_delete);
API_HANDLER(file);
API_HANDLER(webhook_get);
API_HANDLER(webhook_put);
API_HANDLER(webhook_delete);
API_HANDLER(webhook_test);
API_HANDLER(secret_get);
API_HANDLER(secret_rotate);
API_HANDLER(secret_derive);
API_HANDLER(source_ips);
API_HANDLER(endpoint_list);
API_HANDLER(endpoint_create);
API_HANDLER(endpoint_get);
API_HANDLER(endpoint_update);
API_HANDLER(endpoint_delete);
API_HANDLER(endpoint_enable);
API_HANDLER(endpoint_disable);
API_HANDLER(endpoint_health);
API_HANDLER(endpoint_secret_get);
API_HANDLER(endpoint_secret_rotate);
API_HANDLER(public_key_get);
API_HANDLER(public_key_rotate);
API_HANDLER(public_key_delete);
API_HANDLER(delivery_list);
API_HANDLER(delivery_get);
API_HANDLER(delivery_redeliver);
API_HANDLER(redeliver_range);
API_HANDLER(events_get);
API_HANDLER(event_result);
API_HANDLER(openapi);
API_HANDLER(healthz);
API_HANDLER(readyz);
API_HANDLER(metrics);

// system.c: DGL_OK, or why no documents can be made at the moment.
enum dgl_status dgl_api_check_ready(struct dgl_api *api, struct dgl_error *err) DGL_MUST_CHECK;

#endif
