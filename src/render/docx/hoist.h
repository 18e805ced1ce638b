// What the two files that move tags share: hoist.c (prefixes, merges, cells) and blocks.c (blocks).
#ifndef DGL_RENDER_DOCX_HOIST_H
#define DGL_RENDER_DOCX_HOIST_H

#include "render/docx/model.h"

struct dgl_docx_hoist {
    struct dgl_docx_compiler *c;
    bool failed; // a problem of structure was reported
};

bool dgl_docx_is_descendant(const struct dgl_docx_node *n, const struct dgl_docx_node *of);
// Whether anything below `n` shows, tags of kind VALUE included.
bool dgl_docx_shows_something(const struct dgl_docx_node *n);
// Whether nothing shows before the tag in its paragraph; after it.
bool dgl_docx_is_leading(const struct dgl_docx_tag *t);
bool dgl_docx_is_trailing(const struct dgl_docx_hoist *h, const struct dgl_docx_tag *t);
// Moves a tag beside `at`, in the order of the document among those lifted out of it before.
void dgl_docx_insert_ordered(struct dgl_docx_tag *t, struct dgl_docx_node *at, bool before);
// Whether only elements that can be cut in two stand between the tag and `target`; cuts them.
bool dgl_docx_can_reach(const struct dgl_docx_node *tag, const struct dgl_docx_node *target);
void dgl_docx_split_up(struct dgl_docx_hoist *h, struct dgl_docx_tag *t, const struct dgl_docx_node *target);
// Brings the tags of every block together, or complains.
void dgl_docx_settle_blocks(struct dgl_docx_hoist *h);

#endif
