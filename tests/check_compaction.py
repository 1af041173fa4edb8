"""Does the compaction expert say the right thing about simulated clusters, whatever their version, mode and columns?"""

import sys
import unittest

import tap
from cluster import LINES, OTHERS, ROOT, Cluster
from schema_check import valid

SICK = ("lake-compaction-debt", "lake-compaction-off", "version-pileup")
WELL = ("healthy-shared-nothing", "healthy-shared-data", "busy-healthy", "bulk-load-running", "compaction-one-table-off",
        "busy-versions")


class Scenarios(unittest.TestCase):
    def judged(self, c):
        run = c.srdiag("compaction", "-o", "json", user="doctor")
        self.assertEqual(run.err, "")
        valid(run.json)
        self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])
        return run

    def test_sick(self):
        """what each sick cluster suffers from is found, its cause first, and nothing that it does not"""
        for scenario in SICK:
            for line in OTHERS:
                with self.subTest(scenario, line=line), Cluster(scenario, "--line", line) as c:
                    run, want = self.judged(c), c.control("report")
                    alarms = run.finding_ids("warning", "critical")
                    self.assertEqual(run.status, want["exit"])
                    self.assertEqual(run.json["causes"][0]["id"], want["cause"])
                    self.assertLessEqual(run.json["score"]["value"], 69)  # of one expert alone
                    for check in want["must"]:
                        self.assertIn(check, alarms)
                    for check in want["must_not"]:
                        self.assertNotIn(check, alarms)

    def test_well(self):
        """healthy clusters and near-misses raise nothing above info"""
        for scenario in WELL:
            for line in OTHERS:
                with self.subTest(scenario, line=line), Cluster(scenario, "--line", line) as c:
                    run = self.judged(c)
                    self.assertEqual([(f["id"], f["message"]) for f in run.json["findings"] if f["severity"] != "info"], [])
                    self.assertEqual(run.status, 0)
                    self.assertTrue(set(c.control("report").get("must", ())) <= set(run.finding_ids()))

    def test_no_nodes_for_compaction(self):
        """compaction that is sent to a warehouse without nodes is critical from 3.3 on"""
        with Cluster("lake-compaction-debt", "--line", "4.0") as c:
            c.faults({"match": "FRONTEND CONFIG */?$", "set": {}},
                     {"match": "srdiag:compute-nodes", "set": {"WarehouseName": "loads_wh"}})
            run = c.srdiag("compaction", "-o", "json")
            self.assertIn("compaction.lake-warehouse-missing", run.finding_ids("critical"))
            self.assertEqual(run.json["causes"][0]["id"], "RC-05")

    def test_fixed_zone(self):
        """times printed at +08:00 whatever the zone give the same ages"""
        for options in ((), ("--fixed-plus-8",)):
            with Cluster("lake-compaction-off", "--line", "4.1", *options) as c:
                off = next(f for f in self.judged(c).json["findings"] if f["id"] == "compaction.disabled")
                self.assertEqual(off["severity"], "critical")
                self.assertIn("5h", off["message"])

    def test_cost(self):
        """a run of the expert asks at most ten questions of its own, also on a large cluster"""
        for scenario, options in (("version-pileup", ("--backends", "60", "--tablets", "200000")), ("lake-compaction-debt", ())):
            with self.subTest(scenario), Cluster(scenario, *options) as c:
                c.srdiag("compaction")
                asked = [s["sql"] for s in c.control("log") if "/* srdiag:" in s["sql"]]
                shared = ("frontends", "clock", "run-mode", "backends", "compute-nodes", "fe-config", "fe-locks")
                own = [s for s in asked if not any(f"srdiag:{name} " in s for name in shared)]
                self.assertLessEqual(len(own), 10, own)


class Views(unittest.TestCase):
    def rows(self, c, *words):
        run = c.srdiag("compaction", *words, "-o", "json")
        self.assertEqual((run.status, run.err), (0, ""), words)
        valid(run.json)
        return run.json["rows"]

    def test_shared_nothing(self):
        """the views print what a shared-nothing cluster is, on old and new lines"""
        for line in LINES:
            with self.subTest(line), Cluster("version-pileup", "--line", line) as c:
                status = self.rows(c, "status")
                self.assertEqual(len(status), 6)
                self.assertEqual(max(r["rowsets"] for r in status), 960)
                self.assertTrue(all(r["running"] == 3 and r["kind"] == "backend" for r in status))
                worst = self.rows(c, "partitions")
                self.assertEqual((worst[0]["database"], worst[0]["table"], worst[0]["max_score"]), ("ods", "order_live", 960))
                self.assertEqual([r["max_score"] for r in worst], [960, 610, 420, 240, 130])
                self.assertEqual(len(self.rows(c, "partitions", "--limit", "2", "--min-score", "200")), 2)
                self.assertEqual(self.rows(c, "history"), [])

    def test_shared_data(self):
        """the views print what a shared-data cluster is, on old and new lines"""
        for line in LINES:
            with self.subTest(line), Cluster("lake-compaction-debt", "--line", line) as c:
                status = self.rows(c, "status")
                self.assertEqual([r["queued"] for r in status], [0, 3, 6, 9])
                self.assertTrue(all(r["kind"] == "job" and r["age_ms"] > 60000 for r in status))
                worst = self.rows(c, "partitions")
                self.assertEqual([r["max_score"] for r in worst], [640, 420, 310, 180])
                self.assertEqual(worst[0]["median_score"], 320)
                history = self.rows(c, "history")
                self.assertEqual((len(history), history[0]["state"], history[0]["duration_ms"]), (8, "finished", 262000))

    def test_arguments(self):
        """arguments that make no sense are refused"""
        with Cluster("healthy-shared-data") as c:
            for words in (("partitions", "--limit", "0"), ("partitions", "--min-score", "-1"), ("history", "--hours", "0")):
                self.assertEqual(c.srdiag("compaction", *words).status, 64, words)

    def test_hostile_names(self):
        """hostile names come out whole in JSON and harmless on a terminal"""
        for scenario in ("healthy-shared-nothing", "healthy-shared-data"):
            with self.subTest(scenario), Cluster(scenario, "--weird") as c:
                words = ("compaction", "partitions", "--min-score", "0", "--limit", "1000")
                self.assertNotRegex(c.srdiag(*words).out, "[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
                self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])

    def test_denied(self):
        """an account without privileges gets reasons, never 'ok'"""
        for scenario in ("version-pileup", "lake-compaction-off"):
            with self.subTest(scenario), Cluster(scenario) as c:
                run = c.srdiag("compaction", "-o", "json", user="poor")
                self.assertEqual(run.finding_ids("info"), [])
                self.assertEqual(run.reason("compaction.disabled"), "denied")
                for check in ("compaction.version-count", "compaction.lake-score"):
                    self.assertIn(run.reason(check), ("denied", None))
                view = c.srdiag("compaction", "status", "-o", "json", user="poor").json
                self.assertEqual(view["status"], "denied")

    def test_all_dead(self):
        """with no node alive there are reasons; what the leader knows is still printed"""
        with Cluster("version-pileup", "--dead", "all") as c:
            run = c.srdiag("compaction", "-o", "json")
            self.assertEqual(run.reason("compaction.version-count"), "no_backend")
            self.assertEqual(c.srdiag("compaction", "status", "-o", "json").json["status"], "no_backend")
        with Cluster("lake-compaction-debt", "--dead", "all") as c:
            self.assertEqual(len(self.rows(c, "status")), 4)
            self.assertEqual(len(self.rows(c, "history")), 8)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    tap.main()
