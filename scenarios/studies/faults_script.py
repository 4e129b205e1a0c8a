"""Random scripts of faults: what goes wrong in a short run of a system, drawn from a seed.

A script is a few settings of the network and some faults, of every kind, on links, sites, entities and twins of the
system, so short and so strong that something happens. Any two of them may overlap but those that a scenario refuses.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from scenarios.link_names import JOIN
from scenarios.load import load
from scenarios.spec import Spec
from scenarios.spec_faults import KINDS, AnyFault, FaultSection, check_faults
from scenarios.spec_links import LINK_CLASSES
from scenarios.systems import system_of
from twin.emulation.streams import Streams

DURATION_S: Final = 0.04
MOST_FAULTS: Final = 6

_SHORT: Final = (f"scenario.duration_s={DURATION_S}", "metrics.warmup_ms=10", "report.period_ms=10")
_SMALL: Final = {"interference": ("pairs.count=3",)}
_NETWORK: Final = (
    "network.radio.loss=0.1",
    "network.backhaul.loss=0.05",
    "network.fronthaul.queue_max=2",
    "network.core.jitter_ms=0",
    "network.backhaul.latency_ms=0",
    "network.radio.arq={csi=2, precoder=1, timeout_ms=1}",
    "network.core.arq={share=1}",
    'network.backhaul.priority=["precoder"]',
)
_FAULT: Final[TypeAdapter[AnyFault]] = TypeAdapter(FaultSection)

Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """A run in which things go wrong: the built-in scenario, the settings on top of it, and the seed of the run."""

    scenario: str
    sets: tuple[str, ...]
    seed: int

    def spec(self) -> Spec:
        """The scenario with the settings."""
        return load(self.scenario, self.sets)


@dataclass(frozen=True, slots=True)
class _Names:
    """What there is to be struck in a scenario."""

    links: tuple[str, ...]
    sites: tuple[str, ...]
    entities: tuple[str, ...]
    twins: tuple[str, ...]


def script(scenario: str, seed: int) -> Script:
    """The script of a seed for a built-in scenario."""
    rng = Streams(seed).generator("fault script", scenario)
    names, network = _names(scenario), [setting for setting in _NETWORK if rng.random() < 0.2]
    faults: list[AnyFault] = []
    tables: list[Table] = []
    for _ in range(int(rng.integers(1, MOST_FAULTS + 1))):
        table = _fault(rng, names)
        fault = _FAULT.validate_python(table)
        if _fits([*faults, fault], names.entities):
            faults.append(fault)
            tables.append(table)
    return Script(scenario, (*_base(scenario), *network, f"fault={_toml(tables)}"), seed)


def _base(scenario: str) -> tuple[str, ...]:
    return (*_SHORT, *_SMALL.get(scenario, ()))


@lru_cache(maxsize=8)
def _names(scenario: str) -> _Names:
    system = system_of(load(scenario, _base(scenario)))
    graph = system.graph()
    links = tuple(JOIN.join(pair) for pair in graph.edges)
    return _Names(links, tuple(graph), system.spec.entities, system.spec.twins)


def _fits(faults: Sequence[AnyFault], entities: Sequence[str]) -> bool:
    """Whether a scenario takes the faults beside one another."""
    try:
        check_faults(faults, entities)
    except PydanticCustomError:
        return False
    return True


def _fault(rng: np.random.Generator, names: _Names) -> Table:
    """One fault, with times in whole microseconds."""
    begin_us = int(rng.integers(0, round(DURATION_S * 1e6)))
    length_us = int(10 ** rng.uniform(2.0, 4.5))
    kind = str(rng.choice(KINDS))
    span = {"from_s": begin_us / 1e6, "to_s": (begin_us + length_us) / 1e6}
    return {"kind": kind, **span, **_KEYS[kind](rng, names)}


def _link(rng: np.random.Generator, names: _Names) -> Table:
    one_of = names.links if rng.random() < 0.5 else LINK_CLASSES
    return {"link": str(rng.choice(one_of))}


def _share(rng: np.random.Generator) -> Table:
    return {"share": float(rng.choice((0.2, 0.6, 1.0)))}


def _delay(rng: np.random.Generator) -> Table:
    return {"delay_ms": round(float(10 ** rng.uniform(-3.0, 1.5)), 3)}


def _replay(rng: np.random.Generator, names: _Names) -> Table:
    entity = {"entity": str(rng.choice(names.entities))}
    return {**(entity if rng.random() < 0.3 else _link(rng, names)), **_share(rng), **_delay(rng)}


def _partition(rng: np.random.Generator, names: _Names) -> Table:
    count = int(rng.integers(1, min(4, len(names.sites))))
    return {"sites": sorted(str(site) for site in rng.choice(names.sites, count, replace=False))}


def _skew(rng: np.random.Generator, names: _Names) -> Table:
    drift_ppm = float(rng.choice((-90_000.0, 0.0, 200.0, 90_000.0)))
    offset_ms = round(float(rng.uniform(-20.0, 20.0)), 3)
    return {"entity": str(rng.choice(names.entities)), "offset_ms": offset_ms, "drift_ppm": drift_ppm}


_KEYS: Final[dict[str, Callable[[np.random.Generator, _Names], Table]]] = {
    "loss_burst": lambda rng, names: _link(rng, names) | _share(rng),
    "duplication": lambda rng, names: _link(rng, names) | _share(rng),
    "reordering": lambda rng, names: _link(rng, names) | _share(rng) | _delay(rng),
    "delay_spike": lambda rng, names: _link(rng, names) | _delay(rng),
    "replay": _replay,
    "link_outage": _link,
    "partition": _partition,
    "twin_crash": lambda rng, names: {"twin": str(rng.choice(names.twins))},
    "clock_skew": _skew,
}


def _toml(tables: Sequence[Table]) -> str:
    """Tables as one TOML value."""
    rows = (", ".join(f"{key}={json.dumps(value)}" for key, value in table.items()) for table in tables)
    return "[" + ", ".join(f"{{{row}}}" for row in rows) + "]"
