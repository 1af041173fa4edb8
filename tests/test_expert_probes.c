/* What does the cluster's configuration say, who holds its locks, and do the areas add up? */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "experts/catalogue.h"
#include "experts/probes.h"
#include "lib/base/cleanup.h"
#include "tests/rows.h"

#define CONFIG "Key|AliasNames|Value|Type|IsMutable|Comment\n"

struct row {
    const char *name, *config; /* NULL: denied */
    const char *item;
    double fallback;
    enum srd_unit unit;
    double want;
    const char *source;
};

/* clang-format off */
static const struct row rows[] = {
    { "the cluster's own value counts", CONFIG "max_x|[]|200|int|true|\n", "max_x", 100, SRD_UNIT_COUNT,
      200, "max_x of the cluster" },
    { "an older release without the item has the default", CONFIG "other|[]|200|int|true|\n", "max_x", 100,
      SRD_UNIT_COUNT, 100, "default of max_x" },
    { "a denied probe leaves the default", NULL, "max_x", 100, SRD_UNIT_COUNT, 100, "default of max_x" },
    { "a value that is no number leaves the default", CONFIG "max_x|[]|many|String|true|\n", "max_x", 100,
      SRD_UNIT_COUNT, 100, "default of max_x" },
    { "an empty value leaves the default", CONFIG "max_x|[]||String|true|\n", "max_x", 100, SRD_UNIT_COUNT,
      100, "default of max_x" },
    { "zero is a value", CONFIG "max_x|[]|0|int|true|\n", "max_x", 100, SRD_UNIT_COUNT, 0, "max_x of the cluster" },
    { "minus one is a value", CONFIG "max_x|[]|-1|int|true|\n", "max_x", 100, SRD_UNIT_COUNT, -1, "max_x of the cluster" },
    { "an item that begins like it is another", CONFIG "max_x_y|[]|5|int|true|\n", "max_x", 100, SRD_UNIT_COUNT,
      100, "default of max_x" },
    { "a renamed item answers to its old name", CONFIG "new_x|[older_x, max_x]|7|int|true|\n", "max_x", 100,
      SRD_UNIT_COUNT, 7, "max_x of the cluster" },
    { "the name wins over another's old name", CONFIG "new_x|[max_x]|7|int|true|\nmax_x|[]|8|int|true|\n", "max_x",
      100, SRD_UNIT_COUNT, 8, "max_x of the cluster" },
    { "half an old name is none", CONFIG "new_x|[max_x_old]|7|int|true|\n", "max_x", 100, SRD_UNIT_COUNT, 100,
      "default of max_x" },
    { "a size may have a unit", CONFIG "size|[]|10G|String|true|\n", "size", 1, SRD_UNIT_BYTES, 10737418240.0,
      "size of the cluster" },
    { "a switch is read as one", CONFIG "on|[]|true|boolean|true|\n", "on", 0, SRD_UNIT_BOOL, 1, "on of the cluster" },
    { "a percentage may have its sign", CONFIG "pct|[]|80%|String|true|\n", "pct", 1, SRD_UNIT_PERCENT, 80,
      "pct of the cluster" },
    { "a release without old names is read too", "Key|Value\nmax_x|9\n", "max_x", 100, SRD_UNIT_COUNT, 9,
      "max_x of the cluster" },
};
/* clang-format on */

static struct srd_evidence *configured(struct srd_arena *arena, const char *config)
{
    return srd_evidence_of(
        arena, (const struct srd_answer_text[]){ { &srd_probe_fe_config, "", config, SRD_DENIED },
                                                 { NULL, NULL, NULL, 0 } });
}

static void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_limit got =
        srd_fe_config(configured(arena, row->config), row->item, row->fallback, row->unit);

    assert_true(fabs(got.value - row->want) < 1e-9);
    assert_int_equal(got.unit, row->unit);
    assert_string_equal(got.source, row->source);
}

static void set_wins(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = configured(arena, CONFIG "max_x|[]|200|int|true|\n");
    struct srd_limit got;

    (void)state;
    ev->overrides = (const struct srd_override[]){ { "max_x", 3, "config file \"x\" line 3" },
                                                   { NULL, 0, NULL } };
    got = srd_fe_config(ev, "max_x", 100, SRD_UNIT_COUNT);
    assert_true(fabs(got.value - 3) < 1e-9);
    assert_string_equal(got.source, "config file \"x\" line 3");
    assert_string_equal(srd_fe_config_text(ev, "max_x"), "200");
    assert_null(srd_fe_config_text(ev, "max_y"));
}

struct lock_row {
    const char *name, *locks, *want; /* want NULL: not stressed */
};
#define LOCKS "lock_object|lock_mode|hold_time_ms|thread_info|waiter_list\n"

/* clang-format off */
static const struct lock_row locks[] = {
    { "no waiter is no stress", LOCKS, NULL },
    { "not knowing is no stress", NULL, NULL },
    { "who holds which lock is said", LOCKS "sales|WRITE|61000|{\"threadId\":5,\"threadName\":\"thrift-7\"}|[6]\n",
      "thrift-7 holds the WRITE lock of sales for 1m 1s and others wait for it" },
    { "legacy shared locks list their threads", LOCKS "sales|SHARED|4000|[{\"threadId\":5}]|[6]\n",
      "a thread holds the SHARED lock of sales for 4s and others wait for it" },
};
/* clang-format on */

static void check_lock(void **state)
{
    const struct lock_row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_evidence *ev = srd_evidence_of(
        arena,
        (const struct srd_answer_text[]){ { &srd_probe_fe_locks, "", row->locks, SRD_NO_BACKEND },
                                          { NULL, NULL, NULL, 0 } });
    const char *why = NULL;

    assert_int_equal(srd_fe_stressed(ev, &why), row->want != NULL);
    if (row->want)
        assert_string_equal(why, row->want);
}

static void areas_weigh(void **state)
{
    size_t n = 0;
    double sum = 0;

    (void)state;
    for (; srd_areas[n].name; n++) {
        assert_true(srd_areas[n].weight > 0 && srd_areas[n].weight < 1);
        sum += srd_areas[n].weight;
        for (size_t i = 0; i < n; i++)
            assert_string_not_equal(srd_areas[i].name, srd_areas[n].name);
    }
    assert_int_equal(n, 19);
    assert_true(fabs(sum - 10.15) < 1e-9);
}

/* clang-format off */
static const struct CMUnitTest single[] = {
    { "--set wins over the cluster", set_wins, NULL, NULL, NULL },
    { "nineteen areas, each with a weight", areas_weigh, NULL, NULL, NULL },
};
/* clang-format on */

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(locks) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    ADD_ROWS(tests, n, locks, check_lock);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("probes", tests, NULL, NULL);
}
