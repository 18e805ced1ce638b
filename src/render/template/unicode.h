// Characters: classes, case and blanks as Python's str has them. ICU behind, with short ways for ASCII.
#ifndef DGL_RENDER_TEMPLATE_UNICODE_H
#define DGL_RENDER_TEMPLATE_UNICODE_H

#include "render/template/value_private.h"

bool dgl_uc_printable(uint32_t c);
bool dgl_uc_space(uint32_t c);      // str.isspace
bool dgl_uc_line_break(uint32_t c); // what str.splitlines breaks at
bool dgl_uc_word(uint32_t c);       // \w
bool dgl_uc_alpha(uint32_t c);
bool dgl_uc_digit(uint32_t c);
bool dgl_uc_upper(uint32_t c);
bool dgl_uc_lower(uint32_t c);
bool dgl_uc_title(uint32_t c);
bool dgl_uc_cased(uint32_t c);
int dgl_uc_digit_value(uint32_t c); // -1 when it is no decimal digit
bool dgl_uc_identifier(uint32_t c, bool first);

enum dgl_case { DGL_CASE_LOWER, DGL_CASE_UPPER, DGL_CASE_TITLE, DGL_CASE_SWAP };
// Appends s with its case changed, full mappings ("ß" to "SS"), as Python does. TITLE: the first character in title
// case, the others in lower case.
enum dgl_status dgl_uc_case(struct dgl_mem *m, enum dgl_case how, const char *s, size_t len,
                            struct dgl_buf *out) DGL_MUST_CHECK;
// One character, from..to of s, which gives the context. TITLE is its title case.
void dgl_uc_case_one(enum dgl_case how, struct dgl_str s, size_t from, size_t to, struct dgl_buf *out);
// s without blanks (or without the characters of `chars`, when not NULL) at its ends.
struct dgl_str dgl_uc_strip(struct dgl_str s, const struct dgl_str *chars, bool left, bool right);
bool dgl_is_ascii(const char *s, size_t len);
// Byte offset of character number n (n at most the number of characters).
size_t dgl_uc_offset(const char *s, size_t len, size_t chars, size_t n);

#endif
