"""What the coordinator knew, and aimed at, whenever it solved: read off a twin that is fed the run's messages.

Reports themselves are not kept, only when they were taken: the judge can take them again (`attribution_reports`), as
they were or at other instants.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.configure import coordination
from scenarios.replay import Driven, Step
from scenarios.spec import Spec
from twin.nodes.base import Incoming
from twin.nodes.coordinator import Coordinator
from twin.nodes.history import IGNORED
from twin.signal.arrays import Instants
from twin.signal.sagin import TRANSMITTERS
from twin.wire.messages import ComplexArray, Csi, RealArray, Replica


@dataclass(frozen=True, slots=True, eq=False)
class LinkMemory:
    """What was known of one transmitter's channels; R = 4 receivers, p taps, N antennas.

    Instants of the reports (R, p), newest first, which of them count (R, p), running mean channel (R, N) and power
    (R,), relative radius (R,) of the newest report. `states_ns` says when the known states of each entity were taken,
    `newest_ns` when the newest of all this was.
    """

    instants_ns: Instants
    counts: NDArray[np.bool_]
    mean: ComplexArray
    power: RealArray
    radius: RealArray
    states_ns: Mapping[str, Instants]
    newest_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """One solve: its milestones, its aims and what it went by, transmitters in the order of TRANSMITTERS.

    `measured_ns` is when each transmitter's newest CSI was taken, `received_ns` when the coordinator got it.
    """

    version: int
    measured_ns: tuple[int, ...]
    received_ns: tuple[int, ...]
    begin_ns: int
    done_ns: int
    aims_ns: tuple[int, ...]
    links: tuple[LinkMemory, ...]


def recall(spec: Spec, taken: Iterable[Step], wanted: Container[int]) -> dict[int, Knowledge]:
    """What the coordinator knew when it solved for each of the versions that are `wanted`."""
    twin = Driven(spec, coordination(spec))
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
            known[solved.version] = _knowledge(coordinator, step, arrived_ns)
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


def _knowledge(coordinator: Coordinator, step: Step, arrived_ns: Mapping[tuple[str, int], int]) -> Knowledge:
    measured_ns = tuple(coordinator.csi[name].t_data_ns for name in TRANSMITTERS)
    last = step.heard[-1] if step.heard else None
    asked_ns = last.t_ns if last is not None and last.begin_ns == step.began_ns else step.began_ns
    return Knowledge(
        version=step.solved.version,
        measured_ns=measured_ns,
        received_ns=tuple(arrived_ns[pair] for pair in zip(TRANSMITTERS, measured_ns, strict=True)),
        begin_ns=step.solved.begin_ns,
        done_ns=step.solved.finish_ns,
        aims_ns=coordinator.targets_ns(asked_ns, step.solved.finish_ns),
        links=tuple(_link(coordinator, name) for name in TRANSMITTERS),
    )


def _link(coordinator: Coordinator, transmitter: str) -> LinkMemory:
    history, tracks = coordinator.predictor.memory(transmitter)
    taps, instants_ns = history.read(0), history.instants_ns()
    states_ns = {name: track.instants_ns() for name, track in tracks.items()}
    newest_ns = max(int(instants_ns.max()), *(int(known.max()) for known in states_ns.values()), 0)
    counts = taps.noise < IGNORED
    return LinkMemory(instants_ns, counts, taps.mean, taps.power, taps.radius, states_ns, newest_ns)
