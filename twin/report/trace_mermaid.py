"""One control cycle, or the story of one precoder, as a Mermaid sequence diagram.

Arrows stand in the order of sending and say kind, size and latency; a lost or dropped message ends in a cross, one that
is still on its way in an open head. Notes tell what was solved and what went on air. Times are in ms since the first
message was sent.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from twin.report.selection import Selection
from twin.report.steps import entity_of, side_rank
from twin.wire.protocol import Fate

MAX_MESSAGES: Final = 60
_ARROWS: Final = {Fate.DELIVERED: "->>", Fate.LOST: "-x", Fate.DROPPED: "-x", Fate.IN_FLIGHT: "--)"}
_MS: Final = 1e-6


def mermaid_trace(selection: Selection) -> str:
    """The diagram.

    Raises:
        UsageError: the selection has more messages than a diagram can hold.
    """
    selection.require_at_most(MAX_MESSAGES, "a diagram")
    messages = selection.messages.to_pylist()
    zero_ns = min((row["t_send_ns"] for row in messages), default=0)
    aliases = _aliases(messages)
    lines = ["---", f"title: {selection.name}, from {zero_ns} ns", "---", "sequenceDiagram", *_participants(aliases)]
    events = [*_arrows(messages, aliases, zero_ns), *_notes(selection, aliases, zero_ns)]
    # Python's sort is stable: what happens at one instant stays as it was sent, before what is noted of it.
    lines += [f"    {line}" for _, line in sorted(events, key=lambda event: event[0])]
    return "\n".join(lines) + "\n"


def _aliases(messages: list[dict[str, Any]]) -> dict[str, str]:
    """A name that Mermaid can read for everyone: entities as they first speak, each with its edge and core twin."""
    names = list(dict.fromkeys(name for row in messages for name in (row["src"], row["dst"])))
    first = list(dict.fromkeys(map(entity_of, names)))
    names.sort(key=lambda name: (first.index(entity_of(name)), side_rank(name)))
    return {name: f"p{number}" for number, name in enumerate(names)}


def _participants(aliases: dict[str, str]) -> Iterator[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name in aliases:
        groups[entity_of(name)].append(name)
    for entity, names in groups.items():
        yield f"    box transparent {entity}"
        yield from (f"        participant {aliases[name]} as {name}" for name in names)
        yield "    end"


def _arrows(messages: list[dict[str, Any]], aliases: dict[str, str], zero_ns: int) -> Iterator[tuple[int, str]]:
    for row in messages:
        ends = f"{aliases[row['src']]}{_ARROWS[Fate(row['fate'])]}{aliases[row['dst']]}"
        yield row["t_send_ns"], f"{ends}: {_ms(row['t_send_ns'] - zero_ns)} {row['kind']} {row['bytes']} B, {_end(row)}"


def _end(row: dict[str, Any]) -> str:
    if row["fate"] == Fate.IN_FLIGHT:
        return "on its way"
    took = f"{_ms(row['t_end_ns'] - row['t_send_ns'])} ms"
    if row["fate"] == Fate.DELIVERED:
        return f"took {took}"
    where = row["dst"] if row["begin_ns"] is not None else row["hops"][-1]["link"] if row["hops"] else row["src"]
    return f"{row['fate']} after {took} ({row['reason']}, {where})"


def _notes(selection: Selection, aliases: dict[str, str], zero_ns: int) -> Iterator[tuple[int, str]]:
    for solve in selection.solves.to_pylist():
        if solve["node"] in aliases:
            took = f"{_ms(solve['finish_ns'] - solve['begin_ns'])} ms, {solve['iterations']} iterations"
            text = f"{_ms(solve['begin_ns'] - zero_ns)} solve of version {solve['version']}: {solve['status']}, {took}"
            yield solve["begin_ns"], f"Note over {aliases[solve['node']]}: {text}"
    for span in selection.spans.to_pylist():
        if span["transmitter"] in aliases:
            age = f"age {_ms(span['age_at_application_ns'])} ms"
            text = f"{_ms(span['since_ns'] - zero_ns)} version {span['version']} on air, {age}"
            yield span["since_ns"], f"Note over {aliases[span['transmitter']]}: {text}"


def _ms(t_ns: int) -> str:
    return f"{t_ns * _MS:.3f}"
