// Pages: the embedded templates compiled once, rendered with JSON as their data. Immutable after dgl_views_new; thread
// safe.
#ifndef DGL_SERVER_UI_VIEWS_H
#define DGL_SERVER_UI_VIEWS_H

#include "base/clock.h"
#include "base/json.h"

#define DGL_VIEW_MAX_PAGE_BYTES (8u << 20)
#define DGL_VIEW_MAX_STEPS 5000000
#define DGL_VIEW_MAX_MS 5000

struct dgl_views;
// Compiles every "pages/*.html". A page that does not compile is a bug, reported with its place.
enum dgl_status dgl_views_new(struct dgl_views **ret, struct dgl_error *err) DGL_MUST_CHECK;
void dgl_views_free(struct dgl_views *v);
DGL_DEFINE_AUTO(views);
// `page` is "history.html", times are written in `time_zone`. Appends the HTML; every value of `data` is escaped.
enum dgl_status dgl_views_render(const struct dgl_views *v, const char *page, const json_t *data, const char *time_zone,
                                 struct dgl_clock *clock, struct dgl_buf *out, struct dgl_error *err) DGL_MUST_CHECK;

#endif
