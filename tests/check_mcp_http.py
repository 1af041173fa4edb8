"""Are MCP over HTTP and over HTTP+SSE what the specification wants? Raw sockets against build/mcp_http_server.

MCP_HTTP_SERVER=path chooses another build of it. The codes and messages of the core have unit tests; here is
what the transport adds: methods, headers, statuses, streams, sessions, and who is cancelled when.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import time
import unittest
from functools import partial
from pathlib import Path

import tap
from serving import at_once

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("MCP_HTTP_SERVER", str(ROOT / "build" / "mcp_http_server"))
PATIENCE = 15
MODERN = "2026-07-28"
VERSION, CAPABILITIES = "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientCapabilities"
BOTH = "application/json, text/event-stream"


class Answer:
    def __init__(self, data):
        head, _, self.raw = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        match = re.match(r"HTTP/1\.1 (\d+)", lines[0])
        self.status = int(match.group(1)) if match else None
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
        chunked = self.headers.get("transfer-encoding") == "chunked"
        self.body = dechunk(self.raw) if chunked else self.raw

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["error"]["code"]

    @property
    def type(self):
        return self.headers.get("content-type")

    @property
    def messages(self):
        return messages(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def dechunk(data):
    out = b""
    while b"\r\n" in data:
        size, data = data.split(b"\r\n", 1)
        n = int(size, 16)
        if n == 0:
            break
        out, data = out + data[:n], data[n + 2:]
    return out


def events(text):
    """(event, data) of each complete event; comments are left out."""
    found = []
    for block in text.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            found.append((fields.get("event"), fields.get("data")))
    return found


def messages(text):
    return [json.loads(data) for event, data in events(text) if event == "message"]


class Server(contextlib.AbstractContextManager):
    def __init__(self, *options):
        self.process = subprocess.Popen([SERVER, *map(str, options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        if status:
            raise AssertionError(f"the server ended with {status}")

    def connect(self, request=b""):
        s = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        s.sendall(request)
        return s

    def ask(self, request):
        with self.connect(request) as s:
            data = b""
            while piece := s.recv(65536):
                data += piece
        return Answer(data)

    @property
    def stats(self):
        return self.ask(b"GET /stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").json

    def until(self, test):
        end = time.monotonic() + PATIENCE
        while True:
            stats = self.stats
            if test(stats) or time.monotonic() > end:
                return stats
            time.sleep(0.02)


def http(method, path, body=b"", headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: a", "Connection: close"]
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{k}: {v}" for k, v in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def post(message, *headers, accept=BOTH, kind="application/json", path="/mcp"):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    fixed = [("Content-Type", kind)] if kind else []
    fixed += [("Accept", accept)] if accept else []
    return http("POST", path, body, [*fixed, *headers])


def legacy(method, ident=1, **params):
    message = {"jsonrpc": "2.0", "method": method}
    if ident is not None:
        message["id"] = ident
    return {**message, "params": params} if params else message


def modern(method, ident=1, version=MODERN, token=None, **params):
    meta = {VERSION: version, CAPABILITIES: {}}
    if token is not None:
        meta["progressToken"] = token
    message = {"jsonrpc": "2.0", "method": method, "params": {**params, "_meta": meta}}
    return message if ident is None else {**message, "id": ident}


def headers(method, name=None, version=MODERN):
    found = [("MCP-Protocol-Version", version), ("Mcp-Method", method)]
    return found + ([("Mcp-Name", name)] if name else [])


def call(tool, token=None, ident=1, **arguments):
    """A modern call of a tool, with its headers."""
    return post(modern("tools/call", ident, token=token, name=tool, arguments=arguments), *headers("tools/call", tool))


def old_call(tool, token=None, ident=1, **arguments):
    params = {"name": tool, "arguments": arguments}
    if token is not None:
        params["_meta"] = {"progressToken": token}
    return post(legacy("tools/call", ident, **params), ("MCP-Protocol-Version", "2025-11-25"))


class WithServer(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def ask(self, request):
        return self.server.ask(request)


class Http(WithServer):
    """What HTTP alone decides."""

    def test_methods(self):
        """GET, DELETE, PUT and others are 405 with Allow: POST, before and after there is anything to see"""
        for method in ("GET", "DELETE", "PUT", "PATCH", "OPTIONS", "FROB"):
            with self.subTest(method):
                answer = self.ask(http(method, "/mcp", headers=[("Accept", "text/event-stream")]))
                self.assertEqual((answer.status, answer.headers["allow"]), (405, "POST"))
                self.assertIn("error", answer.json)

    def test_content_type(self):
        """Bodies that are not application/json are 415, parameters and case do not matter"""
        ping = legacy("ping")
        for kind, status in (("application/json", 200), ("application/json; charset=utf-8", 200),
                             ("Application/JSON;charset=UTF-8", 200), ("text/plain", 415), (None, 415), ("", 415),
                             ("application/jsonx", 415), ("application/json, text/plain", 415),
                             ("application/x-www-form-urlencoded", 415), ("multipart/form-data", 415)):
            with self.subTest(kind):
                self.assertEqual(self.ask(post(ping, kind=kind)).status, status)
        self.assertEqual(self.ask(post(ping, ("Content-Type", "text/plain"))).status, 415)

    def test_accept(self):
        """Accept is parsed: lists, wildcards, q=0; 406 when neither of our types is welcome"""
        ping = legacy("ping")
        for accept, status in ((None, 200), (BOTH, 200), ("*/*", 200), ("application/*", 200),
                               ("text/html, */*;q=0.1", 200), ("application/json;q=0.001", 200),
                               ("text/html", 406), ("application/json;q=0", 406),
                               ("application/json;q=0, text/event-stream;q=0.000", 406),
                               ("*/*;q=0", 406), ("application/jsonp", 406)):
            with self.subTest(accept):
                self.assertEqual(self.ask(post(ping, accept=accept)).status, status)
        answer = self.ask(post(ping, ("Accept", "application/json"), accept="text/html"))
        self.assertEqual(answer.status, 200)

    def test_accept_stream_only(self):
        """Who reads nothing but streams gets a stream; who reads none gets none"""
        answer = self.ask(post(legacy("ping"), accept="text/event-stream"))
        self.assertEqual((answer.type, answer.messages), ("text/event-stream", [{"jsonrpc": "2.0", "id": 1,
                                                                                "result": {}}]))
        for accept in ("application/json", "application/json, text/event-stream;q=0"):
            request = post(modern("tools/call", 1, token=1, name="steps", arguments={"count": 3, "ms": 300}),
                           *headers("tools/call", "steps"), accept=accept)
            answer = self.ask(request)
            self.assertEqual((answer.type, answer.json["id"]), ("application/json", 1))

    def test_broken(self):
        """Broken JSON is 400 with -32700 and no id, no object -32600, too deep 413"""
        for body, status, code in ((b"{", 400, -32700), (b"", 400, -32700), (b"\xff", 400, -32700),
                                   (b"{} x", 400, -32700), (b"1", 400, -32600), (b'"x"', 400, -32600),
                                   (b"[]", 400, -32600), (b'{"a":1,"a":2}', 400, -32600),
                                   (b"[" * 100 + b"]" * 100, 413, -32600)):
            with self.subTest(body):
                answer = self.ask(post(body))
                self.assertEqual((answer.status, answer.code), (status, code))
                self.assertNotIn("id", answer.json)
                self.assertEqual(answer.type, "application/json")

    def test_too_large(self):
        """A body above 4 MiB is 413, by length and while it is read"""
        big = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"' + b"x" * (4 << 20) + b'"}}'
        self.assertEqual(self.ask(post(big[:1000] + big[-10:])).status, 200)
        request = http("POST", "/mcp", b"", [("Content-Type", "application/json")]).replace(
            b"Content-Length: 0", b"Content-Length: %d" % len(big))
        self.assertEqual(self.ask(request).status, 413)

    def test_parallel(self):
        """POSTs on separate connections run at the same time"""
        begin = time.monotonic()
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(self.server.connect(call("slow", ident=i, ms=400))) for i in range(6)]
            answers = [Answer(b"".join(iter(lambda s=s: s.recv(65536), b""))) for s in sockets]
        self.assertEqual([a.json["id"] for a in answers], list(range(6)))
        self.assertLess(time.monotonic() - begin, 6 * 0.4)

    def test_kept_alive(self):
        """A connection serves one message after the other, answered quickly or late"""
        with self.server.connect() as s:
            for i in range(5):
                request = call("slow", ident=i, ms=20 * (i % 2)).replace(b"Connection: close\r\n", b"")
                s.sendall(request)
                data = b""
                while not data.endswith(b"}"):
                    data += s.recv(65536)
                self.assertEqual(Answer(data).json["id"], i)


class Modern(WithServer):
    def test_answer(self):
        """A call is answered with one object that may not be kept"""
        answer = self.ask(call("quick", ident="x", text="hello"))
        self.assertEqual((answer.status, answer.type), (200, "application/json"))
        self.assertEqual(answer.json["id"], "x")
        self.assertEqual(answer.json["result"]["resultType"], "complete")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertNotIn("mcp-session-id", answer.headers)

    def test_version_header(self):
        """MCP-Protocol-Version is required and equals _meta"""
        message = modern("tools/list")
        method = ("Mcp-Method", "tools/list")
        for extra in ([method], [method, ("MCP-Protocol-Version", "2025-11-25")],
                      [method, ("MCP-Protocol-Version", MODERN), ("MCP-Protocol-Version", MODERN)],
                      [method, ("MCP-Protocol-Version", "")]):
            with self.subTest(str(extra)):
                answer = self.ask(post(message, *extra))
                self.assertEqual((answer.status, answer.code), (400, -32020))
        answer = self.ask(post(message, method, ("mcp-PROTOCOL-version", f"  {MODERN} ")))
        self.assertEqual(answer.status, 200)

    def test_unknown_version(self):
        """An unknown version is 400, -32022, with what is supported and what was asked"""
        answer = self.ask(post(modern("tools/list", version="2031-01-01"), *headers("tools/list", version="2031-01-01")))
        self.assertEqual((answer.status, answer.code), (400, -32022))
        self.assertEqual(answer.json["error"]["data"], {"supported": [MODERN], "requested": "2031-01-01"})

    def test_method_header(self):
        """Mcp-Method is required, equals the method, and its case matters"""
        for value in (None, "tools/call", "Tools/List", "tools/list, tools/list"):
            with self.subTest(value):
                extra = [("MCP-Protocol-Version", MODERN)] + ([("Mcp-Method", value)] if value else [])
                answer = self.ask(post(modern("tools/list"), *extra))
                self.assertEqual((answer.status, answer.code), (400, -32020))

    def test_name_header(self):
        """Mcp-Name is required for calls, equals the name, and may be base64"""
        message = modern("tools/call", name="quick", arguments={})
        for value, status in (("quick", 200), ("  quick ", 200), ("=?base64?cXVpY2s=?=", 200), (None, 400),
                              ("slow", 400), ("=?base64?cXVpY2s?=", 400), ("=?base64?c2xvdw==?=", 400),
                              ("=?base64?****?=", 400)):
            with self.subTest(value):
                answer = self.ask(post(message, *headers("tools/call", value)))
                self.assertEqual(answer.status, status)
                if status == 400:
                    self.assertEqual(answer.code, -32020)

    def test_unknown_method(self):
        """Unknown and removed methods are 404 with -32601"""
        for method in ("tools/frob", "initialize", "ping", "logging/setLevel", "resources/subscribe"):
            with self.subTest(method):
                answer = self.ask(post(modern(method), *headers(method)))
                self.assertEqual((answer.status, answer.code), (404, -32601))

    def test_params_are_200(self):
        """What is wrong with a call, not with the request, is 200"""
        answer = self.ask(post(modern("tools/call", name="frob", arguments={}), *headers("tools/call", "frob")))
        self.assertEqual((answer.status, answer.code), (200, -32602))

    def test_meta(self):
        """_meta without its members is 400 with -32602"""
        for meta in ({CAPABILITIES: {}}, {VERSION: MODERN}, {VERSION: MODERN, CAPABILITIES: []}):
            with self.subTest(str(meta)):
                message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
                answer = self.ask(post(message, *headers("tools/list")))
                self.assertEqual((answer.status, answer.code), (400, -32602))

    def test_notifications(self):
        """Notifications are 202 without a body, known or not; a response is 400"""
        for method in ("notifications/cancelled", "notifications/frob"):
            answer = self.ask(post(modern(method, None), *headers(method)))
            self.assertEqual((answer.status, answer.body), (202, b""))
            self.assertNotIn("content-type", answer.headers)
        answer = self.ask(post({"jsonrpc": "2.0", "id": 1, "result": {}}, ("MCP-Protocol-Version", MODERN)))
        self.assertEqual(answer.status, 400)

    def test_sessions_are_ignored(self):
        """Mcp-Session-Id, Last-Event-ID and Mcp-Param-... are ignored"""
        answer = self.ask(post(modern("tools/list"), *headers("tools/list"), ("Mcp-Session-Id", "x"),
                               ("Last-Event-ID", "7"), ("Mcp-Param-Region", "y")))
        self.assertEqual(answer.status, 200)
        self.assertNotIn("mcp-session-id", answer.headers)

    def test_no_batches(self):
        """A batch is 400"""
        answer = self.ask(post([modern("tools/list")], *headers("tools/list")))
        self.assertEqual((answer.status, answer.code), (400, -32600))

    def test_discover(self):
        """server/discover is answered"""
        answer = self.ask(post(modern("server/discover"), *headers("server/discover")))
        self.assertEqual(answer.json["result"]["supportedVersions"], [MODERN])


class Streams(WithServer):
    def test_quick_is_json(self):
        """Work of less than half a second is answered in one piece, also to those who asked for progress"""
        answer = self.ask(call("steps", token=7, count=3, ms=20))
        self.assertEqual(answer.type, "application/json")
        self.assertEqual(answer.json["id"], 1)

    def test_stream(self):
        """Longer work with a token is a stream: progress first, then the answer, then the end"""
        answer = self.ask(call("steps", token="t", count=4, ms=300))
        self.assertEqual((answer.status, answer.type), (200, "text/event-stream"))
        self.assertEqual(answer.headers["cache-control"], "no-cache, no-transform")
        self.assertEqual(answer.headers["x-accel-buffering"], "no")
        self.assertEqual(answer.headers["transfer-encoding"], "chunked")
        found = answer.messages
        self.assertGreaterEqual(len(found), 3)
        self.assertTrue(all(m["method"] == "notifications/progress" for m in found[:-1]))
        self.assertTrue(all(m["params"]["progressToken"] == "t" for m in found[:-1]))
        steps = [m["params"]["progress"] for m in found[:-1]]
        self.assertEqual(steps, sorted(set(steps)))
        self.assertEqual(found[-1]["id"], 1)
        self.assertIn("result", found[-1])
        self.assertNotIn(b"\nid:", answer.body)
        self.assertNotIn(b"retry:", answer.body)
        for line in answer.body.decode().split("\n"):
            self.assertRegex(line, r"^(event: message|data: \{.*\}|: .*|)$")

    def test_first_word_comes_in_time(self):
        """The stream begins while the work goes on, even if nothing more is told"""
        with self.server.connect(call("steps", token=1, count=1, ms=3000)) as s:
            begin = time.monotonic()
            self.assertIn(b"text/event-stream", s.recv(65536))
            self.assertLess(time.monotonic() - begin, 2.5)

    def test_no_token(self):
        """Without a token there is no stream, however long it takes"""
        answer = self.ask(call("steps", count=3, ms=300))
        self.assertEqual(answer.type, "application/json")

    def test_legacy_stream(self):
        """In the legacy era it is the same"""
        answer = self.ask(old_call("steps", token=0, count=3, ms=300))
        self.assertEqual(answer.type, "text/event-stream")
        self.assertEqual(answer.messages[0]["params"]["progressToken"], 0)

    def test_large(self):
        """A large answer arrives whole, in one piece and at the end of a stream"""
        answer = self.ask(call("large", bytes=3_000_000))
        self.assertEqual(len(answer.json["result"]["content"][0]["text"]), 3_000_000)

    def test_beats(self):
        """Streams that have nothing to say still give a sign; without a token nobody needs one"""
        with Server("--beat-ms", 100) as server:
            session = Session(server)
            while session.text.count(b": still there") < 3:
                session.more()
            session.close()
            answer = server.ask(call("slow", token=1, ms=1500))
            self.assertEqual(answer.type, "text/event-stream")
            self.assertIn(b": still there\n\n", answer.body)
            self.assertEqual(answer.messages[0]["id"], 1)
            self.assertEqual(server.ask(call("slow", ms=900)).type, "application/json")

    def test_eager(self):
        """A server that tells progress more often opens its streams sooner"""
        with Server("--progress-ms", 20) as eager:
            answer = eager.ask(call("steps", token=1, count=3, ms=60))
            self.assertEqual([m.get("id") for m in answer.messages], [None, None, None, 1])


class Leaving(WithServer):
    def leave(self, request, wait=0.15):
        before = self.server.stats
        s = self.server.connect(request)
        self.server.until(lambda x: x["begun"] > before["begun"])
        time.sleep(wait)
        s.close()
        return before

    def test_modern(self):
        """A modern client that leaves cancels its call"""
        before = self.leave(call("slow", ms=60000))
        after = self.server.until(lambda x: x["cancelled"] > before["cancelled"])
        self.assertEqual(after["cancelled"], before["cancelled"] + 1)

    def test_modern_stream(self):
        """Also when the stream has begun"""
        before = self.leave(call("steps", token=1, count=1000, ms=100), wait=0.9)
        after = self.server.until(lambda x: x["cancelled"] > before["cancelled"])
        self.assertEqual(after["cancelled"], before["cancelled"] + 1)

    def test_legacy(self):
        """A legacy client that leaves cancels nothing"""
        before = self.leave(old_call("slow", ms=600))
        after = self.server.until(lambda x: x["finished"] > before["finished"])
        self.assertEqual((after["finished"], after["cancelled"]), (before["finished"] + 1, before["cancelled"]))

    def test_legacy_stream(self):
        """Nor does it when the stream has begun"""
        before = self.leave(old_call("steps", token=1, count=10, ms=150), wait=0.7)
        after = self.server.until(lambda x: x["finished"] > before["finished"])
        self.assertEqual((after["finished"], after["cancelled"]), (before["finished"] + 1, before["cancelled"]))

    def test_by_notification(self):
        """notifications/cancelled by another POST cancels, in both eras, and the POST that waits ends"""
        for request, note in (
                (call("slow", ident="c-1", ms=60000),
                 post(modern("notifications/cancelled", None, requestId="c-1"), *headers("notifications/cancelled"))),
                (old_call("slow", ident="c-2", ms=60000), post(legacy("notifications/cancelled", None, requestId="c-2")))):
            before = self.server.stats
            with self.server.connect(request) as s:
                self.server.until(lambda x, b=before: x["begun"] > b["begun"])
                self.assertEqual(self.ask(note).status, 202)
                answer = Answer(b"".join(iter(lambda: s.recv(65536), b"")))
            self.assertEqual((answer.status, answer.body), (202, b""))
            self.assertEqual(self.server.stats["cancelled"], before["cancelled"] + 1)

    def test_not_of_others(self):
        """Nobody cancels what another key asked"""
        before = self.server.stats
        request = old_call("slow", ident="k-1", ms=700).replace(b"Host: a", b"Host: a\r\nX-API-Key: ann")
        with self.server.connect(request) as s:
            self.server.until(lambda x: x["begun"] > before["begun"])
            self.ask(post(legacy("notifications/cancelled", None, requestId="k-1"), ("X-API-Key", "bob")))
            answer = Answer(b"".join(iter(lambda: s.recv(65536), b"")))
        self.assertEqual(answer.json["id"], "k-1")


class Legacy(WithServer):
    def test_initialize(self):
        """initialize needs no header and gives no session"""
        answer = self.ask(post(legacy("initialize", 0, protocolVersion="2025-06-18", capabilities={},
                                      clientInfo={"name": "x", "version": "1"})))
        self.assertEqual((answer.status, answer.json["id"]), (200, 0))
        self.assertEqual(answer.json["result"]["protocolVersion"], "2025-06-18")
        self.assertNotIn("mcp-session-id", answer.headers)

    def test_versions(self):
        """Without a header, and with a known legacy one, requests are served; an unknown one is 400"""
        for version in (None, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
            extra = [("MCP-Protocol-Version", version)] if version else []
            self.assertEqual(self.ask(post(legacy("tools/list"), *extra)).status, 200, version)
        for message in (legacy("tools/list"), legacy("notifications/initialized", None)):
            self.assertEqual(self.ask(post(message, ("MCP-Protocol-Version", "2020-01-01"))).status, 400)

    def test_silent(self):
        """Notifications and responses are 202 without a body"""
        for message in (legacy("notifications/initialized", None), legacy("notifications/frob", None),
                        {"jsonrpc": "2.0", "id": 1, "result": {}}):
            answer = self.ask(post(message))
            self.assertEqual((answer.status, answer.body), (202, b""))

    def test_batches(self):
        """Batches are answered in one array, only in 2025-03-26 and without a header"""
        batch = [legacy("ping", "a"), legacy("notifications/zz", None), legacy("nope", "b"),
                 legacy("tools/call", "c", name="slow", arguments={"ms": 10})]
        for extra in ([], [("MCP-Protocol-Version", "2025-03-26")]):
            answer = self.ask(post(batch, *extra))
            self.assertEqual(answer.status, 200)
            self.assertEqual(sorted(m["id"] for m in answer.json), ["a", "b", "c"])
        answer = self.ask(post([legacy("notifications/zz", None)]))
        self.assertEqual((answer.status, answer.body), (202, b""))
        answer = self.ask(post(batch, ("MCP-Protocol-Version", "2025-11-25")))
        self.assertEqual((answer.status, answer.code), (400, -32600))

    def test_modern_headers(self):
        """Mcp-Method and Mcp-Name are ignored"""
        answer = self.ask(post(legacy("tools/list"), ("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "frob"),
                               ("Mcp-Name", "frob")))
        self.assertEqual(answer.status, 200)

    def test_unknown_method(self):
        """Unknown methods are 200 with -32601"""
        answer = self.ask(post(legacy("frob")))
        self.assertEqual((answer.status, answer.code), (200, -32601))


class Capacity(WithServer):
    options = ("--workers", 1, "--queue", 1)

    def test_full(self):
        """When the queue is full, calls are refused with 503, and what needs no work is still answered"""
        begun = self.server.stats["begun"]
        with self.server.connect(call("stubborn", ms=1500)), self.server.connect() as second:
            self.server.until(lambda x: x["begun"] > begun)
            second.sendall(call("stubborn", ms=10))
            time.sleep(0.1)
            answer = self.ask(call("slow", ms=10))
            self.assertEqual((answer.status, answer.json["error"]), (503, "Server at capacity"))
            self.assertEqual(answer.headers["retry-after"], "1")
            self.assertEqual(self.ask(post(modern("tools/list"), *headers("tools/list"))).status, 200)
            stream = Session(self.server)
            self.assertEqual(stream.post(legacy("tools/call", 5, name="slow", arguments={"ms": 1})).status, 202)
            self.assertEqual(stream.next()["error"]["code"], -32603)
            stream.close()

    def test_end(self):
        """An end with calls and sessions under way is an orderly end"""
        with Server("--workers", 2) as server:
            kept = [server.connect(call("slow", ident=i, ms=60000)) for i in range(4)]
            kept += [server.connect(old_call("steps", token=1, ident=i, count=1000, ms=10)) for i in range(4)]
            sessions = [Session(server) for _ in range(3)]
            for session in sessions:
                session.post(legacy("tools/call", 1, name="slow", arguments={"ms": 60000}))
            time.sleep(0.3)
        for s in kept + sessions:
            s.close()


class Session:
    """One conversation over HTTP+SSE."""

    def __init__(self, server, *extra):
        self.server, self.extra = server, extra
        self.socket = server.connect(http("GET", "/sse", headers=[("Accept", "text/event-stream"), *extra]))
        self.data, self.seen = b"", 0
        while b"\n\n" not in self.text:
            self.more()
        self.head = Answer(self.data)
        self.events = events(self.text)
        self.path = self.events[0][1]

    @property
    def text(self):
        head, _, raw = self.data.partition(b"\r\n\r\n")
        return dechunk(raw) if raw else b""

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError
        self.data += piece

    def next(self):
        while len(messages(self.text)) <= self.seen:
            self.more()
        self.seen += 1
        return messages(self.text)[self.seen - 1]

    def post(self, message, *extra, **more):
        return self.server.ask(post(message, *(extra or self.extra), path=self.path, **more))

    def close(self):
        self.socket.close()


class Sse(WithServer):
    def test_endpoint(self):
        """A session begins with its endpoint, relative and with an id that nobody guesses"""
        a, b = Session(self.server), Session(self.server)
        self.assertEqual((a.head.status, a.head.type), (200, "text/event-stream"))
        self.assertEqual(a.head.headers["cache-control"], "no-cache, no-transform")
        self.assertEqual(a.events[0][0], "endpoint")
        self.assertRegex(a.path, r"^/messages\?sessionId=[A-Za-z0-9_-]{22,}$")
        self.assertNotEqual(a.path, b.path)
        a.close()
        b.close()

    def test_conversation(self):
        """POSTs are 202 and answers come on the stream"""
        s = Session(self.server)
        answer = s.post(legacy("initialize", 0, protocolVersion="2024-11-05", capabilities={},
                               clientInfo={"name": "x", "version": "1"}))
        self.assertEqual(answer.status, 202)
        self.assertEqual(s.next()["result"]["protocolVersion"], "2024-11-05")
        self.assertEqual(s.post(legacy("notifications/initialized", None)).status, 202)
        self.assertEqual(s.post(legacy("tools/call", "x", name="quick", arguments={"text": "hi"})).status, 202)
        found = s.next()
        self.assertEqual((found["id"], found["result"]["content"][0]["text"]), ("x", "hi"))
        self.assertEqual(s.post(legacy("frob", 2)).status, 202)
        self.assertEqual(s.next()["error"]["code"], -32601)
        s.close()

    def test_progress(self):
        """Progress comes on the stream before the answer"""
        s = Session(self.server)
        s.post(legacy("tools/call", 1, name="steps", arguments={"count": 3, "ms": 300}, _meta={"progressToken": 5}))
        first = s.next()
        self.assertEqual(first["params"]["progressToken"], 5)
        while (last := s.next()).get("id") is None:
            self.assertEqual(last["method"], "notifications/progress")
        self.assertEqual(last["id"], 1)
        s.close()

    def test_large(self):
        """A large answer arrives whole"""
        s = Session(self.server)
        s.post(legacy("tools/call", 1, name="large", arguments={"bytes": 3_000_000}))
        self.assertEqual(len(s.next()["result"]["content"][0]["text"]), 3_000_000)
        s.close()

    def test_refused_posts(self):
        """Broken JSON is 400, a wrong type 415, an unknown or missing session 404 at once"""
        s = Session(self.server)
        self.assertEqual(s.post(b"{").status, 400)
        self.assertEqual(s.post(b"{").code, -32700)
        self.assertEqual(s.post(legacy("ping"), kind="text/plain").status, 415)
        self.assertEqual(s.post([]).status, 400)
        for path in ("/messages", "/messages?sessionId=", "/messages?sessionId=frob", s.path + "x",
                     s.path.replace("sessionId", "session")):
            self.assertEqual(self.ask(post(legacy("ping"), path=path)).status, 404, path)
        self.assertEqual(self.ask(http("GET", "/sse", headers=[("Accept", "application/json")])).status, 406)
        s.post(legacy("ping", "still"))
        self.assertEqual(s.next()["id"], "still")
        s.close()

    def test_own_stream(self):
        """Answers go to the stream of their session only, and ids may be the same in two sessions"""
        a, b = Session(self.server), Session(self.server)
        for s, text in ((a, "for a"), (b, "for b")):
            s.post(legacy("tools/call", 1, name="quick", arguments={"text": text}))
        self.assertEqual(a.next()["result"]["content"][0]["text"], "for a")
        self.assertEqual(b.next()["result"]["content"][0]["text"], "for b")
        a.close()
        b.close()

    def test_belongs_to_a_key(self):
        """A session is there for its key and tenant only"""
        s = Session(self.server, ("X-API-Key", "ann"), ("X-Tenant-ID", "one"))
        for extra in ([("X-API-Key", "bob"), ("X-Tenant-ID", "one")], [("X-API-Key", "ann"), ("X-Tenant-ID", "two")],
                      [("X-API-Key", "ann")], [("X-Tenant-ID", "one")]):
            self.assertEqual(s.post(legacy("ping"), *extra).status, 404)
        self.assertEqual(s.post(legacy("ping", "mine")).status, 202)
        self.assertEqual(s.next()["id"], "mine")
        s.close()

    def test_leaving(self):
        """The end of the stream ends the session and cancels what it asked, and nothing else"""
        before = self.server.stats
        a, b = Session(self.server), Session(self.server)
        for s in (a, b):
            s.post(legacy("tools/call", 1, name="slow", arguments={"ms": 3000}))
        self.server.until(lambda x: x["begun"] >= before["begun"] + 2)
        a.close()
        after = self.server.until(lambda x: x["cancelled"] > before["cancelled"])
        self.assertEqual(after["cancelled"], before["cancelled"] + 1)
        self.assertEqual(a.post(legacy("ping")).status, 404)
        self.assertEqual(b.next()["id"], 1)
        b.close()
        after = self.server.until(lambda x: x["sessions"] == 0)
        self.assertEqual(after["sessions"], 0)

    def test_cancelled(self):
        """notifications/cancelled stops a call, which is not answered"""
        before = self.server.stats
        s = Session(self.server)
        s.post(legacy("tools/call", 9, name="slow", arguments={"ms": 60000}))
        self.server.until(lambda x: x["begun"] > before["begun"])
        s.post(legacy("notifications/cancelled", None, requestId=9))
        self.server.until(lambda x: x["cancelled"] > before["cancelled"])
        s.post(legacy("ping", "next"))
        self.assertEqual(s.next()["id"], "next")
        s.close()

    def test_legacy_only(self):
        """server/discover is an unknown method here"""
        s = Session(self.server)
        s.post(modern("server/discover", 1))
        self.assertEqual(s.next()["error"]["code"], -32601)
        s.close()

    def test_sweep(self):
        """Idle sessions are ended, those at work are not"""
        idle, busy = Session(self.server), Session(self.server)
        busy.post(legacy("tools/call", 1, name="slow", arguments={"ms": 600}))
        time.sleep(0.1)
        self.ask(http("POST", "/sweep?ms=50", b""))
        with self.assertRaises(EOFError):
            idle.next()
        self.assertTrue(idle.data.endswith(b"0\r\n\r\n"))
        self.assertEqual(idle.post(legacy("ping")).status, 404)
        self.assertEqual(busy.next()["id"], 1)
        busy.close()

    def test_many(self):
        """Many sessions come, ask and go from many threads, and none is left"""
        def talk(number):
            for i in range(10):
                s = Session(self.server)
                s.post(legacy("tools/call", i, name="slow", arguments={"ms": i % 3 * 5}))
                if (number + i) % 2:
                    self.assertEqual(s.next()["id"], i)
                s.close()
        at_once([partial(talk, n) for n in range(6)])
        self.assertEqual(self.server.until(lambda x: x["sessions"] == 0)["sessions"], 0)


if __name__ == "__main__":
    tap.main()
