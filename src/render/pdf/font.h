// Fonts of one PDF: which glyphs of each face are used and what they mean, then subset, embedded and described.
#ifndef DGL_RENDER_PDF_FONT_H
#define DGL_RENDER_PDF_FONT_H

#include "render/layout/boxes.h"
#include "render/pdf/out.h"

struct pdf_meaning { // of a glyph: text it stands for
    const char *text;
    uint32_t len; // 0 = glyph not used; UINT32_MAX = used, means nothing
};
struct pdf_font {
    struct dgl_face *face;
    struct pdf_meaning *meaning; // by glyph of the face
    uint16_t *code;              // by glyph of the face, once subset: what is written in strings
    uint32_t glyph_count, used;
    uint32_t tag; // of the name: a hash of its glyphs, once subset
    uint32_t object, index;
};
struct pdf_subset_cache;
struct pdf_subset_cache *pdf_subset_cache_new(void);
void pdf_subset_cache_free(struct pdf_subset_cache *c);

struct pdf_fonts {
    struct dgl_arena *arena;
    struct pdf_subset_cache *cache;
    struct pdf_font *fonts[DGL_LAYOUT_MAX_FACES];
    struct pdf_font *by_face[DGL_LAYOUT_MAX_FACES]; // face->index
    uint32_t count;
};
// Counts the glyphs of a text box in.
enum dgl_status pdf_fonts_use(struct pdf_fonts *f, const struct dgl_text_box *t, struct dgl_error *err) DGL_MUST_CHECK;
// Subsets all fonts, fills `code` and writes their objects.
enum dgl_status pdf_fonts_subset(struct pdf_fonts *f, struct pdf_out *o, struct dgl_error *err) DGL_MUST_CHECK;
// Length in bytes of the text that glyph i of a box stands for; 0 when it belongs to the glyph before.
uint32_t pdf_glyph_text(const struct dgl_text_box *t, uint32_t i, const char **ret);
// Advance of a glyph as the PDF's W array says, in thousandths of 1/1000 em (556.152 → 556152).
int64_t pdf_font_width(const struct pdf_font *f, uint32_t gid);

#endif
