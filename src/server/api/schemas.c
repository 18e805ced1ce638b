// Shapes for the OpenAPI document, in one line of words each:
//
//   name[!][?]:type      ! required, ? may be null
//   type                 string int number bool object any time uri id file, or @Schema; [] behind it: a list of them;
//                        =a|b|c one of these words
//
// The lines say what shapes.c writes and the handlers read; black-box tests hold answers against them.
#include "server/api/parts.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

struct schema {
    const char *name, *description, *fields;
};

static const struct schema schemas[] = {
    {"Problem", "Every error.", "detail!:string code!:string errors:@FieldProblem[]"},
    {"FieldProblem", "What is wrong with one field, or one problem of a template with its place.",
     "field:string message!:string severity:string code:string part:string paragraph:int excerpt:string tag:string"},
    {"Token", "A name that a template uses.",
     "name!:string type!:=text|date|number|boolean|list|image children:@Token[]"},
    {"TemplateUpload", "html_content answers 422 html_templates_unavailable on this server.",
     "name!:string file!:file description:string is_uat:bool html_content:string"},
    {"TemplateUpdate", "At least one of them.", "name:string file:file description:string"},
    {"TemplateItem", "A template in a list.",
     "id!:id name!:string description!:string is_uat!:bool kind!:=docx|html version!:int created_at!:time "
     "updated_at!?:time"},
    {"Template", "A template with its tokens. warnings: what to look at in a file that was just uploaded.",
     "id!:id name!:string description!:string is_uat!:bool kind!:=docx|html version!:int created_at!:time "
     "updated_at!?:time tokens!:@Token[] warnings:string[]"},
    {"TemplateVersion", "One version.",
     "version!:int created_at!:time file_name!?:string size_bytes!:int sha256!:string"},
    {"FontUpload", "A TrueType or OpenType font or a collection of them: .ttf, .otf, .ttc.", "file!:file"},
    {"Font", "A font file. One with the same families and styles takes its place.",
     "id!:id file_name!:string size_bytes!:int sha256!:string created_at!:time faces!:@FontFace[]"},
    {"FontFace",
     "One font of the file. names are those a template may ask for it by; instance is that of a variable font, 0 = "
     "none.",
     "index!:int instance!:int family!:string style!:string weight!:int width!:int italic!:bool names!:string[]"},
    {"PreviewRequest", "output_format is pdf unless given.", "input_json!:object output_format:=pdf|docx"},
    {"DocumentRequest",
     "output_format is pdf unless given; webhook_url overrides the organization's for this document.",
     "template_id!:id input_json!:object output_format:=pdf|docx|both webhook_url?:uri template_version?:int "
     "pdf?:@PdfOptions"},
    {"PdfOptions",
     "How the PDF is to be. standard: for archives, without passwords. open_password: nothing is shown without it. "
     "owner_password lifts what allow leaves out (everything is allowed unless given); readers decide whether they "
     "honour it. A DOCX made besides has no password.",
     "standard?:=PDF/A-2b open_password?:string owner_password?:string allow:string[]"},
    {"DocumentAccepted", "The answer of 202.", "id!:id template_id!:id status!:=queued created_at!:time"},
    {"Document", "A document. output_…_path are opaque storage URIs; download_url is made when asked for.",
     "id!:id template_id!:id template_name!?:string template_version!:int status!:=queued|rendering|ready|failed "
     "source!:=api|ui|bulk output_format!:=pdf|docx|both is_uat!:bool created_at!:time started_at!?:time "
     "finished_at!?:time timings!:@Timings output_pdf_path!?:string output_docx_path!?:string error_message!?:string "
     "error_code!?:string engine!?:string pages!?:int size_bytes!?:int sha256!?:string warnings!:string[] "
     "download_url!?:uri download_urls:@DownloadUrls webhook_url!?:uri"},
    {"Timings", "Milliseconds.", "queued_ms!?:number render_ms!?:number total_ms!?:number"},
    {"DownloadUrls", "When both formats were asked for.", "pdf!?:uri docx!?:uri"},
    {"WebhookSettings", "The organization's webhook.",
     "webhook_url!?:uri enabled!:bool disabled_reason!?:string secret_hint!?:string source_ips!:string[] "
     "updated_at!?:time"},
    {"WebhookUrl", "An https URL.", "webhook_url!:uri"},
    {"WebhookTestRequest", "Without webhook_url the saved one is tested.", "webhook_url?:uri"},
    {"WebhookTest", "What came of a test.",
     "ok!:bool outcome!:string http_status!?:int message!:string advice!?:string tls!?:string dns_ms!?:number "
     "connect_ms!?:number tls_ms!?:number first_byte_ms!?:number total_ms!?:number answer!:string"},
    {"Secret", "A signing secret, whsec_ and base64.", "secret!:string"},
    {"SecretRotation", "How long the old secret signs besides; a day unless given, a week at most.", "overlap_s:int"},
    {"SecretDerivation", "The per-request URL.", "url!:uri"},
    {"SourceIps", "Empty when the operator has not stated them.", "source_ips!:string[]"},
    {"EndpointSpec",
     "All of an endpoint: what is left out takes its default. events: none means all. schedule: seconds between "
     "attempts. own_secret: signed with a secret of its own instead of the organization's.",
     "url!:uri description?:string events?:string[] schedule?:int[] rate_per_s?:int headers?:object own_secret:bool "
     "id:string kind:string secret_hint?:string enabled:bool state_reason?:string failing_since?:time "
     "last_success_at?:time last_failure_at?:time created_at:time updated_at?:time"},
    {"Endpoint", "A receiver of events. failing_since: of the first failure after the latest success.",
     "id!:string kind!:=organization|endpoint|listener url!:uri description!:string events!:string[] "
     "schedule!?:int[] rate_per_s!?:int headers!:object own_secret!:bool secret_hint!?:string enabled!:bool "
     "state_reason!?:string failing_since!?:time last_success_at!?:time last_failure_at!?:time created_at!:time "
     "updated_at!?:time"},
    {"EndpointHealth", "Of its latest 500 deliveries, a week at most.",
     "attempts!:int succeeded!:int p50_ms!?:number p95_ms!?:number last_success_at!?:time last_failure_at!?:time "
     "failing_since!?:time pending!:int oldest_pending_at!?:time"},
    {"PublicKey", "whpk_ and base64 of the Ed25519 key that signs besides (v1a); null when there is none.",
     "public_key!?:string"},
    {"DeliveryItem", "One event to one endpoint; id is the webhook-id.",
     "id!:string event!:string document_id!?:id template_id!?:id endpoint_id!?:string url!:uri "
     "status!:=pending|succeeded|dropped|canceled reason!?:string attempts!:int created_at!:time "
     "next_attempt_at!?:time finished_at!?:time last_http_status!?:int last_error!?:string"},
    {"Delivery", "With its attempts and the body as it was, or will be, sent.",
     "id!:string event!:string document_id!?:id template_id!?:id endpoint_id!?:string url!:uri "
     "status!:=pending|succeeded|dropped|canceled reason!?:string attempt_count!:int created_at!:time "
     "next_attempt_at!?:time finished_at!?:time last_http_status!?:int last_error!?:string attempts!:@Attempt[] "
     "payload!:object"},
    {"Attempt", "One attempt; durations in milliseconds.",
     "number!:int started_at!:time outcome!:string message!?:string http_status!?:int address!?:string tls!?:string "
     "dns_ms!?:number connect_ms!?:number tls_ms!?:number first_byte_ms!?:number total_ms!?:number "
     "answer_headers!?:string answer_body!?:string next_attempt_at!?:time"},
    {"RedeliverRange", "Which deliveries: dropped ones unless status is given; 14 days back and 10,000 at most.",
     "since!:time until?:time status?:=dropped|canceled|succeeded endpoint_id?:string dry_run:bool"},
    {"RedeliverCount", "How many are, or with dry_run would be, sent.", "count!:int dry_run!:bool"},
    {"Events", "Oldest first. An event is given again until its result is reported; cursor goes on behind the last.",
     "events!:@Event[] cursor!:string"},
    {"Event", "body and headers are exactly what a receiver would get.",
     "id!:string event!:string attempt!:int timestamp!:int headers!:object body!:string cursor!:string"},
    {"EventResult", "timestamp is the event's; without http_status nothing answered and message says why.",
     "timestamp!:int http_status?:int total_us:int message?:string headers?:string body?:string"},
    {"State", "ok or ready.", "status!:string version!:string"},
};

static void put_type(struct dgl_json_writer *w, bool nullable, const char *type, const char *format)
{
    dgl_jw_key(w, "type");
    if (nullable) {
        dgl_jw_array(w);
        dgl_jw_str(w, type);
        dgl_jw_str(w, "null");
        dgl_jw_end_array(w);
    } else {
        dgl_jw_str(w, type);
    }
    if (format)
        dgl_jw_kstr(w, "format", format);
}

static void put_words(struct dgl_json_writer *w, struct dgl_str words)
{
    dgl_jw_kstr(w, "type", "string");
    dgl_jw_key(w, "enum");
    dgl_jw_array(w);
    while (words.len) {
        const char *bar = memchr(words.data, '|', words.len);
        size_t len = bar ? (size_t)(bar - words.data) : words.len;
        dgl_jw_strn(w, words.data, len);
        size_t used = len + (bar != NULL);
        words = (struct dgl_str){words.data + used, words.len - used};
    }
    dgl_jw_end_array(w);
}

static void put_named_type(struct dgl_json_writer *w, struct dgl_str type, bool nullable)
{
    static const struct {
        const char *word, *type, *format;
    } types[] = {{"string", "string", NULL}, {"int", "integer", "int64"}, {"number", "number", NULL},
                 {"bool", "boolean", NULL},  {"object", "object", NULL},  {"time", "string", "date-time"},
                 {"uri", "string", "uri"},   {"id", "string", "uuid"},    {"file", "string", "binary"}};
    for (size_t i = 0; i < DGL_COUNT(types); i++)
        if (dgl_str_is(type, types[i].word))
            put_type(w, nullable, types[i].type, types[i].format);
}

// One value of the schema object of a type.
static void put_schema(struct dgl_json_writer *w, struct dgl_str type, bool nullable)
{
    char ref[128];
    dgl_jw_object(w);
    if (type.len > 2 && memcmp(type.data + type.len - 2, "[]", 2) == 0) {
        put_type(w, nullable, "array", NULL);
        dgl_jw_key(w, "items");
        put_schema(w, (struct dgl_str){type.data, type.len - 2}, false);
    } else if (type.data[0] == '@' && nullable) {
        dgl_jw_key(w, "oneOf");
        dgl_jw_array(w);
        put_schema(w, type, false);
        dgl_jw_object(w);
        dgl_jw_kstr(w, "type", "null");
        dgl_jw_end_object(w);
        dgl_jw_end_array(w);
    } else if (type.data[0] == '@') {
        snprintf(ref, sizeof(ref), "#/components/schemas/%.*s", (int)type.len - 1, type.data + 1);
        dgl_jw_kstr(w, "$ref", ref);
    } else if (type.data[0] == '=') {
        put_words(w, (struct dgl_str){type.data + 1, type.len - 1});
    } else {
        put_named_type(w, type, nullable);
    }
    dgl_jw_end_object(w);
}

struct field {
    struct dgl_str name, type;
    bool required, nullable;
};

static bool next_field(const char **p, struct field *ret)
{
    *p += strspn(*p, " ");
    if (**p == '\0')
        return false;
    size_t len = strcspn(*p, " "), name = strcspn(*p, ":");
    struct field f = {.type = {*p + name + 1, len - name - 1}};
    f.nullable = (*p)[name - 1] == '?';
    f.required = (*p)[name - 1 - f.nullable] == '!';
    f.name = (struct dgl_str){*p, name - f.nullable - f.required};
    *ret = f;
    *p += len;
    return true;
}

static void put_object(struct dgl_json_writer *w, const struct schema *s)
{
    struct field f;
    char key[64];
    dgl_jw_object(w);
    dgl_jw_kstr(w, "type", "object");
    dgl_jw_kstr(w, "description", s->description);
    dgl_jw_key(w, "properties");
    dgl_jw_object(w);
    for (const char *p = s->fields; next_field(&p, &f);) {
        dgl_str_copy(key, sizeof(key), f.name.data, f.name.len);
        dgl_jw_key(w, key);
        put_schema(w, f.type, f.nullable);
    }
    dgl_jw_end_object(w);
    dgl_jw_key(w, "required");
    dgl_jw_array(w);
    for (const char *p = s->fields; next_field(&p, &f);)
        if (f.required)
            dgl_jw_strn(w, f.name.data, f.name.len);
    dgl_jw_end_array(w);
    dgl_jw_end_object(w);
}

void dgl_api_schemas_write(struct dgl_json_writer *w)
{
    dgl_jw_key(w, "schemas");
    dgl_jw_object(w);
    for (size_t i = 0; i < DGL_COUNT(schemas); i++) {
        dgl_jw_key(w, schemas[i].name);
        put_object(w, &schemas[i]);
    }
    dgl_jw_end_object(w);
}

// ---- parameters: `key` is how the table of routes names them

static const struct {
    const char *key, *name, *in, *type, *description;
} parameters[] = {
    {"limit", "limit", "query", "int", "1 to 200; 50 unless given."},
    {"cursor", "cursor", "query", "string", "next_cursor of the page before."},
    {"is_uat", "is_uat", "query", "bool", "Only UAT, or only production."},
    {"template_id", "template_id", "query", "id", "Only of this template."},
    {"document_id", "document_id", "query", "id", "Only of this document."},
    {"endpoint_id", "endpoint_id", "query", "id", "Only to this endpoint."},
    {"document_status", "status", "query", "=queued|rendering|ready|failed", "Only with this status."},
    {"delivery_status", "status", "query", "=pending|succeeded|dropped|canceled", "Only with this status."},
    {"source", "source", "query", "=api|ui|bulk", "Only from this source."},
    {"since", "since", "query", "time", "Created at or after."},
    {"until", "until", "query", "time", "Created before."},
    {"version", "version", "query", "int", "The current version unless given."},
    {"format", "format", "query", "=pdf|docx", "The PDF when there is one, unless given."},
    {"wait", "wait", "query", "int", "Seconds to wait for the document, 0 to 30; 200 with it when it is ready."},
    {"listener_name", "name", "query", "string",
     "Begins the feed of the listener of this name (made when there is none); api unless given."},
    {"events_cursor", "cursor", "query", "string", "Goes on behind this place of the feed."},
    {"events_seconds", "wait", "query", "int", "Seconds to wait for an event, 0 to 60."},
    {"events_limit", "limit", "query", "int", "1 to 100; 100 unless given."},
    {"expires", "expires", "query", "int", "Unix seconds; from the link."},
    {"signature", "signature", "query", "string", "From the link."},
    {"Prefer", "Prefer", "header", "string", "wait=N, as the query parameter."},
    {"X-Idempotency-Key", "X-Idempotency-Key", "header", "string",
     "The same body under the same key within 24 hours gets the first answer again, with Idempotency-Replayed: true."},
    {"Idempotency-Key", "Idempotency-Key", "header", "string", "The same as X-Idempotency-Key."},
};

const char *dgl_api_query_name(const char **keys)
{
    while (**keys) {
        const char *key = *keys;
        size_t len = strcspn(key, " ");
        *keys = key + len + strspn(key + len, " ");
        for (size_t i = 0; i < DGL_COUNT(parameters); i++)
            if (strlen(parameters[i].key) == len && strncmp(parameters[i].key, key, len) == 0 &&
                strcmp(parameters[i].in, "query") == 0)
                return parameters[i].name;
    }
    return NULL;
}

void dgl_api_parameters_write(struct dgl_json_writer *w)
{
    dgl_jw_key(w, "parameters");
    dgl_jw_object(w);
    for (size_t i = 0; i < DGL_COUNT(parameters); i++) {
        dgl_jw_key(w, parameters[i].key);
        dgl_jw_object(w);
        dgl_jw_kstr(w, "name", parameters[i].name);
        dgl_jw_kstr(w, "in", parameters[i].in);
        dgl_jw_kstr(w, "description", parameters[i].description);
        dgl_jw_key(w, "schema");
        put_schema(w, dgl_str_of(parameters[i].type), false);
        dgl_jw_end_object(w);
    }
    dgl_jw_end_object(w);
}
