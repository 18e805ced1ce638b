// Writing PNG over zlib: header, an optional note, one IDAT.
#include "render/docx/png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PACKING 3 // of 1..9; drawings are mostly plain and pack well anyway

static void put_be32(unsigned char *p, uint32_t v)
{
    p[0] = (unsigned char)(v >> 24);
    p[1] = (unsigned char)(v >> 16);
    p[2] = (unsigned char)(v >> 8);
    p[3] = (unsigned char)v;
}

static void put_chunk(struct dgl_buf *out, const char *type, const void *data, size_t len)
{
    unsigned char n[4];
    put_be32(n, (uint32_t)len);
    dgl_buf_append(out, n, 4);
    size_t from = out->len;
    dgl_buf_append(out, type, 4);
    dgl_buf_append(out, data, len);
    put_be32(n, out->failed ? 0 : (uint32_t)crc32(0, (const Bytef *)out->data + from, (uInt)(out->len - from)));
    dgl_buf_append(out, n, 4);
}

void dgl_docx_put_png(struct dgl_buf *out, const struct dgl_docx_png *png)
{
    unsigned char head[13] = {0};
    char note[200] = "Source";
    uLongf n = compressBound(png->len);
    unsigned char *packed = malloc(n);
    if (!packed || compress2(packed, &n, png->rows, png->len, PACKING) != Z_OK) {
        free(packed);
        out->failed = true;
        return;
    }
    put_be32(head, png->width);
    put_be32(head + 4, png->height);
    head[8] = (unsigned char)png->depth;
    head[9] = (unsigned char)png->color;
    dgl_buf_append(out, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(out, "IHDR", head, sizeof head);
    if (png->note) {
        size_t len = DGL_MIN(strlen(png->note), sizeof note - 8);
        memcpy(note + 7, png->note, len);
        put_chunk(out, "tEXt", note, 7 + len);
    }
    put_chunk(out, "IDAT", packed, n);
    put_chunk(out, "IEND", "", 0);
    free(packed);
}
