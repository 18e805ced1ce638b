// What a request wants of its PDF, while the job waits: sealed, because passwords may be in it, and gone with the
// outcome.
//
//   options = version (1 byte), archive (1), allow (1), open password, 0, owner password, 0
#include "server/document/parts.h"

#include <stdio.h>
#include <string.h>

#define VERSION 1

static void context_of(const char *document, char ret[80])
{
    snprintf(ret, 80, "pdf_options:%s", document);
}

enum dgl_status dgl_document_pdf_seal(const struct dgl_documents *d, const char *document,
                                      const struct dgl_document_pdf *pdf, struct dgl_buf *ret, struct dgl_error *err)
{
    const struct dgl_pdf_protection *p = &pdf->protection;
    char context[80], plain[3 + 2 * sizeof(p->open_password)] = {VERSION, (char)pdf->archive, (char)p->allow};
    size_t open_len = strlen(p->open_password) + 1, owner_len = strlen(p->owner_password) + 1;
    context_of(document, context);
    memcpy(plain + 3, p->open_password, open_len);
    memcpy(plain + 3 + open_len, p->owner_password, owner_len);
    enum dgl_status status = dgl_seal(d->parts.keys, context, plain, 3 + open_len + owner_len, ret, err);
    dgl_wipe(plain, sizeof plain);
    return status;
}

static bool take_password(const char **at, const char *end, char ret[DGL_PDF_PASSWORD_MAX + 1])
{
    size_t left = (size_t)(end - *at), len = strnlen(*at, left);
    if (len == left || len > DGL_PDF_PASSWORD_MAX)
        return false;
    memcpy(ret, *at, len + 1);
    *at += len + 1;
    return true;
}

enum dgl_status dgl_document_pdf_open(const struct dgl_documents *d, const char *document, const void *sealed,
                                      size_t len, struct dgl_document_pdf *ret, struct dgl_error *err)
{
    char context[80];
    DGL_AUTO_FINI(buf) plain = DGL_BUF_INIT(DGL_DOCUMENT_PDF_OPTIONS_MAX);
    context_of(document, context);
    DGL_TRY(dgl_unseal(d->parts.keys, context, sealed, len, &plain, err));
    const char *at = plain.data + 3, *end = plain.data + plain.len;
    bool whole = plain.len > 3 && plain.data[0] == VERSION;
    if (whole) {
        ret->archive = plain.data[1] != 0;
        ret->protection.allow = (unsigned char)plain.data[2];
        whole = take_password(&at, end, ret->protection.open_password) &&
                take_password(&at, end, ret->protection.owner_password) && at == end;
    }
    dgl_wipe(plain.data, plain.cap);
    return whole ? DGL_OK : DGL_FAIL(err, DGL_E_INTERNAL, "the PDF options of document %s are not readable", document);
}
