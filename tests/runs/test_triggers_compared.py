"""Topology: the default one, one report in 40 ms, under each trigger. What made the coordinator solve, and what it cost."""

from statistics import mean

import pytest

TRANSMITTERS = ("satellite", "uav", "base_station")
PERIOD_NS = 40_000_000
HANDLE_NS = 20_000


@pytest.fixture(scope="module")
def runs(emulate):
    """The clock strikes twice per report, half a period apart from no report in particular."""
    return {
        trigger: emulate(f"twin.trigger={trigger}", "report.period_ms=40", "twin.period_ms=20", duration_s=0.79)
        for trigger in ("complete", "every", "periodic")
    }


def causes(run):
    """(solve, the message that was being handled when it began, or None for the clock) of every solve."""
    handled = {}
    for msg_id, end in run.ended.items():
        if run.sent[msg_id].dst == "core:base_station" and end.fate == "delivered":
            handled[end.begin_ns + HANDLE_NS] = msg_id
    return [(solve, handled.get(solve.begin_ns)) for solve in run.solved]


def transmitter_of(run, msg_id):
    return run.sent[msg_id].src.partition(":")[2]


def test_complete_solves_once_per_cycle_when_the_last_report_of_it_comes(runs):
    run = runs["complete"]
    cycles = []
    for solve, cause in causes(run):
        assert cause == max(solve.inputs, key=lambda msg_id: run.ended[msg_id].t_ns)
        assert {transmitter_of(run, msg_id) for msg_id in solve.inputs} == set(TRANSMITTERS)
        (cycle,) = {run.sent[msg_id].trace_id for msg_id in solve.inputs}
        cycles.append(cycle)
    assert cycles == list(range(1, 21))


def test_every_solves_for_each_report_once_all_have_been_heard_of(runs):
    run = runs["every"]
    found = causes(run)
    assert all(cause in solve.inputs for solve, cause in found)
    by = [transmitter_of(run, cause) for _, cause in found]
    assert {name: by.count(name) for name in TRANSMITTERS} == {"satellite": 20, "uav": 19, "base_station": 19}


def test_periodic_solves_by_the_clock_and_only_if_there_is_news(runs):
    run = runs["periodic"]
    assert all(cause is None for _, cause in causes(run))
    strikes = [(solve.begin_ns - HANDLE_NS) // 20_000_000 for solve, _ in causes(run)]
    # The reports of a cycle are there some 8 ms after it began: at 20, 60, 100 ms ..., not at 40, 80, ...
    assert strikes == list(range(1, 40, 2))


def test_more_solves_buy_less_age_and_cost_more_messages(runs):
    def age(run):
        ends = {}
        for fact in run.applied:
            ends.setdefault(fact.transmitter, []).append((fact.t_ns, fact.t_ns - fact.t_data_ns))
        return mean(age_ns for ages in ends.values() for t_ns, age_ns in ages if t_ns > PERIOD_NS)

    counts = {trigger: sum(e.kind == "precoder" for e in run.sent.values()) for trigger, run in runs.items()}
    assert counts["every"] > 2.5 * counts["complete"]
    assert abs(counts["periodic"] - counts["complete"]) <= 9
    # By the clock a report waits for 12 ms on top of its way; on news it does not wait at all.
    waits = age(runs["periodic"]) - age(runs["complete"])
    assert 9_000_000 < waits < 14_000_000
