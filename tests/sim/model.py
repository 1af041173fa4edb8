"""What is true of the simulated cluster?

One Cluster holds nodes, disks, databases, tables, partitions, jobs and settings; every surface (SHOW, PROC,
system tables, metrics) is computed from it, so surfaces cannot contradict one another. Replica r of bucket b of
the partition with sequence number s lies on node (s + b + r) mod N, disk (s div N + b) mod D. A scenario says how full
each disk is; the size of a replica is its share of the partition times the factor of its disk, so that
the replicas of a disk add up to what the disk reports.
"""
import datetime
import json
from functools import lru_cache

from . import clock as clk
from .facts import DEFAULT_VERSION, Facts

KB, MB, GB, TB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
DAY = 86400


class Disk:
    def __init__(self, path, total=2 * TB, used_pct=58.0, avail=None, other=12 * GB, medium="HDD", state="ONLINE"):
        self.path, self.total, self.other, self.medium, self.state = path, int(total), int(other), medium, state
        self.avail = int(avail if avail is not None else total * (100 - used_pct) / 100)
        self.grow = 0  # bytes a second that fill it up when the clock is advanced
        self.grown = 0
        self.tablets = 0
        self.natural = 0  # bytes of its replicas before scaling
        self.factor = 1.0
        self.hash = 0

    @property
    def data(self):
        return max(0, self.total - self.avail - self.other)


class Node:
    """A backend or compute node."""

    def __init__(self, id, index, kind="be"):
        self.id, self.index, self.kind = id, index, kind
        self.name = f"{kind}{index + 1}"
        self.ip = "127.0.0.1"
        self.http_port, self.heartbeat_port, self.be_port, self.brpc_port = 8040, 9050, 9060, 8060
        self.alive, self.decommissioned, self.blacklisted = True, False, False
        self.err_msg, self.version, self.location = "", None, ""
        self.cores, self.mem_limit, self.mem_used_pct, self.cpu_pct = 32, int(115.2 * GB), 41.37, 12.4
        self.running_queries = 2
        self.started_ago, self.heartbeat_ago, self.report_ago = 41 * DAY, 2, 21
        self.status_code = None  # StatusCode; None: follows from alive
        self.worker_id = index + 1  # of the shard manager; -1: it does not know the node
        self.listed, self.listed_ago = "MANUAL", 300  # how and when it got onto the query blacklist
        self.warehouse = "default_warehouse"
        self.disks = []
        self.cache_total, self.cache_used = 0, 0
        self.config = {}
        self.metrics = {}  # extra be_metrics: (name, labels) -> number or (start, per second)

    @property
    def tablets(self):
        return sum(d.tablets for d in self.disks)


class Frontend:
    def __init__(self, id, index, role):
        self.id, self.index, self.role = id, index, role
        self.name = f"fe{index + 1}"
        self.ip, self.port, self.http_port, self.rpc_port, self.edit_log_port = "127.0.0.1", 9030, 8030, 9020, 9010
        self.alive, self.err_msg, self.version = True, "", None
        self.started_ago, self.heartbeat_ago, self.journal_lag = 41 * DAY, 2, 0
        self.joined, self.clock_ahead = True, 0.0  # of the BDB group; seconds that NOW() of this FE is ahead
        self.config = {}
        self.metrics = {}


class Partition:
    __slots__ = ("id", "index_id", "name", "lo", "hi", "seq", "bytes", "rows", "version", "next_version", "buckets",
                 "repl", "written_ago", "skew", "temp", "medium", "cooldown", "tablet_base", "max_cs", "storage_ratio",
                 "key_text", "sizes", "rowsets", "p50_cs", "compacted")

    def __init__(self, **kw):
        for k in self.__slots__:
            setattr(self, k, kw.get(k))

    def tablet_id(self, bucket):
        return self.tablet_base + bucket * (self.repl + 1)

    def rowsets_of(self, bucket):
        """NUM_ROWSET of its replicas; a scenario sets `rowsets` to that of bucket 0, the others have a little less."""
        if self.rowsets:
            return self.rowsets - bucket * 7 % (self.rowsets // 5 + 1)
        return 0 if self.version == 1 else 1 + (self.seq * 7 + bucket * 3) % 5


class Table:
    def __init__(self, db, name, id, **kw):
        self.db, self.name, self.id = db, name, id
        self.model = kw.get("model", "DUP_KEYS")
        self.key = kw.get("key", ["dt", "id"] if self.model != "PRIMARY_KEYS" else ["id", "dt"])
        self.columns = kw.get("columns")
        self.partition_key = kw.get("partition_key", "")
        self.partition_type = kw.get("partition_type", "UNPARTITIONED")
        self.dist_key = kw.get("dist_key", ["id"])
        self.properties = kw.get("properties", {})
        self.dynamic = kw.get("dynamic")
        self.partitions = []
        self.comment = kw.get("comment", "")
        self.state = "NORMAL"
        self.colocate = kw.get("colocate")
        self.created_ago = kw.get("created_ago", 400 * DAY)

    @property
    def buckets(self):
        return self.partitions[-1].buckets if self.partitions else 0

    @property
    def repl(self):
        return self.partitions[-1].repl if self.partitions else 0


class Database:
    def __init__(self, name, id):
        self.name, self.id, self.tables = name, id, {}
        self.quota, self.replica_quota = 8388608 * TB, 9223372036854775807


class User:
    """system: privileges on SYSTEM; select: '*' (everything) or a set of 'db' and 'db.table'."""

    def __init__(self, name, password="", system=(), select=(), roles=(), inactive=()):
        self.name, self.password = name, password
        self.system = set(system)
        self.select = select if select == "*" else set(select)
        self.roles, self.inactive = list(roles), list(inactive)

    def may(self, privilege):
        return "*" in self.system or privilege in self.system

    def sees(self, db, table=None):
        """Some privilege on the table, or, without a table, on something in the database?"""
        if self.select == "*" or db in self.select:
            return True
        if table is not None:
            return f"{db}.{table}" in self.select
        return any(x.startswith(db + ".") for x in self.select)


@lru_cache(maxsize=None)
def _spread(n, d, s_node, s_disk, buckets, repl):
    """How many replicas of such a partition lie on (node, disk), and those of bucket 0."""
    count, first = {}, []
    for b in range(buckets):
        for r in range(repl):
            where = ((s_node + b + r) % n, (s_disk + b) % d)
            count[where] = count.get(where, 0) + 1
            if b == 0:
                first.append(where)
    return tuple(count.items()), tuple(first)


class Cluster:
    def __init__(self, line="3.5", version=None, mode="shared_nothing"):
        self.line, self.mode = line, mode
        self.version = version or DEFAULT_VERSION[line]
        self.facts = Facts(line, self.version, mode)
        self.clock = clk.Clock()
        self.time_zone = "Asia/Shanghai"
        self.print_zone = None  # a fixed zone in which SHOW prints times whatever the session says ('+08:00' on early 4.1)
        self.cluster_id = 1124970418
        self.journal_id = 48211907
        self.frontends, self.nodes = [], []
        self.dbs = {}
        self.config, self.variables, self.be_config = {}, {}, {}
        self.users = {}
        self.loads, self.routine_loads, self.stream_loads, self.transactions = [], [], [], []
        self.recycle_bin, self.schedules, self.fe_locks, self.tasks, self.task_runs = [], [], [], [], []
        self.alter_jobs, self.exports, self.pipes, self.views, self.compactions = [], [], [], [], []
        self.be_compactions, self.be_logs, self.be_txns, self.analyze_status = [], [], [], []
        self.processes, self.queries, self.brokers, self.backups, self.repositories = [], [], [], [], []
        self.resource_groups, self.warehouse_queries, self.replications = [], [], []
        self.storage_volumes = []
        self.hurt = {}  # tablet id -> {replica index: {"status":..., "version":...}}
        self.inconsistent, self.error_state, self.cloning = set(), set(), set()
        self.balance_stat = {}
        self.fe_metrics = {}
        # system table -> rows a scenario adds: a list, (rows of the first reading, rows of later ones), or f(cluster)
        self.extra_rows = {}
        self.readings = {}
        self.drop = set()  # 'information_schema.partitions_meta.TABLET_BALANCED'
        self.faults = []
        self.report = {}
        self.generation = 0
        self._id = 10000
        self._seq = 0
        self._placed = -1
        self.index_of_partition = None
        self.today = datetime.date.fromtimestamp(self.clock.now() + 28800)

    # -- building ---------------------------------------------------------------------------------

    def new_id(self, n=1):
        self._id += n
        return self._id - n + 1

    def add_frontends(self, *roles):
        for role in roles:
            fe = Frontend(len(self.frontends) + 1, len(self.frontends), role)
            self.frontends.append(fe)
        return self.frontends

    def add_nodes(self, n, disks=2, kind=None, **disk):
        kind = kind or ("cn" if self.mode == "shared_data" else "be")
        for _ in range(n):
            node = Node(self.new_id(), len(self.nodes), kind)
            node.version = self.version
            for d in range(disks):
                node.disks.append(Disk(f"/data{d + 1}", **disk))
                node.disks[-1].hash = 7003000000000000000 + node.id * 1009 + d * 17
            self.nodes.append(node)
        return self.nodes

    def database(self, name):
        if name not in self.dbs:
            self.dbs[name] = Database(name, self.new_id())
        return self.dbs[name]

    def table(self, db, name, gb, days=0, months=0, future=0, buckets=6, repl=None, model="DUP_KEYS", live=None,
              dynamic=None, key=None, retention=None, columns=None, rows_per_gb=6_000_000, comment="", colocate=None,
              properties=None, medium="HDD", loads_per_day=288, versions=None, lists=None,
              list_key="city"):
        """Adds a table of gb gigabytes (one copy) in daily, monthly or no partitions, the newest ones empty (future)."""
        repl = repl or (1 if self.mode == "shared_data" else 3)
        d = self.database(db)
        props = {"replication_num": str(repl), "compression": "LZ4", "replicated_storage": "true",
                 "fast_schema_evolution": "true"}
        if self.mode == "shared_data":
            props.update({"storage_volume": "builtin_storage_volume", "datacache.enable": "true"})
        else:
            props["storage_medium"] = medium
        if model == "PRIMARY_KEYS":
            props["enable_persistent_index"] = "true"
            if self.mode == "shared_data":
                props["persistent_index_type"] = "CLOUD_NATIVE"
        if live:
            props["partition_live_number"] = str(live)
        if retention and self.facts.at_least(3, 5):
            props["partition_retention_condition"] = retention
        elif retention:
            props["partition_live_number"] = str(days + future)
        if dynamic:
            dyn = {"enable": "true", "time_unit": "DAY" if days else "MONTH", "start": str(-dynamic), "end": str(future),
                   "prefix": "p", "buckets": str(buckets), "history_partition_num": "0", "time_zone": self.time_zone}
            props.update({"dynamic_partition." + k: v for k, v in dyn.items()})
        if colocate:
            props["colocate_with"] = colocate
        props.update(properties or {})
        timed = bool(days or months)
        if lists:
            spans = [(f"p{i + 1}", None, None) for i in range(len(lists))]
        t = Table(db, name, self.new_id(), model=model, properties=props, partition_key=list_key if lists else "dt" if timed else "",
                  partition_type="LIST" if lists else "RANGE" if timed else "UNPARTITIONED", comment=comment, colocate=colocate,
                  columns=columns or [("dt", "date"), ("id", "bigint"), ("city", "varchar"), ("amount", "decimal"),
                                      ("payload", "varchar")])
        t.key = key or t.key
        if dynamic:
            t.dynamic = {"start": -dynamic, "end": future, "buckets": buckets, "state": "NORMAL", "create_msg": None,
                         "drop_msg": None, "in_scheduler": True, "scheduled_ago": 211}
        d.tables[name] = t
        n = days or months or len(lists or "1")
        if not lists:
            spans = self._spans(days, months, future) if timed else [(name, None, None)]
        for i, (pname, lo, hi) in enumerate(spans):
            ago = n - 1 - i  # periods before the current one; negative: future
            share = 0.0 if ago < 0 and timed else 1.0
            if timed and share:
                share = 0.45 if ago == 0 else 0.85 + 0.3 * ((i * 37) % 101) / 100
            size = int(gb * GB * share / n)
            self._seq += 1
            written = ago * (DAY if days else 30 * DAY) if timed and ago > 0 else 35
            ver = 1 if not size else versions or (2 + min(int(loads_per_day), 4000) * (1 if days or not timed else 30))
            p = Partition(id=self.new_id(), name=pname, lo=lo, hi=hi, seq=self._seq,
                          bytes=size, rows=int(size / GB * rows_per_gb), version=ver, next_version=ver + 1,
                          buckets=buckets, repl=repl, written_ago=written, skew=1, temp=False, medium=medium,
                          key_text=json.dumps(lists[i], separators=(",", ":"), ensure_ascii=False) if lists else "",
                          max_cs=3.0 + (i * 7 % 13) / 2 if size else 0.0, storage_ratio=1.08 + (i % 5) / 100)
            t.partitions.append(p)
        t.index_id = self.new_id()
        return t

    def _spans(self, days, months, future):
        out = []
        if days:
            for k in range(-(days - 1), future + 1):
                lo = self.today + datetime.timedelta(days=k)
                out.append((lo.strftime("p%Y%m%d"), lo, lo + datetime.timedelta(days=1)))
        else:
            first = self.today.year * 12 + self.today.month - 1
            for k in range(first - months + 1, first + future + 1):
                lo, hi = datetime.date(k // 12, k % 12 + 1, 1), datetime.date((k + 1) // 12, (k + 1) % 12 + 1, 1)
                out.append((lo.strftime("p%Y%m"), lo, hi))
        return out

    def routine_load(self, db, name, table, state="RUNNING", partitions=6, lag=0, late=2, tasks=None, desired=5, reason=None,
                     created_ago=40 * DAY, paused_ago=None, ended_ago=None, rows=(90_000_000, 0), committed=(51_000, 12),
                     properties=None):
        """Adds a Routine Load job. lag: messages that wait in each partition, or {partition: messages}; late: seconds since
        the newest message read was written, likewise; reason: (code, text); rows: (all, rejected); committed: (committed, aborted)."""
        ids = [str(i) for i in range(partitions)]
        lags = {i: lag.get(int(i), 0) if isinstance(lag, dict) else lag for i in ids} if lag is not None else {}
        lates = {i: late.get(int(i), 2) if isinstance(late, dict) else late for i in ids}
        running = min(partitions, desired, 5) if tasks is None and state == "RUNNING" else tasks or 0
        job = {"partitions": "*", "columnToColumnExpr": "*", "whereExpr": "*", "maxErrorNum": "0", "maxFilterRatio": "1.0",
               "maxBatchIntervalS": "10", "maxBatchRows": "200000", "currentTaskConcurrentNum": str(running),
               "desireTaskConcurrentNum": str(desired), "taskConsumeSecond": "15", "taskTimeoutSecond": "60",
               "dataFormat": "json", **(properties or {})}
        text = lambda d: json.dumps(d, separators=(",", ":"))
        # a job that has read everything prints a lag of 1: what was read last against what comes next
        self.routine_loads.append({
            "Id": self.new_id(), "Name": name, "db": db, "DbName": db, "table": table, "TableName": table, "State": state,
            "CreateTime_ago": created_ago, "PauseTime_ago": paused_ago, "EndTime_ago": ended_ago, "DataSourceType": "KAFKA",
            "CurrentTaskNum": running, "JobProperties": text(job),
            "DataSourceProperties": text({"topic": name, "currentKafkaPartitions": ",".join(ids), "brokerList": "kafka1:9092"}),
            "CustomProperties": text({"group.id": name, "sasl.password": "s3same"}),
            "Statistic": text({"totalRows": rows[0], "loadedRows": rows[0] - rows[1], "errorRows": rows[1], "unselectedRows": 0,
                               "receivedBytes": rows[0] * 200, "taskExecuteTimeMs": 91_000_000, "receivedBytesRate": 2400000,
                               "loadRowsRate": 29000, "committedTaskNum": committed[0], "abortedTaskNum": committed[1]}),
            "Progress": text({i: str(7_000_000 + int(i)) for i in ids}),
            "TimestampProgress": text({i: str(int((self.now() - lates[i]) * 1000)) for i in ids}),
            "ReasonOfStateChanged": "ErrorReason{errCode = %d, msg='%s'}" % reason if reason else "",
            "ErrorLogUrls": "", "TrackingSQL": "", "OtherMsg": "",
            "LatestSourcePosition": text({i: str(7_000_001 + int(i) + n) for i, n in lags.items()}),
            "OffsetLag": text({i: str(n + 1) for i, n in lags.items()})})
        return self.routine_loads[-1]

    def pipe(self, db, name, table, state="RUNNING", loaded_ago=60, error=None, error_ago=600, poll=300, files=()):
        """Adds a pipe; files: {"name", "size", "state", "staged_ago", "start_ago", "finish_ago", "error"}."""
        self.pipes.append({"db": db, "DATABASE_NAME": db, "PIPE_ID": self.new_id(), "PIPE_NAME": name, "table": table,
                           "TABLE_NAME": f"{db}.{table}", "STATE": state, "loaded_ago": loaded_ago, "error": error,
                           "error_ago": error_ago, "poll": poll, "files": list(files)})
        return self.pipes[-1]

    # -- questions about the finished model ---------------------------------------------------------

    def at(self, name):
        """at('dwd.events'): the table."""
        db, _, t = name.partition(".")
        return self.dbs[db].tables[t]

    def all_tables(self):
        for d in self.dbs.values():
            yield from d.tables.values()

    def now(self):
        return self.clock.now()

    def grown(self, value):
        """A number, or (start, per second) at the present time."""
        if isinstance(value, tuple):
            return value[0] + value[1] * self.clock.age()
        return value

    def leader(self):
        return next((f for f in self.frontends if f.role == "LEADER"), None)

    def backends(self):
        return [n for n in self.nodes if n.kind == "be"]

    def compute_nodes(self):
        return [n for n in self.nodes if n.kind == "cn"]

    def holders(self):
        """The nodes on which tablets lie."""
        return self.backends() if self.mode == "shared_nothing" else self.compute_nodes()

    def replica_at(self, p, bucket, r):
        """(node, disk) of a replica."""
        nodes = self.holders()
        node = nodes[(p.seq + bucket + r) % len(nodes)]
        disks = node.disks
        return node, (disks[(p.seq // len(nodes) + bucket) % len(disks)] if disks else None)

    def weight(self, p, bucket):
        """The share of a bucket in its partition."""
        return (p.skew if bucket == 0 else 1) / (p.buckets - 1 + p.skew)

    def replica_bytes(self, p, bucket, r):
        self.place()
        base = p.bytes * self.weight(p, bucket)
        if self.mode == "shared_data":
            return int(base)
        return int(base * self.replica_at(p, bucket, r)[1].factor)

    def place(self):
        """Assigns tablet ids, counts replicas per disk and derives each disk's factor; cheap when already done."""
        if self._placed == self.generation:
            return
        self._placed = self.generation
        nodes = self.holders()
        n = len(nodes)
        if not n:
            for t in self.all_tables():
                for p in t.partitions:
                    if p.tablet_base is None:
                        p.tablet_base = self.new_id(p.buckets * (p.repl + 1))
                    p.sizes = (p.bytes * (p.repl if self.mode == "shared_nothing" else 1), p.rows)
            return
        d = max(1, min((len(x.disks) for x in nodes), default=1))
        for node in nodes:
            for disk in node.disks:
                disk.tablets = disk.natural = 0
                more = min(disk.avail, int(disk.grow * self.clock.ahead) - disk.grown)
                disk.avail, disk.grown = disk.avail - more, disk.grown + more
        acc = {}
        for t in self.all_tables():
            for p in t.partitions:
                if p.tablet_base is None:
                    p.tablet_base = self.new_id(p.buckets * (p.repl + 1))
                key = (p.seq % n, (p.seq // n) % d, p.buckets, p.repl, p.skew)
                a = acc.setdefault(key, [0, 0])
                a[0] += 1
                a[1] += p.bytes
        flat = [0] * n  # a shared-data shard has no disk
        for (s, sd, buckets, repl, skew), (count, size) in acc.items():
            spread, first = _spread(n, d, s, sd, buckets, repl)
            unit = size / (buckets - 1 + skew)
            for (i, j), c in spread:
                flat[i] += c * count
                if nodes[i].disks:
                    nodes[i].disks[j].tablets += c * count
                    nodes[i].disks[j].natural += c * unit
            for i, j in first:
                if nodes[i].disks:
                    nodes[i].disks[j].natural += (skew - 1) * unit
        for i, node in enumerate(nodes):
            node.shards = flat[i]
            for disk in node.disks:
                disk.factor = disk.data / disk.natural if disk.natural else 1.0
        if self.mode == "shared_data":
            for t in self.all_tables():
                for p in t.partitions:
                    p.sizes = (p.bytes, p.rows)
            return
        cache = {}
        for t in self.all_tables():
            for p in t.partitions:
                key = (p.seq % n, (p.seq // n) % d, p.buckets, p.repl, p.skew)
                f = cache.get(key)
                if f is None:
                    spread, first = _spread(n, d, *key[:4])
                    unit = 1 / (p.buckets - 1 + p.skew)
                    f = sum(c * unit * nodes[i].disks[j].factor for (i, j), c in spread)
                    f += sum((p.skew - 1) * unit * nodes[i].disks[j].factor for i, j in first)
                    cache[key] = f
                p.sizes = (int(p.bytes * f), int(p.rows))

    def piled(self):
        """node id -> [most rowsets without, with primary key, tablets above 50] of partitions with `rowsets`."""
        out = {}
        for t in self.all_tables():
            for p in t.partitions:
                for b in range(p.buckets) if p.rowsets else ():
                    for r in range(p.repl if self.mode == "shared_nothing" else 1):
                        most = out.setdefault(self.replica_at(p, b, r)[0].id, [0, 0, 0])
                        key = int(t.model == "PRIMARY_KEYS")
                        most[key] = max(most[key], p.rowsets_of(b))
                        most[2] += p.rowsets_of(b) > 50
        return out

    def data_size(self, p):
        """DATA_SIZE: all replicas in shared-nothing, one copy in shared-data."""
        self.place()
        return p.sizes[0]

    def tablet_lookup(self, tablet_id):
        self.place()
        for t in self.all_tables():
            for p in t.partitions:
                off = tablet_id - p.tablet_base
                if 0 <= off < p.buckets * (p.repl + 1) and off % (p.repl + 1) == 0:
                    return t, p, off // (p.repl + 1)
        return None

    def make_sick(self, table, n, status="VERSION_ERROR", replica=0, partition=-1, behind=1, heals_after=None,
                  failed_ago=1200):
        """Marks one replica of n tablets of a partition as not OK since failed_ago seconds; returns the tablet ids."""
        self.place()
        p = table.partitions[partition]
        out = []
        for b in range(min(n, p.buckets)):
            tid = p.tablet_id(b)
            self.hurt.setdefault(tid, {})[replica] = {"status": status, "version": p.version - behind,
                                                       "heals_after": heals_after, "failed_ago": failed_ago}
            out.append(tid)
        return out

    @property
    def sick(self):
        """tablet id -> {replica index: {"status", "version"}} of those that have not healed meanwhile."""
        if not self.hurt:
            return self.hurt
        age = self.clock.age()
        return {t: r for t, r in self.hurt.items() if any((x["heals_after"] or age + 1) > age for x in r.values())}

    def unhealthy(self, db):
        """The ids of tablets of a database with a replica that is not OK; a dead node is forgiven for a quarter of an hour."""
        self.place()
        if self.mode == "shared_data":
            return []
        nodes, patience = self.holders(), int(self.fe_config()["tablet_sched_be_down_tolerate_time_s"][1])
        gone = [not n.alive and n.heartbeat_ago > patience for n in nodes]
        lost = {(i, j) for i, n in enumerate(nodes) for j, d in enumerate(n.disks) if gone[i] or d.state == "OFFLINE"}
        disks = max(1, min((len(n.disks) for n in nodes), default=1))
        out, sick = [], self.sick
        for t in db.tables.values():
            for p in t.partitions:
                for b in range(p.buckets) if lost else ():
                    disk = (p.seq // len(nodes) + b) % disks
                    if any(((p.seq + b + r) % len(nodes), disk) in lost for r in range(p.repl)):
                        out.append(p.tablet_id(b))
                if sick:
                    end = p.tablet_base + p.buckets * (p.repl + 1)
                    out += [x for x in sick if p.tablet_base <= x < end]
        return sorted(set(out))

    def range_text(self, p):
        if p.lo is None:
            return p.key_text
        return f"[types: [DATE]; keys: [{p.lo}]; ..types: [DATE]; keys: [{p.hi}]; )"

    def fe_config(self, fe=None):
        """key -> [aliases, value, type, mutable] with what the scenario and this FE changed."""
        out = {k: list(v) for k, v in self.facts.config.items()}
        for over in (self.config, fe.config if fe else {}):
            for k, v in over.items():
                if k in out:
                    out[k][1] = str(v)
        return out

    def version_text(self):
        return self.version

    def data_cache(self, node):
        if not node.cache_total:
            return "N/A" if self.mode == "shared_nothing" else "Status: Disabled"
        return (f"Status: Normal, DiskUsage: {clk.size1(node.cache_used)}/{clk.size1(node.cache_total)}, "
                f"MemUsage: 0B/0B")

    def properties_json(self, t):
        """PROPERTIES of tables_config; before 3.3 a choice of them, in which dynamic partitions are one text."""
        props = t.properties
        if self.line == "3.2":
            shown = ("replication_num", "colocate_with", "datacache.enable", "compression", "storage_medium",
                     "storage_volume")
            props = {k: props[k] for k in shown if k in props}
            props["in_memory"] = "false"
            props["enable_persistent_index"] = t.properties.get("enable_persistent_index", "false")
            dynamic = [f"{k}:{v}" for k, v in t.properties.items() if k.startswith("dynamic_partition.")]
            if dynamic:
                props["dynamic_partition"] = "{" + ",".join(dynamic) + "}"
        return json.dumps(props, separators=(",", ":"))
