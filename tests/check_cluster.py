"""Does the cluster expert say the right thing about nodes, whatever their version, mode and faults?"""

import unittest

import tap
from cluster import ALARMS, LINES, OTHERS, Cluster, srdiag
from schema_check import valid



def of(report, prefix):
    return [(f["severity"], f["id"], f["message"]) for f in report["findings"] if f["id"].startswith(prefix)]


class Quiet(unittest.TestCase):
    def check(self, scenario, *options):
        with Cluster(scenario, *options) as c:
            run = c.srdiag("cluster", "-o", "json", user="doctor")
            self.assertEqual(run.err, "")
            report = valid(run.json)
            self.assertEqual([x for x in of(report, "cluster.") if x[0] in ALARMS], [])
            self.assertEqual(run.status, 0)
            self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])
            return report

    def test_healthy(self):
        """healthy clusters of both modes raise nothing about nodes above info"""
        for line in OTHERS:
            for scenario in ("healthy-shared-nothing", "healthy-shared-data", "busy-healthy"):
                with self.subTest(scenario, line=line):
                    self.check(scenario, "--line", line)

    def test_near_misses(self):
        """a rolling upgrade, a new cluster and an orderly stop raise nothing above info"""
        for line in OTHERS:
            for scenario in ("rolling-upgrade", "empty-new-cluster", "graceful-shutdown"):
                with self.subTest(scenario, line=line):
                    self.check(scenario, "--line", line)

    def test_fixed_zone(self):
        """times printed at +08:00 whatever the zone make nobody late"""
        self.check("healthy-shared-nothing", "--line", "4.1", "--fixed-plus-8")

    def test_unfit_zone(self):
        """nothing is said about ages where the print zone cannot be told"""
        with Cluster("quorum-at-risk", "--print-zone", "Asia/Kathmandu") as c:
            c.faults({"match": "SHOW FRONTENDS", "set": {"LastHeartbeat": "2001-01-01 00:07:00"}})
            report = c.srdiag("cluster", "-o", "json").json
            self.assertNotIn("critical", [x[0] for x in of(report, "cluster.fe-down")])


class Sick(unittest.TestCase):
    def test_dead_backend(self):
        """a dead backend with single replicas is RC-33, on old and new lines"""
        for line in OTHERS:
            with self.subTest(line), Cluster("dead-backend-single-replica", "--line", line) as c:
                run = c.srdiag("comprehensive", "-o", "json")
                report, want = valid(run.json), c.control("report")
                self.assertEqual(run.status, want["exit"])
                self.assertEqual(report["causes"][0]["id"], want["cause"])
                self.assertIn("cluster.be-down", [b["check"] for b in report["causes"][0]["because"]])
                alarms = {f["id"] for f in report["findings"] if f["severity"] in ALARMS}
                self.assertLessEqual(set(want["must"]), alarms)
                self.assertFalse(set(want["must_not"]) & alarms)
                self.assertLessEqual(report["score"]["value"], want["score_max"])

    def test_quorum(self):
        """one of three frontends away for hours puts the quorum at risk"""
        for line in OTHERS:
            with self.subTest(line), Cluster("quorum-at-risk", "--line", line) as c:
                run = c.srdiag("cluster", "-o", "json")
                report, want = valid(run.json), c.control("report")
                self.assertEqual(run.status, want["exit"])
                alarms = {f["id"] for f in report["findings"] if f["severity"] in ALARMS}
                self.assertEqual(alarms, set(want["must"]))
                self.assertLessEqual(report["score"]["value"], want["score_max"])

    def test_blacklist(self):
        """a node that was forgotten on the blacklist is RC-34; 3.2 cannot know"""
        with Cluster("forgotten-blacklist", "--line", "4.1") as c:
            run = c.srdiag("comprehensive", "-o", "json")
            self.assertEqual(run.json["causes"][0]["id"], "RC-34")
            self.assertEqual([x[0] for x in of(run.json, "cluster.be-blacklisted")], ["warning"])
            self.assertEqual(run.status, 1)
        with Cluster("forgotten-blacklist", "--line", "3.2") as c:
            self.assertEqual(c.srdiag("cluster", "-o", "json").reason("cluster.be-blacklisted"), "version")
            self.assertEqual(c.srdiag("cluster", "-o", "json", user="poor").reason("cluster.be-down"), "denied")

    def test_compute_node_list(self):
        """in shared-data the list of compute nodes is asked from 4.0 on"""
        with Cluster("healthy-shared-data", "--line", "4.1", "--blacklist", "cn1,cn2") as c:
            found = of(c.srdiag("cluster", "-o", "json").json, "cluster.be-blacklisted")
            self.assertEqual(sorted({x[0] for x in found}), ["critical", "info"])

    def test_nobody_alive(self):
        """with every BE or CN dead the cluster expert still works, and nothing that needs one is ok"""
        for scenario in ("healthy-shared-nothing", "healthy-shared-data"):
            for line in LINES:
                with self.subTest(scenario, line=line), Cluster(scenario, "--line", line, "--dead", "all") as c:
                    run = c.srdiag("cluster", "-o", "json")
                    report = valid(run.json)
                    self.assertEqual(run.status, 2)
                    self.assertEqual({x[0] for x in of(report, "cluster.be-down")}, {"critical"})
                    self.assertEqual(run.reason("cluster.be-fd-exhaustion"), "no_backend")
                    self.assertEqual(run.reason("cluster.fe-lock-contention"), "no_backend")
                    rows = c.srdiag("cluster", "nodes", "-o", "json").json["rows"]
                    self.assertEqual({r["alive"] for r in rows if r["kind"] != "FE"}, {"no"})

    def test_follower(self):
        """through a follower the same is found"""
        with Cluster("quorum-at-risk") as c:
            fe2 = c.facts["frontends"][1]
            host, port = (fe2["host"], fe2["port"]) if isinstance(fe2, dict) else (fe2.split(":")[0], fe2.split(":")[1])
            run = srdiag("cluster", "-o", "json", "-h", host, "-P", str(port), "-u", "root", env={"SR_PASSWORD": ""})
            self.assertEqual({x[1] for x in of(run.json, "cluster.") if x[0] in ALARMS},
                             {"cluster.fe-quorum-risk", "cluster.fe-down"})

    def test_leader_dead(self):
        """the former leader that is dead is found through the others"""
        with Cluster("healthy-shared-nothing", "--dead", "fe1") as c:
            run = c.srdiag("cluster", "-o", "json")
            self.assertIn("cluster.fe-down", [x[1] for x in of(run.json, "cluster.") if x[0] == "critical"])
            self.assertNotIn("cluster.fe-no-leader", [x[1] for x in of(run.json, "cluster.")])


class Views(unittest.TestCase):
    def test_nodes(self):
        """the view has every node, at every version and in both modes"""
        for scenario, kind in (("healthy-shared-nothing", "BE"), ("healthy-shared-data", "CN")):
            for line in LINES:
                with self.subTest(scenario, line=line), Cluster(scenario, "--line", line) as c:
                    live = valid(c.srdiag("cluster", "nodes", "-o", "json").json)
                    self.assertEqual([r["kind"] for r in live["rows"][:3]], ["FE"] * 3)
                    self.assertEqual({r["kind"] for r in live["rows"][3:]}, {kind})
                    node = live["rows"][3]
                    self.assertEqual(node["cpu_percent"], 12.4)
                    self.assertEqual(node["memory_percent"], 41.37)
                    self.assertEqual(node["memory_limit_bytes"] is None, line == "3.2")
                    self.assertEqual(node["disk_percent"] is None, kind == "CN")
                    self.assertLess(node["heartbeat_age_ms"], 10000)


class Clocks(unittest.TestCase):
    def test_skew(self):
        """a frontend whose clock is ahead is found, and a slow one is not accused"""
        with Cluster("clock-skew") as c:
            run = c.srdiag("cluster", "-o", "json")
            found = of(run.json, "cluster.fe-clock-skew")
            self.assertEqual([x[0] for x in found], ["critical"])
            self.assertIn("7.", found[0][2])
        with Cluster("healthy-shared-nothing") as c:
            c.faults({"match": "srdiag:fe-clocks", "fe": "fe2", "delay_s": 1.5})
            self.assertEqual(of(c.srdiag("cluster", "-o", "json").json, "cluster.fe-clock-skew"), [])


class Cost(unittest.TestCase):
    def test_statements(self):
        """a large cluster is asked no more than a small one"""
        counts = []
        for options in ((), ("--backends", "60")):
            with Cluster("healthy-shared-nothing", *options) as c:
                c.srdiag("cluster")
                log = c.control("log")
                asked = [x for x in log if "srdiag:" in str(x)]
                counts.append(len(asked))
        self.assertEqual(*counts)
        self.assertLessEqual(counts[0], 20)  # three of them go to each of three FEs; five are the identity


if __name__ == "__main__":
    tap.main()
