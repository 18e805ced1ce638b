// Subsets and font objects.
//
//   TrueType  ─▶ Type0 ─▶ CIDFontType2, Identity-H, CIDToGIDMap Identity: codes are the subset's glyph numbers
//   CFF       ─▶ Type0 ─▶ CIDFontType0C: codes are CIDs, for CID-keyed fonts those of the subset's charset
//
// Subsets are kept by (face, exact set of glyphs): a warm process that meets the same letters again makes none.
// Sources: ISO 32000-1 §9.7 (composite fonts), §9.10.3 (ToUnicode); Adobe TN 5176 (CFF).
#include "render/pdf/font.h"

#include <hb-subset.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

uint32_t pdf_glyph_text(const struct dgl_text_box *t, uint32_t i, const char **ret)
{
    const struct dgl_glyph *g = &t->glyphs[i];
    if (g->flags & DGL_G_INSIDE)
        return 0;
    uint32_t end = t->text_end;
    for (uint32_t k = i + 1; k < t->count; k++)
        if (t->glyphs[k].cluster != g->cluster) {
            end = t->glyphs[k].cluster;
            break;
        }
    *ret = t->text + g->cluster;
    return end > g->cluster ? end - g->cluster : 0;
}

static struct pdf_font *font_of(struct pdf_fonts *f, struct dgl_face *face)
{
    if (f->by_face[face->index])
        return f->by_face[face->index];
    struct pdf_font *font = DGL_ARENA_NEW(f->arena, struct pdf_font);
    font->face = face;
    font->glyph_count = hb_face_get_glyph_count(face->hb);
    font->meaning = dgl_arena_alloc_try(f->arena, (font->glyph_count + 1) * sizeof(*font->meaning));
    font->code = dgl_arena_alloc_try(f->arena, (font->glyph_count + 1) * sizeof(*font->code));
    if (!font->meaning || !font->code)
        return NULL;
    font->index = f->count;
    f->fonts[f->count++] = font;
    f->by_face[face->index] = font;
    return font;
}

enum dgl_status pdf_fonts_use(struct pdf_fonts *f, const struct dgl_text_box *t, struct dgl_error *err)
{
    struct pdf_font *font = font_of(f, t->use->face);
    if (!font)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more memory than one document may use");
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t gid = t->glyphs[i].gid;
        if (gid >= font->glyph_count)
            continue;
        struct pdf_meaning *m = &font->meaning[gid];
        if (m->len && m->len != UINT32_MAX)
            continue;
        const char *text;
        uint32_t len = pdf_glyph_text(t, i, &text);
        font->used += m->len == 0;
        *m = len ? (struct pdf_meaning){text, len} : (struct pdf_meaning){NULL, UINT32_MAX};
    }
    if (t->visible_hyphen) {
        int32_t advance;
        uint32_t gid = dgl_face_glyph(font->face, '-', &advance);
        if (font->meaning[gid].len == 0)
            font->meaning[gid] = (struct pdf_meaning){"-", 1};
    }
    return DGL_OK;
}

int64_t pdf_font_width(const struct pdf_font *f, uint32_t gid)
{
    int64_t em = f->face->upem;
    return (hb_font_get_glyph_h_advance(f->face->font, gid) * INT64_C(1000000) + em / 2) / em;
}

// ---- Kept subsets ----

struct subset {
    uint32_t face_id;
    uint32_t count;
    uint16_t *glyphs, *codes; // sorted by glyph
    void *data;               // deflated font file
    size_t len, plain_len;
    bool cff;
    uint64_t used;
};
struct pdf_subset_cache {
    struct subset kept[DGL_PDF_KEPT_SUBSETS];
    uint64_t tick;
    size_t bytes;
    hb_subset_input_t *input;
};

struct pdf_subset_cache *pdf_subset_cache_new(void)
{
    struct pdf_subset_cache *c = DGL_NEW(struct pdf_subset_cache);
    static const hb_tag_t dropped[] = {
        HB_TAG('G', 'S', 'U', 'B'), HB_TAG('G', 'P', 'O', 'S'), HB_TAG('G', 'D', 'E', 'F'), HB_TAG('c', 'm', 'a', 'p'),
        HB_TAG('n', 'a', 'm', 'e'), HB_TAG('O', 'S', '/', '2'), HB_TAG('p', 'o', 's', 't'), HB_TAG('k', 'e', 'r', 'n'),
        HB_TAG('V', 'O', 'R', 'G'), HB_TAG('v', 'h', 'e', 'a'), HB_TAG('v', 'm', 't', 'x'), HB_TAG('B', 'A', 'S', 'E'),
        HB_TAG('H', 'V', 'A', 'R'), HB_TAG('M', 'V', 'A', 'R'), HB_TAG('S', 'T', 'A', 'T'), HB_TAG('D', 'S', 'I', 'G'),
        HB_TAG('m', 'e', 't', 'a'), HB_TAG('g', 'a', 's', 'p')};
    c->input = hb_subset_input_create_or_fail();
    hb_subset_input_set_flags(c->input, HB_SUBSET_FLAGS_NO_HINTING);
    for (size_t i = 0; i < DGL_COUNT(dropped); i++)
        hb_set_add(hb_subset_input_set(c->input, HB_SUBSET_SETS_DROP_TABLE_TAG), dropped[i]);
    return c;
}

static void drop(struct pdf_subset_cache *c, struct subset *s)
{
    c->bytes -= s->len;
    free(s->glyphs);
    free(s->codes);
    free(s->data);
    *s = (struct subset){0};
}

void pdf_subset_cache_free(struct pdf_subset_cache *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < DGL_PDF_KEPT_SUBSETS; i++)
        drop(c, &c->kept[i]);
    hb_subset_input_destroy(c->input);
    free(c);
}

static struct subset *lookup(struct pdf_subset_cache *c, uint32_t face_id, const uint16_t *glyphs, uint32_t count)
{
    for (unsigned i = 0; i < DGL_PDF_KEPT_SUBSETS; i++) {
        struct subset *s = &c->kept[i];
        if (s->data && s->face_id == face_id && s->count == count &&
            memcmp(s->glyphs, glyphs, count * sizeof(*glyphs)) == 0) {
            s->used = ++c->tick;
            return s;
        }
    }
    return NULL;
}

static struct subset *free_slot(struct pdf_subset_cache *c, size_t coming, uint64_t keep_from)
{
    for (;;) {
        struct subset *oldest = NULL, *empty = NULL;
        for (unsigned i = 0; i < DGL_PDF_KEPT_SUBSETS; i++) {
            struct subset *s = &c->kept[i];
            if (!s->data)
                empty = s;
            else if (s->used < keep_from && (!oldest || s->used < oldest->used))
                oldest = s;
        }
        if (empty && (c->bytes + coming <= DGL_PDF_KEPT_SUBSET_BYTES || !oldest))
            return empty;
        if (!oldest)
            return NULL;
        drop(c, oldest);
    }
}

// ---- CFF charsets ----

struct cff {
    const uint8_t *data;
    size_t len;
};

static uint32_t cff_u(const struct cff *f, size_t at, unsigned bytes)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | (at + i < f->len ? f->data[at + i] : 0);
    return v;
}

// Offset after an INDEX; the extent of its first item.
static size_t cff_index(const struct cff *f, size_t at, size_t *ret_first, size_t *ret_first_end)
{
    uint32_t count = cff_u(f, at, 2), size = cff_u(f, at + 2, 1);
    if (count == 0 || size == 0 || size > 4)
        return at + 2;
    size_t base = at + 3 + (size_t)(count + 1) * size - 1;
    if (ret_first) {
        *ret_first = base + cff_u(f, at + 3, size);
        *ret_first_end = base + cff_u(f, at + 3 + size, size);
    }
    return base + cff_u(f, at + 3 + (size_t)count * size, size);
}

// Offset of the charset, and whether the font is CID-keyed, from the Top DICT.
static bool cff_top(const struct cff *f, size_t *ret_charset)
{
    size_t first = 0, end = 0, at;
    int32_t operand = 0;
    bool cid = false;
    *ret_charset = 0;
    at = cff_index(f, cff_u(f, 2, 1), NULL, NULL);
    cff_index(f, at, &first, &end);
    for (at = first; at < end && at < f->len;) {
        uint32_t b = f->data[at++];
        if (b == 12) {
            cid |= cff_u(f, at++, 1) == 30;
        } else if (b <= 21) {
            if (b == 15)
                *ret_charset = (size_t)DGL_MAX(operand, 0);
        } else if (b == 28) {
            operand = (int16_t)cff_u(f, at, 2);
            at += 2;
        } else if (b == 29) {
            operand = (int32_t)cff_u(f, at, 4);
            at += 4;
        } else if (b == 30) {
            while (at < end && at < f->len && (f->data[at] & 15) != 15 && f->data[at] >> 4 != 15)
                at++;
            at++;
        } else if (b >= 32 && b <= 246) {
            operand = (int32_t)b - 139;
        } else if (b >= 247 && b <= 250) {
            operand = (int32_t)((b - 247) * 256 + cff_u(f, at++, 1) + 108);
        } else if (b >= 251 && b <= 254) {
            operand = -(int32_t)((b - 251) * 256 + cff_u(f, at++, 1) + 108);
        }
    }
    return cid;
}

// CID of each glyph of a CID-keyed subset; others keep their glyph numbers.
static void cff_codes(const void *data, size_t len, uint32_t glyphs, uint16_t *cid_of)
{
    struct cff f = {data, len};
    size_t at;
    for (uint32_t i = 0; i < glyphs; i++)
        cid_of[i] = (uint16_t)i;
    if (!cff_top(&f, &at) || at < 3 || at >= len)
        return;
    uint32_t format = cff_u(&f, at++, 1);
    for (uint32_t g = 1; g < glyphs && at < len;) {
        uint32_t first = cff_u(&f, at, 2), left = 0;
        at += 2;
        if (format == 1 || format == 2) {
            left = cff_u(&f, at, format);
            at += format;
        }
        for (uint32_t k = 0; k <= left && g < glyphs; k++)
            cid_of[g++] = (uint16_t)(first + k);
    }
}

// ---- Subsetting ----

static void fill_codes(struct subset *s, const hb_map_t *map, const void *file, size_t len, uint32_t new_glyphs)
{
    uint16_t *cid_of = dgl_alloc((size_t)(new_glyphs + 1) * sizeof(*cid_of));
    for (uint32_t i = 0; i < new_glyphs; i++)
        cid_of[i] = (uint16_t)i;
    if (s->cff)
        cff_codes(file, len, new_glyphs, cid_of);
    for (uint32_t i = 0; i < s->count; i++) {
        hb_codepoint_t to = hb_map_get(map, s->glyphs[i]);
        s->codes[i] = to < new_glyphs ? cid_of[to] : 0;
    }
    free(cid_of);
}

static enum dgl_status make_subset(struct pdf_fonts *f, struct pdf_font *font, const uint16_t *glyphs, uint32_t count,
                                   struct pdf_out *o, uint64_t keep_from, struct subset **ret, struct dgl_error *err)
{
    hb_set_t *wanted = hb_subset_input_glyph_set(f->cache->input);
    hb_set_clear(wanted);
    for (uint32_t i = 0; i < count; i++)
        hb_set_add(wanted, glyphs[i]);
    hb_subset_plan_t *plan = hb_subset_plan_create_or_fail(font->face->hb, f->cache->input);
    hb_face_t *made = plan ? hb_subset_plan_execute_or_fail(plan) : NULL;
    if (!made) {
        hb_subset_plan_destroy(plan);
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "bad_font", "the font %s cannot be embedded; use another one",
                             font->face->family);
    }
    hb_blob_t *blob =
        font->face->cff ? hb_face_reference_table(made, HB_TAG('C', 'F', 'F', ' ')) : hb_face_reference_blob(made);
    unsigned len;
    const char *data = hb_blob_get_data(blob, &len);
    dgl_buf_reset(&o->scratch);
    pdf_deflate(o->compressor, data, len, &o->scratch);
    struct subset *s = free_slot(f->cache, o->scratch.len, keep_from);
    if (s) {
        *s = (struct subset){.face_id = font->face->id, .count = count, .plain_len = len, .cff = font->face->cff};
        s->glyphs = dgl_alloc((count + 1) * sizeof(*s->glyphs));
        s->codes = dgl_alloc((count + 1) * sizeof(*s->codes));
        memcpy(s->glyphs, glyphs, count * sizeof(*glyphs));
        fill_codes(s, hb_subset_plan_old_to_new_glyph_mapping(plan), data, len, hb_face_get_glyph_count(made));
        s->len = o->scratch.len;
        s->data = dgl_alloc(s->len + 1);
        memcpy(s->data, o->scratch.data, s->len);
        s->used = ++f->cache->tick;
        f->cache->bytes += s->len;
    }
    hb_blob_destroy(blob);
    hb_face_destroy(made);
    hb_subset_plan_destroy(plan);
    *ret = s;
    return s ? DGL_OK
             : DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_fonts", "the document uses more than %u fonts",
                             DGL_PDF_KEPT_SUBSETS);
}

static void write_file(struct pdf_out *o, const struct subset *s, uint32_t object)
{
    pdf_out_begin(o, object);
    dgl_buf_puts(o->buf, s->cff ? "<</Subtype/CIDFontType0C" : "<</Length1 ");
    if (!s->cff)
        pdf_put_int(o->buf, (int64_t)s->plain_len);
    dgl_buf_puts(o->buf, "/Filter/FlateDecode/Length ");
    pdf_put_int(o->buf, (int64_t)s->len);
    dgl_buf_puts(o->buf, ">>stream\n");
    dgl_buf_append(o->buf, s->data, s->len);
    dgl_buf_puts(o->buf, "\nendstream");
    pdf_out_end(o);
}

// A six-letter tag that follows from the glyphs (§9.6.4), and a name without what names may not hold.
static void put_name(struct dgl_buf *b, const struct pdf_font *font)
{
    uint32_t h = font->tag;
    dgl_buf_putc(b, '/');
    for (unsigned i = 0; i < 6; i++, h /= 26)
        dgl_buf_putc(b, (char)('A' + h % 26));
    dgl_buf_putc(b, '+');
    for (const char *c = font->face->family; c && *c; c++)
        if ((*c >= '0' && *c <= '9') || ((*c | 32) >= 'a' && (*c | 32) <= 'z') || *c == '-')
            dgl_buf_putc(b, *c);
    dgl_buf_puts(b, font->face->bold && font->face->italic ? "-BoldItalic"
                    : font->face->bold                     ? "-Bold"
                    : font->face->italic                   ? "-Italic"
                                                           : "");
}

struct code_glyph {
    uint16_t code, gid;
};

static int by_code(const void *a, const void *b)
{
    return (int)((const struct code_glyph *)a)->code - (int)((const struct code_glyph *)b)->code;
}

static uint32_t list_codes(const struct pdf_font *font, struct code_glyph *list)
{
    uint32_t n = 0;
    for (uint32_t g = 0; g < font->glyph_count && g <= UINT16_MAX; g++)
        if (font->meaning[g].len)
            list[n++] = (struct code_glyph){font->code[g], (uint16_t)g};
    qsort(list, n, sizeof(*list), by_code);
    return n;
}

static void put_widths(struct dgl_buf *b, const struct pdf_font *font, const struct code_glyph *list, uint32_t n)
{
    dgl_buf_puts(b, "/W[");
    for (uint32_t i = 0; i < n;) {
        pdf_put_int(b, list[i].code);
        dgl_buf_putc(b, '[');
        uint32_t k = i;
        do {
            if (k > i)
                dgl_buf_putc(b, ' ');
            pdf_put_milli(b, (pdf_font_width(font, list[k].gid) + 5) / 10 * 10);
            k++;
        } while (k < n && list[k].code == list[k - 1].code + 1);
        dgl_buf_putc(b, ']');
        i = k;
    }
    dgl_buf_putc(b, ']');
}

static void put_hex(struct dgl_buf *b, uint32_t v)
{
    static const char digits[] = "0123456789ABCDEF";
    for (int shift = 12; shift >= 0; shift -= 4)
        dgl_buf_putc(b, digits[v >> shift & 15]);
}

static void put_unicode(struct dgl_buf *b, const struct pdf_font *font, const struct code_glyph *list, uint32_t n)
{
    dgl_buf_puts(b, "/CIDInit/ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo<</Registry(Adobe)"
                    "/Ordering(UCS)/Supplement 0>>def\n/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n"
                    "1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n");
    for (uint32_t i = 0; i < n; i += 100) {
        uint32_t end = DGL_MIN(n, i + 100), count = 0;
        for (uint32_t k = i; k < end; k++)
            count += font->meaning[list[k].gid].len != UINT32_MAX;
        if (count == 0)
            continue;
        pdf_put_int(b, count);
        dgl_buf_puts(b, " beginbfchar\n");
        for (uint32_t k = i; k < end; k++) {
            const struct pdf_meaning *m = &font->meaning[list[k].gid];
            if (m->len == UINT32_MAX)
                continue;
            dgl_buf_putc(b, '<');
            put_hex(b, list[k].code);
            dgl_buf_puts(b, "><");
            for (size_t at = 0; at < m->len && at < 200;) {
                uint32_t c = dgl_utf8_next(m->text, m->len, &at);
                if (c > 0xFFFF) {
                    put_hex(b, 0xD7C0 + (c >> 10));
                    c = 0xDC00 + (c & 0x3FF);
                }
                put_hex(b, c);
            }
            dgl_buf_puts(b, ">\n");
        }
        dgl_buf_puts(b, "endbfchar\n");
    }
    dgl_buf_puts(b, "endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend");
}

static void put_em(struct dgl_buf *b, const char *key, int64_t units, const struct dgl_face *face)
{
    dgl_buf_puts(b, key);
    pdf_put_int(b, units * 1000 / (int64_t)face->upem);
}

static void write_descriptor(struct pdf_out *o, const struct pdf_font *font, uint32_t object, uint32_t file)
{
    const struct dgl_face *face = font->face;
    struct dgl_buf *b = o->buf;
    pdf_out_begin(o, object);
    dgl_buf_puts(b, "<</Type/FontDescriptor/FontName");
    put_name(b, font);
    dgl_buf_puts(b, "/Flags ");
    pdf_put_int(b, 4 | (face->fixed ? 1 : 0) | (face->serif ? 2 : 0) | (face->italic ? 64 : 0));
    dgl_buf_puts(b, "/FontBBox[");
    for (unsigned i = 0; i < 4; i++) {
        put_em(b, i ? " " : "", face->box[i], face);
    }
    dgl_buf_puts(b, "]/ItalicAngle ");
    pdf_put_milli(b, face->italic_angle_milli);
    put_em(b, "/Ascent ", face->ascent, face);
    put_em(b, "/Descent ", -(int64_t)face->descent, face);
    put_em(b, "/CapHeight ", face->cap_height, face);
    dgl_buf_puts(b, face->bold ? "/StemV 140" : "/StemV 80");
    dgl_buf_puts(b, face->cff ? "/FontFile3 " : "/FontFile2 ");
    pdf_put_ref(b, file);
    dgl_buf_puts(b, ">>");
    pdf_out_end(o);
}

static void write_font(struct pdf_fonts *f, struct pdf_out *o, struct pdf_font *font, const struct subset *s)
{
    uint32_t cid = pdf_out_reserve(o), descriptor = pdf_out_reserve(o), file = pdf_out_reserve(o),
             unicode = pdf_out_reserve(o);
    struct code_glyph *list = dgl_arena_alloc(f->arena, (font->used + 2) * sizeof(*list));
    uint32_t n = list_codes(font, list);
    struct dgl_buf *b = o->buf;
    pdf_out_begin(o, font->object);
    dgl_buf_puts(b, "<</Type/Font/Subtype/Type0/BaseFont");
    put_name(b, font);
    dgl_buf_puts(b, "/Encoding/Identity-H/DescendantFonts[");
    pdf_put_ref(b, cid);
    dgl_buf_puts(b, "]/ToUnicode ");
    pdf_put_ref(b, unicode);
    dgl_buf_puts(b, ">>");
    pdf_out_end(o);
    pdf_out_begin(o, cid);
    dgl_buf_puts(b, font->face->cff ? "<</Type/Font/Subtype/CIDFontType0/BaseFont"
                                    : "<</Type/Font/Subtype/CIDFontType2/BaseFont");
    put_name(b, font);
    dgl_buf_puts(b, "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor ");
    pdf_put_ref(b, descriptor);
    dgl_buf_puts(b, font->face->cff ? "/DW 1000" : "/CIDToGIDMap/Identity/DW 1000");
    put_widths(b, font, list, n);
    dgl_buf_puts(b, ">>");
    pdf_out_end(o);
    write_descriptor(o, font, descriptor, file);
    write_file(o, s, file);
    struct dgl_buf map = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    put_unicode(&map, font, list, n);
    pdf_out_stream(o, unicode, "", map.data, map.len, true);
    dgl_buf_fini(&map);
}

enum dgl_status pdf_fonts_subset(struct pdf_fonts *f, struct pdf_out *o, struct dgl_error *err)
{
    uint64_t keep_from = f->cache->tick + 1;
    for (uint32_t i = 0; i < f->count; i++) {
        struct pdf_font *font = f->fonts[i];
        uint16_t *glyphs = dgl_arena_alloc_try(f->arena, (font->glyph_count + 2) * sizeof(*glyphs));
        uint32_t count = 0;
        if (!glyphs)
            return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large", "the document's fonts need too much memory");
        font->tag = 2166136261u; // FNV-1a
        for (uint32_t g = 0; g < font->glyph_count && g <= UINT16_MAX; g++) {
            if (font->meaning[g].len) {
                glyphs[count++] = (uint16_t)g;
                font->tag = (font->tag ^ g) * 16777619u;
            }
        }
        font->used = count;
        struct subset *s = lookup(f->cache, font->face->id, glyphs, count);
        if (!s)
            DGL_TRY(make_subset(f, font, glyphs, count, o, keep_from, &s, err));
        for (uint32_t k = 0; k < count; k++)
            font->code[glyphs[k]] = s->codes[k];
        font->object = pdf_out_reserve(o);
        write_font(f, o, font, s);
    }
    return DGL_OK;
}
