// docgenlab init: the first organization. Prints what cannot be seen again: the API key and, when it was made here, the
// password.
#include "cli/cli.h"

#include <stdio.h>

#include "base/json.h"
#include "server/app/app.h"

static const struct dgl_cli_help help = {
    "Usage: docgenlab init --data DIR --org NAME --admin-email EMAIL [--admin-password-file FILE] [--json]\n\n"
    "Makes the data folder, the first organization, its Org Admin and an API key, and prints the key once.\n"
    "Without --admin-password-file a password is made and printed.\n\n"
    "  --org NAME                  the organization\n"
    "  --admin-email EMAIL         who signs in first\n"
    "  --admin-password-file FILE  its first line is the password; /dev/stdin will do\n"
    "  --json                      for programs\n\n"
    "Example: docgenlab init --data ./data --org \"My Company\" --admin-email me@example.com\n",
    DGL_CLI_DATA_OPTIONS};

static void print_json(const struct dgl_account_init *made, const char *email, bool password_given)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(64 << 10);
    struct dgl_json_writer w = DGL_JSON_WRITER(&out);
    dgl_jw_object(&w);
    dgl_jw_kstr(&w, "organization_id", made->org);
    dgl_jw_kstr(&w, "admin_email", email);
    if (!password_given)
        dgl_jw_kstr(&w, "admin_password", made->password);
    dgl_jw_kstr(&w, "api_key", made->api_key);
    dgl_jw_end_object(&w);
    printf("%s\n", out.data);
}

static void print_text(const struct dgl_account_init *made, const char *email, bool password_given)
{
    printf("Organization    %s\nAdmin           %s\n", made->org, email);
    if (!password_given)
        printf("Password        %s\n", made->password);
    printf("API key         %s\n\nThese are shown once: keep them now.\n", made->api_key);
}

int dgl_cmd_init(int argc, char **argv)
{
    const char *org = NULL, *email = NULL, *password_file = NULL, *json = NULL;
    const struct dgl_cli_flag flags[] = {{"--org", true, &org},
                                         {"--admin-email", true, &email},
                                         {"--admin-password-file", true, &password_file},
                                         {"--json", false, &json}};
    DGL_AUTO(config) config = NULL;
    int code = 0;
    if (!dgl_cli_parse(argc, argv, &help, flags, DGL_COUNT(flags), NULL, 0, NULL, &config, &code))
        return code;
    if (!org || !email)
        return dgl_cli_usage(argv[0], "%s is missing.", org ? "--admin-email" : "--org");
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) password = DGL_BUF_INIT(4096);
    struct dgl_app_data data = {0};
    struct dgl_account_init made = {0};
    enum dgl_status status = dgl_crypto_init(&err);
    if (status == DGL_OK && password_file)
        status = dgl_cli_read_password(password_file, &password, &err);
    if (status == DGL_OK)
        status = dgl_app_data_open(config, true, &data, &err);
    if (status == DGL_OK)
        status = dgl_account_init(data.account, org, email, password_file ? password.data : NULL, true, &made, &err);
    dgl_app_data_close(&data);
    if (status != DGL_OK)
        return dgl_cli_end(argv[0], &err);
    if (json)
        print_json(&made, email, password_file != NULL);
    else
        print_text(&made, email, password_file != NULL);
    dgl_wipe(&made, sizeof made);
    return 0;
}
