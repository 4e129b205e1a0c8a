"""What goes wrong in a scenario, when, and for how long: facts of virtual time that everybody then has to live with."""

from typing import Literal

from pydantic import Field

from scenarios.spec_base import SpanSection


class FaultSection(SpanSection):
    """One modelled fault: a crash of a twin, which loses its state and its mail and begins anew when it is up again."""

    kind: Literal["twin_crash"] = Field(description="what goes wrong")
    twin: str = Field(description="twin that it happens to: edge:X or core:X of an entity X")
