/* Which loads does the cluster remember? Probes on information_schema.loads, and how to read them.
 */

#include <stdlib.h>
#include <string.h>

#include "experts/load/load.h"
#include "lib/base/cleanup.h"
#include "lib/base/utf8.h"

/*
 * A job under the same names in both layouts. The older one has no table, user or commit time, and
 * its time limit stands in a text. Error texts can be as long as a statement.
 */
/* clang-format off */
#define JOB_NEW                                                                                     \
    "SELECT ID, LABEL, DB_NAME, TABLE_NAME, `USER`, TYPE, STATE, PROGRESS, PRIORITY, "              \
    SRD_SECONDS("CREATE_TIME") " AS CREATED_S, " SRD_SECONDS("LOAD_START_TIME") " AS STARTED_S, "   \
    SRD_SECONDS("LOAD_COMMIT_TIME") " AS COMMITTED_S, "                                             \
    SRD_SECONDS("LOAD_FINISH_TIME") " AS FINISHED_S, "                                              \
    "get_json_int(PROPERTIES, '$.timeout') AS TIMEOUT_S, SCAN_ROWS, SCAN_BYTES, FILTERED_ROWS, "    \
    "UNSELECTED_ROWS, SINK_ROWS, LEFT(ERROR_MSG, 2000) AS ERROR_MSG, "                              \
    "LEFT(TRACKING_SQL, 300) AS TRACKING_SQL"
#define JOB_OLD                                                                                     \
    "SELECT JOB_ID AS ID, LABEL, DATABASE_NAME AS DB_NAME, CAST(NULL AS VARCHAR) AS TABLE_NAME, "   \
    "CAST(NULL AS VARCHAR) AS `USER`, TYPE, STATE, PROGRESS, PRIORITY, "                            \
    SRD_SECONDS("CREATE_TIME") " AS CREATED_S, " SRD_SECONDS("LOAD_START_TIME") " AS STARTED_S, "   \
    "CAST(NULL AS BIGINT) AS COMMITTED_S, " SRD_SECONDS("LOAD_FINISH_TIME") " AS FINISHED_S, "      \
    "CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(TASK_INFO, 'timeout(s):', -1), ';', 1) AS BIGINT) AS TIMEOUT_S, " \
    "SCAN_ROWS, get_json_int(JOB_DETAILS, '$.ScanBytes') AS SCAN_BYTES, FILTERED_ROWS, "            \
    "UNSELECTED_ROWS, SINK_ROWS, LEFT(ERROR_MSG, 2000) AS ERROR_MSG, "                              \
    "LEFT(TRACKING_SQL, 300) AS TRACKING_SQL"
#define JOB_COLUMNS                                                                                 \
    "ID LABEL DB_NAME TABLE_NAME USER TYPE STATE PROGRESS CREATED_S STARTED_S FINISHED_S TIMEOUT_S " \
    "SCAN_ROWS FILTERED_ROWS UNSELECTED_ROWS SINK_ROWS ERROR_MSG TRACKING_SQL"
#define FROM_LOADS " FROM information_schema.loads "
#define NEW_LAYOUT .since = SRD_VERSION(3, 3, 6)
#define OLD_LAYOUT .until = SRD_VERSION(3, 3, 5)

#define ENDED_S SRD_SECONDS("COALESCE(LOAD_FINISH_TIME, CREATE_TIME)")
#define IN_WINDOW "(" ENDED_S " IS NULL OR " ENDED_S " >= UNIX_TIMESTAMP() - 3600 * {hours})"

/* Cancelled by its user, or loaded before under the same label: no failure. */
#define IS_FAILURE                                                                                  \
    "CASE WHEN STATE = 'CANCELLED' AND (ERROR_MSG IS NULL OR NOT (LOWER(ERROR_MSG) LIKE '%user_cancel%' " \
    "OR LOWER(ERROR_MSG) LIKE '%user cancel%' OR LOWER(ERROR_MSG) LIKE '%cancelled by user%' "      \
    "OR LOWER(ERROR_MSG) LIKE '%label already%' OR LOWER(ERROR_MSG) LIKE '%has already been used%')) " \
    "THEN 1 ELSE 0 END AS FAILED"
#define LAST_HOUR "ENDED_S >= UNIX_TIMESTAMP() - 3600"
#define RATES(ended)                                                                                \
    "SELECT DB_NAME, TABLE_NAME, TYPE, COUNT(*) AS LOADS, SUM(FAILED) AS FAILED, "                  \
    "SUM(CASE WHEN " LAST_HOUR " THEN 1 ELSE 0 END) AS LOADS_1H, "                                  \
    "SUM(CASE WHEN " LAST_HOUR " THEN FAILED ELSE 0 END) AS FAILED_1H, "                            \
    "SUM(CASE WHEN " LAST_HOUR " AND STATE = 'FINISHED' THEN 1 ELSE 0 END) AS FINISHED_1H, "        \
    "PERCENTILE_APPROX(CASE WHEN " LAST_HOUR " AND STATE = 'FINISHED' THEN SCAN_BYTES END, 0.5) AS MEDIAN_BYTES_1H, " \
    "PERCENTILE_APPROX(CASE WHEN " LAST_HOUR " AND STATE = 'FINISHED' THEN SINK_ROWS END, 0.5) AS MEDIAN_ROWS_1H, " \
    "SUM(CASE WHEN STATE = 'FINISHED' THEN FILTERED_ROWS ELSE 0 END) AS FILTERED, "                 \
    "SUM(CASE WHEN STATE = 'FINISHED' THEN FILTERED_ROWS + UNSELECTED_ROWS + SINK_ROWS ELSE 0 END) AS READ_ROWS, " \
    "SUM(CASE WHEN STATE = 'FINISHED' AND FILTERED_ROWS > 0 AND SINK_ROWS = 0 THEN 1 ELSE 0 END) AS EMPTY_LOADS, " \
    "MAX(CASE WHEN STATE = 'FINISHED' AND FILTERED_ROWS > 0 THEN LABEL END) AS FILTERED_LABEL, "     \
    "MIN(ENDED_S) AS FIRST_S FROM (" ended ") ended WHERE DB_NAME <> '_statistics_' AND (ENDED_S IS NULL OR " \
    "ENDED_S >= UNIX_TIMESTAMP() - 3600 * {hours}) GROUP BY DB_NAME, TABLE_NAME, TYPE"
#define ENDED_NEW                                                                                   \
    "SELECT DB_NAME, TABLE_NAME, TYPE, " ENDED_S " AS ENDED_S, LABEL, STATE, SCAN_BYTES, FILTERED_ROWS, " \
    "UNSELECTED_ROWS, SINK_ROWS, " IS_FAILURE FROM_LOADS "WHERE STATE IN ('FINISHED', 'CANCELLED')"
#define ENDED_OLD                                                                                   \
    "SELECT DATABASE_NAME AS DB_NAME, CAST(NULL AS VARCHAR) AS TABLE_NAME, TYPE, " ENDED_S " AS ENDED_S, " \
    "LABEL, STATE, get_json_int(JOB_DETAILS, '$.ScanBytes') AS SCAN_BYTES, FILTERED_ROWS, UNSELECTED_ROWS, " \
    "SINK_ROWS, " IS_FAILURE FROM_LOADS "WHERE STATE IN ('FINISHED', 'CANCELLED')"

/* Refused because compaction lags: kept apart, so that other failures do not push them out. */
#define LAGS                                                                                        \
    "(STATE = 'CANCELLED' AND (LOWER(ERROR_MSG) LIKE '%too many versions%' "                        \
    "OR LOWER(ERROR_MSG) LIKE '%too large compaction score%' "                                      \
    "OR LOWER(ERROR_MSG) LIKE '%due to ingestion slowdown%'))"
/* Of the failed ones the newest come first, of the open ones the oldest. */
#define SORTED                                                                                      \
    "CASE WHEN STATE = 'CANCELLED' THEN COALESCE(0 - FINISHED_S, 0) ELSE COALESCE(CREATED_S, 0) END AS SORT_S, " \
    "CASE WHEN STATE = 'CANCELLED' THEN 0 - ID ELSE ID END AS SORT_ID"
#define NUMBER "CAST(NULL AS BIGINT)"
#define REAL "CAST(NULL AS DOUBLE)"
#define WORDS "CAST(NULL AS VARCHAR)"

/* Three lists: failed, open, and rates of what ended in the window. */
#define LOADS(job, ended)                                                                           \
    "SELECT CASE WHEN STATE = 'CANCELLED' THEN 'failed' ELSE 'open' END AS KIND, ID, LABEL, DB_NAME, TABLE_NAME, " \
    "`USER`, TYPE, STATE, PROGRESS, PRIORITY, CREATED_S, STARTED_S, COMMITTED_S, FINISHED_S, TIMEOUT_S, SCAN_ROWS, " \
    "SCAN_BYTES, FILTERED_ROWS, UNSELECTED_ROWS, SINK_ROWS, ERROR_MSG, TRACKING_SQL, "              \
    NUMBER " AS LOADS, " NUMBER " AS FAILED, " NUMBER " AS LOADS_1H, " NUMBER " AS FAILED_1H, "     \
    NUMBER " AS FINISHED_1H, " REAL " AS MEDIAN_BYTES_1H, " REAL " AS MEDIAN_ROWS_1H, " NUMBER " AS FILTERED, " \
    NUMBER " AS READ_ROWS, " NUMBER " AS EMPTY_LOADS, " WORDS " AS FILTERED_LABEL, " NUMBER " AS FIRST_S, " \
    "SORT_S, SORT_ID FROM "                                                                         \
    "(SELECT job.*, ROW_NUMBER() OVER (PARTITION BY LAGS, CASE WHEN STATE = 'CANCELLED' THEN 1 ELSE 0 END " \
    "ORDER BY SORT_S, SORT_ID) AS PLACE FROM (SELECT job.*, " SORTED " FROM (" job ", "             \
    "CASE WHEN " LAGS " THEN 1 ELSE 0 END AS LAGS" FROM_LOADS                                       \
    "WHERE STATE <> 'FINISHED' AND (STATE <> 'CANCELLED' OR " IN_WINDOW ")) job) job) placed "      \
    "WHERE PLACE <= CASE WHEN STATE = 'CANCELLED' THEN 500 ELSE 2000 END "                          \
    "UNION ALL "                                                                                    \
    "SELECT 'rate' AS KIND, " NUMBER ", " WORDS ", DB_NAME, TABLE_NAME, " WORDS ", TYPE, " WORDS ", " WORDS ", " \
    WORDS ", " NUMBER ", " NUMBER ", " NUMBER ", " NUMBER ", " NUMBER ", " NUMBER ", " NUMBER ", " NUMBER ", " \
    NUMBER ", " NUMBER ", " WORDS ", " WORDS ", LOADS, FAILED, LOADS_1H, FAILED_1H, FINISHED_1H, MEDIAN_BYTES_1H, " \
    "MEDIAN_ROWS_1H, FILTERED, READ_ROWS, EMPTY_LOADS, FILTERED_LABEL, FIRST_S, PLACE AS SORT_S, PLACE AS SORT_ID FROM " \
    "(SELECT r.*, ROW_NUMBER() OVER (ORDER BY FAILED DESC, LOADS DESC) AS PLACE FROM (" RATES(ended) ") r) r " \
    "WHERE PLACE <= 2000 ORDER BY KIND, SORT_S, SORT_ID"
#define RATE_COLUMNS                                                                                \
    "DB_NAME TABLE_NAME TYPE LOADS FAILED LOADS_1H FAILED_1H FINISHED_1H MEDIAN_BYTES_1H FILTERED READ_ROWS " \
    "EMPTY_LOADS FIRST_S"

const struct srd_probe srd_probe_loads = {
    .id = "loads",
    .summary = "loads that failed, with the text of the error, that wait or run, and how many ended by table and type",
    .texts = { { NEW_LAYOUT, .sql = LOADS(JOB_NEW, ENDED_NEW) }, { OLD_LAYOUT, .sql = LOADS(JOB_OLD, ENDED_OLD) } },
    .columns = JOB_COLUMNS " KIND LOADS FAILED LOADS_1H FAILED_1H FINISHED_1H MEDIAN_BYTES_1H FILTERED READ_ROWS "
               "EMPTY_LOADS FIRST_S",
    .cost = SRD_COST_MEDIUM,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .params = { { "hours", SRD_PARAM_INTEGER }, { "zone", SRD_PARAM_TEXT } },
    .pick = srd_pick_hours_zone,
    .max_keys = 1,
};

/* The newest of each state, so that a list of one state needs no question of its own. */
#define RECENT "SELECT * FROM (SELECT job.*, ROW_NUMBER() OVER (PARTITION BY STATE ORDER BY CREATED_S DESC, ID DESC) AS PLACE FROM ("
#define RECENT_TAIL FROM_LOADS ") job) placed WHERE PLACE <= 200 ORDER BY CREATED_S DESC, ID DESC LIMIT 2400"

const struct srd_probe srd_probe_recent_loads = {
    .id = "recent-loads",
    .summary = "the newest loads of each state",
    .texts = { { NEW_LAYOUT, .sql = RECENT JOB_NEW RECENT_TAIL }, { OLD_LAYOUT, .sql = RECENT JOB_OLD RECENT_TAIL } },
    .columns = JOB_COLUMNS,
    .cost = SRD_COST_MEDIUM,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .params = { { "zone", SRD_PARAM_TEXT } },
    .pick = srd_pick_zone,
    .max_keys = 1,
};
/* clang-format on */

/* A label that is among the recent ones needs no question, and so a snapshot knows it too. */
static void pick_label(const struct srd_evidence *ev, struct srd_keys *out)
{
    const struct srd_arg_value *label = srd_view_arg(ev, "label");
    const struct srd_table *recent = srd_evidence_get(ev, &srd_probe_recent_loads, NULL);
    const char *zone = srd_global_zone(ev);

    if (!label || !label->text || !zone)
        return;
    for (size_t row = 0; recent && row < recent->rows; row++)
        if (srd_cell_is(recent, row, "LABEL", label->text))
            return;
    srd_keys_add(out, label->text, zone, NULL);
}

/* clang-format off */
#define LABEL_TAIL FROM_LOADS "WHERE LABEL = {label} ORDER BY CREATED_S DESC, ID DESC LIMIT 20"

const struct srd_probe srd_probe_load_by_label = {
    .id = "load-by-label",
    .summary = "the loads with one label",
    .texts = { { NEW_LAYOUT, .sql = JOB_NEW LABEL_TAIL }, { OLD_LAYOUT, .sql = JOB_OLD LABEL_TAIL } },
    .columns = JOB_COLUMNS,
    .cost = SRD_COST_MEDIUM,
    .zone = SRD_ZONE_SESSION,
    .needs_node = true,
    .params = { { "label", SRD_PARAM_TEXT }, { "zone", SRD_PARAM_TEXT } },
    .after = &srd_probe_recent_loads,
    .pick = pick_label,
    .max_keys = 1,
};
/* clang-format on */

/* Reading. */

static bool is_failed(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "KIND", "failed");
}

static bool is_open(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "KIND", "open");
}

static bool is_rate(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "KIND", "rate");
}

static const struct srd_table *loads_where(const struct srd_evidence *ev,
                                           bool (*wanted)(const struct srd_table *t, size_t row))
{
    return srd_rows_where(ev, &srd_probe_loads, wanted,
                          JOB_COLUMNS " PRIORITY COMMITTED_S SCAN_BYTES");
}

const struct srd_table *srd_load_failed(const struct srd_evidence *ev)
{
    struct srd_table *t = (struct srd_table *)loads_where(ev, is_failed); /* made for us */

    if (t && t->rows > SRD_LOAD_MAX_FAILED)
        t->rows = SRD_LOAD_MAX_FAILED;
    return t;
}

const struct srd_table *srd_load_open(const struct srd_evidence *ev)
{
    return loads_where(ev, is_open);
}

const struct srd_table *srd_load_rates(const struct srd_evidence *ev)
{
    return srd_rows_where(ev, &srd_probe_loads, is_rate,
                          RATE_COLUMNS " MEDIAN_ROWS_1H FILTERED_LABEL");
}

/* Why the load was refused, if it was because compaction lags; NULL: it was not. */
static const char *lag_of(const struct srd_table *t, size_t row)
{
    static const char *const kinds[][2] = {
        { "too many versions", "versions" },
        { "too large compaction score", "score" },
        { "due to ingestion slowdown", "slowdown" },
    };

    for (size_t i = 0; i < SRD_COUNT(kinds); i++)
        if (strcasestr(srd_cell_text(t, row, "ERROR_MSG"), kinds[i][0]))
            return kinds[i][1];
    return NULL;
}

static bool is_refused(const struct srd_table *t, size_t row)
{
    return is_failed(t, row) && lag_of(t, row);
}

#define QUARTER_MS INT64_C(900000)

struct refusal { /* of one kind and target */
    const char *kind;
    size_t row, loads; /* the newest of them */
};

static bool same_target(const struct srd_table *t, size_t a, size_t b)
{
    return !strcmp(srd_cell_text(t, a, "DB_NAME"), srd_cell_text(t, b, "DB_NAME")) &&
           !strcmp(srd_cell_text(t, a, "TABLE_NAME"), srd_cell_text(t, b, "TABLE_NAME"));
}

static int by_loads(const void *left, const void *right)
{
    const struct refusal *a = left, *b = right;

    if (a->loads != b->loads)
        return a->loads > b->loads ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* The rows come newest first. */
static size_t group_refusals(const struct srd_table *t, struct refusal *all)
{
    int64_t newest = INT64_MIN, at;
    size_t count = 0;

    for (size_t row = 0; row < t->rows; row++)
        if (srd_cell_time_ms(t, row, "FINISHED_S", &at) && at > newest)
            newest = at;
    for (size_t row = 0; row < t->rows; row++) {
        const char *kind = lag_of(t, row);
        size_t i = 0;

        if (!srd_cell_time_ms(t, row, "FINISHED_S", &at) || at < newest - QUARTER_MS)
            continue;
        while (i < count && (strcmp(all[i].kind, kind) || !same_target(t, all[i].row, row)))
            i++;
        if (i == count)
            all[count++] = (struct refusal){ .kind = kind, .row = row };
        all[i].loads++;
    }
    qsort(all, count, sizeof(*all), by_loads);
    return count;
}

const struct srd_table *srd_load_refused(const struct srd_evidence *ev)
{
    static const char *const names[] = {
        "KIND", "DB_NAME", "TABLE_NAME", "LOADS", "LAST", "MESSAGE"
    };
    const struct srd_table *t = loads_where(ev, is_refused);
    struct srd_table *out;
    struct refusal *all;
    struct srd_error err;
    size_t count;

    if (!t)
        return NULL;
    all = srd_arena_array(ev->arena, t->rows + 1, sizeof(*all));
    count = group_refusals(t, all);
    out = srd_table_new(ev->arena, names, SRD_COUNT(names));
    out->zone_known = t->zone_known;
    out->zone_offset_s = t->zone_offset_s;
    for (size_t i = 0; i < count; i++) {
        const char *cells[] = {
            all[i].kind,
            srd_cell(t, all[i].row, "DB_NAME"),
            srd_cell(t, all[i].row, "TABLE_NAME"),
            srd_arena_printf(ev->arena, "%zu", all[i].loads),
            srd_cell(t, all[i].row, "FINISHED_S"),
            srd_load_excerpt(ev->arena, srd_cell(t, all[i].row, "ERROR_MSG"), 400),
        };

        if (srd_table_add(out, cells, NULL, SRD_COUNT(cells), &err))
            break;
    }
    return out;
}

const struct srd_table *srd_load_known(struct srd_findings *out, const struct srd_table *table)
{
    if (!table)
        srd_cannot_judge(out, srd_why_not(out->ev, &srd_probe_frontends, SRD_FAILED),
                         "the zone in which the cluster prints the times of loads is not known");
    return table;
}

const char *srd_load_target(struct srd_arena *arena, const struct srd_table *t, size_t row)
{
    const char *table = srd_cell_text(t, row, "TABLE_NAME");
    const char *db = srd_cell_text(t, row, "DB_NAME");

    return *table ? srd_arena_printf(arena, "%s.%s", db, table) : db;
}

const char *srd_load_target_sql(struct srd_arena *arena, const struct srd_table *t, size_t row)
{
    const char *table = srd_cell_text(t, row, "TABLE_NAME");

    if (!*table || strchr(table, ','))
        return NULL;
    return srd_arena_printf(arena, "%s.%s",
                            srd_quote_identifier(arena, srd_cell_text(t, row, "DB_NAME")),
                            srd_quote_identifier(arena, table));
}

bool srd_load_is_internal(const struct srd_table *t, size_t row)
{
    return srd_cell_is(t, row, "DB_NAME", "_statistics_");
}

const char *srd_load_excerpt(struct srd_arena *arena, const char *text, size_t columns)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf clean;
    const char *message = text ? strstr(text, "; msg:") : NULL;
    size_t n;

    srd_buf_init(&clean, 64 << 10);
    if (!text)
        return "no text";
    if (message && strncmp(text, "type:", 5) == 0)
        text = message + strlen("; msg:");
    srd_utf8_clean(&clean, text, strnlen(text, 4096));
    n = srd_utf8_fit(clean.data, columns);
    return srd_arena_printf(arena, "%.*s%s", (int)n, clean.data, n < clean.size ? "..." : "");
}
