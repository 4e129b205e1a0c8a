"""The kernel's link to hosts in other processes, and their supervision.

Everything happens on the kernel's thread, in `_attend`: it takes in what comes, and now and then looks whether
everybody is alive. A host that is lost gets a new life with a new epoch, and the session brings that to where the old
one was, so that nothing of it shows in virtual time. All hosts begin, work and recover side by side. Every wait is
bounded; who was waited for stands in the error.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from twin.errors import HostLostError, WireError
from twin.runtime.children import Nursery
from twin.runtime.host import release
from twin.runtime.session import Session
from twin.wire.control import decode_control, encode_control
from twin.wire.link import Link, Question
from twin.wire.messages import SCHEMA
from twin.wire.protocol import Control, Hello, Ping, Pong, Refused, Welcome
from twin.wire.router import WATCH, Router

_LOOK_S: Final = 0.02  # between two looks at hosts that are waited for
_MANY: Final = 1000  # messages without a look; strangers that are refused
_PINGS: Final = 3  # without an answer before a host is silent: this process may have been stopped meanwhile
_GRACE_S: Final = 5.0  # for hosts that were told to stop to end


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the kernel waits, in s of wall time, and how often it begins again.

    Attributes:
        hello_s: for a host to introduce itself.
        ping_s: without a word before a host that owes an answer is asked whether it is there.
        silence_s: without a word before it is given up.
        answer_s: for an answer, from a host that lives.
        restarts: of a host in a row, without a result in between.
    """

    hello_s: float = 60.0
    ping_s: float = 1.0
    silence_s: float = 30.0
    answer_s: float = 600.0
    restarts: int = 3


@dataclass(slots=True)
class _Seat:
    """A host's place: who sits there now, and since when the kernel waits for what."""

    session: Session
    since_s: float
    epoch: int = 0
    route: bytes | None = None
    heard_s: float = 0.0
    pinged_s: float = 0.0
    pings: int = 0
    pings_lost: int = 0
    losses: int = 0
    progress: int = 0
    objection: str = ""


def no_news(_text: str) -> None:
    """Nobody wants to know."""


class RemoteLink(Link):
    """Hosts in other processes; `nursery` brings them to life, from the moment the link is made.

    Args:
        names: of the hosts.
        router: the socket that they connect to.
        nursery: who starts them.
        limits: of all waits.
        tell: is told in a line what happens to hosts.
    """

    def __init__(
        self,
        names: Sequence[str],
        router: Router,
        nursery: Nursery,
        limits: Limits | None = None,
        tell: Callable[[str], None] = no_news,
    ) -> None:
        self._limits = limits or Limits()
        super().__init__(names, self._limits.answer_s)
        self.restarts = 0
        self._router = router
        self._nursery = nursery
        self._tell = tell
        self._seats: dict[str, _Seat] = {}
        self._name_of: dict[bytes, str] = {}
        self._unlooked = 0
        self._grace_s = 0.0
        self._refused: set[bytes] = set()
        with ExitStack() as stack:
            stack.callback(self.close)
            for name in self.names:
                nursery.start(name, 0, router.address)
            stack.pop_all()

    def pids(self) -> dict[str, int]:
        """The process of every host that lives and is a child of this one."""
        return self._nursery.pids()

    def close(self) -> None:
        """Leave no host and no socket behind; may be called twice."""
        super().close()
        self._nursery.close(self._grace_s)
        self._router.close()

    def _greet(self, welcome: Mapping[str, Welcome]) -> None:
        now = time.monotonic()
        for name in self.names:
            session = Session(name, welcome[name], self._pasts[name])
            self._seats[name] = _Seat(session, since_s=now)
        self._attend(self.names, lambda session: session.is_ready)

    def _pose(self, questions: Mapping[str, Question]) -> None:
        for name, question in questions.items():
            self._seats[name].session.ask(question)
            self._speak(self._seats[name])

    def _await(self, questions: Mapping[str, Question], what: str) -> dict[str, Control]:
        self._attend(questions, lambda session: session.answer is not None)
        if what == "STOP":
            self._grace_s = _GRACE_S
        return {name: answer for name in questions if (answer := self._seats[name].session.answer) is not None}

    def _attend(self, names: Iterable[str], is_done: Callable[[Session], bool]) -> None:
        """Take in what comes until the sessions of these hosts are done."""
        sessions = [self._seats[name].session for name in names]
        while not all(map(is_done, sessions)):
            received = self._router.receive(_LOOK_S)
            if received is not None:
                self._take(*received)
            self._unlooked = 0 if received is None else self._unlooked + 1
            # Whoever waits in the queue is there: all of it is heard first, unless somebody fills it without end.
            if self._unlooked % _MANY == 0:
                now = time.monotonic()
                for name in self.names:
                    self._look_at(name, now)

    def _take(self, route: bytes, parts: list[bytes]) -> None:
        name = self._name_of.get(route.removesuffix(WATCH))
        try:
            control = decode_control(parts)
        except WireError as error:
            self.rejected += 1
            if name is None:
                self._refuse(route, str(error))
            return
        if name is None:
            self._meet(route, control)
            return
        seat = self._seats[name]
        seat.heard_s, seat.pings, seat.pings_lost = time.monotonic(), 0, 0
        if route.endswith(WATCH):
            self.rejected += not isinstance(control, Pong)
        elif seat.session.take(control):
            self._speak(seat)
        else:
            self.rejected += 1

    def _meet(self, route: bytes, hello: Control) -> None:
        """Somebody without a place: a host that begins, or what changes nothing."""
        if not isinstance(hello, Hello):
            self.rejected += 1
            self._refuse(route, "nobody is known by this route: a host begins with HELLO")
            return
        objection = self._object(hello, route)
        seat = self._seats.get(hello.name)
        if objection or seat is None:
            self.rejected += 1
            self._refuse(route, objection)
            if seat is not None:
                seat.objection = objection
            return
        if seat.route is not None:  # somebody else's host, whose next life has begun
            self._refuse(seat.route, f"epoch {seat.epoch} is over")
            self._unseat(seat)
        seat.route, seat.epoch = route, hello.epoch
        self._name_of[route] = hello.name
        seat.session.begin()
        self._speak(seat)

    def _refuse(self, route: bytes, why: str) -> None:
        """Tell somebody without a place, once: who answers refusals gets no more of them."""
        if route not in self._refused and len(self._refused) < _MANY:
            self._refused.add(route)
            self._router.send(route, encode_control(Refused(why)))

    def _object(self, hello: Hello, route: bytes) -> str:
        """Why this host is not wanted; "" when it is."""
        seat = self._seats.get(hello.name)
        if seat is None:
            return f"name={hello.name}: must be one of {', '.join(self.names)}"
        if hello.schema != SCHEMA:
            return f"schema={hello.schema}: must be {SCHEMA}, as the kernel's"
        if hello.version != release():
            return f"version={hello.version}: must be {release()}, as the kernel's"
        if seat.route is not None and hello.epoch <= seat.epoch:
            return f"name={hello.name}: is taken by the host of epoch {seat.epoch}"
        return self._nursery.objection(hello.name, hello.epoch, route)

    def _speak(self, seat: _Seat) -> None:
        """Send what the session has to say."""
        for control in seat.session.say():
            seat.since_s = seat.heard_s = time.monotonic()
            seat.pings = 0
            if seat.route is None or not self._router.send(seat.route, encode_control(control)):
                self._lose(seat, "cannot be reached")
                return

    def _look_at(self, name: str, now: float) -> None:
        seat, limits = self._seats[name], self._limits
        if seat.session.over:  # it may end before others have said their last word
            return
        how = self._nursery.ended(name)
        if how is not None:
            self._lose(seat, how)
        elif seat.route is None:
            if now - seat.since_s > limits.hello_s:
                refused = f"; refused was {seat.objection}" if seat.objection else ""
                raise HostLostError(f"host {name}: no valid HELLO within {limits.hello_s:g} s{refused}")
        elif seat.session.waits_for:
            self._look_after(name, seat, now)

    def _look_after(self, name: str, seat: _Seat, now: float) -> None:
        """A host that owes an answer: is it there, and for how long has it been asked?"""
        limits = self._limits
        if now - seat.since_s > limits.answer_s:
            raise HostLostError(f"host {name}: no {seat.session.waits_for} within {limits.answer_s:g} s")
        if (now - seat.heard_s > limits.silence_s and seat.pings >= _PINGS) or seat.pings_lost > 1:
            self._lose(seat, f"has been silent for {now - seat.heard_s:.3g} s")
        elif now - max(seat.heard_s, seat.pinged_s) > limits.ping_s and seat.route is not None:
            seat.pinged_s, seat.pings = now, seat.pings + 1
            seat.pings_lost += not self._router.send(seat.route + WATCH, _PING)

    def _lose(self, seat: _Seat, why: str) -> None:
        """Give a life up and let the next one begin, or end the run."""
        session, limits = seat.session, self._limits
        name, progress = session.name, session.results
        seat.losses = seat.losses + 1 if progress == seat.progress else 1
        seat.progress = progress
        self._unseat(seat)
        what = f"host {name} {self._nursery.ended(name) or why}"
        if self._nursery.gave_up(name):
            raise HostLostError(what)
        if seat.losses > limits.restarts:
            owed = f", and its {session.owed} is waited for" if session.owed else ""
            raise HostLostError(f"{what}; it was started again {limits.restarts} times in a row{owed}")
        self.restarts += 1
        seat.epoch, seat.since_s, seat.pings_lost = seat.epoch + 1, time.monotonic(), 0
        self._tell(f"{what}; {self._nursery.next_life(name, seat.epoch, self._router.address)}")
        self._nursery.start(name, seat.epoch, self._router.address)

    def _unseat(self, seat: _Seat) -> None:
        """What comes by this route from now on changes nothing."""
        if seat.route is not None:
            del self._name_of[seat.route]
        seat.route = None
        seat.session.end()


_PING: Final = encode_control(Ping())
