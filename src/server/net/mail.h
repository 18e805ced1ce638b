// Outgoing e-mail: short plain-text letters to one person each, sent by a thread of its own, so that a mail server that
// is slow or gone holds up nobody. A letter that does not get through is tried again after one and after ten minutes;
// what waits when the server stops is not sent, so whoever posts a letter also says it in the log.
#ifndef DGL_SERVER_NET_MAIL_H
#define DGL_SERVER_NET_MAIL_H

#include "base/buf.h"
#include "base/error.h"

#define DGL_MAIL_ADDRESS_MAX 254
#define DGL_MAIL_SUBJECT_MAX 200
#define DGL_MAIL_TEXT_MAX 16384
#define DGL_MAIL_QUEUE_MAX 1000 // letters that wait

struct dgl_mail {
    const char *to;      // one address
    const char *subject; // ASCII
    const char *text;    // UTF-8, lines end with \n
};
// What became of a letter, once, in the mailer's thread. problem NULL: the mail server took it.
typedef void (*dgl_mail_report)(const struct dgl_mail *mail, const char *problem);

struct dgl_mailer;
struct dgl_mailer_options {
    // smtp://[user:password@]host[:port] (STARTTLS when it is offered; a password goes over TLS only, except to this
    // machine) or smtps://… (TLS from the first byte).
    const char *url;
    const char *from;    // the sender's address
    const char *ca_file; // authorities besides the system's; NULL = none
    dgl_mail_report report;
};
// Errors name the fields "SMTP_URL", "MAIL_FROM", "ca_file".
enum dgl_status dgl_mailer_new(const struct dgl_mailer_options *options, struct dgl_mailer **ret,
                               struct dgl_error *err) DGL_MUST_CHECK;
// Ends the letter under way and forgets those that wait.
void dgl_mailer_free(struct dgl_mailer *m);
DGL_DEFINE_AUTO(mailer);
// Copies the letter and returns at once. Any thread.
enum dgl_status dgl_mailer_post(struct dgl_mailer *m, const struct dgl_mail *mail,
                                struct dgl_error *err) DGL_MUST_CHECK;
// Exactly one address that can stand in a header and in an envelope.
bool dgl_mail_address_valid(const char *address);

#endif
