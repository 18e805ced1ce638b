// mutate_docx TEMPLATE DATA.json FIRST_SEED COUNT
//
// Renders damaged copies of a template: bytes of the package flipped, or bytes of one XML member changed, cut or
// doubled before it is packed again. Every outcome must be an error with words or a package whose parts are well-formed
// XML. Meant to run under AddressSanitizer; prints how often what happened.
#include "base/crypto.h"
#include "base/file.h"
#include "check.h"
#include "render/docx/docx.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state_;

static uint32_t roll(size_t n)
{
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return n ? (uint32_t)((state_ >> 16) % n) : 0;
}

static void damage(struct dgl_buf *b)
{
    static const char *const pieces[] = {"{{",
                                         "}}",
                                         "{%",
                                         "%}",
                                         "{%p ",
                                         "{%tr ",
                                         "{%tc ",
                                         "<",
                                         ">",
                                         "</w:p>",
                                         "<w:p>",
                                         "\"",
                                         "&",
                                         "{% endfor %}",
                                         "{% for x in y %}",
                                         "{{p ",
                                         "{#",
                                         "#}",
                                         "-%}",
                                         "{%-",
                                         "{% vm %}",
                                         "{% hm %}",
                                         "{% colspan 2 %}",
                                         "{% raw %}",
                                         "{%r ",
                                         "{{r ",
                                         "|safe",
                                         "\xC2\xA0",
                                         "\xE2\x80\x9C",
                                         "{_{",
                                         "[",
                                         "(",
                                         "'"};
    for (uint32_t i = 1 + roll(4); i > 0 && b->len > 8; i--) {
        size_t at = roll(b->len), wanted = roll(40) + 1, len = DGL_MIN(wanted, b->len - at);
        const char *piece = pieces[roll(DGL_COUNT(pieces))];
        switch (roll(6)) {
        case 0:
            b->data[at] = (char)roll(256);
            break;
        case 1: // cut
            memmove(b->data + at, b->data + at + len, b->len - at - len);
            b->len -= len;
            break;
        case 2: // double
            if (dgl_buf_reserve(b, len)) {
                memmove(b->data + at + len, b->data + at, b->len - at);
                b->len += len;
            }
            break;
        default: // put a piece in
            if (dgl_buf_reserve(b, strlen(piece))) {
                memmove(b->data + at + strlen(piece), b->data + at, b->len - at);
                memcpy(b->data + at, piece, strlen(piece));
                b->len += strlen(piece);
            }
        }
    }
}

static bool repack(const struct dgl_buf *package, struct dgl_buf *out)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip) z = NULL;
    if (dgl_zip_open(package->data, package->len, &z, &err) != DGL_OK)
        return false;
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(out, 1);
    size_t victim = roll(dgl_zip_count(z)), main = 0;
    if (roll(2) && dgl_zip_find(z, "word/document.xml", &main))
        victim = main;
    for (size_t i = 0; i < dgl_zip_count(z); i++) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(64u << 20);
        if (dgl_zip_read(z, i, &b, &err) != DGL_OK)
            return false;
        if (i == victim)
            damage(&b);
        if (dgl_zip_writer_add(w, dgl_zip_name(z, i), b.data ? b.data : "", b.len, &err) != DGL_OK)
            return false;
    }
    return dgl_zip_writer_finish(w, &err) == DGL_OK;
}

static enum dgl_status render(const struct dgl_buf *package, const struct dgl_buf *json, struct dgl_buf *out,
                              struct dgl_error *err)
{
    DGL_AUTO(docx) d = NULL;
    DGL_AUTO(arena) arena = dgl_arena_new(64u << 20);
    struct dgl_budget budget = dgl_budget_default();
    budget.steps_left = 2000000;
    struct dgl_value data;
    DGL_AUTO_FINI(diagnostics) diagnostics = {.count = 0};
    DGL_TRY(dgl_docx_compile(package->data, package->len, &diagnostics, &d, err));
    DGL_TRY(dgl_value_parse_json(arena, json->data, json->len, "data", &budget, &data, err));
    struct dgl_docx_env env = {.created_at_us = 1705314600000000, .budget = &budget, .arena = arena};
    json_decref(dgl_docx_tokens(d));
    return dgl_docx_render(d, data, &env, out, NULL, err);
}

int main(int argc, char **argv)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(64u << 20);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64u << 20);
    if (argc != 5 || dgl_crypto_init(&err) != DGL_OK || dgl_file_read(argv[1], 64u << 20, &package, &err) != DGL_OK ||
        dgl_file_read(argv[2], 64u << 20, &text, &err) != DGL_OK) {
        fprintf(stderr, "usage: mutate_docx TEMPLATE DATA.json FIRST_SEED COUNT %s\n", err.message);
        return 2;
    }
    unsigned long first = strtoul(argv[3], NULL, 10), count = strtoul(argv[4], NULL, 10), made = 0, refused = 0;
    for (unsigned long seed = first; seed < first + count; seed++) {
        state_ = (seed + 1) * 0x9E3779B97F4A7C15u;
        roll(2);
        DGL_AUTO_FINI(buf) damaged = DGL_BUF_INIT(64u << 20);
        DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(256u << 20);
        if (roll(4) == 0) {
            dgl_buf_append(&damaged, package.data, package.len);
            for (uint32_t i = 1 + roll(6); i > 0; i--)
                damaged.data[roll(damaged.len)] ^= (char)(1 << roll(8));
        } else if (!repack(&package, &damaged)) {
            fprintf(stderr, "seed %lu: cannot be packed\n", seed);
            return 1;
        }
        err = DGL_ERROR_INIT;
        if (render(&damaged, &text, &out, &err) == DGL_OK) {
            const char *problem = check_document_package(out.data, out.len, false);
            made++;
            if (problem) {
                fprintf(stderr, "seed %lu: %s\n", seed, problem);
                return 1;
            }
        } else {
            refused++;
            if (err.message[0] == '\0' || err.code == DGL_E_INTERNAL) {
                fprintf(stderr, "seed %lu: %s\n", seed, err.message);
                return 1;
            }
        }
    }
    printf("%lu documents, %lu errors\n", made, refused);
    return 0;
}
