"""Queues driven by arrivals that a test draws, and estimates that know their own error."""

import heapq
from dataclasses import dataclass

import numpy as np
import pytest

from twin.emulation.links import Crossing, Link, LinkParams, LinkQueue
from twin.emulation.served import Job, ServedQueue
from twin.emulation.streams import Streams
from twin.journal.facts import Hop

MEAN_BYTES = 10_000
RATE_BPS = 8e9  # 1 byte takes 1 ns, so a mean service takes 10 us
MEAN_NS = MEAN_BYTES


def make_params(**changes):
    plain = {"kind": "radio", "latency_ns": 0, "jitter_ns": 0, "rate_bps": RATE_BPS, "loss": 0.0, "queue_max": 10**6}
    return LinkParams(**(plain | changes))


@dataclass
class Passage:
    """What became of one message: its hops (one per attempt), the last attempt, and when that was decided."""

    hops: list[Hop]
    last: Crossing | None
    t_ns: int

    @property
    def wait_ns(self):
        return self.hops[0].queue_ns


class Driver:
    """A served queue and the events that it asks for, in the order (instant, key)."""

    def __init__(self, params, seed=1, is_up=None, name="radio:a>b"):
        self.agenda = []
        self.passages = {}
        self.queue = ServedQueue(Link(name, params, Streams(seed), is_up), self.at)

    def at(self, t_ns, key, action):
        heapq.heappush(self.agenda, (t_ns, key, len(self.passages), action))

    def offer(self, t_ns, size, kind="state", src="a", seq=None, propagation=lambda _t: 0):
        key = (src, "b", len(self.passages) + 1 if seq is None else seq)
        self.passages[key] = passage = Passage([], None, -1)

        def done(when_ns, crossing):
            passage.t_ns, passage.last = when_ns, crossing
            if crossing is not None:
                passage.hops.append(crossing.hop)

        job = Job(key, kind, size, propagation, passage.hops, done)
        self.at(t_ns, key, lambda: self.queue.offer(t_ns, job))
        return passage

    def run(self, until_ns=None):
        while self.agenda and (until_ns is None or self.agenda[0][0] < until_ns):
            heapq.heappop(self.agenda)[3]()


def poisson(load, count, seed, mean_ns=MEAN_NS):
    """Instants of a Poisson process that offers `load` of the server's time."""
    gaps = np.random.default_rng([seed, 1]).exponential(mean_ns / load, count)
    return np.cumsum(gaps).astype(np.int64).tolist()


def exponential_sizes(count, seed, mean=MEAN_BYTES):
    """Sizes whose service times are exponential, to whole ns."""
    return np.maximum(1, np.round(np.random.default_rng([seed, 2]).exponential(mean, count))).astype(int).tolist()


def offer_all(arrivals, sizes, **changes):
    """Offer everything to a plain queue; the crossings, None where it was full."""
    queue = LinkQueue(Link("radio:a>b", make_params(**changes), Streams(1)))
    return [
        queue.offer(t_ns, size, 0, ("a", "b", number))
        for number, (t_ns, size) in enumerate(zip(arrivals, sizes, strict=True), 1)
    ]


def batch_means(values, batches=25):
    """Mean of a series whose neighbours are alike, and its standard error from the means of long batches."""
    values = np.asarray(values, dtype=float)
    length = len(values) // batches
    means = values[len(values) - length * batches :].reshape(batches, length).mean(axis=1)
    return means.mean(), means.std(ddof=1) / np.sqrt(batches)


def assert_estimates(values, expected, precision):
    """The mean of `values` is `expected` within four standard errors, and these say something: <= precision."""
    mean, error = batch_means(values)
    assert error <= precision * abs(expected), f"standard error {error:.3g} of {expected:.3g} is no evidence"
    assert abs(mean - expected) <= 4 * error, f"{mean:.5g} is not {expected:.5g} +- {error:.2g}"


@pytest.fixture(scope="session")
def tools():
    class Tools:
        pass

    for tool in (make_params, Driver, poisson, exponential_sizes, offer_all, batch_means, assert_estimates):
        setattr(Tools, tool.__name__, staticmethod(tool))
    Tools.mean_bytes, Tools.mean_ns = MEAN_BYTES, MEAN_NS
    return Tools
