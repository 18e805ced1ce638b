// Fuzz target: font files, as organizations bring them. What the check takes has faces with names, the facts survive
// being written, a line of it is a path, and a document set in it alone is a PDF, the same one twice.
#include "fuzz.h"

#include "base/crypto.h"
#include "base/zip.h"
#include "package.h"
#include "render/layout/font_file.h"
#include "render/pdf/pdf.h"

static const char document[] = "<w:p><w:r><w:t>AB fi f\xC3\x81\xD8\xA7 \xE4\xB8\x80\xF0\x9F\x98\x80</w:t></w:r></w:p>"
                               "<w:p><w:r><w:rPr><w:b/><w:i/><w:smallCaps/><w:kern w:val=\"2\"/><w:u w:val=\"single\"/>"
                               "<w14:ligatures w14:val=\"all\"/></w:rPr><w:t>Affi AB</w:t></w:r></w:p>";

struct only { // the one face there is
    const void *data;
    size_t len;
    const struct dgl_font_face_facts *face;
};

static bool find(void *ctx, const char *family, bool bold, bool italic, struct dgl_font_match *ret)
{
    const struct only *o = ctx;
    (void)family, (void)bold, (void)italic;
    *ret = (struct dgl_font_match){.data = o->data,
                                   .len = o->len,
                                   .index = o->face->index,
                                   .id = 1,
                                   .bold = o->face->weight > 600,
                                   .italic = o->face->italic,
                                   .family = o->face->family};
    return true;
}

static bool cover(void *ctx, uint32_t codepoint, const char *lang, bool serif, bool bold, bool italic,
                  struct dgl_font_match *ret)
{
    (void)ctx, (void)codepoint, (void)lang, (void)serif, (void)bold, (void)italic, (void)ret;
    return false;
}

static enum dgl_status render(const struct fuzz_package *package, struct only *o, struct dgl_buf *out,
                              struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    const struct dgl_font_source source = {.find = find, .cover = cover, .ctx = o};
    DGL_AUTO(pdf_engine) engine = dgl_pdf_engine_new(&source, NULL);
    struct dgl_budget budget = {.steps_left = 300000, .memory_left = 64u << 20, .output_left = 16u << 20};
    struct dgl_pdf_report report = {0};
    const struct dgl_pdf_env env = {.engine = engine, .arena = arena, .budget = &budget, .decline = DGL_PDF_NATIVE};
    return dgl_pdf_render(package->bytes.data, package->bytes.len, &env, out, &report, err);
}

static void set_in(struct only *o)
{
    static struct fuzz_package package;
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT((size_t)64 << 20);
    DGL_AUTO_FINI(buf) again = DGL_BUF_INIT((size_t)64 << 20);
    if (!package.bytes.len)
        fuzz_must(fuzz_package_make((const uint8_t *)document, sizeof(document) - 1, &package));
    if (render(&package, o, &out, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return;
    }
    fuzz_must(out.len > 100 && memcmp(out.data, "%PDF-1.", 7) == 0);
    fuzz_must(render(&package, o, &again, &err) == DGL_OK);
    fuzz_must(out.len == again.len && memcmp(out.data, again.data, out.len) == 0);
}

static void check_path(const struct dgl_buf *path)
{
    for (size_t i = 0; i < path->len; i++)
        fuzz_must(path->data[i] && strchr("MLQCZ -0123456789", path->data[i]));
}

static void check_facts(const struct dgl_font_facts *facts, struct dgl_arena *a)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT((size_t)4 << 20);
    struct dgl_json_writer w = DGL_JSON_WRITER(&b);
    struct dgl_font_facts again;
    DGL_AUTO_JSON json = NULL;
    fuzz_must(facts->face_count);
    for (uint32_t i = 0; i < facts->face_count; i++) {
        const struct dgl_font_face_facts *f = &facts->faces[i];
        fuzz_must(f->family[0] && f->weight >= 1 && f->weight <= 1000 && f->name_count <= DGL_FONT_MAX_NAMES);
        for (uint32_t k = 0; k < f->name_count; k++)
            fuzz_must(f->names[k][0] && dgl_utf8_valid(f->names[k], strlen(f->names[k])));
    }
    dgl_font_facts_write(facts, &w);
    fuzz_must(dgl_json_parse(b.data, b.len, "faces", &json, &err) == DGL_OK);
    fuzz_must(dgl_font_facts_read(json, a, &again) && again.face_count == facts->face_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)64 << 20);
    DGL_AUTO_FINI(buf) path = DGL_BUF_INIT((size_t)4 << 20);
    struct dgl_font_facts facts;
    struct dgl_error err = DGL_ERROR_INIT;
    int32_t width;
    if (dgl_crypto_init(&err) != DGL_OK)
        abort();
    if (dgl_font_check(data, size, a, &facts, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return 0;
    }
    check_facts(&facts, a);
    for (uint32_t i = 0; i < facts.face_count && i < 3; i++) {
        struct only o = {data, size, &facts.faces[i]};
        if (dgl_font_sample(data, size, o.face, &path, &width, &err) == DGL_OK)
            check_path(&path);
        else
            fuzz_must_explain(&err);
        set_in(&o);
    }
    return 0;
}
