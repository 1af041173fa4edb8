"""Does a central server give each tenant its own cluster, the guide's answers, and nothing of another?

Agents and the server are separate processes; behind an agent is a simulated cluster or a snapshot.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import random
import re
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest
from functools import partial
from pathlib import Path

import tap
from check_agent import Agent, agent_of
from cluster import ROOT, Cluster
from fake_agent import FakeAgent, of_snapshot, send
from serving import SRDIAG, Server, at_once, clean_env

TOKEN = "a1b2c3d4e5f6a7b8" * 4
KEY = "your-central-server-api-key"
DEMO = (ROOT / "tests/snapshots/demo.srd").read_text()
NOBODY = {"error": "Tenant not found", "message": "X-Tenant-ID names no tenant of this key"}


def tenant(url, token=TOKEN, **more):
    where = {"agent_urls": url} if isinstance(url, list) else {"agent_url": url}
    return {"name": "A", **where, "agent_token": token, "enabled": True, **more}


def config(tenants, **more):
    return json.dumps({"tenants": tenants, **more}, ensure_ascii=False, indent=2)


class Centre(Server):
    """srdiag serve --tenants over a file of the test's."""

    def __init__(self, tenants, *words, env=None, **more):
        text = tenants if isinstance(tenants, str) else config(tenants)
        super().__init__("--http", "--sse", "--tenants", "tenants.json", "--log-level", "info", *words, files={"tenants.json": text},
                         env={"API_KEY": KEY, "RATE_LIMIT": "0", **(env or {})}, **more)

    def headers(self, tenant, key=KEY):
        return {k: v for k, v in (("X-API-Key", key), ("X-Tenant-ID", tenant)) if v is not None}

    def call(self, tenant, tool, arguments=None, key=KEY, **more):
        return self.post("/call-tool", {"tool": tool, "arguments": arguments or {}},
                         headers=self.headers(tenant, key), **more)

    def test_agent(self, tenant, key=KEY):
        return self.get("/test-agent", headers=self.headers(tenant, key))

    def change(self, tenants):
        """Writes the file anew and has it read; the words if it is not taken."""
        self.write("tenants.json", tenants if isinstance(tenants, str) else config(tenants))
        before = self.err.count("the configuration was read again") + self.err.count("nothing was changed")
        self.send(signal.SIGHUP)
        self.until(lambda: self.err.count("the configuration was read again") +
                   self.err.count("nothing was changed") > before, "the reload")
        last = [line for line in self.err.splitlines() if "read again" in line or "nothing was changed" in line][-1]
        return last if "nothing was changed" in last else None


class Sse:
    """A client of HTTP+SSE as Gemini CLI has it: a URL and two headers."""

    def __init__(self, port, headers):
        self.port, self.sent = port, 0
        self.headers = headers
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", "/sse", headers={"Accept": "text/event-stream", **headers})
        self.stream = self.connection.getresponse()
        self.status = self.stream.status
        self.body = None if self.status == 200 else self.stream.read()
        if self.status == 200:
            kind, self.endpoint = self.event()
            assert kind == "endpoint", kind

    def event(self):
        """kind and data of the next event; None at the end."""
        kind, data, end = "message", [], time.monotonic() + 30
        while True:
            if time.monotonic() > end:
                raise AssertionError("waited in vain for an event")
            line = self.stream.readline()
            if not line:
                return None
            line = line.decode().rstrip("\r\n")
            if not line and data:
                return kind, "\n".join(data)
            if line.startswith("event:"):
                kind = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].strip())

    def post(self, message, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request("POST", self.endpoint, json.dumps(message),
                  {"Content-Type": "application/json", **(self.headers if headers is None else headers)})
        answer = c.getresponse()
        body = answer.read()
        c.close()
        return answer.status, body

    def ask(self, method, **params):
        self.sent += 1
        status, body = self.post({"jsonrpc": "2.0", "id": self.sent, "method": method, "params": params})
        assert status == 202, (status, body)
        while True:
            _, data = self.event()
            answer = json.loads(data)
            if answer.get("id") == self.sent:
                return answer.get("result") or answer["error"]

    def begin(self):
        hello = self.ask("initialize", protocolVersion="2024-11-05", capabilities={},
                         clientInfo={"name": "gemini-cli", "version": "1.0.0"})
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return hello

    def close(self):
        self.stream.close()
        self.connection.close()


def told(result):
    """What a failed tool says."""
    assert result.get("isError"), result
    return json.loads(result["content"][0]["text"])


class Guide(unittest.TestCase):
    """Mode 3 of the guide, from the customer's .env to the assistant, command by command."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.cluster = cls.stack.enter_context(Cluster("disk-full", "--line", "3.5"))
        facts = cls.cluster.facts
        cls.home = cls.stack.enter_context(tempfile.TemporaryDirectory())
        # 1.2 and 1.3: the customer's .env, and the agent beside it
        (Path(cls.home) / ".env").write_text(
            f"# StarRocks 数据库配置（客户内网数据库）\nSR_HOST={facts['host']}\nSR_USER=root\n"
            f"SR_PASSWORD={facts['users'].get('root') or ''}\nSR_DATABASE=information_schema\nSR_PORT={facts['port']}\n\n"
            f"# Agent 服务配置\nAGENT_PORT=0\nAGENT_TOKEN={TOKEN}\n")
        os.chmod(Path(cls.home) / ".env", 0o600)
        env = clean_env()
        cls.agent = subprocess.Popen([SRDIAG, "agent", "--port-file", "port"], cwd=cls.home, env=env,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.stack.callback(cls.end_agent)
        Server.until(lambda: (Path(cls.home) / "port").exists(), "the agent")
        cls.url = f"http://127.0.0.1:{(Path(cls.home) / 'port').read_text().strip()}"
        # 2.1 and 2.2: the provider's files
        cls.centre = Server("--http", "--sse", env={"PORT": "0"}, files={
            "tenants-config.json": json.dumps({"tenants": {
                "company_abc": {"name": "ABC 公司", "agent_url": cls.url, "agent_token": TOKEN,
                                "description": "ABC 公司的 StarRocks 集群", "enabled": True,
                                "created_at": "2025-01-15T00:00:00Z", "contact": "admin@company-abc.com"},
                "company_xyz": {"name": "XYZ 公司", "agent_url": "http://127.0.0.1:1", "agent_token": "xyz789token...",
                                "enabled": True, "created_at": "2025-01-16T00:00:00Z"}}}, ensure_ascii=False),
            ".env": f"PORT=3000\nAPI_KEY={KEY}\n\n# 租户配置文件路径\nTENANTS_CONFIG=./tenants-config.json\n"
                    "ALLOWED_ORIGINS=*\n"})
        cls.stack.enter_context(cls.centre)
        cls.both = {"X-API-Key": KEY, "X-Tenant-ID": "company_abc"}

    @classmethod
    def end_agent(cls):
        cls.agent.terminate()
        cls.agent.wait()

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def curl(self, *words):
        done = subprocess.run(["curl", "-sS", *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_1_agent(self):
        """1.4: the customer's three calls"""
        self.assertEqual(self.curl(f"{self.url}/health")["status"], "healthy")
        self.assertTrue(self.curl(f"{self.url}/test-connection", "-H", f"X-Agent-Token: {TOKEN}")["success"])
        rows = self.curl(f"{self.url}/execute-sql", "-H", "Content-Type: application/json", "-H",
                         f"X-Agent-Token: {TOKEN}", "-d", '{\n  "sql": "SELECT VERSION() as version"\n}')
        self.assertEqual((rows["success"], rows["row_count"]), (True, 1))
        self.assertEqual(self.curl(f"{self.url}/test-connection"),
                         {"error": "Unauthorized", "message": "Invalid or missing agent token"})

    def test_2_banner(self):
        """2.3: the server says which tenants it has"""
        for words in ("Authentication:   Enabled", "SSE endpoint:", "Tenants:          2 loaded (2 enabled)",
                      "- company_abc (ABC 公司)", "- company_xyz (XYZ 公司)"):
            self.assertIn(words, self.centre.err)
        self.assertNotIn(TOKEN, self.centre.err)

    def test_3_test_agent(self):
        """2.4: the tenant's connection is tested through the server, with the guide's answer"""
        got = self.curl(f"http://localhost:{self.centre.port}/test-agent", "-H", "X-Tenant-ID: company_abc", "-H",
                        f"X-API-Key: {KEY}")
        self.assertEqual({k: got[k] for k in ("success", "tenant", "agent_url", "agent_status")},
                         {"success": True, "tenant": "company_abc", "agent_url": self.url, "agent_status": "healthy"})
        self.assertRegex(got["database_version"], r"^3\.5\.\d+")
        self.assertIsInstance(got["latency_ms"], int)
        self.assertEqual(got["agent_version"], self.curl(f"{self.url}/health")["version"])

    def test_4_sse(self):
        """3.1 and 3.2: the assistant's two headers, its list of tools, and a diagnosis over SSE"""
        client = Sse(self.centre.port, self.both)
        self.addCleanup(client.close)
        self.assertIn("serverInfo", client.begin())
        names = [t["name"] for t in client.ask("tools/list")["tools"]]
        for name in ("analyze_storage_health", "analyze_compaction_health", "analyze_system_comprehensive",
                     "get_disk_usage", "get_failed_load_jobs", "check_load_job_status"):
            self.assertIn(name, names)
        result = client.ask("tools/call", name="analyze_storage_health", arguments={})
        self.assertFalse(result.get("isError"), result)
        ids = {f["id"] for f in result["structuredContent"]["findings"]}
        live = self.cluster.srdiag("storage", "-o", "json")
        self.assertTrue(ids)
        self.assertLessEqual(ids, {f["id"] for f in live.json["findings"]})
        self.assertEqual(result["structuredContent"]["cluster"]["name"], "company_abc")

    def test_5_rest(self):
        """the guide's two calls without MCP, and a report that is that of a live run"""
        got = self.curl(f"http://localhost:{self.centre.port}/tools", "-H", f"X-API-Key: {KEY}")
        self.assertGreaterEqual(got["count"], 17)
        got = self.curl(f"http://localhost:{self.centre.port}/call-tool", "-H", "Content-Type: application/json", "-H",
                        f"X-API-Key: {KEY}", "-H", "X-Tenant-ID: company_abc", "-d",
                        '{\n    "tool": "analyze_system_comprehensive",\n    "arguments": {}\n  }')
        mine = got["structuredContent"]
        live = self.cluster.srdiag("comprehensive", "-o", "json").json
        self.assertEqual(mine["score"]["value"], live["score"]["value"])
        self.assertEqual(mine["cluster"]["version"], live["cluster"]["version"])
        self.assertEqual(self.cluster.stats.get("writes", 0), 0)

    def test_6_down(self):
        """Q6: an agent that is not there, in the guide's words"""
        for path, body in (("/test-agent", None), ("/call-tool", '{"tool":"get_disk_usage","arguments":{}}')):
            words = ["-H", "Content-Type: application/json", "-d", body] if body else []
            got = self.curl(f"http://localhost:{self.centre.port}{path}", "-H", "X-Tenant-ID: company_xyz", "-H",
                            f"X-API-Key: {KEY}", *words)
            self.assertEqual({k: got[k] for k in ("error", "message", "tenant")},
                             {"error": "Agent connection failed",
                              "message": "Failed to connect to agent at http://127.0.0.1:1",
                              "tenant": "company_xyz"})

    def test_7_tenants_are_managed(self):
        """a tenant that is switched off is 404, and the tenants' counters are the guide's"""
        file = self.centre.folder / "tenants-config.json"
        text = file.read_text()
        self.addCleanup(lambda: (self.centre.write("tenants-config.json", text), self.centre.send(signal.SIGHUP)))
        off = json.loads(text)
        off["tenants"]["company_abc"]["enabled"] = False
        self.centre.write("tenants-config.json", json.dumps(off))
        self.centre.send(signal.SIGHUP)
        self.centre.until(lambda: self.centre.get("/test-agent", headers=self.both).status == 404, "the 404")
        self.assertEqual(self.centre.get("/test-agent", headers=self.both).json, NOBODY)
        self.assertEqual(self.centre.get("/admin/stats", headers=self.both).status, 403)


class Troubles(unittest.TestCase):
    """What the users of a tenant read when its agent does not do as it should."""

    maxDiff = None

    def one(self, url, *words, token=TOKEN, **more):
        centre = Centre({"acme": tenant(url, token, **more)}, *words)
        self.addCleanup(centre.__exit__, None, None, None)
        return centre.start()

    def check(self, answer, status, error, message):
        body = answer.json
        self.assertEqual((answer.status, body["error"], body["message"], body["tenant"]),
                         (status, error, message, "acme"), body)
        self.assertNotIn(TOKEN, answer.text)
        return body

    def lost(self, answer, url):
        return self.check(answer, 502, "Agent connection failed", f"Failed to connect to agent at {url}")

    def everywhere(self, centre, status, error, message):
        """REST, MCP over HTTP, SSE and /test-agent say the same."""
        body = self.check(centre.call("acme", "get_disk_usage"), status, error, message)
        client = Sse(centre.port, centre.headers("acme"))
        client.begin()
        said = told(client.ask("tools/call", name="get_disk_usage", arguments={}))
        client.close()
        answer = centre.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                                      "params": {"name": "get_disk_usage", "arguments": {}}},
                             headers={**centre.headers("acme"), "Accept": "application/json, text/event-stream",
                                      "MCP-Protocol-Version": "2025-06-18"})
        for other in said, told(answer.json["result"]):
            self.assertEqual([other[k] for k in ("error", "message", "tenant")], [error, message, "acme"])
        test = self.check(centre.test_agent("acme"), status, error, message)
        self.assertIs(test["success"], False)
        return body, test

    def test_killed(self):
        """an agent that is killed, and one that comes back at its place"""
        with Agent(["--demo"]) as agent:
            centre = self.one(agent.url, "--cache-ttl", "0")
            self.assertEqual(centre.call("acme", "get_disk_usage").status, 200)
            agent.process.send_signal(signal.SIGKILL)
            agent.process.wait()
            body, test = self.everywhere(centre, 502, "Agent connection failed",
                                         f"Failed to connect to agent at {agent.url}")
            self.assertIn("refuses connections", body["detail"])
            self.assertEqual(test["agent_status"], "unreachable")
            # replaced by another on the same port
            env = clean_env(AGENT_TOKEN=TOKEN)
            new = subprocess.Popen([SRDIAG, "--demo", "agent", "--listen", f"127.0.0.1:{agent.port}"], env=env,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                centre.until(lambda: centre.call("acme", "get_disk_usage").status == 200, "the new agent")
                self.assertIs(centre.test_agent("acme").json["success"], True)
            finally:
                new.terminate()
                new.wait()

    def test_hangs(self):
        """an agent that accepts and is silent costs one caller its time; everybody else has the error at once"""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            came = []

            def accept():
                with contextlib.suppress(OSError):
                    while True:
                        came.append(silent.accept()[0])

            threading.Thread(target=accept, daemon=True).start()
            centre = self.one(url, "--cache-ttl", "0")
            body = self.lost(centre.call("acme", "get_disk_usage"), url)
            self.assertIn("did not answer in time", body["detail"])
            first = len(came)
            for n in range(40):
                self.lost(centre.call("acme", "get_large_tables", {"limit": n + 1}), url)
            self.assertLessEqual(len(came), first + 1, "at most one look aside")
            for c in came:
                c.close()

    def test_hangs_later(self):
        """an agent that hangs after it was well is found out by the next caller, and let go on when it wakes"""
        with Agent(["--demo"]) as agent:
            centre = self.one(agent.url, "--cache-ttl", "0", "--request-timeout", "8")
            self.assertEqual(centre.call("acme", "get_disk_usage").status, 200)
            agent.process.send_signal(signal.SIGSTOP)
            try:
                answer = centre.call("acme", "get_disk_usage")
                self.assertIn(answer.json["error"], ("Agent connection failed", "SQL execution timeout"))
                self.lost(centre.call("acme", "get_disk_usage"), agent.url)
            finally:
                agent.process.send_signal(signal.SIGCONT)
            centre.until(lambda: centre.call("acme", "get_disk_usage").status == 200, "the agent to be asked again")

    def test_garbage(self):
        """HTML, half a JSON, nothing, a gigabyte of it: no agent of ours, in the guide's words"""
        def page(handler, _):
            send(handler, 200, "text/html", "<h1>It works!</h1>")

        def half(handler, _):
            send(handler, 200, "application/x-ndjson", '{"srdiag":"snapshot/1","connected":"fe1:9030",')

        def nothing(handler, _):
            handler.connection.shutdown(socket.SHUT_RDWR)

        def gigabyte(handler, _):
            send(handler, 200, "application/x-ndjson", b"", length=1 << 30)
            for _ in range(1 << 10):
                handler.wfile.write(b"x" * (1 << 20))

        def proxy(handler, _):
            send(handler, 502, "text/html", "<h1>502 Bad Gateway</h1>")

        for reply in page, half, nothing, gigabyte, proxy:
            with self.subTest(reply.__name__), FakeAgent(reply) as agent:
                centre = self.one(agent.url)
                self.lost(centre.call("acme", "get_disk_usage"), agent.url)
                self.lost(centre.test_agent("acme"), agent.url)

    def test_wrong_token(self):
        """a token that the agent does not know is told as the guide has it, and not as the user's own 401"""
        with Agent(["--demo"]) as agent:
            centre = self.one(agent.url, token="f" * 64)
            _, test = self.everywhere(centre, 502, "Unauthorized", "Invalid or missing agent token")
            self.assertEqual(test["agent_status"], "unauthorized")
            self.assertNotIn("f" * 64, centre.err)

    def test_database_down(self):
        """an agent without its cluster is told apart from a cluster without its agent"""
        with Agent(["-h", "127.0.0.1", "-P", "1"]) as agent:
            centre = self.one(agent.url)
            _, test = self.everywhere(centre, 502, "Database connection failed",
                                      f"The agent at {agent.url} cannot reach its cluster")
            self.assertEqual(test["agent_status"], "database_unreachable")

    def test_slow_statement(self):
        """a statement that takes too long is the guide's SQL execution timeout"""
        with Cluster("healthy-shared-nothing", "--line", "3.5") as cluster, agent_of(cluster) as agent:
            centre = self.one(agent.url, "--request-timeout", "15", "--run-query")
            # whatever is asked when it is known which cluster this is
            cluster.faults({"match": "srdiag:(?!frontends|clock|run-mode|backends|compute-nodes)", "hang": True})
            answer = centre.call("acme", "get_large_tables")
            self.assertEqual((answer.status, answer.json["error"], answer.json["tenant"]),
                             (504, "SQL execution timeout", "acme"), answer)
            self.assertRegex(answer.json["message"], r"^Query exceeded 1[0-5]s timeout$")
            own = centre.call("acme", "run_query", {"sql": "SELECT * FROM information_schema.be_configs"})
            self.assertEqual((own.status, own.json["error"]), (504, "SQL execution timeout"), own)

    def test_certificate(self):
        """somebody else's certificate, and the pin of another key, are refused"""
        with tempfile.TemporaryDirectory() as folder:
            for name in "mine", "other":
                subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                                "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                                "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/{name}.key", "-out",
                                f"{folder}/{name}.pem"], check=True, capture_output=True)
            der = subprocess.run(["openssl", "x509", "-in", f"{folder}/mine.pem", "-pubkey", "-noout"], check=True,
                                 capture_output=True).stdout
            der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=der, check=True,
                                 capture_output=True).stdout
            pin = "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f"{folder}/mine.pem", f"{folder}/mine.key")
            with FakeAgent(of_snapshot(DEMO), context) as agent:
                good = self.one(agent.url, agent_ca=f"{folder}/mine.pem", agent_pin=pin)
                self.assertEqual(good.call("acme", "get_disk_usage").status, 200)
                for more in {"agent_ca": f"{folder}/other.pem"}, {}, \
                        {"agent_ca": f"{folder}/mine.pem", "agent_pin": "sha256//" + "A" * 43 + "="}:
                    self.lost(self.one(agent.url, **more).call("acme", "get_disk_usage"), agent.url)
                asked = [headers.get("X-Agent-Token") for _, headers, _ in agent.requests]
                self.assertEqual(set(asked), {TOKEN}, "and only who is trusted gets the token")

    def test_failover(self):
        """the second agent answers when the first one is dead, also from the middle of a run on"""
        whole = of_snapshot(DEMO)
        rounds = []

        def dies(handler, body):
            rounds.append(body)
            if len(rounds) > 3:
                handler.connection.shutdown(socket.SHUT_RDWR)
            else:
                whole(handler, body)

        with FakeAgent(dies) as first, FakeAgent(whole) as second:
            centre = self.one([first.url, second.url], "--cache-ttl", "0")
            mine = centre.call("acme", "analyze_system_comprehensive").json["structuredContent"]
            self.assertTrue(first.requests and second.requests, "both had a part in it")
            with FakeAgent(whole) as alone:
                other = self.one(alone.url).call("acme", "analyze_system_comprehensive").json["structuredContent"]
            self.assertEqual(mine["score"], other["score"])
            self.assertEqual([f["id"] for f in mine["findings"]], [f["id"] for f in other["findings"]])
            test = centre.test_agent("acme").json
            self.assertEqual((test["success"], test["agent_url"]), (True, second.url))
            self.assertEqual([a["agent_status"] for a in test["agents"]], ["unreachable", "healthy"])

    def test_one_hangs_others_do_not(self):
        """a tenant whose agent hangs does not keep the others from theirs"""
        with socket.create_server(("127.0.0.1", 0), backlog=64) as silent, FakeAgent(of_snapshot(DEMO)) as good:
            centre = Centre({"bad": tenant(f"http://127.0.0.1:{silent.getsockname()[1]}"), "good": tenant(good.url)},
                            "--cache-ttl", "0", "--workers", "10")
            with centre:
                stuck = [threading.Thread(target=centre.call, args=("bad", "get_large_tables", {"limit": n + 1}))
                         for n in range(30)]
                for t in stuck:
                    t.start()
                # all of these end while those wait: nobody says when the silent one gives up
                for n in range(20):
                    self.assertEqual(centre.call("good", "get_large_tables", {"limit": n + 1}).status, 200)
                self.assertTrue(any(t.is_alive() for t in stuck), "the others were still waiting")
                for t in stuck:
                    t.join()


class Reload(unittest.TestCase):
    """New tenants, switched-off ones and wrong files, while the server runs."""

    maxDiff = None

    def test_added_and_disabled(self):
        """a tenant that is added or switched off is so at once, and the others notice nothing"""
        with FakeAgent(of_snapshot(DEMO)) as agent, Centre({"a": tenant(agent.url)}, "--cache-ttl", "0") as centre:
            self.assertEqual(centre.call("b", "get_disk_usage").json, NOBODY)
            client = Sse(centre.port, centre.headers("a"))
            client.begin()
            both = {"a": tenant(agent.url), "b": tenant(agent.url)}
            self.assertIsNone(centre.change(both))
            self.assertEqual(centre.call("b", "get_disk_usage").status, 200)
            self.assertFalse(client.ask("tools/call", name="get_disk_usage", arguments={}).get("isError"))
            theirs = Sse(centre.port, centre.headers("b"))
            theirs.begin()
            both["a"]["enabled"] = False
            self.assertIsNone(centre.change(both))
            self.assertIsNone(client.event(), "its stream ends")
            status, body = client.post({"jsonrpc": "2.0", "id": 9, "method": "tools/list"})
            self.assertEqual((status, json.loads(body)), (404, NOBODY))
            off, unknown = centre.call("a", "get_disk_usage"), centre.call("nobody", "get_disk_usage")
            self.assertEqual((off.status, off.body), (unknown.status, unknown.body))
            self.assertEqual((off.status, off.json), (404, NOBODY))
            for path in ("/test-agent", "/sse"):
                self.assertEqual(centre.get(path, headers={**centre.headers("a"), "Accept": "text/event-stream"}).json,
                                 NOBODY)
            self.assertFalse(theirs.ask("tools/call", name="get_disk_usage", arguments={}).get("isError"))
            theirs.close()
            client.close()

    def test_bad_file(self):
        """a file with a mistake changes nothing, and the words name file and line and no secret"""
        good = {"a": tenant("http://127.0.0.1:1", name="gut", description="bleibt")}
        files = (("half", '{\n"tenants": {\n', r"tenants\.json: line 3, column 1"),
                 ("a key", config({"a": {**good["a"], "agent_ulr": "x"}}), r"line \d+: .*agent_ulr.*did you mean agent_url"),
                 ("an id", config({"a/b": good["a"]}), "line 3: .*cannot be the id"),
                 ("no token", config({"a": {"agent_url": "http://127.0.0.1:1"}}), 'line 3: .*"agent_token" is missing'),
                 ("two ids", '{"tenants":{"a":%s,\n"a":%s}}' % ((json.dumps(good["a"]),) * 2), 'line 2: duplicate key "a"'),
                 ("a key of two", config({"a": {**good["a"], "api_keys": [KEY]}}), "this key is there already, as that of api-key"))
        keys = "ops " + "o" * 32 + " admin\n"
        centre = Centre(good, "--api-key-file", "keys")
        centre.write("keys", keys)
        with centre:
            ops = {"X-API-Key": "o" * 32}
            for name, text, words in files:
                with self.subTest(name):
                    self.assertRegex(centre.change(text), words)
                    answer = centre.post("/reload-config", {}, headers=ops)
                    self.assertEqual((answer.status, answer.json["error"]), (400, "Configuration not reloaded"))
                    self.assertRegex(answer.json["message"], words)
                    self.assertNotIn(TOKEN, answer.text + centre.err)
                    self.assertEqual(centre.test_agent("a").status, 502, "the last good state stays")
            self.assertIsNone(centre.change(good))

    def test_at_start(self):
        """a server does not begin with a wrong file, nor with what makes no sense beside it"""
        for words, text, say in ((("--http",), "{", "tenants.json: line 1"), (("--stdio",), config({}), "not --stdio"),
                                 (("--http", "--demo"), config({}), "leave --demo"),
                                 (("--http", "-h", "fe1"), config({}), "leave --demo")):
            with tempfile.TemporaryDirectory() as folder:
                (Path(folder) / "tenants.json").write_text(text)
                os.chmod(Path(folder) / "tenants.json", 0o600)
                done = subprocess.run([SRDIAG, "serve", *words, "--tenants", "tenants.json", "--listen", "0"], cwd=folder,
                                      capture_output=True, text=True, env=clean_env(), stdin=subprocess.DEVNULL,
                                      timeout=20)
                self.assertIn(done.returncode, (64, 78), done.stderr)
                self.assertIn(say, done.stderr)

    def test_breaker_outlives(self):
        """what is known of an agent stays known over a reload that does not concern it"""
        with FakeAgent(of_snapshot(DEMO)) as agent:
            centre = Centre({"a": tenant(agent.url)}, "--api-key-file", "keys")
            centre.write("keys", "ops " + "o" * 32 + " admin\n")
            with centre:
                self.assertEqual(centre.call("a", "get_disk_usage").status, 200)
                def look():
                    return centre.get("/admin/tenants", headers={"X-API-Key": "o" * 32}).json["tenants"]

                centre.until(lambda: look()[0]["requests"] == 1, "the request to be counted")
                before = look()[0]
                asked = len(agent.requests)
                self.assertIsNone(centre.change({"new": tenant("http://127.0.0.1:1"), "a": tenant(agent.url)}))
                after = look()
                self.assertEqual([t["tenant_id"] for t in after], ["new", "a"])
                self.assertEqual(after[1], before)
                self.assertEqual((before["status"], before["enabled"], before["calls"]), ("healthy", True, 1))
                self.assertEqual(after[0]["status"], "unknown")
                self.assertEqual(len(agent.requests), asked)


def marked(mark, net):
    """The demo's answers as if they were of another cluster: its hosts, its databases, and tables enough for pages."""
    lines = DEMO.splitlines()
    at = next(n for n, line in enumerate(lines) if '"probe":"table-sizes"' in line)
    head, end = json.loads(lines[at]), json.loads(lines[-1])
    more = [row.replace('"dwd","', f'"dwd","t{n}_') for n in range(60)
            for row in lines[at + 1:at + 1 + head["rows"]] if '"dwd","' in row]
    head["rows"] += len(more)
    end["rows"] += len(more)
    lines[at], lines[-1] = json.dumps(head), json.dumps(end)
    lines[at + 1:at + 1] = more
    text = "\n".join(lines) + "\n"
    text = text.replace("dwd", mark).replace("10.0.1.", net).replace('"cluster":"demo"', f'"cluster":"{mark}_cluster"')
    for word in ("ods", "ads", "dim", "shop"):
        text = re.sub(rf'"{word}(["_.])', rf'"{mark}_{word}\1', text)
    return text


class Isolation(unittest.TestCase):
    """Two tenants with planted words, asking at the same time."""

    MARKS = {"alpha": ("Xalphamark", "10.65.7."), "beta": ("Xbetamark", "10.66.9.")}

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.folder = Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        cls.agents = {}
        for name, (mark, net) in cls.MARKS.items():
            (cls.folder / f"{name}.srd").write_text(marked(mark, net))
            cls.agents[name] = cls.stack.enter_context(Agent(["--input", str(cls.folder / f"{name}.srd")],
                                                             token=name[0] * 64))
        cls.keys = {"alpha": "key-of-alpha-0123456789", "beta": "key-of-beta-0123456789"}
        cls.centre = Centre({name: tenant(agent.url, name[0] * 64, name=f"{name} GmbH", api_keys=[cls.keys[name]],
                                          contact=f"{name}@example.com")
                             for name, agent in cls.agents.items()}, "--cache-ttl", "3600", "--audit-file", "audit",
                            "--api-key-file", "keys")
        cls.centre.write("keys", "ops " + "o" * 32 + " admin\nmeter " + "m" * 32 + " use+metrics alpha\n"
                                 "boss " + "b" * 32 + " admin alpha\n")
        cls.stack.enter_context(cls.centre)

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def other(self, name):
        return "beta" if name == "alpha" else "alpha"

    def secrets(self, name):
        """What only this tenant may see."""
        mark, net = self.MARKS[name]
        return [mark, net, name, self.agents[name].url.rsplit(":", 1)[1] + "/", f":{self.agents[name].port}",
                self.keys[name], name[0] * 64]

    def clean(self, name, text):
        for word in self.secrets(self.other(name)):
            self.assertNotIn(word, text, f"{name} was shown {word}")

    def mcp(self, who, method, /, **params):
        answer = self.centre.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
                                  headers={"X-API-Key": self.keys[who], "MCP-Protocol-Version": "2025-06-18",
                                           "Accept": "application/json, text/event-stream"})
        self.clean(who, answer.text)
        return answer.json.get("result") or answer.json.get("error")

    def test_interleaved(self):
        """whatever two tenants ask in whatever order, nothing of the one is in an answer to the other"""
        tools = self.mcp("alpha", "tools/list")["tools"]
        names = [t["name"] for t in tools if not t["inputSchema"].get("required")]
        takes = {t["name"]: t["inputSchema"]["properties"] for t in tools}
        self.assertGreater(len(names), 15)
        seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        print(f"# SEED={seed}")
        dice = random.Random(seed)
        handles = {"alpha": [], "beta": []}
        cursors = {"alpha": [], "beta": []}
        own = {"alpha": 0, "beta": 0}

        def use(me, name, arguments):
            result = self.mcp(me, "tools/call", name=name, arguments=arguments)
            own[me] += self.MARKS[me][0] in json.dumps(result)
            found = result.get("structuredContent") or {}
            if isinstance(found.get("report"), str):
                handles[me].append(found["report"])
            if name.startswith("get_") and found.get("next_cursor"):
                cursors[me].append((name, arguments, found["next_cursor"]))

        def step(me):
            other = self.other(me)
            kind = dice.randrange(10)
            if kind < 6:
                name = dice.choice(names)
                arguments = dice.choice([{}, {"limit": dice.randrange(1, 4)}, {"limit": 1000}])
                use(me, name, arguments if "limit" in takes[name] else {})
            elif kind == 6 and handles[other]:
                handle = dice.choice(handles[other])
                for result in (self.mcp(me, "tools/call", name="get_evidence", arguments={"report": handle}),):
                    self.assertTrue(result.get("isError"), result)
                self.mcp(me, "resources/read", uri=f"srdiag://report/{handle}")
            elif kind == 7 and cursors[other]:
                name, arguments, cursor = dice.choice(cursors[other])
                result = self.mcp(me, "tools/call", name=name, arguments={**arguments, "cursor": cursor})
                self.assertTrue(result.get("isError"), result)
            elif kind == 8:
                answer = self.centre.call(dice.choice([other, None, "nobody"]), dice.choice(names), key=self.keys[me])
                self.clean(me, answer.text)
                if answer.status != 404:
                    self.assertEqual(answer.status, 200)
            else:
                for method, params in (("resources/list", {}), ("prompts/list", {}),
                                       ("tools/call", {"name": "list_clusters", "arguments": {}}),
                                       ("tools/call", {"name": "get_disk_usage", "arguments": {"cluster": other}}),
                                       ("completion/complete", {"ref": {"type": "ref/prompt", "name": "diagnose"},
                                                                "argument": {"name": "cluster", "value": ""}})):
                    # the name that was asked for is the asker's own word
                    answer = self.centre.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
                                              headers={"X-API-Key": self.keys[me], "MCP-Protocol-Version": "2025-06-18",
                                                       "Accept": "application/json, text/event-stream"})
                    self.clean(me, answer.text.replace(f'\\"{other}\\"', ""))

        for me in own:
            use(me, "get_large_tables", {"limit": 1000})
        for _ in range(250):
            step(dice.choice(("alpha", "beta")))
        for me in own:
            self.assertGreater(own[me], 20, "the words are planted where they show")
            self.assertTrue(handles[me] and cursors[me], "there was something to steal")

    def surfaces(self, me, dice):
        """One question to one of the surfaces beside the tools; its text."""
        other = self.other(me)
        key = {"X-API-Key": self.keys[me]}
        modern = {**key, "MCP-Protocol-Version": "2025-06-18", "Accept": "application/json, text/event-stream"}

        def mcp(method, **params):
            return self.centre.post("/mcp", {"jsonrpc": "2.0", "id": dice.choice([1, "x", 2]), "method": method, "params": params},
                                    headers=modern).text

        def page():
            path = dice.choice(["/", "/health", "/health?deep=1", "/tools", "/openapi.json", "/metrics", "/stats", "/admin/stats",
                                "/admin/connections", "/admin/tenants", "/test-agent", "/nothing", "/sse/x", "/messages",
                                f"/admin/connections/{dice.randrange(50)}", "/messages?sessionId=" + "0" * 32])
            return self.centre.ask(dice.choice(["GET", "GET", "POST", "DELETE", "OPTIONS"]), path, headers=key,
                                   body=dice.choice([None, None, {}])).text

        def prompt():
            got = json.loads(mcp("prompts/list"))["result"]["prompts"]
            chosen = dice.choice(got)
            arguments = {a["name"]: dice.choice(["", "storage", "x", "1"]) for a in chosen.get("arguments", [])}
            done = [mcp("completion/complete", ref={"type": "ref/prompt", "name": chosen["name"]},
                        argument={"name": name, "value": dice.choice(["", "a", "X", "b"])}) for name in arguments]
            return mcp("prompts/get", name=chosen["name"], arguments=arguments) + "".join(done)

        def resource():
            text = mcp("resources/list") + mcp("resources/templates/list")
            uris = re.findall(r'"uri(?:Template)?":"([^"]+)"', text)
            uri = re.sub(r"\{[^}]*\}", dice.choice(["default", "x", "1", ""]), dice.choice(uris)) if uris else "srdiag://x"
            return text + mcp("resources/read", uri=uri) + \
                mcp("completion/complete", ref={"type": "ref/resource", "uri": uri}, argument={"name": "report", "value": ""})

        def mistake():
            body = dice.choice([b"{", b"[]", b'{"jsonrpc":"2.0","id":1}', b'[{"jsonrpc":"2.0"}]', b"\xff", b'"x"', b"{}" * 9])
            return self.centre.ask("POST", dice.choice(["/mcp", "/call-tool", "/messages", "/reload-config"]), body,
                                   {**modern, "Content-Type": "application/json"}).text

        def wrong_call():
            name = dice.choice(["get_large_tables", "get_evidence", "no_such_tool", "check_load_job_status", "list_clusters"])
            arguments = dice.choice([{"limit": "x"}, {"limit": -1}, {"cursor": "AAAA"}, {"report": "AAAA"}, {"label": 5}, {"hours": 1e9},
                                     {"cluster": "nobody"}, {"x": 1}])
            return mcp("tools/call", name=name, arguments=arguments) + self.centre.call(None, name, arguments, key=self.keys[me]).text

        def stream():
            client = Sse(self.centre.port, key)
            try:
                heard = [json.dumps(client.begin()), json.dumps(client.ask("logging/setLevel", level="debug"))]
                client.sent += 1
                client.post({"jsonrpc": "2.0", "id": client.sent, "method": "tools/call",
                             "params": {"name": dice.choice(["analyze_storage_health", "get_disk_usage"]), "arguments": {},
                                        "_meta": {"progressToken": 1}}})
                client.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": client.sent + dice.randrange(1, 9)}})
                while True:
                    _, data = client.event()
                    heard.append(data)
                    if json.loads(data).get("id") == client.sent:
                        return "".join(heard)
            finally:
                client.close()

        def borrowed():
            """of the other: its id, as a header and as an argument; the words asked with are the asker's own"""
            text = self.centre.get(dice.choice(["/test-agent", "/tools", "/sse"]), headers={**key, "X-Tenant-ID": other}).text
            return text + mcp("tools/call", name="get_disk_usage", arguments={"cluster": other}).replace(f'\\"{other}\\"', "")

        return dice.choice([page, page, prompt, resource, mistake, wrong_call, wrong_call, borrowed, stream])()

    def test_surfaces(self):
        """nor in pages, prompts, completions, resources, the OpenAPI text, errors, progress and messages of the log"""
        seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        print(f"# SEED={seed}")
        dice = random.Random(seed)
        said = {"alpha": 0, "beta": 0}
        for me in said:  # what there is to tell is known and kept
            for tool in ("analyze_system_comprehensive", "get_disk_usage", "get_large_tables"):
                self.centre.call(None, tool, key=self.keys[me])
        for n in range(200):
            me = dice.choice(("alpha", "beta"))
            text = self.surfaces(me, dice)
            self.clean(me, text)
            said[me] += self.MARKS[me][0] in text or self.MARKS[me][1] in text
        self.assertTrue(all(said.values()), "something of their own was told")

    def test_at_the_same_time(self):
        """eight threads of two tenants ask the same questions at the same moments, caches warm and cold"""
        wrong = []

        def user(me, seed):
            dice = random.Random(seed)
            for _ in range(25):
                name = dice.choice(["analyze_storage_health", "get_large_tables", "analyze_system_comprehensive"])
                arguments = {"limit": dice.randrange(1, 6)} if name == "get_large_tables" else {}
                text = self.centre.call(None, name, arguments, key=self.keys[me]).text
                if any(word in text for word in self.secrets(self.other(me))) or self.MARKS[me][0] not in text and \
                        name != "analyze_storage_health":
                    wrong.append((me, name, text[:500]))

        at_once([partial(user, ("alpha", "beta")[n % 2], n) for n in range(8)])
        self.assertEqual(wrong, [])

    def test_errors(self):
        """an error of one names nothing of the other, also when both agents are gone"""
        centre = Centre({"alpha": tenant("http://127.0.0.1:2", "a" * 64, api_keys=[self.keys["alpha"]]),
                         "beta": tenant("http://127.0.0.1:3", "b" * 64, api_keys=[self.keys["beta"]])})
        with centre:
            for n in range(6):
                me = ("alpha", "beta")[n % 2]
                other = self.other(me)
                for answer in (centre.call(None, "get_disk_usage", key=self.keys[me]),
                               centre.test_agent(None, key=self.keys[me]),
                               centre.call(other, "get_disk_usage", key=self.keys[me])):
                    for word in (other, f":{3 if me == 'alpha' else 2}", other[0] * 64, self.keys[other]):
                        self.assertNotIn(word, answer.text)

    def test_pages(self):
        """pages about the whole server are for keys of all tenants only"""
        for path in ("/metrics", "/stats", "/admin/stats", "/admin/connections", "/admin/tenants"):
            for key in (self.keys["alpha"], KEY, "m" * 32, "b" * 32):
                answer = self.centre.get(path, headers={"X-API-Key": key})
                self.assertEqual(answer.status, 403, (path, key))
            self.assertEqual(self.centre.get(path, headers={"X-API-Key": "o" * 32}).status, 200, path)
        self.assertEqual(self.centre.post("/reload-config", {}, headers={"X-API-Key": "b" * 32}).status, 403)
        for deep in "", "?deep=1":
            text = self.centre.get("/health" + deep, headers={"X-Tenant-ID": "alpha"}).text
            for word in self.secrets("alpha") + self.secrets("beta"):
                self.assertNotIn(word, text)

    def test_cancelled_by_another(self):
        """with one key for all tenants, behind one proxy, nobody cancels the call of another by its number"""
        begun, go_on = threading.Event(), threading.Event()
        whole = of_snapshot(DEMO)

        def slow(handler, body):
            if b"table-sizes" in body:
                begun.set()
                go_on.wait(30)
            whole(handler, body)

        with FakeAgent(slow) as agent, FakeAgent(whole) as other, \
                Centre({"alpha": tenant(agent.url), "beta": tenant(other.url)}, "--cache-ttl", "0") as centre:
            def post(name, message):
                return centre.post("/mcp", message, headers={**centre.headers(name), "MCP-Protocol-Version": "2025-06-18",
                                                             "Accept": "application/json, text/event-stream"})

            answers = []
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_large_tables", "arguments": {}}}
            user = threading.Thread(target=lambda: answers.append(post("alpha", call)))
            user.start()
            try:
                self.assertTrue(begun.wait(30))
                self.assertEqual(post("beta", {"jsonrpc": "2.0", "method": "notifications/cancelled",
                                               "params": {"requestId": 1}}).status, 202)
            finally:
                go_on.set()
                user.join()
            self.assertEqual(answers[0].status, 200, "it was not for beta to end it")
            self.assertFalse(answers[0].json["result"].get("isError"), answers[0])

    def test_streams_of_another(self):
        """a tenant who opens streams without end leaves the others their connections, though all come from one address"""
        with FakeAgent(of_snapshot(DEMO)) as agent, \
                Centre({name: tenant(agent.url) for name in ("alpha", "beta", "gamma", "delta")},
                       "--max-connections", "120") as centre:
            held = []
            try:
                while not held or held[-1].status == 200:
                    self.assertLess(len(held), 100)
                    held.append(Sse(centre.port, centre.headers("alpha")))
                refused = held.pop()
                self.assertEqual((refused.status, len(held)), (503, 30))
                self.assertEqual(json.loads(refused.body)["error"], "Server at capacity")
                self.assertEqual(centre.call("alpha", "get_disk_usage").status, 503)
                for name in "beta", "gamma", "delta":
                    self.assertEqual(centre.call(name, "get_disk_usage").status, 200)
                held.pop().close()
                centre.until(lambda: centre.call("alpha", "get_disk_usage").status == 200, "room for one more")
            finally:
                for client in held:
                    client.close()

    def test_handles_of_another(self):
        """a report or a cursor is of its tenant alone, also for the holder of a key of both"""
        def mcp(name, tool, **arguments):
            return self.centre.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                                             "params": {"name": tool, "arguments": arguments}},
                                    headers={**self.centre.headers(name), "MCP-Protocol-Version": "2025-06-18",
                                             "Accept": "application/json, text/event-stream"}).json["result"]

        report = mcp("alpha", "analyze_storage_health")["structuredContent"]["report"]
        cursor = mcp("alpha", "get_large_tables", limit=1000)["structuredContent"]["next_cursor"]
        finding = mcp("alpha", "get_evidence", report=report)
        self.assertFalse(finding.get("isError"), finding)
        self.assertFalse(mcp("alpha", "get_large_tables", limit=1000, cursor=cursor).get("isError"))
        for result in mcp("beta", "get_evidence", report=report), mcp("beta", "get_large_tables", limit=1000, cursor=cursor):
            self.assertTrue(result.get("isError"), result)
            self.clean("beta", json.dumps(result).replace(report, ""))

    def test_rate_of_another(self):
        """tenants whose keys have one name, or who share one key behind one proxy, do not use up each other's rate"""
        with FakeAgent(of_snapshot(DEMO)) as agent, \
                Centre({name: tenant(agent.url, api_keys=[{"name": "gemini", "key": f"key-of-{name}-0123456789"}])
                        for name in ("alpha", "beta")}, "--rate-limit", "5/3600", env={"RATE_LIMIT": "5/3600"}) as centre:
            for key in "key-of-{}-0123456789", KEY:
                with self.subTest(key):
                    seen = {name: [centre.call(name, "get_disk_usage", key=key.format(name)).status for _ in range(7)]
                            for name in ("alpha", "beta")}
                    self.assertEqual(seen, {name: [200] * 5 + [429] * 2 for name in seen})

    def test_session_of_another(self):
        """an SSE session is its tenant's: another's key, or another tenant of the same key, does not find it"""
        client = Sse(self.centre.port, {"X-API-Key": KEY, "X-Tenant-ID": "alpha"})
        client.begin()
        ping = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
        for headers in ({"X-API-Key": self.keys["beta"]}, {"X-API-Key": self.keys["alpha"]},
                        {"X-API-Key": KEY, "X-Tenant-ID": "beta"}):
            self.assertEqual(client.post(ping, headers)[0], 404)
        self.assertEqual(client.post(ping)[0], 202)
        client.close()

    def test_books(self):
        """the audit names the tenant of each call, and the accounts of the two add up"""
        def look():
            got = self.centre.get("/admin/tenants", headers={"X-API-Key": "o" * 32}).json["tenants"]
            return {t["tenant_id"]: t for t in got}

        def settled():
            one, two = look(), look()
            return one == two and not self.centre.get("/stats", headers={"X-API-Key": "o" * 32}).json["active_requests"] > 1

        self.centre.until(settled, "earlier requests to be counted")
        before = look()
        self.centre.call(None, "get_disk_usage", key=self.keys["alpha"])
        self.centre.call(None, "no_such_tool", key=self.keys["beta"])
        grown = {"alpha": 1, "beta": 1}
        self.centre.until(lambda: {n: look()[n]["requests"] - before[n]["requests"] for n in grown} == grown,
                          "one request of each")
        after = look()
        stats = self.centre.get("/admin/stats", headers={"X-API-Key": "o" * 32}).json
        self.assertEqual({t["tenant_id"] for t in stats["tenants"]}, {"alpha", "beta"})
        for t in stats["tenants"]:
            self.assertEqual(t["requests"], after[t["tenant_id"]]["requests"])
        lines = (self.centre.folder / "audit").read_text()
        self.assertRegex(lines, "tenant=alpha")
        for name in self.keys:
            self.assertNotIn(self.keys[name], lines + self.centre.err)
            self.assertNotIn(name[0] * 64, lines + self.centre.err)


class Command(unittest.TestCase):
    """srdiag tenant"""

    GUIDE = """{
  "tenants": {
    "company_abc": {
      "name": "ABC 公司",
      "agent_url": "http://127.0.0.1:8080",   "agent_token": "a1b2c3d4e5f6a7b8",
      "x-crm":   {"id": 1.50e+2},
      "enabled": true
    },
\t"company_xyz": {"agent_url": "https://x:1", "agent_token": "xyz789tokenxyz789", "description": "\\u4f60\\u597d"}
  }
}
"""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = Path(self.folder.name) / "tenants-config.json"

    def run_it(self, *words, env=None, status=0):
        done = subprocess.run([SRDIAG, "tenant", *words], capture_output=True, text=True, timeout=60, cwd=self.folder.name,
                              env=clean_env(TENANTS_CONFIG=self.file, **(env or {})), stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def write(self, text, mode=0o640):
        self.file.write_text(text)
        self.file.chmod(mode)

    def test_bytes(self):
        """what is not named stays as its owner wrote it, to the byte"""
        self.write(self.GUIDE)
        self.run_it("disable", "company_abc")
        self.assertEqual(self.file.read_text(), self.GUIDE.replace('"enabled": true', '"enabled": false'))
        self.run_it("enable", "company_abc")
        self.assertEqual(self.file.read_text(), self.GUIDE)
        self.run_it("disable", "company_xyz")
        self.assertEqual(self.file.read_text(), self.GUIDE.replace('\\u597d"}', '\\u597d", "enabled": false}'))
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o640)

    def test_add(self):
        """a tenant is added with its agent's token, or with one that is made and shown once"""
        done = self.run_it("add", "acme", "--agent-url", "https://a:8080", "--name", "ACME 公司", "--with-key",
                           "--contact", "dba@acme.example")
        made = dict(line.split("=") for line in done.stdout.split())
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        text = self.file.read_text()
        acme = json.loads(text)["tenants"]["acme"]
        self.assertEqual((acme["name"], acme["agent_token"], acme["enabled"]),
                         ("ACME 公司", made["AGENT_TOKEN"], True))
        self.assertNotIn(made["API_KEY"], text)
        self.assertNotIn(made["AGENT_TOKEN"], done.stderr)
        done = self.run_it("add", "b", "--agent-url", "https://b:1,https://b:2", env={"AGENT_TOKEN": TOKEN})
        self.assertEqual(done.stdout, "")
        b = json.loads(self.file.read_text())["tenants"]["b"]
        self.assertEqual((b["agent_urls"], b["agent_token"]), (["https://b:1", "https://b:2"], TOKEN))
        self.assertTrue(self.file.read_text().startswith(text[:text.rindex("    }")]), "the first stays as it was")
        listed = json.loads(self.run_it("list", "-o", "json").stdout)
        self.assertEqual([row["id"] for row in listed["items"]], ["acme", "b"])
        self.assertNotIn(TOKEN, self.run_it("list", "-o", "json").stdout)
        centre = Centre(self.file.read_text())
        with centre:
            self.assertEqual(centre.call(None, "get_disk_usage", key=made["API_KEY"]).json["tenant"], "acme")

    def test_refused(self):
        """what a server would refuse is not written, and what is wrong already is not changed"""
        self.write(self.GUIDE)
        for words, status, say in ((("add", "a/b", "--agent-url", "https://a"), 64, "a tenant is named by"),
                                   (("add", "a"), 64, "wants --agent-url"),
                                   (("add", "a", "--agent-url", "ftp://a"), 78, "http://"),
                                   (("add", "company_abc", "--agent-url", "https://a"), 64, "already"),
                                   (("disable", "company_acb"), 64, 'did you mean "company_abc"'),
                                   (("rotate", "company_abc", "--finish"), 64, "no previous token"),
                                   (("disabel", "company_abc"), 64, 'did you mean "disable"'),
                                   (("list", "x"), 64, "no ID"), (("enable",), 64, "wants the ID"),
                                   (("enable", "company_abc", "--name", "x"), 64, "tenant add")):
            done = self.run_it(*words, status=status)
            self.assertIn(say, done.stderr, words)
            self.assertEqual(self.file.read_text(), self.GUIDE)
        done = self.run_it("rotate", "company_abc", env={"AGENT_TOKEN": "a1b2c3d4e5f6a7b8"}, status=64)
        self.assertIn("already", done.stderr)
        broken = self.GUIDE.replace('"enabled"', '"enabeld"')
        self.write(broken)
        done = self.run_it("disable", "company_abc", status=78)
        self.assertRegex(done.stderr, r"tenants-config\.json line 7: .*did you mean enabled")
        self.assertEqual(self.file.read_text(), broken)
        self.write(self.GUIDE, 0o666)
        self.assertIn("not trusted", self.run_it("disable", "company_abc", status=78).stderr)

    def test_together(self):
        """twenty that change the file at the same time lose nothing, and a link stays a link"""
        self.write(self.GUIDE)
        real = self.file.with_name("real.json")
        self.file.rename(real)
        self.file.symlink_to(real.name)
        runs = [subprocess.Popen([SRDIAG, "tenant", "add", f"t{n}", "--agent-url", "https://a"], cwd=self.folder.name,
                                 env=clean_env(TENANTS_CONFIG=self.file), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for n in range(20)]
        self.assertEqual([run.wait(60) for run in runs], [0] * 20)
        self.assertTrue(self.file.is_symlink())
        self.assertEqual(set(json.loads(real.read_text())["tenants"]),
                         {"company_abc", "company_xyz", *(f"t{n}" for n in range(20))})
        self.assertEqual(sorted(p.name for p in Path(self.folder.name).iterdir()), ["real.json", "tenants-config.json"])

    def test_full_disk(self):
        """a disk without room loses nothing"""
        self.write(self.GUIDE)
        done = subprocess.run(["bash", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "bash", SRDIAG, "tenant", "disable",
                               "company_abc"], capture_output=True, text=True, cwd=self.folder.name,
                              env=clean_env(TENANTS_CONFIG=self.file))
        self.assertEqual(done.returncode, 74, done.stderr)
        self.assertEqual(self.file.read_text(), self.GUIDE)
        self.assertEqual(len(list(Path(self.folder.name).iterdir())), 1)

    def test_test(self):
        """test asks the agents of all who are enabled, or of one, and its exit status says how they are"""
        with FakeAgent(of_snapshot(DEMO)) as agent:
            self.write(config({"good": tenant(agent.url), "off": tenant("http://127.0.0.1:1", enabled=False)}), 0o600)
            rows = json.loads(self.run_it("test", "-o", "json").stdout)["items"]
            self.assertEqual([(r["tenant"], r["agent"], r["status"], r["database_version"], r["agent_version"]) for r in rows],
                             [("good", agent.url, "healthy", "3.5.7-c4e20d9", "0.1.0")])
            rows = json.loads(self.run_it("test", "off", "-o", "json", status=2).stdout)["items"]
            self.assertEqual((rows[0]["status"], rows[0]["database_version"]), ("unreachable", None))
            self.run_it("test", "nobody", status=64)


if __name__ == "__main__":
    tap.main()
