// Starting and ending of what `render` and `lint` need. The network client comes to life with the first image that a
// template wants from outside.
#include "cli/engine_session.h"

#include "base/str.h"
#include "base/thread.h"
#include "cli/font_folder.h"
#include "render/template/suggest.h"
#include "server/app/parts.h"
#include "server/engine/bounds.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REMOVE_DESCRIPTORS 16
#define NAMES_MAX 500u // looked at for one that is near

struct dgl_engine_session {
    struct dgl_supervisor *supervisor;
    struct dgl_engine *engine;
    const struct dgl_config *config;
    char scratch[200];             // "" = none
    struct dgl_font_folder *fonts; // NULL = the machine's alone
    char folder[PATH_MAX];         // of the template; "" = no other templates
    struct dgl_guard *guard;
    struct dgl_net_client *net; // engine's thread
};

static enum dgl_status open_net(struct dgl_engine_session *s, struct dgl_error *err)
{
    const struct dgl_guard_options guard = {.allow_nets = dgl_config_str(s->config, "FETCH_ALLOW_NETS")};
    const struct dgl_net_client_options net = {.ca_file = dgl_config_str(s->config, "WEBHOOK_CA_FILE")};
    if (!s->guard)
        DGL_TRY(dgl_guard_new(&guard, &s->guard, err));
    return dgl_net_client_new(&net, &s->net, err);
}

// The names of the templates in a folder, without their ending.
static size_t templates_beside(const char *folder, struct dgl_arena *a, const char *names[NAMES_MAX])
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    size_t count = 0;
    while (dir && count < NAMES_MAX && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len > 5 && strcasecmp(entry->d_name + len - 5, ".docx") == 0)
            names[count++] = dgl_arena_strndup(a, entry->d_name, len - 5);
    }
    if (dir)
        closedir(dir);
    return count;
}

static enum dgl_status no_template(const char *folder, const char *name, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    const char *names[NAMES_MAX];
    size_t len = strlen(name), count = templates_beside(folder, arena, names);
    bool with_ending = len > 5 && strcasecmp(name + len - 5, ".docx") == 0;
    const char *near = dgl_suggest(name, with_ending ? len - 5 : len, names, count);
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found",
                         "there is no template '%.100s%s' beside this one%s%.100s%s", name, with_ending ? "" : ".docx",
                         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

// subdoc("terms") is terms.docx beside the template.
static enum dgl_status find_template(void *ctx, uint64_t org_number DGL_UNUSED, const char *name, int *ret_fd,
                                     struct dgl_error *err)
{
    const struct dgl_engine_session *s = ctx;
    char path[PATH_MAX];
    if (strchr(name, '/') || name[0] == '.')
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "template_not_found",
                             "only templates in the folder of this one can be named, not '%s'", name);
    size_t len = strlen(name);
    const char *ending = len > 5 && strcasecmp(name + len - 5, ".docx") == 0 ? "" : ".docx";
    int n = snprintf(path, sizeof path, "%s/%.*s%s", s->folder, (int)DGL_MIN(len, sizeof path), name, ending);
    int fd = n < 0 || (size_t)n >= sizeof path ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return no_template(s->folder, name, err);
    *ret_fd = fd;
    return DGL_OK;
}

static enum dgl_status find_font(void *ctx, uint64_t org_number DGL_UNUSED, const unsigned char sha256[32], int *ret_fd,
                                 struct dgl_error *err)
{
    const struct dgl_engine_session *s = ctx;
    if (!s->fonts)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "there are no fonts but the machine's");
    return dgl_font_folder_open(s->fonts, sha256, ret_fd, err);
}

static void fetch(void *ctx, uint64_t org_number, const char *url, struct dgl_engine_fetch *fetch)
{
    struct dgl_engine_session *s = ctx;
    struct dgl_error err = DGL_ERROR_INIT;
    bool image = strncmp(url, DGL_ENGINE_TEMPLATE_SCHEME, strlen(DGL_ENGINE_TEMPLATE_SCHEME)) != 0 &&
                 strncmp(url, DGL_ENGINE_FONT_SCHEME, strlen(DGL_ENGINE_FONT_SCHEME)) != 0;
    if (image && !s->net && open_net(s, &err) != DGL_OK) {
        dgl_engine_fetch_done(fetch, NULL, 0, &err);
        return;
    }
    struct dgl_image_fetcher fetcher = {.net = s->net,
                                        .guard = s->guard,
                                        .find_template = s->folder[0] ? find_template : NULL,
                                        .find_font = find_font,
                                        .ctx = s};
    dgl_app_fetch(&fetcher, org_number, url, fetch);
}

static enum dgl_status make_scratch(struct dgl_engine_session *s, struct dgl_error *err)
{
    const char *parent = getenv("TMPDIR");
    int n = snprintf(s->scratch, sizeof(s->scratch), "%s/docgenlab-XXXXXX", parent && *parent ? parent : "/tmp");
    if (n < 0 || (size_t)n >= sizeof(s->scratch))
        return DGL_FAIL(err, DGL_E_INVALID, "TMPDIR is longer than 180 bytes; set a shorter one");
    if (!mkdtemp(s->scratch)) {
        int reason = errno;
        s->scratch[0] = '\0';
        return DGL_FAIL_ERRNO(err, reason, "cannot make a temporary directory");
    }
    return DGL_OK;
}

enum dgl_status dgl_engine_session_open(const struct dgl_config *config, bool with_pdf, struct dgl_engine_session **ret,
                                        struct dgl_error *err)
{
    DGL_AUTO(engine_session) s = DGL_NEW(struct dgl_engine_session);
    s->config = config;
    DGL_TRY(dgl_supervisor_start(&s->supervisor, err));
    if (with_pdf)
        DGL_TRY(make_scratch(s, err));
    const struct dgl_engine_options options = {.workers = 1,
                                               .office_workers = 1,
                                               .timeout_ms = dgl_config_int(config, "RENDER_TIMEOUT_MS"),
                                               .memory_bytes = dgl_config_int(config, "RENDER_MEMORY_BYTES"),
                                               .scratch_dir = with_pdf ? s->scratch : NULL,
                                               .office_program = dgl_config_str(config, "OFFICE_PROGRAM"),
                                               .fetcher = fetch,
                                               .fetcher_ctx = s};
    DGL_TRY(dgl_engine_new(s->supervisor, &options, &s->engine, err));
    *ret = DGL_STEAL(s);
    return DGL_OK;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    remove(path); // what stays behind is a temporary file
    return 0;
}

void dgl_engine_session_free(struct dgl_engine_session *s)
{
    if (!s)
        return;
    dgl_engine_free(s->engine);
    dgl_font_folder_free(s->fonts);
    dgl_net_client_free(s->net);
    dgl_guard_free(s->guard);
    dgl_supervisor_stop(s->supervisor); // before its directory goes
    if (s->scratch[0])
        nftw(s->scratch, remove_entry, REMOVE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    free(s);
}

void dgl_engine_session_beside(struct dgl_engine_session *s, const char *template_path)
{
    const char *slash = strrchr(template_path, '/');
    size_t len = slash ? (size_t)(slash - template_path) : 0;
    if (!slash)
        dgl_str_copy(s->folder, sizeof s->folder, ".", 1);
    else if (len < sizeof s->folder) // "/x.docx": the root
        dgl_str_copy(s->folder, sizeof s->folder, len ? template_path : "/", len ? len : 1);
}

enum dgl_status dgl_engine_session_fonts(struct dgl_engine_session *s, const char *folder, struct dgl_error *err)
{
    return dgl_font_folder_read(s, folder, &s->fonts, err);
}

// ---- one job

struct waiting {
    struct dgl_latch done;
    struct dgl_session_answer *answer;
};

static void on_done(void *arg, struct dgl_engine_result *r)
{
    struct waiting *w = arg;
    *w->answer = (struct dgl_session_answer){.status = r->status,
                                             .error = r->error,
                                             .docx_fd = DGL_STEAL_FD(r->docx_fd),
                                             .pdf_fd = DGL_STEAL_FD(r->pdf_fd),
                                             .tokens_json = dgl_strdup(r->tokens_json),
                                             .problems_json = dgl_strdup(r->problems_json),
                                             .warnings_json = dgl_strdup(r->warnings_json),
                                             .findings_json = dgl_strdup(r->findings_json),
                                             .font_json = dgl_strdup(r->font_json)};
    if (r->engine)
        dgl_str_copy(w->answer->engine, sizeof(w->answer->engine), r->engine, strlen(r->engine));
    dgl_latch_open(&w->done);
}

void dgl_engine_session_run(struct dgl_engine_session *s, const struct dgl_engine_job *job,
                            struct dgl_session_answer *ret)
{
    struct waiting w = {.done = DGL_LATCH_INIT, .answer = ret};
    *ret = (struct dgl_session_answer){.docx_fd = -1, .pdf_fd = -1};
    struct dgl_engine_job with_fonts = *job;
    if (s->fonts)
        with_fonts.fonts = dgl_font_folder_list(s->fonts);
    // The answer may be there before submit returns: *ret is written here only when none comes.
    struct dgl_error error = DGL_ERROR_INIT;
    enum dgl_status status = dgl_engine_submit(s->engine, &with_fonts, on_done, &w, &error);
    if (status != DGL_OK) {
        ret->status = status;
        ret->error = error;
        return;
    }
    dgl_latch_wait(&w.done);
}

void dgl_session_answer_fini(struct dgl_session_answer *a)
{
    dgl_auto_close_fd(&a->docx_fd);
    dgl_auto_close_fd(&a->pdf_fd);
    free(a->tokens_json);
    free(a->problems_json);
    free(a->warnings_json);
    free(a->findings_json);
    free(a->font_json);
}
