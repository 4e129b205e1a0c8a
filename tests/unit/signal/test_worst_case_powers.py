"""Least and greatest received powers: never beaten by sampled errors, reached by the errors that are meant to reach them."""

import numpy as np
import pytest

from twin.signal.worst_case import amplitude, least_power, most_power, spread


def normal(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.fixture
def rng():
    return np.random.default_rng(8)


def on_the_sphere(rng, radius, count, size):
    """Errors of norm `radius`: the worst lie on the surface."""
    draws = normal(rng, count, size)
    return radius * draws / np.linalg.norm(draws, axis=1, keepdims=True)


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("radius", [0.0, 0.3, 2.0])
def test_no_sampled_error_gives_less_or_more(rng, streams, radius):
    h, w = normal(rng, 5), normal(rng, 5, streams)
    for error in on_the_sphere(rng, radius, 2000, 5):
        power = sum(abs(np.vdot(h + error, column)) ** 2 for column in w.T)
        assert power >= least_power(h, w, radius) - 1e-9
        assert power <= most_power(h, w, radius) + 1e-9


def test_the_bounds_of_one_stream_are_reached(rng):
    h, w = normal(rng, 4), normal(rng, 4)
    radius = 0.4 * abs(np.vdot(h, w)) / np.linalg.norm(w)
    along = radius * w / np.linalg.norm(w)
    turned = along * np.conj(np.vdot(h, w)) / abs(np.vdot(h, w))
    assert abs(np.vdot(h - turned, w)) ** 2 == pytest.approx(float(least_power(h, w[:, None], radius)), rel=1e-12)
    assert abs(np.vdot(h + turned, w)) ** 2 == pytest.approx(float(most_power(h, w[:, None], radius)), rel=1e-12)


def test_the_bounds_of_streams_along_one_direction_are_reached(rng):
    h, direction, weights = normal(rng, 4), normal(rng, 4), normal(rng, 3)
    w = np.outer(direction, weights)
    turned = 0.1 * direction / np.linalg.norm(direction) * np.exp(-1j * np.angle(np.vdot(h, direction)))
    power = sum(abs(np.vdot(h + turned, column)) ** 2 for column in w.T)
    assert power == pytest.approx(float(most_power(h, w, 0.1)), rel=1e-12)


def test_an_error_that_could_cancel_the_signal_leaves_nothing(rng):
    h, w = normal(rng, 4), normal(rng, 4, 1)
    radius = 1.01 * abs(np.vdot(h, w[:, 0])) / np.linalg.norm(w)
    assert least_power(h, w, radius) == 0.0
    assert most_power(h, w, radius) > 0.0


def test_the_tight_bound_is_tighter_than_that_of_the_appendix(rng):
    """Appendix A: |.|^2 +- e (2 ||h|| + e) ||w||^2."""
    h, w, radius = normal(rng, 6), normal(rng, 6, 1), 0.2
    loose = radius * (2.0 * np.linalg.norm(h) + radius) * np.linalg.norm(w) ** 2
    assert most_power(h, w, radius) <= amplitude(h, w) ** 2 + loose
    assert least_power(h, w, radius) >= amplitude(h, w) ** 2 - loose


def test_leading_axes_are_taken_one_by_one(rng):
    h, w, radii = normal(rng, 3, 4), normal(rng, 3, 4, 2), np.array([0.0, 0.1, 0.7])
    for index in range(3):
        for bound in (least_power, most_power):
            one = float(bound(h[index], w[index], radii[index]))
            assert bound(h, w, radii)[index] == pytest.approx(one, rel=1e-12)
        assert spread(w, radii)[index] == pytest.approx(radii[index] * np.linalg.norm(w[index]), rel=1e-12)
