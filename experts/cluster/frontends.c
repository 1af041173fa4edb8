/* Is there a leader, can the cluster lose another FE, and do the others keep up with the journal?
 */

#include <string.h>

#include "experts/cluster/cluster.h"
#include "lib/base/text.h"

/* After a restart an FE may be away for two minutes before that means anything. */
#define PATIENCE_MS (2 * SRD_MINUTE_MS)

/*
 * Issue 50999: 3.3.0 to 3.3.3 print the leader as FOLLOWER. All other releases print LEADER, also
 * when a follower answers.
 */
static bool hides_leader(int version)
{
    return version >= SRD_VERSION(3, 3, 0) && version <= SRD_VERSION(3, 3, 3);
}

/* Did the FE refuse SHOW FRONTENDS because it found nobody to pass it on to? */
static bool refused_for_want_of_leader(const struct srd_answer *a)
{
    return a->status == SRD_FAILED && a->detail &&
           (strstr(a->detail, "leader") || strstr(a->detail, "not ready"));
}

/* Without a leader nobody sends heartbeats: the freshest one tells since when. */
static bool freshest_ms(const struct srd_nodes *nodes, int64_t *out)
{
    bool known = false;

    for (size_t i = 0; i < nodes->count; i++) {
        const struct srd_node *n = &nodes->items[i];

        if (n->silent_known && (!known || n->silent_ms < *out)) {
            *out = n->silent_ms;
            known = true;
        }
    }
    return known;
}

static void judge_no_leader(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_answer *missing = srd_evidence_missing(ev, &srd_probe_frontends);
    const struct srd_table *fe = srd_evidence_get(ev, &srd_probe_frontends, NULL);
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_FE);
    size_t leader = srd_cluster_leader_row(fe);
    int64_t fresh = 0;
    bool recent;

    if (missing && refused_for_want_of_leader(missing)) {
        srd_finding_add(out, SRD_CRITICAL, "cluster", "cluster",
                        "the FE answers that it knows no leader: %s",
                        srd_cluster_excerpt(out->arena, missing->detail));
        return;
    }
    if (srd_cluster_missing(ev, out, &srd_probe_frontends))
        return;
    if (leader != SRD_NO_COLUMN) {
        srd_measured(out, "%s leads", srd_cell_text(fe, leader, "IP"));
        return;
    }
    if (!nodes.count || hides_leader(ev->cluster.version)) {
        srd_cannot_judge(out, SRD_FAILED,
                         nodes.count ? "this release does not say which FE leads"
                                     : "SHOW FRONTENDS shows no FE");
        return;
    }
    recent = freshest_ms(&nodes, &fresh) && fresh < SRD_MINUTE_MS;
    srd_finding_add(out, recent ? SRD_WARNING : SRD_CRITICAL, "cluster", "cluster",
                    "none of %zu FEs leads%s", nodes.count,
                    recent ? "; the last heartbeat is less than a minute old, an election may be "
                             "under way"
                           : ": nothing can be written");
}

struct quorum {
    size_t electable, alive, away; /* away: for less than PATIENCE_MS, or that is not known */
    size_t unknown;                /* of these: not known */
    bool at_the_edge;
};

/* An FE that was registered but has never joined has no vote yet. */
static bool votes(const struct srd_node *fe)
{
    return !srd_cell_is(fe->table, fe->row, "Role", "OBSERVER") &&
           !srd_cell_is(fe->table, fe->row, "Join", "false");
}

static struct quorum count_votes(const struct srd_nodes *nodes)
{
    struct quorum q = { 0 };

    for (size_t i = 0; i < nodes->count; i++) {
        const struct srd_node *fe = &nodes->items[i];
        enum srd_gone gone = srd_cluster_gone(fe, PATIENCE_MS);

        if (!votes(fe))
            continue;
        q.electable++;
        q.alive += fe->alive;
        q.away += !fe->alive && gone != SRD_GONE_YES;
        q.unknown += gone == SRD_GONE_UNKNOWN;
    }
    q.at_the_edge = q.alive + q.away < q.electable && q.alive + q.away <= q.electable / 2 + 1;
    return q;
}

static void judge_quorum(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_FE);
    struct srd_nodes workers = srd_cluster_nodes(ev, out->arena, SRD_NODE_WORKERS);
    struct quorum q = count_votes(&nodes);
    struct srd_limit majority = { (double)(q.electable / 2 + 1), SRD_UNIT_COUNT,
                                  "majority of the FEs that vote" };
    struct srd_finding *f = NULL;

    if (!q.electable) {
        srd_cannot_judge(out, SRD_FAILED, "SHOW FRONTENDS shows no FE that votes");
        return;
    }
    if (q.at_the_edge)
        f = srd_finding_add(out, SRD_CRITICAL, "cluster", "cluster",
                            "%zu of %zu FEs that vote are alive: %s", q.alive, q.electable,
                            q.alive + q.away > q.electable / 2
                                ? "the loss of one more stops all writing"
                                : "no majority, nothing can be written");
    else if (q.electable == 1)
        f = srd_finding_add(out, workers.count >= 3 ? SRD_WARNING : SRD_INFO, "cluster", "cluster",
                            "one FE alone votes: when it is gone, so is the cluster");
    else if (q.electable % 2 == 0)
        f = srd_finding_add(out, SRD_WARNING, "cluster", "cluster",
                            "%zu FEs vote: an even number survives no more losses than %zu would",
                            q.electable, q.electable - 1);
    else if (q.electable > 5)
        f = srd_finding_add(out, SRD_INFO, "cluster", "cluster",
                            "%zu FEs vote: every write waits for %zu of them", q.electable,
                            q.electable / 2 + 1);
    else if (q.away && !q.unknown)
        f = srd_finding_add(out, SRD_INFO, "cluster", "cluster",
                            "%zu of %zu FEs that vote are alive, one has been away for less than "
                            "two minutes",
                            q.alive, q.electable);
    if (f)
        srd_finding_value(f, (double)q.alive, majority);
    srd_measured(out, "%zu of %zu FEs that vote are alive", q.alive, q.electable);
    if (q.unknown && !q.at_the_edge)
        srd_cannot_judge(out, SRD_FAILED, "since when an FE is away is not known");
}

static void judge_fe_down(const struct srd_evidence *ev, struct srd_findings *out)
{
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_FE);
    struct quorum q = count_votes(&nodes);
    struct srd_limit away =
        srd_limit_catalogue(ev, "cluster.fe-down", (double)PATIENCE_MS, SRD_UNIT_MS);
    size_t dead = 0, undated = 0;

    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *fe = &nodes.items[i];
        const char *role = srd_cell_text(fe->table, fe->row, "Role");
        bool edge = q.at_the_edge && votes(fe), forgotten;
        struct srd_finding *f;

        if (fe->alive)
            continue;
        dead++;
        if (!fe->seen) {
            f = srd_cluster_finding(out, SRD_WARNING, fe,
                                    "FE %s (%s) has never answered a heartbeat", fe->name, role);
            srd_finding_share(f, 1, (double)nodes.count);
            continue;
        }
        undated += !fe->silent_known;
        if (srd_cluster_gone(fe, (int64_t)away.value) != SRD_GONE_YES)
            continue;
        forgotten = fe->silent_ms > 24 * SRD_HOUR_MS;
        f = srd_cluster_finding(out, edge || forgotten ? SRD_CRITICAL : SRD_WARNING, fe,
                                "FE %s (%s) has not answered for %s%s", fe->name, role,
                                srd_text_duration(out->arena, fe->silent_ms),
                                edge        ? "; its vote is needed"
                                : forgotten ? " and is still registered"
                                            : "");
        srd_finding_value(f, (double)fe->silent_ms, away);
        srd_finding_share(f, 1, (double)nodes.count);
    }
    srd_measured(out, "%zu of %zu FEs are alive", nodes.count - dead, nodes.count);
    if (undated)
        srd_cannot_judge(out, SRD_FAILED, "since when %zu FEs are away is not known", undated);
}

static void judge_journal_lag(const struct srd_evidence *ev, struct srd_findings *out)
{
    const struct srd_table *fe = srd_evidence_get(ev, &srd_probe_frontends, NULL);
    struct srd_nodes nodes = srd_cluster_nodes(ev, out->arena, SRD_NODE_FE);
    struct srd_limit limit =
        srd_limit_catalogue(ev, "cluster.fe-journal-lag", 10000, SRD_UNIT_COUNT);
    double newest = -1, worst = 0, own;
    size_t unread = 0;

    if (srd_column(fe, "ReplayedJournalId") == SRD_NO_COLUMN) {
        srd_cannot_judge(out, SRD_VERSION_ABSENT, "SHOW FRONTENDS has no column ReplayedJournalId");
        return;
    }
    if (srd_cluster_leader_row(fe) == SRD_NO_COLUMN && !hides_leader(ev->cluster.version)) {
        srd_cannot_judge(out, SRD_FAILED, "without a leader nobody knows who lags");
        return;
    }
    for (size_t row = 0; row < fe->rows; row++)
        if (srd_cell_number(fe, row, "ReplayedJournalId", &own) && own > newest)
            newest = own;
    for (size_t i = 0; i < nodes.count; i++) {
        const struct srd_node *n = &nodes.items[i];
        struct srd_finding *f;

        /* one that has just started replays what it missed */
        if (!n->alive || (n->up_known && n->up_ms < PATIENCE_MS))
            continue;
        if (!srd_cell_number(fe, n->row, "ReplayedJournalId", &own)) {
            unread++;
            continue;
        }
        worst = newest - own > worst ? newest - own : worst;
        if (newest - own <= limit.value)
            continue;
        f = srd_cluster_finding(
            out, SRD_WARNING, n,
            "FE %s is %s journal entries behind; how long that is depends on how "
            "fast the leader writes",
            n->name, srd_text_count(out->arena, newest - own));
        srd_finding_value(f, newest - own, limit);
        srd_finding_share(f, 1, (double)nodes.count);
    }
    srd_measured(out, "no FE is more than %s journal entries behind",
                 srd_text_count(out->arena, worst));
    if (unread)
        srd_cannot_judge(out, SRD_FAILED, "%zu FEs do not say how far they are", unread);
}

/* clang-format off */
const struct srd_check srd_cluster_fe_no_leader = {
    .id = "cluster.fe-no-leader",
    .title = "No leading FE",
    .family = "fe-availability",
    .worst = SRD_CRITICAL,
    .outage = true,
    .wants = { &srd_probe_frontends },
    .judge = judge_no_leader,
    .why = "Without an elected leader nothing can be written: no load commits, no DDL, no repair. The other FEs answer "
           "queries only until their metadata is too old.",
    .measured_by = "SHOW FRONTENDS: Role and Alive; an answer that names the missing leader counts too. That two FEs each "
                   "claim to lead would be seen in the metrics of each, which are not read.",
    .rule = "critical: no FE is LEADER and alive; warning: the same, and the last heartbeat is less than a minute old, so "
            "that an election may be under way",
    .source = "election of BDB JE; bdbje_heartbeat_timeout_second (30 s)",
    .avoid = "A rolling restart leaves the cluster without a leader for 10 to 40 seconds: ask again after 35 seconds. The "
             "FE that answers always calls itself alive. 3.3.0 to 3.3.3 do not print who leads (issue 50999).",
    .see = "cluster.fe-quorum-risk cluster.fe-clock-skew config.dangerous-flag",
    .fix = {
        { "Start the stopped followers until a majority of the FEs that vote runs; look at the clock and the disk of "
          "meta_dir, and in fe.log for \"transfer\" and \"rollback\"", NULL, SRD_SAFE },
        { "Only when all others are known to be lost: start the FE with the highest journal id with "
          "bdbje_reset_election_group = true, and take the line out afterwards", NULL, SRD_RISKY },
    },
};

const struct srd_check srd_cluster_fe_quorum_risk = {
    .id = "cluster.fe-quorum-risk",
    .title = "Majority of FEs at risk",
    .family = "fe-availability",
    .worst = SRD_CRITICAL,
    .outage = true,
    .needs = { &srd_probe_frontends },
    .wants = { &srd_probe_backends, &srd_probe_compute_nodes },
    .judge = judge_quorum,
    .why = "The leader and the followers vote, observers do not. When the majority is lost the cluster stops writing, and "
           "that cannot be repaired while it runs.",
    .measured_by = "SHOW FRONTENDS: of those with Role LEADER or FOLLOWER that have joined, how many are alive",
    .rule = "critical: some are dead and the loss of one more, at most, costs the majority; warning: an even number votes, "
            "or one FE alone with 3 BEs and CNs or more; info: more than 5 vote, one FE alone with fewer nodes, or one has "
            "been away for less than two minutes",
    .source = "arithmetic of the quorum; the documentation recommends an odd number of followers, 3 for availability",
    .avoid = "An FE that has been away for less than two minutes may be restarting (rolling upgrade) and counts as there. "
             "Observers do not count. A test installation with one FE is told as info.",
    .see = "cluster.fe-down",
    .fix = {
        { "Have an odd number of FEs vote, three at least: restart the one that is away, else add a follower (start it with "
          "--helper)", "ALTER SYSTEM ADD FOLLOWER \"host:9010\";", SRD_SAFE },
        { "Drop one that is lost for good; add its successor first", "ALTER SYSTEM DROP FOLLOWER \"host:9010\";", SRD_RISKY },
    },
};

const struct srd_check srd_cluster_fe_down = {
    .id = "cluster.fe-down",
    .title = "FE does not answer",
    .family = "fe-availability",
    .worst = SRD_CRITICAL,
    .needs = { &srd_probe_frontends },
    .judge = judge_fe_down,
    .limits = ".",
    .why = "A dead FE takes its clients, part of the capacity for queries and a vote with it.",
    .measured_by = "SHOW FRONTENDS: Alive, and the age of LastHeartbeat by the clock of the cluster",
    .rule = "warning: away for 2 minutes, or never seen; critical: its vote is needed (cluster.fe-quorum-risk), or it has "
            "been away for more than 24 hours and still counts for the quorum",
    .source = "heartbeats every 5 s, heartbeat_retry_times (3); the 24 hours are our judgement",
    .avoid = "A restart takes less than two minutes. Where the zone of printed times is not known the age is not either, "
             "and nothing is said.",
    .see = "memory.fe-heap-high cluster.fe-meta-disk-low cluster.fe-quorum-risk",
    .fix = {
        { "Read fe.out and fe.log of {node}, then restart it", NULL, SRD_SAFE },
        { "If the host is gone for good", "ALTER SYSTEM DROP FOLLOWER \"{address}\"; -- or DROP OBSERVER", SRD_RISKY },
    },
};

const struct srd_check srd_cluster_fe_journal_lag = {
    .id = "cluster.fe-journal-lag",
    .title = "FE behind in the journal",
    .family = "fe-journal",
    .worst = SRD_WARNING,
    .needs = { &srd_probe_frontends },
    .judge = judge_journal_lag,
    .limits = ".",
    .why = "A follower or observer that replays slowly answers from old metadata: missing partitions and rows, \"table not "
           "found\", and in the end it refuses to answer.",
    .measured_by = "SHOW FRONTENDS, which the leader answers: the highest ReplayedJournalId less the FE's own. The speed, "
                   "and with it the time, needs two samples.",
    .rule = "warning: more than 10,000 entries behind. With two samples it would be 60 s, and 300 s critical.",
    .source = "10,000 from public alert rules; meta_delay_toleration_second (300), after which a follower stops answering",
    .avoid = "Heartbeats renew the column every 5 s: a leader that writes thousands of entries a second makes every FE look "
             "some 10,000 behind. An FE that started within two minutes is still replaying.",
    .see = "cluster.fe-replay-stalled memory.fe-gc-pressure cluster.fe-editlog-write-slow",
    .fix = {
        { "Look at garbage collection, the disk of meta_dir and slow replays in fe.log of {node}", NULL, SRD_SAFE },
        { "Take clients away from it; restart it if it does not catch up", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_frontends_checks[] = {
    &srd_cluster_fe_no_leader,
    &srd_cluster_fe_quorum_risk,
    &srd_cluster_fe_down,
    &srd_cluster_fe_journal_lag,
    NULL,
};
