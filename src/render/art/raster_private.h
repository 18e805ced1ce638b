// Between raster.c (coverage, paint) and raster_stroke.c (outlines of lines).
#ifndef DGL_RENDER_ART_RASTER_PRIVATE_H
#define DGL_RENDER_ART_RASTER_PRIVATE_H

#include "render/art/raster.h"

struct raster_point {
    double x, y; // pixels
};
struct raster_line { // a flattened subpath
    struct raster_point *points;
    uint32_t count, cap;
    bool closed;
};
struct raster {
    uint32_t width, height;
    size_t stride; // of cover: two columns more than there are pixels
    float *cover;  // what each pixel changes in the coverage of those right of it
    uint8_t *rgba;
    double scale_x, scale_y;
    uint32_t x0, y0, x1, y1; // of cover, touched; x1, y1 exclusive
    uint64_t work;           // pixels touched so far
    uint8_t *masks[DGL_ART_MAX_DEPTH + 1];
    bool own_mask[DGL_ART_MAX_DEPTH + 1];
    float alphas[DGL_ART_MAX_DEPTH + 1];
    unsigned depth;
    struct raster_line line, dash;
};

bool raster_spent(const struct raster *r);
void raster_add(struct raster_line *l, double x, double y);
void raster_edge(struct raster *r, double x0, double y0, double x1, double y1);
// Covers what a line of this width (pixels) covers along `l`.
void raster_stroke(struct raster *r, const struct raster_line *l, const struct dgl_art_stroke *s, double width);
// The same in dashes; lengths are multiplied by `scale`.
void raster_dashes(struct raster *r, const struct raster_line *l, const struct dgl_art_stroke *s, double width,
                   double scale);

#endif
