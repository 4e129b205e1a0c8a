"""What `study sagin-figures` computes: the paper's sweeps, nested channels, and guesses within their ball."""

import numpy as np
import pytest

from entities.world import UavParams, World, WorldParams
from scenarios.studies import sagin_figures
from scenarios.studies.grid import Point
from scenarios.studies.sagin_curves import CSI_ERRORS, SCHEMES
from scenarios.studies.sagin_figures import STUDY, budgets_mw, evaluate, guessed_channels, true_channels
from scenarios.studies.sagin_sweeps import DEFAULTS, SWEEPS, settings
from twin.emulation.streams import Streams
from twin.signal.sagin import TRANSMITTERS


def point(seed: int = 3, **changes: float) -> Point:
    return Point(DEFAULTS | changes, seed)


def test_the_sweeps_are_those_of_the_paper():
    values = {sweep.figure: sweep.values for sweep in SWEEPS}
    assert list(values) == [2, 3, 4, 5, 6, 7, 8]
    assert values[2] == values[4] == tuple(range(0, 30, 5))
    assert values[3] == tuple(range(-15, 20, 5))
    assert values[5] == values[6] == values[7] == tuple(range(4, 17, 2))
    assert (values[8][0], values[8][-1]) == (50, 1000)
    assert {"p_s_dbm": 10.0, "p_u_dbm": 5.0, "p_b_dbm": 15.0, "n_s": 4, "n_u": 4, "n_b": 4}.items() <= DEFAULTS.items()


@pytest.mark.parametrize("quick", [False, True])
def test_the_setting_that_all_figures_share_is_computed_once(quick: bool):
    found = settings(quick=quick)
    lengths = [len(sweep.quick if quick else sweep.values) for sweep in SWEEPS]
    assert len(found) == sum(lengths) - (len(SWEEPS) - 1)
    assert sum(setting == DEFAULTS for setting in found) == 1
    assert all(DEFAULTS in sweep.settings(quick=quick) for sweep in SWEEPS)


def test_quick_points_are_among_those_of_the_whole_study():
    whole = {STUDY.key(point) for point in STUDY.points()}
    assert {STUDY.key(point) for point in STUDY.points(quick=True)} <= whole
    assert len(whole) == 200 * len(settings())


def test_fewer_antennas_are_the_first_of_a_sixteen_antenna_draw():
    many, few = true_channels(point(n_s=16, n_u=12, n_b=8)), true_channels(point())
    assert [matrix.shape for matrix in many] == [(4, 16), (4, 12), (4, 8)]
    for wide, narrow in zip(many, few, strict=True):
        assert np.array_equal(wide[:, :4], narrow)


def test_channels_are_those_of_the_default_world_at_time_zero():
    world = World(WorldParams(uav=UavParams(altitude_m=200.0)), Streams(3))
    for name, matrix in zip(TRANSMITTERS, true_channels(point(altitude_m=200.0)), strict=True):
        if name != "uav":
            assert np.array_equal(matrix, world.channels(name, 0))


def test_bearings_from_the_uav_are_drawn_and_distances_kept():
    """Mean power over antennas and seeds is the path gain's; the line of sight differs from seed to seed."""
    gains = World(WorldParams(), Streams(1)).mean_gains("uav", 0)
    draws = [true_channels(Point(dict(DEFAULTS), seed))[1] for seed in range(1, 61)]
    powers = np.mean([np.mean(np.abs(draw) ** 2, axis=1) for draw in draws], axis=0)
    np.testing.assert_allclose(powers, gains, rtol=0.1)
    phases = [np.angle(draw[0, 1] * draw[0, 0].conj()) for draw in draws]
    assert np.abs(np.mean(np.exp(1j * np.array(phases)))) < 0.6


def test_a_guess_errs_on_the_eavesdropper_alone_and_within_its_ball():
    channels = true_channels(point(n_u=16))
    for csi_error in (0.1, 0.2):
        guessed = guessed_channels(channels, csi_error, 3)
        for true, guess in zip(channels, guessed, strict=True):
            assert np.array_equal(true[:3], guess[:3])
            distance = np.linalg.norm(true[3] - guess[3])
            assert 0 < distance <= csi_error * np.linalg.norm(guess[3])
    for true, guess in zip(channels, guessed_channels(channels, 0.0, 3), strict=True):
        assert np.array_equal(true, guess)


def test_guesses_of_one_seed_err_in_the_same_direction():
    channels = true_channels(point())
    small, large = (guessed_channels(channels, error, 3)[0][3] for error in (0.1, 0.2))
    true = channels[0][3]
    centred = [guess - true / (1 - error**2) for guess, error in ((small, 0.1), (large, 0.2))]
    lengths = [np.linalg.norm(one) for one in centred]
    assert abs(np.vdot(*centred)) == pytest.approx(lengths[0] * lengths[1], rel=1e-9)
    assert np.linalg.norm(guessed_channels(channels, 0.1, 4)[0][3] - small) > 0.01 * np.linalg.norm(small)


def test_budgets_are_decibels_over_a_milliwatt():
    assert budgets_mw(DEFAULTS) == pytest.approx((10.0, 10**0.5, 10**1.5), rel=1e-12)


def test_rates_are_judged_on_the_true_channels(monkeypatch: pytest.MonkeyPatch):
    believed = []

    def noting(problem, *, method):
        believed.append((method, problem))
        return solve(problem, method="mrt")

    solve = sagin_figures.solve
    monkeypatch.setattr(sagin_figures, "solve", noting)
    rows = evaluate(point())
    assert [(row["scheme"], row["csi_error"]) for row in rows] == list(SCHEMES)
    assert [method for method, _ in believed][:3] == ["fast"] * len(CSI_ERRORS)
    truth = believed[0][1]
    for row, (_, problem) in zip(rows, believed, strict=True):
        rates = truth.rates(solve(problem, method="mrt").precoders)
        assert [row[user] for user in ("su", "au", "gu")] == rates.tolist()
        assert row["minimum"] == rates.min()
    assert not np.array_equal(believed[1][1].channels[0], truth.channels[0])


def test_the_proposed_precoding_beats_the_fixed_ones_and_keeps_the_budgets():
    rows = {(row["scheme"], row["csi_error"]): row for row in evaluate(point())}
    best = rows["proposed", 0.0]["minimum"]
    assert all(best >= row["minimum"] for row in rows.values())
    assert all(row["violation"] <= 1e-9 for row in rows.values())
    assert {row["status"] for row in rows.values()} == {"solved"}
