// PDF syntax. Numbers are written without printf: a page has thousands of them.
#include "render/pdf/out.h"

#include "base/crypto.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pdf_out_init(struct pdf_out *o, struct dgl_buf *buf, struct libdeflate_compressor *compressor)
{
    *o = (struct pdf_out){.buf = buf, .start = buf->len, .compressor = compressor, .count = 1};
    o->scratch = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    o->cap = 256;
    o->offsets = dgl_alloc(o->cap * sizeof(*o->offsets));
    o->streams = dgl_alloc(o->cap * sizeof(*o->streams));
    o->pack = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    o->pack_index = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
}

void pdf_out_fini(struct pdf_out *o)
{
    free(o->offsets);
    free(o->streams);
    o->offsets = o->streams = NULL;
    dgl_buf_fini(&o->scratch);
    dgl_buf_fini(&o->pack);
    dgl_buf_fini(&o->pack_index);
}

// ---- Numbers and strings ----

void pdf_put_int(struct dgl_buf *b, int64_t v)
{
    char text[24], *at = text + sizeof(text);
    bool negative = v < 0;
    uint64_t u = negative ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        *--at = (char)('0' + u % 10);
    } while (u /= 10);
    if (negative)
        *--at = '-';
    dgl_buf_append(b, at, (size_t)(text + sizeof(text) - at));
}

void pdf_put_milli(struct dgl_buf *b, int64_t v)
{
    char text[32], *at = text + sizeof(text);
    bool negative = v < 0;
    uint64_t u = negative ? 0 - (uint64_t)v : (uint64_t)v, fraction = u % 1000;
    u /= 1000;
    if (fraction) {
        unsigned digits = 3;
        for (; fraction % 10 == 0; fraction /= 10)
            digits--;
        for (; digits; digits--, fraction /= 10)
            *--at = (char)('0' + fraction % 10);
        *--at = '.';
    }
    do {
        *--at = (char)('0' + u % 10);
    } while (u /= 10);
    if (negative)
        *--at = '-';
    dgl_buf_append(b, at, (size_t)(text + sizeof(text) - at));
}

void pdf_put_ref(struct dgl_buf *b, uint32_t object)
{
    pdf_put_int(b, object);
    dgl_buf_append(b, " 0 R", 4);
}

void pdf_put_bytes(struct dgl_buf *b, const void *data, size_t len)
{
    const char *s = data;
    dgl_buf_putc(b, '(');
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '(' || s[i] == ')' || s[i] == '\\')
            dgl_buf_putc(b, '\\');
        if (s[i] == '\r') // a bare CR would be read as LF
            dgl_buf_append(b, "\\r", 2);
        else
            dgl_buf_putc(b, s[i]);
    }
    dgl_buf_putc(b, ')');
}

void pdf_put_text(struct dgl_buf *b, const char *utf8, size_t len)
{
    bool ascii = true;
    for (size_t i = 0; i < len && ascii; i++)
        ascii = (unsigned char)utf8[i] < 0x80;
    if (ascii || !dgl_utf8_valid(utf8, len)) {
        pdf_put_bytes(b, utf8, ascii ? len : 0);
        return;
    }
    DGL_AUTO_FINI(buf) units = DGL_BUF_INIT(2 * len + 8);
    dgl_buf_append(&units, "\xFE\xFF", 2);
    for (size_t at = 0; at < len;) {
        uint32_t c = dgl_utf8_next(utf8, len, &at);
        uint16_t pair[2] = {(uint16_t)(0xD7C0 + (c >> 10)), (uint16_t)(0xDC00 + (c & 0x3FF))};
        if (c <= 0xFFFF)
            pair[1] = (uint16_t)c;
        for (unsigned i = c <= 0xFFFF; i < 2; i++) {
            dgl_buf_putc(&units, (char)(pair[i] >> 8));
            dgl_buf_putc(&units, (char)(pair[i] & 255));
        }
    }
    pdf_put_bytes(b, units.data, units.len);
}

void pdf_put_color(struct dgl_buf *b, uint32_t rgb)
{
    for (int shift = 16; shift >= 0; shift -= 8) {
        pdf_put_milli(b, ((rgb >> shift & 255) * 1000 + 127) / 255);
        if (shift)
            dgl_buf_putc(b, ' ');
    }
}

// ---- Objects ----

uint32_t pdf_out_reserve(struct pdf_out *o)
{
    if (o->count == o->cap) {
        o->offsets = dgl_realloc(o->offsets, 2 * (size_t)o->cap * sizeof(*o->offsets));
        memset(o->offsets + o->cap, 0, o->cap * sizeof(*o->offsets));
        o->streams = dgl_realloc(o->streams, 2 * (size_t)o->cap * sizeof(*o->streams));
        memset(o->streams + o->cap, 0, o->cap * sizeof(*o->streams));
        o->cap *= 2;
    }
    if (o->count >= DGL_PDF_MAX_OBJECTS)
        o->buf->failed = true;
    return o->count++;
}

void pdf_out_begin(struct pdf_out *o, uint32_t object)
{
    o->offsets[object] = (uint32_t)(o->buf->len - o->start);
    pdf_put_int(o->buf, object);
    dgl_buf_append(o->buf, " 0 obj\n", 7);
}

void pdf_out_end(struct pdf_out *o)
{
    dgl_buf_append(o->buf, "\nendobj\n", 8);
}

void pdf_deflate(struct libdeflate_compressor *c, const void *data, size_t len, struct dgl_buf *ret)
{
    size_t bound = libdeflate_zlib_compress_bound(c, len);
    if (!dgl_buf_reserve(ret, bound + 1))
        return;
    ret->len += libdeflate_zlib_compress(c, data, len, ret->data + ret->len, bound);
    ret->data[ret->len] = '\0';
}

void pdf_out_stream(struct pdf_out *o, uint32_t object, const char *dict, const void *data, size_t len, bool compress)
{
    if (compress) {
        dgl_buf_reset(&o->scratch);
        pdf_deflate(o->compressor, data, len, &o->scratch);
        data = o->scratch.data;
        len = o->scratch.len;
        o->buf->failed |= o->scratch.failed;
    }
    pdf_out_begin(o, object);
    dgl_buf_puts(o->buf, "<<");
    dgl_buf_puts(o->buf, dict);
    if (compress)
        dgl_buf_puts(o->buf, "/Filter/FlateDecode");
    dgl_buf_puts(o->buf, "/Length ");
    pdf_put_int(o->buf, (int64_t)len);
    dgl_buf_puts(o->buf, ">>stream\n");
    dgl_buf_append(o->buf, data, len);
    dgl_buf_puts(o->buf, "\nendstream");
    pdf_out_end(o);
}

void pdf_out_header(struct pdf_out *o)
{
    dgl_buf_puts(o->buf, "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n");
}

// ---- Object streams and the cross-reference stream ----

#define PACK_OBJECTS 200u // of one object stream

static void flush_pack(struct pdf_out *o)
{
    if (o->pack_count == 0)
        return;
    char dict[96];
    snprintf(dict, sizeof(dict), "/Type/ObjStm/N %u/First %zu", o->pack_count, o->pack_index.len);
    dgl_buf_append(&o->pack_index, o->pack.data, o->pack.len);
    o->buf->failed |= o->pack.failed || o->pack_index.failed;
    if (!o->buf->failed)
        pdf_out_stream(o, o->pack_first, dict, o->pack_index.data, o->pack_index.len, true);
    dgl_buf_reset(&o->pack);
    dgl_buf_reset(&o->pack_index);
    o->pack_count = 0;
}

void pdf_out_packed(struct pdf_out *o, uint32_t object, const void *data, size_t len)
{
    if (o->pack_count == 0)
        o->pack_first = pdf_out_reserve(o);
    o->streams[object] = o->pack_first;
    o->offsets[object] = o->pack_count++;
    pdf_put_int(&o->pack_index, object);
    dgl_buf_putc(&o->pack_index, ' ');
    pdf_put_int(&o->pack_index, (int64_t)o->pack.len);
    dgl_buf_putc(&o->pack_index, ' ');
    dgl_buf_append(&o->pack, data, len);
    dgl_buf_putc(&o->pack, '\n');
    if (o->pack_count == PACK_OBJECTS)
        flush_pack(o);
}

#define XREF_ROW 7u // type, four bytes of offset or stream, two of the place in it

// Rows as differences from the row above (PNG's Up filter): neighbours are alike.
static void put_xref_rows(const struct pdf_out *o, struct dgl_buf *rows)
{
    uint8_t above[XREF_ROW] = {0};
    for (uint32_t i = 0; i < o->count; i++) {
        uint32_t a = o->streams[i] ? o->streams[i] : o->offsets[i], b = o->streams[i] ? o->offsets[i] : 0;
        uint8_t type = o->streams[i] ? 2 : o->offsets[i] ? 1 : 0;
        const uint8_t row[XREF_ROW] = {type,       (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8),
                                       (uint8_t)a, (uint8_t)(b >> 8),  (uint8_t)b};
        dgl_buf_putc(rows, 2);
        for (unsigned k = 0; k < XREF_ROW; k++)
            dgl_buf_putc(rows, (char)(row[k] - above[k]));
        memcpy(above, row, XREF_ROW);
    }
}

// The file's identifier. It tells versions apart and is no proof of anything, so checksums of the whole will do:
// hashing every byte took a twentieth of a document's time.
static void put_identifier(const void *data, size_t len, char hex[33])
{
    unsigned char hash[DGL_SHA256_LEN];
    const uint64_t sums[3] = {libdeflate_crc32(0, data, len), libdeflate_adler32(1, data, len), len};
    dgl_sha256(sums, sizeof(sums), hash);
    dgl_hex_encode(hash, 16, hex);
}

void pdf_out_trailer(struct pdf_out *o, uint32_t root, uint32_t info)
{
    char hex[33];
    flush_pack(o);
    uint32_t self = pdf_out_reserve(o);
    size_t xref = o->buf->len - o->start;
    o->offsets[self] = (uint32_t)xref;
    put_identifier(o->buf->data + o->start, xref, hex);
    DGL_AUTO_FINI(buf) rows = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    DGL_AUTO_FINI(buf) dict = DGL_BUF_INIT(1024);
    put_xref_rows(o, &rows);
    o->buf->failed |= rows.failed;
    dgl_buf_printf(&dict,
                   "/Type/XRef/W[1 4 2]/DecodeParms<</Predictor 12/Columns %u>>/Size %u/Root %u 0 R/Info %u 0 R"
                   "/ID[<%s><%s>]",
                   XREF_ROW, o->count, root, info, hex, hex);
    if (!o->buf->failed)
        pdf_out_stream(o, self, dict.data, rows.data, rows.len, true);
    dgl_buf_puts(o->buf, "startxref\n");
    pdf_put_int(o->buf, (int64_t)xref);
    dgl_buf_puts(o->buf, "\n%%EOF\n");
}
