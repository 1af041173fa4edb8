"""What does a SELECT answer?

sqlglot reads the statement as StarRocks SQL, names are checked against the tables of this version, session functions
become literals, types that StarRocks would convert are cast, and DuckDB runs the rest on tables that are filled out of
the model when first asked for. Only functions of StarRocks' own list are admitted.
"""
import logging
import pathlib
import re
import threading

import duckdb
from sqlglot import errors as sg_errors
from sqlglot import exp, parse_one
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from . import clock as clk
from . import errors as err
from . import wire as w
from .convert import convert, duck_type, sqlglot_type, text, wire_type
from .reading import check_calls, headings, parse
from .statements import mask
from .tables import Tables

logging.getLogger("sqlglot").setLevel(logging.ERROR)
FE_KEYS = {"information_schema.tables": {"table_schema", "table_name"},
           "information_schema.views": {"table_schema", "table_name"},
           "information_schema.materialized_views": {"table_schema", "table_name"},
           "information_schema.warehouse_metrics": {"warehouse_id", "warehouse_name"},
           "information_schema.warehouse_queries": {"warehouse_id", "warehouse_name"}}
# The FE prints these times itself: the session's zone does not matter.
SENT_AS_TEXT = {"information_schema." + t for t in ("loads", "routine_load_jobs", "stream_loads", "tables", "analyze_status")}


class Engine:
    def __init__(self, sim):
        self.sim, self.c, self.facts = sim, sim.cluster, sim.cluster.facts
        self.duck = duckdb.connect(":memory:", config={"threads": "2"})
        for s in ("information_schema", "sys", "_statistics_"):
            self.duck.execute(f"CREATE SCHEMA s_{s}")
        self.macros = (pathlib.Path(__file__).parent / "macros.sql").read_text()
        self.lock = threading.RLock()
        self.tables = Tables(self)
        self.filled = {}  # table -> (generation, time)
        self.names = {t: {c[0].lower(): c[0] for c in v.columns} for t, v in self.facts.tables.items()}

    # -- names ------------------------------------------------------------------------------------------

    def database(self, name):
        """The name of a database as the catalog spells it, or None."""
        if name.lower() in ("information_schema", "sys"):
            return name.lower()
        return name if name in self.c.dbs or name == "_statistics_" else None

    def databases(self):
        return sorted(set(self.c.dbs) | {"information_schema", "sys", "_statistics_"})

    def tables_of(self, db, user):
        if db in ("information_schema", "sys"):
            return [(t.split(".", 1)[1], "SYSTEM VIEW" if db == "information_schema" else "BASE TABLE")
                    for t in sorted(self.facts.tables) if t.startswith(db + ".")]
        names = {n for n in self.c.dbs[db].tables if user.sees(db, n)} if db in self.c.dbs else set()
        return [(n, "BASE TABLE") for n in sorted(names)]

    def describe(self, db, table, s):
        if not db:
            raise err.no_database()
        known = self.database(db)
        if not known:
            raise err.unknown_database(db)
        full = f"{known}.{table.lower() if known in ('information_schema', 'sys') else table}"
        if full in self.facts.tables:
            return [{"Field": n, "Type": _show_type(t), "Collation": None, "Null": "NO" if nn else "YES", "Key": "false",
                     "Default": None, "Extra": ""} for n, t, nn in self.facts.tables[full].columns]
        t = self.c.dbs[known].tables.get(table) if known in self.c.dbs else None
        if not t:
            raise err.unknown_table(table)
        if not s.user.sees(known, table):
            raise err.denied("ANY", f"TABLE {table}", s.user)
        from .rows import sql_type
        return [{"Field": n, "Type": sql_type(ty), "Collation": None, "Null": "NO" if n in t.key else "YES",
                 "Key": str(n in t.key).lower(), "Default": None, "Extra": ""} for n, ty in t.columns]

    # -- nodes that could run it ------------------------------------------------------------------------

    def node_list(self, nodes):
        return "".join(f"[{n.ip} alive: {str(n.alive).lower()} inBlacklist: {str(n.blacklisted).lower()}] "
                       for n in nodes)

    def need_node(self, s, be_scan=False, target=None):
        """Fails as a FE does when no node can run the statement."""
        nodes = self.c.nodes
        if be_scan and target is not None:
            n = next((n for n in nodes if n.id == target), None)
            if n and not n.alive:
                raise err.SqlError(1064, "HY000", self.no_node([n]))
            return
        alive = [n for n in nodes if n.alive]
        if not [n for n in alive if not n.blacklisted]:
            if self.c.mode == "shared_data" and not alive:
                raise err.SqlError(5904, "HY000", "Warehouse default_warehouse is not available.")
            raise err.SqlError(1064, "HY000", self.no_node(nodes))
        black = [n for n in alive if n.blacklisted]
        if be_scan and black:
            raise err.SqlError(1064, "HY000", self.no_node(black))

    def need_history(self, s):
        """SHOW MATERIALIZED VIEWS reads the table of task runs."""
        try:
            self.need_node(s)
        except err.SqlError:
            raise err.analyzing("RepoExecutorexecute sql failed: WITH MaxStartRunID AS (    SELECT        task_name,        "
                                "cast(history_content_json->'startTaskRunId' as string) start_run_id    FROM "
                                "_statistics_.task_run_history)") from None

    def no_node(self, nodes):
        kind, low = ("Compute", "compute") if self.c.mode == "shared_data" else ("Backend", "backend")
        return f"{kind} node not found. Check if any {low} node is down.{low}: {self.node_list(nodes)}"

    # -- SELECT -----------------------------------------------------------------------------------------

    def select(self, s, sql, fault):
        masked = mask(sql).rstrip().rstrip(";")
        check_calls(self.facts, masked)
        tree = parse(masked)
        if not isinstance(tree, exp.Query):
            raise err.Hole(f"statement {type(tree).__name__}")
        names = headings(masked, tree)
        limit = s.hinted_timeout(sql)
        state = {"constant": True, "sleep": 0.0, "now": self.c.now() + s.fe.clock_ahead}
        tables = self.resolve(s, tree, fault)
        self.privileges(s, tables)
        self.special(tables, tree)
        tree = self.literals(s, tree, state)
        if tree.find(exp.Limit, exp.Order, exp.Rand):
            state["constant"] = False
        self.nodes_for(s, tree, tables, state)
        if state["sleep"]:
            s.wait(state["sleep"], limit)
        quick = self.quick(tree, names) if not tables else None
        if quick:
            return quick
        if any(t[0] is not None for t in tables):
            return self.user_tables(s, tree, tables, names)
        return self.execute(s, tree, tables, names, limit)

    def resolve(self, s, tree, fault):
        """Checks the table names; returns [(model table or None, full name, node)]."""
        ctes = {c.alias.lower() for c in tree.find_all(exp.CTE)}
        out = []
        for node in tree.find_all(exp.Table):
            name, db, cat = node.name, node.text("db"), node.text("catalog")
            if not isinstance(node.this, exp.Identifier):
                raise err.Hole("table function")
            if not db and name.lower() in ctes:
                continue
            if cat and cat != "default_catalog":
                raise err.analyzing(f"Unknown catalog '{cat}'", 5078, "42000")
            db = db or s.db
            if not db:
                raise err.no_database()
            known = self.database(db)
            if not known:
                raise err.unknown_database(db)
            full = f"{known}.{name.lower() if known in ('information_schema', 'sys') else name}"
            if full in self.facts.tables:
                out.append((None, full, node))
                continue
            model = self.c.dbs[known].tables.get(name) if known in self.c.dbs else None
            if not model:
                raise err.unknown_table(full)
            out.append((model, full, node))
        return out

    def privileges(self, s, tables):
        for model, full, _ in tables:
            db, name = full.split(".", 1)
            if model or db == "_statistics_":
                if not s.user.sees(db, name):
                    raise err.denied("SELECT", f"TABLE {name}", s.user)
            elif (name.startswith("be_") and name != "be_tablets") or full in (
                    "information_schema.fe_metrics", "information_schema.fe_threads", "sys.fe_locks",
                    "sys.fe_memory_usage"):
                if not s.user.may("OPERATE"):
                    raise err.denied("OPERATE", "SYSTEM", s.user)
            elif full in ("sys.grants_to_roles", "sys.grants_to_users", "sys.role_edges"):
                if not s.user.may("GRANT") and s.user.select != "*":
                    raise err.denied("SELECT", f"TABLE {name}", s.user)

    def special(self, tables, tree):
        names = [full for _, full, _ in tables]
        if "information_schema.load_tracking_logs" in names:
            cols = {c.name.lower() for c in tree.find_all(exp.Column)}
            if not cols & {"label", "job_id", "id"} or not tree.find(exp.Where):
                raise err.SqlError(5904 if self.c.mode == "shared_data" and False else 1064, "HY000",
                                   "load_tracking_logs must specify label or job_id")
        if "information_schema.be_logs" in names:
            for x in tree.find_all(exp.Like):
                if x.this.name.lower() == "log":
                    raise err.SqlError(1064, "HY000", "only support `regexp` or `rlike` for log grep")
        if self.facts.version.startswith("3.4.4") and "information_schema.partitions_meta" in names and (
                tree.find(exp.Star) or any(c.name.lower() == "storage_size" for c in tree.find_all(exp.Column))):
            raise err.SqlError(1064, "HY000", "invalid slot id")

    def nodes_for(self, s, tree, tables, state):
        """Does a node have to run it, and is there one?"""
        if not tables:
            if not state["constant"]:
                self.need_node(s)
            return
        be = [f for m, f, _ in tables if not m and self.facts.tables[f].evaluated == "be_scan_all_nodes"]
        if be:
            self.need_node(s, True, self.be_target(tree))
            return
        if all(self.fe_only(f, tree, m) for m, f, _ in tables) and len(tables) == 1:
            return
        runs = [f for _, f, _ in tables if f == "information_schema.task_runs"]
        if runs and not [n for n in self.c.nodes if n.alive] and self.c.mode == "shared_nothing":
            eq = {c.this.name.lower(): c.expression.name for c in tree.find_all(exp.EQ) if isinstance(c.this, exp.Column)}
            for key, col in (("task_name", "task_name"), ("query_id", "task_run_id")):
                if set(eq) == {key}:
                    raise err.analyzing("RepoExecutorexecute sql failed: SELECT history_content_json FROM "
                                        f"_statistics_.task_run_history WHERE TRUE AND  {col} = '{eq[key]}' "
                                        "ORDER BY create_time DESC LIMIT 10000")
        self.need_node(s)

    @staticmethod
    def be_target(tree):
        for x in tree.find_all(exp.EQ):
            for a, b in ((x.this, x.expression), (x.expression, x.this)):
                if isinstance(a, exp.Column) and a.name.lower() == "be_id" and isinstance(b, exp.Literal):
                    return int(b.name) if b.name.isdigit() else None
        return None

    def fe_only(self, full, tree, model):
        """Can the FE answer without a node?"""
        if model:
            return isinstance(tree, exp.Select) and bool(tree.args.get("limit")) and tree.is_star and not tree.find(
                exp.Where)
        t = self.facts.tables[full]
        if t.evaluated == "storage_table":
            return not self.c.extra_rows.get(full) and full != "_statistics_.column_statistics"
        if full not in FE_KEYS or not t.fe_since or not self.facts.at_least(*map(int, t.fe_since.split("."))):
            return False
        if not isinstance(tree, exp.Select) or any(tree.args.get(k) for k in ("limit", "order", "group", "distinct",
                                                                             "having", "joins")):
            return False
        if not all(isinstance(p, (exp.Star, exp.Column)) or isinstance(p, exp.Alias) and isinstance(p.this, exp.Column)
                   for p in tree.expressions):
            return False
        where = tree.args.get("where")
        if not where:
            return True
        terms = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
        return all(isinstance(x, exp.EQ) and isinstance(x.this, exp.Column) and x.this.name.lower() in FE_KEYS[full]
                   and isinstance(x.expression, exp.Literal) for x in terms)

    # -- literals of the session ------------------------------------------------------------------------

    def literals(self, s, tree, state):
        """Session functions and variables become literals; anything else that computes needs a node."""
        free = 0
        for node in list(tree.find_all(exp.Func, exp.SessionParameter, exp.Parameter)):
            new = self._literal(s, node, state)
            if new is None:
                if isinstance(node, (exp.And, exp.Or)):
                    continue
                free += 1
            elif node is tree:
                tree = new
            elif new is not node:
                parent = node.parent
                if isinstance(parent, exp.Dot):
                    node, parent = parent, parent.parent
                node.replace(new)
        if free:
            state["constant"] = False
        return tree

    def _literal(self, s, node, state):
        now = state["now"]
        text = lambda v: exp.Literal.string(v) if v is not None else exp.Null()
        if isinstance(node, exp.SessionParameter):
            name, kind = node.name.lower(), (node.args.get("kind") or "")
            if isinstance(node.parent, exp.Dot):
                name = node.parent.expression.name.lower()
                kind = node.name
            value = self.sim.globals.get(name, self.facts.variables.get(name)) if str(kind).lower() == "global" else \
                s.variable(name)
            if value is None:
                raise self.sim.other.unknown_variable(name)
            value = {"true": "1", "false": "0"}.get(str(value).lower(), str(value))
            return exp.Literal.number(value) if re.fullmatch(r"-?\d+", value) else text(value)
        if isinstance(node, exp.Parameter):
            return text(s.user_vars.get(node.name.lower()))
        if not isinstance(node, exp.Anonymous):
            kind = type(node).__name__
            if kind in ("CurrentUser", "SessionUser"):
                return text(f"'{s.user.name}'@'%'")
            if kind == "CurrentTimestamp":
                return self._stamp(clk.stamp(now, s.offset()))
            if kind == "CurrentDate":
                return exp.cast(exp.Literal.string(clk.stamp(now, s.offset())[:10]), "date")
            if kind in ("CurrentCatalog",):
                return text("default_catalog")
            return None
        name, args = str(node.this).upper(), node.expressions
        if name in ("NOW", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"):
            digits = int(args[0].name) if args else 0
            t = clk.stamp(now, s.offset())
            return self._stamp(t + (f"{now % 1:.{digits}f}"[1:] if digits else ""))
        if name == "UTC_TIMESTAMP":
            return self._stamp(clk.stamp(now))
        if name in ("CURDATE", "CURRENT_DATE"):
            return exp.cast(exp.Literal.string(clk.stamp(now, s.offset())[:10]), "date")
        if name == "UNIX_TIMESTAMP":
            if not args:
                return exp.Literal.number(int(now))
            inner = args[0].copy()
            return exp.cast(exp.Sub(this=exp.Anonymous(this="epoch", expressions=[exp.cast(inner, "timestamp")]),
                                    expression=exp.Literal.number(s.offset())), "bigint")
        if name == "VERSION":
            return text(self.facts.variables["version"])
        if name == "CURRENT_VERSION":
            state["constant"] = False
            return text(self.c.version.replace("-", " "))
        if name in ("CURRENT_USER", "USER", "SESSION_USER"):
            return text(f"'{s.user.name}'@'%'")
        if name in ("DATABASE", "SCHEMA"):
            return text(s.db)
        if name == "CONNECTION_ID":
            return exp.Literal.number(s.id)
        if name == "CATALOG":
            return text("default_catalog")
        if name == "CURRENT_ROLE":
            return text(", ".join(s.user.roles) or "NONE")
        if name == "LAST_QUERY_ID":
            return text(s.last_query_id or None)
        if name == "SLEEP":
            state["constant"] = False
            state["sleep"] += float(args[0].name)
            return exp.Literal.number(1)
        return None

    @staticmethod
    def _stamp(value):
        return exp.cast(exp.Literal.string(value), "datetime")

    def quick(self, tree, names):
        """A row of plain literals, without DuckDB."""
        if not isinstance(tree, exp.Select) or set(k for k, v in tree.args.items() if v) - {"expressions", "kind"}:
            return None
        cols, row = [], []
        for n, p in zip(names, tree.expressions):
            p = p.this if isinstance(p, exp.Alias) else p
            if isinstance(p, exp.Literal):
                v = p.name
                cols.append((n, w.VAR_STRING if p.is_string else w.LONGLONG if p.is_int else w.DOUBLE))
            elif isinstance(p, exp.Null):
                v = None
                cols.append((n, w.VAR_STRING))
            elif isinstance(p, exp.Cast) and isinstance(p.this, exp.Literal) and p.this.is_string and "-" in p.this.name:
                v = p.this.name
                cols.append((n, w.DATETIME if len(v) > 10 else w.DATE))
            else:
                return None
            row.append(v)
        return cols, [row]

    def user_tables(self, s, tree, tables, names):
        """COUNT(*) of a table of the model is known; its rows are not."""
        if len(tables) == 1 and isinstance(tree, exp.Select) and not tree.find(exp.Where, exp.Group, exp.Join) \
                and len(tree.expressions) == 1 and isinstance(tree.expressions[0].unalias(), exp.Count):
            return [(names[0], w.LONGLONG)], [[sum(p.rows for p in tables[0][0].partitions)]]
        grouped = [g.name for g in (tree.args.get("group") or exp.Group()).expressions]
        if isinstance(tree, exp.Select) and any(p.find(exp.AggFunc) for p in tree.expressions):
            for p in tree.expressions:
                if isinstance(p, exp.Column) and p.name not in grouped:
                    db, name = tables[0][1].split(".", 1)
                    at = s.statement.find(p.name)
                    raise err.analyzing(f"'`{db}`.`{name}`.`{p.name}`' must be an aggregate expression or appear in GROUP "
                                        "BY clause", where=f" at line 1, column {at}")
        for c in tree.find_all(exp.Column):
            if len(tables) == 1 and c.name.lower() not in [n.lower() for n, _ in tables[0][0].columns]:
                raise err.unknown_column(c.name)
        raise err.Hole(f"rows of the table {tables[0][1]}")

    # -- DuckDB -----------------------------------------------------------------------------------------

    def execute(self, s, tree, tables, names, limit):
        schema, original = {}, {}
        for _, full, node in tables:
            db, name = full.split(".", 1)
            cols = {n.lower(): t for n, t, _ in self.facts.tables[full].columns
                    if f"{full}.{n}".lower() not in self.dropped}
            schema.setdefault(f"s_{db}", {})[name] = {k: sqlglot_type(t) for k, t in cols.items()}
            original.update(self.names[full])
            if not node.alias:
                node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name)))
            node.set("this", exp.to_identifier(name, quoted=True))
            node.set("db", exp.to_identifier(f"s_{db}", quoted=True))
            node.set("catalog", None)
        for c in tree.find_all(exp.Column):
            if isinstance(c.this, exp.Identifier):
                c.set("this", exp.to_identifier(c.name.lower(), quoted=True))
        lower = lambda i: i.set("this", i.name.lower()) if isinstance(i, exp.Identifier) else None
        for a in tree.find_all(exp.TableAlias):
            lower(a.this)
            for col in a.columns:
                lower(col)
        for a in tree.find_all(exp.Alias):
            original[a.alias.lower()] = a.alias  # headings keep the spelling of the statement
            lower(a.args.get("alias"))
        for c in tree.find_all(exp.Column):
            lower(c.args.get("table"))
        try:
            if schema:
                tree = qualify(tree, schema=schema, dialect="starrocks", quote_identifiers=False, identify=False,
                               validate_qualify_columns=True)
            annotate_types(tree, schema=schema or None, dialect="starrocks")
        except sg_errors.OptimizeError as e:
            m = re.search(r"[Cc]olumn[: ]+'?\"?`?([^'\"`\s.]+)['\"`]? (?:could not|cannot)|Unknown column: (\S+)|"
                          r"Unknown table: (\S+)", str(e).replace('"', "'"))
            name = next((x for x in (m.groups() if m else ()) if x), str(e))
            name = name.split(".")[-1].strip("'`")
            m = re.search(r"\b" + re.escape(name) + r"\b", s.statement, re.I)
            raise err.unknown_column(m.group() if m else name) from None
        convert(tree, s.offset())
        with self.lock:
            if self.macros:  # not at start, which is to be fast
                self.duck.execute(self.macros)
                self.macros = ""
        for full in {f for _, f, _ in tables}:
            self.fill(full)
        self.wrap(s, tree)
        text = tree.sql(dialect="duckdb", comments=False)
        text = re.sub(r"(?i)(\bLIKE '(?:[^']|'')*')(?! ESCAPE)", r"\1 ESCAPE '\\'", text)
        return self.query(s, text, names, original, limit)

    @property
    def dropped(self):
        return {d.lower() for d in self.c.drop}

    def wrap(self, s, tree):
        """Hides rows from users without grants, and shifts DATETIME columns into the session's zone."""
        off = s.offset()
        for node in list(tree.find_all(exp.Table)):
            db = node.text("db")
            if not db.startswith("s_"):
                continue
            full = f"{db[2:]}.{node.name}"
            times = [n for n, t, _ in self.facts.tables[full].columns if t == "DATETIME"] if off and \
                full not in SENT_AS_TEXT else []
            where = self.tables.row_filter(full, s.user)
            # the last day there is stays: it means never
            shift = ", ".join(f'''CASE WHEN "{n}" >= TIMESTAMP '9999-01-01' THEN "{n}"
                                  ELSE "{n}" + INTERVAL ({off}) SECOND END AS "{n}"''' for n in times)
            extra = f" REPLACE ({shift})" if times else ""
            if not extra and not where:
                continue
            inner = f'SELECT *{extra} FROM "{db}"."{node.name}"' + (f" WHERE {where}" if where else "")
            sub = parse_one(f"({inner})", read="duckdb")
            alias = node.args.get("alias")
            new = exp.Subquery(this=sub.this, alias=alias.copy() if alias else None)
            if node.args.get("joins"):
                new.set("joins", node.args["joins"])
            node.replace(new)

    def fill(self, full):
        """Fills a table when it is asked for the first time, or when its rows have aged."""
        with self.lock:
            gen, at = self.filled.get(full, (-1, 0))
            live = self.tables.is_live(full)
            if gen == self.c.generation and (not live or self.c.now() - at < 0.2 and not self.tables.changes(full)):
                return
            db, name = full.split(".", 1)
            cols = self.facts.tables[full].columns
            target = f's_{db}."{name}"'
            cur = self.duck.cursor()
            sql = self.tables.sql(full)
            types = [(n, duck_type(t)) for n, t, _ in cols]
            if sql:
                pick = ", ".join(f'CAST("{n}" AS {t}) AS "{n}"' for n, t in types)
                sql(cur, target, pick)
            else:
                rows = self.tables.rows(full)
                known = {n.lower() for n, _ in types}
                every = self.tables.known_columns(full)
                for r in rows[:1]:
                    wrong = [k for k in r if k.lower() not in known and k.lower() not in every]
                    if wrong:
                        raise err.Hole(f"columns {wrong} of {full}")
                low = [{k.lower(): v for k, v in r.items()} for r in rows]
                values = [[text(r.get(n.lower())) for r in low] for n, _ in types]
                pick = ", ".join(f'TRY_CAST(c{i} AS {t}) AS "{n}"' for i, (n, t) in enumerate(types))
                un = ", ".join(f"unnest($p{i}::VARCHAR[]) AS c{i}" for i in range(len(types)))
                cur.execute(f"CREATE OR REPLACE TABLE {target} AS SELECT {pick} FROM (SELECT {un})",
                            {f"p{i}": v for i, v in enumerate(values)})
            self.filled[full] = (self.c.generation, self.c.now())

    def query(self, s, text, names, original, limit):
        cur = self.duck.cursor()
        timed_out = []
        timer = None
        s.cursor = cur
        if limit and limit < 3600:
            timer = threading.Timer(limit, lambda: (timed_out.append(1), cur.interrupt()))
            timer.daemon = True
            timer.start()
        try:
            cur.execute(text)
            desc = cur.description
            batch = cur.fetchmany(1024)
        except duckdb.InterruptException:
            if timed_out:
                raise err.timeout(int(limit)) from None
            return [(n or "x", w.VAR_STRING) for n in names], iter(())
        except duckdb.Error as e:
            raise self.translate(e, text) from None
        finally:
            if timer and not timed_out and "batch" not in locals():
                timer.cancel()
        heads = self._heads(names, [d[0] for d in desc], original)
        kinds = [wire_type(str(d[1])) for d in desc]
        return list(zip(heads, [k for k, _ in kinds])), self._rows(s, cur, batch, [f for _, f in kinds], timer, timed_out,
                                                                   limit)

    def _rows(self, s, cur, batch, fmt, timer, timed_out, limit):
        change = [(i, f) for i, f in enumerate(fmt) if f]
        try:
            while batch:
                for r in batch:
                    if change:
                        r = list(r)
                        for i, f in change:
                            if r[i] is not None:
                                r[i] = f(r[i])
                    yield r
                try:
                    batch = cur.fetchmany(4096)
                except duckdb.InterruptException:
                    if timed_out:
                        raise err.timeout(int(limit)) from None
                    return
        finally:
            if timer:
                timer.cancel()
            s.cursor = None
            cur.close()

    @staticmethod
    def _heads(names, got, original):
        stars = [i for i, n in enumerate(names) if n is None]
        if not names:
            return got
        if len(stars) == 1:
            k = len(got) - (len(names) - 1)
            i = stars[0]
            names = names[:i] + got[i:i + k] + names[i + 1:]
            return [original.get(n, n) if i <= j < i + k else n for j, n in enumerate(names)]
        if not stars and len(names) == len(got):
            return names
        return [original.get(n, n) for n in got]

    def translate(self, e, text):
        """A DuckDB error in a FE's words, where the statement is at fault; else a hole."""
        m = re.search(r'column "([^"]+)" must appear in the GROUP BY', str(e))
        if m:
            return err.analyzing(f"'`{m[1]}`' must be an aggregate expression or appear in GROUP BY clause",
                                 where=" at line 1, column 7")
        return err.Hole(f"{str(e).splitlines()[0]} in {text[:300]}")


def _show_type(t):
    t = t.lower()
    return {"bigint": "bigint(20)", "int": "int(11)", "boolean": "boolean", "double": "double"}.get(t, t)
