// Content streams.
//
// The state that the last operators left (text object open, font, colours, text position) is remembered, so that only
// what changes is written. Texts are moved to with Td, which takes a difference and is shorter than a matrix.
//
// Everything painted is marked: text with its element, inside its text object, so that one text object holds many
// marks; artifacts and figures around whole objects.
//
//     BT  /P <</MCID 0>> BDC … EMC  /Span <</MCID 1>> BDC … EMC  ET        /Artifact BMC  … re f  BT … ET  EMC
#include "render/pdf/content_private.h"

#include <string.h>

void pen_op(struct pen *p, const char *s)
{
    dgl_buf_puts(p->b, s);
}

void pen_num(struct pen *p, int64_t milli)
{
    pdf_put_milli(p->b, milli);
    dgl_buf_putc(p->b, ' ');
}

// ---- Marks ----

void pen_end_mark(struct pen *p)
{
    if (p->mark != PDF_NOT_MARKED)
        pen_op(p, "EMC\n");
    p->mark = PDF_NOT_MARKED;
}

void pen_end_text(struct pen *p)
{
    if (!p->in_text)
        return;
    if (p->mark_in_text)
        pen_end_mark(p);
    pen_op(p, "ET\n");
    p->in_text = false;
}

static void begin_mark(struct pen *p, uint32_t element, bool in_text)
{
    uint32_t number =
        element == PDF_ARTIFACT ? PDF_NOT_MARKED : pdf_structure_mark(p->env->structure, element, p->page);
    p->mark = element;
    p->mark_in_text = in_text;
    if (number == PDF_NOT_MARKED) {
        p->mark = PDF_ARTIFACT;
        pen_op(p, p->margin ? "/Artifact<</Type/Pagination>>BDC\n" : "/Artifact BMC\n");
        return;
    }
    pen_op(p, in_text ? "/P<</MCID " : "/Figure<</MCID ");
    pdf_put_int(p->b, number);
    pen_op(p, ">>BDC\n");
}

// Around whole objects: the figure being painted, or an artifact.
void pen_mark_object(struct pen *p)
{
    uint32_t element = p->figure != PDF_NOT_MARKED ? p->figure : PDF_ARTIFACT;
    pen_end_text(p);
    if (p->mark == element)
        return;
    pen_end_mark(p);
    begin_mark(p, element, false);
}

static void open_text(struct pen *p)
{
    if (p->in_text)
        return;
    pen_op(p, "BT\n");
    p->text_x = p->text_y = 0;
    p->in_text = true;
    p->skewed = false;
}

static uint32_t text_element(struct pen *p, const struct dgl_text_box *t)
{
    if (p->margin)
        return PDF_ARTIFACT;
    if (p->figure != PDF_NOT_MARKED)
        return p->figure;
    const struct dgl_link *link = t->link && p->env->leads(p->env->ctx, t->link) ? t->link : NULL;
    return pdf_structure_text(p->env->structure, t->label, link);
}

static void mark_text(struct pen *p, const struct dgl_text_box *t)
{
    uint32_t element = text_element(p, t);
    if (element == PDF_ARTIFACT || p->figure != PDF_NOT_MARKED) {
        if (p->mark != element || p->mark_in_text) {
            pen_end_text(p);
            pen_end_mark(p);
            begin_mark(p, element, false);
        }
        open_text(p);
        return;
    }
    if (p->mark == element && p->mark_in_text)
        return;
    if (!p->mark_in_text)
        pen_end_text(p);
    pen_end_mark(p);
    open_text(p);
    begin_mark(p, element, true);
}

void pen_fill(struct pen *p, uint32_t rgb)
{
    if (p->fill == rgb)
        return;
    p->fill = rgb;
    pdf_put_color(p->b, rgb);
    pen_op(p, " rg\n");
}

void pen_stroke(struct pen *p, uint32_t rgb)
{
    if (p->stroke == rgb)
        return;
    p->stroke = rgb;
    pdf_put_color(p->b, rgb);
    pen_op(p, " RG\n");
}

void pen_width(struct pen *p, int32_t width)
{
    if (p->line_width == width)
        return;
    p->line_width = width;
    pen_num(p, width);
    pen_op(p, "w\n");
}

// ---- Text ----

static void begin_text(struct pen *p, const struct dgl_box *box, const struct pdf_font *font)
{
    const struct dgl_text_box *t = box->text;
    int32_t y = p->height - box->y;
    bool skew = t->use->fake_italic;
    mark_text(p, t);
    if (p->font != font->index || p->size != t->size) {
        p->font = font->index;
        p->size = t->size;
        pen_op(p, "/F");
        pdf_put_int(p->b, font->index);
        dgl_buf_putc(p->b, ' ');
        pen_num(p, t->size);
        pen_op(p, "Tf\n");
    }
    if (p->scale != t->scale_percent) {
        p->scale = t->scale_percent;
        pdf_put_int(p->b, t->scale_percent);
        pen_op(p, " Tz\n");
    }
    pen_fill(p, t->color);
    if (t->use->fake_bold != p->stroked_text) {
        p->stroked_text = t->use->fake_bold;
        pen_op(p, p->stroked_text ? "2 Tr\n" : "0 Tr\n");
    }
    if (p->stroked_text) {
        pen_stroke(p, t->color);
        pen_width(p, t->size / 36);
    }
    if (skew || p->skewed) { // a matrix, and after it another one to be upright again
        pen_op(p, skew ? "1 0 .2126 1 " : "1 0 0 1 ");
        pen_num(p, box->x);
        pen_num(p, y);
        pen_op(p, "Tm\n");
        p->skewed = skew;
    } else {
        pen_num(p, box->x - p->text_x);
        pen_num(p, y - p->text_y);
        pen_op(p, "Td\n");
    }
    p->text_x = box->x;
    p->text_y = y;
}

struct show { // a TJ array being written
    struct pen *p;
    bool in_array, in_string;
    int64_t drift; // where the pen should be minus where it is, in mpt * 1000
};

static void show_code(struct show *s, uint16_t code)
{
    struct dgl_buf *b = s->p->b;
    if (!s->in_array)
        dgl_buf_putc(b, '[');
    if (!s->in_string)
        dgl_buf_putc(b, '(');
    s->in_array = s->in_string = true;
    const char bytes[2] = {(char)(code >> 8), (char)(code & 255)};
    for (unsigned i = 0; i < 2; i++) {
        if (bytes[i] == '(' || bytes[i] == ')' || bytes[i] == '\\')
            dgl_buf_putc(b, '\\');
        if (bytes[i] == '\r')
            dgl_buf_append(b, "\\r", 2);
        else
            dgl_buf_putc(b, bytes[i]);
    }
}

static void show_shift(struct show *s, int64_t thousandths_of_em)
{
    struct dgl_buf *b = s->p->b;
    if (!s->in_array)
        dgl_buf_putc(b, '[');
    if (s->in_string)
        dgl_buf_putc(b, ')');
    s->in_array = true;
    s->in_string = false;
    pdf_put_int(b, -thousandths_of_em);
}

static void show_end(struct show *s)
{
    if (s->in_string)
        pen_op(s->p, ")");
    if (s->in_array)
        pen_op(s->p, "]TJ\n");
    s->in_array = s->in_string = false;
}

// Moves the pen when it is off by more than a hundredth of a point.
static void settle(struct show *s, const struct dgl_text_box *t)
{
    int64_t em = (int64_t)t->size * t->scale_percent / 100; // one em in mpt
    if (em == 0 || (s->drift < 10000 && s->drift > -10000))
        return;
    int64_t units = s->drift / em; // drift is thousandths of mpt: that over em is thousandths of an em
    if (units == 0)
        return;
    show_shift(s, units);
    s->drift -= units * em;
}

static void show_raised(struct show *s, const struct dgl_text_box *t, const struct dgl_glyph *g, uint16_t code)
{
    show_end(s);
    pen_num(s->p, (int64_t)g->dy * t->size / t->use->face->upem);
    pen_op(s->p, "Ts\n");
    show_code(s, code);
    show_end(s);
    pen_op(s->p, "0 Ts\n");
}

static bool is_blank_or_dash(const char *s, uint32_t len)
{
    return len == 0 || (len == 1 && (*s == ' ' || *s == '-')) || (len == 2 && (unsigned char)s[0] == 0xC2) ||
           (len == 3 && (unsigned char)s[0] == 0xE2);
}

// A glyph that stands for other text here than elsewhere says so itself.
static bool needs_actual(const struct pdf_font *font, const struct dgl_text_box *t, uint32_t i, const char **ret_text,
                         uint32_t *ret_len)
{
    const struct pdf_meaning *m = &font->meaning[t->glyphs[i].gid];
    *ret_len = pdf_glyph_text(t, i, ret_text);
    if (*ret_len == 0)
        return false;
    if (m->len == *ret_len && memcmp(m->text, *ret_text, *ret_len) == 0)
        return false;
    return !is_blank_or_dash(*ret_text, *ret_len);
}

static void show_glyph(struct show *s, const struct pdf_font *font, const struct dgl_text_box *t, uint32_t i)
{
    const struct dgl_glyph *g = &t->glyphs[i];
    int64_t em = (int64_t)t->size * t->scale_percent / 100;
    const char *text;
    uint32_t len;
    if (g->gid >= font->glyph_count)
        return;
    int64_t offset = (int64_t)g->dx * em * 1000 / t->use->face->upem;
    s->drift += offset;
    settle(s, t);
    bool actual = needs_actual(font, t, i, &text, &len);
    if (actual) {
        show_end(s);
        pen_op(s->p, "/Span<</ActualText");
        pdf_put_text(s->p->b, text, len);
        pen_op(s->p, ">>BDC\n");
    }
    if (g->dy)
        show_raised(s, t, g, font->code[g->gid]);
    else
        show_code(s, font->code[g->gid]);
    if (actual) {
        show_end(s);
        pen_op(s->p, "EMC\n");
    }
    s->drift -= offset;
    int64_t moved = (pdf_font_width(font, g->gid) + 5) / 10 * 10 * em / 1000; // as W says
    int64_t wanted = (int64_t)g->advance * em * 1000 / t->use->face->upem;
    if (!(g->flags & DGL_G_INSIDE))
        wanted += (int64_t)t->letter * 1000;
    s->drift += wanted - moved;
}

static void show_text(struct pen *p, const struct dgl_box *box)
{
    const struct dgl_text_box *t = box->text;
    const struct pdf_font *font = p->env->fonts->by_face[t->use->face->index];
    struct show s = {.p = p};
    int32_t rest = t->space_rest;
    begin_text(p, box, font);
    for (uint32_t k = 0; k < t->count; k++) {
        uint32_t i = t->rtl ? t->count - 1 - k : k;
        const struct dgl_glyph *g = &t->glyphs[i];
        if (g->flags & DGL_G_SOFT) { // shown only where the line ends in it
            if (!t->visible_hyphen || i + 1 != t->count)
                continue;
        }
        show_glyph(&s, font, t, i);
        if (g->flags & DGL_G_SPACE && (t->space_extra || rest)) { // less than none in a squeezed line
            s.drift += ((int64_t)t->space_extra + (rest > 0)) * 1000;
            rest -= rest > 0;
        } else if (t->wide_extra) {
            s.drift += (int64_t)t->wide_extra * 1000;
        }
    }
    show_end(&s);
}

// ---- Lines and pictures ----

static void stroke(struct pen *p, int32_t x, int32_t y, int32_t w, int32_t h)
{
    pen_num(p, x);
    pen_num(p, p->height - y);
    pen_op(p, "m ");
    pen_num(p, x + w);
    pen_num(p, p->height - y - h);
    pen_op(p, "l S\n");
}

static void set_dash(struct pen *p, enum dgl_line_kind kind, int32_t width)
{
    if (kind != DGL_LINE_DOTTED && kind != DGL_LINE_DASHED && kind != DGL_LINE_DOT_DASH)
        kind = DGL_LINE_SINGLE;
    if (kind == DGL_LINE_SINGLE && p->dash == DGL_LINE_SINGLE)
        return;
    p->dash = kind;
    pen_op(p, "[");
    if (kind == DGL_LINE_DOTTED) {
        pen_num(p, width);
        pen_num(p, width);
    } else if (kind != DGL_LINE_SINGLE) {
        pen_num(p, width * 4);
        pen_num(p, width * 3);
        if (kind == DGL_LINE_DOT_DASH) {
            pen_num(p, width);
            pen_num(p, width * 3);
        }
    }
    pen_op(p, "]0 d\n");
}

static void wave(struct pen *p, const struct dgl_box *b)
{
    int32_t step = DGL_MAX(b->line_width * 2, 1200);
    pen_num(p, b->x);
    pen_num(p, p->height - b->y);
    pen_op(p, "m ");
    for (int32_t x = step, up = 1; x <= b->w && x / step < 20000; x += step, up = !up) {
        pen_num(p, b->x + x);
        pen_num(p, p->height - b->y + (up ? step / 2 : -step / 2));
        pen_op(p, "l ");
    }
    pen_op(p, "S\n");
}

static void draw_line(struct pen *p, const struct dgl_box *b)
{
    pen_mark_object(p);
    if (b->line == DGL_LINE_SINGLE && (b->w == 0 || b->h == 0)) { // a filled bar needs no pen
        int32_t half = b->line_width / 2;
        pen_fill(p, b->color);
        pen_num(p, b->w ? b->x : b->x - half);
        pen_num(p, p->height - (b->h ? b->y + b->h : b->y + b->line_width - half));
        pen_num(p, b->w ? b->w : b->line_width);
        pen_num(p, b->h ? b->h : b->line_width);
        pen_op(p, "re f\n");
        return;
    }
    int32_t part = b->line == DGL_LINE_DOUBLE ? 3 : b->line == DGL_LINE_TRIPLE ? 5 : 1; // lines and gaps alike
    int32_t width = b->line_width / part, apart = (b->line_width - width) / 2;
    bool across = b->h == 0;
    pen_stroke(p, b->color);
    pen_width(p, width);
    set_dash(p, b->line, width);
    if (b->line == DGL_LINE_WAVE && across) {
        wave(p, b);
    } else if (part > 1) {
        stroke(p, across ? b->x : b->x - apart, across ? b->y - apart : b->y, b->w, b->h);
        stroke(p, across ? b->x : b->x + apart, across ? b->y + apart : b->y, b->w, b->h);
        if (b->line == DGL_LINE_TRIPLE)
            stroke(p, b->x, b->y, b->w, b->h);
    } else {
        stroke(p, b->x, b->y, b->w, b->h);
    }
}

static void draw_rect(struct pen *p, const struct dgl_box *b)
{
    pen_mark_object(p);
    pen_fill(p, b->color);
    pen_num(p, b->x);
    pen_num(p, p->height - b->y - b->h);
    pen_num(p, b->w);
    pen_num(p, b->h);
    pen_op(p, "re f\n");
}

static void put_clip(struct pen *p, const struct dgl_box *b)
{
    pen_op(p, "1 0 0 -1 ");
    pen_num(p, b->x);
    pen_num(p, p->height - b->y);
    pen_op(p, "cm\n");
    pen_path(p, b->clip);
    pen_op(p, "W n 1 0 0 -1 ");
    pen_num(p, -b->x);
    pen_num(p, p->height - b->y);
    pen_op(p, "cm\n");
}

// Takes the colour out of what was painted in a rectangle.
static void desaturate(struct pen *p, const struct dgl_box *b)
{
    uint32_t n = pdf_paints_saturation(p->env->paints);
    if (n == UINT32_MAX)
        return;
    pen_op(p, "/G");
    pdf_put_int(p->b, n);
    pen_op(p, " gs .5 g ");
    pen_num(p, b->x);
    pen_num(p, p->height - b->y - b->h);
    pen_num(p, b->w);
    pen_num(p, b->h);
    pen_op(p, "re f\n");
}

static void draw_picture(struct pen *p, const struct dgl_box *b)
{
    const struct dgl_drawing *d = b->drawing;
    uint32_t index = p->env->picture(p->env->ctx, d, NULL);
    const int32_t *crop = d->crop;
    if (index == UINT32_MAX)
        return;
    pen_mark_object(p);
    pen_save(p);
    if (d->alpha_lost)
        pen_alpha(p, (1000 - d->alpha_lost) / 1000.0, 1);
    if (b->clip)
        put_clip(p, b);
    int64_t part_w = 100000 - crop[DGL_LEFT] - crop[DGL_RIGHT], part_h = 100000 - crop[DGL_TOP] - crop[DGL_BOTTOM];
    bool cropped = crop[0] || crop[1] || crop[2] || crop[3];
    int64_t w = b->w, h = b->h, x = b->x, y = p->height - b->y - b->h;
    if (cropped && part_w > 500 && part_h > 500) { // the whole picture is larger than the window it shows through
        pen_num(p, x);
        pen_num(p, y);
        pen_num(p, w);
        pen_num(p, h);
        pen_op(p, "re W n ");
        w = w * 100000 / part_w;
        h = h * 100000 / part_h;
        x -= w * crop[DGL_LEFT] / 100000;
        y -= h * crop[DGL_BOTTOM] / 100000;
    }
    if (d->gray)
        pen_op(p, "q ");
    pen_num(p, w);
    pen_op(p, "0 0 ");
    pen_num(p, h);
    pen_num(p, x);
    pen_num(p, y);
    pen_op(p, "cm /I");
    pdf_put_int(p->b, index);
    pen_op(p, d->gray ? " Do Q\n" : " Do\n");
    if (d->gray)
        desaturate(p, b);
    pen_restore(p);
}

void pen_draw(struct pen *p, const struct dgl_box_list *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        const struct dgl_box *b = &l->boxes[i];
        switch (b->kind) {
        case DGL_BOX_TEXT:
            if (b->text->count && b->text->size > 0)
                show_text(p, b);
            break;
        case DGL_BOX_RECT:
            draw_rect(p, b);
            break;
        case DGL_BOX_LINE:
            draw_line(p, b);
            break;
        case DGL_BOX_PICTURE:
            draw_picture(p, b);
            break;
        case DGL_BOX_LINK:
            p->env->link(p->env->ctx, p->page, b);
            break;
        case DGL_BOX_PARAGRAPH:
            pdf_structure_paragraph(p->env->structure, b);
            break;
        case DGL_BOX_FIGURE:
            pen_end_text(p);
            p->figure = p->margin ? PDF_ARTIFACT : pdf_structure_figure(p->env->structure, b, p->height);
            break;
        case DGL_BOX_FIGURE_END:
            pen_end_text(p);
            p->figure = PDF_NOT_MARKED;
            break;
        case DGL_BOX_ART:
            pen_art(p, b);
            break;
        case DGL_BOX_PUSH:
            pen_mark_object(p);
            pen_save(p);
            pen_turn(p, b);
            break;
        case DGL_BOX_POP:
            pen_end_text(p);
            pen_restore(p);
            break;
        case DGL_BOX_PLACE:
            if (b->text->count && b->text->size > 0)
                text_element(p, b->text);
            break;
        case DGL_BOX_ANCHOR:
        case DGL_BOX_HEADING:
        case DGL_BOX_FLOAT:
        case DGL_BOX_FLOAT_END:
            break;
        }
    }
}

void pdf_content_write(const struct dgl_page *page, uint32_t index, const struct pdf_content_env *env,
                       struct dgl_buf *out)
{
    struct pen p = {.b = out,
                    .env = env,
                    .page = index,
                    .height = page->height,
                    .mark = PDF_NOT_MARKED,
                    .figure = PDF_NOT_MARKED,
                    .margin = true,
                    .font = UINT32_MAX,
                    .scale = 100,
                    .line_width = 1000,
                    .dash = DGL_LINE_SINGLE};
    pen_draw(&p, &page->under);
    pen_end_text(&p);
    pen_end_mark(&p);
    p.margin = false;
    pen_draw(&p, &page->over);
    pen_end_text(&p);
    pen_end_mark(&p);
}
