"""What the coordinator knew, and aimed at, whenever it solved: read off a twin that is fed the run's messages.

Reports themselves are not kept, only when they were taken: the judge can take them again (by the system: `retaken`), as
they were or at other instants.
"""

from collections.abc import Container, Iterable, Mapping

from scenarios.record import Knowledge
from scenarios.replay import Driven, Step
from scenarios.spec_coordinated import CoordinatedSpec
from scenarios.system import CoordinatedSystem
from twin.nodes.base import Incoming
from twin.nodes.coordinator import Coordinator
from twin.wire.messages import Csi, Replica


def recall(
    system: CoordinatedSystem[CoordinatedSpec], taken: Iterable[Step], wanted: Container[int]
) -> dict[int, Knowledge]:
    """What the coordinator knew when it solved for each of the versions that are `wanted`."""
    twin = Driven(system)
    arrived_ns: dict[tuple[str, int], int] = {}
    known: dict[int, Knowledge] = {}
    for step in taken:
        for incoming in step.heard:
            _note_arrival(arrived_ns, incoming)
        twin.hear(step)
        solved, coordinator = step.solved, twin.coordinator
        if solved.status != "solved" or coordinator is None:
            continue
        if solved.version in wanted:
            known[solved.version] = _knowledge(system, coordinator, step, arrived_ns)
        coordinator.aim.note_solve(solved.version, solved.finish_ns)
    return known


def _note_arrival(arrived_ns: dict[tuple[str, int], int], incoming: Incoming) -> None:
    """When the CSI that a transmitter measured at some instant reached the coordinator first."""
    if incoming.envelope is None:
        return
    match incoming.body:
        case Csi():
            source = incoming.envelope.src
        case Replica(report=Csi()):
            source = incoming.body.entity
        case _:
            return
    arrived_ns.setdefault((source, incoming.envelope.t_data_ns), incoming.t_ns)


def _knowledge(
    system: CoordinatedSystem[CoordinatedSpec],
    coordinator: Coordinator,
    step: Step,
    arrived_ns: Mapping[tuple[str, int], int],
) -> Knowledge:
    transmitters = system.transmitters
    measured_ns = tuple(coordinator.csi[name].t_data_ns for name in transmitters)
    last = step.heard[-1] if step.heard else None
    asked_ns = last.t_ns if last is not None and last.begin_ns == step.began_ns else step.began_ns
    return Knowledge(
        version=step.solved.version,
        measured_ns=measured_ns,
        received_ns=tuple(arrived_ns[pair] for pair in zip(transmitters, measured_ns, strict=True)),
        begin_ns=step.solved.begin_ns,
        done_ns=step.solved.finish_ns,
        aims_ns=coordinator.targets_ns(asked_ns, step.solved.finish_ns),
        links=system.link_memories(coordinator),
    )
