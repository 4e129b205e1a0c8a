"""The two digests of a run: what "the same run" means.

A digest is the sum modulo 2^256 of the BLAKE2b-256 hashes of the facts of virtual time (`Sent`, `Ended`,
`Solved`, `Applied`, `Struck`), printed as 64 hex characters. A sum does not depend on the order of its terms, and it
must not: facts are journalled when they are decided, which depends on how the kernel batches its deliveries.
Lockstep and windows of any valid length decide the same facts in different orders and must give the same
digest. Nothing is lost by leaving the order out, for every fact carries its own identity (a message id, or
node and version) and its instant; and a fact that happens twice counts twice.

`digest` covers every field, payload bytes included: it holds for one machine type and set of versions, since
the last bits of a precoder depend on both. `digest_events` leaves out what floating point decides: of a
message it takes the envelope and the length of the body, of a solve all but objective and violation, of an
application all but the vector. It compares runs across machines when costs are fixed. `Opened`, what
wall time says (`Wall`, `Closed`) and what serves recovery alone (`Handled`, `HostState`) enter neither.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from twin.errors import RunFolderError, WireError
from twin.journal.facts import Applied, Ended, Fact, Sent, Solved, Struck
from twin.journal.records import encode_fact, pack, solved_fields
from twin.wire.codec import body_length

HASH_BYTES: Final = 32
_MODULUS: Final = 1 << (8 * HASH_BYTES)

_FRESH: Final = blake2b(digest_size=HASH_BYTES)  # copied for each fact: to make a hash takes longer


def _hash(data: bytes) -> int:
    state = _FRESH.copy()
    state.update(data)
    return int.from_bytes(state.digest(), "big")


def _sent_event(frame: bytes) -> bytes:
    """Identity, route, times and size of a message: the frame up to where its body's bytes begin.

    The body is the last field and its length stands before it, so this is the envelope with the length of the
    body in place of the body.
    """
    try:
        length = body_length(frame)
    except WireError as error:
        raise RunFolderError(f"frame of {len(frame)} bytes: must be an encoded envelope") from error
    return frame[: len(frame) - length]


def _solved_event(fact: Solved) -> bytes:
    *head, _objective, _violation, cost_ns = solved_fields(fact)
    return pack(("solved", *head, cost_ns))


def _applied_event(fact: Applied) -> bytes:
    fields = (fact.t_ns, fact.transmitter, fact.version, fact.msg_id, fact.t_data_ns, len(fact.vector))
    return pack(("applied", *fields))


class Digests:
    """The running sums of both digests."""

    __slots__ = ("_events", "_full")

    def __init__(self) -> None:
        self._full = 0
        self._events = 0

    def add(self, fact: Fact, record: bytes) -> None:
        """Take in a fact, given with its canonical bytes."""
        if type(fact) is Ended or type(fact) is Struck:
            event = record
        elif type(fact) is Sent:
            event = _sent_event(fact.frame)
        elif type(fact) is Solved:
            event = _solved_event(fact)
        elif type(fact) is Applied:
            event = _applied_event(fact)
        else:
            return
        term = _hash(record)
        self._full += term
        self._events += term if event is record else _hash(event)

    def digest(self) -> str:
        """The digest of everything in virtual time, as 64 hex characters."""
        return f"{self._full % _MODULUS:064x}"

    def digest_events(self) -> str:
        """The digest without float payloads, as 64 hex characters."""
        return f"{self._events % _MODULUS:064x}"


def digests_of(facts: Iterable[Fact]) -> Digests:
    """Both digests, recomputed from facts that were read back."""
    digests = Digests()
    for fact in facts:
        digests.add(fact, encode_fact(fact))
    return digests
