"""StarRocks put a backend on its blacklist by itself a minute ago, after a query lost its connection: it will take it off again."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    n = c.nodes[min(2, len(c.nodes) - 1)]
    n.blacklisted, n.listed, n.listed_ago, n.running_queries = True, "AUTO", 60, 0
    return c
