"""Noon: threads of the FE are half in use, a lock is held for two seconds, reports come a little late, loads queue and move on."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    c.fe_locks.append({"lock_type": "DATABASE", "lock_object": "ods", "lock_mode": "SHARED", "start_time": "2026-01-20 01:59:00",
                       "hold_time_ms": 2100, "granted": 1, "thread_info": '{"threadId":31,"threadName":"starrocks-mysql-nio-pool-9"}',
                       "waiter_list": '[{"threadId":40,"threadName":"thrift-server-pool-3"}]'})
    c.fe_metrics["rpc_threads"] = 2210
    for n in c.nodes:
        n.report_ago, n.cpu_pct, n.running_queries = 170 + 20 * n.index, 74.0 + n.index, 28
    for i in range(9):
        c.loads.append({"id": 884000 + i, "label": f"noon_{i}", "db": "dws", "table": "user_day", "type": "BROKER", "state": "PENDING",
                        "created_ago": 400 - 30 * i})
    for i in range(40):
        c.loads.append({"id": 884100 + i, "label": f"noon_done_{i:02d}", "db": "dws", "table": "user_day", "type": "BROKER",
                        "state": "FINISHED", "sink_rows": 900_000, "scan_rows": 900_000, "bytes": 300 << 20,
                        "created_ago": 700 + 60 * i, "committed_ago": 40 + 58 * i, "finished_ago": 35 + 58 * i})
    return c
