// Compiling chunks, places, diagnostics, sinks and block roles.
#include "test_render.h"
#include <pthread.h>
#include <stdio.h>

static void place_of(void *ctx, uint32_t place, struct dgl_place *ret)
{
    (void)ctx;
    (void)snprintf(ret->part, sizeof ret->part, "body");
    ret->paragraph = place;
    (void)snprintf(ret->excerpt, sizeof ret->excerpt, "paragraph %u", place);
}

#define DATA(s)                                    \
    {                                              \
        .kind = DGL_CHUNK_DATA, .text = DGL_STR(s) \
    }
#define VALUE(s, n)                                                                                                    \
    {                                                                                                                  \
        .kind = DGL_CHUNK_VALUE, .text = DGL_STR(s), .source = DGL_STR("{{" s "}}"), .place = (n), .context = 40 + (n) \
    }
#define BLOCK(s, n)                                                                               \
    {                                                                                             \
        .kind = DGL_CHUNK_BLOCK, .text = DGL_STR(s), .source = DGL_STR("{%" s "%}"), .place = (n) \
    }

struct seen {
    struct dgl_buf text;
    uint32_t contexts[16];
    size_t count;
    const char *fail_on;
};

static enum dgl_status on_data(void *ctx, uint32_t chunk, struct dgl_str text, struct dgl_error *err)
{
    struct seen *s = ctx;
    (void)chunk;
    (void)err;
    dgl_buf_append(&s->text, text.data, text.len);
    return DGL_OK;
}

static enum dgl_status on_value(void *ctx, uint32_t context, struct dgl_value v, struct dgl_error *err)
{
    struct seen *s = ctx;
    struct dgl_budget b = dgl_budget_default();
    if (s->count < DGL_COUNT(s->contexts))
        s->contexts[s->count++] = context;
    if (s->fail_on)
        return DGL_FAIL_SLUG(err, DGL_E_INVALID, "bad_value", "%s", s->fail_on);
    dgl_buf_puts(&s->text, v.kind == DGL_VALUE_SAFE ? "<safe:" : v.kind == DGL_VALUE_RICH ? "<rich:" : "<");
    DGL_TRY(dgl_value_print(v, &b, &s->text, err));
    dgl_buf_putc(&s->text, '>');
    return DGL_OK;
}

static enum dgl_status on_capture(void *ctx, uint32_t context, struct dgl_value v, struct dgl_buf *out,
                                  struct dgl_error *err)
{
    (void)ctx;
    struct dgl_budget b = dgl_budget_default();
    dgl_buf_printf(out, "(%u:", context);
    DGL_TRY(dgl_value_print(v, &b, out, err));
    dgl_buf_putc(out, ')');
    return DGL_OK;
}

static enum dgl_status run_chunks(const struct dgl_chunk *chunks, size_t count, const char *json, struct seen *s,
                                  bool capture, struct dgl_diagnostics *d, struct dgl_error *err)
{
    DGL_AUTO(arena) arena = dgl_arena_new(0);
    DGL_AUTO(template) t = NULL;
    DGL_AUTO_JSON data = json_loads(json, 0, NULL);
    struct dgl_budget b = dgl_budget_default();
    struct dgl_value value;
    const struct dgl_template_options o = {.name = "body", .autoescape = true, .place_of = place_of};
    DGL_TRY(dgl_template_compile_chunks(chunks, count, &o, d, &t, err));
    DGL_TRY(dgl_value_from_json(arena, data, &b, &value, err));
    const struct dgl_template_env env = {.budget = &b, .arena = arena};
    const struct dgl_template_sink sink = {
        .data = on_data, .value = on_value, .ctx = s, .capture = capture ? on_capture : NULL};
    return dgl_template_render(t, value, &env, &sink, err);
}

static void test_chunks_reach_the_sink(void **state)
{
    (void)state;
    const struct dgl_chunk chunks[] = {DATA("<p>"), BLOCK(" for x in xs ", 1), VALUE(" x ", 2),
                                       DATA(","),   BLOCK(" endfor ", 3),      VALUE(" img|image(width=3) ", 4),
                                       DATA("</p>")};
    struct seen s = {.text = DGL_BUF_INIT(4096)};
    struct dgl_error err = DGL_ERROR_INIT;
    assert_int_equal(run_chunks(chunks, DGL_COUNT(chunks), "{\"xs\":[1,\"b\"],\"img\":\"u\"}", &s, false, NULL, &err),
                     DGL_OK);
    assert_string_equal(s.text.data, "<p><1>,<b>,<rich:<image>></p>");
    assert_int_equal(s.contexts[0], 42);
    assert_int_equal(s.contexts[2], 44);
    dgl_buf_fini(&s.text);
}

static void test_macros_capture(void **state)
{
    (void)state;
    const struct dgl_chunk chunks[] = {BLOCK("- macro m(a) ", 1), DATA("<w>"), VALUE(" a ", 2), BLOCK(" endmacro -", 3),
                                       VALUE(" m('<') ", 4)};
    struct dgl_error err = DGL_ERROR_INIT;
    struct seen s = {.text = DGL_BUF_INIT(4096)};
    assert_int_equal(run_chunks(chunks, DGL_COUNT(chunks), "{}", &s, false, NULL, &err), DGL_OK);
    assert_string_equal(s.text.data, "<safe:<w>&lt;>");
    dgl_buf_reset(&s.text);
    assert_int_equal(run_chunks(chunks, DGL_COUNT(chunks), "{}", &s, true, NULL, &err), DGL_OK);
    assert_string_equal(s.text.data, "<safe:<w>(42:<)>");
    dgl_buf_fini(&s.text);
}

static void test_raw_in_chunks_keeps_tags(void **state)
{
    (void)state;
    const struct dgl_chunk chunks[] = {BLOCK(" raw ", 1),    DATA("a"), VALUE(" x|nofilter ", 2), BLOCK(" if ", 2),
                                       BLOCK(" endraw ", 3), DATA("b")};
    struct dgl_error err = DGL_ERROR_INIT;
    struct seen s = {.text = DGL_BUF_INIT(4096)};
    assert_int_equal(run_chunks(chunks, DGL_COUNT(chunks), "{}", &s, false, NULL, &err), DGL_OK);
    assert_string_equal(s.text.data, "a<{{ x|nofilter }}><{% if %}>b");
    dgl_buf_fini(&s.text);
}

static void test_errors_carry_the_place(void **state)
{
    (void)state;
    const struct dgl_chunk chunks[] = {DATA("x"), VALUE(" a.b.c ", 7)};
    struct dgl_error err = DGL_ERROR_INIT;
    struct seen s = {.text = DGL_BUF_INIT(4096)};
    assert_int_equal(run_chunks(chunks, DGL_COUNT(chunks), "{\"a\":{}}", &s, false, NULL, &err), DGL_E_INVALID);
    assert_string_equal(err.slug, "undefined_access");
    assert_string_equal(err.place.part, "body");
    assert_int_equal(err.place.paragraph, 7);
    assert_string_equal(err.place.tag, "{{ a.b.c }}");
    assert_string_equal(err.place.excerpt, "paragraph 7");
    err = DGL_ERROR_INIT;
    s.fail_on = "no such picture";
    assert_int_equal(run_chunks(chunks, DGL_COUNT(chunks), "{\"a\":{\"b\":{}}}", &s, false, NULL, &err), DGL_E_INVALID);
    assert_string_equal(err.slug, "bad_value");
    assert_int_equal(err.place.paragraph, 7);
    dgl_buf_fini(&s.text);
}

static void test_all_problems_at_once(void **state)
{
    (void)state;
    const char *source =
        "{{ a + }}\n{{ x|uper }}\n{% frobnicate %}\n{{ ok }}\n{% for i of xs %}\n{% endfor %}\n{{ x is evne }}\n"
        "{% if a %}\n{% for y in z %}\n{% endif %}\n{{ 'open }}\n{% endfor %}\n{% endif %}\n{{ never";
    static const struct {
        uint32_t line;
        const char *slug, *words;
    } want[] = {
        {14, "syntax_error", "unclosed"},
        {1, "syntax_error", "expected a value"},
        {2, "unknown_filter", "did you mean 'upper'"},
        {3, "syntax_error", "unknown tag"},
        {5, "syntax_error", "expected 'in'"},
        {7, "unknown_test", "did you mean 'even'"},
        {10, "unbalanced_block", "never closed"},
        {11, "syntax_error", "unterminated string"},
        {13, "unbalanced_block", "endif"},
    };
    struct render r = {.options = {.name = "t.html"}};
    render_text(&r, source, strlen(source));
    assert_int_equal(r.status, DGL_E_INVALID);
    assert_int_equal(r.diagnostics.count, DGL_COUNT(want));
    for (size_t i = 0; i < DGL_COUNT(want); i++) {
        const struct dgl_error *e = &r.diagnostics.items[i].error;
        assert_int_equal(e->place.line, want[i].line);
        assert_string_equal(e->slug, want[i].slug);
        assert_non_null(strstr(e->message, want[i].words));
        assert_string_equal(e->place.part, "t.html");
    }
    render_fini(&r);
}

static void test_excerpts_of_long_lines_are_cut(void **state)
{
    (void)state;
    DGL_AUTO_FINI(buf) b = DGL_BUF_INIT(1 << 20);
    for (int i = 0; i < 5000; i++)
        dgl_buf_puts(&b, "äöü ");
    dgl_buf_puts(&b, "{{ a + }} behind");
    struct render r = {.options = {.name = "t"}};
    render_text(&r, b.data, b.len);
    assert_int_equal(r.status, DGL_E_INVALID);
    assert_non_null(strstr(r.err.place.excerpt, "{{ a + }} behind"));
    assert_true(strlen(r.err.place.excerpt) < 100);
    assert_true(dgl_utf8_valid(r.err.place.excerpt, strlen(r.err.place.excerpt)));
    render_fini(&r);
}

static void test_wrong_arguments_are_warned_of(void **state)
{
    (void)state;
    const char *source = "{% if false %}{{ s|replace('a') }}{{ s|center(3, fill='x') }}{{ 1 is divisibleby }}{{ "
                         "s|upper(1) }}{{ s|truncate(*x) }}{% endif %}";
    static const char *const words[] = {"missing its argument 'new'", "no argument 'fill'",
                                        "missing its argument 'num'", "at most 0"};
    struct render r = {.options = {.name = "t"}};
    render_text(&r, source, strlen(source));
    assert_int_equal(r.status, DGL_OK);
    assert_int_equal(r.diagnostics.errors, 0);
    assert_int_equal(r.diagnostics.count, DGL_COUNT(words));
    for (size_t i = 0; i < DGL_COUNT(words); i++) {
        assert_int_equal(r.diagnostics.items[i].severity, DGL_DIAGNOSTIC_WARNING);
        assert_non_null(strstr(r.diagnostics.items[i].error.message, words[i]));
    }
    render_fini(&r);
}

static void test_lists_and_dicts_grow(void **state)
{
    (void)state;
    assert_renders("{% set xs = [] %}{% for i in range(3) %}{% set _ = xs.append(i) %}{% endfor %}{{ xs }}{{ "
                   "xs.extend([7]) }}{{ xs }}",
                   NULL, "[0, 1, 2]None[0, 1, 2, 7]");
    assert_renders(
        "{% set a = [1] %}{% set b = a + [2] %}{% set _ = a.append(9) %}{% set _ = b.append(8) %}{{ a }}{{ b }}", NULL,
        "[1, 9][1, 2, 8]");
    assert_renders("{% set _ = d.update({'b': 2}, c=3) %}{{ d }}", "{\"d\":{\"a\":1}}", "{'a': 1, 'b': 2, 'c': 3}");
    assert_fails("{{ (1,).append(2) }}", NULL, "undefined_access", "append");
    assert_fails("{% set xs = [1] %}{% for x in xs %}{% set _ = xs.append(x) %}{% endfor %}", NULL, "too_many_steps",
                 "steps");
    assert_fails("{% set xs = [] %}{% set _ = xs.append(xs) %}{{ xs }}", NULL, "endless_recursion", "nested");
}

static void test_blocks_name_both_tags(void **state)
{
    (void)state;
    assert_fails("{% for x in xs %}{% if a %}{% endfor %}", NULL, "unbalanced_block",
                 "{% if a %} inside of {% for x in xs %}");
    assert_fails("{% if a %}text", NULL, "unbalanced_block", "{% if a %} is never closed: 'endif' is missing");
    assert_fails("{% endfor %}", NULL, "unbalanced_block", "no 'for' is open");
    assert_fails("{% else %}", NULL, "unbalanced_block", "no 'if' or 'for' is open here");
    assert_fails("{% if a %}{% endfor %}{% endif %}", NULL, "unbalanced_block", "{% if a %} is, and ends with 'endif'");
}

// Messages speak of what stands in the tag, in the words of those who write templates.
static void test_messages(void **state)
{
    (void)state;
    static const struct {
        const char *source, *slug, *words;
    } rows[] = {
        {"{% for in xs %}{% endfor %}", "syntax_error", "unexpected 'in', expected a name"},
        {"{{ {'a' 1} }}", "syntax_error", "unexpected '1', expected ':'"},
        {"{{ user.'a' }}", "syntax_error", "unexpected 'a', expected a name or number after '.'"},
        {"{{ user.\"a\" }}", "syntax_error", "unexpected \"a\", expected a name or number after '.'"},
        {"{{ x | }}", "syntax_error", "expected the name of a filter"},
        {"{{ x is }}", "syntax_error", "expected the name of a test"},
        {"{{ }}", "syntax_error", "expected a value; write a name of the data between the braces"},
        {"{% if %}a{% endif %}", "syntax_error", "unexpected end of the tag, expected a value"},
        {"{{ 3x }}", "syntax_error", "a name cannot begin with a digit"},
        {"{{ 10bar }}", "syntax_error", "a name cannot begin with a digit"},
        {"{{ xs|join(1,2,3,4) }}", "type_error", "join() takes at most 2 arguments, 4 given"},
        {"{{ 'a'|trim(1,2) }}", "type_error", "trim() takes at most 1 argument, 2 given"},
        {"{{ 3|currency('EURO') }}", "type_error", "three letters, like 'EUR', not 'EURO'"},
        {"{{ 1 + 'a' }}", "type_error", "cannot add a number and a text"},
        {"{{ xs + 1 }}", "type_error", "'+' cannot work on a list and a number"},
        {"{{ 'a' < 1 }}", "type_error", "'<' cannot compare a text with a number"},
        {"{% for i in 5 %}{% endfor %}", "type_error", "a number cannot be looped over"},
        {"{{ user() }}", "type_error", "an object cannot be called: write it without '(…)'"},
        {"{{ 5|length }}", "type_error", "a number has no length"},
        {"{{ user.nam.last }}", "undefined_access", "the object has no 'nam'; it is undefined"},
        {"{{ user.first-name }}", "undefined_access", "if 'first-name' is one name, write user['first-name']"},
        {"{{ a.b.due-date }}", "undefined_access", "if 'due-date' is one name, write a.b['due-date']"},
        {"{{ first-name }}", "undefined_access", "if 'first-name' is one name, give it another in the data"},
    };
    for (size_t i = 0; i < DGL_COUNT(rows); i++)
        assert_fails(rows[i].source, "{\"user\":{\"name\":\"Ann\"},\"xs\":[1,2],\"x\":1,\"a\":{\"b\":{}}}",
                     rows[i].slug, rows[i].words);
    assert_renders("{{ x-y }} {{ u['first-name'] }}", "{\"x\":3,\"y\":1,\"u\":{\"first-name\":\"Ann\"}}", "2 Ann");
}

static void test_white_space(void **state)
{
    (void)state;
    struct render r = {.options = {.trim_blocks = true, .lstrip_blocks = true}};
    const char *source = "a\r\n  {% if true %}\r\n  b\r  {{ 1 }}\n  {% endif %}\nc\n";
    render_text(&r, source, strlen(source));
    assert_string_equal(r.out.data, "a\n  b\n  1\nc");
    render_fini(&r);
    struct render keep = {.options = {.keep_trailing_newline = true}};
    render_text(&keep, "x\n", 2);
    assert_string_equal(keep.out.data, "x\n");
    render_fini(&keep);
}

static void test_own_keys_win_over_methods(void **state)
{
    (void)state;
    assert_renders("{{ d.items }} {{ d.keys }} {{ d.get }} {{ d['values'] }}",
                   "{\"d\":{\"items\":1,\"keys\":2,\"get\":3,\"values\":4}}", "1 2 3 4");
    assert_renders("{{ d.items()|list }}", "{\"d\":{\"a\":1}}", "[('a', 1)]");
    assert_fails("{{ d.items() }}", "{\"d\":{\"items\":1}}", "type_error", "a number cannot be called");
    assert_renders("{{ range }}", "{\"range\":\"A-B\"}", "A-B");
}

static void test_nothing_of_the_host_is_reachable(void **state)
{
    (void)state;
    static const char *const sources[] = {
        "{{ ''.__class__ }}",         "{{ ''|attr('__class__') }}",   "{{ range.__globals__ }}", "{{ x.__init__ }}",
        "{{ namespace().__dict__ }}", "{{ loop.__class__ if loop }}", "{{ [].append if false }}"};
    for (size_t i = 0; i < DGL_COUNT(sources); i++)
        assert_renders(sources[i], "{\"x\":1}", "");
    assert_fails("{{ ''.__class__.__mro__ }}", NULL, "undefined_access", "the text has no");
    assert_fails("{{ '{0.__class__}'.format(1) }}", NULL, "undefined_access", "the number has no");
}

static void test_block_roles(void **state)
{
    (void)state;
    static const struct {
        const char *inside;
        enum dgl_block_role role;
        const char *word;
    } rows[] = {
        {" for x in y ", DGL_BLOCK_OPENS, "for"},
        {"endfor", DGL_BLOCK_CLOSES, "for"},
        {"- if a -", DGL_BLOCK_OPENS, "if"},
        {" else ", DGL_BLOCK_CONTINUES, ""},
        {" elif b ", DGL_BLOCK_CONTINUES, "if"},
        {" endif ", DGL_BLOCK_CLOSES, "if"},
        {" set x = 1 ", DGL_BLOCK_NONE, ""},
        {" set x ", DGL_BLOCK_OPENS, "set"},
        {" set x|replace('=', a=1) ", DGL_BLOCK_OPENS, "set"},
        {" set ns.a = 1 ", DGL_BLOCK_NONE, ""},
        {" include 'x' ", DGL_BLOCK_NONE, ""},
        {" macro m() ", DGL_BLOCK_OPENS, "macro"},
        {"", DGL_BLOCK_NONE, ""},
        {" formula ", DGL_BLOCK_NONE, ""},
    };
    for (size_t i = 0; i < DGL_COUNT(rows); i++) {
        const char *word;
        assert_int_equal(dgl_template_block_role(dgl_str_of(rows[i].inside), &word), rows[i].role);
        if (rows[i].role != DGL_BLOCK_NONE)
            assert_string_equal(word, rows[i].word);
    }
}

static void *render_many(void *arg)
{
    const struct dgl_template *t = arg;
    for (int i = 0; i < 50; i++) {
        DGL_AUTO(arena) arena = dgl_arena_new(0);
        DGL_AUTO_FINI(buf) out = DGL_BUF_INIT(4096);
        struct dgl_budget b = dgl_budget_default();
        struct dgl_error err = DGL_ERROR_INIT;
        struct dgl_value data = {0};
        const struct dgl_template_env env = {.budget = &b, .arena = arena};
        if (dgl_template_render_text(t, data, &env, &out, &err) != DGL_OK || strcmp(out.data, "0,1,2,ABC1,234.50") != 0)
            return (void *)"different";
    }
    return NULL;
}

static void test_threads_share_a_template(void **state)
{
    (void)state;
    const char *source = "{% for x in range(3) %}{{ x }},{% endfor %}{{ 'abc'|upper }}{{ 1234.5|number(2) }}";
    struct dgl_error err = DGL_ERROR_INIT;
    const struct dgl_template_options o = {.name = "t"};
    DGL_AUTO(template) t = NULL;
    assert_int_equal(dgl_template_compile_text(source, strlen(source), &o, NULL, &t, &err), DGL_OK);
    pthread_t threads[4];
    for (size_t i = 0; i < DGL_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, render_many, t), 0);
    for (size_t i = 0; i < DGL_COUNT(threads); i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks_reach_the_sink),
        cmocka_unit_test(test_macros_capture),
        cmocka_unit_test(test_raw_in_chunks_keeps_tags),
        cmocka_unit_test(test_errors_carry_the_place),
        cmocka_unit_test(test_all_problems_at_once),
        cmocka_unit_test(test_excerpts_of_long_lines_are_cut),
        cmocka_unit_test(test_wrong_arguments_are_warned_of),
        cmocka_unit_test(test_lists_and_dicts_grow),
        cmocka_unit_test(test_blocks_name_both_tags),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_white_space),
        cmocka_unit_test(test_own_keys_win_over_methods),
        cmocka_unit_test(test_nothing_of_the_host_is_reachable),
        cmocka_unit_test(test_block_roles),
        cmocka_unit_test(test_threads_share_a_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
