"""Non-preemptive priorities against Cobham's formula, and on a few messages against the clock."""

import numpy as np
import pytest

KINDS = ("precoder", "csi", "state")


def cobham(loads, residual):
    """W_i = W_0 / ((1 - s_(i-1)) (1 - s_i)), s_i = rho_1 + .. + rho_i, W_0 = sum of lambda_j E[S_j^2] / 2."""
    sums = np.concatenate([[0.0], np.cumsum(loads)])
    return [residual / ((1 - sums[i]) * (1 - sums[i + 1])) for i in range(len(loads))]


@pytest.mark.parametrize("law", ["M/D/1", "M/M/1"])
@pytest.mark.parametrize("loads", [(0.2, 0.5), (0.3, 0.2, 0.3)])
def test_waits_of_the_classes_are_cobhams(tools, law, loads):
    count, load = 15_000, sum(loads)
    arrivals = tools.poisson(load, count, seed=1)
    sizes = [tools.mean_bytes] * count if law == "M/D/1" else tools.exponential_sizes(count, seed=1)
    kinds = np.random.default_rng(3).choice(len(loads), count, p=np.array(loads) / load)
    driver = tools.Driver(tools.make_params(priority=KINDS[: len(loads) - 1]))
    passages = [driver.offer(t, size, KINDS[kind]) for t, size, kind in zip(arrivals, sizes, kinds, strict=True)]
    driver.run()
    second_moment = tools.mean_ns**2 * (1 if law == "M/D/1" else 2)
    expected = cobham(loads, load / tools.mean_ns * second_moment / 2)
    waits = np.array([passage.wait_ns for passage in passages])
    for kind, wait in enumerate(expected):
        tools.assert_estimates(waits[kinds == kind], wait, precision=0.12)


def test_the_mean_over_all_classes_does_not_depend_on_the_order(tools):
    """Kleinrock's conservation law: with one law of service, sum of rho_i W_i is that of first in, first out."""
    count, load = 5_000, 0.8
    arrivals, sizes = tools.poisson(load, count, seed=2), [tools.mean_bytes] * count
    kinds = np.random.default_rng(4).choice(3, count)
    totals = []
    for priority in (("precoder", "csi"), ("state",), ()):
        driver = tools.Driver(tools.make_params(priority=priority))
        passages = [driver.offer(t, size, KINDS[kind]) for t, size, kind in zip(arrivals, sizes, kinds, strict=True)]
        driver.run()
        totals.append(sum(passage.wait_ns for passage in passages))
    fifo = tools.offer_all(arrivals, sizes)
    assert totals == [sum(crossing.hop.queue_ns for crossing in fifo)] * 3


def test_who_is_served_next(tools):
    """Nothing is interrupted; then precoder, csi, all others; within a class first in, first out."""
    driver = tools.Driver(tools.make_params(priority=("precoder", "csi")))
    offers = [(0, "ack"), (1, "state"), (2, "csi"), (3, "ack"), (4, "precoder"), (5, "csi"), (6, "precoder")]
    passages = {(t, kind): driver.offer(t, 1000, kind) for t, kind in offers}
    driver.run()
    order = sorted(passages, key=lambda offer: passages[offer].t_ns)
    assert order == [(0, "ack"), (4, "precoder"), (6, "precoder"), (2, "csi"), (5, "csi"), (1, "state"), (3, "ack")]
    assert [passages[offer].t_ns for offer in order] == [1000 * place for place in range(1, 8)]


def test_an_offer_at_the_instant_of_a_departure_takes_part_in_the_choice_if_its_event_comes_first(tools):
    """Ties are broken by the keys of the messages, never by who was inserted first."""
    done = []
    for order in (0, 1):
        driver = tools.Driver(tools.make_params(priority=("precoder",)))
        offers = [(0, 1000, "ack", "m"), (10, 1000, "ack", "n"), (1000, 1000, "precoder", "l")]
        found = {src: driver.offer(t, size, kind, src, seq=1) for t, size, kind, src in offers[:: 1 - 2 * order]}
        driver.run()
        done.append({src: passage.t_ns for src, passage in found.items()})
    assert done[0] == done[1] == {"m": 1000, "l": 2000, "n": 3000}


@pytest.mark.parametrize("places", [1, 3, 10**6])
def test_without_classes_and_retries_it_is_the_plain_queue(tools, places):
    count = 5_000
    arrivals, sizes = tools.poisson(1.1, count, seed=9), tools.exponential_sizes(count, seed=9)
    arrivals[100:110] = [arrivals[100]] * 10  # ties
    changes = {"jitter_ns": 5_000, "loss": 0.2, "queue_max": places, "latency_ns": 77}
    plain = tools.offer_all(arrivals, sizes, **changes)
    driver = tools.Driver(tools.make_params(**changes))
    passages = [driver.offer(t, size) for t, size in zip(arrivals, sizes, strict=True)]
    driver.run()
    assert [passage.last for passage in passages] == plain
