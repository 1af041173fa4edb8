"""Does an agent answer all that it should, nothing else, and write all of it down?

Real agents over simulated clusters, asked by srdiag itself and by hand.
"""

import base64
import contextlib
import http.client
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import tap
from cluster import ROOT, SRDIAG, Cluster, srdiag
from serving import at_once, free_port

TOKEN = "a1b2c3d4e5f6a7b8" * 4
SECRET = "Geheim-7Pw"


class Agent(contextlib.AbstractContextManager):
    """srdiag agent as a process. @words: its options; @db: how it reaches its cluster."""

    def __init__(self, db, *words, env=None, token=TOKEN, **popen):
        self.folder = tempfile.TemporaryDirectory()
        self.at = Path(self.folder.name)
        self.audit = self.at / "audit.jsonl"
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SR_", "SRDIAG_", "AGENT_"))}
        clean.update(HOME="/nonexistent", TZ="UTC", **({"AGENT_TOKEN": token} if token else {}), **(env or {}))
        self.log = open(self.at / "log", "w+")
        words = [w.replace("AUDIT", str(self.audit)) for w in words]
        self.process = subprocess.Popen(
            [SRDIAG, "agent", "--listen", "127.0.0.1:0", "--port-file", str(self.at / "port"), *db, *words],
            env=clean, stdout=subprocess.DEVNULL, stderr=self.log, **popen)
        self.port = self.wait_for_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def wait_for_port(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(OSError, ValueError):
                return int((self.at / "port").read_text())
            if self.process.poll() is not None:
                raise RuntimeError(f"the agent ended: {self.words}")
            time.sleep(0.02)
        raise RuntimeError("the agent does not listen")

    @property
    def words(self):
        return (self.at / "log").read_text()

    @property
    def lines(self):
        return [json.loads(line) for line in self.audit.read_text().splitlines()]

    def wait_for_line(self, test):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found = [line for line in self.lines if test(line)]
            if found:
                return found
            time.sleep(0.05)
        return []

    def call(self, method, path, body=None, *, token=TOKEN, timeout=60, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            connection.putrequest(method, path)
            if data is not None:
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(data)))
            if token:
                connection.putheader("X-Agent-Token", token)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(data)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, *args, **more):
        status, body = self.call(*args, **more)
        return status, json.loads(body)

    def sql(self, text, **more):
        return self.json("POST", "/execute-sql", {"sql": text}, **more)

    def collect(self, *probes, **more):
        """status, and the lines of the answer"""
        fields = {k: more.pop(k) for k in ("leader", "frontends", "timeout_ms", "format") if k in more}
        status, body = self.call("POST", "/collect", {"probes": list(probes), **fields}, **more)
        return status, [json.loads(line) for line in body.splitlines()]

    def srdiag(self, *words, **more):
        env = {"AGENT_TOKEN": TOKEN, **more.pop("env", {})}
        return srdiag("--agent", self.url, *words, env=env, **more)

    def end(self, how=signal.SIGTERM, patience=30):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(patience)

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.end()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        words = self.words
        self.log.close()
        self.folder.cleanup()
        if "Sanitizer" in words or "runtime error" in words or self.process.returncode not in (0, -signal.SIGKILL):
            raise AssertionError(f"the agent ended with {self.process.returncode}: {words[-3000:]}")


def agent_of(cluster, *words, user="root", **more):
    env = {"SR_PASSWORD": cluster.facts["users"].get(user) or "", **more.pop("env", {})}
    return Agent([*cluster.connection, "-u", user], *words, env=env, **more)


def comparable(report):
    """What two runs, a moment apart, on a cluster that lives have in common."""
    return {"cluster": report["cluster"], "score": report["score"], "coverage": report["coverage"],
            "causes": [(c["id"], c["confidence"], c["because"]) for c in report["causes"]],
            "findings": [(f["id"], f["severity"], f["subject"], f["limit"], f["limit_source"], len(f["evidence"]["rows"]))
                         for f in report["findings"]],
            "not_checked": report["not_checked"],
            "probes": [(p["id"], p["key"], p["status"], p["rows"]) for p in report["probes"]]}


def exactly(report):
    """All of it but for where it came from and when."""
    return {k: v for k, v in report.items() if k not in ("source", "started_at", "duration_ms")}


class Same(unittest.TestCase):
    maxDiff = 3000

    def test_report(self):
        """a report over an agent is that of a live run: shared-nothing, shared-data, old and new"""
        for scenario, line in (("disk-full", "3.5"), ("lake-compaction-debt", "3.5"), ("loads-fail", "3.3")):
            with self.subTest(f"{scenario} {line}"), Cluster(scenario, "--line", line) as cluster, \
                    agent_of(cluster, "--share-sql", "-v") as agent:
                over = agent.srdiag("comprehensive", "-o", "json")
                live = cluster.srdiag("comprehensive", "-o", "json")
                self.assertEqual(over.status, live.status, over.err)
                self.assertEqual(comparable(over.json), comparable(live.json))
                self.assertEqual(over.json["source"]["where"], agent.url)
                rounds = agent.words.count("POST /collect 200")
                self.assertLessEqual(rounds, 5, "one request per level of follow-up, and one about the leader")
                self.assertEqual(cluster.stats.get("writes", 0), 0)

    def test_follower(self):
        """an agent at a follower asks the leader what only that knows, as a live run does"""
        with Cluster("healthy-shared-nothing", "--line", "3.5") as cluster:
            follower = next(fe for fe in cluster.facts["frontends"] if fe.get("role", "").upper() != "LEADER")
            db = ["-h", follower["host"], "-P", str(follower["port"]), "-u", "root"]
            with Agent(db, env={"SR_PASSWORD": cluster.facts["users"].get("root") or ""}) as agent:
                over = agent.srdiag("comprehensive", "-o", "json")
                live = srdiag("comprehensive", "-o", "json", *db,
                              env={"SR_PASSWORD": cluster.facts["users"].get("root") or ""})
            self.assertEqual(over.json["cluster"]["follower"], live.json["cluster"]["follower"])
            self.assertEqual(comparable(over.json), comparable(live.json))
            self.assertEqual(*({p["node"] for p in run.json["probes"]} for run in (over, live)))


class Guide(unittest.TestCase):
    """The calls of the guide, word by word."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster("disk-full", "--line", "3.5")
        cls.agent = agent_of(cls.cluster, "--audit-file", "AUDIT")

    @classmethod
    def tearDownClass(cls):
        cls.agent.__exit__()
        cls.cluster.__exit__()

    def test_banner(self):
        """the banner names endpoints, authentication and database"""
        for word in ("StarRocks Local Agent is running!", f"HTTP endpoint:    {self.agent.url}\n",
                     f"Health check:     {self.agent.url}/health\n",
                     f"Test connection:  {self.agent.url}/test-connection\n", "Authentication:   Enabled",
                     f"Database:         {self.cluster.facts['host']}:{self.cluster.facts['port']}", "Press Ctrl+C"):
            self.assertIn(word, self.agent.words)

    def test_health(self):
        """GET /health is open and tells nothing about the cluster but whether it can be reached"""
        status, health = self.agent.json("GET", "/health", token=None)
        self.assertEqual((status, health["status"], health["service"]), (200, "healthy", "srdiag-agent"))
        self.assertEqual(set(health), {"status", "service", "version", "uptime", "database"})

    def test_connection(self):
        """GET /test-connection says version and latency"""
        status, said = self.agent.json("GET", "/test-connection")
        self.assertEqual((status, said["success"]), (200, True))
        self.assertTrue(said["version"].startswith("3.5"))
        self.assertGreaterEqual(said["latency_ms"], 0)
        self.assertEqual(self.agent.json("GET", "/health", token=None)[1]["database"], "reachable")

    def test_version(self):
        """POST /execute-sql with the guide's statement gives its row"""
        status, said = self.agent.sql("SELECT VERSION() as version")
        self.assertEqual(status, 200)
        self.assertEqual((said["success"], said["columns"], said["row_count"], said["truncated"]),
                         (True, ["version"], 1, False))
        self.assertEqual(len(said["rows"][0]), 1)

    def test_unauthorized(self):
        """a wrong, missing or doubled token is answered with the guide's words"""
        want = {"error": "Unauthorized", "message": "Invalid or missing agent token"}
        for token in (None, "x", TOKEN[:-1], TOKEN + "0", TOKEN.upper()):
            for method, path in (("GET", "/test-connection"), ("POST", "/execute-sql"), ("POST", "/collect")):
                self.assertEqual(self.agent.json(method, path, {} if method == "POST" else None, token=token),
                                 (401, want))
        twice = self.agent.json("GET", "/test-connection", headers=[("X-Agent-Token", TOKEN)])
        self.assertEqual(twice, (401, want))

    def test_routes(self):
        """other paths and methods are refused as JSON"""
        for method, path, status in (("GET", "/", 404), ("GET", "/metrics", 404), ("POST", "/health", 405),
                                     ("GET", "/collect", 405), ("DELETE", "/execute-sql", 405),
                                     ("GET", "/health/../collect", 404)):
            got, said = self.agent.json(method, path)
            self.assertEqual(got, status, path)
            self.assertEqual(set(said), {"error", "message"})

    def test_refused_statements(self):
        """what the policy does not allow is 403 with the reason, and never reaches the cluster"""
        before = self.cluster.stats["statements"]
        for sql in ("DROP TABLE dwd.events", "SELECT * FROM dwd.events", "SELECT 1; SELECT 2", "SET PASSWORD = 'x'",
                    "SELECT sleep(10)", "SELECT * FROM FILES('path'='s3://x')", "EXPLAIN ANALYZE SELECT 1", ""):
            status, said = self.agent.sql(sql)
            self.assertEqual((status, said["error"]), (403, "Forbidden"), sql)
            self.assertTrue(said["message"] and said["code"])
        self.assertEqual(self.cluster.stats["statements"], before)

    def test_failed_statements(self):
        """a statement that the cluster refuses is 400 with its words"""
        status, said = self.agent.sql("SELECT nope FROM information_schema.tables")
        self.assertEqual((status, said["error"]), (400, "SQL execution failed"))

    def test_bodies(self):
        """a body that is no JSON, or another, is 400 and says what is expected"""
        for path in "/execute-sql", "/collect":
            for body in (b"", b"{", b"[]", b'"x"', b'{"sql":1}', b'{"probes":{}}', b"\xff\xfe", b'{"sql":"a","sql":"b"}',
                         b'{"probes":[{"id":"x"}]}', b'{"probes":[1]}', b'{"format":"collect/9","probes":[]}',
                         b'{"probes":[{"id":"a","sql":"SELECT 1"},{"id":"a","sql":"SELECT 1"}]}'):
                status, said = self.agent.json("POST", path, body)
                self.assertEqual((status, said["error"]), (400, "Bad request"), body)

    def test_garbage(self):
        """bytes that are no HTTP do no harm"""
        for bytes_ in (b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"POST /collect HTTP/1.1\r\nHost: a\r\n"
                       b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", b"A" * 100000):
            with socket.create_connection(("127.0.0.1", self.agent.port), 10) as s:
                with contextlib.suppress(OSError):
                    s.sendall(bytes_)
                    s.shutdown(socket.SHUT_WR)
                    s.recv(1000)
        self.assertEqual(self.agent.call("GET", "/health")[0], 200)

    def test_empty_round(self):
        """a round without questions says who answers"""
        status, lines = self.agent.collect()
        self.assertEqual(status, 200)
        self.assertEqual(lines[0]["srdiag"], "snapshot/1")
        self.assertEqual({k: lines[1][k] for k in ("end", "answers", "rows")}, {"end": True, "answers": 0, "rows": 0})

    def test_foreign_nodes(self):
        """an agent connects to FEs of its cluster only, wherever a centre points"""
        with socket.socket() as trap:
            trap.bind(("127.0.0.1", 0))
            trap.listen()
            trap.settimeout(2)
            node = "127.0.0.1:%d" % trap.getsockname()[1]
            status, lines = self.agent.collect({"id": "clock", "sql": "SELECT 1", "node": node, "where": "each"},
                                               {"id": "other", "sql": "SHOW BACKENDS", "where": "leader"},
                                               leader=node, frontends=3)
            self.assertEqual(status, 200)
            self.assertEqual(lines[0]["follower"], True)
            self.assertEqual([(a["probe"], a["status"]) for a in lines if "probe" in a],
                             [("clock", "denied"), ("other", "answered")])
            with self.assertRaises(TimeoutError):
                trap.accept()

    def test_newer_centre(self):
        """questions that this agent does not know are asked under its policy"""
        status, lines = self.agent.collect(
            {"id": "from-the-future", "key": "1", "sql": "/* x */ SHOW FRONTENDS;", "cost": "cheap", "timeout_ms": 5000},
            {"id": "too-curious", "sql": "SELECT * FROM dwd.events"})
        answers = {a["probe"]: a for a in lines if "probe" in a}
        self.assertEqual(status, 200)
        self.assertEqual(answers["from-the-future"]["status"], "answered")
        self.assertEqual(answers["from-the-future"]["rows"], 3)
        self.assertEqual(answers["too-curious"]["status"], "denied")
        self.assertIn("the agent's owner does not allow it", answers["too-curious"]["detail"])

    def test_ledger(self):
        """every request is in the ledger with who, what and how much; what was refused without its literals"""
        self.agent.sql("SELECT VERSION() as version")
        self.agent.sql("CREATE USER x IDENTIFIED BY 'hunter2'")
        self.agent.collect({"id": "frontends", "sql": "/* srdiag:frontends */ SHOW FRONTENDS"})
        self.agent.call("GET", "/test-connection", token="wrong-" + SECRET)
        lines = self.agent.lines
        self.assertEqual([line["n"] for line in lines], list(range(1, len(lines) + 1)))
        by = lambda **want: [x for x in lines if all(x.get(k) == v for k, v in want.items())]
        asked = by(route="/execute-sql", sql="SELECT VERSION() as version")[-1]
        self.assertEqual((asked["verdict"], asked["status"], asked["rows"], asked["peer"]),
                         ("allowed", "answered", 1, "127.0.0.1"))
        self.assertTrue(any("CREATE USER x" in x.get("sql", "") for x in by(verdict="refused")))
        self.assertTrue(by(route="/collect", probe="frontends", verdict="allowed", rows=3))
        self.assertTrue(by(route="/test-connection", verdict="unauthorized"))
        text = self.agent.audit.read_text() + self.agent.words
        for secret in "hunter2", TOKEN, SECRET:
            self.assertNotIn(secret, text)
        done = srdiag("agent", "audit", "verify", str(self.agent.audit))
        self.assertEqual(done.status, 0, done.err)
        self.assertIn(f"lines 1 to {len(lines)} are whole", done.out)
        shown = srdiag("agent", "audit", "show", str(self.agent.audit), "-o", "json").json
        self.assertEqual([line["n"] for line in next(v for v in shown.values() if isinstance(v, list))],
                         [line["n"] for line in lines])

    def test_mark(self):
        """the end of a round vouches for the ledger: its mark is found there"""
        _, lines = self.agent.collect({"id": "frontends", "sql": "/* srdiag:frontends */ SHOW FRONTENDS"})
        mark = lines[-1]["ledger"]
        self.assertEqual(srdiag("agent", "audit", "verify", str(self.agent.audit), mark).status, 0)
        other = mark[:-1] + ("0" if mark[-1] != "0" else "1")
        self.assertEqual(srdiag("agent", "audit", "verify", str(self.agent.audit), other).status, 65)

    def test_threads(self):
        """many callers at once are all answered, and the cluster has at most four statements at a time"""
        results = []

        def one():
            results.append(self.agent.call("POST", "/collect", {"probes": [
                {"id": f"q{i}", "sql": "SHOW BACKENDS"} for i in range(20)]})[0])

        at_once([one] * 20)
        self.assertEqual(set(results), {200})


class Policy(unittest.TestCase):
    def test_probes(self):
        """with the policy probes only what srdiag itself asks is answered, word by word"""
        with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster, "--policy", "probes") as agent:
            self.assertEqual(agent.sql("SHOW BACKENDS")[0], 403)
            _, lines = agent.collect({"id": "backends", "sql": "SHOW BACKENDS"},
                                     {"id": "frontends", "sql": "/* srdiag:frontends */ SHOW FRONTENDS"},
                                     {"id": "clock", "sql": "/* srdiag:frontends */ SHOW FRONTENDS"})
            self.assertEqual({a["probe"]: a["status"] for a in lines if "probe" in a},
                             {"backends": "denied", "frontends": "answered", "clock": "denied"})
            over, live = agent.srdiag("comprehensive", "-o", "json"), cluster.srdiag("comprehensive", "-o", "json")
            self.assertEqual(over.status, live.status)
            self.assertEqual([p["status"] for p in over.json["probes"]], [p["status"] for p in live.json["probes"]])

    def test_select(self):
        """with the policy select business tables may be read, but nothing is written"""
        with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster, "--policy", "select") as agent:
            self.assertNotEqual(agent.sql("SELECT COUNT(*) FROM dwd.events")[0], 403)
            self.assertEqual(agent.sql("DELETE FROM dwd.events")[0], 403)

    def test_limits(self):
        """rows and bytes beyond the limits are cut, and the answer says so"""
        with Cluster("disk-full", "--line", "3.5") as cluster, \
                agent_of(cluster, "--max-rows", "5", "--max-bytes", "2000") as agent:
            sql = "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.tables"
            _, said = agent.sql(sql)
            self.assertEqual((said["row_count"], said["truncated"]), (5, True))
            _, said = agent.sql("SHOW BACKENDS")
            self.assertLess(said["row_count"], 6)
            self.assertTrue(said["truncated"])
            _, lines = agent.collect({"id": "t", "sql": sql, "max_rows": 3})
            self.assertEqual((lines[1]["rows"], lines[1]["complete"]), (3, False))

    def test_literals(self):
        """SQL texts of users leave with their literals replaced, unless the owner shares them"""
        for words, want in (((), True), (("--share-sql",), False)):
            with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster, *words) as agent:
                cluster.faults({"match": "PROCESSLIST", "set": {"Info": "SELECT * FROM t WHERE name = 'Meier'"}})
                status, said = agent.sql("SHOW FULL PROCESSLIST")
                self.assertEqual(status, 200)
                self.assertIn("SELECT * FROM t", json.dumps(said))
                self.assertEqual("Meier" not in json.dumps(said), want)
                _, lines = agent.collect({"id": "p", "sql": "SHOW FULL PROCESSLIST"})
                self.assertEqual("Meier" not in json.dumps(lines), want)


class Times(unittest.TestCase):
    def test_timeout(self):
        """a statement that takes too long is the guide's 408, and is ended on the cluster"""
        with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster, "--sql-timeout", "1") as agent:
            cluster.faults({"match": "SHOW BROKER", "hang": True})
            status, said = agent.sql("SHOW BROKER")
            self.assertEqual((status, said), (408, {"error": "SQL execution timeout",
                                                    "message": "Query exceeded 1s timeout"}))
            self.assertEqual(agent.sql("SHOW BACKENDS")[0], 200)

    def test_round_timeout(self):
        """a round ends in its time, with what was known by then"""
        with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster) as agent:
            cluster.faults({"match": "SHOW BROKER", "hang": True})
            begin = time.monotonic()
            status, lines = agent.collect({"id": "b", "sql": "SHOW BROKER"}, {"id": "f", "sql": "SHOW FRONTENDS"},
                                          timeout_ms=1500)
            self.assertLess(time.monotonic() - begin, 10)
            self.assertEqual({a["probe"]: a["status"] for a in lines if "probe" in a}, {"b": "timeout", "f": "answered"})
            self.assertTrue(lines[-1]["end"])

    def test_partial(self):
        """a run that is out of time is partial over an agent as without one"""
        with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster) as agent:
            cluster.faults({"match": "fe_metrics|CONFIG", "hang": True})
            run = agent.srdiag("--timeout", "3", "comprehensive", "-o", "json")
            self.assertEqual(run.status, 124, run.err)
            statuses = {p["status"] for p in run.json["probes"]}
            self.assertLessEqual({"answered", "timeout"}, statuses)

    def test_gone(self):
        """when the client leaves, its statements are ended on the cluster"""
        with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster, "--audit-file", "AUDIT") as agent:
            cluster.faults({"match": "SHOW BROKER", "hang": True})
            body = json.dumps({"probes": [{"id": "b", "sql": "SHOW BROKER"}]}).encode()
            with socket.create_connection(("127.0.0.1", agent.port)) as s:
                s.sendall(b"POST /collect HTTP/1.1\r\nHost: a\r\nX-Agent-Token: " + TOKEN.encode() +
                          b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                self.assertTrue(self.running(cluster, 1))
            self.assertTrue(self.running(cluster, 0))

    @staticmethod
    def running(cluster, want):
        end = time.monotonic() + 15
        while time.monotonic() < end:
            if cluster.stats["running"] == want:
                return True
            time.sleep(0.05)
        return False


class Life(unittest.TestCase):
    def test_listen(self):
        """beyond this machine an agent listens only with a token, and a short one is refused"""
        for words, env, status in ((["--listen", "0.0.0.0:0"], {}, 78), (["--listen", "[::]:0"], {}, 78),
                                   ([], {"AGENT_TOKEN": "short"}, 78), (["--listen", "nonsense"], {}, 64),
                                   (["--tls-cert", "/nonexistent"], {}, 78),
                                   (["--tls-cert", "/nonexistent", "--tls-key", "/nonexistent"], {}, 78),
                                   (["--token-file", "/nonexistent"], {}, 78), (["--policy", "all"], {}, 64),
                                   (["--audit-file", "/nonexistent/a"], {}, 74), (["--audit-file", "/dev/full"], {}, 78),
                                   (["--agent", "http://h:1"], {}, 64), (["audit", "verify"], {}, 64),
                                   (["previw"], {}, 64), (["--api-key-file", "x"], {}, 64)):
            with self.subTest(" ".join(words)):
                run = srdiag("agent", "-h", "127.0.0.1", *words, env=env)
                self.assertEqual(run.status, status, run.err)
                self.assertTrue(run.err)

    def test_open(self):
        """without a token, on this machine alone, an agent answers and says that it is open"""
        with Agent(["--demo"], token=None) as agent:
            self.assertIn("Disabled", agent.words)
            self.assertEqual(agent.call("GET", "/test-connection", token=None)[0], 200)

    def test_demo(self):
        """an agent over a snapshot answers what the snapshot says"""
        with Agent(["--demo"]) as agent:
            over, there = agent.srdiag("comprehensive", "-o", "json"), srdiag("--demo", "comprehensive", "-o", "json")
            over, there = exactly(over.json), exactly(there.json)
            over["cluster"].pop("name"), there["cluster"].pop("name")
            self.assertEqual(over, there)

    def test_variables(self):
        """AGENT_PORT and AGENT_TOKEN of the guide work, and so does a section [agent]"""
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a.cnf").write_text(f"[agent]\nlisten = 127.0.0.1:{port}\npolicy = probes\n")
            os.chmod(f"{folder}/a.cnf", 0o600)
            for words, env in (([], {"AGENT_PORT": str(port)}), (["--config", f"{folder}/a.cnf"], {})):
                process = subprocess.Popen([SRDIAG, "agent", "--demo", *words], stderr=subprocess.PIPE, text=True,
                                           env={"HOME": "/nonexistent", "AGENT_TOKEN": TOKEN, **env})
                line = ""
                while "Database" not in line:
                    line = process.stderr.readline()
                    self.assertTrue(line)
                    if "HTTP endpoint" in line:
                        self.assertIn(f"127.0.0.1:{port}", line)
                process.terminate()
                self.assertEqual(process.wait(20), 0)
                process.stderr.close()

    def test_rotation(self):
        """a token is replaced without a failed request"""
        new, bad = "f" * 64, threading.Event()
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(TOKEN + "\n")
            file.flush()
            with Agent(["--demo", "--token-file", file.name], token=None) as agent:
                stop = threading.Event()

                def centre():
                    token = TOKEN
                    while not stop.is_set():
                        if agent.call("GET", "/test-connection", token=token)[0] != 200:
                            bad.set()
                        if both.is_set():
                            token = new

                both = threading.Event()
                thread = threading.Thread(target=centre)
                thread.start()
                for content, switch in (f"{TOKEN}\n{new}\n", True), (f"{new}\n", False):
                    Path(file.name).write_text(content)
                    before = agent.words.count("settings were read again")
                    agent.process.send_signal(signal.SIGHUP)
                    while agent.words.count("settings were read again") == before:
                        time.sleep(0.02)
                    if switch:
                        both.set()
                        time.sleep(0.3)
                time.sleep(0.2)
                stop.set()
                thread.join()
                self.assertFalse(bad.is_set())
                self.assertEqual(agent.call("GET", "/test-connection", token=TOKEN)[0], 401)
                Path(file.name).write_text("")
                agent.process.send_signal(signal.SIGHUP)
                while "nothing was changed" not in agent.words:
                    time.sleep(0.02)
                self.assertEqual(agent.call("GET", "/test-connection", token=new)[0], 200)

    def test_token_file(self):
        """a token file that others can read is refused"""
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(TOKEN)
            file.flush()
            os.chmod(file.name, 0o644)
            run = srdiag("agent", "--demo", "--token-file", file.name)
            self.assertEqual(run.status, 78)
            self.assertIn("chmod 600", run.err)

    def test_term(self):
        """SIGTERM lets running requests end, and then the agent"""
        with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster) as agent:
            cluster.faults({"match": "SHOW BROKER", "delay_s": 1.5})
            got = []
            thread = threading.Thread(target=lambda: got.append(agent.collect({"id": "b", "sql": "SHOW BROKER"})))
            thread.start()
            self.assertTrue(Times.running(cluster, 1))
            self.assertEqual(agent.end(), 0)
            thread.join()
            self.assertTrue(got[0][1][-1]["end"])

    def test_database_down(self):
        """without its cluster an agent is healthy and says what is wrong"""
        port = free_port()
        with Agent(["-h", "127.0.0.1", "-P", str(port), "-u", "root"], env={"SR_PASSWORD": SECRET}) as agent:
            for method, path, body in (("GET", "/test-connection", None), ("POST", "/execute-sql", {"sql": "SELECT 1"}),
                                       ("POST", "/collect", {"probes": []})):
                status, said = agent.json(method, path, body)
                self.assertEqual((status, said["error"]), (502, "Database connection failed"))
                self.assertIn(f"127.0.0.1:{port}", said["message"])
            status, health = agent.json("GET", "/health", token=None)
            self.assertEqual((status, health["database"]), (200, "unreachable"))
            run = agent.srdiag("storage")
            self.assertEqual(run.status, 69)
            self.assertIn("Database connection failed", run.err)

    def test_wrong_password(self):
        """an account that is wrong is told in words, without the password"""
        with Cluster("disk-full", "--line", "3.5") as cluster, \
                Agent([*cluster.connection, "-u", "nobody"], "--audit-file", "AUDIT", env={"SR_PASSWORD": SECRET}) as agent:
            status, said = agent.json("GET", "/test-connection")
            self.assertEqual(status, 502)
            text = json.dumps(said) + agent.words + agent.audit.read_text()
            self.assertNotIn(SECRET, text)
            self.assertNotIn(SECRET, Path(f"/proc/{agent.process.pid}/cmdline").read_text())

    def test_busy(self):
        """a centre that floods gets 503, and the agent lives"""
        with Cluster("disk-full", "--line", "3.5") as cluster, \
                agent_of(cluster, "--workers", "1", "--audit-file", "AUDIT") as agent:
            cluster.faults({"match": "SHOW BROKER", "delay_s": 1, "times": 3})
            got = []
            at_once([lambda: got.append(agent.sql("SHOW BROKER"))] * 12)
            self.assertEqual({status for status, _ in got}, {200, 503})
            self.assertTrue([line for line in agent.lines if line.get("verdict") == "busy"])

    def test_kill(self):
        """an agent that was killed and started anew goes on with its ledger"""
        with tempfile.TemporaryDirectory() as folder:
            audit = f"{folder}/audit"
            for _ in range(2):
                with Agent(["--demo"], "--audit-file", audit) as agent:
                    agent.sql("SELECT 1")
                    agent.end(signal.SIGKILL)
            done = srdiag("agent", "audit", "verify", audit)
            self.assertEqual(done.status, 0, done.err)

    def test_rotated_ledger(self):
        """after a rotation the ledger goes on in a new file, numbers and chain too"""
        with Agent(["--demo"], "--audit-file", "AUDIT") as agent:
            agent.sql("SELECT 1")
            last = agent.lines[-1]
            agent.audit.rename(agent.at / "old")
            agent.process.send_signal(signal.SIGUSR1)
            while not agent.audit.exists():
                time.sleep(0.02)
            agent.sql("SELECT 2")
            self.assertEqual((agent.lines[0]["n"], agent.lines[0]["prev"]), (last["n"] + 1, last["hash"]))


class FullDisk(unittest.TestCase):
    def test_stops_answers(self):
        """a ledger that cannot grow stops answers, of every route"""

        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

        with Cluster("disk-full", "--line", "3.5") as cluster, \
                agent_of(cluster, "--audit-file", "AUDIT", preexec_fn=small) as agent:
            while agent.sql("SELECT VERSION()")[0] == 200:
                pass
            for method, path, body in (("GET", "/test-connection", None), ("POST", "/execute-sql", {"sql": "SELECT 1"}),
                                       ("POST", "/collect", {"probes": [{"id": "a", "sql": "SHOW BACKENDS"}]})):
                status, said = agent.json(method, path, body)
                self.assertEqual((status, said["error"]), (503, "Audit log failed"), path)
            self.assertEqual(srdiag("agent", "audit", "verify", str(agent.audit)).status, 0)
            run = agent.srdiag("storage")
            self.assertEqual(run.status, 69)
            self.assertIn("Audit log failed", run.err)

    def test_in_the_middle(self):
        """a disk that fills up in the middle of a round ends it: what came before counts, and is written down"""

        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))

        with Cluster("disk-full", "--line", "3.5") as cluster, \
                agent_of(cluster, "--audit-file", "AUDIT", preexec_fn=small) as agent:
            status, lines = agent.collect(*({"id": f"q{i}", "sql": "SHOW FRONTENDS"} for i in range(40)))
            self.assertEqual((status, lines[-1]["error"]), (200, "system"))
            answered = {line["probe"] for line in lines if isinstance(line, dict) and "probe" in line}
            written = {line.get("probe") for line in agent.lines}
            self.assertTrue(answered and answered <= written)


class Preview(unittest.TestCase):
    def test_exact(self):
        """a preview is what a centre gets for a whole run, byte for byte but for times"""
        with Cluster("disk-full", "--line", "3.5") as cluster:
            shown = cluster.srdiag("agent", "preview", "--no-pager")
            self.assertEqual(shown.status, 0, shown.err)
            with agent_of(cluster) as agent:
                got = agent.srdiag("collect", "-", "--force")

        def questions(text):
            return sorted((a["probe"], a.get("key"), a.get("status"), a["rows"], tuple(a.get("columns", ())))
                          for a in map(json.loads, text.splitlines()) if isinstance(a, dict) and "probe" in a
                          and a["status"] not in ("version", "mode"))  # these are never asked

        self.assertEqual(questions(shown.out), questions(got.out))
        self.assertGreater(shown.out.count('{"end":true'), 1)
        self.assertNotIn("a1b2c3d4", shown.out)

    def test_policy(self):
        """a preview shows what the policy hides"""
        with Cluster("disk-full", "--line", "3.5") as cluster:
            cluster.faults({"match": "PROCESSLIST|running_queries|fe_locks|tasks",
                            "set": {"Info": "SELECT 'Meier'", "DEFINITION": "SELECT 'Meier'"}})
            self.assertNotIn("Meier", cluster.srdiag("agent", "preview", "--no-pager").out)


class Tls(unittest.TestCase):
    def test_tls(self):
        """an agent with a certificate answers over TLS, and who pins its CA trusts no other"""
        with tempfile.TemporaryDirectory() as folder:
            for name in "a", "b":
                subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                                f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt", "-days", "2", "-subj", "/CN=agent",
                                "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
            with Agent(["--demo"], "--tls-cert", f"{folder}/a.crt", "--tls-key", f"{folder}/a.key") as agent:
                url = agent.url.replace("http", "https")
                env = {"AGENT_TOKEN": TOKEN}
                self.assertIn(url, agent.words)
                self.assertLess(srdiag("--agent", url, "--agent-ca", f"{folder}/a.crt", "storage", env=env).status, 4)
                self.assertEqual(srdiag("--agent", url, "--agent-ca", f"{folder}/b.crt", "storage", env=env).status, 69)
                self.assertEqual(srdiag("--agent", url, "storage", env=env).status, 69)
                self.assertEqual(srdiag("--agent", agent.url, "storage", env=env).status, 69)


class Behind(unittest.TestCase):
    def test_server(self):
        """the MCP server asks over an agent when [cluster NAME] names one"""
        with Cluster("disk-full", "--line", "3.5") as cluster, agent_of(cluster) as agent, \
                tempfile.TemporaryDirectory() as folder:
            config = Path(folder, "a.cnf")
            config.write_text(f"[cluster far]\nagent = {agent.url}\n")
            os.chmod(config, 0o600)
            calls = "".join(json.dumps(m) + "\n" for m in (
                {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                    "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
                {"jsonrpc": "2.0", "method": "notifications/initialized"},
                {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
                    "name": "get_disk_usage", "arguments": {"cluster": "far"}}}))
            done = subprocess.run([SRDIAG, "serve", "--stdio", "--config", str(config)], input=calls, text=True,
                                  capture_output=True, timeout=60,
                                  env={"HOME": "/nonexistent", "AGENT_TOKEN": TOKEN, "PATH": os.environ["PATH"]})
            answer = next(json.loads(line) for line in done.stdout.splitlines() if '"id":2' in line)
            self.assertNotIn("error", answer, done.stderr)
            self.assertFalse(answer["result"].get("isError"), answer)
            self.assertIn("/data1", json.dumps(answer["result"]))


if __name__ == "__main__":
    tap.main()
