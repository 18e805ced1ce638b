// One request by one person: who it is, whether they may, and the answer.
//
// Three things guard a form: the session cookie is SameSite=Lax, the Origin header must be ours (or, where a browser
// sends none, Sec-Fetch-Site must not say otherwise), and a token bound to the session must come with the form. Before
// there is a session the token is bound to a random cookie of its own.
//
// The message for the next page travels in a cookie: base64url of "kind:text", a dot, and a MAC bound to the session,
// so that nobody can put words into our mouth. It is shown once and deleted.
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/str.h"
#include "server/ui/parts.h"

#define SESSION_COOKIE "dgl_session"
#define SEED_COOKIE "dgl_seed"
#define FLASH_COOKIE "dgl_flash"
#define SEED_LEN 32
#define CSRF_LEN 43

static const unsigned char no_session[32];

void dgl_ui_set_headers(struct dgl_http_request *rq)
{
    static const char policy[] =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    dgl_http_set_header(rq, "Content-Security-Policy", policy);
    dgl_http_set_header(rq, "X-Content-Type-Options", "nosniff");
    dgl_http_set_header(rq, "Referrer-Policy", "same-origin");
    dgl_http_set_header(rq, "Cross-Origin-Opener-Policy", "same-origin");
    dgl_http_set_header(rq, "Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

// Also behind a proxy that does not say so, where the browser asked for the public https address.
static bool is_secure(const struct dgl_ui_visit *v)
{
    const char *url = v->ui->parts.public_url, *host = dgl_http_header(v->rq, "Host");
    return dgl_http_is_tls(v->rq) || (host && strncmp(url, "https://", 8) == 0 && dgl_ui_is_same_origin(url, host, ""));
}

void dgl_ui_set_cookie(struct dgl_ui_visit *v, const char *name, const char *value, bool expire)
{
    char cookie[2048];
    snprintf(cookie, sizeof(cookie), "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s", name, value,
             is_secure(v) ? "; Secure" : "", expire ? "; Max-Age=0" : "");
    dgl_http_add_header(v->rq, "Set-Cookie", cookie);
}

void dgl_ui_set_session(struct dgl_ui_visit *v, const char *token)
{
    dgl_ui_set_cookie(v, SESSION_COOKIE, token ? token : "", !token);
}

// ---- entering

static const unsigned char *session_hash(const struct dgl_ui_visit *v)
{
    return v->signed_in ? v->who.session_hash : no_session;
}

static void csrf_token(struct dgl_ui_visit *v, char out[48])
{
    dgl_account_csrf_token(v->ui->parts.account, session_hash(v), v->signed_in ? "" : v->seed, out);
}

static bool seed_is_good(const char *seed)
{
    return seed && strlen(seed) == SEED_LEN && strspn(seed, "0123456789abcdef") == SEED_LEN;
}

// Kept when there is one, so that several tabs of the sign-in page work.
static void take_seed(struct dgl_ui_visit *v)
{
    const char *cookie = dgl_http_cookie(v->rq, SEED_COOKIE);
    if (seed_is_good(cookie)) {
        memcpy(v->seed, cookie, SEED_LEN + 1);
        return;
    }
    unsigned char bytes[SEED_LEN / 2];
    dgl_random_bytes(bytes, sizeof(bytes));
    dgl_hex_encode(bytes, sizeof(bytes), v->seed);
    dgl_ui_set_cookie(v, SEED_COOKIE, v->seed, false);
}

static enum dgl_status check_origin(const struct dgl_ui_visit *v, struct dgl_error *err)
{
    const char *origin = dgl_http_header(v->rq, "Origin");
    const char *site = dgl_http_header(v->rq, "Sec-Fetch-Site");
    bool ours = origin ? dgl_ui_is_same_origin(origin, dgl_http_header(v->rq, "Host"), v->ui->parts.public_url)
                       : !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    if (ours)
        return DGL_OK;
    return DGL_FAIL_SLUG(
        err, DGL_E_FORBIDDEN, "foreign_origin",
        "This form was sent from another site, so nothing was done. Open the page here and try again.");
}

static enum dgl_status check_csrf(const struct dgl_ui_visit *v, struct dgl_error *err)
{
    const char *token = dgl_ui_field(v, "csrf");
    bool good = strlen(token) == CSRF_LEN && (v->signed_in || v->seed[0]) &&
                dgl_account_csrf_check(v->ui->parts.account, session_hash(v), v->signed_in ? "" : v->seed, token);
    if (good)
        return DGL_OK;
    return DGL_FAIL_SLUG(err, DGL_E_FORBIDDEN, "csrf",
                         "This form is out of date, so nothing was done. Go back, reload the page and try again.");
}

static void go_to_sign_in(struct dgl_ui_visit *v)
{
    const char *path = dgl_http_path(v->rq);
    bool come_back = strcmp(dgl_http_method(v->rq), "GET") == 0 && dgl_ui_is_local_path(path) && strcmp(path, "/") != 0;
    dgl_ui_set_headers(v->rq);
    dgl_http_set_header(v->rq, "Cache-Control", "no-store");
    dgl_http_redirect(v->rq, 303, come_back ? dgl_arena_printf(v->arena, "/sign-in?next=%s", path) : "/sign-in");
}

static enum dgl_status check_role(const struct dgl_ui_visit *v, int access, struct dgl_error *err)
{
    static const enum dgl_role least[] = {[DGL_UI_VIEWER] = DGL_ROLE_VIEWER,
                                          [DGL_UI_GENERATOR] = DGL_ROLE_GENERATOR,
                                          [DGL_UI_EDITOR] = DGL_ROLE_EDITOR,
                                          [DGL_UI_ADMIN] = DGL_ROLE_ADMIN};
    if (access == DGL_UI_ANYONE || v->who.role >= least[access])
        return DGL_OK;
    return DGL_FAIL(err, DGL_E_FORBIDDEN,
                    "This needs the role %s; yours is %s. Ask an administrator of your organization.",
                    dgl_role_title(least[access]), dgl_role_title(v->who.role));
}

static bool is_form(const struct dgl_ui_visit *v)
{
    return strcmp(dgl_http_method(v->rq), "POST") == 0;
}

// What the head alone says: who it is, and whether they may be here and come from here. *ret_sign_in: they have to say
// who they are first.
static enum dgl_status check_head(struct dgl_ui_visit *v, bool *ret_sign_in, struct dgl_error *err)
{
    int access = dgl_http_route(v->rq)->access;
    const char *token = dgl_http_cookie(v->rq, SESSION_COOKIE);
    if (token && *token) {
        enum dgl_status s = dgl_account_authenticate_session(v->ui->parts.account, token, &v->who, err);
        if (s != DGL_OK && s != DGL_E_UNAUTHORIZED && s != DGL_E_NOT_FOUND)
            return s;
        v->signed_in = s == DGL_OK;
    }
    *ret_sign_in = !v->signed_in && access != DGL_UI_ANYONE;
    if (*ret_sign_in)
        return DGL_OK;
    DGL_TRY(check_role(v, access, err));
    return is_form(v) ? check_origin(v, err) : DGL_OK;
}

// A form's token; of a page that shows a form before there is a session, what its token will be bound to.
static enum dgl_status check_form(struct dgl_ui_visit *v, struct dgl_error *err)
{
    const char *seed = dgl_http_cookie(v->rq, SEED_COOKIE);
    if (!v->signed_in && !is_form(v))
        take_seed(v);
    else if (!v->signed_in && seed_is_good(seed))
        memcpy(v->seed, seed, SEED_LEN + 1);
    return is_form(v) ? check_csrf(v, err) : DGL_OK;
}

// False: it has answered.
static bool may_come(struct dgl_ui_visit *v, bool has_body)
{
    struct dgl_error err = DGL_ERROR_INIT;
    bool sign_in = false;
    enum dgl_status status = check_head(v, &sign_in, &err);
    if (status == DGL_OK && !sign_in && has_body)
        status = check_form(v, &err);
    if (status != DGL_OK)
        dgl_ui_refuse(v, &err);
    else if (sign_in)
        go_to_sign_in(v);
    return status == DGL_OK && !sign_in;
}

bool dgl_ui_admit(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v = {.ui = ui, .rq = rq, .arena = dgl_http_arena(rq)};
    if (!may_come(&v, false))
        return false;
    dgl_http_set_sharer(rq, v.who.org_number);
    return true;
}

bool dgl_ui_enter(void *ui, struct dgl_http_request *rq, struct dgl_ui_visit *ret)
{
    *ret = (struct dgl_ui_visit){.ui = ui, .rq = rq, .arena = dgl_http_arena(rq)};
    return may_come(ret, true);
}

const char *dgl_ui_field(const struct dgl_ui_visit *v, const char *name)
{
    const struct dgl_http_field *field = dgl_http_field(v->rq, name);
    return field && !field->file_name && field->value ? field->value : "";
}

const char *dgl_ui_return_to(const struct dgl_ui_visit *v, const char *fallback)
{
    const char *path = dgl_ui_field(v, "return_to");
    return dgl_ui_is_local_path(path) ? dgl_arena_strdup(v->arena, path) : fallback;
}

char *dgl_ui_address(struct dgl_arena *a, const char *path, const struct dgl_ui_param *params, size_t count)
{
    const char *separator = "?";
    char *address = dgl_arena_strdup(a, path);
    for (size_t i = 0; i < count; i++) {
        if (!params[i].value)
            continue;
        address = dgl_arena_printf(a, "%s%s%s=%s", address, separator, params[i].name, params[i].value);
        separator = "&";
    }
    return address;
}

// ---- the message for the next page

static void flash_mac(struct dgl_ui_visit *v, const char *payload, char out[48])
{
    char *seed = dgl_arena_printf(v->arena, "flash:%s", payload);
    dgl_account_csrf_token(v->ui->parts.account, session_hash(v), seed, out);
}

static void set_flash(struct dgl_ui_visit *v, const char *kind, const char *text)
{
    char plain[DGL_UI_FLASH_BYTES], payload[DGL_UI_FLASH_BYTES * 4 / 3 + 8], mac[48];
    int len = snprintf(plain, sizeof(plain), "%s:%s", kind, text);
    if (len < 0)
        return;
    size_t kept = dgl_utf8_cut(plain, strlen(plain), sizeof(plain) - 1);
    if (dgl_base64_encode(plain, kept, true, payload, sizeof(payload)) == 0)
        return;
    flash_mac(v, payload, mac);
    dgl_ui_set_cookie(v, FLASH_COOKIE, dgl_arena_printf(v->arena, "%s.%s", payload, mac), false);
}

static json_t *take_flash(struct dgl_ui_visit *v)
{
    const char *cookie = dgl_http_cookie(v->rq, FLASH_COOKIE);
    if (!cookie || !*cookie || !v->signed_in)
        return json_null();
    dgl_ui_set_cookie(v, FLASH_COOKIE, "", true);
    const char *dot = strchr(cookie, '.');
    if (!dot || strlen(dot + 1) != CSRF_LEN)
        return json_null();
    char plain[DGL_UI_FLASH_BYTES + 1], mac[48];
    size_t len = 0;
    char *payload = dgl_arena_strndup(v->arena, cookie, (size_t)(dot - cookie));
    flash_mac(v, payload, mac);
    if (!dgl_equal_secret(mac, dot + 1, CSRF_LEN) ||
        !dgl_base64_decode(payload, strlen(payload), true, plain, sizeof(plain) - 1, &len))
        return json_null();
    plain[len] = '\0';
    char *colon = strchr(plain, ':');
    if (!colon)
        return json_null();
    *colon = '\0';
    json_t *flash = json_object();
    dgl_ui_set_text(flash, "kind", plain);
    dgl_ui_set_text(flash, "text", colon + 1);
    return flash;
}

// ---- answering

static json_t *user_of(const struct dgl_ui_visit *v)
{
    if (!v->signed_in)
        return json_null();
    char initials[8] = "";
    size_t pos = 0, used = 0;
    for (size_t i = 0; i < 2 && v->who.name[pos]; i++) {
        uint32_t c = dgl_utf8_next(v->who.name, strlen(v->who.name), &pos);
        if (c >= 'a' && c <= 'z')
            c -= 'a' - 'A';
        used += dgl_utf8_put(initials + used, c);
    }
    initials[used] = '\0';
    json_t *user = json_object();
    dgl_ui_set_text(user, "name", v->who.name);
    dgl_ui_set_text(user, "role", dgl_role_title(v->who.role));
    dgl_ui_set_text(user, "initials", initials);
    return user;
}

static json_t *abilities_of(const struct dgl_ui_visit *v)
{
    json_t *can = json_object();
    json_object_set_new(can, "generate", json_boolean(v->signed_in && v->who.role >= DGL_ROLE_GENERATOR));
    json_object_set_new(can, "edit", json_boolean(v->signed_in && v->who.role >= DGL_ROLE_EDITOR));
    json_object_set_new(can, "admin", json_boolean(v->signed_in && v->who.role >= DGL_ROLE_ADMIN));
    return can;
}

const char *dgl_ui_zone(const struct dgl_ui_visit *v)
{
    return v->signed_in ? v->who.time_zone : "UTC";
}

static json_t *base_data(struct dgl_ui_visit *v, const char *section, const char *title)
{
    json_t *data = json_object();
    bool is_uat = v->signed_in && v->who.is_uat;
    dgl_ui_set_text(data, "title", title);
    dgl_ui_set_text(data, "section", section);
    dgl_ui_set_text(data, "version", v->ui->parts.version);
    dgl_ui_set_text(data, "environment", is_uat ? "uat" : "production");
    dgl_ui_set_text(data, "environment_title", is_uat ? "UAT" : "Production");
    dgl_ui_set_text(data, "key_placeholder", DGL_UI_KEY_PLACEHOLDER);
    dgl_ui_set_text(data, "canonical", "");
    dgl_ui_set_text(data, "zone", dgl_ui_zone(v));
    json_object_set_new(data, "asset", dgl_ui_asset_paths(v->ui));
    json_object_set_new(data, "user", user_of(v));
    json_object_set_new(data, "can", abilities_of(v));
    json_object_set_new(data, "flash", json_null());
    json_object_set_new(data, "error", json_null());
    json_object_set_new(data, "problems", json_array());
    return data;
}

json_t *dgl_ui_page_data(struct dgl_ui_visit *v, const char *section, const char *title)
{
    json_t *data = base_data(v, section, title);
    char csrf[48];
    csrf_token(v, csrf);
    dgl_ui_set_text(data, "csrf", csrf);
    json_object_set_new(data, "flash", take_flash(v));
    const char *path = dgl_http_path(v->rq);
    bool is_get = strcmp(dgl_http_method(v->rq), "GET") == 0;
    dgl_ui_set_text(data, "return_to", is_get && dgl_ui_is_local_path(path) ? path : "/");
    return data;
}

static void send_page(struct dgl_ui_visit *v, int status, const char *page, json_t *data)
{
    DGL_AUTO_JSON owned = data;
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) html = DGL_BUF_INIT(DGL_VIEW_MAX_PAGE_BYTES);
    dgl_ui_set_headers(v->rq);
    dgl_http_set_header(v->rq, "Cache-Control", "no-store");
    if (dgl_views_render(v->ui->views, page, owned, dgl_ui_zone(v), v->ui->parts.clock, &html, &err) == DGL_OK) {
        dgl_http_respond_buf(v->rq, status, "text/html; charset=utf-8", &html);
        return;
    }
    dgl_log_error(DGL_LOG_ERROR, "page not rendered", &err);
    static const char sorry[] = "<!doctype html><title>Error</title><p>This page could not be shown. Please try again.";
    dgl_http_respond(v->rq, 500, "text/html; charset=utf-8", sorry, sizeof(sorry) - 1);
}

void dgl_ui_show(struct dgl_ui_visit *v, int status, const char *page, json_t *data)
{
    send_page(v, status, page, data);
}

void dgl_ui_leave(struct dgl_ui_visit *v, const char *location, const char *kind, const char *text)
{
    if (text)
        set_flash(v, kind, text);
    dgl_ui_set_headers(v->rq);
    dgl_http_set_header(v->rq, "Cache-Control", "no-store");
    dgl_http_redirect(v->rq, 303, location);
}

static const char *error_title(enum dgl_status code)
{
    switch (code) {
    case DGL_E_NOT_FOUND:
        return "Page not found";
    case DGL_E_GONE:
        return "No longer there";
    case DGL_E_FORBIDDEN:
        return "Not allowed";
    case DGL_E_METHOD:
        return "Not possible here";
    case DGL_E_LIMIT:
        return "Too large";
    case DGL_E_RATE:
        return "Too many tries";
    case DGL_E_UNAVAILABLE:
    case DGL_E_TIMEOUT:
        return "Not available at the moment";
    case DGL_E_INTERNAL:
    case DGL_E_IO:
        return "Something went wrong here";
    default:
        return "That did not work";
    }
}

void dgl_ui_refuse(struct dgl_ui_visit *v, const struct dgl_error *err)
{
    bool ours = err->code == DGL_E_INTERNAL || err->code == DGL_E_IO;
    json_t *data = base_data(v, "", error_title(err->code));
    dgl_ui_set_text(data, "message",
                    ours ? "The server met a problem of its own. Please try again; if it stays, tell whoever runs it."
                         : err->message);
    dgl_ui_set_text(data, "reference", ours ? dgl_http_id(v->rq) : NULL);
    json_t *back = json_object();
    dgl_ui_set_text(back, "href", "/");
    dgl_ui_set_text(back, "text", "Go to the start");
    json_object_set_new(data, "back", back);
    if (ours)
        dgl_log_error(DGL_LOG_ERROR, "page failed", err);
    send_page(v, dgl_status_http(err->code), "error.html", data);
}

json_t *dgl_ui_form_error(const struct dgl_error *err)
{
    json_t *o = json_object();
    dgl_ui_set_text(o, "text", err->message);
    dgl_ui_set_text(o, "field", err->field);
    return o;
}

// RFC 6266 §4.3: a plain name for old programs, the exact one percent-encoded.
void dgl_ui_send_file(struct dgl_ui_visit *v, struct dgl_document_file *file)
{
    DGL_AUTO_FINI(buf) header = DGL_BUF_INIT(4096);
    dgl_buf_puts(&header, "attachment; filename=\"");
    for (const char *p = file->file_name; *p; p++)
        dgl_buf_putc(&header,
                     (unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e || *p == '"' || *p == '\\' ? '_' : *p);
    dgl_buf_puts(&header, "\"; filename*=UTF-8''");
    for (const char *p = file->file_name; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                     strchr("-._~", *p) != NULL;
        if (plain)
            dgl_buf_putc(&header, *p);
        else
            dgl_buf_printf(&header, "%%%02X", (unsigned char)*p);
    }
    char hash[65], etag[70];
    dgl_hex_encode(file->sha256, sizeof(file->sha256), hash);
    snprintf(etag, sizeof(etag), "\"%s\"", hash);
    dgl_ui_set_headers(v->rq);
    dgl_http_set_header(v->rq, "Cache-Control", "private, no-cache");
    dgl_http_set_header(v->rq, "Content-Disposition", header.data ? header.data : "attachment");
    dgl_http_respond_file(v->rq, DGL_STEAL_FD(file->fd), file->size_bytes, file->content_type, etag,
                          file->finished_at_us);
}
