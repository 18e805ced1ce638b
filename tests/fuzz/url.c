// Fuzz target: URLs and addresses. What is accepted is in normal form, so reading it again changes nothing; a literal
// address is judged the same whichever way it was written; no private address passes a guard without exceptions.
#include "fuzz.h"

#include "server/http/proxy.h"
#include "server/net/guard.h"

#include <arpa/inet.h>

static void check_normal_form(const struct dgl_url *url)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url again;
    fuzz_must(strncmp(url->text, url->https ? "https://" : "http://", url->https ? 8 : 7) == 0);
    fuzz_must(strncmp(url->text, url->origin, strlen(url->origin)) == 0);
    fuzz_must(url->target[0] == '/' && strcmp(url->text + strlen(url->origin), url->target) == 0);
    for (const char *p = url->text; *p; p++)
        fuzz_must((unsigned char)*p > 0x20 && (unsigned char)*p < 0x7F);
    for (const char *p = url->host; *p; p++)
        fuzz_must(!strchr("/\\@#?% \"<>", *p) && !(*p >= 'A' && *p <= 'Z'));
    fuzz_must(dgl_url_parse(url->text, strlen(url->text), "url", &again, &err) == DGL_OK);
    fuzz_must(strcmp(again.text, url->text) == 0 && strcmp(again.host, url->host) == 0);
    fuzz_must(again.port == url->port && again.host_is_address == url->host_is_address);
}

// An independent and shorter list than the guard's: what must never pass.
static bool is_inside(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, a, sizeof(v4));
        uint32_t ip = ntohl(v4.sin_addr.s_addr);
        return ip >> 24 == 10 || ip >> 24 == 127 || ip >> 24 == 0 || ip >> 16 == 0xC0A8 || ip >> 20 == 0xAC1 ||
               ip >> 16 == 0xA9FE || ip >> 28 >= 0xE;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, a, sizeof(v6));
    const unsigned char *b = v6.sin6_addr.s6_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr) || b[0] >= 0xFC ||
           (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && (b[12] == 10 || b[12] == 127));
}

static void check_guard(const struct dgl_url *url)
{
    static struct dgl_guard *guard;
    const struct dgl_guard_options options = {.allow_http = true};
    struct dgl_error err = DGL_ERROR_INIT;
    struct sockaddr_storage literal;
    bool is_private = false;
    if (!guard && dgl_guard_new(&options, &guard, &err) != DGL_OK)
        abort();
    bool passes = dgl_guard_check_url(guard, url, "url", &err) == DGL_OK;
    fuzz_must(passes || err.message[0]);
    fuzz_must(!passes || !dgl_guard_name_is_local(url->host));
    fuzz_must(dgl_guard_literal(url, &literal) == url->host_is_address);
    if (!url->host_is_address) {
        struct in_addr v4; // what the C library would take for an address is never a name here
        fuzz_must(inet_aton(url->host, &v4) == 0);
        return;
    }
    fuzz_must(passes == dgl_guard_allows(guard, (const struct sockaddr *)&literal, &is_private));
    fuzz_must(!passes || (!is_private && !is_inside(&literal)));
}

static void read_addresses(const char *text)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct http_nets nets;
    struct in6_addr address, again, client = IN6ADDR_LOOPBACK_INIT;
    char out[INET6_ADDRSTRLEN];
    if (http_address_parse(text, strlen(text), &address)) {
        http_address_format(&address, out);
        fuzz_must(http_address_parse(out, strlen(out), &again) && memcmp(&address, &again, sizeof(address)) == 0);
    }
    if (http_nets_parse(text, &nets, &err) == DGL_OK) {
        for (size_t i = 0; i < nets.count; i++)
            fuzz_must(nets.nets[i].bits <= 128 && http_nets_hold(&nets, &nets.nets[i].address));
    } else {
        fuzz_must_explain(&err);
    }
    if (http_nets_parse("127.0.0.0/8, 10.0.0.0/8, ::1", &nets, &err) == DGL_OK)
        http_forwarded_client(&nets, text, &client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_url url;
    if (dgl_url_parse((const char *)data, size, "url", &url, &err) == DGL_OK) {
        check_normal_form(&url);
        check_guard(&url);
    } else {
        fuzz_must_explain(&err);
    }
    char *text = fuzz_take_text(&data, &size, '\0');
    read_addresses(text);
    struct dgl_guard *guard = NULL;
    const struct dgl_guard_options options = {.allow_nets = text};
    if (dgl_guard_new(&options, &guard, &err) != DGL_OK)
        fuzz_must_explain(&err);
    dgl_guard_free(guard);
    free(text);
    return 0;
}
