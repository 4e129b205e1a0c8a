"""The coordinator: what one twin, edge or core, does on top when it is the one that solves for all transmitters.

It keeps the newest CSI of every transmitter and what is sensed of the eavesdropper, and hands every report to its
policy, which knows the system: what to expect of the channels and how to solve (`policy`). The trigger decides when:

    complete    every transmitter has reached a control cycle that was not solved for yet
    every       any transmitter has reported since the last solve
    periodic    at the timer, if any transmitter has reported since the last solve

Nothing is solved before every transmitter has reported once. The eavesdropper's row of a transmitter's channels comes
from two sources, the newer one counting: that transmitter's own report, and the eavesdropper's twin (which matters when
the report itself was lost). An echo comes two ways, too; the age of a precoder is that of its CSI alone. A solve that
fails, or finds no answer, is reported and changes nothing on air.
"""

from dataclasses import dataclass
from typing import Final

from twin.errors import InstanceError, SolverError
from twin.nodes.aim import Aim
from twin.nodes.base import Freshness, Incoming, Outputs, Wake
from twin.nodes.config import CoordinationConfig
from twin.nodes.policies import make_policy
from twin.nodes.policy import Decision
from twin.wire.messages import (
    Ack,
    Covariance,
    Csi,
    Echo,
    Envelope,
    Kind,
    Letter,
    Precoder,
    Replica,
    Sensed,
    State,
)
from twin.wire.packing import check_arity, check_int
from twin.wire.plain import Plain, take_map, take_names
from twin.wire.protocol import SolveReport

SOLVE_TIMER = "solve"
VERSIONS_PER_LIFE = 100_000_000

_TAGS: Final = {Csi: "csi", State: "state", Echo: "echo", Covariance: "covariance"}


@dataclass(frozen=True, slots=True)
class Held:
    """The newest report of something: which message brought it, of which cycle, and how old its data are."""

    msg_id: int
    trace_id: int
    t_data_ns: int


def source_of(replica: Replica) -> tuple[str, ...]:
    """What a replica is news about: entity and kind of report, and for a sensed channel who sensed it."""
    report = replica.report
    if isinstance(report, Sensed):
        return (replica.entity, "sensed", report.transmitter)
    return (replica.entity, _TAGS[type(report)])


class Coordinator:
    """Joins the reports of all entities, solves, and sends versioned precoders out.

    A coordinator that has crashed no longer knows how far its versions had come. It counts on from a number that its
    earlier lives cannot have reached, so that its precoders are news to everyone.
    """

    def __init__(self, config: CoordinationConfig, life: int = 0) -> None:
        self.config = config
        self.csi: dict[str, Held] = {}
        self.sensed: dict[str, Held] = {}
        self.echoes: dict[str, Held] = {}
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

    def state(self) -> Plain:
        """Counters, what was held when, and what policy and aim have learnt."""
        counters = (self.version, self._solved_cycle, tuple(sorted(self._news)))
        parts = (self._fresh.state(), self.aim.state(), self.policy.state())
        return counters, *(_held_state(held) for held in (self.csi, self.sensed, self.echoes)), *parts

    def restore(self, state: object) -> None:
        """Become what another of this configuration was when it said `state`."""
        counters, csi, sensed, echoes, fresh, aim, policy = check_arity(state, 7, "Coordinator")
        version, cycle, news = check_arity(counters, 3, "Coordinator.counters")
        self.version = check_int(version, "Coordinator.version")
        self._solved_cycle = check_int(cycle, "Coordinator.cycle")
        self._news = set(take_names(news, "Coordinator.news"))
        self.csi, self.sensed = _held(csi, "Coordinator.csi"), _held(sensed, "Coordinator.sensed")
        self.echoes = _held(echoes, "Coordinator.echoes")
        self._fresh.restore(fresh)
        self.aim.restore(aim)
        self.policy.restore(policy)

    def _keep(self, envelope: Envelope, replica: Replica) -> None:
        held = Held(envelope.msg_id, envelope.trace_id, envelope.t_data_ns)
        match replica.report:
            case Csi():
                self.csi[replica.entity] = held
                self._news.add(replica.entity)
            case Sensed():
                self.sensed[replica.report.transmitter] = held
            case Echo():
                known = self.echoes.get(replica.report.target)
                if known is None or known.t_data_ns < held.t_data_ns:
                    self.echoes[replica.report.target] = held
            case _:
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

    def _inputs(self) -> list[Held]:
        """The newest report of each transmitter, and what is sensed of the eavesdropper where that is newer still."""
        names = self.config.transmitters
        newer = [n for n in names if n in self.sensed and self.sensed[n].t_data_ns > self.csi[n].t_data_ns]
        return [*(self.csi[name] for name in names), *(self.sensed[name] for name in newer)]

    def _report(self, decision: Decision | None, used: list[Held]) -> SolveReport:
        return SolveReport(
            problem=self.policy.problem,
            method=self.policy.method,
            trigger=self.config.trigger,
            version=self.version,
            inputs=tuple(held.msg_id for held in (*used, *(self.echoes[name] for name in sorted(self.echoes)))),
            status="failed" if decision is None else decision.status,
            iterations=0 if decision is None else decision.iterations,
            objective=0.0 if decision is None else decision.objective,
            violation=0.0 if decision is None else max(decision.violation, 0.0),
            cost_ns=self.config.solve_ns,
            wall_us=0.0,
        )


def _held_state(held: dict[str, Held]) -> Plain:
    return {name: (kept.msg_id, kept.trace_id, kept.t_data_ns) for name, kept in held.items()}


def _held(state: object, what: str) -> dict[str, Held]:
    return {
        name: Held(*[check_int(number, what) for number in check_arity(item, 3, what)])
        for name, item in take_map(state, what).items()
    }
