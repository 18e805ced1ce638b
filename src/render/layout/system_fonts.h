// The machine's fonts as a font source, by fontconfig. Opened before a process gives up system calls: it reads
// fontconfig's caches and maps every font file, so that nothing is opened later.
#ifndef DGL_RENDER_LAYOUT_SYSTEM_FONTS_H
#define DGL_RENDER_LAYOUT_SYSTEM_FONTS_H

#include "render/layout/fonts.h"

struct dgl_system_fonts;
// `map_all` maps all files now; without it they are mapped when first used (programs that run one document).
enum dgl_status dgl_system_fonts_open(bool map_all, struct dgl_system_fonts **ret,
                                      struct dgl_error *err) DGL_MUST_CHECK;
void dgl_system_fonts_free(struct dgl_system_fonts *s);
DGL_DEFINE_AUTO(system_fonts);
const struct dgl_font_source *dgl_system_fonts_source(struct dgl_system_fonts *s); // borrowed

#endif
