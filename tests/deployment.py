"""What the tests of deploy/ share: the folder, processes with a clean environment, and its health check."""

import subprocess

from serving import ROOT, SRDIAG, clean_env

try:
    import kubernetes_validate
    import yaml
except ImportError:
    kubernetes_validate = yaml = None

DEPLOY = ROOT / "deploy"
NO_YAML = "the packages PyYAML and kubernetes-validate are not installed: make build/venv/.done"


def run(*words, timeout=60, **more):
    more.setdefault("env", clean_env())
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, **more)


def documents(name):
    """The YAML documents of a file of deploy/."""
    return [d for d in yaml.safe_load_all((DEPLOY / name).read_text()) if d]


def healthcheck(*words, **more):
    return run(SRDIAG, "healthcheck", *words, **more)
