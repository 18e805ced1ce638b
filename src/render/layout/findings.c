// The table of features and what a document was found to hold.
#include "render/layout/findings.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

static const struct dgl_feature_info g_features[] = {
#define X(id, support, name, sentence) {DGL_SUPPORT_##support, #id, name, sentence},
    DGL_FEATURES(X)
#undef X
};

const struct dgl_feature_info *dgl_feature_info(enum dgl_feature f)
{
    return &g_features[f];
}

void dgl_finding_add(struct dgl_findings *f, enum dgl_feature feature, const char *part, uint32_t paragraph)
{
    if (f->found[feature].count++)
        return;
    dgl_str_copy(f->found[feature].part, sizeof(f->found[feature].part), part, strlen(part));
    f->found[feature].paragraph = paragraph;
}

enum dgl_feature dgl_findings_declined(const struct dgl_findings *f)
{
    for (int i = 0; i < DGL_FEATURE_COUNT; i++)
        if (f->found[i].count && g_features[i].support == DGL_SUPPORT_DECLINED)
            return (enum dgl_feature)i;
    return DGL_FEATURE_COUNT;
}

void dgl_warn(struct dgl_warnings *w, struct dgl_arena *a, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len < 0 || w->count == DGL_LAYOUT_MAX_WARNINGS)
        return;
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->items[i], text) == 0)
            return;
    w->items[w->count++] = dgl_arena_strdup(a, text);
}

void dgl_findings_warn(const struct dgl_findings *f, struct dgl_arena *a, struct dgl_warnings *w)
{
    for (int i = 0; i < DGL_FEATURE_COUNT; i++) {
        if (!f->found[i].count)
            continue;
        if (f->found[i].paragraph)
            dgl_warn(w, a, "%s (%s, paragraph %u%s)", g_features[i].sentence, f->found[i].part, f->found[i].paragraph,
                     f->found[i].count > 1 ? " and elsewhere" : "");
        else
            dgl_warn(w, a, "%s (%s)", g_features[i].sentence, f->found[i].part);
    }
}
