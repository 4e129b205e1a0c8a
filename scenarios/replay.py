"""What another policy would have done with the same messages: a coordinator fed from the journal.

The journal says which messages the coordinator handled and when it solved. A twin with another configuration that is
fed just these, and asked to solve at just these instants, shows what its policy would have sent out; nothing but the
policy differs, because its versions are put on air when the real ones were. A twin that is only fed shows what the
real one knew whenever it solved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scenarios.configure import coordination, node_configs
from scenarios.spec import Spec
from scenarios.topology import twin_names
from twin.journal.facts import Ended, Fact, Sent, Solved
from twin.nodes.base import Incoming, Node
from twin.nodes.config import CoordinationConfig
from twin.nodes.coordinator import SOLVE_TIMER
from twin.nodes.make import make_node
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.messages import ComplexArray, Envelope, Precoder
from twin.wire.protocol import Fate

Vectors = dict[tuple[str, int], ComplexArray]

# The replayed twin must not decide by itself when to solve: its own clock never strikes.
_NEVER_NS: Final = 2**62


@dataclass(frozen=True, slots=True)
class Step:
    """One solve, what the coordinator handled since the one before, and when it began to handle what made it solve."""

    heard: tuple[Incoming, ...]
    began_ns: int
    solved: Solved


def nominal(spec: Spec) -> CoordinationConfig:
    """The scenario's coordinator, made to believe its last reports: no prediction, no allowance for errors."""
    config = coordination(spec)
    return replace(config, robust="none", predictor=replace(config.predictor, mode="none"))


def steps(spec: Spec, facts: Iterable[Fact]) -> list[Step]:
    """The solves of the coordinator in order, with what it handled before each; times are those of the run."""
    kept = list(facts)
    inbox = _handled(kept, spec.twin.coordinator)
    found: list[Step] = []
    for solved in sorted((f for f in kept if isinstance(f, Solved)), key=lambda f: f.version):
        began_ns = solved.begin_ns - spec.twin.cost_us.handle_ns
        heard: list[Incoming] = []
        while inbox and inbox[-1][0].begin_ns <= began_ns:
            ended, envelope = inbox.pop()
            body = decode_body(envelope.kind, envelope.body)
            heard.append(Incoming(ended.t_ns, ended.begin_ns, envelope, body))
        found.append(Step(tuple(heard), began_ns, solved))
    return found


def driven(spec: Spec, policy: CoordinationConfig) -> Node:
    """A coordinator that follows `policy` and solves only when it is told to."""
    ranks = dict.fromkeys(twin_names(spec), 1)
    tamed = replace(policy, trigger="periodic", period_ns=_NEVER_NS)
    return make_node(replace(node_configs(spec, ranks)[spec.twin.coordinator], coordination=tamed))


def replay(spec: Spec, taken: Sequence[Step], policy: CoordinationConfig) -> Vectors:
    """(transmitter, version) -> precoder, had the coordinator of this run followed `policy`."""
    node = driven(spec, policy)
    vectors: Vectors = {}
    for step in taken:
        for incoming in step.heard:
            node.handle(incoming)
        outputs = node.handle(Incoming(step.began_ns, step.began_ns, timer=SOLVE_TIMER))
        for letter in outputs.letters:
            if isinstance(letter.body, Precoder):
                vectors[letter.body.transmitter, step.solved.version] = letter.body.vector
    return vectors


def _handled(facts: list[Fact], name: str) -> list[tuple[Ended, Envelope]]:
    """What the twin `name` handled, the latest first, with how each message ended."""
    ends = {fact.msg_id: fact for fact in facts if isinstance(fact, Ended) and fact.fate == Fate.DELIVERED}
    envelopes = (decode_envelope(fact.frame) for fact in facts if isinstance(fact, Sent))
    inbox = [(ends[e.msg_id], e) for e in envelopes if e.dst == name and e.msg_id in ends]
    return sorted(inbox, key=lambda item: (item[0].begin_ns, item[1].msg_id), reverse=True)
