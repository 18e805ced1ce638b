// A render: every part with tags through the language into a buffer, then the package: rendered parts deflated, new
// pictures stored, relationships and content types written anew where something was added, all other members copied as
// they lie in the template, compressed as they were.
#include "render/docx/graft.h"
#include "render/docx/limits.h"
#include "render/docx/notes.h"
#include "render/docx/rich.h"
#include "render/docx/subdoc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFLATE_LEVEL 1 // rendered parts are mostly repeated markup: level 6 takes thrice the time for a few percent

#define REL_TRANSITIONAL "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define REL_STRICT "http://purl.oclc.org/ooxml/officeDocument/relationships/"
#define XML_HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"

// ---- relationships

static bool same_rel(const struct dgl_docx_new_rel *r, const char *type, struct dgl_str target, bool external)
{
    return r->external == external && strcmp(r->type, type) == 0 && dgl_str_equal(r->target, target);
}

enum dgl_status dgl_docx_add_relationship(struct dgl_docx_writer *w, const char *type, struct dgl_str target,
                                          bool external, char id[24], struct dgl_error *err)
{
    struct dgl_docx_output *o = w->output;
    size_t found = o->rel_count;
    // Pictures are few; of addresses only the last ones are looked at.
    size_t back = external ? DGL_MIN(o->rel_count, (size_t)8) : o->rel_count;
    for (size_t i = 0; i < back && found == o->rel_count; i++)
        if (same_rel(&o->rels[o->rel_count - 1 - i], type, target, external))
            found = o->rel_count - 1 - i;
    if (found == o->rel_count) {
        if (o->rel_count >= DGL_DOCX_MAX_HYPERLINKS)
            return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "too_many_links",
                                 "a document part holds at most %u links and images", DGL_DOCX_MAX_HYPERLINKS);
        if (o->rel_count == o->rel_cap) {
            o->rel_cap = o->rel_cap ? o->rel_cap * 2 : 16;
            o->rels = dgl_realloc(o->rels, o->rel_cap * sizeof *o->rels);
        }
        char *copy = dgl_arena_memdup_try(w->env->arena, target.data, target.len);
        if (!copy)
            return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
        o->rels[o->rel_count++] =
            (struct dgl_docx_new_rel){.type = type, .target = {copy, target.len}, .external = external};
    }
    snprintf(id, 24, "rIdD%u", o->first_rel + (unsigned)found);
    return DGL_OK;
}

enum dgl_status dgl_docx_keep_bytes(struct dgl_docx_writer *w, const struct dgl_buf *b, const char *what,
                                    struct dgl_str *ret, struct dgl_error *err)
{
    DGL_TRY(dgl_buf_check(b, what, err));
    DGL_TRY(dgl_budget_memory(w->env->budget, b->len, err));
    char *copy = dgl_arena_memdup_try(w->env->arena, b->data ? b->data : "", b->len);
    if (!copy)
        return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    *ret = (struct dgl_str){copy, b->len};
    return DGL_OK;
}

static void put_attr(struct dgl_buf *b, const char *name, struct dgl_str value)
{
    dgl_buf_printf(b, " %s=\"", name);
    dgl_docx_put_attr(b, value);
    dgl_buf_putc(b, '"');
}

static bool is_templated(const struct dgl_docx_relationship *r)
{
    return dgl_str_is(r->mode, "External") && dgl_docx_type_ends(r->type, "/hyperlink") &&
           (dgl_docx_smells_of_tag(r->target.data, r->target.len) ||
            memmem(r->target.data, r->target.len, "%7B%7B", 6) || memmem(r->target.data, r->target.len, "%7b%7b", 6));
}

bool dgl_docx_is_dropped(const struct dgl_docx_writer *w, const struct dgl_docx_part *part,
                         const struct dgl_docx_relationship *r)
{
    uint32_t member = 0;
    const struct dgl_docx_package *p = &w->docx->package;
    return part->copies_charts && !dgl_str_is(r->mode, "External") &&
           dgl_docx_resolve(p, dgl_zip_name(p->zip, part->member), r->target, &member) && w->docx->dropped[member];
}

// A template's address with tags is written per use; unused, it stays as it is.
// `o` is NULL for a part that was not rendered.
static void write_rels(const struct dgl_docx_writer *w, const struct dgl_docx_part *part,
                       const struct dgl_docx_output *o, struct dgl_buf *b)
{
    dgl_buf_puts(b, XML_HEAD "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
    for (size_t i = 0; i < part->relationship_count; i++) {
        const struct dgl_docx_relationship *r = &part->relationships[i];
        if (dgl_docx_is_dropped(w, part, r))
            continue;
        dgl_buf_puts(b, "<Relationship");
        put_attr(b, "Id", r->id);
        put_attr(b, "Type", r->type);
        const char *target = dgl_docx_replaced_target(w, part->rels, r->id);
        if (target) {
            dgl_buf_printf(b, " Target=\"/%s\"/>", target);
            continue;
        }
        put_attr(b, "Target", o && is_templated(r) ? DGL_STR("#") : r->target);
        if (r->mode.len)
            put_attr(b, "TargetMode", r->mode);
        dgl_buf_puts(b, "/>");
    }
    for (size_t i = 0; o && i < o->rel_count; i++) {
        const struct dgl_docx_new_rel *r = &o->rels[i];
        dgl_buf_printf(b, "<Relationship Id=\"rIdD%u\" Type=\"%s%s\"", o->first_rel + (unsigned)i,
                       w->docx->strict ? REL_STRICT : REL_TRANSITIONAL, r->type);
        put_attr(b, "Target", r->target);
        dgl_buf_puts(b, r->external ? " TargetMode=\"External\"/>" : "/>");
    }
    dgl_buf_puts(b, "</Relationships>");
}

// ---- content types

static bool has_default(const struct dgl_docx *d, const char *extension)
{
    for (size_t i = 0; i < d->package.type_count; i++) {
        const struct dgl_docx_type *t = &d->package.types[i];
        if (t->is_default && t->key.len == strlen(extension) && strncasecmp(t->key.data, extension, t->key.len) == 0)
            return true;
    }
    return false;
}

#define MEDIA_KINDS 8

// Content types of new pictures the package does not list yet: bit by kind.
static unsigned missing_defaults(const struct dgl_docx_writer *w, const struct dgl_docx_media *ret_kinds[MEDIA_KINDS])
{
    unsigned count = 0;
    for (size_t i = 0; i < w->media_count; i++) {
        bool known = has_default(w->docx, w->media[i].extension);
        for (unsigned k = 0; k < count; k++)
            known |= strcmp(ret_kinds[k]->extension, w->media[i].extension) == 0;
        if (!known && count < MEDIA_KINDS)
            ret_kinds[count++] = &w->media[i];
    }
    return count;
}

#define NUMBERING_STEM "word/dgl-numbering"
#define NUMBERING_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml"

static bool adds_numbering(const struct dgl_docx_writer *w)
{
    return w->numbering.used && w->numbering.member == UINT32_MAX;
}

#define STYLES_STEM "word/dgl-styles"
#define STYLES_TYPE "application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"

static bool adds_styles(const struct dgl_docx_writer *w) // to a document that has none
{
    return w->new_styles && w->docx->styles_member == UINT32_MAX;
}

static const char *new_name(const struct dgl_docx_writer *w, const char *stem)
{
    return dgl_docx_new_name(&w->docx->package, w->env->arena, stem);
}

static bool is_dropped_type(const struct dgl_docx *d, const struct dgl_docx_type *t)
{
    uint32_t member = 0;
    return d->dropped && !t->is_default && dgl_docx_resolve(&d->package, "", t->key, &member) && d->dropped[member];
}

static bool adds_notes(const struct dgl_docx_writer *w, int kind) // to a document that has none of the kind
{
    return dgl_notes_are_added(w, (enum dgl_docx_note_kind)kind) && w->notes[kind].part.member == UINT32_MAX;
}

static bool adds_parts(const struct dgl_docx_writer *w)
{
    bool notes = false;
    for (int i = 0; i < DGL_NOTE_KINDS; i++)
        notes |= adds_notes(w, i);
    return notes || adds_numbering(w) || adds_styles(w);
}

static void put_override(struct dgl_buf *b, const char *name, const char *type)
{
    dgl_buf_puts(b, "<Override");
    dgl_buf_printf(b, " PartName=\"/%s\"", name);
    put_attr(b, "ContentType", dgl_str_of(type));
    dgl_buf_puts(b, "/>");
}

static void write_types(const struct dgl_docx_writer *w, const struct dgl_docx_media *const kinds[MEDIA_KINDS],
                        unsigned count, struct dgl_buf *b)
{
    const struct dgl_docx *d = w->docx;
    dgl_buf_puts(b, XML_HEAD "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">");
    for (unsigned i = 0; i < count; i++)
        dgl_buf_printf(b, "<Default Extension=\"%s\" ContentType=\"%s\"/>", kinds[i]->extension,
                       kinds[i]->content_type);
    for (size_t i = 0; i < d->package.type_count; i++) {
        const struct dgl_docx_type *t = &d->package.types[i];
        if (is_dropped_type(d, t))
            continue;
        dgl_buf_puts(b, t->is_default ? "<Default" : "<Override");
        put_attr(b, t->is_default ? "Extension" : "PartName", t->key);
        put_attr(b, "ContentType", t->type);
        dgl_buf_puts(b, "/>");
    }
    for (const struct dgl_docx_extra *e = w->extras; e; e = e->next)
        if (e->content_type)
            put_override(b, e->name, e->content_type);
    if (adds_styles(w))
        put_override(b, new_name(w, STYLES_STEM), STYLES_TYPE);
    if (adds_numbering(w))
        put_override(b, new_name(w, NUMBERING_STEM), NUMBERING_TYPE);
    for (int i = 0; i < DGL_NOTE_KINDS; i++)
        if (adds_notes(w, i))
            put_override(b, new_name(w, dgl_notes_words((enum dgl_docx_note_kind)i)->stem),
                         dgl_notes_words((enum dgl_docx_note_kind)i)->content_type);
    dgl_buf_puts(b, "</Types>");
}

// ---- parts

static enum dgl_status render_part(struct dgl_docx_writer *w, size_t index, struct dgl_value data,
                                   struct dgl_error *err)
{
    const struct dgl_docx_part *part = &w->docx->parts[index];
    w->part = part;
    w->output = &w->outputs[index];
    w->output->xml = DGL_BUF_INIT(w->env->budget->output_left);
    w->xml = &w->output->xml;
    w->table_count = w->width_count = 0;
    w->deferred_count = 0;
    w->reopened_to = 0;
    w->holding = 0;
    w->editing = part->kind == DGL_PART_CHART;
    for (const struct dgl_docx_replaced *r = w->replaced; r; r = r->next)
        w->editing |= r->picture->member == part->member && r->picture->vector.len;
    w->mark_names = w->mark_ids = NULL;
    if (part->mark_count) {
        w->mark_names = dgl_arena_alloc_try(w->env->arena, part->mark_count * sizeof(uint32_t));
        w->mark_ids = dgl_arena_alloc_try(w->env->arena, part->mark_count * sizeof(uint32_t));
        if (!w->mark_names || !w->mark_ids)
            return DGL_FAIL(err, DGL_E_LIMIT, "the document needs too much memory");
    }
    dgl_buf_reserve(w->xml, DGL_MIN(part->raw_bytes + part->raw_bytes / 2, w->xml->max));
    struct dgl_template_sink sink = {
        .data = dgl_docx_on_data, .value = dgl_docx_on_value, .capture = dgl_docx_on_capture, .ctx = w};
    struct dgl_template_env env = {.created_at_us = w->env->created_at_us,
                                   .time_zone = w->env->time_zone,
                                   .locale = w->env->locale,
                                   .budget = w->env->budget,
                                   .arena = w->env->arena};
    DGL_TRY(dgl_template_render(part->program, data, &env, &sink, err));
    DGL_TRY(dgl_buf_check(w->xml, "the document", err));
    DGL_TRY(dgl_docx_put_notes(w, part->kind, w->xml, err));
    return dgl_budget_output(w->env->budget, w->xml->len, err);
}

// ---- the package

static enum dgl_status add_rels(struct dgl_docx_writer *w, struct dgl_zip_writer *zip, const char *name,
                                const struct dgl_docx_part *part, const struct dgl_docx_output *output,
                                struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
    write_rels(w, part, output, &b);
    DGL_TRY(dgl_buf_check(&b, name, err));
    return dgl_zip_writer_add(zip, name, b.data, b.len, err);
}

// Relationships of a part without tags, one of whose pictures was replaced.
static enum dgl_status add_replaced_rels(struct dgl_docx_writer *w, struct dgl_zip_writer *zip, const char *name,
                                         uint32_t source, struct dgl_error *err)
{
    struct dgl_docx_part part = {.member = source};
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
    DGL_TRY(dgl_docx_relationships(&w->docx->package, source, w->env->arena, &part.relationships,
                                   &part.relationship_count, &part.rels, err));
    write_rels(w, &part, NULL, &b);
    DGL_TRY(dgl_buf_check(&b, name, err));
    return dgl_zip_writer_add(zip, name, b.data, b.len, err);
}

static enum dgl_status add_notes(struct dgl_docx_writer *w, struct dgl_zip_writer *zip, const char *name,
                                 enum dgl_docx_note_kind kind, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
    DGL_TRY(dgl_notes_write(w, kind, &b, err));
    return dgl_zip_writer_add(zip, name, b.data, b.len, err);
}

// Relationships of a part that had none.
static enum dgl_status add_first_rels(struct dgl_docx_writer *w, struct dgl_zip_writer *zip, const char *name,
                                      const struct dgl_docx_part *part, const struct dgl_docx_output *output,
                                      struct dgl_error *err)
{
    const char *slash = strrchr(name, '/');
    int folder = slash ? (int)(slash - name) + 1 : 0;
    if (part->rels != UINT32_MAX || output->rel_count == 0)
        return DGL_OK;
    return add_rels(w, zip, dgl_arena_printf(w->env->arena, "%.*s_rels/%s.rels", folder, name, name + folder), part,
                    output, err);
}

static enum dgl_status add_new_notes(struct dgl_docx_writer *w, struct dgl_zip_writer *zip, struct dgl_error *err)
{
    for (int i = 0; i < DGL_NOTE_KINDS; i++) {
        const struct dgl_docx_notes *n = &w->notes[i];
        enum dgl_docx_note_kind kind = (enum dgl_docx_note_kind)i;
        if (!dgl_notes_are_added(w, kind))
            continue;
        const char *name = new_name(w, dgl_notes_words(kind)->stem);
        if (n->part.member == UINT32_MAX)
            DGL_TRY(add_notes(w, zip, name, kind, err));
        else
            name = dgl_zip_name(w->docx->package.zip, n->part.member);
        DGL_TRY(add_first_rels(w, zip, name, &n->part, &n->own, err));
    }
    return DGL_OK;
}

static enum dgl_status add_member(struct dgl_docx_writer *w, struct dgl_zip_writer *zip, uint32_t member,
                                  struct dgl_error *err)
{
    const struct dgl_docx *d = w->docx;
    const char *name = dgl_zip_name(d->package.zip, member);
    const struct dgl_docx_media *kinds[MEDIA_KINDS];
    unsigned missing = member == d->package.content_types ? missing_defaults(w, kinds) : 0;
    if (d->dropped && d->dropped[member])
        return DGL_OK;
    if (missing || (member == d->package.content_types && (adds_parts(w) || w->extras || d->dropped))) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
        write_types(w, kinds, missing, &b);
        DGL_TRY(dgl_buf_check(&b, name, err));
        return dgl_zip_writer_add(zip, name, b.data, b.len, err);
    }
    for (const struct dgl_docx_override *o = w->overrides; o; o = o->next)
        if (o->member == member)
            return dgl_zip_writer_add(zip, name, o->bytes.data, o->bytes.len, err);
    if (w->numbering.used && member == w->numbering.member) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
        DGL_TRY(dgl_numbering_write(w, &b, err));
        return dgl_zip_writer_add(zip, name, b.data, b.len, err);
    }
    if (w->new_styles && member == d->styles_member) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
        DGL_TRY(dgl_graft_write_styles(w, member, &b, err));
        return dgl_zip_writer_add(zip, name, b.data, b.len, err);
    }
    for (int i = 0; i < DGL_NOTE_KINDS; i++) {
        const struct dgl_docx_notes *n = &w->notes[i];
        if (!dgl_notes_are_added(w, (enum dgl_docx_note_kind)i) || n->part.member == UINT32_MAX)
            continue;
        if (n->part.member == member)
            return add_notes(w, zip, name, (enum dgl_docx_note_kind)i, err);
        if (n->part.rels == member)
            return add_rels(w, zip, name, &n->part, &n->own, err);
    }
    const struct dgl_docx_replaced *replaced = dgl_docx_replaced_picture(w, member, NULL);
    for (size_t i = 0; i < d->part_count; i++) {
        struct dgl_zip_raw raw;
        if (d->parts[i].member == member && w->outputs[i].stream) {
            DGL_TRY(dgl_docx_stream_finish(&w->outputs[i], &raw, err));
            return dgl_zip_writer_add_raw(zip, name, &raw, err);
        }
        if (d->parts[i].member == member)
            return dgl_zip_writer_add(zip, name, w->outputs[i].xml.data, w->outputs[i].xml.len, err);
        if (d->parts[i].rels == member && (w->outputs[i].rel_count || replaced || d->parts[i].copies_charts))
            return add_rels(w, zip, name, &d->parts[i], &w->outputs[i], err);
    }
    if (replaced)
        return add_replaced_rels(w, zip, name, replaced->picture->member, err);
    return dgl_zip_writer_add_raw(zip, name, &d->package.raws[member], err);
}

// In the template, or brought along by a subdocument.
static bool is_there(const struct dgl_docx_writer *w, const char *name)
{
    size_t at = 0;
    const struct dgl_docx_extra *e = w->extras;
    while (e && strcmp(e->name, name) != 0)
        e = e->next;
    return e || dgl_zip_find(w->docx->package.zip, name, &at);
}

static enum dgl_status add_new_members(struct dgl_docx_writer *w, struct dgl_zip_writer *zip, struct dgl_error *err)
{
    const struct dgl_docx *d = w->docx;
    if (adds_styles(w)) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
        DGL_TRY(dgl_graft_write_styles(w, UINT32_MAX, &b, err));
        DGL_TRY(dgl_zip_writer_add(zip, new_name(w, STYLES_STEM), b.data, b.len, err));
    }
    for (const struct dgl_docx_extra *e = w->extras; e; e = e->next)
        DGL_TRY(e->raw ? dgl_zip_writer_add_raw(zip, e->name, e->raw, err)
                       : dgl_zip_writer_add(zip, e->name, e->bytes.data, e->bytes.len, err));
    if (adds_numbering(w)) {
        DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES);
        DGL_TRY(dgl_numbering_write(w, &b, err));
        DGL_TRY(dgl_zip_writer_add(zip, new_name(w, NUMBERING_STEM), b.data, b.len, err));
    }
    DGL_TRY(add_new_notes(w, zip, err));
    for (size_t i = 0; i < d->part_count; i++)
        DGL_TRY(add_first_rels(w, zip, dgl_zip_name(d->package.zip, d->parts[i].member), &d->parts[i], &w->outputs[i],
                               err));
    for (size_t i = 0; i < w->media_count; i++) {
        if (!is_there(w, w->media[i].name)) // same name, same bytes
            DGL_TRY(dgl_zip_writer_add(zip, w->media[i].name, w->media[i].bytes.data, w->media[i].bytes.len, err));
    }
    return DGL_OK;
}

static enum dgl_status write_package(struct dgl_docx_writer *w, struct dgl_buf *out, struct dgl_error *err)
{
    DGL_AUTO(zip_writer) zip = dgl_zip_writer_new(out, w->env->stored ? 0 : DEFLATE_LEVEL);
    for (uint32_t i = 0; i < w->docx->package.member_count; i++)
        DGL_TRY(add_member(w, zip, i, err));
    DGL_TRY(add_new_members(w, zip, err));
    return dgl_zip_writer_finish(zip, err);
}

static enum dgl_status link_new_part(struct dgl_docx_writer *w, const char *type, const char *stem,
                                     struct dgl_error *err)
{
    char id[24];
    struct dgl_str target = dgl_str_of(dgl_arena_printf(w->env->arena, "/%s", new_name(w, stem)));
    return dgl_docx_add_relationship(w, type, target, false, id, err);
}

static enum dgl_status link_to_body(struct dgl_docx_writer *w, struct dgl_error *err)
{
    if (adds_styles(w))
        DGL_TRY(link_new_part(w, "styles", STYLES_STEM, err));
    if (adds_numbering(w))
        DGL_TRY(link_new_part(w, "numbering", NUMBERING_STEM, err));
    for (int i = 0; i < DGL_NOTE_KINDS; i++) {
        const struct dgl_note_words *words = dgl_notes_words((enum dgl_docx_note_kind)i);
        if (adds_notes(w, i))
            DGL_TRY(link_new_part(w, words->element, words->stem, err));
    }
    return DGL_OK;
}

// Numbering, styles and notes are found through the body's relationships, whatever part has the lists.
static enum dgl_status link_new_parts(struct dgl_docx_writer *w, struct dgl_error *err)
{
    if (!adds_parts(w))
        return DGL_OK;
    for (size_t i = 0; i < w->docx->part_count; i++) {
        if (w->docx->parts[i].kind != DGL_PART_BODY)
            continue;
        w->part = &w->docx->parts[i];
        w->output = &w->outputs[i];
        return link_to_body(w, err);
    }
    return DGL_FAIL_SLUG(err, DGL_E_UNSUPPORTED, "misplaced_value",
                         "a list in a header or note needs a template whose body has tags or lists too");
}

static enum dgl_status render_all(struct dgl_docx_writer *w, struct dgl_value data, struct dgl_buf *out,
                                  struct dgl_error *err)
{
    DGL_TRY(dgl_docx_replace_pictures(w, data, err));
    for (size_t i = 0; i < w->docx->part_count; i++)
        DGL_TRY(render_part(w, i, data, err));
    DGL_TRY(link_new_parts(w, err));
    DGL_TRY(dgl_docx_drop_replaced_vectors(w, err));
    DGL_TRY(dgl_docx_feed_charts(w, data, err));
    return write_package(w, out, err);
}

static void writer_fini(struct dgl_docx_writer *w)
{
    for (size_t i = 0; i < w->docx->part_count; i++) {
        dgl_buf_fini(&w->outputs[i].xml);
        dgl_docx_stream_free(w->outputs[i].stream);
        free(w->outputs[i].rels);
    }
    dgl_docx_subdocs_fini(w);
    dgl_docx_notes_fini(w);
    dgl_buf_fini(&w->scratch);
    free(w->widths);
    free(w->media);
    free(w->fetched);
    free(w->deferred);
}

enum dgl_status dgl_docx_render(const struct dgl_docx *d, struct dgl_value data, const struct dgl_docx_env *env,
                                struct dgl_buf *out, struct dgl_docx_warnings *ret_warnings, struct dgl_error *err)
{
    struct dgl_docx_warnings warnings = {.count = 0};
    struct dgl_docx_writer w = {.docx = d,
                                .env = env,
                                .warnings = &warnings,
                                .data = data,
                                .scratch = DGL_BUF_INIT(DGL_DOCX_MAX_PACKAGE_BYTES),
                                .next_drawing_id = d->max_drawing_id + 1,
                                .next_bookmark_id = d->max_bookmark_id + 1};
    w.outputs = dgl_arena_alloc(env->arena, (d->part_count + 1) * sizeof *w.outputs);
    for (size_t i = 0; i < d->part_count; i++)
        w.outputs[i].first_rel = dgl_docx_first_free_rel(&d->parts[i]);
    enum dgl_status st = render_all(&w, data, out, err);
    writer_fini(&w);
    if (st == DGL_OK && ret_warnings)
        *ret_warnings = warnings;
    return st;
}
