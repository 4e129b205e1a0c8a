"""Ping-pong against HELICS and mosaik: one ball of 200 bytes, one message at a time, in the same run.

    ours     an entity and a twin, a kernel event and a batch per message, journal and digest on
    HELICS   two value federates, a time grant per message
    mosaik   two event-based simulators, a step per message

Messages per second of wall time: the best of interleaved repetitions. With one ball nothing can be done at once, so
this is what a message costs where windows bring nothing (`message_plane.py` shows what they bring).

HELICS and mosaik are optional (`pip install -e '.[peers]'`); what is missing is left out.

Usage: python benchmarks/peers.py [ROUNDS [REPETITIONS]]
"""

import sys
from importlib import import_module

from plane.hosts import be_host
from plane.our_pong import Partner

ROWS = {
    "ours": ("plane.our_pong", ("memory", "inproc", "ipc", "tcp")),
    "HELICS": ("plane.helics_pong", ("inproc", "zmq_ss", "zmq")),
    "mosaik": ("plane.mosaik_pong", ("python", "sockets")),
}
SIZE = 192


def main(rounds: int = 1000, repetitions: int = 3) -> None:
    players = {}
    for peer, (module, ways) in ROWS.items():
        try:
            players.update({(peer, way): import_module(module).rate for way in ways})
        except ModuleNotFoundError as error:
            print(f"{peer} is left out: no package {error.name} (pip install -e '.[peers]')")
    found = {row: [] for row in players}
    for _ in range(repetitions):
        for (peer, way), rate in players.items():
            found[peer, way].append(rate(way, rounds, SIZE))
    print(f"one ball of {SIZE} bytes, {rounds} rounds, best of {repetitions}")
    print("              messages/s")
    for (peer, way), rates in found.items():
        print(f"{peer:6s}  {way:8s}  {max(rates):6.0f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["host"]:
        be_host(Partner)
    else:
        main(*map(int, sys.argv[1:]))
