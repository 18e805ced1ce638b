// Reading the fonts of a document. See font_embedded.h.
#include "render/layout/font_embedded.h"

#include "base/crypto.h"
#include "render/layout/xnode.h"

#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 16u // of a GUID; mixed with the first 32 bytes, twice over

enum style { STYLE_BOLD = 1, STYLE_ITALIC = 2 };
struct embedded {
    const char *name;
    unsigned style;
    uint8_t key[KEY_BYTES]; // as it is mixed in; zeros when the file lies plain
    uint32_t member;
};
struct embedded_list {
    struct dgl_docx_package *package;
    struct dgl_budget *budget;
    uint32_t count, named, refused; // of all that the table names; of these, those without key or part
    struct embedded fonts[DGL_FONT_MAX_EMBEDDED];
};

// ---- the font table

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

// "{1DF903AD-…}": its hexadecimal digits from the last pair to the first (§17.8.1). False when there are others
// than 32.
static bool read_key(const struct dgl_str *guid, uint8_t key[KEY_BYTES])
{
    unsigned digits = 0;
    memset(key, 0, KEY_BYTES);
    for (size_t i = 0; guid && i < guid->len; i++) {
        int v = hex_digit(guid->data[i]);
        if (v < 0)
            continue;
        if (digits == 2 * KEY_BYTES)
            return false;
        key[KEY_BYTES - 1 - digits / 2] |= (uint8_t)(digits % 2 ? v : v << 4);
        digits++;
    }
    return !guid || digits == 2 * KEY_BYTES;
}

struct table { // the font table's part
    uint32_t member;
    struct dgl_docx_relationship *rels;
    size_t rel_count;
};

static bool find_part(const struct embedded_list *l, const struct table *t, const struct dgl_str *id, uint32_t *ret)
{
    for (size_t i = 0; i < t->rel_count; i++)
        if (dgl_str_equal(t->rels[i].id, *id) && !dgl_str_is(t->rels[i].mode, "External") &&
            dgl_docx_resolve(l->package, dgl_zip_name(l->package->zip, t->member), t->rels[i].target, ret))
            return true;
    return false;
}

// So many are looked up, found or not: each costs a walk over the relationships.
static void add_font(struct embedded_list *l, const struct table *t, const struct dgl_x *embed, const char *name,
                     unsigned style)
{
    const struct dgl_str *id = dgl_x_attr(embed, DGL_X_id);
    struct embedded e = {.name = name, .style = style};
    if (l->named < DGL_FONT_MAX_EMBEDDED && id && read_key(dgl_x_attr(embed, DGL_X_fontKey), e.key) &&
        find_part(l, t, id, &e.member))
        l->fonts[l->count++] = e;
    else
        l->refused++;
    l->named++;
}

static enum dgl_status read_table(struct embedded_list *l, const struct table *t, struct dgl_arena *a,
                                  struct dgl_error *err)
{
    static const struct {
        enum dgl_x_name element;
        unsigned style;
    } kinds[] = {{DGL_X_embedRegular, 0},
                 {DGL_X_embedBold, STYLE_BOLD},
                 {DGL_X_embedItalic, STYLE_ITALIC},
                 {DGL_X_embedBoldItalic, STYLE_BOLD | STYLE_ITALIC}};
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_LAYOUT_MAX_PART_BYTES);
    uint32_t nodes_left = DGL_LAYOUT_MAX_NODES;
    struct dgl_x *root;
    DGL_TRY(dgl_zip_read(l->package->zip, t->member, &xml, err));
    DGL_TRY(dgl_x_parse(a, (struct dgl_str){xml.data ? xml.data : "", xml.len}, DGL_X_COPIED, "the font table",
                        &nodes_left, &root, err));
    DGL_X_EACH(font, root)
    {
        const struct dgl_str *name = dgl_x_attr(font, DGL_X_name);
        if (font->name != DGL_X_font || !name || name->len == 0 || name->len > DGL_FONT_MAX_NAME_BYTES)
            continue;
        const char *copy = dgl_arena_strndup(a, name->data, name->len);
        for (size_t k = 0; k < DGL_COUNT(kinds); k++) {
            const struct dgl_x *embed = dgl_x_child(font, kinds[k].element);
            if (embed)
                add_font(l, t, embed, copy, kinds[k].style);
        }
    }
    return DGL_OK;
}

// ---- reading

// A font's bytes, malloc'd; false when the part cannot be read.
static bool read_font(struct embedded_list *l, const struct embedded *e, uint8_t **ret, size_t *ret_len)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    DGL_AUTO_FINI(buf) file = DGL_BUF_INIT(DGL_FONT_MAX_BYTES);
    if (dgl_zip_read(l->package->zip, e->member, &file, &ignored) != DGL_OK || file.len < 2 * (size_t)KEY_BYTES)
        return false;
    *ret = (uint8_t *)dgl_buf_take(&file, ret_len);
    for (size_t i = 0; i < 2 * (size_t)KEY_BYTES; i++)
        (*ret)[i] ^= e->key[i % KEY_BYTES];
    return true;
}

// A face answers also to the name that the table gives it, in the style that the table says.
static void rename_faces(struct dgl_font_facts *facts, const struct embedded *e)
{
    for (uint32_t i = 0; i < facts->face_count; i++) {
        struct dgl_font_face_facts *f = &facts->faces[i];
        f->weight = e->style & STYLE_BOLD ? 700 : 400;
        f->italic = (e->style & STYLE_ITALIC) != 0;
        f->names[f->name_count < DGL_FONT_MAX_NAMES ? f->name_count++ : f->name_count - 1] = e->name;
    }
}

static enum dgl_status list_fonts(void *ctx, struct dgl_font_library *library, struct dgl_error *err)
{
    struct embedded_list *l = ctx;
    size_t left = DGL_FONT_MAX_EMBEDDED_BYTES; // also what is refused costs reading
    for (uint32_t i = 0; i < l->count; i++) {
        DGL_AUTO(arena) a = dgl_arena_new(0);
        struct dgl_error why = DGL_ERROR_INIT;
        struct dgl_font_facts facts;
        unsigned char sha256[DGL_SHA256_LEN];
        uint8_t *data = NULL;
        size_t len = 0;
        DGL_TRY(dgl_budget_tick(l->budget, err));
        uint64_t size = l->package->raws[l->fonts[i].member].size;
        bool fits = size <= left;
        left -= fits ? (size_t)size : 0;
        if (!fits || !read_font(l, &l->fonts[i], &data, &len) || dgl_font_check(data, len, a, &facts, &why) != DGL_OK) {
            free(data);
            dgl_font_library_refuse(library);
            continue;
        }
        dgl_sha256(data, len, sha256);
        rename_faces(&facts, &l->fonts[i]);
        dgl_font_library_add(library, sha256, &facts, data, len);
    }
    return DGL_OK;
}

// ---- the choice

// The first font of the same part.
static uint32_t first_of(const struct embedded_list *l, uint32_t font)
{
    uint32_t i = 0;
    while (l->fonts[i].member != l->fonts[font].member)
        i++;
    return i;
}

// Each part is hashed once, however many fonts name it: in time linear in the package.
static void make_key(const struct embedded_list *l, unsigned char key[DGL_FONT_KEY_BYTES])
{
    struct dgl_sha256_state s;
    dgl_sha256_start(&s);
    for (uint32_t i = 0; i < l->count; i++) {
        const struct embedded *e = &l->fonts[i];
        const struct dgl_zip_raw *raw = &l->package->raws[e->member];
        uint32_t first = first_of(l, i);
        const uint64_t facts[] = {e->style, first, raw->method, raw->size, raw->compressed_size};
        dgl_sha256_update(&s, e->name, strlen(e->name) + 1);
        dgl_sha256_update(&s, facts, sizeof(facts));
        dgl_sha256_update(&s, e->key, sizeof(e->key));
        if (first == i)
            dgl_sha256_update(&s, raw->data, raw->compressed_size);
    }
    dgl_sha256_finish(&s, key);
}

// Most packages hold no font, and their content types say so.
static bool may_have_fonts(const struct dgl_docx_package *p)
{
    for (size_t i = 0; i < p->type_count; i++)
        if (dgl_str_holds(p->types[i].type, "obfuscatedFont") || dgl_str_holds(p->types[i].type, "application/x-font"))
            return true;
    return false;
}

static bool find_table(struct dgl_docx_package *p, struct dgl_arena *a, struct table *ret)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    struct dgl_docx_relationship *rels;
    size_t count;
    uint32_t unused;
    if (dgl_docx_relationships(p, p->main, a, &rels, &count, &unused, &ignored) != DGL_OK)
        return false;
    for (size_t i = 0; i < count; i++)
        if (dgl_docx_type_ends(rels[i].type, "/fontTable") &&
            dgl_docx_resolve(p, dgl_zip_name(p->zip, p->main), rels[i].target, &ret->member))
            return dgl_docx_relationships(p, ret->member, a, &ret->rels, &ret->rel_count, &unused, &ignored) ==
                       DGL_OK &&
                   ret->rel_count > 0;
    return false;
}

bool dgl_fonts_embedded(struct dgl_docx_package *p, struct dgl_budget *budget, struct dgl_arena *a,
                        struct dgl_font_choice *ret, bool *ret_damaged)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    struct table t;
    *ret_damaged = false;
    if (!may_have_fonts(p) || !find_table(p, a, &t))
        return false;
    struct embedded_list *l = DGL_ARENA_NEW(a, struct embedded_list);
    l->package = p;
    l->budget = budget;
    if (read_table(l, &t, a, &ignored) != DGL_OK) {
        *ret_damaged = true;
        return false;
    }
    *ret = (struct dgl_font_choice){.list = list_fonts, .ctx = l, .after = true};
    make_key(l, ret->key);
    *ret_damaged = l->refused > 0;
    return l->count > 0;
}
