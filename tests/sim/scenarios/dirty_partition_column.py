"""A producer sends wrong event times: each of them gets a partition of its own, from 1970 to 2099."""
import datetime

from ..model import Partition

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 40, "score_max": 60, "cause": "RC-25",
          "must": ["ingest.partition-explosion", "ingest.create-tablet-slow"],
          "must_not": ["load.routine-paused", "load.pipe-error"],
          "may": ["load.error-class", "load.job-failure-rate", "storage.tablet-too-small"]}


def add(c, table, day, written_ago, size=3 << 20, version=2):
    """One more partition, of one day."""
    c._seq += 1
    last = table.partitions[-1]
    table.partitions.append(Partition(
        id=c.new_id(), name=day.strftime("p%Y%m%d"), lo=day, hi=day + datetime.timedelta(days=1), seq=c._seq, bytes=size,
        rows=size // 200, version=version, next_version=version + 1, buckets=last.buckets, repl=last.repl,
        written_ago=written_ago, skew=1, temp=False, medium=last.medium, key_text="", max_cs=3.0, storage_ratio=1.08))


def build(c):
    table = c.table("dwd", "iot_event", 300, days=92, future=3, buckets=12)
    first = datetime.date(1970, 1, 1)
    for i in range(60):
        add(c, table, first + datetime.timedelta(days=i * 9), 1800 - i)
    for i in range(340):
        add(c, table, datetime.date(2037, 1, 1) + datetime.timedelta(days=i * 61), 3000 - i * 8)
    for i in range(12):
        c.loads.append({"id": 741000 + i, "label": f"iot_{i}", "db": "dwd", "table": "iot_event", "state": "CANCELLED",
                        "type": "STREAM_LOAD" if i % 2 else "BROKER", "created_ago": 3000 - 200 * i, "finished_ago": 2980 - 200 * i,
                        "error": "type:LOAD_RUN_FAIL; msg:Fail to create partition: Table creation timed out. unfinished "
                                 f"replicas(3/41): 20311({c.nodes[0].ip}) timeout=10s"})
    return c
