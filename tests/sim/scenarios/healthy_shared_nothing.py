"""A healthy cluster: 3 FE, 6 BE with two 2 TB disks at 55 to 62 %, five databases, about forty tables."""
from ..model import GB, User

EXTENDS = None
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "score_min": 90, "must_not": ["warning", "critical"]}


def users(c):
    c.users.update({u.name: u for u in (
        User("root", "", {"*"}, "*", roles=["root"]),
        User("diag", "s3cret#", {"OPERATE"}, "*", roles=["diagnosis"]),
        User("doctor", "d0ctor", {"OPERATE", "BLACKLIST", "REPOSITORY"}, "*", roles=["doctor"]),
        User("reader", "r3ader", (), "*", roles=["reader"]),
        User("poor", "poor", (), (), roles=["public"]))})


def tables(c):
    """Sizes are gigabytes of one copy; daily tables expire, dynamic ones have their next days."""
    t, pk = c.table, "PRIMARY_KEYS"
    t("ods", "app_log", 640, days=92, future=3, buckets=24, dynamic=91)
    t("ods", "orders_log", 250, days=92, future=3, buckets=6, dynamic=91)
    t("ods", "payment_log", 210, days=92, future=3, buckets=6, dynamic=91)
    t("ods", "click_stream", 560, days=62, future=3, buckets=24, dynamic=61)
    t("ods", "inventory_change", 160, days=62, future=3, buckets=6, dynamic=61)
    t("ods", "user_event", 380, days=62, future=3, buckets=12, dynamic=61)
    t("ods", "refund_log", 90, months=12, buckets=6, live=13)
    t("ods", "delivery_track", 140, months=12, buckets=6, live=13)
    t("dwd", "order_detail", 420, months=24, buckets=12, live=24)
    t("dwd", "order_item", 300, months=24, buckets=6, live=24)
    t("dwd", "payment_detail", 180, months=18, buckets=6, live=24)
    t("dwd", "page_view", 260, months=12, buckets=12, live=13)
    t("dwd", "stock_day", 120, days=92, future=3, buckets=3, dynamic=91)
    t("dwd", "coupon_use", 60, months=12, buckets=6, live=13)
    t("dwd", "ad_show", 150, months=12, buckets=6, live=13)
    t("dws", "user_day", 110, days=92, buckets=3, live=93)
    t("dws", "shop_day", 70, months=18, buckets=6, live=24)
    t("dws", "goods_day", 60, months=18, buckets=6, live=24)
    t("dws", "city_month", 30, months=24, buckets=3, live=36, model="AGG_KEYS")
    t("dws", "channel_day", 40, months=18, buckets=3, live=24, model="AGG_KEYS")
    t("dws", "funnel_day", 36, months=12, buckets=3, live=13)
    for i, gb in enumerate((24, 18, 30, 12, 9, 15, 21, 6)):
        t("ads", f"report_{i + 1:02d}", gb, months=12, buckets=3, live=13)
    t("crm", "customer", 40, buckets=12, model=pk, key=["id"])
    t("crm", "customer_tag", 45, buckets=12, model=pk, key=["id", "dt"])
    t("crm", "contract", 12, buckets=6, model=pk, key=["id"])
    t("crm", "ticket", 28, months=12, buckets=6, live=13, model=pk, key=["id", "dt"])
    t("crm", "visit", 16, months=12, buckets=3, live=13)
    t("crm", "region", 0.2, buckets=6, colocate="geo")
    t("crm", "city", 0.3, buckets=6, colocate="geo")
    t("crm", "product", 4, buckets=6, model=pk, key=["id"])
    t("crm", "shop", 2, buckets=6, model=pk, key=["id"])
    statistics(c)


def statistics(c):
    """The internal database."""
    names = [n.split(".")[1] for n in sorted(c.facts.tables) if n.startswith("_statistics_.")]
    for n in names:
        c.table("_statistics_", n, 0.4 if n == "column_statistics" else 0.02, buckets=10, model="PRIMARY_KEYS",
                key=["table_id", "partition_id", "column_name"] if n == "column_statistics" else ["id"])


def disks(c):
    for n in c.nodes:
        for j, d in enumerate(n.disks):
            d.avail = int(d.total * (100 - (55.2 + (n.index * 11 + j * 7) % 65 / 10)) / 100)
            d.other = (9 + n.index + 2 * j) * GB


def loads(c):
    """A day of loads: many finished, none failed."""
    for i in range(60):
        ago = 40 + i * 900
        c.loads.append({"id": 700000 + i, "label": f"ods_order_{i:04d}", "db": "ods", "table": "orders_log",
                        "state": "FINISHED", "type": ["STREAM_LOAD", "BROKER", "INSERT"][i % 3], "scan_rows": 812345,
                        "sink_rows": 812345, "bytes": 190 << 20, "created_ago": ago + 30, "committed_ago": ago + 4,
                        "finished_ago": ago + 3})
    continuous(c)
    c.loads.append({"id": 700100, "label": "ods_click_live", "db": "ods", "table": "click_stream", "state": "LOADING",
                    "type": "BROKER", "created_ago": 55})
    for i, st in enumerate(["VISIBLE"] * 20 + ["PREPARE", "COMMITTED"]):
        run = st in ("PREPARE", "COMMITTED")
        c.transactions.append({"id": 88120 + i, "db": "ods", "label": f"tx_{i:03d}", "status": st,
                               "prepare_ago": 3 if run else 90 + i, "commit_ago": None if st == "PREPARE" else 1 if run else 80 + i,
                               "publish_ago": None if run else 79 + i, "finish_ago": None if run else 78 + i})


def continuous(c):
    """Routine Load jobs that keep up, and a pipe that loads a file every few minutes."""
    c.routine_load("ods", "app_log_in", "app_log", partitions=12, lag=40)
    c.routine_load("ods", "click_in", "click_stream", partitions=6, lag={0: 12, 5: 900}, rows=(412_000_000, 31))
    c.routine_load("ods", "orders_in", "orders_log", partitions=3, desired=3, committed=(12_900, 40))
    c.pipe("ods", "orders_files", "orders_log", loaded_ago=200, files=[
        {"name": f"s3://in/orders/{i:03d}.parquet", "size": 41 << 20, "state": "FINISHED", "staged_ago": 260 + i * 300,
         "start_ago": 250 + i * 300, "finish_ago": 200 + i * 300} for i in range(40)])


def build(c):
    if c.mode == "shared_data":
        from . import healthy_shared_data
        return healthy_shared_data.build(c)
    users(c)
    c.add_frontends("LEADER", "FOLLOWER", "FOLLOWER")
    c.add_nodes(6, disks=2)
    disks(c)
    tables(c)
    loads(c)
    return c
