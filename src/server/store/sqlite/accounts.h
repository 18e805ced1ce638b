// Inserts that setting up an organization shares with the single verbs. They run inside a write.
#ifndef DGL_SERVER_STORE_SQLITE_ACCOUNTS_H
#define DGL_SERVER_STORE_SQLITE_ACCOUNTS_H

#include "base/str.h"
#include "server/store/sqlite/sqlite.h"

enum dgl_status dgl_org_insert(struct dgl_store *s, struct dgl_conn *c, const char *id, const char *name,
                               struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_user_insert(struct dgl_store *s, struct dgl_conn *c, const char *id, const struct dgl_user *user,
                                struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_key_insert(struct dgl_store *s, struct dgl_conn *c, const char *id, const struct dgl_api_key *key,
                               struct dgl_error *err) DGL_MUST_CHECK;

#endif
