// Fuzz target: pictures as files, as the PDF writer reads them. What it takes has a size within the bounds and a
// description that is balanced.
#include "fuzz.h"

#include "render/pdf/limits.h"
#include "render/pdf/picture.h"

#include <libdeflate.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct libdeflate_compressor *compressor;
    struct pdf_image image = {0};
    if (!compressor)
        compressor = libdeflate_alloc_compressor(1);
    if (pdf_image_read(data, size, compressor, &image)) {
        check(&image);
        pdf_image_fini(&image);
    }
    return 0;
}
