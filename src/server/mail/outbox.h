// E-mail that is not lost: letters wait in the store until the operator's mail server has taken them.
//
// What makes a letter necessary writes a row of facts, in its own transaction where it has one. A thread of the outbox
// reads what is due, puts it into words and hands it over. It goes away when it was taken (at least once: a crash right
// then sends it again under the same Message-ID), when the server refused it for good, when it is no longer of use, or
// when it is three days old. Everything but the first is said in the operator's log.
#ifndef DGL_SERVER_MAIL_OUTBOX_H
#define DGL_SERVER_MAIL_OUTBOX_H

#include "server/account/account.h"
#include "server/net/mail.h"

struct dgl_outbox;
struct dgl_outbox_parts { // all outlive it
    struct dgl_mailer *mailer;
    struct dgl_store *store;
    struct dgl_account *account;
    struct dgl_clock *clock;
    const char *public_url;
};
struct dgl_outbox *dgl_outbox_new(const struct dgl_outbox_parts *parts);
// Begins to send. Before it letters may be posted.
enum dgl_status dgl_outbox_start(struct dgl_outbox *o, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_outbox_stop(struct dgl_outbox *o); // ends the letter under way; what waits is sent after the next start
void dgl_outbox_free(struct dgl_outbox *o);
DGL_DEFINE_AUTO(outbox);
// There is something new in the store. Any thread, never blocks for long.
void dgl_outbox_look(struct dgl_outbox *o);
// A letter with a link to choose a password, durable when it returns. `inviter`: an e-mail address. Errors: those of
// dgl_store_letter_post; more than DGL_OUTBOX_INVITATIONS_PER_MINUTE of an organization: DGL_E_RATE.
#define DGL_OUTBOX_INVITATIONS_PER_MINUTE 20
enum dgl_status dgl_outbox_invite(struct dgl_outbox *o, const struct dgl_user *user, const char *inviter,
                                  struct dgl_error *err) DGL_MUST_CHECK;

#endif
