// One face: opened, its metrics by Word's rule, its glyphs by character. See fonts.h.
#include "render/layout/fonts.h"

#include <stdlib.h>

static int32_t be16(const uint8_t *p)
{
    return (int16_t)(p[0] << 8 | p[1]);
}

// Word's rule: the Windows ascent and descent, and of the hhea gap what the Windows pair does not cover already; the
// typographic triple when the font asks for it (fsSelection bit 7).
static void read_line_metrics(struct dgl_face *face)
{
    hb_blob_t *hhea = hb_face_reference_table(face->hb, HB_TAG('h', 'h', 'e', 'a'));
    hb_blob_t *os2 = hb_face_reference_table(face->hb, HB_TAG('O', 'S', '/', '2'));
    unsigned hl, ol;
    const uint8_t *h = (const uint8_t *)hb_blob_get_data(hhea, &hl), *o = (const uint8_t *)hb_blob_get_data(os2, &ol);
    int32_t asc = 0, desc = 0, gap = 0;
    if (hl >= 10) {
        asc = be16(h + 4);
        desc = -be16(h + 6);
        gap = DGL_MAX(0, be16(h + 8));
    }
    face->ascent = asc;
    face->descent = desc;
    face->gap = gap;
    if (ol >= 78) {
        int32_t win_asc = (int32_t)(uint16_t)be16(o + 74), win_desc = (int32_t)(uint16_t)be16(o + 76);
        if (be16(o + 62) & 0x80) {
            face->ascent = be16(o + 68);
            face->descent = -be16(o + 70);
            face->gap = DGL_MAX(0, be16(o + 72));
        } else if (win_asc + win_desc > 0) {
            face->ascent = win_asc;
            face->descent = win_desc;
            face->gap = DGL_MAX(0, gap - (win_asc + win_desc - asc - desc));
        }
        face->strike_width = be16(o + 26);
        face->strike_at = be16(o + 28);
        face->serif = o[32] == 2 && o[33] >= 2 && o[33] <= 10;
        if (ol >= 90 && be16(o) >= 2) {
            face->x_height = be16(o + 86);
            face->cap_height = be16(o + 88);
        }
    }
    if (face->ascent <= 0 || face->ascent > 8 * (int32_t)face->upem)
        face->ascent = (int32_t)(face->upem * 9 / 10);
    if (face->descent < 0 || face->descent > 8 * (int32_t)face->upem)
        face->descent = (int32_t)(face->upem * 2 / 10);
    face->gap = DGL_MIN(face->gap, (int32_t)face->upem);
    hb_blob_destroy(hhea);
    hb_blob_destroy(os2);
}

static void read_post_and_head(struct dgl_face *face)
{
    hb_blob_t *post = hb_face_reference_table(face->hb, HB_TAG('p', 'o', 's', 't'));
    hb_blob_t *head = hb_face_reference_table(face->hb, HB_TAG('h', 'e', 'a', 'd'));
    hb_blob_t *cff = hb_face_reference_table(face->hb, HB_TAG('C', 'F', 'F', ' '));
    unsigned pl, hl;
    const uint8_t *p = (const uint8_t *)hb_blob_get_data(post, &pl), *h = (const uint8_t *)hb_blob_get_data(head, &hl);
    if (pl >= 16) {
        face->italic_angle_milli = be16(p + 4) * 1000;
        face->underline_at = be16(p + 8);
        face->underline_width = be16(p + 10);
        face->fixed = (p[12] | p[13] | p[14] | p[15]) != 0;
    }
    for (unsigned i = 0; i < 4 && hl >= 44; i++)
        face->box[i] = be16(h + 36 + 2 * i);
    face->cff = hb_blob_get_length(cff) > 0;
    hb_blob_destroy(post);
    hb_blob_destroy(head);
    hb_blob_destroy(cff);
    int32_t em = (int32_t)face->upem;
    if (face->underline_width <= 0 || face->underline_width > em / 4) {
        face->underline_width = em / 20;
        face->underline_at = -em / 10;
    }
    if (face->strike_width <= 0 || face->strike_width > em / 4 || face->strike_at <= 0) {
        face->strike_width = face->underline_width;
        face->strike_at = em / 4;
    }
    if (face->cap_height <= 0)
        face->cap_height = em * 7 / 10;
}

enum { LEAST_EM = 16, LARGEST_EM = 16384 }; // units per em (OpenType 1.9, head)

struct dgl_face *dgl_face_open(const struct dgl_font_match *m)
{
    if (m->len > UINT32_MAX)
        return NULL;
    hb_blob_t *blob = hb_blob_create(m->data, (unsigned)m->len, HB_MEMORY_MODE_READONLY, NULL, NULL);
    hb_face_t *hb = hb_face_create(blob, m->index);
    hb_blob_destroy(blob);
    unsigned upem = hb_face_get_upem(hb);
    if (hb_face_get_glyph_count(hb) == 0 || upem < LEAST_EM || upem > LARGEST_EM) {
        hb_face_destroy(hb);
        return NULL;
    }
    struct dgl_face *face = DGL_NEW(struct dgl_face);
    face->hb = hb;
    face->font = hb_font_create(hb);
    face->upem = upem;
    hb_font_set_scale(face->font, (int)upem, (int)upem);
    face->id = m->id;
    face->family = m->family;
    face->bold = m->bold;
    face->italic = m->italic;
    read_line_metrics(face);
    read_post_and_head(face);
    int32_t advance;
    face->east_asian = dgl_face_glyph(face, 0x4E00, &advance) != 0 || dgl_face_glyph(face, 0xAC00, &advance) != 0;
    return face;
}

void dgl_face_free(struct dgl_face *face)
{
    if (!face)
        return;
    hb_font_destroy(face->font);
    hb_face_destroy(face->hb);
    for (unsigned i = 0; i < 256; i++)
        free(face->pages[i]);
    free(face);
}

uint32_t dgl_face_glyph(struct dgl_face *f, uint32_t codepoint, int32_t *ret_advance)
{
    hb_codepoint_t gid = 0;
    if (codepoint > 0xFFFF) {
        if (!hb_font_get_nominal_glyph(f->font, codepoint, &gid))
            gid = 0;
        *ret_advance = hb_font_get_glyph_h_advance(f->font, gid);
        return gid;
    }
    struct dgl_glyph_slot **page = &f->pages[codepoint >> 8];
    if (!*page)
        *page = dgl_alloc(256 * sizeof(**page));
    struct dgl_glyph_slot *slot = &(*page)[codepoint & 255];
    if (!slot->known) {
        if (!hb_font_get_nominal_glyph(f->font, codepoint, &gid) || gid > UINT16_MAX)
            gid = 0;
        int advance = hb_font_get_glyph_h_advance(f->font, gid);
        *slot = (struct dgl_glyph_slot){(uint16_t)gid, (uint16_t)DGL_MAX(0, DGL_MIN(advance, UINT16_MAX)), true};
    }
    *ret_advance = slot->advance;
    return slot->gid;
}
