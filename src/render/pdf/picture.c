// JPEG, the cache, and writing of image objects.
#include "render/pdf/picture.h"

#include <stdlib.h>
#include <string.h>

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

void pdf_image_fini(struct pdf_image *i)
{
    dgl_buf_fini(&i->dict);
    dgl_buf_fini(&i->data);
    dgl_buf_fini(&i->mask);
}

static void init(struct pdf_image *i, struct dgl_recolor recolor)
{
    *i = (struct pdf_image){.recolor = recolor,
                            .dict = DGL_BUF_INIT(1 << 16),
                            .data = DGL_BUF_INIT(DGL_PDF_MAX_BYTES),
                            .mask = DGL_BUF_INIT(DGL_PDF_MAX_BYTES)};
}

bool pdf_image_plain(struct pdf_image *i, uint32_t width, uint32_t height, uint8_t *rgb, const uint8_t *alpha,
                     struct libdeflate_compressor *c)
{
    size_t pixels = (size_t)width * height;
    uint8_t *changed = NULL;
    if (i->recolor.kind != DGL_RECOLOR_NONE) {
        changed = malloc(pixels + 1);
        if (!changed)
            return false;
        if (alpha)
            memcpy(changed, alpha, pixels);
        else
            memset(changed, 255, pixels);
        alpha = pdf_recolor(&i->recolor, rgb, changed, pixels) ? changed : NULL;
    }
    i->width = width;
    i->height = height;
    i->space = PDF_RGB;
    dgl_buf_puts(&i->dict, "/BitsPerComponent 8/Filter/FlateDecode");
    pdf_deflate(c, rgb, pixels * 3, &i->data);
    if (alpha) {
        i->has_mask = true;
        pdf_deflate(c, alpha, pixels, &i->mask);
    }
    free(changed);
    return true;
}

// Finds the frame header; checks nothing else: viewers decode JPEG on their own.
static bool jpeg_read(const uint8_t *data, size_t len, struct pdf_image *i)
{
    bool adobe = false;
    for (size_t at = 2; at + 4 <= len;) {
        if (data[at] != 0xFF) {
            at++;
            continue;
        }
        uint8_t marker = data[at + 1];
        if (marker == 0xFF || marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
            at += marker == 0xFF ? 1 : 2;
            continue;
        }
        size_t size = be16(data + at + 2);
        if (size < 2 || at + 2 + size > len)
            return false;
        adobe |= marker == 0xEE && size >= 14 && memcmp(data + at + 4, "Adobe", 5) == 0;
        if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
            if (size < 8)
                return false;
            uint8_t bits = data[at + 4], components = data[at + 9];
            i->height = be16(data + at + 5);
            i->width = be16(data + at + 7);
            bool size_ok = i->width && i->height && i->width <= DGL_PDF_MAX_PICTURE_SIDE &&
                           i->height <= DGL_PDF_MAX_PICTURE_SIDE &&
                           (uint64_t)i->width * i->height <= DGL_PDF_MAX_PICTURE_PIXELS;
            if (bits != 8 || !size_ok || (components != 1 && components != 3 && components != 4))
                return false;
            i->space = components == 1 ? PDF_GRAY : components == 3 ? PDF_RGB : PDF_CMYK;
            i->inverted = components == 4 && adobe; // Adobe's CMYK files hold inverted values
            dgl_buf_puts(&i->dict, "/BitsPerComponent 8/Filter/DCTDecode");
            dgl_buf_append(&i->data, data, len);
            return true;
        }
        if (marker == 0xDA)
            return false;
        at += 2 + size;
    }
    return false;
}

bool pdf_image_read(const void *data, size_t len, struct dgl_recolor recolor, struct libdeflate_compressor *c,
                    struct pdf_image *ret)
{
    const uint8_t *d = data;
    bool ok = false;
    init(ret, recolor);
    if (len > DGL_PDF_MAX_PICTURE_BYTES)
        return false;
    if (len > 8 && memcmp(d, "\x89PNG\r\n\x1A\n", 8) == 0)
        ok = pdf_png_read(d, len, c, ret);
    else if (len > 4 && d[0] == 0xFF && d[1] == 0xD8)
        ok = jpeg_read(d, len, ret) && (!recolor.kind || pdf_jpeg_decode(d, len, c, ret));
    else if (len > 13 && (memcmp(d, "GIF87a", 6) == 0 || memcmp(d, "GIF89a", 6) == 0))
        ok = pdf_gif_read(d, len, c, ret);
    else if (len > 54 && d[0] == 'B' && d[1] == 'M')
        ok = pdf_bmp_read(d, len, c, ret);
    ok = ok && !ret->data.failed && !ret->dict.failed && !ret->mask.failed;
    if (!ok)
        pdf_image_fini(ret);
    return ok;
}

// ---- Cache ----

struct kept {
    void *key;
    size_t key_len, bytes;
    struct dgl_recolor recolor;
    struct pdf_image image;
    bool readable;
    uint64_t used;
};
struct pdf_picture_cache {
    struct kept kept[DGL_PDF_KEPT_PICTURES];
    uint64_t tick;
    size_t bytes;
    struct pdf_image loose; // the last one that was too large to keep
    bool has_loose;
};

struct pdf_picture_cache *pdf_picture_cache_new(void)
{
    return DGL_NEW(struct pdf_picture_cache);
}

static void drop(struct pdf_picture_cache *c, struct kept *k)
{
    c->bytes -= k->bytes;
    if (k->readable)
        pdf_image_fini(&k->image);
    free(k->key);
    *k = (struct kept){0};
}

void pdf_picture_cache_free(struct pdf_picture_cache *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < DGL_PDF_KEPT_PICTURES; i++)
        drop(c, &c->kept[i]);
    if (c->has_loose)
        pdf_image_fini(&c->loose);
    free(c);
}

static struct kept *make_room(struct pdf_picture_cache *c, size_t coming)
{
    for (;;) {
        struct kept *oldest = NULL, *empty = NULL;
        for (unsigned i = 0; i < DGL_PDF_KEPT_PICTURES; i++) {
            if (!c->kept[i].key)
                empty = &c->kept[i];
            else if (!oldest || c->kept[i].used < oldest->used)
                oldest = &c->kept[i];
        }
        if (empty && c->bytes + coming <= DGL_PDF_KEPT_PICTURE_BYTES)
            return empty;
        if (!oldest)
            return NULL;
        drop(c, oldest);
    }
}

bool pdf_same_recolor(struct dgl_recolor a, struct dgl_recolor b)
{
    return a.kind == b.kind && a.from == b.from && a.to == b.to && a.threshold == b.threshold && a.alpha == b.alpha;
}

const struct pdf_image *pdf_picture_get(struct pdf_picture_cache *cache, const void *data, size_t len,
                                        struct dgl_recolor recolor, struct libdeflate_compressor *c)
{
    for (unsigned i = 0; i < DGL_PDF_KEPT_PICTURES; i++) {
        struct kept *k = &cache->kept[i];
        if (k->key && k->key_len == len && pdf_same_recolor(k->recolor, recolor) && memcmp(k->key, data, len) == 0) {
            k->used = ++cache->tick;
            return k->readable ? &k->image : NULL;
        }
    }
    struct pdf_image image;
    bool readable = pdf_image_read(data, len, recolor, c, &image);
    size_t bytes = len + (readable ? image.data.cap + image.mask.cap : 0);
    struct kept *k = bytes <= DGL_PDF_KEPT_PICTURE_BYTES / 2 ? make_room(cache, bytes) : NULL;
    if (!k) {
        if (cache->has_loose)
            pdf_image_fini(&cache->loose);
        cache->has_loose = readable;
        if (readable)
            cache->loose = image;
        return readable ? &cache->loose : NULL;
    }
    *k = (struct kept){.key_len = len, .bytes = bytes, .recolor = recolor, .readable = readable, .used = ++cache->tick};
    k->key = dgl_alloc(len + 1);
    memcpy(k->key, data, len);
    if (readable)
        k->image = image;
    cache->bytes += bytes;
    return readable ? &k->image : NULL;
}

// ---- Writing ----

static void put_size(struct dgl_buf *b, const struct pdf_image *i)
{
    dgl_buf_puts(b, "<</Type/XObject/Subtype/Image/Width ");
    pdf_put_int(b, i->width);
    dgl_buf_puts(b, "/Height ");
    pdf_put_int(b, i->height);
}

// What the numbers from 0 to 1 of a component stand for (ISO 32000-1 §8.9.5.2); values beyond are cut by the viewer.
static void put_decode(struct dgl_buf *b, const struct pdf_image *i, struct dgl_tone tone)
{
    static const unsigned components[] = {[PDF_GRAY] = 1, [PDF_RGB] = 3, [PDF_CMYK] = 4};
    int32_t from = tone.offset, to = tone.gain + tone.offset;
    if (i->space == PDF_CMYK) { // inks: the other way round
        from = 1000 - tone.gain - tone.offset;
        to = 1000 - tone.offset;
    }
    if (from == 0 && to == 1000 && !i->inverted)
        return;
    dgl_buf_puts(b, "/Decode[");
    for (unsigned k = 0; k < components[i->space]; k++) {
        pdf_put_milli(b, i->inverted ? to : from);
        dgl_buf_putc(b, ' ');
        pdf_put_milli(b, i->inverted ? from : to);
        dgl_buf_putc(b, ' ');
    }
    dgl_buf_putc(b, ']');
}

static void put_space(struct dgl_buf *b, const struct pdf_image *i, struct dgl_tone tone)
{
    static const char *const names[] = {"/ColorSpace/DeviceGray", "/ColorSpace/DeviceRGB", "/ColorSpace/DeviceCMYK"};
    uint8_t toned[sizeof(i->palette)];
    if (i->space != PDF_INDEXED) {
        dgl_buf_puts(b, names[i->space]);
        put_decode(b, i, tone);
        return;
    }
    for (uint32_t k = 0; k < i->palette_count * 3; k++) {
        int64_t v = ((int64_t)i->palette[k] * tone.gain + (int64_t)255 * tone.offset) / 1000;
        toned[k] = (uint8_t)DGL_MAX(0, DGL_MIN(v, 255));
    }
    dgl_buf_puts(b, "/ColorSpace[/Indexed/DeviceRGB ");
    pdf_put_int(b, (int64_t)i->palette_count - 1);
    pdf_put_bytes(b, toned, (size_t)i->palette_count * 3);
    dgl_buf_putc(b, ']');
}

void pdf_picture_write(struct pdf_out *o, const struct pdf_image *i, struct dgl_tone tone, uint32_t object)
{
    uint32_t mask = i->has_mask ? pdf_out_reserve(o) : 0;
    struct dgl_buf *b = o->buf;
    pdf_out_begin(o, object);
    put_size(b, i);
    put_space(b, i, tone);
    dgl_buf_append(b, i->dict.data, i->dict.len);
    if (mask) {
        dgl_buf_puts(b, "/SMask ");
        pdf_put_ref(b, mask);
    }
    dgl_buf_puts(b, "/Length ");
    pdf_put_int(b, (int64_t)i->data.len);
    dgl_buf_puts(b, ">>stream\n");
    dgl_buf_append(b, i->data.data, i->data.len);
    dgl_buf_puts(b, "\nendstream");
    pdf_out_end(o);
    if (!mask)
        return;
    pdf_out_begin(o, mask);
    put_size(b, i);
    dgl_buf_puts(b, "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/Length ");
    pdf_put_int(b, (int64_t)i->mask.len);
    dgl_buf_puts(b, ">>stream\n");
    dgl_buf_append(b, i->mask.data, i->mask.len);
    dgl_buf_puts(b, "\nendstream");
    pdf_out_end(o);
}
