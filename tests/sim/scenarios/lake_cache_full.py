"""Cache disks of 97 %, as they should be, one copy of everything, and a compute node that joined an hour ago with a cold cache."""
from ..model import GB, TB

EXTENDS = "healthy_shared_data"
MODE = "shared_data"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    for n in c.nodes:
        for d in n.disks:
            d.avail = int(d.total * 0.03)
        n.cache_total, n.cache_used = 960 * GB, 955 * GB
    new = c.add_nodes(1, disks=1, total=1 * TB, used_pct=6.0)[-1]
    new.cache_total, new.cache_used, new.cores, new.mem_limit = 960 * GB, 31 * GB, 64, int(230.4 * GB)
    new.started_ago, new.cpu_pct = 3600, 44.0
    c.compactions.append({"partition": f"ods.app_log.{c.at('ods.app_log').partitions[40].id}", "txn": 99600, "start_ago": 700,
                          "commit_ago": 610, "finish_ago": 609,
                          "profile": '{"sub_task_count":24,"read_local_sec":3,"read_local_mb":200,"read_remote_sec":11,'
                                     '"read_remote_mb":260,"in_queue_sec":24}'})
    return c
