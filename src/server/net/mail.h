// Outgoing e-mail: one short plain-text letter to one person, given to the operator's mail server. Keeping letters and
// trying again is server/mail's.
#ifndef DGL_SERVER_NET_MAIL_H
#define DGL_SERVER_NET_MAIL_H

#include "base/buf.h"
#include "base/error.h"

#define DGL_MAIL_ADDRESS_MAX 254
#define DGL_MAIL_SUBJECT_MAX 200
#define DGL_MAIL_TEXT_MAX 16384
#define DGL_MAIL_PROBLEM_MAX 512

struct dgl_mail {
    const char *id;      // the same for every try: the left half of its Message-ID
    const char *to;      // one address
    const char *subject; // ASCII
    const char *text;    // UTF-8, lines end with \n
};

struct dgl_mailer;
struct dgl_mailer_options {
    // smtp://[user:password@]host[:port] (STARTTLS when it is offered; a password goes over TLS only, except to this
    // machine) or smtps://… (TLS from the first byte).
    const char *url;
    const char *from;    // the sender's address
    const char *ca_file; // authorities besides the system's; NULL = none
};
// Errors name the fields "SMTP_URL", "MAIL_FROM", "ca_file".
enum dgl_status dgl_mailer_new(const struct dgl_mailer_options *options, struct dgl_mailer **ret,
                               struct dgl_error *err) DGL_MUST_CHECK;
void dgl_mailer_free(struct dgl_mailer *m);
DGL_DEFINE_AUTO(mailer);
enum dgl_mail_outcome {
    DGL_MAIL_TAKEN,
    DGL_MAIL_NOT_NOW, // worth another try: no connection, 4xx, a password that was not accepted
    DGL_MAIL_REFUSED, // trying again is of no use: 5xx for this letter, or it cannot be written
};
// Blocks, at most 30 s. ret_problem: why not, without the password; "" when taken.
enum dgl_mail_outcome dgl_mailer_send(struct dgl_mailer *m, const struct dgl_mail *mail,
                                      char ret_problem[DGL_MAIL_PROBLEM_MAX]) DGL_MUST_CHECK;
// Ends the letter under way, from any thread; later ones end at once.
void dgl_mailer_stop(struct dgl_mailer *m);
// Exactly one address that can stand in a header and in an envelope.
bool dgl_mail_address_valid(const char *address);

#endif
