"""What another policy would have done with the same messages: a coordinator fed from the journal.

The journal says which messages the coordinator handled and when it solved. A twin with another configuration that is
fed just these, and asked to solve at just these instants, shows what its policy would have sent out; nothing but the
policy differs, because its versions are put on air when the real ones were.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from scenarios.configure import coordination, node_configs
from scenarios.spec import Spec
from scenarios.topology import twin_names
from twin.journal.facts import Ended, Fact, Sent, Solved
from twin.nodes.base import Incoming
from twin.nodes.config import CoordinationConfig
from twin.nodes.coordinator import SOLVE_TIMER
from twin.nodes.make import make_node
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.messages import ComplexArray, Envelope, Precoder
from twin.wire.protocol import Fate

Vectors = dict[tuple[str, int], ComplexArray]

# The replayed twin must not decide by itself when to solve: its own clock never strikes.
_NEVER_NS: Final = 2**62


def nominal(spec: Spec) -> CoordinationConfig:
    """The scenario's coordinator, made to believe its last reports: no prediction, no allowance for errors."""
    config = coordination(spec)
    return replace(config, robust="none", predictor=replace(config.predictor, mode="none"))


def replay(spec: Spec, facts: Iterable[Fact], policy: CoordinationConfig) -> Vectors:
    """(transmitter, version) -> precoder, had the coordinator of this run followed `policy`."""
    kept = list(facts)
    name = spec.twin.coordinator
    ranks = dict.fromkeys(twin_names(spec), 1)
    driven = replace(policy, trigger="periodic", period_ns=_NEVER_NS)
    node = make_node(replace(node_configs(spec, ranks)[name], coordination=driven))
    handle_ns = spec.twin.cost_us.handle_ns
    inbox = _handled(kept, name)
    vectors: Vectors = {}
    for solved in sorted((f for f in kept if isinstance(f, Solved)), key=lambda f: f.version):
        began_ns = solved.begin_ns - handle_ns
        while inbox and inbox[-1][0] <= began_ns:
            begin_ns, envelope = inbox.pop()
            body = decode_body(envelope.kind, envelope.body)
            node.handle(Incoming(begin_ns, begin_ns, envelope, body))
        outputs = node.handle(Incoming(began_ns, began_ns, timer=SOLVE_TIMER))
        for letter in outputs.letters:
            if isinstance(letter.body, Precoder):
                vectors[letter.body.transmitter, solved.version] = letter.body.vector
    return vectors


def _handled(facts: list[Fact], name: str) -> list[tuple[int, Envelope]]:
    """What the twin `name` handled, the latest first, with the instants at which it began to."""
    begins = {fact.msg_id: fact.begin_ns for fact in facts if isinstance(fact, Ended) and fact.fate == Fate.DELIVERED}
    envelopes = (decode_envelope(fact.frame) for fact in facts if isinstance(fact, Sent))
    inbox = [(begins[e.msg_id], e) for e in envelopes if e.dst == name and e.msg_id in begins]
    return sorted(inbox, key=lambda item: (item[0], item[1].msg_id), reverse=True)
