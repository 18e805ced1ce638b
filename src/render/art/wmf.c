// WMF records: sizes in words, coordinates of 16 bits, arguments last first. Texts are in the Windows code page of
// Latin languages.
#include "render/art/metafile_private.h"

#include <math.h>
#include <string.h>

#define LARGER_SIDE 1e6
#define PLACEMENT 22u // [MS-WMF] §2.3.2.3
#define HEAD 18u      // §2.3.2.2

struct record {
    uint32_t type;
    const uint8_t *body;
    size_t words;
};

static double arg(const struct record *r, size_t word)
{
    return word < r->words ? meta_i16(r->body + 2 * word) : 0;
}

static uint32_t unsigned_arg(const struct record *r, size_t word)
{
    return word < r->words ? meta_u16(r->body + 2 * word) : 0;
}

// Takes the lowest number that is free ([MS-WMF] §3.1.4.1): a look at 64 of them at a time, for files that make and
// delete objects half a million times.
static void add_object(struct meta *m, struct meta_object o)
{
    for (unsigned i = 0; i < DGL_COUNT(m->taken); i++)
        if (~m->taken[i]) {
            unsigned bit = (unsigned)__builtin_ctzll(~m->taken[i]);
            m->taken[i] |= UINT64_C(1) << bit;
            m->objects[64 * i + bit] = o;
            return;
        }
}

static void delete_object(struct meta *m, uint32_t index)
{
    if (index >= META_MAX_OBJECTS)
        return;
    m->objects[index].kind = META_NOTHING;
    m->taken[index / 64] &= ~(UINT64_C(1) << index % 64);
}

static struct dgl_str from_latin(struct dgl_arena *a, const uint8_t *p, size_t len)
{
    static const uint16_t high[32] = {0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                      0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD,
                                      0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                      0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};
    char *out = dgl_arena_alloc_try(a, len * 3 + 4);
    size_t n = 0;
    for (size_t i = 0; out && i < len && p[i]; i++)
        n += dgl_utf8_put(out + n, p[i] >= 0x80 && p[i] < 0xA0 ? high[p[i] - 0x80] : p[i]);
    return (struct dgl_str){out ? out : "", n};
}

static void make_object(struct meta *m, const struct record *r)
{
    struct meta_object o = {.kind = META_BRUSH, .none = true};
    switch (r->type) {
    case 0x02FA: // CREATEPENINDIRECT
        o = (struct meta_object){.kind = META_PEN, .style = unsigned_arg(r, 0), .width = arg(r, 1)};
        if (r->words >= 5)
            o.rgb = meta_rgb(r->body + 6);
        o.none = (o.style & 15) == 5;
        break;
    case 0x02FC: // CREATEBRUSHINDIRECT
        o = (struct meta_object){.kind = META_BRUSH, .style = unsigned_arg(r, 0)};
        if (r->words >= 3)
            o.rgb = meta_rgb(r->body + 2);
        o.none = o.style == 1;
        m->art->lossless &= o.style < 2;
        break;
    case 0x02FB: // CREATEFONTINDIRECT
        o = (struct meta_object){.kind = META_FONT, .height = arg(r, 0), .turn = arg(r, 2) / 10 * M_PI / 180};
        if (r->words >= 10) {
            o.bold = arg(r, 4) >= 600;
            o.italic = r->body[10];
            o.underline = r->body[11];
            o.face = from_latin(m->arena, r->body + 18, DGL_MIN(2 * r->words - 18, (size_t)32));
        }
        o.height = o.height == 0 ? 12 : o.height;
        break;
    default: // palettes, patterns and regions take a number too
        m->art->lossless = false;
        break;
    }
    add_object(m, o);
}

static void polygon(struct meta *m, const struct record *r, bool close)
{
    struct dgl_art_path p = {0};
    size_t n = (size_t)fmax(arg(r, 0), 0);
    for (size_t i = 0; i < n && 2 + 2 * i < r->words; i++)
        dgl_path_line(m->art, &p, arg(r, 1 + 2 * i), arg(r, 2 + 2 * i));
    if (close)
        dgl_path_close(m->art, &p);
    meta_finish(m, &p, close, true);
}

static void polygons(struct meta *m, const struct record *r)
{
    struct dgl_art_path p = {0};
    size_t n = (size_t)fmax(arg(r, 0), 0), at = 1 + n;
    for (size_t k = 0; k < n && 1 + k < r->words; k++) {
        size_t points = (size_t)fmax(arg(r, 1 + k), 0);
        for (size_t i = 0; i < points && at + 1 < r->words; i++, at += 2) {
            if (i)
                dgl_path_line(m->art, &p, arg(r, at), arg(r, at + 1));
            else
                dgl_path_move(m->art, &p, arg(r, at), arg(r, at + 1));
        }
        dgl_path_close(m->art, &p);
    }
    meta_finish(m, &p, true, true);
}

static void text(struct meta *m, const struct record *r)
{
    bool extended = r->type == 0x0A32;
    size_t len = (size_t)fmax(arg(r, extended ? 2 : 0), 0), at = extended ? arg(r, 3) != 0 ? 8 : 4 : 1;
    double y = extended ? arg(r, 0) : arg(r, at + (len + 1) / 2),
           x = extended ? arg(r, 1) : arg(r, at + (len + 1) / 2 + 1);
    if (at > r->words || len > 2 * (r->words - at))
        return;
    double width = 0;
    size_t dx = at + (len + 1) / 2;
    if (extended && dx + len <= r->words)
        for (size_t i = 0; i < len; i++)
            width += arg(r, dx + i);
    meta_text(m, from_latin(m->arena, r->body + 2 * at, len), x, y, width);
}

static void bitmap(struct meta *m, const struct record *r)
{
    size_t from = r->type == 0x0F43 ? 11 : 10; // STRETCHDIB has one word more
    if (r->words < from + 20)
        return;
    const uint8_t *info = r->body + 2 * from;
    size_t room = 2 * (r->words - from), head = meta_u32(info), bits = meta_u16(info + 14),
           colors = meta_u32(info + 32);
    if (head < 40 || head > room)
        return;
    colors = bits <= 8 ? colors && colors <= 256 ? colors : (size_t)1 << bits : 0;
    size_t info_len = head + 4 * colors;
    if (info_len >= room)
        return;
    meta_bitmap(m, info, info_len, info + info_len, room - info_len, arg(r, from - 1), arg(r, from - 2),
                arg(r, from - 3), arg(r, from - 4));
}

static bool drawing(struct meta *m, const struct record *r)
{
    struct dgl_art_path p = {0};
    const double box[4] = {arg(r, 3), arg(r, 2), arg(r, 1), arg(r, 0)};
    switch (r->type) {
    case 0x0324:
        polygon(m, r, true);
        return true;
    case 0x0325:
        polygon(m, r, false);
        return true;
    case 0x0538:
        polygons(m, r);
        return true;
    case 0x041B:
        dgl_path_rect(m->art, &p, box[0], box[1], box[2] - box[0], box[3] - box[1]);
        meta_finish(m, &p, true, true);
        return true;
    case 0x0418:
        dgl_path_ellipse(m->art, &p, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, (box[2] - box[0]) / 2,
                         (box[3] - box[1]) / 2);
        meta_finish(m, &p, true, true);
        return true;
    case 0x061C:
        dgl_path_round_rect(m->art, &p, arg(r, 5), arg(r, 4), arg(r, 3) - arg(r, 5), arg(r, 2) - arg(r, 4),
                            arg(r, 1) / 2, arg(r, 0) / 2);
        meta_finish(m, &p, true, true);
        return true;
    case 0x0817: // ARC, CHORD, PIE
    case 0x0830:
    case 0x081A: {
        const double frame[4] = {arg(r, 7), arg(r, 6), arg(r, 5), arg(r, 4)},
                     ends[4] = {arg(r, 3), arg(r, 2), arg(r, 1), arg(r, 0)};
        meta_arc(m, frame, ends, r->type == 0x0817 ? 0 : r->type == 0x0830 ? 1 : 2);
        return true;
    }
    case 0x0214:
        m->s.x = arg(r, 1);
        m->s.y = arg(r, 0);
        return true;
    case 0x0213:
        dgl_path_move(m->art, &p, m->s.x, m->s.y);
        dgl_path_line(m->art, &p, m->s.x = arg(r, 1), m->s.y = arg(r, 0));
        meta_finish(m, &p, false, true);
        return true;
    case 0x0416:
        dgl_path_rect(m->art, &p, box[0], box[1], box[2] - box[0], box[3] - box[1]);
        meta_clip(m, &p, false);
        return true;
    case 0x0521:
    case 0x0A32:
        text(m, r);
        return true;
    case 0x0F43:
    case 0x0B41:
        bitmap(m, r);
        return true;
    default:
        return false;
    }
}

static bool settings(struct meta *m, const struct record *r)
{
    struct meta_state *s = &m->s;
    uint32_t index = r->words ? meta_u16(r->body) : META_MAX_OBJECTS;
    switch (r->type) {
    case 0x020B:
        s->win_y = arg(r, 0);
        s->win_x = arg(r, 1);
        return true;
    case 0x020C:
        s->win_h = arg(r, 0);
        s->win_w = arg(r, 1);
        return true;
    case 0x012D:
        if (index < META_MAX_OBJECTS)
            meta_select(m, &m->objects[index]);
        return true;
    case 0x01F0:
        delete_object(m, index);
        return true;
    case 0x0106:
        s->even_odd = index != 2;
        return true;
    case 0x012E:
        s->align = index;
        return true;
    case 0x0209:
    case 0x0201:
        if (r->words >= 2)
            *(r->type == 0x0209 ? &s->text_rgb : &s->back_rgb) = meta_rgb(r->body);
        return true;
    case 0x001E:
        meta_save(m);
        return true;
    case 0x0127:
        meta_restore(m, (int32_t)arg(r, 0));
        return true;
    case 0x02FA:
    case 0x02FB:
    case 0x02FC:
    case 0x00F7:
    case 0x0142:
    case 0x06FF:
        make_object(m, r);
        return true;
    default:
        return false;
    }
}

size_t wmf_head(const uint8_t *data, size_t len)
{
    size_t at = len >= PLACEMENT + HEAD && meta_u32(data) == 0x9AC6CDD7 ? PLACEMENT : 0;
    if (len < at + HEAD || meta_u16(data + at + 2) != 9)
        return 0;
    uint32_t kind = meta_u16(data + at); // in memory, on disk
    return kind == 1 || kind == 2 ? at + HEAD : 0;
}

struct dgl_art *wmf_read(struct meta *m)
{
    size_t at = wmf_head(m->data, m->len);
    double box[4] = {0, 0, 0, 0};
    bool placed = at > HEAD;
    for (unsigned i = 0; placed && i < 4; i++)
        box[i] = meta_i16(m->data + 6 + 2 * i);
    // Without a placement the window that the file sets is what is shown.
    for (size_t look = at; !placed && look + 10 <= m->len;) {
        size_t words = meta_u32(m->data + look), type = meta_u16(m->data + look + 4);
        if (words < 3 || words > (m->len - look) / 2)
            break;
        if (type == 0x020C && words >= 5) {
            box[3] = box[1] + meta_i16(m->data + look + 6);
            box[2] = box[0] + meta_i16(m->data + look + 8);
            break;
        }
        if (type == 0x020B && words >= 5) {
            box[1] = meta_i16(m->data + look + 6);
            box[0] = meta_i16(m->data + look + 8);
        }
        look += 2 * words;
    }
    double w = fabs(box[2] - box[0]), h = fabs(box[3] - box[1]);
    if (w < 1 || h < 1)
        return NULL;
    double k = LARGER_SIDE / fmax(w, h);
    m->art = dgl_art_new(m->arena, (float)(w * k), (float)(h * k));
    m->device = DGL_MATRIX_ONE;
    m->s.mapped = true;
    m->s.win_x = box[0];
    m->s.win_y = box[1];
    m->s.win_w = box[2] - box[0];
    m->s.win_h = box[3] - box[1];
    m->s.view_w = w * k;
    m->s.view_h = h * k;
    for (uint32_t n = 0; at + 6 <= m->len && n < META_MAX_RECORDS && !m->art->cut; n++) {
        size_t words = meta_u32(m->data + at);
        struct record r = {meta_u16(m->data + at + 4), m->data + at + 6, 0};
        if (words < 3 || words > (m->len - at) / 2 || r.type == 0)
            break;
        r.words = words - 3;
        bool known = drawing(m, &r) || settings(m, &r) || r.type == 0x0103 || r.type == 0x0102 || r.type == 0x0104 ||
                     r.type == 0x0107 || r.type == 0x0626 || r.type == 0x0035 || r.type == 0x0234 || r.type == 0x012C ||
                     r.type == 0x0108 || r.type == 0x020D || r.type == 0x020E || r.type == 0x0149;
        m->art->lossless &= known;
        at += 2 * words;
    }
    return m->art;
}
