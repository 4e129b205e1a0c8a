"""What is on air: the precoders that the transmitters use at this instant, and the quality that users measure."""

from collections.abc import Mapping

import numpy as np

from entities.world import World
from twin.signal.sagin import SERVES, TRANSMITTERS, USERS
from twin.signal.sinr import received_powers, user_sinrs
from twin.signal.units import to_db
from twin.wire.messages import ComplexArray, RealArray

# A receiver reports nothing below this level: log of zero is no report.
_FLOOR = 1e-9


class Air:
    """The precoders in use, and what the users hear of them at the instant at which somebody asks."""

    def __init__(self, world: World, antennas: Mapping[str, int], powers_mw: Mapping[str, float]) -> None:
        self._world = world
        self._powers_mw = dict(powers_mw)
        self.precoders: dict[str, ComplexArray] = {
            name: np.zeros(antennas[name], dtype=np.complex128) for name in TRANSMITTERS
        }
        self.data_ns: dict[str, int] = dict.fromkeys(TRANSMITTERS, 0)
        self._sinrs: tuple[int, RealArray] = (-1, np.zeros(len(USERS)))

    def put(self, transmitter: str, vector: ComplexArray, t_data_ns: int) -> None:
        """Use `vector`, which goes back to a measurement at `t_data_ns`, from now on."""
        self.precoders[transmitter] = vector
        self.data_ns[transmitter] = t_data_ns
        self._sinrs = (-1, self._sinrs[1])

    def sinrs(self, t_ns: int) -> RealArray:
        """SINRs of the three users at `t_ns` with what is on air. Yin et al., eqs (8)-(10)."""
        if self._sinrs[0] != t_ns:
            channels = [self._world.channels(name, t_ns) for name in TRANSMITTERS]
            powers = received_powers(channels, [self.precoders[name] for name in TRANSMITTERS])
            self._sinrs = (t_ns, user_sinrs(powers))
        return self._sinrs[1]

    def quality_db(self, name: str, t_ns: int) -> float:
        """SINR in dB of a served user; transmit power over budget in dB of a transmitter; 0 dB of a bystander."""
        if name in USERS:
            return float(to_db(max(float(self.sinrs(t_ns)[USERS.index(name)]), _FLOOR)))
        if name in SERVES:
            power = float(np.vdot(self.precoders[name], self.precoders[name]).real)
            return float(to_db(max(power / self._powers_mw[name], _FLOOR)))
        return 0.0
