"""Who is who in the space-air-ground network: names, their order, and who serves whom.

Transmitter j serves user j: satellite -> SU (channels h, precoder w), UAV -> AU (a, f), base station -> GU
(g, v); Yin et al., section III. The rows of every channel matrix are in the order of `RECEIVERS`.
"""

from typing import Final

TRANSMITTERS: Final = ("satellite", "uav", "base_station")
USERS: Final = ("su", "au", "gu")
EAVESDROPPER: Final = "eavesdropper"
RECEIVERS: Final = (*USERS, EAVESDROPPER)
SERVES: Final[dict[str, str]] = dict(zip(TRANSMITTERS, USERS, strict=True))
