"""Which statement, connection or HTTP request is to go wrong, and how?

A fault is a dict. Conditions: match (regular expression, anywhere in the statement), user, fe, connection, after
(skip so many), times (at most so often). What happens: delay_s, hang, deny, error {code, sqlstate, text}, empty, close,
cut_rows, wrong_packet, rows, drop_column, set {column: value}. For a connection: on_connect = hang | refuse | limit |
close | mysql. For HTTP: http = 'be1 GET /metrics' (regular expression), with status, body, delay_s, hang.
"""
import re
import threading

KINDS = {"match", "user", "fe", "connection", "times", "after", "delay_s", "hang", "deny", "error", "empty", "close",
         "cut_rows", "wrong_packet", "rows", "drop_column", "set", "on_connect", "http", "status", "body", "privilege"}


class Faults:
    def __init__(self, faults=()):
        self.lock = threading.Lock()
        self.replace(faults)

    def replace(self, faults):
        new = []
        for f in faults:
            wrong = set(f) - KINDS
            if wrong:
                raise ValueError(f"unknown key of a fault: {', '.join(sorted(wrong))}")
            f = dict(f)
            for k in ("match", "http"):
                if k in f:
                    f["_" + k] = re.compile(f[k], re.I | re.S)
            f["_left"], f["_skip"] = f.get("times", -1), f.get("after", 0)
            new.append(f)
        with self.lock:
            self.faults = new

    def _take(self, test, first=False):
        out = []
        with self.lock:
            for f in self.faults:
                if f["_left"] != 0 and test(f):
                    if f["_skip"] > 0:
                        f["_skip"] -= 1
                        continue
                    f["_left"] -= f["_left"] > 0
                    out.append(f)
                    if first:
                        break
        return out

    @staticmethod
    def _who(f, user, fe, connection):
        return (f.get("user", user) == user and f.get("fe", fe) in (fe, "*")
                and f.get("connection", connection) == connection)

    def statement(self, text, user, fe, connection):
        """The faults of this statement, merged into one dict."""
        if not self.faults:
            return {}
        out = {}
        for f in self._take(lambda f: "on_connect" not in f and "_http" not in f and self._who(f, user, fe, connection)
                            and ("_match" not in f or f["_match"].search(text))):
            out.update({k: v for k, v in f.items() if not k.startswith("_")})
        return out

    def connect(self, fe):
        hit = self._take(lambda f: "on_connect" in f and f.get("fe", fe) in (fe, "*"), True) if self.faults else ()
        return hit[0]["on_connect"] if hit else None

    def http(self, text):
        hit = self._take(lambda f: "_http" in f and f["_http"].search(text)) if self.faults else ()
        return hit[0] if hit else None
