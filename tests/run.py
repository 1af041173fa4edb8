#!/usr/bin/env python3
"""Do all tests pass? Runs test programs side by side and adds up what they say.

    tests/run.py [--jobs N] [--timeout SECONDS] COMMAND...

Each COMMAND is one line of shell that prints TAP: a cmocka program, a script with tests/tap.sh, a Python
module with tests/tap.py. Prints one line per command, the words of those that failed, every skip with its
reason, and last of all `N passed, N failed, N skipped`. Exit status 1 if anything failed.

One failure more has a command that runs out of time, dies of a signal, exits non-zero with no `not ok`,
has no plan, makes fewer or more tests than its plan says, or leaves a process behind. All its processes are
ended with it, and everything is ended when this program is.
"""

import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

RESULT = re.compile(r"^(not )?ok\b(?:\s+\d+)?\s*(?:-\s*)?(.*)$")
# after a test's name; cmocka 1.1.5 says `not ok 3 # SKIP name`
SKIP = re.compile(r"(?:^|\s)#\s*SKIP\b[:\s]*(.*)$", re.IGNORECASE)
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*SKIP\b[:\s]*(.*))?$", re.IGNORECASE)
SIGNALS = {number.value for number in signal.Signals}
MOST_LINES = 200  # of one failed command


class Outcome:
    """What became of one command."""

    def __init__(self, command, output, seconds):
        self.command, self.output, self.seconds = command, output, seconds
        self.passed = self.failed = 0
        self.skips = []  # "test: reason"
        self.problems = []  # failures that no test reported
        self.count()

    def problem(self, words):
        self.failed += 1
        self.problems.append(words)

    def count(self):
        plans, planned, ran = 0, 0, 0
        for line in self.output.splitlines():
            if plan := PLAN.match(line):
                plans += 1
                planned += int(plan[1])
                if plan[2] is not None:
                    self.skips.append(f"all of it: {plan[2]}")
            elif result := RESULT.match(line):
                ran += 1
                if skip := SKIP.search(result[2]):
                    name = result[2][: skip.start()].strip()
                    self.skips.append(f"{name}: {skip[1]}" if name else f"{skip[1]}: it gives no reason")
                elif result[1]:
                    self.failed += 1
                else:
                    self.passed += 1
        if not plans:
            self.problem("there is no plan (1..N)")
        elif planned != ran:
            self.problem(f"{planned} tests were planned, {ran} were made")

    def show(self):
        words = f"{self.passed} ok"
        words += f", {self.failed} FAILED" if self.failed else ""
        words += f", {len(self.skips)} skipped" if self.skips else ""
        print(f"{'not ok' if self.failed else 'ok    '} {self.seconds:6.1f} s  {self.command}  ({words})")
        if self.failed:
            lines = [line for line in self.output.splitlines() if not re.match(r"ok\b|# ok\b|1\.\.\d", line)]
            for line in lines[-MOST_LINES:] + [f"run.py: {words}" for words in self.problems]:
                print("        " + line)
        for skip in self.skips:
            print("        skipped: " + skip)
        sys.stdout.flush()


class Group:
    """One command with all the processes it starts, ended together."""

    alive = set()
    lock = threading.Lock()
    closed = False  # no command starts any more

    def __init__(self, command, output):
        with Group.lock:
            if Group.closed:
                raise InterruptedError
            # files, not pipes: a process left behind would hold a pipe open for ever
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
                env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", "PYTHONUNBUFFERED": "1"})
            Group.alive.add(self)

    def wait(self, timeout):
        """The exit status, or None after TIMEOUT seconds; negative for a signal, as a shell counts too."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        return 128 - status if status - 128 in SIGNALS else status

    def empties(self, seconds):
        """Are all its processes gone, or at least about to be?"""
        end = time.monotonic() + seconds
        while self.signal(0):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def end(self):
        self.signal(signal.SIGKILL)
        self.process.wait()
        with Group.lock:
            Group.alive.discard(self)

    @classmethod
    def end_all(cls):
        with cls.lock:
            cls.closed = True
            groups = list(cls.alive)
        for group in groups:
            group.signal(signal.SIGKILL)


def run(command, timeout):
    started = time.monotonic()
    # both in one, in the order of writing: cmocka prints the words of fail_msg() before its `not ok`
    with tempfile.TemporaryFile() as output:
        group = Group(command, output)
        status = group.wait(timeout)
        left = status is not None and not group.empties(2)
        group.end()
        output.seek(0)
        text = output.read().decode("utf-8", "backslashreplace")
    outcome = Outcome(command, text, time.monotonic() - started)
    if status is None:
        outcome.problem(f"out of time after {timeout:g} s")
    elif status < 0:
        outcome.problem(f"ended by {signal.Signals(-status).name}")
    elif status and not outcome.failed:
        outcome.problem(f"exit status {status} although no test failed")
    if left:
        outcome.problem("it left a process behind")
    return outcome


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="how many at a time")
    parser.add_argument("--timeout", type=float, default=300, metavar="SECONDS", help="for each command")
    parser.add_argument("commands", nargs="+", metavar="COMMAND")
    args = parser.parse_args()
    started = time.monotonic()
    passed = failed = skipped = 0
    signal.signal(signal.SIGTERM, interrupted)
    # started in the background we may have inherited "ignore", and so would the programs that test Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

    with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        jobs = [pool.submit(run, command, args.timeout) for command in args.commands]
        try:
            for job in concurrent.futures.as_completed(jobs):
                outcome = job.result()
                outcome.show()
                passed += outcome.passed
                failed += outcome.failed
                skipped += len(outcome.skips)
        except KeyboardInterrupt:
            Group.end_all()
            print("interrupted")
            failed += 1
    print(f"{len(args.commands)} programs, {time.monotonic() - started:.1f} s")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
