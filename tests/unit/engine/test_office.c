// LibreOffice for real: a DOCX becomes a PDF; crashes, hangs and missing installations cost one job at most. The native
// stage hands the template through, so that these tests need no template engine.
#include "rig.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct dgl_supervisor *supervisor;
static char scratch[] = "/tmp/docgenlab-test-office-XXXXXX";

static struct dgl_engine *new_engine(const char *program)
{
    const struct dgl_engine_options options = {
        .workers = 1, .office_workers = 1, .timeout_ms = 60000, .scratch_dir = scratch, .office_program = program};
    return rig_engine(supervisor, &options);
}

// A DOCX of `pages` pages whose first paragraph is `text`; `extra` is put into the body as it is.
static int new_docx(const char *text, unsigned pages, const char *extra)
{
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(1 << 20);
    dgl_buf_printf(&body, "<w:p><w:r><w:t>%s</w:t></w:r></w:p>%s", text, extra);
    for (unsigned i = 1; i < pages; i++)
        dgl_buf_puts(&body, "<w:p><w:r><w:br w:type=\"page\"/><w:t>More</w:t></w:r></w:p>");
    return rig_docx(body.data);
}

static void convert(struct dgl_engine *e, int fd, bool want_docx, int64_t timeout_ms, struct rig_answer *ret)
{
    const struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER,
                                       .template_fd = fd,
                                       .input = "echo",
                                       .input_len = 4,
                                       .want_docx = want_docx,
                                       .want_pdf = true,
                                       .engine = "libreoffice",
                                       .timeout_ms = timeout_ms};
    rig_job(e, &job, ret);
}

static void assert_converts(struct dgl_engine *e)
{
    struct rig_answer a;
    int fd = new_docx("Hello", 1, "");
    convert(e, fd, false, 0, &a);
    if (a.status != DGL_OK)
        fail_msg("%s", a.error.message);
    assert_int_equal(a.status, DGL_OK);
    assert_memory_equal(a.pdf, "%PDF-", 5);
    rig_answer_fini(&a);
    close(fd);
}

static void test_pdf_has_its_pages(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    struct rig_answer a;
    int fd = new_docx("Hello", 3, "");
    convert(e, fd, true, 0, &a);
    if (a.status != DGL_OK)
        fail_msg("%s", a.error.message);
    assert_memory_equal(a.pdf, "%PDF-", 5);
    assert_int_equal(a.pages, 3);
    assert_string_equal(a.engine, "libreoffice");
    assert_memory_equal(a.docx, "PK", 2);
    rig_answer_fini(&a);
    convert(e, fd, false, 0, &a);
    assert_null(a.docx);
    rig_answer_fini(&a);
    close(fd);
    struct dgl_engine_stats stats;
    dgl_engine_stats(e, &stats);
    assert_true(stats.office_available);
    assert_int_equal(stats.office_alive, 1);
}

// The native worker gives the document away, as it may under "auto".
static void test_declined_goes_to_the_office(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    struct rig_answer a;
    int fd = new_docx("Hello", 2, "");
    const struct dgl_engine_job job = {
        .op = DGL_ENGINE_RENDER, .template_fd = fd, .input = "decline", .input_len = 7, .want_pdf = true};
    rig_job(e, &job, &a);
    if (a.status != DGL_OK)
        fail_msg("%s", a.error.message);
    assert_memory_equal(a.pdf, "%PDF-", 5);
    assert_null(a.docx);
    assert_int_equal(a.pages, 2);
    assert_string_equal(a.engine, "libreoffice");
    rig_answer_fini(&a);
    close(fd);
}

static void test_docx_alone_starts_no_office(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    struct rig_answer a;
    rig_order(e, "echo", 0, &a);
    assert_int_equal(a.status, DGL_OK);
    rig_answer_fini(&a);
    struct dgl_engine_stats stats;
    dgl_engine_stats(e, &stats);
    assert_int_equal(stats.office_alive, 0);
}

static void test_garbage_fails_kindly(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    struct rig_answer a;
    int fd = rig_memfd("PK this is no package", 21);
    convert(e, fd, false, 0, &a);
    close(fd);
    if (a.status == DGL_OK) // LibreOffice makes something of nearly everything
        assert_memory_equal(a.pdf, "%PDF-", 5);
    else
        assert_string_equal(a.error.slug, "pdf_failed");
    rig_answer_fini(&a);
    assert_converts(e);
}

// The children of the supervisor that run LibreOffice.
static int find_office(void)
{
    char path[64], name[64];
    int found = 0;
    DIR *dir = opendir("/proc");
    for (struct dirent *d; dir && (d = readdir(dir));) {
        if (!isdigit((unsigned char)d->d_name[0]))
            continue;
        DGL_AUTO_FINI(buf) stat_text = DGL_BUF_INIT(4096);
        struct dgl_error err;
        snprintf(path, sizeof(path), "/proc/%.20s/stat", d->d_name);
        if (dgl_file_read(path, 4096, &stat_text, &err) != DGL_OK)
            continue;
        int pid = 0, parent = 0;
        char run;
        if (sscanf(stat_text.data, "%d (%40[^)]) %c %d", &pid, name, &run, &parent) == 4 &&
            parent == dgl_supervisor_peek_pid(supervisor) && strcmp(name, "dgl-office") == 0)
            found = pid;
    }
    if (dir)
        closedir(dir);
    return found;
}

struct under_way {
    struct rig_latch *latch;
    bool lost;
    enum dgl_status status;
};
static void on_done(void *arg, struct dgl_engine_result *r)
{
    struct under_way *u = arg;
    u->lost = r->worker_lost;
    u->status = r->status;
    rig_latch_down(u->latch);
}

static void test_killed_office_comes_back(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    assert_converts(e);
    int pid = find_office();
    assert_true(pid > 0);
    kill(pid, SIGSTOP); // so that the kill surely comes in the middle
    struct under_way u = {.latch = rig_latch_new(1)};
    struct dgl_error err;
    int fd = new_docx("Hello", 1, "");
    const struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER,
                                       .template_fd = fd,
                                       .input = "echo",
                                       .input_len = 4,
                                       .want_pdf = true,
                                       .engine = "libreoffice"};
    assert_int_equal(dgl_engine_submit(e, &job, on_done, &u, &err), DGL_OK);
    struct rig_answer a; // once this one is through, the first has left the native stage or is about to
    rig_order(e, "echo", 0, &a);
    rig_answer_fini(&a);
    kill(pid, SIGKILL);
    rig_latch_wait(u.latch);
    rig_latch_free(u.latch);
    close(fd);
    if (u.status != DGL_OK) // it had reached the office
        assert_true(u.lost);
    assert_converts(e);
    struct dgl_engine_stats stats;
    dgl_engine_stats(e, &stats);
    assert_int_equal(stats.office_lost, 1);
    assert_int_not_equal(find_office(), pid);
}

static void test_hanging_office_is_replaced(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine(NULL);
    assert_converts(e);
    kill(find_office(), SIGSTOP);
    struct rig_answer a;
    int fd = new_docx("Hello", 1, "");
    convert(e, fd, false, 1000, &a);
    close(fd);
    assert_int_equal(a.status, DGL_E_INVALID);
    assert_string_equal(a.error.slug, "render_timeout");
    assert_true(a.worker_lost);
    rig_answer_fini(&a);
    assert_converts(e);
}

// A linked file outside LibreOffice's own directory must not come into the document: it would fill pages.
static void test_office_reads_no_foreign_file(void **state)
{
    (void)state;
    char secret[200], extra[700];
    struct dgl_error err;
    DGL_AUTO_FINI(buf) lines = DGL_BUF_INIT(1 << 20);
    for (unsigned i = 0; i < 500; i++)
        dgl_buf_puts(&lines, "secret line\n\n");
    snprintf(secret, sizeof(secret), "/tmp/docgenlab-test-secret-%d.txt", (int)getpid());
    assert_int_equal(dgl_file_write_atomic(secret, lines.data, lines.len, 0644, &err), DGL_OK);
    snprintf(extra, sizeof(extra),
             "<w:p><w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> "
             "INCLUDETEXT \"%s\" </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r><w:r><w:t>old"
             "</w:t></w:r><w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>",
             secret);
    RIG_ENGINE e = new_engine(NULL);
    struct rig_answer a;
    int fd = new_docx("Hello", 1, extra);
    convert(e, fd, false, 0, &a);
    close(fd);
    unlink(secret);
    assert_int_equal(a.status, DGL_OK);
    assert_int_equal(a.pages, 1);
    rig_answer_fini(&a);
}

static void test_no_descriptors_are_lost(void **state)
{
    (void)state;
    unsigned before = rig_count_fds();
    struct dgl_engine *e = new_engine(NULL);
    for (unsigned i = 0; i < 5; i++)
        assert_converts(e);
    rig_engine_end();
    assert_int_equal(rig_count_fds(), before);
}

static void test_missing_office_names_the_package(void **state)
{
    (void)state;
    RIG_ENGINE e = new_engine("/nonexistent/program");
    struct rig_answer a;
    int fd = new_docx("Hello", 1, "");
    convert(e, fd, false, 0, &a);
    close(fd);
    assert_int_equal(a.status, DGL_E_UNSUPPORTED);
    assert_non_null(strstr(a.error.message, "libreoffice-writer-nogui"));
    rig_answer_fini(&a);
}

static int start(void **state)
{
    (void)state;
    struct dgl_error err = DGL_ERROR_INIT;
    dgl_log_configure(DGL_LOG_OFF, DGL_LOG_TEXT);
    if (!mkdtemp(scratch))
        return -1;
    return dgl_supervisor_start_kinds(rig_kinds, DGL_ENGINE_KIND_COUNT, &supervisor, &err) == DGL_OK ? 0 : -1;
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && (d = readdir(dir));) {
        char child[4200];
        struct stat st;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        snprintf(child, sizeof(child), "%.3900s/%s", path, d->d_name);
        if (lstat(child, &st) == 0 && S_ISDIR(st.st_mode))
            remove_tree(child);
        else
            unlink(child);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static int stop(void **state)
{
    (void)state;
    rig_engine_end();
    dgl_supervisor_stop(supervisor);
    remove_tree(scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pdf_has_its_pages),
        cmocka_unit_test(test_declined_goes_to_the_office),
        cmocka_unit_test(test_docx_alone_starts_no_office),
        cmocka_unit_test(test_garbage_fails_kindly),
        cmocka_unit_test(test_killed_office_comes_back),
        cmocka_unit_test(test_hanging_office_is_replaced),
        cmocka_unit_test(test_office_reads_no_foreign_file),
        cmocka_unit_test(test_no_descriptors_are_lost),
        cmocka_unit_test(test_missing_office_names_the_package),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
