// What a worker may say, and that anything else is refused.
#include "rig.h"

#include "server/engine/answers.h"

#include <stdlib.h>
#include <string.h>

typedef char *taker(const struct dgl_wire_answer *a, bool *ret_bad);

// Every text of the answer is `text`: each taker looks at its own.
static void check(taker *take, const char *text, bool good)
{
    const uint32_t len = (uint32_t)strlen(text);
    const struct dgl_wire_answer a = {
        .head = {.tokens_len = len, .problems_len = len, .warnings_len = len, .findings_len = len},
        .tokens = text,
        .problems = text,
        .warnings = text,
        .findings = text};
    bool bad = false;
    char *taken = take(&a, &bad);
    if (bad == good)
        fail_msg("%s is %s", text, good ? "refused" : "taken");
    if (good && len)
        assert_string_equal(taken, text);
    else
        assert_null(taken);
    free(taken);
}

static void test_problems(void **state)
{
    (void)state;
#define PLACED(severity, more) \
    "[{\"severity\":" severity \
    ",\"code\":\"c\",\"message\":\"m\",\"part\":null,\"paragraph\":3,\"excerpt\":\"e\"" more "}]"
    check(dgl_answer_take_problems, "", true);
    check(dgl_answer_take_problems, "[]", true);
    check(dgl_answer_take_problems, PLACED("\"error\"", ",\"tag\":null"), true);
    check(dgl_answer_take_problems, PLACED("\"warning\"", ",\"tag\":\"{{ a }}\""), true);
    check(dgl_answer_take_problems, PLACED("\"fatal\"", ",\"tag\":null"), false);
    check(dgl_answer_take_problems, PLACED("null", ",\"tag\":null"), false);
    check(dgl_answer_take_problems, PLACED("\"error\"", ""), false);
    check(dgl_answer_take_problems, PLACED("\"error\"", ",\"tag\":null,\"more\":1"), false);
    check(dgl_answer_take_problems, "{}", false);
    check(dgl_answer_take_problems, "[\"error\"]", false);
    check(dgl_answer_take_problems, "[", false);
#undef PLACED
}

static void test_tokens(void **state)
{
    (void)state;
    check(dgl_answer_take_tokens, "[{\"name\":\"a\",\"type\":\"text\"}]", true);
    check(dgl_answer_take_tokens,
          "[{\"name\":\"a\",\"type\":\"list\",\"children\":[{\"name\":\"b\",\"type\":\"text\"}]}]", true);
    check(dgl_answer_take_tokens, "[{\"name\":\"a\",\"type\":\"list\",\"children\":[{\"name\":\"b\"}]}]", false);
    check(dgl_answer_take_tokens, "[{\"name\":\"a\",\"type\":\"list\",\"children\":\"b\"}]", false);
    check(dgl_answer_take_tokens, "[{\"name\":1,\"type\":\"text\"}]", false);
}

static void test_findings_and_warnings(void **state)
{
    (void)state;
#define FOUND(count, more) \
    "[{\"name\":\"n\",\"support\":\"s\",\"effect\":\"e\",\"part\":\"p\",\"paragraph\":1,\"count\":" count more "}]"
    check(dgl_answer_take_findings, FOUND("2", ""), true);
    check(dgl_answer_take_findings, FOUND("\"2\"", ""), false);
    check(dgl_answer_take_findings, FOUND("2", ",\"more\":1"), false);
    check(dgl_answer_take_warnings, "[\"a\",\"b\"]", true);
    check(dgl_answer_take_warnings, "[\"a\",1]", false);
    check(dgl_answer_take_warnings, "\"a\"", false);
#undef FOUND
}

static void test_font(void **state)
{
    (void)state;
#define FONT(weight, path)                                                                                             \
    "{\"faces\":[{\"index\":0,\"instance\":0,\"family\":\"F\",\"style\":\"Bold\",\"weight\":" weight ",\"width\":100," \
    "\"italic\":false,\"names\":[\"F\"]}],\"sample\":{\"path\":\"" path "\",\"width\":600}}"
    check(dgl_answer_take_font, FONT("700", "M0 -10L5 5Z"), true);
    check(dgl_answer_take_font, FONT("70000", "M0 -10L5 5Z"), false);
    check(dgl_answer_take_font, FONT("700", "M0 0\\\"/><script>"), false);
    check(dgl_answer_take_font, "{\"faces\":[],\"sample\":{\"path\":\"\",\"width\":0}}", false);
    bool bad = false;
    const struct dgl_wire_answer nothing = {.tokens = ""};
    assert_null(dgl_answer_take_font(&nothing, &bad));
    assert_true(bad);
#undef FONT
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_problems), cmocka_unit_test(test_tokens),
                                       cmocka_unit_test(test_findings_and_warnings), cmocka_unit_test(test_font)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
