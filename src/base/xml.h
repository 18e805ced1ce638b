// XML reading over libxml2's SAX2 parser with network, DTD and entities off (a DOCTYPE is refused), depth and size
// bounded.
#ifndef DGL_BASE_XML_H
#define DGL_BASE_XML_H

#include "base/str.h"

#define DGL_XML_MAX_DEPTH 256

// One attribute; prefix "" = none. value is unescaped, not NUL-terminated.
struct dgl_xml_attr {
    const char *name;   // local name
    const char *prefix; // as written
    const char *ns;     // namespace URI or ""
    struct dgl_str value;
};
struct dgl_xml_element {
    const char *name, *prefix, *ns;
    const struct dgl_xml_attr *attrs;
    size_t attr_count;
    const char *const *ns_declared; // pairs prefix ("" = default), URI
    size_t ns_declared_count;       // pairs
};
// Handlers return a status; anything but DGL_OK stops the parse and is returned with the *err they filled.
struct dgl_xml_handler {
    enum dgl_status (*start)(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err);
    enum dgl_status (*end)(void *ctx, const char *name, const char *prefix, const char *ns, struct dgl_error *err);
    enum dgl_status (*text)(void *ctx, struct dgl_str text, struct dgl_error *err); // may come in pieces; may be NULL
    void *ctx;
};
// Sets the library up. Done by the first parse otherwise; a process that gives up system calls does it before. Thread
// safe, may be called again.
void dgl_xml_init(void);
// Malformed XML is DGL_E_MALFORMED naming `what` and the line.
enum dgl_status dgl_xml_parse(const char *data, size_t len, const char *what, const struct dgl_xml_handler *h,
                              struct dgl_error *err) DGL_MUST_CHECK;

#endif
