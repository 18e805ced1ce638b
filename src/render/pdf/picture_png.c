// PNG: passed through where PDF can read it, decoded where it cannot. Source: PNG (ISO/IEC 15948), ISO 32000-1 §7.4.4.
#include "render/pdf/picture.h"

#include "base/zip.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

struct png {
    uint32_t width, height;
    uint8_t depth, color, interlace;
    const uint8_t *palette, *alpha; // PLTE, tRNS
    uint32_t palette_len, alpha_len;
    struct dgl_buf idat;
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned channels(const struct png *p)
{
    return p->color == 2 ? 3 : p->color == 4 ? 2 : p->color == 6 ? 4 : 1;
}

static bool read_header(const uint8_t *d, struct png *p)
{
    p->width = be32(d);
    p->height = be32(d + 4);
    p->depth = d[8];
    p->color = d[9];
    p->interlace = d[12];
    bool depth_ok = p->color == 0   ? p->depth == 1 || p->depth == 2 || p->depth == 4 || p->depth == 8 || p->depth == 16
                    : p->color == 3 ? p->depth == 1 || p->depth == 2 || p->depth == 4 || p->depth == 8
                                    : p->depth == 8 || p->depth == 16;
    return p->width && p->height && p->width <= DGL_PDF_MAX_PICTURE_SIDE && p->height <= DGL_PDF_MAX_PICTURE_SIDE &&
           (uint64_t)p->width * p->height <= DGL_PDF_MAX_PICTURE_PIXELS && depth_ok && d[10] == 0 && d[11] == 0 &&
           p->interlace <= 1 && (p->color == 0 || p->color == 2 || p->color == 3 || p->color == 4 || p->color == 6);
}

static bool read_chunks(const uint8_t *data, size_t len, struct png *p)
{
    bool header = false;
    for (size_t at = 8; at + 12 <= len;) {
        uint32_t size = be32(data + at);
        const uint8_t *type = data + at + 4, *body = data + at + 8;
        if (size > len - at - 12)
            break;
        if (memcmp(type, "IHDR", 4) == 0) {
            if (size != 13 || !read_header(body, p))
                return false;
            header = true;
        } else if (memcmp(type, "PLTE", 4) == 0) {
            p->palette = body;
            p->palette_len = DGL_MIN(size / 3, 256u);
        } else if (memcmp(type, "tRNS", 4) == 0) {
            p->alpha = body;
            p->alpha_len = size;
        } else if (memcmp(type, "IDAT", 4) == 0) {
            dgl_buf_append(&p->idat, body, size);
        } else if (memcmp(type, "IEND", 4) == 0) {
            break;
        }
        at += 12 + (size_t)size;
    }
    return header && p->idat.len && !p->idat.failed && (p->color != 3 || p->palette_len);
}

static bool has_transparent_color(const struct png *p)
{
    return p->alpha && (p->color == 0 || p->color == 2) && p->alpha_len >= 2 * channels(p);
}

// Of the one transparent colour; of its two bytes the low bits count (§11.3.2.1).
static uint32_t transparent_sample(const struct png *p, unsigned channel)
{
    uint32_t v = (uint32_t)p->alpha[2 * channel] << 8 | p->alpha[2 * channel + 1];
    return v & ((1u << p->depth) - 1);
}

// ---- Passing through ----

// Viewers that cut samples of 16 bits to 8 find the transparent colour no more.
static bool can_pass(const struct png *p)
{
    return p->interlace == 0 && (p->color == 0 || p->color == 2 || (p->color == 3 && !p->alpha)) &&
           (p->depth < 16 || !has_transparent_color(p));
}

static void pass_through(struct png *p, struct pdf_image *i)
{
    struct dgl_buf *b = &i->dict;
    i->width = p->width;
    i->height = p->height;
    i->space = p->color == 3 ? PDF_INDEXED : p->color == 2 ? PDF_RGB : PDF_GRAY;
    i->palette_count = p->color == 3 ? p->palette_len : 0;
    memcpy(i->palette, p->palette ? p->palette : i->palette, (size_t)i->palette_count * 3);
    if (has_transparent_color(p)) {
        dgl_buf_puts(b, "/Mask[");
        for (unsigned k = 0; k < channels(p); k++) {
            int64_t v = transparent_sample(p, k);
            pdf_put_int(b, v);
            dgl_buf_putc(b, ' ');
            pdf_put_int(b, v);
            dgl_buf_putc(b, ' ');
        }
        dgl_buf_putc(b, ']');
    }
    dgl_buf_puts(b, "/BitsPerComponent ");
    pdf_put_int(b, p->depth);
    dgl_buf_puts(b, "/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors ");
    pdf_put_int(b, channels(p));
    dgl_buf_puts(b, "/BitsPerComponent ");
    pdf_put_int(b, p->depth);
    dgl_buf_puts(b, "/Columns ");
    pdf_put_int(b, p->width);
    dgl_buf_puts(b, ">>");
    dgl_buf_append(&i->data, p->idat.data, p->idat.len);
}

// ---- Decoding ----

static uint8_t paeth(int a, int b, int c)
{
    int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

static bool unfilter(uint8_t *rows, uint32_t height, size_t stride, size_t step)
{
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = rows + y * (stride + 1), filter = row[0], *cur = row + 1;
        const uint8_t *up = y ? cur - stride - 1 : NULL;
        for (size_t x = 0; x < stride; x++) {
            int a = x >= step ? cur[x - step] : 0, b = up ? up[x] : 0, c = up && x >= step ? up[x - step] : 0;
            switch (filter) {
            case 0:
                break;
            case 1:
                cur[x] = (uint8_t)(cur[x] + a);
                break;
            case 2:
                cur[x] = (uint8_t)(cur[x] + b);
                break;
            case 3:
                cur[x] = (uint8_t)(cur[x] + (a + b) / 2);
                break;
            case 4:
                cur[x] = (uint8_t)(cur[x] + paeth(a, b, c));
                break;
            default:
                return false;
            }
        }
    }
    return true;
}

// As wide as the picture's depth.
static uint32_t sample(const uint8_t *row, const struct png *p, size_t x, unsigned channel)
{
    size_t index = x * channels(p) + channel;
    if (p->depth == 16)
        return (uint32_t)row[index * 2] << 8 | row[index * 2 + 1];
    if (p->depth == 8)
        return row[index];
    unsigned per = 8u / p->depth, shift = (unsigned)(per - 1 - index % per) * p->depth;
    return row[index / per] >> shift & ((1u << p->depth) - 1);
}

// The same in eight bits.
static uint8_t sample8(const uint8_t *row, const struct png *p, size_t x, unsigned channel)
{
    uint32_t v = sample(row, p, x, channel);
    return (uint8_t)(p->depth == 16 ? v >> 8 : v * 255 / ((1u << p->depth) - 1));
}

static void put_pixel(const struct png *p, const uint8_t *row, size_t x, uint8_t *rgb, uint8_t *alpha)
{
    *alpha = 255;
    if (p->color == 3) {
        uint32_t v = sample(row, p, x, 0);
        const uint8_t *entry = p->palette + 3 * (v < p->palette_len ? v : 0);
        memcpy(rgb, entry, 3);
        if (p->alpha && v < p->alpha_len)
            *alpha = p->alpha[v];
        return;
    }
    if (p->color == 0 || p->color == 4) {
        rgb[0] = rgb[1] = rgb[2] = sample8(row, p, x, 0);
        if (p->color == 4)
            *alpha = sample8(row, p, x, 1);
    } else {
        for (unsigned k = 0; k < 3; k++)
            rgb[k] = sample8(row, p, x, k);
        if (p->color == 6)
            *alpha = sample8(row, p, x, 3);
    }
    if (has_transparent_color(p)) {
        bool same = true;
        for (unsigned k = 0; k < channels(p); k++)
            same &= sample(row, p, x, k) == transparent_sample(p, k);
        *alpha = same ? 0 : 255;
    }
}

static size_t stride_of(const struct png *p, uint32_t width)
{
    return ((size_t)width * channels(p) * p->depth + 7) / 8;
}

struct pass {
    uint8_t x0, y0, dx, dy;
};
static const struct pass g_adam7[7] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                       {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
static const struct pass g_whole = {0, 0, 1, 1};

static uint32_t part(uint32_t size, uint32_t start, uint32_t step)
{
    return size > start ? (size - start + step - 1) / step : 0;
}

static size_t raw_size(const struct png *p)
{
    size_t total = 0;
    for (unsigned i = 0; i < (p->interlace ? 7u : 1u); i++) {
        const struct pass *a = p->interlace ? &g_adam7[i] : &g_whole;
        uint32_t w = part(p->width, a->x0, a->dx), h = part(p->height, a->y0, a->dy);
        total += w ? (stride_of(p, w) + 1) * h : 0;
    }
    return total;
}

static bool decode(struct png *p, struct libdeflate_compressor *c, struct pdf_image *i)
{
    size_t size = raw_size(p), pixels = (size_t)p->width * p->height;
    if (size > DGL_PDF_MAX_BYTES)
        return false;
    if (size / DGL_DEFLATE_MAX_RATIO > p->idat.len) // cannot be full: no memory for it
        return false;
    uint8_t *raw = malloc(size + 1), *rgb = malloc(pixels * 3 + 1), *alpha = malloc(pixels + 1);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    bool ok = raw && rgb && alpha && d &&
              libdeflate_zlib_decompress(d, p->idat.data, p->idat.len, raw, size, NULL) == LIBDEFLATE_SUCCESS;
    size_t at = 0, step = DGL_MAX((size_t)channels(p) * p->depth / 8, (size_t)1);
    bool opaque = true;
    for (unsigned k = 0; ok && k < (p->interlace ? 7u : 1u); k++) {
        const struct pass *a = p->interlace ? &g_adam7[k] : &g_whole;
        uint32_t w = part(p->width, a->x0, a->dx), h = part(p->height, a->y0, a->dy);
        size_t stride = stride_of(p, w);
        if (w == 0 || h == 0)
            continue;
        ok = unfilter(raw + at, h, stride, step);
        for (uint32_t y = 0; ok && y < h; y++)
            for (uint32_t x = 0; x < w; x++) {
                size_t to = (size_t)(a->y0 + y * a->dy) * p->width + a->x0 + x * a->dx;
                put_pixel(p, raw + at + y * (stride + 1) + 1, x, rgb + to * 3, alpha + to);
                opaque &= alpha[to] == 255;
            }
        at += (stride + 1) * h;
    }
    if (ok)
        ok = pdf_image_plain(i, p->width, p->height, rgb, opaque ? NULL : alpha, c);
    libdeflate_free_decompressor(d);
    free(raw);
    free(rgb);
    free(alpha);
    return ok;
}

bool pdf_png_read(const uint8_t *data, size_t len, struct libdeflate_compressor *c, struct pdf_image *ret)
{
    struct png p = {.idat = DGL_BUF_INIT(DGL_PDF_MAX_PICTURE_BYTES)};
    bool ok = read_chunks(data, len, &p);
    if (ok && ret->recolor.kind == DGL_RECOLOR_NONE && can_pass(&p))
        pass_through(&p, ret);
    else if (ok)
        ok = decode(&p, c, ret);
    dgl_buf_fini(&p.idat);
    return ok;
}
