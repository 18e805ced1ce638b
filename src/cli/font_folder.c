// A folder of fonts. See font_folder.h.
#include "cli/font_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "render/layout/limits.h"

#define LIST_MAX_BYTES ((size_t)16 << 20)

struct font_file {
    int fd; // kept: what was checked is what is used
    unsigned char sha256[DGL_SHA256_LEN];
};
struct dgl_font_folder {
    struct font_file files[DGL_FONT_FOLDER_MAX];
    size_t count;
    struct dgl_engine_fonts *list;
};

void dgl_font_folder_free(struct dgl_font_folder *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        close(f->files[i].fd);
    dgl_engine_fonts_unref(f->list);
    free(f);
}

struct dgl_engine_fonts *dgl_font_folder_list(const struct dgl_font_folder *f)
{
    return f->list;
}

enum dgl_status dgl_font_folder_open(const struct dgl_font_folder *f, const unsigned char sha256[32], int *ret_fd,
                                     struct dgl_error *err)
{
    for (size_t i = 0; i < f->count; i++) {
        if (memcmp(f->files[i].sha256, sha256, DGL_SHA256_LEN) != 0)
            continue;
        int fd = fcntl(f->files[i].fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return DGL_FAIL_ERRNO(err, errno, "a font cannot be opened again");
        *ret_fd = fd;
        return DGL_OK;
    }
    return DGL_FAIL(err, DGL_E_NOT_FOUND, "there is no such font in the folder");
}

static int is_font(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && (strcasecmp(dot, ".ttf") == 0 || strcasecmp(dot, ".otf") == 0 || strcasecmp(dot, ".ttc") == 0);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

// The file's bytes go into memory of ours, so that nobody changes them behind a worker's back.
static enum dgl_status copy_file(const char *folder, const char *name, struct font_file *ret, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) path = DGL_BUF_INIT(8192);
    DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(DGL_FONT_MAX_BYTES);
    DGL_AUTO_FD fd = -1;
    dgl_buf_printf(&path, "%s/%s", folder, name);
    DGL_TRY(dgl_buf_check(&path, "the path of a font", err));
    DGL_TRY(dgl_file_read(path.data, DGL_FONT_MAX_BYTES, &bytes, err));
    DGL_TRY(dgl_file_memfd("font", &fd, err));
    DGL_TRY(dgl_file_write_fd(fd, bytes.data ? bytes.data : "", bytes.len, err));
    dgl_sha256(bytes.data ? bytes.data : "", bytes.len, ret->sha256);
    ret->fd = DGL_STEAL_FD(fd);
    return DGL_OK;
}

static enum dgl_status inspect(struct dgl_engine_session *session, const struct font_file *file,
                               struct dgl_json_writer *list, struct dgl_error *err)
{
    const struct dgl_engine_job job = {.op = DGL_ENGINE_FONT, .template_fd = file->fd};
    char hex[2 * DGL_SHA256_LEN + 1];
    DGL_AUTO_JSON facts = NULL;
    DGL_AUTO_FINI(session_answer) answer;
    dgl_engine_session_run(session, &job, &answer);
    if (answer.status != DGL_OK) {
        *err = answer.error;
        return answer.status;
    }
    DGL_TRY(dgl_json_parse(answer.font_json, strlen(answer.font_json), "font", &facts, err));
    DGL_AUTO_PTR char *faces = json_dumps(json_object_get(facts, "faces"), JSON_COMPACT);
    if (!faces)
        return DGL_FAIL(err, DGL_E_UNAVAILABLE, "there is no memory for a font's names");
    dgl_hex_encode(file->sha256, DGL_SHA256_LEN, hex);
    dgl_jw_object(list);
    dgl_jw_kstr(list, "sha256", hex);
    dgl_jw_key(list, "faces");
    dgl_jw_raw(list, faces, strlen(faces));
    dgl_jw_end_object(list);
    return DGL_OK;
}

static void add_file(struct dgl_font_folder *f, struct dgl_engine_session *session, const char *folder,
                     const char *name, struct dgl_json_writer *list)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct font_file *file = &f->files[f->count];
    enum dgl_status status = copy_file(folder, name, file, &err);
    if (status == DGL_OK && (status = inspect(session, file, list, &err)) != DGL_OK)
        close(file->fd);
    if (status == DGL_OK)
        f->count++;
    else
        fprintf(stderr, "docgenlab: warning: the font %s/%s is left out: %s\n", folder, name, err.message);
}

enum dgl_status dgl_font_folder_read(struct dgl_engine_session *session, const char *path, struct dgl_font_folder **ret,
                                     struct dgl_error *err)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_font, by_name);
    if (count < 0)
        return DGL_FAIL_ERRNO(err, errno, "the folder of fonts '%s' cannot be read", path);
    DGL_AUTO(font_folder) f = DGL_NEW(struct dgl_font_folder);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(LIST_MAX_BYTES);
    struct dgl_json_writer list = DGL_JSON_WRITER(&text);
    dgl_jw_array(&list);
    for (int i = 0; i < count; i++) {
        if (f->count < DGL_FONT_FOLDER_MAX)
            add_file(f, session, path, entries[i]->d_name, &list);
        free(entries[i]);
    }
    free(entries);
    dgl_jw_end_array(&list);
    DGL_TRY(dgl_buf_check(&text, "the list of fonts", err));
    if (f->count == 0)
        return DGL_FAIL(err, DGL_E_INVALID, "there is no usable font (.ttf, .otf, .ttc) in the folder '%s'", path);
    f->list = dgl_engine_fonts_new(text.data, text.len);
    *ret = DGL_STEAL(f);
    return DGL_OK;
}
