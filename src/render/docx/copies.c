// What every turn of a loop has for itself in another part of the package.
//
// A footnote's text and a chart stand in parts of their own, and the body only points to them. Repeating the pointer
// would show one note or chart again and again, filled without the loop's names. So where a loop holds a footnote's
// reference, the note is walked at that place, too: its tags become part of the body's program and see what the body
// sees, and the sink puts what they print aside, under a fresh id, for the part of the notes (notes.c). So with
// comments, whose id is that of the range before their reference (marks.c). The same with a chart, which becomes a part
// of its own, with its own workbook (charts.c); also outside of loops when its name holds tags.
//
// Inside a macro, a block set or a recursive loop all of that becomes a value first, which may be printed any number of
// times, or never, or go through a filter. There the note's text is a block set of its own, with the tags that see the
// macro's arguments, and what it made waits, as pictures do (capture.c): an empty element stands in the text in place
// of the reference. Wherever that is printed at last, a note is written with a fresh id, and a reference to it. Nothing
// of a text that is never printed is there. A comment has no range there, since a value has no marks (marks.c). A note
// with a picture that a token in its name replaces stays the template's: its relationship would have to be the note's
// own before there is a note. A chart is a block set, too, but made at once, since its relationship is text: what is
// printed twice shows one chart twice. Its names with tags are not looked up in `replace_charts`.
//
// The alternative, one render of the other part for every turn, would need the language to hand out its scopes.
#include "render/docx/emit.h"
#include "render/docx/limits.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum dgl_docx_part_kind part;
} kinds[DGL_NOTE_KINDS] = {[DGL_NOTE_FOOT] = {"footnote", DGL_PART_FOOTNOTES},
                           [DGL_NOTE_END] = {"endnote", DGL_PART_ENDNOTES},
                           [DGL_NOTE_COMMENT] = {"comment", DGL_PART_COMMENTS}};

bool dgl_docx_note_kind_of(const struct dgl_docx_node *n, const char *end, enum dgl_docx_note_kind *ret)
{
    const char *colon = n->kind == DGL_NODE_ELEMENT ? memchr(n->qname.data, ':', n->qname.len) : NULL;
    size_t skip = colon ? (size_t)(colon - n->qname.data) + 1 : 0, end_len = strlen(end);
    if (n->kind != DGL_NODE_ELEMENT || n->el == DGL_EL_OTHER)
        return false;
    struct dgl_str local = {n->qname.data + skip, n->qname.len - skip};
    for (int i = 0; i < DGL_NOTE_KINDS; i++) {
        size_t len = strlen(kinds[i].name);
        if (local.len == len + end_len && memcmp(local.data, kinds[i].name, len) == 0 &&
            memcmp(local.data + len, end, end_len) == 0) {
            *ret = (enum dgl_docx_note_kind)i;
            return true;
        }
    }
    return false;
}

// ---- walking another part

struct elsewhere { // what the walk of another part must not see of this one
    struct dgl_docx_compiler *c;
    const struct dgl_docx_part *copied_from;
    struct dgl_docx_relationship **rels;
    size_t rel_count;
    struct dgl_docx_marks marks;
    bool table_cuts, dynamic_columns, in_row, in_cell;
};

static struct elsewhere enter(struct dgl_docx_emit *e, struct dgl_docx_compiler *c)
{
    struct elsewhere back = {.c = e->c,
                             .copied_from = e->copied_from,
                             .rels = e->rels,
                             .rel_count = e->rel_count,
                             .marks = e->marks,
                             .table_cuts = e->table_cuts,
                             .dynamic_columns = e->dynamic_columns,
                             .in_row = e->in_row,
                             .in_cell = e->in_cell};
    e->c = c;
    e->copied_from = c->part;
    e->context_run = NULL;
    e->table_cuts = e->dynamic_columns = e->in_row = e->in_cell = false;
    dgl_docx_emit_sort_rels(e, c->part);
    dgl_docx_use_marks(e, c);
    return back;
}

static void leave(struct dgl_docx_emit *e, const struct elsewhere *back)
{
    e->c = back->c;
    e->rels = back->rels;
    e->rel_count = back->rel_count;
    e->marks = back->marks;
    e->table_cuts = back->table_cuts;
    e->dynamic_columns = back->dynamic_columns;
    e->in_row = back->in_row;
    e->in_cell = back->in_cell;
    e->copied_from = back->copied_from;
    e->context_run = NULL;
}

static struct dgl_docx_compiler *prepared(struct dgl_docx_emit *e, struct dgl_docx_compiler *c)
{
    if (e->status == DGL_OK)
        e->status = dgl_docx_prepare(c, e->err);
    return e->status == DGL_OK ? c : NULL;
}

// ---- notes

static int by_id(const void *a, const void *b)
{
    const struct dgl_docx_note_ref *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

void dgl_docx_index_notes(struct dgl_arena *a, const struct dgl_docx_node *root, enum dgl_docx_note_kind kind,
                          struct dgl_docx_note_ref **ret, size_t *ret_count)
{
    enum dgl_docx_note_kind own;
    size_t n = 0;
    for (const struct dgl_docx_node *k = root->first; k; k = k->next)
        n++;
    struct dgl_docx_note_ref *notes = dgl_arena_alloc(a, (n + 1) * sizeof *notes);
    n = 0;
    for (struct dgl_docx_node *k = root->first; k; k = k->next) {
        struct dgl_str id = k->kind == DGL_NODE_ELEMENT ? dgl_docx_node_attr_value(k, "id") : (struct dgl_str){"", 0};
        int64_t number = 0;
        if (dgl_docx_note_kind_of(k, "", &own) && own == kind && !dgl_docx_node_attr(k, "type") &&
            dgl_parse_int64(id.data, id.len, 0, INT32_MAX, &number))
            notes[n++] = (struct dgl_docx_note_ref){.id = (int32_t)number, .node = k};
    }
    qsort(notes, n, sizeof *notes, by_id);
    *ret = notes;
    *ret_count = n;
}

struct dgl_docx_note_ref *dgl_docx_find_note(struct dgl_docx_note_ref *notes, size_t count, struct dgl_str id)
{
    int64_t number = 0;
    if (count == 0 || !dgl_parse_int64(id.data, id.len, 0, INT32_MAX, &number))
        return NULL;
    struct dgl_docx_note_ref key = {.id = (int32_t)number};
    return bsearch(&key, notes, count, sizeof key, by_id);
}

static struct dgl_docx_note_ref *find_note(struct dgl_docx_compiler *c, enum dgl_docx_note_kind kind, struct dgl_str id)
{
    if (!c->notes)
        dgl_docx_index_notes(c->arena, c->part->tree.root, kind, &c->notes, &c->note_count);
    return dgl_docx_find_note(c->notes, c->note_count, id);
}

void dgl_docx_keep_notes(struct dgl_docx *d, struct dgl_docx_compiler *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (int kind = 0; kind < DGL_NOTE_KINDS; kind++) {
            if (all[i].part->kind != kinds[kind].part || d->notes[kind])
                continue;
            (void)find_note(&all[i], (enum dgl_docx_note_kind)kind, DGL_STR(""));
            d->notes[kind] = all[i].notes;
            d->note_count[kind] = all[i].note_count;
        }
}

static struct dgl_docx_compiler *part_of_notes(struct dgl_docx_emit *e, enum dgl_docx_note_kind kind)
{
    for (size_t i = 0; i < e->own->all_count; i++)
        if (e->own->all[i].part->kind == kinds[kind].part)
            return prepared(e, &e->own->all[i]);
    return NULL;
}

// Word comments on notes, too; a comment has neither notes nor comments.
static bool may_hold_copy(const struct dgl_docx_emit *e, enum dgl_docx_note_kind kind)
{
    return !e->copied_from || (kind == DGL_NOTE_COMMENT && (e->copied_from->kind == DGL_PART_FOOTNOTES ||
                                                            e->copied_from->kind == DGL_PART_ENDNOTES));
}

static bool holds_placeholder(const struct dgl_docx_node *n)
{
    struct dgl_str token;
    if (n->kind != DGL_NODE_ELEMENT)
        return false;
    if (n->el == DGL_EL_W_OTHER && dgl_docx_is_placeholder(n, &token))
        return true;
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        if (holds_placeholder(k))
            return true;
    return false;
}

// The note that each turn of the loop here has for itself; NULL when it is the same in every turn.
static struct dgl_docx_note_ref *own_note(struct dgl_docx_emit *e, enum dgl_docx_note_kind kind, struct dgl_str id,
                                          struct dgl_docx_compiler **ret_part)
{
    struct dgl_docx_compiler *c = e->raw.failed ? NULL : part_of_notes(e, kind);
    struct dgl_docx_note_ref *note = c ? find_note(c, kind, id) : NULL;
    if (!note)
        return NULL;
    *ret_part = c;
    if ((e->loops || e->captures) && may_hold_copy(e, kind) && dgl_docx_is_balanced(note->node) &&
        !(e->captures && holds_placeholder(note->node)))
        return note;
    note->stays = true;
    return NULL;
}

bool dgl_docx_copies_comment(struct dgl_docx_emit *e, const struct dgl_docx_node *mark)
{
    struct dgl_docx_compiler *c;
    return own_note(e, DGL_NOTE_COMMENT, dgl_docx_node_attr_value(mark, "id"), &c) != NULL;
}

bool dgl_docx_copy_note(struct dgl_docx_emit *e, const struct dgl_docx_node *reference)
{
    enum dgl_docx_note_kind kind;
    struct dgl_docx_compiler *c;
    uint32_t range = 0;
    if (!dgl_docx_note_kind_of(reference, "Reference", &kind))
        return false;
    struct dgl_docx_note_ref *note =
        e->captures ? NULL : own_note(e, kind, dgl_docx_node_attr_value(reference, "id"), &c);
    if (!note)
        return false;
    c->copied = note->copied = true;
    bool numbered = kind == DGL_NOTE_COMMENT && dgl_docx_find_comment_range(e, reference, &range);
    struct elsewhere back = enter(e, c);
    e->fresh = note->node;
    if (numbered)
        dgl_docx_cut_before(e, DGL_CUT_COMMENT_BEGIN, range);
    else
        dgl_docx_cut_before(e, DGL_CUT_NOTE_BEGIN, (uint32_t)kind);
    dgl_docx_emit_walk(e, note->node);
    dgl_docx_cut_before(e, DGL_CUT_NOTE_END, 0);
    e->fresh = reference;
    leave(e, &back);
    return true;
}

// "<w:footnote w:id=\"", with all other attributes before the id.
static struct dgl_str open_to_id(struct dgl_docx_emit *e, const struct dgl_docx_node *n)
{
    struct dgl_buf b = DGL_BUF_INIT(1u << 16);
    const struct dgl_docx_attr *id = dgl_docx_node_attr(n, "id");
    dgl_buf_putc(&b, '<');
    dgl_docx_put_str(&b, n->qname);
    for (uint32_t i = 0; i < n->attr_count; i++)
        if (&n->attrs[i] != id)
            dgl_docx_put_attribute(&b, &n->attrs[i]);
    dgl_buf_putc(&b, ' ');
    dgl_docx_put_str(&b, id->qname);
    dgl_buf_puts(&b, "=\"");
    struct dgl_str kept = dgl_docx_emit_keep(e, &b);
    dgl_buf_fini(&b);
    return kept;
}

// A tag that nobody wrote; its place is the part that is walked.
void dgl_docx_put_own_tag(struct dgl_docx_emit *e, enum dgl_docx_tag_kind kind, enum dgl_block_role role,
                          const char *inside, uint32_t context)
{
    struct dgl_docx_tag *tag = dgl_arena_alloc(e->own->arena, sizeof *tag);
    *tag = (struct dgl_docx_tag){.kind = kind,
                                 .role = role,
                                 .inside = dgl_str_of(inside),
                                 .source = dgl_str_of(inside),
                                 .word = role == DGL_BLOCK_NONE ? NULL : "set",
                                 .place = UINT32_MAX};
    dgl_docx_put_tag(e, tag, context);
}

bool dgl_docx_capture_note(struct dgl_docx_emit *e, const struct dgl_docx_node *reference)
{
    enum dgl_docx_note_kind kind;
    struct dgl_docx_compiler *c;
    if (!e->captures || !dgl_docx_note_kind_of(reference, "Reference", &kind))
        return false;
    struct dgl_docx_note_ref *note = own_note(e, kind, dgl_docx_node_attr_value(reference, "id"), &c);
    if (!note)
        return false;
    c->copied = note->copied = true;
    struct dgl_docx_context context = {.where = DGL_WHERE_NOTE,
                                       .note = kind,
                                       .note_open = open_to_id(e, note->node),
                                       .reference_open = open_to_id(e, reference),
                                       .namespaces = dgl_docx_namespaces_of(e, c->part->tree.root)};
    struct elsewhere back = enter(e, c);
    dgl_docx_put_own_tag(e, DGL_TAG_BLOCK, DGL_BLOCK_OPENS, "set dgl_note", 0);
    for (struct dgl_docx_node *k = note->node->first; k && e->status == DGL_OK; k = k->next)
        dgl_docx_emit_walk(e, k);
    dgl_docx_put_own_tag(e, DGL_TAG_BLOCK, DGL_BLOCK_CLOSES, "endset", 0);
    dgl_docx_put_own_tag(e, DGL_TAG_VALUE, DGL_BLOCK_NONE, "dgl_note", dgl_docx_add_context(e, context));
    leave(e, &back);
    return true;
}

bool dgl_docx_is_copied_note(struct dgl_docx_emit *e, const struct dgl_docx_node *n)
{
    enum dgl_docx_note_kind kind;
    if (!e->c->copied || e->copied_from || !dgl_docx_note_kind_of(n, "", &kind))
        return false;
    struct dgl_docx_note_ref *note = find_note(e->c, kind, dgl_docx_node_attr_value(n, "id"));
    return note && note->node == n && note->copied && !note->stays;
}

// ---- charts

static bool named_by_tags(const struct dgl_docx_picture *p)
{
    for (size_t i = 0; i < p->name_count; i++)
        if (dgl_docx_smells_of_tag(p->names[i].data, p->names[i].len))
            return true;
    return false;
}

const struct dgl_docx_picture *dgl_docx_find_copied_chart(struct dgl_docx_emit *e, const struct dgl_docx_node *drawing)
{
    if (e->copied_from || !e->c->docx->charts)
        return NULL;
    for (struct dgl_docx_picture *p = e->c->docx->charts; p; p = p->next) {
        if (p->drawing != drawing)
            continue;
        if (e->loops == 0 && e->captures == 0 && !named_by_tags(p))
            return NULL;
        p->copied = true;
        return p;
    }
    return NULL;
}

static uint32_t remember(struct dgl_docx *d, const struct dgl_docx_picture *p)
{
    uint32_t n = d->copied_chart_count;
    for (uint32_t i = 0; i < n; i++)
        if (d->copied_charts[i] == p)
            return i;
    if ((n & (n - 1)) == 0) { // room for the next power of two
        const struct dgl_docx_picture **more = dgl_arena_alloc(d->arena, (n ? 2 * n : 1) * sizeof(*more));
        if (n)
            memcpy(more, d->copied_charts, n * sizeof(*more));
        d->copied_charts = more;
    }
    d->copied_charts[n] = p;
    return d->copied_chart_count++;
}

void dgl_docx_copy_chart(struct dgl_docx_emit *e)
{
    for (size_t i = 0; i < e->own->all_count; i++) {
        struct dgl_docx_compiler *c = &e->own->all[i];
        if (c->part->member != e->chart->chart || !prepared(e, c))
            continue;
        uint32_t index = remember(e->own->docx, e->chart);
        struct dgl_docx_context context = {.where = DGL_WHERE_CHART_PART, .chart = index};
        bool captured = e->captures > 0;
        struct elsewhere back = enter(e, c);
        if (captured)
            dgl_docx_put_own_tag(e, DGL_TAG_BLOCK, DGL_BLOCK_OPENS, "set dgl_chart", 0);
        dgl_docx_cut_before(e, DGL_CUT_CHART_BEGIN, index);
        dgl_buf_puts(&e->raw, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
        dgl_docx_emit_walk(e, c->part->tree.root);
        dgl_docx_cut_before(e, DGL_CUT_CHART_END, index);
        if (captured) {
            dgl_docx_put_own_tag(e, DGL_TAG_BLOCK, DGL_BLOCK_CLOSES, "endset", 0);
            dgl_docx_put_own_tag(e, DGL_TAG_VALUE, DGL_BLOCK_NONE, "dgl_chart", dgl_docx_add_context(e, context));
        }
        leave(e, &back);
        e->part->copies_charts = true;
        return;
    }
}

// ---- what only copies are made of

bool dgl_docx_is_only_copied(const struct dgl_docx *d, uint32_t chart)
{
    bool any = false;
    if (d->copied_chart_count == 0 || d->picture_count >= DGL_DOCX_MAX_IMAGES) // not every drawing is known
        return false;
    for (const struct dgl_docx_picture *p = d->charts; p; p = p->next) {
        if (p->chart == chart && !p->copied)
            return false;
        any |= p->chart == chart;
    }
    for (size_t i = 0; any && i < d->package.part_count; i++) // what is a chart and something else stays
        if (d->package.parts[i].member == chart)
            return d->package.parts[i].kind == DGL_PART_CHART;
    return false;
}

// A workbook is a package (ECMA-376 Part 1, 15.2.11): what says it is one and is the document's XML stays as it is.
static bool is_xml(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcasecmp(dot, ".xml") == 0 || strcasecmp(dot, ".rels") == 0);
}

enum dgl_status dgl_docx_find_workbook(const struct dgl_docx_package *p, uint32_t chart, struct dgl_arena *a,
                                       uint32_t *ret, struct dgl_error *err)
{
    struct dgl_docx_relationship *rels = NULL;
    size_t count = 0;
    uint32_t member = 0;
    *ret = UINT32_MAX;
    DGL_TRY(dgl_docx_relationships(p, chart, a, &rels, &count, &member, err));
    for (size_t i = 0; i < count; i++)
        if (dgl_docx_type_ends(rels[i].type, "/package") && !dgl_str_is(rels[i].mode, "External") &&
            dgl_docx_resolve(p, dgl_zip_name(p->zip, chart), rels[i].target, &member) &&
            !is_xml(dgl_zip_name(p->zip, member)))
            *ret = member;
    return DGL_OK;
}

static enum dgl_status mark(struct dgl_docx *d, uint32_t chart, bool drop, struct dgl_error *err)
{
    uint32_t workbook = UINT32_MAX, own = UINT32_MAX;
    struct dgl_docx_relationship *rels = NULL;
    size_t count = 0;
    DGL_TRY(dgl_docx_find_workbook(&d->package, chart, d->arena, &workbook, err));
    DGL_TRY(dgl_docx_relationships(&d->package, chart, d->arena, &rels, &count, &own, err));
    d->dropped[chart] = drop;
    if (workbook != UINT32_MAX)
        d->dropped[workbook] = drop;
    if (own != UINT32_MAX)
        d->dropped[own] = drop;
    return DGL_OK;
}

enum dgl_status dgl_docx_drop_copied(struct dgl_docx *d, struct dgl_error *err)
{
    if (d->copied_chart_count == 0)
        return DGL_OK;
    d->dropped = dgl_arena_alloc(d->arena, d->package.member_count * sizeof *d->dropped);
    for (int keep = 0; keep < 2; keep++) // a workbook that another chart shows too stays
        for (const struct dgl_docx_picture *p = d->charts; p; p = p->next)
            if (dgl_docx_is_only_copied(d, p->chart) == !keep)
                DGL_TRY(mark(d, p->chart, !keep, err));
    return DGL_OK;
}
