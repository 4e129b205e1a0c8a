"""Who is who around two stations of which one senses: names, and the order of the rows of every channel matrix.

Station `bs1` senses the target and serves Bob, `bs2` multicasts to users user1 .. userN (Li et al., section II). The
columns of what a station sends are streams: of `bs1` Bob's and the sensing one, of `bs2` the common and N private ones.
"""

from typing import Final

SENSING: Final = "bs1"
MULTICAST: Final = "bs2"
STATIONS: Final = (SENSING, MULTICAST)
BOB: Final = "bob"
TARGET: Final = "target"
EAVESDROPPER: Final = "eavesdropper"


def user_names(count: int) -> tuple[str, ...]:
    """The multicast users: user1 .. userN."""
    return tuple(f"user{n}" for n in range(1, count + 1))


def heard_by(station: str, users: tuple[str, ...]) -> tuple[str, ...]:
    """Who hears a station, as rows of its channels: Bob, Eve, the target if it is the one that senses, the users."""
    sensed = (TARGET,) if station == SENSING else ()
    return (BOB, EAVESDROPPER, *sensed, *users)
