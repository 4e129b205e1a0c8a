"""What is written of the twins before a run begins: what they declare, when they crash, which clocks they have."""

from scenarios.faults import crashes
from scenarios.spec import Spec
from scenarios.system import System
from twin.emulation.lives import Lives
from twin.emulation.lookahead import Declared


def declared(system: System[Spec]) -> dict[str, Declared]:
    """What the twins declare. A clock strikes on a grid: the next time may be any moment away."""
    handle_ns = system.spec.twin.cost_us.handle_ns
    clocks = system.clocks()
    return {name: Declared(handle_ns, 1 if name in clocks else None) for name in system.spec.twins}


def lives(system: System[Spec]) -> Lives:
    """The crashes of the twins, and the clocks with which they begin each life."""
    return Lives(crashes=crashes(system.spec.fault), clocks=system.clocks())
