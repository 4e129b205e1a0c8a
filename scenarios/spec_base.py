"""What every section of a scenario shares: strict frozen models, annotated types, times in nanoseconds."""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SerializationInfo, SerializerFunctionWrapHandler, model_serializer

from twin.signal.units import to_ns

_IDENTITY = {"identity": True}  # context of a dump
COORDINATE_LIMIT_M = 100_000.0
HEIGHT_LIMIT_M = 5_000.0
MAX_ANTENNAS = 64
MAX_EXTRA_USERS = 1000
MAX_WAYPOINTS = 10_000

Coordinate = Annotated[float, Field(ge=-COORDINATE_LIMIT_M, le=COORDINATE_LIMIT_M)]
Height = Annotated[float, Field(ge=0, le=HEIGHT_LIMIT_M)]
# TOML has lists only: tuples are read from them (strict = False here), their items stay strict.
Point2 = Annotated[tuple[Coordinate, Coordinate], Field(strict=False)]
Point3 = Annotated[tuple[Coordinate, Coordinate, Height], Field(strict=False)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
PointDeg = Annotated[tuple[Latitude, Longitude], Field(strict=False)]


class Section(BaseModel):
    """A frozen section: an unknown key, a loose type or a number that is not finite is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    unsaid: ClassVar[frozenset[str]] = frozenset()
    """Features that came later and are off by default: no part of a scenario's identity while they are."""

    def identity(self) -> dict[str, Any]:
        """The data that name this scenario: all of it but features that are off.

        A scenario that does not use a feature is still called (run id) what it was called before there was one.
        """
        return self.model_dump(mode="json", context=_IDENTITY)

    @model_serializer(mode="wrap")
    def _leave_out(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        if info.context is not _IDENTITY:
            return data
        idle = self.idle_keys
        return {name: value for name, value in data.items() if name not in idle}

    @property
    def idle_keys(self) -> frozenset[str]:
        """Keys that change nothing in a run: features that are off."""
        fields = type(self).model_fields
        return frozenset(name for name in self.unsaid if getattr(self, name) == fields[name].get_default())


class SpanSection(Section):
    """Something that lasts from one instant to another."""

    from_s: float = Field(ge=0, le=3600, description="when it goes down")
    to_s: float = Field(ge=0, le=3600, description="when it is up again; must be more than from_s")

    @property
    def from_ns(self) -> int:
        """First instant in ns."""
        return to_ns(self.from_s)

    @property
    def to_ns(self) -> int:
        """First instant in ns at which it is over."""
        return to_ns(self.to_s)


def ms_to_ns(milliseconds: float) -> int:
    """Milliseconds as whole nanoseconds, rounded to the nearest one."""
    return to_ns(milliseconds * 1e-3)


def us_to_ns(microseconds: float) -> int:
    """Microseconds as whole nanoseconds, rounded to the nearest one."""
    return to_ns(microseconds * 1e-6)
