// /metrics: Prometheus text format 0.0.4. Figures that answer three questions: is it healthy, how far behind is it, why
// is it slow. Labels have few values, all known beforehand: no organization, template, URL or id is ever one.
// docs/operations.md lists every metric, deploy/prometheus and deploy/grafana use them; a test holds them together.
#include "server/api/parts.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

typedef unsigned long long counted;

static void head(struct dgl_buf *out, const char *name, const char *type, const char *help)
{
    dgl_buf_printf(out, "# HELP docgenlab_%s %s\n# TYPE docgenlab_%s %s\n", name, help, name, type);
}

static void counter(struct dgl_buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "counter", help);
    dgl_buf_printf(out, "docgenlab_%s %llu\n", name, (counted)value);
}

static void gauge(struct dgl_buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "gauge", help);
    dgl_buf_printf(out, "docgenlab_%s %llu\n", name, (counted)value);
}

static void seconds(struct dgl_buf *out, const char *name, const char *help, int64_t us)
{
    head(out, name, "gauge", help);
    dgl_buf_printf(out, "docgenlab_%s %.6f\n", name, (double)us / (double)DGL_US_PER_S);
}

static void histogram(struct dgl_buf *out, const char *name, const char *help, const struct dgl_histogram_values *v)
{
    uint64_t sum = 0;
    head(out, name, "histogram", help);
    for (size_t i = 0; i < DGL_HISTOGRAM_BOUNDS; i++) {
        sum += v->counts[i];
        dgl_buf_printf(out, "docgenlab_%s_bucket{le=\"%g\"} %llu\n", name,
                       (double)dgl_histogram_bounds_us[i] / (double)DGL_US_PER_S, (counted)sum);
    }
    sum += v->counts[DGL_HISTOGRAM_BOUNDS];
    dgl_buf_printf(out, "docgenlab_%s_bucket{le=\"+Inf\"} %llu\ndocgenlab_%s_sum %.6f\ndocgenlab_%s_count %llu\n", name,
                   (counted)sum, name, (double)v->sum_us / (double)DGL_US_PER_S, name, (counted)sum);
}

// ---- one room each

static void http_metrics(struct dgl_api *api, struct dgl_buf *out)
{
    struct dgl_http_stats s;
    dgl_http_server_stats(api->http, &s);
    head(out, "http_requests_total", "counter", "Requests finished, by area of the API and class of status.");
    for (size_t i = 0; i < s.area_count; i++)
        for (int j = 2; j <= 5; j++)
            dgl_buf_printf(out, "docgenlab_http_requests_total{area=\"%s\",class=\"%dxx\"} %llu\n", s.areas[i].name, j,
                           (counted)s.areas[i].by_class[j]);
    counter(out, "http_rate_limited_total", "Requests answered 429.", s.rate_limited);
    histogram(out, "http_request_seconds", "Whole requests, those that wait for a document included.", &s.duration);
    counter(out, "http_request_body_bytes_total", "Bytes of request bodies received.", s.body_bytes);
    gauge(out, "http_connections", "Open connections.", s.connections);
    counter(out, "http_connections_refused_total", "Connections closed because their address had too many.",
            s.refused_connections);
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
    histogram(out, "store_commit_seconds", "Groups of writes, from their begin to being on disk.", &s.commit);
    gauge(out, "store_queue_length", "Writes waiting for the writer.", s.queue_length);
    gauge(out, "store_database_bytes", "Size of the database on disk.", s.database_bytes);
    gauge(out, "disk_free_bytes", "Free space of the database's file system.", s.disk_free_bytes);
    gauge(out, "disk_bytes", "Size of the database's file system.", s.disk_bytes);
    gauge(out, "documents_queued", "Documents waiting to be rendered.", s.queued_documents);
    seconds(out, "documents_oldest_queued_age_seconds", "How long the oldest waiting document has been waiting.",
            s.oldest_queued_age_us);
    gauge(out, "webhook_deliveries_pending", "Deliveries not finished yet, waiting for a retry ones among them.",
          s.pending_deliveries);
}

static void document_metrics(struct dgl_api *api, struct dgl_buf *out)
{
    struct dgl_documents_stats s;
    uint64_t ready = 0, failed = 0;
    dgl_documents_stats(api->parts.documents, &s);
    counter(out, "documents_accepted_total", "Documents accepted.", s.accepted);
    head(out, "documents_finished_total", "counter", "Documents finished, by outcome and engine.");
    for (size_t i = 0; i < DGL_DOCUMENT_ENGINES; i++) {
        const char *word = dgl_document_engine_word(i);
        ready += s.by_engine[i].ready;
        failed += s.by_engine[i].failed;
        dgl_buf_printf(out,
                       "docgenlab_documents_finished_total{status=\"ready\",engine=\"%s\"} %llu\n"
                       "docgenlab_documents_finished_total{status=\"failed\",engine=\"%s\"} %llu\n",
                       word, (counted)s.by_engine[i].ready, word, (counted)s.by_engine[i].failed);
    }
    counter(out, "documents_ready_total", "Documents generated.", ready);
    counter(out, "documents_failed_total", "Documents that could not be generated.", failed);
    counter(out, "documents_requeued_total", "Documents that went back to the queue for another try.", s.requeued);
    gauge(out, "documents_rendering", "Documents being rendered.", s.rendering);
    gauge(out, "documents_storing", "Documents rendered and not yet stored.", s.finishing);
    histogram(out, "document_render_seconds", "From a worker's start on a document to its files.", &s.render);
    histogram(out, "document_total_seconds", "From acceptance to the stored outcome.", &s.total);
}

static void engine_metrics(struct dgl_api *api, struct dgl_buf *out)
{
    struct dgl_engine_stats s;
    dgl_engine_stats(api->parts.engine, &s);
    counter(out, "engine_jobs_total", "Jobs given to worker processes.", s.jobs);
    counter(out, "engine_jobs_failed_total", "Jobs that failed.", s.failed);
    head(out, "engine_worker_ends_total", "counter", "Workers that ended unasked, by reason.");
    for (int i = 0; i < DGL_WORKER_ENDS; i++)
        dgl_buf_printf(out, "docgenlab_engine_worker_ends_total{reason=\"%s\"} %llu\n",
                       dgl_worker_end_word((enum dgl_worker_end)i), (counted)s.ends[i]);
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
    head(out, "webhook_attempts_total", "counter", "Attempts made, by result.");
    for (size_t i = 0; i < DGL_WEBHOOK_RESULTS; i++)
        dgl_buf_printf(out, "docgenlab_webhook_attempts_total{result=\"%s\"} %llu\n", dgl_webhook_result_word(i),
                       (counted)s.by_result[i]);
    counter(out, "webhook_deliveries_dropped_total", "Deliveries given up.", s.dropped);
    gauge(out, "webhook_in_flight", "Attempts under way.", s.in_flight);
    gauge(out, "webhook_queued", "Deliveries in the dispatcher's queues.", s.queued);
    gauge(out, "webhook_queues", "Queues with deliveries, one per endpoint.", s.queues);
    gauge(out, "webhook_queues_closed", "Queues that wait because their receiver takes nothing.", s.closed_queues);
    seconds(out, "webhook_oldest_due_age_seconds", "How long the oldest due delivery has been due.",
            s.oldest_due_age_us);
    histogram(out, "webhook_delivery_lag_seconds", "From an event to its acceptance by the receiver, retries included.",
              &s.lag);
    histogram(out, "webhook_exchange_seconds", "One attempt, from its start to its answer.", &s.exchange);
}

// The names every Prometheus client library gives these.
static void process_metrics(struct dgl_buf *out)
{
    struct rusage usage;
    struct dgl_error err = DGL_ERROR_INIT;
    unsigned long long size, resident;
    DGL_AUTO_FINI(buf) statm = DGL_BUF_INIT(4096);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        dgl_buf_printf(out,
                       "# HELP process_cpu_seconds_total Processor time of the main process.\n"
                       "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.6f\n",
                       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    if (dgl_file_read("/proc/self/statm", 4096, &statm, &err) == DGL_OK && statm.data &&
        sscanf(statm.data, "%llu %llu", &size, &resident) == 2)
        dgl_buf_printf(out,
                       "# HELP process_resident_memory_bytes Resident memory of the main process.\n"
                       "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %llu\n",
                       resident * (unsigned long long)sysconf(_SC_PAGESIZE));
}

API_HANDLER(metrics)
{
    struct dgl_api *api = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_buf out = DGL_BUF_INIT(1u << 20);
    head(&out, "info", "gauge", "The program's version.");
    dgl_buf_printf(&out, "docgenlab_info{version=\"%s\"} 1\n", api->parts.version);
    gauge(&out, "ready", "1 when documents can be accepted and made; /readyz says why not.",
          dgl_api_check_ready(api, &err) == DGL_OK);
    seconds(&out, "start_time_seconds", "When the server started, since 1970.", api->started_at_us);
    counter(&out, "log_lines_dropped_total", "Log lines that stderr had no room for, because nobody read it.",
            dgl_log_dropped());
    http_metrics(api, &out);
    store_metrics(api, &out);
    document_metrics(api, &out);
    engine_metrics(api, &out);
    webhook_metrics(api, &out);
    process_metrics(&out);
    dgl_http_respond_buf(rq, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
}
