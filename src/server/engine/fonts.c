// Lists of fonts that jobs carry. See engine.h.
#include "server/engine/fonts.h"
#include "base/crypto.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct dgl_engine_fonts {
    atomic_uint refs;
    unsigned char key[32];
    size_t len;
    char json[];
};

struct dgl_engine_fonts *dgl_engine_fonts_new(const char *json, size_t len)
{
    struct dgl_engine_fonts *f = dgl_alloc(sizeof(*f) + len + 1);
    atomic_init(&f->refs, 1);
    f->len = len;
    memcpy(f->json, json, len);
    dgl_sha256(json, len, f->key);
    return f;
}

struct dgl_engine_fonts *dgl_engine_fonts_ref(struct dgl_engine_fonts *f)
{
    if (f)
        atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

void dgl_engine_fonts_unref(struct dgl_engine_fonts *f)
{
    if (f && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
        free(f);
}

const unsigned char *dgl_engine_fonts_key(const struct dgl_engine_fonts *f)
{
    return f->key;
}

struct dgl_str dgl_engine_fonts_json(const struct dgl_engine_fonts *f)
{
    return (struct dgl_str){f->json, f->len};
}
