"""The sweeps of Figs 2-8 of Yin et al., section V, and the settings that they need."""

from dataclasses import dataclass
from typing import Final

from scenarios.studies.grid import Parameters, distinct

DEFAULTS: Final[dict[str, float | int]] = {
    "p_s_dbm": 10.0,
    "p_u_dbm": 5.0,
    "p_b_dbm": 15.0,
    "n_s": 4,
    "n_u": 4,
    "n_b": 4,
    "altitude_m": 100.0,
}
"""Powers of satellite, UAV and base station over 1 mW in dB, their antennas, and the UAV's altitude."""

SYMBOLS: Final = {
    "p_s_dbm": "$P_S$ = {:g} dBm",
    "p_u_dbm": "$P_U$ = {:g} dBm",
    "p_b_dbm": "$P_B$ = {:g} dBm",
    "n_s": "$N_S$ = {:d}",
    "n_u": "$N_U$ = {:d}",
    "n_b": "$N_B$ = {:d}",
    "altitude_m": "UAV at {:g} m",
}


@dataclass(frozen=True, slots=True)
class Sweep:
    """One figure: which parameter moves over which values while the others keep their defaults."""

    figure: int
    parameter: str
    values: tuple[float | int, ...]
    quick: tuple[float | int, ...]
    label: str
    """Of the horizontal axis, with the unit."""

    title: str
    """What is swept, in front of its values."""

    unit: str
    """Of the values; empty for counts."""

    def settings(self, *, quick: bool = False) -> list[Parameters]:
        """The settings of the figure in the order of its values."""
        return [DEFAULTS | {self.parameter: value} for value in (self.quick if quick else self.values)]

    def fixed(self) -> str:
        """The parameters that keep their defaults, in words and mathtext."""
        return ", ".join(text.format(DEFAULTS[name]) for name, text in SYMBOLS.items() if name != self.parameter)


_TRANSMIT: Final = (0.0, 5.0, 10.0, 15.0, 20.0, 25.0)
_ANTENNAS: Final = (4, 6, 8, 10, 12, 14, 16)
_FEW_ANTENNAS: Final = (4, 8, 16)

SWEEPS: Final = (
    Sweep(2, "p_s_dbm", _TRANSMIT, (0.0, 10.0, 25.0), "satellite transmit power $P_S$ (dBm)", "satellite power", "dBm"),
    Sweep(
        3,
        "p_u_dbm",
        (-15.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0),
        (-15.0, 5.0, 15.0),
        "UAV transmit power $P_U$ (dBm)",
        "UAV power",
        "dBm",
    ),
    Sweep(4, "p_b_dbm", _TRANSMIT, (0.0, 15.0, 25.0), "base station transmit power $P_B$ (dBm)", "BS power", "dBm"),
    Sweep(5, "n_s", _ANTENNAS, _FEW_ANTENNAS, "satellite antennas $N_S$", "satellite antennas", ""),
    Sweep(6, "n_u", _ANTENNAS, _FEW_ANTENNAS, "UAV antennas $N_U$", "UAV antennas", ""),
    Sweep(7, "n_b", _ANTENNAS, _FEW_ANTENNAS, "base station antennas $N_B$", "base station antennas", ""),
    Sweep(
        8,
        "altitude_m",
        (50.0, 100.0, 200.0, 300.0, 500.0, 700.0, 1000.0),
        (50.0, 100.0, 1000.0),
        "UAV altitude (m)",
        "UAV altitude",
        "m",
    ),
)


def settings(*, quick: bool = False) -> tuple[Parameters, ...]:
    """The settings of all figures; one that several figures share is computed once."""
    return distinct(setting for sweep in SWEEPS for setting in sweep.settings(quick=quick))
