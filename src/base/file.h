// Files: whole reads with a bound, durable writes (file and directory synced), unnamed temporary files.
#ifndef DGL_BASE_FILE_H
#define DGL_BASE_FILE_H

#include "base/buf.h"

// Appends to `ret`, which is as before after a failure. No such file is DGL_E_NOT_FOUND, a larger one DGL_E_LIMIT.
enum dgl_status dgl_file_read(const char *path, size_t max_bytes, struct dgl_buf *ret,
                              struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_file_read_fd(int fd, size_t max_bytes, struct dgl_buf *ret,
                                 struct dgl_error *err) DGL_MUST_CHECK; // from offset 0; a pipe to its end
enum dgl_status dgl_file_write_fd(int fd, const void *data, size_t len,
                                  struct dgl_error *err) DGL_MUST_CHECK; // all of it
// A regular file mapped for reading; munmap gives it back. Empty and larger ones are DGL_E_LIMIT.
enum dgl_status dgl_file_map(const char *path, size_t max_bytes, void **ret, size_t *ret_len,
                             struct dgl_error *err) DGL_MUST_CHECK;
// Temporary name beside `path`, write, fdatasync, rename, fsync of the directory.
enum dgl_status dgl_file_write_atomic(const char *path, const void *data, size_t len, unsigned mode,
                                      struct dgl_error *err) DGL_MUST_CHECK;
// The same, with another owner.
enum dgl_status dgl_file_write_atomic_as(const char *path, const void *data, size_t len, unsigned mode, unsigned uid,
                                         unsigned gid, struct dgl_error *err) DGL_MUST_CHECK;
// The same, but never replaces: DGL_E_CONFLICT when `path` is there already.
enum dgl_status dgl_file_create_atomic(const char *path, const void *data, size_t len, unsigned mode,
                                       struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_file_make_dirs(const char *path, unsigned mode, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_file_memfd(const char *name, int *ret_fd,
                               struct dgl_error *err) DGL_MUST_CHECK; // sealable, close-on-exec

#endif
