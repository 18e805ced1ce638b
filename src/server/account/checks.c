// What names, e-mail addresses and passwords must look like, and the password that is made for somebody.
#include "base/str.h"
#include "server/account/inside.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

// Lower-case letters and digits without those that look alike (l, o, 0, 1): 32 of them, 5 bits each.
static const char password_letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

void dgl_password_generate(char out[DGL_PASSWORD_GENERATED + 1])
{
    unsigned char random[DGL_PASSWORD_GENERATED];
    dgl_random_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        out[i] = password_letters[random[i] % (sizeof password_letters - 1)];
    out[sizeof random] = '\0';
    dgl_wipe(random, sizeof random);
}

// One @ with something before and a domain of letters, digits, hyphens and dots after; no spaces or control
// characters. Whether mail arrives is not for a form to know.
bool dgl_email_normalize(const char *email, char out[DGL_EMAIL_MAX + 1])
{
    size_t len = email ? strnlen(email, DGL_EMAIL_MAX + 1) : 0, at = 0, ats = 0;
    if (len < 3 || len > DGL_EMAIL_MAX || !dgl_utf8_valid(email, len))
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)email[i];
        if (c <= ' ' || c == 0x7f || strchr("\"(),:;<>[]\\", c))
            return false;
        if (c == '@') {
            at = i;
            ats++;
        }
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    out[len] = '\0';
    if (ats != 1 || at == 0 || at > 64 || at + 1 == len)
        return false;
    for (const char *p = out + at + 1; *p; p++)
        if ((*p == '.' || *p == '-') && (p[-1] == '@' || p[-1] == '.' || !p[1]))
            return false;
    return true;
}

enum dgl_status dgl_check_email(const char *email, char out[DGL_EMAIL_MAX + 1], struct dgl_error *err)
{
    if (dgl_email_normalize(email, out))
        return DGL_OK;
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_email", "email",
                          "\"%.100s\" is not an e-mail address; it must look like name@example.com",
                          email ? email : "");
}

enum dgl_status dgl_check_password(const char *password, struct dgl_error *err)
{
    size_t len = strnlen(password, DGL_PASSWORD_MAX + 1);
    if (len >= DGL_PASSWORD_MIN && len <= DGL_PASSWORD_MAX)
        return DGL_OK;
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_password", "password", "the password must have %d to %d bytes",
                          DGL_PASSWORD_MIN, DGL_PASSWORD_MAX);
}

enum dgl_status dgl_check_name(const char *name, const char *field, struct dgl_error *err)
{
    size_t len = name ? strnlen(name, 4 * DGL_NAME_MAX + 1) : 0;
    if (len > 0 && len <= 4 * DGL_NAME_MAX && dgl_utf8_plain(name, len, false, true) &&
        dgl_utf8_count(name, len) <= DGL_NAME_MAX)
        return DGL_OK;
    return DGL_FAIL_FIELD(err, DGL_E_INVALID, "invalid_name", field,
                          "%s must have 1 to %d characters and no control characters", field, DGL_NAME_MAX);
}

// Whoever has one IPv6 address has the whole /64.
void dgl_client_network(const char *address, char out[64])
{
    struct in6_addr v6;
    if (address && inet_pton(AF_INET6, address, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6)) {
        memset(v6.s6_addr + 8, 0, 8);
        inet_ntop(AF_INET6, &v6, out, 64);
        return;
    }
    snprintf(out, 64, "%s", address ? address : "");
}
