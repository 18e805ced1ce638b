// Blocks: an opening tag, what continues it and its end belong together as a family. Each family is brought to a form
// in which whatever is repeated or left out is whole: the same run of text, whole runs of one paragraph, whole
// paragraphs, whole rows (see hoist.c for the table).
#include "render/docx/hoist.h"
#include <stdlib.h>
#include <string.h>

// Gives the tags of one block a common family. False: they do not nest; the language's parser says how.
static bool find_families(struct dgl_docx_hoist *h)
{
    struct dgl_docx_compiler *c = h->c;
    struct dgl_docx_tag **open = dgl_alloc((c->tag_count + 1) * sizeof(struct dgl_docx_tag *));
    size_t depth = 0;
    bool good = true;
    for (size_t i = 0; i < c->tag_count && good; i++) {
        struct dgl_docx_tag *t = c->tags[i];
        if (!t->node || t->dead || t->role == DGL_BLOCK_NONE)
            continue;
        if (t->role == DGL_BLOCK_OPENS) {
            t->family = t->seq + 1;
            open[depth++] = t;
            continue;
        }
        good = depth > 0;
        if (!good)
            break;
        t->family = open[depth - 1]->family;
        if (t->role == DGL_BLOCK_CLOSES) {
            good = t->word && open[depth - 1]->word && strcmp(t->word, open[depth - 1]->word) == 0;
            depth--;
        }
    }
    free(open);
    return good && depth == 0;
}

static size_t depth_of(const struct dgl_docx_node *n)
{
    size_t d = 0;
    for (; n->parent; n = n->parent)
        d++;
    return d;
}

static struct dgl_docx_node *common_ancestor(struct dgl_docx_node *a, struct dgl_docx_node *b)
{
    size_t da = depth_of(a), db = depth_of(b);
    for (; da > db; da--)
        a = a->parent;
    for (; db > da; db--)
        b = b->parent;
    while (a != b) {
        a = a->parent;
        b = b->parent;
    }
    return a;
}

static struct dgl_docx_node *child_towards(const struct dgl_docx_node *ancestor, struct dgl_docx_node *n)
{
    while (n && n->parent != ancestor)
        n = n->parent;
    return n;
}

struct family {
    struct dgl_docx_tag **tags;
    size_t count;
    struct dgl_docx_node *meet; // lowest element that holds all of them
};

// Tags without effect on nesting go along with a tag that is lifted past them, so that they keep their order.
static void lift_companions(struct dgl_docx_hoist *h, const struct dgl_docx_tag *t, struct dgl_docx_node *container,
                            bool before)
{
    for (size_t i = t->seq; before && i-- > 0;) {
        struct dgl_docx_tag *k = h->c->tags[i];
        if (k->paragraph != t->paragraph)
            break;
        if (k->node && !k->dead && k->kind == DGL_TAG_BLOCK && k->role == DGL_BLOCK_NONE &&
            dgl_docx_is_descendant(k->node, container))
            dgl_docx_insert_ordered(k, container, true);
    }
    for (size_t i = t->seq + 1; !before && i < h->c->tag_count; i++) {
        struct dgl_docx_tag *k = h->c->tags[i];
        if (k->paragraph != t->paragraph)
            break;
        if (k->node && !k->dead && k->kind == DGL_TAG_BLOCK && k->role == DGL_BLOCK_NONE &&
            dgl_docx_is_descendant(k->node, container))
            dgl_docx_insert_ordered(k, container, false);
    }
}

static void lift(struct dgl_docx_hoist *h, struct dgl_docx_tag *t, struct dgl_docx_node *container, bool before)
{
    if (t->node == container)
        return;
    lift_companions(h, t, container, before);
    dgl_docx_insert_ordered(t, container, before);
}

static void complain_unbalanced(struct dgl_docx_hoist *h, const struct dgl_docx_tag *t, const struct dgl_docx_tag *open,
                                const char *why)
{
    dgl_docx_complain(h->c, DGL_DIAGNOSTIC_ERROR, "unbalanced_block", t->place,
                      "the block that %.*s opens is unbalanced: %.*s stands %s",
                      (int)DGL_MIN(open->source.len, (size_t)100), open->source.data,
                      (int)DGL_MIN(t->source.len, (size_t)100), t->source.data, why);
    h->failed = true;
}

// A row whose cells open and close the block: the tags go around the row.
static void lift_around_row(struct dgl_docx_hoist *h, const struct family *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct dgl_docx_tag *t = f->tags[i];
        if (t->role == DGL_BLOCK_CONTINUES) {
            complain_unbalanced(h, t, f->tags[0], "in the middle of the row that the block repeats or drops");
            return;
        }
        lift(h, t, f->meet, t->role == DGL_BLOCK_OPENS);
    }
}

// Tags in different rows (or cells of a column block): each goes beside its row; a row that shows nothing goes.
static void lift_beside(struct dgl_docx_hoist *h, const struct family *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct dgl_docx_tag *t = f->tags[i];
        struct dgl_docx_node *child = child_towards(f->meet, t->node);
        if (child == t->node)
            continue;
        bool empty = !dgl_docx_shows_something(child);
        if (t->role == DGL_BLOCK_CONTINUES && !empty) {
            complain_unbalanced(h, t, f->tags[0], "in a row or cell that shows something else");
            return;
        }
        lift(h, t, child, t->role != DGL_BLOCK_CLOSES);
    }
}

// Which side of its paragraph a tag can leave by; false when text stands on both sides.
static bool side_of(struct dgl_docx_hoist *h, const struct dgl_docx_tag *t, bool *ret_before)
{
    bool leading = dgl_docx_is_leading(t), trailing = dgl_docx_is_trailing(h, t);
    if (t->role == DGL_BLOCK_CLOSES)
        *ret_before = !trailing;
    else
        *ret_before = leading;
    return leading || trailing;
}

// A comment over several paragraphs with text on both sides: that text belongs together.
static bool is_inner_comment(const struct dgl_docx_hoist *h, const struct family *f)
{
    return dgl_str_starts(f->tags[0]->source, "{#") && !dgl_docx_is_leading(f->tags[0]) &&
           !dgl_docx_is_trailing(h, f->tags[f->count - 1]);
}

static bool lift_out_of_paragraphs(struct dgl_docx_hoist *h, const struct family *f)
{
    bool before = false;
    if (is_inner_comment(h, f))
        return false;
    for (size_t i = 0; i < f->count; i++) {
        struct dgl_docx_node *child = child_towards(f->meet, f->tags[i]->node);
        if (child != f->tags[i]->node && (!side_of(h, f->tags[i], &before) || f->tags[i]->paragraph != child))
            return false;
    }
    for (size_t i = 0; i < f->count; i++) {
        struct dgl_docx_node *child = child_towards(f->meet, f->tags[i]->node);
        if (child != f->tags[i]->node && side_of(h, f->tags[i], &before))
            lift(h, f->tags[i], child, before);
    }
    return true;
}

static void splice(struct dgl_docx_hoist *h, const struct family *f)
{
    for (size_t i = f->count; i-- > 0;) {
        struct dgl_docx_tag *t = f->tags[i];
        struct dgl_docx_node *child = child_towards(f->meet, t->node);
        if (child->kind != DGL_NODE_ELEMENT || child->el != DGL_EL_W_P || !dgl_docx_can_reach(t->node, child)) {
            complain_unbalanced(h, t, f->tags[0], "where its block cannot be brought to whole paragraphs or rows");
            return;
        }
    }
    for (size_t i = f->count; i-- > 0;) {
        dgl_docx_split_up(h, f->tags[i], child_towards(f->meet, f->tags[i]->node));
        f->tags[i]->spliced = true;
    }
}

enum meeting { MEET_DONE, MEET_INLINE, MEET_PARAGRAPHS, MEET_ROW, MEET_ROWS, MEET_BAD };

static enum meeting how_they_meet(const struct family *f)
{
    bool done = true, inline_ = true, paragraphs = true, rows = true, cells = true, direct = false;
    for (size_t i = 0; i < f->count; i++) {
        struct dgl_docx_node *n = f->tags[i]->node, *child = child_towards(f->meet, n);
        if (child == n) {
            direct = true;
            continue;
        }
        done = false;
        inline_ &= dgl_docx_can_reach(n, f->meet);
        paragraphs &= child->el == DGL_EL_W_P;
        rows &= child->el == DGL_EL_W_TR;
        cells &= child->el == DGL_EL_W_TC;
    }
    if (done)
        return MEET_DONE;
    if (inline_)
        return MEET_INLINE;
    if (paragraphs)
        return MEET_PARAGRAPHS;
    if (cells && !direct && f->meet->el == DGL_EL_W_TR)
        return MEET_ROW;
    return rows || cells ? MEET_ROWS : MEET_BAD;
}

// ---- text that Word cut
//
// What stands in a macro, a call, a block of set or a filter becomes a value, and is text when it stands in one run: it
// can be compared, joined, filtered. Runs of the same format are made one for that; those of a filter always are, with
// the format of the first.

// The next node in document order that is no element with content.
static struct dgl_docx_node *next_leaf(struct dgl_docx_node *n, const struct dgl_docx_node *root)
{
    while (n != root && !n->next)
        n = n->parent;
    if (n == root)
        return NULL;
    for (n = n->next; n->kind == DGL_NODE_ELEMENT && n->first && n->el != DGL_EL_W_RPR;)
        n = n->first;
    return n;
}

// What a leaf is as text; NULL data: it is none.
static struct dgl_str leaf_text(const struct dgl_docx_node *n)
{
    if (n->kind == DGL_NODE_TEXT)
        return n->text;
    switch (n->el) {
    case DGL_EL_W_TAB:
        return DGL_STR("\t");
    case DGL_EL_W_BR:
    case DGL_EL_W_CR:
        return dgl_docx_is_visible(n) ? (struct dgl_str){NULL, 0} : DGL_STR("\n");
    case DGL_EL_W_NOBREAKHYPHEN:
        return DGL_STR("\xE2\x80\x91");
    default:
        return dgl_docx_is_visible(n) ? (struct dgl_str){NULL, 0} : DGL_STR("");
    }
}

// The properties of a run that are seen, as XML.
static void put_format(const struct dgl_docx_node *run, struct dgl_buf *out)
{
    const struct dgl_docx_node *pr = dgl_docx_node_child(run, DGL_EL_W_RPR);
    for (const struct dgl_docx_node *k = pr ? pr->first : NULL; k; k = k->next)
        if (!dgl_str_is(k->qname, "w:lang") && !dgl_str_is(k->qname, "w:noProof"))
            dgl_docx_serialize(k, out);
}

static bool same_format(const struct dgl_docx_node *a, const struct dgl_docx_node *b)
{
    DGL_AUTO_FINI(buf) x = DGL_BUF_INIT(1u << 16);
    DGL_AUTO_FINI(buf) y = DGL_BUF_INIT(1u << 16);
    put_format(a, &x);
    put_format(b, &y);
    return !x.failed && x.len == y.len && (x.len == 0 || memcmp(x.data, y.data, x.len) == 0);
}

struct joining {
    struct dgl_docx_node *run; // of the opening tag
    const struct dgl_docx_node *meet, *last;
    bool any_format;
};

static bool can_join(const struct joining *j, struct dgl_docx_node *leaf)
{
    const struct dgl_docx_node *run = dgl_docx_node_up(leaf, DGL_EL_W_R);
    bool here = run && run->parent == j->run->parent;
    bool alike = here && (j->any_format || run == j->run || same_format(run, j->run));
    if (leaf->kind == DGL_NODE_TAG)
        return leaf->parent == j->run->parent || (leaf->tag->kind == DGL_TAG_VALUE ? alike : here);
    struct dgl_str text = leaf_text(leaf);
    return text.data && (text.len == 0 || alike);
}

static bool is_text_between(const struct joining *j, struct dgl_docx_node *from)
{
    struct dgl_docx_node *n = from;
    while ((n = next_leaf(n, j->meet)) && n != j->last)
        if (!can_join(j, n))
            return false;
    return n && can_join(j, n);
}

static bool join_runs(struct dgl_docx_hoist *h, const struct family *f)
{
    static const char *const words[] = {"filter", "macro", "call", "set"};
    struct dgl_docx_tag *first = f->tags[0];
    struct dgl_docx_node *at = first->node;
    struct joining j = {.run = dgl_docx_node_up(at, DGL_EL_W_R),
                        .meet = f->meet,
                        .last = f->tags[f->count - 1]->node,
                        .any_format = strcmp(first->word, words[0]) == 0};
    bool holds_text = false;
    for (size_t i = 0; i < DGL_COUNT(words); i++)
        holds_text |= strcmp(first->word, words[i]) == 0;
    if (!holds_text || !j.run || at->parent->el != DGL_EL_W_T || at->parent->parent != j.run ||
        !is_text_between(&j, at))
        return false;
    for (struct dgl_docx_node *n = next_leaf(at, f->meet), *next; n; n = next) {
        next = n == j.last ? NULL : next_leaf(n, f->meet);
        if (n->kind != DGL_NODE_TAG && leaf_text(n).len == 0)
            continue;
        struct dgl_docx_node *moved = n;
        if (n->kind == DGL_NODE_ELEMENT)
            moved = dgl_docx_node_text(h->c->arena, leaf_text(n));
        dgl_docx_node_unlink(n);
        dgl_docx_node_after(at, moved);
        at = moved;
    }
    return true;
}

static void settle(struct dgl_docx_hoist *h, struct family *f)
{
    f->meet = f->tags[0]->node->parent;
    for (size_t i = 0; i < f->count; i++)
        f->meet = common_ancestor(f->meet, f->tags[i]->node->parent);
    switch (how_they_meet(f)) {
    case MEET_DONE:
        return;
    case MEET_INLINE:
        if (join_runs(h, f))
            return;
        for (size_t i = f->count; i-- > 0;)
            dgl_docx_split_up(h, f->tags[i], f->meet);
        return;
    case MEET_PARAGRAPHS:
        if (!lift_out_of_paragraphs(h, f))
            splice(h, f);
        return;
    case MEET_ROW:
        lift_around_row(h, f);
        return;
    case MEET_ROWS:
        lift_beside(h, f);
        return;
    case MEET_BAD:
        complain_unbalanced(h, f->tags[f->count - 1], f->tags[0],
                            "in another cell, text box or part of the document than the tag it belongs to");
    }
}

static int by_family(const void *a, const void *b)
{
    const struct dgl_docx_tag *x = *(struct dgl_docx_tag *const *)a, *y = *(struct dgl_docx_tag *const *)b;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

// From the last block to the first: cutting runs then moves only what lies between two tags.
static void settle_families(struct dgl_docx_hoist *h)
{
    struct dgl_docx_tag **tags = dgl_alloc((h->c->tag_count + 1) * sizeof(struct dgl_docx_tag *));
    size_t count = 0;
    for (size_t i = 0; i < h->c->tag_count; i++)
        if (h->c->tags[i]->family && !h->c->tags[i]->dead)
            tags[count++] = h->c->tags[i];
    qsort(tags, count, sizeof(struct dgl_docx_tag *), by_family);
    size_t end = count;
    while (end > 0 && !h->failed) {
        size_t from = end - 1;
        while (from > 0 && tags[from - 1]->family == tags[end - 1]->family)
            from--;
        struct family f = {.tags = tags + from, .count = end - from};
        settle(h, &f);
        end = from;
    }
    // Later work may have moved a tag that was in place: look again.
    for (size_t from = 0; from < count && !h->failed;) {
        size_t to = from + 1;
        while (to < count && tags[to]->family == tags[from]->family)
            to++;
        for (size_t i = from; i < to && !h->failed; i++) {
            const struct dgl_docx_node *a = tags[from]->node->parent, *b = tags[i]->node->parent;
            bool same =
                a == b || (tags[from]->spliced && a->el == DGL_EL_W_P && b->el == DGL_EL_W_P && a->parent == b->parent);
            if (!same)
                complain_unbalanced(h, tags[i], tags[from],
                                    "where its block cannot be brought to whole paragraphs or rows");
        }
        from = to;
    }
    free(tags);
}

// ---- the order in the end
//
// Tags are numbered paragraph by paragraph, those of a text box behind those of the paragraph that it hangs in, and
// tags with a prefix are moved before they are settled. A template is read as it stands in the part. Where the two
// disagree about which tags belong together, what was settled is not what is rendered.

struct reading {
    struct dgl_docx_tag **open;
    size_t depth;
    bool settled, nests;                     // as numbered; as read
    struct dgl_docx_tag *stranger, *instead; // the first tag that is read as of another's block
};

static void read_tag(struct reading *r, struct dgl_docx_tag *t)
{
    if (t->role == DGL_BLOCK_OPENS) {
        r->open[r->depth++] = t;
        return;
    }
    r->nests &= r->depth > 0;
    if (!r->nests)
        return;
    struct dgl_docx_tag *top = r->open[r->depth - 1];
    if (!r->stranger && (top->family != t->family || (!r->settled && !t->family))) {
        r->stranger = t;
        r->instead = top;
    }
    if (t->role == DGL_BLOCK_CLOSES) {
        r->nests = t->word && top->word && strcmp(t->word, top->word) == 0;
        r->depth--;
    }
}

static void read_tags(struct reading *r, const struct dgl_docx_node *n)
{
    if (n->kind == DGL_NODE_TAG && n->tag->role != DGL_BLOCK_NONE && r->nests)
        read_tag(r, n->tag);
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        read_tags(r, k);
}

static size_t count_opening(const struct dgl_docx_node *n)
{
    size_t count = n->kind == DGL_NODE_TAG && n->tag->role == DGL_BLOCK_OPENS;
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        count += count_opening(k);
    return count;
}

// What does not nest is the parser's to complain about.
static void check_order(struct dgl_docx_hoist *h, bool settled)
{
    const struct dgl_docx_node *root = h->c->part->tree.root;
    struct reading r = {.open = dgl_alloc((count_opening(root) + 1) * sizeof(struct dgl_docx_tag *)),
                        .settled = settled,
                        .nests = true};
    read_tags(&r, root);
    if (r.nests && r.depth == 0 && r.stranger)
        complain_unbalanced(h, r.stranger, r.instead,
                            "in another cell, text box or part of the document than the tag it belongs to");
    free(r.open);
}

void dgl_docx_settle_blocks(struct dgl_docx_hoist *h)
{
    if (h->failed)
        return;
    bool settled = find_families(h);
    if (settled)
        settle_families(h);
    if (!h->failed)
        check_order(h, settled);
}
