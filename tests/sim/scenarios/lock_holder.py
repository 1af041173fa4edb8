"""A DDL holds the lock of a database for eleven minutes: threads of the FE, loads, reports and publishing wait behind it."""

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 8, "score_max": 30, "cause": "RC-17",
          "must": ["cluster.fe-lock-contention", "cluster.fe-thread-saturation", "cluster.be-report-stale", "load.stuck",
                   "txn.committed-not-visible"],
          "may": ["txn.next-version-gap", "load.broker-queue"],
          "must_not": ["cluster.be-down", "cluster.fe-down", "cluster.fe-no-leader", "txn.running-near-limit"],
          "values": {"ods": {"held_ms": 661000}}}


def build(c):
    lock = {"lock_type": "DATABASE", "lock_object": "ods", "lock_mode": "EXCLUSIVE", "start_time": "2026-01-20 01:59:00",
            "hold_time_ms": 661000, "granted": 1, "thread_info": '{"threadId":4711,"threadName":"starrocks-mysql-nio-pool-3"}',
            "waiter_list": '[{"threadId":88,"threadName":"thrift-server-pool-17"},{"threadId":89,"threadName":"PUBLISH_VERSION"}]'}
    c.fe_locks.append(lock)
    c.fe_metrics["rpc_threads"] = 3820  # of 4,096
    for n in c.nodes:
        n.report_ago, n.cpu_pct, n.running_queries = 690 + 7 * n.index, 2.1, 0
    c.transactions[:] = [x for x in c.transactions if x["status"] in ("VISIBLE", "ABORTED")]
    for i in range(140):  # what was committed since cannot be published
        ago = 650 - 4 * i
        c.transactions.append({"id": 97900 + i, "db": "ods", "label": f"app_log_{i:04d}", "status": "COMMITTED", "prepare_ago": ago + 8,
                               "commit_ago": ago, "coordinator": "FE: " + c.frontends[0].ip, "timeout_ms": 86400000})
    p = [p for p in c.at("ods.app_log").partitions if p.bytes][-1]
    p.next_version, p.written_ago = p.version + 1 + 140, 655
    for i in range(4):
        c.loads.append({"id": 882000 + i, "label": f"orders_{i}", "db": "ods", "table": "orders_log", "type": "INSERT", "state": "LOADING",
                        "timeout": 300, "created_ago": 640 + 9 * i, "started_ago": 639 + 9 * i})
    for i in range(12):
        c.loads.append({"id": 882100 + i, "label": f"night_{i:02d}", "db": "ods", "table": "payment_log", "type": "BROKER",
                        "state": "PENDING", "created_ago": 630 - 20 * i})
    return c
