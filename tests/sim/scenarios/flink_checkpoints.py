"""Flink writes in two phases from forty jobs: 700 transactions run, prepared ones wait for their checkpoint, none for long."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    c.transactions[:] = [x for x in c.transactions if x["status"] in ("VISIBLE", "ABORTED")]
    for i in range(640):
        c.transactions.append({"id": 98400 + i, "db": "ods", "label": f"flink_{i % 40}_{i:04d}", "status": "PREPARE",
                               "prepare_ago": 3 + i % 290, "coordinator": "BE: " + c.nodes[i % len(c.nodes)].ip, "timeout_ms": 600000})
    for i in range(60):  # a checkpoint every 15 minutes
        c.transactions.append({"id": 99400 + i, "db": "ods", "label": f"flink_ready_{i}", "status": "PREPARED", "prepare_ago": 880 - i,
                               "prepared_ago": 840 - i, "coordinator": "FE: " + c.frontends[0].ip, "timeout_ms": 86400000})
    for i in range(24):  # the last checkpoint, being published
        c.transactions.append({"id": 99500 + i, "db": "ods", "label": f"flink_done_{i}", "status": "COMMITTED", "prepare_ago": 70,
                               "commit_ago": 4, "coordinator": "FE: " + c.frontends[0].ip, "timeout_ms": 86400000})
    p = [p for p in c.at("ods.app_log").partitions if p.bytes][-1]
    p.next_version, p.written_ago = p.version + 1 + 24, 5
    return c
