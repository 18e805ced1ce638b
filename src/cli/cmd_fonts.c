// docgenlab fonts list | delete | check
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/account_command.h"
#include "cli/engine_session.h"
#include "cli/table.h"

static const struct dgl_cli_help help = {"Usage: docgenlab fonts list   [--data DIR] [--org ID] [--json]\n"
                                         "       docgenlab fonts delete [--data DIR] [--org ID] FONT_ID\n"
                                         "       docgenlab fonts check  FILE\n\n"
                                         "list and delete are about the fonts that an organization uploaded (POST "
                                         "/api/v1/fonts/, or Settings, Fonts), beside\n"
                                         "a running server too. check says what a font file holds, by the names a "
                                         "template may ask for it, or why it would be\n"
                                         "refused (exit code 1).\n\n"
                                         "Example: docgenlab fonts check Inter-Regular.ttf\n",
                                         DGL_CLI_DATA_OPTIONS};

static enum dgl_status list(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const columns[] = {"id", "fonts", "size_bytes", "created_at", "file_name"};
    struct dgl_font_row *fonts = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_font_list(call->data.store, call->arena, call->org, &fonts, &count, err));
    struct dgl_cell *cells = dgl_arena_alloc(call->arena, (count + 1) * DGL_COUNT(columns) * sizeof *cells), *c = cells;
    for (size_t i = 0; i < count; i++) {
        char *names = dgl_arena_strdup(call->arena, fonts[i].fonts);
        size_t len = strlen(names);
        for (char *p = names; *p; p++) // "Family/Style" a line
            *p = *p == '\n' ? ',' : *p == '/' ? ' ' : *p;
        names[len ? len - 1 : 0] = '\0';
        *c++ = DGL_TEXT(fonts[i].id);
        *c++ = DGL_TEXT(names);
        *c++ = DGL_INT(fonts[i].size_bytes);
        *c++ = DGL_TIME(fonts[i].created_at_us);
        *c++ = DGL_TEXT(fonts[i].file_name);
    }
    dgl_cli_print_table(call->wishes->json != NULL, columns, DGL_COUNT(columns), cells, count);
    return DGL_OK;
}

// The file itself goes at the server's next start: the server alone writes the folder of files.
static enum dgl_status delete_font(struct dgl_account_call *call, struct dgl_error *err)
{
    char uri[DGL_FONT_URI_LEN];
    return dgl_store_font_delete(call->data.store, call->org, call->wishes->subject, uri, err);
}

static void print_faces(const char *font_json)
{
    struct dgl_error err;
    DGL_AUTO_JSON font = NULL;
    const json_t *face, *name;
    size_t i, k;
    if (dgl_json_parse(font_json, strlen(font_json), "font", &font, &err) != DGL_OK)
        return;
    json_array_foreach(json_object_get(font, "faces"), i, face)
    {
        printf("%s, %s (weight %lld)", json_string_value(json_object_get(face, "family")),
               json_string_value(json_object_get(face, "style")),
               (long long)json_integer_value(json_object_get(face, "weight")));
        json_array_foreach(json_object_get(face, "names"), k, name) if (k)
            printf("%s%s", k == 1 ? ", also known as " : ", ", json_string_value(name));
        putchar('\n');
    }
}

static enum dgl_status check_file(const struct dgl_config *config, const char *path, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot open the font '%s'", path);
    DGL_AUTO(engine_session) session = NULL;
    DGL_TRY(dgl_engine_session_open(config, false, &session, err));
    const struct dgl_engine_job job = {.op = DGL_ENGINE_FONT, .template_fd = fd};
    DGL_AUTO_FINI(session_answer) answer;
    dgl_engine_session_run(session, &job, &answer);
    if (answer.status != DGL_OK) {
        *err = answer.error;
        return answer.status;
    }
    print_faces(answer.font_json);
    return DGL_OK;
}

static int check(int argc, char **argv)
{
    const char *files[2] = {NULL, NULL}; // the verb, the file
    size_t given = 0;
    DGL_AUTO(config) config = NULL;
    int code = 0;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_cli_parse(argc, argv, &help, NULL, 0, files, 2, &given, &config, &code))
        return code;
    if (!files[1])
        return dgl_cli_usage("fonts", "Say which font file to check.");
    return check_file(config, files[1], &err) == DGL_OK ? 0 : dgl_cli_fail(&err);
}

static enum dgl_status check_subject(struct dgl_account_call *call, struct dgl_error *err)
{
    return check_file(call->config, call->wishes->subject, err);
}

int dgl_cmd_fonts(int argc, char **argv)
{
    static const struct dgl_account_verb verbs[] = {
        {"list", 0, DGL_LINE_ORG | DGL_LINE_JSON, NULL, list},
        {"delete", DGL_LINE_SUBJECT, DGL_LINE_ORG, "font", delete_font},
        {"check", DGL_LINE_SUBJECT, 0, "font file", check_subject},
    };
    // The first word as a rule, and then no data folder is opened.
    if (argc > 1 && strcmp(argv[1], "check") == 0)
        return check(argc, argv);
    return dgl_cli_account_command(argc, argv, &help, verbs, DGL_COUNT(verbs));
}
