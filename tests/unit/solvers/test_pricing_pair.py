"""One pair's price and update: against matrix formulas, finite differences and the objective that they are to raise."""

from dataclasses import replace

import numpy as np
import pytest

from twin.solvers.pricing.fast_entries import update_kernel
from twin.solvers.pricing.fast_scratch import EXACT, GRAM, STAT
from twin.solvers.pricing.pair import PairView, charge, leak, price_factor, projected, update
from twin.solvers.pricing.variants import Variant

KINDS = {Variant.PLUG_IN: EXACT, Variant.STAT: STAT, Variant.GRAM: GRAM, Variant.SCENARIO: EXACT}
ERROR = 0.07
STEP = 1e-6


def normal(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)


def scene(seed, variant, sizes=(4, 3, 5), streams=(2, 1), budget_mw=3.0):
    """A pair with its view, the charge that it pays, and where it stands."""
    rng = np.random.default_rng(seed)
    (transmit, receive, heard), (d_s, d_a) = sizes, streams
    draws = 5 if variant is Variant.SCENARIO else 1
    error = ERROR if variant in {Variant.STAT, Variant.GRAM} else 0.0
    channels = normal(rng, receive, transmit) + 0.3 * normal(rng, draws, receive, transmit)
    heard_from = normal(rng, receive, 4)
    view = PairView(
        channels,
        leak(normal(rng, draws + 2, heard, transmit), error),
        (heard_from @ heard_from.conj().T)[None],
        budget_mw,
        error,
        variant,
    )
    due = charge(transmit, [normal(rng, transmit, d_s) for _ in range(2)], 0.2)
    return view, due, 0.3 * normal(rng, transmit, d_s), 0.1 * normal(rng, transmit, d_a)


def own_rate(view, q, an):
    """C_R - C_E in nat, from its definition for the variant."""
    size, error = np.eye(view.channels.shape[1]), view.error_variance
    total = 0.0
    for h in view.channels:
        noise = size + view.interference[0] + h @ an @ an.conj().T @ h.conj().T
        if view.variant is not Variant.PLUG_IN:
            noise = noise + error * np.linalg.norm(an) ** 2 * size
        if view.variant is Variant.STAT:
            noise = noise + error * np.linalg.norm(q) ** 2 * size
        gain = h.conj().T @ np.linalg.solve(noise, h)
        if view.variant is Variant.GRAM:
            gain = gain + error * np.trace(np.linalg.inv(noise)).real * np.eye(len(gain))
        total += log_det(q.conj().T @ gain @ q) / len(view.channels)
    both = np.hstack([q, an])
    for r in view.leaks:
        total -= (log_det(both.conj().T @ r @ both) - log_det(an.conj().T @ r @ an)) / len(view.leaks)
    return total


def log_det(a):
    return np.linalg.slogdet(np.eye(len(a)) + a)[1]


def utility(view, due, q, an):
    both = np.hstack([q, an])
    return own_rate(view, q, an) - np.trace(both.conj().T @ due @ both).real


@pytest.mark.parametrize("variant", list(Variant))
def test_the_rate_that_the_kernel_reports_is_the_definition(variant):
    view, due, q, an = scene(1, variant)
    kind = KINDS[variant]
    reported = update_kernel(
        view.channels, view.leaks, view.interference, due, 3.0, view.error_variance, kind, 1, q.copy(), an.copy()
    )
    assert reported == pytest.approx(own_rate(view, q, an), abs=1e-11)


@pytest.mark.parametrize("variant", [Variant.PLUG_IN, Variant.STAT, Variant.SCENARIO])
def test_a_price_is_the_difference_of_inverses(variant):
    view, _, q, an = scene(2, variant)
    total = 0.0
    for h in view.channels:
        noise = np.eye(3) + view.interference[0] + h @ an @ an.conj().T @ h.conj().T
        if variant is Variant.STAT:
            noise = noise + ERROR * (np.linalg.norm(q) ** 2 + np.linalg.norm(an) ** 2) * np.eye(3)
        signal = h @ q @ q.conj().T @ h.conj().T
        total = total + (np.linalg.inv(noise) - np.linalg.inv(noise + signal)) / len(view.channels)
    factor = price_factor(view, q, an)
    np.testing.assert_allclose(factor @ factor.conj().T, total, atol=1e-12)


@pytest.mark.parametrize("variant", list(Variant))
def test_a_price_is_what_more_interference_costs(variant):
    """Pi = -dC_R/dY along random directions, by central differences."""
    view, _, q, an = scene(3, variant)
    factor = price_factor(view, q, an)
    rng = np.random.default_rng(0)
    for _ in range(5):
        a = normal(rng, 3, 3)
        direction = a + a.conj().T
        ends = [
            own_rate(
                PairView(
                    view.channels,
                    view.leaks,
                    view.interference + sign * STEP * direction,
                    view.budget_mw,
                    view.error_variance,
                    variant,
                ),
                q,
                an,
            )
            for sign in (1.0, -1.0)
        ]
        slope = (ends[0] - ends[1]) / (2.0 * STEP)
        assert np.trace(factor @ factor.conj().T @ direction).real == pytest.approx(-slope, rel=1e-5, abs=1e-7)


def test_a_price_has_the_width_of_the_streams_and_gram_that_of_the_receiver():
    for variant, width in ((Variant.PLUG_IN, 2), (Variant.STAT, 2), (Variant.GRAM, 3)):
        view, _, q, an = scene(4, variant)
        assert price_factor(view, q, an).shape == (3, width)


def test_nobody_pays_a_pair_that_is_off():
    for variant in Variant:
        view, _, q, an = scene(5, variant)
        assert np.abs(price_factor(view, 0.0 * q, 0.0 * an)).max() == 0.0


def test_projected_prices_add_up_to_the_charge():
    rng = np.random.default_rng(6)
    cross, factors = normal(rng, 2, 3, 4), normal(rng, 2, 3, 2)
    expected = sum(h.conj().T @ f @ f.conj().T @ h for h, f in zip(cross, factors, strict=True))
    prices = [projected(h, f) for h, f in zip(cross, factors, strict=True)]
    np.testing.assert_allclose(charge(4, prices), expected, atol=1e-12)
    np.testing.assert_allclose(charge(4, prices, 0.5), expected + 0.5 * np.eye(4), atol=1e-12)


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("budget_mw", [0.05, 1.0, 100.0])
@pytest.mark.parametrize(("sizes", "streams"), [((4, 3, 5), (2, 1)), ((2, 2, 1), (1, 0)), ((3, 1, 2), (2, 1))])
def test_updates_never_lower_the_utility_and_meet_the_budget(variant, budget_mw, sizes, streams):
    view, due, q, an = scene(7, variant, sizes, streams, budget_mw)
    scale = np.sqrt(min(1.0, 0.9 * budget_mw / (np.linalg.norm(q) ** 2 + np.linalg.norm(an) ** 2)))
    q, an = scale * q, scale * an
    values = [utility(view, due, q, an)]
    for _ in range(30):
        q, an = update(view, due, q, an)
        values.append(utility(view, due, q, an))
        assert np.linalg.norm(q) ** 2 + np.linalg.norm(an) ** 2 <= budget_mw
    assert np.diff(values).min() >= -1e-10
    assert values[-1] > values[0]


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("budget_mw", [0.05, 1e4])
def test_many_updates_end_where_the_gradient_points_out_of_the_ball(variant, budget_mw):
    """KKT: the gradient is a multiple >= 0 of the precoders, and zero inside the ball."""
    view, due, q, an = scene(8, variant, budget_mw=budget_mw)
    view, due = replace(view, leaks=0.05 * view.leaks), 0.05 * due
    q, an = update(view, due, q, an, inner=5_000)
    both = np.hstack([q, an])
    slope = np.zeros_like(both)
    for index in np.ndindex(both.shape):
        for unit in (1.0, 1.0j):
            moved = np.zeros_like(both)
            moved[index] = 1e-5 * unit
            up, down = both + moved, both - moved
            rise = utility(view, due, up[:, :2], up[:, 2:]) - utility(view, due, down[:, :2], down[:, 2:])
            slope[index] += unit * rise / 2e-5
    used = np.linalg.norm(both) ** 2
    multiplier = np.trace(both.conj().T @ slope).real / used
    assert np.abs(slope - multiplier * both).max() < 2e-3
    assert multiplier == pytest.approx(0.0, abs=1e-3) if used < 0.99 * budget_mw else multiplier > 0.0


def test_inner_iterations_are_updates_one_after_the_other():
    view, due, q, an = scene(9, Variant.PLUG_IN)
    expected = (q, an)
    for _ in range(4):
        expected = update(view, due, *expected)
    np.testing.assert_array_equal(update(view, due, q, an, inner=4)[0], expected[0])
    np.testing.assert_array_equal(update(view, due, q, an, inner=4)[1], expected[1])


def test_an_update_leaves_its_arguments_alone_and_a_dead_pair_dead():
    view, due, q, an = scene(10, Variant.PLUG_IN)
    before = q.copy()
    update(view, due, q, an)
    np.testing.assert_array_equal(q, before)
    dead = update(view, due, 0.0 * q, 0.0 * an)
    assert not dead[0].any()
    assert not dead[1].any()


def test_nothing_to_hear_and_nothing_to_pay_is_no_singular_system():
    view, due, q, an = scene(11, Variant.PLUG_IN)
    blank = PairView(view.channels, 0.0 * view.leaks, view.interference, 2.0)
    for _ in range(50):
        q, an = update(blank, 0.0 * due, q, an)
    assert np.isfinite(q).all()
    assert np.linalg.norm(q) ** 2 + np.linalg.norm(an) ** 2 == pytest.approx(2.0, rel=1e-9)


def test_the_mean_leak_is_the_mean():
    rng = np.random.default_rng(12)
    estimate = normal(rng, 3, 4)
    draws = leak(estimate + 0.2 * normal(rng, 200_000, 3, 4)).mean(axis=0)
    np.testing.assert_allclose(leak(estimate, 0.04), draws, atol=0.01)
