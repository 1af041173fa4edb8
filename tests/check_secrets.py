"""Is a password, token or key anywhere but where its owner put it, whatever happened and however talkative the logs?

One customer's agent and the provider's server, both with every log at its most talkative, through a day on which
everything goes wrong once; then everything that they wrote, said and left to see is searched.
"""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from check_agent import Agent
from check_tenants import Centre, Sse, tenant
from cluster import Cluster
from fake_agent import FakeAgent, send
from serving import SRDIAG, clean_env

PASSWORD = "s3cret#"  # of the simulator's account diag
SECRETS = {
    "the database's password": PASSWORD,
    "the agent's token": "4a3b2c1d" * 8,
    "the token that goes": "5e6f7a8b" * 8,
    "a token that is wrong": "9c8d7e6f" * 8,
    "the tenant's key": "tenant-key-K7q2Zr8Wm4",
    "the operator's key": "operator-key-P3x9Lt6Vb1",
    "the key of a variable": "variable-key-H5n1Gd2Sj8",
    "a key that is wrong": "wrong-key-T6u4Mc9Qf3",
    "the secret of the replicas": "replica-secret-B2y7Ne5Ra9-0123456789abcdef",
    "a password in a Routine Load": "s3same",
    "a password in a statement that is refused": "typed-password-W8r3Yb6",
}
TYPED = SECRETS["a password in a statement that is refused"]
LITERAL = "no secret: a ledger shows what was allowed"
AGENT_TOKEN, OLD_TOKEN, WRONG_TOKEN = (SECRETS[k] for k in ("the agent's token", "the token that goes", "a token that is wrong"))
KEY, OPS, VARIABLE, WRONG = (SECRETS[k] for k in ("the tenant's key", "the operator's key", "the key of a variable",
                                                  "a key that is wrong"))


class Everything(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.seen = {}

    def hear(self, where, what):
        """Keeps what was said, to be searched in the end."""
        text = what if isinstance(what, str) else what.decode("utf-8", "replace")
        self.seen[f"{where} ({len(self.seen)})"] = text
        return text

    def run_it(self, *words, env=None, cwd=None):
        done = subprocess.run([SRDIAG, *words], capture_output=True, timeout=90, env=clean_env(**(env or {})), cwd=cwd,
                              stdin=subprocess.DEVNULL)
        self.hear(" ".join(words[:3]), done.stdout + done.stderr)
        return done

    def ask(self, port, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, path, None if body is None else json.dumps(body), headers or {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.hear(f"{method} {path}", f"{answer.status} {dict(answer.headers)}\n" + text.decode("utf-8", "replace"))
        return answer.status

    def look_into(self, process, name, variables=()):
        """What other processes of the machine see of it."""
        proc = Path(f"/proc/{process.pid}")
        self.hear(f"command line of {name}", (proc / "cmdline").read_bytes())
        for thread in (proc / "task").iterdir():
            self.hear(f"thread of {name}", (thread / "comm").read_bytes())
        if os.geteuid() == 0:  # for others there is nothing to see, and root sees what it was begun with
            environ = self.hear(f"environment of {name}", (proc / "environ").read_bytes())
            for secret in variables:
                self.seen[next(k for k in self.seen if k.startswith(f"environment of {name}"))] = environ = \
                    environ.replace(secret, "")
        self.assertRegex((proc / "limits").read_text(), r"Max core file size\s+0\s+0")

    def agent_alone(self, agent):
        """What the customer and strangers do with the agent."""
        token = {"X-Agent-Token": AGENT_TOKEN}
        for headers in token, {"X-Agent-Token": OLD_TOKEN}, {"X-Agent-Token": WRONG_TOKEN}, {}:
            self.ask(agent.port, "GET", "/health", headers=headers)
            self.ask(agent.port, "GET", "/test-connection", headers=headers)
            self.ask(agent.port, "GET", f"/nothing?token={WRONG_TOKEN}", headers=headers)
            for sql in ("SELECT VERSION()", "SHOW ALL ROUTINE LOAD", "ADMIN SHOW FRONTEND CONFIG",
                        f"SET PASSWORD = PASSWORD('{TYPED}')", f"SELECT '{TYPED}' FROM dwd.orders", "SELECT 'half"):
                self.ask(agent.port, "POST", "/execute-sql", {"sql": sql}, headers)
            self.ask(agent.port, "POST", "/collect", {"probes": [{"id": "x", "sql": f"SELECT '{LITERAL}'"}]}, headers)

    def scenario(self, centre, agent, mad):
        both = {"X-API-Key": KEY}
        for key in KEY, OPS, VARIABLE, WRONG:
            for path in ("/health?deep=1", "/tools", "/metrics", "/stats", "/admin/stats", "/admin/connections",
                         "/admin/tenants", "/test-agent", "/openapi.json", "/", f"/nothing?api_key={WRONG}"):
                for name in "acme", "mad", "wrong", None:
                    self.ask(centre.port, "GET", path, headers={"X-API-Key": key, **({"X-Tenant-ID": name} if name else {})})
        for name in "acme", "mad", "wrong", "gone":
            for tool, arguments in (("analyze_system_comprehensive", {}), ("get_routine_load_jobs", {}), ("get_disk_usage", {}),
                                    ("run_query", {"sql": f"SELECT '{LITERAL}' FROM information_schema.tables"}),
                                    ("run_query", {"sql": f"SELECT PASSWORD('{TYPED}'"}),
                                    ("run_query", {"sql": "SHOW ALL ROUTINE LOAD"}),
                                    ("get_large_tables", {"limit": 3, "api_key": WRONG})):
                self.ask(centre.port, "POST", "/call-tool", {"tool": tool, "arguments": arguments},
                         {"Authorization": f"Bearer {VARIABLE}", "X-Tenant-ID": name})
        client = Sse(centre.port, both)
        self.hear("SSE", json.dumps(client.begin()) + client.endpoint)
        for method, params in (("tools/list", {}), ("resources/list", {}), ("prompts/list", {}),
                               ("tools/call", {"name": "analyze_storage_health", "arguments": {}})):
            self.hear(f"SSE {method}", json.dumps(client.ask(method, **params)))
        client.close()

    def reloads(self, centre):
        file, good = centre.folder / "tenants.json", (centre.folder / "tenants.json").read_text()
        for bad in (good[:len(good) // 2], good.replace('"agent_url"', '"agent_ulr"'), good.replace(KEY, "a b"),
                    good.replace(f'"{AGENT_TOKEN}"', f'"{AGENT_TOKEN}\\n"'), good.replace('"http', f'"{AGENT_TOKEN}http'),
                    good.replace('"acme"', '"a/b"')):
            centre.write(file.name, bad)
            self.ask(centre.port, "POST", "/reload-config", {}, {"X-API-Key": OPS})
            self.run_it("tenant", "list", "--tenants", str(file))
            self.run_it("tenant", "disable", "acme", "--tenants", str(file))
        centre.write(file.name, good)
        self.assertEqual(self.ask(centre.port, "POST", "/reload-config", {}, {"X-API-Key": OPS}), 200)

    def commands(self, centre, agent, cluster, folder):
        """What people type, right and wrong."""
        tenants = ["--tenants", str(centre.folder / "tenants.json")]
        for words in (["list", "-o", "json"], ["test"], ["test", "mad"], ["rotate", "acme", "--finish"], ["rotate", "nobody"]):
            self.run_it("tenant", *words, *tenants)
        self.run_it("tenant", "rotate", "acme", *tenants, env={"AGENT_TOKEN": AGENT_TOKEN})
        self.run_it("serve", "keys", "list", "--api-key-file", str(centre.folder / "keys"))
        token = folder / "token"
        token.write_text(AGENT_TOKEN + "\n")
        token.chmod(0o600)
        for extra in ([], ["-v"], ["-v", "-v"]):
            self.run_it("--agent", agent.url, "--agent-token-file", str(token), "comprehensive", *extra)
            self.run_it("--agent", agent.url, "comprehensive", *extra, env={"AGENT_TOKEN": WRONG_TOKEN})
            self.run_it(*cluster.connection, "-u", "diag", "storage", *extra, env={"SR_PASSWORD": PASSWORD})
            self.run_it(*cluster.connection, "-u", "diag", f"-p{WRONG}", "storage", *extra)
        self.run_it("--agent", agent.url, "--agent-token-file", str(token), "collect", str(folder / "agent.srd"))
        self.run_it(*cluster.connection, "-u", "diag", "collect", str(folder / "live.srd"), env={"SR_PASSWORD": PASSWORD})
        everything = {"SR_PASSWORD": PASSWORD, "AGENT_TOKEN": AGENT_TOKEN, "API_KEY": VARIABLE, "API_KEYS": KEY,
                      "SRDIAG_AGENT_TOKEN": AGENT_TOKEN}
        (folder / "srdiag.cnf").write_text(f"[srdiag]\npassword = {PASSWORD}\n[cluster x]\nhost = y\npassword = {PASSWORD}\n"
                                           f"[server]\napi_key = {OPS}\nno-such-key = {OPS}\n")
        (folder / "srdiag.cnf").chmod(0o600)
        for words in (["config", "show"], ["config", "show", "--origin"], ["config", "show", "-o", "json"], ["config", "check"],
                      ["preflight", "-h", "127.0.0.1", "-P", "1"], ["agent", "preview", *cluster.connection, "-u", "diag"]):
            self.run_it(*words, env=everything, cwd=folder)
            self.run_it(*words, "--config", "srdiag.cnf", env=everything, cwd=folder)
        self.run_it("agent", "audit", "show", str(agent.audit))
        self.run_it("agent", "audit", "verify", str(agent.audit))

    def files(self, folder, but):
        for file in Path(folder).rglob("*"):
            if file.is_file() and file.name not in but:
                self.hear(f"file {file.name}", file.read_bytes())

    def test_nowhere(self):
        """after a day on which everything went wrong, no secret is in what was said, written or left to see"""
        def echo(handler, _):
            send(handler, 500, "application/json", json.dumps({"error": "boom", "message": str(dict(handler.headers))}))

        with Cluster("disk-full", "--line", "3.5") as cluster, FakeAgent(echo) as mad:
            own = Path(self.folder({"tokens": f"{OLD_TOKEN}\n{AGENT_TOKEN}\n", "password": PASSWORD + "\n"}))
            agent = Agent([*cluster.connection, "-u", "diag"], "--audit-file", "AUDIT", "--log-level", "debug",
                          "--token-file", str(own / "tokens"), "--password-file", str(own / "password"), token=None)
            centre = Centre({"acme": tenant(agent.url, AGENT_TOKEN, api_keys=[KEY], agent_token_previous=OLD_TOKEN),
                             "mad": tenant(mad.url, AGENT_TOKEN), "wrong": tenant(agent.url, WRONG_TOKEN),
                             "gone": tenant("http://127.0.0.1:1", AGENT_TOKEN)},
                            "--api-key-file", "keys", "--log-level", "debug", "--log-format", "json", "--log-file", "log",
                            "--audit-file", "audit", "--run-query", "--replica-secret-file", "replicas",
                            env={"API_KEY": VARIABLE})
            centre.write("keys", f"ops {OPS} admin\n")
            centre.write("replicas", SECRETS["the secret of the replicas"] + "\n")
            with agent, centre:
                self.look_into(agent.process, "the agent")
                self.look_into(centre.process, "the server", [VARIABLE])
                self.agent_alone(agent)
                self.scenario(centre, agent, mad)
                self.reloads(centre)
                self.commands(centre, agent, cluster, Path(self.folder({})))
                agent.process.send_signal(signal.SIGHUP)
                centre.send(signal.SIGHUP)
                centre.send(signal.SIGUSR1)
                self.files(centre.folder, {"tenants.json", "keys", "replicas"})
                self.files(agent.at, set())
                for folder in self.folders:
                    self.files(folder, {"tokens", "password", "token", "srdiag.cnf"})
                agent.end()
                self.hear("the agent's end", agent.words)
                centre.end()
                self.hear("the server's end", centre.err)
        self.assertGreater(len(self.seen), 300)
        self.assertTrue(any("comprehensive" in text for text in self.seen.values()))
        found = sorted({(where.rpartition(" (")[0], name, re.sub(r"\s+", " ", text[max(0, text.find(word) - 60):][:150]))
                        for where, text in self.seen.items() for name, word in SECRETS.items() if word in text
                        })
        self.assertEqual(found, [])

    @unittest.skipIf("san-" in SRDIAG, "a sanitizer looks into the process when it ends")
    def test_not_to_be_looked_into(self):
        """memory and environment of agent and server are root's, so that no other process of the account reads them"""
        folder = Path(self.folder({}))
        program = folder / "srdiag"
        shutil.copy(SRDIAG, program)
        folder.chmod(0o777)
        account = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        for words in ["serve", "--http", "--demo"], ["agent", "--demo"]:
            with self.subTest(words[0]):
                port = folder / words[0]
                process = subprocess.Popen([program, *words, "--listen", "127.0.0.1:0", "--port-file", port], cwd=folder,
                                           env=clean_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **account)
                try:
                    Centre.until(lambda: port.exists() or process.poll() is not None, "the port file")
                    self.assertIsNone(process.poll())
                    for name in "environ", "mem", "maps":
                        self.assertEqual(os.stat(f"/proc/{process.pid}/{name}").st_uid, 0)
                finally:
                    process.terminate()
                    process.wait(30)

    folders = ()

    def folder(self, files):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folders = (*self.folders, held.name)
        for name, text in files.items():
            path = Path(held.name) / name
            path.write_text(text)
            path.chmod(0o600)
        return held.name


if __name__ == "__main__":
    tap.main()
