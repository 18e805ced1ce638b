// Libraries of fonts and the shelf that keeps them. See font_library.h.
#include "render/layout/font_library.h"

#include <hb-ot.h>
#include <hb-subset.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_ID 0x80000000u // the machine's faces are numbered below it

struct own_file {
    unsigned char sha256[32];
    const void *data; // NULL = not opened
    size_t len;
    bool is_ours; // malloc'd
};
struct own_face {
    const struct dgl_font_face_facts *facts;
    uint32_t file, id;
    hb_blob_t *instance; // static font made of a variable one
    hb_font_t *probe;    // for questions about characters
    bool tried;          // the instance
};
struct dgl_font_library {
    const struct dgl_font_source *beneath;
    struct dgl_font_opener opener;
    struct dgl_arena *arena; // names
    struct own_file *files;
    struct own_face *faces;
    uint32_t file_count, file_cap, face_count, face_cap, *next_id;
    struct dgl_font_source source;
    bool after;
    uint32_t refused;
    struct dgl_error failed; // the first file that could not be opened
};

// ---- files and instances

static bool open_file(struct dgl_font_library *l, struct own_file *f)
{
    struct dgl_error err = DGL_ERROR_INIT;
    if (f->data)
        return true;
    if (l->failed.code != DGL_OK)
        return false;
    if (l->opener.open && l->opener.open(l->opener.ctx, f->sha256, &f->data, &f->len, &err) == DGL_OK)
        return true;
    f->data = NULL;
    if (err.code == DGL_OK)
        (void)DGL_FAIL(&err, DGL_E_UNAVAILABLE, "a font cannot be opened");
    l->failed = err;
    return false;
}

static hb_face_t *open_face(const struct own_file *f, uint32_t index)
{
    hb_blob_t *blob = hb_blob_create(f->data, (unsigned)f->len, HB_MEMORY_MODE_READONLY, NULL, NULL);
    hb_face_t *face = hb_face_create(blob, index);
    hb_blob_destroy(blob);
    return face;
}

static void keep_everything(hb_subset_input_t *input)
{
    static const hb_subset_sets_t all[] = {HB_SUBSET_SETS_LAYOUT_FEATURE_TAG, HB_SUBSET_SETS_NAME_ID,
                                           HB_SUBSET_SETS_NAME_LANG_ID};
    hb_subset_input_set_flags(input, HB_SUBSET_FLAGS_RETAIN_GIDS | HB_SUBSET_FLAGS_NOTDEF_OUTLINE |
                                         HB_SUBSET_FLAGS_NO_HINTING);
    for (size_t i = 0; i < DGL_COUNT(all); i++) {
        hb_set_clear(hb_subset_input_set(input, all[i]));
        hb_set_invert(hb_subset_input_set(input, all[i]));
    }
    hb_set_invert(hb_subset_input_unicode_set(input));
}

// The whole font with every axis pinned.
static hb_blob_t *make_instance(hb_face_t *face, uint32_t instance)
{
    hb_ot_var_axis_info_t axes[16];
    float coords[16] = {0};
    unsigned axis_count = DGL_COUNT(axes), coord_count = DGL_COUNT(coords);
    hb_ot_var_get_axis_infos(face, 0, &axis_count, axes);
    if (instance)
        hb_ot_var_named_instance_get_design_coords(face, instance - 1, &coord_count, coords);
    hb_subset_input_t *input = hb_subset_input_create_or_fail();
    if (!input)
        return NULL;
    keep_everything(input);
    hb_set_add_range(hb_subset_input_glyph_set(input), 0, hb_face_get_glyph_count(face) - 1);
    bool pinned = true;
    for (unsigned i = 0; i < axis_count; i++)
        pinned = (instance && i < coord_count ? hb_subset_input_pin_axis_location(input, face, axes[i].tag, coords[i])
                                              : hb_subset_input_pin_axis_to_default(input, face, axes[i].tag)) &&
                 pinned;
    hb_face_t *made = pinned ? hb_subset_or_fail(face, input) : NULL;
    hb_blob_t *blob = made ? hb_face_reference_blob(made) : NULL;
    hb_face_destroy(made);
    hb_subset_input_destroy(input);
    return blob;
}

// Gives the bytes of a face. A variable font that cannot be made static counts as not there.
static bool realize(struct dgl_font_library *l, struct own_face *f, struct dgl_font_match *ret)
{
    struct own_file *file = &l->files[f->file];
    const struct dgl_font_face_facts *facts = f->facts;
    if (!open_file(l, file))
        return false;
    *ret = (struct dgl_font_match){file->data,           file->len,     facts->index, f->id,
                                   facts->weight >= 600, facts->italic, facts->family};
    if (!f->tried) {
        hb_face_t *face = open_face(file, facts->index);
        f->tried = true;
        if (hb_ot_var_has_data(face))
            f->instance = make_instance(face, facts->instance);
        else
            f->instance = hb_blob_get_empty();
        hb_face_destroy(face);
    }
    unsigned len = 0;
    const char *data = f->instance ? hb_blob_get_data(f->instance, &len) : NULL;
    if (len) {
        ret->data = data;
        ret->len = len;
        ret->index = 0;
    }
    return f->instance != NULL;
}

// ---- the source

static bool answers_to(const struct dgl_font_face_facts *f, const char *family)
{
    for (uint32_t i = 0; i < f->name_count; i++)
        if (strcasecmp(f->names[i], family) == 0)
            return true;
    return false;
}

static int distance(const struct dgl_font_face_facts *f, bool bold, bool italic)
{
    return abs(f->weight - (bold ? 700 : 400)) + (f->italic != italic) * 200 + abs(f->width - 100) * 4;
}

static bool find_own(struct dgl_font_library *l, const char *family, bool bold, bool italic, struct dgl_font_match *ret)
{
    struct own_face *best = NULL;
    for (uint32_t i = 0; i < l->face_count; i++)
        if (answers_to(l->faces[i].facts, family) &&
            (!best || distance(l->faces[i].facts, bold, italic) < distance(best->facts, bold, italic)))
            best = &l->faces[i];
    return best && realize(l, best, ret);
}

static bool find(void *ctx, const char *family, bool bold, bool italic, struct dgl_font_match *ret)
{
    struct dgl_font_library *l = ctx;
    if (l->after && l->beneath->find(l->beneath->ctx, family, bold, italic, ret))
        return true;
    if (find_own(l, family, bold, italic, ret))
        return true;
    return !l->after && l->beneath->find(l->beneath->ctx, family, bold, italic, ret);
}

static bool has_character(struct dgl_font_library *l, struct own_face *f, uint32_t codepoint)
{
    hb_codepoint_t gid;
    if (!open_file(l, &l->files[f->file]))
        return false;
    if (!f->probe) {
        hb_face_t *face = open_face(&l->files[f->file], f->facts->index);
        f->probe = hb_font_create(face);
        hb_face_destroy(face);
    }
    return hb_font_get_nominal_glyph(f->probe, codepoint, &gid) && gid;
}

static bool cover(void *ctx, uint32_t codepoint, const char *lang, bool serif, bool bold, bool italic,
                  struct dgl_font_match *ret)
{
    struct dgl_font_library *l = ctx;
    if (l->beneath->cover(l->beneath->ctx, codepoint, lang, serif, bold, italic, ret))
        return true;
    for (uint32_t i = 0; i < l->face_count; i++)
        if (has_character(l, &l->faces[i], codepoint) && find(l, l->faces[i].facts->family, bold, italic, ret))
            return true;
    return false;
}

// ---- making a library

static struct dgl_font_library *library_new(const struct dgl_font_source *beneath, const struct dgl_font_choice *choice,
                                            uint32_t *next_id)
{
    struct dgl_font_library *l = DGL_NEW(struct dgl_font_library);
    l->beneath = beneath;
    l->opener = choice->opener;
    l->after = choice->after;
    l->arena = dgl_arena_new(0);
    l->next_id = next_id;
    l->source = (struct dgl_font_source){.find = find, .cover = cover, .ctx = l};
    return l;
}

static void library_free(struct dgl_font_library *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; i < l->face_count; i++) {
        hb_font_destroy(l->faces[i].probe);
        hb_blob_destroy(l->faces[i].instance);
    }
    for (uint32_t i = 0; i < l->file_count; i++) {
        struct own_file *f = &l->files[i];
        if (f->is_ours)
            free((void *)f->data);
        else if (f->data && l->opener.close)
            l->opener.close(l->opener.ctx, f->data, f->len);
    }
    free(l->files);
    free(l->faces);
    dgl_arena_free(l->arena);
    free(l);
}

static const struct dgl_font_face_facts *copy_facts(struct dgl_arena *a, const struct dgl_font_face_facts *from)
{
    struct dgl_font_face_facts *f = DGL_ARENA_NEW(a, struct dgl_font_face_facts);
    *f = *from;
    f->family = dgl_arena_strdup(a, from->family);
    f->style = dgl_arena_strdup(a, from->style);
    for (uint32_t i = 0; i < f->name_count; i++)
        f->names[i] = dgl_arena_strdup(a, from->names[i]);
    return f;
}

void dgl_font_library_add(struct dgl_font_library *l, const unsigned char sha256[32],
                          const struct dgl_font_facts *facts, void *data, size_t len)
{
    if (l->file_count == l->file_cap) {
        l->file_cap = l->file_cap ? l->file_cap * 2 : 8;
        l->files = dgl_realloc(l->files, l->file_cap * sizeof(*l->files));
    }
    struct own_file *file = &l->files[l->file_count++];
    *file = (struct own_file){.data = data, .len = len, .is_ours = data != NULL};
    memcpy(file->sha256, sha256, sizeof(file->sha256));
    for (uint32_t i = 0; i < facts->face_count; i++) {
        if (l->face_count == l->face_cap) {
            l->face_cap = l->face_cap ? l->face_cap * 2 : 16;
            l->faces = dgl_realloc(l->faces, l->face_cap * sizeof(*l->faces));
        }
        l->faces[l->face_count++] = (struct own_face){
            .facts = copy_facts(l->arena, &facts->faces[i]), .file = l->file_count - 1, .id = (*l->next_id)++};
    }
}

void dgl_font_library_refuse(struct dgl_font_library *l)
{
    l->refused++;
}

// ---- the shelf

struct set {
    unsigned char key[2 * DGL_FONT_KEY_BYTES];
    struct dgl_font_library *libraries[2]; // the second is beneath the first
    struct dgl_fonts *fonts;
    uint64_t used;
};
struct dgl_font_shelf {
    const struct dgl_font_source *beneath;
    struct dgl_fonts *plain; // on the machine's fonts alone
    struct set *sets[DGL_FONT_MAX_SETS], *lent;
    uint32_t next_id;
    uint64_t tick;
};

struct dgl_font_shelf *dgl_font_shelf_new(const struct dgl_font_source *beneath)
{
    struct dgl_font_shelf *s = DGL_NEW(struct dgl_font_shelf);
    s->beneath = beneath;
    s->plain = dgl_fonts_new(beneath);
    s->next_id = FIRST_ID;
    return s;
}

static void set_free(struct set *x)
{
    if (!x)
        return;
    dgl_fonts_free(x->fonts); // its faces lie in the libraries' files
    library_free(x->libraries[0]);
    library_free(x->libraries[1]);
    free(x);
}

void dgl_font_shelf_free(struct dgl_font_shelf *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < DGL_FONT_MAX_SETS; i++)
        set_free(s->sets[i]);
    dgl_fonts_free(s->plain);
    free(s);
}

static struct set **place_for(struct dgl_font_shelf *s)
{
    struct set **oldest = &s->sets[0];
    for (unsigned i = 0; i < DGL_FONT_MAX_SETS; i++) {
        if (!s->sets[i])
            return &s->sets[i];
        if (s->sets[i]->used < (*oldest)->used)
            oldest = &s->sets[i];
    }
    set_free(*oldest);
    *oldest = NULL;
    return oldest;
}

static enum dgl_status set_new(struct dgl_font_shelf *s, const struct dgl_font_choice *const choices[2],
                               struct set **ret, struct dgl_error *err)
{
    struct set *x = DGL_NEW(struct set);
    const struct dgl_font_source *source = s->beneath;
    enum dgl_status status = DGL_OK;
    for (int i = 1; i >= 0 && status == DGL_OK; i--) {
        if (!choices[i])
            continue;
        x->libraries[i] = library_new(source, choices[i], &s->next_id);
        status = choices[i]->list(choices[i]->ctx, x->libraries[i], err);
        source = &x->libraries[i]->source;
    }
    if (status != DGL_OK) {
        set_free(x);
        return status;
    }
    x->fonts = dgl_fonts_new(source);
    *ret = x;
    return DGL_OK;
}

enum dgl_status dgl_font_shelf_get(struct dgl_font_shelf *s, const struct dgl_font_choice *first,
                                   const struct dgl_font_choice *second, struct dgl_fonts **ret, struct dgl_error *err)
{
    const struct dgl_font_choice *const choices[2] = {first, second};
    unsigned char key[2 * DGL_FONT_KEY_BYTES] = {0};
    s->lent = NULL;
    *ret = s->plain;
    if (!first && !second) {
        dgl_fonts_begin(s->plain);
        return DGL_OK;
    }
    for (unsigned i = 0; i < 2; i++)
        if (choices[i])
            memcpy(key + (size_t)i * DGL_FONT_KEY_BYTES, choices[i]->key, DGL_FONT_KEY_BYTES);
    for (unsigned i = 0; i < DGL_FONT_MAX_SETS && !s->lent; i++)
        if (s->sets[i] && memcmp(s->sets[i]->key, key, sizeof(key)) == 0)
            s->lent = s->sets[i];
    if (!s->lent) {
        struct set *made = NULL, **place = place_for(s);
        DGL_TRY(set_new(s, choices, &made, err));
        memcpy(made->key, key, sizeof(key));
        s->lent = *place = made;
    }
    s->lent->used = ++s->tick;
    *ret = s->lent->fonts;
    dgl_fonts_begin(s->lent->fonts);
    return DGL_OK;
}

uint32_t dgl_font_shelf_refused(const struct dgl_font_shelf *s)
{
    uint32_t count = 0;
    for (unsigned i = 0; s->lent && i < DGL_COUNT(s->lent->libraries); i++)
        count += s->lent->libraries[i] ? s->lent->libraries[i]->refused : 0;
    return count;
}

bool dgl_font_shelf_own(struct dgl_font_shelf *s, const char *family, bool bold, bool italic,
                        struct dgl_font_match *ret)
{
    for (int i = 1; s->lent && i >= 0; i--)
        if (s->lent->libraries[i] && find_own(s->lent->libraries[i], family, bold, italic, ret))
            return true;
    return false;
}

bool dgl_font_shelf_beneath(struct dgl_font_shelf *s, const char *family)
{
    struct dgl_font_match m;
    return s->beneath->find(s->beneath->ctx, family, false, false, &m);
}

enum dgl_status dgl_font_shelf_check(struct dgl_font_shelf *s, struct dgl_error *err)
{
    for (unsigned i = 0; s->lent && i < 2; i++) {
        if (!s->lent->libraries[i] || s->lent->libraries[i]->failed.code == DGL_OK)
            continue;
        *err = s->lent->libraries[i]->failed;
        for (unsigned k = 0; k < DGL_FONT_MAX_SETS; k++)
            if (s->sets[k] == s->lent)
                s->sets[k] = NULL;
        set_free(s->lent);
        s->lent = NULL;
        return err->code;
    }
    return DGL_OK;
}
