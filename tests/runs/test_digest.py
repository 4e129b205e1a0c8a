"""Same seed, same digest: over transports, processes and hash seeds; and nothing else gives the same one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from twin.journal.digest import digests_of
from twin.journal.facts import Sent

ROOT = Path(__file__).resolve().parents[2]

PROVOKING = {
    "default": (),
    "no jitter: ties at every instant": (
        "network.radio.jitter_ms=0",
        "network.fronthaul.jitter_ms=0",
        "network.backhaul.jitter_ms=0",
        "network.core.jitter_ms=0",
    ),
    "no latency at all": tuple(
        f"network.{link}.{key}=0"
        for link in ("radio", "fronthaul", "backhaul", "core")
        for key in ("latency_ms", "jitter_ms")
    ),
    "loss and full queues": (
        "network.radio.loss=0.2",
        "network.backhaul.rate_mbps=0.5",
        "network.backhaul.queue_max=3",
    ),
    "busy twins": ("twin.cost_us.handle=900", "twin.trigger=every"),
    "an edge twin coordinates, by the clock": ("twin.coordinator=edge:uav", "twin.trigger=periodic"),
}


@pytest.fixture(scope="module")
def run(emulate):
    return emulate()


@pytest.mark.parametrize("sets", PROVOKING.values(), ids=PROVOKING.keys())
def test_1_lockstep_and_windows_over_memory_and_inproc_give_one_digest_and_one_final_state(emulate, sets):
    first = emulate(*sets, transport="memory", window=0, duration_s=0.2)
    assert first.solved
    for transport, window in (("inproc", 0), ("memory", "auto"), ("inproc", "auto"), ("memory", 1_003)):
        other = emulate(*sets, transport=transport, window=window, duration_s=0.2)
        assert other.digest == first.digest
        assert other.digest_events == first.digest_events
        assert other.hashes == first.hashes


def test_another_seed_gives_another_digest(emulate, run):
    assert emulate().digest == run.digest
    other = emulate(seed=2)
    assert other.digest != run.digest
    assert other.digest_events != run.digest_events


def test_one_flipped_payload_bit_changes_the_digest_and_not_the_digest_of_events(run):
    place = next(k for k, fact in enumerate(run.facts) if isinstance(fact, Sent))
    frame = bytearray(run.facts[place].frame)
    frame[-1] ^= 1
    facts = list(run.facts)
    facts[place] = replace(facts[place], frame=bytes(frame))
    assert digests_of(run.facts).digest() == run.digest
    assert digests_of(facts).digest() != run.digest
    assert digests_of(facts).digest_events() == run.digest_events


def test_hash_seed_of_the_process_does_not_matter(run):
    code = (
        "import sys; sys.path.insert(0, 'tests/runs'); import conftest;"
        "run = conftest.emulate(); print(run.digest, sorted(run.hashes.items()) and run.digest_events)"
    )
    for hash_seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == [run.digest, run.digest_events]


def test_7_an_extra_user_leaves_every_other_draw_as_it_was(emulate, run):
    """Channels, pilots, loss and jitter of everyone else; with idle links even every time stays the same."""
    lossy = ("network.radio.loss=0.2", "network.radio.rate_mbps=1000000", "network.fronthaul.rate_mbps=1000000")
    extra = 'users.extra=[{name="passer_by", position_m=[10, 20, 0], serving="uav"}]'

    def story(run):
        sent = run.sent
        return {
            (e.src, e.dst, e.seq): (
                run.ended[e.msg_id].fate,
                [(hop.link, hop.jitter_ns) for hop in run.ended[e.msg_id].hops],
                e.body if e.kind == "csi" else b"",
            )
            for e in sent.values()
            if e.kind in {"csi", "state"} and e.msg_id in run.ended
        }

    without, with_extra = story(emulate(*lossy)), story(emulate(*lossy, extra))
    assert {key for key in with_extra if "passer_by" in key[0]}
    assert {"lost", "delivered"} <= {fate for fate, _, _ in without.values()}
    assert {key: value for key, value in with_extra.items() if "passer_by" not in key[0]} == without
