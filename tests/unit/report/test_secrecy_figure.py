"""The picture of a run: what its sentence says, and that every kind of run gets one."""

import sys

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from twin.errors import RunFolderError
from twin.journal.folder import RunFolder
from twin.journal.schemas import CONTROL, MESSAGES, METRICS, SOLVES
from twin.report.figure import _rate_label, secrecy_figure, verdict
from twin.report.figure_rates import MAX_USERS, rates_of, shown_rows, worst_shares

MS = 10**6
USERS = ("su", "au", "gu")


def metrics(stale, fresh, *, users=USERS, period_ns=10 * MS):
    """A metrics table from rates of shape (samples, users)."""
    rows = [
        {
            "t_ns": (index + 1) * period_ns,
            "user": user,
            "secrecy": stale[index][column],
            "fresh": fresh[index][column],
            "nominal": 0.0,
            "never_updated": 0.0,
            "local_mrt": 0.0,
            "sinr_db": 0.0,
            "eve_sinr_db": 0.0,
            "age_ns": 20 * MS,
        }
        for index in range(len(stale))
        for column, user in enumerate(users)
    ]
    return pa.Table.from_pylist(rows, schema=METRICS)


def control(end_ns, period_ns=20 * MS):
    rows = []
    for version, t_ns in enumerate(range(0, end_ns, period_ns)):
        for transmitter in ("base_station", "satellite", "uav"):
            data_ns = max(0, t_ns - 15 * MS)
            row = {
                "t_applied_ns": t_ns,
                "transmitter": transmitter,
                "version": version,
                "t_data_ns": data_ns,
                "age_at_application_ns": t_ns - data_ns,
                "measured_ns": data_ns,
                "power_mw": 1.0,
            }
            rows.append(row)
    return pa.Table.from_pylist(rows, schema=CONTROL)


def write_run(path, metrics_table, control_table, summary=None):
    folder = RunFolder.create(path)
    folder.write_table(folder.messages_path, MESSAGES.empty_table())
    folder.write_table(folder.solves_path, SOLVES.empty_table())
    folder.write_table(folder.control_path, control_table)
    folder.write_table(folder.metrics_path, metrics_table)
    if summary is not None:
        folder.write_summary(summary)
    return folder


def pixels(path):
    with Image.open(path) as image:
        assert image.size == (1600, 1000)
        return np.asarray(image.convert("RGB")).astype(int)


def count_near(picture, colour, tolerance=12):
    rgb = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return int(np.sum(np.all(np.abs(picture - rgb) <= tolerance, axis=2)))


@pytest.fixture
def rates():
    fresh = np.tile([3.0, 2.0, 4.0], (40, 1))
    return fresh - np.tile([0.1, 0.5, 0.2], (40, 1)), fresh


def test_verdict_names_the_cost_the_share_and_the_user(rates):
    sentence = verdict(metrics(*rates))
    assert sentence == "Staleness costs the worst user, mostly the aerial user, 0.50 of 2.00 bit/s/Hz (25 %)"


def test_verdict_claims_nothing_when_the_interval_covers_zero():
    noise = np.random.default_rng(3).normal(scale=0.5, size=(100, 1))
    sentence = verdict(metrics(2.0 + noise, 2.0 + 0 * noise, users=("su",)))
    assert sentence.startswith("No measurable staleness cost in this run (")
    assert "±" in sentence


def test_worst_shares_count_the_instants(rates):
    stale, fresh = rates
    stale[:10, 2] = 0.0
    assert worst_shares(metrics(stale, fresh)) == {"su": 0.0, "au": 0.75, "gu": 0.25}


def test_of_many_users_the_sum_is_shown_and_the_two_that_lose_most():
    fresh = np.tile(np.arange(6.0) + 3.0, (40, 1))
    stale = fresh - np.array([0.1, 0.7, 0.2, 0.9, 0.0, 0.3])
    names = tuple(f"pair{number}" for number in range(1, 7))
    table = metrics(stale, fresh, users=names)
    rows = shown_rows(table, "sum")
    assert [row.name for row in rows] == ["sum", "pair4", "pair2"]
    np.testing.assert_allclose(rows[0].rates.stale, stale.sum(axis=1))
    assert rows[0].share is None
    assert verdict(table, "sum") == "Staleness costs 2.20 of 33.00 bit/s/Hz in sum (7 %)"
    assert shown_rows(table, "min")[0].name == "worst user"
    few = metrics(stale[:, :MAX_USERS], fresh[:, :MAX_USERS], users=names[:MAX_USERS])
    assert [row.name for row in shown_rows(few, "sum")] == list(names[:MAX_USERS])


def test_picture_shows_each_user_in_its_colour(tmp_path, rates):
    summary = {"scenario": "tiny", "seed": 1, "virtual_s": 0.4, "interrupted": False}
    folder = write_run(tmp_path / "run", metrics(*rates), control(400 * MS), summary)
    path = secrecy_figure(folder.path)
    assert path == folder.path / "secrecy.png"
    picture = pixels(path)
    for colour in ("#0072B2", "#D55E00", "#00795A", "#3D4653"):
        assert count_near(picture, colour) > 500, colour
    assert sorted(p.suffix for p in folder.path.iterdir() if p.suffix != ".parquet") == [".json", ".png"]


def test_gap_is_filled_where_staleness_costs(tmp_path, rates):
    stale, fresh = rates
    wide = write_run(tmp_path / "wide", metrics(stale - 1.0, fresh), control(400 * MS))
    narrow = write_run(tmp_path / "narrow", metrics(fresh, fresh), control(400 * MS))
    gain = write_run(tmp_path / "gain", metrics(fresh + 1.0, fresh), control(400 * MS))
    fill = "#D1E6F2"
    assert count_near(pixels(secrecy_figure(wide.path)), fill) > 10_000
    for run in (narrow, gain):
        assert count_near(pixels(secrecy_figure(run.path)), fill) < 1_000


def test_long_run_is_thinned_and_still_complete(tmp_path):
    rng = np.random.default_rng(2)
    fresh = np.full((1001, 3), 3.0)
    stale = fresh - rng.uniform(0, 2, size=fresh.shape)
    folder = write_run(tmp_path / "long", metrics(stale, fresh), control(10_010 * MS))
    picture = pixels(secrecy_figure(folder.path))
    # The age is a band with its mean: far fewer dark pixels than five hundred teeth would leave.
    assert 500 < count_near(picture, "#3D4653") < 12_000


@pytest.mark.parametrize("interrupted", [False, True])
def test_run_without_samples_gets_a_picture_that_says_so(tmp_path, interrupted):
    summary = {"scenario": "tiny", "seed": 1, "virtual_s": 0.0, "interrupted": interrupted}
    folder = write_run(tmp_path / "run", METRICS.empty_table(), CONTROL.empty_table(), summary)
    picture = pixels(secrecy_figure(folder.path))
    assert count_near(picture, "#1B1F24") > 500


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_interrupted_run_with_a_few_samples_and_no_applications(tmp_path, rates, samples):
    stale, fresh = rates
    summary = {"scenario": "tiny", "seed": 1, "virtual_s": 0.05, "interrupted": True}
    folder = write_run(tmp_path / "run", metrics(stale[:samples], fresh[:samples]), CONTROL.empty_table(), summary)
    assert count_near(pixels(secrecy_figure(folder.path)), "#D55E00") > 100


@pytest.mark.parametrize("samples", [3, 40, 1001])
@pytest.mark.parametrize("unsolved", ["one", "all"])
def test_instants_that_the_genie_could_not_solve_leave_a_gap_and_no_nan(tmp_path, samples, unsolved):
    fresh = np.tile([3.0, 2.0, 4.0], (samples, 1))
    stale = fresh - 0.5
    fresh[slice(1, 2) if unsolved == "one" else slice(None)] = np.nan
    table = metrics(stale, fresh)
    picture = pixels(secrecy_figure(write_run(tmp_path / "run", table, control(samples * 10 * MS)).path))
    assert count_near(picture, "#0072B2") > 500
    sentence = verdict(table)
    assert "nan" not in sentence
    assert sentence.startswith("Staleness costs the worst user" if unsolved == "one" else "No secrecy rates to compare")
    labels = [text for _, text in _rate_label(rates_of(table, "au"), "aerial user", 1.0)]
    assert labels[1:3] == ["fresh 2.00" if unsolved == "one" else "fresh unknown", "on air 1.50"]


def test_folder_without_tables_is_one_clear_line(tmp_path):
    with pytest.raises(RunFolderError, match=r"control\.parquet is missing; run: run-twin recover"):
        secrecy_figure(tmp_path)


def test_no_global_plotting_state_is_touched(tmp_path, rates):
    folder = write_run(tmp_path / "run", metrics(*rates), control(400 * MS))
    before = "matplotlib.pyplot" in sys.modules
    secrecy_figure(folder.path)
    assert ("matplotlib.pyplot" in sys.modules) == before
