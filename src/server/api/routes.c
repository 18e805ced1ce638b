// Every route of this room, who may call it, and what the OpenAPI document says of it. There is no other list.
#include "server/api/parts.h"

#define V1 "/api/v1"
#define READS DGL_ROUTE_BLOCKING                   // synchronous store reads and writes
#define FORM (DGL_ROUTE_BLOCKING | DGL_ROUTE_FORM) // a body bound of 0 means the upload bound; see api.c
#define ROUTE(method_, path_, handler_, flags_, max_, access_, tag_, summary_) \
    .route = {.method = (method_),                                             \
              .path = (path_),                                                 \
              .handler = dgl_api_##handler_,                                   \
              .flags = (flags_),                                               \
              .max_body_bytes = (max_),                                        \
              .access = (access_),                                             \
              .summary = (summary_),                                           \
              .tag = (tag_)},                                                  \
    .id = #handler_

const struct api_entry dgl_api_entries[] = {
    // Templates
    {ROUTE("POST", V1 "/templates/", template_create, FORM, 0, API_EDITOR, "templates",
           "Upload a Word template; it is compiled and checked"),
     .request = "TemplateUpload", .status = 201, .response = "Template"},
    {ROUTE("GET", V1 "/templates/", template_list, READS, 0, API_VIEWER, "templates", "List templates, newest first"),
     .query = "is_uat limit cursor", .status = 200, .response = "list:TemplateItem"},
    {ROUTE("GET", V1 "/templates/{id}", template_get, READS, 0, API_VIEWER, "templates",
           "One template with the tokens found in it"),
     .status = 200, .response = "Template"},
    {ROUTE("PUT", V1 "/templates/{id}", template_update, FORM, 0, API_EDITOR, "templates",
           "Upload a new version, or change name or description"),
     .request = "TemplateUpdate", .status = 200, .response = "Template"},
    {ROUTE("DELETE", V1 "/templates/{id}", template_delete, READS, 0, API_EDITOR, "templates", "Delete a template"),
     .status = 204},
    {ROUTE("GET", V1 "/templates/{id}/versions", template_versions, READS, 0, API_VIEWER, "templates",
           "Versions, newest first"),
     .query = "limit cursor", .status = 200, .response = "list:TemplateVersion"},
    {ROUTE("POST", V1 "/templates/{id}/versions/{version}/rollback", template_rollback, READS, 0, API_EDITOR,
           "templates", "Make a new version equal to an old one"),
     .status = 200, .response = "Template"},
    {ROUTE("GET", V1 "/templates/{id}/file", template_file, READS, 0, API_VIEWER, "templates",
           "The template's source file"),
     .query = "version", .status = 200,
     .response = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {ROUTE("GET", V1 "/templates/{id}/sample.xlsx", template_sample, READS, 0, API_VIEWER, "templates",
           "A spreadsheet for many documents: a header for each token"),
     .status = 200, .response = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {ROUTE("POST", V1 "/templates/{id}/preview", template_preview, READS, API_MAX_GENERATE_BYTES, API_GENERATOR,
           "templates", "Render at once: no document is kept, no webhook sent"),
     .request = "PreviewRequest", .status = 200, .response = "application/pdf"},

    // Documents
    {ROUTE("POST", V1 "/documents/", document_create, DGL_ROUTE_ASYNC, API_MAX_GENERATE_BYTES, API_GENERATOR,
           "documents", "Generate a document; durable when it answers"),
     .query = "wait Prefer X-Idempotency-Key Idempotency-Key", .request = "DocumentRequest", .status = 202,
     .response = "DocumentAccepted"},
    {ROUTE("GET", V1 "/documents/", document_list, READS, 0, API_VIEWER, "documents", "History, newest first"),
     .query = "template_id document_status source is_uat since until limit cursor", .status = 200,
     .response = "page:Document"},
    {ROUTE("GET", V1 "/documents/{id}", document_get, READS, 0, API_VIEWER, "documents", "One document"), .status = 200,
     .response = "Document"},
    {ROUTE("GET", V1 "/documents/{id}/download", document_download, READS, 0, API_VIEWER, "documents", "The file"),
     .query = "format", .status = 200, .response = "application/pdf"},
    {ROUTE("DELETE", V1 "/documents/{id}", document_delete, READS, 0, API_EDITOR, "documents",
           "Erase files, input and stored answers"),
     .status = 204},
    {ROUTE("GET", "/files/{name}", file, READS, 0, API_ANYONE, "documents", "A signed download link"),
     .query = "expires signature", .status = 200, .response = "application/pdf"},

    // Webhooks
    {ROUTE("GET", V1 "/webhooks/settings", webhook_get, READS, 0, API_ADMIN, "webhooks", "The organization's webhook"),
     .status = 200, .response = "WebhookSettings"},
    {ROUTE("PUT", V1 "/webhooks/settings", webhook_put, READS, API_MAX_SMALL_BYTES, API_ADMIN, "webhooks",
           "Save the webhook URL"),
     .request = "WebhookUrl", .status = 200, .response = "WebhookSettings"},
    {ROUTE("DELETE", V1 "/webhooks/settings", webhook_delete, READS, 0, API_ADMIN, "webhooks",
           "Remove the webhook URL; pending deliveries to it are canceled"),
     .status = 204},
    {ROUTE("POST", V1 "/webhooks/test", webhook_test, READS, API_MAX_SMALL_BYTES, API_ADMIN, "webhooks",
           "Send the test payload once, to the URL given or the saved one"),
     .request = "WebhookTestRequest", .status = 200, .response = "WebhookTest"},
    {ROUTE("GET", V1 "/webhooks/secret", secret_get, READS, 0, API_ADMIN, "webhooks", "Show the signing secret"),
     .status = 200, .response = "Secret"},
    {ROUTE("POST", V1 "/webhooks/secret/rotate", secret_rotate, READS, API_MAX_SMALL_BYTES, API_ADMIN, "webhooks",
           "Make a new signing secret; the old one signs besides for a while"),
     .request = "SecretRotation", .status = 200, .response = "Secret"},
    {ROUTE("POST", V1 "/webhooks/secret/derive", secret_derive, READS, API_MAX_SMALL_BYTES, API_ADMIN, "webhooks",
           "Show the secret that signs for a per-request URL"),
     .request = "SecretDerivation", .status = 200, .response = "Secret"},
    {ROUTE("GET", V1 "/webhooks/source-ips", source_ips, READS, 0, API_VIEWER, "webhooks",
           "Addresses that webhooks are sent from"),
     .status = 200, .response = "SourceIps"},
    {ROUTE("GET", V1 "/webhooks/deliveries/", delivery_list, READS, 0, API_ADMIN, "webhooks",
           "The delivery log, newest first"),
     .query = "delivery_status document_id endpoint_id since until limit cursor", .status = 200,
     .response = "page:DeliveryItem"},
    {ROUTE("GET", V1 "/webhooks/deliveries/{id}", delivery_get, READS, 0, API_ADMIN, "webhooks",
           "One delivery with its attempts and body"),
     .status = 200, .response = "Delivery"},
    {ROUTE("POST", V1 "/webhooks/deliveries/{id}/redeliver", delivery_redeliver, READS, 0, API_ADMIN, "webhooks",
           "Send it again now"),
     .status = 202, .response = "Delivery"},
    {ROUTE("POST", V1 "/webhooks/redeliver", redeliver_range, READS, API_MAX_SMALL_BYTES, API_ADMIN, "webhooks",
           "Send all of a time range again, 100 a second; with dry_run only count them"),
     .request = "RedeliverRange", .status = 202, .response = "RedeliverCount"},
    {ROUTE("GET", V1 "/webhooks/events", events_get, READS, 0, API_ADMIN, "webhooks",
           "The feed: webhooks fetched instead of sent, as a long poll"),
     .query = "listener_name events_cursor events_seconds events_limit", .status = 200, .response = "Events"},
    {ROUTE("POST", V1 "/webhooks/events/{id}/result", event_result, READS, API_MAX_REPORT_BYTES, API_ADMIN, "webhooks",
           "Report what came of an event of the feed"),
     .request = "EventResult", .status = 204},

    // The system
    {ROUTE("GET", "/openapi.json", openapi, DGL_ROUTE_ASYNC, 0, API_ANYONE, "system", "This document"), .status = 200,
     .response = "application/json"},
    {ROUTE("GET", V1 "/openapi.json", openapi, DGL_ROUTE_ASYNC, 0, API_ANYONE, "system", "This document"),
     .status = 200, .response = "application/json"},
    {ROUTE("GET", "/healthz", healthz, DGL_ROUTE_ASYNC, 0, API_ANYONE, "system", "Whether the process answers"),
     .status = 200, .response = "State"},
    {ROUTE("GET", "/readyz", readyz, READS, 0, API_ANYONE, "system", "Whether it can do its work"), .status = 200,
     .response = "State"},
    {ROUTE("GET", "/metrics", metrics, READS, 0, API_ANYONE, "system", "Metrics in Prometheus text format"),
     .status = 200, .response = "text/plain"},
};
const size_t dgl_api_entry_count = DGL_COUNT(dgl_api_entries);
