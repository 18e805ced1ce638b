// docgenlab version
#include "cli/cli.h"

#include <stdio.h>

#include "base/version.h"

int dgl_cmd_version(int argc, char **argv)
{
    if (argc > 1)
        return dgl_cli_usage(NULL, "`docgenlab %s` takes no arguments.", argv[0]);
    printf("docgenlab %s\n", DGL_VERSION);
    return 0;
}
