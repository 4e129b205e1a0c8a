"""Age of information against closed forms: periodic reports by hand, and queues on sample paths and through our link."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import lambertw

from twin.emulation.links import Link, LinkParams, LinkQueue
from twin.emulation.streams import Streams
from twin.journal.ages import oldest_steps
from twin.journal.aoi import age_numbers, ages_of_information
from twin.journal.summary import RunInfo, summarise
from twin.journal.tables import build_tables, metrics_table
from twin.wire.messages import Kind

MS = 10**6
END_NS = 40 * MS
SERVICE_NS = 100_000.0
COUNT = 60_000


def ages(arrived_ns, data_ns):
    """Steps of one source, told in order of time; they end with the last arrival."""
    told = [(int(t), "x", int(data)) for t, data in zip(arrived_ns, data_ns, strict=True)]
    return oldest_steps(told, told[-1][0])


@pytest.mark.parametrize("delay", [0, 3, 10, 37])
def test_periodic_reports_with_a_fixed_delay(delay):
    """Mean D + T/2, peak D + T, and above L for the share (D + T - L) / T of the time; T = 10."""
    period = 10
    sent = np.arange(0, 1001, period)
    steps, begin = ages(sent + delay, sent), 100 + delay
    assert steps.mean_ns(begin) == pytest.approx(delay + period / 2, rel=1e-12)
    assert steps.peak_mean_ns(begin) == delay + period
    for limit in (0, delay, delay + 1, delay + 5, delay + 9.5, delay + 10, delay + 20):
        by_hand = min(max((delay + period - limit) / period, 0.0), 1.0)
        assert steps.violation(begin, limit) == pytest.approx(by_hand, abs=1e-12)


def test_violation_is_one_minus_the_law_that_the_quantile_inverts():
    rng = np.random.default_rng(3)
    sent = np.cumsum(rng.exponential(10_000.0, 400)).astype(np.int64)
    steps = ages(np.maximum.accumulate(sent + rng.integers(0, 20_000, 400)), sent)
    begin = float(steps.times_ns[3]) + 17.0
    for q in (0.05, 0.3, 0.5, 0.9, 0.99):
        assert steps.violation(begin, steps.quantile_ns(begin, q)) == pytest.approx(1.0 - q, abs=1e-9)


def test_violation_by_an_explicit_loop():
    told = [(2, "a", 0), (5, "b", 1), (9, "a", 7), (14, "b", 12), (20, "a", 16)]
    steps = oldest_steps(told, 30)
    for limit in (0.0, 3.0, 6.5, 11.0, 40.0):
        over = 0
        for part in range(50, 300):  # tenths of a ns from 5, where both are known, to 30
            t = (part + 0.5) / 10
            held = {source: data for at, source, data in told if at <= t}
            over += t - min(held.values()) > limit
        assert steps.violation(0, limit) == pytest.approx(over / 250, abs=0.004 + 1e-12)


def test_nothing_has_no_violation_and_no_peak():
    steps = oldest_steps([], 40)
    assert steps.violation(0, 1) is None
    assert steps.peak_mean_ns(0) is None
    assert set(age_numbers(steps, 0, 1).values()) == {None}
    assert age_numbers(oldest_steps([(0, "x", 0)], 40), 0, None)["violation"] is None


def queue(gaps, services):
    """Departures of a FCFS queue by Lindley's recursion, and the arrivals."""
    arrivals, free, departures = np.cumsum(gaps), 0.0, []
    for arrival, service in zip(arrivals, services, strict=True):
        free = max(free, arrival) + service
        departures.append(free)
    return arrivals, np.array(departures)


def mm1_violation(lam, mu, limit):
    """P(age > L) in M/M/1 FCFS: integral over x > L of lam (P(peak > x) - P(delay > x)).

    Inoue, Masuyama, Takine, Tanaka, "A general formula for the stationary distribution of the age of information", 2019,
    with delay ~ Exp(a), a = mu - lam, and peak = max(delay, gap) + service of independent parts.
    """
    a = mu - lam
    decay = np.exp(-mu * limit)
    peak = (1 - mu / lam - mu / a) * decay / mu - (limit + 1 / mu) * decay
    peak += mu / lam * np.exp(-a * limit) / a + mu / a * np.exp(-lam * limit) / lam
    return lam * (peak - np.exp(-a * limit) / a)


@pytest.mark.parametrize("rho", [0.3, 0.53, 0.75])
def test_mm1_sample_paths_have_the_ages_of_kaul_yates_gruteser_and_the_peaks_of_costa(rho):
    """Mean 1/mu (1 + 1/rho + rho^2/(1-rho)) (Kaul 2012); peak 1/mu (1 + 1/rho + rho/(1-rho)) (Costa 2016)."""
    rng = np.random.default_rng(round(100 * rho))
    gaps, services = (rng.exponential(scale, COUNT) for scale in (SERVICE_NS / rho, SERVICE_NS))
    sent, arrived = queue(gaps, services)
    steps = ages(arrived, sent)
    tolerance = 0.03 if rho < 0.7 else 0.05
    assert steps.mean_ns(0) / SERVICE_NS == pytest.approx(1 + 1 / rho + rho**2 / (1 - rho), rel=tolerance)
    assert steps.peak_mean_ns(0) / SERVICE_NS == pytest.approx(1 + 1 / rho + rho / (1 - rho), rel=tolerance)
    for services_long in (1.0, 3.0, 6.0):
        share = steps.violation(0, services_long * SERVICE_NS)
        assert share == pytest.approx(mm1_violation(rho, 1.0, services_long), abs=0.02)


def through_the_link(gaps_ns, sizes_bytes, mean_bytes):
    """(sent, arrived) of messages offered to an emulated link that takes SERVICE_NS for one of the mean size."""
    rate_bps = 8 * mean_bytes / (SERVICE_NS * 1e-9)
    link = LinkQueue(Link("radio:a>b", LinkParams("radio", 0, 0, rate_bps, 0.0, 10**6), Streams(1)))
    sent = np.cumsum(gaps_ns).astype(np.int64)
    crossings = [
        link.offer(int(t), int(size), 0, ("a", "b", k))
        for k, (t, size) in enumerate(zip(sent, sizes_bytes, strict=True))
    ]
    return sent, np.array([crossing.arrive_ns for crossing in crossings])


def test_an_emulated_link_with_poisson_arrivals_and_exponential_sizes_is_an_mm1_queue():
    rho, mean_bytes, rng = 0.5, 100_000, np.random.default_rng(7)
    sizes = np.ceil(rng.exponential(mean_bytes, COUNT))
    steps = ages(*reversed(through_the_link(rng.exponential(SERVICE_NS / rho, COUNT), sizes, mean_bytes)))
    assert steps.mean_ns(0) / SERVICE_NS == pytest.approx(3.5, rel=0.03)
    assert steps.peak_mean_ns(0) / SERVICE_NS == pytest.approx(4.0, rel=0.03)
    assert steps.violation(0, 5 * SERVICE_NS) == pytest.approx(mm1_violation(rho, 1.0, 5.0), abs=0.02)


def test_an_emulated_link_with_equal_sizes_is_an_md1_queue():
    """Mean 1/mu (1/(2(1-rho)) + 1/2 + (1-rho) e^rho / rho) (Kaul, Yates, Gruteser 2012)."""
    rho, rng = 0.5, np.random.default_rng(8)
    gaps = rng.exponential(SERVICE_NS / rho, COUNT)
    steps = ages(*reversed(through_the_link(gaps, np.full(COUNT, 1000), 1000)))
    expected = 1 / (2 * (1 - rho)) + 0.5 + (1 - rho) * np.exp(rho) / rho
    assert steps.mean_ns(0) / SERVICE_NS == pytest.approx(expected, rel=0.02)


def test_an_emulated_link_with_periodic_messages_of_exponential_size_is_a_dm1_queue():
    """Mean 1/mu (1/(2 rho) + 1/(1-beta)), beta = -rho W(-e^(-1/rho) / rho) (Kaul, Yates, Gruteser 2012)."""
    rho, mean_bytes, rng = 0.5, 100_000, np.random.default_rng(9)
    sizes = np.ceil(rng.exponential(mean_bytes, COUNT))
    steps = ages(*reversed(through_the_link(np.full(COUNT, SERVICE_NS / rho), sizes, mean_bytes)))
    beta = float((-rho * lambertw(-np.exp(-1 / rho) / rho)).real)
    assert steps.mean_ns(0) / SERVICE_NS == pytest.approx(1 / (2 * rho) + 1 / (1 - beta), rel=0.02)


def test_entities_are_told_apart_and_messages_traced_to_what_was_measured(story):
    tables = build_tables(story, metrics_table([]), END_NS)
    found = ages_of_information(tables, "core:satellite", END_NS, 10 * MS)
    # The UAV's edge twin holds from 3 what was measured at 1: it ages from 2 to 39 in 37 ms. What it shares itself was
    # sensed of someone else, so the second hop tells of the satellite, as the sync of its own edge twin does.
    assert found["uav"]["edge"]["mean_ms"] == pytest.approx(20.5)
    assert found["uav"]["edge"]["violation"] == pytest.approx(29 / 37)
    assert found["uav"]["core"] is found["uav"]["coordinator"] is None
    assert found["satellite"]["edge"]["mean_ms"] == pytest.approx((8 + 39) / 2)
    assert found["satellite"]["core"] == found["satellite"]["coordinator"]
    # Of two sources (the UAV's CSI at 7, its own at 10) both measured at 1, the age exists from the later one on.
    assert found["satellite"]["core"]["mean_ms"] == pytest.approx((9 + 39) / 2)
    # Nothing that the users sent ever arrived.
    assert found["su"] == found["au"] == {"edge": None, "core": None, "coordinator": None}
    # Precoders: the UAV's is from instant 0 until 16, then from 1.
    assert found["uav"]["on_air"]["mean_ms"] == pytest.approx((16**2 / 2 + (15 + 39) / 2 * 24) / 40)
    assert found["uav"]["on_air"]["peak_mean_ms"] == 16.0
    assert found["base_station"]["on_air"]["mean_ms"] == 20.0


def test_only_what_was_delivered_counts_and_from_when_it_is_handled(sent, ended):
    facts = []
    for index in range(1, 4):
        facts += [
            sent(index, Kind.STATE, "su", "edge:su", 10 * index * MS, data=10 * index * MS, seq=index),
            ended(index, (10 * index + 2) * MS, begin=(10 * index + 3) * MS),
        ]
    whole = ages_of_information(build_tables(facts, metrics_table([]), END_NS), None, END_NS, 12 * MS)["su"]
    assert whole["coordinator"] is None
    # From 13 on: three teeth from 3, two of them to 13, the last to 10.
    assert whole["edge"]["mean_ms"] == pytest.approx((80 + 80 + 45.5) / 27)
    assert whole["edge"]["peak_mean_ms"] == 13.0
    assert whole["edge"]["violation"] == pytest.approx(2 / 27)
    facts[3] = ended(2, 22 * MS, fate="dropped", reason="stale")
    without = ages_of_information(build_tables(facts, metrics_table([]), END_NS), None, END_NS, 12 * MS)["su"]
    assert without["edge"]["peak_mean_ms"] == 23.0


def test_an_eavesdropper_is_as_old_as_the_transmitter_that_sensed_her_longest_ago(sent, ended):
    facts = []
    for index, (name, data) in enumerate((("uav", 4), ("satellite", 1), ("base_station", 6))):
        report, share, sync = 3 * index + 1, 3 * index + 2, 3 * index + 3
        eve = "edge:eavesdropper"
        facts += [
            sent(report, Kind.CSI, name, f"edge:{name}", data * MS, data=data * MS),
            ended(report, (data + 1) * MS),
            sent(share, Kind.SHARE, f"edge:{name}", eve, (data + 1) * MS, parent=report, data=data * MS),
            ended(share, (data + 2) * MS),
            sent(
                sync, Kind.SYNC, eve, "core:eavesdropper", (data + 2) * MS, parent=share, data=data * MS, seq=index + 1
            ),
            ended(sync, (data + 4) * MS),
        ]
    found = ages_of_information(build_tables(facts, metrics_table([]), END_NS), "edge:eavesdropper", END_NS, None)
    # All three are known at 8 (edge) and at 10 (core), and the satellite's was measured at 1.
    assert found["eavesdropper"]["edge"]["mean_ms"] == pytest.approx((7 + 39) / 2)
    assert found["eavesdropper"]["coordinator"] == found["eavesdropper"]["edge"]
    assert found["eavesdropper"]["core"]["mean_ms"] == pytest.approx((9 + 39) / 2)
    assert found["uav"]["edge"]["mean_ms"] == pytest.approx((1 + 36) / 2)


def test_the_summary_says_how_often_the_age_is_over_its_limit(story, metrics_rows):
    tables = build_tables(story, metrics_table(metrics_rows), END_NS)
    info = RunInfo("tiny", 3, "", "", True, END_NS, False, None, None, "core:satellite", 25 * MS)
    summary = summarise(tables, info)
    # The system's age is t, counted from the first sample at 10.
    assert summary["age_limit_ms"] == 25.0
    assert summary["age_violation"] == pytest.approx(15 / 30)
    assert summary["aoi"]["uav"]["edge"]["mean_ms"] == pytest.approx((9 + 39) / 2)
    bare = summarise(tables, RunInfo("tiny", 3, "", "", True, END_NS, False, None, None))
    assert bare["age_limit_ms"] is bare["age_violation"] is None
    assert bare["aoi"]["satellite"]["coordinator"] is None


def test_ages_grow_from_hop_to_hop_in_a_run_and_follow_the_delays(emulate_ages):
    found, delays_ms, period_ms = emulate_ages
    for transmitter in ("satellite", "uav", "base_station"):
        places = [found[transmitter][place]["mean_ms"] for place in ("edge", "core", "coordinator", "on_air")]
        assert all(earlier <= later + 1e-9 for earlier, later in pairwise(places))
        assert found[transmitter]["edge"]["mean_ms"] == pytest.approx(delays_ms[transmitter] + period_ms / 2, abs=0.05)
        assert found[transmitter]["edge"]["peak_mean_ms"] == pytest.approx(delays_ms[transmitter] + period_ms, abs=0.05)
    assert found["eavesdropper"]["coordinator"]["mean_ms"] > found["uav"]["coordinator"]["mean_ms"]


@pytest.fixture(scope="module")
def emulate_ages():
    """A run without jitter: ages, delays of the transmitters' CSI in ms, and the period."""
    from scenarios.build import build
    from scenarios.load import load

    quiet = [f"network.{link}.jitter_ms=0" for link in ("radio", "fronthaul", "backhaul", "core")]
    spec = load("sagin", [*quiet, "twin.solver=mrt", "twin.predictor=none", "scenario.duration_s=0.3"])
    facts = []

    class Recorder:
        record = staticmethod(facts.append)

        def commit(self):
            pass

    with build(spec, 1, "memory", Recorder()) as emulation:
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        emulation.stop()
    tables = build_tables(facts, metrics_table([]), spec.scenario.duration_ns)
    delays_ms = {}
    for row in tables.messages.to_pylist():
        if row["kind"] in ("csi", "state") and row["begin_ns"] and ":" not in row["src"]:
            # A transmitter is known to its edge twin when both its state and its channels are.
            delays_ms[row["src"]] = max(delays_ms.get(row["src"], 0.0), (row["begin_ns"] - row["t_data_ns"]) / MS)
    found = ages_of_information(tables, spec.twin.coordinator, spec.scenario.duration_ns, spec.metrics.age_limit_ns)
    return found, delays_ms, spec.report.period_ms
