// The schema, one migration after the other. A migration that has been released is never edited: a change is a new
// one at the end.
//
// Rows refer to each other by `seq`, the rowid, which only grows; the `id` texts are for the outside. What accepting
// and finishing a document touch is kept few and append-only: the input has a table of its own so that a status change
// does not rewrite it, and the queue is no table but a partial index that holds unfinished documents only, so its size
// is the backlog's, not the history's. SQLite uses a partial index only for queries that repeat its condition, which is
// why those say "status < 2 AND status = 0".
#include "server/store/sqlite/schema.h"

static const char accounts_and_documents[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta (name, value) VALUES ('probe', 0);"

    "CREATE TABLE organizations ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL,"
    " time_zone TEXT NOT NULL DEFAULT 'UTC',"
    " locale TEXT NOT NULL DEFAULT 'en-US',"
    " rate_limit_per_minute INTEGER NOT NULL DEFAULT -1," // -1 = the server's
    " max_concurrent_jobs INTEGER NOT NULL DEFAULT -1,"   // -1 = the server's
    " created_at_us INTEGER NOT NULL) STRICT;"

    "CREATE TABLE users ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " org INTEGER NOT NULL REFERENCES organizations (seq),"
    " email TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL,"
    " password_hash TEXT NOT NULL,"
    " role TEXT NOT NULL,"
    " disabled INTEGER NOT NULL DEFAULT 0,"
    " created_at_us INTEGER NOT NULL,"
    " last_sign_in_at_us INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX users_by_org ON users (org);"

    "CREATE TABLE sessions ("
    " token_hash BLOB PRIMARY KEY,"
    " user INTEGER NOT NULL REFERENCES users (seq) ON DELETE CASCADE,"
    " created_at_us INTEGER NOT NULL,"
    " expires_at_us INTEGER NOT NULL,"
    " is_uat INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX sessions_by_user ON sessions (user);"
    "CREATE INDEX sessions_by_expiry ON sessions (expires_at_us);"

    "CREATE TABLE api_keys ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " org INTEGER NOT NULL REFERENCES organizations (seq),"
    " name TEXT NOT NULL,"
    " prefix TEXT NOT NULL,"
    " hash BLOB NOT NULL UNIQUE,"
    " role TEXT NOT NULL,"
    " created_at_us INTEGER NOT NULL,"
    " expires_at_us INTEGER NOT NULL,"
    " last_used_at_us INTEGER NOT NULL DEFAULT 0,"
    " revoked_at_us INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX api_keys_by_org ON api_keys (org);"

    "CREATE TABLE templates ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " org INTEGER NOT NULL REFERENCES organizations (seq),"
    " name TEXT NOT NULL,"
    " description TEXT NOT NULL,"
    " is_uat INTEGER NOT NULL,"
    " kind TEXT NOT NULL,"
    " version INTEGER NOT NULL,"
    " created_at_us INTEGER NOT NULL,"
    " updated_at_us INTEGER NOT NULL,"
    " deleted_at_us INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX templates_by_org ON templates (org);"

    "CREATE TABLE template_versions ("
    " template INTEGER NOT NULL REFERENCES templates (seq),"
    " version INTEGER NOT NULL,"
    " blob_uri TEXT NOT NULL,"
    " sha256 BLOB NOT NULL,"
    " size_bytes INTEGER NOT NULL,"
    " tokens_json TEXT,"
    " file_name TEXT,"
    " created_at_us INTEGER NOT NULL,"
    " PRIMARY KEY (template, version)) STRICT;"

    // status, source: enum dgl_document_status, enum dgl_document_source. An erased document keeps this row, emptied.
    "CREATE TABLE documents ("
    " seq INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,"
    " org INTEGER NOT NULL REFERENCES organizations (seq),"
    " template INTEGER NOT NULL REFERENCES templates (seq),"
    " template_version INTEGER NOT NULL,"
    " status INTEGER NOT NULL DEFAULT 0,"
    " source INTEGER NOT NULL,"
    " formats INTEGER NOT NULL,"
    " is_uat INTEGER NOT NULL,"
    " actor TEXT NOT NULL,"
    " webhook_url TEXT,"
    " created_at_us INTEGER NOT NULL,"
    " tries INTEGER NOT NULL DEFAULT 0,"
    " started_at_us INTEGER NOT NULL DEFAULT 0,"
    " finished_at_us INTEGER NOT NULL DEFAULT 0,"
    " erased_at_us INTEGER NOT NULL DEFAULT 0,"
    " render_us INTEGER NOT NULL DEFAULT 0,"
    " pages INTEGER NOT NULL DEFAULT 0,"
    " engine TEXT, error_message TEXT, error_code TEXT, warnings_json TEXT,"
    " pdf_uri TEXT, pdf_size_bytes INTEGER, pdf_sha256 BLOB,"
    " docx_uri TEXT, docx_size_bytes INTEGER, docx_sha256 BLOB) STRICT;"
    "CREATE INDEX documents_by_org ON documents (org, created_at_us) WHERE erased_at_us = 0;"
    "CREATE INDEX documents_active ON documents (status, org) WHERE status < 2;"
    "CREATE INDEX documents_failed ON documents (org, created_at_us) WHERE erased_at_us = 0 AND status = 3;"
    "CREATE INDEX documents_kept ON documents (finished_at_us) WHERE erased_at_us = 0 AND status >= 2;"
    "CREATE INDEX documents_erased ON documents (erased_at_us) WHERE erased_at_us > 0;"

    "CREATE TABLE inputs (document INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;"

    "CREATE TABLE idempotency ("
    " document INTEGER PRIMARY KEY,"
    " org INTEGER NOT NULL,"
    " key TEXT NOT NULL,"
    " body_sha256 BLOB NOT NULL,"
    " created_at_us INTEGER NOT NULL,"
    " UNIQUE (org, key)) STRICT;"

    "CREATE TABLE endpoints ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " org INTEGER NOT NULL REFERENCES organizations (seq),"
    " is_organization INTEGER NOT NULL,"
    " url TEXT NOT NULL,"
    " description TEXT NOT NULL,"
    " events TEXT NOT NULL,"
    " headers_json TEXT,"
    " schedule TEXT,"
    " rate_per_s INTEGER NOT NULL,"
    " state INTEGER NOT NULL," // enum dgl_endpoint_state
    " state_reason TEXT,"
    " failing_since_us INTEGER NOT NULL DEFAULT 0,"
    " created_at_us INTEGER NOT NULL,"
    " updated_at_us INTEGER NOT NULL,"
    " deleted_at_us INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX endpoints_by_org ON endpoints (org);"
    "CREATE UNIQUE INDEX endpoints_of_organization ON endpoints (org) WHERE is_organization = 1 AND deleted_at_us = 0;"

    "CREATE TABLE secrets ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " id TEXT NOT NULL UNIQUE,"
    " org INTEGER NOT NULL REFERENCES organizations (seq),"
    " endpoint TEXT NOT NULL," // id; '' = the organization's
    " sealed BLOB NOT NULL,"
    " created_at_us INTEGER NOT NULL,"
    " expires_at_us INTEGER NOT NULL) STRICT;"
    "CREATE INDEX secrets_by_endpoint ON secrets (org, endpoint);"

    // endpoint NULL = the job's own URL. url is where the latest attempt went.
    "CREATE TABLE deliveries ("
    " seq INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,"
    " org INTEGER NOT NULL,"
    " endpoint INTEGER,"
    " document INTEGER NOT NULL,"
    " event_type TEXT NOT NULL,"
    " url TEXT NOT NULL,"
    " status INTEGER NOT NULL DEFAULT 0," // enum dgl_delivery_status
    " reason TEXT,"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " scheduled_attempts INTEGER NOT NULL DEFAULT 0,"
    " created_at_us INTEGER NOT NULL,"
    " next_attempt_at_us INTEGER NOT NULL,"
    " finished_at_us INTEGER NOT NULL DEFAULT 0,"
    " last_http_status INTEGER NOT NULL DEFAULT 0,"
    " last_error TEXT) STRICT;"
    "CREATE INDEX deliveries_by_org ON deliveries (org, created_at_us);"
    "CREATE INDEX deliveries_by_document ON deliveries (document);"
    "CREATE INDEX deliveries_due ON deliveries (next_attempt_at_us) WHERE status = 0;"
    "CREATE INDEX deliveries_pending ON deliveries (endpoint) WHERE status = 0;"

    // key = delivery seq * 65,536 + number: the attempts of one delivery lie together without a second index.
    "CREATE TABLE attempts ("
    " key INTEGER PRIMARY KEY,"
    " started_at_us INTEGER NOT NULL,"
    " address TEXT,"
    " dns_us INTEGER NOT NULL, connect_us INTEGER NOT NULL, tls_us INTEGER NOT NULL,"
    " first_byte_us INTEGER NOT NULL, total_us INTEGER NOT NULL,"
    " http_status INTEGER NOT NULL,"
    " tls TEXT, outcome TEXT, message TEXT,"
    " answer_headers TEXT, answer_body BLOB,"
    " link_expires_at_us INTEGER NOT NULL,"
    " next_attempt_at_us INTEGER NOT NULL) STRICT;";

// deliveries.queue: DGL_QUEUE_* in queue.h. What is pending lies queue by queue, so that reading one queue's next costs
// its own rows and no other's. scheduled_from_us: creation, or the latest redelivery by hand.
static const char delivery_queues[] =
    "ALTER TABLE endpoints ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"       // enum dgl_endpoint_kind
    "ALTER TABLE endpoints ADD COLUMN seen_at_us INTEGER NOT NULL DEFAULT 0;" // a listener's latest question
    "ALTER TABLE endpoints ADD COLUMN last_success_at_us INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE endpoints ADD COLUMN last_failure_at_us INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE endpoints ADD COLUMN warned_at_us INTEGER NOT NULL DEFAULT 0;" // that it will be disabled
    "CREATE INDEX endpoints_listening ON endpoints (seen_at_us) WHERE kind = 1 AND deleted_at_us = 0;"
    "ALTER TABLE secrets ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;" // enum dgl_secret_kind
    "ALTER TABLE deliveries ADD COLUMN queue INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE deliveries ADD COLUMN scheduled_from_us INTEGER NOT NULL DEFAULT 0;"
    "UPDATE deliveries SET queue = coalesce(endpoint, -org), scheduled_from_us = created_at_us;"
    "DROP INDEX deliveries_due;"
    "DROP INDEX deliveries_pending;"
    "CREATE INDEX deliveries_queued ON deliveries (queue, next_attempt_at_us) WHERE status = 0;"
    "CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint, created_at_us) WHERE endpoint IS NOT NULL;"
    "CREATE INDEX deliveries_unsent ON deliveries (org, created_at_us) WHERE status >= 2;";

// disabled_at_us: 0 = it is not. enabled_at_us: the end of the latest pause, from which what waited counts anew.
static const char disabled_organizations[] =
    "ALTER TABLE organizations ADD COLUMN disabled_at_us INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE organizations ADD COLUMN enabled_at_us INTEGER NOT NULL DEFAULT 0;";

// E-mail on its way out (DGL_LETTER_*): what it is about, not what it says, so that no secret lies here. about: the id
// of an endpoint or a user.
static const char letters[] = "CREATE TABLE letters ("
                              " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
                              " id TEXT NOT NULL UNIQUE,"
                              " org INTEGER NOT NULL REFERENCES organizations (seq),"
                              " kind INTEGER NOT NULL," // enum dgl_letter_kind
                              " recipient TEXT NOT NULL,"
                              " about TEXT NOT NULL,"
                              " detail TEXT,"
                              " created_at_us INTEGER NOT NULL,"
                              " due_at_us INTEGER NOT NULL,"
                              " tries INTEGER NOT NULL DEFAULT 0) STRICT;"
                              "CREATE INDEX letters_by_org ON letters (org);"
                              "CREATE INDEX letters_due ON letters (due_at_us);";

// What a request wants of its PDF, sealed, until the document is made.
static const char pdf_options[] = "ALTER TABLE inputs ADD COLUMN pdf_options BLOB;"
                                  "CREATE INDEX inputs_with_pdf_options ON inputs (document)"
                                  " WHERE pdf_options IS NOT NULL;";

// fonts.fonts: what the file holds, "Family/Style" a line; there is one file of each.
static const char organization_fonts[] = "CREATE TABLE fonts ("
                                         " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
                                         " id TEXT NOT NULL UNIQUE,"
                                         " org INTEGER NOT NULL REFERENCES organizations (seq),"
                                         " fonts TEXT NOT NULL,"
                                         " faces_json TEXT NOT NULL,"
                                         " sample_path TEXT NOT NULL,"
                                         " sample_width INTEGER NOT NULL,"
                                         " blob_uri TEXT NOT NULL,"
                                         " sha256 BLOB NOT NULL,"
                                         " size_bytes INTEGER NOT NULL,"
                                         " file_name TEXT NOT NULL,"
                                         " created_at_us INTEGER NOT NULL,"
                                         " UNIQUE (org, fonts)) STRICT;";

// What is to be removed lies in indexes of its own, as long as it is there. templates.version: 0 = deleted, and its
// versions are removed.
static const char removals[] =
    "CREATE INDEX templates_deleted ON templates (deleted_at_us) WHERE deleted_at_us > 0 AND version > 0;"
    "CREATE INDEX template_versions_by_file ON template_versions (template, blob_uri);"
    "CREATE INDEX endpoints_deleted ON endpoints (deleted_at_us) WHERE deleted_at_us > 0;"
    "CREATE INDEX api_keys_revoked ON api_keys (revoked_at_us) WHERE revoked_at_us > 0;";

const struct dgl_migration dgl_schema_migrations[] = {
    {"accounts, templates, documents, webhooks", accounts_and_documents},
    {"delivery queues, listeners, health", delivery_queues},
    {"organizations that are disabled", disabled_organizations},
    {"outgoing e-mail", letters},
    {"PDF options", pdf_options},
    {"fonts of organizations", organization_fonts},
    {"removal of what was deleted", removals},
};
const int dgl_schema_version = (int)DGL_COUNT(dgl_schema_migrations);
