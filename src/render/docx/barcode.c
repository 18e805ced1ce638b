// QR codes and barcodes through libzint. Each is a picture twice: SVG, which Word draws as vectors (MS-ODRAWXML 2.3.3.1
// asvg:svgBlip), and a 1-bit PNG of the same modules for readers that know no SVG. Both come from libzint's grid of
// modules, so they agree to the module.
#include "render/docx/png.h"
#include "render/docx/rich.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zint.h>

#define MAX_CODE_BYTES 4096u // of the text; the largest QR code holds 2,953
#define PNG_TARGET_PX 1000u  // the longer side, at least one pixel per module
#define LINEAR_HEIGHT_MM 15.0

static const struct kind {
    const char *name;
    int symbology;
    bool matrix;
    unsigned quiet; // modules left and right; matrix: on all sides
    double module_mm;
} kinds[] = {
    {"code128", BARCODE_CODE128, false, 10, 0.33}, {"code39", BARCODE_CODE39, false, 10, 0.33},
    {"code93", BARCODE_CODE93, false, 10, 0.33},   {"ean13", BARCODE_EANX, false, 11, 0.33},
    {"ean8", BARCODE_EANX, false, 7, 0.33},        {"upca", BARCODE_UPCA, false, 9, 0.33},
    {"upce", BARCODE_UPCE, false, 9, 0.33},        {"isbn", BARCODE_ISBNX, false, 11, 0.33},
    {"itf", BARCODE_C25INTER, false, 10, 0.33},    {"itf14", BARCODE_ITF14, false, 10, 0.5},
    {"gs1-128", BARCODE_GS1_128, false, 10, 0.33}, {"codabar", BARCODE_CODABAR, false, 10, 0.33},
    {"msi", BARCODE_MSI_PLESSEY, false, 12, 0.33}, {"pzn", BARCODE_PZN, false, 10, 0.33},
    {"pdf417", BARCODE_PDF417, true, 2, 0.33},     {"datamatrix", BARCODE_DATAMATRIX, true, 1, 0.5},
    {"aztec", BARCODE_AZTEC, true, 1, 0.5},        {"qr", BARCODE_QRCODE, true, 4, 0.5},
};

struct grid { // modules, quiet zone included
    const struct zint_symbol *symbol;
    unsigned quiet, above;
    unsigned width, height;                                              // modules
    unsigned tops[DGL_COUNT(((struct zint_symbol *)0)->row_height) + 1]; // of each row, in modules
};

static bool is_dark(const struct zint_symbol *s, int row, int column)
{
    return s->encoded_data[row][column >> 3] >> (column & 7) & 1;
}

static void measure(const struct zint_symbol *s, const struct kind *k, struct grid *g)
{
    g->symbol = s;
    g->quiet = k->quiet;
    g->above = k->matrix ? k->quiet : 0;
    g->width = (unsigned)s->width + 2 * k->quiet;
    unsigned y = g->above;
    for (int i = 0; i < s->rows; i++) {
        g->tops[i] = y;
        y += k->matrix ? (unsigned)fmax(1, round((double)s->row_height[i])) : 1;
    }
    g->tops[s->rows] = y;
    g->height = y + g->above;
}

// ---- SVG

static void put_svg(const struct grid *g, bool stretch, struct dgl_buf *out)
{
    dgl_buf_printf(out,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" shape-rendering=\"crispEdges\"%s>"
                   "<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/><path d=\"",
                   g->width, g->height, stretch ? " preserveAspectRatio=\"none\"" : "", g->width, g->height);
    for (int row = 0; row < g->symbol->rows; row++)
        for (int from = 0; from < g->symbol->width;) {
            int to = from;
            while (to < g->symbol->width && is_dark(g->symbol, row, to))
                to++;
            if (to > from)
                dgl_buf_printf(out, "M%u %uh%dv%uh-%dz", g->quiet + (unsigned)from, g->tops[row], to - from,
                               g->tops[row + 1] - g->tops[row], to - from);
            from = to + 1;
        }
    dgl_buf_puts(out, "\"/></svg>");
}

// ---- PNG, one bit per pixel

static void put_row(const struct grid *g, int row, unsigned scale, unsigned char *line, size_t stride)
{
    memset(line + 1, 0xFF, stride - 1);
    for (int x = 0; row >= 0 && x < g->symbol->width; x++)
        for (unsigned i = 0; is_dark(g->symbol, row, x) && i < scale; i++) {
            unsigned px = (g->quiet + (unsigned)x) * scale + i;
            line[1 + px / 8] &= (unsigned char)~(0x80u >> (px & 7));
        }
}

static bool put_png(const struct grid *g, unsigned scale, struct dgl_buf *out)
{
    size_t stride = 1 + (g->width * scale + 7) / 8, size = stride * g->height * scale;
    unsigned char *pixels = calloc(1, size);
    if (pixels) {
        for (unsigned y = 0; y < g->height; y++) {
            int row = 0;
            while (row < g->symbol->rows && y >= g->tops[row + 1])
                row++;
            bool inside = y >= g->above && row < g->symbol->rows;
            for (unsigned i = 0; i < scale; i++)
                put_row(g, inside ? row : -1, scale, pixels + stride * (y * scale + i), stride);
        }
        dgl_docx_put_png(
            out, &(struct dgl_docx_png){
                     .width = g->width * scale, .height = g->height * scale, .depth = 1, .rows = pixels, .len = size});
    }
    bool ok = pixels && !out->failed;
    free(pixels);
    return ok;
}

// ---- the symbol

static enum dgl_status find_kind(const struct dgl_value_rich *code, const struct kind **ret, struct dgl_error *err)
{
    struct dgl_str name = dgl_rich_text(dgl_rich_field(code->arguments, "type"));
    if (strcmp(code->type, "qr") == 0)
        name = DGL_STR("qr");
    else if (name.len == 0)
        name = DGL_STR("code128");
    for (size_t i = 0; i < DGL_COUNT(kinds); i++)
        if (name.len == strlen(kinds[i].name) && strncasecmp(name.data, kinds[i].name, name.len) == 0) {
            *ret = &kinds[i];
            return DGL_OK;
        }
    char known[300] = "";
    for (size_t i = 0; i < DGL_COUNT(kinds); i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i ? ", " : "", kinds[i].name);
    return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_barcode", "barcode() knows no type \"%.*s\"; it knows %s",
                         (int)dgl_utf8_cut(name.data, name.len, 40), name.data, known);
}

static enum dgl_status encode(const struct dgl_value_rich *code, const struct kind *k, struct dgl_str text,
                              struct zint_symbol *s, struct dgl_error *err)
{
    static const char levels[] = "LMQH";
    struct dgl_str level = dgl_rich_text(dgl_rich_field(code->arguments, "level"));
    const char *found = level.len == 1 ? strchr(levels, level.data[0] & ~32) : NULL;
    if (level.len && !found)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_barcode", "qr(): the level must be L, M, Q or H");
    s->symbology = k->symbology;
    s->input_mode = k->symbology == BARCODE_GS1_128 ? GS1_MODE | GS1PARENS_MODE : UNICODE_MODE;
    s->show_hrt = 0;
    if (k->symbology == BARCODE_QRCODE)
        s->option_1 = found ? (int)(found - levels) + 1 : 2;
    int st = ZBarcode_Encode(s, (const unsigned char *)text.data, (int)text.len);
    if (st >= ZINT_ERROR || s->rows < 1 || s->width < 1)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "invalid_barcode", "a code of type %s cannot hold \"%.*s\": %s",
                             k->name, (int)dgl_utf8_cut(text.data, text.len, 60), text.data, s->errtxt);
    return DGL_OK;
}

static enum dgl_status store(struct dgl_docx_writer *w, const struct kind *k, const struct zint_symbol *s,
                             uint32_t *ret, struct dgl_error *err)
{
    struct grid *g = dgl_arena_alloc(w->env->arena, sizeof *g);
    measure(s, k, g);
    unsigned longest = DGL_MAX(g->width, g->height);
    unsigned scale = DGL_MAX(1u, DGL_MIN(PNG_TARGET_PX / longest, 16u));
    struct dgl_buf svg = DGL_BUF_INIT(8u << 20), png = DGL_BUF_INIT(8u << 20);
    put_svg(g, !k->matrix, &svg);
    bool ok = put_png(g, scale, &png) && !svg.failed;
    const char *png_copy = ok ? dgl_arena_memdup_try(w->env->arena, png.data, png.len) : NULL;
    const char *svg_copy = ok ? dgl_arena_memdup_try(w->env->arena, svg.data, svg.len) : NULL;
    struct dgl_str png_bytes = {png_copy, png.len}, svg_bytes = {svg_copy, svg.len};
    dgl_buf_fini(&svg);
    dgl_buf_fini(&png);
    if (!png_copy || !svg_copy)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    DGL_TRY(dgl_budget_memory(w->env->budget, png_bytes.len + svg_bytes.len, err));
    DGL_TRY(dgl_docx_store_image(w, png_bytes, ret, err));
    DGL_TRY(dgl_docx_store_vector(w, *ret, svg_bytes, err));
    struct dgl_docx_media *m = &w->media[*ret];
    double width_mm = g->width * k->module_mm, height_mm = k->matrix ? g->height * k->module_mm : LINEAR_HEIGHT_MM;
    m->dpi_x = m->width_px * 25.4 / width_mm;
    m->dpi_y = m->height_px * 25.4 / height_mm;
    return DGL_OK;
}

static enum dgl_status draw(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                            const struct dgl_value_rich *code, struct dgl_str text, struct dgl_error *err)
{
    const struct kind *k = NULL;
    uint32_t media = 0;
    DGL_TRY(find_kind(code, &k, err));
    struct zint_symbol *s = ZBarcode_Create();
    if (!s)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    enum dgl_status st = encode(code, k, text, s, err);
    if (st == DGL_OK)
        st = store(w, k, s, &media, err);
    ZBarcode_Delete(s);
    DGL_TRY(st);
    DGL_TRY(dgl_docx_place_image(w, x, media, code->arguments, text, err));
    // The text in letters stands below the bars.
    if (k->matrix || !dgl_value_truthy(dgl_rich_field(code->arguments, "text")))
        return DGL_OK;
    enum dgl_docx_level base = w->level;
    dgl_docx_go(w, x, DGL_LEVEL_TEXT);
    dgl_docx_write_text(w, x, "\n", 1);
    dgl_docx_write_text(w, x, text.data, text.len);
    dgl_docx_go(w, x, base);
    return DGL_OK;
}

enum dgl_status dgl_docx_write_barcode(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                       const struct dgl_value_rich *code, struct dgl_error *err)
{
    struct dgl_buf printed = DGL_BUF_INIT(MAX_CODE_BYTES);
    enum dgl_status st = dgl_value_print(code->subject, w->env->budget, &printed, err);
    if (printed.failed)
        st = DGL_FAIL_SLUG(err, DGL_E_LIMIT, "invalid_barcode", "a code holds at most %u bytes", MAX_CODE_BYTES);
    else if (st == DGL_OK && printed.len)
        st = draw(w, x, code, (struct dgl_str){printed.data, printed.len}, err);
    dgl_buf_fini(&printed);
    return st;
}
