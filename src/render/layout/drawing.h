// Between drawing.c, vml.c and shape.c.
#ifndef DGL_RENDER_LAYOUT_DRAWING_H
#define DGL_RENDER_LAYOUT_DRAWING_H

#include "render/art/metafile.h"
#include "render/art/svg.h"
#include "render/layout/chart.h"
#include "render/layout/shape.h"

#define BUILD_MAX_DRAWING_DEPTH 8u // groups in groups, VML in VML

struct dgl_drawing *build_new_drawing(struct builder *b);
bool build_set_picture(struct builder *b, const struct dgl_docx_relationship *rel, struct dgl_drawing *d);
void build_picture(struct builder *b, const struct dgl_x *pic, struct dgl_drawing *d);
void build_check_effects(struct builder *b, const struct dgl_drawing *d); // reports those that are not done
void build_box(const struct dgl_x *body, struct dgl_drawing *d);
// A text is of the colour that the shape's style says (NULL = it has none), where the text says nothing.
void build_text_box(struct builder *b, const struct dgl_x *content, const struct dgl_x *style, struct dgl_drawing *d,
                    const struct build_context *c, struct dgl_error *err, enum dgl_status *status);
// Paragraphs of an a:txBody; their colour by the style when they have none.
void build_shape_text(struct builder *b, const struct dgl_x *body, const struct dgl_x *style, struct dgl_drawing *d);
void build_push_drawing(struct builder *b, struct dgl_drawing *d, struct dgl_run *run);
uint8_t build_align(struct dgl_str s); // left, center, right …: 1, 2, 3; 0 none

// The tone of a contrast about the middle (what it multiplies by) and a brightness (what half of is added), 1 and 0 =
// none.
struct dgl_tone build_tone(double gain, double brightness);

#endif
