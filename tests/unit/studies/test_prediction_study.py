"""`study prediction`: what a point computes, shares and intervals by hand, the near-bound, and all of it end to end."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from entities.world import World
from scenarios.commands.study import StudyOptions, complete
from scenarios.sagin.configure import world_params
from scenarios.studies.grid import Point, Row, expand
from scenarios.studies.intervals import interval
from scenarios.studies.prediction import SPREAD_HZ, STUDY, TC_NS, UAV_MPS, evaluate, instants_ns, setting
from scenarios.studies.prediction_bound import SHARPNESS, SampleAverage, drawn, sample_average_precoders, standard_draws
from scenarios.studies.prediction_report import report
from scenarios.studies.prediction_shares import (
    AGES_TC,
    ALL_LINKS,
    FRESH,
    METHODS,
    NEAR_BOUNDS,
    NOMINAL,
    Rates,
    goals,
    jackknife,
    recovered,
)
from scenarios.studies.registry import find_study
from twin.emulation.streams import Streams
from twin.nodes.predictor import Prediction
from twin.signal.secrecy import secrecy_rates
from twin.solvers.synergy.fast import solve_fast
from twin.solvers.synergy.problem import SynergyProblem

POWERS_MW = (10.0, 3.0, 30.0)
WITHOUT_BOUND = (FRESH, NOMINAL, *(method for method in METHODS if method not in NEAR_BOUNDS.values()))


def point(seed: int = 1, samples: int = 0, pilot_db: float = 20.0) -> Point:
    return Point({"instants": 1, "samples": samples, "pilot_db": pilot_db}, seed)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return evaluate(point())


def prediction(seed: int = 0) -> Prediction:
    """Means with powers of about 10 and errors of a tenth of that."""
    rng = np.random.default_rng(seed)
    parts = rng.standard_normal((2, 3, 4, 4))
    means = 2.0 * (parts[0] + 1j * parts[1])
    error_var = rng.uniform(0.2, 1.5, (3, 4))
    return Prediction(tuple(means), error_var, error_var, np.zeros(3))


def test_the_setting_has_the_spreads_that_the_coherence_time_is_made_of():
    world = World(world_params(setting()), Streams(1))
    for receiver in ("su", "au", "gu", "eavesdropper"):
        assert world.doppler_hz("uav", receiver) == pytest.approx(SPREAD_HZ, rel=1e-3)
        assert world.doppler_hz("base_station", receiver) == pytest.approx(12.0, rel=1e-3)
    assert pytest.approx(0.0141, rel=1e-9) == TC_NS * 1e-9


def test_the_uav_flies_straight_through_all_instants_over_the_origin():
    world = World(world_params(setting()), Streams(1))
    instants = instants_ns(12)
    for t_ns in (0, *instants, instants[-1] + TC_NS):
        assert world.velocity_mps("uav", t_ns) == pytest.approx([UAV_MPS, 0.0, 0.0])
    middle = (world.position_m("uav", instants[0]) + world.position_m("uav", instants[-1])) / 2.0
    assert middle == pytest.approx([0.0, 0.0, 100.0])
    assert set(instants_ns(4)) < set(instants)


def test_a_point_has_one_row_for_each_age_and_method(rows: list[Row]):
    assert [(row["age_tc"], row["method"]) for row in rows] == [(a, m) for a in AGES_TC for m in WITHOUT_BOUND]
    for row in rows:
        assert row.keys() == {"age_tc", "method", "rate", "outage"}
        assert row["rate"] >= 0.0
        assert row["outage"] == float(row["rate"] < 1.0)


def test_rows_are_a_function_of_the_point(rows: list[Row]):
    assert evaluate(point()) == rows
    assert evaluate(point(seed=2)) != rows


def test_fresh_precoders_do_not_depend_on_the_pilots(rows: list[Row]):
    other = evaluate(point(pilot_db=10.0))
    changed = [a["method"] for a, b in zip(rows, other, strict=True) if a["rate"] != b["rate"]]
    assert FRESH not in changed
    assert set(changed) == set(WITHOUT_BOUND) - {FRESH}


def test_the_near_bounds_add_their_rows_and_change_no_other(rows: list[Row]):
    more = evaluate(point(samples=8))
    assert [row for row in more if row["method"] not in NEAR_BOUNDS.values()] == rows
    for bound in NEAR_BOUNDS.values():
        assert [row["age_tc"] for row in more if row["method"] == bound] == list(AGES_TC)


def test_the_share_is_the_recovered_part_of_the_loss():
    assert recovered(np.array([2.5, 1.0, 3.0])) == pytest.approx(0.75)
    assert recovered(np.array([[1.0, 1.0, 3.0], [3.0, 1.0, 3.0], [0.5, 1.0, 3.0]])) == pytest.approx([0.0, 1.0, -0.25])


def test_the_interval_of_a_share_is_that_of_leaving_out_each_seed():
    method, nominal, fresh = np.array([2.0, 2.2, 2.7]), np.array([1.0, 1.1, 0.9]), np.array([3.0, 3.5, 3.4])
    left = []
    for skipped in range(3):
        kept = [i for i in range(3) if i != skipped]
        means = [sum(values[i] for i in kept) / 2 for values in (method, nominal, fresh)]
        left.append((means[0] - means[1]) / (means[2] - means[1]))
    variance = 2 / 3 * sum((share - sum(left) / 3) ** 2 for share in left)
    found = jackknife(recovered, np.stack((method, nominal, fresh), axis=1))
    assert found.mean == pytest.approx((6.9 - 3.0) / (9.9 - 3.0))
    assert found.half_width == pytest.approx(4.302653 * variance**0.5, rel=1e-6)
    assert found.count == 3


def test_the_jackknife_of_a_mean_is_the_usual_interval():
    values = np.random.default_rng(1).normal(size=9)
    found = jackknife(lambda means: means[..., 0], values[:, None])
    usual = interval(values)
    assert (found.mean, found.half_width) == pytest.approx((usual.mean, usual.half_width))
    with pytest.raises(ValueError, match="samples=1: an interval needs at least 2"):
        jackknife(recovered, np.ones((1, 3)))


def test_the_sample_average_is_that_of_loops_and_its_gradient_that_of_differences():
    law = prediction()
    average = SampleAverage(drawn(law, standard_draws(np.random.default_rng(2), 6, 4)), POWERS_MW)
    vector = np.random.default_rng(3).normal(size=27)
    mean, slope = average.value(vector)
    assert mean == pytest.approx(_mean_by_loops(average.channels, average.precoders(vector)), rel=1e-12)
    steps = 1e-6 * np.eye(27)
    differences = [(average.value(vector + d)[0] - average.value(vector - d)[0]) / 2e-6 for d in steps]
    assert slope == pytest.approx(np.array(differences), abs=1e-6)


def _mean_by_loops(channels: np.ndarray, precoders: np.ndarray) -> float:
    total = 0.0
    for sample in range(channels.shape[1]):
        power = [[abs(np.vdot(channels[j, sample, k], precoders[j])) ** 2 for k in range(4)] for j in range(3)]
        rates = []
        for k in range(3):
            others = [j for j in range(3) if j != k]
            user = 1 + power[k][k] / (1 + sum(power[j][k] for j in others))
            eve = 1 + power[k][3] / (1 + sum(power[j][3] for j in others))
            rates.append(np.log(user / eve))
        total -= np.log(sum(np.exp(-SHARPNESS * rate) for rate in rates)) / SHARPNESS
    return total / channels.shape[1]


def test_the_sample_average_knows_every_precoder_within_the_budgets():
    average = SampleAverage(np.zeros((3, 2, 4, 4), dtype=np.complex128), POWERS_MW)
    rng = np.random.default_rng(4)
    x = [np.sqrt(0.1 * power / 4.0) * np.exp(1j * rng.uniform(0, 6, 4)) for power in POWERS_MW]
    assert average.precoders(average.start(x)) == pytest.approx(np.array(x))
    full = [np.sqrt(10.0) * vector for vector in x]
    moved = average.precoders(average.start(full))
    assert (np.linalg.norm(moved, axis=1) ** 2 / POWERS_MW) == pytest.approx(1 / 1.01)


def test_the_near_bound_is_best_on_its_own_draws():
    law = prediction(5)
    channels = drawn(law, standard_draws(np.random.default_rng(6), 64, 4))
    average = SampleAverage(channels, POWERS_MW)
    start = solve_fast(SynergyProblem(law.channels, POWERS_MW)).precoders
    best = sample_average_precoders(channels, POWERS_MW, start)
    assert average.value(average.start(best))[0] > average.value(average.start(start))[0] + 0.05
    used = np.array([np.vdot(x, x).real for x in best])
    assert (used <= np.array(POWERS_MW) * (1 + 1e-12)).all()


def test_without_errors_the_near_bound_is_the_nominal_optimum():
    law = prediction(7)
    exact = Prediction(law.channels, np.zeros((3, 4)), np.zeros((3, 4)), np.zeros(3))
    channels = drawn(exact, standard_draws(np.random.default_rng(8), 2, 4))
    problem = SynergyProblem(law.channels, POWERS_MW)
    optimum = solve_fast(problem)
    found = sample_average_precoders(channels, POWERS_MW, optimum.precoders)
    assert secrecy_rates(law.channels, found).min() == pytest.approx(optimum.objective, abs=0.1)
    assert secrecy_rates(law.channels, found).min() <= optimum.objective + 1e-6


def test_draws_have_the_variances_of_the_prediction():
    law = prediction(9)
    errors = drawn(law, standard_draws(np.random.default_rng(10), 4000, 4)) - np.stack(law.channels)[:, None]
    assert (np.abs(errors) ** 2).mean(axis=(1, 3)) == pytest.approx(law.error_var, rel=0.05)
    assert np.abs(errors.mean(axis=1)).max() < 1e-12


def made_up(three: float) -> pa.Table:
    """Rates of which shares are known: fresh 3, nominal 1, three taps as given, the near-bound 2.4."""
    level = dict.fromkeys(METHODS, 1.5) | {FRESH: 3.0, NOMINAL: 1.0, ALL_LINKS[3]: three}
    level |= dict.fromkeys(NEAR_BOUNDS.values(), 2.4)
    rows = [
        {"seed": seed, "instants": 2, "samples": 8, "pilot_db": pilot_db, "age_tc": age, "method": method}
        | {"rate": rate + 0.01 * seed, "outage": 0.0}
        for seed in (1, 2, 3)
        for pilot_db in (20.0, 30.0)
        for age in (0.1, 0.3, 1.0)
        for method, rate in level.items()
    ]
    return pa.Table.from_pylist(rows)


def test_goals_hold_or_fail_and_stay_in_the_report():
    high, low = goals(Rates(made_up(2.39))), goals(Rates(made_up(2.1)))
    assert [goal.holds for goal in high] == [True] * 6
    assert [goal.holds for goal in low] == [True] + [False] * 5
    assert low[1].found.mean == pytest.approx(0.55)
    assert low[2].found.mean == pytest.approx(2.12 / 2.42)
    out = report(made_up(2.1))
    assert out.headline.startswith("1 of 6 goals hold over 3 seeds of 2 instants")
    assert out.headline.count("NO ") == 5
    verdicts = list(csv.DictReader(io.StringIO(out.files["goals.csv"].decode())))
    assert [row["holds"] for row in verdicts] == ["yes"] + ["NO"] * 5
    assert out.files["table.md"].decode().count("| NO |") == 5


def test_a_small_study_runs_from_points_to_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "prediction"
    assert find_study("prediction") is STUDY
    small = replace(STUDY, quick_settings=expand(instants=(1,), samples=(0,), pilot_db=(20.0, 30.0)))
    assert complete(small, StudyOptions(name="prediction", jobs=1, seeds=2, quick=True, out=out)) == 0
    text = capsys.readouterr().out
    assert "goals hold over 2 seeds of 1 instants" in text
    assert "near-bounds were not computed" in text
    assert (out / "prediction.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert (
        f"run-twin study prediction --jobs 1 --seeds 2 --quick --out {out}".encode()
        in (out / "prediction.pdf").read_bytes()
    )
    assert pq.read_table(out / "results.parquet").num_rows == 2 * 2 * len(AGES_TC) * len(WITHOUT_BOUND)
    rows = list(csv.DictReader(io.StringIO((out / "prediction.csv").read_text())))
    assert len(rows) == 2 * len(AGES_TC) * len(WITHOUT_BOUND)
    for row in rows:
        if row["method"] in (FRESH, NOMINAL):
            assert float(row["share"]) == float(row["method"] == FRESH)
            assert float(row["share_half_width_95"]) == pytest.approx(0.0, abs=1e-9)
    assert "# How much of the staleness loss prediction recovers" in (out / "table.md").read_text()


def test_the_whole_study_asks_for_enough_seeds_and_every_pilot():
    points = STUDY.points()
    assert {one.parameters["pilot_db"] for one in points} == {10.0, 20.0, 30.0}
    assert len({one.seed for one in points}) >= 30
    assert all(one.parameters["samples"] >= 48 and one.parameters["instants"] >= 12 for one in points)
