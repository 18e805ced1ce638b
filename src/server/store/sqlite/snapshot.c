// Snapshots for backups. See snapshot.h.
//
// SQLite's backup API on a source connection that holds a read transaction: the pages it gives are those of that
// transaction, so the copy never has to begin again, and it is done in steps, so progress can be told. Rejected: VACUUM
// INTO, which sorts every index anew (several times the work) and tells nothing while it does.
#include "server/store/snapshot.h"
#include "base/str.h"
#include "server/store/sqlite/schema.h"
#include "server/store/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define STEP_PAGES 1024 // 4 MiB

struct dgl_snapshot {
    char *source_path, *path;
    int64_t version;
    struct dgl_conn *copy;
};

void dgl_snapshot_free(struct dgl_snapshot *s)
{
    if (!s)
        return;
    dgl_conn_free(s->copy);
    free(s->source_path);
    free(s->path);
    free(s);
}

static enum dgl_status copy_pages(struct dgl_conn *from, struct dgl_conn *to, dgl_snapshot_progress progress, void *ctx,
                                  struct dgl_error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (!backup)
        return dgl_conn_fail(to, sqlite3_extended_errcode(to->db), err);
    int rc;
    do {
        rc = sqlite3_backup_step(backup, STEP_PAGES);
        if (progress)
            progress(ctx, sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup),
                     sqlite3_backup_pagecount(backup));
    } while (rc == SQLITE_OK);
    int finished = sqlite3_backup_finish(backup);
    return rc == SQLITE_DONE && finished == SQLITE_OK ? DGL_OK : dgl_conn_fail(to, finished ? finished : rc, err);
}

static enum dgl_status take(struct dgl_snapshot *s, dgl_snapshot_progress progress, void *ctx, struct dgl_error *err)
{
    DGL_AUTO(conn) from = NULL;
    int64_t rows;
    DGL_TRY(dgl_conn_open(s->source_path, true, &from, err));
    DGL_TRY(dgl_conn_script(from, "BEGIN", err));
    DGL_TRY(dgl_schema_check(from, s->source_path, dgl_schema_version, &s->version, err)); // the first read begins it
    DGL_AUTO_SQL q = dgl_sql(from, "SELECT count(*) FROM sqlite_schema");
    DGL_TRY(dgl_sql_int(&q, 0, &rows, err));
    if (rows == 0)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "the database %s is empty; there is nothing to back up", s->source_path);
    // Nothing is known of the copy until it is sealed, so it need not survive a crash before that.
    DGL_TRY(dgl_conn_script(s->copy, "PRAGMA synchronous = OFF", err));
    return copy_pages(from, s->copy, progress, ctx, err);
}

enum dgl_status dgl_snapshot_make(const char *url, const char *path, dgl_snapshot_progress progress, void *ctx,
                                  struct dgl_snapshot **ret, struct dgl_error *err)
{
    const char *source_path;
    DGL_TRY(dgl_sqlite_parse_url(url, &source_path, err));
    if (access(source_path, R_OK) != 0)
        return DGL_FAIL_ERRNO(err, errno, "the database %s cannot be read", source_path);
    DGL_AUTO(snapshot) s = DGL_NEW(struct dgl_snapshot);
    s->source_path = dgl_strdup(source_path);
    s->path = dgl_strdup(path);
    DGL_TRY(dgl_schema_create_file(path, err));
    DGL_TRY(dgl_conn_open(path, false, &s->copy, err));
    enum dgl_status status = take(s, progress, ctx, err);
    if (status != DGL_OK) {
        dgl_error_prefix(err, "the database could not be copied");
        return status;
    }
    DGL_TRY(dgl_conn_script(s->copy, "PRAGMA journal_mode = DELETE", err));
    *ret = DGL_STEAL(s);
    return DGL_OK;
}

#define FONTS_SINCE 6 // version of the schema
#define FILES                                                                                                 \
    "SELECT v.blob_uri AS uri, v.size_bytes AS size, v.sha256 AS sha, t.id AS owner FROM template_versions v" \
    " JOIN templates t ON t.seq = v.template"                                                                 \
    " UNION ALL SELECT docx_uri, docx_size_bytes, docx_sha256, id FROM documents WHERE docx_uri IS NOT NULL"  \
    " UNION ALL SELECT pdf_uri, pdf_size_bytes, pdf_sha256, id FROM documents WHERE pdf_uri IS NOT NULL"
#define FONTS " UNION ALL SELECT blob_uri, size_bytes, sha256, id FROM fonts"
#define COUNT(files)                                             \
    "SELECT (SELECT count(*) FROM organizations),"               \
    " (SELECT count(*) FROM templates WHERE deleted_at_us = 0)," \
    " (SELECT count(*) FROM documents WHERE erased_at_us = 0),"  \
    " count(*), coalesce(sum(size), 0) FROM (" files ")"

enum dgl_status dgl_snapshot_count(struct dgl_snapshot *s, struct dgl_snapshot_facts *ret, struct dgl_error *err)
{
    struct dgl_snapshot_facts facts = {.schema_version = s->version};
    bool row;
    DGL_AUTO_SQL q = dgl_sql(s->copy, s->version < FONTS_SINCE ? COUNT(FILES) : COUNT(FILES FONTS));
    DGL_TRY(dgl_sql_next(&q, &row, err));
    facts.organizations = dgl_sql_get_int(&q);
    facts.templates = dgl_sql_get_int(&q);
    facts.documents = dgl_sql_get_int(&q);
    facts.files = dgl_sql_get_int(&q);
    facts.file_bytes = dgl_sql_get_int(&q);
    *ret = facts;
    return DGL_OK;
}

enum dgl_status dgl_snapshot_files(struct dgl_snapshot *s, dgl_snapshot_visit visit, void *ctx, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(s->copy, s->version < FONTS_SINCE ? FILES : FILES FONTS);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        struct dgl_snapshot_file file = {0};
        file.uri = dgl_sql_peek_text(&q);
        file.size_bytes = dgl_sql_get_int(&q);
        dgl_sql_get_bytes(&q, file.sha256, sizeof file.sha256);
        file.owner = dgl_sql_peek_text(&q);
        DGL_TRY(visit(ctx, &file, err));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    return DGL_OK;
}

static enum dgl_status is_alive(struct dgl_snapshot *s, const char *sql, const char *owner, bool *ret,
                                struct dgl_error *err)
{
    int64_t alive;
    DGL_AUTO(conn) source = NULL;
    DGL_TRY(dgl_conn_open(s->source_path, true, &source, err));
    DGL_AUTO_SQL q = dgl_sql(source, sql);
    dgl_sql_put_text(&q, owner);
    DGL_TRY(dgl_sql_int(&q, 0, &alive, err));
    *ret = alive != 0;
    return DGL_OK;
}

static enum dgl_status find_owner(struct dgl_snapshot *s, const char *sql, const char *owner, int64_t *ret_seq,
                                  struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(s->copy, sql);
    dgl_sql_put_text(&q, owner);
    return dgl_sql_int(&q, 0, ret_seq, err);
}

// Documents that were unfinished then and are finished since had their file; in the copy they would wait for ever.
static enum dgl_status erase_unfinished(struct dgl_snapshot *s, struct dgl_store *context, int64_t template_seq,
                                        struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_uri_list uris = {.arena = arena};
    int64_t seq;
    do {
        {
            DGL_AUTO_SQL q = dgl_sql(s->copy, "SELECT seq FROM documents WHERE status < 2 AND template = ?1 LIMIT 1");
            dgl_sql_put_int(&q, template_seq);
            DGL_TRY(dgl_sql_int(&q, 0, &seq, err));
        }
        if (seq)
            DGL_TRY(dgl_document_erase(context, s->copy, seq, &uris, err));
    } while (seq);
    return DGL_OK;
}

// A file of a template goes only some time after the template was deleted.
static enum dgl_status follow_template(struct dgl_snapshot *s, const char *id, int64_t seq, bool *ret_erased,
                                       struct dgl_error *err)
{
    bool alive;
    DGL_TRY(is_alive(s, "SELECT 1 FROM templates WHERE id = ?1 AND deleted_at_us = 0", id, &alive, err));
    *ret_erased = !alive;
    if (alive)
        return DGL_OK;
    struct dgl_store context = {.clock = dgl_clock_system()};
    DGL_TRY(erase_unfinished(s, &context, seq, err));
    DGL_AUTO_SQL q = dgl_sql(s->copy, "DELETE FROM template_versions WHERE template = ?1");
    dgl_sql_put_int(&q, seq);
    DGL_TRY(dgl_sql_run(&q, err));
    DGL_AUTO_SQL empty = dgl_sql(s->copy, "UPDATE templates SET version = 0, description = '',"
                                          " deleted_at_us = max(deleted_at_us, ?2) WHERE seq = ?1");
    dgl_sql_put_int(&empty, seq);
    dgl_sql_put_int(&empty, dgl_clock_now_us(context.clock));
    return dgl_sql_run(&empty, err);
}

static enum dgl_status follow_font(struct dgl_snapshot *s, const char *font, bool *ret_erased, struct dgl_error *err)
{
    bool alive;
    DGL_TRY(is_alive(s, "SELECT 1 FROM fonts WHERE id = ?1", font, &alive, err));
    *ret_erased = !alive;
    if (alive)
        return DGL_OK;
    DGL_AUTO_SQL q = dgl_sql(s->copy, "DELETE FROM fonts WHERE id = ?1");
    dgl_sql_put_text(&q, font);
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_snapshot_follow_erasure(struct dgl_snapshot *s, const char *owner, bool *ret_erased,
                                            struct dgl_error *err)
{
    int64_t seq, template_seq;
    bool alive;
    DGL_TRY(find_owner(s, "SELECT seq FROM templates WHERE id = ?1", owner, &template_seq, err));
    if (template_seq)
        return follow_template(s, owner, template_seq, ret_erased, err);
    DGL_TRY(find_owner(s, "SELECT seq FROM documents WHERE id = ?1", owner, &seq, err));
    if (!seq && s->version >= FONTS_SINCE)
        return follow_font(s, owner, ret_erased, err);
    DGL_TRY(is_alive(s, "SELECT 1 FROM documents WHERE id = ?1 AND erased_at_us = 0", owner, &alive, err));
    *ret_erased = !alive;
    if (alive)
        return DGL_OK;
    struct dgl_store context = {.clock = dgl_clock_system()};
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_uri_list uris = {.arena = arena};
    return seq ? dgl_document_erase(&context, s->copy, seq, &uris, err) : DGL_OK;
}

static enum dgl_status check_structure(struct dgl_snapshot *s, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(s->copy, "PRAGMA quick_check(1)");
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    const char *verdict = row ? dgl_sql_peek_text(&q) : "no answer";
    if (verdict && dgl_str_is(dgl_str_of(verdict), "ok"))
        return DGL_OK;
    return DGL_FAIL_SLUG(err, DGL_E_IO, "database_damaged",
                         "the database %s is damaged (%s); its copy was not kept, restore an older backup",
                         s->source_path, verdict ? verdict : "");
}

enum dgl_status dgl_snapshot_seal(struct dgl_snapshot *s, struct dgl_error *err)
{
    DGL_TRY(check_structure(s, err));
    dgl_conn_free(s->copy);
    s->copy = NULL;
    DGL_AUTO_FD fd = open(s->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot sync %s", s->path);
    return DGL_OK;
}
