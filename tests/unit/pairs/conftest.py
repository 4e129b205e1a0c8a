"""Twins of pairs on a table: channels that stand still, ends that report on a grid, links that may be late or lose."""

import heapq
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from twin.nodes.base import Incoming
from twin.nodes.config import NodeConfig
from twin.nodes.pricing import UPDATE_TIMER, PricingTwin
from twin.nodes.pricing_config import PricingConfig
from twin.nodes.pricing_core import PricingCoreTwin
from twin.signal.interference_channel import eve_rates, interference_covariances, user_rates
from twin.signal.local_start import local_start
from twin.solvers.pricing.problem import InterferenceProblem
from twin.wire.codec import decode_body, encode_body
from twin.wire.mailer import Mailer
from twin.wire.messages import Ack, Covariance, Csi, Kind, Letter

SLOT_NS = 1_000_000
HANDLE_NS = 1_000
EVE = "eavesdropper"


def normal(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)


def make_problem(seed=0, pairs=3, sizes=(4, 4, 8), streams=(2, 1), gains=(1.0, 1.0, 1.0), budget_mw=10.0):
    """Rayleigh channels, known exactly; `gains` of the own, the cross and the eavesdropper's channels."""
    rng = np.random.default_rng(seed)
    (transmit, receive, heard), (own, cross, eve) = sizes, gains
    gain = np.where(np.eye(pairs) > 0.0, own, cross)
    return InterferenceProblem(
        np.sqrt(gain)[..., None, None] * normal(rng, pairs, pairs, receive, transmit),
        np.sqrt(eve) * normal(rng, pairs, heard, transmit),
        np.full(pairs, budget_mw),
        *streams,
        0.0,
        0.0,
        gain,
        np.full(pairs, eve),
    )


def make_config(problem, index, **changes):
    """Pair `index` of a problem, slots of SLOT_NS, a slot's half after the reports; everything optional is off."""
    pairs = tuple(f"pair{k + 1}" for k in range(problem.pairs))
    config = PricingConfig(
        pairs=pairs,
        eavesdropper=EVE,
        streams=problem.streams,
        noise_streams=problem.noise_streams,
        budget_mw=float(problem.powers_mw[index]),
        schedule="sequential",
        period_ns=problem.pairs * SLOT_NS,
        phase_ns=SLOT_NS // 2 + index * SLOT_NS,
        priced=True,
        price_form="factor",
        price_route="edge",
        requote="report",
        variant="plug_in",
        inner=1,
        age_aware="off",
        doppler_hz=0.0,
        wake_snr=0.0,
        damping="off",
        damping_share=0.5,
        synced="covariance",
        update_ns=1_000,
    )
    return replace(config, **changes)


def node_config(name):
    side, _, entity = name.partition(":")
    return NodeConfig(
        name=name,
        role=side,
        entity=entity,
        entity_kind="transmitter",
        rank=1,
        peer=f"{'core' if side == 'edge' else 'edge'}:{entity}",
        coordinator="",
        eavesdropper=EVE,
        sensed_to="",
        handle_ns=HANDLE_NS,
        mailbox_max=1000,
        coordination=None,
    )


@dataclass
class Table:
    """A problem, its twins, and what is on air; `latency_ns` and `is_lost` are asked for every message."""

    problem: InterferenceProblem
    configs: list
    latency_ns: object = field(default=lambda letter, src: 0)
    is_lost: object = field(default=lambda letter, src: False)

    def __post_init__(self):
        problem, pairs = self.problem, self.configs[0].pairs
        self.pairs = pairs
        self.nodes = {
            f"edge:{n}": PricingTwin(node_config(f"edge:{n}"), c) for n, c in zip(pairs, self.configs, strict=True)
        }
        self.nodes |= {f"core:{n}": PricingCoreTwin(node_config(f"core:{n}"), self.configs[0]) for n in pairs}
        ends = [*pairs, *(f"rx:{name}" for name in pairs), *self.nodes]
        self.mailers = {name: Mailer("table", name, rank + 1) for rank, name in enumerate(ends)}
        self.q = np.zeros((len(pairs), problem.antennas, problem.streams), complex)
        self.an = np.zeros((len(pairs), problem.antennas, problem.noise_streams), complex)
        for index in range(len(pairs)):
            own, budget_mw = problem.channels[index, index], float(problem.powers_mw[index])
            gain = float(np.mean(np.abs(own) ** 2))
            start = local_start(own, gain, (1.0 - 1e-14) * budget_mw, problem.streams, problem.noise_streams)
            self.q[index], self.an[index] = start
        self.now_ns, self.events, self.busy_ns = 0, [], dict.fromkeys(self.nodes, 0)
        self.log, self.applied, self.solves, self.order = [], [], [], 0
        for name, config in zip(pairs, self.configs, strict=True):
            self.at(config.phase_ns, self.deliver, f"edge:{name}", None, UPDATE_TIMER)
        self.at(0, self.report)

    def at(self, t_ns, call, *args):
        self.order += 1
        heapq.heappush(self.events, (t_ns, self.order, call, args))

    def run(self, until_ns):
        while self.events and self.events[0][0] <= until_ns:
            self.now_ns, _, call, args = heapq.heappop(self.events)
            call(*args)
        self.now_ns = until_ns
        return self

    def send(self, src, letter):
        envelope = self.mailers[src].send((letter,), self.now_ns)[0].envelope
        lost = self.is_lost(letter, src)
        self.log.append((self.now_ns, src, letter, envelope, lost))
        if not lost:
            self.at(self.now_ns + self.latency_ns(letter, src), self.deliver, letter.dst, envelope, "")

    def deliver(self, dst, envelope, timer):
        body = None if envelope is None else decode_body(envelope.kind, envelope.body)
        if dst in self.nodes:
            begin = max(self.now_ns, self.busy_ns[dst])
            outputs = self.nodes[dst].handle(Incoming(self.now_ns, begin, envelope, body, timer))
            finish = self.busy_ns[dst] = begin + outputs.cost_ns
            self.applied.append((dst, outputs))
            self.solves += outputs.solves
            for letter in outputs.letters:
                self.at(finish, self.send, dst, letter)
            for wake in outputs.wakes:
                self.at(finish + wake.delay_ns, self.deliver, dst, None, wake.name)
        else:
            index = self.pairs.index(dst)
            self.q[index] = body.vector[:, : self.problem.streams]
            self.an[index] = body.vector[:, self.problem.streams :]
            ack = Letter(Kind.ACK, f"edge:{dst}", Ack(dst, body.version, self.now_ns), envelope.t_data_ns, 1)
            self.send(dst, ack)

    def report(self):
        """All ends at once: what they measure does not depend on the order."""
        heard = interference_covariances(self.problem.channels, self.q, self.an)
        for index, name in enumerate(self.pairs):
            trace_id = self.now_ns // SLOT_NS + 1
            self.send(name, Letter(Kind.CSI, f"edge:{name}", self.csi(index), self.now_ns, trace_id))
            covariance = Covariance(name, np.eye(len(heard[index])) + heard[index], 0.0)
            if self.configs[0].price_form == "projected":
                self.send(f"rx:{name}", Letter(Kind.CSI, f"edge:{name}", self.downlink(index), self.now_ns, trace_id))
            self.send(f"rx:{name}", Letter(Kind.COVARIANCE, f"edge:{name}", covariance, self.now_ns, trace_id))
        self.at(self.now_ns + SLOT_NS, self.report)

    def csi(self, index):
        return csi_of(self.problem, index, self.pairs)

    def downlink(self, index):
        pairs, receive = self.pairs, self.problem.channels.shape[2]
        rows = [self.problem.channels[index, other] for other in range(len(pairs)) if other != index]
        names = [name for other, name in enumerate(pairs) if other != index for _ in range(receive)]
        return Csi(tuple(names), np.concatenate(rows), np.zeros(len(names)), np.zeros(len(names)))

    def sum_rate(self):
        """Of C_R - C_E in bit/s/Hz, not clipped."""
        rates = user_rates(self.problem.channels, self.q, self.an) - eve_rates(
            self.problem.eve_channels, self.q, self.an
        )
        return float(rates.sum())

    def sent(self, kind):
        return [entry for entry in self.log if entry[2].kind is kind]

    def reasons(self):
        return [outputs.reason.value for _, outputs in self.applied if outputs.reason]

    def bytes_sent(self, kind):
        return sum(len(encode_body(entry[2].body)) for entry in self.sent(kind))


def csi_of(problem, index, pairs, error_var=0.0):
    """What transmitter `index` reports."""
    receive, heard = problem.channels.shape[2], problem.eve_channels.shape[1]
    names = [name for name in pairs for _ in range(receive)] + [EVE] * heard
    channels = np.concatenate([problem.channels[:, index].reshape(-1, problem.antennas), problem.eve_channels[index]])
    return Csi(tuple(names), channels, np.full(len(names), error_var), np.zeros(len(names)))


@pytest.fixture
def lay():
    """Make a table: `lay(problem, **changes of every configuration)`; `ways` are its latencies and losses."""

    def make(problem=None, ways=None, **changes):
        problem = problem or make_problem()
        configs = [make_config(problem, index, **changes) for index in range(problem.pairs)]
        return Table(problem, configs, **(ways or {}))

    return make


@pytest.fixture
def problem_of():
    return make_problem
