// A webhook room with everything real around it: store in a folder of its own, network client, receivers in threads.
// The clock is moved by hand and the dispatcher turned by hand, so schedules are exact.
#ifndef DGL_TESTS_UNIT_WEBHOOK_RIG_H
#define DGL_TESTS_UNIT_WEBHOOK_RIG_H

#include "../base/unit.h"
#include "../net/servers.h"
#include "server/webhook/webhook_private.h"

#define RIG_NOW INT64_C(1705314600000000) // 2024-01-15T10:30:00Z

struct rig_options {
    const char *nets; // NULL = 127.0.0.0/8; "" = none
    const char *schedule;
    unsigned max_in_flight;
    bool production; // answers from private networks are not kept
    bool system_clock;
};
struct rig {
    void *folder;
    struct dgl_clock *clock;
    struct dgl_store *store;
    struct dgl_guard *guard;
    struct dgl_net_client *net;
    struct dgl_keyring *keys;
    struct dgl_webhook *webhook;
    struct rig_options options;
    char org[40], template_id[40];
    uint64_t org_number;
    struct dgl_arena *arena;
};
struct rig *rig_open(const struct rig_options *options); // options may be NULL
void rig_close(struct rig *r);
void rig_restart(struct rig *r, bool abruptly); // store, network and dispatcher anew over the same data; abruptly:
                                                // without waiting for anything
// A document through to its end; its deliveries are announced. Returns the first delivery's id (in the arena).
const char *rig_document(struct rig *r, const char *webhook_url, unsigned formats, bool ok);
// Turns until nothing is in flight and nothing is due at the clock's time.
void rig_settle(struct rig *r);
void rig_advance(struct rig *r, int64_t us); // and settles
struct dgl_delivery_row rig_delivery(struct rig *r, const char *id);
struct dgl_attempt_row *rig_attempts(struct rig *r, const char *id, size_t *ret_count);
// "http://127.0.0.1:port/path"
const char *rig_url(struct rig *r, const struct tcp_server *s, const char *path);
// A header of the last request, copied; "" = absent.
const char *rig_header(struct rig *r, struct tcp_server *s, const char *name);
const char *rig_body(struct rig *r, struct tcp_server *s);
// DGL_OK when the last request verifies under this secret.
enum dgl_status rig_verify(struct rig *r, struct tcp_server *s, const char *secret);

// A receiver whose answer can be changed while it runs; NULL = it takes the request and never answers.
struct rig_receiver {
    _Atomic(const char *) answer;
    _Atomic unsigned silent; // requests taken that will not be answered
};
void rig_serve(struct tcp_connection *c); // arg: struct rig_receiver

#endif
