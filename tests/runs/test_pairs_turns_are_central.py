"""A whole scenario of pairs with links that take no time: its twins make the turns of central play, to rounding."""

import numpy as np
import pytest

from entities.pairs_world import PairsWorld
from scenarios.build import build
from scenarios.interference.configure import pairs_params, power_mw
from scenarios.load import load
from twin.emulation.streams import Streams
from twin.journal.economy import price_economy
from twin.journal.facts import Applied, Ended, Sent
from twin.journal.tables import build_tables, metrics_table
from twin.journal.unwritten import Unwritten
from twin.solvers.pricing.fast import climb, make_arena
from twin.solvers.pricing.problem import InterferenceProblem
from twin.solvers.pricing.variants import Variant
from twin.wire.codec import decode_envelope
from twin.wire.protocol import Fate

PAIRS, ROUNDS, SEED = 4, 20, 3
LINKS = ("radio", "fronthaul", "backhaul", "core", "edge")
AT_ONCE = [f"network.{link}.{key}" for link in LINKS for key in ("latency_ms=0", "jitter_ms=0", "rate_mbps=1000000")]
STILL = [
    f"pairs.count={PAIRS}",
    "pairs.speed_mps=0",
    "eavesdropper.speed_mps=0",
    "radio.zeta=0",
    "eavesdropper.zeta=0",
    "twin.variant=plug_in",
    "twin.wake_snr=0",
    "twin.damping=off",
    "twin.cost_us.solve=20",
    "report.period_ms=2",
    "metrics.warmup_ms=0",
    f"twin.period_ms={2 * PAIRS}",
    f"scenario.duration_s={2e-3 * PAIRS * ROUNDS}",
]


class Facts:
    """A recorder that keeps them all."""

    def __init__(self):
        self.facts, self.journal = [], Unwritten()

    def record(self, fact):
        self.facts.append(fact)
        self.journal.record(fact)

    def commit(self):
        self.journal.commit()


def run(*sets):
    spec, recorder = load("interference", [*AT_ONCE, *STILL, *sets]), Facts()
    with build(spec, SEED, "memory", recorder, "auto") as emulation:
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        emulation.stop()
    return spec, recorder.facts


def problem_of(spec):
    """The channels, which stand still."""
    world = PairsWorld(pairs_params(spec), Streams(SEED))
    return InterferenceProblem(
        world.channels(0),
        world.eve_channels(0),
        np.full(PAIRS, power_mw(spec)),
        spec.pairs.streams,
        spec.pairs.noise_streams,
        0.0,
        0.0,
        world.gains(0),
        world.eve_gains(0),
    )


@pytest.mark.parametrize("sets", [(), ("twin.price_route=core", "twin.price_form=projected"), ("twin.prices=off",)])
def test_turns_of_a_whole_scenario_are_those_of_central_play(sets):
    spec, facts = run(*sets)
    applied = {(fact.transmitter, fact.version): fact.vector for fact in facts if isinstance(fact, Applied)}
    assert {fact.fate for fact in facts if isinstance(fact, Ended)} == {Fate.DELIVERED}
    shape = (6, spec.pairs.streams + spec.pairs.noise_streams)

    def after(turns):
        """What is on air when every pair has taken so many turns."""
        numbers = range(1, PAIRS + 1)
        versions = [(turns - 1) * PAIRS + number if turns else 0 for number in numbers]
        each = [applied[f"pair{k}", version] for k, version in zip(numbers, versions, strict=True)]
        both = np.array([np.frombuffer(vector, np.complex128).reshape(shape) for vector in each])
        return both[..., : spec.pairs.streams], both[..., spec.pairs.streams :]

    problem = problem_of(spec)
    arena = make_arena(problem, Variant.PLUG_IN, 1, 1, 0)
    now, largest = after(0), 0.0
    first = problem.rates(now).sum()
    for turns in range(1, ROUNDS + 1):
        now, _ = climb(arena, now, rounds=1, inner=spec.twin.inner, priced=spec.twin.prices == "on")
        scale = np.abs(now[0]).max()
        largest = max(largest, *(np.abs(a - b).max() / scale for a, b in zip(after(turns), now, strict=True)))
    assert largest < 1e-9  # rounding: near 1e-14 with prices, 1e-12 without, where turns settle less
    assert problem.rates(now).sum() > first + 5.0


def test_prices_are_weighed_against_the_channels_that_one_place_would_need():
    _, facts = run("twin.price_route=core")
    end_ns = 2 * PAIRS * ROUNDS * 10**6
    found = price_economy(build_tables(facts, metrics_table([]), end_ns))
    sent = [fact.frame for fact in facts if isinstance(fact, Sent)]
    sizes = [(decode_envelope(frame), len(frame)) for frame in sent]
    prices = [size for envelope, size in sizes if envelope.kind == "price"]
    csi = [size for envelope, size in sizes if envelope.kind == "csi"]
    precoders = [size for envelope, size in sizes if envelope.kind == "precoder"]
    # Up, across to three others, down to three: seven hops of a price.
    assert len(prices) == 7 * PAIRS * ROUNDS * (PAIRS + 1)
    assert (found["messages"], found["rounds"]) == (len(prices), ROUNDS)
    assert found["bytes_mean"] == pytest.approx(sum(prices) / len(prices))
    assert found["messages_per_round"] == pytest.approx(len(prices) / ROUNDS)
    assert found["bytes_per_round"] == pytest.approx(sum(prices) / ROUNDS)
    assert found["central_bytes_per_round"] == pytest.approx((sum(csi) + sum(precoders)) / ROUNDS)
    assert found["share_of_central"] == pytest.approx(sum(prices) / (sum(csi) + sum(precoders)))


def test_selfish_pairs_have_no_prices_to_weigh():
    _, facts = run("twin.prices=off")
    assert price_economy(build_tables(facts, metrics_table([]), 2 * PAIRS * ROUNDS * 10**6)) is None
