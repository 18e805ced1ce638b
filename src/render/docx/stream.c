// Large parts are deflated while they are made: past a bound, what will not be looked at again leaves the buffer. Small
// parts (nearly all) are deflated in one go by the ZIP writer, which is faster. zlib, because libdeflate has no
// streams.
#include "render/docx/writer.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define STREAM_AT_BYTES ((size_t)4 << 20)
#define KEEP_BYTES ((size_t)64 << 10) // writers look back for the end of a table or the start of a paragraph
#define PIECE_BYTES (64u << 10)

struct dgl_docx_stream {
    z_stream z;
    struct dgl_buf packed;
    uint32_t crc32;
    size_t size;
};

static enum dgl_status deflate_some(struct dgl_docx_stream *s, const char *data, size_t len, int flush,
                                    struct dgl_error *err)
{
    s->crc32 = (uint32_t)crc32(s->crc32, (const Bytef *)data, (uInt)len);
    s->size += len;
    s->z.next_in = (Bytef *)(uintptr_t)data;
    s->z.avail_in = (uInt)len;
    int st = Z_OK;
    do {
        if (!dgl_buf_reserve(&s->packed, PIECE_BYTES))
            return dgl_buf_check(&s->packed, "the document", err);
        s->z.next_out = (Bytef *)s->packed.data + s->packed.len;
        s->z.avail_out = PIECE_BYTES;
        st = deflate(&s->z, flush);
        s->packed.len += PIECE_BYTES - s->z.avail_out;
    } while (st == Z_OK && (s->z.avail_out == 0 || flush == Z_FINISH));
    if (st == Z_OK || st == Z_STREAM_END || st == Z_BUF_ERROR) // nothing was left to do
        return DGL_OK;
    return DGL_FAIL(err, DGL_E_INTERNAL, "the document cannot be compressed (%d)", st);
}

static enum dgl_status open_stream(struct dgl_docx_writer *w, struct dgl_error *err)
{
    struct dgl_docx_stream *s = DGL_NEW(struct dgl_docx_stream);
    s->packed = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
    w->output->stream = s;
    if (deflateInit2(&s->z, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    return DGL_OK;
}

enum dgl_status dgl_docx_stream_some(struct dgl_docx_writer *w, struct dgl_error *err)
{
    struct dgl_buf *b = w->xml;
    size_t stream_at = w->env->stream_at_bytes ? w->env->stream_at_bytes : STREAM_AT_BYTES;
    if (w->env->stored || b->len < stream_at || w->table_count || w->holding || w->editing || b != &w->output->xml)
        return DGL_OK;
    if (!w->output->stream)
        DGL_TRY(open_stream(w, err));
    size_t keep = DGL_MIN(KEEP_BYTES, stream_at / 2), n = b->len - keep;
    DGL_TRY(deflate_some(w->output->stream, b->data, n, Z_NO_FLUSH, err));
    memmove(b->data, b->data + n, keep);
    b->len = keep;
    b->max -= n; // what the output may still grow
    return dgl_budget_output(w->env->budget, n, err);
}

enum dgl_status dgl_docx_stream_finish(struct dgl_docx_output *o, struct dgl_zip_raw *ret, struct dgl_error *err)
{
    struct dgl_docx_stream *s = o->stream;
    DGL_TRY(deflate_some(s, o->xml.data ? o->xml.data : "", o->xml.len, Z_FINISH, err));
    *ret = (struct dgl_zip_raw){
        .data = s->packed.data, .compressed_size = s->packed.len, .size = s->size, .crc32 = s->crc32, .method = 8};
    return DGL_OK;
}

void dgl_docx_stream_free(struct dgl_docx_stream *s)
{
    if (!s)
        return;
    deflateEnd(&s->z);
    dgl_buf_fini(&s->packed);
    free(s);
}
