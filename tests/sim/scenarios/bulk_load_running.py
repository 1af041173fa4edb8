"""A backfill that must not alarm: scores just below 100, a fresh partition of a few huge loads, a job that takes long and moves."""

EXTENDS = "healthy_shared_data"
MODE = "shared_data"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def build(c):
    t = c.at("ods.app_log").partitions
    t[-4].max_cs = 98.0  # today: busy, below the slow-down
    for p in t[10:40]:
        p.max_cs = 42.0  # what the backfill has written, and compaction works off
    new = t[-5]
    # yesterday, loaded anew: 12 large loads with many files each, none compacted yet
    new.max_cs, new.p50_cs, new.version, new.next_version, new.compacted, new.written_ago = 180.0, 150.0, 13, 14, 1, 240
    one = c.at("dwd.page_view").partitions[-1]
    one.max_cs, one.p50_cs = 130.0, 3.0  # one tablet of a hot key, the others have nothing to merge
    c.compactions.append({"partition": f"ods.app_log.{t[12].id}", "txn": 99300, "start_ago": 5400, "tasks": 24, "progress": 71})
    for i in range(2):  # waits a little, once reads an old partition from the store
        c.compactions.append({"partition": f"ods.app_log.{t[20 + i].id}", "txn": 99310 + i, "start_ago": 900, "commit_ago": 700,
                              "finish_ago": 699, "profile": '{"sub_task_count":24,"read_local_sec":31,"read_local_mb":20,'
                              '"read_remote_sec":40,"read_remote_mb":800,"in_queue_sec":1900,"write_remote_sec":90}'})
    c.compactions.append({"partition": f"ods.app_log.{t[30].id}", "txn": 99320, "start_ago": 800, "finish_ago": 790,
                          "error": "A error occurred: errorCode=2001 errorMessage:Connection reset by peer"})
    c.loads.append({"id": 860000, "label": "backfill_app_log", "db": "ods", "table": "app_log", "state": "LOADING",
                    "type": "BROKER", "created_ago": 1700})
    # an old refusal of yesterday, long over
    c.loads.append({"id": 860001, "label": "backfill_0", "db": "ods", "table": "app_log", "state": "CANCELLED", "type": "BROKER",
                    "created_ago": 90000, "finished_ago": 86000, "error": "type:LOAD_RUN_FAIL; msg:Failed to load data into "
                    "partition 11000, because of too large compaction score, current/limit: 2003.0/2000."})
    return c
