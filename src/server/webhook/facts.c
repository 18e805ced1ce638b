// A small cache in front of the store: endpoint, organization URL and unsealed secrets, read again every few seconds
// (another process may have changed them) and at once after a change made here.
#include "server/webhook/webhook_private.h"

#include "base/str.h"
#include <stdlib.h>
#include <string.h>

static void drop_headers(struct dgl_facts *f)
{
    for (size_t i = 0; i < f->header_count; i++) {
        dgl_wipe(f->headers[i], strlen(f->headers[i]));
        free(f->headers[i]);
    }
    f->header_count = 0;
}

static size_t bucket_of(const char *org, const char *endpoint)
{
    return (size_t)(dgl_hash_text(dgl_hash_text(DGL_HASH_START, org), endpoint) % DGL_FACTS_BUCKETS);
}

void dgl_facts_cache_fini(struct dgl_facts_cache *c)
{
    for (size_t i = 0; i < DGL_FACTS_BUCKETS; i++)
        for (struct dgl_facts *f = c->buckets[i], *next; f; f = next) {
            next = f->next;
            drop_headers(f);
            dgl_wipe(f, sizeof *f);
            free(f);
        }
    *c = (struct dgl_facts_cache){.count = 0};
}

static struct dgl_facts *entry_of(struct dgl_facts_cache *c, const char *org, const char *endpoint)
{
    size_t bucket = bucket_of(org, endpoint);
    for (struct dgl_facts *f = c->buckets[bucket]; f; f = f->next)
        if (strcmp(f->org, org) == 0 && strcmp(f->endpoint, endpoint) == 0)
            return f;
    if (c->count >= DGL_WEBHOOK_FACTS_MAX)
        dgl_facts_cache_fini(c); // starting over is rare and costs a read per endpoint
    struct dgl_facts *f = DGL_NEW(struct dgl_facts);
    dgl_str_copy(f->org, sizeof f->org, org, strlen(org));
    dgl_str_copy(f->endpoint, sizeof f->endpoint, endpoint, strlen(endpoint));
    f->read_at_us = INT64_MIN;
    f->next = c->buckets[bucket];
    c->buckets[bucket] = f;
    c->count++;
    return f;
}

static enum dgl_status read_endpoint(struct dgl_webhook *w, struct dgl_arena *a, struct dgl_facts *f,
                                     bool *ret_is_organization, struct dgl_error *err)
{
    struct dgl_endpoint_row row;
    enum dgl_status status = dgl_store_endpoint_get(w->store, a, f->org, f->endpoint, &row, err);
    if (status == DGL_E_NOT_FOUND) {
        f->exists = f->enabled = false;
        return DGL_OK;
    }
    DGL_TRY(status);
    f->exists = true;
    f->enabled = row.state == DGL_ENDPOINT_ENABLED;
    dgl_str_copy(f->url, sizeof f->url, row.url, strlen(row.url));
    if (row.schedule)
        DGL_TRY(dgl_schedule_parse(row.schedule, &f->schedule, err));
    if (row.headers_json)
        DGL_TRY(dgl_webhook_headers_load(w, f->org, row.headers_json, f->headers, &f->header_count, err));
    *ret_is_organization = row.is_organization;
    return DGL_OK;
}

// An endpoint without secrets of its own is signed for with the organization's.
static enum dgl_status read_facts(struct dgl_webhook *w, struct dgl_arena *a, struct dgl_facts *f,
                                  struct dgl_error *err)
{
    bool is_organization = false;
    struct dgl_org org;
    f->key_count = 0;
    f->schedule = w->schedule;
    drop_headers(f);
    DGL_TRY(dgl_store_org_get(w->store, a, f->org, &org, err));
    f->paused = org.disabled_at_us != 0;
    if (f->endpoint[0])
        DGL_TRY(read_endpoint(w, a, f, &is_organization, err));
    else
        f->exists = f->enabled = true;
    if (!f->exists)
        return DGL_OK;
    if (f->endpoint[0] && !is_organization)
        DGL_TRY(dgl_webhook_secrets_load(w, a, f->org, f->endpoint, f->keys, &f->key_count, err));
    if (f->key_count == 0)
        DGL_TRY(dgl_webhook_secrets_ensure(w, a, f->org, "", f->keys, &f->key_count, err));
    if (!f->endpoint[0])
        DGL_TRY(dgl_webhook_organization_origin(w, a, f->org, f->organization_origin, err));
    return DGL_OK;
}

enum dgl_status dgl_facts_get(struct dgl_webhook *w, const char *org, const char *endpoint,
                              const struct dgl_facts **ret, struct dgl_error *err)
{
    struct dgl_facts *f = entry_of(&w->facts, org, endpoint);
    int64_t now_us = dgl_clock_mono_us(w->clock);
    unsigned generation = atomic_load(&w->generation);
    if (f->read_at_us == INT64_MIN || f->generation != generation || now_us - f->read_at_us >= DGL_WEBHOOK_FACTS_US) {
        DGL_AUTO(arena) a = dgl_arena_new(0);
        f->read_at_us = INT64_MIN;
        DGL_TRY(read_facts(w, a, f, err));
        f->read_at_us = now_us;
        f->generation = generation;
    }
    *ret = f;
    return DGL_OK;
}

size_t dgl_facts_keys_for(const struct dgl_facts *f, const struct dgl_url *url, int64_t now_us,
                          struct dgl_webhook_key ret[DGL_WEBHOOK_KEYS_MAX])
{
    bool derive = !f->endpoint[0] && strcmp(url->origin, f->organization_origin) != 0;
    size_t count = 0;
    for (size_t i = 0; i < f->key_count; i++) {
        const struct dgl_facts_key *k = &f->keys[i];
        if (k->expires_at_us != 0 && k->expires_at_us <= now_us)
            continue;
        if (derive && k->key.kind != DGL_WEBHOOK_KEY_HMAC)
            continue; // the receiver would check it with the key of the organization's URL
        ret[count++] = derive ? dgl_webhook_key_derive(&k->key, url->origin) : k->key;
    }
    return count;
}
