"""The clock of a follower is seven seconds ahead: more than BDB JE admits, so it will not be let in again."""

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 2, "max_severity": "critical", "score_min": 58, "score_max": 69, "must": ["cluster.fe-clock-skew"],
          "must_not": ["cluster.fe-down", "cluster.fe-quorum-risk"], "values": {"fe2": {"ahead_s": 7}}}


def build(c):
    c.frontends[1].clock_ahead = 7.0
    return c
