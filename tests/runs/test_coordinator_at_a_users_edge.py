"""Topology: the solve lives at the edge twin of a user, in the base station's edge cloud. Nobody's own report stays there."""

import pytest

COORDINATOR = "edge:gu"
TRANSMITTERS = {"satellite", "uav", "base_station"}
REPORTING = TRANSMITTERS | {"su", "au", "gu"}


@pytest.fixture(scope="module")
def run(emulate):
    return emulate(f"twin.coordinator={COORDINATOR}", "report.period_ms=100", duration_s=0.095)


def test_all_core_twins_but_the_users_own_share_with_it(run):
    shared = {(f"core:{name}", COORDINATOR) for name in (REPORTING | {"eavesdropper"}) - {"gu"}}
    assert {route for route in run.routes("share") if route[1] == COORDINATOR} == shared


def test_every_precoder_goes_through_core_and_edge_of_its_transmitter(run):
    assert run.routes("precoder") == {
        hop
        for name in TRANSMITTERS
        for hop in ((COORDINATOR, f"core:{name}"), (f"core:{name}", f"edge:{name}"), (f"edge:{name}", name))
    }


def test_every_precoder_goes_back_to_one_report_of_each_transmitter(run):
    (solve,) = run.solved
    origins = set()
    for msg_id in solve.inputs:
        envelope = run.sent[msg_id]
        while envelope.parent_id:
            envelope = run.sent[envelope.parent_id]
        origins.add((envelope.kind, envelope.src, envelope.dst))
    assert origins == {("csi", name, f"edge:{name}") for name in TRANSMITTERS}


def test_an_acknowledgement_takes_the_same_way_back(run):
    up = {hop for name in TRANSMITTERS for hop in ((name, f"edge:{name}"), (f"edge:{name}", f"core:{name}"))}
    assert run.routes("ack") == up | {(f"core:{name}", COORDINATOR) for name in TRANSMITTERS}
