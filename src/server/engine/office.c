// LibreOffice, through LibreOfficeKit's C interface, in a process of its own: DOCX in, PDF out, one at a time.
//
//   own directory and environment ─▶ lock in ─▶ load LibreOffice ─▶ warm-up document ─▶ READY ─▶ (JOB ─▶ RESULT)*
//
//   <scratch>/libreoffice-<n>/profile   kept from process to process: a prepared profile starts in a fifth of the time
//                                       (user/temp/embeddedfonts: fonts that documents brought, emptied at start)
//                             job/      input and output of the job under way; emptied at start and after each job
//                             tmp/      HOME and TMPDIR
//
// LibreOffice fetches linked images over http and files whatever its options say, so the sandbox stands before it is
// loaded: no sockets, files only below its own directory and the system's. A font that a document brings stays known to
// the whole process, so the document after it, maybe of somebody else, goes to a new one. A hang or crash ends with
// this process; the pool starts another. The library is loaded by dlopen, so nothing is needed when it is not
// installed.
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/zip.h"
#include "server/engine/kinds.h"
#include "server/engine/office_kit.h"
#include "server/engine/protocol.h"
#include "server/engine/sandbox.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_REMOVE_DEPTH 16u
#define PDF_OPTIONS                                                 \
    "{\"UseTaggedPDF\":{\"type\":\"boolean\",\"value\":\"false\"}," \
    "\"ExportBookmarks\":{\"type\":\"boolean\",\"value\":\"true\"}}"

struct office {
    int socket;
    struct office_kit *kit;
    char profile[560], brought_fonts[600], job_dir[560], tmp[560], input[600], output[600], input_url[640],
        output_url[640];
    struct dgl_message_buffer buffer;
};

bool dgl_office_find(const char *wanted, char *ret_program, size_t size)
{
    static const char *const usual[] = {"/usr/lib/libreoffice/program", "/usr/lib64/libreoffice/program",
                                        "/opt/libreoffice/program", "/usr/local/lib/libreoffice/program"};
    const char *const *places = wanted ? &wanted : usual;
    for (size_t i = 0; i < (wanted ? 1 : DGL_COUNT(usual)); i++) {
        char library[600];
        snprintf(library, sizeof(library), "%s/libmergedlo.so", places[i]);
        bool there = access(library, R_OK) == 0;
        snprintf(library, sizeof(library), "%s/libsofficeapp.so", places[i]);
        snprintf(ret_program, size, "%s", places[i]);
        if ((there || access(library, R_OK) == 0) && strlen(places[i]) < size) {
            snprintf(library, sizeof(library), "%s/libswlo.so", places[i]); // Writer may be left out
            if (access(library, R_OK) == 0)
                return true;
        }
    }
    return false;
}

// ---- directories

// Removes what is inside; symbolic links are removed, not followed.
static void empty_directory(int parent, const char *name, unsigned depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        dgl_auto_close_fd(&fd);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(dir), e->d_name, 0) == 0 || depth >= MAX_REMOVE_DEPTH)
            continue;
        empty_directory(dirfd(dir), e->d_name, depth + 1);
        unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
    }
    closedir(dir);
}

// Whether a file lies in it or below.
static bool holds_files(int parent, const char *name, unsigned depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    bool found = false;
    if (!dir)
        return fd < 0 && errno != ENOENT; // a file where a directory was, or one that cannot be looked into
    for (struct dirent *e; !found && (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            found = depth >= MAX_REMOVE_DEPTH || holds_files(dirfd(dir), e->d_name, depth + 1);
    closedir(dir);
    return found;
}

// A path as a file URL: what is not plain is percent-encoded.
static void file_url(const char *path, char *out, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = (size_t)snprintf(out, size, "file://");
    for (const unsigned char *p = (const unsigned char *)path; *p && n + 4 < size; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
                     strchr("/-_.~", *p) != NULL;
        if (plain) {
            out[n++] = (char)*p;
        } else {
            out[n++] = '%';
            out[n++] = hex[*p >> 4];
            out[n++] = hex[*p & 15];
        }
    }
    out[n] = '\0';
}

static enum dgl_status make_place(struct office *o, const struct dgl_worker_config *config, struct dgl_error *err)
{
    snprintf(o->profile, sizeof(o->profile), "%s/profile", config->directory);
    snprintf(o->brought_fonts, sizeof(o->brought_fonts), "%s/user/temp/embeddedfonts", o->profile);
    snprintf(o->job_dir, sizeof(o->job_dir), "%s/job", config->directory);
    snprintf(o->tmp, sizeof(o->tmp), "%s/tmp", config->directory);
    snprintf(o->input, sizeof(o->input), "%s/in.docx", o->job_dir);
    snprintf(o->output, sizeof(o->output), "%s/out.pdf", o->job_dir);
    file_url(o->input, o->input_url, sizeof(o->input_url));
    file_url(o->output, o->output_url, sizeof(o->output_url));
    DGL_TRY(dgl_file_make_dirs(o->profile, 0700, err));
    DGL_TRY(dgl_file_make_dirs(o->job_dir, 0700, err));
    DGL_TRY(dgl_file_make_dirs(o->tmp, 0700, err));
    empty_directory(AT_FDCWD, o->job_dir, 0);
    empty_directory(AT_FDCWD, o->tmp, 0);
    empty_directory(AT_FDCWD, o->brought_fonts, 0);
    if (config->fresh)
        empty_directory(AT_FDCWD, o->profile, 0);
    char lock[600];
    snprintf(lock, sizeof(lock), "%s/.lock", o->profile); // of a process that was killed
    unlink(lock);
    if (chdir(config->directory) != 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot enter '%s'", config->directory);
    return DGL_OK;
}

static void make_environment(const struct office *o)
{
    clearenv();
    setenv("HOME", o->tmp, 1);
    setenv("TMPDIR", o->tmp, 1);
    setenv("PATH", "/usr/bin:/bin", 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    setenv("SAL_USE_VCLPLUGIN", "svp", 1);
    setenv("SAL_DISABLE_OPENCL", "1", 1);
    setenv("SAL_LOG", "-INFO-WARN", 1);
}

// ---- one document

static enum dgl_status kit_failed(struct office *o, const char *what, struct dgl_error *err)
{
    char *reason = OFFICE_KIT_HAS(o->kit, error) ? o->kit->table->error(o->kit) : NULL;
    enum dgl_status status = DGL_FAIL_SLUG(err, DGL_E_INVALID, "pdf_failed", "LibreOffice cannot %s%s%s", what,
                                           reason && *reason ? ": " : "", reason ? reason : "");
    if (reason && OFFICE_KIT_HAS(o->kit, free_error))
        o->kit->table->free_error(reason);
    return status;
}

// Writer's parts are pages; they are counted once the export has laid the document out.
static enum dgl_status convert(struct office *o, int64_t *ret_pages, struct dgl_error *err)
{
    struct office_kit_document *doc = OFFICE_KIT_HAS(o->kit, load_with_options)
                                          ? o->kit->table->load_with_options(o->kit, o->input_url, "Batch=true")
                                          : o->kit->table->load(o->kit, o->input_url);
    if (!doc)
        return kit_failed(o, "read the filled document", err);
    enum dgl_status status = DGL_OK;
    int pages = 0;
    if (doc->table->save_as(doc, o->output_url, "pdf", PDF_OPTIONS))
        pages = OFFICE_KIT_HAS(doc, parts) ? doc->table->parts(doc) : 0;
    else
        status = kit_failed(o, "write the PDF", err);
    doc->table->destroy(doc);
    *ret_pages = DGL_MAX(pages, 0);
    return status;
}

static enum dgl_status write_input(struct office *o, const void *data, size_t len, struct dgl_error *err)
{
    DGL_AUTO_FD fd = open(o->input, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot write LibreOffice's input");
    return dgl_file_write_fd(fd, data, len, err);
}

static enum dgl_status read_output(struct office *o, const struct dgl_pdf_protection *protection, int *ret_fd,
                                   struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) pdf = DGL_BUF_INIT(DGL_ENGINE_MAX_OUTPUT_BYTES);
    DGL_AUTO_FD fd = open(o->output, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "LibreOffice left no PDF");
    DGL_TRY(dgl_file_read_fd(fd, DGL_ENGINE_MAX_OUTPUT_BYTES, &pdf, err));
    if (pdf.len < 5 || memcmp(pdf.data, "%PDF-", 5) != 0)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "pdf_failed", "LibreOffice wrote something that is no PDF");
    if (dgl_pdf_is_protected(protection))
        DGL_TRY(dgl_pdf_protect(&pdf, protection, err));
    struct iovec part = {.iov_base = pdf.data, .iov_len = pdf.len};
    return dgl_sealed_new("dgl-pdf", &part, 1, ret_fd, err);
}

static enum dgl_status make_pdf(struct office *o, int docx_fd, const struct dgl_pdf_protection *protection, int *ret_fd,
                                int64_t *ret_pages, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) docx = DGL_BUF_INIT(DGL_ENGINE_MAX_OUTPUT_BYTES);
    DGL_TRY(dgl_file_read_fd(docx_fd, DGL_ENGINE_MAX_OUTPUT_BYTES, &docx, err));
    DGL_TRY(write_input(o, docx.data, docx.len, err));
    dgl_buf_fini(&docx);
    DGL_TRY(convert(o, ret_pages, err));
    return read_output(o, protection, ret_fd, err);
}

static bool run_job(struct office *o, const struct dgl_message *m)
{
    struct dgl_wire_job job;
    if (m->payload_len != sizeof(job) || m->fd_count != 1)
        return false;
    memcpy(&job, m->payload, sizeof(job));
    dgl_sandbox_limit_cpu(2 * job.timeout_ms); // it has threads
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_wire_result head = {0};
    struct dgl_wire_error wire;
    DGL_AUTO_FD pdf = -1;
    int64_t start_us = dgl_clock_mono_us(dgl_clock_system());
    enum dgl_status status = make_pdf(o, m->fds[0], &job.protection, &pdf, &head.pages, &err);
    dgl_wipe(&job.protection, sizeof(job.protection));
    head.layout_us = dgl_clock_mono_us(dgl_clock_system()) - start_us;
    head.status = status;
    head.is_last = holds_files(AT_FDCWD, o->brought_fonts, 0);
    head.outputs = status == DGL_OK ? DGL_WIRE_PDF : 0;
    if (status != DGL_OK) {
        head.pages = 0;
        head.error_len = sizeof(wire);
        dgl_wire_error_pack(&err, &wire);
    }
    struct iovec parts[2] = {{.iov_base = &head, .iov_len = sizeof(head)},
                             {.iov_base = &wire, .iov_len = head.error_len}};
    bool sent = dgl_message_send(o->socket, DGL_MESSAGE_RESULT, m->job, parts, 2, &pdf, head.outputs != 0, true,
                                 &err) == DGL_OK;
    empty_directory(AT_FDCWD, o->job_dir, 0); // after the answer: nobody waits for it
    malloc_trim(0);
    return sent;
}

// ---- start

static const char warm_types[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
    "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
    "<Override PartName=\"/word/document.xml\" "
    "ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/></Types>";
static const char warm_rels[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" "
    "Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" "
    "Target=\"word/document.xml\"/></Relationships>";
static const char warm_document[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>"
    "<w:p><w:r><w:t>Warm</w:t></w:r></w:p><w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w=\"4000\"/></w:tblGrid><w:tr>"
    "<w:tc><w:p><w:r><w:rPr><w:b/></w:rPr><w:t>Cell</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p/></w:body></"
    "w:document>";

// The first document loads the filters and fonts: half a second that no job shall wait for.
static enum dgl_status warm_up(struct office *o, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) docx = DGL_BUF_INIT(1u << 20);
    DGL_AUTO(zip_writer) zip = dgl_zip_writer_new(&docx, 1);
    DGL_TRY(dgl_zip_writer_add(zip, "[Content_Types].xml", warm_types, sizeof(warm_types) - 1, err));
    DGL_TRY(dgl_zip_writer_add(zip, "_rels/.rels", warm_rels, sizeof(warm_rels) - 1, err));
    DGL_TRY(dgl_zip_writer_add(zip, "word/document.xml", warm_document, sizeof(warm_document) - 1, err));
    DGL_TRY(dgl_zip_writer_finish(zip, err));
    DGL_TRY(write_input(o, docx.data, docx.len, err));
    int64_t pages;
    DGL_TRY(convert(o, &pages, err));
    empty_directory(AT_FDCWD, o->job_dir, 0);
    return DGL_OK;
}

// Debian ships one large library, others a small one beside it; the entry is in either. Never unloaded.
static struct office_kit *load_kit(const char *program, const char *profile_url)
{
    static const char *const names[] = {"libsofficeapp.so", "libmergedlo.so"};
    for (size_t i = 0; i < DGL_COUNT(names); i++) {
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", program, names[i]);
        void *library = dlopen(path, RTLD_LAZY);
        void *entry = library ? dlsym(library, OFFICE_KIT_ENTRY) : NULL;
        if (entry)
            return ((office_kit_entry)entry)(program, profile_url);
    }
    return NULL;
}

static enum dgl_status start(struct office *o, const struct dgl_worker_config *config, struct dgl_error *err)
{
    DGL_TRY(make_place(o, config, err));
    make_environment(o);
    DGL_TRY(dgl_sandbox_enter_office(config->directory, config->program, err));
    char profile_url[640];
    file_url(o->profile, profile_url, sizeof(profile_url));
    o->kit = load_kit(config->program, profile_url);
    if (!o->kit)
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "office_broken",
                             "LibreOffice in '%s' does not start; check its installation", config->program);
    return warm_up(o, err);
}

static bool report(struct office *o, enum dgl_status status, const struct dgl_error *err)
{
    struct dgl_error ignored;
    struct dgl_wire_error wire;
    struct iovec part = {.iov_base = &wire, .iov_len = sizeof(wire)};
    if (status == DGL_OK)
        return dgl_message_send(o->socket, DGL_MESSAGE_READY, 0, NULL, 0, NULL, 0, true, &ignored) == DGL_OK;
    dgl_wire_error_pack(err, &wire);
    (void)!dgl_message_send(o->socket, DGL_MESSAGE_BROKEN, 0, &part, 1, NULL, 0, true, &ignored);
    return false;
}

int dgl_office_run(int socket, const struct dgl_worker_config *config)
{
    struct office *o = DGL_NEW(struct office);
    struct dgl_error err = DGL_ERROR_INIT;
    o->socket = socket;
    enum dgl_status status = start(o, config, &err);
    if (!report(o, status, &err))
        return 1;
    for (;;) {
        DGL_AUTO_FINI(message) m = {0};
        if (dgl_message_receive(socket, &o->buffer, DGL_MESSAGE_INLINE_BYTES, true, &m, &err) != DGL_RECEIVED_MESSAGE)
            return 0;
        if (m.type == DGL_MESSAGE_JOB && !run_job(o, &m))
            return 1;
    }
}
