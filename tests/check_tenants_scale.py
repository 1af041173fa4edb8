"""Does a server of a thousand tenants answer each, and does one that hangs slow the others? Prints what it took.

No time is a condition: the figures are for people.
"""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tap
from check_agent import Agent
from check_tenants import Centre, tenant
from serving import Server

TENANTS, AGENTS, CLIENTS = 1000, 50, 8

# the agents are threads of one other process, so that they and the callers do not share a lock
HOST = """
import contextlib, sys
from fake_agent import FakeAgent, of_snapshot

reply = of_snapshot(open(sys.argv[1]).read())
with contextlib.ExitStack() as stack:
    print(*[stack.enter_context(FakeAgent(reply)).url for _ in range(int(sys.argv[2]))], flush=True)
    sys.stdin.read()
"""


def percent(times, p):
    return sorted(times)[min(len(times) - 1, len(times) * p // 100)]


def memory(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return {k: int(v.split()[0]) // 1024 for k, v in (line.split(":", 1) for line in text.splitlines())
            if k in ("VmRSS", "VmHWM", "Threads") and v.split()[0].isdigit()}


class Crowd:
    """Callers that keep their connections, as assistants do."""

    def __init__(self, centre):
        self.centre, self.local, self.times = centre, threading.local(), []

    def call(self, who, tool="get_disk_usage"):
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("127.0.0.1", self.centre.port, timeout=60)
        begin = time.monotonic()
        answer = self.centre.call(who, tool, connection=self.local.connection)
        self.times.append((time.monotonic() - begin) * 1000)
        return answer.status

    def all(self, names):
        self.times.clear()
        begin = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as pool:
            got = list(pool.map(self.call, names))
        return got, time.monotonic() - begin

    def figures(self):
        return f"median {percent(self.times, 50):.1f} ms, p99 {percent(self.times, 99):.1f} ms"


class Scale(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = subprocess.Popen([sys.executable, "-c", HOST, "snapshots/demo.srd", str(AGENTS)], cwd=Path(__file__).parent,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.urls = cls.host.stdout.readline().split()
        cls.silent = socket.create_server(("127.0.0.1", 0), backlog=64)
        cls.names = [f"tenant_{n}" for n in range(TENANTS)]
        tenants = {name: tenant(cls.urls[n % AGENTS]) for n, name in enumerate(cls.names)}
        tenants["hangs"] = tenant(f"http://127.0.0.1:{cls.silent.getsockname()[1]}")
        cls.centre = Centre(tenants, "--cache-ttl", "0", "--log-file", "access", "--audit-file", "audit")
        begin = time.monotonic()
        cls.centre.start()
        print(f"# {TENANTS} tenants, {AGENTS} agents: listens after {(time.monotonic() - begin) * 1000:.0f} ms with "
              f"{memory(cls.centre.process.pid)['VmRSS']} MiB")

    @classmethod
    def tearDownClass(cls):
        cls.centre.__exit__(None, None, None)
        cls.silent.close()
        cls.host.stdin.close()
        cls.host.wait()
        cls.host.stdout.close()

    def test_1_all(self):
        """each of a thousand tenants is answered"""
        crowd = Crowd(self.centre)
        got, seconds = crowd.all(self.names)
        self.assertEqual(set(got), {200})
        print(f"# first call of each: {crowd.figures()}, {TENANTS / seconds:.0f} calls/s; {memory(self.centre.process.pid)} MiB")
        got, seconds = crowd.all(self.names)
        self.assertEqual(set(got), {200})
        print(f"# second call of each: {crowd.figures()}, {TENANTS / seconds:.0f} calls/s; {memory(self.centre.process.pid)} MiB")

    def test_2_hanging(self):
        """while one tenant's agent hangs and many ask for it, the others are answered"""
        crowd = Crowd(self.centre)
        over = threading.Event()
        answers = []

        def insist():
            while not over.is_set():
                answers.append(self.centre.call("hangs", "get_disk_usage").status)

        stuck = [threading.Thread(target=insist) for _ in range(12)]
        for t in stuck:
            t.start()
        got, _ = crowd.all(self.names[:300])
        over.set()
        for t in stuck:
            t.join()
        self.assertEqual(set(got), {200})
        self.assertEqual(set(answers), {502})
        print(f"# 300 calls beside one that hangs: {crowd.figures()}; it had {len(answers)} answers meanwhile")

    def test_3_reload(self):
        """a reload of a thousand tenants drops nobody"""
        crowd = Crowd(self.centre)
        over = threading.Event()
        wrong = []

        def go_on():
            n = 0
            while not over.is_set():
                n += 1
                if crowd.call(self.names[n % 50]) != 200:
                    wrong.append(n)

        user = threading.Thread(target=go_on)
        user.start()
        for _ in range(5):
            before = self.centre.err.count("read again")
            begin = time.monotonic()
            self.centre.send(signal.SIGHUP)
            self.centre.until(lambda: self.centre.err.count("read again") > before, "the reload")
            last = (time.monotonic() - begin) * 1000
        over.set()
        user.join()
        self.assertEqual(wrong, [])
        print(f"# a reload takes {last:.0f} ms; calls beside it: {crowd.figures()}")

    def test_4_cost(self):
        """what an agent between server and cluster adds"""
        times = {}
        with Agent(["--demo"]) as agent, Server("--http", "--demo", "--cache-ttl", "0", env={"RATE_LIMIT": "0"}) as direct, \
                Centre({"a": tenant(agent.url)}, "--cache-ttl", "0") as centre:
            for name, server in (("direct", direct), ("agent", centre)):
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
                headers = centre.headers("a") if server is centre else {}
                times[name] = []
                for n in range(220):
                    begin = time.monotonic()
                    answer = server.post("/call-tool", {"tool": "get_disk_usage", "arguments": {}}, headers=headers,
                                         connection=connection)
                    times[name].append((time.monotonic() - begin) * 1000)
                    self.assertEqual(answer.status, 200)
                connection.close()
        rounds = 2
        added = percent(times["agent"][20:], 50) - percent(times["direct"][20:], 50)
        print(f"# get_disk_usage: direct {percent(times['direct'][20:], 50):.2f} ms, over an agent "
              f"{percent(times['agent'][20:], 50):.2f} ms; {added:.2f} ms for {rounds} rounds or more")


if __name__ == "__main__":
    tap.main()
