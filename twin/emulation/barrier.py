"""Where virtual time waits for the hosts: the coupling between the kernel and the twins.

`Lockstep` gives every delivery a batch of its own, at the instant of the delivery. It is the limit L -> 0 of
conservative windows and needs no lookahead; whatever replaces it keeps this interface and must give the same facts.
"""

from collections.abc import Mapping
from typing import Protocol

from twin.errors import KernelError
from twin.wire.protocol import Batch, Delivery, Outcome, Result


class Hosts(Protocol):
    """The kernel's side of all hosts (`twin.wire.transport`)."""

    def exchange(self, batches: Mapping[str, Batch]) -> dict[str, Result]:
        """Send each host its batch and wait for all the results."""


class Settle(Protocol):
    """What the message plane does with a batch before and after the hosts have seen it."""

    def before(self) -> None:
        """Called before a batch leaves: everything that led to it is journalled here."""

    def after(self, delivery: Delivery, outcome: Outcome) -> None:
        """Called with each outcome, in the order of the deliveries."""


class Lockstep:
    """One batch per delivery.

    Args:
        hosts: the link to the hosts.
        host_of: the host of every twin.
        settle: journals and schedules the outcomes.
    """

    def __init__(self, hosts: Hosts, host_of: Mapping[str, str], settle: Settle) -> None:
        self._hosts = hosts
        self._host_of = dict(host_of)
        self._settle = settle
        self._numbers = dict.fromkeys(self._host_of.values(), 0)

    def submit(self, delivery: Delivery) -> None:
        """Let the twin handle the delivery now."""
        host = self._host_of[delivery.node]
        self._numbers[host] += 1
        batch = Batch(self._numbers[host], (delivery,))
        self._settle.before()
        outcome = self._hosts.exchange({host: batch})[host].outcomes[0]
        if not delivery.t_ns <= outcome.begin_ns <= outcome.finish_ns:
            handled = f"{outcome.begin_ns}..{outcome.finish_ns} ns"
            raise KernelError(f"{delivery.node}: handled at {handled} what arrived at {delivery.t_ns} ns")
        self._settle.after(delivery, outcome)
