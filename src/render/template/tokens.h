// The names a template takes from its data, found in the tree.
#ifndef DGL_RENDER_TEMPLATE_TOKENS_H
#define DGL_RENDER_TEMPLATE_TOKENS_H

#include "render/template/parser.h"

const struct dgl_token_node *dgl_tokens_find(struct dgl_parser *p, const struct dgl_node *root);

#endif
