"""How rates with some of the delays become legs: explicit orders, sums, symmetry."""

from itertools import permutations

import numpy as np
import pytest

from scenarios.attribution_legs import DELAYS, divided, shapley, telescoping
from scenarios.spread import offset, thinned
from twin.journal.schemas import LEGS

DIVISIONS = {"telescoping": telescoping(), "shapley": shapley()}


def value(members):
    """A rate that falls with the delays that are there, the more the more there are, and not evenly."""
    weights = (0.3, 0.05, 0.1, 0.25, 0.5)
    age = sum(weight for weight, there in zip(weights, members, strict=True) if there)
    return 3.0 - 2.0 * age / (1.0 + age) - 0.1 * members[0] * members[4]


def rates_of(division, function=value):
    return [function(tuple(bool(entry) for entry in row)) for row in division.present]


def test_telescoping_takes_the_latest_delay_first():
    present = ["".join(str(int(entry)) for entry in row) for row in telescoping().present]
    assert present == ["00000", "00001", "00011", "00111", "01111", "11111"]
    legs = divided(telescoping(), 10.0, [9.0, 7.5, 7.0, 5.0, 4.75, 2.0], 1.875)
    assert legs == {
        "sensing": 1.0,
        "hold": 1.5,
        "downlink": 0.5,
        "solve": 2.0,
        "queue": 0.25,
        "uplink": 2.75,
        "mixing": 0.125,
    }


def test_shapley_is_the_mean_over_all_orders():
    expected = np.zeros(5)
    for order in permutations(range(5)):
        there = [False] * 5
        for place in order:
            before = value(tuple(there))
            there[place] = True
            expected[place] += (before - value(tuple(there))) / 120.0
    legs = divided(shapley(), 4.0, rates_of(shapley()), 1.0)
    assert [legs[name] for name in DELAYS] == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("name", DIVISIONS)
def test_legs_sum_to_the_loss_whatever_the_rates(name):
    rng = np.random.default_rng(5)
    division = DIVISIONS[name]
    for _ in range(50):
        rates = rng.normal(size=len(division.present))
        fresh, actual = rng.normal(size=2)
        legs = divided(division, fresh, rates, actual)
        assert tuple(legs) == LEGS
        assert sum(legs.values()) == pytest.approx(fresh - actual, abs=1e-12)
        assert legs["sensing"] == fresh - rates[0]
        assert legs["mixing"] == rates[-1] - actual


def test_delays_that_cost_alike_get_alike_by_shapley_and_not_by_telescoping():
    def alike(members):
        return 3.0 / (1.0 + members[0] + members[3])

    legs = divided(shapley(), 4.0, rates_of(shapley(), alike), 1.0)
    assert legs["uplink"] == pytest.approx(legs["downlink"], abs=1e-14)
    assert legs["uplink"] == pytest.approx(1.0, abs=1e-14)
    later_first = divided(telescoping(), 4.0, rates_of(telescoping(), alike), 1.0)
    assert later_first["downlink"] == pytest.approx(1.5)
    assert later_first["uplink"] == pytest.approx(0.5)


@pytest.mark.parametrize("only", range(5))
def test_with_one_delay_alone_both_divisions_agree(only):
    def one(members):
        return 2.5 - 0.75 * members[only]

    both = [divided(division, 3.0, rates_of(division, one), 1.0) for division in DIVISIONS.values()]
    assert both[0] == pytest.approx(both[1], abs=1e-14)
    assert both[0][DELAYS[only]] == pytest.approx(0.75, abs=1e-14)


def test_thinning_takes_one_of_each_block_and_falls_in_step_with_nothing():
    assert thinned(7, 7) == list(range(7))
    found = thinned(14_000, 1400)
    assert len(found) == 1400
    assert [index // 10 for index in found] == list(range(1400))
    # A stride of 10 on a grid of 7 ms is 70 ms: one phase of 10 ms reports. Here every phase comes up as often.
    phases = np.bincount([7 * index % 10 for index in found], minlength=10)
    assert phases.min() > 120
    assert phases.max() < 160
    assert len(thinned(1001, 1000)) == 1000


def test_offsets_fill_the_interval_evenly():
    for count in (5, 50, 500):
        places = np.sort([offset(index) for index in range(count)])
        gaps = np.diff(np.append(places, 1.0 + places[0]))
        assert gaps.max() < 1.9 / count
        assert places[0] >= 0.0
        assert places[-1] < 1.0
