// Passwords on a finished PDF: AES-256, security handler revision 6 (ISO 32000-2 §7.6), by qpdf.
//
// The open password is asked for before anything is shown; the owner password lifts what `allow` forbids. Readers
// decide whether they honour what is forbidden: only the open password keeps content from strangers. Salts are random,
// so the bytes differ each time.
#ifndef DGL_RENDER_PDF_PROTECT_H
#define DGL_RENDER_PDF_PROTECT_H

#include "base/buf.h"

#define DGL_PDF_PASSWORD_MAX 127u // bytes of UTF-8, after preparation

enum { // what a reader that has no owner password may do; reading aloud is always allowed
    DGL_PDF_ALLOW_PRINT = 1,
    DGL_PDF_ALLOW_COPY = 2,
    DGL_PDF_ALLOW_ANNOTATE = 4, // and fill in forms
    DGL_PDF_ALLOW_FORMS = 8,
    DGL_PDF_ALLOW_EDIT = 16, // and put pages together anew
    DGL_PDF_ALLOW_ALL = 31,
};
struct dgl_pdf_protection { // all zero: none
    char open_password[DGL_PDF_PASSWORD_MAX + 1], owner_password[DGL_PDF_PASSWORD_MAX + 1];
    uint32_t allow;
};
bool dgl_pdf_is_protected(const struct dgl_pdf_protection *p);
// Prepares a password as readers do (SASLprep, RFC 4013), so that it matches however it is typed. `field` names it in
// messages. Empty, too long, or of characters that are not allowed: DGL_E_INVALID.
enum dgl_status dgl_pdf_password_set(const char *password, size_t len, const char *field,
                                     char ret[DGL_PDF_PASSWORD_MAX + 1], struct dgl_error *err) DGL_MUST_CHECK;
// "print" "copy" "annotate" "forms" "edit"; 0 when unknown.
uint32_t dgl_pdf_allow_bit(const char *word);
// Whether the parts go together: something forbidden needs an owner password, which differs from the open password.
// `field` names the owner password in the error.
enum dgl_status dgl_pdf_protection_check(const struct dgl_pdf_protection *p, const char *field,
                                         struct dgl_error *err) DGL_MUST_CHECK;
// Replaces the PDF by its protected form. Linear in its size; no files, no clock.
enum dgl_status dgl_pdf_protect(struct dgl_buf *pdf, const struct dgl_pdf_protection *p,
                                struct dgl_error *err) DGL_MUST_CHECK;

#endif
