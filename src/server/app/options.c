// The one table of options: configuration file, environment (DOCGENLAB_…), command line and `serve --help` all read it.
#include "server/app/app.h"

#define DAY_S 86400

static const struct dgl_option options[] = {
    {"LISTEN", DGL_OPTION_STRING, "127.0.0.1:8080", 0, 0, "Address and port to listen on; port 0 takes a free one."},
    {"PUBLIC_URL", DGL_OPTION_STRING, NULL, 0, 0,
     "How clients reach this server; begins every download link. From LISTEN when not set."},
    {"DATA_DIR", DGL_OPTION_STRING, "./data", 0, 0, "Folder of the database, the files and the master key."},
    {"DATABASE_URL", DGL_OPTION_STRING, NULL, 0, 0, "sqlite:PATH; in DATA_DIR when not set."},
    {"SECRET_KEY_FILE", DGL_OPTION_STRING, NULL, 0, 0,
     "Master key, mode 0600; made in DATA_DIR on the first start when not set."},
    {"ROLE", DGL_OPTION_STRING, "all", 0, 0, "all: this process accepts, renders and delivers."},
    {"TLS_CERT_FILE", DGL_OPTION_STRING, NULL, 0, 0, "PEM certificate chain, to serve https directly."},
    {"TLS_KEY_FILE", DGL_OPTION_STRING, NULL, 0, 0, "PEM private key of TLS_CERT_FILE."},
    {"TRUSTED_PROXIES", DGL_OPTION_STRING, NULL, 0, 0,
     "Networks (CIDR, comma-separated) whose X-Forwarded-For and -Proto are believed."},
    {"HTTP_THREADS", DGL_OPTION_INT, "2", 1, 64, "Threads that read requests and write answers."},
    {"RATE_LIMIT_PER_MINUTE", DGL_OPTION_INT, "60", 0, 100000000,
     "API requests a minute for one organization; 0 = no limit."},
    {"MAX_UPLOAD_BYTES", DGL_OPTION_INT, "26214400", 1024, 1073741824, "Largest template upload."},
    {"MAX_CONCURRENT_JOBS", DGL_OPTION_INT, "0", 0, 100000,
     "Documents rendered at once for one organization; 0 = no limit."},
    {"RENDER_WORKERS", DGL_OPTION_INT, "0", 0, 256, "Worker processes; 0 = one per core."},
    {"RENDER_TIMEOUT_MS", DGL_OPTION_INT, "30000", 100, 600000, "Longest time for one document."},
    {"RENDER_MEMORY_BYTES", DGL_OPTION_INT, "536870912", 67108864, 68719476736, "Most resident memory of one worker."},
    {"DOWNLOAD_URL_TTL_S", DGL_OPTION_INT, "86400", 1, 365 * DAY_S, "Life of a signed download link."},
    {"DOCUMENT_RETENTION_DAYS", DGL_OPTION_INT, "30", 0, 36500,
     "Days after which documents are erased; 0 = kept for ever."},
    {"DELIVERY_LOG_DAYS", DGL_OPTION_INT, "90", 0, 36500, "Days the delivery log is kept; 0 = for ever."},
    {"WEBHOOK_RETRY_SCHEDULE", DGL_OPTION_STRING, "60,300,900", 0, 0, "Seconds between attempts, comma-separated."},
    {"WEBHOOK_TIMEOUT_MS", DGL_OPTION_INT, "15000", 100, 120000,
     "Longest time for one webhook exchange, answer included."},
    {"WEBHOOK_MAX_IN_FLIGHT", DGL_OPTION_INT, "256", 1, 10000, "Webhook exchanges at once."},
    {"WEBHOOK_ALLOW_HTTP", DGL_OPTION_BOOL, "false", 0, 0, "Development: accept http:// webhook URLs."},
    {"WEBHOOK_ALLOW_NETS", DGL_OPTION_STRING, NULL, 0, 0,
     "Private networks (CIDR, comma-separated) webhooks may go to."},
    {"WEBHOOK_CA_FILE", DGL_OPTION_STRING, NULL, 0, 0,
     "PEM certificates trusted for webhooks and images besides the system's."},
    {"WEBHOOK_BIND_ADDRESS", DGL_OPTION_STRING, NULL, 0, 0, "Source address of outgoing webhooks."},
    {"WEBHOOK_SOURCE_IPS", DGL_OPTION_STRING, NULL, 0, 0,
     "Addresses shown to receivers for their allow-lists, comma-separated."},
    {"DNS_SERVERS", DGL_OPTION_STRING, NULL, 0, 0,
     "Name servers (ADDRESS:PORT, comma-separated) for webhooks and images; the system's when not set."},
    {"SMTP_URL", DGL_OPTION_STRING, NULL, 0, 0,
     "Mail server for notices and invitations: smtps://USER:PASSWORD@HOST or smtp://HOST:25."},
    {"MAIL_FROM", DGL_OPTION_STRING, NULL, 0, 0, "Sender's address of e-mails."},
    {"FETCH_ALLOW_NETS", DGL_OPTION_STRING, NULL, 0, 0, "Private networks images for templates may be fetched from."},
    {"OFFICE_PROGRAM", DGL_OPTION_STRING, NULL, 0, 0, "LibreOffice's program folder; looked for when not set."},
    {"OFFICE_WORKERS", DGL_OPTION_INT, "0", 0, 64, "LibreOffice processes; 0 = as needed, at most 2."},
    {"LOG_FORMAT", DGL_OPTION_STRING, "auto", 0, 0, "text, json, or auto: text on a terminal."},
    {"LOG_LEVEL", DGL_OPTION_STRING, "info", 0, 0, "debug, info, warn, error or off."},
};

struct dgl_config *dgl_app_config_new(void)
{
    return dgl_config_new(options, DGL_COUNT(options));
}
