// Form bodies. libmicrohttpd's own post processor takes a cut-off multipart body for a complete one, so this room reads
// them itself.
//
//   START ──"--boundary"──▶ AFTER ──CRLF──▶ HEAD ──empty line──▶ DATA ──CRLF "--boundary"──▶ AFTER
//                             └────"--"───▶ END
//
// DATA looks for the delimiter CRLF "--" boundary. Its first byte, CR, occurs nowhere else in it, so after a partial
// match the only place where a new one can begin is the byte that broke it: no table is needed, and the bytes of the
// partial match are the delimiter's own. START is DATA with the CRLF taken as seen and no byte allowed before it.
#include "server/http/form.h"

#include "base/file.h"
#include "base/str.h"
#include "server/http/target.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum form_state { FORM_START, FORM_AFTER, FORM_HEAD, FORM_DATA, FORM_END };

struct http_form {
    struct dgl_arena *arena;
    const char *temp_dir;
    bool urlencoded;
    enum form_state state;
    char delimiter[4 + HTTP_MAX_BOUNDARY_BYTES + 1]; // CRLF "--" boundary
    size_t delimiter_len, matched;
    char after[2]; // the bytes that follow a delimiter
    size_t after_len;
    struct dgl_buf head;                                  // of the current part
    struct dgl_buf text;                                  // of the current text field, or the whole urlencoded body
    struct dgl_http_field parts[DGL_HTTP_MAX_FORM_PARTS]; // of a multipart form
    struct dgl_http_field *fields;                        // parts, or the arena's for an urlencoded form
    size_t count;                                         // the current part is fields[count] while in DATA
};

// ---- header values with parameters

static bool is_token(unsigned char c)
{
    return isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

// A quoted string from *p (at the quote) into the arena; moves *p behind it. Backslash escapes only a quote and itself:
// browsers send Windows paths with single backslashes.
static const char *take_quoted(struct dgl_arena *a, const char **p)
{
    char *out = dgl_arena_strndup(a, *p, strlen(*p));
    size_t len = 0;
    for (const char *s = *p + 1; *s; s++) {
        if (*s == '"') {
            out[len] = '\0';
            *p = s + 1;
            return out;
        }
        if (*s == '\\' && (s[1] == '"' || s[1] == '\\'))
            s++;
        out[len++] = *s;
    }
    return NULL;
}

static const char *take_token(struct dgl_arena *a, const char **p)
{
    const char *start = *p;
    while (is_token((unsigned char)**p))
        (*p)++;
    return *p == start ? NULL : dgl_arena_strndup(a, start, (size_t)(*p - start));
}

static void skip_blanks(const char **p)
{
    *p += strspn(*p, " \t");
}

static void lower(const char *text)
{
    for (char *s = (char *)text; *s; s++)
        *s = (char)tolower((unsigned char)*s);
}

static bool parse_param(struct dgl_arena *a, const char **p, struct http_header_params *h)
{
    const char *name = take_token(a, p);
    if (!name || h->count == DGL_COUNT(h->names))
        return false;
    lower(name);
    skip_blanks(p);
    if (**p != '=')
        return false;
    (*p)++;
    skip_blanks(p);
    const char *value = **p == '"' ? take_quoted(a, p) : take_token(a, p);
    if (!value)
        return false;
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->names[i], name) == 0)
            return false;
    h->names[h->count] = name;
    h->values[h->count++] = value;
    return true;
}

enum dgl_status http_header_params_parse(struct dgl_arena *a, const char *text, struct http_header_params *ret,
                                         struct dgl_error *err)
{
    struct http_header_params h = {.count = 0};
    const char *p = text;
    skip_blanks(&p);
    const char *start = p;
    while (is_token((unsigned char)*p) || *p == '/')
        p++;
    h.kind = dgl_arena_strndup(a, start, (size_t)(p - start));
    lower(h.kind);
    bool good = p > start;
    skip_blanks(&p);
    while (good && *p == ';') {
        p++;
        skip_blanks(&p);
        if (*p == '\0') // a last semicolon with nothing behind it
            break;
        good = parse_param(a, &p, &h);
        skip_blanks(&p);
    }
    if (!good || *p)
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "bad_header", "the header value \"%.200s\" cannot be read", text);
    *ret = h;
    return DGL_OK;
}

static const char *param(const struct http_header_params *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++)
        if (strcmp(h->names[i], name) == 0)
            return h->values[i];
    return NULL;
}

// ---- the form

#define FAIL_FORM(err, ...) DGL_FAIL_SLUG((err), DGL_E_MALFORMED, "bad_form", __VA_ARGS__)

static enum dgl_status set_boundary(struct http_form *f, const char *boundary, struct dgl_error *err)
{
    size_t len = boundary ? strlen(boundary) : 0;
    if (len == 0 || len > HTTP_MAX_BOUNDARY_BYTES)
        return FAIL_FORM(err, "the Content-Type of the form has no boundary of 1 to %d characters",
                         HTTP_MAX_BOUNDARY_BYTES);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)boundary[i] < 0x20 || (unsigned char)boundary[i] >= 0x7F)
            return FAIL_FORM(err, "the form's boundary holds a character that may not stand there");
    f->delimiter_len = (size_t)snprintf(f->delimiter, sizeof(f->delimiter), "\r\n--%s", boundary);
    f->state = FORM_START;
    f->matched = 2;
    return DGL_OK;
}

enum dgl_status http_form_new(const char *content_type, struct dgl_arena *arena, const char *temp_dir,
                              struct http_form **ret, struct dgl_error *err)
{
    struct http_header_params h = {.kind = ""};
    if (content_type)
        DGL_TRY(http_header_params_parse(arena, content_type, &h, err));
    bool urlencoded = strcmp(h.kind, "application/x-www-form-urlencoded") == 0;
    if (!urlencoded && strcmp(h.kind, "multipart/form-data") != 0)
        return DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "form_required",
                             "this call takes a form: send Content-Type multipart/form-data, not \"%.100s\"", h.kind);
    struct http_form *f = DGL_NEW(struct http_form);
    f->arena = arena;
    f->temp_dir = temp_dir;
    f->urlencoded = urlencoded;
    f->fields = f->parts;
    f->head = DGL_BUF_INIT(HTTP_MAX_PART_HEAD_BYTES);
    f->text = DGL_BUF_INIT(DGL_HTTP_MAX_FIELD_BYTES);
    if (!urlencoded && set_boundary(f, param(&h, "boundary"), err) != DGL_OK) {
        http_form_free(f);
        return err->code;
    }
    *ret = f;
    return DGL_OK;
}

// An unnamed file; where the file system knows no O_TMPFILE, a named one whose name is removed at once.
static enum dgl_status open_temporary(const char *dir, int *ret, struct dgl_error *err)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char path[4096];
        if (snprintf(path, sizeof(path), "%s/upload-XXXXXX", dir) < (int)sizeof(path)) {
            fd = mkostemp(path, O_CLOEXEC);
            if (fd >= 0)
                unlink(path);
        }
    }
    if (fd < 0)
        return DGL_FAIL_ERRNO(err, errno, "cannot make a temporary file for the upload");
    *ret = fd;
    return DGL_OK;
}

// The last part of what a browser or program sent as file name, valid UTF-8 without control characters.
static const char *clean_file_name(struct dgl_arena *a, const char *name)
{
    for (const char *s = name; *s; s++)
        if (*s == '/' || *s == '\\')
            name = s + 1;
    if (!dgl_utf8_valid(name, strlen(name)))
        return "file";
    char out[256];
    dgl_str_copy(out, sizeof(out), name, strlen(name));
    for (char *s = out; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            *s = '_';
    return dgl_arena_strdup(a, out);
}

// RFC 8187: UTF-8''percent-encoded.
static const char *decode_extended(struct dgl_arena *a, const char *value)
{
    if (strncasecmp(value, "utf-8'", 6) != 0)
        return NULL;
    const char *text = strchr(value + 6, '\'');
    if (!text)
        return NULL;
    size_t len = strlen(++text), out_len;
    char *out = dgl_arena_strndup(a, text, len);
    bool good = dgl_percent_decode(text, len, false, out, len + 1, &out_len) && !memchr(out, '\0', out_len);
    return good ? out : NULL;
}

static enum dgl_status take_disposition(struct http_form *f, const char *value, struct dgl_http_field *field,
                                        struct dgl_error *err)
{
    struct http_header_params h;
    DGL_TRY(http_header_params_parse(f->arena, value, &h, err));
    const char *name = param(&h, "name"), *file_name = param(&h, "filename"), *extended = param(&h, "filename*");
    if (strcmp(h.kind, "form-data") != 0 || !name || name[0] == '\0')
        return FAIL_FORM(err, "a part of the form has no name");
    if (!dgl_utf8_valid(name, strlen(name)))
        return FAIL_FORM(err, "the name of a part of the form is not UTF-8");
    if (field->name)
        return FAIL_FORM(err, "a part of the form has two Content-Disposition lines");
    if (extended && (file_name = decode_extended(f->arena, extended)) == NULL)
        return FAIL_FORM(err, "the file name of part \"%.100s\" cannot be read", name);
    field->name = name;
    field->file_name = file_name ? clean_file_name(f->arena, file_name) : NULL;
    return DGL_OK;
}

static enum dgl_status take_part_line(struct http_form *f, char *line, struct dgl_http_field *field,
                                      struct dgl_error *err)
{
    char *colon = strchr(line, ':');
    if (!colon || colon == line)
        return FAIL_FORM(err, "a part of the form has a broken header line");
    *colon = '\0';
    char *value = colon + 1;
    value += strspn(value, " \t");
    for (const char *s = line; *s; s++)
        if (!is_token((unsigned char)*s))
            return FAIL_FORM(err, "a part of the form has a broken header line");
    if (strcasecmp(line, "content-disposition") == 0)
        return take_disposition(f, value, field, err);
    if (strcasecmp(line, "content-type") == 0)
        field->content_type = dgl_arena_strdup(f->arena, value);
    if (strcasecmp(line, "content-transfer-encoding") == 0 && strcasecmp(value, "binary") != 0 &&
        strcasecmp(value, "8bit") != 0 && strcasecmp(value, "7bit") != 0)
        return FAIL_FORM(err, "a part of the form has the transfer encoding \"%.40s\": send it as it is", value);
    return DGL_OK;
}

// The part's head is complete in f->head, lines ending in CRLF.
static enum dgl_status begin_part(struct http_form *f, struct dgl_error *err)
{
    if (f->count == DGL_HTTP_MAX_FORM_PARTS)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_fields", "the form has more than the %d parts allowed",
                             DGL_HTTP_MAX_FORM_PARTS);
    struct dgl_http_field field = {.fd = -1};
    if (memchr(f->head.data, '\0', f->head.len))
        return FAIL_FORM(err, "a part of the form has a NUL character in its head");
    for (char *line = f->head.data, *end; (end = strstr(line, "\r\n")) != NULL && end > line; line = end + 2) {
        *end = '\0';
        DGL_TRY(take_part_line(f, line, &field, err));
    }
    if (!field.name)
        return FAIL_FORM(err, "a part of the form has no Content-Disposition");
    if (field.file_name)
        DGL_TRY(open_temporary(f->temp_dir, &field.fd, err));
    f->fields[f->count] = field;
    dgl_buf_reset(&f->head);
    dgl_buf_reset(&f->text);
    f->state = FORM_DATA;
    f->matched = 0;
    return DGL_OK;
}

static enum dgl_status put_data(struct http_form *f, const char *data, size_t len, struct dgl_error *err)
{
    if (len == 0)
        return DGL_OK;
    if (f->state == FORM_START)
        return FAIL_FORM(err, "the form does not begin with its boundary");
    struct dgl_http_field *field = &f->fields[f->count];
    field->size_bytes += len;
    if (field->fd >= 0)
        return dgl_file_write_fd(field->fd, data, len, err);
    if (!dgl_buf_append(&f->text, data, len))
        return DGL_FAIL_FIELD(err, DGL_E_LIMIT, "field_too_large", field->name,
                              "the field \"%.100s\" is larger than the %u bytes allowed", field->name,
                              DGL_HTTP_MAX_FIELD_BYTES);
    return DGL_OK;
}

static enum dgl_status end_part(struct http_form *f, struct dgl_error *err)
{
    if (f->state == FORM_START)
        return DGL_OK;
    struct dgl_http_field *field = &f->fields[f->count];
    if (field->fd >= 0 && field->size_bytes == 0 && field->file_name[0] == '\0') {
        close(field->fd); // a file input left empty
        field->fd = -1;
        return DGL_OK;
    }
    if (field->fd >= 0) {
        if (lseek(field->fd, 0, SEEK_SET) < 0)
            return DGL_FAIL_ERRNO(err, errno, "cannot rewind the upload");
    } else if (memchr(f->text.data ? f->text.data : "", '\0', f->text.len) ||
               !dgl_utf8_valid(f->text.data, f->text.len)) {
        return DGL_FAIL_FIELD(err, DGL_E_MALFORMED, "bad_encoding", field->name,
                              "the field \"%.100s\" holds a NUL character or bytes that are not UTF-8", field->name);
    } else {
        field->value = dgl_arena_strndup(f->arena, f->text.data, f->text.len);
    }
    f->count++;
    return DGL_OK;
}

// DATA and START: hands over what is no delimiter; *used bytes were consumed.
static enum dgl_status feed_data(struct http_form *f, const char *data, size_t len, size_t *used, struct dgl_error *err)
{
    size_t at = 0;
    while (at < len) {
        if (f->matched == 0) {
            const char *cr = memchr(data + at, '\r', len - at);
            size_t plain = cr ? (size_t)(cr - data) - at : len - at;
            DGL_TRY(put_data(f, data + at, plain, err));
            at += plain;
            if (!cr)
                break;
        }
        if (data[at] == f->delimiter[f->matched]) {
            at++;
            if (++f->matched < f->delimiter_len)
                continue;
            DGL_TRY(end_part(f, err));
            f->state = FORM_AFTER;
            f->after_len = 0;
            break;
        }
        size_t kept = f->matched;
        f->matched = 0; // the byte is looked at again
        DGL_TRY(put_data(f, f->delimiter, kept, err));
        if (f->state == FORM_START)
            return FAIL_FORM(err, "the form does not begin with its boundary");
    }
    *used = at;
    return DGL_OK;
}

static enum dgl_status feed_after(struct http_form *f, char c, struct dgl_error *err)
{
    if (f->after_len == 0 && (c == ' ' || c == '\t')) // padding, RFC 2046 §5.1.1
        return DGL_OK;
    f->after[f->after_len++] = c;
    if (f->after_len < 2)
        return DGL_OK;
    if (f->after[0] == '-' && c == '-') {
        f->state = FORM_END;
    } else if (f->after[0] == '\r' && c == '\n') {
        f->state = FORM_HEAD;
        dgl_buf_reset(&f->head);
    } else {
        return FAIL_FORM(err, "a boundary of the form is followed by something else than a new line");
    }
    return DGL_OK;
}

static enum dgl_status feed_head(struct http_form *f, char c, struct dgl_error *err)
{
    if (!dgl_buf_putc(&f->head, c))
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "part_head_too_large",
                             "a part of the form has a head larger than the %d bytes allowed",
                             HTTP_MAX_PART_HEAD_BYTES);
    size_t len = f->head.len;
    bool empty = len == 2 && memcmp(f->head.data, "\r\n", 2) == 0;
    if (empty || (len >= 4 && memcmp(f->head.data + len - 4, "\r\n\r\n", 4) == 0))
        return begin_part(f, err);
    return DGL_OK;
}

static enum dgl_status feed_multipart(struct http_form *f, const char *data, size_t len, struct dgl_error *err)
{
    for (size_t at = 0; at < len;) {
        size_t used = 1;
        switch (f->state) {
        case FORM_START:
        case FORM_DATA:
            DGL_TRY(feed_data(f, data + at, len - at, &used, err));
            break;
        case FORM_AFTER:
            DGL_TRY(feed_after(f, data[at], err));
            break;
        case FORM_HEAD:
            DGL_TRY(feed_head(f, data[at], err));
            break;
        case FORM_END:
            if (data[at] != '\r' && data[at] != '\n')
                return FAIL_FORM(err, "there is something behind the end of the form");
            break;
        }
        at += used;
    }
    return DGL_OK;
}

enum dgl_status http_form_feed(struct http_form *f, const char *data, size_t len, struct dgl_error *err)
{
    if (!f->urlencoded)
        return feed_multipart(f, data, len, err);
    if (!dgl_buf_append(&f->text, data, len))
        return DGL_FAIL(err, DGL_E_LIMIT, "the form is larger than the %u bytes allowed", DGL_HTTP_MAX_FIELD_BYTES);
    return DGL_OK;
}

static enum dgl_status finish_urlencoded(struct http_form *f, struct dgl_error *err)
{
    struct http_pair *pairs;
    size_t count;
    DGL_TRY(
        http_pairs_parse(f->arena, f->text.data, f->text.len, DGL_HTTP_MAX_FORM_FIELDS, "form", &pairs, &count, err));
    if (count > 0)
        f->fields = dgl_arena_alloc(f->arena, count * sizeof(*f->fields));
    for (size_t i = 0; i < count; i++)
        f->fields[i] = (struct dgl_http_field){
            .name = pairs[i].name, .value = pairs[i].value, .size_bytes = strlen(pairs[i].value), .fd = -1};
    f->count = count;
    return DGL_OK;
}

enum dgl_status http_form_finish(struct http_form *f, struct dgl_error *err)
{
    if (f->urlencoded)
        return finish_urlencoded(f, err);
    if (f->state != FORM_END)
        return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "form_cut_off",
                             "the form ends before its closing boundary: it was cut off on the way");
    return DGL_OK;
}

size_t http_form_count(const struct http_form *f)
{
    return f ? f->count : 0;
}

struct dgl_http_field *http_form_at(struct http_form *f, size_t index)
{
    return f && index < f->count ? &f->fields[index] : NULL;
}

void http_form_free(struct http_form *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < DGL_COUNT(f->parts); i++)
        if (f->parts[i].name && f->parts[i].fd >= 0)
            close(f->parts[i].fd);
    dgl_buf_fini(&f->head);
    dgl_buf_fini(&f->text);
    free(f);
}
