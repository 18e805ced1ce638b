// The outbox with a real mail server on the other side, which answers as it is told, under a clock moved by hand.
#include "../net/servers.h"
#include "../store/fixture.h"
#include "server/mail/letters.h"
#include "server/mail/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LETTERS_KEPT 8
#define LETTER_BYTES 8192
#define PATIENCE_MS 20000

// ---- the mail server

struct post_office {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const char *answers[8]; // to the letters, one after the other; then "250 taken"
    size_t asked;           // letters that were offered
    char letters[LETTERS_KEPT][LETTER_BYTES];
};

static bool read_line(struct tcp_connection *c, char line[1024])
{
    size_t n = 0;
    while (n < 1023 && recv(c->fd, line + n, 1, 0) == 1)
        if (line[n++] == '\n')
            break;
    line[n] = '\0';
    return n > 0 && line[n - 1] == '\n';
}

static bool read_letter(struct tcp_connection *c, char *out)
{
    char line[1024];
    size_t n = 0;
    while (read_line(c, line)) {
        if (strcmp(line, ".\r\n") == 0)
            return true;
        n += (size_t)snprintf(out + n, LETTER_BYTES - n, "%s", line);
        if (n >= LETTER_BYTES)
            return false;
    }
    return false;
}

static const char *take_letter(struct post_office *p, const char *letter)
{
    pthread_mutex_lock(&p->lock);
    const char *answer = p->asked < DGL_COUNT(p->answers) ? p->answers[p->asked] : NULL;
    snprintf(p->letters[p->asked % LETTERS_KEPT], LETTER_BYTES, "%s", letter);
    p->asked++;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return answer ? answer : "250 taken\r\n";
}

static void serve_mail(struct tcp_connection *c)
{
    char line[1024], letter[LETTER_BYTES];
    tcp_puts(c, "220 here\r\n");
    while (read_line(c, line)) {
        if (strncmp(line, "DATA", 4) == 0) {
            tcp_puts(c, "354 go on\r\n");
            if (!read_letter(c, letter))
                return;
            tcp_puts(c, take_letter(c->server->arg, letter));
        } else if (strncmp(line, "QUIT", 4) == 0) {
            tcp_puts(c, "221 bye\r\n");
            return;
        } else {
            tcp_puts(c, "250 fine\r\n");
        }
    }
}

static void wait_for_letters(struct post_office *p, size_t count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    int rc = 0;
    pthread_mutex_lock(&p->lock);
    while (p->asked < count && rc == 0)
        rc = pthread_cond_timedwait(&p->changed, &p->lock, &until);
    size_t asked = p->asked;
    pthread_mutex_unlock(&p->lock);
    assert_int_equal(asked, count);
}

// ---- a house with an outbox

struct house {
    struct fixture *f;
    struct post_office office;
    struct tcp_server *server;
    struct dgl_keyring *keys;
    struct dgl_account *account;
    struct dgl_mailer *mailer;
    struct dgl_outbox *outbox;
    struct dgl_outbox_parts parts;
};

static int open_house(void **state)
{
    static const unsigned char master[32] = {7};
    struct house *h = DGL_NEW(struct house);
    struct dgl_account_options options = {0};
    char url[64];
    void *fixture;
    fixture_open(&fixture);
    h->f = fixture;
    pthread_mutex_init(&h->office.lock, NULL);
    pthread_cond_init(&h->office.changed, NULL);
    h->server = tcp_start(serve_mail, &h->office, NULL);
    h->keys = dgl_keyring_new_for_test(master);
    snprintf(url, sizeof url, "smtp://127.0.0.1:%u", h->server->port);
    const struct dgl_mailer_options mail = {.url = url, .from = "docgenlab@server.example"};
    assert_ok(h->f, dgl_account_new(h->f->store, h->f->clock, h->keys, &options, &h->account, &h->f->err));
    assert_ok(h->f, dgl_mailer_new(&mail, &h->mailer, &h->f->err));
    h->parts = (struct dgl_outbox_parts){.mailer = h->mailer,
                                         .store = h->f->store,
                                         .account = h->account,
                                         .clock = h->f->clock,
                                         .public_url = "https://docs.example.com"};
    h->outbox = dgl_outbox_new(&h->parts);
    *state = h;
    return 0;
}

static int close_house(void **state)
{
    struct house *h = *state;
    void *fixture = h->f;
    dgl_outbox_free(h->outbox);
    dgl_mailer_free(h->mailer);
    tcp_stop(h->server);
    dgl_account_free(h->account);
    dgl_keyring_free(h->keys);
    pthread_cond_destroy(&h->office.changed);
    pthread_mutex_destroy(&h->office.lock);
    fixture_close(&fixture);
    free(h);
    return 0;
}

static struct dgl_user guest(struct house *h)
{
    struct dgl_id id;
    struct dgl_user user;
    assert_ok(h->f, dgl_account_user_invite(h->account, h->f->org.s, "ann@test.example", "Ann", DGL_ROLE_VIEWER, &id,
                                            &h->f->err));
    assert_ok(h->f, dgl_store_user_get(h->f->store, h->f->arena, h->f->org.s, id.s, &user, &h->f->err));
    return user;
}

static size_t waiting(struct house *h, int64_t *ret_next_us)
{
    struct dgl_letter_row *letters;
    size_t count;
    assert_ok(h->f, dgl_store_letters_due(h->f->store, h->f->arena, INT64_C(86400) * DGL_US_PER_S, 100, &letters,
                                          &count, ret_next_us, &h->f->err));
    return count;
}

// The row follows the mail server's answer by a commit.
static void wait_until_settled(struct house *h, bool again)
{
    int64_t next_us = 0;
    for (int ms = 0; ms < PATIENCE_MS; ms += 5) {
        if (waiting(h, &next_us) == 0 && (next_us != INT64_MAX) == again)
            return;
        usleep(5000);
    }
    fail_msg("the letter is not %s", again ? "put off" : "done with");
}

static void invite(struct house *h, const struct dgl_user *user)
{
    assert_ok(h->f, dgl_outbox_invite(h->outbox, user, "admin@test.example", &h->f->err));
}

// ---- tests

static void test_put_off_then_taken(void **state)
{
    struct house *h = *state;
    struct dgl_user user = guest(h), opened;
    char token[DGL_INVITATION_LEN] = "";
    h->office.answers[0] = "451 not now\r\n";
    assert_ok(h->f, dgl_outbox_start(h->outbox, &h->f->err));
    invite(h, &user);
    wait_for_letters(&h->office, 1);
    wait_until_settled(h, true);
    dgl_clock_advance(h->f->clock, 60 * DGL_US_PER_S);
    dgl_outbox_look(h->outbox);
    wait_for_letters(&h->office, 2);
    wait_until_settled(h, false);
    const char *first = strstr(h->office.letters[0], "Message-ID: "),
               *second = strstr(h->office.letters[1], "Message-ID: ");
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal(strncmp(first, second, strcspn(first, "\r")), 0);
    assert_non_null(strstr(h->office.letters[1], "To: <ann@test.example>\r\nSubject: DocGenLab: an invitation\r\n"));
    const char *at = strstr(h->office.letters[1], "token=3D"); // quoted-printable
    assert_non_null(at);
    size_t n = 0;
    for (at += 8; n + 1 < sizeof token && *at && strncmp(at, "\r\n", 2) != 0;)
        if (strncmp(at, "=\r\n", 3) == 0)
            at += 3;
        else
            token[n++] = *at++;
    assert_ok(h->f, dgl_account_invitation_open(h->account, h->f->arena, token, &opened, &h->f->err));
    assert_string_equal(opened.id, user.id);
}

static void test_refused_is_done_with(void **state)
{
    struct house *h = *state;
    struct dgl_user user = guest(h);
    h->office.answers[0] = "550 no such mailbox\r\n";
    assert_ok(h->f, dgl_outbox_start(h->outbox, &h->f->err));
    invite(h, &user);
    wait_for_letters(&h->office, 1);
    wait_until_settled(h, false);
}

static void test_three_days_are_enough(void **state)
{
    struct house *h = *state;
    struct dgl_user user = guest(h);
    h->office.answers[0] = h->office.answers[1] = "451 not now\r\n";
    invite(h, &user);
    assert_ok(h->f, dgl_outbox_start(h->outbox, &h->f->err));
    wait_for_letters(&h->office, 1);
    wait_until_settled(h, true);
    dgl_clock_advance(h->f->clock, INT64_C(3) * 86400 * DGL_US_PER_S);
    dgl_outbox_look(h->outbox);
    wait_for_letters(&h->office, 2);
    wait_until_settled(h, false);
}

static void test_what_waited_is_sent_after_the_next_start(void **state)
{
    struct house *h = *state;
    struct dgl_user user = guest(h);
    invite(h, &user);
    dgl_outbox_free(h->outbox);
    h->outbox = dgl_outbox_new(&h->parts);
    assert_ok(h->f, dgl_outbox_start(h->outbox, &h->f->err));
    wait_for_letters(&h->office, 1);
    wait_until_settled(h, false);
}

static void test_of_no_use(void **state)
{
    struct house *h = *state;
    struct dgl_user user = guest(h);
    int64_t next_us;
    invite(h, &user);
    assert_int_equal(waiting(h, &next_us), 1);
    assert_ok(h->f, dgl_store_user_delete(h->f->store, h->f->org.s, user.id, &h->f->err));
    assert_ok(h->f, dgl_outbox_start(h->outbox, &h->f->err));
    wait_until_settled(h, false);
    assert_int_equal(h->office.asked, 0);
}

// In words: each kind of notice while it is true, and nothing once it is not.
static void test_notices(void **state)
{
    struct house *h = *state;
    struct fixture *f = h->f;
    struct dgl_letter_row letter = {
        .id = "1", .kind = DGL_LETTER_ENDPOINT_GONE, .to = "a@x.example", .detail = "status 410"};
    struct dgl_mail mail;
    struct dgl_id endpoint = put_endpoint(f, f->org.s, true, "https://a.example/in?token=secret", NULL);
    memcpy(letter.org, f->org.s, sizeof letter.org);
    memcpy(letter.about, endpoint.s, sizeof letter.about);
    assert_ok(f, dgl_letter_write(&h->parts, f->arena, &letter, &mail, &f->err));
    assert_null(mail.subject); // enabled
    assert_ok(f, dgl_store_endpoint_set_state(f->store, f->org.s, endpoint.s, DGL_ENDPOINT_DISABLED, "410", &f->err));
    assert_ok(f, dgl_letter_write(&h->parts, f->arena, &letter, &mail, &f->err));
    assert_string_equal(mail.subject, "DocGenLab: a webhook endpoint was disabled");
    assert_non_null(strstr(mail.text, "410 Gone"));
    assert_non_null(strstr(mail.text, "https://a.example/in\n"));
    assert_null(strstr(mail.text, "secret"));
    letter.kind = DGL_LETTER_ENDPOINT_FAILING;
    assert_ok(f, dgl_letter_write(&h->parts, f->arena, &letter, &mail, &f->err));
    assert_null(mail.subject);
    assert_ok(f, dgl_store_endpoint_delete(f->store, f->org.s, endpoint.s, &f->err));
    letter.kind = DGL_LETTER_ENDPOINT_DISABLED;
    assert_ok(f, dgl_letter_write(&h->parts, f->arena, &letter, &mail, &f->err));
    assert_null(mail.subject);
}

static void test_so_many_a_minute(void **state)
{
    struct house *h = *state;
    struct dgl_user user = guest(h);
    for (int i = 0; i < DGL_OUTBOX_INVITATIONS_PER_MINUTE; i++)
        invite(h, &user);
    assert_fails(h->f, DGL_E_RATE, dgl_outbox_invite(h->outbox, &user, "admin@test.example", &h->f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_put_off_then_taken, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_refused_is_done_with, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_three_days_are_enough, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_what_waited_is_sent_after_the_next_start, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_of_no_use, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_notices, open_house, close_house),
        cmocka_unit_test_setup_teardown(test_so_many_a_minute, open_house, close_house),
    };
    return cmocka_run_group_tests_name("mail/outbox", tests, NULL, NULL);
}
