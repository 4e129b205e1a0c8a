"""A story as lines of text, 100 columns wide where names are not longer than usual, and as JSON.

Times are in ms of virtual time since the measurement with which the critical path began; a line of that path begins
with `*`. Under each message stands a line for every link that it crossed, with the four parts of its latency there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from math import isfinite
from textwrap import wrap
from typing import Any, Final

from msgspec import Struct, structs

from twin.report.air import OnAir
from twin.report.solves import Solve
from twin.report.steps import Step
from twin.report.story import Delivery, Ending, Input, Story

WIDTH: Final = 64
"""Columns of text before the numbers."""

COLUMN: Final = 9
MAX_WIDTH: Final = WIDTH + 4 * COLUMN
_MS: Final = 1e-6


class Style(StrEnum):
    """What a line is."""

    TITLE = "title"
    HEAD = "head"
    PLAIN = "plain"
    CRITICAL = "critical"
    DETAIL = "detail"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Line:
    """A line and what it is."""

    text: str
    style: Style = Style.PLAIN


def story_lines(story: Story) -> Iterator[Line]:
    """The whole story, without the address of its page."""
    up = story.critical_input
    zero_ns = story.data_ns if up is None else up.steps[0].sent_ns
    yield Line(_title(story), Style.TITLE)
    yield from map(Line, _second_lines(story))
    yield Line("")
    yield Line(_row(f"ms since {_exact_ms(zero_ns)} ms; * critical path", *_HEADS), Style.HEAD)
    yield Line(_row("    each link crossed, and how long it took", *_LINK_HEADS), Style.HEAD)
    for each in story.inputs:
        yield Line("")
        yield from _input_lines(each, story, zero_ns)
    yield Line("")
    yield from _solve_lines(story, zero_ns)
    for delivery in story.deliveries:
        yield Line("")
        yield from _delivery_lines(delivery, zero_ns)


def story_json(story: Story) -> dict[str, Any]:
    """The same as data: every instant exact, in ns of virtual time."""
    return {
        "version": story.solve.version,
        "link": story.link,
        "data_ns": story.data_ns,
        "solve": {**_plain(story.solve), **{name: _finite(getattr(story.solve, name)) for name in _FLOATS}},
        "solve_seen": story.seen,
        "inputs": [{"source": each.source, **_plain(each)} for each in story.inputs],
        "deliveries": [{**_plain(each), "held_ns": each.held_ns} for each in story.deliveries],
        "critical_path_ns": story.breakdown_ns(),
        "message_ids": sorted(story.message_ids),
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a story holds
    """The same as maps, lists and plain values."""
    if isinstance(value, Struct):
        return structs.asdict(value)
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


_FLOATS: Final = ("objective", "violation", "wall_us")


def _finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if value is not None and isfinite(value) else None


_HEADS: Final = ("sent", "arrived", "handled", "age")
_LINK_HEADS: Final = ("queue", "serial.", "propag.", "jitter")


def _title(story: Story) -> str:
    solve, ages = story.solve, [each.on_air.age_ns for each in story.deliveries if each.on_air is not None]
    name = f"Version {solve.version} of {solve.node}"
    if not story.seen:
        return f"{name}: the run ended before the solve was done."
    if not story.deliveries:
        return f"{name}: the solve ended as {solve.status}, and nothing was sent."
    if not ages:
        return f"{name} never went on air."
    oldest, youngest = _ms(max(ages)), _ms(min(ages))
    span = oldest if oldest == youngest else f"{youngest} to {oldest}"
    return f"{name} went on air {span} ms after its oldest measurement."


def _second_lines(story: Story) -> Iterator[str]:
    """Where it went on air if not everywhere, and where the time went."""
    on = [each.transmitter for each in story.deliveries if each.on_air is not None]
    off = [each.transmitter for each in story.deliveries if each.on_air is None]
    if on and off:
        yield f"On air at {_joined(on)}; never at {_joined(off)}."
    parts = story.breakdown_ns()
    if parts:
        shown = sorted(((name, ns) for name, ns in parts.items() if ns), key=lambda part: -part[1])
        text = f"Critical path {_ms(sum(parts.values()))} ms: {', '.join(f'{name} {_ms(ns)}' for name, ns in shown)}."
        yield from wrap(text, MAX_WIDTH, subsequent_indent="  ")


def _input_lines(each: Input, story: Story, zero_ns: int) -> Iterator[Line]:
    style = Style.CRITICAL if each.critical else Style.PLAIN
    waits = "came last" if each.critical else f"waited {_ms(each.waited_ns)} ms for the others"
    if each.critical and each.waited_ns:
        waits = f"came last, waited {_ms(each.waited_ns)} ms for the timer"
    ages = {other.last.data_ns for other in story.inputs}
    oldest = ", the oldest data" if len(ages) > 1 and each.last.data_ns == story.data_ns else ""
    yield Line(f"{_mark(each.critical)}input of {each.source}: {waits}{oldest}", style)
    for step in each.steps:
        yield from _step_lines(step, zero_ns, each.critical)


def _solve_lines(story: Story, zero_ns: int) -> Iterator[Line]:
    solve = story.solve
    times = ("", _since(solve.begin_ns, zero_ns), _since(solve.finish_ns, zero_ns))
    yield Line(_row(f"* solve by {solve.node}, begun and done", *times), Style.CRITICAL)
    yield Line(f"    {_solve_facts(solve)}")
    wall = "" if solve.wall_us is None else f", {solve.wall_us / 1e3:.1f} ms of wall time"
    yield Line(
        f"    objective {solve.objective:.3f}, violation {solve.violation:.2g}, cost {_ms(solve.cost_ns)} ms{wall}"
    )


def _solve_facts(solve: Solve) -> str:
    iterations = f"{solve.iterations} iteration{'' if solve.iterations == 1 else 's'}"
    return f"{solve.problem} by {solve.method}, trigger {solve.trigger}: {solve.status} after {iterations}"


def _delivery_lines(each: Delivery, zero_ns: int) -> Iterator[Line]:
    style = Style.CRITICAL if each.critical else Style.PLAIN if each.on_air else Style.FAILURE
    yield Line(f"{_mark(each.critical)}precoder of {each.transmitter}: {_fate(each, zero_ns)}", style)
    for step in each.steps:
        yield from _step_lines(step, zero_ns, each.critical)
    if each.ending in {Ending.LOST, Ending.DROPPED}:
        yield Line(f"    {each.ending} {f'at {each.where}' if each.where else 'on its way'}", style)
    if each.held_ns:
        yield Line(f"    held {_ms(each.held_ns)} ms {_held_for(each, zero_ns)}")
    if each.on_air is not None:
        text = f"{_mark(each.critical)}on air for {_ms(each.on_air.lasted_ns)} ms"
        yield Line(_row(text, "", _since(each.ended_ns, zero_ns), "", _ms(each.on_air.age_ns)), style)
    elif each.instead is not None:
        yield Line(f"    instead on air: {_instead(each.instead, zero_ns)}", style)


def _fate(each: Delivery, zero_ns: int) -> str:
    at = f"at {_since(each.ended_ns, zero_ns)}"
    match each.ending:
        case Ending.APPLIED:
            return "on air"
        case Ending.LOST | Ending.DROPPED:
            return f"{each.ending} {at} ({each.steps[-1].reason})"
        case Ending.SUPERSEDED:
            return f"arrived, but a newer version went on air first, {at}"
        case Ending.HELD:
            return "arrived, and still held when the run ended"
        case _:
            return "still on its way when the run ended"


def _held_for(each: Delivery, zero_ns: int) -> str:
    """Why a precoder that had arrived was not on air yet."""
    release = each.release
    if release is None:
        return "until its scheduled instant" if each.on_air else "for a command that was never sent"
    if release.arrived_ns is None:
        lost = f"was {release.fate} ({release.reason})" if release.reason else "was still on its way"
        return f"for the command of {release.src}, which {lost}"
    if each.on_air and release.arrived_ns < each.ended_ns:
        return "until its scheduled instant"
    return f"for the command of {release.src}, which came at {_since(release.arrived_ns, zero_ns)}"


def _instead(other: OnAir, zero_ns: int) -> str:
    name = f"version {other.version}" if other.version else "local MRT"
    span = f"from {_since(other.since_ns, zero_ns)} to {_since(other.until_ns, zero_ns)}"
    return f"{name}, measured at {_since(other.data_ns, zero_ns)}, {span}"


def _step_lines(step: Step, zero_ns: int, critical: bool) -> Iterator[Line]:
    style = Style.CRITICAL if critical else Style.PLAIN if step.delivered else Style.FAILURE
    kind = f"{step.kind:<9}" if len(step.kind) < 9 else f"{step.kind} "
    text = f"{_mark(critical)}  {kind}{step.src} -> {step.dst}"
    arrived = "-" if step.arrived_ns is None else _since(step.arrived_ns, zero_ns)
    age = "-" if step.arrived_ns is None else _ms(step.arrived_ns - step.data_ns)
    handled = "-" if step.finish_ns is None else _since(step.finish_ns, zero_ns)
    text = f"{text:<{WIDTH - COLUMN}}{f'{step.size_bytes} B':>{COLUMN}}"
    yield Line(_row(text, _since(step.sent_ns, zero_ns), arrived, handled, age), style)
    for hop in step.hops:
        parts = (hop.queue_ns, hop.serialisation_ns, hop.propagation_ns, hop.jitter_ns)
        yield Line(_row(f"      {hop.link}", *map(_ms, parts)), Style.DETAIL)
    if step.mailbox_ns:
        yield Line(f"      waited {_ms(step.mailbox_ns)} ms in the mailbox of {step.dst}", Style.DETAIL)


def _row(text: str, *numbers: str) -> str:
    return f"{text:<{WIDTH}}{''.join(f'{number:>{COLUMN}}' for number in numbers)}".rstrip()


def _mark(critical: bool) -> str:
    return "* " if critical else "  "


def _ms(t_ns: int) -> str:
    return f"{t_ns * _MS:.3f}"


def _since(t_ns: int, zero_ns: int) -> str:
    return _ms(t_ns - zero_ns)


def _exact_ms(t_ns: int) -> str:
    return f"{t_ns // 10**6}.{t_ns % 10**6:06d}"


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
