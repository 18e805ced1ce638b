// Numbers of queues: arithmetic for endpoints, a hash for origins. A collision of two origins would only make them
// share a line.
#include "server/store/sqlite/queue.h"

#include "base/crypto.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ORIGIN_MAX 320

int64_t dgl_queue_of_endpoint(int64_t endpoint_seq, bool is_listener)
{
    return is_listener ? DGL_QUEUE_LISTENERS - endpoint_seq : endpoint_seq;
}

static size_t cut_end(const char *s, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len > n && memcmp(s + len - n, end, n) == 0 ? len - n : len;
}

static size_t origin_of(const char *url, char out[ORIGIN_MAX])
{
    const char *scheme_end = strstr(url, "://");
    size_t scheme = scheme_end ? (size_t)(scheme_end - url) + 3 : 0;
    size_t len = DGL_MIN(scheme + strcspn(url + scheme, "/?#"), ORIGIN_MAX - 1);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)url[i]);
    len = cut_end(out, len, strncmp(out, "https:", DGL_MIN(len, 6)) == 0 ? ":443" : ":80");
    return cut_end(out, len, ".");
}

int64_t dgl_queue_of_url(int64_t org_seq, const char *url)
{
    char origin[ORIGIN_MAX], text[ORIGIN_MAX + 32];
    unsigned char hash[DGL_SHA256_LEN];
    size_t len = origin_of(url, origin);
    int n = snprintf(text, sizeof text, "%lld %.*s", (long long)org_seq, (int)len, origin);
    dgl_sha256(text, (size_t)n, hash);
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | hash[i];
    return -(int64_t)((bits >> 3) | 1);
}
