// The router: one node per path segment.
//
//   /api/v1/documents/          root ─ "api" ─ "v1" ─ "documents" (GET, POST)
//   /api/v1/documents/{id}                                 └─ {} (GET, DELETE)
//
// A fixed word wins over a parameter; when the word's branch leads nowhere the parameter's is tried, so a lookup visits
// at most 2^n nodes for the n levels at which both exist (in the tables there are: one or two). A trailing slash is
// dropped before the lookup, on both sides.
#include "server/http/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct dgl_str word; // points into a route's path; unused for parameters
    struct node **words;
    size_t word_count;
    struct node *param;
    struct entry **entries; // one per method
    size_t entry_count;
};
struct entry {
    const struct dgl_route *route;
    void *ctx;
    size_t param_count;
    struct dgl_str param_names[DGL_HTTP_MAX_PATH_PARAMS];
};
struct http_router {
    struct node root;
};

static DGL_NORETURN void bug(const struct dgl_route *route, const char *what)
{
    fprintf(stderr, "docgenlab: route %s %s: %s\n", route->method, route->path, what);
    abort();
}

struct http_router *http_router_new(void)
{
    return DGL_NEW(struct http_router);
}

static void node_fini(struct node *n)
{
    for (size_t i = 0; i < n->word_count; i++) {
        node_fini(n->words[i]);
        free(n->words[i]);
    }
    if (n->param) {
        node_fini(n->param);
        free(n->param);
    }
    for (size_t i = 0; i < n->entry_count; i++)
        free(n->entries[i]);
    free(n->words);
    free(n->entries);
}

void http_router_free(struct http_router *r)
{
    if (!r)
        return;
    node_fini(&r->root);
    free(r);
}

static struct node *find_word(const struct node *n, struct dgl_str word)
{
    for (size_t i = 0; i < n->word_count; i++)
        if (dgl_str_equal(n->words[i]->word, word))
            return n->words[i];
    return NULL;
}

static struct node *child_for(struct node *n, struct dgl_str segment, struct entry *e)
{
    if (segment.data[0] == '{') {
        if (segment.len < 3 || segment.data[segment.len - 1] != '}')
            bug(e->route, "a parameter is written {name}");
        if (e->param_count == DGL_HTTP_MAX_PATH_PARAMS)
            bug(e->route, "too many parameters");
        e->param_names[e->param_count++] = (struct dgl_str){segment.data + 1, segment.len - 2};
        if (!n->param)
            n->param = DGL_NEW(struct node);
        return n->param;
    }
    struct node *child = find_word(n, segment);
    if (!child) {
        child = DGL_NEW(struct node);
        child->word = segment;
        n->words = dgl_realloc(n->words, (n->word_count + 1) * sizeof(struct node *));
        n->words[n->word_count++] = child;
    }
    return child;
}

void http_router_add(struct http_router *r, const struct dgl_route *route, void *ctx)
{
    struct entry *e = DGL_NEW(struct entry);
    e->route = route;
    e->ctx = ctx;
    if (route->path[0] != '/')
        bug(route, "the path must begin with a slash");
    struct node *n = &r->root;
    for (const char *p = route->path + 1; *p;) {
        size_t len = strcspn(p, "/");
        if (len == 0)
            bug(route, "an empty part in the path");
        n = child_for(n, (struct dgl_str){p, len}, e);
        p += len + (p[len] == '/');
    }
    for (size_t i = 0; i < n->entry_count; i++)
        if (strcmp(n->entries[i]->route->method, route->method) == 0)
            bug(route, "is there already");
    n->entries = dgl_realloc(n->entries, (n->entry_count + 1) * sizeof(struct entry *));
    n->entries[n->entry_count++] = e;
}

struct search {
    const struct http_target *target;
    size_t params[DGL_HTTP_MAX_PATH_PARAMS]; // segment numbers
    size_t param_count;
};

static const struct node *walk(const struct node *n, struct search *s, size_t at)
{
    if (at == s->target->segment_count)
        return n->entry_count ? n : NULL;
    const char *segment = s->target->segments[at];
    const struct node *child = find_word(n, dgl_str_of(segment));
    const struct node *found = child ? walk(child, s, at + 1) : NULL;
    if (found || !n->param || segment[0] == '\0')
        return found;
    s->params[s->param_count++] = at; // the tree is no deeper in parameters than a route may have
    found = walk(n->param, s, at + 1);
    if (!found)
        s->param_count--;
    return found;
}

static const struct entry *entry_for(const struct node *n, const char *method)
{
    const struct entry *get = NULL;
    for (size_t i = 0; i < n->entry_count; i++) {
        if (strcmp(n->entries[i]->route->method, method) == 0)
            return n->entries[i];
        if (strcmp(n->entries[i]->route->method, "GET") == 0)
            get = n->entries[i];
    }
    return strcmp(method, "HEAD") == 0 ? get : NULL;
}

static void list_methods(const struct node *n, char allow[128])
{
    size_t used = 0;
    allow[0] = '\0';
    for (size_t i = 0; i < n->entry_count && used < 100; i++) {
        const char *method = n->entries[i]->route->method;
        used += (size_t)snprintf(allow + used, 128 - used, "%s%.24s%s", used ? ", " : "", method,
                                 strcmp(method, "GET") == 0 ? ", HEAD" : "");
    }
}

enum dgl_status http_router_find(const struct http_router *r, const char *method, const struct http_target *target,
                                 struct http_match *ret, char ret_allow[128], struct dgl_error *err)
{
    struct search s = {.target = target};
    const struct node *n = walk(&r->root, &s, 0);
    if (!n)
        return DGL_FAIL(err, DGL_E_NOT_FOUND, "There is nothing at %.200s.", target->path);
    const struct entry *e = entry_for(n, method);
    if (!e) {
        list_methods(n, ret_allow);
        return DGL_FAIL(err, DGL_E_METHOD, "%.32s is not possible at %.200s; allowed: %s.", method, target->path,
                        ret_allow);
    }
    for (size_t i = 0; i < s.param_count; i++)
        if (target->has_slash[s.params[i]])
            return DGL_FAIL_SLUG(err, DGL_E_MALFORMED, "bad_target", "a part of the path holds an encoded slash");
    *ret = (struct http_match){.route = e->route, .ctx = e->ctx, .param_count = e->param_count};
    for (size_t i = 0; i < e->param_count; i++) {
        ret->param_names[i] = e->param_names[i];
        ret->params[i] = target->segments[s.params[i]];
    }
    return DGL_OK;
}
