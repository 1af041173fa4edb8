"""Flink writes one table four times a second in tiny batches; the list of stream loads covers some minutes only."""
EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 60, "score_max": 69, "must": ["load.small-frequent"],
          "must_not": ["load.error-class", "load.job-failure-rate", "load.filtered-rows", "load.stuck"]}


def build(c):
    c.loads = [x for x in c.loads if x.get("type", "BROKER") != "STREAM_LOAD"]
    for i in range(1000):
        ago = 3 + i * 0.5
        c.loads.append({"id": 830000 + i, "label": f"flink-{i:05d}", "db": "dwd", "table": "page_view", "state": "FINISHED",
                        "type": "STREAM_LOAD", "sink_rows": 40, "bytes": 6 << 10, "created_ago": ago + 1.4,
                        "committed_ago": ago + .2, "finished_ago": ago})
    return c
