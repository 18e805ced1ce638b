// Configuration: one table of options; an INI file < environment DOCGENLAB_* < command line. Unknown keys are errors
// that name the key and the nearest known one. `--help` is generated from the same table.
#ifndef DGL_BASE_CONFIG_H
#define DGL_BASE_CONFIG_H

#include "base/buf.h"

enum dgl_option_kind { DGL_OPTION_STRING, DGL_OPTION_INT, DGL_OPTION_BOOL };
struct dgl_option {
    const char *key; // environment form without prefix: "WEBHOOK_TIMEOUT_MS"; the flag is --webhook-timeout-ms
    enum dgl_option_kind kind;
    const char *default_value; // text; NULL = none
    int64_t min, max;          // INT only
    const char *help;          // one line
};
struct dgl_config;
struct dgl_config *dgl_config_new(const struct dgl_option *options, size_t count); // options outlive it
void dgl_config_free(struct dgl_config *c);
DGL_DEFINE_AUTO(config);
// INI: `key = value`, keys in either case, '#' and ';' comments, sections refused. Errors name file and line.
enum dgl_status dgl_config_load_file(struct dgl_config *c, const char *path, struct dgl_error *err) DGL_MUST_CHECK;
// Reads every DOCGENLAB_* variable of envp; unknown ones are errors. An empty value unsets a string and takes a number
// or switch back to its default, here and everywhere.
enum dgl_status dgl_config_load_env(struct dgl_config *c, char **envp, struct dgl_error *err) DGL_MUST_CHECK;
// Takes argv[*index], which begins with "--", and its value ("--key value", "--key=value", a bare switch) and moves
// *index past them. Keys in any case, '-' as '_'.
enum dgl_status dgl_config_take_flag(struct dgl_config *c, int argc, char **argv, int *index,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// Keys must be in the table.
const char *dgl_config_str(const struct dgl_config *c, const char *key); // NULL = unset; borrowed
int64_t dgl_config_int(const struct dgl_config *c, const char *key);
bool dgl_config_bool(const struct dgl_config *c, const char *key);
// Overwrites every value that was set, where it stands: for a forked process that has no use for them. None is to be
// asked for afterwards.
void dgl_config_wipe(struct dgl_config *c);
// A line an option, in the table's order. `keys`: those to tell of, separated by spaces; NULL = all.
void dgl_config_help(const struct dgl_config *c, const char *keys, struct dgl_buf *out);
// Whether `key` is one of the words of `keys`, in that case. NULL holds every key.
bool dgl_config_key_in(const char *keys, const char *key);

#endif
