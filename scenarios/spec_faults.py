"""What goes wrong in a scenario, when, and for how long: facts of virtual time that everybody then has to live with."""

from typing import Literal

from pydantic import Field

from scenarios.spec_base import Section
from twin.signal.units import to_ns


class FaultSection(Section):
    """One modelled fault: a crash of a twin, which loses its state and its mail and begins anew when it is up again."""

    kind: Literal["twin_crash"] = Field(description="what goes wrong")
    twin: str = Field(description="twin that it happens to: edge:X or core:X of an entity X")
    from_s: float = Field(ge=0, le=3600, description="when the twin goes down")
    to_s: float = Field(ge=0, le=3600, description="when it begins anew; must be more than from_s")

    @property
    def from_ns(self) -> int:
        """When the twin goes down, in ns."""
        return to_ns(self.from_s)

    @property
    def to_ns(self) -> int:
        """When it begins anew, in ns."""
        return to_ns(self.to_s)
