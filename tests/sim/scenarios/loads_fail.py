"""Loads fail for several reasons, and the partitions of tomorrow are missing: RC-26 and its bystanders."""
EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 30, "score_max": 50, "cause": "RC-26",
          "must": ["load.error-class", "load.job-failure-rate", "load.filtered-rows", "load.stuck", "load.broker-queue",
                   "load.export-failed", "load.migration-stuck", "storage.dynamic-partition-error"],
          "must_not": ["storage.disk-hard-limit", "load.small-frequent", "load.disabled"],
          "may": ["storage.dynamic-partition-horizon"]}
NO_PARTITION = ("type:ETL_QUALITY_UNSATISFIED; msg:too many filtered rows: 812345, The row is out of partition ranges. "
                "Please add a new partition: no partition for this tuple. tuple=['2026-11-21', 4711]")


def failed(c, n, label, error, **more):
    """n failed loads of ods.user_event, one every four minutes."""
    for i in range(n):
        ago = 60 + 240 * i
        c.loads.append({"id": 710000 + len(c.loads), "label": f"{label}_{i}", "db": "ods", "table": "user_event",
                        "type": "BROKER", "state": "CANCELLED", "created_ago": ago + 45, "finished_ago": ago,
                        "error": error, "tracking": "select tracking_log from information_schema.load_tracking_logs "
                        "where job_id=%d" % (710000 + len(c.loads)), **more})


def build(c):
    t = c.at("ods.user_event")
    t.dynamic.update(state="ERROR", create_msg="Unable to find 3 alive nodes on all 2 nodes to create tablets")
    t.partitions = [p for p in t.partitions if p.lo is None or p.lo <= c.today]
    failed(c, 14, "event_batch", NO_PARTITION)
    failed(c, 2, "memory", "type:LOAD_RUN_FAIL; msg:Memory of process exceed limit. Start execute plan fragment. Used: 120259084288, "
           "Limit: 118111600640. Mem usage has exceed the limit of BE")
    failed(c, 1, "oops", "type:USER_CANCEL; msg:user cancel")
    failed(c, 1, "\u6570\u636e 'x\"`; DROP", "Label [l] has already been used.")
    failed(c, 6, "s3", "type:ETL_RUN_FAIL; msg:Fail to get file status: getFileStatus on s3a://bkt/x.csv: \"aws.s3.secret_key\" = "
           "\"hunter2\" Access Denied (Service: Amazon S3; Status Code: 403)")
    c.loads += [
        {"id": 719001, "label": "lenient", "db": "ods", "table": "user_event", "type": "STREAM_LOAD", "state": "FINISHED",
         "created_ago": 700, "committed_ago": 660, "finished_ago": 655, "filtered_rows": 40000, "sink_rows": 60000, "bytes": 9 << 20},
        {"id": 719002, "label": "for_ever", "db": "dwd", "table": "order_item", "type": "INSERT", "state": "LOADING", "timeout": 3600,
         "created_ago": 5000},
        {"id": 719003, "label": "slow", "db": "dwd", "table": "order_item", "type": "BROKER", "state": "LOADING", "timeout": 14400,
         "created_ago": 9000, "progress": "ETL:100%; LOAD:12%"},
        {"id": 719004, "label": "invisible", "db": "dwd", "table": "order_item", "type": "BROKER", "state": "PREPARED",
         "created_ago": 4000, "committed_ago": 3000, "progress": "ETL:100%; LOAD:99%"}]
    for i in range(40):
        c.loads.append({"id": 719100 + i, "label": f"queue_{i:02d}", "db": "dwd", "table": "ad_show", "type": "BROKER",
                        "state": "PENDING", "created_ago": 5400 - 60 * i})
    c.exports += [{"db": "ods", "JobId": 9101, "QueryId": "01a1fda2-2f90-792b-93e4-c81da3933b57", "State": "CANCELLED", "Progress": "100%",
                   "Path": "s3a://bkt/exp/", "CreateTime_ago": 1800, "StartTime_ago": 1790, "FinishTime_ago": 1700, "Timeout": 7200,
                   "ErrorMsg": "type:RUN_FAIL; msg:export job fail. fail msg: broker list path failed"}]
    for i in range(4):
        c.replications.append({"job": f"rep-{i}", "db": "crm", "table": "visit", "created_ago": 4000 + i, "finished_ago": 3000,
                               "state": "ABORTED", "error": "Failed to connect to source cluster 10.9.0.4:9030"})
    c.replications.append({"job": "rep-9", "db": "crm", "table": "shop", "created_ago": 30000, "state": "REPLICATING",
                           "progress": "0/96"})
    return c
