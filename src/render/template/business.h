// What the business filters keep during a render: ICU formatters by locale and kind.
#ifndef DGL_RENDER_TEMPLATE_BUSINESS_H
#define DGL_RENDER_TEMPLATE_BUSINESS_H

struct dgl_locale_cache;
void dgl_locale_cache_free(struct dgl_locale_cache *c); // NULL is fine

#endif
