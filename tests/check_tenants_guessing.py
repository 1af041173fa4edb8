"""Does whoever shows wrong keys or tokens learn nothing, cost nothing, and lock out nobody?"""

import http.client
import json
import threading
import unittest

import tap
from check_agent import Agent, agent_of
from check_tenants import KEY, TOKEN, Centre, tenant
from cluster import Cluster
from serving import Answer, Server

AT_ONCE = 20  # wrong ones of one address before it is told to wait


class Keys(unittest.TestCase):
    """At the server."""

    def setUp(self):
        self.centre = Centre({"acme": tenant("http://127.0.0.1:1", api_keys=["key-of-acme-0123456789"])})
        self.addCleanup(self.centre.__exit__, None, None, None)
        self.centre.start()

    def test_wait(self):
        """the twenty-first wrong key is told to wait, and its connection ends; the right one never is"""
        seen = [self.centre.call("acme", "get_disk_usage", key=f"wrong-{n}") for n in range(3 * AT_ONCE)]
        self.assertEqual([a.status for a in seen[:AT_ONCE]], [401] * AT_ONCE)
        late = next(a for a in seen if a.status != 401)
        self.assertEqual((late.status, late.json["error"], late.headers["Connection"]),
                         (429, "Too many wrong keys", "close"))
        self.assertEqual(late.headers["Retry-After"], str(late.json["retry_after"]))
        self.assertIn(late.json["retry_after"], (1, 2, 3))
        self.assertEqual(set(late.json), {"error", "message", "retry_after"})
        self.assertEqual(self.centre.get("/tools", headers={"X-API-Key": KEY}).status, 200)
        self.assertEqual(self.centre.get("/tools", headers={"Authorization": f"Bearer {KEY}"}).status, 200)
        self.assertEqual(self.centre.get("/tools").status, 401, "and who shows none is told what is missing")
        self.assertEqual(self.centre.get("/health").status, 200)

    def test_under_a_flood(self):
        """while four threads guess, every call with a right key from the same address is answered"""
        over, told = threading.Event(), []

        def guess():
            while not over.is_set():
                told.append(self.centre.get("/tools", headers={"X-API-Key": "f" * 32}).status)

        threads = [threading.Thread(target=guess) for _ in range(4)]
        for t in threads:
            t.start()
        try:
            self.assertEqual({self.centre.get("/tools", headers={"X-API-Key": KEY}).status for _ in range(100)}, {200})
        finally:
            over.set()
            for t in threads:
                t.join()
        self.assertLessEqual(set(told), {401, 429})
        self.assertIn(429, told)


class Tokens(unittest.TestCase):
    """At the agent."""

    def call(self, agent, token):
        c = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=30)
        c.request("GET", "/test-connection", headers={"X-Agent-Token": token} if token else {})
        r = c.getresponse()
        answer = Answer(r.status, r.headers, r.read())
        c.close()
        return answer

    def test_wait(self):
        """the twenty-first wrong token is told to wait, the right one never is, and the ledger stays small"""
        with Agent(["--demo"], "--audit-file", "AUDIT") as agent:
            seen = [self.call(agent, f"{n:064x}") for n in range(200)]
            self.assertEqual([a.status for a in seen[:AT_ONCE]], [401] * AT_ONCE)
            late = [a for a in seen[AT_ONCE:] if a.status == 429]
            self.assertGreater(len(late), 100)
            self.assertEqual((late[0].json["error"], late[0].headers["Connection"], late[0].headers["Retry-After"]),
                             ("Too many wrong tokens", "close", str(late[0].json["retry_after"])))
            self.assertEqual(self.call(agent, TOKEN).status, 200)
            self.assertEqual(self.call(agent, None).json,
                             {"error": "Unauthorized", "message": "Invalid or missing agent token"})
            strangers = [line for line in agent.lines if line.get("verdict") == "unauthorized"]
            self.assertLessEqual(len(strangers), 61, "what strangers do does not fill the disk")
            self.assertNotIn(f"{7:064x}", agent.audit.read_text() + agent.words)

    def test_told_by_the_centre(self):
        """a centre with a wrong token reads the same words however often it tried"""
        with Agent(["--demo"]) as agent, Centre({"acme": tenant(agent.url, "f" * 64)}) as centre:
            for _ in range(AT_ONCE + 5):
                answer = centre.test_agent("acme")
                self.assertEqual((answer.status, answer.json["error"], answer.json["message"], answer.json["agent_status"]),
                                 (502, "Unauthorized", "Invalid or missing agent token", "unauthorized"))
            self.assertEqual(self.call(agent, "f" * 64).status, 429)
            # and with the right one it is well at once
            self.assertIsNone(centre.change({"acme": tenant(agent.url)}))
            self.assertEqual(centre.test_agent("acme").status, 200)


class Flood(unittest.TestCase):
    """With the right token."""

    def ask(self, port, host):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(host, 0))
        c.request("POST", "/execute-sql", json.dumps({"sql": "SELECT * FROM information_schema.be_configs"}),
                  {"X-Agent-Token": TOKEN, "Content-Type": "application/json"})
        status = c.getresponse().status
        c.close()
        return status

    def test_others(self):
        """a centre that floods an agent is told so, and the owner's own calls are all answered meanwhile"""
        with Cluster("healthy-shared-nothing", "--line", "3.5") as cluster, agent_of(cluster) as agent:
            over, told = threading.Event(), []

            def flood():
                while not over.is_set():
                    told.append(self.ask(agent.port, "127.0.0.1"))

            threads = [threading.Thread(target=flood) for _ in range(60)]
            for t in threads:
                t.start()
            try:
                Server.until(lambda: 503 in told, "the agent to have enough")
                self.assertEqual([self.ask(agent.port, "127.0.0.2") for _ in range(20)], [200] * 20)
            finally:
                over.set()
                for t in threads:
                    t.join()
            self.assertLessEqual(set(told), {200, 503})
            self.assertIn(200, told)


if __name__ == "__main__":
    tap.main()
