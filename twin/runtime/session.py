"""What the kernel knows of one host, and what it must say to it next. No sockets, no processes, no clock.

A host has several lives: when one is lost, the next is told what it needs to stand where the kernel is (WELCOME, the
last snapshot, the batches since, whose results must come out as they did) and then what the lost one left unanswered.
At most one question is with a host at any time.

| with the host | answer         | then                                                       |
|---------------|----------------|------------------------------------------------------------|
| PING          | PONG           | next: it has taken WELCOME in                              |
| REPLAY(batch) | REPLAYED       | next, if it is what the first life said; else the run ends |
| BATCH         | RESULT         | kept with its batch, and the kernel's                      |
| SNAPSHOT      | SNAPSHOT_STATE | the kernel's                                               |
| STOP          | STATE_HASH     | the kernel's                                               |
| any           | ERROR          | the run ends                                               |
"""

from collections import deque
from typing import Final

from twin.errors import WireError
from twin.wire.link import Question, check_result, check_snapshot, check_state_hash, unless_error
from twin.wire.past import Past
from twin.wire.protocol import Batch, Control, Ping, Pong, Replay, Restore, Result, Snapshot, Stop, Welcome

_UNANSWERED: Final = (Welcome, Restore)


class Session:
    """The kernel's conversation with the host `name`, over all its lives.

    Args:
        name: the host's.
        welcome: what every life of it is told first.
        past: what every life of it is told then.

    Attributes:
        answer: to the last question, once it is known.
        results: how many came.
        over: whether it was told to stop, and said its last word.
    """

    def __init__(self, name: str, welcome: Welcome, past: Past) -> None:
        self.name = name
        self.answer: Control | None = None
        self.results = 0
        self.over = False
        self._welcome = welcome
        self._past = past
        self._agenda: deque[Control] = deque()
        self._asked: Control | None = None
        self._wanted: Question | None = None
        self._lives = False

    @property
    def is_ready(self) -> bool:
        """Whether its present life stands where the kernel is and owes nothing."""
        return self._lives and self._asked is None and not self._agenda

    @property
    def waits_for(self) -> str:
        """What is with the host, in words: "" for nothing."""
        return _answer_to(self._asked)

    @property
    def owed(self) -> str:
        """What the kernel wants of the host, in whichever life: "" for nothing."""
        return _answer_to(self._wanted)

    def begin(self) -> None:
        """A new life: what it must be told, and then what the kernel still wants to know."""
        self._lives, self._asked = True, None
        self._agenda = deque((self._welcome, Ping()))
        self._learn()
        if self._wanted is not None:
            self._agenda.append(self._wanted)

    def end(self) -> None:
        """This life is over: what was with it is with nobody."""
        self._lives, self._asked = False, None
        self._agenda.clear()

    def ask(self, question: Question) -> None:
        """The kernel wants to know; what comes of it will stand in `answer`."""
        self.answer = None
        self._wanted = question
        if self._lives:
            if self._past.behind:
                self._learn()
            self._agenda.append(question)

    def say(self) -> list[Control]:
        """What is to be sent now: nothing while a question is with the host."""
        said: list[Control] = []
        while self._asked is None and self._agenda:
            said.append(self._agenda.popleft())
            if not isinstance(said[-1], _UNANSWERED):
                self._asked = said[-1]
        return said

    def take(self, control: Control) -> bool:
        """Take in what the host says; False for what answers nothing, which changes nothing.

        Raises:
            KernelError: the host could not do it, or a replay came out differently.
            WireError: this is no answer to what was asked.
        """
        control, asked = unless_error(self.name, control), self._asked
        if asked is None or _is_late(control, asked):
            return False
        self._asked = None
        match asked:
            case Batch():
                self.answer = result = check_result(self.name, asked, control)
                self._past.add(asked, result)
                self.results += 1
            case Replay():
                self._past.check(self.name, asked.batch, control)
            case Snapshot():
                self.answer = check_snapshot(self.name, control)
            case Stop():
                self.answer = check_state_hash(self.name, control)
                self.over = True
            case _ if not isinstance(control, Pong):
                raise WireError(f"host {self.name}: {type(control).__name__}: must answer PING with PONG")
        if asked is self._wanted:
            self._wanted = None
        return True

    def _learn(self) -> None:
        self._past.behind = False
        self._agenda.extend(self._past.lesson())


def _is_late(control: Control, asked: Control) -> bool:
    """A result once more, or a PONG when nobody pinged: duplicates do no harm."""
    if isinstance(control, Result):
        return not isinstance(asked, Batch) or control.number < asked.number
    return isinstance(control, Pong) and not isinstance(asked, Ping)


def _answer_to(question: Control | None) -> str:
    match question:
        case None:
            return ""
        case Batch():
            return f"RESULT of batch {question.number}"
        case Replay():
            return f"REPLAYED of batch {question.batch.number}"
        case Snapshot():
            return "SNAPSHOT_STATE"
        case Stop():
            return "STATE_HASH"
        case _:
            return "PONG"
