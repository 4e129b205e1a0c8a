"""The policy of the two stations: what it decides is what was asked for, from what arrived alone."""

import dataclasses

import numpy as np
import pytest

from entities.isac_measurement import Pilots, sense, station_csi
from entities.isac_world import IsacWorld
from scenarios.hisac.configure import coordination, policy_config, world_params
from scenarios.hisac.worth import Scale, worth
from scenarios.load import load
from twin.emulation.streams import Streams
from twin.errors import InstanceError, WireError
from twin.nodes.config import NodeConfig, from_wire, to_wire
from twin.nodes.hisac_policy import HisacPolicy, in_mw, in_w, problem_of
from twin.wire.messages import State
from twin.wire.plain import pack_plain, unpack_plain

SPEC = load("hisac", ["users.positions_m=[[75, 35, 1.5], [125, 15, 1.5]]"])
CONFIG = policy_config(SPEC)
PERIOD_NS = 5_000_000
AIM = (3 * PERIOD_NS, 3 * PERIOD_NS)
LIT = np.eye(12, 2, dtype=np.complex128) * 600.0


class Scene:
    """A world, and what is measured in it."""

    def __init__(self):
        self.streams = Streams(2)
        self.world = IsacWorld(world_params(SPEC), self.streams)
        self.pilots = Pilots(1e3, {"bob": 0.02, "eavesdropper": 0.05})

    def tell(self, policy, cycles):
        world = self.world
        for t_ns in (k * PERIOD_NS for k in cycles):
            for name in ("bs1", "bs2"):
                policy.note_report(name, t_ns, station_csi(world, self.streams, name, t_ns, self.pilots))
            policy.note_report("bs1", t_ns, sense(world, self.streams, "bs1", t_ns, LIT))
            for name in ("bs1", "bs2", "bob", "user1", "user2"):
                state = State(world.position_m(name, t_ns), world.velocity_mps(name, t_ns), 0.0)
                policy.note_report(name, t_ns, state)
        return policy


@pytest.fixture(scope="module")
def scene():
    return Scene()


def test_beams_have_the_stations_shapes_and_keep_their_budgets(scene):
    decision = scene.tell(HisacPolicy(CONFIG), range(3)).decide(AIM)
    assert decision.status == "solved"
    assert [beams.shape for beams in decision.precoders] == [(12, 2), (12, 3)]
    for beams, power_w in zip(decision.precoders, CONFIG.powers_w, strict=True):
        assert beams.flags.c_contiguous
        assert np.vdot(beams, beams).real <= 1e3 * power_w * (1 + 1e-9)
    assert decision.violation <= 0.0


def test_the_objective_is_the_worst_case_of_what_was_expected(scene):
    """In the channels that it expects, where nothing is a worst case, the beams are worth at least the objective."""
    policy = scene.tell(HisacPolicy(CONFIG), range(3))
    expected = policy.predictor.predict(AIM).channels
    decision = policy.decide(AIM)
    scale = Scale(CONFIG.threshold, CONFIG.circuit_w, CONFIG.echo_gain * 1e3)
    found = worth(expected, decision.precoders, scale)
    assert found.see >= decision.objective > 0.0
    assert found.secrecy >= CONFIG.least_secrecy
    assert found.scnr >= CONFIG.threshold
    assert found.common >= CONFIG.least_common
    assert found.private >= CONFIG.least_private


def test_allowing_for_more_costs_more(scene):
    objectives = {}
    for robust in ("none", "ball", "errors"):
        policy = scene.tell(HisacPolicy(dataclasses.replace(CONFIG, robust=robust)), range(3))
        objectives[robust] = policy.decide(AIM).objective
    assert objectives["none"] > objectives["ball"] > objectives["errors"]


def test_what_nothing_can_reach_is_infeasible_and_names_no_beams_for_the_air(scene):
    policy = scene.tell(HisacPolicy(dataclasses.replace(CONFIG, least_secrecy=20.0)), range(3))
    assert policy.decide(AIM).status == "infeasible"
    assert policy.state()[1] is None


def test_before_everything_was_reported_there_is_no_problem():
    with pytest.raises(InstanceError):
        HisacPolicy(CONFIG).decide(AIM)


def test_a_restored_policy_decides_the_same_bits(scene):
    policy, other = scene.tell(HisacPolicy(CONFIG), range(3)), HisacPolicy(CONFIG)
    policy.decide(AIM)
    other.restore(unpack_plain(pack_plain(policy.state(), "state"), "state"))
    later = (4 * PERIOD_NS, 4 * PERIOD_NS)
    one, two = (scene.tell(each, [3]).decide(later) for each in (policy, other))
    for beams, again in zip(one.precoders, two.precoders, strict=True):
        np.testing.assert_array_equal(beams, again)
    assert pack_plain(policy.state(), "state") == pack_plain(other.state(), "state")


@pytest.mark.parametrize("wrong", [None, (1,), (None, None), ((), (np.zeros(3),))])
def test_a_state_of_something_else_is_refused(wrong):
    with pytest.raises(WireError):
        HisacPolicy(CONFIG).restore(wrong)


def test_powers_travel_in_milliwatts_and_are_solved_for_in_watts(scene):
    beams = (np.full((2, 2), 1.0 + 1j), np.full((2, 3), 2.0 + 0j))
    for milli, plain in zip(in_mw(beams), beams, strict=True):
        np.testing.assert_allclose(np.abs(milli) ** 2, 1e3 * np.abs(plain) ** 2)
    for back, plain in zip(in_w(in_mw(beams)), beams, strict=True):
        np.testing.assert_allclose(back, plain)
    channels = [scene.world.channels(name, 0) for name in ("bs1", "bs2")]
    problem = problem_of(CONFIG, channels)
    np.testing.assert_allclose(problem.channels_1, channels[0] * np.sqrt(1e3))
    assert not problem.errors_1.any()


def test_the_configuration_survives_the_way_to_the_host():
    node = NodeConfig(
        name="core:bs1",
        role="core",
        entity="bs1",
        entity_kind="transmitter",
        rank=3,
        peer="edge:bs1",
        coordinator="core:bs1",
        eavesdropper="eavesdropper",
        sensed_to="edge:eavesdropper",
        handle_ns=20_000,
        mailbox_max=10,
        coordination=coordination(SPEC),
    )
    assert from_wire(to_wire(node)) == node
