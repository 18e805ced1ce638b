// Files: stored, replaced, opened, deleted, and names that must never reach the file system.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "server/blob/blob.h"

#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "018f0000-0000-7000-8000-0123456789ab"

struct fixture {
    char directory[64];
    struct dgl_blob_store *blobs;
    struct dgl_error err;
};

static int open_store(void **state)
{
    struct fixture *f = DGL_NEW(struct fixture);
    snprintf(f->directory, sizeof f->directory, "/tmp/dgl-blob-XXXXXX");
    assert_int_equal(dgl_crypto_init(&f->err), DGL_OK);
    assert_non_null(mkdtemp(f->directory));
    assert_int_equal(dgl_blob_open(f->directory, &f->blobs, &f->err), DGL_OK);
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static int close_store(void **state)
{
    struct fixture *f = *state;
    dgl_blob_close(f->blobs);
    nftw(f->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static int files, modes_wrong;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)path;
    if (type == FTW_F)
        files++;
    if (walk->level > 0 && (st->st_mode & 0777) != (type == FTW_F ? 0600 : 0700))
        modes_wrong++;
    return 0;
}

static int count_files(struct fixture *f)
{
    files = modes_wrong = 0;
    assert_int_equal(nftw(f->directory, count_one, 16, FTW_PHYS), 0);
    assert_int_equal(modes_wrong, 0);
    return files;
}

static void put_text(struct fixture *f, const char *name, const char *text, struct dgl_blob_info *info)
{
    assert_int_equal(dgl_blob_put(f->blobs, "org-1", "document", name, text, strlen(text), info, &f->err), DGL_OK);
}

static void assert_content(struct fixture *f, const char *uri, const char *text)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    DGL_AUTO_FD fd = -1;
    int64_t size = -1;
    assert_int_equal(dgl_blob_open_fd(f->blobs, uri, &fd, &size, &f->err), DGL_OK);
    assert_int_equal(size, strlen(text));
    assert_int_equal(dgl_file_read_fd(fd, 1 << 20, &b, &f->err), DGL_OK);
    assert_int_equal(b.len, strlen(text));
    assert_memory_equal(b.data, text, b.len);
}

static void test_put_open_delete(void **state)
{
    struct fixture *f = *state;
    struct dgl_blob_info info;
    unsigned char sha[DGL_SHA256_LEN];
    int fd;
    int64_t size;
    put_text(f, ID ".pdf", "content", &info);
    assert_string_equal(info.uri, "blob:org-1/document/" ID ".pdf");
    assert_int_equal(info.size_bytes, 7);
    dgl_sha256("content", 7, sha);
    assert_memory_equal(info.sha256, sha, sizeof sha);
    assert_content(f, info.uri, "content");
    assert_int_equal(count_files(f), 1);
    assert_int_equal(dgl_blob_delete(f->blobs, info.uri, &f->err), DGL_OK);
    assert_int_equal(dgl_blob_delete(f->blobs, info.uri, &f->err), DGL_OK); // missing is fine
    assert_int_equal(dgl_blob_delete(f->blobs, "blob:nobody/document/x.pdf", &f->err), DGL_OK);
    assert_int_equal(dgl_blob_open_fd(f->blobs, info.uri, &fd, &size, &f->err), DGL_E_NOT_FOUND);
    assert_int_equal(count_files(f), 0);
}

static void test_put_replaces_whole(void **state)
{
    struct fixture *f = *state;
    struct dgl_blob_info info, again;
    int64_t size;
    put_text(f, ID ".pdf", "a long first content", &info);
    DGL_AUTO_FD reader = -1;
    assert_int_equal(dgl_blob_open_fd(f->blobs, info.uri, &reader, &size, &f->err), DGL_OK);
    put_text(f, ID ".pdf", "short", &again);
    assert_string_equal(again.uri, info.uri);
    assert_content(f, info.uri, "short");
    char old[32] = {0};
    assert_int_equal(read(reader, old, sizeof old), 20); // a download under way goes on with the old one
    assert_int_equal(count_files(f), 1);
}

static void test_put_fd_reads_from_the_start(void **state)
{
    struct fixture *f = *state;
    struct dgl_blob_info info;
    unsigned char sha[DGL_SHA256_LEN];
    size_t len = 700001;
    DGL_AUTO_PTR unsigned char *data = dgl_alloc(len);
    DGL_AUTO_FD fd = -1;
    for (size_t i = 0; i < len; i++)
        data[i] = (unsigned char)(i * 31 >> 3);
    assert_int_equal(dgl_file_memfd("test", &fd, &f->err), DGL_OK);
    assert_int_equal(dgl_file_write_fd(fd, data, len, &f->err), DGL_OK); // leaves the offset at the end
    assert_int_equal(dgl_blob_put_fd(f->blobs, "org-1", "template", ID ".v3.docx", fd, &info, &f->err), DGL_OK);
    assert_int_equal(info.size_bytes, len);
    dgl_sha256(data, len, sha);
    assert_memory_equal(info.sha256, sha, sizeof sha);
    DGL_AUTO_FD back = -1;
    int64_t size;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    assert_int_equal(dgl_blob_open_fd(f->blobs, info.uri, &back, &size, &f->err), DGL_OK);
    assert_int_equal(dgl_file_read_fd(back, 1 << 20, &b, &f->err), DGL_OK);
    assert_int_equal(b.len, len);
    assert_memory_equal(b.data, data, len);
}

static void test_empty_file(void **state)
{
    struct fixture *f = *state;
    struct dgl_blob_info info;
    assert_int_equal(dgl_blob_put(f->blobs, "org-1", "document", "empty.pdf", NULL, 0, &info, &f->err), DGL_OK);
    assert_content(f, info.uri, "");
}

static void test_hostile_names(void **state)
{
    struct fixture *f = *state;
    struct dgl_blob_info info;
    static const char *const parts[] = {
        "",      ".",       "..",
        "../x",  "a/b",     "a b",
        "a\nb",  ".hidden", "a\\b",
        "a:b",   "ä",       "a%2e",
        "a\x01", "*",       "tooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooolong-1"};
    for (size_t i = 0; i < DGL_COUNT(parts); i++) {
        assert_int_equal(dgl_blob_put(f->blobs, parts[i], "document", "n", "x", 1, &info, &f->err), DGL_E_INVALID);
        assert_int_equal(dgl_blob_put(f->blobs, "org", parts[i], "n", "x", 1, &info, &f->err), DGL_E_INVALID);
        assert_int_equal(dgl_blob_put(f->blobs, "org", "document", parts[i], "x", 1, &info, &f->err), DGL_E_INVALID);
    }
    assert_int_equal(dgl_blob_put(f->blobs, "tmp", "document", "n", "x", 1, &info, &f->err), DGL_E_INVALID);
    assert_int_equal(count_files(f), 0);
}

static void test_hostile_uris(void **state)
{
    struct fixture *f = *state;
    int fd;
    int64_t size;
    static const char *const uris[] = {"",
                                       "blob:",
                                       "blob:/",
                                       "blob:a",
                                       "blob:a/b",
                                       "blob:a/b/",
                                       "blob:a//c",
                                       "blob:/b/c",
                                       "blob:a/b/c/d",
                                       "blob:a/b/../c",
                                       "blob:../../etc/passwd",
                                       "blob:a/../passwd",
                                       "blob:tmp/b/c",
                                       "file:a/b/c",
                                       "/etc/passwd",
                                       "BLOB:a/b/c",
                                       "blob:a/b/c%00",
                                       " blob:a/b/c"};
    for (size_t i = 0; i < DGL_COUNT(uris); i++) {
        assert_int_equal(dgl_blob_open_fd(f->blobs, uris[i], &fd, &size, &f->err), DGL_E_INVALID);
        assert_int_equal(dgl_blob_delete(f->blobs, uris[i], &f->err), DGL_E_INVALID);
    }
}

// Whoever can write into the directory must not lead the server out of it.
static void test_links_are_not_followed(void **state)
{
    struct fixture *f = *state;
    struct dgl_blob_info info;
    char link_path[200], org[128];
    int fd;
    int64_t size;
    put_text(f, ID ".pdf", "x", &info);
    snprintf(org, sizeof org, "%s/evil", f->directory);
    snprintf(link_path, sizeof link_path, "%s/org-1", f->directory);
    assert_int_equal(symlink(link_path, org), 0);
    assert_int_not_equal(dgl_blob_open_fd(f->blobs, "blob:evil/document/" ID ".pdf", &fd, &size, &f->err), DGL_OK);
    assert_int_not_equal(dgl_blob_put(f->blobs, "evil", "document", "n.pdf", "x", 1, &info, &f->err), DGL_OK);
}

static void test_leftovers_are_removed(void **state)
{
    struct fixture *f = *state;
    char left[128];
    snprintf(left, sizeof left, "%s/tmp/left", f->directory);
    fclose(fopen(left, "w"));
    dgl_blob_close(f->blobs);
    assert_int_equal(dgl_blob_open(f->directory, &f->blobs, &f->err), DGL_OK);
    assert_int_equal(access(left, F_OK), -1);
}

static void *put_many(void *arg)
{
    struct fixture *f = arg;
    struct dgl_error err;
    for (int i = 0; i < 20; i++) {
        struct dgl_blob_info info;
        char name[32];
        snprintf(name, sizeof name, "n%d.pdf", i); // all threads the same names
        if (dgl_blob_put(f->blobs, "org-1", "document", name, "the same", 8, &info, &err) != DGL_OK)
            return arg;
    }
    return NULL;
}

static void test_concurrent_puts(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[8];
    void *failed;
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, f), 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(count_files(f), 20);
    assert_content(f, "blob:org-1/document/n7.pdf", "the same");
}

static enum dgl_blob_verdict remove_pdf(void *ctx, const char *uri)
{
    ++*(int *)ctx;
    return strstr(uri, ".pdf") ? DGL_BLOB_REMOVE : DGL_BLOB_KEEP;
}

static enum dgl_blob_verdict stop_at_once(void *ctx, const char *uri)
{
    (void)uri;
    ++*(int *)ctx;
    return DGL_BLOB_STOP;
}

static void test_sweep_removes_what_the_judge_says(void **state)
{
    struct fixture *f = *state;
    struct dgl_blob_info pdf, docx, other;
    int fd, seen = 0;
    int64_t size;
    assert_int_equal(dgl_blob_put(f->blobs, "org1", "document", ID ".pdf", "x", 1, &pdf, &f->err), DGL_OK);
    assert_int_equal(dgl_blob_put(f->blobs, "org2", "document", ID ".docx", "x", 1, &docx, &f->err), DGL_OK);
    assert_int_equal(dgl_blob_put(f->blobs, "org2", "template", ID ".pdf", "x", 1, &other, &f->err), DGL_OK);
    assert_int_equal(dgl_blob_sweep(f->blobs, "document", remove_pdf, &seen), 1);
    assert_int_equal(seen, 2); // of that kind only
    assert_int_equal(dgl_blob_open_fd(f->blobs, pdf.uri, &fd, &size, &f->err), DGL_E_NOT_FOUND);
    assert_int_equal(dgl_blob_open_fd(f->blobs, docx.uri, &fd, &size, &f->err), DGL_OK);
    close(fd);
    assert_int_equal(dgl_blob_open_fd(f->blobs, other.uri, &fd, &size, &f->err), DGL_OK);
    close(fd);
    assert_int_equal(dgl_blob_put(f->blobs, "org3", "document", ID ".docx", "x", 1, &docx, &f->err), DGL_OK);
    seen = 0;
    assert_int_equal(dgl_blob_sweep(f->blobs, "document", stop_at_once, &seen), 0);
    assert_int_equal(seen, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        CASE(test_put_open_delete),
        CASE(test_put_replaces_whole),
        CASE(test_put_fd_reads_from_the_start),
        CASE(test_empty_file),
        CASE(test_hostile_names),
        CASE(test_hostile_uris),
        CASE(test_links_are_not_followed),
        CASE(test_leftovers_are_removed),
        CASE(test_sweep_removes_what_the_judge_says),
        CASE(test_concurrent_puts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
