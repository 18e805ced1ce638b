// The result of layout: pages of positioned boxes, the only thing the painter sees.
//
//   ┌ page ───────────────────────────────┐      x grows to the right, y grows DOWN from the page's top left corner,
//   │  (x, y) is the baseline's start ──▶ Text   all in mpt (1/1000 pt). Boxes stand in painting order. Links and
//   │  (x, y) is the top left corner  ──▶ ▭      anchors are boxes too; they paint nothing.
//   └─────────────────────────────────────┘
#ifndef DGL_RENDER_LAYOUT_BOXES_H
#define DGL_RENDER_LAYOUT_BOXES_H

#include "render/layout/model.h"

enum {
    DGL_G_SPACE = 1,    // takes part in justification, hangs at the end of a line
    DGL_G_BREAK = 2,    // a line may end after it
    DGL_G_SOFT = 4,     // soft hyphen: nothing, unless a line ends here
    DGL_G_WIDE = 8,     // ideograph: justification may add after it
    DGL_G_INSIDE = 16,  // goes on the cluster of the glyph before
    DGL_G_DECIMAL = 32, // decimal separator, for tabs
    DGL_G_HALF = 128,   // its right half is empty and may stand beyond the line's end (compressed punctuation)
    DGL_G_HANG = 64,    // may stand beyond the line's end (East Asian commas and full stops)
};
struct dgl_glyph {
    uint32_t gid, cluster; // cluster: byte offset in the text
    int32_t advance;       // font units; negative clusters of marks may be 0
    int16_t dx, dy;
    uint8_t flags;
};

enum dgl_box_kind {
    DGL_BOX_TEXT,
    DGL_BOX_RECT, // filled
    DGL_BOX_LINE, // from (x, y) to (x + w, y + h)
    DGL_BOX_PICTURE,
    DGL_BOX_LINK,
    DGL_BOX_ANCHOR,    // bookmark
    DGL_BOX_HEADING,   // outline entry
    DGL_BOX_PARAGRAPH, // what follows belongs to this paragraph (for structure)
    DGL_BOX_FIGURE,    // what follows up to FIGURE_END is one figure
    DGL_BOX_FIGURE_END,
    DGL_BOX_ART,
    DGL_BOX_PUSH, // what follows up to POP is turned about (x, y) by the matrix
    DGL_BOX_POP,
    DGL_BOX_FLOAT, // what follows up to FLOAT_END is an anchored drawing; only until the page is full (layers.h)
    DGL_BOX_FLOAT_END,
    DGL_BOX_PLACE, // of a text that is painted later: paints nothing
};
// Where a paragraph stands, from the inside out. A key is an object of the model: the same on every page.
enum dgl_tag_kind { DGL_TAG_TABLE, DGL_TAG_ROW, DGL_TAG_CELL, DGL_TAG_NOTE, DGL_TAG_REPEATED };
struct dgl_tag {
    enum dgl_tag_kind kind; // REPEATED: a header row shown again, no part of the structure
    const void *key;
    const struct dgl_tag *outer;
    bool header, single; // CELL: of a header row; holds one paragraph only
    uint16_t span, rows; // CELL
};
struct dgl_text_box {
    const struct dgl_run *run;
    const struct dgl_font_use *use;
    int32_t size; // mpt
    const struct dgl_glyph *glyphs;
    uint32_t count;
    const char *text;                // what clusters count in
    uint32_t text_end;               // offset after the last cluster
    int32_t space_extra, space_rest; // mpt added after each space, one mpt more after the first `space_rest` of them
    int32_t wide_extra;
    int32_t letter; // mpt added after each glyph
    uint16_t scale_percent;
    bool rtl, visible_hyphen;
    uint32_t color;
    uint32_t hyphen_gid;
    const struct dgl_link *link;
    bool label; // of a list
};
struct dgl_box {
    enum dgl_box_kind kind;
    int32_t x, y, w, h;
    uint32_t color;
    int32_t line_width;
    enum dgl_line_kind line;
    union {
        const struct dgl_text_box *text; // TEXT, PLACE
        struct {
            const struct dgl_drawing *drawing; // PICTURE, FIGURE, FLOAT
            const struct dgl_art_path *clip;   // PICTURE: its outline in mpt from its corner; NULL = all
        };
        const struct dgl_link *link;
        const struct dgl_art *art;
        const struct dgl_matrix *matrix;
        struct dgl_str name; // ANCHOR, HEADING
        struct {
            const struct dgl_para *para; // PARAGRAPH
            const struct dgl_tag *tag;
        } place;
    };
    int8_t level; // HEADING
};
struct dgl_box_list {
    struct dgl_box *boxes;
    uint32_t count, cap;
};
struct dgl_page {
    int32_t width, height;
    // Headers, footers and what lies behind the text; then the text and what lies before it.
    struct dgl_box_list under, over;
    struct dgl_str label; // page number as printed
    uint32_t section;
};

#endif
