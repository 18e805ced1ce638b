// Properties: from attributes, style sheets and style attributes, in rising weight. Sources: SVG 1.1 §6, CSS 2.1 §5,
// §6.
#include "render/art/svg_private.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t rgb;
} g_colors[] = {
    {"black", 0x000000},          {"white", 0xFFFFFF},        {"red", 0xFF0000},         {"green", 0x008000},
    {"blue", 0x0000FF},           {"yellow", 0xFFFF00},       {"gray", 0x808080},        {"grey", 0x808080},
    {"silver", 0xC0C0C0},         {"maroon", 0x800000},       {"olive", 0x808000},       {"lime", 0x00FF00},
    {"aqua", 0x00FFFF},           {"cyan", 0x00FFFF},         {"teal", 0x008080},        {"navy", 0x000080},
    {"fuchsia", 0xFF00FF},        {"magenta", 0xFF00FF},      {"purple", 0x800080},      {"orange", 0xFFA500},
    {"pink", 0xFFC0CB},           {"brown", 0xA52A2A},        {"gold", 0xFFD700},        {"indigo", 0x4B0082},
    {"violet", 0xEE82EE},         {"coral", 0xFF7F50},        {"crimson", 0xDC143C},     {"darkblue", 0x00008B},
    {"darkgreen", 0x006400},      {"darkred", 0x8B0000},      {"darkorange", 0xFF8C00},  {"darkgray", 0xA9A9A9},
    {"darkgrey", 0xA9A9A9},       {"lightgray", 0xD3D3D3},    {"lightgrey", 0xD3D3D3},   {"lightblue", 0xADD8E6},
    {"lightgreen", 0x90EE90},     {"dimgray", 0x696969},      {"dodgerblue", 0x1E90FF},  {"firebrick", 0xB22222},
    {"forestgreen", 0x228B22},    {"hotpink", 0xFF69B4},      {"ivory", 0xFFFFF0},       {"khaki", 0xF0E68C},
    {"lavender", 0xE6E6FA},       {"orangered", 0xFF4500},    {"orchid", 0xDA70D6},      {"plum", 0xDDA0DD},
    {"royalblue", 0x4169E1},      {"salmon", 0xFA8072},       {"seagreen", 0x2E8B57},    {"skyblue", 0x87CEEB},
    {"slateblue", 0x6A5ACD},      {"slategray", 0x708090},    {"steelblue", 0x4682B4},   {"tan", 0xD2B48C},
    {"tomato", 0xFF6347},         {"turquoise", 0x40E0D0},    {"wheat", 0xF5DEB3},       {"whitesmoke", 0xF5F5F5},
    {"beige", 0xF5F5DC},          {"chocolate", 0xD2691E},    {"deepskyblue", 0x00BFFF}, {"goldenrod", 0xDAA520},
    {"limegreen", 0x32CD32},      {"midnightblue", 0x191970}, {"sandybrown", 0xF4A460},  {"darkslategray", 0x2F4F4F},
    {"cornflowerblue", 0x6495ED},
};

static bool hex_color(struct dgl_str s, uint32_t *rgb, float *alpha)
{
    uint32_t v[8];
    size_t n = s.len - 1;
    if (n != 3 && n != 4 && n != 6 && n != 8)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned c = (unsigned char)s.data[i + 1];
        if (c >= '0' && c <= '9')
            v[i] = c - '0';
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            v[i] = (c | 32) - 'a' + 10;
        else
            return false;
    }
    bool small = n <= 4;
    uint32_t part[4] = {0, 0, 0, 255};
    for (size_t i = 0; i < (small ? n : n / 2); i++)
        part[i] = small ? v[i] * 17 : v[2 * i] * 16 + v[2 * i + 1];
    *rgb = part[0] << 16 | part[1] << 8 | part[2];
    *alpha = (float)part[3] / 255;
    return true;
}

static double channel(double v, bool percent)
{
    return fmax(0, fmin(percent ? v * 2.55 : v, 255));
}

static uint32_t from_hue(double h, double s, double l)
{
    double k[3], a = s * fmin(l, 1 - l);
    static const double offsets[3] = {0, 8, 4};
    for (unsigned i = 0; i < 3; i++) {
        double t = fmod(offsets[i] + h / 30, 12);
        k[i] = l - a * fmax(-1, fmin(fmin(t - 3, 9 - t), 1));
    }
    return (uint32_t)lround(k[0] * 255) << 16 | (uint32_t)lround(k[1] * 255) << 8 | (uint32_t)lround(k[2] * 255);
}

static bool function_color(struct dgl_str s, uint32_t *rgb, float *alpha)
{
    bool hue = dgl_str_starts(s, "hsl");
    const char *open = memchr(s.data, '(', s.len);
    if (!open || !(hue || dgl_str_starts(s, "rgb")))
        return false;
    struct dgl_str at = {open + 1, s.len - (size_t)(open + 1 - s.data)};
    double v[4] = {0, 0, 0, 1};
    bool percent[4] = {false};
    for (unsigned i = 0; i < 4 && svg_number(&at, &v[i]); i++) {
        percent[i] = at.len && *at.data == '%';
        while (at.len && (*at.data == '%' || *at.data == ' ' || *at.data == '/'))
            at.data++, at.len--;
    }
    *alpha = (float)fmax(0, fmin(percent[3] ? v[3] / 100 : v[3], 1));
    if (hue) {
        *rgb = from_hue(fmod(fmod(v[0], 360) + 360, 360), fmax(0, fmin(v[1] / 100, 1)), fmax(0, fmin(v[2] / 100, 1)));
        return true;
    }
    *rgb = 0;
    for (unsigned i = 0; i < 3; i++)
        *rgb = *rgb << 8 | (uint32_t)lround(channel(v[i], percent[i]));
    return true;
}

bool svg_color(struct dgl_str s, uint32_t current, uint32_t *ret_rgb, float *ret_alpha)
{
    s = dgl_str_trim(s);
    *ret_alpha = 1;
    if (s.len == 0)
        return false;
    if (s.data[0] == '#')
        return hex_color(s, ret_rgb, ret_alpha);
    if (dgl_str_is(s, "currentColor") || dgl_str_is(s, "currentcolor")) {
        *ret_rgb = current;
        return true;
    }
    for (size_t i = 0; i < DGL_COUNT(g_colors); i++)
        if (strlen(g_colors[i].name) == s.len && strncasecmp(g_colors[i].name, s.data, s.len) == 0) {
            *ret_rgb = g_colors[i].rgb;
            return true;
        }
    return function_color(s, ret_rgb, ret_alpha);
}

// ---- Declarations and style sheets ----

struct dgl_str svg_property(struct dgl_str d, const char *name)
{
    size_t len = strlen(name);
    struct dgl_str found = {"", 0};
    for (size_t at = 0; at < d.len;) {
        const char *end = memchr(d.data + at, ';', d.len - at);
        size_t stop = end ? (size_t)(end - d.data) : d.len;
        struct dgl_str item = dgl_str_trim((struct dgl_str){d.data + at, stop - at});
        if (item.len > len && memcmp(item.data, name, len) == 0) {
            struct dgl_str rest = dgl_str_trim((struct dgl_str){item.data + len, item.len - len});
            if (rest.len && rest.data[0] == ':')
                found = dgl_str_trim((struct dgl_str){rest.data + 1, rest.len - 1});
        }
        at = stop + 1;
    }
    return found;
}

static void add_selector(struct svg *s, struct dgl_str selector, struct dgl_str declarations)
{
    selector = dgl_str_trim(selector);
    if (selector.len == 0 || s->rule_count == SVG_MAX_RULES)
        return;
    struct svg_rule *r = &s->rules[s->rule_count];
    *r = (struct svg_rule){.declarations = declarations};
    for (size_t at = 0; at < selector.len;) {
        char kind = selector.data[at];
        size_t from = kind == '.' || kind == '#' ? at + 1 : at, end = from;
        while (end < selector.len && selector.data[end] != '.' && selector.data[end] != '#')
            end++;
        struct dgl_str name = {selector.data + from, end - from};
        for (size_t i = 0; i < name.len; i++)
            if (strchr(" >+~:[", name.data[i])) { // relations and states are not looked at
                s->art->lossless = false;
                return;
            }
        if (kind == '.')
            r->class = name;
        else if (kind == '#')
            r->id = name;
        else if (!dgl_str_is(name, "*"))
            r->element = name;
        at = end;
    }
    s->rule_count++;
}

void svg_read_rules(struct svg *s, struct dgl_str css)
{
    while (css.len) {
        const char *open = memchr(css.data, '{', css.len);
        const char *close = open ? memchr(open, '}', css.len - (size_t)(open - css.data)) : NULL;
        if (!close)
            return;
        struct dgl_str heads = dgl_str_trim((struct dgl_str){css.data, (size_t)(open - css.data)});
        struct dgl_str body = {open + 1, (size_t)(close - open - 1)};
        while (heads.len > 3 && memcmp(heads.data, "/*", 2) == 0) {
            const char *end = memmem(heads.data, heads.len, "*/", 2);
            if (!end)
                break;
            heads = dgl_str_trim((struct dgl_str){end + 2, heads.len - (size_t)(end + 2 - heads.data)});
        }
        while (heads.len) {
            const char *comma = memchr(heads.data, ',', heads.len);
            size_t n = comma ? (size_t)(comma - heads.data) : heads.len;
            add_selector(s, (struct dgl_str){heads.data, n}, body);
            n += comma != NULL;
            heads.data += n;
            heads.len -= n;
        }
        css.len -= (size_t)(close + 1 - css.data);
        css.data = close + 1;
    }
}

static bool has_class(const struct svg_node *n, struct dgl_str name)
{
    const struct dgl_str *all = svg_attr(n, "class");
    for (size_t at = 0; all && at < all->len;) {
        size_t end = at;
        while (end < all->len && all->data[end] != ' ')
            end++;
        if (dgl_str_equal((struct dgl_str){all->data + at, end - at}, name))
            return true;
        at = end + 1;
    }
    return false;
}

static int weight_of(const struct svg_rule *r)
{
    return (r->id.len ? 4 : 0) + (r->class.len ? 2 : 0) + (r->element.len ? 1 : 0);
}

static bool matches(const struct svg_rule *r, const struct svg_node *n)
{
    const struct dgl_str *id = svg_attr(n, "id");
    return (r->element.len == 0 || dgl_str_equal(r->element, n->name)) &&
           (r->class.len == 0 || has_class(n, r->class)) && (r->id.len == 0 || (id && dgl_str_equal(*id, r->id)));
}

// Which rules are for a node; of equally heavy ones the last comes first.
static void find_rules(struct svg *s, const struct svg_node *n)
{
    s->ruled = n;
    s->ruled_count = 0;
    for (int weight = 7; weight >= 0; weight--)
        for (uint32_t i = s->rule_count; i-- > 0;)
            if (weight_of(&s->rules[i]) == weight && matches(&s->rules[i], n)) {
                s->ruled_by[s->ruled_count++] = (uint16_t)i;
                svg_spend(s, s->rules[i].declarations.len);
            }
}

// What is said of a property: the style attribute, then rules (ids over classes over names), then the attribute.
struct dgl_str svg_said(struct svg *s, const struct svg_node *n, const char *name)
{
    const struct dgl_str *style = svg_attr(n, "style"), *attr = svg_attr(n, name);
    struct dgl_str v = style ? svg_property(*style, name) : (struct dgl_str){"", 0};
    if (s->ruled != n)
        find_rules(s, n);
    for (uint32_t i = 0; i < s->ruled_count && v.len == 0; i++)
        v = svg_property(s->rules[s->ruled_by[i]].declarations, name);
    return v.len ? v : attr ? dgl_str_trim(*attr) : v;
}

// ---- Values ----

// "url(#name)", with or without quotes.
static struct dgl_str id_in(struct dgl_str v)
{
    const char *hash = v.len ? memchr(v.data, '#', v.len) : NULL,
               *close = hash ? memchr(hash, ')', v.len - (size_t)(hash - v.data)) : NULL;
    size_t len = close ? (size_t)(close - hash - 1) : 0;
    while (len && (hash[len] == '"' || hash[len] == '\''))
        len--;
    return (struct dgl_str){len ? hash + 1 : "", len};
}

static void paint(struct svg *s, const struct svg_node *n, const char *name, uint32_t current, struct svg_paint *p)
{
    struct dgl_str v = svg_said(s, n, name);
    if (v.len == 0 || dgl_str_is(v, "inherit"))
        return;
    if (dgl_str_is(v, "none") || dgl_str_is(v, "transparent")) {
        p->kind = SVG_NONE;
        return;
    }
    if (dgl_str_starts(v, "url(")) {
        struct dgl_str id = id_in(v);
        if (id.len)
            *p = (struct svg_paint){.kind = SVG_SERVER, .alpha = 1, .server = id};
        return;
    }
    if (s->context && (dgl_str_is(v, "context-stroke") || dgl_str_is(v, "context-fill"))) { // SVG 2 §11.2
        *p = dgl_str_is(v, "context-fill") ? s->context->fill : s->context->stroke;
        return;
    }
    uint32_t rgb;
    float alpha;
    if (svg_color(v, current, &rgb, &alpha))
        *p = (struct svg_paint){.kind = SVG_COLOR, .rgb = rgb, .alpha = alpha};
}

static void number(struct svg *s, const struct svg_node *n, const char *name, double percent_of, double *ret)
{
    struct dgl_str v = svg_said(s, n, name);
    if (v.len)
        *ret = svg_length(&v, *ret, percent_of, 16);
}

static unsigned choice(struct svg *s, const struct svg_node *n, const char *name, const char *const *words,
                       unsigned count, unsigned otherwise)
{
    struct dgl_str v = svg_said(s, n, name);
    for (unsigned i = 0; i < count; i++)
        if (dgl_str_is(v, words[i]))
            return i;
    return otherwise;
}
#define CHOICE(name, otherwise, ...)                       \
    choice(s, n, name, (const char *const[]){__VA_ARGS__}, \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), (unsigned)(otherwise))

static void dashes(struct svg *s, const struct svg_node *n, struct svg_style *st)
{
    struct dgl_str v = svg_said(s, n, "stroke-dasharray");
    if (v.len == 0)
        return;
    st->dash_count = 0;
    double sum = 0;
    while (st->dash_count < DGL_ART_MAX_DASHES && svg_number(&v, &st->dash[st->dash_count])) {
        sum += fabs(st->dash[st->dash_count]);
        st->dash_count++;
        while (v.len && ((*v.data | 32) == 'p' || (*v.data | 32) == 'x'))
            v.data++, v.len--;
    }
    if (sum <= 0)
        st->dash_count = 0;
}

static void fonts(struct svg *s, const struct svg_node *n, struct svg_style *st)
{
    struct dgl_str size = svg_said(s, n, "font-size"), family = svg_said(s, n, "font-family"),
                   weight = svg_said(s, n, "font-weight");
    if (size.len)
        st->font_size = svg_length(&size, st->font_size, st->font_size, st->font_size);
    if (family.len) {
        const char *comma = memchr(family.data, ',', family.len);
        family.len = comma ? (size_t)(comma - family.data) : family.len;
        family = dgl_str_trim(family);
        if (family.len > 2 && (family.data[0] == '"' || family.data[0] == '\''))
            family = (struct dgl_str){family.data + 1, family.len - 2};
        st->family = dgl_str_is(family, "sans-serif")  ? DGL_STR("Arial")
                     : dgl_str_is(family, "serif")     ? DGL_STR("Times New Roman")
                     : dgl_str_is(family, "monospace") ? DGL_STR("Courier New")
                                                       : family;
    }
    if (weight.len)
        st->bold = dgl_str_is(weight, "bold") || dgl_str_is(weight, "bolder") ||
                   (weight.len == 3 && weight.data[0] >= '6' && weight.data[0] <= '9');
    st->italic = CHOICE("font-style", st->italic, "normal", "italic", "oblique") > 0;
    st->anchor = (enum dgl_art_anchor)CHOICE("text-anchor", st->anchor, "start", "middle", "end");
    struct dgl_str line = svg_said(s, n, "text-decoration");
    if (line.len)
        st->underline = dgl_str_holds(line, "underline");
}

// Names of baselines that browsers know, as how far the text moves down, in sizes of the font.
static void baseline(struct svg *s, const struct svg_node *n, struct svg_style *st)
{
    static const struct {
        const char *name;
        double shift;
    } baselines[] = {{"middle", 0.25},  {"central", 0.35},         {"hanging", 0.75}, {"text-before-edge", 0.9},
                     {"text-top", 0.9}, {"text-after-edge", -0.2}, {"alphabetic", 0}, {"auto", 0}};
    struct dgl_str v = svg_said(s, n, "dominant-baseline");
    if (v.len == 0)
        v = svg_said(s, n, "alignment-baseline");
    for (size_t i = 0; v.len && i < DGL_COUNT(baselines); i++)
        if (dgl_str_is(v, baselines[i].name))
            st->baseline_shift = baselines[i].shift;
}

static void markers(struct svg *s, const struct svg_node *n, struct svg_style *st)
{
    static const char *const names[SVG_MARKER_PLACES] = {"marker-start", "marker-mid", "marker-end"};
    struct dgl_str all = svg_said(s, n, "marker");
    for (unsigned i = 0; i < SVG_MARKER_PLACES; i++) {
        struct dgl_str v = svg_said(s, n, names[i]);
        v = v.len ? v : all;
        if (v.len && !dgl_str_is(v, "inherit"))
            st->marker[i] = id_in(v);
    }
}

struct svg_style svg_style_first(void)
{
    return (struct svg_style){.fill = {SVG_COLOR, 0, 1, {"", 0}},
                              .fill_opacity = 1,
                              .stroke_opacity = 1,
                              .stroke_width = 1,
                              .miter = 4,
                              .font_size = 16,
                              .family = DGL_STR("Arial"),
                              .opacity = 1};
}

struct svg_style svg_style_of(struct svg *s, const struct svg_node *n, const struct svg_style *inherited)
{
    struct svg_style st = *inherited;
    float unused;
    svg_look(s, n);
    st.opacity = 1;
    struct dgl_str color = svg_said(s, n, "color");
    if (color.len)
        svg_color(color, st.color, &st.color, &unused);
    paint(s, n, "fill", st.color, &st.fill);
    paint(s, n, "stroke", st.color, &st.stroke);
    number(s, n, "fill-opacity", 1, &st.fill_opacity);
    number(s, n, "stroke-opacity", 1, &st.stroke_opacity);
    number(s, n, "stroke-width", 0, &st.stroke_width);
    number(s, n, "stroke-miterlimit", 0, &st.miter);
    number(s, n, "stroke-dashoffset", 0, &st.dash_at);
    number(s, n, "opacity", 1, &st.opacity);
    dashes(s, n, &st);
    st.cap = (enum dgl_art_cap)CHOICE("stroke-linecap", st.cap, "butt", "round", "square");
    st.join = (enum dgl_art_join)CHOICE("stroke-linejoin", st.join, "miter", "round", "bevel");
    st.even_odd = CHOICE("fill-rule", st.even_odd, "nonzero", "evenodd");
    st.clip_even_odd = CHOICE("clip-rule", st.clip_even_odd, "nonzero", "evenodd");
    st.hidden = CHOICE("visibility", st.hidden, "visible", "hidden", "collapse") > 0;
    st.none = dgl_str_is(svg_said(s, n, "display"), "none");
    fonts(s, n, &st);
    baseline(s, n, &st);
    st.clip = id_in(svg_said(s, n, "clip-path"));
    st.mask = id_in(svg_said(s, n, "mask"));
    markers(s, n, &st);
    struct dgl_str filter = svg_said(s, n, "filter");
    if (filter.len && !dgl_str_is(filter, "none"))
        s->art->lossless = false;
    return st;
}
