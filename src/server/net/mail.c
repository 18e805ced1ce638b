// One letter over the wire, by libcurl: SMTP with TLS as the URL asks for it, the text as quoted-printable.
#include "server/net/mail.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/str.h"
#include "server/net/trust.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_TIMEOUT_MS 10000L
#define TOTAL_TIMEOUT_MS 30000L
#define QUOTED_LINE_MAX 72 // then a soft line break; RFC 2045 allows 76

_Static_assert(DGL_MAIL_PROBLEM_MAX >= CURL_ERROR_SIZE, "libcurl writes so much");

struct dgl_mailer {
    char *url, *from;
    bool must_encrypt;
    X509_STORE *trust;
    atomic_bool stopping;
};

// ---- settings

bool dgl_mail_address_valid(const char *address)
{
    size_t len = strlen(address);
    const char *at = strchr(address, '@');
    if (len > DGL_MAIL_ADDRESS_MAX || !at || at == address || !at[1] || strchr(at + 1, '@'))
        return false;
    for (const char *p = address; *p; p++)
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || strchr("<>()[],;:\\\"", *p))
            return false;
    return true;
}

static bool is_this_machine(const char *host)
{
    struct in6_addr v6;
    return strcmp(host, "localhost") == 0 || (strncmp(host, "127.", 4) == 0 && inet_pton(AF_INET, host, &v6) == 1) ||
           strcmp(host, "[::1]") == 0;
}

#define BAD_SMTP_URL(err, what)                                   \
    DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_url", "SMTP_URL", \
                   "SMTP_URL " what "; write it like smtps://user:password@mail.example.com or smtp://127.0.0.1:25")

static enum dgl_status check_parts(CURLU *parts, bool *ret_must_encrypt, struct dgl_error *err)
{
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool known = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                 (strcmp(scheme, "smtp") == 0 || strcmp(scheme, "smtps") == 0);
    bool has_host = curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host;
    bool has_user = curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK && *user;
    *ret_must_encrypt = has_user && has_host && !is_this_machine(host);
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    if (!known)
        return BAD_SMTP_URL(err, "must begin with smtp:// or smtps://");
    return has_host ? DGL_OK : BAD_SMTP_URL(err, "names no host");
}

static enum dgl_status check_url(const char *url, bool *ret_must_encrypt, struct dgl_error *err)
{
    CURLU *parts = curl_url();
    enum dgl_status status = !parts || curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK
                                 ? BAD_SMTP_URL(err, "is not a URL")
                                 : check_parts(parts, ret_must_encrypt, err);
    curl_url_cleanup(parts);
    return status;
}

static enum dgl_status check_from(const char *from, struct dgl_error *err)
{
    if (!from || !*from)
        return DGL_FAIL_FIELD(
            err, DGL_E_INVALID, "missing_field", "MAIL_FROM",
            "MAIL_FROM must be given with SMTP_URL: the sender's address, like docgenlab@example.com");
    if (!dgl_mail_address_valid(from))
        return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_address", "MAIL_FROM",
                              "MAIL_FROM \"%.100s\" is not an address; write it like docgenlab@example.com", from);
    return DGL_OK;
}

// ---- one letter over the wire

static CURLcode on_ssl_context(CURL *easy DGL_UNUSED, void *ssl_ctx, void *arg)
{
    SSL_CTX_set1_cert_store(ssl_ctx, arg);
    return CURLE_OK;
}

static int on_progress(void *arg, curl_off_t a DGL_UNUSED, curl_off_t b DGL_UNUSED, curl_off_t c DGL_UNUSED,
                       curl_off_t d DGL_UNUSED)
{
    struct dgl_mailer *m = arg;
    return atomic_load(&m->stopping);
}

// Quoted-printable (RFC 2045 §6.7): 7-bit, and plain English stays readable in it.
static void put_text(struct dgl_buf *out, const char *text)
{
    size_t column = 0;
    for (const char *p = text; *p; p++) {
        bool line_ends = *p == '\n', ends_with_space = *p == ' ' && (p[1] == '\n' || !p[1]);
        bool plain = (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f && *p != '=' && !ends_with_space;
        if (!line_ends && column > QUOTED_LINE_MAX) {
            dgl_buf_puts(out, "=\r\n");
            column = 0;
        }
        if (line_ends) {
            dgl_buf_puts(out, "\r\n");
            column = 0;
        } else if (plain) {
            dgl_buf_append(out, p, 1);
            column++;
        } else {
            dgl_buf_printf(out, "=%02X", (unsigned char)*p);
            column += 3;
        }
    }
    dgl_buf_puts(out, column ? "\r\n" : "");
}

static void write_message(const struct dgl_mailer *m, const struct dgl_mail *mail, struct dgl_buf *out)
{
    char date[64];
    struct tm tm;
    time_t now = (time_t)(dgl_clock_now_us(dgl_clock_system()) / DGL_US_PER_S);
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    dgl_buf_printf(out, "Date: %s\r\nFrom: DocGenLab <%s>\r\nTo: <%s>\r\nSubject: %s\r\n", date, m->from, mail->to,
                   mail->subject);
    dgl_buf_printf(out, "Message-ID: <%s%s>\r\n", mail->id, strchr(m->from, '@'));
    dgl_buf_puts(out, "Auto-Submitted: auto-generated\r\n" // RFC 3834 §5: no out-of-office answers
                      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    put_text(out, mail->text);
}

struct reader {
    const struct dgl_buf *message;
    size_t at;
};

static size_t on_read(char *to, size_t size, size_t n, void *arg)
{
    struct reader *r = arg;
    size_t len = DGL_MIN(size * n, r->message->len - r->at);
    if (len)
        memcpy(to, r->message->data + r->at, len);
    r->at += len;
    return len;
}

static void set_options(struct dgl_mailer *m, CURL *easy, char problem[CURL_ERROR_SIZE])
{
    curl_easy_setopt(easy, CURLOPT_URL, m->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(m->must_encrypt ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, m->trust);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TOTAL_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, m);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
}

// 5xx means "never", when it is about the letter: a server that refuses everybody, or our password, may be mended.
static bool is_refused(CURLcode code, long answer, const struct reader *reader)
{
    bool is_about_letter = code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && reader->at > 0);
    return is_about_letter && answer >= 500;
}

static enum dgl_mail_outcome transfer(struct dgl_mailer *m, const struct dgl_mail *mail, CURL *easy, char *problem)
{
    char envelope_from[DGL_MAIL_ADDRESS_MAX + 3], envelope_to[DGL_MAIL_ADDRESS_MAX + 3];
    struct curl_slist to = {.data = envelope_to};
    DGL_AUTO_FINI(buf) message = DGL_BUF_INIT(4 * DGL_MAIL_TEXT_MAX);
    struct reader reader = {.message = &message};
    long answer = 0;
    snprintf(envelope_from, sizeof envelope_from, "<%s>", m->from);
    snprintf(envelope_to, sizeof envelope_to, "<%s>", mail->to);
    write_message(m, mail, &message);
    set_options(m, easy, problem);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, envelope_from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, &to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &reader);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
    dgl_wipe(message.data, message.len); // it may hold a link that lets somebody in
    if (code == CURLE_OK) {
        problem[0] = '\0';
        return DGL_MAIL_TAKEN;
    }
    if (answer >= 400)
        snprintf(problem, DGL_MAIL_PROBLEM_MAX, "the mail server refused it with status %ld", answer);
    else if (!problem[0])
        snprintf(problem, DGL_MAIL_PROBLEM_MAX, "%s", curl_easy_strerror(code));
    return is_refused(code, answer, &reader) ? DGL_MAIL_REFUSED : DGL_MAIL_NOT_NOW;
}

// ---- public

enum dgl_status dgl_mailer_new(const struct dgl_mailer_options *options, struct dgl_mailer **ret, struct dgl_error *err)
{
    bool must_encrypt = false;
    DGL_TRY(check_url(options->url, &must_encrypt, err));
    DGL_TRY(check_from(options->from, err));
    DGL_AUTO(mailer) m = DGL_NEW(struct dgl_mailer);
    m->url = dgl_strdup(options->url);
    m->from = dgl_strdup(options->from);
    m->must_encrypt = must_encrypt;
    DGL_TRY(dgl_trust_load(options->ca_file, &m->trust, err));
    *ret = DGL_STEAL(m);
    return DGL_OK;
}

void dgl_mailer_free(struct dgl_mailer *m)
{
    if (!m)
        return;
    X509_STORE_free(m->trust);
    if (m->url)
        dgl_wipe(m->url, strlen(m->url));
    free(m->url);
    free(m->from);
    free(m);
}

void dgl_mailer_stop(struct dgl_mailer *m)
{
    atomic_store(&m->stopping, true);
}

static bool subject_valid(const char *subject)
{
    for (const char *p = subject; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
            return false;
    return strlen(subject) <= DGL_MAIL_SUBJECT_MAX;
}

enum dgl_mail_outcome dgl_mailer_send(struct dgl_mailer *m, const struct dgl_mail *mail,
                                      char ret_problem[DGL_MAIL_PROBLEM_MAX])
{
    ret_problem[0] = '\0';
    if (!dgl_mail_address_valid(mail->to) || !subject_valid(mail->subject) || strlen(mail->text) > DGL_MAIL_TEXT_MAX ||
        !dgl_utf8_valid(mail->text, strlen(mail->text))) {
        snprintf(ret_problem, DGL_MAIL_PROBLEM_MAX, "its address, subject or text cannot be put into an e-mail");
        return DGL_MAIL_REFUSED;
    }
    CURL *easy = curl_easy_init();
    if (!easy)
        abort();
    enum dgl_mail_outcome outcome = transfer(m, mail, easy, ret_problem);
    curl_easy_cleanup(easy);
    return outcome;
}
