"""A node that somebody took out of service for a test two weeks ago is still on the blacklist and does nothing."""
from ..model import DAY

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 1, "max_severity": "warning", "score_min": 85, "score_max": 94, "cause": "RC-34",
          "must": ["cluster.be-blacklisted"],
          "must_not": ["cluster.be-down", "cluster.hardware-uneven", "critical"],
          "values": {"be5": {"listed_days": 15}}}


def build(c):
    n = c.nodes[min(4, len(c.nodes) - 1)]
    n.blacklisted, n.listed, n.listed_ago = True, "MANUAL", 15 * DAY
    n.running_queries, n.cpu_pct = 0, 0.4
    for other in c.nodes:
        if other is not n:
            other.running_queries, other.cpu_pct = 9, 48.0
    return c
