"""Where secrecy was lost: the loss of every sample divided among the legs of the control loop, by counterfactuals.

What a transmitter has on air has milestones: its CSI was measured, received by the coordinator, a solve began and was
done, the precoder was applied, and now it is used. R(m) is the worst user's rate now, had the coordinator followed its
own policy (predictor, robustness, solver) with every transmitter's reports measured later, at its milestone m, with
the same draws of noise (`attribution_reports`). It solves for all three transmitters together, and starts from the
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
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from entities.world import World, WorldParams
from scenarios.attribution_legs import HOLD, Division, divided, shapley, telescoping
from scenarios.attribution_memory import Knowledge, recall
from scenarios.attribution_reports import Retaken
from scenarios.configure import coordination, powers_mw, world_params
from scenarios.replay import Vectors, steps
from scenarios.spec import Spec
from scenarios.spread import thinned
from twin.emulation.streams import Streams
from twin.errors import InstanceError, SolverError
from twin.journal.facts import Applied, Fact, Solved
from twin.journal.schemas import LEGS
from twin.journal.summary import worst_user
from twin.nodes.coordinator import uncertainty
from twin.nodes.predictor import Prediction, with_ball
from twin.signal.arrays import Instants, RealArray
from twin.signal.sagin import RECEIVERS, TRANSMITTERS
from twin.signal.secrecy import secrecy_rate
from twin.signal.sinr import eve_sinrs, user_sinrs
from twin.solvers.result import WarmStart
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.solve import solve
from twin.wire.messages import ComplexArray

Precoders = tuple[ComplexArray, ...]

_CHUNK: Final = 64
_SLOWNESS: Final = {"fast": 1, "local": 1, "mrt": 20, "zf_eve": 20, "zf_all": 20, "reference": 40}
"""By how much the number of samples that are divided is cut: these solvers take up to 200 times as long."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One instant of the metrics: the worst user's fresh and actual rate, what is on air and since when."""

    t_ns: int
    fresh: float
    actual: float
    versions: tuple[int, ...]
    applied_ns: tuple[int, ...]


def attribute(spec: Spec, seed: int, facts: Iterable[Fact], metrics: pa.Table, jobs: int = 1) -> list[dict[str, Any]]:
    """The rows of attribution.parquet, one per sample that is divided.

    Args:
        spec: the scenario; `metrics.attribution` says how to divide, `metrics.attribution_samples` how many samples.
        seed: of the run.
        facts: of the journal, in its order; they are asked for twice.
        metrics: the table of the metrics, by the judge.
        jobs: threads; the rows do not depend on it.
    """
    if spec.metrics.attribution == "none":
        return []
    solves = _Solves()
    samples = _samples(_noted(facts, solves), metrics, spec)
    division = shapley() if spec.metrics.attribution == "shapley" else telescoping()
    wanted = {version for sample in samples for version in sample.versions}
    vectors: Vectors = {}
    known = recall(spec, steps(spec, _collected(facts, wanted, vectors)), wanted)
    judged = [sample for sample in samples if all(version in known for version in sample.versions)]
    policy = Counterfactuals(spec, seed, known, division, vectors)
    rates = dict(zip(judged, policy.rates(judged, jobs), strict=True))
    return [_row(sample, division, rates.get(sample), solves) for sample in samples]


@dataclass(slots=True)
class _Solves:
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


def _noted(facts: Iterable[Fact], solves: _Solves) -> Iterator[Applied]:
    """The applications; the solves are noted as they pass."""
    for fact in facts:
        if type(fact) is Solved:
            solves.note(fact)
        elif type(fact) is Applied:
            yield fact


def _collected(facts: Iterable[Fact], wanted: Container[int], vectors: Vectors) -> Iterator[Fact]:
    """The facts; the precoders of wanted versions that went on air are kept as they pass."""
    for fact in facts:
        if type(fact) is Applied and fact.version in wanted:
            vectors[fact.transmitter, fact.version] = np.frombuffer(fact.vector, dtype="<c16")
        yield fact


def _samples(applied: Iterable[Applied], metrics: pa.Table, spec: Spec) -> list[Sample]:
    """Some of the samples at which the genie had an answer, as many as the scenario allows."""
    times_ns, versions = ({name: array("q") for name in TRANSMITTERS} for _ in range(2))
    for fact in applied:
        times_ns[fact.transmitter].append(fact.t_ns)
        versions[fact.transmitter].append(fact.version)
    worst = worst_user(metrics)
    answered = np.flatnonzero(np.isfinite(worst["fresh"]))
    most = max(1, spec.metrics.attribution_samples // _SLOWNESS[spec.twin.solver])
    samples = []
    for index in answered[thinned(len(answered), most)]:
        t_ns = int(worst["t_ns"][index])
        places = {name: max(bisect_right(times_ns[name], t_ns) - 1, 0) for name in TRANSMITTERS}
        samples.append(
            Sample(
                t_ns,
                float(worst["fresh"][index]),
                float(worst["secrecy"][index]),
                tuple(versions[name][place] for name, place in places.items()),
                tuple(times_ns[name][place] for name, place in places.items()),
            )
        )
    return samples


def _row(sample: Sample, division: Division, rates: RealArray | None, solves: _Solves) -> dict[str, Any]:
    loss = sample.fresh - sample.actual
    if rates is not None and np.isfinite(rates).all():
        basis, legs = "counterfactual", divided(division, sample.fresh, rates, sample.actual)
    elif 0 in sample.versions:
        basis, legs = "waiting", dict.fromkeys(LEGS, 0.0) | {solves.leg(sample.t_ns): loss}
    else:
        basis, legs = "unknown", dict.fromkeys(LEGS, 0.0) | {"mixing": loss}
    return {"t_ns": sample.t_ns, "loss": loss, "basis": basis, **legs}


class Counterfactuals:
    """Rates that the coordinator's policy would have reached with histories that are moved in time."""

    def __init__(
        self, spec: Spec, seed: int, known: Mapping[int, Knowledge], division: Division, on_air: Vectors
    ) -> None:
        self._config = coordination(spec)
        self._world, self._seed = _bare(world_params(spec)), seed
        self._division, self._on_air = division, on_air
        self._powers_mw = tuple(powers_mw(spec)[name] for name in TRANSMITTERS)
        self._known = list(known.values())
        self._place = {version: place for place, version in enumerate(known)}
        self._retaken = Retaken(spec, Streams(seed), self._known) if known else None

    def rates(self, samples: Sequence[Sample], jobs: int) -> list[RealArray]:
        """The worst user's rate (M,) for each subset of the delays, per sample; NaN where the solver has no answer."""
        if not samples:
            return []
        cases = np.concatenate([self._cases(sample) for sample in samples])
        # Two samples of one hold, and delays of no length, ask the same question again.
        distinct, place = np.unique(cases, axis=0, return_inverse=True)
        parts = [distinct[start : start + _CHUNK] for start in range(0, len(distinct), _CHUNK)]
        # The reference keeps its compiled problems between solves: they are for one thread at a time.
        with ThreadPoolExecutor(1 if self._config.solver == "reference" else jobs) as pool:
            answers = [answer for part in pool.map(self._answers, parts) for answer in part]
        which = place.reshape(len(samples), -1)
        world = World(self._world, Streams(self._seed))
        return [
            _worst(world, sample.t_ns, [answers[index] for index in row])
            for sample, row in zip(samples, which, strict=True)
        ]

    def _cases(self, sample: Sample) -> Instants:
        """Per subset of the delays: whose history, moved by how much, aimed at what; (M, 9), three of each."""
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

    def _answers(self, cases: Instants) -> list[Precoders | None]:
        """What the policy sends out in each case. A World has a memory that threads must not share."""
        assert self._retaken is not None  # noqa: S101 - no samples without knowledge
        world = World(self._world, Streams(self._seed))
        found = [
            self._retaken.moments(world, link, cases[:, link], cases[:, 3 + link], cases[:, 6 + link])
            for link in range(len(TRANSMITTERS))
        ]
        answers = []
        for case, places in enumerate(cases[:, : len(TRANSMITTERS)]):
            means = tuple(moments[0][case] for moments, _ in found)
            fading = np.array([moments[1][case] for moments, _ in found])
            relative = np.array([radius[case] for _, radius in found])
            versions = [self._known[place].version for place in places]
            start = tuple(self._on_air[pair] for pair in zip(TRANSMITTERS, versions, strict=True))
            answers.append(self._solved(with_ball(means, fading, relative), WarmStart(start)))
        return answers

    def _solved(self, prediction: Prediction, start: WarmStart) -> Precoders | None:
        try:
            solution = solve(
                SynergyProblem(prediction.channels, self._powers_mw),
                warm_start=start,
                method=self._config.solver,
                max_iterations=self._config.max_iterations,
                uncertainty=uncertainty(self._config.robust, prediction),
            )
        except (InstanceError, SolverError):
            return None
        return solution.precoders if solution.status == "solved" else None


def _bare(params: WorldParams) -> WorldParams:
    """The world without bystanders: they are nobody's loss."""
    return replace(params, receivers={name: params.receivers[name] for name in RECEIVERS})


def _worst(world: World, t_ns: int, answers: Sequence[Precoders | None]) -> RealArray:
    """The worst user's rate at t for each of some precoders."""
    solved = np.array([x is not None for x in answers])
    heard = []
    for link, name in enumerate(TRANSMITTERS):
        vectors = np.array([x[link] for x in answers if x is not None])
        heard.append(np.abs(vectors @ world.channels(name, t_ns).conj().T) ** 2)
    rates = np.full(len(answers), np.nan)
    if solved.any():
        powers = np.stack(heard, axis=1)
        rates[solved] = secrecy_rate(user_sinrs(powers), eve_sinrs(powers)).min(axis=-1)
    return rates
