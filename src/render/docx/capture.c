// Values inside macros, call blocks, filter blocks and block sets. Their output is text until it is printed, and a
// picture or a list is no text: such a value waits in the writer, and an element that names it by number stands in the
// text. When the text is printed as markup (safe.c), the element is met, and the value is drawn where it then stands.
#include "render/docx/writer.h"
#include <stdlib.h>
#include <string.h>

static bool is_nothing(struct dgl_value v)
{
    return v.kind == DGL_VALUE_UNDEFINED || v.kind == DGL_VALUE_NONE ||
           ((v.kind == DGL_VALUE_STRING || v.kind == DGL_VALUE_SAFE) && v.as.string->len == 0);
}

static bool must_wait(const struct dgl_docx_context *x, struct dgl_value v)
{
    if (is_nothing(v) || v.kind == DGL_VALUE_SAFE)
        return false;
    return v.kind == DGL_VALUE_RICH || (x->image && x->where == DGL_WHERE_TEXT) || x->where == DGL_WHERE_PARAGRAPH ||
           (x->where == DGL_WHERE_RUN && dgl_docx_is_rich(v));
}

static enum dgl_status defer(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                             struct dgl_buf *out, struct dgl_error *err)
{
    if (w->deferred_count == w->deferred_cap) {
        size_t cap = w->deferred_cap ? w->deferred_cap * 2 : 16;
        DGL_TRY(dgl_budget_memory(w->env->budget, (cap - w->deferred_cap) * sizeof *w->deferred, err));
        w->deferred = dgl_realloc(w->deferred, cap * sizeof *w->deferred);
        w->deferred_cap = cap;
    }
    dgl_buf_printf(out, "<dgl:value xmlns:dgl=\"" DGL_DOCX_DEFERRED_NS "\" n=\"%zu\"/>", w->deferred_count);
    w->deferred[w->deferred_count++] = (struct dgl_docx_deferred){x, v};
    return dgl_buf_check(out, "the text of a macro or block", err);
}

static void put_escaped(struct dgl_buf *out, struct dgl_str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char *as = s.data[i] == '&'    ? "&amp;"
                         : s.data[i] == '<'  ? "&lt;"
                         : s.data[i] == '>'  ? "&gt;"
                         : s.data[i] == '"'  ? "&#34;"
                         : s.data[i] == '\'' ? "&#39;"
                                             : NULL;
        if (!as)
            continue;
        dgl_buf_append(out, s.data + from, i - from);
        dgl_buf_puts(out, as);
        from = i + 1;
    }
    dgl_buf_append(out, s.data + from, s.len - from);
}

static bool is_written_at_once(enum dgl_docx_where where)
{
    return where == DGL_WHERE_BLIP || where == DGL_WHERE_CHART || where == DGL_WHERE_CHART_PART ||
           where == DGL_WHERE_TARGET || where == DGL_WHERE_LINK;
}

// A relationship is text already: pictures, charts and links are made at once.
static enum dgl_status write_at_once(struct dgl_docx_writer *w, const struct dgl_docx_context *x, struct dgl_value v,
                                     struct dgl_buf *out, struct dgl_error *err)
{
    struct dgl_buf *xml = w->xml;
    w->xml = out;
    enum dgl_status st = x->where == DGL_WHERE_BLIP         ? dgl_docx_write_blip(w, x, v, err)
                         : x->where == DGL_WHERE_TARGET     ? dgl_docx_write_target(w, v, err)
                         : x->where == DGL_WHERE_LINK       ? dgl_docx_write_link(w, v, err)
                         : x->where == DGL_WHERE_CHART_PART ? dgl_docx_write_chart(w, x, v, err)
                                                            : dgl_docx_write_chart_name(w, v, err);
    w->xml = xml;
    return st;
}

static enum dgl_status write_captured_argument(struct dgl_docx_writer *w, struct dgl_value v, struct dgl_buf *out,
                                               struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(out->max);
    DGL_AUTO_FINI(buf) argument = DGL_BUF_INIT(out->max);
    if (v.kind == DGL_VALUE_UNDEFINED)
        return DGL_OK;
    DGL_TRY(dgl_value_print(v, w->env->budget, &text, err));
    DGL_TRY(dgl_docx_quote_argument((struct dgl_str){text.data ? text.data : "", text.len}, v.kind == DGL_VALUE_SAFE,
                                    &argument, err));
    put_escaped(out, (struct dgl_str){argument.data ? argument.data : "", argument.len});
    return DGL_OK;
}

enum dgl_status dgl_docx_on_capture(void *ctx, uint32_t context, struct dgl_value v, struct dgl_buf *out,
                                    struct dgl_error *err)
{
    struct dgl_docx_writer *w = ctx;
    const struct dgl_docx_context *x = &w->part->contexts[context];
    if (is_written_at_once(x->where))
        return write_at_once(w, x, v, out, err);
    if (x->where == DGL_WHERE_NOTE || must_wait(x, v))
        return defer(w, x, v, out, err);
    if (x->quoted) {
        DGL_TRY(write_captured_argument(w, v, out, err));
    } else if (v.kind == DGL_VALUE_SAFE) {
        dgl_buf_append(out, v.as.string->data, v.as.string->len);
    } else if (v.kind == DGL_VALUE_STRING) {
        put_escaped(out, (struct dgl_str){v.as.string->data, v.as.string->len});
    } else if (v.kind != DGL_VALUE_UNDEFINED) {
        dgl_buf_reset(&w->scratch);
        DGL_TRY(dgl_value_print(v, w->env->budget, &w->scratch, err));
        put_escaped(out, (struct dgl_str){w->scratch.data ? w->scratch.data : "", w->scratch.len});
    }
    return dgl_buf_check(out, "the text of a macro or block", err);
}

const struct dgl_docx_deferred *dgl_docx_deferred_value(const struct dgl_docx_writer *w, struct dgl_str number)
{
    int64_t n = 0;
    if (w->deferred_count == 0 || !dgl_parse_int64(number.data, number.len, 0, (int64_t)w->deferred_count - 1, &n))
        return NULL;
    return &w->deferred[n];
}
