// Runs the triplets of tests/corpus/language: template, data, expected text or error.
//
//   #data {json}              for all cases of the file
//   #template NAME "source"   others may include, extend or import it
//   === [autoescape] [ours]   a case: the template's lines follow
//   ---                       the expected text follows; or: --- error SLUG
#include "test_render.h"
#include <dirent.h>
#include <stdio.h>

struct file {
    const char *name;
    json_t *data, *sources;
    unsigned cases, failed;
};

static char *read_file(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    struct dgl_buf b = DGL_BUF_INIT(1 << 22);
    char part[4096];
    size_t n;
    assert_non_null(f);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        dgl_buf_append(&b, part, n);
    fclose(f);
    return dgl_buf_take(&b, ret_len);
}

static void head_line(struct file *f, const char *line, size_t len)
{
    if (len > 6 && strncmp(line, "#data ", 6) == 0) {
        json_decref(f->data);
        f->data = json_loadb(line + 6, len - 6, JSON_ALLOW_NUL, NULL);
        assert_non_null(f->data);
    } else if (len > 10 && strncmp(line, "#template ", 10) == 0) {
        const char *blank = memchr(line + 10, ' ', len - 10);
        assert_non_null(blank);
        char name[64];
        dgl_str_copy(name, sizeof name, line + 10, (size_t)(blank - line) - 10);
        json_t *source = json_loadb(blank + 1, len - (size_t)(blank + 1 - line), JSON_DECODE_ANY, NULL);
        assert_non_null(source);
        json_object_set_new(f->sources, name, source);
    }
}

static void run_case(struct file *f, const char *mode, struct dgl_str source, const char *verdict, struct dgl_str want)
{
    struct render r = {.data = f->data, .sources = f->sources, .options = {.name = f->name}};
    r.options.autoescape = strstr(mode, "autoescape") != NULL;
    render_text(&r, source.data, source.len);
    bool ok = strncmp(verdict, "error ", 6) == 0
                  ? r.status != DGL_OK && strcmp(dgl_error_slug(&r.err), verdict + 6) == 0
                  : r.status == DGL_OK && r.out.len == want.len &&
                        (want.len == 0 || memcmp(r.out.data, want.data, want.len) == 0);
    f->cases++;
    f->failed += !ok;
    if (!ok)
        print_error("%s: %.*s\n  expected %s%.*s\n  got      %s%.*s\n", f->name, (int)source.len, source.data, verdict,
                    (int)want.len, want.data, r.status == DGL_OK ? "" : r.err.message, (int)r.out.len,
                    r.out.data ? r.out.data : "");
    render_fini(&r);
}

static const char *next_marker(const char *p, const char *end, const char *marker)
{
    while (p < end && strncmp(p, marker, 3) != 0) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        p = nl ? nl + 1 : end;
    }
    return p;
}

// The lines from `from` to `to` without the last line feed.
static struct dgl_str lines(const char *from, const char *to)
{
    return (struct dgl_str){from, to > from ? (size_t)(to - from) - 1 : 0};
}

static void run_file(const char *path, const char *name, unsigned *ret_cases, unsigned *ret_failed)
{
    size_t len;
    char *text = read_file(path, &len);
    const char *end = text + len, *p = text;
    struct file f = {.name = name, .data = json_object(), .sources = json_object()};
    while (p < end && strncmp(p, "===", 3) != 0) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        assert_non_null(nl);
        head_line(&f, p, (size_t)(nl - p));
        p = nl + 1;
    }
    while (p < end) {
        char mode[64], verdict[80] = "";
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *source = nl + 1;
        dgl_str_copy(mode, sizeof mode, p + 3, (size_t)(nl - p) - 3);
        const char *mid = next_marker(source, end, "---");
        assert_true(mid < end);
        const char *want = (const char *)memchr(mid, '\n', (size_t)(end - mid)) + 1;
        if (want - mid > 5)
            dgl_str_copy(verdict, sizeof verdict, mid + 4, (size_t)(want - mid) - 5);
        p = next_marker(want, end, "===");
        run_case(&f, mode, lines(source, mid), verdict, lines(want, p));
    }
    *ret_cases += f.cases;
    *ret_failed += f.failed;
    json_decref(f.data);
    json_decref(f.sources);
    free(text);
}

static void test_all_files(void **state)
{
    (void)state;
    unsigned cases = 0, failed = 0;
    DIR *dir = opendir(DGL_LANGUAGE_DIR);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char path[512];
        const char *dot = strrchr(e->d_name, '.');
        if (!dot || strcmp(dot, ".txt") != 0)
            continue;
        assert_true(snprintf(path, sizeof path, "%s/%s", DGL_LANGUAGE_DIR, e->d_name) < (int)sizeof path);
        run_file(path, e->d_name, &cases, &failed);
    }
    closedir(dir);
    assert_true(cases >= 250);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
