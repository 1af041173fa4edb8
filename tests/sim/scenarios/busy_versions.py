"""Frequent loads that compaction keeps up with: 95 rowsets, 290 on a primary key partition, 90 applies; must not alarm."""

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def build(c):
    if c.mode == "shared_data":
        return c
    c.at("ods.orders_log").partitions[-4].rowsets = 95
    c.at("ods.click_stream").partitions[-4].rowsets = 88
    c.at("crm.ticket").partitions[-1].rowsets = 290  # one of its twelve months
    for n in c.nodes:
        n.metrics["update_apply_queue_count", ""] = 90
        n.metrics["tablet_base_max_compaction_score", ""] = 240  # with few rowsets: only waits for its turn
    # refused yesterday, mended since
    c.loads.append({"id": 870000, "label": "orders_old", "db": "ods", "table": "orders_log", "state": "CANCELLED",
                    "type": "STREAM_LOAD", "created_ago": 88000, "finished_ago": 87000, "error":
                    "type:LOAD_RUN_FAIL; msg:Failed to load data into tablet 1, because of too many versions, current/limit: 1001/1000"})
    return c
