// ZIP packages: bounded reading, and writing that copies unchanged members without recompressing.
//
// Opening checks everything before anything is inflated: number of members, each member's and the total inflated size,
// ratio, names (no absolute ones, no "..", no backslash, no duplicates ignoring ASCII case), local headers against the
// directory, members that overlap. Writing is libdeflate straight into a dgl_buf: local headers, data, central
// directory; no timestamps (1980-01-01), so equal input gives equal bytes. Source: PKWARE APPNOTE 6.3.10.
#ifndef DGL_BASE_ZIP_H
#define DGL_BASE_ZIP_H

#include "base/buf.h"
#include "base/str.h"

#define DGL_ZIP_MAX_MEMBERS 4096
#define DGL_ZIP_MAX_MEMBER_BYTES (128u << 20)
#define DGL_ZIP_MAX_TOTAL_BYTES (256u << 20)
#define DGL_ZIP_MAX_RATIO 1000     // for members over 1 MiB
#define DGL_DEFLATE_MAX_RATIO 1032 // RFC 1951 has no way to more: 258 bytes for two bits

struct dgl_zip;
// Borrows `data` until dgl_zip_free.
enum dgl_status dgl_zip_open(const void *data, size_t len, struct dgl_zip **ret, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_zip_free(struct dgl_zip *z);
DGL_DEFINE_AUTO(zip);
size_t dgl_zip_count(const struct dgl_zip *z);
const char *dgl_zip_name(const struct dgl_zip *z, size_t index);
bool dgl_zip_find(const struct dgl_zip *z, const char *name, size_t *ret_index); // ASCII case-insensitive, OPC rule
enum dgl_status dgl_zip_read(struct dgl_zip *z, size_t index, struct dgl_buf *ret,
                             struct dgl_error *err) DGL_MUST_CHECK;
// A stored member's bytes where they lie, checked against its checksum; borrowed as long as the archive's data. False:
// it is deflated or damaged; dgl_zip_read then reads it or tells what is wrong.
bool dgl_zip_lend(const struct dgl_zip *z, size_t index, struct dgl_str *ret);
// The member as it stands in the archive, for raw copies. Borrowed.
struct dgl_zip_raw {
    const void *data;
    size_t compressed_size, size;
    uint32_t crc32;
    uint16_t method; // 0 stored, 8 deflated
};
enum dgl_status dgl_zip_raw(struct dgl_zip *z, size_t index, struct dgl_zip_raw *ret,
                            struct dgl_error *err) DGL_MUST_CHECK;

struct dgl_zip_writer;
struct dgl_zip_writer *dgl_zip_writer_new(struct dgl_buf *out, int level); // level 0 stores, 1..12 as libdeflate
void dgl_zip_writer_free(struct dgl_zip_writer *w);
DGL_DEFINE_AUTO(zip_writer);
enum dgl_status dgl_zip_writer_add(struct dgl_zip_writer *w, const char *name, const void *data, size_t len,
                                   struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_zip_writer_add_raw(struct dgl_zip_writer *w, const char *name, const struct dgl_zip_raw *raw,
                                       struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_zip_writer_finish(struct dgl_zip_writer *w, struct dgl_error *err) DGL_MUST_CHECK;

#endif
