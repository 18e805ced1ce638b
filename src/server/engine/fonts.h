// What this room's files know of a list of fonts; everybody else: engine.h.
#ifndef DGL_SERVER_ENGINE_FONTS_H
#define DGL_SERVER_ENGINE_FONTS_H

#include "base/str.h"
#include "server/engine/engine.h"

const unsigned char *dgl_engine_fonts_key(const struct dgl_engine_fonts *f); // SHA-256 of the list, 32 bytes
struct dgl_str dgl_engine_fonts_json(const struct dgl_engine_fonts *f);

#endif
