"""What latency does to age, and age to secrecy."""

import numpy as np
import pytest

from scenarios.judge import evaluate
from scenarios.systems import system_of

QUIET = tuple(f"network.{link}.jitter_ms=0" for link in ("radio", "fronthaul", "backhaul", "core"))
PERIOD_MS = 20.0


def rows(run, seed=1):
    return list(evaluate(system_of(run.spec), seed, run.facts, run.spec.scenario.duration_ns))


def mean_age_ms(run):
    """Mean over time of the age of the oldest of the three precoders on air, from 150 ms on."""
    grid = np.arange(150_000_000, run.spec.scenario.duration_ns, 1_000_000)
    oldest = np.full(grid.shape, np.inf)
    for name in ("satellite", "uav", "base_station"):
        mine = [fact for fact in run.applied if fact.transmitter == name]
        place = np.searchsorted([fact.t_ns for fact in mine], grid, side="right") - 1
        oldest = np.minimum(oldest, np.array([fact.t_data_ns for fact in mine])[place])
    return float(np.mean(grid - oldest) / 1e6)


def test_backhaul_latency_is_paid_twice_up_and_down(emulate):
    ages = [mean_age_ms(emulate(f"network.backhaul.latency_ms={ms}", duration_s=0.5)) for ms in (4, 24)]
    assert ages[1] - ages[0] == pytest.approx(40.0, abs=PERIOD_MS)
    assert ages[1] - ages[0] == pytest.approx(40.0, abs=3.0)  # in fact much closer than a report period


def test_age_depends_on_where_the_solve_lives(emulate):
    """The satellite has the longest way: a coordinator at the UAV's edge makes its data cross two more backhauls."""
    ages = {
        name: mean_age_ms(emulate("network.backhaul.latency_ms=10", f"twin.coordinator={name}", *QUIET))
        for name in ("core:base_station", "core:uav", "edge:uav")
    }
    assert ages["edge:uav"] > ages["core:base_station"] + 5.0
    assert ages["core:uav"] == pytest.approx(ages["core:base_station"], abs=3.0)


def test_fresh_rate_does_not_depend_on_latency(emulate):
    settings = ("metrics.period_ms=100", "metrics.warmup_ms=150")
    fast, slow = (rows(emulate(*settings, f"network.backhaul.latency_ms={ms}", duration_s=0.4)) for ms in (1, 30))
    assert [row["t_ns"] for row in fast] == [row["t_ns"] for row in slow]
    assert np.allclose([row["fresh"] for row in fast], [row["fresh"] for row in slow], atol=1e-9, rtol=0)
    assert [row["secrecy"] for row in fast] != [row["secrecy"] for row in slow]


FAST = ("twin.solver=fast", "report.period_ms=20", "metrics.period_ms=7", "metrics.warmup_ms=150")


def worst(run, key, seed):
    table = rows(run, seed)
    return float(np.mean(np.min(np.reshape([row[key] for row in table], (-1, 3)), axis=1)))


def test_backhaul_latency_costs_secrecy_over_seeds(emulate):
    """Slow users (0.25 m/s), no prediction: what 20 ms more on the backhaul take from the worst user."""
    seeds = range(1, 5)
    near, far = (
        np.array([
            worst(emulate(*FAST, f"network.backhaul.latency_ms={ms}", seed=seed, duration_s=0.6), "secrecy", seed)
            for seed in seeds
        ])
        for ms in (2, 22)
    )  # fmt: skip
    assert (near > far).all()
    assert np.mean(near - far) > 0.4


def test_prediction_recovers_what_a_nominal_twin_loses(emulate):
    """The default scene: users at 1 m/s, UAV at 10 m/s, reports at 100 Hz, three taps."""
    moving = ("report.period_ms=10", "users.speed_mps=1", "uav.speed_mps=10", "twin.predictor=wiener", "twin.taps=3")
    shares = []
    for seed in (1, 2):
        run = emulate(*FAST, *moving, seed=seed, duration_s=1.2)
        fresh = worst(run, "fresh", seed)
        shares.append([1.0 - worst(run, key, seed) / fresh for key in ("secrecy", "nominal")])
    predicted, nominal = np.mean(shares, axis=0)
    assert 0.2 < predicted < 0.45
    assert nominal > 0.75


def test_a_nominal_twin_is_what_the_nominal_column_says(emulate):
    """The replayed policy is the policy: a run without prediction gets the rates that the replay foretold."""
    settings = (*FAST, "twin.activation=scheduled", "twin.activation_margin_ms=15")
    plain = emulate(*settings, duration_s=0.4)
    predicting = emulate(*settings, "twin.predictor=wiener", duration_s=0.4)
    foretold = [row["nominal"] for row in rows(predicting)]
    assert foretold == pytest.approx([row["secrecy"] for row in rows(plain)], abs=1e-9)
    assert [row["secrecy"] for row in rows(predicting)] != foretold


def test_without_latency_and_with_a_short_period_almost_nothing_is_lost(emulate):
    settings = [
        f"network.{link}.{key}=0"
        for link in ("radio", "fronthaul", "backhaul", "core")
        for key in ("latency_ms", "jitter_ms")
    ]
    settings += [
        "satellite.height_km=100",
        "report.period_ms=1",
        "radio.pilot_snr_db=90",
        "twin.solver=fast",
        "twin.cost_us.handle=1",
        "twin.cost_us.solve=1",
        "metrics.period_ms=3",
        "metrics.warmup_ms=8",
    ]
    table = rows(emulate(*settings, duration_s=0.02))
    stale, fresh = (
        np.mean(np.min(np.reshape([row[key] for row in table], (-1, 3)), axis=1)) for key in ("secrecy", "fresh")
    )
    assert stale > 0.95 * fresh > 1.0
