// The words of every letter, kind by kind. What they tell, a page tells too.
#include "server/mail/letters.h"

#include <string.h>

// ---- endpoints that fail

struct notice {
    const char *subject, *what;
    enum dgl_endpoint_state state; // in which it is of use
};

static const struct notice notices[] = {
    [DGL_LETTER_ENDPOINT_FAILING] =
        {"DocGenLab: a webhook endpoint is failing and will be disabled in a day",
         "Every attempt of the last four days failed. If none succeeds within the next 24 hours, the endpoint will be "
         "disabled and what still waits for it canceled.",
         DGL_ENDPOINT_ENABLED},
    [DGL_LETTER_ENDPOINT_DISABLED] =
        {"DocGenLab: a webhook endpoint was disabled",
         "Every attempt of the last five days failed, so the endpoint was disabled and what waited for it canceled.",
         DGL_ENDPOINT_DISABLED},
    [DGL_LETTER_ENDPOINT_GONE] =
        {"DocGenLab: a webhook endpoint was disabled",
         "The endpoint answered 410 Gone, which means \"stop sending\", so it was disabled and what waited for it "
         "canceled.",
         DGL_ENDPOINT_DISABLED},
};

// A query often holds a token: it stays out of mailboxes.
static const char *without_query(struct dgl_arena *a, const char *url)
{
    return dgl_arena_strndup(a, url, strcspn(url, "?#"));
}

static enum dgl_status write_notice(const struct dgl_outbox_parts *parts, struct dgl_arena *a,
                                    const struct dgl_letter_row *letter, const char *org_name, struct dgl_mail *mail,
                                    struct dgl_error *err)
{
    const struct notice *notice = &notices[letter->kind];
    struct dgl_endpoint_row endpoint;
    DGL_TRY(dgl_store_endpoint_get(parts->store, a, letter->org, letter->about, &endpoint, err));
    if (endpoint.state != notice->state || (endpoint.state == DGL_ENDPOINT_ENABLED && !endpoint.failing_since_us))
        return DGL_OK;
    mail->subject = notice->subject;
    mail->text = dgl_arena_printf(
        a,
        "DocGenLab sends webhooks of %s to\n\n    %s\n\n%s\n\nThe latest attempt: %s.\n\n"
        "Attempts and answers: %s/deliveries\nThe endpoint, where it can be enabled again: %s/settings/developer\n\n"
        "No document is lost: every message stands in the delivery log and can be sent again.\n",
        org_name, without_query(a, endpoint.url), notice->what, letter->detail ? letter->detail : "failed",
        parts->public_url, parts->public_url);
    return DGL_OK;
}

// ---- links to choose a password

static enum dgl_status write_invitation(const struct dgl_outbox_parts *parts, struct dgl_arena *a,
                                        const struct dgl_letter_row *letter, const char *org_name,
                                        struct dgl_mail *mail, struct dgl_error *err)
{
    struct dgl_user user;
    char token[DGL_INVITATION_LEN];
    DGL_TRY(dgl_store_user_get(parts->store, a, letter->org, letter->about, &user, err));
    if (user.disabled || user.last_sign_in_at_us > letter->created_at_us)
        return DGL_OK;
    bool is_new = user.last_sign_in_at_us == 0;
    DGL_TRY(dgl_account_invitation_make(parts->account, letter->org, letter->about, token, err));
    mail->subject = is_new ? "DocGenLab: an invitation" : "DocGenLab: choose a new password";
    mail->text = dgl_arena_printf(
        a,
        "%s %s\n\nThis link lets you choose %s. It works once, for 7 days:\n\n%s/invitation?token=%s\n\n"
        "Whoever has the link can use it: keep it to yourself. If you did not expect this letter, do nothing.\n",
        letter->detail ? letter->detail : "An administrator",
        is_new
            ? dgl_arena_printf(a, "invites you to the organization %s, which makes documents with DocGenLab.", org_name)
            : dgl_arena_printf(a, "sends you a link for the organization %s at DocGenLab.", org_name),
        is_new ? "your password" : "a new password", parts->public_url, token);
    dgl_wipe(token, sizeof token);
    return DGL_OK;
}

// ---- all

enum dgl_status dgl_letter_write(const struct dgl_outbox_parts *parts, struct dgl_arena *a,
                                 const struct dgl_letter_row *letter, struct dgl_mail *ret, struct dgl_error *err)
{
    struct dgl_org org;
    struct dgl_mail mail = {.id = letter->id, .to = letter->to};
    enum dgl_status status = dgl_store_org_get(parts->store, a, letter->org, &org, err);
    if (status == DGL_OK)
        status = letter->kind == DGL_LETTER_INVITATION ? write_invitation(parts, a, letter, org.name, &mail, err)
                                                       : write_notice(parts, a, letter, org.name, &mail, err);
    if (status != DGL_OK && status != DGL_E_NOT_FOUND) // what it is about is gone: so is its use
        return status;
    *ret = mail;
    return DGL_OK;
}
