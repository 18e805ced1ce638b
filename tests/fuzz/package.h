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
// parts that every package has are added. Parts under "sub/" are those of a second package, for subdocuments.
#ifndef TESTS_FUZZ_PACKAGE_H
#define TESTS_FUZZ_PACKAGE_H

#include "base/buf.h"
#include "base/str.h"

struct fuzz_package {
    struct dgl_buf bytes, sub; // ZIP archives
    // In the input, of the parts named so; data NULL = none.
    struct dgl_str data;    // data.json
    struct dgl_str image;   // what is fetched for a picture
    struct dgl_str options; // words for the target
};
// False when the parts make no archive (a name twice, one that leads out of it).
bool fuzz_package_make(const uint8_t *input, size_t size, struct fuzz_package *ret);
void fuzz_package_fini(struct fuzz_package *p);
bool fuzz_package_option(const struct fuzz_package *p, const char *word);

#endif
