"""Does srdiag leave in peace the simulated clusters that only look as if something were wrong? See check_scenarios.py."""

import tap
from check_scenarios import tests_of

globals().update(tests_of(False))

if __name__ == "__main__":
    tap.main()
