"""Triggers, activations and placements: who sends what to whom, when, and why."""

import pytest

from twin.wire.protocol import Reason


def at_once(run, name):
    return {fact.version: fact for fact in run.applied if fact.transmitter == name and fact.version}


@pytest.mark.parametrize(("trigger", "per_cycle"), [("complete", 1), ("every", 3)])
def test_solves_per_control_cycle(emulate, trigger, per_cycle):
    run = emulate(f"twin.trigger={trigger}", "report.period_ms=50", duration_s=0.49)
    assert {fact.trigger for fact in run.solved} == {trigger}
    # nothing is solved before all have reported once: of the first cycle's three only the last counts
    expected = 10 * per_cycle - (per_cycle - 1)
    assert len(run.solved) == expected


def test_complete_waits_for_all_three_and_every_does_not(emulate):
    for trigger, ages in (("complete", {0}), ("every", {0, 1})):
        run = emulate(f"twin.trigger={trigger}", "report.period_ms=50", duration_s=0.4)
        sent = run.sent
        cycles = [{sent[msg_id].trace_id for msg_id in fact.inputs} for fact in run.solved]
        assert {max(cycle) - min(cycle) for cycle in cycles} == ages


def test_periodic_solves_on_its_own_grid(emulate):
    run = emulate("twin.trigger=periodic", "twin.period_ms=35", "report.period_ms=10", duration_s=0.4)
    handle_ns = 20_000
    # a busy coordinator may begin late, never early, and the grid does not drift
    offsets = [(fact.begin_ns - handle_ns) % 35_000_000 for fact in run.solved]
    assert len(run.solved) == 11
    assert max(offsets) < 1_000_000


def test_scheduled_activation_is_a_common_instant(emulate):
    run = emulate("twin.activation=scheduled", "twin.activation_margin_ms=25")
    done = {fact.version: fact.finish_ns for fact in run.solved}
    on_air = run.applied_at()
    complete = {version: set(instants.values()) for version, instants in on_air.items() if len(instants) == 3}
    assert len(complete) > 5
    for version, instants in complete.items():
        assert instants == {done[version] + 25_000_000}


def test_a_long_margin_delays_activation_and_does_not_prevent_it(emulate):
    run = emulate("twin.activation=scheduled", "twin.activation_margin_ms=400", duration_s=1.0)
    assert max(run.applied_at()) > 20


def test_one_lost_report_does_not_mix_the_cycles_for_the_rest_of_the_run(emulate):
    whole = emulate(duration_s=0.5)
    (lost,) = [e.seq for e in whole.sent.values() if (e.src, e.kind, e.trace_id) == ("uav", "csi", 5)]

    def lose_one(emulation):
        for queue in emulation.plane.network.queues.values():
            genuine = queue._link._fate
            queue._link._fate = lambda depart_ns, key, attempt, genuine=genuine: (
                Reason.LOSS if key == ("uav", "edge:uav", lost) else genuine(depart_ns, key, attempt)
            )

    run = emulate(wrap=lose_one, duration_s=0.5)
    sent = run.sent
    cycles = [{sent[msg_id].trace_id for msg_id in fact.inputs} for fact in run.solved]
    assert [cycle for cycle in cycles if len(cycle) > 1] == [{5, 6}]
    assert len(cycles) == 25


def test_on_arrival_the_uav_goes_first_and_waits_for_nobody(emulate):
    run = emulate()
    arrivals = {
        (run.sent[msg_id].dst, msg_id): fact.t_ns
        for msg_id, fact in run.ended.items()
        if run.sent[msg_id].kind == "precoder"
    }
    for fact in run.applied:
        if fact.version and fact.transmitter == "uav":
            assert fact.t_ns == arrivals["uav", fact.msg_id]
    for instants in run.applied_at().values():
        if len(instants) == 3:
            assert instants["uav"] == min(instants.values())


@pytest.mark.parametrize("coordinator", ["core:uav", "core:su", "edge:satellite", "edge:gu", "edge:eavesdropper"])
def test_any_twin_may_coordinate(emulate, coordinator):
    run = emulate(f"twin.coordinator={coordinator}")
    assert {fact.node for fact in run.solved} == {coordinator}
    assert len(run.solved) >= 10
    assert all(len(instants) == 3 for version, instants in run.applied_at().items() if version < 5)
    assert {fact.reason for fact in run.ended.values()} <= {"", "deduplicated", "stale"}


def test_a_failed_solve_is_recorded_and_the_old_precoder_stays(emulate, monkeypatch):
    from dataclasses import replace

    import twin.nodes.sagin_policy as module
    from twin.solvers.result import Status

    calls, genuine = [], module.solve

    def fails_now_and_then(*args, **kwargs):
        calls.append(1)
        solution = genuine(*args, **kwargs)
        return replace(solution, status=Status.FAILED) if len(calls) in {3, 4} else solution

    monkeypatch.setattr(module, "solve", fails_now_and_then)
    run = emulate()
    assert [fact.status for fact in run.solved[:6]] == ["solved"] * 2 + ["failed"] * 2 + ["solved"] * 2
    versions = [fact.version for fact in run.applied if fact.transmitter == "uav"]
    assert {1, 2, 5, 6} <= set(versions)
    assert not {3, 4} & set(versions)


def test_12_a_twin_that_is_fed_the_same_messages_says_the_same(emulate):
    """Replays every batch of a run to new hosts that know no world, no network and no kernel."""
    from msgspec.structs import replace

    from twin.runtime.host import Host
    from twin.wire.control import decode_control, encode_control
    from twin.wire.protocol import Result

    tape = []

    def record(emulation):
        link = emulation.link
        for name, host in link._hosts.items():
            genuine = host.handle

            def handle(parts, name=name, genuine=genuine):
                answer = genuine(parts)
                tape.append((name, [bytes(part) for part in parts], answer))
                return answer

            host.handle = handle

    def timeless(parts):
        message = decode_control(parts)
        assert isinstance(message, Result)
        outcomes = [
            replace(outcome, solves=tuple(replace(solve, wall_us=0.0) for solve in outcome.solves))
            for outcome in message.outcomes
        ]
        return encode_control(Result(message.number, tuple(outcomes)))

    welcomes = {}

    def keep_welcomes(emulation):
        from scenarios.build import _welcomes, run_id
        from scenarios.sites import hosts
        from scenarios.systems import system_of

        welcomes.update(
            _welcomes(
                system_of(emulation.spec), emulation.kernel, hosts(emulation.spec.twins), run_id(emulation.spec, 1)
            )
        )
        record(emulation)

    emulate(wrap=keep_welcomes, duration_s=0.2, transport="inproc")
    fresh = {name: Host(name) for name in welcomes}
    for name, host in fresh.items():
        assert host.handle(encode_control(welcomes[name])) == []
    batches = [entry for entry in tape if entry[2] and isinstance(decode_control(entry[2]), Result)]
    assert len(batches) > 300
    for name, parts, answer in batches:
        assert timeless(fresh[name].handle(parts)) == timeless(answer)
