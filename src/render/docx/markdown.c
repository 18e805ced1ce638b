// CommonMark with tables, strikethrough and task lists, read by md4c. HTML in it is text.
#include "render/docx/flow.h"
#include "render/template/entities.h"
#include <md4c.h>
#include <string.h>

struct markdown {
    struct dgl_flow *flow;
    unsigned image; // depth of pictures: their text is the alternative text
    struct dgl_buf alt;
    struct dgl_str source;
    bool header;
};

static struct dgl_str attribute(struct markdown *m, const MD_ATTRIBUTE *a)
{
    struct dgl_buf b = DGL_BUF_INIT(DGL_DOCX_MAX_MARKUP_BYTES);
    dgl_entities_decode((struct dgl_str){a->text ? a->text : "", a->size}, &b);
    struct dgl_value v = dgl_flow_string(m->flow, (struct dgl_str){b.data, b.len});
    dgl_buf_fini(&b);
    return v.kind == DGL_VALUE_STRING ? dgl_text(v) : (struct dgl_str){"", 0};
}

static struct dgl_str side_of(MD_ALIGN align)
{
    return align == MD_ALIGN_CENTER  ? DGL_STR("center")
           : align == MD_ALIGN_RIGHT ? DGL_STR("right")
                                     : (struct dgl_str){"", 0};
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
    struct markdown *m = ctx;
    struct dgl_flow *f = m->flow;
    switch (type) {
    case MD_BLOCK_QUOTE:
        f->quote++;
        break;
    case MD_BLOCK_UL:
        dgl_flow_list_begin(f, false, 1);
        break;
    case MD_BLOCK_OL:
        dgl_flow_list_begin(f, true, ((MD_BLOCK_OL_DETAIL *)detail)->start);
        break;
    case MD_BLOCK_LI:
        dgl_flow_list_item(f);
        if (((MD_BLOCK_LI_DETAIL *)detail)->is_task) {
            const char *box = ((MD_BLOCK_LI_DETAIL *)detail)->task_mark == ' ' ? "\xE2\x98\x90 " : "\xE2\x98\x92 ";
            dgl_flow_text(f, box, 4);
        }
        break;
    case MD_BLOCK_HR:
        dgl_flow_rule(f);
        break;
    case MD_BLOCK_H:
        f->heading = ((MD_BLOCK_H_DETAIL *)detail)->level;
        break;
    case MD_BLOCK_CODE:
        f->pre++;
        dgl_flow_mark(f, DGL_FLOW_CODE, true);
        break;
    case MD_BLOCK_TABLE:
        dgl_flow_table_begin(f);
        break;
    case MD_BLOCK_TR:
        dgl_flow_row_begin(f);
        break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        dgl_flow_cell_begin(f, side_of(((MD_BLOCK_TD_DETAIL *)detail)->align), 1);
        break;
    default:
        break;
    }
    return f->status;
}

static void end_code(struct dgl_flow *f)
{
    while (f->text.len && f->text.data[f->text.len - 1] == '\n')
        f->text.len--;
    dgl_flow_end_paragraph(f);
    dgl_flow_mark(f, DGL_FLOW_CODE, false);
    f->pre--;
}

static int leave_block(MD_BLOCKTYPE type, void *detail DGL_UNUSED, void *ctx)
{
    struct markdown *m = ctx;
    struct dgl_flow *f = m->flow;
    switch (type) {
    case MD_BLOCK_QUOTE:
        dgl_flow_end_paragraph(f);
        f->quote--;
        break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
        dgl_flow_list_end(f);
        break;
    case MD_BLOCK_H:
        dgl_flow_end_paragraph(f);
        f->heading = 0;
        break;
    case MD_BLOCK_CODE:
        end_code(f);
        break;
    case MD_BLOCK_P:
    case MD_BLOCK_LI:
        dgl_flow_end_paragraph(f);
        break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        dgl_flow_cell_end(f);
        break;
    case MD_BLOCK_TR:
        dgl_flow_row_end(f);
        break;
    case MD_BLOCK_TABLE:
        dgl_flow_table_end(f, true);
        break;
    default:
        break;
    }
    return f->status;
}

static bool mark_of(MD_SPANTYPE type, enum dgl_flow_mark *ret)
{
    static const struct {
        MD_SPANTYPE type;
        enum dgl_flow_mark mark;
    } marks[] = {{MD_SPAN_EM, DGL_FLOW_ITALIC},
                 {MD_SPAN_STRONG, DGL_FLOW_BOLD},
                 {MD_SPAN_CODE, DGL_FLOW_CODE},
                 {MD_SPAN_DEL, DGL_FLOW_STRIKE}};
    for (size_t i = 0; i < DGL_COUNT(marks); i++)
        if (marks[i].type == type) {
            *ret = marks[i].mark;
            return true;
        }
    return false;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
    struct markdown *m = ctx;
    enum dgl_flow_mark mark;
    if (type == MD_SPAN_IMG) {
        if (m->image++ == 0) {
            m->source = attribute(m, &((MD_SPAN_IMG_DETAIL *)detail)->src);
            dgl_buf_reset(&m->alt);
        }
    } else if (m->image) {
        return m->flow->status;
    } else if (type == MD_SPAN_A) {
        struct dgl_str url = attribute(m, &((MD_SPAN_A_DETAIL *)detail)->href);
        dgl_flow_link(m->flow, url.len ? url : DGL_STR("#"));
    } else if (mark_of(type, &mark)) {
        dgl_flow_mark(m->flow, mark, true);
    }
    return m->flow->status;
}

static void end_image(struct markdown *m)
{
    struct dgl_flow *f = m->flow;
    struct dgl_value picture = dgl_flow_dict(f);
    dgl_flow_put(f, picture, "url", dgl_flow_string(f, m->source));
    dgl_flow_put(f, picture, "alt", dgl_flow_string(f, (struct dgl_str){m->alt.data, m->alt.len}));
    if (m->source.len)
        dgl_flow_image(f, picture);
}

static int leave_span(MD_SPANTYPE type, void *detail DGL_UNUSED, void *ctx)
{
    struct markdown *m = ctx;
    enum dgl_flow_mark mark;
    if (type == MD_SPAN_IMG) {
        if (--m->image == 0)
            end_image(m);
    } else if (m->image) {
        return m->flow->status;
    } else if (type == MD_SPAN_A) {
        dgl_flow_link(m->flow, (struct dgl_str){"", 0});
    } else if (mark_of(type, &mark)) {
        dgl_flow_mark(m->flow, mark, false);
    }
    return m->flow->status;
}

static void put_text(struct markdown *m, struct dgl_str s)
{
    if (m->image)
        dgl_buf_append(&m->alt, s.data, s.len);
    else
        dgl_flow_text(m->flow, s.data, s.len);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *ctx)
{
    struct markdown *m = ctx;
    struct dgl_str s = {text, size};
    if (dgl_budget_tick(m->flow->mem.budget, m->flow->mem.err) != DGL_OK)
        m->flow->status = m->flow->mem.err->code;
    if (type == MD_TEXT_NULLCHAR) {
        put_text(m, DGL_STR("\xEF\xBF\xBD"));
    } else if (type == MD_TEXT_BR) {
        put_text(m, DGL_STR("\n"));
    } else if (type == MD_TEXT_SOFTBR) {
        put_text(m, DGL_STR(" "));
    } else if (type == MD_TEXT_ENTITY) {
        struct dgl_buf b = DGL_BUF_INIT(1u << 16);
        dgl_entities_decode(s, &b);
        put_text(m, (struct dgl_str){b.data ? b.data : "", b.len});
        dgl_buf_fini(&b);
    } else {
        put_text(m, s);
    }
    return m->flow->status;
}

enum dgl_status dgl_markdown_read(struct dgl_flow *f, struct dgl_str source)
{
    struct markdown m = {.flow = f, .alt = DGL_BUF_INIT(DGL_DOCX_MAX_MARKUP_BYTES)};
    const MD_PARSER parser = {.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML |
                                       MD_FLAG_PERMISSIVEURLAUTOLINKS,
                              .enter_block = enter_block,
                              .leave_block = leave_block,
                              .enter_span = enter_span,
                              .leave_span = leave_span,
                              .text = on_text};
    if (source.len > DGL_DOCX_MAX_MARKUP_BYTES)
        return dgl_limit_error(&f->mem, "markup_too_large", "Markdown is longer than %u KiB",
                               DGL_DOCX_MAX_MARKUP_BYTES >> 10);
    int failed = md_parse(source.data, (MD_SIZE)source.len, &parser, &m);
    dgl_buf_fini(&m.alt);
    DGL_TRY(f->status);
    return failed ? dgl_limit_error(&f->mem, "markup_too_large", "Markdown needs too much memory") : DGL_OK;
}
