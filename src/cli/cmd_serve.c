// docgenlab serve
#include "cli/cli.h"

#include "server/app/app.h"

static const struct dgl_cli_help help = {
    "Usage: docgenlab serve [--listen ADDRESS:PORT] [--data DIR] [--config FILE] [--OPTION VALUE …]\n\n"
    "Runs the server until SIGTERM or SIGINT and prints one line with its address when it is ready. SIGTERM ends what\n"
    "is under way, at most 30 seconds; SIGHUP reads the TLS certificate anew.\n\n"
    "Example: docgenlab serve --data /var/lib/docgenlab --public-url https://documents.example.com\n",
    NULL};

int dgl_cmd_serve(int argc, char **argv)
{
    DGL_AUTO(config) config = NULL;
    int code = 0;
    if (!dgl_cli_parse(argc, argv, &help, NULL, 0, NULL, 0, NULL, &config, &code))
        return code;
    struct dgl_error err = DGL_ERROR_INIT;
    (void)!dgl_app_serve(config, &err);
    return dgl_cli_end(argv[0], &err);
}
