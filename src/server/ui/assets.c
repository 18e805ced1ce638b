// Style, script and pictures under addresses that hold a hash of their content: they may be kept for ever, and a new
// version of the program is seen at once.
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "server/ui/files.h"
#include "server/ui/parts.h"

#define ASSETS_PREFIX "assets/"
#define HASH_BYTES 8

static const char *content_type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (dot && strcmp(dot, ".css") == 0)
        return "text/css; charset=utf-8";
    if (dot && strcmp(dot, ".js") == 0)
        return "text/javascript; charset=utf-8";
    if (dot && strcmp(dot, ".svg") == 0)
        return "image/svg+xml";
    return "application/octet-stream";
}

static void load_one(struct dgl_ui_asset *asset, const struct dgl_ui_file *file)
{
    unsigned char hash[DGL_SHA256_LEN];
    char hex[2 * HASH_BYTES + 1];
    const char *name = file->name + strlen(ASSETS_PREFIX);
    const char *dot = strrchr(name, '.');
    int stem = dot ? (int)(dot - name) : (int)strlen(name);
    dgl_sha256(file->data, file->len, hash);
    dgl_hex_encode(hash, HASH_BYTES, hex);
    asset->file = file;
    asset->content_type = content_type_of(name);
    snprintf(asset->path, sizeof(asset->path), "/" ASSETS_PREFIX "%.*s.%s%s", stem, name, hex, dot ? dot : "");
    snprintf(asset->etag, sizeof(asset->etag), "\"%s\"", hex);
}

void dgl_ui_assets_load(struct dgl_ui *ui)
{
    ui->assets = dgl_alloc(dgl_ui_file_count * sizeof(*ui->assets));
    for (size_t i = 0; i < dgl_ui_file_count; i++)
        if (strncmp(dgl_ui_files[i].name, ASSETS_PREFIX, strlen(ASSETS_PREFIX)) == 0)
            load_one(&ui->assets[ui->asset_count++], &dgl_ui_files[i]);
}

static const struct dgl_ui_asset *find(const struct dgl_ui *ui, const char *file_name)
{
    for (size_t i = 0; i < ui->asset_count; i++)
        if (strcmp(ui->assets[i].file->name, file_name) == 0)
            return &ui->assets[i];
    return NULL;
}

json_t *dgl_ui_asset_paths(const struct dgl_ui *ui)
{
    static const struct {
        const char *key, *name;
    } used[] = {{"css", "assets/app.css"},
                {"js", "assets/app.js"},
                {"icons", "assets/icons.svg"},
                {"favicon", "assets/favicon.svg"}};
    json_t *paths = json_object();
    for (size_t i = 0; i < DGL_COUNT(used); i++) {
        const struct dgl_ui_asset *asset = find(ui, used[i].name);
        dgl_ui_set_text(paths, used[i].key, asset ? asset->path : "");
    }
    return paths;
}

static void send_asset(struct dgl_http_request *rq, const struct dgl_ui_asset *asset, const char *cache)
{
    dgl_ui_set_headers(rq);
    dgl_http_set_header(rq, "Cache-Control", cache);
    dgl_http_respond_static(rq, 200, asset->content_type, asset->file->data, asset->file->len, asset->etag);
}

void dgl_ui_get_asset(void *ctx, struct dgl_http_request *rq)
{
    struct dgl_ui *ui = ctx;
    const char *path = dgl_http_path(rq);
    for (size_t i = 0; i < ui->asset_count; i++)
        if (strcmp(ui->assets[i].path, path) == 0) {
            send_asset(rq, &ui->assets[i], "public, max-age=31536000, immutable");
            return;
        }
    struct dgl_error err = DGL_ERROR_INIT;
    if (DGL_FAIL(&err, DGL_E_NOT_FOUND, "There is no such file; reload the page to get the current one.") != DGL_OK)
        dgl_ui_error_page(&ui, rq, &err);
}

// Browsers ask for this name by themselves.
void dgl_ui_get_favicon(void *ctx, struct dgl_http_request *rq)
{
    send_asset(rq, find(ctx, "assets/favicon.svg"), "public, max-age=86400");
}
