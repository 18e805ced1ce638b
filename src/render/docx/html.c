// A safe subset of HTML, read by libxml2's forgiving parser: text structure, tables, links and pictures. Scripts,
// styles, forms and frames are dropped with what they hold; other elements are dropped and what they hold is kept.
#include "base/xml.h"
#include "render/docx/flow.h"
#include <libxml/HTMLparser.h>
#include <limits.h>
#include <string.h>

struct open_style { // what a <span> or <font> changed
    struct dgl_str color;
    unsigned bold, italic, underline;
};
struct html {
    struct dgl_flow *flow;
    unsigned dropped; // depth inside dropped elements
    unsigned depth;   // of elements
    struct open_style styles[64];
    unsigned style_depth;
    bool header[DGL_DOCX_MAX_MARKUP_TABLES + 2]; // the table's first row is one of headings
    bool rows[DGL_DOCX_MAX_MARKUP_TABLES + 2];   // a row of it was met
    xmlParserCtxtPtr parser;
};

static bool is(const char *name, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(name, *words) == 0)
            return true;
    return false;
}

static const char *attribute(const xmlChar **attrs, const char *name)
{
    for (; attrs && attrs[0]; attrs += 2)
        if (strcmp((const char *)attrs[0], name) == 0)
            return attrs[1] ? (const char *)attrs[1] : "";
    return NULL;
}

static bool mark_of(const char *name, enum dgl_flow_mark *ret)
{
    static const struct {
        const char *name;
        enum dgl_flow_mark mark;
    } marks[] = {{"b", DGL_FLOW_BOLD},        {"strong", DGL_FLOW_BOLD},     {"i", DGL_FLOW_ITALIC},
                 {"em", DGL_FLOW_ITALIC},     {"cite", DGL_FLOW_ITALIC},     {"u", DGL_FLOW_UNDERLINE},
                 {"ins", DGL_FLOW_UNDERLINE}, {"s", DGL_FLOW_STRIKE},        {"del", DGL_FLOW_STRIKE},
                 {"strike", DGL_FLOW_STRIKE}, {"sup", DGL_FLOW_SUPERSCRIPT}, {"sub", DGL_FLOW_SUBSCRIPT},
                 {"code", DGL_FLOW_CODE},     {"kbd", DGL_FLOW_CODE},        {"samp", DGL_FLOW_CODE},
                 {"tt", DGL_FLOW_CODE},       {"mark", DGL_FLOW_HIGHLIGHT},  {"th", DGL_FLOW_BOLD}};
    for (size_t i = 0; i < DGL_COUNT(marks); i++)
        if (strcmp(name, marks[i].name) == 0) {
            *ret = marks[i].mark;
            return true;
        }
    return false;
}

// ---- style="…"

static struct dgl_str declaration(const char *style, const char *property)
{
    size_t n = strlen(property);
    for (const char *p = style; p && *p;) {
        p += strspn(p, " \t\r\n;");
        const char *end = p + strcspn(p, ";");
        if (strncasecmp(p, property, n) == 0 && p[n + strspn(p + n, " \t")] == ':') {
            const char *value = p + n + strspn(p + n, " \t") + 1;
            return value > end ? (struct dgl_str){"", 0} : dgl_str_trim((struct dgl_str){value, (size_t)(end - value)});
        }
        p = end;
    }
    return (struct dgl_str){"", 0};
}

static struct dgl_str color_of(struct html *h, struct dgl_str s)
{
    static const struct {
        const char *name, *hex;
    } names[] = {{"black", "000000"}, {"red", "FF0000"},    {"green", "008000"}, {"blue", "0000FF"}, {"gray", "808080"},
                 {"grey", "808080"},  {"orange", "FFA500"}, {"navy", "000080"},  {"white", "FFFFFF"}};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is(s, names[i].name))
            return dgl_str_of(names[i].hex);
    if ((s.len != 7 && s.len != 4) || s.data[0] != '#')
        return (struct dgl_str){"", 0};
    char *hex = dgl_arena_alloc(h->flow->mem.arena, 7);
    for (size_t i = 0; i < 6; i++) {
        hex[i] = s.len == 7 ? s.data[1 + i] : s.data[1 + i / 2];
        if (!strchr("0123456789abcdefABCDEF", hex[i]))
            return (struct dgl_str){"", 0};
    }
    return (struct dgl_str){hex, 6};
}

static void read_align(const xmlChar **attrs, struct dgl_str *ret)
{
    const char *align = attribute(attrs, "align"), *style = attribute(attrs, "style");
    struct dgl_str side = style ? declaration(style, "text-align") : (struct dgl_str){"", 0};
    if (side.len == 0 && align)
        side = dgl_str_of(align);
    *ret = (struct dgl_str){"", 0};
    static const char *const sides[] = {"center", "right", "justify"};
    for (size_t i = 0; i < DGL_COUNT(sides); i++)
        if (side.len == strlen(sides[i]) && strncasecmp(side.data, sides[i], side.len) == 0)
            *ret = dgl_str_of(sides[i]);
}

static void open_style(struct html *h, const xmlChar **attrs)
{
    struct dgl_flow *f = h->flow;
    struct open_style s = {.color = f->color};
    const char *style = attribute(attrs, "style"), *font = attribute(attrs, "color");
    struct dgl_str color = color_of(h, style ? declaration(style, "color") : dgl_str_of(font ? font : ""));
    struct dgl_str weight = declaration(style, "font-weight");
    if (color.len)
        dgl_flow_color(f, color);
    s.bold = dgl_str_is(weight, "bold") || dgl_str_is(weight, "700");
    s.italic = dgl_str_is(declaration(style, "font-style"), "italic");
    s.underline = dgl_str_is(declaration(style, "text-decoration"), "underline");
    if (s.bold)
        dgl_flow_mark(f, DGL_FLOW_BOLD, true);
    if (s.italic)
        dgl_flow_mark(f, DGL_FLOW_ITALIC, true);
    if (s.underline)
        dgl_flow_mark(f, DGL_FLOW_UNDERLINE, true);
    if (h->style_depth < DGL_COUNT(h->styles))
        h->styles[h->style_depth] = s;
    h->style_depth++;
}

static void close_style(struct html *h)
{
    if (h->style_depth == 0 || --h->style_depth >= DGL_COUNT(h->styles))
        return;
    const struct open_style *s = &h->styles[h->style_depth];
    if (s->bold)
        dgl_flow_mark(h->flow, DGL_FLOW_BOLD, false);
    if (s->italic)
        dgl_flow_mark(h->flow, DGL_FLOW_ITALIC, false);
    if (s->underline)
        dgl_flow_mark(h->flow, DGL_FLOW_UNDERLINE, false);
    if (h->flow->color.data != s->color.data || h->flow->color.len != s->color.len)
        dgl_flow_color(h->flow, s->color);
}

// ---- elements

static const char *const dropped_elements[] = {
    "script",   "style",    "head",     "title", "iframe", "object", "embed", "select", "button", "option",
    "textarea", "noscript", "template", "svg",   "math",   "canvas", "video", "audio",  NULL};
static const char *const block_elements[] = {"p",      "div",  "section",  "article",    "header", "footer", "address",
                                             "main",   "nav",  "aside",    "figure",     "dl",     "dt",     "dd",
                                             "center", "form", "fieldset", "figcaption", "body",   NULL};

static int64_t number_attribute(const xmlChar **attrs, const char *name, int64_t otherwise)
{
    const char *s = attribute(attrs, name);
    int64_t n = 0;
    return s && dgl_parse_int64(s, strlen(s), 0, 32767, &n) ? n : otherwise;
}

static void put_picture(struct html *h, const xmlChar **attrs)
{
    static const char *const kept[] = {"alt", "width", "height"};
    struct dgl_flow *f = h->flow;
    const char *src = attribute(attrs, "src");
    if (!src || !*src)
        return;
    struct dgl_value picture = dgl_flow_dict(f);
    dgl_flow_put(f, picture, "url", dgl_flow_string(f, dgl_str_of(src)));
    for (size_t i = 0; i < DGL_COUNT(kept); i++) {
        const char *v = attribute(attrs, kept[i]);
        if (v && *v && !strchr(v, '%'))
            dgl_flow_put(f, picture, kept[i], dgl_flow_string(f, dgl_str_of(v)));
    }
    dgl_flow_image(f, picture);
}

static unsigned heading_of(const char *name)
{
    return name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && !name[2] ? (unsigned)(name[1] - '0') : 0;
}

static bool open_table_part(struct html *h, const char *name, const xmlChar **attrs)
{
    struct dgl_flow *f = h->flow;
    bool heading = strcmp(name, "th") == 0;
    struct dgl_str side;
    if (strcmp(name, "table") == 0) {
        dgl_flow_table_begin(f);
        h->header[f->depth] = h->rows[f->depth] = false;
    } else if (strcmp(name, "tr") == 0) {
        dgl_flow_row_begin(f);
    } else if (heading || strcmp(name, "td") == 0) {
        if (!h->rows[f->depth])
            h->header[f->depth] = heading;
        h->rows[f->depth] = true;
        read_align(attrs, &side);
        dgl_flow_cell_begin(f, side, number_attribute(attrs, "colspan", 1));
    } else {
        return false;
    }
    return true;
}

static void open_block(struct html *h, const char *name, const xmlChar **attrs)
{
    struct dgl_flow *f = h->flow;
    if (heading_of(name) || is(name, block_elements)) {
        dgl_flow_end_paragraph(f);
        read_align(attrs, &f->align);
        f->heading = heading_of(name);
    } else if (strcmp(name, "ul") == 0 || strcmp(name, "ol") == 0) {
        dgl_flow_list_begin(f, name[0] == 'o', number_attribute(attrs, "start", 1));
    } else if (strcmp(name, "li") == 0) {
        dgl_flow_list_item(f);
    } else if (strcmp(name, "blockquote") == 0) {
        dgl_flow_end_paragraph(f);
        f->quote++;
    } else if (strcmp(name, "pre") == 0) {
        dgl_flow_end_paragraph(f);
        f->pre++;
        dgl_flow_mark(f, DGL_FLOW_CODE, true);
    } else if (strcmp(name, "hr") == 0) {
        dgl_flow_rule(f);
    }
}

static void stop_when_failed(struct html *h)
{
    struct dgl_flow *f = h->flow;
    if (f->status == DGL_OK && dgl_budget_tick(f->mem.budget, f->mem.err) != DGL_OK)
        f->status = f->mem.err->code;
    if (f->status != DGL_OK)
        xmlStopParser(h->parser);
}

static void on_start(void *ctx, const xmlChar *element, const xmlChar **attrs)
{
    struct html *h = ctx;
    const char *name = (const char *)element;
    enum dgl_flow_mark mark;
    stop_when_failed(h);
    if (h->dropped || is(name, dropped_elements)) {
        h->dropped++;
        return;
    }
    if (!open_table_part(h, name, attrs))
        open_block(h, name, attrs);
    if (strcmp(name, "br") == 0)
        dgl_flow_break(h->flow);
    else if (strcmp(name, "img") == 0)
        put_picture(h, attrs);
    else if (strcmp(name, "a") == 0 && attribute(attrs, "href"))
        dgl_flow_link(h->flow, dgl_str_of(attribute(attrs, "href")));
    else if (strcmp(name, "span") == 0 || strcmp(name, "font") == 0)
        open_style(h, attrs);
    if (mark_of(name, &mark))
        dgl_flow_mark(h->flow, mark, true);
}

static void close_block(struct html *h, const char *name)
{
    struct dgl_flow *f = h->flow;
    if (heading_of(name) || is(name, block_elements)) {
        dgl_flow_end_paragraph(f);
        f->heading = 0;
        f->align = (struct dgl_str){"", 0};
    } else if (strcmp(name, "ul") == 0 || strcmp(name, "ol") == 0) {
        dgl_flow_list_end(f);
    } else if (strcmp(name, "li") == 0) {
        dgl_flow_end_paragraph(f);
    } else if (strcmp(name, "blockquote") == 0) {
        dgl_flow_end_paragraph(f);
        f->quote -= f->quote > 0;
    } else if (strcmp(name, "pre") == 0) {
        while (f->text.len && f->text.data[f->text.len - 1] == '\n')
            f->text.len--;
        dgl_flow_end_paragraph(f);
        dgl_flow_mark(f, DGL_FLOW_CODE, false);
        f->pre -= f->pre > 0;
    } else if (strcmp(name, "table") == 0) {
        unsigned at = f->frames[f->depth].in_table ? f->depth : f->depth ? f->depth - 1 : 0;
        dgl_flow_table_end(f, h->header[at]);
    } else if (strcmp(name, "tr") == 0) {
        dgl_flow_row_end(f);
    } else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0) {
        dgl_flow_cell_end(f);
    }
}

static void on_end(void *ctx, const xmlChar *element)
{
    struct html *h = ctx;
    const char *name = (const char *)element;
    enum dgl_flow_mark mark;
    if (h->dropped) {
        h->dropped--;
        return;
    }
    if (mark_of(name, &mark))
        dgl_flow_mark(h->flow, mark, false);
    if (strcmp(name, "a") == 0)
        dgl_flow_link(h->flow, (struct dgl_str){"", 0});
    else if (strcmp(name, "span") == 0 || strcmp(name, "font") == 0)
        close_style(h);
    else
        close_block(h, name);
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    struct html *h = ctx;
    stop_when_failed(h);
    if (h->dropped || h->flow->status != DGL_OK)
        return;
    if (h->flow->pre)
        dgl_flow_text(h->flow, (const char *)text, (size_t)len);
    else
        dgl_flow_text_collapsed(h->flow, (const char *)text, (size_t)len);
}

static void ignore(void *ctx DGL_UNUSED, const char *message DGL_UNUSED, ...)
{
}

static void ignore_structured(void *ctx DGL_UNUSED, xmlErrorPtr error DGL_UNUSED)
{
}

enum dgl_status dgl_html_read(struct dgl_flow *f, struct dgl_str source)
{
    if (source.len > DGL_DOCX_MAX_MARKUP_BYTES)
        return dgl_limit_error(&f->mem, "markup_too_large", "HTML is longer than %u KiB",
                               DGL_DOCX_MAX_MARKUP_BYTES >> 10);
    if (source.len == 0)
        return DGL_OK;
    dgl_xml_init();
    struct html h = {.flow = f};
    htmlSAXHandler sax = {.startElement = on_start,
                          .endElement = on_end,
                          .characters = on_text,
                          .cdataBlock = on_text,
                          .ignorableWhitespace = on_text,
                          .error = ignore,
                          .warning = ignore,
                          .fatalError = ignore,
                          .serror = ignore_structured,
                          .initialized = 1};
    htmlParserCtxtPtr p = htmlCreatePushParserCtxt(&sax, &h, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (!p)
        return dgl_limit_error(&f->mem, "markup_too_large", "HTML needs too much memory");
    h.parser = p;
    htmlCtxtUseOptions(p, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                              HTML_PARSE_IGNORE_ENC);
    htmlParseChunk(p, "<html><body>", 12, 0); // an end tag at the very start would end the document
    htmlParseChunk(p, source.data, (int)source.len, 1);
    xmlDocPtr doc = p->myDoc;
    htmlFreeParserCtxt(p);
    if (doc)
        xmlFreeDoc(doc);
    return f->status;
}
