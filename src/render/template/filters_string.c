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
    if (v.kind == DGL_VALUE_UNDEFINED) {
        *ret = v;
        return DGL_OK;
    }
    DGL_TRY(dgl_arg_text(&vm->mem, v, "of truncate()", &text));
    int64_t chars = (int64_t)dgl_chars(v);
    if (chars <= length || chars - length <= leeway) {
        *ret = v;
        return DGL_OK;
    }
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

// ---- wordwrap

struct piece { // of a line: a word, a part of a word that ends in a hyphen, or blanks
    struct dgl_str text;
    size_t chars;
    bool blank;
};
struct wrapper {
    struct dgl_vm *vm;
    struct dgl_buf out;
    struct dgl_str separator;
    size_t width;
    bool break_long, break_hyphens;
    bool any; // a line has been written
};

static bool wrap_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool letter_at(struct dgl_str s, size_t i, size_t *ret_next)
{
    if (i >= s.len)
        return false;
    uint32_t c = dgl_utf8_next(s.data, s.len, &i);
    *ret_next = i;
    return dgl_uc_word(c) && !dgl_uc_digit(c) && c != '_' ? true : c == '_';
}

static bool letter_before(struct dgl_str s, size_t from, size_t i, size_t *ret_prev)
{
    if (i <= from)
        return false;
    size_t p = i - 1;
    while (p > from && ((unsigned char)s.data[p] & 0xc0) == 0x80)
        p--;
    size_t next;
    *ret_prev = p;
    return letter_at(s, p, &next);
}

// Where a word that starts at `from` may be cut behind a hyphen: the end of the piece, at most `end`.
static size_t hyphen_end(struct dgl_str s, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        size_t p1, p2, n1, n2;
        if (s.data[i] != '-')
            continue;
        size_t after = i + 1;
        if (after + 1 <= end && s.data[after] == '-') { // an em-dash of hyphens between words
            size_t dash = after;
            while (dash < end && s.data[dash] == '-')
                dash++;
            if (i > from && dash < end)
                return i; // the dash is a piece of its own
            if (i == from && dash < end)
                return dash;
            i = dash - 1;
            continue;
        }
        bool before = letter_before(s, from, i, &p1) && letter_before(s, from, p1, &p2);
        bool behind = letter_at(s, after, &n1) && n1 <= end &&
                      (letter_at(s, n1, &n2) || (n1 < end && s.data[n1] == '-' && letter_at(s, n1 + 1, &n2)));
        if (before && behind)
            return after;
    }
    return end;
}

static struct piece next_piece(const struct wrapper *w, struct dgl_str s, size_t *pos)
{
    size_t from = *pos, end = from;
    bool blank = wrap_blank(s.data[from]);
    while (end < s.len && wrap_blank(s.data[end]) == blank)
        end++;
    if (!blank && w->break_hyphens)
        end = hyphen_end(s, from, end);
    *pos = end;
    return (struct piece){
        .text = {s.data + from, end - from}, .chars = dgl_utf8_count(s.data + from, end - from), .blank = blank};
}

static void put_line(struct wrapper *w, struct dgl_str s, const char *from, const char *to)
{
    (void)s;
    if (w->any)
        dgl_buf_append(&w->out, w->separator.data, w->separator.len);
    dgl_buf_append(&w->out, from, (size_t)(to - from));
    w->any = true;
}

// One paragraph: pieces fill lines; blanks at line ends and, but for the first line, at starts are dropped.
static enum dgl_status wrap_line(struct wrapper *w, struct dgl_str s)
{
    size_t pos = 0;
    bool first = true;
    while (pos < s.len) {
        const char *start = NULL, *end = NULL, *solid = NULL; // solid: end of the last piece that is not blank
        size_t used = 0;
        while (pos < s.len) {
            size_t next = pos;
            struct piece p = next_piece(w, s, &next);
            DGL_TRY(dgl_budget_tick(w->vm->mem.budget, w->vm->mem.err));
            if (!start && p.blank && !first) { // blanks at the start of a later line
                pos = next;
                continue;
            }
            if (used + p.chars > w->width) {
                if (p.chars > w->width && (w->break_long || !start)) { // too long for any line
                    size_t room = w->break_long ? w->width - used : p.chars;
                    size_t bytes = dgl_uc_offset(p.text.data, p.text.len, p.chars, room);
                    if (w->break_long && w->break_hyphens && room < p.chars) {
                        const char *h = memrchr(p.text.data, '-', bytes);
                        size_t k = h ? (size_t)(h - p.text.data) : 0;
                        bool other = false;
                        for (size_t i = 0; i < k; i++)
                            other |= p.text.data[i] != '-';
                        bytes = h && k > 0 && other ? k + 1 : bytes;
                    }
                    if (bytes) {
                        start = start ? start : p.text.data;
                        end = p.text.data + bytes;
                        solid = p.blank ? solid : end;
                        pos = (size_t)(end - s.data);
                    }
                }
                break;
            }
            start = start ? start : p.text.data;
            end = p.text.data + p.text.len;
            solid = p.blank ? solid : end;
            used += p.chars;
            pos = next;
        }
        if (start && solid && solid > start)
            put_line(w, s, start, solid);
        else if (!start && pos < s.len && w->width == 0)
            break;
        first = first && !w->any && !(start && solid);
        if (!start && pos >= s.len)
            break;
        (void)end;
        DGL_TRY(dgl_buf_check(&w->out, "a string", w->vm->mem.err));
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
    for (size_t i = 0; i < lines.as.list->count; i++) {
        struct wrapper w = {.vm = vm,
                            .out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING),
                            .separator = dgl_text(separator),
                            .width = (size_t)width,
                            .break_long = dgl_arg_bool(a, 1, true),
                            .break_hyphens = dgl_arg_bool(a, 3, true)};
        enum dgl_status status = wrap_line(&w, dgl_text(lines.as.list->items[i]));
        if (i)
            dgl_buf_append(&out, w.separator.data, w.separator.len);
        dgl_buf_append(&out, w.out.data ? w.out.data : "", w.out.len);
        dgl_buf_fini(&w.out);
        DGL_TRY(status);
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
