// Header fields that somebody else has a say in (an organization's own for its endpoint, those of a feed): what may
// stand in a request that this program sends. A name and a value that pass cannot end the head, frame the body anew or
// begin a second request.
#ifndef DGL_SERVER_NET_HEADER_H
#define DGL_SERVER_NET_HEADER_H

#include "base/base.h"

#define DGL_HEADER_NAME_MAX 64

// A token (RFC 9110 §5.6.2) of at most DGL_HEADER_NAME_MAX characters.
bool dgl_header_is_name(const char *s);
// Printable ASCII, not empty, without blanks at its ends (narrower than RFC 9110 §5.5).
bool dgl_header_is_value(const char *s);
// `list` ends with NULL; an entry that ends with "-" stands for every name that begins so. ASCII case does not count.
bool dgl_header_is_among(const char *name, const char *const *list);
// Names that belong to HTTP itself and to what lies between two ends: framing, connection, host, proxies.
bool dgl_header_is_reserved(const char *name);

#endif
