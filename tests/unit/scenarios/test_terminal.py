"""What the terminal shows: during a run, and of a summary."""

import io
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from scenarios.hints import HINTS
from scenarios.load import load
from scenarios.summary_view import show_summary, verdict, worth_trying
from scenarios.terminal import ProgressView, grouped, plain_line

WORST = {
    "mean": 2.41,
    "fresh_mean": 2.82,
    "staleness_loss": 0.41,
    "nominal_mean": 0.9,
    "nominal_share": 0.68,
    "never_updated_mean": 0.31,
    "local_mrt_mean": 0.68,
    "ci95": 0.05,
}


def summary_of(**worst: object) -> dict[str, object]:
    return {
        "seed": 3,
        "digest": "ab" * 32,
        "interrupted": False,
        "virtual_s": 2.0,
        "wall_s": 8.1,
        "messages": {
            "sent": 78311,
            "delivered": 77900,
            "lost": 391,
            "dropped": 3,
            "in_flight": 17,
            "reasons": {"loss": 391, "queue_full": 2, "stale": 1},
        },
        "latency_ms": {
            "csi": {"count": 1200, "p50": 1.25, "p95": 1.5, "p99": 1.75},
            "precoder": {"count": 0, "p50": None, "p95": None, "p99": None},
        },
        "age_ms": {"mean": 31.04, "peak_mean": 41.0, "p95": None},
        "solves": {"count": 4118, "failed": 2, "iterations_median": 10.0, "wall_ms_median": 80.5},
        "secrecy": {"su": {"mean": 2.46, "fresh_mean": 2.87, "outage": 0.03}},
        "min_secrecy": {**WORST, **worst},
    }


@pytest.fixture(autouse=True)
def a_usual_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def block(summary: dict[str, object], typed: str | None = None) -> str:
    stream = io.StringIO()
    show_summary(summary, Path("runs/x"), typed, stream=stream)
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines())


def progress_at(t_s: float, wall_s: float, **changes: object) -> SimpleNamespace:
    state = {"sent": 78311, "lost": 391, "solves": 4118, "age_ms": 31.2, "rate": 2.456, "objective": "min"}
    return SimpleNamespace(t_ns=round(t_s * 1e9), duration_ns=60 * 10**9, wall_s=wall_s, **{**state, **changes})


def test_the_block_of_a_run() -> None:
    expected = """\
Staleness costs 0.41 +- 0.05 of 2.82 bit/s/Hz (15 %). A twin that does not predict loses 68 %.

bit/s/Hz       stale  fresh  outage < 1    latency, ms   p50   p99  count
su              2.46   2.87         3 %    csi          1.25  1.75  1 200
worst user      2.41   2.82                precoder        -     -      0
nominal twin    0.90
never updated   0.31
local MRT       0.68

CSI age  mean 31.0 ms, mean peak 41.0 ms, p95 -
messages sent 78 311, delivered 77 900, lost 391, dropped 3, in flight 17 (queue_full 2, stale 1)
solves   4 118, 2 failed, median 10 iterations, 80.5 ms of wall time
digest   abababababababababababababababababababababababababababababababab
time     2 s virtual, emulated in 8.1 s of wall time, seed 3
look     runs/x/report.html
story    run-twin story runs/x worst
next     run-twin run sagin --set network.backhaul.latency_ms=1
"""
    assert block(summary_of(), "run-twin run sagin") == expected


LEGS = {"sensing": 0.05, "uplink": 0.1, "queue": -0.001, "solve": 0.156, "downlink": 0.08, "hold": 0.025, "mixing": 0.0}


def test_what_was_lost_on_each_leg_stands_beside_the_rates() -> None:
    attributed = {**summary_of(), "loss_attribution": LEGS, "loss_attribution_ci95": dict.fromkeys(LEGS, 0.004)}
    text = block(attributed)
    assert text.startswith(
        "Staleness costs 0.41 +- 0.05 of 2.82 bit/s/Hz (15 %). Largest part: solve, 38 %. A twin that does not"
    )
    assert (
        """
bit/s/Hz       stale  fresh  outage < 1    leg       lost, bit/s/Hz  share
su              2.46   2.87         3 %    sensing     0.05 +- 0.00   12 %
worst user      2.41   2.82                uplink      0.10 +- 0.00   24 %
nominal twin    0.90                       queue       0.00 +- 0.00    0 %
never updated   0.31                       solve       0.16 +- 0.00   38 %
local MRT       0.68                       downlink    0.08 +- 0.00   20 %
                                           hold        0.03 +- 0.00    6 %
                                           mixing      0.00 +- 0.00    0 %

latency, ms   p50   p99  count
csi          1.25  1.75  1 200
"""
        in text
    )


def test_three_tables_stand_in_a_row_on_a_wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    (line,) = [line for line in block({**summary_of(), "loss_attribution": LEGS}).splitlines() if "outage" in line]
    assert line.endswith("    leg       lost, bit/s/Hz  share    latency, ms   p50   p99  count")


def test_no_share_of_a_loss_that_is_none() -> None:
    text = block({**summary_of(staleness_loss=0.04), "loss_attribution": LEGS})
    assert text.startswith("No measurable staleness cost in this run (0.04 +- 0.05 of 2.82 bit/s/Hz).\n")
    assert re.search(r"solve +0\.16 +-$", text, re.MULTILINE)
    nothing = {**summary_of(), "loss_attribution": dict.fromkeys(LEGS, -0.1)}
    assert "Largest part" not in block(nothing)


def test_no_story_is_offered_where_no_twin_was_heard() -> None:
    assert "\nstory " not in block(summary_of(local_mrt_share=1.0))
    assert "\nstory " not in block({**summary_of(), "solves": {**summary_of()["solves"], "count": 0}})
    assert "\nstory    run-twin story runs/x worst\n" in block(summary_of(local_mrt_share=None))


@pytest.mark.parametrize("columns", [72, 40, 20, 1])
def test_a_narrow_screen_has_the_tables_one_under_the_other(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    expected = """
bit/s/Hz       stale  fresh  outage < 1
su              2.46   2.87         3 %
worst user      2.41   2.82
nominal twin    0.90
never updated   0.31
local MRT       0.68

latency, ms   p50   p99  count
csi          1.25  1.75  1 200
precoder        -     -      0

CSI age  mean"""
    assert expected in block(summary_of())


def test_the_tables_stand_side_by_side_as_soon_as_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    widest = max(len(line) for line in block(summary_of()).splitlines() if "latency" in line)
    for columns, beside in ((widest, True), (widest - 1, False)):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert ("outage < 1    latency, ms" in block(summary_of())) is beside


def test_a_run_without_samples_still_has_a_block() -> None:
    empty = dict.fromkeys(WORST)
    text = block(summary_of(**empty))
    assert text.startswith("The run ended before the first sample of the metrics: nothing can be said.\n")
    assert "worst user         -      -" in text


def test_a_run_whose_genie_has_no_answer_is_not_taken_for_one_without_samples() -> None:
    no_answer = {"staleness_loss": None, "fresh_mean": None, "staleness_share": None, "ci95": None}
    sentence = "There is nothing to compare with: the genie found no answer at any sample."
    assert verdict(summary_of(**no_answer)) == sentence
    waiting = verdict(summary_of(**no_answer, local_mrt_share=1.0))
    assert waiting == f"{sentence} No precoder of a twin went on air: local MRT all the way."


def test_the_verdict_calls_what_is_done_alone_as_the_system_does() -> None:
    named = {"names": {"local_mrt": "local start"}}
    assert verdict({**summary_of(local_mrt_share=0.12), **named}).endswith(
        " Local start was still on air in 12 % of the samples."
    )
    assert "local start all the way" in verdict({**summary_of(local_mrt_share=1.0), **named})


def test_the_block_says_how_often_the_age_exceeds_its_limit() -> None:
    summary = {**summary_of(), "age_limit_ms": 25.0, "age_violation": 0.124}
    assert "p95 -, over 25 ms 12 % of the time\n" in block(summary)
    assert "over 25 ms" not in block({**summary, "age_violation": 0.0})


def test_a_killed_run_has_no_wall_time() -> None:
    assert "time     2 s virtual\n" in block({**summary_of(), "wall_s": None})


@pytest.mark.parametrize(
    ("loss", "ci95", "sentence"),
    [
        (0.41, 0.05, "Staleness costs 0.41 +- 0.05 of 2.82 bit/s/Hz (15 %). A twin that does not predict loses 68 %."),
        (
            0.41,
            None,
            "Staleness costs 0.41 (too few samples for an interval) of 2.82 bit/s/Hz (15 %). A twin that does not predict loses 68 %.",
        ),
        (0.04, 0.05, "No measurable staleness cost in this run (0.04 +- 0.05 of 2.82 bit/s/Hz)."),
        (-0.2, 0.05, "No measurable staleness cost in this run (-0.20 +- 0.05 of 2.82 bit/s/Hz)."),
        (-0.2, None, "No measurable staleness cost in this run (-0.20 of 2.82 bit/s/Hz)."),
    ],
)
def test_the_verdict(loss: float, ci95: float | None, sentence: str) -> None:
    summary = summary_of(staleness_loss=loss, ci95=ci95)
    assert verdict(summary) == sentence
    assert verdict({**summary, "interrupted": True}) == f"Interrupted after 2 s. {sentence}"


PREFIX = "Staleness costs 0.41 +- 0.05 of 2.82 bit/s/Hz (15 %). A twin that does not predict loses 68 %."


@pytest.mark.parametrize(
    ("share", "sentence"),
    [
        (1.0, "No precoder of a twin went on air in this run: local MRT all the way (2.41 of 2.82 bit/s/Hz)."),
        (0.994, f"{PREFIX} Local MRT was still on air in over 99 % of the samples."),
        (0.12, f"{PREFIX} Local MRT was still on air in 12 % of the samples."),
        (0.0004, f"{PREFIX} Local MRT was still on air in under 1 % of the samples."),
        (0.0, PREFIX),
        (None, PREFIX),
    ],
)
def test_the_verdict_says_where_no_twin_was_heard(share: float | None, sentence: str) -> None:
    assert verdict(summary_of(local_mrt_share=share)) == sentence


def test_local_mrt_is_named_where_nothing_was_lost() -> None:
    harmless = verdict(summary_of(staleness_loss=0.0, local_mrt_share=0.5))
    assert harmless.endswith("of 2.82 bit/s/Hz). Local MRT was still on air in 50 % of the samples.")
    silent = {**summary_of(staleness_loss=0.0, local_mrt_share=1.0), "interrupted": True}
    assert verdict(silent).startswith("Interrupted after 2 s. No precoder of a twin went on air in this run: local MRT")


@pytest.mark.parametrize(("objective", "scenario"), [("min", "sagin"), ("sum", "interference"), ("min", "hisac")])
def test_what_is_worth_trying_is_valid_and_new(objective: str, scenario: str) -> None:
    hints = HINTS[scenario]
    for choice in (*hints.fresher, *hints.staler, *hints.shorter.values()):
        assert load(scenario, [choice]) != load(scenario)
    assert set(hints.shorter) < set(LEGS)
    aimed = {"objective": objective, "system": scenario}
    lossy, harmless = summary_of() | aimed, summary_of(staleness_loss=0.0) | aimed
    for summary in (lossy, harmless):
        summary[f"{objective}_secrecy"] = summary["min_secrecy"]
    assert worth_trying(lossy, []) == hints.fresher[0]
    taken = hints.fresher[0].partition("=")[0]
    assert worth_trying(lossy, [f" {taken} = 9"]) == hints.fresher[1]
    assert worth_trying(lossy, hints.fresher) == hints.fresher[0]
    assert worth_trying(harmless, ["metrics.period_ms=5"]) == hints.staler[0]
    for leg, choice in hints.shorter.items():
        costly = {**lossy, "loss_attribution": {**LEGS, leg: 0.3}}
        assert worth_trying(costly, []) == choice
        assert worth_trying(costly, [choice]) == next(other for other in hints.fresher if other != choice)
        assert worth_trying({**harmless, "loss_attribution": {**LEGS, leg: 0.3}}, []) == hints.staler[0]


def test_a_pipe_gets_a_plain_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressView.on_stderr("sagin  seed 1") as view:
        for wall_s in range(31):
            view.show(progress_at(2.0 * wall_s, wall_s + 0.5))
    lines = capsys.readouterr().err.splitlines()
    counts = "sent 78 311  lost 391  solves 4 118  CSI age 31 ms  worst user 2.46 bit/s/Hz"
    assert lines == [
        f"sagin  seed 1  20.0 / 60 s  33 %  x1.9 real time  0:21 left  {counts}",
        f"sagin  seed 1  40.0 / 60 s  67 %  x2 real time  0:10 left  {counts}",
        f"sagin  seed 1  60.0 / 60 s  100 %  measuring secrecy  {counts}",
    ]


def test_a_terminal_gets_three_lines_that_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with ProgressView.on_stderr("sagin  seed 1") as view:
        view.show(progress_at(15.0, 5.0))
        view.show(progress_at(16.0, 5.05))
        view.show(progress_at(60.0, 5.06))
    shown = sys.stderr.getvalue()
    assert "15.0 / 60 s" in shown
    assert "0:15 left" in shown
    assert "16.0 / 60 s" not in shown
    assert "measuring secrecy" in shown
    assert shown.endswith("\x1b[?25h") or "\x1b[?25h" in shown


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120])
def test_the_lines_in_a_terminal_never_wrap(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    with ProgressView.on_stderr("sagin  seed 1  60 s virtual  inproc") as view:
        view.show(progress_at(15.0, 5.0))
        drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", sys.stderr.getvalue()).strip("\r\n")
    lines = drawn.split("\n")
    assert len(lines) == 3
    assert max(len(line) for line in lines) <= columns
    assert lines[1].startswith(" 15.0 / 60 s")
    assert ("x3 real time  0:15 left" in lines[1]) == (columns >= 60)


class Deaf(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


class DeafScreen(Deaf, Screen):
    """A terminal that is gone."""


@pytest.mark.parametrize("stream", [Deaf(), DeafScreen()], ids=["pipe", "terminal"])
def test_a_progress_that_nobody_reads_ends_no_run(stream: Deaf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with ProgressView.on_stderr("sagin  seed 1") as view:
        for wall_s in range(31):
            view.show(progress_at(2.0 * wall_s, wall_s + 0.5))
    assert sys.stderr is stream


def test_a_summary_that_nobody_reads_is_a_broken_pipe_for_the_caller() -> None:
    with pytest.raises(BrokenPipeError):
        show_summary(summary_of(), Path("runs/x"), stream=Deaf())


def test_a_silent_view_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressView.silent() as view:
        view.show(progress_at(60.0, 60.0))
    assert capsys.readouterr() == ("", "")


def test_what_is_not_known_yet_is_left_out() -> None:
    line = plain_line("x", progress_at(0.0, 0.0, age_ms=None, rate=None))
    assert line == "x  0.0 / 60 s  0 %  sent 78 311  lost 391  solves 4 118"


def test_digits_in_groups_of_three() -> None:
    assert [grouped(number) for number in (0, 999, 1000, 1234567)] == ["0", "999", "1 000", "1 234 567"]
