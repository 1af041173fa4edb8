"""How is a statement cut into words, and what do SET, USE, KILL, GRANT and the like answer?"""
import re

from . import errors as err
from . import wire as w

TOKEN = re.compile(r"""\s*(?:(?P<id>`(?:[^`]|``)*`)
                       |(?P<str>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
                       |(?P<num>\d+(?:\.\d+)?(?![\w]))
                       |(?P<word>@{0,2}[\w$.\u0080-\uffff]+)
                       |(?P<op><=>|!=|<>|<=|>=|:=|.))""", re.X | re.S)


def mask(sql):
    """The statement with comments turned into blanks, so that positions stay."""
    out, i, n = [], 0, len(sql)
    while i < n:
        c = sql[i]
        if c in "'\"`":
            j = i + 1
            while j < n and sql[j] != c:
                j += 2 if sql[j] == "\\" and c != "`" else 1
            out.append(sql[i:j + 1])
            i = j + 1
        elif sql.startswith("/*", i):
            j = sql.find("*/", i + 2)
            j = n if j < 0 else j + 2
            out.append(re.sub(r"[^\n]", " ", sql[i:j]))
            i = j
        elif c == "#" or (sql.startswith("--", i) and (i + 2 >= n or sql[i + 2].isspace())):
            j = sql.find("\n", i)
            j = n if j < 0 else j
            out.append(" " * (j - i))
            i = j
        else:
            out.append(c)
            i += 1
    return "".join(out)


def split(sql):
    """The statements of a text; empty ones are left out."""
    m, parts, start, i = mask(sql), [], 0, 0
    if ";" not in m:
        return [sql]
    while i < len(m):
        c = m[i]
        if c in "'\"`":
            j = i + 1
            while j < len(m) and m[j] != c:
                j += 2 if m[j] == "\\" and c != "`" else 1
            i = j
        elif c == ";":
            parts.append((start, i))
            start = i + 1
        i += 1
    parts.append((start, len(m)))
    return [sql[a:b] for a, b in parts if m[a:b].strip()]


def unquote(t):
    if t[:1] == "`":
        return t[1:-1].replace("``", "`")
    if t[:1] in "'\"":
        return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "0": "\0"}.get(m[1], m[1]),
                      t[1:-1].replace(t[0] * 2, t[0]))
    return t


class Words:
    """Reads a masked statement word by word."""

    def __init__(self, masked):
        self.sql, self.i, self.all = masked, 0, []
        pos = 0
        while m := TOKEN.match(masked, pos):
            kind = m.lastgroup
            value, at = m.group(kind), m.start(kind)
            pos = m.end()
            if kind == "word" and value.count(".") and not value.startswith("@"):
                off = at
                for k, part in enumerate(value.split(".")):
                    if k:
                        self.all.append(("op", ".", off - 1))
                    if part:
                        self.all.append(("word", part, off))
                    off += len(part) + 1
            else:
                self.all.append((kind, value, at))
        while self.all and self.all[-1][1] == ";":
            self.all.pop()

    def peek(self, k=0):
        return self.all[self.i + k] if self.i + k < len(self.all) else ("end", "", len(self.sql.rstrip()))

    def is_(self, *words):
        """Are these the next words?"""
        return all(self.peek(k)[0] == "word" and self.peek(k)[1].lower() == x for k, x in enumerate(words))

    def take(self, *words):
        if self.is_(*words):
            self.i += len(words)
            return True
        return False

    def one_of(self, *words):
        return any(self.take(x) for x in words)

    def op(self, c):
        if self.peek()[1] == c and self.peek()[0] == "op":
            self.i += 1
            return True
        return False

    def next(self):
        t = self.peek()
        self.i += 1
        return t

    def fail(self, expected="{<EOF>, ';'}"):
        kind, value, at = self.peek()
        line = self.sql.count("\n", 0, at) + 1
        col = at - (self.sql.rfind("\n", 0, at) + 1)
        raise err.unexpected(value or "<EOF>", col, expected, line)

    def end(self):
        if self.i < len(self.all):
            self.fail()

    def name(self):
        """[catalog.][db.]name as a list."""
        out = []
        while True:
            kind, value, _ = self.peek()
            if kind not in ("word", "id", "num"):
                self.fail("{a legal identifier}")
            self.i += 1
            out.append(unquote(value))
            if not self.op("."):
                return out

    def string(self):
        if self.peek()[0] != "str":
            self.fail("{SINGLE_QUOTED_TEXT, DOUBLE_QUOTED_TEXT}")
        return unquote(self.next()[1])

    def value(self):
        kind, v, _ = self.next()
        if kind == "op" and v == "-":
            return "-" + self.next()[1]
        return unquote(v)

    def tail(self, where=False, order=False, limit=False, like=False):
        """{'where': [(column, op, value)], 'order': [(column, desc)], 'limit': (offset, n), 'like': pattern}"""
        out = {"where": [], "order": [], "limit": None, "like": None}
        if like and self.take("like"):
            out["like"] = self.string()
        elif where and self.take("where"):
            while True:
                close = self.op("(")
                col = self.name()[-1]
                op = self.next()[1].lower()
                if op not in ("=", "!=", "<>", "like", ">", "<", ">=", "<="):
                    self.i -= 1
                    self.fail()
                out["where"].append((col, op, self.value()))
                if close:
                    self.op(")")
                if not self.take("and"):
                    break
        if order and self.take("order", "by"):
            while True:
                col = self.name()[-1]
                out["order"].append((col, self.take("desc") or not self.take("asc") and False))
                if not self.op(","):
                    break
        if limit and self.take("limit"):
            a = int(self.next()[1])
            if self.op(","):
                out["limit"] = (a, int(self.next()[1]))
            elif self.take("offset"):
                out["limit"] = (int(self.next()[1]), a)
            else:
                out["limit"] = (0, a)
        self.end()
        return out


def like(pattern):
    """A regular expression for a LIKE pattern, case-insensitive as SHOW has it."""
    out, i = "", 0
    while i < len(pattern):
        c = pattern[i]
        if c == "\\" and i + 1 < len(pattern):
            i += 1
            out += re.escape(pattern[i])
        else:
            out += {"%": ".*", "_": "."}.get(c) or re.escape(c)
        i += 1
    return re.compile(out + r"\Z", re.I | re.S)


def apply_tail(rows, tail):
    """Filters, sorts and cuts dict rows by what Words.tail() read."""
    def text(r, col):
        for k, v in r.items():
            if k.lower() == col.lower():
                return v
        raise err.analyzing(f"Incorrect column name '{col}'", 1166, "42000")

    for col, op, value in tail["where"]:
        def ok(r):
            v = text(r, col)
            if op == "like":
                return v is not None and like(value).match(str(v))
            a, b = str(v).lower(), str(value).lower()
            try:
                a, b = float(a), float(b)
            except ValueError:
                pass
            return {"=": a == b, "!=": a != b, "<>": a != b}.get(op) if op in ("=", "!=", "<>") else \
                {">": a > b, "<": a < b, ">=": a >= b, "<=": a <= b}[op]
        rows = [r for r in rows if ok(r)]

    def key(r, col):
        v = text(r, col)
        try:
            return (0, float(v), "")
        except (TypeError, ValueError):
            return (1, 0, str(v))
    for col, desc in reversed(tail["order"]):
        rows = sorted(rows, key=lambda r: key(r, col), reverse=bool(desc))
    if tail["limit"]:
        a, n = tail["limit"]
        rows = list(rows)[a:a + n]
    return rows


GLOBAL_ONLY = {"query_queue_concurrency_limit", "query_queue_mem_used_pct_limit", "enable_query_queue_select"}
READ_ONLY = {"version", "version_comment", "system_time_zone", "lower_case_table_names", "license"}
NUMBERS = {"query_timeout", "wait_timeout", "parallel_fragment_exec_instance_num", "exec_mem_limit",
           "query_mem_limit", "sql_select_limit"}


class Other:
    """Statements that are neither SELECT nor SHOW."""

    def __init__(self, sim):
        self.sim = sim

    def run(self, s, sql, masked, word):
        f = getattr(self, "do_" + word, None)
        if f:
            return f(s, Words(masked))
        known = ("insert", "update", "delete", "create", "drop", "alter", "truncate", "cancel", "submit", "refresh",
                 "backup", "restore", "export", "load", "install", "analyze", "prepare", "execute", "deallocate")
        if word in known:
            raise err.Hole(f"statement {word.upper()}")
        t = Words(masked).peek()
        raise err.unexpected(t[1], t[2], "{'SELECT', 'DELETE', 'ENABLE', 'EXECUTE', 'DEALLOCATE', '(', ';'}")

    def do_use(self, s, t):
        t.next()
        name = t.name()[-1]
        t.end()
        if not s.use(name):
            raise err.unknown_database(name, wrapped=False)

    def do_set(self, s, t):
        t.next()
        if t.one_of("names"):
            return None
        if t.take("default", "role"):
            return self.set_default_role(t.sql)
        if t.one_of("role", "catalog", "password"):
            return None
        if t.is_("transaction") or t.is_("session", "transaction") or t.is_("global", "transaction"):
            return None
        while True:
            scope = "session"
            if t.one_of("global"):
                scope = "global"
            elif t.one_of("session", "local"):
                pass
            kind, name, _ = t.next()
            name = unquote(name)
            while t.op("."):
                scope = {"@@global": "global"}.get(name.lower(), scope)
                name = unquote(t.next()[1])
            if name.lower().startswith("@@global."):
                scope = "global"
            user_var = name.startswith("@") and not name.startswith("@@")
            name = re.sub(r"^@@(?:(?:global|session|local)\.)?", "", name, flags=re.I)
            if not (t.op("=") or t.op(":=")):
                t.fail("{'='}")
            depth, start = 0, t.peek()[2]
            first = t.peek()
            while t.peek()[0] != "end" and not (t.peek()[1] == "," and not depth):
                v = t.next()[1]
                depth += (v == "(") - (v == ")")
            stop = t.peek()[2]
            raw = t.sql[start:stop].strip() if t.peek()[0] != "end" else t.sql[start:].strip().rstrip(";").strip()
            value = unquote(raw) if first[0] in ("str", "id") else raw
            if user_var:
                s.user_vars[name[1:].lower()] = value
            else:
                self.assign(s, scope, name.lower(), value, first[0] == "str")
            if not t.op(","):
                return None

    def assign(self, s, scope, name, value, quoted):
        facts = self.sim.cluster.facts
        if name in ("character_set_results", "character_set_client", "character_set_connection", "autocommit", "catalog"):
            return
        if name not in facts.variables and name not in self.sim.globals:
            raise self.unknown_variable(name)
        if name in READ_ONLY:
            raise err.SqlError(1621, "HY000", f"Variable '{name}' is a read only variable")
        if name in GLOBAL_ONLY and scope != "global":
            raise err.SqlError(1229, "HY000",
                               f"Variable '{name}' is a GLOBAL variable and should be set with SET GLOBAL")
        if name in NUMBERS and not re.fullmatch(r"-?\d+", value):
            raise err.analyzing(f"{name} is not a number")
        if name == "time_zone":
            from .clock import zone_offset
            if zone_offset(value, self.sim.cluster.now()) is None:
                raise err.SqlError(1298, "HY000", f"Unknown or incorrect time zone: '{value}'")
        if scope == "global":
            if not s.user.may("OPERATE"):
                raise err.denied("OPERATE", "SYSTEM", s.user)
            self.sim.globals[name] = value
        else:
            s.vars[name] = value

    def unknown_variable(self, name):
        import difflib
        near = difflib.get_close_matches(name, self.sim.cluster.facts.variables, 3, 0.0)
        return err.analyzing(f"Unknown system variable '{name}', the most similar variables are "
                             "{" + ", ".join(f"'{n}'" for n in near) + "}", 1193)

    def do_kill(self, s, t):
        t.next()
        query = t.take("query")
        if not query:
            t.take("connection")
        kind, value, _ = t.next()
        t.end()
        sim = self.sim
        if kind == "str":
            other = next((x for x in list(sim.sessions.values()) if x.query_id == unquote(value)), None)
            if not other:
                raise err.SqlError(1064, "HY000", f"Unknown query id: {unquote(value)}")
        else:
            other = sim.sessions.get(int(value)) if value.isdigit() else None
            if other and other.fe is not s.fe:
                other = None
            if not other:
                raise err.SqlError(1094, "HY000", f"Unknown thread id: {value}")
        if other.user is not s.user and not s.user.may("OPERATE"):
            raise err.denied("OPERATE", "SYSTEM", s.user)
        sim.stats.add("kills")
        other.kill(not query)
        if other is s and not query:
            raise err.Closed()

    def do_create(self, s, t):
        t.next()
        if t.take("role"):
            for name in self.names(t):
                self.sim.roles.setdefault(name, set())
            return None
        if t.take("user"):
            t.take("if", "not", "exists")
            name = t.name()[-1] if t.peek()[0] != "str" else t.string()
            from .model import User
            self.sim.cluster.users.setdefault(name, User(name))
            return None
        raise err.Hole("CREATE of other than a role")

    def names(self, t):
        t.take("if", "not", "exists")
        out = [t.string() if t.peek()[0] == "str" else t.name()[-1]]
        while t.op(","):
            out.append(t.name()[-1])
        return out

    def do_grant(self, s, t):
        t.next()
        text = t.sql.strip().rstrip(";")
        if re.match(r"\s*grant\s+node\s+on\s+system", text, re.I):
            raise err.analyzing("Operation not permitted, 'NODE' cannot be granted to user or role directly, use built-in "
                                "role instead")
        m = re.fullmatch(r"\s*grant\s+([\w ,]+?)\s+on\s+(.+?)\s+to\s+(role|user)\s+(.+?)\s*", text, re.I | re.S)
        if m:
            what, on = [x.strip().upper() for x in m[1].split(",")], re.sub(r"\s+", " ", m[2]).upper()
            target = unquote(m[4].split("@")[0].strip())
            for privilege in what:
                grant = ("system", privilege) if on == "SYSTEM" else ("select", "*") \
                    if on in ("ALL TABLES IN ALL DATABASES", "ALL VIEWS IN ALL DATABASES") else ("other", on)
                if m[3].lower() == "role":
                    if target not in self.sim.roles:
                        raise err.SqlError(1064, "HY000", f"cannot find role {target}!")
                    self.sim.roles[target].add(grant)
                elif target in self.sim.cluster.users:
                    self.give(self.sim.cluster.users[target], {grant})
            return None
        m = re.fullmatch(r"\s*grant\s+(.+?)\s+to\s+(user|role)?\s*(.+?)\s*", text, re.I | re.S)
        if m:
            user = self.sim.cluster.users.get(unquote(m[3].split("@")[0].strip()))
            role = unquote(m[1].strip())
            if role not in self.sim.roles:
                raise err.SqlError(1064, "HY000", f"cannot find role {role}!")
            if user and role not in user.roles:
                user.inactive.append(role)
            return None
        raise err.Hole("GRANT of this form")

    @staticmethod
    def give(user, grants):
        for kind, what in grants:
            if kind == "system":
                user.system.add(what)
            elif kind == "select":
                user.select = "*"

    def set_default_role(self, text):
        m = re.fullmatch(r"\s*set\s+default\s+role\s+(.+?)\s+to\s+(.+?)\s*;?\s*", text, re.I | re.S)
        if m:
            user = self.sim.cluster.users.get(unquote(m[2].split("@")[0].strip()))
            for role in [unquote(x.strip()) for x in m[1].split(",")]:
                if user and role in user.inactive:
                    user.inactive.remove(role)
                    user.roles.append(role)
                    self.give(user, self.sim.roles.get(role, ()))

    def do_prepare(self, s, t):
        m = re.match(r"\s*prepare\s+\S+\s+from\s+['\"]\s*(\w+)", t.sql, re.I)
        if m and m[1].lower() not in ("select", "with"):
            raise err.analyzing("This command is not supported in the prepared statement protocol yet", 1295)
        return None

    def do_insert(self, s, t):
        if re.search(r"\binto\s+(information_schema|sys)\b", t.sql, re.I):
            raise err.SqlError(1064, "HY000", "Only support insert into olap/mysql/iceberg/hive table")
        raise err.Hole("INSERT")

    def do_drop(self, s, t):
        m = re.search(r"drop\s+table\s+(?:if\s+exists\s+)?information_schema\.(\w+)", t.sql, re.I)
        if m:
            raise err.SqlError(5064, "42000", f"Failed to drop table default_catalog.information_schema.{m[1]}. msg: "
                                              "cannot drop table in system database: information_schema")
        if re.match(r"\s*drop\s+role\b", t.sql, re.I):
            return None
        raise err.Hole("DROP")

    def do_begin(self, s, t):
        return None

    do_start = do_commit = do_rollback = do_begin

    # -- a MySQL server that is no StarRocks -----------------------------------------------------------

    def plain_mysql(self, s, sql, masked, word):
        t = Words(masked)
        if word in ("set", "use"):
            return None
        if word == "select":
            text = masked.strip().rstrip(";")[6:].strip()
            simple = {"1": "1", "version()": "8.0.36", "@@version": "8.0.36",
                      "@@version_comment": "MySQL Community Server - GPL",
                      "@@version_comment limit 1": "MySQL Community Server - GPL"}
            import time
            simple["unix_timestamp()"] = str(int(time.time()))
            if text.lower() in simple:
                return [(text, w.VAR_STRING)], [[simple[text.lower()]]]
            name = re.search(r"\b(current_version|[\w]+_version)\s*\(", text, re.I)
            if name:
                raise err.SqlError(1305, "42000", f"FUNCTION {name[1]} does not exist")
            m = re.search(r"\bfrom\s+([\w`.]+)", text, re.I)
            raise err.SqlError(1109, "42S02", f"Unknown table '{(m[1] if m else text).split('.')[-1].upper()}' in "
                                              "information_schema")
        if word == "show" and t.is_("show", "variables"):
            return [("Variable_name", w.VAR_STRING), ("Value", w.VAR_STRING)], []
        near = t.peek(1)
        raise err.SqlError(1064, "42000", "You have an error in your SQL syntax; check the manual that corresponds to your "
                           f"MySQL server version for the right syntax to use near '{masked[near[2]:].strip()}' at line 1")
