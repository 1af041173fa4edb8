"""Every tenant got tables with daily partitions of 96 buckets each: 1.6 million tablets of some kilobytes, reports are late."""
from ..model import GB

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 50, "score_max": 69, "cause": "RC-35",
          "must": ["storage.tablet-too-small", "storage.tablet-count-per-node", "cluster.be-report-stale"],
          "may": ["storage.partition-count", "storage.partition-empty"],
          "must_not": ["ingest.partition-explosion", "storage.tablet-too-large", "cluster.be-down"],
          "values": {"be1": {"tablets": 266000}}}


def build(c):
    if c.mode == "shared_data":
        return c
    for i in range(15):
        c.table("tenant", f"usage_{i:02d}", 6 + i / 20, days=364, future=3, buckets=96, dynamic=363, loads_per_day=24)
    for n in c.nodes:
        n.mem_limit, n.mem_used_pct, n.cpu_pct = int(115.2 * GB), 78.0, 26.0
    for n in c.nodes[:2]:
        n.report_ago = 1260  # a report takes longer than its turn
    c.place()
    return c
