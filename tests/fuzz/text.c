// Fuzz target: numbers, times, percent escapes, UTF-8. What is valid UTF-8 survives decoding, and being written as JSON
// and read again; a time that was read is written as itself.
#include "fuzz.h"

#include "base/clock.h"
#include "base/json.h"

static void read_scalars(const char *s, size_t len)
{
    int64_t time_us, again_us, number;
    double real;
    char decoded[256], text[32];
    size_t decoded_len = 0;
    if (dgl_percent_decode(s, len, true, decoded, sizeof(decoded), &decoded_len))
        fuzz_must(decoded_len < sizeof(decoded));
    if (dgl_parse_int64(s, len, -1000, 1000, &number))
        fuzz_must(number >= -1000 && number <= 1000);
    (void)dgl_parse_double(s, len, &real);
    if (!dgl_time_parse(s, len, &time_us))
        return;
    dgl_time_format_utc(time_us, text); // years beyond four digits become the nearest that has them
    fuzz_must(dgl_time_parse(text, strlen(text), &again_us));
    fuzz_must(llabs(again_us - time_us) < DGL_US_PER_S || text[0] == '0' || text[0] == '9');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const char *s = (const char *)data;
    char one[4];
    read_scalars(s, size);
    if (!dgl_utf8_valid(s, size))
        return 0;
    for (size_t at = 0, before; at < size;) {
        before = at;
        uint32_t c = dgl_utf8_next(s, size, &at);
        fuzz_must(dgl_utf8_put(one, c) == at - before && memcmp(one, s + before, at - before) == 0);
    }
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT((size_t)1 << 20);
    DGL_AUTO_JSON value = NULL;
    struct dgl_json_writer w = DGL_JSON_WRITER(&b);
    dgl_jw_strn(&w, s, size);
    fuzz_must(dgl_json_parse(b.data, b.len, "text", &value, &err) == DGL_OK);
    fuzz_must(json_string_length(value) == size && memcmp(json_string_value(value), s, size) == 0);
    return 0;
}
