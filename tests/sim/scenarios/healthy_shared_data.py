"""A healthy shared-data cluster: 3 FE, 4 CN with cache disks, one storage volume, low compaction scores."""
from ..model import GB, TB
from . import healthy_shared_nothing as base

EXTENDS = None
MODE = "shared_data"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    if c.mode == "shared_nothing":
        return base.build(c)
    base.users(c)
    c.add_frontends("LEADER", "FOLLOWER", "FOLLOWER")
    for n in c.add_nodes(4, disks=1, total=1 * TB, used_pct=72.0):
        n.cache_total, n.cache_used = 900 * GB, (560 + 40 * n.index) * GB
        n.cores, n.mem_limit = 64, int(230.4 * GB)
    c.storage_volumes.append({
        "Name": "builtin_storage_volume", "Type": "S3", "IsDefault": "true", "Location": "s3://lake-bucket/sr",
        "Params": '{"aws.s3.access_key":"******","aws.s3.secret_key":"******","aws.s3.endpoint":'
                  '"https://s3.eu-central-1.amazonaws.com","aws.s3.region":"eu-central-1"}', "Enabled": "true", "Comment": ""})
    base.tables(c)
    base.loads(c)
    for i in range(6):
        c.compactions.append({"partition": f"ods.app_log.{11000 + i}", "txn": 99000 + i, "start_ago": 300 - i * 40,
                              "commit_ago": 290 - i * 40, "finish_ago": 289 - i * 40,
                              "profile": '{"sub_task_count":12,"read_local_sec":2,"read_local_mb":310,"read_remote_sec":1,'
                                         '"read_remote_mb":12,"in_queue_sec":0}'})
    return c
