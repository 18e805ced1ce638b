// The value model: making values, dicts, walking, and the errors they raise.
//
// A dict keeps its entries in order in one array; an index (open addressing, linear probing) is added when it outgrows
// a handful of keys. Names in a compiled template carry their hash, so a field access is one probe and one memcmp. Keys
// made to collide cost budget steps, one per probe.
#include "render/template/value_private.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SMALL_DICT 8u // entries searched one by one
#define FIRST_ROOM 256u

void *dgl_mem_alloc(struct dgl_mem *m, size_t size)
{
    if (dgl_budget_memory(m->budget, size, m->err) != DGL_OK)
        return NULL;
    void *p = dgl_arena_alloc_try(m->arena, size);
    if (!p)
        (void)DGL_FAIL_SLUG(m->err, DGL_E_LIMIT, "limit_memory", "the template needs more memory than allowed");
    return p;
}

enum dgl_status dgl_mem_tick(struct dgl_mem *m, size_t steps)
{
    if (steps < (size_t)INT64_MAX && m->budget->steps_left > (int64_t)steps)
        m->budget->steps_left -= (int64_t)steps;
    else
        m->budget->steps_left = 0;
    return dgl_budget_tick(m->budget, m->err);
}

enum dgl_status dgl_type_error(struct dgl_mem *m, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return DGL_FAIL_SLUG(m->err, DGL_E_INVALID, "type_error", "type error: %s", text);
}

enum dgl_status dgl_undefined_error(struct dgl_mem *m, struct dgl_value v)
{
    char text[DGL_VALUE_MAX_UNDEFINED_MESSAGE];
    return DGL_FAIL_SLUG(m->err, DGL_E_INVALID, "undefined_access", "%s", dgl_undefined_message(v, text));
}

enum dgl_status dgl_limit_error(struct dgl_mem *m, const char *slug, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return DGL_FAIL_SLUG(m->err, DGL_E_LIMIT, slug, "%s", text);
}

char *dgl_undefined_message(struct dgl_value v, char out[DGL_VALUE_MAX_UNDEFINED_MESSAGE])
{
    const struct dgl_value_undefined *why = v.kind == DGL_VALUE_UNDEFINED ? v.as.undefined : NULL;
    char name[100] = "";
    if (why)
        dgl_str_copy(name, sizeof name, why->name.data ? why->name.data : "", why->name.data ? why->name.len : 0);
    if (!why)
        (void)snprintf(out, DGL_VALUE_MAX_UNDEFINED_MESSAGE, "the value is undefined");
    else if (why->hint)
        dgl_str_copy(out, DGL_VALUE_MAX_UNDEFINED_MESSAGE, why->hint, strlen(why->hint));
    else if (why->owner)
        (void)snprintf(out, DGL_VALUE_MAX_UNDEFINED_MESSAGE, "%s has no '%s'; it is undefined", why->owner, name);
    else
        (void)snprintf(out, DGL_VALUE_MAX_UNDEFINED_MESSAGE, "'%s' is undefined", name);
    return out;
}

// ---- makers

enum dgl_status dgl_make_borrowed(struct dgl_mem *m, bool safe, const char *s, size_t len, struct dgl_value *ret)
{
    if (len > DGL_VALUE_MAX_STRING)
        return dgl_limit_error(m, "limit_memory", "a string grew beyond %u MiB", DGL_VALUE_MAX_STRING >> 20);
    struct dgl_value_string *v = dgl_mem_alloc(m, sizeof *v);
    if (!v)
        return DGL_E_LIMIT;
    *v = (struct dgl_value_string){.len = len, .data = s, .chars = len ? dgl_utf8_count(s, len) : 0};
    *ret = (struct dgl_value){.kind = safe ? DGL_VALUE_SAFE : DGL_VALUE_STRING, .as.string = v};
    return DGL_OK;
}

enum dgl_status dgl_make_like(struct dgl_mem *m, bool safe, const char *s, size_t len, struct dgl_value *ret)
{
    if (len > DGL_VALUE_MAX_STRING)
        return dgl_limit_error(m, "limit_memory", "a string grew beyond %u MiB", DGL_VALUE_MAX_STRING >> 20);
    struct dgl_value_string *v = dgl_mem_alloc(m, sizeof *v + len + 1);
    if (!v)
        return DGL_E_LIMIT;
    char *copy = (char *)(v + 1);
    if (len)
        memcpy(copy, s, len);
    *v = (struct dgl_value_string){.len = len, .data = copy, .chars = len ? dgl_utf8_count(s, len) : 0};
    *ret = (struct dgl_value){.kind = safe ? DGL_VALUE_SAFE : DGL_VALUE_STRING, .as.string = v};
    return DGL_OK;
}

enum dgl_status dgl_make_string(struct dgl_mem *m, const char *s, size_t len, struct dgl_value *ret)
{
    return dgl_make_like(m, false, s, len, ret);
}

struct dgl_value dgl_value_string(struct dgl_arena *a, const char *s, size_t len)
{
    struct dgl_value_string *v = dgl_arena_alloc_try(a, sizeof *v + len + 1);
    if (!v)
        return dgl_undefined(NULL);
    char *copy = (char *)(v + 1);
    if (len)
        memcpy(copy, s, len);
    *v = (struct dgl_value_string){.len = len, .data = copy, .chars = len ? dgl_utf8_count(s, len) : 0};
    return (struct dgl_value){.kind = DGL_VALUE_STRING, .as.string = v};
}

// A room for `need` elements of `size` bytes with `used` of them taken.
static struct dgl_value_room *room_new(struct dgl_mem *m, size_t size, size_t need, size_t used)
{
    size_t cap = need < FIRST_ROOM / size ? FIRST_ROOM / size : need * 2;
    struct dgl_value_room *room = dgl_mem_alloc(m, sizeof *room);
    if (!room)
        return NULL;
    *room = (struct dgl_value_room){.used = used, .cap = cap, .data = dgl_mem_alloc(m, cap * size)};
    return room->data ? room : NULL;
}

enum dgl_status dgl_string_append(struct dgl_mem *m, struct dgl_value a, struct dgl_str b, bool safe,
                                  struct dgl_value *ret)
{
    const struct dgl_value_string *s = a.as.string;
    struct dgl_value_room *room = s->room;
    size_t len = s->len + b.len;
    if (len > DGL_VALUE_MAX_STRING)
        return dgl_limit_error(m, "limit_memory", "a string grew beyond %u MiB", DGL_VALUE_MAX_STRING >> 20);
    struct dgl_value_string *v = dgl_mem_alloc(m, sizeof *v + (len < 64 ? len + 1 : 0));
    if (!v)
        return DGL_E_LIMIT;
    *v = (struct dgl_value_string){.len = len};
    v->chars = dgl_chars(a) + (b.len ? dgl_utf8_count(b.data, b.len) : 0);
    if (len < 64) { // short: no room, one block
        char *copy = (char *)(v + 1);
        if (s->len)
            memcpy(copy, s->data, s->len);
        if (b.len)
            memcpy(copy + s->len, b.data, b.len);
        v->data = copy;
    } else {
        bool at_end = room && s->data + s->len == (const char *)room->data + room->used;
        if (!at_end || room->cap - room->used < b.len) {
            room = room_new(m, 1, len, s->len);
            if (!room)
                return DGL_E_LIMIT;
            memcpy(room->data, s->data, s->len);
            v->data = room->data;
        } else {
            v->data = s->data;
        }
        if (b.len)
            memmove((char *)room->data + room->used, b.data, b.len);
        room->used += b.len;
        v->room = room;
    }
    *ret = (struct dgl_value){.kind = safe ? DGL_VALUE_SAFE : DGL_VALUE_STRING, .as.string = v};
    return DGL_OK;
}

enum dgl_status dgl_make_list(struct dgl_mem *m, enum dgl_value_kind kind, size_t count, struct dgl_value *ret)
{
    if (count > DGL_VALUE_MAX_ITEMS)
        return dgl_limit_error(m, "limit_memory", "a list grew beyond %u items", DGL_VALUE_MAX_ITEMS);
    struct dgl_value_list *list = dgl_mem_alloc(m, sizeof *list + count * sizeof(struct dgl_value));
    if (!list)
        return DGL_E_LIMIT;
    list->count = count;
    list->items = (struct dgl_value *)(list + 1);
    *ret = (struct dgl_value){.kind = kind, .as.list = list};
    return DGL_OK;
}

enum dgl_status dgl_make_pair(struct dgl_mem *m, struct dgl_value a, struct dgl_value b, struct dgl_value *ret)
{
    DGL_TRY(dgl_make_list(m, DGL_VALUE_TUPLE, 2, ret));
    ret->as.list->items[0] = a;
    ret->as.list->items[1] = b;
    return DGL_OK;
}

// Makes sure that the list may be extended in place by `count`.
static enum dgl_status list_room(struct dgl_mem *m, struct dgl_value_list *list, size_t count)
{
    struct dgl_value_room *room = list->room;
    if (list->count + count > DGL_VALUE_MAX_ITEMS)
        return dgl_limit_error(m, "limit_memory", "a list grew beyond %u items", DGL_VALUE_MAX_ITEMS);
    bool at_end = room && list->items + list->count == (struct dgl_value *)room->data + room->used;
    if (at_end && room->cap - room->used >= count)
        return DGL_OK;
    room = room_new(m, sizeof(struct dgl_value), list->count + count, list->count);
    if (!room)
        return DGL_E_LIMIT;
    if (list->count)
        memcpy(room->data, list->items, list->count * sizeof(struct dgl_value));
    list->items = room->data;
    list->room = room;
    return DGL_OK;
}

enum dgl_status dgl_list_append(struct dgl_mem *m, struct dgl_value list, const struct dgl_value *items, size_t count,
                                struct dgl_value *ret)
{
    struct dgl_value_list *copy = dgl_mem_alloc(m, sizeof *copy);
    if (!copy)
        return DGL_E_LIMIT;
    *copy = *list.as.list;
    copy->group = false;
    DGL_TRY(list_room(m, copy, count));
    if (count)
        memmove(copy->items + copy->count, items, count * sizeof *items);
    copy->count += count;
    copy->room->used += count;
    *ret = (struct dgl_value){.kind = list.kind, .as.list = copy};
    return DGL_OK;
}

enum dgl_status dgl_list_push(struct dgl_mem *m, struct dgl_value_list *list, struct dgl_value item)
{
    DGL_TRY(list_room(m, list, 1));
    list->items[list->count++] = item;
    list->room->used++;
    return DGL_OK;
}

enum dgl_status dgl_make_dict(struct dgl_mem *m, size_t cap, struct dgl_value *ret)
{
    struct dgl_value_dict *d = dgl_mem_alloc(m, sizeof *d + cap * sizeof *d->entries);
    if (!d)
        return DGL_E_LIMIT;
    d->cap = (uint32_t)cap;
    d->entries = (struct dgl_dict_entry *)(d + 1);
    *ret = (struct dgl_value){.kind = DGL_VALUE_DICT, .as.dict = d};
    return DGL_OK;
}

enum dgl_status dgl_make_generator(struct dgl_mem *m, struct dgl_value list, struct dgl_value *ret)
{
    struct dgl_generator *g = dgl_mem_alloc(m, sizeof *g);
    if (!g)
        return DGL_E_LIMIT;
    *g = (struct dgl_generator){.head.kind = DGL_OTHER_GENERATOR, .list = list};
    *ret = dgl_other(&g->head);
    return DGL_OK;
}

enum dgl_status dgl_make_undefined(struct dgl_mem *m, struct dgl_str name, const char *owner, const char *hint,
                                   struct dgl_value *ret)
{
    struct dgl_value_undefined *u = dgl_mem_alloc(m, sizeof *u);
    if (!u)
        return DGL_E_LIMIT;
    *u = (struct dgl_value_undefined){.name = name, .owner = owner, .hint = hint};
    *ret = dgl_undefined(u);
    return DGL_OK;
}

// ---- hashing and dicts

uint64_t dgl_hash_bytes(const char *s, size_t len)
{
    uint64_t h = UINT64_C(0x9E3779B97F4A7C15) ^ (len * UINT64_C(0xff51afd7ed558ccd));
    while (len >= 8) {
        uint64_t k;
        memcpy(&k, s, 8);
        h = (h ^ k) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
        s += 8;
        len -= 8;
    }
    uint64_t tail = 0;
    for (size_t i = 0; i < len; i++)
        tail |= (uint64_t)(unsigned char)s[i] << (8 * i);
    h = (h ^ tail) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ (h >> 29);
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    return x ^ (x >> 33);
}

static enum dgl_status hash_deep(struct dgl_mem *m, struct dgl_value v, unsigned depth, uint64_t *ret)
{
    if (depth > DGL_VALUE_MAX_DEPTH)
        return DGL_FAIL_SLUG(m->err, DGL_E_INVALID, "endless_recursion", "the value is nested too deeply");
    switch (v.kind) {
    case DGL_VALUE_STRING:
    case DGL_VALUE_SAFE:
        *ret = dgl_hash_bytes(v.as.string->data, v.as.string->len);
        return DGL_OK;
    case DGL_VALUE_BOOL:
    case DGL_VALUE_INT:
        *ret = mix((uint64_t)dgl_as_int(v));
        return DGL_OK;
    case DGL_VALUE_DOUBLE: { // equal numbers hash equal
        double d = v.as.number;
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        bool whole = d == floor(d) && d >= -9223372036854775808.0 && d < 9223372036854775808.0;
        *ret = mix(whole ? (uint64_t)(int64_t)d : bits);
        return DGL_OK;
    }
    case DGL_VALUE_TUPLE: {
        uint64_t h = mix(v.as.list->count + 7);
        for (size_t i = 0; i < v.as.list->count; i++) {
            uint64_t item;
            DGL_TRY(dgl_budget_tick(m->budget, m->err));
            DGL_TRY(hash_deep(m, v.as.list->items[i], depth + 1, &item));
            h = mix(h * 31 + item);
        }
        *ret = h;
        return DGL_OK;
    }
    case DGL_VALUE_LIST:
    case DGL_VALUE_DICT:
        return dgl_type_error(m, "%s cannot be a key or be told apart", dgl_type_words(v));
    case DGL_VALUE_OTHER:
    case DGL_VALUE_RICH:
        *ret = mix((uint64_t)(uintptr_t)v.as.other);
        return DGL_OK;
    default:
        *ret = mix((uint64_t)v.kind + 1000);
        return DGL_OK;
    }
}

enum dgl_status dgl_value_hash(struct dgl_mem *m, struct dgl_value v, uint64_t *ret)
{
    return hash_deep(m, v, 0, ret);
}

static bool key_is(const struct dgl_dict_entry *e, const char *key, size_t len, uint64_t hash)
{
    return e->hash == hash && dgl_is_string(e->key) && e->key.as.string->len == len &&
           memcmp(e->key.as.string->data, key, len) == 0;
}

struct dgl_value *dgl_dict_find(const struct dgl_value_dict *d, const char *key, size_t len, uint64_t hash)
{
    if (!d->index) {
        for (uint32_t i = 0; i < d->count; i++)
            if (key_is(&d->entries[i], key, len, hash))
                return &d->entries[i].value;
        return NULL;
    }
    for (uint32_t i = (uint32_t)hash & d->mask; d->index[i]; i = (i + 1) & d->mask) {
        struct dgl_dict_entry *e = &d->entries[d->index[i] - 1];
        if (key_is(e, key, len, hash))
            return &e->value;
    }
    return NULL;
}

static enum dgl_status key_matches(struct dgl_mem *m, const struct dgl_dict_entry *e, struct dgl_value key,
                                   uint64_t hash, bool *ret)
{
    *ret = false;
    if (e->hash != hash)
        return DGL_OK;
    return dgl_value_equal(m, e->key, key, ret);
}

enum dgl_status dgl_dict_get(struct dgl_mem *m, const struct dgl_value_dict *d, struct dgl_value key,
                             struct dgl_value **ret)
{
    uint64_t hash;
    bool same = false;
    DGL_TRY(dgl_value_hash(m, key, &hash));
    *ret = NULL;
    if (!d->index) {
        for (uint32_t i = 0; i < d->count && !same; i++) {
            DGL_TRY(key_matches(m, &d->entries[i], key, hash, &same));
            if (same)
                *ret = &d->entries[i].value;
        }
        return DGL_OK;
    }
    for (uint32_t i = (uint32_t)hash & d->mask; d->index[i] && !same; i = (i + 1) & d->mask) {
        DGL_TRY(dgl_budget_tick(m->budget, m->err));
        DGL_TRY(key_matches(m, &d->entries[d->index[i] - 1], key, hash, &same));
        if (same)
            *ret = &d->entries[d->index[i] - 1].value;
    }
    return DGL_OK;
}

static enum dgl_status index_add(struct dgl_mem *m, struct dgl_value_dict *d, uint32_t entry)
{
    uint32_t i = (uint32_t)d->entries[entry].hash & d->mask;
    while (d->index[i]) {
        DGL_TRY(dgl_budget_tick(m->budget, m->err));
        i = (i + 1) & d->mask;
    }
    d->index[i] = entry + 1;
    return DGL_OK;
}

static enum dgl_status dict_grow(struct dgl_mem *m, struct dgl_value_dict *d)
{
    uint32_t cap = d->cap < 4 ? 4 : d->cap * 2;
    if (cap > DGL_VALUE_MAX_ITEMS * 2u)
        return dgl_limit_error(m, "limit_memory", "a dict grew beyond %u keys", DGL_VALUE_MAX_ITEMS);
    struct dgl_dict_entry *entries = dgl_mem_alloc(m, cap * sizeof *entries);
    if (!entries)
        return DGL_E_LIMIT;
    if (d->count)
        memcpy(entries, d->entries, d->count * sizeof *entries);
    d->entries = entries;
    d->cap = cap;
    return DGL_OK;
}

// Keeps the index at most half full.
static enum dgl_status dict_reindex(struct dgl_mem *m, struct dgl_value_dict *d)
{
    if (d->count <= SMALL_DICT || (d->index && !d->shares_index && d->count * 2 <= d->mask + 1))
        return d->index ? index_add(m, d, d->count - 1) : DGL_OK;
    uint32_t size = 32;
    while (size < d->count * 4)
        size *= 2;
    uint32_t *index = dgl_mem_alloc(m, size * sizeof *index);
    if (!index)
        return DGL_E_LIMIT;
    d->index = index;
    d->mask = size - 1;
    d->shares_index = false;
    for (uint32_t i = 0; i < d->count; i++)
        DGL_TRY(index_add(m, d, i));
    return DGL_OK;
}

enum dgl_status dgl_dict_add(struct dgl_mem *m, struct dgl_value_dict *d, struct dgl_value key, uint64_t hash,
                             struct dgl_value value)
{
    if (d->count == d->cap)
        DGL_TRY(dict_grow(m, d));
    d->entries[d->count++] = (struct dgl_dict_entry){.key = key, .value = value, .hash = hash};
    return dict_reindex(m, d);
}

void dgl_dict_share_index(struct dgl_value_dict *d, struct dgl_value_dict *with)
{
    d->index = with->index;
    d->mask = with->mask;
    d->shares_index = with->shares_index = with->index != NULL;
}

enum dgl_status dgl_dict_put(struct dgl_mem *m, struct dgl_value_dict *d, struct dgl_value key, struct dgl_value value)
{
    struct dgl_value *there;
    uint64_t hash;
    DGL_TRY(dgl_dict_get(m, d, key, &there));
    if (there) {
        *there = value;
        return DGL_OK;
    }
    DGL_TRY(dgl_value_hash(m, key, &hash));
    return dgl_dict_add(m, d, key, hash, value);
}

enum dgl_status dgl_dict_put_str(struct dgl_mem *m, struct dgl_value_dict *d, struct dgl_str key,
                                 struct dgl_value value)
{
    struct dgl_value k;
    DGL_TRY(dgl_make_string(m, key.data, key.len, &k));
    return dgl_dict_put(m, d, k, value);
}

struct dgl_value dgl_value_dict_lookup(struct dgl_value dict, const char *key, size_t len)
{
    if (dict.kind != DGL_VALUE_DICT)
        return dgl_undefined(NULL);
    struct dgl_value *v = dgl_dict_find(dict.as.dict, key, len, dgl_hash_bytes(key, len));
    return v ? *v : dgl_undefined(NULL);
}

void dgl_value_dict_at(struct dgl_value dict, size_t index, struct dgl_value *ret_key, struct dgl_value *ret_value)
{
    bool in = dict.kind == DGL_VALUE_DICT && index < dict.as.dict->count;
    *ret_key = in ? dict.as.dict->entries[index].key : dgl_undefined(NULL);
    *ret_value = in ? dict.as.dict->entries[index].value : dgl_undefined(NULL);
}

struct dgl_value dgl_value_list_get(struct dgl_value list, size_t index)
{
    return dgl_is_list(list) && index < list.as.list->count ? list.as.list->items[index] : dgl_undefined(NULL);
}

// ---- walking

bool dgl_length(struct dgl_value v, size_t *ret)
{
    switch (v.kind) {
    case DGL_VALUE_STRING:
    case DGL_VALUE_SAFE:
        *ret = dgl_chars(v);
        return true;
    case DGL_VALUE_LIST:
    case DGL_VALUE_TUPLE:
        *ret = v.as.list->count;
        return true;
    case DGL_VALUE_DICT:
        *ret = v.as.dict->count;
        return true;
    case DGL_VALUE_UNDEFINED:
        *ret = 0;
        return true;
    case DGL_VALUE_OTHER:
        if (v.as.other->kind == DGL_OTHER_RANGE)
            *ret = ((struct dgl_range *)v.as.other)->count;
        else if (v.as.other->kind == DGL_OTHER_VIEW)
            *ret = ((struct dgl_view *)v.as.other)->dict->count;
        else
            return false;
        return true;
    default:
        return false;
    }
}

size_t dgl_value_length(struct dgl_value v)
{
    size_t n = 0;
    return dgl_length(v, &n) ? n : 0;
}

bool dgl_value_truthy(struct dgl_value v)
{
    size_t n;
    if (v.kind == DGL_VALUE_ABSENT)
        return false;
    switch (v.kind) {
    case DGL_VALUE_BOOL:
        return v.as.boolean;
    case DGL_VALUE_INT:
        return v.as.integer != 0;
    case DGL_VALUE_DOUBLE:
        return v.as.number != 0;
    case DGL_VALUE_UNDEFINED:
    case DGL_VALUE_NONE:
        return false;
    case DGL_VALUE_STRING:
    case DGL_VALUE_SAFE:
        return v.as.string->len != 0;
    default:
        return dgl_length(v, &n) ? n != 0 : true;
    }
}

bool dgl_iterable(struct dgl_value v)
{
    size_t n;
    return dgl_length(v, &n) || dgl_is_other(v, DGL_OTHER_GENERATOR);
}

enum dgl_status dgl_iter_init(struct dgl_mem *m, struct dgl_value v, struct dgl_iter *ret)
{
    if (!dgl_iterable(v))
        return dgl_type_error(m, "%s cannot be looped over; a list can", dgl_type_words(v));
    *ret = (struct dgl_iter){.over = v, .live = dgl_is_other(v, DGL_OTHER_GENERATOR)};
    return DGL_OK;
}

static enum dgl_status iter_string(struct dgl_mem *m, struct dgl_iter *it, struct dgl_value *ret, bool *ret_more)
{
    const struct dgl_value_string *s = it->over.as.string;
    *ret_more = it->pos < s->len;
    if (!*ret_more)
        return DGL_OK;
    size_t from = it->pos;
    (void)dgl_utf8_next(s->data, s->len, &it->pos);
    return dgl_make_borrowed(m, false, s->data + from, it->pos - from, ret);
}

static enum dgl_status view_item(struct dgl_mem *m, const struct dgl_view *v, size_t i, struct dgl_value *ret)
{
    const struct dgl_dict_entry *e = &v->dict->entries[i];
    if (v->which == DGL_VIEW_ITEMS)
        return dgl_make_pair(m, e->key, e->value, ret);
    *ret = v->which == DGL_VIEW_KEYS ? e->key : e->value;
    return DGL_OK;
}

enum dgl_status dgl_iter_next(struct dgl_mem *m, struct dgl_iter *it, struct dgl_value *ret, bool *ret_more)
{
    struct dgl_value v = it->over;
    if (dgl_is_string(v))
        return iter_string(m, it, ret, ret_more);
    if (it->live) {
        struct dgl_generator *g = (struct dgl_generator *)v.as.other;
        *ret_more = g->pos < g->list.as.list->count;
        if (*ret_more)
            *ret = g->list.as.list->items[g->pos++];
        return DGL_OK;
    }
    size_t count = dgl_value_length(v), i = it->pos;
    *ret_more = i < count;
    if (!*ret_more)
        return DGL_OK;
    it->pos++;
    if (dgl_is_list(v))
        *ret = v.as.list->items[i];
    else if (v.kind == DGL_VALUE_DICT)
        *ret = v.as.dict->entries[i].key;
    else if (v.as.other->kind == DGL_OTHER_RANGE) {
        const struct dgl_range *r = (struct dgl_range *)v.as.other;
        *ret = dgl_int((int64_t)((uint64_t)r->start + (uint64_t)r->step * i));
    } else
        return view_item(m, (struct dgl_view *)v.as.other, i, ret);
    return DGL_OK;
}

enum dgl_status dgl_to_list(struct dgl_mem *m, struct dgl_value v, struct dgl_value *ret)
{
    struct dgl_iter it;
    struct dgl_value list;
    bool more = true;
    if (v.kind == DGL_VALUE_LIST) {
        *ret = v;
        return DGL_OK;
    }
    DGL_TRY(dgl_iter_init(m, v, &it));
    DGL_TRY(dgl_make_list(m, DGL_VALUE_LIST, 0, &list));
    if (v.kind == DGL_VALUE_TUPLE) {
        *list.as.list = *v.as.list;
        list.as.list->group = false;
        more = false;
    }
    while (more) {
        struct dgl_value item;
        DGL_TRY(dgl_budget_tick(m->budget, m->err));
        DGL_TRY(dgl_iter_next(m, &it, &item, &more));
        if (more)
            DGL_TRY(dgl_list_push(m, list.as.list, item));
    }
    *ret = list;
    return DGL_OK;
}

// ---- names of types

const char *dgl_type_name(struct dgl_value v)
{
    static const char *const other[] = {
        [DGL_OTHER_RANGE] = "range",           [DGL_OTHER_GENERATOR] = "generator",
        [DGL_OTHER_VIEW] = "dict_items",       [DGL_OTHER_CYCLER] = "Cycler",
        [DGL_OTHER_JOINER] = "Joiner",         [DGL_OTHER_NAMESPACE] = "Namespace",
        [DGL_OTHER_MACRO] = "Macro",           [DGL_OTHER_FUNCTION] = "function",
        [DGL_OTHER_METHOD] = "method",         [DGL_OTHER_LOOP] = "LoopContext",
        [DGL_OTHER_MODULE] = "TemplateModule", [DGL_OTHER_SELF] = "TemplateReference",
        [DGL_OTHER_BLOCK] = "BlockReference",
    };
    switch (v.kind) {
    case DGL_VALUE_NONE:
        return "NoneType";
    case DGL_VALUE_BOOL:
        return "bool";
    case DGL_VALUE_INT:
        return "int";
    case DGL_VALUE_DOUBLE:
        return "float";
    case DGL_VALUE_STRING:
        return "str";
    case DGL_VALUE_SAFE:
        return "Markup";
    case DGL_VALUE_LIST:
        return "list";
    case DGL_VALUE_TUPLE:
        return "tuple";
    case DGL_VALUE_DICT:
        return "dict";
    case DGL_VALUE_RICH:
        return v.as.rich->type;
    case DGL_VALUE_OTHER:
        return other[v.as.other->kind];
    default:
        return "Undefined";
    }
}

const char *dgl_object_name(struct dgl_value v)
{
    static const char *const names[] = {
        [DGL_VALUE_UNDEFINED] = "the undefined value",
        [DGL_VALUE_NONE] = "none",
        [DGL_VALUE_BOOL] = "the boolean",
        [DGL_VALUE_INT] = "the number",
        [DGL_VALUE_DOUBLE] = "the number",
        [DGL_VALUE_STRING] = "the text",
        [DGL_VALUE_SAFE] = "the text",
        [DGL_VALUE_LIST] = "the list",
        [DGL_VALUE_TUPLE] = "the list",
        [DGL_VALUE_DICT] = "the object",
    };
    return v.kind <= DGL_VALUE_DICT ? names[v.kind] : dgl_type_words(v);
}

const char *dgl_type_words(struct dgl_value v)
{
    static const char *const other[] = {
        [DGL_OTHER_RANGE] = "a range",
        [DGL_OTHER_GENERATOR] = "a list that is made in passing",
        [DGL_OTHER_VIEW] = "a list of an object's items",
        [DGL_OTHER_CYCLER] = "a cycler",
        [DGL_OTHER_JOINER] = "a joiner",
        [DGL_OTHER_NAMESPACE] = "a namespace",
        [DGL_OTHER_MACRO] = "a macro",
        [DGL_OTHER_FUNCTION] = "a function",
        [DGL_OTHER_METHOD] = "a function",
        [DGL_OTHER_LOOP] = "the loop",
        [DGL_OTHER_MODULE] = "an imported template",
        [DGL_OTHER_SELF] = "the template",
        [DGL_OTHER_BLOCK] = "a block",
    };
    static const char *const names[] = {
        [DGL_VALUE_UNDEFINED] = "an undefined value",
        [DGL_VALUE_NONE] = "none",
        [DGL_VALUE_BOOL] = "a boolean",
        [DGL_VALUE_INT] = "a number",
        [DGL_VALUE_DOUBLE] = "a decimal number",
        [DGL_VALUE_STRING] = "a text",
        [DGL_VALUE_SAFE] = "a text",
        [DGL_VALUE_LIST] = "a list",
        [DGL_VALUE_TUPLE] = "a list",
        [DGL_VALUE_DICT] = "an object",
    };
    if (v.kind <= DGL_VALUE_DICT)
        return names[v.kind];
    if (v.kind == DGL_VALUE_OTHER)
        return other[v.as.other->kind];
    return v.kind == DGL_VALUE_RICH ? "formatted content" : "an undefined value";
}
