// Pictures whose pixels are changed: two shades, two colours, one colour for another. JPEG is decoded for that alone.
// Source: ECMA-376 Part 1 §20.1.8.11 (biLevel), §20.1.8.16 (clrChange), §20.1.8.18 (clrRepl), §20.1.8.23 (duotone).
#include "render/pdf/picture.h"

#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#define MAX_PIXELS_PER_BYTE 512 // a block of 64 takes a bit or more

// How light a pixel is to the eye, 0 to 255.
static uint32_t lightness(const uint8_t *p)
{
    return (299u * p[0] + 587u * p[1] + 114u * p[2] + 500) / 1000;
}

static void put(uint8_t *p, uint32_t rgb)
{
    p[0] = (uint8_t)(rgb >> 16);
    p[1] = (uint8_t)(rgb >> 8);
    p[2] = (uint8_t)rgb;
}

static void put_between(uint8_t *p, uint32_t from, uint32_t to, uint32_t light)
{
    for (unsigned i = 0; i < 3; i++) {
        uint32_t a = from >> (16 - 8 * i) & 255, b = to >> (16 - 8 * i) & 255;
        p[i] = (uint8_t)((a * (255 - light) + b * light + 127) / 255);
    }
}

bool pdf_recolor(const struct dgl_recolor *r, uint8_t *rgb, uint8_t *alpha, size_t pixels)
{
    uint8_t least = 255;
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        switch (r->kind) {
        case DGL_RECOLOR_BILEVEL:
            put(rgb, lightness(rgb) * 1000 < r->threshold * 255u ? 0x000000 : 0xFFFFFF);
            break;
        case DGL_RECOLOR_DUOTONE:
            put_between(rgb, r->from, r->to, lightness(rgb));
            break;
        case DGL_RECOLOR_CHANGE:
            if (((uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2]) != r->from)
                break;
            put(rgb, r->to);
            alpha[i] = (uint8_t)(alpha[i] * r->alpha / 1000);
            break;
        case DGL_RECOLOR_NONE:
            break;
        }
        least = DGL_MIN(least, alpha[i]);
    }
    return least < 255;
}

static void from_inks(const uint8_t *inks, bool inverted, uint8_t *rgb, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++)
        for (unsigned k = 0; k < 3; k++) {
            uint32_t ink = inks[4 * i + k], black = inks[4 * i + 3];
            rgb[3 * i + k] = (uint8_t)(inverted ? ink * black / 255 : (255 - ink) * (255 - black) / 255);
        }
}

static bool decode(tjhandle tj, const uint8_t *data, size_t len, const struct pdf_image *i, uint8_t *rgb)
{
    size_t pixels = (size_t)i->width * i->height;
    bool inks = i->space == PDF_CMYK;
    uint8_t *four = inks ? calloc(pixels, 4) : NULL;
    bool ok =
        (!inks || four) && (tjDecompress2(tj, data, (unsigned long)len, inks ? four : rgb, (int)i->width, 0,
                                          (int)i->height, inks ? TJPF_CMYK : TJPF_RGB, 0) == 0 ||
                            tjGetErrorCode(tj) == TJERR_WARNING); // broken towards its end: what is there is shown
    if (ok && inks)
        from_inks(four, i->inverted, rgb, pixels);
    free(four);
    return ok;
}

bool pdf_jpeg_decode(const uint8_t *data, size_t len, struct libdeflate_compressor *c, struct pdf_image *i)
{
    size_t pixels = (size_t)i->width * i->height;
    if (pixels / MAX_PIXELS_PER_BYTE > len) // cannot be full: no memory for it
        return false;
    tjhandle tj = tjInitDecompress();
    uint8_t *rgb = calloc(pixels, 3);
    bool ok = tj && rgb && decode(tj, data, len, i, rgb);
    dgl_buf_reset(&i->dict);
    dgl_buf_reset(&i->data);
    i->inverted = false;
    ok = ok && pdf_image_plain(i, i->width, i->height, rgb, NULL, c);
    free(rgb);
    if (tj)
        tjDestroy(tj);
    return ok;
}
