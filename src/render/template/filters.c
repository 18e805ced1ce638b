// The table of filters; the reference in the documentation is made from it.
#include "render/template/builtin.h"
#include "render/template/suggest.h"
#include <string.h>

const struct dgl_filter dgl_filters[] = {
    {"abs", dgl_filter_abs, "", 0, false, "The number without its sign.", "{{ -3|abs }} gives 3"},
    {"attr", dgl_filter_attr, "name", 1, false, "The attribute of that name.",
     "{% for x in [7] %}{{ loop|attr('index') }}{% endfor %} gives 1"},
    {"barcode", dgl_filter_barcode, "type width height text", 0, true, "A barcode as a vector picture.",
     "{{ '4006381333931'|barcode('ean13') }} gives [picture]"},
    {"batch", dgl_filter_batch, "linecount fill_with", 1, false, "Lists of that many items each.",
     "{{ [1, 2, 3]|batch(2)|list }} gives [[1, 2], [3]]"},
    {"capitalize", dgl_filter_capitalize, "", 0, false, "First letter upper case, the others lower case.",
     "{{ 'aB'|capitalize }} gives Ab"},
    {"center", dgl_filter_center, "width", 0, false, "Blanks on both sides up to the width (80).",
     "({{ 'x'|center(3) }}) gives ( x )"},
    {"count", dgl_filter_length, "", 0, false, "Number of items or characters; same as length.",
     "{{ [1, 2]|count }} gives 2"},
    {"currency", dgl_filter_currency, "currency locale digits", 0, false,
     "An amount of money, rounded half away from zero.", "{{ 1234.5|currency('EUR', 'de_DE') }} gives 1.234,50 €"},
    {"d", dgl_filter_default, "default_value boolean", 0, false, "Short for default.", "{{ missing|d('-') }} gives -"},
    {"date", dgl_filter_date, "format locale time_zone", 0, false,
     "A date or time as the format says: strftime's letters, or short, medium, long, full. 'now' is the job's "
     "creation.",
     "{{ '2024-03-09'|date('%d %B %Y') }} gives 09 March 2024"},
    {"default", dgl_filter_default, "default_value boolean", 0, false,
     "Another value when this one is undefined (or, with true, empty).", "{{ missing|default('-') }} gives -"},
    {"dictsort", dgl_filter_dictsort, "case_sensitive by reverse", 0, false, "Pairs of a dict, sorted by key or value.",
     "{{ {'b': 1, 'a': 2}|dictsort }} gives [('a', 2), ('b', 1)]"},
    {"e", dgl_filter_escape, "", 0, false, "Short for escape.", "{{ '<'|e|length }} gives 4"},
    {"escape", dgl_filter_escape, "", 0, false, "Escapes < > & \" and ', once.", "{{ 'a < b'|escape|length }} gives 8"},
    {"filesizeformat", dgl_filter_filesizeformat, "binary", 0, false, "A size in bytes for people.",
     "{{ 13000|filesizeformat }} gives 13.0 kB"},
    {"first", dgl_filter_first, "", 0, false, "The first item.", "{{ [1, 2]|first }} gives 1"},
    {"float", dgl_filter_float, "default", 0, false, "As a floating point number; 0.0 when it is none.",
     "{{ '1.5'|float }} gives 1.5"},
    {"forceescape", dgl_filter_forceescape, "", 0, false, "Escapes even what is safe.",
     "{{ '<'|e|forceescape }} gives &lt;"},
    {"format", dgl_filter_format, "", 0, true, "printf-style formatting.", "{{ '%02d'|format(7) }} gives 07"},
    {"groupby", dgl_filter_groupby, "attribute default case_sensitive", 1, false,
     "Groups with .grouper and .list by an attribute.",
     "{% for g in [{'n': 1, 'of': 'b'}, {'n': 2, 'of': 'a'}]|groupby('of') %}{{ g.grouper }}: {{ g.list|length }} {% "
     "endfor %} gives a: 1 b: 1"},
    {"html", dgl_filter_html, "", 0, true, "Safe HTML turned into the document's own paragraphs.",
     "{{ '<b>now</b> or never'|html }} gives now or never"},
    {"image", dgl_filter_image, "width height alt", 0, true, "A picture from a URL or data URI.",
     "{{ logo|image(width='4cm') }} gives [picture]"},
    {"indent", dgl_filter_indent, "width first blank", 0, false, "Indents lines; not the first, not empty ones.",
     "{{ 'a\\nb'|indent(2) }} gives a⏎  b"},
    {"int", dgl_filter_int, "default base", 0, false, "As an integer; 0 when it is none.", "{{ '42.9'|int }} gives 42"},
    {"items", dgl_filter_items, "", 0, false, "Pairs of key and value.",
     "{% for key, value in {'a': 1, 'b': 2}|items %}{{ key }}={{ value }} {% endfor %} gives a=1 b=2"},
    {"join", dgl_filter_join, "d attribute", 0, false, "The items as one text, with a separator.",
     "{{ [1, 2]|join(', ') }} gives 1, 2"},
    {"last", dgl_filter_last, "", 0, false, "The last item.", "{{ [1, 2]|last }} gives 2"},
    {"length", dgl_filter_length, "", 0, false, "Number of items or characters.", "{{ 'abc'|length }} gives 3"},
    {"list", dgl_filter_list, "", 0, false, "As a list; a text becomes its characters.",
     "{{ 'ab'|list }} gives ['a', 'b']"},
    {"lower", dgl_filter_lower, "", 0, false, "In lower case.", "{{ 'AB'|lower }} gives ab"},
    {"map", dgl_filter_map, "", 0, true, "One attribute, or one filter's result, of each item.",
     "{{ [{'name': 'Ann'}, {'name': 'Bo'}]|map(attribute='name')|join(', ') }} gives Ann, Bo"},
    {"markdown", dgl_filter_markdown, "", 0, true, "Markdown turned into the document's own paragraphs.",
     "{{ '**now** or never'|markdown }} gives now or never"},
    {"max", dgl_filter_max, "case_sensitive attribute", 0, false, "The largest item.", "{{ [1, 3]|max }} gives 3"},
    {"min", dgl_filter_min, "case_sensitive attribute", 0, false, "The smallest item.", "{{ [1, 3]|min }} gives 1"},
    {"number", dgl_filter_number, "digits locale grouping", 0, false,
     "A number with grouping and that many digits, rounded half away from zero.",
     "{{ 1234.5|number(2) }} gives 1,234.50"},
    {"percent", dgl_filter_percent, "digits locale", 0, false, "A share of one in percent.",
     "{{ 0.19|percent }} gives 19%"},
    {"pprint", dgl_filter_pprint, "", 0, false, "The value as Python prints it, wrapped.",
     "{{ {'b': 'x', 'a': 1}|pprint }} gives {'a': 1, 'b': 'x'}"},
    {"qr", dgl_filter_qr, "size level", 0, true, "A QR code as a vector picture.",
     "{{ 'https://example.com'|qr(size='3cm') }} gives [picture]"},
    {"random", dgl_filter_random, "", 0, false, "Any item; the same one each time the document is made.",
     "{{ [4, 4, 4]|random }} gives 4"},
    {"reject", dgl_filter_reject, "", 0, true, "The items that fail a test.",
     "{{ [1, 2]|reject('odd')|list }} gives [2]"},
    {"rejectattr", dgl_filter_rejectattr, "", 0, true, "The items whose attribute fails a test.",
     "{{ [{'n': 1, 'left': true}, {'n': 2}]|rejectattr('left')|map(attribute='n')|list }} gives [2]"},
    {"replace", dgl_filter_replace, "old new count", 2, false, "One text for another.",
     "{{ 'aa'|replace('a', 'b', 1) }} gives ba"},
    {"reverse", dgl_filter_reverse, "", 0, false, "Backwards.", "{{ 'abc'|reverse }} gives cba"},
    {"round", dgl_filter_round, "precision method", 0, false, "Rounded: 'common' (half to even), 'ceil' or 'floor'.",
     "{{ 42.55|round(1, 'floor') }} gives 42.5"},
    {"safe", dgl_filter_safe, "", 0, false, "Markup already: not escaped when printed.",
     "{{ 'x'|safe is escaped }} gives True"},
    {"select", dgl_filter_select, "", 0, true, "The items that pass a test.",
     "{{ [1, 2]|select('odd')|list }} gives [1]"},
    {"selectattr", dgl_filter_selectattr, "", 0, true, "The items whose attribute passes a test.",
     "{{ [{'n': 'Ann', 'age': 20}, {'n': 'Bo', 'age': 9}]|selectattr('age', 'ge', 18)|map(attribute='n')|list }} gives "
     "['Ann']"},
    {"slice", dgl_filter_slice, "slices fill_with", 1, false, "That many lists of nearly equal length.",
     "{{ [1, 2, 3]|slice(2)|list }} gives [[1, 2], [3]]"},
    {"sort", dgl_filter_sort, "reverse case_sensitive attribute", 0, false, "Sorted.",
     "{{ [3, 1]|sort }} gives [1, 3]"},
    {"string", dgl_filter_string, "", 0, false, "As text.", "{{ 1.0|string }} gives 1.0"},
    {"striptags", dgl_filter_striptags, "", 0, false, "Without tags; blanks become one.",
     "{{ '<b>x</b>'|striptags }} gives x"},
    {"sum", dgl_filter_sum, "attribute start", 0, false, "The sum of the items or of one attribute.",
     "{{ [{'price': 2}, {'price': 3}]|sum(attribute='price') }} gives 5"},
    {"title", dgl_filter_title, "", 0, false, "Each word with a capital letter.", "{{ 'ab cd'|title }} gives Ab Cd"},
    {"tojson", dgl_filter_tojson, "indent", 0, false, "As JSON that is safe in HTML.",
     "{{ {'a': 1}|tojson }} gives {\"a\": 1}"},
    {"trim", dgl_filter_trim, "chars", 0, false, "Without blanks (or those characters) at its ends.",
     "{{ ' x '|trim }} gives x"},
    {"truncate", dgl_filter_truncate, "length killwords end leeway", 0, false, "Cut to a length, with '...' behind.",
     "{{ 'foo bar baz'|truncate(9, false, '...', 0) }} gives foo..."},
    {"unique", dgl_filter_unique, "case_sensitive attribute", 0, false, "Each value once, in order.",
     "{{ [1, 1]|unique|list }} gives [1]"},
    {"upper", dgl_filter_upper, "", 0, false, "In upper case.", "{{ 'ab'|upper }} gives AB"},
    {"urlencode", dgl_filter_urlencode, "", 0, false, "Quoted for a URL; dicts become a query.",
     "{{ 'a b'|urlencode }} gives a%20b"},
    {"urlize", dgl_filter_urlize, "trim_url_limit nofollow target rel extra_schemes", 0, false,
     "Links made of the addresses in a text.", "{{ 'see example.com'|urlize }} gives see example.com"},
    {"wordcount", dgl_filter_wordcount, "", 0, false, "Number of words.", "{{ 'a b'|wordcount }} gives 2"},
    {"words", dgl_filter_words, "locale", 0, false, "A number in words.", "{{ 21|words }} gives twenty-one"},
    {"wordwrap", dgl_filter_wordwrap, "width break_long_words wrapstring break_on_hyphens", 0, false,
     "Lines of at most that many characters (79).", "{{ 'one two three'|wordwrap(8) }} gives one two⏎three"},
    {"xmlattr", dgl_filter_xmlattr, "autospace", 0, false, "A dict as attributes of a tag.",
     "<ul{{ {'class': 'x'}|xmlattr }}> gives <ul class=\"x\">"},
};
const size_t dgl_filter_count = DGL_COUNT(dgl_filters);

uint32_t dgl_filter_index(const char *name, size_t len)
{
    for (size_t i = 0; i < dgl_filter_count; i++)
        if (dgl_str_is((struct dgl_str){name, len}, dgl_filters[i].name))
            return (uint32_t)i;
    return DGL_NO_FILTER;
}

const struct dgl_filter *dgl_filter_find(const char *name, size_t len)
{
    uint32_t i = dgl_filter_index(name, len);
    return i == DGL_NO_FILTER ? NULL : &dgl_filters[i];
}

bool dgl_filter_needs_context(const char *name)
{
    static const char *const names[] = {"map", "select", "reject", "selectattr", "rejectattr", "random"};
    for (size_t i = 0; i < DGL_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

const char *dgl_filter_suggest(const char *name, size_t len)
{
    const char *names[DGL_COUNT(dgl_filters)];
    for (size_t i = 0; i < dgl_filter_count; i++)
        names[i] = dgl_filters[i].name;
    return dgl_suggest(name, len, names, dgl_filter_count);
}

// ---- what several filters share

enum dgl_status dgl_finish(struct dgl_vm *vm, struct dgl_buf *out, bool safe, struct dgl_value *ret)
{
    DGL_TRY(dgl_buf_check(out, "a string", vm->mem.err));
    return dgl_make_like(&vm->mem, safe, out->data ? out->data : "", out->len, ret);
}

enum dgl_status dgl_arg_text(struct dgl_mem *m, struct dgl_value v, const char *what, struct dgl_str *ret)
{
    if (v.kind == DGL_VALUE_UNDEFINED)
        return dgl_undefined_error(m, v);
    if (!dgl_is_string(v))
        return dgl_type_error(m, "the argument %s must be a text, not %s", what, dgl_type_words(v));
    *ret = dgl_text(v);
    return DGL_OK;
}

enum dgl_status dgl_escaped_for(struct dgl_vm *vm, bool safe, struct dgl_value v, struct dgl_value *ret)
{
    *ret = v;
    if (!safe || v.kind != DGL_VALUE_STRING)
        return DGL_OK;
    DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(DGL_VALUE_MAX_STRING);
    dgl_put_html(&out, v.as.string->data, v.as.string->len);
    return dgl_finish(vm, &out, true, ret);
}

enum dgl_status dgl_path_of(struct dgl_mem *m, struct dgl_value attribute, struct dgl_path *ret)
{
    *ret = (struct dgl_path){.kind = DGL_PATH_NONE};
    if (attribute.kind == DGL_VALUE_ABSENT || attribute.kind == DGL_VALUE_NONE)
        return DGL_OK;
    if (dgl_is_string(attribute)) {
        ret->kind = DGL_PATH_TEXT;
        ret->text = dgl_text(attribute);
    } else if (dgl_is_int(attribute)) {
        ret->kind = DGL_PATH_INDEX;
        ret->index = dgl_as_int(attribute);
    } else {
        return dgl_type_error(m, "an attribute must be a name or a number, not %s", dgl_type_words(attribute));
    }
    return DGL_OK;
}

static bool all_digits(struct dgl_str s, int64_t *ret)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    struct dgl_str t = s;
    while (t.len > 1 && t.data[0] == '0')
        t = (struct dgl_str){t.data + 1, t.len - 1};
    return s.len && dgl_parse_int64(t.data, t.len, 0, INT64_MAX, ret);
}

enum dgl_status dgl_path_get(struct dgl_vm *vm, const struct dgl_path *p, struct dgl_value v, struct dgl_value fallback,
                             struct dgl_value *ret)
{
    *ret = v;
    if (p->kind == DGL_PATH_NONE)
        return DGL_OK;
    DGL_TRY(dgl_budget_tick(vm->mem.budget, vm->mem.err));
    if (p->kind == DGL_PATH_INDEX)
        return dgl_vm_item(vm, v, dgl_int(p->index), ret);
    for (size_t from = 0; from <= p->text.len;) {
        const char *dot = memchr(p->text.data + from, '.', p->text.len - from);
        size_t to = dot ? (size_t)(dot - p->text.data) : p->text.len;
        struct dgl_str part = {p->text.data + from, to - from};
        int64_t index;
        if (all_digits(part, &index))
            DGL_TRY(dgl_vm_item(vm, *ret, dgl_int(index), ret));
        else
            DGL_TRY(dgl_vm_item_text(vm, *ret, part, ret));
        if (ret->kind == DGL_VALUE_UNDEFINED && fallback.kind != DGL_VALUE_ABSENT)
            *ret = fallback;
        from = to + 1;
    }
    return DGL_OK;
}
