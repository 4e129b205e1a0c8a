"""Common and private streams of N users against explicit loops, and the split of the common rate: eqs (14), (15)."""

import math

import numpy as np
import pytest

from twin.signal.rsma import (
    common_need,
    common_rate,
    common_sinrs,
    decoding_sinrs,
    fair_split,
    foreign_power,
    private_sinrs,
    rates,
    stream_powers,
)

N, M1, M2 = 3, 4, 5


def normal(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.fixture
def scene():
    rng = np.random.default_rng(2)
    return normal(rng, N, M1), normal(rng, N, M2), normal(rng, M1, 2), normal(rng, M2, N + 1)


def loops(h, g, w, o):
    common, private = [], []
    for n in range(N):
        noise = 1.0 + abs(np.vdot(h[n], w[:, 0])) ** 2 + abs(np.vdot(h[n], w[:, 1])) ** 2
        own = [abs(np.vdot(g[n], o[:, k])) ** 2 for k in range(N + 1)]
        common.append(own[0] / (own[1] + own[2] + own[3] + noise))
        private.append(own[n + 1] / (sum(own[j + 1] for j in range(N) if j != n) + noise))
    return common, private


def test_sinrs_are_those_of_the_loops(scene):
    h, g, w, o = scene
    powers, foreign = stream_powers(g, o), foreign_power(h, w)
    common, private = loops(*scene)
    np.testing.assert_allclose(common_sinrs(powers, foreign), common, rtol=1e-12)
    np.testing.assert_allclose(private_sinrs(powers, foreign), private, rtol=1e-12)
    assert common_rate(common_sinrs(powers, foreign)) == pytest.approx(min(math.log2(1.0 + x) for x in common))


def test_a_list_of_decodings_gives_the_same(scene):
    h, g, w, o = scene
    powers, foreign = stream_powers(g, o), foreign_power(h, w)
    what, heard = np.zeros((2, N, N + 1)), np.ones((2, N, N + 1))
    what[0, :, 0] = 1.0
    heard[:, :, 0] = 0.0
    for n in range(N):
        what[1, n, n + 1] = 1.0
        heard[1, n, n + 1] = 0.0
    found = [decoding_sinrs(powers, foreign, what[k], heard[k]) for k in range(2)]
    np.testing.assert_allclose(found, loops(*scene), rtol=1e-12)


def test_a_stream_with_a_part_of_the_band_to_itself_has_that_part_of_the_noise():
    powers, foreign = np.array([[2.0]]), np.array([3.0])
    alone = decoding_sinrs(powers, foreign, np.array([[4.0]]), np.zeros((1, 1)))
    assert alone == pytest.approx(2.0 / ((3.0 + 1.0) / 4.0))


def test_leading_axes_are_taken_one_by_one(scene):
    h, g, w, o = scene
    turns = np.array([1.0, 0.3])[:, None, None]
    powers, foreign = stream_powers(g, turns * o), foreign_power(h, turns * w)
    for index, turn in enumerate((1.0, 0.3)):
        one = stream_powers(g, turn * o), foreign_power(h, turn * w)
        np.testing.assert_allclose(common_sinrs(powers, foreign)[index], common_sinrs(*one), rtol=1e-12)
        np.testing.assert_allclose(private_sinrs(powers, foreign)[index], private_sinrs(*one), rtol=1e-12)


@pytest.mark.parametrize(
    ("common", "private", "split"),
    [
        (3.0, [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
        (1.0, [0.0, 5.0], [1.0, 0.0]),
        (4.0, [0.0, 2.0, 9.0], [3.0, 1.0, 0.0]),
        (0.0, [0.5, 0.2], [0.0, 0.0]),
    ],
)
def test_the_fair_split_fills_up_from_below(common, private, split):
    np.testing.assert_allclose(fair_split(common, np.array(private)), split, atol=1e-12)


def test_no_other_split_leaves_the_worst_user_more():
    rng = np.random.default_rng(3)
    for _ in range(50):
        private, common = rng.exponential(size=4), rng.exponential()
        found = fair_split(common, private)
        assert found.sum() == pytest.approx(common)
        assert (found >= 0.0).all()
        others = common * rng.dirichlet(np.ones(4), size=200)
        assert (others + private).min(axis=1).max() <= (found + private).min() + 1e-12


def test_the_need_of_common_rate_is_what_private_rates_lack():
    assert common_need(np.array([0.5, 1.5, 2.0]), 1.7) == pytest.approx(1.2 + 0.2)
    assert common_need(np.array([0.5, 1.5]), np.array([0.0, 2.0])) == pytest.approx(0.5)


def test_rates_are_bits():
    np.testing.assert_allclose(rates(np.array([0.0, 1.0, 3.0])), [0.0, 1.0, 2.0], atol=1e-15)
