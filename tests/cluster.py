"""A simulated cluster and srdiag beside it, for tests in Python: `with Cluster("disk-full", "--line", "3.5") as c`."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRDIAG = os.environ.get("SRDIAG", str(ROOT / "build" / "srdiag"))
ALARMS = ("warning", "critical")
LINES = ("3.2", "3.5", "4.1")  # of releases; the middle one's reports are in check_scenarios.py
OTHERS = ("3.2", "4.1")


class Run:
    """What a command did: status, out, err, seconds."""

    def __init__(self, done, seconds):
        self.status, self.out, self.err, self.seconds = done.returncode, done.stdout, done.stderr, seconds

    @property
    def json(self):
        return json.loads(self.out)

    def finding_ids(self, *severities):
        return [f["id"] for f in self.json["findings"] if not severities or f["severity"] in severities]

    def reason(self, check):
        return next((n["reason"] for n in self.json["not_checked"] if n["id"] == check), None)


def srdiag(*words, timeout=120, env=None, cwd=None, stdin=subprocess.DEVNULL):
    begin = time.monotonic()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SR_", "SRDIAG_"))}
    clean.update(HOME="/nonexistent", TZ="UTC", COLUMNS="100", NO_COLOR="1", **(env or {}))
    done = subprocess.run([SRDIAG, *words], capture_output=True, text=True, timeout=timeout, stdin=stdin, env=clean,
                          cwd=cwd)
    return Run(done, time.monotonic() - begin)


class Cluster(contextlib.AbstractContextManager):
    def __init__(self, scenario, *options):
        command = [sys.executable, "-m", "sim", "--scenario", scenario, *options]
        self.process = subprocess.Popen(command, cwd=ROOT / "tests", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the simulator did not start: {' '.join(command)}")
        self.facts = json.loads(line)

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
        self.process.stdout.close()

    @property
    def connection(self):
        return ["-h", self.facts["host"], "-P", str(self.facts["port"])]

    def srdiag(self, *words, user="root", **more):
        password = self.facts["users"].get(user) or ""
        env = {"SR_PASSWORD": password, **more.pop("env", {})}
        return srdiag(*words, *self.connection, "-u", user, env=env, **more)

    def control(self, what, body=None):
        url = f"http://{self.facts['host']}:{self.facts['http_port']}/_sim/{what}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method="GET" if body is None else "PUT")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    @property
    def stats(self):
        return self.control("stats")

    def faults(self, *faults):
        self.control("faults", list(faults))
