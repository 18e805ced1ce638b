// What a document's parts beside its text say: theme, styles, numbering, settings, parsed once and shared.
//
// A sheet is immutable after loading and is kept between documents by the compressed bytes of its parts, so a warm
// process neither inflates nor parses them again. Source: ECMA-376 Part 1 §17.7 (styles), §17.9 (numbering), §17.15.1
// (settings), §20.1.6 (theme).
#ifndef DGL_RENDER_LAYOUT_SHEET_H
#define DGL_RENDER_LAYOUT_SHEET_H

#include "render/docx/opc.h"
#include "render/layout/fonts.h"
#include "render/layout/props.h"

enum dgl_style_type { DGL_STYLE_PARAGRAPH, DGL_STYLE_CHARACTER, DGL_STYLE_TABLE, DGL_STYLE_NUMBERING };
struct dgl_style_cond {
    bool present;
    struct dgl_ppr ppr;
    struct dgl_rpr rpr;
    struct dgl_tblpr tblpr;
    struct dgl_trpr trpr;
    struct dgl_tcpr tcpr;
};
struct dgl_style {
    struct dgl_str id, based_on_id, name;
    enum dgl_style_type type;
    uint16_t based_on; // UINT16_MAX = none
    bool is_default;
    uint8_t flat;   // 0 not yet, 1 in work (a cycle ends here), 2 done
    int8_t heading; // 1..9 by built-in name, 0 none
    const struct dgl_x *node;
    struct dgl_ppr ppr; // with everything it is based on
    struct dgl_rpr rpr;
    struct dgl_style_cond *cond; // DGL_COND_COUNT of them for table styles, else NULL
};

struct dgl_num_level {
    bool present, is_lgl;
    int32_t start;
    int8_t restart; // level that restarts it, 0 = never, -1 = the one above
    uint8_t format; // enum dgl_num_format
    uint8_t suffix; // 0 tab, 1 space, 2 nothing
    uint8_t jc;
    struct dgl_str text; // "%1.%2"
    uint16_t style;      // paragraph style bound to the level, UINT16_MAX = none
    struct dgl_ppr ppr;
    struct dgl_rpr rpr;
    int32_t picture; // id of its picture bullet, -1 = none
};
struct dgl_abstract_num {
    int32_t id;
    struct dgl_str style_link, num_style_link;
    struct dgl_num_level level[9];
};
struct dgl_num {
    int32_t id;
    struct dgl_abstract_num *abstract;
    int32_t start_override[9];         // INT32_MIN = none
    struct dgl_num_level *override[9]; // NULL = the abstract one's
};

struct dgl_note_numbers { // of footnotes or endnotes
    uint8_t format;       // enum dgl_num_format
    int32_t start;
    bool each_section, each_page; // where numbers begin anew; else never
    bool at_section_end;          // endnotes; else at the document's
    bool beneath_text;            // footnotes; else at the foot of the page
};
struct dgl_settings {
    struct dgl_note_numbers footnotes, endnotes;
    struct dgl_str theme_east_asia, theme_bidi; // languages that choose the theme's fonts
    int32_t default_tab;
    int32_t compat; // compatibilityMode, 12 when absent
    bool even_odd_headers, mirror_margins, gutter_at_top, auto_hyphenation, background;
    bool compress_punctuation, compress_kana, update_fields;
    int32_t hyphen_zone, hyphen_limit; // room that may stay free instead; hyphens in a row, 0 = any number
    bool no_hyphens_in_caps;
    uint32_t decimal_symbol; // what decimal tabs look for
    // Compatibility settings (§17.15.3). In mode 15 Word drops the space above the first paragraph after a page break.
    bool grid_in_tables, keep_shift_return, spaces_add_up, split_page_break, no_space_after_break;
};

struct dgl_sheet {
    struct dgl_arena *arena;
    struct dgl_theme theme;
    struct dgl_style *styles;
    uint16_t style_count, default_paragraph, default_character, default_table;
    uint16_t *style_slots; // hash of ids
    uint32_t style_slot_count;
    struct dgl_ppr ppr; // docDefaults
    struct dgl_rpr rpr;
    struct dgl_abstract_num *abstracts;
    uint32_t abstract_count;
    struct dgl_num *nums;
    uint32_t num_count;
    struct dgl_settings settings;
    struct dgl_font_hint *fonts; // of the font table
    uint32_t font_count;
    bool has_picture_bullets;
};

struct dgl_sheet_cache;
struct dgl_sheet_cache *dgl_sheet_cache_new(void);
void dgl_sheet_cache_free(struct dgl_sheet_cache *c);
// The sheet of a package, from the cache (then *ret_owned is NULL) or new. A new one goes into the cache when it is
// small enough, else the caller frees *ret_owned with dgl_sheet_free. `cache` may be NULL.
enum dgl_status dgl_sheet_load(struct dgl_docx_package *p, struct dgl_sheet_cache *cache, const struct dgl_sheet **ret,
                               struct dgl_sheet **ret_owned, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_sheet_free(struct dgl_sheet *s);

uint16_t dgl_sheet_style(const struct dgl_sheet *s, struct dgl_str id); // UINT16_MAX when there is none
const struct dgl_font_hint *dgl_sheet_font(const struct dgl_sheet *s, const char *family); // NULL when there is none
const struct dgl_num *dgl_sheet_num(const struct dgl_sheet *s, int32_t id);                // NULL when there is none
const struct dgl_num_level *dgl_num_level(const struct dgl_num *n, unsigned level); // NULL when it is not defined
void dgl_note_numbers_read(const struct dgl_x *n, struct dgl_note_numbers *p);      // footnotePr, endnotePr
struct dgl_prop_reader dgl_sheet_reader(const struct dgl_sheet *s, struct dgl_arena *a);

#endif
