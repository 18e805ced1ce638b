// The command line: one function per command, one file per function. Each returns the exit code: 0 done, 1 the work
// failed (one clear line on stderr), 2 wrong usage. argv[0] is the command's word.
#ifndef DGL_CLI_CLI_H
#define DGL_CLI_CLI_H

#include "base/config.h"

int dgl_cmd_serve(int argc, char **argv);
int dgl_cmd_init(int argc, char **argv);
int dgl_cmd_render(int argc, char **argv);
int dgl_cmd_lint(int argc, char **argv);
int dgl_cmd_reference(int argc, char **argv);
int dgl_cmd_listen(int argc, char **argv);
int dgl_cmd_keys(int argc, char **argv);
int dgl_cmd_users(int argc, char **argv);
int dgl_cmd_orgs(int argc, char **argv);
int dgl_cmd_fonts(int argc, char **argv);
int dgl_cmd_backup(int argc, char **argv);
int dgl_cmd_restore(int argc, char **argv);
int dgl_cmd_migrate(int argc, char **argv);
int dgl_cmd_version(int argc, char **argv);

// ---- shared by the commands (options.c)

// One line on stderr: "docgenlab: …". Returns the exit code that fits: 1.
int dgl_cli_fail(const struct dgl_error *err);
// "docgenlab: <message>" and where to find help; returns 2.
int dgl_cli_usage(const char *command, const char *fmt, ...) DGL_PRINTF(2, 3);

// 0 for DGL_OK; wrong usage when a value that was given (err->field names it) cannot be taken; else as dgl_cli_fail.
// For commands whose only input is their line and the configuration.
int dgl_cli_end(const char *command, const struct dgl_error *err);

// A command's own flags; `value` NULL-terminated text or, for switches, "" when given.
struct dgl_cli_flag {
    const char *name; // "--org"
    bool takes_value;
    const char **value; // untouched when absent
};
// What a command tells of itself.
struct dgl_cli_help {
    const char *text;    // "Usage: docgenlab …", what it does, its own flags, an example
    const char *options; // keys of the options (server/app/options.c) it reads, separated by spaces; NULL = all
};
// Where a data folder is; what every command that opens one reads.
#define DGL_CLI_DATA_OPTIONS "DATA_DIR DATABASE_URL SECRET_KEY_FILE"

// Reads the configuration (file, environment) and the flags: the command's own, then those of the options it reads
// (--listen, --data-dir, …; --data and --database for short); a flag of an option that only other commands read is
// wrong usage. What is no flag goes to positional. --help: prints `help` and returns false with *ret_exit = 0.
bool dgl_cli_parse(int argc, char **argv, const struct dgl_cli_help *help, const struct dgl_cli_flag *flags,
                   size_t flag_count, const char **positional, size_t max_positional, size_t *ret_positional,
                   struct dgl_config **ret_config, int *ret_exit);

// The first bytes of a file without its line end; `ret` should hold 4,096 bytes at most.
enum dgl_status dgl_cli_read_password(const char *file, struct dgl_buf *ret, struct dgl_error *err) DGL_MUST_CHECK;

#endif
