"""Twins that trade prices by message make the turns that one place with all channels makes.

Not to the bit: central play follows the interference of a turn by the difference that it made, receivers here measure
it as a sum together with their noise, and the twin takes the noise off again. That is rounding, some 1e-16 of entries
near 1, and what turns make of it stays below 1e-12.
"""

import numpy as np
import pytest

from twin.solvers.pricing.fast import climb, make_arena
from twin.solvers.pricing.variants import Variant

SLOT_NS = 1_000_000
ROUNDS = 20


def rounds_of(table, rounds):
    """What is on air at the start and after each period."""
    for n in range(rounds + 1):
        table.run(n * table.problem.pairs * SLOT_NS)
        yield table.q.copy(), table.an.copy()


@pytest.mark.parametrize(
    ("form", "route", "seed", "pairs", "inner"),
    [
        ("factor", "edge", 1, 3, 1),
        ("factor", "core", 2, 5, 1),
        ("projected", "edge", 3, 3, 10),
        ("projected", "core", 4, 2, 3),
    ],
)
def test_sequential_turns_with_no_latency_are_those_of_central_play(lay, problem_of, form, route, seed, pairs, inner):
    problem = problem_of(seed, pairs)
    table = lay(problem, price_form=form, price_route=route, inner=inner)
    arena = make_arena(problem, Variant.PLUG_IN, 1, 1, 0)
    states = rounds_of(table, ROUNDS)
    now = next(states)
    assert np.abs(now[0]).max() > 0.0
    for played in states:
        now, _ = climb(arena, now, rounds=1, inner=inner)
        for mine, central in zip(played, now, strict=True):
            np.testing.assert_allclose(mine, central, rtol=0.0, atol=1e-12)


def test_selfish_twins_make_the_turns_of_selfish_play(lay, problem_of):
    problem = problem_of(5)
    table = lay(problem, priced=False)
    arena = make_arena(problem, Variant.PLUG_IN, 1, 1, 0)
    states = rounds_of(table, ROUNDS)
    now = next(states)
    for played in states:
        now, _ = climb(arena, now, rounds=1, priced=False)
        for mine, central in zip(played, now, strict=True):
            np.testing.assert_allclose(mine, central, rtol=0.0, atol=1e-12)
    assert not table.sent("price")


def test_one_pair_alone_asks_for_nothing(lay, problem_of):
    problem = problem_of(6, pairs=1)
    table = lay(problem)
    arena = make_arena(problem, Variant.PLUG_IN, 1, 1, 0)
    states = rounds_of(table, ROUNDS)
    now = next(states)
    for _ in range(ROUNDS):
        now, _ = climb(arena, now, rounds=1)
    played = list(states)[-1]
    np.testing.assert_allclose(played[0], now[0], rtol=0.0, atol=1e-12)
    assert not table.sent("price")


def test_prices_of_the_update_before_are_something_else(lay, problem_of):
    """Quoted only after an own update, prices miss the turns that others have made since: the test above would see it."""
    problem = problem_of(1)
    table = lay(problem, requote="update")
    states = rounds_of(table, 3)
    now, *_, played = states
    now, _ = climb(make_arena(problem, Variant.PLUG_IN, 1, 1, 0), now, rounds=3)
    assert np.abs(played[0] - now[0]).max() > 1e-3
