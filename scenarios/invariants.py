"""What is true of every run, whatever goes wrong in it: checks of the facts of a run that name what they find.

    conservation    every message is sent once, ends once at most, with a reason unless it was delivered
    latency         the hops of a message add up to its latency, each at least as long as its link allows
    order           a receiver handles no message twice, and a twin none of a source after a newer one, in one life
    control         versions on air only grow, on data from the past, within the power budget
    crashes         a twin that is down handles nothing, nor what it was handling when it went down
    cuts            nothing that arrived left over a link while a fault had it down
    strikes         a fault strikes messages of the run, as its kind does, until it is over; they fare accordingly
    journal         the facts can be written and read back
    tables          the messages of the log are those that were sent, fate by fate

That nothing is scheduled before now the kernel itself asserts; that every transport and every window decides the same
facts is for the caller to compare (`digest`).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from scenarios.fates import lives
from scenarios.faults import link_faults
from scenarios.link_names import edges
from scenarios.spec import Spec
from scenarios.system import System
from twin.emulation.faults import Cuts
from twin.emulation.links import LinkParams
from twin.emulation.lives import Lives
from twin.emulation.routes import ROUTE_EPOCH_NS
from twin.journal.digest import digests_of
from twin.journal.facts import Applied, Ended, Fact, Hop, Sent, Struck
from twin.journal.records import decode_fact, encode_fact
from twin.journal.tables import build_tables, metrics_table
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.messages import Envelope, Replica
from twin.wire.protocol import Effect, Fate, Reason

_ROUNDING: Final = 1e-9
_EFFECTS: Final = {
    "loss_burst": {Effect.LOST},
    "duplication": {Effect.DUPLICATED},
    "reordering": {Effect.DELAYED},
    "delay_spike": {Effect.DELAYED},
    "replay": {Effect.REPLAYED},
    "link_outage": {Effect.LOST, Effect.DROPPED},
    "partition": {Effect.DROPPED},
    "twin_crash": {Effect.DROPPED},
    "clock_skew": {Effect.SKEWED},
}
_REROUTING: Final = ("link_outage", "partition")  # there is no way round them until the next epoch of routes
_REASONS: Final = {
    Effect.LOST: {Reason.LOSS_BURST, Reason.OUTAGE},
    Effect.DROPPED: {Reason.PARTITIONED, Reason.NO_ROUTE, Reason.CRASHED},
}


@dataclass(frozen=True)
class Observed:
    """A run that is over: its system, its facts in the order of the journal, and its counts of messages."""

    system: System[Spec]
    facts: Sequence[Fact]
    counts: Counter[str]

    @cached_property
    def sent(self) -> dict[int, tuple[Envelope, int]]:
        """Envelope and size in bytes of every message, by id."""
        frames = (fact.frame for fact in self.facts if type(fact) is Sent)
        return {envelope.msg_id: (envelope, len(frame)) for frame in frames for envelope in [decode_envelope(frame)]}

    @cached_property
    def ended(self) -> dict[int, Ended]:
        """How every message that ended did so, by id."""
        return {fact.msg_id: fact for fact in self.facts if type(fact) is Ended}

    @cached_property
    def lives(self) -> Lives:
        """When twins are down."""
        return lives(self.system)

    @property
    def end_ns(self) -> int:
        """Where the run ended."""
        return self.system.spec.scenario.duration_ns


def violations(run: Observed) -> list[str]:
    """What is not as it must be in a run: one line each, the name of the invariant first.

    Where messages are not conserved nothing else is checked: the facts of one message could not be told from another's.
    """
    lost = [f"conservation: {found}" for found in _conservation(run)]
    return lost or [f"{name}: {found}" for name, check in _CHECKS.items() for found in check(run)]


def _conservation(run: Observed) -> Iterator[str]:
    counted = {kind: sum(type(fact) is kind for fact in run.facts) for kind in (Sent, Ended)}
    if not counted[Sent] == len(run.sent) == run.counts["sent"]:
        yield f"{counted[Sent]} were sent, of {len(run.sent)} ids; {run.counts['sent']} were counted"
    if counted[Ended] != len(run.ended) or not run.ended.keys() <= run.sent.keys():
        yield f"{counted[Ended]} ended, of {len(run.ended)} ids, {len(run.ended.keys() - run.sent.keys())} never sent"
    fates = Counter(end.fate for end in run.ended.values())
    for fate in (Fate.DELIVERED, Fate.LOST, Fate.DROPPED):
        if fates[fate] != run.counts[fate]:
            yield f"{fates[fate]} were {fate}, {run.counts[fate]} were counted"
    for end in run.ended.values():
        if (end.fate == Fate.DELIVERED) != (end.reason == Reason.NONE):
            yield f"message {end.msg_id} was {end.fate} for the reason {end.reason!r}"


def _latency(run: Observed) -> Iterator[str]:
    links = {frozenset((a, b)): params for a, b, params in edges(run.system.graph())}
    for end in run.ended.values():
        envelope, size = run.sent[end.msg_id]
        took_ns = sum(map(_length_ns, end.hops))
        late_ns = end.t_ns - envelope.t_send_ns - took_ns
        if late_ns < 0 or (late_ns and end.reason != Reason.CRASHED):  # what a twin had before it crashed ends with it
            yield f"message {end.msg_id} ended {end.t_ns - envelope.t_send_ns} ns after it was sent, in {took_ns} ns"
        for hop in end.hops:
            if not _possible(hop, links[frozenset(hop.link.partition(":")[2].split(">"))], size):
                yield f"message {end.msg_id} of {size} bytes: {hop} is faster than its link"


def _length_ns(hop: Hop) -> int:
    return hop.queue_ns + hop.serialisation_ns + hop.propagation_ns + hop.jitter_ns


def _possible(hop: Hop, params: LinkParams, size: int) -> bool:
    """Whether a link may take so long: a hop that only waits, an attempt that is repeated, or a whole crossing."""
    if min(hop.queue_ns, hop.serialisation_ns, hop.propagation_ns, hop.jitter_ns) < 0:
        return False
    if hop.serialisation_ns == 0:
        return hop.propagation_ns == hop.jitter_ns == 0
    crossed = hop.propagation_ns >= params.latency_ns or hop.propagation_ns == hop.jitter_ns == 0
    return crossed and hop.serialisation_ns == params.serialisation_ns(size)


def _order(run: Observed) -> Iterator[str]:
    twins = frozenset(run.system.spec.twins)
    newest: dict[tuple[object, ...], int] = {}
    seen: set[tuple[object, ...]] = set()
    delivered = sorted((end.begin_ns, end.msg_id) for end in run.ended.values() if end.fate == Fate.DELIVERED)
    for begin_ns, msg_id in delivered:
        envelope, _ = run.sent[msg_id]
        channel = (envelope.src, envelope.dst, run.lives.life(envelope.dst, begin_ns))
        if (*channel, envelope.seq) in seen:
            yield f"{envelope.dst} handled seq {envelope.seq} of {envelope.src} twice"
        seen.add((*channel, envelope.seq))
        source = (*channel, envelope.kind, *_source(envelope))
        if envelope.dst in twins and envelope.seq <= newest.get(source, 0):
            yield f"{envelope.dst} handled seq {envelope.seq} of {envelope.src} after {newest[source]}"
        newest[source] = envelope.seq


def _source(envelope: Envelope) -> tuple[str, ...]:
    """What a message is news about, beside its sender and kind."""
    body = decode_body(envelope.kind, envelope.body)
    if not isinstance(body, Replica):
        return ()
    return (body.entity, type(body.report).__name__, str(getattr(body.report, "transmitter", "")))


def _control(run: Observed) -> Iterator[str]:
    budgets_mw = run.system.powers_mw()
    on_air: dict[str, int] = {}
    for fact in sorted((fact for fact in run.facts if type(fact) is Applied), key=lambda fact: fact.t_ns):
        before = on_air.get(fact.transmitter, 0)
        if fact.version < before or (fact.version and fact.version == before):
            yield f"{fact.transmitter} put version {fact.version} on air after {before}"
        on_air[fact.transmitter] = fact.version
        if not 0 <= fact.t_data_ns <= fact.t_ns:
            yield f"{fact.transmitter} put data of {fact.t_data_ns} ns on air at {fact.t_ns} ns"
        vector = np.frombuffer(fact.vector, dtype="<c16")
        power_mw = float(np.vdot(vector, vector).real)
        if power_mw > budgets_mw.get(fact.transmitter, np.inf) * (1.0 + _ROUNDING):
            yield f"{fact.transmitter} sends {power_mw} of {budgets_mw[fact.transmitter]} mW"


def _crashes(run: Observed) -> Iterator[str]:
    for end in run.ended.values():
        node = run.sent[end.msg_id][0].dst
        if end.fate != Fate.DELIVERED or node not in run.lives.crashes:
            continue
        down_ns = run.lives.end_of_life_ns(node, end.t_ns)
        if run.lives.is_down(node, end.t_ns) or (down_ns is not None and down_ns <= end.finish_ns):
            yield f"{node} handled message {end.msg_id} at {end.begin_ns} to {end.finish_ns} ns, when it was down"


def _cuts(run: Observed) -> Iterator[str]:
    system = run.system
    cuts = Cuts(link_faults(system.spec.fault, system.graph(), system.sites()))
    if not cuts:
        return
    for end in run.ended.values():
        t_ns = run.sent[end.msg_id][0].t_send_ns
        for place, hop in enumerate(end.hops):
            left_ns = t_ns + hop.queue_ns + hop.serialisation_ns
            t_ns += _length_ns(hop)
            after = end.hops[place + 1].link if place + 1 < len(end.hops) else ""
            # An attempt that is repeated, or heard and replayed, did not arrive; nor does every last one.
            arrived = hop.serialisation_ns and (after != hop.link if after else end.fate == Fate.DELIVERED)
            a, _, b = hop.link.partition(":")[2].partition(">")
            if arrived and cuts.at(a, b, left_ns) is not None:
                yield f"message {end.msg_id} left over {hop.link} at {left_ns} ns, when that was down"


def _strikes(run: Observed) -> Iterator[str]:
    faults = run.system.spec.fault
    for fact in (fact for fact in run.facts if type(fact) is Struck):
        if fact.msg_id not in run.sent or not 0 <= fact.fault < len(faults):
            yield f"{fact}: no such message, or no such fault"
            continue
        fault = faults[fact.fault]
        over_ns = fault.to_ns + (ROUTE_EPOCH_NS if fault.kind in _REROUTING else 0)
        if Effect(fact.effect) not in _EFFECTS[fault.kind] or fact.t_ns >= over_ns:
            yield f"message {fact.msg_id} was {fact.effect} at {fact.t_ns} ns by a {fault.kind} until {fault.to_ns} ns"
        end, reasons = run.ended.get(fact.msg_id), _REASONS.get(Effect(fact.effect))
        if end is not None and reasons is not None and end.reason not in reasons:
            yield f"message {fact.msg_id} was {fact.effect} by a fault and ended for the reason {end.reason!r}"


def _journal(run: Observed) -> Iterator[str]:
    records = [encode_fact(fact) for fact in run.facts]
    again = [decode_fact(record) for record in records]
    if [encode_fact(fact) for fact in again] != records:
        yield "a fact is another one after it was written and read"
    if digests_of(again).digest() != digests_of(run.facts).digest():
        yield "the digest of what was read is another one"


def _tables(run: Observed) -> Iterator[str]:
    tables = build_tables(run.facts, metrics_table([]), run.end_ns)
    rows = Counter(tables.messages["fate"].to_pylist())
    lived = {msg_id for msg_id, (envelope, _) in run.sent.items() if envelope.t_send_ns < run.end_ns}
    if rows.total() != len(lived):
        yield f"{rows.total()} messages in the log, {len(lived)} were sent before the end"
    ends = (run.ended.get(msg_id) for msg_id in lived)
    fates = Counter(str(end.fate) for end in ends if end and max(end.t_ns, end.begin_ns) < run.end_ns)
    if rows - Counter({Fate.IN_FLIGHT.value: rows[Fate.IN_FLIGHT.value]}) != fates:
        yield f"the log has {dict(rows)}, the facts {dict(fates)}"
    if dict(tables.struck) != _struck_before(run):
        yield f"the log counts {dict(tables.struck)} strikes, the facts {_struck_before(run)}"


def _struck_before(run: Observed) -> dict[tuple[int, str], int]:
    strikes = [fact for fact in run.facts if type(fact) is Struck and fact.t_ns < run.end_ns]
    return dict(Counter((fact.fault, str(fact.effect)) for fact in strikes))


_CHECKS: Final[dict[str, Callable[[Observed], Iterator[str]]]] = {
    "latency": _latency,
    "order": _order,
    "control": _control,
    "crashes": _crashes,
    "cuts": _cuts,
    "strikes": _strikes,
    "journal": _journal,
    "tables": _tables,
}
