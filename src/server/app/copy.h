// Copying files one by one with their SHA-256, for backups.
#ifndef DGL_SERVER_APP_COPY_H
#define DGL_SERVER_APP_COPY_H

#include "base/buf.h"
#include "base/crypto.h"

#define DGL_COPY_PATH_MAX 512 // bytes of a path below a data folder or backup

// Hashes a whole file.
enum dgl_status dgl_copy_hash(int fd, int64_t *ret_size, unsigned char ret_sha256[DGL_SHA256_LEN],
                              struct dgl_error *err) DGL_MUST_CHECK;
// Makes the folders of the relative path `path` below `root`.
enum dgl_status dgl_copy_make_parents(int root, const char *path, struct dgl_error *err) DGL_MUST_CHECK;
// Copies the rest of `from` to the new file `path` below `root`, mode 0600.
enum dgl_status dgl_copy_file(int from, int root, const char *path, int64_t *ret_size,
                              unsigned char ret_sha256[DGL_SHA256_LEN], struct dgl_error *err) DGL_MUST_CHECK;
// Removes everything in a folder but `keep` (NULL = nothing is kept); links are removed, not followed.
enum dgl_status dgl_copy_empty_folder(int folder, const char *keep, struct dgl_error *err) DGL_MUST_CHECK;
bool dgl_copy_is_empty(int folder);

#endif
