"""The settings of Figs 3-6 of Kong et al., section IV.

K = 3 pairs, N_T = N_R = 4, d_s = 2, d_a = 1, N_E = 8, all distances 10 m, kappa = -40 dB, tau = 2.6, noise -110 dB:
44 dB of gain over the noise per antenna. zeta is the same for all channels. Axes that the text does not give are ours.
"""

from typing import Final

from scenarios.studies.grid import Parameters, Value

PAIRS: Final = 3
ANTENNAS: Final = 4
STREAMS: Final = 2
NOISE_STREAMS: Final = 1

DEFAULTS: Final[dict[str, Value]] = {"power_db": 20.0, "zeta": 0.1, "eve_m": 10.0, "eve_antennas": 8}
POWERS_DB: Final = (0.0, 5.0, 10.0, 15.0, 20.0)
ZETAS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
EVE_M: Final = (10.0, 50.0, 100.0, 150.0, 200.0)
EVE_ANTENNAS: Final = (2, 4, 8, 16)

_AXES: Final[dict[int, tuple[tuple[str, tuple[Value, ...]], ...]]] = {
    3: (("power_db", (10.0, 20.0)), ("zeta", (0.1, 0.5))),
    4: (("zeta", (0.0, 0.1)), ("power_db", POWERS_DB)),
    5: (("power_db", (10.0, 20.0)), ("eve_m", (10.0, 1.0)), ("zeta", ZETAS)),
    6: (("eve_antennas", EVE_ANTENNAS), ("eve_m", EVE_M)),
}
_QUICK: Final[dict[int, tuple[tuple[str, tuple[Value, ...]], ...]]] = {
    3: (("power_db", (10.0, 20.0)), ("zeta", (0.1, 0.5))),
    4: (("zeta", (0.0, 0.1)), ("power_db", (0.0, 20.0))),
    5: (("power_db", (10.0,)), ("eve_m", (10.0, 1.0)), ("zeta", (0.0, 0.5))),
    6: (("eve_antennas", (4, 8)), ("eve_m", (10.0, 200.0))),
}


def settings(*, quick: bool = False) -> tuple[Parameters, ...]:
    """All settings, figure by figure."""
    found: list[Parameters] = []
    for figure, axes in (_QUICK if quick else _AXES).items():
        moved: list[dict[str, Value]] = [{}]
        for name, values in axes:
            moved = [setting | {name: value} for setting in moved for value in values]
        found += [{"figure": figure} | DEFAULTS | setting for setting in moved]
    return tuple(found)
