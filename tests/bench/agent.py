"""What does an agent add to a call? Directly and through an agent in pairs: agent.py SRDIAG [SECTION...].

Inside a simulated cluster (tests/sim/run.sh) whose FE is on this machine, as the agent and the central server are,
so that what is added is work and waiting of ours and no network. Both ways of a pair run one right after the other,
in turns first, and the difference is the median of the pairs' differences: what else the machine did meets both.

Calls are made over connections that are kept open, after a few that are not counted; nothing is cached. A round is
one request to the agent; how many there were is what its ledger says. "answers at once" has snapshots in place of
clusters on both sides, so that it shows what is ours alone.
"""

import contextlib
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.argv, SRDIAG, SECTIONS = sys.argv[:1], os.path.abspath(sys.argv[1]), sys.argv[2:]
PAIRS = int(os.environ.get("PAIRS", "200"))
COMMANDS = int(os.environ.get("RUNS", "40"))
TOKEN = "a1b2c3d4e5f6a7b8" * 4
FE = ["-h", os.environ["SIM_HOST"], "-P", os.environ["SIM_PORT"], "-u", "root"]
OURS = ("SR_", "SRDIAG_", "AGENT_", "API_", "ALLOWED_", "RATE_", "MAX_CONN", "TENANTS_")
ENV = {k: v for k, v in os.environ.items() if not k.startswith(OURS) and k not in ("PORT", "HOST")}
ENV |= {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "AGENT_TOKEN": TOKEN}


@contextlib.contextmanager
def running(folder, *words):
    """A server of ours; yields its port and its process."""
    at = Path(tempfile.mkdtemp(dir=folder))
    with open(at / "log", "w") as log:
        process = subprocess.Popen([SRDIAG, *words, "--listen", "127.0.0.1:0", "--port-file", str(at / "port")], env=ENV,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
    try:
        end = time.monotonic() + 30
        while not (at / "port").exists() or not (at / "port").read_text().endswith("\n"):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((at / "log").read_text())
            time.sleep(0.005)
        yield int((at / "port").read_text()), process.pid
    finally:
        process.terminate()
        process.wait(30)


def serve(folder, *words):
    return running(folder, "serve", "--http", "--cache-ttl", "0", "--rate-limit", "0", *words)


def processor_us(pids):
    """What processes have used of the processor since they began; in steps of a tick, so over many calls."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * 1e6 / os.sysconf("SC_CLK_TCK")


class Way:
    """A connection to a server, kept open, and the processes that a call over it keeps busy."""

    def __init__(self, port, pids, headers=None):
        self.pids, self.headers = pids, {"Content-Type": "application/json", **(headers or {})}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, tool):
        self.connection.request("POST", "/call-tool", json.dumps({"tool": tool, "arguments": {}}), self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200 or json.loads(body).get("isError"):
            raise RuntimeError(f"{tool}: {answer.status} {body[:300]!r}")


@contextlib.contextmanager
def both(folder, *cluster, ledger_at=None):
    """(directly, through an agent): two servers over the same cluster; and the agent's URL and ledger."""
    with contextlib.ExitStack() as stack:
        ledger = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=ledger_at or folder))) / "ledger"
        direct, one = stack.enter_context(serve(folder, *cluster))
        port, agent = stack.enter_context(running(folder, "agent", "--audit-file", str(ledger), *cluster))
        url = f"http://127.0.0.1:{port}"
        tenants = Path(folder) / f"tenants-{port}.json"
        tenants.write_text(json.dumps({"tenants": {"a": {"name": "A", "agent_url": url, "agent_token": TOKEN, "enabled": True}}}))
        tenants.chmod(0o600)
        centre, other = stack.enter_context(serve(folder, "--tenants", str(tenants)))
        yield Way(direct, [one]), Way(centre, [agent, other], {"X-Tenant-ID": "a"}), url, ledger


def clocked(work):
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def in_pairs(count, one, other):
    """[ms of one], [ms of other], of the same moments"""
    times = []
    for i in range(count):
        if i % 2:
            times.append((clocked(one), clocked(other)))
        else:
            late = clocked(other)
            times.append((clocked(one), late))
    return [a for a, _ in times], [b for _, b in times]


def p99(times):
    return sorted(times)[max(0, -(-len(times) * 99 // 100) - 1)]


def rounds_in(ledger):
    """How many requests for a round the ledger holds."""
    return sum('"a round of ' in line for line in ledger.read_text().splitlines())


def show(name, direct, through, rounds):
    added = statistics.median(b - a for a, b in zip(direct, through))
    print(f"{name:<52} {statistics.median(direct):8.2f} {p99(direct):8.2f} {statistics.median(through):9.2f} {p99(through):8.2f} "
          f"{added:9.2f} {rounds:7.1f} {added / max(rounds, 1):10.2f}", end="", flush=True)


def compare(name, count, ledger, one, other):
    for work in (one, other) * 3:
        work()
    before = rounds_in(ledger)
    direct, through = in_pairs(count, one, other)
    show(name, direct, through, (rounds_in(ledger) - before) / count)


def compare_tool(tool, name, count, direct, through, ledger):
    before = [processor_us(way.pids) for way in (direct, through)]
    compare(name, count, ledger, lambda: direct.call(tool), lambda: through.call(tool))
    used = [(processor_us(way.pids) - b) / (count + 3) for way, b in zip((direct, through), before)]
    print(f" {used[0]:9.0f} {used[1]:9.0f}", flush=True)


def command(*words):
    def run():
        done = subprocess.run([SRDIAG, *words], env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode > 3:
            raise RuntimeError(f"{words}: status {done.returncode}")
    return run


def in_memory():
    """A folder for ledgers whose fdatasync() costs nothing."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def section_at_once(folder):
    for where, at in ("in memory", in_memory()), ("on the disk", None):
        with both(folder, "--demo", ledger_at=at) as (direct, through, _, ledger):
            for tool in "get_disk_usage", "get_compaction_history", "analyze_storage_health":
                compare_tool(tool, f"{tool}, at once, ledger {where}", PAIRS, direct, through, ledger)


def section_calls(folder):
    with both(folder, *FE, ledger_at=in_memory()) as (direct, through, _, ledger):
        for tool, count in ("get_disk_usage", PAIRS), ("get_compaction_history", PAIRS), ("analyze_storage_health", PAIRS // 4):
            compare_tool(tool, tool, count, direct, through, ledger)


def section_commands(folder):
    with both(folder, *FE, ledger_at=in_memory()) as (_, _, url, ledger):
        for words, count in (("storage", "disks"), COMMANDS), (("comprehensive",), COMMANDS // 4):
            compare("srdiag " + " ".join(words), count, ledger, command(*FE, *words), command("--agent", url, *words))
            print()


def show_disk(folder):
    """What making a line of a ledger safe costs at least."""
    with open(f"{folder}/line", "ab", buffering=0) as file:
        def line():
            file.write(b"x" * 500)
            os.fdatasync(file.fileno())
        times = [clocked(line) for _ in range(50)]
    print(f"fdatasync() on this disk: median {statistics.median(times):.2f} ms, p99 {p99(times):.2f} ms")


def main():
    sections = {"at_once": section_at_once, "calls": section_calls, "commands": section_commands}
    folder = tempfile.mkdtemp(prefix="srdiag-bench-")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    show_disk(folder)
    print(f"{'ms':<52} {'directly':>8} {'p99':>8} {'via agent':>9} {'p99':>8} {'added':>9} {'rounds':>7} {'each adds':>10}"
          f" {'us of pro':>9} {'cessors':>9}")
    try:
        for name in SECTIONS or sections:
            sections[name](folder)
    finally:
        shutil.rmtree(folder)


main()
