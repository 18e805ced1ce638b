// Pictures of one PDF: decoded only as far as PDF needs, each written once.
//
//   JPEG                         the file itself (DCTDecode)
//   PNG without alpha            its own deflated rows (FlateDecode with PNG predictors)
//   PNG with alpha, interlaced   decoded to eight bits; colours and alpha apart (SMask)
//   GIF, BMP                     decoded
//   any that is recoloured       decoded, its pixels changed
#ifndef DGL_RENDER_PDF_PICTURE_H
#define DGL_RENDER_PDF_PICTURE_H

#include "base/arena.h"
#include "base/budget.h"
#include "render/layout/model.h"
#include "render/pdf/out.h"

enum pdf_space { PDF_GRAY, PDF_RGB, PDF_CMYK, PDF_INDEXED };
struct pdf_image {              // ready to be written
    struct dgl_recolor recolor; // to be done by who decodes; NONE: what can be passed through is
    uint32_t width, height;
    enum pdf_space space;
    bool inverted;        // CMYK as Adobe writes it
    uint8_t palette[768]; // INDEXED
    uint32_t palette_count;
    struct dgl_buf dict; // further entries of the image
    struct dgl_buf data;
    bool has_mask;
    struct dgl_buf mask; // deflated 8-bit alpha
};
void pdf_image_fini(struct pdf_image *i);
// Prepares a picture from its file's bytes; false when it is of no format known here or broken.
bool pdf_image_read(const void *data, size_t len, struct dgl_recolor recolor, struct libdeflate_compressor *c,
                    struct pdf_image *ret);
bool pdf_png_read(const uint8_t *data, size_t len, struct libdeflate_compressor *c, struct pdf_image *ret);
bool pdf_gif_read(const uint8_t *data, size_t len, struct libdeflate_compressor *c, struct pdf_image *ret);
bool pdf_bmp_read(const uint8_t *data, size_t len, struct libdeflate_compressor *c, struct pdf_image *ret);
// Makes an image of plain pixels: 3 bytes each, alpha apart (NULL = opaque). Recolours them where they are; false when
// there is no memory for it.
bool pdf_image_plain(struct pdf_image *i, uint32_t width, uint32_t height, uint8_t *rgb, const uint8_t *alpha,
                     struct libdeflate_compressor *c);
// Changes pixels; `alpha` takes opacities for DGL_RECOLOR_CHANGE. Returns whether any is not opaque then.
bool pdf_recolor(const struct dgl_recolor *r, uint8_t *rgb, uint8_t *alpha, size_t pixels);
// Takes the pixels of a JPEG whose frame is known in place of its file.
bool pdf_jpeg_decode(const uint8_t *data, size_t len, struct libdeflate_compressor *c, struct pdf_image *i);

// Prepared pictures that a warm process keeps, by the bytes they came from and what was done with them.
struct pdf_picture_cache;
struct pdf_picture_cache *pdf_picture_cache_new(void);
void pdf_picture_cache_free(struct pdf_picture_cache *c);
// From the cache, or prepared now; NULL when it cannot be read. The picture may go when another one is asked for.
const struct pdf_image *pdf_picture_get(struct pdf_picture_cache *cache, const void *data, size_t len,
                                        struct dgl_recolor recolor, struct libdeflate_compressor *c);
bool pdf_same_recolor(struct dgl_recolor a, struct dgl_recolor b);
void pdf_picture_write(struct pdf_out *o, const struct pdf_image *i, struct dgl_tone tone, uint32_t object);

#endif
