// Bounds of PDF writing, together. Those of layout stand in render/layout/limits.h.
#ifndef DGL_RENDER_PDF_LIMITS_H
#define DGL_RENDER_PDF_LIMITS_H

#define DGL_PDF_MAX_BYTES (512u << 20) // one PDF
#define DGL_PDF_MAX_OBJECTS 4000000u
#define DGL_PDF_MAX_PICTURES 4096u            // different pictures of one document
#define DGL_PDF_MAX_PICTURE_PIXELS 100000000u // width times height
#define DGL_PDF_MAX_PICTURE_SIDE 65500u
#define DGL_PDF_MAX_PICTURE_BYTES (64u << 20)  // one picture as it lies in the package
#define DGL_PDF_MAX_PAINTS 65536u              // gradients, and as many opacities
#define DGL_PDF_MAX_ELEMENTS 1000000u          // of the structure tree; what comes later is untagged
#define DGL_PDF_MAX_OUTLINE 20000u             // bookmarks
#define DGL_PDF_KEPT_PICTURES 64u              // prepared pictures a warm process keeps
#define DGL_PDF_KEPT_PICTURE_BYTES (16u << 20) // all of them
#define DGL_PDF_KEPT_SUBSETS 128u              // font subsets a warm process keeps
#define DGL_PDF_KEPT_SUBSET_BYTES (16u << 20)  // all of them

#endif
