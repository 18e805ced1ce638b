// Markup from outside may name anything: relationships by attributes of their namespace (ECMA-376 Part 1, 22.8), notes
// and comments by numbers (17.11.6, 17.11.13, 17.13.4). Word offers to repair a document where such a name leads
// nowhere, or to a thing of another kind. So what names nothing goes, with as little around it as can be: a link
// without its address is its text, a drawing without its picture is nothing. What the render added itself is there,
// too.
#include "render/docx/names.h"
#include "render/docx/nesting.h"
#include <stdio.h>
#include <string.h>

// ---- relationships

// The part that an output is of.
static const struct dgl_docx_part *part_of(const struct dgl_docx_writer *w, const struct dgl_docx_output *o)
{
    for (int i = 0; i < DGL_NOTE_KINDS; i++)
        if (o == &w->notes[i].own)
            return &w->notes[i].part;
    return &w->docx->parts[o - w->outputs];
}

static const struct dgl_docx_new_rel *find_new(const struct dgl_docx_output *o, struct dgl_str id)
{
    char as_written[24];
    int64_t n = 0;
    if (o->rel_count == 0 || !dgl_str_starts(id, "rIdD") ||
        !dgl_parse_int64(id.data + 4, id.len - 4, o->first_rel, (int64_t)o->first_rel + (int64_t)o->rel_count - 1, &n))
        return NULL;
    snprintf(as_written, sizeof as_written, "rIdD%u", (unsigned)n);
    return dgl_str_is(id, as_written) ? &o->rels[(size_t)n - o->first_rel] : NULL;
}

// The type of the relationship with this id in the part being written; empty: there is none.
static enum dgl_status find_type(struct dgl_docx_writer *w, struct dgl_str id, struct dgl_str *ret,
                                 struct dgl_error *err)
{
    struct dgl_docx_output *o = w->output;
    const struct dgl_docx_part *part = part_of(w, o);
    const struct dgl_docx_new_rel *added = find_new(o, id);
    *ret = added ? dgl_str_of(added->type) : (struct dgl_str){"", 0};
    if (added || part->relationship_count == 0)
        return DGL_OK;
    if (!o->by_id) {
        DGL_TRY(dgl_budget_memory(w->env->budget, part->relationship_count * sizeof(void *), err));
        o->by_id = dgl_docx_sort_relationships(part->relationships, part->relationship_count, w->env->arena);
        if (!o->by_id)
            return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    }
    const struct dgl_docx_relationship *r = dgl_docx_find_relationship(o->by_id, part->relationship_count, id);
    if (r && !dgl_docx_is_dropped(w, part, r))
        *ret = r->type;
    return DGL_OK;
}

// What elements name; others may name a relationship of any type.
static const char *type_named_by(const char *element)
{
    static const struct {
        const char *element, *type;
    } types[] = {{"hyperlink", "hyperlink"},    {"hlinkClick", "hyperlink"},
                 {"hlinkHover", "hyperlink"},   {"headerReference", "header"},
                 {"footerReference", "footer"}, {"blip", "image"},
                 {"imagedata", "image"},        {"chart", "chart"},
                 {"altChunk", "aFChunk"},       {"subDoc", "subDocument"}};
    for (size_t i = 0; i < DGL_COUNT(types); i++)
        if (strcmp(types[i].element, element) == 0)
            return types[i].type;
    return "";
}

static bool may_be_empty(const char *element) // DrawingML's default (ECMA-376 Part 1, 20.1.8.13, 21.1.2.3.5)
{
    return strcmp(element, "blip") == 0 || strncmp(element, "hlink", 5) == 0;
}

static enum dgl_docx_loss loss_of(const struct dgl_xml_element *e, enum dgl_docx_element el)
{
    if (strncmp(e->name, "hlink", 5) == 0)
        return DGL_LOSS_ELEMENT;
    if (el != DGL_EL_W_HYPERLINK) // a run, a paragraph, a table names nothing
        return dgl_docx_kind_of(el) == DGL_KIND_OTHER ? DGL_LOSS_PICTURE : DGL_LOSS_NAME;
    for (size_t i = 0; i < e->attr_count; i++)
        if (strcmp(e->attrs[i].name, "anchor") == 0)
            return DGL_LOSS_NAME;
    return DGL_LOSS_TAGS;
}

static enum dgl_status find_lost_relationship(struct dgl_docx_writer *w, const struct dgl_xml_element *e,
                                              enum dgl_docx_element el, enum dgl_docx_loss *ret, struct dgl_error *err)
{
    for (size_t i = 0; i < e->attr_count; i++) {
        struct dgl_str type;
        if (!dgl_docx_is_relationships(e->attrs[i].ns) || (e->attrs[i].value.len == 0 && may_be_empty(e->name)))
            continue;
        DGL_TRY(find_type(w, e->attrs[i].value, &type, err));
        if (type.len == 0 || !dgl_docx_type_ends(type, type_named_by(e->name)))
            *ret = loss_of(e, el);
    }
    return DGL_OK;
}

// ---- notes and comments

static bool names_note(const struct dgl_xml_element *e, enum dgl_docx_element el, enum dgl_docx_note_kind *ret)
{
    static const struct {
        const char *name;
        enum dgl_docx_note_kind kind;
    } references[] = {{"footnoteReference", DGL_NOTE_FOOT},
                      {"endnoteReference", DGL_NOTE_END},
                      {"commentReference", DGL_NOTE_COMMENT}};
    *ret = DGL_NOTE_COMMENT;
    if (el == DGL_EL_W_COMMENTRANGESTART || el == DGL_EL_W_COMMENTRANGEEND)
        return true;
    for (size_t i = 0; el == DGL_EL_W_OTHER && i < DGL_COUNT(references); i++)
        if (strcmp(references[i].name, e->name) == 0) {
            *ret = references[i].kind;
            return true;
        }
    return false;
}

// Notes are of the body, comments of the body and its notes.
static bool may_have_note(enum dgl_docx_part_kind part, enum dgl_docx_note_kind kind)
{
    return part == DGL_PART_BODY ||
           (kind == DGL_NOTE_COMMENT && (part == DGL_PART_FOOTNOTES || part == DGL_PART_ENDNOTES));
}

static bool has_note(const struct dgl_docx_writer *w, enum dgl_docx_note_kind kind, struct dgl_str id)
{
    const struct dgl_docx_note_ref *note = dgl_docx_find_note(w->docx->notes[kind], w->docx->note_count[kind], id);
    const struct dgl_docx_notes *added = &w->notes[kind];
    int64_t n = 0;
    if (note)
        return !note->copied || note->stays;
    return added->ready &&
           dgl_parse_int64(id.data, id.len, (int64_t)w->docx->max_note_id[kind] + 1, added->last_id, &n);
}

static struct dgl_str id_of(const struct dgl_xml_element *e)
{
    for (size_t i = 0; i < e->attr_count; i++)
        if (strcmp(e->attrs[i].name, "id") == 0)
            return e->attrs[i].value;
    return DGL_STR("");
}

enum dgl_status dgl_docx_find_loss(struct dgl_docx_writer *w, const struct dgl_xml_element *e, enum dgl_docx_element el,
                                   enum dgl_docx_loss *ret, struct dgl_error *err)
{
    enum dgl_docx_note_kind kind;
    *ret = DGL_LOSS_NONE;
    if (names_note(e, el, &kind) && (!may_have_note(part_of(w, w->output)->kind, kind) || !has_note(w, kind, id_of(e))))
        *ret = DGL_LOSS_ELEMENT;
    return *ret ? DGL_OK : find_lost_relationship(w, e, el, ret, err);
}
