#ifndef SRD_TESTS_ROWS_H
#define SRD_TESTS_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"

/*
 * Tables whose rows are tests. A row begins with its name, the sentence that is true, and is the
 * state of its test:
 *
 *     static const struct row { const char *name, *text, *want; } rows[] = { ... };
 *     struct CMUnitTest tests[SRD_COUNT(rows)];
 *     size_t n = 0;
 *
 *     ADD_ROWS(tests, n, rows, check_row);
 */
#define ADD_ROWS(tests, n, rows, function)                                                         \
    ((n) = add_rows(tests, n, rows, SRD_COUNT(rows), sizeof((rows)[0]), function))

/* @count rows of @size bytes each behind the @n tests that there are; how many there are now. */
static inline size_t add_rows(struct CMUnitTest *tests, size_t n, const void *rows, size_t count,
                              size_t size, CMUnitTestFunction function)
{
    for (size_t i = 0; i < count; i++) {
        const char *row = (const char *)rows + i * size;

        tests[n++] = (struct CMUnitTest){ .name = *(const char *const *)(const void *)row,
                                          .test_func = function,
                                          .initial_state = (void *)(uintptr_t)row };
    }
    return n;
}

#endif
