// Directions and dictionary breaks. Both are asked for only when a character of the text needs them: a byte scan tells.
#include "render/layout/text_order.h"

#include "base/str.h"
#include "render/layout/letters.h"

#include <unicode/ubidi.h>
#include <unicode/ubrk.h>

struct units { // the text in UTF-16, with the byte offset of each unit
    const UChar *units;
    const uint32_t *offsets;
    int32_t count;
    size_t bytes;
};

static void scan_scripts(const char *s, size_t len, bool *bidi, bool *spaceless)
{
    for (size_t at = 0; at < len;) {
        if ((unsigned char)s[at] < 0xD6) { // below U+0580 nothing of either kind begins
            at++;
            continue;
        }
        uint32_t c = dgl_utf8_next(s, len, &at);
        *bidi |= dgl_is_rtl(c);
        *spaceless |= dgl_is_spaceless(c);
    }
}

static bool to_utf16(struct dgl_arena *a, const char *text, size_t len, struct units *ret)
{
    UChar *units = dgl_arena_alloc_try(a, (len + 1) * sizeof(*units));
    uint32_t *offsets = dgl_arena_alloc_try(a, (len + 1) * sizeof(*offsets));
    size_t n = 0;
    if (!units || !offsets)
        return false;
    for (size_t at = 0; at < len;) {
        uint32_t offset = (uint32_t)at, c = dgl_utf8_next(text, len, &at);
        if (c > 0xFFFF) {
            offsets[n] = offset;
            units[n++] = (UChar)(0xD7C0 + (c >> 10));
            c = 0xDC00 + (c & 0x3FF);
        }
        offsets[n] = offset;
        units[n++] = (UChar)c;
    }
    *ret = (struct units){units, offsets, (int32_t)n, len};
    return true;
}

static bool find_levels(struct dgl_arena *a, const struct units *u, bool rtl, uint8_t **ret)
{
    UErrorCode code = U_ZERO_ERROR;
    UBiDi *bidi = ubidi_open();
    ubidi_setPara(bidi, u->units, u->count, rtl ? 1 : 0, NULL, &code);
    const UBiDiLevel *levels = U_SUCCESS(code) ? ubidi_getLevels(bidi, &code) : NULL;
    *ret = dgl_arena_alloc_try(a, u->bytes + 1);
    for (int32_t i = 0; levels && *ret && U_SUCCESS(code) && i < u->count; i++) {
        uint32_t end = i + 1 < u->count ? u->offsets[i + 1] : (uint32_t)u->bytes;
        for (uint32_t at = u->offsets[i]; at < end; at++)
            (*ret)[at] = levels[i];
    }
    ubidi_close(bidi);
    return *ret;
}

static bool find_breaks(struct dgl_arena *a, const struct units *u, uint8_t **ret)
{
    UErrorCode code = U_ZERO_ERROR;
    UBreakIterator *it = ubrk_open(UBRK_LINE, "en", u->units, u->count, &code);
    *ret = dgl_arena_alloc_try(a, u->bytes + 1);
    for (int32_t at = U_SUCCESS(code) ? ubrk_first(it) : UBRK_DONE; at != UBRK_DONE && *ret; at = ubrk_next(it))
        if (at > 0 && at < u->count)
            (*ret)[u->offsets[at]] = 1;
    if (it)
        ubrk_close(it);
    return *ret;
}

bool dgl_text_order(struct dgl_arena *a, const char *text, size_t len, bool rtl, struct dgl_text_order *ret)
{
    bool bidi = rtl, spaceless = false;
    struct units u;
    *ret = (struct dgl_text_order){0};
    scan_scripts(text, len, &bidi, &spaceless);
    if ((!bidi && !spaceless) || len == 0)
        return true;
    return to_utf16(a, text, len, &u) && (!bidi || find_levels(a, &u, rtl, &ret->levels)) &&
           (!spaceless || find_breaks(a, &u, &ret->breaks));
}
