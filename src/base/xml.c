// XML reading over libxml2's SAX2 parser.
//
// No tree is built and nothing is fetched: a DOCTYPE ends the parse, so there are no entities but the five predefined
// ones and character references, and the well-known bombs have nothing to grow from. Three more bounds: depth (ours is
// one below libxml2's own, so that ours speaks), the library's limits on a single name or attribute (XML_PARSE_HUGE
// stays off), and the number of attributes of one element, because libxml2 2.9 compares each with all others: a
// megabyte of attributes in one tag would take minutes. That number is found by walking the tags before the parse.
#include "base/xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ATTRIBUTES 1000
// Below this length quadratic is nothing to fear, and the walk is left out.
#define UNCHECKED_BYTES ((size_t)32 << 10)
// UTF-16 is allowed by ECMA-376 but never large in practice; the walk over tags reads bytes, so it is bounded instead.
#define MAX_UTF16_BYTES ((size_t)256 << 10)

struct parse {
    const struct dgl_xml_handler *handler;
    const char *what;
    struct dgl_error *err;
    enum dgl_status status; // first failure
    xmlParserCtxtPtr parser;
    unsigned depth;
    struct dgl_xml_attr *attrs; // scratch, reused
    const char **declared;
    size_t attrs_cap, declared_cap;
    char complaint[256]; // libxml2's first error
    int complaint_line;
};

// A parse that lacks memory would end as one of a document that is not well-formed.
__attribute__((constructor)) static void give_memory_or_end(void)
{
    xmlMemSetup(free, dgl_alloc_plain, dgl_realloc, dgl_strdup);
}

static void stop(struct parse *p, enum dgl_status status)
{
    p->status = status;
    xmlStopParser(p->parser);
}

static enum dgl_status fail_malformed(struct parse *p, const char *why, const char *detail, int line)
{
    return DGL_FAIL_SLUG(p->err, DGL_E_MALFORMED, "malformed_xml", "%s is not well-formed XML: %s%s (line %d)", p->what,
                         why, detail, line);
}

static const char *or_empty(const xmlChar *s)
{
    return s ? (const char *)s : "";
}

// Grows a scratch array to hold `count` items of `size` bytes.
static void *grown(void *array, size_t *cap, size_t count, size_t size)
{
    if (count <= *cap)
        return array;
    *cap = count * 2;
    return dgl_realloc(array, *cap * size);
}

// SAX2 gives five pointers per attribute: local name, prefix, URI, first byte of the value, byte after it.
static bool gather_attributes(struct parse *p, size_t count, const xmlChar **five)
{
    p->attrs = grown(p->attrs, &p->attrs_cap, count, sizeof(*p->attrs));
    for (size_t i = 0; i < count; i++, five += 5) {
        if (five[1] && !five[2]) {
            stop(p, fail_malformed(p, "undeclared prefix ", or_empty(five[1]), xmlSAX2GetLineNumber(p->parser)));
            return false;
        }
        p->attrs[i] = (struct dgl_xml_attr){
            .name = or_empty(five[0]),
            .prefix = or_empty(five[1]),
            .ns = or_empty(five[2]),
            .value = {(const char *)five[3], (size_t)(five[4] - five[3])},
        };
    }
    return true;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int declared_count,
                     const xmlChar **declared, int attr_count, int defaulted_count DGL_UNUSED, const xmlChar **attrs)
{
    struct parse *p = ctx;
    if (p->status != DGL_OK)
        return;
    if (++p->depth > DGL_XML_MAX_DEPTH) {
        stop(p, DGL_FAIL_SLUG(p->err, DGL_E_LIMIT, "xml_too_deep", "%s has elements nested deeper than %d levels",
                              p->what, DGL_XML_MAX_DEPTH));
        return;
    }
    if (prefix && !uri) {
        stop(p, fail_malformed(p, "undeclared prefix ", or_empty(prefix), xmlSAX2GetLineNumber(p->parser)));
        return;
    }
    if (!gather_attributes(p, (size_t)attr_count, attrs))
        return;
    size_t strings = 2 * (size_t)declared_count;
    p->declared = grown(p->declared, &p->declared_cap, strings, sizeof(*p->declared));
    for (size_t i = 0; i < strings; i++)
        p->declared[i] = or_empty(declared[i]);
    struct dgl_xml_element e = {
        .name = (const char *)name,
        .prefix = or_empty(prefix),
        .ns = or_empty(uri),
        .attrs = p->attrs,
        .attr_count = (size_t)attr_count,
        .ns_declared = p->declared,
        .ns_declared_count = (size_t)declared_count,
    };
    enum dgl_status status = p->handler->start ? p->handler->start(p->handler->ctx, &e, p->err) : DGL_OK;
    if (status != DGL_OK)
        stop(p, status);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct parse *p = ctx;
    if (p->status != DGL_OK)
        return;
    p->depth--;
    if (!p->handler->end)
        return;
    enum dgl_status status =
        p->handler->end(p->handler->ctx, (const char *)name, or_empty(prefix), or_empty(uri), p->err);
    if (status != DGL_OK)
        stop(p, status);
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
    struct parse *p = ctx;
    if (p->status != DGL_OK || !p->handler->text || len <= 0)
        return;
    struct dgl_str piece = {(const char *)text, (size_t)len};
    enum dgl_status status = p->handler->text(p->handler->ctx, piece, p->err);
    if (status != DGL_OK)
        stop(p, status);
}

static void on_doctype(void *ctx, const xmlChar *name DGL_UNUSED, const xmlChar *external DGL_UNUSED,
                       const xmlChar *system DGL_UNUSED)
{
    struct parse *p = ctx;
    if (p->status == DGL_OK)
        stop(p,
             DGL_FAIL_SLUG(p->err, DGL_E_MALFORMED, "xml_doctype", "%s has a DOCTYPE, which is not allowed", p->what));
}

// Encodings that the walk over tags can read byte by byte.
static void on_document(void *ctx)
{
    static const char *const allowed[] = {"UTF-8", "UTF8", "UTF-16", "US-ASCII", "ASCII", "ISO-8859-", "WINDOWS-125"};
    struct parse *p = ctx;
    // libxml2 keeps a UTF encoding's name on the parser, any other on the input.
    const xmlChar *declared = p->parser->encoding ? p->parser->encoding : p->parser->input->encoding;
    const char *encoding = or_empty(declared);
    bool known = encoding[0] == '\0';
    for (size_t i = 0; i < DGL_COUNT(allowed) && !known; i++)
        known = strncasecmp(encoding, allowed[i], strlen(allowed[i])) == 0;
    if (!known)
        stop(p, DGL_FAIL_SLUG(p->err, DGL_E_MALFORMED, "xml_encoding", "%s is encoded in %s; it must be UTF-8", p->what,
                              encoding));
}

static void on_error(void *ctx, xmlErrorPtr e)
{
    struct parse *p = ctx;
    // Namespace complaints are no errors of form; those that matter (an undeclared prefix) are found in on_start.
    if (p->complaint[0] || e->level < XML_ERR_ERROR || e->domain == XML_FROM_NAMESPACE)
        return;
    struct dgl_str text = dgl_str_trim(dgl_str_of(e->message));
    dgl_str_copy(p->complaint, sizeof(p->complaint), text.data, text.len);
    p->complaint_line = e->line;
}

static xmlSAXHandler handlers(void)
{
    return (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .startDocument = on_document,
        .internalSubset = on_doctype,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .serror = on_error,
    };
}

// ---- Counting attributes before the parse ----

// The byte after the next `close` (`len` bytes), or the end.
static const char *after(const char *at, const char *end, const char *close, size_t len)
{
    const char *found = memmem(at, (size_t)(end - at), close, len);
    return found ? found + len : end;
}

// Walks one start tag; counts its '=' signs outside of values.
static const char *walk_tag(const char *at, const char *end, size_t *ret_attributes)
{
    size_t count = 0;
    while (at < end && *at != '>') {
        if (*at == '"' || *at == '\'') {
            const char *closing = memchr(at + 1, *at, (size_t)(end - at - 1));
            at = closing ? closing : end - 1;
        } else {
            count += *at == '=';
        }
        at++;
    }
    *ret_attributes = count;
    return at;
}

static bool has_too_many_attributes(const char *data, size_t len)
{
    const char *at = data, *end = data + len;
    while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        size_t left = (size_t)(end - at), attributes = 0;
        if (left >= 4 && memcmp(at, "<!--", 4) == 0)
            at = after(at + 4, end, "-->", 3);
        else if (left >= 9 && memcmp(at, "<![CDATA[", 9) == 0)
            at = after(at + 9, end, "]]>", 3);
        else if (left >= 2 && at[1] == '?')
            at = after(at + 2, end, "?>", 2);
        else
            at = walk_tag(at + 1, end, &attributes);
        if (attributes > MAX_ATTRIBUTES)
            return true;
    }
    return false;
}

static enum dgl_status check_before(const char *data, size_t len, const char *what, struct dgl_error *err)
{
    bool utf16 =
        len >= 2 && (!data[0] || !data[1] || memcmp(data, "\xFF\xFE", 2) == 0 || memcmp(data, "\xFE\xFF", 2) == 0);
    if (len == 0)
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "malformed_xml", "%s is empty; it must be XML", what);
    if (len > INT_MAX / 2 || (utf16 && len > MAX_UTF16_BYTES))
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "xml_too_large", "%s is too large to be read%s", what,
                             utf16 ? " in UTF-16; save it as UTF-8" : "");
    if (!utf16 && len > UNCHECKED_BYTES && has_too_many_attributes(data, len))
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "xml_too_many_attributes",
                             "%s has an element with more than %d attributes", what, MAX_ATTRIBUTES);
    return DGL_OK;
}

// What libxml2 says without a parser, as of characters it cannot convert, would go to stderr.
static void ignore(void *ctx DGL_UNUSED, xmlErrorPtr e DGL_UNUSED)
{
}

void dgl_xml_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, xmlInitParser);
    xmlSetStructuredErrorFunc(NULL, ignore); // of this thread
}

enum dgl_status dgl_xml_parse(const char *data, size_t len, const char *what, const struct dgl_xml_handler *h,
                              struct dgl_error *err)
{
    dgl_xml_init();
    DGL_TRY(check_before(data, len, what, err));
    struct parse p = {.handler = h, .what = what, .err = err, .status = DGL_OK};
    p.parser = xmlCreateMemoryParserCtxt(data, (int)len);
    if (!p.parser)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "there is no memory left to read %s", what);
    *p.parser->sax = handlers();
    p.parser->userData = &p;
    // NOENT puts the five predefined entities and character references into values as characters; there are no others.
    xmlCtxtUseOptions(p.parser, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_BIG_LINES);
    xmlParseDocument(p.parser);
    if (p.status == DGL_OK && !p.parser->wellFormed)
        p.status = fail_malformed(&p, p.complaint[0] ? p.complaint : "it breaks off", "", p.complaint_line);
    if (p.parser->myDoc)
        xmlFreeDoc(p.parser->myDoc);
    xmlFreeParserCtxt(p.parser);
    free(p.attrs);
    free(p.declared);
    return p.status;
}
