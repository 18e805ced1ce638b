// Hostile templates and data end with a clear error, in bounded time and memory.
#include "test_render.h"

static void test_endless_things_end(void **state)
{
    (void)state;
    assert_fails("{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", NULL, "endless_recursion", "recursion");
    assert_fails("{% for x in [[]] recursive %}{{ loop([x]) }}{% endfor %}", NULL, "endless_recursion", "recursion");
    assert_fails("{% set ns = namespace(x=[]) %}{% for i in range(500) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
                 NULL, "endless_recursion", "nested");
    assert_fails("{% set ns = namespace(x=[], y=[]) %}{% for i in range(500) %}{% set ns.x = [ns.x] %}{% set ns.y = "
                 "[ns.y] %}{% endfor %}"
                 "{{ ns.x == ns.y }}",
                 NULL, "endless_recursion", "nested");
    assert_fails("{% for i in range(100000000) %}{% endfor %}", NULL, "too_many_steps", "steps");
    assert_fails("{% block a %}{{ self.a() }}{% endblock %}", NULL, "endless_recursion", "recursion");
}

static void test_large_things_end(void **state)
{
    (void)state;
    assert_fails("{{ 'x' * 1000000000 }}", NULL, "limit_memory", "too long");
    assert_fails("{{ [0] * 1000000000 }}", NULL, "limit_memory", "too long");
    assert_fails("{% set ns = namespace(s='x') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
                 NULL, "limit_memory", "string");
    assert_fails("{{ range(1000000000)|list }}", NULL, "too_many_steps", "steps");
    assert_fails("{{ '%1000000000d'|format(1) }}", NULL, "limit_memory", "width");
    assert_fails("{{ '{:1000000000}'.format(1) }}", NULL, "limit_memory", "width");
    assert_fails("{{ 'x'|center(1000000000) }}", NULL, "limit_memory", "width");
    assert_fails("{{ 9223372036854775807 + 1 }}", NULL, "number_too_large", "64-bit");
    assert_fails("{{ 2 ** 64 }}", NULL, "number_too_large", "64-bit");
    assert_fails("{{ 99999999999999999999 }}", NULL, "number_too_large", "64-bit");
    assert_renders("{{ 9223372036854775807 }} {{ -9223372036854775807 - 1 }}", NULL,
                   "9223372036854775807 -9223372036854775808");
    assert_fails("{{ (-9223372036854775807 - 1) // -1 }}", NULL, "number_too_large", "64-bit");
    assert_fails("{{ (-9223372036854775807 - 1)|abs }}", NULL, "number_too_large", "64-bit");
}

static void test_output_is_bounded(void **state)
{
    (void)state;
    struct render r = {.budget = dgl_budget_default()};
    const char *source = "{% for i in range(100000) %}0123456789{% endfor %}";
    r.budget.output_left = 1000;
    render_text(&r, source, strlen(source));
    assert_int_equal(r.status, DGL_E_LIMIT);
    assert_true(r.out.len <= 1000);
    render_fini(&r);
}

static void repeat(struct dgl_buf *b, const char *part, size_t times)
{
    for (size_t i = 0; i < times; i++)
        dgl_buf_puts(b, part);
}

static void assert_deep(const char *open, const char *middle, const char *close, const char *slug)
{
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 22);
    repeat(&b, open, 3000);
    dgl_buf_puts(&b, middle);
    repeat(&b, close, 3000);
    DGL_AUTO_FINI(buf) t = DGL_BUF_INIT(1 << 22);
    dgl_buf_printf(&t, open[0] == '{' && open[1] == '%' ? "%s" : "{{ %s }}", b.data);
    assert_fails(t.data, NULL, slug, "more than");
}

static void test_nesting_is_bounded(void **state)
{
    (void)state;
    assert_deep("(", "1", ")", "limit_nesting");
    assert_deep("[", "1", "]", "limit_nesting");
    assert_deep("-", "1", "", "limit_nesting");
    assert_deep("not ", "1", "", "limit_nesting");
    assert_deep("1+", "1", "", "limit_nesting");
    assert_deep("1 if 1 else ", "1", "", "limit_nesting");
    assert_deep("", "a", ".a", "limit_nesting");
    assert_deep("", "a", "|e", "limit_nesting");
    assert_deep("1 < ", "1", "", "limit_nesting");
    assert_deep("{% if a %}", "x", "{% endif %}", "limit_nesting");
}

// Linear in what they do: the steps of a loop that appends grow with its length, not with its square.
static int64_t steps_of(const char *source, int n)
{
    DGL_AUTO_JSON data = json_pack("{s:i}", "n", n);
    struct render r = {.data = data, .budget = dgl_budget_default()};
    int64_t before = r.budget.steps_left;
    render_text(&r, source, strlen(source));
    assert_int_equal(r.status, DGL_OK);
    int64_t used = before - r.budget.steps_left;
    render_fini(&r);
    return used;
}

static void test_appending_is_linear(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "{% set ns = namespace(s='') %}{% for i in range(n) %}{% set ns.s = ns.s ~ 'abcdef' %}{% endfor %}{{ "
        "ns.s|length }}",
        "{% set ns = namespace(l=[]) %}{% for i in range(n) %}{% set ns.l = ns.l + [i] %}{% endfor %}{{ ns.l|length }}",
        "{% for i in range(n) %}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.length }}{{ loop.revindex }}{% endfor %}",
    };
    for (size_t i = 0; i < DGL_COUNT(sources); i++) {
        int64_t small = steps_of(sources[i], 1000), large = steps_of(sources[i], 10000);
        assert_true(large < small * 11);
    }
}

static void test_memory_is_not_lost_when_appending(void **state)
{
    (void)state;
    // 200,000 appends to texts of up to 1.2 MB would be 120 GB when copied each time.
    assert_renders("{% set ns = namespace(s='') %}{% for i in range(200000) %}{% set ns.s = ns.s ~ 'abcdef' %}{% "
                   "endfor %}{{ ns.s|length }}",
                   NULL, "1200000");
    assert_renders("{% set a = 'x' * 100 %}{% set b = a ~ 'b' %}{% set c = a ~ 'c' %}{% set d = b ~ 'd' %}{{ "
                   "(a|length, b[-1], c[-1], d[-2:]) }}",
                   NULL, "(100, 'b', 'c', 'bd')");
    assert_renders(
        "{% set a = [1] %}{% set b = a + [2] %}{% set c = a + [3] %}{% set d = b + [4] %}{{ a }}{{ b }}{{ c }}{{ d }}",
        NULL, "[1][1, 2][1, 3][1, 2, 4]");
}

static void test_many_problems_are_counted(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 22);
    repeat(&b, "{{ a + }}\n", 500);
    struct render r = {.options = {.name = "t"}};
    render_text(&r, b.data, b.len);
    assert_int_equal(r.diagnostics.count, DGL_TEMPLATE_MAX_DIAGNOSTICS);
    render_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endless_things_end),        cmocka_unit_test(test_large_things_end),
        cmocka_unit_test(test_output_is_bounded),         cmocka_unit_test(test_nesting_is_bounded),
        cmocka_unit_test(test_appending_is_linear),       cmocka_unit_test(test_memory_is_not_lost_when_appending),
        cmocka_unit_test(test_many_problems_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
