// What the sink must know about a value's place: how to open its run and its paragraph again, how much room a picture
// has. Strings are made once per run of text and shared by its tags. XML is written here, too.
#include "render/docx/emit.h"
#include "render/docx/limits.h"
#include <string.h>

#define EMU_PER_TWIP 635u

static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 32;
    return dgl_realloc(items, *cap * size);
}

// ---- bytes

void dgl_docx_put_attr(struct dgl_buf *b, struct dgl_str v)
{
    size_t from = 0;
    for (size_t i = 0; i < v.len; i++) {
        const char *as = NULL;
        switch (v.data[i]) {
        case '&':
            as = "&amp;";
            break;
        case '<':
            as = "&lt;";
            break;
        case '>':
            as = "&gt;";
            break;
        case '"':
            as = "&quot;";
            break;
        case '\n':
            as = "&#10;";
            break;
        case '\r':
            as = "&#13;";
            break;
        case '\t':
            as = "&#9;";
            break;
        default:
            continue;
        }
        dgl_buf_append(b, v.data + from, i - from);
        dgl_buf_puts(b, as);
        from = i + 1;
    }
    dgl_buf_append(b, v.data + from, v.len - from);
}

void dgl_docx_put_text(struct dgl_buf *b, struct dgl_str v)
{
    size_t from = 0;
    for (size_t i = 0; i < v.len; i++) {
        const char *as = NULL;
        switch (v.data[i]) {
        case '&':
            as = "&amp;";
            break;
        case '<':
            as = "&lt;";
            break;
        case '>':
            as = "&gt;";
            break;
        case '\r':
            as = "&#13;";
            break;
        default:
            continue;
        }
        dgl_buf_append(b, v.data + from, i - from);
        dgl_buf_puts(b, as);
        from = i + 1;
    }
    dgl_buf_append(b, v.data + from, v.len - from);
}

void dgl_docx_put_str(struct dgl_buf *b, struct dgl_str s)
{
    dgl_buf_append(b, s.data, s.len);
}

void dgl_docx_put_attribute(struct dgl_buf *b, const struct dgl_docx_attr *a)
{
    dgl_buf_putc(b, ' ');
    dgl_docx_put_str(b, a->qname);
    dgl_buf_puts(b, "=\"");
    dgl_docx_put_attr(b, a->value);
    dgl_buf_putc(b, '"');
}

void dgl_docx_put_open(const struct dgl_docx_node *n, struct dgl_buf *out)
{
    dgl_buf_putc(out, '<');
    dgl_docx_put_str(out, n->qname);
    for (uint32_t i = 0; i < n->attr_count; i++)
        dgl_docx_put_attribute(out, &n->attrs[i]);
    dgl_buf_putc(out, '>');
}

void dgl_docx_put_close(const struct dgl_docx_node *n, struct dgl_buf *out)
{
    dgl_buf_puts(out, "</");
    dgl_docx_put_str(out, n->qname);
    dgl_buf_putc(out, '>');
}

void dgl_docx_serialize(const struct dgl_docx_node *n, struct dgl_buf *out)
{
    if (n->kind == DGL_NODE_TEXT) {
        dgl_docx_put_text(out, n->text);
    } else if (n->kind == DGL_NODE_ELEMENT) {
        dgl_docx_put_open(n, out);
        if (!n->first) { // "<x>" becomes "<x/>"
            out->len--;
            dgl_buf_puts(out, "/>");
            return;
        }
        for (const struct dgl_docx_node *k = n->first; k; k = k->next)
            dgl_docx_serialize(k, out);
        dgl_docx_put_close(n, out);
    }
}

// ---- contexts

uint32_t dgl_docx_add_context(struct dgl_docx_emit *e, struct dgl_docx_context context)
{
    e->contexts = grow(e->contexts, e->context_count, &e->context_cap, sizeof *e->contexts);
    e->contexts[e->context_count] = context;
    return (uint32_t)e->context_count++;
}

struct dgl_str dgl_docx_emit_keep(struct dgl_docx_emit *e, struct dgl_buf *b)
{
    char *p = dgl_arena_memdup_try(e->c->arena, b->data ? b->data : "", b->len);
    struct dgl_str s = {p ? p : "", p ? b->len : 0};
    dgl_buf_reset(b);
    return s;
}

static void put_paragraph_properties(struct dgl_docx_emit *e, const struct dgl_docx_node *pr, struct dgl_buf *b)
{
    if (!pr)
        return;
    struct dgl_docx_node *copy = dgl_docx_node_clone(e->c->arena, pr);
    struct dgl_docx_node *section = dgl_docx_node_child(copy, DGL_EL_W_SECTPR);
    if (section)
        dgl_docx_node_unlink(section);
    dgl_docx_serialize(copy, b);
}

static struct dgl_str run_open(struct dgl_docx_emit *e, const struct dgl_docx_node *pr)
{
    struct dgl_buf b = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    dgl_buf_puts(&b, "<w:r>");
    if (pr)
        dgl_docx_serialize(pr, &b);
    struct dgl_str s = dgl_docx_emit_keep(e, &b);
    dgl_buf_fini(&b);
    return s;
}

static uint32_t width_of_text(struct dgl_docx_emit *e, const struct dgl_docx_node *n)
{
    const struct dgl_docx_node *cell = dgl_docx_node_up(n, DGL_EL_W_TC);
    const struct dgl_docx_node *pr = cell ? dgl_docx_node_child(cell, DGL_EL_W_TCPR) : NULL;
    const struct dgl_docx_node *w = pr ? dgl_docx_node_child(pr, DGL_EL_W_TCW) : NULL;
    int64_t twips = 0;
    if (w && !dgl_str_is(dgl_docx_node_attr_value(w, "type"), "pct")) {
        struct dgl_str v = dgl_docx_node_attr_value(w, "w");
        if (dgl_parse_int64(v.data, v.len, 300, 31680, &twips))
            return (uint32_t)(twips - 216) * EMU_PER_TWIP; // less the usual cell margins
    }
    return e->c->docx->text_width_emu;
}

static bool is_body(const struct dgl_docx_node *n)
{
    while (n && (n->el == DGL_EL_W_SDT || n->el == DGL_EL_W_SDTCONTENT))
        n = n->parent;
    return n && n->el == DGL_EL_W_BODY;
}

// How to leave the paragraph from between its runs and to come back. False: something in between cannot be closed.
static bool paragraph_path(struct dgl_docx_emit *e, const struct dgl_docx_node *holder, struct dgl_docx_context *ret)
{
    const struct dgl_docx_node *chain[16];
    size_t n = 0;
    for (const struct dgl_docx_node *k = holder; k && n < DGL_COUNT(chain); k = k->parent) {
        chain[n++] = k;
        if (k->el == DGL_EL_W_P)
            break;
        if (k->el != DGL_EL_W_HYPERLINK && k->el != DGL_EL_W_INS && k->el != DGL_EL_W_SMARTTAG)
            return false;
        if (k->el == DGL_EL_W_HYPERLINK && dgl_docx_node_attr(k, "id"))
            return false; // its address may be made anew
    }
    if (n == 0 || chain[n - 1]->el != DGL_EL_W_P)
        return false;
    const struct dgl_docx_node *pr = dgl_docx_node_child(chain[n - 1], DGL_EL_W_PPR);
    if (pr && dgl_docx_node_child(pr, DGL_EL_W_SECTPR))
        return false;
    struct dgl_buf b = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    for (size_t i = 0; i < n; i++)
        dgl_docx_put_close(chain[i], &b);
    ret->para_close = dgl_docx_emit_keep(e, &b);
    ret->in_body = is_body(chain[n - 1]->parent);
    for (size_t i = n; i-- > 0;) {
        dgl_docx_put_open(chain[i], &b);
        if (chain[i]->el == DGL_EL_W_P)
            put_paragraph_properties(e, pr, &b);
    }
    ret->para_open = dgl_docx_emit_keep(e, &b);
    dgl_buf_fini(&b);
    return true;
}

static uint32_t text_context(struct dgl_docx_emit *e, const struct dgl_docx_tag *tag)
{
    const struct dgl_docx_node *t = tag->node->parent;
    if (e->context_count && e->context_run == t && e->contexts[e->context_count - 1].image == tag->printing_image)
        return (uint32_t)e->context_count - 1;
    struct dgl_docx_node *run = dgl_docx_node_up(t, DGL_EL_W_R);
    // What is no text of a run has no run to leave for a picture or other looks.
    bool in_run = run && t->parent == run;
    struct dgl_docx_context x = {.where = in_run ? DGL_WHERE_TEXT : DGL_WHERE_PLAIN, .image = tag->printing_image};
    x.run_pr = run ? dgl_docx_node_child(run, DGL_EL_W_RPR) : NULL;
    x.run_open = run_open(e, x.run_pr);
    x.can_split = in_run && run->parent && paragraph_path(e, run->parent, &x);
    x.text_width_emu = width_of_text(e, t);
    e->context_run = t;
    return dgl_docx_add_context(e, x);
}

// {% call %} and {% filter %} print where they stand.
static bool block_prints(const struct dgl_docx_tag *tag)
{
    return tag->kind == DGL_TAG_BLOCK && tag->role == DGL_BLOCK_OPENS && tag->word &&
           (strcmp(tag->word, "call") == 0 || strcmp(tag->word, "filter") == 0);
}

static enum dgl_docx_where where_block_prints(const struct dgl_docx_node *parent)
{
    switch (parent ? parent->el : DGL_EL_OTHER) {
    case DGL_EL_W_P:
    case DGL_EL_W_HYPERLINK:
    case DGL_EL_W_INS:
    case DGL_EL_W_MOVETO:
    case DGL_EL_W_SMARTTAG:
        return DGL_WHERE_RUN;
    case DGL_EL_W_BODY:
    case DGL_EL_W_TC:
    case DGL_EL_W_TXBXCONTENT:
    case DGL_EL_W_HDR:
    case DGL_EL_W_FTR:
    case DGL_EL_W_FOOTNOTE:
    case DGL_EL_W_ENDNOTE:
    case DGL_EL_W_COMMENT:
        return DGL_WHERE_PARAGRAPH;
    case DGL_EL_W_SDTCONTENT:
        return dgl_docx_node_up(parent, DGL_EL_W_P) ? DGL_WHERE_RUN : DGL_WHERE_PARAGRAPH;
    case DGL_EL_W_TBL:
        return DGL_WHERE_ROW;
    case DGL_EL_W_TR:
        return DGL_WHERE_CELL;
    default:
        return DGL_WHERE_PLAIN;
    }
}

static enum dgl_docx_where where_of(const struct dgl_docx_tag *tag)
{
    static const enum dgl_docx_where where[] = {
        [DGL_PREFIX_NONE] = DGL_WHERE_PLAIN, [DGL_PREFIX_R] = DGL_WHERE_RUN,  [DGL_PREFIX_P] = DGL_WHERE_PARAGRAPH,
        [DGL_PREFIX_TC] = DGL_WHERE_CELL,    [DGL_PREFIX_TR] = DGL_WHERE_ROW,
    };
    return tag->kind == DGL_TAG_VALUE ? where[tag->prefix] : where_block_prints(tag->node->parent);
}

uint32_t dgl_docx_context_of(struct dgl_docx_emit *e, const struct dgl_docx_tag *tag)
{
    if (tag->kind != DGL_TAG_VALUE && !block_prints(tag))
        return 0;
    const struct dgl_docx_node *parent = tag->node->parent;
    if ((tag->prefix == DGL_PREFIX_NONE || tag->kind == DGL_TAG_BLOCK) && parent && parent->el == DGL_EL_W_T)
        return text_context(e, tag);
    e->context_run = NULL;
    struct dgl_docx_context x = {.where = where_of(tag), .run_pr = tag->run_pr};
    x.quoted = parent && parent->el == DGL_EL_W_INSTRTEXT && dgl_docx_in_field_quotes(e);
    x.text_width_emu = parent ? width_of_text(e, tag->node) : e->c->docx->text_width_emu;
    x.run_open = run_open(e, tag->run_pr);
    if (x.where == DGL_WHERE_RUN) {
        x.can_split = paragraph_path(e, parent, &x);
    } else if (x.where == DGL_WHERE_PARAGRAPH) {
        struct dgl_buf b = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
        dgl_buf_puts(&b, "<w:p>");
        put_paragraph_properties(e, tag->para_pr, &b);
        x.para_open = dgl_docx_emit_keep(e, &b);
        x.para_close = DGL_STR("</w:p>");
        x.can_split = true;
        x.in_body = is_body(parent);
        dgl_buf_fini(&b);
    }
    return dgl_docx_add_context(e, x);
}
