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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any, Final

import numpy as np

from entities.transmitter import local_mrt
from entities.world import World
from scenarios.configure import coordination, powers_mw, world_params
from scenarios.replay import Step, nominal, replay, steps
from scenarios.spec import Spec
from scenarios.spread import offset
from twin.emulation.streams import Streams
from twin.errors import SolverError
from twin.journal.facts import Applied, Fact, Sent
from twin.signal.sagin import SERVES, TRANSMITTERS, USERS
from twin.signal.secrecy import secrecy_rate, secrecy_rates
from twin.signal.sinr import eve_sinrs, received_powers, user_sinrs
from twin.signal.units import to_db
from twin.solvers.synergy.fast import solve_many
from twin.solvers.synergy.problem import SynergyProblem
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.messages import ComplexArray, Csi, Kind, RealArray

Precoders = tuple[ComplexArray, ...]

_FLOOR: Final = 1e-12
_PHASES: Final = 8


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


@dataclass(frozen=True, slots=True)
class Record:
    """What the journal says about the radio, per transmitter: on air, nominal, the first real precoder, local MRT."""

    on_air: dict[str, Timeline]
    nominal: dict[str, Timeline]
    never_updated: dict[str, Timeline]
    local_mrt: dict[str, Timeline]


def read_record(spec: Spec, facts: Sequence[Fact], taken: Sequence[Step]) -> Record:
    """Pick the judge's facts out of a journal, whose solves are `taken`."""
    record = Record(*({name: Timeline() for name in TRANSMITTERS} for _ in range(4)))
    budgets = powers_mw(spec)
    plain = nominal(spec) == coordination(spec)
    vectors = {} if plain else replay(spec, taken, nominal(spec))
    updated: set[str] = set()
    for fact in facts:
        if isinstance(fact, Applied):
            vector, name = np.frombuffer(fact.vector, dtype="<c16"), fact.transmitter
            record.on_air[name].add(fact.t_ns, vector, fact.t_data_ns)
            other = vector if plain or fact.version == 0 else vectors.get((name, fact.version))
            if other is not None:
                record.nominal[name].add(fact.t_ns, other, fact.t_data_ns)
            if name not in updated:
                record.never_updated[name].add(fact.t_ns, vector, fact.t_data_ns)
                if fact.version > 0:
                    updated.add(name)
        elif isinstance(fact, Sent):
            envelope = decode_envelope(fact.frame)
            if envelope.kind is Kind.CSI:
                body = decode_body(envelope.kind, envelope.body)
                assert isinstance(body, Csi)  # noqa: S101 - the codec returns the body of the kind
                mrt = local_mrt(body, SERVES[envelope.src], budgets[envelope.src])
                record.local_mrt[envelope.src].add(envelope.t_send_ns, mrt, envelope.t_data_ns)
    return record


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


def evaluate(
    spec: Spec, seed: int, facts: Sequence[Fact], end_ns: int, jobs: int = 1, taken: Sequence[Step] | None = None
) -> list[dict[str, Any]]:
    """The rows of metrics.parquet: one per instant of the grid and user.

    Args:
        spec: the scenario.
        seed: of the run; with the scenario it determines the true channels.
        facts: of the journal.
        end_ns: where the run ended.
        jobs: threads for the genie's solves; the rows do not depend on it.
        taken: the coordinator's steps, where they have been picked out of the facts already.
    """
    record = read_record(spec, facts, steps(spec, facts) if taken is None else taken)
    if not all(timeline.times_ns for timeline in record.on_air.values()):
        return []
    world = World(world_params(spec), Streams(seed))
    instants = grid(spec, end_ns)
    truths = [tuple(world.channels(name, t_ns) for name in TRANSMITTERS) for t_ns in instants]
    genie = genie_rates(truths, tuple(powers_mw(spec)[name] for name in TRANSMITTERS), jobs)
    rows: list[dict[str, Any]] = []
    for t_ns, truth, fresh in zip(instants, truths, genie, strict=True):
        rows.extend(_rows(record, t_ns, truth, fresh))
    return rows


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
