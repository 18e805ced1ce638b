// Removing files that no row names. A crash between writing a file and the row that names it leaves one; so does a
// crash between erasing a row and deleting its files.
//
// Templates and fonts are swept at start, before anybody can upload: a file without a row is left over. Documents are
// swept by the keeper while the server works, which is safe because it asks for the document's state and not for the
// time: while a document is queued or rendering its files are left alone, and once it is finished nobody writes files
// for it any more, so those it does not name are left over. (A finisher whose document was erased under it removes its
// own files.)
#include "server/document/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct known {
    const char **uris; // sorted
    size_t count;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum dgl_blob_verdict judge_upload(void *ctx, const char *uri)
{
    const struct known *known = ctx;
    bool named = known->count > 0 && bsearch(&uri, known->uris, known->count, sizeof(*known->uris), compare);
    return named ? DGL_BLOB_KEEP : DGL_BLOB_REMOVE;
}

static void tell(const char *kind, size_t removed)
{
    if (removed > 0)
        dgl_log(DGL_LOG_INFO, "left-over files removed", DGL_F_STR("kind", kind), DGL_F_INT("count", removed));
}

typedef enum dgl_status (*list_files)(struct dgl_store *s, struct dgl_arena *a, const char ***ret_uris,
                                      size_t *ret_count, struct dgl_error *err);

static void sweep_kind(struct dgl_documents *d, const char *kind, list_files list)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_error err = DGL_ERROR_INIT;
    struct known known = {0};
    if (list(d->parts.store, arena, &known.uris, &known.count, &err) != DGL_OK) {
        dgl_log_error(DGL_LOG_WARN, "left-over files of uploads stay until the next start", &err);
        return;
    }
    if (known.count > 0)
        qsort(known.uris, known.count, sizeof(*known.uris), compare);
    tell(kind, dgl_blob_sweep(d->parts.blobs, kind, judge_upload, &known));
}

void dgl_document_sweep_uploads(struct dgl_documents *d)
{
    sweep_kind(d, "template", dgl_store_template_files);
    sweep_kind(d, "font", dgl_store_font_files);
}

struct document_sweep {
    struct dgl_documents *documents;
    unsigned seen;
    bool complete;
};

static enum dgl_blob_verdict judge_document(void *ctx, const char *uri)
{
    struct document_sweep *x = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    const char *name = strrchr(uri, '/') + 1;
    char id[40];
    bool wanted = true;
    if (++x->seen % DGL_DOCUMENT_SWEEP_BATCH == 0 && !dgl_document_rest(x->documents, &x->documents->idle, 20)) {
        x->complete = false;
        return DGL_BLOB_STOP;
    }
    dgl_str_copy(id, sizeof id, name, strcspn(name, "."));
    if (dgl_store_document_wants_file(x->documents->parts.store, id, uri, &wanted, &err) != DGL_OK) {
        x->complete = false;
        return DGL_BLOB_STOP;
    }
    return wanted ? DGL_BLOB_KEEP : DGL_BLOB_REMOVE;
}

bool dgl_document_sweep(struct dgl_documents *d)
{
    struct document_sweep x = {.documents = d, .complete = true};
    tell("document", dgl_blob_sweep(d->parts.blobs, "document", judge_document, &x));
    return x.complete;
}
