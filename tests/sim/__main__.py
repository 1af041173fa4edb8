"""How is the simulator started?

    python -m sim --scenario disk-full --line 3.5

Prints one JSON line when it answers and ends when its standard input closes or on SIGTERM. README.md has the options.
"""
import argparse
import json
import os
import random
import signal
import socket
import sys
import threading

from . import scenarios
from .facts import DEFAULT_VERSION, LINES


def options():
    p = argparse.ArgumentParser(prog="sim", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--scenario", default="healthy-shared-nothing", help=", ".join(scenarios.names()))
    p.add_argument("--line", choices=LINES, default=None)
    p.add_argument("--version", help="full version, e.g. 3.5.7-abc; its line is taken when --line is not given")
    p.add_argument("--mode", choices=["shared_nothing", "shared_data"])
    p.add_argument("--port", type=int, default=0, help="also listen here on 127.0.0.1 for the leader")
    p.add_argument("--http-port", type=int, default=0, help="HTTP port of the leader and of control on 127.0.0.1")
    p.add_argument("--block", help="A.B: nodes are 127.A.B.11, .12, ...; default: a free one")
    p.add_argument("--single-fe", action="store_true", help="only the leader, on 127.0.0.1 with a free port")
    p.add_argument("--faults", help="file or JSON text")
    p.add_argument("--reverse-columns", action="store_true")
    p.add_argument("--unknown-columns", type=int, default=0, metavar="N")
    p.add_argument("--backends", type=int, help="so many data nodes; tables are multiplied with them")
    p.add_argument("--tablets", type=int, help="at least so many tablets (replicas) in all")
    p.add_argument("--dead", metavar="NAMES", help="all, or be1,fe2: these do not live")
    p.add_argument("--blacklist", metavar="NAMES", help="be3: on the query blacklist")
    p.add_argument("--no-nodes", action="store_true", help="no backend or compute node is registered")
    p.add_argument("--tls", action="store_true")
    p.add_argument("--time-zone", "--time-zone-offset", help="global time_zone of the cluster")
    p.add_argument("--print-zone", help="zone in which SHOW prints times whatever the session says")
    p.add_argument("--fixed-plus-8", action="store_true", help="the same as --print-zone +08:00 (early 4.1)")
    p.add_argument("--weird", action="store_true", help="add a database and tables with hostile names")
    p.add_argument("--trace", action="store_true", help="tracebacks of holes on stderr")
    p.add_argument("--list", action="store_true", help="print the scenarios and end")
    return p.parse_args()


def main():
    o = options()
    if o.list:
        print("\n".join(scenarios.names()))
        return 0
    from .model import Cluster
    line = o.line or (".".join(o.version.split(".")[:2]) if o.version else "3.5")
    if line not in LINES:
        sys.exit(f"sim: no such version line: {line}")
    name = o.scenario.replace("_", "-")
    if name not in scenarios.names():
        sys.exit(f"sim: no such scenario: {name}; there are: {', '.join(scenarios.names())}")
    c = Cluster(line, o.version or DEFAULT_VERSION[line], o.mode or scenarios.mode_of(name))
    scenarios.build(c, name)
    if o.backends or o.tablets:
        from .scale import grow
        grow(c, o.backends, o.tablets)
    if o.weird:
        from .weird import add
        add(c)
    if o.time_zone:
        c.time_zone = o.time_zone
    c.print_zone = "+08:00" if o.fixed_plus_8 else o.print_zone
    overlay(c, o)
    if o.single_fe:
        c.frontends = c.frontends[:1]

    from .faults import Faults
    faults = list(c.faults)
    if o.faults:
        text = o.faults if o.faults.lstrip().startswith(("[", "{")) else open(o.faults).read()
        given = json.loads(text)
        faults += given if isinstance(given, list) else [given]
    from .server import Sim
    sim = Sim(c, Faults(faults), vars(o))
    host, port, http_port = listen(sim, c, o)

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    threading.Thread(target=sim.loop, args=(stop,), daemon=True).start()
    print(json.dumps({
        "host": host, "port": port, "http_port": http_port, "scenario": name, "line": line, "version": c.version,
        "mode": c.mode, "tls": bool(sim.tls), "frontends": [{"name": f.name, "host": f.ip, "port": f.port, "role": f.role}
                                                            for f in c.frontends],
        "nodes": [{"name": n.name, "host": n.ip, "http_port": n.http_port, "id": n.id} for n in c.nodes],
        "users": {u.name: u.password for u in c.users.values()}, "pid": os.getpid()}), flush=True)

    threading.Thread(target=lambda: sim.engine, daemon=True).start()

    def watch():
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        stop.set()
    threading.Thread(target=watch, daemon=True).start()
    while not stop.wait(3600):
        pass
    sys.stdout.flush()
    os._exit(0)


def overlay(c, o):
    """Dead, blacklisted and absent nodes."""
    if o.no_nodes:
        c.nodes = []
    everyone = c.nodes + c.frontends
    for names, what in ((o.dead, "dead"), (o.blacklist, "black")):
        for name in (names or "").split(","):
            hit = [n for n in (c.nodes if name == "all" else everyone) if name in ("all", n.name)]
            if name and not hit:
                sys.exit(f"sim: no such node: {name}")
            for n in hit:
                if what == "black":
                    n.blacklisted = True
                    continue
                n.alive, n.heartbeat_ago = False, 1800
                n.err_msg = "java.net.ConnectException: Connection refused (Connection refused)"
    lead = c.leader()
    living = [f for f in c.frontends if f.alive]
    if lead and not lead.alive and living:  # the others elect one
        lead.role, living[0].role = "FOLLOWER", "LEADER"
    c.generation += 1
    c.place()


def listen(sim, c, o):
    """Opens every address; (host, port, HTTP port) of the leader."""
    from .http import serve
    answer = serve(sim)
    lead = c.leader() or c.frontends[0]
    if len(c.frontends) == 1 and not o.block:
        lead.port = sim.listen("127.0.0.1", o.port, ("mysql", lead))
        lead.http_port = sim.listen("127.0.0.1", o.http_port, (answer, lead))
        block = free_block(1, None)
    else:
        for last in range(200):
            block = free_block(len(c.frontends), o.block)
            try:
                for i, fe in enumerate(c.frontends):
                    fe.ip = address(block, 11 + i)
                    if not fe.alive:
                        continue  # connection refused
                    sim.listen(fe.ip, 9030, ("mysql", fe))
                    sim.listen(fe.ip, 8030, (answer, fe))
                break
            except OSError:  # another simulator was faster
                if o.block or last == 199:
                    raise
                sim.unlisten()
    for i, n in enumerate(c.nodes):
        n.ip = address(block, 21 + i)
        if not n.alive:
            continue
        try:
            sim.listen(n.ip, 8040, (answer, n))
        except OSError:
            pass
    if len(c.frontends) == 1 and not o.block:
        return "127.0.0.1", lead.port, lead.http_port
    host, port, http_port = lead.ip, 9030, 8030
    if o.port:
        host, port = "127.0.0.1", sim.listen("127.0.0.1", o.port, ("mysql", lead))
    if o.http_port:
        sim.listen("127.0.0.1", o.http_port, (answer, lead))
        http_port = o.http_port
        host = "127.0.0.1" if o.port else host
    return host, port, http_port


def address(block, n):
    a, b = block
    return f"127.{a}.{(b + n // 250) % 256}.{n % 250}"


def free_block(frontends, wanted):
    """(A, B) such that 127.A.B.11 is free on port 9030."""
    if wanted:
        return tuple(int(x) for x in wanted.split("."))
    for _ in range(200):
        a, b = random.randint(16, 250), random.randint(1, 250)
        try:
            for i in range(frontends):
                with socket.socket() as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind((address((a, b), 11 + i), 9030))
            return a, b
        except OSError:
            continue
    sys.exit("sim: no free block of loopback addresses")


sys.exit(main())
