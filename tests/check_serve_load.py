"""Does srdiag serve keep its promises while a cluster behind it hangs, stutters, breaks off, or is away?

Two simulated clusters, one of which is sick, and clients that ask both at the same time: nobody waits beyond the
deadline of a call, nobody of the other cluster waits for the sick one, and when it is well again nothing is left.
"""

import http.client
import json
import threading
import time
import unittest

import tap
from check_mcp_life import QUESTION, config, place_of
from cluster import Cluster
from serving import Server, free_port

DEADLINE_S = 5
SLACK_S = 12  # two cores with other work
SICK_CLIENTS, WELL_CLIENTS = 16, 2
FAULTS = [
    ("hang", [{"match": "srdiag:", "hang": True}]),
    ("are slow", [{"match": "srdiag:", "delay_s": 0.4}]),
    ("break off in the middle of a result", [{"match": "srdiag:", "cut_rows": 1}]),
    ("close instead of answering", [{"match": "srdiag:", "close": True}]),
    ("answer with an error", [{"match": "srdiag:", "error": {"code": 1105, "text": "backend down"}}]),
    ("answer with what is no answer", [{"match": "srdiag:", "wrong_packet": "length"}]),
    ("hang now and then", [{"match": QUESTION, "hang": True}, {"match": "srdiag:run-mode", "delay_s": 1}]),
    ("let nobody log in", [{"match": "srdiag:", "close": True}, {"on_connect": "hang"}]),
    ("have no connection left", [{"match": "srdiag:", "close": True}, {"on_connect": "limit"}]),
]
TOOLS = [("get_disk_usage", {}), ("get_large_tables", {"limit": None}), ("analyze_storage_health", {}),
         ("get_load_jobs", {"limit": None}), ("analyze_system_comprehensive", {})]
LIGHT = [("get_disk_usage", {}), ("get_load_jobs", {"limit": None})]  # what two busy cores answer in time


class Caller(threading.Thread):
    """Asks one cluster again and again, each time something else, and keeps what came and how long it took."""

    def __init__(self, server, cluster, number, over, count=None):
        super().__init__()
        self.server, self.cluster, self.number, self.over, self.count = server, cluster, number, over, count
        self.answers = []

    def run(self):
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        turn = 0
        while not self.over.is_set() and (self.count is None or turn < self.count):
            tools = TOOLS if self.count else LIGHT
            tool, arguments = tools[(self.number + turn) % len(tools)]
            arguments = {k: 1 + (self.number * 7 + turn) % 50 for k in arguments}
            begin = time.monotonic()
            try:
                answer = self.server.post("/call-tool", {"tool": tool, "cluster": self.cluster, "arguments": arguments},
                                          connection=line)
                self.answers.append((time.monotonic() - begin, answer.status, answer.json))
            except (OSError, http.client.HTTPException, json.JSONDecodeError) as e:
                self.answers.append((time.monotonic() - begin, 0, str(e)))
            turn += 1
        line.close()


class Load(unittest.TestCase):
    words = ()

    def setUp(self):
        self.sick, self.well = Cluster("disk-full", "--line", "3.5"), Cluster("healthy-shared-nothing", "--line", "3.5")
        self.addCleanup(self.sick.__exit__)
        self.addCleanup(self.well.__exit__)
        self.server = self.serve(place_of(self.sick))

    def serve(self, sick, *words):
        server = Server("--http", "--rate-limit", "0", "--cache-ttl", "0", "--connect-timeout", "2", "--request-timeout",
                        str(DEADLINE_S), *words, config=config(sick=sick, well=place_of(self.well)))
        server.start()
        self.addCleanup(server.__exit__, None)
        return server

    def crowd(self, during=None):
        """What callers of both clusters got: the sick one's once each, the well one's meanwhile."""
        over = threading.Event()
        sick = [Caller(self.server, "sick", n, over, 1) for n in range(SICK_CLIENTS)]
        well = [Caller(self.server, "well", n, over) for n in range(WELL_CLIENTS)]
        for caller in sick + well:
            caller.start()
        if during:
            during()
        for caller in sick:
            caller.join()
        over.set()
        for caller in well:
            caller.join()
        return [a for c in sick for a in c.answers], [a for c in well for a in c.answers]

    def check_answers(self, sick, well):
        self.assertEqual(len(sick), SICK_CLIENTS)
        for seconds, status, body in sick:
            self.assertIn(status, (200, 503), body)
            self.assertLess(seconds, DEADLINE_S + SLACK_S, body)
        self.assertGreaterEqual(len(well), 4 * WELL_CLIENTS if max(a[0] for a in sick) > 2 else 1)
        for seconds, status, body in well:
            self.assertEqual((status, bool(body.get("isError"))), (200, False), body)
        print(f"# sick: {len(sick)}, longest {max(a[0] for a in sick):.1f} s, refused "
              f"{sum(a[1] == 503 for a in sick)}; well: {len(well)}, longest {max(a[0] for a in well):.1f} s")

    def check_calm(self):
        """Nothing runs any longer, logins are few, and the sick one is well again."""
        def calm(cluster):
            stats = cluster.stats
            return not stats["running"] and stats["open"] <= 4 * 4  # sources, each of up to four connections

        def answers():
            answer = self.server.post("/call-tool", {"tool": "get_disk_usage", "cluster": "sick"})
            return answer.status == 200 and not answer.json.get("isError")

        Server.until(answers, "the cluster to be usable again", 15)
        for cluster in (self.sick, self.well):
            Server.until(lambda c=cluster: calm(c), "the cluster to be left alone")
        Server.until(lambda: self.server.get("/stats").json["active_requests"] == 1, "the end of all requests")

    def test_faults(self):
        """While one cluster's statements fail in any way, calls end in time, and the other cluster's go on"""
        for what, faults in FAULTS:
            with self.subTest(what):
                self.sick.faults(*faults)
                self.check_answers(*self.crowd())
                self.sick.faults()
                self.check_calm()

    def test_pool_of_one(self):
        """With one login per cluster, time-outs under load leave it usable"""
        self.server = self.serve(place_of(self.sick), "--pool-size", "1")
        self.sick.faults({"match": QUESTION, "hang": True})
        self.check_answers(*self.crowd())
        self.sick.faults()
        self.check_calm()

    def test_down_and_back(self):
        """A frontend that goes down under load and comes back is used again, and the other cluster goes on"""
        port = free_port()
        first = Cluster("disk-full", "--line", "3.5", "--single-fe", "--port", str(port))
        self.server = self.serve(place_of(first))
        self.sick.__exit__()
        first.faults({"match": "srdiag:", "delay_s": 0.2})

        def fall():
            time.sleep(0.5)
            first.process.kill()
            first.process.wait()

        self.check_answers(*self.crowd(fall))
        first.__exit__()
        self.sick = Cluster("disk-full", "--line", "3.5", "--single-fe", "--port", str(port))
        self.addCleanup(self.sick.__exit__)
        self.check_calm()


if __name__ == "__main__":
    tap.main()
