"""The studies by name. Each lives in a module of its own, which is imported when it is asked for."""

import importlib
from typing import Final

from scenarios.studies.framework import Study
from scenarios.values import shortened
from twin.errors import UsageError

_MODULES: Final = {
    "sagin-figures": "scenarios.studies.sagin_figures",
    "prediction": "scenarios.studies.prediction",
    "staleness": "scenarios.studies.staleness",
    "placement": "scenarios.studies.placement",
    "faults": "scenarios.studies.faults",
    "interference-figures": "scenarios.studies.interference_figures",
    "price-scaling": "scenarios.studies.price_scaling",
    "price-staleness": "scenarios.studies.price_staleness",
    "hisac-staleness": "scenarios.studies.hisac_staleness",
}
"""Module of each study; it has the study as STUDY."""


def study_names() -> tuple[str, ...]:
    """The names that `find_study` knows."""
    return tuple(_MODULES)


def find_study(name: str | None) -> Study:
    """The study called `name`; None stands for a name that was not given."""
    if name is None:
        raise UsageError(f"study: needs a NAME, one of {', '.join(_MODULES)}")
    if name not in _MODULES:
        raise UsageError(f"study={shortened(name)!r}: must be one of {', '.join(_MODULES)}")
    study = importlib.import_module(_MODULES[name]).STUDY
    if not isinstance(study, Study):
        raise TypeError(f"{_MODULES[name]}.STUDY: must be a Study")
    return study
