"""The problems that `solve` knows: how each is read, solved, shown and written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twin.solvers.json_files import Answer, Instance
from twin.solvers.result import Solution


@dataclass(frozen=True, slots=True)
class Solvable:
    """One problem. What takes long to import is imported when it is called.

    Attributes:
        methods: what may be asked for, the default first.
        slow: methods that take seconds: they share the processors, and are not timed again and again.
        read: the instances of a file.
        write: results to a file, given the method and the answers.
        prepare: compile what a method needs for a problem, so that it can be timed without.
        solve: one cold solve of a problem by a method; a third argument names starts, None for all.
        heading: of the columns of a problem's own in the table.
        columns: those columns for one solution, as wide as the heading.
        unit: of the objective.
    """

    methods: tuple[str, ...]
    slow: frozenset[str]
    read: Callable[[Path], Sequence[Instance[Any]]]
    write: Callable[[Path, str, Sequence[Answer]], None]
    prepare: Callable[[Any, str], None]
    solve: Callable[[Any, str, Sequence[str] | None], Solution]
    heading: str
    columns: Callable[[Solution], str]
    unit: str = "bit/s/Hz"


def _read_sagin(path: Path) -> Sequence[Instance[Any]]:
    from twin.solvers.synergy.instances import read_instances

    return read_instances(path)


def _write_sagin(path: Path, method: str, answers: Sequence[Answer]) -> None:
    from twin.solvers.synergy.instances import write_results

    write_results(path, method, answers)


def _prepare_sagin(problem: Any, method: str) -> None:  # noqa: ANN401 - the registry holds problems of all kinds
    from twin.solvers.synergy.solve import prepare

    prepare(problem, method)


def _solve_sagin(problem: Any, method: str, starts: Sequence[str] | None) -> Solution:  # noqa: ANN401
    from twin.solvers.synergy.solve import solve

    return solve(problem, method=method, starts=starts)


def _read_ic(path: Path) -> Sequence[Instance[Any]]:
    from twin.solvers.pricing.instances import read_instances

    return read_instances(path)


def _write_ic(path: Path, method: str, answers: Sequence[Answer]) -> None:
    from twin.solvers.pricing.instances import write_results

    write_results(path, method, answers)


def _prepare_ic(_problem: Any, method: str) -> None:  # noqa: ANN401
    from twin.solvers.pricing.solve import prepare

    prepare(method)


def _solve_ic(problem: Any, method: str, starts: Sequence[str] | None) -> Solution:  # noqa: ANN401
    from twin.errors import UsageError
    from twin.solvers.pricing.solve import solve

    if starts is not None:
        raise UsageError(f"starts={list(starts)}: the starts of ic have no names")
    return solve(problem, method=method)


def _read_hisac(path: Path) -> Sequence[Instance[Any]]:
    from twin.solvers.rsma.instances import read_instances

    return read_instances(path)


def _write_hisac(path: Path, method: str, answers: Sequence[Answer]) -> None:
    from twin.solvers.rsma.instances import write_results

    write_results(path, method, answers)


def _prepare_hisac(problem: Any, method: str) -> None:  # noqa: ANN401
    from twin.solvers.rsma.solve import CONVEX, prepare, prepare_convex

    if method in CONVEX:
        prepare_convex(problem, method)
    else:
        prepare()


def _solve_hisac(problem: Any, method: str, starts: Sequence[str] | None) -> Solution:  # noqa: ANN401
    from twin.errors import UsageError
    from twin.solvers.rsma.solve import solve

    if starts is not None and method != "reference":
        raise UsageError(f"starts={list(starts)}: of the methods of hisac only reference has starts with names")
    return solve(problem, method=method, starts=starts)


def _columns_sagin(solution: Solution) -> str:
    return f"{solution.objective:11.6f}  {solution.evidence['upper_bound']:11.6f}"


def _columns_ic(solution: Solution) -> str:
    pairs, on = int(solution.evidence["pairs"]), int(solution.evidence["on"])
    sending = f"{on} of {pairs}" if on else "all off"
    return f"{solution.objective:11.6f}  {sending:>9}"


def _columns_hisac(solution: Solution) -> str:
    found = solution.evidence
    least_met = next((name.partition(":")[2] for name in found if name.startswith("least_met:")), "")
    return f"{solution.objective:11.6f}  {found['secrecy_rate']:8.4f}  {found['scnr']:8.3f}  {least_met or '-':20}"


SOLVABLE: Final[dict[str, Solvable]] = {
    "sagin": Solvable(
        methods=("fast", "reference", "mrt", "zf_eve", "zf_all", "local"),
        slow=frozenset({"reference"}),
        read=_read_sagin,
        write=_write_sagin,
        prepare=_prepare_sagin,
        solve=_solve_sagin,
        heading="min secrecy  upper bound",
        columns=_columns_sagin,
    ),
    "ic": Solvable(
        methods=(
            "fast",
            "reference",
            "plug_in",
            "stat",
            "gram",
            "scenario",
            "selfish",
            "mmse",
            "mmse_eve",
            "alignment",
            "central",
        ),
        slow=frozenset({"reference", "central"}),
        read=_read_ic,
        write=_write_ic,
        prepare=_prepare_ic,
        solve=_solve_ic,
        heading="sum secrecy    sending",
        columns=_columns_ic,
    ),
    "hisac": Solvable(
        methods=(
            "fast",
            "reference",
            "paper",
            "certified",
            "rsma_unicast",
            "rsma_equal_split_unicast",
            "sdma_unicast",
            "sdma_multicast",
            "sdma_literal",
            "noma_unicast",
            "noma_multicast",
            "oma_unicast",
            "oma_multicast",
            "no_green_interference",
            "artificial_noise",
            "no_echo_filter",
        ),
        slow=frozenset({"reference", "paper", "certified"}),
        read=_read_hisac,
        write=_write_hisac,
        prepare=_prepare_hisac,
        solve=_solve_hisac,
        heading="        SEE   secrecy      SCNR  least met           ",
        columns=_columns_hisac,
        unit="bit/s/Hz/W",
    ),
}
