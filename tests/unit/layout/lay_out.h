// Laying out a small document and reading the text dump of its boxes, for the tests of layout.
#ifndef DGL_TESTS_LAY_OUT_H
#define DGL_TESTS_LAY_OUT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "render/layout/layout.h"
#include "render/layout/system_fonts.h"

#include "make_docx.h"

#include <stdio.h>
#include <stdlib.h>

static struct dgl_system_fonts *g_source;
static struct dgl_fonts *g_fonts;
static struct dgl_hyphens *g_hyphens;  // NULL, unless a test has some
static struct dgl_findings g_findings; // of the document laid out last

static enum dgl_status lay_out(const struct docx_parts *parts, struct dgl_buf *dump, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) docx = DGL_BUF_INIT(64u << 20);
    DGL_AUTO(arena) a = dgl_arena_new((size_t)512 << 20);
    struct dgl_budget budget = dgl_budget_default();
    struct dgl_docx_package p;
    struct dgl_document doc;
    struct dgl_sheet *owned = NULL;
    struct dgl_pages pages;
    make_docx(parts, &docx);
    DGL_TRY(dgl_docx_package_open(docx.data, docx.len, a, &p, err));
    struct dgl_load_env load = {.arena = a, .budget = &budget, .hyphens = g_hyphens};
    enum dgl_status status = dgl_document_load(&p, &load, &doc, &owned, err);
    struct dgl_layout_env env = {.arena = a, .fonts = g_fonts, .budget = &budget};
    if (status == DGL_OK)
        status = dgl_layout(&doc, &env, &pages, err);
    g_findings = doc.findings;
    if (status == DGL_OK)
        dgl_pages_dump(&pages, dump);
    dgl_sheet_free(owned);
    dgl_docx_package_close(&p);
    return status;
}

static inline char *dump_of(const struct docx_parts *parts)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_buf out = DGL_BUF_INIT(64u << 20);
    if (lay_out(parts, &out, &err) != DGL_OK)
        fail_msg("%s", err.message);
    return dgl_buf_take(&out, NULL);
}

// x and baseline of the n-th text box that begins so; page by count of "page" lines before it.
struct place {
    double x, y;
    int page;
    bool found;
};
static inline struct place find_text(const char *dump, const char *start)
{
    struct place p = {0};
    char wanted[128];
    snprintf(wanted, sizeof(wanted), "\"%s", start);
    for (const char *line = dump; *line; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n'), *quote = memmem(line, (size_t)(end - line), wanted, strlen(wanted));
        p.page += strncmp(line, "page ", 5) == 0;
        if (strncmp(line, "text ", 5) == 0 && quote) {
            char *rest;
            p.x = strtod(line + 5, &rest);
            p.y = strtod(rest, NULL);
            p.found = true;
            return p;
        }
    }
    fail_msg("no text \"%s\" in\n%s", start, dump);
    return p;
}

static inline int pages_in(const char *dump)
{
    int n = 0;
    for (const char *at = dump; (at = strstr(at, "page ")); at++)
        n += at == dump || at[-1] == '\n';
    return n;
}

static inline void near(double a, double b)
{
    if (a - b > 0.02 || b - a > 0.02)
        fail_msg("%f is not %f", a, b);
}

#define P(text) "<w:p><w:r><w:t xml:space=\"preserve\">" text "</w:t></w:r></w:p>"
#define PP(ppr, text) "<w:p><w:pPr>" ppr "</w:pPr><w:r><w:t xml:space=\"preserve\">" text "</w:t></w:r></w:p>"

static inline void repeat(struct dgl_buf *b, const char *text, int n)
{
    for (int i = 0; i < n; i++)
        dgl_buf_puts(b, text);
}

#define TC(w, text) "<w:tc><w:tcPr><w:tcW w:type=\"dxa\" w:w=\"" w "\"/></w:tcPr>" P(text) "</w:tc>"

static inline int set_up(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (dgl_system_fonts_open(false, &g_source, &err) != DGL_OK)
        return -1;
    g_fonts = dgl_fonts_new(dgl_system_fonts_source(g_source));
    return 0;
}

static inline int tear_down(void **state DGL_UNUSED)
{
    dgl_fonts_free(g_fonts);
    dgl_system_fonts_free(g_source);
    return 0;
}

#endif
