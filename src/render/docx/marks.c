// Ranges that begin and end with marks of their own: bookmarks, comments, permissions (ECMA-376 Part 1, §17.13).
//
// A range stays when both of its marks are there and the same loop holds them, or none does. Half a range goes, and so
// does one that a loop would begin again and again and end once. In a loop every turn has a range of its own: a fresh
// id, and a bookmark's name with _2, _3… behind it. A comment has a third mark, its reference, and the same id names
// its text in another part; whether turns have texts of their own, copies.c says.
#include "render/docx/emit.h"
#include <stdlib.h>
#include <string.h>

enum piece { PIECE_START, PIECE_END, PIECE_REFERENCE, PIECES };
struct met { // one mark
    struct dgl_str key;
    uint32_t loop;
    enum piece piece;
};
struct walk {
    struct dgl_docx_emit *e;
    struct met *marks;
    size_t count, cap;
    uint32_t loops_met;
    uint32_t open[DGL_TEMPLATE_MAX_NESTING + 1]; // the innermost loop inside each open block
    unsigned open_count;
};

// ---- keys: one letter for the kind of range, then its id

#define MAX_KEY 64u

static bool kind_of(const struct dgl_docx_node *n, char *ret_kind, enum piece *ret_piece)
{
    enum dgl_docx_note_kind note;
    switch (n->el) {
    case DGL_EL_W_BOOKMARKSTART:
    case DGL_EL_W_BOOKMARKEND:
        *ret_kind = 'b';
        *ret_piece = n->el == DGL_EL_W_BOOKMARKSTART ? PIECE_START : PIECE_END;
        return true;
    case DGL_EL_W_COMMENTRANGESTART:
    case DGL_EL_W_COMMENTRANGEEND:
        *ret_kind = 'c';
        *ret_piece = n->el == DGL_EL_W_COMMENTRANGESTART ? PIECE_START : PIECE_END;
        return true;
    case DGL_EL_W_PERMSTART:
    case DGL_EL_W_PERMEND:
        *ret_kind = 'p';
        *ret_piece = n->el == DGL_EL_W_PERMSTART ? PIECE_START : PIECE_END;
        return true;
    case DGL_EL_W_OTHER:
        *ret_kind = 'c';
        *ret_piece = PIECE_REFERENCE;
        return dgl_docx_note_kind_of(n, "Reference", &note) && note == DGL_NOTE_COMMENT;
    default:
        return false;
    }
}

static struct dgl_str key_of(const struct dgl_docx_node *n, char kind, char bytes[MAX_KEY])
{
    struct dgl_str id = dgl_docx_node_attr_value(n, "id");
    size_t len = DGL_MIN(id.len, (size_t)MAX_KEY - 2);
    bytes[0] = kind;
    memcpy(bytes + 1, id.data, len);
    return (struct dgl_str){bytes, len + 1};
}

static int by_key(const void *a, const void *b)
{
    const struct dgl_str *x = a, *y = b;
    int c = memcmp(x->data, y->data, DGL_MIN(x->len, y->len));
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

// ---- which of them stay

static void follow_block(struct walk *w, const struct dgl_docx_tag *tag)
{
    if (tag->kind != DGL_TAG_BLOCK || !tag->word)
        return;
    if (tag->role == DGL_BLOCK_OPENS) {
        uint32_t outer = w->open_count ? w->open[DGL_MIN(w->open_count, DGL_COUNT(w->open)) - 1] : 0;
        bool repeats = dgl_docx_open_kind_of(tag) != DGL_OPEN_PLAIN;
        if (w->open_count < DGL_COUNT(w->open))
            w->open[w->open_count] = repeats ? ++w->loops_met : outer;
        w->open_count++;
    } else if (tag->role == DGL_BLOCK_CLOSES && w->open_count > 0) {
        w->open_count--;
    }
}

static void meet(struct walk *w, const struct dgl_docx_node *n)
{
    char kind = 0, bytes[MAX_KEY];
    enum piece piece = PIECE_START;
    if (!kind_of(n, &kind, &piece))
        return;
    if (w->count == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 32;
        w->marks = dgl_realloc(w->marks, w->cap * sizeof *w->marks);
    }
    struct dgl_str key = key_of(n, kind, bytes);
    w->marks[w->count++] = (struct met){
        .key = {dgl_arena_strndup(w->e->c->arena, key.data, key.len), key.len},
        .loop = w->open_count ? w->open[DGL_MIN(w->open_count, DGL_COUNT(w->open)) - 1] : 0,
        .piece = piece,
    };
}

static void walk(struct walk *w, const struct dgl_docx_node *n)
{
    if (n->kind == DGL_NODE_TAG)
        follow_block(w, n->tag);
    else if (n->kind == DGL_NODE_ELEMENT)
        meet(w, n);
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        walk(w, k);
}

// The marks of one range, from `at`; how many there are goes to *ret_count.
static bool stays(const struct walk *w, size_t at, size_t *ret_count)
{
    bool there[PIECES] = {false}, together = true;
    size_t n = 0;
    for (; at + n < w->count && by_key(&w->marks[at].key, &w->marks[at + n].key) == 0; n++) {
        there[w->marks[at + n].piece] = true;
        together &= w->marks[at + n].loop == w->marks[at].loop;
    }
    *ret_count = n;
    return there[PIECE_START] && there[PIECE_END] && together;
}

static struct dgl_docx_marks marks_of(struct dgl_docx_emit *e, const struct dgl_docx_compiler *c)
{
    struct walk w = {.e = e};
    walk(&w, c->part->tree.root);
    struct dgl_docx_marks found = {.of = c, .first = e->mark_count};
    if (w.count) {
        qsort(w.marks, w.count, sizeof *w.marks, by_key);
        found.keys = dgl_arena_alloc(e->c->arena, w.count * sizeof *found.keys);
    }
    for (size_t i = 0, n = 0; i < w.count; i += n)
        if (stays(&w, i, &n))
            found.keys[found.count++] = w.marks[i].key;
    free(w.marks);
    e->mark_count += (uint32_t)found.count;
    return found;
}

void dgl_docx_use_marks(struct dgl_docx_emit *e, const struct dgl_docx_compiler *c)
{
    size_t i = 0;
    while (i < DGL_COUNT(e->part_marks) && e->part_marks[i].of && e->part_marks[i].of != c)
        i++;
    e->marks = (struct dgl_docx_marks){.of = c};
    if (i == DGL_COUNT(e->part_marks))
        return;
    if (!e->part_marks[i].of)
        e->part_marks[i] = marks_of(e, c);
    e->marks = e->part_marks[i];
}

static bool find(const struct dgl_docx_emit *e, const struct dgl_docx_node *n, char kind, uint32_t *ret_index)
{
    char bytes[MAX_KEY];
    struct dgl_str key = key_of(n, kind, bytes);
    const struct dgl_str *found =
        e->marks.count ? bsearch(&key, e->marks.keys, e->marks.count, sizeof key, by_key) : NULL;
    if (found)
        *ret_index = e->marks.first + (uint32_t)(found - e->marks.keys);
    return found != NULL;
}

bool dgl_docx_find_mark(const struct dgl_docx_emit *e, const struct dgl_docx_node *n, struct dgl_docx_mark *ret)
{
    enum piece piece = PIECE_START;
    if (e->marks.count == 0 || !kind_of(n, &ret->kind, &piece) || piece == PIECE_REFERENCE)
        return false;
    ret->starts = piece == PIECE_START;
    return find(e, n, ret->kind, &ret->index);
}

bool dgl_docx_find_comment_range(const struct dgl_docx_emit *e, const struct dgl_docx_node *reference,
                                 uint32_t *ret_index)
{
    return find(e, reference, 'c', ret_index);
}

bool dgl_docx_drops_mark(struct dgl_docx_emit *e, const struct dgl_docx_node *n)
{
    struct dgl_docx_mark mark;
    if (e->captures || !dgl_docx_find_mark(e, n, &mark)) // what is a value may be printed more than once
        return true;
    return mark.kind == 'c' && e->loops && !dgl_docx_copies_comment(e, n);
}
