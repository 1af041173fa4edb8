"""Small frequent loads exhaust the versions of tablets: 960 of 1,000 rowsets, loads are refused, compaction runs all the time."""

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 30, "score_max": 55, "cause": "RC-02",
          "must": ["compaction.version-count", "compaction.score-high", "compaction.pk-score-high"],
          "must_not": ["compaction.disabled", "compaction.pk-apply-lag", "storage.replica-version-lag"],
          "values": {"ods.order_live": {"rowsets": 960}},
          "may": ["load.error-class", "load.small-frequent"]}
REFUSED = ("type:LOAD_RUN_FAIL; msg:Failed to load data into tablet {}, because of too many versions, current/limit: 1001/1000. "
           "You can reduce the loading job concurrency, or increase loading data batch size. If you are loading data with "
           "Routine Load, you can increase FE configs routine_load_task_consume_second and max_routine_load_batch_size.")


def build(c):
    if c.mode == "shared_data":
        return c
    t = c.table("ods", "order_live", 60, days=31, future=3, buckets=6, dynamic=30, loads_per_day=4000)
    days = t.partitions[-4::-1]
    for p, rowsets in zip(days, (960, 610, 240, 130)):
        p.rowsets, p.version, p.next_version = rowsets, 86000, 86001
    days[0].written_ago = 1
    cart = c.table("crm", "cart", 20, buckets=12, model="PRIMARY_KEYS", key=["id"])
    cart.partitions[0].rowsets = 420
    for i in range(900):  # a load of 40 rows every 2 seconds
        ago = 4 + 2 * i
        c.loads.append({"id": 840000 + i, "label": f"order_{i:05d}", "db": "ods", "table": "order_live", "state": "FINISHED",
                        "type": "STREAM_LOAD", "scan_rows": 40, "sink_rows": 40, "bytes": 6 << 10, "user": "app",
                        "created_ago": ago + 2, "committed_ago": ago + 1, "finished_ago": ago})
    c.place()
    for i in range(9):
        c.loads.append({"id": 850000 + i, "label": f"order_full_{i}", "db": "ods", "table": "order_live", "state": "CANCELLED",
                        "type": "STREAM_LOAD", "created_ago": 31 + 60 * i, "finished_ago": 30 + 60 * i, "user": "app",
                        "error": REFUSED.format(days[0].tablet_id(i % 6))})
    for n in c.nodes:
        n.cpu_pct = 71.0 + n.index
        n.metrics["max_disk_io_util_percent", ""] = 64
    return c
