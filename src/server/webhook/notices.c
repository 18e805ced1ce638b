// Endpoints that fail for days: said in the operator's log always, and by e-mail to the organization's admins when a
// mail server is set. What the e-mail says, the Deliveries page says too; so it is sent once, after the commit, and a
// crash right then costs the e-mail alone.
#include "server/webhook/webhook_private.h"

#include "base/log.h"
#include <string.h>

#define LETTERS_MAX 50 // admins who get one

struct notice {
    const char *subject, *log;
    const char *what; // in the e-mail
};

static const struct notice failing = {
    .subject = "DocGenLab: a webhook endpoint is failing and will be disabled in a day",
    .log = "webhook endpoint has failed for four days on end; it will be disabled in a day",
    .what =
        "Every attempt of the last four days failed. If none succeeds within the next 24 hours, the endpoint will be "
        "disabled and what still waits for it canceled."};
static const struct notice disabled = {
    .subject = "DocGenLab: a webhook endpoint was disabled",
    .log = "webhook endpoint disabled: it failed for five days on end",
    .what =
        "Every attempt of the last five days failed, so the endpoint was disabled and what waited for it canceled."};
static const struct notice gone = {
    .subject = "DocGenLab: a webhook endpoint was disabled",
    .log = "webhook endpoint disabled: it answered 410 Gone",
    .what = "The endpoint answered 410 Gone, which means \"stop sending\", so it was disabled and what waited for it "
            "canceled."};

static const struct notice *notice_of(const struct dgl_flight *f)
{
    if (f->recorded != DGL_OK)
        return NULL;
    if (f->verdict.disable_endpoint)
        return &gone;
    switch (f->notice) {
    case DGL_NOTICE_FAILING:
        return &failing;
    case DGL_NOTICE_DISABLED:
        return &disabled;
    case DGL_NOTICE_NONE:
        break;
    }
    return NULL;
}

// A query often holds a token: it stays out of mailboxes.
static const char *without_query(struct dgl_arena *a, const char *url)
{
    return dgl_arena_strndup(a, url, strcspn(url, "?#"));
}

static enum dgl_status write_text(struct dgl_webhook *w, struct dgl_arena *a, const struct dgl_flight *f,
                                  const struct notice *notice, const char **ret, struct dgl_error *err)
{
    struct dgl_org org;
    struct dgl_endpoint_row endpoint;
    DGL_TRY(dgl_store_org_get(w->store, a, f->org, &org, err));
    DGL_TRY(dgl_store_endpoint_get(w->store, a, f->org, f->endpoint, &endpoint, err));
    *ret = dgl_arena_printf(a,
                            "DocGenLab sends webhooks of %s to\n\n    %s\n\n%s\n\nThe latest attempt: %s.\n\n"
                            "Attempts and answers: %s/deliveries\n"
                            "The endpoint, where it can be enabled again: %s/settings/developer\n\n"
                            "No document is lost: every message stands in the delivery log and can be sent again.\n",
                            org.name, without_query(a, endpoint.url), notice->what,
                            f->verdict.message[0] ? f->verdict.message : "failed", w->public_url, w->public_url);
    return DGL_OK;
}

static enum dgl_status post_letters(struct dgl_webhook *w, const struct dgl_flight *f, const struct notice *notice,
                                    struct dgl_error *err)
{
    struct dgl_user *users;
    size_t count, posted = 0;
    struct dgl_mail mail = {.subject = notice->subject};
    DGL_AUTO(arena) a = dgl_arena_new(0);
    DGL_TRY(write_text(w, a, f, notice, &mail.text, err));
    DGL_TRY(dgl_store_user_list(w->store, a, f->org, &users, &count, err));
    for (size_t i = 0; i < count && posted < LETTERS_MAX; i++) {
        mail.to = users[i].email;
        if (users[i].role != DGL_ROLE_ADMIN || users[i].disabled || !dgl_mail_address_valid(mail.to))
            continue;
        DGL_TRY(dgl_mailer_post(w->mailer, &mail, err));
        posted++;
    }
    return DGL_OK;
}

void dgl_notice_send(struct dgl_webhook *w, const struct dgl_flight *f)
{
    const struct notice *notice = notice_of(f);
    struct dgl_error err = DGL_ERROR_INIT;
    if (!notice)
        return;
    dgl_log(DGL_LOG_WARN, notice->log, DGL_F_STR("org", f->org), DGL_F_STR("endpoint", f->endpoint));
    if (w->mailer && post_letters(w, f, notice, &err) != DGL_OK)
        dgl_log_error(DGL_LOG_ERROR, "webhook notice not sent by e-mail", &err);
}
