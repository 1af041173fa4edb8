"""Does a real StarRocks FE accept every statement of every probe? `make check-real FE=HOST:PORT`.

Runs srdiag against it and reads the probes of the report and of a preflight: a probe may be answered, or be
missing for a reason that the facts allow (not in this mode, not in this version, no node, denied); anything
else is a statement that the FE refused and a failure. USER_NAME (root) and SRDIAG_PASSWORD say who asks.
"""

import argparse
import json
import os
import subprocess
import sys

ALLOWED = {"answered", "mode", "version", "no_backend", "denied", "skipped"}


def srdiag(args, *words):
    host, _, port = args.fe.rpartition(":")
    command = [args.srdiag, "-h", host, "-P", port, "-u", os.environ.get("USER_NAME", "root"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    return done.returncode, done.stdout, done.stderr


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, holds, name, words=""):
        self.count += 1
        self.failed += not holds
        print(f"{'ok' if holds else 'not ok'} {self.count} - {name}")
        if not holds and words:
            print("\n".join("# " + line for line in words.splitlines()[:20]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fe", required=True, metavar="HOST:PORT")
    parser.add_argument("srdiag")
    args = parser.parse_args()
    tap = Tap()

    status, out, err = srdiag(args, "comprehensive", "-o", "json", "--exit-zero")
    tap.ok(status == 0, "comprehensive runs", err)
    report = json.loads(out) if out.strip().startswith("{") else {"probes": []}
    for probe in report["probes"]:
        name = f"{probe['id']} {probe.get('key') or ''}".strip()
        tap.ok(probe["status"] in ALLOWED, f"{name}: {probe['status']} {probe.get('detail') or ''}".strip())
    _, out, _ = srdiag(args, "list", "views", "-o", "json")
    for view in json.loads(out)["items"] if out.strip() else []:
        words = view["view"].split()
        if view["arguments"] and not view["arguments"].startswith("-"):
            words.append("no-such-thing")  # an operand, such as the label of a load
        status, text, err = srdiag(args, *words, "-o", "json")
        data = json.loads(text) if text.strip().startswith("{") else {}
        tap.ok(data.get("status") in ALLOWED, " ".join(words), err + text[:400])
    for words in (["preflight"], ["grants"], ["storage", "--plan"]):
        status, _, err = srdiag(args, *words)
        tap.ok(status in (0, 1, 2, 3), " ".join(words), err)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
