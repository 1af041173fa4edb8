"""960 of 1,000 transactions of a database run, most of them committed: one backend does not publish."""
from ..model import DAY

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 40, "score_max": 60, "cause": "RC-03",
          "must": ["txn.running-near-limit", "txn.committed-not-visible", "txn.next-version-gap", "txn.prepare-leaked",
                   "txn.prepared-abandoned"],
          "must_not": ["cluster.be-down", "cluster.fe-lock-contention", "storage.tablet-no-healthy-replica"],
          "values": {"ods": {"running": 960, "committed": 720}}}


def build(c):
    c.transactions[:] = [x for x in c.transactions if x["status"] in ("VISIBLE", "ABORTED")]
    txn = 990000
    for i in range(720):  # the oldest committed 14 minutes ago, the newest now
        ago = 840 - i * 7 // 6
        c.transactions.append({"id": txn + i, "db": "ods", "label": f"app_log_{i:05d}", "status": "COMMITTED",
                               "prepare_ago": ago + 9, "commit_ago": ago, "coordinator": "BE: " + c.nodes[i % 6].ip,
                               "error_replicas": 1 if i < 40 else 0, "timeout_ms": 600000,
                               "error": f"wait for publishing, backend {c.nodes[3].id}" if i < 40 else ""})
    for i in range(228):
        c.transactions.append({"id": txn + 720 + i, "db": "ods", "label": f"click_{i:05d}", "status": "PREPARE",
                               "prepare_ago": 4 + i, "coordinator": "BE: " + c.nodes[i % 6].ip, "timeout_ms": 600000})
    for i in range(5):  # nobody ends them: 20 minutes over their ten
        c.transactions.append({"id": txn - 10 + i, "db": "ods", "label": f"stuck_writer_{i}", "status": "PREPARE",
                               "prepare_ago": 1800 + i, "coordinator": "BE: " + c.nodes[3].ip, "timeout_ms": 600000})
    for i in range(7):  # of a Flink job that died seven hours ago
        c.transactions.append({"id": txn - 20 + i, "db": "ods", "label": f"flink_orders_{i}", "status": "PREPARED",
                               "prepare_ago": 7 * 3600 + 40, "prepared_ago": 7 * 3600 + i, "coordinator": "FE: " + c.frontends[0].ip,
                               "timeout_ms": 86400000})
    for i in range(60):  # these do not count towards the limit
        c.transactions.append({"id": txn + 2000 + i, "db": "ods", "label": f"rl_{i}", "status": "PREPARE", "prepare_ago": 3,
                               "source": "ROUTINE_LOAD_TASK", "timeout_ms": 60000})
    for p in [p for p in c.at("ods.app_log").partitions if p.bytes][-1:]:
        p.next_version, p.written_ago = p.version + 1 + 720, 846
    c.nodes[3].cpu_pct = 88.0
    c.nodes[3].started_ago = 12 * DAY
    return c
