"""A backend came back four minutes ago: it loads primary key indexes, so thousands of versions wait to be applied there."""

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    if c.mode == "shared_data":
        return c
    back = c.nodes[4]
    back.started_ago, back.report_ago, back.running_queries, back.cpu_pct = 240, 200, 0, 91.0
    back.metrics["update_apply_queue_count", ""] = 4300
    c.at("crm.customer").partitions[0].rowsets = 95  # of its 12 buckets, three on that backend
    c.place()
    c.make_sick(c.at("crm.customer"), 3, "VERSION_ERROR", heals_after=300, failed_ago=30)
    return c
