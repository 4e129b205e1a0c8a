"""Users and bystanders of any network: they walk, measure their link, and report."""

from entities.entity import Entity, Port
from entities.reporting import Hearing, Places, Reporting, state_letter
from twin.emulation.kernel import Kernel, Process


class User(Entity):
    """A user: reports position, velocity and the SINR it measures."""

    def __init__(
        self, name: str, kernel: Kernel, port: Port, world: Places, air: Hearing, reporting: Reporting
    ) -> None:
        super().__init__(name, kernel, port)
        self.world = world
        self.air = air
        self.reporting = reporting

    def run(self) -> Process:
        """Report, once per cycle."""
        while True:
            now = self.kernel.now_ns
            self.port.send(state_letter(self.world, self.air, self.name, now, self.reporting.cycle(now)))
            yield self.kernel.sleep(self.name, self.reporting.period_ns)
