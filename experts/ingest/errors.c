/* What do the errors of failed loads tell of the write path? */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "experts/ingest/ingest.h"
#include "experts/load/load.h"
#include "experts/load/stream.h"
#include "experts/storage/storage.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"

#define MINUTE_MS 60000.0
#define HOUR_MS 3600000.0
#define BURST_MS (10 * MINUTE_MS)

/* A failed load whose error has one of the words. */
struct failure {
    const struct srd_probe *probe;
    const struct srd_table *table;
    size_t row;
    const char *text;
    int64_t age_ms;
};
struct failures {
    struct failure *items; /* of the last srd_hours(), the newest first */
    size_t count, recent;  /* all of them, and those of the last hour */
    int64_t hours;
    size_t from, burst; /* 10 minutes with many of them: @burst items from @from on */
    bool over;          /* they are not of the last hour */
};

static bool has_any(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strstr(text, *words))
            return true;
    return false;
}

/* Is the load of this label known from the other list? One label may fail many times in one list.
 */
static bool listed(const struct failures *f, const struct srd_table *here, const char *label)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->items[i].table != here &&
            srd_cell_is(f->items[i].table, f->items[i].row, "LABEL", label))
            return true;
    return false;
}

static void add(const struct srd_evidence *ev, struct failures *f, const struct srd_probe *probe,
                const char *text_column, const char *time_column, const char *const *words)
{
    const struct srd_table *t = srd_evidence_get(ev, probe, NULL);

    for (size_t row = 0; t && row < t->rows; row++) {
        struct failure one = { probe, t, row, srd_cell_text(t, row, text_column), 0 };

        if (!srd_cell_is(t, row, "STATE", "CANCELLED") || !has_any(one.text, words) ||
            !srd_routine_age_ms(ev, t, row, time_column, &one.age_ms) ||
            (double)one.age_ms > (double)f->hours * HOUR_MS ||
            listed(f, t, srd_cell_text(t, row, "LABEL")))
            continue;
        f->items[f->count++] = one;
    }
}

static int by_age(const void *left, const void *right)
{
    const struct failure *a = left, *b = right;

    return (a->age_ms > b->age_ms) - (a->age_ms < b->age_ms);
}

/* The 10 minutes with most of the first @n failures. */
static void find_burst(struct failures *f, size_t n)
{
    f->burst = f->from = 0;
    for (size_t i = 0, end = 0; i < n; i++) {
        while (end < n && (double)(f->items[end].age_ms - f->items[i].age_ms) <= BURST_MS)
            end++;
        if (end - i > f->burst) {
            f->burst = end - i;
            f->from = i;
        }
    }
}

/* Before 3.3.6 stream loads are not among the loads, so their own list is read as well. */
static struct failures read_failures(const struct srd_evidence *ev, struct srd_arena *arena,
                                     const char *const *words)
{
    const struct srd_table *loads = srd_load_failed(ev);
    const struct srd_table *streams = srd_evidence_get(ev, &srd_probe_stream_loads, NULL);
    struct failures f = { .hours = srd_hours(ev) };

    f.items = srd_arena_array(arena, (loads ? loads->rows : 0) + (streams ? streams->rows : 0) + 1,
                              sizeof(*f.items));
    add(ev, &f, &srd_probe_loads, "ERROR_MSG", "FINISHED_S", words);
    add(ev, &f, &srd_probe_stream_loads, "ERROR_TEXT", "ENDED_S", words);
    if (f.count)
        qsort(f.items, f.count, sizeof(*f.items), by_age);
    while (f.recent < f.count && (double)f.items[f.recent].age_ms <= HOUR_MS)
        f.recent++;
    find_burst(&f, f.recent);
    return f;
}

/* Are there @limit failures within 10 minutes? Of the last hour rather than of earlier ones. */
static bool has_burst(struct failures *f, double limit)
{
    if (f->burst && (double)f->burst >= limit)
        return true;
    find_burst(f, f->count);
    f->over = true;
    return f->burst && (double)f->burst >= limit;
}

/*
 * The list is cut: says so when it does not reach back over the hour that alarms look at, or over
 * the hours that were asked for.
 */
static void says_cut(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *t = srd_load_failed(ev);
    const struct srd_arg_value *asked = srd_view_arg(ev, "hours");
    double hours = asked && asked->given ? (double)srd_hours(ev) : 1;
    int64_t age;

    if (t->rows >= SRD_LOAD_MAX_FAILED &&
        srd_routine_age_ms(ev, t, t->rows - 1, "FINISHED_S", &age) && (double)age < hours * HOUR_MS)
        srd_cannot_judge(out, SRD_SKIPPED,
                         "only the newest %zu failed loads were looked at: they reach "
                         "back %s",
                         t->rows, srd_text_duration(out->arena, age));
}

static void says_measured(struct srd_findings *out, const struct failures *f, const char *why)
{
    if (f->count > f->recent)
        srd_measured(out, "%zu loads failed within an hour because %s, %zu in %lld hours",
                     f->recent, why, f->count, (long long)f->hours);
    else
        srd_measured(out, "%zu loads failed within an hour because %s", f->recent, why);
}

/* " 5h ago" for what is over; else nothing to add. */
static const char *ago(struct srd_findings *out, const struct failures *f)
{
    return f->over ? srd_arena_printf(out->arena, " %s ago",
                                      srd_text_duration(out->arena, f->items[f->from].age_ms))
                   : "";
}

static const char *target(struct srd_findings *out, const struct failure *f)
{
    return srd_load_target(out->arena, f->table, f->row);
}

static void add_rows(struct srd_finding *finding, const struct failures *f, size_t from, size_t n)
{
    for (size_t i = from; i < from + n && i < f->count; i++)
        if (f->items[i].table == f->items[from].table) /* a finding shows rows of one answer */
            srd_finding_row(finding, f->items[i].probe, f->items[i].table, f->items[i].row);
}

/* ingest.create-tablet-slow */

static void judge_create(const struct srd_evidence *ev, struct srd_findings *out)
{
    static const char *const words[] = { "Table creation timed out", "tablet_create_timeout_second",
                                         NULL };
    struct srd_limit warning =
        srd_limit_catalogue(ev, "ingest.create-tablet-slow.warning", 1, SRD_UNIT_COUNT);
    struct srd_limit critical =
        srd_limit_catalogue(ev, "ingest.create-tablet-slow", 10, SRD_UNIT_COUNT);
    struct srd_finding *finding;
    const char *span = "an hour";
    enum srd_severity severity;
    struct failures f;
    double n;

    if (!srd_load_known(out, srd_load_failed(ev)))
        return;
    f = read_failures(ev, out->arena, words);
    says_cut(ev, out);
    says_measured(out, &f, "tablets were created too slowly");
    n = (double)f.recent;
    if (!f.recent || n < warning.value) {
        n = (double)f.count;
        span = srd_arena_printf(out->arena, "%lld hours", (long long)f.hours);
        f.from = 0;
        f.over = true;
    }
    if (!f.count || n < warning.value)
        return;
    severity = f.over ? SRD_INFO : n >= critical.value ? SRD_CRITICAL : SRD_WARNING;
    finding = srd_finding_add(out, severity, "cluster", "new tablets",
                              "%.0f loads failed within %s because their partitions were created "
                              "too slowly, the last%s into %s: %s",
                              n, span, ago(out, &f), target(out, &f.items[0]),
                              srd_load_excerpt(out->arena, f.items[0].text, 160));
    srd_finding_value(finding, n, severity == SRD_CRITICAL ? critical : warning);
    add_rows(finding, &f, 0, 3);
}

/* ingest.commit-quorum */

static bool is_part(char byte)
{
    return isalnum((unsigned char)byte) || byte == '-' || byte == '_';
}

/* Does the word of @n bytes at @at stand for itself, and not in a longer number, address or name?
 */
static bool alone(const char *text, const char *at, size_t n)
{
    if (at > text && (is_part(at[-1]) || at[-1] == '.'))
        return false;
    return !is_part(at[n]) && !(at[n] == '.' && is_part(at[n + 1]));
}

/*
 * Does @text name this backend as one that failed? By its id or address, before the list of those
 * that did commit; in a list of replicas only those that say DEAD count. A short id could be any
 * number.
 */
static bool names(const char *text, const char *word)
{
    const char *good = strstr(text, "commitBackends");
    size_t n = strlen(word);

    if (!n || (n < 4 && word[strspn(word, "0123456789")] == '\0'))
        return false;
    for (const char *at = strstr(text, word); at && (!good || at < good);
         at = strstr(at + 1, word)) {
        const char *end = strchr(at, ','), *normal = strstr(at, ":NORMAL:"),
                   *dead = strstr(at, "DEAD");

        if (!alone(text, at, n))
            continue;
        if (normal && (!end || normal < end) && !(dead && (!end || dead < end)))
            continue;
        return true;
    }
    return false;
}

/* The row of the backend that most of the failures name, if more than half do; else none. */
static size_t common_backend(const struct srd_evidence *ev, const struct failures *f)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    size_t best = 0, row_of_best = SRD_NO_COLUMN;

    for (size_t row = 0; be && row < be->rows; row++) {
        const char *id = srd_cell_text(be, row, "BackendId"), *ip = srd_cell_text(be, row, "IP");
        size_t hits = 0;

        for (size_t i = f->from; i < f->from + f->burst; i++)
            hits += names(f->items[i].text, id) || names(f->items[i].text, ip);
        if (hits > best) {
            best = hits;
            row_of_best = row;
        }
    }
    return 2 * best > f->burst ? row_of_best : SRD_NO_COLUMN;
}

/* Alive, and started after the last of the failures: then they were its restart. */
static bool restarted_since(const struct srd_evidence *ev, size_t row, const struct failures *f)
{
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    int64_t age;

    return row != SRD_NO_COLUMN && srd_storage_alive(be, row) &&
           srd_age_ms(ev, be, row, "LastStartTime", &age) && age < f->items[0].age_ms;
}

static void judge_quorum(const struct srd_evidence *ev, struct srd_findings *out)
{
    static const char *const words[] = { "Commit failed. txn",         "Failed to commit txn",
                                         "< quorum replica num",       "intolerable failure",
                                         "Check quorum number failed", NULL };
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    struct srd_limit limit = srd_limit_catalogue(ev, "ingest.commit-quorum", 3, SRD_UNIT_COUNT);
    struct srd_finding *finding;
    const char *backend = NULL;
    struct failures f;
    bool restart;
    size_t row;

    if (!srd_load_known(out, srd_load_failed(ev)))
        return;
    f = read_failures(ev, out->arena, words);
    says_cut(ev, out);
    says_measured(out, &f, "too few replicas were written");
    if (!has_burst(&f, limit.value))
        return;
    row = common_backend(ev, &f);
    restart = restarted_since(ev, row, &f);
    if (row != SRD_NO_COLUMN)
        backend = srd_node_name(out->arena, be, row);
    finding = srd_finding_add(
        out, restart || f.over ? SRD_INFO : SRD_CRITICAL, backend ? "backend" : "cluster",
        backend ? backend : "replicas",
        "%zu loads failed within 10 minutes%s because too few replicas were written%s%s%s: %s",
        f.burst, ago(out, &f), backend ? ", most of them on " : "", backend ? backend : "",
        restart ? ", which has restarted since" : "",
        srd_load_excerpt(out->arena, f.items[f.from].text, 160));
    srd_finding_value(finding, (double)f.burst, limit);
    srd_finding_field(out, finding, "backend", backend ? backend : "the BE that the errors name");
    srd_finding_field(out, finding, "backend_id",
                      backend ? srd_cell_text(be, row, "BackendId") : "<BackendId>");
    add_rows(finding, &f, f.from, 3);
}

/* ingest.rpc-overcrowded */

static void judge_overcrowded(const struct srd_evidence *ev, struct srd_findings *out)
{
    static const char *const words[] = { "overcrowded", "[E1011]", "[E112]", NULL };
    struct srd_limit limit = srd_limit_catalogue(ev, "ingest.rpc-overcrowded", 10, SRD_UNIT_COUNT);
    const struct srd_table *be = srd_evidence_get(ev, &srd_probe_backends, NULL);
    struct srd_finding *finding;
    const char *receiver = NULL;
    struct failures f;
    size_t row;

    if (!srd_load_known(out, srd_load_failed(ev)))
        return;
    f = read_failures(ev, out->arena, words);
    says_cut(ev, out);
    says_measured(out, &f, "a receiver was overcrowded");
    if (!has_burst(&f, limit.value))
        return;
    row = common_backend(ev, &f);
    if (row != SRD_NO_COLUMN)
        receiver = srd_node_name(out->arena, be, row);
    finding = srd_finding_add(
        out, f.over ? SRD_INFO : SRD_WARNING, receiver ? "backend" : "cluster",
        receiver ? receiver : "receivers",
        "%zu loads failed within 10 minutes%s because %s does not take what is sent "
        "to it: %s",
        f.burst, ago(out, &f), receiver ? receiver : "a node",
        srd_load_excerpt(out->arena, f.items[f.from].text, 160));
    srd_finding_value(finding, (double)f.burst, limit);
    add_rows(finding, &f, f.from, 3);
}

/* clang-format off */
#define WHERE_READ "errors of failed loads (information_schema.loads; before 3.3.6 also stream_loads) of the last day (--hours), " \
                   "as far as the leader remembers them"

const struct srd_check srd_ingest_create_tablet_slow = {
    .id = "ingest.create-tablet-slow",
    .title = "Loads fail while partitions are created",
    .family = "write-stage",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_loads },
    .wants = { &srd_probe_stream_loads },
    .judge = judge_create,
    .limits = ". .warning",
    .why = "A load that needs a new partition waits for its tablets. When a BE makes them too slowly the load fails.",
    .measured_by = WHERE_READ ": \"Table creation timed out\", tablet_create_timeout_second. CREATE TABLE and ALTER TABLE that "
                   "failed like that are only in the log of the FE.",
    .rule = "warning: 1 load within the last hour; critical: 10; info: 1 before that, within 24 hours (--hours)",
    .source = "tablet_create_timeout_second (10) and create_tablet_worker_count of the BE (3); the numbers are our judgement",
    .avoid = "Nothing known.",
    .see = "cluster.be-down ingest.disk-io ingest.partition-explosion",
    .fix = {
        { "Look at the disk of the BE that the error names: ingest.disk-io", NULL, SRD_SAFE },
        { "Allow more time for the moment",
          "ADMIN SET FRONTEND CONFIG (\"tablet_create_timeout_second\" = \"30\");", SRD_SAFE },
        { "Use fewer buckets and fewer partitions per load", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_ingest_commit_quorum = {
    .id = "ingest.commit-quorum",
    .title = "Too few replicas written",
    .family = "write-stage",
    .mode = SRD_MODE_SHARED_NOTHING,
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_loads, &srd_probe_backends },
    .wants = { &srd_probe_stream_loads },
    .judge = judge_quorum,
    .limits = ".",
    .why = "A load is committed when most replicas of each tablet were written. Fewer were: one BE after the other refuses or "
           "is away, and loads fail.",
    .measured_by = WHERE_READ ": \"Commit failed\", \"intolerable failure\", quorum numbers. The BE is the one that more than half "
                   "of the errors name by id or address.",
    .rule = "critical: 3 within 10 minutes of the last hour; info: of the hours before, up to 24 (--hours)",
    .source = "code of the FE (majority of the replicas); the number is our judgement",
    .avoid = "The restart of a BE: when the BE that the errors name is alive and started after the last of them, it is info.",
    .see = "storage.disk-hard-limit storage.tablet-error-state cluster.be-down",
    .fix = {
        { "Is {backend} alive, and has it room?", "SHOW PROC '/backends/{backend_id}';", SRD_SAFE },
        { "If it is alive with room on its disks, look for tablets in error state: storage.tablet-error-state", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_ingest_rpc_overcrowded = {
    .id = "ingest.rpc-overcrowded",
    .title = "A receiver is overcrowded",
    .family = "write-stage",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_loads },
    .wants = { &srd_probe_stream_loads, &srd_probe_backends },
    .judge = judge_overcrowded,
    .limits = ".",
    .why = "The socket to a node is full of data that it has not taken: the node is too slow, and loads that send to it fail.",
    .measured_by = WHERE_READ ": \"overcrowded\", [E1011], [E112]",
    .rule = "warning: 10 within 10 minutes of the last hour; info: of the hours before, up to 24 (--hours)",
    .source = "brpc_socket_max_unwritten_bytes of the BE (1 GiB); the number is our judgement",
    .avoid = "Nothing known.",
    .see = "ingest.replica-wait cluster.be-cpu-saturated",
    .fix = {
        { "Find the slow receiver: CPU (cluster.be-cpu-saturated), disks (ingest.disk-io)", NULL, SRD_SAFE },
        { "Run fewer loads at a time", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_ingest_errors_checks[] = {
    &srd_ingest_create_tablet_slow,
    &srd_ingest_commit_quorum,
    &srd_ingest_rpc_overcrowded,
    NULL,
};
