// Fuzz target: the sample workbook of a template's tokens, as JSON. What comes out is a package whose parts are XML,
// the same for the same tokens.
#include "fuzz.h"

#include "base/xml.h"
#include "base/zip.h"
#include "render/sheet/sheet.h"

#define BOOK_BYTES ((size_t)16 << 20)

static void check(const struct dgl_buf *book)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const struct dgl_xml_handler nothing = {0};
    DGL_AUTO(zip) z = NULL;
    fuzz_must(dgl_zip_open(book->data, book->len, &z, &err) == DGL_OK);
    fuzz_must(dgl_zip_find(z, "xl/workbook.xml", &(size_t){0}));
    for (size_t i = 0; i < dgl_zip_count(z); i++) {
        DGL_AUTO_FINI(buf) part = DGL_BUF_INIT(BOOK_BYTES);
        fuzz_must(dgl_zip_read(z, i, &part, &err) == DGL_OK);
        fuzz_must(dgl_xml_parse(part.data, part.len, dgl_zip_name(z, i), &nothing, &err) == DGL_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) book = DGL_BUF_INIT(BOOK_BYTES);
    DGL_AUTO_FINI(buf) again = DGL_BUF_INIT(BOOK_BYTES);
    DGL_AUTO_JSON tokens = NULL;
    if (dgl_json_parse((const char *)data, size, "tokens", &tokens, &err) != DGL_OK)
        return 0;
    if (dgl_sheet_sample(tokens, &book, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return 0;
    }
    check(&book);
    fuzz_must(dgl_sheet_sample(tokens, &again, &err) == DGL_OK);
    fuzz_must(book.len == again.len && memcmp(book.data, again.data, book.len) == 0);
    return 0;
}
