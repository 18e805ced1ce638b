// A worker that does as it is told, and helpers to run jobs. The orders stand in rig.h.
#include "rig.h"

#include "base/zip.h"
#include "server/engine/sandbox.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 120

// ---- in the worker

static struct dgl_message_buffer buffer;

static void say(int socket, enum dgl_message_type type, uint64_t job, const void *data, size_t len, const int *fds,
                unsigned count)
{
    struct dgl_error err;
    struct iovec part = {.iov_base = (void *)data, .iov_len = len};
    if (dgl_message_send(socket, type, job, &part, 1, fds, count, true, &err) != DGL_OK)
        _exit(9);
}

static void answer_docx(int socket, uint64_t job, bool declined, const void *data, size_t len)
{
    struct dgl_error err;
    struct iovec part = {.iov_base = (void *)data, .iov_len = len};
    int fd;
    if (dgl_sealed_new("out", &part, 1, &fd, &err) != DGL_OK)
        _exit(8);
    struct dgl_wire_result head = {.outputs = DGL_WIRE_DOCX, .declined = declined, .fill_us = 7};
    say(socket, DGL_MESSAGE_RESULT, job, &head, sizeof(head), &fd, 1);
    close(fd);
}

static void answer_bytes(int socket, uint64_t job, const void *data, size_t len)
{
    answer_docx(socket, job, false, data, len);
}

static void answer_template(int socket, uint64_t job, bool declined, int fd)
{
    static char bytes[1 << 20];
    ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
    answer_docx(socket, job, declined, bytes, n > 0 ? (size_t)n : 0);
}

static void answer_error(int socket, uint64_t job)
{
    struct {
        struct dgl_wire_result head;
        struct dgl_wire_error error;
    } whole = {.head = {.status = DGL_E_INVALID, .error_len = sizeof(struct dgl_wire_error)},
               .error = {.code = DGL_E_INVALID,
                         .paragraph = 3,
                         .slug = "undefined_access",
                         .message = "bad \x01 message",
                         .part = "body",
                         .tag = "{{ \xff }}"}};
    say(socket, DGL_MESSAGE_RESULT, job, &whole, sizeof(whole.head) + sizeof(whole.error), NULL, 0);
}

static void grow_for_ever(void)
{
    for (;;) {
        size_t size = 8 << 20;
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p != MAP_FAILED)
            memset(p, 1, size);
    }
}

static void answer_fetch(int socket, uint64_t job, const char *url, size_t len)
{
    say(socket, DGL_MESSAGE_FETCH, job, url, len, NULL, 0);
    for (;;) {
        struct dgl_message m = {0};
        struct dgl_error err;
        if (dgl_message_receive(socket, &buffer, DGL_ENGINE_MAX_FETCH_BYTES + 100, true, &m, &err) !=
            DGL_RECEIVED_MESSAGE)
            _exit(0);
        if (m.type == DGL_MESSAGE_JOB) {
            say(socket, DGL_MESSAGE_RETURNED, m.job, NULL, 0, NULL, 0);
        } else if (m.type == DGL_MESSAGE_FETCHED) {
            struct dgl_wire_fetched head;
            memcpy(&head, m.payload, sizeof(head));
            if (head.status == DGL_OK)
                answer_bytes(socket, job, m.payload + sizeof(head), m.payload_len - sizeof(head));
            else
                answer_error(socket, job);
            dgl_message_fini(&m);
            return;
        }
        dgl_message_fini(&m);
    }
}

// Each line: what was tried, "refused" or "possible".
static void answer_probe(int socket, uint64_t job)
{
    char text[1000];
    int n = 0;
    const struct {
        const char *what;
        bool possible;
    } tries[] = {
        {"inet", syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) >= 0},
        {"inet6", syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0) >= 0},
        {"unix", syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) >= 0},
        {"netlink", syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0) >= 0},
        {"open", syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0) >= 0},
        {"open-old", syscall(SYS_open, "/etc/passwd", O_RDONLY, 0) >= 0},
        {"openat2", syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0) >= 0 || errno != EPERM},
        {"unlink", syscall(SYS_unlink, "/tmp/docgenlab-nothing") == 0 || errno != EPERM},
        {"fork", syscall(SYS_fork) >= 0},
        {"clone", syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) >= 0},
        {"clone3", syscall(SYS_clone3, NULL, 0) >= 0 || errno != EPERM},
        {"kill-parent", kill(getppid(), 0) == 0},
        {"executable", mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED},
    };
    for (size_t i = 0; i < DGL_COUNT(tries); i++)
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%s %s\n", tries[i].what,
                      tries[i].possible ? "possible" : "refused");
    answer_bytes(socket, job, text, (size_t)n);
}

static void send_raw(int socket, const void *data, size_t len, const int *fds, unsigned count)
{
    char control[CMSG_SPACE(8 * sizeof(int))] = {0};
    struct iovec part = {.iov_base = (void *)data, .iov_len = len};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    if (count) {
        msg.msg_control = control;
        msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    }
    if (sendmsg(socket, &msg, MSG_NOSIGNAL) < 0)
        _exit(7);
}

static void misbehave(int socket, uint64_t job, const char *how)
{
    int open_fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (ftruncate(open_fd, 100) != 0)
        _exit(6);
    struct dgl_wire_result head = {.outputs = DGL_WIRE_DOCX};
    if (strcmp(how, "bad-magic") == 0) {
        send_raw(socket, "nonsense nonsense nonsense nonsense", 35, NULL, 0);
    } else if (strcmp(how, "bad-short") == 0) {
        send_raw(socket, "x", 1, NULL, 0);
    } else if (strcmp(how, "bad-fds") == 0) {
        const int many[8] = {open_fd, open_fd, open_fd, open_fd, open_fd, open_fd, open_fd, open_fd};
        send_raw(socket, "x", 1, many, 8);
    } else if (strcmp(how, "bad-unsealed") == 0) {
        say(socket, DGL_MESSAGE_RESULT, job, &head, sizeof(head), &open_fd, 1);
    } else if (strcmp(how, "bad-socket") == 0) {
        say(socket, DGL_MESSAGE_RESULT, job, &head, sizeof(head), &socket, 1);
    } else if (strcmp(how, "bad-missing") == 0) {
        say(socket, DGL_MESSAGE_RESULT, job, &head, sizeof(head), NULL, 0);
    } else if (strcmp(how, "bad-job") == 0) {
        answer_bytes(socket, job + 1, "x", 1);
    } else if (strcmp(how, "bad-lengths") == 0) {
        head = (struct dgl_wire_result){.tokens_len = 0xffffffffu, .problems_len = 1};
        say(socket, DGL_MESSAGE_RESULT, job, &head, sizeof(head), NULL, 0);
    } else if (strcmp(how, "bad-status") == 0) {
        head = (struct dgl_wire_result){.status = 9999};
        say(socket, DGL_MESSAGE_RESULT, job, &head, sizeof(head), NULL, 0);
    } else if (strcmp(how, "bad-pages") == 0) {
        head = (struct dgl_wire_result){.pages = -5};
        say(socket, DGL_MESSAGE_RESULT, job, &head, sizeof(head), NULL, 0);
    } else if (strcmp(how, "bad-ready") == 0) {
        say(socket, DGL_MESSAGE_READY, 0, NULL, 0, NULL, 0);
    } else if (strcmp(how, "bad-returned") == 0) {
        say(socket, DGL_MESSAGE_RETURNED, 12345, NULL, 0, NULL, 0);
    } else if (strcmp(how, "bad-url") == 0) {
        say(socket, DGL_MESSAGE_FETCH, job, "http://a b\n", 11, NULL, 0);
    } else if (strcmp(how, "bad-fetches") == 0) {
        say(socket, DGL_MESSAGE_FETCH, job, "https://a/", 10, NULL, 0);
        say(socket, DGL_MESSAGE_FETCH, job, "https://a/", 10, NULL, 0);
    } else if (strcmp(how, "bad-payload-fd") == 0) {
        struct dgl_message_head wire = {
            .magic = 0x44474c31u, .type = DGL_MESSAGE_RESULT, .job = job, .payload_len = 100, .payload_in_fd = 1};
        send_raw(socket, &wire, sizeof(wire), &open_fd, 1);
    } else if (strcmp(how, "bad-end") == 0) {
        close(socket);
    }
    close(open_fd);
    poll(NULL, 0, -1); // whatever comes of it, we do not go by ourselves
}

static void obey(int socket, const struct dgl_message *m)
{
    struct dgl_wire_job job;
    char order[256];
    if (m->payload_len < sizeof(job))
        _exit(5);
    memcpy(&job, m->payload, sizeof(job));
    size_t len = DGL_MIN(m->payload_len - sizeof(job), sizeof(order) - 1);
    memcpy(order, m->payload + sizeof(job), len);
    order[len] = '\0';
    if (strcmp(order, "crash") == 0) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    } else if (strcmp(order, "exit") == 0) {
        _exit(3);
    } else if (strcmp(order, "hang") == 0) {
        poll(NULL, 0, -1);
    } else if (strcmp(order, "grow") == 0) {
        grow_for_ever();
    } else if (strcmp(order, "trap") == 0) {
        syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
    } else if (strcmp(order, "fail") == 0) {
        answer_error(socket, m->job);
    } else if (strcmp(order, "probe") == 0) {
        answer_probe(socket, m->job);
    } else if (strncmp(order, "fetch ", 6) == 0) {
        answer_fetch(socket, m->job, order + 6, len - 6);
    } else if (strncmp(order, "bad-", 4) == 0) {
        misbehave(socket, m->job, order);
    } else if (strcmp(order, "pid") == 0) {
        int n = snprintf(order, sizeof(order), "%d", (int)getpid());
        answer_bytes(socket, m->job, order, (size_t)n);
    } else {
        answer_template(socket, m->job, strcmp(order, "decline") == 0, m->fds[0]);
    }
}

int rig_run(int socket, const struct dgl_worker_config *config)
{
    (void)config;
    struct dgl_error err = DGL_ERROR_INIT;
    if (dgl_sandbox_enter_native(&err) != DGL_OK)
        return 4;
    say(socket, DGL_MESSAGE_READY, 0, NULL, 0, NULL, 0);
    for (;;) {
        struct dgl_message m = {0};
        if (dgl_message_receive(socket, &buffer, DGL_ENGINE_MAX_INPUT_BYTES + 1000, true, &m, &err) !=
            DGL_RECEIVED_MESSAGE)
            return 0;
        if (m.type == DGL_MESSAGE_JOB)
            obey(socket, &m);
        dgl_message_fini(&m);
    }
}

int rig_run_broken(int socket, const struct dgl_worker_config *config)
{
    (void)config;
    struct dgl_wire_error wire = {.code = DGL_E_UNAVAILABLE, .message = "a part is missing"};
    say(socket, DGL_MESSAGE_BROKEN, 0, &wire, sizeof(wire), NULL, 0);
    return 1;
}

const struct dgl_worker_kind rig_kinds[DGL_ENGINE_KIND_COUNT] = {
    [DGL_ENGINE_NATIVE] = {.name = "rig", .run = rig_run},
    [DGL_ENGINE_OFFICE] = {.name = "dgl-office", .run = dgl_office_run},
};

// ---- in the test

struct rig_latch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned left;
};

struct rig_latch *rig_latch_new(unsigned count)
{
    struct rig_latch *l = DGL_NEW(struct rig_latch);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->changed, NULL);
    l->left = count;
    return l;
}

void rig_latch_down(struct rig_latch *l)
{
    pthread_mutex_lock(&l->lock);
    l->left--;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

void rig_latch_wait(struct rig_latch *l)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&l->lock);
    while (l->left > 0)
        if (pthread_cond_timedwait(&l->changed, &l->lock, &until) == ETIMEDOUT)
            abort();
    pthread_mutex_unlock(&l->lock);
}

void rig_latch_free(struct rig_latch *l)
{
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

struct waiting {
    struct rig_latch *latch;
    struct rig_answer *answer;
};

static char *read_fd(int fd, size_t *ret_len)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return NULL;
    char *data = dgl_alloc((size_t)st.st_size + 1);
    *ret_len = (size_t)pread(fd, data, (size_t)st.st_size, 0);
    return data;
}

static void on_done(void *arg, struct dgl_engine_result *r)
{
    struct waiting *w = arg;
    *w->answer = (struct rig_answer){.status = r->status,
                                     .error = r->error,
                                     .worker_lost = r->worker_lost,
                                     .pages = r->pages,
                                     .tokens = dgl_strdup(r->tokens_json),
                                     .problems = dgl_strdup(r->problems_json),
                                     .warnings = dgl_strdup(r->warnings_json),
                                     .findings = dgl_strdup(r->findings_json)};
    w->answer->docx = read_fd(r->docx_fd, &w->answer->docx_len);
    w->answer->pdf = read_fd(r->pdf_fd, &w->answer->pdf_len);
    snprintf(w->answer->engine, sizeof(w->answer->engine), "%s", r->engine ? r->engine : "");
    rig_latch_down(w->latch);
}

static struct dgl_engine *engine;

struct dgl_engine *rig_engine(struct dgl_supervisor *s, const struct dgl_engine_options *options)
{
    struct dgl_error err = DGL_ERROR_INIT;
    rig_engine_end();
    if (dgl_engine_new(s, options, &engine, &err) != DGL_OK)
        fail_msg("%s", err.message);
    return engine;
}

void rig_engine_end(void)
{
    dgl_engine_free(DGL_STEAL(engine));
}

void rig_job(struct dgl_engine *e, const struct dgl_engine_job *job, struct rig_answer *ret)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct waiting w = {.latch = rig_latch_new(1), .answer = ret};
    *ret = (struct rig_answer){0};
    if (dgl_engine_submit(e, job, on_done, &w, &err) == DGL_OK)
        rig_latch_wait(w.latch);
    else
        *ret = (struct rig_answer){.status = err.code, .error = err};
    rig_latch_free(w.latch);
}

void rig_order(struct dgl_engine *e, const char *order, int64_t timeout_ms, struct rig_answer *ret)
{
    int fd = rig_memfd("bytes", 5);
    const struct dgl_engine_job job = {.op = DGL_ENGINE_RENDER,
                                       .template_fd = fd,
                                       .input = order,
                                       .input_len = strlen(order),
                                       .want_docx = true,
                                       .timeout_ms = timeout_ms};
    rig_job(e, &job, ret);
    close(fd);
}

void rig_answer_fini(struct rig_answer *a)
{
    free(a->docx);
    free(a->pdf);
    free(a->tokens);
    free(a->problems);
    free(a->warnings);
    free(a->findings);
    *a = (struct rig_answer){0};
}

int rig_memfd(const void *data, size_t len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    return fd;
}

int rig_docx(const char *body_xml)
{
    static const char types[] =
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" "
        "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override "
        "PartName=\"/word/document.xml\" "
        "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
    static const char rels[] =
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" "
        "Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" "
        "Target=\"word/document.xml\"/></Relationships>";
    struct dgl_error err;
    DGL_AUTO_FINI(buf) body = DGL_BUF_INIT(4 << 20);
    dgl_buf_printf(&body,
                   "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" "
                   "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">"
                   "<w:body>%s</w:body></w:document>",
                   body_xml);
    DGL_AUTO_FINI(buf) docx = DGL_BUF_INIT(4 << 20);
    DGL_AUTO(zip_writer) zip = dgl_zip_writer_new(&docx, 1);
    assert_int_equal(dgl_zip_writer_add(zip, "[Content_Types].xml", types, sizeof(types) - 1, &err), DGL_OK);
    assert_int_equal(dgl_zip_writer_add(zip, "_rels/.rels", rels, sizeof(rels) - 1, &err), DGL_OK);
    assert_int_equal(dgl_zip_writer_add(zip, "word/document.xml", body.data, body.len, &err), DGL_OK);
    assert_int_equal(dgl_zip_writer_finish(zip, &err), DGL_OK);
    return rig_memfd(docx.data, docx.len);
}

unsigned rig_count_fds(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}
