"""The cluster of `srdiag --demo`: disks fill up, a writer loads far too often, and Routine Load jobs sleep since a restart."""
from ..model import GB, MB, TB
from . import disk_full, healthy_shared_nothing as base
from .routine_paused_by_node import LOST

EXTENDS = None
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "cause": "RC-01", "score_min": 15, "score_max": 39,
          "must": ["storage.disk-hard-limit", "storage.disk-soft-limit", "storage.no-retention", "load.error-class",
                   "compaction.version-count", "load.small-frequent", "load.routine-paused", "storage.pk-index-memory"],
          "may": ["compaction.score-high", "load.job-failure-rate", "storage.disk-high-water"],
          "must_not": ["storage.disk-skew-backends", "storage.non-data-usage", "compaction.disabled", "cluster.be-down"],
          "values": {"be1 /data1": {"used_pct": 96.52, "avail_gb": 71.3}}}
AVAIL = [71.3, 186.0, 224.0, 161.5, 243.0, 208.7]  # GB free of 2 TB on be1 to be6


def nodes(c):
    c.add_frontends("LEADER", "FOLLOWER", "FOLLOWER")
    for n in c.add_nodes(6, disks=1):
        d = n.disks[0]
        d.total, d.avail = 2 * TB, int(AVAIL[n.index % 6] * GB)
        d.other = 22 * GB if n.index == 0 else int((1.2 + n.index / 2) * GB)
        d.grow = 9 * MB
        n.running_queries, n.cpu_pct, n.mem_used_pct = 3 + n.index * 5 % 7, 31.5 + n.index * 7 % 11, 48.0 + n.index * 5 % 9
    back = c.nodes[4]  # restarted for new memory, while jobs wrote to it
    back.started_ago, back.mem_used_pct = 2280, 21.4


def writer(c):
    """A sink that flushes every two seconds, and what becomes of the versions that it makes."""
    t = c.table("ods", "order_live", 46, days=31, future=3, buckets=6, dynamic=30, loads_per_day=4000)
    days = t.partitions[-4::-1]
    for p, rowsets in zip(days, (640, 410, 190)):
        p.rowsets, p.version, p.next_version = rowsets, 61000, 61001
    days[0].written_ago = 1
    # the FE remembers the last thousand stream loads: a little more than half an hour
    c.loads[:] = [x for x in c.loads if x.get("type") != "STREAM_LOAD"]
    for i in range(30):
        ago = 40 + 61 * i
        c.loads.append({"id": 839000 + i, "label": f"click_{i:03d}", "db": "ods", "table": "click_stream", "state": "FINISHED",
                        "type": "STREAM_LOAD", "scan_rows": 310_000 + 977 * i, "sink_rows": 310_000 + 977 * i,
                        "bytes": (44 << 20) + 91_000 * i, "user": "web", "created_ago": ago + 9, "committed_ago": ago + 2,
                        "finished_ago": ago})
    for i in range(960):
        ago = 3 + 2 * i + i % 3
        c.loads.append({"id": 840000 + i, "label": f"live_{i:05d}", "db": "ods", "table": "order_live", "state": "FINISHED",
                        "type": "STREAM_LOAD", "scan_rows": 55, "sink_rows": 55, "bytes": 8 << 10, "user": "orders",
                        "created_ago": ago + 1.6, "committed_ago": ago + .4, "finished_ago": ago})


def failures(c):
    be1, crm = c.nodes[0], c.at("crm.contract")
    for i in range(4):
        ago = 140 + 210 * i
        c.loads.append({"id": 700200 + i, "label": f"events_batch_{i}", "db": "dwd", "table": "events", "state": "CANCELLED",
                        "type": ["BROKER", "STREAM_LOAD", "INSERT", "BROKER"][i], "created_ago": ago + 65, "finished_ago": ago,
                        "user": "etl",
                        "error": f"type:LOAD_RUN_FAIL; msg:disk {be1.disks[0].hash} on backend {be1.id} exceed limit usage"})
    c.loads.append({"id": 700210, "label": "contract_import", "db": "crm", "table": crm.name, "state": "CANCELLED", "type": "BROKER",
                    "created_ago": 9000, "finished_ago": 8940, "user": "etl",
                    "error": "type:ETL_QUALITY_UNSATISFIED; msg:quality not good enough to cancel"})
    be1.metrics["engine_requests_total", "status=failed,type=create_tablet"] = 3


def jobs(c):
    """Two jobs that were paused when a backend went away, and others that go on."""
    be = c.nodes
    text = LOST.format(tablet=c.at("ods.app_log").partitions[-4].tablet_base, dead=be[4].id, one=be[3].id, two=be[5].id)
    for i, (name, table) in enumerate((("click_in", "click_stream"), ("app_log_in", "app_log"))):
        c.routine_load("ods", name, table, state="PAUSED", partitions=6, lag=88_000 + 9_000 * i, late=2310, reason=(3, text),
                       paused_ago=2300 - 30 * i)
    c.routine_load("ods", "orders_in", "orders_log", partitions=3, desired=3, committed=(12_900, 40))
    c.routine_load("crm", "contact_in", "customer", partitions=3, desired=3, lag=21, rows=(4_120_000, 3))


def build(c):
    if c.mode == "shared_data":
        from . import healthy_shared_data
        return healthy_shared_data.build(c)
    base.users(c)
    nodes(c)
    disk_full.tables(c)
    c.at("crm.contract").properties["enable_persistent_index"] = "false"
    base.loads(c)
    c.routine_loads.clear()
    writer(c)
    c.place()
    failures(c)
    jobs(c)
    for i in range(9):
        c.transactions.append({"id": 88190 + i, "db": "ods", "label": f"live_9{i:04d}", "status": "PREPARE", "prepare_ago": 1 + i,
                               "coordinator": "BE: " + c.nodes[i % 6].ip, "timeout_ms": 600000})
    return c
