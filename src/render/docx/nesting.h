// What may stand in what in WordprocessingML, the order of properties aside (sequence.h): ECMA-376 Part 1, Annex A.1.
#ifndef DGL_RENDER_DOCX_NESTING_H
#define DGL_RENDER_DOCX_NESTING_H

#include "render/docx/tree.h"

enum dgl_docx_kind {
    DGL_KIND_BLOCK,
    DGL_KIND_ROW,
    DGL_KIND_CELL,
    DGL_KIND_RUN_HOLDER,
    DGL_KIND_RUN_CONTENT,
    DGL_KIND_PROPERTIES,
    DGL_KIND_OTHER
};
enum dgl_docx_content {        // where other content may stand, a bit each
    DGL_CONTENT_BLOCK = 1,     // between paragraphs
    DGL_CONTENT_ROW = 2,       // between rows
    DGL_CONTENT_CELL = 4,      // between cells
    DGL_CONTENT_PARAGRAPH = 8, // between runs
    DGL_CONTENT_RUN = 16,
    DGL_CONTENT_ANY = 31,
    DGL_CONTENT_FRAME = 32,   // its own content is none of this: properties, what another namespace draws
    DGL_CONTENT_EMPTY = 64,   // it has no content
    DGL_CONTENT_HOLDER = 128, // it holds runs, and stands where a sequence lists it only
};

enum dgl_docx_kind dgl_docx_kind_of(enum dgl_docx_element el);
bool dgl_docx_is_word(enum dgl_docx_element el); // of WordprocessingML
// Where an element of the kinds RUN_CONTENT and OTHER may stand as content, by its local name; 0: it is none.
unsigned dgl_docx_content_of(enum dgl_docx_element el, const char *name);
// What may stand in an element that is such content itself, or in another one (0). ANY: the schema has more to say of
// it than is known here; FRAME: nothing that has a kind but properties; 0: nothing.
unsigned dgl_docx_content_in(enum dgl_docx_element el, unsigned content);
// `holds` and `content` are what the two functions above say of the parent and of the child.
bool dgl_docx_may_hold(enum dgl_docx_element parent, unsigned holds, enum dgl_docx_element child, unsigned content);

#endif
