"""A cluster that was installed five minutes ago: no table but the internal ones, no load, no report of disks to speak of."""
from ..model import GB, TB
from . import healthy_shared_nothing as base

EXTENDS = None
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def build(c):
    base.users(c)
    c.add_frontends("LEADER", "FOLLOWER", "FOLLOWER")
    for fe in c.frontends:
        fe.started_ago = 300 - 20 * fe.index
    for n in c.add_nodes(3, disks=1):
        n.started_ago, n.running_queries, n.cpu_pct, n.mem_used_pct = 240 - 10 * n.index, 0, 0.3, 1.1
        d = n.disks[0]
        d.total, d.avail, d.other = 2 * TB, int(1.99 * TB), 2 * GB
    c.journal_id = 412
    c.fe_metrics["meta_log_count"] = 412
    base.statistics(c)
    for t in c.all_tables():
        t.created_ago = 200
    return c
