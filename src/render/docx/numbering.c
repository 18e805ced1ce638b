// Lists a render adds (ECMA-376 Part 1, 17.9). Bullets share one w:num; every numbered list gets its own, with its
// start, over one w:abstractNum of ours or the one a list style of the template uses. The template's own numbering
// stays as it is.
#include "render/docx/emit.h"
#include "render/docx/rich.h"
#include <stdlib.h>
#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

static bool is_named(const struct dgl_docx_node *n, const char *local)
{
    const char *colon = n->qname.data ? memchr(n->qname.data, ':', n->qname.len) : NULL;
    size_t skip = colon ? (size_t)(colon - n->qname.data) + 1 : 0;
    return n->kind == DGL_NODE_ELEMENT && n->el == DGL_EL_W_OTHER &&
           dgl_str_is((struct dgl_str){n->qname.data + skip, n->qname.len - skip}, local);
}

static uint32_t number(const struct dgl_docx_node *n, const char *attr)
{
    struct dgl_str v = dgl_docx_node_attr_value(n, attr);
    int64_t i = 0;
    return dgl_parse_int64(v.data, v.len, 0, INT32_MAX / 2, &i) ? (uint32_t)i : 0;
}

static enum dgl_status find_member(struct dgl_docx_writer *w, uint32_t *ret, struct dgl_error *err)
{
    const struct dgl_docx_package *p = &w->docx->package;
    struct dgl_docx_relationship *rels = NULL;
    size_t count = 0;
    uint32_t member = 0;
    *ret = UINT32_MAX;
    DGL_TRY(dgl_docx_relationships(p, p->main, w->env->arena, &rels, &count, &member, err));
    for (size_t i = 0; i < count; i++)
        if (dgl_docx_type_ends(rels[i].type, "/numbering") &&
            dgl_docx_resolve(p, dgl_zip_name(p->zip, p->main), rels[i].target, &member)) {
            *ret = member;
            return DGL_OK;
        }
    return DGL_OK;
}

static enum dgl_status prepare(struct dgl_docx_writer *w, struct dgl_error *err)
{
    struct dgl_docx_numbering *n = &w->numbering;
    if (n->ready)
        return DGL_OK;
    DGL_TRY(find_member(w, &n->member, err));
    uint32_t max_abstract = 0, max_num = 0, nodes = DGL_DOCX_MAX_NODES;
    if (n->member != UINT32_MAX) {
        DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
        DGL_TRY(dgl_zip_read(w->docx->package.zip, n->member, &xml, err));
        DGL_TRY(
            dgl_docx_tree_parse(w->env->arena, xml.data, xml.len, "the template's numbering", &nodes, &n->tree, err));
        for (const struct dgl_docx_node *k = n->tree.root->first; k; k = k->next) {
            if (is_named(k, "abstractNum"))
                max_abstract = DGL_MAX(max_abstract, number(k, "abstractNumId"));
            else if (is_named(k, "num"))
                max_num = DGL_MAX(max_num, number(k, "numId"));
        }
    }
    n->first_abstract = max_abstract + 1;
    n->first_num = max_num + 1;
    n->ready = true;
    return DGL_OK;
}

// The abstract list behind a number of the template.
static bool find_abstract(const struct dgl_docx_numbering *n, uint32_t num, uint32_t *ret)
{
    for (const struct dgl_docx_node *k = n->tree.root ? n->tree.root->first : NULL; k; k = k->next) {
        if (!is_named(k, "num") || number(k, "numId") != num)
            continue;
        for (const struct dgl_docx_node *a = k->first; a; a = a->next)
            if (is_named(a, "abstractNumId")) {
                *ret = number(a, "val");
                return true;
            }
    }
    return false;
}

enum dgl_status dgl_numbering_bullets(struct dgl_docx_writer *w, uint32_t *ret, struct dgl_error *err)
{
    DGL_TRY(prepare(w, err));
    w->numbering.used = true;
    *ret = w->numbering.first_num;
    return DGL_OK;
}

enum dgl_status dgl_numbering_list(struct dgl_docx_writer *w, unsigned level, int64_t start, uint32_t base,
                                   uint32_t *ret, struct dgl_error *err)
{
    struct dgl_docx_numbering *n = &w->numbering;
    DGL_TRY(prepare(w, err));
    if (n->count >= DGL_DOCX_MAX_LISTS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_lists", "a document holds at most %u numbered lists",
                             DGL_DOCX_MAX_LISTS);
    if (n->count == n->cap) {
        size_t cap = n->cap ? n->cap * 2 : 16;
        struct dgl_docx_new_list *more = dgl_arena_alloc(w->env->arena, cap * sizeof *more);
        if (n->count)
            memcpy(more, n->lists, n->count * sizeof *more);
        n->lists = more;
        n->cap = cap;
    }
    uint32_t abstract = n->first_abstract + 1;
    if (base)
        find_abstract(n, base, &abstract);
    n->lists[n->count] =
        (struct dgl_docx_new_list){.abstract = abstract, .level = (uint8_t)level, .start = (uint16_t)start};
    n->used = true;
    *ret = n->first_num + 1 + (uint32_t)n->count++;
    return DGL_OK;
}

// ---- the part

static void put_levels(struct dgl_buf *b, bool ordered)
{
    static const char *const bullets[] = {"\xE2\x80\xA2", "\xE2\x97\xA6", "\xE2\x96\xAA"};
    static const char *const formats[] = {"decimal", "lowerLetter", "lowerRoman"};
    for (unsigned i = 0; i < 9; i++) {
        dgl_buf_printf(b, "<w:lvl w:ilvl=\"%u\"><w:start w:val=\"1\"/><w:numFmt w:val=\"%s\"/>", i,
                       ordered ? formats[i % 3] : "bullet");
        if (ordered)
            dgl_buf_printf(b, "<w:lvlText w:val=\"%%%u.\"/>", i + 1);
        else
            dgl_buf_printf(b, "<w:lvlText w:val=\"%s\"/>", bullets[i % 3]);
        dgl_buf_printf(b, "<w:lvlJc w:val=\"left\"/><w:pPr><w:ind w:left=\"%u\" w:hanging=\"360\"/></w:pPr></w:lvl>",
                       720 * (i + 1));
    }
}

static void put_abstracts(const struct dgl_docx_numbering *n, struct dgl_buf *b)
{
    for (unsigned i = 0; i < 2; i++) {
        dgl_buf_printf(b, "<w:abstractNum w:abstractNumId=\"%u\"><w:multiLevelType w:val=\"hybridMultilevel\"/>",
                       n->first_abstract + i);
        put_levels(b, i == 1);
        dgl_buf_puts(b, "</w:abstractNum>");
    }
}

static void put_nums(const struct dgl_docx_numbering *n, struct dgl_buf *b)
{
    dgl_buf_printf(b, "<w:num w:numId=\"%u\"><w:abstractNumId w:val=\"%u\"/></w:num>", n->first_num, n->first_abstract);
    for (size_t i = 0; i < n->count; i++)
        dgl_buf_printf(b,
                       "<w:num w:numId=\"%u\"><w:abstractNumId w:val=\"%u\"/><w:lvlOverride w:ilvl=\"%u\">"
                       "<w:startOverride w:val=\"%u\"/></w:lvlOverride></w:num>",
                       n->first_num + 1 + (uint32_t)i, n->lists[i].abstract, n->lists[i].level, n->lists[i].start);
}

// Order of w:numbering: w:numPicBullet, w:abstractNum, w:num, w:numIdMacAtCleanup.
static void put_merged(const struct dgl_docx_numbering *n, struct dgl_buf *b)
{
    const struct dgl_docx_node *root = n->tree.root, *k = root->first;
    dgl_docx_put_open(root, b);
    for (; k && (is_named(k, "numPicBullet") || is_named(k, "abstractNum")); k = k->next)
        dgl_docx_serialize(k, b);
    put_abstracts(n, b);
    for (; k && is_named(k, "num"); k = k->next)
        dgl_docx_serialize(k, b);
    put_nums(n, b);
    for (; k; k = k->next)
        dgl_docx_serialize(k, b);
    dgl_docx_put_close(root, b);
}

enum dgl_status dgl_numbering_write(struct dgl_docx_writer *w, struct dgl_buf *out, struct dgl_error *err)
{
    const struct dgl_docx_numbering *n = &w->numbering;
    dgl_buf_puts(out, XML_HEAD);
    if (n->tree.root) {
        put_merged(n, out);
    } else {
        dgl_buf_printf(out, "<w:numbering xmlns:w=\"%s\">",
                       w->docx->strict ? "http://purl.oclc.org/ooxml/wordprocessingml/main"
                                       : "http://schemas.openxmlformats.org/wordprocessingml/2006/main");
        put_abstracts(n, out);
        put_nums(n, out);
        dgl_buf_puts(out, "</w:numbering>");
    }
    return dgl_buf_check(out, "the document's numbering", err);
}
