"""What `study staleness` varies: one key of the scenario at a time, the others as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scenarios.keys import all_keys
from scenarios.sagin.spec import SaginSpec
from scenarios.studies.grid import Parameters
from scenarios.studies.one_run import packed, study_spec

BASE: Final = "base"
"""The sweep of the point at which nothing is varied; it belongs to every sweep."""

DURATION_S: Final = 3.0
QUICK_DURATION_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sweep:
    """One key, its values, and how figures call it. `log` asks for a logarithmic axis.

    `ages` says that the key moves the age, and leaves the world as it is.
    """

    key: str
    label: str
    values: tuple[float, ...]
    quick: tuple[float, ...]
    ages: bool
    log: bool = True

    @property
    def unit(self) -> str:
        """Unit of the key; "" for none."""
        return all_keys(SaginSpec)[self.key].unit

    @property
    def axis(self) -> str:
        """Label with unit."""
        return f"{self.label} ({self.unit.replace('us', 'µs')})" if self.unit else self.label

    def at(self, spec: SaginSpec) -> float:
        """The key's value in a scenario."""
        found: Any = spec
        for name in self.key.split("."):
            found = getattr(found, name)
        return float(found)


SWEEPS: Final = (
    Sweep("network.backhaul.latency_ms", "backhaul latency", (1, 2, 5, 10, 20, 35, 50), (1, 10, 50), ages=True),
    Sweep("report.period_ms", "report period", (2, 5, 10, 20, 40), (40,), ages=True),
    Sweep("twin.cost_us.solve", "time of a solve", (100, 1000, 2000, 4000, 8000), (8000,), ages=True),
    Sweep("network.radio.loss", "loss on radio links", (0, 0.01, 0.03, 0.1, 0.2, 0.3), (0.3,), ages=True, log=False),
    Sweep("uav.speed_mps", "speed of the UAV", (1, 2.5, 5, 10, 20, 40), (40,), ages=False),
    Sweep("users.speed_mps", "speed of the users", (0.25, 0.5, 1, 2, 3), (0.25, 3), ages=False),
    Sweep("radio.pilot_snr_db", "pilot SNR", (10, 20, 30, 40), (10,), ages=False, log=False),
)


def settings(sets: Sequence[str] = (), *, quick: bool = False) -> tuple[Parameters, ...]:
    """The base, then every value of every sweep that is not the base's own; each is checked.

    Raises:
        ScenarioError: the scenario that a person's settings make, alone or with a value of a sweep, is not valid.
    """
    duration_s = QUICK_DURATION_S if quick else DURATION_S
    common: Parameters = {"sets": packed(sets), "duration_s": duration_s}
    base = study_spec(packed(sets), duration_s)
    found: tuple[Parameters, ...] = (
        {**common, "swept": BASE, "value": 0.0},
        *(
            {**common, "swept": sweep.key, "value": float(value)}
            for sweep in SWEEPS
            for value in (sweep.quick if quick else sweep.values)
            if value != sweep.at(base)
        ),
    )
    for setting in found:
        point_spec(setting)
    return found


def point_spec(parameters: Parameters) -> SaginSpec:
    """The scenario of a point."""
    own = [] if parameters["swept"] == BASE else [f"{parameters['swept']}={parameters['value']!r}"]
    return study_spec(str(parameters["sets"]), float(parameters["duration_s"]), *own)
