// Fuzz target of the template language: the first byte chooses options, the rest is a template, or, when its lowest bit
// is set, chunks as render/docx cuts them; behind a line "=== data.json" stands the data. It is compiled, asked for its
// tokens and rendered.
#include "fuzz.h"
#include "values.h"

#include "render/template/template.h"

static enum dgl_status lookup(void *ctx, const char *name, const struct dgl_template **ret, struct dgl_error *err)
{
    if (strcmp(name, "t") != 0 || !*(const struct dgl_template **)ctx)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "there is no template '%s'", name);
    *ret = *(const struct dgl_template **)ctx; // itself
    return DGL_OK;
}

// Pieces between the delimiters, whatever stands in them.
static size_t cut(const char *s, size_t len, struct dgl_chunk *chunks, size_t cap)
{
    size_t count = 0, from = 0;
    for (size_t i = 0; i < len && count < cap; i++) {
        if (s[i] != '{' && s[i] != '}' && i + 1 < len)
            continue;
        enum dgl_chunk_kind kind = s[from] == '{' && from + 1 < len
                                       ? (s[from + 1] == '%' ? DGL_CHUNK_BLOCK : DGL_CHUNK_VALUE)
                                       : DGL_CHUNK_DATA;
        size_t skip = kind == DGL_CHUNK_DATA || i - from < 2 ? 0 : 2;
        chunks[count] = (struct dgl_chunk){.kind = kind,
                                           .text = {s + from + skip, i - from - skip},
                                           .source = {s + from, i - from},
                                           .place = (uint32_t)count};
        count++;
        from = i;
    }
    return count;
}

static void render(const struct dgl_template *t, const json_t *json)
{
    DGL_AUTO(arena) arena = dgl_arena_new((size_t)32 << 20);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1 << 20);
    struct dgl_budget budget = {.steps_left = 20000, .memory_left = 16u << 20, .output_left = 1u << 20};
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_value data;
    const struct dgl_template_loader loader = {.lookup = lookup, .ctx = &t};
    const struct dgl_template_env env = {
        .loader = &loader, .budget = &budget, .arena = arena, .created_at_us = INT64_C(1700000000000000)};
    if (dgl_value_from_json(arena, json, &budget, &data, &err) != DGL_OK)
        return;
    if (dgl_template_render_text(t, data, &env, &out, &err) != DGL_OK)
        fuzz_must_explain(&err);
}

// Cut off the text; NULL: none, or none that is read.
static json_t *take_data(const char *text, size_t *size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    size_t at, end;
    json_t *data = NULL;
    if (!fuzz_data_find(text, *size, &at, &end))
        return NULL;
    if (dgl_json_parse(text + at, end - at, "data", &data, &err) != DGL_OK)
        fuzz_must_explain(&err);
    *size = at - strlen("=== data.json\n");
    return data;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static json_t *default_data;
    struct dgl_chunk chunks[64];
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(diagnostics) found = {0};
    DGL_AUTO(template) t = NULL;
    if (!default_data)
        default_data = json_loads(fuzz_default_data, 0, NULL);
    if (size < 1)
        return 0;
    const char *text = (const char *)input + 1;
    size_t len = size - 1;
    DGL_AUTO_JSON data = take_data(text, &len);
    const struct dgl_template_options o = {.name = "t",
                                           .autoescape = input[0] & 2,
                                           .trim_blocks = input[0] & 4,
                                           .lstrip_blocks = input[0] & 8,
                                           .keep_trailing_newline = input[0] & 16};
    enum dgl_status status =
        input[0] & 1
            ? dgl_template_compile_chunks(chunks, cut(text, len, chunks, DGL_COUNT(chunks)), &o, &found, &t, &err)
            : dgl_template_compile_text(text, len, &o, &found, &t, &err);
    if (status != DGL_OK) {
        fuzz_must_explain(&err);
        return 0;
    }
    json_decref(dgl_template_tokens(t));
    render(t, json_is_object(data) ? data : default_data);
    return 0;
}
