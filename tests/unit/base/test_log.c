// Log lines, caught by putting a pipe where stderr was.
#include "base/json.h"
#include "base/log.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int saved_stderr, pipe_end;

static void catch_start(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    saved_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    pipe_end = ends[0];
}

static char *catch_end(char *out, size_t size)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    ssize_t n = read(pipe_end, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    close(pipe_end);
    return out;
}

static void test_json(void **state DGL_UNUSED)
{
    char out[4096];
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_log_configure(DGL_LOG_INFO, DGL_LOG_JSON);
    catch_start();
    dgl_log(DGL_LOG_INFO, "document ready", DGL_F_STR("document", "a\"b\n"), DGL_F_INT("ms", -5), DGL_F_STR("no", NULL),
            DGL_F_BOOL("ok", true));
    catch_end(out, sizeof(out));
    size_t len = strlen(out);
    assert_int_equal(out[len - 1], '\n');
    assert_null(memchr(out, '\n', len - 1));
    DGL_AUTO_JSON line = NULL;
    assert_ok(dgl_json_parse(out, len, "line", &line, &err), err);
    assert_string_equal(json_string_value(json_object_get(line, "event")), "document ready");
    assert_string_equal(json_string_value(json_object_get(line, "level")), "info");
    assert_string_equal(json_string_value(json_object_get(line, "document")), "a\"b\n");
    assert_int_equal(json_integer_value(json_object_get(line, "ms")), -5);
    assert_true(json_is_true(json_object_get(line, "ok")));
    assert_null(json_object_get(line, "no"));
    assert_int_equal(json_string_length(json_object_get(line, "time")), 24);
}

static void test_text(void **state DGL_UNUSED)
{
    char out[4096];
    dgl_log_configure(DGL_LOG_DEBUG, DGL_LOG_TEXT);
    catch_start();
    dgl_log(DGL_LOG_WARN, "attempt failed", DGL_F_STR("url", "https://x/y"), DGL_F_STR("why", "two words"),
            DGL_F_STR("empty", ""), DGL_F_BOOL("again", 0), DGL_F_INT("n", 3));
    catch_end(out, sizeof(out));
    assert_string_equal(out + 24,
                        " warn  attempt failed url=https://x/y why=\"two words\" empty=\"\" again=false n=3\n");
}

// A terminal obeys U+009B like ESC [, journalctl hides a line with U+007F, U+202E turns what follows around.
static void test_what_is_not_seen_is_written_out(void **state DGL_UNUSED)
{
    static const char hostile[] = "/\xC2\x9B"
                                  "31m\x7F\xE2\x80\xAE"
                                  "\x1B[2K\xC3\xA9";
    static const char shown[] = "\"/\\u009b31m\\u007f\\u202e\\u001b[2K\xC3\xA9\"";
    char out[4096];
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_log_configure(DGL_LOG_INFO, DGL_LOG_TEXT);
    catch_start();
    dgl_log(DGL_LOG_INFO, "request", DGL_F_STR("path", hostile));
    assert_contains(catch_end(out, sizeof out), shown);
    dgl_log_configure(DGL_LOG_INFO, DGL_LOG_JSON);
    catch_start();
    dgl_log(DGL_LOG_INFO, "request", DGL_F_STR("path", hostile));
    assert_contains(catch_end(out, sizeof out), shown);
    DGL_AUTO_JSON line = NULL;
    assert_ok(dgl_json_parse(out, strlen(out), "line", &line, &err), err);
    assert_string_equal(json_string_value(json_object_get(line, "path")), hostile);
}

static void test_level_and_long_values(void **state DGL_UNUSED)
{
    char out[65536];
    char value[5000];
    memset(value, '\x01', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    dgl_log_configure(DGL_LOG_WARN, DGL_LOG_JSON);
    assert_false(dgl_log_enabled(DGL_LOG_INFO));
    assert_true(dgl_log_enabled(DGL_LOG_ERROR));
    catch_start();
    dgl_log(DGL_LOG_INFO, "not seen");
    assert_string_equal(catch_end(out, sizeof(out)), "");
    catch_start();
    dgl_log(DGL_LOG_ERROR, "long", DGL_F_STR("v", value));
    catch_end(out, sizeof(out));
    assert_int_equal(out[strlen(out) - 1], '\n');
    assert_true(strlen(out) > 6 * 1024 && strlen(out) < 6 * 1024 + 200); // cut to 1,024 characters, each as \u0001
    catch_start();
    dgl_log(DGL_LOG_ERROR, "too long", DGL_F_STR("a", value), DGL_F_STR("b", value), DGL_F_STR("c", value));
    catch_end(out, sizeof(out));
    assert_contains(out, "\"event\":\"too long\"}\n");
    dgl_log_configure(DGL_LOG_OFF, DGL_LOG_JSON);
    assert_false(dgl_log_enabled(DGL_LOG_ERROR));
    assert_false(dgl_log_enabled(DGL_LOG_OFF));
}

static void test_error(void **state DGL_UNUSED)
{
    char out[4096];
    struct dgl_error err = DGL_ERROR_INIT;
    (void)DGL_FAIL_FIELD(&err, DGL_E_INVALID, "too_long", "name", "name is too long");
    dgl_log_configure(DGL_LOG_INFO, DGL_LOG_TEXT);
    catch_start();
    dgl_log_error(DGL_LOG_ERROR, "request failed", &err);
    catch_end(out, sizeof(out));
    assert_contains(out, "error request failed code=too_long message=\"name is too long\" field=name file=");
}

static void test_names(void **state DGL_UNUSED)
{
    enum dgl_log_level level = DGL_LOG_OFF;
    enum dgl_log_format format = DGL_LOG_AUTO;
    assert_true(dgl_log_parse_level("debug", &level) && level == DGL_LOG_DEBUG);
    assert_false(dgl_log_parse_level("loud", &level));
    assert_false(dgl_log_parse_level(NULL, &level));
    assert_true(dgl_log_parse_format("json", &format) && format == DGL_LOG_JSON);
    assert_false(dgl_log_parse_format("xml", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_level_and_long_values),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_is_not_seen_is_written_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
