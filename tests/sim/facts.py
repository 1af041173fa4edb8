"""Which tables, headers, settings and functions does a version have?

Reads facts/*.tsv (made by facts/make.py). A column written NAME@14 is there from patch 14 of its line on,
NAME~2 until patch 2.
"""
import functools
import pathlib
import re

HERE = pathlib.Path(__file__).parent / "facts"
LINES = ["3.2", "3.3", "3.4", "3.5", "4.0", "4.1"]
# A patch of each line whose layout is the one in the files.
DEFAULT_VERSION = {"3.2": "3.2.16-8dea52d", "3.3": "3.3.14-5f2a1b3", "3.4": "3.4.5-a6e1bcd",
                   "3.5": "3.5.7-c4e20d9", "4.0": "4.0.3-9b1f3a7", "4.1": "4.1.0-70d1c24"}


def _read(name):
    return [l.split("\t") for l in (HERE / name).read_text(encoding="utf-8").split("\n") if l]


class Table:
    """A system table of one version: name, columns [(name, type, not_null)], who evaluates it."""
    __slots__ = ("name", "deployment", "evaluated", "fe_since", "columns")

    def __init__(self, name, deployment, evaluated, columns):
        self.name, self.deployment = name, deployment
        self.evaluated, _, self.fe_since = evaluated.partition(" ")
        self.columns = columns


class Facts:
    def __init__(self, line, version, mode):
        self.line, self.version, self.mode = line, version, mode
        m = re.match(r"\d+\.\d+\.(\d+)", version)
        self.patch = int(m.group(1)) if m else 99
        self.number = tuple(int(x) for x in line.split(".")) + (self.patch,)

    def at_least(self, *number):
        """at_least(3, 5): is this version 3.5 or later?"""
        return self.number >= number

    def _has(self, name):
        base, first, last = re.fullmatch(r"(.*?)(?:@(\d+))?(?:~(\d+))?", name).groups()
        if first and self.patch < int(first) or last and self.patch > int(last):
            return None
        return base

    @functools.cached_property
    def tables(self):
        out = {}
        for name, lines, deployment, evaluated, columns in _read("tables.tsv"):
            if self.line not in lines.split():
                continue
            cols = []
            for c in columns.split("; "):
                n, _, t = c.partition(" ")
                if n := self._has(n):
                    cols.append((n, t.rstrip("!"), t.endswith("!")))
            if cols:
                out[name] = Table(name, deployment, evaluated, cols)
        if self.number[:2] == (4, 0) and self.patch > 2:  # PATH_ID lived for three patches
            t = out["information_schema.partitions_meta"]
            t.columns = [c for c in t.columns if c[0] != "PATH_ID"]
        if self.number[:2] in ((3, 4), (3, 5)) and "information_schema.keywords" in out:
            t = out["information_schema.keywords"]
            late = self.patch >= (6 if self.line == "3.4" else 3)
            t.columns = [("WORD" if late and n in ("KEYWORD", "WORD") else n, ty, nn) for n, ty, nn in t.columns]
        return out

    @functools.cached_property
    def _headers(self):
        out = {}
        for name, variant, lines, columns in _read("headers.tsv"):
            if self.line in lines.split():
                cols = [b for c in columns.split(",") if (b := self._has(c))]
                if cols:
                    out[name, variant] = cols
        return out

    def header(self, name, variant=None):
        """The columns of a statement or PROC path in this version and run mode; None: it does not exist."""
        for v in ([variant] if variant else [self.mode, "all", "default"]):
            if (name, v) in self._headers:
                return list(self._headers[name, v])
        return None

    @functools.cached_property
    def config(self):
        """FE configuration: key -> [aliases, value, type, mutable]."""
        out = {}
        for key, aliases, value, kind, mutable, other in _read("config.tsv"):
            out[key] = [aliases, other if other and self.mode == "shared_data" else value, kind, mutable]
        for key, value in (("query_port", "9030"), ("http_port", "8030"), ("rpc_port", "9020"),
                           ("edit_log_port", "9010"), ("cloud_native_meta_port", "6090"),
                           ("run_mode", self.mode), ("priority_networks", "")):
            out[key][1] = value
        return out

    @functools.cached_property
    def variables(self):
        out = {r[0]: r[1] for r in _read("variables.tsv")}
        out["version"] = "5.1.0" if self.line == "3.2" else "8.0.33"
        out["version_comment"] = self.version
        return out

    @functools.cached_property
    def functions(self):
        return set((HERE / "functions.txt").read_text().split())
