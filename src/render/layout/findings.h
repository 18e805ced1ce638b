// What the engine does, does nearly, and does not: one table, and the record of what a document holds of it.
//
// The model's builder reports every construct of the table that it meets; nothing is looked for twice and nothing is
// dropped without an entry. A DECLINED feature stops rendering under the auto policy and becomes a warning under
// native.
#ifndef DGL_RENDER_LAYOUT_FINDINGS_H
#define DGL_RENDER_LAYOUT_FINDINGS_H

#include "base/arena.h"
#include "render/layout/limits.h"

enum dgl_support { DGL_SUPPORT_FULL, DGL_SUPPORT_APPROXIMATED, DGL_SUPPORT_DECLINED };
#define DGL_FEATURES(X)                                                                                                \
    X(CHART, DECLINED, "surface charts", "a chart is left out")                                                        \
    X(CHART_LOOK, APPROXIMATED, "looks of charts", "a chart is drawn from its stored values, nearly as Word draws it") \
    X(DIAGRAM, DECLINED, "SmartArt diagrams without a drawing", "a SmartArt diagram is left out")                      \
    X(MATH, APPROXIMATED, "equations", "an equation is set nearly as Word sets it")                                    \
    X(PICTURE_FORMAT, DECLINED, "pictures of rare formats", "a picture is left out")                                   \
    X(VERTICAL_TEXT, DECLINED, "vertical East Asian text", "vertical text is set horizontally")                        \
    X(ALT_CHUNK, DECLINED, "inserted documents (altChunk, subDoc)", "an inserted document is left out")                \
    X(INK, DECLINED, "ink", "ink is left out")                                                                         \
    X(NESTING, DECLINED, "tables and text boxes nested very deeply", "content nested very deeply is left out")         \
    X(OLE, APPROXIMATED, "embedded objects", "an embedded object is shown by its preview picture")                     \
    X(SHAPE_GROUP, APPROXIMATED, "drawings of unknown kinds", "a drawing of an unknown kind is left out")              \
    X(SHAPE_FORM, APPROXIMATED, "rare preset shapes", "a shape is drawn as its box")                                   \
    X(SHAPE_EFFECT, APPROXIMATED, "glows, inner shadows and 3-D effects of shapes", "a shape's effect is left out")    \
    X(WORD_ART, APPROXIMATED, "WordArt", "a bent text is set straight")                                                \
    X(BOX_TEXT, APPROXIMATED, "columns and turns of a text in its box, links of boxes in groups",                      \
      "a text stands in one column of its first box")                                                                  \
    X(METAFILE, APPROXIMATED, "EMF and WMF pictures", "parts of a metafile picture are left out")                      \
    X(SVG, APPROXIMATED, "parts of SVG pictures", "parts of an SVG picture are left out or simplified")                \
    X(LINKED_PICTURE, APPROXIMATED, "pictures linked from outside", "a linked picture is left out")                    \
    X(PICTURE_BULLET, APPROXIMATED, "picture bullets without a picture", "a picture bullet is shown as a round one")   \
    X(TEXT_EFFECT, APPROXIMATED, "outlines, shadows, glows and other effects of text, emphasis marks",                 \
      "a text effect is left out")                                                                                     \
    X(HYPHENATION, APPROXIMATED, "hyphenation without a dictionary",                                                   \
      "words of a language without a hyphenation dictionary are not divided")                                          \
    X(EMBEDDED_FONT, APPROXIMATED, "embedded fonts that are damaged, too large or not to be embedded",                 \
      "an embedded font is not used")                                                                                  \
    X(PICTURE_EFFECT, APPROXIMATED, "picture effects besides those of colour and opacity",                             \
      "a picture's effect is left out")                                                                                \
    X(GRADIENT, APPROXIMATED, "patterns and tiled pictures as fills", "a fill is drawn in one colour or left out")     \
    X(CHARACTER_GRID, APPROXIMATED, "cells of the character grid (snapToChars)",                                       \
      "characters do not stand in the middle of cells")                                                                \
    X(PUNCTUATION, APPROXIMATED, "compressed kana", "kana keep their full width")                                      \
    X(EMPTY_CONTENTS, APPROXIMATED, "tables of contents without entries", "a table of contents is left empty")         \
    X(FIELD, APPROXIMATED, "fields that hold no result (EQ, AUTONUM, LISTNUM, ADVANCE, BARCODE)",                      \
      "a field that Word works out is left out")                                                                       \
    X(PAGE_ART, APPROXIMATED, "page borders of pictures", "a page border of pictures is drawn as a line")              \
    X(FORM_CONTROL, APPROXIMATED, "ActiveX and form controls", "a form control is shown by its preview picture")

enum dgl_feature {
#define X(id, support, name, sentence) DGL_FEATURE_##id,
    DGL_FEATURES(X)
#undef X
        DGL_FEATURE_COUNT,
};
struct dgl_feature_info {
    enum dgl_support support;
    const char *slug; // "chart"
    const char *name; // "charts"
    const char *sentence;
};
const struct dgl_feature_info *dgl_feature_info(enum dgl_feature f);

struct dgl_findings {
    struct {
        uint32_t count;
        char part[64]; // where it was first
        uint32_t paragraph;
    } found[DGL_FEATURE_COUNT];
};
void dgl_finding_add(struct dgl_findings *f, enum dgl_feature feature, const char *part, uint32_t paragraph);
// The first declined feature, DGL_FEATURE_COUNT when there is none.
enum dgl_feature dgl_findings_declined(const struct dgl_findings *f);

struct dgl_warnings { // sentences; arena strings
    const char *items[DGL_LAYOUT_MAX_WARNINGS];
    size_t count;
};
void dgl_warn(struct dgl_warnings *w, struct dgl_arena *a, const char *fmt, ...) DGL_PRINTF(3, 4);
void dgl_findings_warn(const struct dgl_findings *f, struct dgl_arena *a, struct dgl_warnings *w);

#endif
