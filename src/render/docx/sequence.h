// The order of an element's children in the schema, and which of them stand once.
#ifndef DGL_RENDER_DOCX_SEQUENCE_H
#define DGL_RENDER_DOCX_SEQUENCE_H

#include "base/str.h"

#define DGL_DOCX_MAX_PLACES 63 // of a sequence

struct dgl_docx_sequence {
    const char *parent, *children; // local names
    bool closed;                   // no other element of WordprocessingML may stand there
};
struct dgl_docx_sequence_place {
    uint8_t rank; // from 1
    bool repeats;
};

// By the parent's local name in WordprocessingML; NULL: any children, in any order.
const struct dgl_docx_sequence *dgl_docx_sequence_of(const char *parent);
// False: the child is not listed.
bool dgl_docx_find_place(const struct dgl_docx_sequence *q, const char *child, struct dgl_docx_sequence_place *ret);
uint8_t dgl_docx_rest_rank(const struct dgl_docx_sequence *q); // of what is not listed
// What a mark among properties may hold: nothing.
extern const struct dgl_docx_sequence dgl_docx_empty_sequence;

#endif
