// Builds the light tree: straight from the bytes where they are plain (xplain.c), else from SAX events. Names are
// looked up in a hash table that is filled once from names.h.
#include "render/layout/xbuild.h"

#include "base/buf.h"

#include <pthread.h>
#include <string.h>

// ---- Names ----

#define NAME_SLOTS 2048u
static const char *const g_names[] = {"",
#define X(id) #id,
                                      DGL_X_NAMES(X) DGL_X_DRAWING_NAMES(X)
#undef X
};
static uint16_t g_slots[NAME_SLOTS];
static uint8_t g_lengths[DGL_COUNT(g_names)];
static pthread_once_t g_names_once = PTHREAD_ONCE_INIT;
_Static_assert(DGL_COUNT(g_names) * 2 < NAME_SLOTS, "the name table is half empty");

static uint32_t hash_of(const char *s, size_t len)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h ^ h >> 15;
}

static void fill_names(void)
{
    for (uint32_t i = 1; i < DGL_COUNT(g_names); i++) {
        g_lengths[i] = (uint8_t)strlen(g_names[i]);
        uint32_t at = hash_of(g_names[i], g_lengths[i]) % NAME_SLOTS;
        while (g_slots[at])
            at = (at + 1) % NAME_SLOTS;
        g_slots[at] = (uint16_t)i;
    }
}

enum dgl_x_name x_name_of(const char *s, size_t len)
{
    for (uint32_t at = hash_of(s, len) % NAME_SLOTS; g_slots[at]; at = (at + 1) % NAME_SLOTS)
        if (g_lengths[g_slots[at]] == len && memcmp(g_names[g_slots[at]], s, len) == 0)
            return (enum dgl_x_name)g_slots[at];
    return DGL_X_OTHER;
}

// Transitional and strict namespaces end alike.
enum dgl_x_ns x_ns_of(const char *uri, size_t len)
{
    static const struct {
        const char *end;
        enum dgl_x_ns ns;
    } known[] = {
        {"/wordprocessingml/main", DGL_XN_W},
        {"/wordprocessingml/2006/main", DGL_XN_W},
        {"/office/word/2010/wordml", DGL_XN_W14},
        {"/office/word/2012/wordml", DGL_XN_W14},
        {"/drawingml/main", DGL_XN_A},
        {"/drawingml/2006/main", DGL_XN_A},
        {"/drawingml/2006/wordprocessingDrawing", DGL_XN_WP},
        {"/drawingml/wordprocessingDrawing", DGL_XN_WP},
        {"/drawingml/2006/picture", DGL_XN_PIC},
        {"/drawingml/picture", DGL_XN_PIC},
        {"/office/word/2010/wordprocessingShape", DGL_XN_WPS},
        {"/office/word/2010/wordprocessingGroup", DGL_XN_WPS},
        {"/office/word/2010/wordprocessingCanvas", DGL_XN_WPS},
        {"schemas-microsoft-com:vml", DGL_XN_V},
        {"schemas-microsoft-com:office:office", DGL_XN_O},
        {"/markup-compatibility/2006", DGL_XN_MC},
        {"/officeDocument/2006/math", DGL_XN_M},
        {"/officeDocument/math", DGL_XN_M},
        {"/drawingml/2006/chart", DGL_XN_C},
        {"/drawingml/chart", DGL_XN_C},
        {"/drawingml/2006/diagram", DGL_XN_DGM},
        {"/drawingml/diagram", DGL_XN_DGM},
        {"/officeDocument/2006/relationships", DGL_XN_R},
        {"/officeDocument/relationships", DGL_XN_R},
    };
    for (size_t i = 0; i < DGL_COUNT(known); i++) {
        size_t n = strlen(known[i].end);
        if (len >= n && memcmp(uri + len - n, known[i].end, n) == 0)
            return known[i].ns;
    }
    return DGL_XN_OTHER;
}

// ---- Building ----

bool x_bears_text(enum dgl_x_name name)
{
    return name == DGL_X_t || name == DGL_X_instrText || name == DGL_X_posOffset || name == DGL_X_align ||
           name == DGL_X_title || name == DGL_X_creator || name == DGL_X_subject || name == DGL_X_keywords ||
           name == DGL_X_description || name == DGL_X_language || name == DGL_X_pctWidth || name == DGL_X_pctHeight ||
           name == DGL_X_pctPosHOffset || name == DGL_X_pctPosVOffset || name == DGL_X_v || name == DGL_X_formatCode;
}

struct dgl_x *x_open(struct x_builder *b, enum dgl_x_name name, enum dgl_x_ns ns, size_t attr_count, size_t more,
                     struct dgl_x_attr **ret_attrs, char **ret_more)
{
    struct dgl_x *n =
        dgl_arena_alloc_try(b->arena, sizeof(struct dgl_x) + attr_count * sizeof(struct dgl_x_attr) + more);
    if (!n)
        return NULL;
    *ret_attrs = (struct dgl_x_attr *)(n + 1);
    *ret_more = (char *)(*ret_attrs + attr_count);
    n->name = name;
    n->ns = ns;
    n->attrs = *ret_attrs;
    if (name == DGL_X_p && ns == DGL_XN_W)
        n->paragraph = ++b->paragraphs;
    if (b->depth == 0) {
        b->root = n;
    } else {
        struct dgl_x *parent = b->stack[b->depth - 1];
        if (b->tail[b->depth - 1])
            b->tail[b->depth - 1]->next = n;
        else
            parent->first = n;
        b->tail[b->depth - 1] = n;
    }
    b->stack[b->depth] = n;
    b->tail[b->depth] = NULL;
    b->depth++;
    return n;
}

// Extensions whose markup this engine reads.
static bool choice_is_known(const struct dgl_str *needs)
{
    static const char *const known[] = {"wps", "wpg", "wpc", "w14", "w15", "wp14", "a14", "wp15"};
    if (!needs)
        return false;
    size_t at = 0;
    while (at < needs->len) {
        size_t end = at;
        while (end < needs->len && needs->data[end] != ' ')
            end++;
        bool found = end == at;
        for (size_t i = 0; i < DGL_COUNT(known) && !found; i++)
            found = strlen(known[i]) == end - at && memcmp(known[i], needs->data + at, end - at) == 0;
        if (!found)
            return false;
        at = end + 1;
    }
    return true;
}

// Where nothing is known and nothing stands for it, the first choice is taken: its reader tells what is not drawn.
static void resolve_alternatives(struct dgl_x *n)
{
    const struct dgl_x *chosen = NULL, *first = NULL;
    DGL_X_EACH(c, n)
    {
        first = !first && c->name == DGL_X_Choice ? c : first;
        if (c->name == DGL_X_Choice && !chosen && choice_is_known(dgl_x_attr(c, DGL_X_Requires)))
            chosen = c;
        else if (c->name == DGL_X_Fallback && !chosen)
            chosen = c;
    }
    chosen = chosen ? chosen : first;
    n->name = DGL_X_group;
    n->first = chosen ? chosen->first : NULL;
}

void x_close(struct x_builder *b)
{
    struct dgl_x *n = b->stack[--b->depth];
    if (n->name == DGL_X_AlternateContent && n->ns == DGL_XN_MC)
        resolve_alternatives(n);
}

// ---- From SAX events ----

struct events {
    struct x_builder *b;
    struct dgl_buf text;
    const char *ns_uri[8]; // the last namespace pointers seen: the parser hands out the same ones
    enum dgl_x_ns ns_class[8];
    unsigned ns_next;
};

static enum dgl_x_ns cached_ns(struct events *v, const char *uri)
{
    for (unsigned i = 0; i < 8; i++)
        if (v->ns_uri[i] == uri)
            return v->ns_class[i];
    enum dgl_x_ns ns = x_ns_of(uri, strlen(uri));
    v->ns_uri[v->ns_next] = uri;
    v->ns_class[v->ns_next] = ns;
    v->ns_next = (v->ns_next + 1) % 8;
    return ns;
}

static enum dgl_status no_memory(const char *what, struct dgl_error *err)
{
    return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large", "%s needs more memory than one document may use",
                         what);
}

static enum dgl_status on_start(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    struct events *v = ctx;
    struct x_builder *b = v->b;
    if (*b->nodes_left == 0)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_nodes",
                             "%s and the parts before it hold more than %u elements", b->what, DGL_LAYOUT_MAX_NODES);
    --*b->nodes_left;
    size_t bytes = 0;
    for (size_t i = 0; i < e->attr_count; i++)
        bytes += e->attrs[i].value.len + 1;
    struct dgl_x_attr *attrs;
    char *values;
    struct dgl_x *n =
        x_open(b, x_name_of(e->name, strlen(e->name)), cached_ns(v, e->ns), e->attr_count, bytes, &attrs, &values);
    if (!n)
        return no_memory(b->what, err);
    for (size_t i = 0; i < e->attr_count; i++) {
        enum dgl_x_name name = x_name_of(e->attrs[i].name, strlen(e->attrs[i].name));
        if (name == DGL_X_OTHER)
            continue;
        struct dgl_str value = e->attrs[i].value;
        memcpy(values, value.data, value.len);
        attrs[n->attr_count++] = (struct dgl_x_attr){name, {values, value.len}};
        values += value.len + 1;
    }
    v->text.len = 0;
    return DGL_OK;
}

static enum dgl_status on_end(void *ctx, const char *name DGL_UNUSED, const char *prefix DGL_UNUSED,
                              const char *ns DGL_UNUSED, struct dgl_error *err)
{
    struct events *v = ctx;
    struct dgl_x *n = v->b->stack[v->b->depth - 1];
    if (x_bears_text(n->name) && v->text.len) {
        n->text.data = dgl_arena_memdup_try(v->b->arena, v->text.data, v->text.len);
        if (!n->text.data)
            return no_memory(v->b->what, err);
        n->text.len = v->text.len;
    }
    v->text.len = 0;
    x_close(v->b);
    return DGL_OK;
}

static enum dgl_status on_text(void *ctx, struct dgl_str text, struct dgl_error *err)
{
    struct events *v = ctx;
    if (v->b->depth == 0 || !x_bears_text(v->b->stack[v->b->depth - 1]->name))
        return DGL_OK;
    dgl_buf_append(&v->text, text.data, text.len);
    return dgl_buf_check(&v->text, "a text in the document", err);
}

static enum dgl_status read_events(struct x_builder *b, const char *xml, size_t len, struct dgl_error *err)
{
    struct events v = {.b = b, .text = DGL_BUF_INIT(DGL_LAYOUT_MAX_PARAGRAPH_BYTES)};
    struct dgl_xml_handler h = {.start = on_start, .end = on_end, .text = on_text, .ctx = &v};
    enum dgl_status status = dgl_xml_parse(xml, len, b->what, &h, err);
    dgl_buf_fini(&v.text);
    return status;
}

enum dgl_status dgl_x_parse(struct dgl_arena *a, struct dgl_str xml, enum dgl_x_source source, const char *what,
                            uint32_t *nodes_left, struct dgl_x **ret, struct dgl_error *err)
{
    pthread_once(&g_names_once, fill_names);
    uint32_t nodes = *nodes_left;
    struct x_builder b = {.arena = a, .what = what, .nodes_left = nodes_left};
    if (source == DGL_X_STRANGE || !x_read_plain(&b, xml.data, xml.len, source == DGL_X_LENT)) {
        *nodes_left = nodes;
        b = (struct x_builder){.arena = a, .what = what, .nodes_left = nodes_left};
        DGL_TRY(read_events(&b, xml.data, xml.len, err));
    }
    *ret = b.root;
    return DGL_OK;
}

// ---- Reading ----

const struct dgl_x *dgl_x_child(const struct dgl_x *n, enum dgl_x_name name)
{
    if (!n)
        return NULL;
    DGL_X_EACH(c, n)
    {
        if (c->name == name)
            return c;
    }
    return NULL;
}

// Depth is bounded by the XML reader.
const struct dgl_x *dgl_x_find(const struct dgl_x *n, enum dgl_x_name name)
{
    if (!n)
        return NULL;
    DGL_X_EACH(c, n)
    {
        if (c->name == name)
            return c;
        const struct dgl_x *found = dgl_x_find(c, name);
        if (found)
            return found;
    }
    return NULL;
}

const struct dgl_str *dgl_x_attr(const struct dgl_x *n, enum dgl_x_name name)
{
    for (uint32_t i = 0; n && i < n->attr_count; i++)
        if (n->attrs[i].name == name)
            return &n->attrs[i].value;
    return NULL;
}

bool dgl_x_attr_is(const struct dgl_x *n, enum dgl_x_name name, const char *value)
{
    const struct dgl_str *s = dgl_x_attr(n, name);
    return s && dgl_str_is(*s, value);
}

// Integer part and thousandths of a decimal number; *at moves past it.
static bool read_decimal(const struct dgl_str *s, size_t *at, int64_t *ret_milli)
{
    size_t i = *at;
    bool negative = i < s->len && s->data[i] == '-', any = false;
    if (i < s->len && (s->data[i] == '-' || s->data[i] == '+'))
        i++;
    int64_t v = 0;
    for (; i < s->len && s->data[i] >= '0' && s->data[i] <= '9'; i++, any = true)
        v = DGL_MIN(v * 10 + (s->data[i] - '0'), INT64_C(1000000000000));
    v *= 1000;
    if (i < s->len && s->data[i] == '.') {
        int64_t unit = 100;
        for (i++; i < s->len && s->data[i] >= '0' && s->data[i] <= '9'; i++, unit /= 10, any = true)
            v += (s->data[i] - '0') * unit;
    }
    *at = i;
    *ret_milli = negative ? -v : v;
    return any;
}

int64_t dgl_x_int(const struct dgl_str *s, int64_t otherwise)
{
    size_t at = 0;
    int64_t milli;
    if (!s || !read_decimal(s, &at, &milli))
        return otherwise;
    return milli / 1000;
}

int64_t dgl_x_attr_int(const struct dgl_x *n, enum dgl_x_name name, int64_t otherwise)
{
    return dgl_x_int(dgl_x_attr(n, name), otherwise);
}

bool dgl_x_on(const struct dgl_str *s)
{
    return !s || !(dgl_str_is(*s, "0") || dgl_str_is(*s, "false") || dgl_str_is(*s, "off") || dgl_str_is(*s, "none"));
}

bool dgl_x_val_on(const struct dgl_x *n)
{
    return n && dgl_x_on(dgl_x_attr(n, DGL_X_val));
}

struct dgl_str dgl_x_val(const struct dgl_x *n)
{
    const struct dgl_str *s = dgl_x_attr(n, DGL_X_val);
    return s ? *s : (struct dgl_str){"", 0};
}

static int32_t clamp_length(int64_t mpt)
{
    return (int32_t)DGL_MAX(-DGL_LAYOUT_MAX_LENGTH, DGL_MIN(mpt, DGL_LAYOUT_MAX_LENGTH));
}

int32_t dgl_x_twips(const struct dgl_str *s, int32_t otherwise)
{
    static const struct {
        const char *unit;
        int32_t mpt;
    } units[] = {{"pt", 1000}, {"in", 72000}, {"cm", 28346}, {"mm", 2835}, {"pc", 12000}, {"pi", 12000}};
    size_t at = 0;
    int64_t milli;
    if (!s || !read_decimal(s, &at, &milli))
        return otherwise;
    for (size_t i = 0; i < DGL_COUNT(units) && s->len == at + 2; i++)
        if (memcmp(s->data + at, units[i].unit, 2) == 0)
            return clamp_length(milli * units[i].mpt / 1000);
    return clamp_length(milli / 20);
}

int32_t dgl_x_emu(const struct dgl_str *s, int32_t otherwise)
{
    size_t at = 0;
    int64_t milli;
    if (!s || !read_decimal(s, &at, &milli))
        return otherwise;
    return clamp_length(milli / 12700);
}
