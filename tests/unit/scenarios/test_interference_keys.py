"""Scenarios of pairs: what is refused, in a line, where pairs stand, and when their turns are."""

import itertools
import math

import pytest

from scenarios.interference.configure import node_configs, pairs_params, phase_ns, pricing
from scenarios.interference.layout import places
from scenarios.interference.spec import only_interference
from scenarios.load import from_dict, load
from scenarios.systems import system_of
from twin.errors import ScenarioError
from twin.nodes.config import from_wire, to_wire


def spec(*sets):
    return only_interference(load("interference", sets))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "pairs.streams=6",
            "pairs.streams = 6: must be at most pairs.transmit_antennas = 6 with pairs.noise_streams (6 + 1)",
        ),
        ("pairs.noise_streams=5", "pairs.streams = 2: must be at most pairs.transmit_antennas = 6"),
        ("eavesdropper.antennas=0", "eavesdropper.antennas = 0: must be 1 to 64"),
        ("radio.zeta=1.01", "radio.zeta = 1.01: must be 0 to 1"),
        ("eavesdropper.zeta=-0.1", "eavesdropper.zeta = -0.1: must be 0 to 1"),
        ("pairs.count=0", "pairs.count = 0: must be 1 to 30"),
        (
            "pairs.place=[{transmitter_m=[0,0,0], receiver_m=[1,1,0]}]",
            "pairs.place = 1: must have pairs.count = 5 tables, or none",
        ),
        (
            "twin.schedule=alphabetical",
            'twin.schedule = "alphabetical": must be "sequential", "simultaneous" or "asynchronous"',
        ),
        ("network.outage=[{link='edge', from_s=0, to_s=9}]", "must leave"),
        ("uav.speed_mps=3", "uav"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_line(setting, message):
    with pytest.raises(ScenarioError) as refused:
        spec(setting, "network.backhaul.latency_ms=1") if "outage" not in setting else spec(
            setting, "network.outage=[{link='edge', from_s=0, to_s=9}, {link='backhaul', from_s=0, to_s=9}]"
        )
    assert message in str(refused.value)
    assert str(refused.value).isprintable()


def test_a_period_must_have_a_slot_for_every_pair_and_a_report_room_for_every_antenna():
    with pytest.raises(
        ScenarioError, match=r"pairs.receive_antennas = 32: must leave a report at most 512 rows: 30 times"
    ):
        spec("pairs.count=30", "pairs.receive_antennas=32")


def test_a_scenario_survives_its_manifest():
    given = spec("pairs.count=7", "radio.error=bounded", "eavesdropper.attack=in_turn")
    assert from_dict(given.as_dict()) == given
    assert pairs_params(given).dwell_ns == 100_000_000
    assert pairs_params(given).error_law == "bounded"


def test_another_systems_scenario_is_told_apart():
    with pytest.raises(ScenarioError, match='must be "interference" here'):
        only_interference(load("sagin"))


def test_one_more_pair_moves_none_of_the_others_and_none_stands_too_near():
    few, many = places(spec("pairs.count=5")), places(spec("pairs.count=30"))
    assert {name: many[name] for name in few} == few
    stands = [place.transmitter_m for place in many.values()]
    nearest = [min(math.dist(a, b) for b in stands if b is not a) for a in stands]
    assert min(nearest) > 0.4 * 120
    assert max(nearest) < 1.2 * 120
    assert all(math.dist(place.transmitter_m, place.receiver_m) == pytest.approx(50.0) for place in many.values())


def test_places_can_be_given():
    tables = "[{transmitter_m=[0,0,5], receiver_m=[9,0,1]}, {transmitter_m=[40,0,5], receiver_m=[49,0,1]}]"
    given = places(spec("pairs.count=2", f"pairs.place={tables}"))
    assert given["pair2"].receiver_m == (49.0, 0.0, 1.0)


def test_slots_divide_the_period_and_own_clocks_fill_it():
    sequential, at_once = spec("pairs.count=4"), spec("twin.schedule=simultaneous")
    assert [phase_ns(sequential, index) for index in range(4)] == [1_250_000, 3_750_000, 6_250_000, 8_750_000]
    assert {phase_ns(at_once, index) for index in range(5)} == {5_000_000}
    own = spec("twin.schedule=asynchronous")
    phases = sorted(phase_ns(own, index) for index in range(5))
    assert phases[0] >= 1
    assert phases[-1] < 10_000_000
    assert min(b - a for a, b in itertools.pairwise(phases)) > 500_000


def test_twins_are_told_what_they_may_know_and_nothing_of_the_world():
    given = spec("pairs.count=3", "twin.prices=off", "twin.price_form=projected")
    configs = node_configs(given, dict.fromkeys(given.twins, 1))
    assert set(configs) == set(given.twins) == {f"{side}:pair{n}" for side in ("edge", "core") for n in (1, 2, 3)}
    for config in configs.values():
        assert from_wire(to_wire(config)) == config
    told = pricing(given, 1)
    assert (told.priced, told.price_form, told.budget_mw) == (False, "projected", pytest.approx(10.0))
    assert told.doppler_hz == pytest.approx(given.pairs.speed_mps * 2.4e9 / 299_792_458)


def test_everybody_has_a_site_and_both_ends_of_a_pair_reach_its_edge_twin():
    system = system_of(spec("pairs.count=2"))
    graph, sites = system.graph(), system.sites()
    assert set(sites) == {*system.ports, *system.spec.twins}
    assert set(sites.values()) <= set(graph)
    assert graph.edges["rx:pair1", "pair1"]["params"].kind == "radio"
    assert graph.edges["edge-cloud:pair1", "edge-cloud:pair2"]["params"].kind == "edge"
    assert graph.edges["core-cloud:pair1", "core-cloud:pair2"]["params"].kind == "core"
    assert dict(system.ways())["edge-cloud:pair1"] == {"pair1", "rx:pair1", "edge-cloud:pair1", "edge-cloud:pair2"}
    assert system.shape("pair1") == (6, 3)
