// The tree is walked once before each change: every value has a place (its container and its key or index), and a
// change puts another value there. Other values come from the tree itself, from a list of ends of ranges, and from
// samples of what means something to a document.
#include "values.h"

#include "base/json.h"
#include "base/str.h"
#include "markup.h"

#include <string.h>

#define MAX_PLACES 1024
#define MAX_TEXT 8192
#define MAX_CHANGES 4
#define HEADING "=== data.json\n"

const char fuzz_default_data[] =
    "{\"n\":7,\"f\":2.5,\"s\":\"Hello <b> & you\",\"e\":\"\",\"t\":true,\"z\":null,\"xs\":[3,1,2],\"ys\":[\"b\",\"A\"],"
    "\"mix\":[1,\"x\",null],\"rows\":[{\"a\":1,\"b\":[1,2]},{\"a\":2,\"b\":[]}],"
    "\"d\":{\"a\":1,\"b\":{\"c\":\"deep\"},\"items\":2},"
    "\"users\":[{\"name\":\"Ann\",\"age\":31},{\"name\":\"bob\",\"age\":25}],"
    "\"tree\":[{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[]}]}],\"uni\":\"Stra\\u00dfe \\u01c4\","
    "\"md\":\"# H\\n\\n- a\\n- b\\n\\n|x|y|\\n|-|-|\\n|1|2|\","
    "\"html\":\"<p>a <b>b</b></p><ul><li>x<ol><li>y</ol></ul><table><tr><td colspan=2>c</table>\","
    "\"url\":\"https://example.com/\",\"png\":\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAA"
    "CklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==\",\"img\":\"https://example.com/a.png\"}";

// What a value may become, as JSON.
static const char *const samples[] = {
    "0",
    "1",
    "-1",
    "2",
    "9",
    "63",
    "64",
    "100",
    "255",
    "1000",
    "65536",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "0.5",
    "-0.0",
    "2.675",
    "1e16",
    "1e308",
    "-1e-308",
    "true",
    "false",
    "null",
    "\"\"",
    "\" \"",
    "\"a\"",
    "\"7\"",
    "\"-1.5e3\"",
    "\"\\n\\t\\u0000\"",
    "\"<&>\\\"'\"",
    "\"\\u00df\\u0130\\u01c4\\ufb01\"",
    "\"\\u05d0\\u0627 \\ud83d\\ude00\"",
    "\"a\\u0301\\u200d\\u202e\"",
    "\"{{ n }}{% if x %}\"",
    "\"2024-02-29\"",
    "\"2024-02-29T23:59:60.5+14:00\"",
    "\"9999-12-31\"",
    "\"red\"",
    "\"ff0000\"",
    "\"2cm\"",
    "\"50%\"",
    "\"-1in\"",
    "\"center\"",
    "\"wavyDouble\"",
    "\"Title\"",
    "\"number\"",
    "\"bullet\"",
    "\"self\"",
    "\"none\"",
    "\"https://example.com/a?b=c&d#e\"",
    "\"https://example.com/none.png\"",
    "\"javascript:x\"",
    "\"data:image/png;base64,AAAA\"",
    "\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><path d='M0 0h9v9'/></svg>\"",
    "\"# H\\n\\n1. a\\n   - b\\n\\n> q\\n\\n```\\nc\\n```\\n\\n|a|b|\\n|:-:|--:|\\n|1|![i](https://x/a)|\"",
    "\"a **b *c*** `d` [e](https://x) ~~f~~ <br>  \\n---\"",
    "\"<h1>a</h1><p style='text-align:right'>b<br><img src='https://x/a' width=9></p>\"",
    "\"<table border=1><tr><th colspan=2 rowspan=2>a<td>b<tr><td><table><tr><td>c</table></table>\"",
    "\"<ol start=3 type=a><li>x<ul><li>y<p>z</ul><li>w</ol>\"",
    "\"<w:p><w:pPr><w:jc w:val=\\\"center\\\"/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>\"",
    "\"<w:r><w:rPr><w:b/></w:rPr><w:t>x</w:t><w:tab/></w:r>\"",
    "\"<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>\"",
    "[]",
    "{}",
    "[[]]",
    "[1,\"a\",null,{\"a\":1}]",
    "[[\"a\",1],[\"b\",2]]",
    "{\"text\":\"a\",\"bold\":true,\"color\":\"FF0000\",\"size\":10.5,\"url\":\"https://x\"}",
    "{\"text\":\"a\\nb\\tc\",\"underline\":\"wave\",\"highlight\":\"yellow\",\"font\":\"Arial\",\"style\":\"Strong\"}",
    "{\"runs\":[\"a\",{\"text\":\"b\",\"italic\":true},{\"image\":\"https://x/a\",\"width\":\"1cm\"}]}",
    "{\"paragraphs\":[\"a\",{\"text\":\"b\",\"heading\":2},{\"runs\":[\"c\"],\"list\":\"number\",\"level\":1,\"start\":"
    "3}]}",
    "{\"paragraphs\":[{\"table\":{\"rows\":[[\"a\",{\"text\":\"b\",\"bold\":true}],[\"c\"]],\"widths\":[1,2],"
    "\"header\":true}}]}",
    "{\"table\":{\"rows\":[[{\"paragraphs\":[{\"table\":{\"rows\":[[\"x\"]]}}]}]],\"align\":[\"left\"],\"style\":"
    "\"Grid\"}}",
    "{\"image\":\"https://x/a.png\",\"width\":\"2cm\",\"height\":40,\"alt\":\"<\"}",
    "{\"url\":\"https://x/a\",\"width\":\"1cm\"}",
    "{\"subdoc\":\"self\",\"data\":{\"a\":1,\"s\":\"x\"}}",
    "{\"categories\":[\"a\",null,\"<\"],\"series\":[{\"name\":\"n\",\"values\":[1,null,2.5]}]}",
    "{\"rule\":true}",
    "{\"page_break\":true}",
};
// Members that mean something, and those of the data without a name of their own.
static const char *const names[] = {"text",
                                    "bold",
                                    "italic",
                                    "underline",
                                    "strike",
                                    "color",
                                    "highlight",
                                    "size",
                                    "font",
                                    "code",
                                    "superscript",
                                    "subscript",
                                    "caps",
                                    "small_caps",
                                    "style",
                                    "url",
                                    "image",
                                    "runs",
                                    "paragraphs",
                                    "table",
                                    "rows",
                                    "widths",
                                    "align",
                                    "list",
                                    "level",
                                    "start",
                                    "heading",
                                    "header",
                                    "rule",
                                    "page_break",
                                    "subdoc",
                                    "data",
                                    "width",
                                    "height",
                                    "alt",
                                    "colspan",
                                    "rowspan",
                                    "background",
                                    "categories",
                                    "series",
                                    "name",
                                    "values",
                                    "replace_pictures",
                                    "replace_charts",
                                    "Sales",
                                    "dummy.png",
                                    "items",
                                    "a",
                                    "b",
                                    "n",
                                    "s",
                                    "x",
                                    "xs",
                                    "h",
                                    "m",
                                    "md",
                                    "html",
                                    ""};

struct place { // of a value: a member of an object, or an item of a list
    json_t *in, *value;
    const char *key; // NULL: an item
    size_t index;
};
struct places {
    struct place items[MAX_PLACES];
    size_t count;
};

bool fuzz_data_find(const char *text, size_t size, size_t *ret_at, size_t *ret_end)
{
    const char *end = text + size, *at = size ? text : NULL;
    while (at && (size_t)(end - at) >= strlen(HEADING) && memcmp(at, HEADING, strlen(HEADING)) != 0) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    if (!at || (size_t)(end - at) < strlen(HEADING))
        return false;
    at += strlen(HEADING);
    const char *next = memmem(at, (size_t)(end - at), "\n=== ", 5);
    *ret_at = (size_t)(at - text);
    *ret_end = (size_t)((next ? next + 1 : end) - text);
    return true;
}

static void gather(json_t *in, struct places *p)
{
    const char *key;
    size_t i;
    json_t *value;
    json_object_foreach(in, key, value)
    {
        if (p->count == MAX_PLACES)
            return;
        p->items[p->count++] = (struct place){.in = in, .value = value, .key = key};
        gather(value, p);
    }
    json_array_foreach(in, i, value)
    {
        if (p->count == MAX_PLACES)
            return;
        p->items[p->count++] = (struct place){.in = in, .value = value, .index = i};
        gather(value, p);
    }
}

static const struct place *any_place(const struct places *p, uint64_t *x)
{
    return &p->items[fuzz_random(x) % p->count];
}

// Takes `value`. (A copy of the key: the object's own goes with the old value.)
static void put(const struct place *p, json_t *value)
{
    char key[256];
    if (!p->key) {
        json_array_set_new(p->in, p->index, value);
    } else if (strlen(p->key) < sizeof(key)) {
        dgl_str_copy(key, sizeof(key), p->key, strlen(p->key));
        json_object_set_new(p->in, key, value);
    } else {
        json_decref(value);
    }
}

static json_t *any_sample(uint64_t *x)
{
    return json_loads(samples[fuzz_random(x) % DGL_COUNT(samples)], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static json_t *any_value(const struct places *p, uint64_t *x)
{
    return p->count && fuzz_random(x) % 2 ? json_deep_copy(any_place(p, x)->value) : any_sample(x);
}

static const char *any_name(const struct places *p, uint64_t *x)
{
    const char *own = p->count && fuzz_random(x) % 3 == 0 ? any_place(p, x)->key : NULL;
    return own ? own : names[fuzz_random(x) % DGL_COUNT(names)];
}

// ---- changes of one value

static json_t *other_number(json_t *v, uint64_t *x)
{
    uint64_t n = (uint64_t)json_integer_value(v);
    switch (fuzz_random(x) % 5) {
    case 0:
        return json_integer((json_int_t)(n + 1));
    case 1:
        return json_integer((json_int_t)(n - 1));
    case 2:
        return json_integer((json_int_t)(0 - n));
    case 3:
        return json_integer((json_int_t)(n << fuzz_random(x) % 64));
    default:
        return json_real(json_number_value(v) / 3);
    }
}

// Markup in it is changed as markup; else a stretch comes once more, goes, or is another string.
static json_t *other_text(json_t *v, const struct places *p, uint64_t *x)
{
    static uint8_t text[MAX_TEXT];
    size_t size = json_string_length(v);
    if (size == 0 || size > sizeof(text) / 2)
        return json_string("ab");
    memcpy(text, json_string_value(v), size);
    if (fuzz_random(x) % 4 && memchr(text, '<', size))
        return json_stringn((const char *)text, fuzz_markup_change(text, size, sizeof(text), x));
    size_t from = fuzz_random(x) % size, len = 1 + fuzz_random(x) % (size - from), at = fuzz_random(x) % (size + 1);
    const json_t *other = any_place(p, x)->value;
    switch (fuzz_random(x) % 4) {
    case 0:
        memmove(text + from, text + from + len, size - from - len);
        return json_stringn((const char *)text, size - len);
    case 1:
        memmove(text + at + len, text + at, size - at);
        memcpy(text + at, json_string_value(v) + from, len);
        return json_stringn((const char *)text, size + len);
    case 2:
        len = DGL_MIN(json_string_length(other), sizeof(text) - size);
        memmove(text + at + len, text + at, size - at);
        if (len)
            memcpy(text + at, json_string_value(other), len);
        return json_stringn((const char *)text, size + len);
    default:
        text[from] = (uint8_t) "\n\t -*#|<>`[]{}%\"&1"[fuzz_random(x) % 18];
        return json_stringn((const char *)text, size);
    }
}

// The same as another kind.
static json_t *as_other_kind(json_t *v, uint64_t *x)
{
    char *text = NULL;
    json_t *made = NULL;
    switch (fuzz_random(x) % 5) {
    case 0:
        return json_pack("[O]", v);
    case 1:
        return json_pack("{sO}", names[fuzz_random(x) % DGL_COUNT(names)], v);
    case 2:
        return json_pack("{s[O]}", fuzz_random(x) % 2 ? "runs" : "paragraphs", v);
    case 3:
        text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
        made = text ? json_string(text) : NULL;
        free(text);
        return made;
    default:
        return json_is_string(v)
                   ? json_loadb(json_string_value(v), json_string_length(v), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
                   : json_integer((json_int_t)(json_array_size(v) + json_object_size(v)));
    }
}

static json_t *changed(json_t *v, const struct places *p, uint64_t *x)
{
    uint64_t choice = fuzz_random(x) % 6;
    if (choice == 0)
        return as_other_kind(v, x);
    if (choice > 2 && json_is_number(v))
        return other_number(v, x);
    if (choice > 1 && json_is_string(v))
        return other_text(v, p, x);
    return any_value(p, x);
}

// ---- changes of a container

static void add_member(json_t *object, const struct places *p, uint64_t *x)
{
    json_t *value = any_value(p, x);
    if (value)
        json_object_set_new(object, any_name(p, x), value);
}

static void repeat_item(json_t *list, uint64_t *x)
{
    size_t count = json_array_size(list);
    if (!count)
        return;
    const json_t *item = json_array_get(list, fuzz_random(x) % count);
    for (uint64_t times = 1 + fuzz_random(x) % (fuzz_random(x) % 8 ? 3 : 40); times; times--)
        json_array_insert_new(list, fuzz_random(x) % (count + 1), json_deep_copy(item));
}

static void drop(const struct place *p)
{
    if (p->key)
        json_object_del(p->in, p->key);
    else
        json_array_remove(p->in, p->index);
}

static void change_once(json_t *root, uint64_t *x)
{
    static struct places p;
    p.count = 0;
    gather(root, &p);
    if (!p.count) {
        add_member(root, &p, x);
        return;
    }
    const struct place *at = any_place(&p, x);
    uint64_t choice = fuzz_random(x) % 10;
    if (choice == 0) {
        drop(at);
    } else if (choice < 4 && json_is_object(at->in)) {
        add_member(at->in, &p, x);
    } else if (choice < 4) {
        repeat_item(at->in, x);
    } else {
        json_t *value = changed(at->value, &p, x);
        if (value)
            put(at, value);
    }
}

// The data, or what is filled in without it or instead of what is none.
static json_t *parse(const char *text, size_t size)
{
    json_t *root = json_loadb(text, size, JSON_ALLOW_NUL, NULL);
    if (json_is_object(root))
        return root;
    json_decref(root);
    return json_loads(fuzz_default_data, 0, NULL);
}

size_t fuzz_data_change(uint8_t *data, size_t size, size_t max, uint64_t *random)
{
    size_t at = size, end = size, from = 0;
    bool found = fuzz_data_find((const char *)data, size, &at, &end);
    DGL_AUTO_JSON root = parse((const char *)data + at, end - at);
    for (uint64_t times = 1 + fuzz_random(random) % MAX_CHANGES; times; times--)
        change_once(root, random);
    char *text = json_dumps(root, JSON_COMPACT);
    size_t len = text ? strlen(text) : 0, head = found ? 0 : 1 + strlen(HEADING), more = end < size;
    if (len && size - (end - at) + head + len + more <= max) {
        memmove(data + at + head + len + more, data + end, size - end);
        if (!found)
            memcpy(data + at, "\n" HEADING, head);
        memcpy(data + at + head, text, len);
        if (more)
            data[at + head + len] = '\n';
        from = size - (end - at) + head + len + more;
    }
    free(text);
    return from ? from : size;
}
