// The Open Packaging Conventions side of a DOCX: members, content types, relationships, parts by their kind.
// Sources: ECMA-376 Part 2 (OPC), §9 parts, §10.1.2.4 content types, §9.3 relationships.
#ifndef DGL_RENDER_DOCX_OPC_H
#define DGL_RENDER_DOCX_OPC_H

#include "base/arena.h"
#include "base/str.h"
#include "base/zip.h"

enum dgl_docx_part_kind {
    DGL_PART_BODY,
    DGL_PART_HEADER,
    DGL_PART_FOOTER,
    DGL_PART_FOOTNOTES,
    DGL_PART_ENDNOTES,
    DGL_PART_COMMENTS,
    DGL_PART_PROPERTIES, // core, extended and custom properties
    DGL_PART_CHART,
    DGL_PART_DIAGRAM,
};

struct dgl_docx_relationship {
    struct dgl_str id, type, target, mode;
};
struct dgl_docx_part_ref {
    enum dgl_docx_part_kind kind;
    uint32_t member;
    char name[96]; // for people
};
struct dgl_docx_type { // of [Content_Types].xml
    bool is_default;
    struct dgl_str key, type; // extension or part name
};
struct dgl_docx_package {
    struct dgl_zip *zip;
    struct dgl_zip_raw *raws; // of every member, for copies
    size_t member_count;
    uint32_t content_types, main;    // members
    struct dgl_docx_part_ref *parts; // those that may hold tags; the body first
    size_t part_count;
    struct dgl_docx_type *types;
    size_t type_count;
};

// Opens and checks a package. Refuses what is no DOCX, by name: .doc, encrypted, macros, other Office formats.
// Strings live in the arena; `data` is borrowed.
enum dgl_status dgl_docx_package_open(const void *data, size_t len, struct dgl_arena *a, struct dgl_docx_package *ret,
                                      struct dgl_error *err) DGL_MUST_CHECK;
void dgl_docx_package_close(struct dgl_docx_package *p);

// Relationships of a member; none when it has no .rels. *ret_member is UINT32_MAX then.
enum dgl_status dgl_docx_relationships(const struct dgl_docx_package *p, uint32_t member, struct dgl_arena *a,
                                       struct dgl_docx_relationship **ret, size_t *ret_count, uint32_t *ret_member,
                                       struct dgl_error *err) DGL_MUST_CHECK;
// The same by their ids, for looking up; NULL when there are none or the arena is full.
struct dgl_docx_relationship **dgl_docx_sort_relationships(struct dgl_docx_relationship *rels, size_t count,
                                                           struct dgl_arena *a);
struct dgl_docx_relationship *dgl_docx_find_relationship(struct dgl_docx_relationship *const *sorted, size_t count,
                                                         struct dgl_str id); // NULL: there is none
// The content type of a part; arena.
const char *dgl_docx_content_type(const struct dgl_docx_package *p, const char *name, struct dgl_arena *a);
// The member an internal relationship of `source` ("" = the package) points to; false when it points nowhere safe.
bool dgl_docx_resolve(const struct dgl_docx_package *p, const char *source, struct dgl_str target,
                      uint32_t *ret_member);
// The name of a part to be added: `stem`.xml, or, where a member has that name already, `stem`2.xml and so on. The same
// every time. The arena's.
const char *dgl_docx_new_name(const struct dgl_docx_package *p, struct dgl_arena *a, const char *stem);
bool dgl_docx_type_ends(struct dgl_str type, const char *suffix); // "/header", in either namespace family

#endif
