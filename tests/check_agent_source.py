"""What does srdiag say when an agent is none, is ill, or is somebody else's?"""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import tap
from cluster import ROOT, srdiag
from fake_agent import FakeAgent, of_snapshot, send
from serving import Server, free_port

DEMO = (ROOT / "tests/snapshots/demo.srd").read_text()
NDJSON = "application/x-ndjson"
HEAD = '{"srdiag":"snapshot/1","connected":"fe1:9030","taken_at":"2026-01-20T02:00:00Z"}\n'
TOKEN = "0123456789abcdef" * 4


def ask(url, *words, token=TOKEN, **more):
    return srdiag("--agent", url, "--timeout", "8", *(words or ("storage",)), env={"AGENT_TOKEN": token}, **more)


def refusal(status, error, message):
    return lambda h, _: send(h, status, "application/json", json.dumps({"error": error, "message": message}))


class Answers(unittest.TestCase):
    def test_same(self):
        """a report over an agent is that of its cluster, but for where it came from and when"""
        with FakeAgent(of_snapshot(DEMO)) as agent:
            over = ask(agent.url, "comprehensive", "-o", "json")
            there = srdiag("--demo", "comprehensive", "-o", "json")
        self.assertEqual(over.status, there.status, over.err)
        a, b = over.json, there.json
        self.assertEqual(a["source"]["kind"], "agent")
        self.assertEqual(a["source"]["where"], agent.url)
        for report in a, b:
            for key in "source", "started_at", "duration_ms":
                report.pop(key)
            report["cluster"].pop("name")
        self.assertEqual(a, b)

    def test_rounds(self):
        """one request per level of follow-up, and each carries the token"""
        with FakeAgent(of_snapshot(DEMO)) as agent:
            ask(agent.url, "comprehensive")
        self.assertLessEqual(len(agent.requests), 4)
        self.assertEqual({path for path, _, _ in agent.requests}, {"/collect"})
        self.assertEqual({headers.get("X-Agent-Token") for _, headers, _ in agent.requests}, {TOKEN})
        self.assertEqual(json.loads(agent.requests[1][2])["leader"], "10.0.1.11:9030")

    def test_path(self):
        """a path in the URL is kept, for an agent behind a proxy"""
        with FakeAgent(of_snapshot(DEMO)) as agent:
            self.assertLess(ask(agent.url + "/tenants/a/").status, 4)
        self.assertEqual(agent.requests[0][0], "/tenants/a/collect")

    def test_views(self):
        """views, collect and preflight go over an agent too"""
        with FakeAgent(of_snapshot(DEMO)) as agent, tempfile.TemporaryDirectory() as folder:
            over, there = (run.json["rows"] for run in (ask(agent.url, "storage", "disks", "-o", "json"),
                                                        srdiag("--demo", "storage", "disks", "-o", "json")))
            self.assertEqual(over, there)
            done = ask(agent.url, "collect", f"{folder}/a.srd")
            self.assertEqual(done.status, 0, done.err)
            self.assertLess(srdiag("--input", f"{folder}/a.srd", "storage").status, 3)
            self.assertEqual(ask(agent.url, "preflight").status, srdiag("--demo", "preflight").status)

    def test_again(self):
        """what to type next names the agent and its token's file, not the token"""
        with FakeAgent(of_snapshot(DEMO)) as agent, tempfile.NamedTemporaryFile("w") as file:
            file.write(TOKEN + "\n")
            file.flush()
            run = srdiag("--agent", agent.url, "--agent-token-file", file.name, "storage")
        self.assertIn(f"srdiag --agent {agent.url} --agent-token-file {file.name}", run.out)
        self.assertNotIn(TOKEN, run.out + run.err)
        self.assertEqual(agent.requests[0][1]["X-Agent-Token"], TOKEN)


def cut(fraction):
    """The demo's answers, of which only the first part arrives."""
    whole = of_snapshot(DEMO)

    def reply(handler, body):
        import io

        real, handler.wfile = handler.wfile, io.BytesIO()
        whole(handler, body)
        text, handler.wfile = handler.wfile.getvalue(), real
        handler.wfile.write(text[: int(len(text) * fraction)])
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    return reply


def gigabyte(handler, _):
    handler.send_response(200)
    handler.send_header("Content-Type", NDJSON)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    piece = b"%x\r\n%s\r\n" % (1 << 20, b"x" * (1 << 20))
    for _ in range(2000):
        handler.wfile.write(piece)


def endless_head(handler, _):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100000):
        handler.wfile.write(b"X-More: " + b"y" * 1000 + b"\r\n")


def silent(handler, _):
    time.sleep(20)


def drip(handler, _):
    handler.send_response(200)
    handler.send_header("Content-Type", NDJSON)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b"{")
        handler.wfile.flush()
        time.sleep(0.5)


def raw(text):
    def reply(handler, _):
        handler.wfile.write(text)

    return reply


def lines(text):
    return lambda h, _: send(h, 200, NDJSON, text)


def row(probe, *, status="failed", rows=0, more=""):
    return f'{{"probe":"{probe}","status":"{status}","rows":{rows}{more}}}\n'


# name, what the agent does, exit status, words that the error has
HOSTILE = [
    ("a page of a web server is no agent", lambda h, _: send(h, 200, "text/html", "<html>Welcome"), 69,
     ["does not answer as a srdiag agent does"]),
    ("a page that was not found is no agent", lambda h, _: send(h, 404, "text/html", "<html>no"), 69, ["status 404"]),
    ("a redirect is not followed", lambda h, _: send(h, 302, "text/html", ""), 69, ["status 302"]),
    ("half a JSON line is a cut answer", lines(HEAD + '{"probe":"fron'), 69, ["ends in the middle"]),
    ("no line at all is no answer", lines(""), 69, ["is empty"]),
    ("only a header is a cut answer", lines(HEAD), 69, ["ends in the middle"]),
    ("another format is refused", lines('{"srdiag":"snapshot/9","taken_at":"2026-01-20T02:00:00Z"}\n'), 69,
     ["snapshot/9 is newer"]),
    ("answers to questions that were not asked are refused", lines(HEAD + row("secrets")), 69,
     ["probe secrets was not asked"]),
    ("a second answer to a question is refused", lines(HEAD + row("frontends") + row("frontends")), 69,
     ["probe frontends has an answer already"]),
    ("fewer answers than questions are refused",
     lines(HEAD + row("frontends") + '{"end":true,"answers":1,"rows":0}\n'), 69, ["answers 1 of 5 questions"]),
    ("an agent that lost its cluster says so",
     lines(HEAD + '{"error":"connect","message":"fe1:9030 refuses \\u001b[31mconnections"}\n'), 69,
     ["fe1:9030 refuses \\e[31mconnections"]),
    ("a wrong token is a matter of access", refusal(401, "Unauthorized", "Invalid or missing agent token"), 77,
     ["does not accept the token", "Invalid or missing agent token"]),
    ("a refusal gives the agent's reason", refusal(403, "Forbidden", "policy probes"), 77, ["policy probes"]),
    ("a busy agent says so", refusal(503, "Busy", "8 requests are running"), 69, ["8 requests are running"]),
    ("an agent without its cluster says so", refusal(502, "Database connection failed", "fe1:9030 refuses"), 69,
     ["Database connection failed: fe1:9030 refuses"]),
    ("control characters of a refusal are shown, not obeyed", refusal(503, "a\x1b[2J", "b\x07"), 69,
     ["a\\e[2J: b\\x07"]),
    ("an agent that closes at once is told from one that is not there",
     lambda h, _: h.connection.shutdown(socket.SHUT_RDWR), 69, ["closed the connection without an answer"]),
    ("an answer that is no HTTP is none", raw(b"SSH-2.0-OpenSSH_9.2\r\n"), 69, ["does not answer in HTTP"]),
    ("a length that lies is a cut answer", lambda h, _: send(h, 200, NDJSON, HEAD, 99999), 69, ["lost the connection"]),
    ("a gigabyte is not swallowed", gigabyte, 69, ["not a srdiag snapshot"]),
    ("a line of a gigabyte is not swallowed",
     lambda h, b: (h.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n" + HEAD.encode()),
                   [h.wfile.write(b"[" + b"x" * (1 << 20)) for _ in range(200)]), 69, ["line 2"]),
    ("headers without an end are not swallowed", endless_head, 69, ["headers of more than"]),
    ("an agent that is silent costs no more than the time there is", silent, 69, ["no statement in time"]),
    ("an agent that drips costs no more than the time there is", drip, 69, ["no statement in time"]),
]


class Hostile(unittest.TestCase):
    def test_all(self):
        """agents that are none are refused in words, within the time, with where they are"""
        for name, reply, status, words in HOSTILE:
            with self.subTest(name), FakeAgent(reply) as agent:
                run = ask(agent.url)
                self.assertEqual(run.status, status, run.err)
                for word in words + [f"127.0.0.1:{agent.port}"]:
                    self.assertIn(word, run.err)
                self.assertNotIn(TOKEN, run.err)
                self.assertNotIn("\x1b", run.err)
                self.assertLess(run.seconds, 30)

    def test_cut(self):
        """what came before a cut is kept: the first round complete, the second in part"""
        whole, half = of_snapshot(DEMO), cut(0.5)

        def reply(handler, body):
            first = b'"id":"frontends"' in body
            (whole if first else half)(handler, body)

        with FakeAgent(reply) as agent:
            run = ask(agent.url, "comprehensive", "-o", "json")
        self.assertIn(run.status, (0, 1, 2, 3, 124), run.err)
        statuses = [p["status"] for p in run.json["probes"]]
        self.assertIn("answered", statuses)
        lost = [p for p in run.json["probes"] if p["status"] == "failed"]
        self.assertTrue(lost)


class Wrong(unittest.TestCase):
    """What the user got wrong."""

    def test_nobody(self):
        """where nobody listens, the error says what to look at"""
        port = free_port()
        run = ask(f"http://127.0.0.1:{port}")
        self.assertEqual(run.status, 69)
        self.assertIn(f"127.0.0.1:{port} refuses connections", run.err)

    def test_urls(self):
        """a URL that cannot be an agent's is refused before anybody is asked"""
        for url, status in (("ftp://h", 78), ("127.0.0.1:8080", 78), ("file:///etc/passwd", 78), ("http://", 78),
                            ("http://u:secret@h:1", 78), ("http://h:1/?x=1", 78), ("http://h:99999", 78)):
            with self.subTest(url):
                run = ask(url)
                self.assertEqual(run.status, status, run.err)
                self.assertNotIn("secret", run.err)

    def test_two(self):
        """an agent and a host, or an agent and a file: choose one"""
        self.assertEqual(ask("http://127.0.0.1:1", "-h", "fe1", "storage").status, 64)
        self.assertEqual(ask("http://127.0.0.1:1", "--demo", "storage").status, 64)

    def test_token(self):
        """a token that no header may hold is refused and not shown; so is a token twice"""
        for token in ("two words", "line\nbreak", "nön-ascii"):
            run = ask("http://127.0.0.1:1", token=token)
            self.assertEqual(run.status, 78, run.err)
            self.assertNotIn(token, run.err)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("\n")
            file.flush()
            run = srdiag("--agent", "http://127.0.0.1:1", "--agent-token-file", file.name, "storage")
            self.assertEqual(run.status, 78)

    def test_clear(self):
        """a token in clear beyond this machine is warned of"""
        run = srdiag("--agent", "http://agent.invalid:1", "storage", env={"AGENT_TOKEN": TOKEN})
        self.assertIn("travel in clear", run.err)
        self.assertIn("no host \"agent.invalid\"", run.err)

    def test_proxy(self):
        """a proxy of the environment is not asked"""
        with FakeAgent(of_snapshot(DEMO)) as agent:
            env = {"AGENT_TOKEN": TOKEN, "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
            self.assertLess(srdiag("--agent", agent.url, "storage", env=env).status, 4)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        at = Path(cls.folder.name)
        for name, alt in (("good", "IP:127.0.0.1"), ("other", "DNS:elsewhere.example")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", at / f"{name}.key",
                            "-out", at / f"{name}.crt", "-days", "2", "-subj", f"/CN={name}", "-addext",
                            f"subjectAltName={alt}"], check=True, capture_output=True)
        cls.at = at

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def agent(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.at / f"{name}.crt", self.at / f"{name}.key")
        return FakeAgent(of_snapshot(DEMO), context)

    def test_good(self):
        """a certificate of the CA file is trusted"""
        with self.agent("good") as agent:
            self.assertLess(ask(agent.url, "--agent-ca", str(self.at / "good.crt"), "storage").status, 4)

    def test_unknown(self):
        """a certificate of nobody we know is not, and the token is not sent"""
        with self.agent("good") as agent:
            run = ask(agent.url)
            self.assertEqual(run.status, 69)
            self.assertIn("is not trusted", run.err)
            self.assertEqual(agent.requests, [])

    def test_somebody_else(self):
        """somebody else's certificate is not trusted, whatever signed it"""
        with self.agent("other") as agent:
            for ca in "good", "other":
                run = ask(agent.url, "--agent-ca", str(self.at / f"{ca}.crt"), "storage")
                self.assertEqual(run.status, 69, run.err)
                self.assertIn("is not trusted", run.err)
            self.assertEqual(agent.requests, [])

    def test_plain(self):
        """http to a TLS port, and https to a plain one, are told apart"""
        with self.agent("good") as agent:
            run = ask(agent.url.replace("https", "http"))
            self.assertEqual(run.status, 69)
        with FakeAgent(of_snapshot(DEMO)) as agent:
            run = ask(agent.url.replace("http", "https"))
            self.assertEqual(run.status, 69)
            self.assertIn("begins with http://", run.err)

    def test_no_file(self):
        """a CA file that is not there is a matter of configuration"""
        with self.agent("good") as agent:
            run = ask(agent.url, "--agent-ca", "/nonexistent/ca.pem", "storage")
            self.assertEqual(run.status, 78, run.err)


class Centre(unittest.TestCase):
    """A server keeps its agents' sources, and with them what it found out."""

    def requests(self, demo):
        """What four calls of a view cost, each."""
        with FakeAgent(of_snapshot(demo)) as agent:
            tenants = {"tenants": {"a": {"name": "A", "agent_url": agent.url, "agent_token": TOKEN, "enabled": True}}}
            with Server("--http", "--tenants", "tenants.json", "--cache-ttl", "0",
                        files={"tenants.json": json.dumps(tenants)}) as centre:
                counts, bodies = [], []
                for _ in range(4):
                    before = len(agent.requests)
                    answer = centre.post("/call-tool", {"tool": "get_compaction_history", "arguments": {}},
                                         headers={"X-Tenant-ID": "a"})
                    self.assertEqual(answer.status, 200, answer.body)
                    counts.append(len(agent.requests) - before)
                    bodies.append(answer.json)
                leaders = {json.loads(body)["leader"] for _, _, body in agent.requests[before:]}
        for body in bodies:
            self.assertEqual([body.get(k) for k in ("rows", "data")], [bodies[0].get(k) for k in ("rows", "data")])
        return counts, leaders

    def test_rounds(self):
        """a view costs one request from the second call on: what it asks goes along with who is asked"""
        counts, leaders = self.requests(DEMO)
        self.assertEqual(counts[1:], [1, 1, 1])
        self.assertEqual(leaders, {"10.0.1.11:9030"})

    def test_follower(self):
        """that the agent can only reach a follower is asked once, and not before each call"""
        counts, leaders = self.requests(DEMO.replace('"connected":"10.0.1.11:9030"', '"connected":"10.0.1.12:9030"', 1))
        self.assertEqual(counts[1:], [1, 1, 1])
        self.assertEqual(leaders, {"10.0.1.11:9030"})


class Interrupted(unittest.TestCase):
    def test_ctrl_c(self):
        """an interrupt ends a run that waits for an agent at once"""
        import signal

        begun = threading.Event()

        def reply(handler, _):
            begun.set()
            time.sleep(20)

        with FakeAgent(reply) as agent:
            env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "AGENT_TOKEN": TOKEN}
            process = subprocess.Popen([os.environ.get("SRDIAG", str(ROOT / "build/srdiag")), "--agent", agent.url,
                                        "storage"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertTrue(begun.wait(10))
            process.send_signal(signal.SIGINT)
            begin = time.monotonic()
            self.assertEqual(process.wait(15), 130)
            self.assertLess(time.monotonic() - begin, 5)
            process.stdout.close()
            process.stderr.close()


if __name__ == "__main__":
    tap.main()
