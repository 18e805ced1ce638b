// docgenlab: the table of commands.
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/version.h"

static const struct {
    const char *word;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"serve", dgl_cmd_serve, "run the server"},
    {"init", dgl_cmd_init, "make the first organization, its admin and an API key"},
    {"render", dgl_cmd_render, "fill a template: render TEMPLATE DATA.json -o OUT.pdf|OUT.docx"},
    {"lint", dgl_cmd_lint, "show a template's tokens and problems"},
    {"reference", dgl_cmd_reference, "print the template reference as Markdown"},
    {"listen", dgl_cmd_listen, "receive webhooks on this machine: listen --api-key K --server URL --forward-to URL"},
    {"orgs", dgl_cmd_orgs, "list, create and change organizations"},
    {"users", dgl_cmd_users, "list, create and change users"},
    {"keys", dgl_cmd_keys, "list, create and revoke API keys; rotate the master key"},
    {"fonts", dgl_cmd_fonts, "list and delete fonts of organizations; check a font file"},
    {"backup", dgl_cmd_backup, "write a whole backup, also while the server runs: backup DIR"},
    {"restore", dgl_cmd_restore, "restore a backup into a new data folder: restore DIR --data NEW"},
    {"migrate", dgl_cmd_migrate, "bring the database to this program's schema"},
    {"version", dgl_cmd_version, "print the version"},
};

static void print_help(void)
{
    printf("docgenlab %s: documents from Word templates, with a webhook when each is ready.\n\nUsage: docgenlab "
           "COMMAND …\n\n",
           DGL_VERSION);
    for (size_t i = 0; i < DGL_COUNT(commands); i++)
        printf("  %-10s %s\n", commands[i].word, commands[i].help);
    puts("\n`docgenlab COMMAND --help` tells more; `docgenlab init`, then `docgenlab serve` begins. Exit codes: 0 "
         "done, 1 the "
         "work\nfailed (one line on stderr says why), 2 wrong usage.");
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < DGL_COUNT(commands); i++)
        if (strcmp(argv[0], commands[i].word) == 0)
            return commands[i].run(argc, argv);
    return dgl_cli_usage(NULL, "The command %s is not known.", argv[0]);
}

int main(int argc, char **argv)
{
    char help_flag[] = "--help";
    if (argc < 2)
        return dgl_cli_usage(NULL, "A command is missing.");
    bool wants_help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0;
    if (wants_help && argc > 2) // "help render" is "render --help"
        return run_command(2, (char *[]){argv[2], help_flag, NULL});
    if (wants_help) {
        print_help();
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = "version";
    return run_command(argc - 1, argv + 1);
}
