"""What a host must be given to stand where the kernel is: its last snapshot, and every batch since."""

from twin.errors import KernelError, WireError
from twin.wire.protocol import Batch, Control, Replay, Replayed, Restore, Result
from twin.wire.recovering import digest_of_result


class Past:
    """The past of one host. `behind` says that the host itself has not been told of it yet."""

    def __init__(self) -> None:
        self.behind = False
        self._last = 0
        self._state = b""
        self._batches: dict[int, tuple[Batch, Result | None]] = {}
        self._taught = self._batches

    def add(self, batch: Batch, result: Result | None = None) -> None:
        """The next batch. Where the kernel has its result, it must come out the same when it is replayed."""
        self._batches[batch.number] = batch, result

    def remember(self, last: int, state: bytes) -> None:
        """A snapshot after batch `last`: what led to it is not needed any more."""
        self._last, self._state = last, state
        self._batches = {number: kept for number, kept in self._batches.items() if number > last}

    def forget(self) -> None:
        """The host knows it all, and will not be lost."""
        self._state = b""
        self._batches.clear()
        self.behind = False

    def lesson(self) -> list[Control]:
        """What a host that was just welcomed must be told. A snapshot may be remembered before it has answered all."""
        self._taught = self._batches
        restore: list[Control] = [Restore(self._last, self._state)] if self._state else []
        return restore + [Replay(batch) for batch, _ in self._batches.values()]

    def check(self, name: str, batch: Batch, answer: Control) -> None:
        """What host `name` says of a batch that it replayed.

        Raises:
            WireError: it says something else.
            KernelError: it is another result than the first time.
        """
        if not isinstance(answer, Replayed) or answer.number != batch.number:
            raise WireError(f"host {name}: {type(answer).__name__}: must answer REPLAY with REPLAYED")
        _, result = self._taught[batch.number]
        if result is not None and digest_of_result(result) != answer.digest:
            raise KernelError(f"host {name}: batch {batch.number}: came out differently when it was replayed")
