// GIF (its first frame) and BMP (uncompressed). Sources: GIF89a specification; Windows bitmap headers.
#include "render/pdf/picture.h"

#include <stdlib.h>
#include <string.h>

static uint32_t le16(const uint8_t *p)
{
    return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | le16(p);
}

static bool size_ok(uint32_t w, uint32_t h)
{
    return w && h && w <= DGL_PDF_MAX_PICTURE_SIDE && h <= DGL_PDF_MAX_PICTURE_SIDE &&
           (uint64_t)w * h <= DGL_PDF_MAX_PICTURE_PIXELS;
}

// ---- GIF ----

struct bits { // codes out of data blocks
    const uint8_t *data;
    size_t len, at;
    unsigned left; // in the block
    uint32_t acc;
    unsigned have;
};

static int next_code(struct bits *b, unsigned size)
{
    while (b->have < size) {
        if (b->left == 0) {
            if (b->at >= b->len || b->data[b->at] == 0)
                return -1;
            b->left = b->data[b->at++];
        }
        if (b->at >= b->len)
            return -1;
        b->acc |= (uint32_t)b->data[b->at++] << b->have;
        b->have += 8;
        b->left--;
    }
    int code = (int)(b->acc & ((1u << size) - 1));
    b->acc >>= size;
    b->have -= size;
    return code;
}

// LZW as GIF has it: codes grow from root + 1 to 12 bits. Returns how many indexes came out.
static size_t unpack(struct bits *b, unsigned root, uint8_t *out, size_t want)
{
    uint16_t prefix[4096];
    uint8_t suffix[4096], stack[4096];
    int clear = 1 << root, end = clear + 1, next = end + 1, before = -1, first = 0;
    unsigned size = root + 1;
    size_t n = 0;
    while (n < want) {
        int code = next_code(b, size);
        if (code < 0 || code == end)
            break;
        if (code == clear) {
            size = root + 1;
            next = end + 1;
            before = -1;
            continue;
        }
        if (code > next || (code == next && (before < 0 || next >= 4096)) || (before < 0 && code >= clear))
            break;
        // A code that is only about to be made stands for the one before with its own first index again.
        bool coming = code == next;
        int at = coming ? before : code;
        unsigned depth = coming;
        for (; at >= clear && depth < sizeof(stack) - 1; at = prefix[at])
            stack[depth++] = suffix[at];
        stack[depth++] = (uint8_t)at;
        first = at;
        if (coming)
            stack[0] = (uint8_t)first;
        if (before >= 0 && next < 4096) {
            prefix[next] = (uint16_t)before;
            suffix[next] = (uint8_t)first;
            next++;
            if (next == 1 << size && size < 12)
                size++;
        }
        while (depth && n < want)
            out[n++] = stack[--depth];
        before = code;
    }
    return n;
}

static uint32_t interlaced_row(uint32_t y, uint32_t height)
{
    uint32_t rows[4] = {(height + 7) / 8, (height + 3) / 8, (height + 1) / 4, height / 2};
    static const uint32_t start[4] = {0, 4, 2, 1}, step[4] = {8, 8, 4, 2};
    for (unsigned i = 0; i < 4; i++) {
        if (y < rows[i])
            return start[i] + y * step[i];
        y -= rows[i];
    }
    return 0;
}

static bool gif_frame(const uint8_t *d, size_t len, size_t at, const uint8_t *palette, uint32_t colors, int transparent,
                      struct libdeflate_compressor *c, struct pdf_image *ret)
{
    if (at + 11 > len)
        return false;
    uint32_t w = le16(d + at + 5), h = le16(d + at + 7);
    uint8_t flags = d[at + 9];
    at += 10;
    if (flags & 0x80) {
        colors = 2u << (flags & 7);
        palette = d + at;
        at += colors * 3;
    }
    if (!palette || at + 2 > len || !size_ok(w, h) || palette + colors * 3 > d + len || d[at] < 2 || d[at] > 11)
        return false;
    struct bits b = {.data = d, .len = len, .at = at + 1};
    size_t pixels = (size_t)w * h;
    // A code has three bits or more and stands for 4,096 pixels or fewer: what cannot be full gets no memory.
    if (pixels / 4096 > (len - at) * 8 / 3)
        return false;
    uint8_t *index = calloc(1, pixels + 1), *rgb = malloc(pixels * 3 + 1), *alpha = malloc(pixels + 1);
    bool ok = index && rgb && alpha && unpack(&b, d[at], index, pixels) > 0, opaque = true;
    for (uint32_t y = 0; ok && y < h; y++) {
        uint32_t to = flags & 0x40 ? interlaced_row(y, h) : y;
        for (uint32_t x = 0; x < w; x++) {
            uint8_t v = index[(size_t)y * w + x];
            size_t p = (size_t)to * w + x;
            memcpy(rgb + p * 3, palette + 3 * (v < colors ? v : 0u), 3);
            alpha[p] = v == transparent ? 0 : 255;
            opaque &= alpha[p] != 0;
        }
    }
    if (ok)
        ok = pdf_image_plain(ret, w, h, rgb, opaque ? NULL : alpha, c);
    free(index);
    free(rgb);
    free(alpha);
    return ok;
}

bool pdf_gif_read(const uint8_t *d, size_t len, struct libdeflate_compressor *c, struct pdf_image *ret)
{
    uint32_t colors = d[10] & 0x80 ? 2u << (d[10] & 7) : 0;
    const uint8_t *palette = colors ? d + 13 : NULL;
    size_t at = 13 + (size_t)colors * 3;
    int transparent = -1;
    while (at + 2 <= len) {
        if (d[at] == 0x2C)
            return gif_frame(d, len, at, palette, colors, transparent, c, ret);
        if (d[at] != 0x21)
            return false;
        if (d[at + 1] == 0xF9 && at + 7 <= len && d[at + 3] & 1)
            transparent = d[at + 6];
        for (at += 2; at < len && d[at]; at += d[at] + 1u)
            ;
        at++;
    }
    return false;
}

// ---- BMP ----

// Palette indexes of 1, 4 or 8 bits lie in a byte from its highest bits on.
static uint32_t bmp_index(const uint8_t *row, uint32_t x, uint32_t bits)
{
    uint32_t per = 8 / bits;
    return (uint32_t)row[x / per] >> (8 - bits * (x % per + 1)) & ((1u << bits) - 1);
}

bool pdf_bmp_read(const uint8_t *d, size_t len, struct libdeflate_compressor *c, struct pdf_image *ret)
{
    uint32_t offset = le32(d + 10), header = le32(d + 14), w = le32(d + 18), bits = le16(d + 28), packed = le32(d + 30);
    int32_t signed_h = (int32_t)le32(d + 22);
    uint32_t h = signed_h < 0 ? 0 - (uint32_t)signed_h : (uint32_t)signed_h, colors = le32(d + 46);
    if (header < 40 || header > 256 || !size_ok(w, h) || (packed != 0 && packed != 3) ||
        (bits != 1 && bits != 4 && bits != 8 && bits != 24 && bits != 32))
        return false;
    size_t stride = ((size_t)w * bits + 31) / 32 * 4;
    const uint8_t *palette = d + 14 + header;
    bool indexed = bits <= 8;
    uint32_t most = indexed ? 1u << bits : 0;
    colors = colors && colors <= most ? colors : most;
    if (offset > len || stride * h > len - offset || (indexed && 14 + (size_t)header + colors * 4 > len))
        return false;
    uint8_t *rgb = malloc((size_t)w * h * 3 + 1);
    if (!rgb)
        return false;
    for (uint32_t y = 0; y < h; y++) {
        const uint8_t *row = d + offset + stride * (signed_h < 0 ? y : h - 1 - y);
        for (uint32_t x = 0; x < w; x++) {
            uint32_t index = indexed ? bmp_index(row, x, bits) : 0;
            const uint8_t *p = indexed ? palette + 4 * (index < colors ? index : 0u) : row + (size_t)x * bits / 8;
            uint8_t *to = rgb + ((size_t)y * w + x) * 3;
            to[0] = p[2];
            to[1] = p[1];
            to[2] = p[0];
        }
    }
    bool ok = pdf_image_plain(ret, w, h, rgb, NULL, c);
    free(rgb);
    return ok;
}
