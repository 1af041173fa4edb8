"""Who is connected, what do they run, and what do they get?

One thread accepts for every address, one thread serves each connection. A session keeps its variables, default
database and the statement that runs now, so that KILL from another connection of the same FE finds it.
"""
import json
import re
import select
import selectors
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import uuid

from . import errors as err
from . import wire as w
from .show import Show
from .statements import Other, mask, split


class Stats:
    def __init__(self):
        self.lock = threading.Lock()
        self.connections = self.open = self.statements = self.running = self.running_max = self.kills = 0
        self.holes = self.errors = self.sent = self.received = self.http = self.forbidden_http = self.rows = 0
        self.abandoned = self.logins_refused = 0
        self.hole_texts, self.log = [], []

    def bytes_in(self, n):
        self.received += n

    def bytes_out(self, n):
        self.sent += n

    def add(self, name, n=1):
        with self.lock:
            setattr(self, name, getattr(self, name) + n)

    def begin(self, entry):
        with self.lock:
            self.statements += 1
            self.running += 1
            self.running_max = max(self.running_max, self.running)
            if len(self.log) < 200000:
                self.log.append(entry)

    def end(self):
        with self.lock:
            self.running -= 1

    def hole(self, text):
        with self.lock:
            self.holes += 1
            self.hole_texts.append(text)

    def as_dict(self):
        with self.lock:
            return {"connections": self.connections, "open": self.open, "statements": self.statements,
                    "running": self.running, "running_max": self.running_max, "bytes_sent": self.sent,
                    "bytes_received": self.received, "rows": self.rows, "kills": self.kills, "holes": self.holes,
                    "hole_texts": self.hole_texts, "errors": self.errors, "abandoned": self.abandoned,
                    "logins_refused": self.logins_refused, "http": self.http, "forbidden_http": self.forbidden_http}


class Session:
    def __init__(self, sim, fe, sock, number, peer):
        self.sim, self.fe, self.sock, self.peer = sim, fe, sock, peer
        self.id = (fe.id << 24) + number
        self.wire = w.Wire(sock, sim.stats)
        self.user, self.db = None, ""
        self.vars, self.user_vars, self.prepared = {}, {}, {}
        self.statement, self.began, self.connected = "", time.time(), sim.cluster.now()
        self.cancel = threading.Event()
        self.closing = False
        self.cursor = None
        self.query_id = "00000000-0000-0000-0000-000000000000"
        self.last_query_id = ""
        self.warm = False

    # -- what statements need to know ------------------------------------------------------------------

    def variable(self, name):
        name = name.lower()
        return self.vars.get(name, self.sim.globals.get(name, self.sim.cluster.facts.variables.get(name)))

    def on_leader(self):
        """Is this answered with the leader's knowledge?"""
        return self.fe.role == "LEADER" or str(self.variable("forward_to_leader")).lower() in ("true", "1", "on")

    def offset(self):
        return self.sim.zone(self.variable("time_zone") or self.sim.cluster.time_zone)

    def timeout(self):
        try:
            return float(self.variable("query_timeout") or 300)
        except ValueError:
            return 300.0

    def wait(self, seconds, limit=None):
        """Sleeps for a fault; ends early when killed, timed out or left."""
        end = time.monotonic() + seconds
        stop = time.monotonic() + limit if limit is not None else None
        while True:
            now = time.monotonic()
            if self.closing:
                raise err.Closed()
            if self.cancel.is_set():
                raise err.Cancelled()
            if stop is not None and now >= stop:
                raise err.timeout(int(limit) if limit >= 1 else limit)
            if now >= end:
                return
            step = min(0.05, end - now, (stop - now) if stop is not None else 1)
            try:
                ready, _, _ = select.select([self.sock], [], [], max(step, 0))
                if ready and self.sock.recv(1, socket.MSG_PEEK) == b"":
                    self.sim.stats.add("abandoned")
                    raise w.Lost()
                if ready:
                    time.sleep(max(step, 0))
            except (OSError, ValueError) as e:
                raise w.Lost() from e

    def kill(self, connection):
        if connection:
            self.closing = True
        self.cancel.set()
        c = self.cursor
        if c is not None:
            try:
                c.interrupt()
            except Exception:
                pass
        if connection:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # -- life of a connection --------------------------------------------------------------------------

    def serve(self):
        try:
            if self.welcome():
                while not self.closing:
                    self.command(self.wire.read())
        except (w.Lost, err.Closed, ssl.SSLError):
            pass
        finally:
            self.sim.gone(self)
            try:
                self.wire.sock.close()
            except OSError:
                pass

    def welcome(self):
        sim = self.sim
        what = sim.faults.connect(self.fe.name)
        if what == "hang":
            self.wait(3600)
        if what == "close":
            return False
        if what == "mysql":
            self.plain = True
        plain = what == "mysql"
        self.plain = plain
        self.wire.greet("8.0.36" if plain else sim.cluster.facts.variables["version"], self.id & 0xFFFFFFFF,
                        bool(sim.tls))
        name, db, auth = self.wire.login(sim.tls)
        self.sock = self.wire.sock
        if what in ("limit", "refuse"):
            text = (f"Reach user-level(qualifiedUser: {name}) connection limit, currentUserMaxConn=2, connectionMap.size=3, "
                    f"connByUser.totConn=3, user.currConn=2, node={self.fe.ip}:{self.fe.edit_log_port}" if what == "limit" else
                    f"Reach cluster-wide connection limit, qe_max_connection=4, connectionMap.size=4, "
                    f"node={self.fe.ip}:{self.fe.edit_log_port}")
            self.refuse(1064, "HY000", text)
            return False
        user = sim.cluster.users.get(name)
        if not user or w.scramble(user.password, self.wire.seed) != auth:
            self.refuse(1045, "28000", f"Access denied for user '{name}' (using password: {'YES' if auth else 'NO'})")
            return False
        self.user = user
        if db and not self.use(db):
            self.refuse(5501, "3F000", f"Unknown database '{db}'")
            return False
        self.wire.ok()
        self.wire.flush()
        return True

    def refuse(self, code, state, text):
        self.sim.stats.add("logins_refused")
        self.wire.error(code, state, text)
        self.wire.flush()

    def use(self, db):
        name = db.split(".", 1)[1] if db.startswith("default_catalog.") else db
        known = self.sim.engine.database(name)
        if known:
            self.db = known
        return bool(known)

    def command(self, p):
        code, body = p[0], p[1:]
        wire = self.wire
        if code == 1:
            raise err.Closed()
        if code == 14:
            wire.ok()
        elif code == 2:
            name = body.decode("utf-8", "replace")
            if self.use(name):
                wire.ok()
            else:
                wire.error(5501, "3F000", f"Unknown database '{name}'")
        elif code == 31:
            self.vars, self.user_vars, self.db = {}, {}, ""
            wire.ok()
        elif code == 3:
            self.text(body.decode("utf-8", "surrogateescape"))
        elif code == 4:
            raise err.Closed()
        elif code == 22:
            self.prepare(body.decode("utf-8", "replace"))
        elif code == 23:
            self.execute(body)
        elif code == 25:
            return
        elif code == 26:
            wire.ok()
        else:
            name = {9: "Statistics", 10: "Processlist", 13: "Debug", 8: "Shutdown", 12: "Process Kill",
                    7: "Refresh"}.get(code)
            if name:
                wire.error(1064, "HY000", f"Unsupported command({name})")
            else:
                wire.error(1047, "HY000", "Unknown command(null)")
        wire.flush()

    def text(self, sql):
        parts = split(sql) or [sql]
        for i, part in enumerate(parts):
            if not self.one(part, more=i + 1 < len(parts)):
                return

    def prepare(self, sql):
        if not re.match(r"\s*(select|with)\b", mask(sql), re.I):
            self.wire.error(1295, "HY000", "This command is not supported in the prepared statement protocol yet")
            return
        n = len(self.prepared) + 1
        self.prepared[n] = sql
        params = mask(sql).count("?")
        self.wire.packet(b"\0" + struct.pack("<IHHBH", n, 0, params, 0, 0))
        for _ in range(params):
            self.wire.packet(w.text("def") + b"\0\0\0" + w.text("?") * 2 + b"\x0c" + struct.pack("<HIBHB", 33, 90, 253, 0, 0)
                             + b"\0\0")
        if params:
            self.wire.eof()

    def execute(self, body):
        sql = self.prepared.get(struct.unpack("<I", body[:4])[0])
        if sql is None:
            self.wire.error(1064, "HY000", "Unknown prepared statement handler")
        elif "?" in mask(sql):
            self.hole("parameters of a prepared statement")
        else:
            self.one(sql, more=False, binary=True)

    def hole(self, what):
        self.sim.stats.hole(what)
        e = err.Hole(what)
        self.wire.error(e.code, e.state, e.text)

    def one(self, sql, more, binary=False):
        """Runs one statement; False after an error, which ends a text of several."""
        sim = self.sim
        self.cancel.clear()
        self.statement, self.began = sql, time.time()
        self.last_query_id, self.query_id = self.query_id, str(uuid.uuid4())
        entry = {"time": round(time.time(), 4), "user": self.user.name, "fe": self.fe.name, "connection": self.id,
                 "sql": sql, "ms": None, "error": None}
        sim.stats.begin(entry)
        try:
            self.answer(sql, more, binary, entry)
            return True
        except err.SqlError as e:
            entry["error"] = e.code
            sim.stats.add("errors")
            if isinstance(e, err.Hole):
                sim.stats.hole(f"{e.text[22:]} <- {sql.strip()[:200]}")
            self.wire.out.clear()
            self.wire.error(e.code, e.state, e.text)
            return False
        except (w.Lost, err.Closed):
            entry["error"] = "lost"
            raise
        except Exception as e:  # a defect of the simulator is a hole, too
            sim.stats.hole(f"{type(e).__name__}: {e} <- {sql.strip()[:200]}")
            if sim.trace:
                import traceback
                traceback.print_exc()
            entry["error"] = 1105
            self.wire.out.clear()
            self.wire.error(1105, "HY000", f"sim: not implemented: {type(e).__name__}: {e}")
            return False
        finally:
            entry["ms"] = round((time.time() - self.began) * 1000, 1)
            self.statement = ""
            sim.stats.end()

    def answer(self, sql, more, binary, entry):
        sim = self.sim
        fault = sim.faults.statement(sql, self.user.name, self.fe.name, self.id)
        query = bool(re.match(r"[\s(]*(select|with)\b", mask(sql), re.I))
        cancelled = False
        if fault:
            entry["fault"] = {k: v for k, v in fault.items() if k not in ("match", "user", "fe", "times")}
            limit = self.hinted_timeout(sql) if query else None
            try:
                if fault.get("delay_s"):
                    self.wait(fault["delay_s"], limit)
                if fault.get("hang"):
                    self.wait(86400, limit)
            except err.Cancelled:
                cancelled = True
            if fault.get("close"):
                raise err.Closed()
            if fault.get("deny"):
                raise err.denied(fault.get("privilege", "OPERATE"), "SYSTEM", self.user)
            if fault.get("error"):
                e = fault["error"]
                raise err.SqlError(e.get("code", 1064), e.get("sqlstate", "HY000"), e.get("text", "error by fault"))
            if fault.get("wrong_packet"):
                self.wrong_packet(fault["wrong_packet"])
        result = sim.run(self, sql, fault)
        if result is None:
            self.wire.ok(more)
            return
        columns, rows = result
        if fault.get("empty") or cancelled:
            rows = iter(())
        columns, rows = self.bend(columns, rows, fault)
        self.send(columns, rows, more, binary, fault)

    def hinted_timeout(self, sql):
        m = re.search(r"/\*\+[^*]*query_timeout\s*=\s*'?(\d+)", sql, re.I)
        return float(m.group(1)) if m else self.timeout()

    def bend(self, columns, rows, fault):
        """Columns dropped, overwritten or repeated by a fault, reversed or added by an option."""
        names = [c[0].lower() for c in columns]
        if fault.get("set"):
            over = {names.index(k.lower()): v for k, v in fault["set"].items() if k.lower() in names}
            rows = ([over.get(i, v) for i, v in enumerate(r)] for r in rows)
        if fault.get("drop_column") and fault["drop_column"].lower() in names:
            k = names.index(fault["drop_column"].lower())
            columns = columns[:k] + columns[k + 1:]
            rows = ([v for i, v in enumerate(r) if i != k] for r in rows)
        extra = self.sim.unknown_columns
        if extra and len(columns) > 1:
            columns = columns + [(f"zz_unknown_{i + 1}", w.VAR_STRING) for i in range(extra)]
            rows = (list(r) + [f"unknown {i + 1}" for i in range(extra)] for r in rows)
        if self.sim.reverse_columns and len(columns) > 1:
            columns = columns[::-1]
            rows = (list(r)[::-1] for r in rows)
        if fault.get("rows"):
            rows = _repeat(rows, int(fault["rows"]), columns)
        return columns, rows

    def send(self, columns, rows, more, binary, fault):
        wire = self.wire
        if binary:
            columns = [(n, w.VAR_STRING) for n, _ in columns]
        wire.header(columns)
        row = wire.binary_row if binary else wire.row
        make = lambda r: r if r.__class__ is bytes else row(r)
        cut = fault.get("cut_rows")
        count = 0
        try:
            for r in rows:
                if cut is not None and count >= cut:
                    part = make(r)
                    wire.flush()
                    half = struct.pack("<I", len(part))[:3] + bytes((wire.seq,)) + part[:max(1, len(part) // 2)]
                    wire.out += half
                    wire.flush()
                    raise err.Closed()
                wire.packet(make(r))
                count += 1
                if self.closing:
                    raise err.Closed()
                if self.cancel.is_set():
                    break
        except err.SqlError as e:  # an error in the middle of the rows
            wire.error(e.code, e.state, e.text)
            return
        finally:
            self.sim.stats.add("rows", count)
        if cut is not None:
            wire.flush()
            raise err.Closed()
        wire.eof(more)

    def wrong_packet(self, kind):
        wire = self.wire
        if kind == "sequence":
            wire.seq = (wire.seq + 7) & 255
            wire.ok()
        elif kind == "length":
            wire.out += b"\xff\xff\x00" + bytes((wire.seq,)) + b"\x05short"
        elif kind == "columns":
            wire.packet(w.lenenc(3))
            wire.eof()
        elif kind == "row":
            wire.header([("a", w.VAR_STRING), ("b", w.VAR_STRING)])
            wire.packet(b"\x05ab")
            wire.eof()
        else:
            wire.out += bytes(range(256))
        wire.flush()
        raise err.Closed()


def _repeat(rows, n, columns):
    rows = [w.Wire.row(r) for r in rows] or [w.Wire.row(["x"] * len(columns))]
    for i in range(n):
        yield rows[i % len(rows)]


class Sim:
    """The running simulator: addresses, sessions, engine."""

    def __init__(self, cluster, faults, options):
        self.cluster, self.faults, self.stats = cluster, faults, Stats()
        self.reverse_columns, self.unknown_columns = options.get("reverse_columns"), options.get("unknown_columns", 0)
        self.trace = options.get("trace")
        self.globals = {"time_zone": cluster.time_zone, "system_time_zone": cluster.time_zone,
                        **{k: str(v) for k, v in cluster.variables.items()}}
        self.sessions, self.lock = {}, threading.Lock()
        self.engine_lock, self._engine = threading.Lock(), None
        self.show = Show(self)
        self.other = Other(self)
        self.tls = _tls_context() if options.get("tls") else None
        self.selector = selectors.DefaultSelector()
        self.counters = {}
        self.listeners = []
        self.roles = {}

    @property
    def engine(self):
        """Loading sqlglot and DuckDB takes longer than all the rest of the start, so it is done beside it."""
        if self._engine is None:
            with self.engine_lock:
                if self._engine is None:
                    from .engine import Engine
                    self._engine = Engine(self)
        return self._engine

    def zone(self, name):
        from .clock import zone_offset
        o = zone_offset(name, self.cluster.now())
        return 0 if o is None else o

    def run(self, session, sql, fault):
        """(columns, rows) of a statement, None for one without rows."""
        masked = mask(sql)
        stripped = masked.strip().rstrip(";").strip()
        if not stripped:
            return None
        word = re.match(r"\(*\s*(\w*)", stripped).group(1).lower()
        if getattr(session, "plain", False):
            return self.other.plain_mysql(session, sql, masked, word)
        if word in ("select", "with", "values") or stripped.startswith("("):
            return self.engine.select(session, sql, fault)
        if word in ("show", "admin", "desc", "describe", "explain", "help"):
            return self.show.run(session, sql, masked)
        return self.other.run(session, sql, masked, word)

    # -- sockets ---------------------------------------------------------------------------------------

    def listen(self, ip, port, what):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((ip, port))
        s.listen(256)
        s.setblocking(False)
        self.selector.register(s, selectors.EVENT_READ, what)
        self.listeners.append(s)
        return s.getsockname()[1]

    def unlisten(self):
        for s in self.listeners:
            self.selector.unregister(s)
            s.close()
        self.listeners.clear()

    def loop(self, stop):
        while not stop.is_set():
            for key, _ in self.selector.select(0.2):
                try:
                    sock, peer = key.fileobj.accept()
                except OSError:
                    continue
                sock.setblocking(True)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                kind, node = key.data
                if kind == "mysql":
                    if not node.alive:
                        sock.close()
                        continue
                    self.accept(sock, peer, node)
                else:
                    threading.Thread(target=kind, args=(sock, node), daemon=True).start()

    def accept(self, sock, peer, fe):
        with self.lock:
            self.stats.connections += 1
            self.stats.open += 1
            n = self.counters[fe.name] = self.counters.get(fe.name, 0) + 1
            s = Session(self, fe, sock, n, peer)
            self.sessions[s.id] = s
        threading.Thread(target=s.serve, daemon=True).start()

    def gone(self, session):
        with self.lock:
            if self.sessions.pop(session.id, None):
                self.stats.open -= 1

    def advance(self, seconds):
        self.cluster.clock.advance(seconds)
        self.cluster.generation += 1

    def stats_json(self):
        return json.dumps(self.stats.as_dict())


def _tls_context():
    with tempfile.TemporaryDirectory() as d:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", f"{d}/k.pem", "-out", f"{d}/c.pem", "-days", "2", "-subj", "/CN=sim",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ctx.load_cert_chain(f"{d}/c.pem", f"{d}/k.pem")
        with open(f"{d}/c.pem") as f:
            ctx.certificate = f.read()
    return ctx
