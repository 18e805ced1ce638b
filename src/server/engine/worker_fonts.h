// The worker's side of fonts from outside: looking into an upload, and the library of a job's list.
//
// A job names its list by a key. A worker that does not know the key asks for the list once, and for a file when one of
// its faces is first wanted; files are mapped, so workers share their pages.
#ifndef DGL_SERVER_ENGINE_WORKER_FONTS_H
#define DGL_SERVER_ENGINE_WORKER_FONTS_H

#include "render/layout/font_library.h"

// Checks the font file behind a descriptor and writes {"faces":[…],"sample":{"path","width"}}.
enum dgl_status dgl_worker_inspect_font(int fd, struct dgl_buf *out, struct dgl_error *err) DGL_MUST_CHECK;

// How the main process is asked; one of the outputs is filled, as the question is.
typedef enum dgl_status (*dgl_worker_ask)(void *ctx, const char *what, struct dgl_buf *ret_bytes, int *ret_fd,
                                          struct dgl_error *err);
struct dgl_worker_asker {
    dgl_worker_ask ask;
    void *ctx;
};
// The choice for a job's list. `asker` lives as long as the choice's libraries.
struct dgl_font_choice dgl_worker_font_choice(const unsigned char key[32], const struct dgl_worker_asker *asker);

#endif
