// See reseal.h. Values are read in batches by their row number and replaced only if they are still what was read.
#include "server/webhook/reseal.h"
#include "server/webhook/webhook_private.h"

#include "base/failpoint.h"

#define BATCH 100
#define PASSES_MAX 20

static enum dgl_status seal_anew(const struct dgl_keyring *keys, const char *context, const void *sealed, size_t len,
                                 struct dgl_buf *ret, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_STORED_HEADERS_MAX);
    enum dgl_status status = dgl_unseal(keys, context, sealed, len, &text, err);
    if (status == DGL_OK)
        status = dgl_seal(keys, context, text.data ? text.data : "", text.len, ret, err);
    if (text.data)
        dgl_wipe(text.data, text.cap);
    return status;
}

static enum dgl_status reseal_secret(const struct dgl_keyring *keys, const struct dgl_sealed_row *row,
                                     struct dgl_buf *ret, struct dgl_error *err)
{
    char context[160];
    dgl_webhook_secret_context(row->org, row->endpoint, context);
    return seal_anew(keys, context, row->sealed, row->len, ret, err);
}

// Headers are kept as base64 text.
static enum dgl_status reseal_headers(const struct dgl_keyring *keys, const struct dgl_sealed_row *row,
                                      struct dgl_buf *ret, struct dgl_error *err)
{
    char context[160];
    unsigned char sealed[DGL_STORED_HEADERS_MAX];
    size_t len;
    DGL_AUTO_FINI(buf) again = DGL_BUF_INIT(DGL_STORED_HEADERS_MAX);
    if (!dgl_base64_decode(row->sealed, row->len, false, sealed, sizeof sealed, &len))
        return DGL_FAIL(err, DGL_E_INTERNAL, "an endpoint's headers are damaged; save them again");
    dgl_webhook_headers_context(row->org, context);
    DGL_TRY(seal_anew(keys, context, sealed, len, &again, err));
    size_t size = again.len * 2 + 8;
    if (!dgl_buf_reserve(ret, size))
        return dgl_buf_check(ret, "the headers", err);
    ret->len = dgl_base64_encode(again.data, again.len, false, ret->data, size);
    return DGL_OK;
}

static bool is_current(const struct dgl_sealed_row *row, uint8_t current)
{
    unsigned char first[3];
    size_t len;
    if (row->kind == DGL_SEALED_SECRET)
        return row->len > 0 && *(const unsigned char *)row->sealed == current;
    return row->len >= 4 && dgl_base64_decode(row->sealed, 4, false, first, sizeof first, &len) && first[0] == current;
}

struct tally {
    int64_t sealed, changed_meanwhile;
};

static enum dgl_status reseal_row(struct dgl_store *store, const struct dgl_keyring *keys,
                                  const struct dgl_sealed_row *row, struct tally *tally, struct dgl_error *err)
{
    bool replaced;
    DGL_AUTO_FINI(buf) sealed = DGL_BUF_INIT(2 * DGL_STORED_HEADERS_MAX + 8);
    if (is_current(row, dgl_keyring_current(keys)))
        return DGL_OK;
    enum dgl_status status = row->kind == DGL_SEALED_SECRET ? reseal_secret(keys, row, &sealed, err)
                                                            : reseal_headers(keys, row, &sealed, err);
    if (status != DGL_OK) {
        dgl_error_prefix(err, "%s of organization %s", row->kind == DGL_SEALED_SECRET ? "a signing secret" : "headers",
                         row->org);
        return status;
    }
    DGL_TRY(dgl_store_sealed_replace(store, row, sealed.data, sealed.len, &replaced, err));
    DGL_FAILPOINT("ops.resealed");
    tally->sealed += replaced;
    tally->changed_meanwhile += !replaced;
    return DGL_OK;
}

static enum dgl_status reseal_kind(struct dgl_store *store, const struct dgl_keyring *keys, enum dgl_sealed_kind kind,
                                   struct tally *tally, struct dgl_error *err)
{
    int64_t after = 0;
    size_t got;
    do {
        DGL_AUTO(arena) arena = dgl_arena_new(0);
        struct dgl_sealed_row *rows = NULL;
        DGL_TRY(dgl_store_sealed_list(store, arena, kind, after, BATCH, &rows, &got, err));
        for (size_t i = 0; i < got; i++)
            DGL_TRY(reseal_row(store, keys, &rows[i], tally, err));
        after = got ? rows[got - 1].seq : after;
    } while (got == BATCH);
    return DGL_OK;
}

enum dgl_status dgl_webhook_reseal(struct dgl_store *store, const struct dgl_keyring *keys, int64_t *ret_count,
                                   struct dgl_error *err)
{
    struct tally tally = {0};
    for (int pass = 0; pass < PASSES_MAX; pass++) {
        tally.changed_meanwhile = 0;
        DGL_TRY(reseal_kind(store, keys, DGL_SEALED_SECRET, &tally, err));
        DGL_TRY(reseal_kind(store, keys, DGL_SEALED_HEADERS, &tally, err));
        if (tally.changed_meanwhile == 0) {
            *ret_count = tally.sealed;
            return DGL_OK;
        }
    }
    return DGL_FAIL(err, DGL_E_UNAVAILABLE, "secrets were changed again and again meanwhile; try again");
}
