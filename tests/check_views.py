"""Does every view and every analysis work at every version, in both modes, from the cluster and from a file, as a table and as JSON?

The list comes from the program, so a new view is tested here without a line of its own. Whether the numbers are those of
the cluster is for the tests of the experts. The clock of the cluster stands still, so that nothing may differ.
"""

import re
import tempfile
import unittest

import schema_check
import tap
from check_scenarios import OUR_CLOCK, differences, essence
from cluster import LINES, Cluster, srdiag

SICK = {"shared-nothing": "demo", "shared-data": "lake-compaction-debt"}
# what an operand is to be; the label of a load that each of these clusters has
OPERANDS = {"label": {"shared-nothing": "contract_import", "shared-data": "click_fix_0"}}
EMPTY = {("shared-nothing", "compaction history")}  # there is no such list, and the view says so


def views(mode):
    """The words of each view on the command line, by name."""
    out = {}
    for view in srdiag("list", "views", "-o", "json").json["items"]:
        operands = [a for a in (view["arguments"] or "").split() if not a.startswith("-")]
        out[view["view"]] = [*view["view"].split(), *(OPERANDS[name][mode] for name in operands)]
    return out


def experts():
    return [e["expert"] for e in srdiag("list", "experts", "-o", "json").json["items"]] + ["comprehensive"]


def grid(text, rows):
    """The headings and rows of a table, without what is said below it."""
    return text.splitlines()[:rows + 1]


class Every(unittest.TestCase):
    def valid(self, run, words, statuses=(0,)):
        self.assertEqual((run.status in statuses, run.err), (True, ""), (words, run.status))
        return schema_check.valid(schema_check.parse(run.out))

    def view(self, c, file, name, words, mode):
        live = self.valid(c.srdiag(*words, "-o", "json"), words)
        kept = self.valid(srdiag(*words, "--input", file, "-o", "json"), words)
        for data in (live, kept):
            data.pop("source")
            data.pop("started_at", None)
            data.pop("duration_ms", None)
            for probe in data.get("probes", ()):
                probe.pop("ms")
        self.assertEqual(list(differences(live, kept)), [], words)
        rows = live["rows"] or []
        if (mode, name) not in EMPTY:
            self.assertTrue(rows, words)
        if not rows:
            self.assertTrue(live["summary"] or live["notes"], words)
            return
        shown = [run.out for run in (c.srdiag(*words, "-o", "wide"), srdiag(*words, "--input", file, "-o", "wide"))]
        self.assertEqual(grid(shown[0], len(rows)), grid(shown[1], len(rows)))
        self.assertEqual(len([line for line in grid(shown[0], len(rows)) if line.strip()]), len(rows) + 1, shown[0])
        first = next(v for v in rows[0].values() if isinstance(v, str) and v and not v.endswith("Z"))
        self.assertIn(first, shown[0])

    def analysis(self, c, file, expert):
        live = c.srdiag(expert, "-o", "json", *OUR_CLOCK)
        kept = srdiag(expert, "--input", file, "-o", "json", *OUR_CLOCK)
        a, b = (essence(self.valid(run, expert, (0, 1, 2, 3))) for run in (live, kept))
        self.assertEqual(list(differences(a, b)), [], expert)
        self.assertEqual(live.status, kept.status, expert)
        text = c.srdiag(expert, *OUR_CLOCK)
        self.assertEqual((text.status, text.err), (live.status, ""))
        for finding in a["findings"]:
            if finding["severity"] == "critical":
                self.assertIn(finding["id"], text.out, expert)
        self.assertRegex(text.out, r"(?i)health of [a-z-]+ \d+ of 100|health \d+ of 100")

    def every(self, mode):
        for line in LINES:
            with Cluster(SICK[mode], "--line", line) as c, tempfile.TemporaryDirectory() as d:
                c.control("freeze", {})
                file = f"{d}/a.srd"
                self.assertEqual(c.srdiag("collect", file).status, 0)
                for name, words in views(mode).items():
                    with self.subTest(name, line=line, mode=mode):
                        self.view(c, file, name, words, mode)
                for expert in experts():
                    with self.subTest(expert, line=line, mode=mode):
                        self.analysis(c, file, expert)
                self.assertEqual(c.stats["holes"], 0, c.stats["hole_texts"])

    def test_shared_nothing(self):
        """every view and analysis of a shared-nothing cluster is the same live and from a file, as table and as JSON"""
        self.every("shared-nothing")

    def test_shared_data(self):
        """every view and analysis of a shared-data cluster is the same live and from a file, as table and as JSON"""
        self.every("shared-data")

    def test_all(self):
        """there are as many views and analyses as were promised, and each has a name as a tool"""
        items = srdiag("list", "views", "-o", "json").json["items"]
        self.assertEqual(len({item["tool"] for item in items}), len(items))
        self.assertGreaterEqual(len(items), 12)
        for item in items:
            self.assertRegex(item["tool"], re.compile("^[a-z]+(_[a-z]+)+$"))


if __name__ == "__main__":
    tap.main()
