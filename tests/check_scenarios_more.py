"""Does srdiag say of the other half of the sick clusters what it must say? See check_scenarios.py."""

import tap
from check_scenarios import tests_of

globals().update(tests_of(True, 1, 2))

if __name__ == "__main__":
    tap.main()
