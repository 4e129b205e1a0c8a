"""When a precoder will be in use: the instant to aim a prediction at, from acknowledgements alone."""

from collections import deque
from collections.abc import Sequence
from statistics import median_low
from typing import Final

from twin.wire.limits import INT64_MAX
from twin.wire.messages import Ack
from twin.wire.packing import check_arity, check_int, check_list
from twin.wire.plain import Plain, take_pairs

_KEPT: Final = 9
_VERSIONS_MAX: Final = 64


class Aim:
    """Learns per transmitter how long a precoder travels and how long it stays on air.

    Latency is from the end of a solve to the instant of application that the acknowledgement names; the hold is the
    time between applications. Both are medians of the last few. Until acknowledgements arrive, the way down is taken
    to be as long as the way up, and the hold to be `hold_ns`, the period of the reports.
    """

    def __init__(self, transmitters: Sequence[str], hold_ns: int) -> None:
        self._first_hold_ns = hold_ns
        self._finished_ns: dict[int, int] = {}
        self._applied_ns = dict.fromkeys(transmitters, -1)
        self._latencies_ns: dict[str, deque[int]] = {name: deque(maxlen=_KEPT) for name in transmitters}
        self._holds_ns: dict[str, deque[int]] = {name: deque(maxlen=_KEPT) for name in transmitters}

    def note_solve(self, version: int, finish_ns: int) -> None:
        """A precoder of `version` leaves at `finish_ns`; the oldest of more than 64 unanswered ones is forgotten."""
        self._finished_ns[version] = finish_ns
        if len(self._finished_ns) > _VERSIONS_MAX:
            del self._finished_ns[min(self._finished_ns)]

    def note_ack(self, ack: Ack) -> None:
        """A transmitter has put a version on air; acknowledgements of one transmitter come in order of version."""
        name = ack.transmitter
        if name not in self._applied_ns or ack.version not in self._finished_ns:
            return
        before = self._applied_ns[name]
        if ack.applied_ns <= before:
            return
        self._latencies_ns[name].append(ack.applied_ns - self._finished_ns[ack.version])
        if before >= 0:
            self._holds_ns[name].append(ack.applied_ns - before)
        self._applied_ns[name] = ack.applied_ns

    def targets_ns(self, finish_ns: int, uplink_ns: int) -> tuple[int, ...]:
        """For a solve that ends at `finish_ns`: per transmitter, the middle of the time its precoder is on air.

        `uplink_ns` is what the newest report took to arrive; it stands in for a latency that is not known yet.
        """
        return tuple(
            finish_ns + self.latency_ns(name, uplink_ns) + self.hold_ns(name) // 2 for name in self._applied_ns
        )

    def latency_ns(self, name: str, uplink_ns: int) -> int:
        """Median time from the end of a solve to application at one transmitter."""
        known = self._latencies_ns[name]
        return median_low(known) if known else uplink_ns

    def hold_ns(self, name: str) -> int:
        """Median time that a precoder stays on air at one transmitter."""
        known = self._holds_ns[name]
        return median_low(known) if known else self._first_hold_ns

    def state(self) -> Plain:
        """Unanswered solves, and per transmitter the last application, latencies and holds."""
        known = [
            (at_ns, tuple(self._latencies_ns[name]), tuple(self._holds_ns[name]))
            for name, at_ns in self._applied_ns.items()
        ]
        return tuple(sorted(self._finished_ns.items())), tuple(known)

    def restore(self, state: object) -> None:
        """Know what another, of the same transmitters, knew when it said `state`."""
        finished, known = check_arity(state, 2, "Aim")
        self._finished_ns = {
            check_int(version, "Aim.version"): check_int(at_ns, "Aim.finished")
            for version, at_ns in take_pairs(finished, "Aim.finished")
        }
        for name, item in zip(self._applied_ns, check_arity(known, len(self._applied_ns), "Aim.known"), strict=True):
            at_ns, latencies, holds = check_arity(item, 3, "Aim.known")
            self._applied_ns[name] = check_int(at_ns, "Aim.applied", -1)
            self._latencies_ns[name] = _spans(latencies, "Aim.latencies")
            self._holds_ns[name] = _spans(holds, "Aim.holds")


def _spans(value: object, what: str) -> deque[int]:
    """The last few spans of time; one is negative where a clock is wrong."""
    return deque((check_int(span, what, -INT64_MAX) for span in check_list(value, what, _KEPT)), maxlen=_KEPT)
