"""SCNR of the echo: eq. (18) as it stands, with matrices, and the filter of Algorithm 1."""

import numpy as np
import pytest

from twin.signal.sensing import best_filter, filter_share, scnr

NOISE_POWER, CROSS_SECTION = 1e-8, 1.45e6


def normal(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.fixture
def scene():
    rng = np.random.default_rng(7)
    return normal(rng, 6), normal(rng, 6, 2)


def by_matrices(channel, streams, echo_filter):
    """Eq. (18) with the channel that is not over the deviation of the noise."""
    h = np.sqrt(NOISE_POWER) * channel
    through = np.outer(h, h.conj())
    sent = streams @ streams.conj().T
    power = echo_filter.conj() @ through @ sent @ through.conj().T @ echo_filter
    return CROSS_SECTION * power.real / (2.0 * NOISE_POWER * np.vdot(echo_filter, echo_filter).real)


def test_it_is_the_ratio_of_the_quadratic_forms(scene):
    channel, streams = scene
    gain = CROSS_SECTION * NOISE_POWER
    anything = normal(np.random.default_rng(1), 6)
    assert scnr(channel, streams, gain, anything) == pytest.approx(by_matrices(channel, streams, anything), rel=1e-12)
    assert scnr(channel, streams, gain) == pytest.approx(by_matrices(channel, streams, channel), rel=1e-12)


def test_the_best_filter_is_the_first_eigenvector(scene):
    channel, streams = scene
    through = np.outer(channel, channel.conj())
    s = through @ streams @ streams.conj().T @ through.conj().T
    largest = np.linalg.eigvalsh(s)[-1]
    found = best_filter(channel)
    assert np.vdot(found, s @ found).real == pytest.approx(largest, rel=1e-12)
    assert scnr(channel, streams, 1.0, found) == pytest.approx(float(scnr(channel, streams, 1.0)), rel=1e-12)


def test_no_sampled_filter_is_better(scene):
    channel, streams = scene
    filters = normal(np.random.default_rng(2), 500, 6)
    assert scnr(channel, streams, 1.0, filters).max() < scnr(channel, streams, 1.0)


def test_one_antenna_has_its_part_of_the_power(scene):
    channel, _ = scene
    first = np.eye(6)[0]
    assert filter_share(channel, first) == pytest.approx(abs(channel[0]) ** 2 / np.linalg.norm(channel) ** 2)
    assert filter_share(channel, 3j * channel) == pytest.approx(1.0)


def test_leading_axes_are_taken_one_by_one(scene):
    channel, streams = scene
    channels = np.stack([channel, 2.0 * channel])
    np.testing.assert_allclose(
        scnr(channels, streams, 1.0), [scnr(channel, streams, 1.0), 16.0 * scnr(channel, streams, 1.0)], rtol=1e-12
    )
