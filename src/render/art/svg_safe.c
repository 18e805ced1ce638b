// What a stranger's SVG may carry on into a document: drawing, and nothing that runs or reaches outside. The SVG is not
// rewritten; one that holds more is not taken.
#include "render/art/svg_private.h"

#include <string.h>
#include <strings.h>

static bool same(struct dgl_str s, const char *word)
{
    return s.len == strlen(word) && strncasecmp(s.data, word, s.len) == 0;
}

static bool begins(struct dgl_str s, const char *word)
{
    return s.len >= strlen(word) && strncasecmp(s.data, word, strlen(word)) == 0;
}

static bool holds(struct dgl_str s, const char *word)
{
    for (; s.len >= strlen(word); s.data++, s.len--)
        if (begins(s, word))
            return true;
    return false;
}

static bool stays_inside(struct dgl_str address)
{
    static const char *const pictures[] = {"data:image/png;", "data:image/jpeg;", "data:image/jpg;", "data:image/gif;"};
    address = dgl_str_trim(address);
    for (size_t i = 0; i < DGL_COUNT(pictures); i++)
        if (begins(address, pictures[i]))
            return true;
    return address.len == 0 || address.data[0] == '#';
}

// Style sheets and properties: url(…) to this document or to fonts in it. Escapes, which could hide a word, are not
// looked through but refused.
static bool style_stays_inside(struct dgl_str css)
{
    if (holds(css, "@import") || holds(css, "image-set") || holds(css, "expression(") || holds(css, "javascript:") ||
        memchr(css.data, '\\', css.len))
        return false;
    for (; css.len > 4; css.data++, css.len--) {
        if (!begins(css, "url("))
            continue;
        struct dgl_str to = {css.data + 4, css.len - 4};
        while (to.len && strchr(" \t\r\n\"'", *to.data))
            to.data++, to.len--;
        if (!stays_inside(to) && !begins(to, "data:font/") && !begins(to, "data:application/"))
            return false;
    }
    return true;
}

static const char *check_attribute(const struct svg_attr *a)
{
    static const char *const addresses[] = {"href", "src", "base", "data", "action", "formaction", "poster", "srcset"};
    if (begins(a->name, "on"))
        return "a script";
    if (same(a->name, "attributeName") && (holds(a->value, "href") || begins(a->value, "on")))
        return "a changing address";
    for (size_t i = 0; i < DGL_COUNT(addresses); i++)
        if (same(a->name, addresses[i]) && !stays_inside(a->value))
            return "an address outside of it";
    bool said_in_css = same(a->name, "style") || holds(a->value, "url(");
    return said_in_css && !style_stays_inside(a->value) ? "an address outside of it" : NULL;
}

static const char *check_node(const struct svg_node *n)
{
    static const char *const running[] = {"script", "handler", "listener", "iframe", "object", "embed", "applet"};
    static const char *const reaching[] = {"link", "meta", "base", "form", "audio", "video"};
    for (size_t i = 0; i < DGL_COUNT(running); i++)
        if (same(n->name, running[i]))
            return "a script";
    for (size_t i = 0; i < DGL_COUNT(reaching); i++)
        if (same(n->name, reaching[i]))
            return "an address outside of it";
    for (uint32_t i = 0; i < n->attr_count; i++) {
        const char *found = check_attribute(&n->attrs[i]);
        if (found)
            return found;
    }
    if (same(n->name, "style"))
        for (const struct svg_node *t = n->first; t; t = t->next)
            if (t->name.len == 0 && t->text.len && !style_stays_inside(t->text))
                return "an address outside of it";
    return NULL;
}

const char *dgl_svg_check(struct dgl_arena *a, struct dgl_str *svg)
{
    struct svg *s = dgl_arena_alloc_try(a, sizeof(*s));
    const char *data = svg->data;
    if (!s || svg->len > DGL_ART_MAX_BYTES)
        return "too much";
    while (svg_drop_doctype(&data, svg->len, a))
        ;
    svg->data = data;
    s->arena = a;
    if (holds(*svg, "<?xml-stylesheet"))
        return "an address outside of it";
    const struct svg_node *n = svg_parse(s, data, svg->len);
    if (!n)
        return "broken XML";
    while (n) { // parents before their children
        const char *found = n->name.len ? check_node(n) : NULL;
        if (found)
            return found;
        if (n->first) {
            n = n->first;
            continue;
        }
        while (n && !n->next)
            n = n->parent;
        n = n ? n->next : NULL;
    }
    return NULL;
}
