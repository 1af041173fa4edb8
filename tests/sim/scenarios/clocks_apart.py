"""NTP stopped on the leader's machine: it runs seven seconds behind, and the follower that was restarted is not let in."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 15, "score_max": 35, "cause": "RC-16",
          "must": ["cluster.fe-clock-skew", "cluster.fe-down", "cluster.fe-quorum-risk"],
          "must_not": ["cluster.fe-no-leader", "cluster.fe-lock-contention", "cluster.be-down", "cluster.version-mixed"],
          "values": {"fe2": {"ahead_s": 7}, "fe3": {"alive": False}}}


def build(c):
    for fe in c.frontends[1:]:
        fe.clock_ahead = 7.4  # they have the right time
    away = c.frontends[2]
    away.alive, away.heartbeat_ago, away.started_ago = False, 2700, 2700
    away.err_msg = "got exception: java.net.ConnectException: Connection refused (Connection refused)"
    away.journal_lag = 11 * 2700
    for i in range(2):  # signed with the leader's time
        c.loads.append({"id": 881000 + i, "label": f"history_{i}", "db": "dwd", "table": "order_detail", "type": "BROKER",
                        "state": "CANCELLED", "created_ago": 3000 + 900 * i, "finished_ago": 2900 + 900 * i,
                        "error": "type:ETL_RUN_FAIL; msg:Fail to get file status: s3a://bkt/h.parquet: The difference between the "
                                 "request time and the current time is too large (Service: Amazon S3; Status Code: 403; Error "
                                 "Code: RequestTimeTooSkewed)"})
    return c
