"""What takes the place of a journal where only the digests are wanted."""

from twin.journal.digest import Digests
from twin.journal.facts import Fact
from twin.journal.records import encode_fact


class Unwritten:
    """Sums the digests of the facts of a run, and writes nothing."""

    def __init__(self) -> None:
        self._digests = Digests()

    def record(self, fact: Fact) -> None:
        """Add a fact to the digests."""
        self._digests.add(fact, encode_fact(fact))

    def commit(self) -> None:
        """There is nothing to write."""

    def digest(self) -> str:
        """Digest of every fact of virtual time so far (64 hex characters)."""
        return self._digests.digest()

    def digest_events(self) -> str:
        """The same without float payloads, for comparing across machines."""
        return self._digests.digest_events()
