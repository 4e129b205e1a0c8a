"""A host restored from a snapshot, at any batch, is the host that it was: same results, same state, for ever."""

import numpy as np
import pytest
from msgspec.structs import replace

from twin.errors import WireError
from twin.nodes.config import to_wire
from twin.runtime.host import Host
from twin.wire.plain import pack_plain, unpack_plain
from twin.wire.protocol import Stop, Welcome

LATER = ("twin.solver=fast", "twin.predictor=wiener", "twin.robust=both")
CRASH = '{kind="twin_crash", twin="%s", from_s=%s, to_s=%s}'
PAIRS = ("scenario.duration_s=0.15", "metrics.warmup_ms=20", "pairs.count=3")
SENSING = ("scenario.duration_s=0.1", "metrics.warmup_ms=20")
SYSTEMS = {
    "sensing and multicast": SENSING,
    "pairs": PAIRS,
    "pairs, prices lost, taken from both ends": ("network.radio.loss=0.1", "network.edge.loss=0.2", *PAIRS),
    "pairs at once, covariances": ("twin.schedule=simultaneous", "twin.variant=stat", *PAIRS),
    "pairs, a crash": (f"fault=[{CRASH % ('edge:pair2', 0.05, 0.08)}]", *PAIRS),
    "fast solver, predictor, uncertainty": LATER,
    "every report, lost and late": (
        "twin.trigger=every",
        "network.radio.loss=0.2",
        "network.radio.jitter_ms=9",
        *LATER,
    ),
    "an edge twin coordinates, by the clock": ("twin.coordinator=edge:uav", "twin.trigger=periodic"),
    "busy twins": ("twin.cost_us.handle=900", "twin.trigger=every"),
    "crashes": (
        f"fault=[{CRASH % ('core:base_station', 0.1, 0.14)}, {CRASH % ('edge:uav', 0.15, 0.17)}]",
        *LATER,
    ),
}


def scenario_of(sets):
    return {PAIRS[-1]: "interference", SENSING[-1]: "hisac"}.get(sets[-1], "sagin")


def fresh(host):
    """A host that was just welcomed as `host` was."""
    made = Host(host.name)
    configs = tuple(to_wire(hosted.config) for hosted in host._hosted.values())
    made.answer(Welcome(host._run_id, configs, 0))
    return made


def timeless(result):
    """All but what a solve took in wall time."""
    outcomes = [replace(o, solves=tuple(replace(s, wall_us=0.0) for s in o.solves)) for o in result.outcomes]
    return result.number, outcomes


class Shadows:
    """Beside every host a second one, which gets the same batches and is made anew from a snapshot now and then."""

    def __init__(self, seed, often):
        self.draws = np.random.default_rng(seed)
        self.often = often
        self.restored = 0

    def __call__(self, emulation):
        self.hosts = emulation.link._hosts
        self.shadows = {name: fresh(host) for name, host in self.hosts.items()}
        post, collect, posted = emulation.link.post, emulation.link.collect, {}

        def post_to_both(batches):
            for name in batches:
                self.maybe_restore(name)
            posted.update(batches)
            post(batches)

        def collect_from_both():
            results = collect()
            for name, result in results.items():
                assert timeless(self.shadows[name].answer(posted[name])) == timeless(result)
            return results

        emulation.link.post, emulation.link.collect = post_to_both, collect_from_both

    def maybe_restore(self, name):
        host = self.hosts[name]
        if self.draws.random() < self.often:
            state = host.snapshot()
            self.shadows[name] = fresh(host)
            self.shadows[name].restore(host._last, state)
            assert self.shadows[name].snapshot() == state
            self.restored += 1


@pytest.mark.parametrize(
    ("sets", "often"),
    [
        *(pytest.param(sets, 0.1, id=name) for name, sets in SYSTEMS.items()),
        *(pytest.param(sets, 1.0, id=f"{name}, every batch", marks=pytest.mark.slow) for name, sets in SYSTEMS.items()),
    ],
)
def test_2_a_restored_host_answers_and_ends_as_the_one_that_was_never_gone(emulate, sets, often):
    shadows = Shadows(7, often)
    run = emulate(*sets, wrap=shadows, duration_s=0.18, scenario=scenario_of(sets))
    assert run.solved
    assert shadows.restored > 5
    for name, shadow in shadows.shadows.items():
        assert shadow.answer(Stop()) == shadows.hosts[name].answer(Stop())
        assert shadow.snapshot() == shadows.hosts[name].snapshot()


@pytest.fixture(scope="module", params=[LATER, PAIRS, SENSING], ids=scenario_of)
def hosts(emulate, request):
    kept = Shadows(1, 0.0)
    emulate(*request.param, wrap=kept, scenario=scenario_of(request.param))
    return kept.hosts


@pytest.mark.parametrize("name", ["edge", "core"])
def test_a_damaged_snapshot_is_refused_or_read_and_never_anything_else(hosts, name):
    """Any byte flipped, any length cut: a WireError and the host as it was, or plain data that pass for a state."""
    host, state, draws = hosts[name], hosts[name].snapshot(), np.random.default_rng(3)
    refused = 0
    for _ in range(300):
        damaged = bytearray(state)
        damaged[draws.integers(len(state))] ^= int(draws.integers(1, 256))
        if draws.random() < 0.2:
            del damaged[draws.integers(len(state)) :]
        other = fresh(host)
        before = other.snapshot()
        try:
            other.restore(host._last, bytes(damaged))
        except WireError:
            refused += 1
            assert other.snapshot() == before
    assert refused > 30


def every_place(value, path=()):
    """The paths to all parts of plain data."""
    yield path
    if isinstance(value, tuple | dict):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from every_place(item, (*path, key))


def put(value, path, new):
    if not path:
        return new
    key, *rest = path
    if isinstance(value, dict):
        return {**value, key: put(value[key], rest, new)}
    return (*value[:key], put(value[key], rest, new), *value[key + 1 :])


@pytest.mark.parametrize("name", ["edge", "core"])
def test_a_part_of_another_type_is_a_wire_error(hosts, name):
    host = hosts[name]
    whole = unpack_plain(host.snapshot(), "snapshot")
    places = list(every_place(whole))
    draws = np.random.default_rng(5)
    for place in draws.permutation(len(places))[:250]:
        path = places[place]
        for wrong in (True, {"x": None}, np.zeros(3, dtype=np.int64)):
            other = fresh(host)
            before = other.snapshot()
            with pytest.raises(WireError, match=r"^[^\n]+$"):
                other.restore(host._last, pack_plain(put(whole, path, wrong), "snapshot"))
            assert other.snapshot() == before


def test_a_snapshot_of_another_run_or_batch_or_host_is_refused(hosts):
    host, state = hosts["core"], hosts["core"].snapshot()
    with pytest.raises(WireError, match="must be of run"):
        fresh(host).restore(host._last + 1, state)
    with pytest.raises(WireError, match="must be those of host edge"):
        fresh(hosts["edge"]).restore(host._last, state)
    version, *rest = unpack_plain(state, "snapshot")
    with pytest.raises(WireError, match="version=2: must be 1"):
        fresh(host).restore(host._last, pack_plain((version + 1, *rest), "snapshot"))
