// Checking a font file, its facts, and a sample of it. See font_file.h.
#include "render/layout/font_file.h"

#include <hb-ot.h>
#include <hb-subset.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TAG(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define MAX_CMAP_SUBTABLES 64u
#define MAX_SELECTORS 300u // of variations; Unicode has 260
#define MAX_CODEPOINT 0x10FFFFu
#define SAMPLE_CHARACTERS 24u

struct table {
    uint32_t tag;
    size_t at, len;
};
struct file {
    struct dgl_font_bytes bytes;
    struct table tables[DGL_FONT_MAX_TABLES];
    uint32_t table_count, glyphs;
    bool is_cff, long_loca;
    const uint8_t *outlines; // checked already: the fonts of a collection share them
    uint32_t outline_count;
    struct dgl_error *err;
};

static enum dgl_status damaged(const struct file *f, const char *what)
{
    return DGL_FONT_DAMAGED(f->err, "the font is damaged: %s", what);
}

static const struct table *find_table(const struct file *f, uint32_t tag)
{
    for (uint32_t i = 0; i < f->table_count; i++)
        if (f->tables[i].tag == tag)
            return &f->tables[i];
    return NULL;
}

// Empty when the table is not there.
static struct dgl_font_bytes table_bytes(const struct file *f, uint32_t tag)
{
    const struct table *t = find_table(f, tag);
    return t ? (struct dgl_font_bytes){f->bytes.data + t->at, t->len} : (struct dgl_font_bytes){NULL, 0};
}

// ---- container and directory

static enum dgl_status refuse_format(uint32_t signature, struct dgl_error *err)
{
    bool web = signature == TAG('w', 'O', 'F', 'F') || signature == TAG('w', 'O', 'F', '2');
    return DGL_FAIL_FIELD(err, DGL_E_UNSUPPORTED, "font_format", "file",
                          web ? "this is a web font (WOFF); upload the TrueType or OpenType file (.ttf, .otf, .ttc) it "
                                "was made from"
                              : "this is no TrueType or OpenType font; upload a file that ends in .ttf, .otf or .ttc");
}

static int by_offset(const void *a, const void *b)
{
    const struct table *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->len > y->len) - (x->len < y->len);
}

// Tables may be the same piece of the file, but not overlap (§ Organization of an OpenType font).
static enum dgl_status check_overlap(struct file *f)
{
    qsort(f->tables, f->table_count, sizeof(f->tables[0]), by_offset);
    for (uint32_t i = 1; i < f->table_count; i++) {
        const struct table *a = &f->tables[i - 1], *b = &f->tables[i];
        bool same = a->at == b->at && a->len == b->len;
        if (!same && b->at < a->at + a->len)
            return damaged(f, "two of its tables overlap");
    }
    return DGL_OK;
}

static enum dgl_status read_directory(struct file *f, size_t at)
{
    uint32_t signature = dgl_font_u(f->bytes, at, 4);
    f->is_cff = signature == TAG('O', 'T', 'T', 'O');
    if (!f->is_cff && signature != 0x00010000 && signature != TAG('t', 'r', 'u', 'e'))
        return refuse_format(signature, f->err);
    uint32_t count = dgl_font_u(f->bytes, at + 4, 2);
    f->table_count = 0;
    if (count == 0 || count > DGL_FONT_MAX_TABLES || at + 12 + (size_t)count * 16 > f->bytes.len)
        return damaged(f, "its list of tables cannot be read");
    for (uint32_t i = 0; i < count; i++) {
        size_t row = at + 12 + (size_t)i * 16;
        struct table t = {dgl_font_u(f->bytes, row, 4), dgl_font_u(f->bytes, row + 8, 4),
                          dgl_font_u(f->bytes, row + 12, 4)};
        if (t.at > f->bytes.len || t.len > f->bytes.len - t.at)
            return damaged(f, "a table lies past the end of the file");
        if (find_table(f, t.tag))
            return damaged(f, "a table is named twice");
        f->tables[f->table_count++] = t;
    }
    return check_overlap(f);
}

// ---- what must be there

static enum dgl_status check_presence(const struct file *f)
{
    static const uint32_t needed[] = {TAG('h', 'e', 'a', 'd'), TAG('h', 'h', 'e', 'a'), TAG('h', 'm', 't', 'x'),
                                      TAG('m', 'a', 'x', 'p'), TAG('c', 'm', 'a', 'p'), TAG('n', 'a', 'm', 'e')};
    static const uint32_t rules[] = {TAG('G', 'S', 'U', 'B'), TAG('G', 'P', 'O', 'S'), TAG('G', 'D', 'E', 'F'),
                                     TAG('m', 'o', 'r', 'x'), TAG('k', 'e', 'r', 'x'), TAG('k', 'e', 'r', 'n')};
    if (find_table(f, TAG('C', 'F', 'F', '2')))
        return DGL_FAIL_FIELD(f->err, DGL_E_UNSUPPORTED, "font_format", "file",
                              "this is a variable font with CFF2 outlines; upload its static fonts instead");
    bool outlines = f->is_cff ? find_table(f, TAG('C', 'F', 'F', ' ')) != NULL
                              : find_table(f, TAG('g', 'l', 'y', 'f')) && find_table(f, TAG('l', 'o', 'c', 'a'));
    if (!outlines)
        return DGL_FAIL_FIELD(f->err, DGL_E_UNSUPPORTED, "font_format", "file",
                              "the font has no outlines, only pictures of its characters; upload a font with outlines");
    for (size_t i = 0; i < DGL_COUNT(needed); i++)
        if (!find_table(f, needed[i]))
            return damaged(f, "a table that every font has is missing");
    for (size_t i = 0; i < DGL_COUNT(rules); i++)
        if (table_bytes(f, rules[i]).len > DGL_FONT_MAX_LAYOUT_BYTES)
            return DGL_FAIL_FIELD(f->err, DGL_E_LIMIT, "font_too_large", "file",
                                  "the font has more than %u MiB of rules for joining characters",
                                  DGL_FONT_MAX_LAYOUT_BYTES >> 20);
    return DGL_OK;
}

static enum dgl_status check_numbers(struct file *f)
{
    struct dgl_font_bytes head = table_bytes(f, TAG('h', 'e', 'a', 'd')),
                          hhea = table_bytes(f, TAG('h', 'h', 'e', 'a')),
                          maxp = table_bytes(f, TAG('m', 'a', 'x', 'p')),
                          hmtx = table_bytes(f, TAG('h', 'm', 't', 'x'));
    uint32_t em = dgl_font_u(head, 18, 2), loca = dgl_font_u(head, 50, 2), advances = dgl_font_u(hhea, 34, 2);
    f->glyphs = dgl_font_u(maxp, 4, 2);
    f->long_loca = loca == 1;
    if (head.len < 54 || dgl_font_u(head, 12, 4) != 0x5F0F3CF5 || em < 16 || em > 16384 || loca > 1)
        return damaged(f, "its head is not readable");
    if (maxp.len < 6 || f->glyphs == 0 || hhea.len < 36)
        return damaged(f, "it says nothing of its glyphs");
    if (advances == 0 || advances > f->glyphs || hmtx.len < (size_t)advances * 4 + (size_t)(f->glyphs - advances) * 2)
        return damaged(f, "the widths of its glyphs are incomplete");
    return DGL_OK;
}

// fsType (OpenType § OS/2): where several of the three rights are given, the widest holds.
static enum dgl_status check_permission(const struct file *f)
{
    struct dgl_font_bytes os2 = table_bytes(f, TAG('O', 'S', '/', '2'));
    uint32_t type = os2.len >= 10 ? dgl_font_u(os2, 8, 2) : 0;
    const char *why = (type & 0xE) == 2 ? "to be embedded in documents"
                      : type & 0x100    ? "to be embedded in part, as PDFs do"
                      : type & 0x200    ? "its outlines to be embedded in documents"
                                        : NULL;
    return why ? DGL_FAIL_FIELD(
                     f->err, DGL_E_INVALID, "font_not_embeddable", "file",
                     "the font's maker does not allow %s; use another font, or ask the maker for a file with "
                     "that right",
                     why)
               : DGL_OK;
}

// ---- characters

// Groups in order and apart (§ cmap, formats 12 and 13): what is done for each is then bounded by Unicode.
static enum dgl_status check_groups(const struct file *f, struct dgl_font_bytes b)
{
    uint32_t count = dgl_font_u(b, 12, 4);
    if (b.len < 16 || count > (b.len - 16) / 12)
        return damaged(f, "its list of characters ends too soon");
    for (uint32_t i = 0, after = 0; i < count; i++) {
        uint32_t from = dgl_font_u(b, 16 + (size_t)i * 12, 4), to = dgl_font_u(b, 20 + (size_t)i * 12, 4);
        if (from < after || to < from || to > MAX_CODEPOINT)
            return damaged(f, "its list of characters is out of order");
        after = to + 1;
    }
    return DGL_OK;
}

static enum dgl_status check_segments(const struct file *f, struct dgl_font_bytes b)
{
    uint32_t segments = dgl_font_u(b, 6, 2) / 2;
    if (b.len < 16 + (size_t)segments * 8)
        return damaged(f, "its list of characters ends too soon");
    for (uint32_t i = 0, before = 0; i < segments; i++) {
        uint32_t end = dgl_font_u(b, 14 + (size_t)i * 2, 2), start = dgl_font_u(b, 16 + (size_t)(segments + i) * 2, 2);
        if (start > end || (i && end <= before))
            return damaged(f, "its list of characters is out of order");
        before = end;
    }
    return DGL_OK;
}

static enum dgl_status check_selectors(const struct file *f, struct dgl_font_bytes b)
{
    uint32_t count = dgl_font_u(b, 6, 4);
    return count > MAX_SELECTORS || 10 + (size_t)count * 11 > b.len
               ? damaged(f, "its list of character variants is not readable")
               : DGL_OK;
}

static enum dgl_status check_characters(const struct file *f)
{
    struct dgl_font_bytes cmap = table_bytes(f, TAG('c', 'm', 'a', 'p'));
    uint32_t count = dgl_font_u(cmap, 2, 2);
    if (count == 0 || count > MAX_CMAP_SUBTABLES || 4 + (size_t)count * 8 > cmap.len)
        return damaged(f, "it does not say which characters it has");
    for (uint32_t i = 0; i < count; i++) {
        size_t at = dgl_font_u(cmap, 8 + (size_t)i * 8, 4);
        if (at + 8 > cmap.len)
            return damaged(f, "its list of characters ends too soon");
        struct dgl_font_bytes b = {cmap.data + at, cmap.len - at};
        uint32_t format = dgl_font_u(b, 0, 2);
        if (format == 12 || format == 13)
            DGL_TRY(check_groups(f, b));
        else if (format == 4)
            DGL_TRY(check_segments(f, b));
        else if (format == 14)
            DGL_TRY(check_selectors(f, b));
    }
    return DGL_OK;
}

// ---- names

// Keeps a name that can be shown and is not there yet (case ignored). Room for further ones is not for certain.
static void add_name(struct dgl_font_face_facts *face, struct dgl_arena *a, const char *name)
{
    size_t len = strlen(name);
    if (face->name_count == DGL_FONT_MAX_NAMES || len > DGL_FONT_MAX_NAME_BYTES ||
        !dgl_utf8_plain(name, len, false, true))
        return;
    for (uint32_t i = 0; i < face->name_count; i++)
        if (strcasecmp(face->names[i], name) == 0)
            return;
    face->names[face->name_count++] = dgl_arena_strdup(a, name);
}

static bool read_name(hb_face_t *hb, hb_ot_name_id_t id, hb_language_t language, char *out, unsigned size)
{
    unsigned room = size;
    return id != HB_OT_NAME_ID_INVALID && hb_ot_name_get_utf8(hb, id, language, &room, out) > 0 && out[0];
}

// The English name, or the first there is.
static const char *main_name(hb_face_t *hb, hb_ot_name_id_t id, struct dgl_arena *a)
{
    char text[DGL_FONT_MAX_NAME_BYTES + 1];
    unsigned count;
    const hb_ot_name_entry_t *entries = hb_ot_name_list_names(hb, &count);
    bool got = read_name(hb, id, hb_language_from_string("en", -1), text, sizeof(text));
    for (unsigned i = 0; i < count && !got; i++)
        got = entries[i].name_id == id && read_name(hb, id, entries[i].language, text, sizeof(text));
    return got && dgl_utf8_plain(text, strlen(text), false, true) ? dgl_arena_strdup(a, text) : NULL;
}

static void add_names(hb_face_t *hb, struct dgl_font_face_facts *face, struct dgl_arena *a)
{
    static const hb_ot_name_id_t kinds[] = {HB_OT_NAME_ID_TYPOGRAPHIC_FAMILY, HB_OT_NAME_ID_FONT_FAMILY,
                                            HB_OT_NAME_ID_FULL_NAME};
    char text[DGL_FONT_MAX_NAME_BYTES + 1];
    unsigned count;
    const hb_ot_name_entry_t *entries = hb_ot_name_list_names(hb, &count);
    for (unsigned k = 0; k < DGL_COUNT(kinds); k++)
        for (unsigned i = 0; i < count; i++)
            if (entries[i].name_id == kinds[k] && read_name(hb, kinds[k], entries[i].language, text, sizeof(text)))
                add_name(face, a, text);
}

// ---- faces

static uint16_t width_percent(uint32_t width_class)
{
    static const uint16_t percents[] = {100, 50, 62, 75, 87, 100, 112, 125, 150, 200};
    return width_class < DGL_COUNT(percents) ? percents[width_class] : 100;
}

static void read_style(const struct file *f, struct dgl_font_face_facts *face)
{
    struct dgl_font_bytes os2 = table_bytes(f, TAG('O', 'S', '/', '2')), head = table_bytes(f, TAG('h', 'e', 'a', 'd'));
    uint32_t mac = dgl_font_u(head, 44, 2), weight = mac & 1 ? 700 : 400;
    face->italic = (mac & 2) != 0;
    face->width = 100;
    if (os2.len >= 64) {
        uint32_t said = dgl_font_u(os2, 4, 2), selection = dgl_font_u(os2, 62, 2);
        weight = said >= 1 && said <= 9 ? said * 100 : said >= 100 && said <= 1000 ? said : weight;
        weight = selection & 0x20 && weight < 600 ? 700 : weight; // bold for its family, whatever the number
        face->italic = (selection & 0x201) != 0;                  // italic or oblique
        face->width = width_percent(dgl_font_u(os2, 6, 2));
    }
    face->weight = (uint16_t)weight;
}

static enum dgl_status add_face(const struct file *f, hb_face_t *hb, struct dgl_arena *a, struct dgl_font_facts *facts,
                                struct dgl_font_face_facts **ret)
{
    if (facts->face_count == DGL_FONT_MAX_FACES)
        return DGL_FAIL_FIELD(f->err, DGL_E_LIMIT, "font_too_large", "file",
                              "the file holds more than %u fonts; upload them one by one", DGL_FONT_MAX_FACES);
    struct dgl_font_face_facts *face = &facts->faces[facts->face_count];
    *face = (struct dgl_font_face_facts){0};
    read_style(f, face);
    face->family = main_name(hb, HB_OT_NAME_ID_TYPOGRAPHIC_FAMILY, a);
    if (!face->family)
        face->family = main_name(hb, HB_OT_NAME_ID_FONT_FAMILY, a);
    face->style = main_name(hb, HB_OT_NAME_ID_TYPOGRAPHIC_SUBFAMILY, a);
    if (!face->style)
        face->style = main_name(hb, HB_OT_NAME_ID_FONT_SUBFAMILY, a);
    if (!face->family)
        return damaged(f, "it does not say what it is called");
    if (!face->style)
        face->style = face->italic ? "Italic" : "Regular";
    add_name(face, a, face->family);
    facts->face_count++;
    *ret = face;
    return DGL_OK;
}

static float coordinate(hb_face_t *hb, unsigned instance, hb_tag_t tag, float otherwise)
{
    float coords[16];
    unsigned count = DGL_COUNT(coords);
    hb_ot_var_axis_info_t axis;
    if (!hb_ot_var_find_axis_info(hb, tag, &axis))
        return otherwise;
    hb_ot_var_named_instance_get_design_coords(hb, instance, &count, coords);
    return axis.axis_index < count ? coords[axis.axis_index] : otherwise;
}

// A named instance: "Roboto" in the style "Light", also asked for as "Roboto Light".
static enum dgl_status add_instance(const struct file *f, hb_face_t *hb, unsigned instance, struct dgl_arena *a,
                                    struct dgl_font_facts *facts)
{
    struct dgl_font_face_facts *face;
    DGL_TRY(add_face(f, hb, a, facts, &face));
    face->instance = instance + 1;
    const char *style = main_name(hb, hb_ot_var_named_instance_get_subfamily_name_id(hb, instance), a);
    if (style)
        face->style = style;
    float weight = coordinate(hb, instance, HB_OT_TAG_VAR_AXIS_WEIGHT, face->weight);
    float width = coordinate(hb, instance, HB_OT_TAG_VAR_AXIS_WIDTH, face->width);
    face->weight = (uint16_t)(weight >= 1 && weight <= 1000 ? weight : 400);
    face->width = (uint16_t)(width >= 25 && width <= 400 ? width : 100);
    face->italic |= coordinate(hb, instance, HB_OT_TAG_VAR_AXIS_ITALIC, 0) >= 0.5F ||
                    coordinate(hb, instance, HB_OT_TAG_VAR_AXIS_SLANT, 0) <= -5.0F;
    add_name(face, a, dgl_arena_printf(a, "%s %s", face->family, face->style));
    return DGL_OK;
}

static enum dgl_status add_faces(const struct file *f, hb_face_t *hb, uint32_t index, struct dgl_arena *a,
                                 struct dgl_font_facts *facts)
{
    struct dgl_font_face_facts *face;
    unsigned instances = hb_ot_var_has_data(hb) ? hb_ot_var_get_named_instance_count(hb) : 0;
    uint32_t first = facts->face_count;
    if (hb_ot_var_get_axis_count(hb) > 16)
        return damaged(f, "it varies in more than 16 ways");
    for (unsigned i = 0; i < instances; i++)
        DGL_TRY(add_instance(f, hb, i, a, facts));
    if (instances == 0) {
        DGL_TRY(add_face(f, hb, a, facts, &face));
        add_names(hb, face, a);
    }
    for (uint32_t i = first; i < facts->face_count; i++)
        facts->faces[i].index = index;
    return DGL_OK;
}

// ---- trial and sample

static bool is_letter(hb_codepoint_t c)
{
    hb_unicode_general_category_t kind = hb_unicode_general_category(hb_unicode_funcs_get_default(), c);
    return kind == HB_UNICODE_GENERAL_CATEGORY_OTHER_LETTER || kind == HB_UNICODE_GENERAL_CATEGORY_LOWERCASE_LETTER ||
           kind == HB_UNICODE_GENERAL_CATEGORY_UPPERCASE_LETTER || kind == HB_UNICODE_GENERAL_CATEGORY_OTHER_SYMBOL;
}

// Text that the font can show: a Latin line, or the first letters of what it has.
static void sample_text(hb_face_t *hb, hb_font_t *font, struct dgl_buf *out)
{
    static const char latin[] = "Waltz, bad nymph, for quick jigs vex 0123456789";
    hb_codepoint_t gid, c = 0x40;
    bool whole = true;
    for (const char *p = latin; *p; p++)
        whole = whole && hb_font_get_nominal_glyph(font, (unsigned char)*p, &gid);
    if (whole) {
        dgl_buf_puts(out, latin);
        return;
    }
    hb_set_t *characters = hb_set_create();
    hb_face_collect_unicodes(hb, characters);
    for (unsigned i = 0; i < SAMPLE_CHARACTERS && hb_set_next(characters, &c);) {
        char utf8[4];
        if (!is_letter(c))
            continue;
        dgl_buf_append(out, utf8, dgl_utf8_put(utf8, c));
        i++;
    }
    hb_set_destroy(characters);
}

static hb_buffer_t *shape_sample(hb_face_t *hb, hb_font_t *font)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1024);
    sample_text(hb, font, &text);
    hb_buffer_t *b = hb_buffer_create();
    hb_buffer_add_utf8(b, text.data ? text.data : "", (int)text.len, 0, (int)text.len);
    hb_buffer_guess_segment_properties(b);
    hb_shape(font, b, NULL, 0);
    return b;
}

// Shapes a line and cuts its glyphs out, as a document with that line would.
static enum dgl_status try_out(const struct file *f, hb_face_t *hb)
{
    unsigned count = 0;
    hb_font_t *font = hb_font_create(hb);
    hb_buffer_t *b = shape_sample(hb, font);
    const hb_glyph_info_t *info = hb_buffer_get_glyph_infos(b, &count);
    hb_subset_input_t *input = hb_subset_input_create_or_fail();
    for (unsigned i = 0; i < count && input; i++)
        hb_set_add(hb_subset_input_glyph_set(input), info[i].codepoint);
    hb_face_t *cut = count && input ? hb_subset_or_fail(hb, input) : NULL;
    bool good = cut != NULL && hb_face_get_glyph_count(cut) > 1;
    hb_face_destroy(cut);
    hb_subset_input_destroy(input);
    hb_buffer_destroy(b);
    hb_font_destroy(font);
    return good ? DGL_OK : damaged(f, "no text can be set in it");
}

static enum dgl_status check_outlines(struct file *f, struct dgl_arena *a)
{
    struct dgl_font_bytes cff = table_bytes(f, TAG('C', 'F', 'F', ' ')), glyf = table_bytes(f, TAG('g', 'l', 'y', 'f')),
                          loca = table_bytes(f, TAG('l', 'o', 'c', 'a'));
    if (f->is_cff && cff.data == f->outlines && f->glyphs == f->outline_count)
        return DGL_OK;
    if (f->is_cff)
        DGL_TRY(dgl_font_check_cff(cff, f->glyphs, f->err));
    else
        DGL_TRY(dgl_font_check_glyf(glyf, loca, f->long_loca, f->glyphs, a, f->err));
    f->outlines = f->is_cff ? cff.data : NULL; // of glyf it would take three tables to tell
    f->outline_count = f->glyphs;
    return DGL_OK;
}

static enum dgl_status check_face(struct file *f, size_t at, uint32_t index, struct dgl_arena *a,
                                  struct dgl_font_facts *facts)
{
    DGL_TRY(read_directory(f, at));
    DGL_TRY(check_presence(f));
    DGL_TRY(check_numbers(f));
    DGL_TRY(check_permission(f));
    DGL_TRY(check_characters(f));
    DGL_TRY(check_outlines(f, a));
    hb_blob_t *blob =
        hb_blob_create((const char *)f->bytes.data, (unsigned)f->bytes.len, HB_MEMORY_MODE_READONLY, NULL, NULL);
    hb_face_t *hb = hb_face_create(blob, index);
    hb_blob_destroy(blob);
    enum dgl_status status = add_faces(f, hb, index, a, facts);
    if (status == DGL_OK)
        status = try_out(f, hb);
    hb_face_destroy(hb);
    return status;
}

enum dgl_status dgl_font_check(const void *data, size_t len, struct dgl_arena *a, struct dgl_font_facts *ret,
                               struct dgl_error *err)
{
    struct file f = {.bytes = {data, len}, .err = err};
    struct dgl_font_facts facts = {.faces = dgl_arena_alloc(a, DGL_FONT_MAX_FACES * sizeof(*facts.faces))};
    if (len > DGL_FONT_MAX_BYTES)
        return DGL_FAIL_FIELD(err, DGL_E_LIMIT, "font_too_large", "file",
                              "the font is larger than %u MiB; upload one with fewer characters",
                              DGL_FONT_MAX_BYTES >> 20);
    if (dgl_font_u(f.bytes, 0, 4) != TAG('t', 't', 'c', 'f')) {
        DGL_TRY(check_face(&f, 0, 0, a, &facts));
        *ret = facts;
        return DGL_OK;
    }
    uint32_t count = dgl_font_u(f.bytes, 8, 4);
    if (count == 0 || count > DGL_FONT_MAX_FACES || 12 + (size_t)count * 4 > len)
        return damaged(&f, "its list of fonts cannot be read");
    for (uint32_t i = 0; i < count; i++)
        DGL_TRY(check_face(&f, dgl_font_u(f.bytes, 12 + (size_t)i * 4, 4), i, a, &facts));
    *ret = facts;
    return DGL_OK;
}

struct drawing {
    struct dgl_buf *out;
    float scale, x, y;
};

static void put_point(struct drawing *d, char op, float x, float y)
{
    if (op)
        dgl_buf_putc(d->out, op);
    dgl_buf_printf(d->out, op ? "%d %d" : " %d %d", (int)((x + d->x) * d->scale), (int)(-(y + d->y) * d->scale));
}

static void draw_move(hb_draw_funcs_t *funcs, void *data, hb_draw_state_t *state, float x, float y, void *user)
{
    (void)funcs, (void)state, (void)user;
    put_point(data, 'M', x, y);
}
static void draw_line(hb_draw_funcs_t *funcs, void *data, hb_draw_state_t *state, float x, float y, void *user)
{
    (void)funcs, (void)state, (void)user;
    put_point(data, 'L', x, y);
}
static void draw_quadratic(hb_draw_funcs_t *funcs, void *data, hb_draw_state_t *state, float x1, float y1, float x,
                           float y, void *user)
{
    (void)funcs, (void)state, (void)user;
    put_point(data, 'Q', x1, y1);
    put_point(data, 0, x, y);
}
static void draw_cubic(hb_draw_funcs_t *funcs, void *data, hb_draw_state_t *state, float x1, float y1, float x2,
                       float y2, float x, float y, void *user)
{
    (void)funcs, (void)state, (void)user;
    put_point(data, 'C', x1, y1);
    put_point(data, 0, x2, y2);
    put_point(data, 0, x, y);
}
static void draw_close(hb_draw_funcs_t *funcs, void *data, hb_draw_state_t *state, void *user)
{
    (void)funcs, (void)state, (void)user;
    dgl_buf_putc(((struct drawing *)data)->out, 'Z');
}

static hb_draw_funcs_t *make_funcs(void)
{
    hb_draw_funcs_t *funcs = hb_draw_funcs_create();
    hb_draw_funcs_set_move_to_func(funcs, draw_move, NULL, NULL);
    hb_draw_funcs_set_line_to_func(funcs, draw_line, NULL, NULL);
    hb_draw_funcs_set_quadratic_to_func(funcs, draw_quadratic, NULL, NULL);
    hb_draw_funcs_set_cubic_to_func(funcs, draw_cubic, NULL, NULL);
    hb_draw_funcs_set_close_path_func(funcs, draw_close, NULL, NULL);
    return funcs;
}

static float draw_glyphs(hb_font_t *font, hb_buffer_t *b, struct drawing *d)
{
    unsigned count;
    float at = 0;
    const hb_glyph_info_t *info = hb_buffer_get_glyph_infos(b, &count);
    const hb_glyph_position_t *pos = hb_buffer_get_glyph_positions(b, &count);
    hb_draw_funcs_t *funcs = make_funcs();
    for (unsigned i = 0; i < count; i++) {
        d->x = at + (float)pos[i].x_offset;
        d->y = (float)pos[i].y_offset;
        size_t before = d->out->len;
        hb_font_get_glyph_shape(font, info[i].codepoint, funcs, d);
        if (d->out->failed) { // as much of the line as fits
            d->out->failed = false;
            d->out->len = before;
            break;
        }
        at += (float)pos[i].x_advance;
    }
    hb_draw_funcs_destroy(funcs);
    return at;
}

enum dgl_status dgl_font_sample(const void *data, size_t len, const struct dgl_font_face_facts *face,
                                struct dgl_buf *path, int32_t *ret_width, struct dgl_error *err)
{
    hb_blob_t *blob = hb_blob_create(data, (unsigned)len, HB_MEMORY_MODE_READONLY, NULL, NULL);
    hb_face_t *hb = hb_face_create(blob, face->index);
    hb_blob_destroy(blob);
    hb_font_t *font = hb_font_create(hb);
    if (face->instance)
        hb_font_set_var_named_instance(font, face->instance - 1);
    hb_buffer_t *b = shape_sample(hb, font);
    struct drawing d = {.out = path, .scale = 1000.0F / (float)hb_face_get_upem(hb)};
    float width = draw_glyphs(font, b, &d) * d.scale;
    hb_buffer_destroy(b);
    hb_font_destroy(font);
    hb_face_destroy(hb);
    *ret_width = width > 0 && width < 1000000 ? (int32_t)width : 0;
    return dgl_buf_check(path, "the font's sample", err);
}

// ---- facts as JSON

void dgl_font_facts_write(const struct dgl_font_facts *facts, struct dgl_json_writer *w)
{
    dgl_jw_array(w);
    for (uint32_t i = 0; i < facts->face_count; i++) {
        const struct dgl_font_face_facts *f = &facts->faces[i];
        dgl_jw_object(w);
        dgl_jw_kint(w, "index", f->index);
        dgl_jw_kint(w, "instance", f->instance);
        dgl_jw_kstr(w, "family", f->family);
        dgl_jw_kstr(w, "style", f->style);
        dgl_jw_kint(w, "weight", f->weight);
        dgl_jw_kint(w, "width", f->width);
        dgl_jw_kbool(w, "italic", f->italic);
        dgl_jw_key(w, "names");
        dgl_jw_array(w);
        for (uint32_t k = 0; k < f->name_count; k++)
            dgl_jw_str(w, f->names[k]);
        dgl_jw_end_array(w);
        dgl_jw_end_object(w);
    }
    dgl_jw_end_array(w);
}

static bool read_number(const json_t *face, const char *key, int64_t max, int64_t *ret)
{
    const json_t *v = json_object_get(face, key);
    *ret = json_integer_value(v);
    return json_is_integer(v) && *ret >= 0 && *ret <= max;
}

static const char *read_text(const json_t *v, struct dgl_arena *a)
{
    const char *s = json_string_value(v);
    size_t len = s ? strlen(s) : 0;
    return s && len <= DGL_FONT_MAX_NAME_BYTES && dgl_utf8_plain(s, len, false, true) ? dgl_arena_strdup(a, s) : NULL;
}

static bool read_face(const json_t *face, struct dgl_arena *a, struct dgl_font_face_facts *ret)
{
    int64_t index, instance, weight, width;
    const json_t *names = json_object_get(face, "names"), *italic = json_object_get(face, "italic");
    if (!read_number(face, "index", DGL_FONT_MAX_FACES, &index) ||
        !read_number(face, "instance", DGL_FONT_MAX_FACES, &instance) || !read_number(face, "weight", 1000, &weight) ||
        !read_number(face, "width", 400, &width) || !json_is_boolean(italic) || !json_is_array(names) ||
        json_array_size(names) > DGL_FONT_MAX_NAMES)
        return false;
    *ret = (struct dgl_font_face_facts){.index = (uint32_t)index,
                                        .instance = (uint32_t)instance,
                                        .weight = (uint16_t)weight,
                                        .width = (uint16_t)width,
                                        .italic = json_is_true(italic),
                                        .family = read_text(json_object_get(face, "family"), a),
                                        .style = read_text(json_object_get(face, "style"), a)};
    for (size_t i = 0; i < json_array_size(names); i++)
        if (!(ret->names[ret->name_count++] = read_text(json_array_get(names, i), a)))
            return false;
    return ret->family && ret->style && ret->name_count > 0 && json_object_size(face) == 8;
}

bool dgl_font_facts_read(const json_t *faces, struct dgl_arena *a, struct dgl_font_facts *ret)
{
    struct dgl_font_facts facts = {.face_count = (uint32_t)DGL_MIN(json_array_size(faces), (size_t)UINT32_MAX)};
    if (!json_is_array(faces) || facts.face_count == 0 || facts.face_count > DGL_FONT_MAX_FACES)
        return false;
    facts.faces = dgl_arena_alloc(a, facts.face_count * sizeof(*facts.faces));
    for (uint32_t i = 0; i < facts.face_count; i++)
        if (!read_face(json_array_get(faces, i), a, &facts.faces[i]))
            return false;
    *ret = facts;
    return true;
}
