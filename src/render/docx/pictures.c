// Placeholder pictures: a picture of the template that data replaces, with its frame, position and wrapping.
//
// Two ways. A token in the picture's alternative text, title or name ("{{ img_logo }}", or just "img_logo") makes its
// relationship a value, so it may differ in every turn of a loop; the new picture is fitted into the old one's frame.
// And `replace_pictures` in the data names pictures by name, title, alternative text or file: their relationships get
// another target, also in parts without tags, and the frames stay.
#include "render/docx/emit.h"
#include "render/docx/writer.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_named(const struct dgl_docx_node *n, const char *local)
{
    const char *colon = n->qname.data ? memchr(n->qname.data, ':', n->qname.len) : NULL;
    size_t skip = colon ? (size_t)(colon - n->qname.data) + 1 : 0;
    return n->kind == DGL_NODE_ELEMENT &&
           dgl_str_is((struct dgl_str){n->qname.data + skip, n->qname.len - skip}, local);
}

static const char *const name_attributes[] = {"descr", "title", "name"};

// ---- tokens in alternative texts

static bool names_picture(struct dgl_str inside)
{
    static const char filter[] = "image";
    if (dgl_docx_prints_image(inside))
        return true;
    for (size_t i = 0; i + 1 < inside.len; i++) {
        if (inside.data[i] != '|')
            continue;
        struct dgl_str rest = dgl_str_trim((struct dgl_str){inside.data + i + 1, inside.len - i - 1});
        if (dgl_str_starts(rest, filter) && (rest.len == 5 || rest.data[5] == '(' || rest.data[5] == ' '))
            return true;
    }
    return false;
}

bool dgl_docx_picture_token(struct dgl_str value, struct dgl_str *ret_before, struct dgl_str *ret_tag,
                            struct dgl_str *ret_after)
{
    const char *open = memmem(value.data, value.len, "{{", 2);
    const char *close = open ? memmem(open, value.len - (size_t)(open - value.data), "}}", 2) : NULL;
    if (!open) {
        struct dgl_str bare = dgl_str_trim(value);
        *ret_before = *ret_after = (struct dgl_str){"", 0};
        *ret_tag = bare;
        return bare.len > 0 && !memchr(bare.data, ' ', bare.len) && !memchr(bare.data, '|', bare.len) &&
               dgl_docx_prints_image(bare);
    }
    if (!close)
        return false;
    *ret_before = (struct dgl_str){value.data, (size_t)(open - value.data)};
    *ret_tag = (struct dgl_str){open, (size_t)(close - open) + 2};
    *ret_after = (struct dgl_str){close + 2, value.len - (size_t)(close + 2 - value.data)};
    return names_picture(dgl_str_trim((struct dgl_str){open + 2, (size_t)(close - open) - 2}));
}

bool dgl_docx_has_picture_token(const struct dgl_docx_node *n, struct dgl_str *ret)
{
    struct dgl_str before, after;
    if (n->el == DGL_EL_WP_DOCPR || is_named(n, "cNvPr"))
        for (size_t i = 0; i < DGL_COUNT(name_attributes); i++)
            if (dgl_docx_picture_token(dgl_docx_node_attr_value(n, name_attributes[i]), &before, ret, &after))
                return true;
    return false;
}

static bool find_token(const struct dgl_docx_node *n, struct dgl_str *ret)
{
    if (n->kind != DGL_NODE_ELEMENT)
        return false;
    if (dgl_docx_has_picture_token(n, ret))
        return true;
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        if (!is_named(k, "txbxContent") && find_token(k, ret))
            return true;
    return false;
}

bool dgl_docx_is_placeholder(const struct dgl_docx_node *drawing, struct dgl_str *ret)
{
    return is_named(drawing, "drawing") && find_token(drawing, ret);
}

bool dgl_docx_is_blip(const struct dgl_docx_node *n)
{
    return n->el == DGL_EL_OTHER && is_named(n, "blip");
}

bool dgl_docx_is_chart(const struct dgl_docx_node *n)
{
    return n->el == DGL_EL_OTHER && is_named(n, "chart");
}

bool dgl_docx_names_picture(const struct dgl_docx_node *n, const struct dgl_docx_attr *a)
{
    for (size_t i = 0; i < DGL_COUNT(name_attributes); i++)
        if (a->ns == DGL_NS_NONE && dgl_str_is(a->local, name_attributes[i]))
            return n->el == DGL_EL_WP_DOCPR || is_named(n, "cNvPr");
    return false;
}

enum dgl_status dgl_docx_write_blip(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                    struct dgl_error *err)
{
    char id[24];
    uint32_t media = UINT32_MAX;
    DGL_TRY(dgl_docx_load_image(w, v, &media, err));
    if (media == UINT32_MAX) { // no value: the placeholder stays
        dgl_docx_put_attr(w->xml, x->run_open);
        return DGL_OK;
    }
    DGL_TRY(dgl_docx_relate_image(w, media, id, err));
    dgl_buf_puts(w->xml, id);
    w->placed_media = media;
    return DGL_OK;
}

// ---- the frame

void dgl_docx_open_frame(struct dgl_docx_writer *w)
{
    w->frame_start = w->xml->len;
    w->placed_media = UINT32_MAX;
}

static bool read_extent(struct dgl_str s, struct dgl_str *ret_pair, int64_t *ret_cx, int64_t *ret_cy)
{
    const char *extent = memmem(s.data, s.len, "extent cx=\"", 11), *end = s.data + s.len;
    if (!extent)
        return false;
    const char *cx = extent + 11, *cx_end = memchr(cx, '"', (size_t)(end - cx));
    if (!cx_end || end - cx_end < 7 || memcmp(cx_end, "\" cy=\"", 6) != 0)
        return false;
    const char *cy = cx_end + 6, *cy_end = memchr(cy, '"', (size_t)(end - cy));
    if (!cy_end)
        return false;
    *ret_pair = (struct dgl_str){extent + 7, (size_t)(cy_end + 1 - (extent + 7))};
    return dgl_parse_int64(cx, (size_t)(cx_end - cx), 1, INT64_MAX / 2, ret_cx) &&
           dgl_parse_int64(cy, (size_t)(cy_end - cy), 1, INT64_MAX / 2, ret_cy);
}

// The frame keeps one side; the other follows the new picture's proportions.
enum dgl_status dgl_docx_close_frame(struct dgl_docx_writer *w, struct dgl_error *err)
{
    struct dgl_str pair, all = {w->xml->data + w->frame_start, w->xml->len - w->frame_start};
    int64_t cx = 0, cy = 0;
    if (w->placed_media == UINT32_MAX || w->xml->failed)
        return DGL_OK;
    DGL_TRY(dgl_docx_set_frame_vector(w, w->frame_start, w->placed_media, err));
    all = (struct dgl_str){w->xml->data + w->frame_start, w->xml->len - w->frame_start};
    if (w->xml->failed || !read_extent(all, &pair, &cx, &cy))
        return DGL_OK;
    const struct dgl_docx_media *m = &w->media[w->placed_media];
    w->placed_media = UINT32_MAX;
    double ratio = (m->width_px / m->dpi_x) / (m->height_px / m->dpi_y);
    double width = fmin((double)cx, (double)cy * ratio), height = width / ratio;
    DGL_AUTO_FINI(buf) copy = DGL_BUF_INIT(all.len);
    dgl_buf_append(&copy, all.data, all.len);
    DGL_TRY(dgl_buf_check(&copy, "the document", err));
    pair.data = copy.data + (pair.data - all.data);
    w->xml->len = w->frame_start;
    const char *from = copy.data, *end = copy.data + copy.len, *at;
    while ((at = memmem(from, (size_t)(end - from), pair.data, pair.len))) {
        dgl_buf_append(w->xml, from, (size_t)(at - from));
        dgl_buf_printf(w->xml, "cx=\"%lld\" cy=\"%lld\"", llround(fmax(width, 1)), llround(fmax(height, 1)));
        from = at + pair.len;
    }
    dgl_buf_append(w->xml, from, (size_t)(end - from));
    return DGL_OK;
}

// ---- pictures by name

static void add_name(struct dgl_docx_picture *p, struct dgl_str name)
{
    if (name.len && p->name_count < DGL_COUNT(p->names))
        p->names[p->name_count++] = name;
}

static void add_names(struct dgl_docx_picture *p, const struct dgl_docx_node *n)
{
    if (n->kind != DGL_NODE_ELEMENT)
        return;
    if (n->el == DGL_EL_WP_DOCPR || is_named(n, "cNvPr"))
        for (size_t i = 0; i < DGL_COUNT(name_attributes); i++)
            add_name(p, dgl_docx_node_attr_value(n, name_attributes[i]));
    if (dgl_docx_is_blip(n) && p->rel.len == 0)
        p->rel = dgl_docx_node_attr_value(n, "embed");
    if (is_named(n, "svgBlip") && p->vector.len == 0)
        p->vector = dgl_docx_node_attr_value(n, "embed");
    if (dgl_docx_is_chart(n) && p->rel.len == 0) {
        p->rel = dgl_docx_node_attr_value(n, "id");
        p->chart = 0; // known once the drawing was read
    }
    for (const struct dgl_docx_node *k = n->first; k; k = k->next)
        add_names(p, k);
}

static void add_file_name(struct dgl_docx_picture *p, const struct dgl_docx_part *part)
{
    for (size_t i = 0; i < part->relationship_count; i++) {
        struct dgl_str target = part->relationships[i].target;
        if (target.len == 0 || !dgl_str_equal(part->relationships[i].id, p->rel))
            continue;
        const char *slash = memrchr(target.data, '/', target.len);
        size_t skip = slash ? (size_t)(slash - target.data) + 1 : 0;
        add_name(p, (struct dgl_str){target.data + skip, target.len - skip});
    }
}

static void add_chart(struct dgl_docx *d, const struct dgl_docx_part *part, struct dgl_docx_picture *p)
{
    for (size_t i = 0; i < part->relationship_count; i++)
        if (dgl_str_equal(part->relationships[i].id, p->rel) &&
            dgl_docx_type_ends(part->relationships[i].type, "/chart") &&
            dgl_docx_resolve(&d->package, dgl_zip_name(d->package.zip, part->member), part->relationships[i].target,
                             &p->chart)) {
            p->next = d->charts;
            d->charts = p;
            d->picture_count++;
            return;
        }
}

void dgl_docx_collect_pictures(struct dgl_docx *d, struct dgl_docx_part *part, const struct dgl_docx_node *n)
{
    if (n->kind != DGL_NODE_ELEMENT || d->picture_count >= DGL_DOCX_MAX_IMAGES)
        return;
    if (!is_named(n, "drawing")) {
        for (const struct dgl_docx_node *k = n->first; k; k = k->next)
            dgl_docx_collect_pictures(d, part, k);
        return;
    }
    struct dgl_str token;
    part->has_placeholders |= find_token(n, &token);
    struct dgl_docx_picture *p = DGL_ARENA_NEW(d->arena, struct dgl_docx_picture);
    p->member = part->member;
    p->rels = part->rels;
    p->chart = UINT32_MAX;
    p->drawing = n;
    add_names(p, n);
    if (p->rel.len == 0 || p->rels == UINT32_MAX)
        return;
    add_file_name(p, part);
    if (p->chart != UINT32_MAX) {
        add_chart(d, part, p);
        return;
    }
    p->next = d->pictures;
    d->pictures = p;
    d->picture_count++;
}

bool dgl_docx_picture_has_name(const struct dgl_docx_picture *p, struct dgl_str name)
{
    for (size_t i = 0; i < p->name_count; i++)
        if (dgl_str_equal(p->names[i], name))
            return true;
    return false;
}

static enum dgl_status replace_one(struct dgl_docx_writer *w, struct dgl_str name, struct dgl_value v,
                                   struct dgl_error *err)
{
    uint32_t media = UINT32_MAX;
    bool found = false;
    DGL_TRY(dgl_docx_load_image(w, v, &media, err));
    if (media == UINT32_MAX)
        return DGL_OK;
    for (const struct dgl_docx_picture *p = w->docx->pictures; p; p = p->next) {
        if (!dgl_docx_picture_has_name(p, name))
            continue;
        struct dgl_docx_replaced *r = DGL_ARENA_NEW(w->env->arena, struct dgl_docx_replaced);
        *r = (struct dgl_docx_replaced){.picture = p, .media = media, .next = w->replaced};
        w->replaced = r;
        found = true;
    }
    if (!found)
        dgl_docx_warn(w, "replace_pictures: the template has no picture \"%.*s\"",
                      (int)dgl_utf8_cut(name.data, name.len, 60), name.data);
    return DGL_OK;
}

enum dgl_status dgl_docx_replace_pictures(struct dgl_docx_writer *w, struct dgl_value data, struct dgl_error *err)
{
    struct dgl_value dict = dgl_value_dict_lookup(data, "replace_pictures", 16);
    for (size_t i = 0; dict.kind == DGL_VALUE_DICT && i < dgl_value_length(dict); i++) {
        struct dgl_value key, v;
        dgl_value_dict_at(dict, i, &key, &v);
        DGL_TRY(replace_one(w, (struct dgl_str){key.as.string->data, key.as.string->len}, v, err));
    }
    return DGL_OK;
}

// ---- the SVGs of what was replaced

static enum dgl_status drop_in_copied_part(struct dgl_docx_writer *w, const struct dgl_docx_picture *p,
                                           struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) xml = DGL_BUF_INIT(DGL_DOCX_MAX_PART_BYTES);
    for (struct dgl_docx_override *o = w->overrides; o; o = o->next)
        if (o->member == p->member) {
            dgl_buf_append(&xml, o->bytes.data, o->bytes.len);
            dgl_docx_drop_vector(&xml, p->vector);
            if (xml.len < o->bytes.len)
                return dgl_docx_keep_override(w, p->member, &xml, err);
            return DGL_OK;
        }
    DGL_TRY(dgl_zip_read(w->docx->package.zip, p->member, &xml, err));
    dgl_docx_drop_vector(&xml, p->vector);
    return dgl_docx_keep_override(w, p->member, &xml, err);
}

enum dgl_status dgl_docx_drop_replaced_vectors(struct dgl_docx_writer *w, struct dgl_error *err)
{
    for (const struct dgl_docx_replaced *r = w->replaced; r; r = r->next) {
        const struct dgl_docx_picture *p = r->picture;
        if (p->vector.len == 0 || w->media[r->media].vector)
            continue;
        size_t i = 0;
        while (i < w->docx->part_count && w->docx->parts[i].member != p->member)
            i++;
        if (i < w->docx->part_count)
            dgl_docx_drop_vector(&w->outputs[i].xml, p->vector);
        else
            DGL_TRY(drop_in_copied_part(w, p, err));
    }
    return DGL_OK;
}

const struct dgl_docx_replaced *dgl_docx_replaced_picture(const struct dgl_docx_writer *w, uint32_t rels,
                                                          const struct dgl_str *id)
{
    for (const struct dgl_docx_replaced *r = w->replaced; r; r = r->next)
        if (r->picture->rels == rels && (!id || dgl_str_equal(r->picture->rel, *id)))
            return r;
    return NULL;
}

const char *dgl_docx_replaced_target(const struct dgl_docx_writer *w, uint32_t rels, struct dgl_str id)
{
    const struct dgl_docx_replaced *r = dgl_docx_replaced_picture(w, rels, &id);
    if (r)
        return w->media[r->media].name;
    for (r = w->replaced; r; r = r->next)
        if (r->picture->rels == rels && dgl_str_equal(r->picture->vector, id) && w->media[r->media].vector)
            return w->media[w->media[r->media].vector - 1].name;
    return NULL;
}
