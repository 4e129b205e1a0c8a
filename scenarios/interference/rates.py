"""What the pairs get in the true channels of one instant; Kong et al., eqs (5)-(12)."""

import numpy as np

from entities.pairs_world import PairsWorld
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.interference_channel import eve_rates, user_rates


class Rates:
    """The true channels of an instant, and what precoders are worth in them.

    A pair that the eavesdropper does not attack at this instant loses nothing to her: its secrecy rate is its rate.
    """

    def __init__(self, world: PairsWorld, t_ns: int) -> None:
        self.channels = world.channels(t_ns)
        self.eve_channels = world.eve_channels(t_ns)
        self._attacked = world.attacked(t_ns)

    def users(self, q: ComplexArray, an: ComplexArray) -> RealArray:
        """Achievable rates (K,) in bit/s/Hz."""
        return user_rates(self.channels, q, an)

    def eves(self, q: ComplexArray, an: ComplexArray) -> RealArray:
        """The eavesdropper's rates (K,) on those that she attacks, in bit/s/Hz."""
        return np.asarray(self._attacked * eve_rates(self.eve_channels, q, an))

    def secrecy(self, q: ComplexArray, an: ComplexArray) -> RealArray:
        """Secrecy rates [C_R - C_E]+ (K,) in bit/s/Hz; a pair without any sends no secrets."""
        return np.asarray(np.maximum(self.users(q, an) - self.eves(q, an), 0.0))
