// A part's XML as a light tree: element and attribute names are numbers, only text that is content is kept.
//
// Prefixes do not matter, namespaces do, as a class. mc:AlternateContent is resolved while the tree is built: the
// first Choice whose extensions are known here, else the Fallback, else the first Choice, stands in its place as a
// `group` element.
// Sources: ECMA-376 Part 1 §17–20, Part 3 §10 (markup compatibility).
#ifndef DGL_RENDER_LAYOUT_XNODE_H
#define DGL_RENDER_LAYOUT_XNODE_H

#include "base/arena.h"
#include "base/str.h"
#include "render/layout/limits.h"
#include "render/layout/names.h"

enum dgl_x_ns {
    DGL_XN_OTHER,
    DGL_XN_W,   // WordprocessingML
    DGL_XN_W14, // its extensions
    DGL_XN_A,   // DrawingML
    DGL_XN_WP,  // its anchoring
    DGL_XN_PIC, // pictures
    DGL_XN_WPS, // shapes, groups, canvas
    DGL_XN_V,   // VML
    DGL_XN_O,   // Office VML
    DGL_XN_MC,  // markup compatibility
    DGL_XN_M,   // Office math
    DGL_XN_C,   // charts
    DGL_XN_DGM, // diagrams
    DGL_XN_R,   // relationships (of attributes)
};
struct dgl_x_attr {
    enum dgl_x_name name;
    struct dgl_str value; // unescaped
};
struct dgl_x {
    enum dgl_x_name name;
    enum dgl_x_ns ns;
    uint32_t attr_count;
    uint32_t paragraph; // w:p: its number in the part, from 1
    const struct dgl_x_attr *attrs;
    struct dgl_x *first, *next;
    struct dgl_str text; // w:t, instrText, posOffset and their like
};

enum dgl_x_source {
    DGL_X_COPIED,  // nothing points into `xml` afterwards
    DGL_X_LENT,    // `xml` lives as long as the tree: values may point into it
    DGL_X_STRANGE, // read by libxml2 even where it is plain; for tests
};
// Parses a part into the arena; nodes count against *nodes_left. `what` names the part in messages.
enum dgl_status dgl_x_parse(struct dgl_arena *a, struct dgl_str xml, enum dgl_x_source source, const char *what,
                            uint32_t *nodes_left, struct dgl_x **ret, struct dgl_error *err) DGL_MUST_CHECK;

const struct dgl_x *dgl_x_child(const struct dgl_x *n, enum dgl_x_name name);  // the first; NULL n gives NULL
const struct dgl_x *dgl_x_find(const struct dgl_x *n, enum dgl_x_name name);   // first descendant in document order
const struct dgl_str *dgl_x_attr(const struct dgl_x *n, enum dgl_x_name name); // NULL when absent
bool dgl_x_attr_is(const struct dgl_x *n, enum dgl_x_name name, const char *value);
int64_t dgl_x_int(const struct dgl_str *s, int64_t otherwise); // "12", "-3", "12.7" (cut), anything else otherwise
int64_t dgl_x_attr_int(const struct dgl_x *n, enum dgl_x_name name, int64_t otherwise);
bool dgl_x_on(const struct dgl_str *s);          // on/off values; absent is on
bool dgl_x_val_on(const struct dgl_x *n);        // element present and its val not off
struct dgl_str dgl_x_val(const struct dgl_x *n); // of attribute val; empty when absent
// Lengths in mpt. Twips by default; "12pt", "1in", "2.5cm", "3mm" as the strict variant writes.
int32_t dgl_x_twips(const struct dgl_str *s, int32_t otherwise);
int32_t dgl_x_emu(const struct dgl_str *s, int32_t otherwise);

#define DGL_X_EACH(child, parent) for (const struct dgl_x *child = (parent)->first; child; child = child->next)

#endif
