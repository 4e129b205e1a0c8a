"""Figures and tables of `study sagin-figures` as functions of results that are made up here."""

import csv
import io
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from scenarios.studies import sagin_report
from scenarios.studies.figures import spread_out
from scenarios.studies.sagin_claims import CLAIMS, verdicts
from scenarios.studies.sagin_curves import CSI_ERRORS, QUANTITIES, SCHEMES, Curves
from scenarios.studies.sagin_expected import FIGURES, comparisons
from scenarios.studies.sagin_report import report
from scenarios.studies.sagin_sweeps import DEFAULTS, SWEEPS, settings

Law = Callable[[dict[str, float], str], float]
SEEDS = 12


def as_claimed(setting: dict[str, float], user: str) -> float:
    """A rate of which all that the paper claims is true."""
    powers = 0.08 * setting["p_s_dbm"] + 0.02 * setting["p_u_dbm"] + 1.5 * (1 - np.exp(-setting["p_b_dbm"] / 8))
    antennas = sum(0.05 * setting[count] for count in ("n_s", "n_u", "n_b"))
    rate = 1.5 + powers + antennas - 0.001 * setting["altitude_m"]
    if user == "gu":
        return rate + 0.6 - 0.004 * (setting["p_s_dbm"] - 10.0) ** 2 - 0.08 * setting["p_s_dbm"] + 2.0
    return rate


def results(law: Law = as_claimed, *, quick: bool = False) -> pa.Table:
    """Rates by a law, with a spread over seeds that is shared and a small one that is not."""
    rng, rows = np.random.default_rng(0), []
    for seed in range(1, SEEDS + 1):
        shared = rng.normal() * 0.3
        for setting in settings(quick=quick):
            for scheme, csi_error in SCHEMES:
                share = 1.0 - 1.5 * csi_error if scheme == "proposed" else 0.3
                rates = {user: share * law(dict(setting), user) + shared for user in ("su", "au", "gu")}
                rates = {user: rate + 0.002 * rng.normal() for user, rate in rates.items()}
                rates["minimum"] = min(rates.values())
                evidence = {"status": "solved", "violation": -1e-3}
                rows.append({"seed": seed, **setting, "scheme": scheme, "csi_error": csi_error, **rates, **evidence})
    return pa.Table.from_pylist(rows)


def outcomes(table: pa.Table) -> dict[tuple[int, str], tuple[bool, str, str]]:
    found = verdicts(Curves(table))
    return {(v.claim.figure, v.claim.text): (v.outcome.holds, v.outcome.deviation, v.outcome.ours) for v in found}


def changed(**at: tuple[str, float, float]) -> Law:
    """The law with `change` added to one user's rate where a parameter has a value."""
    (user, (parameter, value, change)) = next(iter(at.items()))

    def law(setting: dict[str, float], name: str) -> float:
        moved = name == user and setting[parameter] == value
        return as_claimed(setting, name) + (change if moved else 0.0)

    return law


def test_claims_that_are_true_hold():
    failed = {claim: outcome for claim, outcome in outcomes(results()).items() if not outcome[0]}
    assert failed == {}


def test_every_figure_has_claims_of_the_paper_and_one_about_the_minimum():
    for sweep in SWEEPS:
        of_figure = [claim for claim in CLAIMS if claim.figure == sweep.figure]
        assert sum(claim.of_paper for claim in of_figure) >= 3
        assert [claim.of_paper for claim in of_figure].count(False) == 1
    assert len({(claim.figure, claim.text) for claim in CLAIMS}) == len(CLAIMS)


def test_a_dip_within_a_rise_fails_the_claim_and_is_named():
    found = outcomes(results(changed(au=("n_u", 10, -0.5))))
    holds, deviation, _ = found[6, "AU rises with the UAV's antennas"]
    assert not holds
    assert deviation.startswith("falls by 0.40 ± 0.00")
    assert deviation.endswith("from 8 to 10")
    assert found[6, "SU rises with the UAV's antennas"][0]


def test_a_rate_that_does_not_move_does_not_rise():
    def flat(_setting: dict[str, float], user: str) -> float:
        return 3.0 + (user == "gu")

    holds, deviation, ours = outcomes(results(flat))[3, "SU rises with the UAV's power"]
    assert not holds
    assert deviation.startswith(("change of", "falls by 0.00"))
    assert "→" in ours


def test_a_rate_that_only_rises_does_not_fall_afterwards():
    found = outcomes(results(changed(gu=("p_s_dbm", 25.0, 5.0))))
    holds, deviation, ours = found[2, "GU rises first, then falls"]
    assert not holds
    assert deviation.startswith("still changes by")
    assert ours.endswith("highest at 25")


def test_users_that_are_apart_are_not_closely_equal():
    found = outcomes(results(changed(au=("p_s_dbm", 15.0, 0.5))))
    holds, deviation, ours = found[2, "SU and AU are closely equal"]
    assert not holds
    assert "5 % allowed" in deviation
    assert ours.endswith("at 15")


def test_gu_must_be_above_both_others_everywhere():
    holds, _, ours = outcomes(results(changed(gu=("n_s", 12, -3.0))))[5, "GU is above SU and AU"]
    assert not holds
    assert ours.endswith("at 12")


def test_a_baseline_that_is_better_once_is_found():
    table = results().to_pandas()
    table.loc[(table.scheme == "zf_all") & (table.n_b == 8), "minimum"] = 9.0
    found = outcomes(pa.Table.from_pandas(table))
    assert not found[7, "above ZF and MRT"][0]
    assert "against 9.00 (ZF to all), at 8" in found[7, "above ZF and MRT"][2]
    assert found[6, "above ZF and MRT"][0]


def test_csi_errors_that_do_no_harm_are_found():
    table = results().to_pandas()
    table.loc[(table.csi_error == 0.2) & (table.altitude_m == 500), "minimum"] += 3.0
    found = outcomes(pa.Table.from_pandas(table))
    assert not found[8, "CSI errors of 0.1, 0.2 degrade the minimum"][0]
    assert found[2, "CSI errors of 0.1, 0.2 degrade the minimum"][0]


def test_a_rate_that_keeps_growing_does_not_level_off():
    def straight(setting: dict[str, float], user: str) -> float:
        return as_claimed(setting, user) + setting["p_b_dbm"]

    assert not outcomes(results(straight))[4, "SU levels off at high power"][0]


def test_means_are_compared_at_the_settings_that_are_there():
    assert len(comparisons(Curves(results()))) == sum(map(len, FIGURES.values())) + 2 + 3
    few = comparisons(Curves(results(quick=True)))
    assert {entry.figure for entry in few} == set(FIGURES)
    for entry in few:
        assert entry.deviation == pytest.approx((entry.ours.mean - entry.expected) / entry.expected)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return dict(report(results(quick=True)).files)


def test_every_figure_comes_as_picture_and_numbers(files: dict[str, bytes]):
    for sweep in SWEEPS:
        assert files[f"fig{sweep.figure}.png"].startswith(b"\x89PNG\r\n")
        assert files[f"fig{sweep.figure}.pdf"].startswith(b"%PDF")
        rows = list(csv.DictReader(io.StringIO(files[f"fig{sweep.figure}.csv"].decode())))
        assert len(rows) == len(sweep.quick) * len(SCHEMES) * len(QUANTITIES)
        assert {row["realisations"] for row in rows} == {str(SEEDS)}
        assert [float(row[sweep.parameter]) for row in rows[: len(sweep.quick)]] == list(sweep.quick)


def test_numbers_are_means_and_half_widths_over_the_seeds(files: dict[str, bytes]):
    rows = csv.DictReader(io.StringIO(files["fig3.csv"].decode()))
    row = next(
        row
        for row in rows
        if (row["p_u_dbm"], row["scheme"], row["csi_error"], row["rate"]) == ("15", "proposed", "0.1", "au")
    )
    table = results(quick=True).to_pandas()
    values = table[(table.p_u_dbm == 15) & (table.scheme == "proposed") & (table.csi_error == 0.1)].au
    assert float(row["mean"]) == pytest.approx(values.mean(), abs=1e-6)
    assert float(row["half_width_95"]) == pytest.approx(2.200985 * values.std() / SEEDS**0.5, rel=1e-4)


@pytest.fixture
def tables_only(monkeypatch):
    """A report without its pictures, which take their time and are another test's."""
    monkeypatch.setattr(sagin_report.paper, "files", lambda *_: {})


@pytest.mark.usefixtures("tables_only")
def test_failed_claims_stay_in_the_tables():
    out = report(results(changed(su=("n_b", 16, -4.0)), quick=True))
    rows = list(csv.DictReader(io.StringIO(out.files["claims.csv"].decode())))
    assert len(rows) == len(CLAIMS)
    failed = {(row["figure"], row["claim"]) for row in rows if row["holds"] == "NO"}
    assert ("7", "SU rises with the base station's antennas") in failed
    text = out.files["table.md"].decode()
    assert "| 7 | SU rises with the base station's antennas | paper |" in text
    assert text.count("| NO |") == len(failed)
    assert "not  Fig. 7: SU rises with the base station's antennas" in out.headline


@pytest.mark.usefixtures("tables_only")
def test_failed_solves_are_counted():
    table = results(quick=True).to_pandas()
    table.loc[3:5, "status"] = "failed"
    table.loc[7, "violation"] = 2e-3
    text = report(pa.Table.from_pandas(table)).files["table.md"].decode()
    assert f"Of {len(table)} solves 3 failed; the worst excess of a power budget is 0.002 of it." in text


def test_labels_are_pushed_apart_as_little_as_possible():
    assert spread_out([0.1, 0.5, 0.9], 0.1) == pytest.approx([0.1, 0.5, 0.9])
    assert spread_out([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
    assert spread_out([0.5, 0.5, 0.5, 0.9], 0.1) == pytest.approx([0.4, 0.5, 0.6, 0.9])
    moved = spread_out([0.1, 0.12, 0.3, 0.31, 0.33], 0.1)
    assert np.all(np.diff(moved) >= 0.1 - 1e-12)
    assert spread_out([], 0.1) == []


def test_csi_errors_are_those_of_the_paper():
    assert CSI_ERRORS == (0.0, 0.1, 0.2)
    assert [error for scheme, error in SCHEMES if scheme != "proposed"] == [0.0, 0.0, 0.0]
    assert set(DEFAULTS) == {"p_s_dbm", "p_u_dbm", "p_b_dbm", "n_s", "n_u", "n_b", "altitude_m"}
