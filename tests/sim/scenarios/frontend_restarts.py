"""A follower restarts after a change of its heap. Clocks are 0.7 s apart, and the journal has grown by a burst of loads."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    away = c.frontends[1]
    away.alive, away.heartbeat_ago, away.started_ago, away.journal_lag = False, 55, 60, 600
    away.err_msg = "got exception: java.net.ConnectException: Connection refused (Connection refused)"
    c.frontends[2].clock_ahead = 0.7
    c.fe_metrics["meta_log_count"] = 91_300
    return c
