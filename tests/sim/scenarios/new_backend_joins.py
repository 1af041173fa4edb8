"""A backend joined three hours ago: it is nearly empty, and tablets move there. The others are as full as they were."""
from ..model import TB

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    if c.mode == "shared_data":
        return c
    for n in c.nodes:
        for d in n.disks:
            d.avail = int(d.total * (29 - n.index / 3) / 100)
    new = c.add_nodes(1, disks=2)[-1]
    new.started_ago, new.running_queries, new.cpu_pct = 3 * 3600, 1, 9.0
    for d in new.disks:
        d.total, d.avail, d.other = 2 * TB, int(1.9 * TB), 1 << 30
    c.place()
    t = c.at("ods.app_log")
    for i in range(8):
        p = t.partitions[10 + i]
        src = c.replica_at(p, i, 0)[0]
        c.schedules.append({"tablet": p.tablet_id(i), "type": "BALANCE", "state": "RUNNING", "reason": "INTER_NODE_DISK_USAGE",
                            "src": src.id, "dest": new.id, "create_ago": 31, "schedule_ago": 20, "rate": 84.0, "version": p.version,
                            "bytes": 1 << 28, "duration": 3})
    return c
