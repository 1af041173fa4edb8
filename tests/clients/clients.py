"""Where are the clients of others, and how are they run? For the Python tests."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TESTS, "..", "build")
ROOT = os.path.join(BUILD, "clients", "node_modules")


def node():
    """A node of 22 or later: the pinned one, with npm beside it, or else the machine's. None: there is none."""
    pinned = os.path.abspath(os.path.join(BUILD, "venv", "bin", "node"))
    return pinned if os.access(pinned, os.X_OK) else shutil.which("node")


def package(name, *path):
    return os.path.join(ROOT, name, *path)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for_port(port, process, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nobody listens on the port")


class Bridge:
    """HTTP in front of a command that speaks stdio. A context; .url is where, .sse where the older transport is."""

    def __init__(self, command, program="supergateway"):
        self.port = port = free_port()
        self.url, self.sse = f"http://127.0.0.1:{port}/mcp", f"http://127.0.0.1:{port}/sse"
        if program == "supergateway":
            words = [package(program, "dist", "index.js"), "--stdio", command, "--outputTransport", "streamableHttp",
                     "--stateful", "--port", str(port), "--logLevel", "none"]
        else:
            words = [package(program, "dist", "bin", "mcp-proxy.mjs"), "--host", "127.0.0.1", "--port", str(port),
                     "--", *command.split(" ")]
        self.words = [node(), *words]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Http:
    """srdiag serve --http --sse, or a program that is built like it. A context; .url and .sse are where."""

    def __init__(self, program, *more):
        self.command = [program, "serve", "--http", "--sse", "--listen", "127.0.0.1:0", "--rate-limit", "0", *more]

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="srdiag-http-")
        port_file = os.path.join(self.folder.name, "port")
        self.process = subprocess.Popen([*self.command, "--port-file", port_file], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            if os.path.exists(port_file) and open(port_file, encoding="ascii").read().strip():
                break
            time.sleep(0.02)
        self.port = int(open(port_file, encoding="ascii").read())
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self.sse = f"http://127.0.0.1:{self.port}/sse"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def conformance(url, requirements):
    """Runs the suite: {scenario: (passed, failed)} of all, the scenarios that are not scored, the whole text."""
    run = subprocess.run(
        [node(), package("@modelcontextprotocol/conformance", "dist", "index.js"), "server", "--url", url,
         "--requirements", requirements], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    text = run.stdout + run.stderr
    summary, _, rest = text.partition("=== SUMMARY ===")[2].partition("\nNot scored")
    scenarios = {name: (int(passed), int(failed)) for name, passed, failed in
                 re.findall(r"^\S+ ([a-z0-9-]+): (\d+) passed, (\d+) failed", summary, re.MULTILINE)}
    unscored = dict(re.findall(r"^\s+\S+ ([a-z0-9-]+) \(([a-z-]+)\)", rest, re.MULTILINE))
    return scenarios, unscored, text
