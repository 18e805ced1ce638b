// Photos stand upright. A camera stores what its sensor saw and says in Exif how it was held (JEITA CP-3451, 4.6.2: tag
// 0x0112 of the first TIFF directory); Word shows the bytes as they are. The JPEG is turned without loss, block by
// block, and says then that it is upright; its colour profile and all else stays.
//
// A turn in the drawing (a:xfrm) was rejected: readers do not agree whether a frame's size is that of the turned
// picture, and one in a narrow cell would be cut off.
#include "render/docx/limits.h"
#include "render/docx/writer.h"
#include <string.h>
#include <turbojpeg.h>

#define TAG_ORIENTATION 0x0112u
#define TYPE_SHORT 3u
#define MAX_ENTRIES 512u

struct tiff {
    const uint8_t *p;
    size_t len;
    bool big_endian;
};

static uint32_t number(const struct tiff *t, size_t at, unsigned bytes)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint32_t)t->p[at + (t->big_endian ? bytes - 1 - i : i)] << (8 * i);
    return v;
}

// Where the directory's orientation stands, two bytes; 0: nowhere.
static size_t orientation_at(const struct tiff *t)
{
    uint32_t directory = number(t, 4, 4);
    if (number(t, 2, 2) != 42 || directory > t->len - 2)
        return 0;
    uint32_t count = DGL_MIN(number(t, directory, 2), MAX_ENTRIES);
    for (uint32_t i = 0; i < count; i++) {
        size_t at = (size_t)directory + 2 + (size_t)12 * i;
        if (at + 12 > t->len)
            return 0;
        if (number(t, at, 2) == TAG_ORIENTATION && number(t, at + 2, 2) == TYPE_SHORT)
            return at + 8;
    }
    return 0;
}

// The Exif of a JPEG (ITU-T T.81, B.1.1): an APP1 segment before the frame.
static bool find_exif(struct dgl_str jpeg, struct tiff *ret)
{
    const uint8_t *p = (const uint8_t *)jpeg.data;
    for (size_t at = 2; at + 4 <= jpeg.len && p[at] == 0xFF && p[at + 1] >= 0xE0 && p[at + 1] <= 0xFE;) {
        size_t n = (size_t)p[at + 2] << 8 | p[at + 3];
        if (n < 2 || n > jpeg.len - at - 2)
            return false;
        if (p[at + 1] == 0xE1 && n >= 16 && memcmp(p + at + 4, "Exif\0\0", 6) == 0) {
            *ret = (struct tiff){.p = p + at + 10, .len = n - 8, .big_endian = p[at + 10] == 'M'};
            return memcmp(ret->p, "II", 2) == 0 || memcmp(ret->p, "MM", 2) == 0;
        }
        at += 2 + n;
    }
    return false;
}

// Whole blocks only can be turned; a rest at the edge, up to 15 pixels, goes where it would not lie right.
static bool transform(tjhandle h, struct dgl_str jpeg, int op, unsigned char **out, unsigned long *len)
{
    const unsigned char *bytes = (const unsigned char *)jpeg.data;
    tjtransform t = {.op = op, .options = TJXOPT_PERFECT};
    if (tjTransform(h, bytes, jpeg.len, 1, out, len, &t, 0) == 0)
        return true;
    t.options = TJXOPT_TRIM;
    return tjTransform(h, bytes, jpeg.len, 1, out, len, &t, 0) == 0;
}

struct dgl_str dgl_docx_upright(struct dgl_docx_writer *w, struct dgl_str jpeg)
{
    static const int ops[] = {TJXOP_NONE,      TJXOP_NONE,  TJXOP_HFLIP,      TJXOP_ROT180, TJXOP_VFLIP,
                              TJXOP_TRANSPOSE, TJXOP_ROT90, TJXOP_TRANSVERSE, TJXOP_ROT270};
    struct tiff t;
    size_t at = find_exif(jpeg, &t) ? orientation_at(&t) : 0;
    uint32_t held = at ? number(&t, at, 2) : 1;
    if (held < 2 || held >= DGL_COUNT(ops))
        return jpeg;
    char *copy = dgl_arena_memdup_try(w->env->arena, jpeg.data, jpeg.len);
    tjhandle h = copy ? tjInitTransform() : NULL;
    if (!h)
        return jpeg;
    char *tag = copy + ((const char *)t.p - jpeg.data) + at;
    tag[0] = t.big_endian ? 0 : 1;
    tag[1] = t.big_endian ? 1 : 0;
    unsigned char *out = NULL;
    unsigned long len = 0;
    bool ok = transform(h, (struct dgl_str){copy, jpeg.len}, ops[held], &out, &len);
    char *turned = ok ? dgl_arena_memdup_try(w->env->arena, out, len) : NULL;
    tjFree(out);
    tjDestroy(h);
    return turned ? (struct dgl_str){turned, len} : jpeg; // damaged: its bytes are shown as before
}
