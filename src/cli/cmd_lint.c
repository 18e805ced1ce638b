// docgenlab lint: what a template takes from its data, and what is wrong with it, each with its place.
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/zip.h"
#include "cli/engine_session.h"
#include "render/docx/annotate.h"

#define MAX_INDENT 40

static const struct dgl_cli_help help = {
    "Usage: docgenlab lint TEMPLATE [--json] [--annotate OUT.docx]\n\n"
    "Shows the tokens of a Word template and its problems with their places. Exit code 1 when\n"
    "there are errors.\n\n"
    "  --json               one JSON object: {\"tokens\":[…],\"problems\":[…]}\n"
    "  --annotate OUT.docx  a copy of the template with every problem as a Word comment\n\n"
    "Example: docgenlab lint examples/invoice.docx\n",
    DGL_CLI_ENGINE_OPTIONS};

static void print_tokens(const json_t *tokens, int indent)
{
    const json_t *t;
    size_t i;
    json_array_foreach(tokens, i, t)
    {
        printf("%*s%-*s %s\n", indent, "", DGL_MAX(MAX_INDENT - indent, 1),
               json_string_value(json_object_get(t, "name")), json_string_value(json_object_get(t, "type")));
        print_tokens(json_object_get(t, "children"), indent + 2);
    }
}

static void print_problem(const json_t *p)
{
    struct dgl_error e;
    char text[1400];
    dgl_json_read_problem(p, &e);
    printf("  %-7s %s [%s]\n", json_string_value(json_object_get(p, "severity")),
           dgl_error_describe(&e, text, sizeof(text)), json_string_value(json_object_get(p, "code")));
}

static bool is_error(const json_t *p)
{
    return strcmp(json_string_value(json_object_get(p, "severity")), "error") == 0;
}

static unsigned count_errors(const json_t *problems)
{
    const json_t *p;
    size_t i;
    unsigned errors = 0;
    json_array_foreach(problems, i, p) errors += is_error(p);
    return errors;
}

static void print_text(const json_t *tokens, const json_t *problems)
{
    const json_t *p;
    size_t i;
    printf("Tokens: %zu\n", json_array_size(tokens));
    print_tokens(tokens, 2);
    printf("Problems: %zu\n", json_array_size(problems));
    json_array_foreach(problems, i, p) print_problem(p);
}

static void print_json(const struct dgl_session_answer *answer)
{
    printf("{\"tokens\":%s,\"problems\":%s}\n", answer->tokens_json ? answer->tokens_json : "null",
           answer->problems_json ? answer->problems_json : "[]");
}

// The problems as Word comments in a copy of the template.
static enum dgl_status annotate(const char *path, const json_t *problems, const char *copy, struct dgl_error *err)
{
    DGL_AUTO_FINI(diagnostics) found = {.count = 0};
    DGL_AUTO_FINI(buf) package = DGL_BUF_INIT(DGL_ZIP_MAX_TOTAL_BYTES);
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_ZIP_MAX_TOTAL_BYTES);
    const json_t *p;
    size_t i;
    json_array_foreach(problems, i, p)
    {
        struct dgl_error e;
        dgl_json_read_problem(p, &e);
        dgl_diagnostics_add(&found, is_error(p) ? DGL_DIAGNOSTIC_ERROR : DGL_DIAGNOSTIC_WARNING, &e);
    }
    DGL_TRY(dgl_file_read(path, DGL_ZIP_MAX_TOTAL_BYTES, &package, err));
    DGL_TRY(dgl_docx_annotate(package.data, package.len, &found, &out, err));
    return dgl_file_write_atomic(copy, out.data, out.len, 0644, err);
}

// *ret_errors: how many the template has.
static enum dgl_status lint(const char *path, bool as_json, const char *copy, const struct dgl_config *config,
                            unsigned *ret_errors, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open the template '%s'", path);
    DGL_AUTO(engine_session) session = NULL;
    DGL_TRY(dgl_engine_session_open(config, false, &session, err));
    dgl_engine_session_beside(session, path);
    const struct dgl_engine_job job = {.op = DGL_ENGINE_INSPECT, .template_fd = fd};
    DGL_AUTO_FINI(session_answer) answer;
    dgl_engine_session_run(session, &job, &answer);
    if (answer.status != DGL_OK && !answer.problems_json) { // the worker could not even look
        *err = answer.error;
        return answer.status;
    }
    DGL_AUTO_JSON tokens = NULL;
    DGL_AUTO_JSON problems = NULL;
    if (answer.tokens_json)
        DGL_TRY(dgl_json_parse(answer.tokens_json, strlen(answer.tokens_json), "tokens", &tokens, err));
    if (answer.problems_json)
        DGL_TRY(dgl_json_parse(answer.problems_json, strlen(answer.problems_json), "problems", &problems, err));
    if (as_json)
        print_json(&answer);
    else
        print_text(tokens, problems);
    *ret_errors = count_errors(problems);
    return copy ? annotate(path, problems, copy, err) : DGL_OK;
}

int dgl_cmd_lint(int argc, char **argv)
{
    const char *path = NULL, *as_json = NULL, *copy = NULL;
    const struct dgl_cli_flag flags[] = {{"--json", false, &as_json}, {"--annotate", true, &copy}};
    DGL_AUTO(config) config = NULL;
    size_t count = 0;
    int status = 0;
    if (!dgl_cli_parse(argc, argv, &help, flags, DGL_COUNT(flags), &path, 1, &count, &config, &status))
        return status;
    if (count == 0)
        return dgl_cli_usage("lint", "A template is needed.");
    struct dgl_error err = DGL_ERROR_INIT;
    unsigned errors = 0;
    if (lint(path, as_json != NULL, copy, config, &errors, &err) != DGL_OK)
        return dgl_cli_fail(&err);
    if (errors == 0)
        return 0;
    fprintf(stderr, "docgenlab: %s has %u error%s\n", path, errors, errors == 1 ? "" : "s");
    return 1;
}
