// Bounds of vector drawings, together.
#ifndef DGL_RENDER_ART_LIMITS_H
#define DGL_RENDER_ART_LIMITS_H

#define DGL_ART_MAX_ITEMS 200000u   // of one drawing
#define DGL_ART_MAX_POINTS 4000000u // coordinates of one drawing
#define DGL_ART_MAX_DEPTH 48u       // groups and clips open at once
#define DGL_ART_MAX_STOPS 64u       // of a gradient
#define DGL_ART_MAX_DASHES 8u
#define DGL_ART_MAX_GUIDES 256u       // formulas of one shape
#define DGL_ART_MAX_BYTES (16u << 20) // an SVG or metafile, unpacked
#define DGL_ART_MAX_NODES 100000u     // elements of an SVG
#define DGL_ART_MAX_USES 20000u       // elements that `use` may bring in, all together
#define DGL_ART_MAX_WORK 1000000u     // steps of drawing an SVG, see svg_spend
#define DGL_ART_MAX_COORDINATE 1e7f
#define DGL_ART_MAX_RASTER 2048u           // pixels of a side
#define DGL_ART_MAX_RASTER_WORK 200000000u // pixels touched for one drawing

#endif
