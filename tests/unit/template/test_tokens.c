// The names a template takes from its data.
#include "test_render.h"

static void assert_tokens(const char *source, const char *want)
{
    struct dgl_error err = DGL_ERROR_INIT;
    const struct dgl_template_options o = {.name = "t"};
    DGL_AUTO(template) t = NULL;
    assert_int_equal(dgl_template_compile_text(source, strlen(source), &o, NULL, &t, &err), DGL_OK);
    DGL_AUTO_JSON tokens = dgl_template_tokens(t);
    // name:type[children], one after another
    DGL_AUTO_FINI(buf) text = DGL_BUF_INIT(1 << 16);
    json_t *stack[64];
    size_t index[64], depth = 0, i = 0;
    for (json_t *list = tokens;;) {
        if (i < json_array_size(list)) {
            json_t *token = json_array_get(list, i++);
            dgl_buf_printf(&text, "%s%s:%s", i > 1 ? " " : "", json_string_value(json_object_get(token, "name")),
                           json_string_value(json_object_get(token, "type")));
            if (json_array_size(json_object_get(token, "children"))) {
                stack[depth] = list;
                index[depth++] = i;
                list = json_object_get(token, "children");
                dgl_buf_putc(&text, '[');
                i = 0;
            }
        } else if (depth) {
            dgl_buf_putc(&text, ']');
            list = stack[--depth];
            i = index[depth];
        } else {
            break;
        }
    }
    assert_string_equal(text.data ? text.data : "", want);
}

static void test_names_types_and_nesting(void **state)
{
    (void)state;
    assert_tokens("{{ a }} {{ b.c }} {{ b.d.e }}", "a:text b:object[c:text d:object[e:text]]");
    assert_tokens("{% for r in rows %}{{ r.name }}{{ r.price|number(2) }}{% endfor %}",
                  "rows:list[name:text price:number]");
    assert_tokens("{% for r in rows %}{% for x in r.parts %}{{ x }}{% endfor %}{% endfor %}", "rows:list[parts:list]");
    assert_tokens("{% if paid %}x{% endif %}{{ due|date('%Y') }}{{ total * 2 }}{{ img_logo }}{{ logo|image }}",
                  "paid:boolean due:date total:number img_logo:image logo:image");
    assert_tokens("{{ rows|sum(attribute='price') }}{{ names|join(', ') }}{{ people|map(attribute='a.b')|list }}",
                  "rows:list[price:number] names:list people:list[a:object[b:text]]");
    assert_tokens("{{ d.get('k') }}{{ d['x y'] }}{{ xs[0].v }}{{ (xs|first).w }}",
                  "d:object[k:text x y:text] xs:list[v:text w:text]");
}

static void test_what_is_not_the_datas(void **state)
{
    (void)state;
    assert_tokens("{% set x = a %}{{ x.b }}{% set y = 1 %}{{ y }}{{ range(3) }}{{ loop }}", "a:object[b:text]");
    assert_tokens("{% macro m(p) %}{{ p }}{{ q }}{% endmacro %}{{ m(z) }}", "q:text z:text");
    assert_tokens("{% for i in items %}{{ loop.index }}{{ i }}{% endfor %}{{ i }}", "items:list i:text");
    assert_tokens("{% with w = a.b %}{{ w.c }}{% endwith %}", "a:object[b:object[c:text]]");
    assert_tokens("no names", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_types_and_nesting),
        cmocka_unit_test(test_what_is_not_the_datas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
