// Filters on text. As with Markup in Jinja, what is made from a safe text stays safe and what goes into it is escaped.
#include "render/template/builtin.h"
#include <string.h>

// soft_str: text as it is, everything else printed.
static enum dgl_status soft(struct dgl_vm *vm, struct dgl_value v, struct dgl_value *ret)
{
    return dgl_to_string(&vm->mem, v, ret);
}

enum dgl_status dgl_case_text(struct dgl_vm *vm, enum dgl_case how, struct dgl_value s, struct dgl_value *ret)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    struct dgl_str text = dgl_text(s);
    DGL_TRY(dgl_mem_tick(&vm->mem, text.len / 64));
    DGL_TRY(dgl_uc_case(&vm->mem, how, text.data, text.len, &out));
    return dgl_finish(vm, &out, s.kind == DGL_VALUE_SAFE, ret);
}

DGL_FILTER(upper)
{
    (void)a;
    DGL_TRY(soft(vm, v, &v));
    return dgl_case_text(vm, DGL_CASE_UPPER, v, ret);
}

DGL_FILTER(lower)
{
    (void)a;
    DGL_TRY(soft(vm, v, &v));
    return dgl_case_text(vm, DGL_CASE_LOWER, v, ret);
}

DGL_FILTER(capitalize)
{
    (void)a;
    DGL_TRY(soft(vm, v, &v));
    return dgl_case_text(vm, DGL_CASE_TITLE, v, ret);
}

static bool begins_word(uint32_t c)
{
    return c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || dgl_uc_space(c);
}

// Words start behind blanks and - ( { [ <; an apostrophe does not start one.
DGL_FILTER(title)
{
    (void)a;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    DGL_TRY(soft(vm, v, &v));
    struct dgl_str s = dgl_text(v);
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len / 16));
    for (size_t i = 0; i < s.len;) {
        size_t first = i, rest = i, end;
        uint32_t c = dgl_utf8_next(s.data, s.len, &rest);
        if (begins_word(c)) {
            dgl_buf_append(&out, s.data + first, rest - first);
            i = rest;
            continue;
        }
        for (i = end = rest; i < s.len; end = i)
            if (begins_word(dgl_utf8_next(s.data, s.len, &i)))
                break;
        end = DGL_MIN(end, s.len);
        DGL_TRY(dgl_uc_case(&vm->mem, DGL_CASE_UPPER, s.data + first, rest - first, &out));
        DGL_TRY(dgl_uc_case(&vm->mem, DGL_CASE_LOWER, s.data + rest, end - rest, &out));
        i = end;
    }
    return dgl_finish(vm, &out, false, ret); // joined by a plain "": not safe any more
}

DGL_FILTER(trim)
{
    struct dgl_value chars;
    struct dgl_str set;
    bool given = dgl_arg_given(a, 0) && a->v[0].kind != DGL_VALUE_NONE;
    DGL_TRY(soft(vm, v, &v));
    bool safe = v.kind == DGL_VALUE_SAFE;
    if (given) {
        DGL_TRY(dgl_arg_text(&vm->mem, a->v[0], "chars", &set));
        DGL_TRY(dgl_escaped_for(vm, safe, a->v[0], &chars));
        set = dgl_text(chars);
        DGL_TRY(dgl_mem_tick(&vm->mem, v.as.string->len / 64 * (set.len / 16 + 1)));
    }
    struct dgl_str s = dgl_uc_strip(dgl_text(v), given ? &set : NULL, true, true);
    return dgl_make_borrowed(&vm->mem, safe, s.data, s.len, ret);
}

enum dgl_status dgl_center_text(struct dgl_vm *vm, struct dgl_value s, int64_t width, struct dgl_str fill, int side,
                                struct dgl_value *ret)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    int64_t chars = (int64_t)dgl_chars(s), pad = width > chars ? width - chars : 0;
    if (pad > (int64_t)DGL_VALUE_MAX_STRING)
        return dgl_limit_error(&vm->mem, "limit_memory", "a width of %lld is too large", (long long)width);
    int64_t left = side == 0 ? pad / 2 + (pad & width & 1) : side < 0 ? pad : 0;
    for (int64_t i = 0; i < left; i++)
        dgl_buf_append(&out, fill.data, fill.len);
    dgl_buf_append(&out, s.as.string->data, s.as.string->len);
    for (int64_t i = left; i < pad; i++)
        dgl_buf_append(&out, fill.data, fill.len);
    DGL_TRY(dgl_mem_tick(&vm->mem, (size_t)pad / 16));
    return dgl_finish(vm, &out, s.kind == DGL_VALUE_SAFE, ret);
}

DGL_FILTER(center)
{
    int64_t width;
    DGL_TRY(soft(vm, v, &v));
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "width", 80, &width));
    return dgl_center_text(vm, v, width, DGL_STR(" "), 0, ret);
}

enum dgl_status dgl_replace_text(struct dgl_vm *vm, struct dgl_str s, struct dgl_str old, struct dgl_str new,
                                 int64_t count, bool safe, struct dgl_value *ret)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    size_t pos = 0;
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len / 64));
    while (count != 0 && pos <= s.len) {
        size_t at = pos;
        if (old.len) {
            const char *p = memmem(s.data + pos, s.len - pos, old.data, old.len);
            if (!p)
                break;
            at = (size_t)(p - s.data);
        }
        dgl_buf_append(&out, s.data + pos, at - pos);
        dgl_buf_append(&out, new.data, new.len);
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_buf_check(&out, "a string", vm->mem.err));
        pos = at + old.len;
        if (!old.len) { // between all characters
            if (pos >= s.len) {
                pos = s.len + 1;
                break;
            }
            size_t next = pos;
            (void)dgl_utf8_next(s.data, s.len, &next);
            dgl_buf_append(&out, s.data + pos, next - pos);
            pos = next;
        }
        count -= count > 0;
    }
    if (pos < s.len)
        dgl_buf_append(&out, s.data + pos, s.len - pos);
    return dgl_finish(vm, &out, safe, ret);
}

DGL_FILTER(replace)
{
    struct dgl_value old, new;
    int64_t count = -1;
    if (dgl_arg_given(a, 2) && a->v[2].kind != DGL_VALUE_NONE)
        DGL_TRY(dgl_arg_int(&vm->mem, a, 2, "count", -1, &count));
    DGL_TRY(soft(vm, v, &v));
    DGL_TRY(soft(vm, a->v[0], &old));
    DGL_TRY(soft(vm, a->v[1], &new));
    if (!vm->autoescape)
        return dgl_replace_text(vm, dgl_text(v), dgl_text(old), dgl_text(new), count, false, ret);
    if (v.kind != DGL_VALUE_SAFE && (old.kind == DGL_VALUE_SAFE || new.kind == DGL_VALUE_SAFE))
        DGL_TRY(dgl_escaped_for(vm, true, v, &v));
    bool safe = v.kind == DGL_VALUE_SAFE;
    DGL_TRY(dgl_escaped_for(vm, safe, old, &old));
    DGL_TRY(dgl_escaped_for(vm, safe, new, &new));
    return dgl_replace_text(vm, dgl_text(v), dgl_text(old), dgl_text(new), count, safe, ret);
}

// s[:n] + end, both as Markup would.
static enum dgl_status cut(struct dgl_vm *vm, struct dgl_value v, size_t bytes, struct dgl_value end,
                           struct dgl_value *ret)
{
    struct dgl_value head;
    DGL_TRY(dgl_make_borrowed(&vm->mem, v.kind == DGL_VALUE_SAFE, v.as.string->data, bytes, &head));
    return dgl_value_binary(&vm->mem, DGL_BIN_ADD, head, end, ret);
}

DGL_FILTER(truncate)
{
    int64_t length, leeway = 5;
    struct dgl_value end = dgl_arg_given(a, 2) ? a->v[2] : dgl_none();
    struct dgl_str text;
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "length", 255, &length));
    if (dgl_arg_given(a, 3) && a->v[3].kind != DGL_VALUE_NONE)
        DGL_TRY(dgl_arg_int(&vm->mem, a, 3, "leeway", 5, &leeway));
    if (!dgl_arg_given(a, 2))
        DGL_TRY(dgl_make_borrowed(&vm->mem, false, "...", 3, &end));
    DGL_TRY(dgl_arg_text(&vm->mem, end, "end", &text));
    if (length < (int64_t)dgl_chars(end) || leeway < 0)
        return dgl_type_error(&vm->mem,
                              "truncate() cannot work with length %lld and leeway %lld: the end alone is longer",
                              (long long)length, (long long)leeway);
    size_t count;
    if (!dgl_length(v, &count))
        return dgl_type_error(&vm->mem, "truncate() cannot work on %s: it has no length", dgl_type_words(v));
    int64_t chars = (int64_t)count;
    if (chars <= length || chars - length <= leeway) {
        *ret = v;
        return DGL_OK;
    }
    DGL_TRY(dgl_arg_text(&vm->mem, v, "of truncate()", &text));
    size_t bytes = dgl_uc_offset(text.data, text.len, (size_t)chars, (size_t)(length - (int64_t)dgl_chars(end)));
    if (!dgl_arg_bool(a, 1, false)) {
        const char *blank = memrchr(text.data, ' ', bytes);
        bytes = blank ? (size_t)(blank - text.data) : bytes;
    }
    return cut(vm, v, bytes, end, ret);
}

enum dgl_status dgl_split_lines(struct dgl_vm *vm, struct dgl_value s, bool keep_ends, struct dgl_value *ret)
{
    struct dgl_str t = dgl_text(s);
    struct dgl_value list, line;
    DGL_TRY(dgl_make_list(&vm->mem, DGL_VALUE_LIST, 0, &list));
    for (size_t from = 0; from < t.len;) {
        size_t end = from, next = from;
        bool found = false;
        while (next < t.len && !found) {
            end = next;
            found = dgl_uc_line_break(dgl_utf8_next(t.data, t.len, &next));
        }
        if (!found)
            end = next;
        else if (t.data[end] == '\r' && next < t.len && t.data[next] == '\n')
            next++;
        DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
        DGL_TRY(dgl_make_borrowed(&vm->mem, s.kind == DGL_VALUE_SAFE, t.data + from, (keep_ends ? next : end) - from,
                                  &line));
        DGL_TRY(dgl_list_push(&vm->mem, list.as.list, line));
        from = next;
    }
    *ret = list;
    return dgl_mem_tick(&vm->mem, t.len / 32);
}

DGL_FILTER(indent)
{
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    struct dgl_value width = dgl_arg_given(a, 0) ? a->v[0] : dgl_int(4), indention, lines, with_end;
    bool first = dgl_arg_bool(a, 1, false), blank = dgl_arg_bool(a, 2, false);
    struct dgl_str text;
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    DGL_TRY(dgl_arg_text(&vm->mem, v, "of indent()", &text));
    bool safe = v.kind == DGL_VALUE_SAFE;
    if (dgl_is_string(width)) {
        indention = width;
        indention.kind = safe ? DGL_VALUE_SAFE : width.kind;
    } else {
        int64_t n;
        a->v[0] = width;
        DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "width", 4, &n));
        DGL_TRY(dgl_make_borrowed(&vm->mem, safe, " ", 1, &indention));
        DGL_TRY(dgl_value_binary(&vm->mem, DGL_BIN_MUL, indention, dgl_int(n), &indention));
    }
    DGL_TRY(
        dgl_string_append(&vm->mem, v, DGL_STR("\n"), safe, &with_end)); // one more line end, as splitlines eats one
    DGL_TRY(dgl_split_lines(vm, with_end, false, &lines));
    struct dgl_str pad = dgl_text(indention);
    for (size_t i = 0; i < lines.as.list->count; i++) {
        struct dgl_str line = dgl_text(lines.as.list->items[i]);
        if (i)
            dgl_buf_putc(&out, '\n');
        if (i ? blank || line.len : first)
            dgl_buf_append(&out, pad.data, pad.len);
        dgl_buf_append(&out, line.data, line.len);
        DGL_TRY(dgl_buf_check(&out, "a string", vm->mem.err));
    }
    return dgl_finish(vm, &out, safe, ret);
}

DGL_FILTER(wordcount)
{
    int64_t count = 0;
    bool inside = false;
    (void)a;
    DGL_TRY(soft(vm, v, &v));
    struct dgl_str s = dgl_text(v);
    DGL_TRY(dgl_mem_tick(&vm->mem, s.len / 16));
    for (size_t i = 0; i < s.len;) {
        bool word = dgl_uc_word(dgl_utf8_next(s.data, s.len, &i));
        count += word && !inside;
        inside = word;
    }
    *ret = dgl_int(count);
    return DGL_OK;
}

// ---- wordwrap, as Python's textwrap breaks lines

struct wrapper {
    struct dgl_vm *vm;
    const uint32_t *text; // of one paragraph, as characters
    size_t len, width;
    bool break_long, break_hyphens;
    struct dgl_str separator;
    struct dgl_buf *out;
    bool any; // a line has been written
};

static bool wrap_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool wrap_letter(const struct wrapper *w, size_t i)
{
    return i < w->len && dgl_uc_word(w->text[i]) && dgl_uc_digit_value(w->text[i]) < 0;
}

static bool wrap_word(const struct wrapper *w, size_t i)
{
    return i < w->len && (dgl_uc_word(w->text[i]) || (w->text[i] < 128 && strchr("!\"'&.,?", (int)w->text[i])));
}

// Two or more hyphens at i that join words; returns their end, 0 when there are none.
static size_t dash_end(const struct wrapper *w, size_t i)
{
    size_t end = i;
    while (end < w->len && w->text[end] == '-')
        end++;
    return end - i >= 2 && end < w->len && dgl_uc_word(w->text[end]) && i > 0 && wrap_word(w, i - 1) ? end : 0;
}

// Whether a word may be cut behind the hyphen at e.
static bool hyphen_breaks(const struct wrapper *w, size_t e)
{
    bool two = e >= 2 && wrap_letter(w, e - 1) && wrap_letter(w, e - 2);
    bool short_part = e >= 3 && wrap_word(w, e - 1) && w->text[e - 2] == '-' && wrap_letter(w, e - 3);
    size_t next = e + 1;
    if ((!two && !short_part) || !wrap_letter(w, next))
        return false;
    return wrap_letter(w, next + 1) || (next + 1 < w->len && w->text[next + 1] == '-' && wrap_letter(w, next + 2));
}

// A piece from pos: blanks, a dash between words, or a word up to where it may be broken.
static size_t piece_end(const struct wrapper *w, size_t pos)
{
    bool blank = wrap_blank(w->text[pos]);
    size_t end = pos;
    if (blank || !w->break_hyphens) {
        while (end < w->len && wrap_blank(w->text[end]) == blank)
            end++;
        return end;
    }
    if ((end = dash_end(w, pos)))
        return end;
    for (end = pos + 1; end < w->len && !wrap_blank(w->text[end]); end++) {
        if (w->text[end] != '-')
            continue;
        if (hyphen_breaks(w, end))
            return end + 1;
        if (dash_end(w, end))
            return end;
    }
    return end;
}

static bool all_blank(const struct wrapper *w, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (!dgl_uc_space(w->text[i]))
            return false;
    return true;
}

// How much of a piece that is longer than a line goes to this one.
static size_t long_piece(const struct wrapper *w, size_t pos, size_t end, size_t room)
{
    size_t cut = DGL_MIN(pos + room, end);
    if (!w->break_hyphens || end - pos <= room)
        return cut;
    for (size_t h = pos + room; h-- > pos + 1;)
        if (w->text[h] == '-') {
            for (size_t i = pos; i < h; i++)
                if (w->text[i] != '-')
                    return h + 1;
            break;
        }
    return cut;
}

static void put_line(struct wrapper *w, size_t from, size_t to)
{
    char bytes[4];
    if (w->any)
        dgl_buf_append(w->out, w->separator.data, w->separator.len);
    for (size_t i = from; i < to; i++)
        dgl_buf_append(w->out, bytes, dgl_utf8_put(bytes, w->text[i]));
    w->any = true;
}

// Pieces fill a line; what was left of a cut one is the next piece. The last piece of a line is dropped when blank, and
// so is the first one of every line but the first.
static enum dgl_status wrap_paragraph(struct wrapper *w)
{
    size_t pos = 0, end = 0; // the piece to be placed: pos..end, none when they are equal
    while (pos < w->len) {
        end = end > pos ? end : piece_end(w, pos);
        if (w->any && all_blank(w, pos, end)) {
            pos = end;
            if (pos == w->len)
                break;
            end = piece_end(w, pos);
        }
        size_t start = pos, last = pos; // last: where the line's last piece starts
        while (pos < w->len && end - start <= w->width) {
            DGL_TRY(dgl_budget_tick(w->vm->mem.budget, w->vm->mem.err));
            last = pos;
            pos = end;
            end = pos < w->len ? piece_end(w, pos) : pos;
        }
        if (pos < w->len && end - pos > w->width) {
            size_t used = pos - start;
            if (w->break_long) {
                last = pos;
                pos = long_piece(w, pos, end, w->width - used);
            } else if (used == 0) {
                last = pos;
                pos = end;
            }
        }
        size_t stop = last < pos && all_blank(w, last, pos) ? last : pos;
        if (stop > start)
            put_line(w, start, stop);
        DGL_TRY(dgl_budget_tick(w->vm->mem.budget, w->vm->mem.err));
        DGL_TRY(dgl_buf_check(w->out, "a string", w->vm->mem.err));
    }
    return DGL_OK;
}

DGL_FILTER(wordwrap)
{
    int64_t width;
    struct dgl_value lines, separator = dgl_arg_given(a, 2) ? a->v[2] : dgl_none();
    struct dgl_str text;
    DGL_TRY(dgl_arg_int(&vm->mem, a, 0, "width", 79, &width));
    if (width <= 0)
        return dgl_type_error(&vm->mem, "the argument width must be above zero, not %lld", (long long)width);
    if (separator.kind == DGL_VALUE_NONE)
        DGL_TRY(dgl_make_borrowed(&vm->mem, false, "\n", 1, &separator));
    DGL_TRY(dgl_arg_text(&vm->mem, separator, "wrapstring", &text));
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(&vm->mem, v);
    DGL_TRY(dgl_arg_text(&vm->mem, v, "of wordwrap()", &text));
    DGL_TRY(dgl_split_lines(vm, v, false, &lines));
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    uint32_t *points = dgl_mem_alloc(&vm->mem, (text.len + 1) * sizeof *points);
    if (!points)
        return DGL_E_LIMIT;
    for (size_t i = 0; i < lines.as.list->count; i++) {
        struct dgl_str line = dgl_text(lines.as.list->items[i]);
        struct wrapper w = {.vm = vm,
                            .text = points,
                            .width = (size_t)width,
                            .out = &out,
                            .separator = dgl_text(separator),
                            .break_long = dgl_arg_bool(a, 1, true),
                            .break_hyphens = dgl_arg_bool(a, 3, true)};
        for (size_t k = 0; k < line.len;)
            points[w.len++] = dgl_utf8_next(line.data, line.len, &k);
        if (i)
            dgl_buf_append(&out, w.separator.data, w.separator.len);
        DGL_TRY(dgl_mem_tick(&vm->mem, line.len / 8));
        DGL_TRY(wrap_paragraph(&w));
    }
    return dgl_finish(vm, &out, separator.kind == DGL_VALUE_SAFE, ret);
}

// ---- safe and not

DGL_FILTER(string)
{
    (void)a;
    return soft(vm, v, ret);
}

DGL_FILTER(safe)
{
    (void)a;
    DGL_TRY(soft(vm, v, ret));
    ret->kind = DGL_VALUE_SAFE;
    return DGL_OK;
}

DGL_FILTER(escape)
{
    (void)a;
    DGL_TRY(soft(vm, v, ret));
    return dgl_escaped_for(vm, true, *ret, ret);
}

DGL_FILTER(forceescape)
{
    (void)a;
    DGL_TRY(soft(vm, v, ret));
    ret->kind = DGL_VALUE_STRING;
    return dgl_escaped_for(vm, true, *ret, ret);
}

DGL_FILTER(format)
{
    struct dgl_value dict;
    DGL_TRY(soft(vm, v, &v));
    if (a->count && a->keywords)
        return dgl_type_error(&vm->mem, "format() cannot take positional and keyword arguments at the same time");
    if (!a->keywords)
        return dgl_format_percent(vm, v, a->positional, a->count, dgl_absent(), ret);
    DGL_TRY(dgl_make_dict(&vm->mem, a->keywords, &dict));
    for (uint32_t i = 0; i < a->keywords; i++)
        DGL_TRY(dgl_dict_put_str(&vm->mem, dict.as.dict,
                                 (struct dgl_str){a->names[i]->text.data, a->names[i]->text.len}, a->values[i]));
    return dgl_format_percent(vm, v, NULL, 0, dict, ret);
}
