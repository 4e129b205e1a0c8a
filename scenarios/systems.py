"""The systems by name. Each is a package `scenarios.<name>` that is imported when it is asked for.

`scenarios.<name>.spec` has the class of its scenarios as SPEC, `scenarios.<name>.system` its `System` as SYSTEM.
"""

import importlib
from typing import TYPE_CHECKING, Any, get_args

from scenarios.spec import Spec, SystemName

if TYPE_CHECKING:
    from scenarios.system import System


def system_names() -> tuple[str, ...]:
    """The names that `scenario.system` may have."""
    return tuple(get_args(SystemName))


def spec_class(name: str) -> type[Spec]:
    """The class of the scenarios of a system; its name must be one of `system_names`."""
    spec: type[Spec] = importlib.import_module(f"scenarios.{name}.spec").SPEC
    if not issubclass(spec, Spec):
        raise TypeError(f"scenarios.{name}.spec.SPEC: must be a class of Spec")
    return spec


def system_of(spec: Spec) -> "System[Any]":
    """The system that a scenario is of."""
    from scenarios.system import System

    system = importlib.import_module(f"scenarios.{spec.system}.system").SYSTEM(spec)
    if not isinstance(system, System):
        raise TypeError(f"scenarios.{spec.system}.system.SYSTEM: must be a class of System")
    return system
