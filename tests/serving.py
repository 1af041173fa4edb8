"""srdiag serve as a process, for tests in Python: `with Server("--http", "--demo") as s: s.get("/health")`."""

import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRDIAG = os.path.abspath(os.environ.get("SRDIAG", str(ROOT / "build" / "srdiag")))


def at_once(works):
    """Calls each of @works on a thread of its own, and waits for all of them."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def free_port():
    """A port on which nobody listens; not for long, perhaps."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def clean_env(**more):
    """The environment without what would configure srdiag, and with what a test says."""
    ours = ("SR_", "SRDIAG_", "API_", "ALLOWED_", "RATE_", "MAX_CONN", "TENANTS_", "LISTEN_", "NOTIFY_", "WATCHDOG_")
    env = {k: v for k, v in os.environ.items() if not k.startswith(ours) and k not in ("PORT", "HOST")}
    env.update(HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent", TZ="UTC", LC_ALL="C.UTF-8")
    # LeakSanitizer misreads the thread-local memory of a library that was loaded late (GnuTLS), and crashes
    env["ASAN_OPTIONS"] = ":".join(filter(None, [env.get("ASAN_OPTIONS"), "intercept_tls_get_addr=0"]))
    env.update({k: str(v) for k, v in more.items()})
    return env


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Server:
    """Listens on a free port of 127.0.0.1 in a folder of its own unless the words say otherwise."""

    def __init__(self, *words, config=None, files=None, env=None, stderr=None, wait=True, pass_fds=()):
        self.folder = Path(tempfile.mkdtemp(prefix="srdiag-serve-"))
        self.words = list(words)
        for name, text in (files or {}).items():
            self.write(name, text)
        if config is not None:
            self.write("srdiag.cnf", config)
            self.words += ["--config", "srdiag.cnf"]
        if not any(w.startswith("--listen") for w in words) and "PORT" not in (env or {}):
            self.words += ["--listen", "127.0.0.1:0"]
        self.errors = self.folder / "stderr"
        self.env, self.wait, self.stderr, self.pass_fds = clean_env(**(env or {})), wait, stderr, pass_fds
        self.process = None
        self.port = None

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def start(self):
        with open(self.errors, "wb") as err:
            self.process = subprocess.Popen(
                [SRDIAG, "serve", *self.words, "--port-file", "port"], cwd=self.folder, env=self.env,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.stderr or err,
                pass_fds=self.pass_fds)
        if self.wait:
            self.until(lambda: (self.folder / "port").exists() or self.process.poll() is not None, "the port file")
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}: {self.err}")
            self.port = int((self.folder / "port").read_text())
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()
        self.err
        subprocess.run(["rm", "-rf", str(self.folder)], check=False)
        if not exc[0] and "Sanitizer" in self.err_kept:
            raise AssertionError(self.err_kept)

    err_kept = ""

    @property
    def err(self):
        if self.errors.exists():
            self.err_kept = self.errors.read_text(errors="replace")
        return self.err_kept

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM, seconds=30):
        """Exit status, and what was left on stderr in .err_kept."""
        self.send(number)
        status = self.process.wait(seconds)
        self.err
        return status

    @staticmethod
    def until(true, what, seconds=20):
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for {what}")
            time.sleep(0.01)

    # ---- requests ----

    def ask(self, method, path, body=None, headers=None, host=None, connection=None):
        headers = dict(headers or {})
        if host is not None:
            headers["Host"] = host
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        c = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        c.request(method, path, body, headers)
        r = c.getresponse()
        answer = Answer(r.status, r.headers, r.read())
        if not connection:
            c.close()
        return answer

    def get(self, path, **kw):
        return self.ask("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.ask("POST", path, body, **kw)

    def raw(self, data, seconds=10):
        """Bytes in, bytes out until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            out = b""
            while True:
                try:
                    piece = s.recv(65536)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                out += piece
            return out


def refused(*words, env=None, files=None):
    """The exit status and words of a server that does not begin."""
    s = Server(*words, env=env, files=files, wait=False)
    with s:
        status = s.process.wait(20)
        return status, s.err
