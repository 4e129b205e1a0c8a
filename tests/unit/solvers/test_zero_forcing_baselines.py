"""Zero forcing with optimised powers: who hears nothing, against the published values, and who has too few antennas."""

import json
from pathlib import Path

import numpy as np
import pytest

from twin.errors import SolverError
from twin.signal.sinr import received_powers
from twin.solvers.synergy.instances import read_instances
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.solve import solve

SET = Path(__file__).parents[2] / "golden" / "reference" / "sagin.json"
ITEMS = json.loads(SET.read_text(encoding="utf-8"))["items"]
PROBLEMS = [instance.problem for instance in read_instances(SET)]
PLACES = range(0, len(ITEMS), 3)


@pytest.mark.parametrize("place", PLACES)
def test_zero_forcing_to_eve_is_at_least_the_published_one(place):
    solution = solve(PROBLEMS[place], method="zf_eve")
    assert solution.objective >= ITEMS[place]["baselines"]["zf_eve"]["min_secrecy_rate"] - 1e-6
    powers = received_powers(PROBLEMS[place].channels, solution.precoders)
    assert (powers[:, 3] <= 1e-12 * (1.0 + powers.max())).all()


@pytest.mark.parametrize("place", PLACES)
def test_zero_forcing_to_all_is_the_published_one_where_there_are_antennas_enough(place):
    published = ITEMS[place]["baselines"]["zf_all"]
    if min(ITEMS[place]["N"].values()) < 4:
        assert published is None
        with pytest.raises(SolverError, match=r"antennas=2: must be >= 4"):
            solve(PROBLEMS[place], method="zf_all")
        return
    solution = solve(PROBLEMS[place], method="zf_all")
    assert solution.objective == pytest.approx(published["min_secrecy_rate"], abs=1e-4)
    powers = received_powers(PROBLEMS[place].channels, solution.precoders)
    wanted = np.diag(np.diag(powers[:, :3]))
    np.testing.assert_allclose(powers[:, :3], wanted, atol=1e-9 * powers.max())


def test_a_channel_along_eves_leaves_nothing_to_send(draw_problem):
    problem = draw_problem(2)
    channels = [matrix.copy() for matrix in problem.channels]
    channels[1][3] = 2j * channels[1][1]
    solution = solve(SynergyProblem(tuple(channels), problem.powers_mw), method="zf_eve")
    assert solution.rates[1] == 0.0
    assert not solution.precoders[1].any()
