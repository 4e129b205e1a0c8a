"""The physical world of the two stations as frozen plain numbers; `entities.isac_world` makes it live."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from entities.params import ReceiverParams, Vector
from twin.errors import ScenarioError
from twin.signal.isac import BOB, EAVESDROPPER, user_names
from twin.signal.units import from_dbm, wavelength_m

FadingModel = Literal["rician_shadowed", "nakagami", "rayleigh"]

DEFAULT_STATIONS: Final[Mapping[str, Vector]] = {"bs1": (0.0, 0.0, 10.0), "bs2": (100.0, 0.0, 10.0)}
DEFAULT_RECEIVERS: Final[Mapping[str, Vector]] = {
    BOB: (40.0, 20.0, 1.5),
    EAVESDROPPER: (45.0, -30.0, 1.5),
    "user1": (75.0, 35.0, 1.5),
    "user2": (125.0, 15.0, 1.5),
    "user3": (80.0, -15.0, 1.5),
    "user4": (120.0, -35.0, 1.5),
}


@dataclass(frozen=True, slots=True)
class StationParams:
    """A station: where its array stands, in the plane x = 0 of its own, and how many columns and rows it has."""

    position_m: Vector
    columns: int = 4
    rows: int = 3

    @property
    def antennas(self) -> int:
        """Elements of the array."""
        return self.columns * self.rows


@dataclass(frozen=True, slots=True)
class FadingParams:
    """How channels fade; Li et al., eq. (1) and section IV.

    Rician-shadowed: a line of sight whose amplitude is Nakagami-m of shape `shadowing_m` and changes while the receiver
    moves `shadowing_distance_m`, over `paths` directions that scatter. "nakagami" has independent amplitudes of shape
    `nakagami_m` and no direction, "rayleigh" the same of shape 1.
    """

    model: FadingModel = "rician_shadowed"
    rician_k_db: float = 7.0
    shadowing_m: float = 5.0
    shadowing_distance_m: float = 5.0
    paths: int = 5
    nakagami_m: float = 2.0


@dataclass(frozen=True, slots=True)
class TargetParams:
    """The target: flies along waypoints (x, y) at an altitude; its radar cross section, and how its channel fades."""

    waypoints_m: tuple[tuple[float, float], ...] = ((20.0, 20.0), (30.0, -15.0))
    altitude_m: float = 20.0
    speed_mps: float = 10.0
    closed: bool = True
    rcs_m2: float = 1.0
    rician_k_db: float = 7.0


@dataclass(frozen=True, slots=True)
class SensingParams:
    """What the radar does: pulses that it integrates, the band that it measures ranges with, and from when it sees.

    An echo below `detection_db` (SCNR) is not told from clutter. `range_max_m` is as far as anything is looked for.
    """

    pulses: int = 32
    bandwidth_hz: float = 80e6
    detection_db: float = -10.0
    range_max_m: float = 150.0


@dataclass(frozen=True, slots=True)
class IsacParams:
    """Everything physical. `receivers` holds Bob, the eavesdropper and the users user1 .. userN, by name.

    Noise power `noise_dbm` is the same at every receiver; channels are divided by its square root in sqrt(mW).
    """

    carrier_hz: float = 18e9
    noise_dbm: float = -50.0
    sensing_station: StationParams = StationParams(DEFAULT_STATIONS["bs1"])
    multicast_station: StationParams = StationParams(DEFAULT_STATIONS["bs2"])
    fading: FadingParams = FadingParams()
    target: TargetParams = TargetParams()
    sensing: SensingParams = SensingParams()
    receivers: Mapping[str, ReceiverParams] = field(
        default_factory=lambda: {name: ReceiverParams(place) for name, place in DEFAULT_RECEIVERS.items()}
    )

    def __post_init__(self) -> None:
        wanted = {BOB, EAVESDROPPER, *self.users}
        if set(self.receivers) != wanted or not self.users:
            allowed = "must be bob, eavesdropper and user1 to userN with N >= 1"
            raise ScenarioError(f"receivers={sorted(self.receivers)}: {allowed}")

    @property
    def users(self) -> tuple[str, ...]:
        """The multicast users."""
        return user_names(len(self.receivers) - 2)

    @property
    def echo_gain(self) -> float:
        """kappa^2 sigma^2 over the noise in mW: 4 pi RCS / lambda^2 times the pulses, times the noise power in mW.

        With channels over sigma in sqrt(mW) it stands before the SCNR of Li et al., eq. (18), halved.
        """
        area_m2 = wavelength_m(self.carrier_hz) ** 2 / (4.0 * math.pi)
        return self.target.rcs_m2 / area_m2 * self.sensing.pulses * from_dbm(self.noise_dbm)
