// The template language's front door: compile once, render many times.
//
//   text or DOCX chunks ─▶ lexer ─▶ parser ─▶ checker ─▶ compiler ─▶ struct dgl_template ─▶ VM ─▶ sink
//
// A template is compiled from chunks: pieces of data, and tags. For text templates the lexer cuts the chunks out of the
// source; for DOCX render/docx does (a tag may be split over runs there) and the data chunks are raw XML. A compiled
// template is immutable and may be rendered by several threads at once. Rendering touches no clock, network, file or
// environment.
#ifndef DGL_RENDER_TEMPLATE_TEMPLATE_H
#define DGL_RENDER_TEMPLATE_TEMPLATE_H

#include "render/template/value.h"

// Bounds of the language, together.
#define DGL_TEMPLATE_MAX_TAG_BYTES (64u << 10)
#define DGL_TEMPLATE_MAX_CHUNKS 1000000u
#define DGL_TEMPLATE_MAX_NESTING 100u    // blocks, expressions, includes
#define DGL_TEMPLATE_MAX_CALL_DEPTH 200u // macros, recursive loops: past it "endless recursion"
#define DGL_TEMPLATE_MAX_DIAGNOSTICS 100u

enum dgl_chunk_kind {
    DGL_CHUNK_DATA,  // text goes to the sink as it is
    DGL_CHUNK_VALUE, // the inside of {{ }}
    DGL_CHUNK_BLOCK, // the inside of {% %}
};
struct dgl_chunk {
    enum dgl_chunk_kind kind;
    struct dgl_str text;   // for tags: the inside, entities decoded, smart quotes made plain
    struct dgl_str source; // for tags: as the author wrote it, for messages
    uint32_t place;        // handed to `place_of` when a message needs the place
    uint32_t context;      // DOCX: what surrounds a VALUE chunk, handed through to the sink; 0 otherwise
};

// A problem found when compiling; all of them are reported at once (upload, lint).
struct dgl_diagnostic {
    enum { DGL_DIAGNOSTIC_ERROR, DGL_DIAGNOSTIC_WARNING } severity;
    struct dgl_error error; // message, slug, place; "did you mean …" is in the message
};
struct dgl_diagnostics {
    struct dgl_diagnostic *items;
    size_t count, cap;
    size_t errors; // of severity ERROR
};
void dgl_diagnostics_fini(struct dgl_diagnostics *d);
void dgl_diagnostics_add(struct dgl_diagnostics *d, int severity,
                         const struct dgl_error *error); // beyond the maximum: counted, not kept
DGL_DEFINE_AUTO_FINI(diagnostics);

struct dgl_template;
// Finds a template for include, extends and import. Lends it. DGL_E_NOT_FOUND when there is none.
struct dgl_template_loader {
    enum dgl_status (*lookup)(void *ctx, const char *name, const struct dgl_template **ret, struct dgl_error *err);
    void *ctx;
};
struct dgl_template_options {
    const char *name;                                       // for messages: "invoice.html", "body"
    bool autoescape;                                        // XML/HTML escaping of printed values; DOCX and pages: true
    bool trim_blocks, lstrip_blocks, keep_trailing_newline; // as Jinja's Environment; text templates only
    // Fills the place of a chunk (part, paragraph, excerpt). NULL: line numbers are used. Called while compiling only;
    // the places are kept in the compiled template.
    void (*place_of)(void *ctx, uint32_t place, struct dgl_place *ret);
    void *place_ctx;
};

// Text source to a compiled template. `source` is copied. On failure the first error is in *err and, when diagnostics
// is not NULL, all are there.
enum dgl_status dgl_template_compile_text(const char *source, size_t len, const struct dgl_template_options *options,
                                          struct dgl_diagnostics *diagnostics, struct dgl_template **ret,
                                          struct dgl_error *err) DGL_MUST_CHECK;
// Chunks to a compiled template. DATA text is borrowed and must outlive the template; tag text is copied.
enum dgl_status dgl_template_compile_chunks(const struct dgl_chunk *chunks, size_t count,
                                            const struct dgl_template_options *options,
                                            struct dgl_diagnostics *diagnostics, struct dgl_template **ret,
                                            struct dgl_error *err) DGL_MUST_CHECK;
void dgl_template_free(struct dgl_template *t);
DGL_DEFINE_AUTO(template);

// One level of block structure of a DOCX tag, so that render/docx can hoist tags to paragraphs and rows before it cuts
// chunks: what the inside of a {% %} opens, continues or closes.
enum dgl_block_role { DGL_BLOCK_NONE, DGL_BLOCK_OPENS, DGL_BLOCK_CONTINUES, DGL_BLOCK_CLOSES };
// Looks at the first word only ("for", "if", "endfor", "else", "set" with or without "="…); *ret_word is the opening
// word of the family ("for" for endfor), static storage.
enum dgl_block_role dgl_template_block_role(struct dgl_str inside, const char **ret_word);

// The names a template takes from its data, with type and nesting, without running it:
// [{"name","type":"text|date|number|boolean|list|object|image","children":[…]}] in order of first use. Caller decrefs.
json_t *dgl_template_tokens(const struct dgl_template *t);
// The same over several templates (body, headers, …) as one list.
json_t *dgl_template_tokens_merged(const struct dgl_template *const *templates, size_t count);

// The templates that subdoc("…") names without working the name out: calls `meet` for each tag, in order.
// `at` is an error without a message that holds the tag's place.
void dgl_template_each_subdoc(const struct dgl_template *t,
                              void (*meet)(void *ctx, struct dgl_str name, const struct dgl_error *at), void *ctx);

// Where output goes; the sink charges its output to the budget. Handlers return a status; anything but DGL_OK ends the
// render with the *err they filled (the VM adds the place when the handler left it empty).
struct dgl_template_sink {
    enum dgl_status (*data)(void *ctx, uint32_t chunk, struct dgl_str text, struct dgl_error *err);
    // A printed value; `context` is the chunk's. The sink escapes; SAFE is markup already.
    enum dgl_status (*value)(void *ctx, uint32_t context, struct dgl_value v, struct dgl_error *err);
    void *ctx;
    // May be NULL. As `value`, but for what is printed inside macros, set blocks, call and filter blocks: appends the
    // value's markup to `out`, which comes back later as a SAFE value. NULL: & < > " ' are escaped, nothing else done.
    enum dgl_status (*capture)(void *ctx, uint32_t context, struct dgl_value v, struct dgl_buf *out,
                               struct dgl_error *err);
};
struct dgl_template_env {
    const struct dgl_template_loader *loader; // may be NULL
    int64_t created_at_us;                    // "now" for date(); 0 = unknown
    const char *time_zone;                    // IANA name; NULL = UTC
    const char *locale;                       // "en_US"; NULL = en_US
    struct dgl_budget *budget;                // required
    struct dgl_arena *arena;                  // required; values live here
};
// `data` must be a DICT. Globals of the data win over the language's own globals.
enum dgl_status dgl_template_render(const struct dgl_template *t, struct dgl_value data,
                                    const struct dgl_template_env *env, const struct dgl_template_sink *sink,
                                    struct dgl_error *err) DGL_MUST_CHECK;
// Text templates: renders into `out`, escaping when the template was compiled with autoescape.
enum dgl_status dgl_template_render_text(const struct dgl_template *t, struct dgl_value data,
                                         const struct dgl_template_env *env, struct dgl_buf *out,
                                         struct dgl_error *err) DGL_MUST_CHECK;

#endif
