// Keeps what is open while markup is read: runs gather text until a mark changes, paragraphs gather runs until a block
// ends, cells are containers of their own. Failures are kept and make everything after them a no-op, so readers check
// once.
#include "render/docx/flow.h"
#include <string.h>

static const char *const mark_names[DGL_FLOW_MARKS] = {"bold",        "italic",    "underline", "strike",
                                                       "superscript", "subscript", "code",      "highlight"};

static void note(struct dgl_flow *f, enum dgl_status st)
{
    if (f->status == DGL_OK)
        f->status = st;
}

static struct dgl_value new_list(struct dgl_flow *f)
{
    struct dgl_value list = {.kind = DGL_VALUE_UNDEFINED};
    note(f, dgl_make_list(&f->mem, DGL_VALUE_LIST, 0, &list));
    return list;
}

static void push(struct dgl_flow *f, struct dgl_value list, struct dgl_value item)
{
    if (f->status == DGL_OK)
        note(f, dgl_list_push(&f->mem, list.as.list, item));
}

struct dgl_value dgl_flow_dict(struct dgl_flow *f)
{
    struct dgl_value dict = {.kind = DGL_VALUE_UNDEFINED};
    note(f, dgl_make_dict(&f->mem, 4, &dict));
    return dict;
}

void dgl_flow_put(struct dgl_flow *f, struct dgl_value dict, const char *key, struct dgl_value v)
{
    if (f->status == DGL_OK)
        note(f, dgl_dict_put_str(&f->mem, dict.as.dict, dgl_str_of(key), v));
}

struct dgl_value dgl_flow_string(struct dgl_flow *f, struct dgl_str s)
{
    struct dgl_value v = {.kind = DGL_VALUE_UNDEFINED};
    note(f, dgl_make_string(&f->mem, s.data ? s.data : "", s.len, &v));
    return v;
}

static struct dgl_value flag(bool on)
{
    return (struct dgl_value){.kind = DGL_VALUE_BOOL, .as.boolean = on};
}

static struct dgl_flow_frame *frame(struct dgl_flow *f)
{
    return &f->frames[f->depth];
}

void dgl_flow_init(struct dgl_flow *f, struct dgl_arena *arena, struct dgl_budget *budget, struct dgl_error *err)
{
    *f = (struct dgl_flow){.mem = {.arena = arena, .budget = budget, .err = err},
                           .text = DGL_BUF_INIT(DGL_DOCX_MAX_MARKUP_BYTES)};
    f->frames[0].blocks = new_list(f);
    f->runs = new_list(f);
}

void dgl_flow_fini(struct dgl_flow *f)
{
    dgl_buf_fini(&f->text);
}

// ---- runs

static void flush(struct dgl_flow *f)
{
    if (f->text.len == 0 || f->status != DGL_OK)
        return;
    struct dgl_value run = dgl_flow_dict(f);
    dgl_flow_put(f, run, "text", dgl_flow_string(f, (struct dgl_str){f->text.data, f->text.len}));
    for (int i = 0; i < DGL_FLOW_MARKS; i++)
        if (f->marks[i])
            dgl_flow_put(f, run, mark_names[i],
                         i == DGL_FLOW_HIGHLIGHT ? dgl_flow_string(f, DGL_STR("yellow")) : flag(true));
    if (f->url.len)
        dgl_flow_put(f, run, "url", dgl_flow_string(f, f->url));
    if (f->color.len)
        dgl_flow_put(f, run, "color", dgl_flow_string(f, f->color));
    push(f, f->runs, run);
    dgl_buf_reset(&f->text);
}

static bool paragraph_is_empty(const struct dgl_flow *f)
{
    return f->status != DGL_OK || (f->text.len == 0 && f->runs.as.list->count == 0);
}

void dgl_flow_text(struct dgl_flow *f, const char *s, size_t len)
{
    if (f->space && len && !paragraph_is_empty(f))
        dgl_buf_putc(&f->text, ' ');
    f->space = false;
    if (!dgl_buf_append(&f->text, s, len))
        note(f, dgl_buf_check(&f->text, "the markup", f->mem.err));
}

void dgl_flow_text_collapsed(struct dgl_flow *f, const char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        size_t from = i;
        while (i < len && !strchr(" \t\r\n\f", s[i]))
            i++;
        if (i > from)
            dgl_flow_text(f, s + from, i - from);
        from = i;
        while (i < len && strchr(" \t\r\n\f", s[i]))
            i++;
        f->space |= i > from;
    }
}

void dgl_flow_break(struct dgl_flow *f)
{
    f->space = false;
    if (!paragraph_is_empty(f) || f->pre)
        dgl_flow_text(f, "\n", 1);
}

// A space at the edge of marked text belongs outside of it.
static void settle_space(struct dgl_flow *f)
{
    if (f->space && !paragraph_is_empty(f))
        dgl_buf_putc(&f->text, ' ');
    f->space = false;
    flush(f);
}

void dgl_flow_mark(struct dgl_flow *f, enum dgl_flow_mark mark, bool on)
{
    if (on) {
        settle_space(f);
        f->marks[mark]++;
    } else if (f->marks[mark]) {
        flush(f);
        f->marks[mark]--;
    }
}

static bool is_web_link(struct dgl_str url)
{
    static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:"};
    for (size_t i = 0; i < DGL_COUNT(schemes); i++)
        if (url.len > strlen(schemes[i]) && strncasecmp(url.data, schemes[i], strlen(schemes[i])) == 0)
            return url.len <= DGL_DOCX_MAX_URL_BYTES;
    return false;
}

void dgl_flow_link(struct dgl_flow *f, struct dgl_str url)
{
    if (url.len)
        settle_space(f);
    else
        flush(f);
    url = dgl_str_trim(url);
    f->url = is_web_link(url) ? (struct dgl_str){dgl_arena_strndup(f->mem.arena, url.data, url.len), url.len}
                              : (struct dgl_str){"", 0};
}

void dgl_flow_color(struct dgl_flow *f, struct dgl_str color)
{
    settle_space(f);
    f->color = color;
}

void dgl_flow_image(struct dgl_flow *f, struct dgl_value picture)
{
    settle_space(f);
    struct dgl_value run = dgl_flow_dict(f);
    dgl_flow_put(f, run, "image", picture);
    push(f, f->runs, run);
}

// ---- paragraphs

static void put_list_place(struct dgl_flow *f, struct dgl_value block)
{
    unsigned level = f->list_depth - 1 - frame(f)->first_list;
    struct dgl_flow_list *list = &f->lists[f->list_depth - 1];
    struct dgl_value number = {.kind = DGL_VALUE_INT, .as.integer = (int64_t)level};
    if (!list->item_open) {
        number.as.integer++;
        dgl_flow_put(f, block, "indent", number);
        return;
    }
    dgl_flow_put(f, block, "list", dgl_flow_string(f, list->ordered ? DGL_STR("number") : DGL_STR("bullet")));
    dgl_flow_put(f, block, "level", number);
    if (!list->begun) {
        number.as.integer = list->start;
        dgl_flow_put(f, block, "start", number);
    }
    list->begun = true;
    list->item_open = false;
}

static void push_block(struct dgl_flow *f, struct dgl_value block)
{
    if (++f->block_count > DGL_DOCX_MAX_MARKUP_BLOCKS)
        note(f, dgl_limit_error(&f->mem, "markup_too_large", "markup holds more than %u paragraphs",
                                DGL_DOCX_MAX_MARKUP_BLOCKS));
    push(f, frame(f)->blocks, block);
}

void dgl_flow_end_paragraph(struct dgl_flow *f)
{
    f->space = false;
    flush(f);
    if (paragraph_is_empty(f))
        return;
    struct dgl_value block = dgl_flow_dict(f), number = {.kind = DGL_VALUE_INT, .as.integer = f->heading};
    dgl_flow_put(f, block, "runs", f->runs);
    if (f->heading)
        dgl_flow_put(f, block, "heading", number);
    if (f->list_depth > frame(f)->first_list)
        put_list_place(f, block);
    if (f->quote && !f->heading)
        dgl_flow_put(f, block, "quote", flag(true));
    if (f->align.len)
        dgl_flow_put(f, block, "align", dgl_flow_string(f, f->align));
    else if (f->depth && frame(f)->align.kind == DGL_VALUE_STRING)
        dgl_flow_put(f, block, "align", frame(f)->align);
    push_block(f, block);
    f->runs = new_list(f);
}

void dgl_flow_rule(struct dgl_flow *f)
{
    dgl_flow_end_paragraph(f);
    struct dgl_value block = dgl_flow_dict(f);
    dgl_flow_put(f, block, "rule", flag(true));
    push_block(f, block);
}

// ---- lists

void dgl_flow_list_begin(struct dgl_flow *f, bool ordered, int64_t start)
{
    dgl_flow_end_paragraph(f);
    if (f->list_depth == DGL_COUNT(f->lists)) { // deeper ones go on at the deepest level Word has
        f->lists_too_deep++;
        return;
    }
    f->lists[f->list_depth++] =
        (struct dgl_flow_list){.ordered = ordered, .start = start < 0 || start > 32767 ? 1 : start};
}

void dgl_flow_list_item(struct dgl_flow *f)
{
    dgl_flow_end_paragraph(f);
    if (f->list_depth > frame(f)->first_list)
        f->lists[f->list_depth - 1].item_open = true;
}

void dgl_flow_list_end(struct dgl_flow *f)
{
    dgl_flow_end_paragraph(f);
    if (f->lists_too_deep)
        f->lists_too_deep--;
    else if (f->list_depth > frame(f)->first_list)
        f->list_depth--;
}

// ---- tables

void dgl_flow_table_begin(struct dgl_flow *f)
{
    dgl_flow_end_paragraph(f);
    if (frame(f)->in_table || f->depth + 1 == DGL_COUNT(f->frames)) {
        note(f, dgl_limit_error(&f->mem, "markup_too_large", "markup nests tables more than %u deep",
                                DGL_DOCX_MAX_MARKUP_TABLES));
        return;
    }
    frame(f)->in_table = true;
    frame(f)->rows = new_list(f);
    frame(f)->cells.kind = DGL_VALUE_UNDEFINED;
}

void dgl_flow_row_begin(struct dgl_flow *f)
{
    if (!frame(f)->in_table)
        return;
    dgl_flow_row_end(f);
    frame(f)->cells = new_list(f);
}

void dgl_flow_row_end(struct dgl_flow *f)
{
    struct dgl_flow_frame *fr = frame(f);
    if (!fr->in_table || fr->cells.kind != DGL_VALUE_LIST)
        return;
    if (fr->cells.as.list->count)
        push(f, fr->rows, fr->cells);
    fr->cells.kind = DGL_VALUE_UNDEFINED;
}

void dgl_flow_cell_begin(struct dgl_flow *f, struct dgl_str align, int64_t span)
{
    if (!frame(f)->in_table || f->depth + 1 == DGL_COUNT(f->frames))
        return;
    if (frame(f)->cells.kind != DGL_VALUE_LIST)
        dgl_flow_row_begin(f);
    f->depth++;
    *frame(f) = (struct dgl_flow_frame){.blocks = new_list(f), .span = span, .first_list = f->list_depth};
    if (align.len)
        frame(f)->align = dgl_flow_string(f, align);
}

void dgl_flow_cell_end(struct dgl_flow *f)
{
    if (f->depth == 0 || frame(f)->in_table)
        return;
    dgl_flow_end_paragraph(f);
    struct dgl_flow_frame cell = *frame(f);
    struct dgl_value v = dgl_flow_dict(f), span = {.kind = DGL_VALUE_INT, .as.integer = cell.span};
    f->list_depth = cell.first_list;
    f->depth--;
    dgl_flow_put(f, v, "paragraphs", cell.blocks);
    if (cell.span > 1)
        dgl_flow_put(f, v, "colspan", span);
    push(f, frame(f)->cells, v);
}

void dgl_flow_table_end(struct dgl_flow *f, bool header)
{
    if (f->depth && !frame(f)->in_table) // a cell was left open
        dgl_flow_cell_end(f);
    if (!frame(f)->in_table)
        return;
    dgl_flow_row_end(f);
    struct dgl_value table = dgl_flow_dict(f), block = dgl_flow_dict(f);
    frame(f)->in_table = false;
    if (f->status != DGL_OK || frame(f)->rows.as.list->count == 0)
        return;
    dgl_flow_put(f, table, "rows", frame(f)->rows);
    if (header)
        dgl_flow_put(f, table, "header", flag(true));
    dgl_flow_put(f, block, "table", table);
    push_block(f, block);
}

enum dgl_status dgl_flow_finish(struct dgl_flow *f, struct dgl_value *ret)
{
    dgl_flow_end_paragraph(f);
    while (f->depth || frame(f)->in_table)
        dgl_flow_table_end(f, false);
    DGL_TRY(f->status);
    *ret = f->frames[0].blocks;
    return DGL_OK;
}
