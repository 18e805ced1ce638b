// Lists a render adds (ECMA-376 Part 1, 17.9). Bullets share one w:num; every numbered list gets its own, with its
// start, over one w:abstractNum of ours or the one a list style of the template uses. The template's own numbering
// stays as it is.
#include "render/docx/emit.h"
#include "render/docx/graft.h"
#include "render/docx/rich.h"
#include <stdlib.h>
#include <string.h>

#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

bool dgl_docx_named(const struct dgl_docx_node *n, const char *local)
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
            if (dgl_docx_named(k, "abstractNum"))
                max_abstract = DGL_MAX(max_abstract, number(k, "abstractNumId"));
            else if (dgl_docx_named(k, "num"))
                max_num = DGL_MAX(max_num, number(k, "numId"));
        }
    }
    n->first_abstract = max_abstract + 1;
    n->first_num = max_num + 1;
    n->ready = true;
    return DGL_OK;
}

// The abstract list behind a number of the template.
static bool find_abstract(const struct dgl_docx_tree *t, uint32_t num, uint32_t *ret)
{
    for (const struct dgl_docx_node *k = t->root ? t->root->first : NULL; k; k = k->next) {
        if (!dgl_docx_named(k, "num") || number(k, "numId") != num)
            continue;
        for (const struct dgl_docx_node *a = k->first; a; a = a->next)
            if (dgl_docx_named(a, "abstractNumId")) {
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

static enum dgl_status add_list(struct dgl_docx_writer *w, struct dgl_docx_new_list list, uint32_t *ret,
                                struct dgl_error *err)
{
    struct dgl_docx_numbering *n = &w->numbering;
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
    n->lists[n->count] = list;
    n->used = true;
    *ret = n->first_num + 1 + (uint32_t)n->count++;
    return DGL_OK;
}

enum dgl_status dgl_numbering_list(struct dgl_docx_writer *w, unsigned level, int64_t start, uint32_t base,
                                   uint32_t *ret, struct dgl_error *err)
{
    DGL_TRY(prepare(w, err));
    uint32_t abstract = w->numbering.first_abstract + 1;
    if (base)
        find_abstract(&w->numbering.tree, base, &abstract);
    return add_list(w,
                    (struct dgl_docx_new_list){.abstract = abstract, .level = (uint8_t)level, .start = (uint16_t)start},
                    ret, err);
}

// ---- lists of other documents

void dgl_docx_set_attr(struct dgl_arena *a, struct dgl_docx_node *n, const char *local, struct dgl_str value)
{
    struct dgl_docx_attr *own = dgl_arena_alloc(a, (n->attr_count + 1) * sizeof *own); // clones share theirs
    if (n->attr_count)
        memcpy(own, n->attrs, n->attr_count * sizeof *own);
    n->attrs = own;
    for (uint32_t i = 0; i < n->attr_count; i++)
        if (own[i].ns != DGL_NS_XMLNS && dgl_str_is(own[i].local, local)) {
            own[i].value = value;
            return;
        }
    const char *colon = memchr(n->qname.data, ':', n->qname.len);
    int prefix = colon ? (int)(colon - n->qname.data) + 1 : 0;
    own[n->attr_count++] =
        (struct dgl_docx_attr){.qname = dgl_str_of(dgl_arena_printf(a, "%.*s%s", prefix, n->qname.data, local)),
                               .local = dgl_str_of(dgl_arena_strdup(a, local)),
                               .value = value,
                               .ns = DGL_NS_W};
}

struct dgl_str dgl_docx_number_text(struct dgl_arena *a, uint32_t number)
{
    return dgl_str_of(dgl_arena_printf(a, "%u", number));
}

static bool declares(const struct dgl_docx_node *n, const struct dgl_docx_attr *what)
{
    for (uint32_t i = 0; n && i < n->attr_count; i++)
        if (dgl_str_equal(n->attrs[i].qname, what->qname))
            return dgl_str_equal(n->attrs[i].value, what->value);
    return false;
}

void dgl_docx_declare(struct dgl_arena *a, struct dgl_docx_node *n, const struct dgl_docx_node *root,
                      const struct dgl_docx_node *known)
{
    uint32_t count = n->attr_count;
    struct dgl_docx_attr *own = dgl_arena_alloc(a, (n->attr_count + root->attr_count + 1) * sizeof *own);
    if (count)
        memcpy(own, n->attrs, count * sizeof *own);
    for (uint32_t i = 0; i < root->attr_count; i++) {
        bool there = root->attrs[i].ns != DGL_NS_XMLNS || declares(known, &root->attrs[i]);
        for (uint32_t k = 0; k < n->attr_count && !there; k++)
            there = dgl_str_equal(n->attrs[k].qname, root->attrs[i].qname);
        if (!there)
            own[count++] = root->attrs[i];
    }
    n->attrs = own;
    n->attr_count = count;
}

static const struct dgl_docx_node *numbered(const struct dgl_docx_tree *t, const char *element, const char *attr,
                                            uint32_t wanted)
{
    for (const struct dgl_docx_node *k = t->root ? t->root->first : NULL; k; k = k->next)
        if (dgl_docx_named(k, element) && number(k, attr) == wanted)
            return k;
    return NULL;
}

// What ties a list to its document: its identity there and pictures of bullets.
static void make_own(struct dgl_docx_node *n)
{
    static const char *const ties[] = {"nsid", "tmpl", "lvlPicBulletId", "styleLink", "numStyleLink"};
    for (struct dgl_docx_node *k = n->first, *next; k; k = next) {
        next = k->next;
        bool tie = false;
        for (size_t i = 0; i < DGL_COUNT(ties); i++)
            tie |= dgl_docx_named(k, ties[i]);
        if (tie)
            dgl_docx_node_unlink(k);
        else
            make_own(k);
    }
}

enum dgl_status dgl_numbering_copy(struct dgl_docx_writer *w, const struct dgl_docx_tree *from, uint32_t num,
                                   uint32_t *ret, struct dgl_error *err)
{
    struct dgl_arena *a = w->env->arena;
    uint32_t there = 0;
    const struct dgl_docx_node *list = numbered(from, "num", "numId", num);
    *ret = 0;
    if (!list || !find_abstract(from, num, &there))
        return DGL_OK;
    const struct dgl_docx_node *abstract = numbered(from, "abstractNum", "abstractNumId", there);
    if (!abstract)
        return DGL_OK;
    DGL_TRY(prepare(w, err));
    struct dgl_docx_numbering *n = &w->numbering;
    struct dgl_docx_node *copy = dgl_docx_node_clone(a, list);
    DGL_TRY(add_list(w, (struct dgl_docx_new_list){.copied = copy}, ret, err));
    struct dgl_str id = dgl_docx_number_text(a, n->first_abstract + 2 + n->copied_count++);
    dgl_docx_set_attr(a, copy, "numId", dgl_docx_number_text(a, *ret));
    for (struct dgl_docx_node *k = copy->first; k; k = k->next)
        if (dgl_docx_named(k, "abstractNumId"))
            dgl_docx_set_attr(a, k, "val", id);
    make_own(copy);
    dgl_docx_declare(a, copy, from->root, NULL);
    struct dgl_docx_node *own = dgl_docx_node_clone(a, abstract);
    dgl_docx_set_attr(a, own, "abstractNumId", id);
    make_own(own);
    dgl_docx_declare(a, own, from->root, NULL);
    own->next = n->copied;
    n->copied = own;
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
    for (const struct dgl_docx_node *k = n->copied; k; k = k->next)
        dgl_docx_serialize(k, b);
}

static void put_nums(const struct dgl_docx_numbering *n, struct dgl_buf *b)
{
    dgl_buf_printf(b, "<w:num w:numId=\"%u\"><w:abstractNumId w:val=\"%u\"/></w:num>", n->first_num, n->first_abstract);
    for (size_t i = 0; i < n->count; i++) {
        if (n->lists[i].copied) {
            dgl_docx_serialize(n->lists[i].copied, b);
            continue;
        }
        dgl_buf_printf(b,
                       "<w:num w:numId=\"%u\"><w:abstractNumId w:val=\"%u\"/><w:lvlOverride w:ilvl=\"%u\">"
                       "<w:startOverride w:val=\"%u\"/></w:lvlOverride></w:num>",
                       n->first_num + 1 + (uint32_t)i, n->lists[i].abstract, n->lists[i].level, n->lists[i].start);
    }
}

// Order of w:numbering: w:numPicBullet, w:abstractNum, w:num, w:numIdMacAtCleanup.
static void put_merged(const struct dgl_docx_numbering *n, struct dgl_buf *b)
{
    const struct dgl_docx_node *root = n->tree.root, *k = root->first;
    dgl_docx_put_open(root, b);
    for (; k && (dgl_docx_named(k, "numPicBullet") || dgl_docx_named(k, "abstractNum")); k = k->next)
        dgl_docx_serialize(k, b);
    put_abstracts(n, b);
    for (; k && dgl_docx_named(k, "num"); k = k->next)
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
