"""A job was too slow for the retention of its topic: what it wanted to read next is gone. Another will follow."""
EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 60, "score_max": 69, "cause": "RC-36",
          "must": ["load.routine-paused", "load.routine-lag", "load.routine-unstable", "load.routine-concurrency"],
          "must_not": ["load.routine-dead", "load.pipe-error", "ingest.commit-quorum"]}


def build(c):
    def be(i):
        return c.nodes[i % len(c.nodes)].id

    c.routine_load("ods", "device_in", "app_log", state="PAUSED", partitions=8, lag=2_100_000, late=7 * 86400, paused_ago=5400,
                   reason=(104, f"be {be(2)} abort task with reason: kafka consume failed, err: Broker: Offset out of range, "
                                "partition 3 offset 91822711 has no data"))
    c.routine_load("ods", "sensor_in", "click_stream", partitions=12, tasks=2, desired=5, lag={i: 3_400_000 for i in range(12)},
                   late=6 * 86400)
    for i in range(4):
        c.routine_load("ods", f"meter_{i}_in", "app_log", partitions=6, desired=6, tasks=5, lag=520_000 + i, late=26_000)
    return c
