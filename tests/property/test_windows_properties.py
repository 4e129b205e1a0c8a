"""Lockstep and every valid window decide the same facts: scenarios drawn to provoke the difference.

Small networks with zero-latency links, no jitter and ties at one instant, queues shared by several twins, handlers that
answer within the window, timers shorter than it, mailboxes that overflow, and crashes in the middle of all that. Links
that let some kinds of message go first, send lost ones again, lose them in bursts and fail for a time; runs that end
while all of this goes on; and a twin that has a link of its own and less to do than the others. Modelled faults of every
kind lie over it: copies, delays, losses, links and sites that are cut off, and entities whose clocks are wrong.
"""

import ast
from dataclasses import dataclass, field, replace

import networkx as nx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from twin.emulation.barrier import coupling
from twin.emulation.clocks import Skew, SkewedClock
from twin.emulation.faults import LinkFault
from twin.emulation.kernel import Kernel
from twin.emulation.links import Arq, LinkParams
from twin.emulation.lives import Clock, Crash, Lives
from twin.emulation.lookahead import Declared, Traffic, lookahead
from twin.emulation.loss import Burst
from twin.emulation.plane import MessagePlane
from twin.emulation.routes import always_up
from twin.emulation.streams import Streams
from twin.emulation.ways import Layout
from twin.errors import KernelError, UsageError
from twin.journal.facts import Ended, Sent, Struck
from twin.journal.unwritten import Unwritten
from twin.nodes.base import Outputs, Wake
from twin.nodes.config import NodeConfig, to_wire
from twin.runtime.host import Host
from twin.wire.codec import decode_envelope, seal
from twin.wire.messages import Ack, Command, Envelope, Kind, Letter
from twin.wire.protocol import Delivery, Welcome
from twin.wire.reactions import TIMER
from twin.wire.reactions import Reaction as Declaration
from twin.wire.transport import make_link

TWINS = ("edge:a", "edge:b", "edge:c", "core:a")
ENTITIES = ("a", "b")
RANKS = {name: Kernel((*TWINS, *ENTITIES)).rank(name) for name in TWINS}
HOST_OF = {"edge:a": "edge", "edge:b": "edge", "edge:c": "core", "core:a": "core"}
CLASSES = ("access", "backbone", "own")
EDGES = {
    "access": (("a", "hub"), ("b", "hub")),
    "backbone": (("hub", "edge"), ("edge", "core")),
    "own": (("hub", "leaf"),),
}
END_NS = 200_000


@dataclass(frozen=True)
class Reaction:
    """What a twin does with a message that may still be answered: its cost, whom it answers, the timers it sets."""

    extra_ns: int
    answers: tuple[str, ...]
    timers_ns: tuple[int, ...]
    mute: tuple[str, ...] = ()  # kinds of input that it takes in and no more


@dataclass(frozen=True)
class Features:
    """What one class of links does besides queueing; outages are (from, to) in ns."""

    priority: tuple[str, ...] = ()
    retries: tuple[tuple[str, int], ...] = ()
    timeout_ns: int = 0
    burst: Burst | None = None
    outages: tuple[tuple[int, int], ...] = ()


PLAIN = Features()


@dataclass(frozen=True)
class Trouble:
    """A modelled fault: what it is, where it strikes, and its span in ns."""

    kind: str
    where: str
    from_ns: int
    length_ns: int
    share: float
    delay_ns: int

    def fault(self, number):
        edges = EDGES[self.where]
        links = frozenset((*edges, *((b, a) for a, b in edges)))
        senders = frozenset({"a"}) if self.kind == "replay" and self.where == "access" else frozenset()
        name = f"{self.kind} {self.where} {number}"
        to_ns = self.from_ns + self.length_ns
        return LinkFault(number, name, self.kind, self.from_ns, to_ns, links, self.share, self.delay_ns, senders)


@dataclass(frozen=True)
class Case:
    handle_ns: int
    mailbox_max: int
    latency_ns: tuple[int, int, int]
    jitter_ns: int
    loss: float
    rate_bps: float
    queue_max: int
    one_site: bool
    reactions: tuple[Reaction, ...]
    sends: tuple[tuple[str, int, int], ...]  # entity, instant, how often its message may be answered
    crash: tuple[str, int, int] | None
    clock_ns: int
    own_handle_ns: int | None = None  # of the twin that lives alone; as the others if None
    features: tuple[Features, Features, Features] = (PLAIN, PLAIN, PLAIN)
    end_ns: int = END_NS
    troubles: tuple[Trouble, ...] = ()
    skew: Skew | None = None

    def least_ns(self, twin):
        """What a twin declares as its least cost."""
        alone = twin == "edge:c" and self.own_handle_ns is not None
        return self.own_handle_ns if alone else self.handle_ns


class Scripted:
    """Answers a message while its count lasts, and wakes itself up; remembers what it has seen."""

    def __init__(self, config, life, case):
        self.name, self.config = config.name, config
        self.reaction = case.reactions[TWINS.index(config.name)]
        self.seen = [life]

    def handle(self, incoming):
        cost = self.config.handle_ns + self.reaction.extra_ns
        if incoming.envelope is None:
            self.seen.append((incoming.t_ns, incoming.timer))
            left = int(incoming.timer.rpartition(" ")[2])
            cause = 0
        else:
            self.seen.append((incoming.t_ns, incoming.envelope.msg_id))
            left, cause = incoming.body.version, incoming.envelope.msg_id
        kind = TIMER if incoming.envelope is None else incoming.envelope.kind
        if left == 0 or kind in self.reaction.mute:
            return Outputs(cost)
        others = [dst for dst in self.reaction.answers if dst != self.name]  # what it tells itself is a timer
        letters = tuple(letter(dst, left - 1, incoming.t_ns, cause) for dst in others)
        wakes = tuple(Wake(f"after {left - 1}", delay) for delay in self.reaction.timers_ns)
        return Outputs(cost, letters, wakes)

    def state(self):
        return repr(self.seen)

    def restore(self, state):
        self.seen = ast.literal_eval(state)


def letter(dst, left, t_ns, cause=0):
    """A message that may still be answered `left` times: of two kinds, so that priorities and ARQ have a choice."""
    kind, body = (Kind.COMMAND, Command(left, "go", 0)) if left % 2 else (Kind.ACK, Ack("uav", left, 0))
    return Letter(kind, dst, body, t_ns, 1, cause)


def delivery(node, kind):
    """One of that kind, as far as anybody looks who asks how long it may wait."""
    return Delivery(node, 0, seal(Envelope(1, "run", kind, "a", node, 1, 1, 1, 0, 0, -1, 0, 0, 0, b"")))


def network(case):
    """a, b - hub - edge site(s) - core site; edge:c lives alone at the end of its own link."""
    access, backbone, own = case.latency_ns
    params = [
        LinkParams(
            kind, latency, case.jitter_ns, case.rate_bps, case.loss, case.queue_max,
            burst=does.burst, priority=does.priority, arq=Arq(dict(does.retries), does.timeout_ns),
        )
        for kind, latency, does in zip(CLASSES, (access, backbone, own), case.features, strict=True)
    ]  # fmt: skip
    graph = nx.Graph()
    for entity in ENTITIES:
        graph.add_edge(entity, "hub", params=params[0])
    graph.add_edge("hub", "edge", params=params[1])
    graph.add_edge("hub", "leaf", params=params[2])
    graph.add_edge("edge", "core", params=params[1])
    sites = {"edge:a": "edge", "edge:b": "edge" if case.one_site else "core", "edge:c": "leaf", "core:a": "core"}
    return graph, {**sites, **{name: name for name in ENTITIES}}


def is_up(case):
    """Whether a link is up, by the outages of its class."""
    down = {kind: does.outages for kind, does in zip(CLASSES, case.features, strict=True) if does.outages}
    if not down:
        return always_up

    def up(a, b, t_ns):
        kind = "own" if "leaf" in (a, b) else "access" if {a, b} & {*ENTITIES} else "backbone"
        return not any(begin <= t_ns < end for begin, end in down.get(kind, ()))

    return up


def comes_of(name, reaction):
    """What a twin of this case declares to come of each kind of its input."""
    to = frozenset(reaction.answers) - {name}
    if not to and not reaction.timers_ns:
        return {}
    kinds = [kind for kind in (Kind.COMMAND, Kind.ACK, TIMER) if kind not in reaction.mute]
    return dict.fromkeys(kinds, Declaration(to, bool(reaction.timers_ns), reaction.extra_ns))


def ahead(case):
    """How far the kernel may run ahead where twins declare what comes of what, and all addressees are known."""
    graph, site_of = network(case)
    all_declared = {
        name: replace(one, reactions=comes_of(name, reaction))
        for (name, one), reaction in zip(declared(case).items(), case.reactions, strict=True)
    }
    steady = not case.troubles and not any(does.outages for does in case.features)
    talks = dict.fromkeys(ENTITIES, ("edge:a", "edge:c"))
    traffic = Traffic(talks, lambda here, there: nx.shortest_path(graph, here, there)) if steady else None
    return lookahead(graph, site_of, all_declared, traffic)


def declared(case):
    timers = {name: min((*reaction.timers_ns, 1 << 60)) for name, reaction in zip(TWINS, case.reactions, strict=True)}
    timers["edge:a"] = min(timers["edge:a"], case.clock_ns)
    return {name: Declared(case.least_ns(name), timers[name]) for name in TWINS}


def config(name, case):
    side, _, entity = name.partition(":")
    return NodeConfig(
        name=name, role=side, entity=entity, entity_kind="user", rank=RANKS[name], peer=f"core:{entity}",
        coordinator="core:a", eavesdropper="eve", sensed_to="", handle_ns=case.least_ns(name),
        mailbox_max=case.mailbox_max, coordination=None,
    )  # fmt: skip


def run(case, window, transport="memory"):
    graph, site_of = network(case)
    kernel = Kernel((*TWINS, *ENTITIES), {} if case.skew is None else {"a": SkewedClock([case.skew])})
    hosts = [Host(name, make=lambda config, life: Scripted(config, life, case)) for name in ("edge", "core")]
    journal = Recorder()
    crashes = {} if case.crash is None else {case.crash[0]: (Crash(case.crash[1], case.crash[1] + case.crash[2]),)}
    lives = Lives(crashes, {"edge:a": Clock("tick 2", case.clock_ns)})
    with make_link(transport, hosts) as link:
        configs = {
            host: tuple(to_wire(config(n, case)) for n in TWINS if HOST_OF[n] == host) for host in ("core", "edge")
        }
        link.open({host: Welcome("run", each, 0) for host, each in configs.items()})
        faults = tuple(trouble.fault(number) for number, trouble in enumerate(case.troubles))
        layout = Layout(graph, site_of, HOST_OF, lambda _a, _b, _t: 0, is_up(case), faults)
        plane = MessagePlane(kernel, layout, Streams(1), journal, coupling(kernel, link, HOST_OF, window), lives)
        ports = {name: plane.port(name, "run") for name in ENTITIES}
        for name, port in ports.items():
            port.listen(lambda envelope, body: "")
            for entity, at_ns, left in case.sends:
                if entity == name:
                    kernel.wake(
                        name, at_ns, lambda port=port, left=left: port.send(letter("edge:a", left, kernel.now_ns))
                    )
                    kernel.wake(
                        name, at_ns, lambda port=port, left=left: port.send(letter("edge:c", left, kernel.now_ns))
                    )
        plane.start()
        kernel.run(case.end_ns)
        plane.finish(case.end_ns)
        hashes = {name: value for answer in link.stop().values() for name, value in answer.hashes.items()}
    facts = (journal.sent, journal.ended, journal.struck)
    return Outcome(journal.journal.digest(), hashes, dict(plane.counts), *facts)


class Recorder:
    """Digests the facts and notes which messages were sent and which ended."""

    def __init__(self):
        self.journal = Unwritten()
        self.sent, self.ended, self.struck = [], [], []

    def record(self, fact):
        self.journal.record(fact)
        if isinstance(fact, Sent):
            self.sent.append(decode_envelope(fact.frame).msg_id)
        elif isinstance(fact, Ended):
            self.ended.append(fact.msg_id)
        elif isinstance(fact, Struck):
            self.struck.append(fact)

    def commit(self):
        pass


@dataclass(frozen=True)
class Outcome:
    """What two ways of coupling must agree on; the order in which facts were decided may differ."""

    digest: str
    hashes: dict
    counts: dict
    sent: list = field(compare=False)
    ended: list = field(compare=False)
    struck: list = field(compare=False)


TIMES = st.sampled_from([0, 1, 999, 1_000, 1_001, 5_000, 20_000])
REACTIONS = st.builds(
    Reaction,
    extra_ns=st.sampled_from([0, 1, 700, 9_000]),
    answers=st.lists(st.sampled_from([*TWINS, *ENTITIES]), max_size=2).map(tuple),
    timers_ns=st.lists(st.sampled_from([0, 1, 500, 3_000, 40_000]), max_size=1).map(tuple),
    mute=st.lists(st.sampled_from(["", "ack", "command"]), max_size=3).map(tuple),
)
SPANS = st.tuples(st.sampled_from([0, 1_000, 6_000, 21_000]), st.sampled_from([1, 5_000, 30_000]))
FEATURES = st.just(PLAIN) | st.builds(
    Features,
    priority=st.sampled_from([(), ("ack",), ("command",), ("command", "ack")]),
    retries=st.sampled_from([(), (("ack", 1),), (("command", 2), ("ack", 1))]),
    timeout_ns=st.sampled_from([0, 1, 4_000]),
    burst=st.none() | st.builds(Burst, st.just(8_000.0), st.just(4_000.0), st.just(0.0), st.sampled_from([0.5, 1.0])),
    outages=st.lists(SPANS.map(lambda span: (span[0], sum(span))), max_size=1).map(tuple),
)
KINDS = ("loss_burst", "duplication", "reordering", "delay_spike", "replay", "link_outage", "partition")
TROUBLES = st.builds(
    Trouble,
    kind=st.sampled_from(KINDS),
    where=st.sampled_from(CLASSES),
    from_ns=st.sampled_from([0, 1, 1_000, 6_000]),
    length_ns=st.sampled_from([1, 5_000, 30_000, END_NS]),
    share=st.sampled_from([0.5, 1.0]),
    delay_ns=st.sampled_from([0, 1, 999, 20_000]),
)
SKEWS = st.builds(
    Skew,
    number=st.just(9),
    from_ns=st.sampled_from([0, 500]),
    to_ns=st.sampled_from([4_000, 60_000]),
    offset_ns=st.sampled_from([-900, 0, 1, 30_000]),
    drift_ppb=st.sampled_from([-500_000_000, 0, 7, 10**9]),
)
# Some fall on the very instant of a delivery over two links without latency, of a barrier after it, or of a timer.
CRASHES = st.sampled_from([0, 1, 2, 900, 1_002, 1_500, 5_002, 6_000, 6_002, 21_000])
CASES = st.builds(
    Case,
    handle_ns=st.sampled_from([1_000, 2_500, 20_000]),
    mailbox_max=st.sampled_from([1, 2, 100]),
    latency_ns=st.tuples(TIMES, TIMES, TIMES),
    jitter_ns=st.sampled_from([0, 300, 10_000]),
    loss=st.sampled_from([0.0, 0.3]),
    rate_bps=st.sampled_from([1e7, 1e9, 1e15]),
    queue_max=st.sampled_from([1, 3, 1000]),
    one_site=st.booleans(),
    reactions=st.tuples(REACTIONS, REACTIONS, REACTIONS, REACTIONS),
    sends=st.lists(
        st.tuples(st.sampled_from(ENTITIES), st.sampled_from([0, 1, 1_000, 5_000, 50_000]), st.integers(0, 3)),
        min_size=1,
        max_size=4,
    ).map(tuple),
    crash=st.none() | st.tuples(st.sampled_from(TWINS), CRASHES, TIMES.map(lambda t: t + 1)),
    clock_ns=st.sampled_from([1, 900, 30_000]),
    own_handle_ns=st.sampled_from([None, 1_000]),
    features=st.tuples(FEATURES, FEATURES, FEATURES),
    end_ns=st.sampled_from([8_000, 22_000, 45_000, END_NS]),
    troubles=st.lists(TROUBLES, max_size=3).map(tuple),
    skew=st.none() | SKEWS,
)  # fmt: skip

QUIET = Reaction(0, (), ())
BACK = Reaction(0, ("edge:c", "a"), ())
FEEDBACK = Case(
    1_000, 100, (0, 0, 5_000), 0, 0.0, 1e15, 1000, True, (BACK, QUIET, Reaction(0, ("edge:a", "b"), ()), QUIET),
    (("a", 0, 3), ("b", 0, 3)), ("edge:c", 6_000, 2_000), 900,
)  # fmt: skip

# edge:c answers at 21 us into its own link, which is down; the window and the run end at 40 and 22 us.
REFUSED_AT_THE_END = Case(
    20_000, 100, (0, 0, 20_000), 0, 0.0, 1e15, 100, True, (QUIET, QUIET, Reaction(0, ("edge:a", "b"), ()), QUIET),
    (("a", 0, 2),), None, 30_000, 1_000, (PLAIN, PLAIN, Features(outages=((20_500, 30_000),))), 22_000,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=CASES, share=st.sampled_from([1.0, 0.5, 0.001]))
@example(case=FEEDBACK, share=1.0)
@example(case=REFUSED_AT_THE_END, share=1.0)
def test_lockstep_and_every_valid_window_decide_the_same_facts(case, share):
    graph, site_of = network(case)
    longest = lookahead(graph, site_of, declared(case))
    lockstep = run(case, 0)
    assert run(case, max(1, round(longest.window_ns * share))) == lockstep
    assert run(case, ahead(case).horizon) == lockstep
    assert len(set(lockstep.sent)) == len(lockstep.sent) == lockstep.counts.get("sent", 0)
    assert len(set(lockstep.ended)) == len(lockstep.ended)
    assert set(lockstep.ended) <= set(lockstep.sent)


@settings(max_examples=15, deadline=None)
@given(case=CASES)
@example(case=FEEDBACK)
def test_memory_and_sockets_decide_the_same_facts_in_windows(case):
    graph, site_of = network(case)
    window_ns = lookahead(graph, site_of, declared(case)).window_ns
    assert run(case, window_ns, "inproc") == run(case, window_ns)


def test_who_declares_what_comes_of_what_lets_the_kernel_run_further_ahead():
    """edge:a answers acks to b alone, and nobody else writes through the hub to b."""
    speaks = Reaction(0, ("b",), (), ("command", ""))
    case = replace(
        FEEDBACK, latency_ns=(3_000, 7_000, 5_000), reactions=(speaks, QUIET, QUIET, QUIET), sends=(("a", 0, 2),)
    )
    found = ahead(case)
    assert found.horizon(delivery("edge:a", Kind.ACK)) == 1_000 + 7_000 + 1
    assert found.horizon(delivery("edge:a", Kind.COMMAND)) is found.horizon(delivery("edge:c", Kind.ACK)) is None
    assert ahead(replace(case, reactions=(speaks, QUIET, QUIET, speaks))).horizon(delivery("edge:a", Kind.ACK)) == 1_000
    assert run(case, found.horizon) == run(case, 0)
    assert not_lockstep(case, lambda _: 30_000)


def test_a_window_longer_than_the_lookahead_is_refused_and_would_be_wrong():
    graph, site_of = network(FEEDBACK)
    longest = lookahead(graph, site_of, declared(FEEDBACK))
    with pytest.raises(UsageError, match=f"to {longest.window_ns / 1e9:g} s: {longest.least.node} "):
        longest.check(longest.window_ns + 1)
    assert not_lockstep(FEEDBACK, lambda _: 30 * longest.window_ns)


def not_lockstep(case, horizon):
    """Whether these windows decide other facts, or are found out while they do."""
    try:
        return run(case, horizon) != run(case, 0)
    except KernelError:
        return True


def test_a_crash_takes_state_and_mail_with_it():
    struck, spared = run(FEEDBACK, 0), run(replace(FEEDBACK, crash=None), 0)
    assert struck.counts["dropped"] > 0
    assert "dropped" not in spared.counts
    assert {name for name in TWINS if struck.hashes[name] != spared.hashes[name]} >= {"edge:c"}


# edge:c sends into a link of its own, which in a window may happen after the instant of the sending.
LATE = replace(
    REFUSED_AT_THE_END,
    sends=tuple((entity, t_ns, 3) for entity in ENTITIES for t_ns in range(0, 60_000, 10_000)),
    features=(PLAIN, PLAIN, PLAIN),
    end_ns=END_NS,
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", CLASSES)
def test_every_kind_of_fault_strikes_alike_in_lockstep_and_in_windows(kind, where):
    whole = replace(LATE, troubles=(Trouble(kind, where, 1_000, 60_000, 0.5, 700),))
    graph, site_of = network(whole)
    longest = lookahead(graph, site_of, declared(whole))
    lockstep = run(whole, 0)
    assert run(whole, longest.window_ns) == lockstep
    assert {fact.fault for fact in lockstep.struck} == {0}
    assert longest.window_ns > whole.own_handle_ns  # the link of its own counts: no fault makes it faster


def test_copies_are_sent_and_end_like_all_messages():
    troubles = (Trouble("duplication", "own", 0, END_NS, 1.0, 0), Trouble("replay", "backbone", 0, 30_000, 0.5, 20_000))
    copied = replace(LATE, troubles=troubles)
    graph, site_of = network(copied)
    lockstep = run(copied, 0)
    assert run(copied, lookahead(graph, site_of, declared(copied)).window_ns) == lockstep
    assert len(set(lockstep.sent)) == len(lockstep.sent) == lockstep.counts["sent"]
    assert {fact.effect for fact in lockstep.struck} == {"duplicated", "replayed"}
    assert {fact.msg_id for fact in lockstep.struck} <= set(lockstep.sent)
    assert lockstep.counts["sent"] > run(LATE, 0).counts["sent"]


def test_an_entity_with_a_wrong_clock_does_not_make_windows_invalid():
    skewed = replace(LATE, skew=Skew(9, 0, 60_000, 5_000, 0))
    graph, site_of = network(skewed)
    lockstep = run(skewed, 0)
    assert run(skewed, lookahead(graph, site_of, declared(skewed)).window_ns) == lockstep
    assert {(fact.fault, fact.effect) for fact in lockstep.struck} == {(9, "skewed")}
