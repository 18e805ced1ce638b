// Comments are a part of their own (ECMA-376 Part 1, 17.13.4): the text there, a range and a reference in the body. A
// part the template has already is continued. All else is copied as it is.
#include "render/docx/annotate.h"
#include "render/docx/emit.h"
#include "render/docx/limits.h"
#include "render/docx/model.h"
#include <stdlib.h>
#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define NS_TRANSITIONAL "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define NS_STRICT "http://purl.oclc.org/ooxml/wordprocessingml/main"
#define COMMENTS_STEM "word/dgl-comments" // where the template has none
#define COMMENTS_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
#define AUTHOR "DocGenLab"

struct annotation {
    struct dgl_arena *arena;
    struct dgl_docx_package package;
    struct dgl_docx_tree body, comments;
    uint32_t nodes_left;
    uint32_t comments_member, rels_member; // UINT32_MAX = none
    const char *new_comments;              // the name of their part when there is none
    uint32_t next_id;
};

static enum dgl_status read_tree(struct annotation *a, uint32_t member, struct dgl_docx_tree *ret,
                                 struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_TRY(dgl_zip_read(a->package.zip, member, &xml, err));
    return dgl_docx_tree_parse(a->arena, xml.data, xml.len, dgl_zip_name(a->package.zip, member), &a->nodes_left, ret,
                               err);
}

static enum dgl_status open_comments(struct annotation *a, struct dgl_error *err)
{
    struct dgl_docx_relationship *rels = NULL;
    size_t count = 0;
    const char *main_name = dgl_zip_name(a->package.zip, a->package.main);
    a->comments_member = UINT32_MAX;
    DGL_TRY(dgl_docx_relationships(&a->package, a->package.main, a->arena, &rels, &count, &a->rels_member, err));
    for (size_t i = 0; i < count && a->comments_member == UINT32_MAX; i++)
        if (dgl_docx_type_ends(rels[i].type, "/comments"))
            (void)dgl_docx_resolve(&a->package, main_name, rels[i].target, &a->comments_member);
    if (a->comments_member == UINT32_MAX) {
        a->new_comments = dgl_docx_new_name(&a->package, a->arena, COMMENTS_STEM);
        return DGL_OK;
    }
    DGL_TRY(read_tree(a, a->comments_member, &a->comments, err));
    for (const struct dgl_docx_node *k = a->comments.root->first; k; k = k->next) {
        struct dgl_str id = dgl_docx_node_attr_value(k, "id");
        int64_t n = 0;
        if (k->kind == DGL_NODE_ELEMENT && dgl_parse_int64(id.data, id.len, 0, INT32_MAX / 2, &n))
            a->next_id = DGL_MAX(a->next_id, (uint32_t)n + 1);
    }
    return DGL_OK;
}

// ---- places

static struct dgl_docx_node *find_paragraph(struct dgl_docx_node *n, uint32_t number)
{
    if (n->kind != DGL_NODE_ELEMENT)
        return NULL;
    if (n->el == DGL_EL_W_P && (number == 0 || n->paragraph == number))
        return n;
    for (struct dgl_docx_node *k = n->first; k; k = k->next) {
        struct dgl_docx_node *found = find_paragraph(k, number);
        if (found)
            return found;
    }
    return NULL;
}

struct span { // the runs that hold a piece of the paragraph's text
    size_t at, end, pos;
    struct dgl_docx_node *first, *last;
};

static void join_text(const struct dgl_docx_node *n, struct dgl_buf *text)
{
    for (const struct dgl_docx_node *k = n->first; k; k = k->next) {
        if (k->kind == DGL_NODE_TEXT && n->el == DGL_EL_W_T)
            dgl_buf_append(text, k->text.data, k->text.len);
        else if (k->kind == DGL_NODE_ELEMENT && k->el != DGL_EL_W_P)
            join_text(k, text);
    }
}

static void find_runs(struct dgl_docx_node *n, struct span *s)
{
    for (struct dgl_docx_node *k = n->first; k; k = k->next) {
        size_t from = s->pos;
        if (k->kind == DGL_NODE_TEXT && n->el == DGL_EL_W_T)
            s->pos += k->text.len;
        else if (k->kind == DGL_NODE_ELEMENT && k->el != DGL_EL_W_P)
            find_runs(k, s);
        if (k->kind == DGL_NODE_ELEMENT && k->el == DGL_EL_W_R && from < s->end && s->pos > s->at) {
            s->first = s->first ? s->first : k;
            s->last = k;
        }
    }
}

// The runs of the tag; those of the whole paragraph when it is not found.
static struct span find_span(struct dgl_docx_node *paragraph, const char *tag)
{
    struct dgl_buf text = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    join_text(paragraph, &text);
    const char *found = *tag && text.len ? memmem(text.data, text.len, tag, strlen(tag)) : NULL;
    struct span s = {.at = found ? (size_t)(found - text.data) : 0, .end = SIZE_MAX};
    if (found)
        s.end = s.at + strlen(tag);
    find_runs(paragraph, &s);
    dgl_buf_fini(&text);
    return s;
}

// ---- marks in the body

static struct dgl_docx_node *element(struct annotation *a, const char *qname, const char *id)
{
    return dgl_docx_node_element(a->arena, DGL_EL_W_OTHER, qname, id ? "w:id" : NULL, id);
}

static void mark(struct annotation *a, struct dgl_docx_node *paragraph, const char *tag, const char *id)
{
    struct span s = find_span(paragraph, tag);
    struct dgl_docx_node *start = element(a, "w:commentRangeStart", id), *end = element(a, "w:commentRangeEnd", id);
    struct dgl_docx_node *run = element(a, "w:r", NULL);
    struct dgl_docx_node *properties = dgl_docx_node_child(paragraph, DGL_EL_W_PPR);
    dgl_docx_node_append(run, element(a, "w:commentReference", id));
    if (s.first)
        dgl_docx_node_before(s.first, start);
    else if (properties)
        dgl_docx_node_after(properties, start);
    else
        dgl_docx_node_prepend(paragraph, start);
    if (s.last)
        dgl_docx_node_after(s.last, end);
    else
        dgl_docx_node_after(start, end);
    dgl_docx_node_after(end, run);
}

// ---- the comments

// The copy may be uploaded as a template again: what looks like a tag must not be one.
static void put_words(struct dgl_buf *out, const char *s)
{
    struct dgl_buf plain = DGL_BUF_INIT(1u << 16);
    for (; *s; s++) {
        dgl_buf_putc(&plain, *s);
        if (*s == '{' && (s[1] == '{' || s[1] == '%' || s[1] == '#'))
            dgl_buf_putc(&plain, ' ');
    }
    dgl_docx_put_text(out, (struct dgl_str){plain.data ? plain.data : "", plain.len});
    dgl_buf_fini(&plain);
}

static void put_comment(struct dgl_buf *out, const char *id, const struct dgl_diagnostic *d, bool elsewhere)
{
    const struct dgl_place *p = &d->error.place;
    dgl_buf_printf(out,
                   "<w:comment w:id=\"%s\" w:author=\"" AUTHOR "\" w:initials=\"D\"><w:p><w:r><w:rPr><w:b/></w:rPr>"
                   "<w:t xml:space=\"preserve\">%s: </w:t></w:r><w:r><w:t xml:space=\"preserve\">",
                   id, d->severity == DGL_DIAGNOSTIC_ERROR ? "Error" : "Warning");
    put_words(out, d->error.message);
    dgl_buf_puts(out, "</w:t></w:r></w:p>");
    if (p->tag[0] || elsewhere) {
        dgl_buf_puts(out, "<w:p><w:r><w:t xml:space=\"preserve\">");
        if (elsewhere && p->part[0]) {
            put_words(out, p->part);
            if (p->paragraph)
                dgl_buf_printf(out, ", paragraph %u", (unsigned)p->paragraph);
            dgl_buf_puts(out, p->tag[0] ? ": " : "");
        }
        put_words(out, p->tag);
        dgl_buf_puts(out, "</w:t></w:r></w:p>");
    }
    dgl_buf_puts(out, "</w:comment>");
}

static void annotate(struct annotation *a, const struct dgl_diagnostics *problems, struct dgl_buf *comments)
{
    struct dgl_docx_node *first = find_paragraph(a->body.root, 0);
    for (size_t i = 0; first && i < problems->count; i++) {
        const struct dgl_place *p = &problems->items[i].error.place;
        bool in_body = strcmp(p->part, "body") == 0 && p->paragraph > 0;
        struct dgl_docx_node *at = in_body ? find_paragraph(a->body.root, p->paragraph) : NULL;
        const char *id = dgl_arena_printf(a->arena, "%u", a->next_id++);
        mark(a, at ? at : first, at ? p->tag : "", id);
        put_comment(comments, id, &problems->items[i], at == NULL);
    }
}

// ---- the package

static void put_tree(const struct dgl_docx_tree *tree, const struct dgl_buf *more, struct dgl_buf *out)
{
    bool w = false;
    dgl_buf_puts(out, XML_HEAD);
    for (uint32_t i = 0; i < tree->root->attr_count; i++)
        w |= dgl_str_is(tree->root->attrs[i].qname, "xmlns:w");
    dgl_docx_put_open(tree->root, out);
    if (!w && out->len) {
        out->len--;
        dgl_buf_printf(out, " xmlns:w=\"%s\">", tree->strict ? NS_STRICT : NS_TRANSITIONAL);
    }
    for (const struct dgl_docx_node *k = tree->root->first; k; k = k->next)
        dgl_docx_serialize(k, out);
    if (more)
        dgl_buf_append(out, more->data, more->len);
    dgl_docx_put_close(tree->root, out);
}

static void put_comments(const struct annotation *a, const struct dgl_buf *comments, struct dgl_buf *out)
{
    if (a->comments.root) {
        put_tree(&a->comments, comments, out);
        return;
    }
    dgl_buf_printf(out, XML_HEAD "<w:comments xmlns:w=\"%s\">", a->body.strict ? NS_STRICT : NS_TRANSITIONAL);
    dgl_buf_append(out, comments->data, comments->len);
    dgl_buf_puts(out, "</w:comments>");
}

// Reads a member and puts `more` in before `end`, its closing tag.
static enum dgl_status put_extended(struct annotation *a, uint32_t member, const char *end, const char *more,
                                    struct dgl_buf *out, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_TRY(dgl_zip_read(a->package.zip, member, &xml, err));
    const char *at = memmem(xml.data, xml.len, end, strlen(end));
    if (!at)
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "not_a_docx", "the template's %s cannot be extended",
                             dgl_zip_name(a->package.zip, member));
    dgl_buf_append(out, xml.data, (size_t)(at - xml.data));
    dgl_buf_puts(out, more);
    dgl_buf_append(out, at, xml.len - (size_t)(at - xml.data));
    return DGL_OK;
}

static const char *new_relationship(const struct annotation *a)
{
    return dgl_arena_printf(a->arena, "<Relationship Id=\"rIdDglComments\" Type=\"%s/comments\" Target=\"/%s\"/>",
                            a->body.strict ? "http://purl.oclc.org/ooxml/officeDocument/relationships"
                                           : "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                            a->new_comments);
}

static enum dgl_status changed_member(struct annotation *a, uint32_t member, const struct dgl_buf *comments,
                                      struct dgl_buf *ret, struct dgl_error *err)
{
    bool new_part = a->comments_member == UINT32_MAX;
    if (member == a->package.main)
        put_tree(&a->body, NULL, ret);
    else if (member == a->comments_member)
        put_comments(a, comments, ret);
    else if (new_part && member == a->rels_member)
        return put_extended(a, member, "</Relationships>", new_relationship(a), ret, err);
    else if (new_part && member == a->package.content_types)
        return put_extended(a, member, "</Types>",
                            dgl_arena_printf(a->arena, "<Override PartName=\"/%s\" ContentType=\"" COMMENTS_TYPE "\"/>",
                                             a->new_comments),
                            ret, err);
    return DGL_OK;
}

static enum dgl_status write_package(struct annotation *a, const struct dgl_buf *comments, struct dgl_buf *out,
                                     struct dgl_error *err)
{
    DGL_AUTO(zip_writer) zip = dgl_zip_writer_new(out, 6);
    for (uint32_t i = 0; i < a->package.member_count; i++) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
        const char *name = dgl_zip_name(a->package.zip, i);
        DGL_TRY(changed_member(a, i, comments, &b, err));
        DGL_TRY(dgl_buf_check(&b, name, err));
        DGL_TRY(b.len ? dgl_zip_writer_add(zip, name, b.data, b.len, err)
                      : dgl_zip_writer_add_raw(zip, name, &a->package.raws[i], err));
    }
    if (a->comments_member == UINT32_MAX) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
        put_comments(a, comments, &b);
        DGL_TRY(dgl_zip_writer_add(zip, a->new_comments, b.data, b.len, err));
        if (a->rels_member == UINT32_MAX) {
            const char *main_name = dgl_zip_name(a->package.zip, a->package.main), *slash = strrchr(main_name, '/');
            int folder = slash ? (int)(slash - main_name) + 1 : 0;
            const char *rels = dgl_arena_printf(
                a->arena,
                XML_HEAD "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">%s"
                         "</Relationships>",
                new_relationship(a));
            const char *name = dgl_arena_printf(a->arena, "%.*s_rels/%s.rels", folder, main_name, main_name + folder);
            DGL_TRY(dgl_zip_writer_add(zip, name, rels, strlen(rels), err));
        }
    }
    return dgl_zip_writer_finish(zip, err);
}

static enum dgl_status run(struct annotation *a, const void *package, size_t len,
                           const struct dgl_diagnostics *problems, struct dgl_buf *out, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) comments = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    DGL_TRY(dgl_docx_package_open(package, len, a->arena, &a->package, err));
    DGL_TRY(read_tree(a, a->package.main, &a->body, err));
    DGL_TRY(open_comments(a, err));
    annotate(a, problems, &comments);
    DGL_TRY(dgl_buf_check(&comments, "the comments", err));
    return write_package(a, &comments, out, err);
}

enum dgl_status dgl_docx_annotate(const void *package, size_t len, const struct dgl_diagnostics *problems,
                                  struct dgl_buf *out, struct dgl_error *err)
{
    struct annotation a = {.arena = dgl_arena_new(DGL_DOCX_MAX_MODEL_BYTES), .nodes_left = DGL_DOCX_MAX_NODES};
    enum dgl_status st = run(&a, package, len, problems, out, err);
    dgl_docx_package_close(&a.package);
    dgl_arena_free(a.arena);
    return st;
}
