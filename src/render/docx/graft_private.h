// What graft.c (blocks and what they point to) and graft_notes.c share: one use of a subdocument.
#ifndef DGL_RENDER_DOCX_GRAFT_PRIVATE_H
#define DGL_RENDER_DOCX_GRAFT_PRIVATE_H

#include "render/docx/graft.h"

struct dgl_graft_name {
    struct dgl_graft_name *next; // of the bucket
    uint64_t hash;
    struct dgl_str from, to;
    size_t index; // by_id: into the array
};
struct dgl_graft {
    struct dgl_docx_writer *w;
    struct dgl_docx_source *s;
    struct dgl_arena *arena;
    struct dgl_graft_part *from;           // the part being copied
    struct dgl_graft_map lists, bookmarks; // numbers as text
    bool takes_notes, takes_sections;      // here
    bool drops_notes;
    struct dgl_error *err;
};

// Changes a copy of an element of g->from: ids, styles, lists, relationships, those of its descendants, too.
enum dgl_status dgl_graft_rewrite(struct dgl_graft *g, struct dgl_docx_node *n) DGL_MUST_CHECK;
enum dgl_status dgl_graft_read_tree(struct dgl_docx_writer *w, const struct dgl_docx_package *p, uint32_t member,
                                    struct dgl_docx_tree *ret, struct dgl_error *err) DGL_MUST_CHECK;

// ---- graft_map.c

struct dgl_graft_name *dgl_graft_find(const struct dgl_graft_map *m, struct dgl_str from); // NULL when absent
// Adds a name that is not there yet. `from` is copied, `to` borrowed.
struct dgl_graft_name *dgl_graft_add(struct dgl_graft_map *m, struct dgl_arena *a, struct dgl_str from,
                                     struct dgl_str to);

// ---- graft_notes.c

// Whether an element is a reference to a note or an end of a comment's range. Such an element gets the id of a copy of
// the note; *ret_goes: it has none here.
bool dgl_graft_names_note(const struct dgl_docx_node *n);
enum dgl_status dgl_graft_rewrite_note(struct dgl_graft *g, struct dgl_docx_node *n, bool *ret_goes,
                                       struct dgl_error *err) DGL_MUST_CHECK;

#endif
