// TLS: the same server behind a certificate, asked by a real TLS client.
#include "server_fixture.h"

#include <curl/curl.h>

// A throwaway pair for localhost, made for this test and used nowhere else.
static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBmzCCAUGgAwIBAgIUWa7fqjt0F63PrRbFu4GIO6f7YpwwCgYIKoZIzj0EAwIw\n"
                                  "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzE5MTQ1N1oYDzIxMjYxMDMw\n"
                                  "MTkxNDU3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
                                  "PQMBBwNCAAR6SyKM0pHoUz69MKnWMDqOddGPw5i0l21deN1OCVsOzGK5uuHmm507\n"
                                  "qM6/AnW5jE8lZDGaHH9UfidXYIrC0mWzo28wbTAdBgNVHQ4EFgQURbUl0qM5belg\n"
                                  "PwGJclIHjmpB8+MwHwYDVR0jBBgwFoAURbUl0qM5belgPwGJclIHjmpB8+MwDwYD\n"
                                  "VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI\n"
                                  "zj0EAwIDSAAwRQIgMD8cskvfINzx1c+qHC7QzbQhkAJiJqXGr8a2qgXGbC4CIQDG\n"
                                  "UABxVxBy+PO+9UZCHgNKt0PThOZhlW69dC/fV+z+oA==\n"
                                  "-----END CERTIFICATE-----\n";
static const char private_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPjC7ot5vsg9QvjtF\n"
                                  "tRi9PVYQTJtE0yz6tqommzAfivahRANCAAR6SyKM0pHoUz69MKnWMDqOddGPw5i0\n"
                                  "l21deN1OCVsOzGK5uuHmm507qM6/AnW5jE8lZDGaHH9UfidXYIrC0mWz\n"
                                  "-----END PRIVATE KEY-----\n";

static void say_scheme(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    const char *word = dgl_http_is_tls(rq) ? "https" : "http";
    dgl_http_respond(rq, 200, "text/plain", word, strlen(word));
}

static void send_file(void *ctx, struct dgl_http_request *rq)
{
    (void)ctx;
    struct dgl_error err;
    int fd;
    assert_int_equal(dgl_file_memfd("test", &fd, &err), DGL_OK);
    assert_int_equal(dgl_file_write_fd(fd, "0123456789", 10, &err), DGL_OK);
    dgl_http_respond_file(rq, fd, 10, "application/pdf", "tag", 0);
}

static const struct dgl_route routes[] = {
    {"GET", "/scheme", say_scheme},
    {"GET", "/late", park},
    {"GET", "/blocking", say_scheme, DGL_ROUTE_BLOCKING},
    {"GET", "/file", send_file},
};

static void put_file(char path[64], const char *text)
{
    snprintf(path, 64, "/tmp/dgl-tls-test-XXXXXX");
    int fd = mkstemp(path);
    struct dgl_error err;
    assert_int_equal(dgl_file_write_fd(fd, text, strlen(text), &err), DGL_OK);
    close(fd);
}

static struct dgl_http_server *server;
static char cert_file[64], key_file[64];

static int setup(void **state)
{
    (void)state;
    struct dgl_error err;
    dgl_log_configure(DGL_LOG_OFF, DGL_LOG_TEXT);
    assert_int_equal(dgl_crypto_init(&err), DGL_OK);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    put_file(cert_file, certificate);
    put_file(key_file, private_key);
    struct dgl_http_options options = {
        .listen = "127.0.0.1:0", .temp_dir = "/tmp", .tls_cert_file = cert_file, .tls_key_file = key_file};
    if (dgl_http_server_new(&options, dgl_clock_system(), &server, &err) != DGL_OK)
        fail_msg("%s", err.message);
    dgl_http_server_add(server, routes, DGL_COUNT(routes), NULL);
    if (dgl_http_server_start(server, &err) != DGL_OK)
        fail_msg("%s", err.message);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dgl_http_server_free(server);
    unlink(cert_file);
    unlink(key_file);
    curl_global_cleanup();
    return 0;
}

static size_t keep(char *data, size_t size, size_t count, void *out)
{
    return dgl_buf_append(out, data, size * count) ? size * count : 0;
}

static CURLcode get(const char *path, long version, struct dgl_buf *out, long *ret_status)
{
    char url[128];
    snprintf(url, sizeof(url), "https://127.0.0.1:%d%s", dgl_http_server_port(server), path);
    CURL *c = curl_easy_init();
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_CAINFO, cert_file);
    curl_easy_setopt(c, CURLOPT_SSLVERSION, version);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
    CURLcode result = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, ret_status);
    curl_easy_cleanup(c);
    return result;
}

static void *answer_one(void *arg)
{
    (void)arg;
    dgl_http_respond(unpark(), 200, "text/plain", "late", 4);
    return NULL;
}

static void answers_over_tls(void **state)
{
    (void)state;
    static const char *const paths[] = {"/scheme", "/blocking", "/late", "/file"};
    static const char *const bodies[] = {"https", "https", "late", "0123456789"};
    pthread_t answerer;
    pthread_create(&answerer, NULL, answer_one, NULL);
    for (size_t i = 0; i < DGL_COUNT(paths); i++) {
        DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(65536);
        long status = 0;
        assert_int_equal(get(paths[i], CURL_SSLVERSION_TLSv1_2, &out, &status), CURLE_OK);
        assert_int_equal(status, 200);
        assert_string_equal(out.data, bodies[i]);
    }
    pthread_join(answerer, NULL);
}

static void refuses_old_versions(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(65536);
    long status = 0;
    assert_int_not_equal(get("/scheme", CURL_SSLVERSION_MAX_TLSv1_1, &out, &status), CURLE_OK);
    assert_int_equal(status, 0);
}

static void survives_clients_that_speak_no_tls(void **state)
{
    (void)state;
    int fd = dial(dgl_http_server_port(server));
    say(fd, GET("/scheme"));
    assert_true(is_closed(fd));
    close(fd);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(65536);
    long status = 0;
    assert_int_equal(get("/scheme", CURL_SSLVERSION_TLSv1_3, &out, &status), CURLE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_over_tls), cmocka_unit_test(refuses_old_versions),
                                       cmocka_unit_test(survives_clients_that_speak_no_tls)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
