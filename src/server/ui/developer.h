// The Developer page is one page with several forms; each of them shows it again with its own result. This is what a
// form may put on it.
#ifndef DGL_SERVER_UI_DEVELOPER_H
#define DGL_SERVER_UI_DEVELOPER_H

#include "server/ui/parts.h"

#define DGL_UI_DEVELOPER "/settings/developer"

struct dgl_ui_developer {
    int status; // 0 = 200
    const char *new_key, *new_key_name;
    const char *key_error, *key_name, *key_role, *key_expires; // the key form, shown again
    const char *webhook_url, *webhook_error;                   // the field, shown again; NULL = as saved
    const char *secret, *secret_note;                          // in clear
    const struct dgl_webhook_test *test;                       // of webhook_url
    const char *test_error;                                    // why there was no test
};
void dgl_ui_show_developer(struct dgl_ui_visit *v, const struct dgl_ui_developer *extra);

#endif
