/* What does a cell say, and what are nodes and tables called? */

#include "experts/reading.h"

#include <string.h>

#include "lib/model/probe.h"

/* Clocks of two machines may differ by a little. */
#define FUTURE_MS (5 * INT64_C(60000))
/* In longer lists nobody looks for a second node of a host. */
#define MOST_SEARCHED 2000

double srd_number_or_0(const struct srd_table *t, size_t row, const char *column)
{
    double value;

    return srd_cell_number(t, row, column, &value) ? value : 0;
}

bool srd_is_true(const struct srd_table *t, size_t row, const char *column)
{
    bool value;

    return srd_cell_bool(t, row, column, &value) && value;
}

bool srd_ago_ms(const struct srd_evidence *ev, int64_t then_ms, int64_t *age_ms)
{
    if (!ev->cluster.clock_known)
        return false;
    *age_ms = ev->cluster.now_ms - then_ms;
    if (*age_ms < -FUTURE_MS)
        return false;
    *age_ms = *age_ms < 0 ? 0 : *age_ms;
    return true;
}

bool srd_age_ms(const struct srd_evidence *ev, const struct srd_table *t, size_t row,
                const char *column, int64_t *age_ms)
{
    int64_t then;

    return srd_cell_time_ms(t, row, column, &then) && srd_ago_ms(ev, then, age_ms);
}

bool srd_lacks(struct srd_findings *out, const struct srd_table *t, const char *statement,
               const char *columns)
{
    const char *missing = srd_table_lacks(t, columns, out->arena);

    if (missing)
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "%s has no column %s", statement, missing);
    return missing != NULL;
}

const char *srd_node_name(struct srd_arena *arena, const struct srd_table *nodes, size_t row)
{
    const char *host = srd_cell_text(nodes, row, "IP");
    bool is_fe = srd_column(nodes, "EditLogPort") != SRD_NO_COLUMN;
    bool shared = nodes->rows > MOST_SEARCHED;

    for (size_t other = 0; other < nodes->rows && !shared; other++)
        shared = other != row && srd_cell_is(nodes, other, "IP", host);
    if (!shared)
        return host;
    return srd_arena_printf(arena, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
                            srd_cell_text(nodes, row, is_fe ? "EditLogPort" : "HeartbeatPort"));
}

const char *srd_table_sql(struct srd_arena *arena, const char *db, const char *table)
{
    return srd_arena_printf(arena, "%s.%s", srd_quote_identifier(arena, db),
                            srd_quote_identifier(arena, table));
}

struct srd_finding *srd_partition_finding(struct srd_findings *out, enum srd_severity severity,
                                          const char *db, const char *table, const char *partition,
                                          const char *format, va_list args)
{
    const char *name =
        srd_arena_printf(out->arena, partition ? "%s.%s/%s" : "%s.%s", db, table, partition);
    const char *words = srd_arena_vprintf(out->arena, format, args);
    struct srd_finding *f = srd_finding_add(out, severity, partition ? "partition" : "table", name,
                                            "%s %s", name, words);

    srd_finding_field(out, f, "name", name);
    srd_finding_field(out, f, "table", srd_table_sql(out->arena, db, table));
    if (partition)
        srd_finding_field(out, f, "partition", srd_quote_identifier(out->arena, partition));
    return f;
}
