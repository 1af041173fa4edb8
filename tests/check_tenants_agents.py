"""What do a tenant's users see when its agent is no agent, is one gone mad, or is another cluster's?"""

import contextlib
import datetime
import gzip
import io
import json
import re
import struct
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import tap
from check_agent import agent_of
from check_tenants import DEMO, TOKEN, Centre, tenant
from cluster import Cluster, srdiag
from fake_agent import FakeAgent, of_snapshot, send
from serving import SRDIAG

LINES = ("Content-Type", "application/x-ndjson")
CONNECTION, REFUSED = "Agent connection failed", "Agent refused the request"


def head(handler, status=200, fields=(LINES,), end=True):
    lines = [f"HTTP/1.1 {status} X", *(f"{n}: {v}" for n, v in fields)]
    handler.wfile.write(("\r\n".join(lines) + "\r\n" + ("\r\n" if end else "")).encode())


def drip(handler, data, seconds=20):
    """A byte a second."""
    for byte in data[:seconds]:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(1)


# ---- what is answered; the detail that tells the provider what it was ----

def nothing(h, _):
    "lost the connection|closed the connection"
    h.connection.shutdown(socket.SHUT_RDWR)


def reset(h, _):
    "lost the connection"
    h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    h.connection.close()


def page(h, _):
    "does not answer as a srdiag agent does"
    send(h, 200, "text/html", "<h1>It works!</h1>")


def login_page(h, _):
    "status 401, which no srdiag agent does"
    send(h, 401, "text/html", "<h1>Sign in</h1>")


def proxy_page(h, _):
    "status 502, which no srdiag agent does"
    send(h, 502, "text/html", "<h1>502 Bad Gateway</h1>")


def wrong_type(h, _):
    "does not answer as a srdiag agent does"
    send(h, 200, "application/json", DEMO)


def no_type(h, _):
    "does not answer as a srdiag agent does"
    head(h, 200, (("Content-Length", len(DEMO.encode())),))
    h.wfile.write(DEMO.encode())


def redirect(h, _):
    "answers with status 302"
    head(h, 302, (("Location", "http://127.0.0.1:9/"), ("Content-Length", 0)))


def redirect_that_keeps_the_body(h, _):
    "answers with status 307"
    head(h, 307, (("Location", "http://127.0.0.1:9/"), ("Content-Length", 0)))


def no_content(h, _):
    "answers with status 204"
    head(h, 204)


def status_of_nobody(h, _):
    "answers with status 999"
    head(h, 999, (("Content-Length", 0),))


def half(h, _):
    "line 1"
    send(h, 200, "application/x-ndjson", '{"srdiag":"snapshot/1","connected":"fe1:9030",')


def cut(h, body):
    "ends in the middle|lost the connection"
    whole = io.BytesIO()
    out, h.wfile = h.wfile, whole
    of_snapshot(DEMO)(h, body)
    h.wfile = out
    out.write(whole.getvalue()[:-30])


def unasked(h, _):
    "was not asked"
    send(h, 200, "application/x-ndjson", DEMO)


def newer(h, _):
    "newer than this srdiag understands"
    send(h, 200, "application/x-ndjson", DEMO.replace("snapshot/1", "snapshot/2", 1))


def hundred_headers(h, body):
    "not a srdiag snapshot"
    head(h, 200, [LINES, *((f"X-{n}", "v" * 100) for n in range(100)), ("Content-Length", 2)])
    h.wfile.write(b"{}")


def endless_headers(h, _):
    "headers of more than 65536 bytes"
    head(h, end=False)
    for n in range(1 << 20):
        h.wfile.write(b"X-%d: y\r\n" % n)


def huge_header(h, _):
    "a header that is too long"
    h.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"a" * (50 << 20) + b"\r\n\r\n")


def interim_for_ever(h, _):
    "headers of more than 65536 bytes"
    for _ in range(1 << 20):
        h.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def chunk_of_all_bytes(h, _):
    "lost the connection"
    head(h, 200, (LINES, ("Transfer-Encoding", "chunked")))
    h.wfile.write(b"FFFFFFFFFFFFFFFF\r\nabc")


def negative_chunk(h, _):
    "lost the connection"
    head(h, 200, (LINES, ("Transfer-Encoding", "chunked")))
    h.wfile.write(b"-5\r\nabc")


def chunk_with_a_long_name(h, _):
    "lost the connection"
    head(h, 200, (LINES, ("Transfer-Encoding", "chunked")))
    h.wfile.write(b"5;" + b"a" * (20 << 20) + b"\r\n")


def crumbs(h, _):
    "not a srdiag snapshot"
    head(h, 200, (LINES, ("Transfer-Encoding", "chunked")))
    for _ in range(1 << 20):
        h.wfile.write(b"1\r\nx\r\n" * 100)


def bomb(h, _):
    "not a srdiag snapshot"
    data = gzip.compress(b" " * (100 << 20), 1)
    head(h, 200, (LINES, ("Content-Encoding", "gzip"), ("Content-Length", len(data))))
    h.wfile.write(data)


def gigabyte(h, _):
    "not a srdiag snapshot"
    head(h, 200, (LINES, ("Content-Length", 1 << 30)))
    for _ in range(1 << 10):
        h.wfile.write(b"x" * (1 << 20))


def gigabyte_of_rows(h, _):
    "ask the agent"
    lines = DEMO.splitlines()
    head(h, 200, (LINES, ("Content-Length", 1 << 30)))
    h.wfile.write("\n".join(lines[:1]).encode() + b'\n{"probe":"clock","node":"x","key":"","status":"answered",'
                  b'"columns":["UNIX_TIME"],"started_at":"2026-11-21T17:12:36.100Z","ms":1,"rows":1000000000}\n')
    for _ in range(1 << 10):
        h.wfile.write((b'["' + b"x" * 1000 + b'"]\n') * 1024)


def deep(h, _):
    "not a srdiag snapshot"
    send(h, 200, "application/x-ndjson", b"[" * (1 << 20))


def huge_words(h, _):
    "status 500"
    send(h, 500, "application/json", b'{"error":"' + b"x" * (50 << 20) + b'"}')


def other_protocol(h, _):
    "does not answer in HTTP"
    h.wfile.write(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" * 5)


def dripping_head(h, _):
    "did not answer in time"
    drip(h, b"HTTP/1.1 200 OK\r\nX-Slow: yes")


def dripping_body(h, _):
    "did not answer in time"
    head(h, 200, (LINES, ("Content-Length", len(DEMO))))
    drip(h, DEMO.encode())


def silent(h, _):
    "did not answer in time"
    time.sleep(20)


# with words of their own

def old_format(h, _):
    "the format collect/2"
    send(h, 400, "application/json", '{"error":"Bad request","message":"this agent understands the format collect/2"}')


def echo(h, _):
    r"you sent \*{64}"
    send(h, 500, "application/json", json.dumps({"error": "\x1b[31mboom", "message": "you sent " + h.headers["X-Agent-Token"]}))


NO_AGENTS = (nothing, reset, page, login_page, proxy_page, wrong_type, no_type, redirect, redirect_that_keeps_the_body,
             no_content, status_of_nobody, half, cut, unasked, newer, hundred_headers, endless_headers, huge_header,
             interim_for_ever, chunk_of_all_bytes, negative_chunk, chunk_with_a_long_name, crumbs, bomb, gigabyte,
             gigabyte_of_rows, deep, huge_words, other_protocol, dripping_head, dripping_body, silent)
REFUSALS = (old_format, echo)


def peak_mb(process):
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) >> 10


class Mad(unittest.TestCase):
    """All of them are tenants of one server, beside one who is well."""

    maxDiff = None

    def test_all(self):
        """whatever an agent answers, its users read the guide's words, the others are served, and memory stays small"""
        agents = {reply.__name__: FakeAgent(reply) for reply in NO_AGENTS + REFUSALS}
        good = FakeAgent(of_snapshot(DEMO))
        answers = {}
        centre = Centre({**{name: tenant(agent.url) for name, agent in agents.items()}, "good": tenant(good.url)},
                        "--log-level", "debug", "--cache-ttl", "0")
        try:
            with centre:
                def ask(name):
                    answers[name] = centre.call(name, "get_disk_usage"), centre.call(name, "get_disk_usage")

                threads = [threading.Thread(target=ask, args=(name,)) for name in agents]
                for t in threads:
                    t.start()
                for _ in range(20):
                    self.assertEqual(centre.call("good", "get_disk_usage").status, 200)
                for t in threads:
                    t.join()
                for reply in NO_AGENTS + REFUSALS:
                    with self.subTest(reply.__name__):
                        name = reply.__name__
                        for answer in answers[name]:
                            body = answer.json
                            self.assertEqual((answer.status, body["error"], body["tenant"]),
                                             (502, CONNECTION if reply in NO_AGENTS else REFUSED, name), body)
                            self.assertRegex(body["detail"], reply.__doc__)
                            if reply in NO_AGENTS:
                                self.assertEqual(body["message"], f"Failed to connect to agent at {agents[name].url}")
                            for other in agents:
                                if other != name:
                                    self.assertNotIn(f'"{other}"', answer.text)
                            self.assertNotIn("\x1b", answer.text)
                self.assertNotIn(TOKEN, "".join(a.text for pair in answers.values() for a in pair))
                self.assertNotIn(TOKEN, centre.err)
                self.assertNotIn("\x1b", centre.err)
                if "san-" not in SRDIAG:  # with which a program takes several times as much
                    self.assertLess(peak_mb(centre.process), 150)
        finally:
            for agent in (*agents.values(), good):
                agent.__exit__()


class Late(unittest.TestCase):
    def test_first_line(self):
        """an agent that has begun to answer is there: what does not come in time is its cluster's fault"""
        def begun(h, _):
            head(h, 200, (LINES, ("Content-Length", len(DEMO.encode()))))
            h.wfile.write(DEMO.splitlines()[0].encode() + b"\n")
            h.wfile.flush()
            time.sleep(20)

        with FakeAgent(begun) as agent, Centre({"acme": tenant(agent.url)}, "--request-timeout", "6") as centre:
            for _ in range(2):  # the second time, too: it was not given up
                answer = centre.call("acme", "get_disk_usage")
                self.assertEqual((answer.status, answer.json["error"]), (504, "SQL execution timeout"), answer)


ROWS = 2000 if "san-" in SRDIAG else 20000


def at_length(most):
    """A reply with as many rows in each answer as may be (@most: whatever may be), but for who is in the cluster."""
    lines, answers, rows = DEMO.splitlines(), {}, []
    for line in lines[1:]:
        if line[0] == "[":
            rows.append(line)
        else:
            head_of, rows = json.loads(line), []
            answers.setdefault((head_of.get("probe"), head_of.get("key", "")), (head_of, rows))

    def reply(handler, body):
        head(handler, 200, (LINES, ("Transfer-Encoding", "chunked")))

        def put(text):
            data = text.encode()
            handler.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n")

        put(lines[0] + "\n")
        total, asked = 0, json.loads(body)["probes"]
        for question in asked:
            base, its = answers.get((question["id"], question["key"]), ({"columns": ["x"], "status": "answered"}, []))
            if question["id"] not in ("frontends", "clock", "run-mode", "backends", "compute-nodes"):
                count = most if most and question["id"] == "fe-config" else min(ROWS, question.get("max_rows") or ROWS)
                its = [(its or [json.dumps(["x"] * len(base["columns"]))])[0]] * count
            put(json.dumps({**base, "probe": question["id"], "key": question["key"], "node": question["node"] or base.get("node", "x"),
                            "rows": len(its)}) + "\n" + "".join(row + "\n" for row in its))
            total += len(its)
        put(json.dumps({"end": True, "answers": len(asked), "rows": total}) + "\n")
        handler.wfile.write(b"0\r\n\r\n")

    return reply


class Long(unittest.TestCase):
    """Answers that are what was asked, and endless."""

    def test_all_at_once(self):
        """an agent that answers at greatest length costs its own users time, and the others are served meanwhile"""
        with FakeAgent(at_length(0)) as long, FakeAgent(of_snapshot(DEMO)) as good, \
                Centre({"long": tenant(long.url), "good": tenant(good.url)}, "--cache-ttl", "0") as centre:
            answers = []
            users = [threading.Thread(target=lambda tool=tool: answers.append(centre.call("long", tool))) for tool in
                     ("analyze_system_comprehensive", "analyze_storage_health", "analyze_import_health", "get_disk_usage")]
            for t in users:
                t.start()
            for _ in range(20):
                self.assertEqual(centre.call("good", "get_disk_usage").status, 200)
            for t in users:
                t.join()
            self.assertEqual([a.status for a in answers], [200] * 4)
            self.assertEqual(centre.end(), 0)

    def test_more_than_was_asked_for(self):
        """an agent that sends more rows than it was asked for is no agent of ours"""
        with FakeAgent(at_length(5001)) as long:
            run = srdiag("--agent", long.url, "comprehensive", "-o", "json", env={"AGENT_TOKEN": TOKEN})
            self.assertIn("probe fe-config has 5001 rows, and not more than 5000 were asked for", run.out + run.err)


def of_cluster(number, mark):
    """The demo as if it were another cluster."""
    lines = DEMO.splitlines()
    at = next(n for n, line in enumerate(lines) if '"probe":"frontends"' in line)
    column = json.loads(lines[at])["columns"].index("ClusterId")
    for n in range(at + 1, at + 1 + json.loads(lines[at])["rows"]):
        row = json.loads(lines[n])
        row[column] = number
        lines[n] = json.dumps(row)
    return "\n".join(lines).replace("10.0.1.", mark) + "\n"


class Replaced(unittest.TestCase):
    """Another cluster behind what was one."""

    def test_between_two_calls(self):
        """when another cluster's agent takes the place, the next call is of that cluster alone"""
        reply = [of_snapshot(of_cluster("1", "10.71.1."))]
        with FakeAgent(lambda h, body: reply[0](h, body)) as agent, Centre({"a": tenant(agent.url)}, "--cache-ttl", "0") as centre:
            for mark, other in (("10.71.1.", "10.72.2."), ("10.72.2.", "10.71.1.")):
                reply[0] = of_snapshot(of_cluster("1" if mark == "10.71.1." else "2", mark))
                for tool in ("get_disk_usage", "analyze_system_comprehensive", "analyze_storage_health"):
                    answer = centre.call("a", tool)
                    self.assertEqual(answer.status, 200, answer)
                    self.assertIn(mark, answer.text)
                    self.assertNotIn(other, answer.text)

    def test_at_the_same_place(self):
        """an agent that begins anew in the middle of a run goes on with it; one of another cluster does not"""
        one, again = (of_snapshot(of_cluster("1", "10.71.1."), name) for name in ("aa11", "bb22"))
        two = of_snapshot(of_cluster("2", "10.72.2."), "cc33")
        for next_one, goes_on in (again, True), (two, False):
            with self.subTest(goes_on):
                told = []

                def reply(handler, body):
                    if b'"id":"frontends"' in body and next_one not in told:
                        told.append(next_one)
                        return one(handler, body)
                    return (next_one if told else one)(handler, body)

                with FakeAgent(reply) as agent, Centre({"a": tenant(agent.url)}, "--cache-ttl", "0") as centre:
                    answer = centre.call("a", "analyze_system_comprehensive")
                    self.assertEqual(answer.status, 200, "what was known of the first one is told")
                    self.assertIn("10.71.1.", answer.text)
                    self.assertNotIn("10.72.2.", answer.text)
                    mine, whole = answer.json["structuredContent"], self.whole["structuredContent"]
                    if goes_on:
                        self.assertEqual(mine["score"], whole["score"])
                    else:
                        self.assertLess(mine["score"]["confidence"], whole["score"]["confidence"] / 2)

    @property
    def whole(self):
        with FakeAgent(of_snapshot(of_cluster("1", "10.71.1."))) as agent, Centre({"a": tenant(agent.url)}) as centre:
            return centre.call("a", "analyze_system_comprehensive").json

    def test_in_the_middle(self):
        """a run that began with one cluster is not finished with another's agent; the log names the two"""
        one, two = of_snapshot(of_cluster("1", "10.71.1.")), of_snapshot(of_cluster("2", "10.72.2."))
        rounds = []

        def dies(handler, body):
            rounds.append(body)
            if len(rounds) > 2:  # it is there, and it said which cluster this is
                handler.connection.shutdown(socket.SHUT_RDWR)
            else:
                one(handler, body)

        with FakeAgent(dies) as first, FakeAgent(two) as second, \
                Centre({"a": tenant([first.url, second.url])}, "--cache-ttl", "0") as centre:
            answer = centre.call("a", "analyze_system_comprehensive")
            self.assertTrue(second.requests, "it was asked who it is")
            self.assertFalse("10.71.1." in answer.text and "10.72.2." in answer.text, "two clusters in one report")
            self.assertIn(f"the agents {first.url} and {second.url} stand for one tenant, and their clusters are not the same",
                          centre.err)


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *ts)
{
    int (*real)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int n = real(id, ts);
    if (id == CLOCK_REALTIME) ts->tv_sec += atol(getenv("CLOCK_APART"));
    return n;
}
"""


@unittest.skipIf("san-" in SRDIAG, "a sanitizer wants to be the first library")
class Clocks(unittest.TestCase):
    """An agent, or a centre, whose clock is a day off."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        folder = cls.stack.enter_context(tempfile.TemporaryDirectory())
        source, cls.shim = Path(folder) / "clock.c", Path(folder) / "clock.so"
        source.write_text(SHIM)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", cls.shim, source, "-ldl"], check=True)
        cls.cluster = cls.stack.enter_context(Cluster("disk-full", "--line", "3.5"))

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def apart(self, seconds):
        return {"LD_PRELOAD": str(self.shim), "CLOCK_APART": str(seconds)} if seconds else {}

    def test_reports(self):
        """ages and findings are those of the cluster's own clock, whoever else's is a day off; the agent's is told"""
        def look(agent_apart, centre_apart):
            with agent_of(self.cluster, "--audit-file", "AUDIT", env=self.apart(agent_apart)) as agent, \
                    Centre({"a": tenant(agent.url)}, env=self.apart(centre_apart)) as centre:
                report = centre.call("a", "analyze_system_comprehensive")
                self.assertEqual(report.status, 200, report)
                self.assertEqual(agent.call("GET", "/health")[0], 200)
                stamps = [line["time"] for line in agent.lines]
                state = centre.test_agent("a").json
            return report.json["structuredContent"], stamps, state

        def told(report):
            return [(f["id"], f["severity"], f["subject"]["name"], re.sub(r"[0-9.]+", "N", f["message"]))
                    for f in report["findings"]], report["score"]["value"]

        here, _, _ = look(0, 0)
        for agent_apart, centre_apart in ((86400, 0), (-86400, 0), (0, 86400), (0, -86400)):
            with self.subTest(agent=agent_apart, centre=centre_apart):
                report, stamps, state = look(agent_apart, centre_apart)
                skew = [f for f in report["findings"] if f["id"] == "cluster.fe-clock-skew"]
                report["findings"] = [f for f in report["findings"] if f not in skew]
                self.assertEqual(told(report), told(here))
                self.assertEqual(len(skew), 1 if agent_apart else 0, skew)
                now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=agent_apart)
                self.assertTrue(all(abs((datetime.datetime.fromisoformat(t) - now).total_seconds()) < 600 for t in stamps),
                                "a ledger has the time of its owner's machine")
                self.assertIs(state["success"], True)
                self.assertLess(state["latency_ms"], 60000)


if __name__ == "__main__":
    tap.main()
