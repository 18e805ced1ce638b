// The sink of a render: what the language prints becomes WordprocessingML in a buffer per part.
//
// A writer stands at a level. Values are printed at the level of their tag; a picture, a run or a paragraph needs a
// higher one, so the writer closes what is open, writes, and opens it again with the same properties:
//
//   BLOCK  ──para_open──▶  PARAGRAPH  ──run_open──▶  RUN  ──<w:t>──▶  TEXT
#ifndef DGL_RENDER_DOCX_WRITER_H
#define DGL_RENDER_DOCX_WRITER_H

#include "base/crypto.h"
#include "render/docx/limits.h"
#include "render/docx/model.h"

enum dgl_docx_level { DGL_LEVEL_TEXT, DGL_LEVEL_RUN, DGL_LEVEL_PARAGRAPH, DGL_LEVEL_BLOCK };

struct dgl_docx_new_rel {
    const char *type; // the last word of its type: "image", "hyperlink"
    struct dgl_str target;
    bool external;
};
struct dgl_docx_media {
    unsigned char hash[DGL_SHA256_LEN];
    const char *name; // "word/media/…"
    struct dgl_str bytes;
    const char *extension, *content_type;
    uint32_t width_px, height_px;
    double dpi_x, dpi_y;
    uint32_t vector; // 1 + index of the SVG that shows the same; 0 = none
};
struct dgl_docx_fetched { // URLs seen in this render
    struct dgl_str url;
    uint32_t media;
};

struct dgl_docx_table_state {
    size_t start, row_start, grid_at; // offsets in the output
    uint32_t grid;
    uint32_t rows, cells, columns; // of the current row: cells, columns
    uint32_t best_columns;
    uint32_t first_width; // into widths: this table's
};
struct dgl_docx_cell_width {
    size_t at; // of five digits in the output; SIZE_MAX = none
    uint32_t width, column, span, row;
};

struct dgl_docx_replaced { // by the data's replace_pictures
    const struct dgl_docx_picture *picture;
    uint32_t media;
    struct dgl_docx_replaced *next;
};
struct dgl_docx_override { // a member with other bytes
    struct dgl_docx_override *next;
    uint32_t member;
    struct dgl_str bytes;
};
// A value printed inside a macro or block; its place is where that is printed. See capture.c.
struct dgl_docx_deferred {
    const struct dgl_docx_context *context;
    struct dgl_value value;
};
#define DGL_DOCX_DEFERRED_NS "urn:docgenlab:deferred"

// Lists the render adds; see numbering.c.
struct dgl_docx_new_list {
    const struct dgl_docx_node *copied; // w:num of another document, with its new numbers; NULL = one of ours
    uint32_t abstract;                  // of the template, or one of ours
    uint8_t level;
    uint16_t start;
};
struct dgl_docx_numbering {
    bool ready;                      // the numbers below are known
    uint32_t member;                 // of the package; UINT32_MAX = none
    struct dgl_docx_tree tree;       // of that member
    uint32_t first_abstract;         // two of ours: bullets, numbers
    uint32_t first_num;              // the bullets'; lists[i] has first_num + 1 + i
    struct dgl_docx_new_list *lists; // arena
    size_t count, cap;
    struct dgl_docx_node *copied; // w:abstractNum of other documents, chained by `next`
    uint32_t copied_count;
    bool used;
};

struct dgl_docx_output { // one rendered part
    struct dgl_buf xml;
    uint32_t first_rel; // number of rels[0]
    struct dgl_docx_new_rel *rels;
    size_t rel_count, rel_cap;
    struct dgl_docx_relationship **by_id; // the part's own, once one is asked for (names.c)
    struct dgl_docx_stream *stream;       // NULL: the part is all in `xml`
};

// Notes or comments that come to those of the document: see notes.c.
struct dgl_docx_notes {
    struct dgl_buf xml; // whole w:footnote, w:endnote or w:comment elements
    uint32_t last_id;
    bool ready;                     // what follows is known
    struct dgl_docx_output *output; // of their part, for relationships
    struct dgl_docx_part part;      // when the render has none: without tags, or new (member UINT32_MAX)
    struct dgl_docx_output own;
};
// Where the document goes on behind a note being written, and the note's id, which its reference wants.
struct dgl_docx_note_back {
    struct dgl_buf *xml;
    struct dgl_docx_output *output;
    uint32_t id;
};
// The chart being copied: see chart_parts.c.
struct dgl_docx_chart_copy {
    struct dgl_buf xml;
    struct dgl_buf *back; // where the document goes on; NULL: no chart is being written
    size_t name_start;
    struct dgl_str names[6]; // that hold tags, as printed
    size_t name_count;
    struct dgl_value data;  // DICT: given by a tag in a name
    unsigned count, number; // of copies; in the name of the last one
};
struct dgl_docx_used_name {
    struct dgl_docx_used_name *next;
    struct dgl_str name;
};

struct dgl_docx_writer {
    const struct dgl_docx *docx;
    const struct dgl_docx_env *env;
    struct dgl_docx_warnings *warnings;
    const struct dgl_docx_part *part;
    struct dgl_docx_output *outputs; // parallel to docx->parts
    struct dgl_docx_output *output;
    struct dgl_buf *xml; // of the current part
    struct dgl_buf scratch;
    enum dgl_docx_level level;
    struct dgl_docx_table_state tables[DGL_DOCX_MAX_TABLE_DEPTH];
    size_t table_count;
    struct dgl_docx_cell_width *widths;
    size_t width_count, width_cap;
    uint32_t *mark_names, *mark_ids; // of the part's ranges: times a name was written, the id given last
    uint32_t next_drawing_id, next_bookmark_id;
    size_t target_start;
    struct dgl_docx_media *media;
    size_t media_count, media_cap;
    size_t media_bytes;
    struct dgl_docx_fetched *fetched;
    size_t fetched_count, fetched_cap;
    struct dgl_docx_numbering numbering;
    struct dgl_docx_replaced *replaced;
    bool editing;                      // a picture of the part will lose its SVG, or a chart may get other data
    unsigned holding;                  // times that something in the buffer will be looked at again
    size_t reopened_from, reopened_to; // the paragraph opened again behind blocks; to = 0: none
    size_t frame_start;                // of the placeholder picture being written
    uint32_t placed_media;
    struct dgl_docx_deferred *deferred; // of the part
    size_t deferred_count, deferred_cap;
    struct dgl_value data;           // the document's
    struct dgl_docx_subdoc *subdocs; // subdoc.c
    unsigned subdoc_count;
    struct dgl_docx_extra *extras; // graft.c: parts that came along
    unsigned extra_count;
    struct dgl_docx_override *overrides; // chart_parts.c
    struct dgl_docx_notes notes[DGL_NOTE_KINDS];
    uint32_t note_id;                       // of the note written last
    struct dgl_docx_note_back note_back[3]; // a comment in a note, and what a subdocument has in it
    unsigned note_depth;
    struct dgl_docx_chart_copy chart;
    struct dgl_docx_used_name *used_charts;
    struct dgl_docx_node *new_styles; // chained by `next`
};

extern const struct dgl_docx_context dgl_docx_no_context;

// Closes and opens what lies between the writer's level and `to`. False: the paragraph cannot be left here.
bool dgl_docx_go(struct dgl_docx_writer *w, const struct dgl_docx_context *x, enum dgl_docx_level to);
// Text at level TEXT: line breaks, tabs, new paragraphs (\a) and page breaks (\f) take effect.
void dgl_docx_write_text(struct dgl_docx_writer *w, const struct dgl_docx_context *x, const char *s, size_t len);
// Text as character data of any element; control characters become spaces where they may not stand.
void dgl_docx_write_plain(struct dgl_buf *out, const char *s, size_t len);
// Markup, checked: well-formed, known nesting, tables with rows. Goes to the levels it needs and comes back.
enum dgl_status dgl_docx_write_safe(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_str s,
                                    struct dgl_error *err) DGL_MUST_CHECK;
// The text of markup without elements, its entities read.
enum dgl_status dgl_docx_read_safe_text(struct dgl_str t, struct dgl_buf *out, struct dgl_error *err) DGL_MUST_CHECK;
// Runs and paragraphs given as JSON.
bool dgl_docx_is_rich(struct dgl_value v);
enum dgl_status dgl_docx_write_rich(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                    struct dgl_error *err) DGL_MUST_CHECK;
// A picture: a URL, {"url","width","height","alt"}, or what the filter `image` made.
enum dgl_status dgl_docx_write_image(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// Bytes of a picture (arena) among the document's pictures; the same bytes are kept once.
enum dgl_status dgl_docx_store_image(struct dgl_docx_writer *w, struct dgl_str bytes, uint32_t *ret,
                                     struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_read_data_uri(struct dgl_docx_writer *w, struct dgl_str uri, struct dgl_str *ret,
                                       struct dgl_error *err) DGL_MUST_CHECK; // into the arena
// vector.c
// An a:ext of a:blip with the relationships' namespace and the id of the SVG that is shown instead of the blip's
// picture.
#define DGL_DOCX_SVG_EXT                                                   \
    "<a:ext uri=\"{96DAC541-7B7A-43D3-8B79-37D633B846F1}\"><asvg:svgBlip " \
    "xmlns:asvg=\"http://schemas.microsoft.com/office/drawing/2016/SVG/main\" xmlns:r=\"%s\" r:embed=\"%s\"/></a:ext>"
// In a frame (from `start` of w->xml) whose a:blip was given this picture: the SVG of the old one goes, its own comes.
enum dgl_status dgl_docx_set_frame_vector(struct dgl_docx_writer *w, size_t start, uint32_t media,
                                          struct dgl_error *err) DGL_MUST_CHECK;
// Takes the SVG with that relationship out of a part's XML.
void dgl_docx_drop_vector(struct dgl_buf *xml, struct dgl_str rel);
bool dgl_docx_looks_like_svg(struct dgl_str bytes);
enum dgl_status dgl_docx_store_svg(struct dgl_docx_writer *w, struct dgl_str svg, uint32_t *ret, struct dgl_error *err);
// An SVG (arena) that shows what picture `of` shows.
enum dgl_status dgl_docx_store_vector(struct dgl_docx_writer *w, uint32_t of, struct dgl_str svg,
                                      struct dgl_error *err) DGL_MUST_CHECK;
// Draws a stored picture; `options` is a DICT that may hold "width", "height", "size" and "alt".
enum dgl_status dgl_docx_place_image(struct dgl_docx_writer *w, const struct dgl_docx_context *x, uint32_t media,
                                     struct dgl_value options, struct dgl_str alt,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// The picture a value names; *ret stays as it is when the value is empty.
enum dgl_status dgl_docx_load_image(struct dgl_docx_writer *w, struct dgl_value v, uint32_t *ret,
                                    struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_relate_image(struct dgl_docx_writer *w, uint32_t media, char id[24],
                                      struct dgl_error *err) DGL_MUST_CHECK;
// A JPEG as its Exif wants it to be shown: the same bytes, or others (arena). See upright.c.
struct dgl_str dgl_docx_upright(struct dgl_docx_writer *w, struct dgl_str jpeg);
// Placeholder pictures. See pictures.c.
enum dgl_status dgl_docx_write_blip(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                    struct dgl_error *err) DGL_MUST_CHECK;
void dgl_docx_open_frame(struct dgl_docx_writer *w);
enum dgl_status dgl_docx_close_frame(struct dgl_docx_writer *w, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_replace_pictures(struct dgl_docx_writer *w, struct dgl_value data,
                                          struct dgl_error *err) DGL_MUST_CHECK;
// After the parts: the SVGs of replaced pictures that have none now.
enum dgl_status dgl_docx_drop_replaced_vectors(struct dgl_docx_writer *w, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_keep_override(struct dgl_docx_writer *w, uint32_t member, const struct dgl_buf *b,
                                       struct dgl_error *err) DGL_MUST_CHECK; // the member gets these bytes
enum dgl_status dgl_docx_feed_charts(struct dgl_docx_writer *w, struct dgl_value data,
                                     struct dgl_error *err) DGL_MUST_CHECK; // chart_parts.c
void dgl_docx_begin_chart_name(struct dgl_docx_writer *w);
enum dgl_status dgl_docx_end_chart_name(struct dgl_docx_writer *w, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_write_chart_name(struct dgl_docx_writer *w, struct dgl_value v,
                                          struct dgl_error *err) DGL_MUST_CHECK;
void dgl_docx_begin_chart(struct dgl_docx_writer *w);
// A chart whose XML is given, in place of its relationship's id.
enum dgl_status dgl_docx_write_chart(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value xml,
                                     struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_end_chart(struct dgl_docx_writer *w, uint32_t index, struct dgl_error *err) DGL_MUST_CHECK;
// notes.c: what is written between goes to the part of the notes.
enum dgl_status dgl_docx_take_note_id(struct dgl_docx_writer *w, enum dgl_docx_note_kind kind, uint32_t *ret_id,
                                      struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_begin_note(struct dgl_docx_writer *w, enum dgl_docx_note_kind kind,
                                    struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_end_note(struct dgl_docx_writer *w, struct dgl_error *err) DGL_MUST_CHECK;
// Where a run's content stands: a note with this text, and its reference.
enum dgl_status dgl_docx_write_note(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value text,
                                    struct dgl_error *err) DGL_MUST_CHECK;
// Puts the notes into the part, before its end tag.
enum dgl_status dgl_docx_put_notes(struct dgl_docx_writer *w, enum dgl_docx_part_kind kind, struct dgl_buf *xml,
                                   struct dgl_error *err) DGL_MUST_CHECK;
void dgl_docx_notes_fini(struct dgl_docx_writer *w);
enum dgl_status dgl_docx_write_attribute(struct dgl_docx_writer *w, struct dgl_value v,
                                         struct dgl_error *err) DGL_MUST_CHECK; // a value inside an attribute
// What a value is between the quotes of a field's instruction, as text: field_code.c. A safe one has no elements.
enum dgl_status dgl_docx_quote_argument(struct dgl_str s, bool safe, struct dgl_buf *out,
                                        struct dgl_error *err) DGL_MUST_CHECK;
size_t dgl_docx_unescape(struct dgl_str s, char *out); // what dgl_docx_put_attr wrote; the length
// Bytes of a part to the arena, within the budget.
enum dgl_status dgl_docx_keep_bytes(struct dgl_docx_writer *w, const struct dgl_buf *b, const char *what,
                                    struct dgl_str *ret, struct dgl_error *err) DGL_MUST_CHECK;
// The replaced picture behind a relationship (NULL: any) of a .rels member; NULL when there is none.
const struct dgl_docx_replaced *dgl_docx_replaced_picture(const struct dgl_docx_writer *w, uint32_t rels,
                                                          const struct dgl_str *id);
// The new target of a relationship, its picture's or its SVG's; NULL: it stays.
const char *dgl_docx_replaced_target(const struct dgl_docx_writer *w, uint32_t rels, struct dgl_str id);
// A QR code or a barcode. See barcode.c.
enum dgl_status dgl_docx_write_barcode(struct dgl_docx_writer *w, const struct dgl_docx_context *x,
                                       const struct dgl_value_rich *code, struct dgl_error *err) DGL_MUST_CHECK;
// Draws any value at the writer's level: pictures, rich text, markup, text.
enum dgl_status dgl_docx_write_any(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                   struct dgl_error *err) DGL_MUST_CHECK;
// Prints any value as text at the context's level.
enum dgl_status dgl_docx_write_value(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                     struct dgl_error *err) DGL_MUST_CHECK;
// A relationship of the current part; its id ("rIdD3") goes to `id`.
enum dgl_status dgl_docx_add_relationship(struct dgl_docx_writer *w, const char *type, struct dgl_str target,
                                          bool external, char id[24], struct dgl_error *err) DGL_MUST_CHECK;
// Whether a relationship leads to what only copies are made of, and goes.
bool dgl_docx_is_dropped(const struct dgl_docx_writer *w, const struct dgl_docx_part *part,
                         const struct dgl_docx_relationship *r);
// Bytes of a picture to its kind and size; false when it is none of PNG, JPEG, GIF or broken.
bool dgl_docx_image_probe(struct dgl_str bytes, struct dgl_docx_media *ret);
void dgl_docx_warn(struct dgl_docx_writer *w, const char *fmt, ...) DGL_PRINTF(2, 3);
// Large parts: deflates what will not be looked at again; the end of it as a member; see stream.c.
enum dgl_status dgl_docx_stream_some(struct dgl_docx_writer *w, struct dgl_error *err) DGL_MUST_CHECK;
enum dgl_status dgl_docx_stream_finish(struct dgl_docx_output *o, struct dgl_zip_raw *ret,
                                       struct dgl_error *err) DGL_MUST_CHECK;
void dgl_docx_stream_free(struct dgl_docx_stream *s);
// DATA chunks with cuts.
enum dgl_status dgl_docx_cut(struct dgl_docx_writer *w, uint8_t op, uint32_t arg, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_docx_span_cell(struct dgl_docx_writer *w, uint32_t span); // the current cell spans so many columns
void dgl_docx_count_row(struct dgl_docx_writer *w);                // a row that comes whole, from data

enum dgl_status dgl_docx_write_link(struct dgl_docx_writer *w, struct dgl_value address,
                                    struct dgl_error *err) DGL_MUST_CHECK; // its relationship's id
enum dgl_status dgl_docx_write_target(struct dgl_docx_writer *w, struct dgl_value v,
                                      struct dgl_error *err) DGL_MUST_CHECK; // a piece of an address

// The language's sink.
enum dgl_status dgl_docx_on_data(void *ctx, uint32_t chunk, struct dgl_str text, struct dgl_error *err);
enum dgl_status dgl_docx_on_value(void *ctx, uint32_t context, struct dgl_value v, struct dgl_error *err);
enum dgl_status dgl_docx_on_capture(void *ctx, uint32_t context, struct dgl_value v, struct dgl_buf *out,
                                    struct dgl_error *err);
// The waiting value an element of captured text names; NULL when there is none.
const struct dgl_docx_deferred *dgl_docx_deferred_value(const struct dgl_docx_writer *w, struct dgl_str number);

#endif
