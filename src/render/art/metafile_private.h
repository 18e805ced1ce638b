// Between emf.c, wmf.c and metafile.c (the device that both play on).
#ifndef DGL_RENDER_ART_METAFILE_PRIVATE_H
#define DGL_RENDER_ART_METAFILE_PRIVATE_H

#include "render/art/metafile.h"

#define META_MAX_OBJECTS 4096u
#define META_MAX_SAVES 32u
#define META_MAX_RECORDS 500000u

enum meta_object_kind { META_NOTHING, META_PEN, META_BRUSH, META_FONT };
struct meta_object {
    enum meta_object_kind kind;
    bool none; // a null pen or brush
    uint32_t rgb;
    double width;   // of a pen, logical units; 0 = thin
    unsigned style; // of a pen: PS_…
    double height;  // of a font, logical units
    bool bold, italic, underline;
    double turn; // of a font, radians counterclockwise
    struct dgl_str face;
};
struct meta_state {
    struct meta_object pen, brush, font;
    uint32_t text_rgb, back_rgb;
    bool back_opaque, even_odd;
    unsigned align;
    double win_x, win_y, win_w, win_h, view_x, view_y, view_w, view_h;
    bool mapped; // window and viewport count
    struct dgl_matrix world;
    double x, y;    // pen, logical
    unsigned clips; // open PUSHes
};
struct meta {
    struct dgl_arena *arena;
    struct dgl_art *art;
    const uint8_t *data;
    size_t len;
    struct meta_state s, saves[META_MAX_SAVES];
    unsigned save_count;
    struct meta_object objects[META_MAX_OBJECTS];
    uint64_t taken[META_MAX_OBJECTS / 64]; // WMF: a bit for each of them
    struct dgl_matrix device;              // device units to the drawing
    struct dgl_art_path path;              // being gathered
    bool gathering;
    uint32_t drawn;
};

static inline uint32_t meta_u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}
static inline int32_t meta_i16(const uint8_t *p)
{
    return (int16_t)meta_u16(p);
}
static inline uint32_t meta_u32(const uint8_t *p)
{
    return meta_u16(p) | meta_u16(p + 2) << 16;
}
static inline int32_t meta_i32(const uint8_t *p)
{
    return (int32_t)meta_u32(p);
}
uint32_t meta_rgb(const uint8_t *p);                 // COLORREF
struct dgl_matrix meta_matrix(const struct meta *m); // logical units to the drawing
void meta_start(struct meta *m);
// A finished path in logical units: into the gathered path, or painted.
void meta_finish(struct meta *m, struct dgl_art_path *p, bool fill, bool line);
void meta_text(struct meta *m, struct dgl_str utf8, double x, double y, double width);
void meta_save(struct meta *m);
void meta_restore(struct meta *m, int32_t which); // -1 = the last
void meta_clip(struct meta *m, struct dgl_art_path *p, bool even_odd);
void meta_bitmap(struct meta *m, const uint8_t *info, size_t info_len, const uint8_t *bits, size_t bits_len, double x,
                 double y, double w, double h);
void meta_select(struct meta *m, const struct meta_object *o);
void meta_stock(struct meta *m, uint32_t index);
void meta_arc(struct meta *m, const double box[4], const double ends[4], unsigned how); // 0 arc, 1 chord, 2 pie
struct dgl_art *emf_read(struct meta *m);
// Length of a WMF's head, the placement included; 0 when it is none.
size_t wmf_head(const uint8_t *data, size_t len);
struct dgl_art *wmf_read(struct meta *m); // of data that has one

#endif
