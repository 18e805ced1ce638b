// Starting and stopping the server.
//
// Start: supervisor (forked before anything else, while the process is small and has no threads) ─▶ data folder, locked
// ─▶ store, files ─▶ net, webhook, engine, account, documents ─▶ http with the routes of api and ui ─▶ threads ─▶
// "listening". Stop (SIGTERM, SIGINT): readiness off ─▶ http drains ─▶ documents finish ─▶ webhooks in flight end ─▶
// engine ─▶ store. SIGHUP reads the certificate anew. At most STOP_MS in all; a second signal ends the process at once.
// What was not finished is durable and goes on after the next start.
//
// Without its supervisor (killed from outside) the server can render nothing and cannot fork a new one: by now it has
// threads. It stops in order and then executes itself anew.
#include "server/app/parts.h"
#include "server/app/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/version.h"
#include "render/template/suggest.h"
#include "server/api/api.h"
#include "server/engine/supervisor.h"
#include "server/ui/ui.h"

#define STOP_MS 30000 // what docs/operations.md promises
#define STOP_HTTP_MS 10000
#define STOP_DOCUMENTS_MS 10000
#define STOP_WEBHOOK_MS 6000
#define STOP_ENGINE_MS 2000
_Static_assert(STOP_HTTP_MS + STOP_DOCUMENTS_MS + STOP_WEBHOOK_MS + STOP_ENGINE_MS < STOP_MS,
               "stopping takes too long");
#define AGAIN_AFTER_MS 3000 // a server younger than this does not start itself anew

struct app {
    const struct dgl_config *config;
    struct dgl_arena *arena; // strings that live as long as the server
    struct dgl_clock *clock;
    struct dgl_app_paths paths;
    int lock_fd;
    struct dgl_supervisor *supervisor;
    struct dgl_keyring *keys;
    struct dgl_store *store;
    struct dgl_blob_store *blobs;
    struct dgl_guard *webhook_guard, *fetch_guard;
    struct dgl_net_client *net;
    struct dgl_mailer *mailer; // NULL = no SMTP_URL
    struct dgl_outbox *outbox; // as the mailer
    struct dgl_webhook *webhook;
    struct dgl_image_fetcher fetcher;
    struct dgl_engine *engine;
    struct dgl_account *account;
    struct dgl_documents *documents;
    struct dgl_http_server *http;
    struct dgl_api *api;
    struct dgl_ui *ui;
    const char *public_url;
};

static const char *str(const struct app *a, const char *key)
{
    return dgl_config_str(a->config, key);
}

static int64_t num(const struct app *a, const char *key)
{
    return dgl_config_int(a->config, key);
}

// One server per data folder: two would render every job twice. Before anything else there is looked at or changed.
static enum dgl_status lock_data(struct app *a, struct dgl_error *err)
{
    dgl_app_paths(a->config, a->arena, &a->paths);
    DGL_TRY(dgl_app_make_data_dir(a->paths.data_dir, true, err));
    DGL_TRY(dgl_app_lock(&a->paths, &a->lock_fd, err));
    return dgl_app_check_whole(&a->paths, err);
}

// What a room says of a value is said of the option that it came from.
static enum dgl_status of_option(const char *key, enum dgl_status status, struct dgl_error *err)
{
    char message[sizeof err->message];
    if (status != DGL_E_INVALID)
        return status;
    memcpy(message, err->message, sizeof message);
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, key, "%s: %s", key, message);
}

static const char *option_of_client(const struct dgl_error *err)
{
    if (strcmp(err->field, "ca_file") == 0)
        return "WEBHOOK_CA_FILE";
    return strcmp(err->field, "dns_servers") == 0 ? "DNS_SERVERS" : "WEBHOOK_BIND_ADDRESS";
}

// The addresses to show are held to the grammar of networks: receivers copy them into their firewalls.
static enum dgl_status check_source_ips(struct app *a, struct dgl_error *err)
{
    DGL_AUTO(guard) parsed = NULL;
    struct dgl_guard_options options = {.allow_nets = str(a, "WEBHOOK_SOURCE_IPS")};
    return of_option("WEBHOOK_SOURCE_IPS", dgl_guard_new(&options, &parsed, err), err);
}

static enum dgl_status open_net(struct app *a, struct dgl_error *err)
{
    DGL_TRY(check_source_ips(a, err));
    struct dgl_guard_options webhooks = {.allow_http = dgl_config_bool(a->config, "WEBHOOK_ALLOW_HTTP"),
                                         .allow_nets = str(a, "WEBHOOK_ALLOW_NETS"),
                                         .refuse_own_addresses = true};
    DGL_TRY(of_option("WEBHOOK_ALLOW_NETS", dgl_guard_new(&webhooks, &a->webhook_guard, err), err));
    struct dgl_guard_options fetches = {.allow_nets = str(a, "FETCH_ALLOW_NETS"), .refuse_own_addresses = true};
    DGL_TRY(of_option("FETCH_ALLOW_NETS", dgl_guard_new(&fetches, &a->fetch_guard, err), err));
    struct dgl_net_client_options net = {.ca_file = str(a, "WEBHOOK_CA_FILE"),
                                         .bind_address = str(a, "WEBHOOK_BIND_ADDRESS"),
                                         .dns_servers = str(a, "DNS_SERVERS"),
                                         .max_in_flight = (unsigned)num(a, "WEBHOOK_MAX_IN_FLIGHT")};
    enum dgl_status status = dgl_net_client_new(&net, &a->net, err);
    return of_option(option_of_client(err), status, err);
}

static enum dgl_status open_mail(struct app *a, struct dgl_error *err)
{
    struct dgl_mailer_options options = {
        .url = str(a, "SMTP_URL"), .from = str(a, "MAIL_FROM"), .ca_file = str(a, "WEBHOOK_CA_FILE")};
    if (!options.url)
        return DGL_OK;
    DGL_TRY(dgl_mailer_new(&options, &a->mailer, err));
    struct dgl_outbox_parts parts = {
        .mailer = a->mailer, .store = a->store, .account = a->account, .clock = a->clock, .public_url = a->public_url};
    a->outbox = dgl_outbox_new(&parts);
    return DGL_OK;
}

static enum dgl_status open_http(struct app *a, struct dgl_error *err)
{
    struct dgl_http_options options = {.listen = str(a, "LISTEN"),
                                       .tls_cert_file = str(a, "TLS_CERT_FILE"),
                                       .tls_key_file = str(a, "TLS_KEY_FILE"),
                                       .trusted_proxies = str(a, "TRUSTED_PROXIES"),
                                       .threads = (unsigned)num(a, "HTTP_THREADS"),
                                       .temp_dir = dgl_app_data_dir(a->config),
                                       .error_page = dgl_ui_error_page,
                                       .error_page_ctx = &a->ui};
    return dgl_http_server_new(&options, a->clock, &a->http, err);
}

// PUBLIC_URL as given, without a trailing slash; else where we listen.
static enum dgl_status choose_public_url(struct app *a, struct dgl_error *err)
{
    const char *given = str(a, "PUBLIC_URL");
    bool tls = str(a, "TLS_CERT_FILE") != NULL;
    if (!given) {
        a->public_url = dgl_arena_printf(a->arena, "%s://%s", tls ? "https" : "http", dgl_http_server_address(a->http));
        return DGL_OK;
    }
    struct dgl_url url;
    DGL_TRY(dgl_url_parse(given, strlen(given), "PUBLIC_URL", &url, err));
    size_t len = strlen(url.text);
    while (len > 0 && url.text[len - 1] == '/')
        len--;
    a->public_url = dgl_arena_strndup(a->arena, url.text, len);
    return DGL_OK;
}

static enum dgl_status open_webhook(struct app *a, struct dgl_error *err)
{
    struct dgl_webhook_options options = {.public_url = a->public_url,
                                          .download_url_ttl_s = num(a, "DOWNLOAD_URL_TTL_S"),
                                          .schedule = str(a, "WEBHOOK_RETRY_SCHEDULE"),
                                          .timeout_ms = num(a, "WEBHOOK_TIMEOUT_MS"),
                                          .max_in_flight = (unsigned)num(a, "WEBHOOK_MAX_IN_FLIGHT"),
                                          .development = dgl_config_bool(a->config, "WEBHOOK_ALLOW_HTTP"),
                                          .source_ips = str(a, "WEBHOOK_SOURCE_IPS"),
                                          .bind_address = str(a, "WEBHOOK_BIND_ADDRESS"),
                                          .outbox = a->outbox};
    return dgl_webhook_new(a->store, a->net, a->webhook_guard, a->keys, a->clock, &options, &a->webhook, err);
}

static enum dgl_status no_such_template(struct app *a, struct dgl_arena *arena, uint64_t org_number, const char *name,
                                        struct dgl_error *err)
{
    const char **names = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_template_names(a->store, arena, org_number, &names, &count, err));
    const char *near = dgl_suggest(name, strlen(name), names, count);
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found",
                         "there is no template with the name \"%.80s\" in the organization%s%.80s%s", name,
                         near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "; upload it first");
}

// The current version of a template of the organization, by name or id, for subdocuments.
static enum dgl_status find_template(void *ctx, uint64_t org_number, const char *name, int *ret_fd,
                                     struct dgl_error *err)
{
    struct app *a = ctx;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_template_version_row version;
    int64_t size = 0;
    enum dgl_status status = dgl_store_template_version_named(a->store, arena, org_number, name, &version, err);
    if (status == DGL_E_NOT_FOUND)
        return no_such_template(a, arena, org_number, name, err);
    DGL_TRY(status);
    return dgl_blob_open_fd(a->blobs, version.blob_uri, ret_fd, &size, err);
}

static enum dgl_status find_font(void *ctx, uint64_t org_number, const unsigned char sha256[32], int *ret_fd,
                                 struct dgl_error *err)
{
    const struct app *a = ctx;
    char uri[DGL_FONT_URI_LEN];
    int64_t size = 0;
    DGL_TRY(dgl_store_font_file(a->store, org_number, sha256, uri, err));
    return dgl_blob_open_fd(a->blobs, uri, ret_fd, &size, err);
}

static enum dgl_status open_engine(struct app *a, struct dgl_error *err)
{
    a->fetcher = (struct dgl_image_fetcher){
        .net = a->net, .guard = a->fetch_guard, .find_template = find_template, .find_font = find_font, .ctx = a};
    struct dgl_engine_options options = {.workers = (unsigned)num(a, "RENDER_WORKERS"),
                                         .office_workers = (unsigned)num(a, "OFFICE_WORKERS"),
                                         .timeout_ms = num(a, "RENDER_TIMEOUT_MS"),
                                         .memory_bytes = num(a, "RENDER_MEMORY_BYTES"),
                                         .scratch_dir = a->paths.scratch,
                                         .office_program = str(a, "OFFICE_PROGRAM"),
                                         .fetcher = dgl_app_fetch,
                                         .fetcher_ctx = &a->fetcher};
    return dgl_engine_new(a->supervisor, &options, &a->engine, err);
}

static enum dgl_status open_account(struct app *a, struct dgl_error *err)
{
    struct dgl_account_options account = {.rate_limit_per_minute = num(a, "RATE_LIMIT_PER_MINUTE")};
    return dgl_account_new(a->store, a->clock, a->keys, &account, &a->account, err);
}

static enum dgl_status open_documents(struct app *a, struct dgl_error *err)
{
    struct dgl_documents_parts parts = {.store = a->store,
                                        .blobs = a->blobs,
                                        .engine = a->engine,
                                        .webhook = a->webhook,
                                        .keys = a->keys,
                                        .clock = a->clock};
    struct dgl_documents_options options = {.public_url = a->public_url,
                                            .download_url_ttl_s = num(a, "DOWNLOAD_URL_TTL_S"),
                                            .max_concurrent_jobs = num(a, "MAX_CONCURRENT_JOBS"),
                                            .retention_days = num(a, "DOCUMENT_RETENTION_DAYS"),
                                            .delivery_log_days = num(a, "DELIVERY_LOG_DAYS"),
                                            .max_upload_bytes = num(a, "MAX_UPLOAD_BYTES")};
    return dgl_documents_new(&parts, &options, &a->documents, err);
}

static enum dgl_status open_faces(struct app *a, struct dgl_error *err)
{
    struct dgl_api_parts api = {.store = a->store,
                                .account = a->account,
                                .documents = a->documents,
                                .webhook = a->webhook,
                                .engine = a->engine,
                                .clock = a->clock,
                                .public_url = a->public_url,
                                .version = DGL_VERSION,
                                .max_upload_bytes = num(a, "MAX_UPLOAD_BYTES")};
    DGL_TRY(dgl_api_new(&api, a->http, &a->api, err));
    struct dgl_ui_parts ui = {.store = a->store,
                              .account = a->account,
                              .documents = a->documents,
                              .webhook = a->webhook,
                              .outbox = a->outbox,
                              .clock = a->clock,
                              .public_url = a->public_url,
                              .version = DGL_VERSION,
                              .max_upload_bytes = num(a, "MAX_UPLOAD_BYTES"),
                              .retry_schedule = str(a, "WEBHOOK_RETRY_SCHEDULE"),
                              .allow_setup = true};
    return dgl_ui_new(&ui, a->http, &a->ui, err);
}

static enum dgl_status open_all(struct app *a, struct dgl_error *err)
{
    DGL_TRY(lock_data(a, err));
    DGL_TRY(dgl_app_open_store(&a->paths, &a->keys, &a->store, err));
    DGL_TRY(dgl_blob_open(a->paths.files, &a->blobs, err));
    DGL_TRY(open_net(a, err));
    DGL_TRY(open_account(a, err));
    DGL_TRY(open_http(a, err));
    DGL_TRY(choose_public_url(a, err));
    DGL_TRY(open_mail(a, err));
    DGL_TRY(open_webhook(a, err));
    DGL_TRY(open_engine(a, err));
    DGL_TRY(open_documents(a, err));
    DGL_TRY(open_faces(a, err));
    if (a->outbox)
        DGL_TRY(dgl_outbox_start(a->outbox, err));
    DGL_TRY(dgl_webhook_start(a->webhook, err));
    DGL_TRY(dgl_documents_start(a->documents, err));
    return dgl_http_server_start(a->http, err);
}

static void stop_all(struct app *a)
{
    if (a->api)
        dgl_api_set_stopping(a->api);
    if (a->http)
        dgl_http_server_stop(a->http, STOP_HTTP_MS);
    if (a->documents)
        dgl_documents_stop(a->documents, STOP_DOCUMENTS_MS);
    if (a->webhook)
        dgl_webhook_stop(a->webhook, STOP_WEBHOOK_MS);
    if (a->outbox)
        dgl_outbox_stop(a->outbox);
    if (a->engine)
        dgl_engine_stop(a->engine, STOP_ENGINE_MS);
}

// The order matters where threads may still call back: the network first, because its ends are recorded in the store;
// then the store, because closing it answers every write that waits, into documents, api and http; those last.
static void free_all(struct app *a)
{
    dgl_engine_free(a->engine);
    dgl_net_client_free(a->net);
    dgl_webhook_free(a->webhook);
    dgl_outbox_free(a->outbox);
    dgl_mailer_free(a->mailer);
    dgl_account_free(a->account);
    dgl_store_free(a->store);
    dgl_documents_free(a->documents);
    dgl_ui_free(a->ui);
    dgl_api_free(a->api);
    dgl_http_server_free(a->http);
    dgl_guard_free(a->webhook_guard);
    dgl_guard_free(a->fetch_guard);
    if (a->blobs)
        dgl_blob_close(a->blobs);
    dgl_keyring_free(a->keys);
    if (a->supervisor)
        dgl_supervisor_stop(a->supervisor);
    if (a->lock_fd >= 0)
        close(a->lock_fd);
    dgl_arena_free(a->arena);
}

static void announce(const struct app *a)
{
    dgl_process_tell_manager("READY=1");
    bool tls = str(a, "TLS_CERT_FILE") != NULL;
    printf("docgenlab listening on %s://%s\n", tls ? "https" : "http", dgl_http_server_address(a->http));
    fflush(stdout);
    dgl_log(DGL_LOG_INFO, "ready", DGL_F_STR("version", DGL_VERSION),
            DGL_F_STR("address", dgl_http_server_address(a->http)), DGL_F_STR("public_url", a->public_url),
            DGL_F_STR("data", dgl_app_data_dir(a->config)));
}

static enum dgl_status configure_log(const struct dgl_config *config, struct dgl_error *err)
{
    enum dgl_log_level level;
    enum dgl_log_format format;
    if (!dgl_log_parse_level(dgl_config_str(config, "LOG_LEVEL"), &level))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "LOG_LEVEL",
                              "LOG_LEVEL is \"%.40s\" but must be debug, info, warn, error or off.",
                              dgl_config_str(config, "LOG_LEVEL"));
    if (!dgl_log_parse_format(dgl_config_str(config, "LOG_FORMAT"), &format))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "LOG_FORMAT",
                              "LOG_FORMAT is \"%.40s\" but must be auto, text or json.",
                              dgl_config_str(config, "LOG_FORMAT"));
    if (strcmp(dgl_config_str(config, "ROLE"), "all") != 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "ROLE", "ROLE is \"%.40s\" but must be all.",
                              dgl_config_str(config, "ROLE"));
    dgl_log_configure(level, format);
    return DGL_OK;
}

static bool supervisor_died(const struct app *a)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)dgl_supervisor_peek_pid(a->supervisor), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

// SIGHUP: a certificate that was renewed is served from the next connection on. Options are read at the start alone.
static void load_certificate(struct app *a)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (dgl_http_server_load_certificate(a->http, str(a, "TLS_CERT_FILE"), str(a, "TLS_KEY_FILE"), &err) == DGL_OK)
        dgl_log(DGL_LOG_INFO, "certificate read anew");
    else
        dgl_log_error(DGL_LOG_ERROR, "certificate not read anew", &err);
}

// Returns whether the server is to begin again.
static bool wait_and_stop(struct app *a, sigset_t *set)
{
    int signal_number;
    bool again;
    do {
        sigwait(set, &signal_number);
        again = signal_number == SIGCHLD && supervisor_died(a);
        if (signal_number == SIGHUP)
            load_certificate(a);
    } while ((signal_number == SIGCHLD && !again) || signal_number == SIGHUP);
    if (again)
        dgl_log(DGL_LOG_ERROR, "supervisor killed; starting anew");
    else
        dgl_log(DGL_LOG_INFO, "stopping", DGL_F_STR("signal", signal_number == SIGINT ? "SIGINT" : "SIGTERM"));
    dgl_process_tell_manager("STOPPING=1");
    dgl_process_end_at_second_signal(set);
    stop_all(a);
    return again;
}

// In the supervisor, which all workers come from: passwords in options and environment are not theirs. The server
// itself keeps its environment, to execute itself anew.
static void forget_options(void *config)
{
    static const char prefix[] = "DOCGENLAB_";
    for (char **variable = environ; *variable; variable++)
        if (strncmp(*variable, prefix, sizeof prefix - 1) == 0)
            dgl_wipe(*variable, strlen(*variable));
    dgl_config_wipe(config);
}

enum dgl_status dgl_app_serve(const struct dgl_config *config, struct dgl_error *err)
{
    static sigset_t set; // outlives the watcher of the second signal
    struct app a = {.config = config, .clock = dgl_clock_system(), .lock_fd = -1};
    DGL_TRY(configure_log(config, err));
    DGL_TRY(dgl_crypto_init(err));
    dgl_process_forbid_core_dumps(); // the workers' too
    DGL_TRY(dgl_supervisor_start_without(forget_options, (void *)(uintptr_t)config, &a.supervisor, err));
    dgl_process_keep_memory_private();
    int64_t started_us = dgl_clock_mono_us(a.clock);
    bool again = false;
    set = dgl_process_block_signals();
    dgl_process_raise_descriptor_limit();
    a.arena = dgl_arena_new(0);
    enum dgl_status status = open_all(&a, err);
    if (status == DGL_OK) {
        announce(&a);
        again = wait_and_stop(&a, &set);
        dgl_log(DGL_LOG_INFO, "stopped");
    } else {
        stop_all(&a);
    }
    bool lived = dgl_clock_mono_us(a.clock) - started_us >= AGAIN_AFTER_MS * DGL_US_PER_MS;
    free_all(&a);
    if (again) {
        if (lived) // not over and over
            dgl_process_execute_anew(&set);
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the supervisor process was killed; start docgenlab again");
    }
    return status;
}
