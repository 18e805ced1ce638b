// The engine and one render: load, lay out, count what is used, write.
//
//   object 1 catalog, 2 page tree, 3 info; then fonts, pictures, pages with their contents and links, outline
#include "render/pdf/pdf.h"

#include "base/xml.h"
#include "render/layout/font_embedded.h"
#include "render/layout/font_embedding.h"
#include "render/pdf/content.h"
#include "render/pdf/font.h"
#include "render/pdf/metadata.h"
#include "render/pdf/outline.h"
#include "render/pdf/picture.h"
#include "render/pdf/structure.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#define DEFLATE_LEVEL 1 // 2.5 times faster than 6 for a few percent more bytes

struct dgl_pdf_engine {
    struct dgl_font_shelf *fonts;
    struct dgl_sheet_cache *sheets;
    struct dgl_hyphens *hyphens; // borrowed; may be NULL
    struct pdf_subset_cache *subsets;
    struct pdf_picture_cache *pictures;
    struct libdeflate_compressor *compressor;
};

struct dgl_pdf_engine *dgl_pdf_engine_new(const struct dgl_font_source *fonts, struct dgl_hyphens *hyphens)
{
    struct dgl_pdf_engine *e = DGL_NEW(struct dgl_pdf_engine);
    e->hyphens = hyphens;
    e->fonts = dgl_font_shelf_new(fonts);
    e->sheets = dgl_sheet_cache_new();
    e->subsets = pdf_subset_cache_new();
    e->pictures = pdf_picture_cache_new();
    e->compressor = libdeflate_alloc_compressor(DEFLATE_LEVEL);
    dgl_xml_init();
    return e;
}

void dgl_pdf_engine_free(struct dgl_pdf_engine *e)
{
    if (!e)
        return;
    dgl_font_shelf_free(e->fonts);
    dgl_sheet_cache_free(e->sheets);
    pdf_subset_cache_free(e->subsets);
    pdf_picture_cache_free(e->pictures);
    libdeflate_free_compressor(e->compressor);
    free(e);
}

// ---- Pictures of the document ----

struct picture_slot {
    uint32_t member, object;
    struct dgl_tone tone;
    struct dgl_recolor recolor;
    const void *data; // bytes of one that is in a vector drawing
};
struct writing {
    const struct dgl_pdf_env *env;
    struct dgl_document *doc;
    struct dgl_pdf_report *report;
    struct pdf_out out;
    struct pdf_fonts fonts;
    struct picture_slot *pictures;
    uint32_t picture_count, picture_cap;
    uint32_t *page_objects;
    const struct dgl_pages *pages;
    struct pdf_structure *structure;
    struct pdf_anchors anchors;
    struct pdf_metadata metadata;
    struct pdf_paints paints;
    struct dgl_buf annotations; // references of the page at hand
    struct dgl_error *err;
};

static struct picture_slot slot_for(const struct dgl_drawing *d, const void *data)
{
    return d ? (struct picture_slot){.member = d->picture, .tone = d->tone, .recolor = d->recolor}
             : (struct picture_slot){.member = UINT32_MAX, .tone = DGL_TONE_NONE, .data = data};
}

static uint32_t find_picture(const struct writing *w, struct picture_slot like)
{
    for (uint32_t i = 0; i < w->picture_count; i++) {
        const struct picture_slot *s = &w->pictures[i];
        if (s->member == like.member && s->data == like.data && s->tone.gain == like.tone.gain &&
            s->tone.offset == like.tone.offset && pdf_same_recolor(s->recolor, like.recolor))
            return i;
    }
    return UINT32_MAX;
}

static uint32_t picture_index(void *ctx, const struct dgl_drawing *d, const void *data)
{
    const struct writing *w = ctx;
    uint32_t i = find_picture(w, slot_for(d, data));
    return i != UINT32_MAX && w->pictures[i].object ? i : UINT32_MAX;
}

// `name` for messages.
static enum dgl_status write_picture(struct writing *w, const char *name, const void *data, size_t len,
                                     struct picture_slot *slot)
{
    const struct pdf_image *image =
        pdf_picture_get(w->env->engine->pictures, data, len, slot->recolor, w->env->engine->compressor);
    if (!image) {
        dgl_warn(&w->report->warnings, w->env->arena, "the picture %s cannot be read and is left out", name);
        return DGL_OK;
    }
    if (w->env->archive && image->space == PDF_CMYK)
        return DGL_FAIL_SLUG(w->err, DGL_E_INVALID, "cmyk_picture",
                             "the picture %s has CMYK colours, which PDF/A with an RGB profile does not allow; save it "
                             "as RGB",
                             name);
    slot->object = pdf_out_reserve(&w->out);
    pdf_picture_write(&w->out, image, slot->tone, slot->object);
    return DGL_OK;
}

static enum dgl_status add_picture(struct writing *w, struct picture_slot slot, struct picture_slot **ret)
{
    if (!DGL_ARENA_ROOM(w->env->arena, w->pictures, w->picture_cap, w->picture_count + 1, 16, DGL_PDF_MAX_PICTURES))
        return DGL_FAIL_SLUG(w->err, DGL_E_LIMIT, "too_many_pictures", "the document holds more than %u pictures",
                             DGL_PDF_MAX_PICTURES);
    *ret = &w->pictures[w->picture_count++];
    **ret = slot;
    return DGL_OK;
}

static enum dgl_status use_picture(struct writing *w, const struct dgl_drawing *d)
{
    struct picture_slot *slot, wanted = slot_for(d, NULL);
    uint32_t member = d->picture;
    if (find_picture(w, wanted) != UINT32_MAX)
        return DGL_OK;
    DGL_TRY(add_picture(w, wanted, &slot));
    DGL_AUTO_FINI(buf) file = DGL_BUF_INIT(DGL_PDF_MAX_PICTURE_BYTES);
    struct dgl_zip *zip = w->doc->package->zip;
    DGL_TRY(dgl_zip_read(zip, member, &file, w->err));
    return write_picture(w, dgl_zip_name(zip, member), file.data, file.len, slot);
}

// ---- What is used ----

static enum dgl_status use_list(struct writing *w, const struct dgl_box_list *l);

static enum dgl_status use_art(struct writing *w, const struct dgl_art *art)
{
    for (const struct dgl_art_item *i = art->first; i; i = i->next) {
        if (i->kind == DGL_ART_TEXT && i->text->boxes)
            DGL_TRY(use_list(w, i->text->boxes));
        if (i->kind == DGL_ART_PICTURE && find_picture(w, slot_for(NULL, i->data)) == UINT32_MAX) {
            struct picture_slot *slot;
            DGL_TRY(add_picture(w, slot_for(NULL, i->data), &slot));
            DGL_TRY(write_picture(w, "in a vector drawing", i->data, i->len, slot));
        }
    }
    return DGL_OK;
}

static enum dgl_status use_list(struct writing *w, const struct dgl_box_list *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->boxes[i].kind == DGL_BOX_TEXT)
            DGL_TRY(pdf_fonts_use(&w->fonts, l->boxes[i].text, w->err));
        if (l->boxes[i].kind == DGL_BOX_PICTURE)
            DGL_TRY(use_picture(w, l->boxes[i].drawing));
        if (l->boxes[i].kind == DGL_BOX_ART)
            DGL_TRY(use_art(w, l->boxes[i].art));
    }
    return DGL_OK;
}

// Every font asked for that another one stands in for, once.
static void warn_substitutes(struct writing *w, const struct dgl_box_list *l, const struct dgl_font_use **seen,
                             uint32_t *count)
{
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->boxes[i].kind != DGL_BOX_TEXT)
            continue;
        const struct dgl_font_use *use = l->boxes[i].text->use;
        bool known = !use->substituted || use->symbol;
        for (uint32_t k = 0; k < *count && !known; k++)
            known = seen[k] == use;
        if (known || *count == 64)
            continue;
        seen[(*count)++] = use;
        dgl_warn(&w->report->warnings, w->env->arena, "the font %s is not installed; %s is used instead%s", use->wanted,
                 use->face->family, use->same_widths ? ", which has the same widths" : "; upload the font to have it");
    }
}

// ---- Pages ----

static void put_rect(struct dgl_buf *b, const struct dgl_box *box, int32_t height)
{
    dgl_buf_puts(b, "/Rect[");
    pdf_put_milli(b, box->x);
    dgl_buf_putc(b, ' ');
    pdf_put_milli(b, height - box->y - box->h);
    dgl_buf_putc(b, ' ');
    pdf_put_milli(b, box->x + box->w);
    dgl_buf_putc(b, ' ');
    pdf_put_milli(b, height - box->y);
    dgl_buf_putc(b, ']');
}

static bool safe_url(struct dgl_str url)
{
    static const char *const schemes[] = {"http:", "https:", "mailto:", "tel:", "ftp:", "sms:"};
    for (size_t i = 0; i < DGL_COUNT(schemes); i++)
        if (url.len > strlen(schemes[i]) && strncasecmp(url.data, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return url.len > 0 && memchr(url.data, ':', url.len) == NULL;
}

static void put_link_target(struct writing *w, const struct dgl_link *link, const struct pdf_anchor *to)
{
    struct dgl_buf *b = w->out.buf;
    if (to) {
        dgl_buf_puts(b, "/Contents");
        pdf_put_text(b, link->anchor.data, link->anchor.len);
        dgl_buf_puts(b, "/Dest");
        pdf_put_destination(b, w->page_objects[to->page], to->x, w->pages->pages[to->page].height - to->y);
        return;
    }
    dgl_buf_puts(b, "/Contents");
    pdf_put_text(b, link->url.data, link->url.len);
    dgl_buf_puts(b, "/A<</S/URI/URI");
    pdf_put_bytes(b, link->url.data, link->url.len);
    if (link->anchor.len) {
        b->len--;
        dgl_buf_putc(b, '#');
        dgl_buf_append(b, link->anchor.data, link->anchor.len);
        dgl_buf_putc(b, ')');
    }
    dgl_buf_puts(b, ">>");
}

static const struct pdf_anchor *target_of(const struct writing *w, const struct dgl_link *link)
{
    return link->url.len ? NULL : pdf_anchor_find(&w->anchors, link->anchor);
}

static bool link_leads(void *ctx, const struct dgl_link *link)
{
    return safe_url(link->url) || target_of(ctx, link);
}

// Writes the annotation of a link box, unless it leads nowhere.
static void take_link(void *ctx, uint32_t page, const struct dgl_box *box)
{
    struct writing *w = ctx;
    const struct dgl_link *link = box->link;
    const struct pdf_anchor *to = target_of(w, link);
    if (!link_leads(w, link))
        return;
    struct dgl_buf *b = w->out.buf;
    uint32_t object = pdf_out_reserve(&w->out), key = pdf_structure_annotation(w->structure, link, page, object);
    pdf_out_begin(&w->out, object);
    dgl_buf_puts(b, "<</Type/Annot/Subtype/Link/Border[0 0 0]/F 4");
    put_rect(b, box, w->pages->pages[page].height);
    put_link_target(w, link, to);
    if (key != PDF_NOT_MARKED) {
        dgl_buf_puts(b, "/StructParent ");
        pdf_put_int(b, key);
    }
    dgl_buf_puts(b, ">>");
    pdf_out_end(&w->out);
    pdf_put_ref(&w->annotations, object);
    dgl_buf_putc(&w->annotations, ' ');
}

static void write_page(struct writing *w, uint32_t index, uint32_t resources, struct dgl_buf *content)
{
    const struct dgl_page *page = &w->pages->pages[index];
    uint32_t stream = pdf_out_reserve(&w->out);
    const struct pdf_content_env env = {.fonts = &w->fonts,
                                        .structure = w->structure,
                                        .picture = picture_index,
                                        .paints = &w->paints,
                                        .leads = link_leads,
                                        .link = take_link,
                                        .ctx = w};
    dgl_buf_reset(content);
    dgl_buf_reset(&w->annotations);
    pdf_content_write(page, index, &env, content);
    w->out.buf->failed |= content->failed || w->annotations.failed;
    pdf_out_stream(&w->out, stream, "", content->data ? content->data : "", content->len, true);
    struct dgl_buf *b = w->out.buf;
    pdf_out_begin(&w->out, w->page_objects[index]);
    dgl_buf_puts(b, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ");
    pdf_put_milli(b, page->width);
    dgl_buf_putc(b, ' ');
    pdf_put_milli(b, page->height);
    dgl_buf_puts(b, "]/Resources ");
    pdf_put_ref(b, resources);
    dgl_buf_puts(b, "/Contents ");
    pdf_put_ref(b, stream);
    dgl_buf_puts(b, "/StructParents ");
    pdf_put_int(b, index);
    dgl_buf_puts(b, "/Tabs/S");
    if (w->annotations.len) {
        dgl_buf_puts(b, "/Annots[");
        dgl_buf_append(b, w->annotations.data, w->annotations.len - 1);
        dgl_buf_puts(b, "]");
    }
    dgl_buf_puts(b, ">>");
    pdf_out_end(&w->out);
}

static void write_resources(struct writing *w, uint32_t object)
{
    struct dgl_buf *b = w->out.buf;
    pdf_out_begin(&w->out, object);
    dgl_buf_puts(b, "<</Font<<");
    for (uint32_t i = 0; i < w->fonts.count; i++) {
        dgl_buf_puts(b, "/F");
        pdf_put_int(b, i);
        dgl_buf_putc(b, ' ');
        pdf_put_ref(b, w->fonts.fonts[i]->object);
    }
    dgl_buf_puts(b, ">>/XObject<<");
    for (uint32_t i = 0; i < w->picture_count; i++)
        if (w->pictures[i].object) {
            dgl_buf_puts(b, "/I");
            pdf_put_int(b, i);
            dgl_buf_putc(b, ' ');
            pdf_put_ref(b, w->pictures[i].object);
        }
    dgl_buf_puts(b, ">>");
    pdf_paints_resources(&w->paints, b);
    dgl_buf_puts(b, ">>");
    pdf_out_end(&w->out);
}

// ---- The document's own objects ----

static void write_catalog(struct writing *w, uint32_t outline, uint32_t structure)
{
    struct dgl_buf *b = w->out.buf;
    struct dgl_str language = w->metadata.language;
    uint32_t xmp = pdf_xmp_write(&w->out, &w->metadata), profile = w->env->archive ? pdf_profile_write(&w->out) : 0;
    pdf_out_begin(&w->out, 1);
    dgl_buf_puts(b, "<</Type/Catalog/Pages 2 0 R/MarkInfo<</Marked true>>/StructTreeRoot ");
    pdf_put_ref(b, structure);
    if (language.len) {
        dgl_buf_puts(b, "/Lang");
        pdf_put_bytes(b, language.data, language.len);
    }
    if (outline) {
        dgl_buf_puts(b, "/Outlines ");
        pdf_put_ref(b, outline);
        dgl_buf_puts(b, "/PageMode/UseOutlines");
    }
    if (w->metadata.title.len)
        dgl_buf_puts(b, "/ViewerPreferences<</DisplayDocTitle true>>");
    dgl_buf_puts(b, "/Metadata ");
    pdf_put_ref(b, xmp);
    if (profile) {
        dgl_buf_puts(b, "/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)"
                        "/DestOutputProfile ");
        pdf_put_ref(b, profile);
        dgl_buf_puts(b, ">>]");
    }
    pdf_put_labels(b, w->pages);
    dgl_buf_puts(b, ">>");
    pdf_out_end(&w->out);
}

static void write_page_tree(struct writing *w)
{
    struct dgl_buf *b = w->out.buf;
    pdf_out_begin(&w->out, 2);
    dgl_buf_puts(b, "<</Type/Pages/Count ");
    pdf_put_int(b, w->pages->count);
    dgl_buf_puts(b, "/Kids[");
    for (uint32_t i = 0; i < w->pages->count; i++) {
        if (i)
            dgl_buf_putc(b, ' ');
        pdf_put_ref(b, w->page_objects[i]);
    }
    dgl_buf_puts(b, "]>>");
    pdf_out_end(&w->out);
}

static enum dgl_status write_all(struct writing *w)
{
    const struct dgl_font_use *seen[64];
    uint32_t seen_count = 0;
    pdf_out_header(&w->out);
    pdf_out_reserve(&w->out);
    pdf_out_reserve(&w->out);
    uint32_t info = pdf_out_reserve(&w->out), resources = pdf_out_reserve(&w->out);
    for (uint32_t i = 0; i < w->pages->count; i++) {
        DGL_TRY(use_list(w, &w->pages->pages[i].under));
        DGL_TRY(use_list(w, &w->pages->pages[i].over));
        warn_substitutes(w, &w->pages->pages[i].under, seen, &seen_count);
        warn_substitutes(w, &w->pages->pages[i].over, seen, &seen_count);
        DGL_TRY(dgl_work_tick(w->env->budget, w->env->arena, w->err));
    }
    DGL_TRY(pdf_fonts_subset(&w->fonts, &w->out, w->err));
    w->page_objects = dgl_arena_alloc(w->env->arena, (w->pages->count + 1) * sizeof(*w->page_objects));
    for (uint32_t i = 0; i < w->pages->count; i++)
        w->page_objects[i] = pdf_out_reserve(&w->out);
    pdf_anchors_collect(w->pages, w->env->arena, &w->anchors);
    DGL_AUTO_FINI(buf) content = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    for (uint32_t i = 0; i < w->pages->count; i++) {
        DGL_TRY(dgl_work_tick(w->env->budget, w->env->arena, w->err));
        write_page(w, i, resources, &content);
    }
    write_resources(w, resources);
    uint32_t outline = pdf_outline_write(&w->out, w->pages, w->page_objects, w->env->arena);
    uint32_t structure = pdf_structure_write(w->structure, &w->out, w->page_objects);
    pdf_info_write(&w->out, &w->metadata, info);
    write_page_tree(w);
    write_catalog(w, outline, structure);
    pdf_out_trailer(&w->out, 1, info);
    return dgl_buf_check(w->out.buf, "the PDF", w->err);
}

static enum dgl_status decline(const struct dgl_document *doc, struct dgl_pdf_report *report, struct dgl_error *err)
{
    enum dgl_feature f = dgl_findings_declined(&doc->findings);
    const struct dgl_feature_info *info = dgl_feature_info(f);
    report->declined = f;
    enum dgl_status status =
        DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "not_native",
                      "the document holds %s, which the native engine does not do (%s, paragraph %u)", info->name,
                      doc->findings.found[f].part, doc->findings.found[f].paragraph);
    dgl_str_copy(err->place.part, sizeof(err->place.part), doc->findings.found[f].part,
                 strlen(doc->findings.found[f].part));
    err->place.paragraph = doc->findings.found[f].paragraph;
    return status;
}

// The font set of a document: its own fonts after the organization's and the machine's.
static enum dgl_status choose_fonts(struct dgl_document *doc, const struct dgl_pdf_env *env, struct dgl_fonts **ret,
                                    struct dgl_error *err)
{
    struct dgl_font_choice own;
    bool damaged, has_own = dgl_fonts_embedded(doc->package, env->budget, env->arena, &own, &damaged);
    DGL_TRY(dgl_font_shelf_get(env->engine->fonts, has_own ? &own : NULL, env->fonts, ret, err));
    if (damaged || dgl_font_shelf_refused(env->engine->fonts))
        dgl_finding_add(&doc->findings, DGL_FEATURE_EMBEDDED_FONT, "the font table", 0);
    return DGL_OK;
}

static enum dgl_status render_document(struct dgl_document *doc, const struct dgl_pdf_env *env, struct dgl_buf *out,
                                       struct dgl_pdf_report *ret, struct dgl_error *err)
{
    struct dgl_findings *findings = DGL_ARENA_NEW(env->arena, struct dgl_findings);
    struct dgl_layout_env layout = {.arena = env->arena, .budget = env->budget};
    DGL_TRY(choose_fonts(doc, env, &layout.fonts, err));
    *findings = doc->findings;
    ret->findings = findings;
    if (env->explain) {
        struct dgl_inventory *inventory = DGL_ARENA_NEW(env->arena, struct dgl_inventory);
        dgl_inventory_take(doc, inventory);
        ret->inventory = inventory;
    }
    if (env->decline == DGL_PDF_AUTO && dgl_findings_declined(findings) != DGL_FEATURE_COUNT)
        return decline(doc, ret, err);
    dgl_findings_warn(findings, env->arena, &ret->warnings);
    struct dgl_pages pages;
    DGL_TRY(dgl_layout(doc, &layout, &pages, err));
    if (dgl_fonts_overrun(layout.fonts))
        dgl_warn(&ret->warnings, env->arena, "the document uses more than %u fonts; one font stands in for the rest",
                 DGL_LAYOUT_MAX_FONTS);
    if (env->on_pages)
        env->on_pages(env->ctx, &pages);
    ret->pages = pages.count;
    struct writing *w = DGL_ARENA_NEW(env->arena, struct writing);
    w->env = env;
    w->doc = doc;
    w->report = ret;
    w->pages = &pages;
    w->err = err;
    w->fonts.arena = env->arena;
    w->fonts.cache = env->engine->subsets;
    pdf_metadata_of(doc, env->language, env->created_at_us, env->archive, &w->metadata);
    w->structure = pdf_structure_new(env->arena, doc, pages.count);
    w->annotations = DGL_BUF_INIT(DGL_PDF_MAX_BYTES);
    w->paints = (struct pdf_paints){.arena = env->arena, .out = &w->out};
    pdf_out_init(&w->out, out, env->engine->compressor);
    enum dgl_status status = write_all(w);
    pdf_out_fini(&w->out);
    dgl_buf_fini(&w->annotations);
    if (status == DGL_OK)
        status = dgl_font_shelf_check(env->engine->fonts, err);
    return status;
}

enum dgl_status dgl_pdf_render(const void *package, size_t len, const struct dgl_pdf_env *env, struct dgl_buf *out,
                               struct dgl_pdf_report *ret, struct dgl_error *err)
{
    struct dgl_docx_package p;
    struct dgl_sheet *owned = NULL;
    struct dgl_document *doc = DGL_ARENA_NEW(env->arena, struct dgl_document);
    struct dgl_load_env load = {.arena = env->arena,
                                .cache = env->engine->sheets,
                                .hyphens = env->engine->hyphens,
                                .budget = env->budget,
                                .created_at_us = env->created_at_us,
                                .time_zone = env->time_zone,
                                .language = env->language};
    *ret = (struct dgl_pdf_report){.declined = DGL_FEATURE_COUNT};
    DGL_TRY(dgl_docx_package_open(package, len, env->arena, &p, err));
    enum dgl_status status = dgl_document_load(&p, &load, doc, &owned, err);
    if (status == DGL_OK)
        status = render_document(doc, env, out, ret, err);
    dgl_sheet_free(owned);
    dgl_docx_package_close(&p);
    return status;
}

enum dgl_status dgl_pdf_embed_fonts(const void *package, size_t len, const struct dgl_pdf_env *env, struct dgl_buf *out,
                                    struct dgl_warnings *warnings, struct dgl_error *err)
{
    struct dgl_docx_package p;
    struct dgl_fonts *fonts;
    uint32_t count = 0;
    bool left_out = false;
    DGL_TRY(dgl_font_shelf_get(env->engine->fonts, NULL, env->fonts, &fonts, err));
    DGL_TRY(dgl_docx_package_open(package, len, env->arena, &p, err));
    enum dgl_status status =
        dgl_fonts_embed(&p, env->engine->fonts, env->budget, env->arena, out, &count, &left_out, err);
    dgl_docx_package_close(&p);
    if (status == DGL_OK && left_out)
        dgl_warn(warnings, env->arena,
                 "LibreOffice sees %u of the document's uploaded fonts; the others are too many or "
                 "too large",
                 count);
    return status;
}
