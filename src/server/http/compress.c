// gzip for answers that are text. Pages and lists are compressed as they are made; embedded assets, whose bytes never
// change, once, and kept by their address.
#include "server/http/internal.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

bool http_is_text(const char *content_type)
{
    static const char *const kinds[] = {"text/", "application/json", "application/javascript", "image/svg+xml",
                                        "application/manifest+json"};
    for (size_t i = 0; content_type && i < DGL_COUNT(kinds); i++)
        if (strncmp(content_type, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

void *http_gzip(const void *data, size_t len, int level, size_t *ret_len)
{
    if (len < HTTP_COMPRESS_MIN_BYTES || len > HTTP_COMPRESS_MAX_BYTES)
        return NULL;
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
    void *out = c ? malloc(len) : NULL; // what does not get smaller does not fit
    size_t out_len = out ? libdeflate_gzip_compress(c, data, len, out, len) : 0;
    libdeflate_free_compressor(c);
    if (out_len == 0) {
        free(out);
        return NULL;
    }
    *ret_len = out_len;
    return out;
}

const void *http_gzip_static(struct dgl_http_server *s, const void *data, size_t len, size_t *ret_len)
{
    pthread_mutex_lock(&s->compressed_lock);
    const struct http_compressed *found = NULL;
    for (size_t i = 0; i < s->compressed_count && !found; i++)
        if (s->compressed[i].key == data)
            found = &s->compressed[i];
    if (!found && s->compressed_count < HTTP_MAX_COMPRESSED_STATICS) {
        struct http_compressed *c = &s->compressed[s->compressed_count++];
        c->key = data;
        c->data = http_gzip(data, len, HTTP_COMPRESS_STATIC_LEVEL, &c->len);
        found = c;
    }
    pthread_mutex_unlock(&s->compressed_lock);
    if (!found || !found->data)
        return NULL;
    *ret_len = found->len;
    return found->data;
}
