// Copies of the database beside it, made before it is migrated, and which of them stay.
//
// "<path>.v<version>-<UTC time>.backup". Of each version the newest stays, of those the newest DGL_SQLITE_COPIES_KEPT;
// the one just made always does. So a server that starts over and over on a migration that fails does not fill the disk
// with copies of one state. Pruning follows the new copy and never stands in the way of a migration: what could not be
// removed is tried again at the next one.
#include "base/failpoint.h"
#include "base/str.h"
#include "server/store/sqlite/bounds.h"
#include "server/store/sqlite/schema.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIME_CHARS 20 // 2026-01-15T10:30:00Z

struct copy {
    int64_t version;
    char time[TIME_CHARS + 1], name[256];
    bool is_new; // just made
};
struct copies {
    struct copy found[DGL_SQLITE_COPIES_LOOKED_AT];
    size_t count;
};

// "<base>.v<digits>-<20 characters>.backup" and nothing else.
static bool parse_name(const char *name, const char *base, struct copy *ret)
{
    size_t base_len = strlen(base), len = strlen(name), digits;
    if (len >= sizeof ret->name || strncmp(name, base, base_len) != 0 || strncmp(name + base_len, ".v", 2) != 0)
        return false;
    const char *version = name + base_len + 2;
    digits = strspn(version, "0123456789");
    if (!dgl_parse_int64(version, digits, 1, 1000000, &ret->version) || version[digits] != '-' ||
        strlen(version + digits + 1) != TIME_CHARS + 7 || strcmp(version + digits + 1 + TIME_CHARS, ".backup") != 0)
        return false;
    memcpy(ret->time, version + digits + 1, TIME_CHARS);
    ret->time[TIME_CHARS] = '\0';
    memcpy(ret->name, name, len + 1);
    return true;
}

// The one just made, then the newest.
static int by_age(const void *a, const void *b)
{
    const struct copy *x = a, *y = b;
    return x->is_new != y->is_new ? y->is_new - x->is_new : strcmp(y->time, x->time);
}

static void find_copies(DIR *dir, const char *base, const char *newest, struct copies *ret)
{
    for (struct dirent *e; ret->count < DGL_SQLITE_COPIES_LOOKED_AT && (e = readdir(dir));) {
        struct copy *one = &ret->found[ret->count];
        if (!parse_name(e->d_name, base, one))
            continue;
        one->is_new = strcmp(one->name, newest) == 0;
        ret->count++;
    }
    qsort(ret->found, ret->count, sizeof ret->found[0], by_age);
}

static bool has_newer_of_version(const struct copies *c, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (c->found[i].version == c->found[index].version)
            return true;
    return false;
}

static void prune_copies(const char *path, const char *newest)
{
    DGL_AUTO_PTR char *for_dir = dgl_strdup(path), *for_base = dgl_strdup(path), *for_newest = dgl_strdup(newest);
    struct copies *c = DGL_NEW(struct copies);
    DIR *dir = opendir(dirname(for_dir));
    size_t kept = 0;
    if (dir)
        find_copies(dir, basename(for_base), basename(for_newest), c);
    for (size_t i = 0; i < c->count; i++) {
        if (!has_newer_of_version(c, i) && kept < DGL_SQLITE_COPIES_KEPT) {
            kept++;
            continue;
        }
        unlinkat(dirfd(dir), c->found[i].name, 0);
        DGL_FAILPOINT("ops.migrate_pruned");
    }
    if (dir)
        closedir(dir);
    free(c);
}

// VACUUM INTO copies a consistent state, without what is free or half-written. The target must be empty, so it can be
// made with the right mode first.
static enum dgl_status copy_to(struct dgl_conn *c, const char *path, struct dgl_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT) // of a migration that died
        return DGL_FAIL_ERRNO(err, errno, "cannot remove %s", path);
    DGL_TRY(dgl_schema_create_file(path, err));
    {
        DGL_AUTO_SQL q = dgl_sql(c, "VACUUM INTO ?1");
        dgl_sql_put_text(&q, path);
        DGL_TRY(dgl_sql_run(&q, err));
    }
    DGL_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot sync the copy");
    return DGL_OK;
}

// The copy has its name only when it is whole.
enum dgl_status dgl_schema_copy(struct dgl_conn *c, const char *path, int64_t version, int64_t now_us, char **ret_copy,
                                struct dgl_error *err)
{
    char when[32], target[4096], partial[4096];
    dgl_time_format_utc(now_us, when);
    if (snprintf(target, sizeof target, "%s.v%lld-%s.backup", path, (long long)version, when) >= (int)sizeof target)
        return DGL_FAIL(err, DGL_E_LIMIT, "the path of the database is longer than %zu bytes", sizeof target);
    snprintf(partial, sizeof partial, "%s.copying", path);
    enum dgl_status status = copy_to(c, partial, err);
    DGL_FAILPOINT("ops.migrate_copying");
    if (status == DGL_OK && rename(partial, target) != 0)
        status = DGL_FAIL_ERRNO(err, errno, "cannot rename the copy");
    if (status == DGL_OK)
        status = dgl_schema_sync_directory(target, err);
    if (status != DGL_OK) {
        unlink(partial);
        dgl_error_prefix(err, "the database was not migrated because its copy %s could not be made", target);
        return status;
    }
    DGL_FAILPOINT("ops.migrate_copied");
    prune_copies(path, target);
    *ret_copy = dgl_strdup(target);
    return DGL_OK;
}
