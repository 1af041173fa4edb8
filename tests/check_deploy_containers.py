#!/usr/bin/env python3
"""Do Dockerfile, compose files and manifests work? Without an engine: their steps and command lines are run as plain
processes, on loopback, in folders of a test.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import unittest
from fnmatch import fnmatch
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import tap
from cluster import Cluster
from deployment import DEPLOY, NO_YAML, documents, healthcheck, kubernetes_validate, run, yaml
from serving import ROOT, SRDIAG, Server, clean_env


@contextlib.contextmanager
def agent_of(words, port, folder, **env):
    """srdiag with @words, an agent's; yields the port, when it listens."""
    log = port.with_suffix(".log")
    with open(log, "wb") as err:
        agent = subprocess.Popen([SRDIAG, *words, "--port-file", port], cwd=folder, env=clean_env(**env),
                                 stdin=subprocess.DEVNULL, stderr=err)
    try:
        Server.until(lambda: port.exists() or agent.poll() is not None, "the agent")
        if agent.poll() is not None:
            raise AssertionError(f"the agent ended with {agent.returncode}: {log.read_text()}")
        yield port.read_text().strip()
    finally:
        agent.terminate()
        agent.wait(20)


@unittest.skipUnless(yaml, NO_YAML)
class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.objects, cls.every = {}, []  # the first of each kind; all of them
        cls.agent = {one["kind"]: one for one in documents("kubernetes/agent/agent.yaml")}
        cls.policies = documents("kubernetes/networkpolicy.yaml")
        for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
            if path.name != "kustomization.yaml":
                for one in documents(f"kubernetes/{path.name}"):
                    cls.objects.setdefault(one["kind"], one)
                    cls.every.append(one)

    def all_of(self, kind):
        return {one["metadata"]["name"]: one for one in self.every if one["kind"] == kind}

    @property
    def paths(self):
        """Which service each path of the Ingresses leads to."""
        return {path["path"]: path["backend"]["service"] for one in self.all_of("Ingress").values()
                for path in one["spec"]["rules"][0].get("http", {}).get("paths", [])}

    def test_shapes(self):
        """Every manifest has the shape that Kubernetes wants, and no member that it does not know"""
        for one in [*self.every, *self.agent.values()]:
            with self.subTest(kind=one["kind"], name=one["metadata"]["name"]):
                kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
        wrong = json.loads(json.dumps(self.objects["Deployment"]))
        wrong["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = "Always"
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)

    def test_all_there(self):
        """What was promised is there, and kustomization.yaml names all of it but the example of the Secret"""
        self.assertLessEqual({"Deployment", "Service", "Ingress", "Secret", "ConfigMap", "PodDisruptionBudget",
                              "CronJob", "NetworkPolicy"}, set(self.objects))
        files = {p.name for p in (DEPLOY / "kubernetes").glob("*.yaml")} - {"kustomization.yaml", "secret.example.yaml"}
        self.assertEqual(set(documents("kubernetes/kustomization.yaml")[0]["resources"]), files)
        self.assertEqual(documents("kubernetes/agent/kustomization.yaml")[0]["resources"], ["agent.yaml"])

    def pod(self, kind):
        spec = self.objects[kind]["spec"]
        return (spec["jobTemplate"]["spec"] if kind == "CronJob" else spec)["template"]

    def test_names(self):
        """What one manifest says of another is true: labels, ports, names"""
        labels = self.pod("Deployment")["metadata"]["labels"]
        for who, selector in (("Deployment", self.objects["Deployment"]["spec"]["selector"]["matchLabels"]),
                              ("Service", self.objects["Service"]["spec"]["selector"]),
                              ("PodDisruptionBudget", self.objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"])):
            self.assertLessEqual(selector.items(), labels.items(), who)
            self.assertFalse(selector.items() <= self.pod("CronJob")["metadata"]["labels"].items(), who)
        for one, kind in zip(self.policies, ("Deployment", "CronJob"), strict=True):
            self.assertLessEqual(one["spec"]["podSelector"]["matchLabels"].items(),
                                 self.pod(kind)["metadata"]["labels"].items())
        container = self.pod("Deployment")["spec"]["containers"][0]
        ports = {p["name"]: p["containerPort"] for p in container["ports"]}
        service = self.objects["Service"]["spec"]["ports"][0]
        self.assertIn(service["targetPort"], ports)
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertIn(container[probe]["httpGet"]["port"], ports)
        self.assertIn(f"listen = 0.0.0.0:{ports['http']}", self.objects["ConfigMap"]["data"]["srdiag.cnf"])
        hosts = {one["spec"]["rules"][0]["host"] for one in self.all_of("Ingress").values()}
        self.assertEqual(len(hosts), 1)
        self.assertIn(*hosts, self.objects["ConfigMap"]["data"]["srdiag.cnf"])
        self.assertEqual(self.policies[0]["spec"]["ingress"][0]["ports"], [{"port": service["targetPort"]}])
        for path, leads_to in self.paths.items():
            self.assertIn(leads_to["name"], self.all_of("Service"), path)
            self.assertEqual(leads_to["port"], {"name": service["name"]}, path)
        for kind in "Deployment", "CronJob":
            spec = self.pod(kind)["spec"]
            self.assertEqual(spec["serviceAccountName"], self.objects["ServiceAccount"]["metadata"]["name"])
            volumes = {v["name"]: v for v in spec["volumes"]}
            self.assertEqual(volumes["config"]["configMap"]["name"], self.objects["ConfigMap"]["metadata"]["name"])
            self.assertEqual(volumes["secret"]["secret"]["secretName"], self.objects["Secret"]["metadata"]["name"])
            self.assertEqual({m["name"] for m in spec["containers"][0]["volumeMounts"]}, set(volumes))

    def test_affinity(self):
        """What a session of the old transport needs stays with one replica, and nothing else does"""
        sticky = {name for name, one in self.all_of("Service").items() if one["spec"].get("sessionAffinity") == "ClientIP"}
        self.assertEqual({path for path, leads_to in self.paths.items() if leads_to["name"] in sticky}, {"/sse", "/messages"})
        for name, one in self.all_of("Ingress").items():
            words = json.dumps(one["metadata"].get("annotations", {}))
            self.assertEqual("hash" in words, name == "srdiag-sse", name)
            self.assertEqual("non_idempotent" in words, name == "srdiag-any", name)
        self.assertIn("replica-secret-file = ", self.objects["ConfigMap"]["data"]["srdiag.cnf"])
        self.assertIn("replica-secret", self.objects["Secret"]["stringData"])

    def test_confined(self):
        """No pod is root, writes its image, keeps a capability, or gets the variables of services"""
        for spec in (self.pod("Deployment")["spec"], self.pod("CronJob")["spec"],
                     self.agent["Deployment"]["spec"]["template"]["spec"]):
            mine = spec["containers"][0]["securityContext"]
            self.assertTrue(spec["securityContext"]["runAsNonRoot"] and mine["readOnlyRootFilesystem"])
            self.assertEqual((mine["allowPrivilegeEscalation"], mine["capabilities"]), (False, {"drop": ["ALL"]}))
            self.assertEqual((spec["enableServiceLinks"], spec["automountServiceAccountToken"]), (False, False))
            uid = re.search(r"^USER (\d+):", (DEPLOY / "Dockerfile").read_text().split("AS runtime")[1], re.M)[1]
            self.assertEqual(str(spec["securityContext"]["runAsUser"]), uid)

    def test_routes(self):
        """Every path of probes and Ingress is one of the server, and what is an administrator's is none of them"""
        paths = set(self.paths)
        for word in "metrics", "stats", "admin", "reload":
            self.assertFalse([p for p in paths if word in p])
        with Server("--http", "--sse", "--demo") as s:
            for path in paths | {"/healthz"}:
                if path != "/test-agent":  # which is there with --tenants only: check_tenants.py
                    self.assertNotEqual(s.ask("OPTIONS", path).status, 404, path)

    def test_runs(self):
        """The pod's words start a server with the ConfigMap and a Secret as they are mounted"""
        words = self.pod("Deployment")["spec"]["containers"][0]["args"]
        with tempfile.TemporaryDirectory() as name, Cluster("healthy-shared-nothing") as c:
            folder = Path(name)
            data = folder / "secret" / "..data"
            data.mkdir(parents=True)
            keys = run(SRDIAG, "serve", "keys", "new", "alice", "--api-key-file", data / "keys").stdout.strip()
            (data / "password").write_text(c.facts["users"]["diag"] + "\n")
            (data / "replica-secret").write_text("# openssl rand -hex 32\n" + "5" * 64 + "\n")
            for file in "keys", "password", "replica-secret":
                (data / file).chmod(0o440)
                (folder / "secret" / file).symlink_to(f"..data/{file}")
            config = (self.objects["ConfigMap"]["data"]["srdiag.cnf"].replace("/etc/srdiag/secret", f"{folder}/secret")
                      .replace("0.0.0.0:3000", "0.0.0.0:0"))
            config = re.sub(r"^host = .*$", f"host = {c.facts['host']}:{c.facts['port']}", config, flags=re.M)
            (folder / "srdiag.cnf").write_text(config)
            words = [str(folder / "srdiag.cnf") if w.endswith("srdiag.cnf") else w for w in words]
            with Server(*words[1:], "--listen", "0.0.0.0:0") as s:
                warnings = [line for line in s.err.splitlines() if "warning" in line]
                self.assertEqual(len(warnings), 1, warnings)  # TLS is the Ingress's
                self.assertIn("travel in clear", warnings[0])
                self.assertEqual(s.get("/healthz", host="10.1.2.3:3000").status, 200)  # as the kubelet asks
                self.assertEqual(s.get("/health", host="mcp.example.com").status, 200)
                self.assertEqual(s.get("/tools", host="mcp.example.com").status, 401)
                answer = s.post("/call-tool", {"tool": "get_disk_usage", "arguments": {}}, host="srdiag:3000",
                                headers={"X-API-Key": keys})
                self.assertEqual((answer.status, answer.json.get("isError", False)), (200, False), answer)
            job = self.pod("CronJob")["spec"]["containers"][0]["args"]
            job = [str(folder / "srdiag.cnf") if w.endswith("srdiag.cnf") else w for w in job]
            done = run(SRDIAG, *job, timeout=120)
            self.assertIn(done.returncode, (0, 1, 2, 3), done.stderr)
            self.assertIn("Health ", done.stdout)

    def test_agent_names(self):
        """What the agent's manifests say of one another is true: labels, ports, names"""
        pod, labels = (self.agent["Deployment"]["spec"]["template"][k] for k in ("spec", "metadata"))
        labels, container = labels["labels"], pod["containers"][0]
        for selector in self.agent["Deployment"]["spec"]["selector"]["matchLabels"], self.agent["Service"]["spec"]["selector"]:
            self.assertLessEqual(selector.items(), labels.items())
        self.assertFalse(self.objects["Service"]["spec"]["selector"].items() <= labels.items())
        ports = {p["name"]: p["containerPort"] for p in container["ports"]}
        self.assertIn(self.agent["Service"]["spec"]["ports"][0]["targetPort"], ports)
        for probe in "startupProbe", "livenessProbe", "readinessProbe":
            self.assertIn(container[probe]["httpGet"]["port"], ports)
        volumes = {v["name"]: v for v in pod["volumes"]}
        self.assertEqual({m["name"] for m in container["volumeMounts"]}, set(volumes))
        self.assertEqual(volumes["config"]["configMap"]["name"], self.agent["ConfigMap"]["metadata"]["name"])
        self.assertEqual(volumes["ledger"]["persistentVolumeClaim"]["claimName"],
                         self.agent["PersistentVolumeClaim"]["metadata"]["name"])
        self.assertIn(f"listen = 0.0.0.0:{ports['http']}", self.agent["ConfigMap"]["data"]["agent.cnf"])
        paths = [m["mountPath"] for m in container["volumeMounts"]]
        for file in re.findall(r"-file = (\S+)", self.agent["ConfigMap"]["data"]["agent.cnf"]):
            self.assertTrue(any(file.startswith(path) for path in paths), file)

    def test_agent_runs(self):
        """The agent's words answer a probe of the kubelet and a centre, with the Secret as it is mounted"""
        words = self.agent["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"]
        probe = self.agent["Deployment"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["httpGet"]["path"]
        with tempfile.TemporaryDirectory() as name, Cluster("healthy-shared-nothing") as c:
            folder = Path(name)
            secret = folder / "secret"
            secret.mkdir()
            for file, text in (("token", "ab" * 32), ("password", c.facts["users"]["diag"] + "\n")):
                (secret / file).write_text(text)
                (secret / file).chmod(self.mode())
            config = (self.agent["ConfigMap"]["data"]["agent.cnf"].replace("/etc/srdiag/secret", f"{secret}")
                      .replace("0.0.0.0:8080", "0.0.0.0:0").replace("/var/lib/srdiag", name))
            config = re.sub(r"^host = .*$", f"host = {c.facts['host']}:{c.facts['port']}", config, flags=re.M)
            (folder / "agent.cnf").write_text(config)
            with agent_of([w.replace("/etc/srdiag", name) for w in words], folder / "port", folder) as port:
                client = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
                client.request("GET", probe, headers={"Host": "10.1.2.3:8080"})
                self.assertEqual(client.getresponse().status, 200)
                client.close()
                done = run(SRDIAG, "--agent", f"http://127.0.0.1:{port}", "storage", "disks", "-o", "csv",
                           env=clean_env(AGENT_TOKEN="ab" * 32))
                self.assertEqual((done.returncode, done.stdout.count("\n") > 1), (0, True), done.stderr)
            self.assertIn("/collect", (folder / "audit.jsonl").read_text())

    def mode(self):
        pod = self.agent["Deployment"]["spec"]["template"]["spec"]
        return next(v["secret"]["defaultMode"] for v in pod["volumes"] if "secret" in v)


class Image(unittest.TestCase):
    """The Dockerfile, step by step, without an engine."""

    @classmethod
    def setUpClass(cls):
        text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
        cls.stages, stage = {}, None
        for line in filter(None, map(str.strip, text.splitlines())):
            word, rest = line.split(None, 1)
            if word == "FROM":
                stage = cls.stages.setdefault(rest.split()[-1], [])
            elif stage is not None:
                stage.append((word, rest))

    def value(self, stage, word):
        return [rest for w, rest in self.stages[stage] if w == word]

    @staticmethod
    def ignored(path):
        """As the engine reads Dockerfile.dockerignore: the last pattern that matches decides."""
        gone = False
        for line in (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n"):
            if not line or line.startswith("#"):
                continue
            pattern = line.removeprefix("!").removeprefix("**/")
            parts = Path(path).parts
            names = ["/".join(parts[:i + 1]) for i in range(len(parts))] + (list(parts) if "**/" in line else [])
            if any(fnmatch(name, pattern) for name in names):
                gone = not line.startswith("!")
        return gone

    def copy(self, words, into):
        source, target = words.split()
        target = into / target if not target.endswith("/") else into / target / Path(source).name
        files = [ROOT / source] if (ROOT / source).is_file() else [p for p in (ROOT / source).rglob("*") if p.is_file()]
        for file in files:
            if self.ignored(file.relative_to(ROOT)):
                continue
            to = target if file == ROOT / source else target / file.relative_to(ROOT / source)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)

    def test_context(self):
        """Nothing that could hold a secret gets near the image, and no build folder"""
        for path in ".env", "deploy/.env", "deploy/keys", "build/srdiag", ".git/config", "tests/check_deploy.py":
            self.assertTrue(self.ignored(path), path)
        for path in "cmd/main.c", ".ci/deps", "tests/sim/__main__.py", "experts/storage/disks.c":
            self.assertFalse(self.ignored(path), path)

    def test_build(self):
        """The steps of the build stage build and install srdiag from what they copy"""
        with tempfile.TemporaryDirectory() as name:
            out = Path(name)
            self.assertEqual(self.value("build", "WORKDIR"), ["/src"])
            for word, rest in self.stages["build"]:
                if word == "COPY":
                    self.copy(rest, out / "src")
                elif word == "RUN":
                    # no optimizer: what is asked is whether everything is there
                    rest = rest.replace("/out", f"{out}/out").replace("-O2", "-O0")
                    done = run("sh", "-c", rest, cwd=out / "src", timeout=900, env={**clean_env(), "MAKEFLAGS": "-j2"})
                    self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
            program = out / "out/usr/local/bin/srdiag"
            self.assertIn("srdiag ", run(program, "--version").stdout)
            self.assertEqual(run(program, "--demo", "--exit-zero", "comprehensive").returncode, 0)
            for file in "share/man/man1/srdiag.1", "share/bash-completion/completions/srdiag":
                self.assertTrue((out / "out/usr/local" / file).exists(), file)

    def test_sim(self):
        """The simulator's stage has every file and package that a simulated cluster wants"""
        words = json.loads(self.value("sim", "ENTRYPOINT")[0])
        service = documents("compose.demo.yaml")[0]["services"]["cluster-acme"]["command"]
        with tempfile.TemporaryDirectory() as name:
            out = Path(name, "sim")
            for word in self.value("sim", "COPY"):
                self.copy(word, out)
            # of the packages here those that the stage installs, and no others
            listed = set(re.findall(r"^([\w.-]+)==", (out / "requirements.txt").read_text(), re.M))
            site, mine = Path(sysconfig.get_path("purelib")), Path(name, "packages")
            mine.mkdir()
            for file in site.glob("*.dist-info/RECORD"):
                if re.split(r"-\d", file.parent.name)[0].replace("_", "-").lower() in listed:
                    for top in {line.split("/")[0].split(",")[0] for line in file.read_text().splitlines()} - {"..", ""}:
                        if not (mine / top).exists():
                            (mine / top).symlink_to(site / top)
            sim = subprocess.Popen([sys._base_executable, "-S", *words[1:], *service, "--port", "0", "--http-port", "0"], cwd=out,
                                   env={"PATH": os.environ["PATH"], "PYTHONPATH": str(mine)}, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                line = sim.stdout.readline()
                self.assertTrue(line, "no facts" if sim.poll() is None else sim.stderr.read())
                facts = json.loads(line)
                done = run(SRDIAG, "storage", "tables", "-o", "csv", "-h", f"{facts['host']}:{facts['port']}", "-u", "root")
                self.assertEqual((done.returncode, done.stdout.count("\n") > 1), (0, True), done.stderr)
            finally:
                sim.stdin.close()
                sim.wait(20)
                sim.stdout.close()
                sim.stderr.close()

    def test_libraries(self):
        """The runtime stage installs every library that the program is linked with, or loads by name"""
        if not shutil.which("dpkg"):
            self.skipTest("dpkg says which package a library is of, and is not here")
        if "VERSION_ID=\"12\"" not in Path("/etc/os-release").read_text():
            self.skipTest("the packages of the image are those of Debian 12")
        linked = run("ldd", ROOT / "build" / "srdiag").stdout
        files = re.findall(r"=> (/\S+)", linked)
        known = run("ldconfig", "-p", env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"}).stdout
        by_name = set(re.findall(r'"(lib[\w.-]+\.so\.\d+)"', "\n".join(p.read_text() for p in (ROOT / "lib").rglob("*.c"))))
        self.assertIn("libmicrohttpd.so.12", by_name)
        for one in by_name:
            files += re.findall(rf"\s{re.escape(one)} .*=> (\S+)", known)[:1]
        listed = set(re.search(r"--no-install-recommends(.*?)&&", " ".join(self.value("runtime", "RUN")))[1].split())
        for file in files:
            owner = run("dpkg", "-S", Path(file).name).stdout
            packages = {line.split(":")[0] for line in owner.splitlines() if line.split(": ")[-1].endswith(Path(file).name)}
            packages = {p for p in packages if not p.endswith(("-dev", "-dbg"))}
            if packages & {"libc6", "libgcc-s1"}:  # of every image
                continue
            # what those bring with them comes by itself; ldd names that, too
            needed = {p for p in packages if p in listed} or self.comes_with(packages, listed)
            self.assertTrue(needed, f"{file} of {packages} is not installed in the image")

    @staticmethod
    def comes_with(packages, listed):
        """Is one of @packages a dependency of what is listed?"""
        seen, todo = set(), list(listed)
        while todo:
            one = todo.pop()
            if one in seen:
                continue
            seen.add(one)
            depends = run("dpkg-query", "-W", "-f=${Depends}", one).stdout
            todo += [d.strip().split()[0].split(":")[0] for d in re.split("[,|]", depends) if d.strip()]
        return packages & seen

    def test_runs(self):
        """The image refuses to serve without a key, serves with one, and its health check says so"""
        env = dict(w.split("=", 1) for w in self.value("runtime", "ENV"))
        words = json.loads(self.value("runtime", "CMD")[0])
        check = json.loads(re.search(r"CMD (\[.*\])", self.value("runtime", "HEALTHCHECK")[0])[1])
        self.assertEqual(json.loads(self.value("runtime", "ENTRYPOINT")[0]) + ["healthcheck"], check)
        self.assertRegex(self.value("runtime", "USER")[0], r"^[1-9]\d*:[1-9]\d*$")
        self.assertEqual(env, {"SRDIAG_LISTEN": "0.0.0.0:3000"})
        with Server(*words[1:], "--demo", "--listen", "0.0.0.0:0", wait=False) as s:
            self.assertEqual(s.process.wait(20), 78, s.err)
            self.assertIn("key", s.err)
        with Server(*words[1:], "--demo", "--listen", "0.0.0.0:0", env={"API_KEY": "k" * 32}) as s:
            address = {"SRDIAG_LISTEN": f"0.0.0.0:{s.port}"}
            self.assertEqual(healthcheck(env=clean_env(**address)).returncode, 0)
            s.end()
            self.assertEqual(healthcheck(env=clean_env(**address)).returncode, 1)


@unittest.skipUnless(yaml, NO_YAML)
class Compose(unittest.TestCase):
    @staticmethod
    def resolved(text):
        """${NAME:-default} with the defaults."""
        return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(text))

    def test_team(self):
        """compose.yaml: the service's words and variables serve a cluster, behind keys"""
        service = documents("compose.yaml")[0]["services"]["srdiag"]
        env = {k: self.resolved(v) for k, v in service["environment"].items()}
        with tempfile.TemporaryDirectory() as name, Cluster("healthy-shared-nothing") as c:
            key = run(SRDIAG, "serve", "keys", "new", "alice", "--api-key-file", f"{name}/keys").stdout.strip()
            Path(name, "password").write_text(c.facts["users"]["diag"] + "\n")
            Path(name, "password").chmod(0o600)
            env = {k: v.replace("/run/secrets", name) for k, v in env.items()}
            env.update(SR_HOST=c.facts["host"], SR_PORT=str(c.facts["port"]), SR_USER="diag")
            with Server(*service["command"][1:], "--listen", "0.0.0.0:0", env=env) as s:
                self.assertEqual(s.get("/tools").status, 401)
                answer = s.post("/call-tool", {"tool": "get_disk_usage"}, headers={"X-API-Key": key})
                self.assertEqual((answer.status, answer.json.get("isError", False)), (200, False), answer)
                self.assertTrue(all(json.loads(line) for line in s.err.splitlines() if line.startswith("{")))
        self.assertTrue(service["read_only"])
        self.assertEqual((service["cap_drop"], service["security_opt"]), (["ALL"], ["no-new-privileges:true"]))

    def test_agent(self):
        """compose.agent.yaml: the service's words and variables answer a centre, and keep a ledger"""
        service = documents("compose.agent.yaml")[0]["services"]["agent"]
        env = {k: self.resolved(v) for k, v in service["environment"].items()}
        with tempfile.TemporaryDirectory() as name, Cluster("healthy-shared-nothing") as c:
            for file, text in (("token", "cd" * 32), ("password", c.facts["users"]["diag"] + "\n")):
                Path(name, file).write_text(text)
                Path(name, file).chmod(0o600)
            inside = lambda w: w.replace("/run/secrets", name).replace("/var/lib/srdiag", name)
            env = {k: inside(v) for k, v in env.items()} | {"SR_HOST": c.facts["host"], "SR_PORT": c.facts["port"]}
            words = [inside(w).replace("0.0.0.0:8080", "0.0.0.0:0") for w in service["command"]]
            with agent_of(words, Path(name, "port"), name, **env) as port:
                self.assertEqual(healthcheck("--listen", port).returncode, 0)
                done = run(SRDIAG, "--agent", f"http://127.0.0.1:{port}", "--agent-token-file", f"{name}/token", "storage",
                           "disks", "-o", "csv")
                self.assertEqual((done.returncode, done.stdout.count("\n") > 1), (0, True), done.stderr)
            self.assertEqual(run(SRDIAG, "agent", "audit", "verify", f"{name}/audit.jsonl").returncode, 0)
        self.assertTrue(service["read_only"])
        self.assertEqual((service["cap_drop"], service["security_opt"]), (["ALL"], ["no-new-privileges:true"]))

    def test_init(self):
        """The demo's secrets are made once, each for its reader, and none twice"""
        with tempfile.TemporaryDirectory() as name:
            for part in "central", "acme", "globex":
                Path(name, part).mkdir()
            env = clean_env(SRDIAG=SRDIAG)
            first = run("sh", DEPLOY / "demo/init.sh", name, env=env)
            self.assertEqual(first.returncode, 0, first.stderr)
            keys = dict(re.findall(r"^  (\w+) +([0-9a-f]{64})$", first.stdout, re.M))
            self.assertEqual(set(keys), {"acme", "globex", "admin"})
            tenants = json.loads(Path(name, "central/tenants-config.json").read_text())["tenants"]
            tokens = {t: Path(name, t, "token").read_text().strip() for t in ("acme", "globex")}
            self.assertEqual({t: one["agent_token"] for t, one in tenants.items()}, tokens)
            self.assertEqual(len(set(tokens.values())), 2)
            for path in Path(name).rglob("*"):
                if path.is_file():
                    self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)
                if os.geteuid() == 0:  # as in the container, whose volumes are root's
                    self.assertEqual(f"{path.stat().st_uid}:{path.stat().st_gid}", self.image_user(), path)
            again = run("sh", DEPLOY / "demo/init.sh", name, env=env)
            self.assertEqual((again.returncode, again.stdout), (0, "The secrets of the demo are there already.\n"))
            listed = run(SRDIAG, "serve", "keys", "list", "--api-key-file", f"{name}/central/keys", "-o", "csv").stdout
            self.assertRegex(listed, r"(?m)^acme,\w+,use,acme,")
            for key in keys.values():
                self.assertNotIn(key, Path(name, "central/keys").read_text())

    @staticmethod
    def image_user():
        return re.search(r"^USER (\S+)", (DEPLOY / "Dockerfile").read_text().split("AS runtime")[1], re.M)[1]

    def test_demo_isolation(self):
        """compose.demo.yaml: no cluster is in a network of the centre but under its agent's name, and no port but the centre's is open"""
        services = documents("compose.demo.yaml")[0]["services"]
        for tenant in "acme", "globex":
            cluster, agent = services[f"cluster-{tenant}"], services[f"agent-{tenant}"]
            self.assertEqual(agent["network_mode"], f"service:cluster-{tenant}")
            self.assertEqual(cluster["networks"], {"hosted": {"aliases": [f"agent-{tenant}"]}})
            self.assertEqual(agent["environment"]["SR_HOST"], "127.0.0.1")
            self.assertEqual(agent["volumes"], [f"{tenant}:/var/lib/srdiag"])
        self.assertEqual([n for n, s in services.items() if "ports" in s], ["central"])
        self.assertEqual(services["init"]["network_mode"], "none")

    def clusters(self):
        services = documents("compose.demo.yaml")[0]["services"]
        return {tenant: services[f"cluster-{tenant}"]["command"][1] for tenant in ("acme", "globex")}

    def test_demo_clusters(self):
        """The simulated clusters of the demo answer, each its own"""
        names = self.clusters()
        with Cluster(names["acme"]) as a, Cluster(names["globex"]) as g:
            config = "".join(f"[cluster {n}]\nhost = {c.facts['host']}:{c.facts['port']}\nuser = root\npassword = "
                             f"{c.facts['users'].get('root') or ''}\n" for n, c in (("acme", a), ("globex", g)))
            with Server("--http", "--sse", config=config) as s:
                scores = {}
                for name in "acme", "globex":
                    answer = s.post("/call-tool", {"tool": "analyze_storage_health", "arguments": {"cluster": name}})
                    self.assertEqual((answer.status, answer.json.get("isError", False)), (200, False), answer)
                    scores[name] = answer.json["structuredContent"]["score"]["value"]
                self.assertLess(scores["acme"], scores["globex"])

    @contextlib.contextmanager
    def agents(self, folder):
        """init.sh, both clusters and both agents as the demo has them: (keys, ports of the agents)."""
        services = documents("compose.demo.yaml")[0]["services"]
        for part in "central", "acme", "globex":
            (folder / part).mkdir()
        made = run("sh", DEPLOY / "demo/init.sh", folder, env=clean_env(
            SRDIAG=SRDIAG, AGENT_ACME="http://127.0.0.1:@acme", AGENT_GLOBEX="http://127.0.0.1:@globex"))
        keys = dict(re.findall(r"^  (\w+) +([0-9a-f]{64})$", made.stdout, re.M))
        with contextlib.ExitStack() as stack:
            where = {}
            for tenant, scenario in self.clusters().items():
                c = stack.enter_context(Cluster(scenario))
                words = [w.replace("/var/lib/srdiag", f"{folder}/{tenant}").replace("0.0.0.0:8080", "127.0.0.1:0")
                         for w in services[f"agent-{tenant}"]["command"]]
                where[tenant] = stack.enter_context(agent_of(
                    words, folder / f"{tenant}.port", folder, SR_HOST=c.facts["host"], SR_PORT=c.facts["port"],
                    SR_USER="root"))
                self.assertEqual(healthcheck("--listen", where[tenant]).returncode, 0)
            yield keys, where

    def test_demo_agents(self):
        """A centre that reaches both clusters of the demo through their agents alone"""
        with tempfile.TemporaryDirectory() as name, self.agents(Path(name)) as (_, where):
            config = "".join(f"[cluster {tenant}]\nagent = http://127.0.0.1:{port}\nagent-token-file = {name}/{tenant}/token\n"
                             for tenant, port in where.items())
            with Server("--http", "--sse", config=config) as s:
                modes = {}
                for tenant in where:
                    answer = s.post("/call-tool", {"tool": "analyze_storage_health", "arguments": {"cluster": tenant}})
                    self.assertEqual((answer.status, answer.json.get("isError", False)), (200, False), answer)
                    modes[tenant] = answer.json["structuredContent"]["cluster"]["run_mode"]
                self.assertEqual(modes, {"acme": "shared-nothing", "globex": "shared-data"})

    def test_demo(self):
        """The whole demo: a centre, two agents, two clusters; each key sees its own tenant and nothing of the other"""
        with tempfile.TemporaryDirectory() as name, self.agents(Path(name)) as (keys, where):
            tenants = Path(name, "central/tenants-config.json")
            text = tenants.read_text()
            for tenant, port in where.items():
                text = text.replace(f"@{tenant}", port)
            tenants.write_text(text)
            words = documents("compose.demo.yaml")[0]["services"]["central"]["command"]
            with Server(*[w.replace("/var/lib/srdiag", f"{name}/central") for w in words[1:]]) as s:
                self.each_its_own(s, keys)
                self.leaves(s, keys, name)
            self.ledgers(name)

    def each_its_own(self, s, keys):
        modes = {}
        for tenant in "acme", "globex":
            mine = {"X-API-Key": keys[tenant], "X-Tenant-ID": tenant}
            other = {**mine, "X-Tenant-ID": "globex" if tenant == "acme" else "acme"}
            answer = s.get("/test-agent", headers=mine)
            said = answer.json
            self.assertEqual((answer.status, said.get("success"), said.get("tenant")), (200, True, tenant), answer)
            self.assertEqual(s.get("/test-agent", headers=other).status, 404)
            answer = s.post("/call-tool", {"tool": "get_disk_usage", "arguments": {}}, headers=mine)
            self.assertEqual((answer.status, answer.json.get("isError", False)), (200, False), answer)
            modes[tenant] = answer.text
            answer = s.post("/call-tool", {"tool": "get_disk_usage", "arguments": {}}, headers=other)
            self.assertEqual(answer.status, 404)
        self.assertNotEqual(modes["acme"], modes["globex"])

    @staticmethod
    def commands():
        """What the head of compose.demo.yaml says to type: {service: (words behind "srdiag" or a signal)}."""
        text = (DEPLOY / "compose.demo.yaml").read_text().replace("\\\n#", "")
        return (re.search(r"--entrypoint srdiag init +(tenant .*)$", text, re.M)[1].split(),
                re.search(r"kill -s (\w+) central$", text, re.M)[1],
                re.search(r"exec agent-acme srdiag (.*)$", text, re.M)[1].split())

    def leaves(self, s, keys, name):
        """A customer is switched off as the file's head says: gone at once, and the other notices nothing."""
        words, number, _ = self.commands()
        done = run(SRDIAG, *[w.replace("/state", name) for w in words])
        self.assertEqual(done.returncode, 0, done.stderr)
        s.send(getattr(signal, f"SIG{number}"))
        ask = lambda tenant: s.post("/call-tool", {"tool": "get_disk_usage", "arguments": {}},
                                    headers={"X-API-Key": keys[tenant], "X-Tenant-ID": tenant}).status
        s.until(lambda: ask("acme") == 404, "the tenant to be gone")
        self.assertEqual(ask("globex"), 200)

    def ledgers(self, name):
        """Each customer has what was asked of it on its own disk, and nobody changed it."""
        show = [w.replace("/var/lib/srdiag", f"{name}/acme") for w in self.commands()[2]]
        self.assertRegex(run(SRDIAG, *show).stdout, "(?i)disk|backends")
        for tenant in "acme", "globex":
            done = run(SRDIAG, "agent", "audit", "verify", f"{name}/{tenant}/audit.jsonl")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    tap.main()
