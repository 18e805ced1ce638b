// docgenlab migrate
#include "cli/cli.h"

#include <stdio.h>

#include "base/json.h"
#include "server/app/app.h"

static const struct dgl_cli_help help = {
    "Usage: docgenlab migrate [--data DIR] [--check] [--json]\n\n"
    "Brings the database to this program's schema, after a copy of it was made beside it. "
    "`serve` does the same when it\n"
    "starts; this does it at a moment you choose. The server must be stopped.\n"
    "--check changes nothing and ends with 1 when a migration is needed.\n\n"
    "Example: docgenlab migrate --check --data /var/lib/docgenlab\n",
    DGL_CLI_DATA_OPTIONS};

static void print_json(const struct dgl_app_migration *m)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(64 << 10);
    struct dgl_json_writer w = DGL_JSON_WRITER(&out);
    dgl_jw_object(&w);
    dgl_jw_kint(&w, "from_version", m->from);
    dgl_jw_kint(&w, "to_version", m->to);
    dgl_jw_kstr(&w, "copy", m->copy[0] ? m->copy : NULL);
    dgl_jw_end_object(&w);
    printf("%s\n", out.data);
}

static void print_text(const struct dgl_app_migration *m, bool check_only)
{
    if (m->from == m->to)
        printf("The database has schema version %lld; nothing is to be done.\n", (long long)m->to);
    else if (check_only)
        printf("The database has schema version %lld and must be migrated to %lld.\n", (long long)m->from,
               (long long)m->to);
    else
        printf("Migrated from schema version %lld to %lld. The database as it was is %s.\n", (long long)m->from,
               (long long)m->to, m->copy);
}

int dgl_cmd_migrate(int argc, char **argv)
{
    const char *check = NULL, *json = NULL;
    const struct dgl_cli_flag flags[] = {{"--check", false, &check}, {"--json", false, &json}};
    DGL_AUTO(config) config = NULL;
    int code = 0;
    if (!dgl_cli_parse(argc, argv, &help, flags, DGL_COUNT(flags), NULL, 0, NULL, &config, &code))
        return code;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_app_migration m;
    if (dgl_app_migrate(config, check != NULL, &m, &err) != DGL_OK)
        return dgl_cli_fail(&err);
    if (json)
        print_json(&m);
    else
        print_text(&m, check != NULL);
    return check && m.from < m.to ? 1 : 0;
}
