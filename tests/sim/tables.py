"""Which rows do the system tables have?

A builder gives dict rows out of the model with the column names of all versions; the engine keeps those of this one.
be_tablets is made inside DuckDB, so that a million rows cost a second.
"""
import json
import re

from . import clock as clk


class Tables:
    def __init__(self, engine):
        self.e, self.c, self.facts = engine, engine.c, engine.facts
        self.sim = engine.sim

    LIVE = ("be_metrics", "fe_metrics", "loads", "routine_load_jobs", "stream_loads", "pipes", "pipe_files", "fe_tablet_schedules", "task_runs",
            "fe_locks", "fe_memory_usage", "be_txns", "be_compactions", "be_cloud_native_compactions", "global_variables",
            "session_variables", "be_configs", "be_logs", "be_threads", "warehouse_metrics", "be_datacache_metrics",
            "recyclebin_catalogs", "tasks", "grants_to_users", "role_edges")

    def is_live(self, full):
        return full.split(".")[1] in self.LIVE or self.changes(full)

    def changes(self, full):
        """Are the rows others at every reading?"""
        extra = self.c.extra_rows.get(full)
        return callable(extra) or isinstance(extra, tuple)

    def sql(self, full):
        return getattr(self, "sql_" + full.split(".")[1], None)

    def known_columns(self, full):
        """Column names of this table in any version."""
        from .facts import _read
        cache = self.__dict__.setdefault("_every", {})
        if not cache:
            for name, _, _, _, columns in _read("tables.tsv"):
                cache.setdefault(name, set()).update(re.split("[@~ ]", c)[0].lower() for c in columns.split("; "))
        return cache.get(full, set())

    def rows(self, full):
        f = getattr(self, "of_" + full.split(".", 1)[1].strip("_"), None)
        out = list(f()) if f else []
        extra = self.c.extra_rows.get(full)
        self.c.readings[full] = self.c.readings.get(full, 0) + 1
        if callable(extra):
            extra = extra(self.c)
        elif isinstance(extra, tuple):
            extra = extra[min(len(extra), self.c.readings[full]) - 1]
        return out + [self.timed(r) for r in extra or ()]

    def timed(self, r):
        """A row of a scenario: '@-15m' style is not needed, NAME_ago = seconds before now."""
        out = {}
        for k, v in r.items():
            if k.endswith("_ago"):
                out[k[:-4]] = self.t(v)
            else:
                out[k] = self.c.grown(v) if isinstance(v, tuple) else v
        return out

    def t(self, ago):
        return None if ago is None else clk.stamp(self.c.now() - ago)

    def row_filter(self, full, user):
        """SQL that keeps the rows a user may see; '' for all."""
        if user.select == "*":
            return ""
        name = full.split(".", 1)[1]
        cols = {n.upper() for n, _, _ in self.facts.tables[full].columns}
        q = lambda v: "'" + v.replace("'", "''") + "'"
        seen = [t for t in self.c.all_tables() if user.sees(t.db, t.name)]
        quoted = ", ".join(sorted({q(t.db) for t in seen})) or "''"
        pairs = ", ".join(f"({q(t.db)}, {q(t.name)})" for t in seen) or "('', '')"
        if name in ("loads", "routine_load_jobs", "stream_loads", "keywords", "collations", "character_sets",
                    "global_variables", "session_variables", "recyclebin_catalogs", "column_stats_usage"):
            return ""
        if name in ("be_tablets", "fe_tablet_schedules"):
            return f"TABLE_ID IN ({', '.join(str(t.id) for t in seen) or '-1'})"
        for col in ("TABLE_SCHEMA", "DB_NAME", "SCHEMA_NAME", "DATABASE_NAME", "DATABASE"):
            if col in cols:
                keep = " OR TABLE_SCHEMA = 'information_schema'" if name in ("tables", "columns", "tables_config") else \
                    " OR SCHEMA_NAME = 'information_schema'" if name == "schemata" else ""
                if "TABLE_NAME" in cols:
                    return f'(("{col}", "TABLE_NAME") IN ({pairs}){keep})'
                return f'("{col}" IN ({quoted}){keep})'
        return ""

    # -- catalog ------------------------------------------------------------------------------------------

    def of_schemata(self):
        for d in self.e.databases():
            yield {"CATALOG_NAME": "def", "SCHEMA_NAME": d, "DEFAULT_CHARACTER_SET_NAME": "utf8",
                   "DEFAULT_COLLATION_NAME": "utf8_general_ci"}

    def of_tables(self):
        made = self.t(400 * 86400)
        for full in sorted(self.facts.tables):
            db, name = full.split(".", 1)
            if db == "_statistics_":
                continue
            yield {"TABLE_CATALOG": "def", "TABLE_SCHEMA": db, "TABLE_NAME": name, "TABLE_TYPE": "SYSTEM VIEW",
                   "ENGINE": "MEMORY", "ROW_FORMAT": "", "CREATE_TIME": made, "UPDATE_TIME": made,
                   "TABLE_COLLATION": "utf8_general_ci", "CREATE_OPTIONS": "", "TABLE_COMMENT": ""}
        self.c.place()
        off = self.sim.zone(self.sim.globals["system_time_zone"])
        for t in self.c.all_tables():
            size = sum(self.c.data_size(p) for p in t.partitions)
            n = sum(p.rows for p in t.partitions)
            yield {"TABLE_CATALOG": "def", "TABLE_SCHEMA": t.db, "TABLE_NAME": t.name, "TABLE_TYPE": "BASE TABLE",
                   "ENGINE": "StarRocks" if self.c.mode == "shared_nothing" else "CLOUD_NATIVE", "ROW_FORMAT": "",
                   "TABLE_ROWS": n, "AVG_ROW_LENGTH": size // n if n else 0, "DATA_LENGTH": size,
                   "CREATE_TIME": clk.stamp(self.c.now() - t.created_ago, off),
                   "UPDATE_TIME": clk.stamp(self.c.now() - 35, off), "TABLE_COLLATION": "utf8_general_ci",
                   "CREATE_OPTIONS": "", "TABLE_COMMENT": t.comment}

    def of_columns(self):
        for full, t in sorted(self.facts.tables.items()):
            db, name = full.split(".", 1)
            for i, (n, ty, nn) in enumerate(t.columns):
                yield self._column(db, name, n, ty.lower(), nn, i, "")
        from .rows import sql_type
        for t in self.c.all_tables():
            if f"{t.db}.{t.name}" in self.facts.tables:
                continue
            words = {"PRIMARY_KEYS": "PRI", "DUP_KEYS": "DUP", "UNIQUE_KEYS": "UNI", "AGG_KEYS": "AGG"}
            for i, (n, ty) in enumerate(t.columns):
                yield self._column(t.db, t.name, n, sql_type(ty), n in t.key, i, words[t.model] if n in t.key else "")

    @staticmethod
    def _column(db, table, name, ty, notnull, i, key):
        base = ty.split("(")[0]
        size = ty[len(base):].strip("()").split(",")
        text = base in ("varchar", "char")
        return {"TABLE_CATALOG": "def", "TABLE_SCHEMA": db, "TABLE_NAME": table, "COLUMN_NAME": name,
                "ORDINAL_POSITION": i + 1, "IS_NULLABLE": "NO" if notnull else "YES", "DATA_TYPE": base,
                "CHARACTER_MAXIMUM_LENGTH": size[0] if text and size[0] else None,
                "NUMERIC_PRECISION": {"bigint": 19, "int": 10, "smallint": 5}.get(base), "COLUMN_TYPE": ty,
                "COLUMN_KEY": key, "EXTRA": "", "PRIVILEGES": "", "COLUMN_COMMENT": "",
                "COLUMN_SIZE": size[0] if text and size[0] else {"bigint": 8, "int": 4, "date": 4, "datetime": 8}.get(base)}

    def of_tables_config(self):
        # a FE lists the system tables, too, with nothing but their names
        for full in sorted(self.facts.tables):
            db, name = full.split(".", 1)
            if db != "_statistics_":
                yield {"TABLE_SCHEMA": db, "TABLE_NAME": name, "TABLE_ENGINE": "", "TABLE_MODEL": "", "PRIMARY_KEY": "",
                       "PARTITION_KEY": "", "DISTRIBUTE_KEY": "", "DISTRIBUTE_TYPE": "", "DISTRIBUTE_BUCKET": 0,
                       "SORT_KEY": "", "PROPERTIES": "", "TABLE_ID": 0}
        for t in self.c.all_tables():
            yield {"TABLE_SCHEMA": t.db, "TABLE_NAME": t.name,
                   "TABLE_ENGINE": "OLAP" if self.c.mode == "shared_nothing" else "CLOUD_NATIVE", "TABLE_MODEL": t.model,
                   "PRIMARY_KEY": ", ".join(f"`{k}`" for k in t.key) if t.model in ("PRIMARY_KEYS", "UNIQUE_KEYS") else "",
                   "PARTITION_KEY": f"`{t.partition_key}`" if t.partition_key else "",
                   "DISTRIBUTE_KEY": ", ".join(f"`{k}`" for k in t.dist_key), "DISTRIBUTE_TYPE": "HASH",
                   "DISTRIBUTE_BUCKET": t.buckets, "SORT_KEY": ", ".join(f"`{k}`" for k in t.key),
                   "PROPERTIES": self.c.properties_json(t), "TABLE_ID": t.id}

    def of_partitions_meta(self):
        c = self.c
        c.place()
        sd = c.mode == "shared_data"
        now = c.now()
        from .rows import sql_type
        for t in c.all_tables():
            kinds = dict(t.columns)
            key = f'`{t.partition_key}` {sql_type(kinds.get(t.partition_key, "date"))} NOT NULL COMMENT ""' \
                if t.partition_key else ""
            for p in t.partitions:
                size = c.data_size(p)
                db = c.dbs[t.db]
                yield {"DB_NAME": t.db, "TABLE_NAME": t.name, "PARTITION_NAME": p.name, "PARTITION_ID": p.id,
                       "COMPACT_VERSION": (p.compacted or max(1, p.version - 3)) if sd else 0, "VISIBLE_VERSION": p.version,
                       "VISIBLE_VERSION_TIME": clk.stamp(now - max(0, p.written_ago)), "NEXT_VERSION": p.next_version,
                       "DATA_VERSION": p.version, "VERSION_EPOCH": 455962418042896384 + p.id,
                       "VERSION_TXN_TYPE": "TXN_NORMAL", "PARTITION_KEY": key,
                       "PARTITION_VALUE": c.range_text(p), "DISTRIBUTION_KEY": ", ".join(t.dist_key),
                       "BUCKETS": p.buckets, "REPLICATION_NUM": p.repl, "STORAGE_MEDIUM": p.medium,
                       "COOLDOWN_TIME": p.cooldown or "9999-12-31 23:59:59", "IS_IN_MEMORY": False, "IS_TEMP": bool(p.temp),
                       "DATA_SIZE": size if self.facts.at_least(4, 0) else clk.size1(size), "ROW_COUNT": p.rows,
                       "ENABLE_DATACACHE": sd, "AVG_CS": p.max_cs * .6 if sd else 0, "P50_CS": (p.max_cs * .5 if p.p50_cs is None else p.p50_cs) if sd else 0,
                       "MAX_CS": p.max_cs if sd else 0, "STORAGE_PATH": self.storage_path(db, t, p) if sd else "",
                       "STORAGE_SIZE": self.storage(p),
                       "TABLET_BALANCED": True, "METADATA_SWITCH_VERSION": 0, "PATH_ID": p.id}

    def storage(self, p):
        return int(p.bytes * p.storage_ratio) if self.c.mode == "shared_data" else self.c.data_size(p)

    @staticmethod
    def storage_path(db, t, p):
        return f"s3://lake-bucket/sr/536a3c77-52c3-485a-8217-781734a970b1/db{db.id}/{t.id}/{p.id}"

    def of_views(self):
        return []

    def of_materialized_views(self):
        return [{k: v for k, v in x.items() if k.isupper()} for x in self.c.views]

    # -- tablets ------------------------------------------------------------------------------------------

    def sql_be_tablets(self, cur, target, pick):
        """One row per replica on an alive node, made by DuckDB with the placement rule of model.py."""
        c = self.c
        c.place()
        nodes = c.holders()
        sd = c.mode == "shared_data"
        if sd and not self.facts.at_least(4, 1) or not nodes:
            cur.execute(f"CREATE OR REPLACE TABLE {target} AS SELECT {pick} FROM ({self._tablet_select('FALSE')})",
                        self._tablet_params([], []))
            return
        disks = []
        for i, n in enumerate(nodes):
            for j, d in enumerate(n.disks or [None]):
                disks.append((i, j, n.id, n.alive, d.path if d and not sd else "", d.factor if d and not sd else 1.0,
                              d.medium if d else "UNKNOWN", d.state == "ONLINE" if d else True))
        parts = []
        now = c.now()
        for t in c.all_tables():
            kind = {"DUP_KEYS": "DUP", "PRIMARY_KEYS": "PRIMARY", "UNIQUE_KEYS": "UNIQUE", "AGG_KEYS": "AGG"}[t.model]
            for p in t.partitions:
                # a key index takes about 20 bytes of disk for each row
                parts.append((t.id, p.id, p.seq, p.buckets, p.repl, p.bytes, p.rows, p.version, p.tablet_base, p.skew, kind,
                              int(now - t.created_ago), self.storage_path(c.dbs[t.db], t, p) if sd else "",
                              20 if kind == "PRIMARY" else 0, p.rowsets or 0))
        cur.execute(f"CREATE OR REPLACE TABLE {target} AS SELECT {pick} FROM ({self._tablet_select('TRUE')})",
                    self._tablet_params(parts, disks))
        for tid, reps in c.sick.items():
            hit = c.tablet_lookup(tid)
            for r, x in reps.items():
                node, _ = c.replica_at(hit[1], hit[2], r)
                if x["status"] == "MISSING":
                    cur.execute(f"DELETE FROM {target} WHERE TABLET_ID = ? AND BE_ID = ?", [tid, node.id])
                else:
                    cur.execute(f"UPDATE {target} SET MAX_VERSION = ? WHERE TABLET_ID = ? AND BE_ID = ?",
                                [x["version"], tid, node.id])

    def _tablet_select(self, keep):
        n, d = max(1, len(self.c.holders())), max(1, min((len(x.disks) for x in self.c.holders()), default=1) or 1)
        lake = self.c.mode == "shared_data"
        return f"""
            WITH p AS (SELECT unnest($t::BIGINT[]) t, unnest($id::BIGINT[]) id, unnest($seq::BIGINT[]) seq,
                         unnest($b::INT[]) nb, unnest($r::INT[]) nr, unnest($bytes::DOUBLE[]) bytes,
                         unnest($rows::DOUBLE[]) nrows, unnest($ver::BIGINT[]) ver, unnest($base::BIGINT[]) base,
                         unnest($skew::DOUBLE[]) skew, unnest($kind::VARCHAR[]) kind, unnest($made::BIGINT[]) made,
                         unnest($path::VARCHAR[]) path, unnest($key::INT[]) keybytes,
                         unnest($piled::INT[]) piled),
                 d AS (SELECT unnest($di::INT[]) i, unnest($dj::INT[]) j, unnest($be::BIGINT[]) be,
                         unnest($alive::BOOLEAN[]) alive, unnest($dir::VARCHAR[]) dir, unnest($f::DOUBLE[]) f,
                         unnest($medium::VARCHAR[]) medium, unnest($up::BOOLEAN[]) up),
                 b AS (SELECT *, unnest(range(nb)) b FROM p),
                 r AS (SELECT *, unnest(range(nr)) r, (CASE WHEN b = 0 THEN skew ELSE 1 END) / (nb - 1 + skew) AS share FROM b)
            SELECT d.be AS BE_ID, r.t AS TABLE_ID, r.id AS PARTITION_ID, r.base + r.b * (r.nr + 1) AS TABLET_ID,
                   CASE WHEN r.piled > 0 THEN r.piled - r.b * 7 % (r.piled // 5 + 1)
                        WHEN r.ver = 1 THEN 1 ELSE 2 + (r.seq * 7 + r.b * 3) % 9 END AS NUM_VERSION,
                   r.ver AS MAX_VERSION, CASE WHEN r.ver = 1 THEN 1 ELSE greatest(1, r.ver - 20) END AS MIN_VERSION,
                   CASE WHEN r.piled > 0 THEN r.piled - r.b * 7 % (r.piled // 5 + 1)
                        WHEN r.ver = 1 THEN 0 ELSE 1 + (r.seq * 7 + r.b * 3) % 5 END AS NUM_ROWSET,
                   floor(r.nrows * r.share) AS NUM_ROW, floor(r.bytes * r.share * d.f) AS DATA_SIZE, 0 AS INDEX_MEM,
                   {'0' if lake else 'r.made'} AS CREATE_TIME, 'RUNNING' AS STATE, r.kind AS TYPE,
                   {'r.path' if lake else 'd.dir'} AS DATA_DIR, {'TABLET_ID' if lake else '(r.seq + r.b) % 1024'} AS SHARD_ID,
                   {'0' if lake else '368169781 + r.t'} AS SCHEMA_HASH, floor(r.nrows * r.share * r.keybytes) AS INDEX_DISK,
                   d.medium AS MEDIUM_TYPE, CASE WHEN r.ver = 1 THEN 0 ELSE 1 + (r.seq * 7 + r.b * 3) % 7 END AS NUM_SEGMENT
            FROM r JOIN d ON d.i = (r.seq + r.b + r.r) % {n} AND d.j = (r.seq // {n} + r.b) % {d}
            WHERE d.alive AND d.up AND {keep}"""

    @staticmethod
    def _tablet_params(parts, disks):
        keys = ["t", "id", "seq", "b", "r", "bytes", "rows", "ver", "base", "skew", "kind", "made", "path", "key", "piled"]
        out = {k: [p[i] for p in parts] for i, k in enumerate(keys)}
        for i, k in enumerate(["di", "dj", "be", "alive", "dir", "f", "medium", "up"]):
            out[k] = [d[i] for d in disks]
        return out

    def of_fe_tablet_schedules(self):
        for x in self.c.schedules if self.c.mode == "shared_nothing" else ():
            hit = self.c.tablet_lookup(x["tablet"])
            old = not self.facts.at_least(4, 0)
            t = (lambda a: None if a is None else self.c.now() - a) if old else self.t
            reason = x.get("reason", "VERSION_INCOMPLETE")
            yield {"TABLET_ID": x["tablet"], "TABLE_ID": hit[0].id if hit else None,
                   "PARTITION_ID": hit[1].id if hit else None, "TYPE": x.get("type", "REPAIR"),
                   "PRIORITY": x.get("priority", "NORMAL"), "STATE": x["state"], "TABLET_STATUS": reason,
                   "SCHEDULE_REASON": reason, "MEDIUM": "HDD", "ORIG_PRIORITY": "NORMAL", "VISIBLE_VERSION":
                   x.get("version", 2), "COMMITTED_VERSION": x.get("version", 2), "CREATE_TIME": t(x.get("create_ago", 40)),
                   "SCHEDULE_TIME": t(x.get("schedule_ago", 30)), "FINISH_TIME": t(x.get("finish_ago")),
                   "CLONE_SRC": x.get("src", -1), "CLONE_DEST": x.get("dest", -1), "SRC_BE_ID": x.get("src", -1),
                   "SRC_PATH": str(x.get("src_path", -1)), "DEST_BE_ID": x.get("dest", -1),
                   "DEST_PATH": str(x.get("dest_path", -1)), "TIMEOUT": 180, "CLONE_BYTES": x.get("bytes", 0),
                   "CLONE_DURATION": x.get("duration", 0), "CLONE_RATE": x.get("rate") or 0,
                   "FAILED_SCHEDULE_COUNT": x.get("failed_sched", 0), "FAILED_RUNNING_COUNT": x.get("failed_running", 0),
                   "MSG": x.get("error", "")}

    def of_recyclebin_catalogs(self):
        for x in self.c.recycle_bin:
            yield {"TYPE": x["type"], "NAME": x["name"], "DB_ID": x.get("db_id"), "TABLE_ID": x.get("table_id"),
                   "PARTITION_ID": x.get("partition_id"), "DROP_TIME": self.t(x["ago"])}

    # -- nodes --------------------------------------------------------------------------------------------

    def up(self):
        return [n for n in self.c.nodes if n.alive]

    def metrics_of(self, n):
        """[(name, labels dict, value)] of a node, for be_metrics and its /metrics page."""
        c = self.c
        c.place()
        age = c.clock.age()
        out = []
        if n.kind == "be":
            for d in n.disks:
                path = {"path": d.path}
                out += [("disks_total_capacity", path, d.total), ("disks_avail_capacity", path, d.avail),
                        ("disks_data_used_capacity", path, d.data), ("disks_state", path, int(d.state == "ONLINE"))]
        used = int(n.mem_limit * c.grown(n.mem_used_pct) / 100)
        plain, keyed, _ = c.piled().get(n.id, (0, 0, 0))
        tablets = n.tablets if c.mode == "shared_nothing" else getattr(n, "shards", 0)
        out += [("process_mem_bytes", {}, used), ("update_mem_bytes", {}, used // 20), ("query_mem_bytes", {}, used // 9),
                ("load_mem_bytes", {}, used // 25), ("compaction_mem_bytes", {}, used // 60),
                ("metadata_mem_bytes", {}, used // 12), ("tablet_num", {}, tablets),
                ("running_cumulative_compaction_task_num", {}, 2), ("running_base_compaction_task_num", {}, 0),
                ("tablet_cumulative_max_compaction_score", {}, max(17, plain)),
                ("tablet_base_max_compaction_score", {}, 9), ("tablet_update_max_compaction_score", {}, max(6, keyed)),
                ("max_tablet_rowset_num", {}, max(5, plain, keyed)), ("update_apply_queue_count", {}, 0),
                ("max_disk_io_util_percent", {}, 31),
                ("process_fd_num_used", {}, 2311), ("process_fd_num_limit_soft", {}, 655350),
                ("fragment_requests_total", {}, int(91834212 + 40 * age)),
                ("push_requests_total", {"status": "SUCCESS"}, int(8124412 + 3 * age)),
                ("push_requests_total", {"status": "FAIL"}, 12),
                ("engine_requests_total", {"type": "create_tablet", "status": "failed"}, 0),
                ("engine_requests_total", {"type": "clone", "status": "failed"}, 0),
                ("engine_requests_total", {"type": "publish", "status": "failed"}, 3),
                ("compaction_bytes_total", {"type": "base"}, int(41 << 40)),
                ("compaction_bytes_total", {"type": "cumulative"}, int((93 << 40) + (12 << 20) * age)),
                ("primary_key_table_error_state_total", {}, 0)]
        for (name, labels), value in n.metrics.items():
            lab = dict(x.split("=", 1) for x in labels.split(",") if x)
            out = [x for x in out if (x[0], x[1]) != (name, lab)]
            out.append((name, lab, c.grown(value)))
        return out

    def of_be_metrics(self):
        for n in self.up():
            for name, labels, value in self.metrics_of(n):
                yield {"BE_ID": n.id, "NAME": name, "LABELS": ",".join(f"{k}={v}" for k, v in labels.items()),
                       "VALUE": int(value)}

    BE_CONFIG = [("trash_file_expire_time_sec", "86400", "int64_t", 1), ("storage_flood_stage_usage_percent", "95", "int32_t", 1),
                 ("storage_flood_stage_left_capacity_bytes", "107374182400", "int64_t", 1),
                 ("tablet_max_versions", "1000", "int16_t", 1), ("primary_key_limit_size", "128", "int32_t", 1),
                 ("max_compaction_concurrency", "-1", "int32_t", 1), ("cumulative_compaction_num_threads_per_disk", "1", "int32_t", 1),
                 ("base_compaction_num_threads_per_disk", "1", "int32_t", 1), ("compact_threads", "4", "int32_t", 1),
                 ("mem_limit", "90%", "std::string", 0), ("storage_root_path", "/data1;/data2", "std::string", 0),
                 ("be_http_port", "8040", "int32_t", 0), ("be_port", "9060", "int32_t", 0), ("brpc_port", "8060", "int32_t", 0),
                 ("heartbeat_service_port", "9050", "int32_t", 0), ("disable_storage_page_cache", "false", "bool", 1),
                 ("storage_page_cache_limit", "20%", "std::string", 1), ("report_tablet_interval_seconds", "60", "int32_t", 1),
                 ("report_disk_state_interval_seconds", "60", "int32_t", 1), ("ignore_broken_disk", "false", "bool", 0),
                 ("streaming_load_max_mb", "102400", "int64_t", 1), ("push_worker_count_high_priority", "3", "int32_t", 0),
                 ("enable_pk_index_parallel_compaction", "true", "bool", 1), ("datacache_enable", "false", "bool", 0),
                 ("flush_thread_num_per_store", "2", "int32_t", 1), ("max_tablet_write_chunk_bytes", "536870912", "int64_t", 1)]

    def of_be_configs(self):
        for n in self.up():
            base = {k: [v, t, m] for k, v, t, m in self.BE_CONFIG}
            if n.disks:
                base["storage_root_path"][0] = ";".join(d.path for d in n.disks)
            for k, v in {**self.c.be_config, **n.config}.items():
                base.setdefault(k, [str(v), "std::string", 1])[0] = str(v)
            default = {k: v for k, v, _, _ in self.BE_CONFIG}
            for k, (v, t, m) in sorted(base.items()):
                yield {"BE_ID": n.id, "NAME": k, "VALUE": v, "TYPE": t, "DEFAULT": default.get(k, v), "MUTABLE": bool(m)}

    def of_be_datacache_metrics(self):
        for n in self.up():
            if n.cache_total:
                yield {"BE_ID": n.id, "STATUS": "Normal", "DISK_QUOTA_BYTES": n.cache_total,
                       "DISK_USED_BYTES": n.cache_used, "MEM_QUOTA_BYTES": 4 << 30, "MEM_USED_BYTES": 1 << 30,
                       "META_USED_BYTES": 1 << 26, "DIR_SPACES": json.dumps(
                           [{"Path": d.path + "/datacache", "QuotaBytes": n.cache_total // max(1, len(n.disks))}
                            for d in n.disks], separators=(",", ":")), "USED_BYTES_DETAIL": ""}

    def of_be_compactions(self):
        if self.c.mode == "shared_data":
            return
        piled = self.c.piled()
        for n in self.up():
            most, _, tablets = piled.get(n.id, (0, 0, 0))
            off = str({**self.c.be_config, **n.config}.get("max_compaction_concurrency")) == "0"
            yield {"BE_ID": n.id, "CANDIDATES_NUM": 41 + tablets, "BASE_COMPACTION_CONCURRENCY": int(not off),
                   "CUMULATIVE_COMPACTION_CONCURRENCY": 0 if off else 2, "LATEST_COMPACTION_SCORE": 7.5,
                   "CANDIDATE_MAX_SCORE": max(17.0, most), "MANUAL_COMPACTION_CONCURRENCY": 0,
                   "MANUAL_COMPACTION_CANDIDATES_NUM": 0}

    def of_be_cloud_native_compactions(self):
        """The tablets of running jobs: `tasks` of them (default 4), `queued` not begun, the others `progress` done."""
        nodes = [n for n in self.up() if n.kind == "cn"]
        for x in self.c.compactions if nodes else ():
            if x.get("finish_ago") is not None or x.get("commit_ago") is not None:
                continue
            for i in range(x.get("tasks", 4)):
                waits = i < x.get("queued", 0)
                yield {"BE_ID": nodes[(x["txn"] + i) % len(nodes)].id, "TXN_ID": x["txn"], "TABLET_ID": x["txn"] * 1000 + i,
                       "VERSION": 12, "SKIPPED": False, "RUNS": 0 if waits else 1,
                       "START_TIME": None if waits else self.t(x["start_ago"]), "FINISH_TIME": None,
                       "PROGRESS": 0 if waits else min(100, x.get("progress", 60) + i % 7), "STATUS": "",
                       "PROFILE": "" if waits else '{"read_local_sec":0,"read_local_mb":31,"in_queue_sec":0}'}

    def of_be_logs(self):
        return self.c.be_logs

    def fe_metrics_of(self, fe):
        c = self.c
        age = c.clock.age()
        lead = fe.role == "LEADER"
        heap, top = c.fe_metrics.get("heap_used", 9 << 30), c.fe_metrics.get("heap_max", 24 << 30)
        base = {"query_total": (81234567, 55), "query_err": (21022, 0.01), "query_timeout": (1211, 0), "slow_query": (90211, .2),
                "qps": 55.2, "rps": 71.4, "query_err_rate": 0.01, "connection_total": len(self.sim.sessions) + 44,
                "max_journal_id": c.journal_id + int(11 * age) - fe.journal_lag, "meta_log_count": 41233,
                "edit_log_write": (48211907, 11), "image_write": 412, "image_push": 824,
                "txn_begin": (9123411 * lead, 3 * lead), "txn_success": (9101201 * lead, 3 * lead), "txn_failed": 9123 * lead,
                "load_add": (5123 * lead, 0), "load_finished": (5001 * lead, 0), "max_tablet_compaction_score": 17 * lead,
                "report_queue_size": 0, "unfinished_query": 3, "query_queue_pending": 0}
        base.update({k: v for k, v in {**c.fe_metrics, **fe.metrics}.items() if not k.startswith(("heap_", "old_gc"))})
        out = [(k, {}, c.grown(v)) for k, v in base.items() if k not in ("safe_mode", "rpc_threads")]
        pool = {"name": "thrift-server-pool"}
        out += [("safe_mode", {"type": "safe_mode"}, c.grown(base.get("safe_mode", 0))),
                ("thread_pool", {**pool, "type": "pool_size"}, 96),
                ("thread_pool", {**pool, "type": "active_thread_num"}, c.grown(base.get("rpc_threads", 41)))]
        pool = {"name": "export_pending_job_pool"}  # what it has done since the FE began
        out += [("thread_pool", {**pool, "type": "task_in_queue"}, 0),
                ("thread_pool", {**pool, "type": "completed_task_count"}, len(c.exports) * lead)]
        ended, free = ("VISIBLE", "ABORTED"), ("ROUTINE_LOAD_TASK", "LAKE_COMPACTION")
        for d in c.dbs.values():
            count = len([x for x in c.transactions if x["db"] == d.name and x["status"] not in ended and
                         x.get("source") not in free]) if lead else 0
            out.append(("txn_running", {**({"is_leader": str(lead).lower()} if self.facts.at_least(3, 5, 1) else {}),
                                        "db": d.name}, count))
        out += [("jvm_heap_size_bytes", {"type": "max"}, int(c.grown(top))),
                ("jvm_heap_size_bytes", {"type": "used"}, int(c.grown(heap)))]
        c.place()
        if lead:
            for n in c.holders():
                tag = {"backend": f"{n.ip}:{n.heartbeat_port}"}
                out.append(("tablet_num", tag, n.tablets if c.mode == "shared_nothing" else getattr(n, "shards", 0)))
        return out

    def of_fe_metrics(self):
        for fe in self.c.frontends:
            if fe.alive:
                for name, labels, value in self.fe_metrics_of(fe):
                    yield {"FE_ID": f"{fe.ip}_{fe.edit_log_port}_{1735000000000 + fe.id * 7919}", "NAME": name,
                           "LABELS": json.dumps({"metric": name, **labels}, separators=(",", ":")), "VALUE": int(value)}

    # -- jobs and settings ----------------------------------------------------------------------------------

    def of_loads(self):
        off = self.sim.zone(self.sim.cluster.print_zone or self.sim.globals["time_zone"])
        t = lambda ago: None if ago is None else clk.stamp(self.c.now() - ago, off)
        new = self.facts.at_least(3, 3, 6)
        for j in self.c.loads:
            kind, state = j.get("type", "BROKER"), j["state"]
            stream = kind not in ("BROKER", "INSERT", "SPARK")
            if stream and not new:
                continue  # the older table has no stream loads
            timeout = j.get("timeout", 600 if stream else 14400)
            begun = j.get("started_ago", None if state in ("PENDING", "QUEUEING") else j["created_ago"] - 1)
            bulk = {"PENDING": "ETL:0%; LOAD:0%", "CANCELLED": "ETL:N/A; LOAD:N/A", "ETL": "ETL:0%; LOAD:0%",
                    "QUEUEING": "ETL:100%; LOAD:0%", "LOADING": "ETL:100%; LOAD:41%"}.get(state, "ETL:100%; LOAD:100%")
            yield {"ID": j["id"], "JOB_ID": j["id"], "LABEL": j["label"], "PROFILE_ID": None, "DB_NAME": j["db"],
                   "DATABASE_NAME": j["db"], "TABLE_NAME": j.get("table"), "USER": j.get("user", "etl"),
                   "WAREHOUSE": "default_warehouse" if self.c.mode == "shared_data" else "", "STATE": state,
                   "PROGRESS": j.get("progress", bulk if not stream else "100%" if state == "FINISHED" else "0%"),
                   "TYPE": kind, "PRIORITY": "NORMAL", "SCAN_ROWS": 0 if stream else j.get("scan_rows", 0),
                   "SCAN_BYTES": j.get("bytes", 0), "FILTERED_ROWS": j.get("filtered_rows", 0),
                   "UNSELECTED_ROWS": j.get("unselected_rows", 0), "SINK_ROWS": j.get("sink_rows", 0),
                   "CREATE_TIME": t(j["created_ago"]), "LOAD_START_TIME": t(begun),
                   "LOAD_COMMIT_TIME": t(j.get("committed_ago")), "LOAD_FINISH_TIME": t(j.get("finished_ago")),
                   "ETL_INFO": "", "TASK_INFO": f"resource:N/A; timeout(s):{timeout}; max_filter_ratio:0.0",
                   "ETL_START_TIME": t(begun), "ETL_FINISH_TIME": t(begun), "ERROR_MSG": j.get("error"),
                   "TRACKING_SQL": j.get("tracking"), "REJECTED_RECORD_PATH": None,
                   "JOB_DETAILS": json.dumps({"ScanBytes": j.get("bytes", 0), "ScanRows": j.get("scan_rows", 0)}),
                   "RUNTIME_DETAILS": "{}",
                   "PROPERTIES": json.dumps({"timeout": timeout} if stream else {"max_filter_ratio": 0, "timeout": timeout})}

    def of_routine_load_jobs(self):
        names = {"CREATE_TIME": "CreateTime", "PAUSE_TIME": "PauseTime", "END_TIME": "EndTime", "ID": "Id", "NAME": "Name",
                 "TABLE_NAME": "TableName", "STATE": "State", "DATA_SOURCE_TYPE": "DataSourceType",
                 "CURRENT_TASK_NUM": "CurrentTaskNum", "JOB_PROPERTIES": "JobProperties",
                 "DATA_SOURCE_PROPERTIES": "DataSourceProperties", "CUSTOM_PROPERTIES": "CustomProperties",
                 "STATISTICS": "Statistic", "PROGRESS": "Progress", "REASONS_OF_STATE_CHANGED": "ReasonOfStateChanged",
                 "ERROR_LOG_URLS": "ErrorLogUrls", "TRACKING_SQL": "TrackingSQL", "OTHER_MSG": "OtherMsg",
                 "LATEST_SOURCE_POSITION": "LatestSourcePosition", "OFFSET_LAG": "OffsetLag",
                 "TIMESTAMP_PROGRESS": "TimestampProgress"}
        for j in self.c.routine_loads:
            yield {"DB_NAME": j["db"], **{k: self.of_fe(j[v + "_ago"]) if v + "_ago" in j else j.get(v)
                                          for k, v in names.items()}}

    def of_fe(self, ago):
        """A time that the FE prints: in the cluster's zone."""
        off = self.sim.zone(self.c.print_zone or self.sim.globals["time_zone"])
        return None if ago is None else clk.stamp(self.c.now() - ago, off)

    def of_host(self, ago):
        """A time in the zone of the FE's host."""
        return None if ago is None else clk.stamp(self.c.now() - ago, self.sim.zone(self.sim.globals["system_time_zone"]))

    def of_stream_loads(self):
        for j in self.c.loads + self.c.stream_loads:
            if j.get("type") not in ("STREAM_LOAD", "PARALLEL_STREAM_LOAD", "ROUTINE_LOAD"):
                continue
            done = j["state"] in ("FINISHED", "CANCELLED")
            good = j["state"] == "FINISHED"
            yield {"LABEL": j["label"], "ID": j["id"], "LOAD_ID": "", "TXN_ID": j["id"] + 5000000, "DB_NAME": j["db"],
                   "TABLE_NAME": j.get("table"), "STATE": j["state"], "ERROR_MSG": j.get("error", ""), "TRACKING_URL": "",
                   "CHANNEL_NUM": 1, "PREPARED_CHANNEL_NUM": 0, "NUM_ROWS_NORMAL": j.get("sink_rows", 0) if good else 0,
                   "NUM_ROWS_AB_NORMAL": j.get("filtered_rows", 0), "NUM_ROWS_UNSELECTED": 0,
                   "NUM_LOAD_BYTES": j.get("bytes", 0), "TIMEOUT_SECOND": j.get("timeout", 600),
                   "CREATE_TIME_MS": self.of_fe(j["created_ago"]),
                   "END_TIME_MS": self.of_fe(j.get("finished_ago")) if done else None,
                   "CHANNEL_STATE": j["state"], "TYPE": j["type"], "TRACKING_SQL": ""}

    def of_pipes(self):
        for p in self.c.pipes:
            if "files" not in p:
                yield p
                continue
            done = [f for f in p["files"] if f["state"] == "FINISHED"]
            status = {"loadedFiles": len(done), "loadedBytes": sum(f["size"] for f in done),
                      "loadingFiles": len([f for f in p["files"] if f["state"] == "LOADING"])}
            if p["loaded_ago"] is not None:
                status["lastLoadedTime"] = self.of_host(p["loaded_ago"])
            error = {"errorMessage": p["error"], "errorTime": self.of_host(p["error_ago"])} if p["error"] else None
            yield {**{k: v for k, v in p.items() if k.isupper()}, "LOAD_STATUS": json.dumps(status),
                   "LAST_ERROR": json.dumps(error) if error else None, "CREATED_TIME": self.t(9 * 86400),
                   "PROPERTIES": json.dumps({"POLL_INTERVAL": str(p["poll"]), "AUTO_INGEST": "true"})}

    def of_pipe_files(self):
        for p in self.c.pipes:
            for f in p.get("files", ()):
                yield {"DATABASE_NAME": p["db"], "PIPE_ID": p["PIPE_ID"], "PIPE_NAME": p["PIPE_NAME"], "FILE_NAME": f["name"],
                       "FILE_VERSION": "1", "FILE_SIZE": f["size"], "LAST_MODIFIED": self.of_host(f["staged_ago"] + 60),
                       "LOAD_STATE": f["state"], "STAGED_TIME": self.of_host(f["staged_ago"]),
                       "START_LOAD_TIME": self.of_fe(f.get("start_ago")) or "",
                       "FINISH_LOAD_TIME": self.of_fe(f.get("finish_ago")) or "", "ERROR_MSG": f.get("error", "")}

    def of_global_variables(self):
        for k, v in sorted({**self.facts.variables, **self.sim.globals}.items()):
            yield {"VARIABLE_NAME": k, "VARIABLE_VALUE": v}

    of_session_variables = of_global_variables

    def of_fe_locks(self):
        return self.c.fe_locks

    def of_fe_memory_usage(self):
        return [{"module_name": "LocalMetastore", "class_name": "LocalMetastore", "current_consumption": 1 << 31,
                 "peak_consumption": 1 << 31, "counter_info": "{}"}]

    def of_tasks(self):
        return [self.timed(r) for r in self.c.tasks]

    def of_task_runs(self):
        return [self.timed(r) for r in self.c.task_runs]

    def of_warehouse_metrics(self):
        return []

    def of_grants_to_users(self):
        for u in self.c.users.values():
            for p in sorted(u.system):
                if p != "*":
                    yield {"GRANTEE": f"'{u.name}'@'%'", "OBJECT_TYPE": "SYSTEM", "PRIVILEGE_TYPE": p, "IS_GRANTABLE": "NO"}

    def of_role_edges(self):
        for u in self.c.users.values():
            for r in u.roles:
                yield {"FROM_ROLE": r, "TO_USER": f"'{u.name}'@'%'"}
