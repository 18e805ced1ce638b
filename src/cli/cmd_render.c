// docgenlab render: a template and data to a document, without a server but through the same sandboxed workers.
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/engine_session.h"
#include "server/account/account.h"

#define MAX_DATA_BYTES ((size_t)64 << 20)
#define MAX_TEMPLATE_BYTES ((size_t)128 << 20)
#define MAX_OUTPUT_BYTES ((size_t)256 << 20)

static const struct dgl_cli_help help = {
    "Usage: docgenlab render TEMPLATE DATA.json -o OUT.pdf|OUT.docx\n\n"
    "Fills a Word template with data and writes the document; the ending of OUT tells which.\n"
    "Data is read from standard input when it is called -; pipes will do for both.\n\n"
    "  -o, --output FILE     where the document goes; replaced in one step\n"
    "  --engine NAME         who makes the PDF: native, libreoffice, or auto: native unless the\n"
    "                        document holds what it declines and LibreOffice is installed\n"
    "  --pdf-a               make it PDF/A-2b, for archives\n"
    "  --open-password-file FILE    the PDF opens with the password in FILE only\n"
    "  --owner-password-file FILE   the password that lifts what --allow leaves out\n"
    "  --allow LIST          of print,copy,annotate,forms,edit: what readers may do without it\n"
    "                        (none for nothing; default: everything)\n"
    "  --fonts FOLDER        fonts to use before the machine's: .ttf, .otf, .ttc\n"
    "  --explain             print what the document holds of the native engine's table of features\n"
    "  --now TIME            the document's time, as 2024-01-15T10:30:00Z (default: now)\n"
    "  --locale NAME         for numbers, dates and words (default en_US)\n"
    "  --time-zone NAME      IANA name, as Europe/Berlin (default UTC)\n\n"
    "Example: docgenlab render examples/invoice.docx examples/invoice.json -o invoice.pdf\n",
    DGL_CLI_ENGINE_OPTIONS};

struct order {
    const char *files[2]; // template, data
    size_t file_count;
    const char *output, *engine, *fonts, *explain, *archive, *now, *locale, *time_zone;
    const char *open_password_file, *owner_password_file, *allow;
    bool pdf;
    uint32_t allowed; // DGL_PDF_ALLOW_…
    int64_t now_us;
};

static bool has_ending(const char *name, const char *ending)
{
    size_t len = strlen(name), ending_len = strlen(ending);
    return len > ending_len && strcasecmp(name + len - ending_len, ending) == 0;
}

static int read_allow(const char *list, uint32_t *ret)
{
    *ret = list ? 0 : DGL_PDF_ALLOW_ALL;
    for (const char *p = list && strcmp(list, "none") != 0 ? list : ""; *p;) {
        char word[16];
        size_t len = strcspn(p, ",");
        dgl_str_copy(word, sizeof(word), p, len);
        uint32_t bit = dgl_pdf_allow_bit(word);
        if (!bit)
            return dgl_cli_usage("render",
                                 "--allow %.*s is not known; it takes print, copy, annotate, forms and edit with "
                                 "commas between, or none.",
                                 (int)DGL_MIN(len, (size_t)40), p);
        *ret |= bit;
        p += len + (p[len] == ',');
    }
    return 0;
}

// A name that ICU does not have would fall back in silence. Returns 0 or the exit code.
static int check_region(const struct order *o)
{
    struct dgl_error err = DGL_ERROR_INIT;
    char zone[DGL_TIME_ZONE_MAX + 1], locale[DGL_LOCALE_MAX + 1];
    enum dgl_status status = o->time_zone ? dgl_check_time_zone(o->time_zone, zone, &err) : DGL_OK;
    if (status == DGL_OK && o->locale)
        status = dgl_check_locale(o->locale, locale, &err);
    return status == DGL_OK ? 0 : dgl_cli_usage("render", "%s", err.message);
}

// Returns 0 or the exit code.
static int check_order(struct order *o)
{
    if (o->file_count < 2)
        return dgl_cli_usage("render", "A template and a data file are needed.");
    if (!o->output)
        return dgl_cli_usage("render", "The flag -o with the output file is needed.");
    o->pdf = has_ending(o->output, ".pdf");
    if (!o->pdf && !has_ending(o->output, ".docx"))
        return dgl_cli_usage("render", "The output file %s ends neither in .pdf nor in .docx.", o->output);
    if (o->explain && (!o->pdf || (o->engine && strcmp(o->engine, "libreoffice") == 0)))
        return dgl_cli_usage("render", "--explain tells how the native engine makes a PDF; end the output in .pdf and "
                                       "leave out --engine libreoffice.");
    if (o->archive && !o->pdf)
        return dgl_cli_usage("render", "--pdf-a is for an output that ends in .pdf.");
    if ((o->open_password_file || o->owner_password_file || o->allow) && !o->pdf)
        return dgl_cli_usage("render", "Passwords and --allow are for an output that ends in .pdf.");
    int wrong = read_allow(o->allow, &o->allowed);
    if (wrong)
        return wrong;
    o->now_us = dgl_clock_now_us(dgl_clock_system());
    if (o->now && !dgl_time_parse(o->now, strlen(o->now), &o->now_us))
        return dgl_cli_usage("render", "--now %s is no time; write it as 2024-01-15T10:30:00Z.", o->now);
    if (o->engine && strcmp(o->engine, "auto") != 0 && strcmp(o->engine, "native") != 0 &&
        strcmp(o->engine, "libreoffice") != 0)
        return dgl_cli_usage("render", "The engine \"%.40s\" is not known; use auto, native or libreoffice.",
                             o->engine);
    return check_region(o);
}

static enum dgl_status write_output(int fd, const char *path, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(MAX_OUTPUT_BYTES);
    DGL_TRY(dgl_file_read_fd(fd, MAX_OUTPUT_BYTES, &bytes, err));
    return dgl_file_write_atomic(path, bytes.data, bytes.len, 0644, err);
}

static void print_warnings(const char *warnings_json)
{
    struct dgl_error err;
    DGL_AUTO_JSON warnings = NULL;
    const json_t *w;
    size_t i;
    if (!warnings_json || dgl_json_parse(warnings_json, strlen(warnings_json), "warnings", &warnings, &err) != DGL_OK)
        return;
    json_array_foreach(warnings, i, w) fprintf(stderr, "docgenlab: warning: %s\n", json_string_value(w));
}

// What the document holds of the table of features, one a line, and who made the PDF.
static void print_findings(const struct dgl_session_answer *a)
{
    struct dgl_error err;
    DGL_AUTO_JSON findings = NULL;
    const json_t *f;
    size_t i;
    if (!a->findings_json ||
        dgl_json_parse(a->findings_json, strlen(a->findings_json), "findings", &findings, &err) != DGL_OK)
        return;
    json_array_foreach(findings, i, f)
    {
        const char *support = json_string_value(json_object_get(f, "support"));
        long long count = json_integer_value(json_object_get(f, "count"));
        long long paragraph = json_integer_value(json_object_get(f, "paragraph"));
        printf("%-12s  %6lld  %s", support, count, json_string_value(json_object_get(f, "name")));
        if (strcmp(support, "supported") != 0) {
            printf(": %s (%s", json_string_value(json_object_get(f, "effect")),
                   json_string_value(json_object_get(f, "part")));
            if (paragraph)
                printf(", paragraph %lld", paragraph);
            putchar(')');
        }
        putchar('\n');
    }
    if (a->engine[0])
        printf("PDF by engine %s.\n", a->engine);
}

// A worker reads its template at offsets, so one that comes through a pipe is kept in memory.
static enum dgl_status open_template(const char *path, int *ret_fd, struct dgl_error *err)
{
    struct stat st;
    DGL_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open the template '%s'", path);
    if (!S_ISREG(st.st_mode)) {
        DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(MAX_TEMPLATE_BYTES);
        DGL_AUTO_FD memory = -1;
        DGL_TRY(dgl_file_read_fd(fd, MAX_TEMPLATE_BYTES, &bytes, err));
        DGL_TRY(dgl_file_memfd("template", &memory, err));
        DGL_TRY(dgl_file_write_fd(memory, bytes.data, bytes.len, err));
        *ret_fd = DGL_STEAL_FD(memory);
        return DGL_OK;
    }
    *ret_fd = DGL_STEAL_FD(fd);
    return DGL_OK;
}

// ---- passwords of the PDF

static enum dgl_status read_password(const char *file, const char *field, char ret[DGL_PDF_PASSWORD_MAX + 1],
                                     struct dgl_error *err)
{
    if (!file)
        return DGL_OK;
    DGL_AUTO_FINI(buf) password = DGL_BUF_INIT(4096);
    DGL_TRY(dgl_cli_read_password(file, &password, err));
    enum dgl_status status = dgl_pdf_password_set(password.data ? password.data : "", password.len, field, ret, err);
    if (password.data)
        dgl_wipe(password.data, password.cap);
    return status;
}

static enum dgl_status read_protection(const struct order *o, struct dgl_pdf_protection *ret, struct dgl_error *err)
{
    *ret = (struct dgl_pdf_protection){.allow = o->allowed};
    DGL_TRY(read_password(o->open_password_file, "--open-password-file", ret->open_password, err));
    DGL_TRY(read_password(o->owner_password_file, "--owner-password-file", ret->owner_password, err));
    return dgl_pdf_protection_check(ret, "--owner-password-file", err);
}

static enum dgl_status render(const struct order *o, const struct dgl_config *config, struct dgl_error *err)
{
    DGL_AUTO_FD template_fd = -1;
    struct dgl_pdf_protection protection;
    DGL_TRY(read_protection(o, &protection, err));
    DGL_TRY(open_template(o->files[0], &template_fd, err));
    DGL_AUTO_FINI(buf) data = DGL_BUF_INIT(MAX_DATA_BYTES);
    DGL_TRY(strcmp(o->files[1], "-") == 0 ? dgl_file_read_fd(STDIN_FILENO, MAX_DATA_BYTES, &data, err)
                                          : dgl_file_read(o->files[1], MAX_DATA_BYTES, &data, err));
    DGL_AUTO(engine_session) session = NULL;
    DGL_TRY(dgl_engine_session_open(config, o->pdf, &session, err));
    dgl_engine_session_beside(session, o->files[0]);
    if (o->fonts)
        DGL_TRY(dgl_engine_session_fonts(session, o->fonts, err));
    const struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER,
                                       .template_fd = template_fd,
                                       .input = data.data,
                                       .input_len = data.len,
                                       .want_docx = !o->pdf,
                                       .want_pdf = o->pdf,
                                       .engine = o->engine,
                                       .explain = o->explain != NULL,
                                       .archive = o->archive != NULL,
                                       .protection = &protection,
                                       .created_at_us = o->now_us,
                                       .time_zone = o->time_zone,
                                       .locale = o->locale};
    DGL_AUTO_FINI(session_answer) answer;
    dgl_engine_session_run(session, &job, &answer);
    dgl_wipe(&protection, sizeof(protection));
    print_warnings(answer.warnings_json);
    print_findings(&answer);
    if (answer.status != DGL_OK) {
        *err = answer.error;
        return answer.status;
    }
    return write_output(o->pdf ? answer.pdf_fd : answer.docx_fd, o->output, err);
}

int dgl_cmd_render(int argc, char **argv)
{
    struct order o = {0};
    const struct dgl_cli_flag flags[] = {{"--output", true, &o.output},
                                         {"--engine", true, &o.engine},
                                         {"--fonts", true, &o.fonts},
                                         {"--explain", false, &o.explain},
                                         {"--pdf-a", false, &o.archive},
                                         {"--now", true, &o.now},
                                         {"--locale", true, &o.locale},
                                         {"--time-zone", true, &o.time_zone},
                                         {"--open-password-file", true, &o.open_password_file},
                                         {"--owner-password-file", true, &o.owner_password_file},
                                         {"--allow", true, &o.allow}};
    DGL_AUTO(config) config = NULL;
    int status = 0;
    if (!dgl_cli_parse(argc, argv, &help, flags, DGL_COUNT(flags), o.files, 2, &o.file_count, &config, &status))
        return status;
    status = check_order(&o);
    if (status != 0)
        return status;
    struct dgl_error err = DGL_ERROR_INIT;
    return render(&o, config, &err) == DGL_OK ? 0 : dgl_cli_fail(&err);
}
