// The native worker: a process that compiles templates, tells what they hold, fills them, and lays them out.
//
//   lock in ─▶ READY ─▶ ( JOB ─▶ compile or cache ─▶ bind ─▶ DOCX ─▶ layout ─▶ PDF ─▶ RESULT )* ─▶ end of the socket
//
// Everything that takes strangers' bytes apart happens here and nowhere else. The process has its socket, the
// descriptors that come with a job, memory, and the machine's fonts, which the supervisor mapped before it was forked.
// One thread; an arena per job. One budget holds for filling and layout together: a job's deadline stands in it, so a
// loop that does not end is told kindly; what does not look at the budget is killed from outside a little later. The
// DOCX leaves the process only when somebody wants it, or when LibreOffice is to go on with it.
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/xml.h"
#include "render/docx/docx.h"
#include "render/layout/system_fonts.h"
#include "render/pdf/pdf.h"
#include "server/engine/cache.h"
#include "server/engine/kinds.h"
#include "server/engine/protocol.h"
#include "server/engine/sandbox.h"
#include "server/engine/worker_fonts.h"
#include <ctype.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/uclean.h>
#include <unicode/ucol.h>
#include <unicode/udat.h>
#include <unicode/unum.h>
#include <unistd.h>

#define TRIM_EVERY 256u                     // jobs
#define IDLE_MS 1000                        // without a job, and free memory is given back
#define KEEP_OUTPUT_BYTES ((size_t)2 << 20) // a larger output buffer is freed after the job
#define EXPLAIN_MAX_BYTES DGL_ENGINE_MAX_TEXT_BYTES

struct worker {
    int socket;
    struct dgl_template_cache *cache;
    struct dgl_arena *arena;
    struct dgl_pdf_engine *pdf_engine; // NULL: there are no fonts
    struct dgl_worker_asker asker;     // for fonts
    struct dgl_buf docx, pdf;
    uint32_t jobs;
    uint64_t job;                     // under way
    struct dgl_message_buffer buffer; // of the job: strings of its data lie in it
    struct dgl_message_buffer fetched;
};

// What a job makes besides the output.
struct outcome {
    struct dgl_wire_result head;
    struct dgl_buf tokens, problems, warnings, findings;
    int fds[DGL_WIRE_OUTPUTS]; // that were made
    unsigned fd_count;
};

// Set in the supervisor and inherited.
static struct dgl_system_fonts *system_fonts;
static struct dgl_error fonts_error;
static struct dgl_hyphens *hyphens;

// ---- before locking in

// Runs in the supervisor once, so that all workers share the pages: what opens files or fills caches on first use.
void dgl_native_prepare(void)
{
    UErrorCode status = U_ZERO_ERROR;
    u_init(&status);
    UChar zone[64];
    ucal_getDefaultTimeZone(zone, 64, &status);
    status = U_ZERO_ERROR;
    UNumberFormat *number = unum_open(UNUM_CURRENCY, NULL, 0, "en_US", NULL, &status);
    if (U_SUCCESS(status))
        unum_close(number);
    status = U_ZERO_ERROR;
    UDateFormat *date = udat_open(UDAT_LONG, UDAT_LONG, "en_US", NULL, 0, NULL, 0, &status);
    if (U_SUCCESS(status))
        udat_close(date);
    status = U_ZERO_ERROR;
    UCollator *collator = ucol_open("en_US", &status);
    if (U_SUCCESS(status))
        ucol_close(collator);
    if (dgl_system_fonts_open(true, &system_fonts, &fonts_error) != DGL_OK)
        fprintf(stderr, "docgenlab: %s\n", fonts_error.message); // PDFs then fail with this sentence
    hyphens = dgl_hyphens_open(DGL_HYPHENS_FOLDER);
    struct dgl_error err;
    const struct dgl_xml_handler nothing = {0};
    if (dgl_xml_parse("<x/>", 4, "warm-up", &nothing, &err) != DGL_OK || dgl_crypto_init(&err) != DGL_OK)
        fprintf(stderr, "docgenlab: %s\n", err.message); // workers then fail where they need it
}

// ---- images from outside

static DGL_NORETURN void main_is_gone(void)
{
    _exit(0);
}

static void give_back(struct worker *w, uint64_t job)
{
    struct dgl_error err;
    if (dgl_message_send(w->socket, DGL_MESSAGE_RETURNED, job, NULL, 0, NULL, 0, true, &err) != DGL_OK)
        main_is_gone();
}

static enum dgl_status read_fetched(struct dgl_message *m, struct dgl_buf *ret_bytes, int *ret_fd,
                                    struct dgl_error *err)
{
    struct dgl_wire_fetched head;
    if (m->payload_len < sizeof(head))
        return DGL_FAIL(err, DGL_E_INTERNAL, "an answer of %zu bytes", m->payload_len);
    memcpy(&head, m->payload, sizeof(head));
    const char *rest = m->payload + sizeof(head);
    size_t len = m->payload_len - sizeof(head);
    if (head.status != DGL_OK) {
        struct dgl_wire_error wire;
        if (len != sizeof(wire))
            return DGL_FAIL(err, DGL_E_INTERNAL, "an answer without its error");
        memcpy(&wire, rest, sizeof(wire));
        dgl_wire_error_unpack(&wire, err);
        return err->code;
    }
    if (m->fd_count)
        *ret_fd = DGL_STEAL_FD(m->fds[0]);
    dgl_buf_append(ret_bytes, rest, len);
    return dgl_buf_check(ret_bytes, "what was fetched", err);
}

static enum dgl_status ask_main(void *worker, const char *url, struct dgl_buf *ret_bytes, int *ret_fd,
                                struct dgl_error *err);
static enum dgl_status ask_for_bytes(struct worker *w, const char *url, struct dgl_buf *ret_bytes,
                                     struct dgl_error *err)
{
    DGL_AUTO_FD none = -1;
    return ask_main(w, url, ret_bytes, &none, err);
}

static enum dgl_status fetch_image(void *ctx, const char *url, struct dgl_buf *ret_bytes, struct dgl_error *err)
{
    size_t len = strlen(url);
    if (len == 0 || len > DGL_ENGINE_MAX_URL)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_url",
                             "an image's URL is %zu bytes long; at most %u are possible", len, DGL_ENGINE_MAX_URL);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)url[i] <= 0x20 || (unsigned char)url[i] >= 0x7f)
            return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_url",
                                 "an image's URL holds a character that must be percent-encoded");
    static const char *const ours[] = {DGL_ENGINE_TEMPLATE_SCHEME, DGL_ENGINE_FONT_SCHEME, DGL_ENGINE_FONT_LIST};
    for (size_t i = 0; i < DGL_COUNT(ours); i++)
        if (strncmp(url, ours[i], strlen(ours[i])) == 0)
            return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_url", "an image's URL must begin with https://");
    return ask_for_bytes(ctx, url, ret_bytes, err);
}

// Other templates come the same way; their names are not limited to what a URL may hold.
static enum dgl_status load_template(void *ctx, const char *name, struct dgl_buf *ret_bytes, struct dgl_error *err)
{
    static const char hex[] = "0123456789ABCDEF";
    DGL_AUTO_FINI(buf) url = DGL_BUF_INIT(DGL_ENGINE_MAX_URL);
    dgl_buf_puts(&url, DGL_ENGINE_TEMPLATE_SCHEME);
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        if (isalnum(*p) || *p == '-' || *p == '_' || *p == '.')
            dgl_buf_putc(&url, (char)*p);
        else
            dgl_buf_printf(&url, "%%%c%c", hex[*p >> 4], hex[*p & 15]);
    }
    DGL_TRY(dgl_buf_check(&url, "the name of a template", err));
    return ask_for_bytes(ctx, url.data, ret_bytes, err);
}

static enum dgl_status ask_main(void *worker, const char *url, struct dgl_buf *ret_bytes, int *ret_fd,
                                struct dgl_error *err)
{
    struct worker *w = worker;
    size_t len = strlen(url);
    struct iovec part = {.iov_base = (void *)url, .iov_len = len};
    if (dgl_message_send(w->socket, DGL_MESSAGE_FETCH, w->job, &part, 1, NULL, 0, true, err) != DGL_OK)
        main_is_gone();
    for (;;) {
        DGL_AUTO_FINI(message) m = {0};
        if (dgl_message_receive(w->socket, &w->fetched, DGL_ENGINE_MAX_FETCH_BYTES + 4096, true, &m, err) !=
            DGL_RECEIVED_MESSAGE)
            main_is_gone();
        if (m.type == DGL_MESSAGE_JOB) // a reserve: somebody else can begin it now
            give_back(w, m.job);
        else if (m.type == DGL_MESSAGE_FETCHED && m.job == w->job)
            return read_fetched(&m, ret_bytes, ret_fd, err);
    }
}

// ---- diagnostics and warnings as JSON

static void write_problem(struct dgl_json_writer *jw, bool is_error, const struct dgl_error *e)
{
    dgl_jw_object(jw);
    dgl_jw_kstr(jw, "severity", is_error ? "error" : "warning");
    dgl_jw_kstr(jw, "code", dgl_error_slug(e));
    dgl_jw_kstr(jw, "message", e->message);
    dgl_jw_kstr(jw, "part", e->place.part[0] ? e->place.part : NULL);
    if (e->place.paragraph)
        dgl_jw_kint(jw, "paragraph", e->place.paragraph);
    else
        dgl_jw_knull(jw, "paragraph");
    dgl_jw_kstr(jw, "excerpt", e->place.excerpt[0] ? e->place.excerpt : NULL);
    dgl_jw_kstr(jw, "tag", e->place.tag[0] ? e->place.tag : NULL);
    dgl_jw_end_object(jw);
}

static void write_problems(struct dgl_buf *out, const struct dgl_diagnostics *diagnostics, const struct dgl_error *err)
{
    struct dgl_json_writer jw = DGL_JSON_WRITER(out);
    dgl_jw_array(&jw);
    for (size_t i = 0; i < diagnostics->count; i++)
        write_problem(&jw, diagnostics->items[i].severity == DGL_DIAGNOSTIC_ERROR, &diagnostics->items[i].error);
    if (err->code != DGL_OK && diagnostics->errors == 0)
        write_problem(&jw, true, err);
    dgl_jw_end_array(&jw);
}

static void write_warnings(struct dgl_json_writer *jw, const char *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        dgl_jw_str(jw, items[i]);
}

static const char *support_name(enum dgl_support support)
{
    static const char *const names[] = {[DGL_SUPPORT_FULL] = "supported",
                                        [DGL_SUPPORT_APPROXIMATED] = "approximated",
                                        [DGL_SUPPORT_DECLINED] = "declined"};
    return names[support];
}

static void write_finding(struct dgl_json_writer *jw, enum dgl_support support, const char *name, const char *effect,
                          uint32_t count, const char *part, uint32_t paragraph)
{
    dgl_jw_object(jw);
    dgl_jw_kstr(jw, "name", name);
    dgl_jw_kstr(jw, "support", support_name(support));
    dgl_jw_kstr(jw, "effect", effect);
    dgl_jw_kint(jw, "count", count);
    dgl_jw_kstr(jw, "part", part);
    dgl_jw_kint(jw, "paragraph", paragraph);
    dgl_jw_end_object(jw);
}

static void write_findings(struct dgl_buf *out, const struct dgl_pdf_report *r)
{
    struct dgl_json_writer jw = DGL_JSON_WRITER(out);
    dgl_jw_array(&jw);
    for (int i = 0; r->inventory && i < DGL_CONSTRUCT_COUNT; i++)
        if (r->inventory->count[i])
            write_finding(&jw, DGL_SUPPORT_FULL, dgl_construct_name((enum dgl_construct)i), "as Word does it",
                          r->inventory->count[i], "", 0);
    for (int i = 0; r->findings && i < DGL_FEATURE_COUNT; i++) {
        const struct dgl_feature_info *info = dgl_feature_info((enum dgl_feature)i);
        if (r->findings->found[i].count)
            write_finding(&jw, info->support, info->name, info->sentence, r->findings->found[i].count,
                          r->findings->found[i].part, r->findings->found[i].paragraph);
    }
    dgl_jw_end_array(&jw);
}

static enum dgl_status write_tokens(struct dgl_buf *out, const struct dgl_docx *docx, struct dgl_error *err)
{
    DGL_AUTO_JSON tokens = dgl_docx_tokens(docx);
    DGL_AUTO_PTR char *text = tokens ? json_dumps(tokens, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    if (!text)
        return DGL_FAIL(err, DGL_E_INTERNAL, "the template's tokens cannot be written");
    dgl_buf_puts(out, text);
    return dgl_buf_check(out, "the list of the template's tokens", err);
}

// ---- jobs

static bool is_given(const unsigned char sha256[32])
{
    static const unsigned char zero[32];
    return memcmp(sha256, zero, 32) != 0;
}

static bool has_key(const struct dgl_wire_job *job)
{
    return is_given(job->template_sha256);
}

// A template that was compiled, and whether it is the cache's or to be freed by us.
struct compiled {
    const struct dgl_docx *docx;
    struct dgl_docx *own;
    char *own_package;
};
static void compiled_fini(struct compiled *c)
{
    dgl_docx_free(c->own);
    free(c->own_package);
}

static enum dgl_status compile(struct worker *w, const struct dgl_wire_job *job, int fd,
                               struct dgl_diagnostics *diagnostics, struct compiled *ret, struct dgl_error *err)
{
    size_t before = mallinfo2().uordblks;
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(DGL_ENGINE_MAX_PACKAGE_BYTES);
    DGL_TRY(dgl_file_read_fd(fd, DGL_ENGINE_MAX_PACKAGE_BYTES, &package, err));
    struct dgl_docx *docx = NULL;
    DGL_TRY(dgl_docx_compile(package.data, package.len, diagnostics, &docx, err));
    size_t len;
    char *bytes = dgl_buf_take(&package, &len);
    ret->docx = docx;
    if (!has_key(job)) {
        ret->own = docx;
        ret->own_package = bytes;
        return DGL_OK;
    }
    size_t after = mallinfo2().uordblks; // 0 under sanitizers
    dgl_template_cache_put(w->cache, job->template_sha256, docx, bytes,
                           DGL_MAX(len, after > before ? after - before : (size_t)0));
    return DGL_OK;
}

static enum dgl_status inspect(struct worker *w, const struct dgl_wire_job *job, int fd, struct outcome *out,
                               struct dgl_error *err)
{
    DGL_AUTO_FINI(diagnostics) diagnostics = {0};
    __attribute__((cleanup(compiled_fini))) struct compiled compiled = {0};
    enum dgl_status status = compile(w, job, fd, &diagnostics, &compiled, err);
    if (status == DGL_OK)
        status = write_tokens(&out->tokens, compiled.docx, err);
    const struct dgl_docx_loader others = {.load_template = load_template, .ctx = w};
    if (status == DGL_OK)
        status = dgl_docx_check_subdocs(compiled.docx, &others, &diagnostics, err);
    struct dgl_error none = DGL_ERROR_INIT;
    write_problems(&out->problems, &diagnostics, status == DGL_OK ? &none : err);
    return status;
}

static enum dgl_status bind_data(struct worker *w, const struct dgl_wire_job *job, const char *input,
                                 struct dgl_budget *budget, struct dgl_value *ret, struct dgl_error *err)
{
    DGL_TRY(dgl_value_parse_json(w->arena, input, job->input_len, "input_json", budget, ret, err));
    if (ret->kind != DGL_VALUE_DICT)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "input_json", "input_json must be an object");
    return DGL_OK;
}

static enum dgl_status fill(struct worker *w, const struct dgl_wire_job *job, const char *input, int fd,
                            struct dgl_budget *budget, struct dgl_docx_warnings *warnings, struct dgl_error *err)
{
    __attribute__((cleanup(compiled_fini))) struct compiled compiled = {0};
    compiled.docx = has_key(job) ? dgl_template_cache_lookup(w->cache, job->template_sha256) : NULL;
    if (!compiled.docx)
        DGL_TRY(compile(w, job, fd, NULL, &compiled, err));
    struct dgl_value data;
    DGL_TRY(bind_data(w, job, input, budget, &data, err));
    const struct dgl_docx_loader loader = {.fetch_image = fetch_image, .load_template = load_template, .ctx = w};
    const struct dgl_docx_env env = {.loader = &loader,
                                     .created_at_us = job->created_at_us,
                                     .time_zone = job->time_zone,
                                     .locale = job->locale,
                                     .budget = budget,
                                     .arena = w->arena,
                                     .stored = !(job->outputs & DGL_WIRE_DOCX)};
    DGL_TRY(dgl_docx_render(compiled.docx, data, &env, &w->docx, warnings, err));
    return dgl_buf_check(&w->docx, "the document", err);
}

// "de_DE" is de-DE in a PDF.
static const char *language_of(const struct dgl_wire_job *job, char out[sizeof(job->locale)])
{
    dgl_str_copy(out, sizeof(job->locale), job->locale, strcspn(job->locale, ".@"));
    for (char *p = out; *p; p++)
        if (*p == '_')
            *p = '-';
    return out;
}

// Lays the filled document out. *ret_declined: it is LibreOffice's, with the reason as a warning.
static enum dgl_status paint(struct worker *w, const struct dgl_wire_job *job, struct dgl_budget *budget,
                             struct dgl_json_writer *warnings, struct outcome *out, bool *ret_declined,
                             struct dgl_error *err)
{
    char language[sizeof(job->locale)];
    struct dgl_pdf_report report = {.declined = DGL_FEATURE_COUNT};
    const struct dgl_font_choice fonts = dgl_worker_font_choice(job->fonts_key, &w->asker);
    const struct dgl_pdf_env env = {.engine = w->pdf_engine,
                                    .arena = w->arena,
                                    .budget = budget,
                                    .created_at_us = job->created_at_us,
                                    .time_zone = job->time_zone,
                                    .language = language_of(job, language),
                                    .fonts = is_given(job->fonts_key) ? &fonts : NULL,
                                    .explain = job->explain,
                                    .archive = job->archive,
                                    .decline = job->may_decline ? DGL_PDF_AUTO : DGL_PDF_NATIVE};
    enum dgl_status status = w->pdf_engine
                                 ? dgl_pdf_render(w->docx.data, w->docx.len, &env, &w->pdf, &report, err)
                                 : DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "no_fonts", "%s", fonts_error.message);
    if (job->explain && (status == DGL_OK || status == DGL_E_UNSUPPORTED))
        write_findings(&out->findings, &report);
    *ret_declined = status == DGL_E_UNSUPPORTED && job->may_decline;
    if (*ret_declined) {
        char sentence[sizeof(err->message) + 40];
        snprintf(sentence, sizeof(sentence), "%s; LibreOffice made the PDF", err->message);
        dgl_jw_str(warnings, sentence);
        *err = DGL_ERROR_INIT;
        return DGL_OK;
    }
    DGL_TRY(status);
    DGL_TRY(dgl_buf_check(&w->pdf, "the PDF", err));
    if (dgl_pdf_is_protected(&job->protection))
        DGL_TRY(dgl_pdf_protect(&w->pdf, &job->protection, err));
    write_warnings(warnings, report.warnings.items, report.warnings.count);
    out->head.pages = report.pages;
    return DGL_OK;
}

static enum dgl_status add_output(struct outcome *out, uint32_t kind, const char *name, const struct dgl_buf *bytes,
                                  struct dgl_error *err)
{
    struct iovec part = {.iov_base = bytes->data, .iov_len = bytes->len};
    DGL_TRY(dgl_sealed_new(name, &part, 1, &out->fds[out->fd_count], err));
    out->fd_count++;
    out->head.outputs |= kind;
    return DGL_OK;
}

// The copy for LibreOffice, which does not see the job's fonts by itself.
static enum dgl_status embed_fonts(struct worker *w, const struct dgl_wire_job *job, struct dgl_budget *budget,
                                   struct dgl_json_writer *warnings, struct outcome *out, struct dgl_error *err)
{
    const struct dgl_font_choice fonts = dgl_worker_font_choice(job->fonts_key, &w->asker);
    const struct dgl_pdf_env env = {.engine = w->pdf_engine, .arena = w->arena, .budget = budget, .fonts = &fonts};
    struct dgl_warnings embedding = {0};
    if (!is_given(job->fonts_key) || !w->pdf_engine)
        return DGL_OK;
    dgl_buf_reset(&w->pdf);
    DGL_TRY(dgl_pdf_embed_fonts(w->docx.data, w->docx.len, &env, &w->pdf, &embedding, err));
    write_warnings(warnings, embedding.items, embedding.count);
    return w->pdf.len ? add_output(out, DGL_WIRE_OFFICE, "dgl-office", &w->pdf, err) : DGL_OK;
}

static enum dgl_status render(struct worker *w, const struct dgl_wire_job *job, const char *input, int fd,
                              struct outcome *out, struct dgl_error *err)
{
    struct dgl_budget budget = dgl_budget_default();
    budget.clock = dgl_clock_system();
    int64_t start_us = dgl_clock_mono_us(budget.clock);
    budget.deadline_mono_us = start_us + job->timeout_ms * DGL_US_PER_MS;
    bool want_pdf = (job->outputs & DGL_WIRE_PDF) != 0, declined = false;
    struct dgl_docx_warnings filled = {0};
    DGL_TRY(fill(w, job, input, fd, &budget, &filled, err));
    struct dgl_json_writer warnings = DGL_JSON_WRITER(&out->warnings);
    dgl_jw_array(&warnings);
    write_warnings(&warnings, filled.items, filled.count);
    dgl_arena_reset(w->arena); // layout begins with the memory that filling took
    int64_t filled_us = dgl_clock_mono_us(budget.clock);
    out->head.fill_us = filled_us - start_us;
    if (want_pdf) {
        DGL_TRY(paint(w, job, &budget, &warnings, out, &declined, err));
        out->head.layout_us = dgl_clock_mono_us(budget.clock) - filled_us;
        out->head.declined = declined;
    }
    if ((job->outputs & DGL_WIRE_DOCX) || declined)
        DGL_TRY(add_output(out, DGL_WIRE_DOCX, "dgl-docx", &w->docx, err));
    if (want_pdf && !declined)
        DGL_TRY(add_output(out, DGL_WIRE_PDF, "dgl-pdf", &w->pdf, err));
    if ((job->outputs & DGL_WIRE_OFFICE) || declined)
        DGL_TRY(embed_fonts(w, job, &budget, &warnings, out, err));
    dgl_jw_end_array(&warnings);
    if (out->warnings.len == strlen("[]"))
        dgl_buf_reset(&out->warnings);
    return DGL_OK;
}

static void answer(struct worker *w, struct outcome *out, enum dgl_status status, const struct dgl_error *err)
{
    struct dgl_wire_error wire;
    out->head.status = status;
    if (status != DGL_OK) {
        dgl_wire_error_pack(err, &wire);
        out->head = (struct dgl_wire_result){.status = status, .error_len = sizeof(wire)};
    } else {
        out->head.warnings_len = (uint32_t)out->warnings.len;
    }
    out->head.tokens_len = (uint32_t)out->tokens.len;
    out->head.problems_len = (uint32_t)out->problems.len;
    out->head.findings_len = (uint32_t)out->findings.len;
    struct iovec parts[] = {{.iov_base = &out->head, .iov_len = sizeof(out->head)},
                            {.iov_base = &wire, .iov_len = out->head.error_len},
                            {.iov_base = out->tokens.data, .iov_len = out->tokens.len},
                            {.iov_base = out->problems.data, .iov_len = out->problems.len},
                            {.iov_base = out->warnings.data, .iov_len = out->head.warnings_len},
                            {.iov_base = out->findings.data, .iov_len = out->findings.len}};
    struct dgl_error send_err;
    if (dgl_message_send(w->socket, DGL_MESSAGE_RESULT, w->job, parts, DGL_COUNT(parts), out->fds,
                         status == DGL_OK ? out->fd_count : 0, true, &send_err) != DGL_OK)
        main_is_gone();
}

// Empties an output for the next job.
static void reset_output(struct dgl_buf *b)
{
    if (b->cap <= KEEP_OUTPUT_BYTES) {
        dgl_buf_reset(b);
        return;
    }
    dgl_buf_fini(b);
    *b = DGL_BUF_INIT(DGL_ENGINE_MAX_OUTPUT_BYTES);
}

static void outcome_fini(struct outcome *out)
{
    for (unsigned i = 0; i < out->fd_count; i++)
        close(out->fds[i]);
    dgl_buf_fini(&out->tokens);
    dgl_buf_fini(&out->problems);
    dgl_buf_fini(&out->warnings);
    dgl_buf_fini(&out->findings);
}

static void after_job(struct worker *w)
{
    reset_output(&w->docx);
    reset_output(&w->pdf);
    dgl_arena_reset(w->arena);
    if (++w->jobs % TRIM_EVERY == 0)
        dgl_memory_give_back();
}

static void run_job(struct worker *w, struct dgl_message *m)
{
    struct dgl_wire_job job;
    struct dgl_error err = DGL_ERROR_INIT;
    struct outcome out = {.tokens = DGL_BUF_INIT(EXPLAIN_MAX_BYTES / 2),
                          .problems = DGL_BUF_INIT(EXPLAIN_MAX_BYTES / 4),
                          .warnings = DGL_BUF_INIT(EXPLAIN_MAX_BYTES / 8),
                          .findings = DGL_BUF_INIT(EXPLAIN_MAX_BYTES / 16)};
    enum dgl_status status;
    w->job = m->job;
    memcpy(&job, m->payload, DGL_MIN(sizeof(job), m->payload_len));
    if (m->payload_len < sizeof(job) || m->payload_len - sizeof(job) != job.input_len || m->fd_count != 1)
        main_is_gone(); // main never sends this
    dgl_sandbox_limit_cpu(job.timeout_ms);
    if (job.op == DGL_WIRE_INSPECT)
        status = inspect(w, &job, m->fds[0], &out, &err);
    else if (job.op == DGL_WIRE_FONT)
        status = dgl_worker_inspect_font(m->fds[0], &out.tokens, &err);
    else
        status = render(w, &job, m->payload + sizeof(job), m->fds[0], &out, &err);
    dgl_wipe(&job.protection, sizeof(job.protection));
    answer(w, &out, status, &err);
    outcome_fini(&out);
    after_job(w);
}

static bool lock_in(int socket)
{
    struct dgl_error err = DGL_ERROR_INIT, ignored;
    if (dgl_sandbox_enter_native(&err) == DGL_OK)
        return dgl_message_send(socket, DGL_MESSAGE_READY, 0, NULL, 0, NULL, 0, true, &err) == DGL_OK;
    struct dgl_wire_error wire;
    dgl_wire_error_pack(&err, &wire);
    struct iovec part = {.iov_base = &wire, .iov_len = sizeof(wire)};
    (void)!dgl_message_send(socket, DGL_MESSAGE_BROKEN, 0, &part, 1, NULL, 0, true, &ignored);
    return false;
}

// A worker without a job for a while holds no more than it needs; one with the next job at hand keeps what it has.
static void rest(int socket)
{
    struct pollfd next = {.fd = socket, .events = POLLIN};
    if (poll(&next, 1, IDLE_MS) == 0)
        dgl_memory_give_back();
}

int dgl_native_run(int socket, const struct dgl_worker_config *config)
{
    (void)config;
    dgl_memory_end_when_refused();
    struct worker *w = DGL_NEW(struct worker);
    w->socket = socket;
    w->cache = dgl_template_cache_new(DGL_CACHE_MAX_ENTRIES, DGL_CACHE_MAX_BYTES);
    w->asker = (struct dgl_worker_asker){.ask = ask_main, .ctx = w};
    w->arena = dgl_arena_new(0); // bounded by the budget, and from outside
    w->docx = w->pdf = DGL_BUF_INIT(DGL_ENGINE_MAX_OUTPUT_BYTES);
    if (system_fonts)
        w->pdf_engine = dgl_pdf_engine_new(dgl_system_fonts_source(system_fonts), hyphens);
    dgl_memory_keep();
    if (!lock_in(socket))
        return 1;
    for (;;) {
        DGL_AUTO_FINI(message) m = {0};
        struct dgl_error err;
        rest(socket);
        if (dgl_message_receive(socket, &w->buffer, DGL_ENGINE_MAX_INPUT_BYTES + sizeof(struct dgl_wire_job), true, &m,
                                &err) != DGL_RECEIVED_MESSAGE)
            return 0;
        if (m.type == DGL_MESSAGE_JOB)
            run_job(w, &m);
    }
}
