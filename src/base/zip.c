// Reading ZIP packages. The directory is read here rather than by a library, because three things are needed that
// none hands out: where each member's bytes lie (members that overlap are how small archives become huge ones), that
// the local header agrees with the directory, and the compressed bytes in place, for copying without inflating.
//
//   [local header | name | extra | data] … [directory entry | name | extra | comment] … [end record | comment]
//
// Everything is checked at opening, once; afterwards members are trusted to lie inside the archive. Accepted: stored
// and deflated members, one disk, ZIP64 sizes. Refused: encryption, other methods, prefixed archives.
#include "base/zip.h"
#include "base/str.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME_BYTES 1024
#define END_RECORD_BYTES 22
#define MAX_COMMENT_BYTES 65535
#define DIRECTORY_ENTRY_BYTES 46
#define LOCAL_HEADER_BYTES 30
#define ZIP64_LOCATOR_BYTES 20
#define ZIP64_END_BYTES 56

struct member {
    char *name; // in zip->names
    uint64_t header_at, data_at, data_end;
    uint64_t compressed_size, size;
    uint32_t crc32;
    uint16_t method;
};

struct dgl_zip {
    const unsigned char *data;
    size_t len, count;
    struct member *members;
    uint32_t *by_name; // member numbers in order of lower-cased names
    char *names;
    struct libdeflate_decompressor *inflater; // made at the first read
};

static uint16_t u16(const unsigned char *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t u32(const unsigned char *p)
{
    return (uint32_t)u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t u64(const unsigned char *p)
{
    return (uint64_t)u32(p) | (uint64_t)u32(p + 4) << 32;
}

static enum dgl_status fail_damaged(struct dgl_error *err, const char *why)
{
    return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "malformed_zip", "the ZIP archive is damaged: %s", why);
}

struct directory {
    uint64_t at, size, count;
    uint64_t limit; // members lie before `at`, the directory before this
};

// ZIP64 end record, which stands before the plain one when a number in that is all ones.
static enum dgl_status read_zip64_end(const struct dgl_zip *z, size_t end_at, struct directory *ret,
                                      struct dgl_error *err)
{
    if (end_at < ZIP64_LOCATOR_BYTES + ZIP64_END_BYTES)
        return fail_damaged(err, "its directory is missing");
    const unsigned char *locator = z->data + end_at - ZIP64_LOCATOR_BYTES;
    if (u32(locator) != 0x07064b50 || u32(locator + 4) != 0)
        return fail_damaged(err, "its directory is missing");
    uint64_t at = u64(locator + 8);
    if (at > end_at - ZIP64_LOCATOR_BYTES - ZIP64_END_BYTES || u32(z->data + at) != 0x06064b50)
        return fail_damaged(err, "its directory is missing");
    const unsigned char *p = z->data + at;
    if (u32(p + 16) != 0 || u32(p + 20) != 0)
        return fail_damaged(err, "it is spread over several files");
    *ret = (struct directory){.count = u64(p + 32), .size = u64(p + 40), .at = u64(p + 48), .limit = at};
    return DGL_OK;
}

static enum dgl_status find_directory(const struct dgl_zip *z, struct directory *ret, struct dgl_error *err)
{
    if (z->len < END_RECORD_BYTES)
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "not_a_zip", "the file is not a ZIP archive");
    size_t at = z->len - END_RECORD_BYTES;
    size_t lowest = at > MAX_COMMENT_BYTES ? at - MAX_COMMENT_BYTES : 0;
    while (u32(z->data + at) != 0x06054b50 || at + END_RECORD_BYTES + u16(z->data + at + 20) > z->len) {
        if (at == lowest)
            return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "not_a_zip", "the file is not a ZIP archive, or it is cut off");
        at--;
    }
    const unsigned char *p = z->data + at;
    if (u16(p + 8) == 0xFFFF || u16(p + 10) == 0xFFFF || u32(p + 12) == 0xFFFFFFFF || u32(p + 16) == 0xFFFFFFFF) {
        DGL_TRY(read_zip64_end(z, at, ret, err));
    } else {
        if (u16(p + 4) != 0 || u16(p + 6) != 0 || u16(p + 8) != u16(p + 10))
            return fail_damaged(err, "it is spread over several files");
        *ret = (struct directory){.count = u16(p + 10), .size = u32(p + 12), .at = u32(p + 16), .limit = at};
    }
    if (ret->at > ret->limit || ret->size > ret->limit - ret->at)
        return fail_damaged(err, "its directory lies outside it");
    if (ret->count > DGL_ZIP_MAX_MEMBERS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "zip_too_many_members",
                             "the ZIP archive has %llu members; at most %d are allowed", (unsigned long long)ret->count,
                             DGL_ZIP_MAX_MEMBERS);
    if (ret->count > ret->size / DIRECTORY_ENTRY_BYTES)
        return fail_damaged(err, "its directory is cut off");
    return DGL_OK;
}

static bool name_allowed(const char *name, size_t len)
{
    if (len == 0 || len > MAX_NAME_BYTES || name[0] == '/' || !dgl_utf8_valid(name, len))
        return false;
    for (size_t i = 0, start = 0; i <= len; i++) {
        if (i < len && ((unsigned char)name[i] < 0x20 || name[i] == 0x7F || name[i] == '\\'))
            return false;
        if (i < len && name[i] != '/')
            continue;
        if (i - start == 2 && name[start] == '.' && name[start + 1] == '.')
            return false;
        start = i + 1;
    }
    bool drive = len >= 2 && name[1] == ':' && ((name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z');
    return !drive;
}

// Replaces the numbers that are all ones by those of the ZIP64 extra field (APPNOTE §4.5.3).
static bool apply_zip64(struct member *m, const unsigned char *extra, size_t len)
{
    uint64_t *wide[3] = {&m->size, &m->compressed_size, &m->header_at};
    bool any = m->size == 0xFFFFFFFF || m->compressed_size == 0xFFFFFFFF || m->header_at == 0xFFFFFFFF;
    while (any && len >= 4) {
        size_t size = u16(extra + 2);
        if (size > len - 4)
            return false;
        if (u16(extra) == 1) {
            const unsigned char *p = extra + 4, *end = p + size;
            for (size_t i = 0; i < 3; i++) {
                if (*wide[i] != 0xFFFFFFFF)
                    continue;
                if (end - p < 8)
                    return false;
                *wide[i] = u64(p);
                p += 8;
            }
            return true;
        }
        extra += 4 + size;
        len -= 4 + size;
    }
    return !any;
}

static enum dgl_status check_sizes(const struct member *m, uint64_t *total, struct dgl_error *err)
{
    if (m->size > DGL_ZIP_MAX_MEMBER_BYTES)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "zip_too_large",
                             "the ZIP member %s holds %llu bytes; at most %u are allowed", m->name,
                             (unsigned long long)m->size, DGL_ZIP_MAX_MEMBER_BYTES);
    *total += m->size;
    if (*total > DGL_ZIP_MAX_TOTAL_BYTES)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "zip_too_large",
                             "the ZIP archive holds more than the %u bytes allowed when unpacked",
                             DGL_ZIP_MAX_TOTAL_BYTES);
    if (m->size > 1u << 20 && m->size / DGL_ZIP_MAX_RATIO > m->compressed_size)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "zip_bomb",
                             "the ZIP member %s unpacks to more than %d times its size, which no document does",
                             m->name, DGL_ZIP_MAX_RATIO);
    return DGL_OK;
}

// The local header must tell the same story as the directory; it says where the data begins.
static enum dgl_status check_local(const struct dgl_zip *z, struct member *m, uint64_t directory_at,
                                   struct dgl_error *err)
{
    if (m->header_at > directory_at || directory_at - m->header_at < LOCAL_HEADER_BYTES)
        return fail_damaged(err, "a member lies outside it");
    const unsigned char *p = z->data + m->header_at;
    size_t name_len = strlen(m->name);
    uint64_t room = directory_at - m->header_at - LOCAL_HEADER_BYTES;
    if (u32(p) != 0x04034b50 || u16(p + 8) != m->method || u16(p + 26) != name_len)
        return fail_damaged(err, "a member differs from its directory entry");
    uint64_t before_data = name_len + u16(p + 28);
    if (before_data > room || m->compressed_size > room - before_data)
        return fail_damaged(err, "a member is cut off");
    if (memcmp(p + LOCAL_HEADER_BYTES, m->name, name_len) != 0)
        return fail_damaged(err, "a member differs from its directory entry");
    m->data_at = m->header_at + LOCAL_HEADER_BYTES + before_data;
    m->data_end = m->data_at + m->compressed_size;
    return DGL_OK;
}

// One directory entry at *at into *m; its name goes to *names.
static enum dgl_status read_entry(const struct dgl_zip *z, const struct directory *dir, uint64_t *at, char **names,
                                  struct member *m, struct dgl_error *err)
{
    uint64_t end = dir->at + dir->size;
    const unsigned char *p = z->data + *at;
    if (end - *at < DIRECTORY_ENTRY_BYTES || u32(p) != 0x02014b50)
        return fail_damaged(err, "its directory is broken");
    size_t name_len = u16(p + 28), extra_len = u16(p + 30), comment_len = u16(p + 32);
    if (end - *at - DIRECTORY_ENTRY_BYTES < name_len + extra_len + comment_len)
        return fail_damaged(err, "its directory is cut off");
    const char *name = (const char *)p + DIRECTORY_ENTRY_BYTES;
    if (!name_allowed(name, name_len))
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "zip_bad_name",
                             "the ZIP archive has a member with a name that is not allowed: \"%.*s\"",
                             (int)DGL_MIN(name_len, (size_t)100), name);
    *m = (struct member){
        .name = *names,
        .method = u16(p + 10),
        .crc32 = u32(p + 16),
        .compressed_size = u32(p + 20),
        .size = u32(p + 24),
        .header_at = u32(p + 42),
    };
    memcpy(m->name, name, name_len);
    m->name[name_len] = '\0';
    *names += name_len + 1;
    *at += DIRECTORY_ENTRY_BYTES + name_len + extra_len + comment_len;
    if (u16(p + 8) & 1)
        return DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "zip_encrypted", "the ZIP member %s is encrypted", m->name);
    if (m->method != 0 && m->method != 8)
        return DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "zip_method",
                             "the ZIP member %s uses compression method %u; only stored and deflated ones can be read",
                             m->name, m->method);
    if (!apply_zip64(m, p + DIRECTORY_ENTRY_BYTES + name_len, extra_len))
        return fail_damaged(err, "a member has no size");
    if (m->method == 0 && m->size != m->compressed_size)
        return fail_damaged(err, "a stored member has two sizes");
    return DGL_OK;
}

static int compare_ignoring_case(const char *a, const char *b)
{
    for (;; a++, b++) {
        int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : (unsigned char)*a;
        int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : (unsigned char)*b;
        if (x != y || x == 0)
            return x - y;
    }
}

static int by_name(const void *a, const void *b, void *zip)
{
    const struct dgl_zip *z = zip;
    return compare_ignoring_case(z->members[*(const uint32_t *)a].name, z->members[*(const uint32_t *)b].name);
}

static int by_place(const void *a, const void *b, void *zip)
{
    const struct dgl_zip *z = zip;
    uint64_t x = z->members[*(const uint32_t *)a].header_at, y = z->members[*(const uint32_t *)b].header_at;
    return (x > y) - (x < y);
}

// No two members with the same name, no two over the same bytes. Leaves by_name in order.
static enum dgl_status check_apart(struct dgl_zip *z, struct dgl_error *err)
{
    for (size_t i = 0; i < z->count; i++)
        z->by_name[i] = (uint32_t)i;
    if (z->count)
        qsort_r(z->by_name, z->count, sizeof(z->by_name[0]), by_place, z);
    for (size_t i = 1; i < z->count; i++)
        if (z->members[z->by_name[i]].header_at < z->members[z->by_name[i - 1]].data_end)
            return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "zip_overlap", "the ZIP members %s and %s overlap",
                                 z->members[z->by_name[i - 1]].name, z->members[z->by_name[i]].name);
    if (z->count)
        qsort_r(z->by_name, z->count, sizeof(z->by_name[0]), by_name, z);
    for (size_t i = 1; i < z->count; i++)
        if (by_name(&z->by_name[i - 1], &z->by_name[i], z) == 0)
            return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "zip_duplicate", "the ZIP archive has the member %s twice",
                                 z->members[z->by_name[i]].name);
    return DGL_OK;
}

static enum dgl_status read_directory(struct dgl_zip *z, struct dgl_error *err)
{
    struct directory dir;
    DGL_TRY(find_directory(z, &dir, err));
    // Names take at most the directory's size: each NUL has its entry's 46 bytes to itself.
    z->members = calloc(dir.count + 1, sizeof(*z->members));
    z->by_name = calloc(dir.count + 1, sizeof(*z->by_name));
    z->names = malloc((size_t)dir.size + 1);
    if (!z->members || !z->by_name || !z->names)
        dgl_memory_refused(dir.count * sizeof(*z->members));
    if (!z->members || !z->by_name || !z->names)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "there is no memory left to read the ZIP archive");
    uint64_t at = dir.at, total = 0;
    char *names = z->names;
    for (; z->count < dir.count; z->count++) {
        struct member *m = &z->members[z->count];
        DGL_TRY(read_entry(z, &dir, &at, &names, m, err));
        DGL_TRY(check_sizes(m, &total, err));
        DGL_TRY(check_local(z, m, dir.at, err));
    }
    return check_apart(z, err);
}

enum dgl_status dgl_zip_open(const void *data, size_t len, struct dgl_zip **ret, struct dgl_error *err)
{
    DGL_AUTO(zip) z = DGL_NEW(struct dgl_zip);
    z->data = data;
    z->len = len;
    DGL_TRY(read_directory(z, err));
    *ret = DGL_STEAL(z);
    return DGL_OK;
}

void dgl_zip_free(struct dgl_zip *z)
{
    if (!z)
        return;
    if (z->inflater)
        libdeflate_free_decompressor(z->inflater);
    free(z->members);
    free(z->by_name);
    free(z->names);
    free(z);
}

size_t dgl_zip_count(const struct dgl_zip *z)
{
    return z->count;
}

const char *dgl_zip_name(const struct dgl_zip *z, size_t index)
{
    return z->members[index].name;
}

bool dgl_zip_find(const struct dgl_zip *z, const char *name, size_t *ret_index)
{
    size_t low = 0, high = z->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_ignoring_case(name, z->members[z->by_name[middle]].name);
        if (order == 0) {
            *ret_index = z->by_name[middle];
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool inflate_member(struct dgl_zip *z, const struct member *m, char *out)
{
    const unsigned char *in = z->data + m->data_at;
    if (m->method == 0) {
        if (m->size)
            memcpy(out, in, (size_t)m->size);
        return true;
    }
    if (!z->inflater)
        z->inflater = libdeflate_alloc_decompressor();
    // Without a place for the number of bytes, anything but exactly m->size of them is an error.
    return z->inflater && libdeflate_deflate_decompress(z->inflater, in, (size_t)m->compressed_size, out,
                                                        (size_t)m->size, NULL) == LIBDEFLATE_SUCCESS;
}

enum dgl_status dgl_zip_read(struct dgl_zip *z, size_t index, struct dgl_buf *ret, struct dgl_error *err)
{
    const struct member *m = &z->members[index];
    if (!dgl_buf_reserve(ret, (size_t)m->size)) {
        ret->failed = false;
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "zip_too_large",
                             "the ZIP member %s holds %llu bytes; at most %zu are allowed here", m->name,
                             (unsigned long long)m->size, ret->max - ret->len);
    }
    char *out = ret->data + ret->len;
    if (!inflate_member(z, m, out) || libdeflate_crc32(0, out, (size_t)m->size) != m->crc32) {
        out[0] = '\0';
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "malformed_zip",
                             "the ZIP member %s is damaged: its contents do not match its checksum and size", m->name);
    }
    ret->len += (size_t)m->size;
    ret->data[ret->len] = '\0';
    return DGL_OK;
}

bool dgl_zip_lend(const struct dgl_zip *z, size_t index, struct dgl_str *ret)
{
    const struct member *m = &z->members[index];
    const char *data = (const char *)z->data + m->data_at;
    if (m->method != 0 || libdeflate_crc32(0, data, (size_t)m->size) != m->crc32)
        return false;
    *ret = (struct dgl_str){data, (size_t)m->size};
    return true;
}

enum dgl_status dgl_zip_raw(struct dgl_zip *z, size_t index, struct dgl_zip_raw *ret, struct dgl_error *err)
{
    if (index >= z->count)
        return DGL_FAIL(err, DGL_E_INTERNAL, "ZIP member %zu of %zu was asked for", index, z->count);
    const struct member *m = &z->members[index];
    *ret = (struct dgl_zip_raw){
        .data = z->data + m->data_at,
        .compressed_size = (size_t)m->compressed_size,
        .size = (size_t)m->size,
        .crc32 = m->crc32,
        .method = m->method,
    };
    return DGL_OK;
}
