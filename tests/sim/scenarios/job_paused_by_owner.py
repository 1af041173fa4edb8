"""Owners at work: a job and a pipe stopped for maintenance, another stopped for good, one made anew, dropped tables."""
EXTENDS = "healthy_shared_nothing"
REPORT = {"exit": 0, "max_severity": "info", "must": ["load.routine-paused"], "must_not": ["warning", "critical"]}


def build(c):
    c.routine_load("ods", "orders_maintenance", "orders_log", state="PAUSED", lag=None, paused_ago=7200,
                   reason=(100, "User etl pauses routine load job"))
    c.routine_load("ods", "old_orders", "orders_log", state="STOPPED", lag=None, ended_ago=86400)
    c.routine_load("ods", "renamed_orders", "orders_log", state="CANCELLED", lag=None, ended_ago=86400,
                   reason=(7, "meta not found: unknown table"))
    c.routine_load("ods", "gone", "10822", state="CANCELLED", lag=None, ended_ago=3600, reason=(7, "meta not found: table dropped"))
    c.pipe("ods", "click_files", "click_stream", state="SUSPEND", loaded_ago=3 * 3600, files=[
        {"name": "s3://in/click/1.parquet", "size": 9 << 20, "state": "UNLOADED", "staged_ago": 3600}])
    c.pipe("ods", "batch_files", "click_stream", state="FINISHED", loaded_ago=40 * 3600)
    return c
