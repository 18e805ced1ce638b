// Files of documents and templates: signed links, opening, erasing.
#include "server/document/parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "server/blob/link.h"

#define PDF_TYPE "application/pdf"
#define DOCX_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

enum dgl_status dgl_documents_link(struct dgl_documents *d, const char *id, const char *format, char ret[1024],
                                   struct dgl_error *err)
{
    int64_t expires_s = dgl_clock_now_us(d->parts.clock) / DGL_US_PER_S + d->options.download_url_ttl_s;
    return dgl_link_make(d->parts.keys, d->public_url, id, format, expires_s, ret, err);
}

// "Invoice 2024/01" and "3f…" give "Invoice-2024-01-3f….pdf": letters, digits and single hyphens, for any file system.
static void make_file_name(const char *name, const char *id, const char *format, char *out, size_t size)
{
    char safe[64];
    size_t len = 0;
    for (const char *p = name ? name : ""; *p && len < sizeof safe - 1; p++) {
        if (isalnum((unsigned char)*p))
            safe[len++] = *p;
        else if (len > 0 && safe[len - 1] != '-')
            safe[len++] = '-';
    }
    while (len > 0 && safe[len - 1] == '-')
        len--;
    safe[len] = '\0';
    snprintf(out, size, "%s-%s.%s", len > 0 ? safe : "document", id, format);
}

static enum dgl_status open_row(struct dgl_documents *d, const struct dgl_document_row *row, const char *format,
                                struct dgl_document_file *ret, struct dgl_error *err)
{
    if (row->status == DGL_DOCUMENT_FAILED)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "document_failed", "The document could not be generated: %s",
                             row->error_message ? row->error_message : "no reason was recorded.");
    if (row->status != DGL_DOCUMENT_READY)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "document_not_ready",
                             "The document is still %s; try again in a moment.", dgl_document_status_word(row->status));
    bool pdf = format ? strcmp(format, "pdf") == 0 : row->pdf.blob_uri != NULL;
    if (format && !pdf && strcmp(format, "docx") != 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_format", "format", "format must be pdf or docx.");
    const struct dgl_output_row *out = pdf ? &row->pdf : &row->docx;
    if (!out->blob_uri)
        return DGL_FAIL_SLUG(err, DGL_E_NOT_FOUND, "format_not_generated",
                             "This document was generated as %s only; ask for output_format \"both\" to have %s too.",
                             dgl_format_word(row->formats), pdf ? "pdf" : "docx");
    struct dgl_document_file file = {.content_type = pdf ? PDF_TYPE : DOCX_TYPE, .finished_at_us = row->finished_at_us};
    make_file_name(row->template_name, row->id, pdf ? "pdf" : "docx", file.file_name, sizeof file.file_name);
    memcpy(file.sha256, out->sha256, sizeof file.sha256);
    DGL_TRY(dgl_blob_open_fd(d->parts.blobs, out->blob_uri, &file.fd, &file.size_bytes, err));
    *ret = file;
    return DGL_OK;
}

enum dgl_status dgl_documents_open(struct dgl_documents *d, const char *org, const char *id, const char *format,
                                   struct dgl_document_file *ret, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_document_row row;
    DGL_TRY(dgl_store_document_get(d->parts.store, arena, org, id, &row, err));
    return open_row(d, &row, format, ret, err);
}

enum dgl_status dgl_documents_open_link(struct dgl_documents *d, const char *file, const char *expires,
                                        const char *signature, struct dgl_document_file *ret, struct dgl_error *err)
{
    char id[40], format[8];
    DGL_TRY(
        dgl_link_verify(d->parts.keys, file, expires, signature, dgl_clock_now_us(d->parts.clock), id, format, err));
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_document_row row;
    DGL_TRY(dgl_store_document_for_link(d->parts.store, arena, id, &row, err));
    return open_row(d, &row, format, ret, err);
}

enum dgl_status dgl_documents_template_file(struct dgl_documents *d, const char *org, const char *id, int64_t version,
                                            struct dgl_document_file *ret, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_template_row row;
    DGL_TRY(dgl_store_template_get(d->parts.store, arena, org, id, &row, err));
    struct dgl_template_version_row v;
    DGL_TRY(dgl_store_template_version_get(d->parts.store, arena, org, id, version, &v, err));
    struct dgl_document_file file = {.content_type = DOCX_TYPE, .finished_at_us = v.created_at_us};
    char number[32];
    snprintf(number, sizeof number, "v%lld", (long long)v.version);
    make_file_name(row.name, number, "docx", file.file_name, sizeof file.file_name);
    memcpy(file.sha256, v.sha256, sizeof file.sha256);
    DGL_TRY(dgl_blob_open_fd(d->parts.blobs, v.blob_uri, &file.fd, &file.size_bytes, err));
    *ret = file;
    return DGL_OK;
}

void dgl_document_delete_files(struct dgl_documents *d, const char *const *uris, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        if (dgl_blob_delete(d->parts.blobs, uris[i], &err) != DGL_OK)
            dgl_log_error(DGL_LOG_WARN, "file of an erased document stays until the next sweep", &err);
    }
}

enum dgl_status dgl_documents_delete(struct dgl_documents *d, const char *org, const char *id, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    const char **uris = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_document_delete(d->parts.store, arena, org, id, &uris, &count, err));
    dgl_document_delete_files(d, uris, count);
    dgl_document_waiters_finished(d, id);
    return DGL_OK;
}
