"""A run folder is the truth: what is in it, and that it survives Ctrl-C, kill -9 and a cut journal."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from scenarios.engine import recover, run_scenario
from scenarios.load import load
from twin.errors import RunFolderError

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = [
    "scenario.duration_s=0.25",
    "metrics.warmup_ms=60",
    "metrics.period_ms=60",
    "twin.solver=mrt",
    "network.radio.loss=0.05",
]
TABLES = ("messages", "control", "solves", "metrics", "attribution")
CODE = """
import os, signal, sys
from pathlib import Path
from scenarios.engine import run_scenario
from scenarios.load import load

def hurt(progress):
    if progress.t_ns >= 150_000_000:
        os.kill(os.getpid(), getattr(signal, sys.argv[2]))

run_scenario(load("sagin", sys.argv[3:]), 1, Path(sys.argv[1]), "inproc", hurt)
"""


def hurt_run(out, signal_name):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", CODE, str(out), signal_name, *SETTINGS], cwd=ROOT, env=environment, check=False
    ).returncode


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "whole"
    run_scenario(load("sagin", SETTINGS), 1, out, "inproc")
    return out


def frames(folder):
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}


def test_summary_has_the_keys_that_other_programs_read(folder):
    summary = json.loads((folder / "summary.json").read_text())
    assert set(summary) >= {
        "scenario", "seed", "digest", "reproducible", "virtual_s", "wall_s", "kernel_events", "messages", "latency_ms",
        "age_ms", "solves", "secrecy", "min_secrecy", "bytes_per_cycle", "energy_j", "loss_attribution",
    }  # fmt: skip
    messages = summary["messages"]
    assert messages["sent"] == sum(messages[fate] for fate in ("delivered", "lost", "dropped", "in_flight"))
    assert messages["lost"] > 0
    assert set(summary["secrecy"]) == {"su", "au", "gu"}
    assert set(summary["age_ms"]) >= {"mean", "peak_mean", "p95"}
    worst = summary["min_secrecy"]
    assert worst["staleness_loss"] == pytest.approx(worst["fresh_mean"] - worst["mean"], abs=1e-12)
    assert worst["fresh_mean"] > worst["local_mrt_mean"]
    assert summary["virtual_s"] == 0.25
    assert summary["unsolved_samples"] == 0
    legs = summary["loss_attribution"]
    assert set(legs) == {"sensing", "uplink", "queue", "solve", "downlink", "hold", "mixing"}
    assert sum(legs.values()) == pytest.approx(worst["staleness_loss"], abs=1e-9)
    assert set(summary["loss_attribution_ci95"]) == set(legs)


def test_manifest_says_what_was_run(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["scenario"]["twin"]["solver"] == "mrt"
    assert (manifest["seed"], manifest["interrupted"], manifest["reproducible"]) == (1, False, True)
    assert manifest["schema"] == 1
    assert set(manifest["state_hashes"]) == {
        f"{side}:{name}"
        for side in ("edge", "core")
        for name in ("satellite", "uav", "base_station", "su", "au", "gu", "eavesdropper")
    }


def test_tables_open_in_duckdb_and_tell_the_same_story(folder):
    with duckdb.connect() as db:
        (sent,) = db.execute(f"select count(*) from '{folder}/messages.parquet'").fetchone()
        rows = db.execute(
            f"""select c.version, min(s.objective), count(*) from '{folder}/control.parquet' c
                join '{folder}/solves.parquet' s using (version) group by 1 order by 1"""
        ).fetchall()
        hops = db.execute(
            f"""select max(abs(latency_ns - (queue_ns + serialisation_ns + propagation_ns + jitter_ns)))
                from '{folder}/messages.parquet' where fate = 'delivered'"""
        ).fetchone()
    assert sent == len(frames(folder)["messages"])
    assert rows[0][0] == 1
    assert all(1 <= count <= 3 for _, _, count in rows)
    assert hops == (0,)


def test_published_rates_are_those_of_the_precoders_on_the_true_channels(folder):
    """Invariant 11, from the outside: World and journal alone give the metrics table."""
    import numpy as np

    from entities.world import World
    from scenarios.sagin.configure import world_params
    from twin.emulation.streams import Streams
    from twin.journal.facts import Applied
    from twin.journal.reader import read_journal
    from twin.signal.secrecy import secrecy_rates

    world = World(world_params(load("sagin", SETTINGS)), Streams(1))
    applied = [fact for fact in read_journal(folder / "journal.wal").facts if isinstance(fact, Applied)]
    metrics = frames(folder)["metrics"]
    for t_ns, rows in metrics.groupby("t_ns"):
        names = ("satellite", "uav", "base_station")
        last = [max((f for f in applied if f.transmitter == n and f.t_ns <= t_ns), key=lambda f: f.t_ns) for n in names]
        vectors = [np.frombuffer(fact.vector, dtype="<c16") for fact in last]
        rates = secrecy_rates([world.channels(name, int(t_ns)) for name in names], vectors)
        assert dict(zip(("su", "au", "gu"), rates, strict=True)) == pytest.approx(
            dict(zip(rows["user"], rows["secrecy"], strict=True)), abs=1e-12
        )
        assert set(rows["age_ns"]) == {t_ns - min(fact.t_data_ns for fact in last)}


def test_recover_gives_the_same_folder(folder, tmp_path):
    (tmp_path / "journal.wal").write_bytes((folder / "journal.wal").read_bytes())
    recover(tmp_path)
    for name in TABLES:
        pd.testing.assert_frame_equal(frames(tmp_path)[name], frames(folder)[name])
    for name in ("manifest.json", "summary.json"):
        assert (tmp_path / name).read_text() == (folder / name).read_text()


def test_8_a_prefix_of_the_journal_recovers_to_a_prefix_of_the_run(folder, tmp_path):
    data = (folder / "journal.wal").read_bytes()
    (tmp_path / "journal.wal").write_bytes(data[: len(data) * 3 // 5])
    result = recover(tmp_path)
    assert result.summary["interrupted"] is True
    part, whole = frames(tmp_path), frames(folder)
    assert 0 < len(part["messages"]) < len(whole["messages"])
    merged = part["messages"].merge(whole["messages"], on="msg_id", suffixes=("", "_whole"))
    assert len(merged) == len(part["messages"])
    decided = merged[merged["fate"] != "in_flight"]
    assert (decided["fate"] == decided["fate_whole"]).all()
    assert (decided["t_end_ns"] == decided["t_end_ns_whole"]).all()
    rates = part["metrics"].merge(whole["metrics"], on=["t_ns", "user"], suffixes=("", "_whole"))
    assert len(rates) == len(part["metrics"]) > 0
    assert (rates["secrecy"] == rates["secrecy_whole"]).all()


def test_ctrl_c_leaves_a_readable_folder_that_says_so(folder, tmp_path):
    out = tmp_path / "stopped"
    assert hurt_run(out, "SIGINT") == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["interrupted"], manifest["closed"]) == (True, True)
    assert (out / "secrecy.png").stat().st_size > 10_000
    assert 0.14 < json.loads((out / "summary.json").read_text())["virtual_s"] < 0.16
    control, whole = frames(out)["control"], frames(folder)["control"]
    assert len(control) > 3
    pd.testing.assert_frame_equal(control, whole.head(len(control)))


def test_kill_9_loses_nothing_that_was_acted_upon(folder, tmp_path):
    out = tmp_path / "killed"
    assert hurt_run(out, "SIGKILL") == -signal.SIGKILL
    assert not (out / "messages.parquet").exists()
    summary = recover(out).summary
    assert summary["interrupted"] is True
    control, whole = frames(out)["control"], frames(folder)["control"]
    assert len(control) > 3
    pd.testing.assert_frame_equal(control, whole.head(len(control)))


def test_a_folder_that_is_not_empty_is_left_alone(folder):
    before = (folder / "summary.json").read_text()
    with pytest.raises(RunFolderError, match="is not empty"):
        run_scenario(load("sagin", SETTINGS), 1, folder, "memory")
    assert (folder / "summary.json").read_text() == before


def test_recover_needs_a_journal(tmp_path):
    with pytest.raises(RunFolderError, match="is not a run folder"):
        recover(tmp_path)
    (tmp_path / "journal.wal").write_bytes(b"")
    with pytest.raises(RunFolderError, match="ends before its first record"):
        recover(tmp_path)
