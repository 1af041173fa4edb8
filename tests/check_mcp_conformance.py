#!/usr/bin/env python3
"""Does the official conformance suite accept srdiag?

Two servers stand before it. The fixture has the tools, resources and prompts that the suite looks for, and
everything else is srdiag's: so all that is offered is tried, over stdio behind a bridge that passes messages
on, and over HTTP. srdiag itself has to pass what the suite can try without them.
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import clients
import tap

BUILD = os.environ.get("BUILD", os.path.join(clients.TESTS, "..", "build"))
MODERN, LEGACY = "2026-07-28", "2025-11-25"

# not offered: the extension "tasks", and parameters that are repeated in headers
EXTENSIONS = "extension"
NOT_OFFERED = {"http-custom-header-server-validation"}
OF_THE_BRIDGE = {"dns-rebinding-protection"}

# a suite that finds less than this has not looked
AT_LEAST = {MODERN: 38, LEGACY: 29}

PRODUCT = {
    MODERN: {"tools-list", "resources-list", "prompts-list", "sep-2164-resource-not-found", "caching",
             "dns-rebinding-protection", "server-sse-multiple-streams", "http-header-validation",
             "input-required-result-unsupported-methods"},
    LEGACY: {"server-initialize", "ping", "tools-list", "resources-list", "prompts-list",
             "dns-rebinding-protection"},
}
# of server-stateless: those for which the suite calls a tool of its own
NEED_TOOLS = 4


class Conformance(unittest.TestCase):
    def check(self, url, requirements, left_out=frozenset()):
        scenarios, unscored, text = clients.conformance(url, requirements)
        looked = 0
        for name, (passed, failed) in sorted(scenarios.items()):
            if unscored.get(name) == EXTENSIONS or name in NOT_OFFERED | left_out:
                continue
            with self.subTest(name):
                self.assertEqual(failed, 0, text)
            looked += passed > 0
        self.assertGreaterEqual(looked, AT_LEAST[requirements] - len(left_out), text)

    def stdio(self, requirements):
        with clients.Bridge(f"{BUILD}/mcp_fixture --workers 16") as bridge:
            self.check(bridge.url, requirements, OF_THE_BRIDGE)

    def http(self, requirements):
        with clients.Http(f"{BUILD}/srdiag_fixture") as server:
            self.check(server.url, requirements)

    def test_stdio_modern(self):
        "X3: the suite of 2026-07-28 accepts the fixture over stdio"
        self.stdio(MODERN)

    def test_stdio_legacy(self):
        "X3: the suite of 2025-11-25 accepts the fixture over stdio"
        self.stdio(LEGACY)

    def test_http_modern(self):
        "X2: the suite of 2026-07-28 accepts the fixture over HTTP"
        self.http(MODERN)

    def test_http_legacy(self):
        "X2: the suite of 2025-11-25 accepts the fixture over HTTP"
        self.http(LEGACY)

    def test_product(self):
        "X1: the suite accepts srdiag as far as it needs no tools of its own"
        with clients.Http(f"{BUILD}/srdiag", "--demo") as server:
            for requirements, names in PRODUCT.items():
                scenarios, _, text = clients.conformance(server.url, requirements)
                for name in sorted(names):
                    with self.subTest(name, requirements=requirements):
                        passed, failed = scenarios[name]
                        self.assertTrue(passed and not failed, text)
                if requirements == MODERN:
                    self.assertEqual(scenarios["server-stateless"][1], NEED_TOOLS, text)


if __name__ == "__main__":
    tap.main()
