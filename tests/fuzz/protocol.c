// Fuzz target: what a worker that was taken over may send. First byte: which descriptors come along; second: whether
// the rest is the packet itself ('r') or changes of a good result ('o' with outputs, 'e' with an error), three bytes
// each: two of place, one of value. Whatever is accepted is whole: lengths fit, texts end, words are UTF-8, descriptors
// are sealed.
#include "fuzz.h"

#include "server/engine/protocol.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int sealed_file(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    int fd = -1;
    return dgl_sealed_new("fuzz", &part, 1, &fd, &err) == DGL_OK ? fd : -1;
}

// Two bits a descriptor: none, sealed, unsealed memory, something else.
static unsigned make_fds(unsigned choice, const uint8_t *data, size_t size, int fds[3])
{
    unsigned count = 0;
    for (unsigned i = 0; i < 3; i++, choice >>= 2) {
        int fd = -1;
        if ((choice & 3) == 1)
            fd = sealed_file(data, size);
        else if ((choice & 3) == 2)
            fd = memfd_create("open", MFD_CLOEXEC);
        else if ((choice & 3) == 3)
            fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            fds[count++] = fd;
    }
    return count;
}

static void send_raw(int socket, const uint8_t *data, size_t size, const int *fds, unsigned count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * 3)];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    if (count) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
    }
    (void)!sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void check_text(const char *text, size_t room)
{
    fuzz_must(memchr(text, '\0', room) && dgl_utf8_valid(text, strlen(text)));
}

static void check_result(struct dgl_message *m)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_wire_answer answer;
    size_t bytes;
    if (dgl_wire_result_read(m, &answer, &err) != DGL_OK) {
        fuzz_must(err.message[0]);
        return;
    }
    const char *texts[] = {answer.tokens, answer.problems, answer.warnings, answer.findings};
    const size_t lengths[] = {answer.head.tokens_len, answer.head.problems_len, answer.head.warnings_len,
                              answer.head.findings_len};
    for (size_t i = 0; i < DGL_COUNT(texts); i++)
        fuzz_must(!lengths[i] || (texts[i] >= m->payload && texts[i] + lengths[i] <= m->payload + m->payload_len));
    if (answer.head.status != DGL_OK) {
        fuzz_must(answer.error.code != DGL_OK);
        check_text(answer.error.message, sizeof(answer.error.message));
        check_text(answer.error.field, sizeof(answer.error.field));
        check_text(answer.error.slug, sizeof(answer.error.slug));
        check_text(answer.error.place.part, sizeof(answer.error.place.part));
    }
    const int *outputs[] = {answer.docx_fd, answer.pdf_fd};
    for (size_t i = 0; i < DGL_COUNT(outputs); i++)
        if (outputs[i])
            fuzz_must(dgl_sealed_check(*outputs[i], DGL_ENGINE_MAX_OUTPUT_BYTES, &bytes, &err) == DGL_OK);
}

struct packet {
    uint8_t bytes[8192];
    size_t len;
};

static void put(struct packet *p, const void *data, size_t len)
{
    len = DGL_MIN(len, sizeof(p->bytes) - p->len);
    memcpy(p->bytes + p->len, data, len);
    p->len += len;
}

// A result as an honest worker sends it.
static void make_result(bool failed, struct packet *p)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_wire_error wire;
    (void)DGL_FAIL_FIELD(&err, DGL_E_INVALID, "a_slug", "input_json.a", "a sentence");
    dgl_wire_error_pack(&err, &wire);
    const struct dgl_wire_result result = {.status = failed ? DGL_E_INVALID : DGL_OK,
                                           .outputs = failed ? 0 : DGL_WIRE_DOCX,
                                           .pages = 3,
                                           .error_len = failed ? sizeof(wire) : 0,
                                           .tokens_len = 2,
                                           .problems_len = 4,
                                           .warnings_len = 5};
    struct dgl_message_head head = {.magic = 0x44474c31u, .type = DGL_MESSAGE_RESULT, .job = 7};
    head.payload_len = (uint32_t)(sizeof(result) + result.error_len + 11);
    put(p, &head, sizeof(head));
    put(p, &result, sizeof(result));
    put(p, &wire, result.error_len);
    put(p,
        "[]"
        "[{}]"
        "[\"w\"]",
        11);
}

static void make_packet(const uint8_t *data, size_t size, struct packet *p)
{
    if (data[0] != 'o' && data[0] != 'e') {
        put(p, data + 1, size - 1);
        return;
    }
    make_result(data[0] == 'e', p);
    for (size_t at = 1; at + 3 <= size; at += 3)
        p->bytes[(size_t)(data[at] << 8 | data[at + 1]) % p->len] = data[at + 2];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    int pair[2], fds[3];
    static struct dgl_message_buffer buffer;
    static struct packet packet;
    struct dgl_message m = {0};
    if (size < 2 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return 0;
    packet.len = 0;
    make_packet(data + 1, size - 1, &packet);
    size_t head = DGL_MIN(packet.len, sizeof(struct dgl_message_head));
    unsigned count = make_fds(data[0], packet.bytes + head, packet.len - head, fds);
    bool in_fd = data[0] & 0x40; // the payload travels as a memory file alone
    send_raw(pair[0], packet.bytes, in_fd ? head : packet.len, fds, count);
    switch (dgl_message_receive(pair[1], &buffer, 1u << 20, false, &m, &err)) {
    case DGL_RECEIVED_MESSAGE:
        fuzz_must(m.payload_len <= 1u << 20 && m.fd_count <= DGL_MESSAGE_MAX_FDS);
        if (m.type == DGL_MESSAGE_RESULT)
            check_result(&m);
        dgl_message_fini(&m);
        break;
    case DGL_RECEIVED_BAD:
        fuzz_must(err.message[0]);
        break;
    case DGL_RECEIVED_NOTHING:
    case DGL_RECEIVED_END:
        break;
    }
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
    close(pair[0]);
    close(pair[1]);
    return 0;
}
