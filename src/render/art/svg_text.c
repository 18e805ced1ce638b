// Texts of an SVG: runs of one look, each in its place or behind the one before it. Source: SVG 1.1 §10.
#include "render/art/svg_private.h"

#define MAX_RUN_BYTES 65536u
#define MAX_NESTING 16u

// A chunk begins where a place is given (§10.5); its runs lie one behind the other, and `text-anchor` is the chunk's.
struct chunk {
    struct dgl_art_text *first, *last;
    double x, y;         // where it begins, moved by `dy`
    double gap;          // before the next run
    bool begun;          // something of it was set
    bool space;          // between the last run and the next
    struct svg_state st; // of the run that is gathered
    char *text;
    uint32_t len, cap;
};

static struct dgl_art_text *new_run(struct svg *s, const struct chunk *c)
{
    struct dgl_art_text *t = dgl_arena_alloc_try(s->arena, sizeof(*t));
    struct dgl_art_item *item = t ? dgl_art_add(s->art, DGL_ART_TEXT) : NULL;
    char *copy = item ? dgl_arena_memdup_try(s->arena, c->text, c->len) : NULL;
    if (item && !copy)
        item->kind = DGL_ART_PATH; // an empty one
    if (!copy)
        return NULL;
    t->text = (struct dgl_str){copy, c->len};
    item->text = t;
    return t;
}

static void flush(struct svg *s, struct chunk *c)
{
    const struct svg_style *st = &c->st.style;
    const double unit[4] = {0, 0, 1, 1}, view[2] = {c->st.width, c->st.height};
    bool space = c->len && c->text[c->len - 1] == ' ';
    c->len -= space; // it goes before the next run, if there is one
    struct dgl_art_text *t = c->len && !st->hidden ? new_run(s, c) : NULL;
    if (t) {
        struct dgl_art_paint fill = svg_paint_of(s, &st->fill, st->fill_opacity, unit, view, &c->st.m);
        if (fill.kind > DGL_ART_SOLID) // in a gradient's first colour
            s->art->lossless = false;
        t->family = st->family;
        t->bold = st->bold;
        t->italic = st->italic;
        t->underline = st->underline;
        t->size = (float)st->font_size;
        t->rgb = fill.rgb;
        t->alpha = fill.kind == DGL_ART_NONE ? 0 : fill.alpha;
        t->anchor = c->first ? c->first->anchor : st->anchor;
        t->gap = (float)c->gap;
        t->m =
            dgl_matrix_join(c->st.m, (struct dgl_matrix){1, 0, 0, 1, c->x, c->y + st->baseline_shift * st->font_size});
        if (!c->first)
            c->first = t;
        if (c->last) // only a chunk of several runs needs to be put together
            c->first->chunk = t->chunk = c->first;
        c->last = t;
        c->gap = 0;
    }
    c->begun |= c->len > 0;
    c->space |= space;
    c->len = 0;
}

static void put_text(struct svg *s, struct chunk *c, struct dgl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i] == '\n' || text.data[i] == '\t' || text.data[i] == '\r' ? ' ' : text.data[i];
        if (byte == ' ' && ((c->len == 0 && (!c->begun || c->space)) || (c->len && c->text[c->len - 1] == ' ')))
            continue;
        if (!DGL_ARENA_ROOM(s->arena, c->text, c->cap, c->len + 2, 64, MAX_RUN_BYTES))
            return;
        if (c->len == 0 && c->space && byte != ' ')
            c->text[c->len++] = ' ';
        c->space = false;
        c->text[c->len++] = byte;
    }
}

// A list of places, one a letter, counts with its first.
static double place(struct svg *s, const struct svg_node *n, const char *name, double otherwise, double percent_of,
                    const struct svg_state *st)
{
    const struct dgl_str *v = svg_attr(n, name);
    struct dgl_str at = v ? *v : (struct dgl_str){"", 0};
    double first, second;
    if (svg_number(&at, &first) && svg_number(&at, &second))
        s->art->lossless = false;
    return svg_length_of(n, name, otherwise, percent_of, st);
}

static void begin(struct svg *s, const struct svg_node *n, struct chunk *c, const struct svg_state *st)
{
    if (svg_attr(n, "x") || svg_attr(n, "y")) {
        double x = place(s, n, "x", c->x, st->width, st), y = place(s, n, "y", c->y, st->height, st);
        if (svg_attr(n, "x")) { // a height alone moves what follows, and is no new chunk for what stands beside it
            c->first = c->last = NULL;
            c->begun = c->space = false;
            c->gap = 0;
        }
        c->x = x;
        c->y = y;
    }
    double dx = place(s, n, "dx", 0, st->width, st);
    c->y += place(s, n, "dy", 0, st->height, st);
    if (c->first)
        c->gap += dx;
    else
        c->x += dx;
}

static void gather(struct svg *s, const struct svg_node *n, const struct svg_state *st, struct chunk *c, unsigned depth)
{
    for (const struct svg_node *child = n->first; child && depth < MAX_NESTING && !s->art->cut; child = child->next) {
        if (child->name.len == 0) {
            c->st = *st;
            put_text(s, c, child->text);
            continue;
        }
        if (!dgl_str_is(child->name, "tspan") && !dgl_str_is(child->name, "a")) {
            s->art->lossless &= dgl_str_is(child->name, "title") || dgl_str_is(child->name, "desc");
            continue;
        }
        struct svg_state inner = *st;
        inner.style = svg_style_of(s, child, &st->style);
        if (inner.style.none)
            continue;
        flush(s, c);
        begin(s, child, c, &inner);
        gather(s, child, &inner, c, depth + 1);
        flush(s, c);
    }
}

void svg_text(struct svg *s, const struct svg_node *n, const struct svg_state *st)
{
    struct chunk c = {.st = *st};
    begin(s, n, &c, st);
    gather(s, n, st, &c, 0);
    flush(s, &c);
}
