#!/usr/bin/env python3
"""Do the programs that people give MCP servers to get on with srdiag?

Claude Code, Codex and Gemini CLI as they are, without a login and without a model, each in a home of its own: they
connect over every transport that they have, and Codex lists and calls as well. They come with `make` into
build/hosts where the packages can be had (tests/clients/hosts); one that is not there is skipped. A proxy that
nobody listens at keeps them from calling home.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "clients"))
sys.path.insert(0, HERE)

import clients
import tap
from serving import SRDIAG

HOSTS = os.path.join(HERE, "..", "build", "hosts", "node_modules")
STDIO = [SRDIAG, "serve", "--stdio", "--demo"]
PATIENCE = 60
NOWHERE = "http://127.0.0.1:9"


class Host(unittest.TestCase):
    def program(self, *path):
        """The path of a host's program, or the end of the test."""
        program = os.path.abspath(os.path.join(HOSTS, *path))
        if not os.access(program, os.R_OK):
            self.skipTest(f"{'/'.join(path[:2])} is not installed (make check-hosts tries, and takes its time)")
        return program

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="srdiag-host-")
        self.addCleanup(self.folder.cleanup)
        self.home = self.folder.name
        self.environment = {
            "HOME": self.home, "NO_COLOR": "1", "LANG": "C.UTF-8", "TERM": "dumb",
            "PATH": os.path.dirname(clients.node()) + ":" + os.environ["PATH"],
            "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost",
            "DISABLE_AUTOUPDATER": "1", "DISABLE_TELEMETRY": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "GEMINI_CLI_TRUST_WORKSPACE": "true"}

    def run_host(self, *command):
        done = subprocess.run(command, cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def write(self, name, text):
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)


class ClaudeCode(Host):
    def test_connects(self):
        "Claude Code connects over stdio, HTTP and SSE"
        claude = self.program("@anthropic-ai", "claude-code-linux-x64", "claude")
        with clients.Http(SRDIAG, "--demo") as server:
            self.run_host(claude, "mcp", "add", "local", "--", *STDIO)
            self.run_host(claude, "mcp", "add", "--transport", "http", "modern", server.url)
            self.run_host(claude, "mcp", "add", "--transport", "sse", "older", server.sse)
            said = self.run_host(claude, "mcp", "list")
        for name in ("local", "modern", "older"):
            self.assertRegex(said, rf"(?m)^{name}: .* ✔ Connected$")


class GeminiCli(Host):
    def test_connects(self):
        "Gemini CLI connects over stdio, HTTP and SSE"
        gemini = self.program("@google", "gemini-cli", "bundle", "gemini.js")
        with clients.Http(SRDIAG, "--demo") as server:
            self.write(".gemini/settings.json", json.dumps({"mcpServers": {
                "local": {"command": STDIO[0], "args": STDIO[1:]}, "modern": {"url": server.url, "type": "http"},
                "older": {"url": server.sse, "type": "sse"}}}))
            said = self.run_host(clients.node(), gemini, "mcp", "list")
        for name in ("local", "modern", "older"):
            self.assertRegex(said, rf"(?m)^✓ {name}: .* Connected$")


class Codex(Host):
    def ask(self, method, **params):
        """The result; notifications on the way are passed over."""
        self.count += 1
        self.tell({"id": self.count, "method": method, "params": params})
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            while b"\n" in self.heard:
                line, self.heard = self.heard.split(b"\n", 1)
                message = json.loads(line)
                if message.get("id") == self.count:
                    self.assertIn("result", message)
                    return message["result"]
            if select.select([self.process.stdout], [], [], 1)[0]:
                piece = os.read(self.process.stdout.fileno(), 1 << 20)
                self.assertTrue(piece, "codex has ended")
                self.heard += piece
        raise AssertionError(f"codex did not answer {method}")

    def tell(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def start(self, codex):
        self.count, self.heard = 0, b""
        self.process = subprocess.Popen([codex, "app-server"], cwd=self.home, env=self.environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop)

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def test_calls(self):
        "Codex lists and calls over stdio and HTTP, and shows what is wrong with a call"
        codex = self.program("@openai", "codex-linux-x64", "vendor", "x86_64-unknown-linux-musl", "bin", "codex")
        with clients.Http(SRDIAG, "--demo") as server:
            self.write(".codex/config.toml",
                       f"[mcp_servers.local]\ncommand = {json.dumps(STDIO[0])}\nargs = {json.dumps(STDIO[1:])}\n"
                       f"[mcp_servers.modern]\nurl = {json.dumps(server.url)}\n")
            self.start(codex)
            self.ask("initialize", clientInfo={"name": "test", "title": "Test", "version": "1"})
            self.tell({"method": "initialized"})
            listed = {s["name"]: s for s in self.ask("mcpServerStatus/list")["data"]}
            thread = self.ask("thread/start")["thread"]["id"]
            for name in ("local", "modern"):
                with self.subTest(name):
                    self.assertIn("analyze_system_comprehensive", listed[name]["tools"])
                    self.assertEqual(listed[name]["serverInfo"]["name"], "srdiag")
                    call = {"threadId": thread, "server": name, "tool": "get_large_tables"}
                    answer = self.ask("mcpServer/tool/call", arguments={"limit": 1}, **call)
                    self.assertEqual(len(answer["structuredContent"]["rows"]), 1)
                    self.assertFalse(answer.get("isError"))
                    answer = self.ask("mcpServer/tool/call", arguments={"limit": -1}, **call)
                    self.assertTrue(answer["isError"])
                    self.assertIn("limit: -1 is below the minimum", answer["content"][0]["text"])


if __name__ == "__main__":
    tap.main()
