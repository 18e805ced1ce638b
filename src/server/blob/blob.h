// Files of templates and documents, under opaque storage URIs. Behind it a directory (fs/) today, S3 later.
//
// A put is durable (file and directory synced) when it returns. URIs are "blob:<org>/<kind>/<id>…"; they never reach
// the file system unchecked: only the characters the maker uses are accepted. Thread safe.
#ifndef DGL_SERVER_BLOB_BLOB_H
#define DGL_SERVER_BLOB_BLOB_H

#include "base/buf.h"
#include "base/crypto.h"

#define DGL_BLOB_URI_LEN 160
struct dgl_blob_store;
// One process at a time: what another life left half written is removed.
enum dgl_status dgl_blob_open(const char *directory, struct dgl_blob_store **ret, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_blob_close(struct dgl_blob_store *b);

struct dgl_blob_info {
    char uri[DGL_BLOB_URI_LEN];
    int64_t size_bytes;
    unsigned char sha256[DGL_SHA256_LEN];
};
// `kind` is "template" or "document", `name` like "<id>.v3.docx" or "<id>.pdf". Writes to a temporary name, syncs,
// renames, syncs the directory. Putting an existing name replaces it whole.
enum dgl_status dgl_blob_put(struct dgl_blob_store *b, const char *org, const char *kind, const char *name,
                             const void *data, size_t len, struct dgl_blob_info *ret,
                             struct dgl_error *err) DGL_MUST_CHECK;
// From a descriptor (memfd or file), from offset 0 to its end.
enum dgl_status dgl_blob_put_fd(struct dgl_blob_store *b, const char *org, const char *kind, const char *name, int fd,
                                struct dgl_blob_info *ret, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_blob_open_fd(struct dgl_blob_store *b, const char *uri, int *ret_fd, int64_t *ret_size,
                                 struct dgl_error *err) DGL_MUST_CHECK; // read-only; missing: DGL_E_NOT_FOUND
enum dgl_status dgl_blob_delete(struct dgl_blob_store *b, const char *uri,
                                struct dgl_error *err) DGL_MUST_CHECK; // missing is fine
// Where the file lies below the directory of files: "<org>/<kind>/<xx>/<name>". For copies of a whole data folder.
enum dgl_status dgl_blob_path_of(const char *uri, char ret[DGL_BLOB_URI_LEN], struct dgl_error *err) DGL_MUST_CHECK;
// Shows every file of a kind to `judge`, in no order, and removes those it says. Files that come or go meanwhile may be
// shown or not. Returns how many were removed. Directories that cannot be read are passed over: this is housekeeping.
enum dgl_blob_verdict { DGL_BLOB_KEEP, DGL_BLOB_REMOVE, DGL_BLOB_STOP };
typedef enum dgl_blob_verdict (*dgl_blob_judge)(void *ctx, const char *uri);
size_t dgl_blob_sweep(struct dgl_blob_store *b, const char *kind, dgl_blob_judge judge, void *ctx);

#endif
