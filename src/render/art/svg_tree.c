// The document as a small tree, and the words its attributes are made of.
#include "render/art/svg_private.h"

#include "base/xml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHILD_WEIGHT 16u
#define ATTRIBUTE_WEIGHT 16u
#define STEP_BYTES 64u
#define STEP_RULES 8u   // that do not match a node, for one step
#define LOOK_BYTES 256u // for a node without anything

struct reader {
    struct svg *s;
    struct svg_node *at;
    uint32_t nodes;
};

static void append(struct svg_node *parent, struct svg_node *n)
{
    n->parent = parent;
    if (!parent)
        return;
    parent->weight += CHILD_WEIGHT + (uint32_t)n->text.len;
    if (parent->last)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
}

static struct dgl_str copy(struct dgl_arena *a, struct dgl_str s)
{
    char *data = dgl_arena_memdup_try(a, s.len ? s.data : "", s.len);
    return (struct dgl_str){data ? data : "", data ? s.len : 0};
}

static uint32_t id_slot(struct dgl_str id)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < id.len; i++)
        h = (h ^ (unsigned char)id.data[i]) * 16777619u;
    return h % SVG_ID_SLOTS;
}

static void remember(struct svg *s, struct svg_node *n)
{
    const struct dgl_str *id = svg_attr(n, "id");
    if (!id || id->len == 0)
        return;
    uint32_t at = id_slot(*id);
    for (unsigned i = 0; i < SVG_ID_SLOTS; i++, at = (at + 1) % SVG_ID_SLOTS)
        if (!s->ids[at]) {
            s->ids[at] = n;
            return;
        }
}

struct svg_node *svg_by_id(const struct svg *s, struct dgl_str id)
{
    uint32_t at = id_slot(id);
    for (unsigned i = 0; i < SVG_ID_SLOTS && s->ids[at]; i++, at = (at + 1) % SVG_ID_SLOTS)
        if (dgl_str_equal(*svg_attr(s->ids[at], "id"), id))
            return s->ids[at];
    return NULL;
}

static enum dgl_status too_large(struct dgl_error *err)
{
    return DGL_FAIL(err, DGL_E_LIMIT, "the SVG picture has too many elements");
}

static enum dgl_status on_start(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    struct reader *r = ctx;
    struct svg_node *n = r->nodes++ < DGL_ART_MAX_NODES ? dgl_arena_alloc_try(r->s->arena, sizeof(*n)) : NULL;
    struct svg_attr *attrs = n ? dgl_arena_alloc_try(r->s->arena, (e->attr_count + 1) * sizeof(*attrs)) : NULL;
    if (!attrs)
        return too_large(err);
    n->name = copy(r->s->arena, dgl_str_of(e->name));
    for (size_t i = 0; i < e->attr_count; i++)
        attrs[i] =
            (struct svg_attr){copy(r->s->arena, dgl_str_of(e->attrs[i].name)), copy(r->s->arena, e->attrs[i].value)};
    for (size_t i = 0; i < e->attr_count; i++)
        n->weight += ATTRIBUTE_WEIGHT + (uint32_t)attrs[i].value.len;
    n->attrs = attrs;
    n->attr_count = (uint32_t)e->attr_count;
    append(r->at, n);
    if (!r->s->root)
        r->s->root = n;
    r->at = n;
    remember(r->s, n);
    return DGL_OK;
}

static enum dgl_status on_end(void *ctx, const char *name DGL_UNUSED, const char *prefix DGL_UNUSED,
                              const char *ns DGL_UNUSED, struct dgl_error *err DGL_UNUSED)
{
    struct reader *r = ctx;
    r->at = r->at->parent;
    return DGL_OK;
}

static enum dgl_status on_text(void *ctx, struct dgl_str text, struct dgl_error *err)
{
    struct reader *r = ctx;
    if (!r->at || !(dgl_str_is(r->at->name, "text") || dgl_str_is(r->at->name, "tspan") ||
                    dgl_str_is(r->at->name, "style") || dgl_str_is(r->at->name, "a")))
        return DGL_OK;
    struct svg_node *n = r->nodes++ < DGL_ART_MAX_NODES ? dgl_arena_alloc_try(r->s->arena, sizeof(*n)) : NULL;
    if (!n)
        return too_large(err);
    n->text = copy(r->s->arena, text);
    append(r->at, n);
    return DGL_OK;
}

// The node after this one, children before siblings.
static struct svg_node *following(struct svg_node *n)
{
    if (n->first)
        return n->first;
    while (n && !n->next)
        n = n->parent;
    return n ? n->next : NULL;
}

static bool stands_in(const struct svg_node *n, const struct svg_node *outer)
{
    while (n && n != outer)
        n = n->parent;
    return n != NULL;
}

static void find_references(struct svg *s)
{
    for (struct svg_node *n = s->root; n; n = following(n)) {
        const struct dgl_str *href = svg_attr(n, "href");
        if (href && href->len >= 2 && href->data[0] == '#')
            n->reference = svg_by_id(s, (struct dgl_str){href->data + 1, href->len - 1});
        if (n->reference && stands_in(n, n->reference))
            n->reference = NULL;
    }
}

void svg_spend(struct svg *s, uint64_t bytes)
{
    uint64_t steps = 1 + bytes / STEP_BYTES;
    if (steps > s->work_left)
        s->art->cut = true;
    s->work_left -= (uint32_t)DGL_MIN(steps, s->work_left);
}

void svg_look(struct svg *s, const struct svg_node *n)
{
    svg_spend(s, LOOK_BYTES + n->weight + (uint64_t)s->rule_count * (STEP_BYTES + n->weight) / STEP_RULES);
}

// A DOCTYPE without a subset of its own, as many programs write it, is cut out: the XML reader refuses them all.
bool svg_drop_doctype(const char **data, size_t len, struct dgl_arena *a)
{
    size_t head = DGL_MIN(len, (size_t)2000);
    const char *at = memmem(*data, head, "<!DOCTYPE", 9),
               *end = at ? memchr(at, '>', head - (size_t)(at - *data)) : NULL;
    if (!end || memchr(at, '[', (size_t)(end - at)))
        return false;
    char *out = dgl_arena_memdup_try(a, *data, len);
    if (!out)
        return false;
    memset(out + (at - *data), ' ', (size_t)(end - at) + 1);
    *data = out;
    return true;
}

struct svg_node *svg_parse(struct svg *s, const char *data, size_t len)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    struct reader r = {.s = s};
    const struct dgl_xml_handler handler = {on_start, on_end, on_text, &r};
    svg_drop_doctype(&data, len, s->arena);
    if (dgl_xml_parse(data, len, "an SVG picture", &handler, &ignored) != DGL_OK)
        return NULL;
    find_references(s);
    return s->root && dgl_str_is(s->root->name, "svg") ? s->root : NULL;
}

const struct dgl_str *svg_attr(const struct svg_node *n, const char *name)
{
    for (uint32_t i = 0; i < n->attr_count; i++)
        if (dgl_str_is(n->attrs[i].name, name))
            return &n->attrs[i].value;
    return NULL;
}

// ---- Numbers ----

static bool is_blank(char c)
{
    return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r';
}

bool svg_number(struct dgl_str *at, double *ret)
{
    while (at->len && is_blank(*at->data))
        at->data++, at->len--;
    char text[48];
    size_t n = 0;
    bool dot = false, exponent = false, digit = false;
    while (n < at->len && n + 1 < sizeof(text)) {
        char c = at->data[n];
        bool sign = c == '-' || c == '+';
        if (c >= '0' && c <= '9')
            digit = true;
        else if (c == '.' && !dot && !exponent)
            dot = true;
        else if ((c == 'e' || c == 'E') && digit && !exponent && n + 1 < at->len &&
                 ((at->data[n + 1] >= '0' && at->data[n + 1] <= '9') || at->data[n + 1] == '-' ||
                  at->data[n + 1] == '+'))
            exponent = true;
        else if (!(sign && (n == 0 || ((at->data[n - 1] | 32) == 'e' && exponent))))
            break;
        text[n] = c;
        n++;
    }
    if (!digit)
        return false;
    text[n] = '\0';
    double v = strtod(text, NULL);
    *ret = isfinite(v) ? v : 0;
    at->data += n;
    at->len -= n;
    return true;
}

double svg_length(const struct dgl_str *s, double otherwise, double percent_of, double font_size)
{
    static const struct {
        const char *unit;
        double px;
    } units[] = {{"px", 1}, {"pt", 4.0 / 3}, {"pc", 16}, {"mm", 96 / 25.4}, {"cm", 96 / 2.54}, {"in", 96}};
    double v;
    if (!s)
        return otherwise;
    struct dgl_str at = *s;
    if (!svg_number(&at, &v))
        return otherwise;
    at = dgl_str_trim(at);
    for (size_t i = 0; i < DGL_COUNT(units); i++)
        if (dgl_str_is(at, units[i].unit))
            return v * units[i].px;
    if (dgl_str_is(at, "%"))
        return v / 100 * percent_of;
    if (dgl_str_is(at, "em") || dgl_str_is(at, "rem"))
        return v * font_size;
    return dgl_str_is(at, "ex") ? v * font_size / 2 : v;
}

struct dgl_matrix svg_transform(const struct dgl_str *s)
{
    struct dgl_matrix m = DGL_MATRIX_ONE;
    struct dgl_str at = s ? *s : (struct dgl_str){"", 0};
    for (unsigned guard = 0; at.len && guard < 64; guard++) {
        while (at.len && (is_blank(*at.data) || *at.data == ')'))
            at.data++, at.len--;
        struct dgl_str name = {at.data, 0};
        while (at.len && *at.data != '(')
            at.data++, at.len--, name.len++;
        if (at.len == 0)
            break;
        at.data++, at.len--;
        name = dgl_str_trim(name);
        double v[6] = {0};
        unsigned n = 0;
        while (n < 6 && svg_number(&at, &v[n]))
            n++;
        struct dgl_matrix t = DGL_MATRIX_ONE;
        if (dgl_str_is(name, "matrix") && n == 6)
            t = (struct dgl_matrix){v[0], v[1], v[2], v[3], v[4], v[5]};
        else if (dgl_str_is(name, "translate"))
            t = (struct dgl_matrix){1, 0, 0, 1, v[0], v[1]};
        else if (dgl_str_is(name, "scale"))
            t = (struct dgl_matrix){v[0], 0, 0, n > 1 ? v[1] : v[0], 0, 0};
        else if (dgl_str_is(name, "rotate"))
            t = dgl_matrix_turn(v[0] * M_PI / 180, v[1], v[2]);
        else if (dgl_str_is(name, "skewX"))
            t.c = tan(v[0] * M_PI / 180);
        else if (dgl_str_is(name, "skewY"))
            t.b = tan(v[0] * M_PI / 180);
        m = dgl_matrix_join(m, t);
    }
    return m;
}
