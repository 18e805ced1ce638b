// Fuzz target: vector pictures, SVG and metafiles, and shapes by formulas ("G", then four texts parted by newlines).
// What is read has a size, closes what it opens, holds only finite points and stays within its bounds.
#include "fuzz.h"

#include "render/art/geometry.h"
#include "render/art/metafile.h"
#include "render/art/raster.h"
#include "render/art/svg.h"

#include <math.h>

static void check_path(const struct dgl_art_path *p)
{
    uint32_t points = 0;
    for (uint32_t i = 0; i < p->op_count; i++)
        points += p->ops[i] == DGL_ART_CURVE ? 6 : p->ops[i] == DGL_ART_CLOSE ? 0 : 2;
    fuzz_must(points == p->xy_count);
    for (uint32_t i = 0; i < p->xy_count; i++)
        fuzz_must(isfinite(p->xy[i]));
}

static void check(const struct dgl_art *art)
{
    int depth = 0;
    fuzz_must(art->width > 0 && art->height > 0);
    fuzz_must(art->items <= DGL_ART_MAX_ITEMS + DGL_ART_MAX_DEPTH);
    for (const struct dgl_art_item *i = art->first; i; i = i->next) {
        check_path(&i->path);
        depth += (i->kind == DGL_ART_PUSH) - (i->kind == DGL_ART_POP);
        fuzz_must(depth >= 0 && depth <= (int)DGL_ART_MAX_DEPTH);
        fuzz_must(i->kind != DGL_ART_TEXT || (i->text && dgl_utf8_valid(i->text->text.data, i->text->text.len)));
        fuzz_must(i->fill.kind <= DGL_ART_SOLID || (i->fill.stop_count && i->fill.stop_count <= DGL_ART_MAX_STOPS));
    }
    fuzz_must(depth == 0);
}

static void shape(struct dgl_arena *a, const uint8_t *data, size_t size)
{
    char *text = dgl_arena_strndup(a, (const char *)data, size);
    const char *part[4] = {"", "", "", ""};
    for (unsigned i = 0; i < 4 && text; i++) {
        char *end = strchr(text, '\n');
        part[i] = text;
        if (end)
            *end++ = '\0';
        text = end;
    }
    const struct dgl_geometry g = {"fuzz", part[0], part[1], part[2], part[3]};
    struct dgl_art *art = dgl_art_new(a, 100, 50);
    double room[4];
    for (const struct dgl_shape_path *p = dgl_geometry_outline(art, &g, NULL, 0, 100, 50, room); p; p = p->next)
        check_path(&p->path);
    for (unsigned i = 0; i < 4; i++)
        fuzz_must(isfinite(room[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DGL_AUTO(arena) a = dgl_arena_new((size_t)256 << 20);
    if (size && data[0] == 'G') {
        shape(a, data + 1, size - 1);
        return 0;
    }
    const struct dgl_art *svg = dgl_svg_read(a, (const char *)data, size), *meta = dgl_metafile_read(a, data, size);
    struct dgl_str text = {(const char *)data, size};
    fuzz_must(dgl_svg_check(a, &text) || dgl_svg_read(a, text.data, text.len) || !svg);
    if (svg)
        check(svg);
    if (svg)
        fuzz_must(dgl_art_rasterise(svg, a, 64, 48));
    if (meta)
        check(meta);
    return 0;
}
