"""Is a tenants file that is not as it should be told with file and line, and does the last good state stay?"""

import json
import os
import signal
import threading
import unittest

import tap
from check_tenants import DEMO, TOKEN, Centre, config, tenant
from fake_agent import FakeAgent, of_snapshot

OPS = {"X-API-Key": "o" * 32}


class Files(unittest.TestCase):
    """Of a server that runs, read again."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.agent = FakeAgent(of_snapshot(DEMO))
        cls.good = {"a": tenant(cls.agent.url, name="gut"), "b": tenant("http://127.0.0.1:1", "b" * 64)}
        cls.centre = Centre(cls.good, "--api-key-file", "keys", "--cache-ttl", "0")
        cls.centre.write("keys", "ops " + "o" * 32 + " admin\n")
        cls.centre.start()
        cls.file = cls.centre.folder / "tenants.json"

    @classmethod
    def tearDownClass(cls):
        cls.centre.__exit__(None, None, None)
        cls.agent.__exit__()

    def setUp(self):
        self.clear()
        self.assertIsNone(self.centre.change(self.good))

    def clear(self):
        if self.file.is_dir() and not self.file.is_symlink():
            self.file.rmdir()
        elif self.file.is_symlink() or self.file.exists():
            self.file.unlink()

    def refused(self, words):
        """Both ways to read it again say @words, and all is as it was."""
        before = self.centre.err.count("nothing was changed")
        self.centre.send(signal.SIGHUP)
        self.centre.until(lambda: self.centre.err.count("nothing was changed") > before, "the refusal")
        line = [s for s in self.centre.err.splitlines() if "nothing was changed" in s][-1]
        self.assertRegex(line, words)
        answer = self.centre.post("/reload-config", {}, headers=OPS)
        self.assertEqual((answer.status, answer.json["error"]), (400, "Configuration not reloaded"), answer)
        self.assertRegex(answer.json["message"], words)
        for secret in (TOKEN, "b" * 64, "geheim"):
            self.assertNotIn(secret, answer.text + self.centre.err)
        self.assertEqual(self.centre.call("a", "get_disk_usage").status, 200, "the last good state stays")
        other = self.centre.call("b", "get_disk_usage")
        self.assertEqual((other.status, other.json["tenant"]), (502, "b"))

    def write(self, data):
        self.clear()
        self.file.write_bytes(data if isinstance(data, bytes) else data.encode())
        self.file.chmod(0o600)

    def test_contents(self):
        """wrong contents of every kind name file and line, and the tenant where there is one"""
        good = config(self.good)
        twin = json.dumps(self.good["a"])
        rows = (
            ("nothing", b"", r"tenants\.json: line 1, column 1: the end is missing"),
            ("a byte order mark", b"\xef\xbb\xbf" + good.encode(), r"tenants\.json: .*byte order mark"),
            ("UTF-16", good.encode("utf-16"), r"tenants\.json: .*UTF-16"),
            ("a NUL", good.replace("gut", "g\0t"), r"tenants\.json: line 4, column \d+: a raw control character"),
            ("a NUL behind it", good + "\0", r"tenants\.json: line \d+, column \d+: something follows the end"),
            ("deep", '{"tenants":' + "[" * 1000000, r"tenants\.json: line 1, column \d+: nested deeper than 64 levels"),
            ("17 MiB", good + " " * (17 << 20), r'"tenants\.json" is no file of at most 16 MiB'),
            ("half of it", good[:len(good) // 2], r"tenants\.json: line \d+, column \d+: "),
            ("a number as a text", good.replace('"name": "gut"', '"limits": {"calls": "geheim"}'),
             r"tenants\.json line 4: tenants: tenant a: limits: calls: expected a number"),
            ("two ids", '{"tenants":{"a":%s,\n"a":%s}}' % (twin, twin), r'tenants\.json line 2: duplicate key "a"'),
            ("two ids in two spellings", '{"tenants":{"a":%s,\n"\\u0061":%s}}' % (twin, twin),
             r'tenants\.json line 2: duplicate key "a"'),
            ("a key of two tenants", config({"a": {**self.good["a"], "api_keys": ["geheim-geheim-geheim"]},
                                             "b": {**self.good["b"], "api_keys": ["geheim-geheim-geheim"]}}),
             r"tenants\.json line \d+: tenants: tenant b: api_keys: this key is there already, as that of a-[0-9a-f]{8}"),
        )
        for name, data, words in rows:
            with self.subTest(name):
                self.write(data)
                self.refused(words)

    def test_things(self):
        """what is no file, or is gone, is told, and nobody waits for it"""
        for name, make, words in (
                ("gone", lambda: None, r'could not open the tenants file "tenants\.json": No such file'),
                ("a folder", self.file.mkdir, "is no file"),
                ("a pipe", lambda: os.mkfifo(self.file), "is no file"),
                ("without end", lambda: self.file.symlink_to("/dev/zero"), "is no file"),
                ("a link to itself", lambda: self.file.symlink_to(self.file.name), "symbolic links")):
            with self.subTest(name):
                self.clear()
                make()
                self.refused(words)

    def test_while_it_is_written(self):
        """a file that is written in place while it is read again and again is taken whole or not at all"""
        over = threading.Event()
        texts = [config({**self.good, **{f"t{n}": tenant("http://127.0.0.1:1", contact="x" * 3000) for n in range(k)}})
                 for k in (0, 300)]

        def write():
            n = 0
            while not over.is_set():
                self.file.write_text(texts[n % 2])
                n += 1

        def vanish():
            while not over.is_set():
                os.rename(self.file, f"{self.file}.away")
                os.rename(f"{self.file}.away", self.file)

        for editor in write, vanish:
            self.clear()
            self.write(texts[0])
            over.clear()
            thread = threading.Thread(target=editor)
            thread.start()
            seen = set()
            try:
                for _ in range(40):
                    answer = self.centre.post("/reload-config", {}, headers=OPS)
                    seen.add(answer.status)
                    if answer.status == 200:
                        count = len(self.centre.get("/admin/tenants", headers=OPS).json["tenants"])
                        self.assertIn(count, (2, 302), "one of the two texts, and no third")
                    else:
                        self.assertEqual(answer.json["error"], "Configuration not reloaded")
                        self.assertIn("tenants.json", answer.json["message"])
                    self.assertEqual(self.centre.call("a", "get_disk_usage").status, 200)
            finally:
                over.set()
                thread.join()
            self.assertLessEqual(seen, {200, 400})

    def test_warned(self):
        """what works and should not stay so is told in the log, and to no client"""
        self.assertIsNone(self.centre.change({**self.good, "far": tenant("http://192.0.2.7:8080"),
                                              "twin": tenant(self.agent.url)}))
        self.assertRegex(self.centre.err, r"tenants\.json line \d+: http://192\.0\.2\.7:8080: .* travel in clear")
        self.assertRegex(self.centre.err, r"tenants\.json line \d+: the tenants a and twin have the same agent")
        self.assertNotIn("192.0.2.7", self.centre.call("a", "get_disk_usage").text)


if __name__ == "__main__":
    tap.main()
