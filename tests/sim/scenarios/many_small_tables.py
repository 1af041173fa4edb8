"""Two hundred dimension tables of some megabytes, some colocated with forty buckets: small by nature, and few tablets each."""

EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def build(c):
    for i in range(200):
        c.table("dim", f"code_{i:03d}", 0.01, buckets=3)
    for i in range(6):  # their buckets have to be those of the large table of the group
        c.table("dim", f"shop_part_{i}", 2, days=31, future=3, buckets=40, dynamic=30, colocate="shop", loads_per_day=4)
    c.table("dwd", "shop_sale", 420, days=31, future=3, buckets=40, dynamic=30, colocate="shop")
    return c
