// A label is a paragraph of one run and one line: scripts, fallback fonts and directions come out as in any text.
#include "render/layout/label.h"

#include "render/layout/paint.h"

#include <string.h>

static struct dgl_para *one_line(const struct dgl_text_env *env, const struct dgl_art_text *t)
{
    struct dgl_para *p = dgl_arena_alloc_try(env->arena, sizeof(*p));
    struct dgl_run *run = dgl_arena_alloc_try(env->arena, sizeof(*run));
    struct dgl_inline *in = dgl_arena_alloc_try(env->arena, sizeof(*in));
    if (!p || !run || !in)
        return NULL;
    const char *family = t->family.len ? dgl_arena_strndup(env->arena, t->family.data, DGL_MIN(t->family.len, 100))
                                       : env->doc->sheet->rpr.font[DGL_SLOT_ASCII];
    run->r = env->doc->sheet->rpr;
    for (unsigned i = 0; i < DGL_SLOT_COUNT; i++)
        run->r.font[i] = family;
    run->r.size = run->r.size_cs = DGL_LABEL_SIZE;
    run->r.toggles = (t->bold ? DGL_T_BOLD | DGL_T_BOLD_CS : 0) | (t->italic ? DGL_T_ITALIC | DGL_T_ITALIC_CS : 0);
    run->r.underline = t->underline ? DGL_UNDERLINE_SINGLE : 0;
    run->r.color = t->rgb;
    run->r.spacing = run->r.position = 0;
    run->r.highlight = run->r.shade = DGL_COLOR_NONE;
    in->kind = DGL_IN_TEXT;
    in->run = run;
    in->text = t->text;
    p->p = env->doc->sheet->ppr;
    p->p.left = p->p.right = p->p.first = p->p.before = p->p.after = 0;
    p->p.jc = 0;
    p->p.shade = DGL_COLOR_NONE;
    p->mark = run;
    p->inlines = in;
    p->inline_count = 1;
    p->style = UINT16_MAX;
    return p;
}

// Only what paints is kept: a label is no paragraph of the document.
static void keep_painting(struct dgl_box_list *l)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->count; i++)
        if (l->boxes[i].kind == DGL_BOX_TEXT || l->boxes[i].kind == DGL_BOX_RECT || l->boxes[i].kind == DGL_BOX_LINE)
            l->boxes[n++] = l->boxes[i];
    l->count = n;
}

static float run_width(const struct dgl_art_text *t)
{
    return (float)((double)t->boxes_width * t->size / DGL_LABEL_SIZE);
}

enum dgl_status dgl_label_set(const struct dgl_text_env *env, struct dgl_art_text *t, struct dgl_error *err)
{
    struct dgl_page page = {0};
    struct dgl_box_list *list = dgl_arena_alloc_try(env->arena, sizeof(*list));
    struct dgl_para *p = one_line(env, t);
    struct dgl_lines *lines;
    struct dgl_para_place place = {.width = INT32_MAX / 8};
    if (!list || !p)
        return DGL_FAIL_SLUG(err, DGL_E_LIMIT, "document_too_large",
                             "the document needs more memory than one document may use");
    DGL_TRY(dgl_para_layout(env, p, &place, &lines, err));
    struct dgl_canvas c = {.env = env, .page = &page, .list = list, .background = DGL_COLOR_NONE, .err = err};
    dgl_paint_lines(&c, lines, 0, DGL_MIN(lines->count, 1u), 0, lines->count ? -lines->lines[0].baseline : 0,
                    (struct dgl_para_edges){0});
    keep_painting(list);
    t->boxes = list;
    for (uint32_t i = 0; lines->count && i < lines->lines[0].seg_count; i++) {
        const struct dgl_seg *s = &lines->lines[0].segs[i];
        t->boxes_width = DGL_MAX(t->boxes_width, s->x + s->width);
    }
    return c.status;
}

// Runs of a chunk one behind the other, and all of it before, about or behind its place.
static void put_together(const struct dgl_art *art)
{
    const struct dgl_art_text *before = NULL;
    for (struct dgl_art_item *i = art->first; i; i = i->next) {
        struct dgl_art_text *t = i->kind == DGL_ART_TEXT ? i->text : NULL;
        if (!t || !t->chunk)
            continue;
        bool follows = before && before->chunk == t->chunk;
        t->lead = follows ? before->lead + run_width(before) + t->gap : 0;
        t->chunk->whole = t->lead + run_width(t);
        before = t;
    }
    for (struct dgl_art_item *i = art->first; i; i = i->next) {
        struct dgl_art_text *t = i->kind == DGL_ART_TEXT ? i->text : NULL;
        if (t && t->chunk && t->anchor != DGL_ART_START)
            t->lead -= t->anchor == DGL_ART_MIDDLE ? t->chunk->whole / 2 : t->chunk->whole;
    }
}

enum dgl_status dgl_label_all(const struct dgl_text_env *env, const struct dgl_art *art, struct dgl_error *err)
{
    for (struct dgl_art_item *i = art->first; i; i = i->next) {
        if (i->kind == DGL_ART_TEXT && !i->text->boxes)
            DGL_TRY(dgl_label_set(env, i->text, err));
        DGL_TRY(dgl_work_tick(env->budget, env->arena, err));
    }
    put_together(art);
    return DGL_OK;
}

double dgl_label_width(const struct dgl_text_env *env, struct dgl_art_text *t)
{
    struct dgl_error ignored = DGL_ERROR_INIT;
    if (!t->boxes && dgl_label_set(env, t, &ignored) != DGL_OK)
        return 0;
    return run_width(t);
}

struct dgl_art *dgl_words_art(const struct dgl_text_env *env, const struct dgl_drawing *d, int32_t w, int32_t h,
                              struct dgl_error *err)
{
    struct dgl_art *art = dgl_art_new(env->arena, (float)w, (float)h);
    struct dgl_art_item *item = dgl_art_add(art, DGL_ART_TEXT);
    if (!item || w <= 0 || h <= 0)
        return NULL;
    struct dgl_art_text *t = dgl_arena_alloc_try(env->arena, sizeof(*t));
    if (!t)
        return NULL;
    *t = *d->words;
    item->text = t;
    if (dgl_label_set(env, t, err) != DGL_OK || t->boxes_width <= 0 || t->boxes->count == 0)
        return NULL;
    // A line of the font is as tall as the box.
    const struct dgl_font_use *use = NULL;
    for (uint32_t i = 0; i < t->boxes->count && !use; i++)
        if (t->boxes->boxes[i].kind == DGL_BOX_TEXT)
            use = t->boxes->boxes[i].text->use;
    double ascent = use ? use->ascent / 1000.0 : 0.8, descent = use ? use->descent / 1000.0 : 0.2;
    double size = h / (ascent + descent);
    t->size = (float)size;
    t->width = (float)w;
    t->m = (struct dgl_matrix){1, 0, 0, 1, 0, ascent * size};
    return art;
}
