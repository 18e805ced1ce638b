// Merging one document into another. A subdocument's blocks are copied with everything they point to:
//
//   styles         those the document has (by name) are used; others come along with what they are based on
//   lists          every use gets a copy, so numbers begin anew
//   relationships  pictures and other parts become new parts named by their bytes; addresses are added
//   ids            of bookmarks and drawings are given anew
//   notes          footnotes, endnotes and comments go to the document's own, under new ids (graft_notes.c)
//   sections       those that end inside come along with their size and columns; the last one's are the document's
//
// What belongs to the other document as a whole stays behind: headers and footers, the size of its last section. Where
// the document may have no notes or sections (tables, headers, text boxes), they stay behind too.
#include "render/docx/emit.h"
#include "render/docx/graft_private.h"
#include "render/docx/limits.h"
#include "render/docx/rich.h"
#include <stdlib.h>
#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define NS_W "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define NS_W_STRICT "http://purl.oclc.org/ooxml/wordprocessingml/main"
#define MAX_PART_DEPTH 6u   // parts of parts
#define MAX_STYLE_DEPTH 20u // styles based on styles

// ---- opening

enum dgl_status dgl_graft_read_tree(struct dgl_docx_writer *w, const struct dgl_docx_package *p, uint32_t member,
                                    struct dgl_docx_tree *ret, struct dgl_error *err)
{
    uint32_t nodes = DGL_DOCX_MAX_NODES;
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_TRY(dgl_zip_read(p->zip, member, &xml, err));
    DGL_TRY(dgl_budget_memory(w->env->budget, xml.len * 2, err));
    return dgl_docx_tree_parse(w->env->arena, xml.data ? xml.data : "", xml.len, dgl_zip_name(p->zip, member), &nodes,
                               ret, err);
}

static enum dgl_status read_related(struct dgl_docx_writer *w, struct dgl_docx_source *s, const char *type,
                                    struct dgl_docx_tree *ret, struct dgl_error *err)
{
    uint32_t member = 0;
    for (size_t i = 0; i < s->main.relationship_count; i++)
        if (dgl_docx_type_ends(s->main.relationships[i].type, type) &&
            dgl_docx_resolve(&s->package, dgl_zip_name(s->package.zip, s->package.main),
                             s->main.relationships[i].target, &member))
            return dgl_graft_read_tree(w, &s->package, member, ret, err);
    return DGL_OK;
}

enum dgl_status dgl_graft_open(struct dgl_docx_writer *w, struct dgl_str package, struct dgl_docx_source *ret,
                               struct dgl_error *err)
{
    uint32_t member = 0;
    *ret = (struct dgl_docx_source){.uses = 0};
    size_t used = dgl_arena_used(w->env->arena);
    DGL_TRY(dgl_docx_package_open(package.data, package.len, w->env->arena, &ret->package, err));
    DGL_TRY(dgl_budget_memory(w->env->budget, dgl_arena_used(w->env->arena) - used, err));
    DGL_TRY(dgl_graft_read_tree(w, &ret->package, ret->package.main, &ret->body, err));
    ret->main = (struct dgl_graft_part){.open = true, .member = ret->package.main, .root = ret->body.root};
    DGL_TRY(dgl_docx_relationships(&ret->package, ret->package.main, w->env->arena, &ret->main.relationships,
                                   &ret->main.relationship_count, &member, err));
    DGL_TRY(read_related(w, ret, "/styles", &ret->styles, err));
    return read_related(w, ret, "/numbering", &ret->numbering, err);
}

void dgl_graft_close(struct dgl_docx_source *s)
{
    dgl_docx_package_close(&s->package);
}

// ---- parts

void dgl_docx_push_extra(struct dgl_docx_writer *w, const struct dgl_docx_extra *extra)
{
    struct dgl_docx_extra *e = DGL_ARENA_NEW(w->env->arena, struct dgl_docx_extra);
    *e = *extra;
    e->next = w->extras;
    w->extras = e;
}

static enum dgl_status add_extra(struct dgl_graft *g, const char *name, const char *type, struct dgl_str bytes)
{
    struct dgl_docx_writer *w = g->w;
    size_t at = 0;
    if (dgl_zip_find(w->docx->package.zip, name, &at))
        return DGL_OK; // same name, same bytes
    for (const struct dgl_docx_extra *e = w->extras; e; e = e->next)
        if (strcmp(e->name, name) == 0)
            return DGL_OK;
    w->media_bytes += bytes.len;
    if (++w->extra_count > DGL_DOCX_MAX_IMAGES || w->media_bytes > DGL_DOCX_MAX_IMAGES_BYTES)
        return DGL_FAIL_SLUG(g->err, DGL_E_LIMIT, "too_many_images",
                             "subdocuments bring more than %u parts or %u MiB along", DGL_DOCX_MAX_IMAGES,
                             DGL_DOCX_MAX_IMAGES_BYTES >> 20);
    dgl_docx_push_extra(w, &(struct dgl_docx_extra){.name = name, .content_type = type, .bytes = bytes});
    return DGL_OK;
}

static enum dgl_status copy_part(struct dgl_graft *g, uint32_t member, unsigned depth, const char **ret);

static void put_attr(struct dgl_buf *b, const char *name, struct dgl_str value)
{
    dgl_buf_printf(b, " %s=\"", name);
    dgl_docx_put_attr(b, value);
    dgl_buf_putc(b, '"');
}

// The relationships of a part that came along, with the new names of its own parts. Empty when it has none.
static enum dgl_status copy_relationships(struct dgl_graft *g, uint32_t member, unsigned depth, struct dgl_buf *out)
{
    struct dgl_docx_relationship *rels = NULL;
    size_t count = 0;
    uint32_t own = 0, target = 0;
    const struct dgl_docx_package *p = &g->s->package;
    DGL_TRY(dgl_docx_relationships(p, member, g->arena, &rels, &count, &own, g->err));
    if (own == UINT32_MAX)
        return DGL_OK;
    dgl_buf_puts(out,
                 XML_HEAD "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
    for (size_t i = 0; i < count; i++) {
        bool external = dgl_str_is(rels[i].mode, "External");
        struct dgl_str to = rels[i].target;
        if (!external) {
            const char *name = NULL;
            if (!dgl_docx_resolve(p, dgl_zip_name(p->zip, member), to, &target))
                continue;
            DGL_TRY(copy_part(g, target, depth + 1, &name));
            to = dgl_str_of(dgl_arena_printf(g->arena, "/%s", name));
        }
        dgl_buf_puts(out, "<Relationship");
        put_attr(out, "Id", rels[i].id);
        put_attr(out, "Type", rels[i].type);
        put_attr(out, "Target", to);
        dgl_buf_puts(out, external ? " TargetMode=\"External\"/>" : "/>");
    }
    dgl_buf_puts(out, "</Relationships>");
    return DGL_OK;
}

// The new name of a part, "word/media/dgl-….png".
static enum dgl_status copy_part(struct dgl_graft *g, uint32_t member, unsigned depth, const char **ret)
{
    const char *old = dgl_zip_name(g->s->package.zip, member), *dot = strrchr(old, '.');
    unsigned char hash[DGL_SHA256_LEN];
    char hex[2 * DGL_SHA256_LEN + 1];
    struct dgl_str bytes, rels = {"", 0};
    if (depth > MAX_PART_DEPTH)
        return DGL_FAIL_SLUG(g->err, DGL_E_LIMIT, "subdocument_too_deep",
                             "the parts of a subdocument point to each other more than %u deep", MAX_PART_DEPTH);
    DGL_AUTO_FINI(buf) content = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_AUTO_FINI(buf) related = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_TRY(dgl_zip_read(g->s->package.zip, member, &content, g->err));
    DGL_TRY(dgl_docx_keep_bytes(g->w, &content, "a part of a subdocument", &bytes, g->err));
    DGL_TRY(copy_relationships(g, member, depth, &related));
    DGL_TRY(dgl_docx_keep_bytes(g->w, &related, "a part of a subdocument", &rels, g->err));
    // Equal bytes with other relationships are another part.
    dgl_buf_append(&content, rels.data, rels.len);
    DGL_TRY(dgl_buf_check(&content, "a part of a subdocument", g->err));
    dgl_sha256(content.data ? content.data : "", content.len, hash);
    dgl_hex_encode(hash, 12, hex);
    *ret = dgl_arena_printf(g->arena, "word/media/dgl-%s%s", hex, dot && strlen(dot) < 8 ? dot : ".bin");
    DGL_TRY(add_extra(g, *ret, dgl_docx_content_type(&g->s->package, old, g->arena), bytes));
    if (rels.len)
        DGL_TRY(add_extra(g, dgl_arena_printf(g->arena, "word/media/_rels/%s.rels", *ret + strlen("word/media/")), NULL,
                          rels));
    return DGL_OK;
}

// The last word of a relationship's type, when it is one of those every reader knows by that word.
static const char *type_word(struct dgl_graft *g, struct dgl_str type)
{
    size_t n = type.len;
    while (n > 0 && type.data[n - 1] != '/')
        n--;
    return dgl_arena_strndup(g->arena, type.data + n, type.len - n);
}

static const struct dgl_docx_relationship *relationship_there(struct dgl_graft *g, struct dgl_str id)
{
    struct dgl_graft_part *p = g->from;
    size_t count = p->by_id.count ? 0 : p->relationship_count;
    for (size_t i = 0; i < count; i++)
        if (!dgl_graft_find(&p->by_id, p->relationships[i].id))
            dgl_graft_add(&p->by_id, g->arena, p->relationships[i].id, DGL_STR(""))->index = i;
    const struct dgl_graft_name *k = dgl_graft_find(&p->by_id, id);
    return k ? &p->relationships[k->index] : NULL;
}

// The id here for a relationship there; *ret "" when it leads nowhere.
static enum dgl_status map_relationship(struct dgl_graft *g, struct dgl_str id, struct dgl_str *ret)
{
    const struct dgl_docx_package *p = &g->s->package;
    const struct dgl_graft_name *known = dgl_graft_find(&g->from->rels, id);
    *ret = known ? known->to : (struct dgl_str){"", 0};
    const struct dgl_docx_relationship *r = known ? NULL : relationship_there(g, id);
    if (!r)
        return DGL_OK;
    char own[24];
    bool external = dgl_str_is(r->mode, "External");
    struct dgl_str target = r->target;
    if (!external) {
        const char *name = NULL;
        uint32_t member = 0;
        if (!dgl_docx_resolve(p, dgl_zip_name(p->zip, g->from->member), r->target, &member))
            return DGL_OK;
        DGL_TRY(copy_part(g, member, 0, &name));
        target = dgl_str_of(dgl_arena_printf(g->arena, "/%s", name));
    }
    DGL_TRY(dgl_docx_add_relationship(g->w, type_word(g, r->type), target, external, own, g->err));
    *ret = dgl_str_of(dgl_arena_strdup(g->arena, own));
    (void)dgl_graft_add(&g->from->rels, g->arena, id, *ret);
    return DGL_OK;
}

// ---- lists

// The number here, as text, for a number there. It is read first: "7" and "07" are one.
static enum dgl_status rewrite_list(struct dgl_graft *g, struct dgl_docx_node *n)
{
    struct dgl_str v = dgl_docx_node_attr_value(n, "val"), to = DGL_STR("0"); // "no list"
    int64_t num = 0;
    uint32_t copy = 0;
    if (dgl_parse_int64(v.data, v.len, 0, INT32_MAX, &num) && num > 0) {
        struct dgl_str key = dgl_docx_number_text(g->arena, (uint32_t)num);
        const struct dgl_graft_name *known = dgl_graft_find(&g->lists, key);
        if (!known) {
            DGL_TRY(dgl_numbering_copy(g->w, &g->s->numbering, (uint32_t)num, &copy, g->err));
            known = dgl_graft_add(&g->lists, g->arena, key, dgl_docx_number_text(g->arena, copy));
        }
        to = known->to;
    }
    dgl_docx_set_attr(g->arena, n, "val", to);
    return DGL_OK;
}

static enum dgl_status rewrite_lists_below(struct dgl_graft *g, struct dgl_docx_node *n)
{
    for (struct dgl_docx_node *k = n->first; k; k = k->next) {
        if (dgl_docx_named(k, "numId"))
            DGL_TRY(rewrite_list(g, k));
        DGL_TRY(rewrite_lists_below(g, k));
    }
    return DGL_OK;
}

// ---- styles

static const struct dgl_docx_node *style_there(const struct dgl_docx_source *s, struct dgl_str id)
{
    for (const struct dgl_docx_node *k = s->styles.root ? s->styles.root->first : NULL; k; k = k->next)
        if (k->kind == DGL_NODE_ELEMENT && k->el == DGL_EL_W_STYLE &&
            dgl_str_equal(dgl_docx_node_attr_value(k, "styleId"), id))
            return k;
    return NULL;
}

static bool id_taken(const struct dgl_docx_writer *w, struct dgl_str id)
{
    for (size_t i = 0; i < w->docx->style_count; i++)
        if (dgl_str_equal(w->docx->styles[i].id, id))
            return true;
    for (const struct dgl_docx_node *k = w->new_styles; k; k = k->next)
        if (dgl_str_equal(dgl_docx_node_attr_value(k, "styleId"), id))
            return true;
    return false;
}

static bool same_name(const struct dgl_docx_node *style, char type, struct dgl_str name)
{
    const struct dgl_docx_node *n = dgl_docx_node_child(style, DGL_EL_W_NAME);
    struct dgl_str t = dgl_docx_node_attr_value(style, "type");
    struct dgl_str own = n ? dgl_docx_node_attr_value(n, "val") : (struct dgl_str){"", 0};
    return (t.len ? t.data[0] : 'p') == type && own.len == name.len &&
           (own.len == 0 || strncasecmp(own.data, name.data, own.len) == 0);
}

// A style here with the name and type of one there: the document's own, or one that came along.
static bool find_here(const struct dgl_docx_writer *w, const struct dgl_docx_node *style, struct dgl_str *ret)
{
    for (size_t i = 0; i < w->docx->style_count; i++)
        if (same_name(style, w->docx->styles[i].type, w->docx->styles[i].name)) {
            *ret = w->docx->styles[i].id;
            return true;
        }
    for (const struct dgl_docx_node *k = w->new_styles; k; k = k->next) {
        const struct dgl_docx_node *n = dgl_docx_node_child(k, DGL_EL_W_NAME);
        struct dgl_str t = dgl_docx_node_attr_value(k, "type");
        if (n && same_name(style, t.len ? t.data[0] : 'p', dgl_docx_node_attr_value(n, "val"))) {
            *ret = dgl_docx_node_attr_value(k, "styleId");
            return true;
        }
    }
    return false;
}

static enum dgl_status map_style(struct dgl_graft *g, struct dgl_str id, unsigned depth, struct dgl_str *ret);

static enum dgl_status bring_style(struct dgl_graft *g, const struct dgl_docx_node *style, unsigned depth,
                                   struct dgl_str to)
{
    static const char *const others[] = {"basedOn", "next", "link"};
    struct dgl_docx_node *copy = dgl_docx_node_clone(g->arena, style);
    dgl_docx_set_attr(g->arena, copy, "styleId", to);
    dgl_docx_set_attr(g->arena, copy, "default", DGL_STR("0"));
    dgl_docx_declare(g->arena, copy, g->s->styles.root, NULL);
    copy->next = g->w->new_styles; // before what it names is looked at: styles name each other in circles
    g->w->new_styles = copy;
    for (struct dgl_docx_node *k = copy->first, *next; k; k = next) {
        struct dgl_str other = {"", 0};
        next = k->next;
        for (size_t i = 0; i < DGL_COUNT(others); i++) {
            if (!dgl_docx_named(k, others[i]))
                continue;
            DGL_TRY(map_style(g, dgl_docx_node_attr_value(k, "val"), depth + 1, &other));
            if (other.len)
                dgl_docx_set_attr(g->arena, k, "val", other);
            else
                dgl_docx_node_unlink(k);
            break;
        }
    }
    return rewrite_lists_below(g, copy);
}

// The id here for a style there; "" when it has no such style either.
static enum dgl_status map_style(struct dgl_graft *g, struct dgl_str id, unsigned depth, struct dgl_str *ret)
{
    const struct dgl_graft_name *known = dgl_graft_find(&g->s->style_names, id);
    *ret = known ? known->to : (struct dgl_str){"", 0};
    if (known)
        return DGL_OK;
    const struct dgl_docx_node *style = style_there(g->s, id);
    if (!style || depth > MAX_STYLE_DEPTH)
        return DGL_OK;
    bool here = find_here(g->w, style, ret);
    if (!here) {
        *ret = id;
        for (unsigned i = 1; id_taken(g->w, *ret); i++)
            *ret = dgl_str_of(dgl_arena_printf(g->arena, "%.*s-%u", (int)id.len, id.data, i));
    }
    (void)dgl_graft_add(&g->s->style_names, g->arena, id, *ret);
    return here ? DGL_OK : bring_style(g, style, depth, *ret);
}

static bool is_style_name(const struct dgl_docx_node *n)
{
    return dgl_docx_named(n, "pStyle") || dgl_docx_named(n, "rStyle") || dgl_docx_named(n, "tblStyle");
}

enum dgl_status dgl_graft_write_styles(struct dgl_docx_writer *w, uint32_t member, struct dgl_buf *out,
                                       struct dgl_error *err)
{
    struct dgl_docx_tree tree = {.root = NULL};
    dgl_buf_puts(out, XML_HEAD);
    if (member == UINT32_MAX) {
        dgl_buf_printf(out, "<w:styles xmlns:w=\"%s\">", w->docx->strict ? NS_W_STRICT : NS_W);
    } else {
        DGL_TRY(dgl_graft_read_tree(w, &w->docx->package, member, &tree, err));
        dgl_docx_put_open(tree.root, out);
        for (const struct dgl_docx_node *k = tree.root->first; k; k = k->next)
            dgl_docx_serialize(k, out);
    }
    for (const struct dgl_docx_node *k = w->new_styles; k; k = k->next)
        dgl_docx_serialize(k, out);
    if (tree.root)
        dgl_docx_put_close(tree.root, out);
    else
        dgl_buf_puts(out, "</w:styles>");
    return dgl_buf_check(out, "the document's styles", err);
}

// ---- blocks

static bool stays_behind(const struct dgl_graft *g, const struct dgl_docx_node *n)
{
    return n->el == DGL_EL_W_SECTPR && !(g->takes_sections && n->parent && n->parent->el == DGL_EL_W_PPR);
}

// A section's size, margins and columns; its headers are the document's.
static void rewrite_section(struct dgl_docx_node *section)
{
    for (struct dgl_docx_node *k = section->first, *next; k; k = next) {
        next = k->next;
        if (dgl_docx_named(k, "headerReference") || dgl_docx_named(k, "footerReference"))
            dgl_docx_node_unlink(k);
    }
}

static enum dgl_status rewrite_bookmark(struct dgl_graft *g, struct dgl_docx_node *n)
{
    struct dgl_str v = dgl_docx_node_attr_value(n, "id");
    int64_t id = 0;
    if (!dgl_parse_int64(v.data, v.len, 0, INT32_MAX, &id))
        return DGL_OK;
    struct dgl_str key = dgl_docx_number_text(g->arena, (uint32_t)id);
    const struct dgl_graft_name *k = dgl_graft_find(&g->bookmarks, key);
    if (!k)
        k = dgl_graft_add(&g->bookmarks, g->arena, key, dgl_docx_number_text(g->arena, g->w->next_bookmark_id++));
    dgl_docx_set_attr(g->arena, n, "id", k->to);
    struct dgl_str name = dgl_docx_node_attr_value(n, "name");
    if (n->el == DGL_EL_W_BOOKMARKSTART && g->s->uses > 1)
        dgl_docx_set_attr(g->arena, n, "name",
                          dgl_str_of(dgl_arena_printf(g->arena, "%.*s_%u", (int)name.len, name.data, g->s->uses)));
    return DGL_OK;
}

static enum dgl_status rewrite_relationships(struct dgl_graft *g, struct dgl_docx_node *n)
{
    bool copied = false;
    for (uint32_t i = 0; i < n->attr_count; i++) {
        struct dgl_str to = {"", 0};
        if (n->attrs[i].ns != DGL_NS_R || n->attrs[i].value.len == 0)
            continue;
        DGL_TRY(map_relationship(g, n->attrs[i].value, &to));
        if (!copied) {
            struct dgl_docx_attr *own = dgl_arena_alloc(g->arena, n->attr_count * sizeof *own);
            memcpy(own, n->attrs, n->attr_count * sizeof *own);
            n->attrs = own;
            copied = true;
        }
        n->attrs[i].value = to;
    }
    return DGL_OK;
}

enum dgl_status dgl_graft_rewrite(struct dgl_graft *g, struct dgl_docx_node *n)
{
    DGL_TRY(dgl_budget_tick(g->w->env->budget, g->err));
    DGL_TRY(rewrite_relationships(g, n));
    if (n->el == DGL_EL_WP_DOCPR)
        dgl_docx_set_attr(g->arena, n, "id", dgl_docx_number_text(g->arena, g->w->next_drawing_id++));
    else if (n->el == DGL_EL_W_BOOKMARKSTART || n->el == DGL_EL_W_BOOKMARKEND)
        DGL_TRY(rewrite_bookmark(g, n));
    else if (n->el == DGL_EL_W_SECTPR)
        rewrite_section(n);
    else if (dgl_docx_named(n, "numId"))
        DGL_TRY(rewrite_list(g, n));
    for (struct dgl_docx_node *k = n->first, *next; k; k = next) {
        struct dgl_str style = {"", 0};
        next = k->next;
        bool goes = stays_behind(g, k);
        if (dgl_graft_names_note(k))
            DGL_TRY(dgl_graft_rewrite_note(g, k, &goes, g->err));
        if (goes) {
            dgl_docx_node_unlink(k);
            continue;
        }
        if (k->kind != DGL_NODE_ELEMENT)
            continue;
        if (is_style_name(k)) {
            DGL_TRY(map_style(g, dgl_docx_node_attr_value(k, "val"), 0, &style));
            if (style.len)
                dgl_docx_set_attr(g->arena, k, "val", style);
            else
                dgl_docx_node_unlink(k);
            continue;
        }
        DGL_TRY(dgl_graft_rewrite(g, k));
    }
    return DGL_OK;
}

static bool ends_with(const struct dgl_buf *b, const char *end)
{
    size_t n = strlen(end);
    return b->len >= n && memcmp(b->data + b->len - n, end, n) == 0;
}

enum dgl_status dgl_graft_write(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_docx_source *s,
                                struct dgl_error *err)
{
    // Not while a note of a loop is written: its buffer is not the part's.
    bool in_body = w->part->kind == DGL_PART_BODY && w->xml == &w->output->xml;
    struct dgl_graft g = {.w = w,
                          .s = s,
                          .arena = w->env->arena,
                          .from = &s->main,
                          .takes_notes = in_body,
                          .takes_sections = in_body && x->in_body,
                          .err = err};
    const struct dgl_docx_node *root = s->body.root, *body = dgl_docx_node_child(root, DGL_EL_W_BODY);
    if (s->body.strict != w->docx->strict)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "subdocument_format",
                             "it is saved as %s and the document as %s; save both in the same form",
                             s->body.strict ? "Strict Open XML" : "Word document",
                             s->body.strict ? "Word document" : "Strict Open XML");
    s->uses++;
    s->main.rels = (struct dgl_graft_map){0};
    for (int i = 0; i < DGL_NOTE_KINDS; i++)
        s->notes[i].rels = (struct dgl_graft_map){0};
    for (const struct dgl_docx_node *k = body ? body->first : NULL; k; k = k->next) {
        bool goes = k->kind != DGL_NODE_ELEMENT || stays_behind(&g, k);
        if (goes)
            continue;
        DGL_TRY(dgl_budget_memory(w->env->budget, sizeof *k * 8, err));
        struct dgl_docx_node *copy = dgl_docx_node_clone(g.arena, k);
        DGL_TRY(dgl_graft_rewrite(&g, copy));
        dgl_docx_declare(g.arena, copy, root, w->part->tree.root);
        if (k->el == DGL_EL_W_TBL && ends_with(w->xml, "</w:tbl>"))
            dgl_buf_puts(w->xml, "<w:p></w:p>");
        dgl_docx_serialize(copy, w->xml);
        DGL_TRY(dgl_buf_check(w->xml, "the document", err));
    }
    if (g.drops_notes)
        dgl_docx_warn(w, "the notes and comments of a subdocument are left out in headers, footers and notes");
    return DGL_OK;
}
