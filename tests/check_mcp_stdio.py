#!/usr/bin/env python3
"""What happens on the two pipes of stdio, byte by byte and process by process?"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import tap

FIXTURE = os.environ.get("MCP_FIXTURE", os.path.join(HERE, "..", "build", "mcp_fixture"))
LIMIT = 4 << 20
META = {"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                  "io.modelcontextprotocol/clientCapabilities": {}}}


def request(id, method, **params):
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def call(id, name, **arguments):
    return request(id, "tools/call", name=name, arguments=arguments)


def modern(id, method, **params):
    return request(id, method, **params, **META)


def notification(method, **params):
    return {"jsonrpc": "2.0", "method": method, "params": params}


INITIALIZE = request(0, "initialize", protocolVersion="2025-11-25", capabilities={})


class Server:
    """The fixture, with raw pipes."""

    def __init__(self, *arguments, initialize=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more):
        self.process = subprocess.Popen([FIXTURE, *map(str, arguments)], stdin=stdin, stdout=stdout,
                                        stderr=subprocess.PIPE, bufsize=0, **more)
        self.rest = b""
        if initialize:
            self.send(INITIALIZE)
            assert self.read()["id"] == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in self.process.stdin, self.process.stdout, self.process.stderr:
            if pipe:
                pipe.close()

    def write(self, data):
        while data:
            data = data[os.write(self.process.stdin.fileno(), data):]

    def send(self, *messages):
        self.write(b"".join(json.dumps(m).encode() + b"\n" for m in messages))

    def line(self, seconds=10):
        """One line, with its end; b"" at the end of the output."""
        until = time.monotonic() + seconds
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError(f"nothing came in {seconds} s; so far {self.rest!r}")
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            if not data:
                line, self.rest = self.rest, b""
                return line
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line + b"\n"

    def read(self, seconds=10):
        line = self.line(seconds)
        assert line.endswith(b"\n") and b"\r" not in line, line
        return json.loads(line)

    def silent(self, seconds=0.3):
        """Nothing comes."""
        return not self.rest and not select.select([self.process.stdout], [], [], seconds)[0]

    def close(self):
        self.process.stdin.close()
        self.process.stdin = None

    def end(self, seconds=5):
        """Exit status, what was left on stdout, and stderr."""
        if self.process.stdin:
            self.close()
        out = self.rest + self.process.stdout.read()
        err = self.process.stderr.read()
        return self.process.wait(seconds), out, err


class Framing(unittest.TestCase):
    def test_every_byte(self):
        "S1: a message may be split at any byte, also inside of a character"
        with Server() as server:
            line = json.dumps(call(1, "echo", text="ä€😀"), ensure_ascii=False).encode() + b"\n"
            for at in range(1, len(line)):
                server.write(line[:at])
                time.sleep(0.0005)
                server.write(line[at:])
                self.assertEqual(server.read()["result"]["structuredContent"], {"text": "ä€😀"})

    def test_many_in_one(self):
        "S1: several messages may come in one read"
        with Server() as server:
            server.send(*(request(i, "ping") for i in range(500)))
            self.assertEqual([server.read()["id"] for _ in range(500)], list(range(500)))

    def test_line_ends(self):
        "S1: lines may end with CR LF, and blank lines are nothing"
        with Server() as server:
            server.write(b'\r\n\n  \t \n{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n\n'
                         b' {"jsonrpc":"2.0","id":2,"method":"ping"} \n')
            self.assertEqual(server.line(), b'{"jsonrpc":"2.0","id":1,"result":{}}\n')
            self.assertEqual(server.line(), b'{"jsonrpc":"2.0","id":2,"result":{}}\n')
            self.assertTrue(server.silent())

    def test_last_line(self):
        "S1: the last line needs no end"
        with Server() as server:
            server.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}')
            status, out, err = server.end()
            self.assertEqual((status, out, err), (0, b'{"jsonrpc":"2.0","id":1,"result":{}}\n', b""))

    def test_large(self):
        "S1: a message of 4 MiB is taken, and comes back whole"
        with Server() as server:
            text = "x" * (LIMIT - 120)
            server.send(request(text, "ping"))
            self.assertEqual(server.read(30), {"jsonrpc": "2.0", "id": text, "result": {}})
            server.send(call(2, "big", kib=2048))
            self.assertEqual(len(server.read(30)["result"]["content"][0]["text"]), 2048 * 1024)

    def test_too_long(self):
        "S9: a line that is too long is answered once, and skipped to its end"
        with Server() as server:
            for extra in 2, 70000, LIMIT, 2 * LIMIT + 5:
                server.write(b'{"x":"' + b"y" * (LIMIT + extra - 7) + b'"}\n')
                self.assertEqual(server.read(30)["error"]["code"], -32600)
                server.send(request(extra, "ping"))
                self.assertEqual(server.read(), {"jsonrpc": "2.0", "id": extra, "result": {}})

    def test_broken(self):
        "S9: broken JSON is answered without an id, and what follows is answered"
        with Server() as server:
            for broken in b"{", b"\x00", b"\xff\xfe", b'{"a":1}}', b"nul":
                server.write(broken + b"\n")
                answer = server.read()
                self.assertEqual(answer["error"]["code"], -32700)
                self.assertNotIn("id", answer)
                server.send(request(1, "ping"))
                self.assertEqual(server.read()["id"], 1)

    def test_socket(self):
        "a socket works as the pipes do"
        ours, theirs = socket.socketpair()
        with ours, Server(stdin=theirs.fileno(), stdout=theirs.fileno(), initialize=False) as server:
            theirs.close()
            ours.sendall(json.dumps(INITIALIZE).encode() + b"\n" +
                         json.dumps(call(1, "big", kib=1024)).encode() + b"\n")
            lines = ours.makefile("rb")
            self.assertEqual(json.loads(lines.readline())["id"], 0)
            self.assertEqual(len(json.loads(lines.readline())["result"]["content"][0]["text"]), 1 << 20)
            lines.close()
            ours.close()
            self.assertEqual(server.process.wait(5), 0)

    def test_file(self):
        "a file works as input, and a file as output"
        path = f"/tmp/srdiag-mcp-{os.getpid()}"
        try:
            with open(path, "wb") as f:
                f.write(json.dumps(INITIALIZE).encode() + b"\n" + json.dumps(call(1, "slow")).encode() + b"\n")
            with open(path, "rb") as stdin, open(path + ".out", "w+b") as stdout:
                run = subprocess.run([FIXTURE], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=10)
                stdout.seek(0)
                self.assertEqual((run.returncode, run.stderr), (0, b""))
                self.assertEqual([json.loads(line)["id"] for line in stdout], [0, 1])
        finally:
            os.unlink(path)
            os.unlink(path + ".out")


class Quiet(unittest.TestCase):
    def test_noise(self):
        "S2: what a library prints does not reach the client"
        with Server() as server:
            server.send(call(1, "noise"))
            self.assertEqual(server.read()["id"], 1)
            status, out, err = server.end()
            self.assertEqual((status, out, err), (0, b"", b"noise on stdout\n"))

    def test_clean(self):
        "S4: a clean run says nothing on stderr"
        with Server() as server:
            server.send(request(1, "tools/list"), call(2, "slow", ms=10), call(3, "nothing"), request(4, "no"))
            for _ in range(4):
                server.read()
            self.assertEqual(server.end(), (0, b"", b""))

    def test_poor_environment(self):
        "J1: without any locale the output is UTF-8"
        with Server(env={}) as server:
            server.send(call(1, "echo", text="ä€😀"))
            self.assertIn("ä€😀".encode(), server.line())


class Together(unittest.TestCase):
    def test_interleaving(self):
        "S3: two messages never mix, however large they are and whoever writes them"
        with Server("--workers", 8) as server:
            count = 60
            writer = threading.Thread(target=server.send, args=[
                call(i, "big", kib=100) if i % 2 else call(i, "slow", ms=5) for i in range(1, count + 1)])
            writer.start()
            answers = [server.read(30) for _ in range(count)]
            writer.join()
            self.assertEqual(sorted(a["id"] for a in answers), list(range(1, count + 1)))

    def test_slow_reader(self):
        "S3: a client that reads slowly gets everything"
        with Server() as server:
            server.send(*(call(i, "big", kib=200) for i in range(10)))
            time.sleep(0.5)
            self.assertEqual(sorted(server.read(30)["id"] for _ in range(10)), list(range(10)))

    def test_while_working(self):
        "S5, G3: ping, lists and calls are answered while four tools run"
        with Server() as server:
            server.send(*(call(i, "slow", ms=3000) for i in range(4)), request(10, "ping"),
                        request(11, "tools/list"), call(12, "kept"), call(13, "nothing"))
            self.assertEqual([server.read(2)["id"] for _ in range(4)], [10, 11, 12, 13])

    def test_parallel(self):
        "S5: four tools run at once, and more wait in line"
        with Server() as server:
            server.send(*(call(i, "slow", ms=1500) for i in range(3)), *(call(i, "slow", ms=10) for i in (3, 4, 5)))
            self.assertEqual([server.read()["id"] for _ in range(3)], [3, 4, 5])
            self.assertEqual(sorted(server.read()["id"] for _ in range(3)), [0, 1, 2])

    def test_full_queue(self):
        "S5: beyond the queue a call is refused, and the others are not lost"
        with Server("--workers", 1, "--queue", 2) as server:
            server.send(call(1, "slow", ms=400))
            time.sleep(0.1)
            server.send(*(call(i, "slow", ms=10) for i in (2, 3, 4)))
            refused = server.read()
            self.assertEqual((refused["id"], refused["error"]["code"]), (4, -32603))
            self.assertEqual([server.read()["id"] for _ in range(3)], [1, 2, 3])

    def test_many(self):
        "X9: a thousand requests over one connection, and each has its answer"
        with Server("--queue", 1000) as server:
            messages = []
            for i in range(1000):
                messages.append([request(i, "tools/list"), call(i, "echo", text=str(i)), call(i, "kept"),
                                 request(i, "ping"), request(i, "resources/read", uri="test://static-text")][i % 5])
            writer = threading.Thread(target=server.send, args=messages)
            writer.start()
            answers = {}
            for _ in messages:
                answer = server.read(30)
                self.assertNotIn(answer["id"], answers)
                self.assertIn("result", answer)
                answers[answer["id"]] = answer
            writer.join()
            for i in range(1, 1000, 5):
                self.assertEqual(answers[i]["result"]["structuredContent"], {"text": str(i)})
            self.assertEqual(server.end(), (0, b"", b""))


class Cancelling(unittest.TestCase):
    def test_cancel(self):
        "S6: a call that is cancelled ends, and is not answered"
        with Server() as server:
            server.send(call("a", "slow", ms=30000))
            time.sleep(0.2)
            server.send(notification("notifications/cancelled", requestId="a"), request(1, "ping"))
            self.assertEqual(server.read()["id"], 1)
            self.assertTrue(server.silent())
            self.assertEqual(server.end(), (0, b"", b'cancelled "a"\n'))

    def test_cancel_waiting(self):
        "S6: a call that waits in line is cancelled before it begins"
        with Server("--workers", 1) as server:
            server.send(call(1, "slow", ms=300), call(2, "slow", ms=30000),
                        notification("notifications/cancelled", requestId=2), call(3, "kept"), call(4, "slow", ms=1))
            self.assertEqual([server.read()["id"] for _ in range(3)], [3, 1, 4])
            self.assertEqual(server.end(), (0, b"", b""))

    def test_cancel_modern(self):
        "S6: also in the modern era, and no progress comes afterwards"
        with Server(initialize=False) as server:
            slow = modern(5, "tools/call", name="slow", arguments={"ms": 30000})
            slow["params"]["_meta"] = dict(slow["params"]["_meta"], progressToken=1)
            server.send(slow)
            time.sleep(0.2)
            server.send(notification("notifications/cancelled", requestId=5, reason="enough"))
            self.assertTrue(server.silent())
            server.send(modern(6, "tools/list"))
            self.assertEqual(server.read()["id"], 6)
            self.assertEqual(server.end(), (0, b"", b"cancelled 5\n"))

    def test_same_id(self):
        "S6: the id 1 is not the id \"1\""
        with Server() as server:
            server.send(call(1, "slow", ms=200), notification("notifications/cancelled", requestId="1"))
            self.assertEqual(server.read()["id"], 1)

    def test_unknown(self):
        "S6: unknown and finished ids, and nonsense, are ignored"
        with Server() as server:
            server.send(call(1, "slow", ms=1))
            server.read()
            server.send(*(notification("notifications/cancelled", requestId=id) for id in (1, 77, None, {}, 0)),
                        notification("notifications/cancelled"), request(2, "ping"))
            self.assertEqual(server.read(), {"jsonrpc": "2.0", "id": 2, "result": {}})

    def test_listen(self):
        "L1 to L3: a subscription is acknowledged, hears of changes, and ends without an answer"
        with Server(initialize=False) as server:
            server.send(modern(7, "subscriptions/listen", notifications={"toolsListChanged": True, "x": True}))
            mark = {"io.modelcontextprotocol/subscriptionId": 7}
            self.assertEqual(server.read(), notification("notifications/subscriptions/acknowledged", _meta=mark,
                                                         notifications={"toolsListChanged": True}))
            server.send(modern(8, "tools/call", name="test_trigger_tool_change"))
            heard = sorted((server.read() for _ in range(2)), key=lambda m: "id" in m)
            self.assertEqual(heard[0], notification("notifications/tools/list_changed", _meta=mark))
            server.send(notification("notifications/cancelled", requestId=7))
            self.assertTrue(server.silent())
            self.assertEqual(server.end(), (0, b"", b""))

    def test_ask(self):
        "a call asks the client, and goes on with its answer"
        with Server() as server:
            server.send(call(1, "test_sampling", prompt="hi"))
            asked = server.read()
            self.assertEqual(asked["method"], "sampling/createMessage")
            server.send({"jsonrpc": "2.0", "id": "other", "result": {}}, request(2, "ping"))
            self.assertEqual(server.read()["id"], 2)
            server.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"content": {"type": "text", "text": "ho"}}})
            self.assertEqual(server.read()["result"]["content"][0]["text"], "LLM response: ho")

    def test_ask_refused(self):
        "a client may refuse, and a call that asks can be cancelled"
        with Server() as server:
            server.send(call(1, "test_sampling", prompt="hi"))
            server.send({"jsonrpc": "2.0", "id": server.read()["id"], "error": {"code": -1, "message": "no"}})
            answer = server.read()["result"]
            self.assertTrue(answer["isError"])
            self.assertIn("refused sampling/createMessage: no", answer["content"][0]["text"])
            server.send(call(2, "test_sampling", prompt="hi"))
            server.read()
            server.send(notification("notifications/cancelled", requestId=2))
            self.assertEqual(server.end(), (0, b"", b""))


class Ends(unittest.TestCase):
    def test_finish(self):
        "S7: when the input ends, what was read is finished"
        with Server("--workers", 1) as server:
            server.send(call(1, "slow", ms=200), call(2, "slow", ms=200))
            status, out, err = server.end()
            self.assertEqual((status, err), (0, b""))
            self.assertEqual([json.loads(line)["id"] for line in out.splitlines()], [1, 2])

    def test_no_input(self):
        "S7: an input that is empty is an end"
        with Server(initialize=False) as server:
            self.assertEqual(server.end(), (0, b"", b""))

    def test_not_for_ever(self):
        "S7: but not for ever"
        with Server() as server:
            server.send(call(1, "slow", ms=60000))
            status, out, err = server.end(20)
            self.assertEqual((status, out, err), (0, b"", b"cancelled 1\n"))

    def ends_at_once(self, server, act):
        """Long before the call would have."""
        time.sleep(0.1)
        act()
        self.assertEqual(server.process.wait(5), 0)

    def test_signals(self):
        "S7: SIGTERM and SIGINT end it at once, whatever it does"
        for number in signal.SIGTERM, signal.SIGINT:
            for messages in [], [call(1, "slow", ms=60000)], [call(1, "deaf", ms=60000)]:
                with self.subTest(number), Server() as server:
                    server.send(*messages)
                    self.ends_at_once(server, lambda: server.process.send_signal(number))

    def test_signal_while_blocked(self):
        "S7: also when the client does not read any more"
        for pause in 0, 0.3:  # the thread that reads waits to write, or for another that writes
            with self.subTest(pause), Server() as server:
                server.send(*(call(i, "big", kib=1024) for i in range(4)))
                time.sleep(pause)
                server.send(*(request(i, "tools/list") for i in range(20)))
                self.ends_at_once(server, server.process.terminate)

    def test_signal_while_finishing(self):
        "S7: also when the input has ended already"
        with Server() as server:
            server.send(call(1, "slow", ms=60000))
            server.close()
            self.ends_at_once(server, server.process.terminate)  # and not after 10 s

    def test_output_closed(self):
        "S7, X10: a client that closed our output is gone, also when nothing is to be written"
        for messages in [], [call(1, "slow", ms=60000)], [call(1, "deaf", ms=60000)]:
            with self.subTest(len(messages)), Server() as server:
                server.send(*messages)
                self.ends_at_once(server, server.process.stdout.close)
                server.process.stdout = None

    def test_client_killed(self):
        "X10: a client that is killed during a call takes the server with it"
        script = ("import subprocess, sys, time\n"
                  "p = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
                  "p.stdin.write(sys.argv[2].encode()); p.stdin.flush()\n"
                  "p.stdout.readline(); print(p.pid, flush=True); time.sleep(60)\n")
        text = json.dumps(INITIALIZE) + "\n" + json.dumps(call(1, "slow", ms=60000)) + "\n"
        client = subprocess.Popen([sys.executable, "-c", script, FIXTURE, text], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        pid = int(client.stdout.readline())
        time.sleep(0.2)
        client.kill()
        client.wait()
        client.stdout.close()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            try:
                with open(f"/proc/{pid}/stat") as f:
                    if f.read().rpartition(")")[2].split()[0] == "Z":
                        return
            except FileNotFoundError:
                return
            time.sleep(0.02)
        self.fail("the server is still there")

    def test_sigpipe(self):
        "S7: SIGPIPE does not kill it, so that it can end in order"
        with Server() as server:
            server.process.stdout.close()
            server.process.stdout = None
            try:
                server.send(request(1, "ping"))
            except BrokenPipeError:
                pass
            self.assertEqual(server.process.wait(5), 0)


class Eras(unittest.TestCase):
    def test_openings(self):
        "E1: each opening of the clients that are around is answered"
        for version in "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25":
            with self.subTest(version), Server(initialize=False) as server:
                server.send(request(0, "initialize", protocolVersion=version, capabilities={},
                                    clientInfo={"name": "c", "version": "1"}),
                            notification("notifications/initialized"), request(1, "tools/list"))
                self.assertEqual(server.read()["result"]["protocolVersion"], version)
                self.assertNotIn("resultType", server.read()["result"])
        with Server(initialize=False) as server:
            server.send(modern("p", "server/discover"), modern("q", "tools/list"))
            self.assertEqual(server.read()["result"]["supportedVersions"], ["2026-07-28"])
            listed = server.read()["result"]
            self.assertEqual((listed["resultType"], listed["ttlMs"]), ("complete", 300000))

    def test_probe(self):
        "E1: a probe on a process of its own is answered, and the process ends with its input"
        with Server(initialize=False) as server:
            server.send(modern("p", "server/discover"))
            self.assertEqual(server.read()["id"], "p")
            self.assertEqual(server.end(), (0, b"", b""))

    def test_batch(self):
        "J9: a batch in 2025-03-26 is one line, when the slowest is done"
        with Server(initialize=False) as server:
            server.send(request(0, "initialize", protocolVersion="2025-03-26"))
            server.read()
            server.send([call(1, "slow", ms=200), request(2, "ping"), notification("x"), call(3, "slow", ms=50)])
            self.assertEqual(sorted(a["id"] for a in server.read()), [1, 2, 3])
            server.send([call(1, "slow", ms=30000), call(2, "slow", ms=100)],
                        notification("notifications/cancelled", requestId=1))
            self.assertEqual([a["id"] for a in server.read()], [2])

    def test_progress(self):
        "R10: progress comes before the answer, and rises"
        with Server() as server:
            server.send(request(1, "tools/call", name="test_tool_with_progress", _meta={"progressToken": "t"}))
            heard = []
            while not heard or "id" not in heard[-1]:
                heard.append(server.read())
            steps = [m["params"]["progress"] for m in heard[:-1]]
            self.assertEqual(steps, [0, 50, 100])
            self.assertTrue(server.silent())


if __name__ == "__main__":
    tap.main()
