// Vector drawings as operators. Inside a drawing one unit is a thousandth of the current scale, y grows down as in the
// drawing; texts turn it up again.
#include "render/pdf/content_private.h"

#include "render/layout/label.h"

#include <math.h>
#include <string.h>

static void num(struct pen *p, double milli)
{
    pen_num(p, llround(fmax(-1e11, fmin(milli, 1e11))));
}

// Scales and turns need more digits than lengths.
static void factor(struct pen *p, double v)
{
    char text[32];
    int64_t units = llround(fmax(-1e9, fmin(v, 1e9)) * 1e7);
    uint64_t u = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    char *at = text + sizeof(text);
    *--at = '\0';
    *--at = ' ';
    for (unsigned i = 0; i < 7; i++, u /= 10)
        *--at = (char)('0' + u % 10);
    *--at = '.';
    do {
        *--at = (char)('0' + u % 10);
    } while (u /= 10);
    if (units < 0)
        *--at = '-';
    pen_op(p, at);
}

static void concat(struct pen *p, const struct dgl_matrix *m)
{
    factor(p, m->a);
    factor(p, m->b);
    factor(p, m->c);
    factor(p, m->d);
    num(p, m->e);
    num(p, m->f);
    pen_op(p, "cm\n");
}

// ---- State ----

void pen_save(struct pen *p)
{
    struct pen_state *s = &p->saves[DGL_MIN(p->save_count, PEN_MAX_SAVES - 1)];
    if (p->save_count++ >= PEN_MAX_SAVES)
        return;
    *s = (struct pen_state){p->font,       p->size, p->scale, p->stroked_text, p->fill, p->stroke,
                            p->line_width, p->dash, true};
    pen_op(p, "q\n");
}

void pen_restore(struct pen *p)
{
    if (p->save_count == 0 || --p->save_count >= PEN_MAX_SAVES)
        return;
    const struct pen_state *s = &p->saves[p->save_count];
    p->font = s->font;
    p->size = s->size;
    p->scale = s->scale;
    p->stroked_text = s->stroked_text;
    p->fill = s->fill;
    p->stroke = s->stroke;
    p->line_width = s->line_width;
    p->dash = s->dash;
    pen_op(p, "Q\n");
}

void pen_turn(struct pen *p, const struct dgl_box *b)
{
    // The box turns in a page whose y grows down: the same in one whose y grows up, mirrored before and after.
    const struct dgl_matrix *m = b->matrix;
    double x = b->x, y = p->height - b->y;
    const struct dgl_matrix up = {m->a, -m->b, -m->c, m->d, x - m->a * x + m->c * y, y + m->b * x - m->d * y};
    concat(p, &up);
}

void pen_alpha(struct pen *p, double fill, double stroke)
{
    if (fill >= 1 && stroke >= 1)
        return;
    uint32_t n = pdf_paints_alpha(p->env->paints, (unsigned)lround(fmax(fill, 0) * 1000),
                                  (unsigned)lround(fmax(stroke, 0) * 1000));
    if (n == UINT32_MAX)
        return;
    pen_op(p, "/G");
    pdf_put_int(p->b, n);
    pen_op(p, " gs\n");
}

// ---- Paths ----

void pen_path(struct pen *p, const struct dgl_art_path *path)
{
    const float *xy = path->xy;
    for (uint32_t i = 0; i < path->op_count; i++) {
        static const char *const ops[] = {"m\n", "l\n", "c\n", "h\n"};
        unsigned n = path->ops[i] == DGL_ART_CURVE ? 6 : path->ops[i] == DGL_ART_CLOSE ? 0 : 2;
        for (unsigned k = 0; k < n; k++)
            num(p, (double)xy[k]);
        xy += n;
        pen_op(p, ops[path->ops[i]]);
    }
}

static void set_stroke(struct pen *p, const struct dgl_art_item *item)
{
    const struct dgl_art_stroke *s = &item->stroke;
    pen_stroke(p, item->line.rgb);
    pen_width(p, (int32_t)lround(fmin((double)s->width, 1e9)));
    if (s->cap) {
        pdf_put_int(p->b, s->cap);
        pen_op(p, " J ");
    }
    if (s->join) {
        pdf_put_int(p->b, s->join);
        pen_op(p, " j ");
    }
    if (s->miter >= 1 && (s->miter < 9.99f || s->miter > 10.01f)) {
        num(p, (double)s->miter * 1000);
        pen_op(p, "M ");
    }
    if (s->dash_count) {
        pen_op(p, "[");
        for (uint32_t i = 0; i < s->dash_count; i++)
            num(p, (double)s->dash[i]);
        pen_op(p, "]");
        num(p, (double)s->dash_at);
        pen_op(p, "d\n");
    }
}

static void fill_gradient(struct pen *p, const struct dgl_art_item *item)
{
    uint32_t state, n = pdf_paints_gradient(p->env->paints, &item->fill, &state);
    if (n == UINT32_MAX)
        return;
    pen_save(p);
    pen_alpha(p, (double)item->fill.alpha, 1);
    pen_path(p, &item->path);
    pen_op(p, item->even_odd ? "W* n\n" : "W n\n");
    const struct dgl_matrix *g = &item->fill.m;
    double k = 1 / (1000 * pdf_paints_scale(&item->fill));
    const struct dgl_matrix m = {g->a * k, g->b * k, g->c * k, g->d * k, g->e, g->f};
    concat(p, &m);
    if (state != UINT32_MAX) {
        pen_op(p, "/G");
        pdf_put_int(p->b, state);
        pen_op(p, " gs ");
    }
    pen_op(p, "/S");
    pdf_put_int(p->b, n);
    pen_op(p, " sh\n");
    pen_restore(p);
}

static void draw_path(struct pen *p, const struct dgl_art_item *item)
{
    bool gradient = item->fill.kind > DGL_ART_SOLID, fill = item->fill.kind == DGL_ART_SOLID && item->fill.alpha > 0,
         line = item->line.kind != DGL_ART_NONE && item->line.alpha > 0;
    if (item->path.op_count == 0)
        return;
    if (gradient)
        fill_gradient(p, item);
    if (!fill && !line)
        return;
    bool special = item->stroke.cap || item->stroke.join || item->stroke.dash_count || item->stroke.miter < 9.99f ||
                   (fill && item->fill.alpha < 1) || (line && item->line.alpha < 1);
    if (special)
        pen_save(p);
    pen_alpha(p, fill ? (double)item->fill.alpha : 1, line ? (double)item->line.alpha : 1);
    if (fill)
        pen_fill(p, item->fill.rgb);
    if (line)
        set_stroke(p, item);
    pen_path(p, &item->path);
    pen_op(p, fill && line ? item->even_odd ? "B*\n" : "B\n" : line ? "S\n" : item->even_odd ? "f*\n" : "f\n");
    if (special)
        pen_restore(p);
}

// ---- Texts and pictures ----

static void draw_text(struct pen *p, const struct dgl_art_text *t)
{
    if (!t->boxes || t->boxes->count == 0 || t->alpha <= 0)
        return;
    double k = (double)t->size / DGL_LABEL_SIZE, natural = t->boxes_width * k;
    double kx = t->width > 0 && natural > 0 ? k * (double)t->width / natural : k;
    double from = t->anchor == DGL_ART_START    ? 0
                  : t->anchor == DGL_ART_MIDDLE ? -t->boxes_width / 2.0
                                                : -t->boxes_width;
    double lead = t->chunk ? (double)t->lead : from * kx;
    // Up again: y of the text's boxes grows down from the baseline, and the painter turns it by the page's height, 0.
    struct dgl_matrix m = dgl_matrix_join(t->m, (struct dgl_matrix){kx, 0, 0, -k, lead, 0});
    int32_t height = p->height;
    pen_save(p);
    pen_alpha(p, (double)t->alpha, (double)t->alpha);
    concat(p, &m);
    p->height = 0;
    pen_draw(p, t->boxes);
    pen_end_text(p);
    p->height = height;
    pen_restore(p);
}

static void draw_picture(struct pen *p, const struct dgl_art_item *item)
{
    uint32_t index = p->env->picture(p->env->ctx, NULL, item->data);
    if (index == UINT32_MAX)
        return;
    // PDF's pictures stand on their feet in the unit square.
    struct dgl_matrix m = dgl_matrix_join(item->m, (struct dgl_matrix){1, 0, 0, -1, 0, 1});
    pen_save(p);
    num(p, m.a);
    num(p, m.b);
    num(p, m.c);
    num(p, m.d);
    num(p, m.e);
    num(p, m.f);
    pen_op(p, "cm /I");
    pdf_put_int(p->b, index);
    pen_op(p, " Do\n");
    pen_restore(p);
}

void pen_art(struct pen *p, const struct dgl_box *box)
{
    const struct dgl_art *art = box->art;
    double sx = art->width > 0 && box->w > 0 ? box->w / (double)art->width : 1,
           sy = art->height > 0 && box->h > 0 ? box->h / (double)art->height : 1;
    const struct dgl_matrix m = {sx, 0, 0, -sy, box->x, p->height - box->y};
    unsigned outer = p->save_count + 1;
    pen_mark_object(p);
    pen_save(p);
    concat(p, &m);
    for (const struct dgl_art_item *i = art->first; i; i = i->next) {
        if (i->kind != DGL_ART_TEXT)
            pen_mark_object(p);
        switch (i->kind) {
        case DGL_ART_PATH:
            draw_path(p, i);
            break;
        case DGL_ART_TEXT:
            draw_text(p, i->text);
            break;
        case DGL_ART_PICTURE:
            draw_picture(p, i);
            break;
        case DGL_ART_PUSH:
            pen_save(p);
            pen_alpha(p, (double)i->alpha, (double)i->alpha);
            if (i->path.op_count) {
                pen_path(p, &i->path);
                pen_op(p, i->even_odd ? "W* n\n" : "W n\n");
            }
            break;
        case DGL_ART_POP:
            if (p->save_count > outer)
                pen_restore(p);
            break;
        }
    }
    while (p->save_count >= outer)
        pen_restore(p);
}
