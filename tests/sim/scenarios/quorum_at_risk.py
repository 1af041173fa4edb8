"""One of three frontends has been away for three hours: the loss of another stops all writing."""
from ..model import DAY

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 30, "score_max": 39,
          "must": ["cluster.fe-quorum-risk", "cluster.fe-down"],
          "must_not": ["cluster.fe-no-leader", "cluster.be-down", "cluster.fe-clock-skew", "cluster.version-mixed"],
          "values": {"fe3": {"alive": False}}}


def build(c):
    fe3 = c.frontends[2]
    fe3.alive, fe3.heartbeat_ago, fe3.started_ago = False, 3 * 3600, 12 * DAY
    fe3.err_msg = "got exception: java.net.ConnectException: Connection refused (Connection refused)"
    fe3.journal_lag = 11 * 3 * 3600  # what the others wrote since
    return c
