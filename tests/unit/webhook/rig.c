// A store, a guard and a network client for the tests of this room; see rig.h.
#include "rig.h"

#include "../base/folder.h"
#include "base/str.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static void open_store(struct rig *r)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char url[4200];
    snprintf(url, sizeof url, "sqlite:%s/test.db", (const char *)r->folder);
    assert_ok(dgl_store_open(url, r->clock, &r->store, &err), err);
}

static void open_rest(struct rig *r)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_net_client_options net = {.max_in_flight = r->options.max_in_flight};
    assert_ok(dgl_net_client_new(&net, &r->net, &err), err);
    struct dgl_webhook_options options = {.public_url = "https://docs.example/",
                                          .download_url_ttl_s = 86400,
                                          .schedule = r->options.schedule,
                                          .max_in_flight = r->options.max_in_flight,
                                          .development = !r->options.production,
                                          .source_ips = "192.0.2.10"};
    assert_ok(dgl_webhook_new(r->store, r->net, r->guard, r->keys, r->clock, &options, &r->webhook, &err), err);
}

static void make_organization(struct rig *r)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id;
    struct dgl_org org;
    assert_ok(dgl_store_org_create(r->store, "Example", &id, &err), err);
    memcpy(r->org, id.s, sizeof r->org);
    assert_ok(dgl_store_org_get(r->store, r->arena, r->org, &org, &err), err);
    r->org_number = org.number;
    struct dgl_template_row t = {.name = "Invoice", .description = "", .kind = "docx"};
    struct dgl_template_version_row v = {.blob_uri = "blob:x", .tokens_json = "[]", .file_name = "i.docx"};
    memcpy(t.org, r->org, sizeof t.org);
    assert_ok(dgl_store_template_create(r->store, &t, &v, &id, &err), err);
    memcpy(r->template_id, id.s, sizeof r->template_id);
}

struct rig *rig_open(const struct rig_options *options)
{
    static const unsigned char master[32] = {9, 9, 9};
    struct dgl_error err = DGL_ERROR_INIT;
    struct rig *r = DGL_NEW(struct rig);
    if (options)
        r->options = *options;
    assert_ok(dgl_crypto_init(&err), err);
    assert_int_equal(folder_make(&r->folder), 0);
    r->arena = dgl_arena_new(0);
    r->clock = r->options.system_clock ? dgl_clock_system() : dgl_clock_new_manual(RIG_NOW);
    r->keys = dgl_keyring_new_for_test(master);
    struct dgl_guard_options guard = {.allow_http = true,
                                      .allow_nets = r->options.nets ? r->options.nets : "127.0.0.0/8"};
    assert_ok(dgl_guard_new(&guard, &r->guard, &err), err);
    open_store(r);
    open_rest(r);
    make_organization(r);
    return r;
}

void rig_restart(struct rig *r, bool abruptly)
{
    if (!abruptly)
        dgl_webhook_stop(r->webhook, 10000);
    dgl_webhook_free(r->webhook);
    dgl_net_client_free(r->net);
    dgl_store_close(r->store);
    open_store(r);
    open_rest(r);
}

void rig_close(struct rig *r)
{
    dgl_webhook_free(r->webhook);
    dgl_net_client_free(r->net);
    dgl_store_close(r->store);
    dgl_guard_free(r->guard);
    dgl_keyring_free(r->keys);
    dgl_clock_free(r->clock);
    dgl_arena_free(r->arena);
    folder_remove(&r->folder);
    free(r);
}

const char *rig_document(struct rig *r, const char *webhook_url, unsigned formats, bool ok)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_id id = dgl_id_new(r->clock);
    struct dgl_job_new job = {.template_version = 1,
                              .source = DGL_SOURCE_API,
                              .formats = formats,
                              .webhook_url = webhook_url,
                              .input = "{}",
                              .input_len = 2,
                              .created_at_us = dgl_clock_now_us(r->clock)};
    memcpy(job.id, id.s, sizeof job.id);
    memcpy(job.org, r->org, sizeof job.org);
    memcpy(job.template_id, r->template_id, sizeof job.template_id);
    struct dgl_job_accepted accepted;
    assert_ok(dgl_store_job_accept(r->store, &job, &accepted, &err), err);
    struct dgl_job_limits limits = {0};
    struct dgl_job_claim *claims;
    size_t count;
    assert_ok(dgl_store_jobs_claim(r->store, r->arena, 1, &limits, &claims, &count, &err), err);
    assert_int_equal(count, 1);
    struct dgl_job_finish finish = {.ok = ok, .error_message = ok ? NULL : "It failed.", .engine = "native"};
    memcpy(finish.id, claims[0].id, sizeof finish.id);
    if (ok && (formats & DGL_FORMAT_PDF))
        finish.pdf = (struct dgl_output_row){.blob_uri = "blob:pdf", .size_bytes = 1};
    if (ok && (formats & DGL_FORMAT_DOCX))
        finish.docx = (struct dgl_output_row){.blob_uri = "blob:docx", .size_bytes = 1};
    struct dgl_delivery_due *due;
    assert_ok(dgl_store_job_finish(r->store, r->arena, &finish, &due, &count, &err), err);
    dgl_webhook_enqueue(r->webhook, due, count);
    return count ? dgl_arena_strdup(r->arena, due[0].id) : NULL;
}

void rig_settle(struct rig *r)
{
    bool stop = false;
    int64_t next = dgl_webhook_turn(r->webhook, 0, &stop);
    for (int quiet = 0; quiet < 2;) {
        bool idle = dgl_webhook_idle(r->webhook);
        next = dgl_webhook_turn(r->webhook, idle ? 0 : 10 * DGL_US_PER_S, &stop);
        quiet = idle && dgl_webhook_idle(r->webhook) && next > 0 ? quiet + 1 : 0;
    }
}

void rig_advance(struct rig *r, int64_t us)
{
    dgl_clock_advance(r->clock, us);
    rig_settle(r);
}

struct dgl_delivery_row rig_delivery(struct rig *r, const char *id)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_delivery_row row;
    assert_ok(dgl_store_delivery_get(r->store, r->arena, r->org, id, &row, &err), err);
    return row;
}

struct dgl_attempt_row *rig_attempts(struct rig *r, const char *id, size_t *ret_count)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_attempt_row *rows;
    assert_ok(dgl_store_attempt_list(r->store, r->arena, r->org, id, &rows, ret_count, &err), err);
    return rows;
}

const char *rig_url(struct rig *r, const struct tcp_server *s, const char *path)
{
    return dgl_arena_printf(r->arena, "http://127.0.0.1:%u%s", s->port, path);
}

static const char *last_request(struct rig *r, struct tcp_server *s)
{
    pthread_mutex_lock(&s->lock);
    const char *copy = dgl_arena_strdup(r->arena, s->last_request);
    pthread_mutex_unlock(&s->lock);
    return copy;
}

const char *rig_header(struct rig *r, struct tcp_server *s, const char *name)
{
    const char *request = last_request(r, s), *start = dgl_arena_printf(r->arena, "\r\n%s: ", name);
    const char *at = strcasestr(request, start);
    if (!at)
        return "";
    at += strlen(start);
    return dgl_arena_strndup(r->arena, at, strcspn(at, "\r"));
}

const char *rig_body(struct rig *r, struct tcp_server *s)
{
    const char *end = strstr(last_request(r, s), "\r\n\r\n");
    return end ? end + 4 : "";
}

enum dgl_status rig_verify(struct rig *r, struct tcp_server *s, const char *secret)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_key key;
    const char *body = rig_body(r, s);
    assert_ok(dgl_webhook_key_parse(secret, &key, &err), err);
    return dgl_webhook_verify(&key, 1, rig_header(r, s, "webhook-id"), rig_header(r, s, "webhook-timestamp"),
                              rig_header(r, s, "webhook-signature"), body, strlen(body),
                              dgl_clock_now_us(r->clock) / DGL_US_PER_S, &err);
}

void rig_serve(struct tcp_connection *c)
{
    struct rig_receiver *receiver = c->server->arg;
    while (tcp_read_request(c)) {
        const char *answer = atomic_load(&receiver->answer);
        if (!answer) {
            atomic_fetch_add(&receiver->silent, 1);
            tcp_wait_for_close(c);
            return;
        }
        if (!tcp_puts(c, answer))
            return;
    }
}
