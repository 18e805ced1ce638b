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
    bool is_closed = len > 0 && (message[len - 1] == '.' || message[len - 1] == '?');
    fprintf(stderr, "docgenlab: %s%s See `docgenlab %s%s--help`.\n", message, is_closed ? "" : ".",
            command ? command : "", command ? " " : "");
    return 2;
}

int dgl_cli_end(const char *command, const struct dgl_error *err)
{
    char text[1200];
    if (err->code == DGL_OK)
        return 0;
    if (err->code != DGL_E_INVALID || !err->field[0])
        return dgl_cli_fail(err);
    return dgl_cli_usage(command, "%s", dgl_error_describe(err, text, sizeof text));
}

// The two short forms of the contract, spelled out.
static const char *long_form(const char *name)
{
    if (strcmp(name, "--data") == 0)
        return "--data-dir";
    return strcmp(name, "--database") == 0 ? "--database-url" : name;
}

// "--data-dir" to "DATA_DIR".
static void option_key(const char *flag, char *key, size_t size)
{
    size_t len = DGL_MIN(strlen(flag) - 2, size - 1);
    for (size_t i = 0; i < len; i++)
        key[i] = flag[i + 2] == '-' ? '_' : (char)toupper((unsigned char)flag[i + 2]);
    key[len] = '\0';
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
    const char *options; // keys of those the command reads
    const struct dgl_cli_flag *flags;
    size_t flag_count;
    struct dgl_config *config;
    int argc;
    char **argv;
    int at; // the argument being read
};

// A flag of the option table. Returns 0 or the exit code.
static int read_option(struct reading *r, const char *name, const char *equals)
{
    char key[64];
    DGL_AUTO_FINI(buf) flag = DGL_BUF_INIT(1 << 20);
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_buf_printf(&flag, "%s%s", long_form(name), equals ? equals : "");
    char *args[] = {flag.data, r->at + 1 < r->argc ? r->argv[r->at + 1] : NULL, NULL};
    int at = 0;
    if (strncmp(name, "--", 2) != 0 || !flag.data)
        return dgl_cli_usage(r->command, "The flag %s is not known.", name);
    if (dgl_config_take_flag(r->config, args[1] ? 2 : 1, args, &at, &err) != DGL_OK)
        return dgl_cli_usage(r->command, "%s", err.message);
    option_key(long_form(name), key, sizeof key);
    if (!dgl_config_key_in(r->options, key))
        return dgl_cli_usage(r->command, "The flag %s is one of `docgenlab serve`; %s does not read it.", name,
                             r->command);
    r->at += at - 1;
    return 0;
}

// One flag with its value ("--name=value" or "--name value"). Returns 0 or the exit code.
static int read_flag(struct reading *r)
{
    char name[64];
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
    if (!flag && strcmp(name, "--config") != 0)
        return read_option(r, name, equals);
    if (flag && !flag->takes_value) {
        *flag->value = "";
        return equals ? dgl_cli_usage(r->command, "The flag %s takes no value.", name) : 0;
    }
    const char *value = equals ? equals + 1 : r->at + 1 < r->argc ? r->argv[++r->at] : NULL;
    if (!value)
        return dgl_cli_usage(r->command, "The flag %s needs a value.", name);
    if (flag)
        *flag->value = value;
    return 0;
}

static void print_help(const struct dgl_cli_help *help, const struct dgl_config *config)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(64 << 10);
    dgl_config_help(config, help->options, &text);
    fputs(help->text, stdout);
    if (text.data)
        printf(
            "\nOptions (from --config FILE, else docgenlab.conf here, else /etc/docgenlab/docgenlab.conf; over it the\n"
            "environment, DOCGENLAB_LISTEN for --listen; over that the flags):\n%s",
            text.data);
}

bool dgl_cli_parse(int argc, char **argv, const struct dgl_cli_help *help, const struct dgl_cli_flag *flags,
                   size_t flag_count, const char **positional, size_t max_positional, size_t *ret_positional,
                   struct dgl_config **ret_config, int *ret_exit)
{
    DGL_AUTO(config) config = dgl_app_config_new();
    struct reading r = {argv[0], help->options, flags, flag_count, config, argc, argv, 0};
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
