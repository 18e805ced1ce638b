// Footnotes, endnotes and comments that a render adds to those of the template: copies for every turn of a loop
// (copies.c) and those of subdocuments (graft.c). They are gathered while the body is written and put at the end of
// their part. When the render has that part, because it holds tags, they go in there; else the template's part is read
// as it is; a document without one gets one (ECMA-376 Part 1, 11.3.4, 11.3.7, 11.3.2).
#include "render/docx/notes.h"
#include "render/docx/emit.h"
#include "render/docx/limits.h"
#include <stdlib.h>
#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define NS_W "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define NS_W_STRICT "http://purl.oclc.org/ooxml/wordprocessingml/main"
#define TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml."

static const struct dgl_note_words words[DGL_NOTE_KINDS] = {
    [DGL_NOTE_FOOT] = {"footnote", "footnotes", "word/dgl-footnotes", TYPE "footnotes+xml", DGL_PART_FOOTNOTES},
    [DGL_NOTE_END] = {"endnote", "endnotes", "word/dgl-endnotes", TYPE "endnotes+xml", DGL_PART_ENDNOTES},
    [DGL_NOTE_COMMENT] = {"comment", "comments", "word/dgl-comments", TYPE "comments+xml", DGL_PART_COMMENTS}};

const struct dgl_note_words *dgl_notes_words(enum dgl_docx_note_kind kind)
{
    return &words[kind];
}

// ---- where they go

// The template's own part, which has no tags. False: there is none.
static bool find_member(const struct dgl_docx *d, enum dgl_docx_note_kind kind, uint32_t *ret)
{
    for (size_t i = 0; i < d->package.part_count; i++)
        if (d->package.parts[i].kind == words[kind].part) {
            *ret = d->package.parts[i].member;
            return true;
        }
    return false;
}

enum dgl_status dgl_notes_open(struct dgl_docx_writer *w, enum dgl_docx_note_kind kind, struct dgl_docx_notes **ret,
                               struct dgl_error *err)
{
    struct dgl_docx_notes *n = &w->notes[kind];
    *ret = n;
    if (n->ready)
        return DGL_OK;
    n->xml = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    n->last_id = w->docx->max_note_id[kind];
    for (size_t i = 0; i < w->docx->part_count && !n->output; i++)
        if (w->docx->parts[i].kind == words[kind].part)
            n->output = &w->outputs[i];
    if (!n->output) {
        n->output = &n->own;
        n->part = (struct dgl_docx_part){.member = UINT32_MAX, .rels = UINT32_MAX, .kind = words[kind].part};
        if (find_member(w->docx, kind, &n->part.member))
            DGL_TRY(dgl_docx_relationships(&w->docx->package, n->part.member, w->env->arena, &n->part.relationships,
                                           &n->part.relationship_count, &n->part.rels, err));
        n->own.first_rel = dgl_docx_first_free_rel(&n->part);
    }
    n->ready = true;
    return DGL_OK;
}

// ---- writing one

enum dgl_status dgl_docx_take_note_id(struct dgl_docx_writer *w, enum dgl_docx_note_kind kind, uint32_t *ret_id,
                                      struct dgl_error *err)
{
    struct dgl_docx_notes *n;
    DGL_TRY(dgl_notes_open(w, kind, &n, err));
    *ret_id = ++n->last_id;
    return DGL_OK;
}

enum dgl_status dgl_docx_begin_note(struct dgl_docx_writer *w, enum dgl_docx_note_kind kind, struct dgl_error *err)
{
    struct dgl_docx_notes *n;
    DGL_TRY(dgl_notes_open(w, kind, &n, err));
    if (w->note_depth == DGL_COUNT(w->note_back))
        return DGL_FAIL(err, DGL_E_INTERNAL, "notes are nested more than %zu deep", DGL_COUNT(w->note_back));
    w->note_back[w->note_depth++] = (struct dgl_docx_note_back){w->xml, w->output, w->note_id};
    w->xml = &n->xml;
    w->output = n->output;
    w->reopened_to = 0;
    return DGL_OK;
}

enum dgl_status dgl_docx_end_note(struct dgl_docx_writer *w, struct dgl_error *err)
{
    const struct dgl_buf *written = w->xml;
    const struct dgl_docx_note_back *back = &w->note_back[--w->note_depth];
    w->xml = back->xml;
    w->output = back->output;
    w->note_id = back->id;
    return dgl_buf_check(written, "the notes of the document", err);
}

// Word has no notes in notes, and no comments on comments.
static bool may_stand_here(const struct dgl_docx_writer *w, enum dgl_docx_note_kind kind)
{
    return w->note_depth == 0 || (kind == DGL_NOTE_COMMENT && w->xml != &w->notes[DGL_NOTE_COMMENT].xml);
}

enum dgl_status dgl_docx_write_note(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value text,
                                    struct dgl_error *err)
{
    const struct dgl_docx_context inside = {
        .where = DGL_WHERE_PARAGRAPH, .text_width_emu = x->text_width_emu, .namespaces = x->namespaces};
    enum dgl_docx_level level = w->level;
    uint32_t id = 0;
    if (!may_stand_here(w, x->note))
        return DGL_OK;
    DGL_TRY(dgl_docx_take_note_id(w, x->note, &id, err));
    DGL_TRY(dgl_docx_begin_note(w, x->note, err));
    dgl_buf_append(w->xml, x->note_open.data, x->note_open.len);
    dgl_buf_printf(w->xml, "%u\">", id);
    w->level = DGL_LEVEL_BLOCK;
    if (text.kind == DGL_VALUE_SAFE && memchr(text.as.string->data, '<', text.as.string->len)) // some paragraph is left
        DGL_TRY(dgl_docx_write_safe(w, &inside, (struct dgl_str){text.as.string->data, text.as.string->len}, err));
    w->level = level;
    DGL_TRY(dgl_docx_cut(w, DGL_CUT_NEEDS_PARAGRAPH, 0, err));
    dgl_buf_puts(w->xml, "</");
    dgl_buf_append(w->xml, x->note_open.data + 1, strcspn(x->note_open.data + 1, " "));
    dgl_buf_putc(w->xml, '>');
    DGL_TRY(dgl_docx_end_note(w, err));
    dgl_buf_append(w->xml, x->reference_open.data, x->reference_open.len);
    dgl_buf_printf(w->xml, "%u\"/>", id);
    return DGL_OK;
}

// ---- putting them into their part

static enum dgl_status insert(struct dgl_buf *xml, const struct dgl_buf *notes, struct dgl_error *err)
{
    size_t at = xml->len;
    while (at > 1 && !(xml->data[at - 2] == '<' && xml->data[at - 1] == '/'))
        at--;
    if (at < 2)
        return DGL_FAIL(err, DGL_E_MALFORMED, "the template's notes cannot be read");
    at -= 2;
    DGL_AUTO_FINI(buf) tail = DGL_BUF_INIT(xml->len);
    dgl_buf_append(&tail, xml->data + at, xml->len - at);
    xml->len = at;
    dgl_buf_append(xml, notes->data, notes->len);
    dgl_buf_append(xml, tail.data, tail.len);
    return dgl_buf_check(xml, "the notes of the document", err);
}

enum dgl_status dgl_docx_put_notes(struct dgl_docx_writer *w, enum dgl_docx_part_kind kind, struct dgl_buf *xml,
                                   struct dgl_error *err)
{
    for (int i = 0; i < DGL_NOTE_KINDS; i++)
        if (words[i].part == kind && w->notes[i].xml.len && w->notes[i].output != &w->notes[i].own)
            return insert(xml, &w->notes[i].xml, err);
    return DGL_OK;
}

bool dgl_notes_are_added(const struct dgl_docx_writer *w, enum dgl_docx_note_kind kind)
{
    const struct dgl_docx_notes *n = &w->notes[kind];
    return n->ready && n->xml.len && n->output == &n->own;
}

// The lines above notes, as Word makes them.
static void put_separators(struct dgl_buf *out, const char *note)
{
    static const char *const kinds[] = {"separator", "continuationSeparator"};
    for (int i = 0; i < 2; i++)
        dgl_buf_printf(out,
                       "<w:%s w:type=\"%s\" w:id=\"%d\"><w:p><w:pPr><w:spacing w:after=\"0\" w:line=\"240\" "
                       "w:lineRule=\"auto\"/></w:pPr><w:r><w:%s/></w:r></w:p></w:%s>",
                       note, kinds[i], i - 1, kinds[i], note);
}

enum dgl_status dgl_notes_write(struct dgl_docx_writer *w, enum dgl_docx_note_kind kind, struct dgl_buf *out,
                                struct dgl_error *err)
{
    const struct dgl_docx_notes *n = &w->notes[kind];
    if (n->part.member == UINT32_MAX) {
        dgl_buf_printf(out, XML_HEAD "<w:%s xmlns:w=\"%s\">", words[kind].element,
                       w->docx->strict ? NS_W_STRICT : NS_W);
        if (kind != DGL_NOTE_COMMENT)
            put_separators(out, words[kind].note);
        dgl_buf_printf(out, "</w:%s>", words[kind].element);
    } else {
        // Parsed and written again: a root without children may be written in one tag.
        struct dgl_docx_tree tree = {.root = NULL};
        uint32_t nodes = DGL_DOCX_MAX_NODES;
        DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
        DGL_TRY(dgl_zip_read(w->docx->package.zip, n->part.member, &xml, err));
        DGL_TRY(dgl_budget_memory(w->env->budget, xml.len * 2, err));
        DGL_TRY(dgl_docx_tree_parse(w->env->arena, xml.data ? xml.data : "", xml.len, "the template's notes", &nodes,
                                    &tree, err));
        dgl_buf_puts(out, XML_HEAD);
        dgl_docx_put_open(tree.root, out);
        for (const struct dgl_docx_node *k = tree.root->first; k; k = k->next)
            dgl_docx_serialize(k, out);
        dgl_docx_put_close(tree.root, out);
    }
    DGL_TRY(dgl_buf_check(out, "the notes of the document", err));
    DGL_TRY(dgl_budget_output(w->env->budget, out->len + n->xml.len, err));
    return insert(out, &n->xml, err);
}

void dgl_docx_notes_fini(struct dgl_docx_writer *w)
{
    for (int i = 0; i < DGL_NOTE_KINDS; i++) {
        dgl_buf_fini(&w->notes[i].xml);
        free(w->notes[i].own.rels);
    }
    dgl_buf_fini(&w->chart.xml);
}
