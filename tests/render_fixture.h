#ifndef SRD_TESTS_RENDER_FIXTURE_H
#define SRD_TESTS_RENDER_FIXTURE_H

#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"
#include "lib/render/render.h"

/*
 * Reports and views made by hand over a catalogue of their own, in which everything happens that a
 * renderer must be able to say. The same values every time. (For test_render.c and fuzz_render.c.)
 */
#define FIXTURE __attribute__((unused)) static
#define FIXTURE_NOW INT64_C(1768874400000) /* 2026-01-20T02:00:00Z */
#define FIXTURE_SQL "ALTER TABLE `dwd`.`events` DROP PARTITION `p20220121`;"

/* ESC sequences, a line break, a bidi override, a zero-width space, DEL, a broken byte. */
#define FIXTURE_EVIL                                                                               \
    "ev\033[31mil\n\xe2\x80\xae"                                                                   \
    "gpj\xe2\x80\x8b"                                                                              \
    "\x7f\xff"                                                                                     \
    "|`<b>"
#define FIXTURE_LONG                                                                               \
    "12345678901234567890.a_table_whose_name_is_longer_than_a_terminal_has_room_for_in_one_column"
#define FIXTURE_CJK "订单_明细表"

/* Nothing in it acts on a terminal or hides from the eye; lines may break. */
FIXTURE bool fixture_is_harmless(const char *text, size_t n)
{
    /* C1 controls, bidi controls, zero-width characters, line separators: as UTF-8 */
    static const char *const bad[] = { "\xc2\x85",     "\xc2\x9b",     "\xe2\x80\x8b",
                                       "\xe2\x80\x8e", "\xe2\x80\xa8", "\xe2\x80\xae",
                                       "\xe2\x81\xa6", "\xef\xbb\xbf", "\xf3\xa0\x80\x81" };

    for (size_t i = 0; i < n; i++)
        if (((unsigned char)text[i] < 0x20 && !strchr("\n\r", text[i])) || text[i] == 0x7f)
            return false;
    for (size_t i = 0; i < SRD_COUNT(bad); i++)
        if (strstr(text, bad[i]))
            return false;
    return srd_utf8_valid(text, n);
}

/* ---- the catalogue ---- */

FIXTURE void fixture_judge(const struct srd_evidence *ev, struct srd_findings *out)
{
    (void)ev;
    (void)out;
}

FIXTURE const struct srd_probe fixture_disks = { .id = "backend-disks",
                                                 .privilege = "OPERATE",
                                                 .private_columns = "Stmt Query" };
FIXTURE const struct srd_probe fixture_parts = { .id = "partitions-by-size" };

#define FIXTURE_CHECK(variable, id_, worst_, ...)                                                  \
    FIXTURE const struct srd_check variable = {                                                    \
        .id = id_, .worst = worst_, .judge = fixture_judge, __VA_ARGS__                            \
    }

FIXTURE_CHECK(fixture_hard, "storage.disk-hard-limit", SRD_CRITICAL, .needs = { &fixture_disks },
              .see = "storage.disk-soft-limit RC-01",
              .fix = { { .text = "Free space on {disk} first" },
                       { "Drop what is beyond your retention",
                         "ALTER TABLE {table} DROP PARTITION {partition};", SRD_RISKY } });
FIXTURE_CHECK(fixture_tablets, "storage.tablet-count-per-node", SRD_WARNING,
              .needs = { &fixture_parts },
              .fix = {
                  { "Merge small partitions of {table}", "ALTER TABLE {table} MERGE;", SRD_RISKY },
                  { .text = "Give new tables fewer buckets" } });
FIXTURE_CHECK(fixture_retention, "storage.no-retention", SRD_WARNING,
              .fix = { { "Give the table a retention", "ALTER TABLE {table} SET ({unknown});",
                         SRD_SAFE } });
FIXTURE_CHECK(fixture_names, "storage.names", SRD_INFO, .see = "");
FIXTURE_CHECK(fixture_skew, "storage.disk-skew-backends", SRD_WARNING, .see = NULL);
FIXTURE_CHECK(fixture_denied, "storage.replica-version-lag", SRD_CRITICAL,
              .needs = { &fixture_disks });
FIXTURE_CHECK(fixture_denied_too, "storage.tablet-unhealthy", SRD_CRITICAL,
              .needs = { &fixture_disks });
FIXTURE_CHECK(fixture_slow, "storage.tablet-too-large", SRD_INFO, .needs = { &fixture_parts });
FIXTURE_CHECK(fixture_failed, "storage.recycle-bin", SRD_INFO, .needs = { &fixture_parts });
FIXTURE_CHECK(fixture_old, "storage.lake-vacuum-stalled", SRD_INFO, .since = 30500);
FIXTURE_CHECK(fixture_nobody, "storage.pk-index-memory", SRD_INFO, .outage = false);
FIXTURE_CHECK(fixture_skipped, "storage.partition-count", SRD_INFO, .outage = false);
FIXTURE_CHECK(fixture_lake, "storage.lake-throttled", SRD_CRITICAL, .mode = SRD_MODE_SHARED_DATA);
FIXTURE const struct srd_check fixture_eta = { .id = "storage.disk-eta",
                                               .worst = SRD_CRITICAL,
                                               .kind = SRD_DELTA };
FIXTURE const struct srd_check fixture_trend = { .id = "storage.growth",
                                                 .worst = SRD_WARNING,
                                                 .kind = SRD_HISTORY };
FIXTURE const struct srd_check fixture_blocked = {
    .id = "storage.single-replica",
    .worst = SRD_WARNING,
    .blocked = "the answer does not say which table a tablet belongs to"
};

FIXTURE const struct srd_check *const fixture_checks[] = {
    &fixture_hard,
    &fixture_tablets,
    &fixture_retention,
    &fixture_names,
    &fixture_skew,
    &fixture_denied,
    &fixture_denied_too,
    &fixture_slow,
    &fixture_failed,
    &fixture_old,
    &fixture_nobody,
    &fixture_skipped,
    &fixture_lake,
    &fixture_eta,
    &fixture_trend,
    &fixture_blocked,
    NULL,
};

FIXTURE const struct srd_view fixture_view_disks = {
    .name = "disks",
    .tool = "get_disk_usage",
    .summary = "disks of all backends",
    .needs = { &fixture_disks },
    .args = { { .name = "limit", .tool = "limit", .type = SRD_ARG_INTEGER },
              { .name = "order", .tool = "orderBy", .type = SRD_ARG_ENUM, .values = "used free" } },
    .columns = { { "backend_id", "backend", SRD_UNIT_ID, false, NULL },
                 { "table", "table", SRD_UNIT_TEXT, false, NULL },
                 { "tablets", "tablets", SRD_UNIT_COUNT, false, NULL },
                 { "total_bytes", "total", SRD_UNIT_BYTES, false, NULL },
                 { "used_percent", "used", SRD_UNIT_PERCENT, false, NULL },
                 { "online", "online", SRD_UNIT_BOOL, false, NULL },
                 { "lag_ms", "lag", SRD_UNIT_MS, true, NULL },
                 { "skew_ratio", "skew", SRD_UNIT_RATIO, true, NULL },
                 { "distance_points", "distance", SRD_UNIT_POINTS, true, NULL },
                 { "reported_at", "reported", SRD_UNIT_TIME, true, NULL } },
    .next = "srdiag storage tablets | srdiag explain storage.disk-hard-limit",
};
FIXTURE const struct srd_view *const fixture_views[] = { &fixture_view_disks, NULL };
FIXTURE const struct srd_check *const *const fixture_check_groups[] = { fixture_checks, NULL };
FIXTURE const struct srd_view *const *const fixture_view_groups[] = { fixture_views, NULL };

FIXTURE const struct srd_expert fixture_storage = { .name = "storage",
                                                    .tool = "analyze_storage_health",
                                                    .area = "storage",
                                                    .checks = fixture_check_groups,
                                                    .views = fixture_view_groups };
FIXTURE const struct srd_expert fixture_compaction = { .name = "compaction",
                                                       .area = "compaction" };
FIXTURE const struct srd_expert *const fixture_all[] = { &fixture_storage, &fixture_compaction,
                                                         NULL };
FIXTURE const struct srd_expert *const fixture_one[] = { &fixture_storage, NULL };

FIXTURE const struct srd_cause fixture_rc01 = {
    .id = "RC-01", .title = "Disks fill up: data grows and nothing expires"
};
FIXTURE const struct srd_cause fixture_rc14 = { .id = "RC-14",
                                                .title = "Data lies unevenly on the backends" };
FIXTURE const struct srd_catalogue fixture_catalogue = { .version = "1", .experts = fixture_all };

/* ---- evidence ---- */

FIXTURE const struct srd_table *fixture_table(struct srd_arena *arena, const char *evil)
{
    static const char *const names[] = {
        "BackendId", "IP", "UsedPct", "ErrMsg", "Stmt", "usedpct"
    };
    struct srd_table *table = srd_table_new(arena, names, SRD_COUNT(names));
    const char *const rows[][SRD_COUNT(names)] = {
        { "10004", "10.0.1.11", "96.52 %", NULL, "LOAD ... password=s3cret", "again" },
        { "10005", "10.0.1.12", "93.75 %", evil, "SELECT 1", "again" },
    };
    struct srd_error err;

    for (size_t i = 0; i < SRD_COUNT(rows); i++)
        srd_table_add(table, rows[i], NULL, SRD_COUNT(names), &err);
    return table;
}

FIXTURE struct srd_evidence *fixture_evidence(struct srd_arena *arena, const char *evil)
{
    struct srd_evidence *ev = srd_evidence_new(arena);

    ev->cluster = (struct srd_cluster){
        .name = "prod-bj",
        .version_text = "3.3.9",
        .version = 30309,
        .mode = SRD_MODE_SHARED_NOTHING,
        .leader = "fe1:9030",
        .connected = "fe2:9030",
        .frontends = 3,
        .frontends_alive = 3,
        .backends = 6,
        .backends_alive = 5,
        .clock_known = true,
        .now_ms = FIXTURE_NOW,
    };
    srd_evidence_add(ev, &(struct srd_answer){ .probe = &fixture_disks,
                                               .node = "fe1:9030",
                                               .key = "10004",
                                               .status = SRD_ANSWERED,
                                               .detail = "",
                                               .table = fixture_table(arena, evil),
                                               .ms = 12 });
    srd_evidence_add(ev, &(struct srd_answer){ .probe = &fixture_parts,
                                               .node = "",
                                               .key = "",
                                               .status = SRD_TIMED_OUT,
                                               .detail = "no answer within 30 s",
                                               .ms = 30000 });
    return ev;
}

/* ---- findings and results ---- */

struct fixture_maker {
    struct srd_arena *arena;
    struct srd_report *report;
    struct srd_result *results;
    struct srd_finding **findings;
};

FIXTURE struct fixture_maker fixture_begin(struct srd_arena *arena, const char *evil)
{
    struct fixture_maker m = {
        .arena = arena,
        .report = srd_arena_alloc(arena, sizeof(struct srd_report)),
        .results = srd_arena_array(arena, 32, sizeof(struct srd_result)),
        .findings = srd_arena_array(arena, 32, sizeof(struct srd_finding *)),
    };

    *m.report = (struct srd_report){
        .source = { .kind = "live", .where = "fe2:9030", .user = "monitor" },
        .tool_version = "0.1.0",
        .catalogue_version = "1",
        .started_at_ms = FIXTURE_NOW + 1234,
        .duration_ms = 2345,
        .ev = fixture_evidence(arena, evil),
        .catalogue = &fixture_catalogue,
        .experts = fixture_all,
        .results = m.results,
        .findings = m.findings,
    };
    return m;
}

/* The next finding of @check, whose result comes with its first one. Worst first, please. */
FIXTURE struct srd_finding *fixture_find(struct fixture_maker *m, const struct srd_check *check,
                                         enum srd_severity severity, const char *name,
                                         const char *message)
{
    struct srd_finding *f = srd_arena_alloc(m->arena, sizeof(*f));
    struct srd_result *result = m->results;

    *f = (struct srd_finding){ .check = check,
                               .severity = severity,
                               .subject = { "table", name },
                               .message = message,
                               .share = 0.5 };
    while (result->check && result->check != check)
        result++;
    if (!result->check) {
        *result = (struct srd_result){ .check = check, .severity = severity, .detail = "" };
        result->findings = srd_arena_array(m->arena, 16, sizeof(struct srd_finding *));
        m->report->result_count++;
    }
    result->findings[result->finding_count++] = f;
    m->findings[m->report->finding_count++] = f;
    if (severity > m->report->worst)
        m->report->worst = severity;
    return f;
}

FIXTURE void fixture_miss(struct fixture_maker *m, const struct srd_check *check,
                          enum srd_status status, const char *detail)
{
    m->results[m->report->result_count++] = (struct srd_result){
        .check = check,
        .verdict = status == SRD_MODE_ABSENT ? SRD_NOT_APPLICABLE : SRD_NOT_CHECKED,
        .status = status,
        .detail = detail,
    };
}

FIXTURE void fixture_fine_check(struct fixture_maker *m, const struct srd_check *check)
{
    m->results[m->report->result_count++] = (struct srd_result){ .check = check, .detail = "" };
}

FIXTURE void fixture_gaps(struct fixture_maker *m)
{
    fixture_miss(m, &fixture_denied, SRD_DENIED, "probe backend-disks: OPERATE is missing");
    fixture_miss(m, &fixture_denied_too, SRD_DENIED, "probe backend-disks: OPERATE is missing");
    fixture_miss(m, &fixture_slow, SRD_TIMED_OUT,
                 "probe partitions-by-size: no answer within 30 s");
    fixture_miss(m, &fixture_failed, SRD_FAILED, "probe recycle-bin: " FIXTURE_EVIL);
    fixture_miss(m, &fixture_old, SRD_VERSION_ABSENT,
                 "needs StarRocks 3.5.0 or later, this is 3.3.9");
    fixture_miss(m, &fixture_nobody, SRD_NO_BACKEND, "probe be-memory: no backend is alive");
    fixture_miss(m, &fixture_skipped, SRD_SKIPPED, "the FE waits for locks");
    fixture_miss(m, &fixture_lake, SRD_MODE_ABSENT, "only for shared-data clusters");
    fixture_miss(m, &fixture_eta, SRD_NEEDS_HISTORY, "needs two samples");
    fixture_miss(m, &fixture_trend, SRD_NEEDS_HISTORY, "needs stored earlier runs");
    fixture_miss(m, &fixture_blocked, SRD_SKIPPED, fixture_blocked.blocked);
}

/* ---- reports ---- */

FIXTURE const char *fixture_long_text(struct srd_arena *arena)
{
    char *text = srd_arena_alloc(arena, 2048);

    for (size_t i = 0; i < 60; i++)
        strcat(text, i % 7 ? "word " : "a_rather_long_identifier_of_a_column ");
    return text;
}

FIXTURE void fixture_critical(struct fixture_maker *m)
{
    struct srd_finding *f = fixture_find(m, &fixture_hard, SRD_CRITICAL, "be1 /data1",
                                         "be1 /data1 is 96.5 % full, 71.3 GB left");

    f->subject.kind = "disk";
    f->value = 96.52;
    f->unit = SRD_UNIT_PERCENT;
    f->limit = (struct srd_limit){ 95, SRD_UNIT_PERCENT,
                                   "storage_usage_hard_limit_percent of the cluster" };
    f->fields[0] = (struct srd_field){ "disk", "be1 /data1" };
    f->fields[1] = (struct srd_field){ "table", "`dwd`.`events`" };
    f->fields[2] = (struct srd_field){ "partition", "`p20220121`" };
    f->probe = &fixture_disks;
    f->table = m->report->ev->answers[0].table;
    f->table_row_count = 2;
    f->table_rows[1] = 1;
}

FIXTURE void fixture_warnings(struct fixture_maker *m)
{
    for (int i = 1; i <= 7; i++) {
        const char *name = srd_arena_printf(m->arena, "be%d", i);
        struct srd_finding *f =
            fixture_find(m, &fixture_tablets, SRD_WARNING, name,
                         srd_arena_printf(m->arena, "%s holds 3%d,144 tablets", name, i));

        f->value = 30144 + i * 1000;
        f->unit = SRD_UNIT_COUNT;
        f->limit = (struct srd_limit){ 25000, SRD_UNIT_COUNT, "catalogue" };
        f->fields[0] = (struct srd_field){ "table", i == 3 ? "`a`.`other`" : "`a`.`b`" };
        f->follower = i == 2;
    }
    m->results[1].status = SRD_TIMED_OUT; /* judged, but not to the end */
    m->results[1].detail = "3 of 6 backends did not answer";
    fixture_find(m, &fixture_retention, SRD_WARNING, "dwd.events",
                 "dwd.events keeps 1,460 daily partitions");
    fixture_find(m, &fixture_skew, SRD_WARNING, FIXTURE_EVIL, fixture_long_text(m->arena));
}

FIXTURE void fixture_infos(struct fixture_maker *m)
{
    struct srd_finding *f;

    fixture_find(m, &fixture_names, SRD_INFO, FIXTURE_CJK,
                 "表 " FIXTURE_CJK
                 " 的名称包含非拉丁字符，因此在某些终端上无法正确显示，请考虑改名以便于复制和粘贴");
    fixture_find(m, &fixture_names, SRD_INFO, FIXTURE_EVIL, "bad name: " FIXTURE_EVIL);
    f = fixture_find(m, &fixture_names, SRD_INFO, "=cmd|'/c calc'!A1", "- 1. # a huge number");
    f->value = 1e300;
    f->unit = SRD_UNIT_COUNT;
    f->limit = (struct srd_limit){ 1.0 / 3, SRD_UNIT_RATIO, "--set" };
    f = fixture_find(m, &fixture_names, SRD_INFO, "tablet", "an id beyond what a double holds");
    f->value = 18014398509481984.0;
    f->unit = SRD_UNIT_ID;
    f->limit = (struct srd_limit){ (double)FIXTURE_NOW, SRD_UNIT_TIME, "catalogue" };
}

FIXTURE void fixture_causes(struct fixture_maker *m)
{
    struct srd_cause_match *causes = srd_arena_array(m->arena, 2, sizeof(*causes));
    struct srd_finding *const *f = m->findings;
    struct srd_cause_match *a = &causes[0], *b = &causes[1];

    *a = (struct srd_cause_match){
        .cause = &fixture_rc01,
        .confidence = 0.8,
        .severity = SRD_CRITICAL,
        .because = { { f[0]->message, "storage.disk-hard-limit" },
                     { "dwd.events keeps 1,460 daily partitions", "storage.no-retention" } },
        .because_count = 2,
        .against = { { "uneven distribution: fullest and emptiest BE differ by 3.4 points",
                       "storage.disk-skew-backends" },
                     { "but trash holds 12 % of the space", "storage.recycle-bin" } },
        .against_count = 2,
        .unknown = { { "storage.disk-eta: needs two samples", "storage.disk-eta" },
                     { "not known: whether it grew", NULL } },
        .unknown_count = 2,
        .explained = srd_arena_array(m->arena, 3, sizeof(struct srd_finding *)),
        .steps = { { .text = "pause the largest loader of dwd.events" },
                   { "drop partitions beyond your retention", FIXTURE_SQL, SRD_RISKY },
                   { "give the table a retention",
                     "ALTER TABLE `dwd`.`events` SET (\"partition_live_number\" = \"400\");",
                     SRD_SAFE } },
        .step_when = { "now", "then", "later" },
    };
    a->explained[a->explained_count++] = f[0];
    a->explained[a->explained_count++] = f[8];
    *b = (struct srd_cause_match){
        .cause = &fixture_rc14,
        .confidence = 0.4,
        .severity = SRD_WARNING,
        .because = { { "one BE is full", "storage.disk-skew-backends" } },
        .because_count = 1,
        .explained = srd_arena_array(m->arena, 2, sizeof(struct srd_finding *)),
    };
    b->explained[b->explained_count++] = f[9];
    m->report->causes = causes;
    m->report->cause_count = 2;
}

FIXTURE struct srd_report *fixture_everything(struct srd_arena *arena)
{
    static const struct srd_score_part parts[] = {
        { "storage", &fixture_hard, 31.5, "critical" },
        { "storage", &fixture_retention, 0, "covered by storage.disk-hard-limit" },
        { "storage", NULL, 34.5, "limited to 39 because of storage.disk-hard-limit" },
    };
    struct fixture_maker m = fixture_begin(arena, FIXTURE_EVIL);
    struct srd_evidence *ev = fixture_evidence(arena, FIXTURE_EVIL);

    ev->cluster.follower = true;
    m.report->ev = ev;
    fixture_critical(&m);
    fixture_warnings(&m);
    fixture_infos(&m);
    fixture_causes(&m);
    fixture_gaps(&m);
    m.report->partial = true;
    m.report->score = (struct srd_score){ .known = true,
                                          .value = 34,
                                          .low = 21,
                                          .high = 34,
                                          .confidence = 0.82,
                                          .band = "emergency",
                                          .parts = parts,
                                          .part_count = SRD_COUNT(parts) };
    return m.report;
}

FIXTURE struct srd_report *fixture_insufficient(struct srd_arena *arena)
{
    struct fixture_maker m = fixture_begin(arena, "");
    struct srd_evidence *ev = srd_evidence_new(arena);

    ev->cluster = m.report->ev->cluster;
    srd_evidence_add(ev, &(struct srd_answer){ .probe = &fixture_disks,
                                               .node = "fe1:9030",
                                               .key = "",
                                               .status = SRD_DENIED,
                                               .detail = "OPERATE is missing" });
    m.report->ev = ev;
    m.report->experts = fixture_one;
    fixture_fine_check(&m, &fixture_names);
    fixture_miss(&m, &fixture_denied, SRD_DENIED, "probe backend-disks: OPERATE is missing");
    fixture_miss(&m, &fixture_denied_too, SRD_DENIED, "probe backend-disks: OPERATE is missing");
    m.report->score = (struct srd_score){ .known = true,
                                          .value = 100,
                                          .low = 41,
                                          .high = 100,
                                          .confidence = 0.499,
                                          .band = "good",
                                          .insufficient = true };
    return m.report;
}

FIXTURE struct srd_report *fixture_fine(struct srd_arena *arena)
{
    struct fixture_maker m = fixture_begin(arena, "");
    struct srd_evidence *ev = srd_evidence_new(arena);

    ev->cluster = (struct srd_cluster){ .name = "",
                                        .version_text = "4.0.1",
                                        .mode = SRD_MODE_SHARED_DATA,
                                        .connected = "fe1:9030",
                                        .leader = "fe1:9030",
                                        .frontends = 1,
                                        .frontends_alive = 1,
                                        .compute_nodes = 4,
                                        .compute_nodes_alive = 4 };
    m.report->ev = ev;
    m.report->source = (struct srd_source_info){ .kind = "snapshot",
                                                 .where = "case " FIXTURE_EVIL ".srd",
                                                 .user = "",
                                                 .taken_at_ms = FIXTURE_NOW };
    fixture_fine_check(&m, &fixture_names);
    fixture_fine_check(&m, &fixture_hard);
    m.report->score = (struct srd_score){
        .known = true, .value = 100, .low = 100, .high = 100, .confidence = 1, .band = "good"
    };
    return m.report;
}

FIXTURE struct srd_report *fixture_unknown(struct srd_arena *arena)
{
    struct fixture_maker m = fixture_begin(arena, "");
    struct srd_evidence *ev = srd_evidence_new(arena);

    ev->cluster.connected = "fe1:9030";
    m.report->ev = ev;
    m.report->source = (struct srd_source_info){ .kind = "demo", .taken_at_ms = FIXTURE_NOW };
    fixture_miss(&m, &fixture_failed, SRD_FAILED, NULL);
    m.report->score = (struct srd_score){ .band = "unknown", .insufficient = true };
    return m.report;
}

/* One finding and one cause that say @text wherever a cluster's text can stand. */
FIXTURE struct srd_report *fixture_report_of(struct srd_arena *arena, const char *text)
{
    struct fixture_maker m = fixture_begin(arena, text);
    struct srd_evidence *ev = fixture_evidence(arena, text);
    struct srd_cause_match *match = srd_arena_alloc(arena, sizeof(*match));
    struct srd_finding *f;

    ev->cluster.name = ev->cluster.version_text = ev->cluster.leader = text;
    ev->answers[0].node = ev->answers[0].key = text;
    m.report->ev = ev;
    m.report->source.where = m.report->source.user = text;
    f = fixture_find(&m, &fixture_hard, SRD_CRITICAL, text, text);
    f->limit = (struct srd_limit){ 1, SRD_UNIT_COUNT, text };
    f->fields[0] = (struct srd_field){ "disk", text };
    f->fields[1] = (struct srd_field){ "table", text };
    f->fields[2] = (struct srd_field){ "partition", text };
    f->probe = &fixture_disks;
    f->table = ev->answers[0].table;
    f->table_row_count = 2;
    f->table_rows[1] = 1;
    fixture_find(&m, &fixture_tablets, SRD_WARNING, text, text);
    fixture_miss(&m, &fixture_failed, SRD_FAILED, text);
    *match = (struct srd_cause_match){
        .cause = &fixture_rc01,
        .confidence = 0.9,
        .severity = SRD_CRITICAL,
        .because = { { text, "storage.disk-hard-limit" } },
        .because_count = 1,
        .against = { { text, "storage.disk-skew-backends" } },
        .against_count = 1,
        .unknown = { { text, NULL } },
        .unknown_count = 1,
        .steps = { { text, text, SRD_RISKY } },
        .step_when = { "now" },
    };
    match->explained = srd_arena_array(arena, 1, sizeof(struct srd_finding *));
    match->explained[match->explained_count++] = f;
    m.report->causes = match;
    m.report->cause_count = 1;
    m.report->score = (struct srd_score){ .known = true, .band = "emergency" };
    return m.report;
}

/* ---- views ---- */

FIXTURE struct srd_view_report *fixture_view_begin(struct srd_arena *arena, struct srd_rows **rows)
{
    static const struct srd_arg_value args[] = { { .number = 100 },
                                                 { .text = "used", .given = true } };
    struct srd_view_report *report = srd_arena_alloc(arena, sizeof(*report));

    *rows = srd_arena_alloc(arena, sizeof(**rows));
    (*rows)->arena = arena;
    (*rows)->view = &fixture_view_disks;
    *report = (struct srd_view_report){
        .source = { .kind = "live", .where = "fe2:9030", .user = "monitor" },
        .tool_version = "0.1.0",
        .started_at_ms = FIXTURE_NOW,
        .duration_ms = 12,
        .ev = fixture_evidence(arena, ""),
        .expert = &fixture_storage,
        .view = &fixture_view_disks,
        .args = args,
        .rows = *rows,
        .status = SRD_ANSWERED,
        .detail = "",
    };
    return report;
}

FIXTURE struct srd_view_report *fixture_view(struct srd_arena *arena)
{
    static const char *const names[] = {
        "dwd.events", FIXTURE_CJK, FIXTURE_EVIL, "=HYPERLINK(\"x\")",
        "a,b\"c",     "\tTAB",     "-1",         FIXTURE_LONG,
    };
    struct srd_rows *rows;
    struct srd_view_report *report = fixture_view_begin(arena, &rows);

    for (size_t i = 0; i < SRD_COUNT(names); i++) {
        srd_rows_add(rows);
        srd_put_id(rows, "backend_id", i == 1 ? "9223372036854775807" : "10004");
        srd_put_text(rows, "table", names[i]);
        srd_put_number(rows, "tablets", i ? 1234567 : 1.5);
        srd_put_number(rows, "total_bytes", i == 2 ? 1e300 : 2199023255552.0);
        srd_put_number(rows, "used_percent", 96.524 / ((double)i + 1));
        srd_put_number(rows, "online", i % 2 ? 1 : 0);
        srd_put_number(rows, "lag_ms", 93784000.0 * (double)i);
        srd_put_number(rows, "skew_ratio", 5);
        srd_put_number(rows, "distance_points", -3.4);
        srd_put_number(rows, "reported_at", (double)FIXTURE_NOW);
    }
    srd_rows_add(rows); /* nothing is known of the last */
    srd_rows_summary(rows, "%zu disks on 6 backends", rows->count);
    srd_rows_note(rows, "20 of 200 backends were asked");
    srd_rows_note(rows, "be7 said: %s", FIXTURE_EVIL);
    return report;
}

FIXTURE struct srd_view_report *fixture_view_empty(struct srd_arena *arena)
{
    struct srd_rows *rows;

    return fixture_view_begin(arena, &rows);
}

FIXTURE struct srd_view_report *fixture_view_denied(struct srd_arena *arena)
{
    struct srd_rows *rows;
    struct srd_view_report *report = fixture_view_begin(arena, &rows);

    report->rows = NULL;
    report->status = SRD_DENIED;
    report->detail = "probe backend-disks: access denied; OPERATE on SYSTEM is missing";
    return report;
}

/* @rows rows of the same columns. */
FIXTURE struct srd_view_report *fixture_view_long(struct srd_arena *arena, size_t count)
{
    struct srd_rows *rows;
    struct srd_view_report *report = fixture_view_begin(arena, &rows);

    for (size_t i = 0; i < count; i++) {
        srd_rows_add(rows);
        srd_put_id(rows, "backend_id", "10004");
        srd_put_text(rows, "table", i % 3 ? FIXTURE_CJK : "dwd.events");
        srd_put_number(rows, "tablets", (double)(i % 1000));
    }
    return report;
}

/* One row that holds @text in every column of text. */
FIXTURE struct srd_view_report *fixture_view_of(struct srd_arena *arena, const char *text)
{
    struct srd_rows *rows;
    struct srd_view_report *report = fixture_view_begin(arena, &rows);

    srd_rows_add(rows);
    srd_put_text(rows, "table", text);
    srd_put_id(rows, "backend_id", text);
    srd_rows_summary(rows, "%s", text);
    srd_rows_note(rows, "%s", text);
    report->ev = fixture_evidence(arena, text);
    report->source.where = text;
    return report;
}

#endif
