"""Somebody loads two years of history into a table that creates its partitions: hundreds of them within an hour."""
import datetime

from .dirty_partition_column import add

EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def build(c):
    table = c.table("dwd", "rain_gauge", 8, days=30, buckets=1, live=1000, columns=None)
    for i in range(700):
        add(c, table, c.today - datetime.timedelta(days=31 + i), 3300 - i * 4, size=260 << 20)
    # and one that goes back to 1960 by design
    old = c.table("dwd", "weather", 40, months=24, buckets=1, live=2000)
    for year in range(1960, 2020):
        add(c, old, datetime.date(year, 1, 1), 86400 * 20, size=210 << 20, version=9)
    return c
