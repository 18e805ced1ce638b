// Bytes in gzip, unpacked to a bound. Source: RFC 1952.
#ifndef DGL_BASE_GZIP_H
#define DGL_BASE_GZIP_H

#include "base/buf.h"

// Appends what one gzip member holds. False, and *ret as it was, when it is none, damaged, empty, or larger than the
// buffer's maximum; then no memory was taken for more than `len` bytes can hold. Thread safe.
bool dgl_gunzip(const void *data, size_t len, struct dgl_buf *ret);

#endif
