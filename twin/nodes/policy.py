"""What a coordinator needs to know of the system that it solves for: the one interface of all policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from twin.wire.messages import ComplexArray, Report
from twin.wire.plain import Plain


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What a policy decided: precoders in the order of the transmitters, and the evidence of the solve.

    With a `status` other than "solved" nothing is put on air; the precoders are then not looked at.
    """

    precoders: tuple[ComplexArray, ...]
    status: str
    iterations: int
    objective: float
    violation: float


class Policy(Protocol):
    """Turns what was reported into precoders. State, but no clock and no randomness of its own."""

    problem: str
    method: str

    def note_report(self, entity: str, t_data_ns: int, report: Report) -> None:
        """Take in what was measured of an entity at `t_data_ns`; news only, each once."""

    def decide(self, targets_ns: Sequence[int]) -> Decision:
        """Precoders for use at the targets, one instant per transmitter.

        Raises:
            InstanceError: what is known makes no problem that can be solved.
            SolverError: the solver could not.
        """

    def state(self) -> Plain:
        """All that was learnt, warm start included (`twin.wire.plain`)."""

    def restore(self, state: object) -> None:
        """Become what another of this configuration was when it said `state`.

        Raises:
            WireError: the state is not one of this configuration's.
        """
