// Writing ZIP packages straight into a buffer: a member is deflated behind its local header, which is then filled in,
// so nothing is copied twice; the directory is gathered beside and appended at the end. A member that deflate would
// make larger is stored.
//
// A compressor is some 300 KiB to 1 MiB of tables, which costs more to set up than a small member costs to compress;
// each thread keeps the one it used last and frees it when it ends.
#include "base/zip.h"

#include <libdeflate.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DIRECTORY_BYTES ((size_t)64 << 20)
#define LOCAL_HEADER_BYTES 30
#define DIRECTORY_ENTRY_BYTES 46
#define END_RECORD_BYTES 22
#define VERSION_DEFLATE 20
#define DATE_1980_01_01 0x21 // MS-DOS form: year since 1980 << 9 | month << 5 | day
#define FLAG_UTF8 0x0800

struct dgl_zip_writer {
    struct dgl_buf *out, directory;
    size_t start; // where in `out` the archive begins
    unsigned count;
    int level;
};

static pthread_once_t compressor_once = PTHREAD_ONCE_INIT;
static pthread_key_t compressor_key;
static _Thread_local struct libdeflate_compressor *compressor;
static _Thread_local int compressor_level;

static void free_compressor(void *p)
{
    libdeflate_free_compressor(p);
}

static void make_key(void)
{
    if (pthread_key_create(&compressor_key, free_compressor) != 0)
        abort();
}

static struct libdeflate_compressor *compressor_of_thread(int level)
{
    if (compressor && compressor_level == level)
        return compressor;
    pthread_once(&compressor_once, make_key);
    if (compressor)
        libdeflate_free_compressor(compressor);
    compressor = libdeflate_alloc_compressor(level);
    compressor_level = level;
    pthread_setspecific(compressor_key, compressor);
    return compressor;
}

struct dgl_zip_writer *dgl_zip_writer_new(struct dgl_buf *out, int level)
{
    struct dgl_zip_writer *w = DGL_NEW(struct dgl_zip_writer);
    w->out = out;
    w->start = out->len;
    w->level = DGL_MAX(0, DGL_MIN(level, 12));
    w->directory = DGL_BUF_INIT(MAX_DIRECTORY_BYTES);
    return w;
}

void dgl_zip_writer_free(struct dgl_zip_writer *w)
{
    if (!w)
        return;
    dgl_buf_fini(&w->directory);
    free(w);
}

static void put16(char **p, unsigned v)
{
    *(*p)++ = (char)(v & 0xFF);
    *(*p)++ = (char)(v >> 8 & 0xFF);
}

static void put32(char **p, size_t v)
{
    put16(p, (unsigned)(v & 0xFFFF));
    put16(p, (unsigned)(v >> 16 & 0xFFFF));
}

// The fields that the local header and the directory entry share, from "version needed" to "extra length".
static void put_common(char **p, const char *name, const struct dgl_zip_raw *m)
{
    size_t name_len = strlen(name);
    bool ascii = true;
    for (size_t i = 0; i < name_len; i++)
        ascii = ascii && (unsigned char)name[i] < 0x80;
    put16(p, VERSION_DEFLATE);
    put16(p, ascii ? 0 : FLAG_UTF8);
    put16(p, m->method);
    put16(p, 0); // time
    put16(p, DATE_1980_01_01);
    put32(p, m->crc32);
    put32(p, m->compressed_size);
    put32(p, m->size);
    put16(p, (unsigned)name_len);
    put16(p, 0); // extra length
}

static enum dgl_status check_name(const struct dgl_zip_writer *w, const char *name, struct dgl_error *err)
{
    size_t len = strlen(name);
    if (len == 0 || len > UINT16_MAX)
        return DGL_FAIL(err, DGL_E_INTERNAL, "a ZIP member's name has %zu bytes", len);
    if (w->count >= DGL_ZIP_MAX_MEMBERS)
        return DGL_FAIL(err, DGL_E_LIMIT, "the package has more than %d members", DGL_ZIP_MAX_MEMBERS);
    // Packages hold some dozens of members: a walk over the directory so far is cheaper than an index.
    for (size_t at = 0; at < w->directory.len;) {
        const char *entry = w->directory.data + at;
        size_t entry_len = (unsigned char)entry[28] | (size_t)(unsigned char)entry[29] << 8;
        if (entry_len == len && memcmp(entry + DIRECTORY_ENTRY_BYTES, name, len) == 0)
            return DGL_FAIL(err, DGL_E_INTERNAL, "the ZIP member %s is written twice", name);
        at += DIRECTORY_ENTRY_BYTES + entry_len;
    }
    return DGL_OK;
}

// Makes the local header at `header_at` (room is there) and the directory entry of a member that is written.
static enum dgl_status finish_member(struct dgl_zip_writer *w, size_t header_at, const char *name,
                                     const struct dgl_zip_raw *m, struct dgl_error *err)
{
    size_t name_len = strlen(name);
    char *p = w->out->data + header_at;
    put32(&p, 0x04034b50);
    put_common(&p, name, m);
    memcpy(p, name, name_len);

    char entry[DIRECTORY_ENTRY_BYTES] = {0};
    p = entry;
    put32(&p, 0x02014b50);
    put16(&p, VERSION_DEFLATE); // made by: MS-DOS attributes
    put_common(&p, name, m);
    p += 10; // comment length, disk, attributes: none
    put32(&p, header_at - w->start);
    dgl_buf_append(&w->directory, entry, sizeof(entry));
    dgl_buf_append(&w->directory, name, name_len);
    w->count++;
    return dgl_buf_check(&w->directory, "the package's directory", err);
}

// Room for a local header in `out`; its place is *ret_at.
static enum dgl_status start_member(struct dgl_zip_writer *w, const char *name, size_t *ret_at, struct dgl_error *err)
{
    DGL_TRY(check_name(w, name, err));
    size_t at = w->out->len, need = LOCAL_HEADER_BYTES + strlen(name);
    if (dgl_buf_reserve(w->out, need)) {
        memset(w->out->data + at, 0, need + 1);
        w->out->len += need;
    }
    *ret_at = at;
    return dgl_buf_check(w->out, "the package", err);
}

// Deflates into `out`. 0: it does not get smaller, or there is no room.
static size_t deflate_into(struct dgl_zip_writer *w, const void *data, size_t len)
{
    struct dgl_buf *out = w->out;
    struct libdeflate_compressor *c = w->level && len ? compressor_of_thread(w->level) : NULL;
    size_t room = DGL_MIN(len, out->max - out->len);
    if (!c || room == 0 || !dgl_buf_reserve(out, room))
        return 0;
    size_t written = libdeflate_deflate_compress(c, data, len, out->data + out->len, room);
    if (written >= len)
        written = 0;
    out->len += written;
    out->data[out->len] = '\0';
    return written;
}

enum dgl_status dgl_zip_writer_add(struct dgl_zip_writer *w, const char *name, const void *data, size_t len,
                                   struct dgl_error *err)
{
    if (len > UINT32_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "the ZIP member %s is larger than 4 GiB", name);
    size_t at;
    DGL_TRY(start_member(w, name, &at, err));
    struct dgl_zip_raw m = {.size = len, .crc32 = libdeflate_crc32(0, len ? data : "", len)};
    m.compressed_size = deflate_into(w, data, len);
    m.method = m.compressed_size ? 8 : 0;
    if (m.method == 0) {
        dgl_buf_append(w->out, data, len);
        m.compressed_size = len;
        DGL_TRY(dgl_buf_check(w->out, "the package", err));
    }
    return finish_member(w, at, name, &m, err);
}

enum dgl_status dgl_zip_writer_add_raw(struct dgl_zip_writer *w, const char *name, const struct dgl_zip_raw *raw,
                                       struct dgl_error *err)
{
    if (raw->size > UINT32_MAX || raw->compressed_size > UINT32_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "the ZIP member %s is larger than 4 GiB", name);
    size_t at;
    DGL_TRY(start_member(w, name, &at, err));
    dgl_buf_append(w->out, raw->data, raw->compressed_size);
    DGL_TRY(dgl_buf_check(w->out, "the package", err));
    return finish_member(w, at, name, raw, err);
}

enum dgl_status dgl_zip_writer_finish(struct dgl_zip_writer *w, struct dgl_error *err)
{
    size_t directory_at = w->out->len - w->start;
    if (directory_at > UINT32_MAX)
        return DGL_FAIL(err, DGL_E_LIMIT, "the package is larger than 4 GiB");
    char end[END_RECORD_BYTES] = {0};
    char *p = end;
    put32(&p, 0x06054b50);
    put32(&p, 0); // this disk, disk of the directory
    put16(&p, w->count);
    put16(&p, w->count);
    put32(&p, w->directory.len);
    put32(&p, directory_at);
    if (w->directory.len)
        dgl_buf_append(w->out, w->directory.data, w->directory.len);
    dgl_buf_append(w->out, end, sizeof(end));
    return dgl_buf_check(w->out, "the package", err);
}
