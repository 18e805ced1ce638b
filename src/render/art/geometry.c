// Evaluating shape formulas. Names are few and looked up one by one; every loop is bounded by the length of its text.
#include "render/art/geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEGREE (M_PI / 10800000) // of 60,000ths of a degree, in radians

struct guide {
    struct dgl_str name;
    double value;
};
struct frame { // what formulas see
    double w, h;
    struct guide guides[DGL_ART_MAX_GUIDES];
    unsigned count;
};

// The next word of a text, up to a blank or one of the stops.
static struct dgl_str word(const char **at, const char *stops)
{
    while (**at == ' ')
        ++*at;
    struct dgl_str s = {*at, 0};
    while (**at && **at != ' ' && !strchr(stops, **at)) {
        ++*at;
        s.len++;
    }
    return s;
}

static double finite_or_zero(double v)
{
    return isfinite(v) ? v : 0;
}

static bool built_in(const struct frame *f, struct dgl_str s, double *ret)
{
    double w = f->w, h = f->h, shorter = DGL_MIN(w, h);
    const struct {
        const char *name;
        double value;
    } names[] = {{"l", 0},           {"t", 0},          {"r", w},         {"b", h},           {"w", w},
                 {"h", h},           {"hc", w / 2},     {"vc", h / 2},    {"ss", shorter},    {"ls", DGL_MAX(w, h)},
                 {"cd2", 10800000},  {"cd4", 5400000},  {"cd8", 2700000}, {"3cd4", 16200000}, {"3cd8", 8100000},
                 {"5cd8", 13500000}, {"7cd8", 18900000}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is(s, names[i].name)) {
            *ret = names[i].value;
            return true;
        }
    // wd2, hd4, ssd8 …: a part of the width, the height or the shorter side
    size_t head = dgl_str_starts(s, "ssd") ? 3 : dgl_str_starts(s, "wd") || dgl_str_starts(s, "hd") ? 2 : 0;
    int64_t part;
    if (!head || !dgl_parse_int64(s.data + head, s.len - head, 1, 64, &part))
        return false;
    *ret = (head == 3 ? shorter : s.data[0] == 'w' ? w : h) / (double)part;
    return true;
}

static double value_of(const struct frame *f, struct dgl_str s)
{
    char text[40];
    if (s.len == 0 || s.len >= sizeof(text))
        return 0;
    for (unsigned i = f->count; i-- > 0;)
        if (dgl_str_equal(f->guides[i].name, s))
            return f->guides[i].value;
    double v;
    if (built_in(f, s, &v))
        return v;
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    char *end;
    v = strtod(text, &end);
    return *end ? 0 : finite_or_zero(v);
}

static void set(struct frame *f, struct dgl_str name, double v)
{
    if (f->count < DGL_ART_MAX_GUIDES)
        f->guides[f->count++] = (struct guide){name, finite_or_zero(v)};
}

static double compute(struct dgl_str op, double x, double y, double z)
{
    static const char *const ops[] = {"*/",  "+-",  "+/",  "?:",   "abs", "at2",  "cat2", "cos", "max",
                                      "min", "mod", "pin", "sat2", "sin", "sqrt", "tan",  "val"};
    size_t i = 0;
    while (i < DGL_COUNT(ops) && !dgl_str_is(op, ops[i]))
        i++;
    switch (i) {
    case 0:
        return z == 0 ? 0 : x * y / z;
    case 1:
        return x + y - z;
    case 2:
        return z == 0 ? 0 : (x + y) / z;
    case 3:
        return x > 0 ? y : z;
    case 4:
        return fabs(x);
    case 5:
        return atan2(y, x) / DEGREE;
    case 6:
        return x * cos(atan2(z, y));
    case 7:
        return x * cos(y * DEGREE);
    case 8:
        return DGL_MAX(x, y);
    case 9:
        return DGL_MIN(x, y);
    case 10:
        return sqrt(x * x + y * y + z * z);
    case 11:
        return y < x ? x : y > z ? z : y;
    case 12:
        return x * sin(atan2(z, y));
    case 13:
        return x * sin(y * DEGREE);
    case 14:
        return x > 0 ? sqrt(x) : 0;
    case 15:
        return x * tan(y * DEGREE);
    default:
        return x;
    }
}

static void read_guides(struct frame *f, const char *at)
{
    while (*at) {
        struct dgl_str name = word(&at, ";"), op = word(&at, ";");
        double v[3] = {0};
        for (unsigned i = 0; i < 3; i++)
            v[i] = value_of(f, word(&at, ";"));
        while (*at && *at != ';')
            at++;
        if (*at == ';')
            at++;
        set(f, name, compute(op, v[0], v[1], v[2]));
    }
}

static void read_adjusts(struct frame *f, const char *at, const struct dgl_adjust *given, uint32_t count)
{
    while (*at) {
        struct dgl_str name = word(&at, "");
        double v = value_of(f, word(&at, ""));
        for (uint32_t i = 0; i < count; i++)
            if (dgl_str_equal(given[i].name, name) || (dgl_str_is(given[i].name, "adj") && dgl_str_is(name, "adj1")) ||
                (dgl_str_is(given[i].name, "adj1") && dgl_str_is(name, "adj")))
                v = given[i].value;
        set(f, name, v);
    }
}

// ---- Paths ----

struct drawing {
    struct dgl_art *art;
    struct frame *f;
    struct dgl_art_path *p;
    double sx, sy;
};

// The angle of the ellipse's parameter at which a ray of this angle meets it.
static double parameter(double angle, double rx, double ry)
{
    double turns = floor(angle / (2 * M_PI) + 0.5), a = angle - turns * 2 * M_PI;
    return atan2(rx * sin(a), ry * cos(a)) + turns * 2 * M_PI;
}

static void arc_to(struct drawing *d, double rx, double ry, double from, double sweep)
{
    rx *= d->sx;
    ry *= d->sy;
    from *= DEGREE;
    sweep *= DEGREE;
    if (rx <= 0 || ry <= 0)
        return;
    double a = parameter(from, rx, ry), b = parameter(from + sweep, rx, ry);
    if (fabs(sweep) >= 2 * M_PI - 1e-6)
        b = a + (sweep < 0 ? -2 * M_PI : 2 * M_PI);
    dgl_path_arc(d->art, d->p, d->p->x - rx * cos(a), d->p->y - ry * sin(a), rx, ry, a, b - a, false);
}

static void star(struct drawing *d, double points, double ratio)
{
    double rx = value_of(d->f, DGL_STR("srx")), ry = value_of(d->f, DGL_STR("sry")),
           cy = value_of(d->f, DGL_STR("scy")), cx = d->f->w / 2;
    unsigned n = (unsigned)DGL_MAX(3, DGL_MIN(points, 64));
    bool polygon = ratio >= 50000;
    for (unsigned i = 0; i < (polygon ? n : 2 * n); i++) {
        double a = -M_PI / 2 + 2 * M_PI * i / (polygon ? n : 2 * n), k = polygon || i % 2 == 0 ? 1 : ratio / 50000;
        double x = cx + rx * k * cos(a), y = cy + ry * k * sin(a);
        if (i)
            dgl_path_line(d->art, d->p, x, y);
        else
            dgl_path_move(d->art, d->p, x, y);
    }
    dgl_path_close(d->art, d->p);
}

static void numbers(struct drawing *d, const char **at, double *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        v[i] = value_of(d->f, word(at, "|"));
}

static void command(struct drawing *d, char op, const char **at)
{
    double v[6], sx = d->sx, sy = d->sy;
    switch (op) {
    case 'M':
        numbers(d, at, v, 2);
        dgl_path_move(d->art, d->p, v[0] * sx, v[1] * sy);
        break;
    case 'L':
        numbers(d, at, v, 2);
        dgl_path_line(d->art, d->p, v[0] * sx, v[1] * sy);
        break;
    case 'C':
        numbers(d, at, v, 6);
        dgl_path_curve(d->art, d->p, v[0] * sx, v[1] * sy, v[2] * sx, v[3] * sy, v[4] * sx, v[5] * sy);
        break;
    case 'Q':
        numbers(d, at, v, 4);
        dgl_path_quad(d->art, d->p, v[0] * sx, v[1] * sy, v[2] * sx, v[3] * sy);
        break;
    case 'A':
        numbers(d, at, v, 4);
        arc_to(d, v[0], v[1], v[2], v[3]);
        break;
    case 'S':
        numbers(d, at, v, 2);
        star(d, v[0], v[1]);
        break;
    case 'Z':
        dgl_path_close(d->art, d->p);
        break;
    default:
        break;
    }
}

static void read_path(struct drawing *d, struct dgl_shape_path *s, const char **at)
{
    while (**at && **at != '|' && !d->art->cut) {
        struct dgl_str w = word(at, "|");
        if (w.len == 0)
            break;
        double size[2];
        switch (w.data[0]) {
        case 'N':
            s->filled = false;
            break;
        case 'U':
            s->stroked = false;
            break;
        case 'D':
            s->shade = -20;
            break;
        case 'G':
            s->shade = -40;
            break;
        case 'B':
            s->shade = w.len > 1 ? 40 : 20;
            break;
        case 'W':
            numbers(d, at, size, 2);
            d->sx = size[0] > 0 ? d->f->w / size[0] : 1;
            d->sy = size[1] > 0 ? d->f->h / size[1] : 1;
            break;
        default:
            command(d, w.data[0], at);
        }
    }
    if (**at == '|')
        ++*at;
}

struct dgl_shape_path *dgl_geometry_outline(struct dgl_art *art, const struct dgl_geometry *g,
                                            const struct dgl_adjust *adjust, uint32_t adjust_count, double w, double h,
                                            double ret_text[4])
{
    struct frame *f = dgl_arena_alloc_try(art->arena, sizeof(*f));
    struct dgl_shape_path *first = NULL, **tail = &first;
    if (!f)
        return NULL;
    f->w = w;
    f->h = h;
    read_adjusts(f, g->adjust ? g->adjust : "", adjust, adjust_count);
    read_guides(f, g->guides ? g->guides : "");
    const double whole[4] = {0, 0, w, h};
    memcpy(ret_text, whole, sizeof(whole));
    const char *at = g->text ? g->text : "";
    for (unsigned i = 0; i < 4 && *at; i++)
        ret_text[i] = value_of(f, word(&at, ""));
    for (at = g->paths; *at && !art->cut;) {
        struct dgl_shape_path *s = dgl_arena_alloc_try(art->arena, sizeof(*s));
        if (!s)
            return first;
        s->filled = s->stroked = true;
        struct drawing d = {art, f, &s->path, 1, 1};
        read_path(&d, s, &at);
        *tail = s;
        tail = &s->next;
    }
    return first;
}
