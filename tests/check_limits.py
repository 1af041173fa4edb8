"""Does --set know every threshold that the experts ask for, and nothing else?"""

import json
import re
import sys
import unittest

import tap
from cluster import ROOT, srdiag

CALL = re.compile(r"\b(srd_limit_catalogue|srd_fe_config|srd_compaction_setting)\(")
# named by data, and not where the limit is asked for
BY_DATA = {"cluster.be-flapping", "cluster.fe-flapping", "label_keep_max_num", "broker_load_default_timeout_second",
           "insert_load_default_timeout_second", "stream_load_default_timeout_second"}
# told by a view, and compared with nothing
TOLD = {"lake_compaction_history_size"}


def arguments(text, at):
    """the text between the parenthesis before @at and the one that closes it"""
    depth, end = 1, at
    while depth:
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        end += 1
    return text[at : end - 1]


def asked():
    names = set()
    for path in (ROOT / "experts").rglob("*.c"):
        text = path.read_text()
        for call in CALL.finditer(text):
            names |= set(re.findall(r'"([\w.-]+)"', arguments(text, call.end())))
    return names


def limits():
    return {row["limit"]: row["checks"].split() for row in json.loads(srdiag("list", "limits", "-o", "json").out)["items"]}


class Limits(unittest.TestCase):
    def test_all(self):
        """what the experts ask for is what list limits names"""
        self.assertEqual(asked() - TOLD | BY_DATA, set(limits()))

    def test_known(self):
        """each of them can be set, and belongs to its check"""
        options = [word for name in limits() for word in ("--set", f"{name}=7")]
        self.assertNotIn(srdiag("comprehensive", "--demo", *options).status, (64, 78))
        for name, checks in limits().items():
            if "." in name:
                self.assertEqual(checks, [".".join(name.split(".")[:2])])

    def test_mistyped(self):
        """a mistyped one is refused and names the nearest"""
        for name in limits():
            with self.subTest(name):
                run = srdiag("storage", "--demo", "--set", f"{name[:-1]}x{name[-1]}=7")
                self.assertEqual((run.status, run.out), (64, ""))
                self.assertIn("did you mean", run.err)

    def test_explained(self):
        """the article of a check names what can be set about it"""
        self.assertIn("load.small-frequent.shared-data", srdiag("explain", "load.small-frequent").out)
        self.assertNotIn("--set", srdiag("explain", "storage.medium-mismatch").out)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    tap.main()
