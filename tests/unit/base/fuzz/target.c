// One fuzz target for everything in base that reads strangers' bytes: the first byte of the input picks the reader.
//
// Ordinary test runs link replay.c, which feeds the seeds and changes of them. For real fuzzing, with Clang:
//   clang -g -O1 -std=gnu17 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -Isrc $(pkg-config --cflags libxml-2.0)
//     tests/unit/base/fuzz/target.c src/base/{base,error,arena,buf,str,clock,json,zip,xml}.c
//     -ljansson -ldeflate -lxml2 -lm -o build/fuzz_base && build/fuzz_base -timeout=5 tests/unit/base/fuzz/seeds
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xml.h"
#include "base/zip.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void read_json(const char *s, size_t len)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_JSON value = NULL;
    if (dgl_json_parse(s, len, "field", &value, &err) == DGL_OK)
        return;
    must(err.code != DGL_OK && dgl_utf8_valid(err.message, strlen(err.message)));
    must(dgl_utf8_valid(err.field, strlen(err.field)));
}

static enum dgl_status touch_element(void *ctx, const struct dgl_xml_element *e, struct dgl_error *err)
{
    size_t *sum = ctx;
    (void)err;
    *sum += strlen(e->name) + strlen(e->prefix) + strlen(e->ns);
    for (size_t i = 0; i < e->attr_count; i++)
        for (size_t j = 0; j < e->attrs[i].value.len; j++)
            *sum += (unsigned char)e->attrs[i].value.data[j];
    for (size_t i = 0; i < 2 * e->ns_declared_count; i++)
        *sum += strlen(e->ns_declared[i]);
    return DGL_OK;
}

static void read_xml(const char *s, size_t len)
{
    struct dgl_error err = DGL_ERROR_INIT;
    size_t sum = 0;
    const struct dgl_xml_handler handler = {.start = touch_element, .ctx = &sum};
    must(dgl_xml_parse(s, len, "part", &handler, &err) == err.code);
}

static void read_zip(const char *s, size_t len)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip) z = NULL;
    if (dgl_zip_open(s, len, &z, &err) != DGL_OK)
        return;
    for (size_t i = 0; i < dgl_zip_count(z); i++) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT((size_t)4 << 20);
        size_t found = SIZE_MAX;
        must(dgl_zip_find(z, dgl_zip_name(z, i), &found) && found == i);
        (void)!dgl_zip_read(z, i, &b, &err);
    }
}

// What is valid UTF-8 must survive decoding, and being written as JSON and read again.
static void read_text(const char *s, size_t len)
{
    struct dgl_error err = DGL_ERROR_INIT;
    int64_t time_us;
    double number;
    char decoded[256], one[4];
    size_t decoded_len;
    (void)dgl_time_parse(s, len, &time_us);
    (void)dgl_parse_double(s, len, &number);
    (void)dgl_percent_decode(s, len, true, decoded, sizeof(decoded), &decoded_len);
    if (!dgl_utf8_valid(s, len))
        return;
    for (size_t at = 0, before; at < len;) {
        before = at;
        uint32_t c = dgl_utf8_next(s, len, &at);
        must(dgl_utf8_put(one, c) == at - before && memcmp(one, s + before, at - before) == 0);
    }
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT((size_t)1 << 20);
    DGL_AUTO_JSON value = NULL;
    struct dgl_json_writer w = DGL_JSON_WRITER(&b);
    dgl_jw_strn(&w, s, len);
    must(dgl_json_parse(b.data, b.len, "text", &value, &err) == DGL_OK);
    must(json_string_length(value) == len && memcmp(json_string_value(value), s, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *, size_t) = {read_json, read_xml, read_zip, read_text};
    if (size)
        readers[data[0] % DGL_COUNT(readers)]((const char *)data + 1, size - 1);
    return 0;
}
