"""Which clusters are there to choose from?

A scenario is a module: EXTENDS (another scenario or None), MODE (default run mode), build(c) that says what is true or
different, and REPORT, what a report about it must and must not say. See README.md.
"""
import importlib
import pkgutil


def names():
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))


def load(name):
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")


def chain(name):
    """The scenario and those it extends, the base first."""
    out = []
    while name:
        out.insert(0, load(name))
        name = out[0].EXTENDS
    return out


def build(cluster, name):
    for m in chain(name):
        m.build(cluster)
        for k, v in getattr(m, "REPORT", {}).items():
            cluster.report[k] = v
    cluster.place()
    return cluster


def mode_of(name):
    for m in reversed(chain(name)):
        if hasattr(m, "MODE"):
            return m.MODE
    return "shared_nothing"
