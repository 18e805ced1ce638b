// Fonts beside the machine's: an organization's, or a document's own. A library is a font source in front of another.
//
//   family, style ─▶ library: its faces by name, the nearest style, the first added among equals ─▶ found
//                       │ no face of that name                                            └ file opened, instance made
//                       ▼
//                    the source beneath (a further library, the machine's fonts)
//
// A character that a font lacks is looked for beneath first: a font that is added changes the documents that name it,
// and others only where they would show nothing. A file is opened when one of its faces is first wanted. Variable fonts
// are made static at the instance that is wanted, so that nothing behind has to know of them.
//
// Libraries are kept whole, with the font set made on them, under the key of their list: what one organization's list
// leads to is never seen through another's. Not thread safe.
#ifndef DGL_RENDER_LAYOUT_FONT_LIBRARY_H
#define DGL_RENDER_LAYOUT_FONT_LIBRARY_H

#include "render/layout/font_file.h"
#include "render/layout/fonts.h"

#define DGL_FONT_KEY_BYTES 32

// Gives a file's bytes for as long as the library lives.
struct dgl_font_opener {
    enum dgl_status (*open)(void *ctx, const unsigned char sha256[32], const void **ret_data, size_t *ret_len,
                            struct dgl_error *err);
    void (*close)(void *ctx, const void *data, size_t len);
    void *ctx;
};
struct dgl_font_library;
// Takes a file's faces in (copied). `data` not NULL: malloc'd bytes that the library takes; else the opener is asked.
void dgl_font_library_add(struct dgl_font_library *l, const unsigned char sha256[32],
                          const struct dgl_font_facts *facts, void *data, size_t len);
// Counts a file of the list that is not used.
void dgl_font_library_refuse(struct dgl_font_library *l);

// ---- libraries and font sets, kept

// The fonts that one document may use beside the source beneath.
struct dgl_font_choice {
    unsigned char key[DGL_FONT_KEY_BYTES]; // of the list: equal keys, equal lists
    // Adds the list's files, those first that go before others. Asked only when the key is not known.
    enum dgl_status (*list)(void *ctx, struct dgl_font_library *l, struct dgl_error *err);
    void *ctx;
    struct dgl_font_opener opener;
    bool after; // its faces are for families that the source beneath does not have
};
struct dgl_font_shelf;
struct dgl_font_shelf *dgl_font_shelf_new(const struct dgl_font_source *beneath); // borrowed
void dgl_font_shelf_free(struct dgl_font_shelf *s);
// The set for up to two choices, the first before the second (either may be NULL; both: the machine's fonts alone).
// Begins a document: the set is lent until the next call.
enum dgl_status dgl_font_shelf_get(struct dgl_font_shelf *s, const struct dgl_font_choice *first,
                                   const struct dgl_font_choice *second, struct dgl_fonts **ret,
                                   struct dgl_error *err) DGL_MUST_CHECK;
// How many files of the set's lists are not used.
uint32_t dgl_font_shelf_refused(const struct dgl_font_shelf *s);
// The face of the lists of the set lent last, without what is beneath, that is nearest to the style. False: none of
// them has the family, or its file cannot be opened, which dgl_font_shelf_check tells.
bool dgl_font_shelf_own(struct dgl_font_shelf *s, const char *family, bool bold, bool italic,
                        struct dgl_font_match *ret);
bool dgl_font_shelf_beneath(struct dgl_font_shelf *s, const char *family); // the machine has it
// Why a file of the set lent last could not be opened, if one could not: what was made with it is not right, and the
// set is forgotten.
enum dgl_status dgl_font_shelf_check(struct dgl_font_shelf *s, struct dgl_error *err) DGL_MUST_CHECK;

#endif
