"""What the two stations have on air, and what everybody hears of it at the instant at which somebody asks."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from entities.isac_world import IsacWorld
from twin.signal.hisac import bob_sinr, reception, sent_power_w
from twin.signal.isac import BOB, MULTICAST, SENSING, TARGET
from twin.signal.rsma import foreign_power, private_sinrs, stream_powers
from twin.signal.sensing import scnr
from twin.signal.units import to_db
from twin.wire.messages import ComplexArray

# Nobody reports anything below this level: log of zero is no report.
_FLOOR: Final = 1e-9


class IsacAir:
    """The beams in use, (M, streams) per station in sqrt(mW): of bs1 Bob's and the sensing one, of bs2 the users'."""

    def __init__(self, world: IsacWorld, streams: Mapping[str, int], powers_mw: Mapping[str, float]) -> None:
        """Silence; `streams` is how many columns each station's beams have."""
        self._world = world
        self._powers_mw = dict(powers_mw)
        self.precoders: dict[str, ComplexArray] = {
            name: np.zeros((station.antennas, streams[name]), dtype=np.complex128)
            for name, station in world.stations.items()
        }
        self.data_ns: dict[str, int] = dict.fromkeys(world.stations, 0)

    def put(self, station: str, beams: ComplexArray, t_data_ns: int) -> None:
        """Use beams, which go back to a measurement at `t_data_ns`, from now on."""
        self.precoders[station] = beams
        self.data_ns[station] = t_data_ns

    def scnr(self, t_ns: int) -> float:
        """SCNR of the target's echo, linear, with what is on air at t. Li et al., eq. (18)."""
        channel = self._world.channels(SENSING, t_ns)[self._world.heard_by(SENSING).index(TARGET)]
        return float(scnr(channel, self.precoders[SENSING], self._world.params.echo_gain))

    def quality_db(self, name: str, t_ns: int) -> float:
        """SINR in dB of Bob's data or a user's private stream; power over budget in dB of a station; 0 dB of others."""
        if name in self.precoders:
            return _level(float(sent_power_w(self.precoders[name])) / self._powers_mw[name])
        if name == BOB:
            return _level(self._bob(t_ns))
        users = self._world.params.users
        return _level(self._private(t_ns)[users.index(name)]) if name in users else 0.0

    def _bob(self, t_ns: int) -> float:
        channels = self._world.channels(SENSING, t_ns), self._world.channels(MULTICAST, t_ns)
        beams = self.precoders[SENSING], self.precoders[MULTICAST]
        return float(bob_sinr(reception(channels, beams, (np.zeros(2), np.zeros(2)))))

    def _private(self, t_ns: int) -> list[float]:
        count = len(self._world.params.users)
        own, foreign = (self._world.channels(name, t_ns)[-count:] for name in (MULTICAST, SENSING))
        powers = stream_powers(own, self.precoders[MULTICAST])
        # What comes after the users' streams is noise to everybody.
        noise = foreign_power(foreign, self.precoders[SENSING]) + powers[:, count + 1 :].sum(axis=-1)
        sinrs: list[float] = private_sinrs(powers[:, : count + 1], noise).tolist()
        return sinrs


def _level(ratio: float) -> float:
    return float(to_db(max(ratio, _FLOOR)))
