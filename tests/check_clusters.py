"""Does srdiag say the right thing about simulated clusters, whatever their version, mode, columns and faults?"""

import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import tap
from cluster import ALARMS, ROOT, SRDIAG, Cluster, srdiag
from schema_check import valid



class Healthy(unittest.TestCase):
    def check(self, scenario, *options):
        with Cluster(scenario, *options) as c:
            run = c.srdiag("comprehensive", "-o", "json", user="doctor")
            self.assertEqual(run.err, "")
            valid(run.json)
            self.assertEqual([(f["id"], f["message"]) for f in run.json["findings"] if f["severity"] in ALARMS], [])
            self.assertEqual(run.status, 0)
            self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])

    def test_shared_nothing(self):
        """a healthy shared-nothing cluster raises nothing above info, on every line; 3.5: check_scenarios_well.py"""
        for line in ("3.2", "3.3", "3.4", "4.0", "4.1"):
            with self.subTest(line):
                self.check("healthy-shared-nothing", "--line", line)

    def test_shared_data(self):
        """a healthy shared-data cluster raises nothing above info, on every line; 3.5: check_scenarios_well.py"""
        for line in ("3.2", "3.3", "3.4", "4.0", "4.1"):
            with self.subTest(line):
                self.check("healthy-shared-data", "--line", line)

    def test_fixed_zone(self):
        """times printed at +08:00 whatever the zone raise nothing"""
        self.check("healthy-shared-nothing", "--line", "4.1", "--fixed-plus-8")


class DiskFull(unittest.TestCase):
    def test_cause_first(self):
        """full disks are named as RC-01 first, with evidence for and against, on old and new lines"""
        for line in ("3.2", "4.0", "4.1"):
            with self.subTest(line), Cluster("disk-full", "--line", line) as c:
                run = c.srdiag("comprehensive", "-o", "json")
                report = run.json
                valid(report)
                self.assertEqual(run.status, 2)
                self.assertEqual(report["causes"][0]["id"], "RC-01")
                self.assertIn("storage.disk-hard-limit", [b["check"] for b in report["causes"][0]["because"]])
                self.assertIn("storage.disk-skew-backends", [r["check"] for r in report["causes"][0]["ruled_out"]])
                self.assertLessEqual(report["score"]["value"], 39)
                self.assertLessEqual(report["score"]["low"], report["score"]["value"])
                hard = next(f for f in report["findings"] if f["id"] == "storage.disk-hard-limit")
                self.assertIn("96.5", hard["message"])
                self.assertEqual(hard["limit"], 95)
                self.assertIn("storage_usage_hard_limit_percent", hard["limit_source"])
                self.assertIn("storage.no-retention", run.finding_ids())

    def test_threshold_of_the_cluster(self):
        """the cluster's own limit counts, and --set wins over it"""
        with Cluster("disk-full") as c:
            c.faults({"match": "FRONTEND CONFIG */?$", "set": {}})
            run = c.srdiag("storage", "-o", "json", "--set", "storage_usage_hard_limit_percent=99")
            self.assertNotIn("storage.disk-hard-limit", run.finding_ids())


class Views(unittest.TestCase):
    def numbers(self, c, view):
        run = c.srdiag("storage", view, "-o", "json")
        self.assertEqual((run.status, run.err), (0, ""), view)
        valid(run.json)
        return run.json

    def test_shared_nothing(self):
        """the views print what the cluster is, at 3.2 and at 4.0, shared-nothing"""
        for line in ("3.2", "3.5", "4.0"):
            with self.subTest(line), Cluster("disk-full", "--line", line) as c:
                disks = self.numbers(c, "disks")["rows"]
                self.assertEqual(len(disks), 6)
                full = max(disks, key=lambda d: d["used_percent"])
                self.assertAlmostEqual(full["used_percent"], 96.52, 2)
                self.assertAlmostEqual(full["available_bytes"] / 2**30, 71.3, 1)
                tablets = self.numbers(c, "tablets")["rows"]
                self.assertEqual(len(tablets), 6)
                events = self.numbers(c, "tables")["rows"][0]
                self.assertEqual((events["database"], events["table"]), ("dwd", "events"))
                self.assertEqual(events["partitions"], 1460)
                self.assertEqual(events["tablets"], 8760)
                self.assertEqual(events["replication"], 3)
                replicas = {r["database"]: r for r in self.numbers(c, "replicas")["rows"]}
                self.assertEqual(replicas["dwd"]["replicas"], 3 * replicas["dwd"]["tablets"])

    def test_shared_data(self):
        """the views print what there is, or say that there is no such thing, in shared-data"""
        for line in ("3.2", "3.5", "4.0"):
            with self.subTest(line), Cluster("healthy-shared-data", "--line", line) as c:
                self.assertTrue(self.numbers(c, "tables")["rows"])
                for view in ("disks", "tablets", "replicas"):
                    data = self.numbers(c, view)
                    self.assertTrue(data["rows"] or data["status"] == "mode" or data["notes"], view)

    def test_limit(self):
        """tables --limit shows so many, and refuses what makes no sense"""
        with Cluster("disk-full") as c:
            self.assertEqual(len(c.srdiag("storage", "tables", "--limit", "2", "-o", "json").json["rows"]), 2)
            self.assertEqual(c.srdiag("storage", "tables", "--limit", "0").status, 64)

    def test_hostile_names(self):
        """hostile names come out whole in JSON and harmless on a terminal"""
        with Cluster("healthy-shared-nothing", "--weird") as c:
            for command in (("storage", "tables", "--limit", "1000"), ("comprehensive", "--detail")):
                run = c.srdiag(*command)
                self.assertNotRegex(run.out, "[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
            data = c.srdiag("storage", "tables", "--limit", "1000", "-o", "json").json
            self.assertTrue([r for r in data["rows"] if "名字" in r["table"] and "`" in r["table"]])
            self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])


class Snapshots(unittest.TestCase):
    def test_private(self):
        """a snapshot is for its owner's eyes, until the owner says otherwise; what it says: check_scenarios.py, check_views.py"""
        with tempfile.TemporaryDirectory() as d, Cluster("disk-full") as c:
            self.assertEqual(c.srdiag("collect", f"{d}/case.srd").status, 0)
            self.assertEqual(os.stat(f"{d}/case.srd").st_mode & 0o777, 0o600)

    def test_gzip_and_refusals(self):
        """a packed snapshot is read alike; a cut or doctored one is refused with its line"""
        with tempfile.TemporaryDirectory() as d, Cluster("disk-full") as c:
            self.assertEqual(c.srdiag("collect", f"{d}/a.srd").status, 0)
            text = Path(d, "a.srd").read_bytes()
            if text[:2] == b"\x1f\x8b":
                import gzip
                text = gzip.decompress(text)
            lines = text.splitlines(keepends=True)
            Path(d, "cut.srd").write_bytes(b"".join(lines[:len(lines) // 2]))
            doctored = lines.copy()
            doctored[3] = b'["only one cell"]\n'
            Path(d, "doctored.srd").write_bytes(b"".join(doctored))
            for name, words in (("cut.srd", "cut|end|last line"), ("doctored.srd", "line 4")):
                run = srdiag("storage", "--input", f"{d}/{name}")
                self.assertEqual(run.status, 65)
                self.assertEqual(run.err.count("\n"), 1, run.err)
                self.assertRegex(run.err, words)

    def test_no_partial_file(self):
        """a full disk under collect leaves no file and says so"""
        with Cluster("disk-full") as c, tempfile.TemporaryDirectory() as d:
            run = subprocess.run(["bash", "-c", f"ulimit -f 8; trap '' XFSZ; exec {SRDIAG} collect {d}/x.srd "
                                  f"{' '.join(c.connection)} -u root"], capture_output=True, text=True, timeout=60)
            self.assertNotEqual(run.returncode, 0)
            self.assertEqual(os.listdir(d), [])
            self.assertRegex(run.stderr, "(?i)large|space|write")


class Denied(unittest.TestCase):
    def test_poor(self):
        """an account without privileges gets reasons, never 'healthy' and never 'ok'"""
        with Cluster("disk-full") as c:
            full = c.srdiag("comprehensive", "-o", "json")
            poor = c.srdiag("comprehensive", "-o", "json", user="poor")
            valid(poor.json)
            self.assertLessEqual(set(poor.finding_ids()), set(full.finding_ids()))
            self.assertEqual(poor.reason("storage.disk-hard-limit"), "denied")
            self.assertEqual(poor.reason("storage.no-retention"), "denied")
            self.assertNotRegex(c.srdiag("comprehensive", user="poor").out.lower(), r"\bhealthy\b")
            self.assertEqual(poor.status, 3)
            words = c.srdiag("preflight", user="poor")
            self.assertIn("OPERATE", words.out)

    def test_grants(self):
        """the statements of grants are accepted, and enough"""
        with Cluster("disk-full") as c:
            sql = c.srdiag("grants", "--to", "poor").out
            done = subprocess.run(["mariadb", "--no-defaults", "--skip-ssl", "-h", c.facts["host"], "-P",
                                   str(c.facts["port"]), "-u", "root"], input=sql, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            run = c.srdiag("comprehensive", "-o", "json", user="poor")
            self.assertEqual([n for n in run.json["not_checked"] if n["reason"] == "denied"], [])


class Trouble(unittest.TestCase):
    def test_hung_statement(self):
        """a hung statement costs its 10 s and nothing else, and its kill arrives at the server"""
        with Cluster("disk-full") as c:
            c.faults({"match": "srdiag:databases", "hang": True})
            run = c.srdiag("comprehensive", "-o", "json")
            self.assertGreater(run.seconds, 9)
            self.assertLess(run.seconds, 14)
            self.assertEqual(run.reason("storage.quota"), "timeout")
            self.assertEqual(run.json["causes"][0]["id"], "RC-01")
            self.assertGreaterEqual(c.stats["kills"], 1)
            self.assertEqual(c.stats["running"], 0)

    def test_end_of_time(self):
        """the end of the run's time gives a partial result and status 124"""
        with Cluster("disk-full") as c:
            c.faults({"match": "srdiag:statistic", "hang": True})
            run = c.srdiag("comprehensive", "-o", "json", "--timeout", "2")
            self.assertEqual(run.status, 124)
            self.assertTrue(run.json["partial"])
            self.assertLess(run.seconds, 6)
            self.assertEqual(c.stats["running"], 0)

    def test_interrupt(self):
        """Ctrl-C and SIGTERM end the run soon with 130, and nothing keeps running on the server"""
        for number in (2, 15):
            with self.subTest(number), Cluster("disk-full") as c:
                c.faults({"match": "srdiag:fe-config", "hang": True})
                process = subprocess.Popen([SRDIAG, "comprehensive", *c.connection, "-u", "root"],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for _ in range(100):
                    if c.stats["running"]:
                        break
                    time.sleep(0.05)
                process.send_signal(number)
                out, err = process.communicate(timeout=10)
                self.assertEqual((process.returncode, out), (130, ""))
                self.assertEqual(err.count("\n"), 1, err)
                for _ in range(40):
                    if not c.stats["running"]:
                        break
                    time.sleep(0.05)
                self.assertEqual(c.stats["running"], 0)

    def test_broken_answers(self):
        """rows cut in the middle, wrong packets and errors are reasons, not crashes"""
        for fault in ({"cut_rows": 1}, {"wrong_packet": "row"}, {"wrong_packet": "columns"}, {"close": True},
                      {"error": {"code": 1064, "sqlstate": "HY000", "text": "boom"}}, {"deny": True}):
            with self.subTest(str(fault)), Cluster("disk-full") as c:
                c.faults({"match": "srdiag:databases", **fault})
                run = c.srdiag("storage", "-o", "json", timeout=60)
                self.assertIn(run.status, (0, 1, 2, 3))
                self.assertIn(run.reason("storage.quota"), ("failed", "denied", "timeout"))

    def test_million_rows(self):
        """a million rows where some were expected stop at the ceiling"""
        with Cluster("disk-full") as c:
            c.faults({"match": "srdiag:databases", "rows": 1000000})
            run = c.srdiag("storage", "-o", "json", timeout=60)
            self.assertIn(run.status, (1, 2, 3))
            self.assertEqual(c.stats["running"], 0)

    def test_missing_column(self):
        """a column less makes the checks that need it 'not checked: version', unless another source has it"""
        with Cluster("disk-full") as c:
            metrics = {"match": "srdiag:nodes", "drop_column": "DISK_AVAILABLE"}
            c.faults(metrics)
            run = c.srdiag("storage", "-o", "json")
            self.assertIn("storage.disk-hard-limit", run.finding_ids())
            self.assertIsNone(run.reason("storage.disk-hard-limit"))
            c.faults(metrics, {"match": "srdiag:backend-disks", "drop_column": "AvailCapacity"})
            run = c.srdiag("storage", "-o", "json")
            self.assertEqual(run.reason("storage.disk-hard-limit"), "version")
            self.assertEqual(run.reason("storage.disk-offline"), "version")

    def test_not_starrocks(self):
        """a MySQL that is no StarRocks is named as such"""
        with Cluster("disk-full", "--faults", '[{"on_connect": "mysql"}]') as c:
            run = c.srdiag("storage")
            self.assertEqual((run.status, run.out), (69, ""))
            self.assertIn("no StarRocks FE", run.err)
            self.assertEqual(run.err.count("\n"), 1, run.err)

    def test_silent_and_full(self):
        """a server that accepts and stays silent, and one that is full, are told apart"""
        for kind, words in (("hang", "connect|silent|answer|time"), ("refuse", "full|connection limit")):
            with self.subTest(kind), Cluster("disk-full", "--faults", f'[{{"on_connect": "{kind}"}}]') as c:
                run = c.srdiag("storage", "--connect-timeout", "2")
                self.assertEqual((run.status, run.out), (69, ""))
                self.assertRegex(run.err, words)
                self.assertEqual(run.err.count("\n"), 1, run.err)
                self.assertLess(run.seconds, 12)

    def test_password(self):
        """a wrong password is status 77, and no password appears anywhere"""
        with Cluster("disk-full") as c:
            run = c.srdiag("storage", user="diag", env={"SR_PASSWORD": "hunter2-wrong"})
            self.assertEqual(run.status, 77)
            self.assertNotIn("hunter2", run.out + run.err)
            self.assertEqual(c.srdiag("storage", "disks", user="diag").status, 0)

    def test_tls(self):
        """TLS demanded but absent is refused; TLS that is there is used"""
        with Cluster("disk-full") as c:
            run = c.srdiag("storage", "--ssl-mode", "REQUIRED")
            self.assertEqual(run.status, 69)
            self.assertIn("TLS", run.err)
        with Cluster("disk-full", "--tls") as c:
            self.assertEqual(c.srdiag("storage", "disks", "--ssl-mode", "REQUIRED").status, 0)
            self.assertEqual(c.srdiag("storage", "disks", "--ssl-mode", "VERIFY_IDENTITY").status, 69)


class Nodes(unittest.TestCase):
    def test_follower(self):
        """through a follower the leader is asked; when it cannot be reached, what the follower makes up is not believed"""
        with Cluster("disk-full") as c:
            follower = next(f for f in c.facts["frontends"] if f["role"] != "LEADER")
            words = ["comprehensive", "-o", "json", "-h", follower["host"], "-P", str(follower["port"]), "-u", "root"]
            self.assertEqual(srdiag(*words).json["causes"][0]["id"], "RC-01")
            leader = next(f for f in c.facts["frontends"] if f["role"] == "LEADER")
            silent = {"on_connect": "hang", "fe": leader["name"]}
            c.faults(silent)
            run = srdiag(*words)
            self.assertEqual(run.json["cluster"]["follower"], True)
            self.assertIn("storage.disk-hard-limit", run.finding_ids("critical"))  # the BEs tell it themselves
            self.assertLess(run.json["score"]["confidence"], 0.9)
            c.faults(silent, {"match": "srdiag:nodes", "deny": True})
            run = srdiag(*words)
            self.assertNotIn("storage.disk-hard-limit", run.finding_ids("warning", "critical"))
            self.assertIsNotNone(run.reason("storage.disk-hard-limit"))

    def test_all_dead(self):
        """with no node alive there is a report with reasons, and version and mode are known"""
        with Cluster("healthy-shared-nothing", "--dead", "be1,be2,be3,be4,be5,be6") as c:
            run = c.srdiag("comprehensive", "-o", "json")
            report = run.json
            self.assertEqual(report["cluster"]["run_mode"], "shared-nothing")
            self.assertRegex(report["cluster"]["version"], r"^\d+\.\d+\.\d+")
            self.assertEqual(report["cluster"]["backends"]["alive"], 0)
            self.assertEqual(run.reason("storage.no-retention"), "no_backend")
            self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])

    def cost(self, c):
        """Statements of one comprehensive run; each is asked once, four at a time at most, and only reads."""
        c.control("reset", {})
        self.assertEqual(c.srdiag("comprehensive").err, "")
        self.assertLessEqual(c.stats["running_max"], 4)
        asked = [s["sql"] for s in c.control("log") if "/* srdiag:" in s["sql"]]
        self.assertEqual(len(asked), len({(s["sql"], s["fe"]) for s in c.control("log") if s["sql"] in asked}))
        words = {re.sub(r"/\*.*?\*/\s*", "", s["sql"]).split()[0].upper() for s in c.control("log")}
        self.assertLessEqual(words, {"SELECT", "SHOW", "ADMIN", "SET"})
        marked = [s["sql"] for s in c.control("log") if not s["sql"].upper().startswith("SET")]
        self.assertTrue(all("/* srdiag:" in text for text in marked), marked)
        return len(asked)

    def test_cost(self):
        """a run costs at most forty statements while the nodes are well, in both modes and on every line"""
        for scenario, line in (("disk-full", "3.5"), ("healthy-shared-nothing", "3.2"), ("healthy-shared-nothing", "4.1"),
                               ("healthy-shared-data", "3.3"), ("healthy-shared-data", "4.1"), ("busy-healthy", "3.5")):
            with self.subTest(scenario, line=line), Cluster(scenario, "--line", line) as c:
                self.assertLessEqual(self.cost(c), 40)

    def test_cost_of_size(self):
        """the size of a cluster costs nothing: 200 BEs and a million tablets are asked as much as a few"""
        with Cluster("healthy-shared-nothing") as small, \
                Cluster("healthy-shared-nothing", "--backends", "200", "--tablets", "1000000") as large:
            self.assertLessEqual(self.cost(large), self.cost(small))
            self.assertEqual(large.stats["holes"], 0, large.stats["hole_texts"])


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    tap.main()
