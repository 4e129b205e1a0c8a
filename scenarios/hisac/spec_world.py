"""The physical half of a scenario of the two stations: radio, channels, stations, target and receivers."""

from typing import Annotated, Literal

from pydantic import Field

from entities.isac_params import DEFAULT_RECEIVERS, DEFAULT_STATIONS
from scenarios.spec_base import MAX_WAYPOINTS, Point2, Point3, Section
from twin.signal.isac import BOB, EAVESDROPPER

MAX_SIDE = 16
MAX_USERS = 16

Elements = Annotated[int, Field(ge=1, le=MAX_SIDE)]
SpeedMps = Annotated[float, Field(ge=0, le=100)]
CsiError = Annotated[
    float,
    Field(ge=0, lt=1, description="bound on the error of the channels from both stations, relative to the norm"),
]


class IsacRadioSection(Section):
    """What every radio channel shares."""

    noise_dbm: float = Field(default=-50.0, ge=-200, le=0, description="noise power at each receiver")
    carrier_ghz: float = Field(default=18.0, ge=0.1, le=100, description="carrier frequency of every channel")
    pilot_snr_db: float = Field(
        default=30.0, ge=-20, le=100, description="mean SNR of the uplink pilots of the multicast users"
    )


class ChannelsSection(Section):
    """How channels fade; the target is always seen by its line of sight."""

    model: Literal["rician_shadowed", "nakagami", "rayleigh"] = Field(
        default="rician_shadowed", description="law of the channels to Bob, the eavesdropper and the users"
    )
    rician_k_db: float = Field(default=7.0, ge=-40, le=60, description="Rician K-factor (rician_shadowed)")
    shadowing_shape: float = Field(
        default=5.0, ge=0.5, le=50, description="Nakagami shape of the amplitude of the line of sight (rician_shadowed)"
    )
    shadowing_distance_m: float = Field(
        default=5.0, ge=0.01, le=100_000, description="way that a receiver goes until its shadowing is another"
    )
    paths: int = Field(default=5, ge=1, le=64, description="directions that scatter, per link")
    nakagami_shape: float = Field(default=2.0, ge=0.5, le=50, description="shape m of the amplitudes (nakagami)")


class StationSection(Section):
    """A station with a planar array; the subclasses carry the defaults."""

    position_m: Point3
    columns: Elements = Field(default=4, description="columns of its array, along the y axis")
    rows: Elements = Field(default=3, description="rows of its array, upright")
    power_dbm: float = Field(default=55.0, ge=-60, le=80, description="transmit power budget")


class SensingStationSection(StationSection):
    """The station that senses the target and serves Bob."""

    position_m: Point3 = Field(default=DEFAULT_STATIONS["bs1"], description="where the sensing station stands")


class MulticastStationSection(StationSection):
    """The station that multicasts to the users by rate splitting."""

    position_m: Point3 = Field(default=DEFAULT_STATIONS["bs2"], description="where the multicast station stands")


class TargetSection(Section):
    """What is sensed: it moves and reports nothing."""

    waypoints_m: Annotated[tuple[Point2, ...], Field(strict=False)] = Field(
        default=((20.0, 20.0), (30.0, -15.0)),
        min_length=1,
        max_length=MAX_WAYPOINTS,
        description="ground track from the first point on, and back to it; one point: hover",
    )
    altitude_m: float = Field(default=20.0, ge=0, le=10_000, description="height that it keeps")
    speed_mps: SpeedMps = Field(default=10.0, description="speed along the waypoints")
    rcs_m2: float = Field(default=1.0, ge=1e-6, le=1e6, description="radar cross section")
    rician_k_db: float = Field(default=7.0, ge=-40, le=60, description="Rician K-factor of the channel to it")


class SensingSection(Section):
    """What the radar does with echoes."""

    pulses: int = Field(default=32, ge=1, le=1_000_000, description="pulses that are integrated")
    bandwidth_mhz: float = Field(default=80.0, ge=0.001, le=100_000, description="bandwidth that measures ranges")
    detection_db: float = Field(
        default=-10.0, ge=-100, le=100, description="SCNR below which an echo is not told from clutter"
    )
    range_max_m: float = Field(default=150.0, ge=10, le=100_000, description="how far it looks")


class BobSection(Section):
    """Bob, whom the sensing station serves in secret."""

    position_m: Point3 = Field(default=DEFAULT_RECEIVERS[BOB], description="where Bob is at the start")
    speed_mps: SpeedMps = Field(default=0.5, description="Bob's walking speed, near the start")
    csi_error: CsiError = 0.02


class IsacEavesdropperSection(Section):
    """The eavesdropper: registered, untrusted, and known up to a bounded error."""

    position_m: Point3 = Field(default=DEFAULT_RECEIVERS[EAVESDROPPER], description="where she is at the start")
    speed_mps: SpeedMps = Field(default=0.5, description="her walking speed, near her start")
    csi_error: CsiError = 0.05


class MulticastUsersSection(Section):
    """The users of the multicast station, user1 .. userN: as many as there are positions."""

    positions_m: Annotated[tuple[Point3, ...], Field(strict=False)] = Field(
        default=tuple(DEFAULT_RECEIVERS[f"user{n}"] for n in range(1, 5)),
        min_length=1,
        max_length=MAX_USERS,
        description="where they are at the start",
    )
    speed_mps: SpeedMps = Field(default=0.5, description="walking speed of every user, near the start")


class DemandsSection(Section):
    """What every solution has to reach."""

    threshold: float = Field(
        default=0.5,
        ge=1e-6,
        le=1e6,
        description="SINR, linear: least of Bob's data, of the sensing stream at Bob and of the echo (SCNR), most of "
        "the sensing stream at the eavesdropper",
    )
    secrecy: float = Field(default=1.0, ge=0, le=40, description="least secrecy rate of Bob in bit/s/Hz")
    common: float = Field(default=1.0, ge=0, le=40, description="least rate of the common stream in bit/s/Hz")
    private: float = Field(default=1.0, ge=0, le=40, description="least rate of every private stream in bit/s/Hz")


class CircuitSection(Section):
    """What the circuits of both stations take: it stands below every joule of secrecy."""

    base_w: float = Field(default=5.0, ge=1e-3, le=1e6, description="of both stations together")
    per_antenna_w: float = Field(default=0.25, ge=0, le=1e6, description="on top, per antenna")
