"""Compaction is switched off for one archive table on purpose: nothing piles up, nothing may alarm."""

EXTENDS = "healthy_shared_data"
MODE = "shared_data"
REPORT = {"exit": 0, "max_severity": "info", "must": ["compaction.disabled"], "must_not": ["warning", "critical"]}


def build(c):
    t = c.at("dwd.coupon_use")
    c.config["lake_compaction_disable_ids"] = f"{t.id};{c.at('dwd.ad_show').partitions[0].id}"
    for p in t.partitions:
        p.max_cs, p.p50_cs, p.written_ago = 64.0, 40.0, 20 * 86400
    for n in c.nodes:
        n.config["compact_threads"] = 8
    c.config["lake_compaction_max_tasks"] = 96  # a number of its own, more than enough
    return c
