"""The physical world as frozen plain numbers; `entities.world` passes the names on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from twin.errors import ScenarioError
from twin.signal.sagin import RECEIVERS, TRANSMITTERS

Vector = tuple[float, float, float]
PhaseModel = Literal["similar", "iid"]

DEFAULT_BASE_STATION_M: Final[Vector] = (80.0, 0.0, 0.0)


def _mirrored(x_m: float, origin_distance_m: float, side: int) -> Vector:
    """The ground point at `x_m` and at a distance from the origin, on one side (+1, -1) of the x axis."""
    return (x_m, side * math.sqrt(origin_distance_m**2 - x_m**2), 0.0)


DEFAULT_POSITIONS: Final[Mapping[str, Vector]] = {
    "su": _mirrored(40.0, 100.0, 1),
    "au": _mirrored(-6.875, 50.0, -1),
    "gu": _mirrored(86.875, 100.0, 1),
    "eavesdropper": _mirrored(40.0, 80.0, 1),
}


@dataclass(frozen=True, slots=True)
class OrbitParams:
    """The satellite's orbit, and where on Earth the origin and the gateways are.

    At virtual time 0 it is `start_s` after the epoch of the two-line elements `line1`, `line2`. Points are geodetic
    latitude and longitude in deg; the ground is the WGS 84 ellipsoid. The satellite serves while it is at least
    `mask_deg` high at `site_deg`, and can be reached through a gateway while it is that high there.
    """

    line1: str
    line2: str
    start_s: float
    site_deg: tuple[float, float]
    mask_deg: float
    gateways_deg: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class SatelliteParams:
    """The satellite: at rest `height_m` above the origin, or in `orbit` if there is one; Yin et al., eqs (1), (2).

    `phase_model` "similar": every receiver sees one random phase per antenna; "iid": one per receiver and
    antenna. Either way the slow part `phase_spread_rad` * x(t) is added, with Doppler spread `spread_hz`, and
    a drift common to all receivers of at most `drift_rad_s` between neighbouring antennas. Rain: ln(beta_dB)
    ~ N(mu, sigma^2). In orbit the beam tracks the site, and `off_axis_deg` is its pointing error.
    """

    antennas: int = 4
    height_m: float = 600e3
    gain_max_db: float = 46.0
    beam_3db_deg: float = 0.4
    off_axis_deg: float = 0.1
    phase_model: PhaseModel = "similar"
    phase_spread_rad: float = 0.3
    spread_hz: float = 1.0
    drift_rad_s: float = 0.04
    rain_mu: float = -3.152
    rain_sigma: float = math.sqrt(1.6)
    orbit: OrbitParams | None = None


@dataclass(frozen=True, slots=True)
class UavParams:
    """The UAV: a path at constant altitude and speed, and Rician channels; Yin et al., eq. (3).

    The path starts at the first waypoint (x, y) and is `closed` (last leg back to the first) or flown to and
    fro. `angular_spread` psi turns its speed into Doppler spread: f = (v_user + psi v_uav) / wavelength.
    """

    antennas: int = 4
    altitude_m: float = 100.0
    speed_mps: float = 10.0
    waypoints_m: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    closed: bool = True
    angular_spread: float = 0.05
    rician_k_db: float = 10.0
    gain_1m_db: float = -40.0


@dataclass(frozen=True, slots=True)
class BaseStationParams:
    """The base station: path gain C0 r^-exponent and Nakagami-m amplitudes of mean power omega."""

    antennas: int = 4
    position_m: Vector = DEFAULT_BASE_STATION_M
    gain_1m_db: float = -38.46
    exponent: float = 4.0
    nakagami_m: float = 2.0
    omega: float = 1.0


@dataclass(frozen=True, slots=True)
class ReceiverParams:
    """A user or the eavesdropper, walking at constant speed within `roam_m` of where it starts."""

    position_m: Vector
    speed_mps: float = 0.0
    roam_m: float = 10.0

    def __post_init__(self) -> None:
        if not self.roam_m > 0.0:
            raise ScenarioError(f"roam_m={self.roam_m}: must be > 0")


def _default_receivers() -> dict[str, ReceiverParams]:
    return {name: ReceiverParams(DEFAULT_POSITIONS[name]) for name in RECEIVERS}


@dataclass(frozen=True, slots=True)
class WorldParams:
    """Everything physical. `receivers` holds SU, AU, GU, the eavesdropper and any bystanders, by name.

    Noise power `noise_dbm` is the same at every receiver; channels are divided by its square root in
    sqrt(mW).
    """

    carrier_hz: float = 2.4e9
    noise_dbm: float = -105.0
    satellite: SatelliteParams = SatelliteParams()
    uav: UavParams = UavParams()
    base_station: BaseStationParams = BaseStationParams()
    receivers: Mapping[str, ReceiverParams] = field(default_factory=_default_receivers)

    def __post_init__(self) -> None:
        missing = [name for name in RECEIVERS if name not in self.receivers]
        if missing:
            raise ScenarioError(f"receivers={sorted(self.receivers)}: must contain {', '.join(missing)}")
        taken = [name for name in TRANSMITTERS if name in self.receivers]
        if taken:
            raise ScenarioError(f"receivers={sorted(self.receivers)}: {', '.join(taken)} names a transmitter")
