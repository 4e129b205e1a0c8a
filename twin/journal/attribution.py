"""The legs of a loss, averaged: over a run for summary.json, over the time on air for the control table."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.journal.schemas import LEGS
from twin.journal.statistics import half_width

_MOST_SCALING: Final = 2.0


def loss_attribution(attribution: pa.Table, loss: float | None, samples: int) -> dict[str, Any]:
    """The keys of summary.json that tell where a mean loss over `samples` instants was lost.

    `loss_attribution` has the legs in bit/s/Hz, which sum to `loss`, `loss_attribution_ci95` their half-widths by batch
    means, `loss_attribution_samples` how many instants were divided, upon what basis and what they lost in the mean.
    Where only some instants were divided, their legs are scaled to the loss of all (a ratio estimate: legs and loss go
    up and down together). Should that be a factor below 1/2 or above 2, the few are no picture of the rest, and what
    they miss is put down to `mixing`. None where nothing was divided.
    """
    divided = attribution.num_rows
    if not divided or loss is None:
        return {"loss_attribution": None, "loss_attribution_ci95": None, "loss_attribution_samples": None}
    legs = {leg: _column(attribution, leg) for leg in LEGS}
    own = float(np.mean(_column(attribution, "loss")))
    scale = loss / own if own and divided < samples else 1.0
    if not 1.0 / _MOST_SCALING <= scale <= _MOST_SCALING:
        scale = 1.0
    means = {leg: scale * float(np.mean(values)) for leg, values in legs.items()}
    means["mixing"] += loss - sum(means.values())
    widths = {leg: half_width(values) for leg, values in legs.items()}
    bases = attribution["basis"].to_pylist()
    return {
        "loss_attribution": means,
        "loss_attribution_ci95": {leg: None if width is None else scale * width for leg, width in widths.items()},
        "loss_attribution_samples": {
            "all": samples,
            "divided": divided,
            "divided_loss": own,
            **{basis: bases.count(basis) for basis in ("counterfactual", "waiting", "unknown")},
        },
    }


def losses_on_air(
    applied_ns: NDArray[np.int64], transmitters: Sequence[str], attribution: pa.Table
) -> Iterator[dict[str, Any]]:
    """For each application, in time order: the samples while it was on air, and means of the legs."""
    times_ns = attribution["t_ns"].to_numpy()
    totals = np.array([np.concatenate(([0.0], np.cumsum(_column(attribution, leg)))) for leg in LEGS])
    low = np.searchsorted(times_ns, applied_ns)
    high = np.full_like(low, len(times_ns))
    follower: dict[str, int] = {}
    for place in reversed(range(len(transmitters))):
        if (after := follower.get(transmitters[place])) is not None:
            high[place] = low[after]
        follower[transmitters[place]] = place
    for first, last in zip(low.tolist(), high.tolist(), strict=True):
        count = max(last - first, 0)
        means = (totals[:, last] - totals[:, first]) / count if count else [None] * len(LEGS)
        legs = {f"loss_{leg}": None if mean is None else float(mean) for leg, mean in zip(LEGS, means, strict=True)}
        yield {"loss_samples": count} | legs


def _column(attribution: pa.Table, name: str) -> NDArray[np.float64]:
    return np.asarray(attribution[name].to_numpy(), dtype=np.float64)
