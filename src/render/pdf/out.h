// Writing PDF syntax: numbers, strings, objects, streams, the cross-reference table.
#ifndef DGL_RENDER_PDF_OUT_H
#define DGL_RENDER_PDF_OUT_H

#include "base/buf.h"
#include "base/str.h"
#include "render/pdf/limits.h"

struct libdeflate_compressor;
struct pdf_out {
    struct dgl_buf *buf;
    size_t start;        // where this PDF begins in buf
    uint32_t *offsets;   // of objects, 0 = not written; of packed ones the place in their stream
    uint32_t *streams;   // object stream that holds a packed object, 0 = stands by itself
    uint32_t count, cap; // objects numbered so far, 0 included
    struct libdeflate_compressor *compressor;
    struct dgl_buf scratch;          // deflated bytes
    struct dgl_buf pack, pack_index; // objects waiting for their stream, their numbers and places
    uint32_t pack_count, pack_first; // packed objects go to stream `pack_first`
};
void pdf_out_init(struct pdf_out *o, struct dgl_buf *buf, struct libdeflate_compressor *compressor);
void pdf_out_fini(struct pdf_out *o);
uint32_t pdf_out_reserve(struct pdf_out *o);            // a number for an object to be written later
void pdf_out_begin(struct pdf_out *o, uint32_t object); // "12 0 obj\n"
void pdf_out_end(struct pdf_out *o);
// A stream object; `dict` holds entries besides Length and Filter. Deflated when `compress`.
void pdf_out_stream(struct pdf_out *o, uint32_t object, const char *dict, const void *data, size_t len, bool compress);
// An object without a stream of its own, compressed together with its neighbours (ISO 32000-1 §7.5.7).
void pdf_out_packed(struct pdf_out *o, uint32_t object, const void *data, size_t len);
// Header and cross-reference stream with Root, Info and ID.
void pdf_out_header(struct pdf_out *o);
void pdf_out_trailer(struct pdf_out *o, uint32_t root, uint32_t info);
// Deflates with zlib framing; appends to `ret`.
void pdf_deflate(struct libdeflate_compressor *c, const void *data, size_t len, struct dgl_buf *ret);

// Thousandths as a decimal number: 12500 → "12.5". Points come out of mpt so.
void pdf_put_milli(struct dgl_buf *b, int64_t thousandths);
void pdf_put_int(struct dgl_buf *b, int64_t v);
void pdf_put_ref(struct dgl_buf *b, uint32_t object);                // "12 0 R"
void pdf_put_bytes(struct dgl_buf *b, const void *data, size_t len); // literal string with its parentheses
void pdf_put_text(struct dgl_buf *b, const char *utf8, size_t len);  // text string: ASCII as it is, else UTF-16
void pdf_put_color(struct dgl_buf *b, uint32_t rgb);                 // "0.5 0 1"

#endif
