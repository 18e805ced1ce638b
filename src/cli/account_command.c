// Reading the line of an account command, opening the data folder, and running the verb.
#include "cli/account_command.h"

#include <string.h>

#include "base/crypto.h"
#include "cli/cli.h"
#include "cli/org_choice.h"

enum dgl_status dgl_cli_role(const struct dgl_account_call *call, enum dgl_role *ret, struct dgl_error *err)
{
    enum dgl_role role = DGL_ROLE_GENERATOR;
    const char *wanted = call->wishes->role;
    if (wanted && !dgl_role_parse(wanted, &role))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_role", "--role",
                              "The role \"%s\" is not known; use org_admin, template_editor, generator or viewer.",
                              wanted);
    *ret = role;
    return DGL_OK;
}

static const struct dgl_account_verb *find_verb(const struct dgl_account_verb *verbs, size_t count, const char *word)
{
    for (size_t i = 0; word && i < count; i++)
        if (strcmp(verbs[i].word, word) == 0)
            return &verbs[i];
    return NULL;
}

static int complain_of_verb(const char *command, const struct dgl_account_verb *verbs, size_t count, const char *word)
{
    DGL_AUTO_FINI(buf) list = DGL_BUF_INIT(1024);
    for (size_t i = 0; i < count; i++)
        dgl_buf_printf(&list, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", verbs[i].word);
    if (word)
        return dgl_cli_usage(command, "%s %s is not known; say %s.", command, word, list.data);
    return dgl_cli_usage(command, "Say %s.", list.data);
}

// 0, or the usage that a line without what its verb needs, or with what it does not know, ends with.
static int check_line(const char *command, const struct dgl_account_verb *verb, const char *subject,
                      const struct dgl_cli_flag *flags, size_t count)
{
    unsigned takes = verb->needs | verb->takes;
    if ((verb->needs & DGL_LINE_SUBJECT) && !subject)
        return dgl_cli_usage(command, "The id of the %s is missing.", verb->subject);
    if (subject && !(takes & DGL_LINE_SUBJECT))
        return dgl_cli_usage(command, "The argument %s is one too many.", subject);
    for (size_t i = 0; i < count; i++) {
        if (!*flags[i].value && (verb->needs & (1U << i)))
            return dgl_cli_usage(command, "%s is missing.", flags[i].name);
        if (*flags[i].value && !(takes & (1U << i)))
            return dgl_cli_usage(command, "%s %s takes no %s.", command, verb->word, flags[i].name);
    }
    return 0;
}

static enum dgl_status run(const struct dgl_account_verb *verb, const struct dgl_config *config,
                           struct dgl_account_wishes *w, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) password = DGL_BUF_INIT(4096);
    struct dgl_account_call call = {.config = config, .arena = arena, .wishes = w};
    DGL_TRY(dgl_crypto_init(err));
    if (w->password_file)
        DGL_TRY(dgl_cli_read_password(w->password_file, &password, err));
    w->password = w->password_file ? password.data : NULL;
    DGL_TRY(dgl_app_data_open(config, false, &call.data, err));
    enum dgl_status status = DGL_OK;
    if (verb->takes & DGL_LINE_ORG)
        status = dgl_cli_choose_org(call.data.store, arena, w->org, &call.org, err);
    if (status == DGL_OK)
        status = verb->run(&call, err);
    dgl_app_data_close(&call.data);
    if (password.data)
        dgl_wipe(password.data, password.cap);
    return status;
}

int dgl_cli_account_command(int argc, char **argv, const struct dgl_cli_help *help,
                            const struct dgl_account_verb *verbs, size_t count)
{
    struct dgl_account_wishes w = {0};
    const struct dgl_cli_flag flags[] = {// as the bits DGL_LINE_…
                                         {"--org", true, &w.org},
                                         {"--name", true, &w.name},
                                         {"--email", true, &w.email},
                                         {"--role", true, &w.role},
                                         {"--expires", true, &w.expires},
                                         {"--password-file", true, &w.password_file},
                                         {"--rate-limit", true, &w.rate_limit},
                                         {"--max-jobs", true, &w.max_jobs},
                                         {"--time-zone", true, &w.time_zone},
                                         {"--locale", true, &w.locale},
                                         {"--json", false, &w.json}};
    const char *words[2] = {NULL, NULL};
    size_t given = 0;
    DGL_AUTO(config) config = NULL;
    int code = 0;
    if (!dgl_cli_parse(argc, argv, help, flags, DGL_COUNT(flags), words, 2, &given, &config, &code))
        return code;
    const struct dgl_account_verb *verb = find_verb(verbs, count, words[0]);
    if (!verb)
        return complain_of_verb(argv[0], verbs, count, words[0]);
    w.subject = words[1];
    code = check_line(argv[0], verb, w.subject, flags, DGL_COUNT(flags));
    if (code)
        return code;
    struct dgl_error err = DGL_ERROR_INIT;
    (void)!run(verb, config, &w, &err);
    return dgl_cli_end(argv[0], &err);
}
