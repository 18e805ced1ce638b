// Unpacking gzip. See gzip.h.
#include "base/gzip.h"

#include "base/zip.h"

#include <libdeflate.h>

#define LEAST_BYTES 18u // of a member: head and tail

// The size modulo 4 GiB stands at the end (§2.3.1), the lowest byte first.
static size_t size_of(const uint8_t *data, size_t len)
{
    size_t size = 0;
    for (unsigned i = 1; i <= 4; i++)
        size = size << 8 | data[len - i];
    return size;
}

bool dgl_gunzip(const void *data, size_t len, struct dgl_buf *ret)
{
    size_t size = len >= LEAST_BYTES ? size_of(data, len) : 0, before = ret->len;
    if (size == 0 || size / DGL_DEFLATE_MAX_RATIO > len || size > ret->max - before || !dgl_buf_reserve(ret, size))
        return false;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    // Without a place for the number of bytes, anything but exactly that many is an error.
    bool ok = d && libdeflate_gzip_decompress(d, data, len, ret->data + before, size, NULL) == LIBDEFLATE_SUCCESS;
    libdeflate_free_decompressor(d);
    ret->len = ok ? before + size : before;
    ret->data[ret->len] = '\0';
    return ok;
}
