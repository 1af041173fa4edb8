#!/usr/bin/env python3
"""Can the clients of others use srdiag?

Programs on both official SDKs, the Inspector and the bridges between transports, against the fixture: every
transport in every era that it has.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "clients"))
sys.path.insert(0, HERE)

import clients
import tap

BUILD = os.environ.get("BUILD", os.path.join(HERE, "..", "build"))
FIXTURE = os.path.abspath(os.path.join(BUILD, "srdiag_fixture"))
STDIO = [FIXTURE, "serve", "--stdio"]

FAULT = "2 argument faults. text: is required. texd: unknown argument; did you mean text?"
UNKNOWN = "unknown tool ecko; did you mean echo?"


def run(command, **more):
    home = tempfile.TemporaryDirectory(prefix="srdiag-home-")
    environment = dict(os.environ, HOME=home.name, CLIENTS=os.path.dirname(clients.ROOT), NO_COLOR="1",
                       PATH=os.path.dirname(clients.node()) + ":" + os.environ["PATH"])
    with home:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              env=environment, **more)


class Sdk(unittest.TestCase):
    def check(self, version, transport, era, *target):
        done = run([clients.node(), os.path.join(clients.TESTS, "clients", "sdk.mjs"), version, transport, era,
                    *target])
        self.assertTrue(done.stdout.strip(), done.stderr)
        seen = json.loads(done.stdout)
        fault = seen.pop("fault")
        self.assertEqual((fault["isError"], fault["content"][0]["text"]), (True, FAULT))
        self.assertNotIn("structuredContent", fault)
        self.assertRegex(seen.pop("unknown"), "^threw: -32602 .*" + UNKNOWN.replace("?", r"\?"))
        self.assertRegex(seen.pop("missing"), "^threw: (-32602|-32002) .*no such resource")
        self.assertRegex(seen.pop("cancel"), "^threw: .*enough")
        self.assertEqual(seen, {
            "server": "fixture", "instructions": "For tests only.", "list": 32, "call": {"text": "ä😀"},
            "lenient": 2048, "progress": [0, 50, 100],
            "resource": "This is the content of the static text resource.", "template": "7",
            "prompt": "Prompt with arguments: arg1='a', arg2='b'", "complete": ["paris"],
            "parallel": [str(i) for i in range(20)]})

    def test_stdio(self):
        "X5: both SDKs use everything over stdio"
        for version, era in ("v1", "legacy"), ("v2", "legacy"), ("v2", "modern"), ("v2", "auto"):
            with self.subTest(version + " " + era):
                self.check(version, "stdio", era, *STDIO)

    def test_http(self):
        "X5: both SDKs use everything over HTTP"
        with clients.Http(FIXTURE) as server:
            for version, era in ("v1", "legacy"), ("v2", "legacy"), ("v2", "modern"), ("v2", "auto"):
                with self.subTest(version + " " + era):
                    self.check(version, "http", era, server.url)

    def test_sse(self):
        "X5: both SDKs use everything over SSE"
        with clients.Http(FIXTURE) as server:
            for version, era in ("v1", "legacy"), ("v2", "legacy"), ("v2", "auto"):
                with self.subTest(version + " " + era):
                    self.check(version, "sse", era, server.sse)

    def test_remote(self):
        "mcp-remote passes everything on from stdio to HTTP and SSE"
        with clients.Http(FIXTURE) as server:
            for url, strategy in (server.url, "http-only"), (server.sse, "sse-only"):
                with self.subTest(strategy):
                    self.check("v2", "stdio", "legacy", clients.node(), clients.package("mcp-remote", "dist", "proxy.js"),
                               url, "--transport", strategy, "--allow-http")

    def test_gateway(self):
        "supergateway passes everything on from HTTP to stdio"
        with clients.Bridge(" ".join(STDIO)) as bridge:
            self.check("v2", "http", "legacy", bridge.url)

    def test_proxy(self):
        "mcp-proxy passes everything on from HTTP and SSE to stdio"
        with clients.Bridge(" ".join(STDIO), "mcp-proxy") as bridge:
            for transport, url in ("http", bridge.url), ("sse", bridge.sse):
                with self.subTest(transport):
                    self.check("v2", transport, "legacy", url)


class Inspector(unittest.TestCase):
    def inspect(self, target, *more):
        return run([clients.node(), clients.package("@modelcontextprotocol", "inspector", "clients", "launcher",
                                                    "build", "index.js"), "--cli", *target, *more, "--format", "json",
                    "-q"])

    def test_inspector(self):
        "the Inspector lists and calls, and tells by its status what is wrong"
        with clients.Http(FIXTURE) as server:
            for era, target in (("legacy", [server.url, "--transport", "http"]),
                                ("modern", [server.url, "--transport", "http"]),
                                ("legacy", [server.sse, "--transport", "sse"])):
                target = [*target, "--protocol-era", era]
                with self.subTest(era + " " + target[2]):
                    listed = self.inspect(target, "--method", "tools/list")
                    self.assertEqual(listed.returncode, 0, listed.stderr)
                    self.assertIn('"json_schema_2020_12_tool"', listed.stdout)
                    for arguments, status in ('{"text":"a"}', 0), ('{"texd":"a"}', 5):
                        called = self.inspect(target, "--method", "tools/call", "--tool-name", "echo",
                                              "--tool-args-json", arguments)
                        self.assertEqual(called.returncode, status, called.stdout + called.stderr)

    def test_strict(self):
        "the Inspector finds nothing to complain about in srdiag's own tools"
        with clients.Http(os.path.join(BUILD, "srdiag"), "--demo") as server:
            listed = self.inspect([server.url, "--transport", "http", "--protocol-era", "modern"], "--method",
                                  "tools/list", "--strict")
            self.assertEqual(listed.returncode, 0, listed.stdout + listed.stderr)


if __name__ == "__main__":
    tap.main()
