"""Does the live source get on with a StarRocks look-alike, well and ill, and what does that cost the cluster?

Asks the simulator over build/test_wire (TEST_WIRE names another one), which is `srd_source` with a command line.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import tap

HERE = pathlib.Path(__file__).resolve().parent
WIRE = os.environ.get("TEST_WIRE", str(HERE.parent / "build/test_wire"))


class Sim:
    """A simulator that ends with us: it watches its standard input."""

    def __init__(self, *options):
        self.process = subprocess.Popen([sys.executable, "-m", "sim", "--scenario", "disk-full", "--line", "3.5", *options],
                                        cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.host = f"{self.ready['host']}:{self.ready['port']}"
        self.control = f"http://{self.ready['host']}:{self.ready['http_port']}/_sim/"

    def node(self, number):
        fe = self.ready["frontends"][number]
        return f"{fe['host']}:{fe['port']}"

    def get(self, what):
        with urllib.request.urlopen(self.control + what, timeout=5) as answer:
            return answer.read().decode()

    def stats(self):
        return json.loads(self.get("stats"))

    def faults(self, *faults):
        urllib.request.urlopen(urllib.request.Request(self.control + "faults", json.dumps(faults).encode(), method="PUT"),
                               timeout=5).read()

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Talk(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.sim = Sim(*cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.sim.end()

    def quiet(self):
        """The counts, once nothing runs any longer: the simulator needs a moment to see that a client has left."""
        for _ in range(50):
            stats = self.sim.stats()
            if not stats["running"] and not stats["open"]:
                break
            time.sleep(0.02)
        return stats

    def ask(self, *words, faults=(), host=None):
        """Lines, with the milliseconds in front of each taken off; what it cost; the milliseconds."""
        self.sim.faults(*faults)
        before = self.sim.stats()
        done = subprocess.run([WIRE, "ask", f"hosts={host or self.sim.host}", *words], capture_output=True, text=True,
                              timeout=30)
        after = self.quiet()
        self.assertEqual(done.stderr, "")
        self.assertEqual(after["running"], 0, "a statement was left running")
        self.assertEqual(after["open"], 0, "a connection was left open")
        cost = {k: after[k] - before[k] for k in after if isinstance(after[k], int)}
        lines = done.stdout.splitlines()
        times = [int(m[1]) for m in (re.match(r"(\d+) ms ", line) for line in lines) if m]
        return [re.sub(r"^\d+ ms ", "", line) for line in lines], cost, times


class Well(Talk):
    def test_one_connection(self):
        """question after question costs one connection and one statement each, and one to set up"""
        lines, cost, _ = self.ask("5000:SHOW FRONTENDS", "5000:SHOW BACKENDS", "5000:SHOW PROC '/statistic'", "5000:SELECT 1")
        self.assertEqual([line.split(" ", 1)[1] for line in lines[1:3]], ["answered 3 rows", "answered 6 rows"])
        self.assertEqual((cost["connections"], cost["statements"], cost["kills"]), (1, 5, 0))

    def test_together(self):
        """eight questions at once take at most four connections"""
        lines, cost, _ = self.ask("together", *["3000:SELECT 1"] * 8)
        self.assertEqual([line.split(" ", 1)[1] for line in lines[1:9]], ["answered 1 row"] * 8)
        self.assertLessEqual(cost["connections"], 4)
        self.assertEqual(cost["statements"], 8 + cost["connections"])

    def test_session(self):
        """the session is in UTC and has its time limit"""
        lines, _, _ = self.ask("5000:SELECT 1 FROM information_schema.tables WHERE @@time_zone = '+00:00' AND "
                               "@@query_timeout = 30 LIMIT 1")
        self.assertRegex(lines[1], "answered 1 row")

    def test_leader(self):
        """questions for the leader go to the leader"""
        lines, cost, _ = self.ask("leader=" + self.sim.node(0).replace(":", "@"), "5000,leader:SHOW PROC '/statistic'",
                                  host=self.sim.node(1))
        self.assertEqual(lines[1], "use leader")
        self.assertTrue(lines[2].startswith(self.sim.node(0) + " answered"), lines[2])
        self.assertEqual(cost["connections"], 2)

    def test_leader_by_another_name(self):
        """a leader that is connected already is recognized by its address"""
        lines, cost, _ = self.ask("leader=" + self.sim.node(0).replace(":", "@"), "5000,leader:SELECT 1")
        self.assertEqual((lines[1], cost["connections"]), ("use leader", 1))

    def test_leader_away(self):
        """a leader that does not answer is given up in two seconds, and the answers say so"""
        lines, _, times = self.ask("leader=" + self.sim.node(0).replace(":", "@"), "5000,leader:SELECT 1",
                                   host=self.sim.node(1), faults=[{"on_connect": "hang", "fe": "fe1"}])
        self.assertEqual(lines[1], "use follower")
        self.assertIn(" follower answered", lines[2])
        self.assertLess(times[-1], 4500)

    def test_node(self):
        """a question to one FE is answered by that one"""
        node = self.sim.node(2)
        lines, _, _ = self.ask(f"5000,node={node.replace(':', '@')}:SHOW PROCESSLIST")
        self.assertTrue(lines[1].startswith(node + " answered"), lines[1])

    def test_row_ceiling(self):
        """a result that is too long is stopped on the server, not read to its end"""
        lines, cost, _ = self.ask("5000,max=10:SELECT * FROM information_schema.be_tablets", "5000:SELECT 1")
        self.assertIn("answered 10 rows, incomplete", lines[1])
        self.assertIn("answered 1 row", lines[2])
        self.assertEqual(cost["kills"], 1)
        self.assertLess(cost["rows"], 31584)


class Ill(Talk):
    def test_hang(self):
        """a statement that hangs costs its deadline, and one KILL"""
        lines, cost, times = self.ask("500:/* srdiag:be */ SELECT * FROM information_schema.be_tablets", "5000:SELECT 1",
                                      faults=[{"match": "be_tablets", "hang": True}])
        self.assertTrue(lines[1].endswith("timeout: no answer within 0.5 s; the statement was killed"), lines[1])
        self.assertIn("answered 1 row", lines[2])
        self.assertEqual(cost["kills"], 1)
        self.assertLess(times[1], 1400)

    def test_hang_together(self):
        """four that hang at once cost one deadline"""
        lines, cost, times = self.ask("together", *["500:SELECT * FROM information_schema.be_tablets"] * 4,
                                      faults=[{"match": "be_tablets", "hang": True}])
        self.assertEqual(sum("timeout" in line for line in lines), 4)
        self.assertEqual(cost["kills"], 4)
        self.assertLess(times[-1], 2400)

    def test_cancel(self):
        """cancel kills what runs"""
        lines, cost, times = self.ask("together", "cancel=300", *["9000:SELECT * FROM information_schema.be_tablets"] * 3,
                                      faults=[{"match": "be_tablets", "hang": True}])
        self.assertEqual(sum(line.endswith("timeout: the run was ended") for line in lines), 3)
        self.assertEqual(cost["kills"], 3)
        self.assertLess(times[-1], 2500)

    def test_cut(self):
        """a connection that is lost in the middle of the rows is made anew once"""
        question = "5000:SELECT * FROM information_schema.be_tablets LIMIT 5"
        lines, _, _ = self.ask(question, faults=[{"match": "be_tablets", "cut_rows": 2, "times": 1}])
        self.assertIn("answered 5 rows", lines[1])
        lines, _, _ = self.ask(question, faults=[{"match": "be_tablets", "cut_rows": 2}])
        self.assertIn("failed: lost the connection", lines[1])

    def test_wrong_packet(self):
        """a damaged packet is a reason, and the next question is answered"""
        lines, _, _ = self.ask("5000:SHOW BACKENDS", "5000:SELECT 1", faults=[{"match": "backends", "wrong_packet": True}])
        self.assertIn("failed: lost the connection", lines[1])
        self.assertIn("answered 1 row", lines[2])

    def test_denied(self):
        """a missing privilege is named"""
        lines, _, _ = self.ask("5000:SHOW BACKENDS", faults=[{"match": "backends", "deny": True}])
        self.assertTrue(lines[1].endswith("denied: needs OPERATE on SYSTEM"), lines[1])

    def test_wrong_password(self):
        """a wrong password is told, and not repeated"""
        lines, cost, _ = self.ask("user=diag", "password=wr0ng")
        self.assertTrue(lines[0].startswith("denied: access denied for user 'diag'"), lines[0])
        self.assertNotIn("wr0ng", lines[0])
        self.assertEqual(cost["connections"], 1)

    def test_silent_login(self):
        """an FE that takes the connection and says nothing costs the connect time-out"""
        lines, _, times = self.ask("connect=1", faults=[{"on_connect": "hang"}])
        self.assertRegex(lines[0], "^connect: .* sent no MySQL greeting within 1 s")
        self.assertLess(times[0], 2500)

    def test_full(self):
        """an FE that is full is alive"""
        lines, _, _ = self.ask(faults=[{"on_connect": "limit"}])
        self.assertRegex(lines[0], "^connect: .* is alive but full: Reach user-level")

    def test_full_later(self):
        """an FE that admits one connection serves four questions over it"""
        lines, _, _ = self.ask("together", *["3000:SELECT 1"] * 4, faults=[{"on_connect": "limit", "after": 1}])
        self.assertEqual([line.split(" ", 1)[1] for line in lines[1:5]], ["answered 1 row"] * 4)

    def test_other_server(self):
        """another MySQL server answers in its own words"""
        lines, _, _ = self.ask("5000:SHOW FRONTENDS", faults=[{"on_connect": "mysql"}])
        self.assertIn("failed: You have an error in your SQL syntax", lines[1])

    def test_interrupt(self):
        """Ctrl-C ends a connect at once"""
        self.sim.faults({"on_connect": "hang"})
        begun = time.monotonic()
        wire = subprocess.Popen([WIRE, "ask", f"hosts={self.sim.host}"], stdout=subprocess.PIPE, text=True)
        time.sleep(0.3)
        wire.send_signal(signal.SIGINT)
        out, _ = wire.communicate(timeout=5)
        self.assertLess(time.monotonic() - begun, 3)
        self.assertIn("cancelled: interrupted", out)

    def test_no_tls(self):
        """TLS that is required but not there is refused, with the way out"""
        lines, _, _ = self.ask("tls=required")
        self.assertRegex(lines[0], "^connect: .* offers no TLS; .*--ssl-mode=DISABLED")


class Tls(Talk):
    options = ("--tls", "--single-fe")

    def certificate(self):
        file = tempfile.NamedTemporaryFile("w", suffix=".pem")
        file.write(self.sim.get("certificate"))
        file.flush()
        self.addCleanup(file.close)
        return file.name

    def test_modes(self):
        """TLS is used as the mode says"""
        ca = self.certificate()
        for words in (["tls=preferred"], ["tls=disabled"], ["tls=required"], ["tls=verify_ca", "ca=" + ca],
                      ["tls=verify", "ca=" + ca]):
            with self.subTest(words):
                lines, _, _ = self.ask(*words, "5000:SHOW FRONTENDS")
                self.assertIn("answered 1 row", lines[1] if len(lines) > 1 else lines[0])

    def test_unknown_ca(self):
        """a certificate that nobody knows is not accepted, with the way out"""
        lines, _, _ = self.ask("tls=verify")
        self.assertRegex(lines[0], "^connect: the certificate of .* is not accepted: .*--ssl-ca")

    def test_deadline(self):
        """a statement that hangs is killed over TLS too"""
        lines, cost, _ = self.ask("tls=required", "500:SELECT * FROM information_schema.be_tablets",
                                  faults=[{"match": "be_tablets", "hang": True}])
        self.assertIn("the statement was killed", lines[1])
        self.assertEqual(cost["kills"], 1)


if __name__ == "__main__":
    tap.main()
