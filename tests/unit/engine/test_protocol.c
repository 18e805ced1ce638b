// Messages there and back, and everything that must be refused on the way in.
#include "rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct dgl_message_buffer buffer;

static void pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_pair(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static enum dgl_received receive(int socket, struct dgl_message *m)
{
    struct dgl_error err;
    return dgl_message_receive(socket, &buffer, 1 << 20, false, m, &err);
}

static void test_small_message_with_descriptor(void **state)
{
    (void)state;
    int ends[2], fd = rig_memfd("abc", 3);
    pair(ends);
    struct dgl_error err;
    struct iovec parts[2] = {{"he", 2}, {"llo", 3}};
    assert_int_equal(dgl_message_send(ends[0], DGL_MESSAGE_JOB, 42, parts, 2, &fd, 1, true, &err), DGL_OK);
    struct dgl_message m = {0};
    assert_int_equal(receive(ends[1], &m), DGL_RECEIVED_MESSAGE);
    assert_int_equal(m.type, DGL_MESSAGE_JOB);
    assert_int_equal(m.job, 42);
    assert_int_equal(m.payload_len, 5);
    assert_memory_equal(m.payload, "hello", 5);
    assert_int_equal(m.fd_count, 1);
    assert_int_equal(fcntl(m.fds[0], F_GETFD), FD_CLOEXEC);
    dgl_message_fini(&m);
    assert_int_equal(receive(ends[1], &m), DGL_RECEIVED_NOTHING);
    close(fd);
    close_pair(ends);
}

static void test_large_message_travels_as_memfd(void **state)
{
    (void)state;
    int ends[2];
    size_t len = DGL_MESSAGE_INLINE_BYTES + 1;
    char *data = dgl_alloc(len);
    memset(data, 'z', len);
    pair(ends);
    unsigned before = rig_count_fds();
    struct dgl_error err;
    struct iovec part = {data, len};
    assert_int_equal(dgl_message_send(ends[0], DGL_MESSAGE_JOB, 1, &part, 1, NULL, 0, true, &err), DGL_OK);
    struct dgl_message m = {0};
    assert_int_equal(receive(ends[1], &m), DGL_RECEIVED_MESSAGE);
    assert_int_equal(m.payload_len, len);
    assert_memory_equal(m.payload, data, len);
    assert_int_equal(m.fd_count, 0);
    dgl_message_fini(&m);
    // One byte more than the receiver takes.
    assert_int_equal(dgl_message_send(ends[0], DGL_MESSAGE_JOB, 1, &part, 1, NULL, 0, true, &err), DGL_OK);
    assert_int_equal(dgl_message_receive(ends[1], &buffer, len - 1, false, &m, &err), DGL_RECEIVED_BAD);
    assert_int_equal(rig_count_fds(), before);
    free(data);
    close_pair(ends);
}

static void test_end_comes_after_what_was_said(void **state)
{
    (void)state;
    int ends[2];
    pair(ends);
    struct dgl_error err;
    assert_int_equal(dgl_message_send(ends[0], DGL_MESSAGE_JOB, 1, NULL, 0, NULL, 0, true, &err), DGL_OK);
    assert_int_equal(dgl_message_send(ends[1], DGL_MESSAGE_READY, 0, NULL, 0, NULL, 0, true, &err), DGL_OK);
    close(ends[1]); // with an unread message: the kernel tells a reset before it gives what lies there
    struct dgl_message m = {0};
    assert_int_equal(receive(ends[0], &m), DGL_RECEIVED_MESSAGE);
    assert_int_equal(m.type, DGL_MESSAGE_READY);
    dgl_message_fini(&m);
    assert_int_equal(receive(ends[0], &m), DGL_RECEIVED_END);
    assert_int_equal(dgl_message_send(ends[0], DGL_MESSAGE_JOB, 1, NULL, 0, NULL, 0, true, &err), DGL_E_IO);
    close(ends[0]);
}

static void test_full_socket_does_not_block(void **state)
{
    (void)state;
    int ends[2];
    pair(ends);
    struct dgl_error err;
    enum dgl_status status = DGL_OK;
    for (unsigned i = 0; i < 1000000 && status == DGL_OK; i++)
        status = dgl_message_send(ends[0], DGL_MESSAGE_JOB, 1, NULL, 0, NULL, 0, false, &err);
    assert_int_equal(status, DGL_E_UNAVAILABLE);
    close_pair(ends);
}

static void refuse_head(const struct dgl_message_head *head, size_t len)
{
    int ends[2];
    char bytes[sizeof(*head) + 8] = {0};
    struct dgl_message m = {0};
    memcpy(bytes, head, sizeof(*head));
    pair(ends);
    assert_int_equal(send(ends[0], bytes, len, 0), (ssize_t)len);
    assert_int_equal(receive(ends[1], &m), DGL_RECEIVED_BAD);
    close_pair(ends);
}

static void test_broken_heads_are_refused(void **state)
{
    (void)state;
    const struct dgl_message_head good = {.magic = 0x44474c31u, .type = DGL_MESSAGE_READY, .payload_len = 8};
    struct dgl_message_head h = good;
    refuse_head(&h, sizeof(h) - 1);
    refuse_head(&h, sizeof(h)); // announces more than it brings
    refuse_head(&h, sizeof(h) + 7);
    h.magic++;
    refuse_head(&h, sizeof(h) + 8);
    h = good;
    h.type = 0;
    refuse_head(&h, sizeof(h) + 8);
    h.type = DGL_MESSAGE_TYPE_END;
    refuse_head(&h, sizeof(h) + 8);
    h = good;
    h.payload_in_fd = 1; // and brings none
    refuse_head(&h, sizeof(h));
    refuse_head(&h, sizeof(h) + 8);
    h.payload_in_fd = 2;
    refuse_head(&h, sizeof(h) + 8);
}

static void test_only_sealed_memfds_pass(void **state)
{
    (void)state;
    struct dgl_error err;
    size_t size = 0;
    int fd, ends[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), plain = rig_memfd("abc", 3);
    struct iovec part = {"abcdef", 6};
    assert_int_equal(dgl_sealed_new("x", &part, 1, &fd, &err), DGL_OK);
    assert_int_equal(dgl_sealed_check(fd, 6, &size, &err), DGL_OK);
    assert_int_equal(size, 6);
    assert_int_equal(dgl_sealed_check(fd, 5, &size, &err), DGL_E_MALFORMED);
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_not_equal(ftruncate(fd, 0), 0);
    assert_int_equal(dgl_sealed_check(plain, 100, &size, &err), DGL_E_MALFORMED);
    assert_int_equal(dgl_sealed_check(file, 1 << 30, &size, &err), DGL_E_MALFORMED);
    pair(ends);
    assert_int_equal(dgl_sealed_check(ends[0], 100, &size, &err), DGL_E_MALFORMED);
    assert_int_equal(dgl_sealed_check(-1, 100, &size, &err), DGL_E_MALFORMED);
    int empty = memfd_create("empty", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    fcntl(empty, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    assert_int_equal(dgl_sealed_check(empty, 100, &size, &err), DGL_E_MALFORMED);
    close_pair(ends);
    close(empty);
    close(fd);
    close(file);
    close(plain);
}

static void test_errors_survive_the_way(void **state)
{
    (void)state;
    struct dgl_error err = DGL_ERROR_INIT, back;
    struct dgl_wire_error wire;
    (void)DGL_FAIL_FIELD(&err, DGL_E_LIMIT, "too_many", "items[3]", "Grüße: %d", 7);
    snprintf(err.place.part, sizeof(err.place.part), "header 1");
    err.place.paragraph = 9;
    dgl_wire_error_pack(&err, &wire);
    dgl_wire_error_unpack(&wire, &back);
    assert_int_equal(back.code, DGL_E_LIMIT);
    assert_string_equal(back.slug, "too_many");
    assert_string_equal(back.field, "items[3]");
    assert_string_equal(back.message, "Grüße: 7");
    assert_string_equal(back.place.part, "header 1");
    assert_int_equal(back.place.paragraph, 9);
}

static void test_hostile_errors_are_tamed(void **state)
{
    (void)state;
    struct dgl_wire_error wire;
    struct dgl_error back;
    memset(&wire, 0xff, sizeof(wire)); // no terminator anywhere, no UTF-8, no such code
    dgl_wire_error_unpack(&wire, &back);
    assert_int_equal(back.code, DGL_E_INTERNAL);
    assert_int_equal(strlen(back.message), sizeof(back.message) - 1);
    assert_int_equal(back.message[0], '?');
    wire.code = DGL_OK;
    memcpy(wire.message, "a\nb\x1b[2J", 8);
    dgl_wire_error_unpack(&wire, &back);
    assert_int_equal(back.code, DGL_E_INTERNAL);
    assert_string_equal(back.message, "a b [2J");
}

static enum dgl_status read_result(const struct dgl_wire_result *head, const char *texts, size_t len,
                                   struct dgl_wire_answer *ret)
{
    char payload[5000];
    struct dgl_error err;
    memcpy(payload, head, sizeof(*head));
    memcpy(payload + sizeof(*head), texts, len);
    struct dgl_message m = {.payload = payload, .payload_len = sizeof(*head) + len};
    return dgl_wire_result_read(&m, ret, &err);
}

static void test_results_are_taken_apart(void **state)
{
    (void)state;
    struct dgl_wire_answer a;
    struct dgl_wire_result head = {.tokens_len = 2, .problems_len = 3, .warnings_len = 1, .pages = 2};
    assert_int_equal(read_result(&head, "ttpppw", 6, &a), DGL_OK);
    assert_memory_equal(a.tokens, "tt", 2);
    assert_memory_equal(a.problems, "ppp", 3);
    assert_memory_equal(a.warnings, "w", 1);
    assert_null(a.docx_fd);
    assert_null(a.pdf_fd);
    assert_int_equal(read_result(&head, "ttpppww", 7, &a), DGL_E_MALFORMED);
    assert_int_equal(read_result(&head, "ttppp", 5, &a), DGL_E_MALFORMED);
    head.tokens_len = UINT32_MAX;
    assert_int_equal(read_result(&head, "ttpppw", 6, &a), DGL_E_MALFORMED);
    head = (struct dgl_wire_result){.status = DGL_E_INVALID}; // an error without its text
    assert_int_equal(read_result(&head, "", 0, &a), DGL_E_MALFORMED);
    head = (struct dgl_wire_result){.error_len = sizeof(struct dgl_wire_error)}; // and the other way round
    assert_int_equal(read_result(&head, "", 0, &a), DGL_E_MALFORMED);
    head = (struct dgl_wire_result){.fill_us = -1};
    assert_int_equal(read_result(&head, "", 0, &a), DGL_E_MALFORMED);
    head = (struct dgl_wire_result){.layout_us = INT64_MAX};
    assert_int_equal(read_result(&head, "", 0, &a), DGL_E_MALFORMED);
    struct dgl_message tiny = {.payload = "x", .payload_len = 1};
    struct dgl_error err;
    assert_int_equal(dgl_wire_result_read(&tiny, &a, &err), DGL_E_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_message_with_descriptor), cmocka_unit_test(test_large_message_travels_as_memfd),
        cmocka_unit_test(test_end_comes_after_what_was_said), cmocka_unit_test(test_full_socket_does_not_block),
        cmocka_unit_test(test_broken_heads_are_refused),      cmocka_unit_test(test_only_sealed_memfds_pass),
        cmocka_unit_test(test_errors_survive_the_way),        cmocka_unit_test(test_hostile_errors_are_tamed),
        cmocka_unit_test(test_results_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
