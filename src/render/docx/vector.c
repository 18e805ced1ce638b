// SVG from outside: checked, and stored beside a PNG of the same drawing for readers that know no SVG (MS-ODRAWXML
// 2.3.3.1 asvg:svgBlip). One with scripts or addresses is refused, not rewritten: what is sent is what is seen.
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

static const char *find(const char *from, const char *end, const char *what)
{
    return memmem(from, (size_t)(end - from), what, strlen(what));
}

// The extension that holds the svgBlip at `at` goes.
static bool cut_vector(struct dgl_buf *b, const char *at)
{
    const char *all = b->data, *end = all + b->len, *from = at;
    const char *stop = at ? find(at, end, "</a:ext>") : NULL;
    while (from && from > all && (size_t)(end - from) >= 7 && memcmp(from, "<a:ext ", 7) != 0)
        from--;
    if (!stop || from == all)
        return false;
    stop += strlen("</a:ext>");
    memmove(b->data + (from - all), stop, (size_t)(end - stop));
    b->len -= (size_t)(stop - from);
    return true;
}

static bool drop_vector(struct dgl_buf *b)
{
    return cut_vector(b, find(b->data, b->data + b->len, "svgBlip"));
}

void dgl_docx_drop_vector(struct dgl_buf *xml, struct dgl_str rel)
{
    for (size_t pos = 0; !xml->failed && pos < xml->len;) {
        const char *end = xml->data + xml->len, *at = find(xml->data + pos, end, "svgBlip"),
                   *tag_end = at ? memchr(at, '>', (size_t)(end - at)) : NULL,
                   *embed = tag_end ? find(at, tag_end, ":embed=\"") : NULL;
        if (!tag_end)
            return;
        pos = (size_t)(tag_end - xml->data);
        embed += embed ? 8 : 0;
        if (embed && (size_t)(tag_end - embed) > rel.len && embed[rel.len] == '"' &&
            memcmp(embed, rel.data, rel.len) == 0 && cut_vector(xml, at))
            pos = 0;
    }
}

// The old SVG is out of `frame`; the new one goes last into the blip, where its extensions are.
static void put_vector(const struct dgl_buf *frame, const char *picture, const char *ext, struct dgl_buf *out)
{
    const char *all = frame->data, *end = all + frame->len, *at = find(all, end, picture);
    const char *tag = at ? memchr(at, '>', (size_t)(end - at)) : NULL,
               *close = tag ? find(tag, end, "</a:blip>") : NULL;
    bool empty = tag && tag[-1] == '/';
    if (!tag || (!empty && !close)) {
        dgl_buf_append(out, all, frame->len);
        return;
    }
    const char *list = empty ? NULL : find(tag, close, "</a:extLst>"), *before = empty ? tag - 1 : list ? list : close;
    dgl_buf_append(out, all, (size_t)(before - all));
    dgl_buf_puts(out, empty ? "><a:extLst>" : list ? "" : "<a:extLst>");
    dgl_buf_puts(out, ext);
    dgl_buf_puts(out, empty ? "</a:extLst></a:blip>" : list ? "" : "</a:extLst>");
    before = empty ? tag + 1 : before;
    dgl_buf_append(out, before, (size_t)(end - before));
}

enum dgl_status dgl_docx_set_frame_vector(struct dgl_docx_writer *w, size_t start, uint32_t media,
                                          struct dgl_error *err)
{
    const struct dgl_docx_media *m = &w->media[media];
    char id[24], vector[24], picture[48];
    size_t len = w->xml->len - start;
    if (!m->vector && !find(w->xml->data + start, w->xml->data + w->xml->len, "svgBlip"))
        return DGL_OK;
    DGL_AUTO_FINI(buf) frame = DGL_BUF_INIT(len);
    dgl_buf_append(&frame, w->xml->data + start, len);
    DGL_TRY(dgl_buf_check(&frame, "the document", err));
    while (drop_vector(&frame))
        ;
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
