"""A follower is away since Monday, and no image of the metadata was made since: the journal has 410,000 entries."""
from ..model import DAY

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 28, "score_max": 39, "cause": "RC-15",
          "must": ["cluster.fe-checkpoint-overdue", "cluster.fe-down", "cluster.fe-quorum-risk"],
          "must_not": ["cluster.fe-no-leader", "cluster.fe-lock-contention", "cluster.fe-clock-skew", "cluster.be-down"],
          "values": {"fe1": {"journal_entries": 410112}}}


def build(c):
    gone = c.frontends[2]
    gone.alive, gone.heartbeat_ago, gone.started_ago = False, 4 * DAY, 60 * DAY
    gone.err_msg = "got exception: java.net.ConnectException: Connection refused (Connection refused)"
    gone.journal_lag = 4_100_000
    c.fe_metrics["meta_log_count"] = 410_112
    for fe in c.frontends[:2]:
        fe.started_ago = 4 * DAY - 600 * fe.index  # all three were moved to new machines that day
    return c
