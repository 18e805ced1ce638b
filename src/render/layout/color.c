// Colours: transforms apply in the order of the file. Source: ECMA-376 Part 1 §20.1.2.3.
#include "render/layout/color.h"

#include "render/layout/props.h"

#include <math.h>

uint32_t dgl_theme_color(const struct dgl_theme *theme, struct dgl_str name)
{
    static const char *const names[][12] = {{"dk1", "lt1", "dk2", "lt2", "accent1", "accent2", "accent3", "accent4",
                                             "accent5", "accent6", "hlink", "folHlink"},
                                            {"tx1", "bg1", "tx2", "bg2", "", "", "", "", "", "", "", ""}};
    static const uint32_t usual[12] = {0x000000, 0xFFFFFF, 0x44546A, 0xE7E6E6, 0x4472C4, 0xED7D31,
                                       0xA5A5A5, 0xFFC000, 0x5B9BD5, 0x70AD47, 0x0563C1, 0x954F72};
    for (unsigned set = 0; set < 2; set++)
        for (unsigned i = 0; i < 12; i++)
            if (names[set][i][0] && dgl_str_is(name, names[set][i]))
                return theme && theme->has_colors ? theme->color[i] : usual[i];
    return 0x000000;
}

static uint32_t preset_color(struct dgl_str name)
{
    static const struct {
        const char *name;
        uint32_t rgb;
    } names[] = {{"black", 0},           {"white", 0xFFFFFF},     {"red", 0xFF0000},       {"green", 0x008000},
                 {"blue", 0x0000FF},     {"yellow", 0xFFFF00},    {"cyan", 0x00FFFF},      {"magenta", 0xFF00FF},
                 {"gray", 0x808080},     {"grey", 0x808080},      {"lightGray", 0xD3D3D3}, {"ltGray", 0xD3D3D3},
                 {"darkGray", 0xA9A9A9}, {"dkGray", 0xA9A9A9},    {"orange", 0xFFA500},    {"purple", 0x800080},
                 {"brown", 0xA52A2A},    {"pink", 0xFFC0CB},      {"navy", 0x000080},      {"teal", 0x008080},
                 {"lime", 0x00FF00},     {"maroon", 0x800000},    {"olive", 0x808000},     {"silver", 0xC0C0C0},
                 {"gold", 0xFFD700},     {"darkBlue", 0x00008B},  {"dkBlue", 0x00008B},    {"darkGreen", 0x006400},
                 {"darkRed", 0x8B0000},  {"lightBlue", 0xADD8E6}, {"ltBlue", 0xADD8E6},    {"aqua", 0x00FFFF}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is(name, names[i].name))
            return names[i].rgb;
    return 0x000000;
}

// ---- Hue, saturation, luminance ----

struct hsl {
    double h, s, l; // 0..1
};

static double clamp1(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static struct hsl to_hsl(uint32_t rgb)
{
    double r = (rgb >> 16 & 255) / 255.0, g = (rgb >> 8 & 255) / 255.0, b = (rgb & 255) / 255.0;
    double hi = fmax(r, fmax(g, b)), lo = fmin(r, fmin(g, b)), d = hi - lo;
    struct hsl c = {0, 0, (hi + lo) / 2};
    if (d <= 0)
        return c;
    c.s = d / (1 - fabs(2 * c.l - 1));
    double h = hi == r ? fmod((g - b) / d + 6, 6) : hi == g ? (b - r) / d + 2 : (r - g) / d + 4;
    c.h = h / 6;
    return c;
}

static uint32_t pack(double r, double g, double b)
{
    return (uint32_t)lround(clamp1(r) * 255) << 16 | (uint32_t)lround(clamp1(g) * 255) << 8 |
           (uint32_t)lround(clamp1(b) * 255);
}

static uint32_t from_hsl(struct hsl c)
{
    c.h -= floor(c.h);
    c.s = clamp1(c.s);
    c.l = clamp1(c.l);
    double k = (1 - fabs(2 * c.l - 1)) * c.s, x = k * (1 - fabs(fmod(c.h * 6, 2) - 1)), m = c.l - k / 2;
    switch ((int)(c.h * 6)) {
    case 0:
        return pack(k + m, x + m, m);
    case 1:
        return pack(x + m, k + m, m);
    case 2:
        return pack(m, k + m, x + m);
    case 3:
        return pack(m, x + m, k + m);
    case 4:
        return pack(x + m, m, k + m);
    default:
        return pack(k + m, m, x + m);
    }
}

static double linear(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double encoded(double v)
{
    return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

// Towards white or black in linear light, keeping `part` of the colour.
static uint32_t mixed(uint32_t rgb, double part, double with)
{
    double c[3];
    for (unsigned i = 0; i < 3; i++)
        c[i] = encoded(linear((rgb >> (16 - 8 * i) & 255) / 255.0) * part + with * (1 - part));
    return pack(c[0], c[1], c[2]);
}

uint32_t dgl_color_shade(uint32_t rgb, int percent)
{
    double k = fmin(fabs(percent / 100.0), 1), to = percent > 0 ? k : 0;
    return pack((rgb >> 16 & 255) / 255.0 * (1 - k) + to, (rgb >> 8 & 255) / 255.0 * (1 - k) + to,
                (rgb & 255) / 255.0 * (1 - k) + to);
}

static void change(const struct dgl_x *x, struct dgl_color *c)
{
    double v = (double)dgl_x_attr_int(x, DGL_X_val, 0) / 100000;
    struct hsl h = to_hsl(c->rgb);
    switch (x->name) {
    case DGL_X_lumMod:
        h.l *= v;
        break;
    case DGL_X_lumOff:
        h.l += v;
        break;
    case DGL_X_satMod:
        h.s *= v;
        break;
    case DGL_X_satOff:
        h.s += v;
        break;
    case DGL_X_hueMod:
        h.h *= v;
        break;
    case DGL_X_hueOff:
        h.h += v * 100000 / 21600000;
        break;
    case DGL_X_shade:
        c->rgb = mixed(c->rgb, clamp1(v), 0);
        return;
    case DGL_X_tint:
        c->rgb = mixed(c->rgb, clamp1(v), 1);
        return;
    case DGL_X_alpha:
        c->alpha = (float)clamp1(v);
        return;
    case DGL_X_gray:
        h.s = 0;
        break;
    case DGL_X_inv:
        c->rgb ^= 0xFFFFFF;
        return;
    case DGL_X_comp:
        h.h += 0.5;
        break;
    default:
        return;
    }
    c->rgb = from_hsl(h);
}

bool dgl_drawing_color(const struct dgl_theme *theme, const struct dgl_x *holder, uint32_t placeholder,
                       struct dgl_color *ret)
{
    const struct dgl_x *c = NULL;
    for (const struct dgl_x *x = holder ? holder->first : NULL; x && !c; x = x->next) {
        switch (x->name) {
        case DGL_X_srgbClr:
            ret->rgb = dgl_color_read(NULL, x, DGL_X_val, DGL_X_OTHER);
            break;
        case DGL_X_schemeClr:
            ret->rgb = dgl_str_is(dgl_x_val(x), "phClr") ? placeholder : dgl_theme_color(theme, dgl_x_val(x));
            break;
        case DGL_X_sysClr:
            ret->rgb = dgl_color_read(NULL, x, DGL_X_lastClr, DGL_X_OTHER);
            break;
        case DGL_X_prstClr:
            ret->rgb = preset_color(dgl_x_val(x));
            break;
        case DGL_X_scrgbClr:
            ret->rgb = pack(encoded((double)dgl_x_attr_int(x, DGL_X_r, 0) / 100000),
                            encoded((double)dgl_x_attr_int(x, DGL_X_g, 0) / 100000),
                            encoded((double)dgl_x_attr_int(x, DGL_X_b, 0) / 100000));
            break;
        case DGL_X_hslClr:
            ret->rgb = from_hsl((struct hsl){(double)dgl_x_attr_int(x, DGL_X_hue, 0) / 21600000,
                                             (double)dgl_x_attr_int(x, DGL_X_sat, 0) / 100000,
                                             (double)dgl_x_attr_int(x, DGL_X_lum, 0) / 100000});
            break;
        default:
            continue;
        }
        c = x;
    }
    if (!c)
        return false;
    if (ret->rgb > 0xFFFFFF)
        ret->rgb = 0;
    ret->alpha = 1;
    for (const struct dgl_x *x = c->first; x; x = x->next)
        change(x, ret);
    return true;
}
