// A snapshot: a whole, consistent copy of the database, made beside a running server, and what a backup asks of it.
//
// The copy is taken page by page inside one read transaction: it is the state of one commit, whatever is written
// meanwhile, and no writer waits for it. (The write-ahead log cannot begin anew until the copy is done; it grows by
// what is written in that time.) A snapshot belongs to one thread.
#ifndef DGL_SERVER_STORE_SNAPSHOT_H
#define DGL_SERVER_STORE_SNAPSHOT_H

#include "server/store/store.h"

struct dgl_snapshot;
// Called now and then with the pages copied so far.
typedef void (*dgl_snapshot_progress)(void *ctx, int64_t done, int64_t total);
// Copies the database at `url` to the new file `path`. Neither migrates nor changes the source; one of a newer program
// is refused as dgl_store_open does.
enum dgl_status dgl_snapshot_make(const char *url, const char *path, dgl_snapshot_progress progress, void *ctx,
                                  struct dgl_snapshot **ret, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_snapshot_free(struct dgl_snapshot *s);
DGL_DEFINE_AUTO(snapshot);

struct dgl_snapshot_facts {
    int64_t schema_version, organizations, templates, documents; // documents: those not erased
    int64_t files, file_bytes;                                   // named by the rows
};
enum dgl_status dgl_snapshot_count(struct dgl_snapshot *s, struct dgl_snapshot_facts *ret,
                                   struct dgl_error *err) DGL_MUST_CHECK;
struct dgl_snapshot_file {
    const char *uri;
    const char *owner; // id of the document, template or font that may be erased meanwhile
    int64_t size_bytes;
    unsigned char sha256[32];
};
// Shows every file the rows name. A failure of `visit` ends it and is returned.
typedef enum dgl_status (*dgl_snapshot_visit)(void *ctx, const struct dgl_snapshot_file *file, struct dgl_error *err);
enum dgl_status dgl_snapshot_files(struct dgl_snapshot *s, dgl_snapshot_visit visit, void *ctx,
                                   struct dgl_error *err) DGL_MUST_CHECK;
// A document, template or font whose file is gone was perhaps erased in the source since the copy was taken. Then it is
// erased in the copy too and *ret_erased is true.
enum dgl_status dgl_snapshot_follow_erasure(struct dgl_snapshot *s, const char *owner, bool *ret_erased,
                                            struct dgl_error *err) DGL_MUST_CHECK;
// Checks the copy's structure, makes it one file and syncs it. Nothing else may be called after it but free.
enum dgl_status dgl_snapshot_seal(struct dgl_snapshot *s, struct dgl_error *err) DGL_MUST_CHECK;

#endif
