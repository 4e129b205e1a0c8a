"""What prices cost on the wire, against sending all channels to one place."""

from collections.abc import Iterator, Mapping
from typing import Any


def economy(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The line about prices, of a run that has sent any: a round of turns, and what one place would need to decide."""
    prices = summary.get("prices")
    if not prices:
        return
    each = f"{prices['messages_per_round']:.0f} of {prices['bytes_mean']:.0f} bytes"
    there = (
        f"every report of channels to one place and precoders back: {prices['central_bytes_per_round'] / 1e3:.1f} kB"
    )
    yield "prices", f"{prices['bytes_per_round'] / 1e3:.1f} kB a round, {each}; {there}"
