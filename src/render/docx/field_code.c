// Values in the instructions of fields: HYPERLINK "https://example.org/{{ path }}".
//
// An argument in quotes ends at the next quote, and a backslash takes the meaning from what follows it (ECMA-376 Part
// 1, §17.16.1). What the data says inside of quotes must neither end the argument nor begin a switch behind it, so
// quotes and backslashes of such values get a backslash before them. Outside of quotes a value may be a switch or a
// whole instruction, as before. Which of the two it is, the text before the tag tells: quotes are counted while the
// part is walked. A field in the instruction of another one counts its own. What a macro made, and what is safe, is
// markup, not a piece of an instruction: inside of quotes it is read and gets its backslashes like the rest.
#include "render/docx/emit.h"
#include "render/docx/graft.h"
#include "render/docx/writer.h"

static void open_instruction(struct dgl_docx_emit *e)
{
    if (e->field_count++ < DGL_COUNT(e->field_quoted))
        e->field_quoted[e->field_count - 1] = false;
}

static void close_instruction(struct dgl_docx_emit *e)
{
    e->field_count -= e->field_count > 0;
}

static bool *innermost(struct dgl_docx_emit *e)
{
    bool known = e->field_count && e->field_count <= DGL_COUNT(e->field_quoted);
    return known ? &e->field_quoted[e->field_count - 1] : NULL;
}

void dgl_docx_meet_field_mark(struct dgl_docx_emit *e, const struct dgl_docx_node *n)
{
    if (!dgl_docx_named(n, "fldChar"))
        return;
    struct dgl_str type = dgl_docx_node_attr_value(n, "fldCharType");
    if (dgl_str_is(type, "begin"))
        open_instruction(e);
    else if (dgl_str_is(type, "end"))
        close_instruction(e);
}

void dgl_docx_meet_field_code(struct dgl_docx_emit *e, struct dgl_str text)
{
    bool *quoted = innermost(e);
    for (size_t i = 0; quoted && i < text.len; i++)
        if (text.data[i] == '"')
            *quoted = !*quoted;
        else if (text.data[i] == '\\' && *quoted)
            i++;
}

bool dgl_docx_in_field_quotes(struct dgl_docx_emit *e)
{
    const bool *quoted = innermost(e);
    return quoted && *quoted;
}

bool dgl_docx_enter_simple_field(struct dgl_docx_emit *e, const struct dgl_docx_attr *a)
{
    if (a->ns != DGL_NS_W || !dgl_str_is(a->local, "instr"))
        return false;
    open_instruction(e);
    return true;
}

void dgl_docx_leave_simple_field(struct dgl_docx_emit *e)
{
    close_instruction(e);
}

static void put_argument(struct dgl_str s, struct dgl_buf *out)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '"' || s.data[i] == '\\')
            dgl_buf_putc(out, '\\');
        dgl_buf_putc(out, s.data[i]);
    }
}

enum dgl_status dgl_docx_quote_argument(struct dgl_str s, bool safe, struct dgl_buf *out, struct dgl_error *err)
{
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(out->max);
    if (safe) {
        DGL_TRY(dgl_docx_read_safe_text(s, &text, err));
        s = (struct dgl_str){text.data ? text.data : "", text.len};
    }
    put_argument(s, out);
    return dgl_buf_check(out, "the document", err);
}
