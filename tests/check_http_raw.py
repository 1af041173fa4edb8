"""Does the HTTP server answer what a socket can throw at it? Raw bytes against build/http_echo.

HTTP_ECHO=path chooses another build of it; SSL tests need `openssl` to make certificates.
"""

import contextlib
import json
import os
import re
import resource
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from functools import partial
from pathlib import Path

import tap
from serving import at_once

ROOT = Path(__file__).resolve().parent.parent
ECHO = os.environ.get("HTTP_ECHO", str(ROOT / "build" / "http_echo"))
# Instrumented builds are slower, and nothing here asserts a time closer than this.
PATIENCE = 10


class Echo(contextlib.AbstractContextManager):
    """A server of its own: Echo("--slow-ms", "300")."""

    def __init__(self, *options, fds=()):
        self.process = subprocess.Popen([ECHO, *map(str, options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, pass_fds=fds)
        self.line = self.process.stdout.readline().strip()
        self.port = int(self.line.rsplit(":", 1)[1]) if self.line.startswith("listening ") else 0

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        if status:
            raise AssertionError(f"the server ended with {status}")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def connect(self, timeout=PATIENCE):
        s = socket.create_connection(("127.0.0.1", self.port), timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def talk(self, *pieces, end=False):
        """Sends, and reads until the server closes (end: after we have closed our half)."""
        with self.connect() as s:
            for piece in pieces:
                try:
                    s.sendall(piece)
                except (BrokenPipeError, ConnectionResetError):
                    break
            if end:
                s.shutdown(socket.SHUT_WR)
            return read_all(s)

    def get(self, path):
        return self.talk(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())

    def json(self, path):
        return json.loads(body(self.get(path)))

    @property
    def stats(self):
        return self.json("/stats")

    def wait_stats(self, test, seconds=PATIENCE):
        """The counters when @test is true of them, or when the patience is over."""
        until = time.monotonic() + seconds
        while True:
            stats = self.stats
            if "handled" in stats and test(stats) or time.monotonic() > until:
                return stats
            time.sleep(0.02)


def read_all(s):
    data = b""
    try:
        while piece := s.recv(65536):
            data += piece
    except (ConnectionResetError, ssl.SSLError, TimeoutError) as e:
        data += f"<{type(e).__name__}>".encode()
    return data


def read_answer(s, pending=b""):
    """One answer with Content-Length; (bytes, what came behind it)."""
    while b"\r\n\r\n" not in pending:
        piece = s.recv(65536)
        if not piece:
            return pending, b""
        pending += piece
    head, rest = pending.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
    while len(rest) < length:
        piece = s.recv(65536)
        if not piece:
            break
        rest += piece
    return head + b"\r\n\r\n" + rest[:length], rest[length:]


def status(answer):
    m = re.match(rb"HTTP/1\.[01] (\d+)", answer)
    return int(m.group(1)) if m else None


def statuses(data):
    return [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3}) ", data)]


def body(answer):
    return answer.split(b"\r\n\r\n", 1)[1] if b"\r\n\r\n" in answer else b""


def dechunk(data):
    out = b""
    while data:
        size, data = data.split(b"\r\n", 1)
        n = int(size, 16)
        if n == 0:
            break
        out, data = out + data[:n], data[n + 2:]
    return out


def post(path, payload=b"", *headers):
    lines = [f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {len(payload)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def head(*lines, first="POST /echo HTTP/1.1"):
    return "\r\n".join([first, *lines]).encode("latin-1") + b"\r\n\r\n"


# What two readers of the same bytes could read in two ways; each must be refused, and the connection closed,
# so that what follows is never taken for a request.
AMBIGUOUS = [
    ("two Content-Lengths", head("Host: a", "Content-Length: 4", "Content-Length: 4") + b"abcd"),
    ("two different Content-Lengths", head("Host: a", "Content-Length: 0", "Content-Length: 4") + b"abcd"),
    ("Content-Length in a list", head("Host: a", "Content-Length: 4, 4") + b"abcd"),
    ("Content-Length and chunked", head("Host: a", "Content-Length: 4", "Transfer-Encoding: chunked") + b"0\r\n\r\n"),
    ("chunked and Content-Length", head("Host: a", "Transfer-Encoding: chunked", "Content-Length: 4") + b"0\r\n\r\n"),
    ("a signed Content-Length", head("Host: a", "Content-Length: +4") + b"abcd"),
    ("a negative Content-Length", head("Host: a", "Content-Length: -1")),
    ("a Content-Length in hex", head("Host: a", "Content-Length: 0x4") + b"abcd"),
    ("a Content-Length with a blank in it", head("Host: a", "Content-Length: 1 4") + b"abcd"),
    ("an empty Content-Length", head("Host: a", "Content-Length:")),
    ("a Content-Length that is a word", head("Host: a", "Content-Length: four") + b"abcd"),
    ("two Transfer-Encodings", head("Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
     + b"0\r\n\r\n"),
    ("Transfer-Encoding: identity", head("Host: a", "Transfer-Encoding: identity")),
    ("Transfer-Encoding: gzip, chunked", head("Host: a", "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n"),
    ("Transfer-Encoding: xchunked", head("Host: a", "Transfer-Encoding: xchunked") + b"0\r\n\r\n"),
    ("Transfer-Encoding: chunked, identity", head("Host: a", "Transfer-Encoding: chunked, identity") + b"0\r\n\r\n"),
    ("Transfer-Encoding: \"chunked\"", head("Host: a", "Transfer-Encoding: \"chunked\"") + b"0\r\n\r\n"),
    ("an empty Transfer-Encoding", head("Host: a", "Transfer-Encoding:") + b"0\r\n\r\n"),
    ("Transfer-Encoding in HTTP/1.0", head("Host: a", "Transfer-Encoding: chunked", first="POST /echo HTTP/1.0")
     + b"0\r\n\r\n"),
    ("Transfer-Encoding with a control character", head("Host: a", "Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n"),
    ("a folded Transfer-Encoding", head("Host: a", "Transfer-Encoding:", " chunked") + b"0\r\n\r\n"),
    ("a folded header", head("Host: a", "X-Test: one", " two", "Content-Length: 0")),
    ("a folded header with a tab", head("Host: a", "X-Test: one", "\ttwo", "Content-Length: 0")),
    ("a blank before the colon", head("Host: a", "Content-Length : 4") + b"abcd"),
    ("a tab before the colon", head("Host: a", "Transfer-Encoding\t: chunked") + b"0\r\n\r\n"),
    ("a blank before the first header", head(" Host: a", "Content-Length: 0")),
    ("a header without a colon", head("Host: a", "Content-Length 4", "Content-Length: 0")),
    ("a header without a name", head("Host: a", ": 4", "Content-Length: 0")),
    ("a NUL in a value", head("Host: a", "X-Test: a\0b", "Content-Length: 0")),
    ("a NUL in a name", head("Host: a", "X-\0Test: a", "Content-Length: 0")),
    ("a line that begins with a NUL", head("Host: a", "\0Transfer-Encoding: chunked", "Content-Length: 0")),
    ("a bare CR in a value", head("Host: a", "X-Test: a\rContent-Length: 9", "Content-Length: 0")),
    ("a bare LF after a header", b"POST /echo HTTP/1.1\r\nHost: a\nContent-Length: 0\r\n\r\n"),
    ("a bare LF after the request line", b"POST /echo HTTP/1.1\nHost: a\r\nContent-Length: 0\r\n\r\n"),
    ("bare LFs at the end of the head", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\n\n"),
    ("an escape character in a value", head("Host: a", "X-Test: \x1b[31m", "Content-Length: 0")),
    ("a DEL in a value", head("Host: a", "X-Test: a\x7f", "Content-Length: 0")),
    ("two Hosts", head("Host: a", "Host: b", "Content-Length: 0")),
    ("no Host", head("Content-Length: 0")),
    ("a target with a blank", head("Host: a", "Content-Length: 0", first="POST /echo HTTP/1.1 HTTP/1.1")),
    ("a target with a control character", head("Host: a", "Content-Length: 0", first="POST /ec\x01ho HTTP/1.1")),
    ("a method that is no word", head("Host: a", "Content-Length: 0", first="PO(ST /echo HTTP/1.1")),
    ("HTTP/2.0", head("Host: a", "Content-Length: 0", first="POST /echo HTTP/2.0")),
    ("HTTP/0.9", b"GET /hello\r\n\r\n"),
]

BAD_CHUNKS = [
    ("a size that is no number", b"zz\r\nabcd\r\n0\r\n\r\n"),
    ("a size with a sign", b"+4\r\nabcd\r\n0\r\n\r\n"),
    ("a size with 0x", b"0x4\r\nabcd\r\n0\r\n\r\n"),
    ("a size that does not fit", b"fffffffffffffffff\r\nabcd\r\n0\r\n\r\n"),
    ("an empty size", b"\r\nabcd\r\n0\r\n\r\n"),
    ("a chunk without its line end", b"4\r\nabcdX\r\n0\r\n\r\n"),
    ("a chunk that is longer than it says", b"2\r\nabcd\r\n0\r\n\r\n"),
]


class Framing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.echo = Echo("--max-body", 100000, "--slow-ms", 5000)

    @classmethod
    def tearDownClass(cls):
        cls.echo.__exit__()

    def test_ambiguous(self):
        """What can be read in two ways is refused, and the connection closed"""
        for name, request in AMBIGUOUS:
            with self.subTest(name):
                before = self.echo.stats
                answer = self.echo.talk(request + SMUGGLED, end=True)
                after = self.echo.stats
                # 0.9.75 says twice that a Content-Length is no number
                self.assertEqual(set(statuses(answer)), {505 if name == "HTTP/2.0" else 400}, answer)
                self.assertEqual(after["handled"] - before["handled"], 1, "it reached a handler")

    def test_refusals_are_ours(self):
        """A refusal is JSON, says why, closes, and is logged"""
        before = self.echo.stats
        answer = self.echo.talk(head("Host: a", "Content-Length: 4", "Content-Length: 4"))
        self.assertEqual(json.loads(body(answer))["message"], "more than one Content-Length")
        self.assertIn(b"Connection: close", answer)
        after = self.echo.stats
        self.assertEqual(after["statuses"]["400"], before["statuses"].get("400", 0) + 1)

    def test_bad_chunks(self):
        """A broken chunk ends the connection before anything is handled"""
        for name, chunks in BAD_CHUNKS:
            with self.subTest(name):
                before = self.echo.stats["handled"]
                answer = self.echo.talk(head("Host: a", "Transfer-Encoding: chunked") + chunks + SMUGGLED, end=True)
                self.assertIn(status(answer), (None, 400, 413), answer)
                self.assertLessEqual(len(statuses(answer)), 1, answer)
                self.assertEqual(self.echo.stats["handled"] - before, 1, answer)

    def test_chunks(self):
        """A chunked body arrives whole, with trailers and cut at every byte"""
        request = (head("Host: a", "Transfer-Encoding: Chunked", "Connection: close")
                   + b"4\r\nabcd\r\n0A\r\n0123456789\r\n0\r\nX-Trailer: y\r\n\r\n")
        self.assertEqual(body(self.echo.talk(request)), b"abcd0123456789")
        with self.echo.connect() as s:
            for i in range(len(request)):
                s.sendall(request[i:i + 1])
            self.assertEqual(body(read_all(s)), b"abcd0123456789")

    def test_chunk_extensions(self):
        """A chunk with an extension is read rightly or refused"""
        answer = self.echo.talk(head("Host: a", "Transfer-Encoding: chunked", "Connection: close")
                                + b"4;name=x\r\nabcd\r\n0\r\n\r\n")
        if status(answer) != 400:  # 1.0.1 miscounts them
            self.assertEqual(body(answer), b"abcd")

    def test_head_limits(self):
        """A head of 31 KiB passes, one of 33 KiB, 101 headers or a very long target get 431 or 414"""
        fill = "x" * 1000
        rows = [(head("Host: a", *[f"X-{i}: {fill}" for i in range(31)], "Connection: close",
                      first="GET /hello HTTP/1.1"), (200,)),
                (head("Host: a", *[f"X-{i}: {'y' * 320}" for i in range(98)], "Connection: close",
                      first="GET /hello HTTP/1.1"), (200,)),
                (head("Host: a", *[f"X-{i}: {fill}" for i in range(33)], first="GET /hello HTTP/1.1"), (431,)),
                (head("Host: a", *[f"X-{i}: 1" for i in range(98)], "Connection: close",
                      first="GET /hello HTTP/1.1"), (200,)),
                (head("Host: a", *[f"X-{i}: 1" for i in range(100)], first="GET /hello HTTP/1.1"), (431,)),
                (head("Host: a", "Connection: close", first=f"GET /hello?{'x' * 20000} HTTP/1.1"), (200,)),
                (head("Host: a", first=f"GET /hello?{'x' * 40000} HTTP/1.1"), (431,)),
                (head("Host: a", first=f"GET /hello?{'x' * 200000} HTTP/1.1"), (414, 431)),
                (head("Host: a", f"X: {'x' * 200000}", first="GET /hello HTTP/1.1"), (413, 431)),
                (head("Host: a", first=f"GET /hello?{'a&' * 9000} HTTP/1.1"), (None, 200, 400, 413, 414, 431))]
        for request, wanted in rows:
            with self.subTest(request[:40] + b"..." + str(len(request)).encode()):
                self.assertIn(status(self.echo.talk(request, end=True)), wanted)

    def test_body_limits(self):
        """A body at the limit passes, one byte more gets 413, by length and by chunks"""
        def chunked(n):
            return head("Host: a", "Transfer-Encoding: chunked", "Connection: close") + b"%x\r\n%s\r\n0\r\n\r\n" % (
                n, b"x" * n)
        for n, wanted in ((99999, 200), (100000, 200), (100001, 413)):
            with self.subTest(n):
                answer = self.echo.talk(post("/echo", b"x" * n, "Connection: close"))
                self.assertEqual(status(answer), wanted)
                self.assertEqual(len(body(answer)) if wanted == 200 else n, n)
                self.assertEqual(status(self.echo.talk(chunked(n))), wanted)
        answer = self.echo.talk(head("Host: a", "Content-Length: 99999999999999999999999"))
        self.assertEqual(status(answer), 413)
        answer = self.echo.talk(head("Host: a", "Content-Length: 18446744073709551615"))
        self.assertEqual(status(answer), 413)

    def test_early_answer_arrives(self):
        """A client that sends a large body all the same reads the refusal, not a reset"""
        for path, n, wanted in (("/echo", 3_000_000, 413), ("/refuse", 99_000, 401)):
            with self.subTest(path), self.echo.connect() as s:
                request = post(path, b"x" * n)
                for at in range(0, len(request), 30000):
                    s.sendall(request[at:at + 30000])  # raises when it was reset
                    time.sleep(0.002)
                answer = read_all(s)
                self.assertEqual(status(answer), wanted)
                self.assertNotIn(b"<Conn", answer)

    def test_refused_and_used_again(self):
        """A small request that admit() refuses leaves the connection usable"""
        with self.echo.connect() as s:
            for _ in range(3):
                s.sendall(post("/refuse", b"x" * 1000))
                answer, _ = read_answer(s)
                self.assertEqual(status(answer), 401)
                self.assertNotIn(b"Connection: close", answer)
            s.sendall(GET)
            self.assertEqual(status(read_answer(s)[0]), 200)

    def test_expect(self):
        """Expect: 100-continue is answered before the body, and not when it is refused"""
        with self.echo.connect() as s:
            s.sendall(head("Host: a", "Content-Length: 4", "Expect: 100-continue"))
            self.assertEqual(s.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            s.sendall(b"abcd")
            self.assertEqual(body(read_answer(s)[0]), b"abcd")
        refused = self.echo.talk(head("Host: a", "Content-Length: 4", "Expect: 100-continue",
                                      first="POST /refuse HTTP/1.1"))
        self.assertEqual(statuses(refused), [401])
        refused = self.echo.talk(head("Host: a", "Content-Length: 100001", "Expect: 100-continue"))
        self.assertEqual(statuses(refused), [413])

    def test_pipelining(self):
        """Pipelined requests are answered in their order, quick and slow ones mixed"""
        pieces = [post("/echo", b"one"), post("/later?ms=60", b"two"), GET, post("/refuse", b"x"),
                  post("/later?ms=1", b"three"), post("/echo", b"four", "Connection: close")]
        data = self.echo.talk(b"".join(pieces))
        self.assertEqual(statuses(data), [200, 200, 200, 401, 200, 200])
        order = [data.index(w) for w in (b"one", b"two", b"true", b"Unauth", b"three", b"four")]
        self.assertEqual(order, sorted(order))

    def test_half_open(self):
        """A client that closes its half after the request still gets its answer"""
        self.assertEqual(status(self.echo.talk(GET, end=True)), 200)
        self.assertEqual(body(self.echo.talk(post("/later?ms=100&hold=1", b"still"), end=True)), b"still")

    def test_http_1_0(self):
        """HTTP/1.0 needs no Host, and a stream for it is not chunked"""
        answer = self.echo.talk(b"GET /hello HTTP/1.0\r\n\r\n")
        self.assertEqual((status(answer), body(answer)), (200, b'{"ok":true}'))
        answer = self.echo.talk(b"GET /stream?n=2&ms=5 HTTP/1.0\r\n\r\n")
        self.assertEqual(body(answer), b"data: tick\n\n" * 2)

    def test_values(self):
        """Header values are trimmed and looked up without case, targets stay as they came"""
        answer = self.echo.talk(head("Host:a", "x-tEST: \t b c \t", "Cookie: a=b", "Connection: close",
                                     first="GET /head?a=%41+b%2&c HTTP/1.1"), end=True)
        self.assertIn(b"GET /head a=%41+b%2&c 127.0.0.1 1 0\n", answer)
        self.assertIn(b"X-Test: [b c] 1\n", answer)
        self.assertIn(b"Cookie: [a=b] 1\n", answer)
        answer = self.echo.talk(head("Host: a", "Connection: close", first="GET /hel%6co HTTP/1.1"))
        self.assertEqual(status(answer), 404)

    def test_methods(self):
        """HEAD has no body; unknown methods reach the handler"""
        answer = self.echo.talk(head("Host: a", "Connection: close", first="HEAD /hello HTTP/1.1"))
        self.assertEqual((status(answer), body(answer)), (200, b""))
        self.assertIn(b"Content-Length: 11", answer)
        answer = self.echo.talk(head("Host: a", "Connection: close", first="FROB /hello HTTP/1.1"))
        self.assertEqual(status(answer), 200)

    def test_answers(self):
        """Borrowed bodies are released once; no answer is a 500; close closes"""
        before = self.echo.stats
        self.assertEqual(body(self.echo.get("/big?n=3000000")), b"x" * 3000000)
        self.assertEqual(status(self.echo.get("/never")), 500)
        answer = self.echo.talk(b"GET /close HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(status(answer), 204)
        after = self.echo.wait_stats(lambda s: s["released"] > before["released"])
        self.assertEqual(after["released"], before["released"] + 1)

    def test_stream(self):
        """A stream is chunked, comes bit by bit, and the connection can be used again"""
        with self.echo.connect() as s:
            for _ in range(2):
                s.sendall(b"GET /stream?n=3&ms=5 HTTP/1.1\r\nHost: a\r\n\r\n")
                data = b""
                while not data.endswith(b"0\r\n\r\n"):
                    data += s.recv(1000)
                self.assertIn(b"Transfer-Encoding: chunked", data)
                self.assertEqual(dechunk(body(data)), b"data: tick\n\n" * 3)

    def test_empty_lines(self):
        """An empty line before a request is forgiven"""
        self.assertEqual(status(self.echo.talk(b"\r\n" + GET, end=True)), 200)


class Time(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.echo = Echo("--slow-ms", 400, "--idle-ms", 900)

    @classmethod
    def tearDownClass(cls):
        cls.echo.__exit__()

    def drip(self, before, drops, every=0.05):
        """Sends one byte at a time until the server has had enough; seconds it took, what it said."""
        with self.echo.connect() as s:
            s.sendall(before)
            begin = time.monotonic()
            s.settimeout(every)
            for i in range(len(drops)):
                try:
                    s.sendall(drops[i:i + 1])
                    data = s.recv(1000)
                    return time.monotonic() - begin, data
                except TimeoutError:
                    pass
                except (BrokenPipeError, ConnectionResetError):
                    return time.monotonic() - begin, b""
        return None, None

    def test_drip(self):
        """A byte now and then does not hold a connection: request line, head, body, chunks"""
        slow = b"x" * 300
        rows = [("request line", b"", b"GET /" + slow),
                ("head", b"GET /hello HTTP/1.1\r\nHost: a\r\n", b"X-Test: " + slow),
                ("body", head("Host: a", "Content-Length: 300"), slow),
                ("chunks", head("Host: a", "Transfer-Encoding: chunked"), b"1\r\nx\r\n" * 50)]
        for name, before, drops in rows:
            with self.subTest(name):
                took, data = self.drip(before, drops)
                self.assertIsNotNone(took, "it was never closed")
                self.assertNotIn(b"200", data)

    def test_drip_on_a_used_connection(self):
        """The next request on a connection has to come in time as well"""
        with Echo("--slow-ms", 400) as echo, echo.connect() as s:
            s.sendall(GET)
            read_answer(s)
            begin, closed = time.monotonic(), False
            s.settimeout(0.05)
            for _ in range(200):
                try:
                    s.sendall(b"G")
                    closed = s.recv(100) == b""
                except TimeoutError:
                    continue
                except (BrokenPipeError, ConnectionResetError):
                    closed = True
                if closed:
                    break
            self.assertTrue(closed)
            self.assertLess(time.monotonic() - begin, 5)

    def test_idle(self):
        """A connection nobody uses is closed, before and after a request"""
        with self.echo.connect() as s:
            self.assertEqual(read_all(s), b"")
        with self.echo.connect() as s:
            s.sendall(GET)
            read_answer(s)
            self.assertEqual(read_all(s), b"")

    def test_slow_is_logged(self):
        """A request that did not come in time is logged as 408"""
        before = self.echo.stats["statuses"].get("408", 0)
        self.drip(head("Host: a", "Content-Length: 300"), b"x" * 300)
        after = self.echo.wait_stats(lambda s: s["statuses"].get("408", 0) > before)
        self.assertEqual(after["statuses"].get("408", 0), before + 1)

    def test_work_is_not_idle(self):
        """Work and streams may take longer than any of these times"""
        self.assertEqual(body(self.echo.talk(post("/later?ms=1500", b"x", "Connection: close"))), b"x")
        answer = self.echo.get("/stream?n=2&ms=1200")
        self.assertEqual(dechunk(body(answer)), b"data: tick\n\n" * 2)

    def test_slow_reader(self):
        """A client that does not read its answer is closed"""
        with self.echo.connect() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(b"GET /big?n=30000000 HTTP/1.1\r\nHost: a\r\n\r\n")
            stats = self.echo.wait_stats(lambda x: x["released"] > 0)
            self.assertGreater(stats["released"], 0)


class Leaving(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.echo = Echo("--max-stream", 200000, "--max-connections", 4000, "--max-per-address", 4000)

    @classmethod
    def tearDownClass(cls):
        cls.echo.__exit__()

    def leave(self, request, wait=0.1, reset=False):
        before = self.echo.stats["gone"]
        s = self.echo.connect()
        s.sendall(request)
        time.sleep(wait)
        if reset:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        s.close()
        return self.echo.wait_stats(lambda x: x["gone"] > before)["gone"] - before

    def test_during_work(self):
        """A client that leaves during work is noticed, by FIN and by RST"""
        for reset in (False, True):
            with self.subTest(reset=reset):
                self.assertEqual(self.leave(post("/later?ms=60000", b"x"), reset=reset), 1)

    def test_during_stream(self):
        """A client that leaves a silent stream is noticed, by FIN and by RST"""
        for reset in (False, True):
            with self.subTest(reset=reset):
                self.assertEqual(self.leave(b"GET /stream?n=-1&ms=0 HTTP/1.1\r\nHost: a\r\n\r\n", reset=reset), 1)

    def test_during_busy_stream(self):
        """A client that leaves a stream while it is written to is noticed, whoever sees that first"""
        before, count = self.echo.stats["gone"], 40
        for i in range(count):
            with self.echo.connect() as s:
                s.sendall(b"GET /stream?n=100000&ms=1 HTTP/1.1\r\nHost: a\r\n\r\n")
                s.recv(100)
                if i % 2:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        stats = self.echo.wait_stats(lambda x: x["gone"] >= before + count)
        self.assertEqual(stats["gone"] - before, count)

    def test_with_the_last_byte(self):
        """A client that leaves with its last byte leaves nothing behind"""
        for request in (GET, post("/echo", b"x" * 100)[:-50], post("/later?ms=30&hold=1", b"x")):
            with self.subTest(request[:20]):
                for _ in range(20):
                    s = self.echo.connect()
                    s.send(request, socket.MSG_MORE)  # goes with the FIN
                    s.close()
                stats = self.echo.wait_stats(lambda x: x["connections"] <= 1)
                self.assertEqual(stats["connections"], 1)

    def test_at_once(self):
        """A client that leaves while it is still asking is noticed as well"""
        self.assertEqual(self.leave(post("/later?ms=60000", b"x"), wait=0), 1)

    def test_behind_pipelined(self):
        """Bytes of a next request do not hide that the client left"""
        self.assertEqual(self.leave(post("/later?ms=60000", b"x") + GET), 1)

    def test_not_told_twice(self):
        """Nobody is told of a client that leaves after its answer"""
        before = self.echo.stats["gone"]
        for _ in range(20):
            with self.echo.connect() as s:
                s.sendall(post("/later?ms=5", b"x"))
                read_answer(s)
        time.sleep(0.1)
        self.assertEqual(self.echo.stats["gone"], before)

    def test_does_not_read(self):
        """A stream whose client does not read is cut when too much waits"""
        before = self.echo.stats["refused_sends"]
        with self.echo.connect() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(b"GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
            stats = self.echo.wait_stats(lambda x: x["refused_sends"] > before)
            self.assertEqual(stats["refused_sends"], before + 1)
            self.assertFalse(read_all(s).endswith(b"0\r\n\r\n"))

    def test_connections(self):
        """Connections can be listed and closed one by one"""
        with self.echo.connect() as s:
            s.sendall(b"GET /stream?n=-1&ms=0 HTTP/1.1\r\nHost: a\r\n\r\n")
            s.recv(1000)
            ids = [c["id"] for c in self.echo.json("/connections") if c["stream"]]
            self.assertEqual(len(ids), 1)
            self.assertEqual(body(self.echo.get(f"/kill?id={ids[0]}")), b"yes")
            self.assertNotIn(b"0\r\n\r\n", read_all(s))
            self.echo.wait_stats(lambda x: x["connections"] <= 1)
            self.assertEqual(body(self.echo.get(f"/kill?id={ids[0]}")), b"no")
        self.assertEqual(body(self.echo.get("/kill?id=99999999")), b"no")

    def test_churn(self):
        """A thousand rude clients in every phase leave nothing behind"""
        phases = [b"", b"GE", b"GET /hello HTTP/1.1\r\nHost:", GET, post("/echo", b"x" * 1000)[:-500],
                  head("Host: a", "Transfer-Encoding: chunked") + b"5\r\nab",
                  post("/later?ms=20", b"x"), post("/later?ms=60000", b"x"), b"GET /stream?n=-1&ms=0 HTTP/1.1\r\nHost: a\r\n\r\n",
                  b"GET /stream?n=50&ms=1 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /big?n=2000000 HTTP/1.1\r\nHost: a\r\n\r\n",
                  post("/refuse", b"x" * 200000)[:-100000], GET * 20]
        before = self.echo.stats

        def rude(number):
            for i in range(number, 1000, 4):
                s = self.echo.connect()
                with contextlib.suppress(OSError):
                    s.sendall(phases[i % len(phases)])
                    if i % 3 == 0:
                        time.sleep(0.002)
                    if i % 2:
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                s.close()

        at_once([partial(rude, n) for n in range(4)])
        after = self.echo.wait_stats(lambda s: s["connections"] <= 1 and s["files"] <= before["files"], 20)
        self.assertLessEqual(after["connections"], 1)
        self.assertLessEqual(after["files"], before["files"] + 1)
        self.assertLess(after["kb"], before["kb"] + (300000 if "san" in ECHO else 30000))  # freed late there


class Limits(unittest.TestCase):
    def test_connections(self):
        """Connections beyond the limit get 503 and a close, and room again when one leaves"""
        with Echo("--max-connections", 5, "--max-per-address", 100) as echo:
            kept = [echo.connect() for _ in range(5)]
            for s in kept:
                s.sendall(GET)
                self.assertEqual(status(read_answer(s)[0]), 200)
            for request in (GET, post("/echo", b"x" * 200000)):
                answer = echo.talk(request)
                self.assertEqual((status(answer), body(answer)), (503, b'{"error":"Server at capacity"}'))
                self.assertIn(b"Connection: close", answer)
                self.assertIn(b"Retry-After: ", answer)
            kept[0].sendall(GET)
            self.assertEqual(status(read_answer(kept[0])[0]), 200)
            kept.pop().close()
            until = time.monotonic() + PATIENCE
            while status(answer := echo.talk(GET, end=True)) != 200 and time.monotonic() < until:
                time.sleep(0.02)
            self.assertEqual(status(answer), 200)
            for s in kept:
                s.close()

    def test_far_beyond(self):
        """Even when the places for refusals are taken, clients are told"""
        with Echo("--max-connections", 2) as echo:
            kept = [echo.connect() for _ in range(60)]
            answers = [read_all(s) for s in kept[30:]]
            self.assertEqual({status(a) for a in answers}, {503})
            for s in kept:
                s.close()
            stats = echo.wait_stats(lambda s: s["connections"] <= 1)
            self.assertLessEqual(stats["connections"], 1)

    def test_per_address(self):
        """One address gets no more than its share"""
        with Echo("--max-connections", 10, "--max-per-address", 3) as echo:
            kept = [echo.connect() for _ in range(3)]
            for s in kept:
                s.sendall(GET)
                self.assertEqual(status(read_answer(s)[0]), 200)
            self.assertEqual(status(echo.talk(GET)), 503)
            other = socket.create_connection(("127.0.0.1", echo.port), PATIENCE, source_address=("127.0.0.2", 0))
            other.sendall(GET)
            self.assertEqual(status(read_answer(other)[0]), 200)
            for s in (*kept, other):
                s.close()

    def test_no_descriptors(self):
        """Without descriptors it waits, and goes on when there are some"""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40 if hard == resource.RLIM_INFINITY else hard))
        try:
            process = subprocess.Popen(["sh", "-c", f"ulimit -n 40; exec {ECHO}"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        kept = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(60)]
        for s in kept:
            s.close()
        s = socket.create_connection(("127.0.0.1", port), PATIENCE)
        s.sendall(GET)
        self.assertEqual(status(read_answer(s)[0]), 200)
        s.close()
        process.stdin.close()
        self.assertEqual(process.wait(20), 0)
        process.stdout.close()


class Life(unittest.TestCase):
    def refused(self, *options, **more):
        process = subprocess.run([ECHO, *map(str, options)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=20, **more)
        return process.stdout.strip()

    def test_taken(self):
        """A port that is taken is not shared, and the words say so"""
        with Echo() as echo:
            words = self.refused("--port", echo.port)
            self.assertEqual(words.split("; ")[0], "not started: system: cannot listen on 127.0.0.1:"
                             f"{echo.port}: another program listens there")

    def test_no_such_address(self):
        """An address this machine has not, or a name nobody knows, is refused in words"""
        self.assertIn("this machine has no such address", self.refused("--address", "192.0.2.1"))
        self.assertIn("not started: system: cannot listen on \"no.such.invalid\"",
                      self.refused("--address", "no.such.invalid"))

    def test_restart(self):
        """A port can be used again at once after an end with open connections"""
        with Echo() as echo:
            port = echo.port
            s = echo.connect()
            s.sendall(GET)
            read_answer(s)
        with Echo("--port", port) as echo:
            self.assertEqual(status(echo.get("/hello")), 200)
        s.close()

    def test_ipv6(self):
        """IPv6 has brackets, and IPv4 that arrives over it is IPv4"""
        with Echo("--address", "::") as echo:
            self.assertRegex(echo.line, r"^listening \[::\]:\d+$")
            self.assertIn(b" 127.0.0.1 1 0\n", echo.get("/head"))
            s = socket.create_connection(("::1", echo.port), PATIENCE)
            s.sendall(b"GET /head HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertIn(b" ::1 1 0\n", read_all(s))
            s.close()

    def test_handed_over(self):
        """A socket that listens already is used, another descriptor is refused"""
        listener = socket.create_server(("127.0.0.1", 0))
        with Echo("--fd", listener.fileno(), fds=(listener.fileno(),)) as echo:
            self.assertEqual(echo.port, listener.getsockname()[1])
            self.assertEqual(status(echo.get("/hello")), 200)
        listener.close()
        self.assertIn("not started: system: descriptor 0", self.refused("--fd", "0"))

    def test_drain(self):
        """Draining: no new clients, what runs is finished and closed, the rest is cut after the wait"""
        with Echo() as echo:
            quick, slow, idle = echo.connect(), echo.connect(), echo.connect()
            idle.sendall(GET)
            read_answer(idle)
            quick.sendall(post("/later?ms=400", b"done"))
            slow.sendall(post("/later?ms=60000", b"never"))
            time.sleep(0.1)
            drained = threading.Thread(target=lambda: self.assertEqual(echo.say("drain 1000"), "drained"))
            drained.start()
            time.sleep(0.1)
            with self.assertRaises(OSError):
                echo.connect(1).close()
            answer = read_all(quick)
            self.assertEqual(body(answer), b"done")
            self.assertIn(b"Connection: close", answer)
            idle.sendall(GET)
            self.assertIn(b"Connection: close", read_all(idle))
            self.assertEqual(read_all(slow), b"")
            drained.join()
            for s in (quick, slow, idle):
                s.close()

    def test_end_with_streams(self):
        """An end with streams, work and half requests under way is an orderly end"""
        with Echo() as echo:
            open_ones = []
            for request in (b"GET /stream?n=-1&ms=0 HTTP/1.1\r\nHost: a\r\n\r\n", post("/later?ms=60000", b"x"),
                            b"GET /stream?n=-1&ms=3 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /hel",
                            post("/echo", b"xxxx")[:-2], GET):
                for _ in range(5):
                    s = echo.connect()
                    s.sendall(request)
                    open_ones.append(s)
            time.sleep(0.1)
        for s in open_ones:
            s.close()

    def test_end_in_a_handler(self):
        """An end that finds handlers at work waits for them, and for the streams and the work that they begin"""
        for request in (b"GET /stream?n=5&ms=100&hold=1&pause=700 HTTP/1.1\r\nHost: a\r\n\r\n",
                        post("/later?ms=300&hold=1&pause=700", b"x"), post("/echo?pause=700", b"x")):
            with Echo("--threads", 2) as echo, echo.connect() as s:
                s.sendall(request)
                time.sleep(0.2)


def certificate(folder, name):
    files = [str(Path(folder) / f"{name}.{end}") for end in ("crt", "key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.one, cls.two = certificate(cls.folder.name, "one"), certificate(cls.folder.name, "two")
        cls.echo = Echo("--cert", cls.one[0], "--key", cls.one[1], "--slow-ms", 1500, "--max-connections", 40,
                        "--max-per-address", 40)

    @classmethod
    def tearDownClass(cls):
        cls.echo.__exit__()
        cls.folder.cleanup()

    def connect(self, **versions):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for key, value in versions.items():
            setattr(context, key, value)
        return context.wrap_socket(self.echo.connect())

    def name(self, s):
        der = s.getpeercert(binary_form=True)
        return "one" if b"\x03one" in der else "two" if b"\x03two" in der else "?"

    def test_requests(self):
        """Requests, late answers and streams work over TLS"""
        with self.connect() as s:
            s.sendall(post("/echo", b"x" * 100000))
            self.assertEqual(body(read_answer(s)[0]), b"x" * 100000)
            s.sendall(post("/later?ms=20", b"late"))
            self.assertEqual(body(read_answer(s)[0]), b"late")
            s.sendall(b"GET /head HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIn(b" 127.0.0.1 1 1\n", read_answer(s)[0])
            s.sendall(b"GET /stream?n=3&ms=5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            self.assertEqual(dechunk(body(read_all(s))), b"data: tick\n\n" * 3)

    def test_refused_early(self):
        """A large body that is refused is answered over TLS"""
        with self.connect() as s:
            with contextlib.suppress(OSError):
                s.sendall(post("/refuse", b"x" * 300000))
            self.assertEqual(status(read_all(s)), 401)

    def test_plain_text(self):
        """Plain HTTP on a TLS port, and silence in the handshake, end without an answer"""
        with self.echo.connect() as s:
            s.sendall(GET)
            self.assertNotIn(b"200", read_all(s))
        with self.echo.connect() as s:
            s.sendall(b"\x16\x03\x01")
            self.assertEqual(read_all(s), b"")

    def test_old_versions(self):
        """TLS 1.1 is refused"""
        with self.assertRaises((ssl.SSLError, OSError)), __import__("warnings").catch_warnings():
            __import__("warnings").simplefilter("ignore")
            self.connect(minimum_version=ssl.TLSVersion.TLSv1_1, maximum_version=ssl.TLSVersion.TLSv1_1)

    def test_leaving(self):
        """A client that leaves a TLS stream is noticed"""
        s = self.connect()
        s.sendall(b"GET /stream?n=-1&ms=0 HTTP/1.1\r\nHost: a\r\n\r\n")
        s.recv(1000)
        s.close()
        until, gone = time.monotonic() + PATIENCE, 0
        while not gone and time.monotonic() < until:
            with self.connect() as look:
                look.sendall(b"GET /stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                gone = json.loads(body(read_all(look)))["gone"]
        self.assertEqual(gone, 1)

    def test_reload(self):
        """A new certificate serves new clients; old connections, work and streams go on"""
        self.assertEqual(self.echo.say(f"reload {self.one[0]} {self.one[1]}"), "reloaded")
        idle, busy, stream = self.connect(), self.connect(), self.connect()
        busy.sendall(post("/later?ms=700", b"survived"))
        stream.sendall(b"GET /stream?n=20&ms=30 HTTP/1.1\r\nHost: a\r\n\r\n")
        idle.sendall(GET)
        self.assertEqual(status(read_answer(idle)[0]), 200)
        self.assertEqual(self.echo.say(f"reload {self.two[0]} {self.two[1]}"), "reloaded")
        with self.connect() as fresh:
            self.assertEqual(self.name(fresh), "two")
            fresh.sendall(GET)
            self.assertEqual(status(read_answer(fresh)[0]), 200)
        self.assertEqual(self.name(idle), "one")
        idle.sendall(GET)
        answer, _ = read_answer(idle)
        self.assertEqual(status(answer), 200)
        self.assertIn(b"Connection: close", answer)
        self.assertEqual(body(read_answer(busy)[0]), b"survived")
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            data += stream.recv(1000)
        self.assertEqual(dechunk(body(data)), b"data: tick\n\n" * 20)
        for s in (idle, busy, stream):
            s.close()
        for cert, key in ((self.one[0], self.two[1]), ("/dev/null", self.two[1]), (self.two[0], "/dev/null"),
                          (self.two[1], self.two[0])):
            words = self.echo.say(f"reload {cert} {key}")
            self.assertRegex(words, "^not reloaded: config: the TLS certificate and its key cannot be used: .")
        with self.connect() as fresh:
            self.assertEqual(self.name(fresh), "two")

    def test_reload_often(self):
        """Reloads leave neither threads nor descriptors behind"""
        def stats():
            with self.connect() as s:
                s.sendall(b"GET /stats HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                return json.loads(body(read_all(s)))
        before = stats()["files"]
        for _ in range(10):
            self.assertEqual(self.echo.say(f"reload {self.two[0]} {self.two[1]}"), "reloaded")
        until = time.monotonic() + PATIENCE
        while (after := stats()["files"]) > before + 2 and time.monotonic() < until:
            time.sleep(0.1)
        self.assertLessEqual(after, before + 2)

    def test_wrong_at_start(self):
        """A certificate without its key stops the start, in words"""
        done = subprocess.run([ECHO, "--cert", self.one[0], "--key", self.two[1]], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20)
        self.assertRegex(done.stdout, "^not started: config: the TLS certificate and its key cannot be used: .")


if __name__ == "__main__":
    tap.main()
