// A store in a directory of its own, with a clock moved by hand, and short ways to fill it.
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "server/store/store.h"

#define START_US INT64_C(1700000000000000)

struct fixture {
    char directory[64], url[128], path[120];
    struct dgl_clock *clock;
    struct dgl_store *store;
    struct dgl_arena *arena;
    struct dgl_error err;
    struct dgl_id org, template; // with one version
};
// cmocka's set-up and tear-down; *state is the fixture.
int fixture_open(void **state);
int fixture_close(void **state);
void fixture_reopen(struct fixture *f);
// With no organization: for other processes and bare stores.
void fixture_make_directory(struct fixture *f);
void fixture_remove_directory(struct fixture *f);

#define assert_ok(f, expr) fixture_check((f), (expr), DGL_OK, #expr, __FILE__, __LINE__)
#define assert_fails(f, code, expr) fixture_check((f), (expr), (code), #expr, __FILE__, __LINE__)
void fixture_check(struct fixture *f, enum dgl_status got, enum dgl_status want, const char *expr, const char *file,
                   int line);

struct dgl_id make_org(struct fixture *f, const char *name);
struct dgl_id make_template(struct fixture *f, const char *org, const char *name);
struct dgl_job_new new_job(struct fixture *f, const char *org, const char *template_id);
// Accepts one and returns its id.
struct dgl_id accept_job(struct fixture *f, const char *org, const char *template_id);
struct dgl_id accept_own(struct fixture *f); // of the fixture's organization and template
size_t claim(struct fixture *f, size_t max, int64_t limit, struct dgl_job_claim **ret);
// Finishes a claimed job; returns the number of deliveries.
size_t finish_job(struct fixture *f, const char *id, bool ok, struct dgl_delivery_due **ret);
// Accept, claim, finish in one; the queue must be empty.
struct dgl_id finished_document(struct fixture *f, struct dgl_delivery_due **ret, size_t *ret_count);
struct dgl_id put_endpoint(struct fixture *f, const char *org, bool is_organization, const char *url,
                           const char *events);
struct dgl_attempt_result attempt_of(const char *delivery, int64_t number, enum dgl_delivery_status status,
                                     int64_t http_status);
// Records and waits.
enum dgl_status record_attempt(struct fixture *f, const struct dgl_attempt_result *r);

#endif
