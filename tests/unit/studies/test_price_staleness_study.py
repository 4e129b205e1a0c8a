"""Study `price-staleness`: its settings, runs of a few periods, and what is made of made-up results."""

import csv
import io
import math

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import j0

from scenarios.build import build
from scenarios.interference.rates import Rates
from scenarios.studies.grid import Point
from scenarios.studies.price_staleness import STUDY, configured, evaluate
from scenarios.studies.price_staleness_grid import (
    AGES,
    CARRIER_GHZ,
    CORRELATIONS,
    GEOMETRIC,
    LOSSES,
    PERIOD_MS,
    PRICED,
    SELFISH,
    correlation_after,
    lasting_as,
    lasting_periods,
    point_spec,
    settings,
    speed_mps,
)
from scenarios.studies.price_staleness_report import report
from scenarios.studies.price_staleness_shares import EXPECTED, LASTING, Shares
from scenarios.studies.registry import find_study
from twin.errors import ScenarioError
from twin.journal.facts import Ended, Sent
from twin.wire.codec import decode_envelope

SHORT = {"rounds": 3, "warmup": 1}


def setting(**changes):
    first = {"sets": "[]", **SHORT, "correlation": 0.99, "age": 0.0, "loss": 0.0, "play": PRICED}
    return first | changes


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_a_speed_gives_the_correlation_that_it_stands_for(correlation):
    doppler_hz = speed_mps(correlation) * CARRIER_GHZ * 1e9 / 299_792_458.0
    assert j0(2.0 * np.pi * doppler_hz * PERIOD_MS / 1e3) == pytest.approx(correlation, abs=1e-9)
    assert correlation_after(correlation, 1.0) == pytest.approx(correlation, abs=1e-9)
    assert correlation_after(correlation, 5.0) == pytest.approx(
        j0(10.0 * np.pi * doppler_hz * PERIOD_MS / 1e3), abs=1e-9
    )


@pytest.mark.parametrize("geometric", GEOMETRIC)
def test_a_motion_lasts_as_long_as_a_channel_that_forgets_geometrically(geometric):
    periods = -1.0 / math.log(geometric)
    assert geometric**periods == pytest.approx(math.exp(-1.0))
    rho = lasting_as(geometric)
    assert correlation_after(rho, periods) == pytest.approx(math.exp(-1.0), abs=1e-6)
    assert lasting_periods(rho) == pytest.approx(periods, rel=1e-6)
    assert geometric < rho < 1.0


def test_a_motion_takes_the_expectation_of_the_channels_that_last_as_long():
    for rho, geometric in LASTING.items():
        if rho < 1.0:
            assert lasting_periods(rho) == pytest.approx(-1.0 / math.log(geometric), rel=0.1)
    assert set(LASTING.values()) == set(EXPECTED)


def test_latency_loss_and_motion_are_crossed_and_every_setting_is_there_once():
    found = [tuple(entry[name] for name in ("correlation", "age", "loss", "play")) for entry in settings()]
    assert len(found) == len(set(found))
    crossed = {(rho, age, loss, PRICED) for rho in CORRELATIONS for age in AGES for loss in LOSSES}
    assert crossed <= set(found)
    assert (max(AGES), max(LOSSES)) == (10.0, 0.5)
    lasting = [lasting_as(rho) for rho in GEOMETRIC]
    assert {(rho, age, 0.0, PRICED) for rho in lasting for age in AGES} <= set(found)
    assert {(rho, 0.0, 0.0, SELFISH) for rho in (*CORRELATIONS, *lasting)} <= set(found)
    quick = {entry["correlation"] for entry in STUDY.quick_settings}
    assert len(STUDY.quick_settings) * STUDY.quick_seeds <= 30
    assert quick < set(CORRELATIONS)
    assert find_study("price-staleness") is STUDY


def test_a_persons_settings_are_taken_and_checked():
    study = configured(["pairs.count=3"])
    assert {point_spec(entry).pairs.count for entry in study.settings} == {3}
    with pytest.raises(ScenarioError, match=r"pairs.count"):
        configured(["pairs.count=0"])


@pytest.mark.parametrize("age", [0.0, 2.0])
def test_prices_are_late_and_nothing_else_that_a_turn_waits_for(age):
    class Facts(list):
        record = list.append

        def commit(self):
            pass

    spec, facts = point_spec(setting(age=age)), Facts()
    with build(spec, 1, "memory", facts) as emulation:
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        emulation.stop()
    sent = {e.msg_id: e for e in (decode_envelope(fact.frame) for fact in facts if isinstance(fact, Sent))}
    ended = [(sent[fact.msg_id], fact.t_ns) for fact in facts if isinstance(fact, Ended)]
    late_ms = {}
    for envelope, t_end_ns in ended:
        late_ms.setdefault(envelope.kind, []).append((t_end_ns - envelope.t_send_ns) * 1e-6)
    assert np.allclose(late_ms["price"], age * PERIOD_MS, atol=0.01)
    for kind in ("csi", "covariance", "precoder"):
        assert max(late_ms[kind]) < 0.01


def test_a_run_counts_its_messages_and_says_what_it_came_to():
    (priced,) = evaluate(Point(setting(), 1))
    (selfish,) = evaluate(Point(setting(play=SELFISH), 1))
    # In each of five slots five reports of channels, five of interference, their syncs; five turns in a round, each
    # with a precoder and an acknowledgement on two hops; and four prices of every pair per slot and per turn.
    assert selfish["messages_per_round"] == 5 * 15 + 5 * 3
    assert priced["messages_per_round"] == 5 * 15 + 5 * 3 + 20 * 5 + 5 * 4
    assert 0.0 < selfish["rate"] < priced["rate"]
    assert evaluate(Point(setting(), 1)) == [priced]


def test_what_is_on_air_is_judged_in_the_channels_of_the_end_of_a_period():
    parameters = setting(correlation=0.9)
    spec = point_spec(parameters)
    rates = []
    with build(spec, 1, "memory", _Forgetful()) as emulation:
        emulation.start()
        for end_ns in (spec.twin.period_ns * 2, spec.twin.period_ns * 3):
            emulation.kernel.run(end_ns)
            true = Rates(emulation.physics.world, end_ns)
            rates.append(true.secrecy(*emulation.physics.air.split()).sum())
            assert emulation.kernel.now_ns < end_ns  # the last event was earlier
        emulation.stop()
    (row,) = evaluate(Point(parameters, 1))
    assert row["rate"] == pytest.approx(np.mean(rates), rel=1e-12)


class _Forgetful:
    def record(self, fact):
        pass

    def commit(self):
        pass


@pytest.fixture
def table():
    """Two seeds; prices late by n periods lose n per cent, selfish play half, and loss nothing."""
    rows = []
    for entry in settings():
        for seed, rate in ((1, 4.0), (2, 6.0)):
            share = 0.5 if entry["play"] == SELFISH else 1.0 - entry["age"] / 100.0
            rows.append({**entry, "seed": seed, "rate": rate * share, "messages_per_round": 210.0})
    return pa.Table.from_pylist(rows)


def test_shares_are_of_prices_in_time_seed_by_seed(table):
    shares = Shares(table)
    assert shares.share(0.99, 10.0).mean == pytest.approx(0.9)
    assert shares.share(0.99, 10.0).half_width == pytest.approx(0.0, abs=1e-12)
    assert shares.share(1.0, 0.0, play=SELFISH).mean == pytest.approx(0.5)
    assert shares.rate(0.9, 0.0).mean == pytest.approx(5.0)
    assert shares.seeds == 2


def test_where_there_is_no_secrecy_there_are_no_shares_of_it(table):
    rates = np.zeros(len(table))
    rates[0] = 1.0  # of one seed alone
    with pytest.raises(ScenarioError, match=r"^prices in time: no secrecy"):
        report(table.set_column(table.column_names.index("rate"), "rate", pa.array(rates)))


def test_the_report_has_a_picture_the_numbers_and_what_was_expected(table):
    found = report(table)
    assert found.files.keys() == {"price-staleness.pdf", "price-staleness.png", "price-staleness.csv", "table.md"}
    rows = list(csv.DictReader(io.StringIO(found.files["price-staleness.csv"].decode())))
    assert len(rows) == len(settings())
    late = next(row for row in rows if (row["correlation"], row["age_periods"], row["loss"]) == ("0.99", "5", "0"))
    assert float(late["share_of_fresh"]) == pytest.approx(0.95)
    text = found.files["table.md"].decode()
    assert "| expected, same rho |  |  | 98 % | 96 % | 93 % | 88 % | 82 % |  |" in text
    assert "| expected, lasts as long (0.9) |  |  | 99 % | 92 % | 88 % | 79 % | 75 % |  |" in text
    assert text.count("expected, lasts as long (0.99) ") == text.count("expected, lasts as long (1) ") == 1
    assert "| 0.99 | 8.75 | 5.00 ±" in text
    assert "| correlation then |  |  | 1.00 | 0.90 | 0.63 | -0.32 | 0.24 |  |" in text
    assert "| 0.99 | damped |" in text
    assert (
        "rho 0.99: 99 ± 0 % at 1, 98 ± 0 % at 2, 95 ± 0 % at 5, 90 ± 0 % at 10 periods; selfish 50 ± 0 %"
        in found.headline
    )
