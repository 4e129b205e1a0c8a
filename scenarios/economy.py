"""What prices cost on the wire, against sending all channels to one place."""

from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.terminal import grouped


def economy(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The line about prices, of a run that has sent any.

    A round is one turn of every pair. The price of all channels at one place is one report of every transmitter and
    one precoder back to it, once per round.
    """
    kinds, users = summary.get("bytes_by_kind") or {}, len(summary.get("secrecy") or {})
    price, turns = kinds.get("price"), summary["solves"]["count"]
    if not price or not turns or not users:
        return
    rounds = turns / users
    here = price["bytes"] / rounds / 1e3
    text = f"{grouped(price['messages'])} of {_mean(price):.0f} bytes, {here:.1f} kB per round"
    reports = [kinds[kind] for kind in ("csi", "precoder") if kind in kinds]
    if len(reports) == 2:
        there = users * sum(map(_mean, reports)) / 1e3
        text += f"; all channels to one place and precoders back: {there:.1f} kB"
    yield "prices", text


def _mean(kind: Mapping[str, int]) -> float:
    """Bytes of one message of a kind."""
    return kind["bytes"] / kind["messages"]
