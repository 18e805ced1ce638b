// Painting paragraphs: shading and borders first, then per line highlights, text, decorations, links, pictures.
#include "render/layout/paint.h"

#include "render/layout/floats.h"

#include <math.h>
#include <string.h>

// How far a paragraph's top and bottom borders reach beyond its text when it has no others (measured in Word's output).
#define LINE_OVERHANG 1440
#define BAR_WIDTH 500

struct dgl_box *dgl_canvas_box(struct dgl_canvas *c, enum dgl_box_kind kind, int32_t x, int32_t y, int32_t w, int32_t h)
{
    struct dgl_box_list *l = c->list;
    static struct dgl_box spare; // where boxes go when there is no memory: nobody reads it
    if (!DGL_ARENA_ROOM(c->env->arena, l->boxes, l->cap, l->count + 1, DGL_MAX(c->expected, 16), UINT32_MAX)) {
        if (c->status == DGL_OK)
            c->status = DGL_FAIL_SLUG(c->err, DGL_E_LIMIT, "document_too_large",
                                      "the document needs more memory than one document may use");
        return &spare;
    }
    struct dgl_box *b = &l->boxes[l->count++];
    memset(b, 0, sizeof(*b));
    b->kind = kind;
    b->x = x;
    b->y = y;
    b->w = w;
    b->h = h;
    return b;
}

uint32_t dgl_canvas_turn(struct dgl_canvas *c, int32_t x, int32_t y, const struct dgl_matrix *m)
{
    dgl_canvas_box(c, DGL_BOX_PUSH, x, y, 0, 0)->matrix = m;
    return c->list->count - 1;
}

// The upright box around a box turned by m about (x, y).
static void turn_box(struct dgl_box *b, const struct dgl_matrix *m, int32_t x, int32_t y)
{
    double x0 = b->x - x, y0 = b->y - y, left = 0, top = 0, right = 0, bottom = 0;
    for (unsigned i = 0; i < 4; i++) {
        double px = x0 + (i & 1 ? b->w : 0), py = y0 + (i & 2 ? b->h : 0);
        double tx = m->a * px + m->c * py, ty = m->b * px + m->d * py;
        left = i ? fmin(left, tx) : tx;
        right = i ? fmax(right, tx) : tx;
        top = i ? fmin(top, ty) : ty;
        bottom = i ? fmax(bottom, ty) : ty;
    }
    b->x = x + (int32_t)lround(left);
    b->y = y + (int32_t)lround(top);
    b->w = (int32_t)lround(right - left);
    b->h = (int32_t)lround(bottom - top);
}

void dgl_canvas_turn_end(struct dgl_canvas *c, uint32_t turn)
{
    dgl_canvas_box(c, DGL_BOX_POP, 0, 0, 0, 0);
    if (c->status != DGL_OK)
        return;
    const struct dgl_box *push = &c->list->boxes[turn];
    for (uint32_t i = turn + 1; i < c->list->count; i++)
        if (c->list->boxes[i].kind == DGL_BOX_LINK || c->list->boxes[i].kind == DGL_BOX_ANCHOR)
            turn_box(&c->list->boxes[i], push->matrix, push->x, push->y);
}

void dgl_canvas_rect(struct dgl_canvas *c, int32_t x, int32_t y, int32_t w, int32_t h, uint32_t color)
{
    if (w > 0 && h > 0 && color <= 0xFFFFFF)
        dgl_canvas_box(c, DGL_BOX_RECT, x, y, w, h)->color = color;
}

void dgl_canvas_line(struct dgl_canvas *c, int32_t x, int32_t y, int32_t w, int32_t h, const struct dgl_border *b)
{
    if (b->kind == DGL_LINE_NONE || b->width == 0)
        return;
    struct dgl_box *box = dgl_canvas_box(c, DGL_BOX_LINE, x, y, w, h);
    box->color = b->color <= 0xFFFFFF ? b->color : 0x000000;
    box->line_width = b->width;
    box->line = b->kind;
}

static bool is_dark(uint32_t rgb)
{
    return rgb <= 0xFFFFFF && (rgb >> 16 & 255) * 299 + (rgb >> 8 & 255) * 587 + (rgb & 255) * 114 < 60 * 1000;
}

uint32_t dgl_canvas_text_color(const struct dgl_canvas *c, const struct dgl_rpr *r, uint32_t behind)
{
    if (r->color <= 0xFFFFFF)
        return r->color;
    uint32_t back = r->highlight <= 0xFFFFFF ? r->highlight : r->shade;
    back = back <= 0xFFFFFF ? back : behind <= 0xFFFFFF ? behind : c->background;
    return is_dark(back) ? 0xFFFFFF : 0x000000;
}

// ---- Segments ----

static void paint_backs(struct dgl_canvas *c, const struct dgl_line *line, int32_t x, int32_t baseline)
{
    for (uint32_t i = 0; i < line->seg_count; i++) {
        const struct dgl_seg *s = &line->segs[i];
        const struct dgl_run *run = s->piece->run;
        if (!run || (s->piece->kind != DGL_PIECE_TEXT && s->piece->kind != DGL_PIECE_TAB))
            continue;
        uint32_t color = run->r.highlight <= 0xFFFFFF ? run->r.highlight : run->r.shade;
        if (color <= 0xFFFFFF)
            dgl_canvas_rect(c, x + s->x, baseline - s->piece->ascent, s->width, s->piece->ascent + s->piece->descent,
                            color);
    }
}

static int32_t scaled(int32_t units, const struct dgl_piece *p)
{
    return (int32_t)((int64_t)units * p->size / p->use->face->upem);
}

static enum dgl_line_kind underline_line(uint8_t kind)
{
    switch (kind) {
    case DGL_UNDERLINE_DOUBLE:
        return DGL_LINE_DOUBLE;
    case DGL_UNDERLINE_DOTTED:
        return DGL_LINE_DOTTED;
    case DGL_UNDERLINE_DASHED:
        return DGL_LINE_DASHED;
    case DGL_UNDERLINE_DOT_DASH:
        return DGL_LINE_DOT_DASH;
    case DGL_UNDERLINE_WAVE:
        return DGL_LINE_WAVE;
    default:
        return DGL_LINE_SINGLE;
    }
}

static void paint_rule(struct dgl_canvas *c, int32_t x, int32_t y, int32_t w, int32_t width, enum dgl_line_kind kind,
                       uint32_t color)
{
    if (kind == DGL_LINE_SINGLE) {
        dgl_canvas_rect(c, x, y - width / 2, w, width, color);
        return;
    }
    struct dgl_border b = {.set = true, .kind = kind, .width = width, .color = color};
    if (kind == DGL_LINE_DOUBLE)
        b.width = 3 * DGL_MAX(width * 2 / 3, 250);
    dgl_canvas_line(c, x, y, w, 0, &b);
}

static void paint_decorations(struct dgl_canvas *c, const struct dgl_seg *s, int32_t x, int32_t y, uint32_t color,
                              int32_t hanging)
{
    const struct dgl_piece *p = s->piece;
    const struct dgl_rpr *r = &p->run->r;
    const struct dgl_face *face = p->use->face;
    int32_t w = s->width - hanging;
    if (w <= 0)
        return;
    bool text = p->kind == DGL_PIECE_TEXT;
    if (r->underline && (r->underline != DGL_UNDERLINE_WORDS || text)) {
        uint32_t ink = r->underline_color <= 0xFFFFFF ? r->underline_color : color;
        int32_t width = DGL_MAX(scaled(face->underline_width, p), 300);
        if (r->underline == DGL_UNDERLINE_THICK)
            width *= 2;
        paint_rule(c, x, y - scaled(face->underline_at, p), w, width, underline_line(r->underline), ink);
    }
    if (r->toggles & (DGL_T_STRIKE | DGL_T_DSTRIKE) && text) {
        int32_t width = DGL_MAX(scaled(face->strike_width, p), 300), at = y - scaled(face->strike_at, p);
        if (r->toggles & DGL_T_DSTRIKE) {
            dgl_canvas_rect(c, x, at - width * 3 / 2, w, width, color);
            dgl_canvas_rect(c, x, at + width / 2, w, width, color);
        } else {
            dgl_canvas_rect(c, x, at - width / 2, w, width, color);
        }
    }
    if (r->set & DGL_R_BORDER && r->border.kind != DGL_LINE_NONE && text) {
        int32_t top = y - p->ascent, h = p->ascent + p->descent;
        dgl_canvas_line(c, x, top, w, 0, &r->border);
        dgl_canvas_line(c, x, top + h, w, 0, &r->border);
        dgl_canvas_line(c, x, top, 0, h, &r->border);
        dgl_canvas_line(c, x + w, top, 0, h, &r->border);
    }
}

static struct dgl_text_box *text_box(struct dgl_canvas *c, const struct dgl_piece *p, uint32_t color)
{
    struct dgl_text_box *t = dgl_arena_alloc_try(c->env->arena, sizeof(*t));
    if (!t)
        return NULL;
    t->run = p->run;
    t->use = p->use;
    t->size = p->size;
    t->letter = p->run->r.spacing;
    t->scale_percent = p->run->r.scale_percent ? p->run->r.scale_percent : 100;
    t->rtl = p->level & 1;
    t->color = color;
    t->link = p->link;
    t->label = p->in == NULL;
    return t;
}

// The hyphen of a divided word, which its text does not have: glyphs and bytes once more, with a soft hyphen at the
// end.
static void add_hyphen(struct dgl_canvas *c, const struct dgl_piece *p, struct dgl_text_box *t)
{
    uint32_t from = t->glyphs[0].cluster, len = t->text_end - from;
    struct dgl_glyph *glyphs = dgl_arena_alloc_try(c->env->arena, (t->count + 1) * sizeof(*glyphs));
    char *bytes = dgl_arena_alloc_try(c->env->arena, len + 2);
    if (!glyphs || !bytes)
        return;
    memcpy(bytes, t->text + from, len);
    memcpy(bytes + len, "\xC2\xAD", 2);
    memcpy(glyphs, t->glyphs, t->count * sizeof(*glyphs));
    for (uint32_t i = 0; i < t->count; i++)
        glyphs[i].cluster -= from;
    int32_t advance;
    struct dgl_glyph hyphen = {.gid = dgl_face_glyph(p->use->face, '-', &advance), .cluster = len, .flags = DGL_G_SOFT};
    glyphs[t->count++] = hyphen;
    t->glyphs = glyphs;
    t->text = bytes;
    t->text_end = len + 2;
}

static void paint_text(struct dgl_canvas *c, const struct dgl_text *text, const struct dgl_seg *s, int32_t x, int32_t y,
                       uint32_t color)
{
    const struct dgl_piece *p = s->piece;
    struct dgl_text_box *t = text_box(c, p, color);
    if (!t)
        return;
    t->glyphs = text->glyphs + s->first;
    t->count = s->count;
    t->text = text->bytes;
    t->text_end = s->first + s->count < p->first + p->count ? text->glyphs[s->first + s->count].cluster : p->text_end;
    t->space_extra = s->space_extra;
    t->space_rest = s->space_rest;
    t->wide_extra = s->wide_extra;
    t->visible_hyphen = s->hyphen;
    if (s->hyphen && s->count && !(t->glyphs[s->count - 1].flags & DGL_G_SOFT))
        add_hyphen(c, p, t);
    struct dgl_box *b = dgl_canvas_box(c, DGL_BOX_TEXT, x, y - p->raise, s->width, p->size);
    b->text = t;
    b->color = color;
}

static void paint_leader(struct dgl_canvas *c, const struct dgl_seg *s, int32_t x, int32_t y, uint32_t color)
{
    static const char marks[] = {' ', '.', '-', '_', '\xB7', '_'};
    const struct dgl_piece *p = s->piece;
    if (s->leader == DGL_LEADER_NONE || !p->use || !p->use->face)
        return;
    uint32_t mark = (unsigned char)marks[s->leader];
    int32_t advance, step;
    uint32_t gid = dgl_face_glyph(p->use->face, mark, &advance);
    step = scaled(advance, p);
    if (step <= 0 || s->width < step)
        return;
    // Dots of all lines stand below each other: they start at a multiple of their step.
    int32_t start = (x + step - 1) / step * step, end = x + s->width;
    uint32_t count = end > start ? (uint32_t)((end - start) / step) : 0;
    if (count == 0 || count > 4096)
        return;
    struct dgl_glyph *glyphs = dgl_arena_alloc_try(c->env->arena, count * sizeof(*glyphs));
    char *bytes = dgl_arena_alloc_try(c->env->arena, count * 2 + 1);
    struct dgl_text_box *t = text_box(c, p, color);
    if (!glyphs || !bytes || !t)
        return;
    uint32_t len = 0;
    for (uint32_t i = 0; i < count; i++) {
        glyphs[i] = (struct dgl_glyph){.gid = gid, .cluster = len, .advance = advance};
        len += (uint32_t)dgl_utf8_put(bytes + len, mark);
    }
    t->letter = 0;
    t->scale_percent = 100;
    t->glyphs = glyphs;
    t->count = count;
    t->text = bytes;
    t->text_end = len;
    struct dgl_box *b = dgl_canvas_box(c, DGL_BOX_TEXT, start, y, (int32_t)count * step, p->size);
    b->text = t;
    b->color = color;
}

static int32_t hanging_width(const struct dgl_lines *l, const struct dgl_line *line, uint32_t index)
{
    if (index + 1 != line->seg_count)
        return 0;
    const struct dgl_seg *s = &line->segs[index];
    uint32_t n = 0;
    while (n < s->count && l->text->glyphs[s->first + s->count - 1 - n].flags & DGL_G_SPACE)
        n++;
    if (n == 0 || s->x + s->width <= line->x1)
        return 0;
    return DGL_MIN(s->width, s->x + s->width - line->x1);
}

void dgl_canvas_link(struct dgl_canvas *c, const struct dgl_link *link, int32_t x, int32_t y, int32_t w, int32_t h)
{
    if (link && w > 0 && h > 0)
        dgl_canvas_box(c, DGL_BOX_LINK, x, y, w, h)->link = link;
}

// A phonetic guide stands in the middle above its base.
static void paint_ruby(struct dgl_canvas *c, const struct dgl_lines *l, const struct dgl_line *line, uint32_t index,
                       int32_t x, int32_t baseline, uint32_t color)
{
    const struct dgl_seg *s = &line->segs[index];
    const struct dgl_inline *in = s->piece->in;
    int32_t x0 = INT32_MAX, x1 = INT32_MIN, width = 0, before = 0;
    for (uint32_t i = 0; i < line->seg_count; i++) {
        const struct dgl_seg *k = &line->segs[i];
        if (k->piece->kind == DGL_PIECE_TEXT && k->piece->in && k->piece->in < in &&
            k->piece->in >= in - in->ruby.above) {
            x0 = DGL_MIN(x0, k->x);
            x1 = DGL_MAX(x1, k->x + k->width);
        } else if (k->piece->kind == DGL_PIECE_RUBY && k->piece->in == in) {
            before += i < index ? dgl_piece_width(l->text, k->piece, k->first, k->count) : 0;
            width += dgl_piece_width(l->text, k->piece, k->first, k->count);
        }
    }
    if (x0 > x1) // the base ends on the line before
        x0 = x1 = s->x;
    paint_text(c, l->text, s, x + (x0 + x1 - width) / 2 + before, baseline, color);
}

// Frames and floating tables are text; other drawings lie in layers of their own.
static void paint_float(struct dgl_canvas *c, const struct dgl_drawing *d, int32_t x, int32_t para_top)
{
    int32_t fx, fy, fw, fh;
    bool layer = !c->held && !d->table && !d->framed;
    dgl_drawing_place(c, d, x, para_top, &fx, &fy, &fw, &fh);
    if (layer) {
        dgl_canvas_box(c, DGL_BOX_FLOAT, fx, fy, fw, fh)->drawing = d;
        c->held = true;
    }
    dgl_paint_drawing(c, d, fx, fy, fw, fh);
    if (layer) {
        dgl_canvas_box(c, DGL_BOX_FLOAT_END, 0, 0, 0, 0);
        c->held = false;
    }
}

static void paint_segment(struct dgl_canvas *c, const struct dgl_lines *l, const struct dgl_line *line, uint32_t index,
                          int32_t x, int32_t top, int32_t para_top)
{
    const struct dgl_seg *s = &line->segs[index];
    const struct dgl_piece *p = s->piece;
    int32_t at = x + s->x, baseline = top + line->baseline;
    uint32_t color = p->run ? dgl_canvas_text_color(c, &p->run->r, l->para->p.shade) : 0;
    switch (p->kind) {
    case DGL_PIECE_TEXT:
        paint_text(c, l->text, s, at, baseline, color);
        paint_decorations(c, s, at, baseline - p->raise, color, hanging_width(l, line, index));
        break;
    case DGL_PIECE_TAB:
    case DGL_PIECE_PTAB:
        paint_leader(c, s, at, baseline, color);
        if (p->use && p->use->face && p->run && p->run->r.underline)
            paint_decorations(c, s, at, baseline, color, 0);
        break;
    case DGL_PIECE_DRAWING:
        dgl_paint_drawing(c, p->in->drawing, at, baseline - p->in->drawing->height + p->in->drawing->drop,
                          p->in->drawing->width, p->in->drawing->height);
        break;
    case DGL_PIECE_FLOAT:
        if (!p->in->drawing->in_text)
            paint_float(c, p->in->drawing, x, para_top);
        break;
    case DGL_PIECE_RUBY:
        paint_ruby(c, l, line, index, x, baseline, color);
        break;
    case DGL_PIECE_ANCHOR:
        if (p->in->kind == DGL_IN_ANCHOR)
            dgl_canvas_box(c, DGL_BOX_ANCHOR, at, top, 0, 0)->name = p->in->text;
        break;
    case DGL_PIECE_BREAK:
        break;
    }
    if (p->kind == DGL_PIECE_TEXT)
        dgl_canvas_link(c, p->link, at, baseline - p->ascent, s->width, p->ascent + p->descent);
}

// ---- The paragraph's box ----

static void paint_box(struct dgl_canvas *c, const struct dgl_lines *l, int32_t x, int32_t y, int32_t height,
                      struct dgl_para_edges e)
{
    const struct dgl_ppr *p = &l->para->p;
    int32_t hang = DGL_MIN(p->first, 0);
    int32_t x0 = x + DGL_MIN(p->left + hang, p->left), x1 = x + l->width - p->right;
    const struct dgl_border *left = &p->border[DGL_LEFT], *right = &p->border[DGL_RIGHT];
    int32_t out_left = left->kind ? left->space + left->width : 0,
            out_right = right->kind ? right->space + right->width : 0;
    int32_t top = y - (e.top ? l->top : 0) - e.above, bottom = y + height + (e.bottom ? l->bottom : 0);
    if (p->shade <= 0xFFFFFF)
        dgl_canvas_rect(c, x0 - out_left, top, x1 - x0 + out_left + out_right, bottom - top, p->shade);
    if (!left->kind && !right->kind) { // without sides Word draws the lines a little beyond the text
        out_left = LINE_OVERHANG;
        out_right = LINE_OVERHANG;
    }
    if (e.top && p->border[DGL_TOP].kind)
        dgl_canvas_line(c, x0 - out_left, top + e.above + p->border[DGL_TOP].width / 2, x1 - x0 + out_left + out_right,
                        0, &p->border[DGL_TOP]);
    if (e.between && p->border[DGL_BETWEEN].kind)
        dgl_canvas_line(c, x0 - out_left, top + p->border[DGL_BETWEEN].width / 2, x1 - x0 + out_left + out_right, 0,
                        &p->border[DGL_BETWEEN]);
    if (e.bottom && p->border[DGL_BOTTOM].kind)
        dgl_canvas_line(c, x0 - out_left, bottom - p->border[DGL_BOTTOM].width / 2, x1 - x0 + out_left + out_right, 0,
                        &p->border[DGL_BOTTOM]);
    if (left->kind)
        dgl_canvas_line(c, x0 - left->space - left->width / 2, top, 0, bottom - top, left);
    if (right->kind)
        dgl_canvas_line(c, x1 + right->space + right->width / 2, top, 0, bottom - top, right);
}

// A bar tab is a line through the whole paragraph (§17.18.84).
static void paint_bars(struct dgl_canvas *c, const struct dgl_ppr *p, int32_t x, int32_t y, int32_t height)
{
    for (uint32_t i = 0; i < p->tab_count; i++)
        if (p->tabs[i].kind == DGL_TAB_BAR)
            dgl_canvas_rect(c, x + p->tabs[i].at, y, BAR_WIDTH, height, 0x000000);
}

static void paint_heading(struct dgl_canvas *c, const struct dgl_lines *l, int32_t x, int32_t y)
{
    struct dgl_str text = dgl_str_trim((struct dgl_str){l->text->bytes, l->text->len});
    if (!c->headings || l->para->outline == 0 || text.len == 0)
        return;
    struct dgl_box *b = dgl_canvas_box(c, DGL_BOX_HEADING, x, y, 0, 0);
    b->name = text;
    b->level = l->para->outline;
}

static void mark_paragraph(struct dgl_canvas *c, const struct dgl_para *p, int32_t x, int32_t y, int32_t w, int32_t h)
{
    struct dgl_box *mark = dgl_canvas_box(c, DGL_BOX_PARAGRAPH, x, y, w, h);
    mark->level = p->outline;
    mark->place.para = p;
    mark->place.tag = c->tag;
}

void dgl_paint_lines(struct dgl_canvas *c, const struct dgl_lines *l, uint32_t from, uint32_t to, int32_t x, int32_t y,
                     struct dgl_para_edges edges)
{
    if (to <= from)
        return;
    int32_t base = l->lines[from].y, height = l->lines[to - 1].y + l->lines[to - 1].height - base;
    paint_box(c, l, x, y, height, edges);
    paint_bars(c, &l->para->p, x, y, height);
    if (from == 0)
        paint_heading(c, l, x, y);
    mark_paragraph(c, l->para, x, y, l->width, height);
    for (uint32_t i = from; i < to && c->status == DGL_OK; i++) {
        const struct dgl_line *line = &l->lines[i];
        int32_t top = y + line->y - base;
        paint_backs(c, line, x, top + line->baseline);
        for (uint32_t s = 0; s < line->seg_count; s++) {
            paint_segment(c, l, line, s, x, top, y - base);
            if (line->segs[s].piece->in && line->segs[s].piece->in->kind == DGL_IN_DRAWING &&
                s + 1 < line->seg_count) // paragraphs inside it are over
                mark_paragraph(c, l->para, x, y, l->width, height);
        }
        c->status = c->status == DGL_OK ? dgl_work_tick(c->env->budget, c->env->arena, c->err) : c->status;
    }
}
