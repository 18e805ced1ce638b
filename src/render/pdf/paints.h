// What vector drawings need beside operators: opacities and gradients, as numbered resources of the PDF.
#ifndef DGL_RENDER_PDF_PAINTS_H
#define DGL_RENDER_PDF_PAINTS_H

#include "render/art/art.h"
#include "render/pdf/out.h"

struct pdf_paints {
    struct dgl_arena *arena;
    struct pdf_out *out;
    uint32_t *shadings, shading_count, shading_cap; // objects
    struct pdf_state {
        uint32_t object;
        uint16_t fill, stroke; // thousandths of opacity; 1001 = not said
        uint32_t mask;         // object of a soft mask, 0 = none
        bool gray;             // blend mode Saturation
    } * states;
    uint32_t state_count, state_cap;
};
// Number of the graphics state with these opacities in thousandths, UINT32_MAX when there is no room.
uint32_t pdf_paints_alpha(struct pdf_paints *p, unsigned fill, unsigned stroke);
uint32_t pdf_paints_saturation(struct pdf_paints *p); // paints with gray take the colour out of what is below
// Number of a gradient, to be painted with `sh`. When its stops differ in opacity, *ret_state is the graphics state to
// set before in the gradient's own coordinates, else UINT32_MAX.
uint32_t pdf_paints_gradient(struct pdf_paints *p, const struct dgl_art_paint *paint, uint32_t *ret_state);
// Coordinates of a gradient are written this many times larger: it may live in the unit square or in mpt.
double pdf_paints_scale(const struct dgl_art_paint *paint);
// Entries of the resource dictionary.
void pdf_paints_resources(const struct pdf_paints *p, struct dgl_buf *b);

#endif
