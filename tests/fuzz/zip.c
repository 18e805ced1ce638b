// Fuzz target: ZIP archives as bytes. No name leads out of the archive, names are unique, and what was read can be
// packed again and gives the same bytes.
#include "fuzz.h"

#include "base/zip.h"

#define READ_BYTES ((size_t)4 << 20)

static void check_name(const struct dgl_zip *z, size_t i)
{
    const char *name = dgl_zip_name(z, i);
    size_t found = SIZE_MAX;
    fuzz_must(dgl_zip_find(z, name, &found) && found == i);
    fuzz_must(name[0] && name[0] != '/' && !strchr(name, '\\'));
    for (const char *p = name; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        fuzz_must(strncmp(p, "..", 2) != 0 || (p[2] != '/' && p[2] != '\0'));
}

static void pack_again(struct dgl_zip *z)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(READ_BYTES);
    DGL_AUTO_FINI(buf) one = DGL_BUF_INIT(READ_BYTES);
    DGL_AUTO_FINI(buf) other = DGL_BUF_INIT(READ_BYTES);
    DGL_AUTO(zip) again = NULL;
    DGL_AUTO(zip_writer) w = dgl_zip_writer_new(&out, 1);
    for (size_t i = 0; i < dgl_zip_count(z); i++) {
        struct dgl_zip_raw raw;
        if (dgl_zip_raw(z, i, &raw, &err) != DGL_OK || dgl_zip_writer_add_raw(w, dgl_zip_name(z, i), &raw, &err))
            return;
    }
    if (dgl_zip_writer_finish(w, &err) != DGL_OK)
        return;
    fuzz_must(dgl_zip_open(out.data, out.len, &again, &err) == DGL_OK);
    fuzz_must(dgl_zip_count(again) == dgl_zip_count(z));
    for (size_t i = 0; i < dgl_zip_count(z); i++) {
        dgl_buf_reset(&one);
        dgl_buf_reset(&other);
        enum dgl_status was = dgl_zip_read(z, i, &one, &err), is = dgl_zip_read(again, i, &other, &err);
        fuzz_must(was == is);
        fuzz_must(was != DGL_OK || (one.len == other.len && (!one.len || memcmp(one.data, other.data, one.len) == 0)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO(zip) z = NULL;
    if (dgl_zip_open(data, size, &z, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return 0;
    }
    for (size_t i = 0; i < dgl_zip_count(z); i++) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(READ_BYTES);
        check_name(z, i);
        (void)!dgl_zip_read(z, i, &b, &err);
    }
    pack_again(z);
    return 0;
}
