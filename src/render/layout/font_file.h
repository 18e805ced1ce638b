// Font files from strangers: what a file must be before anything is set in it, and what it says of itself.
//
//   bytes ─▶ container (TrueType, OpenType, collection) ─▶ directory ─▶ tables that must be there
//         ─▶ permission to embed (OS/2) ─▶ characters (cmap) ─▶ outlines (glyf or CFF: loops, depth, work) ─▶ names
//         ─▶ a trial: a line is shaped and its glyphs are cut out as a PDF would have them
//
// HarfBuzz bounds what it reads by itself; checked here is what would cost it time without end, what it believes, and
// what readers of a PDF trip over. Pure, and bounded by the size of the file; it needs no other privilege than memory,
// so it runs in a worker. Sources: OpenType 1.9; Adobe TN 5176 (CFF) and TN 5177 (charstrings).
#ifndef DGL_RENDER_LAYOUT_FONT_FILE_H
#define DGL_RENDER_LAYOUT_FONT_FILE_H

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "render/layout/limits.h"

struct dgl_font_face_facts {
    uint32_t index;     // in a collection
    uint32_t instance;  // of a variable font: a named instance, from 1; 0 = as the file is
    const char *family; // "Roboto"
    const char *style;  // "Light Italic"
    // Every family name it may be asked for by, `family` first: "Roboto Light", names in other languages, full names.
    const char *names[DGL_FONT_MAX_NAMES];
    uint32_t name_count;
    uint16_t weight; // 1..1000, 400 = regular
    uint16_t width;  // per cent of the usual
    bool italic;
};
struct dgl_font_facts {
    struct dgl_font_face_facts *faces;
    uint32_t face_count;
};
// Checks a whole file. Facts and strings are in the arena. Errors (field "file"): DGL_E_UNSUPPORTED "font_format" (web
// fonts, bitmaps, formats that are none of ours, with the remedy), DGL_E_INVALID "font_not_embeddable" (its maker
// forbids it) and "font_damaged", DGL_E_LIMIT "font_too_large". For fuzzing: any bytes may come.
enum dgl_status dgl_font_check(const void *data, size_t len, struct dgl_arena *a, struct dgl_font_facts *ret,
                               struct dgl_error *err) DGL_MUST_CHECK;

// Facts as JSON and back: [{"index","instance","family","style","weight","width","italic","names":[…]}].
void dgl_font_facts_write(const struct dgl_font_facts *facts, struct dgl_json_writer *w);
// False: not such a list. Strings are copied to the arena.
bool dgl_font_facts_read(const json_t *faces, struct dgl_arena *a, struct dgl_font_facts *ret);

// A line of text in the file's first face as the outline of an SVG path: integers and M L Q C Z only, 1000 units an em,
// y down from the baseline. *ret_width is its length in the same units.
enum dgl_status dgl_font_sample(const void *data, size_t len, const struct dgl_font_face_facts *face,
                                struct dgl_buf *path, int32_t *ret_width, struct dgl_error *err) DGL_MUST_CHECK;

// ---- font_outline.c: shared with font_file.c alone

struct dgl_font_bytes {
    const uint8_t *data;
    size_t len;
};
static inline uint32_t dgl_font_u(struct dgl_font_bytes b, size_t at, unsigned bytes) // 0 past the end
{
    uint32_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | (at + i < b.len ? b.data[at + i] : 0);
    return v;
}
enum dgl_status dgl_font_check_glyf(struct dgl_font_bytes glyf, struct dgl_font_bytes loca, bool long_loca,
                                    uint32_t glyphs, struct dgl_arena *a, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_font_check_cff(struct dgl_font_bytes cff, uint32_t glyphs, struct dgl_error *err) DGL_MUST_CHECK;
#define DGL_FONT_DAMAGED(err, ...) DGL_FAIL_FIELD(err, DGL_E_INVALID, "font_damaged", "file", __VA_ARGS__)

#endif
