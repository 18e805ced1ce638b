// Fuzz target: pictures as files, as the PDF writer reads them. What it takes has a size within the bounds and a
// description that is balanced.
#include "fuzz.h"

#include "render/pdf/limits.h"
#include "render/pdf/picture.h"

#include <libdeflate.h>

#define TEDIOUS_PIXELS 65536

static void check(const struct pdf_image *image)
{
    int open = 0;
    fuzz_must(image->width && image->width <= DGL_PDF_MAX_PICTURE_SIDE);
    fuzz_must(image->height && image->height <= DGL_PDF_MAX_PICTURE_SIDE);
    fuzz_must((uint64_t)image->width * image->height <= DGL_PDF_MAX_PICTURE_PIXELS);
    fuzz_must(image->data.len && !image->data.failed);
    for (size_t i = 0; i + 1 < image->dict.len; i++) {
        open += memcmp(image->dict.data + i, "<<", 2) == 0;
        open -= memcmp(image->dict.data + i, ">>", 2) == 0;
        fuzz_must(open >= 0);
    }
    fuzz_must(open == 0);
}

static uint32_t number(const uint8_t *p, unsigned bytes, bool big)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < bytes; i++)
        n = n << 8 | p[big ? i : bytes - 1 - i];
    return n;
}

// Within the bounds, and yet so large that its few bytes would keep the processor for long: the reader does with it
// what it does with a smaller one.
static bool is_tedious(const uint8_t *data, size_t size)
{
    uint64_t width = 0, height = 0;
    if (size > 24 && data[0] == 0x89) {
        width = number(data + 16, 4, true);
        height = number(data + 20, 4, true);
    } else if (size > 10 && data[0] == 'G') {
        width = number(data + 6, 2, false);
        height = number(data + 8, 2, false);
    } else if (size > 26 && data[0] == 'B') {
        width = (uint32_t)abs((int32_t)number(data + 18, 4, false) % INT32_MAX);
        height = (uint32_t)abs((int32_t)number(data + 22, 4, false) % INT32_MAX);
    }
    return width <= DGL_PDF_MAX_PICTURE_SIDE && height <= DGL_PDF_MAX_PICTURE_SIDE && width * height > TEDIOUS_PIXELS &&
           width * height <= DGL_PDF_MAX_PICTURE_PIXELS;
}

static void read_as(const uint8_t *data, size_t size, struct dgl_recolor recolor, struct libdeflate_compressor *c)
{
    struct pdf_image image = {0};
    if (pdf_image_read(data, size, recolor, c, &image)) {
        check(&image);
        pdf_image_fini(&image);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct libdeflate_compressor *compressor;
    if (is_tedious(data, size))
        return 0;
    if (!compressor)
        compressor = libdeflate_alloc_compressor(1);
    read_as(data, size, (struct dgl_recolor){.kind = DGL_RECOLOR_NONE}, compressor);
    read_as(data, size, (struct dgl_recolor){.kind = DGL_RECOLOR_CHANGE, .from = 0xFFFFFF}, compressor);
    return 0;
}
