"""Topology: the default one. Who says what to whom in one control cycle, and why."""

import pytest

TRANSMITTERS = {"satellite", "uav", "base_station"}
USERS = {"su", "au", "gu"}
ENTITIES = TRANSMITTERS | USERS


@pytest.fixture(scope="module")
def run(emulate):
    return emulate("report.period_ms=100", duration_s=0.09)


def test_every_entity_but_the_eavesdropper_reports_to_its_edge_twin(run):
    assert run.routes("csi") == {(name, f"edge:{name}") for name in TRANSMITTERS}
    assert run.routes("state") == {(name, f"edge:{name}") for name in ENTITIES}


def test_edge_twins_sync_and_core_twins_share_with_the_coordinator(run):
    names = ENTITIES | {"eavesdropper"}
    assert run.routes("sync") == {(f"edge:{name}", f"core:{name}") for name in names}
    to_coordinator = {(f"core:{name}", "core:base_station") for name in names - {"base_station"}}
    sensed = {(f"edge:{name}", "edge:eavesdropper") for name in TRANSMITTERS}
    assert run.routes("share") == to_coordinator | sensed


def test_precoders_come_down_through_core_and_edge_and_are_acknowledged(run):
    assert run.routes("precoder") == {
        ("core:base_station", "core:satellite"),
        ("core:base_station", "core:uav"),
        ("core:base_station", "edge:base_station"),
        ("core:satellite", "edge:satellite"),
        ("core:uav", "edge:uav"),
        *((f"edge:{name}", name) for name in TRANSMITTERS),
    }
    assert run.routes("command") == {("uav", "satellite"), ("uav", "base_station")}
    up = {(name, f"edge:{name}") for name in TRANSMITTERS}
    up |= {(f"edge:{name}", f"core:{name}") for name in TRANSMITTERS}
    up |= {("core:satellite", "core:base_station"), ("core:uav", "core:base_station")}
    assert run.routes("ack") == up


def test_one_solve_used_the_three_reports_and_its_precoders_go_back_to_them(run):
    (solve,) = run.solved
    sent = run.sent
    inputs = [sent[msg_id] for msg_id in solve.inputs]
    assert {envelope.src for envelope in inputs} == {"core:satellite", "core:uav", "edge:base_station"}
    for fact in run.applied:
        if fact.version == 0:
            continue
        chain = [sent[fact.msg_id]]
        while chain[-1].parent_id:
            chain.append(sent[chain[-1].parent_id])
        assert chain[-1].kind == "csi"
        assert chain[-1].t_send_ns == chain[-1].t_data_ns == fact.t_data_ns == 0
        assert {envelope.trace_id for envelope in chain} == {1}


def test_before_the_first_precoder_transmitters_serve_by_local_mrt(run):
    first = {fact.transmitter: fact for fact in run.applied if fact.version == 0}
    assert set(first) == TRANSMITTERS
    assert {fact.t_ns for fact in first.values()} == {0}


def test_all_is_delivered_and_costs_less_than_five_kernel_events_a_message(run):
    ended = run.ended
    assert set(ended) == set(run.sent)
    assert {fact.fate for fact in ended.values()} == {"delivered"}
    wanted = sum(run.sent[msg_id].kind != "ack" for msg_id in ended)
    assert run.events < 5 * wanted
