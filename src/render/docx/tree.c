// Building and changing the tree. Recursion depth is the XML depth, which base/xml.h bounds.
#include "render/docx/tree.h"
#include "render/docx/limits.h"
#include <pthread.h>
#include <string.h>

static const char *const ns_w[] = {"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
                                   "http://purl.oclc.org/ooxml/wordprocessingml/main"};
static const char *const ns_a[] = {"http://schemas.openxmlformats.org/drawingml/2006/main",
                                   "http://purl.oclc.org/ooxml/drawingml/main"};
static const char *const ns_wp[] = {"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
                                    "http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing"};
static const char *const ns_r[] = {"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                                   "http://purl.oclc.org/ooxml/officeDocument/relationships"};
static const char ns_w14[] = "http://schemas.microsoft.com/office/word/2010/wordml";

static const struct {
    const char *name;
    enum dgl_docx_element el;
} w_elements[] = {
#define DGL_X(id, name) {name, DGL_EL_##id},
    DGL_DOCX_ELEMENTS(DGL_X)
#undef DGL_X
};

struct builder {
    struct dgl_arena *arena;
    const char *what;
    uint32_t *nodes_left;
    struct dgl_docx_tree tree;
    struct dgl_docx_node *at;        // open element
    struct dgl_docx_node *text_node; // last text of `at`, still growing
    struct dgl_buf text;
};

// Open addressing over w_elements, made once: names are looked up for every element.
static uint8_t slots[256];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static uint32_t name_hash(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    return h ^ (h >> 15);
}

static void index_names(void)
{
    for (size_t i = 0; i < DGL_COUNT(w_elements); i++) {
        uint32_t at = name_hash(w_elements[i].name) & 255;
        while (slots[at])
            at = (at + 1) & 255;
        slots[at] = (uint8_t)(i + 1);
    }
}

static bool is_ns(const char *ns, const char *const pair[2])
{
    return strcmp(ns, pair[0]) == 0 || strcmp(ns, pair[1]) == 0;
}

enum dgl_docx_element dgl_docx_element_of(const char *ns, const char *name)
{
    if (is_ns(ns, ns_w)) {
        pthread_once(&slots_once, index_names);
        for (uint32_t at = name_hash(name) & 255; slots[at]; at = (at + 1) & 255)
            if (strcmp(w_elements[slots[at] - 1].name, name) == 0)
                return w_elements[slots[at] - 1].el;
        return DGL_EL_W_OTHER;
    }
    if (is_ns(ns, ns_a))
        return strcmp(name, "p") == 0 ? DGL_EL_A_P : strcmp(name, "t") == 0 ? DGL_EL_A_T : DGL_EL_OTHER;
    if (is_ns(ns, ns_wp) && strcmp(name, "docPr") == 0)
        return DGL_EL_WP_DOCPR;
    return DGL_EL_OTHER;
}

bool dgl_docx_is_relationships(const char *ns)
{
    return is_ns(ns, ns_r);
}

static enum dgl_docx_ns ns_of(const char *ns)
{
    if (!*ns)
        return DGL_NS_NONE;
    if (is_ns(ns, ns_w))
        return DGL_NS_W;
    if (dgl_docx_is_relationships(ns))
        return DGL_NS_R;
    if (strcmp(ns, ns_w14) == 0)
        return DGL_NS_W14;
    if (strcmp(ns, "http://www.w3.org/XML/1998/namespace") == 0)
        return DGL_NS_XML;
    return DGL_NS_OTHER;
}

static struct dgl_str copy(struct builder *b, const char *s, size_t len)
{
    char *p = dgl_arena_memdup_try(b->arena, s, len);
    return (struct dgl_str){p ? p : "", p ? len : 0};
}

static struct dgl_str qualified(struct builder *b, const char *prefix, const char *name)
{
    size_t np = strlen(prefix), nn = strlen(name);
    if (np == 0)
        return copy(b, name, nn);
    char *p = dgl_arena_alloc_try(b->arena, np + 1 + nn);
    if (!p)
        return (struct dgl_str){"", 0};
    memcpy(p, prefix, np);
    p[np] = ':';
    memcpy(p + np + 1, name, nn);
    return (struct dgl_str){p, np + 1 + nn};
}

static enum dgl_status take_node(struct builder *b, struct dgl_docx_node **ret, struct dgl_error *err)
{
    struct dgl_docx_node *n = *b->nodes_left > 0 ? dgl_arena_alloc_try(b->arena, sizeof *n) : NULL;
    if (!n)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large",
                             "the template is too large: its parts with tags hold more than %u elements",
                             DGL_DOCX_MAX_NODES);
    (*b->nodes_left)--;
    *ret = n;
    return DGL_OK;
}

static bool keeps_spaces(const struct dgl_docx_node *n)
{
    switch (n->el) {
    case DGL_EL_W_T:
    case DGL_EL_W_INSTRTEXT:
    case DGL_EL_W_DELTEXT:
    case DGL_EL_W_DELINSTRTEXT:
    case DGL_EL_A_T:
    case DGL_EL_OTHER:
        return true;
    default:
        return false;
    }
}

static bool only_spaces(const struct dgl_buf *t)
{
    for (size_t i = 0; i < t->len; i++)
        if (t->data[i] != ' ' && t->data[i] != '\t' && t->data[i] != '\n' && t->data[i] != '\r')
            return false;
    return true;
}

// "{" that is the last character may meet its partner in the next run.
bool dgl_docx_smells_of_tag(const char *s, size_t len)
{
    const char *p = len ? memchr(s, '{', len) : NULL;
    for (; p; p = memchr(p + 1, '{', (size_t)(s + len - p - 1))) {
        size_t rest = (size_t)(s + len - p) - 1;
        if (rest == 0 || p[1] == '{' || p[1] == '%' || p[1] == '#' || p[1] == '_')
            return true;
    }
    return false;
}

static enum dgl_status flush_text(struct builder *b, struct dgl_error *err)
{
    if (b->text.len == 0)
        return DGL_OK;
    DGL_TRY(dgl_buf_check(&b->text, b->what, err));
    if (b->at && (keeps_spaces(b->at) || !only_spaces(&b->text))) {
        struct dgl_docx_node *n = NULL;
        DGL_TRY(take_node(b, &n, err));
        n->kind = DGL_NODE_TEXT;
        n->text = copy(b, b->text.data, b->text.len);
        if (n->text.len != b->text.len)
            return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large", "%s is too large", b->what);
        if (dgl_docx_smells_of_tag(n->text.data, n->text.len))
            b->tree.may_hold_tags = true;
        dgl_docx_node_append(b->at, n);
    }
    dgl_buf_reset(&b->text);
    return DGL_OK;
}

static bool attr_is_noise(enum dgl_docx_ns ns, const char *name)
{
    // Revision save ids and paragraph ids only help Word to compare documents; repeated rows would repeat them.
    if (ns == DGL_NS_W)
        return strncmp(name, "rsid", 4) == 0;
    return ns == DGL_NS_W14 && (strcmp(name, "paraId") == 0 || strcmp(name, "textId") == 0);
}

static enum dgl_status copy_attrs(struct builder *b, const struct dgl_xml_element *e, struct dgl_docx_node *n,
                                  struct dgl_error *err)
{
    size_t total = e->attr_count + e->ns_declared_count;
    if (total == 0)
        return DGL_OK;
    n->attrs = dgl_arena_alloc_try(b->arena, total * sizeof *n->attrs);
    if (!n->attrs)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large", "%s is too large", b->what);
    for (size_t i = 0; i < e->ns_declared_count; i++) {
        const char *prefix = e->ns_declared[2 * i], *uri = e->ns_declared[2 * i + 1];
        if (strcmp(prefix, "w") == 0 && !is_ns(uri, ns_w))
            return DGL_FAIL_SLUG(
                err, DGL_E_UNSUPPORTED, "unsupported_xml",
                "%s uses the prefix \"w\" for something other than WordprocessingML; open the template "
                "in Word and save it again",
                b->what);
        struct dgl_docx_attr *a = &n->attrs[n->attr_count++];
        a->qname = *prefix ? qualified(b, "xmlns", prefix) : copy(b, "xmlns", 5);
        a->local = a->qname;
        a->value = copy(b, uri, strlen(uri));
        a->ns = DGL_NS_XMLNS;
    }
    for (size_t i = 0; i < e->attr_count; i++) {
        const struct dgl_xml_attr *from = &e->attrs[i];
        enum dgl_docx_ns ns = ns_of(from->ns);
        if (attr_is_noise(ns, from->name))
            continue;
        struct dgl_docx_attr *a = &n->attrs[n->attr_count++];
        a->qname = qualified(b, from->prefix, from->name);
        size_t nl = strlen(from->name);
        a->local = a->qname.len >= nl ? (struct dgl_str){a->qname.data + a->qname.len - nl, nl} : a->qname;
        a->value = copy(b, from->value.data, from->value.len);
        a->ns = ns;
        if (dgl_docx_smells_of_tag(a->value.data, a->value.len))
            b->tree.may_hold_tags = true;
        if (a->qname.len == 0 || a->value.len != from->value.len)
            return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large", "%s is too large", b->what);
    }
    return DGL_OK;
}

static enum dgl_status on_start(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    struct builder *b = ctx;
    DGL_TRY(flush_text(b, err));
    struct dgl_docx_node *n = NULL;
    DGL_TRY(take_node(b, &n, err));
    n->el = dgl_docx_element_of(e->ns, e->name);
    if (b->at) {
        dgl_docx_node_append(b->at, n);
    } else {
        b->tree.root = n;
        b->tree.strict = strncmp(e->ns, "http://purl.oclc.org/ooxml/", 27) == 0;
    }
    n->qname = qualified(b, e->prefix, e->name);
    DGL_TRY(copy_attrs(b, e, n, err));
    // DrawingML paragraphs count in charts and diagrams, which hold no others.
    if (n->el == DGL_EL_W_P || (n->el == DGL_EL_A_P && b->tree.root->el == DGL_EL_OTHER))
        n->paragraph = ++b->tree.paragraphs;
    b->at = n;
    return DGL_OK;
}

static enum dgl_status on_end(void *ctx, const char *name DGL_UNUSED, const char *prefix DGL_UNUSED,
                              const char *ns DGL_UNUSED, struct dgl_error *err)
{
    struct builder *b = ctx;
    DGL_TRY(flush_text(b, err));
    b->at = b->at->parent;
    return DGL_OK;
}

static enum dgl_status on_text(void *ctx, struct dgl_str text, struct dgl_error *err)
{
    struct builder *b = ctx;
    if (!dgl_buf_append(&b->text, text.data, text.len))
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "template_too_large", "a text in %s is too large", b->what);
    return DGL_OK;
}

enum dgl_status dgl_docx_tree_parse(struct dgl_arena *a, const char *xml, size_t len, const char *what,
                                    uint32_t *nodes_left, struct dgl_docx_tree *ret, struct dgl_error *err)
{
    struct builder b = {
        .arena = a, .what = what, .nodes_left = nodes_left, .text = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES)};
    struct dgl_xml_handler h = {.start = on_start, .end = on_end, .text = on_text, .ctx = &b};
    enum dgl_status st = dgl_xml_parse(xml, len, what, &h, err);
    dgl_buf_fini(&b.text);
    if (st == DGL_OK)
        *ret = b.tree;
    return st;
}

struct dgl_docx_node *dgl_docx_node_element(struct dgl_arena *a, enum dgl_docx_element el, const char *qname,
                                            const char *attr_qname, const char *attr_value)
{
    struct dgl_docx_node *n = DGL_ARENA_NEW(a, struct dgl_docx_node);
    n->el = el;
    n->qname = dgl_str_of(qname);
    if (attr_qname) {
        n->attrs = DGL_ARENA_NEW(a, struct dgl_docx_attr);
        n->attr_count = 1;
        const char *colon = strchr(attr_qname, ':');
        *n->attrs = (struct dgl_docx_attr){.qname = dgl_str_of(attr_qname),
                                           .local = dgl_str_of(colon ? colon + 1 : attr_qname),
                                           .value = dgl_str_of(attr_value),
                                           .ns = DGL_NS_W};
    }
    return n;
}

struct dgl_docx_node *dgl_docx_node_text(struct dgl_arena *a, struct dgl_str text)
{
    struct dgl_docx_node *n = DGL_ARENA_NEW(a, struct dgl_docx_node);
    n->kind = DGL_NODE_TEXT;
    n->text = text;
    return n;
}

struct dgl_docx_node *dgl_docx_node_tag(struct dgl_arena *a, struct dgl_docx_tag *tag)
{
    struct dgl_docx_node *n = DGL_ARENA_NEW(a, struct dgl_docx_node);
    n->kind = DGL_NODE_TAG;
    n->tag = tag;
    return n;
}

struct dgl_docx_node *dgl_docx_node_clone_shallow(struct dgl_arena *a, const struct dgl_docx_node *n)
{
    struct dgl_docx_node *c = DGL_ARENA_NEW(a, struct dgl_docx_node);
    *c = *n;
    c->parent = c->first = c->last = c->next = c->prev = NULL;
    return c;
}

struct dgl_docx_node *dgl_docx_node_clone(struct dgl_arena *a, const struct dgl_docx_node *n)
{
    struct dgl_docx_node *c = dgl_docx_node_clone_shallow(a, n);
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        dgl_docx_node_append(c, dgl_docx_node_clone(a, k));
    return c;
}

void dgl_docx_node_append(struct dgl_docx_node *parent, struct dgl_docx_node *n)
{
    n->parent = parent;
    n->next = NULL;
    n->prev = parent->last;
    if (parent->last)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
}

void dgl_docx_node_prepend(struct dgl_docx_node *parent, struct dgl_docx_node *n)
{
    if (parent->first)
        dgl_docx_node_before(parent->first, n);
    else
        dgl_docx_node_append(parent, n);
}

void dgl_docx_node_before(struct dgl_docx_node *at, struct dgl_docx_node *n)
{
    n->parent = at->parent;
    n->next = at;
    n->prev = at->prev;
    if (at->prev)
        at->prev->next = n;
    else if (at->parent)
        at->parent->first = n;
    at->prev = n;
}

void dgl_docx_node_after(struct dgl_docx_node *at, struct dgl_docx_node *n)
{
    if (at->next)
        dgl_docx_node_before(at->next, n);
    else
        dgl_docx_node_append(at->parent, n);
}

void dgl_docx_node_unlink(struct dgl_docx_node *n)
{
    if (!n->parent)
        return;
    if (n->prev)
        n->prev->next = n->next;
    else
        n->parent->first = n->next;
    if (n->next)
        n->next->prev = n->prev;
    else
        n->parent->last = n->prev;
    n->parent = n->next = n->prev = NULL;
}

struct dgl_docx_node *dgl_docx_node_child(const struct dgl_docx_node *n, enum dgl_docx_element el)
{
    // Properties come first: paragraphs with thousands of runs are not searched to their end for what is not there.
    unsigned left = el == DGL_EL_W_PPR || el == DGL_EL_W_RPR || el == DGL_EL_W_TCPR ? 4 : UINT32_MAX;
    for (struct dgl_docx_node *k = n->first; k && left > 0; k = k->next, left--)
        if (k->kind == DGL_NODE_ELEMENT && k->el == el)
            return k;
    return NULL;
}

struct dgl_docx_node *dgl_docx_node_up(const struct dgl_docx_node *n, enum dgl_docx_element el)
{
    for (struct dgl_docx_node *p = n->parent; p; p = p->parent) {
        if (p->el == el)
            return p;
        if (p->el == DGL_EL_W_TXBXCONTENT || p->el == DGL_EL_W_FOOTNOTE || p->el == DGL_EL_W_ENDNOTE ||
            p->el == DGL_EL_W_COMMENT)
            return NULL;
    }
    return NULL;
}

const struct dgl_docx_attr *dgl_docx_node_attr(const struct dgl_docx_node *n, const char *local)
{
    for (uint32_t i = 0; i < n->attr_count; i++)
        if (n->attrs[i].ns != DGL_NS_XMLNS && dgl_str_is(n->attrs[i].local, local))
            return &n->attrs[i];
    return NULL;
}

struct dgl_str dgl_docx_node_attr_value(const struct dgl_docx_node *n, const char *local)
{
    const struct dgl_docx_attr *a = dgl_docx_node_attr(n, local);
    return a ? a->value : (struct dgl_str){"", 0};
}
