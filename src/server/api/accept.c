// POST /documents/: the hot path, from one thread to the next without blocking any.
//
//   epoll thread     read strictly ─▶ dgl_documents_accept_async ─▶ (suspended)
//   store's writer   durable ─▶ 202, or, when the caller waits, dgl_documents_wait
//   dispatcher       ready or too late ─▶ 200 or 202
//
// The bytes of input_json go on as they were sent: reading them once more into a tree and out again would cost as much
// as everything else here together. What is borrowed until the answer (the body, the tree, the strings in it) lives in
// the request and in this file's `accepting`.
#include "server/api/parts.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct accepting {
    struct dgl_api *api;
    struct dgl_http_request *rq;
    json_t *body;
    char *dumped; // input_json, when its bytes could not be found as sent
    int64_t wait_s;
    struct dgl_document_request request;
    struct dgl_document_pdf pdf;
    struct dgl_document_accepted accepted;
};

// ---- reading

// RFC 7240 §2: `wait=5`, `wait = "5"; parameters`, among others with commas between. What cannot be understood is
// passed over; of two the first counts.
static int64_t preferred_wait(const char *list)
{
    for (const char *p = list; *p;) {
        size_t len = strcspn(p, ","), name_len = strcspn(p, "=,");
        struct dgl_str name = dgl_str_trim((struct dgl_str){p, DGL_MIN(name_len, len)}), value = {"", 0};
        if (name_len < len)
            value = dgl_str_trim((struct dgl_str){p + name_len + 1, strcspn(p + name_len + 1, ",;")});
        if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
            value = (struct dgl_str){value.data + 1, value.len - 2};
        int64_t seconds;
        if (name.len == 4 && strncasecmp(name.data, "wait", 4) == 0 &&
            dgl_parse_int64(value.data, value.len, 0, INT64_MAX, &seconds))
            return seconds;
        p += len + (p[len] == ',');
    }
    return 0;
}

static enum dgl_status read_wait(struct dgl_http_request *rq, int64_t *ret, struct dgl_error *err)
{
    const char *query = dgl_http_query(rq, "wait"), *prefer = dgl_http_joined_header(rq, "Prefer");
    *ret = 0;
    DGL_TRY(dgl_api_read_number(rq, "wait", 0, API_MAX_WAIT_S, ret, err));
    if (!query && prefer)
        *ret = DGL_MIN(preferred_wait(prefer), API_MAX_WAIT_S);
    return DGL_OK;
}

static enum dgl_status read_keys(struct dgl_http_request *rq, const char **ret, struct dgl_error *err)
{
    const char *ours = dgl_http_joined_header(rq, "X-Idempotency-Key");
    const char *standard = dgl_http_joined_header(rq, "Idempotency-Key");
    if (ours && standard && strcmp(ours, standard) != 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "two_idempotency_keys", "X-Idempotency-Key",
                              "X-Idempotency-Key and Idempotency-Key differ; send one of them.");
    *ret = ours ? ours : standard;
    return DGL_OK;
}

static enum dgl_status take_input(struct accepting *a, json_t *input, const char *data, size_t len,
                                  struct dgl_error *err)
{
    struct dgl_document_request *r = &a->request;
    if (!dgl_api_find_member(data, len, "input_json", &r->input, &r->input_len)) {
        a->dumped = json_dumps(input, JSON_COMPACT);
        if (!a->dumped)
            return DGL_FAIL(err, DGL_E_UNAVAILABLE, "There is no memory for the request at the moment.");
        r->input = a->dumped;
        r->input_len = strlen(a->dumped);
    }
    if (r->input_len > DGL_INPUT_MAX_BYTES)
        return DGL_FAIL_FIELD(err, DGL_E_LIMIT, "too_large", "input_json",
                              "input_json is %zu bytes long; at most %u are allowed.", r->input_len,
                              DGL_INPUT_MAX_BYTES);
    return DGL_OK;
}

// "pdf": how the PDF is to be.
static enum dgl_status read_allow(const json_t *words, uint32_t *ret, struct dgl_error *err)
{
    const json_t *word;
    size_t i;
    *ret = words ? 0 : DGL_PDF_ALLOW_ALL;
    json_array_foreach(words, i, word)
    {
        uint32_t bit = json_is_string(word) ? dgl_pdf_allow_bit(json_string_value(word)) : 0;
        if (!bit)
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_word", "pdf.allow",
                                  "pdf.allow is a list of print, copy, annotate, forms and edit; item %zu is none of "
                                  "them.",
                                  i + 1);
        *ret |= bit;
    }
    return DGL_OK;
}

static enum dgl_status read_pdf(json_t *object, struct dgl_document_pdf *ret, struct dgl_error *err)
{
    struct dgl_pdf_protection *p = &ret->protection;
    const char *standard = NULL, *open = NULL, *owner = NULL;
    json_t *allow = NULL;
    const struct dgl_json_field fields[] = {
        {.name = "standard", .kind = DGL_JSON_STRING, .nullable = true, .max = API_MAX_NAME_BYTES, .ret = &standard},
        {.name = "open_password", .kind = DGL_JSON_STRING, .nullable = true, .ret = &open},
        {.name = "owner_password", .kind = DGL_JSON_STRING, .nullable = true, .ret = &owner},
        {.name = "allow", .kind = DGL_JSON_ARRAY, .nullable = true, .max = 16, .ret = &allow}};
    DGL_TRY(dgl_json_read_object(object, "pdf", fields, DGL_COUNT(fields), err));
    if (standard && strcmp(standard, "PDF/A-2b") != 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "unknown_word", "pdf.standard",
                              "pdf.standard is \"%.40s\"; PDF/A-2b is the one that is made.", standard);
    ret->archive = standard != NULL;
    if (open)
        DGL_TRY(dgl_pdf_password_set(open, strlen(open), "pdf.open_password", p->open_password, err));
    if (owner)
        DGL_TRY(dgl_pdf_password_set(owner, strlen(owner), "pdf.owner_password", p->owner_password, err));
    DGL_TRY(read_allow(allow, &p->allow, err));
    if (ret->archive && dgl_pdf_is_protected(p))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "protected_archive", "pdf",
                              "pdf asks for PDF/A and for a password; a document for archives may have none.");
    return dgl_pdf_protection_check(p, "pdf.owner_password", err);
}

static enum dgl_status read_request(struct accepting *a, struct dgl_error *err)
{
    struct dgl_document_request *r = &a->request;
    const char *data, *format = "pdf";
    size_t len;
    json_t *input = NULL, *pdf = NULL;
    int64_t version = 0; // the current one
    const struct dgl_json_field fields[] = {
        {.name = "template_id", .kind = DGL_JSON_STRING, .required = true, .ret = &r->template_id},
        {.name = "input_json", .kind = DGL_JSON_OBJECT, .required = true, .ret = &input},
        {.name = "output_format", .kind = DGL_JSON_STRING, .max = API_MAX_NAME_BYTES, .ret = &format},
        {.name = "webhook_url", .kind = DGL_JSON_STRING, .nullable = true, .ret = &r->webhook_url},
        {.name = "template_version", .kind = DGL_JSON_INT, .nullable = true, .max = INT32_MAX, .ret = &version},
        {.name = "pdf", .kind = DGL_JSON_OBJECT, .nullable = true, .ret = &pdf}};
    DGL_TRY(read_wait(a->rq, &a->wait_s, err));
    DGL_TRY(read_keys(a->rq, &r->idempotency_key, err));
    DGL_TRY(dgl_api_read_body(a->rq, &a->body, err));
    DGL_TRY(dgl_json_read_object(a->body, "", fields, DGL_COUNT(fields), err));
    DGL_TRY(dgl_api_read_formats(format, &r->formats, err));
    r->template_id = dgl_api_lower_id(a->rq, r->template_id);
    if (version < 1 && json_is_integer(json_object_get(a->body, "template_version")))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "out_of_range", "template_version",
                              "template_version must be a version number from 1 up.");
    if (pdf) {
        DGL_TRY(read_pdf(pdf, &a->pdf, err));
        r->pdf = &a->pdf;
    }
    dgl_http_body(a->rq, &data, &len);
    DGL_TRY(take_input(a, input, data, len, err));
    r->template_version = version;
    r->source = DGL_SOURCE_API;
    if (r->idempotency_key)
        dgl_sha256(data, len, r->body_sha256);
    return DGL_OK;
}

// ---- answering

// The request is over for us: what we hold of it goes before the answer, which may recycle it.
static struct dgl_http_request *let_go(struct accepting *a)
{
    dgl_wipe(&a->pdf, sizeof a->pdf);
    json_decref(a->body);
    free(a->dumped);
    a->body = NULL;
    a->dumped = NULL;
    return a->rq;
}

static void answer_error(struct accepting *a, const struct dgl_error *err)
{
    dgl_api_fail(let_go(a), err);
}

static void answer_accepted(struct accepting *a)
{
    struct dgl_buf body = DGL_BUF_INIT(4096);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_shape_accepted(&w, &a->accepted);
    dgl_api_send(let_go(a), 202, &body);
}

static void answer_document(struct accepting *a)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_document_row row;
    if (dgl_store_document_get(a->api->parts.store, dgl_http_arena(a->rq), dgl_api_who(a->rq)->org, a->accepted.id,
                               &row, &err) != DGL_OK) {
        answer_accepted(a); // erased meanwhile
        return;
    }
    struct dgl_buf body = DGL_BUF_INIT(API_MAX_ANSWER_BYTES);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_shape_document(&w, a->api->parts.documents, &row, true);
    dgl_api_send(let_go(a), 200, &body);
}

static void on_waited(void *arg, bool finished)
{
    struct accepting *a = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    if (finished && dgl_api_readmit(a->api, a->rq, &err) == DGL_OK)
        answer_document(a);
    else
        answer_accepted(a);
}

static void on_accepted(void *arg, enum dgl_status status, const struct dgl_document_accepted *accepted,
                        const struct dgl_error *err)
{
    struct accepting *a = arg;
    if (status != DGL_OK) {
        answer_error(a, err);
        return;
    }
    a->accepted = *accepted;
    if (accepted->replayed)
        dgl_http_set_header(a->rq, "Idempotency-Replayed", "true");
    struct dgl_error full = DGL_ERROR_INIT;
    if (a->wait_s == 0 || dgl_documents_wait(a->api->parts.documents, dgl_api_who(a->rq)->org, a->accepted.id,
                                             a->wait_s * 1000, on_waited, a, &full) != DGL_OK)
        answer_accepted(a);
}

API_HANDLER(document_create)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct accepting *a = DGL_ARENA_NEW(dgl_http_arena(rq), struct accepting);
    a->api = api;
    a->rq = rq;
    if (read_request(a, &err) != DGL_OK ||
        dgl_documents_accept_async(api->parts.documents, dgl_api_who(rq), &a->request, on_accepted, a, &err) != DGL_OK)
        answer_error(a, &err);
}
