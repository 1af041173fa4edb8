"""Does srdiag load-jobs say the right thing about simulated clusters, on every line, live and from a snapshot?"""

import json
import sys
import tempfile
import unittest

import tap
from cluster import ALARMS, LINES, OTHERS, ROOT, Cluster, srdiag
from schema_check import valid

VIEWS = (("list",), ("list", "--state", "CANCELLED", "--limit", "3"), ("failed",), ("failed", "--hours", "2"))


def said(run):
    """What a view says, without what differs between two runs by nature."""
    data = run.json
    return {key: data.get(key) for key in ("rows", "summary", "notes", "status", "detail")}


def still(data):
    """Without times: the simulator counts them back from now, which is later for the second of two runs."""
    rows = [r for r in data["rows"] if r.get("field") not in ("created", "started", "committed", "ended", "age")]
    return {**data, "rows": [{k: v for k, v in r.items() if k not in ("created", "failed", "duration_ms")} for r in rows]}


def alarms(run):
    return sorted({f["id"] for f in run.json["findings"] if f["severity"] in ALARMS and f["id"].startswith("load.")})


class Reports(unittest.TestCase):
    def report(self, scenario, *options, words=("load-jobs",)):
        with Cluster(scenario, *options) as c:
            run = c.srdiag(*words, "-o", "json", user="doctor")
            self.assertEqual(run.err, "")
            valid(run.json)
            self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])
            return run

    def test_healthy(self):
        """clusters that load well raise nothing above info, on every line and in both modes"""
        for line in OTHERS:
            for scenario in ("healthy-shared-nothing", "healthy-shared-data", "busy-healthy", "load-night"):
                with self.subTest(scenario, line=line):
                    self.assertEqual(alarms(self.report(scenario, "--line", line)), [])

    def test_night_is_seen(self):
        """what is worth a word of a busy night is said as info"""
        run = self.report("load-night")
        self.assertEqual(set(run.finding_ids("info")) & {"load.broker-queue", "load.error-class"},
                         {"load.broker-queue", "load.error-class"})

    def test_zones(self):
        """ages are right whatever the zone of the cluster, with summer time and with the defect of early 4.1"""
        for options in (("--time-zone", "America/New_York"), ("--time-zone=-03:30",), ("--time-zone", "CST"),
                        ("--line", "4.1", "--fixed-plus-8"), ("--line", "4.1", "--fixed-plus-8", "--time-zone", "America/New_York")):
            with self.subTest(options):
                self.assertEqual(alarms(self.report("load-night", *options)), [])
                self.assertEqual(alarms(self.report("disk-full", *options)), ["load.error-class"])

    def test_failing(self):
        """failing loads are told apart by class, and missing partitions are their cause"""
        for line in OTHERS:
            with self.subTest(line):
                run = self.report("loads-fail", "--line", line, words=("comprehensive",))
                self.assertEqual(run.status, 2)
                self.assertLessEqual({"load.error-class", "load.job-failure-rate", "load.stuck", "load.broker-queue",
                                      "load.export-failed", "load.migration-stuck"}, set(alarms(run)))
                # stream loads are in no list before 3.3.6, and one of them dropped the rows
                self.assertEqual("load.filtered-rows" in alarms(run), line != "3.2")
                causes = [c["id"] for c in run.json["causes"]]
                self.assertIn("RC-26", causes)
                cause = run.json["causes"][causes.index("RC-26")]
                self.assertIn("load.error-class" if line == "3.2" else "load.filtered-rows", [b["check"] for b in cause["because"]])
                self.assertNotIn("hunter2", run.out)

    def test_full_disks(self):
        """loads that found no room support full disks as the cause, and others do not"""
        run = self.report("disk-full", words=("comprehensive",))
        self.assertEqual(run.json["causes"][0]["id"], "RC-01")
        self.assertIn("load.error-class", [b["check"] for b in run.json["causes"][0]["because"]])
        error = next(f for f in run.json["findings"] if f["id"] == "load.error-class")
        self.assertEqual((error["severity"], error["value"]), ("critical", 3))
        self.assertIn("no room on the disks", error["message"])

    def test_small_loads(self):
        """many small loads of a table are found though the list covers minutes; not before 3.3.6, and that is said"""
        for line in ("3.5", "4.1"):
            self.assertEqual(alarms(self.report("small-loads", "--line", line)), ["load.small-frequent"])
        run = self.report("small-loads", "--line", "3.2")
        self.assertEqual((alarms(run), run.reason("load.small-frequent")), ([], "version"))

    def test_denied(self):
        """who may not ask gets reasons, never 'ok'"""
        with Cluster("loads-fail") as c:
            c.faults({"match": "information_schema.loads", "deny": True, "privilege": "SELECT"})
            run = c.srdiag("load-jobs", "-o", "json")
            valid(run.json)
            for check in ("job-failure-rate", "error-class", "stuck", "broker-queue", "filtered-rows", "small-frequent",
                          "spark-stuck"):
                self.assertEqual(run.reason(f"load.{check}"), "denied", check)
            self.assertEqual(c.srdiag("load-jobs", "list").status, 77)
            self.assertEqual(run.reason("load.disabled"), None)

    def test_trouble(self):
        """missing columns, cut rows and errors are reasons"""
        for fault, reason in (({"drop_column": "ERROR_MSG"}, ("version", "failed")), ({"cut_rows": 1}, ("failed",)),
                              ({"error": {"code": 1064, "sqlstate": "HY000", "text": "boom"}}, ("failed",))):
            with self.subTest(str(fault)), Cluster("loads-fail") as c:
                c.faults({"match": "srdiag:loads", **fault})
                run = c.srdiag("load-jobs", "-o", "json")
                valid(run.json)
                self.assertIn(run.reason("load.error-class"), reason)

    def test_no_nodes(self):
        """with no node alive nothing of loads is known, and that is the reason"""
        with Cluster("healthy-shared-nothing", "--dead", "be1,be2,be3,be4,be5,be6") as c:
            run = c.srdiag("load-jobs", "-o", "json")
            self.assertEqual(run.reason("load.stuck"), "no_backend")
            self.assertIsNone(run.reason("load.disabled"))

    def test_cost(self):
        """the whole expert asks a few statements, however many loads there are"""
        with Cluster("small-loads") as c:
            c.srdiag("load-jobs")
            asked = [s["sql"] for s in c.control("log") if "srdiag:" in s["sql"]]
            self.assertLessEqual(len([s for s in asked if "information_schema.loads" in s]), 3)
            self.assertLessEqual(len([s for s in asked if "SHOW EXPORT" in s]), 3)
            self.assertLessEqual(len(asked), 22)


class Views(unittest.TestCase):
    def test_lines(self):
        """the views print what the cluster remembers, and a snapshot prints the same"""
        for scenario in ("loads-fail", "healthy-shared-data"):
            for line in LINES:
                with self.subTest(scenario, line=line), tempfile.TemporaryDirectory() as d, \
                        Cluster(scenario, "--line", line, "--single-fe") as c:
                    file = f"{d}/case.srd"
                    label = "event_batch_0" if scenario == "loads-fail" else "ods_order_0001"
                    self.assertEqual(c.srdiag("collect", file).status, 0)
                    for words in (*VIEWS, ("status", label)):
                        run = c.srdiag("load-jobs", *words, "-o", "json")
                        self.assertEqual((run.status, run.err), (0, ""), words)
                        valid(run.json)
                        kept = srdiag("load-jobs", *words, "--input", file, "-o", "json")
                        self.assertEqual(kept.status, 0, kept.err)
                        a, b = said(run), said(kept)
                        self.assertEqual(still(a), still(b))
                    self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])

    def test_failed(self):
        """failed loads have a class and a remedy, and the arguments cut the list"""
        with Cluster("loads-fail") as c:
            rows = c.srdiag("load-jobs", "failed", "--limit", "500", "-o", "json").json["rows"]
            self.assertEqual({r["class"] for r in rows}, {"partition", "memory", "cancelled", "label", "object-storage"})
            self.assertTrue(all(r["advice"] for r in rows))
            self.assertNotIn("hunter2", json.dumps(rows))
            self.assertEqual(len(c.srdiag("load-jobs", "failed", "--limit", "3", "-o", "json").json["rows"]), 3)
            self.assertEqual(c.srdiag("load-jobs", "failed", "--hours", "0").status, 64)
            self.assertEqual(c.srdiag("load-jobs", "list", "--state", "DONE").status, 64)
            states = {r["state"] for r in c.srdiag("load-jobs", "list", "--state", "pending", "-o", "json").json["rows"]}
            self.assertEqual(states, {"PENDING"})

    def test_longer_windows(self):
        """more hours than a day are asked of the cluster, and are not in a snapshot"""
        with Cluster("loads-fail") as c, tempfile.TemporaryDirectory() as d:
            file = f"{d}/case.srd"
            c.srdiag("collect", file)
            self.assertEqual(c.srdiag("load-jobs", "failed", "--hours", "72").status, 0)
            self.assertTrue([s for s in c.control("log") if "srdiag:loads" in s["sql"] and "* 72" in s["sql"]])
            run = srdiag("load-jobs", "failed", "--hours", "72", "--input", file, "-o", "json")
            self.assertEqual((run.status, run.json["status"]), (3, "skipped"))
            self.assertIn("not in the snapshot", run.json["detail"])

    def test_labels(self):
        """labels with quotes, wild cards and other letters are found; others are said not to be there"""
        hostile = "\u6570\u636e 'x\"`; DROP_0"
        with Cluster("loads-fail") as c, tempfile.TemporaryDirectory() as d:
            file = f"{d}/case.srd"
            c.srdiag("collect", file)
            for source in (lambda *w: c.srdiag(*w), lambda *w: srdiag(*w, "--input", file)):
                run = source("load-jobs", "status", hostile, "-o", "json")
                self.assertEqual(run.status, 0, run.err)
                self.assertIn({"id": run.json["rows"][0]["id"], "field": "label", "value": hostile}, run.json["rows"])
            for label in ("%", "event_batch__", "' OR '1'='1", "\\", "EVENT_BATCH_0", "x" * 300):
                run = c.srdiag("load-jobs", "status", label, "-o", "json")
                self.assertEqual((run.status, run.json["rows"]), (0, []), label)
                self.assertIn("no load with the label", run.json["summary"])
                self.assertEqual(srdiag("load-jobs", "status", label, "--input", file).status, 3)
            self.assertEqual(c.srdiag("load-jobs", "status").status, 64)
            self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])

    def test_weird(self):
        """hostile bytes in labels and errors do no harm on a terminal"""
        with Cluster("healthy-shared-nothing", "--weird") as c:
            for words in (("list",), ("failed",), ()):
                run = c.srdiag("load-jobs", *words, "--detail" if not words else "-o", *(("wide",) if words else ()))
                self.assertNotRegex(run.out, "[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    tap.main()
