"""Runs without a folder: the emulation alone, its facts kept in memory."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest

from scenarios.build import build, reach
from scenarios.load import load
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved, Struck
from twin.journal.unwritten import Unwritten
from twin.runtime.hosting import Hosting
from twin.wire.codec import decode_envelope
from twin.wire.messages import Envelope

BASE = (
    "metrics.warmup_ms=0",
    "report.period_ms=20",
    "users.speed_mps=0.25",
    "uav.speed_mps=2",
    "twin.solver=mrt",
    "twin.predictor=none",
)


@dataclass
class Run:
    """What a run left behind."""

    spec: Any
    digest: str
    digest_events: str
    events: int
    hashes: dict[str, str]
    facts: list[Fact] = field(default_factory=list)

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @cached_property
    def sent(self) -> dict[int, Envelope]:
        envelopes = (decode_envelope(fact.frame) for fact in self.of(Sent))
        return {envelope.msg_id: envelope for envelope in envelopes}

    @cached_property
    def ended(self) -> dict[int, Ended]:
        return {fact.msg_id: fact for fact in self.of(Ended)}

    @cached_property
    def applied(self) -> list[Applied]:
        return self.of(Applied)

    @cached_property
    def solved(self) -> list[Solved]:
        return self.of(Solved)

    @cached_property
    def struck(self) -> list[Struck]:
        return self.of(Struck)

    def routes(self, kind: str) -> set[tuple[str, str]]:
        """(src, dst) of every message of a kind that was sent."""
        return {(e.src, e.dst) for e in self.sent.values() if e.kind == kind}

    def applied_at(self) -> dict[int, dict[str, int]]:
        """version -> transmitter -> instant, of every version that went on air."""
        found: dict[int, dict[str, int]] = defaultdict(dict)
        for fact in self.applied:
            if fact.version:
                found[fact.version][fact.transmitter] = fact.t_ns
        return dict(found)


class _Recorder:
    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.journal = Unwritten()

    def record(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.journal.record(fact)

    def commit(self) -> None:
        self.journal.commit()


def emulate(
    *sets: str,
    seed: int = 1,
    transport: str | Hosting = "memory",
    window="auto",
    duration_s: float = 0.3,
    wrap=None,
    scenario: str = "sagin",
) -> Run:
    """Run the slow default system with settings on top; no prediction and MRT unless a setting says otherwise."""
    base = BASE if scenario == "sagin" else ()
    spec = load(scenario, [f"scenario.duration_s={duration_s}", *base, *sets])
    recorder = _Recorder()
    with build(spec, seed, reach(spec, transport), recorder, window) as emulation:
        if wrap is not None:
            wrap(emulation)
        emulation.start()
        emulation.kernel.run(spec.scenario.duration_ns)
        hashes = emulation.stop()
    journal = recorder.journal
    return Run(spec, journal.digest(), journal.digest_events(), emulation.kernel.events, hashes, recorder.facts)


@pytest.fixture(name="emulate", scope="session")
def _emulate():
    return emulate
