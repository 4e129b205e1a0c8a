"""What latency does to age, and age to secrecy."""

import numpy as np
import pytest

from scenarios.judge import evaluate

QUIET = tuple(f"network.{link}.jitter_ms=0" for link in ("radio", "fronthaul", "backhaul", "core"))
PERIOD_MS = 20.0


def rows(run, seed=1):
    return evaluate(run.spec, seed, run.facts, run.spec.scenario.duration_ns)


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


def test_an_edge_coordinator_of_the_uav_saves_the_uav_both_backhauls(emulate):
    def uav_age(run):
        return np.mean(
            [fact.t_ns - fact.t_data_ns for fact in run.applied if fact.version and fact.transmitter == "uav"]
        )

    slow = ("network.backhaul.latency_ms=10", *QUIET, "twin.trigger=every")
    core, edge = (emulate(*slow, f"twin.coordinator={name}") for name in ("core:base_station", "edge:uav"))
    assert {fact.node for fact in edge.solved} == {"edge:uav"}
    # versions are as old as the oldest input: the others still cross two backhauls to reach the UAV's edge
    assert uav_age(edge) != uav_age(core)
    direct = {(e.src, e.dst) for e in edge.sent.values() if e.kind == "precoder" and e.src == "edge:uav"}
    assert ("edge:uav", "uav") in direct
    assert ("edge:uav", "core:satellite") in direct


def test_fresh_rate_does_not_depend_on_latency(emulate):
    settings = ("metrics.period_ms=100", "metrics.warmup_ms=150")
    fast, slow = (rows(emulate(*settings, f"network.backhaul.latency_ms={ms}", duration_s=0.4)) for ms in (1, 30))
    assert [row["t_ns"] for row in fast] == [row["t_ns"] for row in slow]
    assert np.allclose([row["fresh"] for row in fast], [row["fresh"] for row in slow], atol=1e-9, rtol=0)
    assert [row["secrecy"] for row in fast] != [row["secrecy"] for row in slow]


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
        "twin.solver=reference",
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
