"""The judge's half of the space-air-ground system: eqs (8)-(16) of Yin et al. in the true channels.

The genie solves cold, with fixed starts, on the true channels of each instant.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from entities.transmitter import local_mrt
from entities.world import World
from scenarios.record import Precoders, Record
from scenarios.sagin.configure import powers_mw, world_params
from scenarios.sagin.spec import SaginSpec
from scenarios.system import Row
from twin.emulation.streams import Streams
from twin.errors import SolverError
from twin.signal.sagin import SERVES, TRANSMITTERS, USERS
from twin.signal.secrecy import secrecy_rate, secrecy_rates
from twin.signal.sinr import eve_sinrs, received_powers, user_sinrs
from twin.signal.units import to_db
from twin.solvers.synergy.fast import solve_many
from twin.solvers.synergy.problem import SynergyProblem
from twin.wire.codec import decode_body
from twin.wire.messages import ComplexArray, Csi, Envelope, Kind, RealArray

_FLOOR: Final = 1e-12


class SaginBench:
    """Judges instants, some at a time."""

    def __init__(self, spec: SaginSpec, seed: int, jobs: int) -> None:
        self._world = World(world_params(spec), Streams(seed))
        self._powers_mw = powers_mw(spec)
        self._jobs = jobs

    def local(self, envelope: Envelope) -> ComplexArray | None:
        """Local MRT at full power from a transmitter's own report."""
        if envelope.kind is not Kind.CSI:
            return None
        body = decode_body(envelope.kind, envelope.body)
        assert isinstance(body, Csi)  # noqa: S101 - the codec returns the body of the kind
        return local_mrt(body, SERVES[envelope.src], self._powers_mw[envelope.src])

    def rows(self, record: Record, instants_ns: Sequence[int]) -> Iterator[Row]:
        """The rows of some instants, in order."""
        truths = [tuple(self._world.channels(name, t_ns) for name in TRANSMITTERS) for t_ns in instants_ns]
        genie = genie_rates(truths, tuple(self._powers_mw.values()), self._jobs)
        for t_ns, truth, fresh in zip(instants_ns, truths, genie, strict=True):
            yield from _rows(record, t_ns, truth, fresh)


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


def _rows(record: Record, t_ns: int, truth: Precoders, fresh: RealArray) -> Iterator[Row]:
    on_air, oldest_ns = record.at(record.on_air, t_ns)
    powers = received_powers(truth, on_air)
    users, eves = user_sinrs(powers), eve_sinrs(powers)
    secrecy = secrecy_rate(users, eves)
    nominally = secrecy_rates(truth, record.at(record.nominal, t_ns)[0])
    never = secrecy_rates(truth, record.at(record.never_updated, t_ns)[0])
    local = secrecy_rates(truth, record.at(record.local_mrt, t_ns)[0])
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
