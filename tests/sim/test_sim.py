"""Is the simulator true to what was measured, and do its faults work?

    build/venv/bin/python -m unittest sim.test_sim          (from tests/)

A small client is written here, so that the tests need nothing but the standard library.
"""
import hashlib
import json
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).parent
MEASURED = [l.split("\t") for l in (HERE / "facts/measured.tsv").read_text().split("\n") if l]


class Error(Exception):
    def __init__(self, code, state, text):
        super().__init__(f"{code} ({state}): {text}")
        self.code, self.state, self.text = code, state, text


class Client:
    """Text protocol only."""

    def __init__(self, sim, user="root", password="", db="", fe=0, tls=False, timeout=10, multi=False):
        host = sim.ready["frontends"][fe]["host"] if fe else sim.ready["host"]
        self.sock = socket.create_connection((host, sim.ready["port"]), timeout)
        self.seq = 0
        hello = self.read()
        if hello[0] == 255:
            raise self.error(hello)
        end = hello.index(b"\0", 1)
        self.version = hello[1:end].decode()
        self.id = struct.unpack("<I", hello[end + 1:end + 5])[0]
        seed = hello[end + 5:end + 13] + hello[end + 32:end + 44]
        caps = 0x0008A205 | (8 if db else 0) | (0x800 if tls else 0) | (0x10000 if multi else 0)
        head = struct.pack("<IIB23x", caps, 1 << 24, 33)
        if tls:
            self.write(head)
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
            self.sock = ctx.wrap_socket(self.sock)
        h = hashlib.sha1(password.encode()).digest()
        auth = bytes(a ^ b for a, b in zip(h, hashlib.sha1(seed + hashlib.sha1(h).digest()).digest())) if password else b""
        self.write(head + user.encode() + b"\0" + bytes((len(auth),)) + auth + (db.encode() + b"\0" if db else b"")
                   + b"mysql_native_password\0")
        answer = self.read()
        if answer[0] == 255:
            raise self.error(answer)

    def recv(self, n):
        out = b""
        while len(out) < n:
            b = self.sock.recv(n - len(out))
            if not b:
                raise ConnectionError("closed")
            out += b
        return out

    def read(self):
        h = self.recv(4)
        self.seq = (h[3] + 1) & 255
        return self.recv(h[0] | h[1] << 8 | h[2] << 16)

    def write(self, p):
        self.sock.sendall(struct.pack("<I", len(p))[:3] + bytes((self.seq,)) + p)
        self.seq += 1

    @staticmethod
    def error(p):
        return Error(struct.unpack("<H", p[1:3])[0], p[4:9].decode(), p[9:].decode())

    @staticmethod
    def lenenc(p, i):
        c = p[i]
        if c < 251:
            return c, i + 1
        n = {252: 2, 253: 3, 254: 8}[c]
        return int.from_bytes(p[i + 1:i + 1 + n], "little"), i + 1 + n

    def command(self, code, body=b""):
        self.seq = 0
        self.write(bytes((code,)) + body)
        p = self.read()
        if p[0] == 255:
            raise self.error(p)
        return p

    def q(self, sql):
        """Rows as dicts; self.columns keeps the header."""
        p = self.command(3, sql.encode())
        return self.result(p)

    def result(self, p):
        self.columns = []
        if p[0] == 0:
            self.more = p[-4] & 8 if len(p) > 4 else 0
            return []
        for _ in range(self.lenenc(p, 0)[0]):
            c, i, parts = self.read(), 0, []
            for _ in range(6):
                n, i = self.lenenc(c, i)
                parts.append(c[i:i + n])
                i += n
            self.columns.append(parts[4].decode())
        assert self.read()[0] == 254
        rows = []
        while True:
            p = self.read()
            if p[0] == 254 and len(p) < 9:
                self.more = p[3] & 8
                return rows
            if p[0] == 255:
                raise self.error(p)
            i, row = 0, []
            while i < len(p):
                if p[i] == 251:
                    row.append(None)
                    i += 1
                    continue
                n, i = self.lenenc(p, i)
                row.append(p[i:i + n].decode())
                i += n
            rows.append(dict(zip(self.columns, row)))

    def one(self, sql):
        return next(iter(self.q(sql)[0].values()))

    def close(self):
        self.sock.close()


class Running:
    def __init__(self, *options):
        t = time.time()
        self.p = subprocess.Popen([sys.executable, "-m", "sim", *options], cwd=HERE.parent, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.p.stdout.readline())
        self.ready_ms = (time.time() - t) * 1000

    def http(self, method, path, body=None, host=None, port=None):
        r = urllib.request.Request(f"http://{host or self.ready['host']}:{port or self.ready['http_port']}{path}", method=method,
                                   data=json.dumps(body).encode() if body is not None else None)
        with urllib.request.urlopen(r, timeout=10) as f:
            return f.read().decode()

    def stats(self):
        return json.loads(self.http("GET", "/_sim/stats"))

    def faults(self, *faults):
        self.http("PUT", "/_sim/faults", list(faults))

    def client(self, *a, **kw):
        return Client(self, *a, **kw)

    def stop(self):
        self.p.stdin.close()
        self.p.stdout.close()
        return self.p.wait(5)


class Base(unittest.TestCase):
    OPTIONS = ("--scenario", "healthy-shared-nothing")

    @classmethod
    def setUpClass(cls):
        cls.sim = Running(*cls.OPTIONS)

    @classmethod
    def tearDownClass(cls):
        assert cls.sim.stop() == 0

    def setUp(self):
        self.c = self.sim.client()

    def tearDown(self):
        self.sim.faults()
        self.c.close()

    def fails(self, sql, code, text="", client=None, state=None):
        with self.assertRaises(Error) as e:
            (client or self.c).q(sql)
        self.assertEqual(e.exception.code, code, f"{sql}: {e.exception}")
        self.assertIn(text, e.exception.text)
        if state:
            self.assertEqual(e.exception.state, state, sql)
        return e.exception


def gb(text):
    m = re.fullmatch(r"([\d.]+) ?([KMGT]?B)", text)
    return float(m[1]) * 1024 ** ["B", "KB", "MB", "GB", "TB"].index(m[2])


class Measured(Base):
    """Headers, errors and texts of the real FE."""
    OPTIONS = ("--scenario", "reference", "--line", "4.1", "--single-fe")

    def headers(self, mode):
        sim = self.sim if mode == "shared_nothing" else Running("--scenario", "reference", "--line", "4.1", "--single-fe",
                                                               "--mode", mode)
        c = sim.client(db="sales")
        dbs = {r["DbName"]: r["DbId"] for r in c.q("SHOW PROC '/dbs'")}
        t = c.q("SHOW PROC '/dbs/sales'")[0]["TableId"]
        p = c.q(f"SHOW PROC '/dbs/sales/{t}/partitions'")[0]["PartitionId"]
        i = c.q(f"SHOW PROC '/dbs/sales/{t}/partitions/{p}'")[0]["IndexId"]
        tablet = c.q(f"SHOW PROC '/dbs/sales/{t}/partitions/{p}/{i}'")[0]["TabletId"]
        seen, holes = 0, []
        for m in MEASURED:
            if m[0] != "H" or m[1] != mode:
                continue
            sql = m[2]
            if re.search(r"/(dbs|jobs|statistic|transactions)/10001", sql):
                sql = re.sub(r"/10001", "/" + dbs["sales"], sql, count=1)
                parts = sql.split("/")
                for k, v in ((3, t), (5, p), (6, i), (7, tablet)):
                    if len(parts) > k and parts[1] == "dbs":
                        parts[k] = re.sub(r"\d+", v, parts[k])
                sql = "/".join(parts)
            try:
                c.q(sql)
            except Error as e:
                holes.append(f"{sql}: {e}")
                continue
            self.assertEqual(",".join(c.columns), m[3], sql)
            seen += 1
        if sim is not self.sim:
            sim.stop()
        return seen, holes

    def test_headers_shared_nothing(self):
        seen, holes = self.headers("shared_nothing")
        self.assertGreater(seen, 120, holes)
        wrong = [h for h in holes if "1105" not in h]
        self.assertEqual(wrong, [])

    def test_headers_shared_data(self):
        seen, holes = self.headers("shared_data")
        self.assertGreater(seen, 60, holes)
        self.assertEqual([h for h in holes if "1105" not in h], [])

    # Situations of the measurement that the simulator does not play: it writes nothing, and has no such objects.
    SKIP = ("agg1 after", "sql blacklist", "create", "insert while", "partition version", "shared-data", "connect", "query time",
            "killed", "too many", "changing", "prepared", "command not", "SD-only", "decommission", "disk statements",
            "no node registered", "all backends", "one alive", "BE_ID of", "task_runs without", "SHOW MATERIALIZED", "wrong",
            "unknown user", "user from", "ADMIN SHOW REPLICA STATUS in", "multi statement", "no privilege set global",
            "no privilege KILL", "no privilege SHOW SQLB")

    def test_errors(self):
        u1 = self.sim.client("u1", "pw1")
        n = 0
        for m in MEASURED:
            if m[0] != "E" or m[1].startswith(self.SKIP):
                continue
            _, what, sql, code, state, text = m
            with self.subTest(what):
                e = self.fails(sql, int(code), client=u1 if what.startswith("no privilege") else None)
                if "the most similar" in text or "Unknown system variable" in text:
                    text = text.split(", the most similar")[0]
                    self.assertTrue(e.text.startswith(text), f"{e.text}\n{text}")
                else:
                    self.assertEqual(e.text, text)
                if state:
                    self.assertEqual(e.state, state)
                n += 1
        self.assertGreater(n, 50)

    def test_login(self):
        for user, pw, using in (("u1", "x", "YES"), ("nouser", "x", "YES"), ("u2", "", "NO")):
            with self.assertRaises(Error) as e:
                self.sim.client(user, pw)
            self.assertEqual((e.exception.code, e.exception.state), (1045, "28000"))
            self.assertEqual(e.exception.text, f"Access denied for user '{user}' (using password: {using})")
        self.assertEqual(self.c.version, "8.0.33")

    def test_commands(self):
        self.assertEqual(self.c.command(14)[0], 0)
        self.assertEqual(self.c.command(31)[0], 0)
        for code, number, text in ((9, 1064, "Unsupported command(Statistics)"), (27, 1047, "Unknown command(null)"),
                                   (22, 1295, "This command is not supported in the prepared statement protocol yet")):
            with self.assertRaises(Error) as e:
                self.c.command(code, b"show frontends" if code == 22 else b"")
            self.assertEqual((e.exception.code, e.exception.text), (number, text))

    def test_silent(self):
        u1 = self.sim.client("u1", "pw1")
        self.assertEqual(u1.q("show tables from sales"), [{"Tables_in_sales": "users"}])
        self.assertEqual([r["TABLE_NAME"] for r in u1.q("select TABLE_NAME from information_schema.tables_config where TABLE_ID > 0")],
                         ["users"])
        self.assertTrue(u1.q("select BE_ID from information_schema.be_tablets"))
        for sql in ("show resource groups all", "show routine load from sales", "show running queries", "show repositories",
                    "show tablet 999999999", ";", "/* a */", "use information_schema", "show storage volumes"):
            u1.q(sql)

    def test_multi(self):
        c = self.sim.client(multi=True)
        self.assertEqual(c.q("select 1; select 2"), [{"1": "1"}])
        self.assertEqual(c.result(c.read()), [{"2": "2"}])

    def test_roles(self):
        poor = self.sim.client("poor", "poor")
        self.fails("show proc '/backends'", 5203, client=poor)
        for sql in ("CREATE ROLE dr", "GRANT OPERATE ON SYSTEM TO ROLE dr",
                    "GRANT SELECT ON ALL TABLES IN ALL DATABASES TO ROLE dr", "GRANT dr TO USER poor"):
            self.c.q(sql)
        self.fails("show proc '/backends'", 5203, "Inactivated role(s): dr.", client=poor)
        self.c.q("SET DEFAULT ROLE dr TO poor")
        self.assertEqual(len(poor.q("show proc '/backends'")), 3)


class WithoutNodes(Base):
    OPTIONS = ("--scenario", "reference", "--line", "4.1", "--single-fe", "--no-nodes")

    def test_measured(self):
        for m in MEASURED:
            if m[0] != "N" or m[1].startswith(("explain", "show collation", "show character")) or "nosuch" in m[1]:
                continue
            with self.subTest(m[1]):
                if m[2].startswith("OK"):
                    self.c.q(m[1])
                    continue
                code, text = re.match(r"ERROR (\d+): (.*)", m[2]).groups()
                self.fails(m[1], int(code), text.strip().split(", the most")[0] if "RepoEx" not in text else "RepoExecutor")


class AllDead(Base):
    OPTIONS = ("--scenario", "reference", "--line", "4.1", "--single-fe", "--dead", "all", "--blacklist", "be3")

    def test_dead(self):
        e = self.fails("select current_version()", 1064, "Backend node not found. Check if any backend node is down.backend: [")
        self.assertEqual(e.text.count("alive: false inBlacklist: false] "), 2)
        self.assertTrue(e.text.endswith("alive: false inBlacklist: true] "))
        for sql in ("SHOW BACKENDS", "SHOW PROC '/statistic'", "SELECT 1", "SELECT NOW(3)", "SELECT UNIX_TIMESTAMP()",
                    "SELECT * FROM information_schema.tables", "SHOW VARIABLES LIKE '%time_zone'", "SHOW DATA FROM sales.orders",
                    "ADMIN SHOW FRONTEND CONFIG LIKE 'run_mode'", "SELECT * FROM _statistics_.loads_history"):
            self.c.q(sql)
        self.fails("SHOW MATERIALIZED VIEWS FROM sales", 1064, "RepoExecutorexecute sql failed")
        self.fails("SELECT * FROM information_schema.be_tablets", 1064, "alive: false")
        self.assertEqual({r["Alive"] for r in self.c.q("SHOW BACKENDS")}, {"false"})
        self.assertGreater(int(self.c.q("SHOW PROC '/statistic'")[-1]["UnhealthyTabletNum"]), 0)


class OneBlacklisted(Base):
    OPTIONS = ("--scenario", "reference", "--line", "4.1", "--single-fe", "--blacklist", "be3")

    def test_blacklist(self):
        e = self.fails("SELECT * FROM information_schema.be_configs", 1064)
        self.assertTrue(e.text.endswith("alive: true inBlacklist: true] "))
        self.assertTrue(self.c.q("SELECT * FROM information_schema.be_configs WHERE BE_ID = 10001"))
        self.assertTrue(self.c.q("SELECT * FROM information_schema.partitions_meta"))
        self.assertEqual([r["BackendId"] for r in self.c.q("SHOW BACKEND BLACKLIST")], ["10003"])


class Consistent(Base):
    """Every surface follows from the one model."""
    OPTIONS = ("--scenario", "disk-full", "--line", "4.1")

    def test_surfaces(self):
        c = self.c
        bes = c.q("SHOW BACKENDS")
        self.assertEqual(c.q("SHOW PROC '/backends'")[0]["AvailCapacity"], bes[0]["AvailCapacity"])
        tablets = {r["BE_ID"]: r for r in c.q("SELECT BE_ID, COUNT(*) AS n, SUM(DATA_SIZE) AS s FROM "
                                              "information_schema.be_tablets GROUP BY BE_ID")}
        metric = {(r["BE_ID"], r["NAME"]): int(r["VALUE"]) for r in c.q(
            "SELECT BE_ID, NAME, VALUE FROM information_schema.be_metrics WHERE NAME LIKE 'disks%'")}
        total = 0
        for b in bes:
            i = b["BackendId"]
            disks = c.q(f"SHOW PROC '/backends/{i}'")
            self.assertEqual(sum(int(d["TabletNum"]) for d in disks), int(b["TabletNum"]))
            self.assertEqual(tablets[i]["n"], b["TabletNum"])
            self.assertAlmostEqual(gb(b["DataUsedCapacity"]) / float(tablets[i]["s"]), 1, 3)
            self.assertAlmostEqual(gb(b["AvailCapacity"]) / metric[i, "disks_avail_capacity"], 1, 3)
            for d in disks:
                self.assertAlmostEqual((gb(d["DataUsedCapacity"]) + gb(d["OtherUsedCapacity"]) + gb(d["AvailCapacity"]))
                                       / gb(d["TotalCapacity"]), 1, 2)
            total += float(tablets[i]["s"])
        parts = c.q("SELECT COUNT(*) AS n, SUM(DATA_SIZE) AS s, SUM(BUCKETS * REPLICATION_NUM) AS r FROM "
                    "information_schema.partitions_meta")[0]
        self.assertAlmostEqual(float(parts["s"]) / total, 1, 3)
        last = c.q("SHOW PROC '/statistic'")[-1]
        self.assertEqual((last["DbId"], last["PartitionNum"], last["ReplicaNum"]), ("Total", parts["n"], parts["r"]))
        c.q("USE dwd")
        sizes = {r["TableName"]: gb(r["Size"]) for r in c.q("SHOW DATA")}
        events = float(c.one("SELECT SUM(DATA_SIZE) FROM information_schema.partitions_meta WHERE TABLE_NAME = 'events'"))
        self.assertAlmostEqual(sizes["events"] / events, 1, 3)
        dist = c.q("ADMIN SHOW REPLICA DISTRIBUTION FROM dwd.events")
        one = c.q("SELECT BE_ID, COUNT(*) AS n FROM information_schema.be_tablets WHERE TABLE_ID = (SELECT TABLE_ID FROM "
                  "information_schema.tables_config WHERE TABLE_SCHEMA = 'dwd' AND TABLE_NAME = 'events') GROUP BY BE_ID")
        self.assertEqual({r["BackendId"]: r["ReplicaNum"] for r in dist}, {r["BE_ID"]: r["n"] for r in one})
        tablet = c.q("SHOW TABLET FROM dwd.events LIMIT 1")[0]
        row = c.q(f"SELECT * FROM information_schema.be_tablets WHERE TABLET_ID = {tablet['TabletId']} AND BE_ID = "
                  f"{tablet['BackendId']}")[0]
        self.assertEqual(row["DATA_DIR"], tablet["DiskRootPath"])
        self.assertEqual(row["NUM_VERSION"], tablet["VersionCount"])
        where = c.q(f"SHOW TABLET {tablet['TabletId']}")[0]
        self.assertEqual((where["DbName"], where["TableName"]), ("dwd", "events"))
        self.assertEqual(c.q(where["DetailCmd"].rstrip(";"))[0]["BackendId"], tablet["BackendId"])
        page = self.sim.http("GET", "/metrics", host=bes[0]["IP"], port=8040)
        self.assertIn('starrocks_be_disks_avail_capacity{path="/data1"} ' + str(metric["10001", "disks_avail_capacity"]), page)

    def test_scenario(self):
        d = self.c.q("SHOW PROC '/backends/10001'")[0]
        self.assertEqual((d["TotalUsedPct"], d["AvailCapacity"], d["TotalCapacity"]), ("96.52 %", "71.300 GB", "2.000 TB"))
        pct = [float(b["UsedPct"].rstrip(" %")) for b in self.c.q("SHOW BACKENDS")]
        self.assertLess(max(pct) - min(pct), 20)
        self.assertEqual(self.c.one("SELECT COUNT(*) FROM information_schema.partitions_meta WHERE TABLE_NAME = 'events'"), "1460")

    def test_follower(self):
        f = self.sim.client(fe=1)
        d = f.q("SHOW PROC '/backends/10001'")[0]
        self.assertEqual((d["TotalCapacity"], d["DataUsedCapacity"]), ("1.000 TB", "0.000 B"))
        self.assertEqual(f.q("SHOW BACKENDS")[0]["MaxDiskUsedPct"], "96.52 %")
        f.q("SET forward_to_leader = true")
        self.assertEqual(f.q("SHOW PROC '/backends/10001'")[0]["TotalUsedPct"], "96.52 %")

    def test_times(self):
        c = self.c
        c.q("SET time_zone = '+00:00'")
        off = self.printed(c) - int(c.one("SELECT UNIX_TIMESTAMP()"))
        self.assertLess(abs(off), 10)
        c.q("SET time_zone = '-05:00'")
        self.assertAlmostEqual((self.printed(c) - int(c.one("SELECT UNIX_TIMESTAMP()"))) / 3600, -5, 1)
        self.sim.http("PUT", "/_sim/advance", {"seconds": 3600})
        before = int(c.one("SELECT VALUE FROM information_schema.be_metrics WHERE NAME = 'fragment_requests_total' LIMIT 1"))
        self.sim.http("PUT", "/_sim/advance", {"seconds": 60})
        after = int(c.one("SELECT VALUE FROM information_schema.be_metrics WHERE NAME = 'fragment_requests_total' LIMIT 1"))
        self.assertGreaterEqual(after - before, 40 * 60)

    @staticmethod
    def printed(c):
        import calendar
        return calendar.timegm(time.strptime(c.q("SHOW FRONTENDS")[0]["LastHeartbeat"], "%Y-%m-%d %H:%M:%S"))


class FaultKinds(Base):
    def test_delay_and_error(self):
        self.sim.faults({"match": "select 7", "delay_s": 0.3}, {"match": "show broker", "error": {
            "code": 1064, "sqlstate": "HY000", "text": "boom"}, "times": 1}, {"match": "be_metrics", "user": "diag", "deny": True})
        t = time.time()
        self.c.q("select 7")
        self.assertGreater(time.time() - t, 0.28)
        self.fails("show broker", 1064, "boom")
        self.c.q("show broker")
        self.c.q("select 1 from information_schema.be_metrics limit 1")
        self.fails("select * from information_schema.be_metrics", 5203, "OPERATE", client=self.sim.client("diag", "s3cret#"))

    def test_bad_fault(self):
        with self.assertRaises(urllib.error.HTTPError):
            self.sim.faults({"mach": "x"})

    def test_cut_close_wrong(self):
        for fault in ({"cut_rows": 2}, {"close": True}, {"wrong_packet": "length"}, {"wrong_packet": "row"},
                      {"wrong_packet": "garbage"}, {"wrong_packet": "columns"}):
            self.sim.faults({"match": "show backends", **fault})
            c = self.sim.client(timeout=3)
            with self.assertRaises((ConnectionError, AssertionError, IndexError, KeyError, Error, UnicodeError, TimeoutError)):
                c.q("show backends")
                raise Error(0, "", f"{fault} did nothing")
            c.close()

    def test_rows_and_columns(self):
        self.sim.faults({"match": "show frontends", "rows": 50000}, {"match": "show backends", "drop_column": "MemLimit"},
                        {"match": "show broker", "empty": True}, {"match": "proc '/dbs'", "set": {"Quota": "1.000 GB"}})
        self.assertEqual(len(self.c.q("show frontends")), 50000)
        self.c.q("show backends")
        self.assertNotIn("MemLimit", self.c.columns)
        self.assertEqual(self.c.q("show broker"), [])
        self.assertEqual(self.c.q("show proc '/dbs'")[0]["Quota"], "1.000 GB")

    def test_hang_and_kill(self):
        self.sim.faults({"match": "be_tablets", "hang": True})
        kills = self.sim.stats()["kills"]
        got = []
        t = threading.Thread(target=lambda: got.append(self.c.q("select count(*) n from information_schema.be_tablets")))
        t.start()
        k = self.sim.client()
        for _ in range(100):
            ids = [r["Id"] for r in k.q("show processlist") if r["Info"] and "be_tablets" in r["Info"]]
            if ids:
                break
            time.sleep(0.02)
        k.q(f"KILL QUERY {ids[0]}")
        t.join(3)
        self.assertEqual(got, [[]])
        self.assertEqual(self.c.one("select 1"), "1")
        self.assertEqual(self.sim.stats()["kills"], kills + 1)
        k.q(f"KILL {ids[0]}")
        with self.assertRaises((ConnectionError, OSError)):
            self.c.q("select 1")

    def test_timeout(self):
        self.sim.faults({"match": "be_tablets", "hang": True})
        self.c.q("set query_timeout = 1")
        self.fails("select * from information_schema.be_tablets", 5024, "Query reached its timeout of 1 seconds")
        self.fails("select /*+ SET_VAR(query_timeout=1) */ sleep(9)", 5024)

    def test_interrupt(self):
        sql = ("select count(*) from information_schema.columns a, information_schema.columns b, information_schema.columns c, "
               "information_schema.columns d where a.COLUMN_NAME < b.COLUMN_NAME or c.COLUMN_NAME > d.DATA_TYPE")
        t = threading.Timer(0.5, lambda: self.sim.client().q(f"KILL QUERY {self.c.id}"))
        t.start()
        began = time.time()
        self.c.q(sql)
        self.assertLess(time.time() - began, 3)

    def test_connect(self):
        self.sim.faults({"on_connect": "limit", "times": 1}, {"on_connect": "refuse", "times": 1})
        for text in ("Reach user-level(qualifiedUser: root) connection limit", "Reach cluster-wide connection limit"):
            with self.assertRaises(Error) as e:
                self.sim.client()
            self.assertEqual(e.exception.code, 1064)
            self.assertIn(text, e.exception.text)
        self.sim.faults({"on_connect": "hang", "times": 1})
        with self.assertRaises(TimeoutError):
            self.sim.client(timeout=0.3)
        self.sim.faults({"on_connect": "mysql", "times": 1})
        c = self.sim.client()
        self.assertEqual(c.version, "8.0.36")
        self.fails("SHOW FRONTENDS", 1064, "error in your SQL syntax", client=c, state="42000")

    def test_http(self):
        be = self.sim.ready["nodes"][0]
        self.sim.faults({"http": "be1 GET /metrics", "status": 500, "times": 1})
        with self.assertRaises(urllib.error.HTTPError):
            self.sim.http("GET", "/metrics", host=be["host"], port=be["http_port"])
        self.assertIn("starrocks_be_", self.sim.http("GET", "/metrics", host=be["host"], port=be["http_port"]))
        self.assertIn("starrocks_fe_", self.sim.http("GET", "/metrics"))
        self.assertIn("3.5.7", self.sim.http("GET", "/api/v2/feature"))

    def test_rollup(self):
        sql = "select DB_NAME as Db, count(*) as N from information_schema.partitions_meta where {} group by rollup(DB_NAME)"
        self.assertEqual(self.c.q(sql.format("DB_NAME = 'nosuch'")), [])
        rows = self.c.q(sql.format("DB_NAME in ('ods', 'crm')"))
        self.assertEqual((self.c.columns, {r["Db"] for r in rows}), (["Db", "N"], {"ods", "crm", None}))
        self.c.q("select t.* from (select DB_NAME as Db, 1 as ONE from information_schema.partitions_meta) t limit 1")
        self.assertEqual(self.c.columns, ["Db", "ONE"])

    def test_stats_and_log(self):
        before = self.sim.stats()
        self.c.q("/* srdiag:x */ select 1")
        self.fails("select * from ods.app_log where id = 1", 1105, "sim: not implemented")
        s = self.sim.stats()
        self.assertEqual((s["statements"] - before["statements"], s["holes"] - before["holes"]), (2, 1))
        entry = [e for e in json.loads(self.sim.http("GET", "/_sim/log")) if "srdiag:x" in e["sql"]][-1]
        self.assertEqual((entry["user"], entry["fe"], entry["error"]), ("root", "fe1", None))


class Lines(unittest.TestCase):
    """What differs between versions and modes."""

    def columns(self, line, *statements, options=()):
        sim = Running("--scenario", "healthy-shared-nothing", "--line", line, "--single-fe", *options)
        c = sim.client()
        out = []
        for s in statements:
            try:
                c.q(s)
                out.append(c.columns)
            except Error as e:
                out.append(e.text)
        sim.stop()
        return out

    def test_old_and_new(self):
        asks = ("SHOW BACKENDS", "SHOW FRONTENDS", "SELECT * FROM information_schema.loads LIMIT 1", "SHOW BACKEND BLACKLIST",
                "SELECT * FROM information_schema.recyclebin_catalogs", "SHOW DATA DISTRIBUTION FROM ods.app_log")
        old, new = self.columns("3.2", *asks), self.columns("4.1", *asks)
        self.assertNotIn("MemLimit", old[0])
        self.assertEqual(new[0][-1], "StatusCode")
        self.assertEqual((old[1][0], new[1][0]), ("Name", "Id"))
        self.assertEqual((old[2][0], new[2][0]), ("JOB_ID", "ID"))
        self.assertIn("No viable statement", old[3])
        self.assertIn("Unknown table 'information_schema.recyclebin_catalogs'", old[4])
        self.assertIn("No viable statement", old[5])
        self.assertIn("No database selected", new[5])

    def test_options(self):
        a, b = self.columns("3.5", "SHOW BACKENDS", "SELECT * FROM information_schema.partitions_meta LIMIT 1",
                            options=("--reverse-columns", "--unknown-columns", "2", "--version", "3.5.2"))
        self.assertEqual((a[0], a[-1]), ("zz_unknown_2", "BackendId"))
        self.assertNotIn("TABLET_BALANCED", b)

    def test_no_holes(self):
        """Every table, and the statements of a diagnosis, in every line and both modes."""
        names = ("backends", "frontends", "compute nodes", "broker", "processlist", "databases", "catalogs", "storage volumes",
                 "resource groups all", "dynamic partition tables from ods", "load from ods", "routine load from ods",
                 "alter table column from ods", "alter table rollup from ods", "alter table optimize from ods",
                 "partitions from ods.app_log", "tablet from ods.app_log limit 5", "data from ods.app_log", "grants",
                 "variables like '%time_zone'", "export from ods", "backup from ods", "materialized views from ods")
        proc = ("/", "/backends", "/frontends", "/compute_nodes", "/dbs", "/dbs/ods", "/dbs/ods/app_log/partitions",
                "/statistic", "/jobs", "/tasks", "/transactions", "/transactions/ods", "/transactions/ods/running",
                "/cluster_balance", "/cluster_balance/cluster_load_stat", "/cluster_balance/working_slots",
                "/cluster_balance/sched_stat", "/cluster_balance/pending_tablets", "/cluster_balance/running_tablets",
                "/cluster_balance/history_tablets", "/colocation_group", "/current_queries", "/compactions",
                "/routine_loads", "/monitor", "/monitor/jvm")
        for mode in ("shared_nothing", "shared_data"):
            for line in ("3.2", "3.3", "3.4", "3.5", "4.0", "4.1") if mode == "shared_nothing" else ("3.2", "3.5", "4.1"):
                sim = Running("--scenario", "healthy-" + mode.replace("_", "-"), "--line", line, "--mode", mode, "--single-fe")
                c = sim.client()
                tables = c.q("SHOW TABLES FROM information_schema") + c.q("SHOW TABLES FROM sys")
                for t in (next(iter(t.values())) for t in tables):
                    if t != "load_tracking_logs":
                        db = "sys" if t in ("fe_locks", "fe_memory_usage", "role_edges", "object_dependencies") or \
                            t.startswith("grants_to") else "information_schema"
                        c.q(f"SELECT * FROM {db}.{t} LIMIT 1")
                for s in names:
                    c.q("SHOW " + s)
                for s in proc:
                    c.q(f"SHOW PROC '{s}'")
                stats = sim.stats()
                self.assertEqual(stats["holes"], 0, stats["hole_texts"])
                sim.stop()

    def test_poor(self):
        sim = Running("--scenario", "disk-full")
        c = sim.client("poor", "poor")
        for sql, code in (("SHOW FRONTENDS", 5203), ("SHOW PROC '/statistic'", 5203), ("ADMIN SHOW FRONTEND CONFIG", 5203),
                          ("SELECT * FROM information_schema.be_metrics", 5203), ("SHOW DATA FROM dwd.events", 5203)):
            with self.assertRaises(Error) as e:
                c.q(sql)
            self.assertEqual(e.exception.code, code, sql)
        for t in ("partitions_meta", "be_tablets", "tables_config WHERE TABLE_ID > 0"):
            self.assertEqual(c.one(f"SELECT COUNT(*) FROM information_schema.{t}"), "0")
        sim.stop()

    def test_dead_leader(self):
        sim = Running("--scenario", "disk-full", "--dead", "fe1,be2")
        c = sim.client()
        fes = c.q("SHOW FRONTENDS")
        self.assertEqual([(f["Role"], f["Alive"]) for f in fes],
                         [("FOLLOWER", "false"), ("LEADER", "true"), ("FOLLOWER", "true")])
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((fes[0]["IP"], 9030), 2)
        self.assertEqual(len(c.q("SELECT DISTINCT BE_ID FROM information_schema.be_tablets")), 5)
        sick = int(c.q("SHOW PROC '/statistic'")[-1]["UnhealthyTabletNum"])
        self.assertGreater(sick, 1000)
        dead = c.q("ADMIN SHOW REPLICA STATUS FROM crm.contract WHERE STATUS != 'OK'")
        self.assertEqual({(r["BackendId"], r["Status"]) for r in dead}, {("10002", "DEAD")})
        sim.stop()

    def test_tls_weird_and_scale(self):
        sim = Running("--scenario", "healthy-shared-nothing", "--tls", "--weird", "--backends", "12", "--fixed-plus-8",
                      "--line", "4.1")
        c = sim.client(tls=True)
        self.assertEqual(len(c.q("SHOW BACKENDS")), 12)
        self.assertEqual(c.q("SHOW TABLES FROM `we``ird db`")[-1]["Tables_in_we`ird db"], "we`ird.名字")
        self.assertIn("\x1b", c.q("SHOW PARTITIONS FROM `we``ird db`.`we``ird.名字`")[0]["PartitionName"])
        c.q("SET time_zone = '+00:00'")
        self.assertAlmostEqual((Consistent.printed(c) - int(c.one("SELECT UNIX_TIMESTAMP()"))) / 3600, 8, 1)
        plain = sim.client()
        self.assertEqual(plain.one("SELECT 1"), "1")
        sim.stop()


if __name__ == "__main__":
    import tap  # beside the package; run as `python -m sim.test_sim` from tests/

    tap.main()
