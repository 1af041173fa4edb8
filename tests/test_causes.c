/* Does a cause match when its signals hold, and say what is for it, against it and unknown? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/cleanup.h"
#include "lib/engine/causes.h"
#include "tests/rows.h"

/* ---- the causes of this test ---- */

static enum srd_signal_state two_findings(const struct srd_results *results)
{
    const struct srd_result *r = srd_results_get(results, "a.full");

    if (!r || r->verdict == SRD_NOT_CHECKED)
        return SRD_SIGNAL_UNKNOWN;
    return r->finding_count >= 2 ? SRD_SIGNAL_YES : SRD_SIGNAL_NO;
}

/* clang-format off */
static const struct srd_cause disk = {
    .id = "RC-01",
    .required = {
        { .check = "a.full", .level = SRD_WARNING, .alternatives = "a.fuller a.fullest", .words = "full: {measured}" },
        { .check = "a.grows", .aside = true, .words = "grows: {measured}" },
    },
    .supporting = {
        { .check = "b.s1", .words = "{measured}" }, { .check = "b.s2" }, { .check = "b.s3" },
        { .check = "b.s4" }, { .check = "b.s5" }, { .check = "b.s6" },
    },
    .contradicting = {
        { .check = "c.veto", .level = SRD_WARNING, .veto = true },
        { .check = "c.trash", .level = SRD_WARNING, .words = "trash dominates: {measured}" },
        { .check = "c.logs", .level = SRD_WARNING },
    },
    .not_because = {
        { .check = "d.skew", .words = "uneven distribution: {measured}" },
        { .check = "d.bin", .level = SRD_WARNING, .alternatives = "d.bin2", .words = "dropped: {measured}" },
    },
    .explains = "e.loads e.more",
    .steps = {
        { "now", { "pause the loader of {table}", NULL, SRD_SAFE }, "b.s1" },
        { "then", { "drop partitions of {table}", "ALTER TABLE {table} DROP PARTITION {partition};", SRD_RISKY }, "b.s1" },
        { "later", { "look at {backend}", "SHOW PROC '/backends/{id}';", SRD_SAFE }, NULL },
    },
};
static const struct srd_cause tested = {
    .id = "RC-02",
    .required = { { .test = two_findings, .words = "two are full" }, { .check = "a.full", .words = "{measured}" } },
    .supporting = { { .test = two_findings, .check = "a.full", .words = "again: {measured}" } },
    .not_because = { { .test = two_findings, .words = "only one" } },
};
static const struct srd_cause lake = {
    .id = "RC-03", .mode = SRD_MODE_SHARED_DATA,
    .required = { { .check = "a.full", .words = "{measured}" } },
};
static const struct srd_cause aside_only = {
    .id = "RC-04",
    .required = { { .check = "a.grows", .aside = true }, { .check = "b.s1", .aside = true } },
};
static const struct srd_cause tenth = { .id = "RC-10", .required = { { .check = "a.full" } } };
static const struct srd_cause ninth = { .id = "RC-9", .required = { { .check = "a.full" } } };
static const struct srd_cause heavy = { .id = "RC-99", .required = { { .check = "z.worst" } } };
static const struct srd_cause sure = {
    .id = "RC-50", .required = { { .check = "a.full" } }, .supporting = { { .check = "b.s1" } },
};
static const struct srd_cause narrowed = {
    .id = "RC-70",
    .required = { { .check = "a.full", .level = SRD_WARNING, .only = "class=disk", .alternatives = "b.s1", .words = "{measured} {label}" } },
};
static const struct srd_cause twice = {
    .id = "RC-60",
    .required = { { .check = "a.full" } },
    .contradicting = { { .check = "d.skew", .level = SRD_WARNING } },
    .not_because = { { .check = "d.skew", .level = SRD_WARNING } },
};
/* clang-format on */

/* ---- results from text ---- */

/*
 * One result per line, several lines of a check are its findings, worst first:
 *
 *   a.full|critical|be1 is full|id=1|table=`t`      a.ok|ok|measured words
 *   a.na|na      a.unknown|denied|needs OPERATE     a.part|info|message|?denied=needs OPERATE
 */
struct fixture {
    struct srd_check checks[32];
    struct srd_result items[32];
    struct srd_evidence ev;
    struct srd_results results;
};

static void add_finding(struct srd_result *r, enum srd_severity severity, char *words,
                        struct srd_arena *arena)
{
    struct srd_finding *f = srd_arena_alloc(arena, sizeof(*f));
    char *part = strtok_r(NULL, "|", &words);
    size_t n = 0;

    f->check = r->check;
    f->severity = severity;
    f->message = part;
    r->severity = severity > r->severity ? severity : r->severity;
    if (!r->findings)
        r->findings = srd_arena_array(arena, 64, sizeof(f));
    r->findings[r->finding_count++] = f;
    while ((part = strtok_r(NULL, "|", &words))) {
        char *sign = strchr(part, '=');

        *sign = '\0';
        if (*part == '?') {
            assert_true(srd_status_of_name(part + 1, &r->status));
            r->detail = sign + 1;
        } else {
            f->fields[n++] = (struct srd_field){ part, sign + 1 };
        }
    }
}

static struct fixture *fixture_of(const char *text, struct srd_arena *arena)
{
    struct fixture *x = srd_arena_alloc(arena, sizeof(*x));
    char *copy = srd_arena_copy(arena, text), *lines = NULL;
    size_t n = 0;

    for (char *line = strtok_r(copy, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
        char *words = NULL, *id = strtok_r(line, "|", &words), *kind = strtok_r(NULL, "|", &words);
        enum srd_severity severity = SRD_INFO;
        struct srd_result *r;

        if (!n || strcmp(x->checks[n - 1].id, id) != 0) {
            x->checks[n].id = id;
            x->items[n].check = &x->checks[n];
            n++;
        }
        r = &x->items[n - 1];
        while (severity <= SRD_CRITICAL && strcmp(srd_severity_name(severity), kind) != 0)
            severity++;
        if (severity <= SRD_CRITICAL) {
            add_finding(r, severity, words, arena);
        } else if (!strcmp(kind, "ok")) {
            r->measured = strtok_r(NULL, "|", &words);
        } else if (!strcmp(kind, "na")) {
            r->verdict = SRD_NOT_APPLICABLE;
            r->status = SRD_MODE_ABSENT;
        } else {
            r->verdict = SRD_NOT_CHECKED;
            assert_true(srd_status_of_name(kind, &r->status));
            r->detail = strtok_r(NULL, "|", &words);
        }
    }
    x->ev.cluster.mode = SRD_MODE_SHARED_NOTHING;
    x->results = (struct srd_results){ &x->ev, x->items, n };
    return x;
}

/* ---- a match as text ---- */

static void tell_reasons(struct srd_buf *out, const char *word, const struct srd_reason *reasons,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        srd_buf_printf(out, "%s %s (%s)\n", word, reasons[i].text,
                       reasons[i].check ? reasons[i].check : "-");
}

static const char *tell(const struct srd_cause_match *matches, size_t count,
                        struct srd_arena *arena)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;

    srd_buf_init(&out, 1 << 20);
    for (const struct srd_cause_match *m = matches; m < matches + count; m++) {
        srd_buf_printf(&out, "%s %.2f %s\n", m->cause->id, m->confidence,
                       srd_severity_name(m->severity));
        tell_reasons(&out, "because", m->because, m->because_count);
        tell_reasons(&out, "against", m->against, m->against_count);
        tell_reasons(&out, "unknown", m->unknown, m->unknown_count);
        for (size_t i = 0; i < m->explained_count; i++)
            srd_buf_printf(&out, "explains %s\n", m->explained[i]->message);
        for (size_t i = 0; m->steps[i].text; i++)
            srd_buf_printf(&out, "%s: %s [%s] %s\n", m->step_when[i], m->steps[i].text,
                           m->steps[i].risk == SRD_SAFE ? "safe" : "risky",
                           m->steps[i].sql ? m->steps[i].sql : "-");
    }
    return srd_arena_copy(arena, out.data);
}

/* All steps of RC-01 when nothing can be filled in, and all competitors of it that were not looked
 * at. */
#define EMPTY_STEPS                                                                                \
    "now: pause the loader of <table> [safe] -\n"                                                  \
    "then: drop partitions of <table> [risky] -\n"                                                 \
    "later: look at <backend> [safe] -\n"
#define CALM                                                                                       \
    "b.s1|ok\nb.s2|ok\nb.s3|ok\nb.s4|ok\nb.s5|ok\nb.s6|ok\nc.veto|ok\nc.trash|ok\nc.logs|ok\n"     \
    "d.skew|na\nd.bin|na\nd.bin2|na\n"
#define GROWS "a.grows|info|5 GB a day\n"
#define OTHERS "a.fuller|ok\na.fullest|ok\n"

/* clang-format off */
static const struct row {
    const char *name;
    const struct srd_cause *cause;
    const char *results, *want;
} rows[] = {
    { "all required hold", &disk, "a.full|critical|be1 is full\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: be1 is full (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "explains be1 is full\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "a required signal that does not hold ends it", &disk, "a.full|ok\n" OTHERS GROWS CALM, "" },
    { "a required signal below its level does not hold", &disk,
      "a.full|info|nearly\n" OTHERS GROWS CALM, "" },
    { "a required signal that does not apply does not hold", &disk,
      "a.full|critical|m\na.grows|na\n" CALM, "" },
    { "a required signal that is unknown prevents the match", &disk,
      "a.full|denied|needs OPERATE\n" OTHERS GROWS CALM, "" },
    { "a required check that did not run prevents the match", &disk, OTHERS GROWS CALM, "" },
    { "an aside signal that is unknown costs confidence", &disk,
      "a.full|critical|m\n" OTHERS "a.grows|needs_history|needs two samples\n" CALM,
      "RC-01 0.40 critical\nbecause full: m (a.full)\nunknown a.grows: needs two samples (a.grows)\n"
      "explains m\n" EMPTY_STEPS },
    { "an aside signal that does not hold prevents the match", &disk,
      "a.full|critical|m\na.grows|ok\n" CALM, "" },
    { "aside signals alone do not match", &aside_only, "a.grows|denied\nb.s1|denied\n", "" },
    { "one aside signal suffices when it holds", &aside_only, "a.grows|warning|m\nb.s1|denied\n",
      "RC-04 0.40 warning\nbecause m (a.grows)\nunknown b.s1: denied (b.s1)\nexplains m\n" },

    { "an alternative suffices", &disk, "a.full|ok\na.fuller|warning|be2\na.fullest|na\n" GROWS CALM,
      "RC-01 0.50 warning\nbecause full: be2 (a.fuller)\nbecause grows: 5 GB a day (a.grows)\n"
      "explains be2\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "the worst of those that hold speaks, all are explained", &disk,
      "a.full|warning|be1\na.fuller|critical|be2\na.fullest|info|be3\n" GROWS CALM,
      "RC-01 0.50 critical\nbecause full: be2 (a.fuller)\nbecause grows: 5 GB a day (a.grows)\n"
      "explains be2\nexplains be1\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "an alternative that is unknown keeps the question open", &disk,
      "a.full|ok\na.fuller|timeout\na.fullest|ok\n" GROWS CALM, "" },
    { "an alternative is not needed when the check holds", &disk,
      "a.full|warning|be1\na.fuller|timeout\na.fullest|ok\n" GROWS CALM,
      "RC-01 0.50 warning\nbecause full: be1 (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "explains be1\nexplains 5 GB a day\n" EMPTY_STEPS },

    { "each supporting signal adds a tenth", &disk,
      "a.full|critical|m\n" OTHERS GROWS
      "b.s1|info|s1\nb.s2|info|s2\nb.s3|ok\nb.s4|ok\nb.s5|ok\nb.s6|ok\nc.veto|ok\nc.trash|ok\n"
      "c.logs|ok\nd.skew|na\nd.bin|na\nd.bin2|na\n",
      "RC-01 0.70 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "because s1 (b.s1)\nbecause s2 (b.s2)\nexplains m\nexplains 5 GB a day\nexplains s1\n"
      "explains s2\n" EMPTY_STEPS },
    { "nothing is surer than 0.95", &disk,
      "a.full|critical|m\n" OTHERS GROWS
      "b.s1|info|s1\nb.s2|info|s2\nb.s3|info|s3\nb.s4|info|s4\nb.s5|info|s5\nb.s6|info|s6\n"
      "c.veto|ok\nc.trash|ok\nc.logs|ok\nd.skew|na\nd.bin|na\nd.bin2|na\n",
      "RC-01 0.95 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "because s1 (b.s1)\nbecause s2 (b.s2)\nbecause s3 (b.s3)\nbecause s4 (b.s4)\n"
      "because s5 (b.s5)\nbecause s6 (b.s6)\nexplains m\nexplains 5 GB a day\nexplains s1\n"
      "explains s2\nexplains s3\nexplains s4\nexplains s5\nexplains s6\n" EMPTY_STEPS },
    { "a supporting signal that is unknown is neither", &disk,
      "a.full|critical|m\n" OTHERS GROWS
      "b.s1|denied|needs SELECT\nb.s2|timeout\nb.s3|ok\nb.s4|ok\nb.s5|ok\nc.veto|ok\nc.trash|ok\n"
      "c.logs|ok\nd.skew|na\nd.bin|na\nd.bin2|na\n",
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "unknown b.s1: needs SELECT (b.s1)\nunknown b.s2: timeout (b.s2)\n"
      "unknown b.s6: not part of this run (b.s6)\nexplains m\nexplains 5 GB a day\n" EMPTY_STEPS },

    { "a contradiction costs two tenths and is told", &disk,
      "c.trash|warning|40 GB\na.full|critical|m\n" OTHERS GROWS
      "b.s1|ok\nb.s2|ok\nb.s3|ok\nb.s4|ok\nb.s5|ok\nb.s6|ok\nc.veto|ok\nc.logs|ok\nd.skew|na\n"
      "d.bin|na\nd.bin2|na\n",
      "RC-01 0.30 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "against but trash dominates: 40 GB (c.trash)\nexplains m\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "below 0.3 nothing is said", &disk,
      "c.trash|warning|40 GB\nc.logs|warning|9 GB\na.full|critical|m\n" OTHERS GROWS CALM, "" },
    { "below its level a contradiction is none", &disk,
      "c.trash|info|1 GB\na.full|critical|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "explains m\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "contradictions count after the ceiling", &disk,
      "c.trash|warning|40 GB\na.full|critical|m\n" OTHERS GROWS
      "b.s1|info|s\nb.s2|info|s\nb.s3|info|s\nb.s4|info|s\nb.s5|info|s\nb.s6|info|s\n"
      "c.veto|ok\nc.logs|ok\nd.skew|na\nd.bin|na\nd.bin2|na\n",
      "RC-01 0.75 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "because s (b.s1)\nbecause s (b.s2)\nbecause s (b.s3)\nbecause s (b.s4)\nbecause s (b.s5)\n"
      "because s (b.s6)\nagainst but trash dominates: 40 GB (c.trash)\nexplains m\n"
      "explains 5 GB a day\nexplains s\nexplains s\nexplains s\nexplains s\nexplains s\n"
      "explains s\n" EMPTY_STEPS },
    { "a veto ends it", &disk, "c.veto|warning|v\na.full|critical|m\n" OTHERS GROWS CALM, "" },
    { "a contradiction that is unknown is told", &disk,
      "c.veto|timeout\nc.logs|denied|needs OPERATE\na.full|critical|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "unknown c.veto: timeout (c.veto)\nunknown c.logs: needs OPERATE (c.logs)\n"
      "explains m\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "a veto below its level does not", &disk,
      "c.veto|info|v\na.full|critical|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "explains m\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "a competitor that was looked at is ruled out with what was measured", &disk,
      "d.skew|ok|BEs differ by 3.4 points\nd.bin|ok\nd.bin2|ok|bin is empty\n"
      "a.full|critical|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "against uneven distribution: BEs differ by 3.4 points (d.skew)\n"
      "against dropped: nothing found (d.bin)\nexplains m\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "below its level a competitor is ruled out with its finding", &disk,
      "d.bin|info|1 table\nd.bin2|na\na.full|critical|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "against dropped: 1 table (d.bin)\nexplains m\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "a competitor that holds is not ruled out", &disk,
      "d.skew|warning|be1 is fuller\na.full|critical|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "explains m\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "a competitor that is unknown is not ruled out", &disk,
      "d.skew|denied|needs OPERATE\na.full|critical|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "unknown d.skew: needs OPERATE (d.skew)\nexplains m\nexplains 5 GB a day\n" EMPTY_STEPS },
    { "a competitor that was seen only in part is not ruled out", &disk,
      "d.bin|info|1 table|?denied=not all databases\nd.bin2|ok\na.full|critical|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "unknown d.bin: not all databases (d.bin)\nexplains m\nexplains 5 GB a day\n" EMPTY_STEPS },

    { "steps are filled from the finding they name", &disk,
      "a.full|warning|m|backend=be1|id=10004\n" OTHERS GROWS
      "b.s1|info|s|table=`d`.`t`|partition=`p1`\nb.s2|ok\nb.s3|ok\nb.s4|ok\nb.s5|ok\nb.s6|ok\n" CALM,
      "RC-01 0.60 warning\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "because s (b.s1)\nexplains m\nexplains 5 GB a day\nexplains s\n"
      "now: pause the loader of `d`.`t` [safe] -\n"
      "then: drop partitions of `d`.`t` [risky] ALTER TABLE `d`.`t` DROP PARTITION `p1`;\n"
      "later: look at be1 [safe] SHOW PROC '/backends/10004';\n" },
    { "half a statement is not printed", &disk,
      "a.full|warning|m|backend=be1\n" OTHERS GROWS "b.s1|info|s|table=`d`.`t`\n" CALM,
      "RC-01 0.60 warning\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "because s (b.s1)\nexplains m\nexplains 5 GB a day\nexplains s\n"
      "now: pause the loader of `d`.`t` [safe] -\nthen: drop partitions of `d`.`t` [risky] -\n"
      "later: look at be1 [safe] -\n" },
    { "braces in a name are no placeholder", &disk,
      "a.full|warning|a {table}|backend={id}|id=1\n" OTHERS GROWS
      "b.s1|info|s|table=`{partition}`|partition=`{x}`\n" CALM,
      "RC-01 0.60 warning\nbecause full: a {table} (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "because s (b.s1)\nexplains a {table}\nexplains 5 GB a day\nexplains s\n"
      "now: pause the loader of `{partition}` [safe] -\n"
      "then: drop partitions of `{partition}` [risky] ALTER TABLE `{partition}` DROP PARTITION `{x}`;\n"
      "later: look at {id} [safe] SHOW PROC '/backends/1';\n" },

    { "further findings are explained, worst first", &disk,
      "e.loads|critical|3 loads refused\ne.loads|info|1 load slow\ne.more|warning|w\n"
      "a.full|warning|m\n" OTHERS GROWS CALM,
      "RC-01 0.50 critical\nbecause full: m (a.full)\nbecause grows: 5 GB a day (a.grows)\n"
      "explains 3 loads refused\nexplains w\nexplains m\nexplains 1 load slow\n"
      "explains 5 GB a day\n" EMPTY_STEPS },

    { "what is unknown is told once", &twice, "a.full|info|m\nd.skew|denied|needs OPERATE\n",
      "RC-60 0.50 info\nbecause m (a.full)\nunknown d.skew: needs OPERATE (d.skew)\nexplains m\n" },
    { "an own test holds", &tested, "a.full|warning|x\na.full|warning|y\n",
      "RC-02 0.60 warning\nbecause two are full (-)\nbecause x (a.full)\nbecause again: x (a.full)\n"
      "explains x\nexplains y\n" },
    { "an own test does not hold", &tested, "a.full|warning|x\n", "" },
    { "an own test does not know", &tested, "a.full|denied\n", "" },
    { "only findings with the field count, speak and are explained", &narrowed,
      "a.full|critical|memory|class=memory|label=m\na.full|warning|disk|class=disk|label=d\nb.s1|ok\n",
      "RC-70 0.50 warning\nbecause disk d (a.full)\nexplains disk\n" },
    { "other findings of the check do not hold", &narrowed, "a.full|critical|memory|class=memory\nb.s1|ok\n", "" },
    { "nor does one below the level", &narrowed, "a.full|critical|memory|class=memory\na.full|info|disk|class=disk\nb.s1|ok\n", "" },
    { "the field is not asked of alternatives", &narrowed, "a.full|warning|disk|class=disks\nb.s1|warning|other\n",
      "RC-70 0.50 warning\nbecause other <label> (b.s1)\nexplains other\n" },
    { "what was seen in part leaves it open", &narrowed, "a.full|critical|memory|class=memory|?denied=x\nb.s1|ok\n", "" },
    { "a cause of the other run mode is none", &lake, "a.full|warning|x\n", "" },
};
/* clang-format on */

static void test_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct fixture *x = fixture_of(row->results, arena);
    const struct srd_cause *const causes[] = { row->cause, NULL };
    const struct srd_cause_match *matches;
    size_t count = srd_causes_match(causes, &x->results, arena, &matches);

    assert_string_equal(tell(matches, count, arena), row->want);
}

/* Worse first, then surer, then by id, with numbers as numbers. */
static void test_order(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct fixture *x = fixture_of("a.full|warning|m\nb.s1|info|s\nz.worst|critical|c\n", arena);
    const struct srd_cause *const causes[] = { &tenth, &sure, &ninth, &heavy, NULL };
    const struct srd_cause_match *m;

    (void)state;
    assert_int_equal(srd_causes_match(causes, &x->results, arena, &m), 4);
    assert_string_equal(m[0].cause->id, "RC-99");
    assert_string_equal(m[1].cause->id, "RC-50");
    assert_string_equal(m[2].cause->id, "RC-9");
    assert_string_equal(m[3].cause->id, "RC-10");
}

/* A mode that is not known excludes nothing. */
static void test_mode(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct fixture *x = fixture_of("a.full|warning|m\n", arena);
    const struct srd_cause *const causes[] = { &lake, NULL };
    const struct srd_cause_match *m;

    (void)state;
    x->ev.cluster.mode = SRD_MODE_ANY;
    assert_int_equal(srd_causes_match(causes, &x->results, arena, &m), 1);
    x->ev.cluster.mode = SRD_MODE_SHARED_DATA;
    assert_int_equal(srd_causes_match(causes, &x->results, arena, &m), 1);
}

static void test_nothing(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct fixture *x = fixture_of("", arena);
    const struct srd_cause *const none[] = { NULL }, *const all[] = { &disk, &tested, NULL };
    const struct srd_cause_match *m;

    (void)state;
    assert_int_equal(srd_causes_match(none, &x->results, arena, &m), 0);
    assert_int_equal(srd_causes_match(NULL, &x->results, arena, &m), 0);
    assert_int_equal(srd_causes_match(all, &x->results, arena, &m), 0);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        { .name = "worse causes come first, then surer ones", .test_func = test_order },
        { .name = "an unknown run mode excludes no cause", .test_func = test_mode },
        { .name = "no results speak for nothing", .test_func = test_nothing },
    };
    static struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(others)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, test_row);
    memcpy(tests + n, others, sizeof(others));
    return cmocka_run_group_tests_name("causes", tests, NULL, NULL);
}
