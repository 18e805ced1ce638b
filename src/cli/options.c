// Flags and configuration for all commands.
#include "cli/cli.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "server/app/app.h"

extern char **environ;

#define CONFIG_FILE "docgenlab.conf"                       // in the working directory, else
#define SYSTEM_CONFIG_FILE "/etc/docgenlab/docgenlab.conf" // the installed service's, for those who may read it

int dgl_cli_fail(const struct dgl_error *err)
{
    char text[1200];
    fprintf(stderr, "docgenlab: %s\n", dgl_error_describe(err, text, sizeof text));
    return 1;
}

int dgl_cli_usage(const char *command, const char *fmt, ...)
{
    va_list args;
    char message[1024];
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    size_t len = strlen(message);
    bool is_closed = len > 0 && message[len - 1] == '.';
    fprintf(stderr, "docgenlab: %s%s See `docgenlab %s%s--help`.\n", message, is_closed ? "" : ".",
            command ? command : "", command ? " " : "");
    return 2;
}

// "--data-dir" to "DATA_DIR"; the two short forms of the contract to theirs.
static bool option_key(const char *flag, char *key, size_t size)
{
    const char *name = flag + 2;
    if (strcmp(name, "data") == 0)
        name = "data-dir";
    else if (strcmp(name, "database") == 0)
        name = "database-url";
    size_t len = strlen(name);
    if (len == 0 || len >= size)
        return false;
    for (size_t i = 0; i <= len; i++)
        key[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
    return true;
}

static const struct dgl_cli_flag *find_flag(const struct dgl_cli_flag *flags, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(flags[i].name, name) == 0)
            return &flags[i];
    return NULL;
}

static enum dgl_status load_config(struct dgl_config *config, const char *file, struct dgl_error *err)
{
    if (file)
        DGL_TRY(dgl_config_load_file(config, file, err));
    else if (access(CONFIG_FILE, F_OK) == 0)
        DGL_TRY(dgl_config_load_file(config, CONFIG_FILE, err));
    else if (access(SYSTEM_CONFIG_FILE, R_OK) == 0)
        DGL_TRY(dgl_config_load_file(config, SYSTEM_CONFIG_FILE, err));
    return dgl_config_load_env(config, environ, err);
}

// The file must be read before the flags, wherever on the line it is named.
static const char *config_file_of(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            return argv[i + 1];
        if (strncmp(argv[i], "--config=", 9) == 0)
            return argv[i] + 9;
    }
    return NULL;
}

struct reading {
    const char *command;
    const struct dgl_cli_flag *flags;
    size_t flag_count;
    struct dgl_config *config;
    int argc;
    char **argv;
    int at; // the argument being read
};

// One flag with its value ("--name=value" or "--name value"). Returns 0 or the exit code.
static int read_flag(struct reading *r)
{
    char name[64], key[64];
    const char *arg = r->argv[r->at];
    const char *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    if (len >= sizeof name)
        return dgl_cli_usage(r->command, "The flag %.60s… is not known.", arg);
    memcpy(name, arg, len);
    name[len] = '\0';
    if (strcmp(name, "-o") == 0)
        memcpy(name, "--output", sizeof "--output");
    const struct dgl_cli_flag *flag = find_flag(r->flags, r->flag_count, name);
    if (flag && !flag->takes_value) {
        *flag->value = "";
        return equals ? dgl_cli_usage(r->command, "The flag %s takes no value.", name) : 0;
    }
    const char *value = equals ? equals + 1 : r->at + 1 < r->argc ? r->argv[++r->at] : NULL;
    if (flag || strcmp(name, "--config") == 0) {
        if (!value)
            return dgl_cli_usage(r->command, "The flag %s needs a value.", name);
        if (flag)
            *flag->value = value;
        return 0;
    }
    if (strncmp(name, "--", 2) != 0 || !option_key(name, key, sizeof key))
        return dgl_cli_usage(r->command, "The flag %s is not known.", name);
    if (!value)
        return dgl_cli_usage(r->command, "The flag %s needs a value, or is not known.", name);
    struct dgl_error err = DGL_ERROR_INIT;
    if (dgl_config_set(r->config, key, value, name, &err) != DGL_OK)
        return dgl_cli_usage(r->command, "%s", err.message);
    return 0;
}

static void print_help(const char *help, const struct dgl_config *config)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64 << 10);
    dgl_config_help(config, &text);
    fputs(help, stdout);
    if (text.data)
        printf(
            "\nConfiguration (--config FILE, else docgenlab.conf here or in /etc/docgenlab < environment < flags):\n%s",
            text.data);
}

bool dgl_cli_parse(int argc, char **argv, const char *help, const struct dgl_cli_flag *flags, size_t flag_count,
                   const char **positional, size_t max_positional, size_t *ret_positional,
                   struct dgl_config **ret_config, int *ret_exit)
{
    DGL_AUTO(config) config = dgl_app_config_new();
    struct reading r = {argv[0], flags, flag_count, config, argc, argv, 0};
    struct dgl_error err = DGL_ERROR_INIT;
    size_t count = 0;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(help, config);
            *ret_exit = 0;
            return false;
        }
    if (load_config(config, config_file_of(argc, argv), &err) != DGL_OK) {
        dgl_cli_fail(&err);
        *ret_exit = 2;
        return false;
    }
    for (r.at = 1; r.at < argc; r.at++) {
        if (argv[r.at][0] == '-' && argv[r.at][1] != '\0') {
            *ret_exit = read_flag(&r);
            if (*ret_exit != 0)
                return false;
        } else if (count < max_positional) {
            positional[count++] = argv[r.at];
        } else {
            *ret_exit = dgl_cli_usage(argv[0], "The argument %s is one too many.", argv[r.at]);
            return false;
        }
    }
    if (ret_positional)
        *ret_positional = count;
    *ret_config = DGL_STEAL(config);
    return true;
}

enum dgl_status dgl_cli_read_password(const char *file, struct dgl_buf *ret, struct dgl_error *err)
{
    DGL_TRY(dgl_file_read(file, 4096, ret, err));
    while (ret->len > 0 && (ret->data[ret->len - 1] == '\n' || ret->data[ret->len - 1] == '\r'))
        ret->data[--ret->len] = '\0';
    return DGL_OK;
}
