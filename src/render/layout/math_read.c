// OMML to the tree of math.h. Letters become the mathematical letters that Word shows: a variable x is U+1D465, so that
// the same characters come out when the text is copied.
#include "render/layout/build.h"
#include "render/layout/math.h"

#include <string.h>

#define MAX_DEPTH 40u

struct reading {
    struct builder *b;
    struct dgl_run *run; // of the equation
    unsigned depth;
};
static struct dgl_math_node *read_row(struct reading *r, const struct dgl_x *n);

// ---- letters ----

enum letter_style { STYLE_PLAIN, STYLE_BOLD, STYLE_ITALIC, STYLE_BOLD_ITALIC, STYLE_COUNT };
enum letter_script {
    SCRIPT_ROMAN,
    SCRIPT_SCRIPT,
    SCRIPT_FRAKTUR,
    SCRIPT_DOUBLE,
    SCRIPT_SANS,
    SCRIPT_MONO,
    SCRIPT_COUNT
};

// The first capital of each alphabet (Unicode block 1D400); 0 = the letters as they are.
static const uint32_t g_latin[SCRIPT_COUNT][STYLE_COUNT] = {
    [SCRIPT_ROMAN] = {0, 0x1D400, 0x1D434, 0x1D468},         [SCRIPT_SCRIPT] = {0x1D49C, 0x1D4D0, 0x1D49C, 0x1D4D0},
    [SCRIPT_FRAKTUR] = {0x1D504, 0x1D56C, 0x1D504, 0x1D56C}, [SCRIPT_DOUBLE] = {0x1D538, 0x1D538, 0x1D538, 0x1D538},
    [SCRIPT_SANS] = {0x1D5A0, 0x1D5D4, 0x1D608, 0x1D63C},    [SCRIPT_MONO] = {0x1D670, 0x1D670, 0x1D670, 0x1D670},
};
static const uint32_t g_greek[STYLE_COUNT] = {0, 0x1D6A8, 0x1D6E2, 0x1D71C};
static const uint32_t g_digits[SCRIPT_COUNT][STYLE_COUNT] = {
    [SCRIPT_ROMAN] = {0, 0x1D7CE, 0, 0x1D7CE},
    [SCRIPT_SCRIPT] = {0, 0x1D7CE, 0, 0x1D7CE},
    [SCRIPT_FRAKTUR] = {0, 0x1D7CE, 0, 0x1D7CE},
    [SCRIPT_DOUBLE] = {0x1D7D8, 0x1D7D8, 0x1D7D8, 0x1D7D8},
    [SCRIPT_SANS] = {0x1D7E2, 0x1D7EC, 0x1D7E2, 0x1D7EC},
    [SCRIPT_MONO] = {0x1D7F6, 0x1D7F6, 0x1D7F6, 0x1D7F6},
};
// Letters that had a place before the block was made.
static uint32_t elsewhere(uint32_t c)
{
    static const uint32_t moved[][2] = {{0x1D455, 0x210E}, {0x1D49D, 0x212C}, {0x1D4A0, 0x2130}, {0x1D4A1, 0x2131},
                                        {0x1D4A3, 0x210B}, {0x1D4A4, 0x2110}, {0x1D4A7, 0x2112}, {0x1D4A8, 0x2133},
                                        {0x1D4AD, 0x211B}, {0x1D4BA, 0x212F}, {0x1D4BC, 0x210A}, {0x1D4C4, 0x2134},
                                        {0x1D506, 0x212D}, {0x1D50B, 0x210C}, {0x1D50C, 0x2111}, {0x1D515, 0x211C},
                                        {0x1D51D, 0x2128}, {0x1D53A, 0x2102}, {0x1D53F, 0x210D}, {0x1D545, 0x2115},
                                        {0x1D547, 0x2119}, {0x1D548, 0x211A}, {0x1D549, 0x211D}, {0x1D551, 0x2124}};
    for (unsigned i = 0; i < DGL_COUNT(moved); i++)
        if (moved[i][0] == c)
            return moved[i][1];
    return c;
}

static uint32_t mathematical(uint32_t c, enum letter_script script, enum letter_style style)
{
    uint32_t first;
    if (c >= 'A' && c <= 'Z')
        return (first = g_latin[script][style]) ? elsewhere(first + c - 'A') : c;
    if (c >= 'a' && c <= 'z')
        return (first = g_latin[script][style]) ? elsewhere(first + 26 + c - 'a') : c;
    if (c >= '0' && c <= '9')
        return (first = g_digits[script][style]) ? first + c - '0' : c;
    first = g_greek[style];
    if (first && c >= 0x391 && c <= 0x3A9 && c != 0x3A2)
        return first + c - 0x391;
    if (first && c >= 0x3B1 && c <= 0x3C9)
        return first + 26 + c - 0x3B1;
    return c == '-' ? 0x2212 : c == '*' ? 0x2217 : c;
}

static unsigned word_of(struct dgl_str s, const char *const *words, unsigned count, unsigned otherwise)
{
    for (unsigned i = 0; i < count; i++)
        if (dgl_str_is(s, words[i]))
            return i;
    return otherwise;
}

// ---- nodes ----

static struct dgl_math_node *new_node(struct reading *r, enum dgl_math_kind kind)
{
    struct dgl_math_node *n = DGL_ARENA_NEW(r->b->arena, struct dgl_math_node);
    n->kind = kind;
    n->run = r->run;
    return n;
}

static struct dgl_str property(const struct dgl_x *n, enum dgl_x_name group, enum dgl_x_name name)
{
    const struct dgl_x *properties = dgl_x_child(n, group);
    return properties ? dgl_x_val(dgl_x_child(properties, name)) : (struct dgl_str){"", 0};
}

// A sign said by a property: absent, the usual; empty, none.
static uint32_t sign_of(const struct dgl_x *n, enum dgl_x_name group, enum dgl_x_name name, uint32_t usual)
{
    const struct dgl_x *properties = dgl_x_child(n, group), *said = properties ? dgl_x_child(properties, name) : NULL;
    struct dgl_str v = dgl_x_val(said);
    size_t pos = 0;
    return !said ? usual : v.len ? dgl_utf8_next(v.data, v.len, &pos) : 0;
}

static bool is_on(const struct dgl_x *n, enum dgl_x_name group, enum dgl_x_name name)
{
    const struct dgl_x *properties = dgl_x_child(n, group);
    return properties && dgl_x_val_on(dgl_x_child(properties, name));
}

static struct dgl_math_node *read_part(struct reading *r, const struct dgl_x *n, enum dgl_x_name name)
{
    const struct dgl_x *part = dgl_x_child(n, name);
    return part ? read_row(r, part) : NULL;
}

static struct dgl_math_node *read_text(struct reading *r, const struct dgl_x *n)
{
    static const char *const styles[] = {"p", "b", "i", "bi"};
    static const char *const scripts[] = {"roman", "script", "fraktur", "double-struck", "sans-serif", "monospace"};
    struct dgl_math_node *node = new_node(r, DGL_MATH_TEXT);
    enum letter_style style = word_of(property(n, DGL_X_rPr, DGL_X_sty), styles, STYLE_COUNT, STYLE_ITALIC);
    enum letter_script script = word_of(property(n, DGL_X_rPr, DGL_X_scr), scripts, SCRIPT_COUNT, SCRIPT_ROMAN);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_LAYOUT_MAX_PARAGRAPH_BYTES);
    node->upright = is_on(n, DGL_X_rPr, DGL_X_nor);
    DGL_X_EACH(t, n)
    {
        for (size_t pos = 0; t->name == DGL_X_t && pos < t->text.len;) {
            uint32_t c = dgl_utf8_next(t->text.data, t->text.len, &pos);
            char utf8[4];
            dgl_buf_append(&text, utf8, dgl_utf8_put(utf8, node->upright ? c : mathematical(c, script, style)));
        }
    }
    node->text = (struct dgl_str){dgl_arena_strndup(r->b->arena, text.data ? text.data : "", text.len), text.len};
    return node;
}

static struct dgl_math_node *read_fraction(struct reading *r, const struct dgl_x *n)
{
    static const char *const kinds[] = {"bar", "noBar", "skw", "lin"};
    struct dgl_math_node *node = new_node(r, DGL_MATH_FRACTION);
    node->fraction = word_of(property(n, DGL_X_fPr, DGL_X_type), kinds, DGL_COUNT(kinds), DGL_FRACTION_BAR);
    node->part[0] = read_part(r, n, DGL_X_num);
    node->part[1] = read_part(r, n, DGL_X_den);
    return node;
}

static struct dgl_math_node *read_scripts(struct reading *r, const struct dgl_x *n)
{
    struct dgl_math_node *node = new_node(r, DGL_MATH_SCRIPTS);
    node->part[0] = read_part(r, n, DGL_X_e);
    node->part[1] = read_part(r, n, DGL_X_sub);
    node->part[2] = read_part(r, n, DGL_X_sup);
    node->before = n->name == DGL_X_sPre;
    return node;
}

static struct dgl_math_node *read_radical(struct reading *r, const struct dgl_x *n)
{
    struct dgl_math_node *node = new_node(r, DGL_MATH_RADICAL);
    node->part[0] = read_part(r, n, DGL_X_e);
    node->part[1] = is_on(n, DGL_X_radPr, DGL_X_degHide) ? NULL : read_part(r, n, DGL_X_deg);
    return node;
}

static struct dgl_math_node *read_nary(struct reading *r, const struct dgl_x *n)
{
    struct dgl_math_node *node = new_node(r, DGL_MATH_NARY);
    struct dgl_str place = property(n, DGL_X_naryPr, DGL_X_limLoc);
    node->sign = sign_of(n, DGL_X_naryPr, DGL_X_chr, 0x222B);
    bool integral = node->sign >= 0x222B && node->sign <= 0x2233;
    node->limits = place.len ? dgl_str_is(place, "undOvr") : !integral;
    node->part[0] = read_part(r, n, DGL_X_e);
    node->part[1] = is_on(n, DGL_X_naryPr, DGL_X_subHide) ? NULL : read_part(r, n, DGL_X_sub);
    node->part[2] = is_on(n, DGL_X_naryPr, DGL_X_supHide) ? NULL : read_part(r, n, DGL_X_sup);
    return node;
}

// Children that are rows of their own: of brackets, matrices, stacks.
static void read_children(struct reading *r, const struct dgl_x *n, enum dgl_x_name name, struct dgl_math_node *to)
{
    struct dgl_math_node **tail = &to->first;
    DGL_X_EACH(c, n)
    {
        if (c->name != name)
            continue;
        if (name == DGL_X_mr) {
            *tail = new_node(r, DGL_MATH_ROW);
            read_children(r, c, DGL_X_e, *tail);
        } else {
            *tail = read_row(r, c);
        }
        tail = &(*tail)->next;
    }
}

static struct dgl_math_node *read_delimited(struct reading *r, const struct dgl_x *n)
{
    struct dgl_math_node *node = new_node(r, DGL_MATH_DELIMITED);
    node->sign = sign_of(n, DGL_X_dPr, DGL_X_begChr, '(');
    node->end_sign = sign_of(n, DGL_X_dPr, DGL_X_endChr, ')');
    node->between = sign_of(n, DGL_X_dPr, DGL_X_sepChr, '|');
    read_children(r, n, DGL_X_e, node);
    return node;
}

static struct dgl_math_node *read_signed(struct reading *r, const struct dgl_x *n)
{
    bool accent = n->name == DGL_X_acc, bar = n->name == DGL_X_bar;
    struct dgl_math_node *node = new_node(r, accent ? DGL_MATH_ACCENT : bar ? DGL_MATH_BAR : DGL_MATH_GROUP);
    enum dgl_x_name group = accent ? DGL_X_accPr : bar ? DGL_X_barPr : DGL_X_groupChrPr;
    node->sign = sign_of(n, group, DGL_X_chr, accent ? 0x302 : 0x23DF);
    node->above = accent || dgl_str_is(property(n, group, DGL_X_pos), "top");
    node->part[0] = read_part(r, n, DGL_X_e);
    return node;
}

static struct dgl_math_node *read_two(struct reading *r, const struct dgl_x *n, enum dgl_math_kind kind,
                                      enum dgl_x_name first, enum dgl_x_name second)
{
    struct dgl_math_node *node = new_node(r, kind);
    node->part[0] = read_part(r, n, first);
    node->part[1] = read_part(r, n, second);
    node->above = n->name == DGL_X_limUpp;
    return node;
}

static struct dgl_math_node *read_list(struct reading *r, const struct dgl_x *n, enum dgl_math_kind kind,
                                       enum dgl_x_name child)
{
    struct dgl_math_node *node = new_node(r, kind);
    read_children(r, n, child, node);
    return node;
}

static struct dgl_math_node *read_phantom(struct reading *r, const struct dgl_x *n)
{
    const struct dgl_x *properties = dgl_x_child(n, DGL_X_phantPr);
    const struct dgl_x *show = properties ? dgl_x_child(properties, DGL_X_show) : NULL;
    struct dgl_math_node *node = new_node(r, show && !dgl_x_val_on(show) ? DGL_MATH_PHANTOM : DGL_MATH_ROW);
    node->part[0] = read_part(r, n, DGL_X_e);
    if (node->kind == DGL_MATH_ROW)
        node->first = node->part[0];
    return node;
}

// Strikes from corner to corner are left out: marks are glyphs and upright rules.
static struct dgl_math_node *read_boxed(struct reading *r, const struct dgl_x *n)
{
    static const struct {
        enum dgl_x_name name;
        enum dgl_math_rule rule;
        bool hides;
    } rules[] = {{DGL_X_hideTop, DGL_MATH_RULE_TOP, true},     {DGL_X_hideBot, DGL_MATH_RULE_BOTTOM, true},
                 {DGL_X_hideLeft, DGL_MATH_RULE_LEFT, true},   {DGL_X_hideRight, DGL_MATH_RULE_RIGHT, true},
                 {DGL_X_strikeH, DGL_MATH_RULE_ACROSS, false}, {DGL_X_strikeV, DGL_MATH_RULE_DOWN, false}};
    const struct dgl_x *properties = dgl_x_child(n, DGL_X_borderBoxPr);
    struct dgl_math_node *node = new_node(r, DGL_MATH_BOXED);
    for (size_t i = 0; i < DGL_COUNT(rules); i++) {
        const struct dgl_x *said = dgl_x_child(properties, rules[i].name);
        if ((said && dgl_x_val_on(said)) != rules[i].hides)
            node->rules |= (uint8_t)rules[i].rule;
    }
    node->part[0] = read_part(r, n, DGL_X_e);
    return node;
}

// NULL: nothing that is shown.
static struct dgl_math_node *read_node(struct reading *r, const struct dgl_x *n)
{
    switch ((int)n->name) {
    case DGL_X_r:
        return read_text(r, n);
    case DGL_X_f:
        return read_fraction(r, n);
    case DGL_X_sSup:
    case DGL_X_sSub:
    case DGL_X_sSubSup:
    case DGL_X_sPre:
        return read_scripts(r, n);
    case DGL_X_rad:
        return read_radical(r, n);
    case DGL_X_nary:
        return read_nary(r, n);
    case DGL_X_d:
        return read_delimited(r, n);
    case DGL_X_m:
        return read_list(r, n, DGL_MATH_MATRIX, DGL_X_mr);
    case DGL_X_eqArr:
        return read_list(r, n, DGL_MATH_STACK, DGL_X_e);
    case DGL_X_func:
        return read_two(r, n, DGL_MATH_FUNCTION, DGL_X_fName, DGL_X_e);
    case DGL_X_limLow:
    case DGL_X_limUpp:
        return read_two(r, n, DGL_MATH_LIMIT, DGL_X_e, DGL_X_lim);
    case DGL_X_acc:
    case DGL_X_bar:
    case DGL_X_groupChr:
        return read_signed(r, n);
    case DGL_X_phant:
        return read_phantom(r, n);
    case DGL_X_borderBox:
        return read_boxed(r, n);
    case DGL_X_box:
        return read_part(r, n, DGL_X_e);
    default: // content controls, insertions, hyperlinks: what they hold
        return build_is_group(n) || n->name == DGL_X_oMath ? read_row(r, n) : NULL;
    }
}

static struct dgl_math_node *read_row(struct reading *r, const struct dgl_x *n)
{
    struct dgl_math_node *row = new_node(r, DGL_MATH_ROW), **tail = &row->first;
    if (r->depth >= MAX_DEPTH) {
        build_finding(r->b, DGL_FEATURE_NESTING);
        return row;
    }
    r->depth++;
    DGL_X_EACH(c, n)
    {
        *tail = read_node(r, c);
        if (*tail)
            tail = &(*tail)->next;
    }
    r->depth--;
    return row;
}

// ---- where a line may end ----

// A relation or a sign of addition between two stretches of the outermost row: the next line begins with it (Word).
static bool may_break_before(const struct dgl_math_node *n)
{
    size_t pos = 0;
    if (n->kind != DGL_MATH_TEXT || n->upright || n->text.len == 0)
        return false;
    uint32_t c = dgl_utf8_next(n->text.data, n->text.len, &pos);
    return c == '=' || c == '+' || c == 0x2212 || c == '<' || c == '>' || (c >= 0x2190 && c <= 0x21FF) ||
           (c >= 0x2248 && c <= 0x228B);
}

// TEXT "a=b" becomes "a" and "=b".
static void split_text(struct reading *r, struct dgl_math_node *n)
{
    size_t pos = 0;
    if (n->kind != DGL_MATH_TEXT || n->upright || n->text.len == 0)
        return;
    dgl_utf8_next(n->text.data, n->text.len, &pos);
    while (pos < n->text.len) {
        struct dgl_math_node rest = {.kind = DGL_MATH_TEXT, .text = {n->text.data + pos, n->text.len - pos}};
        if (may_break_before(&rest)) {
            struct dgl_math_node *second = new_node(r, DGL_MATH_TEXT);
            second->text = rest.text;
            second->next = n->next;
            n->next = second;
            n->text.len = pos;
            return;
        }
        dgl_utf8_next(n->text.data, n->text.len, &pos);
    }
}

struct dgl_math_list dgl_math_read(struct builder *b, const struct dgl_x *n, const struct dgl_rpr *base, bool display)
{
    struct dgl_rpr rpr = *base;
    struct reading r = {.b = b, .run = build_run(b, &rpr)};
    struct dgl_math_node *row = read_row(&r, n);
    uint32_t count = 1;
    if (!display) {
        for (struct dgl_math_node *c = row->first; c; c = c->next) {
            split_text(&r, c);
            count += c != row->first && may_break_before(c);
        }
    }
    struct dgl_math_list ret = {.list = dgl_arena_alloc(b->arena, count * sizeof(*ret.list))};
    struct dgl_math_node *at = row->first;
    do {
        struct dgl_math *m = ret.list[ret.count++] = DGL_ARENA_NEW(b->arena, struct dgl_math);
        m->root = new_node(&r, DGL_MATH_ROW);
        m->run = r.run;
        m->display = display;
        m->goes_on = ret.count > 1;
        m->root->first = at;
        while (at && at->next && (display || !may_break_before(at->next)))
            at = at->next;
        struct dgl_math_node *next = at ? at->next : NULL;
        if (at)
            at->next = NULL;
        at = next;
    } while (at && ret.count < count);
    return ret;
}
