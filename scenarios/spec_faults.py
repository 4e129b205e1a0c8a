"""What goes wrong in a scenario, when, and for how long: facts of virtual time that everybody then has to live with.

A fault is a table whose `kind` says which other keys it has. What it strikes is named by one of them: `link` (a class
of links, or one by its two sites), `sites`, `entity` or `twin`. Whether the network has such links and sites is not for
a scenario alone to say: see `scenarios.faults`.
"""

from collections.abc import Collection, Sequence
from typing import Annotated, Literal, get_args

from pydantic import Field

from scenarios.cross_field import cross_field
from scenarios.spec_base import Section, ms_to_ns
from twin.signal.units import to_ns

MAX_SITES = 100

Link = Annotated[str, Field(max_length=200, description="class of links, or one link by its two sites: both ways")]
Share = Annotated[float, Field(ge=0, le=1, description="probability that a message in its span is struck")]
Entity = Annotated[str, Field(max_length=64, description="entity that it happens to")]


class Fault(Section):
    """What every fault has: a span, and something that it strikes."""

    from_s: float = Field(ge=0, le=3600, description="when it begins")
    to_s: float = Field(ge=0, le=3600, description="when it is over; must be more than from_s")

    @property
    def from_ns(self) -> int:
        """First instant in ns."""
        return to_ns(self.from_s)

    @property
    def to_ns(self) -> int:
        """First instant in ns at which it is over."""
        return to_ns(self.to_s)


class DelayingFault(Fault):
    """A fault that makes some messages come later."""

    delay_ms: float = Field(ge=0, le=60_000, description="how much later a message comes")

    @property
    def delay_ns(self) -> int:
        """Delay in ns, the greatest one where they differ."""
        return ms_to_ns(self.delay_ms)


class LossBurst(Fault):
    """Links lose messages, on top of what else loses them."""

    kind: Literal["loss_burst"] = Field(description="what goes wrong")
    link: Link
    share: Share = 1.0


class Duplication(Fault):
    """Links deliver messages twice: the copy follows the message over the link."""

    kind: Literal["duplication"] = Field(description="what goes wrong")
    link: Link
    share: Share = 1.0


class Reordering(DelayingFault):
    """Links hold some messages back, each by a uniform time up to `delay_ms`, so that others overtake them."""

    kind: Literal["reordering"] = Field(description="what goes wrong")
    link: Link
    share: Share = 1.0


class DelaySpike(DelayingFault):
    """Links take longer, by `delay_ms` for every message."""

    kind: Literal["delay_spike"] = Field(description="what goes wrong")
    link: Link


class Replay(DelayingFault):
    """Messages that cross a link, or that an entity sends, are sent once more `delay_ms` later, from the far end."""

    kind: Literal["replay"] = Field(description="what goes wrong")
    link: Link = ""
    entity: Entity = ""
    share: Share = 1.0


class LinkOutage(Fault):
    """Links are down, both ways, as in an outage of the network's schedule."""

    kind: Literal["link_outage"] = Field(description="what goes wrong")
    link: Link


class Partition(Fault):
    """Sites are cut off from all others; among each other they are not."""

    kind: Literal["partition"] = Field(description="what goes wrong")
    sites: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        min_length=1, max_length=MAX_SITES, description="sites that are cut off from all others"
    )


class TwinCrash(Fault):
    """A twin loses its state and its mail, and begins anew when it is up again."""

    kind: Literal["twin_crash"] = Field(description="what goes wrong")
    twin: str = Field(description="twin that it happens to: edge:X or core:X of an entity X")


class ClockSkew(Fault):
    """An entity's clock is wrong: it stamps what it measures with the time of that clock, and reports by it."""

    kind: Literal["clock_skew"] = Field(description="what goes wrong")
    entity: Entity
    offset_ms: float = Field(default=0.0, ge=-10_000, le=10_000, description="how much the clock is ahead at first")
    drift_ppm: float = Field(
        default=0.0, ge=-100_000, le=100_000, description="how much faster it runs, in parts per million"
    )

    @property
    def offset_ns(self) -> int:
        """How much the clock is ahead when the fault begins, in ns."""
        return ms_to_ns(self.offset_ms)

    @property
    def drift_ppb(self) -> int:
        """How much faster it runs, in parts per billion."""
        return round(self.drift_ppm * 1000)


OfLinks = LossBurst | Duplication | Reordering | DelaySpike | Replay | LinkOutage | Partition
AnyFault = OfLinks | TwinCrash | ClockSkew
FaultSection = Annotated[AnyFault, Field(discriminator="kind")]

KINDS: tuple[str, ...] = tuple(get_args(model.model_fields["kind"].annotation)[0] for model in get_args(AnyFault))


def target_of(fault: AnyFault) -> str:
    """What a fault strikes, as its key names it."""
    match fault:
        case Partition():
            return ", ".join(fault.sites)
        case TwinCrash():
            return fault.twin
        case ClockSkew():
            return fault.entity
        case Replay():
            return fault.link or fault.entity
        case _:
            return fault.link


def check_faults(faults: Sequence[AnyFault], entities: Collection[str]) -> None:
    """Every fault lasts, strikes somebody that there is, and is not in the way of another one.

    Raises:
        PydanticCustomError: of the first that is wrong.
    """
    earlier: list[AnyFault] = []
    for index, fault in enumerate(faults):
        if fault.to_ns <= fault.from_ns:
            raise cross_field(("fault", index, "to_s"), fault.to_s, f"must be more than from_s, {fault.from_s:g} s")
        _check_target(index, fault, entities)
        for other in earlier:
            if _in_the_way(fault, other):
                allowed = f"must not meet its other fault, {other.from_s:g} to {other.to_s:g} s"
                raise cross_field(("fault", index, "from_s"), fault.from_s, allowed)
        earlier.append(fault)


def _check_target(index: int, fault: AnyFault, entities: Collection[str]) -> None:
    if isinstance(fault, Replay) and bool(fault.link) == bool(fault.entity):
        raise cross_field(("fault", index, "link"), fault.link, "must be given, or entity, but not both")
    if isinstance(fault, Replay | ClockSkew) and fault.entity and fault.entity not in entities:
        allowed = f"must be an entity of the scenario ({_some(entities)})"
        raise cross_field(("fault", index, "entity"), fault.entity, allowed)


def _in_the_way(fault: AnyFault, other: AnyFault) -> bool:
    """Whether two faults are the same, or a twin that is down is to crash, or a wrong clock to go wrong."""
    if type(fault) is not type(other) or target_of(fault) != target_of(other):
        return False
    if isinstance(fault, TwinCrash | ClockSkew):
        return fault.from_ns <= other.to_ns and other.from_ns <= fault.to_ns
    return (fault.from_ns, fault.to_ns) == (other.from_ns, other.to_ns)


def _some(entities: Collection[str]) -> str:
    names = list(entities)
    return ", ".join(names[:7]) + (", ..." if len(names) > 7 else "")
