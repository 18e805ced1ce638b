// docgenlab version
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/version.h"

int dgl_cmd_version(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        puts("Usage: docgenlab version\n\nPrints the version.");
        return 0;
    }
    if (argc > 1)
        return dgl_cli_usage("version", "`docgenlab version` takes no arguments.");
    printf("docgenlab %s\n", DGL_VERSION);
    return 0;
}
