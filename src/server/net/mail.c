// One thread, one letter at a time.
//
//   post ─▶ waiting ─ due ─▶ libcurl ─ taken ─▶ report
//              ▲                │ not taken, tries left, and not refused for good (5xx)
//              └── 1, 10 min ───┘ otherwise ─▶ report
//
// Rejected: letters in the database. What they say stands in the log and on the page; a letter is only the quicker way.
#include "server/net/mail.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/str.h"
#include "server/net/trust.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_TIMEOUT_MS 10000L
#define TOTAL_TIMEOUT_MS 30000L
#define QUOTED_LINE_MAX 72 // then a soft line break; RFC 2045 allows 76
static const int64_t again_after_us[] = {60 * DGL_US_PER_S, 600 * DGL_US_PER_S};

struct letter {
    struct letter *next;
    int64_t due_us; // monotonic
    size_t tries;
    struct dgl_mail mail; // its strings are in `strings`
    char strings[];
};
struct dgl_mailer {
    char *url, *from;
    bool must_encrypt;
    X509_STORE *trust;
    dgl_mail_report report;
    pthread_t thread;
    bool started;
    atomic_bool stopping;
    pthread_mutex_t lock; // guards the next three
    pthread_cond_t changed;
    struct letter *waiting; // oldest first
    size_t count;           // the one under way too
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
    char date[64], id[33];
    unsigned char random[16];
    struct tm tm;
    time_t now = (time_t)(dgl_clock_now_us(dgl_clock_system()) / DGL_US_PER_S);
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    dgl_random_bytes(random, sizeof random);
    dgl_hex_encode(random, sizeof random, id);
    dgl_buf_printf(out, "Date: %s\r\nFrom: DocGenLab <%s>\r\nTo: <%s>\r\nSubject: %s\r\n", date, m->from, mail->to,
                   mail->subject);
    dgl_buf_printf(out, "Message-ID: <%s%s>\r\n", id, strchr(m->from, '@'));
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

// False: not taken, and problem says why. *ret_for_good: asking again is of no use.
static bool transfer(struct dgl_mailer *m, const struct dgl_mail *mail, char problem[CURL_ERROR_SIZE],
                     bool *ret_for_good)
{
    char envelope_from[DGL_MAIL_ADDRESS_MAX + 3], envelope_to[DGL_MAIL_ADDRESS_MAX + 3];
    CURL *easy = curl_easy_init();
    struct curl_slist to = {.data = envelope_to};
    DGL_AUTO_FINI(buf) message = DGL_BUF_INIT(4 * DGL_MAIL_TEXT_MAX);
    struct reader reader = {.message = &message};
    if (!easy)
        abort();
    snprintf(envelope_from, sizeof envelope_from, "<%s>", m->from);
    snprintf(envelope_to, sizeof envelope_to, "<%s>", mail->to);
    problem[0] = '\0';
    write_message(m, mail, &message);
    set_options(m, easy, problem);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, envelope_from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, &to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &reader);
    CURLcode code = curl_easy_perform(easy);
    long answer = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
    *ret_for_good = code != CURLE_OK && answer >= 500;
    if (code != CURLE_OK && answer >= 400)
        snprintf(problem, CURL_ERROR_SIZE, "the mail server refused it with status %ld", answer);
    else if (code != CURLE_OK && !problem[0])
        snprintf(problem, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code));
    curl_easy_cleanup(easy);
    return code == CURLE_OK;
}

// ---- the thread

static struct letter **next_due(struct dgl_mailer *m)
{
    struct letter **best = m->waiting ? &m->waiting : NULL;
    for (struct letter **at = best; at && *at; at = &(*at)->next)
        if ((*at)->due_us < (*best)->due_us)
            best = at;
    return best;
}

// Waits for a letter that is due and takes it out; NULL: stopping. With the lock held.
static struct letter *take(struct dgl_mailer *m)
{
    while (!atomic_load(&m->stopping)) {
        struct letter **best = next_due(m), *l = best ? *best : NULL;
        if (!l) {
            pthread_cond_wait(&m->changed, &m->lock);
        } else if (l->due_us > dgl_clock_mono_us(dgl_clock_system())) {
            struct timespec until = {.tv_sec = (time_t)(l->due_us / DGL_US_PER_S),
                                     .tv_nsec = (long)(l->due_us % DGL_US_PER_S * 1000)};
            pthread_cond_timedwait(&m->changed, &m->lock, &until);
        } else {
            *best = l->next;
            return l;
        }
    }
    return NULL;
}

static void put(struct dgl_mailer *m, struct letter *l)
{
    struct letter **at = &m->waiting;
    while (*at)
        at = &(*at)->next;
    l->next = NULL;
    *at = l;
    pthread_cond_signal(&m->changed);
}

// With the lock held before and after, not while the letter is under way.
static void send_one(struct dgl_mailer *m, struct letter *l)
{
    char problem[CURL_ERROR_SIZE];
    bool for_good;
    pthread_mutex_unlock(&m->lock);
    bool sent = transfer(m, &l->mail, problem, &for_good);
    bool again = !sent && !for_good && l->tries < DGL_COUNT(again_after_us);
    if (!again && !atomic_load(&m->stopping))
        m->report(&l->mail, sent ? NULL : problem);
    pthread_mutex_lock(&m->lock);
    if (again) {
        l->due_us = dgl_clock_mono_us(dgl_clock_system()) + again_after_us[l->tries++];
        put(m, l);
        return;
    }
    m->count--;
    free(l);
}

static void *run(void *arg)
{
    struct dgl_mailer *m = arg;
    pthread_mutex_lock(&m->lock);
    for (struct letter *l; (l = take(m));)
        send_one(m, l);
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

// ---- public

static void release(struct dgl_mailer *m)
{
    while (m->waiting) {
        struct letter *l = m->waiting;
        m->waiting = l->next;
        free(l);
    }
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    X509_STORE_free(m->trust);
    if (m->url)
        dgl_wipe(m->url, strlen(m->url));
    free(m->url);
    free(m->from);
    free(m);
}

static enum dgl_status start(struct dgl_mailer *m, struct dgl_error *err)
{
    sigset_t all, old; // signals are the main thread's
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&m->thread, NULL, run, m);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc != 0)
        return DGL_FAIL_ERRNO(err, rc, "the mail thread cannot start");
    pthread_setname_np(m->thread, "mail");
    m->started = true;
    return DGL_OK;
}

enum dgl_status dgl_mailer_new(const struct dgl_mailer_options *options, struct dgl_mailer **ret, struct dgl_error *err)
{
    bool must_encrypt = false;
    pthread_condattr_t monotonic;
    DGL_TRY(check_url(options->url, &must_encrypt, err));
    DGL_TRY(check_from(options->from, err));
    DGL_AUTO(mailer) m = DGL_NEW(struct dgl_mailer);
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&m->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    m->url = dgl_strdup(options->url);
    m->from = dgl_strdup(options->from);
    m->must_encrypt = must_encrypt;
    m->report = options->report;
    DGL_TRY(dgl_trust_load(options->ca_file, &m->trust, err));
    DGL_TRY(start(m, err));
    *ret = DGL_STEAL(m);
    return DGL_OK;
}

void dgl_mailer_free(struct dgl_mailer *m)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    atomic_store(&m->stopping, true);
    pthread_cond_signal(&m->changed);
    pthread_mutex_unlock(&m->lock);
    if (m->started)
        pthread_join(m->thread, NULL);
    release(m);
}

static bool subject_valid(const char *subject)
{
    for (const char *p = subject; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
            return false;
    return strlen(subject) <= DGL_MAIL_SUBJECT_MAX;
}

static struct letter *letter_new(const struct dgl_mail *mail)
{
    size_t to = strlen(mail->to) + 1, subject = strlen(mail->subject) + 1, text = strlen(mail->text) + 1;
    struct letter *l = dgl_alloc(sizeof *l + to + subject + text);
    char *at = l->strings;
    l->mail.to = memcpy(at, mail->to, to);
    l->mail.subject = memcpy(at + to, mail->subject, subject);
    l->mail.text = memcpy(at + to + subject, mail->text, text);
    return l;
}

enum dgl_status dgl_mailer_post(struct dgl_mailer *m, const struct dgl_mail *mail, struct dgl_error *err)
{
    if (!dgl_mail_address_valid(mail->to) || !subject_valid(mail->subject) || strlen(mail->text) > DGL_MAIL_TEXT_MAX ||
        !dgl_utf8_valid(mail->text, strlen(mail->text)))
        return DGL_FAIL(err, DGL_E_INVALID,
                        "a letter to \"%.100s\" cannot be written: its address, subject or text "
                        "cannot be put into an e-mail",
                        mail->to);
    pthread_mutex_lock(&m->lock);
    bool room = m->count < DGL_MAIL_QUEUE_MAX;
    if (room) {
        m->count++;
        put(m, letter_new(mail));
    }
    pthread_mutex_unlock(&m->lock);
    return room ? DGL_OK
                : DGL_FAIL(err, DGL_E_UNAVAILABLE, "%d letters wait already: the mail server takes none",
                           DGL_MAIL_QUEUE_MAX);
}
