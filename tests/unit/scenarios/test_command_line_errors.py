"""The command line: every mistake is one clear line and exit code 2, and no stream that is missing ends in a traceback."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import run_twin
import scenarios
from scenarios.cli import main
from twin.errors import HostLostError, RunFolderError, SolverError

ROOT = Path(__file__).parents[3]
PROGRAM = str(ROOT / "run_twin.py")
NOWHERE = Path("/dev/full")  # every write says that no space is left


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 2) -> str:
    """The one line on standard error of a command line that must fail."""
    assert main(argv) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert "Traceback" not in err
    return err.removeprefix("error: ").rstrip("\n")


CRASH = '{{kind="twin_crash", twin="edge:su", from_s={}, to_s={}}}'
MISTAKES = [
    (
        ["run", "my.toml"],
        "network.backhual.latency_ms: unknown key; did you mean network.backhaul.latency_ms? (my.toml:2)",
    ),
    (
        ["validate", "sagin", "--set", "uav.altitude_m=high"],
        'uav.altitude_m = "high": must be a number, 10 to 10000 m (--set)',
    ),
    (["run", "--set", "uav.altitude_m=-50"], "uav.altitude_m = -50: must be 10 to 10000 m (--set)"),
    (["run", "nope.toml"], "nope.toml: no such file"),
    (["run", "--set", "satellite.antennas=0"], "satellite.antennas = 0: must be 1 to 64 (--set)"),
    (["run", "sagim"], 'scenario = "sagim": unknown; did you mean sagin? (known: '),
    (["run", "--set", "uav.height_m=3"], "uav.height_m: unknown key; did you mean "),
    (["run", "--set", "uav.altitude_m"], "--set uav.altitude_m: must be path=value"),
    (["run", "--duration", "0"], "scenario.duration_s = 0: must be 0.01 to 3600 s (--duration)"),
    (["run", "--duration", "-1"], "scenario.duration_s = -1: must be 0.01 to 3600 s (--duration)"),
    (
        ["run", "--duration", "soon"],
        "argument --duration: 'soon': must be a number of seconds; see run-twin run --help",
    ),
    (
        ["run", "--seed", "-1"],
        "argument --seed: '-1': must be a whole number, 0 to 9223372036854775807; see ",
    ),
    (["--seed", "1.5"], "argument --seed: '1.5': must be a whole number"),
    (["--seed", "9" * 5000], "argument --seed: "),
    (["run", "--transport", "udp"], "argument --transport: invalid choice: 'udp' (choose from "),
    (["run", "--window", "soon"], "argument --window: 'soon': must be auto, lockstep or 1e-09 to 3600 seconds"),
    (["run", "--window", "0"], "argument --window: '0': must be auto, lockstep or 1e-09 to 3600 seconds"),
    (["run", "--window", "nan"], "argument --window: 'nan': must be auto, lockstep or 1e-09 to 3600 seconds"),
    (
        ["run", "--window", "3e-5", "--out", "here"],
        "window=3e-05 s: must be 1e-09 to 2e-05 s: core:au handles a message in 20000 ns and shares its way out",
    ),
    (
        ["validate", "sagin", "--set", 'fault=[{kind="twin_crash", twin="edge:me", from_s=1, to_s=2}]'],
        'fault[0].twin = "edge:me": must be edge:X or core:X with X an entity of the scenario (satellite, ',
    ),
    (
        ["validate", "sagin", "--set", 'fault=[{kind="twin_crash", twin="edge:su", from_s=2, to_s=2}]'],
        "fault[0].to_s = 2: must be more than from_s, 2 s (--set)",
    ),
    (
        [
            "validate",
            "sagin",
            "--set",
            f"fault=[{CRASH.format(1, 2)}, {CRASH.format(2, 3)}]",
        ],
        "fault[1].from_s = 2: must not meet its other fault, 1 to 2 s (--set)",
    ),
    (["run", "a.toml", "b.toml"], "unrecognized arguments: b.toml; see run-twin --help"),
    (["runn"], "argument COMMAND: invalid choice: 'runn' (choose from "),
    (["validate"], "the following arguments are required: SCENARIO|FILE; see run-twin validate --help"),
    (["story", "runs/x"], "the following arguments are required: VERSION; see run-twin story --help"),
    (["story", "runs/x", "worst"], "runs/x: is not a directory: a run folder is needed"),
    (["trace", "runs/x"], "the following arguments are required: --format; see run-twin trace --help"),
    (["trace", "runs/x", "--format", "csv", "--cycle", "-1"], "argument --cycle: '-1': must be a whole number, 0 to "),
    (["recover"], "the following arguments are required: DIR; see run-twin recover --help"),
    (["validate", "x\ny"], 'scenario = "x?y": unknown'),
    (["run\nrun"], "argument COMMAND: invalid choice: 'run\\nrun'"),
    (["run", "--s", "1"], "unrecognized arguments: --s"),
]


@pytest.mark.parametrize(
    ("argv", "expected"), MISTAKES, ids=lambda item: " ".join(item)[:40] if isinstance(item, list) else ""
)
def test_a_mistake_is_one_line(argv: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("my.toml").write_text("[network.backhual]\nlatency_ms = 3\n")
    assert refusal(capsys, *argv).startswith(expected)
    assert not Path("here").exists()


def test_a_traceback_is_there_for_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--debug", "run", "sagim"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):")
    assert err.splitlines()[-1].startswith('error: scenario = "sagim"')
    assert main(["validate", "sagim", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (RunFolderError("runs/x: is not empty"), 2, "runs/x: is not empty"),
        (SolverError("no\nidea"), 3, "no idea"),
        (HostLostError("edge: gone"), 4, "edge: gone"),
        (PermissionError(13, "Permission denied", "runs/x"), 2, "runs/x: Permission denied"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_a_run_dies_of(error, code, line, monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    def die(*_asked: object) -> None:
        raise error

    engine = ModuleType("scenarios.engine")
    engine.run_scenario = die  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "scenarios.engine", engine)
    monkeypatch.setattr(scenarios, "engine", engine, raising=False)
    assert refusal(capsys, "run", "--out", "a b", code=code) == line


def test_an_interrupted_run_with_a_journal_says_how_to_get_its_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def die(*_asked: object) -> None:
        Path("a b").mkdir()
        Path("a b/journal.wal").touch()
        raise KeyboardInterrupt

    engine = ModuleType("scenarios.engine")
    engine.run_scenario = die  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "scenarios.engine", engine)
    monkeypatch.setattr(scenarios, "engine", engine, raising=False)
    assert refusal(capsys, "run", "--out", "a b", code=130) == "interrupted; run: run-twin recover 'a b'"


def test_a_run_folder_that_cannot_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("")
    assert refusal(capsys, "run", "--out", "file/x") == "file/x: cannot be made a run folder: Not a directory"
    assert refusal(capsys, "run", "--out", "file") == "file: is a file: a run needs a new or empty directory"
    Path("full").mkdir()
    Path("full/of").write_text("")
    assert refusal(capsys, "run", "--out", "full") == "full: is not empty: a run needs a new or empty directory"
    assert refusal(capsys, "recover", "nowhere") == "nowhere: is not a directory: a run folder is needed"


@pytest.mark.parametrize("content", ["", "not json", "[1, 2]", '{"items": 3}', '{"items": []}', "\0", "[" * 100_000])
def test_a_broken_instance_file_is_named(content: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.json").write_text(content)
    assert "b.json: " in refusal(capsys, "solve", "sagin", "b.json", "--method", "mrt")


def test_solve_needs_a_known_problem_a_file_and_a_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, "solve", "isac", "b.json").startswith("argument PROBLEM: invalid choice: 'isac'")
    assert refusal(capsys, "solve", "sagin", "nope.json").startswith("nope.json: ")
    Path("file").write_text("")
    instances = str(ROOT / "tests" / "golden" / "reference" / "sagin.json")
    assert "file/out.json" in refusal(capsys, "solve", "sagin", instances, "--method", "mrt", "--out", "file/out.json")


def left_by_its_reader(*argv: str, stream: str = "stdout") -> subprocess.CompletedProcess[str]:
    """`run-twin ... | true`: the pipe is closed before anything is written."""
    read, write = os.pipe()
    os.close(read)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: write}
    done = subprocess.run([sys.executable, PROGRAM, *argv], **pipes, text=True, check=False, timeout=60)
    os.close(write)
    return done


def in_a_shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line for the shell, which alone can start a program without its standard streams."""
    command = f'"{sys.executable}" "{PROGRAM}" {line}'
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("command", ["list", "--help"])
def test_a_reader_who_leaves_is_no_error(command: str) -> None:
    done = left_by_its_reader(command)
    assert (done.returncode, done.stderr) == (0, "")


def test_who_does_not_read_the_error_still_gets_the_code() -> None:
    done = left_by_its_reader("validate", "nosuch.toml", stream="stderr")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    ("line", "code", "out", "err"),
    [
        ("list >&-", 0, "", ""),
        ("--help >&-", 0, "", ""),
        ("validate sagin 2>&-", 0, "sagin: valid, 10 s, 7 entities, 14 twins, core:base_station solves\n", ""),
        ("validate nosuch.toml 2>&-", 2, "", ""),
        ("validate nosuch.toml >&-", 2, "", "error: nosuch.toml: no such file\n"),
        ("validate nosuch.toml <&- >&- 2>&-", 2, "", ""),
        ("--debug validate nosuch.toml >&- 2>&-", 2, "", ""),
        ("list <&- >&- 2>&-", 0, "", ""),
    ],
)
def test_streams_may_be_missing(line: str, code: int, out: str, err: str) -> None:
    done = in_a_shell(line)
    assert (done.returncode, done.stdout, done.stderr) == (code, out, err)


@pytest.mark.skipif(not NOWHERE.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error_not_a_traceback() -> None:
    done = in_a_shell(f"list >{NOWHERE}")
    assert (done.returncode, done.stderr) == (2, "error: No space left on device\n")
    assert in_a_shell(f"validate nosuch.toml 2>{NOWHERE}").returncode == 2


@pytest.mark.parametrize("argv", [["--help"], ["list"], []], ids=" ".join)
def test_a_checkout_that_was_never_installed_says_so(argv: list[str]) -> None:
    """Without site-packages there is neither our metadata nor a library we need."""
    command = [sys.executable, "-E", "-S", PROGRAM, *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("error: the package sagin-twin is not installed: run make venv and use .venv/bin/python\n")


def test_a_package_that_shadows_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "twin.py").write_text("")
    code = "import run_twin; raise SystemExit(run_twin.main())"
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"error: package twin of sagin-twin is shadowed by {tmp_path}/twin.py: "
        "rename that, or take its folder off PYTHONPATH\n"
    )


def test_ctrl_c_while_the_program_loads(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted:
        @staticmethod
        def find_spec(name: str, *_where: object) -> None:
            if name == "scenarios.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "scenarios.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
    assert run_twin.main() == 130
    assert capsys.readouterr().err == "error: interrupted\n"
