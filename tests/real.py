"""Does a real StarRocks FE accept every statement of every probe? `make check-real FE=HOST:PORT`.

Runs srdiag against it and reads the probes of the report and of a preflight: a probe may be answered, or be
missing for a reason that the facts allow (not in this mode, not in this version, no node, denied); anything
else is a statement that the FE refused and a failure. USER_NAME (root) and SRDIAG_PASSWORD say who asks.

With SCRATCH=1 it also makes a database of its own, srdiag_check_PID, with one table of one tablet, whose second
replica it takes away by asking for one more than there is: the rows of ADMIN SHOW REPLICA STATUS for a
MISSING replica end early, and a cluster in good health has none. Until the cluster has made that replica it
is there to be read. Then the database is dropped.
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


def mysql(args, sql):
    host, _, port = args.fe.rpartition(":")
    command = ["mysql", "--no-defaults", "-h", host, "-P", port, "-u", os.environ.get("USER_NAME", "root"), "-N", "-B", "-e", sql]
    clean = {**os.environ, "MYSQL_PWD": os.environ.get("SRDIAG_PASSWORD", "")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean)
    return done.returncode, done.stdout, done.stderr.strip()


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, holds, name, words=""):
        self.count += 1
        self.failed += not holds
        print(f"{'ok' if holds else 'not ok'} {self.count} - {name}")
        if not holds and words:
            print("\n".join("# " + line for line in words.splitlines()[:20]))

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {' '.join(why.split())[:200]}")


def missing_replica(args, tap, db):
    """a table that lacks a replica is read, with rows that end before the header does"""
    name = "replicas that are missing are read"
    status_of = f"ADMIN SHOW REPLICA STATUS FROM {db}.t"
    for sql in (f"CREATE DATABASE {db}",
                f"CREATE TABLE {db}.t (k INT) DISTRIBUTED BY HASH (k) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
                f"ALTER TABLE {db}.t MODIFY PARTITION t SET ('replication_num' = '2')"):
        status, _, err = mysql(args, sql)
        if status:  # no right to, or a cluster of one BE
            return tap.skip(name, (err.splitlines() or ["refused"])[-1])
    before = mysql(args, status_of)[1]
    _, out, err = srdiag(args, "storage", "-o", "json", "--exit-zero")
    after = mysql(args, status_of)[1]
    if "MISSING" not in before or "MISSING" not in after:
        return tap.skip(name, "the cluster was quicker and has made the replica")
    probes = [p for p in json.loads(out)["probes"] if p["id"] == "replica-status"]
    asked = [p for p in probes if (p["key"] or "").startswith(db + "/")]
    if not asked:
        return tap.skip(name, "other tables lack more, and only some are looked at")
    tap.ok(asked[0]["status"] == "answered" and asked[0]["rows"] == 2, name, f"{err}{asked}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fe", required=True, metavar="HOST:PORT")
    parser.add_argument("--scratch", action="store_true", help="also make (and drop) a database, for states that are rare")
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
    if args.scratch:
        db = f"srdiag_check_{os.getpid()}"
        try:
            missing_replica(args, tap, db)
        finally:
            mysql(args, f"DROP DATABASE IF EXISTS {db} FORCE")
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
