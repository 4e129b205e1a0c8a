"""The judge: the only one that sees both worlds, true channels and applied precoders. Twins never import it.

On a fixed grid of instants it re-evaluates, from the vectors and by eqs (8)-(16) of Yin et al., what each user really
gets and what it could have got:

    secrecy         the precoders on air at that instant, in the channels of that instant
    fresh           the genie: precoders solved cold, with fixed starts, on the true channels of that instant
    nominal         what a twin that believes its last reports would have sent, put on air when the real ones were
    never_updated   the first precoders that went on air, held for ever
    local_mrt       each transmitter by MRT at full power, from its own latest measurement, with no twin at all

The judge is a function of (scenario, seed, journal); the grid depends on the scenario alone, not on latency or load.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any, Final

import numpy as np

from entities.transmitter import local_mrt
from entities.world import World
from scenarios.configure import coordination, powers_mw, world_params
from scenarios.replay import Driven, Listener, Vectors, nominal
from scenarios.spec import Spec
from scenarios.spread import offset
from twin.emulation.streams import Streams
from twin.errors import SolverError
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved
from twin.journal.rows import parts_of
from twin.signal.sagin import SERVES, TRANSMITTERS, USERS
from twin.signal.secrecy import secrecy_rate, secrecy_rates
from twin.signal.sinr import eve_sinrs, received_powers, user_sinrs
from twin.signal.units import to_db
from twin.solvers.synergy.fast import solve_many
from twin.solvers.synergy.problem import SynergyProblem
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.messages import ComplexArray, Csi, Envelope, Kind, RealArray

Precoders = tuple[ComplexArray, ...]

_FLOOR: Final = 1e-12
_PHASES: Final = 8
_CHUNK: Final = 256


@dataclass(slots=True)
class Timeline:
    """What one transmitter had on air, as a step function of time."""

    times_ns: list[int] = field(default_factory=list)
    vectors: list[ComplexArray] = field(default_factory=list)
    data_ns: list[int] = field(default_factory=list)

    def add(self, t_ns: int, vector: ComplexArray, t_data_ns: int) -> None:
        """From `t_ns` on, `vector` is on air."""
        self.times_ns.append(t_ns)
        self.vectors.append(vector)
        self.data_ns.append(t_data_ns)

    def at(self, t_ns: int) -> tuple[ComplexArray, int]:
        """The vector on air at `t_ns` and when the oldest measurement behind it was taken."""
        place = max(bisect_right(self.times_ns, t_ns) - 1, 0)
        return self.vectors[place], self.data_ns[place]

    def forget(self, t_ns: int) -> None:
        """Forget what was on air before what is at `t_ns`."""
        place = max(bisect_right(self.times_ns, t_ns) - 1, 0)
        for column in (self.times_ns, self.vectors, self.data_ns):
            del column[:place]


@dataclass(frozen=True, slots=True)
class Record:
    """What the journal says about the radio, per transmitter: on air, nominal, the first real precoder, local MRT."""

    on_air: dict[str, Timeline]
    nominal: dict[str, Timeline]
    never_updated: dict[str, Timeline]
    local_mrt: dict[str, Timeline]

    def timelines(self) -> Iterator[Timeline]:
        """All of them."""
        for part in (self.on_air, self.nominal, self.never_updated, self.local_mrt):
            yield from part.values()


class Witness:
    """Picks the judge's facts out of a journal, one by one: they are recorded when they happen, in order of time."""

    def __init__(self, spec: Spec) -> None:
        self.record = Record(*({name: Timeline() for name in TRANSMITTERS} for _ in range(4)))
        self._budgets = powers_mw(spec)
        plain = nominal(spec) == coordination(spec)
        self._other = None if plain else Driven(spec, nominal(spec))
        self._listener = Listener(spec)
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
        if envelope.kind is not Kind.CSI:
            return None
        body = decode_body(envelope.kind, envelope.body)
        assert isinstance(body, Csi)  # noqa: S101 - the codec returns the body of the kind
        mrt = local_mrt(body, SERVES[envelope.src], self._budgets[envelope.src])
        self.record.local_mrt[envelope.src].add(envelope.t_send_ns, mrt, envelope.t_data_ns)
        return envelope.t_send_ns

    def _applied(self, fact: Applied) -> int:
        vector, name = np.frombuffer(fact.vector, dtype="<c16"), fact.transmitter
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


def grid(spec: Spec, end_ns: int) -> list[int]:
    """The instants of the metrics, from the warm-up to the end of the run (exclusive): t_k = warm-up + k P.

    P and the period T of the loop (of reports, or of solves) may be such that the grid falls on fewer than 8 phases of
    the loop, T / gcd(P, T); with P = T it would see one age for ever. Then t_k = warm-up + (k + frac(k g)) P with the
    golden ratio g (`spread.offset`): one instant in every period still, at phases that fill the loop's evenly.
    """
    start_ns, period_ns = spec.metrics.warmup_ns, spec.metrics.period_ns
    loop_ns = spec.twin.period_ns if spec.twin.trigger == "periodic" else spec.report.period_ns
    if loop_ns // gcd(period_ns, loop_ns) >= _PHASES:
        return list(range(start_ns, end_ns, period_ns))
    moved_ns = (t_ns + int(offset(index) * period_ns) for index, t_ns in enumerate(range(start_ns, end_ns, period_ns)))
    return [t_ns for t_ns in moved_ns if t_ns < end_ns]


def evaluate(spec: Spec, seed: int, facts: Iterable[Fact], end_ns: int, jobs: int = 1) -> Iterator[dict[str, Any]]:
    """The rows of metrics.parquet: one per instant of the grid and user.

    Rows are made as soon as the facts that they depend on have been read, and the facts are then forgotten.

    Args:
        spec: the scenario.
        seed: of the run; with the scenario it determines the true channels.
        facts: of the journal, in its order.
        end_ns: where the run ended.
        jobs: threads for the genie's solves; the rows do not depend on it.
    """
    witness, court = Witness(spec), _Court(spec, seed, jobs)
    record = witness.record
    parts = list(parts_of(grid(spec, end_ns), _CHUNK))[::-1]
    complete = False
    for fact in facts:
        t_ns = witness.note(fact)
        if t_ns is None or not parts or t_ns <= parts[-1][-1]:
            continue
        complete = complete or all(timeline.times_ns for timeline in record.timelines())
        while complete and parts and t_ns > parts[-1][-1]:
            yield from court.rows(record, parts.pop())
    if all(timeline.times_ns for timeline in record.on_air.values()):
        for part in reversed(parts):
            yield from court.rows(record, part)


class _Court:
    """Judges instants, some at a time."""

    def __init__(self, spec: Spec, seed: int, jobs: int) -> None:
        self._world = World(world_params(spec), Streams(seed))
        self._budgets_mw = tuple(powers_mw(spec)[name] for name in TRANSMITTERS)
        self._jobs = jobs

    def rows(self, record: Record, instants_ns: Sequence[int]) -> Iterator[dict[str, Any]]:
        """The rows of some instants, in order; the record then forgets what was before the last of them."""
        truths = [tuple(self._world.channels(name, t_ns) for name in TRANSMITTERS) for t_ns in instants_ns]
        genie = genie_rates(truths, self._budgets_mw, self._jobs)
        for t_ns, truth, fresh in zip(instants_ns, truths, genie, strict=True):
            yield from _rows(record, t_ns, truth, fresh)
        for timeline in record.timelines():
            timeline.forget(instants_ns[-1])


def genie_rates(truths: Sequence[Precoders], budgets_mw: tuple[float, ...], jobs: int) -> list[RealArray]:
    """Secrecy rates (3,) of the genie for each set of true channels. Each solve is cold: order does not matter."""
    problems = [_problem(truth, budgets_mw) for truth in truths]
    solved = iter(solve_many([problem for problem in problems if problem is not None], jobs))
    return [np.full(len(USERS), np.nan) if problem is None else next(solved).rates for problem in problems]


def _problem(truth: Precoders, budgets_mw: tuple[float, ...]) -> SynergyProblem | None:
    """The genie's problem; None where signal and noise are too far apart for a double to hold both."""
    try:
        return SynergyProblem(truth, budgets_mw)
    except SolverError:
        return None


def _rows(record: Record, t_ns: int, truth: Precoders, fresh: RealArray) -> Iterator[dict[str, Any]]:
    on_air, oldest_ns = _on_air(record.on_air, t_ns)
    powers = received_powers(truth, on_air)
    users, eves = user_sinrs(powers), eve_sinrs(powers)
    secrecy = secrecy_rate(users, eves)
    nominally = secrecy_rates(truth, _on_air(record.nominal, t_ns)[0])
    never = secrecy_rates(truth, _on_air(record.never_updated, t_ns)[0])
    local = secrecy_rates(truth, _on_air(record.local_mrt, t_ns)[0])
    for k, user in enumerate(USERS):
        yield {
            "t_ns": t_ns,
            "user": user,
            "secrecy": float(secrecy[k]),
            "fresh": float(fresh[k]),
            "nominal": float(nominally[k]),
            "never_updated": float(never[k]),
            "local_mrt": float(local[k]),
            "sinr_db": float(to_db(max(float(users[k]), _FLOOR))),
            "eve_sinr_db": float(to_db(max(float(eves[k]), _FLOOR))),
            "age_ns": t_ns - oldest_ns,
        }


def _on_air(timelines: dict[str, Timeline], t_ns: int) -> tuple[Precoders, int]:
    parts = [timelines[name].at(t_ns) for name in TRANSMITTERS]
    return tuple(vector for vector, _ in parts), min(data_ns for _, data_ns in parts)
