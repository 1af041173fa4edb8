"""Is the output that the README shows what the program prints? `tests/check_readme.py --write` renews it."""

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


def main():
    text = README.read_text()
    block = re.compile(r"(```\n\$ srdiag comprehensive --demo\n).*?(\n```\n)", re.S)
    new = block.sub(lambda m: m[1] + demo() + m[2], text)
    if "--write" in sys.argv:
        README.write_text(new)
        return 0
    print("1..1")
    print(f"{'ok' if new == text and block.search(text) else 'not ok'} 1 - the README shows what the demo prints")
    return new != text


if __name__ == "__main__":
    sys.exit(main())
