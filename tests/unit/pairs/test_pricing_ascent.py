"""Sequential turns by message with fresh prices never lower the sum of the secrecy rates, whatever the channels."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SLOT_NS = 1_000_000


@st.composite
def scenes(draw):
    """From one pair with one antenna to four with five, from silence to 44 dB, some with channels that are zero."""
    pairs, transmit = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    d_s = draw(st.integers(1, min(transmit, 3)))
    level = st.sampled_from([1e-3, 1.0, 1.0, 1e2, 10.0**4.4])
    return {
        "seed": draw(st.integers(0, 2**32)),
        "pairs": pairs,
        "sizes": (transmit, draw(st.integers(1, 4)), draw(st.integers(1, 6))),
        "streams": (d_s, draw(st.integers(0, min(transmit - d_s, 2)))),
        "gains": (draw(level), draw(st.sampled_from([0.0, 1.0, 1e2])), draw(st.sampled_from([0.0, 1.0, 1e2]))),
        "budget_mw": draw(st.sampled_from([0.1, 10.0, 100.0])),
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scene=scenes(), inner=st.integers(1, 4), form=st.sampled_from(["factor", "projected"]))
def test_no_turn_by_message_lowers_the_sum_secrecy_rate(lay, problem_of, scene, inner, form):
    problem = problem_of(**scene)
    if problem.pairs == 1:
        form = "factor"
    table = lay(problem, inner=inner, price_form=form)
    value = table.sum_rate()
    for slot in range(1, 4 * problem.pairs):
        table.run(slot * SLOT_NS)
        last, value = value, table.sum_rate()
        assert value >= last - 1e-7 * max(1.0, abs(last))
        assert problem.violation((table.q, table.an)) <= 0.0


@pytest.mark.parametrize("schedule", ["sequential", "simultaneous", "asynchronous"])
def test_every_schedule_ends_above_where_it_began_and_above_selfish_play(lay, problem_of, schedule):
    gains = []
    for seed in range(4):
        problem = problem_of(seed, 4)
        phases = {"phase_ns": SLOT_NS // 2} if schedule == "simultaneous" else {}
        ends = []
        for priced in (True, False):
            table = lay(problem, priced=priced, schedule=schedule, inner=3, **phases)
            begin = table.sum_rate()
            table.run(200 * SLOT_NS)
            ends.append(table.sum_rate())
        assert ends[0] > begin
        gains.append(ends[0] - ends[1])
    assert np.mean(gains) > 0.3
