// A chain of records is found anew before each change; a change is one move of bytes inside it. Sources: [MS-EMF]
// §2.3, [MS-WMF] §2.3.
#include "records.h"

#include "base/base.h"
#include "markup.h"

#include <string.h>

#define MAX_RECORDS 512
#define MAX_CHANGES 4

struct chain {
    bool wide; // EMF: type and size are 32 bits, in bytes; WMF: size in words, type 16 bits
    size_t at[MAX_RECORDS + 1];
    size_t count; // at[count]: behind the last
};

static uint32_t number(const uint8_t *p, unsigned bytes)
{
    uint32_t n = 0;
    for (unsigned i = bytes; i-- > 0;)
        n = n << 8 | p[i];
    return n;
}

static void put(uint8_t *p, unsigned bytes, uint32_t n)
{
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(n >> (8 * i));
}

static bool is_emf(const uint8_t *data, size_t size)
{
    return size >= 88 && number(data, 4) == 1 && memcmp(data + 40, " EMF", 4) == 0;
}

// Where the records begin; 0 when it is no WMF.
static size_t wmf_start(const uint8_t *data, size_t size)
{
    size_t at = size >= 40 && number(data, 4) == 0x9AC6CDD7u ? 22 : 0;
    return size >= at + 18 && number(data + at + 2, 2) == 9 && data[at] && data[at] <= 2 && !data[at + 1] ? at + 18 : 0;
}

bool fuzz_is_metafile(const uint8_t *data, size_t size)
{
    return is_emf(data, size) || wmf_start(data, size);
}

static void find(const uint8_t *data, size_t size, struct chain *c)
{
    c->wide = is_emf(data, size);
    size_t at = c->wide ? number(data + 4, 4) : wmf_start(data, size), head = c->wide ? 8 : 6;
    c->count = 0;
    while (at && at <= size && size - at >= head && c->count < MAX_RECORDS) {
        size_t len = c->wide ? number(data + at + 4, 4) : (size_t)number(data + at, 4) * 2;
        if (len < head || len > size - at)
            break;
        c->at[c->count++] = at;
        at += len;
    }
    c->at[c->count] = DGL_MIN(at, size);
}

static uint32_t any_type(bool wide, uint64_t *x)
{
    static const uint16_t functions[] = {0x0324, 0x0325, 0x0538, 0x041B, 0x0418, 0x061C, 0x0817, 0x0830, 0x081A, 0x0214,
                                         0x0213, 0x0416, 0x0521, 0x0A32, 0x0F43, 0x0B41, 0x020B, 0x020C, 0x012D, 0x01F0,
                                         0x0106, 0x012E, 0x0209, 0x0201, 0x001E, 0x0127, 0x02FA, 0x02FB, 0x02FC};
    return wide ? 1 + (uint32_t)(fuzz_random(x) % 122) : functions[fuzz_random(x) % DGL_COUNT(functions)];
}

static uint32_t any_value(uint64_t *x)
{
    static const uint32_t odd[] = {0,   1,   2,      3,      0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF, 0x80000000,
                                   16,  40,  0x7FFF, 0x8000, 0xFFFF,     0x10000,    0x3F800000, 0xBF800000,
                                   100, 500, 2000,   0xFF,   0x7F800000, 0x7FC00000, 0x80000005, 0x00F00021};
    return fuzz_random(x) % 3 ? odd[fuzz_random(x) % DGL_COUNT(odd)] : (uint32_t)(fuzz_random(x) % 1024);
}

static void change_body(uint8_t *record, size_t len, bool wide, uint64_t *x)
{
    size_t head = wide ? 8 : 6, unit = wide ? 4 : 2;
    if (fuzz_random(x) % 4 == 0)
        put(record + (wide ? 0 : 4), wide ? 4 : 2, any_type(wide, x));
    else if (len >= head + unit)
        put(record + head + fuzz_random(x) % ((len - head) / unit) * unit, (unsigned)unit, any_value(x));
}

// Records i up to k once more in front of record j.
static size_t copy(uint8_t *data, size_t size, size_t max, const struct chain *c, uint64_t *x)
{
    static uint8_t piece[4096];
    size_t i = fuzz_random(x) % c->count, k = DGL_MIN(i + 1 + fuzz_random(x) % 3, c->count),
           j = fuzz_random(x) % (c->count + 1);
    size_t len = c->at[k] - c->at[i];
    if (len > sizeof(piece) || len > max - size)
        return size;
    memcpy(piece, data + c->at[i], len);
    memmove(data + c->at[j] + len, data + c->at[j], size - c->at[j]);
    memcpy(data + c->at[j], piece, len);
    return size + len;
}

static size_t drop(uint8_t *data, size_t size, const struct chain *c, uint64_t *x)
{
    size_t i = fuzz_random(x) % c->count;
    memmove(data + c->at[i], data + c->at[i + 1], size - c->at[i + 1]);
    return size - (c->at[i + 1] - c->at[i]);
}

// Bytes more, or less, at a record's end.
static size_t resize(uint8_t *data, size_t size, size_t max, const struct chain *c, uint64_t *x)
{
    size_t i = fuzz_random(x) % c->count, end = c->at[i + 1], len = end - c->at[i], head = c->wide ? 8 : 6;
    size_t by = (1 + fuzz_random(x) % 8) * 4;
    bool grows = fuzz_random(x) % 2;
    if (grows ? by > max - size : len < head + by)
        return size;
    size_t from = grows ? end : end - by, to = grows ? end + by : end;
    if (grows) {
        memmove(data + to, data + end, size - end);
        memset(data + from, (int)any_value(x), by);
    } else {
        memmove(data + from, data + end, size - end);
    }
    len = grows ? len + by : len - by;
    put(data + c->at[i] + (c->wide ? 4 : 0), 4, (uint32_t)(c->wide ? len : len / 2));
    return grows ? size + by : size - by;
}

size_t fuzz_records_change(uint8_t *data, size_t size, size_t max, uint64_t *random)
{
    static struct chain c;
    for (uint64_t n = 1 + fuzz_random(random) % MAX_CHANGES; n; n--) {
        find(data, size, &c);
        if (c.count == 0)
            return size;
        size_t i = fuzz_random(random) % c.count;
        switch (fuzz_random(random) % 8) {
        case 0:
        case 1:
            size = copy(data, size, max, &c, random);
            break;
        case 2:
            size = drop(data, size, &c, random);
            break;
        case 3:
            size = resize(data, size, max, &c, random);
            break;
        default:
            change_body(data + c.at[i], c.at[i + 1] - c.at[i], c.wide, random);
            break;
        }
    }
    return size;
}
