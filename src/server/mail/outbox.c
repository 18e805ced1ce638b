// One thread, one letter at a time, and the store's clock: what is due is asked for when somebody says that there is
// something new, when the next one gets due, and now and then.
//
//   due ─▶ words ─▶ mail server ─┬─ taken ──────────────────▶ gone from the store
//    ▲                           ├─ not now, younger than 3 days ─▶ due again after 1, 5, 15 min, 1 h, 4 h, 4 h …
//    └───────────────────────────┘└─ refused, too old, of no use ─▶ gone, said in the log
//
// Rejected: letters in memory. A notice that an endpoint was disabled is said once, so whoever loses it is never told.
#include "server/mail/outbox.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/thread.h"
#include "server/mail/letters.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_US (30 * DGL_US_PER_S)       // between two looks into the store, at most
#define STORE_AGAIN_US (5 * DGL_US_PER_S) // after the store failed
#define PAGE 20                           // letters read at once
#define LETTER_LIFE_US (INT64_C(3) * 86400 * DGL_US_PER_S)
static const int64_t again_after_s[] = {60, 300, 900, 3600, 14400};

struct dgl_outbox {
    struct dgl_outbox_parts parts;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; // guards the next two
    pthread_cond_t changed;
    bool stopping, news;
};

static bool is_stopping(struct dgl_outbox *o)
{
    pthread_mutex_lock(&o->lock);
    bool stopping = o->stopping;
    pthread_mutex_unlock(&o->lock);
    return stopping;
}

// ---- one letter

static int64_t again_after_us(int64_t tries)
{
    size_t last = DGL_COUNT(again_after_s) - 1;
    return again_after_s[tries < (int64_t)last ? (size_t)tries : last] * DGL_US_PER_S;
}

static void log_letter(enum dgl_log_level level, const char *event, const struct dgl_letter_row *letter,
                       const char *subject, const char *problem)
{
    dgl_log(level, event, DGL_F_STR("letter", letter->id), DGL_F_STR("org", letter->org), DGL_F_STR("to", letter->to),
            DGL_F_STR("subject", subject), DGL_F_INT("try", letter->tries + 1), DGL_F_STR("problem", problem));
}

// Whether the letter is done with; said in the log.
static bool settle(const struct dgl_letter_row *letter, const struct dgl_mail *mail, enum dgl_mail_outcome outcome,
                   const char *problem, int64_t now_us)
{
    bool too_old = now_us - letter->created_at_us >= LETTER_LIFE_US;
    if (outcome == DGL_MAIL_TAKEN)
        log_letter(DGL_LOG_INFO, "e-mail sent", letter, mail->subject, NULL);
    else if (outcome == DGL_MAIL_REFUSED || too_old)
        log_letter(DGL_LOG_ERROR, "e-mail not sent", letter, mail->subject, problem);
    else
        log_letter(DGL_LOG_WARN, "e-mail put off", letter, mail->subject, problem);
    return outcome != DGL_MAIL_NOT_NOW || too_old;
}

static enum dgl_status send_one(struct dgl_outbox *o, struct dgl_arena *a, const struct dgl_letter_row *letter,
                                struct dgl_error *err)
{
    struct dgl_mail mail;
    char problem[DGL_MAIL_PROBLEM_MAX];
    enum dgl_status status = dgl_letter_write(&o->parts, a, letter, &mail, err);
    if (status != DGL_OK && dgl_status_retryable(status))
        return status;
    if (status != DGL_OK) { // it must not stand in the others' way
        log_letter(DGL_LOG_ERROR, "e-mail not sent", letter, NULL, err->message);
        return dgl_store_letter_done(o->parts.store, letter->id, err);
    }
    if (!mail.subject) {
        log_letter(DGL_LOG_INFO, "e-mail no longer of use", letter, NULL, NULL);
        return dgl_store_letter_done(o->parts.store, letter->id, err);
    }
    DGL_FAILPOINT("mail.sending");
    enum dgl_mail_outcome outcome = dgl_mailer_send(o->parts.mailer, &mail, problem);
    DGL_FAILPOINT("mail.sent");
    if (outcome != DGL_MAIL_TAKEN && is_stopping(o)) // ended by us: it never happened
        return DGL_OK;
    int64_t now_us = dgl_clock_now_us(o->parts.clock);
    if (settle(letter, &mail, outcome, problem, now_us))
        return dgl_store_letter_done(o->parts.store, letter->id, err);
    return dgl_store_letter_again(o->parts.store, letter->id, now_us + again_after_us(letter->tries), err);
}

// ---- the thread

// Everything that is due; how long to wait then.
static int64_t send_due(struct dgl_outbox *o)
{
    int64_t next_us = 0;
    size_t count = PAGE;
    while (count == PAGE) {
        struct dgl_letter_row *letters;
        struct dgl_error err = DGL_ERROR_INIT;
        DGL_AUTO(arena) a = dgl_arena_new(0);
        enum dgl_status status = dgl_store_letters_due(o->parts.store, a, again_after_us(INT64_MAX) + DGL_US_PER_S,
                                                       PAGE, &letters, &count, &next_us, &err);
        for (size_t i = 0; status == DGL_OK && i < count; i++) {
            if (is_stopping(o))
                return 0;
            status = send_one(o, a, &letters[i], &err);
        }
        if (status != DGL_OK) {
            dgl_log_error(DGL_LOG_ERROR, "e-mail could not be looked after", &err);
            return STORE_AGAIN_US;
        }
    }
    return next_us == INT64_MAX ? LOOK_US : next_us - dgl_clock_now_us(o->parts.clock);
}

static bool wait_for_news(struct dgl_outbox *o, int64_t wait_us)
{
    int64_t deadline_us = dgl_wait_deadline_us(DGL_MIN(DGL_MAX(wait_us, DGL_US_PER_MS), LOOK_US));
    bool in_time = true;
    pthread_mutex_lock(&o->lock);
    while (!o->stopping && !o->news && in_time)
        in_time = dgl_cond_wait_until(&o->changed, &o->lock, deadline_us);
    o->news = false;
    bool go_on = !o->stopping;
    pthread_mutex_unlock(&o->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct dgl_outbox *o = arg;
    int64_t wait_us;
    do
        wait_us = send_due(o);
    while (wait_for_news(o, wait_us));
    return NULL;
}

// ---- public

struct dgl_outbox *dgl_outbox_new(const struct dgl_outbox_parts *parts)
{
    struct dgl_outbox *o = DGL_NEW(struct dgl_outbox);
    o->parts = *parts;
    pthread_mutex_init(&o->lock, NULL);
    dgl_cond_init(&o->changed);
    return o;
}

enum dgl_status dgl_outbox_start(struct dgl_outbox *o, struct dgl_error *err)
{
    DGL_TRY(dgl_thread_start(&o->thread, "mail", run, o, err));
    o->started = true;
    return DGL_OK;
}

void dgl_outbox_stop(struct dgl_outbox *o)
{
    if (!o->started)
        return;
    pthread_mutex_lock(&o->lock);
    o->stopping = true;
    pthread_cond_signal(&o->changed);
    pthread_mutex_unlock(&o->lock);
    dgl_mailer_stop(o->parts.mailer);
    pthread_join(o->thread, NULL);
    o->started = false;
}

void dgl_outbox_free(struct dgl_outbox *o)
{
    if (!o)
        return;
    dgl_outbox_stop(o);
    pthread_cond_destroy(&o->changed);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

void dgl_outbox_look(struct dgl_outbox *o)
{
    pthread_mutex_lock(&o->lock);
    o->news = true;
    pthread_cond_signal(&o->changed);
    pthread_mutex_unlock(&o->lock);
}

enum dgl_status dgl_outbox_invite(struct dgl_outbox *o, const struct dgl_user *user, const char *inviter,
                                  struct dgl_error *err)
{
    int64_t retry_after_s;
    struct dgl_letter_row letter = {.kind = DGL_LETTER_INVITATION, .to = user->email, .detail = inviter};
    if (!dgl_account_throttle(o->parts.account, "invitation", user->org, DGL_OUTBOX_INVITATIONS_PER_MINUTE,
                              &retry_after_s))
        return DGL_FAIL(err, DGL_E_RATE, "%d invitations a minute are e-mailed at most; try again in %lld s",
                        DGL_OUTBOX_INVITATIONS_PER_MINUTE, (long long)retry_after_s);
    memcpy(letter.org, user->org, sizeof letter.org);
    memcpy(letter.about, user->id, sizeof letter.about);
    DGL_TRY(dgl_store_letter_post(o->parts.store, &letter, err));
    dgl_outbox_look(o);
    return DGL_OK;
}
