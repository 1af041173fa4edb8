"""High but healthy numbers that must not alarm: 92 % of 30 TB disks, 150,000 tablets a BE, clones, frequent loads."""
from ..model import GB, TB

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def build(c):
    if c.mode == "shared_data":
        return c
    for n in c.nodes:
        n.cores, n.mem_limit, n.mem_used_pct, n.cpu_pct, n.running_queries = 96, int(460.8 * GB), 71.8, 63.0, 41
        n.disks = n.disks[:1]
        d = n.disks[0]
        # 92 % used, and still 2.4 TB free: the engine blocks on both, percent and bytes
        d.total, d.avail, d.other = 30 * TB, int(30 * TB * (8.0 + n.index / 20) / 100), 40 * GB
    for i in range(10):
        c.table("logs", f"event_{i:02d}", 4400, days=340, future=3, buckets=84, dynamic=339, loads_per_day=2880)
    for t in c.all_tables():
        if t.db == "ods":
            for p in t.partitions:
                p.bytes, p.rows = p.bytes * 3, p.rows * 3
    c.place()
    hot = c.at("logs.event_00")
    # behind by one version for two minutes: quorum publish, not a fault
    c.make_sick(hot, 3, "VERSION_ERROR", partition=339, heals_after=120, failed_ago=15)
    for i, b in enumerate((1, 5, 9, 12)):
        p = hot.partitions[200 + i]
        tid = p.tablet_id(b)
        src, dest = c.replica_at(p, b, 0)[0], c.replica_at(p, b, 1)[0]
        c.schedules.append({"tablet": tid, "type": "BALANCE", "state": "RUNNING", "reason": "INTER_NODE_DISK_USAGE",
                            "src": src.id, "dest": dest.id, "create_ago": 20, "schedule_ago": 12, "rate": 91.2,
                            "version": p.version, "bytes": 1 << 28, "duration": 3})
    for i in range(400):
        c.loads.append({"id": 800000 + i, "label": f"flink_{i:05d}", "db": "logs", "table": "event_00", "state": "FINISHED",
                        "type": "STREAM_LOAD", "scan_rows": 120000, "sink_rows": 120000, "bytes": 130 << 20,
                        "created_ago": 12 + i * 10, "committed_ago": 9 + i * 10, "finished_ago": 8 + i * 10})
    return c
