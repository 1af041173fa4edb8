"""How is a SELECT read: which functions does it call, what tree is it, how are its columns headed?"""
import re

from sqlglot import errors as sg_errors
from sqlglot import exp, parse_one
from sqlglot.dialects.starrocks import StarRocks

from . import errors as err
from .statements import Words, unquote

LITERAL = {"VERSION", "CURRENT_VERSION", "NOW", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "UTC_TIMESTAMP",
           "UNIX_TIMESTAMP", "CURRENT_USER", "USER", "SESSION_USER", "DATABASE", "SCHEMA", "CONNECTION_ID", "CATALOG",
           "CURRENT_ROLE", "LAST_QUERY_ID", "SLEEP", "CURDATE", "CURRENT_DATE", "CURRENT_GROUP"}
UPPER = ("current_user", "user", "session_user", "database", "schema", "connection_id", "catalog", "current_role")
NOT_CALLS = {"in", "values", "and", "or", "not", "exists", "over", "as", "from", "on", "any", "all", "some", "select",
             "where", "when", "then", "else", "by", "having", "limit", "using", "with", "union", "between", "like",
             "interval", "distinct", "join", "case", "end", "is", "key", "decimal", "varchar", "char", "rlike", "regexp",
             "partition", "order", "except", "intersect", "offset", "decimal64", "decimal128", "datetime", "time",
             "rollup", "cube", "sets"}


class Dialect(StarRocks):
    """StarRocks, but functions of the session stay plain calls, which literals() replaces."""

    class Parser(StarRocks.Parser):
        FUNCTIONS = {k: v for k, v in StarRocks.Parser.FUNCTIONS.items() if k not in LITERAL}
        NO_PAREN_FUNCTIONS = {k: v for k, v in StarRocks.Parser.NO_PAREN_FUNCTIONS.items()
                              if getattr(k, "name", "") not in LITERAL}
        FUNCTION_PARSERS = {k: v for k, v in StarRocks.Parser.FUNCTION_PARSERS.items() if k not in LITERAL}


def check_calls(facts, masked):
    """Every function is on StarRocks' own list, or the statement fails as on a FE."""
    t = Words(masked)
    for k, (kind, value, at) in enumerate(t.all[:-1]):
        if kind == "op" and value == ":" and t.all[k + 1][1] == ":":
            raise err.unexpected(":", at)
        if kind == "word" and t.all[k + 1][1] == "(" and not value.startswith("@"):
            name = value.lower()
            if name in NOT_CALLS or name in facts.functions or (k and t.all[k - 1][1].lower() in (
                    "as", "with", ",") and _is_cte(t, k)):
                continue
            depth, j = 0, k + 1
            while j < len(t.all):
                depth += (t.all[j][1] == "(") - (t.all[j][1] == ")")
                if not depth:
                    break
                j += 1
            end = t.all[min(j, len(t.all) - 1)][2]
            args = _arg_types(t.all[k + 2:j])
            line = masked.count("\n", 0, at) + 1
            raise err.analyzing(f"No matching function with signature: {name}({args})",
                                where=f" from line {line}, column {at} to line {line}, column {end}")


def _is_cte(t, k):
    """name (columns) AS ( ... in a WITH clause."""
    depth, j = 0, k + 1
    while j < len(t.all):
        depth += (t.all[j][1] == "(") - (t.all[j][1] == ")")
        j += 1
        if not depth:
            break
    return j < len(t.all) and t.all[j][1].lower() == "as"


def _arg_types(tokens):
    out = []
    for kind, value, _ in tokens:
        if kind == "num":
            v = float(value)
            out.append("tinyint(4)" if "." not in value and v < 128 else "smallint(6)" if "." not in value and v < 32768
                       else "int(11)" if "." not in value else "decimal32(9, 1)")
        elif kind == "str":
            out.append("varchar")
        elif kind in ("word", "id"):
            out.append("varchar")
    return ", ".join(out)


def parse(sql):
    try:
        return parse_one(sql, read=Dialect)
    except sg_errors.TokenError as e:
        raise err.syntax(0, str(e).split("\n")[0]) from None
    except sg_errors.ParseError as e:
        first = e.errors[0] if e.errors else {}
        bad = first.get("highlight") or ""
        line = first.get("line") or 1
        at = 0
        if bad:
            at = max(0, (first.get("col") or len(bad)) - len(bad))
            if sql.rstrip().endswith(bad) and at + len(bad) >= len(sql.rstrip().split("\n")[-1]):
                at += len(bad)
            raise err.syntax(at, f"No viable statement for input '{bad}'", line) from None
        m = list(re.finditer(r"\S+", sql))
        raise err.syntax(len(sql), f"No viable statement for input '{m[-1].group() if m else ''}'") from None


def headings(masked, tree):
    """One heading per projection of the outermost SELECT as a FE prints it; None for a star."""
    first = tree
    while not isinstance(first, exp.Select) and getattr(first, "this", None) is not None:
        first = first.this
    if not isinstance(first, exp.Select):
        return []
    slices = _slices(masked)
    out = []
    for i, p in enumerate(first.expressions):
        text = slices[i] if len(slices) == len(first.expressions) else p.sql("mysql")
        if p.is_star:
            out.append(None)
        elif isinstance(p, exp.Alias):
            out.append(p.alias)
        elif isinstance(p, exp.Column):
            out.append(p.name)
        else:
            text = re.sub(r"([A-Za-z_]\w*)(\s*\()", lambda m: (
                m[1] if m[1].lower() in UPPER else m[1].lower()) + m[2], text)
            out.append(unquote(text) if re.fullmatch(r"'[^']*'|\"[^\"]*\"", text) else text)
    return out


def _slices(masked):
    t = Words(masked)
    depth, start, out = 0, None, []
    for k, (kind, value, at) in enumerate(t.all):
        low = value.lower() if kind == "word" else ""
        if start is None:
            if low == "select" and depth == 0:
                start = -1
            depth += (value == "(") - (value == ")") if kind == "op" else 0
            continue
        if start == -1:
            if low in ("distinct", "all"):
                continue
            start = at
        if depth == 0 and kind == "word" and low in ("from", "where", "limit", "order", "group", "having", "union",
                                                      "into", "except", "intersect"):
            out.append(masked[start:at].strip())
            return out
        if depth == 0 and kind == "op" and value == ",":
            out.append(masked[start:at].strip())
            start = -1
        depth += (value == "(") - (value == ")") if kind == "op" else 0
    if start not in (None, -1):
        out.append(masked[start:].strip())
    return out
