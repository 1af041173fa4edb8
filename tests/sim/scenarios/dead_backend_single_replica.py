"""A dead backend holds the only replica of some tables: they cannot be read, and new loads into them fail."""
from ..model import DAY, GB

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 25, "score_max": 39, "cause": "RC-33",
          "must": ["cluster.be-down", "storage.single-replica", "storage.tablet-no-healthy-replica"],
          "must_not": ["storage.disk-offline", "cluster.fe-down", "cluster.fe-no-leader", "cluster.nodes-below-replication",
                       "cluster.version-mixed", "txn.next-version-gap"],
          "values": {"be2": {"alive": False}},
          "may": ["storage.tablet-unhealthy"]}


def build(c):
    if c.mode == "shared_data":
        return c
    # three tables that somebody made for a test and kept: one replica each, spread over all backends
    c.table("ods", "clicks_raw", 320, days=60, buckets=12, repl=1, live=61)
    c.table("ods", "sensor", 90, days=60, buckets=6, repl=1, live=61)
    c.table("ads", "adhoc_export", 40, buckets=12, repl=1)
    c.config["default_replication_num"] = 3
    be2 = c.nodes[1]
    be2.alive, be2.heartbeat_ago, be2.running_queries = False, 2520, 0
    be2.err_msg = "java.net.ConnectException: Connection refused (Connection refused)"
    be2.report_ago = 2541
    # its own log would say why: an OOM kill 42 minutes ago, after weeks of service
    be2.started_ago = 33 * DAY
    be2.mem_used_pct = 97.2
    for i in range(4):  # loads into these tables fail since then
        ago = 240 + 500 * i
        c.loads.append({"id": 710300 + i, "label": f"clicks_raw_{i:03d}", "db": "ods", "table": "clicks_raw",
                        "state": "CANCELLED", "type": ["STREAM_LOAD", "BROKER"][i % 2], "created_ago": ago + 25,
                        "finished_ago": ago,
                        "error": f"type:LOAD_RUN_FAIL; msg:tablet has few replicas: backend {be2.id} not alive"})
    # the other backends took over its queries
    for n in c.nodes:
        if n is not be2:
            n.running_queries, n.cpu_pct, n.mem_limit = 5, 31.0, int(115.2 * GB)
    return c
