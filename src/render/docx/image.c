// Pictures: from data URIs and https URLs into parts, and their DrawingML (ECMA-376 Part 1, 20.4.2.8 wp:inline).
//
// The same bytes are stored once, whatever the number of places; their names come from their hash, so the same document
// always gets the same names. Sizes: what the template or the value says, else pixels at the picture's own resolution,
// never wider than the text.
#include "render/docx/writer.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EMU_PER_INCH 914400.0

// ---- formats

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

// PNG (ISO/IEC 15948): IHDR first; pHYs before the first IDAT.
static bool probe_png(const uint8_t *p, size_t len, struct dgl_docx_media *m)
{
    if (len < 45 || memcmp(p, "\x89PNG\r\n\x1a\n", 8) != 0 || memcmp(p + 12, "IHDR", 4) != 0)
        return false;
    m->width_px = be32(p + 16);
    m->height_px = be32(p + 20);
    m->extension = "png";
    m->content_type = "image/png";
    for (size_t at = 8; at + 12 <= len;) {
        uint32_t n = be32(p + at);
        if (n > len - at - 12 || memcmp(p + at + 4, "IDAT", 4) == 0)
            break;
        if (memcmp(p + at + 4, "pHYs", 4) == 0 && n == 9 && p[at + 16] == 1) {
            m->dpi_x = be32(p + at + 8) * 0.0254;
            m->dpi_y = be32(p + at + 12) * 0.0254;
        }
        at += 12 + (size_t)n;
    }
    return true;
}

static void read_jfif(const uint8_t *p, size_t n, struct dgl_docx_media *m)
{
    if (n < 12 || memcmp(p, "JFIF", 5) != 0)
        return;
    double unit = p[7] == 1 ? 1 : p[7] == 2 ? 2.54 : 0;
    m->dpi_x = be16(p + 8) * unit;
    m->dpi_y = be16(p + 10) * unit;
}

// JPEG (ITU-T T.81, B.1.1): markers up to the frame header.
static bool probe_jpeg(const uint8_t *p, size_t len, struct dgl_docx_media *m)
{
    if (len < 4 || p[0] != 0xFF || p[1] != 0xD8)
        return false;
    for (size_t at = 2; at + 4 <= len;) {
        if (p[at] != 0xFF)
            return false;
        uint8_t marker = p[at + 1];
        if (marker == 0xFF) {
            at++;
            continue;
        }
        if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
            at += 2;
            continue;
        }
        size_t n = be16(p + at + 2);
        if (n < 2 || n > len - at - 2)
            return false;
        if (marker == 0xE0)
            read_jfif(p + at + 4, n - 2, m);
        bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (frame && n >= 8) {
            m->height_px = be16(p + at + 5);
            m->width_px = be16(p + at + 7);
            m->extension = "jpeg";
            m->content_type = "image/jpeg";
            return true;
        }
        at += 2 + n;
    }
    return false;
}

static bool probe_gif(const uint8_t *p, size_t len, struct dgl_docx_media *m)
{
    if (len < 14 || (memcmp(p, "GIF87a", 6) != 0 && memcmp(p, "GIF89a", 6) != 0))
        return false;
    m->width_px = (uint32_t)p[6] | (uint32_t)p[7] << 8;
    m->height_px = (uint32_t)p[8] | (uint32_t)p[9] << 8;
    m->extension = "gif";
    m->content_type = "image/gif";
    return true;
}

bool dgl_docx_image_probe(struct dgl_str bytes, struct dgl_docx_media *ret)
{
    const uint8_t *p = (const uint8_t *)bytes.data;
    struct dgl_docx_media m = {.bytes = bytes};
    if (!probe_png(p, bytes.len, &m) && !probe_jpeg(p, bytes.len, &m) && !probe_gif(p, bytes.len, &m))
        return false;
    if (m.width_px == 0 || m.height_px == 0 || (uint64_t)m.width_px * m.height_px > DGL_DOCX_MAX_IMAGE_PIXELS)
        return false;
    if (!(m.dpi_x >= 10 && m.dpi_x <= 2400) || !(m.dpi_y >= 10 && m.dpi_y <= 2400))
        m.dpi_x = m.dpi_y = 96;
    *ret = m;
    return true;
}

// ---- getting the bytes

static enum dgl_status too_large(struct dgl_error *err)
{
    return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "image_too_large", "an image is larger than %u MiB",
                         DGL_DOCX_MAX_IMAGE_BYTES >> 20);
}

enum dgl_status dgl_docx_read_data_uri(struct dgl_docx_writer *w, struct dgl_str uri, struct dgl_str *ret,
                                       struct dgl_error *err)
{
    const char *comma = memchr(uri.data, ',', DGL_MIN(uri.len, (size_t)200));
    if (!comma || !memmem(uri.data, (size_t)(comma - uri.data), ";base64", 7))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_image",
                             "an image's data URI must look like \"data:image/png;base64,…\"");
    const char *text = comma + 1;
    size_t len = uri.len - (size_t)(text - uri.data), n = 0;
    if (len / 4 * 3 > DGL_DOCX_MAX_IMAGE_BYTES)
        return too_large(err);
    DGL_TRY(dgl_budget_memory(w->env->budget, len, err));
    char *bytes = dgl_arena_alloc_try(w->env->arena, len + 4);
    if (!bytes)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    // Senders leave the padding out: it is put back.
    char *padded = dgl_arena_alloc_try(w->env->arena, len + 4);
    if (!padded)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    size_t m = 0;
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \r\n\t", text[i]))
            padded[m++] = text[i];
    while (m % 4)
        padded[m++] = '=';
    if (!dgl_base64_decode(padded, m, false, bytes, len + 4, &n))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_image", "an image's data URI is not valid base64");
    *ret = (struct dgl_str){bytes, n};
    return DGL_OK;
}

static enum dgl_status fetch(struct dgl_docx_writer *w, struct dgl_str url, struct dgl_str *ret, struct dgl_error *err)
{
    if (!w->env->loader || !w->env->loader->fetch_image)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "image_not_available",
                             "images cannot be fetched from the network here; give the image as a data URI");
    if (url.len > DGL_DOCX_MAX_URL_BYTES || memchr(url.data, '\0', url.len))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_image", "an image's address is longer than %u bytes",
                             DGL_DOCX_MAX_URL_BYTES);
    DGL_AUTO_FINI(buf) bytes = DGL_BUF_INIT(DGL_DOCX_MAX_IMAGE_BYTES);
    char *text = dgl_arena_strndup(w->env->arena, url.data, url.len);
    DGL_TRY(w->env->loader->fetch_image(w->env->loader->ctx, text, &bytes, err));
    if (bytes.failed)
        return too_large(err);
    DGL_TRY(dgl_budget_memory(w->env->budget, bytes.len, err));
    char *copy = dgl_arena_memdup_try(w->env->arena, bytes.data ? bytes.data : "", bytes.len);
    if (!copy)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    *ret = (struct dgl_str){copy, bytes.len};
    return DGL_OK;
}

static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 16;
    return dgl_realloc(items, *cap * size);
}

static enum dgl_status keep(struct dgl_docx_writer *w, struct dgl_docx_media m, uint32_t *ret, struct dgl_error *err)
{
    struct dgl_str bytes = m.bytes;
    dgl_sha256(bytes.data, bytes.len, m.hash);
    for (size_t i = 0; i < w->media_count; i++)
        if (memcmp(w->media[i].hash, m.hash, sizeof m.hash) == 0) {
            *ret = (uint32_t)i;
            return DGL_OK;
        }
    w->media_bytes += bytes.len;
    if (w->media_count >= DGL_DOCX_MAX_IMAGES || w->media_bytes > DGL_DOCX_MAX_IMAGES_BYTES)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_images",
                             "a document holds at most %u different images of %u MiB in all", DGL_DOCX_MAX_IMAGES,
                             DGL_DOCX_MAX_IMAGES_BYTES >> 20);
    char hex[2 * DGL_SHA256_LEN + 1];
    dgl_hex_encode(m.hash, 12, hex);
    m.name = dgl_arena_printf(w->env->arena, "word/media/dgl-%s.%s", hex, m.extension);
    w->media = grow(w->media, w->media_count, &w->media_cap, sizeof *w->media);
    w->media[w->media_count] = m;
    *ret = (uint32_t)w->media_count++;
    return DGL_OK;
}

enum dgl_status dgl_docx_store_image(struct dgl_docx_writer *w, struct dgl_str bytes, uint32_t *ret,
                                     struct dgl_error *err)
{
    struct dgl_docx_media m;
    if (!dgl_docx_image_probe(bytes, &m)) {
        if (dgl_docx_looks_like_svg(bytes))
            return dgl_docx_store_svg(w, bytes, ret, err);
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_image", "an image is not a readable PNG, JPEG, GIF or SVG");
    }
    if (strcmp(m.extension, "jpeg") == 0 && (uint64_t)m.width_px * m.height_px <= DGL_DOCX_MAX_TURNED_PIXELS) {
        struct dgl_docx_media upright;
        if (dgl_docx_image_probe(dgl_docx_upright(w, bytes), &upright))
            m = upright;
    }
    return keep(w, m, ret, err);
}

enum dgl_status dgl_docx_store_vector(struct dgl_docx_writer *w, uint32_t of, struct dgl_str svg, struct dgl_error *err)
{
    uint32_t at = 0;
    struct dgl_docx_media m = {.bytes = svg, .extension = "svg", .content_type = "image/svg+xml"};
    DGL_TRY(keep(w, m, &at, err));
    w->media[of].vector = at + 1;
    return DGL_OK;
}

static enum dgl_status load(struct dgl_docx_writer *w, struct dgl_str url, uint32_t *ret, struct dgl_error *err)
{
    struct dgl_str bytes = {"", 0};
    for (size_t i = 0; i < w->fetched_count; i++)
        if (w->fetched[i].url.data == url.data || dgl_str_equal(w->fetched[i].url, url)) {
            *ret = w->fetched[i].media;
            return DGL_OK;
        }
    if (url.len >= 5 && strncasecmp(url.data, "data:", 5) == 0)
        DGL_TRY(dgl_docx_read_data_uri(w, url, &bytes, err));
    else if (url.len >= 8 && strncasecmp(url.data, "https://", 8) == 0)
        DGL_TRY(fetch(w, url, &bytes, err));
    else
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_image",
                             "an image must be an https URL or a data URI, not \"%.*s\"",
                             (int)dgl_utf8_cut(url.data, url.len, 80), url.data);
    uint32_t media = 0;
    DGL_TRY(dgl_docx_store_image(w, bytes, &media, err));
    w->fetched = grow(w->fetched, w->fetched_count, &w->fetched_cap, sizeof *w->fetched);
    w->fetched[w->fetched_count++] = (struct dgl_docx_fetched){url, media};
    *ret = media;
    return DGL_OK;
}

// ---- size

// "35mm", "3.5 cm", "1in", "72pt", "120px", or a number of pixels at 96 to the inch. 0: not given.
static enum dgl_status read_length(struct dgl_value v, const char *name, double *ret_emu, struct dgl_error *err)
{
    static const struct {
        const char *unit;
        double emu;
    } units[] = {{"mm", EMU_PER_INCH / 25.4}, {"cm", EMU_PER_INCH / 2.54}, {"in", EMU_PER_INCH},
                 {"pt", EMU_PER_INCH / 72},   {"px", EMU_PER_INCH / 96},   {"", EMU_PER_INCH / 96}};
    *ret_emu = 0;
    double number = 0;
    if (v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_NONE)
        return DGL_OK;
    if (v.kind == DGL_VALUE_INT) {
        *ret_emu = (double)v.as.integer * EMU_PER_INCH / 96;
    } else if (v.kind == DGL_VALUE_DOUBLE) {
        *ret_emu = v.as.number * EMU_PER_INCH / 96;
    } else if (v.kind == DGL_VALUE_STRING || v.kind == DGL_VALUE_SAFE) {
        struct dgl_str s = dgl_str_trim((struct dgl_str){v.as.string->data, v.as.string->len});
        for (size_t i = 0; i < DGL_COUNT(units) && *ret_emu == 0; i++) {
            size_t n = strlen(units[i].unit);
            if (s.len < n || strncasecmp(s.data + s.len - n, units[i].unit, n) != 0)
                continue;
            struct dgl_str digits = dgl_str_trim((struct dgl_str){s.data, s.len - n});
            if (dgl_parse_double(digits.data, digits.len, &number))
                *ret_emu = number * units[i].emu;
        }
    }
    if (!(*ret_emu >= 1 && *ret_emu <= (double)DGL_DOCX_MAX_IMAGE_EMU))
        return DGL_FAIL_FIELD(
            err, DGL_E_INVALID, "invalid_image", name,
            "an image's %s must be a positive length such as \"35mm\", \"3.5cm\", \"1in\", \"72pt\" or \"120px\"",
            name);
    return DGL_OK;
}

struct picture {
    struct dgl_str url, alt;
    double width_emu, height_emu;
    uint32_t media;
};

static struct dgl_str text_of(struct dgl_value v)
{
    if (v.kind != DGL_VALUE_STRING && v.kind != DGL_VALUE_SAFE)
        return (struct dgl_str){"", 0};
    return (struct dgl_str){v.as.string->data, v.as.string->len};
}

static enum dgl_status read_options(struct dgl_value dict, struct picture *p, struct dgl_error *err)
{
    double width = 0, height = 0;
    if (dict.kind != DGL_VALUE_DICT)
        return DGL_OK;
    DGL_TRY(read_length(dgl_value_dict_lookup(dict, "size", 4), "size", &width, err));
    if (width <= 0)
        DGL_TRY(read_length(dgl_value_dict_lookup(dict, "width", 5), "width", &width, err));
    DGL_TRY(read_length(dgl_value_dict_lookup(dict, "height", 6), "height", &height, err));
    if (width > 0 || height > 0) {
        p->width_emu = width;
        p->height_emu = height;
    }
    struct dgl_str alt = text_of(dgl_value_dict_lookup(dict, "alt", 3));
    if (alt.len)
        p->alt = alt;
    return DGL_OK;
}

static enum dgl_status read_picture(struct dgl_value v, struct picture *p, struct dgl_error *err)
{
    if (v.kind == DGL_VALUE_RICH) {
        DGL_TRY(read_picture(v.as.rich->subject, p, err));
        return read_options(v.as.rich->arguments, p, err);
    }
    if (v.kind == DGL_VALUE_DICT) {
        p->url = text_of(dgl_value_dict_lookup(v, "url", 3));
        return read_options(v, p, err);
    }
    if (v.kind == DGL_VALUE_STRING || v.kind == DGL_VALUE_SAFE) {
        p->url = text_of(v);
        return DGL_OK;
    }
    if (v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_NONE)
        return DGL_OK;
    return DGL_FAIL_SLUG(
        err, DGL_E_INVALID, "invalid_image",
        "an image must be an https URL, a data URI or an object with \"url\", \"width\", \"height\" and \"alt\"");
}

static void fit(const struct dgl_docx_context *x, const struct dgl_docx_media *m, struct picture *p)
{
    double own_width = m->width_px / m->dpi_x * EMU_PER_INCH, own_height = m->height_px / m->dpi_y * EMU_PER_INCH;
    if (p->width_emu <= 0 && p->height_emu <= 0) {
        p->width_emu = own_width;
        p->height_emu = own_height;
    } else if (p->width_emu <= 0) {
        p->width_emu = p->height_emu * own_width / own_height;
    } else if (p->height_emu <= 0) {
        p->height_emu = p->width_emu * own_height / own_width;
    }
    if (x->text_width_emu && p->width_emu > x->text_width_emu) {
        p->height_emu *= x->text_width_emu / p->width_emu;
        p->width_emu = x->text_width_emu;
    }
    p->height_emu = fmin(fmax(p->height_emu, 1), (double)DGL_DOCX_MAX_IMAGE_EMU);
    p->width_emu = fmin(fmax(p->width_emu, 1), (double)DGL_DOCX_MAX_IMAGE_EMU);
}

// ---- markup

// `vector`: relationship of the SVG, "" when there is none.
static void put_drawing(struct dgl_docx_writer *w, const struct picture *p, const char *rel, const char *vector)
{
    bool strict = w->docx->strict;
    const char *drawing =
        strict ? "http://purl.oclc.org/ooxml/drawingml/" : "http://schemas.openxmlformats.org/drawingml/2006/";
    const char *office = strict ? "http://purl.oclc.org/ooxml/officeDocument/relationships"
                                : "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    long long cx = llround(p->width_emu), cy = llround(p->height_emu);
    unsigned id = w->next_drawing_id++;
    struct dgl_buf *b = w->xml;
    dgl_buf_printf(
        b,
        "<w:drawing><wp:inline xmlns:wp=\"%swordprocessingDrawing\" distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\">"
        "<wp:extent cx=\"%lld\" cy=\"%lld\"/><wp:docPr id=\"%u\" name=\"Picture %u\" descr=\"",
        drawing, cx, cy, id, id);
    struct dgl_buf alt = DGL_BUF_INIT(p->alt.len * 6 + 16);
    dgl_buf_put_escaped(&alt, p->alt.data, p->alt.len);
    dgl_buf_append(b, alt.data, alt.len);
    dgl_buf_fini(&alt);
    dgl_buf_printf(b,
                   "\"/><wp:cNvGraphicFramePr><a:graphicFrameLocks xmlns:a=\"%smain\" "
                   "noChangeAspect=\"1\"/></wp:cNvGraphicFramePr>"
                   "<a:graphic xmlns:a=\"%smain\"><a:graphicData uri=\"%spicture\"><pic:pic xmlns:pic=\"%spicture\">"
                   "<pic:nvPicPr><pic:cNvPr id=\"%u\" name=\"Picture %u\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>",
                   drawing, drawing, drawing, drawing, id, id);
    dgl_buf_printf(b, "<a:blip xmlns:r=\"%s\" r:embed=\"%s\">", office, rel);
    if (*vector)
        dgl_buf_printf(b, "<a:extLst>" DGL_DOCX_SVG_EXT "</a:extLst>", office, vector);
    dgl_buf_printf(b,
                   "</a:blip><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr>"
                   "<a:xfrm><a:off x=\"0\" y=\"0\"/><a:ext cx=\"%lld\" cy=\"%lld\"/></a:xfrm>"
                   "<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>"
                   "</wp:inline></w:drawing>",
                   cx, cy);
}

enum dgl_status dgl_docx_relate_image(struct dgl_docx_writer *w, uint32_t media, char id[24], struct dgl_error *err)
{
    const char *target = dgl_arena_printf(w->env->arena, "/%s", w->media[media].name);
    return dgl_docx_add_relationship(w, "image", dgl_str_of(target), false, id, err);
}

static enum dgl_status place(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct picture *p,
                             struct dgl_error *err)
{
    const struct dgl_docx_media *m = &w->media[p->media];
    char rel[24], vector[24] = "";
    fit(x, m, p);
    DGL_TRY(dgl_docx_relate_image(w, p->media, rel, err));
    if (m->vector)
        DGL_TRY(dgl_docx_relate_image(w, m->vector - 1, vector, err));
    enum dgl_docx_level base = w->level;
    if (!dgl_docx_go(w, x, DGL_LEVEL_RUN))
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "misplaced_value", "an image cannot be put here");
    put_drawing(w, p, rel, vector);
    dgl_docx_go(w, x, base);
    return DGL_OK;
}

enum dgl_status dgl_docx_place_image(struct dgl_docx_writer *w, const struct dgl_docx_context *x, uint32_t media,
                                     struct dgl_value options, struct dgl_str alt, struct dgl_error *err)
{
    struct picture p = {.alt = alt, .media = media};
    DGL_TRY(read_options(options, &p, err));
    return place(w, x, &p, err);
}

enum dgl_status dgl_docx_load_image(struct dgl_docx_writer *w, struct dgl_value v, uint32_t *ret, struct dgl_error *err)
{
    struct picture p = {.alt = {"", 0}};
    DGL_TRY(read_picture(v, &p, err));
    p.url = dgl_str_trim(p.url);
    return p.url.len ? load(w, p.url, ret, err) : DGL_OK;
}

enum dgl_status dgl_docx_write_image(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                     struct dgl_error *err)
{
    struct picture p = {.alt = {"", 0}};
    if (v.kind == DGL_VALUE_RICH && strcmp(v.as.rich->type, "image") != 0)
        return dgl_docx_write_value(w, x, v, err); // {{ img_code|qr }}
    DGL_TRY(read_picture(v, &p, err));
    p.url = dgl_str_trim(p.url);
    if (p.url.len == 0)
        return DGL_OK;
    DGL_TRY(load(w, p.url, &p.media, err));
    return place(w, x, &p, err);
}
