"""Where secrecy was lost: the loss of every sample divided among the legs of the control loop, by counterfactuals.

What a transmitter has on air has milestones: its CSI was measured, received by the coordinator, a solve began and was
done, the precoder was applied, and now it is used. R(m) is the worst user's rate now, had the coordinator followed its
own policy (predictor, robustness, solver) with every transmitter's reports measured later, at its milestone m, with
the same draws of noise (by the system: `retaken`). It solves for all three transmitters together, and starts from the
precoders that are on air, as the twin starts from its last ones.

    sensing   fresh - R(now)             noise of pilots, caution about it, and a solver weaker than the genie's
    hold      R(now) - R(applied)        the precoder stays on air, made for the middle of that time
    downlink  R(applied) - R(done)       on its way to the transmitter
    solve     R(done) - R(begun)         the computation
    queue     R(begun) - R(received)     reports wait: for others, and for the coordinator
    uplink    R(received) - R(measured)  reports on their way to the coordinator
    mixing    R(measured) - actual       versions of different age on air together

All but R(now) aim at the very instants that the solve of the version on air aimed at; R(now) aims at now, for there is
nothing to hold. So with one version on air R(measured) is the rate of what is on air. `attribution_legs` has Shapley's
division of the same rates. Where a transmitter is still on local MRT there is nothing to take back: the whole loss goes
to the leg that the first precoder is in, `uplink` until its solve begins, `solve` until it ends, `downlink` until all
transmitters have it. Where a counterfactual has no answer the whole loss is `mixing`.
"""

from array import array
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from scenarios.attribution_legs import HOLD, Division, divided, shapley, telescoping
from scenarios.attribution_memory import recall
from scenarios.record import Knowledge, Vectors
from scenarios.replay import steps
from scenarios.spec import Spec
from scenarios.spec_coordinated import CoordinatedSpec
from scenarios.spread import thinned
from scenarios.system import CoordinatedSystem, Counterfactual, Row, System
from twin.journal.facts import Applied, Fact, Solved
from twin.journal.schemas import LEGS
from twin.journal.summary import combined
from twin.signal.arrays import Instants, RealArray

_CHUNK: Final = 64


@dataclass(frozen=True, slots=True)
class Sample:
    """One instant of the metrics: the objective's fresh and actual rate, what is on air and since when."""

    t_ns: int
    fresh: float
    actual: float
    versions: tuple[int, ...]
    applied_ns: tuple[int, ...]


def attribute(
    system: CoordinatedSystem[CoordinatedSpec], seed: int, facts: Iterable[Fact], metrics: pa.Table, jobs: int = 1
) -> list[Row]:
    """The rows of attribution.parquet, one per sample that is divided.

    Args:
        system: the scenario's; `metrics.attribution` says how to divide, `metrics.attribution_samples` how many.
        seed: of the run.
        facts: of the journal, in its order; they are asked for twice.
        metrics: the table of the metrics, by the judge.
        jobs: threads; the rows do not depend on it.
    """
    how = system.spec.metrics.attribution
    if how == "none":
        return []
    solves = Solves()
    samples = take_samples(noted(facts, solves), metrics, system)
    division = shapley() if how == "shapley" else telescoping()
    wanted = {version for sample in samples for version in sample.versions}
    vectors: Vectors = {}
    known = recall(system, steps(system, _collected(facts, system, wanted, vectors)), wanted)
    judged = [sample for sample in samples if all(version in known for version in sample.versions)]
    policy = system.counterfactual(seed, list(known.values()), vectors)
    rates = dict(zip(judged, counterfactual_rates(judged, known, division, policy, jobs), strict=True))
    return [divided_row(sample, division, rates.get(sample), solves) for sample in samples]


@dataclass(slots=True)
class Solves:
    """When the first solve began, and when the first that succeeded was done."""

    begin_ns: int | None = None
    done_ns: int | None = None

    def note(self, fact: Solved) -> None:
        """Take a solve in."""
        self.begin_ns = fact.begin_ns if self.begin_ns is None else self.begin_ns
        if fact.status == "solved":
            self.done_ns = fact.finish_ns if self.done_ns is None else min(self.done_ns, fact.finish_ns)

    def leg(self, t_ns: int) -> str:
        """Where the first precoder is at `t_ns`."""
        if self.begin_ns is None or t_ns < self.begin_ns:
            return "uplink"
        return "downlink" if self.done_ns is not None and self.done_ns <= t_ns else "solve"


def noted(facts: Iterable[Fact], solves: Solves) -> Iterator[Applied]:
    """The applications; the solves are noted as they pass."""
    for fact in facts:
        if type(fact) is Solved:
            solves.note(fact)
        elif type(fact) is Applied:
            yield fact


def _collected(
    facts: Iterable[Fact], system: CoordinatedSystem[CoordinatedSpec], wanted: Container[int], vectors: Vectors
) -> Iterator[Fact]:
    """The facts; the precoders of wanted versions that went on air are kept as they pass."""
    for fact in facts:
        if type(fact) is Applied and fact.version in wanted:
            vector = np.frombuffer(fact.vector, dtype="<c16")
            vectors[fact.transmitter, fact.version] = vector.reshape(system.shape(fact.transmitter))
        yield fact


def take_samples(applied: Iterable[Applied], metrics: pa.Table, system: System[Spec]) -> list[Sample]:
    """Some of the samples at which the genie had an answer, as many as the scenario allows."""
    times_ns, versions = ({name: array("q") for name in system.transmitters} for _ in range(2))
    for fact in applied:
        times_ns[fact.transmitter].append(fact.t_ns)
        versions[fact.transmitter].append(fact.version)
    rates = combined(metrics, system.objective)
    answered = np.flatnonzero(np.isfinite(rates["fresh"]))
    most = max(1, system.spec.metrics.attribution_samples // system.slowness)
    samples = []
    for index in answered[thinned(len(answered), most)]:
        t_ns = int(rates["t_ns"][index])
        places = {name: max(bisect_right(times_ns[name], t_ns) - 1, 0) for name in system.transmitters}
        samples.append(
            Sample(
                t_ns,
                float(rates["fresh"][index]),
                float(rates["secrecy"][index]),
                tuple(versions[name][place] for name, place in places.items()),
                tuple(times_ns[name][place] for name, place in places.items()),
            )
        )
    return samples


def divided_row(sample: Sample, division: Division, rates: RealArray | None, solves: Solves) -> Row:
    """The row of one sample, from the rates of the division's subsets where there are any."""
    loss = sample.fresh - sample.actual
    if rates is not None and np.isfinite(rates).all():
        basis, legs = "counterfactual", divided(division, sample.fresh, rates, sample.actual)
    elif 0 in sample.versions:
        basis, legs = "waiting", dict.fromkeys(LEGS, 0.0) | {solves.leg(sample.t_ns): loss}
    else:
        basis, legs = "unknown", dict.fromkeys(LEGS, 0.0) | {"mixing": loss}
    return {"t_ns": sample.t_ns, "loss": loss, "basis": basis, **legs}


def counterfactual_rates(
    samples: Sequence[Sample],
    known: Mapping[int, Knowledge],
    division: Division,
    policy: Counterfactual,
    jobs: int = 1,
) -> list[RealArray]:
    """The objective's rate (M,) for each subset of the delays, per sample; NaN where the solver has no answer.

    The policy was made with the values of `known`, in their order.
    """
    if not samples:
        return []
    milestones = _Milestones(known, division)
    cases = np.concatenate([milestones.cases(sample) for sample in samples])
    # Two samples of one hold, and delays of no length, ask the same question again.
    distinct, place = np.unique(cases, axis=0, return_inverse=True)
    parts = [distinct[start : start + _CHUNK] for start in range(0, len(distinct), _CHUNK)]
    with ThreadPoolExecutor(jobs if policy.parallel else 1) as pool:
        answers = [answer for part in pool.map(policy.answers, parts) for answer in part]
    which = place.reshape(len(samples), -1)
    return [
        policy.rates(sample.t_ns, [answers[index] for index in row]) for sample, row in zip(samples, which, strict=True)
    ]


class _Milestones:
    """Which questions a sample asks of the policy (`scenarios.system.Counterfactual`)."""

    def __init__(self, known: Mapping[int, Knowledge], division: Division) -> None:
        self._known = list(known.values())
        self._place = {version: place for place, version in enumerate(known)}
        self._division = division

    def cases(self, sample: Sample) -> Instants:
        """Per subset of the delays: whose history, moved by how much, aimed at what; (M, 3 T)."""
        known = [self._known[self._place[version]] for version in sample.versions]
        milestones_ns = np.array(
            [
                (k.measured_ns[link], k.received_ns[link], k.begin_ns, k.done_ns, sample.applied_ns[link], sample.t_ns)
                for link, k in enumerate(known)
            ],
            dtype=np.int64,
        )
        delays_ns = np.diff(milestones_ns, axis=1)
        present = self._division.present.astype(np.int64)
        shifts_ns = (1 - present) @ delays_ns.T
        aims_ns = np.array([k.aims_ns[link] for link, k in enumerate(known)])
        targets_ns = np.where(present[:, HOLD, None] == 1, aims_ns, sample.t_ns)
        places = np.broadcast_to([self._place[version] for version in sample.versions], targets_ns.shape)
        return np.hstack((places, shifts_ns, targets_ns))
