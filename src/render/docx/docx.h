// Word templates: a DOCX package compiled once, then bound to data to give a filled DOCX.
//
//   package bytes ─▶ dgl_docx_compile ─▶ struct dgl_docx (immutable, shareable) ─▶ dgl_docx_render(data) ─▶ package
//   bytes
//
// Binding gives one stream of nodes with two readers: the DOCX writer here, and layout (native engine). Parts without
// tags are copied raw, compressed as they were. All bytes are a stranger's: bounds stand in docx/limits.h.
#ifndef DGL_RENDER_DOCX_DOCX_H
#define DGL_RENDER_DOCX_DOCX_H

#include "render/template/template.h"

struct dgl_docx;
// Borrows `package` until dgl_docx_free. Not a DOCX: DGL_E_MALFORMED with slug "not_a_docx" (also for .doc, .docm
// macros are refused as "macros_not_allowed", encrypted files as "encrypted"). Template problems: DGL_E_INVALID with
// place; all of them in diagnostics.
enum dgl_status dgl_docx_compile(const void *package, size_t len, struct dgl_diagnostics *diagnostics,
                                 struct dgl_docx **ret, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_docx_free(struct dgl_docx *d);
DGL_DEFINE_AUTO(docx);
json_t *dgl_docx_tokens(const struct dgl_docx *d); // as dgl_template_tokens, over all parts; caller decrefs

// What a render needs from outside. fetch_image is called for https URLs only (data URIs are read here); it appends the
// bytes to ret_bytes or fails with a sentence. It may block. NULL: remote images are an error.
struct dgl_docx_loader {
    enum dgl_status (*fetch_image)(void *ctx, const char *url, struct dgl_buf *ret_bytes, struct dgl_error *err);
    // Appends the package of another template, for subdocuments. NULL: there are none.
    enum dgl_status (*load_template)(void *ctx, const char *name, struct dgl_buf *ret_bytes, struct dgl_error *err);
    void *ctx;
};
struct dgl_docx_warnings { // sentences about what was approximated; arena strings
    const char *items[64];
    size_t count;
};
struct dgl_docx_env {
    const struct dgl_docx_loader *loader;
    int64_t created_at_us;
    const char *time_zone, *locale;
    struct dgl_budget *budget;
    struct dgl_arena *arena;
    bool stored;            // what was rendered is stored, not deflated: for a reader that comes at once
    size_t stream_at_bytes; // a part of more is deflated while it is made; 0 = 4 MB
    unsigned depth;         // 0; counts subdocuments in subdocuments
};
// Looks for the templates that tags name as subdocuments: an error with its place for each that is not there, the first
// in *err. Names that the data gives are known when rendering only.
enum dgl_status dgl_docx_check_subdocs(const struct dgl_docx *d, const struct dgl_docx_loader *loader,
                                       struct dgl_diagnostics *diagnostics, struct dgl_error *err) DGL_MUST_CHECK;
// `data` is a DICT. Appends a whole package to `out`.
enum dgl_status dgl_docx_render(const struct dgl_docx *d, struct dgl_value data, const struct dgl_docx_env *env,
                                struct dgl_buf *out, struct dgl_docx_warnings *ret_warnings,
                                struct dgl_error *err) DGL_MUST_CHECK;

#endif
