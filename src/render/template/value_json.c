// JSON to values: from text in one pass, and from a tree that somebody else has read.
//
// The reader of text takes what dgl_json_parse takes and nothing else; what it does not take goes to jansson, which has
// the words for what is wrong and where. A tree between text and values would hold the data a second time, and a much
// larger time than either. Strings without escapes stay where they are in the text. Items of lists and members of
// dicts wait on two stacks until their bracket closes and their number is known. Rows of a table have the same names:
// each is made once, and a dict with the names of the one before, in their order, shares its index.
#include "render/template/value_private.h"
#include <string.h>

#define NAMES 256u // places for names that have been made
#define PROBES 8u  // of them for one name: it takes the first over when all of them are taken

// What the reader says of text that it does not take. Nothing else that it calls fails with this code.
#define NOT_TAKEN DGL_E_MALFORMED

struct name {
    struct dgl_value key;
    uint64_t hash;
};
struct reader {
    struct dgl_mem mem;
    const char *at, *end;
    unsigned depth;                                        // brackets that are open
    struct dgl_buf items;                                  // struct dgl_value, of all open lists
    struct dgl_buf members;                                // struct dgl_dict_entry, of all open dicts
    struct dgl_value_dict *before[DGL_JSON_MAX_DEPTH + 1]; // the dict that closed last, by depth
    struct name names[NAMES];
};

static enum dgl_status read_value(struct reader *r, struct dgl_value *ret) DGL_MUST_CHECK;

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

// Moves over blanks, and over the character when it is the next.
static bool take(struct reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

// What waits is copied into the arena in the end: more than the budget has left need not be waited for.
static enum dgl_status push(struct reader *r, struct dgl_buf *stack, const void *what, size_t size)
{
    dgl_buf_append(stack, what, size);
    if (stack->len > r->mem.budget->memory_left)
        return dgl_budget_memory(r->mem.budget, stack->len, r->mem.err);
    return dgl_buf_check(stack, "the data", r->mem.err);
}

// ---- strings

struct raw_string { // between the quotes, as it is written
    const char *data;
    size_t len;
    bool escapes, ascii;
};

static bool scan_string(struct reader *r, struct raw_string *ret)
{
    const char *p = r->at;
    unsigned char all = 0;
    bool escapes = false;
    for (; p < r->end && *p != '"'; p++) {
        if ((unsigned char)*p < 0x20)
            return false;
        if (*p == '\\') {
            escapes = true;
            if (++p == r->end)
                return false;
        }
        all |= (unsigned char)*p;
    }
    if (p == r->end)
        return false;
    *ret = (struct raw_string){.data = r->at, .len = (size_t)(p - r->at), .escapes = escapes, .ascii = all < 0x80};
    r->at = p + 1;
    return ret->ascii || dgl_utf8_valid(ret->data, ret->len);
}

// Four hexadecimal digits; UINT32_MAX when they are not there.
static uint32_t hex4(const char *s, const char *end)
{
    uint32_t value = 0;
    if (end - s < 4)
        return UINT32_MAX;
    for (int i = 0; i < 4; i++) {
        uint32_t c = (unsigned char)s[i], letter = c | 0x20;
        if (c >= '0' && c <= '9')
            value = value * 16 + c - '0';
        else if (letter >= 'a' && letter <= 'f')
            value = value * 16 + letter - 'a' + 10;
        else
            return UINT32_MAX;
    }
    return value;
}

// The character of "uXXXX" at *at, or of two of them that are a pair; moves behind it. UINT32_MAX: it is none.
static uint32_t unicode_escape(const char **at, const char *end)
{
    uint32_t c = hex4(*at + 1, end);
    *at += c == UINT32_MAX ? 0 : 5;
    if (c == UINT32_MAX || c < 0xD800 || c > 0xDFFF)
        return c;
    uint32_t low = end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' ? hex4(*at + 2, end) : UINT32_MAX;
    if (c > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return UINT32_MAX;
    *at += 6;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

// Writes at most as many bytes as it reads. False: an escape that there is not.
static bool unescape(const struct raw_string *s, char *out, size_t *ret_len)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char *to = out;
    for (const char *p = s->data, *end = p + s->len; p < end;) {
        if (*p != '\\') {
            *to++ = *p++;
            continue;
        }
        const char *letter = memchr(letters, *++p, sizeof letters - 1);
        if (letter) {
            *to++ = meant[letter - letters];
            p++;
            continue;
        }
        uint32_t c = *p == 'u' ? unicode_escape(&p, end) : UINT32_MAX;
        if (c == UINT32_MAX)
            return false;
        to += dgl_utf8_put(to, c);
    }
    *ret_len = (size_t)(to - out);
    return true;
}

static enum dgl_status make_string(struct reader *r, const struct raw_string *s, struct dgl_value *ret)
{
    struct dgl_value_string *v = dgl_mem_alloc(&r->mem, sizeof *v + (s->escapes ? s->len : 0));
    if (!v)
        return DGL_E_LIMIT;
    *v = (struct dgl_value_string){.data = s->data, .len = s->len};
    if (s->escapes) {
        v->data = (char *)(v + 1);
        if (!unescape(s, (char *)(v + 1), &v->len))
            return NOT_TAKEN;
    }
    v->chars = s->ascii && !s->escapes ? s->len : dgl_utf8_count(v->data, v->len);
    *ret = (struct dgl_value){.kind = DGL_VALUE_STRING, .as.string = v};
    return DGL_OK;
}

static enum dgl_status read_string(struct reader *r, struct dgl_value *ret)
{
    struct raw_string s;
    r->at++;
    return scan_string(r, &s) ? make_string(r, &s, ret) : NOT_TAKEN;
}

static enum dgl_status make_name(struct reader *r, const struct raw_string *s, struct name *ret)
{
    struct dgl_value key;
    DGL_TRY(make_string(r, s, &key));
    struct dgl_str text = dgl_text(key);
    if (s->escapes && memchr(text.data, '\0', text.len))
        return NOT_TAKEN;
    *ret = (struct name){.key = key, .hash = dgl_hash_bytes(text.data, text.len)};
    return DGL_OK;
}

static bool is_name(const struct name *n, const struct raw_string *s, uint64_t hash)
{
    return n->key.as.string && n->hash == hash && dgl_str_equal(dgl_text(n->key), (struct dgl_str){s->data, s->len});
}

// The place of a name that was made before, or where it may go: a free one, or the one of another name.
static struct name *find_name(struct reader *r, const struct raw_string *s, uint64_t hash)
{
    for (unsigned i = 0; i < PROBES; i++) {
        struct name *place = &r->names[(hash + i) % NAMES];
        if (!place->key.as.string || is_name(place, s, hash))
            return place;
    }
    return &r->names[hash % NAMES];
}

// A member's name: the one made before, or a new one.
static enum dgl_status read_name(struct reader *r, struct name *ret)
{
    struct raw_string s;
    if (!take(r, '"') || !scan_string(r, &s))
        return NOT_TAKEN;
    if (s.escapes)
        return make_name(r, &s, ret);
    uint64_t hash = dgl_hash_bytes(s.data, s.len);
    struct name *place = find_name(r, &s, hash);
    if (!is_name(place, &s, hash))
        DGL_TRY(make_name(r, &s, place));
    *ret = *place;
    return DGL_OK;
}

// ---- numbers and words

static bool in_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static enum dgl_status read_number(struct reader *r, struct dgl_value *ret)
{
    const char *s = r->at;
    bool whole = true;
    for (; r->at < r->end && in_number(*r->at); r->at++)
        whole &= *r->at != '.' && (*r->at | 0x20) != 'e';
    size_t len = (size_t)(r->at - s), sign = *s == '-';
    int64_t integer;
    double number;
    if (whole && (len - sign < 2 || s[sign] != '0') && dgl_parse_int64(s, len, INT64_MIN, INT64_MAX, &integer))
        *ret = dgl_int(integer);
    else if (!whole && dgl_parse_double(s, len, &number))
        *ret = dgl_double(number);
    else
        return NOT_TAKEN;
    return DGL_OK;
}

static enum dgl_status read_word(struct reader *r, const char *word, struct dgl_value v, struct dgl_value *ret)
{
    size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return NOT_TAKEN;
    r->at += len;
    *ret = v;
    return DGL_OK;
}

// ---- lists and dicts

static enum dgl_status close_list(struct reader *r, size_t from, struct dgl_value *ret)
{
    size_t bytes = r->items.len - from;
    DGL_TRY(dgl_make_list(&r->mem, DGL_VALUE_LIST, bytes / sizeof(struct dgl_value), ret));
    if (bytes)
        memcpy(ret->as.list->items, r->items.data + from, bytes);
    r->items.len = from;
    return DGL_OK;
}

static enum dgl_status read_list(struct reader *r, struct dgl_value *ret)
{
    size_t from = r->items.len;
    if (take(r, ']'))
        return close_list(r, from, ret);
    do {
        struct dgl_value item;
        DGL_TRY(read_value(r, &item));
        DGL_TRY(push(r, &r->items, &item, sizeof item));
    } while (take(r, ','));
    return take(r, ']') ? close_list(r, from, ret) : NOT_TAKEN;
}

static bool has_names_of(const struct dgl_value_dict *d, const struct dgl_dict_entry *members, uint32_t count)
{
    uint32_t same = 0;
    while (d && d->count == count && same < count && d->entries[same].key.as.string == members[same].key.as.string)
        same++;
    return d && same == count;
}

static enum dgl_status close_dict(struct reader *r, size_t from, struct dgl_value *ret)
{
    uint32_t count = (uint32_t)((r->members.len - from) / sizeof(struct dgl_dict_entry));
    DGL_TRY(dgl_make_dict(&r->mem, count, ret));
    struct dgl_value_dict *d = ret->as.dict, *before = r->before[r->depth];
    const struct dgl_dict_entry *members = (const void *)(count ? r->members.data + from : NULL);
    if (count && has_names_of(before, members, count)) {
        memcpy(d->entries, members, count * sizeof *members);
        d->count = count;
        dgl_dict_share_index(d, before);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            struct dgl_str key = dgl_text(members[i].key);
            if (dgl_dict_find(d, key.data, key.len, members[i].hash))
                return NOT_TAKEN;
            DGL_TRY(dgl_dict_add(&r->mem, d, members[i].key, members[i].hash, members[i].value));
        }
    }
    r->before[r->depth] = d;
    r->members.len = from;
    return DGL_OK;
}

static enum dgl_status read_dict(struct reader *r, struct dgl_value *ret)
{
    size_t from = r->members.len;
    if (take(r, '}'))
        return close_dict(r, from, ret);
    do {
        struct name name;
        struct dgl_dict_entry member;
        DGL_TRY(read_name(r, &name));
        if (!take(r, ':'))
            return NOT_TAKEN;
        member = (struct dgl_dict_entry){.key = name.key, .hash = name.hash};
        DGL_TRY(read_value(r, &member.value));
        DGL_TRY(push(r, &r->members, &member, sizeof member));
    } while (take(r, ','));
    return take(r, '}') ? close_dict(r, from, ret) : NOT_TAKEN;
}

static enum dgl_status read_bracket(struct reader *r, bool is_dict, struct dgl_value *ret)
{
    r->at++;
    if (++r->depth > DGL_JSON_MAX_DEPTH)
        return NOT_TAKEN;
    DGL_TRY(is_dict ? read_dict(r, ret) : read_list(r, ret));
    r->depth--;
    return DGL_OK;
}

static enum dgl_status read_value(struct reader *r, struct dgl_value *ret)
{
    DGL_TRY(dgl_budget_tick(r->mem.budget, r->mem.err));
    skip_blanks(r);
    if (r->at == r->end)
        return NOT_TAKEN;
    switch (*r->at) {
    case '"':
        return read_string(r, ret);
    case '{':
    case '[':
        return read_bracket(r, *r->at == '{', ret);
    case 't':
        return read_word(r, "true", dgl_bool(true), ret);
    case 'f':
        return read_word(r, "false", dgl_bool(false), ret);
    case 'n':
        return read_word(r, "null", dgl_none(), ret);
    default:
        return read_number(r, ret);
    }
}

// ---- trees

static enum dgl_status from_json(struct dgl_mem *m, const json_t *json, unsigned depth, struct dgl_value *ret);

static enum dgl_status from_object(struct dgl_mem *m, json_t *json, unsigned depth, struct dgl_value *ret)
{
    const char *key;
    json_t *item;
    DGL_TRY(dgl_make_dict(m, json_object_size(json), ret));
    json_object_foreach(json, key, item)
    {
        struct dgl_value k, v;
        size_t len = strlen(key);
        DGL_TRY(dgl_make_string(m, key, len, &k));
        DGL_TRY(from_json(m, item, depth + 1, &v));
        DGL_TRY(dgl_dict_add(m, ret->as.dict, k, dgl_hash_bytes(key, len), v)); // jansson's keys are unique
    }
    return DGL_OK;
}

static enum dgl_status from_array(struct dgl_mem *m, const json_t *json, unsigned depth, struct dgl_value *ret)
{
    DGL_TRY(dgl_make_list(m, DGL_VALUE_LIST, json_array_size(json), ret));
    for (size_t i = 0; i < ret->as.list->count; i++)
        DGL_TRY(from_json(m, json_array_get(json, i), depth + 1, &ret->as.list->items[i]));
    return DGL_OK;
}

static enum dgl_status from_json(struct dgl_mem *m, const json_t *json, unsigned depth, struct dgl_value *ret)
{
    DGL_TRY(dgl_budget_tick(m->budget, m->err));
    if (depth > DGL_VALUE_MAX_DEPTH)
        return dgl_limit_error(m, "limit_depth", "the data is nested more than %u levels deep", DGL_VALUE_MAX_DEPTH);
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return from_object(m, (json_t *)(uintptr_t)json, depth, ret);
    case JSON_ARRAY:
        return from_array(m, json, depth, ret);
    case JSON_STRING:
        return dgl_make_string(m, json_string_value(json), json_string_length(json), ret);
    case JSON_INTEGER:
        *ret = dgl_int(json_integer_value(json));
        return DGL_OK;
    case JSON_REAL:
        *ret = dgl_double(json_real_value(json));
        return DGL_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        *ret = dgl_bool(json_is_true(json));
        return DGL_OK;
    case JSON_NULL:
        break;
    }
    *ret = dgl_none();
    return DGL_OK;
}

enum dgl_status dgl_value_from_json(struct dgl_arena *a, const json_t *json, struct dgl_budget *budget,
                                    struct dgl_value *ret, struct dgl_error *err)
{
    struct dgl_mem m = {.arena = a, .budget = budget, .err = err};
    return from_json(&m, json, 0, ret);
}

// ---- texts

static enum dgl_status read_text(struct reader *r, struct dgl_value *ret)
{
    DGL_TRY(read_value(r, ret));
    skip_blanks(r);
    return r->at == r->end ? DGL_OK : NOT_TAKEN;
}

enum dgl_status dgl_value_parse_json(struct dgl_arena *a, const char *text, size_t len, const char *field,
                                     struct dgl_budget *budget, struct dgl_value *ret, struct dgl_error *err)
{
    const size_t max = (len + 1) * sizeof(struct dgl_dict_entry); // more than the text has room for
    struct reader r = {.mem = {.arena = a, .budget = budget, .err = err},
                       .at = text,
                       .end = len ? text + len : text,
                       .items = DGL_BUF_INIT(max),
                       .members = DGL_BUF_INIT(max)};
    struct dgl_value value;
    enum dgl_status status = len ? read_text(&r, &value) : NOT_TAKEN;
    dgl_buf_fini(&r.items);
    dgl_buf_fini(&r.members);
    if (status == NOT_TAKEN) {
        DGL_AUTO_JSON tree = NULL;
        DGL_TRY(dgl_json_parse(text, len, field, &tree, err));
        return dgl_value_from_json(a, tree, budget, ret, err);
    }
    if (status == DGL_OK)
        *ret = value;
    return status;
}
