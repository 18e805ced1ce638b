// Gradients are axial and radial shadings over stitched linear pieces; one whose opacity changes is painted through a
// soft mask of the same gradient in grays. Sources: ISO 32000-1 §8.7.4.5 (shadings), §11.6.5 (soft masks).
#include "render/pdf/paints.h"

#include <math.h>
#include <string.h>

// ---- Graphics states ----

static uint32_t state_of(struct pdf_paints *p, struct pdf_state wanted)
{
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct pdf_state *s = &p->states[i];
        if (s->fill == wanted.fill && s->stroke == wanted.stroke && s->mask == wanted.mask && s->gray == wanted.gray)
            return i;
    }
    if (!DGL_ARENA_ROOM(p->arena, p->states, p->state_cap, p->state_count + 1, 16, DGL_PDF_MAX_PAINTS))
        return UINT32_MAX;
    wanted.object = pdf_out_reserve(p->out);
    struct dgl_buf *b = p->out->buf;
    pdf_out_begin(p->out, wanted.object);
    dgl_buf_puts(b, "<</Type/ExtGState");
    if (wanted.fill <= 1000) {
        dgl_buf_puts(b, "/ca ");
        pdf_put_milli(b, wanted.fill);
        dgl_buf_puts(b, "/CA ");
        pdf_put_milli(b, wanted.stroke);
    }
    if (wanted.mask) {
        dgl_buf_puts(b, "/SMask<</Type/Mask/S/Luminosity/G ");
        pdf_put_ref(b, wanted.mask);
        dgl_buf_puts(b, ">>");
    }
    if (wanted.gray)
        dgl_buf_puts(b, "/BM/Saturation");
    dgl_buf_puts(b, ">>");
    pdf_out_end(p->out);
    p->states[p->state_count] = wanted;
    return p->state_count++;
}

uint32_t pdf_paints_alpha(struct pdf_paints *p, unsigned fill, unsigned stroke)
{
    return state_of(
        p, (struct pdf_state){.fill = (uint16_t)DGL_MIN(fill, 1000u), .stroke = (uint16_t)DGL_MIN(stroke, 1000u)});
}

uint32_t pdf_paints_saturation(struct pdf_paints *p)
{
    return state_of(p, (struct pdf_state){.fill = 1001, .stroke = 1001, .gray = true});
}

// ---- Gradients ----

static int64_t milli(double v)
{
    return llround(fmax(-1e12, fmin(v * 1000, 1e12)));
}

static void put_stop(struct dgl_buf *b, const struct dgl_art_stop *s, bool gray)
{
    dgl_buf_putc(b, '[');
    if (gray)
        pdf_put_milli(b, milli(s->alpha));
    else
        pdf_put_color(b, s->rgb);
    dgl_buf_putc(b, ']');
}

static void put_piece(struct dgl_buf *b, const struct dgl_art_stop *from, const struct dgl_art_stop *to, bool gray)
{
    dgl_buf_puts(b, "<</FunctionType 2/N 1/Domain[0 1]/C0");
    put_stop(b, from, gray);
    dgl_buf_puts(b, "/C1");
    put_stop(b, to, gray);
    dgl_buf_puts(b, ">>");
}

// The stops with one at 0 and one at 1.
static uint32_t whole_range(const struct dgl_art_paint *paint, struct dgl_art_stop *stops)
{
    uint32_t n = 0;
    if (paint->stops[0].at > 0) {
        stops[n] = paint->stops[0];
        stops[n++].at = 0;
    }
    for (uint32_t i = 0; i < paint->stop_count && i < DGL_ART_MAX_STOPS; i++)
        stops[n++] = paint->stops[i];
    if (stops[n - 1].at < 1) {
        stops[n] = stops[n - 1];
        stops[n++].at = 1;
    }
    return n;
}

static void put_function(struct dgl_buf *b, const struct dgl_art_paint *paint, bool gray)
{
    struct dgl_art_stop stops[DGL_ART_MAX_STOPS + 2];
    uint32_t n = whole_range(paint, stops);
    if (n == 2) {
        put_piece(b, &stops[0], &stops[1], gray);
        return;
    }
    dgl_buf_puts(b, "<</FunctionType 3/Domain[0 1]/Functions[");
    for (uint32_t i = 0; i + 1 < n; i++)
        put_piece(b, &stops[i], &stops[i + 1], gray);
    dgl_buf_puts(b, "]/Bounds[");
    for (uint32_t i = 1; i + 1 < n; i++) {
        pdf_put_milli(b, milli(stops[i].at));
        dgl_buf_putc(b, ' ');
    }
    dgl_buf_puts(b, "]/Encode[");
    for (uint32_t i = 0; i + 1 < n; i++)
        dgl_buf_puts(b, "0 1 ");
    dgl_buf_puts(b, "]>>");
}

double pdf_paints_scale(const struct dgl_art_paint *g)
{
    float largest = fmaxf(fmaxf(fabsf(g->x0), fabsf(g->y0)), fmaxf(fabsf(g->x1), fabsf(g->y1)));
    return fmaxf(largest, fabsf(g->r1)) > 100 ? 0.001 : 1000;
}

static uint32_t write_shading(struct pdf_paints *p, const struct dgl_art_paint *g, bool gray)
{
    uint32_t object = pdf_out_reserve(p->out);
    struct dgl_buf *b = p->out->buf;
    const float radial[] = {g->x0, g->y0, g->r0, g->x1, g->y1, g->r1}, axial[] = {g->x0, g->y0, g->x1, g->y1};
    double scale = pdf_paints_scale(g);
    bool round = g->kind == DGL_ART_RADIAL;
    pdf_out_begin(p->out, object);
    dgl_buf_puts(b, round ? "<</ShadingType 3" : "<</ShadingType 2");
    dgl_buf_puts(b, gray ? "/ColorSpace/DeviceGray/Coords[" : "/ColorSpace/DeviceRGB/Coords[");
    for (unsigned i = 0; i < (round ? 6u : 4u); i++) {
        pdf_put_milli(b, milli(scale * (double)(round ? radial[i] : axial[i])));
        dgl_buf_putc(b, ' ');
    }
    dgl_buf_puts(b, "]/Extend[true true]/Function");
    put_function(b, g, gray);
    dgl_buf_puts(b, ">>");
    pdf_out_end(p->out);
    return object;
}

static uint32_t write_mask(struct pdf_paints *p, const struct dgl_art_paint *g)
{
    uint32_t shading = write_shading(p, g, true), object = pdf_out_reserve(p->out);
    char dict[240];
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(sizeof(dict));
    dgl_buf_printf(&b,
                   "/Type/XObject/Subtype/Form/BBox[-16000000 -16000000 16000000 16000000]/Group<</S/Transparency"
                   "/CS/DeviceGray>>/Resources<</Shading<</S %u 0 R>>>>",
                   shading);
    if (!b.failed)
        pdf_out_stream(p->out, object, b.data, "/S sh", 5, false);
    return object;
}

uint32_t pdf_paints_gradient(struct pdf_paints *p, const struct dgl_art_paint *g, uint32_t *ret_state)
{
    bool fades = false;
    *ret_state = UINT32_MAX;
    if (g->stop_count == 0 ||
        !DGL_ARENA_ROOM(p->arena, p->shadings, p->shading_cap, p->shading_count + 1, 16, DGL_PDF_MAX_PAINTS))
        return UINT32_MAX;
    for (uint32_t i = 0; i < g->stop_count; i++)
        fades |= g->stops[i].alpha < 1;
    if (fades)
        *ret_state = state_of(p, (struct pdf_state){.fill = 1001, .stroke = 1001, .mask = write_mask(p, g)});
    p->shadings[p->shading_count] = write_shading(p, g, false);
    return p->shading_count++;
}

static void put_list(struct dgl_buf *b, const char *head, const char *name, uint32_t n, const uint32_t *objects,
                     size_t step)
{
    if (n == 0)
        return;
    dgl_buf_puts(b, head);
    for (uint32_t i = 0; i < n; i++) {
        dgl_buf_puts(b, name);
        pdf_put_int(b, i);
        dgl_buf_putc(b, ' ');
        pdf_put_ref(b, *(const uint32_t *)((const char *)objects + i * step));
    }
    dgl_buf_puts(b, ">>");
}

void pdf_paints_resources(const struct pdf_paints *p, struct dgl_buf *b)
{
    put_list(b, "/Shading<<", "/S", p->shading_count, p->shadings, sizeof(*p->shadings));
    put_list(b, "/ExtGState<<", "/G", p->state_count, p->state_count ? &p->states[0].object : NULL, sizeof(*p->states));
}
