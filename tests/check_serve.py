"""Does the server let in whom it should, answer what it promises, and live and end in order?"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time
import unittest
from functools import partial

import tap
from serving import ROOT, SRDIAG, Server, at_once, clean_env, free_port, refused

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
METRICS = "m" * 32
ADMIN = "a" * 32
KEYS = f"# who\nalice {KEY}\nprom {METRICS} metrics\nops {ADMIN} admin\n"
HTTP = ("--http", "--demo")


def with_keys(*words, **kw):
    return Server(*HTTP, "--api-key-file", "keys", *words, files={"keys": KEYS}, **kw)


def key(text):
    return {"X-API-Key": text}


def eventually(ask, well):
    """What ask() answers once it is well(), and how often it was asked; an error after five seconds"""
    for asked in range(1, 101):
        answer = ask()
        if well(answer):
            return answer, asked
        time.sleep(0.05)
    raise AssertionError(f"not within five seconds: {answer}")


class TestGuards(unittest.TestCase):
    maxDiff = None

    def same(self, answer, status, body):
        self.assertEqual((answer.status, answer.json), (status, body))

    def test_address(self):
        """An address that is not listed is refused before anything else, with the guide's body"""
        with Server(*HTTP, "--allow-ip", "10.0.0.0/8,192.168.1.1") as s:
            for path in ("/health", "/nowhere", "/metrics"):
                self.same(s.get(path, host="evil.example"), 403,
                          {"error": "Forbidden", "message": "this address is not allowed here"})
        with Server(*HTTP, "--allow-ip", "10.0.0.0/8", "--allow-ip", "127.0.0.0/8") as s:
            self.assertEqual(s.get("/health").status, 200)

    def test_host(self):
        """A name that was made to point here is refused"""
        with Server(*HTTP, "--allow-host", "mcp.example.com") as s:
            for good in ("127.0.0.1:%d" % s.port, "localhost", "[::1]:1", "mcp.example.com", "MCP.example.com:80"):
                self.assertEqual(s.get("/health", host=good).status, 200, good)
            for bad in ("evil.example", "localhost.evil.example", "10.0.0.1"):
                answer = s.get("/health", host=bad)
                self.assertEqual((answer.status, answer.json["error"]), (403, "Forbidden"), bad)

    def test_origin(self):
        """Pages may call only if they are listed, and are told so"""
        page = "https://app.example.com"
        with Server(*HTTP, "--allow-origin", page) as s:
            answer = s.get("/health", headers={"Origin": page})
            self.assertEqual((answer.status, answer.headers["Access-Control-Allow-Origin"]), (200, page))
            self.assertEqual(answer.headers["Vary"], "Origin")
            answer = s.get("/health", headers={"Origin": "https://evil.example"})
            self.assertEqual((answer.status, answer.headers["Access-Control-Allow-Origin"]), (403, None))
            answer = s.ask("OPTIONS", "/call-tool", headers={"Origin": page,
                                                             "Access-Control-Request-Method": "POST",
                                                             "Access-Control-Request-Headers": "x-api-key"})
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertEqual(answer.headers["Access-Control-Allow-Methods"], "POST")
            self.assertIn("X-API-Key", answer.headers["Access-Control-Allow-Headers"])
            # errors can be read by the page, too
            self.assertEqual(s.get("/nowhere", headers={"Origin": page}).headers["Access-Control-Allow-Origin"], page)
        with Server(*HTTP) as s:
            self.assertEqual(s.get("/health", headers={"Origin": page}).status, 403)
            own = f"http://127.0.0.1:{s.port}"
            answer = s.get("/health", headers={"Origin": own})
            self.assertEqual((answer.status, answer.headers["Access-Control-Allow-Origin"]), (200, None))
            self.assertEqual(s.get("/health", headers={"Origin": f"http://127.0.0.1:{s.port + 1}"}).status, 403)
        with Server(*HTTP, env={"ALLOWED_ORIGINS": "*"}) as s:
            answer = s.get("/health", headers={"Origin": "https://any.example"})
            self.assertEqual((answer.status, answer.headers["Access-Control-Allow-Origin"]), (200, "*"))
            self.assertIn("warning", s.err)

    def test_path(self):
        """Paths that are not there are 404 at once, those of OAuth too, also without a key"""
        with with_keys() as s:
            for path in ("/nowhere", "/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server",
                         "/register", "/authorize", "/token", "/health/", "//health"):
                self.same(s.get(path), 404, {"error": "Not found",
                                             "message": "there is no such path; GET / lists them"})
                self.assertEqual(s.post(path, {}).status, 404, path)

    def test_key(self):
        """A key is asked for, taken from two headers, and its roles count"""
        with with_keys() as s:
            no = {"error": "Unauthorized", "message": "Invalid or missing API key"}
            answer = s.get("/tools")
            self.same(answer, 401, no)
            self.assertEqual(answer.headers["WWW-Authenticate"], 'Bearer realm="srdiag"')
            for bad in ("", "wrong", KEY[:-1], KEY + "0", KEY.upper()):
                self.same(s.get("/tools", headers=key(bad)), 401, no)
            self.assertEqual(s.get("/tools?api_key=" + KEY).status, 401)
            self.assertEqual(s.get("/tools", headers=key(KEY)).status, 200)
            self.assertEqual(s.get("/tools", headers={"Authorization": "Bearer " + KEY}).status, 200)
            self.assertEqual(s.get("/tools", headers={"Authorization": "bearer  " + KEY}).status, 200)
            self.assertEqual(s.get("/tools", headers={"Authorization": "Basic " + KEY}).status, 401)
            self.assertEqual(s.get("/health").status, 200)
            self.assertEqual(s.get("/health", headers=key("wrong")).status, 200)
            forbidden = {"error": "Forbidden", "message": "the key does not allow this"}
            self.same(s.get("/metrics", headers=key(KEY)), 403, forbidden)
            self.same(s.get("/tools", headers=key(METRICS)), 403, forbidden)
            self.same(s.get("/stats", headers=key(METRICS)), 403, forbidden)
            self.assertEqual(s.get("/metrics", headers=key(METRICS)).status, 200)
            for path in ("/stats", "/admin/stats", "/admin/connections", "/metrics", "/tools"):
                self.assertEqual(s.get(path, headers=key(ADMIN)).status, 200, path)

    def test_method(self):
        """A method that a path does not take is 405 with what it takes"""
        with with_keys() as s:
            answer = s.ask("PUT", "/call-tool", headers=key(KEY))
            self.same(answer, 405, {"error": "Method not allowed",
                                    "message": "the header Allow says what this path takes"})
            self.assertEqual(answer.headers["Allow"], "POST")
            self.assertEqual(s.ask("DELETE", "/health").headers["Allow"], "GET, HEAD")
            self.assertEqual(s.ask("PUT", "/call-tool").status, 401)
            answer = s.ask("HEAD", "/health")
            self.assertEqual((answer.status, answer.body), (200, b""))

    def test_rate(self):
        """So many requests of one key, and the next one is told when to come again"""
        with with_keys("--rate-limit", "3/60") as s:
            for _ in range(3):
                self.assertEqual(s.get("/tools", headers=key(KEY)).status, 200)
            answer = s.get("/tools", headers=key(KEY))
            self.assertEqual(answer.status, 429)
            wait = answer.json["retry_after"]
            self.assertTrue(1 <= wait <= 20, wait)
            self.same(answer, 429, {"error": "Rate limit exceeded",
                                    "message": "too many requests; wait, or ask less often", "retry_after": wait})
            self.assertEqual(answer.headers["Retry-After"], str(wait))
            self.assertEqual(s.get("/tools", headers=key(ADMIN)).status, 200)
            self.assertEqual(s.get("/health").status, 200)
            self.assertEqual(s.get("/metrics", headers=key(METRICS)).status, 200)
        with Server(*HTTP, env={"RATE_LIMIT": "0"}) as s:
            for _ in range(150):
                self.assertEqual(s.get("/tools").status, 200)

    def test_capacity(self):
        """Connections beyond the limit are told so, and the others go on (half of them may be one address's)"""
        with Server(*HTTP, "--max-connections", "4") as s:
            held = [http.client.HTTPConnection("127.0.0.1", s.port, timeout=10) for _ in range(2)]
            for c in held:
                self.assertEqual(s.get("/health", connection=c).status, 200)
            answer = s.get("/health")
            self.assertEqual((answer.status, answer.json["error"]), (503, "Server at capacity"))
            for c in held:
                self.assertEqual(s.get("/health", connection=c).status, 200)
                c.close()
            s.until(lambda: s.get("/health").status == 200, "room")

    def test_workers(self):
        """Calls beyond what may wait for a thread are told so, and the others are answered"""
        hold = socket.socket()
        hold.bind(("127.0.0.1", 0))
        hold.listen(50)
        with Server("--http", "-h", f"127.0.0.1:{hold.getsockname()[1]}", "--connect-timeout", "2", "--workers", "1",
                    "--log-file", "log") as s:
            got = []

            def ask(n):
                got.append(s.post("/call-tool", {"tool": "get_large_tables", "arguments": {"limit": n}}))

            at_once([partial(ask, n + 1) for n in range(20)])
            refused_ones = [a for a in got if a.status == 503]
            self.assertTrue(1 <= len(refused_ones) <= 4, got)
            for a in refused_ones:
                self.assertEqual(a.json, {"error": "Server at capacity", "message": "try again in a moment"})
            self.assertEqual(len([a for a in got if a.status == 200 and a.json["isError"]]),
                             20 - len(refused_ones))
        hold.close()

    def test_body(self):
        """A body of 4 MiB is read, one byte more is not"""
        most = 4 << 20
        with Server(*HTTP) as s:
            head, tail = b'{"tool":"get_disk_usage","arguments":{},"x":"', b'"}'
            body = head + b"x" * (most - len(head) - len(tail)) + tail
            headers = {"Content-Type": "application/json"}
            self.assertEqual(s.post("/call-tool", body, headers=headers).status, 200)
            head = b"POST /call-tool HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            out = s.raw(head + b"Content-Length: %d\r\n\r\n" % (most + 1))
            self.assertTrue(out.startswith(b"HTTP/1.1 413 "), out)
            self.assertIn(b'"error":"Payload too large"', out)

    def test_order(self):
        """The body's size is the last thing that is looked at"""
        with with_keys("--rate-limit", "1/60") as s:
            big = {"Content-Length": str((4 << 20) + 1), "Content-Type": "application/json"}

            def status(path, host="localhost", **more):
                head = "".join(f"{k}: {v}\r\n" for k, v in {"Host": host, **big, **more}.items())
                return s.raw(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode()).split(b" ")[1]

            self.assertEqual(status("/nowhere", host="evil.example"), b"403")
            self.assertEqual(status("/nowhere"), b"404")
            self.assertEqual(status("/call-tool"), b"401")
            self.assertEqual(status("/call-tool", **key(METRICS)), b"403")
            self.assertEqual(status("/call-tool", **key(KEY)), b"413")
            self.assertEqual(status("/call-tool", **key(KEY)), b"429")


class TestRoutes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.s = Server(*HTTP).start()

    @classmethod
    def tearDownClass(cls):
        cls.s.__exit__(None)

    def test_health(self):
        """/health has the fields of both spellings and asks no cluster"""
        for path in ("/health", "/healthz"):
            h = self.s.get(path).json
            self.assertEqual((h["status"], h["service"]), ("healthy", "starrocks-mcp-server"))
            for name in ("version", "uptime", "uptime_seconds", "experts", "tools", "tools_count",
                         "active_connections", "total_requests", "checks", "timestamp"):
                self.assertIn(name, h)
            self.assertEqual((h["tools"], h["uptime"]), (h["tools_count"], h["uptime_seconds"]))
            self.assertEqual(h["checks"], {"server": True})
            self.assertTrue(h["experts"] >= 6 and h["tools"] >= 17)
            self.assertRegex(h["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")

    def test_deep(self):
        """?deep=1 asks the cluster and says which one answered"""
        answer = self.s.get("/health?deep=1")
        self.assertEqual((answer.status, answer.json["checks"]),
                         (200, {"server": True, "cluster default": True}))
        self.assertEqual(self.s.get("/health?deep=0").json["checks"], {"server": True})

    def test_root(self):
        """/ lists what there is"""
        paths = self.s.get("/").json["endpoints"]
        for want in ("GET /health", "GET /tools", "POST /call-tool", "GET /metrics", "POST /reload-config"):
            self.assertIn(want, paths)

    def test_tools(self):
        """/tools has the guide's tools with schemas"""
        tools = {t["name"]: t for t in self.s.get("/tools").json["tools"]}
        for name in ("analyze_storage_health", "get_disk_usage", "get_tablet_distribution", "get_replica_status",
                     "get_large_tables", "analyze_compaction_health", "get_compaction_status",
                     "get_high_compaction_partitions", "get_compaction_history", "analyze_import_health",
                     "get_load_jobs", "check_load_job_status", "get_failed_load_jobs", "analyze_ingestion_health",
                     "get_stream_load_stats", "get_routine_load_jobs", "analyze_system_comprehensive"):
            self.assertIn(name, tools)
        schema = tools["get_high_compaction_partitions"]["inputSchema"]
        self.assertEqual(schema["type"], "object")
        self.assertTrue({"limit", "minScore"} <= set(schema["properties"]))

    def test_call(self):
        """/call-tool runs a tool as the guide's example does"""
        answer = self.s.post("/call-tool", {"tool": "analyze_storage_health", "arguments": {}})
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json["content"][0]["type"], "text")
        self.assertIsInstance(answer.json["structuredContent"], dict)
        answer = self.s.post("/call-tool", {"tool": "get_large_tables", "arguments": {"limit": 1}})
        self.assertEqual(len(answer.json["structuredContent"]["rows"]), 1)
        again = self.s.post("/call-tool", {"tool": "get_large_tables", "arguments": {"limit": 1}})
        self.assertEqual(again.json["structuredContent"]["rows"], answer.json["structuredContent"]["rows"])
        self.assertEqual(self.s.post("/call-tool", {"tool": "get_disk_usage"}).status, 200)
        self.assertEqual(self.s.post("/call-tool", {"tool": "get_disk_usage", "arguments": None}).status, 200)

    def test_cluster(self):
        """/call-tool takes the cluster beside the arguments"""
        answer = self.s.post("/call-tool", {"tool": "get_disk_usage", "cluster": "default"})
        self.assertFalse(answer.json.get("isError"))
        answer = self.s.post("/call-tool", {"tool": "get_disk_usage", "cluster": "nowhere", "arguments": {}})
        self.assertTrue(answer.json["isError"])
        self.assertIn("nowhere", answer.json["content"][0]["text"])

    def test_faults(self):
        """/call-tool says what is wrong with a request"""
        for body, status, error in (
                ({"tool": "no_such_tool"}, 404, None), ({"arguments": {}}, 400, "Bad request"),
                ({"tool": 7}, 400, "Bad request"), ({"tool": "get_disk_usage", "arguments": []}, 400, "Bad request"),
                ({"tool": "get_disk_usage", "cluster": 7}, 400, "Bad request"), ([], 400, "Bad request"),
                ("{", 400, "Bad request"), ("", 400, "Bad request"), ('{"tool":"a","tool":"b"}', 400, "Bad request")):
            answer = self.s.post("/call-tool", body, headers={"Content-Type": "application/json"})
            self.assertEqual(answer.status, status, (body, answer))
            self.assertIn("message", answer.json)
            if error:
                self.assertEqual(answer.json["error"], error)
        answer = self.s.post("/call-tool", "a=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer.status, 415)
        answer = self.s.post("/call-tool", '{"tool":"get_disk_usage"}',
                             headers={"Content-Type": "application/json; charset=utf-8"})
        self.assertEqual(answer.status, 200)
        answer = self.s.post("/call-tool", {"tool": "get_large_tables", "arguments": {"limt": 1}})
        self.assertEqual((answer.status, answer.json["isError"]), (200, True))

    def test_stats(self):
        """/stats counts, and knows percentiles, tools, clusters and the latest requests"""
        self.s.post("/call-tool", {"tool": "get_disk_usage"})
        before = self.s.get("/stats").json
        self.s.get("/nowhere")
        # a request is counted when its answer has left, which a client may see a moment before
        after, asked = eventually(lambda: self.s.get("/admin/stats").json,
                                  lambda x: x["failed_requests"] == before["failed_requests"] + 1)
        self.assertIn(after["total_requests"] - before["total_requests"] - asked, (0, 1, 2))
        self.assertEqual(after["successful_requests"] + after["failed_requests"], after["total_requests"])
        for name in ("uptime_seconds", "success_rate", "avg_response_time", "active_connections", "recent_requests",
                     "tenants", "clusters", "cache"):
            self.assertIn(name, after)
        self.assertTrue({"average", "p50", "p95", "p99"} <= set(after["response_time_ms"]))
        self.assertIn("get_disk_usage", [t["tool"] for t in after["tools"]])
        self.assertIn(404, [r["status"] for r in after["recent_requests"][:asked + 2]])
        for _ in range(120):
            self.s.get("/health")
        self.assertEqual(len(self.s.get("/stats").json["recent_requests"]), 100)

    def test_openapi(self):
        """/openapi.json describes exactly the paths there are"""
        api = self.s.get("/openapi.json").json
        self.assertEqual(api["openapi"], "3.1.0")
        there = {(m.upper(), p) for p, item in api["paths"].items() for m in item}
        listed = {tuple(e.split(" ")) for e in self.s.get("/").json["endpoints"]}
        self.assertEqual(there, listed)
        for _, operations in api["paths"].items():
            for o in operations.values():
                self.assertTrue(o["summary"] and o["responses"])
        self.assertEqual(api["paths"]["/health"]["get"]["security"], [])
        self.assertIn("tool", api["paths"]["/call-tool"]["post"]["requestBody"]["content"]["application/json"]
                      ["schema"]["properties"])

    def test_connections(self):
        """An open connection can be seen and closed"""
        c = http.client.HTTPConnection("127.0.0.1", self.s.port, timeout=10)
        self.s.get("/health", connection=c)
        mine = f"{c.sock.getsockname()[1]}"
        self.assertTrue(mine)
        def rest(listed):
            return [x for x in listed["connections"] if not x["busy"]]

        listed, _ = eventually(lambda: self.s.get("/admin/connections").json, lambda x: len(rest(x)) == 1)
        self.assertEqual(listed["active"], len(listed["connections"]))
        idle = rest(listed)
        self.assertEqual((idle[0]["peer"], idle[0]["requests"]), ("127.0.0.1", 1))
        answer = self.s.ask("DELETE", "/admin/connections/" + idle[0]["id"])
        self.assertEqual((answer.status, answer.json), (200, {"closed": idle[0]["id"]}))
        self.assertEqual(c.sock.recv(1), b"")
        for bad in (idle[0]["id"], "x", "-1", "99999999999999999999"):
            self.assertEqual(self.s.ask("DELETE", "/admin/connections/" + bad).status, 404)

    def test_headers(self):
        """Answers are not to be kept or guessed, and carry the request's id"""
        a, b = self.s.get("/health"), self.s.get("/nowhere")
        for answer in (a, b):
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertRegex(answer.headers["X-Request-Id"], "^[0-9a-f]{32}$")
        self.assertNotEqual(a.headers["X-Request-Id"], b.headers["X-Request-Id"])
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        parent = f"00-{trace}-00f067aa0ba902b7-01"
        self.assertEqual(self.s.get("/health", headers={"traceparent": parent}).headers["X-Request-Id"], trace)
        for bad in (f"00-{'0' * 32}-00f067aa0ba902b7-01", "ff" + parent[2:], parent[:-4], parent.upper(), "x"):
            self.assertNotEqual(self.s.get("/health", headers={"traceparent": bad}).headers["X-Request-Id"], trace)


class TestMcp(unittest.TestCase):
    CALL = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "get_disk_usage", "arguments": {}}}
    ACCEPT = {"Accept": "application/json, text/event-stream"}

    def test_http(self):
        """/mcp answers behind the same guards, with the caller in the log"""
        with with_keys("--log-file", "log") as s:
            self.assertEqual(s.post("/mcp", self.CALL, headers=self.ACCEPT).status, 401)
            answer = s.post("/mcp", self.CALL, headers={**self.ACCEPT, **key(KEY)})
            self.assertEqual((answer.status, answer.json["id"]), (200, 7))
            self.assertIn("rows", answer.json["result"]["structuredContent"])
            self.assertEqual(s.get("/mcp", headers=key(KEY)).status, 405)
            self.assertEqual(s.get("/sse", headers=key(KEY)).status, 404)
            s.end()
            log = (s.folder / "log").read_text()
        self.assertRegex(log, r"CALL get_disk_usage ok \d+ms transport=http peer=127\.0\.0\.1 key=alice id=[0-9a-f]{32} ")

    def test_sse(self):
        """/sse opens a session whose messages are answered on the stream"""
        with with_keys("--sse", "--log-file", "log") as s:
            c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
            c.request("GET", "/sse", headers=key(KEY))
            stream = c.getresponse()
            self.assertEqual(stream.status, 200)

            def event():
                name = data = None
                while True:
                    line = stream.readline().decode().rstrip("\n")
                    if line.startswith("event: "):
                        name = line[7:]
                    elif line.startswith("data: "):
                        data = line[6:]
                    elif not line and name:
                        return name, data

            name, where = event()
            self.assertEqual(name, "endpoint")
            hello = json.loads(TestStdio.HELLO)
            self.assertEqual(s.post(where, hello, headers=key(KEY)).status, 202)
            self.assertEqual(json.loads(event()[1])["id"], 0)
            self.assertEqual(s.post(where, self.CALL, headers=key(KEY)).status, 202)
            self.assertEqual(json.loads(event()[1])["id"], 7)
            self.assertEqual(s.get("/stats", headers=key(ADMIN)).json["sse_sessions"], 1)
            self.assertTrue(any(x["stream"] for x in
                                s.get("/admin/connections", headers=key(ADMIN)).json["connections"]))
            s.send(signal.SIGTERM)
            self.assertEqual(stream.read().strip(b"\n: keepalive\r"), b"")
            self.assertEqual(s.process.wait(20), 0)
            log = (s.folder / "log").read_text()
        self.assertRegex(log, r"CALL get_disk_usage ok \d+ms transport=sse peer=127\.0\.0\.1 key=alice ")


class TestMetrics(unittest.TestCase):
    def page(self, s):
        values = {}
        for line in s.get("/metrics").text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                self.assertNotIn(name, values)
                values[name] = float(value)
        return values

    def test_counts(self):
        """Requests, refusals, calls and scores are counted"""
        with Server(*HTTP) as s:
            self.assertEqual(s.get("/metrics").headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            for _ in range(3):
                s.get("/health")
            s.get("/nowhere")
            s.ask("BREW", "/health")
            s.post("/call-tool", {"tool": "get_disk_usage"})
            s.post("/call-tool", {"tool": "get_large_tables", "arguments": {"limit": -1}})
            s.post("/call-tool", {"tool": "analyze_system_comprehensive"})
            v = self.page(s)
            self.assertEqual(v['srdiag_http_requests_total{route="/health",method="GET",status="200"}'], 3)
            self.assertEqual(v['srdiag_http_requests_total{route="",method="GET",status="404"}'], 1)
            self.assertEqual(v['srdiag_http_requests_total{route="",method="other",status="405"}'], 1)
            self.assertEqual(v['srdiag_http_request_duration_seconds_bucket{route="/health",le="+Inf"}'], 3)
            self.assertEqual(v['srdiag_http_request_duration_seconds_count{route="/health"}'], 3)
            self.assertEqual(v['srdiag_http_refused_total{guard="path"}'], 1)
            self.assertEqual(v['srdiag_tool_calls_total{tool="get_disk_usage",tenant="",outcome="ok"}'], 1)
            self.assertEqual(v['srdiag_tool_calls_total{tool="get_large_tables",tenant="",outcome="error"}'], 1)
            self.assertEqual(v['srdiag_cluster_up{tenant="",cluster="default"}'], 1)
            self.assertTrue(0 <= v['srdiag_cluster_score{tenant="",cluster="default"}'] <= 100)
            self.assertGreater(v['srdiag_cluster_findings{tenant="",cluster="default",severity="critical"}'], 0)
            for name in ("srdiag_uptime_seconds", "srdiag_connections", "process_resident_memory_bytes",
                         "srdiag_cache_misses_total", "srdiag_workers_busy"):
                self.assertIn(name, v)

    def test_promtool(self):
        """Prometheus finds no fault with the page"""
        promtool = shutil.which("promtool", path=f"{os.environ['PATH']}:{ROOT}/build/tools/usr/bin")
        if not promtool:
            self.skipTest("promtool (package prometheus) is not there")
        with Server(*HTTP) as s:
            s.post("/call-tool", {"tool": "analyze_system_comprehensive"})
            page = s.get("/metrics").body
        done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))

    def test_deploy(self):
        """The board and the alert rules of deploy/ ask for series that there are"""
        with Server(*HTTP, "--sse") as s:
            s.get("/nowhere")
            s.post("/call-tool", {"tool": "analyze_system_comprehensive"})
            there = set(re.findall(r"^(\w+)[{ ]", s.get("/metrics").text, re.M))
        deploy = ROOT / "deploy"
        texts = [(deploy / "prometheus" / "srdiag.rules.yml").read_text()]
        board = json.loads((deploy / "grafana" / "srdiag.json").read_text())
        texts += [t["expr"] for p in board["panels"] for t in p["targets"]]
        wanted = {name for t in texts for name in re.findall(r"\b((?:srdiag|process)_\w+)\b", t)}
        self.assertEqual({w for w in wanted if w not in there}, set())


class TestLogs(unittest.TestCase):
    def test_text(self):
        """A line for each request, a line for each call, without secrets and without what could forge a line"""
        with with_keys("--log-file", "log") as s:
            s.get("/health")
            s.get("/tools?api_key=" + KEY, headers=key(KEY))
            s.get("/tools", headers=key("wrong"))
            s.raw(b"GET /a\x1b[31m HTTP/1.1\r\nHost: localhost\r\n\r\n")
            s.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n")
            s.post("/call-tool", {"tool": "get_large_tables",
                                  "arguments": {"limit": 2, "password": "geheim", "note": "a\nb token=geheim2"}},
                   headers=key(KEY))
            s.end()
            lines = (s.folder / "log").read_text().splitlines()

        def line(words):
            return next(x for x in lines if words in x)

        self.assertRegex(line("/health"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z GET /health 200 \d+ms peer=127\.0\.0\.1 "
                                   r"id=[0-9a-f]{32} bytes=\d+$")
        self.assertRegex(line("/tools 200"), r"GET /tools 200 \d+ms peer=127\.0\.0\.1 key=alice id=")
        self.assertRegex(line("/tools 401"), r"GET /tools 401 \d+ms peer=127\.0\.0\.1 id=\w+ refused=key bytes=")
        self.assertRegex(line("/health 400"), r"Z GET /health 400 \d+ms peer=127\.0\.0\.1 refused=framing bytes=")
        call = [x for x in lines if " CALL " in x]
        self.assertEqual(len(call), 1)
        self.assertRegex(call[0], r"Z CALL get_large_tables error \d+ms transport=http peer=127\.0\.0\.1 key=alice "
                                  r"id=[0-9a-f]{32} bytes=\d+ arguments=")
        arguments = json.loads(call[0].split("arguments=")[1])
        self.assertEqual(arguments, {"limit": 2, "password": "***", "note": "a\\nb token=***"})
        text = "\n".join(lines)
        for never in (KEY, "geheim", "\x1b", "api_key"):
            self.assertNotIn(never, text)

    def test_json(self):
        """Lines as JSON, calls in a file of their own"""
        with Server(*HTTP, "--log-format", "json", "--log-file", "log", "--audit-file", "audit") as s:
            s.get("/health")
            s.post("/call-tool", {"tool": "get_disk_usage", "arguments": {"cluster": "default"}})
            s.end()
            log = [json.loads(x) for x in (s.folder / "log").read_text().splitlines()]
            audit = [json.loads(x) for x in (s.folder / "audit").read_text().splitlines()]
            self.assertEqual(stat.S_IMODE((s.folder / "log").stat().st_mode) & 0o007, 0)
        self.assertEqual([(x["kind"], x["method"], x["path"], x["status"]) for x in log],
                         [("request", "GET", "/health", 200), ("request", "POST", "/call-tool", 200)])
        self.assertEqual(len(audit), 1)
        self.assertEqual((audit[0]["kind"], audit[0]["tool"], audit[0]["outcome"], audit[0]["cluster"]),
                         ("call", "get_disk_usage", "ok", "default"))
        self.assertEqual(audit[0]["id"], log[1]["id"])

    def test_rotation(self):
        """A log that was moved away is opened anew on SIGUSR1; one that was cut goes on from its start"""
        with Server(*HTTP, "--log-file", "log") as s:
            log = s.folder / "log"
            s.get("/health")
            s.until(lambda: log.read_text().count("\n") == 1, "a line")
            log.rename(s.folder / "log.1")
            s.send(signal.SIGUSR1)
            s.until(log.exists, "the new log")
            s.get("/healthz")
            s.until(lambda: "/healthz" in log.read_text(), "a line in the new log")
            self.assertNotIn("/healthz", (s.folder / "log.1").read_text())
            os.truncate(log, 0)
            s.get("/tools")
            s.until(lambda: log.read_bytes().startswith(b"20"), "a line at the start")
            self.assertEqual(log.read_text().count("\n"), 1)

    def test_full(self):
        """A full disk under the log stops nothing and is told once"""
        with Server(*HTTP, "--log-file", "/dev/full") as s:
            for _ in range(5):
                self.assertEqual(s.get("/health").status, 200)
            # the line is written when the answer is on its way
            lost = r"\nsrdiag_log_lines_lost_total (\d+)\n"
            s.until(lambda: int(re.search(lost, s.get("/metrics").text)[1]) >= 5, "five lines to be lost")
            self.assertEqual(s.err.count("lines of the log are lost"), 1)

    def test_pipe(self):
        """A standard error that nobody reads stops nothing"""
        r, w = os.pipe()
        try:
            with Server(*HTTP, stderr=w) as s:
                c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=20)
                for _ in range(1500):
                    self.assertEqual(s.get("/health", connection=c).status, 200)
                c.close()
        finally:
            os.close(r)
            os.close(w)

    def test_quiet(self):
        """Nothing is said with -q, and no line for requests at --log-level warning"""
        with Server(*HTTP, "-q") as s:
            s.get("/health")
            s.end()
        self.assertEqual(s.err_kept, "")
        with Server(*HTTP, "--log-level", "warning") as s:
            s.get("/health")
            s.end()
        self.assertNotIn("GET /health 200", s.err_kept)


class TestLife(unittest.TestCase):
    def test_banner(self):
        """The banner names the endpoints, whether keys are asked for, and who may call from a browser"""
        with with_keys("--allow-origin", "http://localhost:5173", "--sse") as s:
            for words in (f"http://127.0.0.1:{s.port}/mcp", f"http://127.0.0.1:{s.port}/sse",
                          f"http://127.0.0.1:{s.port}/messages", f"http://127.0.0.1:{s.port}/health",
                          "Authentication:   Enabled", "CORS:             http://localhost:5173",
                          "Press Ctrl+C to stop the server"):
                self.assertIn(words, s.err)

    def test_variables(self):
        """The variables of the guide work: PORT, API_KEY, ALLOWED_IPS"""
        port = free_port()
        with Server(*HTTP, env={"PORT": port, "API_KEY": KEY, "ALLOWED_IPS": "127.0.0.1"}) as s:
            self.assertEqual(s.port, port)
            self.assertEqual(s.get("/tools").status, 401)
            self.assertEqual(s.get("/tools", headers=key(KEY)).status, 200)
            self.assertEqual(s.get("/stats", headers=key(KEY)).status, 200)
        with Server(*HTTP, env={"API_KEYS": f"{KEY}, {ADMIN}"}) as s:
            self.assertEqual(s.get("/tools", headers=key(ADMIN)).status, 200)
            self.assertEqual(s.get("/tools", headers=key(KEY)).status, 200)
        with Server("--demo", env={"SRDIAG_TRANSPORT": "http,sse"}) as s:
            self.assertIn("/sse", s.err)

    def test_dotenv(self):
        """.env of the guide works, but cannot open the server or write files"""
        env = f"PORT=0\nAPI_KEY={KEY}\nSRDIAG_INSECURE=1\nSRDIAG_LOG_FILE=evil\n"
        s = Server(*HTTP, files={".env": env}, env={"PORT": "0"})
        with s:
            self.assertEqual(s.get("/tools").status, 401)
            self.assertFalse((s.folder / "evil").exists())
            self.assertIn("SRDIAG_INSECURE is not taken from here", s.err)

    def test_ends(self):
        """SIGTERM and SIGINT end it with status 0, and the port file goes"""
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server(*HTTP) as s:
                self.assertEqual(s.end(number), 0)
                self.assertFalse((s.folder / "port").exists())

    def test_drain(self):
        """A request at work is answered before the end, and no new connection is taken"""
        with Server("--http", "-h", "127.0.0.1", "-P", "1", "--connect-timeout", "3") as s:
            hold = socket.socket()
            hold.bind(("127.0.0.1", 0))
            hold.listen(5)  # accepts and says nothing: the call waits for the time limit
            s.write("srdiag.cnf", "")
        with Server("--http", "-h", f"127.0.0.1:{hold.getsockname()[1]}", "--connect-timeout", "2") as s:
            got = []
            t = threading.Thread(target=lambda: got.append(s.post("/call-tool", {"tool": "get_disk_usage"})))
            t.start()
            s.until(lambda: s.get("/stats").json["active_requests"] >= 2, "the call")
            s.send(signal.SIGTERM)
            t.join(20)
            self.assertEqual(s.process.wait(20), 0)
            self.assertEqual(len(got), 1)
            self.assertTrue(got[0].json["isError"], got)
            with self.assertRaises(OSError):
                socket.create_connection(("127.0.0.1", s.port), timeout=1).close()
        hold.close()

    def test_twice(self):
        """A second SIGTERM ends it at once"""
        hold = socket.socket()
        hold.bind(("127.0.0.1", 0))
        hold.listen(5)
        with Server("--http", "-h", f"127.0.0.1:{hold.getsockname()[1]}", "--connect-timeout", "30") as s:
            c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=30)
            c.request("POST", "/call-tool", '{"tool":"get_disk_usage"}', {"Content-Type": "application/json"})
            s.until(lambda: s.get("/stats").json["active_requests"] >= 2, "the call")
            s.send(signal.SIGTERM)

            def listens():
                try:
                    socket.create_connection(("127.0.0.1", s.port), timeout=1).close()
                except OSError:
                    return False
                return True

            s.until(lambda: not listens(), "the end of listening")
            s.send(signal.SIGTERM)
            self.assertEqual(s.process.wait(5), -signal.SIGTERM)
            c.close()
        hold.close()

    def test_tls(self):
        """TLS with a certificate from files, which a reload takes anew; one that does not fit is refused"""
        s = Server(*HTTP, "--tls-cert", "cert", "--tls-key", "key")

        def make(name):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", "key", "-out", "cert", "-days", "2", "-subj", f"/CN={name}",
                            "-addext", "subjectAltName=DNS:localhost"],
                           cwd=s.folder, check=True, capture_output=True)

        def subject():
            context = ssl.create_default_context(cafile=str(s.folder / "cert"))
            c = http.client.HTTPSConnection("localhost", s.port, timeout=20, context=context)
            c.request("GET", "/health")
            self.assertEqual(c.getresponse().status, 200)
            name = dict(x[0] for x in c.sock.getpeercert()["subject"])["commonName"]
            c.close()
            return name

        def reload():
            context = ssl._create_unverified_context()
            c = http.client.HTTPSConnection("localhost", s.port, timeout=20, context=context)
            c.request("POST", "/reload-config")
            r = c.getresponse()
            answer = r.status, json.loads(r.read())
            c.close()
            return answer

        make("first")
        with s:
            self.assertIn(f"https://127.0.0.1:{s.port}/mcp", s.err)
            self.assertEqual(subject(), "first")
            make("second")
            self.assertEqual(reload(), (200, {"status": "reloaded"}))
            self.assertEqual(subject(), "second")
            before = (s.folder / "cert").read_text()
            (s.folder / "cert").write_text("nonsense")
            self.assertEqual(reload()[0], 400)
            (s.folder / "cert").write_text(before)
            self.assertEqual(subject(), "second")
            (s.folder / "key").unlink()
            self.assertIn("private key: could not open", reload()[1]["message"])
            self.assertEqual(subject(), "second")

    def test_reload(self):
        """SIGHUP and POST /reload-config take new keys; a mistake changes nothing and is told"""
        with with_keys(config="[server]\nrate-limit = 1000\n") as s:
            s.write("keys", KEYS + "bob " + "b" * 32 + "\n")
            self.assertEqual(s.get("/tools", headers=key("b" * 32)).status, 401)
            answer = s.post("/reload-config", headers=key(ADMIN))
            self.assertEqual((answer.status, answer.json), (200, {"status": "reloaded"}))
            self.assertEqual(s.get("/tools", headers=key("b" * 32)).status, 200)
            self.assertEqual(s.post("/reload-config", headers=key(KEY)).status, 403)

            s.write("keys", KEYS + "bob\n")
            answer = s.post("/reload-config", headers=key(ADMIN))
            self.assertEqual(answer.status, 400)
            self.assertEqual(answer.json["message"], "keys line 5: expected a name and a key")
            self.assertEqual(s.get("/tools", headers=key("b" * 32)).status, 200)
            s.write("keys", KEYS)
            s.write("srdiag.cnf", "[server]\n\nrate-limt = 1\n")
            answer = s.post("/reload-config", headers=key(ADMIN))
            self.assertEqual(answer.status, 400)
            self.assertIn("srdiag.cnf line 3", answer.json["message"])
            self.assertIn('did you mean "rate-limit"', answer.json["message"])
            self.assertEqual(s.get("/tools", headers=key("b" * 32)).status, 200)

            s.write("srdiag.cnf", "[server]\nrate-limit = 1\n")
            s.send(signal.SIGHUP)
            s.until(lambda: s.get("/tools", headers=key("b" * 32)).status == 401, "the new keys")
            self.assertEqual(s.get("/tools", headers=key(KEY)).status, 200)
            self.assertEqual(s.get("/tools", headers=key(KEY)).status, 429)

    def test_reload_keeps(self):
        """A reload drops no connection"""
        with Server(*HTTP) as s:
            c = http.client.HTTPConnection("127.0.0.1", s.port, timeout=10)
            s.get("/health", connection=c)
            before = c.sock
            for _ in range(20):
                self.assertEqual(s.post("/reload-config").status, 200)
                self.assertEqual(s.get("/health", connection=c).status, 200)
            self.assertIs(c.sock, before)
            c.close()

    def test_clusters(self):
        """Every [cluster NAME] is served, with its own connection, and none gets another's password"""
        config = ("[srdiag]\nhost = 127.0.0.1:1\npassword = one\n[cluster prod]\nhost = 127.0.0.1:2\nuser = p\n"
                  "[cluster test]\nhost = 127.0.0.1:3\n")
        with Server("--http", config=config) as s:
            checks = s.get("/health?deep=1")
            self.assertEqual(checks.status, 503)
            self.assertEqual(checks.json["status"], "unhealthy")
            self.assertEqual(checks.json["checks"], {"server": True, "cluster default": False,
                                                     "cluster prod": False, "cluster test": False})
            answer = s.post("/call-tool", {"tool": "get_disk_usage", "cluster": "prod"})
            self.assertIn("127.0.0.1:2", answer.json["content"][0]["text"])
            self.assertEqual(s.get("/health").status, 200)

    def test_systemd(self):
        """It tells systemd when it is ready, reloads, lives and stops"""
        path = "@srdiag-test-%d" % os.getpid()
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        heard.bind("\0" + path[1:])
        heard.settimeout(20)
        with Server(*HTTP, env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"}) as s:
            words = []

            def hear(want):
                while not any(w.startswith(want) for w in words):
                    words.append(heard.recv(4096).decode())

            hear("READY=1")
            self.assertEqual(words, ["READY=1"])
            hear("WATCHDOG=1")
            words.clear()
            s.send(signal.SIGHUP)
            hear("RELOADING=1\nMONOTONIC_USEC=")
            hear("READY=1")
            s.send(signal.SIGTERM)
            hear("STOPPING=1")
            self.assertEqual(s.process.wait(20), 0)
        heard.close()

    def test_activation(self):
        """It takes a socket that was opened for it"""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        s = Server(*HTTP, "--insecure", wait=False)
        script = 'import os,sys; os.dup2(int(sys.argv[1]), 3); os.environ["LISTEN_PID"] = str(os.getpid()); ' \
                 'os.environ["LISTEN_FDS"] = "1"; os.execv(sys.argv[2], sys.argv[2:])'
        process = subprocess.Popen(["python3", "-c", script, str(listener.fileno()), SRDIAG, "serve", *HTTP,
                                    "--insecure", "-q"], env=clean_env(), pass_fds=[listener.fileno()])
        try:
            s.port = listener.getsockname()[1]
            self.assertEqual(s.get("/health").status, 200)
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)
            listener.close()

    def test_handles(self):
        """Idle, it opens nothing and starts few threads"""
        with Server("--http", "-h", "127.0.0.1:1") as s:
            s.get("/health")
            status = (open(f"/proc/{s.process.pid}/status").read())
            threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
            self.assertLessEqual(threads, 6)  # one is TSan's own


class TestRefusals(unittest.TestCase):
    def check(self, words, status, text, **kw):
        got, err = refused(*words, **kw)
        self.assertEqual(got, status, err)
        self.assertIn(text, err)

    def test_open(self):
        """Without a key it does not listen beyond this machine"""
        for where in ("0.0.0.0:0", "*:0", "[::]:0"):
            self.check((*HTTP, "--listen", where), 78, "without a key would open the cluster to everybody")
        self.check((*HTTP,), 78, "listening on 0.0.0.0:0 (environment HOST) without a key",
                   env={"HOST": "0.0.0.0", "PORT": "0"})
        with Server(*HTTP, "--listen", "0.0.0.0:0", "--insecure") as s:
            self.assertIn("everybody who reaches it may ask", s.err)
            self.assertIn("travel in clear", s.err)
            self.assertEqual(s.get("/health").status, 200)

    def test_listen(self):
        """A port in use and an address that is no address are told"""
        with Server(*HTTP) as s:
            self.check((*HTTP, "--listen", f"127.0.0.1:{s.port}"), 74, str(s.port))
        self.check((*HTTP, "--listen", "localhost"), 64, "is no [ADDRESS:]PORT")
        self.check((*HTTP, "--listen", "70000"), 64, "is no [ADDRESS:]PORT")
        self.check((*HTTP,), 78, "environment SRDIAG_LISTEN", env={"SRDIAG_LISTEN": "x", "PORT": "0"})

    def test_key_file(self):
        """A key file that is missing, wrong, empty or open to others is refused"""
        keys = (*HTTP, "--api-key-file", "keys")
        self.check(keys, 78, "could not open the key file")
        self.check(keys, 78, "keys line 2: the third word is none of use, metrics, admin",
                   files={"keys": f"\na {KEY} root\n"})
        self.check(keys, 78, "keys line 1: sha256: wants 64 hex digits", files={"keys": "a sha256:abc\n"})
        self.check(keys, 78, "keys line 2: this key is there already, as that of a",
                   files={"keys": f"a {KEY}\nb {KEY}\n"})
        self.check(keys, 78, "has no key", files={"keys": "# nothing\n"})
        got, err = refused(*HTTP, "--api-key-file", "/etc/passwd")
        self.assertEqual(got, 78)
        self.assertIn("chmod 600", err)

    def test_options(self):
        """Modes and options that do not fit are told before anything begins"""
        self.check(("--stdio", "--http"), 64, "choose one")
        self.check(("--transport", "htp"), 64, 'did you mean "http"')
        self.check(("--http", "--rate-limit", "x"), 64, "is no rate")
        self.check(("--http", "--allow-ip", "10.0.0"), 64, "is no address")
        self.check((*HTTP, "--tls-cert", "x"), 78, "belong together")
        self.check((*HTTP, "--tls-cert", "x", "--tls-key", "y"), 78, 'could not open "x"')
        self.check((*HTTP, "--log-file", "/nowhere/log"), 74, "could not open the log file")
        self.check(("--http", "--input", "-"), 64, "standard input")
        done = subprocess.run([SRDIAG, "storage", "--demo", "--listen", "1"], capture_output=True, text=True,
                              env=clean_env(), check=False)
        self.assertEqual(done.returncode, 64)
        self.assertIn("--listen has no meaning for storage; it is an option of serve", done.stderr)


class TestKeys(unittest.TestCase):
    def run_keys(self, s, *words, status=0):
        done = subprocess.run([SRDIAG, "serve", "keys", *words, "--api-key-file", "keys"], capture_output=True,
                              text=True, cwd=s.folder, env=clean_env(), check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_life_of_a_key(self):
        """A key is made, used, listed, rotated and revoked"""
        s = Server(*HTTP, "--api-key-file", "keys")
        done = self.run_keys(s, "new", "alice")
        first = done.stdout.strip()
        self.assertRegex(first, "^[0-9a-f]{64}$")
        path = s.folder / "keys"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertNotIn(first, path.read_text())
        with s:
            self.assertEqual(s.get("/tools", headers=key(first)).status, 200)
            second = self.run_keys(s, "new", "alice").stdout.strip()
            admin = self.run_keys(s, "new", "ops", "--role", "admin").stdout.strip()
            s.send(signal.SIGHUP)
            s.until(lambda: s.get("/stats", headers=key(admin)).status == 200, "the new keys")
            self.assertEqual(s.get("/tools", headers=key(first)).status, 200)
            self.assertEqual(s.get("/tools", headers=key(second)).status, 200)
            listed = json.loads(self.run_keys(s, "list", "-o", "json").stdout)["items"]
            self.assertEqual([(k["name"], k["roles"]) for k in listed],
                             [("alice", "use"), ("alice", "use"), ("ops", "admin")])
            done = self.run_keys(s, "revoke", "alice", status=64)
            self.assertIn(listed[0]["id"], done.stderr)
            self.run_keys(s, "revoke", listed[0]["id"])
            self.assertEqual(s.post("/reload-config", headers=key(admin)).status, 200)
            self.assertEqual(s.get("/tools", headers=key(first)).status, 401)
            self.assertEqual(s.get("/tools", headers=key(second)).status, 200)
            self.assertIn("# name key roles tenants", path.read_text())

    def test_faults(self):
        """What cannot be done with keys is told"""
        s = Server(*HTTP)
        self.assertIn("wants a NAME", self.run_keys(s, "new", status=64).stderr)
        self.assertIn("did you mean", self.run_keys(s, "revok", "a", status=64).stderr)
        self.assertIn("none of use, metrics, admin", self.run_keys(s, "new", "a", "--role", "x", status=64).stderr)
        self.assertIn("is named by letters", self.run_keys(s, "new", "a b", status=64).stderr)
        self.assertIn("there is no key file", self.run_keys(s, "list", status=78).stderr)
        self.run_keys(s, "new", "a", "--tenant", "acme,umbrella")
        self.assertIn("has no key", self.run_keys(s, "revoke", "b", status=64).stderr)
        self.assertEqual(json.loads(self.run_keys(s, "list", "-o", "json").stdout)["items"][0]["tenants"],
                         "acme,umbrella")


class TestStdio(unittest.TestCase):
    HELLO = ('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
             '"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}\n')
    CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_disk_usage","arguments":{}}}\n'

    def run_stdio(self, *words, text=None, env=None):
        return subprocess.run([SRDIAG, "serve", *words], input=text if text is not None else self.HELLO + self.CALL,
                              capture_output=True, text=True, env=clean_env(**(env or {})), timeout=60, check=False)

    def test_silence(self):
        """Standard output has messages and nothing else; a clean run says nothing on standard error"""
        done = self.run_stdio("--stdio", "--demo")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual({a["id"] for a in answers}, {0, 1})
        self.assertEqual({a["jsonrpc"] for a in answers}, {"2.0"})

    def test_default(self):
        """Without a mode, and without a terminal, it is stdio"""
        self.assertEqual(len(self.run_stdio("--demo").stdout.splitlines()), 2)
        self.assertEqual(len(self.run_stdio("--demo", env={"SRDIAG_TRANSPORT": "stdio"}).stdout.splitlines()), 2)

    def test_terminal(self):
        """On a terminal a mode has to be said"""
        import pty
        master, slave = pty.openpty()
        done = subprocess.run([SRDIAG, "serve", "--demo"], stdin=slave, capture_output=True, text=True,
                              env=clean_env(), timeout=20, check=False)
        os.close(master)
        os.close(slave)
        self.assertEqual(done.returncode, 64)
        self.assertIn("--http --sse", done.stderr)

    def test_audit(self):
        """Calls are told to a file if one is named"""
        s = Server()
        path = s.folder / "audit"
        self.run_stdio("--stdio", "--demo", "--audit-file", str(path))
        self.assertRegex(path.read_text(), r"^\S+Z CALL get_disk_usage ok \d+ms transport=stdio bytes=\d+ "
                                           r"arguments=\{\}\n$")
        subprocess.run(["rm", "-rf", str(s.folder)], check=False)

    def test_closed(self):
        """With no standard output to keep it still ends in order"""
        done = subprocess.run(["sh", "-c", f'exec "{SRDIAG}" serve --stdio --demo >&- 2>/dev/null </dev/null'],
                              env=clean_env(), timeout=20, check=False)
        self.assertIn(done.returncode, (0, 74))

    def test_password(self):
        """A password never comes out, at the highest log level"""
        done = self.run_stdio("--stdio", "-h", "127.0.0.1:1", "-pcanary-7f3a", "-vv")
        self.assertNotIn("canary", done.stdout + done.stderr)


if __name__ == "__main__":
    tap.main()
