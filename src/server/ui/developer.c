// Settings → Developer: the page itself, and its API keys. The webhook's forms are in webhook.c.
#include "server/ui/developer.h"

#include <string.h>

#include "server/ui/files.h"

// ---- the page's parts

static enum dgl_status set_keys(struct dgl_ui_visit *v, json_t *data, struct dgl_error *err)
{
    struct dgl_api_key *keys;
    size_t count;
    DGL_TRY(dgl_store_key_list(v->ui->parts.store, v->arena, v->who.org, &keys, &count, err));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, dgl_ui_key(&keys[i], dgl_clock_now_us(v->ui->parts.clock)));
    json_object_set_new(data, "keys", list);
    return DGL_OK;
}

static void set_key_form(struct dgl_ui_visit *v, const struct dgl_ui_developer *extra, json_t *data)
{
    const char *chosen = extra->key_role ? extra->key_role : dgl_role_word(DGL_ROLE_GENERATOR);
    json_object_set_new(data, "roles", dgl_ui_roles(chosen));
    char today[32];
    dgl_time_format_utc(dgl_utc_to_wall(dgl_ui_zone(v), dgl_clock_now_us(v->ui->parts.clock)), today);
    json_t *form = json_object();
    json_object_set_new(form, "open", json_boolean(extra->key_error != NULL));
    dgl_ui_set_text(form, "error", extra->key_error);
    dgl_ui_set_text(form, "name", extra->key_error && extra->key_name ? extra->key_name : "");
    dgl_ui_set_text(form, "expires", extra->key_expires ? extra->key_expires : "");
    dgl_ui_set_format(form, "min_date", "%.10s", today);
    json_object_set_new(data, "key_form", form);
    json_t *new_key = json_null();
    if (extra->new_key) {
        new_key = json_object();
        dgl_ui_set_text(new_key, "key", extra->new_key);
        dgl_ui_set_text(new_key, "name", extra->new_key_name);
    }
    json_object_set_new(data, "new_key", new_key);
}

static const char *webhook_state(struct dgl_ui_visit *v, const struct dgl_webhook_settings *s, const char *shown)
{
    if (!s->url)
        return *shown ? "Not saved yet." : "No address is saved: nothing is sent.";
    if (strcmp(s->url, shown) != 0)
        return dgl_arena_printf(v->arena, "Not saved. In use: %s", s->url);
    if (!s->enabled)
        return dgl_arena_printf(v->arena, "Saved, but switched off: %s. Save it again to switch it on.",
                                s->disabled_reason ? s->disabled_reason : "no reason was kept");
    return "Saved and in use.";
}

static void set_source_ips(const char *source_ips, json_t *data)
{
    json_t *list = json_array();
    for (const char *p = source_ips ? source_ips : ""; *p;) {
        size_t len = strcspn(p, ", ");
        if (len > 0)
            json_array_append_new(list, json_stringn(p, len));
        p += len;
        p += strspn(p, ", ");
    }
    json_object_set_new(data, "source_ips", list);
}

static enum dgl_status set_webhook(struct dgl_ui_visit *v, const struct dgl_ui_developer *extra, json_t *data,
                                   struct dgl_error *err)
{
    struct dgl_webhook_settings s;
    DGL_TRY(dgl_webhook_settings_get(v->ui->parts.webhook, v->arena, v->who.org, &s, err));
    const char *shown = extra->webhook_url ? extra->webhook_url : s.url ? s.url : "";
    json_t *webhook = json_object();
    dgl_ui_set_text(webhook, "url", shown);
    dgl_ui_set_text(webhook, "error", extra->webhook_error);
    dgl_ui_set_text(webhook, "state", webhook_state(v, &s, shown));
    json_object_set_new(webhook, "saved", json_boolean(s.url != NULL));
    json_object_set_new(data, "webhook", webhook);

    json_t *secret = json_object();
    dgl_ui_set_text(secret, "hint", s.secret_hint);
    dgl_ui_set_text(secret, "value", extra->secret);
    dgl_ui_set_text(secret, "note", extra->secret_note);
    json_object_set_new(data, "secret", secret);
    char public_key[96];
    DGL_TRY(dgl_webhook_public_key(v->ui->parts.webhook, v->who.org, public_key, err));
    dgl_ui_set_text(data, "public_key", public_key[0] ? public_key : NULL);
    json_object_set_new(data, "test", extra->test ? dgl_ui_webhook_test(shown, extra->test) : json_null());
    dgl_ui_set_text(data, "test_error", extra->test_error);
    set_source_ips(s.source_ips, data);

    const char *public_url = v->ui->parts.public_url;
    bool dead_links = *shown && dgl_ui_is_loopback_url(public_url) && !dgl_ui_is_loopback_url(shown);
    json_object_set_new(data, "loopback_warning", json_boolean(dead_links));
    dgl_ui_set_text(data, "public_url", public_url);
    json_object_set_new(data, "schedule", dgl_ui_schedule(v->ui->parts.retry_schedule));
    return DGL_OK;
}

static enum dgl_status set_endpoints(struct dgl_ui_visit *v, json_t *data, struct dgl_error *err)
{
    struct dgl_webhook_endpoint *endpoints;
    size_t count;
    DGL_TRY(dgl_webhook_endpoint_list(v->ui->parts.webhook, v->arena, v->who.org, &endpoints, &count, err));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (!endpoints[i].is_organization && !endpoints[i].is_listener)
            json_array_append_new(list, dgl_ui_endpoint(&endpoints[i]));
    json_object_set_new(data, "endpoints", list);
    return DGL_OK;
}

// The newest template of the environment in a request that works when pasted.
static enum dgl_status set_curl(struct dgl_ui_visit *v, const struct dgl_ui_developer *extra, json_t *data,
                                struct dgl_error *err)
{
    struct dgl_store *store = v->ui->parts.store;
    struct dgl_page_query page = {.limit = 1};
    struct dgl_template_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN];
    const char *key = extra->new_key ? extra->new_key : DGL_UI_KEY_PLACEHOLDER;
    DGL_TRY(dgl_store_template_list(store, v->arena, v->who.org, v->who.is_uat, &page, &rows, &count, next, err));
    DGL_AUTO_JSON tokens = NULL;
    if (count > 0) {
        struct dgl_template_version_row version;
        DGL_TRY(dgl_store_template_version_get(store, v->arena, v->who.org, rows[0].id, 0, &version, err));
        const char *text = version.tokens_json ? version.tokens_json : "[]";
        DGL_TRY(dgl_json_parse(text, strlen(text), "tokens", &tokens, err));
    }
    DGL_AUTO_JSON sample = dgl_ui_sample(tokens);
    const char *id = count > 0 ? rows[0].id : "YOUR_TEMPLATE_ID";
    json_object_set_new(data, "curl", dgl_ui_curl(v->ui->parts.public_url, key, id, sample));
    dgl_ui_set_text(data, "curl_template", count > 0 ? rows[0].name : NULL);
    return DGL_OK;
}

static void set_code(json_t *handler, const char *key, const char *file_name)
{
    const struct dgl_ui_file *file = dgl_ui_file_lookup(file_name);
    dgl_ui_set_text(handler, key, file ? file->data : "");
}

static void set_handlers(json_t *data)
{
    static const struct {
        const char *title, *minimal, *signed_code;
    } languages[] = {{"Flask", "minimal/flask.py", "handlers/flask.py"},
                     {"Express", "minimal/express.mjs", "handlers/express.mjs"}};
    json_t *list = json_array();
    for (size_t i = 0; i < DGL_COUNT(languages); i++) {
        json_t *handler = json_object();
        dgl_ui_set_text(handler, "title", languages[i].title);
        set_code(handler, "minimal", languages[i].minimal);
        set_code(handler, "signed", languages[i].signed_code);
        json_array_append_new(list, handler);
    }
    json_object_set_new(data, "handlers", list);
}

static enum dgl_status set_attempts(struct dgl_ui_visit *v, const struct dgl_delivery_row *row, json_t *delivery,
                                    struct dgl_error *err)
{
    struct dgl_attempt_row *attempts;
    size_t count;
    DGL_TRY(dgl_store_attempt_list(v->ui->parts.store, v->arena, v->who.org, row->id, &attempts, &count, err));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, dgl_ui_attempt(&attempts[i]));
    json_object_set_new(delivery, "attempts", list);
    DGL_AUTO_FINI(buf) payload = DGL_BUF_INIT(1u << 20);
    int64_t expires = count > 0 ? attempts[count - 1].link_expires_at_us : 0;
    DGL_TRY(dgl_webhook_payload(v->ui->parts.webhook, row, expires, false, &payload, err));
    dgl_ui_set_text(delivery, "payload", payload.data);
    return DGL_OK;
}

enum dgl_status dgl_ui_deliveries(struct dgl_ui_visit *v, const char *document, json_t **ret, bool *ret_pending,
                                  struct dgl_error *err)
{
    struct dgl_delivery_filter filter = {.status = -1, .document = document};
    struct dgl_page_query page = {.limit = DGL_UI_DELIVERIES_SHOWN};
    struct dgl_delivery_row *rows;
    size_t count;
    char next[DGL_CURSOR_LEN];
    DGL_TRY(
        dgl_store_delivery_list(v->ui->parts.store, v->arena, v->who.org, &filter, &page, &rows, &count, next, err));
    DGL_AUTO_JSON list = json_array();
    *ret_pending = false;
    for (size_t i = 0; i < count; i++) {
        json_t *delivery = dgl_ui_delivery(&rows[i]);
        json_array_append_new(list, delivery);
        dgl_ui_set_waiting(v, &rows[i], delivery);
        DGL_TRY(set_attempts(v, &rows[i], delivery, err));
        *ret_pending |= dgl_ui_is_soon(v, &rows[i]);
    }
    *ret = DGL_STEAL(list);
    return DGL_OK;
}

static enum dgl_status developer_data(struct dgl_ui_visit *v, const struct dgl_ui_developer *extra, json_t *data,
                                      struct dgl_error *err)
{
    json_t *deliveries;
    bool pending;
    DGL_TRY(set_keys(v, data, err));
    set_key_form(v, extra, data);
    DGL_TRY(set_webhook(v, extra, data, err));
    DGL_TRY(set_endpoints(v, data, err));
    DGL_TRY(set_curl(v, extra, data, err));
    set_handlers(data);
    DGL_TRY(dgl_ui_deliveries(v, NULL, &deliveries, &pending, err));
    json_object_set_new(data, "deliveries", deliveries);
    json_object_set_new(data, "deliveries_pending", json_boolean(pending));
    dgl_ui_set_text(data, "canonical", DGL_UI_DEVELOPER);
    dgl_ui_set_text(data, "return_to", DGL_UI_DEVELOPER);
    return DGL_OK;
}

void dgl_ui_show_developer(struct dgl_ui_visit *v, const struct dgl_ui_developer *extra)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_JSON data = dgl_ui_page_data(v, "developer", "Developer");
    if (developer_data(v, extra, data, &err) != DGL_OK)
        dgl_ui_refuse(v, &err);
    else
        dgl_ui_show(v, extra->status ? extra->status : 200, "developer.html", DGL_STEAL(data));
}

void dgl_ui_get_developer(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    dgl_ui_show_developer(&v, &(struct dgl_ui_developer){.status = 200});
}

// ---- API keys

// "2026-12-31" is good to the end of that day in the visitor's zone; "" never ends.
static enum dgl_status read_expiry(const struct dgl_ui_visit *v, const char *text, int64_t *ret, struct dgl_error *err)
{
    *ret = 0;
    if (!*text)
        return DGL_OK;
    int64_t day;
    if (strlen(text) != strlen("2026-12-31") || !dgl_time_parse(text, strlen(text), &day))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "expires", "“%s” is no date; write it as 2026-12-31.", text);
    *ret = dgl_wall_to_utc(dgl_ui_zone(v), day + 86400 * DGL_US_PER_S);
    return DGL_OK;
}

static enum dgl_status create_key(struct dgl_ui_visit *v, char ret_key[40], struct dgl_error *err)
{
    const char *word = dgl_ui_field(v, "role");
    enum dgl_role role;
    int64_t expires_at_us;
    struct dgl_id id;
    if (!dgl_role_parse(word, &role))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "role", "Choose a role for the key.");
    DGL_TRY(read_expiry(v, dgl_ui_field(v, "expires"), &expires_at_us, err));
    return dgl_account_key_create(v->ui->parts.account, v->who.org, dgl_ui_field(v, "name"), role, expires_at_us,
                                  ret_key, &id, err);
}

void dgl_ui_post_key_create(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    char key[40];
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    struct dgl_ui_developer extra = {.key_name = dgl_ui_field(&v, "name"),
                                     .key_role = dgl_ui_field(&v, "role"),
                                     .key_expires = dgl_ui_field(&v, "expires")};
    if (create_key(&v, key, &err) == DGL_OK) {
        extra = (struct dgl_ui_developer){.new_key = key, .new_key_name = dgl_ui_field(&v, "name")};
    } else if (dgl_status_http(err.code) >= 500) {
        dgl_ui_refuse(&v, &err);
        return;
    } else {
        extra.key_error = err.message;
        extra.status = dgl_status_http(err.code);
    }
    dgl_ui_show_developer(&v, &extra);
    dgl_wipe(key, sizeof(key));
}

void dgl_ui_post_key_revoke(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_account_key_revoke(v.ui->parts.account, v.who.org, dgl_http_param(rq, "id"), &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, DGL_UI_DEVELOPER, "good", "The key was revoked. Requests that use it are refused.");
}
