"""What is written of the twins before a run begins: what they declare, when they crash, which clocks they have."""

from scenarios.spec import Spec
from scenarios.system import System
from twin.emulation.lives import Crash, Lives
from twin.emulation.lookahead import Declared


def declared(system: System[Spec]) -> dict[str, Declared]:
    """What the twins declare. A clock strikes on a grid: the next time may be any moment away."""
    handle_ns = system.spec.twin.cost_us.handle_ns
    clocks = system.clocks()
    return {name: Declared(handle_ns, 1 if name in clocks else None) for name in system.spec.twins}


def lives(system: System[Spec]) -> Lives:
    """The crashes of the twins, and the clocks with which they begin each life."""
    crashes: dict[str, list[Crash]] = {}
    for fault in sorted(system.spec.fault, key=lambda fault: fault.from_ns):
        crashes.setdefault(fault.twin, []).append(Crash(fault.from_ns, fault.to_ns))
    return Lives(crashes={name: tuple(each) for name, each in crashes.items()}, clocks=system.clocks())
