"""Compaction was switched off five hours ago and forgotten: scores rise everywhere, loads are slowed down and refused."""

EXTENDS = "healthy_shared_data"
MODE = "shared_data"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 20, "score_max": 45, "cause": "RC-05",
          "must": ["compaction.disabled", "compaction.lake-score", "compaction.lake-slowdown"],
          "must_not": ["compaction.lake-warehouse-missing", "compaction.lake-tasks-capped", "compaction.lake-job-stuck",
                       "compaction.lake-queue-wait"],
          "values": {"ods.user_event": {"max_cs": 2044.0}},
          "may": ["load.error-class", "load.job-failure-rate"]}
REFUSED = ("type:LOAD_RUN_FAIL; msg:Failed to load data into partition {}, because of too large compaction score, "
           "current/limit: 2044.0/2000. You can reduce the loading job concurrency, or increase compaction concurrency")


def build(c):
    c.config["lake_compaction_max_tasks"] = 0
    scores = {"ods.user_event": 2044.0, "ods.click_stream": 1210.0, "ods.app_log": 840.0, "ods.orders_log": 610.0,
              "ods.payment_log": 390.0, "dwd.stock_day": 170.0}
    for name, score in scores.items():
        today, before = c.at(name).partitions[-4], c.at(name).partitions[-5]
        for p, part in ((today, 1.0), (before, 0.4)):
            p.max_cs, p.p50_cs, p.version, p.next_version = score * part, score * part * .8, 41000, 41001
            p.compacted, p.written_ago = 41000 - int(score * part), 4
    hot = c.at("ods.user_event").partitions[-4]
    for x in c.compactions:  # the last jobs that the leader remembers
        for k in ("start_ago", "commit_ago", "finish_ago"):
            x[k] += 5 * 3600
    for i in range(12):
        c.loads.append({"id": 830000 + i, "label": f"event_{i:03d}", "db": "ods", "table": "user_event", "state": "CANCELLED",
                        "type": ["STREAM_LOAD", "ROUTINE_LOAD"][i % 2], "created_ago": 60 + 40 * i, "finished_ago": 30 + 40 * i,
                        "error": REFUSED.format(hot.id)})
    for i in range(5):
        c.transactions.append({"id": 97500 + i, "db": "ods", "label": f"event_run_{i}", "status": "PREPARE", "prepare_ago": 40 + i,
                               "reason": f"Partition's compaction score is larger than 100.0, delay commit for {41000 + i}ms."
                                         " You can try to increase compaction concurrency."})
    return c
