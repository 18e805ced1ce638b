// Names and values of header fields, by their characters; what HTTP keeps for itself, by a list.
#include "server/net/header.h"

#include <string.h>

static const char *const reserved[] = {
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "expect",
    "content-length",
    "content-encoding",
    "accept-encoding",
    "via",
    "forwarded",
    "max-forwards",
    "http2-settings",
    "proxy-",
    "x-forwarded-",
    "sec-",
    NULL,
};

bool dgl_header_is_name(const char *s)
{
    size_t len = strlen(s);
    return len > 0 && len <= DGL_HEADER_NAME_MAX &&
           strspn(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

bool dgl_header_is_value(const char *s)
{
    size_t len = strlen(s);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] > 0x7E)
            return false;
    return len > 0 && s[0] != ' ' && s[len - 1] != ' ';
}

bool dgl_header_is_among(const char *name, const char *const *list)
{
    for (; *list; list++) {
        size_t len = strlen(*list);
        bool is_prefix = len > 0 && (*list)[len - 1] == '-';
        if (is_prefix ? strncasecmp(name, *list, len) == 0 : strcasecmp(name, *list) == 0)
            return true;
    }
    return false;
}

bool dgl_header_is_reserved(const char *name)
{
    return dgl_header_is_among(name, reserved);
}
