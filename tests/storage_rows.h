#ifndef SRD_TESTS_STORAGE_ROWS_H
#define SRD_TESTS_STORAGE_ROWS_H

#include <stdlib.h>

#include "experts/storage/sizes.h"
#include "lib/base/buf.h"
#include "lib/model/identity.h"
#include "tests/expert_rows.h"

/*
 * Answers of the probes over partitions_meta and tables_config, written short: each line names its
 * table (and partition) and then only the columns that matter to the row of the test,
 *
 *     SIZES("dwd|events|PARTITIONS=1460|OLDEST_VALUE=...\n")
 *
 * The others are those of a small sound table. An empty name is NULL, as in the rows that add up.
 */
/* clang-format off */
#define SIZES(lines) { &srd_probe_table_sizes, "", "@" lines, 0 }
#define PARTS(lines) { &srd_probe_partitions, "", "@" lines, 0 }
#define SKEWS(lines) { &srd_probe_tablet_skew, "", "@" lines, 0 }
#define DYNAMIC(lines) { &srd_probe_dynamic_tables, "", "@" lines, 0 }
#define RAW(probe, text) { &(probe), "", text, 0 }
#define DENIED(probe) { &(probe), "", NULL, SRD_DENIED }
#define CONFIG(rows) { &srd_probe_fe_config, "", "Key|AliasNames|Value|Type|IsMutable|Comment\n" rows, 0 }
#define SET(name, value) name "|[]|" value "|long|true|\n"
#define DBS(rows) { &srd_probe_databases, "", "DbId|DbName|TableNum|Quota|LastConsistencyCheckTime|ReplicaQuota\n" rows, 0 }
#define SEES_ALL DBS("1|dwd|1|8388608.000 TB|NULL|9223372036854775807\n")
#define BES(rows) { &srd_probe_backends, "", "BackendId|IP|HeartbeatPort|Alive\n" rows, 0 }
#define BE(n) n "|be" n "|9050|true\n"
#define DEAD_BE(n) n "|be" n "|9050|false\n"

#define DAY_RANGE(from, to) "[types: [DATE]; keys: [" from "]; ..types: [DATE]; keys: [" to "]; )"

/* Bytes of @n GiB, as text. */
#define GIB_1 "1073741824"
#define GIB_5 "5368709120"
#define GIB_10 "10737418240"
#define GIB_20 "21474836480"
#define GIB_50 "53687091200"
#define GIB_100 "107374182400"
#define GIB_200 "214748364800"
#define TIB_1 "1099511627776"

/* clang-format on */

struct short_probe {
    const struct srd_probe *probe;
    size_t names; /* how many columns a line begins with */
    const char *columns, *values;
};

/* clang-format off */
static const struct short_probe short_probes[] = {
    { &srd_probe_table_sizes, 2,
      "DB_NAME|TABLE_NAME|PARTITIONS|TABLETS|REPLICAS|DATA_BYTES|COPY_BYTES|ROW_COUNT|REPLICATION_NUM|MAX_CS|"
      "MAX_BUCKETS|MOST_BUCKETS|EMPTY_PARTITIONS|EMPTY_BUCKETS|FILLED_PARTITIONS|FILLED_TABLETS|SMALL_TABLETS|"
      "MEDIAN_TABLET|MEDIAN_PARTITION|MAX_PARTITION|LARGEST_PARTITION|MAX_CLOSED|LARGEST_CLOSED|OLDEST_PARTITION|"
      "OLDEST_VALUE|NEWEST_VALUE|SSD_PARTITIONS|HDD_PARTITIONS|OVERDUE_PARTITIONS|STORAGE_BYTES|TABLE_ENGINE|TABLE_MODEL|"
      "PARTITION_KEY|PROPERTIES|TABLES|SEEN",
      "||10|60|180|32212254720|" GIB_10 "|1000000|3|0|6|p1|0|\\N|10|60|0|178956970|1073741824|1073741824|p10|"
      "1073741824|p10|p1|" DAY_RANGE("2026-01-11", "2026-01-12") "|" DAY_RANGE("2026-01-20", "2026-01-21")
      "|0|10|0|\\N|OLAP|DUP_KEYS|`dt`|{\"replication_num\":\"3\",\"replicated_storage\":\"true\"}|1|1" },
    { &srd_probe_partitions, 3,
      "DB_NAME|TABLE_NAME|PARTITION_NAME|KIND|BUCKETS|BYTES|COPY_BYTES|IS_TEMP|DISTRIBUTION_KEY|VISIBLE_VERSION_TIME|"
      "PARTITION_ID|VISIBLE_VERSION|NEXT_VERSION",
      "|||size|6|96636764160|32212254720|0|id|2026-01-20 01:00:00|\\N|\\N|\\N" },
    { &srd_probe_tablet_skew, 3,
      "DB_NAME|TABLE_NAME|PARTITION_NAME|TABLETS|ROWS_SUM|ROWS_MAX|BYTES_SUM|BYTES_MAX",
      "|||10|1000|300|" GIB_10 "|3221225472" },
    { &srd_probe_dynamic_tables, 2,
      "DB_NAME|TABLE_NAME|PROPERTIES|PARTITIONS|NEWEST_VALUE",
      "||{\"dynamic_partition.enable\":\"true\",\"dynamic_partition.time_zone\":\"Etc/UTC\"}|7|"
      DAY_RANGE("2026-01-23", "2026-01-24") },
};
/* clang-format on */

/* What is behind the next bar in @text, or NULL. */
static inline const char *next_cell(const char *text)
{
    const char *bar = strchr(text, '|');

    return bar ? bar + 1 : NULL;
}

/* The @n-th of the cells between bars in @text, and its length. */
static inline const char *cell_of(const char *text, size_t n, size_t *size)
{
    for (; n && text; n--)
        text = next_cell(text);
    *size = text ? strcspn(text, "|") : 0;
    return text;
}

static inline void check_columns(const struct short_probe *s, const char *line)
{
    char column[64];

    for (const char *cell = line; cell && *cell; cell = next_cell(cell)) {
        const char *equal = strpbrk(cell, "=|");

        if (!equal || *equal == '|' || (size_t)(equal - cell) >= sizeof(column) - 2)
            continue;
        snprintf(column, sizeof(column), "|%.*s|", (int)(equal - cell), cell);
        column[equal - cell + 1] = '\0'; /* "|NAME" */
        if (!strstr(s->columns, column) &&
            strncmp(s->columns, column + 1, strlen(column) - 1) != 0) {
            fprintf(stderr, "no such column: %s in %s\n", column + 1, line);
            abort();
        }
    }
}

/* The cell of column @i of the row that @line writes short. */
static inline void add_cell(struct srd_buf *out, const struct short_probe *s, size_t i,
                            const char *line)
{
    const char *column, *cell, *value;
    size_t size, n;

    if (i < s->names) {
        cell = cell_of(line, i, &n);
        if (!cell || !n)
            srd_buf_text(out, "\\N");
        else
            srd_buf_add(out, cell, n);
        return;
    }
    column = cell_of(s->columns, i, &size);
    for (size_t k = s->names; (cell = cell_of(line, k, &n)); k++)
        if (n > size && cell[size] == '=' && strncmp(cell, column, size) == 0) {
            srd_buf_add(out, cell + size + 1, n - size - 1);
            return;
        }
    value = cell_of(s->values, i, &n);
    srd_buf_add(out, value, n);
}

static inline const char *expand(struct srd_arena *arena, const struct srd_probe *probe,
                                 const char *lines)
{
    SRD_CLEANUP(srd_buf_free) struct srd_buf out;
    const struct short_probe *s = short_probes;
    size_t columns = 1;

    srd_buf_init(&out, (size_t)1 << 24);
    while (s->probe != probe)
        s++;
    for (const char *p = s->columns; *p; p++)
        columns += *p == '|';
    srd_buf_printf(&out, "%s\n", s->columns);
    while (*lines) {
        const char *line = srd_arena_copy_n(arena, lines, strcspn(lines, "\n"));

        lines += strcspn(lines, "\n");
        lines += *lines == '\n';
        check_columns(s, line);
        for (size_t i = 0; i < columns; i++) {
            if (i)
                srd_buf_char(&out, '|');
            add_cell(&out, s, i, line);
        }
        srd_buf_char(&out, '\n');
    }
    return srd_arena_copy(arena, out.data);
}

static inline void expand_all(struct srd_arena *arena, const struct srd_answer_text *in,
                              struct srd_answer_text out[MAX_ANSWERS])
{
    for (size_t i = 0; i < MAX_ANSWERS && in[i].probe; i++) {
        out[i] = in[i];
        if (in[i].table && in[i].table[0] == '@')
            out[i].table = expand(arena, in[i].probe, in[i].table + 1);
    }
}

static inline void test_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[MAX_ANSWERS] = { 0 };

    expand_all(arena, row->answers, answers);
    assert_string_equal(srd_check_judge_text(row->check, row->mode, row->version, answers, arena),
                        row->want);
}

/* What the worst finding says: message, value and limit, share, and @template with its fields. */
struct words {
    const char *name;
    const struct srd_check *check;
    struct srd_answer_text answers[MAX_ANSWERS];
    const char *template, *message, *filled, *against;
    double share;
    enum srd_mode mode;
};

/* "12.00 GB of 10.00 GB (catalogue)"; "" without a limit */
static inline const char *against(struct srd_arena *arena, const struct srd_finding *f)
{
    if (!f->limit.source)
        return "";
    return srd_arena_printf(arena, "%s of %s (%s)", srd_unit_format(arena, f->unit, f->value, 0),
                            srd_unit_format(arena, f->limit.unit, f->limit.value, 0),
                            f->limit.source);
}

static inline void test_words(void **state)
{
    const struct words *w = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[MAX_ANSWERS] = { 0 };
    struct srd_result result;

    expand_all(arena, w->answers, answers);
    result = judge_in(arena, w->mode, w->check, answers);
    assert_true(result.finding_count > 0);
    assert_string_equal(result.findings[0]->message, w->message);
    assert_string_equal(srd_fill(arena, w->template, result.findings[0]->fields), w->filled);
    assert_string_equal(against(arena, result.findings[0]), w->against);
    assert_true(result.findings[0]->share > w->share - 0.001 &&
                result.findings[0]->share < w->share + 0.001);
}

/* What a check that is ok says it measured. */
static inline void test_measured(void **state)
{
    const struct words *w = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_answer_text answers[MAX_ANSWERS] = { 0 };
    struct srd_result result;

    expand_all(arena, w->answers, answers);
    result = judge_in(arena, w->mode, w->check, answers);
    assert_int_equal(result.verdict, SRD_CHECKED);
    assert_int_equal(result.finding_count, 0);
    assert_string_equal(result.measured, w->message);
}

/* All rows of both tables as tests. Words without a template are of checks that are ok. */
static inline int run_rows(const struct row *rows, size_t count, const struct words *words,
                           size_t word_count)
{
    struct CMUnitTest *tests = calloc(count + word_count, sizeof(*tests));
    size_t n;
    int failed;

    if (!tests)
        return 1;
    n = add_rows(tests, 0, rows, count, sizeof(*rows), test_row);
    for (size_t i = 0; i < word_count; i++)
        n = add_rows(tests, n, &words[i], 1, sizeof(words[i]),
                     words[i].template ? test_words : test_measured);
    failed = _cmocka_run_group_tests("rows", tests, n, NULL, NULL);
    free(tests);
    return failed;
}

#endif
