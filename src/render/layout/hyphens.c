// Liang's patterns: letters with digits between them. Every pattern that stands in the word, whose ends are dots, puts
// its digits between the letters; the highest digit of a place decides, and where it is odd the word may be divided.
//
//     . h y p h e n .        patterns   hy3ph   he2n   hena4   n2at
//       h y3p h e2n
//
// A dictionary is a hash of its patterns' letters. A word of n letters costs n times the length of the longest pattern
// lookups. Patterns that also change letters (old German "ck" to "k-k") are left out: the word stays whole there. Of a
// file of two levels (NEXTLEVEL) the second one has the language's own patterns.
#include "render/layout/hyphens.h"

#include "base/file.h"
#include "base/str.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>

#define MAX_PATTERN 31u // letters, with the dots
#define NO_LETTER 0xFFFFu

struct pattern { // in `units`: its letters, then one digit more than letters
    uint32_t at, hash;
    uint8_t len;
};
struct dictionary {
    char *lang; // "de-DE"
    void *data; // mapped
    size_t len;
    bool read;
    int left, right; // letters that stay together at the word's ends
    struct pattern *patterns;
    uint32_t count, cap;
    uint16_t *units;
    uint32_t unit_count, unit_cap;
    uint32_t *slots; // hash of patterns, index + 1
    uint32_t slot_count;
    unsigned longest;
};
struct dgl_hyphens {
    struct dictionary *list; // sorted by language
    uint32_t count;
};

// ---- Reading ----

static uint32_t mix(uint32_t hash, uint32_t letter)
{
    return (hash ^ letter) * 16777619u;
}

static void add_pattern(struct dictionary *d, const uint16_t *letters, const uint8_t *digits, unsigned len)
{
    if (d->count == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 4096;
        d->patterns = dgl_realloc(d->patterns, d->cap * sizeof(*d->patterns));
    }
    if (d->unit_count + 2 * len + 1 > d->unit_cap) {
        d->unit_cap = d->unit_cap ? d->unit_cap * 2 : 65536;
        d->units = dgl_realloc(d->units, d->unit_cap * sizeof(*d->units));
    }
    struct pattern *p = &d->patterns[d->count++];
    *p = (struct pattern){.at = d->unit_count, .hash = 2166136261u, .len = (uint8_t)len};
    for (unsigned i = 0; i < len; i++) {
        d->units[d->unit_count++] = letters[i];
        p->hash = mix(p->hash, letters[i]);
    }
    for (unsigned i = 0; i <= len; i++)
        d->units[d->unit_count++] = digits[i];
    d->longest = DGL_MAX(d->longest, len);
}

static void read_pattern(struct dictionary *d, struct dgl_str line)
{
    uint16_t letters[MAX_PATTERN];
    uint8_t digits[MAX_PATTERN + 1] = {0};
    unsigned len = 0;
    if (!dgl_utf8_valid(line.data, line.len) || memchr(line.data, '/', line.len))
        return;
    for (size_t at = 0; at < line.len;) {
        uint32_t c = dgl_utf8_next(line.data, line.len, &at);
        if (c >= '0' && c <= '9') {
            digits[len] = (uint8_t)(c - '0');
        } else {
            if (len == MAX_PATTERN || c >= NO_LETTER)
                return;
            letters[len++] = (uint16_t)c;
        }
    }
    if (len)
        add_pattern(d, letters, digits, len);
}

static bool read_option(struct dictionary *d, struct dgl_str line)
{
    static const char *const others[] = {"COMPOUNDLEFTHYPHENMIN", "COMPOUNDRIGHTHYPHENMIN", "NOHYPHEN"};
    if (line.data[0] == '%' || line.data[0] == '#')
        return true;
    if (dgl_str_is(line, "NEXTLEVEL")) {
        d->count = d->unit_count = d->longest = 0;
        return true;
    }
    if (dgl_str_starts(line, "LEFTHYPHENMIN") || dgl_str_starts(line, "RIGHTHYPHENMIN")) {
        bool left = line.data[0] == 'L';
        int value = 0;
        for (size_t i = left ? 13 : 14; i < line.len; i++)
            if (line.data[i] >= '0' && line.data[i] <= '9')
                value = DGL_MIN(value * 10 + line.data[i] - '0', 99);
        *(left ? &d->left : &d->right) = value;
        return true;
    }
    for (size_t i = 0; i < DGL_COUNT(others); i++)
        if (dgl_str_starts(line, others[i]))
            return true;
    return false;
}

static void index_patterns(struct dictionary *d)
{
    for (d->slot_count = 1024; d->slot_count < 2 * d->count;)
        d->slot_count *= 2;
    d->slots = dgl_alloc(d->slot_count * sizeof(*d->slots));
    for (uint32_t i = 0; i < d->count; i++) {
        uint32_t slot = d->patterns[i].hash & (d->slot_count - 1);
        while (d->slots[slot])
            slot = (slot + 1) & (d->slot_count - 1);
        d->slots[slot] = i + 1;
    }
}

// A line in UTF-8; `text` has room for the bytes.
static struct dgl_str recode(UConverter *from, struct dgl_str line, char *text, size_t size)
{
    UErrorCode code = U_ZERO_ERROR;
    if (!from)
        return line;
    int32_t len = ucnv_toAlgorithmic(UCNV_UTF8, from, text, (int32_t)size, line.data, (int32_t)line.len, &code);
    return (struct dgl_str){text, U_SUCCESS(code) && len <= (int32_t)size ? (size_t)len : 0};
}

// The first line names the encoding.
static void read_dictionary(struct dictionary *d)
{
    const char *data = d->data;
    UErrorCode code = U_ZERO_ERROR;
    UConverter *from = NULL;
    bool first = true;
    d->read = true;
    d->left = d->right = 2;
    for (size_t at = 0; at < d->len;) {
        const char *end = memchr(data + at, '\n', d->len - at);
        struct dgl_str line = {data + at, end ? (size_t)(end - data) - at : d->len - at};
        at += line.len + 1;
        line = dgl_str_trim(line);
        if (line.len == 0 || line.len > 250)
            continue;
        if (first && !dgl_str_is(line, "UTF-8")) {
            char name[256];
            dgl_str_copy(name, sizeof(name), line.data, line.len);
            from = ucnv_open(strncmp(name, "microsoft-", 10) == 0 ? name + 10 : name, &code);
            if (U_FAILURE(code))
                break;
        } else if (!first && !read_option(d, line)) {
            char text[1024];
            read_pattern(d, recode(from, line, text, sizeof(text)));
        }
        first = false;
    }
    ucnv_close(from);
    index_patterns(d);
}

// ---- The set ----

static int is_dictionary(const struct dirent *e)
{
    size_t len = strlen(e->d_name);
    return strncmp(e->d_name, "hyph_", 5) == 0 && len > 9 && strcmp(e->d_name + len - 4, ".dic") == 0;
}

struct dgl_hyphens *dgl_hyphens_open(const char *folder)
{
    struct dgl_hyphens *h = DGL_NEW(struct dgl_hyphens);
    struct dirent **names;
    int count = scandir(folder, &names, is_dictionary, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct dictionary d = {0};
        struct dgl_error ignored;
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        if (h->count < DGL_HYPHENS_MAX_FILES &&
            dgl_file_map(path, DGL_HYPHENS_MAX_BYTES, &d.data, &d.len, &ignored) == DGL_OK) {
            size_t len = strlen(names[i]->d_name) - 9;
            d.lang = dgl_alloc(len + 1);
            for (size_t k = 0; k < len; k++)
                d.lang[k] = names[i]->d_name[5 + k] == '_' ? '-' : names[i]->d_name[5 + k];
            h->list = dgl_realloc(h->list, (h->count + 1) * sizeof(*h->list));
            h->list[h->count++] = d;
        }
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return h;
}

void dgl_hyphens_free(struct dgl_hyphens *h)
{
    for (uint32_t i = 0; h && i < h->count; i++) {
        munmap(h->list[i].data, h->list[i].len);
        free(h->list[i].lang);
        free(h->list[i].patterns);
        free(h->list[i].units);
        free(h->list[i].slots);
    }
    if (h)
        free(h->list);
    free(h);
}

static size_t primary(const char *lang)
{
    return strcspn(lang, "-");
}

// The dictionary of exactly that language, else the first of the same language elsewhere.
static struct dictionary *dictionary_of(const struct dgl_hyphens *h, const char *lang)
{
    struct dictionary *found = NULL;
    for (uint32_t i = 0; h && lang && i < h->count; i++) {
        struct dictionary *d = &h->list[i];
        if (strcasecmp(d->lang, lang) == 0)
            return d;
        if (!found && primary(d->lang) == primary(lang) && strncasecmp(d->lang, lang, primary(lang)) == 0)
            found = d;
    }
    return found;
}

bool dgl_hyphens_has(const struct dgl_hyphens *h, const char *lang)
{
    return dictionary_of(h, lang) != NULL;
}

// ---- Words ----

static const struct pattern *find_pattern(const struct dictionary *d, const uint16_t *letters, unsigned len,
                                          uint32_t hash)
{
    for (uint32_t slot = hash & (d->slot_count - 1); d->slots[slot]; slot = (slot + 1) & (d->slot_count - 1)) {
        const struct pattern *p = &d->patterns[d->slots[slot] - 1];
        if (p->hash == hash && p->len == len && memcmp(&d->units[p->at], letters, len * sizeof(*letters)) == 0)
            return p;
    }
    return NULL;
}

void dgl_hyphens_find(struct dgl_hyphens *h, const char *lang, const uint32_t *letters, size_t count, bool *ret_after)
{
    struct dictionary *d = dictionary_of(h, lang);
    uint16_t word[DGL_HYPHENS_MAX_LETTERS + 2];
    uint8_t digits[DGL_HYPHENS_MAX_LETTERS + 3] = {0};
    memset(ret_after, 0, count * sizeof(*ret_after));
    if (!d || count > DGL_HYPHENS_MAX_LETTERS)
        return;
    if (!d->read)
        read_dictionary(d);
    word[0] = word[count + 1] = '.';
    for (size_t i = 0; i < count; i++) { // no pattern has letters beyond the 16 bits
        UChar32 lower = u_tolower((UChar32)letters[i]);
        word[i + 1] = lower > 0xFFFF ? NO_LETTER : (uint16_t)lower;
    }
    for (size_t start = 0; start < count + 2; start++) {
        uint32_t hash = 2166136261u;
        for (unsigned len = 1; len <= d->longest && start + len <= count + 2; len++) {
            hash = mix(hash, word[start + len - 1]);
            const struct pattern *p = find_pattern(d, word + start, len, hash);
            for (unsigned i = 0; p && i <= len; i++)
                digits[start + i] = (uint8_t)DGL_MAX(digits[start + i], d->units[p->at + len + i]);
        }
    }
    // digits[k] stands before word[k]: after letter i it is that before word[i + 2].
    for (size_t i = 0; i + 1 < count; i++)
        ret_after[i] = digits[i + 2] & 1 && i + 1 >= (size_t)d->left && count - i - 1 >= (size_t)d->right;
}
