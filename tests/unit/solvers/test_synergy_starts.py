"""The starts: leakage directions by definition, and powers that balance the links."""

import numpy as np
import pytest

from twin.signal.sinr import received_powers
from twin.solvers.synergy.problem import min_rate_nats, reduce
from twin.solvers.synergy.starts import ALL_STARTS, STARTS, leakage_directions, start


def leakage_ratio(matrix, k, x, loading):
    own = abs(np.vdot(matrix[k], x)) ** 2
    leaked = sum(abs(np.vdot(matrix[i], x)) ** 2 for i in range(4) if i != k)
    return own / (leaked + loading * np.linalg.norm(x) ** 2)


@pytest.mark.parametrize("loading", [0.5, 30.0, 300.0])
def test_no_direction_has_a_better_ratio_of_signal_to_leakage_and_loading(problem, loading):
    channels = reduce(problem).channels
    rng = np.random.default_rng(0)
    for k, x in enumerate(leakage_directions(channels, loading)):
        assert np.linalg.norm(x) == pytest.approx(1.0, rel=1e-12)
        best = leakage_ratio(channels[k], k, x, loading)
        for _ in range(200):
            near = x + 0.1 * (rng.normal(size=4) + 1j * rng.normal(size=4))
            assert leakage_ratio(channels[k], k, near, loading) <= best * (1 + 1e-12)


def test_a_large_loading_tends_to_mrt(problem):
    channels = reduce(problem).channels
    for near, exact in zip(leakage_directions(channels, 1e12), leakage_directions(channels, np.inf), strict=True):
        np.testing.assert_allclose(near, exact, atol=1e-6)


@pytest.mark.parametrize("name", ALL_STARTS)
def test_every_start_is_within_budget_and_balanced_ones_serve_everybody_better(problem, name):
    reduced = reduce(problem)
    begin = start(reduced, name)
    assert all(np.linalg.norm(z) <= 1.0 + 1e-12 for z in begin)
    if STARTS[name].balanced:
        full = start(reduced, name.removesuffix("-balanced"))
        balanced_rate, full_rate = (float(min_rate_nats(received_powers(reduced.channels, z))) for z in (begin, full))
        assert balanced_rate >= full_rate


def test_a_channel_of_zeros_still_has_a_start(problem):
    reduced = reduce(problem)
    channels = [np.zeros_like(matrix) for matrix in reduced.channels]
    for x in leakage_directions(channels, 30.0):
        assert np.linalg.norm(x) == 1.0
