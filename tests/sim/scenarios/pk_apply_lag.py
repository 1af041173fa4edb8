"""Three primary key tables of wide keys, their indexes in memory: two backends apply versions more slowly than loads come."""
from ..model import DAY, GB

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 30, "score_max": 55, "cause": "RC-09",
          "must": ["compaction.pk-apply-lag", "compaction.pk-score-high", "compaction.version-count", "storage.pk-index-memory"],
          "may": ["load.error-class", "load.job-failure-rate", "txn.committed-not-visible", "txn.next-version-gap"],
          "must_not": ["load.small-frequent", "compaction.disabled", "compaction.score-high", "txn.running-near-limit"],
          "values": {"crm.device_state": {"rowsets": 910}}}
REFUSED = ("type:LOAD_RUN_FAIL; msg:Failed to load data into tablet {}, because of too many versions, current/limit: 1001/1000. "
           "You can reduce the loading job concurrency, or increase loading data batch size.")


def build(c):
    if c.mode == "shared_data":
        return c
    key = ["tenant", "device", "sensor", "id"]
    columns = [("tenant", "varchar"), ("device", "varchar"), ("sensor", "varchar"), ("id", "bigint"), ("value", "varchar")]
    for name, gb, rowsets in (("device_state", 230, 910), ("device_config", 90, 620), ("alarm_state", 60, 380)):
        t = c.table("crm", name, gb, buckets=24, model="PRIMARY_KEYS", key=key, columns=columns,
                    properties={"enable_persistent_index": "false"})
        t.partitions[0].rowsets, t.partitions[0].version, t.partitions[0].next_version = rowsets, 52_000, 52_004
    c.place()
    for n in c.nodes[1:3]:  # their disks are older
        n.metrics["update_apply_queue_count", ""] = 2900 + 400 * n.index
        n.metrics["max_disk_io_util_percent", ""] = 97
        n.cpu_pct, n.started_ago = 33.0, 26 * DAY
    for n in c.nodes[3:]:
        n.metrics["update_apply_queue_count", ""] = 140
    state = c.at("crm.device_state").partitions[0]
    for i in range(5):  # a load of 60 MB every ten seconds: not small, and not many
        c.loads.append({"id": 880000 + i, "label": f"state_refused_{i}", "db": "crm", "table": "device_state", "state": "CANCELLED",
                        "type": "STREAM_LOAD", "created_ago": 150 + 170 * i, "finished_ago": 141 + 170 * i, "user": "iot",
                        "error": REFUSED.format(state.tablet_id(i))})
    for i in range(60):
        ago = 14 + 10 * i
        c.loads.append({"id": 880100 + i, "label": f"state_{i:03d}", "db": "crm", "table": "device_state", "state": "FINISHED",
                        "type": "STREAM_LOAD", "scan_rows": 400_000, "sink_rows": 400_000, "bytes": 60 << 20, "user": "iot",
                        "created_ago": ago + 9, "committed_ago": ago + 7, "finished_ago": ago})
    for i in range(3):  # what is committed waits for the slow two
        c.transactions.append({"id": 97700 + i, "db": "crm", "label": f"state_wait_{i}", "status": "COMMITTED",
                               "prepare_ago": 40 + 10 * i, "commit_ago": 31 + 10 * i, "error_replicas": 2, "timeout_ms": 600000})
    assert state.bytes > 100 * GB
    return c
