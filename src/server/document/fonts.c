// Fonts of organizations: inspected in a worker, stored as a file, then as a row; and the list that jobs carry.
//
//   upload ─▶ worker: checked, named ─▶ file durable ─▶ row (an older file with the same fonts leaves with it)
//   job    ─▶ list of the organization, remembered for DGL_DOCUMENT_TEMPLATE_TTL_US ─▶ engine
//
// A list names files by their hash. A font deleted between a job's submission and its first use is missed by the
// worker, which says so; the job is tried again with the list as it then is.
#include "server/document/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/log.h"

#define FILE_NAME_MAX 200u
#define LIST_MAX_BYTES ((size_t)16 << 20)

// ---- the list that jobs carry

struct dgl_font_fact {
    char org[40];
    struct dgl_engine_fonts *fonts; // NULL: it has none
    int64_t known_until_us;         // monotonic
};

static void forget_fonts(struct dgl_documents *d, const char *org)
{
    struct dgl_font_fact *slot = &d->font_facts[dgl_hash_text(DGL_HASH_START, org) % DGL_DOCUMENT_FONT_CACHE];
    pthread_mutex_lock(&d->fact_lock);
    dgl_engine_fonts_unref(slot->fonts);
    *slot = (struct dgl_font_fact){0};
    d->fact_epoch++;
    pthread_mutex_unlock(&d->fact_lock);
}

void dgl_document_fonts_init(struct dgl_documents *d)
{
    d->font_facts = dgl_alloc(DGL_DOCUMENT_FONT_CACHE * sizeof *d->font_facts);
}

void dgl_document_fonts_fini(struct dgl_documents *d)
{
    for (size_t i = 0; d->font_facts && i < DGL_DOCUMENT_FONT_CACHE; i++)
        dgl_engine_fonts_unref(d->font_facts[i].fonts);
    free(d->font_facts);
}

static enum dgl_status read_list(struct dgl_documents *d, const char *org, struct dgl_engine_fonts **ret,
                                 struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(LIST_MAX_BYTES);
    struct dgl_font_row *rows = NULL;
    size_t count = 0;
    *ret = NULL;
    DGL_TRY(dgl_store_font_list(d->parts.store, arena, org, &rows, &count, err));
    if (count == 0)
        return DGL_OK;
    struct dgl_json_writer w = DGL_JSON_WRITER(&text);
    dgl_jw_array(&w);
    for (size_t i = 0; i < count; i++) {
        char hex[2 * DGL_SHA256_LEN + 1];
        dgl_hex_encode(rows[i].sha256, DGL_SHA256_LEN, hex);
        dgl_jw_object(&w);
        dgl_jw_kstr(&w, "sha256", hex);
        dgl_jw_key(&w, "faces");
        dgl_jw_raw(&w, rows[i].faces_json, strlen(rows[i].faces_json));
        dgl_jw_end_object(&w);
    }
    dgl_jw_end_array(&w);
    DGL_TRY(dgl_buf_check(&text, "the list of fonts", err));
    *ret = dgl_engine_fonts_new(text.data, text.len);
    return DGL_OK;
}

enum dgl_status dgl_document_fonts(struct dgl_documents *d, const char *org, struct dgl_engine_fonts **ret,
                                   struct dgl_error *err)
{
    struct dgl_font_fact *slot = &d->font_facts[dgl_hash_text(DGL_HASH_START, org) % DGL_DOCUMENT_FONT_CACHE];
    int64_t now = dgl_clock_mono_us(d->parts.clock);
    pthread_mutex_lock(&d->fact_lock);
    bool hit = strcmp(slot->org, org) == 0 && slot->known_until_us > now;
    struct dgl_engine_fonts *fonts = hit ? dgl_engine_fonts_ref(slot->fonts) : NULL;
    uint64_t epoch = d->fact_epoch;
    pthread_mutex_unlock(&d->fact_lock);
    if (!hit) {
        DGL_TRY(read_list(d, org, &fonts, err));
        pthread_mutex_lock(&d->fact_lock);
        if (epoch == d->fact_epoch) {
            dgl_engine_fonts_unref(slot->fonts);
            *slot = (struct dgl_font_fact){.fonts = dgl_engine_fonts_ref(fonts),
                                           .known_until_us = now + DGL_DOCUMENT_TEMPLATE_TTL_US};
            dgl_str_copy(slot->org, sizeof slot->org, org, strlen(org));
        }
        pthread_mutex_unlock(&d->fact_lock);
    }
    *ret = fonts;
    return DGL_OK;
}

// ---- uploading and deleting

// "Roboto/Light" a line for every font of the file: what another file must have to take its place.
static enum dgl_status name_fonts(const json_t *faces, struct dgl_arena *a, const char **ret, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64 << 10);
    const json_t *face;
    size_t i;
    json_array_foreach(faces, i, face)
    {
        dgl_buf_puts(&text, json_string_value(json_object_get(face, "family")));
        dgl_buf_putc(&text, '/');
        dgl_buf_puts(&text, json_string_value(json_object_get(face, "style")));
        dgl_buf_putc(&text, '\n');
    }
    DGL_TRY(dgl_buf_check(&text, "the names of the fonts", err));
    *ret = dgl_arena_strdup(a, text.data);
    return DGL_OK;
}

static enum dgl_status inspect(struct dgl_documents *d, struct dgl_arena *a, uint64_t org_number, int fd,
                               struct dgl_font_row *row, struct dgl_error *err)
{
    const struct dgl_engine_job job = {.op = DGL_ENGINE_FONT, .org_number = org_number, .template_fd = fd};
    struct dgl_document_rendered inspected;
    DGL_AUTO_JSON facts = NULL;
    enum dgl_status status = dgl_document_render_now(d, &job, &inspected, err);
    if (status == DGL_OK)
        status = dgl_json_parse(inspected.font_json, strlen(inspected.font_json), "font", &facts, err);
    dgl_document_rendered_fini(&inspected);
    DGL_TRY(status);
    const json_t *sample = json_object_get(facts, "sample"), *faces = json_object_get(facts, "faces");
    DGL_AUTO_PTR char *text = json_dumps(faces, JSON_COMPACT);
    if (!text)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "There is no memory for the font at the moment.");
    row->faces_json = dgl_arena_strdup(a, text);
    row->sample_path = dgl_arena_strdup(a, json_string_value(json_object_get(sample, "path")));
    row->sample_width = json_integer_value(json_object_get(sample, "width"));
    return name_fonts(faces, a, &row->fonts, err);
}

static const char *safe_file_name(struct dgl_arena *a, const char *name)
{
    size_t len = name ? strlen(name) : 0;
    if (len == 0 || !dgl_utf8_plain(name, len, false, true))
        return "font";
    return dgl_arena_strndup(a, name, dgl_utf8_cut(name, len, FILE_NAME_MAX));
}

static void remove_file(struct dgl_documents *d, const char *uri)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (uri[0] && dgl_blob_delete(d->parts.blobs, uri, &err) != DGL_OK)
        dgl_log_error(DGL_LOG_WARN, "file of a font stays behind until the next start", &err);
}

enum dgl_status dgl_documents_font_add(struct dgl_documents *d, struct dgl_arena *a, const struct dgl_principal *who,
                                       int fd, const char *file_name, struct dgl_font_row *ret, struct dgl_error *err)
{
    struct dgl_font_row row = {.file_name = safe_file_name(a, file_name)};
    memcpy(row.org, who->org, sizeof row.org);
    DGL_TRY(inspect(d, a, who->org_number, fd, &row, err));
    struct dgl_id file_id = dgl_id_new(d->parts.clock), id;
    struct dgl_blob_info info;
    char replaced[DGL_FONT_URI_LEN];
    DGL_TRY(
        dgl_blob_put_fd(d->parts.blobs, who->org, "font", dgl_arena_printf(a, "%s.font", file_id.s), fd, &info, err));
    DGL_FAILPOINT("font.stored");
    row.blob_uri = info.uri;
    row.size_bytes = info.size_bytes;
    memcpy(row.sha256, info.sha256, sizeof row.sha256);
    enum dgl_status status = dgl_store_font_add(d->parts.store, &row, &id, replaced, err);
    forget_fonts(d, who->org);
    if (status != DGL_OK) {
        if (status != DGL_E_UNAVAILABLE) // such a commit may yet turn out to be there; the next start looks
            remove_file(d, info.uri);
        return status;
    }
    DGL_FAILPOINT("font.added");
    remove_file(d, replaced);
    return dgl_store_font_get(d->parts.store, a, who->org, id.s, ret, err);
}

enum dgl_status dgl_documents_font_delete(struct dgl_documents *d, const char *org, const char *id,
                                          struct dgl_error *err)
{
    char uri[DGL_FONT_URI_LEN];
    enum dgl_status status = dgl_store_font_delete(d->parts.store, org, id, uri, err);
    forget_fonts(d, org);
    DGL_TRY(status);
    DGL_FAILPOINT("font.deleted");
    remove_file(d, uri);
    return DGL_OK;
}
