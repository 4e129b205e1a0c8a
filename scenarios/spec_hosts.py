"""How twins are spread over hosts."""

from typing import Annotated

from pydantic import Field

from scenarios.spec_base import Section

Count = Annotated[int, Field(ge=1, le=64)]


class HostsSection(Section):
    """How many hosts share the work; nothing in a run depends on it."""

    edge: Count = Field(default=1, description="hosts among which the edge twins are spread")
    core: Count = Field(default=1, description="hosts among which the core twins are spread")
