"""Small loads make more files than compaction merges: scores of 640 and less, commits are delayed, tasks wait for threads."""
from ..model import GB

EXTENDS = "healthy_shared_data"
MODE = "shared_data"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 55, "score_max": 69, "cause": "RC-04",
          "must": ["compaction.lake-score", "compaction.lake-slowdown", "compaction.lake-queue-wait"],
          "must_not": ["compaction.disabled", "compaction.lake-warehouse-missing", "compaction.lake-tasks-capped",
                       "compaction.lake-job-stuck", "compaction.lake-job-errors", "storage.bucket-skew"],
          "values": {"ods.click_live": {"max_cs": 640.0}},
          "may": ["load.error-class", "load.small-frequent"]}
REASON = ("Partition's compaction score is larger than 100.0, delay commit for {}ms."
          " You can try to increase compaction concurrency.")


def build(c):
    t = c.table("ods", "click_live", 96, days=31, future=3, buckets=24, dynamic=30, loads_per_day=4000)
    days = t.partitions[-4::-1]  # today, yesterday, ...
    for p, score in zip(days, (640.0, 420.0, 310.0, 180.0, 60.0)):
        # as many versions as four loads a second make, the last compaction long behind
        p.max_cs, p.version, p.next_version, p.compacted = score, 86000, 86001, 86000 - int(score)
    days[0].written_ago, days[1].written_ago = 2, 9
    for n in c.nodes:
        n.cpu_pct = 34.0 + n.index  # room for more threads
    for i in range(400):  # a load of 300 rows every 3 seconds
        ago = 6 + 3 * i
        c.loads.append({"id": 810000 + i, "label": f"click_{i:05d}", "db": "ods", "table": "click_live", "state": "FINISHED",
                        "type": "STREAM_LOAD", "scan_rows": 300, "sink_rows": 300, "bytes": 41 << 10, "user": "flink",
                        "created_ago": ago + 5, "committed_ago": ago + 1, "finished_ago": ago})
    for i in range(2):  # a larger load whose commit was delayed until its time was up
        c.loads.append({"id": 820000 + i, "label": f"click_fix_{i}", "db": "ods", "table": "click_live", "state": "CANCELLED",
                        "type": "INSERT", "created_ago": 3900, "finished_ago": 1500 + 300 * i,
                        "error": f"type:LOAD_RUN_FAIL; msg:Txn {96000 + i} timed out due to ingestion slowdown"})
    for i in range(14):
        c.transactions.append({"id": 97000 + i, "db": "ods", "label": f"click_run_{i:02d}", "status": "PREPARE",
                               "source": "BACKEND_STREAMING", "prepare_ago": 8 + 3 * i, "reason": REASON.format(6513 + 211 * i)})
    c.compactions.clear()
    for i, p in enumerate(days[:4]):
        c.compactions.append({"partition": f"ods.click_live.{p.id}", "txn": 98100 + i, "start_ago": 340 - 60 * i,
                              "tasks": 12, "queued": 3 * i, "progress": 62 - 9 * i})
    for i in range(8):
        p = days[i % 4]
        start = 1400 - 120 * i
        c.compactions.append({
            "partition": f"ods.click_live.{p.id}", "txn": 98000 + i, "start_ago": start, "commit_ago": start - 260,
            "finish_ago": start - 262,
            "profile": '{"sub_task_count":24,"read_local_sec":31,"read_local_mb":2210,"read_remote_sec":2,'
                       f'"read_remote_mb":120,"in_queue_sec":{24 * (70 + 4 * i)},"write_segment_mb":2100,"write_remote_sec":190}}'})
    c.place()
    assert c.data_size(t.partitions[0]) > GB // 2
    return c
