"""Does an auditor find what was done to the ledger of an agent, over all of its files?"""

import json
import signal
import tempfile
import time
import unittest
from pathlib import Path

import tap
from check_agent import Agent
from cluster import srdiag


class Malformed(unittest.TestCase):
    def test_written(self):
        """what cannot be understood is written down too, before it is answered"""
        with Agent(["--demo"], "--audit-file", "AUDIT") as agent:
            for path, body, words in (("/execute-sql", b"{", "line 1"), ("/execute-sql", {"x": 1}, "SELECT"),
                                      ("/collect", b"[]", "no object"), ("/collect", {"probes": {}}, "the body is"),
                                      ("/collect", {"format": "collect/9", "probes": []}, "collect/1")):
                before = len(agent.lines)
                self.assertEqual(agent.call("POST", path, body)[0], 400)
                (line,) = agent.lines[before:]
                self.assertEqual((line["route"], line["verdict"], line["peer"]), (path, "malformed", "127.0.0.1"))
                self.assertIn(words, line["reason"])


class Files(unittest.TestCase):
    """A ledger of three files, the last of which has a .head."""

    @classmethod
    def setUpClass(cls):
        with Agent(["--demo"], "--audit-file", "AUDIT") as agent:
            cls.texts = []
            for n in range(3):
                for _ in range(4):
                    assert agent.call("GET", "/test-connection")[0] == 200
                if n < 2:
                    cls.texts.append(agent.audit.read_text())
                    agent.audit.rename(agent.at / f"old.{n}")
                    agent.process.send_signal(signal.SIGUSR1)
                    end = time.monotonic() + 20
                    while not agent.audit.exists() and time.monotonic() < end:
                        time.sleep(0.02)
            agent.end()
            cls.texts.append(agent.audit.read_text())
            cls.head = (agent.at / "audit.jsonl.head").read_text()

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.at = Path(held.name)
        self.files = [self.at / name for name in ("audit.jsonl.2", "audit.jsonl.1", "audit.jsonl")]
        for file, text in zip(self.files, self.texts):
            file.write_text(text)
        (self.at / "audit.jsonl.head").write_text(self.head)

    def verify(self, *words):
        return srdiag("agent", "audit", "verify", *map(str, words))

    def test_whole(self):
        """three files that follow one another are whole, with a mark of any of them"""
        done = self.verify(*self.files)
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(done.out.count("are whole"), 3)
        self.assertNotIn("earlier file", done.out)
        self.assertNotIn(".head", done.out)
        for text in self.texts:
            line = json.loads(text.splitlines()[1])
            self.assertEqual(self.verify(*self.files, f"{line['n']}:{line['hash']}").status, 0)
        self.assertEqual(self.verify(*self.files, "2:" + "0" * 64).status, 65)

    def found(self, words, *files):
        done = self.verify(*(files or self.files))
        self.assertEqual(done.status, 65, done.out)
        self.assertRegex(done.err, words)

    def change(self, n, how):
        lines = self.files[n].read_text().splitlines(True)
        how(lines)
        self.files[n].write_text("".join(lines))

    def test_taken_from_the_end_of_an_old_one(self):
        """lines that were taken from the end of a file that was rotated away are missed at the seam"""
        self.change(0, lambda lines: lines.pop())
        self.found("lines were taken out, or a file is missing between")

    def test_taken_from_the_beginning(self):
        """lines that were taken from the beginning of a later file are missed at the seam"""
        self.change(1, lambda lines: lines.pop(0))
        self.found(r"audit\.jsonl\.1\" begins with line \d+, and the file before it ends with line \d+")

    def test_a_file_taken_out(self):
        """a whole file that is not there is missed"""
        self.found("a file is missing between", self.files[0], self.files[2])

    def test_another_order(self):
        """files in another order are no ledger"""
        self.found("begins with line", self.files[1], self.files[0], self.files[2])

    def test_another_past(self):
        """a past that somebody wrote anew, with the right numbers, is not the one that the next file names"""
        with Agent(["--demo"], "--audit-file", "AUDIT") as agent:
            while len(agent.lines) < len(self.texts[0].splitlines()):
                agent.call("GET", "/test-connection")
            self.files[0].write_text(agent.audit.read_text())
        self.found("but another one than it names")

    def test_emptied(self):
        """a file that was emptied, and its tail that was taken, are missed by what the .head knows"""
        text = self.files[2].read_text()
        self.files[2].write_text("")
        self.found("has no lines, and its .head knows", self.files[2])
        self.found("begins with line")
        self.files[2].write_text("".join(text.splitlines(True)[:-1]))
        self.found("1 lines were taken from its end")

    def test_begun_anew(self):
        """a file that was begun anew a moment ago, and has no lines yet, is whole behind the one before it"""
        last = json.loads(self.texts[1].splitlines()[-1])
        self.files[2].write_text("")
        (self.at / "audit.jsonl.head").write_text(f"{last['n']:<20} {last['hash']}\n")
        done = self.verify(*self.files)
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("no lines", done.out)


if __name__ == "__main__":
    tap.main()
