"""The physical half of a scenario of pairs: who they are, what their channels are like, who eavesdrops."""

from typing import Annotated, Literal

from pydantic import Field

from scenarios.spec_base import MAX_ANTENNAS, Point3, Section, ms_to_ns

MAX_PAIRS = 30

Antennas = Annotated[int, Field(ge=1, le=MAX_ANTENNAS)]
SpeedMps = Annotated[float, Field(ge=0, le=100)]
Zeta = Annotated[float, Field(ge=0, le=1)]
DistanceM = Annotated[float, Field(ge=1, le=10_000)]


class PairPlaceSection(Section):
    """Where one pair is."""

    transmitter_m: Point3 = Field(description="where the transmitter stands")
    receiver_m: Point3 = Field(description="start of its receiver")


class PairsSection(Section):
    """The pairs: all of one kind, each with its own place."""

    count: int = Field(default=5, ge=1, le=MAX_PAIRS, description="number K of pairs; 1: nobody to ask a price")
    transmit_antennas: Antennas = Field(default=6, description="antennas N_T of every transmitter")
    receive_antennas: Antennas = Field(default=4, description="antennas N_R of every receiver")
    streams: int = Field(default=2, ge=1, le=MAX_ANTENNAS, description="streams d_s of signal of every pair")
    noise_streams: int = Field(
        default=1, ge=0, le=MAX_ANTENNAS, description="streams d_a of artificial noise; d_s + d_a <= N_T"
    )
    power_dbm: float = Field(default=10.0, ge=-60, le=80, description="transmit power budget of every pair")
    spacing_m: DistanceM = Field(
        default=120.0, description="about how far apart the transmitters stand, on a spiral from the origin"
    )
    reach_m: DistanceM = Field(default=50.0, description="how far from its transmitter a receiver starts")
    place: Annotated[tuple[PairPlaceSection, ...], Field(strict=False)] = Field(
        default=(),
        max_length=MAX_PAIRS,
        description="places instead of the spiral's: a table for every pair, in order",
    )
    speed_mps: SpeedMps = Field(default=1.0, description="walking speed of every receiver, near its start")
    roam_m: float = Field(default=10.0, ge=0.1, le=1000, description="how far receivers and eavesdropper walk away")


class PairsRadioSection(Section):
    """What the channels between pairs share; Kong et al., section IV."""

    carrier_ghz: float = Field(default=2.4, ge=0.1, le=100, description="carrier frequency of every channel")
    noise_dbm: float = Field(default=-90.0, ge=-200, le=0, description="noise power at every receiver")
    gain_db: float = Field(default=-40.0, ge=-200, le=0, description="path gain kappa at 1 m")
    exponent: float = Field(default=2.6, ge=0, le=10, description="path loss exponent tau")
    distances: Literal["geometry", "fixed"] = Field(
        default="geometry", description="path loss of the distances between the ends, or of the three that are fixed"
    )
    main_m: DistanceM = Field(default=10.0, description="distance to the own receiver (distances = fixed)")
    cross_m: DistanceM = Field(default=10.0, description="distance to other receivers (distances = fixed)")
    eve_m: DistanceM = Field(default=10.0, description="distance to the eavesdropper (distances = fixed)")
    zeta: Zeta = Field(
        default=0.05,
        description="error of estimated channels: standard deviation of an entry over the root of its gain",
    )
    error: Literal["statistical", "bounded"] = Field(
        default="statistical", description="law of that error: Gaussian, or cut at its root mean square norm"
    )


class PairsEavesdropperSection(Section):
    """The eavesdropper: nobody knows whom she attacks, so everybody is careful, always."""

    antennas: int = Field(default=4, ge=1, le=MAX_ANTENNAS, description="her antennas N_E")
    zeta: Zeta = Field(default=0.3, description="the same error of the channels to her; 1: nothing is known of them")
    attack: Literal["all", "in_turn"] = Field(
        default="all", description="whom she wiretaps: all pairs at once, or one after the other"
    )
    dwell_ms: float = Field(
        default=100.0, ge=0.1, le=3_600_000, description="how long she stays with a pair (attack = in_turn)"
    )
    position_m: Point3 = Field(default=(0.0, -60.0, 0.0), description="where she is at the start")
    speed_mps: SpeedMps = Field(default=1.0, description="her walking speed, near her start")

    @property
    def dwell_ns(self) -> int:
        """How long she stays with a pair in ns; 0 where she attacks all of them."""
        return ms_to_ns(self.dwell_ms) if self.attack == "in_turn" else 0
