// What a document holds of the constructs that are laid out as Word does it: the other half of the table of features
// (findings.h has what is done nearly or not). Counted from the model, and only for those who ask: --explain.
#ifndef DGL_RENDER_LAYOUT_INVENTORY_H
#define DGL_RENDER_LAYOUT_INVENTORY_H

#include "render/layout/model.h"

#define DGL_CONSTRUCTS(X)                        \
    X(SECTION, "sections")                       \
    X(COLUMNS, "sections of several columns")    \
    X(HEADER, "headers")                         \
    X(FOOTER, "footers")                         \
    X(PARAGRAPH, "paragraphs")                   \
    X(HEADING, "headings")                       \
    X(LIST_ITEM, "list paragraphs")              \
    X(RIGHT_TO_LEFT, "right-to-left paragraphs") \
    X(TABLE, "tables")                           \
    X(NESTED_TABLE, "tables in tables")          \
    X(MERGED_CELL, "merged cells")               \
    X(PICTURE, "pictures in the line")           \
    X(ANCHORED, "anchored pictures and shapes")  \
    X(TEXT_BOX, "text boxes")                    \
    X(FIELD, "page number and style fields")     \
    X(LINK, "linked texts")                      \
    X(BOOKMARK, "bookmarks")                     \
    X(FOOTNOTE, "footnotes")                     \
    X(ENDNOTE, "endnotes")                       \
    X(TAB, "tabs")                               \
    X(BREAK, "page and column breaks")

enum dgl_construct {
#define X(id, name) DGL_CONSTRUCT_##id,
    DGL_CONSTRUCTS(X)
#undef X
        DGL_CONSTRUCT_COUNT,
};
struct dgl_inventory {
    uint32_t count[DGL_CONSTRUCT_COUNT];
};
const char *dgl_construct_name(enum dgl_construct c);
void dgl_inventory_take(const struct dgl_document *doc, struct dgl_inventory *ret);

#endif
