// The readers: a pool of read-only connections, the latest returned first so that its page cache is warm. They see the
// last commit and never wait for the writer (WAL).
#include "server/store/sqlite/sqlite.h"

static struct dgl_conn *take_or_reserve(struct dgl_readers *r)
{
    pthread_mutex_lock(&r->lock);
    while (!r->idle && r->open == DGL_SQLITE_READERS_MAX)
        pthread_cond_wait(&r->returned, &r->lock);
    struct dgl_conn *c = r->idle;
    if (c)
        r->idle = c->next;
    else
        r->open++;
    pthread_mutex_unlock(&r->lock);
    return c;
}

enum dgl_status dgl_read(struct dgl_read *read, struct dgl_error *err)
{
    struct dgl_readers *r = &read->store->readers;
    read->conn = take_or_reserve(r);
    if (read->conn)
        return DGL_OK;
    enum dgl_status status = dgl_conn_open(read->store->path, true, &read->conn, err);
    if (status != DGL_OK) {
        pthread_mutex_lock(&r->lock);
        r->open--;
        pthread_cond_signal(&r->returned);
        pthread_mutex_unlock(&r->lock);
    }
    return status;
}

void dgl_read_end(struct dgl_read *read)
{
    if (!read->conn)
        return;
    struct dgl_readers *r = &read->store->readers;
    pthread_mutex_lock(&r->lock);
    read->conn->next = r->idle;
    r->idle = DGL_STEAL(read->conn);
    pthread_cond_signal(&r->returned);
    pthread_mutex_unlock(&r->lock);
}

void dgl_readers_close(struct dgl_store *s)
{
    for (struct dgl_conn *c = s->readers.idle, *next; c; c = next) {
        next = c->next;
        dgl_conn_free(c);
    }
    s->readers.idle = NULL;
}
