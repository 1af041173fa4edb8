"""What do SHOW, ADMIN SHOW and DESC answer?

The header is the one of the version (facts); a handler yields dict rows. A value that the header asks for and the row
lacks is a hole, never a guess.
"""
import re

from . import clock as clk
from . import errors as err
from . import wire as w
from .proc import Proc
from .rows import Rows
from .statements import Words, apply_tail, like

FORWARD_PRIVILEGE = {"backends": "OPERATE OR NODE", "frontends": "OPERATE OR NODE", "broker": "OPERATE OR NODE"}


class Show:
    def __init__(self, sim):
        self.sim, self.c, self.facts = sim, sim.cluster, sim.cluster.facts
        self.rows = Rows(sim)
        self.proc = Proc(sim, self)

    # -- output -----------------------------------------------------------------------------------------

    def table(self, name, dicts, variant=None, alias=None):
        """(columns, rows) with the header of this version; rows are dicts."""
        header = self.facts.header(name, variant)
        if header is None:
            raise err.Hole(f"{name} in {self.facts.line} {self.facts.mode}")
        out = []
        for d in dicts:
            row = []
            for h in header:
                if h not in d:
                    raise err.Hole(f"column {h} of {name}")
                row.append(d[h])
            out.append(row)
        names = [(alias or {}).get(h, h) for h in header]
        return [(n, w.VAR_STRING) for n in names], out

    @staticmethod
    def plain(names, rows):
        return [(n, w.VAR_STRING) for n in names], rows

    def need(self, s, privilege, on="SYSTEM"):
        if not any(s.user.may(p) for p in privilege.split(" OR ")):
            raise err.denied(privilege, on, s.user)

    # -- parsing ----------------------------------------------------------------------------------------

    def run(self, s, sql, masked):
        t = Words(masked)
        first = t.next()[1].lower()
        if first in ("desc", "describe"):
            return self.desc(s, t)
        if first == "explain":
            return self.explain(s, t, sql)
        if first == "admin":
            if not t.take("show"):
                self.no_viable(t, "ADMIN SHOW")
            return self.admin(s, t)
        for words, f in self.TABLE:
            if t.is_(*words):
                name = "SHOW " + " ".join(words).upper()
                # a statement that this version does not have is a syntax error
                if name in self.MAYBE and self.facts.header(self.MAYBE[name]) is None:
                    break
                t.take(*words)
                return f(self, s, t)
        else:
            if t.peek()[1].lower() in self.REAL:
                raise err.Hole(f"SHOW {t.peek()[1].upper()}")
        self.no_viable(t, "SHOW")

    # Statements that exist and are not simulated: a hole, not a syntax error.
    REAL = set("""authentication baseline charset character collation create datacache dictionary engines engine events
        failpoints file functions full global group histogram index indexes keys open plugins privileges procedure property
        security temporary triggers whitelist keywords builtin resource multi application enable streaming load alter
        materialized routine stream all table storage verbose usage failpoint export compute backend""".split())

    def no_viable(self, t, start):
        kind, value, at = t.peek()
        raise err.syntax(at, f"No viable statement for input '{start} {value.upper()}'")

    def db_of(self, s, t):
        """FROM db, or the default database; needs one."""
        if t.one_of("from", "in"):
            name = t.name()[-1]
        else:
            name = s.db
        if not name:
            raise err.no_database()
        known = self.sim.engine.database(name)
        if not known:
            raise err.analyzing(f"Unknown database '{name}'", 5501, "3F000")
        return known

    def user_db(self, name):
        return self.c.dbs.get(name)

    def table_of(self, s, t, privilege_text="ANY"):
        """A [db.]table of the model."""
        name = t.name()
        db = name[-2] if len(name) > 1 else s.db
        if not db:
            raise err.no_database()
        d = self.c.dbs.get(db)
        if not d and not self.sim.engine.database(db):
            raise err.unknown_database(db)
        tab = d.tables.get(name[-1]) if d else None
        if not tab:
            raise err.unknown_table(name[-1] if len(name) == 1 else f"{db}.{name[-1]}")
        return tab

    def seen(self, s, tab, statement_table=True):
        if not s.user.sees(tab.db, tab.name):
            raise err.denied("ANY", f"TABLE {tab.name}" if statement_table else "TABLE", s.user)
        return tab

    # -- time -------------------------------------------------------------------------------------------

    def at(self, s, ago):
        """A printed time so many seconds ago, in the zone in which this version prints; None stays None."""
        if ago is None:
            return None
        off = self.sim.zone(self.c.print_zone) if self.c.print_zone else s.offset()
        return clk.stamp(self.c.now() - ago, off)

    def jvm(self, ago):
        return None if ago is None else clk.stamp(self.c.now() - ago, self.sim.zone(self.sim.globals["system_time_zone"]))

    # -- nodes ------------------------------------------------------------------------------------------

    def frontends(self, s, t):
        t.end()
        self.need(s, "OPERATE OR NODE")
        return self.table("SHOW FRONTENDS", self.rows.frontends(s, self.at))

    def backends(self, s, t):
        t.end()
        self.need(s, "OPERATE OR NODE")
        return self.table("SHOW BACKENDS", self.rows.backends(s, self.at, True))

    def compute_nodes(self, s, t):
        t.end()
        self.need(s, "OPERATE OR NODE")
        return self.table("SHOW COMPUTE NODES", self.rows.compute_nodes(s, self.at))

    def broker(self, s, t):
        t.end()
        self.need(s, "OPERATE OR NODE")
        return self.table("SHOW BROKER", self.rows.brokers(s, self.at))

    def blacklist(self, name, column):
        def f(self, s, t):
            t.end()
            self.need(s, "BLACKLIST")
            return self.table(name, [
                {column: n.id, "AddBlackListType": n.listed, "LostConnectionTime": self.at(s, n.listed_ago),
                 "LostConnectionNumberInPeriod": 0, "CheckTimePeriod(s)": 5}
                for n in self.c.nodes if n.blacklisted and (n.kind == "be") == (column == "BackendId")])
        return f

    def processlist(self, s, t):
        user = None
        if t.take("for"):
            user = t.string()
        t.end()
        every = s.user.may("OPERATE")
        rows = []
        for x in sorted(list(self.sim.sessions.values()), key=lambda x: x.id):
            if x.user is None or not (every or x.user is s.user) or user not in (None, x.user.name):
                continue
            if x.fe is not s.fe and not self.facts.at_least(3, 5):
                continue
            info = x.statement or None
            rows.append({"ServerName": self.rows.fe_name(x.fe), "Id": x.id, "User": x.user.name,
                         "Host": f"{x.peer[0]}:{x.peer[1]}", "Db": x.db, "Command": "Query" if info else "Sleep",
                         "ConnectionStartTime": self.at(s, self.c.now() - x.connected),
                         "Time": int(clk.time.time() - x.began), "State": "OK",
                         "Info": info if not info or t.is_full else info[:100], "IsPending": "false",
                         "Warehouse": "default_warehouse", "CNGroup": "", "Catalog": "default_catalog",
                         "QueryId": x.query_id})
        for p in self.c.processes:
            if (every or p["user"] == s.user.name) and user in (None, p["user"]):
                rows.append({"ServerName": self.rows.fe_name(s.fe), "Id": p["id"], "User": p["user"],
                             "Host": p.get("host", "10.8.4.17:51422"), "Db": p.get("db", ""),
                             "Command": p.get("command", "Query"),
                             "ConnectionStartTime": self.at(s, p.get("connected_ago", 600)), "Time": p.get("time", 1),
                             "State": "OK", "Info": p.get("info"), "IsPending": p.get("pending", "false"),
                             "Warehouse": "default_warehouse", "CNGroup": "", "Catalog": "default_catalog",
                             "QueryId": p.get("query_id", "")})
        return self.table("SHOW PROCESSLIST", rows)

    def full_processlist(self, s, t):
        t.is_full = True
        return self.processlist(s, t)

    # -- settings ---------------------------------------------------------------------------------------

    def variables(self, s, t, scope="session", verbose=False):
        tail = t.tail(where=True, like=True)
        values = dict(self.facts.variables)
        values.update(self.sim.globals)
        base = dict(values)
        if scope == "session":
            values.update(s.vars)
        rows = [{"Variable_name": k, "Value": v, "Default_value": self.facts.variables.get(k, v),
                 "Is_changed": int(v != base.get(k))} for k, v in sorted(values.items())]
        if tail["like"] is not None:
            rx = like(tail["like"])
            rows = [r for r in rows if rx.match(r["Variable_name"])]
        if tail["where"]:
            self.sim.engine.need_node(s)
            rows = apply_tail(rows, tail)
        return self.table("SHOW VARIABLES", rows, "verbose" if verbose else "default")

    def databases(self, s, t):
        tail = t.tail(where=True, like=True)
        if tail["where"]:
            self.sim.engine.need_node(s)
        rows = [{"Database": d} for d in self.sim.engine.databases() if d == "information_schema" or s.user.sees(d)]
        if tail["like"] is not None:
            rx = like(tail["like"])
            rows = [r for r in rows if rx.match(r["Database"])]
        return self.plain(["Database"], [[r["Database"]] for r in apply_tail(rows, tail)])

    def tables(self, s, t, full=False):
        db = self.db_of(s, t)
        tail = t.tail(where=True, like=True)
        col = f"Tables_in_{db}"
        rows = [{col: n, "Table_type": k} for n, k in self.sim.engine.tables_of(db, s.user)]
        if tail["like"] is not None:
            rx = like(tail["like"])
            rows = [r for r in rows if rx.match(r[col])]
        rows = apply_tail(rows, tail)
        return self.plain([col, "Table_type"] if full else [col],
                          [[r[col], r["Table_type"]] if full else [r[col]] for r in rows])

    def table_status(self, s, t):
        db = self.db_of(s, t)
        tail = t.tail(where=True, like=True)
        rows = [self.rows.table_status(x, clk.stamp(self.c.now() - 400 * 86400, s.offset()))
                for x in self.c.dbs[db].tables.values() if s.user.sees(db, x.name)] if db in self.c.dbs else [
            self.rows.table_status_system(n, None) for n, _ in self.sim.engine.tables_of(db, s.user)]
        if tail["like"] is not None:
            rx = like(tail["like"])
            rows = [r for r in rows if rx.match(r["Name"])]
        return self.table("SHOW TABLE STATUS", apply_tail(rows, tail))

    def columns(self, s, t, full=False):
        if not t.one_of("from", "in"):
            t.fail("{'FROM', 'IN'}")
        name = t.name()
        db = t.name()[-1] if t.one_of("from", "in") else (name[-2] if len(name) > 1 else s.db)
        tail = t.tail(where=True, like=True)
        if tail["where"]:
            self.sim.engine.need_node(s)
        rows = self.sim.engine.describe(db, name[-1], s)
        if tail["like"] is not None:
            rx = like(tail["like"])
            rows = [r for r in rows if rx.match(r["Field"])]
        rows = apply_tail(rows, tail)
        head = ["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"] if full else \
            ["Field", "Type", "Null", "Key", "Default", "Extra"]
        return self.plain(head, [[r.get(h, "" if h in ("Privileges", "Comment") else None) for h in head] for r in rows])

    def desc(self, s, t):
        if t.take("storage", "volume"):
            name = t.name()[-1]
            t.end()
            v = next((v for v in self.c.storage_volumes if v["Name"] == name), None)
            if not v:
                raise err.SqlError(1064, "HY000", f"Unknown storage volume: {name}")
            return self.table("DESC STORAGE VOLUME", [v])
        name = t.name()
        if t.take("all"):
            raise err.Hole("DESC ... ALL")
        t.end()
        rows = self.sim.engine.describe(name[-2] if len(name) > 1 else s.db, name[-1], s)
        head = ["Field", "Type", "Null", "Key", "Default", "Extra"]
        return self.plain(head, [[r[h] for h in head] for r in rows])

    def explain(self, s, t, sql):
        if t.is_("show"):
            raise err.syntax(t.peek()[2], "No viable statement for input 'explain show'")
        raise err.Hole("EXPLAIN")

    def grants(self, s, t):
        who = s.user
        if t.take("for"):
            if t.is_("role"):
                raise err.Hole("SHOW GRANTS FOR ROLE")
            name = t.string() if t.peek()[0] == "str" else t.name()[-1]
            if t.peek()[1].startswith("@"):
                t.next()
                if t.peek()[0] == "str":
                    t.next()
            if name != s.user.name:
                self.need(s, "GRANT")
            who = self.c.users.get(name)
            if not who:
                raise err.SqlError(1064, "HY000", f"cannot find user '{name}'@'%'!")
        t.end()
        ident = f"'{who.name}'@'%'"
        rows = [[ident, None, f"GRANT {', '.join(repr(r) for r in who.roles + who.inactive)} TO {ident}"]] \
            if who.roles or who.inactive else []
        system = sorted(who.system - {"*"})
        if system and not who.roles:
            rows.append([ident, None, f"GRANT {', '.join(system)} ON SYSTEM TO USER {ident}"])
        if who.select == "*" and "*" not in who.system and not who.roles:
            rows.append([ident, "default_catalog", f"GRANT SELECT ON ALL TABLES IN ALL DATABASES TO USER {ident}"])
        elif who.select != "*":
            rows += [[ident, "default_catalog", f"GRANT SELECT ON ALL TABLES IN DATABASE {d} TO USER {ident}"]
                     for d in sorted(who.select)]
        return self.plain(["UserIdentity", "Catalog", "Grants"], rows)

    def users(self, s, t):
        t.end()
        self.need(s, "GRANT")
        return self.plain(["User"], [[f"'{u}'@'%'"] for u in self.c.users])

    def authentication(self, s, t):
        t.end()
        self.need(s, "GRANT")
        return self.plain(["UserIdentity", "Password", "AuthPlugin", "UserForAuthPlugin"],
                          [[f"'{u.name}'@'%'", "Yes" if u.password else "No", "MYSQL_NATIVE_PASSWORD", None]
                           for u in self.c.users.values()])

    def roles(self, s, t):
        t.end()
        self.need(s, "GRANT")
        built = ["root", "db_admin", "cluster_admin", "user_admin", "public", "security_admin"]
        return self.plain(["Name", "Builtin", "Comment"], [[r, "true", f"built-in {r} role"] for r in built]
                          + [[r, "false", None] for r in self.sim.roles if r not in built])

    # -- objects ----------------------------------------------------------------------------------------

    def data(self, s, t):
        if t.one_of("from", "in"):
            tab = self.seen(s, self.table_of(s, t))
            t.end()
            size = sum(self.c.data_size(p) for p in tab.partitions)
            n, rows = sum(p.buckets * p.repl for p in tab.partitions), sum(p.rows for p in tab.partitions)
            base = {"TableName": tab.name, "IndexName": tab.name, "Size": clk.size3(size), "ReplicaCount": n,
                    "RowCount": rows}
            return self.table("SHOW DATA FROM table",
                              [base, {**base, "TableName": "", "IndexName": "Total", "RowCount": ""}])
        t.end()
        if not s.db:
            raise err.no_database()
        d = self.c.dbs.get(s.db)
        out, total, count = [], 0, 0
        for tab in sorted(d.tables.values(), key=lambda x: x.name) if d else ():
            if s.user.sees(tab.db, tab.name):
                size = sum(self.c.data_size(p) for p in tab.partitions)
                n = sum(p.buckets * p.repl for p in tab.partitions)
                total, count = total + size, count + n
                out.append({"TableName": tab.name, "Size": clk.size3(size), "ReplicaCount": n})
        quota, rq = (d.quota, d.replica_quota) if d else (8388608 << 40, 9223372036854775807)
        out.append({"TableName": "Total", "Size": clk.size3(total), "ReplicaCount": count})
        out.append({"TableName": "Quota", "Size": clk.size3(quota), "ReplicaCount": rq})
        out.append({"TableName": "Left", "Size": clk.size3(max(0, quota - total)), "ReplicaCount": max(0, rq - count)})
        return self.table("SHOW DATA", out)

    def data_distribution(self, s, t):
        if not t.one_of("from", "in"):
            t.fail("{'FROM', 'IN'}")
        if not s.db:
            raise err.no_database()
        tab = self.seen(s, self.table_of(s, t))
        wanted = self.partition_list(t)
        t.end()
        return self.table("SHOW DATA DISTRIBUTION", self.rows.distribution(tab, wanted))

    def partition_list(self, t):
        if not (t.take("partition") or t.take("partitions")):
            return None
        t.op("(")
        out = [t.name()[-1]]
        while t.op(","):
            out.append(t.name()[-1])
        t.op(")")
        return out

    def tablet(self, s, t):
        if t.one_of("from", "in"):
            tab = self.seen(s, self.table_of(s, t), False)
            wanted = self.partition_list(t)
            tail = t.tail(where=True, order=True, limit=True)
            rows = self.rows.tablets(s, tab, wanted, self.at)
            return self.table("SHOW TABLET FROM", apply_tail(rows, tail))
        kind, value, _ = t.next()
        t.end()
        if not value.isdigit():
            t.i -= 1
            t.fail("{'FROM', INTEGER_VALUE}")
        hit = self.c.tablet_lookup(int(value))
        if not hit:
            return self.table("SHOW TABLET <id>", [{
                "DbName": None, "TableName": None, "PartitionName": None, "IndexName": None, "DbId": -1, "TableId": -1,
                "PartitionId": -1, "IndexId": -1, "IsSync": "false",
                "DetailCmd": f"SHOW PROC '/dbs/-1/-1/partitions/-1/-1/{value}';"}])
        tab, p, _ = hit
        self.seen(s, tab, False)
        db = self.c.dbs[tab.db]
        return self.table("SHOW TABLET <id>", [{
            "DbName": tab.db, "TableName": tab.name, "PartitionName": p.name, "IndexName": tab.name, "DbId": db.id,
            "TableId": tab.id, "PartitionId": p.id, "IndexId": tab.index_id, "IsSync": "true",
            "DetailCmd": f"SHOW PROC '/dbs/{db.id}/{tab.id}/partitions/{p.id}/{tab.index_id}/{value}';"}])

    def partitions(self, s, t, temp=False):
        if not t.one_of("from", "in"):
            t.fail("{'FROM', 'IN'}")
        tab = self.seen(s, self.table_of(s, t))
        tail = t.tail(where=True, order=True, limit=True)
        allowed = "partitionid partitionname state buckets replicationnum lastconsistencychecktime".split()
        if any(c.lower() not in allowed for c, _, _ in tail["where"]):
            raise err.analyzing("Only the columns of PartitionId/PartitionName/State/Buckets/ReplicationNum/"
                                "LastConsistencyCheckTime are supported.")
        rows = self.rows.partitions(tab, temp, lambda ago: self.at(s, ago))
        head = self.facts.header("SHOW PARTITIONS")
        if tail["order"] and any(c.lower() not in [h.lower() for h in head] for c, _ in tail["order"]):
            raise err.analyzing(f"Incorrect column name '{tail['order'][0][0]}'", 1166, "42000")
        return self.table("SHOW PARTITIONS", apply_tail(rows, tail), alias=self.rows.range_or_list(tab))

    def dynamic(self, s, t):
        db = self.db_of(s, t)
        t.end()
        d = self.c.dbs.get(db)
        rows = []
        for tab in d.tables.values() if d else ():
            if tab.dynamic and s.user.sees(db, tab.name):
                dy, lead = tab.dynamic, s.fe.role == "LEADER"
                ran = self.jvm(dy["scheduled_ago"]) if lead else None
                rows.append({"TableName": tab.name, "Enable": str(dy.get("enable", True)).lower(),
                             "TimeUnit": tab.properties["dynamic_partition.time_unit"],
                             "Start": dy["start"], "End": dy["end"], "Prefix": "p", "Buckets": dy["buckets"],
                             "ReplicationNum": tab.repl, "StartOf": None, "LastUpdateTime": ran,
                             "LastSchedulerTime": ran, "State": dy["state"],
                             "LastCreatePartitionMsg": dy["create_msg"] if lead else None,
                             "LastDropPartitionMsg": dy["drop_msg"] if lead else None,
                             "InScheduler": str(dy["in_scheduler"]).lower()})
        return self.table("SHOW DYNAMIC PARTITION TABLES", rows)

    def create_table(self, s, t):
        tab = self.seen(s, self.table_of(s, t))
        t.end()
        return self.plain(["Table", "Create Table"], [[tab.name, self.rows.create_table(tab)]])

    # -- jobs -------------------------------------------------------------------------------------------

    def db_list(name, source, order=True, need_db=True, privilege=None):
        """A statement that lists jobs of a database out of the model (dict rows with a 'db' key)."""
        def f(self, s, t):
            if privilege:
                self.need(s, privilege)
            every = t.take("all")
            db = None
            if t.is_("for"):
                t.next()
                parts = t.name()
                db = parts[-2] if len(parts) > 1 else s.db
            elif not every and need_db:
                db = self.db_of(s, t)
            elif t.is_("from") or t.is_("in"):
                db = self.db_of(s, t)
            tail = t.tail(where=True, order=order, limit=order, like=True)
            return self.table(name, apply_tail(self.rows.jobs(name, source, s, db, self.at), tail))
        return f

    def load(self, s, t):
        if t.is_("warnings"):
            raise err.Hole("SHOW LOAD WARNINGS")
        every = t.take("all")
        db = None if every else self.db_of(s, t)
        tail = t.tail(where=True, order=True, limit=True)
        if any(c.lower() not in ("label", "state") for c, _, _ in tail["where"]):
            raise err.analyzing('Where clause should looks like: LABEL = "your_load_label", or LABEL LIKE "matcher",  or '
                                'STATE = "PENDING|ETL|LOADING|FINISHED|CANCELLED|QUEUEING",  or compound predicate with '
                                'operator AND', 5064, "42000")
        return self.table("SHOW LOAD", apply_tail(self.rows.jobs("SHOW LOAD", "loads", s, db, self.at), tail))

    def transaction(self, s, t):
        db = self.db_of(s, t)
        tail = t.tail(where=True)
        if not tail["where"]:
            raise err.analyzing("should supply condition like: ID = $transaction_id", 5064, "42000")
        rows = [r for r in self.rows.transactions(s, db, self.at) if str(r["TransactionId"]) == tail["where"][0][2]]
        if not rows:
            raise err.SqlError(1064, "HY000", f"transaction with id {tail['where'][0][2]} does not exist")
        return self.table("SHOW TRANSACTION", rows)

    def routine_task(self, s, t):
        self.db_of(s, t)
        if not t.is_("where"):
            t.fail("{'WHERE'}")
        t.tail(where=True)
        return self.table("SHOW ROUTINE LOAD TASK", [])

    def simple(name, rows=(), privilege=None, tail=False):
        def f(self, s, t):
            if privilege:
                self.need(s, privilege)
            if tail:
                t.tail(where=True, order=True, limit=True, like=True)
            else:
                t.end()
            data = rows(self, s) if callable(rows) else list(rows)
            return self.table(name, data)
        return f

    def catalogs(self, s, t):
        t.tail(like=self.facts.at_least(3, 5))
        return self.table("SHOW CATALOGS", [{"Catalog": "default_catalog", "Type": "Internal", "Comment":
                                             "An internal catalog contains this cluster's self-managed tables."}])

    def storage_volumes(self, s, t):
        t.tail(like=True)
        return self.table("SHOW STORAGE VOLUMES", [{"Storage Volume": v["Name"]} for v in self.c.storage_volumes])

    def warehouses(self, s, t):
        t.tail(like=True)
        if self.c.mode == "shared_nothing" and self.facts.at_least(4, 1):
            raise err.SqlError(5907, "42000", "unsupported statement in shared_nothing mode")
        return self.table("SHOW WAREHOUSES", self.rows.warehouses(s))

    def nodes_of_warehouse(self, s, t):
        while t.peek()[0] != "end":
            t.next()
        return self.table("SHOW NODES FROM WAREHOUSE", self.rows.warehouse_nodes(s))

    def resource_groups(self, s, t, verbose=False):
        t.take("all")
        t.end()
        return self.table("SHOW RESOURCE GROUPS", self.rows.resource_groups(), "verbose" if verbose else "default")

    def materialized_views(self, s, t):
        db = self.db_of(s, t)
        t.tail(where=True, like=True)
        if [v for v in self.c.views if v.get("database_name") == db]:
            self.sim.engine.need_history(s)
        head = self.facts.header("SHOW MATERIALIZED VIEWS")
        return self.table("SHOW MATERIALIZED VIEWS", [{h: v.get(h) for h in head} for v in self.c.views
                                                      if v.get("database_name") == db])

    def snapshot(self, s, t):
        self.need(s, "REPOSITORY")
        name = t.name()[-1]
        if any(r.get("RepoName") == name for r in self.c.repositories):
            return self.table("SHOW SNAPSHOT", [])
        raise err.analyzing(f"Repository [{name}] does not exist", 5064, "42000")

    def stream_load(self, s, t):
        return self.stream(s, t)

    def all_stream_load(self, s, t):
        return self.stream(s, t)

    def proc_path(self, s, t):
        path = t.string()
        t.end()
        return self.proc.show(s, path)

    # -- ADMIN SHOW -------------------------------------------------------------------------------------

    def admin(self, s, t):
        if t.take("frontend", "config"):
            tail = t.tail(like=True)
            self.need(s, "OPERATE")
            rx = like(tail["like"]) if tail["like"] is not None else None
            rows = [{"Key": k, "AliasNames": a, "Value": v, "Type": ty, "IsMutable": m, "Comment": ""}
                    for k, (a, v, ty, m) in self.c.fe_config(s.fe).items()
                    if rx is None or rx.match(k) or any(rx.match(x) for x in a.strip("[]").split(", ") if x)]
            return self.table("ADMIN SHOW FRONTEND CONFIG", rows)
        if t.take("replica", "status"):
            t.one_of("from", "in")
            tab = self.table_of(s, t)
            wanted = self.partition_list(t)
            tail = t.tail(where=True)
            self.need(s, "OPERATE")
            if self.c.mode == "shared_data":
                raise err.analyzing(f"Unsupported operation on lake table com.starrocks.catalog.Database@2711.{tab.name}")
            rows = self.rows.replica_status(tab, wanted)
            if tail["where"]:
                col, op, value = tail["where"][0]
                if col.lower() != "status" or op not in ("=", "!=", "<>"):
                    raise err.analyzing("Where clause should looks like: status =/!= 'OK/DEAD/VERSION_ERROR/SCHEMA_ERROR/"
                                        "MISSING'")
                rows = [r for r in rows if (r["Status"] == value.upper()) == (op == "=")]
            return self.table("ADMIN SHOW REPLICA STATUS", rows)
        if t.take("replica", "distribution"):
            t.one_of("from", "in")
            tab = self.table_of(s, t)
            wanted = self.partition_list(t)
            t.end()
            self.need(s, "OPERATE")
            return self.table("ADMIN SHOW REPLICA DISTRIBUTION", self.rows.replica_distribution(tab, wanted))
        if t.is_("automated", "cluster", "snapshot") and self.facts.at_least(4, 1):
            return self.table("ADMIN SHOW AUTOMATED CLUSTER SNAPSHOT", [{
                "Enabled": "false", "Interval": None, "StorageVolume": None, "LastSnapshotTime": None,
                "NextSnapshotTime": None}] if self.c.mode == "shared_data" else [])
        self.no_viable(t, "ADMIN SHOW")

    stream = db_list("SHOW STREAM LOAD", "stream_loads")

    MAYBE = {"SHOW DATA DISTRIBUTION": "SHOW DATA DISTRIBUTION", "SHOW BACKEND BLACKLIST": "SHOW BACKEND BLACKLIST",
             "SHOW COMPUTE NODE BLACKLIST": "SHOW COMPUTE NODE BLACKLIST",
             "SHOW NODES FROM WAREHOUSE": "SHOW NODES FROM WAREHOUSE",
             "SHOW NODES FROM WAREHOUSES": "SHOW NODES FROM WAREHOUSE"}

    TABLE = [(k.split(), f) for k, f in [
        ("frontends", frontends), ("backends", backends),
        ("compute node blacklist", blacklist(None, "SHOW COMPUTE NODE BLACKLIST", "ComputeNodeId")),
        ("compute nodes", compute_nodes), ("broker", broker),
        ("backend blacklist", blacklist(None, "SHOW BACKEND BLACKLIST", "BackendId")),
        ("full processlist", full_processlist), ("processlist", processlist),
        ("global variables", lambda self, s, t: self.variables(s, t, "global")),
        ("session variables", variables), ("verbose variables", lambda self, s, t: self.variables(s, t, verbose=True)),
        ("variables", variables), ("databases", databases), ("schemas", databases),
        ("full tables", lambda self, s, t: self.tables(s, t, True)), ("tables", tables),
        ("full columns", lambda self, s, t: self.columns(s, t, True)), ("columns", columns), ("fields", columns),
        ("table status", table_status), ("grants", grants), ("users", users), ("all authentication", authentication),
        ("roles", roles), ("proc", proc_path), ("dynamic partition tables", dynamic),
        ("data distribution", data_distribution), ("data", data), ("tablet", tablet), ("tablets", tablet),
        ("temporary partitions", lambda self, s, t: self.partitions(s, t, True)), ("partitions", partitions),
        ("create table", create_table), ("load", load), ("catalogs", catalogs), ("storage volumes", storage_volumes),
        ("routine load task", routine_task),
        ("routine load", db_list("SHOW ROUTINE LOAD", "routine_loads")),
        ("all routine load", db_list("SHOW ROUTINE LOAD", "routine_loads")),
        ("stream load", stream_load), ("all stream load", all_stream_load), ("transaction", transaction),
        ("alter table column", db_list("SHOW ALTER TABLE COLUMN", "alter_column")),
        ("alter table rollup", db_list("SHOW ALTER TABLE ROLLUP", "alter_rollup")),
        ("alter materialized view", db_list("SHOW ALTER TABLE ROLLUP", "alter_rollup")),
        ("alter table optimize", db_list("SHOW ALTER TABLE OPTIMIZE", "alter_optimize")),
        ("export", db_list("SHOW EXPORT", "exports")), ("pipes", db_list("SHOW PIPES", "pipes")),
        ("delete", db_list("SHOW DELETE", "deletes")),
        ("backup", db_list("SHOW BACKUP", "backups", privilege="REPOSITORY")),
        ("restore", db_list("SHOW RESTORE", "restores", privilege="REPOSITORY")),
        ("materialized views", materialized_views), ("snapshot on", snapshot),
        ("warehouses", warehouses), ("nodes from warehouses", nodes_of_warehouse),
        ("nodes from warehouse", nodes_of_warehouse), ("resource groups", resource_groups),
        ("verbose resource groups", lambda self, s, t: self.resource_groups(s, t, True)),
        ("usage resource groups", simple("SHOW USAGE RESOURCE GROUPS")),
        ("running queries", simple("SHOW RUNNING QUERIES", tail=True)),
        ("repositories", simple("SHOW REPOSITORIES", lambda self, s: [{"CreateTime": self.at(s, 86400), **r}
                                                                    for r in self.c.repositories])),
        ("resources", simple("SHOW RESOURCES")), ("profilelist", simple("SHOW PROFILELIST", tail=True)),
        ("sqlblacklist", simple("SHOW SQLBLACKLIST", privilege="BLACKLIST")),
        ("analyze status", simple("SHOW ANALYZE STATUS", tail=True)),
        ("analyze job", simple("SHOW ANALYZE JOB", tail=True)), ("stats meta", simple("SHOW STATS META", tail=True)),
        ("warnings", lambda self, s, t: self.plain(["Level", "Code", "Message"], [])),
        ("errors", lambda self, s, t: self.plain(["Level", "Code", "Message"], [])),
        ("status", lambda self, s, t: self.plain(["Variable_name", "Value"], [])),
    ]]


Words.is_full = False
assert re
