// Configuration from one table of options. Later sources overwrite earlier ones; the caller reads them in the order
// file, environment, command line. Keys are compared without case and with '-' for '_', so that WEBHOOK_TIMEOUT_MS,
// webhook_timeout_ms and --webhook-timeout-ms are one option.
#include "base/config.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)256 << 10)
#define ENV_PREFIX "DOCGENLAB_"

struct value {
    char *text; // NULL = unset
    int64_t number;
};

struct dgl_config {
    const struct dgl_option *options;
    size_t count;
    struct value *values;
};

static char folded(char c)
{
    return c == '-' ? '_' : c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

static bool same_key(const char *key, struct dgl_str s)
{
    if (strlen(key) != s.len)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (folded(s.data[i]) != folded(key[i]))
            return false;
    return true;
}

static const struct dgl_option *find(const struct dgl_config *c, struct dgl_str key)
{
    for (size_t i = 0; i < c->count; i++)
        if (same_key(c->options[i].key, key))
            return &c->options[i];
    return NULL;
}

// "--webhook-timeout-ms" for WEBHOOK_TIMEOUT_MS.
static void write_flag(const char *key, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "--%s", key);
    for (size_t i = 2; i < len && i < size; i++)
        out[i] = out[i] == '_' ? '-' : out[i] >= 'A' && out[i] <= 'Z' ? (char)(out[i] | 0x20) : out[i];
}

static enum dgl_status fail_unknown(const struct dgl_config *c, struct dgl_str key, const char *origin,
                                    const char *prefix, struct dgl_error *err)
{
    char asked[64], flag[80];
    size_t len = DGL_MIN(key.len, sizeof(asked) - 1);
    for (size_t i = 0; i < len; i++)
        asked[i] = folded(key.data[i]);
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < c->count; i++) {
        struct dgl_str known = dgl_str_of(c->options[i].key);
        size_t distance = dgl_str_distance((struct dgl_str){asked, len}, known);
        if (distance < best && dgl_str_near((struct dgl_str){asked, len}, known)) {
            best = distance;
            nearest = known.data;
        }
    }
    if (nearest && strcmp(prefix, "--") == 0) {
        write_flag(nearest, flag, sizeof flag);
        nearest = flag;
    }
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "unknown_option", "%s: %s%.*s is not a known option%s%s%s", origin, prefix,
                         (int)DGL_MIN(key.len, (size_t)100), key.data, nearest ? "; did you mean " : "",
                         nearest ? nearest : "", nearest ? "?" : "");
}

// Reads `text` as the option's kind wants it.
static enum dgl_status read_number(const struct dgl_option *o, const char *text, const char *origin, int64_t *ret,
                                   struct dgl_error *err)
{
    size_t len = strlen(text);
    bool yes;
    switch (o->kind) {
    case DGL_OPTION_STRING:
        return DGL_OK;
    case DGL_OPTION_BOOL:
        if (!dgl_parse_bool(text, len, &yes))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_option", o->key,
                                  "%s: %s is \"%.60s\"; it must be true or false", origin, o->key, text);
        *ret = yes;
        return DGL_OK;
    case DGL_OPTION_INT:
        break;
    }
    if (!dgl_parse_int64(text, len, o->min, o->max, ret))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_option", o->key,
                              "%s: %s is \"%.60s\"; it must be a whole number from %lld to %lld", origin, o->key, text,
                              (long long)o->min, (long long)o->max);
    return DGL_OK;
}

// Some values are passwords: no copy stays in memory that is free, which a forked worker would get too.
static void free_secret(char *text)
{
    if (text)
        dgl_wipe(text, strlen(text));
    free(text);
}

static enum dgl_status set_option(struct dgl_config *c, const struct dgl_option *o, const char *text,
                                  const char *origin, struct dgl_error *err)
{
    struct value *v = &c->values[o - c->options];
    int64_t number = 0;
    if (!text || !text[0]) // empty: back to what it is without
        text = o->kind == DGL_OPTION_STRING ? NULL : o->default_value;
    if (text)
        DGL_TRY(read_number(o, text, origin, &number, err));
    free_secret(v->text);
    v->text = dgl_strdup(text);
    v->number = number;
    return DGL_OK;
}

struct dgl_config *dgl_config_new(const struct dgl_option *options, size_t count)
{
    struct dgl_config *c = DGL_NEW(struct dgl_config);
    c->options = options;
    c->count = count;
    c->values = dgl_alloc(count * sizeof(*c->values));
    for (size_t i = 0; i < count; i++) {
        struct dgl_error err = DGL_ERROR_INIT;
        if (set_option(c, &options[i], options[i].default_value, "default", &err) != DGL_OK) {
            fprintf(stderr, "docgenlab: %s\n", err.message); // the table itself is wrong
            abort();
        }
    }
    return c;
}

void dgl_config_wipe(struct dgl_config *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->values[i].text)
            dgl_wipe(c->values[i].text, strlen(c->values[i].text));
}

void dgl_config_free(struct dgl_config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        free_secret(c->values[i].text);
    free(c->values);
    free(c);
}

static enum dgl_status load_line(struct dgl_config *c, struct dgl_str line, const char *origin, bool *seen,
                                 struct dgl_error *err)
{
    line = dgl_str_trim(line);
    if (line.len == 0 || line.data[0] == '#' || line.data[0] == ';')
        return DGL_OK;
    const char *equals = memchr(line.data, '=', line.len);
    if (line.data[0] == '[')
        return DGL_FAIL(err, DGL_E_INVALID, "%s: sections are not known; write key = value", origin);
    if (!equals || memchr(line.data, '\0', line.len))
        return DGL_FAIL(err, DGL_E_INVALID, "%s: the line is not of the form key = value", origin);
    size_t key_len = (size_t)(equals - line.data);
    struct dgl_str key = dgl_str_trim((struct dgl_str){line.data, key_len});
    struct dgl_str value = dgl_str_trim((struct dgl_str){equals + 1, line.len - key_len - 1});
    const struct dgl_option *o = find(c, key);
    if (!o)
        return fail_unknown(c, key, origin, "", err);
    if (seen[o - c->options])
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_option", o->key, "%s: %s is given twice in this file",
                              origin, o->key);
    seen[o - c->options] = true;
    char *text = dgl_strndup(value.data, value.len);
    enum dgl_status status = set_option(c, o, text, origin, err);
    free_secret(text);
    return status;
}

static enum dgl_status load_text(struct dgl_config *c, const char *path, const char *text, size_t len,
                                 struct dgl_error *err)
{
    DGL_AUTO_PTR bool *seen = dgl_alloc(c->count * sizeof(*seen));
    const char *at = text, *end = text + len;
    for (unsigned number = 1; at < end; number++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = feed ? feed : end;
        char origin[320];
        snprintf(origin, sizeof(origin), "%.250s, line %u", path, number);
        DGL_TRY(load_line(c, (struct dgl_str){at, (size_t)(line_end - at)}, origin, seen, err));
        at = feed ? feed + 1 : end;
    }
    return DGL_OK;
}

enum dgl_status dgl_config_load_file(struct dgl_config *c, const char *path, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(MAX_FILE_BYTES);
    DGL_TRY(dgl_file_read(path, MAX_FILE_BYTES, &text, err));
    enum dgl_status status = load_text(c, path, text.data, text.len, err);
    dgl_wipe(text.data, text.len);
    return status;
}

enum dgl_status dgl_config_load_env(struct dgl_config *c, char **envp, struct dgl_error *err)
{
    size_t prefix_len = strlen(ENV_PREFIX);
    for (; envp && *envp; envp++) {
        if (strncmp(*envp, ENV_PREFIX, prefix_len) != 0)
            continue;
        const char *name = *envp + prefix_len, *equals = strchr(name, '=');
        if (!equals)
            continue;
        struct dgl_str key = {name, (size_t)(equals - name)};
        const struct dgl_option *o = find(c, key);
        if (!o)
            return fail_unknown(c, key, "environment", ENV_PREFIX, err);
        DGL_TRY(set_option(c, o, equals + 1, "environment", err));
    }
    return DGL_OK;
}

enum dgl_status dgl_config_take_flag(struct dgl_config *c, int argc, char **argv, int *index, struct dgl_error *err)
{
    const char *name = argv[*index] + 2, *equals = strchr(name, '=');
    struct dgl_str key = {name, equals ? (size_t)(equals - name) : strlen(name)};
    const struct dgl_option *o = find(c, key);
    if (!o)
        return fail_unknown(c, key, "command line", "--", err);
    const char *value = equals ? equals + 1 : NULL;
    int next = *index + 1;
    if (!value && o->kind == DGL_OPTION_BOOL)
        value = "true"; // a bare switch; --flag=false turns it off
    else if (!value && next < argc)
        value = argv[next++];
    if (!value)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_option", o->key, "command line: --%.*s needs a value",
                              (int)DGL_MIN(key.len, (size_t)100), key.data);
    DGL_TRY(set_option(c, o, value, "command line", err));
    *index = next;
    return DGL_OK;
}

// A key asked for in the program that is not in its table is a bug, found by the first run.
static const struct value *value_of(const struct dgl_config *c, const char *key)
{
    const struct dgl_option *o = find(c, dgl_str_of(key));
    if (!o) {
        fprintf(stderr, "docgenlab: no option %s in the table\n", key);
        abort();
    }
    return &c->values[o - c->options];
}

const char *dgl_config_str(const struct dgl_config *c, const char *key)
{
    return value_of(c, key)->text;
}

int64_t dgl_config_int(const struct dgl_config *c, const char *key)
{
    return value_of(c, key)->number;
}

bool dgl_config_bool(const struct dgl_config *c, const char *key)
{
    return value_of(c, key)->number != 0;
}

bool dgl_config_key_in(const char *keys, const char *key)
{
    size_t len = strlen(key);
    for (const char *at = keys; at && *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (n == len && memcmp(at, key, n) == 0)
            return true;
        at += n;
    }
    return !keys;
}

void dgl_config_help(const struct dgl_config *c, const char *keys, struct dgl_buf *out)
{
    static const char *const arguments[] = {
        [DGL_OPTION_STRING] = " TEXT", [DGL_OPTION_INT] = " NUMBER", [DGL_OPTION_BOOL] = ""};
    for (size_t i = 0; i < c->count; i++) {
        const struct dgl_option *o = &c->options[i];
        char flag[80], left[96];
        if (!dgl_config_key_in(keys, o->key))
            continue;
        write_flag(o->key, flag, sizeof(flag));
        snprintf(left, sizeof(left), "%s%s", flag, arguments[o->kind]);
        dgl_buf_printf(out, "  %-36s %s", left, o->help);
        if (o->default_value && o->default_value[0])
            dgl_buf_printf(out, " (default %s)", o->default_value);
        dgl_buf_putc(out, '\n');
    }
}
