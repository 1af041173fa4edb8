"""Does srdiag say the right thing about simulated clusters that load all the time?"""

import sys
import tempfile
import unittest

import tap
from cluster import ALARMS, LINES, OTHERS, ROOT, Cluster
from schema_check import valid

MINE = ("load.routine", "load.pipe", "load.stream", "ingest.")
CAUSES = {"routine-paused-by-node": "RC-07", "kafka-overtook": "RC-36", "dirty-partition-column": "RC-25"}
HEALTHY = ("idle-kafka-partition", "job-paused-by-owner", "backfill-history")


def mine(run, *severities):
    return [(f["id"], f["message"]) for f in run.json["findings"] if f["id"].startswith(MINE) and f["severity"] in severities]


class Causes(unittest.TestCase):
    def check(self, scenario, line, *options):
        with Cluster(scenario, "--line", line, *options) as c:
            run = c.srdiag("comprehensive", "-o", "json", user="doctor")
            valid(run.json)
            self.assertEqual(run.status, 2)
            self.assertEqual(run.json["causes"][0]["id"], CAUSES[scenario])
            report = c.control("report")
            ids = run.finding_ids()
            new = line != "3.2"  # the lag of Routine Load is told from 3.3.13 on
            for check in report["must"]:
                if new or check not in ("load.routine-lag", "load.routine-unstable"):
                    self.assertIn(check, ids)
            for check in report["must_not"]:
                self.assertNotIn(check, ids)
            self.assertLessEqual(run.json["score"]["value"], report["score_max"])
            self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])

    def test_causes(self):
        """jobs stopped by a node, by Kafka's retention, and partitions of wrong values are told as such, on every line"""
        for scenario in CAUSES:
            for line in OTHERS:
                with self.subTest(scenario, line=line):
                    self.check(scenario, line)

    def test_shared_data(self):
        """those that exist there are told in shared-data too"""
        for scenario in ("kafka-overtook", "dirty-partition-column"):
            with self.subTest(scenario):
                self.check(scenario, "3.5", "--mode", "shared_data")

    def test_resume(self):
        """the jobs to resume are named, each with its statement"""
        with Cluster("routine-paused-by-node") as c:
            steps = [s.get("sql") or "" for s in c.srdiag("comprehensive", "-o", "json").json["causes"][0]["steps"]]
            self.assertTrue([s for s in steps if s.startswith("RESUME ROUTINE LOAD FOR `ods`.`")], steps)


class Healthy(unittest.TestCase):
    def test_near_misses(self):
        """an idle partition, an owner's pause and a backfill raise nothing above info, in both modes"""
        for scenario in HEALTHY:
            for line, options in (("3.2", ()), ("3.5", ("--mode", "shared_data")), ("4.1", ())):
                with self.subTest(scenario, line=line, options=options), Cluster(scenario, "--line", line, *options) as c:
                    run = c.srdiag("comprehensive", "-o", "json", user="doctor")
                    self.assertEqual(mine(run, *ALARMS), [])
                    self.assertEqual((run.json["causes"], run.status), ([], 0), run.json["findings"])
                    self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])

    def test_zones(self):
        """zones of the cluster change nothing: summer time, west of Greenwich, +08:00 whatever the zone"""
        for options in (("--time-zone", "America/Los_Angeles"), ("--time-zone=-05:00",), ("--time-zone", "Europe/Berlin"),
                        ("--line", "4.1", "--fixed-plus-8")):
            with self.subTest(options), Cluster("job-paused-by-owner", *options) as c:
                run = c.srdiag("comprehensive", "-o", "json")
                self.assertEqual(mine(run, *ALARMS), [])
                paused = next(f for f in run.json["findings"] if f["id"] == "load.routine-paused")
                self.assertRegex(paused["message"], "paused for (2h|1h 59m)")


class Hours(unittest.TestCase):
    def test_window(self):
        """--hours reaches the statement, and a view of a day shares its answer"""
        with Cluster("loads-fail", "--single-fe") as c:
            for words, hours in (((), 24), (("--hours", "3"), 24), (("--hours", "72"), 72)):
                with self.subTest(words):
                    run = c.srdiag("ingestion", "-o", "json", *words)
                    valid(run.json)
                    self.assertEqual(run.json["arguments"], {"hours": int(words[1]) if words else 24})
                    asked = [s["sql"] for s in c.control("log") if "srdiag:loads" in s["sql"]]
                    self.assertIn(f"3600 * {hours})", asked[-1])
            self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])


class Views(unittest.TestCase):
    def rows(self, c, view, *words):
        run = c.srdiag("ingestion", view, "-o", "json", *words)
        self.assertEqual((run.status, run.err), (0, ""), view)
        valid(run.json)
        return run.json["rows"]

    def test_numbers(self):
        """the views print what the jobs are, on every line and in both modes"""
        for line in LINES:
            for options in ((), ("--mode", "shared_data")):
                with self.subTest(line, options=options), Cluster("kafka-overtook", "--line", line, *options) as c:
                    jobs = {j["job"]: j for j in self.rows(c, "routine-load")}
                    self.assertEqual(len(jobs), 9)
                    self.assertEqual((jobs["sensor_in"]["tasks"], jobs["sensor_in"]["partitions"]), (2, 12))
                    self.assertEqual(jobs["sensor_in"]["lag_rows"], None if line == "3.2" else 40800000)
                    self.assertEqual(jobs["device_in"]["state"], "PAUSED")
                    self.assertIn("Offset out of range", jobs["device_in"]["reason"])
                    loads = self.rows(c, "stream-load")
                    self.assertEqual([(r["table"], r["loads"], r["failed"]) for r in loads], [("orders_log", 20, 0)])
                    self.assertEqual([r["loads"] for r in self.rows(c, "stream-load", "--hours", "1")], [2])
                    self.assertEqual(c.srdiag("ingestion", "stream-load", "--hours", "0").status, 64)

    def test_hostile(self):
        """hostile names and texts are harmless on a terminal"""
        with Cluster("healthy-shared-nothing", "--weird") as c:
            c.faults({"match": "srdiag:routine-load-jobs", "set": {"NAME": "a\x1b[31m`\u202e'", "STATE": "PAUSED", "REASON": "\x07<b>" * 400}})
            for words in (("ingestion", "routine-load"), ("load-jobs", "--detail")):
                self.assertNotRegex(c.srdiag(*words).out, "[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

    def test_no_secrets(self):
        """no password of a job gets into the output or a snapshot"""
        with Cluster("healthy-shared-nothing") as c, tempfile.TemporaryDirectory() as d:
            self.assertEqual(c.srdiag("collect", f"{d}/a.srd").status, 0)
            with open(f"{d}/a.srd", "rb") as f:
                self.assertNotIn(b"s3same", f.read())
            self.assertNotIn("s3same", c.srdiag("ingestion", "routine-load", "-o", "json").out)

    def test_cost(self):
        """the expert asks at most ten statements, and none twice"""
        with Cluster("routine-paused-by-node", "--single-fe") as c:
            c.srdiag("ingestion")
            asked = [s["sql"] for s in c.control("log") if "srdiag:" in s["sql"]]
            self.assertLessEqual(len(asked), 14)  # five of them say which cluster it is
            self.assertEqual(len(asked), len(set(asked)))

    def test_denied(self):
        """an account without rights gets reasons, not a clean bill"""
        with Cluster("dirty-partition-column") as c:
            run = c.srdiag("ingestion", "-o", "json", user="poor")
            self.assertEqual(mine(run, *ALARMS)[:0], [])
            self.assertEqual(run.reason("ingest.partition-explosion"), "denied")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    tap.main()
