// A list of faces from fontconfig, sorted by family; files mapped read-only; coverage from fontconfig's own sets.
#include "render/layout/system_fonts.h"

#include "base/file.h"

#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unicode/uscript.h>

#define MAX_FACES 16384u
#define RANK_NOTO 20 // of fonts for single scripts
#define MAX_FONT_BYTES (256u << 20)

struct file {
    const char *path;
    void *data;
    size_t len;
    bool tried;
};
struct entry {
    const char *family, *first_name; // one of the face's names; the first of them
    uint32_t file, index, id;
    bool bold, italic;
    int rank;    // see rank_of
    int penalty; // odd weights and widths come last
    const FcCharSet *coverage;
};
struct dgl_system_fonts {
    FcConfig *config;
    FcFontSet *set;
    struct entry *entries; // sorted by family, then penalty
    uint32_t count;
    uint32_t *by_rank; // entries in the order in which coverage is asked
    struct file *files;
    uint32_t file_count;
    struct dgl_font_source source;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int c = strcasecmp(x->family, y->family);
    if (c == 0)
        c = x->penalty - y->penalty;
    return c ? c : (x->id > y->id) - (x->id < y->id);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static void map_file(struct file *f)
{
    if (f->tried)
        return;
    f->tried = true;
    struct dgl_error ignored; // a file that cannot be had is a font that is not there
    if (dgl_file_map(f->path, MAX_FONT_BYTES, &f->data, &f->len, &ignored) != DGL_OK)
        f->data = NULL;
}

static bool match_of(struct dgl_system_fonts *s, const struct entry *e, struct dgl_font_match *ret)
{
    struct file *f = &s->files[e->file];
    map_file(f);
    if (!f->data)
        return false;
    *ret = (struct dgl_font_match){f->data, f->len, e->index, e->id, e->bold, e->italic, e->first_name};
    return true;
}

static int distance(const struct entry *e, bool bold, bool italic)
{
    return (e->bold != bold) * 4 + (e->italic != italic) * 2 + e->penalty * 8;
}

static uint32_t first_of_family(const struct dgl_system_fonts *s, const char *family)
{
    uint32_t lo = 0, hi = s->count;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (strcasecmp(s->entries[mid].family, family) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool find(void *ctx, const char *family, bool bold, bool italic, struct dgl_font_match *ret)
{
    struct dgl_system_fonts *s = ctx;
    const struct entry *best = NULL;
    for (uint32_t i = first_of_family(s, family); i < s->count && strcasecmp(s->entries[i].family, family) == 0; i++)
        if (!best || distance(&s->entries[i], bold, italic) < distance(best, bold, italic))
            best = &s->entries[i];
    return best && match_of(s, best, ret);
}

// The order in which families are asked for a character they were not named for.
static int rank_of(const char *family)
{
    static const char *const order[] = {
        "Liberation Sans", "Carlito",    "DejaVu Sans",   "Noto Sans",         "Liberation Serif",   "DejaVu Serif",
        "Noto Serif",      "OpenSymbol", "Noto Sans CJK", "Noto Sans Symbols", "Noto Sans Symbols2", "Noto Sans Math"};
    for (int i = 0; i < (int)DGL_COUNT(order); i++)
        if (strcasecmp(family, order[i]) == 0)
            return i;
    if (strncasecmp(family, "Noto Sans ", 10) == 0)
        return RANK_NOTO;
    if (strncasecmp(family, "Noto Serif ", 11) == 0)
        return RANK_NOTO + 1;
    return 30;
}

static const char *cjk_suffix(uint32_t c, const char *lang)
{
    if ((c >= 0x1100 && c <= 0x11FF) || (c >= 0x3130 && c <= 0x318F) || (c >= 0xAC00 && c <= 0xD7FF))
        return "KR";
    if (c >= 0x3040 && c <= 0x30FF)
        return "JP";
    if (c < 0x2E80)
        return NULL;
    if (lang && strncasecmp(lang, "ko", 2) == 0)
        return "KR";
    if (lang && strncasecmp(lang, "ja", 2) == 0)
        return "JP";
    if (lang && (strcasecmp(lang, "zh-TW") == 0 || strcasecmp(lang, "zh-HK") == 0))
        return "TC";
    return "SC";
}

static bool cover_east_asian(struct dgl_system_fonts *s, uint32_t c, const char *suffix, bool serif, bool bold,
                             bool italic, struct dgl_font_match *ret)
{
    for (int pass = 0; pass < 2; pass++) {
        char family[32] = "Noto Sans CJK ";
        if (pass ? !serif : serif)
            memcpy(family, "Noto Serif CJK ", 16);
        size_t len = strlen(family);
        memcpy(family + len, suffix, 3);
        uint32_t at = first_of_family(s, family);
        if (at < s->count && strcasecmp(s->entries[at].family, family) == 0 && s->entries[at].coverage &&
            FcCharSetHasChar(s->entries[at].coverage, c) && find(s, family, bold, italic, ret))
            return true;
    }
    return false;
}

// The Noto font of the character's own script: others hold some of its letters too, and a word must not be of two
// fonts.
static bool cover_script(struct dgl_system_fonts *s, uint32_t c, bool serif, bool bold, bool italic,
                         struct dgl_font_match *ret)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript((UChar32)c, &status);
    const char *name = U_SUCCESS(status) ? uscript_getName(script) : NULL;
    for (int pass = 0; name && pass < 2; pass++) {
        char family[64];
        snprintf(family, sizeof(family), (pass ? !serif : serif) ? "Noto Serif %s" : "Noto Sans %s", name);
        for (char *p = family; *p; p++)
            *p = *p == '_' ? ' ' : *p;
        uint32_t at = first_of_family(s, family);
        if (at < s->count && strcasecmp(s->entries[at].family, family) == 0 && s->entries[at].coverage &&
            FcCharSetHasChar(s->entries[at].coverage, c) && find(s, family, bold, italic, ret))
            return true;
    }
    return false;
}

static bool cover(void *ctx, uint32_t codepoint, const char *lang, bool serif, bool bold, bool italic,
                  struct dgl_font_match *ret)
{
    struct dgl_system_fonts *s = ctx;
    const char *suffix = cjk_suffix(codepoint, lang);
    if (suffix && cover_east_asian(s, codepoint, suffix, serif, bold, italic, ret))
        return true;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct entry *e = &s->entries[s->by_rank[i]];
        bool is_first_noto = e->rank >= RANK_NOTO && (i == 0 || s->entries[s->by_rank[i - 1]].rank < RANK_NOTO);
        if (is_first_noto && cover_script(s, codepoint, serif, bold, italic, ret))
            return true;
        if (e->coverage && FcCharSetHasChar(e->coverage, codepoint) && find(s, e->family, bold, italic, ret))
            return true;
    }
    return false;
}

static uint32_t file_index(struct dgl_system_fonts *s, const char *path)
{
    struct file key = {.path = path};
    struct file *f = bsearch(&key, s->files, s->file_count, sizeof(*s->files), compare_paths);
    return f ? (uint32_t)(f - s->files) : UINT32_MAX;
}

// Of a variable font its default style alone, which is what is drawn: fontconfig numbers the others from 1 in the upper
// half of the index, and lists one that stands for all of them.
static bool is_usable(FcPattern *p)
{
    FcBool variable, scalable;
    FcChar8 *format;
    int index;
    if (FcPatternGetInteger(p, FC_INDEX, 0, &index) == FcResultMatch && index >> 16 != 0)
        return false;
    if (FcPatternGetBool(p, FC_SCALABLE, 0, &scalable) == FcResultMatch && !scalable)
        return false;
    if (FcPatternGetBool(p, FC_VARIABLE, 0, &variable) == FcResultMatch && variable)
        return false;
    return FcPatternGetString(p, FC_FONTFORMAT, 0, &format) == FcResultMatch &&
           (strcmp((const char *)format, "TrueType") == 0 || strcmp((const char *)format, "CFF") == 0);
}

// The files of usable faces, each once.
static void list_files(struct dgl_system_fonts *s)
{
    s->files = dgl_alloc((size_t)(s->set->nfont + 1) * sizeof(*s->files));
    uint32_t count = 0;
    for (int i = 0; i < s->set->nfont; i++) {
        FcChar8 *path;
        if (is_usable(s->set->fonts[i]) && FcPatternGetString(s->set->fonts[i], FC_FILE, 0, &path) == FcResultMatch)
            s->files[count++].path = (const char *)path;
    }
    qsort(s->files, count, sizeof(*s->files), compare_paths);
    for (uint32_t i = 0; i < count; i++)
        if (s->file_count == 0 || strcmp(s->files[s->file_count - 1].path, s->files[i].path) != 0)
            s->files[s->file_count++].path = s->files[i].path;
}

static void add_entries(struct dgl_system_fonts *s, FcPattern *p, uint32_t cap)
{
    FcChar8 *family, *first_name, *path;
    int weight = FC_WEIGHT_REGULAR, slant = 0, width = 100, index = 0;
    FcCharSet *coverage = NULL;
    if (!is_usable(p) || FcPatternGetString(p, FC_FILE, 0, &path) != FcResultMatch ||
        FcPatternGetString(p, FC_FAMILY, 0, &first_name) != FcResultMatch)
        return;
    FcPatternGetInteger(p, FC_WEIGHT, 0, &weight);
    FcPatternGetInteger(p, FC_SLANT, 0, &slant);
    FcPatternGetInteger(p, FC_WIDTH, 0, &width);
    FcPatternGetInteger(p, FC_INDEX, 0, &index);
    FcPatternGetCharSet(p, FC_CHARSET, 0, &coverage);
    uint32_t file = file_index(s, (const char *)path);
    bool bold = weight >= FC_WEIGHT_DEMIBOLD;
    int target = bold ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR;
    for (int n = 0; FcPatternGetString(p, FC_FAMILY, n, &family) == FcResultMatch && s->count < cap; n++)
        s->entries[s->count++] = (struct entry){.family = (const char *)family,
                                                .first_name = (const char *)first_name,
                                                .file = file,
                                                .index = (uint32_t)index,
                                                .id = file << 8 | ((uint32_t)index & 0xFF),
                                                .bold = bold,
                                                .italic = slant > 0,
                                                .penalty = abs(weight - target) / 5 + abs(width - 100) / 5,
                                                .coverage = coverage};
}

static void rank_entries(struct dgl_system_fonts *s)
{
    uint32_t at = 0;
    s->by_rank = dgl_alloc((s->count + 1) * sizeof(*s->by_rank));
    for (uint32_t i = 0; i < s->count; i++) // entries of a family stand together
        s->entries[i].rank = i > 0 && strcasecmp(s->entries[i].family, s->entries[i - 1].family) == 0
                                 ? s->entries[i - 1].rank
                                 : rank_of(s->entries[i].family);
    for (int rank = 0; rank <= 30; rank++)
        for (uint32_t i = 0; i < s->count; i++)
            if (s->entries[i].rank == rank)
                s->by_rank[at++] = i;
}

enum dgl_status dgl_system_fonts_open(bool map_all, struct dgl_system_fonts **ret, struct dgl_error *err)
{
    DGL_AUTO(system_fonts) s = DGL_NEW(struct dgl_system_fonts);
    s->config = FcInitLoadConfigAndFonts();
    FcPattern *all = FcPatternCreate();
    FcObjectSet *wanted = FcObjectSetBuild(FC_FAMILY, FC_FILE, FC_INDEX, FC_WEIGHT, FC_SLANT, FC_WIDTH, FC_CHARSET,
                                           FC_SCALABLE, FC_VARIABLE, FC_FONTFORMAT, (char *)NULL);
    s->set = s->config ? FcFontList(s->config, all, wanted) : NULL;
    FcObjectSetDestroy(wanted);
    FcPatternDestroy(all);
    if (!s->set || s->set->nfont == 0)
        return DGL_FAIL_SLUG(err, DGL_E_UNAVAILABLE, "no_fonts",
                             "no fonts are installed; install fonts-liberation or others that fontconfig finds");
    list_files(s);
    s->entries = dgl_alloc(MAX_FACES * sizeof(*s->entries));
    for (int i = 0; i < s->set->nfont; i++)
        add_entries(s, s->set->fonts[i], MAX_FACES);
    qsort(s->entries, s->count, sizeof(*s->entries), compare_entries);
    rank_entries(s);
    for (uint32_t i = 0; map_all && i < s->file_count; i++)
        map_file(&s->files[i]);
    s->source = (struct dgl_font_source){.find = find, .cover = cover, .ctx = s};
    *ret = DGL_STEAL(s);
    return DGL_OK;
}

void dgl_system_fonts_free(struct dgl_system_fonts *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; i < s->file_count; i++)
        if (s->files[i].data)
            munmap(s->files[i].data, s->files[i].len);
    if (s->set)
        FcFontSetDestroy(s->set);
    if (s->config)
        FcConfigDestroy(s->config);
    free(s->files);
    free(s->entries);
    free(s->by_rank);
    free(s);
}

const struct dgl_font_source *dgl_system_fonts_source(struct dgl_system_fonts *s)
{
    return &s->source;
}
