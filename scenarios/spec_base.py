"""What every section of a scenario shares: strict frozen models, annotated types, times in nanoseconds."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from twin.signal.units import to_ns

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


class Section(BaseModel):
    """A frozen section: an unknown key, a loose type or a number that is not finite is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def ms_to_ns(milliseconds: float) -> int:
    """Milliseconds as whole nanoseconds, rounded to the nearest one."""
    return to_ns(milliseconds * 1e-3)


def us_to_ns(microseconds: float) -> int:
    """Microseconds as whole nanoseconds, rounded to the nearest one."""
    return to_ns(microseconds * 1e-6)
