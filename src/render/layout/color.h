// Colours of DrawingML: a base and what is done to it.
#ifndef DGL_RENDER_LAYOUT_COLOR_H
#define DGL_RENDER_LAYOUT_COLOR_H

#include "render/layout/sheet.h"
#include "render/layout/xnode.h"

struct dgl_color {
    uint32_t rgb;
    float alpha;
};
// The colour inside a fill, line or font element; false when it holds none. `placeholder` stands for phClr.
bool dgl_drawing_color(const struct dgl_theme *theme, const struct dgl_x *holder, uint32_t placeholder,
                       struct dgl_color *ret);
// A theme colour by its name (accent1, tx1 …); black when unknown.
uint32_t dgl_theme_color(const struct dgl_theme *theme, struct dgl_str name);
// Lighter (towards white) or darker, in percent.
uint32_t dgl_color_shade(uint32_t rgb, int percent);

#endif
