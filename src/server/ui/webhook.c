// The webhook's forms on the Developer page: save, remove, test, the signing secret, sending again.
#include <stdlib.h>

#include "base/thread.h"
#include "server/ui/developer.h"

// ---- saving

// The page again with what is wrong, beside the field or where a test's result would be; failures of ours get the error
// page.
static void show_url_error(struct dgl_ui_visit *v, const char *url, const struct dgl_error *err, bool is_test)
{
    if (err->code == DGL_E_INTERNAL || err->code == DGL_E_IO) {
        dgl_ui_refuse(v, err);
        return;
    }
    struct dgl_ui_developer extra = {.status = dgl_status_http(err->code),
                                     .webhook_url = url,
                                     .webhook_error = is_test ? NULL : err->message,
                                     .test_error = is_test ? err->message : NULL};
    dgl_ui_show_developer(v, &extra);
}

void dgl_ui_post_webhook_save(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *url = dgl_ui_field(&v, "webhook_url");
    if (dgl_webhook_settings_put(v.ui->parts.webhook, v.who.org, url, &err) != DGL_OK)
        show_url_error(&v, url, &err, false);
    else
        dgl_ui_leave(&v, DGL_UI_DEVELOPER "#webhook", "good", "The webhook URL was saved.");
}

void dgl_ui_post_webhook_remove(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_webhook_settings_delete(v.ui->parts.webhook, v.who.org, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, DGL_UI_DEVELOPER "#webhook", "good",
                     "The webhook URL was removed. Requests may still name one of their own.");
}

// ---- testing
//
// The test runs in the webhook's thread and this handler waits for it; both hold the box, and the last one frees it, so
// that a result after the wait has ended finds its place.

struct test_box {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int holders;
    bool done;
    struct dgl_webhook_test result;
};

static struct test_box *test_box_new(void)
{
    struct test_box *box = DGL_NEW(struct test_box);
    dgl_cond_init(&box->changed);
    pthread_mutex_init(&box->lock, NULL);
    box->holders = 2;
    return box;
}

static void test_box_drop(struct test_box *box)
{
    pthread_mutex_lock(&box->lock);
    bool last = --box->holders == 0;
    pthread_mutex_unlock(&box->lock);
    if (!last)
        return;
    pthread_cond_destroy(&box->changed);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

static void on_test_done(void *arg, const struct dgl_webhook_test *result)
{
    struct test_box *box = arg;
    pthread_mutex_lock(&box->lock);
    box->result = *result;
    box->done = true;
    pthread_cond_signal(&box->changed);
    pthread_mutex_unlock(&box->lock);
    test_box_drop(box);
}

static bool test_box_wait(struct test_box *box, struct dgl_webhook_test *ret)
{
    int64_t deadline_us = dgl_wait_deadline_us(DGL_UI_TEST_WAIT_MS * DGL_US_PER_MS);
    bool in_time = true;
    pthread_mutex_lock(&box->lock);
    while (!box->done && in_time)
        in_time = dgl_cond_wait_until(&box->changed, &box->lock, deadline_us);
    bool done = box->done;
    if (done)
        *ret = box->result;
    pthread_mutex_unlock(&box->lock);
    return done;
}

static enum dgl_status run_test(struct dgl_ui_visit *v, const char *url, struct dgl_webhook_test *ret,
                                struct dgl_error *err)
{
    int64_t retry_after_s; // the message says it
    struct test_box *box = test_box_new();
    enum dgl_status s = dgl_webhook_test_async(v->ui->parts.webhook, v->who.org, v->who.org_number, url, on_test_done,
                                               box, &retry_after_s, err);
    if (s != DGL_OK)
        test_box_drop(box); // done will not be called
    else if (!test_box_wait(box, ret))
        s = DGL_FAIL_FIELD(err, DGL_E_UNAVAILABLE, NULL, "webhook_url",
                           "The test did not end in time; please try again.");
    test_box_drop(box);
    return s;
}

void dgl_ui_post_webhook_test(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_webhook_test result;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    const char *url = dgl_ui_field(&v, "webhook_url");
    if (run_test(&v, url, &result, &err) != DGL_OK)
        show_url_error(&v, url, &err, true);
    else
        dgl_ui_show_developer(&v, &(struct dgl_ui_developer){.webhook_url = url, .test = &result});
}

// ---- the signing secret

void dgl_ui_post_secret_reveal(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96];
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_webhook_secret_reveal(v.ui->parts.webhook, v.who.org, secret, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_show_developer(&v, &(struct dgl_ui_developer){.secret = secret});
    dgl_wipe(secret, sizeof(secret));
}

void dgl_ui_post_secret_rotate(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    char secret[96];
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    struct dgl_ui_developer extra = {.secret = secret, .secret_note = DGL_UI_SECRET_ROTATED};
    if (dgl_webhook_secret_rotate(v.ui->parts.webhook, v.who.org, DGL_UI_SECRET_OVERLAP_S, secret, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_show_developer(&v, &extra);
    dgl_wipe(secret, sizeof(secret));
}

// ---- the key pair

void dgl_ui_post_public_key_rotate(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    char before[96], key[96];
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    struct dgl_webhook *webhook = v.ui->parts.webhook;
    if (dgl_webhook_public_key(webhook, v.who.org, before, &err) != DGL_OK ||
        dgl_webhook_public_key_rotate(webhook, v.who.org, DGL_UI_SECRET_OVERLAP_S, key, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, DGL_UI_DEVELOPER "#public-key", "good",
                     before[0] ? "This is the new public key. The old key pair signs beside it for another 24 hours."
                               : "From now on webhooks carry a v1a signature, too.");
}

void dgl_ui_post_public_key_disable(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_webhook_public_key_disable(v.ui->parts.webhook, v.who.org, &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, DGL_UI_DEVELOPER "#public-key", "good", "Webhooks no longer carry a v1a signature.");
}

// ---- sending again

void dgl_ui_post_redeliver(void *ui, struct dgl_http_request *rq)
{
    struct dgl_ui_visit v;
    struct dgl_error err = DGL_ERROR_INIT;
    if (!dgl_ui_enter(ui, rq, &v))
        return;
    if (dgl_webhook_redeliver(v.ui->parts.webhook, v.who.org, dgl_http_param(rq, "id"), &err) != DGL_OK)
        dgl_ui_refuse(&v, &err);
    else
        dgl_ui_leave(&v, dgl_ui_return_to(&v, DGL_UI_DEVELOPER "#deliveries"), "good", "It is being sent again.");
}
