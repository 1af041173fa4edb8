"""Does another tokenizer agree that what the guard of SQL texts allows is one harmless statement?

sqlglot (StarRocks dialect) reads every statement of tests/guard/corpus.txt and thousands of mutations of them. What it
takes for several statements, or for one that is no query, the guard must refuse; what it cannot read says nothing.
"""

import logging
import os
import random
import re
import subprocess
import unittest
from pathlib import Path

import sqlglot
from sqlglot import exp

import tap

ROOT = Path(__file__).resolve().parent.parent
SRDIAG = Path(os.environ.get("SRDIAG", ROOT / "build" / "srdiag"))
JUDGE = Path(os.environ.get("TEST_GUARD", SRDIAG.parent / "test_guard"))
SEED = int(os.environ.get("SEED", "20260120"))
MUTATIONS = int(os.environ.get("MUTATIONS", "6000"))
HARMLESS = (exp.Query, exp.Subquery, exp.Show, exp.Describe, exp.Values)
GAP = r"(?:\s|/\*.*?\*/|--[^\r\n]*)*"
SYSTEM = ("", "information_schema", "sys", "_statistics_")
# a FE reads these while it plans: EXPLAIN prints their rows
DEFINITIONS = {"information_schema.views": "view_definition", "information_schema.task_runs": "definition",
               "information_schema.materialized_views": "materialized_view_definition"}
COMMANDS = re.compile(rf"{GAP}(show|explain|admin{GAP}show|desc|describe)\b", re.I | re.S)
EXPLAINED = re.compile(rf"{GAP}(explain|desc|describe)\b({GAP}(logical|verbose|costs)\b)?", re.I | re.S)


def unfold(text):
    return re.sub(rb"\{([0-9a-f]{2})(?:\*(\d+))?\}", lambda m: bytes.fromhex(m[1].decode()) * int(m[2] or 1), text)


def corpus():
    """(rules, code, statement) of each row; "both" as two."""
    for line in (ROOT / "tests" / "guard" / "corpus.txt").read_bytes().split(b"\n"):
        if line and not line.startswith(b"#"):
            rules, code, text = line.split(None, 2)
            for each in (b"system", b"select") if rules == b"both" else (rules,):
                yield each.decode(), code.decode(), unfold(text)


def judge(rules, statements):
    lines = b"".join(s.hex().encode() + b"\n" for s in statements)
    done = subprocess.run([JUDGE, "--judge", rules], input=lines, capture_output=True, timeout=120, check=True)
    return [line.split(b" ", 1)[0].decode() for line in done.stdout.splitlines()]


def readings(text):
    """What sqlglot takes the text for: a list of its statements, or None if it cannot read it."""
    try:
        return [s for s in sqlglot.parse(text, read="starrocks") if s is not None and not isinstance(s, exp.Semicolon)]
    except (sqlglot.errors.SqlglotError, RecursionError, ValueError):
        return None


def objection(text):
    """Why this is not one harmless statement, in sqlglot's eyes; None if it is, or if it cannot say."""
    found = readings(text)
    if found is None:
        return None
    if len(found) != 1:
        return f"{len(found)} statements"
    if isinstance(found[0], exp.Command):  # what sqlglot does not parse: one word, then text
        explained = EXPLAINED.match(text)
        if explained and text[explained.end():].strip() and found[0].name.lower() == "explain":
            inner = readings(text[explained.end():])
            if inner is not None and not (len(inner) == 1 and isinstance(inner[0], HARMLESS)):
                return f"{type(inner[0]).__name__ if inner else 'nothing'} is explained"
        return None if COMMANDS.match(text) else f"the command {found[0].name}"
    if not isinstance(found[0], HARMLESS):
        return type(found[0]).__name__
    for node in found[0].walk():
        if isinstance(node, (exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Drop, exp.Alter, exp.Into, exp.SetItem)):
            return f"{type(node).__name__} in it"
        if isinstance(node, exp.Func) and node.sql_name().lower() in ("sleep", "files"):
            return "a function that waits or reads outside"
        if isinstance(node, exp.Anonymous) and node.name.lower() in ("sleep", "files"):
            return "a function that waits or reads outside"
    return None


def business(text):
    """The first table in it, in sqlglot's eyes, that is not the system's; None if there is none, or if it cannot say."""
    explained = EXPLAINED.match(text)
    for found in readings(text[explained.end():] if explained else text) or ():
        names = {cte.alias.replace("`", "") for cte in found.find_all(exp.CTE)}  # the FE drops them, too
        for table in found.find_all(exp.Table):
            if not isinstance(table.this, exp.Identifier) or (table.name.lower() == "dual" and not table.db):
                continue  # a function of rows
            if table.catalog not in ("", "default_catalog") or table.db not in SYSTEM or not (table.db or table.name in names):
                return table.sql()
    return None


def planned(text):
    """What a plan would show of users' SQL, in sqlglot's eyes; None if nothing, or if it cannot say."""
    explained = EXPLAINED.match(text)
    for found in readings(text[explained.end():]) or () if explained else ():
        for table in found.find_all(exp.Table):
            column = DEFINITIONS.get(f"{table.db}.{table.name}".lower())
            if column and any(not isinstance(star.parent, exp.Count) for star in found.find_all(exp.Star)):
                return f"all columns of {table.sql()}"
            if column and any(c.name.lower() == column for c in found.find_all(exp.Column)):
                return f"{column} of {table.sql()}"
    return None


def pieces(text):
    return re.findall(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|/\*.*?\*/|--[^\r\n]*|\w+|\s+|.", text, re.S)


FILLERS = ["/**/", "/* ' */", "/*! x */", "-- x\n", " ", "\n", "\t", ";", "; DROP TABLE t", "'", '"', "`", "\\", "/*", "*/", "(", ")",
           ",", "INTO OUTFILE 'x'", "sleep(1)", "UNION DELETE FROM t", "UNION SELECT * FROM sales.orders", "FROM sales.orders",
           ", sales.orders", "JOIN sales.orders", "INSERT INTO t", "EXPLAIN ANALYZE", "@a", "全", "'\\''", "''", "\\'"]


def mutate(rng, texts):
    text = pieces(rng.choice(texts))
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(text) + 1)
        what = rng.randrange(6)
        if what == 0:
            text[at:at + rng.randrange(1, 4)] = []
        elif what == 1:
            text[at:at] = [rng.choice(FILLERS)]
        elif what == 2 and text:
            text[at:at + 1] = [rng.choice(FILLERS)]
        elif what == 3:
            other = pieces(rng.choice(texts))
            cut = rng.randrange(len(other) + 1)
            text[at:] = other[cut:]
        elif what == 4:
            other = pieces(rng.choice(texts))
            cut = rng.randrange(len(other) + 1)
            text[at:at] = other[cut:cut + rng.randrange(1, 8)]
        else:
            text += [rng.choice((";", "; ", " UNION ", " ;-- ")), rng.choice(texts)]
    return "".join(text)


class Guard(unittest.TestCase):
    def disagreements(self, texts):
        """Texts that the guard allows under some policy, and that sqlglot objects to, with why."""
        allowed, bad = set(), []
        for rules in ("system", "select"):
            codes = judge(rules, [t.encode("utf-8", "surrogatepass") for t in texts])
            self.assertEqual(len(codes), len(texts))
            good = [t for t, code in zip(texts, codes) if code == "ok"]
            if rules == "system":
                bad += [(t, "reads " + name) for t in good if (name := business(t))]
                bad += [(t, "plans " + what) for t in good if (what := planned(t))]
            allowed.update(good)
        return bad + [(t, why) for t in sorted(allowed) if (why := objection(t))], len(allowed)

    def test_corpus(self):
        """every row of the corpus is judged as it says, through a pipe as well"""
        rows = list(corpus())
        self.assertGreater(len(rows), 600)
        for rules in sorted({r for r, _, _ in rows}):
            mine = [(code, text) for r, code, text in rows if r == rules]
            self.assertEqual(judge(rules, [text for _, text in mine]), [code for code, _ in mine])

    def test_agreement(self):
        """sqlglot objects to nothing that the guard allows in the corpus"""
        texts = sorted({t.decode() for _, code, t in corpus() if code == "ok"})
        self.assertEqual(self.disagreements(texts)[0], [])

    def test_mutations(self):
        """sqlglot objects to nothing that the guard allows of thousands of mutations"""
        rng = random.Random(SEED)
        seeds = sorted({t.decode() for _, code, t in corpus() if code not in ("utf8", "nul", "too-long", "nesting") and len(t) < 400})
        texts = [t for t in (mutate(rng, seeds) for _ in range(MUTATIONS)) if "\0" not in t]
        bad, allowed = self.disagreements(texts)
        self.assertEqual(bad, [], f"SEED={SEED}")
        self.assertGreater(allowed, MUTATIONS // 20)  # else the test says nothing


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    tap.main()
