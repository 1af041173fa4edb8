/* What may a centre ask, and in which words does it reach the cluster? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/agent/agent_private.h"

static struct srd_agent_rules *rules_of(enum srd_guard_policy policy)
{
    static const char *const tokens[] = { "0123456789abcdef0123456789abcdef", NULL };
    struct srd_agent_options options = { .policy = policy,
                                         .tokens = tokens,
                                         .catalogue = &srd_catalogue };
    struct srd_agent_rules *rules;
    struct srd_error err = { 0 };

    assert_int_equal(srd_agent_rules_make(&options, &rules, &err), 0);
    return rules;
}

/* ---- questions by hand ---- */

static const struct row {
    const char *name;
    enum srd_guard_policy policy;
    const char *id, *key, *sql;
    const char *want; /* what is sent; or "refused" */
} rows[] = {
    { "what srdiag itself asks is sent as it is", SRD_GUARD_PROBES, "frontends", "",
      "/* srdiag:frontends */ SHOW FRONTENDS", "/* srdiag:frontends */ SHOW FRONTENDS" },
    { "the policy probes admits nothing else", SRD_GUARD_PROBES, "frontends", "",
      "/* srdiag:frontends */ SHOW FRONTENDS ", "refused" },
    { "a question under the name of another is another", SRD_GUARD_PROBES, "backends", "",
      "/* srdiag:frontends */ SHOW FRONTENDS", "refused" },
    { "a key that the statement does not have is another question", SRD_GUARD_PROBES, "frontends",
      "10004", "/* srdiag:frontends */ SHOW FRONTENDS", "refused" },
    { "a nameless statement is none of ours", SRD_GUARD_PROBES, NULL, "", "SHOW FRONTENDS",
      "refused" },
    { "a key makes a statement", SRD_GUARD_PROBES, "backend-disks", "10004",
      "/* srdiag:backend-disks */ SHOW PROC '/backends/10004'",
      "/* srdiag:backend-disks */ SHOW PROC '/backends/10004'" },
    { "a key that is not in the statement does not", SRD_GUARD_PROBES, "backend-disks", "10005",
      "/* srdiag:backend-disks */ SHOW PROC '/backends/10004'", "refused" },
    { "a key is a value, not a statement", SRD_GUARD_PROBES, "backend-disks",
      "1'; DROP TABLE t; --",
      "/* srdiag:backend-disks */ SHOW PROC '/backends/1'; DROP TABLE t; --'", "refused" },
    { "a newer question is sent under its own name", SRD_GUARD_SYSTEM, "from-the-future", "",
      "/* srdiag:whatever */ SHOW BACKENDS;", "/* srdiag:from-the-future */ SHOW BACKENDS" },
    { "a name cannot end the comment it stands in", SRD_GUARD_SYSTEM, "x */ DROP TABLE t; /*", "",
      "SHOW BACKENDS", "/* srdiag:asked */ SHOW BACKENDS" },
    { "nor can a long one, or an empty one", SRD_GUARD_SYSTEM, "", "", "SHOW BACKENDS",
      "/* srdiag:asked */ SHOW BACKENDS" },
    { "a nameless statement gets a name", SRD_GUARD_SYSTEM, NULL, "", "SELECT 1",
      "/* srdiag:execute-sql */ SELECT 1" },
    { "business tables are not the centre's business", SRD_GUARD_SYSTEM, "frontends", "",
      "SELECT * FROM shop.orders", "refused" },
    { "unless the owner says so", SRD_GUARD_SELECT, NULL, "", "SELECT a FROM shop.orders",
      "/* srdiag:execute-sql */ SELECT a FROM shop.orders" },
    { "nothing is written under any policy", SRD_GUARD_SELECT, NULL, "", "DELETE FROM shop.orders",
      "refused" },
};

static void judges(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_agent_rules_drop) struct srd_agent_rules *rules = rules_of(row->policy);
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_agent_verdict verdict;

    srd_agent_judge(rules, row->id, row->key, row->sql, arena, &verdict);
    assert_string_equal(verdict.allowed ? verdict.sql : "refused", row->want);
    if (!verdict.allowed)
        assert_true(*verdict.reason && *verdict.code);
}

/* ---- all questions of this program ---- */

static struct srd_key sample_of(const struct srd_probe *probe)
{
    struct srd_key key = { { NULL } };

    for (size_t i = 0; i < SRD_MAX_PARAMS && probe->params[i].type != SRD_PARAM_END; i++)
        key.values[i] = probe->params[i].type == SRD_PARAM_INTEGER ? "10004"
                        : probe->params[i].type == SRD_PARAM_PATH  ? "sales%"
                                                                   : "a/b%`'";
    return key;
}

/* Calls @look for each statement that this program can send. */
static void each_statement(void (*look)(const struct srd_probe *probe, const char *key,
                                        const char *sql, struct srd_arena *arena))
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    for (const struct srd_probe *const *p = srd_catalogue_probes(&srd_catalogue, arena); *p; p++) {
        struct srd_key key = sample_of(*p);
        const char *text = srd_key_text(*p, &key, arena);

        for (size_t i = 0; i < SRD_MAX_TEXTS && (*p)->texts[i].sql; i++) {
            struct srd_error err = { 0 };
            const char *sql;

            assert_int_equal(srd_probe_render(*p, &(*p)->texts[i], &key, arena, &sql, &err), 0);
            look(*p, text, sql, arena);
        }
    }
}

static struct srd_agent_rules *now;

static void must_be_ours(const struct srd_probe *probe, const char *key, const char *sql,
                         struct srd_arena *arena)
{
    struct srd_agent_verdict verdict;

    if (!srd_agent_judge(now, probe->id, key, sql, arena, &verdict) || verdict.probe != probe ||
        strcmp(verdict.sql, sql) != 0)
        fail_msg("%s: %s", probe->id, sql);
}

static void every_statement_of_ours_is_known(void **state)
{
    (void)state;
    for (int policy = SRD_GUARD_SYSTEM; policy <= SRD_GUARD_PROBES; policy++) {
        now = rules_of((enum srd_guard_policy)policy);
        each_statement(must_be_ours);
        srd_agent_rules_drop(&now);
    }
}

static void must_pass(const struct srd_probe *probe, const char *key, const char *sql,
                      struct srd_arena *arena)
{
    struct srd_agent_verdict verdict;

    if (!srd_agent_judge(now, "newer", key, sql, arena, &verdict))
        fail_msg("%s: %s: %s", probe->id, verdict.reason, sql);
}

static void an_older_agent_answers_newer_questions(void **state)
{
    (void)state;
    now = rules_of(SRD_GUARD_SYSTEM);
    each_statement(must_pass);
    srd_agent_rules_drop(&now);
}

/* ---- tokens ---- */

static void any_of_the_tokens_is_right(void **state)
{
    static const char *const tokens[] = { "0123456789abcdef", "fedcba9876543210", NULL };
    struct srd_agent_options options = { .tokens = tokens, .catalogue = &srd_catalogue };
    SRD_CLEANUP(srd_agent_rules_drop) struct srd_agent_rules *rules = NULL;
    struct srd_error err = { 0 };

    (void)state;
    assert_int_equal(srd_agent_rules_make(&options, &rules, &err), 0);
    assert_true(srd_agent_token_right(rules, tokens[0]));
    assert_true(srd_agent_token_right(rules, tokens[1]));
    assert_false(srd_agent_token_right(rules, ""));
    assert_false(srd_agent_token_right(rules, NULL));
    assert_false(srd_agent_token_right(rules, "0123456789abcdeF"));
    assert_false(srd_agent_token_right(rules, "0123456789abcdef0"));
}

static void a_short_token_is_refused(void **state)
{
    static const char *const tokens[] = { "0123456789abcde", NULL };
    struct srd_agent_options options = { .tokens = tokens, .catalogue = &srd_catalogue };
    struct srd_agent_rules *rules = NULL;
    struct srd_error err = { 0 };

    (void)state;
    assert_int_equal(srd_agent_rules_make(&options, &rules, &err), SRD_E_CONFIG);
    assert_null(strstr(err.text, tokens[0]));
}

int main(void)
{
    struct CMUnitTest tests[sizeof(rows) / sizeof(*rows)];
    const struct CMUnitTest more[] = {
        cmocka_unit_test(every_statement_of_ours_is_known),
        cmocka_unit_test(an_older_agent_answers_newer_questions),
        cmocka_unit_test(any_of_the_tokens_is_right),
        cmocka_unit_test(a_short_token_is_refused),
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        tests[i] = (struct CMUnitTest){ .name = rows[i].name,
                                        .test_func = judges,
                                        .initial_state = (void *)(uintptr_t)&rows[i] };
    return cmocka_run_group_tests_name("questions", tests, NULL, NULL) +
           cmocka_run_group_tests_name("all", more, NULL, NULL);
}
