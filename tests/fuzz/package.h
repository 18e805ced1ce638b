// A DOCX package from text, so that a fuzzer changes what stands in the parts and not deflated bytes, and a person can
// read the corpus:
//
//   === data.json
//   {"a": 1}
//   === word/document.xml
//   <w:p>…</w:p>
//
// What stands before the first line with "===" is word/document.xml. A story part whose text does not begin with "<?"
// or with its own root gets the root with the usual namespaces around it, a .rels part its Relationships. Missing
// parts that every package has are added.
#ifndef TESTS_FUZZ_PACKAGE_H
#define TESTS_FUZZ_PACKAGE_H

#include "base/buf.h"

struct fuzz_package {
    struct dgl_buf bytes; // the ZIP archive
    const char *data;     // of data.json, in the input; NULL = none
    size_t data_len;
};
// False when the parts make no archive (a name twice, one that leads out of it).
bool fuzz_package_make(const uint8_t *input, size_t size, struct fuzz_package *ret);
void fuzz_package_fini(struct fuzz_package *p);

#endif
