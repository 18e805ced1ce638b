// Fuzz target: forms. First line: the Content-Type; the rest: the body. However the body is cut on its way, the same
// fields come out or the same refusal.
#include "fuzz.h"

#include "server/http/form.h"

#include <unistd.h>

struct outcome {
    struct dgl_arena *arena;
    struct http_form *form;
    struct dgl_error err;
};

static void read_form(const char *type, const uint8_t *data, size_t size, size_t piece, struct outcome *ret)
{
    *ret = (struct outcome){.arena = dgl_arena_new(0), .err = DGL_ERROR_INIT};
    if (http_form_new(type, ret->arena, fuzz_temp_dir(), &ret->form, &ret->err) != DGL_OK)
        return;
    for (size_t at = 0; at < size; at += piece)
        if (http_form_feed(ret->form, (const char *)data + at, DGL_MIN(piece, size - at), &ret->err) != DGL_OK)
            return;
    (void)!http_form_finish(ret->form, &ret->err);
}

static void check_field(const struct dgl_http_field *f)
{
    fuzz_must(f->name && dgl_utf8_valid(f->name, strlen(f->name)));
    if (f->file_name) {
        fuzz_must(dgl_utf8_valid(f->file_name, strlen(f->file_name)) && !strpbrk(f->file_name, "/\\"));
        for (const char *p = f->file_name; *p; p++)
            fuzz_must((unsigned char)*p >= 0x20 && *p != 0x7F);
        fuzz_must(lseek(f->fd, 0, SEEK_END) == (off_t)f->size_bytes);
    } else {
        fuzz_must(f->value && strlen(f->value) == f->size_bytes && dgl_utf8_valid(f->value, f->size_bytes));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t pieces[] = {1, 7};
    char *type = fuzz_take_text(&data, &size, '\n');
    struct outcome whole, cut;
    read_form(type, data, size, size ? size : 1, &whole);
    if (whole.err.code != DGL_OK)
        fuzz_must_explain(&whole.err);
    for (size_t i = 0; whole.err.code == DGL_OK && i < http_form_count(whole.form); i++)
        check_field(http_form_at(whole.form, i));
    for (size_t k = 0; k < DGL_COUNT(pieces); k++) {
        read_form(type, data, size, pieces[k], &cut);
        fuzz_must(cut.err.code == whole.err.code);
        fuzz_must(whole.err.code != DGL_OK || http_form_count(cut.form) == http_form_count(whole.form));
        for (size_t i = 0; whole.err.code == DGL_OK && i < http_form_count(whole.form); i++) {
            const struct dgl_http_field *a = http_form_at(whole.form, i), *b = http_form_at(cut.form, i);
            fuzz_must(strcmp(a->name, b->name) == 0 && a->size_bytes == b->size_bytes);
            fuzz_must(!a->value || strcmp(a->value, b->value) == 0);
        }
        http_form_free(cut.form);
        dgl_arena_free(cut.arena);
    }
    http_form_free(whole.form);
    dgl_arena_free(whole.arena);
    free(type);
    return 0;
}
