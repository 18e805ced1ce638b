// Configuration: the three sources, strict values, did-you-mean, help.
#include "base/config.h"
#include "base/file.h"
#include "folder.h"
#include "unit.h"

static const struct dgl_option options[] = {
    {"LISTEN", DGL_OPTION_STRING, "127.0.0.1:8080", .help = "Address to listen on"},
    {"WEBHOOK_TIMEOUT_MS", DGL_OPTION_INT, "10000", 100, 60000, "Time for one attempt"},
    {"ALLOW_HTTP", DGL_OPTION_BOOL, "false", .help = "Allow http"},
    {"CA_FILE", DGL_OPTION_STRING, .help = "More certificates"},
};

static struct dgl_config *fresh(void)
{
    return dgl_config_new(options, DGL_COUNT(options));
}

static enum dgl_status load(void **state, struct dgl_config *c, const char *text, struct dgl_error *err)
{
    char path[4096];
    folder_path(state, "dgl.ini", path);
    assert_ok(dgl_file_write_atomic(path, text, strlen(text), 0600, err), *err);
    return dgl_config_load_file(c, path, err);
}

static void test_defaults(void **state DGL_UNUSED)
{
    DGL_AUTO(config) c = fresh();
    assert_string_equal(dgl_config_str(c, "LISTEN"), "127.0.0.1:8080");
    assert_int_equal(dgl_config_int(c, "WEBHOOK_TIMEOUT_MS"), 10000);
    assert_false(dgl_config_bool(c, "ALLOW_HTTP"));
    assert_null(dgl_config_str(c, "CA_FILE"));
}

static void test_sources_in_order(void **state)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(config) c = fresh();
    assert_ok(load(state, c, "# comment\n; another\n\n listen = a # b = c \r\nWebhook_Timeout_MS=500\nallow-http = yes",
                   &err),
              err);
    assert_string_equal(dgl_config_str(c, "LISTEN"), "a # b = c");
    assert_int_equal(dgl_config_int(c, "WEBHOOK_TIMEOUT_MS"), 500);
    assert_true(dgl_config_bool(c, "ALLOW_HTTP"));
    char *env[] = {"PATH=/bin", "DOCGENLAB_WEBHOOK_TIMEOUT_MS=600", "DOCGENLAB_LISTEN=", "DOCGENLAB_ALLOW_HTTP=", NULL};
    assert_ok(dgl_config_load_env(c, env, &err), err);
    assert_int_equal(dgl_config_int(c, "WEBHOOK_TIMEOUT_MS"), 600);
    assert_null(dgl_config_str(c, "LISTEN"));       // empty: unset
    assert_false(dgl_config_bool(c, "ALLOW_HTTP")); // empty: default
    char *argv[] = {"serve", "--webhook-timeout-ms=700", NULL};
    int at = 1;
    assert_ok(dgl_config_take_flag(c, 2, argv, &at, &err), err);
    assert_int_equal(dgl_config_int(c, "WEBHOOK_TIMEOUT_MS"), 700);
}

static void test_flags(void **state DGL_UNUSED)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(config) c = fresh();
    char *argv[] = {"serve", "--listen", "[::1]:0", "--webhook-timeout-ms=200", "--allow-http", "--ca-file", NULL};
    int at = 1;
    assert_ok(dgl_config_take_flag(c, 6, argv, &at, &err), err);
    assert_int_equal(at, 3);
    assert_ok(dgl_config_take_flag(c, 6, argv, &at, &err), err);
    assert_ok(dgl_config_take_flag(c, 6, argv, &at, &err), err);
    assert_int_equal(at, 5);
    assert_string_equal(dgl_config_str(c, "LISTEN"), "[::1]:0");
    assert_int_equal(dgl_config_int(c, "WEBHOOK_TIMEOUT_MS"), 200);
    assert_true(dgl_config_bool(c, "ALLOW_HTTP"));
    assert_int_equal(dgl_config_take_flag(c, 6, argv, &at, &err), DGL_E_INVALID);
    assert_string_equal(err.message, "command line: --ca-file needs a value");
    assert_int_equal(at, 5);
    char *wrong[] = {"--lisen=x", "--allow-http=false"};
    at = 0;
    assert_int_equal(dgl_config_take_flag(c, 2, wrong, &at, &err), DGL_E_INVALID);
    assert_contains(err.message, "did you mean --listen?");
    at = 1;
    assert_ok(dgl_config_take_flag(c, 2, wrong, &at, &err), err);
    assert_false(dgl_config_bool(c, "ALLOW_HTTP"));
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"listen = a\n[server]\n", "dgl.ini, line 2: sections are not known"},
        {"listen\n", "line 1: the line is not of the form key = value"},
        {"webhook_timeout_sm = 1\n", "did you mean WEBHOOK_TIMEOUT_MS?"},
        {"\n\nwebhook_timeout_ms = 99\n",
         "line 3: WEBHOOK_TIMEOUT_MS is \"99\"; it must be a whole number from 100 to 60000"},
        {"webhook_timeout_ms = 10s\n", "\"10s\""},
        {"allow_http = perhaps\n", "it must be true or false"},
        {"listen = a\nLISTEN = b\n", "line 2: LISTEN is given twice"},
        {"colour = red\n", "colour is not a known option"},
    };
    for (size_t i = 0; i < DGL_COUNT(cases); i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO(config) c = fresh();
        assert_int_equal(load(state, c, cases[i].text, &err), DGL_E_INVALID);
        assert_contains(err.message, cases[i].message);
        assert_int_equal(dgl_config_int(c, "WEBHOOK_TIMEOUT_MS"), 10000);
    }
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(config) c = fresh();
    char *env[] = {"DOCGENLAB_WEBHOOK_TIMOUT_MS=600", NULL};
    assert_int_equal(dgl_config_load_env(c, env, &err), DGL_E_INVALID);
    assert_contains(err.message, "environment: DOCGENLAB_WEBHOOK_TIMOUT_MS is not a known option; did you mean");
    assert_int_equal(dgl_config_load_file(c, "/nonexistent.ini", &err), DGL_E_NOT_FOUND);
}

static void test_help(void **state DGL_UNUSED)
{
    DGL_AUTO(config) c = fresh();
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(10000);
    dgl_config_help(c, NULL, &out);
    assert_contains(out.data, "  --webhook-timeout-ms NUMBER          Time for one attempt (default 10000)\n");
    assert_contains(out.data, "  --ca-file TEXT ");
    assert_contains(out.data, "  --allow-http  ");
    dgl_buf_reset(&out);
    dgl_config_help(c, "CA_FILE LISTEN", &out);
    assert_true(strstr(out.data, "--ca-file") && strstr(out.data, "--listen"));
    assert_null(strstr(out.data, "--allow-http"));
    assert_true(dgl_config_key_in("CA_FILE LISTEN", "LISTEN"));
    assert_false(dgl_config_key_in("CA_FILE LISTEN", "LIST"));
    assert_false(dgl_config_key_in("", "LISTEN"));
    assert_true(dgl_config_key_in(NULL, "LISTEN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test_setup_teardown(test_sources_in_order, folder_make, folder_remove),
        cmocka_unit_test(test_flags),
        cmocka_unit_test_setup_teardown(test_refuses, folder_make, folder_remove),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
