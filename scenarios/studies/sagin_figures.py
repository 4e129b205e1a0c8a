"""Study `sagin-figures`: Figs 2-8 of Yin et al. with intervals, and which of the paper's claims hold.

Channels are instantaneous (t = 0) in worlds whose streams have the point's seed: all settings and schemes share
the draws, so that their differences are paired. A world is drawn with 16 antennas at each transmitter; fewer
antennas are its first ones. The satellite stands 600 km above the site. The paper gives no directions: seen from the
UAV, every receiver lies at its distance on a bearing that is drawn anew in each realisation.

The eavesdropper's channels are known up to a relative error Delta: precoders are designed on a guess as if it
were true (`entities.measurement.guess_in_ball`), and judged on the true channels. The users' are known.
"""

import math
from dataclasses import replace
from functools import lru_cache
from typing import Final

from entities.measurement import guess_in_ball
from entities.world import (
    DEFAULT_POSITIONS,
    BaseStationParams,
    ReceiverParams,
    SatelliteParams,
    UavParams,
    World,
    WorldParams,
)
from scenarios.studies.framework import Study
from scenarios.studies.grid import Parameters, Point, Row
from scenarios.studies.sagin_curves import BASELINES, CSI_ERRORS, MINIMUM, PROPOSED
from scenarios.studies.sagin_report import report
from scenarios.studies.sagin_sweeps import settings
from twin.emulation.streams import Streams
from twin.signal.arrays import ComplexArray
from twin.signal.sagin import EAVESDROPPER, RECEIVERS, TRANSMITTERS, USERS
from twin.signal.units import from_dbm
from twin.solvers.result import Solution
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.solve import solve

ANTENNAS: Final = 16
POWERS: Final = ("p_s_dbm", "p_u_dbm", "p_b_dbm")
COUNTS: Final = ("n_s", "n_u", "n_b")
_EVE: Final = RECEIVERS.index(EAVESDROPPER)

Channels = tuple[ComplexArray, ...]


@lru_cache(maxsize=16)
def drawn_channels(seed: int, altitude_m: float) -> Channels:
    """True channels (4, 16) of the three transmitters at t = 0, noise-normalised; not to be written to."""
    streams = Streams(seed)
    params = WorldParams(
        satellite=SatelliteParams(antennas=ANTENNAS),
        uav=UavParams(antennas=ANTENNAS, altitude_m=altitude_m),
        base_station=BaseStationParams(antennas=ANTENNAS),
    )
    around = replace(params, receivers={name: _on_a_bearing(streams, name) for name in RECEIVERS})
    world, air = World(params, streams), World(around, streams)
    matrices = tuple((air if name == "uav" else world).channels(name, 0) for name in TRANSMITTERS)
    for matrix in matrices:
        matrix.setflags(write=False)
    return matrices


def _on_a_bearing(streams: Streams, name: str) -> ReceiverParams:
    """A receiver at its default distance from the UAV's ground point, in a direction drawn uniformly."""
    x, y, _ = DEFAULT_POSITIONS[name]
    distance_m, bearing = math.hypot(x, y), 2.0 * math.pi * streams.uniform("bearing", name)
    return ReceiverParams((distance_m * math.cos(bearing), distance_m * math.sin(bearing), 0.0))


def true_channels(point: Point) -> Channels:
    """The channels (4, N_j) of a point: the first antennas of the seed's draw."""
    parameters = point.parameters
    matrices = drawn_channels(point.seed, float(parameters["altitude_m"]))
    return tuple(matrix[:, : int(parameters[count])] for matrix, count in zip(matrices, COUNTS, strict=True))


def guessed_channels(channels: Channels, csi_error: float, seed: int) -> Channels:
    """The same, with a guess at the eavesdropper's within the relative error Delta in [0, 1); a copy.

    Guesses for one seed differ in Delta alone: same direction, distances in proportion but for 1 / (1 - Delta^2).
    """
    guessed = tuple(matrix.copy() for matrix in channels)
    if csi_error > 0.0:
        streams = Streams(seed)
        for name, matrix in zip(TRANSMITTERS, guessed, strict=True):
            rng = streams.generator("guess", name, EAVESDROPPER)
            matrix[_EVE] = guess_in_ball(matrix[_EVE], csi_error, rng)
    return guessed


def evaluate(point: Point) -> list[Row]:
    """Rates of the proposed precoding at each CSI error, and of the paper's fixed precodings without error."""
    channels, powers_mw = true_channels(point), budgets_mw(point.parameters)
    truth = SynergyProblem(channels, powers_mw)
    rows = []
    for csi_error in CSI_ERRORS:
        believed = SynergyProblem(guessed_channels(channels, csi_error, point.seed), powers_mw)
        rows.append(_row(PROPOSED, csi_error, truth, solve(believed, method="fast")))
    rows += [_row(method, 0.0, truth, solve(truth, method=method)) for method in BASELINES]
    return rows


def budgets_mw(parameters: Parameters) -> tuple[float, ...]:
    """The three power budgets in mW."""
    return tuple(float(from_dbm(float(parameters[power]))) for power in POWERS)


def _row(scheme: str, csi_error: float, truth: SynergyProblem, solution: Solution) -> Row:
    rates = truth.rates(solution.precoders)
    row: Row = {"scheme": scheme, "csi_error": csi_error}
    row |= {user: float(rate) for user, rate in zip(USERS, rates, strict=True)}
    return row | {
        MINIMUM: float(rates.min()),
        "violation": float(solution.violation),
        "status": str(solution.status),
    }


STUDY: Final = Study(
    name="sagin-figures",
    version=2,
    description="Figs 2-8 of the synergy precoding paper with intervals, and which of its claims hold",
    settings=settings(),
    quick_settings=settings(quick=True),
    seeds=200,
    quick_seeds=10,
    evaluate=evaluate,
    report=report,
    chunk=40,
)
