"""Transmitter-receiver pairs and their eavesdropper as frozen plain numbers; `entities.pairs_world` makes them live."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from entities.params import Vector
from twin.errors import ScenarioError

EAVESDROPPER: Final = "eavesdropper"
_RECEIVER: Final = "rx:"

ErrorLaw = Literal["statistical", "bounded"]


def receiver_of(pair: str) -> str:
    """The name of the receiver end of a pair; the transmitter end is called like the pair."""
    return f"{_RECEIVER}{pair}"


@dataclass(frozen=True, slots=True)
class PairPlace:
    """Where the two ends of a pair are at the start, in m."""

    transmitter_m: Vector
    receiver_m: Vector


@dataclass(frozen=True, slots=True)
class Distances:
    """Distances in m that every path loss is taken at, wherever the ends are: own, other receivers, eavesdropper.

    Kong et al., section IV, have 10 m for all of them, which no three pairs in space can keep to.
    """

    main_m: float
    cross_m: float
    eve_m: float


@dataclass(frozen=True, slots=True)
class PairsParams:
    """K pairs and one eavesdropper; Kong et al., section II and the setting of section IV.

    Attributes:
        places: of the pairs, by name, in order.
        transmit, receive, eve: antennas N_T and N_R of every pair, N_E of the eavesdropper.
        streams, noise_streams: d_s columns of signal and d_a of artificial noise of every pair.
        carrier_hz: of all channels.
        noise_dbm: sigma^2 at every receiver; channels are divided by its square root in sqrt(mW).
        gain_1m_db: kappa, the path gain at 1 m.
        exponent: tau; the path gain at d m is kappa d^-tau.
        distances: fixed ones; None for those between the ends.
        receiver_mps: walking speed of every receiver; transmitters stand.
        roam_m: how far receivers and eavesdropper get from where they start.
        eavesdropper_m: where she starts.
        eavesdropper_mps: her walking speed.
        zeta: standard deviation of the error of an entry of H_ji, over the root of its gain.
        zeta_eve: the same of H_Ei.
        error_law: "bounded" cuts every error at its own root mean square norm zeta (N_R N_T gain)^1/2.
        dwell_ns: how long the eavesdropper attacks a pair before she goes on to the next; 0: all of them, always.
    """

    places: Mapping[str, PairPlace]
    transmit: int = 4
    receive: int = 4
    eve: int = 8
    streams: int = 2
    noise_streams: int = 1
    carrier_hz: float = 2.4e9
    noise_dbm: float = -110.0
    gain_1m_db: float = -40.0
    exponent: float = 2.6
    distances: Distances | None = None
    receiver_mps: float = 0.0
    roam_m: float = 3.0
    eavesdropper_m: Vector = (0.0, 0.0, 0.0)
    eavesdropper_mps: float = 0.0
    zeta: float = 0.0
    zeta_eve: float = 0.0
    error_law: ErrorLaw = "statistical"
    dwell_ns: int = 0

    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.places))
        if not self.places:
            raise ScenarioError("places={}: must have at least one pair")
        if self.eve < 1:
            raise ScenarioError(f"eve={self.eve}: must be >= 1")
        if self.streams < 1 or self.noise_streams < 0 or self.streams + self.noise_streams > self.transmit:
            found = f"streams={self.streams}, noise_streams={self.noise_streams}"
            raise ScenarioError(f"{found}: must have 1 and 0 at least, and no more than {self.transmit} together")
        for name in ("zeta", "zeta_eve"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ScenarioError(f"{name}={getattr(self, name):g}: must lie in [0, 1]")
