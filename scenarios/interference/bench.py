"""The judge's half of the system of pairs: secrecy rates of what is on air in the true channels of an instant.

    fresh      the genie: the fast solver, cold, with fixed starts, on all the true channels of the instant
    nominal    selfish play on the same channels: every pair climbs for itself from its own start, and nobody pays

The genie, as the twins, is careful for every pair, whomever the eavesdropper attacks at the instant.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from entities.pairs_measurement import mean_gain
from entities.pairs_world import PairsWorld
from scenarios.interference.configure import pairs_params, power_mw
from scenarios.interference.rates import Rates
from scenarios.interference.spec import InterferenceSpec
from scenarios.record import Record
from scenarios.system import Row
from twin.emulation.streams import Streams
from twin.errors import SolverError
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.local_start import local_start
from twin.signal.units import to_db
from twin.solvers.pricing.fast import Effort, climb, make_arena, solve_fast
from twin.solvers.pricing.problem import InterferenceProblem, Precoders
from twin.solvers.pricing.variants import Variant
from twin.wire.codec import decode_body
from twin.wire.messages import Csi, Envelope, Kind

GENIE: Final = Effort(starts=8, kept=1, short_rounds=20, rounds=200, inner=5, tolerance=1e-4)
_SELFISH_ROUNDS: Final = 30
_SELFISH_INNER: Final = 5
_FLOOR: Final = 1e-12


class InterferenceBench:
    """Judges instants, some at a time."""

    def __init__(self, spec: InterferenceSpec, seed: int, jobs: int) -> None:
        self._world = PairsWorld(pairs_params(spec), Streams(seed))
        self._power_mw = power_mw(spec)
        self._jobs = jobs

    def local(self, envelope: Envelope) -> ComplexArray | None:
        """The local start from a transmitter's own report."""
        params = self._world.params
        if envelope.kind is not Kind.CSI or envelope.src not in params.names:
            return None
        body = decode_body(envelope.kind, envelope.body)
        assert isinstance(body, Csi)  # noqa: S101 - the codec returns the body of the kind
        first = body.receivers.index(envelope.src)
        own = body.channels[first : first + params.receive]
        gain = mean_gain(own, float(body.error_var[first]))
        return np.concatenate(local_start(own, gain, self._power_mw, params.streams, params.noise_streams), axis=1)

    def rows(self, record: Record, instants_ns: Sequence[int]) -> Iterator[Row]:
        """The rows of some instants, in order."""
        truths = [Rates(self._world, t_ns) for t_ns in instants_ns]
        gains = [(self._world.gains(t_ns), self._world.eve_gains(t_ns)) for t_ns in instants_ns]
        with ThreadPoolExecutor(self._jobs) as pool:
            best = list(pool.map(self._best, truths, gains))
        for t_ns, truth, (fresh, selfish) in zip(instants_ns, truths, best, strict=True):
            yield from self._rows(record, t_ns, truth, (fresh, selfish))

    def _best(self, truth: Rates, gains: tuple[RealArray, RealArray]) -> tuple[RealArray, RealArray]:
        """Secrecy rates (K,) of the genie and of selfish play; NaN where doubles cannot hold signal and noise."""
        pairs = self._world.pairs
        try:
            problem = true_problem(self._world, truth, gains, self._power_mw)
        except SolverError:
            return np.full(pairs, np.nan), np.full(pairs, np.nan)
        genie = solve_fast(problem, variant=Variant.PLUG_IN, effort=GENIE).precoders
        arena = make_arena(problem, Variant.PLUG_IN, 1, 1, 0)
        start = _starts(problem)
        selfish, _ = climb(arena, start, rounds=_SELFISH_ROUNDS, inner=_SELFISH_INNER, tolerance=1e-3, priced=False)
        return truth.secrecy(genie[0], genie[1]), truth.secrecy(*selfish)

    def _rows(self, record: Record, t_ns: int, truth: Rates, best: tuple[RealArray, RealArray]) -> Iterator[Row]:
        params = self._world.params
        vectors, oldest_ns = record.at(record.on_air, t_ns)
        on_air = self._split(vectors)
        users, eves = truth.users(*on_air), truth.eves(*on_air)
        never, local = (
            truth.secrecy(*self._split(record.at(timelines, t_ns)[0]))
            for timelines in (record.never_updated, record.local_mrt)
        )
        for k, pair in enumerate(params.names):
            yield {
                "t_ns": t_ns,
                "user": pair,
                "secrecy": max(float(users[k] - eves[k]), 0.0),
                "fresh": float(best[0][k]),
                "nominal": float(best[1][k]),
                "never_updated": float(never[k]),
                "local_mrt": float(local[k]),
                "sinr_db": _sinr_db(float(users[k]), params.streams),
                "eve_sinr_db": _sinr_db(float(eves[k]), params.streams),
                "age_ns": t_ns - oldest_ns,
            }

    def _split(self, both: Sequence[ComplexArray]) -> Precoders:
        """Q and L of all pairs."""
        stacked, streams = np.array(both), self._world.params.streams
        return stacked[..., :streams], stacked[..., streams:]


def true_problem(
    world: PairsWorld, truth: Rates, gains: tuple[RealArray, RealArray], power_mw: float
) -> InterferenceProblem:
    """The problem of somebody who knows every channel of an instant."""
    params = world.params
    return InterferenceProblem(
        channels=truth.channels,
        eve_channels=truth.eve_channels,
        powers_mw=np.full(world.pairs, power_mw),
        streams=params.streams,
        noise_streams=params.noise_streams,
        zeta=0.0,
        zeta_eve=0.0,
        gains=gains[0],
        eve_gains=gains[1],
    )


def _starts(problem: InterferenceProblem) -> Precoders:
    """What the transmitters do on their own in these channels."""
    found = [
        local_start(problem.channels[i, i], float(problem.gains[i, i]), float(problem.powers_mw[i]), *_sizes(problem))
        for i in range(problem.pairs)
    ]
    return np.array([q for q, _ in found]), np.array([an for _, an in found])


def _sizes(problem: InterferenceProblem) -> tuple[int, int]:
    return problem.streams, problem.noise_streams


def _sinr_db(rate: float, streams: int) -> float:
    """The SINR that would give d_s equal streams this rate, 2^(rate / d_s) - 1, in dB."""
    return float(to_db(max(2.0 ** (rate / streams) - 1.0, _FLOOR)))
