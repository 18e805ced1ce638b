// EMF records. Every record says its size; one that is too short for what it should hold is passed over.
#include "render/art/metafile_private.h"

#include <math.h>
#include <string.h>

#define LARGER_SIDE 1e6

struct record {
    uint32_t type;
    const uint8_t *body; // after type and size
    size_t len;
};

static double i32(const struct record *r, size_t at)
{
    return at + 4 <= r->len ? meta_i32(r->body + at) : 0;
}

static uint32_t u32(const struct record *r, size_t at)
{
    return at + 4 <= r->len ? meta_u32(r->body + at) : 0;
}

static double f32(const struct record *r, size_t at)
{
    float f = 0;
    uint32_t v = u32(r, at);
    memcpy(&f, &v, 4);
    return isfinite(f) ? (double)f : 0;
}

static void paint(struct meta *m, struct dgl_art_path *p, bool fill, bool line)
{
    if (!m->gathering) {
        meta_finish(m, p, fill, line);
        return;
    }
    const float *xy = p->xy; // goes on with the path being gathered
    for (uint32_t i = 0; i < p->op_count; i++) {
        if (p->ops[i] == DGL_ART_MOVE)
            dgl_path_move(m->art, &m->path, xy[0], xy[1]);
        else if (p->ops[i] == DGL_ART_LINE)
            dgl_path_line(m->art, &m->path, xy[0], xy[1]);
        else if (p->ops[i] == DGL_ART_CURVE)
            dgl_path_curve(m->art, &m->path, xy[0], xy[1], xy[2], xy[3], xy[4], xy[5]);
        else
            dgl_path_close(m->art, &m->path);
        xy += p->ops[i] == DGL_ART_CURVE ? 6 : p->ops[i] == DGL_ART_CLOSE ? 0 : 2;
    }
}

// ---- Polygons and curves ----

struct points {
    const uint8_t *at;
    uint32_t count;
    bool small; // 16 bits
};

static void point(const struct points *p, uint32_t i, double *x, double *y)
{
    const uint8_t *at = p->at + (size_t)i * (p->small ? 4 : 8);
    *x = p->small ? meta_i16(at) : meta_i32(at);
    *y = p->small ? meta_i16(at + 2) : meta_i32(at + 4);
}

static bool take_points(const struct record *r, size_t count_at, size_t at, bool small, struct points *p)
{
    p->count = u32(r, count_at);
    p->at = r->body + at;
    p->small = small;
    return at <= r->len && p->count <= (r->len - at) / (small ? 4 : 8);
}

// How: 0 polygon, 1 polyline, 2 curves, 3 polyline from the pen on, 4 curves from the pen on.
static void poly(struct meta *m, const struct record *r, unsigned how, bool small)
{
    struct points p;
    struct dgl_art_path path = {0};
    double x, y, v[6];
    if (!take_points(r, 16, 20, small, &p) || p.count == 0)
        return;
    uint32_t i = 0;
    bool go_on = how >= 3, curves = how == 2 || how == 4;
    if (go_on && !m->gathering) {
        dgl_path_move(m->art, &path, m->s.x, m->s.y);
    } else if (!go_on) {
        point(&p, i++, &x, &y);
        dgl_path_move(m->art, &path, x, y);
    }
    for (; i < p.count; i++) {
        if (curves) {
            if (i + 3 > p.count)
                break;
            for (unsigned k = 0; k < 3; k++)
                point(&p, i + k, &v[2 * k], &v[2 * k + 1]);
            dgl_path_curve(m->art, &path, v[0], v[1], v[2], v[3], v[4], v[5]);
            i += 2;
        } else {
            point(&p, i, &x, &y);
            dgl_path_line(m->art, &path, x, y);
        }
    }
    point(&p, p.count - 1, &m->s.x, &m->s.y);
    if (how == 0)
        dgl_path_close(m->art, &path);
    paint(m, &path, how == 0, true);
}

static void poly_poly(struct meta *m, const struct record *r, bool close, bool small)
{
    uint32_t polygons = u32(r, 16), at = 0;
    struct points p;
    struct dgl_art_path path = {0};
    if (polygons > r->len / 4 || !take_points(r, 20, 24 + (size_t)polygons * 4, small, &p))
        return;
    for (uint32_t k = 0; k < polygons; k++) {
        uint32_t n = u32(r, 24 + (size_t)k * 4);
        if (n > p.count - at)
            break;
        for (uint32_t i = 0; i < n; i++, at++) {
            double x, y;
            point(&p, at, &x, &y);
            if (i)
                dgl_path_line(m->art, &path, x, y);
            else
                dgl_path_move(m->art, &path, x, y);
        }
        if (close)
            dgl_path_close(m->art, &path);
    }
    paint(m, &path, close, true);
}

// ---- Objects ----

static struct meta_object *slot(struct meta *m, uint32_t index)
{
    return index < META_MAX_OBJECTS ? &m->objects[index] : NULL;
}

static struct dgl_str from_utf16(struct dgl_arena *a, const uint8_t *p, size_t max_units)
{
    char *out = dgl_arena_alloc_try(a, max_units * 3 + 4);
    size_t n = 0;
    for (size_t i = 0; out && i < max_units; i++) {
        uint32_t c = meta_u16(p + 2 * i);
        if (c == 0)
            break;
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < max_units) {
            uint32_t low = meta_u16(p + 2 * i + 2);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                i++;
            }
        }
        if (c >= 0xD800 && c < 0xE000)
            c = 0xFFFD;
        n += dgl_utf8_put(out + n, c);
    }
    return (struct dgl_str){out ? out : "", n};
}

static void make_object(struct meta *m, const struct record *r)
{
    struct meta_object *o = slot(m, u32(r, 0));
    if (!o)
        return;
    *o = (struct meta_object){0};
    switch (r->type) {
    case 38: // CREATEPEN
        *o = (struct meta_object){.kind = META_PEN, .style = u32(r, 4), .width = i32(r, 8)};
        if (r->len >= 20)
            o->rgb = meta_rgb(r->body + 16);
        break;
    case 95: // EXTCREATEPEN
        *o = (struct meta_object){.kind = META_PEN, .style = u32(r, 20), .width = i32(r, 24)};
        if (r->len >= 36)
            o->rgb = meta_rgb(r->body + 32);
        break;
    case 39: // CREATEBRUSHINDIRECT
        *o = (struct meta_object){.kind = META_BRUSH, .style = u32(r, 4)};
        if (r->len >= 12)
            o->rgb = meta_rgb(r->body + 8);
        o->none = o->style == 1;
        m->art->lossless &= o->style < 2;
        break;
    default: // EXTCREATEFONTINDIRECTW
        *o = (struct meta_object){.kind = META_FONT, .height = i32(r, 4), .turn = i32(r, 12) / 10 * M_PI / 180};
        if (r->len >= 4 + 28 + 64) {
            o->bold = meta_i32(r->body + 20) >= 600;
            o->italic = r->body[24];
            o->underline = r->body[25];
            o->face = from_utf16(m->arena, r->body + 32, 32);
        }
        if (o->height == 0)
            o->height = 12;
        break;
    }
    if (o->kind == META_PEN)
        o->none = (o->style & 15) == 5;
}

// ---- Texts and bitmaps ----

static void text(struct meta *m, const struct record *r)
{
    uint32_t count = u32(r, 36), at = u32(r, 40), dx_at = u32(r, 64), options = u32(r, 44);
    if (at < 8 || at - 8 > r->len || count > (r->len - (at - 8)) / 2 || options & 0x10) // glyph numbers say no text
        return;
    double width = 0;
    if (dx_at >= 8 && dx_at - 8 <= r->len && count <= (r->len - (dx_at - 8)) / 4)
        for (uint32_t i = 0; i < count; i++)
            width += meta_i32(r->body + dx_at - 8 + (size_t)i * 4);
    struct dgl_str s = from_utf16(m->arena, r->body + at - 8, count);
    meta_text(m, s, i32(r, 28), i32(r, 32), width);
    if (m->s.align & 1)
        m->s.x += width;
}

static void bitmap(struct meta *m, const struct record *r, size_t offsets_at, double x, double y, double w, double h)
{
    uint32_t info = u32(r, offsets_at), info_len = u32(r, offsets_at + 4), bits = u32(r, offsets_at + 8),
             bits_len = u32(r, offsets_at + 12);
    if (info < 8 || bits < 8 || info - 8 > r->len || info_len > r->len - (info - 8) || bits - 8 > r->len ||
        bits_len > r->len - (bits - 8)) {
        m->art->lossless = false;
        return;
    }
    meta_bitmap(m, r->body + info - 8, info_len, r->body + bits - 8, bits_len, x, y, w, h);
}

// ---- Records ----

static void rectangle(struct meta *m, const struct record *r)
{
    struct dgl_art_path p = {0};
    double x = i32(r, 0), y = i32(r, 4), w = i32(r, 8) - x, h = i32(r, 12) - y;
    if (r->type == 42)
        dgl_path_ellipse(m->art, &p, x + w / 2, y + h / 2, w / 2, h / 2);
    else if (r->type == 44)
        dgl_path_round_rect(m->art, &p, x, y, w, h, i32(r, 16) / 2, i32(r, 20) / 2);
    else
        dgl_path_rect(m->art, &p, x, y, w, h);
    paint(m, &p, true, true);
}

static void end_path(struct meta *m, bool fill, bool line)
{
    meta_finish(m, &m->path, fill, line);
    m->path = (struct dgl_art_path){0};
}

static bool shapes(struct meta *m, const struct record *r)
{
    struct dgl_art_path p = {0};
    switch (r->type) {
    case 2: // curves, polygons, polylines; 32 bits
        poly(m, r, 2, false);
        return true;
    case 3:
        poly(m, r, 0, false);
        return true;
    case 4:
        poly(m, r, 1, false);
        return true;
    case 5:
        poly(m, r, 4, false);
        return true;
    case 6:
        poly(m, r, 3, false);
        return true;
    case 7:
        poly_poly(m, r, false, false);
        return true;
    case 8:
        poly_poly(m, r, true, false);
        return true;
    case 85: // and 16
        poly(m, r, 2, true);
        return true;
    case 86:
        poly(m, r, 0, true);
        return true;
    case 87:
        poly(m, r, 1, true);
        return true;
    case 88:
        poly(m, r, 4, true);
        return true;
    case 89:
        poly(m, r, 3, true);
        return true;
    case 90:
        poly_poly(m, r, false, true);
        return true;
    case 91:
        poly_poly(m, r, true, true);
        return true;
    case 42:
    case 43:
    case 44:
        rectangle(m, r);
        return true;
    case 45:
    case 46:
    case 47: {
        const double box[4] = {i32(r, 0), i32(r, 4), i32(r, 8), i32(r, 12)},
                     ends[4] = {i32(r, 16), i32(r, 20), i32(r, 24), i32(r, 28)};
        meta_arc(m, box, ends, r->type - 45);
        return true;
    }
    case 27: // MOVETOEX
        m->s.x = i32(r, 0);
        m->s.y = i32(r, 4);
        if (m->gathering)
            dgl_path_move(m->art, &m->path, m->s.x, m->s.y);
        return true;
    case 54: // LINETO
        if (!m->gathering)
            dgl_path_move(m->art, &p, m->s.x, m->s.y);
        m->s.x = i32(r, 0);
        m->s.y = i32(r, 4);
        if (m->gathering) {
            dgl_path_line(m->art, &m->path, m->s.x, m->s.y);
            return true;
        }
        dgl_path_line(m->art, &p, m->s.x, m->s.y);
        meta_finish(m, &p, false, true);
        return true;
    default:
        return false;
    }
}

static bool paths(struct meta *m, const struct record *r)
{
    struct dgl_art_path p = {0};
    switch (r->type) {
    case 59: // BEGINPATH
        m->gathering = true;
        m->path = (struct dgl_art_path){0};
        return true;
    case 60: // ENDPATH
        m->gathering = false;
        return true;
    case 61: // CLOSEFIGURE
        dgl_path_close(m->art, &m->path);
        return true;
    case 62:
        end_path(m, true, false);
        return true;
    case 63:
        end_path(m, true, true);
        return true;
    case 64:
        end_path(m, false, true);
        return true;
    case 67: // SELECTCLIPPATH
        meta_clip(m, &m->path, m->s.even_odd);
        m->path = (struct dgl_art_path){0};
        return true;
    case 30: // INTERSECTCLIPRECT
        dgl_path_rect(m->art, &p, i32(r, 0), i32(r, 4), i32(r, 8) - i32(r, 0), i32(r, 12) - i32(r, 4));
        meta_clip(m, &p, false);
        return true;
    default:
        return false;
    }
}

static bool mapping(struct meta *m, const struct record *r)
{
    struct meta_state *s = &m->s;
    struct dgl_matrix w = {f32(r, 0), f32(r, 4), f32(r, 8), f32(r, 12), f32(r, 16), f32(r, 20)};
    switch (r->type) {
    case 9:
        s->win_w = i32(r, 0);
        s->win_h = i32(r, 4);
        return true;
    case 10:
        s->win_x = i32(r, 0);
        s->win_y = i32(r, 4);
        return true;
    case 11:
        s->view_w = i32(r, 0);
        s->view_h = i32(r, 4);
        return true;
    case 12:
        s->view_x = i32(r, 0);
        s->view_y = i32(r, 4);
        return true;
    case 17: // SETMAPMODE
        s->mapped = u32(r, 0) != 1;
        return true;
    case 35:
        s->world = w;
        return true;
    case 36: // MODIFYWORLDTRANSFORM
        s->world = u32(r, 24) == 1   ? DGL_MATRIX_ONE
                   : u32(r, 24) == 2 ? dgl_matrix_join(s->world, w)
                   : u32(r, 24) == 3 ? dgl_matrix_join(w, s->world)
                                     : w;
        return true;
    case 33:
        meta_save(m);
        return true;
    case 34:
        meta_restore(m, (int32_t)i32(r, 0));
        return true;
    default:
        return false;
    }
}

static bool settings(struct meta *m, const struct record *r)
{
    struct meta_object *o;
    switch (r->type) {
    case 18:
        m->s.back_opaque = u32(r, 0) == 2;
        return true;
    case 19:
        m->s.even_odd = u32(r, 0) != 2;
        return true;
    case 22:
        m->s.align = u32(r, 0);
        return true;
    case 24:
    case 25:
        if (r->len >= 4)
            *(r->type == 24 ? &m->s.text_rgb : &m->s.back_rgb) = meta_rgb(r->body);
        return true;
    case 37: // SELECTOBJECT
        if (u32(r, 0) & 0x80000000u)
            meta_stock(m, u32(r, 0) & 0x7FFFFFFF);
        else if ((o = slot(m, u32(r, 0))))
            meta_select(m, o);
        return true;
    case 38:
    case 39:
    case 82:
    case 95:
        make_object(m, r);
        return true;
    case 40: // DELETEOBJECT
        if ((o = slot(m, u32(r, 0))))
            o->kind = META_NOTHING;
        return true;
    default:
        return false;
    }
}

static void play(struct meta *m, const struct record *r)
{
    if (shapes(m, r) || paths(m, r) || mapping(m, r) || settings(m, r))
        return;
    switch (r->type) {
    case 84: // EXTTEXTOUTW
        text(m, r);
        break;
    case 81: // STRETCHDIBITS
        bitmap(m, r, 40, i32(r, 16), i32(r, 20), i32(r, 64), i32(r, 68));
        break;
    case 76: // BITBLT, STRETCHBLT
    case 77:
        if (u32(r, 76)) {
            bitmap(m, r, 76, i32(r, 16), i32(r, 20), i32(r, 24), i32(r, 28));
        } else if (u32(r, 32) == 0x00F00021) { // PATCOPY: a filled rectangle
            struct dgl_art_path p = {0};
            dgl_path_rect(m->art, &p, i32(r, 16), i32(r, 20), i32(r, 24), i32(r, 28));
            meta_finish(m, &p, true, false);
        }
        break;
    case 70: // GDICOMMENT, and what only says how finely to draw
    case 13:
    case 16:
    case 20:
    case 21:
    case 23:
    case 48:
    case 49:
    case 50:
    case 51:
    case 52:
    case 58:
    case 65:
    case 66:
    case 98:
    case 115:
        break;
    default:
        m->art->lossless = false;
    }
}

struct dgl_art *emf_read(struct meta *m)
{
    const uint8_t *h = m->data;
    // The frame, in hundredths of a millimetre, is what is shown; device units are pixels of the reference device.
    double frame[4], pixels[2], mm[2];
    for (unsigned i = 0; i < 4; i++)
        frame[i] = meta_i32(h + 24 + 4 * i);
    for (unsigned i = 0; i < 2; i++) {
        pixels[i] = meta_i32(h + 72 + 4 * i);
        mm[i] = meta_i32(h + 80 + 4 * i);
    }
    double w = frame[2] - frame[0], hh = frame[3] - frame[1];
    if (!(w > 0 && hh > 0 && pixels[0] > 0 && pixels[1] > 0 && mm[0] > 0 && mm[1] > 0))
        return NULL;
    double k = LARGER_SIDE / fmax(w, hh), sx = mm[0] * 100 / pixels[0] * k, sy = mm[1] * 100 / pixels[1] * k;
    m->art = dgl_art_new(m->arena, (float)(w * k), (float)(hh * k));
    m->device = (struct dgl_matrix){sx, 0, 0, sy, -frame[0] * k, -frame[1] * k};
    size_t at = meta_u32(h + 4);
    for (uint32_t n = 0; at >= 8 && at + 8 <= m->len && n < META_MAX_RECORDS && !m->art->cut; n++) {
        struct record r = {meta_u32(m->data + at), m->data + at + 8, 0};
        uint32_t size = meta_u32(m->data + at + 4);
        if (size < 8 || size > m->len - at || r.type == 14) // EOF
            break;
        r.len = size - 8;
        play(m, &r);
        at += size;
    }
    return m->art;
}
