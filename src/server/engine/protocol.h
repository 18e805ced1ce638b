// Messages between the main process and its workers: one SOCK_SEQPACKET packet each, so a message is whole or not
// there, with descriptors beside it (SCM_RIGHTS).
//
//   packet  = head, payload (at most 32 KiB, else a sealed memfd as the last descriptor), descriptors
//   payload = one of the dgl_wire_ structures and the texts it announces
//
// Both ends run the same binary (workers are forked), so structures travel as they lie in memory. What a worker sends
// is a stranger's all the same: it may have been taken over by the document it was reading. Every length, type, number
// and descriptor is checked on receipt; descriptors must be memfds sealed against any change, so that a size that was
// checked stays true.
//
//   main ──JOB──▶ worker ──READY──▶ main          once, when the worker is locked in and warm (or BROKEN with a reason)
//                        ──RESULT─▶
//                        ──FETCH──▶      ◀──FETCHED── main     an image, a template, a font, any number in a job
//                        ──RETURNED▶     a job in reserve, given back while waiting for an image
#ifndef DGL_SERVER_ENGINE_PROTOCOL_H
#define DGL_SERVER_ENGINE_PROTOCOL_H

#include "base/error.h"
#include "render/pdf/protect.h"
#include "server/engine/bounds.h"
#include <sys/uio.h>

enum dgl_message_type {
    DGL_MESSAGE_READY = 1,
    DGL_MESSAGE_BROKEN,
    DGL_MESSAGE_JOB,
    DGL_MESSAGE_RESULT,
    DGL_MESSAGE_FETCH,
    DGL_MESSAGE_FETCHED,
    DGL_MESSAGE_RETURNED,
    DGL_MESSAGE_TYPE_END,
};

struct dgl_message_head {
    uint32_t magic, type;
    uint64_t job;
    uint32_t payload_len;
    uint32_t payload_in_fd; // 0 or 1
};

// A received message. `payload` points into the receiver's buffer or at memory of its own.
struct dgl_message {
    enum dgl_message_type type;
    uint64_t job;
    const char *payload;
    size_t payload_len;
    int fds[DGL_MESSAGE_MAX_FDS]; // owned; set to -1 to take one
    unsigned fd_count;
    char *large; // payload that came as a memfd
};
void dgl_message_fini(struct dgl_message *m); // closes what was not taken
DGL_DEFINE_AUTO_FINI(message);

struct dgl_message_buffer {
    char bytes[sizeof(struct dgl_message_head) + DGL_MESSAGE_INLINE_BYTES];
};

// Sends one message made of the parts. Descriptors stay the caller's. `wait` false: DGL_E_UNAVAILABLE when the socket
// is full. A peer that is gone is DGL_E_IO.
enum dgl_status dgl_message_send(int socket, enum dgl_message_type type, uint64_t job, const struct iovec *parts,
                                 unsigned part_count, const int *fds, unsigned fd_count, bool wait,
                                 struct dgl_error *err) DGL_MUST_CHECK;

enum dgl_received {
    DGL_RECEIVED_MESSAGE,
    DGL_RECEIVED_NOTHING, // not waiting, and nothing there
    DGL_RECEIVED_END,     // the peer is gone
    DGL_RECEIVED_BAD,     // not a message of ours; *err says what was wrong
};
// Payloads above max_payload are BAD. On MESSAGE the caller finis *ret.
enum dgl_received dgl_message_receive(int socket, struct dgl_message_buffer *buffer, size_t max_payload, bool wait,
                                      struct dgl_message *ret, struct dgl_error *err);

// A memfd with the parts as content, sealed against shrinking, growing, writing and further sealing.
enum dgl_status dgl_sealed_new(const char *name, const struct iovec *parts, unsigned part_count, int *ret_fd,
                               struct dgl_error *err) DGL_MUST_CHECK;
// Whether a descriptor is such a memfd of 1 to max bytes.
enum dgl_status dgl_sealed_check(int fd, size_t max_bytes, size_t *ret_size, struct dgl_error *err) DGL_MUST_CHECK;

// ---- payloads
enum dgl_wire_op { DGL_WIRE_INSPECT, DGL_WIRE_RENDER, DGL_WIRE_CONVERT, DGL_WIRE_FONT };
// Bits. OFFICE: the DOCX for LibreOffice with the fonts of the job's list that it names; not made when it names none.
enum dgl_wire_output { DGL_WIRE_DOCX = 1, DGL_WIRE_PDF = 2, DGL_WIRE_OFFICE = 4 };
#define DGL_WIRE_OUTPUTS 3u
struct dgl_wire_job { // then `input_len` bytes of JSON; descriptor 0: template, the DOCX to convert, or the font
    uint32_t op;
    uint32_t input_len;
    uint32_t outputs;     // RENDER: bits of dgl_wire_output
    uint32_t may_decline; // RENDER with PDF: answer with the DOCX alone when the document is not for this engine
    uint32_t explain;     // RENDER with PDF: tell the features that were met
    uint32_t archive;     // RENDER with PDF: PDF/A-2b
    int64_t created_at_us, timeout_ms;
    unsigned char template_sha256[32];
    unsigned char fonts_key[32]; // of the list of fonts beside the machine's; all zero = none
    char time_zone[64], locale[32];
    struct dgl_pdf_protection protection; // RENDER and CONVERT: passwords for the PDF
};
struct dgl_wire_result { // then the texts in this order; descriptors: the outputs, in the order of their bits
    uint32_t status, outputs;
    uint32_t declined; // no PDF, though one was wanted; a warning says why
    uint32_t is_last;  // the worker is not to have another job
    int64_t pages, fill_us, layout_us;
    uint32_t error_len, tokens_len, problems_len, warnings_len, findings_len; // error_len: 0 or dgl_wire_error's size
};
struct dgl_wire_error {
    uint32_t code;
    uint32_t paragraph, line;
    char slug[48], field[128], message[640], part[96], excerpt[160], tag[160];
};
struct dgl_wire_fetched { // then the error or the bytes; or a descriptor alone
    uint32_t status;
};
void dgl_wire_error_pack(const struct dgl_error *err, struct dgl_wire_error *ret);
// Trusts nothing: cuts, terminates, replaces what is no UTF-8 and control characters. A code out of range is INTERNAL.
void dgl_wire_error_unpack(const struct dgl_wire_error *wire, struct dgl_error *ret);

// A result taken apart, borrowed from the message. DGL_E_MALFORMED when lengths or descriptors do not fit.
struct dgl_wire_answer {
    struct dgl_wire_result head;
    struct dgl_error error; // when head.status is not DGL_OK
    const char *tokens, *problems, *warnings, *findings;
    int *docx_fd, *pdf_fd, *office_fd; // of the message, set to -1 to take one; NULL = none
};
enum dgl_status dgl_wire_result_read(struct dgl_message *m, struct dgl_wire_answer *ret,
                                     struct dgl_error *err) DGL_MUST_CHECK;

#endif
