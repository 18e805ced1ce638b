// See protect.h. qpdf rewrites the file with every string and stream encrypted; streams stay as compressed as they are.
#include "render/pdf/protect.h"

#include "base/crypto.h"
#include "base/str.h"

#include <qpdf/qpdf-c.h>
#include <string.h>
#include <unicode/usprep.h>
#include <unicode/ustring.h>

bool dgl_pdf_is_protected(const struct dgl_pdf_protection *p)
{
    return p->open_password[0] || p->owner_password[0];
}

// ---- passwords

static enum dgl_status not_a_password(const char *field, struct dgl_error *err)
{
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_password", field,
                          "%s must be 1 to %u bytes of UTF-8 without control characters", field, DGL_PDF_PASSWORD_MAX);
}

enum dgl_status dgl_pdf_password_set(const char *password, size_t len, const char *field,
                                     char ret[DGL_PDF_PASSWORD_MAX + 1], struct dgl_error *err)
{
    // Preparation may shorten (decomposed letters) or lengthen (ligatures): what is measured is the result.
    UChar given[4 * DGL_PDF_PASSWORD_MAX], ready[4 * DGL_PDF_PASSWORD_MAX];
    int32_t given_len = 0, ready_len = 0, ret_len = 0;
    UErrorCode status = U_ZERO_ERROR;
    if (len == 0 || len > DGL_COUNT(given) || !dgl_utf8_valid(password, len))
        return not_a_password(field, err);
    u_strFromUTF8(given, DGL_COUNT(given), &given_len, password, (int32_t)len, &status);
    UStringPrepProfile *profile = usprep_openByType(USPREP_RFC4013_SASLPREP, &status);
    if (U_SUCCESS(status))
        ready_len =
            usprep_prepare(profile, given, given_len, ready, DGL_COUNT(ready), USPREP_ALLOW_UNASSIGNED, NULL, &status);
    if (profile)
        usprep_close(profile);
    u_strToUTF8(ret, DGL_PDF_PASSWORD_MAX + 1, &ret_len, ready, ready_len, &status);
    dgl_wipe(given, sizeof(given));
    dgl_wipe(ready, sizeof(ready));
    if (U_FAILURE(status) || ret_len == 0 || ret_len > (int32_t)DGL_PDF_PASSWORD_MAX || strlen(ret) != (size_t)ret_len)
        return not_a_password(field, err);
    return DGL_OK;
}

uint32_t dgl_pdf_allow_bit(const char *word)
{
    static const char *const words[] = {"print", "copy", "annotate", "forms", "edit"};
    for (unsigned i = 0; i < DGL_COUNT(words); i++)
        if (strcmp(word, words[i]) == 0)
            return 1u << i;
    return 0;
}

enum dgl_status dgl_pdf_protection_check(const struct dgl_pdf_protection *p, const char *field, struct dgl_error *err)
{
    if (p->owner_password[0] && strcmp(p->open_password, p->owner_password) == 0)
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "same_passwords", field,
                              "the owner password is the same as the open password, so that whoever opens the document "
                              "could lift what is forbidden; choose another one");
    if (p->allow != DGL_PDF_ALLOW_ALL && !p->owner_password[0])
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "owner_password_needed", field,
                              "not everything is allowed, which takes an owner password to lift it; name one");
    return DGL_OK;
}

// ---- the file

static enum dgl_status failed(qpdf_data q, struct dgl_error *err)
{
    const char *why = qpdf_has_error(q) ? qpdf_get_error_message_detail(q, qpdf_get_error(q)) : "";
    return DGL_FAIL_SLUG(err, DGL_E_INTERNAL, "pdf_not_protected", "the PDF could not be given its password: %.200s",
                         why);
}

static void set_protection(qpdf_data q, const struct dgl_pdf_protection *p)
{
    bool edit = p->allow & DGL_PDF_ALLOW_EDIT, annotate = p->allow & DGL_PDF_ALLOW_ANNOTATE;
    // Without an owner password the open password gives every right.
    const char *owner = p->owner_password[0] ? p->owner_password : p->open_password;
    qpdf_set_r6_encryption_parameters2(q, p->open_password, owner, QPDF_TRUE, (p->allow & DGL_PDF_ALLOW_COPY) != 0,
                                       edit, annotate, annotate || p->allow & DGL_PDF_ALLOW_FORMS, edit,
                                       p->allow & DGL_PDF_ALLOW_PRINT ? qpdf_r3p_full : qpdf_r3p_none, QPDF_TRUE);
}

static enum dgl_status rewrite(qpdf_data q, struct dgl_buf *pdf, const struct dgl_pdf_protection *p,
                               struct dgl_error *err)
{
    qpdf_silence_errors(q);
    qpdf_set_suppress_warnings(q, QPDF_TRUE);
    if (qpdf_read_memory(q, "document", pdf->data, pdf->len, NULL) & QPDF_ERRORS ||
        qpdf_init_write_memory(q) & QPDF_ERRORS)
        return failed(q, err);
    qpdf_set_stream_data_mode(q, qpdf_s_preserve);
    qpdf_set_object_stream_mode(q, qpdf_o_preserve);
    set_protection(q, p);
    if (qpdf_write(q) & QPDF_ERRORS)
        return failed(q, err);
    dgl_buf_reset(pdf);
    dgl_buf_append(pdf, qpdf_get_buffer(q), qpdf_get_buffer_length(q));
    return dgl_buf_check(pdf, "the PDF", err);
}

enum dgl_status dgl_pdf_protect(struct dgl_buf *pdf, const struct dgl_pdf_protection *p, struct dgl_error *err)
{
    qpdf_data q = qpdf_init();
    enum dgl_status status = rewrite(q, pdf, p, err);
    qpdf_cleanup(&q);
    return status;
}
