"""A backend was away for some minutes: it is back, and so is everything but the Routine Load jobs that wrote to it."""
EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 55, "score_max": 69, "cause": "RC-07",
          "must": ["load.routine-paused", "load.routine-lag"],
          "must_not": ["ingest.partition-explosion", "load.routine-dead", "load.pipe-error"],
          "may": ["load.error-class", "load.job-failure-rate"]}
LOST = ("Tablet lost replicas. Check if any backend is down or not. tablet_id: {tablet}, replicas: "
        "{dead}:4/-1/4/0:NORMAL:DEAD,{one}:4/-1/4/0:NORMAL:ALIVE,{two}:4/-1/4/0:NORMAL:DEAD,. Check quorum number "
        "failed(OlapTableSink): BeReplicaSize:1, quorum:2")


def build(c):
    if c.mode == "shared_data":
        return c
    be = c.nodes
    be[2].started_ago, be[4].started_ago = 1500, 1460  # a rolling restart that did not wait
    text = LOST.format(tablet=10842, dead=be[2].id, one=be[3].id, two=be[4].id)
    for i, table in enumerate(("payment_log", "inventory_change", "user_event", "app_log")):
        c.routine_load("ods", f"{table}_events", table, state="PAUSED", partitions=6, lag=91_000, late=1560, reason=(3, text),
                       paused_ago=1580 - 20 * i)
    # one that StarRocks resumed by itself: it catches up
    c.routine_load("ods", "refund_in", "refund_log", partitions=3, desired=3, lag=410_000, late=1400)
    for i in range(6):
        c.loads.append({"id": 731000 + i, "label": f"payment_{i}", "db": "ods", "table": "payment_log", "state": "CANCELLED",
                        "type": "STREAM_LOAD", "created_ago": 1590 - 10 * i, "finished_ago": 1588 - 10 * i,
                        "error": "type:LOAD_RUN_FAIL; msg:" + text})
    return c
