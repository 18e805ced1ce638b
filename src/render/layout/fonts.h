// Fonts: from a family name to a face, its metrics by Word's rule, glyphs and shaping.
//
// Bytes come from a source that the caller sets up (system_fonts.h for fontconfig); nothing here opens a file. A font
// set lives as long as the process and serves one document after another: faces, glyph tables and shape results stay.
// Results never depend on what was rendered before, also past the bound of fonts of one document. Everything is in font
// units; sizes come in when lines are made. Not thread safe. Sources: OpenType 1.9 (hhea, OS/2, post).
#ifndef DGL_RENDER_LAYOUT_FONTS_H
#define DGL_RENDER_LAYOUT_FONTS_H

#include "base/arena.h"
#include "base/str.h"
#include "render/layout/limits.h"

#include <hb.h>

// ---- Where fonts come from ----

struct dgl_font_match {
    const void *data; // borrowed for as long as the source lives
    size_t len;
    unsigned index;     // face in a collection
    uint32_t id;        // the same for the same face, whatever was asked for
    bool bold, italic;  // what the face is
    const char *family; // its first name, whatever was asked for
};
struct dgl_font_source {
    // A face of exactly this family (case ignored) nearest to the style; false when there is none.
    bool (*find)(void *ctx, const char *family, bool bold, bool italic, struct dgl_font_match *ret);
    // A face that has a glyph for the character; `lang` is a BCP 47 hint or NULL.
    bool (*cover)(void *ctx, uint32_t codepoint, const char *lang, bool serif, bool bold, bool italic,
                  struct dgl_font_match *ret);
    void *ctx;
};

// ---- Faces ----

struct dgl_glyph_slot {
    uint16_t gid, advance;
    bool known;
};
struct dgl_face {
    hb_face_t *hb;
    hb_font_t *font; // scale = units per em
    const char *family;
    uint32_t id, index; // of the match; position in the set
    uint32_t upem;
    bool bold, italic, fixed, serif, cff, east_asian;
    int32_t ascent, descent, gap; // Word's rule; all positive
    int32_t cap_height, x_height;
    int32_t underline_at, underline_width, strike_at, strike_width; // up is positive
    int32_t box[4], italic_angle_milli;
    struct dgl_glyph_slot *pages[256]; // of the basic plane
};

// Opens a face of the match's bytes, which are borrowed; NULL when they are no font. Its `index` is the caller's to
// set.
struct dgl_face *dgl_face_open(const struct dgl_font_match *m);
void dgl_face_free(struct dgl_face *f);
// Nominal glyph (0 = none) and its advance. Cached.
uint32_t dgl_face_glyph(struct dgl_face *f, uint32_t codepoint, int32_t *ret_advance);

// A face as used for a family: with what the face lacks, and with the metrics of the font that was asked for.
struct dgl_font_use {
    struct dgl_face *face;
    const char *wanted; // family asked for
    bool fake_bold, fake_italic, substituted, same_widths, east_asian;
    int32_t ascent, descent, gap;        // thousandths of the size, with the East Asian rule
    int32_t wide_advance, space_advance; // of the font asked for, thousandths of an em; 0 = as the face has it
    const uint16_t *widths; // of the font asked for, U+0020 to U+007E in 1/width_units em; NULL = as the face has them
    uint32_t width_units;
    uint16_t width_percent; // of the face's own; 0 = all of it
    int16_t fixed_advance;  // every glyph, thousandths of an em; 0 = as the face has it
    uint8_t symbol;         // 0 none, 1 Symbol, 2 to 4 Wingdings, 5 Webdings: texts are in private codes
};

struct dgl_shaped_glyph {
    uint32_t gid, cluster; // cluster: byte offset in the text
    int32_t advance;
    int32_t dx, dy;
};

struct dgl_fonts;
struct dgl_fonts *dgl_fonts_new(const struct dgl_font_source *source); // the source is borrowed
void dgl_fonts_free(struct dgl_fonts *f);
DGL_DEFINE_AUTO(fonts);
// Before each document. Ends what uses and faces of the document before are good for.
void dgl_fonts_begin(struct dgl_fonts *f);
// Whether the document asked for more than DGL_LAYOUT_MAX_FONTS: for those that it asked for later one font stands in,
// and characters that they lack are not looked for elsewhere.
bool dgl_fonts_overrun(const struct dgl_fonts *f);
// What a document's font table says of a family, for when it is not there (§17.8.3).
struct dgl_font_hint {
    const char *family, *alternative; // NULL = it names none
    bool serif, fixed;
};
// Never NULL while the source has any font at all. Cached by name and style; `hint` may be NULL, counts only for
// families of which nothing is known.
const struct dgl_font_use *dgl_fonts_use_like(struct dgl_fonts *f, const char *family, const struct dgl_font_hint *hint,
                                              bool bold, bool italic);
const struct dgl_font_use *dgl_fonts_use(struct dgl_fonts *f, const char *family, bool bold, bool italic);
// A use that has a glyph for the character, starting from `base`; `base` when nothing has.
const struct dgl_font_use *dgl_fonts_fallback(struct dgl_fonts *f, const struct dgl_font_use *base, uint32_t codepoint,
                                              const char *lang, bool bold, bool italic);

#define DGL_SHAPE_RTL 1u
#define DGL_SHAPE_KERN 2u
#define DGL_SHAPE_LIGATURES 4u
// Shapes a text of one face, script and direction. Glyphs in logical order (right-to-left ones reversed), valid until
// the next call. Cached.
const struct dgl_shaped_glyph *dgl_fonts_shape(struct dgl_fonts *f, struct dgl_face *face, const char *text, size_t len,
                                               hb_script_t script, const char *lang, unsigned flags,
                                               uint32_t *ret_count);

// Private codes of Symbol and Wingdings as Unicode; the code itself when it is not known.
uint32_t dgl_symbol_unicode(uint8_t symbol, uint32_t code);

// ---- What stands in for fonts that are not there ----

struct dgl_known_font {
    const char *name;          // lower case
    const char *substitute[3]; // in order; the first with `same` has the same widths
    bool same, serif, mono, east_asian;
    uint8_t symbol;
    int16_t ascent, descent, gap; // thousandths of an em; 0 0 = the substitute's own
    int16_t wide_advance, space_advance, fixed_advance;
    const char *lang; // of East Asian fonts
    const uint16_t *widths, *bold_widths;
    uint32_t width_units;
    uint16_t width_percent;
};
const struct dgl_known_font *dgl_known_font(const char *family); // NULL when unknown

#endif
