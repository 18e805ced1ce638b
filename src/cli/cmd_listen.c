// docgenlab listen: webhooks on a developer's machine, over one outgoing connection.
//
//   GET  <server>/api/v1/webhooks/events ─▶ for each: POST <forward-to>, the same bytes and headers ─▶ POST …/result
//
// The server keeps an event until its result is reported. So whatever breaks in between (this program, the network, the
// server) costs a repetition under the same webhook-id at most.
#include "cli/cli.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/str.h"
#include "cli/feed.h"
#include "server/net/client.h"

static const struct dgl_cli_help help = {
    "Usage: docgenlab listen --api-key KEY --server URL --forward-to URL [--name NAME] [--print-json]\n\n"
    "Receives the organization's webhooks and posts them, byte for byte and signed, to a local URL. The answer\n"
    "appears in the server's delivery log. KEY belongs to an Org Admin. NAME tells several listeners apart and\n"
    "lets a new start go on where the last one ended; the machine's name unless given.\n"
    "--print-json prints each webhook's body, a line each.\n\n"
    "Example: docgenlab listen --api-key dgl_… --server https://documents.example.com \\\n"
    "           --forward-to http://127.0.0.1:3000/webhooks/docgenlab\n",
    ""};

#define ANSWER_MAX ((size_t)16 << 20)
#define LOCAL_ANSWER_MAX 16384
#define WAIT_S 25
#define PAUSE_MAX_S 10
#define NAME_SIZE 65
#define SERVER_BYTES 1536 // of --server at most
#define TARGET_SIZE 480   // of what stands behind it and API in a URL
#define API "/api/v1/webhooks/"
_Static_assert(SERVER_BYTES + sizeof(API) + TARGET_SIZE <= DGL_URL_MAX, "every target has room");

struct listener {
    struct dgl_net_client *net;
    struct dgl_guard *anywhere; // the user named both ends
    struct dgl_url server, forward_to;
    const char *key_header, *name;
    char base[DGL_URL_MAX + 1];
    char cursor[DGL_FEED_WORD_MAX + 1]; // "" = begin
    bool print_json;
};

static void on_signal(int number DGL_UNUSED)
{
    _exit(0);
}

static void pause_for(int seconds)
{
    struct timespec t = {.tv_sec = seconds};
    nanosleep(&t, NULL);
}

// ---- talking to the server

// DGL_OK with an answer of any status.
static enum dgl_status call(struct listener *l, const char *method, const char *target, const struct dgl_buf *body,
                            struct dgl_buf *answer, int *ret_status, struct dgl_error *err)
{
    const char *headers[] = {l->key_header, "Content-Type: application/json", NULL};
    char text[DGL_URL_MAX + 1];
    struct dgl_net_request rq = {.method = method,
                                 .headers = headers,
                                 .body = body ? body->data : NULL,
                                 .body_len = body ? body->len : 0,
                                 .guard = l->anywhere,
                                 .group = 1,
                                 .total_timeout_ms = (WAIT_S + 15) * 1000,
                                 .max_answer_bytes = ANSWER_MAX,
                                 .keep_answer_bytes = ANSWER_MAX,
                                 .whole_answer = true};
    struct dgl_net_result result;
    int n = snprintf(text, sizeof text, "%s" API "%s", l->base, target);
    DGL_TRY(dgl_url_parse(text, (size_t)DGL_MIN(n, DGL_URL_MAX), "--server", &rq.url, err));
    DGL_TRY(dgl_net_client_fetch(l->net, &rq, answer, NULL, &result, err));
    if (result.outcome != DGL_NET_ANSWERED)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "%s", result.message);
    *ret_status = result.http_status;
    return DGL_OK;
}

// Before trying again: says why, and lets the pause grow.
static void put_off(const struct dgl_error *err, int *pause)
{
    fprintf(stderr, "docgenlab: %s; trying again in %d s\n", err->message, *pause);
    pause_for(*pause);
    *pause = DGL_MIN(*pause * 2, PAUSE_MAX_S);
}

// ---- one event

static void post_locally(struct listener *l, const struct dgl_feed_event *event, struct dgl_feed_answer *ret)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_net_result result;
    struct dgl_net_request rq = {.method = "POST",
                                 .url = l->forward_to,
                                 .headers = event->headers,
                                 .body = event->body,
                                 .body_len = event->body_len,
                                 .guard = l->anywhere,
                                 .group = 2};
    if (dgl_net_client_fetch(l->net, &rq, &ret->body, &ret->headers, &result, &err) != DGL_OK) {
        dgl_str_copy(ret->message, sizeof ret->message, err.message, strlen(err.message));
        return;
    }
    ret->total_us = result.total_us;
    if (result.outcome == DGL_NET_ANSWERED)
        ret->status = result.http_status;
    else
        dgl_str_copy(ret->message, sizeof ret->message, result.message, strlen(result.message));
}

static void show(const struct listener *l, const struct dgl_feed_event *event, const struct dgl_feed_answer *answer)
{
    time_t now = time(NULL);
    struct tm local;
    char clock[16];
    if (l->print_json) {
        DGL_AUTO_FINI(buf) line = DGL_BUF_INIT(ANSWER_MAX * 6); // as many as \uXXXX for a byte
        dgl_feed_put_plain(&line, event->body, event->body_len);
        printf("%s\n", line.len ? line.data : "");
    } else {
        strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &local));
        printf("%s  %s  %s  ", clock, event->type, event->id);
        if (answer->status)
            printf("%d  %" PRId64 " ms\n", answer->status, answer->total_us / DGL_US_PER_MS);
        else
            printf("no answer: %s\n", answer->message);
    }
    fflush(stdout);
}

// Until the server has it: an event that is not reported comes again.
static void report(struct listener *l, const struct dgl_feed_event *event, const struct dgl_feed_answer *answer)
{
    char target[DGL_FEED_WORD_MAX + 16];
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(ANSWER_MAX);
    dgl_feed_write_result(event->timestamp_s, answer, &body);
    snprintf(target, sizeof target, "events/%s/result", event->id);
    for (int pause = 1;;) {
        int status;
        char why[DGL_FEED_REASON_SIZE];
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO_FINI(buf) got = DGL_BUF_INIT(ANSWER_MAX);
        if (call(l, "POST", target, &body, &got, &status, &err) == DGL_OK) {
            dgl_feed_reason(got.data, got.len, why);
            if (status < 300)
                return;
            if (status < 500 && status != 429) {
                fprintf(stderr, "docgenlab: the result was not taken: %s\n", why);
                return;
            }
            (void)DGL_FAIL(&err, DGL_E_UNAVAILABLE, "the server answered %d: %s", status, why);
        }
        put_off(&err, &pause);
    }
}

static void handle(struct listener *l, const struct dgl_feed_event *event)
{
    struct dgl_feed_answer answer = {.body = DGL_BUF_INIT(LOCAL_ANSWER_MAX * 8),
                                     .headers = DGL_BUF_INIT(LOCAL_ANSWER_MAX)};
    post_locally(l, event, &answer);
    show(l, event, &answer);
    report(l, event, &answer);
    dgl_buf_fini(&answer.body);
    dgl_buf_fini(&answer.headers);
    dgl_str_copy(l->cursor, sizeof l->cursor, event->cursor, strlen(event->cursor));
}

// ---- the feed

static enum dgl_status handle_all(struct listener *l, const struct dgl_buf *answer, size_t *ret_count,
                                  struct dgl_error *err)
{
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_AUTO_FINI(feed_page) page = {0};
    DGL_TRY(dgl_feed_read(answer->data, answer->len, a, &page, err));
    for (size_t i = 0; i < page.count; i++)
        handle(l, &page.events[i]);
    dgl_str_copy(l->cursor, sizeof l->cursor, page.cursor, strlen(page.cursor));
    *ret_count = page.count;
    return DGL_OK;
}

// *ret_again: a passing trouble, said in err; try again.
static enum dgl_status poll_once(struct listener *l, bool *ret_again, struct dgl_error *err)
{
    char target[TARGET_SIZE], why[DGL_FEED_REASON_SIZE];
    int status;
    size_t count;
    bool waits = l->cursor[0] != '\0'; // for something to happen
    int64_t began_us = dgl_clock_mono_us(dgl_clock_system());
    DGL_AUTO_FINI(buf) answer = DGL_BUF_INIT(ANSWER_MAX);
    if (waits)
        snprintf(target, sizeof target, "events?wait=%d&cursor=%s", WAIT_S, l->cursor);
    else
        snprintf(target, sizeof target, "events?name=%s", l->name);
    *ret_again = true;
    DGL_TRY(call(l, "GET", target, NULL, &answer, &status, err));
    if (status == 200) {
        *ret_again = false;
        DGL_TRY(handle_all(l, &answer, &count, err));
        if (waits && count == 0 && dgl_clock_mono_us(dgl_clock_system()) - began_us < DGL_US_PER_S)
            pause_for(1); // a server that does not wait, or one that stops
        return DGL_OK;
    }
    if (status == 404 && l->cursor[0]) { // nobody listened for a day
        l->cursor[0] = '\0';
        return DGL_OK;
    }
    *ret_again = status >= 500 || status == 429;
    dgl_feed_reason(answer.data, answer.len, why);
    return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the server answered %d: %s", status, why);
}

static enum dgl_status listen_for_ever(struct listener *l, struct dgl_error *err)
{
    bool again, connected = false;
    for (int pause = 1;;) {
        enum dgl_status status = poll_once(l, &again, err);
        if (status == DGL_OK) {
            if (!connected)
                fprintf(stderr, "docgenlab: listening as \"%s\"; forwarding to %s\n", l->name, l->forward_to.text);
            connected = true;
            pause = 1;
            continue;
        }
        if (!again)
            return status;
        connected = false;
        put_off(err, &pause);
    }
}

// ---- the command

static void default_name(char out[NAME_SIZE])
{
    char host[64] = "";
    size_t n = 0;
    gethostname(host, sizeof host - 1);
    for (const char *p = host; *p && n < NAME_SIZE - 1; p++)
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '.')
            out[n++] = *p;
    out[n] = '\0';
    if (n == 0)
        memcpy(out, "local", 6);
}

static enum dgl_status open_listener(struct listener *l, const char *key, const char *server, const char *forward_to,
                                     struct dgl_arena *a, struct dgl_error *err)
{
    struct dgl_net_client_options net = {0};
    struct dgl_guard_options guard = {.allow_http = true, .allow_nets = "0.0.0.0/0,::/0"};
    DGL_TRY(dgl_crypto_init(err));
    DGL_TRY(dgl_url_parse(server, strlen(server), "--server", &l->server, err));
    DGL_TRY(dgl_url_parse(forward_to, strlen(forward_to), "--forward-to", &l->forward_to, err));
    size_t len = strlen(l->server.text);
    while (len > 0 && l->server.text[len - 1] == '/')
        len--;
    if (len > SERVER_BYTES)
        return DGL_FAIL(err, DGL_E_INVALID, "--server is longer than %d bytes", SERVER_BYTES);
    dgl_str_copy(l->base, sizeof l->base, l->server.text, len);
    l->key_header = dgl_arena_printf(a, "X-API-Key: %s", key);
    DGL_TRY(dgl_guard_new(&guard, &l->anywhere, err));
    return dgl_net_client_new(&net, &l->net, err);
}

int dgl_cmd_listen(int argc, char **argv)
{
    const char *key = NULL, *server = NULL, *forward_to = NULL, *name = NULL, *print_json = NULL;
    const struct dgl_cli_flag flags[] = {{"--api-key", true, &key},
                                         {"--server", true, &server},
                                         {"--forward-to", true, &forward_to},
                                         {"--name", true, &name},
                                         {"--print-json", false, &print_json}};
    DGL_AUTO(config) config = NULL;
    size_t count = 0;
    int status = 0;
    char own_name[NAME_SIZE];
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_cli_parse(argc, argv, &help, flags, DGL_COUNT(flags), NULL, 0, &count, &config, &status))
        return status;
    if (!key || !server || !forward_to)
        return dgl_cli_usage("listen", "--api-key, --server and --forward-to are needed.");
    default_name(own_name);
    DGL_AUTO(arena) a = dgl_arena_new(0);
    struct listener l = {.name = name ? name : own_name, .print_json = print_json != NULL};
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    enum dgl_status result = open_listener(&l, key, server, forward_to, a, &err);
    if (result == DGL_OK)
        result = listen_for_ever(&l, &err);
    dgl_net_client_free(l.net);
    dgl_guard_free(l.anywhere);
    return result == DGL_OK ? 0 : dgl_cli_fail(&err);
}
