"""The measurements of server.sh, inside a simulated cluster: server.py SRDIAG [SECTION...]."""

import http.client
import json
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
SRDIAG = sys.argv[1]
SECONDS = float(os.environ.get("SECONDS_EACH", "2"))
FE = os.environ["SIM_HOST"], os.environ["SIM_PORT"]
CONTROL = f"http://{os.environ['SIM_HOST']}:{os.environ['SIM_HTTP_PORT']}/_sim/"
CLUSTER = ["-h", FE[0], "-P", FE[1], "-u", "root"]
TOOL = "get_disk_usage"
MODERN = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


def row(name, value, target=""):
    print(f"{name:<58} {value:>22}   {target}", flush=True)


def section(title):
    print(f"\n{title}", flush=True)


# ---- processes ----

def clean_env():
    ours = ("SR_", "SRDIAG_", "SIM_", "API_", "ALLOWED_", "RATE_", "MAX_CONN", "TENANTS_", "PORT", "HOST")
    env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return env | {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}


def status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {k: v.strip() for k, v in (line.split(":", 1) for line in lines)}


def kilobytes(pid, name="VmRSS"):
    return int(status(pid)[name].split()[0])


def descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:  # of a server only root sees them
        return 0


def processor_us(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


class Server:
    """One that answers MCP over HTTP; ended at the end of the block."""

    def __init__(self, command, port=None, port_file=None, path="/mcp", answers=False, cwd=None):
        self.command, self.port, self.port_file, self.path = command, port, port_file, path
        self.answers, self.cwd = answers, cwd

    def __enter__(self):
        self.began = time.monotonic()
        self.process = subprocess.Popen(self.command, env=clean_env(), cwd=self.cwd, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        self.wait()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ready(self):
        if self.port_file:
            if not self.port_file.exists():
                return False
            self.port = int(self.port_file.read_text())
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True

    def wait(self):
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() - self.began > 30:
                raise RuntimeError(f"{self.command[0]} did not start")
            time.sleep(0.0005)

    def ask(self, method, tool=None, arguments=None, era="legacy", revision="2025-11-25"):
        """The text of the answer, which has a result that is no error."""
        params = {"name": tool, "arguments": arguments or {}} if tool else {}
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                   "MCP-Protocol-Version": revision}
        if era == "modern":
            params["_meta"] = MODERN
            headers |= {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method}
            if tool:
                headers["Mcp-Name"] = tool
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request("POST", self.path, json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}), headers)
        text = c.getresponse().read().decode()
        c.close()
        if '"result"' not in text or '"isError":true' in text:
            raise RuntimeError(f"{method} {tool or ''}: {text[:300]}")
        return text


def serve(*words, folder):
    port = Path(tempfile.mkdtemp(dir=folder)) / "port"
    return Server([SRDIAG, "serve", "--http", "--sse", "--listen", "127.0.0.1:0", "--port-file", str(port),
                   "--rate-limit", "0", *words], port_file=port)


def load(server, method, tool=None, arguments="{}", era="legacy", revision="2025-11-25", seconds=SECONDS, connections=16):
    """(calls, calls/s, p99 in ms, us of the server's processor per call, failures)"""
    env = os.environ | {"ERA": era, "METHOD": method, "TARGET": server.path, "REVISION": revision}
    if tool:
        env |= {"TOOL": tool, "ARGUMENTS": arguments}
    before = processor_us(server.pid)
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(HERE / "server.lua"),
                          f"http://127.0.0.1:{server.port}{server.path}"], env=env, capture_output=True, text=True, check=True)
    calls, took, _, p99, failed = next(line for line in out.stdout.splitlines() if line.startswith("ours ")).split()[1:]
    calls, took = int(calls), float(took)
    return calls, calls / took, int(p99) / 1000, (processor_us(server.pid) - before) / max(calls, 1), int(failed)


def best(times, server, *args, **kw):
    """The run with the most calls per second: what else the machine did is no property of the server."""
    server.ask(args[0], kw.get("tool"), json.loads(kw.get("arguments", "{}").replace("%d", "1")), kw.get("era", "legacy"),
               kw.get("revision", "2025-11-25"))
    return max((load(server, *args, **kw) for _ in range(times)), key=lambda r: r[1])


def show_load(name, result, target=""):
    _, rate, p99, us, failed = result
    row(name, f"{rate:,.0f}/s", target)
    row("", f"p99 {p99:.2f} ms", "5 ms" if "p99" in target else "")
    row("", f"{us:.1f} us of processor" + (f", {failed} FAILED" if failed else ""))


# ---- sections ----

def first_answer_stdio(command):
    """ms from the start of the process to the answer to tools/list, and its pid's status."""
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
             "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "b", "version": "1"}}}
    words = [hello, {"jsonrpc": "2.0", "method": "notifications/initialized"}, {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}]
    begin = time.monotonic()
    with subprocess.Popen(command, env=clean_env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
        p.stdin.write("".join(json.dumps(w) + "\n" for w in words).encode())
        p.stdin.flush()
        while b'"tools":[' not in (line := p.stdout.readline()):
            if not line:
                raise RuntimeError(f"{command[0]} said nothing")
        ms = (time.monotonic() - begin) * 1000
        time.sleep(0.1)
        state = status(p.pid)
        p.stdin.close()
        try:
            p.wait(1)
        except subprocess.TimeoutExpired:
            p.kill()
    return ms, state


def first_answer_http(server):
    with server as s:
        s.ask("tools/list")
        ms = (time.monotonic() - s.began) * 1000
        time.sleep(0.1)
        return ms, status(s.pid)


def show_first(name, once, times, target="10 ms", idle="8 MB"):
    runs = sorted((once() for _ in range(times)), key=lambda r: r[0])
    row(f"{name}: start to tools/list, best", f"{runs[0][0]:.1f} ms", target)
    row("  median", f"{runs[len(runs) // 2][0]:.1f} ms")
    state = runs[-1][1]
    row("  then idle, resident", f"{int(state['VmRSS'].split()[0]) / 1024:.1f} MB", idle)
    row("  of this its own (not files, which are shared)", f"{int(state['RssAnon'].split()[0]) / 1024:.1f} MB")
    row("  address space, threads", f"{int(state['VmSize'].split()[0]) / 1024:.0f} MB, {state['Threads']}")


def section_start(folder):
    section("start, and idle")
    show_first("serve --stdio", lambda: first_answer_stdio([SRDIAG, "serve", "--stdio", *CLUSTER]), 20)
    show_first("serve --http --sse", lambda: first_answer_http(serve(*CLUSTER, folder=folder)), 20)


def section_calls(folder):
    section("calls of 16 connections that are kept open (1 generator thread beside the server)")
    with serve(*CLUSTER, "--cache-ttl", "600", folder=folder) as s:
        show_load("ping", best(2, s, "ping"), "10,000/s")
        size = len(s.ask("tools/list", era="modern"))
        show_load(f"tools/list, modern, {size:,} bytes", best(2, s, "tools/list", era="modern"), "10,000/s")
        show_load(f"{TOOL} from the cache, legacy", best(3, s, "tools/call", tool=TOOL), "20,000/s, p99")
        show_load(f"{TOOL} from the cache, modern", best(3, s, "tools/call", tool=TOOL, era="modern"), "20,000/s, p99")
    logs = ["--log-level", "info", "--log-file", f"{folder}/log", "--audit-file", f"{folder}/audit"]
    with serve(*CLUSTER, "--cache-ttl", "600", *logs, folder=folder) as s:
        show_load("the same with a line per request and one per call",
                  best(2, s, "tools/call", tool=TOOL, era="modern"), "20,000/s, p99")


def sim_stats():
    return json.loads(urllib.request.urlopen(CONTROL + "stats", timeout=10).read())["statements"]


def statements_of(work):
    """(what @work returned, statements/s it cost the cluster)"""
    before, begin = sim_stats(), time.monotonic()
    result = work()
    return result, (sim_stats() - before) / (time.monotonic() - begin)


def run_commands(seconds, at_a_time, command):
    """Runs @command again and again, @at_a_time at a time; how often."""
    end, running, count = time.monotonic() + seconds, [], 0
    while time.monotonic() < end:
        while len(running) < at_a_time:
            running.append(subprocess.Popen(command, env=clean_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        running.pop(0).wait()
        count += 1
    for p in running:
        p.wait()
    return count + len(running)


def section_uncached(folder):
    section("calls that ask the cluster (the simulator, one process, is what limits them)")
    many = "; ".join(["SHOW BACKENDS"] * 500)
    _, rate = statements_of(lambda: subprocess.run(["mariadb", "--no-defaults", "--skip-ssl", *CLUSTER, "-e", many],
                                                   stdout=subprocess.DEVNULL, check=False))
    row("mariadb -e, one connection, SHOW BACKENDS", f"{rate:,.0f} statements/s")
    view, tool = [SRDIAG, *CLUSTER, "compaction", "history"], "get_compaction_history"
    calls, rate = statements_of(lambda: run_commands(SECONDS * 1.5, 2, view))
    row("srdiag compaction history, two at a time", f"{calls / SECONDS / 1.5:,.0f}/s")
    row("", f"{rate:,.0f} statements/s")
    for name, arguments in ("never the same question", '{"hours":%d}'), ("all the same question", "{}"):
        with serve(*CLUSTER, "--cache-ttl", "0", folder=folder) as s:
            s.ask("tools/call", tool)
            found, rate = statements_of(lambda: load(s, "tools/call", tool=tool, arguments=arguments, seconds=SECONDS * 1.5))
            show_load(f"{tool}, not cached, {name}", found)
            row("", f"{rate:,.0f} statements/s", "as the command")


# ---- sessions ----

def open_sessions(port, count):
    """Sockets that read an event stream, from several addresses of this machine; fewer if descriptors run out."""
    socks = []
    for i in range(count):
        try:
            c = socket.socket()
            c.bind((f"127.0.0.{2 + i % 4}", 0))
            c.connect(("127.0.0.1", port))
        except OSError as e:
            print(f"session {i}: {e}")
            break
        c.sendall(b"GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nUser-Agent: bench/1.0\r\n\r\n")
        socks.append(c)
    for c in socks:
        got = b""
        while b"sessionId" not in got:
            piece = c.recv(4096)
            if not piece:
                raise RuntimeError(f"no session: {got[:200]!r}")
            got += piece
    return socks


def section_sessions(folder):
    section("event streams of HTTP+SSE that wait")
    count = min(10000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    with serve(*CLUSTER, "--max-connections", str(count + 500), folder=folder) as s:
        s.ask("tools/list")
        before, begin = kilobytes(s.pid), time.monotonic()
        socks = open_sessions(s.port, count)
        row(f"{len(socks):,} sessions opened in", f"{time.monotonic() - begin:.1f} s")
        row("  resident, each", f"{(kilobytes(s.pid) - before) / len(socks):.1f} kB", "16 kB")
        time.sleep(16)  # a comment went to each of them
        spent = processor_us(s.pid)
        row("  after a comment to each", f"{(kilobytes(s.pid) - before) / len(socks):.1f} kB", "16 kB")
        time.sleep(3)
        row("  processor in 3 s of nothing", f"{(processor_us(s.pid) - spent) / 1000:.0f} ms")
        for c in socks:
            c.close()
        end = time.monotonic() + 20
        while descriptors(s.pid) > 40 and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(2)
        row("  all gone: descriptors left", f"{descriptors(s.pid)}")
        row("  resident, before and after", f"{before / 1024:.1f} -> {kilobytes(s.pid) / 1024:.1f} MB", "flat")


# ---- does anything stay? ----

def rude(port, number):
    """A client that leaves in one of the phases of a request, most of them with a reset."""
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                       "params": {"name": "get_large_tables", "arguments": {"limit": number % 200 + 1}}}).encode()
    head = (b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Accept: application/json, text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(call))
    stream = b"GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
    said = [b"", head[:40], head, head + call[:20], head + call, stream, (head + call) * 3][number % 7]
    c = socket.create_connection(("127.0.0.1", port), timeout=10)
    c.sendall(said)
    if number % 2:
        c.recv(100) if said.endswith(call) or said == stream else None
    if number % 3:
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()


def section_flat(folder):
    section("what stays")
    with serve(*CLUSTER, "--cache-ttl", "600", folder=folder) as s:
        s.ask("tools/call", TOOL)
        load(s, "tools/call", tool=TOOL, seconds=0.5 if SECONDS < 1 else 1)
        time.sleep(0.5)
        calls, before = 0, (kilobytes(s.pid), descriptors(s.pid))
        while calls < 100000:
            calls += load(s, "tools/call", tool=TOOL, seconds=2)[0]
        time.sleep(1)
        row(f"resident, before and after {calls:,} calls", f"{before[0] / 1024:.1f} -> {kilobytes(s.pid) / 1024:.1f} MB", "flat")
        row("descriptors", f"{before[1]} -> {descriptors(s.pid)}", "flat")
    with serve(*CLUSTER, "--cache-ttl", "0", folder=folder) as s:
        sizes = []
        for _ in range(3):  # the first round shows what is kept for good: threads, logins to the cluster
            for number in range(500):
                rude(s.port, number)
            time.sleep(3)
            sizes.append((kilobytes(s.pid), descriptors(s.pid)))
        row("resident, after 500, 1,000, 1,500 rude disconnects", " ".join(f"{k / 1024:.1f}" for k, _ in sizes) + " MB", "flat")
        row("descriptors", " ".join(str(n) for _, n in sizes), "flat")
        s.ask("tools/list")


# ---- others ----

TOOLBOX = """sources:
  fe: {{kind: mysql, host: {host}, port: {port}, database: information_schema, user: root, password: ""}}
tools:
  backends: {{kind: mysql-sql, source: fe, description: the backends, statement: SHOW BACKENDS}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def neighbours(folder):
    """name, command of stdio, server over HTTP, tool, arguments"""
    at = Path(os.environ["OTHERS_AT"]) / "node_modules"
    (Path(folder) / "tools.yaml").write_text(TOOLBOX.format(host=FE[0], port=FE[1]))
    toolbox = [str(at / "@toolbox-sdk/server-linux-x64/bin/toolbox"), "--config", f"{folder}/tools.yaml", "--disable-reload",
               "--disable-version-check", "--log-level", "WARN"]
    dbhub = ["node", str(at / "@bytebase/dbhub/dist/index.js"), "--dsn", f"mysql://root@{FE[0]}:{FE[1]}/information_schema"]
    version = json.loads((at / "@bytebase/dbhub/package.json").read_text())["version"]
    port, other = free_port(), free_port()
    yield (f"MCP Toolbox {json.loads((at / '@toolbox-sdk/server-linux-x64/package.json').read_text())['version']}",
           [*toolbox, "--stdio"], Server([*toolbox, "--port", str(port)], port=port), "backends", "{}")
    yield (f"DBHub {version}", [*dbhub, "--transport", "stdio"],
           Server([*dbhub, "--transport", "http", "--port", str(other)], port=other, cwd=folder), "execute_sql",
           '{"sql":"SHOW BACKENDS"}')


def show_neighbour(name, stdio, server, tool, arguments):
    show_first(f"{name}, stdio", lambda: first_answer_stdio(stdio), 3, "", "")
    show_first(f"{name}, http", lambda: first_answer_http(server), 3, "", "")
    with server as s:
        size = len(s.ask("tools/list", revision="2025-06-18"))
        show_load(f"{name}: tools/list, {size:,} bytes", best(1, s, "tools/list", revision="2025-06-18"))
        show_load(f"{name}: SHOW BACKENDS", best(1, s, "tools/call", tool=tool, arguments=arguments, revision="2025-06-18"))
        row("  then idle, resident", f"{kilobytes(s.pid) / 1024:.1f} MB")


def section_others(folder):
    section("other MCP servers for databases, on the same cluster, with the same load")
    if os.environ.get("OTHERS_NOT"):
        print(f"left out: {os.environ['OTHERS_NOT']}")
        return
    for neighbour in neighbours(folder):
        try:
            show_neighbour(*neighbour)
        except (RuntimeError, OSError, subprocess.CalledProcessError) as e:
            print(f"{neighbour[0]} left out: {e}")
    with serve(*CLUSTER, "--cache-ttl", "0", "--run-query", folder=folder) as s:
        if '"run_query"' not in s.ask("tools/list"):
            return
        show_load("srdiag: SHOW BACKENDS (run_query, not cached)",
                  best(1, s, "tools/call", tool="run_query", arguments='{"sql":"SHOW BACKENDS"}'))


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    sections = {"start": section_start, "calls": section_calls, "uncached": section_uncached, "sessions": section_sessions,
                "flat": section_flat, "others": section_others}
    load_average = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, load {load_average:.1f}" + (": not idle, read proportions" if load_average > 0.5 else ""))
    print(f"limit of open files {soft}, at most {hard}; the server raises its own to what --max-connections needs")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    folder = tempfile.mkdtemp(prefix="srdiag-bench-")
    try:
        for name in sys.argv[2:] or sections:
            sections[name](folder)
    finally:
        shutil.rmtree(folder)


main()
