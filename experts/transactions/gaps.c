/* Do partitions wait for versions that never become visible? */

#include <string.h>

#include "experts/storage/sizes.h"
#include "experts/transactions/transactions.h"
#include "lib/base/text.h"

#define HOUR_MS INT64_C(3600000)
#define MAX_FINDINGS 20
#define MAX_ROWS 200

/* How long nothing has become visible in the partition; false: not known. */
static bool still_ms(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                     int64_t *out)
{
    return srd_age_ms(ev, t, row, "VISIBLE_VERSION_TIME", out);
}

static double gap_of(const struct srd_table *t, size_t row)
{
    double visible, next;

    return srd_cell_number(t, row, "VISIBLE_VERSION", &visible) &&
                   srd_cell_number(t, row, "NEXT_VERSION", &next)
               ? next - visible - 1
               : 0;
}

/* Only where a gap is an hour old it matters whether it is an orphan. */
static void pick_again(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_table *t = srd_partition_gaps(ev);
    int64_t age;

    for (size_t row = 0; t && row < t->rows; row++) {
        if (gap_of(t, row) < 1 || !still_ms(ev, t, row, &age) || age <= HOUR_MS)
            continue;
        srd_keys_add(out, "3600", NULL, NULL);
        return;
    }
}

/*
 * The same once more, after the running transactions were read: what was just being published would
 * otherwise look like a version without a transaction.
 */
const struct srd_probe srd_probe_version_gaps_again = {
    .id = "version-gaps-again",
    .summary = "partitions whose versions have not become visible for long, a second time",
    .texts = { { .since = SRD_VERSION(3, 2, 4),
                 .sql =
                     "SELECT DB_NAME, TABLE_NAME, PARTITION_NAME, PARTITION_ID, VISIBLE_VERSION, "
                     "NEXT_VERSION, VISIBLE_VERSION_TIME "
                     "FROM information_schema.partitions_meta "
                     "WHERE NEXT_VERSION - VISIBLE_VERSION > 1 AND VISIBLE_VERSION_TIME < "
                     "DATE_SUB(NOW(), INTERVAL {seconds} SECOND) "
                     "ORDER BY VISIBLE_VERSION_TIME, PARTITION_ID LIMIT 200" } },
    .columns = "DB_NAME TABLE_NAME PARTITION_NAME PARTITION_ID VISIBLE_VERSION NEXT_VERSION "
               "VISIBLE_VERSION_TIME",
    .privilege = "SELECT",
    .cost = SRD_COST_HEAVY,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .params = { { "seconds", SRD_PARAM_INTEGER } },
    .after = &srd_probe_txn_running,
    .pick = pick_again,
    .max_keys = 1,
};

/* Is the gap of @row the same after the running transactions were read? */
static bool seen_again(const struct srd_evidence *ev, const struct srd_table *t, size_t row)
{
    const struct srd_table *again = srd_evidence_get(ev, &srd_probe_version_gaps_again, NULL);

    for (size_t i = 0; again && i < again->rows; i++)
        if (srd_cell_is(again, i, "PARTITION_ID", srd_cell_text(t, row, "PARTITION_ID")) &&
            srd_cell_is(again, i, "VISIBLE_VERSION", srd_cell_text(t, row, "VISIBLE_VERSION")) &&
            srd_cell_is(again, i, "NEXT_VERSION", srd_cell_text(t, row, "NEXT_VERSION")))
            return true;
    return false;
}

/* A COMMITTED transaction of the database may be what the partition waits for. */
enum owner { NOBODY, SOMEBODY, UNREAD };

static enum owner owner_of(const struct srd_txn_databases *all, const char *db)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct srd_table *t = all->items[i].running;

        if (strcmp(all->items[i].name, db) != 0)
            continue;
        for (size_t row = 0; row < t->rows; row++)
            if (srd_cell_is(t, row, "TransactionStatus", "COMMITTED"))
                return SOMEBODY;
        return all->items[i].cut ? UNREAD : NOBODY;
    }
    return UNREAD;
}

static void report_gap(struct srd_findings *out, const struct srd_table *t, size_t row, int64_t age,
                       enum owner owner, struct srd_limit limit)
{
    bool orphan = owner == NOBODY && age > HOUR_MS && seen_again(out->ev, t, row);
    const char *db = srd_cell_text(t, row, "DB_NAME"), *table = srd_cell_text(t, row, "TABLE_NAME");
    const char *partition = srd_cell_text(t, row, "PARTITION_NAME");
    const char *name = srd_arena_printf(out->arena, "%s.%s/%s", db, table, partition);
    double gap = gap_of(t, row);
    struct srd_finding *f = srd_finding_add(
        out, orphan ? SRD_CRITICAL : SRD_WARNING, "partition", name,
        "%s versions of %s are not visible, the last became so %s ago (version %s)%s",
        srd_text_count(out->arena, gap), srd_txn_excerpt(out->arena, name),
        srd_text_duration(out->arena, age), srd_cell_text(t, row, "VISIBLE_VERSION"),
        orphan              ? "; no committed transaction of the database is left to "
                              "publish them"
        : owner == SOMEBODY ? "; committed transactions wait"
                            : "");

    srd_finding_value(f, gap, limit);
    srd_finding_field(out, f, "table",
                      srd_arena_printf(out->arena, "%s.%s", srd_quote_identifier(out->arena, db),
                                       srd_quote_identifier(out->arena, table)));
    srd_finding_field(out, f, "partition", srd_quote_identifier(out->arena, partition));
    srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, db));
    srd_finding_field(out, f, "owner",
                      orphan              ? "none"
                      : owner == SOMEBODY ? "committed"
                                          : "unknown");
    srd_finding_row(f, &srd_probe_partitions, t, row);
}

static void judge_gaps(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_partition_gaps(ev);
    struct srd_txn_databases all = srd_txn_databases(ev, out->arena);
    struct srd_limit large = srd_limit_catalogue(ev, "txn.next-version-gap", 10, SRD_UNIT_COUNT);
    struct srd_limit still =
        srd_limit_catalogue(ev, "txn.next-version-gap.unchanged", 600e3, SRD_UNIT_MS);
    size_t found = 0, undated = 0, open = 0;
    int64_t age;

    for (size_t row = 0; row < t->rows; row++) {
        enum owner owner;
        double gap = gap_of(t, row);

        if (gap < 1)
            continue;
        if (!still_ms(ev, t, row, &age)) {
            undated++;
            continue;
        }
        owner = owner_of(&all, srd_cell_text(t, row, "DB_NAME"));
        if (gap <= large.value || (double)age <= still.value) {
            /* a small one matters only when it is nobody's */
            open += age > HOUR_MS && owner == UNREAD;
            if (age <= HOUR_MS || owner != NOBODY || !seen_again(ev, t, row))
                continue;
        }
        if (found++ < MAX_FINDINGS)
            report_gap(out, t, row, age, owner, large);
    }
    for (size_t i = 0; i < out->count; i++)
        srd_finding_share(out->items[i], 1, (double)(found ? found : 1));
    srd_measured(out,
                 "%zu partitions have versions that are not visible yet, none of them for long",
                 t->rows);
    if (undated)
        srd_cannot_judge(out, SRD_FAILED, "since when %zu partitions wait is not known", undated);
    else if (open)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "whether a transaction runs on %zu waiting partitions is not known", open);
    else if (t->rows >= MAX_ROWS)
        srd_cannot_judge(out, SRD_SKIPPED, "only the %d that wait longest were looked at",
                         MAX_ROWS);
}

/* clang-format off */
const struct srd_check srd_txn_next_version_gap = {
    .id = "txn.next-version-gap",
    .title = "Versions that never become visible",
    .family = "txn-queue",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_partitions },
    .wants = { &srd_probe_databases, &srd_probe_fe_gauges, &srd_probe_txn_running, &srd_probe_version_gaps_again,
               &srd_probe_fe_config },
    .judge = judge_gaps,
    .limits = ". .unchanged max_show_proc_transactions_entry",
    .why = "A partition hands out a version to each commit and makes them visible in their order. One that stays away blocks "
           "all that follow, and schema changes.",
    .measured_by = "information_schema.partitions_meta: NEXT_VERSION - VISIBLE_VERSION - 1 and the age of VISIBLE_VERSION_TIME, "
                   "the 200 partitions that wait longest; SHOW PROC '/transactions/<db>/running'; then partitions_meta again",
    .rule = "warning: more than 10 versions, and none has become visible for 10 minutes; critical: none for an hour, no COMMITTED "
            "transaction in that database, and the gap is the same after those were read (an orphan)",
    .source = "an idle partition has next = visible + 1; issues 64757 and 79427; the times are our judgement",
    .avoid = "Busy tables have gaps of 1 to 3 all the time. A version that was being published while we looked is gone at the "
             "second look.",
    .see = "txn.committed-not-visible alter.waiting-txn",
    .fix = {
        { "Find the oldest COMMITTED transaction of {database} (txn.committed-not-visible, srdiag transactions running)", NULL,
          SRD_SAFE },
        { "Without one have the vendor look at the partition: ADMIN SET TABLE ... PARTITION ... VERSION gives up what was "
          "committed", NULL, SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_txn_gaps_checks[] = { &srd_txn_next_version_gap, NULL };
