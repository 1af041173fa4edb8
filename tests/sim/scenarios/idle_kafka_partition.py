"""Nothing is late: nobody writes to some partitions of the topics, and a job began to read its history an hour ago."""
EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def build(c):
    c.routine_load("ods", "mobile_in", "app_log", partitions=6, lag=0, late={3: 9 * 86400, 4: 40 * 86400})
    c.routine_load("ods", "web_in", "click_stream", partitions=4, desired=4, lag={0: 299_000}, late={0: 240, 2: 7200})
    c.routine_load("ods", "history_in", "orders_log", partitions=3, desired=3, lag=4_000_000, late=30 * 86400, created_ago=3600)
    return c
