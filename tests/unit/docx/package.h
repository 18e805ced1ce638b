// Small DOCX packages made in memory, for the tests of render/docx.
#ifndef DGL_TESTS_DOCX_PACKAGE_H
#define DGL_TESTS_DOCX_PACKAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// cmocka wants the four above first.
#include "base/zip.h"
#include "render/docx/docx.h"
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_W "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define NS_R "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define REL_OFFICE NS_R "/"
#define DOCUMENT(body) "<w:document xmlns:w=\"" NS_W "\" xmlns:r=\"" NS_R "\"><w:body>" body "</w:body></w:document>"
#define RELS(items) \
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">" items "</Relationships>"
#define REL(id, type, target) "<Relationship Id=\"" id "\" Type=\"" REL_OFFICE type "\" Target=\"" target "\"/>"
#define P(text) "<w:p><w:r><w:t>" text "</w:t></w:r></w:p>"
#define TC(content) "<w:tc><w:tcPr><w:tcW w:w=\"1000\" w:type=\"dxa\"/></w:tcPr>" content "</w:tc>"
#define TR(cells) "<w:tr>" cells "</w:tr>"
#define TBL(grid, rows) "<w:tbl><w:tblPr/><w:tblGrid>" grid "</w:tblGrid>" rows "</w:tbl>"
#define COL "<w:gridCol w:w=\"1000\"/>"

#define WORD_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define TYPES(more)                                                                                          \
    "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"                         \
    "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>" \
    "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"                                           \
    "<Override PartName=\"/word/document.xml\" ContentType=\"" WORD_TYPE "document.main+xml\"/>" more "</Types>"

struct member {
    const char *name, *data;
};
static const struct member no_members[] = {{NULL, NULL}};

// A package of `members` (ends at a NULL name), and what a DOCX cannot do without where they leave it out.
static inline void make_package(const struct member *members, struct dgl_buf *out)
{
    static const struct member base[] = {
        {"[Content_Types].xml", TYPES("")},
        {"_rels/.rels", RELS(REL("rId1", "officeDocument", "word/document.xml"))},
        {"word/document.xml", DOCUMENT("")},
    };
    struct dgl_error err = DGL_ERROR_INIT;
    *out = DGL_BUF_INIT(64u << 20);
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(out, 1);
    for (size_t i = 0; i < DGL_COUNT(base); i++) {
        bool given = false;
        for (const struct member *m = members; m->name; m++)
            given |= strcmp(m->name, base[i].name) == 0;
        if (!given)
            assert_int_equal(dgl_zip_writer_add(w, base[i].name, base[i].data, strlen(base[i].data), &err), DGL_OK);
    }
    for (const struct member *m = members; m->name; m++)
        if (m->data)
            assert_int_equal(dgl_zip_writer_add(w, m->name, m->data, strlen(m->data), &err), DGL_OK);
    assert_int_equal(dgl_zip_writer_finish(w, &err), DGL_OK);
}

// Everything a test may look at after a render.
struct outcome {
    enum dgl_status status;
    struct dgl_error err;
    struct dgl_buf package;
    char *document; // word/document.xml; NULL when the render failed
    size_t diagnostics, warnings;
};

static inline char *read_member(const struct dgl_buf *package, const char *name)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip) z = NULL;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(64u << 20);
    size_t at = 0;
    assert_int_equal(dgl_zip_open(package->data, package->len, &z, &err), DGL_OK);
    if (!dgl_zip_find(z, name, &at))
        return NULL;
    assert_int_equal(dgl_zip_read(z, at, &b, &err), DGL_OK);
    return dgl_buf_take(&b, NULL);
}

static inline enum dgl_status render_into(const struct dgl_docx *d, const char *json,
                                          const struct dgl_docx_loader *loader, struct outcome *o)
{
    DGL_AUTO(arena) arena = dgl_arena_new(256u << 20);
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_value value;
    DGL_TRY(dgl_value_parse_json(arena, json, strlen(json), "data", &budget, &value, &o->err));
    struct dgl_docx_env env = {.loader = loader, .created_at_us = 1705314600000000, .budget = &budget, .arena = arena};
    struct dgl_docx_warnings warnings = {.count = 0};
    DGL_TRY(dgl_docx_render(d, value, &env, &o->package, &warnings, &o->err));
    o->warnings = warnings.count;
    return DGL_OK;
}

static inline struct outcome render_package(const struct dgl_buf *package, const char *json,
                                            const struct dgl_docx_loader *loader)
{
    struct outcome o = {.package = DGL_BUF_INIT(64u << 20)};
    DGL_AUTO(docx) d = NULL;
    DGL_AUTO_FINI(diagnostics) diagnostics = {.count = 0};
    o.status = dgl_docx_compile(package->data, package->len, &diagnostics, &d, &o.err);
    o.diagnostics = diagnostics.count;
    if (o.status == DGL_OK)
        o.status = render_into(d, json, loader, &o);
    if (o.status == DGL_OK)
        o.document = read_member(&o.package, "word/document.xml");
    return o;
}

static inline struct outcome render_members(const struct member *members, const char *json)
{
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(0);
    make_package(members, &package);
    return render_package(&package, json, NULL);
}

static inline struct outcome render_body(const char *document, const char *json)
{
    return render_members((struct member[]){{"word/document.xml", document}, {NULL, NULL}}, json);
}

static inline void outcome_fini(struct outcome *o)
{
    dgl_buf_fini(&o->package);
    free(o->document);
}

static inline size_t count_of(const char *text, const char *piece)
{
    size_t n = 0;
    for (const char *p = strstr(text, piece); p; p = strstr(p + 1, piece))
        n++;
    return n;
}

// The text of a document: w:t, with "|" after each paragraph; tabs and breaks as \t and \n.
static inline char *text_of_document(const char *xml)
{
    struct dgl_buf b = DGL_BUF_INIT(16u << 20);
    for (const char *p = xml; (p = strchr(p, '<'));) {
        if (strncmp(p, "<w:t>", 5) == 0 || strncmp(p, "<w:t ", 5) == 0) {
            const char *from = strchr(p, '>') + 1, *to = strchr(from, '<');
            dgl_buf_append(&b, from, (size_t)(to - from));
        } else if (strncmp(p, "</w:p>", 6) == 0) {
            dgl_buf_putc(&b, '|');
        } else if (strncmp(p, "<w:tab/>", 8) == 0) {
            dgl_buf_putc(&b, '\t');
        } else if (strncmp(p, "<w:br/>", 7) == 0) {
            dgl_buf_putc(&b, '\n');
        }
        p++;
    }
    return dgl_buf_take(&b, NULL);
}

// Renders a body and compares its text.
static inline void check_text(const char *document, const char *json, const char *expected)
{
    struct outcome o = render_body(document, json);
    if (o.status != DGL_OK) {
        char text[1024];
        fail_msg("%s", dgl_error_describe(&o.err, text, sizeof text));
    }
    char *text = text_of_document(o.document);
    assert_string_equal(text ? text : "", expected);
    free(text);
    outcome_fini(&o);
}

static inline void check_fails(const char *document, const char *json, const char *slug, uint32_t paragraph)
{
    struct outcome o = render_body(document, json);
    assert_int_not_equal(o.status, DGL_OK);
    assert_string_equal(dgl_error_slug(&o.err), slug);
    assert_int_equal(o.err.place.paragraph, paragraph);
    outcome_fini(&o);
}

#endif
