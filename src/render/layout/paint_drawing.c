// Putting drawings on a page: pictures, boxes with text, shapes, groups, vectors.
//
//   turn ┬ figure ┬ fill, picture or vectors ┐
//        │        └──────────────────────────┘ text of the box, as paragraphs of their own
//        └ frame
#include "render/layout/paint.h"

#include "render/layout/chart.h"
#include "render/layout/floats.h"
#include "render/layout/label.h"
#include "render/layout/math.h"
#include "render/layout/shape_art.h"

#include <math.h>
#include <string.h>

// ---- Where ----

static int32_t aligned(uint8_t how, int32_t from, int32_t room, int32_t size, int32_t offset)
{
    return how == 1 ? from : how == 2 ? from + (room - size) / 2 : how == 3 ? from + room - size : from + offset;
}

// Thousandths of a per cent of what an object is placed in (MS-ODRAWXML 2.17.1 pctPosHOffset).
static int32_t share_of(int32_t room, int32_t percent)
{
    return (int32_t)((int64_t)room * percent / 100000);
}

// A box with text does not stand beyond the page's edges: Word moves it onto the page.
static int32_t moved_onto(int32_t at, int32_t size, int32_t page)
{
    return size > page ? at : DGL_MIN(DGL_MAX(at, 0), page - size);
}

void dgl_drawing_place(const struct dgl_canvas *c, const struct dgl_drawing *d, int32_t para_x, int32_t para_y,
                       int32_t *ret_x, int32_t *ret_y, int32_t *ret_w, int32_t *ret_h)
{
    const struct dgl_section *s = c->section;
    int32_t text_w = s->width - s->margin[DGL_LEFT] - s->margin[DGL_RIGHT], w = d->width, h = d->height;
    int32_t text_h = s->height - DGL_MAX(0, s->margin[DGL_TOP]) - DGL_MAX(0, s->margin[DGL_BOTTOM]);
    if (d->percent_width)
        w = (int32_t)((int64_t)(d->percent_of_margin_w ? text_w : s->width) * d->percent_width / 100000);
    if (d->percent_height && !d->grows) // a box as tall as its text keeps that height (Word)
        h = (int32_t)((int64_t)(d->percent_of_margin_h ? text_h : s->height) * d->percent_height / 100000);
    int32_t from = c->column_x, room = c->column_width;
    switch (d->h_rel) {
    case DGL_REL_PAGE:
        from = 0;
        room = s->width;
        break;
    case DGL_REL_MARGIN:
        from = s->margin[DGL_LEFT];
        room = text_w;
        break;
    case DGL_REL_LEFT_MARGIN:
        from = 0;
        room = s->margin[DGL_LEFT];
        break;
    case DGL_REL_RIGHT_MARGIN:
        from = s->width - s->margin[DGL_RIGHT];
        room = s->margin[DGL_RIGHT];
        break;
    case DGL_REL_CHARACTER:
        from = para_x;
        break;
    case DGL_REL_COLUMN:
    case DGL_REL_PARAGRAPH:
    case DGL_REL_LINE:
        if (c->nesting) {
            from = para_x;
        }
        break;
    }
    *ret_x = aligned(d->h_align, from, room, w, d->x + share_of(room, d->percent_x));
    from = para_y;
    room = 0;
    if (d->v_rel == DGL_REL_PAGE) {
        from = 0;
        room = s->height;
    } else if (d->v_rel == DGL_REL_MARGIN) {
        from = DGL_MAX(s->margin[DGL_TOP], 0);
        room = text_h;
    } else if (d->v_rel == DGL_REL_LEFT_MARGIN) {
        from = 0;
        room = DGL_MAX(0, s->margin[DGL_TOP]);
    } else if (d->v_rel == DGL_REL_RIGHT_MARGIN) {
        from = s->height - DGL_MAX(0, s->margin[DGL_BOTTOM]);
        room = DGL_MAX(0, s->margin[DGL_BOTTOM]);
    }
    *ret_y = aligned(d->v_align, from, room, h, d->y + share_of(room, d->percent_y));
    if (d->blocks && !d->table && !d->rotation) {
        *ret_x = moved_onto(*ret_x, w, s->width);
        *ret_y = moved_onto(*ret_y, h, s->height);
    }
    *ret_w = w;
    *ret_h = h;
}

// ---- Boxes, shapes and their text ----

static void paint_frame(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w, int32_t h)
{
    struct dgl_border line = {
        .set = true, .kind = DGL_LINE_SINGLE, .width = DGL_MAX(d->line_width, 250), .color = d->line};
    if (!d->has_line || d->line_width == 0)
        return;
    if (d->kind == DGL_DRAW_LINE) {
        dgl_canvas_line(c, x, d->flip ? y + h : y, w, d->flip ? -h : h, &line);
        return;
    }
    dgl_canvas_line(c, x, y, w, 0, &line);
    dgl_canvas_line(c, x, y + h, w, 0, &line);
    dgl_canvas_line(c, x, y, 0, h, &line);
    dgl_canvas_line(c, x + w, y, 0, h, &line);
}

static void paint_turned_text(struct dgl_canvas *c, const struct dgl_drawing *d, const int32_t room[4])
{
    struct dgl_galley *g = NULL;
    int32_t along = room[3] - d->inset[DGL_TOP] - d->inset[DGL_BOTTOM],
            across = room[2] - d->inset[DGL_LEFT] - d->inset[DGL_RIGHT];
    c->status = dgl_galley_layout(c->env, d->blocks, DGL_MAX(along, DGL_BOX_MIN_WIDTH), c->nesting + 1, &g, c->err);
    if (c->status != DGL_OK)
        return;
    int32_t spare = DGL_MAX(0, across - g->height);
    int32_t shift = d->v_text == DGL_VALIGN_CENTER ? spare / 2 : d->v_text == DGL_VALIGN_BOTTOM ? spare : 0;
    bool down = d->text_turn == 1;
    struct dgl_canvas inside = *c;
    inside.nesting++;
    inside.headings = false;
    inside.background = d->has_fill ? d->fill : c->background;
    inside.column_x = room[0];
    inside.column_width = g->width;
    dgl_paint_turned(&inside, g, d->text_turn,
                     down ? room[0] + room[2] - d->inset[DGL_RIGHT] - shift : room[0] + d->inset[DGL_LEFT] + shift,
                     down ? room[1] + d->inset[DGL_TOP] : room[1] + room[3] - d->inset[DGL_BOTTOM]);
    c->status = inside.status;
}

// What of the text stands in the box: what is left by those before it, as much as fits; in the last one all of it.
static void find_stretch(const struct dgl_drawing *d, const struct dgl_galley *g, struct dgl_mark *from,
                         struct dgl_mark *to)
{
    const struct dgl_chain *chain = d->chain;
    for (unsigned i = 0; i <= d->place_in_chain; i++) {
        *from = i ? *to : dgl_galley_start();
        *to = i + 1 == chain->count ? dgl_galley_end(g) : dgl_galley_fit(g, *from, chain->room[i]);
    }
}

// `room` is the rectangle of the text inside the box before its insets: x, y, width, height.
static void paint_box_text(struct dgl_canvas *c, const struct dgl_drawing *d, const int32_t room[4], int32_t *h)
{
    struct dgl_galley *g = NULL;
    int32_t inner = DGL_MAX(room[2] - d->inset[DGL_LEFT] - d->inset[DGL_RIGHT], DGL_BOX_MIN_WIDTH);
    bool linked = d->chain && d->chain->count > 1 && d->chain->blocks;
    if (linked)
        inner = DGL_MAX(d->chain->width, DGL_BOX_MIN_WIDTH);
    const struct dgl_block *blocks = linked ? d->chain->blocks : d->blocks;
    if (!blocks || c->nesting > DGL_LAYOUT_MAX_NESTING || c->status != DGL_OK)
        return;
    if (d->text_turn) {
        paint_turned_text(c, d, room);
        return;
    }
    c->status = dgl_galley_layout(c->env, blocks, inner, c->nesting + 1, &g, c->err);
    if (c->status != DGL_OK)
        return;
    struct dgl_mark from = dgl_galley_start(), to = dgl_galley_end(g);
    if (linked)
        find_stretch(d, g, &from, &to);
    int32_t need = dgl_galley_height(g, from, to) + d->inset[DGL_TOP] + d->inset[DGL_BOTTOM];
    if (d->grows && !linked)
        *h = DGL_MAX(need + (*h - room[3]), d->min_height);
    int32_t spare = d->grows && !linked ? 0 : room[3] - need; // text taller than its box sticks out where it is held
    int32_t top = room[1] + d->inset[DGL_TOP] +
                  (d->v_text == DGL_VALIGN_CENTER   ? spare / 2
                   : d->v_text == DGL_VALIGN_BOTTOM ? spare
                                                    : 0);
    if (spare < 0 && d->v_text == DGL_VALIGN_TOP)
        top = room[1] + d->inset[DGL_TOP];
    struct dgl_canvas inside = *c;
    inside.nesting++;
    inside.headings = false;
    inside.background = d->has_fill ? d->fill : c->background;
    inside.column_x = room[0] + d->inset[DGL_LEFT];
    inside.column_width = inner;
    dgl_paint_galley(&inside, g, from, to, room[0] + d->inset[DGL_LEFT], top);
    c->status = inside.status;
}

static void paint_shadow(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w, int32_t h)
{
    const struct dgl_art *shadow = dgl_shape_shadow(c->env->arena, d, w, h);
    if (shadow)
        dgl_canvas_box(c, DGL_BOX_ART, x, y, w, h)->art = shadow;
}

// Returns the height, which may follow from the text.
static int32_t paint_shape(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w,
                           int32_t h)
{
    double text[4];
    struct dgl_art *art = dgl_shape_art(c->env->arena, d, w, h, text);
    uint32_t at = c->list->count;
    if (art)
        dgl_canvas_box(c, DGL_BOX_ART, x, y, w, h)->art = art;
    const int32_t room[4] = {x + (int32_t)text[0], y + (int32_t)text[1], (int32_t)(text[2] - text[0]),
                             (int32_t)(text[3] - text[1])};
    int32_t grown = h;
    paint_box_text(c, d, room, &grown);
    if (grown != h && art && at < c->list->count && (art = dgl_shape_art(c->env->arena, d, w, grown, text))) {
        c->list->boxes[at].h = grown;
        c->list->boxes[at].art = art;
    }
    return grown;
}

static int32_t paint_plain_box(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w,
                               int32_t h)
{
    uint32_t at = c->list->count; // the fill goes below the text, but its height may follow from it
    const int32_t room[4] = {x, y, w, h};
    struct dgl_box *fill = d->has_fill && d->kind == DGL_DRAW_BOX ? dgl_canvas_box(c, DGL_BOX_RECT, x, y, w, h) : NULL;
    if (fill)
        fill->color = d->fill;
    paint_box_text(c, d, room, &h);
    if (fill && at < c->list->count)
        c->list->boxes[at].h = h;
    paint_frame(c, d, x, y, w, h);
    return h;
}

// ---- Pictures and vectors ----

static void paint_art(struct dgl_canvas *c, const struct dgl_drawing *d, const struct dgl_art *art, int32_t x,
                      int32_t y, int32_t w, int32_t h)
{
    if (!art || c->status != DGL_OK)
        return;
    c->status = dgl_label_all(c->env, art, c->err);
    dgl_canvas_box(c, DGL_BOX_FIGURE, x, y, w, h)->drawing = d;
    dgl_canvas_box(c, DGL_BOX_ART, x, y, w, h)->art = art;
    dgl_canvas_box(c, DGL_BOX_FIGURE_END, x, y, w, h);
}

// The outline through which a picture is seen; NULL = all of its box.
static const struct dgl_art_path *clip_of(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t w, int32_t h)
{
    double text[4];
    struct dgl_drawing outline = *d;
    outline.kind = DGL_DRAW_BOX;
    outline.flip_h = outline.flip_v = false; // the picture is mirrored with its outline
    const struct dgl_art *art = d->shape ? dgl_shape_art(c->env->arena, &outline, w, h, text) : NULL;
    return art ? &art->first->path : NULL;
}

static void paint_picture(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w, int32_t h)
{
    paint_shadow(c, d, x, y, w, h);
    uint32_t at = c->list->count, end = at;
    if (d->picture != UINT32_MAX && w > 0 && h > 0) {
        struct dgl_box *box;
        dgl_canvas_box(c, DGL_BOX_FIGURE, x, y, w, h)->drawing = d;
        box = dgl_canvas_box(c, DGL_BOX_PICTURE, x, y, w, h);
        box->drawing = d;
        box->clip = clip_of(c, d, w, h);
        dgl_canvas_box(c, DGL_BOX_FIGURE_END, x, y, w, h);
        end = c->list->count;
    }
    int32_t grown = d->shape ? paint_shape(c, d, x, y, w, h) : paint_plain_box(c, d, x, y, w, h);
    for (; grown != h && at < end; at++) {
        c->list->boxes[at].h = grown;
        if (c->list->boxes[at].kind == DGL_BOX_PICTURE)
            c->list->boxes[at].clip = clip_of(c, d, w, grown);
    }
}

static void paint_group(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w, int32_t h)
{
    const double emu = 1 / 12.7; // of what parts are in when the group does not say
    double sx = d->group[2] > 0 ? w / d->group[2] : emu, sy = d->group[3] > 0 ? h / d->group[3] : emu;
    for (uint32_t i = 0; i < d->part_count && c->status == DGL_OK; i++) {
        const struct dgl_part *p = &d->parts[i];
        dgl_paint_drawing(c, p->drawing, x + (int32_t)lround((p->x - d->group[0]) * sx),
                          y + (int32_t)lround((p->y - d->group[1]) * sy), (int32_t)lround(p->w * sx),
                          (int32_t)lround(p->h * sy));
    }
}

// An equation is text: its glyphs stand in the paragraph.
static void paint_math(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t baseline)
{
    for (uint32_t i = 0; i < d->math->mark_count; i++) {
        const struct dgl_math_mark *m = &d->math->marks[i];
        uint32_t color = dgl_canvas_text_color(c, &m->run->r, DGL_COLOR_NONE);
        if (!m->glyphs) {
            dgl_canvas_rect(c, x + m->x, baseline + m->y, m->w, m->h, color);
            continue;
        }
        struct dgl_text_box *t = dgl_arena_alloc_try(c->env->arena, sizeof(*t));
        if (!t)
            return;
        *t = (struct dgl_text_box){.run = m->run,
                                   .use = m->use,
                                   .size = m->size,
                                   .glyphs = m->glyphs,
                                   .count = m->glyph_count,
                                   .text = m->text,
                                   .text_end = (uint32_t)strlen(m->text),
                                   .scale_percent = 100,
                                   .color = color,
                                   .link = d->link};
        struct dgl_box *b = dgl_canvas_box(c, DGL_BOX_TEXT, x + m->x, baseline + m->y, m->w, m->size);
        b->text = t;
        b->color = color;
    }
}

static void paint_inside(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w, int32_t h)
{
    switch (d->kind) {
    case DGL_DRAW_PICTURE:
        paint_picture(c, d, x, y, w, h);
        break;
    case DGL_DRAW_BOX:
    case DGL_DRAW_LINE:
        if (d->shape) {
            paint_shadow(c, d, x, y, w, h);
            paint_shape(c, d, x, y, w, h);
        } else {
            paint_plain_box(c, d, x, y, w, h);
        }
        break;
    case DGL_DRAW_GROUP:
        paint_group(c, d, x, y, w, h);
        break;
    case DGL_DRAW_ART:
        paint_art(c, d, d->art, x, y, w, h);
        break;
    case DGL_DRAW_WORDS:
        paint_art(c, d, dgl_words_art(c->env, d, w, h, c->err), x, y, w, h);
        break;
    case DGL_DRAW_CHART:
        paint_art(c, d, dgl_chart_art(c->env, d->chart, w, h, c->err), x, y, w, h);
        break;
    case DGL_DRAW_MATH:
        paint_math(c, d, x, y + h - d->drop);
        break;
    case DGL_DRAW_NOTHING:
        break;
    }
}

void dgl_paint_drawing(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t y, int32_t w, int32_t h)
{
    // A text is not mirrored with what lies behind it.
    bool pictured = (d->kind == DGL_DRAW_PICTURE && !d->blocks && !d->chain) || d->kind == DGL_DRAW_ART;
    bool turned = d->rotation || (pictured && (d->flip_h || d->flip_v));
    const int32_t outer[4] = {x, y, w, h};
    uint32_t turn = 0;
    x += d->effect[DGL_LEFT];
    y += d->effect[DGL_TOP];
    w -= d->effect[DGL_LEFT] + d->effect[DGL_RIGHT];
    h -= d->effect[DGL_TOP] + d->effect[DGL_BOTTOM];
    if (d->sized && !d->percent_width && !d->percent_height) { // the box may be the one that the turned drawing fills
        x += (w - d->own_width) / 2;
        y += (h - d->own_height) / 2;
        w = d->own_width;
        h = d->own_height;
    }
    if (turned) {
        struct dgl_matrix *m = dgl_arena_alloc_try(c->env->arena, sizeof(*m));
        if (!m)
            return;
        *m = dgl_matrix_turn(d->rotation / 60000.0 * M_PI / 180, 0, 0);
        if (pictured)
            *m = dgl_matrix_join(*m, (struct dgl_matrix){d->flip_h ? -1 : 1, 0, 0, d->flip_v ? -1 : 1, 0, 0});
        turn = dgl_canvas_turn(c, x + w / 2, y + h / 2, m);
    }
    paint_inside(c, d, x, y, w, h);
    if (turned)
        dgl_canvas_turn_end(c, turn);
    dgl_canvas_link(c, d->link, outer[0], outer[1], outer[2], outer[3]);
}
