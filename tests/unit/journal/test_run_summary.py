"""summary.json: every number against a count or a formula by hand, and null where there is nothing to say."""

import json
from dataclasses import replace

import numpy as np
import pytest

from twin.journal.facts import Solved
from twin.journal.summary import (
    OUTAGE_THRESHOLD,
    RunInfo,
    half_width,
    last_instant_ns,
    summarise,
    worst_user,
)
from twin.journal.tables import build_tables, metrics_table

MS = 10**6
END_NS = 40 * MS
INFO = RunInfo("tiny", 3, "0" * 64, "1" * 64, True, END_NS, False, 1234, 2.5)

ARCHITECTURE_KEYS = {
    "scenario": None,
    "seed": None,
    "digest": None,
    "reproducible": None,
    "virtual_s": None,
    "wall_s": None,
    "kernel_events": None,
    "messages": {"sent", "delivered", "lost", "dropped", "in_flight", "intra_twin", "inter_twin"},
    "latency_ms": None,
    "age_ms": {"mean", "peak_mean", "p95"},
    "solves": {"count", "iterations_median", "cost_ms_median", "wall_ms_median"},
    "secrecy": None,
    "min_secrecy": {"mean", "fresh_mean", "staleness_loss", "ci95"},
    "bytes_per_cycle": None,
    "energy_j": None,
    "loss_attribution": None,
}


@pytest.fixture
def tables(story, metrics_rows):
    return build_tables(story, metrics_table(metrics_rows), END_NS)


@pytest.fixture
def summary(tables):
    return summarise(tables, INFO)


def test_all_agreed_keys_are_there(summary):
    for key, inner in ARCHITECTURE_KEYS.items():
        assert key in summary
        assert inner is None or inner <= summary[key].keys()


def test_run_speaks_for_itself(summary):
    assert (summary["scenario"], summary["seed"], summary["digest"]) == ("tiny", 3, "0" * 64)
    assert (summary["virtual_s"], summary["wall_s"], summary["kernel_events"]) == (0.04, 2.5, 1234)
    assert summary["reproducible"] is True
    assert summary["interrupted"] is False


def test_messages_are_conserved(summary):
    messages = summary["messages"]
    assert messages == {
        "sent": 9,
        "delivered": 6,
        "lost": 1,
        "dropped": 1,
        "in_flight": 1,
        "intra_twin": 7,
        "inter_twin": 2,
        "reasons": {"loss": 1, "queue_full": 1},
    }


def test_latency_is_of_delivered_messages_by_kind(summary):
    # Delivered CSI took 2 and 8 ms; the precoder hops 2 and 2 ms; no state arrived.
    assert summary["latency_ms"]["csi"] == {
        "count": 2,
        "p50": pytest.approx(5.0),
        "p95": pytest.approx(2 + 0.95 * 6),
        "p99": pytest.approx(2 + 0.99 * 6),
    }
    assert summary["latency_ms"]["precoder"]["p50"] == pytest.approx(2.0)
    assert summary["latency_ms"]["state"] == {"count": 0, "p50": None, "p95": None, "p99": None}
    assert list(summary["latency_ms"]) == ["csi", "precoder", "share", "state", "sync"]


def test_age_is_over_time_and_peaks_of_the_control_table(summary):
    ages = summary["age_ms"]
    # Local MRT of instant 0 stays the oldest on air, so from the first sample at 10 to the end at 40 the age is t.
    assert ages["mean"] == pytest.approx(25.0)
    assert ages["p95"] == pytest.approx(10 + 0.95 * 30)
    # The satellite and the base station stay on local MRT, so nothing fresher ever takes over as a whole.
    assert ages["peak_mean"] is None


def test_age_does_not_depend_on_how_often_the_metrics_are_sampled(applied, metrics_rows):
    # Applied every 10 ms with data 4 ms old, sampled every 10 ms just after: the samples see 4 ms, always.
    facts = [applied(t * MS, "uav", t // 10, 0, (t - 4) * MS, [1.0]) for t in range(10, 40, 10)]
    rows = [row | {"age_ns": 4 * MS} for row in metrics_rows]
    for sampled in (rows, rows[:3]):
        ages = summarise(build_tables(facts, metrics_table(sampled), END_NS), INFO)["age_ms"]
        assert (ages["mean"], ages["p95"], ages["peak_mean"]) == pytest.approx((9.0, 13.5, 14.0), rel=1e-12)


def test_age_needs_a_sample_before_the_end(story, metrics_rows):
    assert summarise(build_tables(story, metrics_table([]), END_NS), INFO)["age_ms"]["mean"] is None
    late = [row | {"t_ns": END_NS} for row in metrics_rows[:3]]
    ages = summarise(build_tables(story, metrics_table(late), END_NS), INFO)["age_ms"]
    assert (ages["mean"], ages["p95"]) == (None, None)


def test_peaks_before_the_first_sample_do_not_count(story, metrics_rows, applied):
    extra = [
        applied(16 * MS, "satellite", 1, 0, 1 * MS, [3.0]),
        applied(17 * MS, "base_station", 1, 0, 1 * MS, [1.0]),
    ]
    early = build_tables([*story, *extra], metrics_table(metrics_rows), END_NS)
    assert summarise(early, INFO)["age_ms"]["peak_mean"] == pytest.approx(17.0)
    late = build_tables([*story, *extra], metrics_table(metrics_rows[3:]), END_NS)
    assert summarise(late, INFO)["age_ms"]["peak_mean"] is None


def test_solves(story, summary):
    assert summary["solves"] == {
        "count": 1,
        "failed": 0,
        "infeasible": 0,
        "iterations_median": 7.0,
        "cost_ms_median": pytest.approx(2.0),
        "wall_ms_median": pytest.approx(1.5),
    }
    failed = Solved("core:satellite", 30 * MS, 31 * MS, "sagin", "mrt", "csi", 2, (), "failed", 1, 0.0, 0.0, MS)
    solves = summarise(build_tables([*story, failed], metrics_table([]), END_NS), INFO)["solves"]
    assert (solves["count"], solves["failed"], solves["iterations_median"]) == (2, 1, 4.0)
    assert solves["wall_ms_median"] == pytest.approx(1.5)


def test_secrecy_of_each_user(summary):
    assert summary["outage_threshold"] == OUTAGE_THRESHOLD == 1.0
    assert summary["secrecy"] == {
        "su": {"mean": 2.5, "fresh_mean": 3.0, "outage": 0.0},
        "au": {"mean": 1.5, "fresh_mean": 2.0, "outage": pytest.approx(1 / 3)},
        "gu": {"mean": 1.5, "fresh_mean": 4.0, "outage": 0.0},
    }


def test_worst_user_is_taken_at_each_instant(summary):
    worst = summary["min_secrecy"]
    assert worst["mean"] == pytest.approx((0.5 + 1.5 + 1.5) / 3)
    assert worst["fresh_mean"] == pytest.approx(2.0)
    assert worst["staleness_loss"] == pytest.approx(worst["fresh_mean"] - worst["mean"], rel=1e-15)
    assert worst["staleness_share"] == pytest.approx(worst["staleness_loss"] / 2.0)
    assert (worst["nominal_mean"], worst["never_updated_mean"], worst["local_mrt_mean"]) == (0.75, 0.25, 0.5)
    assert worst["nominal_share"] == pytest.approx(1 - 0.75 / worst["fresh_mean"])
    assert worst["ci95"] is None


def test_local_mrt_share_counts_samples_until_the_last_transmitter_is_updated(story, metrics_rows, applied):
    def share(*extra, rows=metrics_rows):
        return summarise(build_tables([*story, *extra], metrics_table(rows), END_NS), INFO)["min_secrecy"][
            "local_mrt_share"
        ]

    # Samples at 10, 20 and 30; the UAV follows its twin from 16 on.
    satellite = [applied(t * MS, "satellite", version, 0, 1, [1.0]) for t, version in ((5, 0), (12, 1), (35, 2))]
    assert share() == share(*satellite) == 1.0
    assert share(*satellite, applied(17 * MS, "base_station", 1, 0, 1, [1.0])) == pytest.approx(1 / 3)
    assert share(*satellite, applied(20 * MS, "base_station", 1, 0, 1, [1.0])) == pytest.approx(1 / 3)
    assert share(*satellite, applied(21 * MS, "base_station", 1, 0, 1, [1.0])) == pytest.approx(2 / 3)
    assert share(*satellite, applied(17 * MS, "base_station", 1, 0, 1, [1.0]), rows=metrics_rows[3:]) == 0.0
    assert share(rows=[]) is None


def test_instant_that_the_genie_could_not_solve_counts_in_no_mean_of_fresh_rates(metrics_rows):
    unsolved = [row | {"fresh": float("nan")} if row["t_ns"] == 20 * MS else row for row in metrics_rows]
    summary = summarise(build_tables([], metrics_table(unsolved), END_NS), INFO)
    json.dumps(summary, allow_nan=False)
    assert [summary["secrecy"][user]["fresh_mean"] for user in ("su", "au", "gu")] == [3.0, 2.0, 4.0]
    worst = summary["min_secrecy"]
    assert worst["mean"] == pytest.approx((0.5 + 1.5 + 1.5) / 3)
    assert worst["fresh_mean"] == 2.0
    # The loss compares the same instants: 2 - 0.5 at 10 ms and 2 - 1.5 at 30 ms.
    assert worst["staleness_loss"] == pytest.approx(1.0)
    assert worst["staleness_share"] == pytest.approx(0.5)


def test_one_unknown_rate_makes_the_minimum_of_its_instant_unknown(metrics_rows):
    rows = [
        row | {"fresh": float("nan")} if row["t_ns"] == 20 * MS and row["user"] == "au" else row for row in metrics_rows
    ]
    fresh = worst_user(build_tables([], metrics_table(rows), END_NS).metrics)["fresh"]
    assert np.isnan(fresh).tolist() == [False, True, False]


def test_run_without_any_fresh_rate_has_no_loss(metrics_rows):
    rows = [row | {"fresh": float("nan")} for row in metrics_rows]
    summary = summarise(build_tables([], metrics_table(rows), END_NS), INFO)
    json.dumps(summary, allow_nan=False)
    worst = summary["min_secrecy"]
    assert worst["mean"] == pytest.approx(7 / 6)
    assert {worst[key] for key in ("fresh_mean", "staleness_loss", "staleness_share", "nominal_share")} == {None}


def test_interval_is_of_the_finite_values():
    series = np.random.default_rng(9).normal(size=60)
    gaps = np.insert(series, [0, 7, 7, 33, 60], np.nan)
    assert half_width(gaps) == half_width(series) > 0
    assert half_width(np.insert(series[:19], 4, np.nan)) is None


def test_bytes_are_shared_by_the_cycles(tables, summary):
    total = 0
    for row in tables.messages.to_pylist():
        total += row["bytes"]
    assert summary["bytes_per_cycle"] == pytest.approx(total / 4)


def test_energy_is_the_power_on_air_over_time(summary):
    # UAV 2 mW for 16 ms, then 4 mW for 24; satellite 25 mW and base station 1 mW for 40 ms.
    assert summary["energy_j"] == pytest.approx((2 * 16 + 4 * 24 + 26 * 40) * 1e-6, rel=1e-12)


def test_batch_means_follow_the_formula():
    rng = np.random.default_rng(5)
    series = rng.normal(size=203)
    means = [float(np.mean(series[3 + 20 * batch : 23 + 20 * batch])) for batch in range(10)]
    spread = sum((value - sum(means) / 10) ** 2 for value in means) / 9
    assert half_width(series) == pytest.approx(2.262157 * (spread / 10) ** 0.5, rel=1e-12)


def test_batch_means_cover_the_truth_for_a_correlated_series():
    # First-order autoregression with mean 0: 95 of 100 intervals should hold 0, independent samples' would not.
    rng = np.random.default_rng(7)
    held, held_as_if_independent, trials, length, memory = 0, 0, 400, 2000, 0.9
    noise = rng.normal(size=(trials, length))
    series = np.zeros((trials, length))
    for step in range(1, length):
        series[:, step] = memory * series[:, step - 1] + noise[:, step]
    for row in series:
        held += abs(float(np.mean(row))) <= half_width(row)
        held_as_if_independent += abs(float(np.mean(row))) <= 1.96 * float(np.std(row)) / length**0.5
    assert 0.91 <= held / trials <= 0.98
    assert held_as_if_independent / trials < 0.6


@pytest.mark.parametrize("series", [np.zeros(0), np.zeros(19), np.array([np.nan] * 30)], ids=["0", "19", "nan"])
def test_short_or_broken_series_have_no_interval(series):
    assert half_width(series) is None


def test_run_that_did_nothing_gives_null_and_never_nan():
    info = RunInfo("tiny", 3, "0" * 64, "0" * 64, True, 0, True, None, None)
    summary = summarise(build_tables([], metrics_table([]), END_NS), info)
    json.dumps(summary, allow_nan=False)
    assert summary["messages"]["sent"] == 0
    assert summary["secrecy"] == summary["latency_ms"] == {}
    assert set(summary["age_ms"].values()) == set(summary["min_secrecy"].values()) == {None}
    assert summary["energy_j"] is summary["bytes_per_cycle"] is summary["wall_s"] is None
    assert summary["solves"]["count"] == 0
    assert summary["solves"]["iterations_median"] is None


def test_run_that_was_cut_anywhere_gives_valid_json(story, metrics_rows):
    for count in range(len(story) + 1):
        tables = build_tables(story[:count], metrics_table(metrics_rows[: 3 * (count % 4)]), END_NS)
        json.dumps(summarise(tables, INFO), allow_nan=False)


def test_zero_fresh_rate_has_no_share(metrics_rows):
    rows = [row | {"fresh": 0.0, "secrecy": 0.0} for row in metrics_rows]
    worst = summarise(build_tables([], metrics_table(rows), END_NS), INFO)["min_secrecy"]
    assert worst["staleness_loss"] == 0.0
    assert worst["staleness_share"] is None


def test_latest_instant_is_that_of_any_table(story, metrics_rows):
    assert last_instant_ns(build_tables([], metrics_table([]), END_NS)) == 0
    assert last_instant_ns(build_tables(story, metrics_table(metrics_rows), END_NS)) == 39 * MS
    assert last_instant_ns(build_tables(story[:3], metrics_table(metrics_rows), END_NS)) == 30 * MS
    assert last_instant_ns(build_tables(story[:-1], metrics_table([]), END_NS)) == 20 * MS


def test_energy_counts_to_the_end_of_the_run_and_not_beyond(tables):
    interrupted = replace(INFO, end_ns=20 * MS, interrupted=True)
    summary = summarise(tables, interrupted)
    assert summary["interrupted"] is True
    assert summary["energy_j"] == pytest.approx((2 * 16 + 4 * 4 + 26 * 20) * 1e-6, rel=1e-12)
