// The pages behind a real HTTP server, with a real store in a temporary folder, and a browser made of plain sockets.
#ifndef TESTS_UI_PAGES_FIXTURE_H
#define TESTS_UI_PAGES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/ui/ui.h"

#define ADMIN_EMAIL "admin@test.example"
#define PASSWORD "correct horse battery"
#define ANSWER_MAX (1u << 20)

struct house {
    char folder[64];
    struct dgl_clock *clock;
    struct dgl_keyring *keys;
    struct dgl_store *store;
    struct dgl_account *account;
    struct dgl_guard *guard;
    struct dgl_net_client *net;
    struct dgl_webhook *webhook;
    struct dgl_http_server *http;
    struct dgl_ui *ui;
    char org[40];
};

// Without documents: their pages are tested with the whole program, in a browser.
static inline int open_house(void **state)
{
    struct house *h = DGL_NEW(struct house);
    struct dgl_error err = DGL_ERROR_INIT;
    static const unsigned char master[32] = {7};
    char url[128];
    dgl_log_configure(DGL_LOG_OFF, DGL_LOG_TEXT);
    assert_int_equal(dgl_crypto_init(&err), DGL_OK);
    snprintf(h->folder, sizeof(h->folder), "/tmp/dgl-ui-XXXXXX");
    assert_non_null(mkdtemp(h->folder));
    snprintf(url, sizeof(url), "sqlite:%s/test.db", h->folder);
    h->clock = dgl_clock_system();
    h->keys = dgl_keyring_new_for_test(master);
    assert_int_equal(dgl_store_open(url, h->clock, &h->store, &err), DGL_OK);
    struct dgl_account_options account = {.rate_limit_per_minute = 60};
    assert_int_equal(dgl_account_new(h->store, h->clock, h->keys, &account, &h->account, &err), DGL_OK);
    struct dgl_guard_options guard = {.refuse_own_addresses = true};
    assert_int_equal(dgl_guard_new(&guard, &h->guard, &err), DGL_OK);
    struct dgl_net_client_options net = {.max_in_flight = 8};
    assert_int_equal(dgl_net_client_new(&net, &h->net, &err), DGL_OK);
    struct dgl_webhook_options webhook = {.public_url = "http://127.0.0.1:1",
                                          .download_url_ttl_s = 86400,
                                          .schedule = "60,300,900",
                                          .timeout_ms = 15000,
                                          .max_in_flight = 8,
                                          .source_ips = "203.0.113.7"};
    assert_int_equal(dgl_webhook_new(h->store, h->net, h->guard, h->keys, h->clock, &webhook, &h->webhook, &err),
                     DGL_OK);
    struct dgl_http_options http = {.listen = "127.0.0.1:0",
                                    .threads = 1,
                                    .blocking_threads = 2,
                                    .temp_dir = h->folder,
                                    .error_page = dgl_ui_error_page,
                                    .error_page_ctx = &h->ui};
    assert_int_equal(dgl_http_server_new(&http, h->clock, &h->http, &err), DGL_OK);
    struct dgl_ui_parts parts = {.store = h->store,
                                 .account = h->account,
                                 .webhook = h->webhook,
                                 .clock = h->clock,
                                 .public_url = "http://127.0.0.1:1",
                                 .version = "0.0.0",
                                 .max_upload_bytes = 1 << 20,
                                 .allow_setup = true};
    if (dgl_ui_new(&parts, h->http, &h->ui, &err) != DGL_OK)
        fail_msg("%s (%s, line %u, %s)", err.message, err.place.part, err.place.line, err.place.tag);
    assert_int_equal(dgl_http_server_start(h->http, &err), DGL_OK);
    *state = h;
    return 0;
}

static inline int open_founded_house(void **state)
{
    open_house(state);
    struct house *h = *state;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_account_init made;
    assert_int_equal(dgl_account_init(h->account, "Fieldworks", ADMIN_EMAIL, PASSWORD, true, &made, &err), DGL_OK);
    memcpy(h->org, made.org, sizeof(h->org));
    return 0;
}

static inline int close_house(void **state)
{
    struct house *h = *state;
    char path[128];
    dgl_http_server_stop(h->http, 1000);
    dgl_http_server_free(h->http);
    dgl_ui_free(h->ui);
    dgl_webhook_free(h->webhook);
    dgl_net_client_free(h->net);
    dgl_guard_free(h->guard);
    dgl_account_free(h->account);
    dgl_store_close(h->store);
    dgl_keyring_free(h->keys);
    static const char *const files[] = {"test.db", "test.db-wal", "test.db-shm"};
    for (size_t i = 0; i < DGL_COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", h->folder, files[i]);
        unlink(path);
    }
    rmdir(h->folder);
    free(h);
    return 0;
}

// ---- the browser: a jar of three cookies and the last answer

struct browser {
    struct house *house;
    char session[128], seed[128], flash[2048]; // "name=value" or ""
    char *answer;                              // head and body
    int status;
};

static inline struct browser new_browser(void **state)
{
    return (struct browser){.house = *state, .answer = calloc(1, ANSWER_MAX)};
}

static inline void close_browser(struct browser *b)
{
    free(b->answer);
}

static inline void keep_cookie(const char *head, const char *name, char *slot, size_t size)
{
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "\r\nSet-Cookie: %s=", name);
    const char *line = strcasestr(head, wanted);
    if (!line)
        return;
    line += strlen("\r\nSet-Cookie: ");
    size_t len = strcspn(line, ";\r");
    bool expired = strncmp(line + len, "; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", 43) == 0;
    snprintf(slot, size, "%.*s", expired ? 0 : (int)len, line);
}

static inline void send_request(struct browser *b, const char *method, const char *path, const char *headers,
                                const char *body)
{
    uint16_t port = dgl_http_server_port(b->house->http);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 60};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1u << 20);
    dgl_buf_printf(&out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n%s", method, path, port,
                   headers);
    dgl_buf_printf(&out, "Cookie: a=b%s%s%s%s%s%s\r\n", *b->session ? "; " : "", b->session, *b->seed ? "; " : "",
                   b->seed, *b->flash ? "; " : "", b->flash);
    if (body)
        dgl_buf_printf(&out, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n",
                       strlen(body));
    dgl_buf_printf(&out, "\r\n%s", body ? body : "");
    assert_int_equal(send(fd, out.data, out.len, MSG_NOSIGNAL), (ssize_t)out.len);
    size_t len = 0;
    ssize_t n;
    while (len < ANSWER_MAX - 1 && (n = recv(fd, b->answer + len, ANSWER_MAX - 1 - len, 0)) > 0)
        len += (size_t)n;
    close(fd);
    b->answer[len] = '\0';
    assert_true(len > 12);
    b->status = (b->answer[9] - '0') * 100 + (b->answer[10] - '0') * 10 + (b->answer[11] - '0');
    keep_cookie(b->answer, "dgl_session", b->session, sizeof(b->session));
    keep_cookie(b->answer, "dgl_seed", b->seed, sizeof(b->seed));
    keep_cookie(b->answer, "dgl_flash", b->flash, sizeof(b->flash));
}

static inline int get(struct browser *b, const char *path)
{
    send_request(b, "GET", path, "", NULL);
    return b->status;
}

static inline bool shows(const struct browser *b, const char *text)
{
    return strstr(b->answer, text) != NULL;
}

static inline bool goes_to(const struct browser *b, const char *location)
{
    char wanted[256];
    snprintf(wanted, sizeof(wanted), "\r\nLocation: %s\r\n", location);
    return b->status == 303 && strcasestr(b->answer, wanted) != NULL;
}

// The token of the form on the last page.
static inline void take_csrf(const struct browser *b, char out[64])
{
    static const char mark[] = "name=\"csrf\" value=\"";
    const char *start = strstr(b->answer, mark);
    assert_non_null(start);
    start += sizeof(mark) - 1;
    snprintf(out, 64, "%.*s", (int)strcspn(start, "\""), start);
}

// Posts `fields` with the token that `page` carries.
static inline int post_from(struct browser *b, const char *page, const char *path, const char *fields)
{
    char csrf[64], body[4096];
    assert_int_equal(get(b, page), 200);
    take_csrf(b, csrf);
    snprintf(body, sizeof(body), "csrf=%s&%s", csrf, fields);
    send_request(b, "POST", path, "", body);
    return b->status;
}

static inline void sign_in_as(struct browser *b, const char *email)
{
    char fields[256];
    snprintf(fields, sizeof(fields), "email=%s&password=" PASSWORD, email);
    for (char *p = fields; *p; p++)
        if (*p == ' ')
            *p = '+';
    post_from(b, "/sign-in", "/sign-in", fields);
    assert_true(goes_to(b, "/templates"));
    assert_true(*b->session);
}

static inline void add_user(struct house *h, const char *email, enum dgl_role role)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    assert_int_equal(dgl_account_user_create(h->account, h->org, email, "Somebody", PASSWORD, role, &id, &err), DGL_OK);
}

#endif
