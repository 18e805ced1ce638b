// Unpacking gzip: what is whole comes out, what is not leaves nothing and takes no memory.
#include "base/gzip.h"
#include "unit.h"

#include <libdeflate.h>
#include <string.h>

static size_t pack(const void *data, size_t len, char *out, size_t size)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(9);
    size_t packed = libdeflate_gzip_compress(c, data, len, out, size);
    libdeflate_free_compressor(c);
    assert_true(packed > 0);
    return packed;
}

static void test_whole(void **state DGL_UNUSED)
{
    char packed[256];
    size_t len = pack("some words", 10, packed, sizeof(packed));
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(14);
    dgl_buf_puts(&b, "and ");
    assert_true(dgl_gunzip(packed, len, &b));
    assert_string_equal(b.data, "and some words");
    assert_false(dgl_gunzip(packed, len, &b)); // no room for it again
    assert_string_equal(b.data, "and some words");
    assert_false(b.failed);
}

static void test_damaged(void **state DGL_UNUSED)
{
    char packed[256], bad[sizeof(packed)];
    size_t len = pack("some words, some words", 22, packed, sizeof(packed));
    for (size_t cut = 0; cut < len; cut++) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
        assert_false(dgl_gunzip(packed, cut, &b));
        assert_int_equal(b.len, 0);
    }
    for (size_t at = 10; at < len; at++) { // past the head, whose time and system do not matter
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
        memcpy(bad, packed, len);
        bad[at] = (char)(bad[at] ^ 0x10);
        assert_false(dgl_gunzip(bad, len, &b));
        assert_int_equal(b.len, 0);
    }
}

// A few bytes that say they are many.
static void test_sizes(void **state DGL_UNUSED)
{
    static const uint32_t sizes[] = {0, 21, 23, 100000, 1u << 20, 0xFFFFFFFFu};
    char packed[256];
    size_t len = pack("some words, some words", 22, packed, sizeof(packed));
    for (size_t i = 0; i < DGL_COUNT(sizes); i++) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT((size_t)1 << 33);
        for (unsigned k = 0; k < 4; k++)
            packed[len - 4 + k] = (char)(sizes[i] >> (8 * k));
        assert_false(dgl_gunzip(packed, len, &b));
        assert_true(b.cap < 70000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_damaged),
                                       cmocka_unit_test(test_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
