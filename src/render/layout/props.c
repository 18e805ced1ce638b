// Reading and laying over of run and paragraph properties. Tables are in props_table.c.
#include "render/layout/props.h"

#include "render/layout/color.h"

#include <string.h>

const char *dgl_prop_intern(struct dgl_prop_reader *r, struct dgl_str name)
{
    name.len = DGL_MIN(name.len, (size_t)255);
    if (!r->names)
        return dgl_arena_strndup(r->arena, name.data, name.len);
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (unsigned char)name.data[i]) * 16777619u;
    for (unsigned tries = 0; tries < DGL_COUNT(r->names->slot); tries++) {
        const char **slot = &r->names->slot[(h + tries) % DGL_COUNT(r->names->slot)];
        if (!*slot)
            *slot = dgl_arena_strndup(r->arena, name.data, name.len);
        if (strncmp(*slot, name.data, name.len) == 0 && (*slot)[name.len] == '\0')
            return *slot;
    }
    return dgl_arena_strndup(r->arena, name.data, name.len);
}

// ---- Colours ----

static bool hex_color(struct dgl_str s, uint32_t *ret)
{
    uint32_t v = 0;
    if (s.len != 6)
        return false;
    for (size_t i = 0; i < 6; i++) {
        unsigned c = (unsigned char)s.data[i];
        unsigned d = c >= '0' && c <= '9' ? c - '0' : (c | 32u) >= 'a' && (c | 32u) <= 'f' ? (c | 32u) - 'a' + 10 : 99;
        if (d > 15)
            return false;
        v = v << 4 | d;
    }
    *ret = v;
    return true;
}

static int theme_slot(struct dgl_str s)
{
    static const struct {
        const char *name;
        int slot;
    } names[] = {{"dark1", 0},   {"text1", 0},   {"light1", 1},     {"background1", 1},
                 {"dark2", 2},   {"text2", 2},   {"light2", 3},     {"background2", 3},
                 {"accent1", 4}, {"accent2", 5}, {"accent3", 6},    {"accent4", 7},
                 {"accent5", 8}, {"accent6", 9}, {"hyperlink", 10}, {"followedHyperlink", 11}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is(s, names[i].name))
            return names[i].slot;
    return -1;
}

// The value itself; Word keeps the computed colour beside a theme reference, so the reference is only the last resort.
uint32_t dgl_color_read(const struct dgl_theme *theme, const struct dgl_x *n, enum dgl_x_name attr,
                        enum dgl_x_name theme_attr)
{
    const struct dgl_str *v = dgl_x_attr(n, attr), *t = dgl_x_attr(n, theme_attr);
    uint32_t rgb;
    if (v && hex_color(*v, &rgb))
        return rgb;
    int slot = t ? theme_slot(*t) : -1;
    if (slot >= 0 && theme && theme->has_colors)
        return theme->color[slot];
    return DGL_COLOR_AUTO;
}

static uint32_t highlight_color(struct dgl_str s)
{
    static const struct {
        const char *name;
        uint32_t rgb;
    } names[] = {{"yellow", 0xFFFF00},    {"green", 0x00FF00},       {"cyan", 0x00FFFF},     {"magenta", 0xFF00FF},
                 {"blue", 0x0000FF},      {"red", 0xFF0000},         {"darkBlue", 0x000080}, {"darkCyan", 0x008080},
                 {"darkGreen", 0x008000}, {"darkMagenta", 0x800080}, {"darkRed", 0x800000},  {"darkYellow", 0x808000},
                 {"darkGray", 0x808080},  {"lightGray", 0xC0C0C0},   {"black", 0x000000},    {"white", 0xFFFFFF}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is(s, names[i].name))
            return names[i].rgb;
    return DGL_COLOR_NONE;
}

static uint32_t mix(uint32_t back, uint32_t front, uint32_t percent)
{
    uint32_t out = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        uint32_t b = back >> shift & 255, f = front >> shift & 255;
        out |= (b * (100 - percent) + f * percent + 50) / 100 << shift;
    }
    return out;
}

// w:shd: the fill, mixed with the pattern's colour for percentage patterns.
static uint32_t read_shade(struct dgl_prop_reader *r, const struct dgl_x *n)
{
    const struct dgl_theme *theme = r->theme;
    struct dgl_str val = dgl_x_val(n);
    uint32_t fill = dgl_color_read(theme, n, DGL_X_fill, DGL_X_themeFill);
    if (dgl_str_is(val, "nil"))
        return DGL_COLOR_NONE;
    uint32_t front = dgl_color_read(theme, n, DGL_X_color, DGL_X_themeColor);
    if (dgl_str_is(val, "solid"))
        return front == DGL_COLOR_AUTO ? 0x000000 : front;
    if (dgl_str_starts(val, "pct")) {
        struct dgl_str digits = {val.data + 3, val.len - 3};
        int64_t percent = dgl_x_int(&digits, 0);
        return mix(fill == DGL_COLOR_AUTO ? 0xFFFFFF : fill, front == DGL_COLOR_AUTO ? 0x000000 : front,
                   (uint32_t)DGL_MAX(0, DGL_MIN(percent, 100)));
    }
    r->striped |= val.len && !dgl_str_is(val, "clear");
    return fill == DGL_COLOR_AUTO ? DGL_COLOR_NONE : fill;
}

static enum dgl_line_kind line_kind(struct dgl_str s)
{
    static const struct {
        const char *name;
        enum dgl_line_kind kind;
    } names[] = {{"single", DGL_LINE_SINGLE},
                 {"thick", DGL_LINE_SINGLE},
                 {"double", DGL_LINE_DOUBLE},
                 {"triple", DGL_LINE_TRIPLE},
                 {"dotted", DGL_LINE_DOTTED},
                 {"dashed", DGL_LINE_DASHED},
                 {"dashSmallGap", DGL_LINE_DASHED},
                 {"dotDash", DGL_LINE_DOT_DASH},
                 {"dotDotDash", DGL_LINE_DOT_DASH},
                 {"wave", DGL_LINE_WAVE},
                 {"doubleWave", DGL_LINE_WAVE},
                 {"nil", DGL_LINE_NONE},
                 {"none", DGL_LINE_NONE}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is(s, names[i].name))
            return names[i].kind;
    if (dgl_str_starts(s, "thinThick") || dgl_str_starts(s, "thickThin"))
        return DGL_LINE_DOUBLE;
    return s.len ? DGL_LINE_SINGLE : DGL_LINE_NONE;
}

void dgl_border_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_border *ret)
{
    if (!n)
        return;
    int64_t eighths = dgl_x_attr_int(n, DGL_X_sz, 0);
    ret->set = true;
    ret->kind = line_kind(dgl_x_val(n));
    eighths = DGL_MAX(0, DGL_MIN(eighths, 96 * 8));
    ret->width = ret->kind == DGL_LINE_NONE ? 0 : (int32_t)DGL_MAX(eighths * 125, 250);
    // The size is that of one line: a double border is as wide as two lines and the gap between them.
    ret->width *= ret->kind == DGL_LINE_DOUBLE ? 3 : ret->kind == DGL_LINE_TRIPLE ? 5 : 1;
    ret->space = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(n, DGL_X_space, 0), 31)) * 1000;
    ret->color = dgl_color_read(r->theme, n, DGL_X_color, DGL_X_themeColor);
    if (dgl_str_is(dgl_x_val(n), "thick"))
        ret->width = DGL_MAX(ret->width, 1500);
}

// ---- Runs ----

static void set_toggle(struct dgl_rpr *p, const struct dgl_x *n, uint32_t bit)
{
    p->toggles_set |= bit;
    p->toggles = dgl_x_val_on(n) ? p->toggles | bit : p->toggles & ~bit;
}

static const char *theme_font(const struct dgl_theme *theme, struct dgl_str s)
{
    if (!theme)
        return NULL;
    const char *const *set = dgl_str_starts(s, "major") ? theme->major : theme->minor;
    if (dgl_str_holds(s, "EastAsia"))
        return set[1];
    if (dgl_str_holds(s, "Bidi"))
        return set[2];
    return set[0];
}

static void read_fonts(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_rpr *p)
{
    static const enum dgl_x_name plain[] = {DGL_X_ascii, DGL_X_hAnsi, DGL_X_eastAsia, DGL_X_cs};
    static const enum dgl_x_name themed[] = {DGL_X_asciiTheme, DGL_X_hAnsiTheme, DGL_X_eastAsiaTheme, DGL_X_cstheme};
    for (unsigned i = 0; i < DGL_SLOT_COUNT; i++) {
        const struct dgl_str *theme = dgl_x_attr(n, themed[i]), *name = dgl_x_attr(n, plain[i]);
        const char *font = theme ? theme_font(r->theme, *theme) : NULL;
        if (!font && name && name->len)
            font = dgl_prop_intern(r, *name);
        if (font && *font) {
            p->font[i] = font;
            p->set |= DGL_R_FONT_ASCII << i;
        }
    }
    const struct dgl_str *hint = dgl_x_attr(n, DGL_X_hint);
    if (hint) {
        p->toggles_set |= DGL_T_HINT_EA;
        p->toggles = dgl_str_is(*hint, "eastAsia") ? p->toggles | DGL_T_HINT_EA : p->toggles & ~(uint32_t)DGL_T_HINT_EA;
    }
}

static enum dgl_underline underline_kind(struct dgl_str s)
{
    if (dgl_str_is(s, "none") || s.len == 0)
        return DGL_UNDERLINE_NONE;
    if (dgl_str_is(s, "words"))
        return DGL_UNDERLINE_WORDS;
    if (dgl_str_is(s, "double"))
        return DGL_UNDERLINE_DOUBLE;
    if (dgl_str_is(s, "thick"))
        return DGL_UNDERLINE_THICK;
    if (dgl_str_starts(s, "dotted"))
        return DGL_UNDERLINE_DOTTED;
    if (dgl_str_starts(s, "dotD") || dgl_str_starts(s, "dashDot"))
        return DGL_UNDERLINE_DOT_DASH;
    if (dgl_str_starts(s, "dash"))
        return DGL_UNDERLINE_DASHED;
    if (dgl_str_starts(s, "wav"))
        return DGL_UNDERLINE_WAVE;
    return DGL_UNDERLINE_SINGLE;
}

static int32_t font_size(const struct dgl_x *n)
{
    const struct dgl_str *v = dgl_x_attr(n, DGL_X_val);
    int32_t twice = dgl_x_twips(v, 20 * 50); // half-points read as twips are 50 mpt each, ten times too small
    bool has_unit = v && v->len > 2 && v->data[v->len - 1] >= 'a';
    int64_t size = has_unit ? twice : (int64_t)twice * 10;
    return (int32_t)DGL_MAX(500, DGL_MIN(size, DGL_LAYOUT_MAX_SIZE));
}

static void read_lang(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_rpr *p)
{
    const struct dgl_str *v = dgl_x_attr(n, DGL_X_val), *ea = dgl_x_attr(n, DGL_X_eastAsia),
                         *bidi = dgl_x_attr(n, DGL_X_bidi);
    if (v) {
        p->lang = dgl_prop_intern(r, *v);
        p->set |= DGL_R_LANG;
    }
    if (ea) {
        p->lang_ea = dgl_prop_intern(r, *ea);
        p->set |= DGL_R_LANG_EA;
    }
    if (bidi) {
        p->lang_bidi = dgl_prop_intern(r, *bidi);
        p->set |= DGL_R_LANG_BIDI;
    }
}

static uint32_t toggle_bit(enum dgl_x_name name)
{
    switch ((int)name) {
    case DGL_X_b:
        return DGL_T_BOLD;
    case DGL_X_i:
        return DGL_T_ITALIC;
    case DGL_X_bCs:
        return DGL_T_BOLD_CS;
    case DGL_X_iCs:
        return DGL_T_ITALIC_CS;
    case DGL_X_caps:
        return DGL_T_CAPS;
    case DGL_X_smallCaps:
        return DGL_T_SMALL_CAPS;
    case DGL_X_strike:
        return DGL_T_STRIKE;
    case DGL_X_dstrike:
        return DGL_T_DSTRIKE;
    case DGL_X_vanish:
        return DGL_T_HIDDEN;
    case DGL_X_outline:
        return DGL_T_OUTLINE;
    case DGL_X_shadow:
        return DGL_T_SHADOW;
    case DGL_X_emboss:
        return DGL_T_EMBOSS;
    case DGL_X_imprint:
        return DGL_T_IMPRINT;
    case DGL_X_rtl:
        return DGL_T_RTL;
    case DGL_X_cs:
        return DGL_T_CS;
    case DGL_X_webHidden:
        return DGL_T_WEB_HIDDEN;
    default:
        return 0;
    }
}

static void leave_undrawn(struct dgl_rpr *p)
{
    p->toggles_set |= DGL_T_UNDRAWN;
    p->toggles |= DGL_T_UNDRAWN;
}

static void read_run_property(struct dgl_prop_reader *r, const struct dgl_x *c, struct dgl_rpr *p)
{
    struct dgl_str val = dgl_x_val(c);
    switch ((int)c->name) {
    case DGL_X_rStyle:
        p->style = r->style_index ? r->style_index(r->ctx, val) : UINT16_MAX;
        p->set |= DGL_R_STYLE;
        break;
    case DGL_X_rFonts:
        read_fonts(r, c, p);
        break;
    case DGL_X_sz:
        p->size = font_size(c);
        p->set |= DGL_R_SIZE;
        break;
    case DGL_X_szCs:
        p->size_cs = font_size(c);
        p->set |= DGL_R_SIZE_CS;
        break;
    case DGL_X_color:
        p->color = dgl_color_read(r->theme, c, DGL_X_val, DGL_X_themeColor);
        p->set |= DGL_R_COLOR;
        break;
    case DGL_X_highlight:
        p->highlight = highlight_color(val);
        p->set |= DGL_R_HIGHLIGHT;
        break;
    case DGL_X_shd:
        p->shade = read_shade(r, c);
        p->set |= DGL_R_SHADE;
        break;
    case DGL_X_u:
        p->underline = (uint8_t)underline_kind(val);
        p->underline_color = dgl_color_read(r->theme, c, DGL_X_color, DGL_X_themeColor);
        p->set |= DGL_R_UNDERLINE;
        break;
    case DGL_X_vertAlign:
        p->vert = dgl_str_is(val, "superscript") ? DGL_VERT_SUPER
                  : dgl_str_is(val, "subscript") ? DGL_VERT_SUB
                                                 : DGL_VERT_BASE;
        p->set |= DGL_R_VERT;
        break;
    case DGL_X_position:
        p->position = (int32_t)DGL_MAX(-3168, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 0), 3168)) * 500;
        p->set |= DGL_R_POSITION;
        break;
    case DGL_X_spacing:
        p->spacing = DGL_MAX(-1584000, DGL_MIN(dgl_x_twips(dgl_x_attr(c, DGL_X_val), 0), 1584000));
        p->set |= DGL_R_SPACING;
        break;
    case DGL_X_w:
        p->scale_percent = (uint16_t)DGL_MAX(1, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 100), 600));
        p->set |= DGL_R_SCALE;
        break;
    case DGL_X_fitText:
        p->fit = DGL_MAX(0, dgl_x_twips(dgl_x_attr(c, DGL_X_val), 0));
        p->fit_id = (int32_t)DGL_MAX(INT32_MIN, DGL_MIN(dgl_x_attr_int(c, DGL_X_id, 0), INT32_MAX));
        p->set |= DGL_R_FIT;
        break;
    case DGL_X_kern:
        p->kern = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 0), 3277)) * 500;
        p->set |= DGL_R_KERN;
        break;
    case DGL_X_lang:
        read_lang(r, c, p);
        break;
    case DGL_X_bdr:
        dgl_border_read(r, c, &p->border);
        p->set |= DGL_R_BORDER;
        break;
    case DGL_X_em:
        if (val.len && !dgl_str_is(val, "none"))
            leave_undrawn(p);
        break;
    case DGL_X_eastAsianLayout: // two lines in one; across in vertical text
        if (dgl_x_attr(c, DGL_X_combine) && dgl_x_on(dgl_x_attr(c, DGL_X_combine)))
            leave_undrawn(p);
        break;
    default:
        break;
    }
}

// Word's own looks of text (MS-DOCX 2.7). Of a fill the colour is taken, of a gradient the first one.
static void read_extension(struct dgl_prop_reader *r, const struct dgl_x *c, struct dgl_rpr *p)
{
    struct dgl_color color;
    switch ((int)c->name) {
    case DGL_X_ligatures:
        p->toggles_set |= DGL_T_LIGATURES;
        p->toggles =
            dgl_str_is(dgl_x_val(c), "none") ? p->toggles & ~(uint32_t)DGL_T_LIGATURES : p->toggles | DGL_T_LIGATURES;
        break;
    case DGL_X_textFill:
        if (dgl_drawing_color(r->theme, dgl_x_child(c, DGL_X_solidFill), 0, &color) ||
            dgl_drawing_color(r->theme, dgl_x_find(c, DGL_X_gs), 0, &color)) {
            p->color = color.rgb;
            p->set |= DGL_R_COLOR;
        }
        if (!dgl_x_child(c, DGL_X_solidFill))
            leave_undrawn(p);
        break;
    case DGL_X_textOutline:
        if (c->first && !dgl_x_child(c, DGL_X_noFill))
            leave_undrawn(p);
        break;
    case DGL_X_glow:
    case DGL_X_shadow:
    case DGL_X_reflection:
    case DGL_X_scene3d:
    case DGL_X_props3d:
        leave_undrawn(p);
        break;
    default:
        break;
    }
}

void dgl_rpr_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_rpr *p)
{
    if (!n)
        return;
    DGL_X_EACH(c, n)
    {
        if (c->ns == DGL_XN_W14)
            read_extension(r, c, p);
        if (c->ns != DGL_XN_W)
            continue;
        uint32_t bit = toggle_bit(c->name);
        if (bit)
            set_toggle(p, c, bit);
        else
            read_run_property(r, c, p);
    }
}

static void apply_values(struct dgl_rpr *p, const struct dgl_rpr *o)
{
    for (unsigned i = 0; i < DGL_SLOT_COUNT; i++)
        if (o->set & DGL_R_FONT_ASCII << i)
            p->font[i] = o->font[i];
#define TAKE(bit, field) \
    if (o->set & (bit))  \
    p->field = o->field
    TAKE(DGL_R_SIZE, size);
    TAKE(DGL_R_SIZE_CS, size_cs);
    TAKE(DGL_R_COLOR, color);
    TAKE(DGL_R_HIGHLIGHT, highlight);
    TAKE(DGL_R_SHADE, shade);
    TAKE(DGL_R_UNDERLINE, underline);
    TAKE(DGL_R_UNDERLINE, underline_color);
    TAKE(DGL_R_VERT, vert);
    TAKE(DGL_R_POSITION, position);
    TAKE(DGL_R_SPACING, spacing);
    TAKE(DGL_R_SCALE, scale_percent);
    TAKE(DGL_R_KERN, kern);
    TAKE(DGL_R_LANG, lang);
    TAKE(DGL_R_LANG_EA, lang_ea);
    TAKE(DGL_R_LANG_BIDI, lang_bidi);
    TAKE(DGL_R_BORDER, border);
    TAKE(DGL_R_STYLE, style);
    TAKE(DGL_R_FIT, fit);
    TAKE(DGL_R_FIT, fit_id);
    p->set |= o->set;
}

void dgl_rpr_apply(struct dgl_rpr *p, const struct dgl_rpr *over)
{
    apply_values(p, over);
    p->toggles = (p->toggles & ~over->toggles_set) | (over->toggles & over->toggles_set);
    p->toggles_set |= over->toggles_set;
}

void dgl_rpr_apply_style(struct dgl_rpr *p, const struct dgl_rpr *over)
{
    uint32_t before = p->toggles & DGL_T_TRUE_TOGGLES;
    dgl_rpr_apply(p, over);
    uint32_t mine = over->toggles & over->toggles_set & DGL_T_TRUE_TOGGLES;
    uint32_t kept = p->toggles & ~(uint32_t)DGL_T_TRUE_TOGGLES;
    p->toggles = kept | (before ^ mine);
}

// ---- Paragraphs ----

static enum dgl_jc read_jc(struct dgl_str s)
{
    if (dgl_str_is(s, "center"))
        return DGL_JC_CENTER;
    if (dgl_str_is(s, "right") || dgl_str_is(s, "end"))
        return DGL_JC_END; // Word swaps left and right in right-to-left paragraphs: they mean start and end
    if (dgl_str_is(s, "both") || dgl_str_starts(s, "highKashida") || dgl_str_starts(s, "mediumKashida") ||
        dgl_str_starts(s, "lowKashida"))
        return DGL_JC_BOTH;
    if (dgl_str_is(s, "distribute") || dgl_str_is(s, "thaiDistribute"))
        return DGL_JC_DISTRIBUTE;
    return DGL_JC_START;
}

static void read_indent(const struct dgl_x *n, struct dgl_ppr *p)
{
    const struct dgl_str *left = dgl_x_attr(n, DGL_X_left), *right = dgl_x_attr(n, DGL_X_right);
    const struct dgl_str *first = dgl_x_attr(n, DGL_X_firstLine), *hanging = dgl_x_attr(n, DGL_X_hanging);
    left = left ? left : dgl_x_attr(n, DGL_X_start);
    right = right ? right : dgl_x_attr(n, DGL_X_end);
    if (left) {
        p->left = dgl_x_twips(left, 0);
        p->set |= DGL_P_LEFT;
    }
    if (right) {
        p->right = dgl_x_twips(right, 0);
        p->set |= DGL_P_RIGHT;
    }
    if (first || hanging) {
        p->first = hanging ? -dgl_x_twips(hanging, 0) : dgl_x_twips(first, 0);
        p->set |= DGL_P_FIRST;
    }
    const struct dgl_str *lc = dgl_x_attr(n, DGL_X_leftChars), *rc = dgl_x_attr(n, DGL_X_rightChars);
    const struct dgl_str *fc = dgl_x_attr(n, DGL_X_firstLineChars), *hc = dgl_x_attr(n, DGL_X_hangingChars);
    if (lc) {
        p->left_chars = (int32_t)DGL_MAX(-100000, DGL_MIN(dgl_x_int(lc, 0), 100000));
        p->set |= DGL_P_LEFT_CHARS;
    }
    if (rc) {
        p->right_chars = (int32_t)DGL_MAX(-100000, DGL_MIN(dgl_x_int(rc, 0), 100000));
        p->set |= DGL_P_RIGHT_CHARS;
    }
    if (fc || hc) {
        int64_t v = hc ? -dgl_x_int(hc, 0) : dgl_x_int(fc, 0);
        p->first_chars = (int32_t)DGL_MAX(-100000, DGL_MIN(v, 100000));
        p->set |= DGL_P_FIRST_CHARS;
    }
}

static void read_spacing(const struct dgl_x *n, struct dgl_ppr *p)
{
    const struct dgl_str *before = dgl_x_attr(n, DGL_X_before), *after = dgl_x_attr(n, DGL_X_after),
                         *line = dgl_x_attr(n, DGL_X_line), *rule = dgl_x_attr(n, DGL_X_lineRule);
    const struct dgl_str *ba = dgl_x_attr(n, DGL_X_beforeAutospacing), *aa = dgl_x_attr(n, DGL_X_afterAutospacing);
    const struct dgl_str *bl = dgl_x_attr(n, DGL_X_beforeLines), *al = dgl_x_attr(n, DGL_X_afterLines);
    if (before) {
        p->before = DGL_MAX(0, dgl_x_twips(before, 0));
        p->set |= DGL_P_BEFORE;
    }
    if (after) {
        p->after = DGL_MAX(0, dgl_x_twips(after, 0));
        p->set |= DGL_P_AFTER;
    }
    if (ba) {
        p->before_auto = dgl_x_on(ba);
        p->set |= DGL_P_BEFORE_AUTO;
    }
    if (aa) {
        p->after_auto = dgl_x_on(aa);
        p->set |= DGL_P_AFTER_AUTO;
    }
    if (bl) {
        p->before_lines = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_int(bl, 0), 100000));
        p->set |= DGL_P_BEFORE_LINES;
    }
    if (al) {
        p->after_lines = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_int(al, 0), 100000));
        p->set |= DGL_P_AFTER_LINES;
    }
    if (!line)
        return;
    p->line_rule = rule && dgl_str_is(*rule, "exact")     ? DGL_RULE_EXACT
                   : rule && dgl_str_is(*rule, "atLeast") ? DGL_RULE_AT_LEAST
                                                          : DGL_RULE_AUTO;
    p->line = p->line_rule == DGL_RULE_AUTO ? (int32_t)DGL_MAX(1, DGL_MIN(dgl_x_int(line, 240), 31680))
                                            : DGL_MAX(0, dgl_x_twips(line, 0));
    if (p->line_rule == DGL_RULE_EXACT && p->line == 0)
        p->line_rule = DGL_RULE_AT_LEAST;
    p->set |= DGL_P_LINE;
}

static int tab_order(const struct dgl_tab *list, uint32_t count, int32_t at)
{
    uint32_t i = 0;
    while (i < count && list[i].at < at)
        i++;
    return (int)i;
}

// Stops are kept sorted; a clear entry stays, so that it can take stops of lower levels away.
static void put_tab(struct dgl_tab *list, uint32_t *count, struct dgl_tab tab)
{
    uint32_t i = (uint32_t)tab_order(list, *count, tab.at);
    if (i < *count && list[i].at == tab.at) {
        list[i] = tab;
        return;
    }
    if (*count == DGL_LAYOUT_MAX_TABS)
        return;
    memmove(list + i + 1, list + i, (*count - i) * sizeof(*list));
    list[i] = tab;
    ++*count;
}

static enum dgl_tab_kind tab_kind(struct dgl_str s)
{
    if (dgl_str_is(s, "clear"))
        return DGL_TAB_CLEAR;
    if (dgl_str_is(s, "center"))
        return DGL_TAB_CENTER;
    if (dgl_str_is(s, "right") || dgl_str_is(s, "end"))
        return DGL_TAB_RIGHT;
    if (dgl_str_is(s, "decimal"))
        return DGL_TAB_DECIMAL;
    if (dgl_str_is(s, "bar"))
        return DGL_TAB_BAR;
    return DGL_TAB_LEFT;
}

static enum dgl_leader tab_leader(const struct dgl_str *s)
{
    static const char *const names[] = {"none", "dot", "hyphen", "underscore", "middleDot", "heavy"};
    for (unsigned i = 0; s && i < DGL_COUNT(names); i++)
        if (dgl_str_is(*s, names[i]))
            return (enum dgl_leader)i;
    return DGL_LEADER_NONE;
}

static void read_tabs(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_ppr *p)
{
    struct dgl_tab list[DGL_LAYOUT_MAX_TABS + 1];
    uint32_t count = DGL_MIN(p->tab_count, DGL_LAYOUT_MAX_TABS);
    if (count)
        memcpy(list, p->tabs, count * sizeof(*list));
    DGL_X_EACH(c, n)
    {
        if (c->name == DGL_X_tab)
            put_tab(list, &count,
                    (struct dgl_tab){dgl_x_twips(dgl_x_attr(c, DGL_X_pos), 0), (uint8_t)tab_kind(dgl_x_val(c)),
                                     (uint8_t)tab_leader(dgl_x_attr(c, DGL_X_leader))});
    }
    if (count == 0)
        return;
    struct dgl_tab *kept = dgl_arena_alloc(r->arena, count * sizeof(*list));
    memcpy(kept, list, count * sizeof(*list));
    p->tabs = kept;
    p->tab_count = count;
}

static void read_paragraph_borders(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_ppr *p)
{
    DGL_X_EACH(c, n)
    {
        int side = c->name == DGL_X_top       ? DGL_TOP
                   : c->name == DGL_X_left    ? DGL_LEFT
                   : c->name == DGL_X_start   ? DGL_LEFT
                   : c->name == DGL_X_bottom  ? DGL_BOTTOM
                   : c->name == DGL_X_right   ? DGL_RIGHT
                   : c->name == DGL_X_end     ? DGL_RIGHT
                   : c->name == DGL_X_between ? DGL_BETWEEN
                   : c->name == DGL_X_bar     ? DGL_INSIDE_V
                                              : -1;
        if (side >= 0)
            dgl_border_read(r, c, &p->border[side]);
    }
}

static void set_flag(struct dgl_ppr *p, const struct dgl_x *n, uint32_t bit)
{
    p->flags_set |= bit;
    p->flags = dgl_x_val_on(n) ? p->flags | bit : p->flags & ~bit;
}

static uint32_t flag_bit(enum dgl_x_name name)
{
    switch ((int)name) {
    case DGL_X_keepNext:
        return DGL_PF_KEEP_NEXT;
    case DGL_X_keepLines:
        return DGL_PF_KEEP_LINES;
    case DGL_X_pageBreakBefore:
        return DGL_PF_PAGE_BREAK_BEFORE;
    case DGL_X_widowControl:
        return DGL_PF_WIDOW_CONTROL;
    case DGL_X_contextualSpacing:
        return DGL_PF_CONTEXTUAL;
    case DGL_X_bidi:
        return DGL_PF_BIDI;
    case DGL_X_snapToGrid:
        return DGL_PF_SNAP;
    case DGL_X_wordWrap:
        return DGL_PF_WORD_WRAP;
    case DGL_X_suppressAutoHyphens:
        return DGL_PF_NO_HYPHENS;
    case DGL_X_suppressLineNumbers:
        return DGL_PF_SUPPRESS_NUMBERS;
    case DGL_X_autoSpaceDE:
        return DGL_PF_AUTO_SPACE_DE;
    case DGL_X_autoSpaceDN:
        return DGL_PF_AUTO_SPACE_DN;
    case DGL_X_overflowPunct:
        return DGL_PF_OVERFLOW_PUNCT;
    case DGL_X_kinsoku:
        return DGL_PF_KINSOKU;
    default:
        return 0;
    }
}

static void read_numbering(const struct dgl_x *c, struct dgl_ppr *p)
{
    const struct dgl_x *num = dgl_x_child(c, DGL_X_numId), *ilvl = dgl_x_child(c, DGL_X_ilvl);
    if (num) {
        p->num = (int32_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(num, DGL_X_val, 0), INT32_MAX));
        p->set |= DGL_P_NUM;
    }
    if (ilvl) {
        p->ilvl = (uint8_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(ilvl, DGL_X_val, 0), 8));
        p->set |= DGL_P_ILVL;
    }
}

void dgl_ppr_read(struct dgl_prop_reader *r, const struct dgl_x *n, struct dgl_ppr *p)
{
    if (!n)
        return;
    DGL_X_EACH(c, n)
    {
        uint32_t bit = flag_bit(c->name);
        if (bit) {
            set_flag(p, c, bit);
            continue;
        }
        switch ((int)c->name) {
        case DGL_X_pStyle:
            p->style = r->style_index ? r->style_index(r->ctx, dgl_x_val(c)) : UINT16_MAX;
            p->set |= DGL_P_STYLE;
            break;
        case DGL_X_jc:
            p->jc = (uint8_t)read_jc(dgl_x_val(c));
            p->set |= DGL_P_JC;
            break;
        case DGL_X_ind:
            read_indent(c, p);
            break;
        case DGL_X_spacing:
            read_spacing(c, p);
            break;
        case DGL_X_tabs:
            read_tabs(r, c, p);
            break;
        case DGL_X_pBdr:
            read_paragraph_borders(r, c, p);
            break;
        case DGL_X_shd:
            p->shade = read_shade(r, c);
            p->set |= DGL_P_SHADE;
            break;
        case DGL_X_numPr:
            read_numbering(c, p);
            break;
        case DGL_X_outlineLvl:
            p->outline = (uint8_t)DGL_MAX(0, DGL_MIN(dgl_x_attr_int(c, DGL_X_val, 9), 9));
            p->set |= DGL_P_OUTLINE;
            break;
        case DGL_X_framePr:
            p->frame = dgl_frame_read(r->arena, c);
            break;
        default:
            break;
        }
    }
}

void dgl_ppr_apply_indent(struct dgl_ppr *p, const struct dgl_ppr *o)
{
    TAKE(DGL_P_LEFT, left);
    TAKE(DGL_P_RIGHT, right);
    TAKE(DGL_P_FIRST, first);
    TAKE(DGL_P_LEFT_CHARS, left_chars);
    TAKE(DGL_P_RIGHT_CHARS, right_chars);
    TAKE(DGL_P_FIRST_CHARS, first_chars);
    const uint32_t chars = DGL_P_LEFT_CHARS | DGL_P_FIRST_CHARS | DGL_P_RIGHT_CHARS;
    // A length without characters takes inherited characters away.
    if (o->set & DGL_P_LEFT && !(o->set & DGL_P_LEFT_CHARS))
        p->set &= ~(uint32_t)DGL_P_LEFT_CHARS;
    if (o->set & DGL_P_FIRST && !(o->set & DGL_P_FIRST_CHARS))
        p->set &= ~(uint32_t)DGL_P_FIRST_CHARS;
    p->set |= o->set & (DGL_P_LEFT | DGL_P_RIGHT | DGL_P_FIRST | chars);
}

void dgl_ppr_apply(struct dgl_ppr *p, const struct dgl_ppr *o, struct dgl_arena *a)
{
    dgl_ppr_apply_indent(p, o);
    TAKE(DGL_P_STYLE, style);
    TAKE(DGL_P_JC, jc);
    TAKE(DGL_P_BEFORE, before);
    TAKE(DGL_P_AFTER, after);
    TAKE(DGL_P_BEFORE_AUTO, before_auto);
    TAKE(DGL_P_AFTER_AUTO, after_auto);
    TAKE(DGL_P_BEFORE_LINES, before_lines);
    TAKE(DGL_P_AFTER_LINES, after_lines);
    TAKE(DGL_P_LINE, line);
    TAKE(DGL_P_LINE, line_rule);
    TAKE(DGL_P_NUM, num);
    TAKE(DGL_P_ILVL, ilvl);
    TAKE(DGL_P_OUTLINE, outline);
    TAKE(DGL_P_SHADE, shade);
#undef TAKE
    p->flags = (p->flags & ~o->flags_set) | (o->flags & o->flags_set);
    p->flags_set |= o->flags_set;
    p->set |= o->set;
    if (o->frame)
        p->frame = o->frame;
    for (unsigned i = 0; i < DGL_SIDES; i++)
        if (o->border[i].set)
            p->border[i] = o->border[i];
    if (o->tab_count == 0)
        return;
    if (p->tab_count == 0) {
        p->tabs = o->tabs;
        p->tab_count = o->tab_count;
        return;
    }
    struct dgl_tab *list = dgl_arena_alloc(a, (DGL_LAYOUT_MAX_TABS + 1) * sizeof(*list));
    uint32_t count = p->tab_count;
    memcpy(list, p->tabs, count * sizeof(*list));
    for (uint32_t i = 0; i < o->tab_count; i++)
        put_tab(list, &count, o->tabs[i]);
    p->tabs = list;
    p->tab_count = count;
}
