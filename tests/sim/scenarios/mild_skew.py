"""Buckets that differ as customers differ: four times the average in a large table, forty times in a tiny one."""

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    for p in c.at("dwd.order_detail").partitions:
        p.skew = 5.6  # of 12 buckets: 4 times the average
    tiny = c.table("crm", "opt_out", 0.4, buckets=12)
    tiny.partitions[0].skew = 400
    c.loads.append({"id": 885000, "label": "order_detail_rebuild", "db": "dwd", "table": "order_detail", "type": "BROKER",
                    "state": "LOADING", "timeout": 14400, "created_ago": 5000, "started_ago": 4900, "progress": "ETL:100%; LOAD:64%"})
    c.place()
    return c
