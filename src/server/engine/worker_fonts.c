// Fonts from outside, in the worker. See worker_fonts.h.
#include "server/engine/worker_fonts.h"

#include "base/crypto.h"
#include "base/file.h"
#include "server/engine/bounds.h"
#include "server/engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(DGL_ENGINE_FONT_MAX_BYTES == DGL_FONT_MAX_BYTES, "the bound that is told is the one that holds");

// ---- looking into an upload

static void write_sample(const struct dgl_buf *file, const struct dgl_font_facts *facts, struct dgl_json_writer *w)
{
    struct dgl_error ignored;
    DGL_AUTO_FINI(buf) path = DGL_BUF_INIT(DGL_FONT_SAMPLE_BYTES);
    int32_t width = 0;
    const struct dgl_font_face_facts *shown = &facts->faces[0];
    for (uint32_t i = 0; i < facts->face_count; i++) // of a variable font the regular instance
        if (shown->weight != 400 && facts->faces[i].weight == 400 && facts->faces[i].index == 0)
            shown = &facts->faces[i];
    bool good = dgl_font_sample(file->data, file->len, shown, &path, &width, &ignored) == DGL_OK && path.len;
    dgl_jw_object(w);
    dgl_jw_kstr(w, "path", good ? path.data : "");
    dgl_jw_kint(w, "width", width);
    dgl_jw_end_object(w);
}

enum dgl_status dgl_worker_inspect_font(int fd, struct dgl_buf *out, struct dgl_error *err)
{
    struct stat st;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) file = DGL_BUF_INIT(DGL_FONT_MAX_BYTES);
    struct dgl_font_facts facts;
    if (fstat(fd, &st) == 0 && st.st_size > (off_t)DGL_FONT_MAX_BYTES)
        return DGL_FAIL_FIELD(err, DGL_E_LIMIT, "font_too_large", "file",
                              "the font is larger than %u MiB; upload one with fewer characters",
                              DGL_FONT_MAX_BYTES >> 20);
    DGL_TRY(dgl_file_read_fd(fd, DGL_FONT_MAX_BYTES, &file, err));
    DGL_TRY(dgl_font_check(file.data, file.len, arena, &facts, err));
    struct dgl_json_writer w = DGL_JSON_WRITER(out);
    dgl_jw_object(&w);
    dgl_jw_key(&w, "faces");
    dgl_font_facts_write(&facts, &w);
    dgl_jw_key(&w, "sample");
    write_sample(&file, &facts, &w);
    dgl_jw_end_object(&w);
    return dgl_buf_check(out, "what is known of the font", err);
}

// ---- a job's list

static enum dgl_status add_file(struct dgl_font_library *l, const json_t *entry, struct dgl_error *err)
{
    const char *hex = json_string_value(json_object_get(entry, "sha256"));
    unsigned char sha256[32];
    struct dgl_font_facts facts;
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    if (!hex || strlen(hex) != 64 || !dgl_hex_decode(hex, 64, sha256) ||
        !dgl_font_facts_read(json_object_get(entry, "faces"), arena, &facts))
        return DGL_FAIL(err, DGL_E_INTERNAL, "the list of fonts is not readable");
    dgl_font_library_add(l, sha256, &facts, NULL, 0);
    return DGL_OK;
}

static enum dgl_status list(void *ctx, struct dgl_font_library *l, struct dgl_error *err)
{
    const struct dgl_worker_asker *asker = ctx;
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_ENGINE_MAX_FETCH_BYTES);
    DGL_AUTO_JSON json = NULL;
    json_t *entry;
    size_t i;
    int no_fd = -1;
    DGL_TRY(asker->ask(asker->ctx, DGL_ENGINE_FONT_LIST, &text, &no_fd, err));
    DGL_TRY(dgl_json_parse(text.data ? text.data : "", text.len, "fonts", &json, err));
    json_array_foreach(json, i, entry) DGL_TRY(add_file(l, entry, err));
    return DGL_OK;
}

static enum dgl_status map(int fd, const void **ret_data, size_t *ret_len, struct dgl_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > (off_t)DGL_FONT_MAX_BYTES)
        return DGL_FAIL(err, DGL_E_INTERNAL, "a font's file has an impossible size");
    void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return DGL_FAIL_ERRNO(err, errno, "a font's file cannot be mapped");
    *ret_data = data;
    *ret_len = (size_t)st.st_size;
    return DGL_OK;
}

static enum dgl_status open_font(void *ctx, const unsigned char sha256[32], const void **ret_data, size_t *ret_len,
                                 struct dgl_error *err)
{
    const struct dgl_worker_asker *asker = ctx;
    char what[sizeof(DGL_ENGINE_FONT_SCHEME) + 64] = DGL_ENGINE_FONT_SCHEME;
    DGL_AUTO_FINI(buf) nothing = DGL_BUF_INIT(0);
    DGL_AUTO_FD fd = -1;
    dgl_hex_encode(sha256, 32, what + strlen(what));
    enum dgl_status status = asker->ask(asker->ctx, what, &nothing, &fd, err);
    if (status == DGL_OK && fd < 0)
        status = DGL_FAIL(err, DGL_E_INTERNAL, "a font came without its file");
    if (status == DGL_OK)
        status = map(fd, ret_data, ret_len, err);
    return status;
}

static void close_font(void *ctx DGL_UNUSED, const void *data, size_t len)
{
    munmap((void *)data, len);
}

struct dgl_font_choice dgl_worker_font_choice(const unsigned char key[32], const struct dgl_worker_asker *asker)
{
    struct dgl_font_choice choice = {
        .list = list, .ctx = (void *)asker, .opener = {.open = open_font, .close = close_font, .ctx = (void *)asker}};
    memcpy(choice.key, key, sizeof(choice.key));
    return choice;
}
