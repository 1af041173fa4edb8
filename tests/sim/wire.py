"""How do bytes of the MySQL protocol look, as a FE sends and reads them?

Only framing and encoding; who may do what is decided in server.py. Own code, because faults need control of
single bytes.
"""
import hashlib
import os
import struct

LONG, LONGLONG, DOUBLE, VAR_STRING, DATETIME, DATE, CHAR, DECIMAL = 3, 8, 5, 253, 12, 10, 254, 246
CAPABILITIES = 0x0038820C
PLUGIN = b"mysql_native_password"
MULTI_STATEMENTS, SSL, CONNECT_WITH_DB, SECURE, PLUGIN_AUTH, LENENC_AUTH = 0x10000, 0x800, 8, 0x8000, 0x80000, 0x200000
MORE_RESULTS = 8
SHORT = [bytes((n,)) for n in range(251)]


class Lost(Exception):
    """The client has gone."""


def lenenc(n):
    if n < 251:
        return bytes((n,))
    if n < 1 << 16:
        return b"\xfc" + struct.pack("<H", n)
    if n < 1 << 24:
        return b"\xfd" + struct.pack("<I", n)[:3]
    return b"\xfe" + struct.pack("<Q", n)


def text(value):
    b = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
    return lenenc(len(b)) + b


def scramble(password, seed):
    if not password:
        return b""
    h1 = hashlib.sha1(password.encode()).digest()
    h2 = hashlib.sha1(seed + hashlib.sha1(h1).digest()).digest()
    return bytes(a ^ b for a, b in zip(h1, h2))


class Wire:
    def __init__(self, sock, stats):
        self.sock, self.stats = sock, stats
        self.seq = 0
        self.out = bytearray()

    def _recv(self, n):
        parts = []
        while n:
            try:
                b = self.sock.recv(n)
            except OSError as e:
                raise Lost() from e
            if not b:
                raise Lost()
            self.stats.bytes_in(len(b))
            parts.append(b)
            n -= len(b)
        return b"".join(parts)

    def read(self):
        whole = b""
        while True:
            head = self._recv(4)
            n = head[0] | head[1] << 8 | head[2] << 16
            self.seq = (head[3] + 1) & 255
            whole += self._recv(n)
            if n < 0xFFFFFF:
                return whole

    def packet(self, payload):
        while True:
            part, payload = payload[:0xFFFFFF], payload[0xFFFFFF:]
            self.out += struct.pack("<I", len(part))[:3] + bytes((self.seq,)) + part
            self.seq = (self.seq + 1) & 255
            if len(part) < 0xFFFFFF:
                break
        if len(self.out) > 1 << 16:
            self.flush()

    def flush(self):
        out, self.out = self.out, bytearray()
        if out:
            try:
                self.sock.sendall(out)
            except OSError as e:
                raise Lost() from e
            self.stats.bytes_out(len(out))

    # -- what a FE says -----------------------------------------------------------------------------

    def greet(self, version, connection_id, tls):
        self.seed = bytes(b % 94 + 33 for b in os.urandom(20))
        caps = CAPABILITIES | (SSL if tls else 0)
        self.seq = 0
        self.packet(b"\x0a" + version.encode() + b"\0" + struct.pack("<I", connection_id) + self.seed[:8] + b"\0"
                    + struct.pack("<H", caps & 0xFFFF) + b"\x21" + struct.pack("<H", 0)
                    + struct.pack("<H", caps >> 16) + bytes((21,)) + bytes(10) + self.seed[8:] + b"\0"
                    + PLUGIN + b"\0")
        self.flush()

    def login(self, tls_context=None):
        """(user, database, scrambled password) of the client; turns TLS on when it asks."""
        p = self.read()
        caps = struct.unpack("<I", p[:4])[0]
        if caps & SSL and len(p) <= 32 and tls_context:
            self.sock = tls_context.wrap_socket(self.sock, server_side=True)
            p = self.read()
            caps = struct.unpack("<I", p[:4])[0]
        self.caps = caps
        i = 32
        end = p.index(b"\0", i)
        user, i = p[i:end].decode("utf-8", "replace"), end + 1
        n, i = p[i], i + 1
        auth, i = p[i:i + n], i + n
        db = ""
        if caps & CONNECT_WITH_DB and i < len(p):
            end = p.index(b"\0", i)
            db, i = p[i:end].decode("utf-8", "replace"), end + 1
        plugin = PLUGIN
        if caps & PLUGIN_AUTH and i < len(p):
            plugin = p[i:p.find(b"\0", i) if b"\0" in p[i:] else None]
        if plugin not in (PLUGIN, b""):
            self.packet(b"\xfe" + PLUGIN + b"\0" + self.seed + b"\0")
            self.flush()
            auth = self.read()
        return user, db, auth

    def ok(self, more=False, affected=0, info=""):
        self.packet(b"\0" + lenenc(affected) + b"\0" + struct.pack("<HH", MORE_RESULTS if more else 0, 0)
                    + info.encode())

    def eof(self, more=False):
        self.packet(b"\xfe\0\0" + struct.pack("<H", MORE_RESULTS if more else 0))

    def error(self, code, state, message):
        self.packet(b"\xff" + struct.pack("<H", code) + b"#" + (state or "HY000").encode()[:5]
                    + message.encode("utf-8", "replace"))

    def header(self, columns, count_only=False):
        """columns: [(name, type)]"""
        self.packet(lenenc(len(columns)))
        for name, kind in columns:
            length = {VAR_STRING: 90, LONGLONG: 20, LONG: 11, DOUBLE: 22, DATETIME: 19, DATE: 10}.get(kind, 30)
            n = text(name)
            self.packet(text("def") + b"\0\0\0" + n + n + b"\x0c" + struct.pack("<HIBHB", 33, length, kind, 0, 0)
                        + b"\0\0")
        self.eof()

    @staticmethod
    def row(values):
        out = []
        for v in values:
            if v is None:
                out.append(b"\xfb")
                continue
            b = v.encode("utf-8", "surrogateescape") if v.__class__ is str else v if v.__class__ is bytes else \
                str(v).encode()
            n = len(b)
            out.append(SHORT[n] if n < 251 else lenenc(n))
            out.append(b)
        return b"".join(out)

    @staticmethod
    def binary_row(values):
        """A row of a prepared statement whose columns are all declared as strings."""
        nulls = bytearray((len(values) + 9) // 8)
        for i, v in enumerate(values):
            if v is None:
                nulls[(i + 2) // 8] |= 1 << ((i + 2) % 8)
        return b"\0" + bytes(nulls) + b"".join(text(v) for v in values if v is not None)
