"""The judge: the only one that sees both worlds, true channels and applied precoders. Twins never import it.

On a fixed grid of instants the system's bench re-evaluates, from the precoders, what each user really gets and what it
could have got:

    secrecy         the precoders on air at that instant, in the channels of that instant
    fresh           the genie: precoders solved cold, with fixed starts, on the true channels of that instant
    nominal         what a twin that believes its last reports would have sent, put on air when the real ones were
    never_updated   the first precoders that went on air, held for ever
    local_mrt       each transmitter by itself, from its own latest measurement, with no twin at all

The judge is a function of (scenario, seed, journal); the grid depends on the scenario alone, not on latency or load.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import Final

import numpy as np

from scenarios.record import Record, Timeline, Vectors
from scenarios.replay import Driven, Listener
from scenarios.spec import Spec
from scenarios.spread import offset
from scenarios.system import Bench, Row, System
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved
from twin.journal.rows import parts_of
from twin.wire.codec import decode_envelope
from twin.wire.messages import ComplexArray, Envelope

_PHASES: Final = 8
_CHUNK: Final = 256


class Witness:
    """Picks the judge's facts out of a journal, one by one: they are recorded when they happen, in order of time."""

    def __init__(self, system: System[Spec], bench: Bench) -> None:
        self.record = Record(*({name: Timeline() for name in system.transmitters} for _ in range(4)))
        self._system, self._bench = system, bench
        policy = system.nominal()
        self._other = None if policy is None else Driven(system, policy)
        self._listener = Listener(system)
        self._vectors: Vectors = {}
        self._updated: set[str] = set()

    def note(self, fact: Fact) -> int | None:
        """Take a fact in; the instant from which on it changes what is on air, or would be, if it does."""
        if type(fact) is Sent:
            return self._sent(decode_envelope(fact.frame))
        if type(fact) is Applied:
            return self._applied(fact)
        if self._other is not None:
            if type(fact) is Ended:
                self._listener.ended(fact)
            elif type(fact) is Solved:
                vectors = self._other.repeat(self._listener.solved(fact))
                self._vectors |= {(name, fact.version): vector for name, vector in vectors.items()}
        return None

    def _sent(self, envelope: Envelope) -> int | None:
        if self._other is not None:
            self._listener.sent(envelope)
        local = None if envelope.flags else self._bench.local(envelope)  # a copy tells nothing new
        if local is None:
            return None
        self.record.local_mrt[envelope.src].add(envelope.t_send_ns, local, envelope.t_data_ns)
        return envelope.t_send_ns

    def _applied(self, fact: Applied) -> int:
        name = fact.transmitter
        vector = np.frombuffer(fact.vector, dtype="<c16").reshape(self._system.shape(name))
        self.record.on_air[name].add(fact.t_ns, vector, fact.t_data_ns)
        other = vector if self._other is None or fact.version == 0 else self._take(name, fact.version)
        if other is not None:
            self.record.nominal[name].add(fact.t_ns, other, fact.t_data_ns)
        if name not in self._updated:
            self.record.never_updated[name].add(fact.t_ns, vector, fact.t_data_ns)
            if fact.version > 0:
                self._updated.add(name)
        return fact.t_ns

    def _take(self, name: str, version: int) -> ComplexArray | None:
        """The nominal precoder of a version that goes on air; versions before it never will."""
        found = self._vectors.get((name, version))
        self._vectors = {key: vector for key, vector in self._vectors.items() if key[0] != name or key[1] > version}
        return found


def grid(system: System[Spec], end_ns: int) -> list[int]:
    """The instants of the metrics, from the warm-up to the end of the run (exclusive): t_k = warm-up + k P.

    P and the period T of the loop (of reports, or of solves) may be such that the grid falls on fewer than 8 phases of
    the loop, T / gcd(P, T); with P = T it would see one age for ever. Then t_k = warm-up + (k + frac(k g)) P with the
    golden ratio g (`spread.offset`): one instant in every period still, at phases that fill the loop's evenly.
    """
    metrics, loop_ns = system.spec.metrics, system.loop_ns
    start_ns, period_ns = metrics.warmup_ns, metrics.period_ns
    if loop_ns // gcd(period_ns, loop_ns) >= _PHASES:
        return list(range(start_ns, end_ns, period_ns))
    moved_ns = (t_ns + int(offset(index) * period_ns) for index, t_ns in enumerate(range(start_ns, end_ns, period_ns)))
    return [t_ns for t_ns in moved_ns if t_ns < end_ns]


def evaluate(system: System[Spec], seed: int, facts: Iterable[Fact], end_ns: int, jobs: int = 1) -> Iterator[Row]:
    """The rows of metrics.parquet: one per instant of the grid and user.

    Rows are made as soon as the facts that they depend on have been read, and the facts are then forgotten.

    Args:
        system: the scenario's.
        seed: of the run; with the scenario it determines the true channels.
        facts: of the journal, in its order.
        end_ns: where the run ended.
        jobs: threads for the genie's solves; the rows do not depend on it.
    """
    bench = system.bench(seed, jobs)
    witness = Witness(system, bench)
    record = witness.record
    parts = list(parts_of(grid(system, end_ns), _CHUNK))[::-1]
    complete = False
    for fact in facts:
        t_ns = witness.note(fact)
        if t_ns is None or not parts or t_ns <= parts[-1][-1]:
            continue
        complete = complete or all(timeline.times_ns for timeline in record.timelines())
        while complete and parts and t_ns > parts[-1][-1]:
            yield from _judged(bench, record, parts.pop())
    if all(timeline.times_ns for timeline in record.on_air.values()):
        for part in reversed(parts):
            yield from _judged(bench, record, part)


def _judged(bench: Bench, record: Record, instants_ns: Sequence[int]) -> Iterator[Row]:
    """The rows of some instants; the record then forgets what was before the last of them."""
    yield from bench.rows(record, instants_ns)
    for timeline in record.timelines():
        timeline.forget(instants_ns[-1])
