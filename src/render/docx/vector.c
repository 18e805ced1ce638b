// SVG from outside: checked, and stored beside a PNG of the same drawing for readers that know no SVG (MS-ODRAWXML
// 2.3.3.1 asvg:svgBlip). One with scripts or addresses is refused, not rewritten: what is sent is what is seen.
#include "base/xml.h"
#include "render/art/raster.h"
#include "render/art/svg.h"
#include "render/docx/png.h"
#include "render/docx/writer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINER 2.0      // pixels of the PNG for each of the SVG's own
#define MIN_SIDE 256.0 // of its longer side
#define MAX_SIDE 1024.0
#define MAX_ARENA (256u << 20)

bool dgl_docx_looks_like_svg(struct dgl_str bytes)
{
    struct dgl_str head = {bytes.data, DGL_MIN(bytes.len, (size_t)4096)};
    if (dgl_str_starts(head, "\xEF\xBB\xBF"))
        head.data += 3, head.len -= 3;
    head = dgl_str_trim(head);
    return dgl_str_starts(head, "<") && (dgl_str_holds(head, "<svg") || dgl_str_holds(head, ":svg"));
}

static bool put_png(const struct dgl_art *art, struct dgl_arena *a, uint32_t w, uint32_t h, const char *note,
                    struct dgl_buf *out)
{
    size_t stride = (size_t)w * 4;
    const uint8_t *rgba = dgl_art_rasterise(art, a, w, h);
    unsigned char *rows = rgba ? dgl_arena_alloc_try(a, (stride + 1) * h) : NULL; // zeroed: no filter
    if (!rows)
        return false;
    for (uint32_t y = 0; y < h; y++)
        memcpy(rows + (stride + 1) * y + 1, rgba + stride * y, stride);
    dgl_docx_put_png(
        out, &(struct dgl_docx_png){
                 .width = w, .height = h, .depth = 8, .color = 6, .rows = rows, .len = (stride + 1) * h, .note = note});
    return !out->failed;
}

// Two SVGs that differ only in what the PNG leaves out must not become one picture, so each PNG names its SVG.
static enum dgl_status draw(struct dgl_docx_writer *w, const struct dgl_art *art, struct dgl_arena *a,
                            struct dgl_str svg, uint32_t *ret, struct dgl_error *err)
{
    unsigned char hash[DGL_SHA256_LEN];
    char hex[2 * DGL_SHA256_LEN + 1];
    double width = art->natural_width, height = art->natural_height, longer = fmax(width, height),
           scale = fmin(fmax(longer * FINER, MIN_SIDE), MAX_SIDE) / longer;
    uint32_t px_w = (uint32_t)fmax(1, round(width * scale)), px_h = (uint32_t)fmax(1, round(height * scale));
    dgl_sha256(svg.data, svg.len, hash);
    dgl_hex_encode(hash, sizeof hash, hex);
    DGL_AUTO_FINI(buf) png = DGL_BUF_INIT(16u << 20);
    bool ok = put_png(art, a, px_w, px_h, hex, &png);
    char *png_copy = ok ? dgl_arena_memdup_try(w->env->arena, png.data, png.len) : NULL,
         *svg_copy = ok ? dgl_arena_memdup_try(w->env->arena, svg.data, svg.len) : NULL;
    if (!png_copy || !svg_copy)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    DGL_TRY(dgl_budget_memory(w->env->budget, png.len + svg.len, err));
    DGL_TRY(dgl_docx_store_image(w, (struct dgl_str){png_copy, png.len}, ret, err));
    DGL_TRY(dgl_docx_store_vector(w, *ret, (struct dgl_str){svg_copy, svg.len}, err));
    w->media[*ret].dpi_x = px_w / width * 96;
    w->media[*ret].dpi_y = px_h / height * 96;
    return DGL_OK;
}

enum dgl_status dgl_docx_store_svg(struct dgl_docx_writer *w, struct dgl_str svg, uint32_t *ret, struct dgl_error *err)
{
    DGL_AUTO(arena) a = dgl_arena_new(MAX_ARENA);
    const char *found = dgl_svg_check(a, &svg);
    if (found)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_image",
                             "an image is an SVG with %s; send it without, or as PNG, JPEG or GIF", found);
    const struct dgl_art *art = dgl_svg_read(a, svg.data, svg.len);
    if (!art)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_image",
                             "an image is an SVG that is too large or has no size; send it as PNG, JPEG or GIF");
    return draw(w, art, a, svg, ret, err);
}

// ---- placeholders

struct tag { // offsets in the frame
    size_t at, end;
    struct dgl_str name; // with its prefix
    bool closes, empty;
};

// Behind a comment, CDATA or instruction at `at`.
static size_t behind_other(const struct dgl_buf *b, size_t at)
{
    const char *from = b->data + at, *stop = b->len - at > 3 && from[1] == '?'                      ? "?>"
                                             : b->len - at > 8 && memcmp(from, "<![CDATA[", 9) == 0 ? "]]>"
                                             : b->len - at > 3 && memcmp(from, "<!--", 4) == 0      ? "-->"
                                                                                                    : ">";
    const char *end = memmem(from, b->len - at, stop, strlen(stop));
    return end ? (size_t)(end - b->data) + strlen(stop) : b->len;
}

// The next tag from `at` on, of XML that is well-formed.
static bool next_tag(const struct dgl_buf *b, size_t at, struct tag *ret)
{
    const char *open;
    while ((open = at < b->len ? memchr(b->data + at, '<', b->len - at) : NULL) &&
           b->len - (size_t)(open - b->data) > 2 && (open[1] == '!' || open[1] == '?'))
        at = behind_other(b, (size_t)(open - b->data));
    if (!open)
        return false;
    char quote = 0;
    size_t start = (size_t)(open - b->data), end = start + 1;
    for (; end < b->len && (quote || b->data[end] != '>'); end++)
        if (b->data[end] == '"' || b->data[end] == '\'')
            quote = quote == b->data[end] ? 0 : quote ? quote : b->data[end];
    if (end == b->len)
        return false;
    bool closes = b->data[start + 1] == '/';
    size_t name = start + 1 + closes, len = 0;
    while (name + len < end && !strchr(" \t\r\n/", b->data[name + len]))
        len++;
    *ret = (struct tag){start, end + 1, {b->data + name, len}, closes, b->data[end - 1] == '/'};
    return true;
}

static bool is_called(const struct tag *t, const char *local)
{
    const char *colon = memchr(t->name.data, ':', t->name.len);
    size_t skip = colon ? (size_t)(colon - t->name.data) + 1 : 0;
    return dgl_str_is((struct dgl_str){t->name.data + skip, t->name.len - skip}, local);
}

// Where the element ends whose first tag this is.
static size_t end_of(const struct dgl_buf *b, const struct tag *first)
{
    struct tag t = *first;
    for (size_t depth = !t.empty; depth > 0 && next_tag(b, t.end, &t);)
        depth = t.closes ? depth - 1 : depth + !t.empty;
    return t.end;
}

static bool embeds(const struct dgl_buf *b, const struct tag *t, struct dgl_str rel)
{
    const char *at = memmem(b->data + t->at, t->end - t->at, ":embed=\"", 8);
    size_t from = at ? (size_t)(at - b->data) + 8 : t->end;
    return t->end - from > rel.len && memcmp(b->data + from, rel.data, rel.len) == 0 && b->data[from + rel.len] == '"';
}

// Every svgBlip, or those of one relationship, goes with the extension it is in, or alone where it is in none.
static void drop_vectors(struct dgl_buf *b, const struct dgl_str *rel)
{
    struct {
        bool is_extension;
        struct tag tag;
    } parents[DGL_XML_MAX_DEPTH];
    struct tag t;
    size_t depth = 0, kept = 0, from = 0; // what stands from `from` on has not been moved to `kept` yet
    for (size_t at = 0; next_tag(b, at, &t); at = t.end) {
        if (is_called(&t, "svgBlip") && !t.closes && (!rel || embeds(b, &t, *rel))) {
            if (depth && parents[depth - 1].is_extension && parents[depth - 1].tag.at >= from)
                t = parents[--depth].tag;
            t.end = end_of(b, &t);
            memmove(b->data + kept, b->data + from, t.at - from);
            kept += t.at - from;
            from = t.end;
        } else if (t.closes) {
            depth -= depth > 0;
        } else if (!t.empty && depth < DGL_XML_MAX_DEPTH) {
            parents[depth].is_extension = is_called(&t, "ext");
            parents[depth++].tag = t;
        }
    }
    if (from == 0)
        return;
    memmove(b->data + kept, b->data + from, b->len - from);
    b->len -= from - kept;
}

void dgl_docx_drop_vector(struct dgl_buf *xml, struct dgl_str rel)
{
    if (!xml->failed && xml->len)
        drop_vectors(xml, &rel);
}

// The blip that shows the picture.
static bool find_blip(const struct dgl_buf *frame, const char *picture, struct tag *ret)
{
    for (size_t at = 0; next_tag(frame, at, ret); at = ret->end)
        if (dgl_str_is(ret->name, "a:blip") && !ret->closes &&
            memmem(frame->data + ret->at, ret->end - ret->at, picture, strlen(picture)))
            return true;
    return false;
}

// The old SVG is out of `frame`; the new one goes last into the blip, where its extensions are.
static void put_vector(const struct dgl_buf *frame, const char *picture, const char *ext, struct dgl_buf *out)
{
    struct tag blip, t;
    if (!find_blip(frame, picture, &blip)) {
        dgl_buf_append(out, frame->data, frame->len);
        return;
    }
    size_t depth = 0, before = blip.empty ? blip.end - 2 : 0;
    bool has_list = false;
    for (t = blip; before == 0 && next_tag(frame, t.end, &t);) {
        depth = t.closes ? depth : depth + !t.empty;
        if (t.closes && (depth == 0 || (depth == 1 && dgl_str_is(t.name, "a:extLst")))) {
            has_list = depth == 1;
            before = t.at;
        }
        depth -= t.closes;
    }
    dgl_buf_append(out, frame->data, before);
    dgl_buf_puts(out, blip.empty ? "><a:extLst>" : has_list ? "" : "<a:extLst>");
    dgl_buf_puts(out, ext);
    dgl_buf_puts(out, blip.empty ? "</a:extLst></a:blip>" : has_list ? "" : "</a:extLst>");
    before = blip.empty ? blip.end : before;
    dgl_buf_append(out, frame->data + before, frame->len - before);
}

enum dgl_status dgl_docx_set_frame_vector(struct dgl_docx_writer *w, size_t start, uint32_t media,
                                          struct dgl_error *err)
{
    const struct dgl_docx_media *m = &w->media[media];
    char id[24], vector[24], picture[48];
    size_t len = w->xml->len - start;
    if (!m->vector && !memmem(w->xml->data + start, len, "svgBlip", strlen("svgBlip")))
        return DGL_OK;
    DGL_AUTO_FINI(buf) frame = DGL_BUF_INIT(len);
    dgl_buf_append(&frame, w->xml->data + start, len);
    DGL_TRY(dgl_buf_check(&frame, "the document", err));
    drop_vectors(&frame, NULL);
    w->xml->len = start;
    if (!m->vector) {
        dgl_buf_append(w->xml, frame.data, frame.len);
        return DGL_OK;
    }
    DGL_TRY(dgl_docx_relate_image(w, media, id, err));
    DGL_TRY(dgl_docx_relate_image(w, w->media[media].vector - 1, vector, err));
    snprintf(picture, sizeof picture, "embed=\"%s\"", id);
    const char *office = w->docx->strict ? "http://purl.oclc.org/ooxml/officeDocument/relationships"
                                         : "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    put_vector(&frame, picture, dgl_arena_printf(w->env->arena, DGL_DOCX_SVG_EXT, office, vector), w->xml);
    return DGL_OK;
}
