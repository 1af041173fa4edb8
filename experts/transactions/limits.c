/* Do too many transactions run, and do some run that should have ended? */

#include <string.h>

#include "experts/storage/sizes.h"
#include "experts/transactions/transactions.h"
#include "lib/base/text.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static struct srd_limit limit_of_database(const struct srd_evidence *ev)
{
    /* 100 before 3.1, which we do not know; a value of 0 would let nothing through */
    struct srd_limit limit = srd_fe_config(ev, "max_running_txn_num_per_db", 1000, SRD_UNIT_COUNT);

    limit.value = limit.value < 1 ? 1 : limit.value;
    return limit;
}

static bool has_status(const struct srd_table *t, size_t row, const char *status)
{
    return srd_cell_is(t, row, "TransactionStatus", status);
}

/* The limit. */

struct split {
    size_t all, prepare, prepared, committed;
};

static struct split split(const struct srd_table *t)
{
    struct split s = { 0 };

    for (size_t row = 0; t && row < t->rows; row++) {
        if (!srd_txn_is_limited(t, row))
            continue;
        s.all++;
        s.prepare += has_status(t, row, "PREPARE");
        s.prepared += has_status(t, row, "PREPARED");
        s.committed += has_status(t, row, "COMMITTED");
    }
    return s;
}

static const char *percent_of(struct srd_arena *arena, size_t part, size_t all)
{
    return all ? srd_arena_printf(arena, "%zu", 100 * part / all) : "unknown";
}

static void report_limit(struct srd_findings *out, const char *db, const char *id, double running,
                         const struct split *s, struct srd_limit limit, double databases)
{
    const char *most = "";
    struct srd_finding *f;

    if (s->all && 2 * s->committed >= s->all)
        most = "; most are COMMITTED and wait to become visible";
    else if (s->all && 2 * s->prepared >= s->all)
        most = "; most are PREPARED and wait for their clients";
    else if (s->all && 2 * s->prepare >= s->all)
        most = "; most are still writing (PREPARE)";
    f = srd_finding_add(
        out, running >= 0.95 * limit.value ? SRD_CRITICAL : SRD_WARNING, "database", db,
        "%s of %s transactions of %s run%s", srd_text_count(out->arena, running),
        srd_text_count(out->arena, limit.value), srd_txn_excerpt(out->arena, db), most);
    srd_finding_value(f, running, limit);
    srd_finding_share(f, 1, databases);
    srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, db));
    srd_finding_field(out, f, "database_id", id);
    srd_finding_field(out, f, "committed_percent", percent_of(out->arena, s->committed, s->all));
    srd_finding_field(out, f, "prepare_percent", percent_of(out->arena, s->prepare, s->all));
    srd_finding_field(out, f, "prepared_percent", percent_of(out->arena, s->prepared, s->all));
}

static const struct srd_txn_database *database_of(const struct srd_txn_databases *all,
                                                  const char *name)
{
    for (size_t i = 0; i < all->count; i++)
        if (!strcmp(all->items[i].name, name))
            return &all->items[i];
    return NULL;
}

/* The metric knows every database; without it the lists that were read have to do. */
static void judge_near_limit(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_txn_databases all = srd_txn_databases(ev, out->arena);
    struct srd_limit limit = limit_of_database(ev);
    struct srd_limit part = srd_limit_catalogue(ev, "txn.running-near-limit", 80, SRD_UNIT_PERCENT);
    struct srd_txn_counts counts = srd_txn_counts(ev, out->arena);
    const char **names, *fullest = "";
    size_t databases = srd_txn_names(ev, out->arena, &names);
    double most = 0;

    if (!srd_txn_known(out))
        return;
    for (size_t i = 0; i < databases; i++) {
        const struct srd_txn_database *db = database_of(&all, names[i]);
        struct split s = split(db ? db->running : NULL);
        const struct srd_txn_count *known = srd_txn_count(&counts, names[i]);
        double count = known ? known->value : (double)s.all;

        if (count > most) {
            most = count;
            fullest = names[i];
        }
        if (100 * count <= part.value * limit.value)
            continue;
        report_limit(out, names[i], db ? db->id : names[i], count, &s, limit, (double)databases);
        if (known)
            srd_finding_row(out->items[out->count - 1], &srd_probe_fe_gauges,
                            srd_evidence_get(ev, &srd_probe_fe_gauges, NULL), known->row);
    }
    srd_measured(out, "at most %s of %s transactions of a database run%s%s",
                 srd_text_count(out->arena, most), srd_text_count(out->arena, limit.value),
                 *fullest ? ", in " : "", srd_txn_excerpt(out->arena, fullest));
    if (!all.exact)
        srd_txn_coverage(out, &all);
}

/* Committed, but not visible. */

struct oldest {
    size_t count, undated, late, row;
    int64_t ms; /* -1: none */
};

/* Rows with @status, how many are older than @ms, and the oldest; @column dates them. */
static struct oldest find_oldest(const struct srd_evidence *ev, const struct srd_table *t,
                                 const char *status, const char *column, double ms)
{
    struct oldest o = { .ms = -1 };
    int64_t age;

    for (size_t row = 0; row < t->rows; row++) {
        if (!has_status(t, row, status))
            continue;
        o.count++;
        if (!srd_age_ms(ev, t, row, column, &age)) {
            o.undated++;
            continue;
        }
        o.late += (double)age > ms;
        if (age > o.ms) {
            o.ms = age;
            o.row = row;
        }
    }
    return o;
}

static void name_transaction(struct srd_findings *out, struct srd_finding *f,
                             const struct srd_txn_database *db, size_t row)
{
    srd_finding_field(out, f, "database", srd_quote_identifier(out->arena, db->name));
    srd_finding_field(out, f, "txn_id", srd_cell_text(db->running, row, "TransactionId"));
    srd_finding_field(out, f, "label",
                      srd_txn_excerpt(out->arena, srd_cell_text(db->running, row, "Label")));
    srd_finding_field(out, f, "coordinator",
                      srd_txn_excerpt(out->arena, srd_cell_text(db->running, row, "Coordinator")));
    srd_finding_row(f, &srd_probe_txn_running, db->running, row);
}

static void say_undated(struct srd_findings *out, size_t undated)
{
    if (undated)
        srd_cannot_judge(out, SRD_FAILED, "the age of %zu transactions is not known", undated);
}

static void judge_committed(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_txn_databases all = srd_txn_databases(ev, out->arena);
    struct srd_limit late = srd_limit_catalogue(ev, "txn.committed-not-visible", 60e3, SRD_UNIT_MS);
    struct srd_limit very_late =
        srd_limit_catalogue(ev, "txn.committed-not-visible.critical", 300e3, SRD_UNIT_MS);
    size_t waiting = 0, undated = 0;

    if (!srd_txn_known(out))
        return;
    for (size_t i = 0; i < all.count; i++) {
        const struct srd_txn_database *db = &all.items[i];
        struct oldest o = find_oldest(ev, db->running, "COMMITTED", "CommitTime", late.value);
        bool critical = (double)o.ms > very_late.value;
        const char *error;
        struct srd_finding *f;

        waiting += o.count;
        undated += o.undated;
        if ((double)o.ms <= late.value)
            continue;
        error = srd_cell_text(db->running, o.row, "ErrMsg");
        if (!*error)
            error = srd_cell_text(db->running, o.row, "Reason");
        f = srd_finding_add(
            out, critical ? SRD_CRITICAL : SRD_WARNING, "database", db->name,
            "transaction %s of %s was committed %s ago and is not visible; %zu wait%s%s",
            srd_cell_text(db->running, o.row, "TransactionId"),
            srd_txn_excerpt(out->arena, db->name), srd_text_duration(out->arena, o.ms), o.count,
            *error ? ": " : "", srd_txn_excerpt(out->arena, error));
        srd_finding_value(f, (double)o.ms, critical ? very_late : late);
        srd_finding_share(f, 1, (double)all.count);
        name_transaction(out, f, db, o.row);
    }
    srd_measured(out, "%zu transactions are committed and not visible, none of them for long",
                 waiting);
    srd_txn_coverage(out, &all);
    say_undated(out, undated);
}

/* Beyond their time-out. */

struct leaks {
    size_t count, undated, worst_row;
    int64_t over_ms;
};

static struct leaks find_leaks(const struct srd_evidence *ev, const struct srd_table *t,
                               double grace)
{
    struct leaks l = { 0 };
    double timeout;
    int64_t age;

    for (size_t row = 0; row < t->rows; row++) {
        if (!has_status(t, row, "PREPARE"))
            continue;
        if (!srd_cell_number(t, row, "TimeoutMs", &timeout) || timeout <= 0)
            continue; /* may take as long as it likes */
        if (!srd_age_ms(ev, t, row, "PrepareTime", &age)) {
            l.undated++;
            continue;
        }
        if ((double)age <= timeout + grace)
            continue;
        if (!l.count || (double)age - timeout > (double)l.over_ms) {
            l.over_ms = age - (int64_t)timeout;
            l.worst_row = row;
        }
        l.count++;
    }
    return l;
}

static void judge_leaked(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_txn_databases all = srd_txn_databases(ev, out->arena);
    struct srd_limit grace = srd_limit_catalogue(ev, "txn.prepare-leaked", 300e3, SRD_UNIT_MS);
    struct srd_limit many = srd_limit_catalogue(ev, "txn.prepare-leaked.count", 50, SRD_UNIT_COUNT);
    size_t undated = 0;

    if (!srd_txn_known(out))
        return;
    for (size_t i = 0; i < all.count; i++) {
        const struct srd_txn_database *db = &all.items[i];
        struct leaks l = find_leaks(ev, db->running, grace.value);
        bool critical = (double)l.count > many.value;
        struct srd_finding *f;

        undated += l.undated;
        if (!l.count)
            continue;
        f = srd_finding_add(
            out, critical ? SRD_CRITICAL : SRD_WARNING, "database", db->name,
            "%zu transactions of %s still write after their time-out, the oldest by %s "
            "(label %s)",
            l.count, srd_txn_excerpt(out->arena, db->name),
            srd_text_duration(out->arena, l.over_ms),
            srd_txn_excerpt(out->arena, srd_cell_text(db->running, l.worst_row, "Label")));
        if (critical)
            srd_finding_value(f, (double)l.count, many);
        else
            srd_finding_value(f, (double)l.over_ms, grace);
        srd_finding_share(f, 1, (double)all.count);
        name_transaction(out, f, db, l.worst_row);
    }
    srd_measured(out, "no transaction of %zu databases is beyond its time-out", all.count);
    srd_txn_coverage(out, &all);
    say_undated(out, undated);
}

/* Two-phase clients that do not come back. */

static void judge_abandoned(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_txn_databases all = srd_txn_databases(ev, out->arena);
    struct srd_limit old =
        srd_limit_catalogue(ev, "txn.prepared-abandoned", (double)HOUR_MS, SRD_UNIT_MS);
    struct srd_limit oldest =
        srd_limit_catalogue(ev, "txn.prepared-abandoned.any", (double)(6 * HOUR_MS), SRD_UNIT_MS);
    struct srd_limit limit = limit_of_database(ev);
    size_t undated = 0, prepared = 0;

    if (!srd_txn_known(out))
        return;
    for (size_t i = 0; i < all.count; i++) {
        const struct srd_txn_database *db = &all.items[i];
        /* PreparedTime is printed from 3.5.4 on; before, the begin has to do */
        bool exact = srd_column(db->running, "PreparedTime") != SRD_NO_COLUMN;
        struct oldest o = find_oldest(ev, db->running, "PREPARED",
                                      exact ? "PreparedTime" : "PrepareTime", old.value);
        bool critical = 5 * (double)o.late > limit.value;
        struct srd_finding *f;

        prepared += o.count;
        undated += o.undated;
        if (!critical && o.late < 5 && (double)o.ms <= oldest.value)
            continue;
        f = srd_finding_add(
            out, critical ? SRD_CRITICAL : SRD_WARNING, "database", db->name,
            "%zu transactions of %s have been PREPARED for more than %s, the oldest for "
            "%s (label %s)",
            o.late, srd_txn_excerpt(out->arena, db->name),
            srd_text_duration(out->arena, (int64_t)old.value), srd_text_duration(out->arena, o.ms),
            srd_txn_excerpt(out->arena, srd_cell_text(db->running, o.row, "Label")));
        if (critical)
            srd_finding_value(f, (double)o.late, limit);
        else
            srd_finding_value(f, (double)o.ms, o.late < 5 ? oldest : old);
        srd_finding_share(f, 1, (double)all.count);
        name_transaction(out, f, db, o.row);
    }
    srd_measured(out, "%zu transactions are PREPARED, none of them for long", prepared);
    srd_txn_coverage(out, &all);
    say_undated(out, undated);
}

/* clang-format off */
#define LISTS { &srd_probe_txn_running }
#define HELP { &srd_probe_fe_gauges, &srd_probe_databases, &srd_probe_partitions, &srd_probe_fe_config }

#define WHICH " Of the databases in which something runs (fe_metrics: txn_running; partitions_meta: versions to come) the 6 " \
              "with the most are looked at. A list ends after max_show_proc_transactions_entry (2,000) rows."

const struct srd_check srd_txn_running_near_limit = {
    .id = "txn.running-near-limit",
    .title = "Transactions near the limit",
    .family = "txn-queue",
    .worst = SRD_CRITICAL,
    .wants = { &srd_probe_fe_gauges, &srd_probe_databases, &srd_probe_partitions, &srd_probe_fe_config, &srd_probe_txn_running },
    .judge = judge_near_limit,
    .limits = ". max_running_txn_num_per_db max_show_proc_transactions_entry",
    .why = "At the limit every new load into the database is refused.",
    .measured_by = "information_schema.fe_metrics: txn_running of each database; without it the rows of SHOW PROC "
                   "'/transactions/<db>/running', which also say what they wait for",
    .rule = "warning: more than 80 % of max_running_txn_num_per_db; critical: 95 % or more. That transactions are being "
            "refused (txn_reject) would be seen in two samples.",
    .source = "max_running_txn_num_per_db of the cluster (1,000); documentation of alerts",
    .avoid = "Tasks of Routine Load and compactions of shared-data do not count towards the limit and are left out.",
    .see = "load.small-frequent txn.publish-queue txn.committed-not-visible txn.prepared-abandoned",
    .fix = {
        { "Look at what they wait for (srdiag transactions running): mostly COMMITTED means that publishing is slow, mostly "
          "PREPARE slow writers or leaks, mostly PREPARED two-phase clients", "SHOW PROC '/transactions/{database_id}/running';", SRD_SAFE },
        { "Load in fewer, larger batches", NULL, SRD_SAFE },
        { "A higher limit moves the queue into publishing",
          "ADMIN SET FRONTEND CONFIG (\"max_running_txn_num_per_db\" = \"2000\");", SRD_RISKY },
    },
};

const struct srd_check srd_txn_committed_not_visible = {
    .id = "txn.committed-not-visible",
    .title = "Committed data does not become visible",
    .family = "txn-queue",
    .worst = SRD_CRITICAL,
    .needs = LISTS,
    .wants = HELP,
    .judge = judge_committed,
    .limits = ". .critical max_show_proc_transactions_entry",
    .why = "The data is committed and cannot be read. COMMITTED transactions have no time-out, and those that follow in the "
           "same partition wait behind them.",
    .measured_by = "SHOW PROC '/transactions/<db>/running': TransactionStatus COMMITTED and the age of CommitTime." WHICH,
    .rule = "warning: one for more than 60 s; critical: for more than 300 s. Whether their number rises needs two samples.",
    .source = "our judgement; quorum_publish_wait_time_ms (5 s); issues 43393 and 14148",
    .avoid = "Loads that shared-data slows down wait before the commit and have another status. Waiting for the quorum takes "
             "seconds.",
    .see = "txn.publish-queue txn.lake-publish-failed txn.next-version-gap compaction.pk-apply-lag "
           "storage.tablet-no-healthy-replica cluster.be-down",
    .fix = {
        { "See which partition and BE the oldest waits for", "SHOW TRANSACTION FROM {database} WHERE ID = {txn_id};", SRD_SAFE },
        { "Restart the one BE that does not answer; look for broken replicas (storage.tablet-no-healthy-replica)", NULL, SRD_SAFE },
        { "Do not use ADMIN SET ... VERSION while transactions run (issue 79427)", NULL, SRD_RISKY },
    },
};

const struct srd_check srd_txn_prepare_leaked = {
    .id = "txn.prepare-leaked",
    .title = "Transactions beyond their time-out",
    .family = "txn-leak",
    .worst = SRD_CRITICAL,
    .needs = LISTS,
    .wants = HELP,
    .judge = judge_leaked,
    .limits = ". .count max_show_proc_transactions_entry",
    .why = "A transaction that still writes after its time-out means that whoever ends them is stuck, or a client holds on. "
           "It blocks schema changes of its tables, and in shared-data keeps transaction logs.",
    .measured_by = "SHOW PROC '/transactions/<db>/running': TransactionStatus PREPARE, PrepareTime and TimeoutMs." WHICH,
    .rule = "warning: one that is 5 minutes over its TimeoutMs; critical: more than 50 in a database",
    .source = "TimeoutMs of each; stream_load_default_timeout_second (600); the times are our judgement",
    .avoid = "Long INSERTs with a long time-out of their own: TimeoutMs has it.",
    .see = "alter.waiting-txn cluster.fe-lock-contention txn.running-near-limit",
    .fix = {
        { "Look at the locks of the leader (cluster.fe-lock-contention) and for the label cleaner in fe.log (issue 27975)", NULL, SRD_SAFE },
        { "Have the client of label {label} roll it back: POST /api/transaction/rollback", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_txn_prepared_abandoned = {
    .id = "txn.prepared-abandoned",
    .title = "Prepared transactions nobody finishes",
    .family = "txn-leak",
    .worst = SRD_CRITICAL,
    .needs = LISTS,
    .wants = HELP,
    .judge = judge_abandoned,
    .limits = ". .any max_running_txn_num_per_db max_show_proc_transactions_entry",
    .why = "Two-phase clients (Flink with exactly-once) that died leave PREPARED transactions for a day. They count towards the "
           "limit and block schema changes.",
    .measured_by = "SHOW PROC '/transactions/<db>/running': TransactionStatus PREPARED and the age of PreparedTime (3.5.4 and "
                   "later; before, of PrepareTime)." WHICH,
    .rule = "warning: 5 for more than an hour, or one for more than 6 hours; critical: those of more than an hour are more than "
            "20 % of max_running_txn_num_per_db",
    .source = "prepared_transaction_default_timeout_second (86,400); the rest is our judgement",
    .avoid = "Flink checkpoints may be up to an hour apart.",
    .see = "txn.running-near-limit alter.waiting-txn",
    .fix = {
        { "Ask the owner of label {label} whether a Flink savepoint needs it, and only then roll it back by its label: what "
          "Flink believes to be committed is lost", NULL, SRD_RISKY },
    },
};
/* clang-format on */

const struct srd_check *const srd_txn_limits_checks[] = {
    &srd_txn_running_near_limit,
    &srd_txn_committed_not_visible,
    &srd_txn_prepare_leaked,
    &srd_txn_prepared_abandoned,
    NULL,
};
