// docgenlab backup, docgenlab restore
#include "cli/cli.h"

#include <stdio.h>

#include "base/crypto.h"
#include "base/json.h"
#include "cli/progress.h"
#include "server/app/backup.h"

static const struct dgl_cli_help backup_help = {
    "Usage: docgenlab backup DIR [--data DATA] [--with-key] [--json]\n\n"
    "Writes a whole backup to the new folder DIR, also while the server runs: the "
    "database as of one moment, and every\n"
    "file it names, each read and checked. On the same file system files are linked and "
    "take no space. DIR appears when\n"
    "the backup is complete; `sha256sum -c SHA256SUMS` in it checks it later.\n"
    "The master key is left out, so that a backup alone opens no secret: keep a copy of "
    "it elsewhere, or say --with-key.\n\n"
    "Example: docgenlab backup /backups/2026-01-15 --data /var/lib/docgenlab\n",
    DGL_CLI_DATA_OPTIONS};
static const struct dgl_cli_help restore_help = {
    "Usage: docgenlab restore DIR --data NEW [--key FILE] [--json]\n\n"
    "Restores the backup in DIR into the new or empty folder NEW and checks every file. Without a master key in the "
    "backup,\n"
    "--key names it. Run it as the user the server runs as. What was queued goes on when a server is started on NEW;\n"
    "webhooks that were pending at the time of the backup are sent (again).\n\n"
    "Example: docgenlab restore /backups/2026-01-15 --data /var/lib/docgenlab-new --key /safe/secret.key\n",
    DGL_CLI_DATA_OPTIONS};

static void print_json(const struct dgl_app_backup_result *r, const char *folder)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(64 << 10);
    struct dgl_json_writer w = DGL_JSON_WRITER(&out);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "folder", folder);
    dgl_jw_kint(&w, "schema_version", r->schema_version);
    dgl_jw_kint(&w, "organizations", r->organizations);
    dgl_jw_kint(&w, "templates", r->templates);
    dgl_jw_kint(&w, "documents", r->documents);
    dgl_jw_kint(&w, "files", r->files);
    dgl_jw_kint(&w, "bytes", r->bytes);
    dgl_jw_kint(&w, "erased_meanwhile", r->erased);
    dgl_jw_kint(&w, "damaged_files", r->damaged);
    dgl_jw_kbool(&w, "has_key", r->has_key);
    dgl_jw_end_object(&w);
    printf("%s\n", out.data);
}

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_text(const struct dgl_app_backup_result *r, const char *what, const char *folder)
{
    char bytes[32];
    printf("%s %s: %lld organization%s, %lld template%s, %lld document%s, %lld file%s, %s.\n", what, folder,
           (long long)r->organizations, plural(r->organizations), (long long)r->templates, plural(r->templates),
           (long long)r->documents, plural(r->documents), (long long)r->files, plural(r->files),
           dgl_cli_format_bytes(r->bytes, bytes));
}

// Complete, but for files that were damaged before: the operator must hear of them, and the status says so to a script.
static int tell_damage(const struct dgl_app_backup_result *r)
{
    if (r->damaged == 0)
        return 0;
    fprintf(stderr,
            "docgenlab: The backup is complete except for %lld file%s that %s damaged already, the first: %s; restore "
            "%s from an older backup.\n",
            (long long)r->damaged, r->damaged == 1 ? "" : "s", r->damaged == 1 ? "was" : "were", r->first_damaged,
            r->damaged == 1 ? "it" : "them");
    return 1;
}

int dgl_cmd_backup(int argc, char **argv)
{
    const char *with_key = NULL, *json = NULL, *words[1] = {NULL};
    const struct dgl_cli_flag flags[] = {{"--with-key", false, &with_key}, {"--json", false, &json}};
    size_t count = 0;
    DGL_AUTO(config) config = NULL;
    int code = 0;
    if (!dgl_cli_parse(argc, argv, &backup_help, flags, DGL_COUNT(flags), words, 1, &count, &config, &code))
        return code;
    if (count == 0)
        return dgl_cli_usage(argv[0], "The folder for the backup is missing.");
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_app_backup_result result;
    struct dgl_cli_progress progress = dgl_cli_progress_begin("Backing up");
    enum dgl_status status = dgl_crypto_init(&err);
    if (status == DGL_OK)
        status = dgl_app_backup(config, words[0], with_key != NULL, dgl_cli_progress_step, &progress, &result, &err);
    dgl_cli_progress_end(&progress);
    if (status != DGL_OK)
        return dgl_cli_fail(&err);
    if (json) {
        print_json(&result, words[0]);
    } else {
        print_text(&result, "Backed up to", words[0]);
        puts(result.has_key ? "The master key is in it: whoever has this folder can open every secret."
                            : "The master key is not in it; keep a copy of it elsewhere.");
    }
    return tell_damage(&result);
}

int dgl_cmd_restore(int argc, char **argv)
{
    const char *key = NULL, *json = NULL, *words[1] = {NULL};
    const struct dgl_cli_flag flags[] = {{"--key", true, &key}, {"--json", false, &json}};
    size_t count = 0;
    DGL_AUTO(config) config = NULL;
    int code = 0;
    if (!dgl_cli_parse(argc, argv, &restore_help, flags, DGL_COUNT(flags), words, 1, &count, &config, &code))
        return code;
    if (count == 0)
        return dgl_cli_usage(argv[0], "The folder of the backup is missing.");
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_app_backup_result result;
    struct dgl_cli_progress progress = dgl_cli_progress_begin("Restoring");
    enum dgl_status status = dgl_crypto_init(&err);
    if (status == DGL_OK)
        status = dgl_app_restore(config, words[0], key, dgl_cli_progress_step, &progress, &result, &err);
    dgl_cli_progress_end(&progress);
    if (status != DGL_OK)
        return dgl_cli_fail(&err);
    if (json)
        print_json(&result, dgl_config_str(config, "DATA_DIR"));
    else
        print_text(&result, "Restored into", dgl_config_str(config, "DATA_DIR"));
    return 0;
}
