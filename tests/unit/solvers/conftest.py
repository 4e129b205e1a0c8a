"""Scenes for the solvers: drawn once per seed, with the spread of gains that a satellite, a UAV and a mast have."""

import json

import numpy as np
import pytest

from twin.solvers.pricing.problem import InterferenceProblem
from twin.solvers.rsma.problem import HisacProblem
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


def draw_pairs(
    seed, pairs=3, antennas=(4, 4, 8), streams=(2, 1), power_mw=10.0, zeta=0.0, zeta_eve=0.0, gains=(1.0, 1.0, 1.0)
):
    """An interference channel of `pairs` pairs with (N_T, N_R, N_E) antennas and gains (main, cross, eve)."""
    rng = np.random.default_rng([9, seed])
    transmit, receive, heard = antennas
    main, cross, eve = gains
    table = np.where(np.eye(pairs) > 0.0, main, cross)

    def normal(*shape):
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)

    return InterferenceProblem(
        channels=normal(pairs, pairs, receive, transmit) * np.sqrt((1.0 - zeta**2) * table)[..., None, None],
        eve_channels=normal(pairs, heard, transmit) * np.sqrt((1.0 - zeta_eve**2) * eve),
        powers_mw=np.full(pairs, power_mw),
        streams=streams[0],
        noise_streams=streams[1],
        zeta=zeta,
        zeta_eve=zeta_eve,
        gains=table,
        eve_gains=np.full(pairs, eve),
    )


@pytest.fixture(name="draw_pairs")
def _draw_pairs():
    return draw_pairs


def draw_stations(seed, antennas=(8, 8), users=3, error=0.0, **changes):
    """Two stations 100 m apart at 18 GHz: Rician paths of K = 7 dB with shadowing, errors relative to the channels."""
    rng = np.random.default_rng([18, seed])

    def channel(station, place, size):
        away = np.array(place) - np.array(station)
        distance = np.linalg.norm(away)
        sines = [away[1] / distance, *rng.uniform(-1.0, 1.0, 5)]
        weights = (rng.normal(size=6) + 1j * rng.normal(size=6)) / np.sqrt(2.0 * 5.0 * 6.0)
        weights[0] = np.sqrt(5.0 / 6.0 * rng.gamma(5.0, 0.2)) * np.exp(2j * np.pi * rng.random())
        paths = np.exp(1j * np.pi * np.outer(sines, np.arange(size)))
        return weights @ paths * 299792458.0 / (18e9 * 4.0 * np.pi * distance) / 1e-4

    def near(station, least, most):
        turn, distance = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(least, most)
        return station[0] + distance * np.cos(turn), station[1] + distance * np.sin(turn), 0.0

    first, second = (0.0, 0.0, 10.0), (100.0, 0.0, 10.0)
    places = [near(first, *span) for span in ((30, 60), (30, 80), (20, 40))]
    people = [near(second, 20, 60) for _ in range(users)]
    h = np.array([channel(first, place, antennas[0]) for place in (*places, *people)])
    g = np.array([channel(second, place, antennas[1]) for place in (*places[:2], *people)])
    given = {
        "channels_1": h,
        "channels_2": g,
        "errors_1": error * np.linalg.norm(h[:2], axis=1),
        "errors_2": error * np.linalg.norm(g[:2], axis=1),
        "power_1_w": 316.0,
        "power_2_w": 316.0,
        "circuit_w": 5.0 + 0.25 * sum(antennas),
        "echo_gain": 0.0145,
        "threshold": 0.5,
        "least_secrecy": 1.0,
        "least_common": 1.0,
        "least_private": 1.0,
    }
    return HisacProblem(**{**given, **changes})


@pytest.fixture(name="draw_stations", scope="session")
def _draw_stations():
    return draw_stations
