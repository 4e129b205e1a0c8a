"""The judge's half of the two stations: what beams are worth in the true channels, Li et al., eqs (9)-(19a).

The genie solves cold, with fixed starts and no allowance for errors, on the true channels of each instant, scatter of
the target's included. Where no beams meet every demand then, it has no answer, and the sample counts in no comparison.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from entities.isac_world import IsacWorld
from scenarios.hisac.configure import circuit_w, policy_config, powers_mw, streams, unmargined, world_params
from scenarios.hisac.quantities import columns
from scenarios.hisac.spec import HisacSpec
from scenarios.hisac.worth import Scale, Worth, worth
from scenarios.record import Precoders, Record
from scenarios.system import Row
from twin.emulation.streams import Streams
from twin.errors import SolverError
from twin.nodes.hisac_policy import in_mw, problem_of
from twin.signal.isac import BOB, MULTICAST, SENSING
from twin.signal.local_beams import multicast_beams, sensing_beams
from twin.signal.units import to_db
from twin.solvers.rsma.solve import solve
from twin.wire.codec import decode_body
from twin.wire.messages import ComplexArray, Csi, Envelope, Kind

_FLOOR: Final = 1e-12

Channels = tuple[ComplexArray, ComplexArray]


class HisacBench:
    """Judges instants, some at a time."""

    def __init__(self, spec: HisacSpec, seed: int, jobs: int) -> None:
        self._world = IsacWorld(world_params(spec), Streams(seed))
        self._policy = policy_config(unmargined(spec))
        self._powers_mw, self._streams = powers_mw(spec), streams(spec)
        self._scale = Scale(spec.demands.threshold, circuit_w(spec), self._world.params.echo_gain)
        self._jobs = jobs

    def local(self, envelope: Envelope) -> ComplexArray | None:
        """What a station sends alone, from its own report."""
        if envelope.kind is not Kind.CSI:
            return None
        body = decode_body(envelope.kind, envelope.body)
        assert isinstance(body, Csi)  # noqa: S101 - the codec returns the body of the kind
        power_mw = self._powers_mw[envelope.src]
        if envelope.src == SENSING:
            return sensing_beams(body.channels[body.receivers.index(BOB)], power_mw)
        users = len(self._world.params.users)
        return multicast_beams(body.channels[-users:], power_mw, self._streams[MULTICAST])

    def rows(self, record: Record, instants_ns: Sequence[int]) -> Iterator[Row]:
        """The rows of some instants, in order."""
        truths = [self.truth(t_ns) for t_ns in instants_ns]
        with ThreadPoolExecutor(self._jobs) as pool:
            genie = list(pool.map(self._genie, truths))
        for t_ns, truth, fresh in zip(instants_ns, truths, genie, strict=True):
            yield self._row(record, t_ns, truth, fresh)

    def truth(self, t_ns: int) -> Channels:
        """The true channels of both stations."""
        return self._world.channels(SENSING, t_ns), self._world.channels(MULTICAST, t_ns)

    def worth(self, channels: Channels, beams: Precoders) -> Worth:
        """What beams are worth in channels."""
        return worth(channels, beams, self._scale)

    def _genie(self, truth: Channels) -> Worth | None:
        """What the best beams for these very channels are worth; None where none meet every demand."""
        try:
            solution = solve(problem_of(self._policy, truth), method="fast")
        except SolverError:
            return None
        return self.worth(truth, in_mw(solution.precoders)) if solution.status == "solved" else None

    def _row(self, record: Record, t_ns: int, truth: Channels, fresh: Worth | None) -> Row:
        on_air, oldest_ns = record.at(record.on_air, t_ns)
        actual = self.worth(truth, on_air)
        nominal, never, local = (
            self.worth(truth, record.at(timelines, t_ns)[0])
            for timelines in (record.nominal, record.never_updated, record.local_mrt)
        )
        return {
            "t_ns": t_ns,
            "user": BOB,
            "secrecy": actual.secrecy,
            "fresh": float("nan") if fresh is None else fresh.secrecy,
            "nominal": nominal.secrecy,
            "never_updated": never.secrecy,
            "local_mrt": local.secrecy,
            "sinr_db": float(to_db(max(actual.bob, _FLOOR))),
            "eve_sinr_db": float(to_db(max(actual.eve, _FLOOR))),
            "age_ns": t_ns - oldest_ns,
            **columns(actual, fresh, nominal, never, local),
        }
