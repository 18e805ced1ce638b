// Compiling a package: every part that may hold tags is read; those that do are compiled and rendered later, the others
// are never touched again and copied as they are.
#include "render/docx/limits.h"
#include "render/docx/model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TEXT_WIDTH_EMU (9026u * 635u) // A4 with margins of an inch

static enum dgl_status read_member(const struct dgl_docx *d, uint32_t member, struct dgl_buf *ret,
                                   struct dgl_error *err)
{
    *ret = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    return dgl_zip_read(d->package.zip, member, ret, err);
}

// ---- facts about the document that rendering needs

static uint32_t number_attr(const struct dgl_docx_node *n, const char *name)
{
    struct dgl_str v = dgl_docx_node_attr_value(n, name);
    int64_t number = 0;
    return dgl_parse_int64(v.data, v.len, 0, INT32_MAX - 1, &number) ? (uint32_t)number : 0;
}

static void find_largest_ids(const struct dgl_docx_node *n, struct dgl_docx *d)
{
    enum dgl_docx_note_kind note;
    if (n->kind != DGL_NODE_ELEMENT)
        return;
    if (n->el == DGL_EL_WP_DOCPR)
        d->max_drawing_id = DGL_MAX(d->max_drawing_id, number_attr(n, "id"));
    else if (n->el == DGL_EL_W_BOOKMARKSTART)
        d->max_bookmark_id = DGL_MAX(d->max_bookmark_id, number_attr(n, "id"));
    else if (dgl_docx_note_kind_of(n, "", &note))
        d->max_note_id[note] = DGL_MAX(d->max_note_id[note], number_attr(n, "id"));
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        find_largest_ids(k, d);
}

static void measure_text_width(struct dgl_docx *d, const struct dgl_docx_node *root)
{
    d->text_width_emu = DEFAULT_TEXT_WIDTH_EMU;
    const struct dgl_docx_node *body = dgl_docx_node_child(root, DGL_EL_W_BODY);
    const struct dgl_docx_node *section = body ? dgl_docx_node_child(body, DGL_EL_W_SECTPR) : NULL;
    const struct dgl_docx_node *size = section ? dgl_docx_node_child(section, DGL_EL_W_PGSZ) : NULL;
    const struct dgl_docx_node *margins = section ? dgl_docx_node_child(section, DGL_EL_W_PGMAR) : NULL;
    if (!size || !margins)
        return;
    int64_t twips = (int64_t)number_attr(size, "w") - number_attr(margins, "left") - number_attr(margins, "right");
    if (twips >= 300 && twips <= 31680)
        d->text_width_emu = (uint32_t)twips * 635u;
}

// w:pPr/w:numPr/w:numId of a style.
static uint32_t list_of_style(const struct dgl_docx_node *style)
{
    static const char *const names[] = {":numPr", ":numId"};
    const struct dgl_docx_node *n = dgl_docx_node_child(style, DGL_EL_W_PPR);
    for (size_t i = 0; n && i < DGL_COUNT(names); i++) {
        const struct dgl_docx_node *k = n->first;
        while (k && !(k->kind == DGL_NODE_ELEMENT && k->qname.len >= 6 &&
                      memcmp(k->qname.data + k->qname.len - 6, names[i], 6) == 0))
            k = k->next;
        n = k;
    }
    return n ? number_attr(n, "val") : 0;
}

static enum dgl_status read_styles(struct dgl_docx *d, struct dgl_error *err)
{
    struct dgl_docx_relationship *rels = NULL;
    size_t count = 0;
    uint32_t member = 0;
    DGL_TRY(dgl_docx_relationships(&d->package, d->package.main, d->arena, &rels, &count, &member, err));
    const char *main_name = dgl_zip_name(d->package.zip, d->package.main);
    for (size_t i = 0; i < count; i++) {
        if (!dgl_docx_type_ends(rels[i].type, "/styles") ||
            !dgl_docx_resolve(&d->package, main_name, rels[i].target, &member))
            continue;
        d->styles_member = member;
        DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(0);
        DGL_TRY(read_member(d, member, &xml, err));
        struct dgl_docx_tree tree = {.root = NULL};
        DGL_TRY(dgl_docx_tree_parse(d->arena, xml.data, xml.len, "word/styles.xml", &d->nodes_left, &tree, err));
        size_t n = 0;
        for (const struct dgl_docx_node *k = tree.root->first; k; k = k->next)
            n += k->kind == DGL_NODE_ELEMENT && k->el == DGL_EL_W_STYLE;
        d->styles = dgl_arena_alloc(d->arena, (n + 1) * sizeof *d->styles);
        for (const struct dgl_docx_node *k = tree.root->first; k; k = k->next) {
            if (k->kind != DGL_NODE_ELEMENT || k->el != DGL_EL_W_STYLE)
                continue;
            const struct dgl_docx_node *name = dgl_docx_node_child(k, DGL_EL_W_NAME);
            struct dgl_str type = dgl_docx_node_attr_value(k, "type");
            d->styles[d->style_count++] =
                (struct dgl_docx_style){.id = dgl_docx_node_attr_value(k, "styleId"),
                                        .name = name ? dgl_docx_node_attr_value(name, "val") : (struct dgl_str){"", 0},
                                        .num_id = list_of_style(k),
                                        .type = type.len ? type.data[0] : 'p'};
        }
        return DGL_OK;
    }
    return DGL_OK;
}

// ---- parts

static bool part_may_hold_tags(const struct dgl_docx_part *part)
{
    if (part->tree.may_hold_tags || part->has_placeholders)
        return true;
    for (size_t i = 0; i < part->relationship_count; i++) {
        struct dgl_str t = part->relationships[i].target;
        if (dgl_docx_smells_of_tag(t.data, t.len) || memmem(t.data, t.len, "%7B%7B", 6) ||
            memmem(t.data, t.len, "%7b%7b", 6))
            return true;
    }
    return false;
}

// New relationships are called rIdD1, rIdD2…; a template that was made from such a document has some already.
uint32_t dgl_docx_first_free_rel(const struct dgl_docx_part *part)
{
    uint32_t first = 1;
    for (size_t i = 0; i < part->relationship_count; i++) {
        struct dgl_str id = part->relationships[i].id;
        int64_t n = 0;
        if (dgl_str_starts(id, "rIdD") && dgl_parse_int64(id.data + 4, id.len - 4, 0, 100000000, &n))
            first = DGL_MAX(first, (uint32_t)n + 1);
    }
    return first;
}

static enum dgl_status parse_part(struct dgl_docx *d, const struct dgl_docx_part_ref *ref, struct dgl_docx_part *part,
                                  struct dgl_error *err)
{
    *part = (struct dgl_docx_part){.member = ref->member, .kind = ref->kind};
    dgl_str_copy(part->name, sizeof part->name, ref->name, strlen(ref->name));
    DGL_TRY(dgl_docx_relationships(&d->package, ref->member, d->arena, &part->relationships, &part->relationship_count,
                                   &part->rels, err));
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(0);
    DGL_TRY(read_member(d, ref->member, &xml, err));
    char what[600];
    snprintf(what, sizeof what, "the template's %s (%s)", ref->name, dgl_zip_name(d->package.zip, ref->member));
    return dgl_docx_tree_parse(d->arena, xml.data, xml.len, what, &d->nodes_left, &part->tree, err);
}

// Of one part: notes of loops are compiled with the body.
static bool comes_after(const struct dgl_place *a, const struct dgl_place *b)
{
    return strcmp(a->part, b->part) == 0 && a->paragraph > b->paragraph;
}

// Problems come from the paragraphs and from the tags in turn; who mends them goes through the document once.
static void sort_by_place(struct dgl_diagnostics *d, size_t first)
{
    for (size_t i = first + 1; i < d->count; i++) {
        struct dgl_diagnostic moved = d->items[i];
        size_t at = i;
        for (; at > first && comes_after(&d->items[at - 1].error.place, &moved.error.place); at--)
            d->items[at] = d->items[at - 1];
        d->items[at] = moved;
    }
}

static enum dgl_status compile_part(struct dgl_docx_compiler *c, struct dgl_error *err)
{
    size_t first = c->diagnostics->count;
    DGL_TRY(dgl_docx_prepare(c, err));
    size_t errors = c->diagnostics->errors;
    enum dgl_status st = dgl_docx_emit(c, err);
    sort_by_place(c->diagnostics, first);
    // A fault of the template is in the diagnostics; anything else ends the compilation.
    return st == DGL_E_INVALID && c->diagnostics->errors > errors ? DGL_OK : st;
}

static enum dgl_status read_part(struct dgl_docx *d, const struct dgl_docx_part_ref *ref, struct dgl_docx_part *part,
                                 struct dgl_error *err)
{
    DGL_TRY(parse_part(d, ref, part, err));
    if (ref->kind == DGL_PART_BODY) {
        if (!dgl_docx_node_child(part->tree.root, DGL_EL_W_BODY))
            return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "not_a_docx",
                                 "the template is not a Word document (.docx): its document part has no body");
        d->strict = part->tree.strict;
        measure_text_width(d, part->tree.root);
    }
    find_largest_ids(part->tree.root, d);
    dgl_docx_collect_pictures(d, part, part->tree.root);
    return DGL_OK;
}

// Charts stand behind the parts that show them, notes behind the body: what is copied is known when they come.
static enum dgl_status compile_parts(struct dgl_docx *d, struct dgl_diagnostics *diagnostics, struct dgl_error *err)
{
    const struct dgl_docx_package *p = &d->package;
    struct dgl_docx_part *parts = dgl_arena_alloc(d->arena, (p->part_count + 1) * sizeof *parts);
    struct dgl_docx_compiler *all = dgl_arena_alloc(d->arena, (p->part_count + 1) * sizeof *all);
    d->parts = dgl_arena_alloc(d->arena, (p->part_count + 1) * sizeof *d->parts);
    for (size_t i = 0; i < p->part_count; i++) {
        DGL_TRY(read_part(d, &p->parts[i], &parts[i], err));
        all[i] = (struct dgl_docx_compiler){.docx = d,
                                            .part = &parts[i],
                                            .arena = d->arena,
                                            .diagnostics = diagnostics,
                                            .all = all,
                                            .all_count = p->part_count};
    }
    for (size_t i = 0; i < p->part_count; i++) {
        struct dgl_docx_part *part = &d->parts[d->part_count];
        if ((!part_may_hold_tags(&parts[i]) && !all[i].copied) || dgl_docx_is_only_copied(d, parts[i].member))
            continue;
        *part = parts[i];
        all[i].part = part;
        d->part_count++;
        DGL_TRY(compile_part(&all[i], err));
    }
    dgl_docx_keep_notes(d, all, p->part_count);
    return dgl_docx_drop_copied(d, err);
}

static enum dgl_status compile(struct dgl_docx *d, const void *package, size_t len, struct dgl_diagnostics *diagnostics,
                               struct dgl_error *err)
{
    DGL_TRY(dgl_docx_package_open(package, len, d->arena, &d->package, err));
    DGL_TRY(read_styles(d, err));
    DGL_TRY(compile_parts(d, diagnostics, err));
    for (size_t i = 0; i < diagnostics->count; i++) {
        if (diagnostics->items[i].severity == DGL_DIAGNOSTIC_ERROR) {
            *err = diagnostics->items[i].error;
            return err->code;
        }
    }
    return DGL_OK;
}

enum dgl_status dgl_docx_compile(const void *package, size_t len, struct dgl_diagnostics *diagnostics,
                                 struct dgl_docx **ret, struct dgl_error *err)
{
    DGL_AUTO_FINI(diagnostics) own = {.count = 0};
    DGL_AUTO(docx) d = DGL_NEW(struct dgl_docx);
    d->arena = dgl_arena_new(DGL_DOCX_MAX_MODEL_BYTES);
    d->nodes_left = DGL_DOCX_MAX_NODES;
    d->styles_member = UINT32_MAX;
    DGL_TRY(compile(d, package, len, diagnostics ? diagnostics : &own, err));
    *ret = DGL_STEAL(d);
    return DGL_OK;
}

void dgl_docx_free(struct dgl_docx *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->part_count; i++)
        dgl_template_free(d->parts[i].program);
    dgl_docx_package_close(&d->package);
    dgl_arena_free(d->arena);
    free(d);
}

json_t *dgl_docx_tokens(const struct dgl_docx *d)
{
    const struct dgl_template *programs[DGL_DOCX_MAX_PARTS];
    size_t n = 0;
    for (size_t i = 0; i < d->part_count && n < DGL_DOCX_MAX_PARTS; i++)
        if (d->parts[i].program)
            programs[n++] = d->parts[i].program;
    return dgl_template_tokens_merged(programs, n);
}
