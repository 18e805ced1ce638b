// Fuzz target: XML. Names, namespaces and attribute values lie where the reader says; depth never passes the bound.
#include "fuzz.h"

#include "base/xml.h"

struct seen {
    size_t sum;
    int depth;
};

static enum dgl_status touch_start(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    struct seen *s = ctx;
    (void)err;
    fuzz_must(++s->depth <= DGL_XML_MAX_DEPTH);
    s->sum += strlen(e->name) + strlen(e->prefix) + strlen(e->ns);
    for (size_t i = 0; i < e->attr_count; i++) {
        fuzz_must(e->attrs[i].name[0]);
        s->sum += strlen(e->attrs[i].prefix) + strlen(e->attrs[i].ns);
        fuzz_must(dgl_utf8_valid(e->attrs[i].value.data, e->attrs[i].value.len));
    }
    for (size_t i = 0; i < 2 * e->ns_declared_count; i++)
        s->sum += strlen(e->ns_declared[i]);
    return DGL_OK;
}

static enum dgl_status touch_end(void *ctx, const char *name, const char *prefix, const char *ns, struct dgl_error *err)
{
    struct seen *s = ctx;
    (void)err;
    s->sum += strlen(name) + strlen(prefix) + strlen(ns);
    fuzz_must(--s->depth >= 0);
    return DGL_OK;
}

static enum dgl_status touch_text(void *ctx, struct dgl_str text, struct dgl_error *err)
{
    struct seen *s = ctx;
    (void)err;
    for (size_t i = 0; i < text.len; i++)
        s->sum += (unsigned char)text.data[i];
    return DGL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct seen seen = {0};
    const struct dgl_xml_handler handler = {.start = touch_start, .end = touch_end, .text = touch_text, .ctx = &seen};
    if (dgl_xml_parse((const char *)data, size, "part", &handler, &err) == DGL_OK)
        fuzz_must(seen.depth == 0 && seen.sum > 0);
    else
        fuzz_must_explain(&err);
    return 0;
}
