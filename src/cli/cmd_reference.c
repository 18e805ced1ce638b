// docgenlab reference: the filters, tests and functions of the template language as Markdown, from the tables the
// language itself uses, or the HTTP API as OpenAPI. docs/template-reference.md and the tables of docs/api.md are made
// of its output; tests hold them together.
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "render/template/filters.h"
#include "server/api/api.h"

static const struct dgl_cli_help help = {
    "Usage: docgenlab reference [--openapi]\n\n"
    "Prints the filters, tests and functions of templates as Markdown.\n\n"
    "  --openapi  the HTTP API instead, as OpenAPI 3.1, for generators of clients\n\n"
    "Example: docgenlab reference --openapi >openapi.json\n",
    "PUBLIC_URL"};

// "length killwords" with one required: "(length, killwords=…)".
static void print_signature(const char *parameters, unsigned required)
{
    if (!*parameters)
        return;
    putchar('(');
    for (unsigned i = 0; *parameters; i++) {
        size_t n = strcspn(parameters, " ");
        printf("%s%.*s%s", i ? ", " : "", (int)n, parameters, i < required ? "" : "=…");
        parameters += n + (parameters[n] == ' ');
    }
    putchar(')');
}

// A sample is "TEMPLATE gives RESULT".
static void print_entry(const char *name, const char *parameters, unsigned required, const char *summary,
                        const char *sample)
{
    const char *gives = strstr(sample, " gives ");
    printf("- **`%s", name);
    print_signature(parameters, required);
    printf("`** %s  \n  `%.*s` → `%s`\n", summary, (int)(gives - sample), sample, gives + strlen(" gives "));
}

static void print_methods(unsigned of, const char *title)
{
    bool first = true;
    printf("- **%s**: ", title);
    for (size_t i = 0; i < dgl_method_count; i++)
        if (dgl_methods[i].of & of) {
            printf("%s`%s", first ? "" : ", ", dgl_methods[i].name);
            print_signature(dgl_methods[i].parameters, dgl_methods[i].required);
            putchar('`');
            first = false;
        }
    puts("");
}

static enum dgl_status print_openapi(const struct dgl_config *config, struct dgl_error *err)
{
    const char *url = dgl_config_str(config, "PUBLIC_URL");
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(1 << 20);
    DGL_TRY(dgl_api_openapi_write(url ? url : "http://127.0.0.1:8080", DGL_VERSION, &out, err));
    puts(out.data);
    return DGL_OK;
}

static void print_markdown(void)
{
    puts("# Template reference\n\n"
         "Every filter, test and function of the template language. This page is printed by `docgenlab reference`; "
         "[Writing\n"
         "templates](templates.md) teaches the language.\n\n"
         "An argument written `name=…` may be left out. Behind each arrow stands what the sample prints: `⏎` is a line "
         "break, `[picture]` a\npicture. In the samples `missing` is not in the data, `logo` is the address of a "
         "picture, "
         "and `Terms` is a template with the text\n`Terms for {{ customer }}`.\n\n## Filters\n\n`{{ value|filter }}`, "
         "`{{ value|filter(argument) }}`. Several may follow each other.\n");
    for (size_t i = 0; i < dgl_filter_count; i++)
        print_entry(dgl_filters[i].name, dgl_filters[i].parameters, dgl_filters[i].required, dgl_filters[i].summary,
                    dgl_filters[i].sample);
    puts("\n## Tests\n\n`{% if value is test %}`, `{% if value is not test %}`.\n");
    for (size_t i = 0; i < dgl_test_count; i++)
        print_entry(dgl_tests[i].name, dgl_tests[i].parameters, dgl_tests[i].required, dgl_tests[i].summary,
                    dgl_tests[i].sample);
    puts("\n## Functions\n");
    for (size_t i = 0; i < dgl_global_count; i++)
        print_entry(dgl_globals[i].name, dgl_globals[i].parameters, dgl_globals[i].required, dgl_globals[i].summary,
                    dgl_globals[i].sample);
    puts("\n## Methods\n\nAs in Python; a key of the data with the same name wins.\n");
    print_methods(DGL_METHOD_STRING, "text");
    print_methods(DGL_METHOD_LIST, "list");
    print_methods(DGL_METHOD_DICT, "object");
    print_methods(DGL_METHOD_LOOP, "loop");
    print_methods(DGL_METHOD_CYCLER, "cycler");
}

int dgl_cmd_reference(int argc, char **argv)
{
    const char *openapi = NULL;
    const struct dgl_cli_flag flags[] = {{"--openapi", false, &openapi}};
    DGL_AUTO(config) config = NULL;
    struct dgl_error err = DGL_ERROR_INIT;
    int status = 0;
    if (!dgl_cli_parse(argc, argv, &help, flags, DGL_COUNT(flags), NULL, 0, NULL, &config, &status))
        return status;
    if (openapi)
        return print_openapi(config, &err) == DGL_OK ? 0 : dgl_cli_fail(&err);
    print_markdown();
    return 0;
}
