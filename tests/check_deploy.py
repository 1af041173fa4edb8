#!/usr/bin/env python3
"""Do the files of deploy/ work: accepted by the tools that read them, and true when what they say is run?

Units, Procfile, pm2, logrotate and examples; check_deploy_containers.py has Dockerfile, compose and Kubernetes,
check_deploy_proxy.py nginx.
"""

import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent / "clients"))

import clients
import tap
from cluster import Cluster
from deployment import DEPLOY, healthcheck, run
from serving import ROOT, SRDIAG, Server, clean_env

NODE = clients.node()


class Tools(unittest.TestCase):
    def test_check(self):
        """The real tools accept all of it (deploy/check.sh)"""
        done = run(DEPLOY / "check.sh", env={**clean_env(), "SRDIAG": SRDIAG}, timeout=300)
        rows = re.findall(r"^(ok|not ok) \d+ - (.*?)(?: # SKIP (.*))?$((?:\n#.*)*)", done.stdout, re.M)
        self.assertGreater(len(rows), 20, done.stdout + done.stderr)
        self.assertEqual(done.returncode, 0 if all(word == "ok" for word, *_ in rows) else 1)
        for word, name, reason, words in rows:
            with self.subTest(row=name):
                if reason:
                    self.skipTest(f"{name}: {reason}")
                self.assertEqual(word, "ok", words)

    def test_readme(self):
        """Every file of deploy/ is in its README"""
        words = (DEPLOY / "README.md").read_text()
        for path in sorted(p for p in DEPLOY.rglob("*") if p.is_file() and p.name != "README.md"):
            name = str(path.relative_to(DEPLOY))
            with self.subTest(file=name):
                self.assertTrue(name in words or (name.split("/")[0] + "/" in words), name)

    def test_no_secret(self):
        """No file holds a secret, or something that could be taken for one"""
        for path in sorted(p for p in DEPLOY.rglob("*") if p.is_file()):
            text = path.read_text()
            self.assertNotRegex(text, r"BEGIN [A-Z ]*PRIVATE KEY", path)
            for found in re.findall(r"\b[0-9a-f]{32,}\b", text):
                self.assertEqual(set(found), {"0"}, path)
            for name, value in re.findall(r"^(API_KEY|API_KEYS|SR_PASSWORD|AGENT_TOKEN)=(.*)$", text, re.M):
                self.assertIn(value, ("", "$(token)"), f"{path}: {name}")


class Words(unittest.TestCase):
    """What is typed in these files, and in the README, is what srdiag understands."""

    @staticmethod
    def lines():
        """(file, words behind `srdiag`) of every command line."""
        for path in [ROOT / "README.md", *sorted(p for p in DEPLOY.rglob("*") if p.is_file() and p.suffix != ".json")]:
            text = path.read_text().replace("\\\n", " ")
            for line in re.findall(r"(?:^|[\s\"'/])srdiag((?: +[\w\-/.:,=\"'${}@%]+)+)", text, re.M):
                yield path.relative_to(ROOT), line.split()
            for words in re.findall(r"(?:command|args|CMD|test|ENTRYPOINT)\W+(\[[^\]]*\])", text):
                yield path.relative_to(ROOT), re.findall(r"[\"']([^\"']*)[\"']", words)

    def test_options(self):
        """Every option in a command line exists, and so does every command"""
        first = lambda kind: {row.split(",")[0] for row in run(SRDIAG, "list", kind, "-o", "csv").stdout.splitlines()[1:]}
        known, commands = first("options"), first("commands")
        seen = 0
        for name, words in self.lines():
            command = next((w for w in words if not w.startswith("-")), None)
            if command not in commands:  # the name in words of prose, or another program's argument
                continue
            mine = known | set(re.findall(r"--[a-z][a-z-]+", run(SRDIAG, "help", command).stdout))
            for option in (w.split("=")[0] for w in words if w.startswith("--")):
                seen += 1
                with self.subTest(file=str(name), option=option):
                    self.assertIn(option, mine, f"{name}: srdiag {' '.join(words)}")
        self.assertGreater(seen, 20)

    def test_variables(self):
        """Every variable that a container gets is one that srdiag reads"""
        source = "\n".join(p.read_text() for p in (ROOT / "cmd").glob("*.[ch]")) + (ROOT / "cmd/settings.def").read_text()
        for path in ("Dockerfile", "compose.yaml", "compose.demo.yaml", ".env.example"):
            names = set(re.findall(r"\b((?:SRDIAG|SR|API|ALLOWED|RATE|MAX)_[A-Z_]+)\b", (DEPLOY / path).read_text()))
            for name in sorted(names):
                with self.subTest(file=path, name=name):
                    self.assertIn(f'"{name}"', source)


def exec_start(unit, folder):
    """The words behind srdiag of a unit's ExecStart, with the folders of a test."""
    line = re.search(r"^ExecStart=(.*)$", (DEPLOY / "systemd" / unit).read_text(), re.M)[1]
    return shlex.split(line.replace("/etc/srdiag", str(folder)).replace("/var/log/srdiag", str(folder)))[1:]


class Agent:
    """The agent beside @cluster, as its unit starts it, on a free port. A context; .url, .token and .ledger (files)."""

    def __init__(self, folder, cluster):
        self.folder, self.cluster = Path(folder), cluster
        self.token, self.port, self.ledger = (self.folder / n for n in ("agent.token", "agent.port", "agent-audit.log"))

    def __enter__(self):
        self.token.write_text("ab" * 32)
        self.token.chmod(0o600)
        where = f"{self.cluster.facts['host']}:{self.cluster.facts['port']}"
        (self.folder / "agent.cnf").write_text(f"[srdiag]\nhost = {where}\nuser = root\n[agent]\nlisten = 127.0.0.1:0\n"
                                               f"token-file = {self.token}\n")
        self.process = subprocess.Popen(
            [SRDIAG, *exec_start("srdiag-agent.service", self.folder), "--port-file", self.port], env=clean_env(),
            cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        Server.until(lambda: self.port.exists() or self.process.poll() is not None, "the agent")
        self.url = f"http://127.0.0.1:{self.port.read_text().strip()}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


class Machines(unittest.TestCase):
    """Units, Procfile, pm2, logrotate, examples: what they say is run."""

    def adapted(self, folder, c):
        """srdiag.cnf.example with the files and the cluster of a test; the key of alice."""
        key = run(SRDIAG, "serve", "keys", "new", "alice", "--api-key-file", f"{folder}/keys").stdout.strip()
        for file in "password", "password-test":
            Path(folder, file).write_text(c.facts["users"]["diag"] + "\n")
            Path(folder, file).chmod(0o640)
        text = (DEPLOY / "srdiag.cnf.example").read_text().replace("/etc/srdiag", str(folder))
        text = re.sub(r"^host = .*$", f"host = {c.facts['host']}:{c.facts['port']}", text, flags=re.M)
        text = text.replace("user = diag_test", "user = diag").replace("127.0.0.1:3000", "127.0.0.1:0")
        Path(folder, "srdiag.cnf").write_text(text)
        return key

    def test_units(self):
        """The server's unit starts with the example of a configuration, reloads, and its log can be rotated"""
        with tempfile.TemporaryDirectory() as folder, Cluster("healthy-shared-nothing") as c:
            key = self.adapted(folder, c)
            words = exec_start("srdiag.service", folder)
            with Server(*words[1:], "--listen", "127.0.0.1:0") as s:
                ask = lambda: s.post("/call-tool", {"tool": "get_disk_usage", "arguments": {"cluster": "test"}},
                                     headers={"X-API-Key": key})
                self.assertFalse(ask().json.get("isError"))
                s.send(signal.SIGHUP)
                audit = Path(folder, "audit.log")
                lines = audit.read_text().count("\n")
                self.assertGreater(lines, 0)
                old = self.rotate(folder, "srdiag.service", s.process, audit)
                self.assertTrue(audit.exists())
                s.until(lambda: ask().status == 200 and audit.read_text(), "a line in the new file")
                self.assertEqual(old.read_text().count("\n"), lines)
            done = run(SRDIAG, *exec_start("srdiag-check.service", folder), "--cluster", "prod", timeout=120)
            self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)

    def rotate(self, folder, unit, process, file):
        """@file of @unit by logrotate with our file where it is installed, by hand elsewhere; where the old one is."""
        program = shutil.which("logrotate", path=os.environ["PATH"] + ":/usr/sbin")
        if not program or os.geteuid() != 0:
            file.rename(f"{file}.1")
            file.touch()
            process.send_signal(signal.SIGUSR1)
            return Path(f"{file}.1")
        text = (DEPLOY / "logrotate/srdiag").read_text().replace("/var/log/srdiag", str(folder))
        text = re.sub(rf"^ *systemctl.* {unit} .*$", f"kill -USR1 {process.pid}", text, flags=re.M)
        self.assertIn("kill -USR1", text)
        text = re.sub(r"^ *systemctl.*\n", "", text, flags=re.M).replace("srdiag srdiag", "root root")
        Path(folder, "rotate.cnf").write_text(text.replace("    compress\n", ""))
        Path(folder, "rotate.cnf").chmod(0o600)
        done = run(program, "-f", "-s", f"{folder}/rotate.state", f"{folder}/rotate.cnf")
        self.assertEqual(done.returncode, 0, done.stderr)
        return next(p for p in Path(folder).glob(f"{file.name}*") if p.name[len(file.name):][:2] in ("-2", ".1"))

    def test_agent_unit(self):
        """The agent's unit starts and is healthy, and its ledger is one chain over the rotation of its file"""
        with tempfile.TemporaryDirectory() as folder, Cluster("healthy-shared-nothing") as c, Agent(folder, c) as agent:
            self.assertEqual(healthcheck("--port-file", agent.port).returncode, 0)
            ask = lambda: run(SRDIAG, "--agent", agent.url, "--agent-token-file", agent.token, "storage", "disks")
            self.assertEqual(ask().returncode, 0)
            before = agent.ledger.read_text()
            old = self.rotate(folder, "srdiag-agent.service", agent.process, agent.ledger)
            Server.until(lambda: ask().returncode == 0 and agent.ledger.read_text(), "a line in the new file")
            self.assertTrue(old.read_text().startswith(before))
            done = run(SRDIAG, "agent", "audit", "verify", old)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            whole = Path(folder, "whole")
            whole.write_text(old.read_text() + agent.ledger.read_text())
            done = run(SRDIAG, "agent", "audit", "verify", whole)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_procfile(self):
        """The Procfile's line for the web takes PORT, and wants a key"""
        line = re.search(r"^web: (.*)$", (DEPLOY / "Procfile").read_text(), re.M)[1]
        words = run("sh", "-c", "printf '%s\\n' " + line, env={"PATH": os.environ["PATH"], "PORT": "0"}).stdout.split()
        self.assertEqual(words[-1], "0.0.0.0:0")
        with Server(*words[2:], "--demo", env={"API_KEY": "k" * 32}) as s:
            self.assertEqual(s.get("/health").status, 200)
        with Server(*words[2:], "--demo", wait=False) as s:
            self.assertEqual(s.process.wait(20), 78)

    @unittest.skipUnless(NODE, "node is not installed")
    def test_pm2(self):
        """The file for pm2 starts one process per service, with words that serve"""
        code = "console.log(JSON.stringify(require(process.argv[1])))"
        apps = json.loads(run(NODE, "-e", code, DEPLOY / "ecosystem.config.cjs").stdout)["apps"]
        self.assertEqual([a["name"] for a in apps], ["srdiag", "srdiag-agent"])
        for app in apps:
            self.assertEqual((app["interpreter"], app["exec_mode"], app["instances"]), ("none", "fork", 1))
            self.assertGreater(app["kill_timeout"], 10000)
        with Server(*apps[0]["args"][1:], "--demo", env={"PORT": "0"}) as s:
            self.assertEqual(s.get("/health").status, 200)

    def test_metrics(self):
        """Rules and board ask for metrics that the server has, by labels that these have"""
        with Server("--http", "--demo", env={"API_KEY": "k" * 32}) as s:
            mine = {"X-API-Key": "k" * 32}
            s.post("/call-tool", {"tool": "analyze_system_comprehensive", "arguments": {}}, headers=mine)
            self.assertEqual(s.get("/tools").status, 401)
            s.until(lambda: 'status="401"' in s.get("/metrics", headers=mine).text, "the refusal to be counted")
            known = {"up": {"job", "instance"}}
            for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", s.get("/metrics", headers=mine).text, re.M):
                known.setdefault(name, set()).update({"job", "instance"}, re.findall(r'(\w+)="', labels))
        rules = run("sh", "-c", "sed '/annotations:/,/summary:/d; /^ *#/d' " + str(DEPLOY / "prometheus/srdiag.rules.yml")).stdout
        board = json.loads((DEPLOY / "grafana/srdiag.json").read_text())
        asked = re.findall(r"\b((?:srdiag|process)_\w+|up)\b(?:\{([^}]*)\})?", rules)
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                asked += re.findall(r"\b((?:srdiag|process)_\w+)\b(?:\{([^}]*)\})?", target["expr"])
        self.assertGreater(len(asked), 20)
        for name, labels in asked:
            with self.subTest(metric=name):
                self.assertIn(name, known)
                self.assertLessEqual(set(re.findall(r'(\w+)\s*[=!]', labels)), known[name], labels)

    def test_dotenv(self):
        """A server started beside .env.example as .env listens where it says"""
        text = (DEPLOY / ".env.example").read_text().replace("PORT=3000", "PORT=0").replace("API_KEY=\n", f"API_KEY={'k' * 32}\n")
        with Server("--http", "--demo", env={"PORT": ""}, wait=True, files={".env": text}) as s:
            self.assertEqual(s.get("/tools").status, 401)
            self.assertEqual(s.get("/tools", headers={"X-API-Key": "k" * 32}).status, 200)

    def test_tenants(self):
        """The example of a tenants file is taken by a server and by srdiag tenant, and has no token that could be one"""
        tenants = json.loads((DEPLOY / "tenants-config.example.json").read_text())["tenants"]
        common = {"name", "agent_token", "enabled", "description", "created_at", "contact"}
        self.assertEqual([set(one) - common for one in tenants.values()], [{"agent_url"}, {"agent_urls", "limits"}])
        for one in tenants.values():
            self.assertLess(common, set(one))
            self.assertTrue(one["agent_token"].startswith("REPLACE-"))
        self.assertEqual({one["enabled"] for one in tenants.values()}, {True, False})
        file = str(DEPLOY / "tenants-config.example.json")
        self.assertEqual(run(SRDIAG, "tenant", "list", "--tenants", file, "-o", "csv").stdout.count("\n"), 3)
        with Server("--http", "--tenants", file, env={"API_KEY": "k" * 32}) as s:
            self.assertEqual(s.get("/health").status, 200)

    def programs(self):
        """The examples of clients that can be run here: [words]; sdk.mjs beside the SDK that it wants."""
        found = [[sys.executable, DEPLOY / "examples/client.py"]]
        if importlib.util.find_spec("mcp"):
            found.append([sys.executable, DEPLOY / "examples/sdk.py"])
        if NODE:
            found.append([NODE, DEPLOY / "examples/client.mjs"])
            if Path(clients.package("@modelcontextprotocol/sdk")).exists():
                folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
                (folder / "node_modules").symlink_to(Path(clients.ROOT).resolve())
                shutil.copy(DEPLOY / "examples/sdk.mjs", folder)
                found.append([NODE, folder / "sdk.mjs"])
        print("# tried: " + ", ".join(str(Path(p[-1]).name) for p in found))
        return [(p, t) for p in found for t in (("http", "sse") if p[-1].name == "sdk.mjs" else ("http",))]

    def test_examples(self):
        """The examples of clients list the tools, call one, and tell in a line what went wrong"""
        with Server("--http", "--sse", "--demo", env={"API_KEY": "k" * 32}) as s:
            env = {**clean_env(), "SRDIAG_URL": f"http://127.0.0.1:{s.port}", "SRDIAG_KEY": "k" * 32}
            for program, env["SRDIAG_TRANSPORT"] in self.programs():
                with self.subTest(program=program[-1].name, transport=env["SRDIAG_TRANSPORT"]):
                    self.assertIn("get_disk_usage", run(*program, env=env).stdout)
                    done = run(*program, "get_large_tables", '{"limit": 2}', env=env)
                    self.assertEqual((done.returncode, '"rows":' in done.stdout), (0, True), done.stderr)
                    self.assertNotEqual(run(*program, "no_such_tool", env=env).returncode, 0)
                    self.refused(run(*program, env={**env, "SRDIAG_KEY": "wrong"}), "401|nauthorized")
                    self.refused(run(*program, env={**env, "SRDIAG_URL": "http://127.0.0.1:1"}), "127.0.0.1:1")

    def refused(self, done, words):
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stderr, words)
        self.assertEqual(done.stderr.rstrip().count("\n"), 0, done.stderr)

    def test_examples_tenants(self):
        """The examples reach a customer's cluster through its agent with key and tenant, and no other's"""
        with tempfile.TemporaryDirectory() as folder, Cluster("disk-full") as c, Agent(folder, c) as agent:
            file = Path(folder, "tenants-config.json")
            tenant = lambda *words: run(SRDIAG, "tenant", *words, "--tenants", file)
            made = tenant("add", "company_abc", "--agent-url", agent.url, "--agent-token-file", agent.token, "--with-key")
            key = re.search(r"[0-9a-f]{64}", made.stdout)[0]
            self.assertEqual(tenant("add", "company_xyz", "--agent-url", "http://127.0.0.1:1").returncode, 0)
            with Server("--http", "--sse", "--tenants", str(file)) as s:
                env = {**clean_env(), "SRDIAG_URL": f"http://127.0.0.1:{s.port}", "SRDIAG_KEY": key,
                       "SRDIAG_TENANT": "company_abc"}
                programs = self.programs()
                for program, env["SRDIAG_TRANSPORT"] in programs:
                    with self.subTest(program=program[-1].name, transport=env["SRDIAG_TRANSPORT"]):
                        done = run(*program, "get_disk_usage", env=env)
                        self.assertEqual((done.returncode, '"rows":' in done.stdout), (0, True), done.stderr)
                        self.refused(run(*program, "get_disk_usage", env={**env, "SRDIAG_TENANT": "company_xyz"}),
                                     "404|not found")
            shown = run(SRDIAG, "agent", "audit", "show", agent.ledger, "-o", "csv").stdout
            self.assertGreater(shown.count("\n"), len(programs))

    def test_hosted_service(self):
        """What the README types for a hosted service works, line by line, on both sides"""
        text = (ROOT / "README.md").read_text().split("### Hosted service")[1].split("\n## ")[0]
        lines = [line.split("#")[0].split()[1:] for line in re.findall(r"^    (srdiag .*)$", text, re.M)]
        ours = [words for words in lines if words[0] == "tenant"]
        self.assertEqual([words[1] for words in ours], ["add", "test", "list", "disable", "rotate"])
        with tempfile.TemporaryDirectory() as folder, Cluster("healthy-shared-nothing") as c, Agent(folder, c) as agent:
            env = clean_env(TENANTS_CONFIG=f"{folder}/tenants.json")
            put = {"https://agent.acme.example.com:8080": agent.url, "token": str(agent.token), "fe1": f"{c.facts['host']}:{c.facts['port']}",
                   "diag": "root", "audit.jsonl": str(agent.ledger)}
            for words in lines:
                with self.subTest(words=" ".join(words)):
                    done = run(SRDIAG, *[put.get(w, w) for w in words], env=env)
                    self.assertEqual(done.returncode, 0, done.stderr)
            self.assertFalse(json.loads(Path(folder, "tenants.json").read_text())["tenants"]["acme"]["enabled"])


if __name__ == "__main__":
    tap.main()
