// The font set: faces by match, uses by name and style, fallbacks by character, shape results by text.
//
// The set is warm, a document must not see it. So each document counts the fonts that it uses itself, those that are
// there already as well as new ones, and its bound meets that count alone. A set that holds more than one document may
// use is emptied before the next one, so there is always room for all that the next may ask for: no document meets the
// set's own end. (To lay a document out again on a fresh set when it does would take twice the budget, and a document
// near its bounds would pass or fail by what came before.)
#include "render/layout/fonts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USE_SLOTS (4 * DGL_LAYOUT_MAX_FONTS) // at most half of them taken
#define FALLBACK_SLOTS 16384u
#define SHAPE_SLOTS (2 * DGL_LAYOUT_MAX_SHAPES)
#define SHAPE_TEXT_MAX 64u // longer texts are shaped anew: they do not come again
#define MAX_SHAPE_BYTES (24u << 20)
// Word sets East Asian fonts 30 % taller than their own line, half above and half below (measured).
#define EAST_ASIAN_PERCENT 130

struct use_slot {
    char *family;
    const struct dgl_known_font *usual; // of a fallback
    char *alternative;                  // of the hint, NULL = none
    bool serif, fixed;                  // of the hint
    bool bold, italic;
    uint64_t document; // that used it last
    struct dgl_font_use use;
};
struct fallback_slot {
    const struct dgl_font_use *base;
    struct use_slot *slot; // NULL: nothing has the character
    uint32_t codepoint;
    uint8_t style, lang;
};
struct shape {
    uint64_t key;
    struct dgl_face *face;
    uint32_t len, count;
    uint32_t tag; // script
    uint8_t flags;
    const char *text;
    struct dgl_shaped_glyph *glyphs;
};
struct dgl_fonts {
    const struct dgl_font_source *source;
    struct dgl_face *faces[DGL_LAYOUT_MAX_FACES];
    uint32_t face_count;
    struct use_slot *uses[USE_SLOTS];
    uint32_t use_count;
    struct use_slot **extra; // uses made for fallbacks
    uint32_t extra_count, extra_cap;
    struct fallback_slot *fallbacks;
    uint32_t fallback_count;
    struct shape *shapes;
    uint32_t shape_count;
    struct dgl_arena *shape_arena;
    hb_buffer_t *buffer;
    struct dgl_shaped_glyph *scratch;
    uint32_t scratch_cap;
    struct dgl_font_use stand_in[4]; // by style: what a document has past its bound; face NULL = not made yet
    uint64_t document;               // counts them
    uint32_t admitted;               // fonts that this document uses
    bool overrun;
};

struct dgl_fonts *dgl_fonts_new(const struct dgl_font_source *source)
{
    struct dgl_fonts *f = DGL_NEW(struct dgl_fonts);
    f->source = source;
    f->fallbacks = dgl_alloc(FALLBACK_SLOTS * sizeof(*f->fallbacks));
    f->shapes = dgl_alloc(SHAPE_SLOTS * sizeof(*f->shapes));
    f->shape_arena = dgl_arena_new(0);
    f->buffer = hb_buffer_create();
    f->document = 1;
    return f;
}

static void forget_shapes(struct dgl_fonts *f)
{
    memset(f->shapes, 0, SHAPE_SLOTS * sizeof(*f->shapes));
    dgl_arena_reset(f->shape_arena);
    f->shape_count = 0;
}

static void forget_fallbacks(struct dgl_fonts *f)
{
    memset(f->fallbacks, 0, FALLBACK_SLOTS * sizeof(*f->fallbacks));
    f->fallback_count = 0;
}

static void forget_fonts(struct dgl_fonts *f)
{
    for (uint32_t i = 0; i < f->face_count; i++)
        dgl_face_free(f->faces[i]);
    for (uint32_t i = 0; i < USE_SLOTS; i++) {
        if (f->uses[i]) {
            free(f->uses[i]->family);
            free(f->uses[i]->alternative);
        }
        free(f->uses[i]);
    }
    for (uint32_t i = 0; i < f->extra_count; i++)
        free(f->extra[i]);
    memset(f->uses, 0, sizeof(f->uses));
    memset(f->stand_in, 0, sizeof(f->stand_in));
    f->face_count = f->use_count = f->extra_count = 0;
}

void dgl_fonts_free(struct dgl_fonts *f)
{
    if (!f)
        return;
    forget_fonts(f);
    free(f->extra);
    free(f->fallbacks);
    free(f->shapes);
    free(f->scratch);
    dgl_arena_free(f->shape_arena);
    hb_buffer_destroy(f->buffer);
    free(f);
}

void dgl_fonts_begin(struct dgl_fonts *f)
{
    if (f->use_count + f->extra_count > DGL_LAYOUT_MAX_FONTS) {
        forget_shapes(f);
        forget_fallbacks(f);
        forget_fonts(f);
    }
    f->document++;
    f->admitted = 0;
    f->overrun = false;
}

bool dgl_fonts_overrun(const struct dgl_fonts *f)
{
    return f->overrun;
}

// ---- Faces ----

static struct dgl_face *lookup_face(const struct dgl_fonts *f, uint32_t id)
{
    for (uint32_t i = 0; i < f->face_count; i++)
        if (f->faces[i]->id == id)
            return f->faces[i];
    return NULL;
}

// NULL when the bytes are no font.
static struct dgl_face *face_of(struct dgl_fonts *f, const struct dgl_font_match *m)
{
    struct dgl_face *face = lookup_face(f, m->id);
    if (face || f->face_count == DGL_LAYOUT_MAX_FACES)
        return face;
    face = dgl_face_open(m);
    if (!face)
        return NULL;
    face->index = f->face_count;
    f->faces[f->face_count++] = face;
    return face;
}

// ---- Uses ----

// *ret_same: it has the widths of the known font.
static bool find_substitute(struct dgl_fonts *f, const struct dgl_known_font *known, const struct dgl_font_hint *hint,
                            bool bold, bool italic, struct dgl_font_match *m, bool *ret_same)
{
    static const char *const sans[] = {"Liberation Sans", "Arimo", "DejaVu Sans", "Carlito", "Noto Sans"};
    static const char *const serif[] = {"Liberation Serif", "Tinos", "DejaVu Serif", "Noto Serif", "Liberation Sans"};
    static const char *const mono[] = {"Liberation Mono", "Cousine", "DejaVu Sans Mono", "Noto Sans Mono",
                                       "DejaVu Sans"};
    bool is_mono = known ? known->mono : hint && hint->fixed, is_serif = known ? known->serif : hint && hint->serif;
    const char *const *generic = is_mono ? mono : is_serif ? serif : sans;
    *ret_same = false;
    for (unsigned i = 0; known && i < 3 && known->substitute[i]; i++)
        if (f->source->find(f->source->ctx, known->substitute[i], bold, italic, m)) {
            *ret_same = i == 0 && known->same;
            return true;
        }
    if (known && known->east_asian &&
        f->source->cover(f->source->ctx, 0x4E00, known->lang, known->serif, bold, italic, m))
        return true;
    for (unsigned i = 0; i < DGL_COUNT(sans); i++)
        if (f->source->find(f->source->ctx, generic[i], bold, italic, m))
            return true;
    return f->source->cover(f->source->ctx, 'A', NULL, false, bold, italic, m);
}

static void set_metrics(struct dgl_font_use *u, const struct dgl_known_font *known, bool bold)
{
    const struct dgl_face *face = u->face;
    int64_t em = face->upem;
    u->ascent = (int32_t)((face->ascent * 1000LL + em / 2) / em);
    u->descent = (int32_t)((face->descent * 1000LL + em / 2) / em);
    u->gap = (int32_t)((face->gap * 1000LL + em / 2) / em);
    u->east_asian = face->east_asian;
    if (known && (u->substituted || known->symbol) && known->ascent) {
        u->ascent = known->ascent;
        u->descent = known->descent;
        u->gap = known->gap;
        u->wide_advance = known->wide_advance;
        u->space_advance = known->space_advance;
        u->fixed_advance = known->fixed_advance;
        u->widths = bold && known->bold_widths ? known->bold_widths : known->widths;
        u->width_units = known->width_units;
        u->width_percent = known->width_percent;
    }
    if (known)
        u->east_asian = known->east_asian;
    if (u->east_asian) {
        int32_t extra = (u->ascent + u->descent) * (EAST_ASIAN_PERCENT - 100) / 200;
        u->ascent += extra;
        u->descent += extra;
    }
}

static void fill_use(struct dgl_fonts *f, struct dgl_font_use *u, const char *family, const struct dgl_font_hint *hint,
                     bool bold, bool italic)
{
    struct dgl_font_match m = {0};
    const struct dgl_known_font *known = dgl_known_font(family);
    bool exact = f->source->find(f->source->ctx, family, bold, italic, &m), found = exact;
    const char *other = exact || known || !hint ? NULL : hint->alternative;
    u->wanted = family;
    if (other) {
        known = dgl_known_font(other);
        found = !known && f->source->find(f->source->ctx, other, bold, italic, &m);
    }
    if (found || find_substitute(f, known, hint, bold, italic, &m, &u->same_widths))
        u->face = face_of(f, &m);
    u->same_widths &= !other; // those of the other are not its own
    if (!u->face && find_substitute(f, NULL, hint, bold, italic, &m, &u->same_widths))
        u->face = face_of(f, &m);
    if (!u->face)
        return;
    u->fake_bold = bold && !u->face->bold;
    u->fake_italic = italic && !u->face->italic;
    u->substituted = !exact;
    u->symbol = known && !exact ? known->symbol : 0;
    set_metrics(u, known, bold);
}

static uint32_t hash_name(const char *s, uint32_t h)
{
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

// Room for one more font of this document.
static bool has_room(struct dgl_fonts *f)
{
    f->overrun |= f->admitted == DGL_LAYOUT_MAX_FONTS;
    return f->admitted < DGL_LAYOUT_MAX_FONTS;
}

// Counts a font that the set holds among the document's; false past its bound.
static bool admit(struct dgl_fonts *f, struct use_slot *slot)
{
    if (slot->document == f->document)
        return true;
    if (!has_room(f))
        return false;
    slot->document = f->document;
    f->admitted++;
    return true;
}

static const struct dgl_font_use *stand_in(struct dgl_fonts *f, bool bold, bool italic)
{
    struct dgl_font_use *use = &f->stand_in[bold | italic << 1];
    if (!use->face)
        fill_use(f, use, "Liberation Sans", NULL, bold, italic);
    return use;
}

static bool same_hint(const struct use_slot *slot, const struct dgl_font_hint *hint)
{
    const char *a = slot->alternative, *b = hint->alternative;
    return slot->serif == hint->serif && slot->fixed == hint->fixed && (a && b ? strcmp(a, b) == 0 : a == b);
}

const struct dgl_font_use *dgl_fonts_use(struct dgl_fonts *f, const char *family, bool bold, bool italic)
{
    return dgl_fonts_use_like(f, family, NULL, bold, italic);
}

const struct dgl_font_use *dgl_fonts_use_like(struct dgl_fonts *f, const char *family, const struct dgl_font_hint *hint,
                                              bool bold, bool italic)
{
    static const struct dgl_font_hint nothing = {0};
    uint32_t start = hash_name(family, 2166136261u + bold * 7u + italic * 13u) % USE_SLOTS;
    uint32_t at = start;
    if (!hint || dgl_known_font(family))
        hint = &nothing;
    for (; f->uses[at]; at = (at + 1) % USE_SLOTS)
        if (f->uses[at]->bold == bold && f->uses[at]->italic == italic && same_hint(f->uses[at], hint) &&
            strcmp(f->uses[at]->family, family) == 0)
            return admit(f, f->uses[at]) ? &f->uses[at]->use : stand_in(f, bold, italic);
    if (!has_room(f))
        return stand_in(f, bold, italic); // hostile documents name thousands
    struct use_slot *slot = DGL_NEW(struct use_slot);
    slot->family = dgl_strdup(family);
    slot->bold = bold;
    slot->italic = italic;
    slot->alternative = hint->alternative ? dgl_strdup(hint->alternative) : NULL;
    slot->serif = hint->serif;
    slot->fixed = hint->fixed;
    fill_use(f, &slot->use, slot->family, hint, bold, italic);
    f->uses[at] = slot;
    f->use_count++;
    admit(f, slot);
    return &slot->use;
}

// Where a font has no East Asian characters Word takes the language's usual font: its lines are as tall as that one's.
static const struct dgl_known_font *usual_font(uint8_t lang_class, uint32_t c)
{
    static const char *const names[] = {"simsun", "malgun gothic", "ms mincho", "simsun", "pmingliu"};
    bool hangul = (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3130 && c <= 0x318F) || (c >= 0xAC00 && c <= 0xD7FF);
    bool kana = c >= 0x3041 && c <= 0x30FF;
    if (c < 0x2E80 && !hangul)
        return NULL;
    return dgl_known_font(names[hangul ? 1 : kana && lang_class != 2 ? 2 : lang_class]);
}

static struct use_slot *lookup_extra(const struct dgl_fonts *f, const struct dgl_face *face,
                                     const struct dgl_known_font *usual, bool bold, bool italic)
{
    for (uint32_t i = 0; face && i < f->extra_count; i++)
        if (f->extra[i]->use.face == face && f->extra[i]->usual == usual && f->extra[i]->bold == bold &&
            f->extra[i]->italic == italic)
            return f->extra[i];
    return NULL;
}

// The use of a face that has a character; *ret NULL when its bytes are no font. False past the document's bound.
static bool use_of_match(struct dgl_fonts *f, const struct dgl_font_match *m, const struct dgl_known_font *usual,
                         bool bold, bool italic, struct use_slot **ret)
{
    struct use_slot *slot = lookup_extra(f, lookup_face(f, m->id), usual, bold, italic);
    *ret = slot;
    if (slot)
        return admit(f, slot);
    if (!has_room(f))
        return false;
    struct dgl_face *face = face_of(f, m);
    if (!face)
        return true;
    if (f->extra_count == f->extra_cap) {
        f->extra_cap = f->extra_cap ? f->extra_cap * 2 : 16;
        f->extra = dgl_realloc(f->extra, f->extra_cap * sizeof(*f->extra));
    }
    *ret = slot = DGL_NEW(struct use_slot);
    slot->bold = bold;
    slot->italic = italic;
    slot->use = (struct dgl_font_use){.face = face, .wanted = face->family};
    slot->use.fake_bold = bold && !face->bold;
    slot->use.fake_italic = italic && !face->italic;
    slot->usual = usual;
    if (usual) { // its height, not its widths of Latin letters
        slot->use.substituted = true;
        set_metrics(&slot->use, usual, bold);
        slot->use.widths = NULL;
        slot->use.space_advance = slot->use.fixed_advance = 0;
        slot->use.substituted = false;
    } else {
        set_metrics(&slot->use, NULL, bold);
    }
    f->extra[f->extra_count++] = slot;
    return admit(f, slot);
}

static uint8_t lang_class(const char *lang)
{
    if (!lang)
        return 0;
    if (strncasecmp(lang, "ko", 2) == 0)
        return 1;
    if (strncasecmp(lang, "ja", 2) == 0)
        return 2;
    if (strncasecmp(lang, "zh", 2) == 0)
        return strcasecmp(lang, "zh-TW") == 0 || strcasecmp(lang, "zh-HK") == 0 || strncasecmp(lang, "zh-Hant", 7) == 0
                   ? 4
                   : 3;
    return 0;
}

const struct dgl_font_use *dgl_fonts_fallback(struct dgl_fonts *f, const struct dgl_font_use *base, uint32_t codepoint,
                                              const char *lang, bool bold, bool italic)
{
    // What is kept is kept by class, so the source is asked by class too.
    static const char *const lang_of_class[] = {NULL, "ko", "ja", "zh-CN", "zh-TW"};
    uint8_t style = (uint8_t)(bold | italic << 1), lc = lang_class(lang);
    uint32_t at =
        (codepoint * 2654435761u + style * 97u + lc * 31u + (uint32_t)((uintptr_t)base >> 5)) % FALLBACK_SLOTS;
    for (; f->fallbacks[at].base; at = (at + 1) % FALLBACK_SLOTS) {
        const struct fallback_slot *s = &f->fallbacks[at];
        if (s->base == base && s->codepoint == codepoint && s->style == style && s->lang == lc)
            return s->slot && admit(f, s->slot) ? &s->slot->use : base;
    }
    struct dgl_font_match m;
    struct use_slot *slot = NULL;
    bool serif = base->face && base->face->serif;
    if (f->source->cover(f->source->ctx, codepoint, lang_of_class[lc], serif, bold, italic, &m) &&
        !use_of_match(f, &m, usual_font(lc, codepoint), bold, italic, &slot))
        return base;
    if (f->fallback_count > FALLBACK_SLOTS / 2) {
        forget_fallbacks(f);
        at = 0;
    }
    f->fallbacks[at] = (struct fallback_slot){base, slot, codepoint, style, lc};
    f->fallback_count++;
    return slot ? &slot->use : base;
}

// ---- Shaping ----

static uint64_t shape_key(const struct dgl_face *face, const char *text, size_t len, hb_script_t script, unsigned flags)
{
    uint64_t h = 1469598103934665603u ^ (uint64_t)face->index << 40 ^ (uint64_t)flags << 32 ^ script;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    return h ? h : 1;
}

static uint32_t shape_now(struct dgl_fonts *f, struct dgl_face *face, const char *text, size_t len, hb_script_t script,
                          const char *lang, unsigned flags)
{
    hb_buffer_t *b = f->buffer;
    hb_buffer_clear_contents(b);
    hb_buffer_add_utf8(b, text, (int)len, 0, (int)len);
    hb_buffer_set_direction(b, flags & DGL_SHAPE_RTL ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
    hb_buffer_set_script(b, script);
    hb_buffer_set_language(b, lang ? hb_language_from_string(lang, -1) : HB_LANGUAGE_INVALID);
    bool joined = flags & DGL_SHAPE_LIGATURES || (script != HB_SCRIPT_LATIN && script != HB_SCRIPT_GREEK &&
                                                  script != HB_SCRIPT_CYRILLIC && script != HB_SCRIPT_COMMON);
    hb_feature_t features[3] = {
        {HB_TAG('k', 'e', 'r', 'n'), flags & DGL_SHAPE_KERN || joined, 0, (unsigned)-1},
        {HB_TAG('l', 'i', 'g', 'a'), joined, 0, (unsigned)-1},
        {HB_TAG('c', 'l', 'i', 'g'), joined, 0, (unsigned)-1},
    };
    hb_shape(face->font, b, features, 3);
    unsigned count;
    const hb_glyph_info_t *info = hb_buffer_get_glyph_infos(b, &count);
    const hb_glyph_position_t *pos = hb_buffer_get_glyph_positions(b, &count);
    if (count > f->scratch_cap) {
        f->scratch_cap = count * 2;
        f->scratch = dgl_realloc(f->scratch, f->scratch_cap * sizeof(*f->scratch));
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned from = flags & DGL_SHAPE_RTL ? count - 1 - i : i;
        f->scratch[i] = (struct dgl_shaped_glyph){info[from].codepoint, info[from].cluster, pos[from].x_advance,
                                                  pos[from].x_offset, pos[from].y_offset};
    }
    return count;
}

const struct dgl_shaped_glyph *dgl_fonts_shape(struct dgl_fonts *f, struct dgl_face *face, const char *text, size_t len,
                                               hb_script_t script, const char *lang, unsigned flags,
                                               uint32_t *ret_count)
{
    if (len > SHAPE_TEXT_MAX || lang_class(lang)) {
        *ret_count = shape_now(f, face, text, len, script, lang, flags);
        return f->scratch;
    }
    uint64_t key = shape_key(face, text, len, script, flags);
    uint32_t at = (uint32_t)(key % SHAPE_SLOTS);
    for (; f->shapes[at].key; at = (at + 1) % SHAPE_SLOTS) {
        const struct shape *s = &f->shapes[at];
        if (s->key == key && s->face == face && s->len == len && s->tag == (uint32_t)script && s->flags == flags &&
            memcmp(s->text, text, len) == 0) {
            *ret_count = s->count;
            return s->glyphs;
        }
    }
    // The language is left out of the key: it changes no shape in the scripts that come here, so it is not passed on.
    uint32_t count = shape_now(f, face, text, len, script, NULL, flags);
    if (f->shape_count >= DGL_LAYOUT_MAX_SHAPES || dgl_arena_used(f->shape_arena) > MAX_SHAPE_BYTES) {
        forget_shapes(f);
        at = (uint32_t)(key % SHAPE_SLOTS);
    }
    struct shape *s = &f->shapes[at];
    *s = (struct shape){key, face, (uint32_t)len, count, (uint32_t)script, (uint8_t)flags, NULL, NULL};
    s->text = dgl_arena_strndup(f->shape_arena, text, len);
    s->glyphs = dgl_arena_alloc(f->shape_arena, (count + 1) * sizeof(*s->glyphs));
    memcpy(s->glyphs, f->scratch, count * sizeof(*s->glyphs));
    f->shape_count++;
    *ret_count = count;
    return s->glyphs;
}
