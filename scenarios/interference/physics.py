"""The physical world of one run of pairs: the world, the air, and everybody in it."""

import numpy as np

from entities.eavesdropper import Eavesdropper
from entities.entity import Entity
from entities.interference_pair import InterferencePair, PairRadio
from entities.pairs_air import PairsAir
from entities.pairs_params import receiver_of
from entities.pairs_world import PairsWorld
from entities.reporting import Reporting
from scenarios.interference.configure import pairs_params, power_mw
from scenarios.interference.rates import Rates
from scenarios.interference.spec import EAVESDROPPER, InterferenceSpec
from scenarios.interference.topology import propagation
from twin.emulation.plane import MessagePlane
from twin.emulation.routes import IsUp, Propagation, always_up
from twin.emulation.streams import Streams


class InterferencePhysics:
    """The pairs and the eavesdropper."""

    def __init__(self, spec: InterferenceSpec, seed: int) -> None:
        self._spec = spec
        self.world = PairsWorld(pairs_params(spec), Streams(seed))
        self.air = PairsAir(self.world)

    @property
    def propagation(self) -> Propagation:
        """Propagation delay between two sites at an instant."""
        return propagation(self.world)

    @property
    def visible(self) -> IsUp:
        """Nothing stands in a pair's way."""
        return always_up

    def entities(self, plane: MessagePlane, run_id: str) -> dict[str, Entity]:
        """The entities by name."""
        spec, kernel, reporting = self._spec, plane.kernel, Reporting(self._spec.report.period_ns)
        # Who projects prices for those who pay them must know the channels from them.
        reports = spec.twin.price_form == "projected" and spec.twin.prices == "on"
        radio = PairRadio(self.world, self.air, power_mw(spec), receiver_reports=reports)
        entities: dict[str, Entity] = {
            name: InterferencePair(
                name, kernel, (plane.port(name, run_id), plane.port(receiver_of(name), run_id)), radio, reporting
            )
            for name in spec.pair_names
        }
        return entities | {EAVESDROPPER: Eavesdropper(EAVESDROPPER, kernel, plane.port(EAVESDROPPER, run_id))}

    def age_ns(self, t_ns: int) -> int:
        """Age of the oldest measurement behind what is on air."""
        return t_ns - min(self.air.data_ns.values())

    def rate(self, t_ns: int) -> float:
        """The sum of the secrecy rates with what is on air."""
        return float(np.sum(Rates(self.world, t_ns).secrecy(*self.air.split())))
