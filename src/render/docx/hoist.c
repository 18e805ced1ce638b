// Moving tags to where they act.
//
//   {%tr for … %}            replaces its row           ┐
//   {%p if … %}              replaces its paragraph     ├ prefixed: the innermost such container goes, all of it
//   {%r …%} {%tc …%}         its run, its cell          ┘
//   {% for %}…{% endfor %}   within one paragraph       stays; runs are cut apart where needed
//                            in different paragraphs    lifted out to stand beside them; those left empty go
//                            in cells of one row        lifted out around the row
//                            in different rows          lifted out beside the rows
//
// A block that begins in the middle of one paragraph and ends in the middle of another is left there ("spliced"): what
// lies between closes one paragraph and opens another of the same form, so leaving it out or repeating it is harmless.
// Whatever cannot be brought to such a form is refused as unbalanced_block.
#include "render/docx/hoist.h"
#include <stdlib.h>
#include <string.h>

bool dgl_docx_is_descendant(const struct dgl_docx_node *n, const struct dgl_docx_node *of)
{
    for (; n; n = n->parent)
        if (n == of)
            return true;
    return false;
}

static struct dgl_docx_node *section_properties(const struct dgl_docx_node *paragraph)
{
    struct dgl_docx_node *pr = dgl_docx_node_child(paragraph, DGL_EL_W_PPR);
    return pr ? dgl_docx_node_child(pr, DGL_EL_W_SECTPR) : NULL;
}

static struct dgl_docx_paragraph *info(const struct dgl_docx_hoist *h, const struct dgl_docx_node *paragraph)
{
    return &h->c->paragraphs[paragraph ? paragraph->paragraph : 0];
}

bool dgl_docx_is_leading(const struct dgl_docx_tag *t)
{
    return t->visible_before == 0;
}

bool dgl_docx_is_trailing(const struct dgl_docx_hoist *h, const struct dgl_docx_tag *t)
{
    return t->visible_before + (t->kind == DGL_TAG_VALUE) >= info(h, t->paragraph)->visible;
}

// Whether anything below `n` shows, tags of kind VALUE included.
bool dgl_docx_shows_something(const struct dgl_docx_node *n)
{
    if (n->kind == DGL_NODE_TAG)
        return n->tag->kind == DGL_TAG_VALUE && !n->tag->dead;
    if (n->kind == DGL_NODE_TEXT) {
        for (size_t i = 0; i < n->text.len; i++)
            if (!strchr(" \t\r\n", n->text.data[i]) && (uint8_t)n->text.data[i] != 0xC2 &&
                (uint8_t)n->text.data[i] != 0xA0)
                return true;
        return false;
    }
    switch (n->el) {
    case DGL_EL_W_PPR:
    case DGL_EL_W_RPR:
    case DGL_EL_W_TCPR:
    case DGL_EL_W_TRPR:
    case DGL_EL_W_TBLPR:
    case DGL_EL_W_TBLGRID:
        return false;
    case DGL_EL_W_OTHER:
    case DGL_EL_OTHER:
        if (!n->first)
            return true;
        break;
    default:
        if (!n->first && !dgl_docx_is_visible(n))
            return false;
    }
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        if (dgl_docx_shows_something(k))
            return true;
    return n->el == DGL_EL_W_BR && dgl_docx_is_visible(n);
}

// ---- {%- and -%}

// The node before (or after) `n` in document order within `root`; properties count as one node.
static struct dgl_docx_node *neighbour(struct dgl_docx_node *n, const struct dgl_docx_node *root, bool back)
{
    struct dgl_docx_node *to = back ? n->prev : n->next;
    while (!to) {
        n = n->parent;
        if (!n || n == root)
            return NULL;
        to = back ? n->prev : n->next;
    }
    while (to->kind == DGL_NODE_ELEMENT && to->el != DGL_EL_W_RPR && to->el != DGL_EL_W_PPR &&
           (back ? to->last : to->first))
        to = back ? to->last : to->first;
    return to;
}

// Takes away the line breaks next to a tag.
static void strip_breaks(struct dgl_docx_node *tag, const struct dgl_docx_node *paragraph, bool back)
{
    struct dgl_docx_node *n = neighbour(tag, paragraph, back);
    while (n) {
        struct dgl_docx_node *next = neighbour(n, paragraph, back);
        if (n->kind != DGL_NODE_ELEMENT)
            return;
        if ((n->el == DGL_EL_W_BR || n->el == DGL_EL_W_CR) && !dgl_docx_is_visible(n))
            dgl_docx_node_unlink(n);
        else if (dgl_docx_is_visible(n) && n->el != DGL_EL_W_R && n->el != DGL_EL_W_T)
            return;
        n = next;
    }
}

// Takes away the blanks beside a tag in its own run, as Jinja2 does. Those of other runs and of paragraphs that were
// joined were put there to be seen.
static void strip_blanks(const struct dgl_docx_tag *t, bool back)
{
    struct dgl_docx_node *n = back ? t->node->prev : t->node->next;
    if (!n || n->kind != DGL_NODE_TEXT)
        return;
    while (n->text.len && strchr(" \t\r\n", n->text.data[back ? n->text.len - 1 : 0])) {
        n->text.data += !back;
        n->text.len--;
    }
}

// A paragraph without tags was not looked at by the scanner.
static struct dgl_docx_paragraph *counted(const struct dgl_docx_hoist *h, const struct dgl_docx_node *paragraph)
{
    struct dgl_docx_paragraph *p = info(h, paragraph);
    if (!p->had_tags && p->visible == 0)
        p->visible = dgl_docx_shows_something(paragraph);
    return p;
}

// Appends the content of `next` to `first`; `next` goes. `near` is a tag of one of them.
static void join_paragraphs(struct dgl_docx_hoist *h, struct dgl_docx_node *first, struct dgl_docx_node *next,
                            size_t near)
{
    struct dgl_docx_paragraph *into = counted(h, first), *from = counted(h, next);
    // Tags stand in the order of their paragraphs: those of `next` are near.
    size_t i = near;
    while (i > 0 && h->c->tags[i - 1]->paragraph && h->c->tags[i - 1]->paragraph->paragraph >= next->paragraph)
        i--;
    for (; i < h->c->tag_count; i++) {
        struct dgl_docx_tag *t = h->c->tags[i];
        if (t->paragraph && t->paragraph->paragraph > next->paragraph && i > near)
            break;
        if (t->paragraph != next)
            continue;
        t->paragraph = first;
        t->visible_before += into->visible;
    }
    into->visible += from->visible;
    into->had_tags |= from->had_tags;
    for (struct dgl_docx_node *k = next->first, *after; k; k = after) {
        after = k->next;
        if (k->el == DGL_EL_W_PPR && k->kind == DGL_NODE_ELEMENT)
            continue;
        dgl_docx_node_unlink(k);
        dgl_docx_node_append(first, k);
    }
    dgl_docx_node_unlink(next);
}

static struct dgl_docx_node *sibling_paragraph(struct dgl_docx_node *p, bool back)
{
    for (struct dgl_docx_node *n = back ? p->prev : p->next; n; n = back ? n->prev : n->next) {
        if (n->kind != DGL_NODE_ELEMENT || n->el != DGL_EL_W_P)
            return NULL;
        if (section_properties(n))
            return NULL;
        if (dgl_docx_node_child(n, DGL_EL_W_R) || dgl_docx_node_child(n, DGL_EL_W_HYPERLINK) ||
            dgl_docx_node_child(n, DGL_EL_W_SDT))
            return n;
    }
    return NULL;
}

static void drop_between(struct dgl_docx_node *first, struct dgl_docx_node *last)
{
    while (first->next != last)
        dgl_docx_node_unlink(first->next);
}

static void merge_one(struct dgl_docx_hoist *h, struct dgl_docx_tag *t)
{
    if (t->merge_previous) {
        strip_breaks(t->node, t->paragraph, true);
        struct dgl_docx_node *p = t->paragraph;
        struct dgl_docx_node *to = dgl_docx_is_leading(t) && !section_properties(p) ? sibling_paragraph(p, true) : NULL;
        if (to) {
            drop_between(to, p);
            join_paragraphs(h, to, p, t->seq);
            strip_breaks(t->node, to, true);
        } else {
            strip_blanks(t, true);
        }
    }
    if (t->merge_next) {
        strip_breaks(t->node, t->paragraph, false);
        struct dgl_docx_node *p = t->paragraph;
        struct dgl_docx_node *from =
            dgl_docx_is_trailing(h, t) && !section_properties(p) ? sibling_paragraph(p, false) : NULL;
        if (from) {
            drop_between(p, from);
            join_paragraphs(h, p, from, t->seq);
            strip_breaks(t->node, p, false);
        } else {
            strip_blanks(t, false);
        }
    }
}

static void merge_paragraphs(struct dgl_docx_hoist *h)
{
    for (size_t i = 0; i < h->c->tag_count; i++) {
        struct dgl_docx_tag *t = h->c->tags[i];
        if (!t->node || t->prefix != DGL_PREFIX_NONE || !t->paragraph || t->paragraph->el != DGL_EL_W_P)
            continue;
        if (t->kind == DGL_TAG_BLOCK)
            merge_one(h, t);
        if (t->kind == DGL_TAG_VALUE && t->merge_previous)
            strip_blanks(t, true);
        if (t->kind == DGL_TAG_VALUE && t->merge_next)
            strip_blanks(t, false);
    }
}

// ---- prefixes

static enum dgl_docx_element container_of(enum dgl_docx_prefix p)
{
    switch (p) {
    case DGL_PREFIX_TR:
        return DGL_EL_W_TR;
    case DGL_PREFIX_TC:
        return DGL_EL_W_TC;
    case DGL_PREFIX_P:
        return DGL_EL_W_P;
    case DGL_PREFIX_R:
        return DGL_EL_W_R;
    case DGL_PREFIX_NONE:
        break;
    }
    return DGL_EL_OTHER;
}

static const char *prefix_word(enum dgl_docx_prefix p)
{
    return p == DGL_PREFIX_TR ? "row" : p == DGL_PREFIX_TC ? "table cell" : p == DGL_PREFIX_P ? "paragraph" : "run";
}

void dgl_docx_insert_ordered(struct dgl_docx_tag *t, struct dgl_docx_node *at, bool before)
{
    dgl_docx_node_unlink(t->node);
    t->lifted_from = at;
    struct dgl_docx_node *c = at;
    if (before) {
        while (c->prev && c->prev->kind == DGL_NODE_TAG && c->prev->tag->lifted_from == at &&
               c->prev->tag->seq > t->seq)
            c = c->prev;
        dgl_docx_node_before(c, t->node);
    } else {
        while (c->next && c->next->kind == DGL_NODE_TAG && c->next->tag->lifted_from == at &&
               c->next->tag->seq < t->seq)
            c = c->next;
        dgl_docx_node_after(c, t->node);
    }
}

// Tags [first, *ret_end) that stand below `container`.
static size_t tags_below(struct dgl_docx_hoist *h, size_t first, const struct dgl_docx_node *container)
{
    size_t end = first;
    while (end < h->c->tag_count && (!h->c->tags[end]->node || h->c->tags[end]->dead ||
                                     dgl_docx_is_descendant(h->c->tags[end]->node, container)))
        end++;
    return end;
}

static bool in_group(const struct dgl_docx_tag *t, enum dgl_docx_prefix prefix, const struct dgl_docx_node *container)
{
    return t->node && !t->dead && t->prefix == prefix && dgl_docx_node_up(t->node, container_of(prefix)) == container;
}

// {%tr for %} … {%tr endfor %} in one row that shows something: the row is what is repeated.
static bool wraps(struct dgl_docx_hoist *h, size_t from, size_t to, enum dgl_docx_prefix prefix,
                  const struct dgl_docx_node *container)
{
    int depth = 0, opened = 0;
    for (size_t i = from; i < to; i++) {
        const struct dgl_docx_tag *t = h->c->tags[i];
        if (!in_group(t, prefix, container))
            continue;
        if (t->kind != DGL_TAG_BLOCK || t->role == DGL_BLOCK_CONTINUES)
            return false;
        depth += t->role == DGL_BLOCK_OPENS;
        opened += t->role == DGL_BLOCK_OPENS;
        depth -= t->role == DGL_BLOCK_CLOSES;
        if (depth < 0)
            return false;
    }
    return depth == 0 && opened > 0 && dgl_docx_shows_something(container);
}

static void remember_properties(struct dgl_docx_tag *t)
{
    struct dgl_docx_node *run = dgl_docx_node_up(t->node, DGL_EL_W_R);
    t->run_pr = run ? dgl_docx_node_child(run, DGL_EL_W_RPR) : NULL;
    t->para_pr = t->paragraph ? dgl_docx_node_child(t->paragraph, DGL_EL_W_PPR) : NULL;
}

static void empty_but_properties(struct dgl_docx_node *paragraph)
{
    for (struct dgl_docx_node *k = paragraph->first, *next; k; k = next) {
        next = k->next;
        if (k->kind != DGL_NODE_ELEMENT || k->el != DGL_EL_W_PPR)
            dgl_docx_node_unlink(k);
    }
}

static void replace_container(struct dgl_docx_hoist *h, size_t from, size_t to, enum dgl_docx_prefix prefix,
                              struct dgl_docx_node *container)
{
    // A section ends with its last paragraph: that one stays, emptied.
    bool keep = prefix == DGL_PREFIX_P && section_properties(container) != NULL;
    for (size_t i = from; i < to; i++) {
        struct dgl_docx_tag *t = h->c->tags[i];
        if (!t->node || t->dead)
            continue;
        if (!in_group(t, prefix, container) || t->kind == DGL_TAG_COMMENT) {
            t->dead = true;
            dgl_docx_node_unlink(t->node);
            continue;
        }
        remember_properties(t);
        dgl_docx_insert_ordered(t, container, !(keep && t->role == DGL_BLOCK_OPENS));
    }
    if (dgl_docx_shows_something(container))
        dgl_docx_complain(h->c, DGL_DIAGNOSTIC_WARNING, "content_replaced", h->c->tags[from]->place,
                          "the %s with this tag holds more than the tag; all of it is replaced", prefix_word(prefix));
    struct dgl_docx_node *table = prefix == DGL_PREFIX_TC ? dgl_docx_node_up(container, DGL_EL_W_TBL) : NULL;
    if (table)
        table->lost_cells = true;
    if (keep)
        empty_but_properties(container);
    else
        dgl_docx_node_unlink(container);
}

static void wrap_container(struct dgl_docx_hoist *h, size_t from, size_t to, enum dgl_docx_prefix prefix,
                           struct dgl_docx_node *container)
{
    for (size_t i = from; i < to; i++) {
        struct dgl_docx_tag *t = h->c->tags[i];
        if (in_group(t, prefix, container))
            dgl_docx_insert_ordered(t, container, t->role != DGL_BLOCK_CLOSES);
    }
}

static void hoist_prefixed(struct dgl_docx_hoist *h, enum dgl_docx_prefix prefix)
{
    for (size_t i = 0; i < h->c->tag_count; i++) {
        struct dgl_docx_tag *t = h->c->tags[i];
        if (!t->node || t->dead || t->prefix != prefix || t->lifted_from)
            continue;
        struct dgl_docx_node *container = dgl_docx_node_up(t->node, container_of(prefix));
        if (!container || !container->parent) {
            dgl_docx_complain(h->c, DGL_DIAGNOSTIC_ERROR, "misplaced_tag", t->place,
                              "syntax error: unexpected prefix, the tag %.*s is not inside a %s", (int)t->source.len,
                              t->source.data, prefix_word(prefix));
            h->failed = true;
            continue;
        }
        size_t end = tags_below(h, i, container);
        if (wraps(h, i, end, prefix, container))
            wrap_container(h, i, end, prefix, container);
        else
            replace_container(h, i, end, prefix, container);
    }
}

// Tags of an outer row that stand before those of an inner one are found first, so one pass from the left is enough,
// except that tags_below must begin at the container's first tag, which may have another prefix.
static void hoist_prefixes(struct dgl_docx_hoist *h)
{
    static const enum dgl_docx_prefix order[] = {DGL_PREFIX_TR, DGL_PREFIX_TC, DGL_PREFIX_P};
    for (size_t p = 0; p < DGL_COUNT(order); p++)
        hoist_prefixed(h, order[p]);
    // What a replaced container held before its first prefixed tag is gone with it.
    for (size_t i = 0; i < h->c->tag_count; i++) {
        struct dgl_docx_tag *t = h->c->tags[i];
        if (t->node && !t->dead && !dgl_docx_is_descendant(t->node, h->c->part->tree.root))
            t->dead = true;
    }
}

// ---- content controls

struct balance {
    int depth, lowest;
    bool any; // tags
};

static void weigh(const struct dgl_docx_node *n, struct balance *b)
{
    if (n->kind == DGL_NODE_TAG) {
        b->any = true;
        b->depth += n->tag->role == DGL_BLOCK_OPENS;
        b->lowest = DGL_MIN(b->lowest, b->depth - (n->tag->role != DGL_BLOCK_NONE));
        b->depth -= n->tag->role == DGL_BLOCK_CLOSES;
    }
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        weigh(k, b);
}

static void unwrap(struct dgl_docx_node *control, struct dgl_docx_node *content)
{
    for (struct dgl_docx_node *k = content->first, *next; k; k = next) {
        next = k->next;
        dgl_docx_node_unlink(k);
        dgl_docx_node_before(control, k);
    }
    dgl_docx_node_unlink(control);
}

static bool is_named(const struct dgl_docx_node *n, const char *local)
{
    size_t len = strlen(local);
    return n->kind == DGL_NODE_ELEMENT && n->qname.len > len && n->qname.data[n->qname.len - len - 1] == ':' &&
           memcmp(n->qname.data + n->qname.len - len, local, len) == 0;
}

// Word would put what the control is bound to, or its grey prompt, in place of what was filled in.
static void drop_binding(const struct dgl_docx_node *control)
{
    struct dgl_docx_node *pr = dgl_docx_node_child(control, DGL_EL_W_SDTPR);
    for (struct dgl_docx_node *k = pr ? pr->first : NULL, *next; k; k = next) {
        next = k->next;
        if (is_named(k, "dataBinding") || is_named(k, "showingPlcHdr"))
            dgl_docx_node_unlink(k);
    }
}

bool dgl_docx_is_balanced(const struct dgl_docx_node *n)
{
    struct balance b = {.depth = 0};
    weigh(n, &b);
    return b.depth == 0 && b.lowest >= 0;
}

// A control around one tag of a block only would part it from the others: such a control goes, what it holds stays.
static void settle_controls(struct dgl_docx_node *n)
{
    for (struct dgl_docx_node *k = n->first, *next; k; k = next) {
        next = k->next;
        settle_controls(k);
        struct dgl_docx_node *content = k->el == DGL_EL_W_SDT ? dgl_docx_node_child(k, DGL_EL_W_SDTCONTENT) : NULL;
        if (!content)
            continue;
        struct balance b = {.depth = 0};
        weigh(content, &b);
        if (b.any)
            drop_binding(k);
        if (b.depth != 0 || b.lowest < 0)
            unwrap(k, content);
    }
}

// ---- cutting runs

static bool can_split(const struct dgl_docx_node *n)
{
    switch (n->el) {
    case DGL_EL_W_T:
    case DGL_EL_W_R:
    case DGL_EL_W_HYPERLINK:
    case DGL_EL_W_INS:
    case DGL_EL_W_MOVETO:
    case DGL_EL_W_SMARTTAG:
        return true;
    default:
        return false;
    }
}

bool dgl_docx_can_reach(const struct dgl_docx_node *tag, const struct dgl_docx_node *target)
{
    for (const struct dgl_docx_node *n = tag->parent; n && n != target; n = n->parent)
        if (!can_split(n))
            return false;
    return true;
}

static bool is_bare(const struct dgl_docx_node *n) // holds nothing but run properties
{
    return !n->first || (n->first == n->last && n->first->kind == DGL_NODE_ELEMENT && n->first->el == DGL_EL_W_RPR);
}

// Brings the tag up to be a child of `target` by cutting the elements between in two.
void dgl_docx_split_up(struct dgl_docx_hoist *h, struct dgl_docx_tag *t, const struct dgl_docx_node *target)
{
    while (t->node->parent && t->node->parent != target) {
        struct dgl_docx_node *left = t->node->parent;
        struct dgl_docx_node *right = NULL;
        if (t->node->next) {
            right = dgl_docx_node_clone_shallow(h->c->arena, left);
            struct dgl_docx_node *pr = left->el == DGL_EL_W_R ? dgl_docx_node_child(left, DGL_EL_W_RPR) : NULL;
            if (pr)
                dgl_docx_node_append(right, dgl_docx_node_clone(h->c->arena, pr));
            for (struct dgl_docx_node *k = t->node->next, *next; k; k = next) {
                next = k->next;
                dgl_docx_node_unlink(k);
                dgl_docx_node_append(right, k);
            }
        }
        dgl_docx_node_unlink(t->node);
        dgl_docx_node_after(left, t->node);
        if (right)
            dgl_docx_node_after(t->node, right);
        if (is_bare(left))
            dgl_docx_node_unlink(left);
    }
}

static void hoist_runs(struct dgl_docx_hoist *h)
{
    for (size_t i = h->c->tag_count; i-- > 0;) {
        struct dgl_docx_tag *t = h->c->tags[i];
        if (!t->node || t->dead || t->prefix != DGL_PREFIX_R)
            continue;
        struct dgl_docx_node *run = dgl_docx_node_up(t->node, DGL_EL_W_R);
        if (!run || !dgl_docx_can_reach(t->node, run->parent)) {
            dgl_docx_complain(h->c, DGL_DIAGNOSTIC_ERROR, "misplaced_tag", t->place,
                              "syntax error: unexpected prefix, the tag %.*s is not in a run of text",
                              (int)t->source.len, t->source.data);
            h->failed = true;
            continue;
        }
        remember_properties(t);
        dgl_docx_split_up(h, t, run->parent);
        if (t->kind == DGL_TAG_COMMENT)
            dgl_docx_node_unlink(t->node);
    }
}

// ---- colspan, cellbg, vm, hm

static struct dgl_docx_node *synthesize(struct dgl_docx_hoist *h, const struct dgl_docx_tag *from,
                                        enum dgl_docx_tag_kind kind, struct dgl_str inside)
{
    struct dgl_docx_tag *t = DGL_ARENA_NEW(h->c->arena, struct dgl_docx_tag);
    *t = (struct dgl_docx_tag){.kind = kind,
                               .inside = inside,
                               .source = from->source,
                               .place = from->place,
                               .seq = from->seq,
                               .paragraph = from->paragraph};
    if (kind == DGL_TAG_BLOCK)
        t->role = dgl_template_block_role(inside, &t->word);
    t->node = dgl_docx_node_tag(h->c->arena, t);
    return t->node;
}

// Puts an element where the schema wants it: after those that come before it (ECMA-376 Part 1, A.1 CT_TcPrBase).
static struct dgl_docx_node *cell_property_slot(struct dgl_docx_hoist *h, struct dgl_docx_node *cell,
                                                enum dgl_docx_element el)
{
    static const enum dgl_docx_element order[] = {DGL_EL_W_CNFSTYLE, DGL_EL_W_TCW,    DGL_EL_W_GRIDSPAN,
                                                  DGL_EL_W_HMERGE,   DGL_EL_W_VMERGE, DGL_EL_W_TCBORDERS,
                                                  DGL_EL_W_SHD};
    struct dgl_docx_node *pr = dgl_docx_node_child(cell, DGL_EL_W_TCPR);
    if (!pr) {
        pr = dgl_docx_node_element(h->c->arena, DGL_EL_W_TCPR, "w:tcPr", NULL, NULL);
        dgl_docx_node_prepend(cell, pr);
    }
    struct dgl_docx_node *old = dgl_docx_node_child(pr, el);
    if (old)
        dgl_docx_node_unlink(old);
    // A mark that the new element is put before, then taken away.
    struct dgl_docx_node *slot = dgl_docx_node_text(h->c->arena, (struct dgl_str){"", 0});
    struct dgl_docx_node *after = NULL;
    for (size_t i = 0; i < DGL_COUNT(order) && order[i] != el; i++) {
        struct dgl_docx_node *k = dgl_docx_node_child(pr, order[i]);
        if (k)
            after = k;
    }
    if (after && after->next && after->next->kind == DGL_NODE_TAG) // inside an if of vm
        while (after->next && after->next->kind == DGL_NODE_TAG)
            after = after->next;
    if (after)
        dgl_docx_node_after(after, slot);
    else
        dgl_docx_node_prepend(pr, slot);
    return slot;
}

static void put_cell_property(struct dgl_docx_hoist *h, struct dgl_docx_node *cell, struct dgl_docx_node *property)
{
    struct dgl_docx_node *slot = cell_property_slot(h, cell, property->el);
    dgl_docx_node_before(slot, property);
    dgl_docx_node_unlink(slot);
}

static struct dgl_str after_word(struct dgl_str inside, const char *word)
{
    size_t n = strlen(word);
    return dgl_str_trim((struct dgl_str){inside.data + n, inside.len - n});
}

static void set_span(struct dgl_docx_hoist *h, struct dgl_docx_tag *t, struct dgl_docx_node *cell,
                     struct dgl_str expression)
{
    struct dgl_docx_node *span = dgl_docx_node_element(h->c->arena, DGL_EL_W_GRIDSPAN, "w:gridSpan", NULL, NULL);
    span->tag = synthesize(h, t, DGL_TAG_VALUE, expression)->tag;
    put_cell_property(h, cell, span);
}

static void set_fill(struct dgl_docx_hoist *h, struct dgl_docx_tag *t, struct dgl_docx_node *cell)
{
    struct dgl_docx_node *shd = dgl_docx_node_element(h->c->arena, DGL_EL_W_SHD, "w:shd", NULL, NULL);
    shd->tag = synthesize(h, t, DGL_TAG_VALUE, after_word(t->inside, "cellbg"))->tag;
    put_cell_property(h, cell, shd);
}

static void merge_vertically(struct dgl_docx_hoist *h, struct dgl_docx_tag *t, struct dgl_docx_node *cell)
{
    struct dgl_arena *a = h->c->arena;
    struct dgl_docx_node *slot = cell_property_slot(h, cell, DGL_EL_W_VMERGE);
    dgl_docx_node_before(slot, synthesize(h, t, DGL_TAG_BLOCK, DGL_STR("if loop.first")));
    dgl_docx_node_before(slot, dgl_docx_node_element(a, DGL_EL_W_VMERGE, "w:vMerge", "w:val", "restart"));
    dgl_docx_node_before(slot, synthesize(h, t, DGL_TAG_BLOCK, DGL_STR("else")));
    dgl_docx_node_before(slot, dgl_docx_node_element(a, DGL_EL_W_VMERGE, "w:vMerge", NULL, NULL));
    dgl_docx_node_before(slot, synthesize(h, t, DGL_TAG_BLOCK, DGL_STR("endif")));
    dgl_docx_node_unlink(slot);
    // Word never shows what a continued cell holds.
    dgl_docx_node_after(dgl_docx_node_child(cell, DGL_EL_W_TCPR),
                        synthesize(h, t, DGL_TAG_BLOCK, DGL_STR("if loop.first")));
    dgl_docx_node_append(cell, synthesize(h, t, DGL_TAG_BLOCK, DGL_STR("else")));
    dgl_docx_node_append(cell, dgl_docx_node_element(a, DGL_EL_W_P, "w:p", NULL, NULL));
    dgl_docx_node_append(cell, synthesize(h, t, DGL_TAG_BLOCK, DGL_STR("endif")));
}

static void merge_horizontally(struct dgl_docx_hoist *h, struct dgl_docx_tag *t, struct dgl_docx_node *cell)
{
    struct dgl_docx_node *pr = dgl_docx_node_child(cell, DGL_EL_W_TCPR);
    struct dgl_docx_node *old = pr ? dgl_docx_node_child(pr, DGL_EL_W_GRIDSPAN) : NULL;
    struct dgl_str span = old ? dgl_docx_node_attr_value(old, "val") : (struct dgl_str){"", 0};
    int64_t n = 1;
    struct dgl_str expression = DGL_STR("loop.length");
    if (span.len && dgl_parse_int64(span.data, span.len, 1, 1000, &n) && n > 1)
        expression = dgl_str_of(dgl_arena_printf(h->c->arena, "%d * loop.length", (int)n));
    set_span(h, t, cell, expression);
    struct dgl_docx_node *open = synthesize(h, t, DGL_TAG_BLOCK, DGL_STR("if loop.first"));
    struct dgl_docx_node *close = synthesize(h, t, DGL_TAG_BLOCK, DGL_STR("endif"));
    dgl_docx_node_before(cell, open);
    dgl_docx_node_after(cell, close);
}

static void apply_specials(struct dgl_docx_hoist *h)
{
    for (size_t i = 0; i < h->c->tag_count; i++) {
        struct dgl_docx_tag *t = h->c->tags[i];
        if (!t->node || t->dead || t->special == DGL_SPECIAL_NONE || t->special == DGL_SPECIAL_RAW)
            continue;
        struct dgl_docx_node *cell = dgl_docx_node_up(t->node, DGL_EL_W_TC);
        dgl_docx_node_unlink(t->node);
        t->dead = true;
        if (!cell) {
            dgl_docx_complain(h->c, DGL_DIAGNOSTIC_ERROR, "misplaced_tag", t->place,
                              "syntax error: unexpected tag, %.*s is not inside a table cell", (int)t->source.len,
                              t->source.data);
            h->failed = true;
            continue;
        }
        switch (t->special) {
        case DGL_SPECIAL_COLSPAN:
            set_span(h, t, cell, after_word(t->inside, "colspan"));
            break;
        case DGL_SPECIAL_CELLBG:
            set_fill(h, t, cell);
            break;
        case DGL_SPECIAL_VMERGE:
            merge_vertically(h, t, cell);
            break;
        case DGL_SPECIAL_HMERGE:
            merge_horizontally(h, t, cell);
            break;
        case DGL_SPECIAL_NONE:
        case DGL_SPECIAL_RAW:
            break;
        }
    }
}

// ---- what is left over

static bool holds_tags(const struct dgl_docx_node *n, bool only_plain)
{
    if (n->kind == DGL_NODE_TAG)
        return !only_plain || n->tag->role != DGL_BLOCK_NONE || n->tag->kind != DGL_TAG_BLOCK;
    if (n->kind == DGL_NODE_ELEMENT && n->tag)
        return true;
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        if (holds_tags(k, only_plain))
            return true;
    return false;
}

static bool is_only_block(const struct dgl_docx_node *p)
{
    for (const struct dgl_docx_node *k = p->parent->first; k; k = k->next)
        if (k != p &&
            (k->kind == DGL_NODE_TAG || k->el == DGL_EL_W_P || k->el == DGL_EL_W_TBL || k->el == DGL_EL_W_SDT))
            return false;
    return true;
}

static void lift_plain_tags(struct dgl_docx_node *n, struct dgl_docx_node *container)
{
    for (struct dgl_docx_node *k = n->first, *next; k; k = next) {
        next = k->next;
        if (k->kind == DGL_NODE_TAG)
            dgl_docx_insert_ordered(k->tag, container, true);
        else
            lift_plain_tags(k, container);
    }
}

// A paragraph that held nothing but tags that print nothing leaves no blank line behind.
static void drop_emptied_paragraphs(struct dgl_docx_hoist *h, struct dgl_docx_node *n)
{
    for (struct dgl_docx_node *k = n->first, *next; k; k = next) {
        next = k->next;
        if (k->kind != DGL_NODE_ELEMENT)
            continue;
        bool emptied = k->el == DGL_EL_W_P && k->paragraph && info(h, k)->had_tags && info(h, k)->visible == 0 &&
                       !holds_tags(k, true) && !dgl_docx_shows_something(k);
        if (emptied && !section_properties(k) && !is_only_block(k)) {
            lift_plain_tags(k, k);
            dgl_docx_node_unlink(k);
        } else {
            drop_emptied_paragraphs(h, k);
        }
    }
}

// Rows that held nothing but the tags now beside them.
static bool row_is_spent(const struct dgl_docx_node *row)
{
    bool lifted = (row->prev && row->prev->kind == DGL_NODE_TAG && row->prev->tag->lifted_from == row) ||
                  (row->next && row->next->kind == DGL_NODE_TAG && row->next->tag->lifted_from == row);
    return lifted && !dgl_docx_shows_something(row) && !holds_tags(row, false);
}

static void drop_spent_rows(struct dgl_docx_node *n)
{
    for (struct dgl_docx_node *k = n->first, *next; k; k = next) {
        next = k->next;
        if (k->kind != DGL_NODE_ELEMENT)
            continue;
        if ((k->el == DGL_EL_W_TR || k->el == DGL_EL_W_TC) && row_is_spent(k))
            dgl_docx_node_unlink(k);
        else
            drop_spent_rows(k);
    }
}

// {{ text|markdown }} or {{ subdoc("name") }} alone in its paragraph prints paragraphs: they replace it, as with {{p
// }}.
static bool prints_blocks(struct dgl_str inside)
{
    static const char *const filters[] = {"markdown", "html"};
    if (dgl_str_starts(inside, "subdoc("))
        return true;
    for (size_t i = 0; i < DGL_COUNT(filters); i++) {
        size_t n = strlen(filters[i]);
        if (inside.len <= n || memcmp(inside.data + inside.len - n, filters[i], n) != 0)
            continue;
        struct dgl_str before = dgl_str_trim((struct dgl_str){inside.data, inside.len - n});
        if (before.len && before.data[before.len - 1] == '|')
            return true;
    }
    return false;
}

static void find_blocks(struct dgl_docx_hoist *h)
{
    const struct dgl_docx_compiler *c = h->c;
    for (size_t i = 0; i < c->tag_count; i++) {
        struct dgl_docx_tag *t = c->tags[i];
        const struct dgl_docx_node *p = t->paragraph;
        bool alone = p && p->el == DGL_EL_W_P && info(h, p)->visible == 1 && t->kind == DGL_TAG_VALUE &&
                     (i == 0 || c->tags[i - 1]->paragraph != p) &&
                     (i + 1 == c->tag_count || c->tags[i + 1]->paragraph != p);
        if (alone && t->prefix == DGL_PREFIX_NONE && prints_blocks(t->inside))
            t->prefix = DGL_PREFIX_P;
    }
}

enum dgl_status dgl_docx_hoist(struct dgl_docx_compiler *c, struct dgl_error *err DGL_UNUSED)
{
    struct dgl_docx_hoist h = {.c = c};
    find_blocks(&h);
    settle_controls(c->part->tree.root);
    merge_paragraphs(&h);
    hoist_prefixes(&h);
    hoist_runs(&h);
    apply_specials(&h);
    dgl_docx_settle_blocks(&h);
    drop_emptied_paragraphs(&h, c->part->tree.root);
    drop_spent_rows(c->part->tree.root);
    return DGL_OK;
}
