"""A scenario of a system in which one twin solves for all transmitters."""

from typing import Self

from pydantic import model_validator

from scenarios.spec import Spec
from scenarios.spec_twin import CoordinatedTwinSection


class CoordinatedSpec(Spec):
    """What such scenarios have beside the sections of all."""

    twin: CoordinatedTwinSection

    @model_validator(mode="after")
    def _check_coordinator(self) -> Self:
        self.check_twin(("twin", "coordinator"), self.twin.coordinator)
        return self

    @property
    def loop_ns(self) -> int:
        """Period of the control loop in ns: of solves with a periodic trigger, else of reports."""
        return self.twin.period_ns if self.twin.trigger == "periodic" else self.report.period_ns
