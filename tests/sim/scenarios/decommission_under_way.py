"""A backend is being taken out of service: its tablets move away, hour by hour, and it still serves queries."""

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    if c.mode == "shared_data":
        return c
    leaving = c.nodes[5]
    leaving.decommissioned, leaving.running_queries = True, 1
    for d in leaving.disks:
        d.avail = int(d.total * 0.71)
    c.place()
    t = c.at("dwd.order_detail")
    for i in range(6):
        p = t.partitions[3 + i]
        c.schedules.append({"tablet": p.tablet_id(i), "type": "REPAIR", "state": "RUNNING", "reason": "REPLICA_RELOCATING",
                            "src": leaving.id, "dest": c.nodes[i % 5].id, "create_ago": 44, "schedule_ago": 31, "rate": 61.0,
                            "version": p.version, "bytes": 1 << 29, "duration": 8})
    return c
