"""What another policy would have done with the same messages: a coordinator fed from the journal.

The journal says which messages the coordinator handled and when it solved. A twin with another configuration that is
fed just these, and asked to solve at just these instants, shows what its policy would have sent out; nothing but the
policy differs, because its versions are put on air when the real ones were. A twin that is only fed shows what the
real one knew whenever it solved.

A twin handles its input in turn, and what it does is journalled in that order: a solve stands behind everything that
the coordinator had handled by then, so one pass over the facts tells its story, solve by solve.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from scenarios.fates import lives
from scenarios.spec import Spec
from scenarios.system import System
from twin.journal.facts import Ended, Fact, Sent, Solved
from twin.nodes.base import Incoming
from twin.nodes.config import CoordinationConfig
from twin.nodes.coordinator import SOLVE_TIMER, Coordinator
from twin.nodes.core import CoreTwin
from twin.nodes.edge import EdgeTwin
from twin.nodes.make import make_node
from twin.wire.codec import decode_body, decode_envelope
from twin.wire.mailer import delivered
from twin.wire.messages import ComplexArray, Envelope, Precoder
from twin.wire.protocol import Fate

# The replayed twin must not decide by itself when to solve: its own clock never strikes.
_NEVER_NS: Final = 2**62


@dataclass(frozen=True, slots=True)
class Step:
    """One solve, what the coordinator handled since the one before, and when it began to handle what made it solve.

    With `anew` the coordinator has crashed since the solve before: what it heard until then it no longer knows.
    """

    heard: tuple[Incoming, ...]
    began_ns: int
    solved: Solved
    anew: bool = False


class Listener:
    """Tells the coordinator's steps from the facts of a run, given in the order of the journal."""

    def __init__(self, system: System[Spec]) -> None:
        self._name = system.coordinator
        self._handle_ns = system.spec.twin.cost_us.handle_ns
        self._lives = lives(system)
        self._life = 0
        self._on_the_way: dict[int, Envelope] = {}
        self._handled: list[tuple[int, int, int, Envelope]] = []

    def sent(self, envelope: Envelope) -> None:
        """A message was sent."""
        if envelope.dst == self._name:
            self._on_the_way[envelope.msg_id] = envelope

    def ended(self, fact: Ended) -> None:
        """A message ended; what was not delivered changed nothing."""
        envelope = self._on_the_way.pop(fact.msg_id, None)
        if envelope is not None and fact.fate == Fate.DELIVERED:
            self._handled.append((fact.begin_ns, fact.msg_id, fact.t_ns, envelope))

    def solved(self, fact: Solved) -> Step:
        """The coordinator solved; times are those of the run."""
        began_ns = fact.begin_ns - self._handle_ns
        life, last = self._lives.life(fact.node, began_ns), self._life
        born_ns = self._lives.crashes[fact.node][life - 1].up_ns if life else 0
        heard = sorted(item for item in self._handled if born_ns <= item[0] <= began_ns)
        self._handled = [item for item in self._handled if item[0] > began_ns]
        self._life = life
        return Step(tuple(_incoming(*item) for item in heard), began_ns, fact, anew=life != last)


def _incoming(begin_ns: int, _msg_id: int, t_ns: int, envelope: Envelope) -> Incoming:
    return Incoming(t_ns, begin_ns, delivered(envelope, t_ns), decode_body(envelope.kind, envelope.body))


def steps(system: System[Spec], facts: Iterable[Fact]) -> Iterator[Step]:
    """The solves of the coordinator in order, with what it handled before each."""
    listener = Listener(system)
    for fact in facts:
        if type(fact) is Sent:
            listener.sent(decode_envelope(fact.frame))
        elif type(fact) is Ended:
            listener.ended(fact)
        elif type(fact) is Solved and fact.node == system.coordinator:
            yield listener.solved(fact)


class Driven:
    """A coordinator that solves only when it is told to, and forgets when the real one did.

    It follows the policy that is given, or that of the scenario.
    """

    def __init__(self, system: System[Spec], policy: CoordinationConfig | None = None) -> None:
        config = system.node_configs(dict.fromkeys(system.spec.twins, 1))[system.coordinator or ""]
        policy = policy or config.coordination
        tamed = None if policy is None else replace(policy, trigger="periodic", period_ns=_NEVER_NS)
        self._config = replace(config, coordination=tamed)
        self.node = make_node(self._config)

    @property
    def coordinator(self) -> Coordinator | None:
        """What of the twin coordinates."""
        return self.node.coordinator if isinstance(self.node, EdgeTwin | CoreTwin) else None

    def hear(self, step: Step) -> None:
        """Take in what the real coordinator had handled before this step."""
        if step.anew:
            self.node = make_node(self._config)
        for incoming in step.heard:
            self.node.handle(incoming)

    def repeat(self, step: Step) -> dict[str, ComplexArray]:
        """The precoder of each transmitter that it sends out where the real one took this step."""
        self.hear(step)
        outputs = self.node.handle(Incoming(step.began_ns, step.began_ns, timer=SOLVE_TIMER))
        precoders = (letter.body for letter in outputs.letters)
        return {body.transmitter: body.vector for body in precoders if isinstance(body, Precoder)}
