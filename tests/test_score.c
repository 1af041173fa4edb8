/*
 * Is the health score what the model says, for every set of results and not only for the examples?
 */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/cleanup.h"
#include "lib/engine/score.h"
#include "tests/rows.h"

static const struct srd_area areas[] = {
    { "cluster", 0.90 }, { "storage", 0.90 },    { "load", 0.75 }, { "txn", 0.75 },
    { "ingest", 0.70 },  { "memory", 0.65 },     { "mv", 0.40 },   { "stats", 0.35 },
    { "upgrade", 0.20 }, { "compaction", 0.70 }, { NULL, 0 },
};

/* ---- examples: one result per line, the score out ---- */

/*
 * "storage.a warning 0.5" and, in any order behind it: family=f worst=critical outage follower
 * unknown=denied (with findings: partly so) na
 */
struct results {
    struct srd_check checks[600];
    struct srd_result items[600];
    size_t count;
};

static enum srd_severity severity_of(const char *name)
{
    for (int s = SRD_OKAY; s <= SRD_CRITICAL; s++)
        if (!strcmp(srd_severity_name((enum srd_severity)s), name))
            return (enum srd_severity)s;
    fail_msg("no severity: %s", name);
    return SRD_OKAY;
}

static void set_word(struct srd_result *r, struct srd_check *check, const char *word)
{
    const char *value = strchr(word, '=') ? strchr(word, '=') + 1 : "";

    if (!strncmp(word, "family=", 7)) {
        check->family = value;
    } else if (!strncmp(word, "worst=", 6)) {
        check->worst = severity_of(value);
    } else if (!strcmp(word, "outage")) {
        check->outage = true;
    } else if (!strcmp(word, "follower")) {
        r->follower = true;
    } else if (!strcmp(word, "na")) {
        r->verdict = SRD_NOT_APPLICABLE;
    } else if (!strncmp(word, "unknown=", 8)) {
        r->verdict = r->severity == SRD_OKAY ? SRD_NOT_CHECKED : SRD_CHECKED;
        assert_true(srd_status_of_name(value, &r->status));
    } else {
        fail_msg("no such word: %s", word);
    }
}

static struct results *results_of(const char *text, struct srd_arena *arena)
{
    struct results *all = srd_arena_alloc(arena, sizeof(*all));
    char *copy = srd_arena_copy(arena, text), *lines = NULL;

    for (char *line = strtok_r(copy, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
        struct srd_check *check = &all->checks[all->count];
        struct srd_result *r = &all->items[all->count++];
        char *words = NULL;

        check->id = strtok_r(line, " ", &words);
        check->worst = SRD_CRITICAL;
        r->check = check;
        r->severity = severity_of(strtok_r(NULL, " ", &words));
        r->share = atof(strtok_r(NULL, " ", &words));
        for (char *word; (word = strtok_r(NULL, " ", &words));)
            set_word(r, check, word);
    }
    return all;
}

/* "93 (93-93, 100 %) attention", "insufficient " before it, "unknown" */
static const char *tell(const struct srd_score *s, struct srd_arena *arena)
{
    if (!s->known)
        return srd_arena_printf(arena, "unknown %d-%d", s->low, s->high);
    return srd_arena_printf(arena, "%s%d (%d-%d, %.0f %%) %s",
                            s->insufficient ? "insufficient " : "", s->value, s->low, s->high,
                            100 * s->confidence, s->band);
}

static const struct example {
    const char *name, *results, *want;
} examples[] = {
    /* the worked examples of the catalogue */
    { "one warning about a hair of storage", "storage.a warning 0", "93 (93-93, 100 %) attention" },
    { "one warning about all of storage", "storage.a warning 1", "86 (86-86, 100 %) attention" },
    { "ten different warnings about storage",
      "storage.a warning 1\nstorage.b warning 1\nstorage.c warning 1\nstorage.d warning 1\n"
      "storage.e warning 1\nstorage.f warning 1\nstorage.g warning 1\nstorage.h warning 1\n"
      "storage.i warning 1\nstorage.j warning 1",
      "73 (73-73, 100 %) degraded" },
    { "one critical about compaction", "compaction.a critical 1", "58 (58-58, 100 %) bad" },
    { "a critical caps at 69 however light its area", "stats.a critical 0",
      "69 (69-69, 100 %) degraded" },
    { "an outage caps at 39", "storage.disk-hard-limit critical 0.167 outage",
      "39 (39-39, 100 %) emergency" },
    { "three in five unknown and nothing bad",
      "storage.a ok 0\nstorage.b ok 0\nstorage.c ok 0 unknown=denied\n"
      "storage.d ok 0 unknown=denied\nstorage.e ok 0 unknown=denied",
      "insufficient 100 (76-100, 40 %) good" },

    /* the rest of the model */
    { "nothing found is 100", "storage.a ok 0\nload.b ok 0", "100 (100-100, 100 %) good" },
    { "an info takes a trifle, and 100 with it", "storage.a info 1", "99 (99-99, 100 %) good" },
    { "a warning caps at 94 however light its area", "upgrade.a warning 0",
      "94 (94-94, 100 %) attention" },
    { "an outage check that only warns does not cap at 39", "storage.a warning 1 outage",
      "86 (86-86, 100 %) attention" },
    { "a critical in two areas multiplies", "compaction.a critical 1\ningest.b critical 1",
      "33 (33-33, 100 %) emergency" },
    { "a family counts once, by its dearest",
      "storage.a warning 1 family=f\nstorage.b warning 0.5 family=f\nstorage.c info 1 family=f",
      "86 (86-86, 100 %) attention" },
    { "the same family name in two areas is two families",
      "storage.a warning 1 family=f\nupgrade.b warning 1 family=f", "83 (83-83, 100 %) attention" },
    { "tasks are materialized views",
      "task.failing critical 1\nmv.x critical 1 family=task.failing",
      "69 (69-69, 100 %) degraded" },
    { "an area that no table names weighs 0.35", "novel.a critical 1",
      "69 (69-69, 100 %) degraded" },
    { "an area that no table names is no other area", "novel.a critical 1\nnovel2.a critical 1",
      "62 (62-62, 100 %) degraded" },
    { "a share beyond 1 is 1", "storage.a warning 7", "86 (86-86, 100 %) attention" },
    { "a share that is no number is 1", "storage.a warning nan", "86 (86-86, 100 %) attention" },

    /* not knowing */
    { "nothing at all is no score", "", "unknown 0-100" },
    { "nothing checked is no score", "storage.a ok 0 unknown=denied\nload.b ok 0 na",
      "unknown 0-100" },
    { "nothing applicable is no score", "storage.a ok 0 na", "unknown 0-100" },
    { "what is not applicable counts nowhere", "storage.a ok 0\nload.b ok 0 na\nstorage.c ok 0 na",
      "100 (100-100, 100 %) good" },
    { "an unknown check could be a warning", "storage.a ok 0\nstorage.b ok 0 unknown=denied",
      "100 (86-100, 50 %) good" },
    { "a check that can say info only, no warning",
      "storage.a ok 0\nstorage.b ok 0 worst=info unknown=denied", "100 (99-100, 75 %) good" },
    { "importance weighs the coverage",
      "storage.a ok 0 worst=info\nstorage.b ok 0 worst=critical unknown=denied",
      "insufficient 100 (86-100, 25 %) good" },
    { "areas weigh the confidence", "storage.a ok 0\nupgrade.b ok 0 unknown=denied",
      "100 (94-100, 82 %) good" },
    { "an outage check that timed out could be the outage",
      "storage.a ok 0\nstorage.b ok 0 outage unknown=timeout", "100 (39-100, 50 %) good" },
    { "an outage check that failed could be the outage",
      "storage.a ok 0\nstorage.b ok 0 outage unknown=failed", "100 (39-100, 50 %) good" },
    { "an outage check that was denied is a matter of rights",
      "storage.a ok 0\nstorage.b ok 0 outage unknown=denied", "100 (86-100, 50 %) good" },
    { "a follower's evidence counts half", "storage.a ok 0 follower", "100 (100-100, 50 %) good" },
    { "a finding that is only part of the truth counts half, and could be worse",
      "storage.a info 1 unknown=denied", "99 (86-99, 50 %) good" },
    { "what is bad already is not feared twice",
      "compaction.a critical 1 unknown=denied\ncompaction.b ok 0", "58 (58-58, 75 %) bad" },
};

static void test_example(void **state)
{
    const struct example *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct results *all = results_of(row->results, arena);
    struct srd_score s = srd_score(areas, all->items, all->count, arena);

    assert_string_equal(tell(&s, arena), row->want);
}

/* ---- where the points went ---- */

static const struct explanation {
    const char *name, *results, *want;
} explanations[] = {
    { "nothing lost, nothing to explain", "storage.a ok 0", "" },
    { "one finding takes it all", "storage.a warning 1", "14.0 storage.a\n" },
    { "the fraction of the floor is shared out too", "storage.a info 1", "1.0 storage.a\n" },
    { "areas share by what they take, families by rank",
      "storage.a warning 1\nstorage.b warning 1\nload.c warning 1",
      "13.1 storage.a\n10.4 load.c\n6.5 storage.b\n" },
    { "the covered ones stand behind the dearest of their family",
      "storage.b warning 0 family=f\nstorage.a warning 1 family=f\nstats.c info 0",
      "13.8 storage.a\n0.0 storage.b: covered by storage.a\n0.2 stats.c\n" },
    { "a cap has a line of its own", "stats.a critical 0",
      "10.5 stats.a\n20.5 (stats): limited to 69 because stats.a is critical\n" },
    { "the cap of an outage says so", "storage.a critical 0 outage\nstorage.b critical 0 outage",
      "27.0 storage.a\n13.5 storage.b\n20.5 (storage): limited to 39 because storage.a is "
      "critical: outage or possible loss of data (and 1 more)\n" },
    { "a cap that takes nothing has no line", "storage.a critical 1 outage\nload.b critical 1",
      "42.4 storage.a\n32.6 load.b\n" },
    { "a warning's cap", "upgrade.a warning 0",
      "1.5 upgrade.a\n4.5 (upgrade): limited to 94 because upgrade.a is a warning\n" },
};

static const char *tell_parts(const struct srd_score *s, struct srd_arena *arena)
{
    char *text = srd_arena_copy(arena, "");

    for (size_t i = 0; i < s->part_count; i++) {
        const struct srd_score_part *p = &s->parts[i];

        text = srd_arena_printf(arena, "%s%.1f %s%s%s\n", text, p->points,
                                p->check ? p->check->id : srd_arena_printf(arena, "(%s)", p->area),
                                p->text ? ": " : "", p->text ? p->text : "");
    }
    return text;
}

static void test_explanation(void **state)
{
    const struct explanation *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct results *all = results_of(row->results, arena);
    struct srd_score s = srd_score(areas, all->items, all->count, arena);

    assert_string_equal(tell_parts(&s, arena), row->want);
}

/* The words of a finding explain its points. */
static void test_words(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct results *all = results_of("storage.a warning 1\nload.b warning 1", arena);
    struct srd_finding finding = { .message = "be1 is full" }, *findings[] = { &finding };
    struct srd_score s;

    (void)state;
    all->items[0].findings = findings;
    all->items[0].finding_count = 1;
    all->checks[1].title = "loads fail";
    s = srd_score(areas, all->items, all->count, arena);
    assert_string_equal(s.parts[0].text, "be1 is full");
    assert_string_equal(s.parts[1].text, "loads fail");
}

static void test_without(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct results *all = results_of("storage.a critical 1 outage\nstorage.b warning 1\n"
                                     "load.c ok 0 unknown=denied",
                                     arena);
    const char *const none[] = { NULL }, *const one[] = { "storage.a", NULL },
                      *const both[] = { "storage.b", "storage.a", NULL };

    (void)state;
    assert_int_equal(srd_score_without(areas, all->items, all->count, NULL, arena), 39);
    assert_int_equal(srd_score_without(areas, all->items, all->count, none, arena), 39);
    assert_int_equal(srd_score_without(areas, all->items, all->count, one, arena), 86);
    assert_int_equal(srd_score_without(areas, all->items, all->count, both, arena), 100);
}

/* ---- the requirements, on random sets of results ---- */

static uint64_t dice = 1;

static unsigned roll(unsigned sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice >> 33) % sides;
}

static void random_result(struct results *all, struct srd_arena *arena)
{
    static const char *const prefixes[] = { "cluster", "storage", "load",  "txn",     "ingest",
                                            "task",    "mv",      "stats", "upgrade", "novel" };
    struct srd_check *check = &all->checks[all->count];
    struct srd_result *r = &all->items[all->count];

    check->id = srd_arena_printf(arena, "%s.c%03zu", prefixes[roll(10)], all->count);
    check->family = roll(2) ? NULL : srd_arena_printf(arena, "f%u", roll(4));
    check->worst = (enum srd_severity)(1 + roll(3));
    check->outage = !roll(6);
    r->check = check;
    r->verdict = roll(4) ? SRD_CHECKED : roll(2) ? SRD_NOT_CHECKED : SRD_NOT_APPLICABLE;
    r->follower = !roll(5);
    if (r->verdict != SRD_CHECKED || !roll(10))
        r->status = (enum srd_status)(1 + roll(SRD_STATUS_COUNT - 1));
    if (r->verdict == SRD_CHECKED && roll(2)) {
        r->severity = (enum srd_severity)(1 + roll(3));
        r->share = roll(11) / 10.0;
    }
    all->count++;
}

static struct results *random_results(struct srd_arena *arena)
{
    struct results *all = srd_arena_alloc(arena, sizeof(*all));
    unsigned count = 1 + roll(roll(2) ? 6 : 40);

    while (all->count < count)
        random_result(all, arena);
    return all;
}

static struct srd_score score_of(const struct results *all, struct srd_arena *arena)
{
    return srd_score(areas, all->items, all->count, arena);
}

#define ROUNDS 2500

/* 1: worse findings never raise it */
static void test_monotone(void **state)
{
    (void)state;
    dice = 1;
    for (int i = 0; i < ROUNDS; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct results *all = random_results(arena);
        struct srd_result *r = &all->items[roll((unsigned)all->count)];
        struct srd_score before, after;

        r->verdict = SRD_CHECKED;
        before = score_of(all, arena);
        if (r->severity == SRD_OKAY || (r->severity < SRD_CRITICAL && roll(2)))
            r->severity++;
        else
            r->share += (1 - r->share) * (1 + roll(10)) / 10;
        after = score_of(all, arena);
        assert_true(after.value <= before.value);
        assert_true(after.low <= before.low || r->status != SRD_ANSWERED);
    }
}

/* 2: the order of results does not matter, to the last bit */
static void test_order(void **state)
{
    (void)state;
    dice = 2;
    for (int i = 0; i < ROUNDS; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct results *all = random_results(arena);
        struct srd_score before = score_of(all, arena), after;

        for (size_t k = all->count - 1; k; k--) {
            size_t other = roll((unsigned)k + 1);
            struct srd_result r = all->items[k];

            all->items[k] = all->items[other];
            all->items[other] = r;
        }
        after = score_of(all, arena);
        assert_string_equal(tell(&before, arena), tell(&after, arena));
        assert_string_equal(tell_parts(&before, arena), tell_parts(&after, arena));
    }
}

/* 3: any number of warnings in an area is not worse than one critical there */
static void test_saturating(void **state)
{
    (void)state;
    dice = 3;
    for (int i = 0; i < ROUNDS; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct results *many = srd_arena_alloc(arena, sizeof(*many));
        struct results *one = results_of("x.y critical 0", arena);
        const char *area = areas[roll(10)].name;
        unsigned count = 1 + roll(200);
        struct srd_score s;

        one->checks[0].id = srd_arena_printf(arena, "%s.y", area);
        while (many->count < count) {
            random_result(many, arena);
            many->items[many->count - 1].verdict = SRD_CHECKED;
            many->items[many->count - 1].severity = (enum srd_severity)(1 + roll(2));
            many->items[many->count - 1].share = 1;
            many->checks[many->count - 1].id =
                srd_arena_printf(arena, "%s.c%zu", area, many->count);
        }
        s = score_of(many, arena);
        assert_true(s.value >= score_of(one, arena).value && s.value >= 0);
    }
}

/* 4: nothing good hides a critical */
static void test_not_compensating(void **state)
{
    (void)state;
    dice = 4;
    for (int i = 0; i < ROUNDS; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct results *all = random_results(arena);
        struct srd_result *r = &all->items[roll((unsigned)all->count)];
        int limit = r->check->outage ? 39 : 69, before;

        r->verdict = SRD_CHECKED;
        r->severity = SRD_CRITICAL;
        before = score_of(all, arena).value;
        assert_true(before <= limit);
        for (int k = 0; k < 20; k++) {
            random_result(all, arena);
            all->items[all->count - 1].verdict = SRD_CHECKED;
            all->items[all->count - 1].severity = SRD_OKAY;
            all->items[all->count - 1].status = SRD_ANSWERED;
        }
        assert_int_equal(score_of(all, arena).value, before);
    }
}

/* 5: unknown leaves the score, lowers the confidence, widens the range */
static void test_unknown(void **state)
{
    (void)state;
    dice = 5;
    for (int i = 0; i < ROUNDS; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct results *all = random_results(arena);
        struct srd_result *r = &all->items[roll((unsigned)all->count)];
        struct srd_score before, after;

        random_result(all, arena); /* something else is known */
        all->items[all->count - 1].verdict = SRD_CHECKED;
        r->verdict = SRD_CHECKED;
        r->severity = SRD_OKAY;
        r->status = SRD_ANSWERED;
        before = score_of(all, arena);
        r->verdict = SRD_NOT_CHECKED;
        r->status = (enum srd_status)(1 + roll(SRD_STATUS_COUNT - 1));
        after = score_of(all, arena);
        assert_int_equal(after.value, before.value);
        assert_true(after.confidence < before.confidence);
        assert_true(after.low <= before.low);
        assert_int_equal(after.high, after.value);
        assert_true(after.low >= 0 && after.low <= after.value);
    }
}

/* 6: not applicable is neutral */
static void test_not_applicable(void **state)
{
    (void)state;
    dice = 6;
    for (int i = 0; i < ROUNDS; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct results *all = random_results(arena);
        struct srd_score before = score_of(all, arena), after;

        for (unsigned k = 1 + roll(5); k; k--) {
            random_result(all, arena);
            all->items[all->count - 1].verdict = SRD_NOT_APPLICABLE;
        }
        after = score_of(all, arena);
        assert_string_equal(tell(&before, arena), tell(&after, arena));
    }
}

/* 7: the same check on many objects is one entry with a larger scope */
static void test_repetition(void **state)
{
    (void)state;
    dice = 7;
    for (int i = 0; i < ROUNDS; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct results *all = random_results(arena);
        struct srd_result *r = &all->items[roll((unsigned)all->count)];
        struct srd_finding one = { .message = "m" }, *many[50];
        struct srd_score before, after;

        for (size_t k = 0; k < SRD_COUNT(many); k++)
            many[k] = &one;
        r->findings = many;
        r->finding_count = 1;
        before = score_of(all, arena);
        r->finding_count = SRD_COUNT(many);
        after = score_of(all, arena);
        assert_string_equal(tell(&before, arena), tell(&after, arena));
        assert_string_equal(tell_parts(&before, arena), tell_parts(&after, arena));
    }
}

/* 8: points lost add up exactly, every finding has its line, none is negative */
static void test_explainable(void **state)
{
    (void)state;
    dice = 8;
    for (int i = 0; i < ROUNDS; i++) {
        SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
        struct results *all = random_results(arena);
        struct srd_score s = score_of(all, arena);
        size_t findings = 0, lines = 0;
        long tenths = 0;

        if (!s.known)
            continue;
        for (size_t k = 0; k < s.part_count; k++) {
            assert_true(s.parts[k].points >= 0);
            assert_true(fabs(s.parts[k].points * 10 - round(s.parts[k].points * 10)) < 1e-9);
            tenths += lround(s.parts[k].points * 10);
            lines += s.parts[k].check != NULL;
        }
        for (size_t k = 0; k < all->count; k++)
            findings +=
                all->items[k].verdict != SRD_NOT_APPLICABLE && all->items[k].severity > SRD_OKAY;
        assert_int_equal(tenths, 10 * (100 - s.value));
        assert_int_equal(lines, findings);
        assert_true(s.value >= 0 && s.value <= 100);
    }
}

int main(void)
{
    /* Requirements 9 (a warning must persist) and 10 (loss of sight is not recovery) compare runs:
     * they wait for stored history. */
    static const struct CMUnitTest others[] = {
        { .name = "a finding's words explain its points", .test_func = test_words },
        { .name = "the score without some findings is known", .test_func = test_without },
        { .name = "monotone: worse findings never raise it", .test_func = test_monotone },
        { .name = "order free: a function of the set", .test_func = test_order },
        { .name = "saturating: warnings never outweigh a critical", .test_func = test_saturating },
        { .name = "not compensating: nothing hides a critical",
          .test_func = test_not_compensating },
        { .name = "unknown is neither bad nor good", .test_func = test_unknown },
        { .name = "not applicable is neutral", .test_func = test_not_applicable },
        { .name = "repetition does not count twice", .test_func = test_repetition },
        { .name = "explainable: points lost add up exactly", .test_func = test_explainable },
    };
    static struct CMUnitTest
        tests[SRD_COUNT(examples) + SRD_COUNT(explanations) + SRD_COUNT(others)];
    size_t n = 0;

    ADD_ROWS(tests, n, examples, test_example);
    ADD_ROWS(tests, n, explanations, test_explanation);
    memcpy(tests + n, others, sizeof(others));
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
