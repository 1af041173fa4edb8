"""What does SHOW PROC '/...' answer?

cluster_balance, routine_loads, transactions, compactions and replications are passed on to the leader; every other
path shows what the connected FE knows: on a follower disk reports and the repair state are placeholders.
"""
import json
import re

from . import clock as clk
from . import errors as err


class Proc:
    def __init__(self, sim, show):
        self.sim, self.c, self.facts, self.show_ = sim, sim.cluster, sim.cluster.facts, show
        self.rows = show.rows

    def show(self, s, path):
        if not path.startswith("/"):
            raise err.bad_proc(path, f"Path({path}) does not start with '/'")
        parts = [p for p in path.split("/") if p]
        tablet_path = len(parts) == 7 and parts[0] == "dbs" and parts[3] == "partitions"
        if not tablet_path:
            self.show_.need(s, "OPERATE")
        self.leader = s.on_leader() or (parts and parts[0] in (
            "cluster_balance", "routine_loads", "transactions", "compactions", "replications"))
        if not parts:
            return self.out("/", [{"name": n} for n in self.roots()])
        f = getattr(self, "at_" + parts[0], None)
        if parts[0] not in self.roots() or not f:
            if parts[0] in self.roots():
                raise err.Hole(f"SHOW PROC '{path}'")
            raise err.bad_proc(path, f"Cannot find path: {path}")
        return f(s, path, parts[1:])

    def roots(self):
        names = ["brokers", "frontends", "routine_loads", "catalog", "colocation_group", "cluster_balance",
                 "load_error_hub", "meta_recovery", "tasks", "compute_nodes", "statistic", "jobs", "warehouses",
                 "resources", "monitor", "transactions", "backends", "current_queries", "stream_loads", "replications",
                 "dbs", "current_backend_instances", "compactions"]
        if self.facts.at_least(3, 3, 3):
            names.insert(8, "global_current_queries")
        if self.facts.at_least(3, 5, 1):
            names.append("historical_nodes")
        if self.facts.number[:2] == (3, 3) and self.facts.patch < 6:
            names.remove("warehouses")
        return [n for n in names if self.facts.header("/" + n) is not None]

    def out(self, name, rows, alias=None):
        return self.show_.table(name, rows, alias=alias)

    def missing(self, path, message=None):
        raise err.bad_proc(path, message or f"Cannot find path: {path}")

    def only(self, path, rest, n=0):
        if len(rest) > n:
            self.missing(path)

    # -- nodes --------------------------------------------------------------------------------------------

    def at_backends(self, s, path, rest):
        if not rest:
            return self.out("/backends", self.rows.backends(s, self.show_.at, self.leader))
        n = next((n for n in self.c.backends() if str(n.id) == rest[0]), None)
        if not n:
            self.missing(path, f"Backend[{rest[0]}] does not exist." if rest[0].isdigit() else
                         f"Invalid backend id format: {rest[0]}")
        self.c.place()
        return self.out("/backends/<BackendId>", self.rows.disks(n, self.leader))

    def at_compute_nodes(self, s, path, rest):
        self.only(path, rest)
        return self.out("/compute_nodes", self.rows.compute_nodes(s, self.show_.at))

    def at_frontends(self, s, path, rest):
        self.only(path, rest)
        return self.out("/frontends", self.rows.frontends(s, self.show_.at))

    def at_brokers(self, s, path, rest):
        return self.out("/brokers", self.rows.brokers(s, self.show_.at))

    def at_warehouses(self, s, path, rest):
        return self.out("/warehouses", self.rows.warehouses(s))

    def at_historical_nodes(self, s, path, rest):
        return self.out("/historical_nodes", [])

    # -- databases ----------------------------------------------------------------------------------------

    def databases(self):
        """[(id, name, model database or None)] as FEs number them."""
        return [(1, "information_schema", None), (100, "sys", None)] + \
            [(d.id, d.name, d) for d in sorted(self.c.dbs.values(), key=lambda d: d.id)]

    def find_db(self, path, key, names=True):
        for i, n, d in self.databases():
            if str(i) == key or names and n == key:
                return i, n, d
        if names or key.isdigit():
            self.missing(path, f'Unknown database id or name "{key}"' if names else
                         f"Database[{key}] does not exist.")
        self.missing(path, f"Invalid db id format: {key}")

    def at_dbs(self, s, path, rest):
        c = self.c
        if not rest:
            rows = []
            for i, n, d in self.databases():
                rows.append({"DbId": i, "DbName": n, "TableNum": len(d.tables) if d else
                             len(self.sim.engine.tables_of(n, s.user)),
                             "Quota": clk.size3(d.quota if d else 8388608 << 40), "LastConsistencyCheckTime": None,
                             "ReplicaQuota": d.replica_quota if d else 9223372036854775807})
            return self.out("/dbs", rows)
        i, n, d = self.find_db(path, rest[0])
        tables = d.tables if d else {}
        if len(rest) == 1:
            rows = []
            for t in tables.values():
                rows.append({"TableId": t.id, "TableName": t.name, "IndexNum": 1, "PartitionColumnName": t.partition_key,
                             "PartitionNum": len([p for p in t.partitions if not p.temp]), "State": t.state,
                             "Type": "OLAP" if c.mode == "shared_nothing" else "CLOUD_NATIVE",
                             "LastConsistencyCheckTime": None,
                             "ReplicaCount": sum(p.buckets * p.repl for p in t.partitions),
                             "PartitionType": t.partition_type,
                             "StoragePath": None if c.mode == "shared_nothing" else self.path_of(d, t)})
            return self.out("/dbs/<db>", rows)
        t = next((t for t in tables.values() if rest[1] in (str(t.id), t.name)), None)
        if not t:
            self.missing(path, f'Unknown table id or name "{rest[1]}"')
        if len(rest) == 2:
            return self.out("/dbs/<db>/<table>", [{"Nodes": x} for x in ("partitions", "temp_partitions", "index_schema")])
        if rest[2] in ("partitions", "temp_partitions") and len(rest) == 3:
            rows = self.rows.partitions(t, rest[2] == "temp_partitions", lambda ago: self.show_.at(s, ago))
            return self.out("/dbs/<db>/<table>/" + rest[2], rows, self.rows.range_or_list(t))
        if rest[2] == "partitions":
            p = next((p for p in t.partitions if rest[3] in (str(p.id), p.name)), None)
            if not p:
                self.missing(path, f"Partition[{rest[3]}] does not exist")
            if len(rest) == 4:
                return self.out("/dbs/<db>/<table>/partitions/<partition>", [{
                    "IndexId": t.index_id, "IndexName": t.name, "State": "NORMAL", "LastConsistencyCheckTime": None,
                    "TabletBalanceStat": '{"balanced":true}', "VirtualBuckets": p.buckets, "Tablets": p.buckets}])
            rows = self.rows.tablets(s, t, [p.name], self.show_.at)
            if len(rest) == 5:
                return self.out("/dbs/<db>/<table>/partitions/<partition>/<index>", rows)
            return self.out("/dbs/<db>/<table>/partitions/<partition>/<index>/<tablet>",
                            [{**r, "IsBad": "false", "IsSetBadForce": "false", "IsErrorState":
                              str(r["TabletId"] in c.error_state).lower(), "MinReadableVersion": 0}
                             for r in rows if str(r["TabletId"]) == rest[5]])
        if rest[2] == "index_schema":
            if len(rest) == 3:
                return self.out("/dbs/<db>/<table>/index_schema", [{
                    "IndexId": t.index_id, "IndexName": t.name, "SchemaVersion": 0, "SchemaHash": 0,
                    "ShortKeyColumnCount": 1, "StorageType": "COLUMN", "Keys": ", ".join(t.key)}])
            return self.out("/dbs/<db>/<table>/index_schema/<index>", self.sim.engine.describe(t.db, t.name, s))
        self.missing(path)

    @staticmethod
    def path_of(d, t):
        return f"s3://lake-bucket/sr/536a3c77-52c3-485a-8217-781734a970b1/db{d.id}/{t.id}"

    def at_statistic(self, s, path, rest):
        c = self.c
        c.place()
        if rest:
            i, n, d = self.find_db(path, rest[0], names=False)
            ids = set()
            if d:
                for t in d.tables.values():
                    for p in t.partitions:
                        for b in range(p.buckets):
                            ids.add(p.tablet_id(b)) if c.inconsistent or c.error_state or c.cloning else None
            text = lambda x: "[" + ", ".join(str(v) for v in sorted(x)) + "]"
            known = self.leader
            return self.out("/statistic/<db>", [{
                "UnhealthyTablets": text(c.unhealthy(d) if d and known else ()),
                "InconsistentTablets": text(c.inconsistent & ids), "CloningTablets": text(c.cloning & ids if known else ()),
                "ErrorStateTablets": text(c.error_state & ids)}])
        rows, keys = [], ("TableNum", "PartitionNum", "IndexNum", "TabletNum", "ReplicaNum", "UnhealthyTabletNum",
                          "InconsistentTabletNum", "CloningTabletNum", "ErrorStateTabletNum")
        total = dict.fromkeys(keys, 0)
        for i, n, d in self.databases():
            r = dict.fromkeys(keys, 0)
            if d:
                parts = [p for t in d.tables.values() for p in t.partitions]
                r.update(TableNum=len(d.tables), PartitionNum=len(parts), IndexNum=len(parts),
                         TabletNum=sum(p.buckets for p in parts), ReplicaNum=sum(p.buckets * p.repl for p in parts))
                if self.leader:
                    mine = self.in_db(d)
                    r.update(UnhealthyTabletNum=len(c.unhealthy(d)), InconsistentTabletNum=mine(c.inconsistent),
                             CloningTabletNum=mine(c.cloning), ErrorStateTabletNum=mine(c.error_state))
            for k in keys:
                total[k] += r[k]
            rows.append({"DbId": i, "DbName": n, **r})
        rows.append({"DbId": "Total", "DbName": len(rows), **total})
        return self.out("/statistic", rows)

    def in_db(self, d):
        def count(ids):
            if not ids:
                return 0
            spans = [(p.tablet_base, p.tablet_base + p.buckets * (p.repl + 1)) for t in d.tables.values()
                     for p in t.partitions]
            return sum(1 for x in ids if any(a <= x < b for a, b in spans))
        return count

    # -- jobs ---------------------------------------------------------------------------------------------

    def at_jobs(self, s, path, rest):
        if not rest:
            return self.out("/jobs", [{"DbId": i, "DbName": n} for i, n, d in self.databases()])
        i, n, d = self.find_db(path, rest[0], names=False)
        kinds = {"load": ("SHOW LOAD", "loads"), "rollup": ("SHOW ALTER TABLE ROLLUP", "alter_rollup"),
                 "schema_change": ("SHOW ALTER TABLE COLUMN", "alter_column"),
                 "optimize": ("SHOW ALTER TABLE OPTIMIZE", "alter_optimize"), "export": ("SHOW EXPORT", "exports"),
                 "delete": ("SHOW DELETE", "deletes")}
        if len(rest) == 1:
            rows = []
            for k in ("load", "rollup", "schema_change", "export"):
                states = [r.get("State") for r in self.rows.jobs(*kinds[k], s, n, self.show_.at)]
                done, bad = states.count("FINISHED"), states.count("CANCELLED")
                pending = states.count("PENDING") + states.count("QUEUEING")
                rows.append({"JobType": k, "Pending": pending, "Running": len(states) - done - bad - pending,
                             "Finished": done, "Cancelled": bad, "Total": len(states)})
            return self.out("/jobs/<db>", rows)
        if rest[1] in kinds and len(rest) == 2:
            return self.out("/jobs/<db>/" + rest[1], self.rows.jobs(*kinds[rest[1]], s, n, self.show_.at))
        self.missing(path)

    def at_tasks(self, s, path, rest):
        names = ("CREATE DROP PUSH CLONE STORAGE_MEDIUM_MIGRATE ROLLUP SCHEMA_CHANGE CANCEL_DELETE MAKE_SNAPSHOT "
                 "RELEASE_SNAPSHOT CHECK_CONSISTENCY UPLOAD DOWNLOAD CLEAR_REMOTE_FILE MOVE REALTIME_PUSH PUBLISH_VERSION "
                 "CLEAR_ALTER_TASK CLEAR_TRANSACTION_TASK RECOVER_TABLET STREAM_LOAD UPDATE_TABLET_META_INFO ALTER "
                 "INSTALL_PLUGIN UNINSTALL_PLUGIN DROP_AUTO_INCREMENT_MAP COMPACTION REMOTE_SNAPSHOT REPLICATE_SNAPSHOT "
                 "UPDATE_SCHEMA COMPACTION_CONTROL NUM_TASK_TYPE").split()
        clones = len([x for x in self.c.schedules if x["state"] == "RUNNING"]) if self.leader else 0
        if rest:
            return self.out("/tasks/<TaskType>", [])
        rows = [{"TaskType": n, "FailedNum": 0, "TotalNum": clones if n == "CLONE" else 0} for n in names]
        return self.out("/tasks", rows + [{"TaskType": "Total", "FailedNum": 0, "TotalNum": clones}])

    def at_transactions(self, s, path, rest):
        if not rest:
            return self.out("/transactions", [{"DbId": i, "DbName": n} for i, n, d in self.databases() if d])
        i, n, d = self.find_db(path, rest[0])
        rows = self.rows.transactions(s, n, self.show_.at)
        ended = ("VISIBLE", "ABORTED")
        if len(rest) == 1:
            k = len([r for r in rows if r["TransactionStatus"] in ended])
            return self.out("/transactions/<db>", [{"State": "running", "Number": len(rows) - k},
                                                   {"State": "finished", "Number": k}])
        if rest[1] in ("running", "finished") and len(rest) == 2:
            most = int(self.c.fe_config(self.c.leader() or s.fe).get("max_show_proc_transactions_entry", ("", 2000))[1])
            return self.out("/transactions/<db>/" + rest[1], [r for r in rows if (r["TransactionStatus"] in ended) ==
                                                              (rest[1] == "finished")][:most])
        if len(rest) == 3 and rest[2].isdigit():
            return self.out("/transactions/<db>/<state>/<TransactionId>", [])
        self.missing(path)

    def at_routine_loads(self, s, path, rest):
        if not rest:
            return self.out("/routine_loads", [
                {"Name": j["Name"], "Id": j["Id"], "DbName": j["db"], "Statistic": j.get("Statistic", "{}"),
                 "TaskStatistic": '{"running_task":"1","waiting_task":"0"}'} for j in self.c.routine_loads])
        rows = [r for r in self.rows.jobs("SHOW ROUTINE LOAD", "routine_loads", s, None, self.show_.at)
                if r["Name"] == rest[0]]
        if not rows:
            self.missing(path, f'Unknown routine load job name "{rest[0]}"')
        return self.out("/routine_loads/<name>", rows)

    def at_stream_loads(self, s, path, rest):
        return self.out("/stream_loads", []) if not rest else self.out("/stream_loads/<label>", [])

    # -- state of the FE ------------------------------------------------------------------------------------

    def at_monitor(self, s, path, rest):
        if not rest:
            return self.out("/monitor", [{"Name": "jvm", "Info": " "}])
        m = self.c.fe_metrics
        used, top = int(self.c.grown(m.get("heap_used", 9 << 30))), int(m.get("heap_max", 24 << 30))
        values = [("jvm start time", self.show_.at(s, s.fe.started_ago)), ("jvm version", "17.0.13+11"),
                  ("mem heap used", used), ("mem heap committed", top), ("mem heap max", top),
                  ("mem non heap used", 412 << 20), ("gc young collection count", int(21844 + self.c.clock.age() / 9)),
                  ("gc young collection time", 1198412), ("gc old collection count", m.get("old_gc", 11)),
                  ("gc old collection time", m.get("old_gc_ms", 2951)), ("threads count", 512),
                  ("threads peak count", 604)]
        return self.out("/monitor/jvm", [{"Name": k, "Value": v} for k, v in values])

    def queries(self, s, name):
        rows = []
        for q in self.c.queries:
            rows.append({"StartTime": self.show_.at(s, q.get("ago", 5)), "feIp": s.fe.ip, "QueryId": q["id"],
                         "ConnectionId": q.get("connection", 16777300), "Database": q.get("db", ""),
                         "User": q.get("user", "app"), "ScanBytes": clk.size3(q.get("scan_bytes", 0)),
                         "ScanRows": f"{q.get('scan_rows', 0)} rows", "MemoryUsage": clk.size3(q.get("memory", 0)),
                         "DiskSpillSize": clk.size3(q.get("spill", 0)), "CPUTime": f"{q.get('cpu', 0):.3f} s",
                         "ExecTime": f"{q.get('ago', 5):.3f} s", "ExecProgress": q.get("progress", "41.30%"),
                         "ExecState": "RUNNING", "Warehouse": "default_warehouse", "CustomQueryId": "",
                         "ResourceGroup": q.get("group", "default_wg")})
        return self.out(name, rows)

    def at_current_queries(self, s, path, rest):
        if rest:
            self.missing(path)
        return self.queries(s, "/current_queries")

    def at_global_current_queries(self, s, path, rest):
        return self.queries(s, "/global_current_queries")

    def at_current_backend_instances(self, s, path, rest):
        return self.out("/current_backend_instances", [])

    def at_catalog(self, s, path, rest):
        if rest and self.facts.at_least(4, 1) and rest[0] == "default_catalog":
            cols, rows = self.at_dbs(s, path, rest[1:])
            return cols, rows
        self.only(path, rest)
        return self.show_.run(s, "SHOW CATALOGS", "SHOW CATALOGS")

    def at_resources(self, s, path, rest):
        return self.out("/resources", [])

    def at_load_error_hub(self, s, path, rest):
        return self.out("/load_error_hub", [])

    def at_meta_recovery(self, s, path, rest):
        return self.out("/meta_recovery", [])

    def at_replications(self, s, path, rest):
        return self.out("/replications", [
            {"JobID": x["job"], "DatabaseID": self.c.dbs[x["db"]].id, "TableID": self.c.at(f"{x['db']}.{x['table']}").id,
             "TxnID": x.get("txn", 91), "CreatedTime": self.show_.at(s, x["created_ago"]),
             "FinishedTime": self.show_.at(s, x.get("finished_ago")), "State": x["state"],
             "Progress": x.get("progress", ""), "Error": x.get("error", "")} for x in self.c.replications])

    def at_compactions(self, s, path, rest):
        rows = []
        for x in self.c.compactions if self.c.mode == "shared_data" else ():
            rows.append({"Partition": x["partition"], "TxnID": x["txn"], "StartTime": self.show_.at(s, x["start_ago"]),
                         "CommitTime": self.show_.at(s, x.get("commit_ago")),
                         "FinishTime": self.show_.at(s, x.get("finish_ago")), "Error": x.get("error"),
                         "Profile": x.get("profile")})
        return self.out("/compactions", rows)

    # -- balance ------------------------------------------------------------------------------------------

    def media(self):
        return sorted({d.medium for n in self.c.backends() for d in n.disks})

    def balance_stat(self):
        out = []
        for m in self.media():
            for kind in ("inter-node disk usage", "inter-node tablet distribution", "intra-node disk usage",
                         "intra-node tablet distribution", "colocation group", "label-aware location"):
                out.append({"StorageMedium": m, "BalanceType": kind, "Balanced":
                            str(self.c.balance_stat.get(kind, True)).lower(), "PendingTablets": 0, "RunningTablets": 0})
        return out

    def tablets_in(self, *states):
        return [x for x in self.c.schedules if x["state"] in states]

    def schedule_rows(self, s, xs):
        at = self.show_.at
        for x in xs:
            yield {"TabletId": x["tablet"], "Type": x.get("type", "REPAIR"), "Medium": x.get("medium", "HDD"),
                   "Status": x.get("reason", "VERSION_INCOMPLETE"), "State": x["state"], "OrigPrio": "NORMAL",
                   "DynmPrio": x.get("priority", "NORMAL"), "SrcBe": x.get("src", -1), "SrcPath": x.get("src_path", -1),
                   "DestBe": x.get("dest", -1), "DestPath": x.get("dest_path", -1), "Timeout": 180000,
                   "Create": at(s, x.get("create_ago", 40)), "LstSched": at(s, x.get("schedule_ago", 30)),
                   "LstVisit": at(s, x.get("schedule_ago", 30)), "Finished": at(s, x.get("finish_ago")),
                   "Rate": x.get("rate"), "FailedSched": x.get("failed_sched", 0),
                   "FailedRunning": x.get("failed_running", 0), "LstAdjPrio": at(s, x.get("schedule_ago", 30)),
                   "VisibleVer": x.get("version", 2), "VisibleVerHash": 0, "CmtVer": x.get("version", 2),
                   "CmtVerHash": 0, "ErrMsg": x.get("error", "")}

    def at_cluster_balance(self, s, path, rest):
        pending, running = self.tablets_in("PENDING"), self.tablets_in("RUNNING")
        history = self.tablets_in("FINISHED", "CANCELLED", "TIMEOUT", "UNEXPECTED", "EXPIRED")
        stat = self.facts.at_least(3, 5, 4)
        self.c.place()
        if not rest:
            items = [("balance_stat", 1)] if stat else []
            items += [("cluster_load_stat", len(self.media())), ("working_slots", sum(len(n.disks) for n in self.c.backends())),
                      ("sched_stat", 1), ("priority_repair", 0), ("pending_tablets", len(pending)),
                      ("running_tablets", len(running)), ("history_tablets", len(history))]
            if self.facts.at_least(4, 0):
                items.append(("all_tablets", 0))
            return self.out("/cluster_balance", [{"Item": k, "Number": v} for k, v in items])
        base = "/cluster_balance/"
        if rest[0] == "balance_stat" and stat:
            return self.out(base + "balance_stat", self.balance_stat())
        if rest[0] == "cluster_load_stat":
            return self.load_stat(path, rest[1:])
        if rest[0] == "working_slots":
            return self.out(base + "working_slots", [
                {"BeId": n.id, "PathHash": d.hash, "AvailSlots": 8, "TotalSlots": 8, "AvgRate": "0.0"}
                for n in self.c.backends() for d in n.disks])
        if rest[0] == "sched_stat":
            items = ["num of tablet check round", "cost of tablet check(ms)", "num of tablet checked in tablet checker",
                     "num of unhealthy tablet checked in tablet checker", "num of tablet being added to tablet scheduler",
                     "num of tablet schedule round", "cost of tablet schedule(ms)", "num of tablet being scheduled",
                     "num of clone task", "num of clone task succeeded", "num of clone task failed",
                     "num of clone task timeout", "num of replica missing error", "num of replica version missing error"]
            rows = [{"Item": i, "Value": int(1000 + k * 37 + self.c.clock.age() / 20), "Increase": 0}
                    for k, i in enumerate(items)]
            return self.out(base + "sched_stat", rows + [{"Item": "last snapshot time", "Value": self.show_.at(s, 3),
                                                          "Increase": "5s"}])
        if rest[0] == "priority_repair":
            return self.out(base + "priority_repair", [])
        lists = {"pending_tablets": pending, "running_tablets": running, "history_tablets": history}
        if rest[0] in lists:
            return self.out(base + rest[0], self.schedule_rows(s, lists[rest[0]]))
        if rest[0] == "all_tablets":
            return self.out(base + "all_tablets", [])
        self.missing(path)

    def load_stat(self, path, rest):
        base = "/cluster_balance/cluster_load_stat"
        if not rest:
            return self.out(base, [{"StorageMedium": m, "ClusterDiskBalanceStat": json.dumps(
                self.c.balance_stat.get(m, {"balanced": True}), separators=(",", ":"))} for m in self.media()])
        if rest[0] not in self.media():
            self.missing(path, f"no such storage medium: {rest[0]}")
        if len(rest) == 2:
            n = next((n for n in self.c.backends() if str(n.id) == rest[1]), None)
            if not n:
                self.missing(path, f"be {rest[1]} does not exist")
            return self.out(base + "/<medium>/<BeId>", [d for d in self.rows.disks(n, True)
                                                        if d["StorageMedium"] == rest[0]])
        rows = []
        nodes = self.c.backends()
        disks = {n.id: [d for d in n.disks if d.medium == rest[0]] for n in nodes}
        used = {n.id: sum(d.data for d in disks[n.id]) for n in nodes}
        room = {n.id: sum(d.data + d.avail for d in disks[n.id]) for n in nodes}
        count = {n.id: sum(d.tablets for d in disks[n.id]) for n in nodes}
        pct = {i: used[i] / room[i] if room[i] else 0 for i in used}
        avg_pct = sum(pct.values()) / len(pct) or 1
        avg_n = sum(count.values()) / len(count) or 1
        for n in nodes:
            score = .5 * pct[n.id] / avg_pct + .5 * count[n.id] / avg_n
            cls = "HIGH" if score > 1.1 else "LOW" if score < .9 else "MID"
            rows.append({"BeId": n.id, "Cluster": "default_cluster", "Available": str(n.alive).lower(),
                         "UsedCapacity": used[n.id], "Capacity": room[n.id], "UsedPercent": f"{100 * pct[n.id]:.3f}",
                         "ReplicaNum": count[n.id], "CapCoeff": "0.5", "ReplCoeff": "0.5", "Score": repr(score),
                         "Class": cls, "BackendDiskBalanceStat": '{"balanced":true}'})
        return self.out(base + "/<medium>", sorted(rows, key=lambda r: float(r["Score"])))

    def at_colocation_group(self, s, path, rest):
        groups = {}
        for t in self.c.all_tables():
            if t.colocate:
                groups.setdefault((t.db, t.colocate), []).append(t)
        rows = []
        for (db, name), ts in groups.items():
            d = self.c.dbs[db]
            rows.append({"GroupId": f"{d.id}.{ts[0].id + 2}", "GroupName": f"{d.id}_{name}",
                         "TableIds": ", ".join(str(t.id) for t in ts), "TableNames": ", ".join(t.name for t in ts),
                         "BucketsNum": ts[0].buckets, "ReplicationNum": ts[0].repl, "DistCols": "bigint(20)",
                         "IsStable": str(not getattr(ts[0], "unstable", False)).lower()})
        if rest:
            t = next((ts[0] for r, ts in zip(rows, groups.values()) if r["GroupId"] == rest[0]), None)
            if not t:
                self.missing(path, f"Unknown group id: {rest[0]}")
            nodes = self.c.holders()
            return self.out("/colocation_group/<GroupId>", [
                {"BucketIndex": b, "BackendIds": ", ".join(str(nodes[(b + r) % len(nodes)].id) for r in range(t.repl))}
                for b in range(t.buckets)])
        return self.out("/colocation_group", rows)


assert re
