// Windows metafiles, EMF and WMF, as vectors: the records that programs write into documents. Packed ones (EMZ, WMZ)
// are unpacked, to DGL_ART_MAX_BYTES at most.
//
// Lines, polygons, curves, paths, rectangles, ellipses, pens, brushes, fonts, texts, mapping modes, world transforms,
// clip rectangles and bitmaps (as BMP pictures). Raster operations, hatches, regions of many pieces and EMF+ are left
// out; then `lossless` is false. Sources: [MS-EMF] and [MS-WMF].
#ifndef DGL_RENDER_ART_METAFILE_H
#define DGL_RENDER_ART_METAFILE_H

#include "render/art/art.h"

// NULL when it is neither, broken before anything was drawn, or past a bound.
struct dgl_art *dgl_metafile_read(struct dgl_arena *a, const void *data, size_t len);

#endif
