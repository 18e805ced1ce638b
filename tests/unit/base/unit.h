// What every unit test of base includes: cmocka with the headers it wants first, and two assertions on errors.
#ifndef DGL_TESTS_UNIT_BASE_UNIT_H
#define DGL_TESTS_UNIT_BASE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

#define assert_ok(expr, err)                                            \
    do {                                                                \
        if ((expr) != DGL_OK)                                           \
            fail_msg("%s: %s (%s)", #expr, (err).message, (err).field); \
    } while (0)
#define assert_contains(text, part)                              \
    do {                                                         \
        if (!strstr((text), (part)))                             \
            fail_msg("\"%s\" is not in \"%s\"", (part), (text)); \
    } while (0)

#endif
