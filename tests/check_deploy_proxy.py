#!/usr/bin/env python3
"""Does deploy/nginx lead every request to the right replica, over TLS, with event streams as they come?

Three servers and nginx as plain processes, with the configuration as it is but for ports and file names.
"""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import tap
from serving import ROOT, Server, clean_env

PATH = os.environ["PATH"] + f":/usr/sbin:{ROOT}/build/tools/usr/sbin"
NGINX = shutil.which("nginx", path=PATH)
KEY = {"X-API-Key": "k" * 32}


def free_ports(n):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Stream:
    """An event stream over TLS, read line by line as it comes."""

    def __init__(self, proxy, path, headers):
        raw = socket.create_connection(("127.0.0.1", proxy.tls), timeout=10)
        self.socket = proxy.context.wrap_socket(raw, server_hostname="mcp.example.com")
        head = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: mcp.example.com\r\n{head}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = http.client.parse_headers(self.file)

    def event(self):
        """The data of the next event, without waiting for more than that; chunk sizes are left out."""
        data = []
        while True:
            line = self.file.readline()
            if not line:
                raise AssertionError("the stream ended")
            line = line.decode().rstrip("\r\n")
            if line.startswith("data: "):
                data.append(line[6:])
            elif not line and data:
                return "\n".join(data)

    def close(self):
        self.file.close()
        self.socket.close()


class Proxy:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="srdiag-nginx-"))
        self.servers = [Server("--http", "--sse", "--demo", "--allow-host", "mcp.example.com", "--rate-limit", "0",
                               "--log-file", "access.log", env={"API_KEY": KEY["X-API-Key"]}).start() for _ in range(3)]
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
            f"events {{}}\nhttp {{\n    access_log off;\n{temp}    include {self.folder}/srdiag.conf;\n}}\n")
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
        text = text.replace("listen 443 ", f"listen 127.0.0.1:{self.tls} ").replace("rate=20r/s", "rate=1000r/s")
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
        self.process.terminate()
        self.process.wait(20)
        for server in self.servers:
            server.__exit__(None)
        shutil.rmtree(self.folder)

    def ask(self, method, path, body=None, headers=KEY):
        c = http.client.HTTPSConnection("127.0.0.1", self.tls, timeout=30, context=self.context)
        c.sock = self.context.wrap_socket(socket.create_connection(("127.0.0.1", self.tls), timeout=30),
                                          server_hostname="mcp.example.com")
        headers = {"Host": "mcp.example.com", "Content-Type": "application/json", **headers}
        c.request(method, path, None if body is None else json.dumps(body), headers)
        answer = c.getresponse()
        data = answer.read()
        c.close()
        return answer.status, answer.headers, data

    def asked(self, word):
        """How many requests with @word each replica had."""
        return [(s.folder / "access.log").read_text().count(word) if (s.folder / "access.log").exists() else 0
                for s in self.servers]


@unittest.skipUnless(NGINX, "nginx is not installed")
class Nginx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.proxy = Proxy()

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

    def test_least_connections(self):
        """What nobody has to remember is spread over all replicas"""
        for _ in range(30):
            self.proxy.ask("GET", "/tools")
        Server.until(lambda: sum(self.proxy.asked("/tools")) >= 30, "the lines about them")
        self.assertTrue(all(self.proxy.asked("/tools")), self.proxy.asked("/tools"))

    def test_pages(self):
        """The next page of an answer is with the replica that gave the first one, time after time"""
        for turn in range(8):
            status, _, body = self.proxy.ask("POST", "/call-tool", {"tool": "analyze_storage_health", "arguments": {}})
            self.assertEqual(status, 200)
            report = json.loads(body)["structuredContent"]["report"]
            status, _, body = self.proxy.ask("POST", "/call-tool", {"tool": "get_evidence", "arguments": {"report": report}})
            self.assertEqual((status, json.loads(body).get("isError", False)), (200, False), f"turn {turn}: {body[:300]}")

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


if __name__ == "__main__":
    tap.main()
