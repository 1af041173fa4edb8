"""Which types does StarRocks convert silently where DuckDB refuses, and how does a value look on the wire?"""
import datetime
import decimal
import re
import zoneinfo

from sqlglot import exp

from . import wire as w

DUCK = {"BIGINT": "BIGINT", "INT": "INTEGER", "SMALLINT": "SMALLINT", "TINYINT": "TINYINT", "DOUBLE": "DOUBLE",
        "FLOAT": "DOUBLE", "BOOLEAN": "BOOLEAN", "DATETIME": "TIMESTAMP", "DATE": "DATE", "LARGEINT": "HUGEINT"}


def duck_type(t):
    """The DuckDB type of a column of facts/tables.tsv."""
    return DUCK.get(re.match(r"\w+", t).group().upper(), "VARCHAR")


def text(v):
    if v is None or isinstance(v, str):
        return v
    if isinstance(v, bool):
        return "true" if v else "false"
    return str(v)


def number(v):
    if v != v or v in (float("inf"), float("-inf")):
        return None
    t = f"{v:.15g}"
    return t


def when(v):
    t = v.strftime("%Y-%m-%d %H:%M:%S")
    return t + (f".{v.microsecond:06d}" if v.microsecond else "")


def wire_type(t):
    if t in ("BIGINT", "HUGEINT", "UBIGINT", "INTEGER", "SMALLINT", "TINYINT", "UINTEGER"):
        return (w.LONG if t == "INTEGER" else w.LONGLONG), None
    if t in ("DOUBLE", "FLOAT"):
        return w.DOUBLE, number
    if t == "BOOLEAN":
        return w.CHAR, int
    if t.startswith("TIMESTAMP"):
        return w.DATETIME, when
    if t == "DATE":
        return w.DATE, datetime.date.isoformat
    if t.startswith("DECIMAL"):
        return w.DECIMAL, lambda v: format(decimal.Decimal(v), "f")
    return w.VAR_STRING, (None if t == "VARCHAR" else str)


def sqlglot_type(t):
    base = re.match(r"\w+", t).group().upper()
    return {"DATETIME": "datetime", "HLL": "text", "VARCHAR": "text", "CHAR": "text", "STRING": "text",
            "LARGEINT": "bigint"}.get(base, base.lower() if base in DUCK else "text")


def zoned(time, source, target):
    """CONVERT_TZ: DuckDB knows regions only; a zone that nobody knows makes NULL of every time."""
    def minutes(zone):
        found = re.fullmatch(r"([+-])(\d{1,2}):(\d{2})", zone)
        return found and (int(found[2]) * 60 + int(found[3])) * (-1 if found[1] == "-" else 1)

    def call(name, *args):
        return exp.Anonymous(this=name, expressions=list(args))

    zones = {"CST": "Asia/Shanghai"}
    time = exp.TryCast(this=time.copy(), to=exp.DataType.build("timestamp"))
    for zone, sign in ((source, -1), (target, 1)):
        shift, name = minutes(zone), zones.get(zone, zone)
        if shift is not None:
            time = call("sim_shift", time, exp.Literal.number(sign * shift))
        elif name not in zoneinfo.available_timezones():
            return exp.TryCast(this=exp.Null(), to=exp.DataType.build("timestamp"))
        elif sign < 0:
            time = call("timezone", exp.Literal.string("UTC"), call("timezone", exp.Literal.string(name), time))
        else:
            time = call("timezone", exp.Literal.string(name), call("timezone", exp.Literal.string("UTC"), time))
    return time


def convert(tree, offset=0):
    """Casts where StarRocks converts and DuckDB refuses, or would answer otherwise."""
    def is_text(x):
        return x.type is not None and x.type.is_type(*exp.DataType.TEXT_TYPES)

    def is_number(x):
        return x.type is not None and x.type.is_type(*exp.DataType.NUMERIC_TYPES)

    def is_time(x):
        return x.type is not None and x.type.is_type(*exp.DataType.TEMPORAL_TYPES)

    def number(x):
        if is_text(x):
            x.replace(exp.TryCast(this=x.copy(), to=exp.DataType.build("double")))

    def string(x):
        if not is_text(x):
            x.replace(exp.Cast(this=x.copy(), to=exp.DataType.build("text", dialect="duckdb")))

    for x in reversed(list(tree.walk())):
        if isinstance(x, exp.Select) and x.args.get("group") and x.args["group"].find(
                exp.Rollup, exp.Cube, exp.GroupingSets):
            # over no rows there is no total row: StarRocks repeats rows and groups them, DuckDB follows the standard
            x.having("COUNT(*) > 0", copy=False)
        elif isinstance(x, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ)):
            a, b = x.this, x.expression
            if is_text(a) and is_number(b):
                number(a)
            elif is_number(a) and is_text(b):
                number(b)
            elif is_time(a) and is_text(b) and not isinstance(b, exp.Literal):
                b.replace(exp.TryCast(this=b.copy(), to=exp.DataType.build("timestamp")))
        elif isinstance(x, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)):
            for y in (x.this, x.expression):
                number(y)
        elif isinstance(x, (exp.Sum, exp.Avg)) and is_text(x.this):
            number(x.this)
        elif isinstance(x, (exp.Between,)) and is_text(x.this) and is_number(x.args["low"]):
            number(x.this)
        elif isinstance(x, exp.In) and is_text(x.this) and any(is_number(y) for y in x.expressions):
            for y in x.expressions:
                string(y)
        elif isinstance(x, exp.In) and is_number(x.this) and any(is_text(y) for y in x.expressions):
            for y in x.expressions:
                number(y)
        elif isinstance(x, exp.Coalesce):
            parts = [x.this] + list(x.expressions)
            if any(map(is_text, parts)) and not all(map(is_text, parts)):
                for y in parts:
                    string(y)
        elif isinstance(x, exp.If) and not isinstance(x.parent, exp.Case):
            parts = [y for y in (x.args.get("true"), x.args.get("false")) if y is not None]
            if any(map(is_text, parts)) and not all(map(is_text, parts)):
                for y in parts:
                    string(y)
        elif isinstance(x, exp.Case):
            parts = [i.args["true"] for i in x.args["ifs"]] + ([x.args["default"]] if x.args.get("default") else [])
            if any(map(is_text, parts)) and not all(map(is_text, parts)):
                for y in parts:
                    string(y)
        elif isinstance(x, (exp.Like, exp.ILike, exp.RegexpLike)) and not is_text(x.this):
            string(x.this)
        elif isinstance(x, exp.Cast) and not isinstance(x, exp.TryCast):
            this = x.this.copy()
            if x.to.is_type(*exp.DataType.INTEGER_TYPES) and is_number(x.this) and not x.this.type.is_type(
                    *exp.DataType.INTEGER_TYPES):
                this = exp.Anonymous(this="trunc", expressions=[this])
            x.replace(exp.TryCast(this=this, to=x.to.copy()))
        elif isinstance(x, exp.UnixToTime):
            at = exp.Anonymous(this="sim_unixtime", expressions=[x.this.copy(), exp.Literal.number(offset)])
            fmt = x.args.get("format") or exp.Literal.string("%Y-%m-%d %H:%M:%S")
            x.replace(exp.Anonymous(this="strftime", expressions=[at, fmt.copy()]))
        elif isinstance(x, exp.Length) and x.args.get("binary"):
            x.replace(exp.Anonymous(this="strlen", expressions=[x.this.copy()]))
        elif isinstance(x, exp.ConvertTimezone):
            x.replace(zoned(x.args["timestamp"], x.args["source_tz"].name, x.args["target_tz"].name))
        elif isinstance(x, exp.TimestampDiff):
            cast = lambda e: exp.Cast(this=e.copy(), to=exp.DataType.build("timestamp"))
            x.replace(exp.Anonymous(this="date_sub", expressions=[
                exp.Literal.string(str(x.args.get("unit")).strip("'\"").lower()), cast(x.expression), cast(x.this)]))
