"""Settings that are worth trying after a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Hints:
    """Settings in the order of trying: what a loss shrinks with, by leg first, and what it grows with."""

    fresher: tuple[str, ...]
    shorter: Mapping[str, str]
    staler: tuple[str, ...]


_COORDINATED: Final = Hints(
    fresher=(
        "network.backhaul.latency_ms=1",
        "twin.coordinator=core:uav",
        "report.period_ms=5",
        "uav.speed_mps=2",
    ),
    shorter={
        "sensing": "radio.pilot_snr_db=40",
        "uplink": "network.backhaul.latency_ms=1",
        "queue": "twin.trigger=every",
        "solve": "twin.cost_us.solve=200",
        "downlink": "network.backhaul.latency_ms=1",
        "hold": "report.period_ms=5",
    },
    staler=(
        "network.backhaul.latency_ms=20",
        "uav.speed_mps=20",
        "report.period_ms=20",
        "users.speed_mps=2",
    ),
)
_PRICED: Final = Hints(
    fresher=("twin.period_ms=5", "pairs.speed_mps=0.2", "report.period_ms=2", "twin.prices=off"),
    shorter={
        "sensing": "radio.zeta=0.005",
        "uplink": "network.radio.latency_ms=0.2",
        "queue": "report.period_ms=2",
        "downlink": "network.radio.latency_ms=0.2",
        "hold": "twin.period_ms=5",
        "mixing": "twin.inner=10",
    },
    staler=("network.edge.latency_ms=20", "twin.price_route=core", "pairs.speed_mps=2"),
)
_STATIONS: Final = Hints(
    fresher=(
        "network.backhaul.latency_ms=0.5",
        "report.period_ms=2.5",
        "users.speed_mps=0.25",
        "twin.coordinator=edge:bs1",
    ),
    shorter={
        "sensing": "radio.pilot_snr_db=40",
        "uplink": "network.backhaul.latency_ms=0.5",
        "queue": "twin.trigger=every",
        "solve": "twin.cost_us.solve=200",
        "downlink": "network.backhaul.latency_ms=0.5",
        "hold": "report.period_ms=2.5",
    },
    staler=("network.backhaul.latency_ms=20", "users.speed_mps=1", "report.period_ms=20", "target.speed_mps=40"),
)
HINTS: Final[Mapping[str, Hints]] = {"sagin": _COORDINATED, "interference": _PRICED, "hisac": _STATIONS}
"""By system."""
