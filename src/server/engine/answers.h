// What a worker wrote, checked before anybody else reads it. A worker has read a stranger's bytes, so nothing it says
// is taken on trust.
#ifndef DGL_SERVER_ENGINE_ANSWERS_H
#define DGL_SERVER_ENGINE_ANSWERS_H

#include "server/engine/protocol.h"

// Each gives a copy for the caller to free, as engine.h describes the text of that name; NULL for a text that is empty.
// A text of another shape gives NULL and sets `*ret_bad`, which is otherwise left as it was.
char *dgl_answer_take_problems(const struct dgl_wire_answer *a, bool *ret_bad);
char *dgl_answer_take_tokens(const struct dgl_wire_answer *a, bool *ret_bad);
char *dgl_answer_take_findings(const struct dgl_wire_answer *a, bool *ret_bad);
char *dgl_answer_take_warnings(const struct dgl_wire_answer *a, bool *ret_bad);
char *dgl_answer_take_font(const struct dgl_wire_answer *a, bool *ret_bad); // an empty text is bad too

#endif
