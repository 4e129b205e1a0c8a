import numpy as np
import pytest

from twin.emulation.links import Link, LinkParams, LinkQueue
from twin.emulation.streams import Streams

BYTES = 1250  # 10 us at 1 Gbit/s


def queue(**changes):
    params = {
        "kind": "radio",
        "latency_ns": 0,
        "jitter_ns": 0,
        "rate_bps": 1e9,
        "loss": 0.0,
        "queue_max": 10**6,
    }
    return LinkQueue(Link("radio:a>b", LinkParams(**(params | changes)), Streams(1)))


def test_parts_of_the_latency_add_up():
    link = queue(latency_ns=1_000, jitter_ns=500)
    first = link.offer(0, BYTES, 77, ("a", "b", 1))
    second = link.offer(4_000, BYTES, 77, ("a", "b", 2))
    assert (first.hop.queue_ns, first.hop.serialisation_ns, first.hop.propagation_ns) == (0, 10_000, 1_077)
    assert second.hop.queue_ns == 6_000
    for start, crossing in ((0, first), (4_000, second)):
        hop = crossing.hop
        parts = hop.queue_ns + hop.serialisation_ns + hop.propagation_ns + hop.jitter_ns
        assert crossing.arrive_ns == start + parts


def test_queue_bound_counts_waiting_and_in_service():
    link = queue(queue_max=2)
    assert link.offer(0, BYTES, 0, ("a", "b", 1)) is not None
    assert link.offer(0, BYTES, 0, ("a", "b", 2)) is not None
    assert link.offer(9_999, BYTES, 0, ("a", "b", 3)) is None
    assert link.offer(10_000, BYTES, 0, ("a", "b", 4)) is not None  # the first has left at this instant


def test_wait_in_front_of_a_link_is_that_of_an_md1_queue():
    """Poisson arrivals, fixed service time s, load rho: mean wait = rho s / (2 (1 - rho)) (Pollaczek-Khinchine)."""
    rho, service_ns, count = 0.7, 10_000, 200_000
    gaps = np.random.default_rng(5).exponential(service_ns / rho, count)
    arrivals = np.cumsum(gaps).astype(np.int64)
    link = queue()
    waits = [link.offer(int(t), BYTES, 0, ("a", "b", k + 1)).hop.queue_ns for k, t in enumerate(arrivals)]
    expected = rho * service_ns / (2 * (1 - rho))
    assert np.mean(waits) == pytest.approx(expected, rel=0.03)


def test_jitter_is_exponential_with_the_given_mean_and_never_negative():
    link = queue(jitter_ns=1_000_000)
    draws = np.array([link.offer(k * 10**6, BYTES, 0, ("a", "b", k + 1)).hop.jitter_ns for k in range(20_000)])
    assert draws.min() >= 0
    assert draws.max() <= 10_000_000
    assert draws.mean() == pytest.approx(1e6, rel=0.03)
    assert np.mean(draws > 1e6) == pytest.approx(np.exp(-1), abs=0.015)


def test_loss_has_the_given_probability_and_uses_the_link():
    link = queue(loss=0.25)
    crossings = [link.offer(0, BYTES, 0, ("a", "b", k + 1)) for k in range(20_000)]
    assert np.mean([crossing.lost for crossing in crossings]) == pytest.approx(0.25, abs=0.012)
    assert crossings[-1].hop.queue_ns == (len(crossings) - 1) * 10_000


def test_draws_of_a_pair_do_not_depend_on_what_others_send():
    alone, shared = queue(jitter_ns=10_000, loss=0.3), queue(jitter_ns=10_000, loss=0.3)
    for k in range(200):
        one = alone.offer(k * 10**7, BYTES, 0, ("a", "b", k + 1))
        shared.offer(k * 10**7, BYTES, 0, ("x", "b", k + 1))
        other = shared.offer(k * 10**7 + 5 * 10**6, BYTES, 0, ("a", "b", k + 1))
        assert (one.hop.jitter_ns, one.lost) == (other.hop.jitter_ns, other.lost)
