// Embedding an organization's fonts. See font_embedding.h.
#include "render/layout/font_embedding.h"

#include <hb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FAMILIES_MAX DGL_LAYOUT_MAX_FONTS // looked up in one document
#define W "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define R "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define RELATIONSHIPS "http://schemas.openxmlformats.org/package/2006/relationships"
#define TABLE_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"
#define FONT_TYPE "application/vnd.openxmlformats-officedocument.obfuscatedFont"
#define NO_KEY "{00000000-0000-0000-0000-000000000000}" // mixes nothing into the bytes
#define STYLES 4u                                       // bit 0 bold, bit 1 italic

struct family {
    const char *name;  // as the document writes it
    const char *alias; // in the copy; NULL = as it is
    bool own;          // the organization has it
};
struct font_part {
    const char *name; // in the package
    const struct family *family;
    unsigned style;
    hb_blob_t *bytes;
};
struct copy {
    struct dgl_docx_package *package;
    struct dgl_font_shelf *shelf;
    struct dgl_budget *budget;
    struct dgl_arena *arena;
    uint32_t table; // member; UINT32_MAX = the document has no font table
    const char *table_name;
    bool table_embeds;
    struct family families[FAMILIES_MAX];
    uint32_t family_count;
    struct font_part parts[DGL_FONT_MAX_EMBEDDED];
    uint32_t part_count;
    size_t bytes;
    bool left_out;
};

// ---- names in XML

// A walk over the attributes of a text of XML that name a font.
struct walk {
    const char *at, *end;
    bool in_tag;
};

static const char *past(const char *at, const char *end, const char *mark)
{
    const char *found = memmem(at, (size_t)(end - at), mark, strlen(mark));
    return found ? found + strlen(mark) : end;
}

// To the inside of the next tag; comments, instructions and CDATA are none. False at the end.
static bool enter_tag(struct walk *w)
{
    static const char *const others[][2] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    for (;;) {
        const char *open = w->at < w->end ? memchr(w->at, '<', (size_t)(w->end - w->at)) : NULL;
        if (!open)
            return false;
        w->at = open + 1;
        size_t i = 0;
        while (i < DGL_COUNT(others) && !dgl_str_starts((struct dgl_str){open, (size_t)(w->end - open)}, others[i][0]))
            i++;
        if (i == DGL_COUNT(others))
            return w->in_tag = true;
        w->at = past(open, w->end, others[i][1]);
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Whether the name before the quote, without its prefix, is of an attribute that names a font (§17.3.2.26, §20.1.4.2).
static bool names_a_font(const char *start, const char *quote)
{
    static const char *const names[] = {"ascii", "hAnsi", "cs", "eastAsia", "typeface", "font"};
    while (quote > start && (is_space(quote[-1]) || quote[-1] == '='))
        quote--;
    const char *from = quote;
    while (from > start && !is_space(from[-1]) && from[-1] != ':' && from[-1] != '"' && from[-1] != '\'')
        from--;
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (dgl_str_is((struct dgl_str){from, (size_t)(quote - from)}, names[i]))
            return true;
    return false;
}

static bool next_name(struct walk *w, struct dgl_str *ret)
{
    while (w->in_tag || enter_tag(w)) {
        const char *start = w->at;
        while (w->at < w->end && *w->at != '>' && *w->at != '"' && *w->at != '\'')
            w->at++;
        if (w->at == w->end)
            return false;
        char c = *w->at++;
        if (c == '>') {
            w->in_tag = false;
            continue;
        }
        const char *value = w->at, *close = memchr(value, c, (size_t)(w->end - value));
        if (!close)
            return false;
        w->at = close + 1;
        *ret = (struct dgl_str){value, (size_t)(close - value)};
        if (ret->len && ret->len <= DGL_FONT_MAX_NAME_BYTES && names_a_font(start, value - 1))
            return true;
    }
    return false;
}

// ---- families

static const struct family *lookup(const struct copy *c, struct dgl_str name)
{
    for (uint32_t i = 0; i < c->family_count; i++)
        if (strlen(c->families[i].name) == name.len && strncasecmp(c->families[i].name, name.data, name.len) == 0)
            return &c->families[i];
    return NULL;
}

static void add_family(struct copy *c, struct dgl_str name)
{
    struct dgl_font_match m;
    if (lookup(c, name))
        return;
    if (c->family_count == FAMILIES_MAX) {
        c->left_out = true;
        return;
    }
    struct family *f = &c->families[c->family_count++];
    *f = (struct family){.name = dgl_arena_strndup(c->arena, name.data, name.len)};
    f->own = dgl_font_shelf_own(c->shelf, f->name, false, false, &m);
    if (f->own && (c->table_embeds || dgl_font_shelf_beneath(c->shelf, f->name)))
        f->alias = dgl_arena_printf(c->arena, "%s (own)", f->name);
}

static bool is_xml(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcasecmp(name + len - 4, ".xml") == 0 && strcasecmp(name, "[Content_Types].xml") != 0;
}

// A member's bytes, where they lie or in `buf`.
static enum dgl_status read_member(struct copy *c, uint32_t member, struct dgl_buf *buf, struct dgl_str *ret,
                                   struct dgl_error *err)
{
    DGL_TRY(dgl_budget_tick(c->budget, err));
    if (dgl_zip_lend(c->package->zip, member, ret))
        return DGL_OK;
    dgl_buf_reset(buf);
    DGL_TRY(dgl_zip_read(c->package->zip, member, buf, err));
    *ret = (struct dgl_str){buf->data ? buf->data : "", buf->len};
    return DGL_OK;
}

static enum dgl_status find_families(struct copy *c, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) buf = DGL_BUF_INIT(DGL_ZIP_MAX_MEMBER_BYTES);
    for (uint32_t i = 0; i < c->package->member_count; i++) {
        struct dgl_str xml, name;
        if (!is_xml(dgl_zip_name(c->package->zip, i)))
            continue;
        DGL_TRY(read_member(c, i, &buf, &xml, err));
        for (struct walk w = {.at = xml.data, .end = xml.data + xml.len}; next_name(&w, &name);)
            add_family(c, name);
    }
    return DGL_OK;
}

// ---- fonts

// The face as a file of its own: one of a collection is taken out.
static hb_blob_t *take_face(const struct dgl_font_match *m)
{
    hb_blob_t *whole = hb_blob_create(m->data, (unsigned)m->len, HB_MEMORY_MODE_READONLY, NULL, NULL);
    if (m->len < 4 || memcmp(m->data, "ttcf", 4) != 0)
        return whole;
    hb_face_t *face = hb_face_create(whole, m->index), *single = hb_face_builder_create();
    hb_tag_t tags[DGL_FONT_MAX_TABLES];
    unsigned count = DGL_COUNT(tags);
    hb_face_get_table_tags(face, 0, &count, tags);
    for (unsigned i = 0; i < count; i++) {
        hb_blob_t *table = hb_face_reference_table(face, tags[i]);
        hb_face_builder_add_table(single, tags[i], table);
        hb_blob_destroy(table);
    }
    hb_blob_t *file = hb_face_reference_blob(single);
    hb_face_destroy(single);
    hb_face_destroy(face);
    hb_blob_destroy(whole);
    return file;
}

// The regular style always, the nearest face for it; another one where there is a face of it.
static void add_styles(struct copy *c, const struct family *f)
{
    for (unsigned style = 0; style < STYLES; style++) {
        struct dgl_font_match m;
        bool bold = style & 1u, italic = style & 2u;
        if (!dgl_font_shelf_own(c->shelf, f->name, bold, italic, &m) ||
            (style && (m.bold != bold || m.italic != italic)))
            continue;
        if (c->part_count == DGL_FONT_MAX_EMBEDDED || m.len > DGL_FONT_MAX_EMBEDDING_BYTES - c->bytes) {
            c->left_out = true;
            continue;
        }
        struct font_part *part = &c->parts[c->part_count++];
        *part = (struct font_part){.family = f, .style = style, .bytes = take_face(&m)};
        c->bytes += m.len;
        part->name = dgl_docx_new_name(c->package, c->arena,
                                       dgl_arena_printf(c->arena, "word/fonts/own%u.odttf", c->part_count));
    }
}

// ---- the copy

// Where the content of a root element ends: before its end tag. An empty root is not opened: SIZE_MAX.
static size_t content_end(struct dgl_str xml)
{
    const char *close = xml.len ? memrchr(xml.data, '<', xml.len) : NULL;
    return close && close + 1 < xml.data + xml.len && close[1] == '/' ? (size_t)(close - xml.data) : SIZE_MAX;
}

// A part with `more` at the end of its root, or, where it is not there or empty, in a new `root`.
static enum dgl_status add_extended(struct copy *c, struct dgl_zip_writer *zip, uint32_t member, const char *name,
                                    const char *root, const char *xmlns, const struct dgl_buf *more,
                                    struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) buf = DGL_BUF_INIT(DGL_ZIP_MAX_MEMBER_BYTES);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_ZIP_MAX_MEMBER_BYTES);
    struct dgl_str old = {"", 0};
    if (member != UINT32_MAX)
        DGL_TRY(read_member(c, member, &buf, &old, err));
    size_t at = content_end(old);
    if (at == SIZE_MAX)
        dgl_buf_printf(&text, "<%s xmlns=\"%s\">%s</%s>", root, xmlns, more->data, root);
    else
        dgl_buf_append(&text, old.data, at);
    if (at != SIZE_MAX) {
        dgl_buf_puts(&text, more->data);
        dgl_buf_append(&text, old.data + at, old.len - at);
    }
    DGL_TRY(dgl_buf_check(&text, name, err));
    return dgl_zip_writer_add(zip, name, text.data, text.len, err);
}

static void put_fonts(const struct copy *c, struct dgl_buf *table, struct dgl_buf *rels, struct dgl_buf *types)
{
    static const char *const elements[STYLES] = {"embedRegular", "embedBold", "embedItalic", "embedBoldItalic"};
    for (uint32_t i = 0; i < c->part_count; i++) {
        const struct font_part *p = &c->parts[i];
        const char *name = p->family->alias ? p->family->alias : p->family->name;
        dgl_buf_printf(table,
                       "<w:font xmlns:w=\"" W "\" xmlns:r=\"" R
                       "\" w:name=\"%s\"><w:%s r:id=\"own%u\" w:fontKey=\"" NO_KEY "\"/></w:font>",
                       name, elements[p->style], i + 1);
        dgl_buf_printf(rels,
                       "<Relationship xmlns=\"" RELATIONSHIPS "\" Id=\"own%u\" Type=\"" R "/font\" Target=\"/%s\"/>",
                       i + 1, p->name);
        dgl_buf_printf(types, "<Override PartName=\"/%s\" ContentType=\"" FONT_TYPE "\"/>", p->name);
    }
}

static uint32_t member_of(const struct copy *c, const char *name)
{
    size_t at;
    return dgl_zip_find(c->package->zip, name, &at) ? (uint32_t)at : UINT32_MAX;
}

// Names that got an alias have it in the copy of the part.
static enum dgl_status add_renamed(struct copy *c, struct dgl_zip_writer *zip, uint32_t member, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) buf = DGL_BUF_INIT(DGL_ZIP_MAX_MEMBER_BYTES);
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(DGL_ZIP_MAX_MEMBER_BYTES);
    struct dgl_str xml, name;
    DGL_TRY(read_member(c, member, &buf, &xml, err));
    const char *copied = xml.data;
    for (struct walk w = {.at = xml.data, .end = xml.data + xml.len}; next_name(&w, &name);) {
        const struct family *f = lookup(c, name);
        if (!f || !f->alias)
            continue;
        dgl_buf_append(&text, copied, (size_t)(name.data - copied));
        dgl_buf_puts(&text, f->alias);
        copied = name.data + name.len;
    }
    dgl_buf_append(&text, copied, (size_t)(xml.data + xml.len - copied));
    DGL_TRY(dgl_buf_check(&text, "the copy for LibreOffice", err));
    return dgl_zip_writer_add(zip, dgl_zip_name(c->package->zip, member), text.data, text.len, err);
}

static bool any_alias(const struct copy *c)
{
    for (uint32_t i = 0; i < c->family_count; i++)
        if (c->families[i].alias)
            return true;
    return false;
}

// Members besides those that are extended.
static enum dgl_status add_others(struct copy *c, struct dgl_zip_writer *zip, const uint32_t *extended, size_t count,
                                  struct dgl_error *err)
{
    bool rename = any_alias(c);
    for (uint32_t i = 0; i < c->package->member_count; i++) {
        const char *name = dgl_zip_name(c->package->zip, i);
        size_t k = 0;
        while (k < count && extended[k] != i)
            k++;
        if (k < count)
            continue;
        DGL_TRY(rename && is_xml(name) ? add_renamed(c, zip, i, err)
                                       : dgl_zip_writer_add_raw(zip, name, &c->package->raws[i], err));
    }
    return DGL_OK;
}

static const char *rels_name(struct copy *c, const char *part)
{
    const char *slash = strrchr(part, '/');
    size_t folder = slash ? (size_t)(slash - part) + 1 : 0;
    return dgl_arena_printf(c->arena, "%.*s_rels/%s.rels", (int)folder, part, part + folder);
}

static enum dgl_status write_copy(struct copy *c, struct dgl_buf *out, struct dgl_error *err)
{
    DGL_AUTO(zip_writer) zip = dgl_zip_writer_new(out, 0);
    DGL_AUTO_FINI(buf) table = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) rels = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) types = DGL_BUF_INIT(1u << 20);
    DGL_AUTO_FINI(buf) main_rels = DGL_BUF_INIT(1u << 20);
    const char *main_name = rels_name(c, dgl_zip_name(c->package->zip, c->package->main));
    const char *table_rels = rels_name(c, c->table_name);
    const uint32_t extended[] = {c->package->content_types, c->table, member_of(c, table_rels),
                                 c->table == UINT32_MAX ? member_of(c, main_name) : UINT32_MAX};
    put_fonts(c, &table, &rels, &types);
    DGL_TRY(dgl_buf_check(&table, "the font table", err));
    if (c->table == UINT32_MAX) {
        dgl_buf_printf(&types, "<Override PartName=\"/%s\" ContentType=\"" TABLE_TYPE "\"/>", c->table_name);
        dgl_buf_printf(&main_rels,
                       "<Relationship xmlns=\"" RELATIONSHIPS "\" Id=\"ownFonts\" Type=\"" R
                       "/fontTable\" Target=\"/%s\"/>",
                       c->table_name);
        DGL_TRY(add_extended(c, zip, extended[3], main_name, "Relationships", RELATIONSHIPS, &main_rels, err));
    }
    DGL_TRY(add_extended(c, zip, extended[0], "[Content_Types].xml", "Types", "", &types, err));
    DGL_TRY(add_extended(c, zip, extended[1], c->table_name, "fonts", W, &table, err));
    DGL_TRY(add_extended(c, zip, extended[2], table_rels, "Relationships", RELATIONSHIPS, &rels, err));
    DGL_TRY(add_others(c, zip, extended, DGL_COUNT(extended), err));
    for (uint32_t i = 0; i < c->part_count; i++) {
        unsigned len;
        const char *bytes = hb_blob_get_data(c->parts[i].bytes, &len);
        DGL_TRY(dgl_zip_writer_add(zip, c->parts[i].name, bytes, len, err));
    }
    return dgl_zip_writer_finish(zip, err);
}

static enum dgl_status find_table(struct copy *c, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) buf = DGL_BUF_INIT(DGL_ZIP_MAX_MEMBER_BYTES);
    struct dgl_docx_relationship *rels;
    size_t count;
    uint32_t unused;
    struct dgl_str xml;
    const char *main_name = dgl_zip_name(c->package->zip, c->package->main);
    c->table = UINT32_MAX;
    DGL_TRY(dgl_docx_relationships(c->package, c->package->main, c->arena, &rels, &count, &unused, err));
    for (size_t i = 0; i < count && c->table == UINT32_MAX; i++)
        if (!dgl_docx_type_ends(rels[i].type, "/fontTable") ||
            !dgl_docx_resolve(c->package, main_name, rels[i].target, &c->table))
            c->table = UINT32_MAX;
    if (c->table == UINT32_MAX) {
        c->table_name = dgl_docx_new_name(c->package, c->arena, "word/ownFonts");
        return DGL_OK;
    }
    c->table_name = dgl_zip_name(c->package->zip, c->table);
    DGL_TRY(read_member(c, c->table, &buf, &xml, err));
    c->table_embeds = dgl_str_holds(xml, "embed");
    return DGL_OK;
}

static enum dgl_status embed(struct copy *c, struct dgl_buf *out, struct dgl_error *err)
{
    DGL_TRY(find_table(c, err));
    DGL_TRY(find_families(c, err));
    for (uint32_t i = 0; i < c->family_count; i++)
        if (c->families[i].own)
            add_styles(c, &c->families[i]);
    DGL_TRY(dgl_font_shelf_check(c->shelf, err));
    return c->part_count ? write_copy(c, out, err) : DGL_OK;
}

enum dgl_status dgl_fonts_embed(struct dgl_docx_package *p, struct dgl_font_shelf *shelf, struct dgl_budget *budget,
                                struct dgl_arena *a, struct dgl_buf *out, uint32_t *ret_count, bool *ret_left_out,
                                struct dgl_error *err)
{
    struct copy *c = DGL_ARENA_NEW(a, struct copy);
    c->package = p;
    c->shelf = shelf;
    c->budget = budget;
    c->arena = a;
    enum dgl_status status = embed(c, out, err);
    for (uint32_t i = 0; i < c->part_count; i++)
        hb_blob_destroy(c->parts[i].bytes);
    if (status != DGL_OK)
        return status;
    *ret_count = c->part_count;
    *ret_left_out = c->left_out;
    return DGL_OK;
}
