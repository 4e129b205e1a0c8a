"""A toy study in a module of its own, so that other processes can import its functions."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

TOY = '''
import os

import numpy as np

from scenarios.studies.framework import Study, StudyReport
from scenarios.studies.grid import expand
from scenarios.studies.intervals import samples


def evaluate(point):
    """Two rows of a normal draw, after a line in the log that says that this point was computed."""
    x, log = point.parameters["x"], point.parameters["log"]
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{x:g} {point.seed}\\n".encode())
    os.close(descriptor)
    draws = np.random.default_rng([point.seed, int(x)]).normal(x, size=2)
    return [{"method": name, "value": float(value)} for name, value in zip(("a", "b"), draws)]


def report(table):
    means = {names: str(sample.interval()) for names, sample in samples(table, ["x", "method"], "value").items()}
    return StudyReport("toy: done", {"means.txt": repr(means).encode()})


def fails(point):
    if point.seed == 4:
        raise ValueError("seed 4")
    return evaluate(point)


def dies(point):
    os._exit(3)


def study(log, version=1, name="toy"):
    settings = expand(x=(1.0, 2.0, 3.0), log=(str(log),))
    return Study(name, version, "a toy", settings, settings[:1], 4, 2, evaluate, report, chunk=2)
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The module of the toy study; its points write to `toy.log`."""
    folder = tmp_path / "modules"
    folder.mkdir()
    name = "toy_study_of_the_tests"
    (folder / f"{name}.py").write_text(TOY)
    monkeypatch.syspath_prepend(folder)
    module = __import__(name)
    module.log = tmp_path / "evaluations.log"
    yield module
    del sys.modules[name]


@pytest.fixture
def evaluations(toy: ModuleType) -> Callable[[], list[str]]:
    """The points computed so far, one "x seed" each, sorted."""

    def read() -> list[str]:
        return sorted(toy.log.read_text().splitlines()) if toy.log.exists() else []

    return read
