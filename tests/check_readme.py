"""Is the output that the README shows what the program prints, and its numbers what the tables hold?

`tests/check_readme.py --write` renews both.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SRDIAG = os.environ.get("SRDIAG", "build/srdiag")


def demo():
    """The demo as on a terminal of 80 columns."""
    env = {"PATH": os.environ["PATH"], "TZ": "UTC", "HOME": "/nonexistent", "LANG": "C.UTF-8", "TERM": "xterm",
           "NO_COLOR": "1"}
    command = f"stty cols 80; {SRDIAG} --demo --exit-zero --no-pager comprehensive"
    done = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True, env=env, cwd=ROOT,
                          stdin=subprocess.DEVNULL, check=True)
    return done.stdout.replace("\r", "").rstrip()


def listed(what):
    done = subprocess.run([SRDIAG, "list", what, "-o", "json"], capture_output=True, text=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)["items"]


def numbers():
    checks, causes = listed("checks"), listed("causes")
    made = sum(check["implemented"] for check in checks)
    return f"{len(checks)} checks, of which {made} are made today, and {len(causes)} root causes"


SHOWN = (("the README shows what the demo prints", demo,
          re.compile(r"(?<=```\n\$ srdiag comprehensive --demo\n).*?(?=\n```\n)", re.S)),
         ("the README counts checks and causes as the tables do", numbers,
          re.compile(r"\d+ checks, of which \d+ are made today, and \d+ root causes")))


def main():
    text, bad = README.read_text(), 0
    if "--write" in sys.argv:
        for _, made, place in SHOWN:
            new = made()
            text = place.sub(lambda _: new, text)
        README.write_text(text)
        return 0
    print(f"1..{len(SHOWN)}")
    for number, (name, made, place) in enumerate(SHOWN, 1):
        good = [found[0] for found in place.finditer(text)] == [made()]
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print("# renewed by tests/check_readme.py --write")
        bad += not good
    return bad


if __name__ == "__main__":
    sys.exit(main())
