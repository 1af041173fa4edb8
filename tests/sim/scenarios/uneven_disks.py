"""Three of six backends fill up while the others are half empty: a few customers have most of the rows of a large table."""
from ..model import TB

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 40, "score_max": 60, "cause": "RC-14",
          "must": ["storage.disk-skew-backends", "storage.bucket-skew", "storage.tablet-too-large", "storage.disk-soft-limit"],
          "may": ["storage.disk-high-water"],
          "must_not": ["storage.disk-hard-limit", "storage.non-data-usage", "storage.no-retention", "storage.disk-skew-paths"],
          "values": {"be1": {"used_pct": 91.4}}}
USED = (91.4, 88.2, 84.0, 52.6, 51.8, 53.1)  # per cent of both disks of be1 to be6


def build(c):
    if c.mode == "shared_data":
        return c
    # the bucket key is the customer, and one customer is a market place
    c.table("dwd", "shipment", 4300, months=12, buckets=12, live=13)
    for p in c.at("dwd.shipment").partitions:
        p.skew, p.seq = 40, p.seq - p.seq % len(c.nodes)  # bucket 0 is on be1, be2 and be3
    c.table("dwd", "shipment_event", 900, months=12, buckets=12, live=13)
    for p in c.at("dwd.shipment_event").partitions:
        p.skew, p.seq = 6, p.seq - p.seq % len(c.nodes)
    for n, used in zip(c.nodes, USED):
        for d in n.disks:
            d.total, d.avail = 2 * TB, int(2 * TB * (100 - used) / 100)
        n.running_queries, n.cpu_pct = (14, 58.0 + n.index) if used > 80 else (2, 17.0)
    c.place()
    return c
