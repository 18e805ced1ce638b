// Fuzz target: JSON bodies. What is accepted can be written and read again with the same meaning; members are found as
// sent; an object is read against a table without a complaint that has no words; values of the template language are
// the same with a tree between and without.
#include "fuzz.h"

#include "render/template/value.h"
#include "server/api/parts.h"

static void read_against_table(json_t *value)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const char *name = NULL, *raw = NULL;
    size_t raw_len = 0;
    int64_t count = 0;
    bool flag = false;
    json_t *object = NULL, *array = NULL, *any = NULL;
    const struct dgl_json_field fields[] = {
        {.name = "name", .kind = DGL_JSON_STRING, .max = 20, .ret = &name},
        {.name = "raw", .kind = DGL_JSON_STRING, .nullable = true, .ret = &raw, .ret_len = &raw_len},
        {.name = "count", .kind = DGL_JSON_INT, .max = 1000, .ret = &count},
        {.name = "flag", .kind = DGL_JSON_BOOL, .required = true, .ret = &flag},
        {.name = "object", .kind = DGL_JSON_OBJECT, .ret = &object},
        {.name = "array", .kind = DGL_JSON_ARRAY, .max = 3, .ret = &array},
        {.name = "any", .kind = DGL_JSON_ANY, .ret = &any},
    };
    if (dgl_json_read_object(value, "body", fields, DGL_COUNT(fields), &err) != DGL_OK) {
        fuzz_must_explain(&err);
        return;
    }
    fuzz_must(!name || strlen(name) <= 20);
    fuzz_must(count <= 1000);
    fuzz_must(!array || json_array_size(array) <= 3);
}

static void write_again(const json_t *value)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_JSON again = NULL;
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
    fuzz_must(text);
    fuzz_must(dgl_json_parse(text, strlen(text), "again", &again, &err) == DGL_OK);
    fuzz_must(json_equal(value, again));
    free(text);
}

static void print(struct dgl_value v, struct dgl_buf *out)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_budget budget = dgl_budget_default();
    dgl_buf_printf(out, "%d %zu ", (int)v.kind, dgl_value_length(v));
    fuzz_must(dgl_value_print(v, &budget, out, &err) == DGL_OK);
}

// `tree` is NULL for a text that is refused: so must it be here.
static void read_as_values(const char *text, size_t size, const json_t *tree)
{
    struct dgl_error err = DGL_ERROR_INIT;
    struct dgl_budget budget = dgl_budget_default();
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO_FINI(buf) got = DGL_BUF_INIT(SIZE_MAX / 4);
    DGL_AUTO_FINI(buf) want = DGL_BUF_INIT(SIZE_MAX / 4);
    struct dgl_value value, other;
    enum dgl_status status = dgl_value_parse_json(arena, text, size, "field", &budget, &value, &err);
    fuzz_must((status == DGL_OK) == (tree != NULL));
    if (!tree)
        return;
    fuzz_must(dgl_value_from_json(arena, tree, &budget, &other, &err) == DGL_OK);
    print(value, &got);
    print(other, &want);
    fuzz_must(strcmp(got.data, want.data) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dgl_error err = DGL_ERROR_INIT;
    DGL_AUTO_JSON value = NULL;
    const char *text = (const char *)data, *member = NULL;
    size_t member_len = 0;
    bool found = size && dgl_api_find_member(text, size, "input_json", &member, &member_len);
    if (dgl_json_parse(text, size, "field", &value, &err) != DGL_OK) {
        fuzz_must_explain(&err);
        read_as_values(text, size, NULL);
        return 0;
    }
    read_as_values(text, size, value);
    write_again(value);
    read_against_table(value);
    if (found && json_is_object(value)) { // the bytes found mean what the object holds
        fuzz_must(member >= text && member + member_len <= text + size);
        DGL_AUTO_JSON part = NULL;
        fuzz_must(dgl_json_parse(member, member_len, "member", &part, &err) == DGL_OK);
        fuzz_must(json_equal(part, json_object_get(value, "input_json")));
    }
    return 0;
}
