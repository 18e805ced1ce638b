// Templates and their versions. Deleting marks the row: versions stay readable for jobs that were accepted before, and
// are removed when none of those is unfinished. The row stays, because history names it.
#include "server/store/sqlite/sqlite.h"

#define TEMPLATE_COLUMNS                                                                                 \
    "t.id, o.id, t.name, t.description, t.is_uat, t.kind, t.version, t.created_at_us, t.updated_at_us, " \
    "t.deleted_at_us, t.seq"
#define TEMPLATE_FROM " FROM templates t JOIN organizations o ON o.seq = t.org "
#define VERSION_COLUMNS \
    "t.id, v.version, v.blob_uri, v.sha256, v.size_bytes, v.tokens_json, v.file_name, v.created_at_us"
#define VERSION_FROM                                                   \
    " FROM template_versions v JOIN templates t ON t.seq = v.template" \
    " JOIN organizations o ON o.seq = t.org "

static int64_t read_template(struct dgl_sql *q, struct dgl_arena *a, struct dgl_template_row *ret)
{
    dgl_sql_get_chars(q, ret->id, sizeof ret->id);
    dgl_sql_get_chars(q, ret->org, sizeof ret->org);
    ret->name = dgl_sql_get_text(q, a);
    ret->description = dgl_sql_get_text(q, a);
    ret->is_uat = dgl_sql_get_int(q) != 0;
    ret->kind = dgl_sql_get_text(q, a);
    ret->version = dgl_sql_get_int(q);
    ret->created_at_us = dgl_sql_get_int(q);
    ret->updated_at_us = dgl_sql_get_int(q);
    ret->deleted_at_us = dgl_sql_get_int(q);
    return dgl_sql_get_int(q);
}

static void read_version(struct dgl_sql *q, struct dgl_arena *a, struct dgl_template_version_row *ret)
{
    dgl_sql_get_chars(q, ret->template_id, sizeof ret->template_id);
    ret->version = dgl_sql_get_int(q);
    ret->blob_uri = dgl_sql_get_text(q, a);
    dgl_sql_get_bytes(q, ret->sha256, sizeof ret->sha256);
    ret->size_bytes = dgl_sql_get_int(q);
    ret->tokens_json = dgl_sql_get_text(q, a);
    ret->file_name = dgl_sql_get_text(q, a);
    ret->created_at_us = dgl_sql_get_int(q);
}

static enum dgl_status insert_version(struct dgl_store *s, struct dgl_conn *c, int64_t template_seq, int64_t version,
                                      const struct dgl_template_version_row *v, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO template_versions (template, version, blob_uri, sha256, size_bytes,"
                                " tokens_json, file_name, created_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    dgl_sql_put_int(&q, template_seq);
    dgl_sql_put_int(&q, version);
    dgl_sql_put_text(&q, v->blob_uri);
    dgl_sql_put_blob(&q, v->sha256, sizeof v->sha256);
    dgl_sql_put_int(&q, v->size_bytes);
    dgl_sql_put_text(&q, v->tokens_json);
    dgl_sql_put_text(&q, v->file_name);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    return dgl_sql_run(&q, err);
}

struct template_new {
    const struct dgl_template_row *t;
    const struct dgl_template_version_row *v;
    struct dgl_id id;
};

static enum dgl_status create_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct template_new *x = arg;
    int64_t org;
    DGL_TRY(dgl_org_seq(c, x->t->org, &org, err));
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO templates (id, org, name, description, is_uat, kind, version,"
                                " created_at_us, updated_at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7)");
    dgl_sql_put_text(&q, x->id.s);
    dgl_sql_put_int(&q, org);
    dgl_sql_put_text(&q, x->t->name);
    dgl_sql_put_text(&q, x->t->description ? x->t->description : "");
    dgl_sql_put_int(&q, x->t->is_uat);
    dgl_sql_put_text(&q, x->t->kind);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    DGL_TRY(dgl_sql_run(&q, err));
    return insert_version(s, c, sqlite3_last_insert_rowid(c->db), 1, x->v, err);
}

// The id is the caller's when the row brings one (the blob's name is made from it), else a new one.
enum dgl_status dgl_store_template_create(struct dgl_store *s, const struct dgl_template_row *t,
                                          const struct dgl_template_version_row *v, struct dgl_id *ret_id,
                                          struct dgl_error *err)
{
    struct template_new x = {.t = t, .v = v};
    if (!dgl_id_parse(t->id, &x.id))
        x.id = dgl_id_new(s->clock);
    DGL_TRY(dgl_write_sync(s, create_run, &x, err));
    *ret_id = x.id;
    return DGL_OK;
}

struct template_change {
    const char *org;
    const struct dgl_template_row *t;
    const struct dgl_template_version_row *v;
    int64_t version;
};

static enum dgl_status add_version_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    struct template_change *x = arg;
    bool row;
    DGL_AUTO_SQL find =
        dgl_sql(c, "SELECT t.seq, t.version" TEMPLATE_FROM "WHERE t.id = ?2 AND o.id = ?1 AND t.deleted_at_us = 0");
    dgl_sql_put_text(&find, x->org);
    dgl_sql_put_text(&find, x->t->id);
    DGL_TRY(dgl_sql_next(&find, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "template", x->t->id);
    int64_t seq = dgl_sql_get_int(&find);
    x->version = dgl_sql_get_int(&find) + (x->v != NULL);
    if (x->v)
        DGL_TRY(insert_version(s, c, seq, x->version, x->v, err));
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE templates SET version = ?2, name = coalesce(?3, name),"
                                " description = coalesce(?4, description), updated_at_us = ?5 WHERE seq = ?1");
    dgl_sql_put_int(&q, seq);
    dgl_sql_put_int(&q, x->version);
    dgl_sql_put_text(&q, x->t->name);
    dgl_sql_put_text(&q, x->t->description);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    return dgl_sql_run(&q, err);
}

enum dgl_status dgl_store_template_add_version(struct dgl_store *s, const char *org, const struct dgl_template_row *t,
                                               const struct dgl_template_version_row *v, int64_t *ret_version,
                                               struct dgl_error *err)
{
    struct template_change x = {.org = org, .t = t, .v = v};
    DGL_TRY(dgl_write_sync(s, add_version_run, &x, err));
    *ret_version = x.version;
    return DGL_OK;
}

enum dgl_status dgl_store_template_get(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                       struct dgl_template_row *ret, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " TEMPLATE_COLUMNS TEMPLATE_FROM
                                     "WHERE t.id = ?2 AND o.id = ?1 AND t.deleted_at_us = 0");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "template", id);
    read_template(&q, a, ret);
    return DGL_OK;
}

enum dgl_status dgl_store_template_list(struct dgl_store *s, struct dgl_arena *a, const char *org, int is_uat,
                                        const struct dgl_page_query *page, struct dgl_template_row **ret,
                                        size_t *ret_count, char ret_next_cursor[DGL_CURSOR_LEN], struct dgl_error *err)
{
    struct dgl_position from;
    DGL_TRY(dgl_cursor_read(page, DGL_CURSOR_TEMPLATES, &from, err));
    int64_t limit = page ? page->limit : DGL_STORE_LIST_MAX;
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " TEMPLATE_COLUMNS TEMPLATE_FROM
                                     "WHERE o.id = ?1 AND t.seq < ?2 AND t.deleted_at_us = 0"
                                     " AND (?3 < 0 OR t.is_uat = ?3) ORDER BY t.seq DESC LIMIT ?4");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_int(&q, from.seq);
    dgl_sql_put_int(&q, is_uat);
    dgl_sql_put_int(&q, limit + 1);
    struct dgl_template_row *rows = NULL;
    struct dgl_position last = {0};
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row && (int64_t)count < limit) {
        last.seq = read_template(&q, a, DGL_LIST_ADD(a, rows, count, cap));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    ret_next_cursor[0] = '\0';
    if (row && page)
        dgl_cursor_write(DGL_CURSOR_TEMPLATES, last, ret_next_cursor);
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

struct template_name {
    const char *org, *id;
};

static enum dgl_status delete_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    const struct template_name *x = arg;
    DGL_AUTO_SQL q = dgl_sql(c, "UPDATE templates SET deleted_at_us = ?3 WHERE id = ?2 AND deleted_at_us = 0"
                                " AND org = (SELECT seq FROM organizations WHERE id = ?1)");
    dgl_sql_put_text(&q, x->org);
    dgl_sql_put_text(&q, x->id);
    dgl_sql_put_int(&q, dgl_clock_now_us(s->clock));
    int64_t changed;
    DGL_TRY(dgl_sql_change(&q, &changed, err));
    return changed ? DGL_OK : DGL_NO_SUCH(err, "template", x->id);
}

enum dgl_status dgl_store_template_delete(struct dgl_store *s, const char *org, const char *id, struct dgl_error *err)
{
    struct template_name x = {org, id};
    return dgl_write_sync(s, delete_run, &x, err);
}

enum dgl_status dgl_store_template_version_get(struct dgl_store *s, struct dgl_arena *a, const char *org,
                                               const char *id, int64_t version, struct dgl_template_version_row *ret,
                                               struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " VERSION_COLUMNS VERSION_FROM "WHERE t.id = ?2 AND o.id = ?1"
                                     " AND v.version = CASE WHEN ?3 = 0 THEN t.version ELSE ?3 END");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    dgl_sql_put_int(&q, version);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row && version == 0)
        return DGL_NO_SUCH(err, "template", id);
    if (!row)
        return DGL_FAIL_FIELD(err, DGL_E_NOT_FOUND, "not_found", "template_version",
                              "there is no version %lld of a template %s", (long long)version, id);
    read_version(&q, a, ret);
    return DGL_OK;
}

enum dgl_status dgl_store_template_version_named(struct dgl_store *s, struct dgl_arena *a, uint64_t org_number,
                                                 const char *name, struct dgl_template_version_row *ret,
                                                 struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " VERSION_COLUMNS VERSION_FROM "WHERE t.org = ?1 AND t.deleted_at_us = 0"
                                     " AND (t.name = ?2 OR t.id = ?2) AND v.version = t.version"
                                     " ORDER BY t.seq DESC LIMIT 1");
    dgl_sql_put_int(&q, (int64_t)org_number);
    dgl_sql_put_text(&q, name);
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row)
        return DGL_NO_SUCH(err, "template", name);
    read_version(&q, a, ret);
    return DGL_OK;
}

enum dgl_status dgl_store_template_names(struct dgl_store *s, struct dgl_arena *a, uint64_t org_number,
                                         const char ***ret, size_t *ret_count, struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT name FROM templates WHERE org = ?1 AND deleted_at_us = 0"
                                     " ORDER BY seq DESC LIMIT ?2");
    dgl_sql_put_int(&q, (int64_t)org_number);
    dgl_sql_put_int(&q, DGL_STORE_LIST_MAX);
    return dgl_sql_texts(&q, a, ret, ret_count, err);
}

enum dgl_status dgl_store_template_versions(struct dgl_store *s, struct dgl_arena *a, const char *org, const char *id,
                                            const struct dgl_page_query *page, struct dgl_template_version_row **ret,
                                            size_t *ret_count, char ret_next_cursor[DGL_CURSOR_LEN],
                                            struct dgl_error *err)
{
    struct dgl_position from;
    DGL_TRY(dgl_cursor_read(page, DGL_CURSOR_VERSIONS, &from, err));
    int64_t limit = page ? page->limit : DGL_STORE_LIST_MAX;
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT " VERSION_COLUMNS VERSION_FROM
                                     "WHERE t.id = ?2 AND o.id = ?1 AND t.deleted_at_us = 0 AND v.version < ?3"
                                     " ORDER BY v.version DESC LIMIT ?4");
    dgl_sql_put_text(&q, org);
    dgl_sql_put_text(&q, id);
    dgl_sql_put_int(&q, from.seq);
    dgl_sql_put_int(&q, limit + 1);
    struct dgl_template_version_row *rows = NULL;
    size_t count = 0, cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    if (!row && from.seq == INT64_MAX) // a template has one version at least
        return DGL_NO_SUCH(err, "template", id);
    while (row && (int64_t)count < limit) {
        read_version(&q, a, DGL_LIST_ADD(a, rows, count, cap));
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    ret_next_cursor[0] = '\0';
    if (row && page)
        dgl_cursor_write(DGL_CURSOR_VERSIONS, (struct dgl_position){0, rows[count - 1].version}, ret_next_cursor);
    *ret = rows;
    *ret_count = count;
    return DGL_OK;
}

enum dgl_status dgl_store_template_files(struct dgl_store *s, struct dgl_arena *a, const char ***ret_uris,
                                         size_t *ret_count, struct dgl_error *err)
{
    return dgl_read_texts(s, a, "SELECT blob_uri FROM template_versions", ret_uris, ret_count, err);
}

// ---- removing versions of deleted templates

struct versions_prune {
    struct dgl_arena *arena;
    int64_t *seqs; // templates
    size_t seq_count, max, removed;
    struct dgl_uri_list uris;
};

// Nothing is accepted for a deleted template, so one that no unfinished document names stays so: the writer need not
// ask again, and the backlog is read through once, beside it.
static enum dgl_status find_deleted(struct dgl_store *s, int64_t before_us, struct versions_prune *x,
                                    struct dgl_error *err)
{
    DGL_AUTO_READ r = {.store = s};
    DGL_TRY(dgl_read(&r, err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT seq FROM templates INDEXED BY templates_deleted WHERE deleted_at_us > 0"
                                     " AND version > 0 AND deleted_at_us < ?1"
                                     " AND seq NOT IN (SELECT template FROM documents WHERE status < 2)"
                                     " ORDER BY deleted_at_us LIMIT ?2");
    dgl_sql_put_int(&q, before_us);
    dgl_sql_put_int(&q, (int64_t)x->max);
    size_t cap = 0;
    bool row;
    DGL_TRY(dgl_sql_next(&q, &row, err));
    while (row) {
        *DGL_LIST_ADD(x->arena, x->seqs, x->seq_count, cap) = dgl_sql_get_int(&q);
        DGL_TRY(dgl_sql_next(&q, &row, err));
    }
    return DGL_OK;
}

static enum dgl_status first_version(struct dgl_conn *c, struct dgl_arena *a, int64_t template_seq,
                                     int64_t *ret_version, const char **ret_uri, struct dgl_error *err)
{
    bool row;
    DGL_AUTO_SQL q = dgl_sql(c, "SELECT version, blob_uri FROM template_versions WHERE template = ?1"
                                " ORDER BY version LIMIT 1");
    dgl_sql_put_int(&q, template_seq);
    DGL_TRY(dgl_sql_next(&q, &row, err));
    *ret_version = row ? dgl_sql_get_int(&q) : 0;
    *ret_uri = row ? dgl_sql_get_text(&q, a) : NULL;
    return DGL_OK;
}

// Versions that were rolled back to share their file: it goes with the last of them.
static enum dgl_status remove_version(struct dgl_conn *c, int64_t template_seq, int64_t version, const char *uri,
                                      struct dgl_uri_list *uris, struct dgl_error *err)
{
    int64_t is_shared;
    DGL_AUTO_SQL q = dgl_sql(c, "DELETE FROM template_versions WHERE template = ?1 AND version = ?2");
    dgl_sql_put_int(&q, template_seq);
    dgl_sql_put_int(&q, version);
    DGL_TRY(dgl_sql_run(&q, err));
    DGL_AUTO_SQL find = dgl_sql(c, "SELECT 1 FROM template_versions WHERE template = ?1 AND blob_uri = ?2 LIMIT 1");
    dgl_sql_put_int(&find, template_seq);
    dgl_sql_put_text(&find, uri);
    DGL_TRY(dgl_sql_int(&find, 0, &is_shared, err));
    if (!is_shared)
        *DGL_LIST_ADD(uris->arena, uris->uris, uris->count, uris->cap) = uri;
    return DGL_OK;
}

static enum dgl_status remove_versions(struct dgl_conn *c, int64_t template_seq, struct versions_prune *x,
                                       struct dgl_error *err)
{
    for (; x->removed < x->max; x->removed++) {
        int64_t version;
        const char *uri;
        DGL_TRY(first_version(c, x->arena, template_seq, &version, &uri, err));
        if (!uri) {
            DGL_AUTO_SQL q = dgl_sql(c, "UPDATE templates SET version = 0, description = '' WHERE seq = ?1");
            dgl_sql_put_int(&q, template_seq);
            return dgl_sql_run(&q, err);
        }
        DGL_TRY(remove_version(c, template_seq, version, uri, &x->uris, err));
    }
    return DGL_OK;
}

static enum dgl_status prune_run(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    struct versions_prune *x = arg;
    for (size_t i = 0; i < x->seq_count; i++)
        DGL_TRY(remove_versions(c, x->seqs[i], x, err));
    return DGL_OK;
}

enum dgl_status dgl_store_templates_prune(struct dgl_store *s, struct dgl_arena *a, int64_t deleted_before_us,
                                          size_t max, const char ***ret_uris, size_t *ret_count, bool *ret_more,
                                          struct dgl_error *err)
{
    struct versions_prune x = {.arena = a, .max = DGL_MIN(DGL_MAX(max, 1), DGL_STORE_PRUNE_MAX), .uris = {.arena = a}};
    DGL_TRY(find_deleted(s, deleted_before_us, &x, err));
    if (x.seq_count > 0)
        DGL_TRY(dgl_write_sync(s, prune_run, &x, err));
    *ret_more = x.removed == x.max || x.seq_count == x.max;
    *ret_uris = x.uris.uris;
    *ret_count = x.uris.count;
    return DGL_OK;
}
