"""Scenes for the solvers: drawn once per seed, with the spread of gains that a satellite, a UAV and a mast have."""

import json

import numpy as np
import pytest

from twin.solvers.synergy.problem import SynergyProblem

POWERS_MW = (10.0, 3.0, 30.0)
AMPLITUDES = (0.6, 12.0, 0.3)


def draw_problem(seed, antennas=(4, 4, 4), amplitudes=AMPLITUDES, powers_mw=POWERS_MW):
    rng = np.random.default_rng(seed)
    channels = [
        amplitude * (rng.normal(size=(4, n)) + 1j * rng.normal(size=(4, n))) / np.sqrt(2.0)
        for amplitude, n in zip(amplitudes, antennas, strict=True)
    ]
    return SynergyProblem(tuple(channels), powers_mw)


def draw_precoders(seed, problem, share=1.0):
    rng = np.random.default_rng(seed)
    drawn = []
    for matrix, power in zip(problem.channels, problem.powers_mw, strict=True):
        x = rng.normal(size=matrix.shape[1]) + 1j * rng.normal(size=matrix.shape[1])
        drawn.append(x * np.sqrt(share * power) / np.linalg.norm(x))
    return tuple(drawn)


def item_of(identity, problem):
    """The problem as an item of an instance file."""
    letters, names = ("S", "U", "B"), ("h", "a", "g")
    item = {"id": identity, "N": {}, "P": dict(zip(letters, problem.powers_mw, strict=True))}
    for name, letter, matrix in zip(names, letters, problem.channels, strict=True):
        item["N"][letter] = matrix.shape[1]
        item[name] = {
            user: [[entry.real, entry.imag] for entry in row.tolist()]
            for user, row in zip(("su", "au", "gu", "e"), matrix, strict=True)
        }
    return item


@pytest.fixture
def problem():
    return draw_problem(11)


@pytest.fixture
def instance_file(tmp_path):
    """Write items (or any JSON) to a file and return its path."""

    def write(items, name="instances.json"):
        path = tmp_path / name
        path.write_text(json.dumps({"items": items}), encoding="utf-8")
        return path

    return write


@pytest.fixture(name="draw_problem")
def _draw_problem():
    return draw_problem


@pytest.fixture(name="draw_precoders")
def _draw_precoders():
    return draw_precoders


@pytest.fixture(name="item_of")
def _item_of():
    return item_of
