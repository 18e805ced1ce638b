// The words of the store's enumerations, as the API, the pages and the database write them. One table each.
#include "server/store/store.h"

#include <string.h>

static const struct {
    const char *word, *title;
} roles[DGL_ROLE_COUNT] = {
    [DGL_ROLE_VIEWER] = {"viewer", "Viewer"},
    [DGL_ROLE_GENERATOR] = {"generator", "Generator"},
    [DGL_ROLE_EDITOR] = {"template_editor", "Template Editor"},
    [DGL_ROLE_ADMIN] = {"org_admin", "Org Admin"},
};

const char *dgl_role_word(enum dgl_role role)
{
    return (size_t)role < DGL_COUNT(roles) ? roles[role].word : "";
}

const char *dgl_role_title(enum dgl_role role)
{
    return (size_t)role < DGL_COUNT(roles) ? roles[role].title : "";
}

bool dgl_role_parse(const char *word, enum dgl_role *ret)
{
    for (size_t i = 0; word && i < DGL_COUNT(roles); i++) {
        if (strcmp(roles[i].word, word) == 0) {
            *ret = (enum dgl_role)i;
            return true;
        }
    }
    return false;
}

static const char *word_of(const char *const *words, size_t count, int value)
{
    return value >= 0 && (size_t)value < count ? words[value] : "";
}

const char *dgl_document_status_word(enum dgl_document_status s)
{
    static const char *const words[] = {"queued", "rendering", "ready", "failed"};
    return word_of(words, DGL_COUNT(words), (int)s);
}

const char *dgl_document_source_word(enum dgl_document_source s)
{
    static const char *const words[] = {"api", "ui", "bulk"};
    return word_of(words, DGL_COUNT(words), (int)s);
}

const char *dgl_delivery_status_word(enum dgl_delivery_status s)
{
    static const char *const words[] = {"pending", "succeeded", "dropped", "canceled"};
    return word_of(words, DGL_COUNT(words), (int)s);
}

static const char *const format_words[] = {"", "pdf", "docx", "both"};

const char *dgl_format_word(unsigned formats)
{
    return word_of(format_words, DGL_COUNT(format_words), (int)formats);
}

bool dgl_format_parse(const char *word, unsigned *ret)
{
    for (unsigned i = 1; word && i < DGL_COUNT(format_words); i++) {
        if (strcmp(format_words[i], word) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}
