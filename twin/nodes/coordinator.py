"""The coordinator: what one twin, edge or core, does on top when it is the one that solves for all transmitters.

It keeps the newest CSI of every transmitter and what is sensed of the eavesdropper, and hands every report to its
policy, which knows the system: what to expect of the channels and how to solve (`policy`). The trigger decides when:

    complete    every transmitter has reached a control cycle that was not solved for yet
    every       any transmitter has reported since the last solve
    periodic    at the timer, if any transmitter has reported since the last solve

Nothing is solved before every transmitter has reported once. The eavesdropper's row of a transmitter's channels comes
from two sources, the newer one counting: that transmitter's own report, and the eavesdropper's twin (which matters when
the report itself was lost). A solve that fails, or finds no answer, is reported and changes nothing on air.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from twin.errors import InstanceError, SolverError
from twin.nodes.aim import Aim
from twin.nodes.base import Freshness, Incoming, Outputs, Wake
from twin.nodes.config import CoordinationConfig
from twin.nodes.policies import make_policy
from twin.nodes.policy import Decision
from twin.wire.messages import (
    Ack,
    Csi,
    Envelope,
    Kind,
    Letter,
    Precoder,
    Replica,
    Report,
    Sensed,
    State,
)
from twin.wire.protocol import SolveReport

SOLVE_TIMER = "solve"
VERSIONS_PER_LIFE = 100_000_000

T = TypeVar("T", bound=Report)


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """A report and the message that brought it to the coordinator."""

    report: T
    msg_id: int
    trace_id: int
    t_data_ns: int

    @property
    def identity(self) -> tuple[int, int, int]:
        """Which message it was, of which cycle, and how old the data."""
        return (self.msg_id, self.trace_id, self.t_data_ns)


def source_of(replica: Replica) -> tuple[str, ...]:
    """What a replica is news about: entity and kind of report, and for a sensed channel who sensed it."""
    report = replica.report
    if isinstance(report, Sensed):
        return (replica.entity, "sensed", report.transmitter)
    return (replica.entity, "csi" if isinstance(report, Csi) else "state")


class Coordinator:
    """Joins the reports of all entities, solves, and sends versioned precoders out.

    A coordinator that has crashed no longer knows how far its versions had come. It counts on from a number that its
    earlier lives cannot have reached, so that its precoders are news to everyone.
    """

    def __init__(self, config: CoordinationConfig, life: int = 0) -> None:
        self.config = config
        self.csi: dict[str, Held[Csi]] = {}
        self.sensed: dict[str, Held[Sensed]] = {}
        self.version = life * VERSIONS_PER_LIFE
        self._solved_cycle = 0
        self._news: set[str] = set()
        self._fresh = Freshness()
        self.policy = make_policy(config.policy)
        self.aim = Aim(config.transmitters, config.hold_ns)

    def take_in(self, incoming: Incoming, envelope: Envelope, replica: Replica, handle_ns: int) -> Outputs:
        """Keep a replica; solve when the trigger says so."""
        if reason := self._fresh.admit(source_of(replica), replica.report_seq):
            return Outputs(handle_ns, reason=reason)
        self._keep(envelope, replica)
        self.policy.note_report(replica.entity, envelope.t_data_ns, replica.report)
        if not self._triggered(isinstance(replica.report, Csi)):
            return Outputs(handle_ns)
        return self._solve(incoming, handle_ns, envelope.msg_id)

    def on_timer(self, incoming: Incoming, handle_ns: int) -> Outputs:
        """Solve if there is news, and ask for the next timer on the grid of `period_ns`."""
        if self._news and self._complete():
            outputs = self._solve(incoming, handle_ns, parent_id=max(held.msg_id for held in self.csi.values()))
        else:
            outputs = Outputs(handle_ns)
        finish = incoming.begin_ns + outputs.cost_ns
        periods = (finish - incoming.t_ns) // self.config.period_ns + 1
        delay = incoming.t_ns + periods * self.config.period_ns - finish
        return Outputs(outputs.cost_ns, outputs.letters, (Wake(SOLVE_TIMER, delay),), outputs.solves)

    def on_ack(self, ack: Ack, handle_ns: int) -> Outputs:
        """Learn how long the way down takes."""
        self.aim.note_ack(ack)
        return Outputs(handle_ns)

    def targets_ns(self, t_ns: int, finish_ns: int) -> tuple[int, ...]:
        """What a solve that was asked for at `t_ns` and ends at `finish_ns` aims at, per transmitter."""
        uplink_ns = t_ns - max(held.t_data_ns for held in self.csi.values())
        return tuple(max(t, self._activate_at(finish_ns)) for t in self.aim.targets_ns(finish_ns, uplink_ns))

    def fingerprint(self) -> bytes:
        """Canonical bytes of the state, warm start included."""
        held = [(name, kept.identity) for name, kept in sorted(self.csi.items())]
        held += [(name, kept.identity) for name, kept in sorted(self.sensed.items())]
        parts = (self._fresh.fingerprint(), self.policy.fingerprint(), self.aim.fingerprint())
        return b"|".join((repr((self.version, self._solved_cycle, held, sorted(self._news))).encode(), *parts))

    def _keep(self, envelope: Envelope, replica: Replica) -> None:
        identity = (envelope.msg_id, envelope.trace_id, envelope.t_data_ns)
        match replica.report:
            case Csi():
                self.csi[replica.entity] = Held(replica.report, *identity)
                self._news.add(replica.entity)
            case Sensed():
                self.sensed[replica.report.transmitter] = Held(replica.report, *identity)
            case State():
                pass  # where everybody is, and how fast, is for the policy alone

    def _complete(self) -> bool:
        return all(name in self.csi for name in self.config.transmitters)

    def _triggered(self, is_csi: bool) -> bool:
        if not is_csi or not self._complete() or self.config.trigger == "periodic":
            return False
        if self.config.trigger == "every":
            return True
        return self._cycle() > self._solved_cycle

    def _cycle(self) -> int:
        """The control cycle that every transmitter has reached; one lost report delays it by no more than a cycle."""
        return min(self.csi[name].trace_id for name in self.config.transmitters)

    def _solve(self, incoming: Incoming, handle_ns: int, parent_id: int) -> Outputs:
        self.version += 1
        self._news.clear()
        self._solved_cycle = self._cycle()
        cost_ns = handle_ns + self.config.solve_ns
        finish_ns = incoming.begin_ns + cost_ns
        used = self._inputs()
        try:
            decision = self.policy.decide(self.targets_ns(incoming.t_ns, finish_ns))
        except (InstanceError, SolverError):
            decision = None
        report = self._report(decision, used)
        if decision is None or decision.status != "solved":
            return Outputs(cost_ns, solves=(report,))
        self.aim.note_solve(self.version, finish_ns)
        t_data, trace = min(held.t_data_ns for held in used), max(held.trace_id for held in used)
        letters = tuple(
            Letter(
                Kind.PRECODER,
                self.config.first_hop[name],
                Precoder(name, self.version, vector, self._activate_at(finish_ns)),
                t_data,
                trace,
                parent_id,
            )
            for name, vector in zip(self.config.transmitters, decision.precoders, strict=True)
        )
        return Outputs(cost_ns, letters, solves=(report,))

    def _activate_at(self, finish_ns: int) -> int:
        return finish_ns + self.config.activation_margin_ns if self.config.activation == "scheduled" else 0

    def _inputs(self) -> list[Held[Csi] | Held[Sensed]]:
        """The newest report of each transmitter, and what is sensed of the eavesdropper where that is newer still."""
        names = self.config.transmitters
        newer = [n for n in names if n in self.sensed and self.sensed[n].t_data_ns > self.csi[n].t_data_ns]
        return [*(self.csi[name] for name in names), *(self.sensed[name] for name in newer)]

    def _report(self, decision: Decision | None, used: list[Held[Csi] | Held[Sensed]]) -> SolveReport:
        return SolveReport(
            problem=self.policy.problem,
            method=self.policy.method,
            trigger=self.config.trigger,
            version=self.version,
            inputs=tuple(held.msg_id for held in used),
            status="failed" if decision is None else decision.status,
            iterations=0 if decision is None else decision.iterations,
            objective=0.0 if decision is None else decision.objective,
            violation=0.0 if decision is None else max(decision.violation, 0.0),
            cost_ns=self.config.solve_ns,
            wall_us=0.0,
        )
