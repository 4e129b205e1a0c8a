"""Topology: the solve lives next to the UAV. Its own report is used where it arrives; everyone else's comes down to it."""

import pytest

COORDINATOR = "edge:uav"
TRANSMITTERS = {"satellite", "uav", "base_station"}
OTHERS = {"satellite", "base_station"}
REPORTING = TRANSMITTERS | {"su", "au", "gu"}


@pytest.fixture(scope="module")
def run(emulate):
    return emulate(f"twin.coordinator={COORDINATOR}", "report.period_ms=100", duration_s=0.095)


def test_every_core_twin_but_the_coordinators_own_shares_with_it(run):
    shared = {(f"core:{name}", COORDINATOR) for name in (REPORTING | {"eavesdropper"}) - {"uav"}}
    sensed = {(f"edge:{name}", "edge:eavesdropper") for name in TRANSMITTERS}
    assert run.routes("share") == shared | sensed
    assert run.routes("sync") == {(f"edge:{name}", f"core:{name}") for name in REPORTING | {"eavesdropper"}}


def test_the_uav_gets_its_precoder_directly_and_the_others_through_their_twins(run):
    down = {(f"core:{name}", f"edge:{name}") for name in OTHERS} | {(f"edge:{name}", name) for name in OTHERS}
    assert run.routes("precoder") == {(COORDINATOR, "uav")} | {(COORDINATOR, f"core:{name}") for name in OTHERS} | down


def test_acknowledgements_end_at_the_coordinator(run):
    up = {(name, f"edge:{name}") for name in TRANSMITTERS} | {(f"edge:{name}", f"core:{name}") for name in OTHERS}
    assert run.routes("ack") == up | {(f"core:{name}", COORDINATOR) for name in OTHERS}


def test_the_solve_used_the_uavs_report_itself_and_the_replicas_of_the_others(run):
    (solve,) = run.solved
    inputs = {(run.sent[msg_id].kind, run.sent[msg_id].src) for msg_id in solve.inputs}
    assert inputs == {("csi", "uav"), ("share", "core:satellite"), ("share", "core:base_station")}
    last = max(solve.inputs, key=lambda msg_id: run.ended[msg_id].t_ns)
    sent_on = [e for e in run.sent.values() if e.kind == "precoder" and e.src == COORDINATOR]
    assert {e.parent_id for e in sent_on} == {last}
    assert {e.trace_id for e in sent_on} == {1}


def test_the_uav_is_served_a_backhaul_and_a_core_link_sooner_than_the_others(run):
    (instants,) = run.applied_at().values()
    assert instants["uav"] == min(instants.values())
    for name in OTHERS:  # down again: core link 1 ms, backhaul 2 ms, and more
        assert instants[name] - instants["uav"] > 3_000_000
