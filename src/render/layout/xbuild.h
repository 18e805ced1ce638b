// What the two readers of a part's XML share while they build the light tree: the one over libxml2 (xnode.c) and the
// one for plain XML (xplain.c). Private to them.
#ifndef DGL_RENDER_LAYOUT_XBUILD_H
#define DGL_RENDER_LAYOUT_XBUILD_H

#include "base/xml.h"
#include "render/layout/xnode.h"

struct x_builder {
    struct dgl_arena *arena;
    const char *what;
    uint32_t *nodes_left;
    struct dgl_x *root;
    struct dgl_x *stack[DGL_XML_MAX_DEPTH + 1], *tail[DGL_XML_MAX_DEPTH + 1]; // element and its last child by depth
    unsigned depth;
    uint32_t paragraphs;
};
enum dgl_x_name x_name_of(const char *s, size_t len);
enum dgl_x_ns x_ns_of(const char *uri, size_t len);
bool x_bears_text(enum dgl_x_name name);
// A new element inside the open one, itself open from now on, with room for attributes and `more` bytes behind them
// (*ret_more). NULL: no memory. The caller has counted it against nodes_left.
struct dgl_x *x_open(struct x_builder *b, enum dgl_x_name name, enum dgl_x_ns ns, size_t attr_count, size_t more,
                     struct dgl_x_attr **ret_attrs, char **ret_more);
void x_close(struct x_builder *b);

// Reads XML as office programs write it: UTF-8, elements, attributes, text, the five entities and character references.
// False: it holds something else (a comment, CDATA, a DOCTYPE, another encoding), or is broken, or too large; then
// nothing is decided, libxml2 shall read it and say what is wrong. `lent`: `xml` outlives the arena, and values point
// into it.
bool x_read_plain(struct x_builder *b, const char *xml, size_t len, bool lent);

#endif
