"""Whatever order messages come in, twins keep their word (Hypothesis drives them as state machines)."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from entities.air import Air
from entities.reporting import Reporting
from entities.transmitter import Leader, Radio, Transmitter
from entities.world import World, WorldParams
from twin.emulation.kernel import Kernel
from twin.emulation.streams import Streams
from twin.nodes.base import Incoming
from twin.nodes.config import NodeConfig
from twin.nodes.edge import EdgeTwin
from twin.wire.messages import SCHEMA, Command, Envelope, Kind, Precoder, State
from twin.wire.protocol import Reason

CONFIG = NodeConfig(
    "edge:uav", "edge", "uav", "transmitter", 1, "core:uav", "core:uav", "eavesdropper", "edge:eavesdropper", 1, 9, None
)
NUMBERS = st.integers(1, 8)
WAITS = st.sampled_from([0, 5, 30])
BUDGET_MW = 2.0


def envelope(kind, src, dst, seq):
    return Envelope(SCHEMA, "run", kind, src, dst, seq, seq, 1, 0, seq, seq, seq, 0, 0, b"")


class EdgeTwinMachine(RuleBasedStateMachine):
    """Reports and precoders come late, twice, or in any order."""

    def __init__(self):
        super().__init__()
        self.twin = EdgeTwin(CONFIG)
        self.synced, self.forwarded = [0], [0]

    @rule(seq=NUMBERS)
    def report(self, seq):
        state = State(np.zeros(3), np.zeros(3), float(seq))
        outputs = self.twin.handle(Incoming(seq, seq, envelope(Kind.STATE, "uav", "edge:uav", seq), state))
        if seq > self.synced[-1]:
            assert [letter.body.report_seq for letter in outputs.letters] == [seq]
            self.synced.append(seq)
        else:
            expected = Reason.DEDUPLICATED if seq == self.synced[-1] else Reason.STALE
            assert (outputs.reason, outputs.letters) == (expected, ())

    @rule(version=NUMBERS)
    def precoder(self, version):
        body = Precoder("uav", version, np.ones(4, complex), 0)
        outputs = self.twin.handle(Incoming(1, 1, envelope(Kind.PRECODER, "core:uav", "edge:uav", version), body))
        if version > self.forwarded[-1]:
            assert [letter.dst for letter in outputs.letters] == ["uav"]
            self.forwarded.append(version)
        else:
            assert outputs.letters == ()

    @invariant()
    def the_replica_is_the_newest_report(self):
        held = self.twin.replica.get("state")
        assert (held.report_seq if held else 0) == self.synced[-1]
        assert self.synced == sorted(set(self.synced))


class Silent:
    """A port that keeps what is said."""

    def __init__(self):
        self.sent, self.aired = [], []

    def send(self, letter):
        self.sent.append(letter)
        return len(self.sent)

    def listen(self, receive):
        self.receive = receive

    def on_air(self, version, vector, cause, t_data_ns):
        self.aired.append(version)


class ActivationMachine(RuleBasedStateMachine):
    """Leader and follower under any order of precoders, commands and waiting: the follower never overtakes."""

    def __init__(self):
        super().__init__()
        streams = Streams(1)
        world = World(WorldParams(), streams)
        names = ("satellite", "uav", "base_station")
        air = Air(world, dict.fromkeys(names, 4), dict.fromkeys(names, BUDGET_MW))
        self.kernel = Kernel(names)
        radio = Radio(world, air, streams, 1e3, 0.0, BUDGET_MW)
        self.ports = {name: Silent() for name in names}
        reporting = Reporting(10**9)
        self.leader = Leader("uav", self.kernel, self.ports["uav"], radio, reporting, ("satellite", "base_station"))
        self.follower = Transmitter("satellite", self.kernel, self.ports["satellite"], radio, reporting)

    def _precoder(self, entity, version, wait):
        body = Precoder(entity.name, version, np.ones(4, complex) / 4, self.kernel.now_ns + wait if wait else 0)
        entity.receive(envelope(Kind.PRECODER, f"edge:{entity.name}", entity.name, version), body)

    @rule(version=NUMBERS, wait=WAITS)
    def to_leader(self, version, wait):
        self._precoder(self.leader, version, wait)
        self._settle()

    @rule(version=NUMBERS, wait=WAITS)
    def to_follower(self, version, wait):
        self._precoder(self.follower, version, wait)
        self._settle()

    @rule(place=st.integers(0, 50))
    def command_arrives(self, place):
        commands = [letter.body for letter in self.ports["uav"].sent if letter.kind is Kind.COMMAND]
        if commands:
            command = commands[place % len(commands)]
            assert isinstance(command, Command)
            self.follower.receive(envelope(Kind.COMMAND, "uav", "satellite", 1), command)
            self._settle()

    @rule(delay=st.integers(1, 20))
    def time_passes(self, delay):
        self._settle(delay)

    def _settle(self, delay=0):
        end = self.kernel.now_ns + delay
        self.kernel.at(end, self.kernel.order("uav", "uav", 2**63), lambda: None)
        self.kernel.run(end + 1)

    @invariant()
    def versions_on_air_only_grow(self):
        for port in self.ports.values():
            assert port.aired == sorted(set(port.aired))

    @invariant()
    def nobody_goes_before_the_leader(self):
        """At the end of an instant (all that is due then has run) no follower is ahead of the leader."""
        assert self.follower.version <= self.leader.version

    @invariant()
    def what_is_due_is_on_air(self):
        due = [
            v for v, held in self.leader.shelf._pending.items() if held.precoder.activate_at_ns <= self.kernel.now_ns
        ]
        assert all(version <= self.leader.version for version in due)


settings.register_profile("twins", derandomize=True, max_examples=60, stateful_step_count=40, deadline=None)
TestEdgeTwin = EdgeTwinMachine.TestCase
TestEdgeTwin.settings = settings(settings.get_profile("twins"))
TestActivation = ActivationMachine.TestCase
TestActivation.settings = settings(settings.get_profile("twins"))
