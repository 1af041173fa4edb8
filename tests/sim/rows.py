"""Which rows do the statements about nodes, partitions, tablets and jobs have? Dict rows out of the model."""
import datetime
import json

from . import clock as clk
from . import errors as err


class Rows:
    def __init__(self, sim):
        self.sim, self.c, self.facts = sim, sim.cluster, sim.cluster.facts

    def fe_name(self, fe):
        return f"{fe.ip}_{fe.edit_log_port}_{1735000000000 + fe.id * 7919}"

    def frontends(self, s, at):
        c = self.c
        out = []
        for fe in c.frontends:
            out.append({
                "Id": fe.id, "Name": self.fe_name(fe), "IP": fe.ip, "EditLogPort": fe.edit_log_port,
                "HttpPort": fe.http_port, "QueryPort": fe.port, "RpcPort": fe.rpc_port, "Role": fe.role,
                "ClusterId": c.cluster_id, "Join": str(fe.joined).lower(), "Alive": str(fe.alive).lower(),
                "ReplayedJournalId": int(c.journal_id + 11 * c.clock.age()) - fe.journal_lag,
                "LastHeartbeat": at(s, fe.heartbeat_ago), "IsHelper": "true", "ErrMsg": fe.err_msg,
                "StartTime": at(s, fe.started_ago) or "NULL", "Version": fe.version or c.version})
        return out

    def _node(self, s, n, at):
        return {"IP": n.ip, "HeartbeatPort": n.heartbeat_port, "BePort": n.be_port, "HttpPort": n.http_port,
                "BrpcPort": n.brpc_port, "LastStartTime": at(s, n.started_ago), "LastHeartbeat": at(s, n.heartbeat_ago),
                "Alive": str(n.alive).lower(), "SystemDecommissioned": str(n.decommissioned).lower(),
                "ClusterDecommissioned": "false", "ErrMsg": n.err_msg, "Version": n.version, "CpuCores": n.cores,
                "MemLimit": clk.size3(n.mem_limit, ""), "NumRunningQueries": n.running_queries,
                "MemUsedPct": f"{self.c.grown(n.mem_used_pct):.2f} %", "CpuUsedPct": f"{self.c.grown(n.cpu_pct):.1f} %",
                "DataCacheMetrics": self.c.data_cache(n), "Location": n.location,
                "StatusCode": n.status_code or ("OK" if n.alive else "DISCONNECTED"), "StarletPort": 9070,
                "WorkerId": n.worker_id,
                "WarehouseName": n.warehouse}

    def backends(self, s, at, leader):
        """SHOW BACKENDS; a follower that is asked by SHOW PROC knows no disk report: placeholders."""
        c = self.c
        c.place()
        out = []
        for n in sorted(c.backends(), key=lambda n: tuple(int(x) if x.isdigit() else 0 for x in n.ip.split("."))):
            data, avail, total = self._sums(n, leader)
            worst = max((self.used_pct(d, leader) for d in n.disks), default=0.0)
            report = at(s, n.report_ago) if leader else "N/A"
            out.append({**self._node(s, n, at), "BackendId": n.id, "TabletNum": n.tablets,
                        "DataUsedCapacity": clk.size3(data), "AvailCapacity": clk.size3(avail),
                        "TotalCapacity": clk.size3(total), "UsedPct": clk.percent(total - avail, total),
                        "MaxDiskUsedPct": f"{worst:.2f} %",
                        "Status": json.dumps({"lastSuccessReportTabletsTime": report}, separators=(",", ":")),
                        "DataTotalCapacity": clk.size3(data + avail), "DataUsedPct": clk.percent(data, data + avail)})
        return out

    def _sums(self, n, leader):
        if not leader:
            return 0, len(n.disks) << 40, len(n.disks) << 40
        up = [d for d in n.disks if d.state == "ONLINE"]
        return sum(d.data for d in up), sum(d.avail for d in up), sum(d.total for d in up)

    def used_pct(self, d, leader=True):
        return 100 * (d.total - d.avail) / d.total if d.total and leader else 0.0

    def compute_nodes(self, s, at):
        self.c.place()
        return [{**self._node(s, n, at), "ComputeNodeId": n.id, "HasStoragePath": "true" if n.disks else "false",
                 "TabletNum": getattr(n, "shards", 0)} for n in self.c.compute_nodes()]

    def disks(self, n, leader):
        out = []
        for d in n.disks:
            total, avail, data, other = (d.total, d.avail, d.data, d.total - d.avail - d.data) if leader else \
                (1 << 40, 1 << 40, 0, 0)
            out.append({"RootPath": d.path, "DataUsedCapacity": clk.size3(data), "OtherUsedCapacity": clk.size3(other),
                        "AvailCapacity": clk.size3(avail), "TotalCapacity": clk.size3(total),
                        "TotalUsedPct": clk.percent(total - avail, total), "State": d.state, "PathHash": d.hash,
                        "StorageMedium": d.medium, "TabletNum": d.tablets, "DataTotalCapacity": clk.size3(data + avail),
                        "DataUsedPct": clk.percent(data, data + avail)})
        return out

    # -- tables and partitions ----------------------------------------------------------------------------

    def partitions(self, tab, temp, at):
        c = self.c
        out = []
        for p in tab.partitions:
            if bool(p.temp) != temp:
                continue
            size = c.data_size(p)
            out.append({
                "PartitionId": p.id, "PartitionName": p.name, "VisibleVersion": p.version,
                "VisibleVersionTime": at(p.written_ago), "VisibleVersionHash": 0, "State": "NORMAL",
                "PartitionKey": tab.partition_key, "Range|List": c.range_text(p),
                "DistributionKey": ", ".join(tab.dist_key), "Buckets": p.buckets, "ReplicationNum": p.repl,
                "StorageMedium": p.medium, "CooldownTime": p.cooldown or "9999-12-31 23:59:59",
                "LastConsistencyCheckTime": None, "DataSize": clk.size1(size),
                "StorageSize": clk.size1(self.storage_size(p)), "IsInMemory": "false", "RowCount": p.rows,
                "DataVersion": p.version, "VersionEpoch": 455962418042896384 + p.id, "VersionTxnType": "TXN_NORMAL",
                "TabletBalanced": "true", "CompactVersion": max(1, p.version - 3), "NextVersion": p.next_version,
                "EnableDataCache": "true", "AsyncWrite": "false", "AvgCS": f"{p.max_cs * .6:.2f}",
                "P50CS": f"{p.max_cs * .5:.2f}", "MaxCS": f"{p.max_cs:.2f}", "MetaSwitchVersion": 0, "PathId": p.id})
        return out

    @staticmethod
    def range_or_list(tab):
        return {"Range|List": "List" if tab.partition_type == "LIST" else "Range"}

    def storage_size(self, p):
        return int(p.bytes * p.storage_ratio) if self.c.mode == "shared_data" else self.c.data_size(p)

    def _wanted(self, tab, wanted):
        if wanted is None:
            return [p for p in tab.partitions if not p.temp]
        known = {p.name: p for p in tab.partitions}
        for n in wanted:
            if n not in known:
                raise err.analyzing(f"Unknown partition '{n}' in table '{tab.name}'")
        return [known[n] for n in wanted]

    def replica(self, tab, p, b, r):
        """(status, version) of a replica."""
        node, disk = self.c.replica_at(p, b, r)
        sick = self.c.sick.get(p.tablet_id(b), {}).get(r) if self.c.hurt else None
        if not node.alive or disk and disk.state == "OFFLINE":
            return "DEAD", p.version
        return (sick["status"], sick["version"]) if sick else ("OK", p.version)

    def tablets(self, s, tab, wanted, at):
        c = self.c
        c.place()
        for p in self._wanted(tab, wanted):
            for b in range(p.buckets):
                tid, share = p.tablet_id(b), c.weight(p, b)
                if c.mode == "shared_data":
                    node = c.replica_at(p, b, 0)[0]
                    yield {"TabletId": tid, "BackendId": f"[{node.id}]", "DataSize": clk.size1(int(p.bytes * share)),
                           "RowCount": int(p.rows * share), "MinVersion": 0, "VirtualBuckets": f"[{b}]", "Range": "null"}
                    continue
                for r in range(p.repl):
                    node, disk = c.replica_at(p, b, r)
                    status, version = self.replica(tab, p, b, r)
                    if status == "MISSING":
                        continue
                    bad = status == "VERSION_ERROR"
                    # one that heals by itself has only just missed its version
                    hurt = c.hurt.get(tid, {}).get(r, {})
                    failed_ago = hurt.get("failed_ago", 1200)
                    hide = not (s.user.may("OPERATE") or s.user.may("NODE"))
                    host = "***" if hide else f"{node.ip}:{node.http_port}"
                    yield {"TabletId": tid, "ReplicaId": tid + 1 + r, "BackendId": node.id, "SchemaHash": 0,
                           "Version": version, "VersionHash": 0, "LstSuccessVersion": version,
                           "LstSuccessVersionHash": 0, "LstFailedVersion": p.version if bad else -1,
                           "LstFailedVersionHash": 0, "LstFailedTime": at(s, failed_ago) if bad else None,
                           "DataSize": clk.size1(c.replica_bytes(p, b, r)), "RowCount": int(p.rows * share),
                           "State": "NORMAL", "LstConsistencyCheckTime": None, "CheckVersion": -1,
                           "CheckVersionHash": 0, "VersionCount": self.versions(p, b), "PathHash": disk.hash,
                           "MetaUrl": f"http://{host}/api/meta/header/{tid}",
                           "CompactionStatus": f"http://{host}/api/compaction/show?tablet_id={tid}",
                           "DiskRootPath": disk.path, "IsConsistent": str(tid not in c.inconsistent).lower(),
                           "Checksum": -1}

    @staticmethod
    def versions(p, b):
        if p.rowsets:
            return p.rowsets_of(b)
        return 1 if p.version == 1 else 2 + (p.seq * 7 + b * 3) % 9

    def distribution(self, tab, wanted):
        c = self.c
        parts = self._wanted(tab, wanted)
        for p in parts:
            total = c.data_size(p)
            for b in range(p.buckets):
                share = c.weight(p, b)
                rows, size = int(p.rows * share), int(total * share)
                yield {"PartitionName": p.name, "BucketId": b, "SubPartitionId": p.id, "MaterializedIndexName": tab.name,
                       "VirtualBuckets": f"[{b}]", "RowCount": rows,
                       "RowCount%": f"{100 * rows / p.rows:05.2f} %" if p.rows else "0.00 %", "DataSize": size,
                       "DataSize%": f"{100 * size / total:05.2f} %" if total else "0.00 %"}

    def replica_status(self, tab, wanted):
        c = self.c
        c.place()
        for p in self._wanted(tab, wanted):
            for b in range(p.buckets):
                tid = p.tablet_id(b)
                for r in range(p.repl):
                    node, disk = c.replica_at(p, b, r)
                    status, version = self.replica(tab, p, b, r)
                    missing = status == "MISSING"
                    bad = disk.state == "OFFLINE" or status == "BAD"
                    yield {"TabletId": tid, "ReplicaId": -1 if missing else tid + 1 + r,
                           "BackendId": -1 if missing else node.id, "Version": -1 if missing else version,
                           "LastFailedVersion": p.version if status == "VERSION_ERROR" else -1,
                           "LastSuccessVersion": -1 if missing else version, "CommittedVersion": p.next_version - 1,
                           "SchemaHash": 0, "VersionNum": -1 if missing else self.versions(p, b),
                           "IsBad": str(bad).lower(), "IsSetBadForce": "false",
                           "State": "NORMAL", "Status": status}

    def replica_distribution(self, tab, wanted):
        c = self.c
        c.place()
        counts = {n.id: 0 for n in c.holders()}
        for p in self._wanted(tab, wanted):
            for b in range(p.buckets):
                for r in range(p.repl):
                    counts[c.replica_at(p, b, r)[0].id] += 1
        total = sum(counts.values()) or 1
        top = max(counts.values(), default=1) or 1
        return [{"BackendId": k, "ReplicaNum": v, "Graph": ">" * max(1, v * 10 // top),
                 "Percent": f"{100 * v / total:.2f} %"} for k, v in counts.items()]

    def table_status(self, tab, created):
        size = sum(self.c.data_size(p) for p in tab.partitions)
        rows = sum(p.rows for p in tab.partitions)
        return {"Name": tab.name, "Engine": "StarRocks" if self.c.mode == "shared_nothing" else "CLOUD_NATIVE",
                "Version": None, "Row_format": "", "Rows": rows, "Avg_row_length": size // rows if rows else 0,
                "Data_length": size, "Max_data_length": None, "Index_length": None, "Data_free": None,
                "Auto_increment": None, "Create_time": created, "Update_time": created, "Check_time": None,
                "Collation": "utf8_general_ci", "Checksum": None, "Create_options": "", "Comment": tab.comment}

    def table_status_system(self, name, created):
        return {"Name": name, "Engine": "MEMORY", "Version": None, "Row_format": "", "Rows": 0, "Avg_row_length": 0,
                "Data_length": 0, "Max_data_length": None, "Index_length": None, "Data_free": None, "Auto_increment": None,
                "Create_time": created, "Update_time": created, "Check_time": None, "Collation": "utf8_general_ci",
                "Checksum": None, "Create_options": "", "Comment": ""}

    def create_table(self, tab):
        q = lambda n: "`" + n.replace("`", "``") + "`"
        words = {"DUP_KEYS": "DUPLICATE KEY", "PRIMARY_KEYS": "PRIMARY KEY", "UNIQUE_KEYS": "UNIQUE KEY",
                 "AGG_KEYS": "AGGREGATE KEY"}
        cols = ",\n".join(f"  {q(n)} {sql_type(t)} {'NOT NULL' if n in tab.key else 'NULL'} COMMENT \"\""
                          for n, t in tab.columns)
        text = f"CREATE TABLE {q(tab.name)} (\n{cols}\n) ENGINE=OLAP \n{words[tab.model]}({', '.join(map(q, tab.key))})\n"
        if tab.comment:
            text += f'COMMENT "{tab.comment}"\n'
        if tab.partition_key:
            parts = ",\n".join(f'PARTITION {q(p.name)} VALUES [("{p.lo}"), ("{p.hi}"))' for p in tab.partitions)
            text += f"PARTITION BY RANGE({q(tab.partition_key)})\n({parts})\n"
        props = ",\n".join(f'"{k}" = "{v}"' for k, v in tab.properties.items())
        return text + f"DISTRIBUTED BY HASH({', '.join(map(q, tab.dist_key))}) BUCKETS {tab.buckets} \nPROPERTIES (\n{props}\n);"

    # -- jobs ---------------------------------------------------------------------------------------------

    def jobs(self, name, source, s, db, at):
        """Dict rows of the model lists; '_ago' keys are turned into printed times, missing columns into NULL."""
        c = self.c
        head = self.facts.header(name)
        if source.startswith("alter_"):
            items = [j for j in c.alter_jobs if j.get("kind") == source[6:]]
        else:
            items = getattr(c, source, [])
        out = []
        for j in items:
            if db and j.get("db") != db or not s.user.sees(j.get("db", ""), j.get("table")):
                continue
            if name == "SHOW LOAD" and j.get("type", "BROKER") not in ("BROKER", "INSERT", "SPARK"):
                continue
            row = {h: None for h in head}
            row.update(self._load(j, s, at) if source == "loads" else {})
            for k, v in j.items():
                if k.endswith("_ago") and k[:-4] in row:
                    row[k[:-4]] = at(s, v)
                elif k in row:
                    row[k] = v
            out.append(row)
        return out

    def _load(self, j, s, at):
        done = j.get("finished_ago")
        state = j["state"]
        progress = {"PENDING": "ETL:0%; LOAD:0%", "QUEUEING": "ETL:0%; LOAD:0%", "CANCELLED": "ETL:N/A; LOAD:N/A",
                    "FINISHED": "ETL:100%; LOAD:100%"}.get(state, "ETL:100%; LOAD:41%")
        return {"JobId": j["id"], "Label": j["label"], "State": state, "Progress": progress,
                "Type": j.get("type", "BROKER"), "Priority": "NORMAL", "ScanRows": j.get("scan_rows", 0),
                "FilteredRows": j.get("filtered_rows", 0), "UnselectedRows": 0, "SinkRows": j.get("sink_rows", 0),
                "EtlInfo": None, "TaskInfo": "resource:N/A; timeout(s):14400; max_filter_ratio:0.0",
                "ErrorMsg": j.get("error"), "CreateTime": at(s, j["created_ago"]),
                "EtlStartTime": at(s, j["created_ago"] - 1), "EtlFinishTime": at(s, j["created_ago"] - 1),
                "LoadStartTime": at(s, j["created_ago"] - 1), "LoadFinishTime": at(s, done),
                "TrackingSQL": j.get("tracking", ""), "JobDetails": json.dumps(
                    {"All backends": {}, "FileNumber": 0, "FileSize": j.get("bytes", 0), "InternalTableLoadBytes": 0,
                     "InternalTableLoadRows": 0, "ScanBytes": j.get("bytes", 0), "ScanRows": j.get("scan_rows", 0),
                     "TaskNumber": 1, "Unfinished backends": {}}, separators=(",", ":")),
                "Warehouse": "" if self.c.mode == "shared_nothing" else "default_warehouse"}

    def brokers(self, s, at):
        """{"name": "b1", "ip": "10.0.0.9"} and, if they differ: port, alive, started_ago, updated_ago, error."""
        return [{"Name": b["name"], "IP": b["ip"], "Port": b.get("port", 8000), "Alive": str(b.get("alive", True)).lower(),
                 "LastStartTime": at(s, b.get("started_ago", 86400)), "LastUpdateTime": at(s, b.get("updated_ago", 2)),
                 "ErrMsg": b.get("error", "")} for b in self.c.brokers]

    def transactions(self, s, db, at):
        out = []
        for x in sorted(self.c.transactions, key=lambda x: -x["id"]):
            if x["db"] != db:
                continue
            out.append({"TransactionId": x["id"], "Label": x["label"], "Coordinator": x.get("coordinator", "FE: " +
                        self.c.frontends[0].ip), "TransactionStatus": x["status"],
                        "LoadJobSourceType": x.get("source", "BACKEND_STREAMING"), "PrepareTime": at(s, x["prepare_ago"]),
                        "PreparedTime": at(s, x.get("prepared_ago")), "CommitTime": at(s, x.get("commit_ago")),
                        "PublishTime": at(s, x.get("publish_ago")), "FinishTime": at(s, x.get("finish_ago")),
                        "Reason": x.get("reason", ""), "ErrorReplicasCount": x.get("error_replicas", 0),
                        "ListenerId": -1, "TimeoutMs": x.get("timeout_ms", 600000),
                        "PreparedTimeoutMs": x.get("prepared_timeout_ms", 86400000), "ErrMsg": x.get("error", "")})
        return out

    def warehouses(self, s):
        return [{"Id": 0, "Warehouse": "default_warehouse", "Name": "default_warehouse", "State": "AVAILABLE",
                 "ClusterCount": 1, "NodeCount": len([n for n in self.c.nodes if n.alive]), "CurrentClusterCount": 1,
                 "MaxClusterCount": 1, "StartedClusters": 1, "RunningSql": 0, "QueuedSql": 0, "CreatedOn": "",
                 "ResumedOn": "", "UpdatedOn": "", "Property": "",
                 "Comment": "An internal warehouse init after FE is ready"}]

    def warehouse_nodes(self, s):
        out = []
        for n in self.c.nodes:
            out.append({"WarehouseName": "default_warehouse", "ClusterId": 0, "CNGroupId": 0, "WorkerGroupId": 0,
                        "NodeId": n.id, "WorkerId": n.index + 1, "IP": n.ip, "HeartbeatPort": n.heartbeat_port,
                        "BePort": n.be_port, "HttpPort": n.http_port, "BrpcPort": n.brpc_port, "StarletPort": 9070,
                        "LastStartTime": None, "LastUpdateMs": int(self.c.now() * 1000), "Alive": str(n.alive).lower(),
                        "ErrMsg": n.err_msg, "Version": n.version, "NumRunningQueries": n.running_queries,
                        "CpuCores": n.cores, "MemUsedPct": f"{self.c.grown(n.mem_used_pct):.2f} %",
                        "CpuUsedPct": f"{self.c.grown(n.cpu_pct):.1f} %", "CNGroupName": "default"})
        return out

    def resource_groups(self):
        out = []
        base = {"id": 2, "cpu_core_limit": 32, "cpu_weight": 32, "exclusive_cpu_cores": 0, "cpu_weight_percent": 100,
                "exclusive_cpu_percent": None, "mem_limit": "100.0%", "big_query_cpu_second_limit": 0,
                "big_query_scan_rows_limit": 0, "big_query_mem_limit": 0, "concurrency_limit": None, "type": "DEFAULT",
                "spill_mem_limit_threshold": "100%", "max_cpu_cores": None, "MAX_CPU_CORES": None, "mem_pool": "default_mem_pool",
                "warehouses": "", "partition_scan_number_limit": 0, "partition_scan_number_limit_rule": ""}
        for g in [{"name": "default_wg"}, {"name": "default_mv_wg", "id": 3, "cpu_weight": 1, "cpu_weight_percent": 1,
                                           "cpu_core_limit": 1, "mem_limit": "80.0%", "type": "MV",
                                           "spill_mem_limit_threshold": "80%"}] + self.c.resource_groups:
            out.append({**base, "classifiers": f"(id={g.get('id', 2)}, weight=0.0)", **g})
        return out


def sql_type(t):
    return {"varchar": "varchar(255)", "decimal": "decimal(18, 2)", "bigint": "bigint(20)", "int": "int(11)",
            "smallint": "smallint(6)"}.get(t, t)


def today(c, offset):
    return datetime.date.fromtimestamp(c.now() + offset)
