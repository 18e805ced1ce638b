// docgenlab orgs list | create | rename | limit | region | disable | enable
#include "cli/cli.h"

#include <string.h>

#include "base/crypto.h"
#include "base/str.h"
#include "cli/account_command.h"
#include "cli/org_choice.h"
#include "cli/table.h"

static const struct dgl_cli_help help = {
    "Usage: docgenlab orgs list   [--data DIR] [--json]\n"
    "       docgenlab orgs create [--data DIR] --name NAME --email ADMIN_EMAIL [--password-file FILE] [--json]\n"
    "       docgenlab orgs rename [--data DIR] [--org ID] --name NAME\n"
    "       docgenlab orgs limit  [--data DIR] [--org ID] [--rate-limit N] [--max-jobs N]\n"
    "       docgenlab orgs region [--data DIR] [--org ID] [--time-zone ZONE] [--locale LOCALE]\n"
    "       docgenlab orgs disable|enable [--data DIR] NAME\n\n"
    "create makes an organization with its Org Admin and a first API key, shown once; without --password-file a "
    "password\n"
    "is made and shown too. limit: requests a minute and documents rendered at once; 0 = no limit, -1 = the server's\n"
    "setting. region: how documents write dates and amounts from the next one on; an IANA time zone (Europe/Berlin),\n"
    "a locale (de-DE). Without --org the only organization is meant. disable: within seconds its keys, users and "
    "links\n"
    "are refused with 403 and its documents and deliveries wait; enable: they go on, nothing is lost. NAME or its id.\n"
    "All of it works beside a running server.\n\n"
    "Example: docgenlab orgs create --name Second --email chief@second.example\n",
    DGL_CLI_DATA_OPTIONS};

static enum dgl_status list(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const columns[] = {"id",       "name",      "created_at", "rate_limit",
                                          "max_jobs", "time_zone", "locale",     "disabled_at"};
    struct dgl_org *orgs = NULL;
    size_t count = 0;
    DGL_TRY(dgl_store_org_list(call->data.store, call->arena, &orgs, &count, err));
    struct dgl_cell *cells = dgl_arena_alloc(call->arena, (count + 1) * DGL_COUNT(columns) * sizeof *cells), *c = cells;
    for (size_t i = 0; i < count; i++) {
        *c++ = DGL_TEXT(orgs[i].id);
        *c++ = DGL_TEXT(orgs[i].name);
        *c++ = DGL_TIME(orgs[i].created_at_us);
        *c++ = DGL_INT(orgs[i].rate_limit_per_minute);
        *c++ = DGL_INT(orgs[i].max_concurrent_jobs);
        *c++ = DGL_TEXT(orgs[i].time_zone);
        *c++ = DGL_TEXT(orgs[i].locale);
        *c++ = DGL_TIME(orgs[i].disabled_at_us);
    }
    dgl_cli_print_table(call->wishes->json != NULL, columns, DGL_COUNT(columns), cells, count);
    return DGL_OK;
}

static enum dgl_status create(struct dgl_account_call *call, struct dgl_error *err)
{
    static const char *const names[] = {"organization_id", "admin_email", "api_key", "admin_password"};
    const struct dgl_account_wishes *w = call->wishes;
    struct dgl_account_init made = {0};
    DGL_TRY(dgl_account_init(call->data.account, w->name, w->email, w->password, false, &made, err));
    const struct dgl_cell cells[] = {DGL_TEXT(made.org), DGL_TEXT(w->email), DGL_TEXT(made.api_key),
                                     DGL_TEXT(made.password)};
    dgl_cli_print_record(w->json != NULL, names, cells, w->password ? 3 : 4);
    dgl_wipe(&made, sizeof made);
    return DGL_OK;
}

static enum dgl_status rename_org(struct dgl_account_call *call, struct dgl_error *err)
{
    return dgl_account_org_rename(call->data.account, call->org, call->wishes->name, err);
}

static enum dgl_status read_limit(const char *flag, const char *text, int64_t *value, struct dgl_error *err)
{
    if (text && !dgl_parse_int64(text, strlen(text), -1, 100000000, value))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, flag, "%s is \"%s\" but must be a number from -1 to 100000000.",
                              flag, text);
    return DGL_OK;
}

static enum dgl_status limit(struct dgl_account_call *call, struct dgl_error *err)
{
    int64_t rate_limit = 0, max_jobs = 0;
    const struct dgl_account_wishes *w = call->wishes;
    if (!w->rate_limit && !w->max_jobs)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "--rate-limit", "Say --rate-limit or --max-jobs.");
    DGL_TRY(read_limit("--rate-limit", w->rate_limit, &rate_limit, err));
    DGL_TRY(read_limit("--max-jobs", w->max_jobs, &max_jobs, err));
    const struct dgl_org_change change = {.rate_limit_per_minute = w->rate_limit ? &rate_limit : NULL,
                                          .max_concurrent_jobs = w->max_jobs ? &max_jobs : NULL};
    return dgl_store_org_change(call->data.store, call->org, &change, err);
}

static enum dgl_status region(struct dgl_account_call *call, struct dgl_error *err)
{
    const struct dgl_account_wishes *w = call->wishes;
    if (!w->time_zone && !w->locale)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "--time-zone", "Say --time-zone or --locale.");
    return dgl_account_org_set_region(call->data.account, call->org, w->time_zone, w->locale, err);
}

static enum dgl_status set_disabled(struct dgl_account_call *call, bool disabled, struct dgl_error *err)
{
    const char *org = NULL;
    DGL_TRY(dgl_cli_choose_org(call->data.store, call->arena, call->wishes->subject, &org, err));
    return dgl_store_org_set_disabled(call->data.store, org, disabled, err);
}

static enum dgl_status disable(struct dgl_account_call *call, struct dgl_error *err)
{
    return set_disabled(call, true, err);
}

static enum dgl_status enable(struct dgl_account_call *call, struct dgl_error *err)
{
    return set_disabled(call, false, err);
}

int dgl_cmd_orgs(int argc, char **argv)
{
    static const struct dgl_account_verb verbs[] = {
        {"list", 0, DGL_LINE_JSON, NULL, list},
        {"create", DGL_LINE_NAME | DGL_LINE_EMAIL, DGL_LINE_PASSWORD | DGL_LINE_JSON, NULL, create},
        {"rename", DGL_LINE_NAME, DGL_LINE_ORG, NULL, rename_org},
        {"limit", 0, DGL_LINE_ORG | DGL_LINE_RATE_LIMIT | DGL_LINE_MAX_JOBS, NULL, limit},
        {"region", 0, DGL_LINE_ORG | DGL_LINE_TIME_ZONE | DGL_LINE_LOCALE, NULL, region},
        {"disable", DGL_LINE_SUBJECT, 0, "organization", disable},
        {"enable", DGL_LINE_SUBJECT, 0, "organization", enable},
    };
    return dgl_cli_account_command(argc, argv, &help, verbs, DGL_COUNT(verbs));
}
