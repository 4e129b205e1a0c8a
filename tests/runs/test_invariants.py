"""What holds in every run, however bad the network is (the numbers are the architecture's)."""

from itertools import pairwise

import numpy as np
import pytest

from scenarios.sagin.configure import powers_mw
from twin.journal.facts import Sent

BAD_NETWORK = (
    "network.radio.loss=0.1",
    "network.radio.jitter_ms=6",
    "network.fronthaul.loss=0.05",
    "network.backhaul.jitter_ms=15",
    "network.backhaul.rate_mbps=1",
    "network.backhaul.queue_max=4",
    "network.core.loss=0.05",
    "report.period_ms=10",
    "twin.trigger=every",
)


SCHEDULED = ("twin.activation=scheduled", "twin.activation_margin_ms=30")


@pytest.fixture(scope="module", params=[1, 2, 3, "scheduled"])
def run(emulate, request):
    if request.param == "scheduled":
        return emulate(*BAD_NETWORK, *SCHEDULED, seed=4, duration_s=0.4)
    return emulate(*BAD_NETWORK, seed=request.param, duration_s=0.4)


def test_4_every_message_has_one_fate_or_is_in_flight(run):
    sent, ended = run.sent, run.ended
    assert len(sent) == len(run.of(Sent)) > 1000
    assert set(ended) <= set(sent)
    fates = [fact.fate for fact in ended.values()]
    assert fates.count("delivered") + fates.count("lost") + fates.count("dropped") == len(ended)
    assert fates.count("lost") > 20
    reasons = {fact.reason for fact in ended.values() if fact.fate == "dropped"}
    assert {"stale", "queue_full"} <= reasons


def test_5_seq_counts_without_gaps_per_pair_and_nothing_older_is_handled_after_newer_reports(run):
    pairs = {}
    for envelope in sorted(run.sent.values(), key=lambda e: e.msg_id):
        pairs.setdefault((envelope.src, envelope.dst), []).append(envelope.seq)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in pairs.values())
    ended = run.ended
    newest = {}
    for fact in sorted(ended.values(), key=lambda f: f.begin_ns):
        envelope = run.sent[fact.msg_id]
        if fact.fate == "delivered" and envelope.kind in {"csi", "state"}:
            key = (envelope.src, envelope.kind)
            assert envelope.seq > newest.get(key, 0)
            newest[key] = envelope.seq


def test_6_nothing_arrives_before_it_could(run):
    for fact in run.ended.values():
        envelope = run.sent[fact.msg_id]
        hops = sum(h.queue_ns + h.serialisation_ns + h.propagation_ns + h.jitter_ns for h in fact.hops)
        assert envelope.t_data_ns <= envelope.t_send_ns
        if fact.fate != "dropped" or fact.reason != "queue_full":
            assert fact.t_ns == envelope.t_send_ns + hops
        assert all(min(h.queue_ns, h.serialisation_ns, h.propagation_ns, h.jitter_ns) >= 0 for h in fact.hops)


def test_busy_twins_queue_and_never_overlap(run):
    spans = {}
    for fact in run.ended.values():
        dst = run.sent[fact.msg_id].dst
        if ":" in dst and fact.begin_ns >= 0 and fact.finish_ns > fact.begin_ns:
            assert fact.begin_ns >= fact.t_ns
            spans.setdefault(dst, []).append((fact.begin_ns, fact.finish_ns))
    for handled in spans.values():
        handled.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(handled))
    assert any(len(handled) > 50 for handled in spans.values())


def test_11_every_applied_precoder_meets_its_budget(run):
    budget = powers_mw(run.spec)
    for fact in run.applied:
        vector = np.frombuffer(fact.vector, dtype="<c16")
        assert np.vdot(vector, vector).real <= budget[fact.transmitter] * (1 + 1e-9)


def test_versions_on_air_only_grow_and_age_falls_only_with_fresher_data(run):
    for name in ("satellite", "uav", "base_station"):
        mine = [fact for fact in run.applied if fact.transmitter == name and fact.version]
        versions = [fact.version for fact in mine]
        assert versions == sorted(set(versions))
        assert len(versions) > 5
        assert all(fact.t_data_ns <= fact.t_ns for fact in mine)
        data = [fact.t_data_ns for fact in mine]
        assert data == sorted(data)


def test_satellite_and_base_station_never_go_before_the_uav(run):
    on_air = run.applied_at()
    uav = sorted((instants["uav"], version) for version, instants in on_air.items() if "uav" in instants)
    for version, instants in on_air.items():
        for name in ("satellite", "base_station"):
            if name in instants:
                newest = max(v for t_ns, v in uav if t_ns <= instants[name])
                assert newest >= version
