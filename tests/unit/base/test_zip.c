// ZIP reading and writing: round trips, raw copies, determinism, an independent reader, and archives made to do harm.
#include "base/zip.h"
#include "unit.h"

#include <stdlib.h>
#include <zip.h>

#define ARCHIVE_MAX ((size_t)8 << 20)

// The archive every damage test starts from: "a.txt" deflated, "B/c.bin" stored.
static const char long_text[] = "the same words again and again, the same words again and again, the same words again";

static void put32(char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (char)(v >> (8 * i) & 0xFF);
}

static void put16(char *p, unsigned v)
{
    p[0] = (char)(v & 0xFF);
    p[1] = (char)(v >> 8);
}

static void make(struct dgl_buf *out)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(out, 6);
    assert_ok(dgl_zip_writer_add(w, "a.txt", long_text, sizeof(long_text) - 1, &err), err);
    assert_ok(dgl_zip_writer_add(w, "B/c.bin", "\x01\x02\x03", 3, &err), err);
    assert_ok(dgl_zip_writer_finish(w, &err), err);
}

// The bytes of the n-th directory entry.
static char *entry(struct dgl_buf *b, unsigned n)
{
    char *p = b->data;
    for (;; n--) {
        p = memmem(p, b->len - (size_t)(p - b->data), "PK\x01\x02", 4);
        assert_non_null(p);
        if (n == 0)
            return p;
        p++;
    }
}

static enum dgl_status open_only(const struct dgl_buf *b, struct dgl_error *err)
{
    // An exact copy, so that a read past the end is seen.
    DGL_AUTO_PTR char *copy = dgl_alloc(b->len);
    memcpy(copy, b->data, b->len);
    DGL_AUTO(zip) z = NULL;
    return dgl_zip_open(copy, b->len, &z, err);
}

static void test_round_trip(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    DGL_AUTO_FINI(buf) data = DGL_BUF_INIT(1000);
    make(&b);
    DGL_AUTO(zip) z = NULL;
    assert_ok(dgl_zip_open(b.data, b.len, &z, &err), err);
    assert_int_equal(dgl_zip_count(z), 2);
    assert_string_equal(dgl_zip_name(z, 0), "a.txt");
    assert_string_equal(dgl_zip_name(z, 1), "B/c.bin");
    size_t i = 99;
    assert_true(dgl_zip_find(z, "b/C.BIN", &i));
    assert_int_equal(i, 1);
    assert_true(dgl_zip_find(z, "A.txt", &i));
    assert_int_equal(i, 0);
    assert_false(dgl_zip_find(z, "a.tx", &i));
    assert_ok(dgl_zip_read(z, 0, &data, &err), err);
    assert_string_equal(data.data, long_text);
    dgl_buf_reset(&data);
    assert_ok(dgl_zip_read(z, 1, &data, &err), err);
    assert_int_equal(data.len, 3);
    struct dgl_zip_raw raw;
    assert_ok(dgl_zip_raw(z, 0, &raw, &err), err);
    assert_int_equal(raw.method, 8);
    assert_true(raw.compressed_size < raw.size);
    assert_ok(dgl_zip_raw(z, 1, &raw, &err), err);
    assert_int_equal(raw.method, 0);
    assert_memory_equal(raw.data, "\x01\x02\x03", 3);
    struct dgl_str lent;
    assert_false(dgl_zip_lend(z, 0, &lent)); // deflated
    assert_true(dgl_zip_lend(z, 1, &lent));
    assert_ptr_equal(lent.data, raw.data);
    *(char *)(uintptr_t)raw.data = 9; // damaged
    assert_false(dgl_zip_lend(z, 1, &lent));
    *(char *)(uintptr_t)raw.data = 1;
    assert_int_equal(dgl_zip_raw(z, 2, &raw, &err), DGL_E_INTERNAL);
    DGL_AUTO_FINI(buf) small = DGL_BUF_INIT(10);
    assert_int_equal(dgl_zip_read(z, 0, &small, &err), DGL_E_LIMIT);
}

static void test_equal_input_gives_equal_bytes(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) a = DGL_BUF_INIT(ARCHIVE_MAX);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    make(&a);
    make(&b);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

static void test_raw_copy(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) a = DGL_BUF_INIT(ARCHIVE_MAX);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    make(&a);
    DGL_AUTO(zip) z = NULL;
    assert_ok(dgl_zip_open(a.data, a.len, &z, &err), err);
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 6);
    for (size_t i = 0; i < dgl_zip_count(z); i++) {
        struct dgl_zip_raw raw;
        assert_ok(dgl_zip_raw(z, i, &raw, &err), err);
        assert_ok(dgl_zip_writer_add_raw(w, dgl_zip_name(z, i), &raw, &err), err);
    }
    assert_ok(dgl_zip_writer_finish(w, &err), err);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

static void test_other_reader_agrees(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    dgl_buf_puts(&b, "skipped"); // an archive may begin anywhere in the buffer
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 12);
    assert_ok(dgl_zip_writer_add(w, "empty", NULL, 0, &err), err);
    assert_ok(dgl_zip_writer_add(w,
                                 "gr\xC3\xBC\xC3\x9F"
                                 "e.txt",
                                 long_text, sizeof(long_text) - 1, &err),
              err);
    assert_ok(dgl_zip_writer_finish(w, &err), err);
    zip_error_t why;
    zip_source_t *source = zip_source_buffer_create(b.data + 7, b.len - 7, 0, &why);
    zip_t *other = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &why);
    assert_non_null(other);
    assert_int_equal(zip_get_num_entries(other, 0), 2);
    assert_string_equal(zip_get_name(other, 1, ZIP_FL_ENC_STRICT), "gr\xC3\xBC\xC3\x9F"
                                                                   "e.txt");
    char text[200];
    zip_file_t *f = zip_fopen_index(other, 1, 0);
    assert_int_equal(zip_fread(f, text, sizeof(text)), sizeof(long_text) - 1);
    assert_memory_equal(text, long_text, sizeof(long_text) - 1);
    zip_fclose(f);
    zip_stat_t st;
    assert_int_equal(zip_stat_index(other, 0, 0, &st), 0);
    assert_int_equal(st.size, 0);
    zip_discard(other);
}

static void test_level_0_and_incompressible_are_stored(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    unsigned char noise[500];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
    DGL_AUTO(zip_writer) stored = dgl_zip_writer_new(&b, 0);
    assert_ok(dgl_zip_writer_add(stored, "a", long_text, sizeof(long_text) - 1, &err), err);
    assert_ok(dgl_zip_writer_finish(stored, &err), err);
    assert_non_null(memmem(b.data, b.len, long_text, sizeof(long_text) - 1));
    dgl_buf_reset(&b);
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 6);
    assert_ok(dgl_zip_writer_add(w, "a", noise, sizeof(noise), &err), err);
    assert_ok(dgl_zip_writer_finish(w, &err), err);
    assert_non_null(memmem(b.data, b.len, noise, sizeof(noise)));
    assert_ok(open_only(&b, &err), err);
}

static void test_writer_bounds(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(100);
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 6);
    assert_ok(dgl_zip_writer_add(w, "a", "abc", 3, &err), err);
    assert_int_equal(dgl_zip_writer_add(w, "a", "abc", 3, &err), DGL_E_INTERNAL);
    assert_int_equal(dgl_zip_writer_add(w, "", "abc", 3, &err), DGL_E_INTERNAL);
    assert_int_equal(dgl_zip_writer_add(w, "b", long_text, sizeof(long_text) - 1, &err), DGL_E_LIMIT);
    assert_int_equal(dgl_zip_writer_finish(w, &err), DGL_E_LIMIT);
    dgl_zip_writer_free(NULL);
    dgl_zip_free(NULL);
}

static void test_tight_buffer_still_deflates(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char *zeros = dgl_alloc(100000);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(500); // far below the input, enough for the output
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 6);
    assert_ok(dgl_zip_writer_add(w, "z", zeros, 100000, &err), err);
    assert_ok(dgl_zip_writer_finish(w, &err), err);
    free(zeros);
}

static void test_every_cut_is_refused(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    make(&b);
    for (size_t len = 0; len < b.len; len++) {
        struct dgl_buf cut = {.data = b.data, .len = len};
        assert_int_equal(open_only(&cut, &err), DGL_E_MALFORMED);
    }
    assert_ok(open_only(&b, &err), err);
    dgl_buf_puts(&b, "behind"); // bytes behind the end record are passed over
    assert_ok(open_only(&b, &err), err);
}

static void test_every_changed_byte_is_survived(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    make(&b);
    for (size_t at = 0; at < b.len; at++) {
        for (unsigned flip = 1; flip < 256; flip = flip * 2 + 1) {
            DGL_AUTO_PTR char *copy = dgl_alloc(b.len);
            memcpy(copy, b.data, b.len);
            copy[at] = (char)(copy[at] ^ flip);
            struct dgl_error err = DGL_ERROR_INIT;
            DGL_AUTO(zip) z = NULL;
            if (dgl_zip_open(copy, b.len, &z, &err) != DGL_OK)
                continue;
            for (size_t i = 0; i < dgl_zip_count(z); i++) {
                DGL_AUTO_FINI(buf) data = DGL_BUF_INIT(1 << 20);
                struct dgl_zip_raw raw;
                (void)!dgl_zip_read(z, i, &data, &err);
                (void)!dgl_zip_raw(z, i, &raw, &err);
            }
        }
    }
}

static void assert_refused(struct dgl_buf *b, enum dgl_status code, const char *slug)
{
    struct dgl_error err = DGL_ERROR_INIT;
    enum dgl_status status = open_only(b, &err);
    if (status != code || strcmp(err.slug, slug) != 0)
        fail_msg("got %d %s \"%s\", wanted %d %s", status, err.slug, err.message, code, slug);
}

static void test_not_a_zip(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    dgl_buf_puts(&b, "%PDF-1.7 and some more text that is no archive");
    assert_refused(&b, DGL_E_MALFORMED, "not_a_zip");
}

static void test_names(void **state DGL_UNUSED)
{
    static const char *const bad[] = {"/abs.x",
                                      "../ab.x",
                                      "a/../bc",
                                      "a\\b.xyz",
                                      "c:/abcd",
                                      "a\nb.txt",
                                      "ab\xFF"
                                      "cde",
                                      "a/b/c/.."};
    for (size_t i = 0; i < DGL_COUNT(bad); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
        DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 6);
        assert_ok(dgl_zip_writer_add(w, bad[i], "x", 1, &err), err);
        assert_ok(dgl_zip_writer_finish(w, &err), err);
        assert_refused(&b, DGL_E_MALFORMED, "zip_bad_name");
    }
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 6);
    assert_ok(dgl_zip_writer_add(w, "word/..document.xml..", "x", 1, &err), err);
    assert_ok(dgl_zip_writer_add(w, "WORD/..document.xml..", "x", 1, &err), err);
    assert_ok(dgl_zip_writer_finish(w, &err), err);
    assert_refused(&b, DGL_E_MALFORMED, "zip_duplicate");
}

static void test_refused_features(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    make(&b);
    entry(&b, 0)[8] |= 1;
    assert_refused(&b, DGL_E_UNSUPPORTED, "zip_encrypted");
    entry(&b, 0)[8] &= ~1;
    put16(entry(&b, 0) + 10, 12);
    assert_refused(&b, DGL_E_UNSUPPORTED, "zip_method");
    put16(entry(&b, 0) + 10, 0);
    assert_refused(&b, DGL_E_MALFORMED, "malformed_zip"); // stored with two sizes
}

static void test_bombs(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    make(&b);
    put32(entry(&b, 0) + 24, 2u << 20);
    assert_refused(&b, DGL_E_LIMIT, "zip_bomb");
    put32(entry(&b, 0) + 24, DGL_ZIP_MAX_MEMBER_BYTES + 1);
    assert_refused(&b, DGL_E_LIMIT, "zip_too_large");
    dgl_buf_reset(&b);
    make(&b);
    char *end = memmem(b.data, b.len, "PK\x05\x06", 4);
    put16(end + 8, 5000);
    put16(end + 10, 5000);
    assert_refused(&b, DGL_E_LIMIT, "zip_too_many_members");
    // The total: many members below their own limit.
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_buf_reset(&b);
    size_t size = 40u << 20;
    char *zeros = dgl_alloc(size);
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 1);
    for (int i = 0; i < 7; i++) {
        char name[2] = {(char)('a' + i), 0};
        assert_ok(dgl_zip_writer_add(w, name, zeros, size, &err), err);
    }
    assert_ok(dgl_zip_writer_finish(w, &err), err);
    free(zeros);
    struct dgl_error total = DGL_ERROR_INIT;
    assert_int_equal(open_only(&b, &total), DGL_E_LIMIT);
}

// A member that says less or more than it holds is found when it is read.
static void test_size_and_checksum(void **state DGL_UNUSED)
{
    for (int change = 0; change < 3; change++) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
        DGL_AUTO_FINI(buf) data = DGL_BUF_INIT(1000);
        make(&b);
        char *e = entry(&b, 0);
        if (change == 0)
            e[16] ^= 1; // checksum
        else
            put32(e + 24, (uint32_t)(sizeof(long_text) - 1) + (change == 1 ? 1 : -1));
        DGL_AUTO(zip) z = NULL;
        assert_ok(dgl_zip_open(b.data, b.len, &z, &err), err);
        assert_int_equal(dgl_zip_read(z, 0, &data, &err), DGL_E_MALFORMED);
        assert_contains(err.message, "a.txt");
        assert_int_equal(data.len, 0);
    }
}

// One member whose stored data is another member, local header included.
static void test_overlap(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) inner = DGL_BUF_INIT(ARCHIVE_MAX);
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    DGL_AUTO(zip_writer) first = dgl_zip_writer_new(&inner, 0);
    assert_ok(dgl_zip_writer_add(first, "kernel", "xyz", 3, &err), err);
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 0);
    assert_ok(dgl_zip_writer_add(w, "outer", inner.data, inner.len, &err), err);
    assert_ok(dgl_zip_writer_add(w, "kernel", "xyz", 3, &err), err);
    assert_ok(dgl_zip_writer_finish(w, &err), err);
    assert_ok(open_only(&b, &err), err);
    put32(entry(&b, 1) + 42, 30 + 5);
    assert_refused(&b, DGL_E_MALFORMED, "zip_overlap");
}

static void test_local_header_must_agree(void **state DGL_UNUSED)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    make(&b);
    b.data[30] = 'x'; // the name in the local header
    assert_refused(&b, DGL_E_MALFORMED, "malformed_zip");
    b.data[30] = 'a';
    put32(entry(&b, 1) + 42, 0);
    assert_refused(&b, DGL_E_MALFORMED, "malformed_zip");
    put32(entry(&b, 1) + 42, 0xFFFFFFF0);
    assert_refused(&b, DGL_E_MALFORMED, "malformed_zip");
}

// ZIP64: all numbers that may be all ones are, and stand in the extra field.
static void test_zip64(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char zip[30 + 1 + 3 + 46 + 1 + 28 + 56 + 20 + 22] = {0};
    char *p = zip;
    put32(p, 0x04034b50);
    put16(p + 26, 1);
    memcpy(p + 30, "aabc", 4);
    char *dir = p += 34;
    put32(p, 0x02014b50);
    put32(p + 16, 0x352441c2); // CRC-32 of "abc"
    put32(p + 20, 0xFFFFFFFF);
    put32(p + 24, 0xFFFFFFFF);
    put16(p + 28, 1);
    put16(p + 30, 28);
    put32(p + 42, 0xFFFFFFFF);
    p[46] = 'a';
    put16(p + 47, 1);
    put16(p + 49, 24);
    put32(p + 51, 3);
    put32(p + 59, 3);
    char *end64 = p += 75;
    put32(p, 0x06064b50);
    put32(p + 4, 44);
    put32(p + 24, 1);
    put32(p + 32, 1);
    put32(p + 40, 75);
    put32(p + 48, (uint32_t)(dir - zip));
    p += 56;
    put32(p, 0x07064b50);
    put32(p + 8, (uint32_t)(end64 - zip));
    put32(p + 16, 1);
    p += 20;
    put32(p, 0x06054b50);
    put16(p + 8, 0xFFFF);
    put16(p + 10, 0xFFFF);
    put32(p + 12, 0xFFFFFFFF);
    put32(p + 16, 0xFFFFFFFF);
    DGL_AUTO(zip) z = NULL;
    assert_ok(dgl_zip_open(zip, sizeof(zip), &z, &err), err);
    DGL_AUTO_FINI(buf) data = DGL_BUF_INIT(10);
    assert_ok(dgl_zip_read(z, 0, &data, &err), err);
    assert_string_equal(data.data, "abc");
    put16(dir + 49, 23); // too short for its three numbers
    struct dgl_buf broken = {.data = zip, .len = sizeof(zip)};
    assert_refused(&broken, DGL_E_MALFORMED, "malformed_zip");
}

static void test_empty_archive(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(ARCHIVE_MAX);
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&b, 6);
    assert_ok(dgl_zip_writer_finish(w, &err), err);
    DGL_AUTO(zip) z = NULL;
    assert_ok(dgl_zip_open(b.data, b.len, &z, &err), err);
    assert_int_equal(dgl_zip_count(z), 0);
    size_t i;
    assert_false(dgl_zip_find(z, "", &i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_equal_input_gives_equal_bytes),
        cmocka_unit_test(test_raw_copy),
        cmocka_unit_test(test_other_reader_agrees),
        cmocka_unit_test(test_level_0_and_incompressible_are_stored),
        cmocka_unit_test(test_writer_bounds),
        cmocka_unit_test(test_tight_buffer_still_deflates),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_every_changed_byte_is_survived),
        cmocka_unit_test(test_not_a_zip),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused_features),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_size_and_checksum),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_local_header_must_agree),
        cmocka_unit_test(test_zip64),
        cmocka_unit_test(test_empty_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
