"""Disks fill up: data grows and nothing expires. One disk per BE, 93 to 96.5 % full, distribution even."""
from ..model import GB, MB, TB
from . import healthy_shared_nothing as base

EXTENDS = None
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 25, "score_max": 39, "cause": "RC-01",
          "must": ["storage.disk-hard-limit", "storage.disk-soft-limit", "storage.no-retention", "load.error-class"],
          "must_not": ["storage.disk-skew-backends", "storage.non-data-usage", "storage.recycle-bin"],
          "values": {"be1 /data1": {"used_pct": 96.52, "avail_gb": 71.3}}}
AVAIL = [71.3, 128.0, 119.0, 96.1, 137.5, 111.4]  # GB free of 2 TB on be1 to be6


def tables(c):
    """The healthy tables in smaller sizes, and one that keeps every day since four years."""
    t = c.table
    t("dwd", "events", 2150, days=1460, buckets=6, properties={}, comment="page events, one partition a day")
    t("ods", "app_log", 260, days=31, future=3, buckets=12, dynamic=30)
    t("ods", "orders_log", 130, days=62, future=3, buckets=6, dynamic=61)
    t("ods", "click_stream", 240, days=31, future=3, buckets=12, dynamic=30)
    t("dwd", "order_detail", 300, months=24, buckets=12, live=24)
    t("dwd", "order_item", 190, months=24, buckets=6, live=24)
    t("dws", "user_day", 60, months=12, buckets=3, live=13)
    t("ads", "report_01", 20, months=12, buckets=3, live=13)
    t("crm", "customer", 40, buckets=12, model="PRIMARY_KEYS", key=["id"])
    t("crm", "contract", 12, buckets=6, model="PRIMARY_KEYS", key=["id"])
    base.statistics(c)


def build(c):
    if c.mode == "shared_data":
        from . import healthy_shared_data
        return healthy_shared_data.build(c)
    base.users(c)
    c.add_frontends("LEADER", "FOLLOWER", "FOLLOWER")
    for n in c.add_nodes(6, disks=1):
        d = n.disks[0]
        d.total, d.avail = 2 * TB, int(AVAIL[n.index % 6] * GB)
        d.other = 22 * GB if n.index == 0 else int((1.2 + n.index / 2) * GB)
        d.grow = 9 * MB  # about 760 GB a day: be1 is full in a few hours
    tables(c)
    base.loads(c)
    be1 = c.nodes[0]
    for i in range(3):
        ago = 200 + 260 * i
        c.loads.append({"id": 700200 + i, "label": f"events_batch_{i}", "db": "dwd", "table": "events", "state": "CANCELLED",
                        "type": ["BROKER", "STREAM_LOAD", "INSERT"][i], "created_ago": ago + 20, "finished_ago": ago,
                        "error": f"type:LOAD_RUN_FAIL; msg:disk {be1.disks[0].hash} on backend {be1.id} exceed limit usage"})
    be1.metrics["engine_requests_total", "status=failed,type=create_tablet"] = 3
    return c
