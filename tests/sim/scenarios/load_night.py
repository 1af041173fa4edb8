"""A night's batch that must not alarm: a full broker queue that is worked off, a few mistakes of users, big loads often."""
EXTENDS = "healthy_shared_nothing"
MODE = "shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must_not": ["warning", "critical"]}


def build(c):
    for i in range(120):  # two a minute are worked off
        c.loads.append({"id": 840000 + i, "label": f"night_{i:03d}", "db": "dws", "table": "user_day", "type": "BROKER",
                        "state": "FINISHED", "sink_rows": 4000000, "scan_rows": 4000000, "bytes": 700 << 20,
                        "created_ago": 5000 + 30 * i, "committed_ago": 25 + 29 * i, "finished_ago": 20 + 29 * i})
    for i in range(60):
        c.loads.append({"id": 841000 + i, "label": f"tonight_{i:03d}", "db": "dws", "table": "user_day", "type": "BROKER",
                        "state": "PENDING", "created_ago": 1500 - 20 * i})
    c.loads.append({"id": 842000, "label": "half_way", "db": "dws", "table": "shop_day", "type": "BROKER", "state": "LOADING",
                    "created_ago": 9000, "started_ago": 8000, "progress": "ETL:100%; LOAD:80%"})
    wrong = ["type:ETL_QUALITY_UNSATISFIED; msg:too many filtered rows", "type:USER_CANCEL; msg:user cancel",
             "Label [night_001] has already been used.", "type:LOAD_RUN_FAIL; msg:column count mismatch, expect=4 real=5"]
    for i in range(8):
        c.loads.append({"id": 843000 + i, "label": f"adhoc_{i}", "db": "ads", "table": "report_01", "type": "INSERT",
                        "state": "CANCELLED", "created_ago": 4000 * i + 200, "finished_ago": 4000 * i + 190, "error": wrong[i % 4]})
    for i in range(90):  # 15 a minute, but of 60 MB each
        c.loads.append({"id": 844000 + i, "label": f"big_{i:03d}", "db": "dwd", "table": "page_view", "type": "STREAM_LOAD",
                        "state": "FINISHED", "sink_rows": 90000, "bytes": 60 << 20, "created_ago": 8 + 4 * i,
                        "committed_ago": 6 + 4 * i, "finished_ago": 5 + 4 * i})
    c.loads.append({"id": 845000, "label": "one_bad_row", "db": "dwd", "table": "page_view", "type": "STREAM_LOAD", "state": "FINISHED",
                    "created_ago": 700, "committed_ago": 660, "finished_ago": 655, "filtered_rows": 99, "sink_rows": 1, "bytes": 9 << 20})
    return c
