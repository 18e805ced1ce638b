// What the file says of itself: the Info dictionary, XMP metadata, and the colour profile that archives ask for.
#ifndef DGL_RENDER_PDF_METADATA_H
#define DGL_RENDER_PDF_METADATA_H

#include "render/layout/model.h"
#include "render/pdf/out.h"

struct pdf_metadata {
    struct dgl_str title, author, subject, keywords, language;
    int64_t created_at_us;
    bool archive; // PDF/A-2b
};
void pdf_metadata_of(const struct dgl_document *doc, const char *language, int64_t created_at_us, bool archive,
                     struct pdf_metadata *ret);
void pdf_info_write(struct pdf_out *o, const struct pdf_metadata *m, uint32_t object);
uint32_t pdf_xmp_write(struct pdf_out *o, const struct pdf_metadata *m);
// The output intent's profile; sRGB, computed.
uint32_t pdf_profile_write(struct pdf_out *o);

#endif
