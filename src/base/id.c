// UUID version 7. The leading 60 bits, milliseconds and a 12-bit counter, are one number that only grows (RFC 9562
// §6.2, method 1): a new millisecond starts the counter at a random value below half its range, the same or an earlier
// one adds 1, and an overflow runs on into the next millisecond. One compare-and-swap, no lock.
//
//   unix_ts_ms (48) | version 7 (4) | counter (12) | variant 10 (2) | random (62)
#include "base/id.h"
#include "base/crypto.h"

#include <stdatomic.h>
#include <string.h>

#define COUNTER_BITS 12

static uint64_t next_stamp(struct dgl_clock *clock, uint16_t random)
{
    static _Atomic uint64_t last;
    int64_t now_ms = dgl_clock_now_us(clock) / DGL_US_PER_MS;
    uint64_t fresh = (uint64_t)DGL_MAX(now_ms, INT64_C(0)) << COUNTER_BITS | (random & 0x7FF);
    uint64_t seen = atomic_load(&last), next;
    do
        next = fresh > seen ? fresh : seen + 1;
    while (!atomic_compare_exchange_weak(&last, &seen, next));
    return next;
}

static void make_uuid(struct dgl_clock *clock, unsigned char out[16])
{
    uint16_t random;
    unsigned char bytes[10];
    dgl_random_bytes(bytes, sizeof(bytes));
    memcpy(&random, bytes + 8, sizeof(random));
    uint64_t stamp = next_stamp(clock, random);
    for (int i = 0; i < 6; i++)
        out[i] = (unsigned char)(stamp >> (COUNTER_BITS + 40 - 8 * i));
    out[6] = (unsigned char)(0x70 | (stamp >> 8 & 0x0F));
    out[7] = (unsigned char)stamp;
    memcpy(out + 8, bytes, 8);
    out[8] = (unsigned char)(0x80 | (out[8] & 0x3F));
}

struct dgl_id dgl_id_new(struct dgl_clock *clock)
{
    static const unsigned char group_bytes[] = {4, 2, 2, 2, 6};
    unsigned char uuid[16];
    struct dgl_id id = {""};
    make_uuid(clock, uuid);
    char *out = id.s;
    const unsigned char *in = uuid;
    for (size_t g = 0; g < DGL_COUNT(group_bytes); g++) {
        if (g)
            *out++ = '-';
        dgl_hex_encode(in, group_bytes[g], out);
        in += group_bytes[g];
        out += 2 * group_bytes[g];
    }
    return id;
}

struct dgl_id dgl_id_message(struct dgl_clock *clock)
{
    unsigned char uuid[16];
    struct dgl_id id = {"msg_"};
    make_uuid(clock, uuid);
    dgl_hex_encode(uuid, sizeof(uuid), id.s + 4);
    return id;
}

bool dgl_id_valid(const char *s, size_t len)
{
    if (len != DGL_ID_LEN)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f');
        if (dash ? s[i] != '-' : !hex)
            return false;
    }
    return true;
}

bool dgl_id_parse(const char *s, struct dgl_id *ret)
{
    if (!s || !dgl_id_valid(s, strlen(s)))
        return false;
    struct dgl_id id = {""};
    memcpy(id.s, s, DGL_ID_LEN);
    *ret = id;
    return true;
}
