// Opening and closing the store, its health and its figures.
#include "server/store/sqlite/schema.h"
#include "server/store/sqlite/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static void configure_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); // its counters are one lock for all threads
}

enum dgl_status dgl_sqlite_parse_url(const char *url, const char **ret_path, struct dgl_error *err)
{
    static const char scheme[] = "sqlite:";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0 || !url[sizeof scheme - 1])
        return DGL_FAIL_FIELD(err, DGL_E_UNSUPPORTED, "unsupported_database", "DATABASE_URL",
                              "DATABASE_URL is \"%s\" but must be \"sqlite:\" and the path of a file", url);
    *ret_path = url + sizeof scheme - 1;
    return DGL_OK;
}

static enum dgl_status prepare_database(struct dgl_store *s, bool may_migrate, struct dgl_error *err)
{
    char settings[256];
    DGL_TRY(dgl_schema_create_file(s->path, err));
    DGL_TRY(dgl_conn_open(s->path, false, &s->writer.conn, err));
    int64_t version;
    DGL_TRY(dgl_schema_check(s->writer.conn, s->path, dgl_schema_version, &version, err));
    if (!may_migrate && version < dgl_schema_version)
        return DGL_FAIL_SLUG(err, DGL_E_CONFLICT, "older_schema",
                             "the database %s has schema version %lld and must be migrated to %d first", s->path,
                             (long long)version, dgl_schema_version);
    // The log mode before the schema: it is kept in the file, and migrations are then as safe as everything else.
    snprintf(settings, sizeof settings,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
             "PRAGMA secure_delete = FAST; PRAGMA journal_size_limit = %d",
             DGL_SQLITE_LOG_KEPT_BYTES);
    DGL_TRY(dgl_conn_script(s->writer.conn, settings, err));
    // wal_autocheckpoint takes the one hook the connection has.
    sqlite3_wal_hook(s->writer.conn->db, dgl_conn_remember_log, s->writer.conn);
    return dgl_schema_migrate(s->writer.conn, s->path, dgl_schema_migrations, dgl_schema_version,
                              dgl_clock_now_us(s->clock), &s->migration_copy, err);
}

static enum dgl_status open_store(const char *url, struct dgl_clock *clock, bool may_migrate, struct dgl_store **ret,
                                  struct dgl_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_library);
    const char *path;
    DGL_TRY(dgl_sqlite_parse_url(url, &path, err));
    DGL_AUTO(store) s = DGL_NEW(struct dgl_store);
    s->path = dgl_strdup(path);
    s->clock = clock;
    pthread_mutex_init(&s->readers.lock, NULL);
    pthread_cond_init(&s->readers.returned, NULL);
    DGL_TRY(prepare_database(s, may_migrate, err));
    DGL_TRY(dgl_writer_start(s, err));
    DGL_TRY(dgl_sweep_resume(s, err));
    *ret = DGL_STEAL(s);
    return DGL_OK;
}

enum dgl_status dgl_store_open(const char *url, struct dgl_clock *clock, struct dgl_store **ret, struct dgl_error *err)
{
    return open_store(url, clock, true, ret, err);
}

enum dgl_status dgl_store_open_current(const char *url, struct dgl_clock *clock, struct dgl_store **ret,
                                       struct dgl_error *err)
{
    return open_store(url, clock, false, ret, err);
}

int64_t dgl_store_schema_version(void)
{
    return dgl_schema_version;
}

enum dgl_status dgl_store_read_version(const char *url, int64_t *ret, struct dgl_error *err)
{
    const char *path;
    DGL_AUTO(conn) c = NULL;
    DGL_TRY(dgl_sqlite_parse_url(url, &path, err));
    DGL_TRY(dgl_conn_open(path, true, &c, err));
    return dgl_schema_check(c, path, dgl_schema_version, ret, err);
}

const char *dgl_store_peek_migration_copy(const struct dgl_store *s)
{
    return s->migration_copy;
}

void dgl_store_close(struct dgl_store *s)
{
    if (!s)
        return;
    dgl_writer_stop(s);
    dgl_readers_close(s);
    dgl_conn_free(s->writer.conn); // last: the last connection copies the log and removes it
    pthread_mutex_destroy(&s->readers.lock);
    pthread_cond_destroy(&s->readers.returned);
    free(s->path);
    free(s->migration_copy);
    free(s);
}

static enum dgl_status probe(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    (void)arg;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE meta SET value = value + 1 WHERE name = 'probe'");
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_health(struct dgl_store *s, struct dgl_error *err)
{
    struct dgl_writer *w = &s->writer;
    int64_t now = dgl_clock_mono_us(dgl_clock_system());
    pthread_mutex_lock(&w->lock);
    struct dgl_error failure = w->failure;
    bool try_now = failure.code != DGL_OK && now - w->failed_at_mono_us >= DGL_SQLITE_PROBE_MS * DGL_US_PER_MS;
    if (try_now)
        w->failed_at_mono_us = now;
    pthread_mutex_unlock(&w->lock);
    if (try_now)
        return dgl_write_sync(s, probe, NULL, err);
    if (failure.code != DGL_OK)
        *err = failure;
    return failure.code;
}

static uint64_t file_bytes(const char *path, const char *suffix)
{
    char name[4096];
    struct stat st;
    if (snprintf(name, sizeof name, "%s%s", path, suffix) >= (int)sizeof name || stat(name, &st) != 0)
        return 0;
    return (uint64_t)st.st_size;
}

#define DISABLED "SELECT seq FROM organizations WHERE disabled_at_us > 0"

static int64_t oldest_queued_age_us(struct dgl_store *s)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_READ r = {.store = s};
    int64_t created_at_us = 0;
    if (dgl_read(&r, &err) != DGL_OK)
        return 0;
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT created_at_us FROM documents WHERE seq ="
                                     " (SELECT min(seq) FROM documents WHERE status < 2 AND status = 0"
                                     "  AND org NOT IN (" DISABLED "))");
    if (dgl_sql_int(&q, 0, &created_at_us, &err) != DGL_OK || created_at_us == 0)
        return 0;
    return DGL_MAX(dgl_clock_now_us(s->clock) - created_at_us, 0);
}

static uint64_t count_rows(struct dgl_store *s, const char *sql)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_READ r = {.store = s};
    int64_t count = 0;
    if (dgl_read(&r, &err) != DGL_OK)
        return 0;
    DGL_AUTO_SQL q = dgl_sql(r.conn, sql);
    if (dgl_sql_int(&q, 0, &count, &err) != DGL_OK)
        return 0;
    return (uint64_t)count;
}

void dgl_store_stats(struct dgl_store *s, struct dgl_store_stats *ret)
{
    struct dgl_writer *w = &s->writer;
    pthread_mutex_lock(&w->lock);
    uint64_t queue_length = w->length;
    pthread_mutex_unlock(&w->lock);
    *ret = (struct dgl_store_stats){
        .commits = atomic_load(&w->commits),
        .writes = atomic_load(&w->writes),
        .write_errors = atomic_load(&w->write_errors),
        .queue_length = queue_length,
        .queued_documents = count_rows(s, "SELECT count(*) FROM documents WHERE status < 2 AND status = 0"
                                          " AND org NOT IN (" DISABLED ")"),
        // Counted in the index; a queue is one organization's, so one row of it says whose it is.
        .pending_deliveries = count_rows(s, "SELECT coalesce(sum(n), 0) FROM"
                                            " (SELECT count(*) AS n, min(seq) AS one FROM deliveries"
                                            "  WHERE status = 0 GROUP BY queue)"
                                            " JOIN deliveries ON seq = one WHERE org NOT IN (" DISABLED ")"),
        .database_bytes = file_bytes(s->path, "") + file_bytes(s->path, "-wal"),
        .oldest_queued_age_us = oldest_queued_age_us(s),
    };
    struct statvfs disk;
    if (statvfs(s->path, &disk) == 0) {
        ret->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
        ret->disk_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
    }
    dgl_histogram_read(&w->commit_us, &ret->commit);
}
