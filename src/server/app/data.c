// The data folder: master key, database, accounts. Used by the server and by the commands that work beside it.
#include "server/app/parts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"

const char *dgl_app_data_dir(const struct dgl_config *config)
{
    return dgl_config_str(config, "DATA_DIR");
}

enum dgl_status dgl_app_make_data_dir(const char *dir, bool create, struct dgl_error *err)
{
    struct stat st;
    if (stat(dir, &st) == 0) {
        if (!S_ISDIR(st.st_mode))
            return DGL_FAIL_FIELD(err, DGL_E_INVALID, NULL, "DATA_DIR",
                                  "DATA_DIR %s is not a folder; name another one.", dir);
        return DGL_OK;
    }
    if (errno != ENOENT)
        return DGL_FAIL_ERRNO(err, errno, "DATA_DIR %s cannot be read", dir);
    if (!create)
        return DGL_FAIL_FIELD(err, DGL_E_NOT_FOUND, NULL, "DATA_DIR",
                              "DATA_DIR %s does not exist; run `docgenlab init --data %s …` first.", dir, dir);
    return dgl_file_make_dirs(dir, 0700, err);
}

enum dgl_status dgl_app_open_store(const struct dgl_config *config, bool create, struct dgl_keyring **ret_keys,
                                   struct dgl_store **ret_store, struct dgl_error *err)
{
    const char *dir = dgl_app_data_dir(config);
    DGL_TRY(dgl_app_make_data_dir(dir, create, err));
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    const char *key_file = dgl_config_str(config, "SECRET_KEY_FILE");
    if (!key_file)
        key_file = dgl_arena_printf(arena, "%s/secret.key", dir);
    const char *url = dgl_config_str(config, "DATABASE_URL");
    if (!url)
        url = dgl_arena_printf(arena, "sqlite:%s/docgenlab.db", dir);
    DGL_AUTO(keyring) keys = NULL;
    DGL_TRY(dgl_keyring_load(key_file, create, &keys, err));
    DGL_TRY(dgl_store_open(url, dgl_clock_system(), ret_store, err));
    *ret_keys = DGL_STEAL(keys);
    return DGL_OK;
}

enum dgl_status dgl_app_data_open(const struct dgl_config *config, bool create, struct dgl_app_data *ret,
                                  struct dgl_error *err)
{
    struct dgl_app_data data = {0};
    DGL_TRY(dgl_app_open_store(config, create, &data.keys, &data.store, err));
    struct dgl_account_options options = {.rate_limit_per_minute = dgl_config_int(config, "RATE_LIMIT_PER_MINUTE")};
    enum dgl_status status = dgl_account_new(data.store, dgl_clock_system(), data.keys, &options, &data.account, err);
    if (status != DGL_OK) {
        dgl_app_data_close(&data);
        return status;
    }
    *ret = data;
    return DGL_OK;
}

void dgl_app_data_close(struct dgl_app_data *data)
{
    dgl_account_free(data->account);
    dgl_store_free(data->store);
    dgl_keyring_free(data->keys);
    *data = (struct dgl_app_data){0};
}
