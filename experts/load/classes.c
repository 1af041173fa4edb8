/* What does the error text of a load mean, and who has to do something? */

#include <string.h>
#include <strings.h>

#include "experts/load/load.h"
#include "lib/base/cleanup.h"

#define LOOKED_AT 4096 /* bytes of a text; a reason stands at its beginning */

/* clang-format off */
const struct srd_load_class srd_load_classes[] = {
    { "cancelled", "cancelled by its user", SRD_LOAD_IGNORED,
      "type:user_cancel|user cancel|cancelled by user|canceled by user",
      "Somebody cancelled this load; nothing failed.",
      { "Load it again if it is still wanted" }, NULL },
    { "versions", "too many versions", SRD_LOAD_CAPACITY,
      "too many versions|too many tablet versions|exceed&version&limit",
      "A tablet has as many versions as it may have: data comes in more, smaller loads than compaction merges.",
      { "Load less often and more at a time: one load per table every 10 seconds or more",
        "Let compaction catch up before loading on; see which partitions wait",
        "Do not raise tablet_max_versions unless the loaders cannot be changed within hours, and undo it" },
      "compaction.version-count load.small-frequent" },
    { "memory", "memory limit reached", SRD_LOAD_CAPACITY,
      "memory of process exceed limit|mem usage has exceed|memory of&exceed limit|memory exceed limit|memory limit exceeded|"
      "mem_limit_exceeded|mem limit exceeded|mem_alloc_failed|memory allocation failed",
      "A BE or CN has no memory left for the load.",
      { "Run fewer loads at a time, or smaller ones",
        "See what takes the memory of the node before raising a limit" },
      "memory.be-process memory.be-load" },
    { "disk", "no room on the disks", SRD_LOAD_CAPACITY,
      "safe mode|exceed limit usage|disk used exceed|disk usage&exceed|capacity limit|no space left|not enough disk space|"
      "disk is full",
      "StarRocks refuses to write because a disk is over its limit or the cluster is in safe mode.",
      { "Free space: drop what is beyond its retention, let trash expire sooner",
        "Pause the largest loader until there is room" },
      "storage.disk-hard-limit storage.disk-soft-limit cluster.safe-mode-active" },
    { "score", "compaction score too high", SRD_LOAD_CAPACITY,
      "compaction score|ingestion slowdown",
      "Compaction is so far behind that StarRocks refuses further loads of this partition (lake_compaction_score_upper_bound).",
      { "Load less often and more at a time",
        "Give compaction more threads or nodes; see which partitions wait" },
      "compaction.lake-score compaction.lake-slowdown" },
    { "publish", "publishing took too long", SRD_LOAD_TRANSIENT,
      "publish timeout|publish version timeout|publish time out|publish&timed out",
      "The data is written, but did not become visible in time; it does by itself once publishing goes on.",
      { "See whether one BE is slow, and whether committed transactions pile up",
        "Look whether the data is visible before loading it again" },
      "txn.committed-not-visible txn.publish-queue" },
    { "quorum", "too few replicas were written", SRD_LOAD_TRANSIENT,
      "commit failed&quorum|commit failed&replicas|quorum&errorreplicas|not enough replicas|replica&not enough&alive",
      "A tablet could not be written on most of its replicas.",
      { "See which backends are named in the text: they are down, slow or out of room" },
      "cluster.be-down storage.tablet-unhealthy ingest.commit-quorum" },
    { "rpc", "a node did not answer", SRD_LOAD_TRANSIENT,
      "[e1008]|[e1011]|[e1014]|[e110]|[e111]|[e112]|rpc&timeout|rpc&timed out|rpc&fail|overcrowded|connection refused&brpc|"
      "call rpc",
      "A BE or CN did not answer another one in time.",
      { "Load again; if it repeats look at the node that is named: load, disks, network" },
      "ingest.rpc-overcrowded cluster.network-errors cluster.be-down" },
    { "partition", "no partition for the rows", SRD_LOAD_DATA,
      "no partition for this tuple|out of partition ranges|no partition&tuple|no partitions have data available|"
      "partition&does not exist",
      "Rows have partition values for which the table has no partition.",
      { "Add the partition, or find out why dynamic partitions were not created",
        "Correct the values if they are wrong (1970, far future)" },
      "storage.dynamic-partition-error storage.dynamic-partition-horizon" },
    { "quality", "too many filtered rows", SRD_LOAD_DATA,
      "too many filtered rows|etl_quality_unsatisfied|has filtered data|quality not good enough|filtered rows",
      "More rows do not fit the table than max_filter_ratio admits.",
      { "Look at the rejected rows: the tracking SQL of the load prints them with their reasons",
        "Correct the data or the column mapping; raise max_filter_ratio only if such rows may be lost" },
      "load.filtered-rows" },
    { "schema", "the data does not match the columns", SRD_LOAD_DATA,
      "schema mismatch|type mismatch|data type&mismatch|column count|unknown column|cannot be resolved|invalid column|"
      "column&not found|no such column|can not cast|cannot cast|failed to cast|syntax error|analyzing error|parse&failed|"
      "failed to parse|null value in non-nullable|json&error",
      "Columns, types or format of the load are not those of the table or of the file.",
      { "Compare the columns of the load with the table; look whether either was altered lately" }, "" },
    { "label", "loaded before under this label", SRD_LOAD_IGNORED,
      "label already|has already been used|label&already exists",
      "A load with this label succeeded or runs already: a retry that came too late, which is what labels are for.",
      { "Nothing, if it was a retry; otherwise use a new label" }, NULL },
    { "privileges", "a privilege is missing", SRD_LOAD_SETTING,
      "access denied; you need|access denied for user|no privilege|privilege(s) on|permission denied to user",
      "The account of the load may not do this in StarRocks.",
      { "Grant INSERT on the table to the account of the loader" }, "" },
    { "object-storage", "the source files cannot be read", SRD_LOAD_SETTING,
      "s3a://|s3://|s3n://|oss://|cos://|cosn://|obs://|gs://|abfs|wasb|hdfs|amazons3|awssdk|amazon s3|fail to get file status|"
      "nosuchbucket|nosuchkey|requesttimetooskewed|slowdown|file not found|file does not exist|no files were found|"
      "access denied|list path&fail|failed to open",
      "The files in the object store or HDFS could not be listed or read: address, credentials, path or network.",
      { "Check path, endpoint and credentials of the load from a BE's machine" }, "cluster.broker-down" },
    { "kafka", "the message broker cannot be read", SRD_LOAD_SETTING,
      "kafka|offset out of range|librdkafka|pulsar|_all_brokers_down",
      "Kafka or Pulsar did not deliver: broker, topic, offsets or credentials.",
      { "Check topic and brokers from a BE's machine; see the state of the routine load" },
      "load.routine-paused" },
    { "restarted", "a node went away during the load", SRD_LOAD_TRANSIENT,
      "tablet writer not found|be restarted|backend&restart|load channel not found|tablets channel&not found|unknown load_id|"
      "backend node not found|compute node not found|no alive backend|coordinator&down|cancelled because&backend|"
      "backend&not alive",
      "A BE or CN restarted or died while the load ran.",
      { "Load again; see why the node went away" }, "cluster.be-down cluster.be-flapping" },
    { "transactions", "too many running transactions", SRD_LOAD_CAPACITY,
      "current running txns on db|running txns&limit|too many running txn",
      "The database has as many open transactions as it may have (max_running_txn_num_per_db).",
      { "Load less often and more at a time; end transactions that nobody finishes" },
      "txn.running-near-limit txn.prepare-leaked" },
    { "quota", "a quota is used up", SRD_LOAD_CAPACITY,
      "exceeds quota|exceed&quota|quota&exceed",
      "The database is over its data or replica quota.",
      { "Raise the quota of the database, or drop data of it" }, "storage.quota" },
    { "disabled", "loads are switched off", SRD_LOAD_SETTING,
      "disable_load_job is set|recovery mode|all load jobs are rejected|all load jobs are prevented",
      "The FE rejects all loads because it was told to.",
      { "Set disable_load_job to false when the maintenance is over" }, "load.disabled" },
    { "timeout", "the load took too long", SRD_LOAD_TRANSIENT,
      "type:timeout|timeout to cancel|timeout by txn manager|reached its timeout|reached timeout|timed out|time out|timeout",
      "The load was ended because its time limit was over.",
      { "See what it waited for: queue, slow BE, compaction; then load less at a time or raise its timeout" },
      "load.stuck load.broker-queue" },
    { "unknown", "another reason", SRD_LOAD_UNKNOWN, "",
      "srdiag does not know this text.",
      { "Read the text; SHOW LOAD and the logs of the leading FE say more" }, "" },
};
/* clang-format on */

const size_t srd_load_class_count = SRD_COUNT(srd_load_classes);

const char *srd_load_kind_name(enum srd_load_kind kind)
{
    static const char *const names[] = {
        [SRD_LOAD_IGNORED] = "no failure",  [SRD_LOAD_CAPACITY] = "capacity",
        [SRD_LOAD_DATA] = "data",           [SRD_LOAD_SETTING] = "setting",
        [SRD_LOAD_TRANSIENT] = "transient", [SRD_LOAD_UNKNOWN] = "unknown",
    };

    return names[kind];
}

/* Are the parts of @pattern ('&' between them, @n bytes in all) in @text, one after the other? */
static bool matches(const char *text, const char *pattern, size_t n)
{
    const char *end = pattern + n;

    while (pattern < end) {
        size_t part = strcspn(pattern, "&|");
        const char *found;
        char word[64];

        if (part >= sizeof(word))
            return false;
        memcpy(word, pattern, part);
        word[part] = '\0';
        found = strcasestr(text, word);
        if (!found)
            return false;
        text = found + part;
        pattern += part + 1;
    }
    return true;
}

static bool in_class(const struct srd_load_class *class, const char *text)
{
    for (const char *p = class->patterns; *p;) {
        size_t n = strcspn(p, "|");

        if (matches(text, p, n))
            return true;
        p += n + (p[n] == '|');
    }
    return false;
}

const struct srd_load_class *srd_load_class_of(const char *error)
{
    size_t last = srd_load_class_count - 1;
    char text[LOOKED_AT + 1];
    size_t n = error ? strnlen(error, LOOKED_AT) : 0;

    memcpy(text, error ? error : "", n);
    text[n] = '\0';
    for (size_t i = 0; n && i < last; i++)
        if (in_class(&srd_load_classes[i], text))
            return &srd_load_classes[i];
    return &srd_load_classes[last];
}
