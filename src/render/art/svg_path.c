// Path data. Source: SVG 1.1 §8.3, appendix F.6 (arcs by their end points).
#include "render/art/svg_private.h"

#include <math.h>

struct pen {
    struct dgl_art *art;
    struct dgl_art_path *p;
    double x, y, start_x, start_y, cx, cy; // cx, cy: the last control point
    char before;
};

static void arc(struct pen *n, const double v[7])
{
    double rx = fabs(v[0]), ry = fabs(v[1]), phi = v[2] * M_PI / 180, x2 = v[5], y2 = v[6], x1 = n->x, y1 = n->y;
    if (rx <= 0 || ry <= 0 || (x1 == x2 && y1 == y2)) {
        dgl_path_line(n->art, n->p, x2, y2);
        return;
    }
    double c = cos(phi), s = sin(phi), dx = (x1 - x2) / 2, dy = (y1 - y2) / 2;
    double ux = c * dx + s * dy, uy = c * dy - s * dx;
    double large = ux * ux / (rx * rx) + uy * uy / (ry * ry);
    if (large > 1) {
        rx *= sqrt(large);
        ry *= sqrt(large);
    }
    double below = rx * rx * uy * uy + ry * ry * ux * ux, k = below > 0 ? (rx * rx * ry * ry - below) / below : 0;
    k = (k > 0 ? sqrt(k) : 0) * ((v[3] != 0) == (v[4] != 0) ? -1 : 1);
    double ox = k * rx * uy / ry, oy = -k * ry * ux / rx;
    double a = atan2((uy - oy) / ry, (ux - ox) / rx), b = atan2((-uy - oy) / ry, (-ux - ox) / rx), sweep = b - a;
    if (v[4] != 0 && sweep < 0)
        sweep += 2 * M_PI;
    if (v[4] == 0 && sweep > 0)
        sweep -= 2 * M_PI;
    // The arc in the ellipse's own axes, then turned and moved.
    struct dgl_art_path part = {0};
    dgl_path_arc(n->art, &part, ox, oy, rx, ry, a, sweep, true);
    const struct dgl_matrix m = {c, s, -s, c, (x1 + x2) / 2, (y1 + y2) / 2};
    dgl_path_transform(&part, &m);
    for (uint32_t i = 2; i + 5 < part.xy_count; i += 6)
        dgl_path_curve(n->art, n->p, part.xy[i], part.xy[i + 1], part.xy[i + 2], part.xy[i + 3],
                       i + 7 < part.xy_count ? part.xy[i + 4] : x2, i + 7 < part.xy_count ? part.xy[i + 5] : y2);
}

static unsigned operands(char op)
{
    switch (op | 32) {
    case 'h':
    case 'v':
        return 1;
    case 's':
    case 'q':
        return 4;
    case 'c':
        return 6;
    case 'a':
        return 7;
    default:
        return 2;
    }
}

static void draw(struct pen *n, char op, double *v)
{
    struct dgl_art *art = n->art;
    char kind = (char)(op | 32), before = (char)(n->before | 32);
    double cx = n->x, cy = n->y;
    switch (kind) {
    case 'm':
        dgl_path_move(art, n->p, v[0], v[1]);
        n->start_x = v[0];
        n->start_y = v[1];
        break;
    case 'l':
        dgl_path_line(art, n->p, v[0], v[1]);
        break;
    case 'c':
        dgl_path_curve(art, n->p, v[0], v[1], v[2], v[3], v[4], v[5]);
        n->cx = v[2];
        n->cy = v[3];
        break;
    case 's':
        if (before == 'c' || before == 's') {
            cx = 2 * n->x - n->cx;
            cy = 2 * n->y - n->cy;
        }
        dgl_path_curve(art, n->p, cx, cy, v[0], v[1], v[2], v[3]);
        n->cx = v[0];
        n->cy = v[1];
        break;
    case 'q':
        dgl_path_quad(art, n->p, v[0], v[1], v[2], v[3]);
        n->cx = v[0];
        n->cy = v[1];
        break;
    case 't':
        if (before == 'q' || before == 't') {
            cx = 2 * n->x - n->cx;
            cy = 2 * n->y - n->cy;
        }
        dgl_path_quad(art, n->p, cx, cy, v[0], v[1]);
        n->cx = cx;
        n->cy = cy;
        break;
    case 'a':
        arc(n, v);
        break;
    default:
        break;
    }
    unsigned count = operands(op);
    n->x = v[count - 2];
    n->y = v[count - 1];
}

// Relative operands become absolute, h and v lines.
static char resolve(const struct pen *n, char op, double *v)
{
    bool relative = op >= 'a';
    if ((op | 32) == 'h' || (op | 32) == 'v') {
        bool across = (op | 32) == 'h';
        double at = v[0] + (relative ? across ? n->x : n->y : 0);
        v[0] = across ? at : n->x;
        v[1] = across ? n->y : at;
        return 'L';
    }
    unsigned count = operands(op);
    for (unsigned i = (op | 32) == 'a' ? 5 : 0; relative && i < count; i++)
        v[i] += ((op | 32) == 'a' ? i % 2 == 1 : i % 2 == 0) ? n->x : n->y;
    return op;
}

// Flags of arcs may stand without anything between them: "a1 1 0 0110 10".
static bool read_flag(struct dgl_str *at, double *ret)
{
    while (at->len && (*at->data == ' ' || *at->data == ',' || *at->data == '\n' || *at->data == '\t'))
        at->data++, at->len--;
    if (at->len == 0 || (*at->data != '0' && *at->data != '1'))
        return false;
    *ret = *at->data - '0';
    at->data++, at->len--;
    return true;
}

void svg_path_data(struct dgl_art *art, struct dgl_art_path *p, struct dgl_str d)
{
    struct pen n = {.art = art, .p = p};
    char op = 0;
    while (d.len && !art->cut) {
        char c = *d.data;
        if (c == ' ' || c == ',' || c == '\n' || c == '\t' || c == '\r') {
            d.data++, d.len--;
            continue;
        }
        if ((c | 32) >= 'a' && (c | 32) <= 'z' && (c | 32) != 'e') {
            op = c;
            d.data++, d.len--;
            if ((op | 32) == 'z') {
                dgl_path_close(art, p);
                n.x = n.start_x;
                n.y = n.start_y;
                n.before = op;
            }
            continue;
        }
        double v[8] = {0};
        unsigned count = operands(op), i = 0;
        if (!op || (op | 32) == 'z')
            return;
        for (; i < count; i++)
            if (!((op | 32) == 'a' && (i == 3 || i == 4) ? read_flag(&d, &v[i]) : svg_number(&d, &v[i])))
                return;
        char kind = resolve(&n, op, v);
        draw(&n, kind, v);
        n.before = kind;
        if ((op | 32) == 'm') // further pairs are lines
            op = op == 'm' ? 'l' : 'L';
    }
}
