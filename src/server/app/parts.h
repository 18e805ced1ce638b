// What the files of this room share.
#ifndef DGL_SERVER_APP_PARTS_H
#define DGL_SERVER_APP_PARTS_H

#include "server/app/app.h"
#include "server/engine/engine.h"
#include "server/net/client.h"

// fetch.c: images for templates, through the guard.
struct dgl_image_fetcher {
    struct dgl_net_client *net;
    const struct dgl_guard *guard;
};
void dgl_app_fetch_image(void *fetcher, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch);

// data.c
enum dgl_status dgl_app_make_data_dir(const char *dir, bool create, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_app_open_store(const struct dgl_config *config, bool create, struct dgl_keyring **ret_keys,
                                   struct dgl_store **ret_store, struct dgl_error *err) DGL_MUST_CHECK;
const char *dgl_app_data_dir(const struct dgl_config *config);

#endif
