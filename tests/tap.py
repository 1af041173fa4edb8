"""How does a Python test talk to tests/run.py? `tap.main()` in place of `unittest.main()`.

Runs the unittest cases of the calling module and prints TAP: each test is named by the first line of its
docstring (the sentence that is true), or else by its method. Words of the command line choose tests, as in
unittest: `python -m sim.test_sim TestWire.test_handshake`.
"""

import sys
import unittest


class Result(unittest.TestResult):
    """Counts from 1; each failed subtest makes one line of its own."""

    def __init__(self):
        super().__init__()
        self.count = self.bad = 0
        self.broken = set()  # tests of which a subtest failed already

    def line(self, word, test, tail="", words=""):
        name = (test.shortDescription() or test.id().removeprefix("__main__.")) if test else "set-up"
        self.count += 1
        self.bad += word == "not ok"
        name = name.replace("#", "no.")
        print(f"{word} {self.count} - {name}{tail}")
        for row in words.splitlines():
            print("# " + row)
        sys.stdout.flush()

    def addSuccess(self, test):
        if test.id() not in self.broken:
            self.line("ok", test)

    def addFailure(self, test, err):
        self.line("not ok", test, words=self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err:
            self.broken.add(test.id())
            self.line("not ok", test, f" {subtest._subDescription()}", self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        self.line("ok", test, f" # SKIP {reason}")

    def addExpectedFailure(self, test, err):
        self.line("ok", test)

    def addUnexpectedSuccess(self, test):
        self.line("not ok", test, words="it was expected to fail")


def main(module="__main__"):
    loader = unittest.TestLoader()
    module = sys.modules[module]
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = Result()
    suite.run(result)
    print(f"1..{result.count}")
    sys.exit(1 if result.bad or not result.count else 0)
