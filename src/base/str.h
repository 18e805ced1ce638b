// Strings: a borrowed slice, UTF-8, strict number parsing. Nothing here depends on the locale.
#ifndef DGL_BASE_STR_H
#define DGL_BASE_STR_H

#include "base/error.h"

struct dgl_str {
    const char *data; // not NUL-terminated
    size_t len;
};
#define DGL_STR(literal) ((struct dgl_str){(literal), sizeof(literal) - 1})
struct dgl_str dgl_str_of(const char *s); // NULL gives empty
bool dgl_str_equal(struct dgl_str a, struct dgl_str b);
bool dgl_str_is(struct dgl_str a, const char *s);
bool dgl_str_starts(struct dgl_str a, const char *prefix);
bool dgl_str_holds(struct dgl_str s, const char *part);
struct dgl_str dgl_str_trim(struct dgl_str s); // ASCII space, tab, CR, LF
// Copies with truncation on a UTF-8 boundary; always NUL-terminated.
void dgl_str_copy(char *dst, size_t size, const char *src, size_t len);

bool dgl_utf8_valid(const char *s, size_t len); // strict: no surrogates, no overlong forms, at most U+10FFFF
// Decodes one character at *pos (pos < len, valid UTF-8) and advances.
uint32_t dgl_utf8_next(const char *s, size_t len, size_t *pos);
size_t dgl_utf8_put(char out[4], uint32_t codepoint); // bytes written
size_t dgl_utf8_count(const char *s, size_t len);
// Characters that do something instead of being seen: C0, DEL, C1, line separators, and those that turn the direction
// of text.
bool dgl_utf8_is_control(uint32_t codepoint);
// Text that shows what it is: valid, no control characters (tabs and line ends pass with `lines`), none that turn the
// direction of what follows; with `visible`, something that can be seen.
bool dgl_utf8_plain(const char *s, size_t len, bool lines, bool visible);
size_t dgl_utf8_cut(const char *s, size_t len, size_t max_bytes); // length of the longest whole-character prefix

// FNV-1a, going on from `hash` (at first DGL_HASH_START), to spread names over the places of a table that is bounded by
// something else: it does not stand up to somebody who looks for names that collide.
#define DGL_HASH_START UINT64_C(14695981039346656037)
uint64_t dgl_hash_text(uint64_t hash, const char *s);

// Whole string or failure; no leading blanks, no plus sign, no overflow.
bool dgl_parse_int64(const char *s, size_t len, int64_t min, int64_t max, int64_t *ret);
bool dgl_parse_double(const char *s, size_t len, double *ret); // JSON number grammar, C locale
bool dgl_parse_bool(const char *s, size_t len, bool *ret);     // true false 1 0 yes no on off
// Shortest form that reads back equal ("1.0", "1e+16" as Python's repr prints). Returns length.
size_t dgl_format_double(double v, char out[32]);
size_t dgl_format_int64(int64_t v, char out[24]);

// %XX decoded, anything else as it is; a broken escape or no room (size counts a closing NUL) is false. out may be s.
bool dgl_percent_decode(const char *s, size_t len, bool plus_is_space, char *out, size_t size, size_t *ret_len);

// Edits (insert, delete, change, exchange of neighbours) from one word to the other, ASCII case ignored; SIZE_MAX past
// 64 bytes. dgl_str_near is the one rule for "did you mean": at most a quarter of the longer word, at least one edit.
size_t dgl_str_distance(struct dgl_str a, struct dgl_str b);
bool dgl_str_near(struct dgl_str a, struct dgl_str b);

#endif
