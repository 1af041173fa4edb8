/* Do loads drop rows silently, and are they too many and too small? */

#include <string.h>

#include "experts/load/load.h"
#include "lib/base/text.h"

#define HOUR_S 3600.0
#define MIB 1048576.0

/* load.filtered-rows */

static void judge_dropped(struct srd_findings *out, const struct srd_table *t, size_t row,
                          double all)
{
    struct srd_limit warning =
        srd_limit_catalogue(out->ev, "load.filtered-rows", 1, SRD_UNIT_PERCENT);
    struct srd_limit critical =
        srd_limit_catalogue(out->ev, "load.filtered-rows.critical", 20, SRD_UNIT_PERCENT);
    double dropped = srd_number_or_0(t, row, "FILTERED");
    double read = srd_number_or_0(t, row, "READ_ROWS");
    double empty = srd_number_or_0(t, row, "EMPTY_LOADS");
    double percent = read > 0 ? 100 * dropped / read : 0;
    bool worse = percent > critical.value || empty >= 3;
    const char *label = srd_cell_text(t, row, "FILTERED_LABEL");
    const char *target = srd_load_target(out->arena, t, row);
    struct srd_finding *f;

    if (dropped < 100 || (!worse && percent <= warning.value))
        return;
    f = srd_finding_add(
        out, worse ? SRD_CRITICAL : SRD_WARNING, "table",
        srd_arena_printf(out->arena, "%s %s", target, srd_cell_text(t, row, "TYPE")),
        "%s of %s rows of %s loads into %s were dropped in 24 hours (%.1f %%)%s",
        srd_text_count(out->arena, dropped), srd_text_count(out->arena, read),
        srd_cell_text(t, row, "TYPE"), target, percent,
        empty >= 3 ? srd_arena_printf(out->arena, "; %.0f loads kept no row at all", empty) : "");
    srd_finding_value(f, percent, worse ? critical : warning);
    srd_finding_share(f, read, all);
    srd_finding_field(out, f, "label", srd_quote_text(out->arena, label));
    srd_finding_row(f, &srd_probe_loads, t, row);
}

static void judge_filtered(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_load_known(out, srd_load_rates(ev));
    double all = 0, dropped = 0;

    (void)ev;
    if (!t)
        return;
    for (size_t row = 0; row < t->rows; row++) {
        all += srd_number_or_0(t, row, "READ_ROWS");
        dropped += srd_number_or_0(t, row, "FILTERED");
    }
    for (size_t row = 0; row < t->rows; row++)
        judge_dropped(out, t, row, all);
    srd_measured(out, "%s of the %s rows that finished loads read in 24 hours were dropped",
                 srd_text_count(out->arena, dropped), srd_text_count(out->arena, all));
}

/* load.small-frequent */

/*
 * The FE keeps the last thousand of stream loads and tasks, and the last thousand of all others.
 * When such a list is full, it begins less than an hour ago, and that is the time to divide by.
 */
struct list {
    const char *keep; /* FE configuration: how many it holds */
    double count, first_s;
};

static bool is_task(const struct srd_table *t, size_t row)
{
    const char *type = srd_cell_text(t, row, "TYPE");

    return strcmp(type, "BROKER") != 0 && strcmp(type, "INSERT") != 0 && strcmp(type, "SPARK") != 0;
}

static void gather_lists(const struct srd_table *t, struct list lists[2])
{
    double first_s;

    lists[0] = (struct list){ .keep = "label_keep_max_num" };
    lists[1] = (struct list){ .keep = "stream_load_task_keep_max_num" };
    for (size_t row = 0; row < t->rows; row++) {
        struct list *list = &lists[is_task(t, row)];

        list->count += srd_number_or_0(t, row, "LOADS");
        if (srd_cell_number(t, row, "FIRST_S", &first_s) &&
            (list->first_s <= 0 || first_s < list->first_s))
            list->first_s = first_s;
    }
}

/* The part of the last hour that the list covers, in minutes. */
static double minutes_of(const struct srd_evidence *ev, const struct list *list)
{
    double keep = srd_fe_config(ev, list->keep, 1000, SRD_UNIT_COUNT).value;
    double s = (double)ev->cluster.now_ms / 1000 - list->first_s;

    if (list->count < 0.9 * keep || list->first_s <= 0 || s > HOUR_S)
        return 60;
    return s > 60 ? s / 60 : 1;
}

static void judge_frequent(struct srd_findings *out, const struct srd_table *t, size_t row,
                           double minutes, double tables)
{
    bool lake = out->ev->cluster.mode == SRD_MODE_SHARED_DATA;
    struct srd_limit warning = srd_limit_catalogue(
        out->ev, lake ? "load.small-frequent.shared-data" : "load.small-frequent", lake ? 6 : 12,
        SRD_UNIT_COUNT);
    struct srd_limit critical =
        srd_limit_catalogue(out->ev, "load.small-frequent.critical", 60, SRD_UNIT_COUNT);
    struct srd_limit small =
        srd_limit_catalogue(out->ev, "load.small-frequent.bytes", 10 * MIB, SRD_UNIT_BYTES);
    double loads = srd_number_or_0(t, row, "FINISHED_1H"), rate = loads / minutes, bytes;
    const char *target = srd_load_target(out->arena, t, row);
    const char *table = srd_load_target_sql(out->arena, t, row);
    bool worse = rate > critical.value && minutes >= 5; /* not a burst */
    struct srd_finding *f;

    if (loads < 60 || rate <= warning.value ||
        !srd_cell_number(t, row, "MEDIAN_BYTES_1H", &bytes) || bytes >= small.value)
        return;
    f = srd_finding_add(out, worse ? SRD_CRITICAL : SRD_WARNING, "table", target,
                        "%s is loaded %.1f times a minute with %s (median) each by %s", target,
                        rate, srd_text_bytes(out->arena, bytes), srd_cell_text(t, row, "TYPE"));
    srd_finding_value(f, rate, worse ? critical : warning);
    srd_finding_share(f, 1, tables);
    if (table)
        srd_finding_field(out, f, "table", table);
    srd_finding_field(out, f, "type", srd_cell_text(t, row, "TYPE"));
    srd_finding_row(f, &srd_probe_loads, t, row);
}

static void judge_small_frequent(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_load_known(out, srd_load_rates(ev));
    double fastest = 0, tables = 0;
    struct list lists[2];

    if (!t)
        return;
    if (!ev->cluster.clock_known) {
        srd_cannot_judge(out, SRD_FAILED, "the clock of the cluster is not known");
        return;
    }
    gather_lists(t, lists);
    for (size_t row = 0; row < t->rows; row++)
        tables += srd_number_or_0(t, row, "FINISHED_1H") > 0;
    for (size_t row = 0; row < t->rows; row++) {
        double minutes = minutes_of(ev, &lists[is_task(t, row)]);
        double rate = srd_number_or_0(t, row, "FINISHED_1H") / minutes;

        judge_frequent(out, t, row, minutes, tables);
        fastest = rate > fastest ? rate : fastest;
    }
    srd_measured(out, "the most frequent loads of one table come %.1f times a minute", fastest);
}

/* clang-format off */
const struct srd_check srd_load_filtered_rows = {
    .id = "load.filtered-rows",
    .title = "Rows dropped by finished loads",
    .family = "load-failure",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_loads },
    .judge = judge_filtered,
    .limits = ". .critical",
    .why = "With max_filter_ratio above 0 a load succeeds although rows were dropped because their values do not fit or no "
           "partition takes them. Nobody notices until the numbers are wrong.",
    .measured_by = "information_schema.loads: FILTERED_ROWS of the finished loads of the last 24 hours, of all rows they "
                   "read, by table and type",
    .rule = "from 100 dropped rows on; warning: more than 1 %; critical: more than 20 %, or at least 3 loads that kept no row",
    .source = "our judgement; max_filter_ratio is 0 by default, and then any dropped row fails the load",
    .avoid = "Rows that the WHERE of a load removes are its intention and do not count as dropped. Loads that failed because "
             "of dropped rows are in load.error-class.",
    .see = "load.error-class storage.dynamic-partition-horizon",
    .fix = {
        { "See which rows were dropped and why, in the log of one such load",
          "SELECT TRACKING_LOG FROM information_schema.load_tracking_logs WHERE LABEL = {label} LIMIT 20;", SRD_SAFE },
        { "Correct the data, the column mapping or the partitions; set max_filter_ratio no higher than what may be lost",
          NULL, SRD_SAFE },
    },
};

const struct srd_check srd_load_small_frequent = {
    .id = "load.small-frequent",
    .title = "Many small loads of one table",
    .family = "load-rate",
    .since = SRD_VERSION(3, 3, 6),
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_loads },
    .wants = { &srd_probe_fe_config },
    .judge = judge_small_frequent,
    .limits = ". .bytes .critical .shared-data label_keep_max_num stream_load_task_keep_max_num",
    .why = "Every load makes a version in each tablet it writes. Many small ones are the usual reason for too many versions, "
           "high compaction scores, a busy FE and small files in the object store.",
    .measured_by = "information_schema.loads: finished loads of the last hour by table and type, and the median of their "
                   "SCAN_BYTES. When the list of the FE is full (stream_load_task_keep_max_num, label_keep_max_num) the time "
                   "that it covers takes the place of the hour",
    .rule = "at least 60 loads with a median below 10 MiB; warning: more than 12 a minute, in shared-data 6; critical: more "
            "than 60 a minute over at least 5 minutes",
    .source = "the documentation asks for more than 5 s between loads, in shared-data for 10 s; 10 MiB is our judgement; "
              "issue #16829",
    .avoid = "Loads are counted by table: when they go to different partitions the rate of each is lower. Few loads of many "
             "tables are harmless. StarRocks' own tables are left out. Before 3.3.6 the list does not name the table.",
    .see = "compaction.version-count compaction.lake-score cluster.fe-editlog-write-slow txn.running-near-limit",
    .fix = {
        { "Let the client collect: Flink sink.buffer-flush.interval-ms from 10000 on, Routine Load max_batch_interval from 10 on",
          NULL, SRD_SAFE },
        { "Let StarRocks merge stream loads of several clients (header enable_merge_commit, from 3.4 on)", NULL, SRD_SAFE },
        { "Replace INSERT ... VALUES by stream loads", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_load_insert_values = {
    .id = "load.insert-values",
    .title = "Row by row INSERT ... VALUES",
    .family = "load-rate",
    .worst = SRD_WARNING,
    .kind = SRD_LOG,
    .why = "An INSERT with a few values costs a transaction and a version like a load of gigabytes.",
    .measured_by = "the audit log: statements that begin with INSERT INTO ... VALUES, by table and hour",
    .rule = "warning: more than 600 an hour into one table; info: more than 60",
    .source = "our judgement; the documentation warns against it in production",
    .avoid = "Needs the audit log. The jobs in information_schema.loads do not say whether an INSERT had values or a query; "
             "their rate is in load.small-frequent.",
    .see = "load.small-frequent",
    .fix = {
        { "Use stream load, larger batches, or INSERT INTO ... SELECT FROM FILES()", NULL, SRD_SAFE },
    },
};

/* clang-format on */

const struct srd_check *const srd_load_rates_checks[] = {
    &srd_load_filtered_rows,
    &srd_load_small_frequent,
    &srd_load_insert_values,
    NULL,
};
