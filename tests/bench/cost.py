"""What does a diagnosis cost a cluster, and us? Statements, connections and memory on simulated clusters.

    cost.py               a line per cluster
    cost.py --peak CMD..  the most memory that CMD had resident, in MB

The memory is what the kernel says of the process itself: that of a child begins with its parent's.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CLUSTERS = (
    ("shared-nothing, 3 BEs", "healthy-shared-nothing", "--backends", "3"),
    ("shared-nothing, 6 BEs, full disks", "disk-full"),
    ("shared-nothing, 6 BEs, busy", "busy-healthy"),
    ("shared-nothing, 200 BEs, 1 M tablets", "healthy-shared-nothing", "--backends", "200", "--tablets", "1000000"),
    ("shared-nothing, 200 BEs, 10 M tablets", "healthy-shared-nothing", "--backends", "200", "--tablets", "10000000"),
    ("shared-data, 4 CNs", "healthy-shared-data"),
    ("shared-data, 200 CNs", "healthy-shared-data", "--backends", "200", "--tablets", "200000"),
)


def sockets(pid):
    """How many the process has open; one may have several descriptors."""
    folder, found = f"/proc/{pid}/fd", set()
    for fd in os.listdir(folder):
        try:
            found.add(os.readlink(f"{folder}/{fd}"))
        except OSError:
            pass
    return sum(name.startswith("socket:") for name in found)


def peak(command, **more):
    """MB that `command` had resident at most, and how many sockets it had open at a time."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    memory = connections = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            connections = max(connections, sockets(process.pid))
        except OSError:
            break
        memory = max([memory] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")])
        time.sleep(0.002)
    process.wait()
    return memory / 1024, connections


def main():
    from cluster import SRDIAG, Cluster

    print(f"{'':40} {'statements':>10} {'at a time':>9} {'connections':>11} {'resident':>11} {'took':>9}")
    for name, scenario, *options in CLUSTERS:
        with Cluster(scenario, *options) as c:
            command = [SRDIAG, "comprehensive", "--heavy-limit", "0", "--timeout", "300", *c.connection, "-u", "root"]
            begin = time.monotonic()
            memory, connections = peak(command, env={**os.environ, "HOME": "/nonexistent"})
            seconds = time.monotonic() - begin
            asked = sum("/* srdiag:" in s["sql"] for s in c.control("log"))
            print(f"{name:40} {asked:10} {c.stats['running_max']:9} {connections:11} {memory:8.1f} MB {seconds:7.1f} s",
                  flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        print(f"{peak(sys.argv[2:])[0]:.1f}")
    else:
        main()
