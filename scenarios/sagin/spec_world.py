"""The physical half of a scenario: radio, transmitters, users and the eavesdropper."""

from typing import Annotated, Literal

from pydantic import Field

from entities.params import DEFAULT_BASE_STATION_M, DEFAULT_POSITIONS
from scenarios.spec_base import MAX_ANTENNAS, MAX_EXTRA_USERS, MAX_WAYPOINTS, Point2, Point3, Section

ENTITY_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,31}$"

Antennas = Annotated[int, Field(ge=1, le=MAX_ANTENNAS, description="antennas of the transmitter's array")]
PowerDbm = Annotated[float, Field(ge=-60, le=80, description="transmit power budget")]
SpeedMps = Annotated[float, Field(ge=0, le=100)]


class RadioSection(Section):
    """What every radio channel shares."""

    noise_dbm: float = Field(default=-105.0, ge=-200, le=0, description="noise power at each receiver")
    carrier_ghz: float = Field(default=2.4, ge=0.1, le=100, description="carrier frequency of every channel")
    pilot_snr_db: float = Field(
        default=30.0,
        ge=-20,
        le=100,
        description="mean SNR of the uplink pilots that channels are estimated from",
    )


class SatelliteSection(Section):
    """The LEO satellite, which serves `su`."""

    antennas: Antennas = 4
    power_dbm: PowerDbm = 10.0
    height_km: float = Field(default=600.0, ge=100, le=50_000, description="height above the origin, at rest")
    off_axis_deg: float = Field(
        default=0.1,
        ge=0,
        le=5,
        description="angle between the beam's axis and the receivers; in orbit: error of a beam that tracks them",
    )
    phase_model: Literal["similar", "iid"] = Field(
        default="similar",
        description="random phase of each antenna: the same at all receivers, or independent",
    )
    phase_spread_rad: float = Field(
        default=0.3,
        ge=0,
        le=7,
        description="standard deviation of the slow random part that every phase has on top",
    )
    spread_hz: float = Field(default=1.0, ge=0, le=1000, description="Doppler spread of that slow part")
    drift_rad_s: float = Field(
        default=0.04, ge=0, le=10, description="largest drift of the phase between neighbouring antennas"
    )


class UavSection(Section):
    """The UAV, which serves `au` and flies along its waypoints."""

    antennas: Antennas = 4
    power_dbm: PowerDbm = 5.0
    altitude_m: float = Field(default=100.0, ge=10, le=10_000, description="altitude of the flight")
    speed_mps: SpeedMps = Field(default=10.0, description="speed along the waypoints")
    angular_spread: float = Field(
        default=0.05, ge=0, le=1, description="angular spread of the scatterers seen from the UAV, in rad"
    )
    rician_k_db: float = Field(default=10.0, ge=-40, le=60, description="Rician K-factor of its channels")
    waypoints_m: Annotated[tuple[Point2, ...], Field(strict=False)] = Field(
        default=((0.0, 0.0), (20.0, 0.0)),
        min_length=1,
        max_length=MAX_WAYPOINTS,
        description="ground track from the first point on, and back to it; one point: hover",
    )


class BaseStationSection(Section):
    """The base station, which serves `gu`."""

    antennas: Antennas = 4
    power_dbm: PowerDbm = 15.0
    position_m: Point3 = Field(default=DEFAULT_BASE_STATION_M, description="where the base station stands")


class UserPositions(Section):
    """Where the three served users are at the start."""

    su: Point3 = Field(default=DEFAULT_POSITIONS["su"], description="start of the satellite's user")
    au: Point3 = Field(default=DEFAULT_POSITIONS["au"], description="start of the UAV's user")
    gu: Point3 = Field(default=DEFAULT_POSITIONS["gu"], description="start of the base station's user")


class ExtraUser(Section):
    """A bystander: a user that reports and is followed by twins, and whose rate nobody optimises."""

    name: str = Field(pattern=ENTITY_NAME_PATTERN, description="name of the user, new in the scenario")
    position_m: Point3 = Field(description="start of the user")
    serving: Literal["satellite", "uav", "base_station"] = Field(
        default="base_station",
        description="transmitter in whose network the user's messages travel and its twins live",
    )


class UsersSection(Section):
    """The users: three served ones and any number of bystanders."""

    speed_mps: SpeedMps = Field(default=1.0, description="walking speed of every user, near its start")
    positions_m: UserPositions = UserPositions()
    extra: Annotated[tuple[ExtraUser, ...], Field(strict=False)] = Field(
        default=(),
        max_length=MAX_EXTRA_USERS,
        description="bystanders: tables with name, position_m and serving",
    )


class EavesdropperSection(Section):
    """The eavesdropper: registered, untrusted, and known up to a bounded error."""

    csi_error: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="bound D on the error of her channels, relative to the estimate's norm",
    )
    position_m: Point3 = Field(default=DEFAULT_POSITIONS["eavesdropper"], description="where she is at the start")
    speed_mps: SpeedMps = Field(default=1.0, description="her walking speed, near her start")
