"""A backend is being stopped in order for maintenance, and an observer frontend restarts: both away for a minute."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def build(c):
    c.add_frontends("OBSERVER")
    fe = c.frontends[-1]
    fe.alive, fe.heartbeat_ago = False, 60
    fe.err_msg = "got exception: java.net.ConnectException: Connection refused (Connection refused)"
    n = c.nodes[-1]
    # before 3.4 nothing tells a goodbye from a crash, so there it has only just begun
    n.alive, n.status_code, n.heartbeat_ago = False, "SHUTDOWN", 90 if c.facts.at_least(3, 4) else 40
    n.err_msg = "backend is shutting down"
    return c
