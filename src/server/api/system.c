// For operators and machines: health, readiness, metrics, the OpenAPI document.
#include "server/api/parts.h"

#include <string.h>

API_HANDLER(openapi)
{
    struct dgl_api *api = ctx;
    dgl_http_set_header(rq, "Access-Control-Allow-Origin", "*");
    dgl_http_respond_static(rq, 200, "application/json", api->openapi, api->openapi_len, api->openapi_etag);
}

static void send_state(struct dgl_http_request *rq, const char *state, const char *version)
{
    struct dgl_buf body = DGL_BUF_INIT(4096);
    struct dgl_json_writer w = DGL_JSON_WRITER(&body);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "status", state);
    dgl_jw_kstr(&w, "version", version);
    dgl_jw_end_object(&w);
    dgl_api_send(rq, 200, &body);
}

// Alive: it answers. Nothing else is looked at, so that a full disk does not get the process restarted.
API_HANDLER(healthz)
{
    struct dgl_api *api = ctx;
    send_state(rq, "ok", api->parts.version);
}

static enum dgl_status check_ready(struct dgl_api *api, struct dgl_error *err)
{
    struct dgl_engine_stats engine;
    if (atomic_load(&api->stopping))
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "stopping", "The server is stopping.");
    DGL_TRY(dgl_store_health(api->parts.store, err));
    dgl_engine_stats(api->parts.engine, &engine);
    if (engine.workers_alive == 0)
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "no_workers", "No worker process is alive at the moment.");
    return DGL_OK;
}

API_HANDLER(readyz)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT, public;
    if (check_ready(api, &err) == DGL_OK) {
        send_state(rq, "ready", api->parts.version);
        return;
    }
    // Not ready is 503, whatever the cause is called inside.
    (void)DGL_FAIL_SLUG(&public, DGL_E_UNAVAILABLE, dgl_error_slug(&err), "%s", err.message);
    dgl_http_respond_error(rq, &public, 1);
}

// ---- metrics: Prometheus text format 0.0.4

static void head(struct dgl_buf *out, const char *name, const char *type, const char *help)
{
    dgl_buf_printf(out, "# HELP docgenlab_%s %s\n# TYPE docgenlab_%s %s\n", name, help, name, type);
}

static void counter(struct dgl_buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "counter", help);
    dgl_buf_printf(out, "docgenlab_%s %llu\n", name, (unsigned long long)value);
}

static void gauge(struct dgl_buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "gauge", help);
    dgl_buf_printf(out, "docgenlab_%s %llu\n", name, (unsigned long long)value);
}

static void seconds(struct dgl_buf *out, const char *name, const char *type, const char *help, int64_t us)
{
    head(out, name, type, help);
    dgl_buf_printf(out, "docgenlab_%s %.6f\n", name, (double)us / (double)DGL_US_PER_S);
}

static void http_metrics(struct dgl_api *api, struct dgl_buf *out)
{
    struct dgl_http_stats s;
    dgl_http_server_stats(api->http, &s);
    head(out, "http_requests_total", "counter", "Requests finished, by class of status.");
    for (int i = 1; i <= 5; i++)
        dgl_buf_printf(out, "docgenlab_http_requests_total{class=\"%dxx\"} %llu\n", i,
                       (unsigned long long)s.by_class[i]);
    counter(out, "http_request_body_bytes_total", "Bytes of request bodies received.", s.body_bytes);
    gauge(out, "http_connections", "Open connections.", s.connections);
    gauge(out, "http_requests_in_flight", "Requests being answered.", s.in_flight);
    gauge(out, "http_blocking_queue", "Requests waiting for a thread of the blocking pool.", s.blocking_queue);
}

static void store_metrics(struct dgl_api *api, struct dgl_buf *out)
{
    struct dgl_store_stats s;
    dgl_store_stats(api->parts.store, &s);
    counter(out, "store_commits_total", "Transactions committed.", s.commits);
    counter(out, "store_writes_total", "Writes made, many to a commit.", s.writes);
    counter(out, "store_write_errors_total", "Writes that failed.", s.write_errors);
    gauge(out, "store_queue_length", "Writes waiting for the writer.", s.queue_length);
    gauge(out, "store_database_bytes", "Size of the database on disk.", s.database_bytes);
    gauge(out, "documents_queued", "Documents waiting to be rendered.", s.queued_documents);
    gauge(out, "webhook_deliveries_pending", "Deliveries not finished yet, waiting for a retry ones among them.",
          s.pending_deliveries);
}

static void document_metrics(struct dgl_api *api, struct dgl_buf *out)
{
    struct dgl_documents_stats s;
    dgl_documents_stats(api->parts.documents, &s);
    counter(out, "documents_accepted_total", "Documents accepted.", s.accepted);
    counter(out, "documents_ready_total", "Documents generated.", s.ready);
    counter(out, "documents_failed_total", "Documents that could not be generated.", s.failed);
    gauge(out, "documents_rendering", "Documents being rendered.", s.rendering);
    head(out, "document_render_seconds", "summary", "Time from a worker's start on a document to its files.");
    dgl_buf_printf(out, "docgenlab_document_render_seconds_sum %.6f\ndocgenlab_document_render_seconds_count %llu\n",
                   (double)s.render_us_sum / (double)DGL_US_PER_S, (unsigned long long)s.render_count);
}

static void engine_metrics(struct dgl_api *api, struct dgl_buf *out)
{
    struct dgl_engine_stats s;
    dgl_engine_stats(api->parts.engine, &s);
    counter(out, "engine_jobs_total", "Jobs given to worker processes.", s.jobs);
    counter(out, "engine_jobs_failed_total", "Jobs that failed.", s.failed);
    counter(out, "engine_workers_lost_total", "Workers that crashed or were killed.", s.workers_lost);
    counter(out, "engine_office_lost_total", "Office workers that crashed or were killed.", s.office_lost);
    gauge(out, "engine_workers", "Worker processes alive.", s.workers_alive);
    gauge(out, "engine_office_workers", "Office worker processes alive.", s.office_alive);
    gauge(out, "engine_office_available", "1 when LibreOffice was found.", s.office_available);
    gauge(out, "engine_queue_length", "Jobs waiting for a worker.", s.queue_length);
}

static void webhook_metrics(struct dgl_api *api, struct dgl_buf *out)
{
    struct dgl_webhook_stats s;
    dgl_webhook_stats(api->parts.webhook, &s);
    counter(out, "webhook_attempts_total", "Attempts made.", s.attempts);
    counter(out, "webhook_attempts_succeeded_total", "Attempts answered with 2xx.", s.succeeded);
    counter(out, "webhook_attempts_failed_total", "Attempts that failed.", s.failed);
    counter(out, "webhook_attempts_blocked_total", "Attempts refused by the guard.", s.blocked);
    counter(out, "webhook_deliveries_dropped_total", "Deliveries given up.", s.dropped);
    gauge(out, "webhook_in_flight", "Attempts under way.", s.in_flight);
    gauge(out, "webhook_queued", "Deliveries in the dispatcher's queues.", s.queued);
    seconds(out, "webhook_oldest_due_age_seconds", "gauge", "How long the oldest due delivery has been due.",
            s.oldest_due_age_us);
}

API_HANDLER(metrics)
{
    struct dgl_api *api = ctx;
    struct dgl_buf out = DGL_BUF_INIT(1u << 20);
    head(&out, "info", "gauge", "The program's version.");
    dgl_buf_printf(&out, "docgenlab_info{version=\"%s\"} 1\n", api->parts.version);
    http_metrics(api, &out);
    store_metrics(api, &out);
    document_metrics(api, &out);
    engine_metrics(api, &out);
    webhook_metrics(api, &out);
    dgl_http_respond_buf(rq, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
}
