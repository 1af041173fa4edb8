"""The set-up in which facts/measured.tsv was measured: three nodes, database sales, user u1 who may read one table."""
from ..model import GB, User

EXTENDS = None
MODE = "shared_nothing"
REPORT = {}


def build(c):
    c.users.update({u.name: u for u in (
        User("root", "", {"*"}, "*", roles=["root"]), User("diag", "s3cret#", {"OPERATE"}, "*", roles=["diagnosis"]),
        User("poor", "poor", (), (), roles=["public"]), User("u1", "pw1", (), {"sales.users"}, roles=["r1"]),
        User("u2", "pw2", (), (), roles=["public"]))})
    c.add_frontends("LEADER")
    c.add_nodes(3, disks=1, medium="SSD", total=93.132 * GB, used_pct=50.06, other=28 * GB)
    c.time_zone = "Etc/UTC"
    t = c.table
    t("sales", "orders", 4, days=3, future=1, buckets=3, medium="SSD", live=9)
    t("sales", "users", 2, buckets=6, model="PRIMARY_KEYS", key=["id"], medium="SSD")
    t("sales", "agg1", 1, buckets=2, repl=1, model="AGG_KEYS", medium="SSD")
    t("sales", "bylist", 1, buckets=4, medium="SSD", lists=[[["bj"]], [["sh"], ["gz"]]])
    t("sales", "dynp", 1, days=1, future=3, buckets=2, dynamic=3, medium="SSD")
    t("sales", "co1", 1, buckets=4, colocate="grp1", medium="SSD")
    t("sales", "co2", 1, buckets=4, colocate="grp1", medium="SSD")
    t("ops", "audit", 1, buckets=3, medium="SSD")
    c.storage_volumes.append({"Name": "sv1", "Type": "S3", "IsDefault": "true", "Location": "s3://bkt/p", "Params": "{}",
                              "Enabled": "true", "Comment": ""})
    c.repositories.append({"RepoId": 10300, "RepoName": "repo1", "IsReadOnly": "false", "Location": "s3://backup/sr",
                           "Broker": "b1", "ErrMsg": None})
    c.views.append({"database_name": "sales", "name": "mv_async", "TABLE_SCHEMA": "sales", "TABLE_NAME": "mv_async",
                    "MATERIALIZED_VIEW_ID": 10193, "IS_ACTIVE": "true"})
    c.transactions.append({"id": 2, "db": "sales", "label": "insert_2", "status": "VISIBLE", "prepare_ago": 90,
                           "commit_ago": 80, "publish_ago": 80, "finish_ago": 79})
    for i in (1, 2):
        c.routine_loads.append({"Id": 10250 + i, "Name": f"rl{i}", "db": "sales", "TableName": "orders", "State": "PAUSED",
                                "CreateTime_ago": 600, "Statistic": "{}", "Progress": '{"0":"OFFSET_ZERO"}'})
    return c
