// The test button: one request the real way (same guard, signature, deadlines), no retries, nothing stored, and words
// for what came of it.
#include "server/webhook/webhook_private.h"

#include "base/str.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct probe {
    dgl_webhook_test_done done;
    void *arg;
    bool development;
    struct dgl_url url;
};

// ---- throttle: ten a minute per organization

static struct dgl_webhook_test_count *count_of(struct dgl_webhook *w, uint64_t org_number)
{
    struct dgl_webhook_test_count *oldest = &w->tests[0];
    for (size_t i = 0; i < DGL_WEBHOOK_TEST_ORGS; i++) {
        struct dgl_webhook_test_count *c = &w->tests[i];
        unsigned last = (c->next + DGL_WEBHOOK_TESTS_PER_MINUTE - 1) % DGL_WEBHOOK_TESTS_PER_MINUTE;
        unsigned oldest_last = (oldest->next + DGL_WEBHOOK_TESTS_PER_MINUTE - 1) % DGL_WEBHOOK_TESTS_PER_MINUTE;
        if (c->org_number == org_number && c->at_us[last] != 0)
            return c;
        if (c->at_us[last] < oldest->at_us[oldest_last])
            oldest = c;
    }
    *oldest = (struct dgl_webhook_test_count){.org_number = org_number};
    return oldest;
}

static enum dgl_status throttle(struct dgl_webhook *w, uint64_t org_number, int64_t *ret_retry_after_s,
                                struct dgl_error *err)
{
    // Counted from 1, so that 0 stays "never" with a clock that starts at 0.
    int64_t now_us = dgl_clock_mono_us(w->clock) + 1, window_us = 60 * DGL_US_PER_S, wait_us = 0;
    pthread_mutex_lock(&w->test_lock);
    struct dgl_webhook_test_count *c = count_of(w, org_number);
    int64_t tenth_last_us = c->at_us[c->next];
    if (tenth_last_us != 0 && now_us - tenth_last_us < window_us) {
        wait_us = window_us - (now_us - tenth_last_us);
    } else {
        c->at_us[c->next] = now_us;
        c->next = (c->next + 1) % DGL_WEBHOOK_TESTS_PER_MINUTE;
    }
    pthread_mutex_unlock(&w->test_lock);
    if (wait_us == 0)
        return DGL_OK;
    *ret_retry_after_s = (wait_us + DGL_US_PER_S - 1) / DGL_US_PER_S;
    return DGL_FAIL_FIELD(err, DGL_E_RATE, "rate_limited", "webhook_url",
                          "At most %d webhook tests a minute are made; try again in %lld s.",
                          DGL_WEBHOOK_TESTS_PER_MINUTE, (long long)*ret_retry_after_s);
}

// ---- the result

static void copy_answer(const struct dgl_net_result *r, struct dgl_webhook_test *t)
{
    char start[sizeof t->answer];
    size_t len = DGL_MIN(r->body_len, sizeof start - 1);
    memcpy(start, r->body, len);
    len = r->body_len > len ? dgl_utf8_cut(r->body, r->body_len, len) : len;
    dgl_webhook_make_text(start, len);
    dgl_str_copy(t->answer, sizeof t->answer, start, len);
}

static void sentence(const struct dgl_net_result *r, const struct dgl_webhook_test *t, char out[256])
{
    if (r->outcome != DGL_NET_ANSWERED)
        snprintf(out, 256, "%s", r->message);
    else if (t->ok)
        snprintf(out, 256, "Your server accepted the test with status %d.", r->http_status);
    else
        snprintf(out, 256, "Your server answered with status %d, which counts as a failure; any 2xx is a success.",
                 r->http_status);
    if (strncmp(out, "the ", 4) == 0)
        out[0] = 'T';
}

static void on_tested(void *arg, const struct dgl_net_result *r)
{
    struct probe *p = arg;
    struct dgl_webhook_test t = {.outcome = r->outcome, .http_status = r->http_status};
    t.ok = r->outcome == DGL_NET_ANSWERED && r->http_status >= 200 && r->http_status < 300;
    if (r->outcome != DGL_NET_BLOCKED) { // no timings of what may not be reached
        t.total_us = r->total_us;
        t.dns_us = r->dns_us;
        t.connect_us = r->connect_us;
        t.tls_us = r->tls_us;
        t.first_byte_us = r->first_byte_us;
        memcpy(t.tls, r->tls, sizeof t.tls);
        if (!r->address_private || p->development)
            copy_answer(r, &t);
    }
    sentence(r, &t, t.message);
    if (!t.ok)
        dgl_webhook_advise(r, &p->url, t.advice);
    p->done(p->arg, &t);
    free(p);
}

enum dgl_status dgl_webhook_test_async(struct dgl_webhook *w, const char *org, uint64_t org_number, const char *url,
                                       dgl_webhook_test_done done, void *arg, int64_t *ret_retry_after_s,
                                       struct dgl_error *err)
{
    static const char body[] = DGL_WEBHOOK_TEST_BODY;
    struct dgl_url parsed;
    struct dgl_facts_key facts[DGL_WEBHOOK_KEYS_MAX];
    struct dgl_webhook_key keys[DGL_WEBHOOK_KEYS_MAX];
    const char *lines[DGL_WEBHOOK_HEADERS];
    size_t count;
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(dgl_url_parse(url, strlen(url), "webhook_url", &parsed, err));
    DGL_TRY(dgl_guard_check_url(w->guard, &parsed, "webhook_url", err));
    DGL_TRY(throttle(w, org_number, ret_retry_after_s, err));
    DGL_TRY(dgl_webhook_secrets_ensure(w, a, org, "", facts, &count, err));
    for (size_t i = 0; i < count; i++)
        keys[i] = facts[i].key;
    struct dgl_id id = dgl_id_message(w->clock);
    struct dgl_webhook_outgoing out = {.id = id.s, .body = body, .body_len = sizeof body - 1, .number = 1};
    dgl_attempt_headers(a, &out, keys, count, dgl_clock_now_us(w->clock), lines);
    dgl_wipe(keys, sizeof keys);
    dgl_wipe(facts, sizeof facts);
    struct dgl_net_request request = dgl_attempt_request(w, org_number, lines, body, sizeof body - 1);
    request.url = parsed;
    struct probe *p = DGL_NEW(struct probe);
    *p = (struct probe){.done = done, .arg = arg, .development = w->development, .url = parsed};
    enum dgl_status status = dgl_net_client_submit(w->net, &request, on_tested, p, err);
    if (status != DGL_OK)
        free(p);
    return status;
}
