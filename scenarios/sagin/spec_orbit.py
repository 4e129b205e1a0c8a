"""The satellite's orbit as keys: elements, where on Earth, above which mask, and when on a pass a run begins."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from entities.mobility.elements import DEFAULT_ELEMENTS, Elements
from scenarios.cross_field import cross_field
from scenarios.sagin.spec_world import SatelliteSection
from scenarios.spec_base import PointDeg
from twin.errors import ScenarioError

MAX_GATEWAYS = 16
YEARS = range(1957, 2101)
UTC_PATTERN = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z)?", re.ASCII)


class OrbitingSatelliteSection(SatelliteSection):
    """The satellite, at rest or in orbit."""

    orbit: Literal["static", "sgp4"] = Field(
        default="static", description="at rest at height_km, or in the orbit of a two-line element set"
    )
    tle: str = Field(
        default="",
        description="file with one element set, sought beside the scenario's file and then in the working folder",
    )
    elements: str = Field(
        default=DEFAULT_ELEMENTS, description="the element set itself, two lines; CBERS-2 of 2006, or what tle names"
    )
    site_deg: PointDeg = Field(default=(34.2, 108.9), description="latitude and longitude of the origin")
    gateways_deg: Annotated[tuple[PointDeg, ...], Field(strict=False)] = Field(
        default=(),
        min_length=0,
        max_length=MAX_GATEWAYS,
        description="latitudes and longitudes of gateways to the satellite; none: one at the origin",
    )
    mask_deg: float = Field(
        default=10.0,
        ge=0,
        le=89,
        description="elevation below which the beam is off and links to the satellite are down",
    )
    from_utc: str = Field(
        default="",
        description='instant that passes are counted from, as in 2006-06-28T03:00Z; "": epoch of the elements',
    )
    pass_number: int = Field(
        default=0, ge=0, le=1000, description="pass that is run, counted from 1; 0: the highest of the first two days"
    )
    start: Literal["culmination", "rise", "set", "utc"] = Field(
        default="culmination", description="where on the pass virtual time begins; utc: at from_utc, whatever the pass"
    )
    start_s: float = Field(default=0.0, ge=-86_400, le=86_400, description="how much later than there it begins")

    @property
    def idle_keys(self) -> frozenset[str]:
        """Keys that change nothing in a run: where elements were read, and what a satellite at rest has no use for."""
        orbital = OrbitingSatelliteSection.model_fields.keys() - SatelliteSection.model_fields.keys()
        return frozenset(orbital) if self.orbit == "static" else frozenset({"tle"})

    @property
    def element_set(self) -> Elements:
        """The elements as they propagate."""
        return Elements.parse(self.elements)

    @property
    def search_from(self) -> datetime:
        """The instant that passes are counted from."""
        return datetime.fromisoformat(self.from_utc) if self.from_utc else self.element_set.epoch

    @field_validator("from_utc", mode="before")
    @classmethod
    def _from_toml(cls, value: object) -> object:
        """A date and time without quotes is a type of its own in TOML."""
        if isinstance(value, datetime) and value.utcoffset() is not None:
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return value

    @model_validator(mode="after")
    def _check_elements(self) -> Self:
        if self.tle and "elements" not in self.model_fields_set:
            raise cross_field(
                ("satellite", "tle"), self.tle, "names a file that was not read: elements must come with it"
            )
        try:
            Elements.parse(self.elements)
        except ScenarioError as error:
            raise cross_field(("satellite", "elements"), self.elements, str(error)) from None
        return self

    @model_validator(mode="after")
    def _check_from_utc(self) -> Self:
        if not UTC_PATTERN.fullmatch(self.from_utc):
            raise cross_field(("satellite", "from_utc"), self.from_utc, "must be UTC as in 2006-06-28T03:00Z, or empty")
        try:
            year = self.search_from.year
        except ValueError:
            raise cross_field(("satellite", "from_utc"), self.from_utc, "must be a date and time that exist") from None
        if year not in YEARS:
            allowed = f"must lie in the years {YEARS.start} to {YEARS.stop - 1}"
            raise cross_field(("satellite", "from_utc"), self.from_utc, allowed)
        return self
