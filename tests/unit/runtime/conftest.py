"""Hosts that live, die and lie on command, and a router that carries what they say: no process, socket or thread."""

from collections import deque

import pytest

from twin.runtime.host import release
from twin.runtime.remote import Limits, RemoteLink
from twin.wire.control import decode_control, encode_control
from twin.wire.protocol import (
    Batch,
    Delivery,
    Fate,
    Hello,
    Outcome,
    Ping,
    Pong,
    Reason,
    Refused,
    Replay,
    Replayed,
    Restore,
    Result,
    Snapshot,
    SnapshotState,
    StateHash,
    Stop,
    Welcome,
)
from twin.wire.recovering import digest_of_result
from twin.wire.router import WATCH

HASH = "ab" * 32
LIMITS = Limits(hello_s=0.2, ping_s=0.02, silence_s=0.1, answer_s=0.4, restarts=2)


class Counter:
    """A host whose state is the sum of the instants of all deliveries; it finishes that much later."""

    def __init__(self):
        self.last = self.sum = 0
        self.told = []

    def handle(self, control):
        self.told.append(control)
        match control:
            case Ping():
                return Pong()
            case Batch():
                return self.result(control)
            case Replay():
                return Replayed(control.batch.number, digest_of_result(self.result(control.batch)))
            case Snapshot():
                return SnapshotState(self.last, str(self.sum).encode())
            case Stop():
                return StateHash({"node": HASH})
            case Restore():
                self.last, self.sum = control.last, int(control.state)
        return None

    def result(self, batch):
        assert batch.number == self.last + 1
        self.last = batch.number
        return Result(batch.number, tuple(map(self.outcome, batch.deliveries)))

    def outcome(self, delivery):
        self.sum += delivery.t_ns
        return Outcome(Fate.DELIVERED, Reason.NONE, delivery.t_ns, delivery.t_ns + self.sum)


class Stage:
    """Router and nursery in one. `when(host, control)` is asked before a host answers; it may return:

    None to let it answer; "die" before, or "die after" it answered; "silent"; or a list of controls to say instead.
    """

    address = "stage"

    def __init__(self):
        self.inbox = deque()
        self.lives = {}
        self.routes = {}
        self.refused = []
        self.begun = []
        self.when = lambda name, control: None
        self.on_start = self.enter
        self.gives_up = False
        self.closed = 0

    def enter(self, name, epoch, version=None, schema=1, route=None):
        """A host says hello."""
        route = route or f"{name}#{epoch}".encode()
        self.routes[route] = (name, Counter())
        self.lives[name] = route
        self.say(route, Hello(name, epoch, schema, version or release()))

    def say(self, route, *controls):
        self.inbox.extend((route, encode_control(control)) for control in controls)

    def host(self, name):
        return self.routes[self.lives[name]][1]

    # --- as a router

    def send(self, route, parts):
        name, host = self.routes.get(route.removesuffix(WATCH), (None, None))
        control = decode_control(parts)
        if isinstance(control, Refused):
            self.refused.append(control.text)
            return True
        if host is None:
            return False
        if route.endswith(WATCH):
            if self.when(name, control) != "silent":
                self.say(route, Pong())
            return True
        how = self.when(name, control)
        if isinstance(how, list):
            self.say(route, *how)
        elif how not in ("die", "silent"):
            answer = host.handle(control)
            if answer is not None:
                self.say(route, answer)
        if how in ("die", "die after"):
            del self.routes[route]
        return True

    def receive(self, wait_s):
        return self.inbox.popleft() if self.inbox else None

    def close(self, *_grace_s):
        self.closed += 1

    # --- as a nursery

    def start(self, name, epoch, address):
        assert address == self.address
        self.begun.append((name, epoch))
        self.on_start(name, epoch)

    def next_life(self, name, epoch, address):
        return "it is started again"

    def ended(self, name):
        return "was killed by SIGKILL" if self.lives.get(name) not in {None, *self.routes} else None

    def gave_up(self, name):
        return self.gives_up

    def objection(self, name, epoch, route):
        return ""

    def stop(self, name):
        self.routes.pop(self.lives.pop(name, None), None)

    def pids(self):
        return dict.fromkeys(self.lives, 1)


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def opened(stage):
    """Opens a link to hosts of these names on the stage."""

    def opened(*names, limits=LIMITS, tell=lambda text: None):
        link = RemoteLink(names, stage, stage, limits, tell)
        link.open({name: Welcome("run", (), 0) for name in names})
        return link

    return opened


@pytest.fixture
def batch():
    def batch(number, *instants_ns):
        return Batch(number, tuple(Delivery("node", t_ns, None, "tick") for t_ns in instants_ns or (number,)))

    return batch
