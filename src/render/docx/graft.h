// What subdocuments bring into the document they are put into: see graft.c.
#ifndef DGL_RENDER_DOCX_GRAFT_H
#define DGL_RENDER_DOCX_GRAFT_H

#include "render/docx/writer.h"

// A new part: it came along with a subdocument, its name made of its bytes, or is a copy of a chart.
struct dgl_docx_extra {
    struct dgl_docx_extra *next;
    const char *name, *content_type; // NULL: relationships
    struct dgl_str bytes;
    const struct dgl_zip_raw *raw; // in place of the bytes: a member as it lies in the template
};
void dgl_docx_push_extra(struct dgl_docx_writer *w, const struct dgl_docx_extra *extra); // copied

// Names there and what they are here; zeroed, it is empty. See graft_map.c.
struct dgl_graft_map {
    struct dgl_graft_name **buckets;
    uint32_t mask, count;
};
// A part of a subdocument whose elements are copied.
struct dgl_graft_part {
    bool open;
    uint32_t member; // UINT32_MAX: there is none
    struct dgl_docx_node *root;
    struct dgl_docx_relationship *relationships;
    size_t relationship_count;
    struct dgl_graft_map by_id; // the relationships' places in the array, once one is asked for
    struct dgl_graft_map rels;  // ids there and here, of the use that goes on
    struct dgl_docx_note_ref *notes;
    size_t note_count;
};
// A rendered subdocument, open.
struct dgl_docx_source {
    struct dgl_docx_package package;
    struct dgl_docx_tree body, styles, numbering;      // styles, numbering: root NULL = none
    struct dgl_graft_part main, notes[DGL_NOTE_KINDS]; // notes: those of the kinds in use
    struct dgl_graft_map style_names;                  // ids there and here, as far as they were needed
    unsigned uses;
};
// Everything in the arena of the render; the package's bytes are borrowed.
enum dgl_status dgl_graft_open(struct dgl_docx_writer *w, struct dgl_str package, struct dgl_docx_source *ret,
                               struct dgl_error *err) DGL_MUST_CHECK;
void dgl_graft_close(struct dgl_docx_source *s);
// Writes the blocks of its body at level BLOCK.
enum dgl_status dgl_graft_write(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_docx_source *s,
                                struct dgl_error *err) DGL_MUST_CHECK;
// The document's styles with those that came along. `member` UINT32_MAX: the document has none of its own.
enum dgl_status dgl_graft_write_styles(struct dgl_docx_writer *w, uint32_t member, struct dgl_buf *out,
                                       struct dgl_error *err) DGL_MUST_CHECK;

// ---- numbering.c

// A fresh copy of a list of another document, with its own w:abstractNum. 0 when there is no such list.
enum dgl_status dgl_numbering_copy(struct dgl_docx_writer *w, const struct dgl_docx_tree *from, uint32_t num,
                                   uint32_t *ret, struct dgl_error *err) DGL_MUST_CHECK;
bool dgl_docx_named(const struct dgl_docx_node *n, const char *local); // a WordprocessingML element without a kind
void dgl_docx_set_attr(struct dgl_arena *a, struct dgl_docx_node *n, const char *local, struct dgl_str value);
struct dgl_str dgl_docx_number_text(struct dgl_arena *a, uint32_t number);
// Declares the namespaces of another part's root on an element that leaves it; not those `known` declares alike.
void dgl_docx_declare(struct dgl_arena *a, struct dgl_docx_node *n, const struct dgl_docx_node *root,
                      const struct dgl_docx_node *known);

#endif
