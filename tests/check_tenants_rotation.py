"""Are tokens and keys exchanged under load without a failed request?"""

import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import tap
from check_agent import Agent
from check_tenants import TOKEN, Centre, Sse, config, tenant
from serving import SRDIAG, clean_env

TOOLS = ("get_disk_usage", "get_large_tables", "analyze_storage_health", "get_tablet_distribution")
OPS = {"X-API-Key": "o" * 32}


class Load:
    """Six callers over REST, one over MCP and one in an SSE session that lives through it all, all the time."""

    def __init__(self, centre, key):
        self.centre, self.key = centre, key  # key(): the one that a caller has by now
        self.count, self.failed, self.over = 0, [], threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.go, args=(self.rest(n),)) for n in range(6)]
        self.threads += [threading.Thread(target=self.go, args=(kind,)) for kind in (self.mcp, self.sse())]

    def go(self, call):
        while not self.over.is_set():
            try:
                said = call()
            except Exception as e:  # noqa: BLE001: a broken connection is a failed request, too
                said = repr(e)
            with self.lock:
                self.count += 1
                if said:
                    self.failed.append(said)

    def rest(self, n):
        def call():
            answer = self.centre.post("/call-tool", {"tool": TOOLS[n % len(TOOLS)], "arguments": {}}, headers=self.key())
            return None if answer.status == 200 else repr(answer)
        return call

    def mcp(self):
        answer = self.centre.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                                           "params": {"name": TOOLS[0], "arguments": {}}},
                                  headers={**self.key(), "MCP-Protocol-Version": "2025-06-18",
                                           "Accept": "application/json, text/event-stream"})
        return None if answer.status == 200 and not answer.json["result"].get("isError") else repr(answer)

    def sse(self):
        held = []

        def call():
            if not held or held[0].headers != self.key():  # who has a new key opens a new session
                held[:] = [Sse(self.centre.port, self.key())]
                held[0].begin()
            client = held[0]
            result = client.ask("tools/call", name=TOOLS[1], arguments={})
            return repr(result) if result.get("isError") or "content" not in result else None
        return call

    def __enter__(self):
        for t in self.threads:
            t.start()
        self.some()
        return self

    def some(self):
        """Each has asked several times."""
        until = self.count + 10 * len(self.threads)
        self.centre.until(lambda: self.count >= until, "some requests", 60)

    def __exit__(self, *_):
        self.over.set()
        for t in self.threads:
            t.join()


class Rotation(unittest.TestCase):
    maxDiff = None

    def edit(self, centre, *words):
        """Edits the tenants file with the command, and has it read."""
        done = subprocess.run([SRDIAG, "tenant", *words, "--tenants", str(centre.folder / "tenants.json")],
                              capture_output=True, text=True, env=clean_env(), timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.reload(centre)
        return done.stdout

    def reload(self, centre):
        answer = centre.post("/reload-config", {}, headers=OPS)
        self.assertEqual(answer.status, 200, answer)

    def centre(self, tenants, *words, keys=""):
        centre = Centre(tenants, "--cache-ttl", "0", "--api-key-file", "keys", *words)
        centre.write("keys", "ops " + "o" * 32 + " admin\n" + keys)
        return centre

    def test_token(self):
        """an agent's token is exchanged without a failed request"""
        with tempfile.TemporaryDirectory() as folder:
            token = Path(folder) / "token"
            token.write_text(TOKEN + "\n")
            token.chmod(0o600)
            with Agent(["--demo"], "--token-file", str(token), token=None) as agent, \
                    self.centre({"a": tenant(agent.url, api_keys=["key-of-a-0123456789"])}) as centre:
                for turn in range(2):
                    old = token.read_text().strip()
                    with Load(centre, lambda: {"X-API-Key": "key-of-a-0123456789"}) as load:
                        new = self.edit(centre, "rotate", "a").strip().removeprefix("AGENT_TOKEN=")
                        self.assertRegex(new, "^[0-9a-f]{64}$")
                        load.some()
                        token.write_text(new + "\n")
                        before = agent.words.count("settings were read again")
                        agent.process.send_signal(signal.SIGHUP)
                        centre.until(lambda: agent.words.count("settings were read again") > before, "the agent's reload")
                        load.some()
                        self.edit(centre, "rotate", "a", "--finish")
                        load.some()
                    print(f"# {load.count} requests while the token was exchanged")
                    self.assertEqual(load.failed, [])
                    self.assertEqual(agent.call("GET", "/test-connection", token=old)[0], 401)
                    text = (centre.folder / "tenants.json").read_text()
                    self.assertIn(new, text)
                    self.assertNotIn(old, text)

    def test_keys(self):
        """keys of a tenant, and of the key file, are exchanged without a failed request, and the old ones are gone"""
        with Agent(["--demo"]) as agent:
            def tenants(*keys):
                return {"a": tenant(agent.url, api_keys=list(keys))}

            new, old = "new-key-of-a-0123456789", "old-key-of-a-0123456789"
            for where in "the tenants file", "the key file":
                with self.subTest(where):
                    def write(*keys):
                        if where == "the key file":
                            centre.write("keys", "ops " + "o" * 32 + " admin\n" + "".join(f"us {k} use a\n" for k in keys))
                        else:
                            centre.write("tenants.json", config(tenants(*keys)))
                        self.reload(centre)

                    with self.centre(tenants()) as centre:
                        write(old)
                        mine = [old]
                        with Load(centre, lambda: {"X-API-Key": mine[0]}) as load:
                            write(old, new)
                            load.some()
                            mine[0] = new
                            load.some()
                            write(new)
                            load.some()
                        print(f"# {load.count} requests while the key was exchanged")
                        self.assertEqual(load.failed, [])
                        self.assertEqual(centre.get("/tools", headers={"X-API-Key": old}).status, 401)


if __name__ == "__main__":
    tap.main()
