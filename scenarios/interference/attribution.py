"""Where the pairs' secrecy was lost: the loss of every sample divided among the legs of their loops.

What a pair has on air is a turn that its edge twin took: from reports of both its ends, against prices of the others,
from where it stood before. The turn's milestones are those of the reports: measured, received, then turn begun, turn
done, precoder applied, and now. R(m) is the sum of the secrecy rates now if every pair had taken its last turn on
reports made at its milestone m, each in the order of the real turns, against prices that the others quote fresh, on
reports of the same instants (`scenarios.interference.again`). It is the twins' own policy: their variant, their inner
iterations, their floor and damping, from where the twin really stood: its last turn or, where the turn was the first
of its life, its local start. Until a pair's turn the others hear what its transmitter really had on air, and what it
asks of them is made from where its twin stood then: a crash takes that from the twin, but not off the air.

    sensing   fresh - R*                 errors of the estimates, caution about them, and that the play climbs in one
                                         corner where the genie climbs from several starts; R* is the rate if all had
                                         gone on to take turns, on reports of now, until these gain next to nothing
    hold ... uplink                      as for all systems, from milestone to milestone
    mixing    R* - R(now)                the play is on its way: one turn does not make good what moved since the last
              + R(measured) - actual     prices that were late or lost, and pairs whose reports are of different age

With fresh prices and reports of one age R(measured) is the rate of what is on air. A late price may happen to be the
better one: the second part of mixing can be negative. It is that of the last turns; what lateness cost in turns before
them, and the play has not made good since, is in the first.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from entities.pairs_params import receiver_of
from scenarios.attribution import Sample, Solves, divided_row, noted, take_samples
from scenarios.attribution_legs import Division, shapley, telescoping
from scenarios.faults import crashes
from scenarios.interference.again import Again, Turn
from scenarios.interference.spec import InterferenceSpec
from scenarios.system import Row
from scenarios.systems import system_of
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved
from twin.signal.arrays import ComplexArray, RealArray
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.messages import Envelope, Kind, Precoder
from twin.wire.protocol import Fate

_Times = tuple[int, int, int, int]
"""Of a turn: measured, received, begun, done."""

_REPORTS_KEPT = 256
"""Reports of a pair that are remembered: a turn rests on the last ones."""


def attribute(spec: InterferenceSpec, seed: int, facts: Iterable[Fact], metrics: pa.Table, jobs: int) -> list[Row]:
    """The rows of attribution.parquet, one per sample that is divided.

    Args:
        spec: the scenario.
        seed: of the run.
        facts: of the journal, in its order; they are asked for twice.
        metrics: the table of the metrics, by the judge.
        jobs: threads; the rows do not depend on it.
    """
    how = spec.metrics.attribution
    if how == "none":
        return []
    solves = Solves()
    samples = take_samples(noted(facts, solves), metrics, system_of(spec))
    division = shapley() if how == "shapley" else telescoping()
    wanted = {version for sample in samples for version in sample.versions}
    turns = Turns(spec, wanted).read(facts)

    def row(sample: Sample) -> Row:
        if any(version not in turns for version in sample.versions):
            return divided_row(sample, division, None, solves)
        again, taken = Again(spec, seed), [turns[version] for version in sample.versions]
        rates = _rates(again, sample, taken, division)
        found = divided_row(sample, division, rates, solves)
        on_its_way = again.settled(taken, sample.t_ns) - float(rates[0])
        return found | {"sensing": found["sensing"] - on_its_way, "mixing": found["mixing"] + on_its_way}

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(row, samples))


def _rates(again: Again, sample: Sample, taken: Sequence[Turn], division: Division) -> RealArray:
    """The sum of the rates for each subset of the delays; the first of them has none, which is R(now)."""
    milestones_ns = np.array(
        [
            (turn.measured_ns, turn.received_ns, turn.begin_ns, turn.done_ns, applied_ns, sample.t_ns)
            for turn, applied_ns in zip(taken, sample.applied_ns, strict=True)
        ],
        dtype=np.int64,
    )
    shifts_ns = (1 - division.present.astype(np.int64)) @ np.diff(milestones_ns, axis=1).T
    return np.array([again.rate(taken, milestones_ns[:, 0] + row, sample.t_ns) for row in shifts_ns])


@dataclass(slots=True)
class _Reports:
    """The reports of one pair that have reached its edge twin: message id to (measured, received)."""

    on_the_way: dict[int, int] = field(default_factory=dict)
    received: dict[int, tuple[int, int]] = field(default_factory=dict)

    def end(self, fact: Ended) -> None:
        """A message ended; one that was not delivered told nobody anything."""
        t_data_ns = self.on_the_way.pop(fact.msg_id, None)
        if t_data_ns is None or fact.fate != Fate.DELIVERED:
            return
        self.received[fact.msg_id] = (t_data_ns, fact.t_ns)
        if len(self.received) > _REPORTS_KEPT:
            del self.received[next(iter(self.received))]


@dataclass(slots=True)
class _Precoders:
    """Of each transmitter the newest that its twin made, and when, and the one on air; by version those before.

    A turn starts from where its twin's last one ended, whether that went on air or not.
    """

    wanted: Container[int]
    made: dict[str, tuple[int, ComplexArray]] = field(default_factory=dict)
    on_air: dict[str, ComplexArray] = field(default_factory=dict)
    before: dict[int, tuple[int, ComplexArray]] = field(default_factory=dict)
    replaced: dict[int, ComplexArray] = field(default_factory=dict)

    def make(self, version: int, transmitter: str, made: tuple[int, ComplexArray]) -> None:
        """A turn came to a precoder."""
        if version in self.wanted and transmitter in self.made:
            self.before[version] = self.made[transmitter]
        self.made[transmitter] = made

    def put_on_air(self, version: int, transmitter: str, vector: ComplexArray) -> None:
        """A precoder went on air."""
        if version in self.wanted and transmitter in self.on_air:
            self.replaced[version] = self.on_air[transmitter]
        self.on_air[transmitter] = vector


class Turns:
    """Reads the turns of wanted versions, which have been on air, out of a journal."""

    def __init__(self, spec: InterferenceSpec, wanted: Container[int]) -> None:
        self._wanted, self._names = wanted, spec.pair_names
        self._shape = (spec.pairs.transmit_antennas, -1)
        self._reports = {f"edge:{name}": _Reports() for name in spec.pair_names}
        self._sources = {f"edge:{name}": (name, receiver_of(name)) for name in spec.pair_names}
        self._ends: dict[int, _Reports] = {}
        self._crashes = crashes(spec.fault)

    def read(self, facts: Iterable[Fact]) -> dict[int, Turn]:
        """The turns by version."""
        found: dict[int, _Times] = {}
        precoders = _Precoders(self._wanted)
        for fact in facts:
            if type(fact) is Sent:
                self._sent(decode_envelope(fact.frame), precoders)
            elif type(fact) is Ended:
                reports = self._ends.pop(fact.msg_id, None)
                if reports is not None:
                    reports.end(fact)
            elif type(fact) is Applied:
                vector = np.frombuffer(fact.vector, dtype="<c16").reshape(self._shape)
                precoders.put_on_air(fact.version, fact.transmitter, vector)
            elif type(fact) is Solved and fact.version in self._wanted:
                found.update(self._turn(fact))
        return {v: self._told(v, times, precoders) for v, times in found.items() if v in precoders.replaced}

    def _sent(self, envelope: Envelope, precoders: _Precoders) -> None:
        reports = self._reports.get(envelope.dst)
        if reports is not None and envelope.src in self._sources[envelope.dst]:
            if envelope.kind in {Kind.CSI, Kind.COVARIANCE}:
                reports.on_the_way[envelope.msg_id] = envelope.t_data_ns
                self._ends[envelope.msg_id] = reports
            return
        if envelope.kind is not Kind.PRECODER or envelope.flags:  # a copy, made by a fault, is no turn
            return
        body = decode_body(envelope.kind, envelope.body)
        assert isinstance(body, Precoder)  # noqa: S101 - the codec returns the body of the kind
        precoders.make(body.version, body.transmitter, (envelope.t_send_ns, body.vector))

    def _turn(self, fact: Solved) -> Iterator[tuple[int, _Times]]:
        received = self._reports[fact.node].received
        used = [received[number] for number in fact.inputs if number in received]
        if used:
            measured_ns, received_ns = min(t for t, _ in used), max(t for _, t in used)
            yield fact.version, (measured_ns, received_ns, fact.begin_ns, fact.finish_ns)

    def _told(self, version: int, times: _Times, precoders: _Precoders) -> Turn:
        node = f"edge:{self._names[(version - 1) % len(self._names)]}"
        made_ns, before = precoders.before.get(version, (0, None))
        births_ns = tuple(crash.up_ns for crash in self._crashes.get(node, ()) if crash.up_ns > made_ns)
        return Turn(*times, precoders.replaced[version], before, births_ns)
