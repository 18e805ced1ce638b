// Fonts: one file of each, bounded in number and size, the organization's own.
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static enum dgl_status add(struct fixture *f, const char *org, const char *fonts, unsigned char fill, int64_t size,
                           struct dgl_id *ret_id, char replaced[DGL_FONT_URI_LEN])
{
    char uri[DGL_FONT_URI_LEN];
    struct dgl_font_row row = {.fonts = fonts,
                               .faces_json = "[]",
                               .sample_path = "M0 0Z",
                               .sample_width = 7,
                               .blob_uri = uri,
                               .size_bytes = size,
                               .file_name = "f.ttf"};
    snprintf(row.org, sizeof row.org, "%s", org);
    snprintf(uri, sizeof uri, "blob:%s/font/%u.font", org, fill);
    memset(row.sha256, fill, sizeof row.sha256);
    return dgl_store_font_add(f->store, &row, ret_id, replaced, &f->err);
}

static uint64_t number_of(struct fixture *f, const char *org)
{
    struct dgl_org row;
    assert_ok(f, dgl_store_org_get(f->store, f->arena, org, &row, &f->err));
    return row.number;
}

static void test_one_of_each(void **state)
{
    struct fixture *f = *state;
    struct dgl_id first, second, bold;
    char replaced[DGL_FONT_URI_LEN];
    struct dgl_font_row *rows, row;
    size_t count;
    assert_ok(f, add(f, f->org.s, "Acme/Regular\n", 1, 10, &first, replaced));
    assert_string_equal(replaced, "");
    assert_ok(f, add(f, f->org.s, "Acme/Bold\n", 2, 10, &bold, replaced));
    assert_string_equal(replaced, "");
    assert_ok(f, add(f, f->org.s, "Acme/Regular\n", 3, 11, &second, replaced));
    assert_non_null(strstr(replaced, "/font/1.font"));
    fixture_reopen(f);
    assert_ok(f, dgl_store_font_list(f->store, f->arena, f->org.s, &rows, &count, &f->err));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].id, second.s);
    assert_string_equal(rows[1].id, bold.s);
    assert_int_equal(rows[0].sha256[31], 3);
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_font_get(f->store, f->arena, f->org.s, first.s, &row, &f->err));
    assert_ok(f, dgl_store_font_get(f->store, f->arena, f->org.s, second.s, &row, &f->err));
    assert_string_equal(row.sample_path, "M0 0Z");
    assert_int_equal(row.size_bytes, 11);
    assert_ok(f, dgl_store_font_delete(f->store, f->org.s, second.s, replaced, &f->err));
    assert_non_null(strstr(replaced, "/font/3.font"));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_font_delete(f->store, f->org.s, second.s, replaced, &f->err));
}

static void test_bounds(void **state)
{
    struct fixture *f = *state;
    struct dgl_id id, other = make_org(f, "Other");
    char replaced[DGL_FONT_URI_LEN], name[40];
    assert_ok(f, add(f, other.s, "Large/Regular\n", 1, DGL_STORE_FONTS_MAX_BYTES - 5, &id, replaced));
    assert_fails(f, DGL_E_CONFLICT, add(f, other.s, "Small/Regular\n", 2, 6, &id, replaced));
    assert_string_equal(f->err.slug, "too_many_fonts");
    assert_ok(f, add(f, other.s, "Small/Regular\n", 2, 5, &id, replaced));
    assert_ok(f, add(f, other.s, "Large/Regular\n", 3, 100, &id, replaced)); // in place of the large one
    for (int i = 0; i < DGL_STORE_FONTS_MAX; i++) {
        snprintf(name, sizeof name, "F%d/Regular\n", i);
        assert_ok(f, add(f, f->org.s, name, (unsigned char)i, 1, &id, replaced));
    }
    assert_fails(f, DGL_E_CONFLICT, add(f, f->org.s, "More/Regular\n", 2, 1, &id, replaced));
    assert_ok(f, add(f, f->org.s, "F7/Regular\n", 2, 1, &id, replaced));
}

static void test_nobody_elses(void **state)
{
    struct fixture *f = *state;
    struct dgl_id id, other = make_org(f, "Other");
    char uri[DGL_FONT_URI_LEN];
    struct dgl_font_row *rows, row;
    const char **files;
    unsigned char hash[32];
    size_t count;
    memset(hash, 9, sizeof hash);
    assert_ok(f, add(f, f->org.s, "Acme/Regular\n", 9, 10, &id, uri));
    assert_ok(f, dgl_store_font_file(f->store, number_of(f, f->org.s), hash, uri, &f->err));
    assert_non_null(strstr(uri, "/font/9.font"));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_font_file(f->store, number_of(f, other.s), hash, uri, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_font_get(f->store, f->arena, other.s, id.s, &row, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_font_delete(f->store, other.s, id.s, uri, &f->err));
    assert_ok(f, dgl_store_font_list(f->store, f->arena, other.s, &rows, &count, &f->err));
    assert_int_equal(count, 0);
    assert_ok(f, add(f, other.s, "Acme/Regular\n", 9, 10, &id, uri));
    assert_string_equal(uri, "");
    assert_ok(f, dgl_store_font_files(f->store, f->arena, &files, &count, &f->err));
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_of_each, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_bounds, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_nobody_elses, fixture_open, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
