// Growing byte buffer, born with its maximum. After a failed append the buffer is `failed` and later appends do
// nothing, so a writer checks once at its end. data is always followed by a NUL that len does not count.
#ifndef DGL_BASE_BUF_H
#define DGL_BASE_BUF_H

#include "base/error.h"

struct dgl_buf {
    char *data;
    size_t len, cap, max;
    bool failed;
};
// A borrowed piece of bytes, for functions that take several (scatter/gather).
struct dgl_buf_slice {
    const void *data;
    size_t len;
};
#define DGL_BUF_INIT(max_bytes) ((struct dgl_buf){.max = (max_bytes)})
void dgl_buf_fini(struct dgl_buf *b);
void dgl_buf_reset(struct dgl_buf *b); // empties, keeps memory, clears failed
DGL_DEFINE_AUTO_FINI(buf);

bool dgl_buf_reserve(struct dgl_buf *b, size_t more);
bool dgl_buf_append(struct dgl_buf *b, const void *data, size_t len);
bool dgl_buf_puts(struct dgl_buf *b, const char *s);
bool dgl_buf_putc(struct dgl_buf *b, char c);
bool dgl_buf_printf(struct dgl_buf *b, const char *fmt, ...) DGL_PRINTF(2, 3);
// XML/HTML character data: & < > " ' escaped, characters XML 1.0 forbids dropped.
bool dgl_buf_put_escaped(struct dgl_buf *b, const char *s, size_t len);
char *dgl_buf_take(struct dgl_buf *b, size_t *ret_len); // caller frees; the buffer is empty after
// DGL_E_LIMIT naming `what` when the buffer failed.
enum dgl_status dgl_buf_check(const struct dgl_buf *b, const char *what, struct dgl_error *err) DGL_MUST_CHECK;

#endif
