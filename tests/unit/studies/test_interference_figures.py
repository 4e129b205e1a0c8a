"""Study `interference-figures`: its settings, its claims on results that are made up here, and real points."""

import csv
import io

import numpy as np
import pyarrow as pa
import pytest

from scenarios.studies.grid import Point
from scenarios.studies.interference_claims import CLAIMS, FIG3, verdicts
from scenarios.studies.interference_curves import Curves
from scenarios.studies.interference_figures import BASELINES, ROUNDS, STUDY, drawn, evaluate, own_start, problem_of
from scenarios.studies.interference_report import report
from scenarios.studies.interference_sweeps import settings

SEEDS = 8


def as_claimed(setting, scheme, rounds):
    """A rate of which all that the paper claims is true."""
    power, zeta, figure = setting["power_db"], setting["zeta"], setting["figure"]
    if figure == 3:
        end = FIG3[power, zeta]
        return end * (1.0 - 0.995 * np.exp(-rounds / 2.0))
    if figure == 4:
        best = 1.0 + 0.02 * power
        gain = {0.0: 0.8 - 0.02 * power, 0.1: 0.3 + 0.02 * power}[zeta]
        return best if scheme == "proposed" else best - gain if scheme == "mmse_eve" else 0.2
    if figure == 5:
        rate = 1.5 - 2.5 * zeta + 0.01 * (power - 10.0)
        return max(rate - (0.5 if setting["eve_m"] == 1.0 else 0.0), 0.0) + 1e-3
    return (
        1.0 + 3.0 * (1.0 - np.exp(-setting["eve_m"] / 100.0)) - 0.05 * setting["eve_antennas"] * 10.0 / setting["eve_m"]
    )


def results(law=as_claimed, *, quick=False):
    """Rates by a law, with a spread over seeds that is shared and a small one that is not."""
    rng, rows = np.random.default_rng(0), []
    for seed in range(1, SEEDS + 1):
        shared = 1.0 + 0.01 * rng.normal()
        for setting in settings(quick=quick):
            figure = setting["figure"]
            kinds = [("turns", rounds) for rounds in ROUNDS] if figure == 3 else [("proposed", 0)]
            kinds += [(name, 0) for name in BASELINES] if figure == 4 else []
            for scheme, rounds in kinds:
                rate = law(setting, scheme, rounds) * shared + 1e-4 * rng.normal()
                rows.append(
                    {"seed": seed, **setting, "scheme": scheme, "rounds": rounds, "rate": rate, "violation": -1e-3}
                )
    return pa.Table.from_pylist(rows)


def test_claims_that_are_true_hold():
    failed = [v for v in verdicts(Curves(results())) if not v.outcome.holds]
    assert failed == []
    assert len({(claim.figure, claim.text) for claim in CLAIMS}) == len(CLAIMS)


@pytest.mark.parametrize(
    ("figure", "text", "law"),
    [
        (3, "more power, more secrecy", lambda s, scheme, rounds: as_claimed({**s, "power_db": 10.0}, scheme, rounds)),
        (4, "above alignment, exact CSI", lambda s, scheme, rounds: 1.0),
        (5, "an Eve at 1 m costs secrecy", lambda s, scheme, rounds: as_claimed({**s, "eve_m": 10.0}, scheme, rounds)),
        (
            6,
            "falls with Eve's antennas",
            lambda s, scheme, rounds: as_claimed({**s, "eve_antennas": 4}, scheme, rounds),
        ),
    ],
)
def test_claims_that_are_false_fail_and_say_by_how_much(figure, text, law):
    def only_there(setting, scheme, rounds):
        chosen = law if setting["figure"] == figure else as_claimed
        return chosen(setting, scheme, rounds)

    (verdict,) = [v for v in verdicts(Curves(results(only_there))) if (v.claim.figure, v.claim.text) == (figure, text)]
    assert not verdict.outcome.holds
    assert any(letter.isdigit() for letter in verdict.outcome.deviation)


def test_a_report_has_a_picture_and_numbers_for_each_figure_and_all_claims():
    found = report(results(quick=True))
    for figure in (3, 4, 5, 6):
        assert found.files[f"fig{figure}.png"].startswith(b"\x89PNG")
        rows = list(csv.DictReader(io.StringIO(found.files[f"fig{figure}.csv"].decode())))
        assert {int(row["realisations"]) for row in rows} == {SEEDS}
    assert len(list(csv.DictReader(io.StringIO(found.files["claims.csv"].decode())))) == len(CLAIMS)
    assert f"{len(CLAIMS)} of the paper's {len(CLAIMS)} claims hold" in found.headline
    assert "no secrecy degree of freedom" in found.files["table.md"].decode()


def test_settings_are_the_papers_and_share_their_draws():
    assert {setting["figure"] for setting in STUDY.settings} == {3, 4, 5, 6}
    near, far = (drawn(3, 0.1, eve_m, 8) for eve_m in (1.0, 10.0))
    np.testing.assert_array_equal(near.channels(0), far.channels(0))
    few = drawn(3, 0.1, 10.0, 2)
    np.testing.assert_array_equal(few.eve_channels(0), far.eve_channels(0)[:, :2])
    gain_db = 10 * np.log10(problem_of(STUDY.settings[0], 1).gains)
    np.testing.assert_allclose(gain_db, 44.0)


def test_a_point_of_turns_rises_from_the_transmitters_own_start():
    (setting,) = [s for s in STUDY.settings if s["figure"] == 3 and (s["power_db"], s["zeta"]) == (10.0, 0.1)]
    rows = evaluate(Point(setting, 2))
    assert [row["rounds"] for row in rows] == list(ROUNDS)
    rates = [row["rate"] for row in rows]
    assert rates[-1] > rates[0]
    assert rates[-1] > 0.1
    assert max(row["violation"] for row in rows) <= 1e-9
    q, an = own_start(problem_of(setting, 2))
    used = (np.abs(q) ** 2).sum(axis=(1, 2)) + (np.abs(an) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(used, 10.0**-4.4)


def test_a_point_elsewhere_has_the_proposed_scheme_alone():
    (setting,) = [s for s in STUDY.settings if s["figure"] == 6 and (s["eve_m"], s["eve_antennas"]) == (200.0, 2)]
    exact = {**setting, "zeta": 0.0}
    (row,) = evaluate(Point(exact, 2))
    assert row["scheme"] == "proposed"
    assert row["rate"] > 5.0
