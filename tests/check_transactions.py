"""Does the transactions expert say the right thing about what runs, whatever the version, mode and faults?"""

import unittest

import tap
from cluster import ALARMS, LINES, OTHERS, Cluster
from schema_check import valid



def of(report):
    return {f["id"]: (f["severity"], f["message"]) for f in report["findings"] if f["id"].startswith("txn.")}


class Quiet(unittest.TestCase):
    def test_healthy(self):
        """healthy clusters and near misses raise nothing about transactions above info"""
        for scenario in ("healthy-shared-nothing", "healthy-shared-data", "busy-healthy", "rolling-upgrade", "empty-new-cluster",
                         "graceful-shutdown"):
            for line in OTHERS:
                with self.subTest(scenario, line=line), Cluster(scenario, "--line", line) as c:
                    run = c.srdiag("transactions", "-o", "json", user="doctor")
                    self.assertEqual([x for x in of(valid(run.json)).values() if x[0] in ALARMS], [])
                    self.assertEqual((run.status, run.err), (0, ""))
                    self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])


class Sick(unittest.TestCase):
    def check(self, scenario, line):
        with Cluster(scenario, "--line", line) as c:
            run = c.srdiag("comprehensive", "-o", "json")
            report, want = valid(run.json), c.control("report")
            self.assertEqual(run.status, want["exit"])
            alarms = {f["id"] for f in report["findings"] if f["severity"] in ALARMS}
            self.assertLessEqual(set(want["must"]), alarms)
            self.assertFalse(set(want["must_not"]) & alarms)
            if "cause" in want:
                self.assertEqual(report["causes"][0]["id"], want["cause"])
            return report

    def test_limit(self):
        """transactions near the limit are found with what they wait for"""
        for line in OTHERS:
            with self.subTest(line):
                found = of(self.check("transactions-near-limit", line))
                self.assertEqual(found["txn.running-near-limit"][0], "critical")
                self.assertIn("960 of 1,000", found["txn.running-near-limit"][1])
                self.assertIn("COMMITTED", found["txn.running-near-limit"][1])
                self.assertIn("990000", found["txn.committed-not-visible"][1])
                self.assertEqual(found["txn.next-version-gap"][0], "warning")

    def test_orphan(self):
        """a version that no transaction will publish is RC-28"""
        for line in OTHERS:
            with self.subTest(line):
                self.assertEqual(of(self.check("orphan-version-gap", line))["txn.next-version-gap"][0], "critical")

    def test_without_metrics(self):
        """where metrics fail the lists are counted, and what was left out is said"""
        with Cluster("transactions-near-limit") as c:
            c.faults({"match": "fe_metrics", "error": {"code": 1064, "sqlstate": "HY000", "text": "failed"}})
            run = c.srdiag("transactions", "-o", "json")
            self.assertEqual(of(run.json)["txn.running-near-limit"][0], "critical")
            self.assertIn("960", of(run.json)["txn.running-near-limit"][1])

    def test_nobody_alive(self):
        """with every backend dead lists are read and nothing is called ok that needs one"""
        for scenario in ("transactions-near-limit", "healthy-shared-data"):
            with self.subTest(scenario), Cluster(scenario, "--dead", "all") as c:
                run = c.srdiag("transactions", "-o", "json")
                self.assertEqual(run.reason("txn.next-version-gap"), "no_backend")
                if scenario == "transactions-near-limit":
                    self.assertEqual(of(run.json)["txn.committed-not-visible"][0], "critical")

    def test_denied(self):
        """an account without privileges gets reasons"""
        with Cluster("transactions-near-limit") as c:
            run = c.srdiag("transactions", "-o", "json", user="poor")
            self.assertEqual(run.reason("txn.running-near-limit"), "denied")
            self.assertEqual(of(run.json), {})


class Views(unittest.TestCase):
    def test_running(self):
        """the view has what runs, oldest first"""
        for scenario in ("transactions-near-limit", "healthy-shared-data"):
            for line in LINES:
                with self.subTest(scenario, line=line), Cluster(scenario, "--line", line) as c:
                    live = valid(c.srdiag("transactions", "running", "-o", "json").json)
                    if scenario == "transactions-near-limit":
                        self.assertEqual(len(live["rows"]), 100)
                        self.assertEqual(live["rows"][0]["label"], "flink_orders_0")
                        self.assertEqual(str(live["rows"][0]["txn_id"]), "989980")
                        few = c.srdiag("transactions", "running", "--limit", "3", "-o", "json").json
                        self.assertEqual(len(few["rows"]), 3)
                    else:
                        self.assertEqual({r["status"] for r in live["rows"]}, {"PREPARE", "COMMITTED"})

    def test_hostile(self):
        """hostile labels come out whole in JSON and harmless on a terminal"""
        with Cluster("healthy-shared-nothing") as c:
            c.faults({"match": "/running", "set": {"Label": "a\x1b[2J\u202eb'\"`名"}})
            text = c.srdiag("transactions", "running").out
            self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
            rows = c.srdiag("transactions", "running", "-o", "json").json["rows"]
            self.assertIn("名", rows[0]["label"])


if __name__ == "__main__":
    tap.main()
