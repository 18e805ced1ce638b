// The device of metafiles: objects, mapping, painting.
#include "render/art/metafile_private.h"

#include "base/gzip.h"

#include <math.h>
#include <string.h>

uint32_t meta_rgb(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

struct dgl_matrix meta_matrix(const struct meta *m)
{
    const struct meta_state *s = &m->s;
    struct dgl_matrix map = DGL_MATRIX_ONE;
    if (s->mapped && s->win_w != 0 && s->win_h != 0) {
        double sx = s->view_w / s->win_w, sy = s->view_h / s->win_h;
        map = (struct dgl_matrix){sx, 0, 0, sy, s->view_x - s->win_x * sx, s->view_y - s->win_y * sy};
    }
    return dgl_matrix_join(m->device, dgl_matrix_join(map, s->world));
}

void meta_start(struct meta *m)
{
    m->s = (struct meta_state){.pen = {.kind = META_PEN},
                               .brush = {.kind = META_BRUSH, .rgb = 0xFFFFFF},
                               .font = {.kind = META_FONT, .height = 12, .face = DGL_STR("Arial")},
                               .back_rgb = 0xFFFFFF,
                               .even_odd = true,
                               .win_w = 1,
                               .win_h = 1,
                               .view_w = 1,
                               .view_h = 1,
                               .world = DGL_MATRIX_ONE};
}

void meta_select(struct meta *m, const struct meta_object *o)
{
    if (o->kind == META_PEN)
        m->s.pen = *o;
    else if (o->kind == META_BRUSH)
        m->s.brush = *o;
    else if (o->kind == META_FONT)
        m->s.font = *o;
}

void meta_stock(struct meta *m, uint32_t index)
{
    static const struct meta_object stock[] = {
        {.kind = META_BRUSH, .rgb = 0xFFFFFF}, {.kind = META_BRUSH, .rgb = 0xC0C0C0},
        {.kind = META_BRUSH, .rgb = 0x808080}, {.kind = META_BRUSH, .rgb = 0x404040},
        {.kind = META_BRUSH, .rgb = 0x000000}, {.kind = META_BRUSH, .none = true},
        {.kind = META_PEN, .rgb = 0xFFFFFF},   {.kind = META_PEN, .rgb = 0x000000},
        {.kind = META_PEN, .none = true}};
    if (index < DGL_COUNT(stock))
        meta_select(m, &stock[index]);
}

// ---- Painting ----

static void set_pen(const struct meta *m, struct dgl_art_item *item, const struct dgl_matrix *to)
{
    static const char *const dashes[] = {"", "31", "11", "3111", "311111"};
    const struct meta_object *pen = &m->s.pen;
    unsigned style = pen->style & 15, cap = pen->style >> 8 & 15, join = pen->style >> 12 & 15;
    item->line = dgl_art_solid(pen->rgb, 1);
    item->stroke.width = (float)(pen->width * dgl_matrix_scale(to));
    item->stroke.cap = cap == 1 ? DGL_ART_SQUARE : cap == 2 ? DGL_ART_BUTT : DGL_ART_ROUND;
    item->stroke.join = join == 1 ? DGL_ART_BEVEL : join == 2 ? DGL_ART_MITER : DGL_ART_JOIN_ROUND;
    float unit = fmaxf(item->stroke.width, m->art->width / 500);
    for (const char *d = style < DGL_COUNT(dashes) ? dashes[style] : ""; *d; d++) {
        item->stroke.dash[item->stroke.dash_count++] = (float)(*d - '0') * unit;
        item->stroke.cap = DGL_ART_BUTT;
    }
}

void meta_finish(struct meta *m, struct dgl_art_path *p, bool fill, bool line)
{
    struct dgl_matrix to = meta_matrix(m);
    fill &= !m->s.brush.none;
    line &= !m->s.pen.none;
    struct dgl_art_item *item = p->op_count && (fill || line) ? dgl_art_add(m->art, DGL_ART_PATH) : NULL;
    if (!item)
        return;
    dgl_path_transform(p, &to);
    item->path = *p;
    item->even_odd = m->s.even_odd;
    if (fill)
        item->fill = dgl_art_solid(m->s.brush.rgb, 1);
    if (line)
        set_pen(m, item, &to);
    m->drawn++;
}

void meta_arc(struct meta *m, const double box[4], const double ends[4], unsigned how)
{
    struct dgl_art_path p = {0};
    double cx = (box[0] + box[2]) / 2, cy = (box[1] + box[3]) / 2, rx = fabs(box[2] - box[0]) / 2,
           ry = fabs(box[3] - box[1]) / 2;
    if (rx <= 0 || ry <= 0)
        return;
    double a = atan2((ends[1] - cy) / ry, (ends[0] - cx) / rx), b = atan2((ends[3] - cy) / ry, (ends[2] - cx) / rx);
    double sweep = b - a; // counterclockwise on paper
    if (sweep >= 0)
        sweep -= 2 * M_PI;
    dgl_path_arc(m->art, &p, cx, cy, rx, ry, a, sweep, true);
    if (how == 2)
        dgl_path_line(m->art, &p, cx, cy);
    if (how)
        dgl_path_close(m->art, &p);
    meta_finish(m, &p, how > 0, true);
}

void meta_text(struct meta *m, struct dgl_str utf8, double x, double y, double width)
{
    const struct meta_object *f = &m->s.font;
    struct dgl_matrix to = meta_matrix(m);
    double size = fabs(f->height) * (f->height > 0 ? 0.85 : 1); // a positive height is that of the whole line
    struct dgl_art_item *item = utf8.len && size > 0 ? dgl_art_add(m->art, DGL_ART_TEXT) : NULL;
    struct dgl_art_text *t = item ? dgl_arena_alloc_try(m->arena, sizeof(*t)) : NULL;
    char *copy = t ? dgl_arena_memdup_try(m->arena, utf8.data, utf8.len) : NULL;
    if (!copy) {
        if (item)
            item->kind = DGL_ART_PATH; // an empty one
        return;
    }
    unsigned across = m->s.align & 6, down = m->s.align & 24;
    if (m->s.align & 1) { // at the pen
        x = m->s.x;
        y = m->s.y;
    }
    double ascent = down == 24 ? 0 : down == 8 ? -size * 0.22 : size * 0.9; // baseline, bottom, top
    // The text stands upright whichever way the logical axes go.
    bool upside = to.d < 0, mirrored = to.a < 0;
    struct dgl_matrix own = {mirrored ? -1 : 1, 0, 0, upside ? -1 : 1, x, y};
    own = dgl_matrix_join(own, dgl_matrix_turn(-f->turn, 0, 0));
    own = dgl_matrix_join(own, (struct dgl_matrix){1, 0, 0, 1, 0, ascent});
    t->text = (struct dgl_str){copy, utf8.len};
    t->family = f->face;
    t->bold = f->bold;
    t->italic = f->italic;
    t->underline = f->underline;
    t->size = (float)size;
    t->width = (float)fmax(width, 0);
    t->rgb = m->s.text_rgb;
    t->alpha = 1;
    t->anchor = across == 6 ? DGL_ART_MIDDLE : across == 2 ? DGL_ART_END : DGL_ART_START;
    if (t->anchor != DGL_ART_START && t->width > 0) { // anchors count in the text's own width
        own = dgl_matrix_join(own, (struct dgl_matrix){1, 0, 0, 1, across == 6 ? -width / 2 : -width, 0});
        t->anchor = DGL_ART_START;
    }
    t->m = dgl_matrix_join(to, own);
    item->text = t;
    m->drawn++;
}

// ---- State ----

void meta_save(struct meta *m)
{
    if (m->save_count < META_MAX_SAVES)
        m->saves[m->save_count++] = m->s;
}

void meta_restore(struct meta *m, int32_t which)
{
    unsigned wanted = which < 0 ? (unsigned)DGL_MAX((int32_t)m->save_count + which, -1) : (unsigned)which - 1;
    if (wanted >= m->save_count)
        return;
    unsigned clips = m->s.clips;
    m->s = m->saves[wanted];
    m->save_count = wanted;
    for (; clips > m->s.clips; clips--)
        dgl_art_pop(m->art);
}

void meta_clip(struct meta *m, struct dgl_art_path *p, bool even_odd)
{
    struct dgl_matrix to = meta_matrix(m);
    dgl_path_transform(p, &to);
    if (p->op_count && dgl_art_push(m->art, p, even_odd, 1))
        m->s.clips++;
}

// A device-independent bitmap becomes a BMP file, which the picture reader knows.
void meta_bitmap(struct meta *m, const uint8_t *info, size_t info_len, const uint8_t *bits, size_t bits_len, double x,
                 double y, double w, double h)
{
    if (info_len < 40 || info_len > 4096 || bits_len == 0 || bits_len > DGL_ART_MAX_BYTES) {
        m->art->lossless = false;
        return;
    }
    size_t len = 14 + info_len + bits_len;
    uint8_t *file = dgl_arena_alloc_try(m->arena, len);
    struct dgl_art_item *item = file ? dgl_art_add(m->art, DGL_ART_PICTURE) : NULL;
    if (!item)
        return;
    uint32_t offset = (uint32_t)(14 + info_len);
    memcpy(file, "BM", 2);
    for (unsigned i = 0; i < 4; i++) {
        file[2 + i] = (uint8_t)(len >> (8 * i));
        file[10 + i] = (uint8_t)(offset >> (8 * i));
    }
    memcpy(file + 14, info, info_len);
    memcpy(file + 14 + info_len, bits, bits_len);
    item->data = file;
    item->len = len;
    item->m = dgl_matrix_join(meta_matrix(m), (struct dgl_matrix){w, 0, 0, h, x, y});
    m->drawn++;
}

static struct dgl_art *read_records(struct dgl_arena *a, const void *data, size_t len)
{
    bool is_emf = len >= 88 && meta_u32(data) == 1 && memcmp((const char *)data + 40, " EMF", 4) == 0;
    bool is_ours = len <= DGL_ART_MAX_BYTES && (is_emf || wmf_head(data, len));
    struct meta *m = is_ours ? dgl_arena_alloc_try(a, sizeof(*m)) : NULL;
    if (!m)
        return NULL;
    m->arena = a;
    m->data = data;
    m->len = len;
    meta_start(m);
    struct dgl_art *art = is_emf ? emf_read(m) : wmf_read(m);
    while (art && m->s.clips && m->s.clips--)
        dgl_art_pop(art);
    return art && m->drawn && !art->cut ? art : NULL;
}

// EMZ and WMZ are metafiles in gzip.
struct dgl_art *dgl_metafile_read(struct dgl_arena *a, const void *data, size_t len)
{
    DGL_AUTO_FINI(buf) plain = DGL_BUF_INIT(DGL_ART_MAX_BYTES);
    if (len < 2 || memcmp(data, "\x1F\x8B", 2) != 0)
        return read_records(a, data, len);
    return dgl_gunzip(data, len, &plain) ? read_records(a, plain.data, plain.len) : NULL;
}
