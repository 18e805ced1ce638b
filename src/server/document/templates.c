// Templates: inspected in a worker, stored as a file, then as a row with a version. A version never changes once made.
#include "server/document/parts.h"

#include <string.h>

#include "render/sheet/sheet.h"

#define TEMPLATE_NAME_MAX 200u
#define TEMPLATE_DESCRIPTION_MAX 2000u

// ---- what accepting knows

enum dgl_status dgl_document_template_fact(struct dgl_documents *d, const char *org, const char *id,
                                           struct dgl_template_fact *ret, struct dgl_error *err)
{
    struct dgl_template_fact *slot = &d->facts[dgl_hash_text(DGL_HASH_START, id) % DGL_DOCUMENT_TEMPLATE_CACHE];
    int64_t now = dgl_clock_mono_us(d->parts.clock);
    pthread_mutex_lock(&d->fact_lock);
    bool hit = strcmp(slot->id, id) == 0 && strcmp(slot->org, org) == 0 && slot->known_until_us > now;
    if (hit)
        *ret = *slot;
    uint64_t epoch = d->fact_epoch;
    pthread_mutex_unlock(&d->fact_lock);
    if (hit)
        return DGL_OK;

    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_template_row row;
    DGL_TRY(dgl_store_template_get(d->parts.store, arena, org, id, &row, err));
    struct dgl_template_fact fact = {
        .version = row.version, .is_uat = row.is_uat, .known_until_us = now + DGL_DOCUMENT_TEMPLATE_TTL_US};
    dgl_str_copy(fact.id, sizeof fact.id, row.id, strlen(row.id));
    dgl_str_copy(fact.org, sizeof fact.org, org, strlen(org));
    pthread_mutex_lock(&d->fact_lock);
    if (epoch == d->fact_epoch)
        *slot = fact;
    pthread_mutex_unlock(&d->fact_lock);
    *ret = fact;
    return DGL_OK;
}

static void forget(struct dgl_documents *d, const char *id)
{
    pthread_mutex_lock(&d->fact_lock);
    d->facts[dgl_hash_text(DGL_HASH_START, id) % DGL_DOCUMENT_TEMPLATE_CACHE] = (struct dgl_template_fact){0};
    d->fact_epoch++;
    pthread_mutex_unlock(&d->fact_lock);
}

// ---- checking and storing

static enum dgl_status check_text(const char *field, const char *value, size_t max, bool required,
                                  struct dgl_error *err)
{
    size_t len = value ? strlen(value) : 0;
    if (!dgl_utf8_valid(value ? value : "", len))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_text", field, "%s is not valid UTF-8 text.", field);
    if (!dgl_utf8_plain(value ? value : "", len, !required, false))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_text", field,
                              "%s holds a control character or one that turns the direction of text; leave it out.",
                              field);
    if (required && !dgl_utf8_plain(value ? value : "", len, false, true))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "missing_field", field, "%s is missing; give the template a name.",
                              field);
    if (len > 0 && dgl_utf8_count(value, len) > max)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "too_long", field, "%s has more than %zu characters; shorten it.",
                              field, max);
    return DGL_OK;
}

// Compiles the upload in a worker and puts the file away: what a version row needs.
static enum dgl_status make_version(struct dgl_documents *d, struct dgl_arena *a, const struct dgl_principal *who,
                                    const struct dgl_template_upload *upload, struct dgl_template_version_row *ret,
                                    const char **ret_problems_json, struct dgl_error *err)
{
    struct dgl_engine_job job = {.op = DGL_ENGINE_INSPECT, .org_number = who->org_number, .template_fd = upload->fd};
    struct dgl_document_rendered inspected;
    enum dgl_status status = dgl_document_render_now(d, &job, &inspected, err);
    const char *tokens = dgl_arena_strdup(a, inspected.tokens_json);
    *ret_problems_json = dgl_arena_strdup(a, inspected.problems_json);
    dgl_document_rendered_fini(&inspected);
    DGL_TRY(status);

    struct dgl_id file_id = dgl_id_new(d->parts.clock);
    char *name = dgl_arena_printf(a, "%s.docx", file_id.s);
    struct dgl_blob_info info;
    DGL_TRY(dgl_blob_put_fd(d->parts.blobs, who->org, "template", name, upload->fd, &info, err));
    *ret = (struct dgl_template_version_row){.blob_uri = dgl_arena_strdup(a, info.uri),
                                             .size_bytes = info.size_bytes,
                                             .tokens_json = tokens ? tokens : "[]",
                                             .file_name = upload->file_name ? upload->file_name : "template.docx",
                                             .created_at_us = dgl_clock_now_us(d->parts.clock)};
    memcpy(ret->sha256, info.sha256, sizeof ret->sha256);
    return DGL_OK;
}

enum dgl_status dgl_documents_template_create(struct dgl_documents *d, struct dgl_arena *a,
                                              const struct dgl_principal *who, const struct dgl_template_upload *upload,
                                              struct dgl_template_row *ret, const char **ret_problems_json,
                                              struct dgl_error *err)
{
    *ret_problems_json = NULL;
    DGL_TRY(check_text("name", upload->name, TEMPLATE_NAME_MAX, true, err));
    DGL_TRY(check_text("description", upload->description, TEMPLATE_DESCRIPTION_MAX, false, err));
    struct dgl_template_version_row version;
    DGL_TRY(make_version(d, a, who, upload, &version, ret_problems_json, err));
    struct dgl_template_row row = {.name = upload->name,
                                   .description = upload->description ? upload->description : "",
                                   .is_uat = upload->is_uat,
                                   .kind = "docx",
                                   .version = 1,
                                   .created_at_us = version.created_at_us,
                                   .updated_at_us = version.created_at_us};
    memcpy(row.org, who->org, sizeof row.org);
    struct dgl_id id;
    struct dgl_error ignored = DGL_ERROR_INIT;
    // A commit the disk refused may yet turn out to be there after a crash, so its file stays; the next start looks.
    enum dgl_status status = dgl_store_template_create(d->parts.store, &row, &version, &id, err);
    if (status != DGL_OK) {
        if (status != DGL_E_UNAVAILABLE)
            (void)!dgl_blob_delete(d->parts.blobs, version.blob_uri, &ignored);
        return status;
    }
    return dgl_store_template_get(d->parts.store, a, who->org, id.s, ret, err);
}

enum dgl_status dgl_documents_template_update(struct dgl_documents *d, struct dgl_arena *a,
                                              const struct dgl_principal *who, const char *id,
                                              const struct dgl_template_upload *upload, struct dgl_template_row *ret,
                                              const char **ret_problems_json, struct dgl_error *err)
{
    *ret_problems_json = NULL;
    struct dgl_template_row row;
    DGL_TRY(dgl_store_template_get(d->parts.store, a, who->org, id, &row, err));
    if (upload->name)
        DGL_TRY(check_text("name", upload->name, TEMPLATE_NAME_MAX, true, err));
    DGL_TRY(check_text("description", upload->description, TEMPLATE_DESCRIPTION_MAX, false, err));
    row.name = upload->name;
    row.description = upload->description;
    struct dgl_template_version_row version;
    if (upload->fd >= 0)
        DGL_TRY(make_version(d, a, who, upload, &version, ret_problems_json, err));
    int64_t number = 0;
    enum dgl_status status =
        dgl_store_template_add_version(d->parts.store, who->org, &row, upload->fd >= 0 ? &version : NULL, &number, err);
    forget(d, id);
    if (status != DGL_OK) {
        struct dgl_error ignored = DGL_ERROR_INIT;
        if (upload->fd >= 0 && status != DGL_E_UNAVAILABLE)
            (void)!dgl_blob_delete(d->parts.blobs, version.blob_uri, &ignored);
        return status;
    }
    return dgl_store_template_get(d->parts.store, a, who->org, id, ret, err);
}

enum dgl_status dgl_documents_template_rollback(struct dgl_documents *d, struct dgl_arena *a,
                                                const struct dgl_principal *who, const char *id, int64_t version,
                                                struct dgl_template_row *ret, struct dgl_error *err)
{
    struct dgl_template_row row;
    DGL_TRY(dgl_store_template_get(d->parts.store, a, who->org, id, &row, err));
    struct dgl_template_version_row old;
    DGL_TRY(dgl_store_template_version_get(d->parts.store, a, who->org, id, version, &old, err));
    old.created_at_us = dgl_clock_now_us(d->parts.clock); // the same file under a new number
    row.name = row.description = NULL;
    int64_t number = 0;
    enum dgl_status status = dgl_store_template_add_version(d->parts.store, who->org, &row, &old, &number, err);
    forget(d, id);
    DGL_TRY(status);
    return dgl_store_template_get(d->parts.store, a, who->org, id, ret, err);
}

enum dgl_status dgl_documents_template_delete(struct dgl_documents *d, const char *org, const char *id,
                                              struct dgl_error *err)
{
    enum dgl_status status = dgl_store_template_delete(d->parts.store, org, id, err);
    forget(d, id);
    return status;
}

enum dgl_status dgl_documents_preview(struct dgl_documents *d, const struct dgl_principal *who, const char *template_id,
                                      const char *input, size_t input_len, unsigned format, int *ret_fd,
                                      struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_template_row row; // a deleted template has no preview
    DGL_TRY(dgl_store_template_get(d->parts.store, arena, who->org, template_id, &row, err));
    struct dgl_template_version_row version;
    DGL_TRY(dgl_store_template_version_get(d->parts.store, arena, who->org, template_id, 0, &version, err));
    struct dgl_org org;
    DGL_TRY(dgl_store_org_get(d->parts.store, arena, who->org, &org, err));
    DGL_AUTO_FD template_fd = -1;
    int64_t size = 0;
    DGL_TRY(dgl_blob_open_fd(d->parts.blobs, version.blob_uri, &template_fd, &size, err));
    struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER,
                                 .org_number = who->org_number,
                                 .template_fd = template_fd,
                                 .input = input,
                                 .input_len = input_len,
                                 .want_docx = format == DGL_FORMAT_DOCX,
                                 .want_pdf = format == DGL_FORMAT_PDF,
                                 .created_at_us = dgl_clock_now_us(d->parts.clock),
                                 .time_zone = org.time_zone,
                                 .locale = org.locale};
    memcpy(job.template_sha256, version.sha256, sizeof job.template_sha256);
    DGL_TRY(dgl_document_fonts(d, who->org, &job.fonts, err));
    struct dgl_document_rendered result;
    enum dgl_status status = dgl_document_render_now(d, &job, &result, err);
    dgl_engine_fonts_unref(job.fonts);
    if (status == DGL_OK)
        *ret_fd = format == DGL_FORMAT_PDF ? DGL_STEAL_FD(result.pdf_fd) : DGL_STEAL_FD(result.docx_fd);
    dgl_document_rendered_fini(&result);
    return status;
}

enum dgl_status dgl_documents_template_sheet(struct dgl_documents *d, struct dgl_arena *arena, const char *org,
                                             const char *id, struct dgl_buf *ret_xlsx, struct dgl_error *err)
{
    struct dgl_template_row t;
    struct dgl_template_version_row v;
    DGL_AUTO_JSON tokens = NULL;
    DGL_TRY(dgl_store_template_get(d->parts.store, arena, org, id, &t, err));
    DGL_TRY(dgl_store_template_version_get(d->parts.store, arena, org, id, 0, &v, err));
    const char *text = v.tokens_json ? v.tokens_json : "[]";
    DGL_TRY(dgl_json_parse(text, strlen(text), "tokens", &tokens, err));
    return dgl_sheet_sample(tokens, ret_xlsx, err);
}
