"""Does an agent come to a machine as its owner wants it, and is it found, started, stopped and renewed there?

Real agents in folders of their own, a terminal that answers questions, and a systemctl that writes down its words.
"""

import contextlib
import fcntl
import http.client
import json
import os
import pty
import re
import resource
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest
from pathlib import Path

import tap
from cluster import ROOT, Cluster
from serving import free_port

SRDIAG = os.path.abspath(os.environ.get("SRDIAG", str(ROOT / "build" / "srdiag")))
TOKEN = re.compile(r"^AGENT_TOKEN=([0-9a-f]{64})$", re.M)
AS_ROOT = os.geteuid() == 0


def until(true, what, seconds=30):
    end = time.monotonic() + seconds
    while True:
        got = true()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def suspend(pid):
    """SIGSTOP, and waits: a thread at work goes on until the kernel comes by."""
    os.kill(pid, signal.SIGSTOP)
    until(lambda: all(re.search(r"^State:\s+[Tt]", (task / "status").read_text(), re.M)
                      for task in Path(f"/proc/{pid}/task").iterdir()), "the process to stand still")


class Machine(contextlib.AbstractContextManager):
    """A customer's machine: a HOME, where srdiag agent is typed."""

    def __init__(self, **env):
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name).resolve()
        self.dir = self.home / ".starrocks-agent"
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("SR_", "SRDIAG_", "AGENT_", "XDG_", "NOTIFY_", "LISTEN_"))}
        self.env.update(HOME=str(self.home), TZ="UTC", LC_ALL="C.UTF-8", TERM="xterm", **env)
        self.port = free_port()

    def run(self, *words, env=None, cwd=None, timeout=90, **more):
        return subprocess.run([SRDIAG, *map(str, words)], capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, env={**self.env, **(env or {})}, cwd=cwd or self.home, **more)

    def agent(self, *words, **more):
        return self.run("agent", *words, **more)

    def init(self, *words, **more):
        """An agent whose cluster nobody has started: 127.0.0.1:1"""
        return self.agent("--init", "-h", "127.0.0.1", "-P", "1", "--password=", "--listen", f"127.0.0.1:{self.port}",
                          *words, **more)

    @property
    def dotenv(self):
        return (self.dir / ".env").read_text()

    @property
    def token(self):
        return TOKEN.search(self.dotenv)[1]

    @property
    def pid(self):
        return int((self.dir / "agent.pid").read_text())

    @property
    def log(self):
        return (self.dir / "agent.log").read_text()

    def status(self):
        done = self.agent("status", "-o", "json")
        return done.returncode, json.loads(done.stdout)["items"][0]

    def call(self, path, token=None, method="GET", body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"X-Agent-Token": token} if token else {}
            if body is not None:
                headers["Content-Type"] = "application/json"
            c.request(method, path, body, headers)
            answer = c.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            c.close()

    def __exit__(self, *failed):
        words = self.log if (self.dir / "agent.log").exists() else ""
        with contextlib.suppress(OSError):
            self.dir.chmod(0o700)
        if (self.dir / ".env").exists() or (self.dir / "agent.cnf").exists():
            self.agent("stop")
        self.folder.cleanup()
        if not failed[0] and ("Sanitizer" in words or "runtime error" in words):
            raise AssertionError(words[-3000:])


def with_mounts(test, machine, script, *words):
    """What @script did, which may mount file systems that nobody else sees; skips where that is not allowed."""
    own = ["unshare", "-rm"]
    if subprocess.run([*own, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode:
        test.skipTest("no file systems can be mounted here")
    return subprocess.run([*own, "sh", "-c", script, "sh", *words], capture_output=True, text=True, env=machine.env,
                          stdin=subprocess.DEVNULL, check=False)


class Terminal:
    """srdiag agent --init at a terminal of its own."""

    def __init__(self, machine, *words, env=None):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.chdir(machine.home)
            os.execve(SRDIAG, [SRDIAG, "agent", "--init", *map(str, words)], {**machine.env, **(env or {})})
        self.text = ""
        self.before = termios.tcgetattr(self.fd)

    def read(self, seconds=30):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            raise AssertionError(f"nothing more came: {self.text[-500:]}")
        try:
            got = os.read(self.fd, 4096).decode()
        except OSError:
            got = ""
        self.text += got
        return got

    def answer(self, question, typed):
        """Waits for the question (a regular expression) and answers it."""
        begin = len(self.text)
        while not re.search(question, self.text[self.at if hasattr(self, "at") else 0:]):
            if not self.read():
                raise AssertionError(f"it ended before {question}: {self.text}")
        self.at = len(self.text)
        os.write(self.fd, typed.encode())
        return begin

    def flags(self):
        return termios.tcgetattr(self.fd)[3]

    def end(self):
        while self.read():
            pass
        _, how = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(how)


QUESTIONS = ["FE .*: ", "port .*: ", "Account .*: ", "Password: ", "listen .*: ", "asked .*: ", "call you .*: "]


class Init(unittest.TestCase):
    maxDiff = 3000

    def test_options(self):
        """--init takes all from options: files, token, tenant, and the connection is tried"""
        with Cluster("demo") as c, Machine() as m:
            user, password = "diag", c.facts["users"]["diag"]
            (m.home / "pw").write_text(password + "\n")
            (m.home / "pw").chmod(0o600)
            done = m.agent("--init", *c.connection, "-u", user, "--password-file", "pw", "--listen",
                           f"127.0.0.1:{m.port}", "--policy", "probes", "--tenant-id", "company_abc", "--agent-url",
                           "http://frp.example.com:6080")
            self.assertEqual(done.returncode, 0, done.stderr)
            tenant = json.loads(done.stdout)["tenants"]["company_abc"]
            self.assertEqual((tenant["agent_url"], tenant["agent_token"], tenant["enabled"]),
                             ("http://frp.example.com:6080", m.token, True))
            self.assertRegex(done.stderr, r"Cluster: +StarRocks 3\.5\.7.* as diag, \d+ ms")
            self.assertIn("srdiag tenant add company_abc --agent-url http://frp.example.com:6080", done.stderr)
            self.assertNotIn(m.token, done.stderr)
            self.assertNotIn(password, done.stdout + done.stderr)
            self.assertEqual(stat.S_IMODE(m.dir.stat().st_mode), 0o700)
            self.assertEqual({p.name: stat.S_IMODE(p.stat().st_mode) for p in m.dir.iterdir()}, {".env": 0o600})
            self.assertRegex(m.dotenv, f"(?m)^SR_HOST={c.facts['host']}\nSR_PORT={c.facts['port']}\nSR_USER=diag$")
            self.assertRegex(m.dotenv, f"(?m)^AGENT_HOST=127.0.0.1\nAGENT_PORT={m.port}$")
            self.assertRegex(m.dotenv, "(?m)^SRDIAG_POLICY=probes$")
            self.assertRegex(m.dotenv, "(?m)^SRDIAG_AUDIT_FILE=audit.log$")
            # the provider's side takes it as it is
            (m.home / "tenants-config.json").write_text(done.stdout)
            (m.home / "tenants-config.json").chmod(0o600)
            listed = m.run("tenant", "list", "--tenants", "tenants-config.json", "-o", "json")
            self.assertEqual([t["id"] for t in json.loads(listed.stdout)["items"]], ["company_abc"])
            self.assertEqual(m.agent("start").returncode, 0)
            self.assertEqual(m.call("/test-connection", m.token)[0], 200)

    def test_environment(self):
        """--init takes the guide's variables, and a token that the provider made"""
        with Machine(SR_HOST="fe.example.com", SR_USER="diag", SR_PASSWORD="it's $HOME \"#\"", SR_PORT="9031",
                     AGENT_PORT="8181", AGENT_TOKEN="c0ffee" * 10 + "cafe") as m:
            done = m.agent("--init", "--connect-timeout", "1")
            self.assertEqual(done.returncode, 69, done.stderr)
            self.assertEqual(m.token, "c0ffee" * 10 + "cafe")
            self.assertIn("AGENT_PORT=8181\n", m.dotenv)
            read = subprocess.run(["sh", "-c", '. "$0"; printf %s "$SR_PASSWORD"', m.dir / ".env"],
                                  capture_output=True, text=True)
            self.assertEqual(read.stdout, "it's $HOME \"#\"")

    def test_what_is_needed(self):
        """Without a terminal what is missing is named, with its option, and nothing is written"""
        with Machine() as m:
            for words, missing in ([], "--host HOST"), (["-h", "fe1"], "--password-file FILE"):
                done = m.agent("--init", *words)
                self.assertEqual(done.returncode, 64)
                self.assertIn(missing, done.stderr)
            self.assertEqual(list(m.home.iterdir()), [])
            for words, wrong in ((["-h", "fe1", "--password=", "--policy", "all"], "policy"),
                                 (["-h", "fe1", "--password=", "--listen", "x:y"], "listen"),
                                 (["-h", "fe1", "--password=", "-P", "0"], "port"),
                                 (["-h", "fe1", "--password-file", "gone"], "gone"),
                                 (["start"], "--init goes without"), (["--follow"], "agent logs"),
                                 (["-h", "fe1", "--password=", "--tenant-id", "a/b"], "tenant-id")):
                done = m.agent("--init", *words)
                self.assertIn(done.returncode, (64, 78), (words, done.stderr))
                self.assertIn(wrong, done.stderr)
            self.assertEqual(list(m.home.iterdir()), [])

    def test_kept(self):
        """Once more nothing changes: it says what is there, and that new words were not taken"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            before = m.dotenv
            done = m.init("-u", "other", "--policy", "select")
            self.assertEqual(done.returncode, 69)
            self.assertEqual(m.dotenv, before)
            self.assertEqual(done.stdout, "")
            self.assertNotIn(m.token, done.stderr)
            self.assertIn("kept as it is", done.stderr)
            self.assertIn("--user was not taken", done.stderr)
            self.assertIn("--policy was not taken", done.stderr)
            self.assertNotIn("--listen was not taken", done.stderr)
            self.assertNotIn("--password", done.stderr)
            (m.home / "pw").write_text("other\n")
            words = ["--init", "-h", "127.0.0.1", "-P", "1", "--listen", m.port, "--password-file", "pw"]
            self.assertIn("--password-file was not taken", m.agent(*words).stderr)
            (m.dir / ".env").write_text(before.replace("SR_PASSWORD=\n", "SR_PASSWORD=other\n"))
            self.assertNotIn("was not taken", m.agent(*words).stderr)
            (m.dir / ".env").write_text(before)
            shown = m.init("--show-token")
            self.assertEqual(next(iter(json.loads(shown.stdout)["tenants"].values()))["agent_token"], m.token)

    def test_unattended(self):
        """--yes makes a file to edit, tries nothing that nobody named, and shows no token"""
        with Machine() as m:
            done = m.agent("--init", "--yes")
            self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
            self.assertNotRegex(done.stderr, "[0-9a-f]{12}")
            self.assertIn("SR_HOST=127.0.0.1\n", m.dotenv)
            self.assertIn("AGENT_PORT=8080\n", m.dotenv)
            before = m.dotenv
            self.assertEqual(m.agent("--init", "-y").returncode, 0)
            self.assertEqual(m.dotenv, before)

    def test_other_agent(self):
        """Made in the folder of another agent, an agent has a token of its own"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            other = m.home / "other"
            self.assertEqual(m.init("--dir", other, cwd=m.dir).returncode, 69)
            self.assertNotEqual(TOKEN.search((other / ".env").read_text())[1], m.token)

    def test_unreachable(self):
        """A cluster that is not there, or refuses the account, is told with its reason; the files stay"""
        with Cluster("demo") as c, Machine() as m:
            done = m.init()
            self.assertEqual(done.returncode, 69)
            self.assertRegex(done.stderr, "(?s)not reached: .*127.0.0.1:1.*correct the connection")
            self.assertIn("agent_token", done.stdout)
            self.assertTrue((m.dir / ".env").exists())
            other = m.home / "other"
            done = m.agent("--init", "--dir", other, *c.connection, "-u", "diag", "--password=wrong-7")
            self.assertEqual(done.returncode, 77, done.stderr)
            self.assertNotIn("wrong-7", done.stderr)
            self.assertTrue((other / ".env").exists())

    def test_half_written(self):
        """A configuration without a token gets one, and else stays byte for byte"""
        with Machine() as m:
            m.dir.mkdir(mode=0o700)
            for text in ("# mine\nSR_HOST=127.0.0.1\nSR_PORT=1\nOTHER='a\nb'",
                         "export AGENT_TOKEN=\nSR_PORT=1\n# end\n", ""):
                (m.dir / ".env").write_text(text)
                (m.dir / ".env").chmod(0o600)
                done = m.agent("--init")
                self.assertEqual(done.returncode, 69, done.stderr)
                made = re.search(r"AGENT_TOKEN=([0-9a-f]{64})\n", m.dotenv)
                self.assertTrue(made, m.dotenv)
                self.assertEqual(m.dotenv.replace(made[1], "").replace("AGENT_TOKEN=\n", "").replace("export ", ""),
                                 text.replace("export AGENT_TOKEN=\n", "") + ("\n" if text.endswith("'") else ""))
            (m.dir / ".env").write_text("SR_PORT=x\n")
            done = m.agent("--init")
            self.assertEqual(done.returncode, 78)
            self.assertIn(".env line 1", done.stderr)
            self.assertEqual(m.dotenv, "SR_PORT=x\n")

    def test_folder(self):
        """A folder that others can write, that is a file, or that cannot be written, is refused with the way out"""
        with Machine() as m:
            m.dir.mkdir()
            m.dir.chmod(0o777)
            for words in (["--init", "-y"], ["start"], ["status"], ["stop"], ["logs"], ["rotate-token"]):
                done = m.agent(*words)
                self.assertEqual(done.returncode, 78, words)
                self.assertIn("chmod go-w", done.stderr)
            m.dir.chmod(0o700)
            self.assertEqual(m.agent("--init", "-y").returncode, 0)
            (m.dir / ".env").chmod(0o666)
            self.assertIn("chmod go-w", m.agent("start").stderr)
            (m.dir / ".env").chmod(0o644)
            self.assertIn("now cannot", m.agent("--init", "-y").stderr)
            self.assertEqual(stat.S_IMODE((m.dir / ".env").stat().st_mode), 0o600)
            (m.home / "file").write_text("")
            done = m.agent("--init", "-y", "--dir", m.home / "file")
            self.assertEqual(done.returncode, 78)
            self.assertIn("is no folder", done.stderr)
            done = m.agent("--init", "-y", "--dir", "/proc/nothing/here")
            self.assertEqual(done.returncode, 74)
            self.assertIn("could not make the folder", done.stderr)
            done = m.agent("--init", "-y", "--dir", "a b/c", cwd=m.home)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue((m.home / "a b/c/.env").exists())

    def test_full_disk(self):
        """On a full disk nothing is half written, and no folder is left"""
        script = ('mkdir "$1/disk" && mount -t tmpfs -o size=8k,nr_inodes=20 none "$1/disk"; '
                  'head -c 8192 /dev/zero >"$1/disk/all"; "$2" agent --init -y --dir "$1/disk/agent"; s=$?; '
                  'ls -A "$1/disk"; rm "$1/disk/all"; "$2" agent --init -y --dir "$1/disk/agent" 2>/dev/null; '
                  'before=$(cat "$1/disk/agent/.env"); dd if=/dev/zero of="$1/disk/agent/all" bs=1024 2>/dev/null; '
                  '"$2" agent rotate-token --dir "$1/disk/agent"; echo $?; "$2" agent start --dir "$1/disk/agent"; echo $?; '
                  'test "$before" = "$(cat "$1/disk/agent/.env")" || echo changed; ls -A "$1/disk/agent"; exit $s')
        with Machine() as m:
            done = with_mounts(self, m, script, m.home, SRDIAG)
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertIn("No space left", done.stderr)
            self.assertEqual(done.stdout.split()[:3], ["all", "74", "74"], done.stderr)
            self.assertEqual(set(done.stdout.split()[3:]), {".env", "all", "agent.pid", "agent.log"})

    def test_system(self):
        """The machine's kind fits the unit in deploy/systemd: paths, modes, and the agent that runs"""
        with Cluster("demo") as c, Machine() as m:
            etc = m.home / "etc"
            done = m.agent("--init", "--system", "--dir", etc, *c.connection, "-u", "diag", "--listen",
                           f"127.0.0.1:{m.port}", env={"SR_PASSWORD": c.facts["users"]["diag"]})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual({p.name for p in etc.iterdir()}, {"agent.cnf", "agent.token", "password"})
            for p in etc.iterdir():
                self.assertEqual(stat.S_IMODE(p.stat().st_mode) & 0o137, 0)
            token = (etc / "agent.token").read_text().strip()
            self.assertRegex(token, "^[0-9a-f]{64}$")
            self.assertNotIn(token, (etc / "agent.cnf").read_text())
            unit = (ROOT / "deploy/systemd/srdiag-agent.service").read_text()
            words = re.search(r"^ExecStart=\S+ (.*)$", unit, re.M)[1].replace("/etc/srdiag", str(etc))
            words = words.replace("/var/log/srdiag", str(m.home)).split()
            agent = subprocess.Popen([SRDIAG, *words], env=m.env, stderr=subprocess.DEVNULL, cwd="/")
            try:
                until(lambda: self.well(m), "the agent of the unit")
                self.assertEqual(m.call("/test-connection", token)[0], 200)
            finally:
                agent.terminate()
                agent.wait(30)
            again = m.agent("--init", "--dir", etc)
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertIn("kept as it is", again.stderr)

    @staticmethod
    def well(machine):
        with contextlib.suppress(OSError):
            return machine.call("/health")[0] == 200


class Asked(unittest.TestCase):
    def test_answers(self):
        """What is typed is written; Enter takes what is in brackets; the password is not shown"""
        with Cluster("demo") as c, Machine() as m:
            t = Terminal(m)
            secret = c.facts["users"]["diag"]
            answers = [c.facts["host"], str(c.facts["port"]), "diag", secret, f"127.0.0.1:{m.port}", "", "company_abc"]
            for question, typed in zip(QUESTIONS, answers):
                t.answer(question, typed + "\r")
            self.assertEqual(t.end(), 0, t.text)
            self.assertNotIn(secret, t.text)
            self.assertIn("[127.0.0.1]", t.text)
            self.assertRegex(m.dotenv, f"(?m)^SR_HOST={c.facts['host']}$")
            self.assertIn(f"SR_PASSWORD='{secret}'", m.dotenv)
            self.assertRegex(m.dotenv, "(?m)^SRDIAG_POLICY=system$")
            self.assertRegex(m.dotenv, "(?m)^AGENT_TENANT=company_abc$")
            self.assertIn("Cluster:           StarRocks 3.5.7", t.text)

    def test_wrong_answers(self):
        """An answer that cannot be is asked for again, with the reason; what was said is not asked"""
        with Machine() as m:
            t = Terminal(m, "-h", "127.0.0.1", "-u", "diag", env={"SR_PASSWORD": "x"})
            t.answer("port .*: ", "99999\r")
            t.answer("port .*: ", "1\r")
            t.answer("listen .*: ", "nowhere:at:all\r")
            t.answer("listen .*: ", f"127.0.0.1:{m.port}\r")
            t.answer("asked .*: ", "everything\r")
            t.answer("asked .*: ", "select\r")
            t.answer("call you .*: ", "a/b\r")
            t.answer("call you .*: ", "a-b\r")
            self.assertEqual(t.end(), 69, t.text)
            self.assertNotIn("Account", t.text)
            self.assertNotIn("Password:", t.text)
            self.assertRegex(m.dotenv, "(?m)^SRDIAG_POLICY=select$")

    def test_interrupted(self):
        """Ctrl-C and the end of input at any question leave nothing behind, and the terminal as it was"""
        for key, status in ("\x03", 130), ("\x04", 130):
            for stop in range(len(QUESTIONS)):
                if key == "\x04" and stop == 3:
                    continue # an empty password is an answer
                with Machine() as m:
                    t = Terminal(m)
                    before = t.flags()
                    for i, question in enumerate(QUESTIONS[:stop + 1]):
                        t.answer(question, key if i == stop else "\r")
                    while t.read():
                        pass
                    _, how = os.waitpid(t.pid, 0)
                    self.assertEqual(os.waitstatus_to_exitcode(how), status, t.text)
                    self.assertEqual(t.flags(), before)
                    os.close(t.fd)
                    self.assertEqual(list(m.home.iterdir()), [])


class Life(unittest.TestCase):
    maxDiff = 3000

    def begin(self, m):
        self.assertIn(m.init().returncode, (0, 69))
        done = m.agent("start")
        self.assertEqual(done.returncode, 0, done.stderr)
        return m.pid

    def test_start_stop(self):
        """start returns when the agent answers; status and stop find it; exit statuses are systemctl's"""
        with Machine() as m:
            done = m.agent("status")
            self.assertEqual(done.returncode, 78)
            self.assertIn("srdiag agent --init", done.stderr)
            self.assertEqual(m.init().returncode, 69)
            status, one = m.status()
            self.assertEqual((status, one["state"], one["process"]), (3, "not running", None))
            self.assertIsNone(one["database_reachable"])
            done = m.agent("start")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(m.call("/health")[1]["status"], "healthy")
            status, one = m.status()
            self.assertEqual((status, one["state"], one["process"], one["address"], one["policy"]),
                             (0, "running", m.pid, f"http://127.0.0.1:{m.port}", "system"))
            self.assertTrue(one["database"].startswith("unreachable: "), one)
            self.assertIs(one["database_reachable"], False)
            self.assertEqual(one["audit_file"], str(m.dir / "audit.log"))
            self.assertTrue((m.dir / "audit.log").exists())
            pid = m.pid
            again = m.agent("start")
            self.assertEqual((again.returncode, m.pid), (0, pid))
            self.assertIn("runs already", again.stderr)
            self.assertEqual(m.agent("restart").returncode, 0)
            self.assertNotEqual(m.pid, pid)
            pid = m.pid
            done = m.agent("stop")
            self.assertEqual(done.returncode, 0)
            self.assertTrue(gone(pid))
            self.assertEqual(m.agent("stop").returncode, 0)
            self.assertEqual(m.status()[0], 3)
            self.assertFalse((m.dir / "agent.url").exists())
            self.assertEqual((m.dir / "agent.pid").read_text(), "")
            self.assertEqual(m.run("agent", "audit", "verify", m.dir / "audit.log").returncode, 0)

    def test_with_cluster(self):
        """status says whether the cluster is reached, and its version"""
        with Cluster("demo") as c, Machine() as m:
            self.assertEqual(m.agent("--init", *c.connection, "--password=", "--listen", f"127.0.0.1:{m.port}")
                             .returncode, 0)
            self.assertEqual(m.agent("start").returncode, 0)
            one = m.status()[1]
            self.assertRegex(one["database"], r"^reachable: StarRocks 3\.5\.7.*, \d+ ms$")
            self.assertIs(one["database_reachable"], True)
            preview = m.agent("preview", "--dir", m.dir)
            self.assertEqual(preview.returncode, 0, preview.stderr)
            self.assertGreater(len(preview.stdout.splitlines()), 20)
            table = m.agent("status").stdout
            self.assertRegex(table, r"(?m)^state +running$")
            self.assertNotIn(m.token, table)

    def test_daemon(self):
        """The process has its own session, no terminal, nothing of the caller's open, and no secret to be seen"""
        with Machine() as m, open(os.devnull) as held:
            self.assertEqual(m.init().returncode, 69)
            os.set_inheritable(held.fileno(), True)
            done = m.agent("start", env={"SR_PASSWORD": "geheim-7", "SR_HOST": "elsewhere", "NOTIFY_SOCKET": "/x"},
                           pass_fds=[held.fileno()])
            self.assertEqual(done.returncode, 0, done.stderr)
            proc = Path(f"/proc/{m.pid}")
            fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
            self.assertEqual((int(fields[3]), fields[4]), (m.pid, "0"))
            words = (proc / "cmdline").read_bytes()
            self.assertNotIn(m.token.encode(), words)
            self.assertEqual(words.split(b"\0")[1:4], [b"agent", b"--dir", str(m.dir).encode()])
            self.assertIn("Database:         127.0.0.1:1", m.log)
            os.kill(m.pid, signal.SIGHUP)
            until(lambda: re.search(r"(?m)^20\d\d-\d\d-\d\dT.*Z srdiag: warning: settings were read", m.log),
                  "a line with its time")
            if AS_ROOT:
                env = (proc / "environ").read_bytes()
                self.assertNotIn(b"geheim", env)
                self.assertNotIn(b"NOTIFY_SOCKET", env)
                links = {int(f.name): os.readlink(f) for f in (proc / "fd").iterdir()}
                self.assertEqual(links[0], "/dev/null")
                self.assertEqual((links[1], links[2]), (str(m.dir / "agent.log"),) * 2)
                self.assertNotIn(held.fileno(), [n for n, to in links.items() if to == "/dev/null" and n > 2])
            for name in "agent.log", "agent.pid", "agent.url", "audit.log":
                self.assertEqual(stat.S_IMODE((m.dir / name).stat().st_mode), 0o600, name)

    def test_race(self):
        """Of several starts at once one starts, and the others find it"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            all_ = [subprocess.Popen([SRDIAG, "agent", "start"], env=m.env, stderr=subprocess.PIPE, text=True,
                                     stdin=subprocess.DEVNULL) for _ in range(4)]
            words = [p.communicate(timeout=90)[1] for p in all_]
            self.assertEqual([p.returncode for p in all_], [0] * 4, words)
            self.assertEqual(sum("runs already" in w for w in words), 3, words)
            direct = m.agent("--dir", m.dir)
            self.assertEqual(direct.returncode, 78)
            self.assertIn(f"runs already (process {m.pid})", direct.stderr)

    def test_stale(self):
        """A pid file is not believed: garbage, a dead process, another program"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            other = subprocess.Popen(["sleep", "600"])
            try:
                for text in ("", "garbage\n", "-1\n", "1\n", "99999999999999999999\n", "4194305\n", "\0\0\0",
                             f"{other.pid}\n", f"{os.getpid()}\n"):
                    (m.dir / "agent.pid").write_text(text)
                    self.assertEqual(m.status()[0], 3, text)
                    self.assertIn("does not run", m.agent("stop").stderr)
                self.assertIsNone(other.poll())
                self.assertEqual(m.agent("start").returncode, 0)
                os.kill(m.pid, signal.SIGKILL)
                until(lambda: m.status()[0] == 3, "the end of the agent")
                self.assertEqual(m.agent("start").returncode, 0)
            finally:
                other.kill()
                other.wait()

    def test_old_layout(self):
        """An agent that a script of before has started is found and stopped"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            old = subprocess.Popen([SRDIAG, "agent", "--audit-file", "audit.log"], cwd=m.dir, env=m.env,
                                   stderr=subprocess.DEVNULL)
            try:
                (m.dir / "agent.pid").write_text(f"{old.pid}\n")
                until(lambda: Init.well(m), "the old agent")
                status, one = m.status()
                self.assertEqual((status, one["process"], one["state"]), (0, old.pid, "running"))
                self.assertIn("runs already", m.agent("start").stderr)
                reaper = threading.Thread(target=old.wait)
                reaper.start()
                self.assertEqual(m.agent("stop").returncode, 0)
                reaper.join(30)
                self.assertEqual(old.returncode, 0)
            finally:
                if old.returncode is None:
                    old.kill()

    def test_silent(self):
        """An agent that does not answer is running, and status says that it does not answer"""
        with Machine() as m:
            pid = self.begin(m)
            suspend(pid)
            try:
                status, one = m.status()
                self.assertEqual((status, one["state"]), (4, "running, but does not answer"))
                self.assertTrue(one["trouble"])
            finally:
                os.kill(pid, signal.SIGCONT)

    def test_port_taken(self):
        """A port that is taken is named, with the way out, and start fails with the agent's last words"""
        with Machine() as m, socket.create_server(("127.0.0.1", m.port)):
            self.assertEqual(m.init().returncode, 69)
            done = m.agent("start")
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertIn(f"127.0.0.1:{m.port}: another program listens there; choose another port", done.stderr)
            self.assertIn("AGENT_PORT", done.stderr)
            self.assertEqual(m.status()[0], 3)
            # as the guide says it
            with open(m.dir / ".env", "a") as f:
                port = free_port()
                f.write(f"AGENT_PORT={port}\n")
            m.port = port
            done = m.agent("start")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(m.call("/health")[0], 200)

    def test_wrong_configuration(self):
        """A configuration that is wrong is told by start; a running agent is neither stopped nor lost by it"""
        with Machine() as m:
            pid = self.begin(m)
            before = m.dotenv
            (m.dir / ".env").write_text(before + "SRDIAG_POLICY=everything\n")
            for word in "restart", "rotate-token":
                done = m.agent(word)
                self.assertEqual(done.returncode, 78)
                self.assertRegex(done.stderr, r"\.env line \d+: .*everything")
            status, one = m.status()
            self.assertEqual((status, one["process"]), (0, pid))
            self.assertIn("everything", one["trouble"])
            self.assertEqual(m.agent("stop").returncode, 0)
            self.assertEqual(m.agent("start").returncode, 78)
            (m.dir / ".env").write_text(TOKEN.sub("AGENT_TOKEN=", before).replace("AGENT_HOST=127.0.0.1",
                                                                                 "AGENT_HOST=0.0.0.0"))
            done = m.agent("start")
            self.assertEqual(done.returncode, 78)
            self.assertIn("only with a token", done.stderr)

    def test_words(self):
        """Options that would not be heard are refused"""
        with Machine() as m:
            for words in (["start", "-h", "fe1"], ["status", "--policy", "select"], ["start", "x"], ["stat"],
                          ["stop", "--finish"], ["start", "--yes"], ["start", "--config", "x"], ["status", "-n", "3"],
                          ["start", "--demo"]):
                self.assertEqual(m.agent(*words).returncode, 64, words)
            self.assertIn('did you mean "status"', m.agent("statsu").stderr)

    def test_ignores_surroundings(self):
        """Neither environment, nor .env of the current folder, nor other config files change the agent"""
        with Machine() as m:
            (m.home / ".env").write_text("SR_PORT=broken\nAGENT_PORT=1\n")
            config = m.home / ".config/srdiag"
            config.mkdir(parents=True)
            (config / "srdiag.cnf").write_text("[agent]\npolicy = select\n[oops]\n")
            other = m.home / "elsewhere"
            other.mkdir()
            self.assertEqual(m.init(cwd=other).returncode, 78) # --init asks all of them
            (config / "srdiag.cnf").unlink()
            self.assertEqual(m.init(cwd=other).returncode, 69)
            (config / "srdiag.cnf").write_text("[agent]\npolicy = select\n[oops]\n")
            done = m.agent("start", env={"SR_HOST": "x", "AGENT_PORT": "1", "SRDIAG_POLICY": "select"})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(m.status()[1]["policy"], "system")
            self.assertIn("system tables only", m.log)

    def test_home_variable(self):
        """SRDIAG_AGENT_HOME names the folder, and --dir another"""
        with Machine() as m:
            named = m.home / "named"
            self.assertEqual(m.init(env={"SRDIAG_AGENT_HOME": str(named)}).returncode, 69)
            self.assertTrue((named / ".env").exists())
            self.assertFalse(m.dir.exists())
            done = m.agent("status", "--dir", "named")
            self.assertEqual(done.returncode, 3)


    def test_unreadable(self):
        """A configuration that cannot be read is told, and not replaced by defaults"""
        with Machine() as m:
            pid = self.begin(m)
            text = m.dotenv
            for data in b"SR_HOST=\xff\xfe\n", b"#" * (2 << 20):
                (m.dir / ".env").write_bytes(data)
                for word in "restart", "rotate-token":
                    self.assertEqual(m.agent(word).returncode, 78, word)
            os.kill(pid, signal.SIGHUP)
            until(lambda: "nothing was changed" in m.log, "the refusal of the agent")
            (m.dir / ".env").unlink()
            os.kill(pid, signal.SIGHUP)
            until(lambda: m.log.count("nothing was changed") == 2, "the refusal of the agent")
            self.assertEqual(m.call("/collect", TOKEN.search(text)[1])[0], 405)
            (m.dir / ".env").write_text(text)
            (m.dir / ".env").chmod(0o600)

    def test_address(self):
        """AGENT_HOST and AGENT_PORT are the halves of the address, each by itself"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            base = re.sub("AGENT_(HOST|PORT)=.*\n", "", m.dotenv)
            for words, want in (("AGENT_PORT=81\n", "127.0.0.1:81"), ("AGENT_HOST=10.0.1.50\n", "10.0.1.50:8080"),
                                ("AGENT_HOST=::1\nAGENT_PORT=82\n", "[::1]:82"),
                                ("SRDIAG_LISTEN=10.0.0.1:83\n", "10.0.0.1:83"), ("SRDIAG_LISTEN=84\n", "127.0.0.1:84"),
                                ("AGENT_PORT=1\nAGENT_PORT=2\n", "127.0.0.1:2")):
                (m.dir / ".env").write_text(base + words)
                self.assertEqual(m.status()[1]["address"], "http://" + want)

    def test_interrupted(self):
        """Ctrl-C while start waits ends the agent again"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            tools = m.dir / "bin"
            tools.mkdir()
            (tools / "srdiag").write_text("#!/bin/sh\nexec sleep 120\n")
            (tools / "srdiag").chmod(0o755)
            p = subprocess.Popen([SRDIAG, "agent", "start"], env=m.env, stderr=subprocess.DEVNULL,
                                 stdin=subprocess.DEVNULL)
            children = Path(f"/proc/{p.pid}/task/{p.pid}/children")
            child = int(until(lambda: children.read_text().strip(), "the child"))
            until(lambda: b"sleep" in Path(f"/proc/{child}/cmdline").read_bytes(), "its program")
            p.send_signal(signal.SIGINT)
            self.assertEqual(p.wait(20), 130)
            until(lambda: gone(child), "the end of the child")
            (tools / "srdiag").unlink()


class Logs(unittest.TestCase):
    def test_tail(self):
        """logs prints the last lines, as many as are asked for"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            self.assertEqual(m.agent("logs").returncode, 74)
            lines = [f"line {i} {'x' * (i % 300)}" for i in range(1000)]
            for end in "\n", "":
                (m.dir / "agent.log").write_text("\n".join(lines) + end)
                for n in 0, 1, 7, 100, 999, 1000, 5000:
                    got = m.agent("logs", "-n", n).stdout
                    self.assertEqual(got.splitlines(), lines[-n:] if n else [])
                self.assertEqual(len(m.agent("logs").stdout.splitlines()), 100)

    def test_follow(self):
        """logs --follow goes on when the log is rotated by USR1 or cut, and loses no line"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            self.assertEqual(m.agent("start").returncode, 0)
            follower = subprocess.Popen([SRDIAG, "agent", "logs", "-f", "-n", "0"], env=m.env, text=True,
                                        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
            got = []
            reader = threading.Thread(target=lambda: got.extend(follower.stdout))
            reader.start()
            try:
                time.sleep(0.3)
                os.kill(m.pid, signal.SIGHUP)
                until(lambda: sum("read again" in line for line in got) == 1, "the first line")
                (m.dir / "agent.log").rename(m.dir / "agent.log.1")
                os.kill(m.pid, signal.SIGUSR1)
                until((m.dir / "agent.log").exists, "the new log")
                os.kill(m.pid, signal.SIGHUP)
                until(lambda: sum("read again" in line for line in got) == 2, "the line of the new log")
                until(lambda: "read again" in m.log, "the line in the new file")
                self.assertEqual(stat.S_IMODE((m.dir / "agent.log").stat().st_mode), 0o600)
                os.truncate(m.dir / "agent.log", 0)
                time.sleep(0.5)
                os.kill(m.pid, signal.SIGHUP)
                until(lambda: sum("read again" in line for line in got) == 3, "the line after the cut")
            finally:
                follower.send_signal(signal.SIGINT)
                self.assertEqual(follower.wait(20), 130)
                reader.join()
                follower.stdout.close()

    def test_reader_leaves(self):
        """logs --follow ends when nobody reads any more"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            (m.dir / "agent.log").write_text("one\n")
            p = subprocess.Popen([SRDIAG, "agent", "logs", "-f"], env=m.env, stdout=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL)
            self.assertEqual(p.stdout.readline(), b"one\n")
            p.stdout.close()
            self.assertEqual(p.wait(20), 0)


class Rotate(unittest.TestCase):
    def test_under_load(self):
        """A token is renewed while calls come without a pause, and none of them fails"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            self.assertEqual(m.agent("start").returncode, 0)
            token = [m.token]
            answers, stop = [], threading.Event()

            def calls():
                while not stop.is_set():
                    answers.append(m.call("/execute-sql", token[0], "POST", '{"sql":"DROP TABLE x"}')[0])

            threads = [threading.Thread(target=calls) for _ in range(4)]
            for t in threads:
                t.start()
            try:
                for _ in range(3):
                    old = m.token
                    done = m.agent("rotate-token")
                    self.assertEqual(done.returncode, 0, done.stderr)
                    new = next(iter(json.loads(done.stdout)["tenants"].values()))["agent_token"]
                    self.assertEqual(new, m.token)
                    self.assertNotEqual(new, old)
                    self.assertNotIn(new, done.stderr)
                    self.assertEqual([m.call("/collect", t)[0] for t in (old, new)], [405, 405])
                    n = len(answers)
                    until(lambda: len(answers) > n + 20, "calls with the old token")
                    token[0] = new
                    n = len(answers)
                    until(lambda: len(answers) > n + 20, "calls with the new token")
                    self.assertEqual(m.agent("rotate-token").returncode, 64)
                    done = m.agent("rotate-token", "--finish")
                    self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
                    self.assertEqual(m.call("/collect", old)[0], 401)
            finally:
                stop.set()
                for t in threads:
                    t.join()
            self.assertEqual(set(answers), {403})
            self.assertNotIn("PREVIOUS", m.dotenv)
            self.assertEqual(m.agent("rotate-token", "--finish").returncode, 64)
            ledger, log = (m.dir / "audit.log").read_text(), m.log
            for t in m.token, token[0], old:
                self.assertNotIn(t, ledger + log)

    def test_guide(self):
        """The guide's way works, too: its own token in .env, and a restart; grep finds it"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            self.assertEqual(m.agent("start").returncode, 0)
            new = "ab" * 32
            subprocess.run(["sed", "-i", f"s/AGENT_TOKEN=.*/AGENT_TOKEN={new}/", m.dir / ".env"], check=True)
            self.assertEqual(m.agent("restart").returncode, 0)
            self.assertEqual(m.agent("rotate-token").returncode, 0)
            found = subprocess.run("cat ~/.starrocks-agent/.env | grep AGENT_TOKEN | cut -d= -f2", shell=True,
                                   env=m.env, capture_output=True, text=True).stdout.split()
            self.assertEqual(found, [m.token])
            self.assertEqual([m.call("/collect", t)[0] for t in (new, m.token)], [405, 405])

    def test_token_file(self):
        """Tokens of a file are renewed there; comments stay"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            old = m.token
            (m.dir / "tokens").write_text(f"# of the centre\n{old}\n")
            (m.dir / "tokens").chmod(0o600)
            (m.dir / ".env").write_text(TOKEN.sub("SRDIAG_TOKEN_FILE=tokens", m.dotenv))
            self.assertEqual(m.agent("start").returncode, 0)
            self.assertEqual(m.call("/collect", old)[0], 405)
            self.assertEqual(m.agent("rotate-token").returncode, 0)
            first, *rest = (m.dir / "tokens").read_text().splitlines()
            self.assertEqual(rest, ["# of the centre", old])
            self.assertEqual([m.call("/collect", t)[0] for t in (old, first)], [405, 405])
            self.assertEqual(m.agent("rotate-token", "--finish").returncode, 0)
            self.assertEqual((m.dir / "tokens").read_text(), f"{first}\n# of the centre\n")
            self.assertEqual([m.call("/collect", t)[0] for t in (old, first)], [401, 405])
            (m.dir / "tokens").chmod(0o644)
            for word in "rotate-token", "start":
                m.agent("stop")
                done = m.agent(word)
                self.assertEqual(done.returncode, 78, word)
                self.assertIn("chmod 600", done.stderr)

    def test_not_running(self):
        """Without a running agent the file is changed all the same"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            old = m.token
            done = m.agent("rotate-token")
            self.assertEqual(done.returncode, 0)
            self.assertIn("does not run", done.stderr)
            self.assertIn(f"AGENT_PREVIOUS_TOKEN={old}\n", m.dotenv)
            self.assertEqual(m.agent("start").returncode, 0)
            self.assertEqual([m.call("/collect", t)[0] for t in (old, m.token)], [405, 405])

    def test_not_taken(self):
        """A new token that the agent does not take is taken back"""
        with Machine() as m:
            self.assertEqual(m.init().returncode, 69)
            self.assertEqual(m.agent("start").returncode, 0)
            before, pid = m.dotenv, m.pid
            suspend(pid)
            try:
                done = m.agent("rotate-token")
            finally:
                os.kill(pid, signal.SIGCONT)
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertEqual((done.stdout, m.dotenv), ("", before))


class Provider(unittest.TestCase):
    def test_tenant(self):
        """What --init prints is what a centre needs, and a token is renewed on both sides without a call that fails"""
        with Cluster("demo") as c, Machine() as m:
            file = m.home / "tenants-config.json"

            def tenant(*words):
                done = m.run("tenant", *words, "--tenants", file)
                self.assertEqual(done.returncode, 0, (words, done.stdout, done.stderr))
                return done

            done = m.agent("--init", *c.connection, "--password=", "--listen", f"127.0.0.1:{m.port}", "--tenant-id",
                           "company_abc")
            self.assertEqual(m.agent("start").returncode, 0)
            one = json.loads(done.stdout)["tenants"]["company_abc"]
            token = m.home / "token"
            token.write_text(one["agent_token"] + "\n")
            token.chmod(0o600)
            # as the words on standard error say
            words = re.search(r"srdiag tenant (add .*) --tenants", done.stderr)[1].replace("FILE", str(token)).split()
            tenant(*words)
            tenant("test")
            done = m.agent("rotate-token")
            self.assertEqual(done.returncode, 0, done.stderr)
            tenant("test")
            token.write_text(json.loads(done.stdout)["tenants"]["company_abc"]["agent_token"] + "\n")
            words = re.search(r"srdiag tenant (rotate .*) --tenants", done.stderr)[1].replace("FILE", str(token))
            tenant(*words.split())
            tenant("test")
            self.assertEqual(m.agent("rotate-token", "--finish").returncode, 0)
            tenant("test")
            tenant("rotate", "company_abc", "--finish")
            tenant("test")
            self.assertNotIn(one["agent_token"], file.read_text())
            # and the other way round: the centre makes the token
            other = m.home / "other"
            made = m.run("tenant", "add", "second", "--agent-url", "http://127.0.0.1:9", "--tenants", file)
            done = m.agent("--init", "-y", "--dir", other, env=dict([made.stdout.strip().split("=")]))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(made.stdout.strip(), (other / ".env").read_text().splitlines())


class Tls(unittest.TestCase):
    def machine(self, name):
        m = Machine()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", m.home / "key.pem", "-out",
                        m.home / "cert.pem", "-days", "2", "-subj", "/CN=agent", "-addext", f"subjectAltName={name}"],
                       check=True, capture_output=True)
        (m.home / "key.pem").chmod(0o600)
        done = m.init("--tls-cert", "cert.pem", "--tls-key", "key.pem")
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn(f'"agent_url": "https://127.0.0.1:{m.port}"', done.stdout)
        self.assertIn(f"SRDIAG_TLS_CERT={m.home}/cert.pem\n", m.dotenv)
        self.assertEqual(m.agent("start").returncode, 0)
        return m

    def test_own_address(self):
        """An agent that speaks TLS is asked over it, when its certificate is for this address"""
        with self.machine("IP:127.0.0.1") as m:
            status, one = m.status()
            self.assertEqual((status, one["state"], one["address"]), (0, "running", f"https://127.0.0.1:{m.port}"))
            self.assertRegex(one["database"], "^unreachable: ")
            self.assertTrue(one["version"])
            for words in ["rotate-token"], ["rotate-token", "--finish"]:
                done = m.agent(*words)
                self.assertEqual(done.returncode, 0)
                self.assertNotIn("was not seen", done.stderr)

    def test_other_name(self):
        """With a certificate for another name it is said what could not be seen, and nothing fails"""
        with self.machine("DNS:agent.example.com") as m:
            status, one = m.status()
            self.assertEqual((status, one["state"]), (0, "running"))
            self.assertRegex(one["database"], "^not known: .*certificate")
            done = m.agent("rotate-token")
            self.assertEqual(done.returncode, 0)
            self.assertIn("was not seen", done.stderr)


class Systemd(unittest.TestCase):
    def machine(self):
        m = Machine()
        tools = m.home / "tools"
        tools.mkdir()
        (tools / "systemctl").symlink_to(ROOT / "tests/fake/systemctl")
        (tools / "journalctl").write_text('#!/bin/sh\necho "journalctl $*" >>"$HOME/words"\ncat "$HOME/journal"\n')
        (tools / "journalctl").chmod(0o755)
        m.env["PATH"] = f"{tools}:{m.env['PATH']}"
        return m

    def test_unit(self):
        """With systemd a unit keeps the agent: enabled, started, stopped and asked for its log by systemd's programs"""
        with self.machine() as m:
            done = m.init("--systemd", "yes")
            self.assertEqual(done.returncode, 69, done.stderr)
            unit = (m.dir / "srdiag-agent.service").read_text()
            self.assertIn(f'ExecStart="{SRDIAG}" agent --dir "{m.dir}"', unit)
            self.assertEqual(m.agent("start").returncode, 0)
            status, one = m.status()
            self.assertEqual((status, one["process"]), (0, m.pid))
            self.assertEqual(one["kept_by"], "systemd (of the user: srdiag-agent.service)")
            self.assertIn("is running!", m.agent("logs", "-n", "9").stdout)
            self.assertIn("is running!", m.agent("logs", "-f").stdout)
            self.assertEqual(m.agent("rotate-token").returncode, 0)
            self.assertEqual(m.agent("stop").returncode, 0)
            self.assertEqual(m.status()[0], 3)
            self.assertEqual((m.home / "words").read_text().splitlines(),
                             [f"systemctl --user enable {m.dir}/srdiag-agent.service",
                              "systemctl --user start srdiag-agent.service",
                              "journalctl --user --no-pager -u srdiag-agent.service -n 9",
                              "journalctl --user --no-pager -u srdiag-agent.service -n 100 -f",
                              "systemctl --user stop srdiag-agent.service"])
            self.assertFalse((m.dir / "agent.log").exists())

    def test_found(self):
        """Where systemd runs, root's agent is the machine's, unless a folder is named or there; that has a unit"""
        script = ('set -e; mount -t tmpfs none /run; mount -t tmpfs none /etc; mkdir -p /run/systemd/system; '
                  '"$1" agent --init -y; ls /etc/srdiag; "$1" agent --init -y --dir "$HOME/named"; '
                  'ls -A "$HOME/named"; mkdir -m 700 "$HOME/.starrocks-agent"; cp "$HOME/named/.env" "$HOME/.starrocks-agent"; '
                  '"$1" agent --init -y --systemd no; ls -A "$HOME/.starrocks-agent"')
        with self.machine() as m:
            done = with_mounts(self, m, script, SRDIAG)
            self.assertEqual(done.returncode, 0, done.stderr)
            names = done.stdout.split()
            self.assertEqual(names[:2] + names[4:], ["agent.cnf", "agent.token", ".env"], done.stderr)
            self.assertEqual(names[2], ".env")
            self.assertRegex(names[3], r"^srdiag-agent-[0-9a-f]{8}\.service$")
            self.assertEqual([w for w in (m.home / "words").read_text().splitlines()],
                             ["systemctl --user show-environment", f"systemctl --user enable {m.home}/named/{names[3]}"])

    def test_verified(self):
        """systemd itself finds nothing wrong in the unit"""
        if subprocess.run(["sh", "-c", "command -v systemd-analyze"], capture_output=True).returncode:
            self.skipTest("systemd-analyze is not installed")
        with self.machine() as m:
            folder = m.home / 'a "b" 100%'
            m.init("--systemd", "yes", "--dir", folder)
            unit = next(folder.glob("srdiag-agent-*.service"))
            self.assertIn(f' agent --dir "{m.home}/a \\"b\\" 100%%"\n', unit.read_text())
            done = subprocess.run(["systemd-analyze", "verify", "--user", "--man=no", unit], capture_output=True, text=True,
                                  env={**m.env, "XDG_RUNTIME_DIR": str(m.home)})
            self.assertNotIn(unit.name, done.stderr)

    def test_broken(self):
        """A systemd that cannot be reached is told, and leaves no unit behind"""
        with self.machine() as m:
            (m.home / "broken").write_text("")
            done = m.init("--systemd", "yes")
            self.assertEqual(done.returncode, 74)
            self.assertIn("No medium found", done.stderr)
            self.assertIn("--systemd=no", done.stderr)
            self.assertEqual([p.name for p in m.dir.iterdir()], [".env"])
            self.assertEqual(m.init("--systemd", "no").returncode, 69)
            self.assertEqual(m.agent("start").returncode, 0)

    def test_failing(self):
        """A unit that does not start is told with its last words, and start fails"""
        with self.machine() as m, socket.create_server(("127.0.0.1", m.port)):
            m.init("--systemd", "yes")
            done = m.agent("start")
            self.assertEqual(done.returncode, 74)
            self.assertIn("systemctl start srdiag-agent.service ended with 1", done.stderr)
            self.assertIn("another program listens there", done.stdout + done.stderr)

    def test_system_unit(self):
        """An agent of the system's kind is started and stopped by the system's systemd"""
        with self.machine() as m:
            etc = m.home / "etc"
            m.agent("--init", "-y", "--system", "--dir", etc)
            (m.dir).mkdir()
            (m.home / "broken").write_text("")
            self.assertEqual(m.agent("start", "--dir", etc).returncode, 74)
            done = m.agent("status", "--dir", etc)
            self.assertEqual(done.returncode, 3, done.stderr)
            words = (m.home / "words").read_text().splitlines()
            self.assertEqual([w for w in words if w.startswith("systemctl")],
                             ["systemctl start srdiag-agent.service", "systemctl is-active srdiag-agent.service"])


if __name__ == "__main__":
    tap.main()
