/* Which questions about nodes cannot be answered from one look at the cluster yet, and why? */

#include "experts/cluster/cluster.h"

/* clang-format off */
const struct srd_check srd_cluster_fe_replay_stalled = {
    .id = "cluster.fe-replay-stalled",
    .title = "FE stopped replaying the journal",
    .family = "fe-journal",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "A follower whose replay died, or that hit a bad entry, never recovers by waiting, and its heartbeat looks normal.",
    .measured_by = "SHOW FRONTENDS twice, 120 s or more apart: ReplayedJournalId of the FE and of the leader",
    .rule = "critical: unchanged in 3 samples while the leader advanced by more than 100",
    .source = "our judgement; issue 9327",
    .avoid = "An idle cluster writes a few entries a minute only, so the leader has to advance.",
    .see = "cluster.fe-journal-lag config.dangerous-flag",
    .fix = {
        { "Keep a jstack and fe.log around the last entry, then restart that FE", NULL, SRD_SAFE },
        { "When the replay fails again: stop it, keep a copy of meta_dir, empty it and join again with --helper. "
          "metadata_journal_skip_bad_journal_ids is for the vendor", NULL, SRD_RISKY },
    },
};

const struct srd_check srd_cluster_fe_meta_disk_low = {
    .id = "cluster.fe-meta-disk-low",
    .title = "Disk of the metadata is full",
    .family = "fe-meta",
    .worst = SRD_CRITICAL,
    .kind = SRD_HOST,
    .why = "With a full disk BDB refuses to write and the leader exits: the most frequent total outage of FEs.",
    .measured_by = "free space under meta_dir and the size of meta_dir/bdb, on the FE's own machine; SQL does not tell",
    .rule = "warning: less than 10 GB free or more than 80 % used; critical: less than 5 GB or more than 90 %, or full within "
            "24 hours",
    .source = "documentation of alerts (10 GB); bdbje_reserved_disk_size (512 MB); the percentages are our judgement",
    .avoid = "On a small volume of its own bytes count, not percentages.",
    .see = "cluster.fe-checkpoint-overdue",
    .fix = {
        { "Remove old logs and dumps from that disk; make images work again (cluster.fe-checkpoint-overdue)", NULL, SRD_SAFE },
        { "Never delete *.jdb files", NULL, SRD_RISKY },
    },
};

const struct srd_check srd_cluster_fe_leader_changed = {
    .id = "cluster.fe-leader-changed",
    .title = "Leader changed unplanned",
    .family = "fe-restart",
    .worst = SRD_CRITICAL,
    .kind = SRD_HISTORY,
    .why = "A change that nobody planned aborts DDL, forgets what is only in memory and explains bursts of errors.",
    .measured_by = "SHOW FRONTENDS of stored runs: another LEADER while the former leader's StartTime is the same",
    .rule = "warning: 1 in 24 hours; critical: 3 or more",
    .source = "our judgement; issue 21228 (a pause of more than 30 s cost the leadership); bdbje_heartbeat_timeout_second",
    .avoid = "A leader that stops in order, and maintenance that was announced.",
    .see = "memory.fe-long-pause cluster.fe-editlog-write-slow",
    .fix = {
        { "Look for a long garbage collection or a stalled disk on the old leader at that time", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_cluster_fe_editlog_write_slow = {
    .id = "cluster.fe-editlog-write-slow",
    .title = "Journal writes are slow",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "Every commit waits for the journal: slow writes there are slow loads everywhere.",
    .measured_by = "metrics of the leader, two samples: editlog_write_latency_ms, journal_write_latency_ms, "
                   "editlog_stacked_num, edit_log_write",
    .rule = "warning: the 99th percentile is above 500 ms or more than 100 entries wait in both; critical: above 2,000 ms, or "
            "more than 1,000 and growing",
    .source = "edit_log_write_slow_log_threshold_ms (2,000); the rest is our judgement",
    .avoid = "Quantiles of an idle histogram keep old values: edit_log_write has to advance.",
    .see = "load.small-frequent txn.publish-latency-high cluster.fe-meta-disk-low",
    .fix = {
        { "Give meta_dir an SSD of its own, away from logs and data; look at the disk of the slowest follower (the majority "
          "has to confirm)", NULL, SRD_SAFE },
        { "Commit less often: larger batches", NULL, SRD_SAFE },
    },
};

const struct srd_check srd_cluster_network_errors = {
    .id = "cluster.network-errors",
    .title = "Network loses packets",
    .worst = SRD_CRITICAL,
    .kind = SRD_DELTA,
    .why = "Retransmissions make replicated loads and shuffles slow while no node is busy.",
    .measured_by = "metrics of the BEs, two samples: snmp tcp_retrans_segs, tcp_out_segs and tcp_in_errs; logs with \"E1008\", "
                   "\"Connection reset\", \"overcrowded\"",
    .rule = "warning: more than 1 % retransmitted on a node and three times the median; critical: more than 5 %",
    .source = "our judgement",
    .avoid = "Fewer than 10,000 segments between the samples say nothing.",
    .see = "ingest.replica-wait query.internal-error",
    .fix = {
        { "Look for errors of the network card, MTU and bandwidth, tcp_abort_on_overflow and somaxconn; compare racks", NULL, SRD_SAFE },
    },
};
/* clang-format on */

const struct srd_check *const srd_cluster_later_checks[] = {
    &srd_cluster_fe_replay_stalled,
    &srd_cluster_fe_meta_disk_low,
    &srd_cluster_fe_leader_changed,
    &srd_cluster_fe_editlog_write_slow,
    &srd_cluster_network_errors,
    NULL,
};
