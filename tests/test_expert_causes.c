/* Which root cause do findings speak for, and which competitor do they rule out? */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "experts/catalogue.h"
#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "tests/rows.h"

/*
 * The matcher belongs to the engine, which an expert's test does not link. What is tested here is the
 * record of each cause: which signals hold over which results, by the same rules in a few lines.
 */
static const struct row {
    const char *name, *cause;
    /* results: "ID LEVEL", "ID ok", "ID unknown", with fields as " name=value", of which says= is the message; the rest
     * was not run */
    const char *results[8];
    const char *want; /* "yes", "no", "open" (a required one is unknown), "vetoed"; then + and - */
} rows[] = {
    { "a disk over the hard limit speaks for growth", "RC-01", { "storage.disk-hard-limit critical" }, "yes" },
    { "one over the soft limit suffices", "RC-01", { "storage.disk-hard-limit ok", "storage.disk-soft-limit warning" }, "yes" },
    { "no full disk, no cause", "RC-01", { "storage.disk-hard-limit ok", "storage.disk-soft-limit ok" }, "no" },
    { "unknown disks leave it open", "RC-01", { "storage.disk-hard-limit unknown", "storage.disk-soft-limit ok" }, "open" },
    { "disks that do not grow are against it", "RC-01", { "storage.disk-hard-limit critical", "storage.disk-eta ok" }, "no" },
    { "growth that is not known does not prevent it", "RC-01", { "storage.disk-hard-limit critical", "storage.disk-eta unknown" }, "yes" },
    { "a table without retention supports it", "RC-01", { "storage.disk-hard-limit critical", "storage.no-retention info" }, "yes +1" },
    { "skewed disks contradict it", "RC-01", { "storage.disk-hard-limit critical", "storage.disk-skew-backends warning" }, "yes -1" },
    { "logs and trash contradict it", "RC-01", { "storage.disk-hard-limit critical", "storage.non-data-usage warning" }, "yes -1" },
    { "when they alone fill the disk it is not the cause", "RC-01",
      { "storage.disk-hard-limit critical", "storage.non-data-usage critical" }, "vetoed" },
    { "a bin whose cleaner is stuck contradicts it", "RC-01", { "storage.disk-hard-limit critical", "storage.recycle-bin warning ms" }, "yes -1" },
    { "loads that find no room support it", "RC-01", { "storage.disk-hard-limit critical", "load.error-class warning class=disk" }, "yes +1" },
    { "loads that fail for another reason do not", "RC-01", { "storage.disk-hard-limit critical", "load.error-class critical class=memory" }, "yes" },
    { "a bin in use does not", "RC-01", { "storage.disk-hard-limit critical", "storage.recycle-bin warning" }, "yes" },

    { "piled up versions and frequent loads", "RC-02", { "compaction.version-count critical", "load.small-frequent warning" }, "yes" },
    { "single-row inserts will do", "RC-02",
      { "compaction.version-count warning", "load.small-frequent ok", "load.insert-values warning" }, "yes" },
    { "loads that are not known to be frequent do not prevent it", "RC-02",
      { "compaction.version-count warning", "load.small-frequent unknown" }, "yes" },
    { "versions that pile up without frequent loads are something else", "RC-02",
      { "compaction.version-count warning", "load.small-frequent ok", "load.insert-values ok" }, "no" },
    { "no pile, no cause", "RC-02", { "compaction.version-count ok", "load.small-frequent warning" }, "no" },
    { "loads refused for it support it", "RC-02",
      { "compaction.version-count critical", "load.error-class critical class=versions" }, "yes +1" },
    { "loads refused for something else do not", "RC-02",
      { "compaction.version-count critical", "load.error-class critical class=memory" }, "yes" },
    { "a queue of applies contradicts it", "RC-02", { "compaction.version-count critical", "compaction.pk-apply-lag warning" }, "yes -1" },
    { "compaction that is off is a cause of its own", "RC-02", { "compaction.version-count critical", "compaction.disabled critical" }, "vetoed" },

    { "a high score and frequent loads", "RC-04", { "compaction.lake-score critical", "load.small-frequent warning" }, "yes" },
    { "a score that is told only is none", "RC-04", { "compaction.lake-score info", "load.small-frequent warning" }, "no" },
    { "rare loads are not its cause", "RC-04", { "compaction.lake-score critical", "load.small-frequent ok" }, "no" },
    { "delayed commits and waiting tablets support it", "RC-04",
      { "compaction.lake-score warning", "compaction.lake-slowdown warning", "compaction.lake-queue-wait warning" }, "yes +2" },
    { "too few places contradict it", "RC-04", { "compaction.lake-score warning", "compaction.lake-tasks-capped warning" }, "yes -1" },
    { "a score that is not known leaves it open", "RC-04", { "compaction.lake-score unknown", "load.small-frequent warning" }, "open" },
    { "debt while compaction is off is another cause", "RC-04", { "compaction.lake-score critical", "compaction.disabled warning" }, "vetoed" },
    { "one table excluded on purpose is no reason", "RC-04", { "compaction.lake-score critical", "compaction.disabled info" }, "yes" },
    { "debt without a node to compact on is another cause", "RC-04",
      { "compaction.lake-score critical", "compaction.lake-warehouse-missing critical" }, "vetoed" },

    { "a high score while compaction is off", "RC-05", { "compaction.lake-score warning", "compaction.disabled critical" }, "yes" },
    { "versions that pile up while it is off", "RC-05", { "compaction.version-count warning", "compaction.disabled warning" }, "yes" },
    { "a warehouse without nodes is as good as off", "RC-05",
      { "compaction.lake-score warning", "compaction.disabled ok", "compaction.lake-warehouse-missing critical" }, "yes" },
    { "off, and nothing piles up yet", "RC-05",
      { "compaction.lake-score ok", "compaction.version-count ok", "compaction.score-high ok", "compaction.disabled critical" }, "no" },
    { "a table excluded on purpose is not off", "RC-05",
      { "compaction.lake-score critical", "compaction.disabled info", "compaction.lake-warehouse-missing ok", "compaction.not-progressing ok" }, "no" },
    { "delayed commits support it", "RC-05",
      { "compaction.lake-score critical", "compaction.disabled critical", "compaction.lake-slowdown warning" }, "yes +1" },
    { "loads of more than one a second contradict it", "RC-05",
      { "compaction.lake-score critical", "compaction.disabled critical", "load.small-frequent critical" }, "yes -1" },

    { "skewed disks speak for distribution", "RC-14", { "storage.disk-skew-backends warning" }, "yes" },
    { "level disks do not", "RC-14", { "storage.disk-skew-backends ok" }, "no" },
    { "a skewed bucket is why", "RC-14", { "storage.disk-skew-backends warning", "storage.bucket-skew warning" }, "yes" },
    { "when nothing pins data it is something else", "RC-14",
      { "storage.disk-skew-backends warning", "storage.bucket-skew ok", "storage.tablet-too-large ok", "storage.single-replica ok",
        "storage.partition-data-skew ok", "balance.colocate-unstable ok" }, "no" },
    { "a full disk supports it", "RC-14", { "storage.disk-skew-backends critical", "storage.disk-soft-limit warning" }, "yes +1" },
    { "a balancer that is off is a cause of its own", "RC-14", { "storage.disk-skew-backends warning", "balance.disabled warning" }, "vetoed" },

    { "a partition that cannot be made and loads without one", "RC-26",
      { "storage.dynamic-partition-error warning", "load.error-class warning class=partition", "load.filtered-rows ok" }, "yes" },
    { "rows that are dropped are the same in silence", "RC-26",
      { "storage.dynamic-partition-horizon warning", "storage.dynamic-partition-error ok", "load.error-class ok", "load.filtered-rows warning" }, "yes" },
    { "loads that fail for another reason are something else", "RC-26",
      { "storage.dynamic-partition-error warning", "load.error-class critical class=memory", "load.filtered-rows ok" }, "no" },
    { "a partition that nobody misses yet is no cause", "RC-26",
      { "storage.dynamic-partition-error warning", "load.error-class ok", "load.filtered-rows ok" }, "no" },
    { "loads that are not known leave it open", "RC-26",
      { "storage.dynamic-partition-error warning", "load.error-class unknown", "load.filtered-rows ok" }, "open" },
    { "too few nodes support it", "RC-26",
      { "storage.dynamic-partition-error warning", "load.error-class warning class=partition", "cluster.nodes-below-replication critical" }, "yes +1" },
    { "a quota contradicts it", "RC-26",
      { "storage.dynamic-partition-error warning", "load.error-class warning class=partition", "storage.quota critical" }, "yes -1" },

    { "a single replica on a dead BE speaks for itself", "RC-33",
      { "storage.single-replica critical", "storage.tablet-no-healthy-replica critical replicas=1 backend=be2" }, "yes" },
    { "also while the BE may be restarting", "RC-33",
      { "storage.single-replica warning", "storage.tablet-no-healthy-replica warning replicas=1 backend=be2" }, "yes" },
    { "a lost tablet on living backends is something else", "RC-33",
      { "storage.single-replica critical", "storage.tablet-no-healthy-replica critical replicas=1" }, "no" },
    { "single replicas alone are no outage", "RC-33", { "storage.single-replica warning", "storage.tablet-no-healthy-replica ok" }, "no" },
    { "an outage of tables with more replicas is something else", "RC-33",
      { "storage.single-replica ok", "storage.tablet-no-healthy-replica critical replicas=3 backend=be2" }, "no" },
    { "several replicas lost contradict it", "RC-33",
      { "storage.single-replica critical", "storage.tablet-no-healthy-replica critical replicas=3 backend=be2" }, "yes -1" },
    { "an offline disk contradicts it", "RC-33",
      { "storage.single-replica critical", "storage.tablet-no-healthy-replica critical replicas=1 backend=be2", "storage.disk-offline critical" },
      "yes -1" },
    { "a dead BE supports it", "RC-33",
      { "storage.single-replica critical", "storage.tablet-no-healthy-replica critical replicas=1 backend=be2", "cluster.be-down critical node=be2" },
      "yes +1" },
    { "another dead BE does not", "RC-33",
      { "storage.single-replica critical", "storage.tablet-no-healthy-replica critical replicas=1 backend=be2", "cluster.be-down critical node=be3" },
      "yes" },
    { "what its heartbeat says supports it, too", "RC-33",
      { "storage.single-replica critical", "storage.tablet-no-healthy-replica critical replicas=1 backend=be2", "cluster.be-down critical node=be2",
        "cluster.heartbeat-error info node=be2" }, "yes +2" },
    { "tablets that could not be looked at leave it open", "RC-33",
      { "storage.single-replica critical", "storage.tablet-no-healthy-replica unknown" }, "open" },

    { "a gap that is nobody's speaks for a lost transaction", "RC-28", { "txn.next-version-gap critical owner=none database=a" }, "yes" },
    { "a gap with committed transactions is slow publishing", "RC-28", { "txn.next-version-gap warning owner=committed database=a" }, "no" },
    { "a gap whose owner is not known is not enough", "RC-28", { "txn.next-version-gap critical owner=unknown database=a" }, "no" },
    { "without the gaps it stays open", "RC-28", { "txn.next-version-gap unknown" }, "open" },
    { "waiting transactions of the same database contradict it", "RC-28",
      { "txn.next-version-gap critical owner=none database=a", "txn.committed-not-visible warning database=a" }, "yes -1" },
    { "those of another database do not", "RC-28",
      { "txn.next-version-gap critical owner=none database=a", "txn.committed-not-visible warning database=b" }, "yes" },
    { "a waiting schema change supports it", "RC-28",
      { "txn.next-version-gap critical owner=none database=a", "alter.waiting-txn warning" }, "yes +1" },

    { "an old entry and an idle node speak for forgetting", "RC-34", { "cluster.be-blacklisted warning type=MANUAL running_queries=0" }, "yes" },
    { "a node that runs queries is not excluded", "RC-34", { "cluster.be-blacklisted warning type=MANUAL running_queries=3" }, "no" },
    { "an AUTO entry was not made by a person", "RC-34", { "cluster.be-blacklisted warning type=AUTO running_queries=0" }, "no" },
    { "a young entry is not forgotten", "RC-34", { "cluster.be-blacklisted info type=MANUAL running_queries=0" }, "no" },
    { "no list, no verdict", "RC-34", { "cluster.be-blacklisted unknown" }, "open" },
    { "busy others support it", "RC-34",
      { "cluster.be-blacklisted warning type=MANUAL running_queries=0", "cluster.be-cpu-saturated info" }, "yes +1" },
    { "a failed disk may be why it was listed", "RC-34",
      { "cluster.be-blacklisted warning type=MANUAL running_queries=0", "storage.disk-offline critical" }, "yes -1" },

    { "a full limit of committed transactions speaks for publishing", "RC-03",
      { "txn.running-near-limit critical committed_percent=75 prepare_percent=24 prepared_percent=1" }, "yes" },
    { "one of transactions that still write does not", "RC-03",
      { "txn.running-near-limit critical committed_percent=10 prepare_percent=88 prepared_percent=2" }, "no" },
    { "without their list it stays open", "RC-03", { "txn.running-near-limit critical committed_percent=unknown" }, "open" },
    { "half the limit is no trouble", "RC-03", { "txn.running-near-limit ok" }, "no" },
    { "those that wait for long support it", "RC-03",
      { "txn.running-near-limit warning committed_percent=50", "txn.committed-not-visible critical" }, "yes +1" },
    { "so do queues of publish tasks", "RC-03",
      { "txn.running-near-limit warning committed_percent=50", "txn.publish-queue unknown", "txn.publish-latency-high warning" }, "yes +1" },
    { "a lock of the FE contradicts it", "RC-03",
      { "txn.running-near-limit warning committed_percent=90", "cluster.fe-lock-contention critical" }, "yes -1" },
    { "so does a dead backend", "RC-03", { "txn.running-near-limit warning committed_percent=90", "cluster.be-down warning" }, "yes -1" },

    { "applies that wait and rowsets that pile up", "RC-09", { "compaction.pk-apply-lag warning", "compaction.pk-score-high warning" }, "yes" },
    { "a short queue is none", "RC-09", { "compaction.pk-apply-lag info", "compaction.pk-score-high warning" }, "no" },
    { "a queue that begets nothing is none", "RC-09", { "compaction.pk-apply-lag warning", "compaction.pk-score-high ok" }, "no" },
    { "a queue that is not known leaves it open", "RC-09", { "compaction.pk-apply-lag unknown", "compaction.pk-score-high warning" }, "open" },
    { "an index in memory and a wide key support it", "RC-09",
      { "compaction.pk-apply-lag warning", "compaction.pk-score-high warning", "storage.pk-index-memory warning", "storage.pk-key-wide info" }, "yes +2" },
    { "loads that are refused for their versions support it", "RC-09",
      { "compaction.pk-apply-lag warning", "compaction.pk-score-high warning", "load.error-class warning class=versions" }, "yes +1" },
    { "loads of several a second contradict it", "RC-09",
      { "compaction.pk-apply-lag warning", "compaction.pk-score-high warning", "load.small-frequent critical" }, "yes -1" },

    { "a journal without an image", "RC-15", { "cluster.fe-checkpoint-overdue warning", "cluster.fe-meta-disk-low unknown" }, "yes" },
    { "a disk with room is against it", "RC-15", { "cluster.fe-checkpoint-overdue warning", "cluster.fe-meta-disk-low ok" }, "no" },
    { "a burst of loads is none", "RC-15", { "cluster.fe-checkpoint-overdue info" }, "no" },
    { "a dead follower supports it", "RC-15",
      { "cluster.fe-checkpoint-overdue warning", "cluster.fe-meta-disk-low unknown", "cluster.fe-down warning" }, "yes +1" },
    { "a disk full of logs contradicts it", "RC-15", { "cluster.fe-checkpoint-overdue warning", "host.root-disk critical" }, "yes -1" },

    { "clocks that differ and a follower that is away", "RC-16", { "cluster.fe-clock-skew warning", "cluster.fe-down warning" }, "yes" },
    { "more than BDB JE admits supports it", "RC-16", { "cluster.fe-clock-skew critical", "cluster.fe-down critical" }, "yes +1" },
    { "clocks that differ and trouble nobody are a finding only", "RC-16",
      { "cluster.fe-clock-skew critical", "cluster.fe-down ok", "load.error-class ok" }, "no" },
    { "a follower that is away while clocks agree is something else", "RC-16", { "cluster.fe-clock-skew ok", "cluster.fe-down critical" }, "no" },
    { "an object store that refuses the time of requests suffices", "RC-16",
      { "cluster.fe-clock-skew warning", "cluster.fe-down ok", "load.error-class info says=RequestTimeTooSkewed" }, "yes" },
    { "one that refuses the key does not", "RC-16",
      { "cluster.fe-clock-skew warning", "cluster.fe-down ok", "load.error-class warning says=AccessDenied" }, "no" },
    { "clocks that cannot be read leave it open", "RC-16", { "cluster.fe-clock-skew unknown", "cluster.fe-down critical" }, "open" },
    { "frontends that are not known leave it open", "RC-16", { "cluster.fe-clock-skew critical", "cluster.fe-down unknown" }, "open" },

    { "a lock, and threads and loads that wait", "RC-17",
      { "cluster.fe-lock-contention critical", "cluster.fe-thread-saturation warning", "load.stuck critical" }, "yes +2" },
    { "a lock that one thing waits for is a finding only", "RC-17",
      { "cluster.fe-lock-contention warning", "cluster.fe-thread-saturation ok", "load.stuck critical", "cluster.be-report-stale ok" }, "no" },
    { "what waits without a lock has another reason", "RC-17",
      { "cluster.fe-lock-contention ok", "cluster.fe-thread-saturation warning", "load.stuck critical" }, "no" },
    { "one backend that does not report is its own fault", "RC-17",
      { "cluster.fe-lock-contention warning", "cluster.be-report-stale warning", "load.stuck critical" }, "no" },
    { "what could not be looked at leaves it open", "RC-17",
      { "cluster.fe-lock-contention warning", "cluster.fe-thread-saturation unknown", "load.stuck critical" }, "open" },
    { "pauses of the garbage collector contradict it", "RC-17",
      { "cluster.fe-lock-contention critical", "cluster.fe-thread-saturation warning", "load.stuck critical", "memory.fe-long-pause warning" },
      "yes +2 -1" },

    { "tiny tablets, and too many of them on a node", "RC-35",
      { "storage.tablet-too-small warning", "storage.tablet-count-per-node warning" }, "yes" },
    { "tiny tablets that trouble nobody are a finding only", "RC-35",
      { "storage.tablet-too-small warning", "storage.tablet-count-per-node ok", "memory.fe-heap-high ok", "txn.publish-queue ok" }, "no" },
    { "many tablets of a good size are something else", "RC-35",
      { "storage.tablet-too-small ok", "storage.tablet-count-per-node critical" }, "no" },
    { "the heap of the FE may be what suffers", "RC-35",
      { "storage.tablet-too-small warning", "storage.tablet-count-per-node ok", "memory.fe-heap-high critical" }, "yes" },
    { "late reports support it", "RC-35",
      { "storage.tablet-too-small warning", "storage.tablet-count-per-node warning", "cluster.be-report-stale warning" }, "yes +1" },
    { "partitions of wrong values contradict it", "RC-35",
      { "storage.tablet-too-small warning", "storage.tablet-count-per-node warning", "ingest.partition-explosion warning" }, "yes -1" },

    { "a skewed table whose loads do not end", "RC-41",
      { "storage.bucket-skew warning table=`a`.`b`", "load.stuck critical table=`a`.`b`" }, "yes" },
    { "loads of another table say nothing", "RC-41",
      { "storage.bucket-skew warning table=`a`.`b`", "load.stuck critical table=`a`.`c`" }, "no" },
    { "a skew that slows nobody is a finding only", "RC-41", { "storage.bucket-skew critical table=`a`.`b`", "load.stuck ok" }, "no" },
    { "queries that run in one thread count as well", "RC-41",
      { "storage.bucket-skew warning table=`a`.`b`", "load.stuck ok", "query.skewed-execution warning table=`a`.`b`" }, "yes +1" },
    { "loads that are not known leave it open", "RC-41", { "storage.bucket-skew warning table=`a`.`b`", "load.stuck unknown" }, "open" },
    { "its large tablet supports it", "RC-41",
      { "storage.bucket-skew warning table=`a`.`b`", "load.stuck critical table=`a`.`b`", "storage.tablet-too-large critical" }, "yes +1" },
    { "uneven nodes contradict it", "RC-41",
      { "storage.bucket-skew warning table=`a`.`b`", "load.stuck critical table=`a`.`b`", "cluster.hardware-uneven warning" }, "yes -1" },
};

static enum srd_severity level_named(const char *word)
{
    for (int level = SRD_OKAY; level <= SRD_CRITICAL; level++)
        if (!strcmp(srd_severity_name((enum srd_severity)level), word))
            return (enum srd_severity)level;
    return SRD_OKAY;
}

/* "storage.x critical a=b ms" as a result. */
static void make_result(struct srd_arena *arena, const char *text, struct srd_result *out)
{
    char *words = srd_arena_copy(arena, text), *rest = NULL;
    struct srd_check *check = srd_arena_alloc(arena, sizeof(*check));
    struct srd_finding *f = srd_arena_alloc(arena, sizeof(*f));
    const char *level;
    size_t fields = 0;

    check->id = strtok_r(words, " ", &rest);
    level = strtok_r(NULL, " ", &rest);
    *out = (struct srd_result){ .check = check, .detail = "", .measured = "measured" };
    if (!strcmp(level, "unknown")) {
        out->verdict = SRD_NOT_CHECKED;
        out->status = SRD_NEEDS_HISTORY;
        return;
    }
    out->severity = level_named(level);
    if (out->severity == SRD_OKAY)
        return;
    *f = (struct srd_finding){ .check = check, .severity = out->severity, .message = "found",
                               .unit = SRD_UNIT_COUNT };
    out->findings = srd_arena_array(arena, 1, sizeof(*out->findings));
    out->findings[out->finding_count++] = f;
    for (char *word; (word = strtok_r(NULL, " ", &rest));) {
        char *equals = strchr(word, '=');

        if (!equals) {
            f->unit = SRD_UNIT_MS;
            continue;
        }
        *equals = '\0';
        if (!strcmp(word, "says"))
            f->message = equals + 1;
        f->fields[fields++] = (struct srd_field){ word, equals + 1 };
    }
}

/* Has the finding the field that the signal asks for? */
static bool counts(const struct srd_result *r, const char *only)
{
    return !only || (r->finding_count && srd_finding_has(r->findings[0], only));
}

static enum srd_signal_state check_state(const struct srd_results *results, const char *id,
                                         enum srd_severity level, const char *only)
{
    const struct srd_result *r = srd_results_get(results, id);

    if (!r || r->verdict == SRD_NOT_CHECKED)
        return SRD_SIGNAL_UNKNOWN;
    return r->severity >= (level ? level : SRD_INFO) && counts(r, only) ? SRD_SIGNAL_YES
                                                                        : SRD_SIGNAL_NO;
}

static enum srd_signal_state signal_state(struct srd_arena *arena,
                                          const struct srd_results *results,
                                          const struct srd_signal *s)
{
    enum srd_signal_state best = SRD_SIGNAL_NO;
    const char *ids;
    char *rest = NULL;

    if (s->test)
        return s->test(results);
    ids = srd_arena_printf(arena, "%s %s", s->check, s->alternatives ? s->alternatives : "");
    for (char *id = strtok_r(srd_arena_copy(arena, ids), " ", &rest); id;
         id = strtok_r(NULL, " ", &rest)) {
        enum srd_signal_state state = check_state(results, id, s->level, strcmp(id, s->check) ? NULL : s->only);

        if (state == SRD_SIGNAL_YES)
            return state;
        best = state == SRD_SIGNAL_UNKNOWN ? state : best;
    }
    return best;
}

static bool ends(const struct srd_signal *s)
{
    return !s->check && !s->test;
}

static const char *verdict(struct srd_arena *arena, const struct srd_cause *cause,
                           const struct srd_results *results)
{
    size_t plus = 0, minus = 0;
    const char *text = "yes";

    for (const struct srd_signal *s = cause->required; !ends(s); s++) {
        enum srd_signal_state state = signal_state(arena, results, s);

        if (state == SRD_SIGNAL_NO)
            return "no";
        if (state == SRD_SIGNAL_UNKNOWN && !s->aside)
            text = "open";
    }
    if (strcmp(text, "yes"))
        return text;
    for (const struct srd_signal *s = cause->supporting; !ends(s); s++)
        plus += signal_state(arena, results, s) == SRD_SIGNAL_YES;
    for (const struct srd_signal *s = cause->contradicting; !ends(s); s++) {
        if (signal_state(arena, results, s) != SRD_SIGNAL_YES)
            continue;
        if (s->veto)
            return "vetoed";
        minus++;
    }
    if (plus)
        text = srd_arena_printf(arena, "%s +%zu", text, plus);
    return minus ? srd_arena_printf(arena, "%s -%zu", text, minus) : text;
}

static void check_row(void **state)
{
    const struct row *row = *state;
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    struct srd_result items[8];
    struct srd_results results = { .items = items };
    const struct srd_cause *cause = srd_catalogue_cause(&srd_catalogue, row->cause);

    while (results.count < SRD_COUNT(row->results) && row->results[results.count]) {
        make_result(arena, row->results[results.count], &items[results.count]);
        results.count++;
    }
    assert_non_null(cause);
    assert_string_equal(verdict(arena, cause, &results), row->want);
}

/* Ids of areas that have no expert yet; the rest must exist, or a slip of the pen goes unnoticed. */
static bool may_be_missing(const char *id)
{
    static const char *const others[] = { "alter.", "backup.", "balance.",  "cache.", "config.",  "host.", "memory.",
                                          "mv.",    "query.",  "resource.", "stats.", "upgrade.", "task." };

    for (size_t i = 0; i < SRD_COUNT(others); i++)
        if (srd_text_prefix(id, others[i]))
            return true;
    return false;
}

static void assert_ids_exist(struct srd_arena *arena, const char *ids, const char *where)
{
    char *rest = NULL;

    for (char *id = strtok_r(srd_arena_copy(arena, ids ? ids : ""), " ", &rest); id;
         id = strtok_r(NULL, " ", &rest))
        if (!srd_catalogue_check(&srd_catalogue, id) && !may_be_missing(id))
            fail_msg("%s names %s, which does not exist", where, id);
}

static void causes_name_checks_that_exist(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();

    (void)state;
    for (const struct srd_cause *const *c = srd_causes; *c; c++) {
        const struct srd_signal *const lists[] = { (*c)->required, (*c)->supporting,
                                                   (*c)->contradicting, (*c)->not_because };

        assert_ids_exist(arena, (*c)->explains, (*c)->id);
        for (size_t i = 0; i < SRD_COUNT(lists); i++) {
            for (const struct srd_signal *s = lists[i]; !ends(s); s++) {
                assert_ids_exist(arena, s->check, (*c)->id);
                assert_ids_exist(arena, s->alternatives, (*c)->id);
                assert_non_null(s->words);
            }
        }
        for (size_t i = 0; i < SRD_MAX_STEPS && (*c)->steps[i].step.text; i++)
            assert_ids_exist(arena, (*c)->steps[i].from, (*c)->id);
        assert_non_null((*c)->why);
    }
}

/* "storage.disk-hard-limit": a domain of the score, a dot, and its name. */
static bool is_of_an_area(const char *id)
{
    for (const struct srd_area *area = srd_areas; area->name; area++) {
        size_t n = strlen(area->name);

        if (!strncmp(id, area->name, n) && id[n] == '.' && id[n + 1])
            return true;
    }
    return false;
}

/*
 * Every check of every expert can be explained, also those that cannot be made yet: for all of them
 * here, so that a new one needs no more than rows of its own.
 */
static void checks_have_all_their_texts(void **state)
{
    SRD_CLEANUP(srd_arena_free) struct srd_arena *arena = srd_arena_new();
    size_t count = 0;

    (void)state;
    for (const struct srd_expert *const *e = srd_catalogue.experts; *e; e++)
        SRD_EACH_CHECK (c, *e) {
            const char *const texts[] = { (*c)->title,  (*c)->why,   (*c)->measured_by, (*c)->rule,
                                          (*c)->source, (*c)->avoid, (*c)->see,         (*c)->fix[0].text };

            for (size_t i = 0; i < SRD_COUNT(texts); i++)
                if (!texts[i] || strlen(texts[i]) < 4)
                    fail_msg("%s lacks text %zu", (*c)->id, i);
            assert_ids_exist(arena, (*c)->see, (*c)->id);
            assert_true(is_of_an_area((*c)->id));
            assert_true((*c)->worst > SRD_OKAY);
            assert_true((*c)->judge || (*c)->kind != SRD_INSTANT || (*c)->blocked);
            count++;
        }
    assert_true(count > 100);
}

static const struct CMUnitTest single[] = {
    { "causes name checks that exist", causes_name_checks_that_exist, NULL, NULL, NULL },
    { "checks have all their texts", checks_have_all_their_texts, NULL, NULL, NULL },
};

int main(void)
{
    struct CMUnitTest tests[SRD_COUNT(rows) + SRD_COUNT(single)];
    size_t n = 0;

    ADD_ROWS(tests, n, rows, check_row);
    for (size_t i = 0; i < SRD_COUNT(single); i++)
        tests[n++] = single[i];
    return cmocka_run_group_tests_name("causes", tests, NULL, NULL);
}
