"""What systems with a coordinator have in common: its clock, its period, and the way down."""

from scenarios.spec import Spec
from scenarios.spec_twin import CoordinatedTwinSection
from twin.emulation.lives import Clock
from twin.nodes.coordinator import SOLVE_TIMER


def clocks(twin: CoordinatedTwinSection) -> dict[str, Clock]:
    """A coordinator with a periodic trigger begins each life with its clock."""
    return {twin.coordinator: Clock(SOLVE_TIMER, twin.period_ns)} if twin.trigger == "periodic" else {}


def loop_ns(spec: Spec, twin: CoordinatedTwinSection) -> int:
    """Period of the control loop in ns: of solves with a periodic trigger, else of reports."""
    return twin.period_ns if twin.trigger == "periodic" else spec.report.period_ns


def first_hop(coordinator: str, transmitter: str) -> str:
    """To whom the coordinator hands a precoder: down through core and edge, from where it stands itself."""
    if coordinator == f"edge:{transmitter}":
        return transmitter
    if coordinator == f"core:{transmitter}":
        return f"edge:{transmitter}"
    return f"core:{transmitter}"
