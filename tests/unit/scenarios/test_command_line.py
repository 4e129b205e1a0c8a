"""The command line: every command does what it says, and loads no more than it needs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import run_twin
import scenarios
from scenarios.cli import main
from scenarios.sagin.spec import SaginSpec
from twin.runtime.hosting import Hosting
from twin.runtime.remote import no_news

ROOT = Path(__file__).parents[3]
SUMMARY = {
    "scenario": "sagin",
    "seed": 3,
    "digest": "ab" * 32,
    "reproducible": True,
    "interrupted": False,
    "virtual_s": 2.0,
    "wall_s": 8.1,
    "kernel_events": 1000,
    "messages": {
        "sent": 78311,
        "delivered": 77900,
        "lost": 391,
        "dropped": 3,
        "in_flight": 17,
        "intra_twin": 1,
        "inter_twin": 2,
        "reasons": {"loss": 391, "queue_full": 2, "stale": 1},
    },
    "latency_ms": {
        "csi": {"count": 1200, "p50": 1.25, "p95": 1.5, "p99": 1.75},
        "precoder": {"count": 0, "p50": None, "p95": None, "p99": None},
    },
    "age_ms": {"mean": 31.04, "peak_mean": 41.0, "p95": 45.0},
    "solves": {
        "count": 4118,
        "failed": 2,
        "iterations_median": 10.0,
        "cost_ms_median": 1.0,
        "wall_ms_median": 80.5,
    },
    "outage_threshold": 1.0,
    "secrecy": {
        "su": {"mean": 2.46, "fresh_mean": 2.87, "outage": 0.03},
        "au": {"mean": 2.5, "fresh_mean": 2.9, "outage": 0.0},
    },
    "min_secrecy": {
        "mean": 2.41,
        "fresh_mean": 2.82,
        "staleness_loss": 0.41,
        "staleness_share": 0.145,
        "nominal_mean": 0.9,
        "nominal_share": 0.68,
        "never_updated_mean": 0.31,
        "local_mrt_mean": 0.68,
        "ci95": 0.05,
    },
    "bytes_per_cycle": 5000.0,
    "energy_j": 0.1,
    "loss_attribution": None,
}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[object, ...]]]:
    """Stands in for the engine: records what it is asked for and answers with a summary."""

    def install(summary: dict[str, object] | None = None):
        calls: list[tuple[object, ...]] = []

        def answer(*asked: object) -> SimpleNamespace:
            calls.append(asked)
            folder = next(item for item in asked if isinstance(item, Path))
            return SimpleNamespace(folder=folder, summary={**SUMMARY, **(summary or {})})

        module = ModuleType("scenarios.engine")
        module.run_scenario = module.recover = answer  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "scenarios.engine", module)
        monkeypatch.setattr(scenarios, "engine", module, raising=False)
        return calls

    return install


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_nothing_typed_runs_the_default_scenario(engine, capsys: pytest.CaptureFixture[str]) -> None:
    calls = engine()
    assert main([]) == 0
    spec, seed, out, hosting, _, window = calls[0]
    assert (spec, seed, window) == (SaginSpec(), 1, "auto")
    assert replace(hosting, tell=no_news) == Hosting("inproc")
    assert isinstance(out, Path)
    assert out.parent == Path("runs")
    assert out.name.startswith("sagin-1-2")
    assert len(out.name) == len("sagin-1-YYYYmmddTHHMMSS")
    assert capsys.readouterr().err == ""


def test_everything_typed_reaches_the_engine(engine, capsys: pytest.CaptureFixture[str]) -> None:
    calls = engine()
    argv = ["--seed", "7", "--duration", "1.5", "--set", "uav.altitude_m=50", "--set", "twin.trigger=every"]
    where = ["--transport", "tcp", "--hosts", "external", "--listen", "tcp://127.0.0.1:5000"]
    assert main([*argv, "--out", "here", *where, "--window", "1e-6"]) == 0
    spec, seed, out, hosting, _, window = calls[0]
    assert isinstance(spec, SaginSpec)
    assert (spec.scenario.duration_s, spec.uav.altitude_m, spec.twin.trigger) == (1.5, 50.0, "every")
    assert (seed, out, window) == (7, Path("here"), 1000)
    assert replace(hosting, tell=no_news) == Hosting("tcp", external=True, listen="tcp://127.0.0.1:5000")
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("next     run-twin run sagin --seed 7 --duration 1.5 --set uav.altitude_m=50 --set twin.tr")


def test_two_runs_in_one_second_do_not_share_a_folder(engine) -> None:
    calls = engine()
    for _ in range(3):
        assert main(["run"]) == 0
        folder = calls[-1][2]
        assert isinstance(folder, Path)
        folder.mkdir(parents=True)
    assert len({call[2] for call in calls}) == 3


def test_json_is_the_summary_and_nothing_else(engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine()
    assert main(["run", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == SUMMARY
    assert err == ""


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_run_whose_reader_leaves_is_a_run_all_the_same(engine, flags: list[str], monkeypatch) -> None:
    """As in `run-twin run | head -1`, when the reader is quick."""
    calls = engine()
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main(["run", *flags]) == 0
        stdout.write("what is still said at exit goes nowhere, and is no error")
    assert len(calls) == 1


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_run_needs_no_streams(engine, flags: list[str], monkeypatch) -> None:
    """As in `run-twin run <&- >&- 2>&-`, where Python has None for each of them."""
    calls = engine()
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    monkeypatch.setattr(sys, "argv", ["run-twin", "run", *flags])
    assert run_twin.main() == 0
    assert len(calls) == 1
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        assert os.get_inheritable(stream.fileno())
        os.close(stream.fileno())


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_an_interrupted_run_says_so_and_leaves_with_130(
    engine, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    engine({"interrupted": True, "virtual_s": 1.25})
    assert main(["run", *flags]) == 130
    out = capsys.readouterr().out
    assert '"interrupted": true' in out if flags else out.startswith("Interrupted after 1.25 s. Staleness costs 0.41")


def test_recover_shows_what_the_run_came_to(engine, capsys: pytest.CaptureFixture[str]) -> None:
    calls = engine()
    assert main(["recover", "runs/x"]) == 0
    assert calls == [(Path("runs/x"),)]
    out = capsys.readouterr().out
    assert "look     runs/x/report.html" in out
    assert "next" not in out


def test_solve_answers_every_instance(capsys: pytest.CaptureFixture[str]) -> None:
    instances = ROOT / "tests" / "golden" / "reference" / "sagin.json"
    assert main(["solve", "sagin", str(instances), "--method", "mrt", "--out", "out.json"]) == 0
    assert "20 of 20 solved" in capsys.readouterr().out
    assert json.loads(Path("out.json").read_text())


def test_list_and_validate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert re.search(r"^sagin +Space-air-ground synergy", capsys.readouterr().out, flags=re.MULTILINE)
    Path("my town.toml").write_text("[[users.extra]]\nname = 'lorry'\nposition_m = [1, 2, 0]\n")
    assert main(["validate", "my town.toml", "--set", "twin.coordinator=edge:lorry"]) == 0
    assert capsys.readouterr().out == "my-town: valid, 10 s, 8 entities, 16 twins, edge:lorry solves\n"
    assert main(["validate", "interference"]) == 0  # a listening eavesdropper has no twins there
    assert "6 entities, 10 twins, every" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["list"], ["validate", "sagin"], ["--help"], ["run", "sagim"]])
def test_light_commands_load_nothing_heavy(argv: list[str]) -> None:
    """What answers at once must not import what takes a second."""
    code = (
        "import sys; from scenarios.cli import main\n"
        f"try: main({argv!r})\nexcept SystemExit: pass\n"
        "heavy = {'cvxpy', 'matplotlib', 'pyarrow', 'scipy', 'simpy', 'zmq', 'networkx'} & sys.modules.keys()\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    for command in ("run", "list", "validate", "solve", "recover", "story", "trace"):
        assert f"\n    {command} " in text


def test_threads_are_set_before_numpy_loads() -> None:
    code = (
        "import os, sys, run_twin\nassert 'numpy' not in sys.modules\n"
        "assert os.environ['OMP_NUM_THREADS'] == os.environ['OPENBLAS_NUM_THREADS'] == '1'"
    )
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=30, cwd=ROOT, env=environment)
    assert done.returncode == 0
