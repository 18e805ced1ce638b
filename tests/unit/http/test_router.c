// Routes: words before parameters, both slash forms, HEAD for GET, Allow.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/router.h"

static const struct dgl_route routes[] = {
    {.method = "GET", .path = "/"},
    {.method = "GET", .path = "/things/"},
    {.method = "POST", .path = "/things/"},
    {.method = "GET", .path = "/things/{id}"},
    {.method = "DELETE", .path = "/things/{id}"},
    {.method = "GET", .path = "/things/new"},
    {.method = "GET", .path = "/things/{id}/parts/{part}"},
    {.method = "GET", .path = "/things/new/only"},
    {.method = "POST", .path = "/only-post"},
};

struct fixture {
    struct http_router *router;
    struct dgl_arena *arena;
    struct http_match match;
    char allow[128];
    struct dgl_error err;
};

static int setup(void **state)
{
    static struct fixture f;
    f.router = http_router_new();
    f.arena = dgl_arena_new(0);
    for (size_t i = 0; i < DGL_COUNT(routes); i++)
        http_router_add(f.router, &routes[i], &f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_router_free(f->router);
    dgl_arena_free(f->arena);
    return 0;
}

static enum dgl_status find(struct fixture *f, const char *method, const char *path)
{
    struct http_target t;
    assert_int_equal(http_target_parse(f->arena, path, &t, &f->err), DGL_OK);
    return http_router_find(f->router, method, &t, &f->match, f->allow, &f->err);
}

static void finds_words_before_parameters(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find(f, "GET", "/things/new"), DGL_OK);
    assert_ptr_equal(f->match.route, &routes[5]);
    assert_int_equal(find(f, "GET", "/things/7"), DGL_OK);
    assert_ptr_equal(f->match.route, &routes[3]);
    assert_string_equal(f->match.params[0], "7");
    assert_int_equal(find(f, "GET", "/"), DGL_OK);
    assert_ptr_equal(f->match.route, &routes[0]);
}

static void falls_back_to_the_parameter(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find(f, "GET", "/things/new/parts/3"), DGL_OK);
    assert_ptr_equal(f->match.route, &routes[6]);
    assert_string_equal(f->match.params[0], "new");
    assert_string_equal(f->match.params[1], "3");
    assert_int_equal(f->match.param_count, 2);
}

static void takes_both_slash_forms(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find(f, "POST", "/things"), DGL_OK);
    assert_int_equal(find(f, "POST", "/things/"), DGL_OK);
    assert_int_equal(find(f, "GET", "/things/7/"), DGL_OK);
    assert_int_equal(find(f, "GET", "/things//"), DGL_E_NOT_FOUND);
    assert_int_equal(find(f, "GET", "//things"), DGL_E_NOT_FOUND);
}

static void answers_head_with_get(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find(f, "HEAD", "/things/7"), DGL_OK);
    assert_ptr_equal(f->match.route, &routes[3]);
    assert_int_equal(find(f, "HEAD", "/only-post"), DGL_E_METHOD);
}

static void lists_allowed_methods(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find(f, "PUT", "/things/7"), DGL_E_METHOD);
    assert_string_equal(f->allow, "GET, HEAD, DELETE");
    assert_int_equal(find(f, "get", "/things/7"), DGL_E_METHOD);
    assert_int_equal(find(f, "GET", "/nothing"), DGL_E_NOT_FOUND);
    assert_int_equal(find(f, "GET", "/things/7/parts"), DGL_E_NOT_FOUND);
}

static void refuses_encoded_slashes_in_parameters(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find(f, "GET", "/things/a%2Fb"), DGL_E_MALFORMED);
    assert_int_equal(find(f, "GET", "/things%2Fnew"), DGL_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_words_before_parameters), cmocka_unit_test(falls_back_to_the_parameter),
        cmocka_unit_test(takes_both_slash_forms),        cmocka_unit_test(answers_head_with_get),
        cmocka_unit_test(lists_allowed_methods),         cmocka_unit_test(refuses_encoded_slashes_in_parameters)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
