// The writer under load, when it is killed, and when the disk fails.
#include "fixture.h"
#include "server/store/sqlite/sqlite.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// ---- load

enum { SUBMITTERS = 56, WORKERS = 8, JOBS_EACH = 20, JOBS = SUBMITTERS * JOBS_EACH };

struct load {
    struct fixture *f;
    atomic_int accepted, finished, failures;
};

static void *submit_jobs(void *arg)
{
    struct load *l = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    for (int i = 0; i < JOBS_EACH; i++) {
        struct dgl_job_new job = new_job(l->f, l->f->org.s, l->f->template.s);
        struct dgl_job_accepted accepted;
        if (dgl_store_job_accept(l->f->store, &job, &accepted, &err) != DGL_OK)
            atomic_fetch_add(&l->failures, 1);
        atomic_fetch_add(&l->accepted, 1);
    }
    return NULL;
}

static void *work_jobs(void *arg)
{
    struct load *l = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    struct dgl_job_claim *c;
    struct dgl_delivery_due *due;
    struct dgl_document_row d;
    size_t count, made;
    while (atomic_load(&l->finished) < JOBS && atomic_load(&l->failures) == 0) {
        dgl_arena_reset(arena);
        if (dgl_store_jobs_claim(l->f->store, arena, 5, NULL, &c, &count, &err) != DGL_OK)
            atomic_fetch_add(&l->failures, 1);
        for (size_t i = 0; i < count; i++) {
            struct dgl_job_finish finish = {.ok = true};
            memcpy(finish.id, c[i].id, sizeof finish.id);
            if (c[i].tries != 1 || dgl_store_job_finish(l->f->store, arena, &finish, &due, &made, &err) != DGL_OK ||
                made != 1 || dgl_store_document_get(l->f->store, arena, c[i].org, c[i].id, &d, &err) != DGL_OK ||
                d.status != DGL_DOCUMENT_READY) // what was finished is seen at once
                atomic_fetch_add(&l->failures, 1);
            atomic_fetch_add(&l->finished, 1);
        }
    }
    return NULL;
}

static void test_64_threads(void **state)
{
    struct fixture *f = *state;
    struct load l = {.f = f};
    struct dgl_store_stats stats;
    pthread_t threads[SUBMITTERS + WORKERS];
    put_endpoint(f, f->org.s, true, "https://a.example/", NULL);
    for (int i = 0; i < SUBMITTERS + WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < SUBMITTERS ? submit_jobs : work_jobs, &l), 0);
    for (int i = 0; i < SUBMITTERS + WORKERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(l.failures, 0);
    assert_int_equal(l.finished, JOBS);
    dgl_store_stats(f->store, &stats);
    assert_int_equal(stats.queued_documents, 0);
    assert_int_equal(stats.pending_deliveries, JOBS);
    assert_int_equal(stats.write_errors, 0);
    assert_true(stats.commits < stats.writes); // groups
}

// ---- one request's failure is its own

struct group {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool gate_open;
    int done;
    enum dgl_status statuses[3];
};
struct member {
    struct dgl_write write;
    struct group *group;
    int index;
};

static enum dgl_status wait_at_gate(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    (void)c;
    (void)err;
    struct group *g = ((struct member *)arg)->group;
    pthread_mutex_lock(&g->lock);
    while (!g->gate_open)
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return DGL_OK;
}

static enum dgl_status add_one(struct dgl_conn *c, const char *name, struct dgl_error *err)
{
    DGL_AUTO_SQL q = dgl_sql(c, "INSERT INTO meta (name, value) VALUES (?1, 1)");
    dgl_sql_put_text(&q, name);
    return dgl_sql_run(&q, err);
}

static enum dgl_status add_then_fail(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    (void)arg;
    DGL_TRY(add_one(c, "of the failing one", err));
    return DGL_FAIL(err, DGL_E_INVALID, "no");
}

static enum dgl_status add_well(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    (void)arg;
    return add_one(c, "of the good one", err);
}

static void member_done(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    (void)err;
    struct member *m = arg;
    pthread_mutex_lock(&m->group->lock);
    m->group->statuses[m->index] = status;
    m->group->done++;
    pthread_cond_signal(&m->group->changed);
    pthread_mutex_unlock(&m->group->lock);
}

static int64_t count_meta(struct fixture *f, const char *name)
{
    DGL_AUTO_READ r = {.store = f->store};
    int64_t count = -1;
    assert_ok(f, dgl_read(&r, &f->err));
    DGL_AUTO_SQL q = dgl_sql(r.conn, "SELECT count(*) FROM meta WHERE name = ?1");
    dgl_sql_put_text(&q, name);
    assert_ok(f, dgl_sql_int(&q, -1, &count, &f->err));
    return count;
}

static void test_a_failing_request_leaves_its_group_alone(void **state)
{
    struct fixture *f = *state;
    struct group g = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    dgl_write_run runs[] = {wait_at_gate, add_then_fail, add_well};
    struct member members[3] = {0};
    struct dgl_store_stats before, after;
    dgl_store_stats(f->store, &before);
    for (int i = 0; i < 3; i++) {
        members[i].group = &g;
        members[i].index = i;
        members[i].write =
            (struct dgl_write){.run = runs[i], .arg = &members[i], .done = member_done, .done_arg = &members[i]};
        dgl_write_submit(f->store, &members[i].write);
    }
    pthread_mutex_lock(&g.lock);
    g.gate_open = true;
    pthread_cond_broadcast(&g.changed);
    while (g.done < 3)
        pthread_cond_wait(&g.changed, &g.lock);
    pthread_mutex_unlock(&g.lock);
    dgl_store_stats(f->store, &after);
    assert_int_equal(after.commits - before.commits, 1);
    assert_int_equal(g.statuses[0], DGL_OK);
    assert_int_equal(g.statuses[1], DGL_E_INVALID);
    assert_int_equal(g.statuses[2], DGL_OK);
    assert_int_equal(count_meta(f, "of the failing one"), 0);
    assert_int_equal(count_meta(f, "of the good one"), 1);
}

// ---- a full queue

struct blocked {
    atomic_int ok, refused;
};

static enum dgl_status do_nothing(struct dgl_store *s, struct dgl_conn *c, void *arg, struct dgl_error *err)
{
    (void)s;
    (void)c;
    (void)arg;
    (void)err;
    return DGL_OK;
}

static void count_outcome(void *arg, enum dgl_status status, const struct dgl_error *err)
{
    struct blocked *b = arg;
    if (status == DGL_OK)
        atomic_fetch_add(&b->ok, 1);
    else if (status == DGL_E_UNAVAILABLE && strcmp(dgl_error_slug(err), "write_queue_full") == 0)
        atomic_fetch_add(&b->refused, 1);
}

static void test_full_queue_is_refused_and_close_commits_the_rest(void **state)
{
    struct fixture *f = *state;
    struct group g = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct member gate = {.group = &g};
    struct blocked b = {0};
    size_t count = DGL_SQLITE_QUEUE_MAX + DGL_SQLITE_BATCH_MAX + 10;
    struct dgl_write *writes = dgl_alloc(count * sizeof(*writes));
    gate.write = (struct dgl_write){.run = wait_at_gate, .arg = &gate, .done = member_done, .done_arg = &gate};
    dgl_write_submit(f->store, &gate.write);
    for (size_t i = 0; i < count; i++) {
        writes[i] = (struct dgl_write){.run = do_nothing, .done = count_outcome, .done_arg = &b};
        dgl_write_submit(f->store, &writes[i]);
    }
    assert_true(b.refused >= 9); // the writer may have taken a group before the gate held it
    pthread_mutex_lock(&g.lock);
    g.gate_open = true;
    pthread_cond_broadcast(&g.changed);
    pthread_mutex_unlock(&g.lock);
    fixture_reopen(f);
    assert_int_equal(b.ok + b.refused, count);
    free(writes);
}

// ---- kill -9

static void tell(int fd, const char *id)
{
    char line[DGL_ID_LEN];
    memcpy(line, id, sizeof line);
    if (write(fd, line, sizeof line) != (ssize_t)sizeof line)
        _exit(9);
}

struct teller {
    struct fixture *f;
    int fd;
};

static void *accept_and_tell(void *arg)
{
    struct teller *t = arg;
    struct dgl_error err = DGL_ERROR_INIT;
    for (;;) {
        struct dgl_job_new job = new_job(t->f, t->f->org.s, t->f->template.s);
        struct dgl_job_accepted accepted;
        if (dgl_store_job_accept(t->f->store, &job, &accepted, &err) != DGL_OK)
            _exit(8);
        tell(t->fd, accepted.id);
    }
    return NULL;
}

// The child accepts from eight threads and tells every accepted id over the pipe until it is killed.
static void run_victim(struct fixture *f, int fd)
{
    struct teller t = {f, fd};
    pthread_t thread;
    if (dgl_store_open(f->url, dgl_clock_system(), &f->store, &f->err) != DGL_OK)
        _exit(7);
    f->org = make_org(f, "Acme");
    f->template = make_template(f, f->org.s, "Invoice");
    tell(fd, f->org.s);
    for (int i = 0; i < 7; i++)
        if (pthread_create(&thread, NULL, accept_and_tell, &t) != 0)
            _exit(6);
    accept_and_tell(&t);
}

static bool hear(int fd, char id[40])
{
    size_t have = 0;
    memset(id, 0, 40);
    while (have < DGL_ID_LEN) {
        ssize_t n = read(fd, id + have, DGL_ID_LEN - have);
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

static void test_what_was_accepted_survives_kill(void **state)
{
    (void)state;
    enum { WANTED = 3000 };
    static char ids[WANTED * 2][40];
    for (int round = 0; round < 3; round++) {
        struct fixture f = {0};
        char org[40];
        int pipes[2], status;
        size_t heard = 0;
        fixture_make_directory(&f);
        f.clock = dgl_clock_system();
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
            close(pipes[0]);
            run_victim(&f, pipes[1]);
            _exit(5);
        }
        close(pipes[1]);
        assert_true(hear(pipes[0], org));
        while (heard < WANTED / 3 * (size_t)(round + 1) && hear(pipes[0], ids[heard]))
            heard++;
        assert_int_equal(kill(child, SIGKILL), 0);
        while (heard < DGL_COUNT(ids) && hear(pipes[0], ids[heard])) // what was told before it died
            heard++;
        close(pipes[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_true(heard >= WANTED / 3);
        f.arena = dgl_arena_new(0);
        assert_ok(&f, dgl_store_open(f.url, f.clock, &f.store, &f.err));
        for (size_t i = 0; i < heard; i++) {
            struct dgl_document_row d;
            assert_ok(&f, dgl_store_document_get(f.store, f.arena, org, ids[i], &d, &f.err));
        }
        DGL_AUTO_READ r = {.store = f.store};
        assert_ok(&f, dgl_read(&r, &f.err));
        int64_t broken = -1;
        {
            DGL_AUTO_SQL q =
                dgl_sql(r.conn, "SELECT (SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok')"
                                " + (SELECT abs((SELECT count(*) FROM documents) - (SELECT count(*) FROM inputs)))");
            assert_ok(&f, dgl_sql_int(&q, -1, &broken, &f.err));
        }
        assert_int_equal(broken, 0);
        dgl_read_end(&r);
        dgl_store_close(f.store);
        dgl_arena_free(f.arena);
        fixture_remove_directory(&f);
    }
}

// ---- the disk fails and recovers

static void set_file_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static enum dgl_status accept_large(struct fixture *f, char id[40])
{
    static char input[200000];
    struct dgl_job_accepted accepted;
    memset(input, 'x', sizeof input);
    struct dgl_job_new job = new_job(f, f->org.s, f->template.s);
    job.input = input;
    job.input_len = sizeof input;
    memcpy(id, job.id, 40);
    return dgl_store_job_accept(f->store, &job, &accepted, &f->err);
}

static void test_write_errors_are_503_and_pass(void **state)
{
    struct fixture *f = *state;
    struct dgl_document_row d;
    char before[40], refused[40], after[40];
    signal(SIGXFSZ, SIG_IGN);
    assert_ok(f, accept_large(f, before));
    set_file_limit(300000);
    assert_fails(f, DGL_E_UNAVAILABLE, accept_large(f, refused));
    assert_true(f->err.message[0]);
    assert_fails(f, DGL_E_UNAVAILABLE, dgl_store_health(f->store, &f->err));
    assert_ok(f, dgl_store_document_get(f->store, f->arena, f->org.s, before, &d, &f->err)); // reading goes on
    set_file_limit(RLIM_INFINITY);
    assert_ok(f, accept_large(f, after)); // by itself
    assert_ok(f, dgl_store_health(f->store, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_get(f->store, f->arena, f->org.s, refused, &d, &f->err));
    fixture_reopen(f);
    assert_ok(f, dgl_store_document_get(f->store, f->arena, f->org.s, after, &d, &f->err));
    assert_fails(f, DGL_E_NOT_FOUND, dgl_store_document_get(f->store, f->arena, f->org.s, refused, &d, &f->err));
}

// On a file system of 2 MiB in a mount namespace of its own; false when this machine does not allow one.
static bool mount_small_disk(const char *directory)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", directory, "tmpfs", 0, "size=2m") == 0;
}

static int fill_small_disk(struct fixture *f)
{
    struct dgl_document_row d;
    char first[40], id[40], ballast[128];
    enum dgl_status status = DGL_OK;
    f->clock = dgl_clock_system();
    f->arena = dgl_arena_new(0);
    if (!mount_small_disk(f->directory))
        return 77;
    snprintf(ballast, sizeof ballast, "%s/ballast", f->directory);
    FILE *file = fopen(ballast, "w");
    for (int i = 0; file && i < 100; i++)
        fprintf(file, "%10000d", i);
    if (!file || fclose(file) != 0)
        return 1;
    if (dgl_store_open(f->url, f->clock, &f->store, &f->err) != DGL_OK)
        return 2;
    f->org = make_org(f, "Acme");
    f->template = make_template(f, f->org.s, "Invoice");
    if (accept_large(f, first) != DGL_OK)
        return 3;
    for (int i = 0; i < 20 && status == DGL_OK; i++)
        status = accept_large(f, id);
    if (status != DGL_E_UNAVAILABLE || strcmp(dgl_error_slug(&f->err), "disk_full") != 0)
        return 4;
    if (unlink(ballast) != 0 || accept_large(f, id) != DGL_OK)
        return 5;
    dgl_store_close(f->store);
    if (dgl_store_open(f->url, f->clock, &f->store, &f->err) != DGL_OK ||
        dgl_store_document_get(f->store, f->arena, f->org.s, first, &d, &f->err) != DGL_OK ||
        dgl_store_document_get(f->store, f->arena, f->org.s, id, &d, &f->err) != DGL_OK)
        return 6;
    dgl_store_close(f->store);
    dgl_arena_free(f->arena);
    return 0;
}

static void test_full_disk_is_503_and_passes(void **state)
{
    (void)state;
    struct fixture f = {0};
    int status;
    fixture_make_directory(&f);
    pid_t child = fork();
    if (child == 0) {
        int code = fill_small_disk(&f);
        if (code != 0 && code != 77)
            fprintf(stderr, "small disk: step %d: %s\n", code, f.err.message);
        _exit(code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    // Without the right to mount, test_write_errors_are_503_and_pass has covered all but the words.
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
    fixture_remove_directory(&f);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_accepted_survives_kill),
        cmocka_unit_test(test_full_disk_is_503_and_passes),
        CASE(test_64_threads),
        CASE(test_a_failing_request_leaves_its_group_alone),
        CASE(test_full_queue_is_refused_and_close_commits_the_rest),
        CASE(test_write_errors_are_503_and_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
