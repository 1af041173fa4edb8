"""A rolling upgrade under way: three backends have the new patch, one restarts at this moment. Nothing is wrong."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def newer(version):
    """"3.5.7-c4e20d9" -> "3.5.8-0d15ea5"."""
    number, _, _ = version.partition("-")
    head, _, patch = number.rpartition(".")
    return f"{head}.{int(patch) + 1}-0d15ea5"


def build(c):
    for n in c.nodes[:3]:
        n.version = newer(c.version)
    for i, n in enumerate(c.nodes[:2]):
        n.started_ago = 2400 - 900 * i
    away = c.nodes[2]
    away.alive, away.heartbeat_ago, away.version = False, 25, c.version
    away.err_msg = "java.net.ConnectException: Connection refused (Connection refused)"
    return c
