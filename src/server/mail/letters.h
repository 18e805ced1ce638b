// What letters say.
#ifndef DGL_SERVER_MAIL_LETTERS_H
#define DGL_SERVER_MAIL_LETTERS_H

#include "server/mail/outbox.h"

// Puts a row into words. A link to choose a password is made here, so that every try has one that is good for a week.
// ret->subject NULL: it is no longer of use (the endpoint is enabled again or deleted, the user came in or went).
enum dgl_status dgl_letter_write(const struct dgl_outbox_parts *parts, struct dgl_arena *a,
                                 const struct dgl_letter_row *letter, struct dgl_mail *ret,
                                 struct dgl_error *err) DGL_MUST_CHECK;

#endif
