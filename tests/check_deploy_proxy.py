#!/usr/bin/env python3
"""Does deploy/nginx lead every request to the right replica, over TLS, with event streams as they come?

Three servers and nginx as plain processes, with the configuration as it is but for ports and file names. With
servers of tenants, agents and a simulator behind them, replicas come and go under load.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import socket
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import tap
from check_agent import Agent, agent_of
from check_tenants import Centre, config, tenant
from cluster import Cluster
from serving import ROOT, Server, clean_env

PATH = os.environ["PATH"] + f":/usr/sbin:{ROOT}/build/tools/usr/sbin"
NGINX = shutil.which("nginx", path=PATH)
KEY = {"X-API-Key": "k" * 32}
SECRET = "# of all replicas\n" + "5e" * 32 + "\n"
ACCEPT = {"Accept": "application/json, text/event-stream"}


def free_ports(n):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Stream:
    """An event stream over TLS, read line by line as it comes."""

    def __init__(self, proxy, path, headers):
        self.connection = proxy.connection()
        self.connection.request("GET", path, headers={"Host": "mcp.example.com", **headers})
        self.answer = self.connection.getresponse()
        self.status, self.headers = self.answer.status, self.answer.headers

    def line(self):
        try:
            return self.answer.readline()
        except (OSError, http.client.HTTPException):
            return b""

    def event(self):
        """The data of the next event, without waiting for more than that."""
        data = []
        while line := self.line():
            line = line.decode().rstrip("\r\n")
            if line.startswith("data: "):
                data.append(line[6:])
            elif not line and data:
                return "\n".join(data)
        raise AssertionError("the stream ended")

    def close(self):
        self.answer.close()
        self.connection.close()


def modern(method, target=None, token=None, **params):
    """A request of the revision of 2026, and its headers."""
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    if token is not None:
        meta["progressToken"] = token
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
    target = target or params.get("name")
    return body, {**ACCEPT, "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, **({"Mcp-Name": target} if target else {})}


class Connection(http.client.HTTPSConnection):
    """To the proxy, whose name is not that of its address."""

    def connect(self):
        self.sock = self._context.wrap_socket(socket.create_connection((self.host, self.port), timeout=self.timeout),
                                              server_hostname="mcp.example.com")


class Proxy:
    def __init__(self, servers):
        self.folder = Path(tempfile.mkdtemp(prefix="srdiag-nginx-"))
        self.servers = servers
        self.plain, self.tls = free_ports(2)
        run = lambda *words: subprocess.run(words, check=True, capture_output=True, cwd=self.folder)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=mcp.example.com",
            "-addext", "subjectAltName=DNS:mcp.example.com", "-keyout", "privkey.pem", "-out", "fullchain.pem")
        self.context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        (self.folder / "srdiag.conf").write_text(self.adapted())
        temp = "".join(f"    {what}_temp_path {self.folder}/{what};\n"
                       for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(
            f"daemon off;\nmaster_process on;\nworker_processes 2;\npid {self.folder}/pid;\n"
            f"{'user root;' if os.geteuid() == 0 else ''}\nerror_log {self.folder}/error.log;\n"
            f"events {{}}\nhttp {{\n    log_format tries '$upstream_addr';\n    access_log {self.folder}/tries tries;\n{temp}    include {self.folder}/srdiag.conf;\n}}\n")
        self.process = subprocess.Popen([NGINX, "-e", f"{self.folder}/error.log", "-p", self.folder,
                                         "-c", f"{self.folder}/nginx.conf"], env=clean_env(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        Server.until(self.answers, "nginx")

    def adapted(self):
        """The configuration with the ports and files of this test, and nothing else changed."""
        text = (ROOT / "deploy/nginx/srdiag.conf").read_text()
        for server, port in zip(self.servers, (3001, 3002, 3003)):
            text = text.replace(f":{port}", f":{server.port}")
        text = text.replace("/etc/ssl/srdiag", str(self.folder)).replace("listen 80;", f"listen 127.0.0.1:{self.plain};")
        text = text.replace("listen 443 ", f"listen 127.0.0.1:{self.tls} ").replace("rate=20r/s", "rate=1000000r/s")
        return re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.M)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"nginx ended: {(self.folder / 'error.log').read_text()}")
        try:
            socket.create_connection(("127.0.0.1", self.tls), timeout=1).close()
            return True
        except OSError:
            return False

    def close(self):
        with contextlib.ExitStack() as stack:  # all of them, also when one has something to complain about
            stack.callback(shutil.rmtree, self.folder)
            for server in self.servers:
                stack.callback(server.__exit__, None)
            self.process.terminate()
            self.process.wait(20)

    def connection(self):
        return Connection("127.0.0.1", self.tls, timeout=60, context=self.context)

    def ask(self, method, path, body=None, headers=KEY):
        c = self.connection()
        headers = {"Host": "mcp.example.com", "Content-Type": "application/json", **headers}
        c.request(method, path, None if body is None else json.dumps(body), headers)
        answer = c.getresponse()
        data = answer.read()
        c.close()
        return answer.status, answer.headers, data

    def passed_on(self):
        """How many requests nginx gave to another replica when the first had failed."""
        return sum("," in line for line in (self.folder / "tries").read_text().splitlines())

    def asked(self, word):
        """How many requests with @word each replica had."""
        return [(s.folder / "access.log").read_text().count(word) if (s.folder / "access.log").exists() else 0
                for s in self.servers]


@unittest.skipUnless(NGINX, "nginx is not installed")
class Nginx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.proxy = Proxy([Server("--http", "--sse", "--demo", "--allow-host", "mcp.example.com", "--rate-limit", "0",
                                  "--log-file", "access.log", "--replica-secret-file", "replica-secret",
                                  files={"replica-secret": SECRET}, env={"API_KEY": KEY["X-API-Key"]}).start()
                           for _ in range(3)])

    @classmethod
    def tearDownClass(cls):
        cls.proxy.close()

    def test_tls(self):
        """It answers over TLS, and a key sent in clear is not led on"""
        status, headers, body = self.proxy.ask("GET", "/health")
        self.assertEqual((status, json.loads(body)["status"]), (200, "healthy"))
        self.assertIn("max-age", headers["Strict-Transport-Security"])
        c = http.client.HTTPConnection("127.0.0.1", self.proxy.plain, timeout=10)
        c.request("GET", "/tools", headers={"Host": "mcp.example.com", **KEY})
        self.assertEqual(c.getresponse().status, 403)
        c.close()

    def test_keys(self):
        """The replicas' own guards are behind it"""
        self.assertEqual(self.proxy.ask("GET", "/tools", headers={})[0], 401)
        self.assertEqual(self.proxy.ask("GET", "/tools")[0], 200)

    def test_inside_only(self):
        """What speaks of one replica is not to be had from outside"""
        for method, path in (("GET", "/metrics"), ("GET", "/stats"), ("GET", "/admin/stats"), ("POST", "/reload-config"),
                             ("GET", "/admin/connections")):
            self.assertEqual(self.proxy.ask(method, path)[0], 404, path)

    def spread(self, word, ask, n=30):
        """How many of @n requests each replica got."""
        before = self.proxy.asked(word)
        for _ in range(n):
            status, _, body = ask()
            self.assertEqual(status, 200, body)
        Server.until(lambda: sum(self.proxy.asked(word)) >= sum(before) + n, "the lines about them")
        return [now - then for now, then in zip(self.proxy.asked(word), before)]

    def test_least_connections(self):
        """Requests of today's clients and of REST are spread over all replicas"""
        body, headers = modern("tools/list")
        for word, ask in (("/tools", lambda: self.proxy.ask("GET", "/tools")),
                          ("/mcp", lambda: self.proxy.ask("POST", "/mcp", body, {**KEY, **headers})),
                          ("/call-tool", lambda: self.proxy.ask("POST", "/call-tool", {"tool": "list_clusters", "arguments": {}}))):
            counts = self.spread(word, ask)
            self.assertTrue(all(counts), (word, counts))

    def test_older_clients(self):
        """A client that says in a request of its own that another is cancelled stays with one replica"""
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        for version in ({"MCP-Protocol-Version": "2025-11-25"}, {"MCP-Protocol-Version": "2025-06-18"}, {}):
            counts = self.spread("/mcp", lambda: self.proxy.ask("POST", "/mcp", body, {**KEY, **ACCEPT, **version}), 12)
            self.assertEqual(sorted(counts), [0, 0, 12])

    def test_reports(self):
        """Any replica shows the report that another made, and says when it had to be made again"""
        again = 0
        for turn in range(12):
            status, _, body = self.proxy.ask("POST", "/call-tool", {"tool": "analyze_storage_health", "arguments": {}})
            self.assertEqual(status, 200)
            report = json.loads(body)["structuredContent"]["report"]
            status, _, body = self.proxy.ask("POST", "/call-tool", {"tool": "get_evidence", "arguments": {"report": report}})
            self.assertEqual((status, json.loads(body).get("isError", False)), (200, False), f"turn {turn}: {body[:300]}")
            again += "taken_again_at" in json.loads(body)["structuredContent"]
            ask, headers = modern("resources/read", f"srdiag://report/{report}", uri=f"srdiag://report/{report}")
            status, _, body = self.proxy.ask("POST", "/mcp", ask, {**KEY, **headers})
            self.assertIn(b"contents", body, f"turn {turn}")
        self.assertGreater(again, 0)

    def test_mcp(self):
        """A call over /mcp is answered, whether as one object or as events"""
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": "get_disk_usage", "arguments": {}, "_meta": {"progressToken": 1}}}
        status, headers, data = self.proxy.ask("POST", "/mcp", body, {**KEY, "Accept": "application/json, text/event-stream"})
        self.assertEqual(status, 200, data)
        self.assertIn(b'"rows"', data)

    def session(self):
        stream = Stream(self.proxy, "/sse", KEY)
        self.addCleanup(stream.close)
        self.assertEqual((stream.status, stream.headers.get_content_type()), (200, "text/event-stream"))
        return stream, stream.event()

    def test_sessions(self):
        """Sessions of /sse stay with their replicas, whichever those are, and events come one by one"""
        replicas = set()
        sessions = [self.session() for _ in range(9)]
        for i, (_, where) in enumerate(sessions):
            found = re.fullmatch(r"/messages\?replica=(r[123])&sessionId=[\w-]{20,}", where)
            self.assertTrue(found, where)
            replicas.add(found[1])
            hello = {"jsonrpc": "2.0", "id": i, "method": "initialize", "params": {
                "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}
            status, _, body = self.proxy.ask("POST", where, hello)
            self.assertEqual(status, 202, body)
        for i, (stream, _) in enumerate(sessions):  # all are open, and each has its own answer
            self.assertEqual(json.loads(stream.event())["id"], i)
        self.assertEqual(replicas, {"r1", "r2", "r3"})

    def test_no_way_elsewhere(self):
        """A message leads to no replica but one of the list"""
        _, where = self.session()
        bare = re.sub(r"replica=\w+&", "", where)
        for path in (bare, where.replace("replica=r", "replica=x"), "/messages?replica=127.0.0.1:1&sessionId=x",
                     where.replace("replica=", "replica=none&replicas=")):
            self.assertEqual(self.proxy.ask("POST", path, {})[0], 404, path)


# ---- replicas come and go ----


class Load:
    """Clients in threads; each request may be repeated once, and what fails then is a failure."""

    def __init__(self, proxy, keys):
        self.proxy, self.keys = proxy, keys  # changed while they run
        self.lock, self.over = threading.Lock(), threading.Event()
        self.asked = self.retried = self.again = self.refused = 0
        self.failed, self.reasons, self.threads, self.rounds = [], set(), [], []
        self.shown = {}  # of each tenant: the last cursor and the last report it got

    def add(self, client, who):
        number = len(self.rounds)
        self.rounds.append(0)

        def run():
            c = Client(self, who)
            try:
                while not self.over.is_set():
                    client(c)
                    self.rounds[number] += 1
            except Exception as e:  # an answer that is wrong, or none
                with self.lock:
                    self.failed.append(f"{client.__name__} of {who}: {e!r}")
            finally:
                c.connection.close()
        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def go_on(self, n):
        """Until each has done @n more."""
        until = [was + n for was in self.rounds]
        Server.until(lambda: self.failed or all(now >= least for now, least in zip(self.rounds, until)), "the clients", 120)
        if self.failed:
            raise AssertionError("\n".join(self.failed))

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(120)


class Client:
    def __init__(self, load, who):
        self.load, self.who = load, who
        self.connection = load.proxy.connection()

    def once(self, method, path, body, headers):
        self.connection.request(method, path, None if body is None else json.dumps(body),
                                {"Host": "mcp.example.com", "Content-Type": "application/json", **headers})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status in (502, 503, 504):
            raise OSError(f"{answer.status}: {data[:200]}")
        if answer.status != 200:
            raise AssertionError(f"{method} {path}: {answer.status}: {data[:300]}")
        if answer.headers.get_content_type() != "text/event-stream":
            return json.loads(data)
        said = [json.loads(line[6:]) for line in data.decode().splitlines() if line.startswith("data: ")]
        if not said or "id" not in said[-1]:
            raise OSError("the stream ended before the answer")
        return said[-1]

    def ask(self, method, path, body=None, headers=()):
        key = self.load.keys[self.who]
        headers = {"X-API-Key": key, "X-Tenant-ID": self.who, **dict(headers)}
        with self.load.lock:
            self.load.asked += 1
        try:
            return self.once(method, path, body, headers)
        except (OSError, http.client.HTTPException) as e:
            with self.load.lock:
                self.load.retried += 1
                self.load.reasons.add(repr(e))
            self.connection.close()
            self.connection = self.load.proxy.connection()
            return self.once(method, path, body, headers)

    def result(self, answer):
        if "error" in answer or answer.get("isError"):
            raise AssertionError(json.dumps(answer)[:500])
        content = answer.get("structuredContent", {})
        if "taken_again_at" in content:
            with self.load.lock:
                self.load.again += 1
        return content

    def mcp(self, method, target=None, token=None, **params):
        body, headers = modern(method, target, token, **params)
        answer = self.ask("POST", "/mcp", body, headers)
        if "result" not in answer:
            raise AssertionError(json.dumps(answer)[:500])
        return answer["result"]

    def call(self, tool, token=None, **arguments):
        return self.result(self.mcp("tools/call", token=token, name=tool, arguments=arguments))

    def rest(self, tool, **arguments):
        return self.result(self.ask("POST", "/call-tool", {"tool": tool, "arguments": arguments}))


def reads_pages(client):
    """Every row once, whoever gives the pages."""
    page = client.call("get_load_jobs", limit=200)
    client.load.shown["get_load_jobs", client.who] = {"limit": 200, "cursor": page["next_cursor"]}
    rows = page["rows"]
    while page["truncated"]:
        page = client.call("get_load_jobs", limit=200, cursor=page["next_cursor"])
        rows += page["rows"]
    if len(rows) != page["row_count"] or len({row["id"] for row in rows}) != len(rows):
        raise AssertionError(f"{len(rows)} rows of {page['row_count']}")


def reads_evidence(client):
    report = client.rest("analyze_storage_health")["report"]
    client.load.shown["get_evidence", client.who] = {"report": report}
    page = client.call("get_evidence", report=report)
    while page["truncated"]:
        page = client.rest("get_evidence", report=report, cursor=page["next_cursor"])
    client.mcp("resources/read", f"srdiag://report/{report}", uri=f"srdiag://report/{report}")


def steals(client):
    """What another tenant was given is good for nothing, in whichever replica."""
    other = "globex" if client.who == "acme" else "acme"
    for tool in "get_load_jobs", "get_evidence":
        arguments = client.load.shown.get((tool, other))
        if arguments:
            result = client.mcp("tools/call", name=tool, arguments=arguments)
            if not result.get("isError") or "structuredContent" in result:
                raise AssertionError(f"{tool}: {json.dumps(result)[:300]}")
            client.load.refused += 1


def asks_this_and_that(client):
    client.mcp("server/discover")
    client.mcp("tools/list")
    client.mcp("resources/list")
    client.call("get_disk_usage")
    client.rest("list_clusters")
    client.call("analyze_system_comprehensive", token="p")  # as a stream of events
    for path in "/tools", "/health", "/test-agent":
        client.ask("GET", path)


class Session:
    """A client of the old transport."""

    def __init__(self, proxy, who, key):
        self.proxy, self.headers, self.sent = proxy, {"X-API-Key": key, "X-Tenant-ID": who}, 0
        self.stream = Stream(proxy, "/sse", self.headers)
        self.where = self.stream.event()
        self.replica = int(re.fullmatch(r"/messages\?replica=r([123])&sessionId=[\w-]{20,}", self.where)[1]) - 1
        self.ask("initialize", protocolVersion="2024-11-05", capabilities={}, clientInfo={"name": "t", "version": "1"})

    def ask(self, method, **params):
        self.sent += 1
        status, _, body = self.proxy.ask("POST", self.where, {"jsonrpc": "2.0", "id": self.sent, "method": method,
                                                              "params": params}, self.headers)
        if status != 202:
            raise AssertionError(f"{status}: {body[:300]}")
        while (said := json.loads(self.stream.event())).get("id") != self.sent:
            pass
        return said["result"]

    def call(self, tool):
        result = self.ask("tools/call", name=tool, arguments={})
        if result.get("isError"):
            raise AssertionError(json.dumps(result)[:300])


@unittest.skipUnless(NGINX, "nginx is not installed")
class Replicas(unittest.TestCase):
    """Three replicas of a server of tenants, whose agents have a simulator and a file behind them."""

    def setUp(self):
        cluster = self.enterContext(Cluster("load-night", "--line", "3.5"))
        tokens = self.enterContext(tempfile.TemporaryDirectory()) + "/token"
        Path(tokens).write_text("1" * 64 + "\n" + "2" * 64 + "\n")
        Path(tokens).chmod(0o600)
        self.agents = {"acme": self.enterContext(agent_of(cluster, token="a" * 64)),
                       "globex": self.enterContext(Agent(["--input", str(ROOT / "tests/snapshots/demo.srd")], "--token-file",
                                                         tokens, token=None))}
        self.ports = free_ports(3)
        self.servers = []
        for port in self.ports:
            server = Centre(self.tenants("1" * 64), "--listen", f"127.0.0.1:{port}", "--api-key-file", "keys",
                            "--replica-secret-file", "replica-secret", "--allow-host", "mcp.example.com", "--log-file",
                            "access.log")
            server.write("keys", "acme key-of-acme-1234567890 use acme\nglobex key-of-globex-12345678 use globex\n")
            server.write("replica-secret", SECRET)
            self.servers.append(server.start())
        self.proxy = Proxy(self.servers)
        self.addCleanup(self.proxy.close)
        self.load = Load(self.proxy, {"acme": "key-of-acme-1234567890", "globex": "key-of-globex-12345678"})
        self.addCleanup(self.load.end)

    def tenants(self, token):
        return {"acme": tenant(self.agents["acme"].url, "a" * 64), "globex": tenant(self.agents["globex"].url, token)}

    def start_again(self, server):
        (server.folder / "port").unlink(missing_ok=True)
        before = sum(self.served(server))
        server.start()
        Server.until(lambda: sum(self.served(server)) > before, "requests for the replica that is back", 60)

    def served(self, server):
        log = server.folder / "access.log"
        text = log.read_text() if log.exists() else ""
        return text.count("/mcp"), text.count("/call-tool")

    def change(self, files):
        """The same files for every replica, and a SIGHUP."""
        for server in self.servers:
            before = server.err.count("the configuration was read again")
            for name, text in files.items():
                server.write(name + ".new", text).rename(server.folder / name)
            server.send(signal.SIGHUP)
            Server.until(lambda: server.err.count("the configuration was read again") > before, "the reload")
        self.load.go_on(1)

    def sessions(self):
        """At least one in each replica."""
        found = []
        while {s.replica for s in found} != {0, 1, 2}:
            who = ("acme", "globex")[len(found) % 2]
            found.append(Session(self.proxy, who, self.load.keys[who]))
            self.addCleanup(found[-1].stream.close)
            self.assertLess(len(found), 60)
        return found

    def rotate(self):
        """Keys of clients, token of an agent, secret of the replicas."""
        old = (self.servers[0].folder / "keys").read_text()
        new = old.replace("key-of-acme", "new-of-acme").replace("key-of-globex", "new-of-globex")
        self.change({"keys": old + new})
        self.load.keys = {who: key.replace("key-of", "new-of") for who, key in self.load.keys.items()}
        self.load.go_on(1)
        self.change({"keys": new})
        self.assertEqual(self.proxy.ask("GET", "/tools", headers={"X-API-Key": "key-of-acme-1234567890"})[0], 401)
        self.change({"tenants.json": config(self.tenants("2" * 64))})
        self.change({"replica-secret": SECRET + "ab" * 32 + "\n"})
        self.change({"replica-secret": "ab" * 32 + "\n" + SECRET})

    def test_they_come_and_go(self):
        """One replica is killed, one is drained, keys, tokens and secrets change, all under load: no request fails"""
        for client in reads_pages, reads_evidence, asks_this_and_that, steals:
            for who in "acme", "globex":
                self.load.add(client, who)
        self.load.go_on(2)
        sessions = self.sessions()

        killed = self.servers[0]
        killed.process.kill()
        killed.process.wait()
        self.load.go_on(3)
        for session in sessions:
            if session.replica:
                session.call("get_disk_usage")
                continue
            with self.assertRaises(AssertionError):  # it ends, and whoever had it opens another
                session.stream.event()
            with self.assertRaises(AssertionError):
                session.ask("ping")
            Session(self.proxy, "acme", self.load.keys["acme"]).call("get_disk_usage")
        self.start_again(killed)
        self.load.go_on(1)
        self.rotate()

        drained = self.servers[1]
        self.assertEqual(drained.end(), 0)
        self.load.go_on(3)
        self.start_again(drained)
        for session in sessions:
            if session.replica == 2:
                session.headers["X-API-Key"] = self.load.keys[session.headers["X-Tenant-ID"]]
                session.call("get_disk_usage")
        self.load.go_on(1)
        self.load.end()
        print(f"# {self.load.asked} requests, {self.proxy.passed_on()} passed on to another replica by nginx, {self.load.retried} "
              f"asked again by the client, {len(self.load.failed)} failed; {self.load.again} answers were taken again; {self.load.refused} "
              "times another tenant's cursor or report was refused", *sorted(self.load.reasons), sep="\n# asked again: ")
        self.assertEqual(self.load.failed, [])
        self.assertGreater(self.load.again, 0)
        self.assertGreater(self.proxy.passed_on(), 0)
        self.assertGreater(self.load.refused, 0)
        self.assertTrue(all(sum(self.served(s)) for s in self.servers))


if __name__ == "__main__":
    tap.main()
