"""Do clients that are cut in every phase leave anything behind? Many at a time, over /mcp and /sse.

The server is build/srdiag_fixture, which is srdiag with the fixture's tools (CHURN_SERVER names another build of
it): all guards, both transports, calls that stay, that stream, that say much and that take their time. What is cut
is cut at random; each client prints nothing, and the seed of a client is its number.
"""

import json
import os
import random
import signal
import socket
import struct
import threading
import time
import unittest
from pathlib import Path

import serving
import tap

serving.SRDIAG = os.path.abspath(os.environ.get("CHURN_SERVER", str(serving.ROOT / "build" / "srdiag_fixture")))
CLIENTS = 8
ROUND_S = 1.5
MODERN = "2026-07-28"
RESET = struct.pack("ii", 1, 0)
HEADERS = ("Host: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n")


def post(path, body, more=""):
    body = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\n{HEADERS}{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def legacy(method, **params):
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def modern(method, name=None, **params):
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {},
            "progressToken": "p"}
    more = f"MCP-Protocol-Version: {MODERN}\r\nMcp-Method: {method}\r\n"
    if name:
        params["name"], more = name, more + f"Mcp-Name: {name}\r\n"
    return post("/mcp", legacy(method, _meta=meta, **params), more)


OPEN = b"GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
CALLS = [legacy("tools/call", name="test_tool_with_progress", _meta={"progressToken": 1}),
         legacy("tools/call", name="slow", arguments={"ms": 300}),
         legacy("tools/call", name="big", arguments={"kib": 900}), legacy("tools/list")]
# legacy calls are not cancelled by leaving: they have to be short
REQUESTS = [modern("subscriptions/listen", notifications={"toolsListChanged": True}),
            modern("tools/call", "slow", arguments={"ms": 60000}),
            modern("tools/call", "test_tool_with_progress"),
            modern("tools/call", "big", arguments={"kib": 900}),
            modern("tools/call", "test_trigger_tool_change"),
            modern("tools/list"), OPEN, OPEN, *[post("/mcp", call) for call in CALLS]]


class Client(threading.Thread):
    """Comes, asks, and is cut, again and again."""

    def __init__(self, port, number, until):
        super().__init__()
        self.port, self.random, self.until, self.visits = port, random.Random(number), until, 0

    def run(self):
        while not self.until():
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as s:
                    self.visit(s)
                    if self.random.random() < 0.6:
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            except OSError:
                pass  # refused, cut or late: the next one
            self.visits += 1

    def visit(self, s):
        request, phase = self.random.choice(REQUESTS), self.random.random()
        s.settimeout(0.3)
        if phase < 0.2:
            s.sendall(request[:self.random.randrange(1, len(request))])
            return
        s.sendall(request)
        if phase > 0.9:
            s.shutdown(socket.SHUT_WR)
        if request is OPEN and phase < 0.8:
            self.converse(s)
        time.sleep(self.random.choice((0, 0, 0.001, 0.01, 0.05)))
        if phase > 0.6:
            s.recv(self.random.choice((1, 100, 70000)))

    def converse(self, stream):
        text = b""
        while b"sessionId=" not in text or not text.endswith(b"\n"):
            piece = stream.recv(4096)
            if not piece:
                return
            text += piece
        where = text[text.index(b"/messages"):].split()[0].decode()
        with socket.create_connection(("127.0.0.1", self.port), 5) as s:
            s.sendall(post(where, self.random.choice(CALLS)))
            if self.random.random() < 0.5:
                s.settimeout(1)
                s.recv(1000)


class Churn(unittest.TestCase):
    def begin(self, server, until, first):
        clients = [Client(server.port, first + n, until) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        return clients

    def state(self, server):
        """(descriptors, KiB in memory), once nobody but us is there."""
        def quiet():
            stats = server.get("/stats").json
            return not stats["sse_sessions"] and stats["active_requests"] == stats["active_connections"] == 1
        server.until(quiet, "the end of every session, call and connection", 30)
        proc = Path(f"/proc/{server.process.pid}")
        words = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        return len(list((proc / "fd").iterdir())), int(words["VmRSS"].split()[0])

    def test_rounds(self):
        """Clients that are cut in every phase leave no call, session, descriptor or memory behind"""
        with serving.Server("--http", "--sse", "--demo", "--rate-limit", "0", "--log-level", "warning",
                            env={"ASAN_OPTIONS": "quarantine_size_mb=1:intercept_tls_get_addr=0"}) as server:
            states, visits = [], 0
            for number in range(4):
                end = time.monotonic() + ROUND_S
                clients = self.begin(server, lambda: time.monotonic() > end, CLIENTS * number)
                for client in clients:
                    client.join()
                visits += sum(client.visits for client in clients)
                states.append(self.state(server))
            print(f"# {visits} visits; descriptors and KiB after each round: {states}")
            self.assertGreater(visits, 50)
            self.assertLessEqual(states[-1][0] - states[0][0], 2, states)  # our own last ones may linger
            maps = Path(f"/proc/{server.process.pid}/maps").read_text()
            if "libasan" not in maps and "libtsan" not in maps:  # those have books of their own in memory
                self.assertLess(states[-1][1] - states[1][1], 8192, states)
            self.assertEqual(server.end(), 0, server.err)

    def test_end(self):
        """A server that is told to end while clients come and go ends in order"""
        for number in (signal.SIGTERM, signal.SIGINT):
            with serving.Server("--http", "--sse", "--demo", "--rate-limit", "0", "--log-level", "warning") as server:
                over = threading.Event()
                clients = self.begin(server, over.is_set, 100)
                try:
                    time.sleep(0.5)
                    self.assertEqual(server.end(number), 0, server.err)
                finally:
                    over.set()
                    for client in clients:
                        client.join()


if __name__ == "__main__":
    tap.main()
