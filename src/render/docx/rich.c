// Runs of rich text as JSON, through {{r }} and inside the paragraphs of paragraphs.c:
//
//   run    {"text", "bold", "italic", "underline", "strike", "color", "highlight", "size" (points), "font", "code",
//           "superscript", "subscript", "caps", "small_caps", "style", "url"}, {"image": …}, or a string
//   runs   {"runs": [run, …]}, or a list of runs
//
// A run starts from the properties of the run that held the tag; what it names itself replaces them.
#include "render/docx/rich.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dgl_value dgl_rich_field(struct dgl_value dict, const char *name)
{
    return dgl_value_dict_lookup(dict, name, strlen(name));
}

struct dgl_str dgl_rich_text(struct dgl_value v)
{
    if (v.kind != DGL_VALUE_STRING && v.kind != DGL_VALUE_SAFE)
        return (struct dgl_str){"", 0};
    return (struct dgl_str){v.as.string->data, v.as.string->len};
}

bool dgl_rich_has(struct dgl_value dict, const char *name)
{
    return dgl_rich_field(dict, name).kind != DGL_VALUE_UNDEFINED;
}

bool dgl_docx_is_rich(struct dgl_value v)
{
    if (v.kind == DGL_VALUE_LIST)
        return dgl_value_length(v) > 0 && dgl_value_list_get(v, 0).kind == DGL_VALUE_DICT &&
               dgl_docx_is_rich(dgl_value_list_get(v, 0));
    static const char *const fields[] = {"runs",  "paragraphs", "text",       "table",
                                         "image", "rule",       "page_break", "subdoc"};
    for (size_t i = 0; v.kind == DGL_VALUE_DICT && i < DGL_COUNT(fields); i++)
        if (dgl_rich_has(v, fields[i]))
            return true;
    return false;
}

// ---- run properties

// Elements of the tag's own run that a value's field replaces.
static const struct {
    const char *field, *element;
} replaced_by[] = {
    {"style", "rStyle"},
    {"font", "rFonts"},
    {"code", "rFonts"},
    {"bold", "b"},
    {"bold", "bCs"},
    {"italic", "i"},
    {"italic", "iCs"},
    {"caps", "caps"},
    {"small_caps", "smallCaps"},
    {"strike", "strike"},
    {"strike", "dstrike"},
    {"color", "color"},
    {"size", "sz"},
    {"size", "szCs"},
    {"highlight", "highlight"},
    {"highlight", "shd"},
    {"underline", "u"},
    {"superscript", "vertAlign"},
    {"subscript", "vertAlign"},
    {"url", "color"},
    {"url", "u"},
};

static bool is_replaced(struct dgl_value run, const struct dgl_docx_node *n)
{
    const char *colon = memchr(n->qname.data, ':', n->qname.len);
    size_t skip = colon ? (size_t)(colon - n->qname.data) + 1 : 0;
    struct dgl_str local = {n->qname.data + skip, n->qname.len - skip};
    for (size_t i = 0; i < DGL_COUNT(replaced_by); i++)
        if (dgl_str_is(local, replaced_by[i].element) && dgl_rich_has(run, replaced_by[i].field))
            return true;
    return false;
}

void dgl_rich_put_attr(struct dgl_buf *b, const char *open, struct dgl_str value)
{
    dgl_buf_puts(b, open);
    struct dgl_buf clean = DGL_BUF_INIT(value.len * 6 + 16);
    dgl_buf_put_escaped(&clean, value.data, value.len);
    dgl_buf_append(b, clean.data, clean.len);
    dgl_buf_fini(&clean);
    dgl_buf_puts(b, "\"");
}

static bool read_color(struct dgl_str s, char out[8])
{
    if (s.len == 7 && s.data[0] == '#')
        s = (struct dgl_str){s.data + 1, 6};
    if (s.len != 6)
        return false;
    for (size_t i = 0; i < 6; i++) {
        char ch = s.data[i];
        if (!((ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'f')))
            return false;
        out[i] = (char)(ch >= 'a' ? ch - 32 : ch);
    }
    out[6] = '\0';
    return true;
}

bool dgl_rich_is_one_of(struct dgl_str s, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (dgl_str_is(s, words[i]))
            return true;
    return false;
}

static void put_toggle(struct dgl_buf *b, struct dgl_value run, const char *name, const char *element)
{
    struct dgl_value v = dgl_rich_field(run, name);
    if (v.kind == DGL_VALUE_UNDEFINED)
        return;
    dgl_buf_printf(b, dgl_value_truthy(v) ? "<w:%s/>" : "<w:%s w:val=\"0\"/>", element);
}

static void put_font(struct dgl_buf *b, struct dgl_str font)
{
    bool east_asia = dgl_str_starts(font, "eastAsia:");
    if (east_asia)
        font = (struct dgl_str){font.data + 9, font.len - 9};
    if (font.len == 0 || font.len > 100)
        return;
    dgl_rich_put_attr(b, "<w:rFonts w:ascii=\"", font);
    dgl_rich_put_attr(b, " w:hAnsi=\"", font);
    dgl_rich_put_attr(b, " w:cs=\"", font);
    if (east_asia)
        dgl_rich_put_attr(b, " w:eastAsia=\"", font);
    dgl_buf_puts(b, "/>");
}

enum dgl_status dgl_rich_bad_field(const char *name, struct dgl_str value, const char *wanted, struct dgl_error *err)
{
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_rich_text", name, "rich text: \"%s\" must be %s, not \"%.*s\"",
                          name, wanted, (int)dgl_utf8_cut(value.data, value.len, 60), value.data);
}

static enum dgl_status put_color_fields(struct dgl_buf *b, struct dgl_value run, struct dgl_error *err)
{
    static const char *const highlights[] = {
        "yellow",      "green",   "cyan",       "magenta",  "blue",      "red",   "darkBlue", "darkCyan", "darkGreen",
        "darkMagenta", "darkRed", "darkYellow", "darkGray", "lightGray", "black", "white",    "none"};
    char hex[8];
    struct dgl_str color = dgl_rich_text(dgl_rich_field(run, "color")),
                   mark = dgl_rich_text(dgl_rich_field(run, "highlight"));
    if (color.len) {
        if (!read_color(color, hex))
            return dgl_rich_bad_field("color", color, "six hexadecimal digits", err);
        dgl_buf_printf(b, "<w:color w:val=\"%s\"/>", hex);
    }
    if (mark.len && dgl_rich_is_one_of(mark, highlights, DGL_COUNT(highlights)))
        dgl_buf_printf(b, "<w:highlight w:val=\"%.*s\"/>", (int)mark.len, mark.data);
    else if (mark.len && read_color(mark, hex))
        dgl_buf_printf(b, "<w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"%s\"/>", hex);
    else if (mark.len)
        return dgl_rich_bad_field("highlight", mark, "a highlight colour of Word or six hexadecimal digits", err);
    return DGL_OK;
}

static enum dgl_status put_size(struct dgl_buf *b, struct dgl_value run, struct dgl_error *err)
{
    struct dgl_value v = dgl_rich_field(run, "size");
    double points = v.kind == DGL_VALUE_INT ? (double)v.as.integer : v.kind == DGL_VALUE_DOUBLE ? v.as.number : 0;
    if (v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_NONE)
        return DGL_OK;
    if (!(points >= 1 && points <= 1638))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_rich_text", "size",
                              "rich text: \"size\" must be 1 to 1638 points");
    int half = (int)lround(points * 2);
    dgl_buf_printf(b, "<w:sz w:val=\"%d\"/><w:szCs w:val=\"%d\"/>", half, half);
    return DGL_OK;
}

static enum dgl_status put_underline(struct dgl_buf *b, struct dgl_value run, struct dgl_error *err)
{
    static const char *const kinds[] = {
        "single",     "words",           "double",   "thick",         "dotted",     "dottedHeavy",
        "dash",       "dashedHeavy",     "dashLong", "dashLongHeavy", "dotDash",    "dashDotHeavy",
        "dotDotDash", "dashDotDotHeavy", "wave",     "wavyHeavy",     "wavyDouble", "none"};
    struct dgl_value v = dgl_rich_field(run, "underline");
    struct dgl_str s = dgl_rich_text(v);
    if (v.kind == DGL_VALUE_UNDEFINED)
        return DGL_OK;
    if (s.len == 0) {
        dgl_buf_puts(b, dgl_value_truthy(v) ? "<w:u w:val=\"single\"/>" : "<w:u w:val=\"none\"/>");
        return DGL_OK;
    }
    if (!dgl_rich_is_one_of(s, kinds, DGL_COUNT(kinds)))
        return dgl_rich_bad_field("underline", s, "true, false or an underline of Word such as \"double\"", err);
    dgl_buf_printf(b, "<w:u w:val=\"%.*s\"/>", (int)s.len, s.data);
    return DGL_OK;
}

const struct dgl_docx_style *dgl_rich_find_style(const struct dgl_docx *d, struct dgl_str wanted, char type)
{
    for (int by_name = 0; by_name < 2; by_name++)
        for (size_t i = 0; i < d->style_count; i++) {
            const struct dgl_docx_style *s = &d->styles[i];
            struct dgl_str have = by_name ? s->name : s->id;
            if (s->type == type && have.len == wanted.len && strncasecmp(have.data, wanted.data, have.len) == 0)
                return s;
        }
    return NULL;
}

void dgl_rich_put_style(struct dgl_docx_writer *w, struct dgl_value v, char type, const char *open)
{
    struct dgl_str wanted = dgl_rich_text(dgl_rich_field(v, "style"));
    if (wanted.len == 0)
        return;
    const struct dgl_docx_style *style = dgl_rich_find_style(w->docx, wanted, type);
    if (!style) {
        dgl_docx_warn(w, "the template has no %s style \"%.*s\"", type == 'p' ? "paragraph" : "character",
                      (int)dgl_utf8_cut(wanted.data, wanted.len, 60), wanted.data);
        return;
    }
    dgl_rich_put_attr(w->xml, open, style->id);
    dgl_buf_puts(w->xml, "/>");
}

// ---- order of run properties (ECMA-376 Part 1, A.1 EG_RPrBase)

#define MAX_RUN_PROPERTIES 64u

static size_t property_rank(const char *name, size_t len)
{
    static const char *const order[] = {"rStyle",
                                        "rFonts",
                                        "b",
                                        "bCs",
                                        "i",
                                        "iCs",
                                        "caps",
                                        "smallCaps",
                                        "strike",
                                        "dstrike",
                                        "outline",
                                        "shadow",
                                        "emboss",
                                        "imprint",
                                        "noProof",
                                        "snapToGrid",
                                        "vanish",
                                        "webHidden",
                                        "color",
                                        "spacing",
                                        "w",
                                        "kern",
                                        "position",
                                        "sz",
                                        "szCs",
                                        "highlight",
                                        "u",
                                        "effect",
                                        "bdr",
                                        "shd",
                                        "fitText",
                                        "vertAlign",
                                        "rtl",
                                        "cs",
                                        "em",
                                        "lang",
                                        "eastAsianLayout",
                                        "specVanish",
                                        "oMath"};
    for (size_t i = 0; i < DGL_COUNT(order); i++)
        if (strlen(order[i]) == len && memcmp(order[i], name, len) == 0)
            return i;
    return MAX_RUN_PROPERTIES; // extensions come last
}

struct property {
    size_t start, end, rank, number;
};

static int by_rank(const void *a, const void *b)
{
    const struct property *x = a, *y = b;
    return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank)
                              : (x->number > y->number) - (x->number < y->number);
}

// The end of the element that begins at `at`; all of it was written by us.
static size_t element_end(const struct dgl_buf *b, size_t at)
{
    unsigned depth = 0;
    while (at < b->len) {
        const char *close = memchr(b->data + at, '>', b->len - at);
        if (!close)
            return b->len;
        if (b->data[at + 1] == '/')
            depth--;
        else if (close[-1] != '/')
            depth++;
        at = (size_t)(close - b->data) + 1;
        if (depth == 0)
            return at;
        const char *next = memchr(b->data + at, '<', b->len - at);
        at = next ? (size_t)(next - b->data) : b->len;
    }
    return b->len;
}

// Sorts the run properties from `from` on; of two alike the first counts: it was asked for.
static void sort_properties(struct dgl_docx_writer *w, size_t from)
{
    struct dgl_buf *b = w->xml;
    struct property found[MAX_RUN_PROPERTIES];
    size_t count = 0;
    bool sorted = true;
    for (size_t at = from; at < b->len && count < MAX_RUN_PROPERTIES; count++) {
        size_t end = element_end(b, at), len = 0;
        const char *name = b->data + at + 1;
        while (at + 1 + len < end && !strchr(" />", name[len]))
            len++;
        bool word = len > 2 && name[0] == 'w' && name[1] == ':';
        found[count] = (struct property){at, end, word ? property_rank(name + 2, len - 2) : MAX_RUN_PROPERTIES, count};
        sorted &= count == 0 || found[count - 1].rank < found[count].rank || found[count].rank == MAX_RUN_PROPERTIES;
        at = end;
    }
    if (sorted || b->failed)
        return;
    qsort(found, count, sizeof *found, by_rank);
    dgl_buf_reset(&w->scratch);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || found[i].rank != found[i - 1].rank || found[i].rank >= MAX_RUN_PROPERTIES)
            dgl_buf_append(&w->scratch, b->data + found[i].start, found[i].end - found[i].start);
    b->len = from;
    dgl_buf_append(b, w->scratch.data ? w->scratch.data : "", w->scratch.len);
}

static enum dgl_status put_run_properties(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                          struct dgl_value run, bool link, bool own_style, struct dgl_error *err)
{
    struct dgl_buf *b = w->xml;
    bool styled = own_style && dgl_rich_text(dgl_rich_field(run, "style")).len > 0;
    size_t start = b->len;
    dgl_buf_puts(b, "<w:rPr>");
    size_t open = b->len;
    if (own_style)
        dgl_rich_put_style(w, run, 'c', "<w:rStyle w:val=\"");
    const struct dgl_docx_style *link_style =
        link && !styled ? dgl_rich_find_style(w->docx, DGL_STR("Hyperlink"), 'c') : NULL;
    if (link_style) {
        dgl_rich_put_attr(b, "<w:rStyle w:val=\"", link_style->id);
        dgl_buf_puts(b, "/>");
    }
    for (const struct dgl_docx_node *k = x->run_pr ? x->run_pr->first : NULL; k; k = k->next)
        if (k->kind == DGL_NODE_ELEMENT && !is_replaced(run, k) &&
            !(link_style && memmem(k->qname.data, k->qname.len, "rStyle", 6)))
            dgl_docx_serialize(k, b);
    put_font(b, dgl_rich_text(dgl_rich_field(run, "font")));
    if (dgl_value_truthy(dgl_rich_field(run, "code")) && !dgl_rich_has(run, "font"))
        put_font(b, DGL_STR("Courier New"));
    put_toggle(b, run, "bold", "b");
    put_toggle(b, run, "italic", "i");
    put_toggle(b, run, "caps", "caps");
    put_toggle(b, run, "small_caps", "smallCaps");
    put_toggle(b, run, "strike", "strike");
    DGL_TRY(put_color_fields(b, run, err));
    DGL_TRY(put_size(b, run, err));
    DGL_TRY(put_underline(b, run, err));
    if (link && !link_style && !styled && !dgl_rich_has(run, "color"))
        dgl_buf_puts(b, "<w:color w:val=\"0563C1\"/><w:u w:val=\"single\"/>");
    if (dgl_value_truthy(dgl_rich_field(run, "superscript")))
        dgl_buf_puts(b, "<w:vertAlign w:val=\"superscript\"/>");
    else if (dgl_value_truthy(dgl_rich_field(run, "subscript")))
        dgl_buf_puts(b, "<w:vertAlign w:val=\"subscript\"/>");
    sort_properties(w, open);
    if (b->len == open)
        b->len = start;
    else
        dgl_buf_puts(b, "</w:rPr>");
    return DGL_OK;
}

// ---- runs

static enum dgl_status open_link(struct dgl_docx_writer *w, struct dgl_str url, struct dgl_error *err)
{
    char id[24];
    if (url.len > DGL_DOCX_MAX_URL_BYTES)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "url_too_long", "a hyperlink's address is longer than %u bytes",
                             DGL_DOCX_MAX_URL_BYTES);
    DGL_TRY(dgl_docx_add_relationship(w, "hyperlink", url, true, id, err));
    dgl_buf_printf(w->xml, "<w:hyperlink xmlns:r=\"%s\" r:id=\"%s\">",
                   w->docx->strict ? "http://purl.oclc.org/ooxml/officeDocument/relationships"
                                   : "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                   id);
    return DGL_OK;
}

enum dgl_status dgl_rich_write_run(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value run,
                                   bool own_style, struct dgl_error *err)
{
    struct dgl_value text = dgl_rich_field(run, "text");
    struct dgl_str url = dgl_rich_text(dgl_rich_field(run, "url"));
    if (dgl_rich_has(run, "image"))
        return dgl_docx_write_image(w, x, dgl_rich_field(run, "image"), err);
    if (text.kind == DGL_VALUE_UNDEFINED || text.kind == DGL_VALUE_NONE)
        return DGL_OK;
    if (!dgl_docx_go(w, x, DGL_LEVEL_PARAGRAPH))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "misplaced_value", "rich text cannot be put here");
    if (url.len)
        DGL_TRY(open_link(w, url, err));
    // The run's own properties stand in a context of its own, so that \a and \n inside it keep them.
    size_t start = w->xml->len;
    dgl_buf_puts(w->xml, "<w:r>");
    DGL_TRY(put_run_properties(w, x, run, url.len > 0, own_style, err));
    struct dgl_docx_context own = *x;
    own.where = DGL_WHERE_RUN;
    own.can_split = x->can_split && url.len == 0;
    DGL_TRY(dgl_buf_check(w->xml, "the document", err));
    char *open = dgl_arena_memdup_try(w->env->arena, w->xml->data + start, w->xml->len - start);
    if (!open)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    own.run_open = (struct dgl_str){open, w->xml->len - start};
    w->xml->len = start;
    DGL_TRY(dgl_docx_write_value(w, &own, text, err));
    if (url.len)
        dgl_buf_puts(w->xml, "</w:hyperlink>");
    return DGL_OK;
}

enum dgl_status dgl_rich_write_runs(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                    unsigned depth, struct dgl_error *err)
{
    if (depth > 16)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_rich_text", "rich text is nested more than 16 deep");
    DGL_TRY(dgl_budget_tick(w->env->budget, err));
    if (v.kind == DGL_VALUE_LIST || v.kind == DGL_VALUE_TUPLE) {
        for (size_t i = 0; i < dgl_value_length(v); i++)
            DGL_TRY(dgl_rich_write_runs(w, x, dgl_value_list_get(v, i), depth + 1, err));
        return DGL_OK;
    }
    if (v.kind == DGL_VALUE_DICT && dgl_rich_has(v, "runs"))
        return dgl_rich_write_runs(w, x, dgl_rich_field(v, "runs"), depth + 1, err);
    if (v.kind == DGL_VALUE_DICT)
        return dgl_rich_write_run(w, x, v, true, err);
    if (v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_NONE)
        return DGL_OK;
    if (!dgl_docx_go(w, x, DGL_LEVEL_PARAGRAPH))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "misplaced_value", "rich text cannot be put here");
    return dgl_docx_write_value(w, x, v, err);
}
