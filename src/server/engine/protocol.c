// Sending and receiving of one message, sealed memfds, and the distrustful reading of what workers send.
#include "server/engine/protocol.h"

#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x44474c31u // "DGL1"
#define MAX_PARTS 6u
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

union control {
    char bytes[CMSG_SPACE(sizeof(int) * DGL_MESSAGE_MAX_FDS)];
    struct cmsghdr align;
};

// ---- sealed memfds

static enum dgl_status write_parts(int fd, const struct iovec *parts, unsigned count, struct dgl_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        const char *data = parts[i].iov_base;
        for (size_t left = parts[i].iov_len; left > 0;) {
            ssize_t n = write(fd, data, left);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                return DGL_FAIL_ERRNO(err, n < 0 ? errno : ENOSPC, "cannot write %zu bytes to memory", left);
            data += n;
            left -= (size_t)n;
        }
    }
    return DGL_OK;
}

enum dgl_status dgl_sealed_new(const char *name, const struct iovec *parts, unsigned part_count, int *ret_fd,
                               struct dgl_error *err)
{
    DGL_AUTO_FD fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot make a memory file");
    DGL_TRY(write_parts(fd, parts, part_count, err));
    if (fcntl(fd, F_ADD_SEALS, SEALS) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot seal a memory file");
    *ret_fd = DGL_STEAL_FD(fd);
    return DGL_OK;
}

enum dgl_status dgl_sealed_check(int fd, size_t max_bytes, size_t *ret_size, struct dgl_error *err)
{
    int seals = fcntl(fd, F_GET_SEALS); // EINVAL for whatever is no memfd
    struct stat st;
    if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return DGL_FAIL(err, DGL_E_MALFORMED, "a descriptor that is no sealed memory file");
    if (st.st_size <= 0 || (uint64_t)st.st_size > max_bytes)
        return DGL_FAIL(err, DGL_E_MALFORMED, "a memory file of %lld bytes where 1 to %zu are possible",
                        (long long)st.st_size, max_bytes);
    *ret_size = (size_t)st.st_size;
    return DGL_OK;
}

// ---- sending

static enum dgl_status send_packet(int socket, const struct iovec *parts, unsigned part_count, const int *fds,
                                   unsigned fd_count, bool wait, struct dgl_error *err)
{
    union control control = {0};
    struct msghdr msg = {.msg_iov = (struct iovec *)parts, .msg_iovlen = part_count};
    if (fd_count) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
    }
    ssize_t n;
    do
        n = sendmsg(socket, &msg, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return DGL_OK;
    if (errno == EAGAIN)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "the other side of the socket does not read");
    return DGL_FAIL_ERRNO(err, errno, "cannot send to the other process");
}

enum dgl_status dgl_message_send(int socket, enum dgl_message_type type, uint64_t job, const struct iovec *parts,
                                 unsigned part_count, const int *fds, unsigned fd_count, bool wait,
                                 struct dgl_error *err)
{
    struct dgl_message_head head = {.magic = MAGIC, .type = type, .job = job};
    struct iovec all[MAX_PARTS + 1] = {{.iov_base = &head, .iov_len = sizeof(head)}};
    size_t total = 0;
    if (part_count > MAX_PARTS || fd_count + 1 > DGL_MESSAGE_MAX_FDS)
        return DGL_FAIL(err, DGL_E_INTERNAL, "a message of %u parts and %u descriptors", part_count, fd_count);
    for (unsigned i = 0; i < part_count; i++) {
        all[i + 1] = parts[i];
        total += parts[i].iov_len;
    }
    if (total > UINT32_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "a message of %zu bytes", total);
    head.payload_len = (uint32_t)total;
    if (total <= DGL_MESSAGE_INLINE_BYTES)
        return send_packet(socket, all, part_count + 1, fds, fd_count, wait, err);
    DGL_AUTO_FD large = -1;
    DGL_TRY(dgl_sealed_new("dgl-message", parts, part_count, &large, err));
    int with_payload[DGL_MESSAGE_MAX_FDS];
    if (fd_count)
        memcpy(with_payload, fds, sizeof(int) * fd_count);
    with_payload[fd_count] = large;
    head.payload_in_fd = 1;
    return send_packet(socket, all, 1, with_payload, fd_count + 1, wait, err);
}

// ---- receiving

void dgl_message_fini(struct dgl_message *m)
{
    for (unsigned i = 0; i < m->fd_count; i++)
        if (m->fds[i] >= 0)
            close(m->fds[i]);
    m->fd_count = 0;
    free(m->large);
    m->large = NULL;
    m->payload = NULL;
    m->payload_len = 0;
}

static void collect_fds(struct msghdr *msg, struct dgl_message *ret)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (ret->fd_count < DGL_MESSAGE_MAX_FDS)
                ret->fds[ret->fd_count++] = fd;
            else
                close(fd);
        }
    }
}

// The payload came as the last descriptor: reads it into memory of its own.
static enum dgl_status read_large(struct dgl_message *m, size_t len, size_t max, struct dgl_error *err)
{
    size_t size = 0;
    if (m->fd_count == 0)
        return DGL_FAIL(err, DGL_E_MALFORMED, "a message without the descriptor that it announces");
    DGL_AUTO_FD fd = m->fds[--m->fd_count];
    DGL_TRY(dgl_sealed_check(fd, max, &size, err));
    if (size != len)
        return DGL_FAIL(err, DGL_E_MALFORMED, "a message announces %zu bytes and brings %zu", len, size);
    DGL_AUTO_PTR char *data = malloc(size + 1);
    if (!data)
        dgl_memory_refused(size);
    if (!data)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "no memory for a message of %zu bytes", size);
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, data + done, size - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return DGL_FAIL_ERRNO(err, n < 0 ? errno : EIO, "cannot read a memory file");
        done += (size_t)n;
    }
    data[size] = '\0';
    m->payload = m->large = DGL_STEAL(data);
    m->payload_len = size;
    return DGL_OK;
}

static enum dgl_status take_apart(const struct dgl_message_buffer *buffer, size_t received, int flags,
                                  size_t max_payload, struct dgl_message *m, struct dgl_error *err)
{
    struct dgl_message_head head;
    if ((flags & (MSG_TRUNC | MSG_CTRUNC)) || received < sizeof(head))
        return DGL_FAIL(err, DGL_E_MALFORMED, "a message of the wrong size");
    memcpy(&head, buffer->bytes, sizeof(head));
    if (head.magic != MAGIC || head.type == 0 || head.type >= DGL_MESSAGE_TYPE_END || head.payload_in_fd > 1)
        return DGL_FAIL(err, DGL_E_MALFORMED, "a message of an unknown kind");
    m->type = (enum dgl_message_type)head.type;
    m->job = head.job;
    if (head.payload_in_fd) {
        if (received != sizeof(head))
            return DGL_FAIL(err, DGL_E_MALFORMED, "a message with two payloads");
        return read_large(m, head.payload_len, max_payload, err);
    }
    if (head.payload_len != received - sizeof(head) || head.payload_len > max_payload)
        return DGL_FAIL(err, DGL_E_MALFORMED, "a message announces %u bytes and brings %zu", head.payload_len,
                        received - sizeof(head));
    m->payload = buffer->bytes + sizeof(head);
    m->payload_len = head.payload_len;
    return DGL_OK;
}

enum dgl_received dgl_message_receive(int socket, struct dgl_message_buffer *buffer, size_t max_payload, bool wait,
                                      struct dgl_message *ret, struct dgl_error *err)
{
    union control control;
    struct iovec part = {.iov_base = buffer->bytes, .iov_len = sizeof(buffer->bytes)};
    struct msghdr msg = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    ssize_t n;
    do
        n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (n < 0 && (errno == EINTR || errno == ECONNRESET)); // reset is told once, before what still lies there
    if (n < 0 && errno == EAGAIN)
        return DGL_RECEIVED_NOTHING;
    if (n <= 0)
        return DGL_RECEIVED_END;
    struct dgl_message m = {0};
    collect_fds(&msg, &m);
    if (take_apart(buffer, (size_t)n, msg.msg_flags, max_payload, &m, err) != DGL_OK) {
        dgl_message_fini(&m);
        return DGL_RECEIVED_BAD;
    }
    *ret = m;
    return DGL_RECEIVED_MESSAGE;
}

// ---- payloads

void dgl_wire_error_pack(const struct dgl_error *err, struct dgl_wire_error *ret)
{
    *ret = (struct dgl_wire_error){.code = err->code, .paragraph = err->place.paragraph, .line = err->place.line};
    dgl_str_copy(ret->slug, sizeof(ret->slug), err->slug, strnlen(err->slug, sizeof(err->slug)));
    dgl_str_copy(ret->field, sizeof(ret->field), err->field, strnlen(err->field, sizeof(err->field)));
    dgl_str_copy(ret->message, sizeof(ret->message), err->message, strnlen(err->message, sizeof(err->message)));
    dgl_str_copy(ret->part, sizeof(ret->part), err->place.part, strnlen(err->place.part, sizeof(err->place.part)));
    dgl_str_copy(ret->excerpt, sizeof(ret->excerpt), err->place.excerpt,
                 strnlen(err->place.excerpt, sizeof(err->place.excerpt)));
    dgl_str_copy(ret->tag, sizeof(ret->tag), err->place.tag, strnlen(err->place.tag, sizeof(err->place.tag)));
}

static void unpack_text(char *dst, size_t dst_size, const char *src, size_t src_size)
{
    size_t len = strnlen(src, src_size);
    bool utf8 = dgl_utf8_valid(src, len);
    dgl_str_copy(dst, dst_size, src, utf8 ? len : 0);
    if (!utf8) {
        size_t n = DGL_MIN(len, dst_size - 1);
        for (size_t i = 0; i < n; i++)
            dst[i] = (unsigned char)src[i] < 0x80 ? src[i] : '?';
        dst[n] = '\0';
    }
    for (char *p = dst; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}

void dgl_wire_error_unpack(const struct dgl_wire_error *wire, struct dgl_error *ret)
{
    *ret = DGL_ERROR_INIT;
    ret->code = wire->code > DGL_OK && wire->code < DGL_STATUS_COUNT ? (enum dgl_status)wire->code : DGL_E_INTERNAL;
    ret->file = __FILE__;
    ret->line = __LINE__;
    ret->place.paragraph = wire->paragraph;
    ret->place.line = wire->line;
    unpack_text(ret->slug, sizeof(ret->slug), wire->slug, sizeof(wire->slug));
    unpack_text(ret->field, sizeof(ret->field), wire->field, sizeof(wire->field));
    unpack_text(ret->message, sizeof(ret->message), wire->message, sizeof(wire->message));
    unpack_text(ret->place.part, sizeof(ret->place.part), wire->part, sizeof(wire->part));
    unpack_text(ret->place.excerpt, sizeof(ret->place.excerpt), wire->excerpt, sizeof(wire->excerpt));
    unpack_text(ret->place.tag, sizeof(ret->place.tag), wire->tag, sizeof(wire->tag));
}

static enum dgl_status check_numbers(const struct dgl_wire_result *r, struct dgl_error *err)
{
    const int64_t day_us = INT64_C(86400000000);
    if (r->status >= DGL_STATUS_COUNT || r->outputs > (DGL_WIRE_DOCX | DGL_WIRE_PDF | DGL_WIRE_OFFICE) ||
        r->declined > 1 || r->pages < 0 || r->pages > 10000000 || r->fill_us < 0 || r->fill_us > day_us ||
        r->layout_us < 0 || r->layout_us > day_us)
        return DGL_FAIL(err, DGL_E_MALFORMED, "a result with impossible numbers");
    if (r->error_len != (r->status == DGL_OK ? 0 : sizeof(struct dgl_wire_error)))
        return DGL_FAIL(err, DGL_E_MALFORMED, "a result whose error does not fit its status");
    return DGL_OK;
}

static enum dgl_status read_outputs(struct dgl_message *m, struct dgl_wire_answer *a, struct dgl_error *err)
{
    int **const places[] = {&a->docx_fd, &a->pdf_fd, &a->office_fd};
    if (m->fd_count != (unsigned)__builtin_popcount(a->head.outputs) || (m->fd_count && a->head.status != DGL_OK))
        return DGL_FAIL(err, DGL_E_MALFORMED, "a result with %u descriptors", m->fd_count);
    for (unsigned i = 0; i < m->fd_count; i++) {
        size_t size;
        DGL_TRY(dgl_sealed_check(m->fds[i], DGL_ENGINE_MAX_OUTPUT_BYTES, &size, err));
    }
    int *next = m->fds;
    for (unsigned bit = 0; bit < DGL_COUNT(places); bit++)
        *places[bit] = a->head.outputs >> bit & 1u ? next++ : NULL;
    return DGL_OK;
}

enum dgl_status dgl_wire_result_read(struct dgl_message *m, struct dgl_wire_answer *ret, struct dgl_error *err)
{
    struct dgl_wire_answer a = {.head.status = DGL_OK};
    if (m->payload_len < sizeof(a.head))
        return DGL_FAIL(err, DGL_E_MALFORMED, "a result of %zu bytes", m->payload_len);
    memcpy(&a.head, m->payload, sizeof(a.head));
    DGL_TRY(check_numbers(&a.head, err));
    const char *p = m->payload + sizeof(a.head);
    uint64_t texts = (uint64_t)a.head.error_len + a.head.tokens_len + a.head.problems_len +
                     (uint64_t)a.head.warnings_len + a.head.findings_len;
    if (texts != m->payload_len - sizeof(a.head))
        return DGL_FAIL(err, DGL_E_MALFORMED, "a result whose texts do not fill it");
    if (a.head.error_len) {
        struct dgl_wire_error wire;
        memcpy(&wire, p, sizeof(wire));
        dgl_wire_error_unpack(&wire, &a.error);
        a.head.status = a.error.code;
    }
    a.tokens = p + a.head.error_len;
    a.problems = a.tokens + a.head.tokens_len;
    a.warnings = a.problems + a.head.problems_len;
    a.findings = a.warnings + a.head.warnings_len;
    DGL_TRY(read_outputs(m, &a, err));
    *ret = a;
    return DGL_OK;
}
