// Fonts as the Settings page shows them.
#include "server/ui/model.h"

#include <string.h>

#define SHOWN_STYLES 40u

static const char *text_of(const json_t *face, const char *key)
{
    const char *s = json_string_value(json_object_get(face, key));
    return s ? s : "";
}

static bool is_one_family(const json_t *faces)
{
    const char *first = text_of(json_array_get(faces, 0), "family");
    for (size_t i = 1; i < json_array_size(faces); i++)
        if (strcmp(text_of(json_array_get(faces, i), "family"), first) != 0)
            return false;
    return true;
}

// What a file of several fonts holds: styles of a family, or families with their styles.
static json_t *list_styles(const json_t *faces)
{
    json_t *list = json_array();
    bool one = is_one_family(faces);
    for (size_t i = 0; i < json_array_size(faces) && i < SHOWN_STYLES; i++) {
        const json_t *face = json_array_get(faces, i);
        json_array_append_new(list, one ? dgl_ui_text(text_of(face, "style"))
                                        : json_sprintf("%s %s", text_of(face, "family"), text_of(face, "style")));
    }
    if (json_array_size(faces) > SHOWN_STYLES)
        json_array_append_new(list, json_sprintf("and %zu more", json_array_size(faces) - SHOWN_STYLES));
    return list;
}

json_t *dgl_ui_font(const struct dgl_font_row *f)
{
    struct dgl_error ignored;
    DGL_AUTO_JSON faces = NULL;
    json_t *o = json_object();
    if (dgl_json_parse(f->faces_json, strlen(f->faces_json), "faces", &faces, &ignored) != DGL_OK)
        faces = json_array();
    const json_t *first = json_array_get(faces, 0);
    bool single = json_array_size(faces) == 1;
    dgl_ui_set_text(o, "id", f->id);
    if (single)
        dgl_ui_set_format(o, "title", "%s %s", text_of(first, "family"), text_of(first, "style"));
    else
        dgl_ui_set_text(o, "title", is_one_family(faces) ? text_of(first, "family") : f->file_name);
    dgl_ui_set_text(o, "file_name", f->file_name);
    json_object_set_new(o, "size", dgl_ui_size(f->size_bytes));
    json_object_set_new(o, "uploaded", dgl_ui_time(f->created_at_us));
    json_object_set_new(o, "styles", single ? json_array() : list_styles(faces));
    dgl_ui_set_text(o, "sample", f->sample_path && f->sample_path[0] ? f->sample_path : NULL);
    json_object_set_new(o, "sample_width", json_integer(DGL_MAX(f->sample_width, 1000) + 80));
    return o;
}
