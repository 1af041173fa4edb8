"""Most rows of a large table have no customer, and the customer is the bucket key: loads and backfills wait for one bucket."""

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 40, "score_max": 60, "cause": "RC-41",
          "must": ["storage.bucket-skew", "storage.tablet-too-large", "load.stuck"],
          "may": ["load.error-class", "load.job-failure-rate"],
          "must_not": ["cluster.hardware-uneven", "cluster.be-blacklisted", "storage.disk-skew-backends", "load.small-frequent"],
          "values": {"dwd.web_order": {"skew": 14}}}


def build(c):
    if c.mode == "shared_data":
        return c
    t = c.table("dwd", "web_order", 1900, months=12, buckets=24, live=13)
    for p in t.partitions:
        p.skew = 34  # the rows without a customer
    for i in range(3):
        c.loads.append({"id": 883000 + i, "label": f"web_order_rebuild_{i}", "db": "dwd", "table": "web_order", "type": "BROKER",
                        "state": "LOADING", "timeout": 14400, "created_ago": 12600 + 300 * i, "started_ago": 12500 + 300 * i,
                        "progress": f"ETL:100%; LOAD:{31 + 4 * i}%"})
    c.loads.append({"id": 883010, "label": "web_order_fix", "db": "dwd", "table": "web_order", "type": "INSERT", "state": "LOADING",
                    "timeout": 3600, "created_ago": 5200, "started_ago": 5199})
    for i in range(2):
        c.loads.append({"id": 883020 + i, "label": f"web_order_old_{i}", "db": "dwd", "table": "web_order", "type": "BROKER",
                        "state": "CANCELLED", "created_ago": 40000 + 9000 * i, "finished_ago": 25600 + 9000 * i,
                        "error": "type:TIMEOUT; msg:load timeout: 14400 seconds"})
    for n in c.nodes[:3]:
        n.running_queries, n.cpu_pct = 7, 39.0
    c.place()
    return c
