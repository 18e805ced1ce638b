// Log lines, caught by putting a pipe where stderr was.
#include "base/json.h"
#include "base/log.h"
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
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

// ---- a reader that hangs

enum reader { READER_PIPE, READER_FOREIGN_PIPE, READER_SOCKET, READER_TERMINAL };

static void open_reader(enum reader kind, int ends[2])
{
    if (kind == READER_SOCKET) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    } else if (kind == READER_TERMINAL) {
        struct termios raw;
        ends[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(ends[0] >= 0 && grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0);
        ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(ends[1] >= 0 && tcgetattr(ends[1], &raw) == 0);
        cfmakeraw(&raw);
        assert_int_equal(tcsetattr(ends[1], TCSANOW, &raw), 0);
    } else {
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    }
}

// Adds what is there, or comes soon, to `out`.
static size_t read_more(int fd, char *out, size_t size, size_t len)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    while (poll(&wait, 1, 10) == 1 && len < size - 1) {
        ssize_t n = read(fd, out + len, size - 1 - len);
        assert_true(n > 0);
        len += (size_t)n;
    }
    out[len] = '\0';
    return len;
}

// Every line is whole, and they are 0, 1, 2, … but for those that are told to be missing, in their place. Returns the
// number after the last one, and how many are missing.
static uint64_t check_lines(char *text, uint64_t *ret_missing)
{
    uint64_t next = 0;
    *ret_missing = 0;
    for (char *line = text, *stop; *line; line = stop + 1) {
        unsigned long long n;
        char *at;
        stop = strchr(line, '\n');
        assert_non_null(stop);
        *stop = '\0';
        if ((at = strstr(line, " warn  log lines dropped count="))) {
            assert_int_equal(sscanf(at, " warn log lines dropped count=%llu", &n), 1);
            next += n;
            *ret_missing += n;
        } else {
            at = strstr(line, " info  line n=");
            assert_non_null(at);
            assert_int_equal(sscanf(at, " info line n=%llu", &n), 1);
            assert_int_equal(n, next++);
            assert_int_equal(stop[-1], 'z');
        }
    }
    return next;
}

// Logging to somebody who reads nothing comes back, always; when he reads again, he is told what he missed.
static void check_reader_that_hangs(enum reader kind)
{
    static char out[4 << 20];
    char pad[900];
    int ends[2], saved = dup(STDERR_FILENO);
    memset(pad, 'y', sizeof pad);
    pad[sizeof pad - 2] = 'z';
    pad[sizeof pad - 1] = '\0';
    dgl_log_configure(DGL_LOG_INFO, DGL_LOG_TEXT);
    open_reader(kind, ends);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    struct rlimit limit, none = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    none.rlim_max = limit.rlim_max;
    if (kind == READER_FOREIGN_PIPE) // it cannot be opened anew
        setrlimit(RLIMIT_NOFILE, &none);
    uint64_t before = dgl_log_dropped(), sent = 0;
    for (; dgl_log_dropped() < before + 1000; sent++)
        dgl_log(DGL_LOG_INFO, "line", DGL_F_INT("n", sent), DGL_F_STR("pad", pad));
    setrlimit(RLIMIT_NOFILE, &limit);
    size_t len = read_more(ends[0], out, sizeof out, 0);
    uint64_t dropped;
    do { // until there is room for one
        dropped = dgl_log_dropped();
        dgl_log(DGL_LOG_INFO, "line", DGL_F_INT("n", sent++), DGL_F_STR("pad", "z"));
        len = read_more(ends[0], out, sizeof out, len);
    } while (dgl_log_dropped() > dropped);
    while (len < 6 || strcmp(out + len - 6, "pad=z\n") != 0)
        len = read_more(ends[0], out, sizeof out, len);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);

    uint64_t missing;
    assert_int_equal(check_lines(out, &missing), sent);
    assert_int_equal(missing, dropped - before);
}

static void test_a_pipe_that_nobody_reads(void **state DGL_UNUSED)
{
    check_reader_that_hangs(READER_PIPE);
}

static void test_a_pipe_of_another_user_that_nobody_reads(void **state DGL_UNUSED)
{
    check_reader_that_hangs(READER_FOREIGN_PIPE);
}

static void test_a_socket_that_nobody_reads(void **state DGL_UNUSED)
{
    check_reader_that_hangs(READER_SOCKET);
}

static void test_a_terminal_that_shows_nothing(void **state DGL_UNUSED)
{
    check_reader_that_hangs(READER_TERMINAL);
}

// The flag is nobody else's: whoever shares the pipe waits as before.
static void test_the_pipe_stays_as_it_was(void **state DGL_UNUSED)
{
    int ends[2], saved = dup(STDERR_FILENO);
    dgl_log_configure(DGL_LOG_INFO, DGL_LOG_TEXT);
    open_reader(READER_PIPE, ends);
    dup2(ends[1], STDERR_FILENO);
    dgl_log(DGL_LOG_INFO, "line");
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_false(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    close(ends[0]);
    close(ends[1]);
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
        cmocka_unit_test(test_a_pipe_that_nobody_reads),
        cmocka_unit_test(test_a_pipe_of_another_user_that_nobody_reads),
        cmocka_unit_test(test_a_socket_that_nobody_reads),
        cmocka_unit_test(test_a_terminal_that_shows_nothing),
        cmocka_unit_test(test_the_pipe_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
