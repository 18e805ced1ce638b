// Footnotes, endnotes and comments of a subdocument. A note is copied where its reference is met, each time anew; a
// comment where the first of its three marks is (the ends of its range, its reference), for the use that goes on. What
// notes point to is found through the relationships of their own part, there and here.
#include "render/docx/emit.h"
#include "render/docx/graft_private.h"
#include "render/docx/notes.h"

static bool kind_of(const struct dgl_docx_node *n, enum dgl_docx_note_kind *ret)
{
    if (n->kind != DGL_NODE_ELEMENT)
        return false;
    if (n->el == DGL_EL_W_COMMENTRANGESTART || n->el == DGL_EL_W_COMMENTRANGEEND) {
        *ret = DGL_NOTE_COMMENT;
        return true;
    }
    return n->el == DGL_EL_W_OTHER && dgl_docx_note_kind_of(n, "Reference", ret);
}

bool dgl_graft_names_note(const struct dgl_docx_node *n)
{
    enum dgl_docx_note_kind kind;
    return kind_of(n, &kind);
}

static enum dgl_status open_part(struct dgl_graft *g, enum dgl_docx_note_kind kind, struct dgl_error *err)
{
    struct dgl_docx_source *s = g->s;
    struct dgl_graft_part *part = &s->notes[kind];
    struct dgl_docx_tree tree = {.root = NULL};
    uint32_t member = 0;
    if (part->open)
        return DGL_OK;
    part->open = true;
    for (size_t i = 0; i < s->package.part_count; i++) {
        if (s->package.parts[i].kind != dgl_notes_words(kind)->part)
            continue;
        part->member = s->package.parts[i].member;
        DGL_TRY(dgl_graft_read_tree(g->w, &s->package, part->member, &tree, err));
        part->root = tree.root;
        dgl_docx_index_notes(g->arena, tree.root, kind, &part->notes, &part->note_count);
        return dgl_docx_relationships(&s->package, part->member, g->arena, &part->relationships,
                                      &part->relationship_count, &member, err);
    }
    return DGL_OK;
}

static enum dgl_status copy_note(struct dgl_graft *g, enum dgl_docx_note_kind kind, struct dgl_docx_note_ref *note,
                                 struct dgl_error *err)
{
    struct dgl_docx_writer *w = g->w;
    struct dgl_graft_part *back = g->from;
    DGL_TRY(dgl_budget_memory(w->env->budget, sizeof *note->node * 8, err));
    struct dgl_docx_node *copy = dgl_docx_node_clone(g->arena, note->node);
    DGL_TRY(dgl_docx_take_note_id(w, kind, &note->to, err));
    DGL_TRY(dgl_docx_begin_note(w, kind, err));
    note->use = g->s->uses;
    g->from = &g->s->notes[kind];
    g->takes_notes = g->takes_sections = false; // there are none in notes
    DGL_TRY(dgl_graft_rewrite(g, copy));
    dgl_docx_set_attr(g->arena, copy, "id", dgl_docx_number_text(g->arena, note->to));
    dgl_docx_declare(g->arena, copy, g->from->root, NULL);
    dgl_docx_serialize(copy, w->xml);
    g->from = back;
    g->takes_notes = true;
    return dgl_docx_end_note(w, err);
}

enum dgl_status dgl_graft_rewrite_note(struct dgl_graft *g, struct dgl_docx_node *n, bool *ret_goes,
                                       struct dgl_error *err)
{
    enum dgl_docx_note_kind kind;
    *ret_goes = true;
    if (!kind_of(n, &kind))
        return DGL_OK;
    g->drops_notes |= !g->takes_notes;
    if (!g->takes_notes)
        return DGL_OK;
    DGL_TRY(open_part(g, kind, err));
    struct dgl_graft_part *part = &g->s->notes[kind];
    struct dgl_docx_note_ref *note =
        dgl_docx_find_note(part->notes, part->note_count, dgl_docx_node_attr_value(n, "id"));
    if (!note)
        return DGL_OK;
    bool sections = g->takes_sections;
    if (kind != DGL_NOTE_COMMENT || note->use != g->s->uses)
        DGL_TRY(copy_note(g, kind, note, err));
    g->takes_sections = sections;
    dgl_docx_set_attr(g->arena, n, "id", dgl_docx_number_text(g->arena, note->to));
    *ret_goes = false;
    return DGL_OK;
}
