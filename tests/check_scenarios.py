"""Is what srdiag says about each simulated cluster what its scenario says it must say, whoever asks and in whatever way?

Every module of tests/sim/scenarios is tested here without a line of its own: this file has half of the sick
clusters, check_scenarios_more.py the other half, check_scenarios_well.py those that only look sick: tests/run.py runs
files side by side. Each is asked four times at one frozen moment, on StarRocks 3.5; what other lines
say differently is for the tests of the experts. A scenario's REPORT may have

    exit, max_severity            the exit status of `comprehensive`; the worst finding
    cause                         the first cause
    score_min, score_max          the window of the score
    must, may                     checks that must have found something; that may, because it follows from the rest
    must_not                      checks that must not alarm, or the severities "warning" and "critical"

and what alarms but is in neither `must` nor `may` is unrelated, and a failure.
"""

import copy
import math
import re
import sys
import tempfile
import unittest

import schema_check
import tap
from cluster import ALARMS, ROOT, Cluster, srdiag

sys.path.insert(0, str(ROOT / "tests"))
from sim import scenarios  # noqa: E402

SCHEMA = schema_check.schema_of("report-1")
# the clock of the cluster stands still, ours does not
OUR_CLOCK = ("--set", "cluster.fe-clock-skew.own=3600000")
WORDS = ("comprehensive", "-o", "json", *OUR_CLOCK)
HEALTHY_WORDS = re.compile(r"(?i)\bhealthy\b|\bgood\b")


def is_sick(name):
    return scenarios.load(name).REPORT.get("max_severity") in ALARMS


def names(sick):
    return [name for name in scenarios.names() if scenarios.load(name).REPORT and is_sick(name) == sick]


# Which of several partitions that are alike is named first is the cluster's choice.
ANY_OF_SEVERAL = ("LARGEST_PARTITION", "LARGEST_CLOSED", "MOST_BUCKETS")


def essence(report):
    """A report without what differs between two runs by nature: when, how long, from where, and the order of columns."""
    report = copy.deepcopy(report)
    for key in ("started_at", "duration_ms", "source"):
        report.pop(key)
    for probe in report["probes"]:
        probe.pop("ms")
    for finding in report["findings"]:
        if finding["id"] == "cluster.fe-clock-skew":
            finding.pop("value")
        for row in (finding["evidence"] or {}).get("rows", ()):
            for column in [c for c in row if c.startswith("zz_unknown_") or c in ANY_OF_SEVERAL]:
                del row[column]
    return report


# What srdiag measures with its own stop-watch.
APART = re.compile(r"\d+\.\d s (ahead of|behind|apart)")


def alike(a, b):
    """Are two leaves the same? Numbers that were added up in another order are, also as the cell of a row."""
    if isinstance(a, str) and isinstance(b, str):
        if APART.sub("", a) == APART.sub("", b):
            return True
        try:
            a, b = float(a), float(b)
        except ValueError:
            return False
    return math.isclose(a, b) if isinstance(a, float) and isinstance(b, float) else a == b


def differences(a, b, where="$"):
    """Where two documents differ, as lines."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            yield from differences(a.get(key), b.get(key), f"{where}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{where}[{i}]")
    elif not alike(a, b):
        yield f"{where}: {a!r:.200} and {b!r:.200}"


def alarms(report):
    return {f["id"] for f in report["findings"] if f["severity"] in ALARMS}


def keys(report):
    return {(f["id"], f["subject"]["kind"], f["subject"]["name"]) for f in report["findings"]}


class Scenario:
    """What is true of every scenario; a class of tests for each is made from this."""

    @classmethod
    def setUpClass(cls):
        with Cluster(cls.scenario) as c, tempfile.TemporaryDirectory() as d:
            c.control("freeze", {})
            cls.want = c.control("report")
            cls.live = c.srdiag(*WORDS, user="doctor")
            collected = c.srdiag("collect", f"{d}/a.srd", user="doctor")
            assert collected.status == 0, collected.err
            cls.kept = srdiag(*WORDS, "--input", f"{d}/a.srd")
            cls.reader = c.srdiag(*WORDS, user="reader")
            cls.reader_text = c.srdiag("comprehensive", *OUR_CLOCK, user="reader") if cls.text_too else None
            c.control("columns", {"reverse": True, "unknown": 2})
            cls.turned = c.srdiag(*WORDS, user="doctor")
            cls.stats = c.stats

    def report(self, run):
        self.assertEqual(run.err, "")
        data = schema_check.parse(run.out)
        self.assertEqual(schema_check.problems(SCHEMA, data), [])
        return data

    def assert_same(self, one, other):
        self.assertEqual(list(differences(essence(self.report(one)), essence(self.report(other)))), [])
        self.assertEqual(one.status, other.status)

    def test_report(self):
        want, report = self.want, self.report(self.live)
        found, loud = {f["id"] for f in report["findings"]}, alarms(report)
        story = sorted((f["severity"], f["id"], f["message"]) for f in report["findings"] if f["id"] in loud)
        must, may = set(want.get("must", ())), set(want.get("may", ()))
        self.assertEqual(must - found, set(), story)
        self.assertEqual(loud - must - may, set(), story)
        for word in want.get("must_not", ()):
            self.assertFalse([x for x in story if word in x[:2]], word)
        worst = [s for s in ("info", *ALARMS) if any(f["severity"] == s for f in report["findings"])][-1:]
        self.assertIn(want["max_severity"], worst or ["info"])
        causes = [(x["id"], x["confidence"]) for x in report["causes"]]
        self.assertEqual(causes[0][0] if causes else None, want.get("cause"), causes)
        score = report["score"]["value"]
        self.assertTrue(want.get("score_min", 0) <= score <= want.get("score_max", 100), (score, story))
        self.assertTrue(report["score"]["low"] <= score <= report["score"]["high"])
        self.assertEqual(self.live.status, want["exit"])

    def test_columns(self):
        self.assert_same(self.live, self.turned)

    def test_reader(self):
        full, poor = self.report(self.live), self.report(self.reader)
        left_out = {n["id"] for n in full["not_checked"]}  # who sees the FE in distress asks it less
        self.assertEqual({key for key in keys(poor) - keys(full) if key[0] not in left_out}, set())
        lost = {n["id"]: n["reason"] for n in poor["not_checked"]}
        for known in full["not_checked"]:
            lost.pop(known["id"], None)
        self.assertEqual({i: r for i, r in lost.items() if r != "denied"}, {})
        self.assertIn("cluster.be-down", lost)
        self.assertLess(poor["score"]["confidence"], full["score"]["confidence"])
        self.assertLess(poor["score"]["low"], poor["score"]["high"])
        self.assertNotEqual(self.reader.status, 0)
        for text in [c["title"] for c in poor["causes"]] + [f["message"] for f in poor["findings"]]:
            self.assertNotRegex(text, HEALTHY_WORDS)
        if self.reader_text:
            self.assertNotRegex(self.reader_text.out, HEALTHY_WORDS)

    def test_snapshot(self):
        self.assert_same(self.live, self.kept)

    def test_simulator(self):
        self.assertEqual(self.stats["holes"], 0, self.stats["hole_texts"])


SENTENCES = {
    "test_report": "the report says what is wrong, its cause first, and nothing else",
    "test_columns": "columns the other way round and unknown ones give an identical report",
    "test_reader": "an account without OPERATE learns less, with the reason, and is told no good news",
    "test_snapshot": "a snapshot gives the same report as the cluster",
    "test_simulator": "every question was one that the simulator knows",
}


def tests_of(sick, part=0, parts=1):
    """A class of tests for each scenario, or for every PARTS-th of them, by name."""
    out = {}
    for i, name in enumerate(names(sick)[part::parts]):
        body = {"scenario": name, "text_too": i % 8 == 0}
        for method, sentence in SENTENCES.items():
            def test(self, method=method):
                getattr(Scenario, method)(self)
            test.__doc__ = f"{name}: {sentence}"
            body[method] = test
        title = "".join(word.capitalize() for word in name.split("-"))
        out[title] = type(title, (Scenario, unittest.TestCase), body)
    return out


class Scenarios(unittest.TestCase):
    def test_all(self):
        """every scenario has a report to be held against, or only its layout is used"""
        self.assertEqual({n for n in scenarios.names() if not scenarios.load(n).REPORT}, {"reference"})

    def test_causes(self):
        """every cause has a cluster that shows it"""
        shown = {scenarios.load(n).REPORT.get("cause") for n in scenarios.names()}
        causes = re.findall(r"^(RC-\d+) ", srdiag("list", "causes").out, re.M)
        self.assertGreater(len(causes), 10)
        self.assertEqual(set(causes) - shown, set())


globals().update(tests_of(True, 0, 2))

if __name__ == "__main__":
    if sys.argv[1:]:  # any by its name, as in `check_scenarios.py LoadNight`
        globals().update(tests_of(True) | tests_of(False))
    tap.main()
