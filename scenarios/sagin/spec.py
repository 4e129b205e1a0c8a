"""A scenario of the space-air-ground system: what it has beside the sections of all systems."""

from pathlib import Path
from typing import Self

from pydantic import model_validator

from scenarios.cross_field import cross_field
from scenarios.problems import Source
from scenarios.sagin.spec_orbit import OrbitingSatelliteSection
from scenarios.sagin.spec_twin import SaginTwinSection
from scenarios.sagin.spec_world import (
    BaseStationSection,
    EavesdropperSection,
    RadioSection,
    UavSection,
    UsersSection,
)
from scenarios.sagin.tle_file import read_tle
from scenarios.spec import Spec
from scenarios.spec_base import Point3
from scenarios.spec_coordinated import CoordinatedSpec
from twin.errors import ScenarioError
from twin.signal.sagin import RECEIVERS, TRANSMITTERS

RESERVED_NAMES = ("gateway",)  # sites of the network that an entity's own site must not be mistaken for


class SaginSpec(CoordinatedSpec):
    """Satellite, UAV and base station, their users, and the eavesdropper. `SaginSpec()` is the default scenario."""

    system = "sagin"

    radio: RadioSection = RadioSection()
    satellite: OrbitingSatelliteSection = OrbitingSatelliteSection()
    uav: UavSection = UavSection()
    base_station: BaseStationSection = BaseStationSection()
    users: UsersSection = UsersSection()
    eavesdropper: EavesdropperSection = EavesdropperSection()
    twin: SaginTwinSection = SaginTwinSection()

    @property
    def entities(self) -> tuple[str, ...]:
        """Names of all entities, bystanders last. Each has an edge twin and a core twin."""
        return (*TRANSMITTERS, *RECEIVERS, *(user.name for user in self.users.extra))

    @classmethod
    def read_files(cls, source: Source[Self], folder: Path) -> None:
        """The file of `satellite.tle` becomes `satellite.elements`."""
        read_tle(source, folder)

    @model_validator(mode="after")
    def _check_extra_users(self) -> Self:
        taken = {*TRANSMITTERS, *RECEIVERS, *RESERVED_NAMES}
        for index, user in enumerate(self.users.extra):
            if user.name in taken:
                path = ("users", "extra", index, "name")
                raise cross_field(path, user.name, "must be a name that nothing else has")
            taken.add(user.name)
        return self

    @model_validator(mode="after")
    def _check_heights(self) -> Self:
        """Nobody is as high as the UAV: the model looks down, and no distance may be 0."""
        places: dict[tuple[str | int, ...], Point3] = {
            ("users", "positions_m", "su"): self.users.positions_m.su,
            ("users", "positions_m", "au"): self.users.positions_m.au,
            ("users", "positions_m", "gu"): self.users.positions_m.gu,
            ("eavesdropper", "position_m"): self.eavesdropper.position_m,
        }
        for index, user in enumerate(self.users.extra):
            places[("users", "extra", index, "position_m")] = user.position_m
        for path, position_m in places.items():
            if position_m[2] >= self.uav.altitude_m:
                allowed = f"must have z below uav.altitude_m, {self.uav.altitude_m:g} m"
                raise cross_field(path, position_m, allowed)
        return self

    @model_validator(mode="after")
    def _check_robust(self) -> Self:
        if self.twin.robustness != "none" and self.twin.solver != "fast":
            allowed = f'must be none or auto with twin.solver = "{self.twin.solver}": only "fast" allows for errors'
            raise cross_field(("twin", "robust"), self.twin.robust, allowed)
        return self

    @model_validator(mode="after")
    def _check_zero_forcing(self) -> Self:
        for name in TRANSMITTERS if self.twin.solver == "zf_all" else ():
            antennas = getattr(self, name).antennas
            if antennas < len(RECEIVERS):
                allowed = f'must be at least {len(RECEIVERS)} with twin.solver = "zf_all"'
                raise cross_field((name, "antennas"), antennas, allowed)
        return self


SPEC = SaginSpec


def only_sagin(spec: Spec) -> SaginSpec:
    """The scenario, if it is one of this system.

    Raises:
        ScenarioError: it is another system's.
    """
    if not isinstance(spec, SaginSpec):
        raise ScenarioError(f'scenario.system = "{spec.system}": must be "sagin" here')
    return spec
