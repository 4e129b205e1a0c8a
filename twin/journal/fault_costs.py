"""What the modelled faults of a run did, and what they cost, as the section `faults` of summary.json.

A fault's messages are counted as facts say (`facts.Struck`). Its cost is one of secrecy, of what the twins aim at: the
mean of fresh - actual over the samples of its span and of a time to recover after it, against the mean over the samples
that no fault is near. Two faults at one time share their samples: who of them cost what, nobody can say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from twin.journal.statistics import Samples, half_width
from twin.journal.tables import Tables
from twin.wire.protocol import Effect

RECOVERY_NS: Final = 100_000_000
"""Time after a fault that still counts as its own: routes come back within one epoch (100 ms)."""

_NS_PER_S: Final = 1e9


@dataclass(frozen=True, slots=True)
class FaultSpan:
    """A fault as the summary and the page speak of it: kind, what it struck, and its span in ns."""

    kind: str
    target: str
    from_ns: int
    to_ns: int


def fault_costs(
    faults: Sequence[FaultSpan], tables: Tables, times_ns: Samples, loss: Samples, end_ns: int
) -> list[dict[str, Any]]:
    """One entry per fault, in the order of the scenario.

    Args:
        faults: of the scenario.
        tables: of the run, with what was struck.
        times_ns: instants of the metrics (S,).
        loss: fresh - actual secrecy rate that the twins aim at (S,) in bit/s/Hz, NaN where it is not known.
        end_ns: of the run.
    """
    near = [_near(fault, times_ns) for fault in faults]
    calm = ~np.logical_or.reduce(near) if near else np.ones(times_ns.shape, bool)
    return [
        {
            "kind": fault.kind,
            "target": fault.target,
            "from_s": fault.from_ns / _NS_PER_S,
            "to_s": (min(fault.to_ns, end_ns) if fault.from_ns < end_ns else fault.to_ns) / _NS_PER_S,
            "messages": {effect.value: tables.struck.get((number, effect.value), 0) for effect in Effect},
            **_cost(loss[near[number]], loss[calm]),
        }
        for number, fault in enumerate(faults)
    ]


def _near(fault: FaultSpan, times_ns: Samples) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    return np.asarray((times_ns >= fault.from_ns) & (times_ns < fault.to_ns + RECOVERY_NS))


def _cost(inside: Samples, outside: Samples) -> dict[str, Any]:
    """Mean loss in and outside of a fault's time, and their difference; None where nothing was sampled."""
    means = [float(np.mean(part[np.isfinite(part)])) if np.isfinite(part).any() else None for part in (inside, outside)]
    cost = None if means[0] is None or means[1] is None else means[0] - means[1]
    return {
        "samples": int(np.isfinite(inside).sum()),
        "secrecy_loss": means[0],
        "secrecy_loss_ci95": half_width(inside),
        "secrecy_loss_outside": means[1],
        "secrecy_cost": cost,
    }
